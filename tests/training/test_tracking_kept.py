"""The runs of training as the evidence of a model in use: in a backup, and told when their list was lost."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.bundle import keep
from models.signed import is_whole
from records.backup import backup
from records.errors import RunsWrong
from records.home import create_home, open_home
from records.restoring import restore
from records.settings import Settings
from tests.training.test_tracking import run_of
from training.promote import model_folder
from training.tracking import bundle_folder, log_run


def test_a_model_in_use_is_mended_from_the_run_in_a_restored_backup(tmp_path: Path) -> None:
    opened = create_home(Settings(home=tmp_path / "var"))
    run = run_of(tmp_path)
    log_run(opened, run)
    kept = keep(run.bundle, opened.models)
    made = backup(opened, tmp_path / "backups", now=datetime(2026, 1, 5, tzinfo=UTC))
    assert made.runs == 1
    opened.close()
    shutil.rmtree(tmp_path / "var")
    restore(made.path, Settings(home=tmp_path / "new", key_file=tmp_path / "var.key"))
    again = open_home(Settings(home=tmp_path / "new", key_file=tmp_path / "var.key"))
    (again.models / kept / "model.txt").write_bytes(b"x")
    folder, digest = model_folder(again, kept)
    assert folder.is_relative_to(tmp_path / "new" / "mlflow")
    assert keep(folder, again.models) == digest == run.digest
    assert is_whole(again.models / kept, digest)
    log_run(again, run_of(tmp_path / "more", offset=0.5))  # and training goes on there
    again.close()


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
