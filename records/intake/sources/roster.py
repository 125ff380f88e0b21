"""A class roster as CSV or XLSX: one row a student of the whole institution in one term."""

from collections.abc import Iterator, Sequence

from records.codes import fold_label
from records.intake.reading import read_sheet
from records.intake.source import (
    PEOPLE_HEADERS,
    Covers,
    Delivery,
    Request,
    Told,
    cells_for,
    original_of,
    people_of,
    repeated,
    require,
)
from records.tables import ENROLMENTS, STUDENTS
from records.text import Text

_HEADERS = (
    *PEOPLE_HEADERS,
    *(
        alias
        for table in (STUDENTS, ENROLMENTS)
        for column in table.columns
        for alias in (column.label.th, *column.aliases)
    ),
    *ENROLMENTS.happened_on_aliases,
)


class Roster:
    name = "roster"
    label = Text(th="ทะเบียนรายชื่อตามกลุ่มเรียน", en="class roster")

    def recognises(self, headers: Sequence[str]) -> bool:
        folded = {fold_label(header) for header in headers}
        needed = [ENROLMENTS[name] for name in ("academic_year", "term", "level", "class_group")]
        return all(
            folded & {fold_label(alias) for alias in (column.name, column.label.th, *column.aliases)}
            for column in needed
        )

    def deliver(self, request: Request) -> Iterator[Delivery]:
        sheet = read_sheet(request.path, _HEADERS)
        enrolments = cells_for(sheet, ENROLMENTS)
        require(sheet, ENROLMENTS, enrolments)
        enrolments.setdefault("status", repeated("ENROLLED", sheet.rows))
        students = {**cells_for(sheet, STUDENTS), "happened_on": enrolments["happened_on"]}
        yield Delivery(
            institution=request.institution,
            lines=sheet.lines,
            told=[
                Told(table=STUDENTS, cells=students, lag_days=1),
                Told(table=ENROLMENTS, cells=enrolments, lag_days=1, covers=Covers.WHOLE_ROSTER),
            ],
            people=people_of(sheet, admits=True),
            original=original_of(sheet),
            ragged=sheet.ragged,
        )
