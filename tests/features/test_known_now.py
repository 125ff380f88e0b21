"""A day beside what is known of it now, over a small log, and what to do about a day on which nobody is enrolled."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.known_now import KnownNow, known_now, why_nobody
from records.tables import ENROLMENTS
from tests.features.pictures import calendar, records_of, roster
from tests.features.small_log import write_log


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


@pytest.mark.parametrize(
    ("day", "told"),
    [
        ("2025-10-12", ("outside a term", "2025-10-03 and 2025-10-27")),
        ("2025-06-07", ("outside a term", "2025-06-06 and 2025-06-09")),
        ("2025-06-10", ("no roster of its term had come in by then", "Take a later day")),
        ("2027-06-10", ("outside a term", "The nearest days with teaching: 2026-03-06. ")),
    ],
)
def test_the_nearest_days_are_those_around_it(tmp_path: Path, day: str, told: tuple[str, str]) -> None:
    sentence = why_nobody(write_log(tmp_path, calendar([(2025, 1), (2025, 2)])), date.fromisoformat(day))
    assert all(part in sentence for part in told), sentence
    assert sentence.count("·") == 1


def test_without_a_calendar_the_terms_are_asked_for(tmp_path: Path) -> None:
    sentence = why_nobody(write_log(tmp_path, []), date(2025, 6, 10))
    assert "The calendar has no day with teaching: enter the terms (zerodrop init)" in sentence
    assert "ปฏิทินยังไม่มีวันเรียน" in sentence
