"""Fuzzed models against Shapley's definition, over every subset of the features: the arbiter that is nobody's algorithm."""

import os
from functools import partial

import numpy as np
import pytest

from models.explain import contributions, margins
from tests.models.explain.brute_force import interventional, path_dependent, shapley
from tests.models.explain.fuzzed import Floats, Matrix, make_case, raw_of, tables_of

CASES = max(10, int(os.environ.get("ZERODROP_CASES", "60")) // 20)
FIRST = 1_000_000  # other cases than those that LightGBM judges
EXACT = 1e-9
# The last two have ten features, and so 1,024 subsets.
DRAWN = [*((FIRST + number, 6) for number in range(CASES)), (FIRST - 10, 10), (FIRST - 19, 10)]


@pytest.mark.parametrize(("seed", "features"), DRAWN)
def test_contributions_are_shapley_values_by_definition(seed: int, features: int) -> None:
    case = make_case(seed, most_features=features, most_trees=6, rows=12)
    if (tables := tables_of(case)) is None:
        return  # refused, and rightly
    values, base = path_dependent(case.text, case.values)
    assert base == pytest.approx(tables.base, rel=EXACT, abs=EXACT)
    for compiled in (True, False):
        assert contributions(tables, case.values, compiled=compiled) == pytest.approx(values, rel=EXACT, abs=EXACT)


@pytest.mark.parametrize(("seed", "features"), DRAWN)
def test_contributions_against_a_background_are_shapley_values_by_definition(seed: int, features: int) -> None:
    case = make_case(seed, most_features=features, most_trees=6, rows=12)
    if (tables := tables_of(case, case.background)) is None:
        return  # refused, and rightly
    values, base = interventional(partial(raw_of, case.booster), case.values, case.background)
    assert base == pytest.approx(tables.base, rel=EXACT, abs=EXACT)
    for compiled in (True, False):
        assert contributions(tables, case.values, compiled=compiled) == pytest.approx(values, rel=EXACT, abs=EXACT)
        assert margins(tables, case.values, compiled=compiled) == pytest.approx(case.raw(), rel=EXACT, abs=EXACT)


def test_the_arbiter_finds_the_values_of_games_that_are_known_by_heart() -> None:
    """A glove game (two left gloves, one right: 1/6, 1/6, 4/6), and the parts of a sum."""
    gloves = np.array([[float(subset >> 2 & 1 and subset & 3 > 0)] for subset in range(8)])
    assert shapley(gloves)[0] == pytest.approx([1 / 6, 1 / 6, 4 / 6])
    random = np.random.default_rng(1)
    values, background = random.normal(size=(3, 4)), random.normal(size=(5, 4))
    weights = np.array([1.0, -2.0, 0.0, 0.5])
    found, base = interventional(lambda rows: _linear(rows, weights), values, background)
    assert found == pytest.approx((values - background.mean(axis=0)) * weights)
    assert base == pytest.approx(float(background.mean(axis=0) @ weights))


def _linear(rows: Matrix, weights: Floats) -> Floats:
    return np.asarray(rows @ weights, np.float64)
