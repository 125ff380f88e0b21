"""A training that is told to stop: no run that could be promoted, nothing left half-written, and the next one works."""

import signal
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from tests.functional.command_fixtures import FEW_TREES, MODEL, call, make_files, run
from tests.functional.test_command_stopped import STOPPED, stopped


def test_a_training_is_stopped_while_it_judges_and_while_it_logs_and_the_next_one_works(tmp_path: Path) -> None:
    home, files = tmp_path / "var", make_files(tmp_path / "files", students=300, years=3)
    assert call("init", "--from", files.workbook, "--no-codes", "--home", home).code == 0
    for file in files.history:
        assert call("import", file, "--history", "--home", home).code == 0
    words = ("train", "--as-of", str(files.mondays[0] - timedelta(days=60)), "--home", home)
    judging = ("training.train", "judge")
    assert stopped(tmp_path, signal.SIGINT, judging, *words, code=FEW_TREES) == (130, "", STOPPED)
    assert not (home / "mlflow").exists()
    logging = ("training.tracking", "register")
    assert stopped(tmp_path, signal.SIGTERM, logging, *words, code=FEW_TREES) == (143, "", STOPPED)
    assert statuses(home) == ["FAILED"]
    assert [path for path in (home / "mlflow" / "artifacts").rglob("*") if path.is_file()] == []
    assert list((tmp_path / "tmp").iterdir()) == []
    none = run("promote", "--signed-by", "ก", "--reason", "ข", "--home", home)
    assert none.code == MODEL
    assert "There is no such trained model (none yet)." in none.err
    trained = run(*words, "--json", code=FEW_TREES)
    assert trained.code == 0, trained.err
    assert statuses(home) == ["FAILED", "FINISHED"]
    assert run("card", "--json", "--home", home).document["digest"] == trained.document["digest"]


def statuses(home: Path) -> list[str]:
    with closing(sqlite3.connect(home / "mlflow" / "mlflow.db")) as opened:
        return [row[0] for row in opened.execute("select status from runs order by start_time")]
