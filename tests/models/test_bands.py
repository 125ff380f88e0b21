"""From scores and capacity to a list: never longer than capacity, fair ties, one bonus, and the rules beside it."""

from random import Random
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from models.bands import (
    BY_BONUS,
    BY_RANK,
    HIGH,
    NO_ADVISOR,
    NO_BAND,
    UNKNOWN,
    WATCH,
    Bands,
    ObservedRate,
    assign,
    effective_rows,
    observed_rates,
    wilson,
)


def listed(
    scores: list[float],
    *,
    advisor: list[int] | None = None,
    before: list[int] | None = None,
    abstained: list[int] | None = None,
    bonus: float = 0.0,
    ties: list[int] | None = None,
    visits: int = 2,
    rows: int = 3,
) -> Bands:
    """`before` names the places of last week's high, `abstained` of those of whom too little is known."""
    size = len(scores)
    return assign(
        np.array(scores, float),
        listed_last_week=np.isin(np.arange(size), before or []),
        bonus=bonus,
        advisor=np.array(advisor if advisor is not None else [0] * size, np.int64),
        ties=np.array(ties if ties is not None else range(size), np.uint64),
        visits_per_week=visits,
        rows_per_advisor=rows,
        abstained=np.isin(np.arange(size), abstained or []),
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


def test_a_place_on_a_watch_list_that_only_the_bonus_gives_says_so_too() -> None:
    found = listed([3.0, 2.0, 1.9], before=[2], bonus=0.2, visits=1, rows=2)
    assert found.band.tolist() == [HIGH, NO_BAND, WATCH]
    assert found.cause.tolist() == [BY_RANK, "", BY_BONUS]


def test_who_is_watched_with_or_without_the_bonus_is_there_by_rank() -> None:
    assert listed([3.0, 2.0, 1.9], before=[1], bonus=0.2, visits=1, rows=2).cause.tolist() == [BY_RANK, BY_RANK, ""]


def test_equal_scores_are_ordered_by_the_keyed_hash() -> None:
    found = listed([1.0, 1.0, 1.0], ties=[30, 10, 20], visits=1, rows=0)
    assert found.rank.tolist() == [3, 1, 2]
    assert found.band.tolist() == [NO_BAND, HIGH, NO_BAND]


def test_who_is_abstained_on_takes_no_place_and_ranks_last() -> None:
    found = listed([3.0, 9.0, 2.0, 1.0, 8.0], abstained=[1, 4], visits=1, rows=2)
    assert found.band.tolist() == [HIGH, UNKNOWN, WATCH, NO_BAND, UNKNOWN]
    assert found.rank.tolist() == [1, 4, 2, 3, 5]
    assert found.cause.tolist() == [BY_RANK, "", BY_RANK, "", ""]


def test_the_bonus_gives_no_place_to_who_is_abstained_on() -> None:
    found = listed([1.0, 3.0], before=[1], bonus=5.0, abstained=[1], visits=2, rows=2)
    assert found.band.tolist() == [HIGH, UNKNOWN]
    assert found.cause.tolist() == [BY_RANK, ""]


def test_a_high_place_lies_as_far_over_the_line_as_over_the_best_who_is_not_high() -> None:
    found = listed([5.0, 4.0, 3.5, 9.9], abstained=[3], visits=2, rows=0)
    assert found.over[:2].tolist() == [1.5, 0.5]
    assert np.isnan(found.over[2:]).all()


def test_a_watch_place_is_compared_with_the_same_advisors_students_only() -> None:
    found = listed([9.0, 5.0, 4.5, 4.9, 2.0], advisor=[1, 1, 1, 2, 1], visits=1, rows=2)
    assert found.band.tolist() == [HIGH, WATCH, NO_BAND, WATCH, NO_BAND]
    assert found.over[:2].tolist() == [4.0, 0.5]
    assert found.over[3] == np.inf  # the only one of advisor 2


def test_where_everybody_has_a_place_nobody_is_near_the_line() -> None:
    assert listed([3.0, 2.0], visits=5).over.tolist() == [np.inf, np.inf]


COLLEGES = st.integers(1, 24).flatmap(
    lambda size: st.fixed_dictionaries(
        {
            "scores": st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0]), min_size=size, max_size=size),
            "advisor": st.lists(st.integers(NO_ADVISOR, 4), min_size=size, max_size=size),
            "before": st.lists(st.integers(0, size - 1), max_size=5),
            "abstained": st.lists(st.integers(0, size - 1), max_size=8),
            "ties": st.lists(st.integers(0, 2**64 - 1), min_size=size, max_size=size, unique=True),
            "visits": st.integers(0, 12),
            "rows": st.integers(0, 6),
            "bonus": st.sampled_from([0.0, 0.3, 1.0]),
        }
    )
)
Drawn = dict[str, Any]


def by_hand(drawn: Drawn) -> list[str]:
    """The bands as the rule says them, one student after the other."""
    scores, advisor, visits = drawn["scores"], drawn["advisor"], drawn["visits"]
    ordering = [score + drawn["bonus"] * (place in drawn["before"]) for place, score in enumerate(scores)]
    ranked = sorted(range(len(scores)), key=lambda place: (-ordering[place], drawn["ties"][place]))
    band = [UNKNOWN if place in drawn["abstained"] else NO_BAND for place in range(len(scores))]
    for place in [place for place in ranked if band[place] == NO_BAND][:visits]:
        band[place] = HIGH
    for place in ranked:
        own = [band[other] in (HIGH, WATCH) for other in range(len(scores)) if advisor[other] == advisor[place]]
        if advisor[place] != NO_ADVISOR and band[place] == NO_BAND and sum(own) < drawn["rows"]:
            band[place] = WATCH
    return band


@given(drawn=COLLEGES)
def test_a_list_is_never_longer_than_capacity(drawn: Drawn) -> None:
    found = listed(**drawn)
    advisor, unknown = np.array(drawn["advisor"]), np.isin(np.arange(len(found.rank)), drawn["abstained"])
    assert (found.band == HIGH).sum() == min(drawn["visits"], (~unknown).sum())
    for one in set(drawn["advisor"]) - {NO_ADVISOR}:
        own = (advisor == one) & ~unknown
        watched, high = (found.band[own] == WATCH).sum(), (found.band[own] == HIGH).sum()
        assert watched == max(0, min(drawn["rows"], int(own.sum())) - high)
    assert not (found.band[advisor == NO_ADVISOR] == WATCH).any()
    assert (found.band[unknown] == UNKNOWN).all()
    assert (found.band == UNKNOWN).sum() == unknown.sum()


@given(drawn=COLLEGES)
def test_the_bands_are_those_of_the_rule_said_one_student_after_the_other(drawn: Drawn) -> None:
    assert listed(**drawn).band.tolist() == by_hand(drawn)


@given(drawn=COLLEGES)
def test_ranks_count_everybody_once_and_the_unknown_last(drawn: Drawn) -> None:
    found = listed(**drawn)
    assert sorted(found.rank.tolist()) == list(range(1, len(found.rank) + 1))
    unknown = found.band == UNKNOWN
    assert (found.rank[unknown] > (~unknown).sum()).all()


@given(drawn=COLLEGES)
def test_the_bonus_is_the_cause_exactly_of_the_places_that_would_be_lost_without_it(drawn: Drawn) -> None:
    found, without = listed(**drawn), listed(**{**drawn, "bonus": 0.0})
    placed = (found.band == HIGH) | (found.band == WATCH)
    assert ((found.cause == "") == ~placed).all()
    gained = placed & (found.band != without.band) & np.isin(np.arange(len(placed)), drawn["before"])
    assert ((found.cause == BY_BONUS) == gained).all()


@given(drawn=COLLEGES)
def test_without_a_bonus_last_weeks_list_changes_nothing(drawn: Drawn) -> None:
    pure, before = listed(**{**drawn, "bonus": 0.0, "before": []}), listed(**{**drawn, "bonus": 0.0})
    assert_equal(pure, before)
    assert set(before.cause.tolist()) <= {"", BY_RANK}


@given(drawn=COLLEGES)
def test_whoever_sinks_by_more_than_they_lie_over_the_line_leaves_the_list(drawn: Drawn) -> None:
    """And by less, stays: what `over` promises to whoever looks for the smallest change."""
    found = listed(**drawn)
    for place in np.flatnonzero(np.isfinite(found.over)):
        lists = (HIGH,) if found.band[place] == HIGH else (HIGH, WATCH)
        for sunk, stays in ((found.over[place] + 0.01, False), (found.over[place] - 0.01, True)):
            scores = [score - sunk * (other == place) for other, score in enumerate(drawn["scores"])]
            if found.over[place] > 0.01 or not stays:
                assert (listed(**{**drawn, "scores": scores}).band[place] in lists) == stays


@given(drawn=COLLEGES, random=st.randoms(use_true_random=False))
def test_the_order_in_which_students_come_changes_nothing(drawn: Drawn, random: Random) -> None:
    order = list(range(len(drawn["scores"])))
    random.shuffle(order)
    moved = {name: [drawn[name][place] for place in order] for name in ("scores", "advisor", "ties")}
    places = {name: [order.index(place) for place in drawn[name]] for name in ("before", "abstained")}
    assert_equal(listed(**{**drawn, **moved, **places}), listed(**drawn), order)


def assert_equal(found: Bands, expected: Bands, order: list[int] | None = None) -> None:
    for name in ("rank", "band", "cause", "ordering", "over"):
        told = getattr(expected, name)
        np.testing.assert_array_equal(getattr(found, name), told if order is None else told[order])


# Observed rates


@pytest.mark.parametrize(("left", "rows"), [(0, 1), (1, 1), (0, 30), (1, 29), (15, 148), (81, 263), (500, 500)])
def test_wilsons_interval_is_that_of_scipy(left: int, rows: int) -> None:
    told = scipy.stats.binomtest(left, rows).proportion_ci(confidence_level=0.95, method="wilson")
    assert wilson(left, rows) == pytest.approx((told.low, told.high), abs=1e-12)


def test_wilsons_interval_is_that_of_a_published_example() -> None:
    """Newcombe (1998), Statistics in Medicine 17, 857-872, table I: 81 of 263 and 15 of 148, method 3."""
    assert [round(end, 4) for end in wilson(81, 263)] == [0.2553, 0.3662]
    assert [round(end, 4) for end in wilson(15, 148)] == [0.0624, 0.1605]


def test_nothing_is_known_of_a_band_without_rows() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    high, watch, none = rates_of([NO_BAND, NO_BAND], [0, 1], [1, 2])
    assert (high.rows, high.left, high.low, high.high) == (0, 0, 0.0, 1.0)
    assert watch.rows == 0
    assert (none.band, none.rows, none.left) == (NO_BAND, 2, 1)


def rates_of(band: list[str], left: list[int], person: list[int]) -> tuple[ObservedRate, ...]:
    return observed_rates(np.array(band), np.array(left, bool), np.array(person))


def test_the_rate_of_a_band_counts_its_student_weeks_and_no_others() -> None:
    found = rates_of([HIGH, WATCH, HIGH, UNKNOWN, NO_BAND, HIGH], [1, 0, 0, 1, 0, 1], [1, 2, 3, 4, 5, 6])
    assert [(one.band, one.rows, one.left) for one in found] == [(HIGH, 3, 2), (WATCH, 1, 0), (NO_BAND, 1, 0)]


def test_the_weeks_of_one_person_are_not_counted_as_many() -> None:
    """Forty persons for ten weeks, a quarter of whom leave: as wide as of forty rows, not of four hundred."""
    person = np.repeat(np.arange(40), 10)
    [high, _, _] = observed_rates(np.full(400, HIGH), person < 10, person)
    assert (high.rows, high.left) == (400, 100)
    assert (high.low, high.high) == pytest.approx(wilson(10, 40), abs=0.01)


@pytest.mark.parametrize("leaves", [False, True])
def test_where_nobody_or_everybody_left_persons_are_counted(leaves: bool) -> None:
    assert effective_rows(np.full(60, leaves), np.repeat(np.arange(12), 5)) == pytest.approx(12)


def test_rows_of_different_persons_are_independent() -> None:
    left = np.arange(200) % 4 == 0
    assert effective_rows(left, np.arange(200)) == pytest.approx(200, rel=0.01)


def test_the_interval_holds_the_true_rate_nineteen_times_of_twenty() -> None:
    """Persons with rates of their own, for one to sixteen weeks each; Wilson's of all rows would hold it 66 times of 100."""
    random = np.random.default_rng(3)
    held = 0
    for _ in range(400):
        person = np.repeat(np.arange(60), random.integers(1, 17, 60))
        left = random.random(len(person)) < random.beta(0.4, 1.6, 60)[person]
        [high, _, _] = observed_rates(np.full(len(person), HIGH), left, person)
        held += high.low <= 0.2 <= high.high
    assert 0.92 <= held / 400 <= 0.98


def test_the_cut_off_is_the_value_of_the_last_place() -> None:
    bands = listed([5.0, 4.0, 3.0, 2.0, 1.0, 0.0], advisor=[0, 0, 0, 1, 1, 1], visits=1, rows=2)
    assert bands.cut_off.tolist() == [4.0, 4.0, 4.0, 1.0, 1.0, 1.0]
    assert bands.listed.tolist() == [1.0, 1.0, 0.0, 1.0, 1.0, 0.0]


def test_without_a_contest_there_is_no_cut_off() -> None:
    everybody = listed([2.0, 1.0], advisor=[0, 0], visits=0, rows=2)
    assert np.isnan(everybody.cut_off).all()
    assert everybody.listed.tolist() == [1.0, 1.0]
    nobody = listed([2.0, 1.0], advisor=[NO_ADVISOR, NO_ADVISOR], visits=0, rows=2)
    assert np.isnan(nobody.cut_off).all()
    assert nobody.listed.tolist() == [0.0, 0.0]


def test_the_chance_of_a_place_is_what_drawing_lots_gives() -> None:
    scores, advisor = [3.0, 1.0, 1.0, 1.0, 1.0, 0.0], [0, 0, 0, 1, 1, 1]
    drawn = np.random.default_rng(3)
    told = listed(scores, advisor=advisor, visits=1, rows=1).listed
    placed = np.zeros(len(scores))
    for _ in range(2000):
        ties = drawn.permutation(len(scores)).tolist()
        one = listed(scores, advisor=advisor, visits=1, rows=1, ties=ties)
        placed += np.isin(one.band, (HIGH, WATCH))
    assert placed / 2000 == pytest.approx(told, abs=0.04)
