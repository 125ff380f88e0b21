"""The rules of the college as records: what values they may have, when they were known, and what ends one."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from records import codes, ledger
from records.clock import start_of
from records.college import RULE_LIMITS, College, Rule, wrong_value
from records.errors import ConfigurationGap
from records.home import DataHome
from records.setup import apply_college
from records.setup_records import import_rules
from records.tables import RULES
from records.versions import latest
from tests.records.small import CODE, batch_of, log_of
from tests.records.test_records_setup import COLLEGE, entered

BEFORE_THE_FIRST_TERM = start_of(date(2025, 4, 19))
NARROWED = ("gpa_minimum", 1.5, "VOCATIONAL", 2)


def rules(home: DataHome) -> set[tuple[str, float, str | None, int | None]]:
    """(rule, value, stage, after terms) of what holds now."""
    rows = latest(RULES, log_of(home).rows(RULES)).to_pylist()
    stages = (*codes.STAGES.values, None)
    return {
        (codes.RULES.values[row["rule"]], row["value"], stages[-1 if row["stage"] is None else row["stage"]], row["after_terms"])
        for row in rows
    }  # fmt: skip


def with_rules(*changed: Rule) -> College:
    return replace(COLLEGE, rules=changed)


def test_the_first_rules_were_known_before_the_first_term(home: DataHome) -> None:
    apply_college(home, COLLEGE)
    assert import_rules(home, COLLEGE) == []
    assert rules(home) == {
        ("attendance_share", 0.8, None, None), ("absent_run_notice", 5.0, None, None), NARROWED,
    }  # fmt: skip
    rows = log_of(home).rows(RULES).to_pylist()
    assert {row["recorded_at"] for row in rows} == {BEFORE_THE_FIRST_TERM}
    assert {row["happened_on"] for row in rows} == {date(2025, 4, 19)}
    assert ledger.first_operational(home.database, CODE) is None


def test_known_rules_add_nothing(home: DataHome) -> None:
    apply_college(home, COLLEGE)
    import_rules(home, COLLEGE)
    number = ledger.log_index(home.database, CODE).ledger_number
    import_rules(home, COLLEGE)
    assert ledger.log_index(home.database, CODE).ledger_number == number


def test_a_corrected_rule_is_news_of_the_day_and_may_be_corrected_back(home: DataHome) -> None:
    apply_college(home, COLLEGE)
    import_rules(home, COLLEGE)
    began = datetime.now(BEFORE_THE_FIRST_TERM.tzinfo)
    for value in (0.75, 0.8, 0.75):
        import_rules(home, with_rules(Rule(name="attendance_share", value=value), *COLLEGE.rules[1:]))
        assert ("attendance_share", value, None, None) in rules(home)
    rows = log_of(home).rows(RULES).to_pylist()
    late = [row for row in rows if row["recorded_at"] > BEFORE_THE_FIRST_TERM]
    assert [row["value"] for row in late] == [0.75, 0.8, 0.75]
    assert all(row["recorded_at"].timestamp() >= int(began.timestamp()) for row in late)


def test_a_rule_set_up_in_operation_is_news_of_the_day(home: DataHome) -> None:
    apply_college(home, COLLEGE)
    ledger.commit(home.database, batch_of(recorded_at=datetime.now(UTC)), after=0)
    import_rules(home, COLLEGE)
    assert all(row["recorded_at"].date() >= date(2026, 1, 1) for row in log_of(home).rows(RULES).to_pylist())
    assert len(rules(home)) == 3


def test_a_rule_that_left_the_sheet_still_holds_and_is_named(home: DataHome) -> None:
    apply_college(home, COLLEGE)
    import_rules(home, COLLEGE)
    assert import_rules(home, with_rules(COLLEGE.rules[0])) == [*COLLEGE.rules[1:]]
    assert len(rules(home)) == 3


def test_every_rule_has_limits_and_can_be_switched_off_within_them() -> None:
    assert list(RULE_LIMITS) == list(codes.RULES.values)
    for name, limits in RULE_LIMITS.items():
        for value in (limits.least, limits.most, limits.off):
            assert wrong_value(Rule(name=name, value=value)) is None
        for value in (limits.least - 1, limits.most + 1, math.nan):
            assert wrong_value(Rule(name=name, value=value)) is not None


def test_a_rule_that_cannot_be_enters_nothing_though_no_workbook_tells_it(home: DataHome) -> None:
    with pytest.raises(ConfigurationGap, match=r"^The value of 'gpa_minimum' must lie between 0 and 4\..* · ค่าของ"):
        apply_college(home, with_rules(Rule(name="gpa_minimum", value=20)))
    assert entered(home) == {"account": 0, "caseload": 0, "capacity": 0}
