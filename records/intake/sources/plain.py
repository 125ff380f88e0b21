"""Any table under its own column names or their usual headers; which table it is, the headers tell."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from records.codes import fold_label
from records.errors import ImportRefused
from records.intake.files import Sheet, open_sheets
from records.intake.mapping import FileSource, match
from records.intake.source import LEFT_OUT, PERSON_FIELDS, Delivery, Field, Request, Tells, fields_of
from records.intake.sources.attendance import CLASS_GROUP
from records.intake.sources.roster import TERM_LABEL
from records.tables import (
    ATTENDANCE_TOTAL,
    CALENDAR,
    GRADES,
    HOUSEHOLD,
    OUTCOMES,
    SCREENING,
    TABLE_OF,
    TERM_GPA,
    VISITS,
    Table,
)
from records.text import Text

# Days after it happened at which such files usually arrive; for history without an entry time [judgement].
_USUAL_LAG_DAYS = {
    "calendar": -30,
    "attendance_total": 7,
    "grades": 0,
    "term_gpa": 0,
    "household": 30,
    "screening": 7,
    "visits": 7,
    "outcomes": 21,
}
_CANDIDATES: tuple[Table, ...] = (GRADES, SCREENING, HOUSEHOLD, OUTCOMES, VISITS, ATTENDANCE_TOTAL, CALENDAR, TERM_GPA)
_USUALLY: Mapping[str, Mapping[str, str]] = {
    "grades": {"item": "FINAL", "attempt": "1"},
    "visits": {"attempt": "1"},
    "screening": {"tool": "OVEC9"},
}


@cache
def source_of(table: Table) -> FileSource:
    """The plain source of one table: its own column names and their usual headers."""
    people = (*PERSON_FIELDS, CLASS_GROUP) if table.per_student else ()
    terms = (TERM_LABEL,) if any(column.name == "term" for column in table.columns) else ()
    return FileSource(
        name="plain",
        label=table.label,
        about=table.about,
        fields=(*fields_of(table), *terms, *people, *LEFT_OUT),
        tells=(Tells(table=table, lag_days=_USUAL_LAG_DAYS.get(table.name, 0), usually=_USUALLY.get(table.name, {})),),
        marks=(),
    )


class Plain:
    """The source of last resort: the table of which the sheet has everything that is required and most besides."""

    name = "plain"
    label = Text(th="ตารางทั่วไป จับคู่หัวตารางให้เอง", en="any table, headers matched automatically")
    about = Text(
        th="ตารางใดก็ได้ที่หัวตารางเป็นชื่อคอลัมน์ของระบบนี้หรือชื่อที่ใช้กันทั่วไป แถวละหนึ่งข้อเท็จจริง",
        en="any table under this system's column names or their usual headers, one fact a row",
    )
    names_institutions = False
    admits = False
    tells: tuple[Tells, ...] = tuple(source_of(table).tells[0] for table in _CANDIDATES)

    @property
    def fields(self) -> Sequence[Field]:
        return tuple({one.header: one for table in _CANDIDATES for one in source_of(table).fields}.values())

    def comes_as(self, path: Path) -> bool:
        return False

    def recognises(self, sheet: Sheet) -> bool:
        known = {fold_label(alias) for one in self.fields for alias in (one.header, *one.aliases)}
        return sum(fold_label(header) in known for header in sheet.headers) >= 2

    def deliver(self, request: Request) -> Iterator[Delivery]:
        """As the table that was named, else the one that fits best. Raises ImportRefused when none does."""
        if request.table:
            yield from source_of(_named(request.table)).deliver(request)
            return
        headers = {alias for one in self.fields for alias in (one.header, *one.aliases)}
        yield from source_of(_best_table(open_sheets(request.path, headers)[0])).deliver(request)


def _named(name: str) -> Table:
    if name not in TABLE_OF:
        raise ImportRefused(
            f"There is no table '{name}'. Tables: {', '.join(TABLE_OF)}.",
            th=f"ไม่มีตารางชื่อ '{name}'",
            code="UNKNOWN_TABLE",
        )
    return TABLE_OF[name]


def _best_table(sheet: Sheet) -> Table:
    """The table whose requirements the sheet meets and of which it has most columns; else the nearest, which refuses."""
    found = {
        table: {place for one in match(sheet, source_of(table).fields).values() for place in one.to}
        for table in _CANDIDATES
    }
    own = {table: sum(place.startswith(table.name) for place in found[table]) for table in _CANDIDATES}
    complete = [table for table in _CANDIDATES if not _lacks(table, found[table])]
    if complete:
        return max(complete, key=own.__getitem__)
    nearest = max(_CANDIDATES, key=lambda table: own[table] - len(_lacks(table, found[table])))
    if own[nearest] < 2:
        raise ImportRefused.unknown_layout(file=sheet.file, found=sheet.shown_headers, columns=len(sheet.headers))
    return nearest


def _lacks(table: Table, told: set[str]) -> set[str]:
    """The required places of a table that nothing in the sheet fills."""
    usual = {f"{table.name}.{name}" for name in _USUALLY.get(table.name, {})}
    if "*.term_label" in told:
        usual |= {f"{table.name}.academic_year", f"{table.name}.term"}
    needed = {place for one in source_of(table).fields if one.required for place in one.to}
    return needed - told - usual


SOURCE = Plain()
