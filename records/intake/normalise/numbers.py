"""Numbers, money, credits and yes or no as people write them."""

import re

from records.intake.normalise.reading import EMPTY, Reading, unusable
from records.intake.normalise.text import is_too_long, plain, says_nothing

_WHOLE = range(-(2**31), 2**31)  # what a column of whole numbers holds
_DAYS_A_MONTH = 30
_MONTHS_A_YEAR = 12

_UNIT = re.compile(r"\s*(?:%|บาท|กม\.?|กิโลเมตร|km\.?)$", re.IGNORECASE)
_PLAIN = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3}){1,4}(?:\.[0-9]{1,15})?")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]{1,15},[0-9]{1,2}")
_RANGE = re.compile(r"([0-9][0-9,.]*)(?:บาท)?(?:-|–|—|~|ถึง)([0-9][0-9,.]*)")
_PERIOD_BEFORE = re.compile(r"(วัน|เดือน|ปี)ละ")
_PERIOD_AFTER = re.compile(r"(?:/|ต่อ)(วัน|เดือน|ปี)$")
_NO_AMOUNT = frozenset({"ไม่แน่นอน", "ไม่ทราบ", "ไม่มี"})
_CREDITS = re.compile(r"[0-9]{1,2}\s*-\s*[0-9]{1,2}\s*-\s*([0-9]{1,2})")

# A cross may be a tick or a no, so it is neither.
_YES = frozenset({"ใช่", "มี", "1", "true", "yes", "y", "✓", "✔", "☑", "/", "ได้รับ"})
_NO = frozenset({"ไม่ใช่", "ไม่มี", "ไม่", "0", "false", "no", "n", "☐", "ไม่ได้รับ"})

_BAD_NUMBER = unusable("BAD_NUMBER")
_OUT_OF_RANGE = unusable("OUT_OF_RANGE")
_UNKNOWN_WORD = unusable("UNKNOWN_CODE")


def read_number(cell: str) -> Reading[float]:
    """A number with or without its unit, thousands commas and spaces."""
    if is_too_long(cell):
        return _BAD_NUMBER
    text, fix = plain(cell)
    return EMPTY if says_nothing(text) else _number(text, fix)


def _number(text: str, fix: str) -> Reading[float]:
    if _PLAIN.fullmatch(text):
        return Reading(float(text), fix)
    bare = _UNIT.sub("", text).replace(" ", "")
    if _PLAIN.fullmatch(bare) or _THOUSANDS.fullmatch(bare):
        return Reading(float(bare.replace(",", "")), fix)
    if _DECIMAL_COMMA.fullmatch(bare):
        return Reading(float(bare.replace(",", ".")), "DECIMAL_COMMA")
    return _BAD_NUMBER


def read_whole(cell: str) -> Reading[int]:
    """A whole number of at most 32 bits: one with thirteen digits is somebody's, in the wrong column."""
    number = read_number(cell)
    if number.value is None:
        return Reading(problem=number.problem)
    if not number.value.is_integer():
        return _BAD_NUMBER
    whole = int(number.value)
    return Reading(whole, number.fix) if whole in _WHOLE else _OUT_OF_RANGE


def read_money(cell: str) -> Reading[float]:
    """Baht a month: the middle of a range, and a day or a year only where the cell says so."""
    if is_too_long(cell):
        return _BAD_NUMBER
    text, fix = plain(cell)
    amount = text.replace(" ", "")
    if says_nothing(text) or amount in _NO_AMOUNT:
        return EMPTY
    if amount == "ไม่มีรายได้":
        return Reading(0.0, fix)
    period = _PERIOD_BEFORE.match(amount) or _PERIOD_AFTER.search(amount)
    if period:
        amount = amount[: period.start()] + amount[period.end() :]
    baht = _amount(amount, fix)
    return _by_month(baht, period[1] if period else "เดือน")


def _amount(text: str, fix: str) -> Reading[float]:
    found = _RANGE.fullmatch(text.removesuffix("บาท"))
    if found is None:
        return _number(text, fix)
    low, high = _number(found[1], fix).value, _number(found[2], fix).value
    if low is None or high is None or low > high:
        return _BAD_NUMBER
    return Reading((low + high) / 2, "MONEY_RANGE")


def _by_month(baht: Reading[float], period: str) -> Reading[float]:
    if baht.value is None or period == "เดือน":
        return baht
    by_month = baht.value * _DAYS_A_MONTH if period == "วัน" else baht.value / _MONTHS_A_YEAR
    return Reading(by_month, "MONEY_PERIOD")


def read_credits(cell: str) -> Reading[float]:
    """Credits; of `3-0-3` (theory, practice, credits) the last."""
    if is_too_long(cell):
        return _BAD_NUMBER
    text, fix = plain(cell)
    if found := _CREDITS.fullmatch(text):
        return Reading(float(found[1]), fix)
    return EMPTY if says_nothing(text) else _number(text, fix)


def read_flag(cell: str) -> Reading[bool]:
    if is_too_long(cell):
        return _UNKNOWN_WORD
    text, fix = plain(cell)
    word = text.lower()
    if word in ("1.0", "0.0"):
        return Reading(word == "1.0", "EXCEL_NUMBER")
    if word in _YES or word in _NO:
        return Reading(word in _YES, fix)
    return EMPTY if says_nothing(text) else _UNKNOWN_WORD


def parse_number(cell: str) -> float | None:
    return read_number(cell).value


def parse_whole(cell: str) -> int | None:
    return read_whole(cell).value


def parse_flag(cell: str) -> bool | None:
    return read_flag(cell).value
