"""Fitting the straight part: an independent regression agrees, directions bind, weights count, gaps have their own."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.linear_model import LogisticRegression

from features.catalogue import CATALOGUE
from features.vocabulary import Risk
from training import fit_linear as fitting
from training.fit_linear import RIDGE, TAIL, fit_linear
from training.sampling import Rows

FREE = [replace(feature, risk=Risk.EITHER) for feature in CATALOGUE[:4]]
RISES = [replace(feature, risk=Risk.RISES) for feature in CATALOGUE[:4]]
FALLS = [replace(feature, risk=Risk.FALLS) for feature in CATALOGUE[:4]]


def drawn(rows: int = 4000, *, seed: int = 1, weight: npt.NDArray[np.float64] | None = None) -> Rows:
    """Risk rises with the first, falls with the second, and is higher where the third is missing; nobody answers the last."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(rows, 4)) * (1, 5, 0.2, 1)
    gap = random.random(rows) < 0.2
    left = random.random(rows) < 1 / (1 + np.exp(2 - values[:, 0] + 0.2 * values[:, 1] - 1.5 * gap))
    values[gap, 2] = np.nan
    values[:, 3] = np.nan
    return Rows(values=values.astype(np.float32), left=left, person=np.arange(rows), weight=weight)


def test_without_directions_it_is_the_ridge_regression_of_scikit_learn() -> None:
    rows = drawn()
    values = rows.values[:, :3].astype(np.float64)
    gap = np.isnan(values[:, 2])
    low, high = np.nanquantile(values, (TAIL, 1 - TAIL), axis=0)
    values = np.clip(np.where(np.isnan(values), np.nanmedian(values, axis=0), values), low, high)
    columns = np.column_stack([values, gap])
    columns = (columns - columns.mean(axis=0)) / columns.std(axis=0)
    share = rows.left.mean()
    arbiter = LogisticRegression(C=1 / (RIDGE * share * (1 - share) * len(values)), tol=1e-10, max_iter=1000)
    expected = arbiter.fit(columns, rows.left).decision_function(columns)
    assert np.abs(fit_linear(rows, FREE).margins(rows.values) - expected).max() < 1e-3


def test_what_was_drawn_is_found() -> None:
    linear = fit_linear(drawn(40_000), FREE)
    assert linear.weight[0] > 0.4
    assert linear.weight[1] < -0.08
    assert abs(linear.weight[2]) < 0.1
    assert linear.missing[2] - linear.known[2] > 0.5
    assert (linear.weight[3], linear.known[3], linear.missing[3]) == (0, 0, 0)


def test_no_weight_goes_against_its_direction() -> None:
    rows = drawn()
    assert fit_linear(rows, RISES).weight[1] == 0
    assert fit_linear(rows, RISES).weight[0] > 0.4
    assert fit_linear(rows, FALLS).weight[0] == 0
    assert fit_linear(rows, FALLS).missing[2] > 0.4, "what is missing has no direction"


def test_of_every_feature_the_answers_have_mean_0_over_the_rows() -> None:
    rows = drawn()
    linear = fit_linear(rows, RISES)
    means = linear.added(rows.values.T.astype(np.float64)).mean(axis=1)
    assert np.abs(means).max() < 1e-12
    assert linear.margins(rows.values).mean() == pytest.approx(linear.base)


def test_a_row_that_stands_for_three_is_three_rows() -> None:
    """Of few levels, so that the bounds are the same."""
    drawn_ones = drawn(900)
    rows = replace(drawn_ones, values=np.clip(np.round(drawn_ones.values), -1, 1))
    times = np.where(np.arange(900) % 2, 3, 1)
    repeated = rows.some(np.repeat(np.arange(900), times))
    weighted = replace(rows, weight=times.astype(np.float64))
    expected = fit_linear(repeated, FREE).margins(rows.values)
    assert fit_linear(weighted, FREE).margins(rows.values) == pytest.approx(expected, abs=1e-3)
    assert fit_linear(rows, FREE).margins(rows.values) != pytest.approx(expected, abs=1e-2)


def test_fitting_again_gives_the_same_bits() -> None:
    one, other = (fit_linear(drawn(), RISES) for _ in range(2))
    assert (one.base, one.weight.tolist(), one.missing.tolist()) == (
        other.base,
        other.weight.tolist(),
        other.missing.tolist(),
    )


def test_more_rows_than_are_needed_are_taken_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = drawn(4000)
    monkeypatch.setattr(fitting, "MOST_ROWS", 1000)
    fewer = fit_linear(rows, RISES)
    assert fewer.margins(rows.values) == pytest.approx(
        fit_linear(rows.some(np.unique(np.linspace(0, 3999, 1000).astype(np.int64))), RISES).margins(rows.values)
    )
    assert (fewer.weight != 0).any()
