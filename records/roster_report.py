"""Report R9: the roster comparison as text, as JSON and as a workbook ready to print, with who must be traced by name."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from uuid import UUID

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from records import access, ledger
from records.clock import buddhist
from records.errors import UserError
from records.home import DataHome
from records.people import KeptName
from records.roll import level_name
from records.rosters import Comparison, Fate, Line, RosterCount
from records.text import Text

_TITLE = Text(th="รายงานเปรียบเทียบทะเบียนนักเรียน", en="Roster comparison")
_SUMMARY = Text(th="สรุป", en="summary")
_TRACE = Fate.MISSING.value
_NO_ONWARD = Text(th="ในนี้ ไม่พบข้อมูลการศึกษาต่อ (กลุ่มรอยต่อ)", en="of these, no record of continuing")
_TOTAL = Text(th="รวมทะเบียนรอบก่อน", en="earlier roster")
_LEVEL = Text(th="ชั้น", en="level")
_GROUP = Text(th="กลุ่มเรียน", en="class group")
_NAME = Text(th="ชื่อ-สกุล", en="name")
_FONT = "TH Sarabun New"
_A4 = 9
_TRACE_COLUMNS = (
    (Text(th="ที่", en="no."), 6),
    (_GROUP, 16),
    (_LEVEL, 10),
    (_NAME, 36),
    (Text(th="มีชื่อครั้งสุดท้าย", en="last on the roster of"), 20),
    (Text(th="ไม่มีชื่อในทะเบียน", en="not on the roster of"), 20),
)


def both(text: Text) -> str:
    return f"{text.th} ({text.en})"


def counted(count: RosterCount) -> str:
    """A count as people name it: the day, and the term in brackets."""
    return f"{buddhist(count.day)} ({count.term}/{count.academic_year + 543})"


def as_text(comparison: Comparison) -> str:
    """The counts in Thai and English, with the sum that must be the earlier roster."""
    earlier, later = comparison.earlier, comparison.later
    lines = [
        f"{both(_TITLE)}: {counted(earlier)} → {counted(later)}",
        *(f"  {number:>7,}  {both(label)}" for label, number in _rows(comparison)),
        f"  {len(comparison.lines):>7,}  {both(_TOTAL)}",
        *(f"  {_signed(number)}  {both(arrival.value)}" for arrival, number in comparison.arrival_tally().items()),
    ]
    if len(comparison.lines) != earlier.students:
        lines.append(
            f"  ทะเบียนรอบก่อนนับได้ {earlier.students:,} คนเมื่อนำเข้า · {earlier.students:,} were counted when it was taken in"
        )
    return "\n".join(lines)


def as_json(comparison: Comparison) -> dict[str, object]:
    """Counts by class and day; no student."""
    return {
        "institution": comparison.institution,
        "earlier": comparison.earlier.day,
        "later": comparison.later.day,
        "ledger_number": comparison.ledger_number,
        "students": len(comparison.lines),
        "classes": {fate.name.lower(): number for fate, number in comparison.tally().items()},
        "no_onward_record": comparison.no_onward_record,
        "arrivals": {arrival.name.lower(): number for arrival, number in comparison.arrival_tally().items()},
    }


def _rows(comparison: Comparison) -> list[tuple[Text, int]]:
    rows: list[tuple[Text, int]] = []
    for fate, number in comparison.tally().items():
        rows.append((fate.value, number))
        if fate is Fate.FINISHED and comparison.no_onward_record:
            rows.append((_NO_ONWARD, comparison.no_onward_record))
    return rows


def _signed(number: int) -> str:
    return f"{f'+{number:,}':>7}"


def write_report(home: DataHome, comparison: Comparison, path: Path, *, actor: str, as_of: date) -> None:
    """Write a new workbook for this account alone; names are read through the one door, after the look was recorded.

    Raises UserError when it cannot be written.
    """
    wanted = [line.student_id for line in comparison.missing]
    names = access.named_for_report(home, actor, comparison.institution, wanted, "roster comparison R9")
    college = ledger.require_institution(home.database, comparison.institution)
    options = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False, "in_memory": True}
    made = BytesIO()
    with xlsxwriter.Workbook(made, options) as book:
        paper = _Paper(book, title=_title_block(comparison, college.name_th, as_of))
        _write_summary(paper, comparison)
        _write_trace(paper, comparison, names)
    _keep(path, made.getvalue())


def _keep(path: Path, workbook: bytes) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(workbook)
    except OSError as error:
        raise UserError.not_written(path, error) from None


def _title_block(comparison: Comparison, college: str, as_of: date) -> tuple[str, ...]:
    return (
        both(_TITLE),
        college,
        f"ทะเบียนรอบก่อน {counted(comparison.earlier)}  เทียบกับรอบหลัง {counted(comparison.later)}",
        f"ข้อมูล ณ วันที่ {buddhist(as_of)}  เลขที่บัญชีนำเข้า (ledger number) {comparison.ledger_number}",
    )


@dataclass(frozen=True, kw_only=True)
class _Formats:
    title: Format
    header: Format
    text: Format
    number: Format
    total: Format
    total_number: Format


class _Paper:
    """The workbook's sheets: A4 landscape, one page wide, the title block on top, the header row on every page."""

    def __init__(self, book: xlsxwriter.Workbook, *, title: Sequence[str]) -> None:
        self._book = book
        self._title = title
        base = {"font_name": _FONT, "font_size": 16}
        cell = {**base, "border": 1, "valign": "top"}
        number = {"num_format": "#,##0", "align": "right"}
        self.formats = _Formats(
            title=book.add_format({**base, "bold": True}),
            header=book.add_format({**cell, "bold": True, "text_wrap": True, "align": "center", "bg_color": "#E8EEF4"}),
            text=book.add_format({**cell, "num_format": "@", "text_wrap": True}),
            number=book.add_format({**cell, **number}),
            total=book.add_format({**cell, "bold": True}),
            total_number=book.add_format({**cell, **number, "bold": True}),
        )

    def sheet(self, name: Text, columns: Sequence[tuple[str, float]]) -> "_Sheet":
        page = self._book.add_worksheet(f"{name.th} {name.en}"[:31])
        page.set_landscape()
        page.set_paper(_A4)
        page.fit_to_pages(1, 0)
        page.set_footer("&C&P/&N")
        for line, words in enumerate(self._title):
            page.write_string(line, 0, words, self.formats.title)
        header = len(self._title) + 1
        for place, (_, width) in enumerate(columns):
            page.set_column(place, place, width)
        sheet = _Sheet(page, self.formats, next_line=header)
        sheet.header([words for words, _ in columns])
        page.repeat_rows(header)
        return sheet


class _Sheet:
    """One sheet, written row by row; text stays text, whatever it begins with."""

    def __init__(self, page: Worksheet, formats: _Formats, *, next_line: int) -> None:
        self._page = page
        self._formats = formats
        self._line = next_line

    def header(self, words: Iterable[str]) -> None:
        for place, word in enumerate(words):
            self._page.write_string(self._line, place, word, self._formats.header)
        self._line += 1

    def row(self, cells: Iterable[str | int], *, total: bool = False) -> None:
        text = self._formats.total if total else self._formats.text
        number = self._formats.total_number if total else self._formats.number
        for place, cell in enumerate(cells):
            if isinstance(cell, int):
                self._page.write_number(self._line, place, cell, number)
            else:
                self._page.write_string(self._line, place, cell, text)
        self._line += 1

    def skip(self) -> None:
        self._line += 1


def _write_summary(paper: _Paper, comparison: Comparison) -> None:
    """By class and level: every row adds up to the students whom that level had on the earlier roster."""
    levels = sorted({line.before.level for line in comparison.lines})
    columns = [("", 52.0), *((level_name(level), 11.0) for level in levels), ("รวม (total)", 13.0)]
    sheet = paper.sheet(_SUMMARY, columns)
    by_class = Counter((line.fate, line.before.level) for line in comparison.lines)
    no_onward = Counter(line.before.level for line in comparison.lines if line.has_no_onward_record)
    for fate, number in comparison.tally().items():
        sheet.row([both(fate.value), *(by_class[fate, level] for level in levels), number])
        if fate is Fate.FINISHED and comparison.no_onward_record:
            sheet.row([both(_NO_ONWARD), *(no_onward[level] for level in levels), comparison.no_onward_record])
    size = Counter(line.before.level for line in comparison.lines)
    sheet.row([both(_TOTAL), *(size[level] for level in levels), len(comparison.lines)], total=True)
    sheet.skip()
    for arrival, number in comparison.arrival_tally().items():
        sheet.row([f"+ {both(arrival.value)}", *("" for _ in levels), number])


def _write_trace(paper: _Paper, comparison: Comparison, names: dict[UUID, KeptName]) -> None:
    """One row a student who must be traced, by level, class group and name."""
    sheet = paper.sheet(_TRACE, [(both(label), width) for label, width in _TRACE_COLUMNS])

    def place(line: Line) -> tuple[int, str, str]:
        name = names.get(line.student_id)
        return line.before.level, line.before.class_group, name.sort_key if name else ""

    for order, line in enumerate(sorted(comparison.missing, key=place), start=1):
        sheet.row(
            [
                order,
                line.before.class_group,
                level_name(line.before.level),
                _shown(names.get(line.student_id)),
                buddhist(comparison.earlier.day),
                buddhist(line.concluded_on),
            ]
        )


def _shown(name: KeptName | None) -> str:
    return name.shown if name else "-"
