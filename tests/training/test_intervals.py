"""Intervals: people are drawn with all their weeks, the bounds hold what they promise, and say nothing of too few."""

import math
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.metrics import roc_auc_score

from tests.training.drawn_contest import draw_contest, draw_round, draw_week
from training.contest import Contest, Round
from training.intervals import (
    INSTITUTIONS,
    LEAST_PEOPLE,
    STUDENTS,
    auc,
    blocks_of,
    gain,
    interval,
    mean_over_days,
    people,
    person_weights,
    resampled_by,
    weighted_auc,
)

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def by_capacity(one: Round) -> int:
    return one.capacity


def weeks_of(left: Sequence[Flags], **scores: Sequence[Floats]) -> Contest:
    """One institution; for each week who leaves, and each list's scores."""
    rounds = []
    for number, flags in enumerate(left):
        week_scores = {name: of_week[number] for name, of_week in scores.items()}
        rounds.append(draw_round(draw_week(number, flags), week_scores, capacity=max(1, len(flags) // 10)))
    return draw_contest(*rounds)


def colleges(count: int, *, students: int = 8) -> Contest:
    """Two weeks of every institution, nobody in two of them; the first student of each leaves."""
    rounds = [
        draw_round(
            draw_week(
                number,
                np.arange(students) == 0,
                institution=f"C{code:02d}",
                person=np.arange(students) + 100 * code,
            ),
            {"model": -np.arange(students), "lottery": np.zeros(students)},
            capacity=1,
        )
        for number in (0, 1)
        for code in range(count)
    ]
    return draw_contest(*rounds)


# Drawing


def test_everybody_counts_once_in_draw_0_and_as_many_are_drawn_as_there_are() -> None:
    found = person_weights(weeks_of([np.zeros(50, bool)] * 3), draws=200)
    assert found.weights.shape == (50, 201)
    assert (found.weights[:, 0] == 1).all()
    assert (found.weights.sum(axis=0) == 50).all()
    assert found.weights[:, 1:].std() == pytest.approx(1.0, abs=0.05)  # multinomial: variance 1 - 1/50


def test_a_person_is_drawn_with_all_weeks() -> None:
    found = person_weights(weeks_of([np.zeros(50, bool)] * 3), draws=20)
    assert (found.rows(0) == found.rows(2)).all()


def test_a_person_is_the_same_in_a_week_with_other_rows() -> None:
    first = draw_round(draw_week(0, [False] * 3, person=[7, 8, 9]), {"a": [1, 2, 3]}, capacity=1)
    later = draw_round(draw_week(1, [False] * 2, person=[9, 7]), {"a": [1, 2]}, capacity=1)
    found = person_weights(draw_contest(first, later), draws=30)
    assert (found.rows(0)[[2, 0]] == found.rows(1)).all()
    assert (found.rows(0, slice(0, 5)) == found.rows(0)[:, :5]).all()


def test_draws_are_the_same_in_every_run_and_differ_by_seed() -> None:
    contest = weeks_of([np.zeros(50, bool)])
    assert (person_weights(contest).weights == person_weights(contest).weights).all()
    assert (person_weights(contest, seed=1).weights != person_weights(contest, seed=2).weights).any()


def test_with_few_institutions_students_of_each_are_drawn_among_themselves() -> None:
    contest = colleges(9)
    found = person_weights(contest, draws=50)
    assert (resampled_by(contest), found.by) == (STUDENTS, STUDENTS)
    assert all((found.rows(place).sum(axis=0) == 8).all() for place in range(len(contest.rounds)))


def test_with_ten_institutions_they_are_drawn_whole() -> None:
    contest = colleges(10)
    found = person_weights(contest, draws=50)
    assert (resampled_by(contest), found.by) == (INSTITUTIONS, INSTITUTIONS)
    assert found.weights.shape == (10, 51)
    assert all((found.rows(place) == found.rows(place)[0]).all() for place in range(len(contest.rounds)))


def test_who_is_in_two_institutions_is_drawn_once() -> None:
    first = draw_round(draw_week(0, [False] * 2, institution="X", person=[1, 2]), {"a": [1, 2]}, capacity=1)
    second = draw_round(draw_week(0, [False] * 2, institution="Y", person=[2, 3]), {"a": [1, 2]}, capacity=1)
    found = person_weights(draw_contest(first, second), draws=30)
    assert len(found.weights) == 3
    assert (found.rows(0)[1] == found.rows(1)[0]).all()


def test_sums_are_those_of_every_row_by_its_weight() -> None:
    contest = colleges(3)
    found = person_weights(contest, draws=40)
    values = [np.arange(8) + 0.25 * place for place in range(len(contest.rounds))]
    by_hand = [(values[place][:, None] * found.rows(place)).sum(axis=0) for place in range(len(contest.rounds))]
    assert found.sums(values) == pytest.approx(np.array(by_hand))


def test_people_are_counted_once() -> None:
    contest = colleges(2)
    assert people(contest, [one.week.left for one in contest.rounds]) == 2


def test_draws_are_cut_into_parts_that_cover_them() -> None:
    parts = blocks_of(1001, 1_000_000)
    assert len(parts) > 1
    assert [draw for part in parts for draw in range(1001)[part]] == list(range(1001))


# Intervals


def test_an_interval_holds_the_middle_95_percent_of_the_draws() -> None:
    found = interval(np.concatenate([[50.0], np.arange(101.0)]), told_by=100)
    assert (found.value, found.low, found.high) == (50.0, 2.5, 97.5)


@pytest.mark.parametrize(
    ("drawn", "told_by"),
    [
        (np.ones(101), LEAST_PEOPLE - 1),
        (np.concatenate([np.ones(90), np.full(11, np.nan)]), 100),
        (np.ones(1), 100),
    ],
)
def test_of_too_few_people_or_draws_no_bounds_are_given(drawn: Floats, told_by: int) -> None:
    found = interval(drawn, told_by=told_by)
    assert found.value == 1.0
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_of_nothing_nothing_is_told() -> None:
    assert math.isnan(interval(np.full(101, np.nan), told_by=100).value)


def test_a_mean_over_days_leaves_out_the_days_that_a_draw_cannot_tell() -> None:
    by_day = np.array([[1.0, np.nan, np.nan], [3.0, 5.0, np.nan]])
    assert mean_over_days(by_day).tolist() == pytest.approx([2.0, 5.0, np.nan], nan_ok=True)


# The gain


def test_the_gain_is_leavers_reached_a_week_beyond_the_other_list() -> None:
    """Twenty students, lists of two. Week 1: the model reaches both leavers, the other none; week 2: one each."""
    left = [np.arange(20) < 2, np.isin(np.arange(20), (0, 19))]
    up, down = np.arange(20.0), -np.arange(20.0)
    found = gain(weeks_of(left, model=[down, down], other=[up, up]), "model", "other", listed=by_capacity)
    assert found.value == 1.0  # (2 - 0) + (1 - 1) in two weeks
    assert math.isnan(found.low)  # three people tell no interval


def test_institutions_of_one_day_make_one_week() -> None:
    found = gain(colleges(12), "model", "lottery", listed=by_capacity)
    assert found.value == 0.0  # the lottery's ties are by row: it finds the first student too
    reversed_lottery = draw_contest(*(
        replace(one, lists={"model": one.lists["model"], "lottery": replace(one.lists["model"], score=-one.lists["model"].score)})
        for one in colleges(12).rounds
    ))  # fmt: skip
    assert gain(reversed_lottery, "model", "lottery", listed=by_capacity).value == 12.0


def test_a_gain_that_everybody_shows_is_clear_and_its_mirror_is_as_large() -> None:
    left = [np.arange(200) < 20] * 4
    up, down = np.arange(200.0), -np.arange(200.0)
    contest = weeks_of(left, model=[down] * 4, other=[up] * 4)
    found = gain(contest, "model", "other", listed=by_capacity)
    mirrored = gain(contest, "other", "model", listed=by_capacity)
    assert 0 < found.low < found.value == 20.0 < found.high
    assert (mirrored.value, mirrored.low, mirrored.high) == (-found.value, -found.high, -found.low)


def test_lists_that_are_the_same_have_no_gain_and_no_bounds() -> None:
    contest = weeks_of([np.arange(200) < 20], model=[np.arange(200.0)], other=[np.arange(200.0)])
    found = gain(contest, "model", "other", listed=by_capacity)
    assert found.value == 0.0
    assert math.isnan(found.low)


@pytest.mark.parametrize("students", [1, 200])
def test_without_leavers_or_with_one_person_there_are_no_bounds(students: int) -> None:
    left = [np.zeros(students, bool)] if students > 1 else [np.ones(1, bool)]
    contest = weeks_of(left, model=[np.arange(students)], other=[-np.arange(students)])
    assert math.isnan(gain(contest, "model", "other", listed=by_capacity).low)
    area = auc(contest, "model", person_weights(contest))
    assert math.isnan(area.value)
    assert math.isnan(area.high)


def test_a_contest_without_rounds_tells_nothing() -> None:
    nobody = colleges(2).of(lambda one: False)
    assert math.isnan(gain(nobody, "model", "lottery", listed=by_capacity).value)
    assert math.isnan(auc(nobody, "model", person_weights(nobody)).value)


# The area under the curve


def test_the_weighted_area_is_sklearns() -> None:
    rng = np.random.default_rng(5)
    left, score = rng.random(300) < 0.2, rng.integers(0, 12, 300).astype(float)  # many ties
    weights = rng.integers(0, 4, (150, 30)).astype(np.uint8)
    unit = rng.integers(0, 150, 300)
    by_sklearn = [roc_auc_score(left, score, sample_weight=weights[unit, draw]) for draw in range(30)]
    assert weighted_auc(left, score, weights, unit) == pytest.approx(by_sklearn, abs=1e-12)


def test_an_area_without_a_leaver_or_without_anybody_else_is_unknown() -> None:
    everybody, unit = np.ones((3, 2), np.uint8), np.arange(3)
    for left in (np.zeros(3, bool), np.ones(3, bool)):
        assert np.isnan(weighted_auc(left, np.arange(3.0), everybody, unit)).all()


def test_the_area_is_the_mean_of_the_days_that_have_a_leaver() -> None:
    score = np.arange(40.0)
    left = [score >= 32, np.zeros(40, bool), score < 8]
    found = auc(weeks_of(left, model=[score] * 3), "model", person_weights(weeks_of(left, model=[score] * 3)))
    assert found.value == 0.5  # 1, unknown, 0
    assert found.low <= 0.5 <= found.high


def test_institutions_of_one_day_are_ranked_together() -> None:
    """Each institution's leaver is its first; Y's score lies above X's, so that X's leaver beats nobody of Y."""
    rounds = [
        draw_round(
            draw_week(0, [True] + [False] * 3, institution=code, person=np.arange(4) + start),
            {"a": np.array([4.0, 3, 2, 1]) + start},
            capacity=1,
        )
        for code, start in (("X", 0), ("Y", 10))
    ]
    contest = draw_contest(*rounds)
    assert auc(contest, "a", person_weights(contest)).value == pytest.approx((3 + 6) / 12)


# What the bounds promise

TIMES, PEOPLE, WEEKS = 250, 400, 4


def test_the_interval_of_a_gain_holds_the_truth_about_95_times_in_100() -> None:
    """The lists are printed once; who leaves, and from which week on, is drawn anew: the truth is known exactly."""
    rng = np.random.default_rng(11)
    risk = 1 / (1 + np.exp(2.0 - rng.normal(size=PEOPLE)))
    lists = {"model": 0.5, "other": 2.0}
    scores = {
        name: [np.log(risk) + noise * rng.normal(size=PEOPLE) for _ in range(WEEKS)] for name, noise in lists.items()
    }
    printed = weeks_of([np.zeros(PEOPLE, bool)] * WEEKS, **scores)
    differ = [one.listed("model", 40).astype(int) - one.listed("other", 40) for one in printed.rounds]
    staying = np.array([1.0, 0.9, 0.8, 0.7])  # of those who leave, the part whose leaving is still within the horizon
    truth = float(np.mean([(step * risk * part).sum() for step, part in zip(differ, staying, strict=True)]))
    held = 0
    for _ in range(TIMES):
        leaves, until = rng.random(PEOPLE) < risk, rng.random(PEOPLE)
        left = [leaves & (until < part) for part in staying]
        found = gain(weeks_of(left, **scores), "model", "other", listed=by_capacity)
        held += found.low <= truth <= found.high
    assert 0.90 <= held / TIMES <= 0.98


def test_with_ten_institutions_the_bounds_lie_as_far_out_as_students_distribution_says() -> None:
    """Of ten numbers the bounds of their mean are those of a t interval, whose tails are 2.5 % each."""
    rng = np.random.default_rng(5)
    contest, held, width = colleges(10), 0, []
    resampled = person_weights(contest, draws=1_000)
    for _ in range(1_000):
        luck = rng.normal(size=10)
        drawn = luck @ resampled.weights / 10
        found = interval(drawn, told_by=10, resampled=resampled)
        held += found.low <= 0 <= found.high
        width.append((found.high - found.low) / (2 * 2.262 * luck.std(ddof=1) / math.sqrt(10)))
    assert 0.93 <= held / 1_000 <= 0.97
    assert np.mean(width) == pytest.approx(1, abs=0.05)


def test_many_students_keep_the_middle_95_percent() -> None:
    resampled = person_weights(colleges(9), draws=100)
    drawn = np.concatenate([[50.0], np.arange(101.0)])
    assert interval(drawn, told_by=100, resampled=resampled) == interval(drawn, told_by=100)


def test_the_interval_of_an_area_holds_the_truth_about_95_times_in_100() -> None:
    """Leavers score 1 higher on average, both with variance 1: the area is Φ(1/√2). Half of a score is the person's."""
    rng = np.random.default_rng(12)
    truth = 0.5 * (1 + math.erf(0.5))
    held = 0
    for _ in range(TIMES):
        left = rng.random(PEOPLE) < 0.15
        own = rng.normal(size=PEOPLE)
        score = [left + np.sqrt(0.5) * (own + rng.normal(size=PEOPLE)) for _ in range(WEEKS)]
        contest = weeks_of([left] * WEEKS, model=score)
        found = auc(contest, "model", person_weights(contest, draws=300))
        held += found.low <= truth <= found.high
    assert 0.90 <= held / TIMES <= 0.98


def test_a_thousand_draws_of_200_000_rows_take_less_than_five_seconds() -> None:
    rng = np.random.default_rng(13)
    left = [rng.random(5600) < 0.03 for _ in range(36)]
    scores = {name: [flags + rng.normal(size=5600) for flags in left] for name in ("model", "other")}
    contest = weeks_of(left, **scores)
    begun = time.process_time()
    auc(contest, "model", person_weights(contest))
    gain(contest, "model", "other", listed=by_capacity)
    assert time.process_time() - begun < 5
