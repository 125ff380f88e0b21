"""The runs of training as the evidence of a model in use: in a backup, deleted by hand, and told when their list is lost."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import mlflow
import pytest
from sqlalchemy import select

from models.bundle import keep
from models.signed import is_whole
from records.audit import AuditRow
from records.backup import backup
from records.errors import RunsWrong, UserError
from records.home import DataHome, create_home, open_home
from records.restoring import restore
from records.settings import Settings
from tests.training.test_tracking import run_of
from training.promote import model_folder
from training.tracking import bundle_folder, log_run
from training.train import train


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


def test_an_experiment_that_was_deleted_stays_so_and_the_next_run_is_logged_beside_it(tmp_path: Path) -> None:
    opened = create_home(Settings(home=tmp_path / "var"))
    runs = [run_of(tmp_path / str(offset), offset=offset) for offset in (0.0, 0.5, 0.7)]
    held = []
    for run in runs:
        held.append(mlflow.get_run(log_run(opened, run)).info.experiment_id)
        assert bundle_folder(opened, None)[1] == run.digest
        mlflow.delete_experiment(held[-1])
    assert len(set(held)) == 3
    assert {mlflow.get_experiment(one).lifecycle_stage for one in held} == {"deleted"}
    mlflow.MlflowClient().restore_experiment(held[0])
    assert mlflow.get_run(log_run(opened, runs[0])).info.experiment_id == held[0]
    opened.close()


def asked(home: DataHome) -> str:
    """What a training says before it looks at anybody."""
    with pytest.raises(UserError) as refused:
        train(home, ["1"], today=date(2026, 1, 5), actor="test")
    with home.database.read() as session:
        assert list(session.scalars(select(AuditRow))) == []
    return str(refused.value)


def test_a_training_that_mlflow_could_not_log_is_refused_before_its_work(tmp_path: Path) -> None:
    """In a copy of the home, for MLflow keeps a list that it read open in this process."""
    opened = create_home(Settings(home=tmp_path / "var"))
    log_run(opened, run_of(tmp_path))
    ours = replace(opened, settings=opened.settings.model_copy(update={"mlflow_url": opened.settings.database_address}))
    assert "Give MLflow a database of its own" in asked(ours)
    opened.close()
    shutil.copytree(tmp_path / "var", tmp_path / "new")
    path = tmp_path / "new" / "mlflow" / "mlflow.db"
    with closing(sqlite3.connect(path)) as listed, listed:
        listed.execute("update alembic_version set version_num = 'of a newer one'")
    opened = open_home(Settings(home=tmp_path / "new", key_file=tmp_path / "var.key"))
    said = asked(opened)
    assert said.startswith(
        f"{path}, which lists the trained models, cannot be read by this MLflow (MlflowException), so no training was begun."
    )
    assert f"อ่านรายการแบบจำลองที่ฝึกไว้ใน {path} ไม่ได้ (MlflowException) จึงยังไม่เริ่มฝึก" in said
    opened.close()
