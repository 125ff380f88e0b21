"""The rules of an institution as of a day: the last version that was known, never one that came later."""

from datetime import date
from pathlib import Path

import pytest

from features.rules import DEFAULTS, Entered, entered, rules_of
from features.state import Replay, State
from records.codes import RULES as RULE_CODES
from records.tables import RULES
from tests.features.small_log import Record, in_the_evening, write_log


def rule(name: str, value: float, day: date, *, line: int = 1, retracted: bool = False, **narrowed: object) -> Record:
    return Record(
        table=RULES, happened_on=day, recorded_at=in_the_evening(day), batch=line, line=line, retracted=retracted,
        values={"rule": name, "value": value, **narrowed},
    )  # fmt: skip


def state_of(folder: Path, records: list[Record], as_of: date) -> State:
    return Replay(write_log(folder, records)).advance(as_of)


SPRING, SUMMER, AUTUMN = date(2025, 4, 1), date(2025, 7, 1), date(2025, 10, 1)


def test_a_rule_entered_later_changes_no_earlier_day(tmp_path: Path) -> None:
    records = [rule("attendance_share", 0.8, SPRING), rule("attendance_share", 0.75, SUMMER, line=2)]
    for as_of, value in ((SPRING, None), (date(2025, 4, 2), 0.8), (SUMMER, 0.8), (date(2025, 7, 2), 0.75)):
        found = rules_of(state_of(tmp_path / as_of.isoformat(), records, as_of))
        assert found == ({} if value is None else {"attendance_share": value})


def test_a_rule_that_was_withdrawn_holds_no_more(tmp_path: Path) -> None:
    records = [
        rule("absent_run_notice", 5, SPRING),
        rule("absent_run_notice", 5, SUMMER, line=2, retracted=True),
        rule("absent_run_dismissal", 15, SPRING, line=3),
    ]
    assert rules_of(state_of(tmp_path, records, AUTUMN)) == {"absent_run_dismissal": 15}


def test_rules_of_a_stage_are_entered_and_hold_for_nobody_else(tmp_path: Path) -> None:
    records = [
        rule("gpa_minimum", 1.5, SPRING, stage="VOCATIONAL", after_terms=2),
        rule("gpa_minimum", 1.75, SPRING, line=2, stage="VOCATIONAL", after_terms=4),
        rule("gpa_minimum", 1.0, SPRING, line=3, stage="SECONDARY"),
        rule("gpa_minimum", 2.0, SPRING, line=4),
    ]
    state = state_of(tmp_path, records, AUTUMN)
    assert rules_of(state) == {"gpa_minimum": 2.0}
    assert {(one.value, one.stage, one.after_terms) for one in entered(state)} == {
        (1.5, "VOCATIONAL", 2), (1.75, "VOCATIONAL", 4), (1.0, "SECONDARY", None), (2.0, "", None),
    }  # fmt: skip
    assert Entered(name="gpa_minimum", value=2.0, stage="", after_terms=None) in entered(state)


def test_nothing_entered_is_nothing_known_and_the_defaults_stand_apart(tmp_path: Path) -> None:
    state = state_of(tmp_path, [rule("attendance_share", 0.75, AUTUMN)], SUMMER)
    assert entered(state) == []
    assert rules_of(state) == {}
    assert DEFAULTS["attendance_share"] == pytest.approx(0.8)
    assert set(DEFAULTS) < set(RULE_CODES.values)
    assert "gpa_minimum" not in DEFAULTS


def test_another_institution_has_rules_of_its_own(tmp_path: Path) -> None:
    assert rules_of(state_of(tmp_path, [rule("attendance_share", 0.75, SPRING)], AUTUMN), institution=1) == {}
