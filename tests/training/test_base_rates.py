"""Base rates: who leaves, and everybody who is in no rate, told beside it."""

from datetime import date
from pathlib import Path

import pytest

from features.cohort import cohort
from features.state import Replay
from models.horizon import LIST_HORIZON
from tests.training.drawn import COUNTS, College, drawn
from training.base_rates import BaseRate, as_numbers, by_term, told
from training.outcome import Ending, are_back, endings, outcomes

KNOWN = date(2026, 5, 4)
FIVE = """
    student | happened_on | academic_year | term
    1       | 2025-05-12  | 2025          | 1
    2       | 2025-05-12  | 2025          | 1
    3       | 2025-05-12  | 2025          | 1
    4       | 2025-05-12  | 2025          | 1
    5       | 2025-05-12  | 2025          | 1
    5       | 2025-10-20  | 2025          | 2
    """


def events(*lines: str) -> str:
    return "\n".join(["student | happened_on | recorded_at | event", *lines])


def ended(college: College, as_of: str) -> dict[int, Ending]:
    day = date.fromisoformat(as_of)
    who = cohort(Replay(college.log).advance(day), day)
    kinds = endings(outcomes(college.log, KNOWN), who, LIST_HORIZON)
    return {int(student): Ending(kind) for student, kind in zip(who.student, kinds, strict=True)}


# What else ends a student's time


def test_moving_finishing_and_dying_are_told_apart(tmp_path: Path) -> None:
    college = drawn(
        tmp_path, FIVE,
        events=events(
            "1 | 2025-07-14 | 2025-07-14 | TRANSFER_CONFIRMED", "2 | 2025-07-15 | 2025-07-15 | GRADUATED",
            "3 | 2025-07-16 | 2025-07-16 | DECEASED", "4 | 2025-07-17 | 2025-07-17 | LEFT",
        ),
    )  # fmt: skip
    assert ended(college, "2025-07-07") == {
        1: Ending.MOVED, 2: Ending.FINISHED, 3: Ending.DIED, 4: Ending.NONE, 5: Ending.NONE
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "kind"), [("TRANSFERRED_OUT", Ending.MOVED), ("GRADUATED", Ending.FINISHED), ("DECEASED", Ending.DIED)]
)
def test_a_roster_tells_it_as_well(tmp_path: Path, status: str, kind: Ending) -> None:
    roster = f"""
        student | happened_on | status   | status_on
        1       | 2025-05-12  | ENROLLED |
        2       | 2025-05-12  | ENROLLED |
        1       | 2025-07-21  | {status} | 2025-07-09
        """
    assert ended(drawn(tmp_path, roster), "2025-07-07") == {1: kind, 2: Ending.NONE}


def test_after_a_return_it_is_what_comes_then(tmp_path: Path) -> None:
    college = drawn(
        tmp_path, FIVE,
        events=events(
            "1 | 2025-06-02 | 2025-06-02 | TRANSFER_CONFIRMED", "1 | 2025-06-16 | 2025-06-16 | RETURNED",
            "1 | 2025-07-16 | 2025-07-16 | DECEASED", "2 | 2025-06-02 | 2025-06-02 | TRANSFER_CONFIRMED",
            "2 | 2025-06-16 | 2025-06-16 | RETURNED",
        ),
    )  # fmt: skip
    assert [ended(college, "2025-05-26")[student] for student in (1, 2)] == [Ending.MOVED, Ending.MOVED]
    assert [ended(college, "2025-07-07")[student] for student in (1, 2)] == [Ending.DIED, Ending.NONE]


def test_only_until_the_last_day_of_the_horizon_and_only_before_leaving(tmp_path: Path) -> None:
    college = drawn(
        tmp_path, FIVE,
        events=events(
            "1 | 2025-07-14 | 2025-07-14 | TRANSFER_CONFIRMED", "2 | 2025-07-10 | 2025-07-10 | LEFT",
            "2 | 2025-07-14 | 2025-07-14 | TRANSFER_CONFIRMED", "3 | 2025-07-15 | 2025-07-15 | TRANSFER_CONFIRMED",
        ),
    )  # fmt: skip
    assert ended(college, "2025-05-19")[1] == Ending.MOVED  # the 56th day
    assert ended(college, "2025-05-19")[3] == Ending.NONE
    assert ended(college, "2025-05-26")[3] == Ending.MOVED
    assert ended(college, "2025-07-07")[2] == Ending.NONE


# Together, and as told


def week(day: int, left: int | None, *, returned: int = 0) -> BaseRate:
    return BaseRate(
        institution="1", term=(2025, 1), as_of=date(2025, 6, day), horizon="days_28", mature=left is not None,
        students=50, left=left, confirmed=left, moved=left and 1, finished=left and 0, died=left and 0, gone=2,
        returned=returned,
    )  # fmt: skip


def test_a_term_counts_its_settled_weeks() -> None:
    [term] = by_term([week(2, 3, returned=1), week(9, 2, returned=1), week(16, None)])
    assert (term.as_of, term.mature, term.students, term.left, term.gone, term.returned) == (None, False, 100, 5, 4, 2)
    assert term.rate == 0.05
    [open_term] = by_term([week(2, None), week(9, None)])
    assert (open_term.students, open_term.left, open_term.rate) == (100, None, None)


def test_it_is_told_to_people_and_to_machines() -> None:
    text = told([week(2, 3), week(9, None)])
    assert "1 1/2568" in text
    assert "2025-06-02 | days_28 | 50 | 3 | 6.00 | 3 | 6.00 | 1 | 0 | 0 | 2 | 0" in text
    assert "2025-06-09 | days_28 | 50 | – | – | – | – | – | – | – | 2 | 0" in text
    assert text.startswith("อัตราการออกกลางคัน")
    [first, second] = as_numbers([week(2, 3), week(9, None)])
    assert (first["rate"], first["term"], first["as_of"]) == (0.06, "1/2568", "2025-06-02")
    assert second["rate"] is None


def test_who_came_back_is_counted(tmp_path: Path) -> None:
    college = drawn(
        tmp_path, FIVE, COUNTS,
        events=events("1 | 2025-06-16 | 2025-06-16 | LEFT", "1 | 2025-07-01 | 2025-07-01 | RETURNED"),
    )  # fmt: skip
    found = outcomes(college.log, KNOWN)
    counted = {}
    for day in (date(2025, 6, 30), date(2025, 7, 7)):
        who = cohort(Replay(college.log).advance(day), day)
        counted[day] = are_back(found, who).tolist()
    assert counted == {date(2025, 6, 30): [False] * 4, date(2025, 7, 7): [True, False, False, False, False]}
