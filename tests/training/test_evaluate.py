"""Judging: figures by hand and by scikit-learn, ties by the hash, days averaged and never pooled."""

from datetime import date

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from training.evaluate import (
    Figures,
    JudgedList,
    as_numbers,
    averaged,
    calibration_bins,
    expected_calibration_error,
    figures,
    smallest_bonus,
)

Floats = npt.NDArray[np.float64]


def flags(drawn: str) -> npt.NDArray[np.bool_]:
    """x left, . stayed."""
    return np.array([one == "x" for one in drawn])


def judged(drawn: str, score: list[float], *, listed: int = 2, ties: list[float] | None = None) -> Figures:
    scores = np.array(score)
    order = np.arange(len(score), dtype=float) if ties is None else np.array(ties)
    return figures(flags(drawn), scores, scores, listed=listed, ties=order)


def figures_of(auc: float) -> Figures:
    return Figures(
        auc=auc, average_precision=0.5, precision=0.5, recall=0.5, lift=1.0, brier=np.nan, ece=np.nan,
        observed_expected=np.nan,
    )  # fmt: skip


def test_the_figures_of_a_day_by_hand() -> None:
    found = judged("x.x..", [0.9, 0.8, 0.4, 0.2, 0.1], listed=2)
    assert found.precision == 0.5  # of the two listed one left
    assert found.recall == 0.5  # of two leavers one was listed
    assert found.lift == pytest.approx(0.5 / 0.4)
    assert found.auc == pytest.approx(5 / 6)  # five of six pairs in order
    assert found.average_precision == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert found.brier == pytest.approx((0.01 + 0.64 + 0.36 + 0.04 + 0.01) / 5)
    assert found.observed_expected == pytest.approx(2 / 2.4)


@given(rows=st.lists(st.tuples(st.booleans(), st.floats(0.01, 0.99)), min_size=3, max_size=60))
def test_they_are_those_of_scikit_learn(rows: list[tuple[bool, float]]) -> None:
    left, score = np.array([one for one, _ in rows]), np.array([value for _, value in rows])
    if left.all() or not left.any():
        return
    found = figures(left, score, score, listed=2, ties=np.arange(len(rows), dtype=float))
    assert found.auc == pytest.approx(roc_auc_score(left, score))
    assert found.average_precision == pytest.approx(average_precision_score(left, score))
    assert found.brier == pytest.approx(brier_score_loss(left, score))


@pytest.mark.parametrize("drawn", ["....", "xxxx"])
def test_a_day_on_which_nobody_or_everybody_left_cannot_be_judged(drawn: str) -> None:
    with pytest.raises(ValueError, match="nobody or everybody left cannot be judged"):
        judged(drawn, [0.1, 0.2, 0.3, 0.4])


def test_equal_scores_are_listed_by_the_hash_and_not_by_their_place() -> None:
    same = [0.5, 0.5, 0.5, 0.5]
    assert judged("x...", same, listed=1, ties=[4, 1, 2, 3]).recall == 0
    assert judged("x...", same, listed=1, ties=[1, 4, 2, 3]).recall == 1


def test_a_list_without_probabilities_has_no_probability_figures() -> None:
    found = figures(flags("x..."), np.arange(4.0), None, listed=1, ties=np.arange(4.0))
    assert np.isnan([found.brier, found.ece, found.observed_expected]).all()
    assert as_numbers(found)["brier"] is None
    assert as_numbers(found)["auc"] == 0


def test_days_are_averaged_and_not_pooled() -> None:
    """Each day orders its own students perfectly; put together, the second day's stayers stand above the first's leaver."""
    first, second = judged("x..", [0.3, 0.2, 0.1]), judged("x..", [0.9, 0.8, 0.7])
    assert averaged([first, second]).auc == 1
    assert judged("x..x..", [0.3, 0.2, 0.1, 0.9, 0.8, 0.7]).auc == pytest.approx(6 / 8)


def test_every_day_counts_the_same_however_many_students_it_has() -> None:
    assert averaged([figures_of(0.9), figures_of(0.6), figures_of(0.6)]).auc == pytest.approx(0.7)
    by_day = {date(2025, 6, 2): figures_of(0.5), date(2025, 6, 9): figures_of(0.9)}
    assert JudgedList(name="zerodrop", by_day=by_day).mean.auc == pytest.approx(0.7)


def test_a_figure_that_no_day_has_stays_missing() -> None:
    assert np.isnan(averaged([figures_of(0.9), figures_of(0.6)]).brier)


# Calibration


def test_bins_have_equal_counts_in_order_of_the_prediction() -> None:
    probability = np.linspace(0.01, 0.5, 40)[::-1].copy()
    bins = calibration_bins(np.arange(40) < 4, probability)
    assert [one.rows for one in bins] == [4] * 10
    assert [one.predicted for one in bins] == sorted(one.predicted for one in bins)
    assert [one.observed for one in bins] == [0.0] * 9 + [1.0]


def test_fewer_rows_than_bins_make_fewer_bins() -> None:
    assert [one.rows for one in calibration_bins(flags("x.."), np.array([0.3, 0.1, 0.2]))] == [1, 1, 1]


def test_the_calibration_error_is_the_mean_distance_of_the_bins() -> None:
    left = np.array([True, False] * 10)
    assert expected_calibration_error(left, np.full(20, 0.5)) == pytest.approx(0)
    assert expected_calibration_error(left, np.full(20, 0.2)) == pytest.approx(0.3)
    probability = np.repeat([0.1, 0.6], 10)
    leavers = np.repeat([False, True], 10)
    assert expected_calibration_error(leavers, probability) == pytest.approx((0.1 + 0.4) / 2)


def test_observed_over_expected_tells_which_way_probabilities_are_wrong() -> None:
    left = np.array([True] * 2 + [False] * 8)
    for probability, ratio in ((0.2, 1.0), (0.1, 2.0), (0.4, 0.5)):
        found = figures(left, np.arange(10.0), np.full(10, probability), listed=1, ties=np.arange(10.0))
        assert found.observed_expected == pytest.approx(ratio)


# The bonus


def week(logits: list[float], drawn: str = "x...") -> tuple[npt.NDArray[np.int64], Floats, npt.NDArray[np.bool_]]:
    return np.arange(len(logits)), np.array(logits), flags(drawn)


def test_without_need_there_is_no_bonus() -> None:
    same = week([3, 2, 1, 0])
    assert smallest_bonus([same, same, same], 2) == (0.0, 1.0, 0.0)


def test_four_of_five_is_enough() -> None:
    students, left = np.arange(7), flags("x......")
    first = (students, np.array([9.0, 8, 7, 6, 5, 1, 0]), left)
    then = (students, np.array([9.0, 8, 7, 6, 1, 5, 0]), left)
    assert smallest_bonus([first, then], 5) == (0.0, 0.8, 0.0)


def test_the_smallest_bonus_that_keeps_enough_is_taken() -> None:
    """Students 1 and 2 change places every week, a quarter of a logit apart."""
    odd, even = week([3, 2.25, 2, 0]), week([3, 2, 2.25, 0])
    tried: list[tuple[float, float, float]] = []
    bonus, staying, lost = smallest_bonus([odd, even] * 3, 2, progress=lambda *told: tried.append(told))
    assert (bonus, staying, lost) == (0.3, 1.0, 0.0)
    assert [one[:2] for one in tried] == [(0.0, 0.5), (0.1, 0.5), (0.2, 0.5), (0.3, 1.0)]


def test_the_recall_that_it_costs_is_told() -> None:
    first = week([3, 2.25, 2, 0], "x...")
    then = week([3, 2, 2.25, 0], "x.x.")  # who rises leaves
    bonus, staying, lost = smallest_bonus([first, then], 2)
    assert (bonus, staying) == (0.3, 1.0)
    assert lost == pytest.approx((1 + 1) / 2 - (1 + 0.5) / 2)


def test_when_no_bonus_keeps_enough_the_largest_is_told_with_what_it_keeps() -> None:
    bonus, staying, _ = smallest_bonus([week([9, 0, 0, 0], "...x"), week([0, 9, 0, 0], "...x")], 1)
    assert (bonus, staying) == (1.5, 0.0)


def test_who_is_no_longer_enrolled_did_not_fall_off_the_list() -> None:
    first = (np.array([1, 2, 3]), np.array([3.0, 2, 1]), flags("x.."))
    then = (np.array([2, 3]), np.array([2.0, 1]), flags("x."))
    assert smallest_bonus([first, then], 1)[:2] == (0.0, 1.0)
