"""A day beside what is known of it now, over a small log, and what to do about a day on which nobody is enrolled."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.cohort import NobodyEnrolled
from features.known_now import KnownNow, known_now, why_nobody
from features.snapshot import replay
from records.clock import BANGKOK
from records.tables import ENROLMENTS, OUTCOMES
from tests.features.pictures import calendar, records_of, roster
from tests.features.small_log import Record, write_log


def compared(folder: Path, drawn: str, *, today: str = "2025-07-31") -> KnownNow:
    """Students 1, 2 and 3 from the beginning, and what is drawn; the day is 16 June, a Monday."""
    records = [*calendar([(2025, 1)]), *roster([1, 2, 3], (2025, 1)), *records_of(drawn, ENROLMENTS)]
    return known_now(write_log(folder, records), date(2025, 6, 16), date.fromisoformat(today))


LATE = """
    table      | student | happened_on | recorded_at | status   | retracted
    attendance | 1       | 2025-06-10  | 2025-06-10  | P        |
    attendance | 1       | 2025-06-11  | 2025-06-11  | A        |
    attendance | 2       | 2025-06-10  | 2025-06-10  | A        |
    attendance | 1       | 2025-06-11  | 2025-06-20  | S        |
    attendance | 1       | 2025-06-16  | 2025-06-20  | A        |
    enrolments | 4       | 2025-05-19  | 2025-06-18  | ENROLLED |
    enrolments | 3       | 2025-05-12  | 2025-06-19  | ENROLLED | yes
    """


def by_student(found: KnownNow) -> dict[int, dict[str, Any]]:
    return {row["student"]: row for row in found.table.to_dict("records")}  # type: ignore[misc]


def test_a_correction_stands_beside_what_was_known(tmp_path: Path) -> None:
    found = compared(tmp_path, LATE)
    row = by_student(found)[1]
    assert (row["missed_days_28d"], row["missed_days_28d__known_now"]) == (1, 0)
    assert (row["leave_days_28d"], row["leave_days_28d__known_now"]) == (0, 1)
    changed = {one.feature: one.students for one in found.changed}
    assert changed["missed_days_28d"] == 1
    assert "late_days_28d" not in changed


def test_a_late_roster_is_counted_and_kept_with_the_side_that_knows(tmp_path: Path) -> None:
    found = compared(tmp_path, LATE)
    assert (found.only_then, found.only_now) == (1, 1)
    rows = by_student(found)
    assert {number: row["enrolled"] for number, row in rows.items()} == {1: "both", 2: "both", 3: "then", 4: "now"}
    assert rows[3]["week_of_term"] == rows[1]["week_of_term"]
    assert np.isnan(rows[3]["week_of_term__known_now"])
    assert np.isnan(rows[4]["week_of_term"])
    assert rows[4]["week_of_term__known_now"] == rows[1]["week_of_term"]
    assert "week_of_term" not in {one.feature for one in found.changed}, "who is in one alone has not changed"


def test_who_resigned_after_the_day_was_enrolled_on_it(tmp_path: Path) -> None:
    found = compared(
        tmp_path,
        """
        student | happened_on | recorded_at | status   | class_group
        1       | 2025-07-07  | 2025-07-07  | RESIGNED | A
        2       | 2025-06-10  | 2025-07-07  | RESIGNED | A
        3       | 2025-07-07  | 2025-07-07  | ENROLLED | B
        4       | 2025-07-07  | 2025-07-07  | ENROLLED | A
        """,
    )
    rows = by_student(found)
    assert {number: row["enrolled"] for number, row in rows.items()} == {1: "both", 2: "then", 3: "both", 4: "now"}
    assert "class_group__known_now" not in found.table or rows[3]["class_group__known_now"] == rows[3]["class_group"]


def test_who_resigned_before_the_day_as_a_later_roster_tells_was_not_enrolled_on_it(tmp_path: Path) -> None:
    found = compared(
        tmp_path,
        """
        student | happened_on | recorded_at | status   | status_on
        1       | 2025-07-07  | 2025-07-07  | RESIGNED | 2025-06-02
        2       | 2025-06-10  | 2025-07-07  | RESIGNED | 2025-06-16
        3       | 2025-07-07  | 2025-07-07  | ENROLLED | 2025-06-02
        1       | 2025-07-14  | 2025-07-14  | ENROLLED |
        """,
    )
    rows = by_student(found)
    assert {number: row["enrolled"] for number, row in rows.items()} == {1: "then", 2: "both", 3: "both"}


def test_who_resigned_after_a_first_roster_that_came_in_late_was_enrolled_before(tmp_path: Path) -> None:
    found = compared(
        tmp_path,
        """
        student | happened_on | recorded_at | status   | status_on
        4       | 2025-07-07  | 2025-07-07  | ENROLLED |
        4       | 2025-07-21  | 2025-07-21  | RESIGNED | 2025-07-18
        """,
    )
    assert by_student(found)[4]["enrolled"] == "now"


def test_who_resigned_after_the_day_under_a_new_number_was_enrolled_on_it(tmp_path: Path) -> None:
    found = compared(
        tmp_path,
        """
        table       | student | same_as | happened_on | recorded_at | status
        same_person | 1       | 4       | 2025-07-01  | 2025-07-01  |
        enrolments  | 4       |         | 2025-07-07  | 2025-07-07  | RESIGNED
        """,
    )
    rows = by_student(found)
    assert {number: row["enrolled"] for number, row in rows.items()} == {1: "then", 2: "both", 3: "both", 4: "now"}


def test_late_records_are_counted_by_the_day_they_are_about(tmp_path: Path) -> None:
    found = compared(tmp_path, LATE)
    assert found.late.told_since == 4
    assert found.late.about_before == 3


def test_records_after_today_are_not_known_now(tmp_path: Path) -> None:
    found = compared(tmp_path, LATE, today="2025-06-18")
    assert (found.only_then, found.only_now) == (0, 1)
    assert found.changed == ()
    assert (found.late.told_since, found.late.about_before) == (1, 1)


def test_without_late_records_the_table_is_that_of_the_day(tmp_path: Path) -> None:
    found = compared(tmp_path, "table | student | happened_on | status\nattendance | 1 | 2025-06-10 | P")
    assert found.changed == ()
    assert [name for name in found.table.columns if name.endswith("__known_now")] == []


# Nobody is enrolled


TERMS = [(2025, 1), (2025, 2)]
GONE = """
    table    | student | happened_on | recorded_at | event
    outcomes | 1       | 2025-06-20  | 2025-06-20  | LEFT
    outcomes | 2       | 2025-06-24  | 2025-06-24  | GRADUATED
    """


def said_of(folder: Path, records: Sequence[Record], day: str) -> str:
    """What is said of a day on which nobody is enrolled."""
    log = write_log(folder, records)
    with pytest.raises(NobodyEnrolled) as raised:
        list(replay(log, [date.fromisoformat(day)]))
    again = copy.copy(raised.value)  # as a process would hand it back
    assert (str(again), again.as_of, again.why) == (str(raised.value), raised.value.as_of, raised.value.why)
    sentence = why_nobody(log, raised.value)
    assert sentence.count("·") == 1
    return sentence


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (
            "2025-10-12",
            ("the day lies outside a term. ", "2025-10-03 and 2025-10-27. Take another day, or enter the term"),
        ),
        ("2025-06-07", ("no roster of its term had come in by then", "Take a later day")),
        ("2025-06-10", ("no roster of its term had come in by then", "Take a later day")),
        ("2027-06-10", ("the day lies outside a term. ", "The nearest days with teaching: 2026-03-06. ")),
    ],
)
def test_a_day_outside_a_term_has_the_nearest_days_and_one_in_a_term_no_roster(
    tmp_path: Path, day: str, told: tuple[str, str]
) -> None:
    sentence = said_of(tmp_path, calendar(TERMS), day)
    assert all(part in sentence for part in told), sentence


def test_when_everybody_has_left_it_is_said_and_not_that_a_roster_is_missing(tmp_path: Path) -> None:
    records = [*calendar(TERMS), *roster([1, 2], (2025, 1)), *records_of(GONE, OUTCOMES)]
    assert said_of(tmp_path, records, "2025-06-30") == (
        "Nobody is enrolled on 2025-06-30: everybody on the roster had left, moved, finished or gone on leave by then. Take an earlier day. "
        "If it is not so, withdraw the file that said it (zerodrop import --undo) and import the right one. · "
        "ไม่มีนักเรียนในทะเบียน ณ วันที่ 30/06/2568: ทุกคนในทะเบียนออก ย้าย เรียนจบ หรือพักการเรียนไปก่อนวันนั้นแล้ว เลือกวันก่อนหน้านี้ "
        "ถ้าไม่เป็นความจริง ถอนไฟล์ที่บอกเช่นนั้น (zerodrop import --undo) แล้วนำเข้าไฟล์ที่ถูกต้อง"
    )


def test_a_roster_that_lists_nobody_as_here_is_a_roster(tmp_path: Path) -> None:
    picture = "student | happened_on | status\n1 | 2025-05-19 | RESIGNED\n2 | 2025-05-19 | ON_LEAVE"
    sentence = said_of(tmp_path, [*calendar(TERMS), *records_of(picture, ENROLMENTS)], "2025-06-02")
    assert "everybody on the roster had left, moved, finished or gone on leave by then" in sentence


def test_a_term_that_was_entered_after_the_day_is_told_as_such(tmp_path: Path) -> None:
    entered = datetime(2025, 6, 20, 18, tzinfo=BANGKOK)
    late = [replace(record, recorded_at=entered) for record in calendar([(2025, 1)])]
    sentence = said_of(tmp_path, late, "2025-06-10")
    assert "the calendar had no term of that day yet. Take a day after the term was entered." in sentence
    assert "ตอนนั้นปฏิทินยังไม่มีภาคเรียนของวันนั้น เลือกวันหลังจากที่กรอกภาคเรียนแล้ว" in sentence


def test_without_a_calendar_the_terms_are_asked_for(tmp_path: Path) -> None:
    sentence = said_of(tmp_path, [], "2025-06-10")
    assert "The calendar has no day with teaching: enter the terms (zerodrop init)" in sentence
    assert "ปฏิทินยังไม่มีวันเรียน" in sentence
