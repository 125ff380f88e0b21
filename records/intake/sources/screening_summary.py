"""The summary form แบบสรุปผลการคัดกรองผู้เรียน: how many of a class group are in which group, area by area (domain R14).

It tells no record of any student. The source tells its counts as notes, since a source does not see the log; what the
log knows of the same class group and term is set beside them by `compare_summary`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from records.codes import AREAS, SCREENING_LEVELS, SENSITIVE_AREA_CODES, TOOLS, fold_label
from records.errors import ImportRefused
from records.home import DataHome
from records.intake import normalise
from records.intake.contract import Surroundings, day_numbers
from records.intake.files import Sheet, open_sheets
from records.intake.mapping import match
from records.intake.parsing import combined
from records.intake.source import Delivery, Field, Request, Tells
from records.intake.sources.screening_ovec9 import FORM
from records.intake.title_block import term_of, value_of
from records.ledger import log_index
from records.log import EventLog
from records.tables import ENROLMENTS, SCREENING, SCREENING_SENSITIVE, Table
from records.text import Text

_AREA = Field(
    header="รายการพิจารณา",
    to=("*.area",),
    aliases=("ด้าน",),
    required=True,
    example="ด้านการเรียน",
    about=Text(th="เก้าด้าน", en="nine areas"),
)
# Without (คน) the words are the ticks of a screening form, and no header of their own.
_GROUPS = {
    level: Field(header=f"กลุ่ม{word} (คน)", to=(f"*.{level}",), aliases=(f"{word} (คน)",), required=True, example="3", about=Text(th="จำนวนคน", en="how many students"))
    for level, word in (("CLOSE", "ใกล้ชิด"), ("CONCERN", "ห่วงใย"), ("TRUST", "ไว้ใจ"))
}  # fmt: skip
_AREA_OF = {fold_label(word): code for code in FORM.codes for word in FORM.words(code)}


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Counts by area and group of one class group in one term; parts of the title block may be missing."""

    class_group: str
    academic_year: int | None
    term: int | None
    counts: Mapping[tuple[str, str], int]
    """(area, group) → students."""
    unread: Sequence[int] = field(default=())
    """Lines whose area or counts cannot be read."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A count of the summary that is not the one of the records."""

    area: str
    group: str
    said: int
    known: int

    @property
    def text(self) -> Text:
        area, group = _label(self.area), _group(self.group)
        return Text(
            th=f"{area.th} กลุ่ม{group.th}: ไฟล์สรุป {self.said} คน ในระบบ {self.known} คน",
            en=f"{area.en}, {group.en}: the summary says {self.said}, the records {self.known}",
        )


def _label(code: str) -> Text:
    areas = SENSITIVE_AREA_CODES if code in SENSITIVE_AREA_CODES.values else AREAS
    return areas.codes[areas.position(code)].label


def _group(level: str) -> Text:
    return SCREENING_LEVELS.codes[SCREENING_LEVELS.position(level)].label


def read_summary(path: Path) -> Summary:
    """The counts of a summary file. Raises ImportRefused when a column is missing."""
    sheet = open_sheets(path, _names())[0]
    columns = {one.to[0]: index for index, one in match(sheet, (_AREA, *_GROUPS.values())).items()}
    missing = [one.header for one in (_AREA, *_GROUPS.values()) if one.to[0] not in columns]
    if missing:
        raise ImportRefused.missing_columns(file=sheet.file, missing=missing, found=sheet.shown_headers)
    counts: dict[tuple[str, str], int] = {}
    unread: list[int] = []
    for line, row in _lines(sheet):
        area = _AREA_OF.get(fold_label(normalise.clean(row[columns["*.area"]])))
        told = {level: normalise.read_whole(row[columns[one.to[0]]]) for level, one in _GROUPS.items()}
        if area is None or any(reading.problem for reading in told.values()):
            unread.append(line)
            continue
        counts |= {(area, level): reading.value for level, reading in told.items() if reading.value is not None}
    above = [normalise.digits(" ".join(cell for cell in row if cell)) for row in sheet.above]
    year, term = term_of(above) or (None, None)
    group = normalise.read_class_group(value_of(above, "กลุ่มเรียน")).value or ""
    return Summary(class_group=group, academic_year=year, term=term, counts=counts, unread=unread)


def _names() -> set[str]:
    return {name for one in (_AREA, *_GROUPS.values()) for name in (one.header, *one.aliases)}


def _lines(sheet: Sheet) -> Iterator[tuple[int, list[str]]]:
    for part in sheet.parts():
        columns = [combined(column).to_pylist() for column in part.columns]
        yield from ((line, list(cells)) for line, *cells in zip(part.lines.to_pylist(), *columns, strict=True))


def compare_summary(home: DataHome, institution: str, summary: Summary) -> list[Difference]:
    """Every count that the log does not know so, for the class group's roster and, with a calendar, the term's days.

    Without class group, year or term in the title block there is nothing to compare with.
    """
    if not summary.class_group or summary.academic_year is None or summary.term is None:
        return []
    log = EventLog(
        folder=home.logs, institution=institution, index=log_index(home.database, institution), key=home.vault.key
    )
    around = Surroundings(log=log)
    here = around.enrolled.filter(
        pc.and_(
            pc.equal(around.enrolled.column("class_group"), summary.class_group),
            pc.and_(
                pc.equal(around.enrolled.column("academic_year"), summary.academic_year),
                pc.equal(around.enrolled.column("term"), summary.term),
            ),
        )
    )
    students = here.column(ENROLMENTS.key_columns[0]).unique()
    days = next((days[:2] for days in around.term_days if days[2:] == (summary.academic_year, summary.term)), None)
    known: dict[tuple[str, str], int] = {}
    for table in (SCREENING, SCREENING_SENSITIVE):
        for told in _last_levels(around.latest(table), table, students, days):
            known[told] = known.get(told, 0) + 1
    return [
        Difference(area=area, group=group, said=said, known=known.get((area, group), 0))
        for (area, group), said in summary.counts.items()
        if said != known.get((area, group), 0)
    ]


def _last_levels(
    rows: pa.Table, table: Table, students: pa.Array, days: tuple[int, int] | None
) -> Iterator[tuple[str, str]]:
    """(area, group) of every student's last screening of each area by this form."""
    areas = table["area"].codes
    assert areas is not None
    rows = rows.filter(
        pc.and_(pc.is_in(rows.column("student"), students), pc.equal(rows.column("tool"), TOOLS.position(FORM.tool)))
    )
    last: dict[tuple[int, int], tuple[int, int]] = {}
    told = (rows.column(name).to_pylist() for name in ("student", "area", "level"))
    for student, area, level, day in zip(*told, map(int, day_numbers(rows.column("happened_on"))), strict=True):
        inside = days is None or days[0] <= day <= days[1]
        if inside and level is not None and day >= last.get((student, area), (day, 0))[0]:
            last[student, area] = (day, level)
    for (_, area), (_, level) in last.items():
        yield areas.values[area], SCREENING_LEVELS.values[level]


@dataclass(frozen=True, kw_only=True)
class ScreeningSummary:
    """The source of summary files: no rows, and the counts as notes."""

    name: str
    label: Text
    about: Text
    proves: Text
    file_name: str
    fields: tuple[Field, ...] = (_AREA, *_GROUPS.values(), Field(header="หมายเหตุ"))
    tells: tuple[Tells, ...] = ()
    names_institutions: bool = False
    admits: bool = False

    def comes_as(self, path: Path) -> bool:
        return False

    def recognises(self, sheet: Sheet) -> bool:
        """The areas are rows, and each group is a column."""
        return len(match(sheet, (_AREA, *_GROUPS.values()))) == 1 + len(_GROUPS)

    def deliver(self, request: Request) -> Iterator[Delivery]:
        summary = read_summary(request.path)
        yield Delivery(
            institution=request.institution,
            portions=lambda: iter(()),
            notes=notes_on(summary),
            beside=lambda home: [one.text for one in compare_summary(home, request.institution, summary)],
        )


def notes_on(summary: Summary) -> list[Text]:
    """What a summary says, one note an area."""
    notes = []
    for area in FORM.codes:
        told = {level: summary.counts[area, level] for level in _GROUPS if (area, level) in summary.counts}
        if told:
            label = _label(area)
            thai = ", ".join(f"{_group(level).th} {count} คน" for level, count in told.items())
            english = ", ".join(f"{_group(level).en} {count}" for level, count in told.items())
            notes.append(Text(th=f"{label.th}: ไฟล์สรุป {thai}", en=f"{label.en}: the summary says {english}"))
    if summary.unread:
        lines = ", ".join(map(str, summary.unread))
        notes.append(Text(th=f"อ่านไม่ได้ที่บรรทัด {lines}", en=f"lines that cannot be read: {lines}"))
    return notes


SOURCE = ScreeningSummary(
    name="screening_summary",
    label=Text(th="แบบสรุปผลการคัดกรองผู้เรียน", en="summary of a class group's screening"),
    about=Text(
        th="จำนวนคนรายด้านของหนึ่งกลุ่มเรียน ไม่มีรายชื่อ จึงไม่เพิ่มข้อมูลนักเรียน ใช้เทียบยอดเท่านั้น",
        en="counts by area of one class group, no students: nothing is taken in, the counts are for comparison",
    ),
    proves=Text(th="ไม่มีข้อมูลรายคน", en="tells nothing of any student"),
    file_name="screening-summary-1-2568.xlsx",
)
