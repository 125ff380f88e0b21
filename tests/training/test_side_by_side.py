"""Pieces of work side by side: in order, as many at once as there are cores, and nothing left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from records.errors import UserError
from records.stopping import Stopped
from training.side_by_side import in_processes, side_by_side

ROOT = Path(__file__).resolve().parent.parent.parent


def test_results_come_in_the_order_of_what_was_asked_also_when_the_first_is_the_last_to_end() -> None:
    later = threading.Event()

    def piece(number: int) -> int:
        if number == 1:
            later.set()
        elif len(os.sched_getaffinity(0)) > 1:
            assert later.wait(30)
        return number

    with side_by_side() as pool:
        assert list(pool.map(piece, (0, 1))) == [0, 1]


def test_a_piece_that_fails_does_not_leave_the_others_running() -> None:
    ended: list[int] = []

    def piece(number: int) -> None:
        if number == 0:
            raise ValueError("no piece")
        ended.append(number)

    def asked() -> None:
        with side_by_side() as pool:
            begun = [pool.submit(piece, number) for number in range(3)]
            begun[0].result()

    with pytest.raises(ValueError, match="no piece"):
        asked()
    assert ended == [1, 2]


def test_who_is_told_to_stop_waits_for_what_was_begun_alone() -> None:
    begun: list[int] = []
    many = 50

    def piece(number: int) -> None:
        begun.append(number)
        time.sleep(0.05)

    def asked() -> None:
        with side_by_side() as pool:
            for number in range(many):
                pool.submit(piece, number)
            raise Stopped(130)

    with pytest.raises(Stopped):
        asked()
    assert len(begun) < many


STOPPING = """
import sys, time
from pathlib import Path
from records.stopping import stopped_by_signals
from training.side_by_side import in_processes
def piece(number):
    time.sleep(0.2)
    return number
if __name__ == "__main__":
    with stopped_by_signals():
        for number in in_processes(piece, range(1000)):
            Path(sys.argv[1]).write_text(str(number))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_the_processes_too_and_none_of_them_says_a_word(tmp_path: Path, number: signal.Signals) -> None:
    """A terminal sends Ctrl-C to all of them; who is told to end by a supervisor may be the first alone."""
    script, told = tmp_path / "script.py", tmp_path / "told"
    script.write_text(STOPPING)
    with subprocess.Popen(
        [sys.executable, script, told], stderr=subprocess.PIPE, encoding="utf-8", start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as working:  # fmt: skip
        until = time.monotonic() + 60
        while not told.exists() and time.monotonic() < until:
            time.sleep(0.05)
        if number == signal.SIGINT:
            os.killpg(working.pid, number)
        else:
            working.send_signal(number)
        _, err = working.communicate(timeout=60)
    assert (working.returncode, err) == (128 + number, "")
    _await_the_end_of_all(working.pid)


def _await_the_end_of_all(group: int) -> None:
    """Those that started the processes end by themselves a moment after the first."""
    until = time.monotonic() + 60
    with suppress(ProcessLookupError):
        while time.monotonic() < until:
            os.killpg(group, 0)
            time.sleep(0.05)
        pytest.fail("processes were left behind")


def squared(number: int) -> int:
    return number * number


def test_what_processes_work_out_comes_in_order_and_is_asked_for_a_little_ahead() -> None:
    asked: list[int] = []
    ahead = len(os.sched_getaffinity(0)) + 1
    results = in_processes(squared, (asked.append(number) or number for number in range(12)))
    assert [next(results), len(asked)] == [0, ahead]
    assert list(results) == [number * number for number in range(1, 12)]


def test_a_process_that_is_ended_from_outside_is_a_sentence() -> None:
    with pytest.raises(UserError, match="most often for want of memory"):
        list(in_processes(os._exit, [9]))
