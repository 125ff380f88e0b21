"""The weeks of lists: their Mondays, and days that look mistyped."""

from collections.abc import Iterator
from datetime import date, timedelta

from records.errors import UserError

WEEK = timedelta(days=7)
# No list of ours is older than this CE year or as young as this one: beyond it a year is a Buddhist one.
_LEAST_YEAR, _BUDDHIST_FROM, _BUDDHIST_AHEAD = 1990, 2400, 543


def monday_of(day: date) -> date:
    """The Monday on or before a day."""
    return day - timedelta(days=day.weekday())


def mondays(first: date, last: date) -> Iterator[date]:
    """Every Monday from `first` to `last`, both included."""
    day = monday_of(first + WEEK - timedelta(days=1))
    while day <= last:
        yield day
        day += WEEK


def require_plausible(as_of: date, today: date) -> None:
    """Raises UserError for a day that was probably mistyped: a Buddhist year, one long past, or over a week ahead."""
    if as_of.year >= _BUDDHIST_FROM:
        meant = as_of.year - _BUDDHIST_AHEAD
        raise UserError(
            f"{as_of} looks like a Buddhist year. Give the year as {meant}: {meant}-{as_of:%m-%d}. · "
            f"ปี {as_of.year} น่าจะเป็นปี พ.ศ. ให้ใส่เป็นปี ค.ศ. คือ {meant}-{as_of:%m-%d}"
        )
    if as_of.year < _LEAST_YEAR:
        raise UserError(
            f"{as_of} is too long ago for a list. Look at the year that was typed. · "
            f"{as_of} เก่าเกินกว่าจะมีรายชื่อ ตรวจปีที่พิมพ์"
        )
    if as_of > today + WEEK:
        raise UserError(
            f"{as_of} is more than a week ahead; today is {today}. Look at the day that was typed, and at the clock of "
            "this machine. · "
            f"{as_of} อยู่ล่วงหน้าเกินหนึ่งสัปดาห์ วันนี้คือ {today} ตรวจวันที่ที่พิมพ์ และนาฬิกาของเครื่องนี้"
        )
