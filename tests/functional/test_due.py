"""Which weeks are due: the newest teaching Monday, what was missed before it, and nothing twice."""

from datetime import date, datetime, time, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from records.clock import BANGKOK
from records.tables import CALENDAR
from records.weeks import WEEK
from serving.due import Due, due_weeks, teaching_mondays
from tests.features.pictures import calendar
from tests.features.small_log import Record, write_log

FIRST = date(2026, 10, 26)
MONDAYS = [FIRST + n * WEEK for n in range(20)]  # through week 53 of 2026


def weeks(*numbers: int) -> tuple[date, ...]:
    return tuple(MONDAYS[number] for number in numbers)


def test_before_the_first_list_nothing_was_missed() -> None:
    assert due_weeks(MONDAYS, MONDAYS[5], None, 4) == Due(weeks=weeks(5), too_old=())


def test_on_any_day_of_the_week_its_monday_is_due() -> None:
    for days in range(7):
        assert due_weeks(MONDAYS, MONDAYS[5] + timedelta(days=days), MONDAYS[4], 4).weeks == weeks(5)


def test_a_published_week_is_asked_about_again_for_late_records() -> None:
    assert due_weeks(MONDAYS, MONDAYS[5], MONDAYS[5], 4) == Due(weeks=weeks(5), too_old=())


def test_missed_weeks_come_first_and_the_oldest_are_only_told() -> None:
    assert due_weeks(MONDAYS, MONDAYS[9], MONDAYS[2], 4) == Due(weeks=weeks(5, 6, 7, 8, 9), too_old=weeks(3, 4))
    assert due_weeks(MONDAYS, MONDAYS[9], MONDAYS[2], 0) == Due(weeks=weeks(9), too_old=weeks(3, 4, 5, 6, 7, 8))


def test_a_week_without_teaching_is_never_due() -> None:
    teaching = [MONDAYS[n] for n in (1, 2, 5)]
    assert due_weeks(teaching, MONDAYS[4], MONDAYS[1], 4).weeks == weeks(2)
    assert due_weeks(teaching, MONDAYS[9], MONDAYS[2], 4).weeks == weeks(5)
    assert due_weeks([], MONDAYS[9], None, 4) == Due(weeks=(), too_old=())


def test_the_last_week_of_a_long_year_and_the_first_of_the_next_are_two() -> None:
    assert MONDAYS[9].isocalendar()[:2] == (2026, 53)
    assert due_weeks(MONDAYS, date(2027, 1, 5), MONDAYS[8], 4).weeks == weeks(9, 10)


@given(
    teaching=st.sets(st.sampled_from(MONDAYS)),
    today=st.dates(min_value=FIRST, max_value=MONDAYS[-1]),
    last=st.none() | st.sampled_from(MONDAYS),
    catch_up=st.integers(min_value=0, max_value=30),
)
def test_no_teaching_week_since_the_last_list_is_lost(
    teaching: set[date], today: date, last: date | None, catch_up: int
) -> None:
    found = due_weeks(teaching, today, last, catch_up)
    told = (*found.too_old, *found.weeks)
    assert list(told) == sorted(set(told))
    assert set(told) <= {monday for monday in teaching if monday <= today}
    assert len(found.weeks) <= catch_up + 1
    if last is not None:
        missing = {monday for monday in teaching if last < monday <= today}
        assert set(told) == missing or (not missing and len(told) <= 1)


# The calendar as it was known


def news(day: date, kind: str, told_on: datetime) -> Record:
    values = {"academic_year": 2025, "term": 1, "kind": kind}
    return Record(table=CALENDAR, happened_on=day, recorded_at=told_on, batch=2, line=1, values=values)


def test_a_week_of_holidays_is_no_teaching_week_once_that_was_known(tmp_path: Path) -> None:
    week = [date(2025, 7, 14) + timedelta(days=n) for n in range(5)]
    before, after = (datetime.combine(day, time(12), tzinfo=BANGKOK) for day in (date(2025, 7, 11), date(2025, 7, 16)))
    plan = calendar([(2025, 1)])
    today = date(2025, 8, 1)
    usual = teaching_mondays(write_log(tmp_path / "usual", plan), today)
    assert usual == set(MONDAYS_OF_TERM)
    closed = [news(day, "HOLIDAY", before) for day in week]
    assert usual - teaching_mondays(write_log(tmp_path / "known", [*plan, *closed]), today) == {week[0]}
    late = [news(day, "HOLIDAY", after) for day in week]
    assert teaching_mondays(write_log(tmp_path / "late", [*plan, *late]), today) == usual


MONDAYS_OF_TERM = [date(2025, 5, 19) + n * WEEK for n in range(11)]


def test_a_calendar_that_is_told_in_the_week_makes_no_list_for_its_monday(tmp_path: Path) -> None:
    told_on = datetime(2025, 7, 9, 9, tzinfo=BANGKOK)
    days = [news(date(2025, 7, day), "TEACH", told_on) for day in (7, 8, 9, 10, 11, 14, 15)]
    assert teaching_mondays(write_log(tmp_path, days), date(2025, 7, 20)) == {date(2025, 7, 14)}
    assert teaching_mondays(write_log(tmp_path / "none", []), date(2025, 7, 20)) == set()
