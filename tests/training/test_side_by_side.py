"""Pieces of work side by side: in order, as many at once as there are cores, and nothing left behind."""

import os
import threading

import pytest

from records.errors import UserError
from training.side_by_side import in_processes, side_by_side


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
