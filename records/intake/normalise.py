"""Thai text, digits, dates and identifiers as files have them, made one shape; None when a cell says nothing usable.

Never NFKC: it takes ำ apart (domain 2.10).
"""

import re
from datetime import UTC, date, datetime

from records.clock import BANGKOK

_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060"), None)
_NOTHING = {"", "-", "--", "ไม่ระบุ", "n/a", "null", "none", "#n/a", "#ref!"}
_BUDDHIST_FROM = 2400  # a year above this is Buddhist
_BUDDHIST_OFFSET = 543
_MONTHS = {
    name: month
    for month, names in enumerate(
        (
            ("มกราคม", "ม.ค.", "ม.ค"), ("กุมภาพันธ์", "ก.พ.", "ก.พ"), ("มีนาคม", "มี.ค.", "มี.ค"), ("เมษายน", "เม.ย.", "เม.ย"),
            ("พฤษภาคม", "พ.ค.", "พ.ค"), ("มิถุนายน", "มิ.ย.", "มิ.ย"), ("กรกฎาคม", "ก.ค.", "ก.ค"), ("สิงหาคม", "ส.ค.", "ส.ค"),
            ("กันยายน", "ก.ย.", "ก.ย"), ("ตุลาคม", "ต.ค.", "ต.ค"), ("พฤศจิกายน", "พ.ย.", "พ.ย"), ("ธันวาคม", "ธ.ค.", "ธ.ค"),
        ),
        start=1,
    )
    for name in names
}  # fmt: skip
_DAY_FIRST = re.compile(r"^([0-9]{1,2})[/.\-]([0-9]{1,2})[/.\-]([0-9]{2}|[0-9]{4})$")
_YEAR_FIRST = re.compile(r"^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})$")
_WITH_MONTH_NAME = re.compile(r"^([0-9]{1,2})\s*([^\s0-9]+)\s*([0-9]{2}|[0-9]{4})$")
_TIME = re.compile(r"^(.*?)[T ]([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?$")
_TRUE = {"ใช่", "มี", "1", "true", "yes", "y", "✓", "/", "ได้รับ"}
_FALSE = {"ไม่ใช่", "ไม่มี", "ไม่", "0", "false", "no", "n", "ไม่ได้รับ"}


def clean(cell: str) -> str:
    """A cell without invisible characters, with single spaces and the common damage to Thai vowels mended."""
    text = cell.translate(_INVISIBLE).replace("\u00a0", " ").replace("เเ", "แ").replace("\u0e4d\u0e32", "\u0e33")
    return " ".join(text.split())


def is_nothing(cell: str) -> bool:
    return clean(cell).lower() in _NOTHING


def digits(cell: str) -> str:
    """A clean cell with Arabic digits: for numbers, dates and codes, never for names."""
    return clean(cell).translate(_THAI_DIGITS)


def year_ce(year: int) -> int:
    return year - _BUDDHIST_OFFSET if year > _BUDDHIST_FROM else year


def parse_day(cell: str) -> date | None:
    """A date in any of the usual shapes, Buddhist or Common Era; two-digit years are Buddhist."""
    text = digits(cell)
    if timed := _TIME.match(text):
        text = timed.group(1)
    if found := _YEAR_FIRST.match(text):
        return _day(int(found[1]), int(found[2]), int(found[3]))
    if found := _DAY_FIRST.match(text):
        return _day(_full_year(found[3]), int(found[2]), int(found[1]))
    if (found := _WITH_MONTH_NAME.match(text)) and found[2] in _MONTHS:
        return _day(_full_year(found[3]), _MONTHS[found[2]], int(found[1]))
    return None


def _full_year(year: str) -> int:
    return 2500 + int(year) if len(year) == 2 else int(year)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year_ce(year), month, day)
    except ValueError:
        return None


def parse_instant(cell: str) -> datetime | None:
    """A local (Bangkok) time with its date; a date alone is the end of that working day, 18:00."""
    day = parse_day(cell)
    if day is None:
        return None
    timed = _TIME.match(digits(cell))
    hour, minute, second = (int(timed[2]), int(timed[3]), int(timed[4] or 0)) if timed else (18, 0, 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=BANGKOK).astimezone(UTC)


def parse_number(cell: str) -> float | None:
    text = digits(cell).replace(",", "").replace(" ", "")
    return float(text) if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text) else None


def parse_whole(cell: str) -> int | None:
    number = parse_number(cell)
    return int(number) if number is not None and number == int(number) else None


def parse_flag(cell: str) -> bool | None:
    text = clean(cell).lower()
    if text in _TRUE:
        return True
    return False if text in _FALSE else None


def national_id(cell: str) -> str | None:
    """Thirteen digits or a G-code; None when digits were lost (1.8199E+12) or it is something else."""
    text = re.sub(r"[\s\-]", "", digits(cell)).upper().removesuffix(".0")
    if re.fullmatch(r"[0-9]{13}|G[0-9]{12}", text) and len(set(text)) > 2:
        return text
    return None


def student_code(cell: str) -> str | None:
    """The institution's own code, without the `.0` that a spreadsheet adds; None when digits were lost."""
    text = digits(cell).removesuffix(".0").upper()
    return text if re.fullmatch(r"[0-9A-Z][0-9A-Z\-/]{2,15}", text) else None
