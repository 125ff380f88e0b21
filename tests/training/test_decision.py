"""The model or the simple list: who is chosen to be beaten, what proves a gain, and which list each institution gets."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from tests.training.drawn_contest import draw_contest, draw_round, draw_week
from tests.training.drawn_evidence import EVIDENCE, FIGURES
from training.checks import blocking, run_checks
from training.contest import Contest, Round
from training.decision import SIMPLE_LISTS, best_simple, decide, gains, opponent
from training.entrants import ABC_FLAGS, ABSENCES, LOGISTIC, LOTTERY, SIMPLE
from training.evidence import MODEL, Evidence, Gain
from training.intervals import auc, person_weights

Floats = npt.NDArray[np.float64]
WEEKS, HORIZON_WEEKS = 16, 8


def college(
    code: str, *, students: int, leavers: int, knows: float, rule_knows: float = 0.0, seed: int, first: int = 0
) -> list[Round]:
    """A term of a college: the first `leavers` students leave one by one; a list knows 0 (nothing) to several deviations."""
    random = np.random.default_rng(seed)
    leaves_in = np.full(students, 10**6)
    leaves_in[:leavers] = random.integers(1, WEEKS + HORIZON_WEEKS, leavers)
    person = np.arange(first, first + students)
    rounds = []
    for week in range(WEEKS):
        here = leaves_in > week
        left = here & (leaves_in <= week + HORIZON_WEEKS)
        scores = {
            MODEL: (knows * left + random.normal(size=students))[here],
            ABSENCES: (rule_knows * left + random.normal(size=students))[here],
            LOGISTIC: random.normal(size=here.sum()),
        }
        drawn = draw_week(week, left[here], person=person[here], institution=code)
        rounds.append(draw_round(drawn, scores, capacity=max(1, students // 20)))
    return rounds


def contest_of(*colleges: Sequence[Round]) -> Contest:
    return draw_contest(*(one for rounds in colleges for one in rounds))


# Whom to beat


def ranks(**first: Sequence[int]) -> Contest:
    """One week of six students, of whom the first three leave and three can be visited; each list's visits by place."""
    scores = {name: [float(place in places) for place in range(6)] for name, places in first.items()}
    week = draw_week(0, [True] * 3 + [False] * 3)
    return draw_contest(draw_round(week, scores, capacity=3))


def test_the_simple_list_that_reached_most_is_to_be_beaten() -> None:
    earlier = ranks(absences_28d=(0, 4, 5), abc_flags=(0, 1, 4), group_mean=(3, 4, 5), zerodrop=(0, 1, 2))
    assert best_simple(earlier) == ABC_FLAGS


def test_only_what_is_within_capacity_counts() -> None:
    scores = {ABSENCES: [0.9, 0.1, 0.2, 0.0], ABC_FLAGS: [0.8, 0.7, 0.9, 0.0]}
    week = draw_week(0, [True, True, False, False])
    assert best_simple(draw_contest(draw_round(week, scores, capacity=1))) == ABSENCES
    assert best_simple(draw_contest(draw_round(week, scores, capacity=3))) == ABSENCES  # two each: the first is kept
    assert best_simple(draw_contest(draw_round(week, scores, capacity=2))) == ABSENCES
    swapped = {ABSENCES: scores[ABC_FLAGS], ABC_FLAGS: scores[ABSENCES]}
    assert best_simple(draw_contest(draw_round(week, swapped, capacity=1))) == ABC_FLAGS


def test_no_learnt_list_and_no_lottery_is_to_be_beaten() -> None:
    earlier = ranks(absences_28d=(3, 4, 5), logistic=(0, 1, 2), forest=(0, 1, 2), lottery=(0, 1, 2))
    assert best_simple(earlier) == ABSENCES
    assert set(SIMPLE_LISTS) <= set(SIMPLE)
    assert LOTTERY not in SIMPLE_LISTS


def test_the_opponent_owes_nothing_to_the_deciding_terms_where_there_are_earlier_ones() -> None:
    earlier = ranks(absences_28d=(3, 4, 5), abc_flags=(0, 1, 2))
    deciding = ranks(absences_28d=(0, 1, 2), abc_flags=(3, 4, 5))
    assert opponent(earlier, deciding) == (ABC_FLAGS, True)
    for none in (None, Contest(rounds=(), names=earlier.names)):
        assert opponent(none, deciding) == (ABSENCES, False)


def test_a_contest_without_simple_lists_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one simple list"):
        best_simple(ranks(zerodrop=(0, 1, 2)))


# Gains


def test_a_model_that_knows_reaches_more() -> None:
    contest = contest_of(college("1", students=400, leavers=120, knows=2, seed=1))
    group, (here,) = decide(contest, ABSENCES)
    assert group.against == ABSENCES
    assert group.leavers == here.leavers <= 120
    assert group.by == "students"
    assert 0 < group.per_week.low < group.per_week.value < group.per_week.high
    assert (here.students, here.judged_with_group, here.clearly_worse, here.chosen) == (400, False, False, MODEL)
    assert here.gain == group


def test_the_gain_is_a_mean_over_weeks_of_leavers_reached() -> None:
    scores = {MODEL: [3.0, 2.0, 1.0], ABSENCES: [1.0, 2.0, 3.0]}
    first = draw_round(draw_week(0, [True, True, False]), scores, capacity=1)  # the model reaches one, the rule none
    second = draw_round(draw_week(1, [False, True, True]), scores, capacity=1)  # the rule one, the model none
    third = draw_round(draw_week(2, [True, False, False]), scores, capacity=1)
    group, (here,) = decide(draw_contest(first, second, third), ABSENCES)
    assert group.per_week.value == pytest.approx((1 - 1 + 1) / 3)
    assert group.leavers == 3
    assert np.isnan(group.per_week.low)  # of three people nothing can be told
    assert here.chosen == ABSENCES


def test_gains_are_told_beyond_every_list_beside_it() -> None:
    contest = contest_of(college("1", students=300, leavers=60, knows=2, seed=2))
    found = gains(contest)
    assert [one.against for one in found] == [ABSENCES, LOGISTIC]
    assert all(one.per_week.low > 0 for one in found)


# Institutions


def test_an_institution_with_few_leavers_is_judged_with_its_group() -> None:
    large = college("1", students=400, leavers=130, knows=2, seed=3)
    small = college("2", students=60, leavers=8, knows=2, seed=4, first=1000)
    _, (of_large, of_small) = decide(contest_of(large, small), ABSENCES)
    assert not of_large.judged_with_group
    assert of_small.judged_with_group
    assert of_small.chosen == MODEL


def test_the_leavers_of_a_place_where_few_left_are_told_to_nobody_and_by_no_sum() -> None:
    places = [
        college(f"{n}", students=90, leavers=leavers, knows=2, seed=n, first=1000 * n)
        for n, leavers in enumerate((60, 8, 40))
    ]
    group, found = decide(contest_of(*places), ABSENCES)
    told = [(one.leavers, one.gain.leavers) for one in found]
    assert told[1] == told[2] == (None, None)
    assert told[0] == (found[0].leavers, found[0].leavers)
    assert found[0].leavers is not None
    assert group.leavers is not None
    _, [alone] = decide(contest_of(places[1]), ABSENCES)
    assert alone.leavers is not None
    assert 0 < alone.leavers < 10


def test_an_institution_where_the_model_is_clearly_worse_gets_the_simple_list() -> None:
    large = college("1", students=500, leavers=150, knows=2, seed=5)
    other = college("2", students=200, leavers=60, knows=0, rule_knows=3, seed=6, first=1000)
    group, (of_large, of_other) = decide(contest_of(large, other), ABSENCES)
    assert group.per_week.low > 0
    assert of_large.chosen == MODEL
    assert of_other.judged_with_group
    assert of_other.clearly_worse
    assert of_other.chosen == ABSENCES


def test_an_institution_with_enough_leavers_must_show_the_gain_itself() -> None:
    large = college("1", students=800, leavers=250, knows=3, seed=7)
    other = college("2", students=400, leavers=140, knows=1, rule_knows=1, seed=8, first=2000)
    group, (_, of_other) = decide(contest_of(large, other), ABSENCES)
    assert group.per_week.low > 0
    assert not of_other.judged_with_group
    assert not of_other.clearly_worse
    assert of_other.chosen == ABSENCES


def test_a_group_of_ten_is_drawn_by_institutions() -> None:
    colleges = [college(f"{n:02}", students=60, leavers=15, knows=2, seed=n, first=100 * n) for n in range(10)]
    group, found = decide(contest_of(*colleges), ABSENCES)
    assert group.by == "institutions"
    assert [one.gain.by for one in found] == ["students"] * 10
    assert [one.institution for one in found] == sorted(one.institution for one in found)


# No signal


def judged_by(contest: Contest) -> Evidence:
    """Evidence of a sound model, but with the skill that this contest of one college really shows."""
    group, institutions = decide(contest, ABSENCES)
    skill = auc(contest, MODEL, person_weights(contest))
    figures = replace(FIGURES, auc=skill, auc_within=skill)
    lists = {**EVIDENCE.lists, MODEL: figures}
    return replace(EVIDENCE, lists=lists, gain=group, institutions=institutions, gains=gains(contest))


def test_a_college_with_no_signal_is_refused() -> None:
    for seed in range(12):
        null = contest_of(college("1", students=300, leavers=90, knows=0, seed=seed))
        results = run_checks(judged_by(null))
        assert {one.check.code for one in blocking(results)} & {"TR301", "TR302", "TR303"}, (
            f"seed {seed} was let through"
        )


def test_the_same_college_with_a_signal_is_not() -> None:
    results = run_checks(judged_by(contest_of(college("1", students=300, leavers=90, knows=2, seed=0))))
    assert blocking(results) == ()


def test_two_lists_that_are_the_same_show_no_gain() -> None:
    rounds = college("1", students=300, leavers=90, knows=2, seed=9)
    same = [replace(one, lists={MODEL: one.lists[MODEL], ABSENCES: one.lists[MODEL]}) for one in rounds]
    group, (here,) = decide(draw_contest(*same), ABSENCES)
    assert isinstance(group, Gain)
    assert group.per_week.value == 0
    assert here.chosen == ABSENCES
