"""Runs of training in a backup: the list copied whole, with what finished runs left, and never in the way of the rest."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from records.backup import RUNS_COPY, backup, manifest_of, verify
from records.errors import UserError
from records.home import DataHome, create_home
from records.restoring import restore
from records.runs_file import artifacts_of_runs, statuses_of_runs
from records.settings import Settings
from tests.records.erasing import fill
from tests.records.test_records_backup import NOW, damage, made, put_back


@pytest.fixture
def trained(home: DataHome) -> DataHome:
    """Three trainings: one that ended, one that goes on, one that failed; and the list as MLflow would have it."""
    fill(home)
    for run in ("ended", "going", "failed"):
        leave(home, run)
    list_runs(home.settings.home / RUNS_COPY, ended="FINISHED", going="RUNNING", failed="FAILED")
    return home


def leave(home: DataHome, run: str) -> Path:
    bundle = artifacts_of_runs(home.settings) / run / "artifacts" / "bundle"
    bundle.mkdir(parents=True)
    (bundle / "model.txt").write_text(f"the model of {run}")
    (bundle.parent / "panel_schema.json").write_text("{}")
    return bundle


def list_runs(path: Path, **runs: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute("create table runs (run_uuid text primary key, status text, name text)")
        opened.executemany("insert into runs values (?, ?, ?)", [(*run, "n" * 9_000) for run in runs.items()])


def mlflow_files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in (folder / "mlflow").rglob("*")
        if path.is_file() and path.suffix != ".db"
    }


def test_the_list_and_what_finished_runs_left_are_restored(trained: DataHome, tmp_path: Path) -> None:
    found = made(trained, tmp_path)
    assert (found.runs, found.runs_wrong) == (1, "")
    assert verify(found.path) == []
    told = {entry.path for entry in manifest_of(found.path)[1] if entry.path.startswith("mlflow/")}
    ended = "mlflow/artifacts/ended/artifacts"
    assert told == {RUNS_COPY, f"{ended}/panel_schema.json", f"{ended}/bundle/model.txt"}
    again = put_back(found.path, trained, tmp_path)
    assert statuses_of_runs(again.settings.home / RUNS_COPY) == {
        "ended": "FINISHED", "going": "RUNNING", "failed": "FAILED",
    }  # fmt: skip
    assert mlflow_files(again.settings.home) == mlflow_files(found.path)
    assert {path.stat().st_mode & 0o077 for path in (again.settings.home / "mlflow").rglob("*.*")} == {0}
    again.close()


def test_what_a_run_left_is_shared_with_the_backup_before(trained: DataHome, tmp_path: Path) -> None:
    first, second = made(trained, tmp_path), made(trained, tmp_path, hours=24)
    assert second.shared == first.files - len(["zerodrop.db", "people.db", "erasures.jsonl", RUNS_COPY])
    one, other = (next((made_one.path / "mlflow").rglob("model.txt")) for made_one in (first, second))
    assert one.stat().st_ino == other.stat().st_ino


def test_a_home_without_a_training_has_none_in_its_backup(home: DataHome, tmp_path: Path) -> None:
    found = made(home, tmp_path)
    assert (found.runs, found.runs_wrong) == (0, "")
    assert not (found.path / "mlflow").exists()
    again = put_back(found.path, home, tmp_path)
    assert not (again.settings.home / "mlflow").exists()
    again.close()


def test_a_list_without_tables_yet_is_no_list_that_was_lost(home: DataHome, tmp_path: Path) -> None:
    """MLflow's pages were opened, or a first training was stopped before its run."""
    (home.settings.home / "mlflow").mkdir()
    (home.settings.home / RUNS_COPY).touch()
    assert (made(home, tmp_path).runs, made(home, tmp_path, hours=1).runs_wrong) == (0, "")


def test_a_training_that_is_being_logged_neither_waits_nor_is_torn(trained: DataHome, tmp_path: Path) -> None:
    """MLflow has written and not yet committed that a run ended: the copy is of before."""
    with closing(sqlite3.connect(trained.settings.home / RUNS_COPY, isolation_level=None)) as writing:
        writing.execute("begin immediate")
        writing.execute("update runs set status = 'FINISHED' where run_uuid = 'going'")
        found = made(trained, tmp_path)
        writing.execute("commit")
    assert found.runs == 1
    assert statuses_of_runs(found.path / RUNS_COPY)["going"] == "RUNNING"
    assert made(trained, tmp_path, hours=1).runs == 2


@pytest.mark.parametrize(
    ("how", "sentence"),
    [("damaged", "which lists the trained models, is damaged"), ("lost", "lists no trained model, though")],
)
def test_a_list_that_is_damaged_or_lost_keeps_nothing_else_out(
    trained: DataHome, tmp_path: Path, how: str, sentence: str
) -> None:
    path = trained.settings.home / RUNS_COPY
    if how == "damaged":
        damage(path)
    else:
        path.unlink()
    found = made(trained, tmp_path)
    assert found.runs == 0
    assert sentence in found.runs_wrong
    assert verify(found.path) == []
    assert not (found.path / "mlflow").exists()
    assert found.counts["students"] == 3


@pytest.mark.parametrize("name", [RUNS_COPY, "mlflow/artifacts/ended/artifacts/bundle/model.txt"])
def test_damage_in_a_backup_is_found_and_refused(trained: DataHome, tmp_path: Path, name: str) -> None:
    path = made(trained, tmp_path).path
    (path / name).write_bytes((path / name).read_bytes()[:-1] + b"x")
    assert verify(path)[0] == f"{name} is not what was backed up · ไฟล์ไม่ตรงกับที่สำรองไว้"
    with pytest.raises(UserError, match=r"is damaged; nothing was restored"):
        restore(path, Settings(home=tmp_path / "new", key_file=trained.settings.key_path))
    assert not (tmp_path / "new").exists()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[DataHome]:
    address = "postgresql+psycopg://mlflow@127.0.0.1:1/mlflow"
    opened = create_home(Settings(home=tmp_path / "other", mlflow_url=address))
    yield opened
    opened.close()


def test_runs_that_another_database_lists_are_left_to_it(elsewhere: DataHome, tmp_path: Path) -> None:
    leave(elsewhere, "ended")
    found = made(elsewhere, tmp_path)
    assert (found.runs, found.runs_wrong) == (None, "")
    assert not (found.path / "mlflow").exists()


def test_what_a_run_left_that_is_removed_meanwhile_has_the_copy_made_again(
    trained: DataHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody tidies up MLflow's runs between the copy of the list and that of their files."""
    from records import backup as module

    take, tries = module._digest, []

    def removed(file: Path) -> str:
        tries.append(file)
        if len(tries) == 1:
            shutil.rmtree(artifacts_of_runs(trained.settings) / "ended")
        return take(file)

    monkeypatch.setattr(module, "_digest", removed)
    found = backup(trained, tmp_path / "backups", now=NOW + timedelta(hours=2))
    assert verify(found.path) == []
    assert not (found.path / "mlflow" / "artifacts").exists()
