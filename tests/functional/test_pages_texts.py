"""The words: both languages alike, dates in Buddhist years, numbers as a teacher would say them."""

import ast
import re
import string
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from features.catalogue import FEATURE_OF
from features.vocabulary import Domain
from models.reasons import told
from records.codes import RULES
from records.roles import Permission
from serving.dates import thai_date, written, written_moment
from serving.pages import wording
from serving.shown import Head, Observed, ShownStudent
from serving.texts import load_texts

TEXTS = load_texts()


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def head(horizon: str = "days_56") -> Head:
    return Head(
        as_of=date(2025, 11, 17), expires_on=date(2025, 12, 1), stale=False, known_until=datetime(2025, 11, 17, tzinfo=UTC),
        by_rule=False, model_digest="x", horizon=horizon, visits_per_week=8, rows_per_advisor=5, capacity_is_default=False,
        observed=(),
    )  # fmt: skip


def test_both_languages_say_the_same_things() -> None:
    thai, english = TEXTS["th"].by_key, TEXTS["en"].by_key
    assert list(thai) == list(english)
    assert {key: placeholders(thai[key]) for key in thai} == {key: placeholders(english[key]) for key in thai}


@pytest.mark.parametrize("language", ["th", "en"])
def test_words_are_normal_and_not_empty(language: str) -> None:
    for text in TEXTS[language].by_key.values():
        assert text.strip() == text != ""
        assert unicodedata.is_normalized("NFC", text)
        assert "เเ" not in text  # two sara e typed for one sara ae


@pytest.mark.parametrize("forbidden", ["เด็กมีปัญหา", "จะลาออก", "กลุ่มเสี่ยง"])
def test_no_student_is_labelled(forbidden: str) -> None:
    assert not any(forbidden in text for text in TEXTS["th"].by_key.values())


def test_every_rule_and_permission_has_words() -> None:
    for texts in TEXTS.values():
        # How lateness and leave are counted is no rule that anybody can be past.
        assert all(texts.knows(f"must_see.{rule}") for rule in RULES.values if not rule.endswith("_per_absence"))
        assert all(texts.knows(f"permission.{permission.name.lower()}") for permission in Permission)


_RECORDERS = {"record_look", "record_list", "refuse", "require_students", "_record", "_audit", "_changing"}
_AN_ACTION = re.compile(r"[a-z]+( [a-z]+)*")


def recorded_actions() -> set[str]:
    """Every action that the code writes into the access log."""
    root = Path(__file__).parents[2]
    trees = [ast.parse(path.read_text()) for room in ("records", "serving") for path in (root / room).rglob("*.py")]
    found = {
        one.value
        for tree in trees
        for told in _told_as_action(tree)
        for one in ast.walk(told)
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }
    return {one for one in found if _AN_ACTION.fullmatch(one)}


def _told_as_action(tree: ast.Module) -> Iterator[ast.expr]:
    names = {"action"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            actions = [keyword.value for keyword in node.keywords if keyword.arg == "action"]
            names |= {one.id for one in actions if isinstance(one, ast.Name)}
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            yield from actions
            yield from (one for one in node.args if called in _RECORDERS and isinstance(one, ast.Constant))
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id in names for one in node.targets):
            yield node.value


def test_everything_in_the_access_log_has_words() -> None:
    actions = recorded_actions()
    assert {"see list", "set role", "restore list", "disable account", "refused lists", "book visit"} <= actions
    for texts in TEXTS.values():
        assert [one for one in sorted(actions) if not texts.knows(f"audit.action_{one.replace(' ', '_')}")] == []


def test_what_was_done_reads_well_without_whom() -> None:
    """An administrator is told of nobody whom, so no sentence may wait for a name."""
    english = [text for key, text in TEXTS["en"].by_key.items() if key.startswith("audit.action_")]
    assert [text for text in english if text.split()[-1] in {"of", "with", "about", "rated"}] == []


def test_dates() -> None:
    assert thai_date(date(2024, 2, 29)) == "29 กุมภาพันธ์ 2567"
    assert written(date(2025, 12, 1), "en") == "1 December 2025"
    assert written_moment(datetime(2025, 12, 31, 17, 5, tzinfo=UTC), "th") == "1 มกราคม 2569 เวลา 00:05 น."


def observed(left: int, rows: int = 1000, *, low: float = 0.12, high: float = 0.18, term: str = "2/2568") -> Observed:
    return Observed(band="high", term=term, rows=rows, left=left, low=low, high=high)


def test_what_was_seen_of_a_band_is_said_as_a_natural_frequency() -> None:
    said = [wording.observed_words(TEXTS[language], head(), observed(140)) for language in ("th", "en")]
    assert said == [
        "ภาคเรียน 2/2568 ในกลุ่มนี้ 100 คน ออกกลางคันภายใน 8 สัปดาห์ประมาณ 14 คน (ระหว่าง 12 ถึง 18)",
        "Of 100 students with this band in term 2/2568, about 14 left within 8 weeks (between 12 and 18)",
    ]


@pytest.mark.parametrize(
    ("left", "low", "high", "said"),
    [
        (5, 0.002, 0.012, "about 1 left within 8 weeks (between 0 and 2)"),
        (145, 0.1234, 0.1701, "about 15 left within 8 weeks (between 12 and 18)"),
        (290, 0.29, 0.57, "about 29 left within 8 weeks (between 29 and 57)"),  # 0.29 is a little less in binary
        (1000, 0.996, 1.0, "about 100 left within 8 weeks (between 99 and 100)"),
    ],
)
def test_rates_are_rounded_as_people_do_and_intervals_outwards(left: int, low: float, high: float, said: str) -> None:
    assert wording.observed_words(TEXTS["en"], head(), observed(left, low=low, high=high)).endswith(said)


def test_a_small_rate_is_not_said_to_be_none() -> None:
    said = wording.observed_words(TEXTS["en"], head(), observed(20, 5000, low=0.0026, high=0.0062))
    assert said.endswith("fewer than 1 left within 8 weeks (between 0 and 1)")


@pytest.mark.parametrize(("left", "rows", "is_told"), [(5, 30, True), (4, 30, False), (5, 29, False), (0, 0, False)])
def test_too_few_give_no_number(left: int, rows: int, is_told: bool) -> None:
    said = wording.observed_words(TEXTS["en"], head(), observed(left, rows))
    assert ("of 100 students" in said.lower()) is is_told
    assert ("Too few were seen" in said) is not is_told


def test_where_nothing_was_seen_that_is_said() -> None:
    assert wording.observed_words(TEXTS["en"], head(), None) == "It is not known yet how many of this band leave"


@pytest.mark.parametrize(
    ("horizon", "said"), [("days_56", "within 8 weeks"), ("days_28", "within 4 weeks"), ("next_count", "roster count")]
)
def test_horizons_are_said_in_words(horizon: str, said: str) -> None:
    assert f"{said} (between" in wording.observed_words(TEXTS["en"], head(horizon), observed(140))


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (1.0, "nearly all of what raises it"), (0.8, "about four fifths of what raises it"),
        (0.667, "about two thirds of what raises it"), (0.5, "about half of what raises it"),
        (0.333, "about a third of what raises it"), (0.2, "about a fifth of what raises it"),
        (0.1, "about a tenth of what raises it"), (0.01, "a small part of what raises it"),
        (0.0, "on the whole this does not raise it"),
    ],
)  # fmt: skip
def test_shares_are_said_in_words(share: float, said: str) -> None:
    assert wording.share_words(TEXTS["en"], share) == said


def test_a_share_is_told_in_thai() -> None:
    assert wording.share_words(TEXTS["th"], 0.657) == "ประมาณสองในสามของเหตุผล"


@pytest.mark.parametrize(("share", "length"), [(0.0, 0), (0.5, 60), (1.0, 120)])
def test_a_bar_is_as_long_as_its_share(share: float, length: int) -> None:
    assert wording.bar_length(share) == length


# Domains and their reasons


def student(stored: list[dict[str, Any]], shares: dict[str, float], *, may_see_all: bool = True) -> ShownStudent:
    permissions = frozenset(Permission) if may_see_all else frozenset()
    return ShownStudent(
        student_id=UUID(int=1), name="", sort_key="", class_group="", band="high", scored=True, cause="rank",
        probability=0.2, must_see=(), observed=None, reasons=tuple(told(stored, FEATURE_OF, permissions=permissions)),
        missing=(), unknown_domains=(), domains={}, domain_shares=shares, what_if=(),
    )  # fmt: skip


def reason(feature: str) -> dict[str, Any]:
    return {"feature": feature, "value": 1.0, "contribution": 0.4}


def test_domains_come_by_their_share_and_hold_what_can_be_changed_apart() -> None:
    stored = [reason("missed_run_now"), reason("not_submitted_term"), reason("gpa_previous_term")]
    first, second = wording.domain_groups(student(stored, {"attendance": 0.3, "grades": 0.7}))
    assert (first.domain, first.share) == (Domain.GRADES, 0.7)
    assert [one.feature for one in first.changeable] == ["not_submitted_term"]
    assert [one.feature for one in first.fixed] == ["gpa_previous_term"]
    assert (second.domain, second.share) == (Domain.ATTENDANCE, 0.3)


def test_what_to_ask_is_said_once() -> None:
    stored = [reason("missed_run_now"), reason("missed_share_28d"), reason("missed_share_previous_term")]
    (group,) = wording.domain_groups(student(stored, {"attendance": 1.0}))
    assert len(group.asks) == len(set(group.asks)) >= 1
    assert group.asks[0] == FEATURE_OF["missed_run_now"].asks


@pytest.mark.parametrize(("share", "is_named"), [(0.05, True), (0.049, False), (0.0, False)])
def test_a_domain_without_a_reason_is_named_where_it_weighs(share: float, is_named: bool) -> None:
    groups = wording.domain_groups(student([reason("missed_run_now")], {"attendance": 1 - share, "standing": share}))
    assert (Domain.STANDING in [group.domain for group in groups]) is is_named


def test_a_domain_that_does_not_raise_the_score_still_tells_its_reason() -> None:
    stored = [reason("missed_run_now"), reason("not_submitted_term")]
    last = wording.domain_groups(student(stored, {"attendance": 1.0, "grades": 0.0}))[-1]
    assert (last.domain, last.share) == (Domain.GRADES, 0.0)


def test_without_shares_none_is_claimed() -> None:
    (group,) = wording.domain_groups(student([reason("missed_run_now")], {}))
    assert group.share is None


def test_what_is_hidden_is_neither_changeable_nor_fixed() -> None:
    (group,) = wording.domain_groups(student([reason("works_parttime")], {"household": 1.0}, may_see_all=False))
    assert (group.changeable, group.fixed, group.hidden) == ((), (), True)
    assert wording.reason_words(TEXTS["en"], student([reason("works_parttime")], {}, may_see_all=False).reasons[0]) == (
        "details only for those with permission"
    )
