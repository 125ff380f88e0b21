"""A small simulated college, imported as its files would have arrived, with a model trained on it: made once a session."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from models.horizon import Horizon
from models.risk_model import PARAMETERS
from records.home import DataHome
from simulation.college import LAST_MONDAY
from tests.training.simulated import simulated_home
from training import backtest, search
from training import train as training_run
from training.fit import Bag, Form, grow
from training.panel import Panel, build_panel
from training.train import Trained

STUDENTS, YEARS, SEED = 400, 3, 7
SEEDS = (11, 23)
TREES = 60


@dataclass(frozen=True, kw_only=True, repr=False)  # a failing test would print every panel
class TrainedCollege:
    """`panel` is the run's; `fitted` are those on which it grew trees: one a test term, and everything, in any order."""

    home: DataHome
    code: str
    files: Path
    trained: Trained
    panel: Panel
    fitted: list[Panel]


@pytest.fixture(scope="session")
def college(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrainedCollege]:
    files = tmp_path_factory.mktemp("college")
    home, code = simulated_home(files, tmp_path_factory.mktemp("home"), students=STUDENTS, years=YEARS, seed=SEED)
    built: list[Panel] = []
    fitted: list[Panel] = []
    trained = _quickly_trained(home, code, built, fitted)
    yield TrainedCollege(home=home, code=code, files=files, trained=trained, panel=built[0], fitted=fitted)
    home.close()


def _quickly_trained(home: DataHome, code: str, built: list[Panel], fitted: list[Panel]) -> Trained:
    """The whole procedure with one form of fewer and steeper trees and a bag of two; its panels go into the lists."""

    def replayed(*asked: Any, **more: Any) -> Panel:
        built.append(build_panel(*asked, **more))
        return built[-1]

    def recorded(panel: Panel, horizon: Horizon, *, form: Form, seeds: Sequence[int]) -> Bag:
        fitted.append(panel)
        return grow(panel, horizon, form=form, seeds=seeds)

    with pytest.MonkeyPatch.context() as quick:
        quick.setitem(PARAMETERS, "learning_rate", 0.1)
        quick.setattr(training_run, "build_panel", replayed)
        quick.setattr(search, "GRID", (Form(trees=TREES),))
        quick.setattr(backtest, "SEEDS", SEEDS)
        quick.setattr(backtest, "grow", recorded)
        return training_run.train(home, [code], today=LAST_MONDAY, actor="test")
