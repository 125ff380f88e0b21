"""The empty workbook of a source: its headers in their order, lists of allowed words, and a sheet that explains them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from records.clock import buddhist
from records.codes import CodeList, fold_label
from records.constraints import Between
from records.errors import ImportRefused, UserError
from records.intake import normalise
from records.intake.mapping import FileSource
from records.intake.places import PLACE_OF
from records.intake.source import Field
from records.intake.sources import SOURCES, plain
from records.tables import TABLE_OF, Column, Kind

DATA_SHEET = "ข้อมูล"
EXPLAINED_SHEET = "คำอธิบาย"
_LISTS_SHEET = "รายการ"
_ROWS = 5_000  # rows with a list of words to choose from
_SATURDAY = 5
_FONT = "TH Sarabun New"

# What a file must say above its header, with an example (domain 2.2a, 2.3).
_ABOVE: Mapping[str, tuple[str, ...]] = {
    "dmc": ("วันและเวลาที่สร้างรายงาน 2026-05-02 04:10:12",),
    "vec_roster": ("กลุ่มเรียน ปวช.1/1 ช่างยนต์", "ภาคเรียนที่ 1 ปีการศึกษา 2568", "ข้อมูล ณ วันที่ 10/06/2568"),
}
_EXAMPLES: Mapping[str, str] = {
    "academic_year": "2568",
    "term": "1",
    "entry_year": "2568",
    "level": "ปวช.1",
    "class_group": "ชย.1/1",
    "course_code": "20001-1001",
    "attempt": "1",
    "item": "FINAL",
    "credits": "3",
    "held": "20",
    "present": "18",
    "members": "4",
}


def template_source(name: str) -> FileSource:
    """The source of a name, or the plain one of a table. Raises ImportRefused when neither has a workbook of its own."""
    found = {source.name: source for source in SOURCES if isinstance(source, FileSource)}
    tables = [tells.table.name for tells in plain.SOURCE.tells]
    if name in found:
        return found[name]
    if name in tables:
        return plain.source_of(TABLE_OF[name])
    known = ", ".join((*found, *tables))
    raise ImportRefused(
        f"There is no template for '{name}'. Templates: {known}.",
        th=f"ไม่มีแม่แบบของ '{name}' ที่มีคือ {known}",
        code="NO_TEMPLATE",
    )


def write_template(path: Path, source: FileSource, rows: Sequence[Mapping[int, str]] = ()) -> None:
    """Write the workbook; `rows` are cells by the place of their column, none in an empty one. Raises UserError."""
    if path.suffix.lower() != ".xlsx":
        raise UserError.no_workbook_name(path)
    made = _made(source, rows)
    try:
        path.write_bytes(made)
    except OSError as error:
        raise UserError.not_written(path, error) from None


def _made(source: FileSource, rows: Sequence[Mapping[int, str]]) -> bytes:
    options = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False, "in_memory": True}
    made = BytesIO()
    with xlsxwriter.Workbook(made, options) as book:
        formats = _formats(book)
        page = book.add_worksheet(DATA_SHEET)
        explained = book.add_worksheet(EXPLAINED_SHEET)
        lists = _write_lists(book, source)
        header = _write_headers(page, source, formats)
        for index, where in lists.items():
            _offer(page, header + 1, index, where)
        for line, row in enumerate(rows, start=header + 1):
            for index, cell in row.items():
                page.write_string(line, index, cell, formats.text)
        _explain(explained, source, formats)
    return made.getvalue()


def columns_of(source: FileSource) -> tuple[Field, ...]:
    """The columns of a template: what is taken in and may stand in a file of this source; a day becomes a week of them."""
    never = {fold_label(header) for header in source.unlike}
    fields = [field for field in source.fields if field.to and fold_label(field.header) not in never]
    return tuple(column for field in fields for column in _as_week(field))


def _as_week(field: Field) -> list[Field]:
    """A column that is headed by a date, and the four teaching days after it; any other column alone."""
    first = normalise.parse_day(field.header)
    if first is None:
        return [field]
    days = [first + timedelta(days=after) for after in range(7)]
    return [replace(field, header=buddhist(day)) for day in days if day.weekday() < _SATURDAY]


@dataclass(frozen=True, kw_only=True)
class _Formats:
    text: Format
    header: Format
    required: Format
    wrapped: Format


def _formats(book: xlsxwriter.Workbook) -> _Formats:
    base = {"font_name": _FONT, "font_size": 16}
    header = {**base, "bold": True, "border": 1, "text_wrap": True, "valign": "top"}
    return _Formats(
        text=book.add_format({**base, "num_format": "@"}),
        header=book.add_format({**header, "bg_color": "#E8EEF4"}),
        required=book.add_format({**header, "bg_color": "#FCE4B0"}),
        wrapped=book.add_format({**base, "text_wrap": True, "valign": "top"}),
    )


def _write_headers(page: Worksheet, source: FileSource, formats: _Formats) -> int:
    """Headers, notes and widths; every column is text, so that no number loses its noughts. Returns the header's row."""
    above = _ABOVE.get(source.name, ())
    for line, words in enumerate(above):
        page.write_string(line, 0, words, formats.text)
    for index, field in enumerate(columns_of(source)):
        words = f"{field.header} *" if field.required else field.header
        page.set_column(index, index, max(14, len(words) * 1.3, len(example_of(field)) * 1.3), formats.text)
        page.write_string(len(above), index, words, formats.required if field.required else formats.header)
        page.write_comment(len(above), index, _note(field), {"x_scale": 2, "y_scale": 1.5})
    page.freeze_panes(len(above) + 1, 0)
    return len(above)


def _note(field: Field) -> str:
    must = ["ต้องมี · required"] if field.required else []
    example = [f"ตัวอย่าง · example: {example_of(field)}"] if example_of(field) else []
    return "\n".join([_what(field), *must, *example])


# Words to choose from


def _write_lists(book: xlsxwriter.Workbook, source: FileSource) -> dict[int, str]:
    """A hidden sheet with the allowed words, one list under the other; where the list of each column stands."""
    page = book.add_worksheet(_LISTS_SHEET)
    page.hide()
    found: dict[int, str] = {}
    line = 0
    for index, field in enumerate(columns_of(source)):
        words = allowed_words(field)
        for word in words:
            page.write_string(line, 0, word)
            line += 1
        if words:
            found[index] = f"='{_LISTS_SHEET}'!$A${line - len(words) + 1}:$A${line}"
    return found


def _offer(page: Worksheet, first: int, index: int, where: str) -> None:
    """A list to choose from; other words are warned of, since a source knows more of them than it lists."""
    page.data_validation(
        first,
        index,
        first + _ROWS,
        index,
        {
            "validate": "list",
            "source": where,
            "error_type": "warning",
            "error_title": "ไม่อยู่ในรายการ",
            "error_message": "คำนี้ไม่อยู่ในรายการ · this word is not in the list",
        },
    )


def allowed_words(field: Field) -> tuple[str, ...]:
    """The words that a code column takes: the source's own, else the Thai labels of our codes; none for other columns."""
    codes = _codes(field)
    if codes is None:
        return ()
    return tuple(field.words) or tuple(code.label.th for code in codes.codes)


def _codes(field: Field) -> CodeList | None:
    column = column_of(field)
    return column.codes if column else None


def column_of(field: Field) -> Column | None:
    """The column of our tables that a field fills, if it fills one."""
    for place in field.to:
        owner, name = place.split(".")
        tables = [TABLE_OF[owner]] if owner in TABLE_OF else list(TABLE_OF.values()) if owner == "*" else []
        for table in tables:
            for column in table.columns:
                if column.name == name:
                    return column
    return None


def example_of(field: Field) -> str:
    """What a cell of this column may look like; '' where a person had better leave it empty than guess."""
    column = column_of(field)
    if field.example or column is None:
        return field.example
    if column.name in _EXAMPLES and (column.codes is None or column.codes.parse(_EXAMPLES[column.name]) is not None):
        return _EXAMPLES[column.name]
    match column.kind:
        case Kind.CODE:
            return allowed_words(field)[0]
        case Kind.FLAG:
            return "ไม่มี"
        case Kind.DATE:
            return "16/05/2568"
        case Kind.NUMBER | Kind.WHOLE if isinstance(column.constraint, Between):
            return f"{column.constraint.low:g}"
        case _:
            return ""


# The sheet that explains


def _explain(page: Worksheet, source: FileSource, formats: _Formats) -> None:
    """One row a column, then what is not to be entered; no row has two headers, so that it is never taken for data."""
    page.set_column(0, 0, 34, formats.wrapped)
    page.set_column(1, 3, 48, formats.wrapped)
    lines = [
        *_introduction(source),
        ("หัวตาราง · header", "คืออะไร · what it is", "ตัวอย่าง · example", "คำที่ใช้ได้ · allowed words"),
    ]
    lines += [
        (
            f"{field.header} *" if field.required else field.header,
            _what(field),
            f"เช่น {example_of(field)}" if example_of(field) else "",
            _joined(allowed_words(field)),
        )
        for field in columns_of(source)
    ]
    unwanted = _joined([field.header for field in source.fields if not field.to])
    if unwanted:
        lines.append(("ไม่ต้องกรอก · do not enter", f"ระบบไม่เก็บข้อมูลเหล่านี้ · these are not kept: {unwanted}", "", ""))
    for line, cells in enumerate(lines):
        for index, cell in enumerate(cells):
            page.write_string(line, index, cell, formats.wrapped)


def _introduction(source: FileSource) -> list[tuple[str, ...]]:
    told = [
        (f"{source.label.th} · {source.label.en}", f"{source.about.th} · {source.about.en}"),
        (
            "* และสีเหลือง · * and yellow",
            "คอลัมน์ที่ต้องมี ห้ามลบหรือเปลี่ยนชื่อหัวตาราง · columns that must be there under this header",
        ),
        ("เวลาที่บันทึก · entry time", f"{source.proves.th} · {source.proves.en}"),
    ]
    if source.file_name:
        told.append(("ชื่อไฟล์ · file name", f"ตั้งชื่อตามแบบ {source.file_name} · name the file like {source.file_name}"))
    above = _ABOVE.get(source.name)
    if above:
        told.append(("เหนือหัวตาราง · above the header", "แก้ให้ตรงกับข้อมูลในไฟล์ · change it to what holds for these rows"))
    return [(*cells, "", "") for cells in told]


def _what(field: Field) -> str:
    if field.about is not None:
        return f"{field.about.th} · {field.about.en}"
    known = column_of(field) or next((PLACE_OF[place] for place in field.to if place in PLACE_OF), None)
    return f"{known.label.th} · {known.label.en}" if known else ""


def _joined(words: Sequence[str]) -> str:
    return " / ".join(words)
