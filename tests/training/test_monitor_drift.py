"""Drift of inputs over the model's own bins: what moves the score is seen, what it cannot see is not, chance is no drift."""

import numpy as np
import numpy.typing as npt
import pytest

from models.binning import Binning, binning_of
from models.trees import read_trees
from tests.models.one_split import one_split
from training.input_drift import ALARM, Histogram, drift, histogram, together

Matrix = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def binning() -> Binning:
    """Of a model with one split: missed_share_28d above 0.25."""
    return binning_of(read_trees(one_split("missed_share_28d", above=0.25).text))


@pytest.fixture(scope="module")
def place() -> int:
    return one_split("missed_share_28d", above=0.25).features.index("missed_share_28d")


def college(place: int, missed: npt.NDArray[np.float64]) -> Matrix:
    values = np.zeros((len(missed), len(one_split("missed_share_28d", above=0.25).features)), np.float32)
    values[:, place] = missed
    return values


def moved(binning: Binning, place: int, then: npt.NDArray[np.float64], now: npt.NDArray[np.float64]) -> float:
    names = one_split("missed_share_28d", above=0.25).features
    weight = np.zeros(len(names))
    weight[place] = 0.7
    found = drift(histogram(binning, college(place, then)), histogram(binning, college(place, now)), weight, names)
    assert set(found.features) <= {"missed_share_28d"}
    assert found.alarms == (found.index >= ALARM)
    return found.index


def test_more_absence_moves_the_index(binning: Binning, place: int) -> None:
    share = 0.1, 0.3
    then, now = (np.where(np.arange(1000) < part * 1000, 0.5, 0.0) for part in share)
    expected = sum((q - p) * np.log(q / p) for p, q in ((0.1, 0.3), (0.9, 0.7))) - 2 / 1000
    assert moved(binning, place, then, now) == pytest.approx(expected)


def test_a_move_that_no_tree_can_see_is_no_drift(binning: Binning, place: int) -> None:
    assert moved(binning, place, np.full(500, 0.05), np.full(500, 0.20)) == 0


def test_a_source_that_stopped_is_drift(binning: Binning, place: int) -> None:
    assert moved(binning, place, np.full(500, 0.05), np.full(500, np.nan)) > ALARM


def test_chance_is_taken_off(binning: Binning, place: int) -> None:
    random = np.random.default_rng(1)
    found = [moved(binning, place, random.random(300), random.random(300)) for _ in range(200)]
    assert np.mean(found) < 0.01
    assert np.mean(np.array(found) >= ALARM) == 0


def test_a_feature_that_the_model_does_not_weigh_is_no_drift(binning: Binning, place: int) -> None:
    names = one_split("missed_share_28d", above=0.25).features
    then, now = (histogram(binning, college(place, np.full(500, share))) for share in (0.0, 0.9))
    weight = np.ones(len(names))
    weight[place] = 0
    assert drift(then, now, weight, names).index == 0


def test_histograms_add_up(binning: Binning, place: int) -> None:
    first, second = (histogram(binning, college(place, np.full(n, share))) for n, share in ((3, 0.0), (4, 0.9)))
    both = together([first, second])
    assert both.students == 7
    assert both.counts[place].tolist() == [3, 4, 0, 0]


def test_not_known_has_a_place_of_its_own(binning: Binning, place: int) -> None:
    found: Histogram = histogram(binning, college(place, np.array([0.1, np.nan, np.nan])))
    assert found.counts[place][-1] == 2
    assert found.counts[place].sum() == 3
