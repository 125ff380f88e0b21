"""The runs of training as the evidence of a model in use: told when their list was lost."""

import shutil
from pathlib import Path

import pytest

from records.errors import RunsWrong
from records.home import create_home, open_home
from records.settings import Settings
from tests.training.test_tracking import run_of
from training.tracking import bundle_folder, log_run


def test_a_lost_list_of_runs_is_told_as_such_until_somebody_trains_again(tmp_path: Path) -> None:
    """In a copy of the home, for MLflow keeps a list that it read open in this process."""
    opened = create_home(Settings(home=tmp_path / "var"))
    log_run(opened, run_of(tmp_path))
    opened.close()
    shutil.copytree(tmp_path / "var", tmp_path / "new", ignore=shutil.ignore_patterns("mlflow.db*"))
    path = tmp_path / "new" / "mlflow" / "mlflow.db"
    opened = open_home(Settings(home=tmp_path / "new", key_file=tmp_path / "var.key"))
    for digest in (None, "abc"):
        with pytest.raises(RunsWrong, match=rf"^{path} lists no trained model, though .* the list was lost"):
            bundle_folder(opened, digest)
    run = run_of(tmp_path / "again", offset=0.5)
    log_run(opened, run)
    assert bundle_folder(opened, None)[1] == run.digest
    opened.close()
