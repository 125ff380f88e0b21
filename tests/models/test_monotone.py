"""The catalogue's directions hold in every fitted model: over every threshold, a worse answer never lowers the score."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from features.catalogue import CATALOGUE
from features.declaration import Feature
from features.vocabulary import Risk
from models.explain import margins
from models.linear import Linear, nothing
from models.tables import compile_tables
from models.trees import TreeModel, read_trees
from tests.models.conftest import Answers
from tests.models.growing import grown
from training.fit_linear import fit_linear
from training.sampling import Rows

Floats = npt.NDArray[np.float64]
DIRECTED = [column for column, feature in enumerate(CATALOGUE) if feature.risk is not Risk.EITHER]
FREE = tuple(replace(feature, risk=Risk.EITHER) for feature in CATALOGUE)
SEEDS = (11, 23, 37, 41)
ROWS = 60
ROUNDING = 1e-12


def wayward(seed: int) -> Answers:
    """Answers of few levels whose risk goes against the catalogue on parts of their range, and that are missing for a reason."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(2500, len(CATALOGUE))).round(1)
    signs = np.array([feature.risk.value for feature in CATALOGUE])
    pull = 0.4 * values * signs + 0.8 * np.sin(3 * values) + 0.5 * values * np.roll(values, 1, axis=1)
    left = random.random(len(values)) < 1 / (1 + np.exp(1 - pull.sum(axis=1) / 3))
    values[random.random(values.shape) < np.where(left, 0.2, 0.1)[:, None]] = np.nan
    return Answers(values=values.astype(np.float32), left=left)


def fitted(answers: Answers, features: Sequence[Feature], seed: int) -> TreeModel:
    return read_trees(grown(answers.values, answers.left, features, seeds=(seed, seed + 1), trees=80))


def thresholds(model: TreeModel, column: int) -> Floats:
    """Every threshold of a feature, in order."""
    found = [tree.threshold[tree.split_feature == column] for tree in model.trees]
    return np.unique(np.concatenate(found))


def wrong_steps(model: TreeModel, rows: Floats, linear: Linear | None = None) -> dict[str, int]:
    """How often a feature that moves up over one of its thresholds moves the margin the wrong way, all else as it was.

    Between two thresholds the trees change nothing, so each threshold itself (which goes left) and a value above all
    stand for every value there is; the straight part changes nothing outside its bounds, and goes one way between.
    """
    tables, linear = compile_tables(model), linear or nothing(len(CATALOGUE))
    wrong = {}
    for column in DIRECTED:
        bounds = [linear.low[column] - 1, linear.low[column], linear.high[column], linear.high[column] + 1]
        own = np.unique([*thresholds(model, column), *bounds])
        steps = np.append(own, own[-1] + 1)
        moved = np.repeat(rows, len(steps), axis=0)
        moved[:, column] = np.tile(steps, len(rows))
        change = np.diff(margins(tables, moved, linear).reshape(len(rows), len(steps)), axis=1)
        wrong[CATALOGUE[column].name] = int((change * CATALOGUE[column].risk.value < -ROUNDING).sum())
    return wrong


def some_rows(answers: Answers, seed: int) -> Floats:
    """As known and as missing as in training; float64, so that a value can lie exactly on a threshold."""
    picked = np.random.default_rng(seed).choice(len(answers.values), ROWS, replace=False)
    return answers.values[picked].astype(np.float64)


@pytest.fixture(scope="module")
def models() -> dict[int, TreeModel]:
    """A bag of two for each seed."""
    return {seed: fitted(wayward(seed), CATALOGUE, seed) for seed in SEEDS}


@pytest.mark.parametrize("seed", SEEDS)
def test_no_step_over_any_threshold_goes_the_wrong_way(models: dict[int, TreeModel], seed: int) -> None:
    model = models[seed]
    assert sum(len(thresholds(model, column)) for column in DIRECTED) > 500, "there is little to check"
    wrong = wrong_steps(model, some_rows(wayward(seed), seed))
    assert [name for name, count in wrong.items() if count] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_nor_with_the_straight_part_beside_the_trees(models: dict[int, TreeModel], seed: int) -> None:
    answers = wayward(seed)
    linear = straight(answers, CATALOGUE)
    against = [CATALOGUE[n].name for n in DIRECTED if straight(answers, FREE).weight[n] * CATALOGUE[n].risk.value < 0]
    assert len(against) > 2, "these answers would teach it to go against the catalogue"
    assert (linear.weight[DIRECTED] != 0).sum() > 30, "there is little to check"
    wrong = wrong_steps(models[seed], some_rows(answers, seed), linear)
    assert [name for name, count in wrong.items() if count] == []


def test_a_straight_part_without_the_constraints_steps_the_wrong_way(models: dict[int, TreeModel]) -> None:
    answers = wayward(SEEDS[0])
    wrong = wrong_steps(models[SEEDS[0]], some_rows(answers, SEEDS[0]), straight(answers, FREE))
    assert sum(count > 0 for count in wrong.values()) > 5


def straight(answers: Answers, features: Sequence[Feature]) -> Linear:
    rows = Rows(values=answers.values, left=answers.left, person=np.arange(len(answers.left)), weight=None)
    return fit_linear(rows, features)


def test_every_directed_feature_is_split_on_by_some_of_these_models(models: dict[int, TreeModel]) -> None:
    """Of a feature that no tree asks the property would hold of itself."""
    unasked = [CATALOGUE[n].name for n in DIRECTED if not any(len(thresholds(one, n)) for one in models.values())]
    assert unasked == []


def test_a_model_without_the_constraints_steps_the_wrong_way() -> None:
    """On the same answers: they would teach it, and the check sees it."""
    answers = wayward(SEEDS[0])
    free = fitted(answers, FREE, SEEDS[0])
    wrong = wrong_steps(free, some_rows(answers, SEEDS[0]))
    assert sum(count > 0 for count in wrong.values()) > len(DIRECTED) / 2
