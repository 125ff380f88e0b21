"""A small simulated college, imported as its files would have arrived, with a model trained on it: made once a session."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path

import pytest

from models.horizon import Horizon
from models.risk_model import PARAMETERS, fit_members, fit_trees
from records.clock import BANGKOK
from records.home import DataHome, create_home
from records.intake.folders import in_order
from records.intake.importing import ImportRequest, import_file
from records.settings import Settings
from records.setup import apply_college, read_college
from records.setup_records import import_calendar, import_rules
from simulation.college import LAST_MONDAY, write_college
from training import fit
from training import train as training_run
from training.fit import Bag
from training.panel import Panel
from training.train import Trained

STUDENTS, YEARS, SEED = 400, 3, 7
SEEDS = (11, 23)
TREES = 60


@dataclass(frozen=True, kw_only=True, repr=False)  # a failing test would print every panel
class TrainedCollege:
    """`fitted` holds the panels on which the run fitted, in order: the backtest first, then everything."""

    home: DataHome
    code: str
    files: Path
    trained: Trained
    fitted: list[Panel]


@pytest.fixture(scope="session")
def college(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrainedCollege]:
    files = tmp_path_factory.mktemp("college")
    write_college(files, students=STUDENTS, years=YEARS, seed=SEED)
    home = create_home(Settings(home=tmp_path_factory.mktemp("home") / "var"))
    told = read_college(files / "college.xlsx")
    apply_college(home, told)
    import_calendar(home, told)
    import_rules(home, told)
    _import(home, files)
    code = told.institution.code
    fitted: list[Panel] = []
    yield TrainedCollege(home=home, code=code, files=files, trained=_quickly_trained(home, code, fitted), fitted=fitted)
    home.close()


def _import(home: DataHome, files: Path) -> None:
    for term in sorted((files / "history").iterdir()):
        for file in in_order(term):
            import_file(home, ImportRequest(path=file, history=True))
    for week in sorted((files / "weeks").iterdir()):
        sunday = datetime.combine(date.fromisoformat(week.name) - timedelta(days=1), time(20), tzinfo=BANGKOK)
        for file in in_order(week):
            import_file(home, ImportRequest(path=file, received_at=sunday))


def _quickly_trained(home: DataHome, code: str, fitted: list[Panel]) -> Trained:
    """The whole procedure with fewer and steeper trees and a bag of two."""

    def recorded(panel: Panel, horizon: Horizon) -> Bag:
        fitted.append(panel)
        return fit.fit_bag(panel, horizon, seeds=SEEDS)

    with pytest.MonkeyPatch.context() as quick:
        quick.setitem(PARAMETERS, "num_threads", 1)
        quick.setitem(PARAMETERS, "learning_rate", 0.1)
        quick.setattr(fit, "fit_trees", partial(fit_trees, trees=TREES))
        quick.setattr(fit, "fit_members", partial(fit_members, trees=TREES))
        quick.setattr(training_run, "fit_risk_model", lambda panel, horizon: recorded(panel, horizon).model)
        quick.setattr(training_run, "fit_bag", recorded)
        return training_run.train(home, [code], today=LAST_MONDAY, actor="test")
