"""What a source is: how one system's files become cells of our tables, and what those files speak for completely."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import pyarrow as pa

from records.codes import fold_label
from records.college import College
from records.errors import ImportRefused
from records.intake.reading import Sheet
from records.tables import Table
from records.text import Text

Cells: TypeAlias = Any  # pa.Array or pa.ChunkedArray; pyarrow has no types of its own


class Covers(Enum):
    """What a file tells completely: a known fact of this scope that the file no longer has becomes a retraction."""

    NOTHING = "nothing"
    WHOLE_ROSTER = "the roster of its academic year and term"
    DAYS_OF_GROUPS = "its days, for the students and class groups in it"


@dataclass(frozen=True, kw_only=True)
class Told:
    """Cells for one table: by column name, with `happened_on` and, where the source has it, `entered_at`.

    `lag_days` is how long after the day it happened this source usually tells it: it stands in for the entry time of
    history that has none.
    """

    table: Table
    cells: Mapping[str, Cells]
    lag_days: int
    covers: Covers = Covers.NOTHING


@dataclass(frozen=True, kw_only=True)
class PeopleCells:
    """Who each row is about; absent columns are None."""

    national: Cells | None = None
    code: Cells | None = None
    person: Cells | None = None
    title: Cells | None = None
    first_name: Cells | None = None
    last_name: Cells | None = None
    admits: bool = False
    """Whether the file is a roster: its people become students; other files may only speak of known ones."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One file (or part of one) ready to be checked: rows share `lines`; every Told has as many rows."""

    institution: str
    lines: pa.Array
    told: Sequence[Told]
    people: PeopleCells | None = None
    original: Mapping[str, Cells] = field(default_factory=dict)
    ragged: Sequence[tuple[int, str]] = ()
    class_groups: Cells | None = None
    college: College | None = None
    """Set by sources that know the institution and its terms themselves."""
    is_history: bool = False
    """Set by sources whose files are always a closed past."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the caller asked: the file, for whom, when it was received, and which table it is for when that was said."""

    path: Path
    institution: str
    received_at: datetime
    table: str = ""


class Source(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def label(self) -> Text: ...

    def recognises(self, headers: Sequence[str]) -> bool:
        """Whether a file with these headers comes from this source."""
        ...

    def deliver(self, request: Request) -> Iterator[Delivery]: ...


# Headers that name the person, in all files (domain T1).
NATIONAL_HEADERS = (
    "เลขประจำตัวประชาชน", "เลขบัตรประชาชน", "เลขประจำตัวประชาชน 13 หลัก", "หมายเลขประจำตัวประชาชน", "รหัส G", "PersonID_Onec",
    "citizen_id", "national_id",
)  # fmt: skip
CODE_HEADERS = (
    "รหัสนักเรียน", "รหัสนักศึกษา", "รหัสประจำตัวนักศึกษา", "รหัสประจำตัว", "เลขประจำตัว", "เลขประจำตัวนักเรียน", "student_id", "student_code",
)  # fmt: skip
TITLE_HEADERS = ("คำนำหน้า", "คำนำหน้าชื่อ", "PrefixID_Onec")
FIRST_NAME_HEADERS = ("ชื่อ", "ชื่อตัว", "FirstName_Onec")
LAST_NAME_HEADERS = ("นามสกุล", "สกุล", "LastName_Onec")
ENTERED_HEADERS = ("บันทึกเมื่อ", "เวลาบันทึก", "วันที่บันทึก", "entered_at")
PEOPLE_HEADERS = (
    *NATIONAL_HEADERS,
    *CODE_HEADERS,
    *TITLE_HEADERS,
    *FIRST_NAME_HEADERS,
    *LAST_NAME_HEADERS,
    *ENTERED_HEADERS,
)


def find_column(sheet: Sheet, names: Sequence[str]) -> Cells | None:
    """The first column of the sheet that bears one of these headers."""
    wanted = {fold_label(name) for name in names}
    for header, column in zip(sheet.headers, sheet.columns, strict=True):
        if fold_label(header) in wanted:
            return column
    return None


def people_of(sheet: Sheet, *, admits: bool) -> PeopleCells:
    return PeopleCells(
        national=find_column(sheet, NATIONAL_HEADERS),
        code=find_column(sheet, CODE_HEADERS),
        title=find_column(sheet, TITLE_HEADERS),
        first_name=find_column(sheet, FIRST_NAME_HEADERS),
        last_name=find_column(sheet, LAST_NAME_HEADERS),
        admits=admits,
    )


def cells_for(sheet: Sheet, table: Table) -> dict[str, Cells]:
    """The sheet's columns that belong to a table, by column name."""
    cells: dict[str, Cells] = {}
    for column in table.columns:
        found = find_column(sheet, (column.name, column.label.th, column.label.en, *column.aliases))
        if found is not None:
            cells[column.name] = found
    happened = find_column(sheet, ("happened_on", *table.happened_on_aliases))
    if happened is not None:
        cells["happened_on"] = happened
    entered = find_column(sheet, ENTERED_HEADERS)
    if entered is not None:
        cells["entered_at"] = entered
    return cells


def missing_from(table: Table, cells: Mapping[str, Cells]) -> list[str]:
    """The Thai headers of what a table requires and the sheet does not have."""
    missing = [column.label.th for column in table.columns if column.required and column.name not in cells]
    if table.happened_on_aliases and "happened_on" not in cells:
        missing.append(table.happened_on_aliases[0])
    return missing


def require(sheet: Sheet, table: Table, cells: Mapping[str, Cells]) -> None:
    """Raises ImportRefused when the sheet lacks something that the table requires."""
    missing = missing_from(table, cells)
    if table.per_student and find_column(sheet, (*CODE_HEADERS, *NATIONAL_HEADERS)) is None:
        missing.append(CODE_HEADERS[0])
    if missing:
        raise ImportRefused.missing_columns(file=sheet.file, missing=missing, found=sheet.shown_headers)


def original_of(sheet: Sheet) -> dict[str, Cells]:
    """Every cell by header, so that a quarantined row can be kept whole; equal headers get a number."""
    cells: dict[str, Cells] = {}
    for index, (header, column) in enumerate(zip(sheet.headers, sheet.columns, strict=True)):
        cells[header if header and header not in cells else f"{header}#{index + 1}"] = column
    return cells


def repeated(value: str, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, pa.string()), rows)
