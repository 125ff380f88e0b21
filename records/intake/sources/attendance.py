"""Attendance in the long layout: one row a student, day and session (domain T3)."""

from collections.abc import Iterator, Sequence

from records.codes import fold_label
from records.intake.reading import read_sheet
from records.intake.source import (
    CODE_HEADERS,
    PEOPLE_HEADERS,
    Covers,
    Delivery,
    Request,
    Told,
    cells_for,
    find_column,
    original_of,
    people_of,
    repeated,
    require,
)
from records.tables import ATTENDANCE, ENROLMENTS
from records.text import Text

_USUAL_LAG_DAYS = 1
_HEADERS = (
    *PEOPLE_HEADERS,
    *(alias for column in ATTENDANCE.columns for alias in (column.label.th, *column.aliases)),
    *ATTENDANCE.happened_on_aliases,
    *ENROLMENTS["class_group"].aliases,
)


class AttendanceLong:
    name = "attendance"
    label = Text(th="การมาเรียนรายวัน (แถวละวัน)", en="attendance, one row a day")

    def recognises(self, headers: Sequence[str]) -> bool:
        folded = {fold_label(header) for header in headers}
        needed = (ATTENDANCE["status"].aliases, ATTENDANCE.happened_on_aliases, CODE_HEADERS)
        is_roster = folded & {fold_label(alias) for alias in ENROLMENTS["level"].aliases}
        return not is_roster and all(folded & {fold_label(alias) for alias in aliases} for aliases in needed)

    def deliver(self, request: Request) -> Iterator[Delivery]:
        sheet = read_sheet(request.path, _HEADERS)
        cells = cells_for(sheet, ATTENDANCE)
        require(sheet, ATTENDANCE, cells)
        cells.setdefault("session", repeated("DAY", sheet.rows))
        yield Delivery(
            institution=request.institution,
            lines=sheet.lines,
            told=[Told(table=ATTENDANCE, cells=cells, lag_days=_USUAL_LAG_DAYS, covers=Covers.DAYS_OF_GROUPS)],
            people=people_of(sheet, admits=False),
            original=original_of(sheet),
            ragged=sheet.ragged,
            class_groups=find_column(sheet, ENROLMENTS["class_group"].aliases),
        )
