"""One small model over the real catalogue, fitted on random answers with missing values."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from features.catalogue import CATALOGUE
from models.horizon import LIST_HORIZON
from models.risk_model import Calibration, RiskModel, fit_members, merge, model_of

Matrix = npt.NDArray[np.float32]
SEEDS = (11, 23)
TREES = 30


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Random answers whose risk rises and falls as the catalogue says; a seventh of them is missing."""

    values: Matrix
    left: npt.NDArray[np.bool_]


@pytest.fixture(scope="session")
def answers() -> Answers:
    random = np.random.default_rng(5)
    values = random.normal(size=(1200, len(CATALOGUE))).astype(np.float32)
    signs = np.array([feature.risk.value for feature in CATALOGUE])
    left = random.random(len(values)) < 1 / (1 + np.exp(1 - 0.5 * (values * signs).sum(axis=1)))
    values[random.random(values.shape) < 1 / 7] = np.nan
    return Answers(values=values, left=left)


@pytest.fixture(scope="session")
def members(answers: Answers) -> list[str]:
    """The models of the bag, one a seed."""
    return fit_members(answers.values, answers.left, CATALOGUE, seeds=SEEDS, trees=TREES)


@pytest.fixture(scope="session")
def model(members: list[str]) -> RiskModel:
    """The bag, ready to score; between refits its contributions move by up to a tenth of a log-odd, some by nothing."""
    spread = np.random.default_rng(7).uniform(0, 0.1, len(CATALOGUE)).round(2)
    return model_of(merge(members), CATALOGUE, LIST_HORIZON, Calibration(slope=1.3, offset=-0.4), spread)
