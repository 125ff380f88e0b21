"""Who must be seen by a rule of the college, whatever their score."""

import numpy as np
import numpy.typing as npt
import pytest

from features.catalogue import CATALOGUE
from models.bands import must_see

RULES = {"attendance_share": 0.8, "absent_run_notice": 5, "absent_run_dismissal": 15}


def seen(
    *, away: float = 0.0, run: float = 0.0, recorded: int = 40, rules: dict[str, float] | None = None
) -> list[str]:
    values = np.zeros((1, len(CATALOGUE)), np.float32)
    names = [feature.name for feature in CATALOGUE]
    values[0, names.index("away_share_term")] = away
    values[0, names.index("missed_run_now")] = run
    [found] = must_see(values, CATALOGUE, RULES if rules is None else rules, np.array([recorded]))
    return found


@pytest.mark.parametrize(("run", "expected"), [
    (4, []), (5, ["absent_run_notice"]), (14, ["absent_run_notice"]), (15, ["absent_run_notice", "absent_run_dismissal"]),
])  # fmt: skip
def test_five_and_fifteen_days_running_must_be_seen(run: float, expected: list[str]) -> None:
    assert seen(run=run) == expected


@pytest.mark.parametrize(("away", "expected"), [(0.19, []), (0.2, []), (0.2001, ["attendance_share"]), (0.5, ["attendance_share"])])  # fmt: skip
def test_less_than_the_least_attendance_must_be_seen_and_exactly_it_need_not(away: float, expected: list[str]) -> None:
    assert seen(away=away) == expected


@pytest.mark.parametrize("least", [n / 100 for n in range(50, 100)])
def test_exactly_the_least_attendance_is_enough_whatever_it_is(least: float) -> None:
    assert seen(away=round(1 - least, 4), rules={"attendance_share": least}) == []
    assert seen(away=round(1 - least, 4) + 0.0001, rules={"attendance_share": least}) == ["attendance_share"]


@pytest.mark.parametrize(("recorded", "expected"), [(4, []), (5, ["attendance_share"])])
def test_the_share_is_judged_after_five_recorded_days(recorded: int, expected: list[str]) -> None:
    assert seen(away=1.0, recorded=recorded) == expected


def test_a_run_is_judged_from_the_first_day() -> None:
    assert seen(run=5, recorded=1) == ["absent_run_notice"]


def test_what_is_not_known_breaks_no_rule() -> None:
    assert seen(away=np.nan, run=np.nan) == []


def test_rules_that_were_not_entered_are_off() -> None:
    assert seen(away=1.0, run=40, rules={}) == []
    assert seen(away=1.0, run=40, rules={"gpa_minimum": 2.0}) == []


@pytest.mark.parametrize("rule", ["absent_run_notice", "absent_run_dismissal"])
@pytest.mark.parametrize("days", [-1.0, 0.0, 0.5])
def test_a_run_of_less_than_a_day_is_no_rule(rule: str, days: float) -> None:
    assert seen(run=0, rules={rule: days}) == []
    assert seen(run=3, rules={rule: days}) == []
    assert seen(run=1, rules={rule: 1}) == [rule]


def test_everybody_gets_an_answer_of_their_own() -> None:
    values: npt.NDArray[np.float32] = np.zeros((3, len(CATALOGUE)), np.float32)
    values[1, [feature.name for feature in CATALOGUE].index("missed_run_now")] = 6
    assert must_see(values, CATALOGUE, RULES, np.full(3, 40)) == [[], ["absent_run_notice"], []]
