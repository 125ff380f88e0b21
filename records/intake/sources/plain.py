"""Any table under its own column names or their usual headers; which table it is, the headers tell."""

from collections.abc import Iterator, Sequence

from records.codes import fold_label
from records.errors import ImportRefused
from records.intake.reading import Sheet, read_sheet
from records.intake.source import (
    PEOPLE_HEADERS,
    Cells,
    Delivery,
    Request,
    Told,
    cells_for,
    missing_from,
    original_of,
    people_of,
    repeated,
    require,
)
from records.tables import (
    ATTENDANCE_TOTAL,
    CALENDAR,
    GRADES,
    HOUSEHOLD,
    OUTCOMES,
    SCREENING,
    TABLE_OF,
    VISITS,
    Table,
)
from records.text import Text

# Days after it happened at which such files usually arrive; for history without an entry time [judgement].
_USUAL_LAG_DAYS = {
    "calendar": -30,
    "attendance_total": 7,
    "grades": 0,
    "household": 30,
    "screening": 7,
    "visits": 7,
    "outcomes": 21,
}
_CANDIDATES: tuple[Table, ...] = (GRADES, SCREENING, HOUSEHOLD, OUTCOMES, VISITS, ATTENDANCE_TOTAL, CALENDAR)
_DEFAULTS = {"grades": {"item": "FINAL", "attempt": "1"}, "visits": {"attempt": "1"}, "screening": {"tool": "OVEC9"}}
_NOT_NEEDED = {ATTENDANCE_TOTAL["from_day"].label.th}
_HEADERS = (
    *PEOPLE_HEADERS,
    *(
        alias
        for table in _CANDIDATES
        for column in table.columns
        for alias in (column.name, column.label.th, *column.aliases)
    ),
    *(alias for table in _CANDIDATES for alias in table.happened_on_aliases),
)


class Plain:
    name = "plain"
    label = Text(th="ตารางทั่วไป จับคู่หัวตารางให้เอง", en="any table, headers matched automatically")

    def recognises(self, headers: Sequence[str]) -> bool:
        known = {fold_label(header) for header in _HEADERS}
        return sum(fold_label(header) in known for header in headers) >= 2

    def deliver(self, request: Request) -> Iterator[Delivery]:
        sheet = read_sheet(request.path, _HEADERS)
        table = _named(request.table) if request.table else _best_table(sheet)
        cells = cells_for(sheet, table)
        _require(sheet, table, cells)
        for name, value in _DEFAULTS.get(table.name, {}).items():
            cells.setdefault(name, repeated(value, sheet.rows))
        yield Delivery(
            institution=request.institution,
            lines=sheet.lines,
            told=[Told(table=table, cells=cells, lag_days=_USUAL_LAG_DAYS.get(table.name, 0))],
            people=people_of(sheet, admits=False) if table.per_student else None,
            original=original_of(sheet),
            ragged=sheet.ragged,
        )


def _require(sheet: Sheet, table: Table, cells: dict[str, Cells]) -> None:
    """Totals without a first day count from the opening of the term; intake makes periods of them."""
    if table is ATTENDANCE_TOTAL and "from_day" not in cells:
        require(sheet, table, {**cells, "from_day": cells.get("held")})
    else:
        require(sheet, table, cells)


def _named(name: str) -> Table:
    if name not in TABLE_OF:
        raise ImportRefused(f"There is no table '{name}'. Tables: {', '.join(TABLE_OF)}.")
    return TABLE_OF[name]


def _best_table(sheet: Sheet) -> Table:
    """The table whose requirements the sheet meets and of which it has most columns; else the nearest is refused by name."""
    found: dict[str, dict[str, Cells]] = {table.name: cells_for(sheet, table) for table in _CANDIDATES}
    complete = [table for table in _CANDIDATES if set(missing_from(table, found[table.name])) <= _NOT_NEEDED]
    if complete:
        return max(complete, key=lambda table: len(found[table.name]))
    nearest = max(_CANDIDATES, key=lambda table: len(found[table.name]) - len(missing_from(table, found[table.name])))
    if len(found[nearest.name]) < 2:
        raise ImportRefused.unknown_layout(file=sheet.file, found=sheet.shown_headers)
    return nearest
