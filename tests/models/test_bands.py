"""From scores and capacity to a list: never longer than capacity, fair ties, one bonus, and the rules beside it."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.catalogue import CATALOGUE
from models.bands import BY_BONUS, BY_RANK, HIGH, NO_ADVISOR, NO_BAND, WATCH, Bands, assign, must_see


def listed(
    scores: list[float],
    *,
    advisor: list[int] | None = None,
    before: list[int] | None = None,
    bonus: float = 0.0,
    ties: list[int] | None = None,
    visits: int = 2,
    rows: int = 3,
) -> Bands:
    """`before` names the places of last week's high."""
    size = len(scores)
    return assign(
        np.array(scores, float),
        listed_last_week=np.isin(np.arange(size), before or []),
        bonus=bonus,
        advisor=np.array(advisor if advisor is not None else [0] * size, np.int64),
        ties=np.array(ties if ties is not None else range(size), np.uint64),
        visits_per_week=visits,
        rows_per_advisor=rows,
    )


def test_high_are_exactly_the_visits_of_a_week() -> None:
    found = listed([0.1, 0.9, 0.5, 0.8, 0.2], visits=2, rows=0)
    assert found.band.tolist() == [NO_BAND, HIGH, NO_BAND, HIGH, NO_BAND]
    assert found.rank.tolist() == [5, 1, 3, 2, 4]


def test_watch_fills_each_advisor_to_their_rows_counting_the_high() -> None:
    found = listed([9, 8, 7, 6, 5, 4, 3, 2], advisor=[1, 1, 1, 1, 2, 2, 2, 2], visits=2, rows=3)
    assert found.band.tolist() == [HIGH, HIGH, WATCH, NO_BAND, WATCH, WATCH, WATCH, NO_BAND]


def test_an_advisor_with_more_high_than_rows_watches_nobody_else() -> None:
    found = listed([9, 8, 7, 6], visits=3, rows=2)
    assert found.band.tolist() == [HIGH, HIGH, HIGH, NO_BAND]


def test_who_has_no_advisor_can_only_be_high() -> None:
    found = listed([9, 8, 7, 6], advisor=[NO_ADVISOR, 0, NO_ADVISOR, 0], visits=1, rows=5)
    assert found.band.tolist() == [HIGH, WATCH, NO_BAND, WATCH]


def test_without_visits_nobody_is_high() -> None:
    found = listed([3, 2, 1], visits=0, rows=2)
    assert found.band.tolist() == [WATCH, WATCH, NO_BAND]


def test_more_capacity_than_students_lists_them_all() -> None:
    assert listed([3, 2], visits=10).band.tolist() == [HIGH, HIGH]


def test_the_bonus_keeps_last_weeks_high_and_says_so() -> None:
    found = listed([2.0, 1.9, 1.8], before=[1], bonus=0.2, visits=1, rows=0)
    assert found.band.tolist() == [NO_BAND, HIGH, NO_BAND]
    assert found.cause.tolist() == ["", BY_BONUS, ""]
    assert found.ordering.tolist() == pytest.approx([2.0, 2.1, 1.8])


def test_who_would_be_high_without_the_bonus_is_there_by_rank() -> None:
    assert listed([2.0, 1.9], before=[0], bonus=0.2, visits=1, rows=2).cause.tolist() == [BY_RANK, BY_RANK]


def test_the_bonus_is_too_small_for_who_fell_far() -> None:
    found = listed([2.0, 1.5], before=[1], bonus=0.2, visits=1, rows=0)
    assert found.band.tolist() == [HIGH, NO_BAND]


def test_a_watched_student_is_never_there_by_bonus() -> None:
    """The bonus orders them too, and is no cause."""
    found = listed([3.0, 2.0, 1.9], before=[2], bonus=0.2, visits=1, rows=2)
    assert found.band.tolist() == [HIGH, NO_BAND, WATCH]
    assert found.cause.tolist() == [BY_RANK, "", BY_RANK]


def test_equal_scores_are_ordered_by_the_keyed_hash() -> None:
    found = listed([1.0, 1.0, 1.0], ties=[30, 10, 20], visits=1, rows=0)
    assert found.rank.tolist() == [3, 1, 2]
    assert found.band.tolist() == [NO_BAND, HIGH, NO_BAND]


COLLEGES = st.integers(1, 40).flatmap(
    lambda size: st.tuples(
        st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0]), min_size=size, max_size=size),
        st.lists(st.integers(NO_ADVISOR, 4), min_size=size, max_size=size),
        st.lists(st.integers(0, size - 1), max_size=5),
        st.lists(st.integers(0, 2**64 - 1), min_size=size, max_size=size, unique=True),
        st.integers(0, 12),
        st.integers(0, 6),
        st.sampled_from([0.0, 0.3, 1.0]),
        st.permutations(range(size)),
    )
)
College = tuple[list[float], list[int], list[int], list[int], int, int, float, list[int]]


@given(college=COLLEGES)
def test_a_list_is_never_longer_than_capacity(college: College) -> None:
    scores, advisor, before, ties, visits, rows, bonus, _ = college
    found = listed(scores, advisor=advisor, before=before, bonus=bonus, ties=ties, visits=visits, rows=rows)
    assert (found.band == HIGH).sum() == min(visits, len(scores))
    assert sorted(found.rank.tolist()) == list(range(1, len(scores) + 1))
    for one in set(advisor) - {NO_ADVISOR}:
        own = np.array(advisor) == one
        watched, high = (found.band[own] == WATCH).sum(), (found.band[own] == HIGH).sum()
        assert watched == max(0, min(rows, int(own.sum())) - high)
    assert not (found.band[np.array(advisor) == NO_ADVISOR] == WATCH).any()
    assert ((found.cause == "") == (found.band == NO_BAND)).all()
    assert set(np.flatnonzero(found.cause == BY_BONUS).tolist()) <= set(before)


@given(college=COLLEGES)
def test_the_order_in_which_students_come_changes_nothing(college: College) -> None:
    scores, advisor, before, ties, visits, rows, bonus, order = college
    found = listed(scores, advisor=advisor, before=before, bonus=bonus, ties=ties, visits=visits, rows=rows)
    shuffled = listed(
        [scores[place] for place in order],
        advisor=[advisor[place] for place in order],
        before=[order.index(place) for place in before],
        bonus=bonus,
        ties=[ties[place] for place in order],
        visits=visits,
        rows=rows,
    )
    for name in ("rank", "band", "cause", "ordering"):
        assert getattr(shuffled, name).tolist() == getattr(found, name)[order].tolist()


# Must see


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
