"""National numbers, G-codes, passports and the institution's own codes: read, never guessed."""

import re
from operator import mul
from typing import Literal

from records.intake.normalise.reading import EMPTY, Reading, unusable
from records.intake.normalise.text import is_too_long, mended, plain, says_nothing

IdentifierKind = Literal["NATIONAL", "G_CODE", "PASSPORT", "CODE"]

_USUAL = re.compile(r"[0-9]{13}")
_THAI_DIGIT = re.compile("[๐-๙]")
_QUOTES = "'`’‘"  # marks that make a spreadsheet keep a number as text
_GAPS = re.compile(r"[\s\-–]")
_NONE = frozenset({"ไม่มี", "ไม่มีเลข", "ไม่ทราบ"})
_EXPONENT = re.compile(r"([0-9])(?:\.([0-9]+))?E\+?([0-9]{1,2})")
_ZEROS_FOR_DIGITS = re.compile(r"[0-9]{6}0{7}")  # what is left of 1.81990E+12 once it is written out again
_G_CODE = re.compile(r"G[0-9]{12}")
_PASSPORT = re.compile(r"[A-Z][0-9]{7,8}|[A-Z]{2}[0-9]{6,8}")  # a school's own number has up to six digits
_CODE = re.compile(r"[0-9A-Z][0-9A-Z\-/]{2,15}")
_RUNS = ("012345678901", "123456789012")
_WEIGHTS = range(13, 1, -1)
_WEIGHT_OF_ZEROS = ord("0") * sum(_WEIGHTS)
_LONGEST_CODE = 11  # a longer row of digits in a mixed column is a national number with a digit too few or too many

_BAD = unusable("BAD_IDENTIFIER")
_LOST_DIGITS = unusable("LOST_DIGITS")


def check_digit_ok(national: str) -> bool:
    """Whether the last of thirteen digits fits the others; right is no proof, wrong is a strong hint of a slip."""
    total: int = sum(map(mul, _WEIGHTS, national[:12].encode("ascii"))) - _WEIGHT_OF_ZEROS
    return (11 - total % 11) % 10 == int(national[12])


def read_national(cell: str) -> Reading[str]:
    """Thirteen digits, or the G-code that stands in their place; a check digit that does not fit is a warning."""
    if is_too_long(cell):
        return _BAD
    if _USUAL.fullmatch(cell):
        return _national(cell, "")
    text, fix = _bare(cell)
    return EMPTY if not text else _national(_GAPS.sub("", text), fix)


# 0: a person without status, whose number is real; 9: no class of persons has it [domain 2.1].
_RARE_FIRST = "09"


def _national(text: str, fix: str) -> Reading[str]:
    if found := _EXPONENT.fullmatch(text):
        return _written_out(found)
    if len(set(text)) <= 2:
        return _BAD  # 1111111111119 has a check digit that fits, and is a dummy all the same
    if _G_CODE.fullmatch(text):
        return Reading(text, fix)
    if not _USUAL.fullmatch(text) or text.startswith(_RUNS):
        return _BAD
    if _ZEROS_FOR_DIGITS.fullmatch(text):
        return _LOST_DIGITS
    if not check_digit_ok(text):
        return Reading(text, fix, warning="CHECK_DIGIT")
    return Reading(text, fix, warning="FIRST_DIGIT" if text[0] in _RARE_FIRST else "")


def _written_out(found: re.Match[str]) -> Reading[str]:
    """A number in powers of ten; only one with every digit (1.101700203451E+12) is still that number."""
    decimals = found[2] or ""
    if len(decimals) != int(found[3]) or len(decimals) != 12:
        return _LOST_DIGITS
    return _national(found[1] + decimals, "EXPONENT")


def _bare(cell: str) -> tuple[str, str]:
    """An identifier in capital half-width letters without the marks of spreadsheets, '' for none; and its fix."""
    text, fix = plain(cell)
    bare = text.lstrip(_QUOTES).strip().upper()
    if says_nothing(bare) or bare in _NONE:
        return "", ""
    if len(bare) < len(text):
        fix = "QUOTE_MARK"
    if _THAI_DIGIT.search(mended(cell)[0]):
        fix = "THAI_DIGITS"
    if bare.endswith(".0"):
        return bare.removesuffix(".0"), "EXCEL_NUMBER"
    return bare, fix


def read_student_code(cell: str) -> Reading[str]:
    """The institution's own code, with its leading noughts and letters."""
    if is_too_long(cell):
        return _BAD
    text, fix = _bare(cell)
    return EMPTY if not text else _code(text, fix)


def _code(text: str, fix: str) -> Reading[str]:
    if "+" in text and _EXPONENT.fullmatch(text):
        return _LOST_DIGITS
    return Reading(text, fix) if _CODE.fullmatch(text) and text.strip("0") else _BAD


def read_identifier(cell: str) -> tuple[IdentifierKind | None, Reading[str]]:
    """An identifier of any kind, and which: for columns that mix them."""
    if is_too_long(cell):
        return None, _BAD
    text, fix = _bare(cell)
    if not text:
        return None, EMPTY
    joined = _GAPS.sub("", text)
    if _G_CODE.fullmatch(joined):
        return "G_CODE", _national(joined, fix)
    exponent = _EXPONENT.fullmatch(joined) if "+" in joined else None
    is_long = joined.isdigit() and len(joined) > _LONGEST_CODE
    if is_long or (exponent and int(exponent[3]) >= _LONGEST_CODE):
        return "NATIONAL", _national(joined, fix)
    if _PASSPORT.fullmatch(joined):
        return "PASSPORT", Reading(joined, fix)
    code = _code(text, fix)
    return None if code.problem == "BAD_IDENTIFIER" else "CODE", code


def national_id(cell: str) -> str | None:
    return read_national(cell).value


def student_code(cell: str) -> str | None:
    return read_student_code(cell).value
