"""Marks that no question looks at any more are forgotten with a saved state, and that changes no answer."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from features.catalogue import WITH_SENSITIVE
from features.cohort import day_number
from features.saved import LONGEST_WINDOW, advanced, load
from features.state import Replay
from features.vocabulary import Last
from records.tables import ATTENDANCE, ATTENDANCE_TOTAL, CALENDAR
from tests.features.building import NOW, answers, mondays, one_log, replayed, three_terms, weekly
from tests.features.pictures import calendar, records_of, roster
from tests.features.small_log import Record, in_the_evening


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "states" / "T1.state"


def test_marks_before_the_previous_term_are_forgotten_and_change_nothing(tmp_path: Path, path: Path) -> None:
    log = one_log(tmp_path / "log", three_terms())
    days = mondays(date(2025, 10, 6), 12)
    assert weekly(log, days, path) == replayed(log, days)
    cubes = load(path)[0].attendance
    assert cubes.first_day >= cubes.kept_from > day_number(date(2025, 2, 4))
    assert cubes.kept_from <= day_number(date(2025, 5, 19))


def test_a_late_mark_of_a_forgotten_day_is_not_taken(tmp_path: Path, path: Path) -> None:
    late = records_of("student | happened_on | recorded_at | status\n1 | 2024-11-12 | 2025-11-05 | A", ATTENDANCE)
    log = one_log(tmp_path / "log", [*three_terms(), *(replace(one, batch=90) for one in late)])
    days = [date(2025, 11, 3), date(2025, 11, 10)]
    assert weekly(log, days, path) == replayed(log, days)


def test_no_window_is_longer_than_the_marks_that_are_kept() -> None:
    asked = [one.window.days for one in WITH_SENSITIVE if one.table is ATTENDANCE and isinstance(one.window, Last)]
    assert 0 < max(asked) <= LONGEST_WINDOW


def in_the_middle_of_a_week() -> list[Record]:
    """The term before opens on a Wednesday, and the dual group was seen in the college on the Monday of that week alone."""
    told = three_terms()
    cut = [
        one for one in told if not (one.table is CALENDAR and date(2025, 5, 19) <= one.happened_on <= date(2025, 5, 20))
    ]
    dual = [
        replace(one, values={**one.values, "study_mode": "DUAL"}) if one.table.name == "enrolments" else one
        for one in cut
        if one.table is not ATTENDANCE
    ]
    third = [replace(one, student=3, line=3) for one in dual if one.table.name == "enrolments" and one.student == 1]
    marks = (
        "student | happened_on | status\n1 | 2025-05-19 | P\n1 | 2025-05-22 | A\n2 | 2025-05-22 | A\n1 | 2025-11-04 | P"
    )
    return [*dual, *third, *records_of(marks, ATTENDANCE)]


def test_marks_are_kept_by_whole_weeks(tmp_path: Path, path: Path) -> None:
    log = one_log(tmp_path / "log", in_the_middle_of_a_week())
    days = mondays(date(2025, 11, 3), 3)
    wanted = replayed(log, days)
    assert weekly(log, days, path) == wanted
    state = Replay(log).advance(days[-1])
    state.attendance.forget_before(day_number(date(2025, 5, 21)))
    assert answers(state, days[-1]) != wanted[-1]  # the Monday matters


def test_days_below_a_long_total_are_kept(tmp_path: Path, path: Path) -> None:
    """A total of a year is not counted where a day of it is known, however long ago."""
    total = records_of(
        "student | happened_on | from_day | held | present | absent\n1 | 2025-09-30 | 2024-11-01 | 150 | 100 | 50",
        ATTENDANCE_TOTAL,
    )
    told = [one for one in three_terms() if one.table is not ATTENDANCE]
    marks = records_of("student | happened_on | status\n1 | 2024-11-11 | A\n2 | 2025-11-04 | A", ATTENDANCE)
    log = one_log(tmp_path / "log", [*told, *marks, *total])
    days = mondays(date(2025, 11, 3), 3)
    assert weekly(log, days, path) == replayed(log, days)


def test_a_calendar_that_asks_for_forgotten_days_reads_the_log_anew(tmp_path: Path, path: Path) -> None:
    """Between two runs, and between two days of one run: the term before is told to have begun earlier."""
    earlier = [
        Record(
            table=CALENDAR, happened_on=date(2025, 2, 3), recorded_at=in_the_evening(date(2025, 11, 12)), batch=95, line=1,
            values={"academic_year": 2025, "term": 1, "kind": "TEACH"},
        )
    ]  # fmt: skip
    log = one_log(tmp_path / "log", [*three_terms(), *earlier])
    first, second, third = mondays(date(2025, 11, 3), 3)
    wanted = replayed(log, [first, second, third])
    assert weekly(log, [first, second, third], path) == wanted
    path.unlink()
    list(advanced(log, [first], path, now=NOW))
    found = [
        answers(one, day)
        for day, one in zip((second, third), advanced(log, [second, third], path, now=NOW), strict=True)
    ]
    assert found == wanted[1:]


def summer_term(year: int, first: date, days: int) -> list[Record]:
    return [
        Record(
            table=CALENDAR, happened_on=day, recorded_at=in_the_evening(date(2024, 5, 1)), batch=1, line=7000 + n,
            values={"academic_year": year, "term": 3, "kind": "TEACH"},
        )
        for n, day in enumerate(first + timedelta(n) for n in range(days))
    ]  # fmt: skip


def test_after_a_summer_term_the_term_before_it_is_kept(tmp_path: Path, path: Path) -> None:
    log, days = (
        one_log(tmp_path / "log", [*three_terms(), *summer_term(2024, date(2025, 3, 24), 30)]),
        mondays(date(2025, 6, 30), 3),
    )
    assert weekly(log, days, path) == replayed(log, days)
    assert load(path)[0].attendance.kept_from <= day_number(date(2024, 10, 28))


def test_a_term_that_overlaps_the_next_keeps_the_term_before_it(tmp_path: Path, path: Path) -> None:
    summer = summer_term(2025, date(2025, 9, 29), 60)
    marks = [one for one in three_terms() if one.table is not CALENDAR]
    log = one_log(
        tmp_path / "log", [*calendar([(2024, 2), (2025, 1), (2025, 2)]), *summer, *marks, *roster([2], (2025, 1))]
    )
    list(advanced(log, [date(2025, 11, 3)], path, now=NOW))
    assert load(path)[0].attendance.kept_from <= day_number(date(2025, 5, 19))
