"""Words for codes: marks and other closed lists, levels with or without a room, class groups."""

import re

from records.codes import LEVELS, CodeList
from records.intake.normalise.reading import EMPTY, Reading, unusable
from records.intake.normalise.text import TOO_LONG, is_too_long, plain, says_nothing

_NUMBER_AS_FLOAT = re.compile(r"([0-9]+)\.0")
_DECIMAL_COMMA = re.compile(r"[0-9],[0-9]{1,2}")
_BETWEEN_CODES = re.compile(r"[,/+;&\s]+|และ|หรือ")

_YEAR = r"\s*(?:ชั้น)?(?:ปีที่)?\s*"
_ENDS = r"(?!\s*(?:[0-9.]|ขวบ))"  # อนุบาล 3 ขวบ tells an age
_LEVEL = re.compile(
    r"\s*(?:ระดับ)?\s*(?:ชั้น)?\s*(?:"
    rf"(?P<D>ปวส\.?|ประกาศนียบัตรวิชาชีพชั้นสูง){_YEAR}(?P<D_year>[12]){_ENDS}"
    rf"|(?P<V>ปวช\.?|ประกาศนียบัตรวิชาชีพ){_YEAR}(?P<V_year>[1-3]){_ENDS}"
    rf"|(?P<M>ม\.?|M\.?|มัธยมศึกษา){_YEAR}(?P<M_year>[1-6]){_ENDS}"
    rf"|(?P<P>ป\.?|P\.?|ประถมศึกษา){_YEAR}(?P<P_year>[1-6]){_ENDS}"
    rf"|(?P<K>อ\.?|อนุบาล){_YEAR}(?P<K_year>[1-3]){_ENDS}"
    r"|(?P<B>ทล\.\s?บ\.?)"
    r")\s*"
)
_OFFICIAL_REST = re.compile(r"[/\s]*(?:เกรด|ปวท)|\(|$")  # the long names of the ministry, and how a student came in
_SEVERAL = re.compile(r"[/,\-–]|และ|ถึง")
_ROOM = re.compile(r"[/\s]*(.*)")
_SHORT_MONTH = r"(?:ม\.ค\.|ก\.พ\.|มี\.ค\.|เม\.ย\.|พ\.ค\.|มิ\.ย\.|ก\.ค\.|ส\.ค\.|ก\.ย\.|ต\.ค\.|พ\.ย\.|ธ\.ค\.|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_MADE_A_DATE = re.compile(
    rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?: [0-9:.]+)?|[0-9]{{1,2}}[- ]{_SHORT_MONTH}|{_SHORT_MONTH}[- ][0-9]{{2}}"
)

_UNKNOWN_CODE = unusable("UNKNOWN_CODE")
_TWO_CODES = unusable("TWO_CODES")
_GROUP_AS_DATE = unusable("GROUP_AS_DATE")


def read_code(codes: CodeList, cell: str) -> Reading[int]:
    """The position of the code that a cell names."""
    if is_too_long(cell):
        return _UNKNOWN_CODE
    text, fix = plain(cell)
    position = codes.parse(text)
    if position is not None:
        return Reading(position, fix)
    if says_nothing(text):
        return EMPTY
    if (found := _NUMBER_AS_FLOAT.fullmatch(text)) and (position := codes.parse(found[1])) is not None:
        return Reading(position, "EXCEL_NUMBER")
    if _DECIMAL_COMMA.fullmatch(text) and (position := codes.parse(text.replace(",", "."))) is not None:
        return Reading(position, "DECIMAL_COMMA")
    parts = [part for part in _BETWEEN_CODES.split(text) if part]
    several = len(parts) > 1 and all(codes.parse(part) is not None for part in parts)
    return _TWO_CODES if several else _UNKNOWN_CODE


def read_level(cell: str) -> Reading[int]:
    """The position of a level in `codes.LEVELS`; a room or trade in the same cell is left to the class group."""
    return split_level_room(cell)[0]


def split_level_room(cell: str) -> tuple[Reading[int], Reading[str]]:
    """`ปวช.1/1 ช่างยนต์` as the level ปวช.1 and the room `1 ช่างยนต์`."""
    if is_too_long(cell):
        return _UNKNOWN_CODE, EMPTY
    text, fix = plain(cell)
    position = LEVELS.parse(text)
    if position is not None:
        return Reading(position, fix), EMPTY
    if says_nothing(text):
        return EMPTY, EMPTY
    found = _LEVEL.match(text)
    if found is None:
        return _UNKNOWN_CODE, EMPTY
    rest = text[found.end() :]
    level = LEVELS.position(_name_of(found))
    if _OFFICIAL_REST.match(rest):
        return Reading(level, fix), EMPTY
    if _names_another(level, rest):
        return _TWO_CODES, EMPTY
    room = _ROOM.fullmatch(rest)
    return Reading(level, "LEVEL_SHAPE"), Reading(room[1] if room else rest)


def _name_of(found: re.Match[str]) -> str:
    family = next(name for name in "DVMPKB" if found[name])
    return family if family == "B" else f"{family}{found[f'{family}_year']}"


def _names_another(level: int, rest: str) -> bool:
    """Whether a second level follows: `ม.1-ม.3`, or `ม.1-3`, which may be a room or the third year."""
    sign = _SEVERAL.match(rest)
    if sign is None:
        return False
    after = rest[sign.end() :].strip()
    another = _LEVEL.match(after)
    if another:
        return LEVELS.position(_name_of(another)) != level
    return sign[0] != "/" and after[:1].isdigit()


def read_class_group(cell: str) -> Reading[str]:
    """The name of a class group or room, as written but for digits and damage.

    Of 1/2 a spreadsheet makes 1 February or 2 January: nobody can tell any more which name it was.
    """
    if is_too_long(cell):
        return TOO_LONG
    text, fix = plain(cell)
    if says_nothing(text):
        return EMPTY
    if found := _NUMBER_AS_FLOAT.fullmatch(text):
        return Reading(found[1], "EXCEL_NUMBER")
    return _GROUP_AS_DATE if _MADE_A_DATE.fullmatch(text) else Reading(text, fix)
