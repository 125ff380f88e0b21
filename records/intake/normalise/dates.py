"""Dates, times, years and terms in every shape that files have, Buddhist or Common Era; two-digit years are Buddhist."""

import re
from datetime import UTC, date, datetime, time, timedelta

from records.clock import BANGKOK
from records.intake.normalise.reading import EMPTY, Reading, unusable
from records.intake.normalise.text import is_too_long, plain, says_nothing

_BUDDHIST_FROM = 2400  # a year above this is Buddhist
_BUDDHIST_OFFSET = 543
_FIRST_YEAR, _LAST_YEAR = 1900, 2200
_END_OF_WORK = time(18)
_TERMS = 3  # the third is the summer term

_THAI_MONTHS = (
    ("มกราคม", "มค"), ("กุมภาพันธ์", "กพ"), ("มีนาคม", "มีค"), ("เมษายน", "เมย"), ("พฤษภาคม", "พค"), ("มิถุนายน", "มิย"),
    ("กรกฎาคม", "กค"), ("สิงหาคม", "สค"), ("กันยายน", "กย"), ("ตุลาคม", "ตค"), ("พฤศจิกายน", "พย"), ("ธันวาคม", "ธค"),
)  # fmt: skip
_ENGLISH_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MONTHS = {name: month for month, names in enumerate(_THAI_MONTHS, start=1) for name in names}
_ENGLISH = {name: month for month, full in enumerate(_ENGLISH_MONTHS, start=1) for name in (full, full[:3])} | {
    "sept": 9
}
_BETWEEN_WORDS = str.maketrans("", "", " .,-/")

_GAP = r"(?:\s*[/.\-]\s*|\s+)"
_DAY_FIRST = re.compile(rf"([0-9]{{1,2}}){_GAP}([0-9]{{1,2}}){_GAP}([0-9]{{4}}|[0-9]{{2}})")
_YEAR_FIRST = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})")
_NAMED_MONTH = re.compile(r"(?:วัน[^0-9]*|ที่\s*)?([0-9]{1,2})([^0-9]{2,40})([0-9]{4}|[0-9]{2})")
_MONTH_BEFORE_DAY = re.compile(r"([A-Za-z]{3,9})\.? ?([0-9]{1,2})(?:st|nd|rd|th)?,? ?([0-9]{4})")
_MONTH_AND_YEAR = re.compile(r"([^0-9]{3,14}?)[-/ ]*([0-9]{4}|[0-9]{2})")
_SERIAL = re.compile(r"([0-9]{5,6})(\.[0-9]+)?")
_TIMED = re.compile(
    r"(.*?)(?:T|,?\s*เวลา\s*|,?\s)([0-9]{1,2})[:.]([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?\s*(น\.?|am|pm)?",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:ปีการศึกษา|ปี)?\s*(?:พ\.?\s?ศ\.?|ค\.?\s?ศ\.?)?\s*([0-9]{4}|[0-9]{2})(\.0)?")
_TERM_WORDS = re.compile(r"ภาคการศึกษาที่|ภาคเรียนที่|ภาคเรียน|เทอมที่|เทอม|ปีการศึกษา|term|semester", re.IGNORECASE)
_SUMMER = re.compile(r"ภาคฤดูร้อน|ฤดูร้อน|summer|\bS\b", re.IGNORECASE)
_TERM_ALONE = re.compile(r"([0-9])(\.0)?")
_TERM_FIRST = re.compile(r"([0-9])\s*[/\-\s]\s*([0-9]{4}|[0-9]{2})")
_TERM_LAST = re.compile(r"([0-9]{4})\s*[/\-\s]\s*([0-9])")

_SERIAL_START = date(1899, 12, 30)
# Days that a spreadsheet counts: of the years 2000 to 2100, and of 2500 to 2643 where Buddhist years were taken as CE.
_SERIALS = range(36526, 73415 + 1)
_BUDDHIST_SERIALS = range((date(2500, 1, 1) - _SERIAL_START).days, (date(2643, 12, 31) - _SERIAL_START).days + 1)

_BAD_DATE = unusable("BAD_DATE")
_BAD_NUMBER = unusable("BAD_NUMBER")
_AMBIGUOUS = unusable("AMBIGUOUS_DATE")
_UNKNOWN_TERM = unusable("UNKNOWN_CODE")


def year_ce(year: int) -> int:
    return year - _BUDDHIST_OFFSET if year > _BUDDHIST_FROM else year


def read_day(cell: str) -> Reading[date]:
    """A date; the day comes before the month wherever both could be either."""
    if is_too_long(cell):
        return _BAD_DATE
    text, fix = plain(cell)
    return EMPTY if says_nothing(text) else _read_day(text, fix)


def _read_day(text: str, fix: str) -> Reading[date]:
    return _day_and_clock(text, fix)[0]


def _day_and_clock(text: str, fix: str) -> tuple[Reading[date], re.Match[str] | None]:
    """The date, and the time of day that follows it, if one does."""
    if timed := _timed(text):
        found = _date_in(timed[1], fix)
        if found is not _BAD_DATE:
            return found, timed
    return _date_in(text, fix), None


def _timed(text: str) -> re.Match[str] | None:
    return _TIMED.fullmatch(text) if " " in text or "T" in text or "เวลา" in text else None


def _date_in(text: str, fix: str) -> Reading[date]:
    if found := _DAY_FIRST.fullmatch(text):
        return _day_first(found[1], found[2], found[3], fix)
    if found := _YEAR_FIRST.fullmatch(text):
        year = int(found[1])
        damaged = year > _BUDDHIST_FROM and found[2] == "-"  # a true date of a spreadsheet in the year 2568 CE
        return _day(year, int(found[3]), int(found[4]), "EXCEL_DATE_YEAR" if damaged else fix)
    if found := _NAMED_MONTH.fullmatch(text):
        return _named_month(found[1], found[2], found[3], fix)
    if (found := _MONTH_BEFORE_DAY.fullmatch(text)) and (month := _ENGLISH.get(found[1].lower())):
        return _day(int(found[3]), month, int(found[2]), fix)
    if found := _SERIAL.fullmatch(text):
        return _from_serial(found[1])
    return _BAD_DATE


def _day_first(day: str, month: str, year: str, fix: str) -> Reading[date]:
    if int(month) <= 12:
        return _day(_full_year(year), int(month), int(day), fix)
    # Month first is how an English spreadsheet writes, and its two-digit years are not Buddhist for certain.
    swapped = _day(_full_year(year), int(day), int(month), "DATE_SHAPE") if int(day) <= 12 else _BAD_DATE
    return _AMBIGUOUS if swapped.value and len(year) == 2 else swapped


def _named_month(day: str, words: str, year: str, fix: str) -> Reading[date]:
    name = words.lower().translate(_BETWEEN_WORDS).removeprefix("เดือน")
    common_era = name.endswith("คศ")
    name = name.removesuffix("พศ").removesuffix("คศ")
    if month := _MONTHS.get(name):
        return _AMBIGUOUS if common_era and len(year) == 2 else _day(_full_year(year), month, int(day), fix)
    if month := _ENGLISH.get(name):
        return _AMBIGUOUS if len(year) == 2 else _day(int(year), month, int(day), fix)
    return _BAD_DATE


def _from_serial(days: str) -> Reading[date]:
    number = int(days)
    if number not in _SERIALS and number not in _BUDDHIST_SERIALS:
        return _BAD_DATE
    if len(days) == 6 and _day(_full_year(days[4:]), int(days[2:4]), int(days[:2]), "").value:
        return _AMBIGUOUS  # 240568 may be 24/05/68
    day = _SERIAL_START + timedelta(days=number)
    return _day(day.year, day.month, day.day, "EXCEL_SERIAL")


def _full_year(year: str) -> int:
    return 2500 + int(year) if len(year) == 2 else int(year)


def _day(year: int, month: int, day: int, fix: str) -> Reading[date]:
    common = year_ce(year)
    if not _FIRST_YEAR <= common <= _LAST_YEAR:
        return _BAD_DATE
    try:
        return Reading(date(common, month, day), fix)
    except ValueError:
        return _BAD_DATE


def read_instant(cell: str) -> Reading[datetime]:
    """A Bangkok time with its date; a date alone, or at midnight sharp, is the end of that working day, 18:00.

    A spreadsheet writes a date as its midnight, and a moment must not be told earlier than it was known.
    """
    if is_too_long(cell):
        return _BAD_DATE
    text, fix = plain(cell)
    if says_nothing(text):
        return EMPTY
    day, timed = _day_and_clock(text, fix)
    clock = _clock(timed) if timed else _clock_of_serial(text)
    if day.value is None or clock is None:
        return unusable(day.problem or "BAD_DATE")
    local = datetime.combine(day.value, clock if clock != time(0) else _END_OF_WORK, BANGKOK)
    return Reading(local.astimezone(UTC), day.fix)


def _clock(timed: re.Match[str]) -> time | None:
    """The time of day that is written; None when there is no such time."""
    hour, minute, second = int(timed[2]), int(timed[3]), int(timed[4] or 0)
    half = (timed[5] or "").lower()
    if half in ("am", "pm"):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (half == "pm")
    return time(hour, minute, second) if hour <= 23 and minute <= 59 and second <= 59 else None


def _clock_of_serial(text: str) -> time:
    """The time of day in the fraction of a spreadsheet's day number; midnight when there is none."""
    serial = _SERIAL.fullmatch(text)
    seconds = min(round(float(serial[2] or 0) * 86_400), 86_399) if serial else 0
    return time(seconds // 3600, seconds // 60 % 60, seconds % 60)


def read_year(cell: str) -> Reading[int]:
    """A year of the Common Era; whether it is a likely one is for the column to say."""
    if is_too_long(cell):
        return _BAD_NUMBER
    text, fix = plain(cell)
    if says_nothing(text):
        return EMPTY
    if found := _YEAR.fullmatch(text):
        return Reading(year_ce(_full_year(found[1])), "EXCEL_NUMBER" if found[2] else fix)
    return _BAD_NUMBER


def read_term(cell: str) -> Reading[tuple[int | None, int]]:
    """The academic year (Common Era, None when only the term is written) and the term of `1/2568` and its relatives."""
    if is_too_long(cell):
        return _UNKNOWN_TERM
    text, fix = plain(cell)
    if says_nothing(text):
        return EMPTY
    label = " ".join(_SUMMER.sub("3", _TERM_WORDS.sub(" ", text)).split())
    if found := _TERM_FIRST.fullmatch(label):
        return _term(_full_year(found[2]), int(found[1]), fix)
    if found := _TERM_LAST.fullmatch(label):
        return _term(int(found[1]), int(found[2]), fix)
    if found := _TERM_ALONE.fullmatch(label):
        return _term(None, int(found[1]), "EXCEL_NUMBER" if found[2] else fix)
    return _term_as_date(text)


def _term_as_date(text: str) -> Reading[tuple[int | None, int]]:
    """A label that a spreadsheet took for a month: `ม.ค.-68` and 1 January 2568 were `1/2568`."""
    if (found := _MONTH_AND_YEAR.fullmatch(text)) and (month := _month(found[1])):
        return _term(_full_year(found[2]), month, "TERM_AS_DATE")
    day = _read_day(text, "").value
    if day is None or day.day != 1:
        return _UNKNOWN_TERM
    return _term(day.year, day.month, "TERM_AS_DATE")


def _month(name: str) -> int | None:
    folded = name.lower().translate(_BETWEEN_WORDS)
    return _MONTHS.get(folded) or _ENGLISH.get(folded)


def _term(year: int | None, term: int, fix: str) -> Reading[tuple[int | None, int]]:
    common = None if year is None else year_ce(year)
    if not 1 <= term <= _TERMS or (common is not None and not _FIRST_YEAR <= common <= _LAST_YEAR):
        return _UNKNOWN_TERM
    return Reading((common, term), fix)


def parse_day(cell: str) -> date | None:
    return read_day(cell).value


def parse_instant(cell: str) -> datetime | None:
    return read_instant(cell).value
