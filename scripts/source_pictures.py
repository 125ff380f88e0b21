"""Draws a source's file as a spreadsheet shows it: an SVG made from the declaration, wide sheets in bands that a phone can show.

Names in the pictures are invented, and numbers are the examples of the declarations.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from records.intake.mapping import FileSource
from records.intake.source import Field, Source
from records.intake.sources import screening_obec11, screening_ovec9
from records.intake.sources.oneroster_files import MANIFEST
from records.intake.templates import allowed_words, columns_of, example_of
from records.text import Text

SHOWN_COLUMNS = 10
_WIDTH = 440  # a phone shows it nearly at its own size
_GUTTER = 30
_ROW = 27
_LETTERS_ROW = 18
_GAP = 12
_LEGEND = 34
_MOST = 250
_STRETCH = 1.6  # a column alone in its band need not be as wide as all others together
_SIZE = 14
# TH Sarabun New comes late: its letters are so small that the others are easier to read at the same size.
_FONTS = "'Noto Sans Thai', 'Leelawadee UI', Thonburi, Laksaman, 'TH Sarabun New', sans-serif"
_INK, _QUIET, _LINE = "#1b2733", "#5b6470", "#c5cdd6"
_PLAIN, _HEADER, _REQUIRED, _LEFT_OUT, _FRAME = "#ffffff", "#e8eef4", "#fce4b0", "#e6e6e6", "#f3f4f6"

# The columns of files whose whole layout is known, in their order (domain 2.2a).
FILE_ORDER: Mapping[str, tuple[str, ...]] = {
    "dmc": (
        "รหัสโรงเรียน", "ชื่อโรงเรียน", "เลขประจำตัวนักเรียน", "ชั้น", "ห้อง", "เลขประจำตัวนักเรียน", "เพศ", "คำนำหน้าชื่อ", "ชื่อ", "นามสกุล",
        "วันเกิด", "อายุ(ปี)", "น้ำหนัก", "ส่วนสูง", "กลุ่มเลือด", "ศาสนา", "เชื้อชาติ", "สัญชาติ", "บ้านเลขที่", "หมู่", "ถนน/ซอย", "ตำบล", "อำเภอ",
        "จังหวัด", "ชื่อผู้ปกครอง", "นามสกุลผู้ปกครอง", "อาชีพของผู้ปกครอง", "ความเกี่ยวข้องของผู้ปกครองกับนักเรียน", "ชื่อบิดา", "นามสกุลบิดา",
        "อาชีพของบิดา", "ชื่อมารดา", "นามสกุลมารดา", "อาชีพของมารดา", "ความด้อยโอกาส", "ยังไม่สามารถจำหน่ายได้ (3.1.8)",
    ),
    "moe_term": tuple(f"{name}_Onec" for name in (
        "AcademicYear", "Semester", "DepartmentID", "SchoolID", "PersonID", "PassportNumber", "PrefixID", "FirstName", "MiddleName",
        "LastName", "GenderID", "NationalityID", "DisabilityID", "DisadvantageEducationID", "VillageNumber", "Street", "Soi", "Trok",
        "SubDistrictID", "SchoolAdmissionYear", "GradeLevelID", "RoomID", "GPAX", "StudentStatusID", "ProvinceNameThai",
        "DistrictNameThai", "SubDistrictNameThai",
    )),
    "moe_dropouts": (
        *(f"{name}_Onec" for name in (
            "ProvinceNameThai", "DistrictNameThai", "SubDistrictNameThai", "PersonID", "Fullname", "Gender", "NationalityName", "BirthDate",
            "HouseNumber", "VillageNumber", "Street", "Soi", "Trok", "StatusCodeCause", "Remark", "SchoolName", "GradeLevelID",
            "AcademicYearPresent", "DropoutTransferID",
        )),
        "ACADYEAR", "RoomID_Onec", "SchoolID_Onec", "GenderID_Onec", "GPAX_Onec",
    ),
    "vec_scores": (
        "รหัสนักเรียน", "ชื่อ-สกุล", "หน่วยที่1(30)", "หน่วยที่2(30)", "กลางภาค(20)", "ปลายภาค(20)", "รวม(100)", "ระดับผลการเรียน(เกรด)",
    ),
}  # fmt: skip
_PIECES = {"หน่วยที่2(30)": "22", "กลางภาค(20)": "15", "ปลายภาค(20)": "17"}  # found by the maximum, so no field names them
# Columns of files that may come in several shapes: the picture shows one of them.
_STUDENT = ("รหัสนักเรียน", "ชื่อ-สกุล", "กลุ่มเรียน")
SHOWN: Mapping[str, tuple[str, ...]] = {
    "screening_ovec9": (*_STUDENT, *screening_ovec9.FORM.areas.values()),
    "screening_obec11": (*_STUDENT, *screening_obec11.FORM.areas.values()),
    "sdq": ("รหัสนักเรียน", "ชื่อ-สกุล", "วันที่ประเมิน", "ผู้ประเมิน", "อารมณ์", "เกเร", "อยู่ไม่นิ่ง", "เพื่อน", "สัมพันธภาพทางสังคม", "รวมสี่ด้าน"),
    "google_form": ("ประทับเวลา", "รหัสนักเรียน", "กลุ่มเรียน", "สถานภาพครอบครัว", "อาศัยอยู่กับ", "จำนวนสมาชิกในครัวเรือน", "รายได้ครัวเรือนต่อเดือน", "ที่อยู่อีเมล"),
}  # fmt: skip
# What stands above the header, a line a row.
ABOVE: Mapping[str, tuple[str, ...]] = {
    "dmc": ("วันและเวลาที่สร้างรายงาน 2026-05-02 04:10:12",),
    "vec_roster": ("รายชื่อผู้เรียน", "กลุ่มเรียน ปวช.1/1 ช่างยนต์", "ภาคเรียนที่ 1 ปีการศึกษา 2568", "ข้อมูล ณ วันที่ 10/06/2568", "", "", ""),
    "vec_scores": ("รหัสวิชา 20101-2001 หน่วยกิต 1-6-3", "ภาคเรียนที่ 1 ปีการศึกษา 2568", "วันที่ประกาศผล 10/10/2568"),
    "screening_summary": ("แบบสรุปผลการคัดกรองผู้เรียน", "กลุ่มเรียน ปวช.1/1 ภาคเรียนที่ 1 ปีการศึกษา 2568"),
}  # fmt: skip
# The files of a bundle, and what each is read for.
BUNDLES: Mapping[str, Mapping[str, Text]] = {
    "oneroster": {
        MANIFEST: Text(th="บอกว่าไฟล์ใดส่งมาครบ (bulk)", en="which files are complete (bulk)"),
        "orgs.csv": Text(th="สถานศึกษา", en="schools"),
        "academicSessions.csv": Text(th="ภาคเรียน", en="terms"),
        "classes.csv": Text(th="ห้องโฮมรูม", en="homeroom classes"),
        "users.csv": Text(th="นักเรียน", en="students"),
        "enrollments.csv": Text(th="ใครอยู่ห้องใด", en="who is in which class"),
        "demographics.csv": Text(th="วันเกิด เพศ", en="birth date, sex"),
    },
    "oulad": {
        "courses.csv": Text(th="รายวิชาและรุ่น", en="modules and presentations"),
        "studentInfo.csv": Text(th="นักศึกษา", en="students"),
        "studentRegistration.csv": Text(th="วันลงทะเบียนและถอน", en="days of joining and leaving"),
        "assessments.csv": Text(th="งานและกำหนดส่ง", en="pieces of work"),
        "studentAssessment.csv": Text(th="คะแนน", en="scores"),
        "vle.csv": Text(th="หน้าเว็บของรายวิชา", en="pages of the site"),
        "studentVle.csv": Text(th="วันที่เปิดหน้าเว็บ", en="days on the site"),
    },
}
_SECOND_PERSON = {
    "person.code": "69201010026",
    "person.title": "นางสาว",
    "person.first_name": "มะลิ",
    "person.last_name": "สุขใจ",
    "person.full_name": "นางสาวมะลิ สุขใจ",
}
_ROW_NUMBERS = ("ที่", "ลำดับ", "ลำดับที่", "เลขที่")
_OTHER_WORDS = {"ไว้ใจ": "ห่วงใย", "ครู": "ผู้ปกครอง"}
_MARKS = ("มา", "ข", "มา", "ล", "สาย")  # the second student's week
_NUMBERS = ("person.national", "person.any", "person.passport")  # a second number would be somebody's
_NOT_SHOWN = (*_NUMBERS, "person.title", "person.first_name", "person.last_name", "*.entered_at")


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of the picture: its header and the cells below it."""

    header: str
    cells: tuple[str, ...]
    required: bool = False
    left_out: bool = False


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A sheet as it looks: lines above the header, its columns, and how many others it may have."""

    title: str
    above: tuple[str, ...]
    columns: tuple[Column, ...]
    others: int

    @property
    def shown(self) -> tuple[Column, ...]:
        return self.columns[:SHOWN_COLUMNS]

    @property
    def more(self) -> int:
        return len(self.columns) - len(self.shown) + self.others

    def grid(self) -> list[list[str]]:
        """The cells as they stand in the sheet, without the row of ellipses below them."""
        rows = [[line] for line in self.above]
        rows.append([column.header for column in self.columns])
        return rows + [[column.cells[line] for column in self.columns] for line in (0, 1)]


# What is shown


def picture_of(source: Source) -> Picture:
    """The sheet of a source, drawn from its fields; bundles have `bundle_svg`."""
    order = FILE_ORDER.get(source.name) or SHOWN.get(source.name)
    fields, others = (_in_order(source, order), 0) if order else _usual_fields(source)
    columns = [_column(one, place) for place, one in enumerate(fields)]
    if source.name == "vec_roster":  # the code stands in column C, the name in D
        nothing = Column(header="", cells=("", ""))
        columns = [nothing, nothing, *(column for column in columns if not column.left_out)]
    return Picture(
        title=f"{source.label.th} · {source.label.en}",
        above=ABOVE.get(source.name, ()),
        columns=tuple(columns),
        others=others,
    )


def _in_order(source: Source, headers: Sequence[str]) -> list[Field]:
    """The fields of some headers; the second column of the same name is the next field with it."""
    left = list(source.fields)
    found = []
    for header in headers:
        one = next((field for field in left if field.header == header), None)
        if one is None and header in _PIECES:
            one = Field(header=header, to=("*.piece",), example=_PIECES[header])
        found.append(one or Field(header=header))
        if one in left:
            left.remove(one)
    return found


def _usual_fields(source: Source) -> tuple[list[Field], int]:
    """Code and name, what is required, other columns and one that is left out; and how many others are taken in."""
    taken = [one for one in _candidates(source) if one.to and (one.required or not set(one.to) & set(_NOT_SHOWN))]
    left_out = [one for one in source.fields if not one.to][:1]
    required = [one for one in taken if one.required or set(one.to) & {"person.code", "person.full_name"}]
    others = [one for one in taken if one not in required]
    room = max(SHOWN_COLUMNS - len(left_out) - len(required), 0)
    kept = [one for one in taken if one in required or one in others[:room]]
    kept.sort(key=lambda one: not set(one.to) & {"person.code", "person.full_name"})
    is_first = left_out and left_out[0].header in _ROW_NUMBERS
    return [*left_out, *kept] if is_first else [*kept, *left_out], len(others[room:])


def _candidates(source: Source) -> Sequence[Field]:
    """The fields that stand in one file together: no column twice in another unit, no column that the title block tells."""
    if source.name == "vec_roster":
        return [one for one in source.fields if set(one.to) & {"person.code", "person.full_name"}]
    fields = columns_of(source) if isinstance(source, FileSource) else source.fields
    above = " ".join(ABOVE.get(source.name, ()))
    return [one for one in fields if one.header not in above and one.to[:1] != ("person.passport",)]


def _column(field: Field, place: int) -> Column:
    if not field.to:
        return Column(header=field.header, cells=("", ""), left_out=True)
    first = example_of(field)
    return Column(header=field.header, cells=(first, _second(field, first, place)), required=field.required)


def _second(field: Field, first: str, place: int) -> str:
    """The cell of the second row: another student, and where there is a list of words another word of it."""
    for to in field.to:
        if to in _NUMBERS:
            return "…" if first else ""
        if to in _SECOND_PERSON and first:
            return _second_code(first) if to == "person.code" else _SECOND_PERSON[to]
    if "*.day" in field.to:
        return _MARKS[place % len(_MARKS)]
    words = () if "grades.grade" in field.to else allowed_words(field)  # it goes with its score
    return words[(words.index(first) + 1) % len(words)] if first in words else _OTHER_WORDS.get(first, first)


def _second_code(first: str) -> str:
    return f"{first[:-1]}{(int(first[-1]) + 1) % 10}" if first[-1].isdecimal() else first


# How it is drawn


def width_of(words: str, size: float = _SIZE) -> float:
    """About how wide a text becomes; vowels and tone marks above and below take no room."""
    return sum(_share(letter) for letter in words) * size


def _share(letter: str) -> float:
    if unicodedata.category(letter) == "Mn":
        return 0.0
    if letter in " .,:;/()[]'|-":
        return 0.36
    return 0.68 if letter.isupper() else 0.62


def clipped(words: str, width: float, size: float = _SIZE) -> str:
    """A text cut where it gets too wide, never between a letter and its vowel or tone mark."""
    if width_of(words, size) <= width:
        return words
    kept = ""
    for letter in words:
        if unicodedata.category(letter) != "Mn" and width_of(kept + letter, size) > width - size:
            break
        kept += letter
    return f"{kept.rstrip()}…"


def picture_svg(picture: Picture) -> str:
    """The whole drawing; the same declarations give the same text."""
    bands = list(_bands(picture))
    drawn: list[str] = []
    top = 0.0
    for place, band in enumerate(bands):
        lines, top = _band(picture, band, top, is_first=place == 0, is_last=place == len(bands) - 1)
        drawn += lines
    drawn += _legend(picture, top)
    return _document(picture.title, drawn, top + _LEGEND)


def _bands(picture: Picture) -> Iterator[list[tuple[int, float]]]:
    """The columns in groups that fit side by side: (place, width), each group as wide as the picture."""
    room = _WIDTH - _GUTTER - 1
    band: list[tuple[int, float]] = []
    for place, column in enumerate(picture.shown):
        width = _wanted(column)
        last = place == len(picture.shown) - 1
        needed = sum(w for _, w in band) + width + (_more_width(picture) if last else 0)
        if band and needed > room:
            yield _stretched(band, room)
            band = []
        band.append((place, width))
    yield _stretched(band, room - _more_width(picture))


def _wanted(column: Column) -> float:
    header = f"{column.header} *" if column.required else column.header
    return min(max(46.0, *(width_of(words) + 18 for words in (header, *column.cells))), _MOST)


def _more_width(picture: Picture) -> float:
    return 54 if picture.more > 0 else 0


def _stretched(band: Sequence[tuple[int, float]], room: float) -> list[tuple[int, float]]:
    factor = min(room / sum(width for _, width in band), _STRETCH)
    return [(place, width * factor) for place, width in band]


def _band(
    picture: Picture, band: Sequence[tuple[int, float]], top: float, *, is_first: bool, is_last: bool
) -> tuple[list[str], float]:
    """One group of columns under its letters; returns where the next one begins."""
    drawn = [_box(0, top, _GUTTER, _LETTERS_ROW, _FRAME)]
    left = float(_GUTTER)
    row_tops = [top + _LETTERS_ROW + _ROW * line for line in range(len(picture.above) + 4)]
    header_at = len(picture.above)
    for place, width in band:
        drawn += [
            _box(left, top, width, _LETTERS_ROW, _FRAME),
            _words(letter_of(place), left + width / 2, top + 13, 11, _QUIET, middle=True),
        ]
        drawn += _cells(picture.columns[place], left, width, row_tops[header_at:])
        left += width
    if is_last and picture.more > 0:
        drawn += _more(picture.more, left, row_tops[header_at])
    wide = left - _GUTTER
    for line, words in enumerate(picture.above):
        drawn.append(_box(_GUTTER, row_tops[line], wide, _ROW, _PLAIN))
        drawn.append(
            _words(clipped(words, wide - 16) if is_first else "", _GUTTER + 8, row_tops[line] + 18, _SIZE, _INK)
        )
    for line, row_top in enumerate(row_tops):
        number = "" if line == len(row_tops) - 1 else str(line + 1)
        drawn.append(_box(0, row_top, _GUTTER, _ROW, _FRAME))
        drawn.append(_words(number, _GUTTER / 2, row_top + 18, 11, _QUIET, middle=True))
    return drawn, row_tops[-1] + _ROW + _GAP


def _cells(column: Column, left: float, width: float, row_tops: Sequence[float]) -> Iterator[str]:
    fill = _LEFT_OUT if column.left_out else _REQUIRED if column.required else _HEADER
    header = clipped(column.header, width - 28 if column.required else width - 14)
    yield _box(left, row_tops[0], width, _ROW, fill)
    ink = _QUIET if column.left_out else _INK
    yield _words(f"{header} *" if column.required else header, left + 8, row_tops[0] + 18, _SIZE, ink, bold=True)
    for row_top, cell in zip(row_tops[1:], (*column.cells, "⋮" if column.header else ""), strict=True):
        yield _box(left, row_top, width, _ROW, _LEFT_OUT if column.left_out else _PLAIN)
        yield _words(clipped(cell, width - 14), left + 8, row_top + 18, _SIZE, _QUIET if cell == "⋮" else _INK)


def _more(more: int, left: float, top: float) -> list[str]:
    return [
        f'<rect x="{left + 4:g}" y="{top:g}" width="46" height="{_ROW}" rx="4" fill="none" '
        f'stroke="{_QUIET}" stroke-dasharray="3 3"/>',
        _words(f"… +{more}", left + 27, top + 18, 13, _INK, middle=True),
    ]


def _legend(picture: Picture, top: float) -> Iterator[str]:
    left = float(_GUTTER)
    kinds = ((_REQUIRED, "* ต้องมี · required"), (_LEFT_OUT, "ไม่เก็บ · not kept"))
    present = (any(one.required for one in picture.shown), any(one.left_out for one in picture.shown))
    for (fill, words), is_there in zip(kinds, present, strict=True):
        if is_there:
            yield _box(left, top, 16, 16, fill)
            yield _words(words, left + 24, top + 13, 13, _INK)
            left += 44 + width_of(words, 13)


def bundle_svg(title: str, files: Mapping[str, Text]) -> str:
    """The files of a bundle: one box a file with what it is read for."""
    drawn: list[str] = []
    top = 8.0
    for name, what in files.items():
        drawn.append(f'<path d="M20 {top - 4:g} V{top + 22:g} H36" fill="none" stroke="{_LINE}" stroke-width="2"/>')
        drawn.append(
            f'<rect x="36" y="{top:g}" width="{_WIDTH - 38}" height="44" rx="6" fill="{_HEADER}" stroke="{_LINE}"/>'
        )
        drawn.append(_words(name, 48, top + 18, _SIZE, _INK, bold=True))
        drawn.append(_words(f"{what.th} · {what.en}", 48, top + 36, 13, _INK))
        top += 52
    return _document(title, drawn, top)


def letter_of(place: int) -> str:
    """A, B, … Z, AA as a spreadsheet counts its columns."""
    before, here = divmod(place, 26)
    return (letter_of(before - 1) if before else "") + chr(ord("A") + here)


def _box(left: float, top: float, width: float, height: float, fill: str) -> str:
    return (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:g}" fill="{fill}" stroke="{_LINE}"/>'
    )


def _words(
    words: str, left: float, base: float, size: float, ink: str, *, bold: bool = False, middle: bool = False
) -> str:
    if not words:
        return ""
    style = ' font-weight="bold"' if bold else ""
    style += ' text-anchor="middle"' if middle else ""
    return f'<text x="{left:.1f}" y="{base:.1f}" font-size="{size:g}" fill="{ink}"{style}>{escape(words)}</text>'


def _document(title: str, drawn: Sequence[str], height: float) -> str:
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:g}" width="{_WIDTH * 1.25:g}" '
            f'style="max-width:100%;height:auto" role="img" lang="th" font-family="{_FONTS}">',
            f"<title>{escape(title)}</title>",
            f'<rect width="{_WIDTH}" height="{height:g}" fill="#ffffff"/>',
            *filter(None, drawn),
            "</svg>\n",
        )
    )
