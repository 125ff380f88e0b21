"""The household form นร./กสศ.01, or a college's own, as a sheet: one row a student and survey (domain 2.7, T6).

Nothing is classed here: a poverty class stands in the file or is missing, whatever the income says.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from records.codes import fold_label
from records.intake import normalise
from records.intake.files import Sheet
from records.intake.mapping import FileSource, Known, Rows, recoded
from records.intake.parsing import combined
from records.intake.source import LEFT_OUT, PERSON_FIELDS, Cells, Field, Request, Tells, field_of
from records.intake.sources.attendance import CLASS_GROUP
from records.intake.sources.columns_once import Floats, ReadCell, numbers_in
from records.intake.sources.form_context import day_above
from records.intake.title_block import lines_of
from records.tables import HOUSEHOLD
from records.text import Text

_TOLERANCE = 0.05  # rounding of a form
_FORM_NAMES = ("กสศ01", "นร01")
_ROUND_TRIP_FORM = "*.round_trip_form"
_PARTS = {
    "wage": ("รายได้จากค่าจ้าง", "ค่าจ้างเงินเดือน", "รายได้จากค่าจ้างเงินเดือน"),
    "farm": ("รายได้จากการเกษตร", "รายได้จากเกษตรกรรม"),
    "business": ("รายได้จากธุรกิจ", "รายได้จากธุรกิจส่วนตัว"),
    "welfare": ("รายได้จากสวัสดิการ", "รายได้จากสวัสดิการของรัฐ"),
    "other": ("รายได้อื่น", "รายได้จากแหล่งอื่น", "รายได้อื่น ๆ"),
}
_DEPENDANTS = {
    "disabled": ("มีคนพิการ", "คนพิการ", "ผู้พิการ"),
    "chronic": ("มีผู้ป่วยเรื้อรัง", "ผู้ป่วยเรื้อรัง", "โรคเรื้อรัง"),
    "elderly": ("มีผู้สูงอายุ 60 ปีขึ้นไป", "ผู้สูงอายุ", "ผู้สูงอายุเกิน 60 ปี", "ผู้สูงอายุ 60 ปีขึ้นไป"),
    "single_parent": ("เป็นพ่อแม่เลี้ยงเดี่ยว", "พ่อแม่เลี้ยงเดี่ยว", "ผู้ปกครองเลี้ยงเดี่ยว"),
    "unemployed": ("มีคนว่างงานอายุ 15–65 ปี", "คนว่างงาน", "คนอายุ 15-65 ปีว่างงาน", "ว่างงาน"),
}
_INCOMES = {
    "income_per_head": ("รายได้ครัวเรือนเฉลี่ยต่อคน", "รายได้เฉลี่ยต่อคน", "รายได้ต่อหัว"),
    "income_month": ("รายได้ครัวเรือน", "รายได้ครอบครัว", "รายได้รวม", "รายได้เฉลี่ย", "รายได้"),
}
_ELSEWHERE_TOO = (  # rosters and other forms tell these as well: they make no household survey
    *(f"household.{name}" for name in ("scholarship", "poverty_class", "poverty_score", "works_parttime", "travel_km")),
    "*.distance_km",
)
_PERIODS = {"day": ("วัน", "ต่อวัน"), "year": ("ปี", "ต่อปี")}


def _numbered(one: Field, *sections: str) -> Field:
    """With the form's section number before every name."""
    names = (one.header, *one.aliases)
    return Field(
        header=one.header, to=one.to, aliases=(*one.aliases, *(f"{section} {name}" for section in sections for name in names)),
        required=one.required, words=one.words, example=one.example, about=one.about,
    )  # fmt: skip


def _column(
    name: str, example: str, *sections: str, aliases: tuple[str, ...] = (), about: Text | None = None, **changes: object
) -> Field:
    usual = field_of(HOUSEHOLD, HOUSEHOLD[name], example=example, about=about or HOUSEHOLD[name].label, **changes)
    more = Field(
        header=usual.header, to=usual.to, aliases=(*usual.aliases, *aliases), required=usual.required, words=usual.words,
        example=example, about=usual.about,
    )  # fmt: skip
    return _numbered(more, *sections)


def _by_period() -> Iterable[Field]:
    """Incomes whose header says day or year."""
    about = Text(th="หน่วยเวลาอยู่ในหัวตาราง แปลงเป็นต่อเดือนให้", en="the header says the period; it becomes a month")
    for column, names in _INCOMES.items():
        for period, (_, ending) in _PERIODS.items():
            first, *others = (f"{name}{ending}" for name in names)
            yield _numbered(
                Field(header=first, to=(f"*.{column}_{period}",), aliases=tuple(others), example="96,000", about=about),
                "2",
            )


def _counted(
    kind: str, words: Mapping[str, tuple[str, ...]], section: str, example: str, about: Text
) -> Iterable[Field]:
    for name, (first, *others) in words.items():
        yield _numbered(
            Field(header=first, to=(f"*.{kind}_{name}",), aliases=tuple(others), example=example, about=about), section
        )


SURVEY_DAY = Field(
    header="วันที่สำรวจ", to=("*.happened_on",), aliases=("survey_date", "วันที่กรอกแบบ", "วันที่เยี่ยมบ้าน", "happened_on"), required=True,
    example="12/06/2568", about=Text(th="วันที่กรอกแบบ", en="the day of the survey"),
)  # fmt: skip
# Known questions without a column of ours, and what is sensitive or of others in the house.
_NOT_TAKEN = tuple(
    Field(header=header)
    for header in (
        "รูปถ่ายบ้านภายนอก", "รูปถ่ายบ้านภายใน", "รูปถ่ายบ้าน", "ภาพถ่าย", "GPS", "เลขประจำตัวสมาชิก", "เลขบัตรประชาชนสมาชิก", "ชื่อสมาชิกในครัวเรือน",
        "ชื่อคนพิการ", "ชื่อผู้ป่วยเรื้อรัง", "อายุสมาชิก", "ลายมือชื่อ", "3.3 วัสดุที่ใช้ทำพื้น ผนัง หลังคา", "3.4 ที่ดินทำการเกษตร", "3.5 แหล่งน้ำดื่ม", "3.6 แหล่งไฟฟ้า",
        "3.7 ยานพาหนะ", "3.8 ของใช้ในครัวเรือน", "วัสดุพื้น", "วัสดุผนัง", "วัสดุหลังคา", "ห้องส้วม", "ที่ดินทำการเกษตร", "แหล่งน้ำดื่ม", "แหล่งไฟฟ้า", "ยานพาหนะ",
        "ของใช้ในครัวเรือน", "วิธีเดินทาง", "การเดินทาง", "5 วิธีเดินทาง", "6 วิธีเดินทาง",
    )
)  # fmt: skip

FIELDS: tuple[Field, ...] = (
    _column("family_status", "อยู่ด้วยกัน", "1"),
    _column("lives_with", "บิดามารดา", "1"),
    _column("state_card", "มี", "1"),
    _column("members", "5", "2", aliases=("จำนวนสมาชิก", "สมาชิกในครัวเรือน")),
    _column("income_per_head", "1,600", "2", aliases=("รายได้ครัวเรือนเฉลี่ยต่อคนต่อเดือน", "รายได้เฉลี่ยต่อคนต่อเดือน"), about=Text(th="ไม่มีก็ได้ ระบบคิดจากรายได้รวมหารจำนวนสมาชิก", en="may be missing: income by members is taken")),
    _column("income_month", "8,000", "2", aliases=("รายได้รวมต่อเดือน", "รายได้ครอบครัวต่อเดือน")),
    *_by_period(),
    *_counted("income_part", _PARTS, "2", "2,000", Text(th="รายได้ต่อเดือนทางนี้ รวมกันเป็นรายได้ครัวเรือน", en="income a month from this; together they are the household's")),
    _column("dependants", "2", "3.1", aliases=("ผู้พึ่งพิง", "ภาระพึ่งพิง")),
    *_counted("dependant", _DEPENDANTS, "3.1", "มี", Text(th="มี/ไม่มี หรือจำนวนคน เก็บเพียงยอดรวม", en="yes, no, or how many; only their sum is kept")),
    _column("housing", "บ้านตนเอง", "3.2"),
    _numbered(Field(header="ระยะทางจากบ้าน", to=("*.distance_km",), aliases=("ระยะทาง", "ระยะทางจากบ้านถึงสถานศึกษา", "ระยะทางจากบ้านถึงวิทยาลัย", "ระยะทางจากบ้านถึงโรงเรียน", "travel_km"), example="12", about=Text(th="กม. เที่ยวเดียว เว้นแต่ไฟล์เป็นแบบ นร./กสศ.01 ซึ่งถามไป-กลับ", en="km one way, save in a form นร./กสศ.01, which asks for both ways")), "5", "6"),
    _numbered(Field(header="ระยะทางไป-กลับ", to=("*.round_trip_km",), aliases=("ระยะทางไปกลับ", "ระยะทางไป-กลับ (กม.)", "ระยะทางจากบ้านไป-กลับ"), example="24", about=Text(th="กม. ไปและกลับ ระบบหารสอง", en="km both ways; halved")), "5", "6"),
    Field(header="ระยะทางเที่ยวเดียว", to=("household.travel_km",), aliases=("ระยะทางจากบ้าน (กม. เที่ยวเดียว)", "ระยะทาง (กม. เที่ยวเดียว)"), example="12", about=HOUSEHOLD["travel_km"].label),
    _column("travel_min", "30", "5", "6"),
    _column("travel_cost_month", "600", "5", "6", aliases=("ค่าเดินทาง",)),
    _column("pocket_money_day", "60", "5", "6", aliases=("เงินมาเรียน",)),
    _column("poverty_class", "ยากจน", about=Text(th="ตามผลของ กสศ. เท่านั้น ระบบไม่คิดเอง", en="as the fund decided; never worked out here")),
    _column("poverty_score", "0.75"),
    _column("works_parttime", "ไม่ใช่"),
    _column("scholarship", "ได้รับ", words={"กสศ.": "มี", "กยศ.": "มี", "ทุนอื่น": "มี", "ทุนเสมอภาค": "มี"}),
)  # fmt: skip


def _context(sheet: Sheet, request: Request) -> Known:
    """The day of the title block, and whether this is the form that asks for both ways."""
    known: dict[str, str] = {}
    if day := day_above(sheet, request):
        known["*.happened_on"] = day
    said = fold_label(" ".join(lines_of(sheet, request)))
    if any(name in said for name in _FORM_NAMES):
        known[_ROUND_TRIP_FORM] = "1"
    return known


def reshaped(rows: Rows, known: Known) -> Rows:
    """Periods, parts and both-way kilometres become the columns of ours; what the file says itself comes first."""
    cells = dict(rows.cells)
    warnings: dict[str, npt.NDArray[np.int64]] = {}
    for column in _INCOMES:
        for period, (word, _) in _PERIODS.items():
            _fill(cells, f"household.{column}", _with_period(cells.get(f"*.{column}_{period}"), word))
    parts = _sum(cells, [f"*.income_part_{name}" for name in _PARTS], _baht)
    if parts is not None:
        whole = numbers_in(cells.get("household.income_month"), len(parts), _baht)
        with np.errstate(invalid="ignore"):
            wrong = np.abs(whole - parts) > np.maximum(1, _TOLERANCE * whole)
        warnings["INCOME_PARTS_DO_NOT_ADD_UP"] = np.flatnonzero(wrong)
        _fill(cells, "household.income_month", _text(parts))
    dependants = _sum(cells, [f"*.dependant_{name}" for name in _DEPENDANTS], _people)
    if dependants is not None:
        _fill(cells, "household.dependants", _text(dependants))
    _fill(cells, "household.travel_km", _halved(cells.get("*.round_trip_km")))
    distance = cells.get("*.distance_km")
    _fill(cells, "household.travel_km", _halved(distance) if _ROUND_TRIP_FORM in known else distance)
    _fill(cells, "household.income_per_head", _per_head(cells))
    return Rows(
        cells=cells,
        lines=rows.lines,
        spare=rows.spare,
        warnings={code: rows for code, rows in warnings.items() if len(rows)},
    )


def _fill(cells: dict[str, Cells], place: str, told: Cells | None) -> None:
    """Blank cells of a place from others; what stands there stays."""
    if told is None:
        return
    if place not in cells:
        cells[place] = told
        return
    own, others = combined(cells[place]).to_pylist(), combined(told).to_pylist()
    cells[place] = pa.array(
        [mine if mine and not normalise.is_nothing(mine) else other for mine, other in zip(own, others, strict=True)],
        pa.string(),
    )


def _with_period(told: Cells | None, word: str) -> Cells | None:
    """Amounts with the period of their header, unless they name one themselves."""

    def said(cell: str) -> str:
        has_digits = any(letter.isdigit() for letter in cell)
        return (
            f"{cell.strip()}/{word}"
            if has_digits and not any(f"{one}" in cell for one in ("วัน", "เดือน", "ปี"))
            else cell
        )

    return None if told is None else recoded(told, said)


def _halved(told: Cells | None) -> Cells | None:
    def half(cell: str) -> str:
        number = normalise.read_number(cell).value
        return cell if number is None else f"{number / 2:g}"

    return None if told is None else recoded(told, half)


def _per_head(cells: Mapping[str, Cells]) -> Cells | None:
    """Income by members, where both are told."""
    if not {"household.income_month", "household.members"} <= set(cells):
        return None
    size = len(cells["household.members"])
    whole, members = (
        numbers_in(cells["household.income_month"], size, _baht),
        numbers_in(cells["household.members"], size, _people),
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        return _text(np.where(members >= 1, whole / members, np.nan))


def _sum(cells: Mapping[str, Cells], places: Iterable[str], read: ReadCell) -> Floats | None:
    """The sum of several columns by row, NaN where none of them says anything; None when the file has none of them."""
    told = [numbers_in(cells[place], len(cells[place]), read) for place in places if place in cells]
    if not told:
        return None
    numbers = np.array(told)
    return np.where(np.isnan(numbers).all(axis=0), np.nan, np.nan_to_num(numbers).sum(axis=0))


def _baht(cell: str) -> tuple[float | None, str]:
    return normalise.read_money(cell).value, ""


def _people(cell: str) -> tuple[float | None, str]:
    """How many; yes is one."""
    number = normalise.read_number(cell.replace("คน", "")).value
    return (normalise.read_flag(cell).value if number is None else number), ""


def _text(numbers: Floats) -> pa.Array:
    return pa.array(["" if np.isnan(number) else f"{round(float(number), 2):.12g}" for number in numbers], pa.string())


SOURCE = FileSource(
    name="household",
    label=Text(th="แบบสำรวจครัวเรือน (นร./กสศ.01 หรือแบบของวิทยาลัย)", en="household survey (form นร./กสศ.01 or a college's own)"),
    about=Text(
        th="แบบขอรับทุนหรือแบบสำรวจครัวเรือน แถวละหนึ่งคน หนึ่งครั้ง ไม่มีแบบสำรวจไม่ได้แปลว่าไม่ยากจน",
        en="the poverty form or a college's survey, one row a student and survey; no survey does not mean not poor",
    ),
    file_name="household-2568.xlsx",
    fields=(*PERSON_FIELDS, CLASS_GROUP, SURVEY_DAY, *FIELDS, *_NOT_TAKEN, *LEFT_OUT),
    tells=(Tells(table=HOUSEHOLD, lag_days=30),),
    marks=(tuple(name for one in FIELDS if one.to[0] not in _ELSEWHERE_TOO for name in (one.header, *one.aliases)),),
    unlike=("ผลการเยี่ยม",),
    context=_context,
    reshape=reshaped,
)  # fmt: skip
