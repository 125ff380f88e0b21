"""Judging: a contest of three weeks and six students by hand, and scikit-learn's figures on larger ones."""

import math
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from tests.training.drawn_contest import draw_contest, draw_round, draw_week
from training.calibration_figures import calibration_bins
from training.contest import Contest, Ranked, Round
from training.evidence import LENGTHS, UNKNOWN, ListFigures
from training.intervals import LEAST_PEOPLE, auc, person_weights
from training.judging import judged, judged_days

Floats = npt.NDArray[np.float64]
BASE_RATE = 0.25

# Three Mondays, six students, two visits a week; x left within the horizon. The rule says the same every week.
#          student    1    2    3    4    5    6
WEEKS = (
    ("x . x . . .", [0.8, 0.5, 0.4, 0.2, 0.1, 0.1]),
    (". . . . . .", [0.1, 0.1, 0.1, 0.1, 0.1, 0.1]),
    (". . x . . x", [0.1, 0.6, 0.9, 0.1, 0.1, 0.6]),
)
RULE = [6.0, 5, 4, 3, 2, 1]


def flags(drawn: str) -> npt.NDArray[np.bool_]:
    return np.array([one == "x" for one in drawn.split()])


def round_with(
    number: int, left: npt.NDArray[np.bool_], probability: Sequence[float] | Floats, **other: Floats
) -> Round:
    told = np.array(probability, np.float64)
    one = draw_round(draw_week(number, left), {"model": told, **other}, capacity=2)
    return replace(one, lists=dict(one.lists) | {"model": Ranked(score=told, probability=told)})


@pytest.fixture(scope="module")
def small() -> dict[str, ListFigures]:
    return judged(small_contest(), base_rate=BASE_RATE, draws=50)


def small_contest() -> Contest:
    rounds = [round_with(n, flags(left), told, rule=np.array(RULE)) for n, (left, told) in enumerate(WEEKS)]
    return draw_contest(*rounds)


def drawn_contest(rows: int, weeks: int = 3, *, seed: int = 1, institutions: int = 1) -> Contest:
    """The probabilities are right; student i has the same risk every week."""
    rng = np.random.default_rng(seed)
    rounds = []
    for code in range(institutions):
        share = 1 / (1 + np.exp(2.0 - rng.normal(size=rows) - code))
        for number in range(weeks):
            week = draw_week(
                number, rng.random(rows) < share, institution=f"C{code}", person=np.arange(rows) + code * rows
            )
            one = draw_round(week, {"model": np.log(share), "lottery": rng.random(rows)}, capacity=rows // 10)
            rounds.append(
                replace(one, lists=dict(one.lists) | {"model": Ranked(score=np.log(share), probability=share)})
            )
    return draw_contest(*rounds)


def at_once(contest: Contest) -> tuple[npt.NDArray[np.bool_], Floats]:
    left = np.concatenate([one.week.left for one in contest.rounds])
    return left, np.concatenate([told(one) for one in contest.rounds])


def told(one: Round) -> Floats:
    probability = one.lists["model"].probability
    assert probability is not None
    return probability


# By hand


def test_the_area_is_the_mean_of_the_weeks_with_a_leaver(small: dict[str, ListFigures]) -> None:
    # week 1: 1 beats four, 3 beats three of four; week 3: 3 beats four, 6 beats three and ties with 2
    assert small["model"].auc.value == pytest.approx((7 / 8 + 7.5 / 8) / 2)
    assert small["rule"].auc.value == pytest.approx((7 / 8 + 2 / 8) / 2)  # week 3: 3 beats 4 and 5, 6 beats nobody


def test_average_precision_stands_equal_scores_together(small: dict[str, ListFigures]) -> None:
    # week 1: 1/1, 2/3; week 3: 1/1, and 6 stands with 2: 2/3
    assert small["model"].average_precision.value == pytest.approx(5 / 6)


def test_at_capacity_two_are_listed_every_week(small: dict[str, ListFigures]) -> None:
    found = small["model"].at["capacity"]
    assert found.listed_per_week == 2
    assert found.reached_per_week.value == pytest.approx(2 / 3)  # 1; nobody; 3 (2 comes before 6 of equal score)
    assert found.precision.value == pytest.approx((1 / 2 + 0 + 1 / 2) / 3)
    assert found.recall.value == pytest.approx((1 / 2 + 1 / 2) / 2)  # of a week without a leaver there is none
    assert found.lift.value == pytest.approx((1 / 2) / (2 / 6))


def test_every_length_has_its_figures(small: dict[str, ListFigures]) -> None:
    found = small["model"].at
    assert tuple(found) == LENGTHS
    assert [found[length].listed_per_week for length in LENGTHS] == [2, 1, 1, 2]  # a fifth of six, rounded up
    assert found["5%"].reached_per_week.value == pytest.approx(2 / 3)
    assert found["5%"].precision.value == pytest.approx(2 / 3)


def test_brier_and_its_skill_against_the_base_rate_of_training(small: dict[str, ListFigures]) -> None:
    first = (0.04 + 0.25 + 0.36 + 0.04 + 0.01 + 0.01) / 6
    third = (0.01 + 0.36 + 0.01 + 0.01 + 0.01 + 0.16) / 6
    brier = (first + 0.01 + third) / 3
    two_of_six = (2 * 0.75**2 + 4 * 0.25**2) / 6
    assert small["model"].brier.value == pytest.approx(brier)
    assert small["model"].brier_skill.value == pytest.approx(1 - brier / ((2 * two_of_six + 0.25**2) / 3))


def test_the_skill_is_against_what_was_known_when_each_term_opened() -> None:
    """Two terms: 1 of 10 and 3 of 10 left before them; the model said 2 of 10 of everybody."""
    left, told = flags("x . . . ."), [0.2] * 5
    terms = [replace(round_with(number, left, told), term=(2025, number)) for number in (1, 2)]
    found = judged(draw_contest(*terms), base_rate={(2025, 1): 0.1, (2025, 2): 0.3}, draws=5)["model"]
    brier, of_base = 0.2 * 0.64 + 0.8 * 0.04, [0.2 * (1 - rate) ** 2 + 0.8 * rate**2 for rate in (0.1, 0.3)]
    assert found.brier_skill.value == pytest.approx(1 - 2 * brier / sum(of_base))


def test_leavers_seen_over_expected(small: dict[str, ListFigures]) -> None:
    assert small["model"].observed_expected.value == pytest.approx(4 / (2.1 + 0.6 + 2.4))


def test_a_week_of_few_leavers_does_not_tell_how_many() -> None:
    many, few = (np.arange(40) < leavers for leavers in (10, 9))
    found = judged(
        draw_contest(*(round_with(n, left, np.full(40, 0.2)) for n, left in enumerate((many, few)))),
        base_rate=BASE_RATE, draws=50,
    )["model"]  # fmt: skip
    assert found.observed_expected_by_week == pytest.approx({"2025-06-02": 10 / 8, "2025-06-09": math.nan}, nan_ok=True)
    assert found.observed_expected.value == pytest.approx(19 / 16)


def test_the_calibration_error_is_that_of_the_days(small: dict[str, ListFigures]) -> None:
    """Six students, ten bins: each student is one."""
    first, third = (0.2 + 0.5 + 0.6 + 0.2 + 0.1 + 0.1) / 6, (0.1 + 0.6 + 0.1 + 0.1 + 0.1 + 0.4) / 6
    assert small["model"].ece.value == pytest.approx((first + 0.1 + third) / 3)


def test_a_rule_has_no_figures_of_probabilities(small: dict[str, ListFigures]) -> None:
    rule = small["rule"]
    unknown = (rule.brier, rule.brier_skill, rule.calibration_slope, rule.calibration_intercept, rule.ece)
    assert unknown == (UNKNOWN,) * 5
    assert rule.observed_expected == UNKNOWN
    assert rule.observed_expected_by_week == {}


def test_of_too_few_people_there_are_no_bounds(small: dict[str, ListFigures]) -> None:
    assert math.isnan(small["model"].auc.low)
    assert math.isnan(small["model"].at["capacity"].reached_per_week.high)


def test_without_a_round_there_is_nothing_to_judge() -> None:
    assert judged(Contest(rounds=(), names=("model",)), base_rate=0.1) == {}
    assert judged_days(Contest(rounds=(), names=("model",))) == {}


def test_without_a_leaver_only_what_can_be_told_is_told() -> None:
    found = judged(draw_contest(round_with(0, np.zeros(6, bool), [0.1] * 6)), base_rate=0.1, draws=5)["model"]
    nowhere = (found.auc, found.auc_within, found.average_precision, found.at["capacity"].recall, found.at["5%"].lift)
    assert nowhere == (UNKNOWN,) * 5
    assert (found.calibration_slope, found.calibration_intercept) == (UNKNOWN, UNKNOWN)
    assert found.at["capacity"].reached_per_week.value == found.observed_expected.value == 0
    assert found.brier.value == pytest.approx(0.01)


# Single days


def test_every_day_is_told_by_itself() -> None:
    days = judged_days(small_contest())["model"]
    first, second, third = days.values()
    assert [day.isoformat() for day in days] == ["2025-06-02", "2025-06-09", "2025-06-16"]
    assert (first.auc, third.auc) == pytest.approx((7 / 8, 7.5 / 8))
    assert (first.precision, first.recall, first.lift) == pytest.approx((0.5, 0.5, 1.5))
    assert (first.observed_expected, first.ece) == pytest.approx((2 / 2.1, 1.7 / 6))
    assert np.isnan([second.auc, second.average_precision, second.recall, second.lift]).all()
    assert (second.precision, second.brier) == pytest.approx((0, 0.01))
    assert np.isnan(judged_days(small_contest())["rule"][next(iter(days))].brier)


# Institutions


def two_places() -> Contest:
    """Both order their own: X with two leavers perfectly, Y with one the wrong way round; Y's scores are 10 higher."""
    rounds = []
    for code, left, start in (("X", "x x . .", 0.0), ("Y", ". . . x", 10.0)):
        week = draw_week(0, flags(left), institution=code, person=np.arange(4) + int(start))
        rounds.append(draw_round(week, {"model": np.array([4.0, 3, 2, 1]) + start}, capacity=1))
    return draw_contest(*rounds)


def test_within_institutions_areas_are_weighted_by_leavers() -> None:
    found = judged(two_places(), base_rate=0.3, draws=5)["model"]
    assert found.auc_within.value == pytest.approx((2 * 1 + 1 * 0) / 3)
    assert found.auc.value == pytest.approx((2 + 2 + 2) / 15)  # all of Y's stayers stand above X


def test_the_share_between_institutions_is_that_of_the_variance() -> None:
    found = judged(two_places(), base_rate=0.3, draws=5)["model"]
    assert found.between_share == pytest.approx(25 / (25 + 1.25))


def test_each_institution_fills_its_own_list() -> None:
    found = judged(two_places(), base_rate=0.3, draws=5)["model"].at["capacity"]
    assert found.listed_per_week == 2
    assert found.reached_per_week.value == 1  # X's first is a leaver, Y's is not
    assert found.precision.value == pytest.approx(1 / 2)


def test_of_one_institution_nothing_lies_between() -> None:
    found = judged(drawn_contest(200), base_rate=0.15, draws=5)["model"]
    assert found.between_share == 0
    assert found.auc_within == found.auc


def test_equal_scores_have_no_variance_to_share() -> None:
    same = draw_contest(draw_round(draw_week(0, flags("x . .")), {"model": [1.0, 1, 1]}, capacity=1))
    found = judged(same, base_rate=0.3, draws=5)["model"]
    assert math.isnan(found.between_share)
    assert found.auc.value == 0.5


# Against scikit-learn


@settings(deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.booleans(), st.floats(0.01, 0.99).map(lambda one: round(one, 2))), min_size=3, max_size=60
    )
)
def test_the_figures_of_a_day_are_those_of_scikit_learn(rows: list[tuple[bool, float]]) -> None:
    left, score = np.array([one for one, _ in rows]), np.array([value for _, value in rows])
    if left.all() or not left.any():
        return
    found = judged(draw_contest(round_with(0, left, score)), base_rate=0.1, draws=2)["model"]
    assert found.auc.value == pytest.approx(roc_auc_score(left, score))
    assert found.average_precision.value == pytest.approx(average_precision_score(left, score))
    assert found.brier.value == pytest.approx(brier_score_loss(left, score))
    assert found.ece.value == pytest.approx(_error(left, score))


def _error(left: npt.NDArray[np.bool_], probability: Floats) -> float:
    return sum(one.rows * abs(one.predicted - one.observed) for one in calibration_bins(left, probability)) / len(left)


def test_every_draw_is_a_weighted_figure() -> None:
    """The bounds are those of scikit-learn's figures with everybody weighted as often as they were drawn."""
    contest = drawn_contest(300, weeks=1)
    one, draws = contest.rounds[0], 40
    weights = person_weights(contest, draws).rows(0)[:, 1:]
    found = judged(contest, base_rate=0.15, draws=draws)["model"]
    score = one.lists["model"].score
    for figure, interval in ((roc_auc_score, found.auc), (average_precision_score, found.average_precision)):
        by_draw = [figure(one.week.left, score, sample_weight=weights[:, draw]) for draw in range(draws)]
        assert np.percentile(by_draw, (2.5, 97.5)) == pytest.approx((interval.low, interval.high))
    briers = [brier_score_loss(one.week.left, told(one), sample_weight=weights[:, draw]) for draw in range(draws)]
    assert np.percentile(briers, (2.5, 97.5)) == pytest.approx((found.brier.low, found.brier.high))


def test_the_area_is_the_one_that_intervals_tell() -> None:
    contest = drawn_contest(150, institutions=2)
    assert judged(contest, base_rate=0.2, draws=30)["model"].auc == auc(contest, "model", person_weights(contest, 30))


# Calibration


def test_slope_is_that_of_a_logistic_regression_and_its_bounds_those_of_refits() -> None:
    contest = drawn_contest(2000)
    left, share = at_once(contest)
    logit = np.log(share / (1 - share))[:, None]
    found = judged(contest, base_rate=0.15, draws=40)["model"].calibration_slope
    resampled = person_weights(contest, 40)
    weights = np.concatenate([resampled.rows(place) for place in range(3)])
    refits = [_slope(logit, left, weights[:, draw]) for draw in range(41)]
    assert found.value == pytest.approx(refits[0], abs=1e-4)
    assert (found.low, found.high) == pytest.approx(np.percentile(refits[1:], (2.5, 97.5)), abs=0.01)


def _slope(logit: Floats, left: npt.NDArray[np.bool_], weights: npt.NDArray[np.uint8]) -> float:
    return float(LogisticRegression(C=np.inf, tol=1e-8).fit(logit, left, sample_weight=weights).coef_[0, 0])


def test_bins_have_equal_counts_in_order_of_the_prediction() -> None:
    probability = np.linspace(0.01, 0.5, 40)[::-1].copy()
    bins = calibration_bins(np.arange(40) < 4, probability)
    assert [one.rows for one in bins] == [4] * 10
    assert [one.predicted for one in bins] == sorted(one.predicted for one in bins)
    assert [one.observed for one in bins] == [0.0] * 9 + [1.0]


def test_fewer_rows_than_bins_make_fewer_bins() -> None:
    assert [one.rows for one in calibration_bins(flags("x . ."), np.array([0.3, 0.1, 0.2]))] == [1, 1, 1]


@pytest.mark.parametrize(("slope", "shift"), [(1.0, 0.0), (0.5, 0.0), (2.0, 0.0), (1.0, 0.7)])
def test_what_is_wrong_with_probabilities_is_found(slope: float, shift: float) -> None:
    """The true logit is `slope` times the one told, plus `shift`."""
    rng = np.random.default_rng(3)
    logit = rng.normal(-1.0, 1.0, 20_000)
    left = rng.random(len(logit)) < 1 / (1 + np.exp(-(slope * logit + shift)))
    found = judged(draw_contest(round_with(0, left, 1 / (1 + np.exp(-logit)))), base_rate=0.25, draws=100)["model"]
    assert found.calibration_slope.low <= slope <= found.calibration_slope.high
    if slope == 1:
        assert found.calibration_intercept.value == pytest.approx(shift, abs=0.05)
    assert (found.ece.low > 0.01) == ((slope, shift) != (1.0, 0.0))


def test_right_probabilities_are_not_promised_an_error() -> None:
    """Chance alone makes a calibration error of small bins, and a larger one in every draw."""
    found = [judged(drawn_contest(300, seed=seed), base_rate=0.15, draws=100)["model"].ece for seed in range(20)]
    assert np.mean([one.value for one in found]) > 0.02
    assert max(one.low for one in found) < 0.01


def test_the_same_probability_for_everybody_has_no_slope() -> None:
    left = np.arange(40) < 12
    found = judged(draw_contest(round_with(0, left, [0.2] * 40)), base_rate=0.2, draws=100)["model"]
    assert found.calibration_slope == UNKNOWN
    assert found.calibration_intercept.value == pytest.approx(math.log(0.3 / 0.7) - math.log(0.2 / 0.8))


def test_leavers_wholly_apart_from_others_have_no_slope() -> None:
    left = np.arange(40) < 12
    told_apart = np.where(left, 0.9, 0.1) + np.arange(40) / 1000
    assert (
        judged(draw_contest(round_with(0, left, told_apart)), base_rate=0.2, draws=5)["model"].calibration_slope
        == UNKNOWN
    )


def test_a_forest_that_says_never_is_still_judged() -> None:
    left = np.arange(100) < 30
    share = np.where(np.arange(100) % 5 == 0, 0.0, 0.4)
    found = judged(draw_contest(round_with(0, left, share)), base_rate=0.3, draws=20)["model"]
    assert 0 < found.calibration_slope.value < 0.5


# Intervals and speed


def test_bounds_are_given_of_enough_people_and_hold_the_figure() -> None:
    found = judged(drawn_contest(400), base_rate=0.15, draws=200)["model"]
    capacity = found.at["capacity"]
    told_of = (
        found.auc, found.average_precision, found.brier, found.brier_skill, found.calibration_slope, found.ece,
        found.calibration_intercept, found.observed_expected, capacity.precision, capacity.recall, capacity.lift,
    )  # fmt: skip
    assert all(one.low <= one.value <= one.high and one.low < one.high for one in told_of)


def test_a_list_that_reaches_fewer_people_than_needed_has_no_bounds() -> None:
    contest = drawn_contest(100, weeks=1)
    found = judged(contest, base_rate=0.15, draws=50)["lottery"].at["5%"]
    assert found.listed_per_week == 5 < LEAST_PEOPLE
    assert math.isnan(found.precision.low)


def test_lists_of_300_000_rows_take_about_three_seconds_each() -> None:
    contest = drawn_contest(5000, weeks=6)  # a tenth of it
    begun = time.process_time()
    judged(contest, base_rate=0.15, draws=500)
    assert time.process_time() - begun < 2 * 0.33 * 5  # two lists, and five times as slow a machine
