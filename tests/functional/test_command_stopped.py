"""Ctrl-C, and a supervisor's SIGTERM: one sentence, the exit code of a shell, and nothing half-done that counts."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.functional.command_fixtures import ROOT, Place, call, copy_home, make_place, query

STOPPED = (
    "หยุดแล้วตามที่สั่ง ก่อนงานเสร็จ ส่วนที่ยังไม่เสร็จไม่ถูกนับ สั่งใหม่ได้เมื่อพร้อม · "
    "Stopped as asked, before the work was done: nothing half-done counts. Run it again when you are ready.\n"
)
# The moment is reached when the file is there; then nothing goes on until the signal comes.
WAITING = """
import importlib, pathlib, time
module = importlib.import_module({module!r})
def waiting(*_args, **_words):
    pathlib.Path({there!r}).touch()
    time.sleep(60)
module.{name} = waiting
"""


def stopped(
    folder: Path, number: signal.Signals, at: tuple[str, str], *words: str | Path, code: str = ""
) -> tuple[int, str, str]:
    """The command, told to stop before it calls a function: (exit code, standard output, standard error)."""
    there = folder / "there"
    there.unlink(missing_ok=True)
    waiting = WAITING.format(module=at[0], name=at[1], there=str(there))
    (folder / "tmp").mkdir(exist_ok=True)
    asked = [sys.executable, "-c", f"{code}\n{waiting}\nimport zerodrop; zerodrop.main()", *map(str, words)]
    return told_to_stop(asked, there, number, TMPDIR=str(folder / "tmp"), OMP_NUM_THREADS="1")


def told_to_stop(words: list[str], there: Path, number: signal.Signals, **environment: str) -> tuple[int, str, str]:
    """A process that is sent a signal when the file is there: (exit code, standard output, standard error)."""
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", cwd=ROOT, start_new_session=True,
        env={**os.environ, **environment},
    ) as command:  # fmt: skip
        while not there.exists() and command.poll() is None:
            time.sleep(0.05)
        os.killpg(command.pid, number)
        out, err = command.communicate(timeout=60)
    return command.returncode, out, err


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return make_place(tmp_path_factory.mktemp("place"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_import_that_is_told_to_stop_says_so_and_can_be_run_again(
    place: Place, tmp_path: Path, number: signal.Signals
) -> None:
    home = copy_home(place.home, tmp_path / "copied")
    file, before = place.files.history[3], query(home, "select * from batch")
    words = ("import", file, "--history", "--home", home)
    told = stopped(tmp_path, number, ("records.intake.committing", "_write"), *words)
    assert told == (128 + number, "", STOPPED)
    assert query(home, "select * from batch") == before
    assert list((tmp_path / "tmp").iterdir()) == []
    assert call(*words).code == 0
    assert len(query(home, "select * from batch")) == len(before) + 1


@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_simulation_that_is_told_to_stop_or_killed_can_be_run_again(
    tmp_path: Path, number: signal.Signals, is_there: bool
) -> None:
    out = tmp_path / "college"
    if is_there:
        out.mkdir(mode=0o750)
        before = out.stat()
    words = ("simulate", "--out", out, "--students", 60, "--years", 1)
    told = stopped(tmp_path, number, ("simulation.college", "write_hazards"), *words)
    if number == signal.SIGKILL:
        assert told == (-number, "", "")
        assert [path.name for path in out.iterdir()] == [".simulating"]
    else:
        assert told == (128 + number, "", STOPPED)
        assert out.exists() == is_there
    said = call(*words, "--json")
    assert said.code == 0
    names = {"README.txt", "college.xlsx", "history", "truth", "weeks"}
    assert {path.name for path in out.iterdir()} == {Path(file).parts[0] for file in said.document["files"]} == names
    assert not is_there or (out.stat().st_ino, out.stat().st_mode) == (before.st_ino, before.st_mode)


def test_what_somebody_put_beside_a_simulation_that_was_killed_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".simulating").mkdir()
    (tmp_path / "mine.txt").write_text("mine")
    said = call("simulate", "--out", tmp_path, "--students", 60, "--years", 1)
    assert said.code == 2
    assert f"{tmp_path} is not empty, and nothing in it is replaced." in said.err
    assert {path.name for path in tmp_path.iterdir()} == {".simulating", "mine.txt"}


# The first package that the command loads is reached, and then nothing goes on.
LOADING = """
import pathlib, sys, time
class Waiting:
    def find_spec(self, name, *_):
        if name == "typer":
            pathlib.Path({there!r}).touch()
            time.sleep(60)
sys.meta_path.insert(0, Waiting())
import runpy
runpy.run_module("zerodrop", run_name="__main__")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_still_loading_ends_the_same_way(tmp_path: Path, number: signal.Signals) -> None:
    there = tmp_path / "there"
    words = [sys.executable, "-c", LOADING.format(there=str(there)), "sources"]
    assert told_to_stop(words, there, number) == (128 + number, "", STOPPED)


def test_nothing_is_loaded_before_the_command_can_be_told_to_stop() -> None:
    asked = "import sys; before = {*sys.modules}; import zerodrop; print(*sorted({*sys.modules} - before))"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, encoding="utf-8", cwd=ROOT, check=True)
    loaded = {name.split(".")[0] for name in said.stdout.split()}
    assert loaded <= {"zerodrop", *sys.stdlib_module_names}


def test_a_question_that_is_left_by_ctrl_c_ends_the_same_way(tmp_path: Path) -> None:
    at = ("typer", "confirm")
    told = stopped(tmp_path, signal.SIGINT, at, "restore", tmp_path / "backup", "--into", tmp_path / "var")
    assert told == (130, "", STOPPED)
