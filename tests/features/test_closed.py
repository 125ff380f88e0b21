"""Marks of closed days for whoever reads marks themselves: lists, monitoring and outcomes."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from features.closed import closed_days, marks_of_open_days
from features.cohort import day_number
from features.state import Replay, State
from records.tables import ATTENDANCE
from tests.features.pictures import calendar, records_of, roster
from tests.features.small_log import write_log
from training.last_seen import has_marks, last_seen

AS_OF, FIRST = date(2025, 8, 18), day_number(date(2025, 8, 11))


@pytest.fixture
def state(tmp_path: Path) -> State:
    """12 August is a holiday; student 2 has a mark of that day alone."""
    picture = """
        student | happened_on | status
        1       | 2025-08-11  | A
        1       | 2025-08-12  | P
        1       | 2025-08-13  | A
        2       | 2025-08-12  | A
        """
    records = [*calendar([(2025, 1)]), *roster([1, 2], (2025, 1)), *records_of(picture, ATTENDANCE)]
    return Replay(write_log(tmp_path, records)).advance(AS_OF)


def test_they_are_left_out(state: State) -> None:
    marks = marks_of_open_days(state, FIRST, day_number(AS_OF), np.array([1, 2]))
    assert (marks != 0).T.tolist() == [[True, False, True, *[False] * 4], [False] * 7]
    assert closed_days(state, FIRST, FIRST + 3).tolist() == [[False, True, False]]


def test_days_that_are_not_kept_are_none(state: State) -> None:
    assert marks_of_open_days(state, FIRST - 3000, FIRST - 2000, np.array([1, 2])).shape == (0, 2)


def test_they_do_not_tell_that_a_register_went_on_but_who_came_was_there(state: State) -> None:
    students, last = np.array([1, 2]), np.full(2, day_number(AS_OF) - 1)
    assert has_marks(state, FIRST, last, students).tolist() == [True, False]
    assert last_seen(state, FIRST, last, students).tolist() == [FIRST + 1, -1]
