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
from models.risk_model import fit_trees
from models.tables import compile_tables
from models.trees import TreeModel, read_trees
from tests.models.conftest import Answers

Floats = npt.NDArray[np.float64]
DIRECTED = [column for column, feature in enumerate(CATALOGUE) if feature.risk is not Risk.EITHER]
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
    return read_trees(fit_trees(answers.values, answers.left, features, seeds=(seed, seed + 1), trees=80))


def thresholds(model: TreeModel, column: int) -> Floats:
    """Every threshold of a feature, in order."""
    found = [tree.threshold[tree.split_feature == column] for tree in model.trees]
    return np.unique(np.concatenate(found))


def wrong_steps(model: TreeModel, rows: Floats) -> dict[str, int]:
    """How often a feature that moves up over one of its thresholds moves the margin the wrong way, all else as it was.

    Between two thresholds nothing changes, so each threshold itself (which goes left) and a value above all stand for
    every value there is.
    """
    tables = compile_tables(model)
    wrong = {}
    for column in DIRECTED:
        own = thresholds(model, column)
        steps = np.append(own, own[-1] + 1 if len(own) else 0.0)
        moved = np.repeat(rows, len(steps), axis=0)
        moved[:, column] = np.tile(steps, len(rows))
        change = np.diff(margins(tables, moved).reshape(len(rows), len(steps)), axis=1)
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


def test_every_directed_feature_is_split_on_by_some_of_these_models(models: dict[int, TreeModel]) -> None:
    """Of a feature that no tree asks the property would hold of itself."""
    unasked = [CATALOGUE[n].name for n in DIRECTED if not any(len(thresholds(one, n)) for one in models.values())]
    assert unasked == []


def test_a_model_without_the_constraints_steps_the_wrong_way() -> None:
    """On the same answers: they would teach it, and the check sees it."""
    answers = wayward(SEEDS[0])
    free = fitted(answers, [replace(feature, risk=Risk.EITHER) for feature in CATALOGUE], SEEDS[0])
    wrong = wrong_steps(free, some_rows(answers, SEEDS[0]))
    assert sum(count > 0 for count in wrong.values()) > len(DIRECTED) / 2
