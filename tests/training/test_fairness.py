"""Fairness figures on contests whose truth is known: found where there is a gap, silent or undecided where there is none."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pytest

from features.cohort import Cohort
from training.audit_groups import NOT_KNOWN, AuditGroups
from training.contest import Contest, Ranked, Round
from training.evidence import MODEL, UNKNOWN, AttributeFairness, GroupFigures
from training.fairness import CANNOT_TELL, GAP, NO_GAP_SEEN, TOLERATED_GAP, fairness
from training.panel import Week

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
FIRST_DAY = date(2025, 6, 2)
M, F = 0, 1


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """One week's rows: (rows,) each; the list is as long as `capacity`."""

    person: Ints
    sex: Ints
    left: Flags
    probability: Floats
    capacity: int


def contest_of(weeks: list[Drawn], institutions: tuple[str, ...] = ("T1",)) -> tuple[Contest, AuditGroups]:
    """The weeks as rounds, by turns of the institutions."""
    rounds = tuple(
        round_of(week, FIRST_DAY + timedelta(weeks=n // len(institutions)), institutions[n % len(institutions)])
        for n, week in enumerate(weeks)
    )
    return Contest(rounds=rounds, names=(MODEL,)), AuditGroups(of={"sex": tuple(week.sex for week in weeks)})


def round_of(drawn: Drawn, day: date, institution: str) -> Round:
    rows = len(drawn.person)
    none = np.zeros(rows, bool)
    everybody = Cohort(
        as_of=day, student=drawn.person, term=drawn.person * 0, group=drawn.person * 0, groups=("A",),
        level=np.zeros(rows, np.int16), terms=(), row=drawn.person * 0,
    )  # fmt: skip
    week = Week(
        institution=institution, as_of=day, cohort=everybody, student=drawn.person, person=drawn.person,
        term=[(2025, 1)] * rows, group=everybody.group, values=np.zeros((rows, 1), np.float32), left=drawn.left,
        strict=drawn.left, gone=none, mature=True,
    )  # fmt: skip
    return Round(
        institution=institution, as_of=day, term=(2025, 1), week=week, capacity=drawn.capacity,
        capacity_is_default=False, ties=np.arange(rows, dtype=np.float64), gone=0,
        lists={MODEL: Ranked(score=drawn.probability, probability=drawn.probability)},
    )  # fmt: skip


def simulated(
    seed: int, *, leavers: Mapping[int, int], recall: Mapping[int, float], stay: int = 40, weeks: int = 4
) -> tuple[Contest, AuditGroups]:
    """`leavers` of each sex (and `stay` who stay), whose chance to be listed in a week is their own, `recall` on average.

    Listed are exactly those with the probability .9; the chances of one person are alike, as in reality.
    """
    random = np.random.default_rng(seed)
    sex = np.concatenate([np.full(leavers[one] + stay, one) for one in leavers])
    left = np.concatenate([np.arange(leavers[one] + stay) < leavers[one] for one in leavers])
    average = np.array([recall[one] for one in sex.tolist()])
    chance = np.where(left, random.beta(average, 1 - average), 0.05)  # a beta of this size: mostly all weeks or none
    found = []
    for _ in range(weeks):
        listed = random.random(len(sex)) < chance
        found.append(
            Drawn(person=np.arange(len(sex)), sex=sex, left=left, probability=np.where(listed, 0.9, 0.1), capacity=int(listed.sum()))
        )  # fmt: skip
    return contest_of(found)


def by_sex(contest: Contest, audit: AuditGroups) -> AttributeFairness:
    [found] = fairness(contest, audit)
    return found


def by_level(contest: Contest, groups: Iterable[Ints]) -> AttributeFairness:
    """The same with the groups taken for levels, of which there are more than two."""
    [found] = fairness(contest, AuditGroups(of={"level": tuple(groups)}))
    return found


def group(found: AttributeFairness, code: str) -> GroupFigures:
    return next(one for one in found.groups if one.group == code)


# By hand

# Twenty men, of whom the first ten leave, and twenty women likewise. Listed: eight men and five women who leave, and
# the first three men who stay. Two weeks alike.
_PERSON = np.arange(40)
_SEX = np.repeat([M, F], 20)
_LEFT = np.tile(np.arange(20) < 10, 2)
_LISTED = np.isin(_PERSON, [*range(8), 10, 11, 12, *range(20, 25)])
_WEEK = Drawn(
    person=_PERSON, sex=_SEX, left=_LEFT, probability=np.where(_LISTED, 0.5, 0.125), capacity=int(_LISTED.sum())
)


def test_the_figures_of_a_group_are_those_counted_by_hand() -> None:
    found = by_sex(*contest_of([_WEEK, _WEEK]))
    men, women = group(found, "M"), group(found, "F")
    assert (men.students, men.leavers, men.suppressed) == (20, 10, False)
    assert men.recall.value == pytest.approx(0.8)
    assert women.recall.value == pytest.approx(0.5)
    assert men.observed_expected.value == pytest.approx(10 / (11 * 0.5 + 9 * 0.125))
    assert women.observed_expected.value == pytest.approx(10 / (5 * 0.5 + 15 * 0.125))
    assert men.listed_share == pytest.approx(11 / 20)
    assert found.gap.value == pytest.approx(0.3)
    assert 0 <= found.gap.low < 0.3 < found.gap.high <= 1
    assert men.recall.low < 0.8 < men.recall.high
    assert found.verdict == CANNOT_TELL  # ten leavers each


def by_hand(recall: float, leavers: int, *, pairs: int = 1) -> float:
    """The detectable gap of groups of as many leavers, of whom the same share is listed."""
    beyond = NormalDist().inv_cdf(1 - 0.025 / pairs) + NormalDist().inv_cdf(0.8)
    return beyond * math.sqrt(recall * (1 - recall) * 2 / leavers)


def test_the_detectable_gap_is_the_formula_by_hand() -> None:
    """Twelve people a group (two added), each for as many weeks alike: weeks of one person tell one thing."""
    for weeks in (2, 8):
        assert by_sex(*contest_of([_WEEK] * weeks)).detectable_gap == pytest.approx(by_hand(0.625, 12), rel=0.1)


def test_more_groups_can_show_only_a_larger_gap() -> None:
    """Six pairs to look at; a person's four weeks agree by half: they tell as much as 4 / (1 + 3 / 2) people."""
    contest, audit = simulated(2, leavers=dict.fromkeys(range(4), 80), recall=dict.fromkeys(range(4), 0.5))
    detectable = by_level(contest, audit.of["sex"]).detectable_gap
    assert detectable == pytest.approx(by_hand(0.5, 128, pairs=6), rel=0.1)
    assert detectable > 1.1 * by_hand(0.5, 128)


def test_a_gap_as_large_as_the_detectable_one_is_seen_four_times_of_five() -> None:
    alike = [by_sex(*simulated(seed, leavers={M: 100, F: 100}, recall={M: 0.5, F: 0.5})) for seed in range(10)]
    half = float(np.mean([one.detectable_gap for one in alike])) / 2
    seen = [
        by_sex(*simulated(seed, leavers={M: 100, F: 100}, recall={M: 0.5 + half, F: 0.5 - half})).gap.low > 0
        for seed in range(100)
    ]
    assert 70 <= sum(seen) <= 92


def test_more_weeks_of_the_same_people_tell_nothing_more() -> None:
    two, eight = (by_sex(*contest_of([_WEEK] * weeks)).gap for weeks in (2, 8))
    assert eight.low == pytest.approx(two.low, abs=1e-9)
    assert eight.high == pytest.approx(two.high, abs=1e-9)


def test_equal_scores_are_listed_by_the_ties_of_the_round() -> None:
    everybody_alike = Drawn(
        person=_PERSON, sex=_SEX, left=_LEFT, probability=np.full(40, 0.5), capacity=20
    )  # the first twenty: all men
    found = by_sex(*contest_of([everybody_alike]))
    assert (group(found, "M").recall.value, group(found, "F").recall.value) == (1.0, 0.0)
    assert found.balanced_gap == pytest.approx(0)  # ten rows each, who are the ten who leave
    assert found.balanced_recall_cost.value == pytest.approx(-0.5)


def test_the_balanced_list_has_its_cost_and_the_gap_that_is_left() -> None:
    """The list is all men, likeliest to leave by their scores. Balanced, half of the places are women's."""
    probability = np.where(_SEX == M, 0.6, 0.2) + np.where(_LEFT, 0.1, 0)
    week = Drawn(person=_PERSON, sex=_SEX, left=_LEFT, probability=probability, capacity=10)
    found = by_sex(*contest_of([week]))
    assert found.gap.value == 1
    assert found.balanced_gap == 0
    assert found.balanced_recall_cost.value == 0
    only_men_left = Drawn(person=_PERSON, sex=_SEX, left=_LEFT & (_SEX == M), probability=probability, capacity=10)
    cost = by_sex(*contest_of([only_men_left])).balanced_recall_cost
    assert cost.value == pytest.approx(0.5)
    assert 0.1 < cost.low < 0.5 < cost.high < 0.9


def test_where_a_round_has_one_group_the_balanced_list_is_the_list() -> None:
    contest, audit = simulated(1, leavers={M: 60, F: 60}, recall={M: 0.7, F: 0.4})
    [found] = fairness(contest, AuditGroups(of={"institution_size": tuple(one * 0 for one in audit.of["sex"])}))
    assert (found.balanced_recall_cost.low, found.balanced_recall_cost.high) == (0, 0)
    assert math.isnan(found.gap.value)
    assert found.verdict == CANNOT_TELL


# Truth that is known


@pytest.mark.parametrize("recall", [0.5, 0.9])
def test_the_interval_of_a_recall_holds_the_truth(recall: float) -> None:
    """Of 100 runs at 95 % at least 88 hold (a binomial of .95 has fewer twice in a thousand)."""
    held = [
        group(by_sex(*simulated(seed, leavers={M: 60, F: 60}, recall={M: recall, F: 0.5})), "M").recall
        for seed in range(100)
    ]
    assert sum(one.low <= recall <= one.high for one in held) >= 88


def test_the_interval_of_the_gap_holds_the_truth() -> None:
    gaps = [by_sex(*simulated(seed, leavers={M: 60, F: 60}, recall={M: 0.7, F: 0.5})).gap for seed in range(200, 300)]
    assert sum(one.low <= 0.2 <= one.high for one in gaps) >= 88


def test_a_real_gap_is_found() -> None:
    draw = partial(simulated, leavers={M: 150, F: 150}, recall={M: 0.7, F: 0.45})
    verdicts = [by_sex(*draw(seed)).verdict for seed in range(50)]
    assert verdicts.count(GAP) >= 45


def test_where_there_is_none_none_is_found_by_sample_size() -> None:
    many = [by_sex(*simulated(seed, leavers={M: 600, F: 600}, recall={M: 0.6, F: 0.6})) for seed in range(30)]
    assert [one.verdict for one in many].count(NO_GAP_SEEN) >= 27
    assert all(one.detectable_gap <= TOLERATED_GAP for one in many)
    few = [by_sex(*simulated(seed, leavers={M: 30, F: 30}, recall={M: 0.6, F: 0.6})) for seed in range(60)]
    assert [one.verdict for one in few].count(CANNOT_TELL) >= 54
    assert all(one.detectable_gap > TOLERATED_GAP for one in few)


def test_a_gap_that_is_certain_and_tolerated_is_no_gap_seen() -> None:
    found = by_sex(*simulated(1, leavers={M: 4000, F: 4000}, recall={M: 0.65, F: 0.6}))
    assert 0 < found.gap.low < found.gap.value < TOLERATED_GAP
    assert found.verdict == NO_GAP_SEEN


def test_many_groups_alike_are_not_found_to_differ_by_their_number() -> None:
    """Eight levels alike: the largest of 28 differences is large by chance, and is not called a gap."""
    found = []
    for seed in range(40):
        contest, audit = simulated(
            seed, leavers=dict.fromkeys(range(8), 60), recall=dict.fromkeys(range(8), 0.6), stay=10
        )
        found.append(by_level(contest, audit.of["sex"]))
    assert sum(one.verdict == GAP for one in found) <= 4
    assert sum(one.gap.value > TOLERATED_GAP for one in found) >= 30


def test_a_group_of_whom_nobody_was_listed_is_not_known_for_certain() -> None:
    contest, audit = simulated(3, leavers={M: 12, F: 400}, recall={M: 0.0001, F: 0.25})
    found = by_sex(contest, audit)
    nobody = group(found, "M").recall
    assert nobody.value == nobody.low == 0
    assert nobody.high > 0.1
    assert found.gap.low < 0.2 < found.gap.high


def test_the_intervals_are_of_people_also_with_many_institutions() -> None:
    contest, audit = contest_of([_WEEK] * 12, institutions=tuple(f"T{n}" for n in range(12)))
    one_institution, same = contest_of([_WEEK] * 12)
    found, alone = by_sex(contest, audit), by_sex(one_institution, same)
    assert found.gap.high - found.gap.low == pytest.approx(alone.gap.high - alone.gap.low, rel=0.1)


def test_the_same_contest_gives_the_same_figures() -> None:
    first, again = (fairness(*simulated(9, leavers={M: 40, F: 40}, recall={M: 0.7, F: 0.5})) for _ in range(2))
    assert repr(first) == repr(again)


# What is not shown


def test_of_a_hidden_group_nothing_is_told() -> None:
    sex = np.where(_PERSON < 3, NOT_KNOWN, _SEX)
    week = Drawn(person=_PERSON, sex=sex, left=_LEFT, probability=_WEEK.probability, capacity=_WEEK.capacity)
    found = by_sex(*contest_of([week]))
    assert [one.group for one in found.groups] == ["M", "F", "NOT_KNOWN"]
    assert [one.suppressed for one in found.groups] == [False, True, True]  # the three alone could be worked out
    for code in ("F", "NOT_KNOWN"):
        one = group(found, code)
        assert (one.students, one.leavers) == (None, None)
        assert all(math.isnan(value) for value in (one.recall.value, one.observed_expected.value, one.listed_share))


def test_who_is_not_known_to_be_in_a_group_is_shown_and_not_compared() -> None:
    sex = np.where(_SEX == F, NOT_KNOWN, M)
    week = Drawn(person=_PERSON, sex=sex, left=_LEFT, probability=_WEEK.probability, capacity=_WEEK.capacity)
    found = by_sex(*contest_of([week]))
    assert group(found, "NOT_KNOWN").recall.value == pytest.approx(0.5)
    assert math.isnan(found.gap.value)
    assert math.isnan(found.detectable_gap)
    assert math.isnan(found.balanced_gap)
    assert found.verdict == CANNOT_TELL


def test_leavers_of_a_small_group_are_told_by_nothing() -> None:
    """One woman of twelve left: her group's leavers are hidden, the men's too, and no share of hers is told."""
    person = np.arange(200)
    sex = np.where(person < 188, M, F)
    left = (person < 12) | (person == 190)
    week = Drawn(person=person, sex=sex, left=left, probability=np.where(left, 0.9, 0.1), capacity=20)
    found = by_sex(*contest_of([week] * 6))
    men, women = group(found, "M"), group(found, "F")
    assert (women.students, women.leavers, women.suppressed) == (12, None, False)
    assert (women.recall, women.observed_expected) == (UNKNOWN, UNKNOWN)
    assert (men.students, men.leavers) == (188, None)  # thirteen left in all
    assert men.recall.low <= men.recall.value == 1
    assert found.verdict == CANNOT_TELL


def test_a_group_of_few_who_stayed_does_not_tell_how_many() -> None:
    stays = np.isin(_PERSON, [18, 19, *range(30, 40)])  # two men, ten women
    week = Drawn(person=_PERSON, sex=_SEX, left=~stays, probability=_WEEK.probability, capacity=_WEEK.capacity)
    found = by_sex(*contest_of([week]))
    assert [(one.students, one.leavers) for one in found.groups] == [(20, None), (20, None)]
    assert math.isfinite(group(found, "M").recall.value)


def test_a_group_of_few_leavers_is_not_compared_and_leaves_the_question_open() -> None:
    contest, audit = simulated(5, leavers={0: 900, 1: 900, 2: 4}, recall={0: 0.6, 1: 0.6, 2: 0.01}, stay=30)
    found = by_level(contest, audit.of["sex"])
    few = found.groups[2]
    assert (few.students, few.leavers, few.suppressed) == (34, None, False)
    assert few.recall == UNKNOWN
    assert found.gap.high < 0.2
    assert found.detectable_gap > TOLERATED_GAP
    assert found.verdict == CANNOT_TELL


def test_a_group_nobody_of_whom_left_has_no_recall_and_no_part_in_the_gap() -> None:
    contest, audit = simulated(5, leavers={M: 900, F: 900}, recall={M: 0.6, F: 0.6}, stay=30)
    levels = (np.where(one.week.left, sex, 2) for one, sex in zip(contest.rounds, audit.of["sex"], strict=True))
    found = by_level(contest, levels)
    assert math.isnan(found.groups[2].recall.value)
    assert found.verdict == NO_GAP_SEEN


# Edges


def test_without_rounds_nothing_is_said() -> None:
    assert fairness(Contest(rounds=(), names=(MODEL,)), AuditGroups(of={})) == ()


def test_without_a_leaver_there_is_no_recall() -> None:
    week = Drawn(person=_PERSON, sex=_SEX, left=_LEFT & False, probability=_WEEK.probability, capacity=5)
    found = by_sex(*contest_of([week]))
    assert math.isnan(group(found, "M").recall.value)
    assert group(found, "M").observed_expected == UNKNOWN
    assert math.isnan(found.balanced_recall_cost.value)
    assert found.verdict == CANNOT_TELL


def test_a_model_without_probabilities_is_refused() -> None:
    contest, audit = contest_of([_WEEK])
    [one] = contest.rounds
    rule = {MODEL: Ranked(score=one.lists[MODEL].score, probability=None)}
    bare = Round(**{**vars(one), "lists": rule})
    with pytest.raises(ValueError, match="has no probabilities; calibrate it"):
        fairness(Contest(rounds=(bare,), names=(MODEL,)), audit)
