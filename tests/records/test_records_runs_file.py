"""The list of MLflow's runs: a damaged and a lost one are told, whatever else it may be is left to MLflow."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from records.errors import RunsWrong
from records.home import DataHome, create_home
from records.runs_file import artifacts_of_runs, require_listed_runs, require_whole_runs, runs_file
from records.settings import Settings


@pytest.fixture
def home(tmp_path: Path) -> Iterator[DataHome]:
    """A home whose runs lie in `runs.db`, of a few pages."""
    with closing(sqlite3.connect(tmp_path / "runs.db")) as opened, opened:
        opened.execute("create table runs (name text)")
        opened.executemany("insert into runs values (?)", [(f"run {number:04}" * 20,) for number in range(200)])
    made = create_home(Settings(home=tmp_path / "var", mlflow_url=f"sqlite:///{tmp_path / 'runs.db'}"))
    yield made
    made.close()


def test_a_whole_an_empty_and_a_missing_file_pass(home: DataHome, tmp_path: Path) -> None:
    require_whole_runs(home.settings)
    (tmp_path / "runs.db").write_bytes(b"")
    require_whole_runs(home.settings)
    (tmp_path / "runs.db").unlink()
    require_whole_runs(home.settings)
    assert not (tmp_path / "runs.db").exists()


def test_a_busy_file_passes(home: DataHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **words: connect(*args, **words, timeout=0))
    with closing(connect(tmp_path / "runs.db", isolation_level=None)) as other:
        other.execute("begin exclusive")
        require_whole_runs(home.settings)


@pytest.mark.parametrize("harm", ["other", "cut", "page"])
def test_a_damaged_file_is_named(home: DataHome, tmp_path: Path, harm: str) -> None:
    path = tmp_path / "runs.db"
    content = path.read_bytes()
    half = len(content) // 2
    harmed = {
        "other": b"x" * 5_000,
        "cut": content[:half],
        "page": content[:half] + bytes(5_000) + content[half + 5_000 :],
    }
    path.write_bytes(harmed[harm])
    with pytest.raises(RunsWrong, match=rf"^{path}, which lists the trained models, is damaged\."):
        require_whole_runs(home.settings)


@pytest.mark.parametrize("address", ["postgresql://mlflow@127.0.0.1/mlflow", "http://127.0.0.1:5000", "./runs"])
def test_what_is_no_file_of_sqlite_is_left_to_mlflow(tmp_path: Path, address: str) -> None:
    made = create_home(Settings(home=tmp_path / "var", mlflow_url=address))
    require_whole_runs(made.settings)
    made.close()


def test_a_list_of_nothing_beside_what_was_trained_is_told_as_lost(home: DataHome) -> None:
    require_listed_runs(home.settings, [])
    folder = artifacts_of_runs(home.settings)
    (folder / "a run without a bundle" / "artifacts").mkdir(parents=True)
    require_listed_runs(home.settings, [])
    (folder / "run" / "artifacts" / "bundle").mkdir(parents=True)
    require_listed_runs(home.settings, ["run"])
    with pytest.raises(RunsWrong) as lost:
        require_listed_runs(home.settings, [])
    assert str(lost.value).startswith(
        f"{runs_file(home.settings)} lists no trained model, though {folder} holds what was trained: the list was lost, or is another "
        "one. Restore it from a backup, or train again with `zerodrop train`: "
    )
    assert "รายการจึงหายไปหรือไม่ใช่ชุดเดิม กู้จากข้อมูลสำรอง หรือฝึกใหม่ด้วยคำสั่ง zerodrop train" in lost.value.shown


def test_another_database_is_told_by_its_setting_without_its_password(tmp_path: Path) -> None:
    made = create_home(Settings(home=tmp_path / "var", mlflow_url="postgresql://mlflow:secret@127.0.0.1/mlflow"))
    (artifacts_of_runs(made.settings) / "run" / "artifacts" / "bundle").mkdir(parents=True)
    with pytest.raises(RunsWrong, match=r"^ZERODROP_MLFLOW_URL lists no trained model") as lost:
        require_listed_runs(made.settings, [])
    assert "secret" not in str(lost.value)
    made.close()
