"""Text as files have it, made whole: damaged Thai vowels and tone marks, invisible characters and spaces.

Never NFKC: it takes ำ apart (domain 2.10). A rule that could change a cell without damage has no place here: `กำร` may
stand for การ and stays, because กำ begins real words too.
"""

import re

from records.intake.normalise.reading import EMPTY, Reading, unusable

NOTHING = frozenset(
    {"", "-", "--", "–", "—", "ไม่ระบุ", "n/a", "null", "none"}
    | {"#n/a", "#ref!", "#value!", "#div/0!", "#name?", "#null!", "#num!"}
)
_LONGEST_CELL = 4_000  # characters; what is longer is a part of a file behind a quotation mark that nobody closed
TOO_LONG = unusable("OUT_OF_RANGE")
_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_HAS_FULL_WIDTH = re.compile("[\uff01-\uff5e]")

_HIDDEN = "\x00-\x08\x0e-\x1b\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
_INVISIBLE = re.compile(f"[{_HIDDEN}]")
# Glyphs that old Thai fonts keep in the private use area, U+F700 to U+F71A: each is a letter drawn a little aside.
_FONT_GLYPHS = {
    0xF700 + place: letter
    for place, letter in enumerate("ฐ\u0e34\u0e35\u0e36\u0e37" + "\u0e48\u0e49\u0e4a\u0e4b\u0e4c" * 2 + "ญ\u0e31\u0e4d\u0e47\u0e48\u0e49\u0e4a\u0e4b\u0e4c\u0e38\u0e39\u0e3a")
}  # fmt: skip
# Lao letters that stand where their Thai twins do, 0x80 further on; a word of Lao letters alone is Lao and stays.
_LAO_TWINS = {
    ord(thai) + 0x80: thai
    for thai in "กขคงจชดตถทนบปผฝพฟมยรลวสหอฮฯะ\u0e31า\u0e33\u0e34\u0e35\u0e36\u0e37\u0e38\u0e39เแโใไๆ\u0e48\u0e49\u0e4a\u0e4b\u0e4c\u0e4d๐๑๒๓๔๕๖๗๘๙"
}  # fmt: skip
_LAO = re.compile("[\u0e80-\u0eff]")
_THAI = re.compile("[\u0e01-\u0e5b]")

_VOWEL_MARKS = "\u0e31\u0e34-\u0e3a\u0e47"
_TONES = "\u0e48-\u0e4b"
_TOP_MARKS = "\u0e48-\u0e4c"  # the tones and the silencer
_OPEN_AM = re.compile(f"(?<![{_TONES}])([{_TONES}]*)\u0e4d([{_TONES}]*)\u0e32")
_MARKS = re.compile(f"[{_VOWEL_MARKS}{_TOP_MARKS}\u0e33]{{2,}}")
_LOST_CIRCLE = re.compile(f"([ก-ฮ][{_TONES}]?) \u0e32(?=[ก-ฮเ-ไ])")  # `ส านัก`: no Thai word begins with า
_ODD_LETTERS = re.compile(f"[{_HIDDEN}\u0e4d\u0e80-\u0eff\uf700-\uf71a]")
_DISORDER = re.compile(
    f"เเ|[{_TOP_MARKS}][{_VOWEL_MARKS}]|\u0e33[{_VOWEL_MARKS}{_TOP_MARKS}\u0e33]"
    f"|([{_VOWEL_MARKS}{_TOP_MARKS}])\\1|\\s\u0e32"
)


def mended(cell: str) -> tuple[str, str]:
    """The text of a cell, and the fix that it needed; single spaces are no fix."""
    tidy = " ".join(cell.split())
    if _is_intact(tidy):
        return tidy, ""
    visible = " ".join(_INVISIBLE.sub("", cell).split())
    text = _mend_thai(visible)
    if text == tidy:
        return text, ""
    return text, "INVISIBLE_CHARACTERS" if text == visible else "THAI_TEXT_MENDED"


def _is_intact(tidy: str) -> bool:
    if tidy.isascii():
        return tidy.isprintable()
    return _ODD_LETTERS.search(tidy) is None and _DISORDER.search(tidy) is None


def _mend_thai(text: str) -> str:
    """In the order of domain 2.10, but for glyphs and Lao letters, which come first so that the rest sees them."""
    text = text.translate(_FONT_GLYPHS)
    if _LAO.search(text):
        text = " ".join(map(_in_thai_letters, text.split(" ")))
    text = _OPEN_AM.sub("\\1\\2\u0e33", text.replace("เเ", "แ"))
    return _LOST_CIRCLE.sub("\\1\u0e33", _MARKS.sub(_in_order, text))


def _in_thai_letters(word: str) -> str:
    return word.translate(_LAO_TWINS) if _THAI.search(word) else word


def _in_order(marks: re.Match[str]) -> str:
    """Vowel marks, then tones, then ำ, each once where it was typed twice: กิ่ also from กิ่่ and from ก่ิ."""
    ordered = sorted(marks[0], key=_rank)
    return "".join(mark for mark, before in zip(ordered, ["", *ordered], strict=False) if mark != before)


def _rank(mark: str) -> int:
    return 2 if mark == "\u0e33" else int("\u0e48" <= mark <= "\u0e4c")


def plain(cell: str) -> tuple[str, str]:
    """A whole cell in Arabic digits and half-width letters, and the fix it needed: for numbers, dates and codes."""
    text, fix = mended(cell)
    if text.isascii():
        return text, fix
    if _HAS_FULL_WIDTH.search(text):
        text, fix = text.translate(_FULL_WIDTH), "FULL_WIDTH"
    return text.translate(_THAI_DIGITS), fix


def is_too_long(cell: str) -> bool:
    """Whether a cell holds more than anybody writes into one, and is not read."""
    return len(cell) > _LONGEST_CELL and len(cell.strip()) > _LONGEST_CELL


def says_nothing(text: str) -> bool:
    """Whether a clean text stands for an empty cell."""
    return text.lower() in NOTHING


def read_text(cell: str) -> Reading[str]:
    """A name or free text."""
    if is_too_long(cell):
        return TOO_LONG
    text, fix = mended(cell)
    return EMPTY if says_nothing(text) else Reading(text, fix)


def clean(cell: str) -> str:
    """A cell without invisible characters, with single spaces and the damage to Thai vowels mended."""
    return mended(cell)[0]


def is_nothing(cell: str) -> bool:
    return not is_too_long(cell) and says_nothing(clean(cell))


def digits(cell: str) -> str:
    """A clean cell with Arabic digits: for numbers, dates and codes, never for names."""
    return clean(cell).translate(_THAI_DIGITS)
