"""What a source is: which header of one system's files is which column of our tables, and what those files speak for.

A source is a declaration that a person can read beside a printed file; `mapping.py` does what it says.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from records.college import College
from records.home import DataHome
from records.intake.files import Sheet
from records.tables import Column, Table
from records.text import Text

Cells: TypeAlias = Any  # pa.Array or pa.ChunkedArray; pyarrow has no types of its own


class Covers(Enum):
    """What a file tells completely: a known fact of this scope that the file no longer has becomes a retraction."""

    NOTHING = "nothing"
    WHOLE_ROSTER = "the roster of its academic year and term"
    ROSTER_OF_GROUPS = "the roster of its academic year and term, for the class groups in it"
    DAYS_OF_GROUPS = "its days, for the students and class groups in it"
    WHOLE_TERMS = "the calendar of its terms, and of one that was told of their time under another number"


class Shape(Enum):
    """What the values under a header look like: tells apart columns with the same header."""

    PERSON_NUMBER = "ten characters or more, mostly digits"
    SCHOOL_NUMBER = "eight characters or fewer"


@dataclass(frozen=True, kw_only=True)
class Field:
    """A column of a source's files: its header there, and every place of ours that it fills.

    `to` names `table.column`, `*.column` (every table that the file tells) or `person.part`; empty for a column that is
    known and left out on purpose. `words` are this source's own words for our codes.
    """

    header: str
    to: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    required: bool = False
    words: Mapping[str, str] = field(default_factory=dict)
    shape: Shape | None = None
    example: str = ""
    about: Text | None = None


@dataclass(frozen=True, kw_only=True)
class Tells:
    """One table that a source's files tell, how completely, and how long after the day they usually come in.

    `lag_days` stands in for the entry time of history that has none. `usually` holds for rows whose file has no such
    column.
    """

    table: Table
    lag_days: int
    covers: Covers = Covers.NOTHING
    usually: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Told:
    """Cells for one table: by column name, with `happened_on` and, where the source has it, `entered_at`."""

    table: Table
    cells: Mapping[str, Cells]
    lag_days: int
    covers: Covers = Covers.NOTHING


@dataclass(frozen=True, kw_only=True)
class PeopleCells:
    """Who each row is about: absent columns are None."""

    national: Cells | None = None
    passport: Cells | None = None
    code: Cells | None = None
    person: Cells | None = None
    any: Cells | None = None
    """A column in which each cell may be a national number, a G-code, a passport or a student code."""
    title: Cells | None = None
    first_name: Cells | None = None
    last_name: Cells | None = None
    full_name: Cells | None = None
    birth_date: Cells | None = None
    guardian: Cells | None = None
    guardian_last: Cells | None = None
    admits: bool = False
    """Whether the file is a roster: its people become students; other files may only speak of known ones."""


def cell_names(headers: Sequence[str]) -> list[str]:
    """The headers of a sheet made distinct: a column without one, or with one that was there already, gets its number."""
    names: list[str] = []
    for index, header in enumerate(headers):
        names.append(header if header and header not in names else f"{header}#{index + 1}")
    return names


@dataclass(frozen=True, kw_only=True)
class Originals:
    """The rows as the file has them, so that one that cannot be taken is kept whole; equal headers get a number."""

    headers: Sequence[str]
    columns: Sequence[Cells]
    lines: pa.Array

    def row(self, line: int) -> dict[str, str]:
        """Every cell of a line by header; KeyError when the line is not among these rows."""
        lines = self.lines.to_numpy()
        place = int(np.searchsorted(lines, line))
        if place >= len(lines) or lines[place] != line:
            raise KeyError("no such line here")
        cells = (str(column[place].as_py() or "") for column in self.columns)
        return dict(zip(cell_names(self.headers), cells, strict=True))


@dataclass(frozen=True, kw_only=True)
class Portion:
    """Some rows of a delivery, in the file's order, ready to be checked: every Told has as many rows as `lines`.

    A line repeats where the columns of a row became records of their own (a column a day).
    """

    lines: pa.Array
    told: Sequence[Told]
    originals: Originals
    people: PeopleCells | None = None
    class_groups: Cells | None = None
    ragged: Sequence[tuple[int, str]] = ()
    layout: Sequence[tuple[int, str]] = ()
    warnings: Mapping[str, npt.NDArray[np.int64]] = field(default_factory=dict)
    """What the source itself saw about rows: code of a problem → positions in `lines`."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One file (or part of one) for one institution; `portions` may be asked for again and reads the file again."""

    institution: str
    portions: Callable[[], Iterator[Portion]]
    sheets: Sequence[str] = ()
    """Names of the sheets whose rows came in; a line of sheet k counts from k * SHEET_STEP."""
    pages: Sequence[Sheet] = ()
    """The sheets whose rows came in, so that rows in quarantine can be brought in again as rows of them."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """The file's own header of each place that a column of it fills."""
    dropped: Sequence[str] = ()
    """Headers that are known and were left out on purpose."""
    unmapped: Sequence[str] = ()
    """Headers that nothing here knows."""
    notes: Sequence[Text] = ()
    beside: Callable[[DataHome], Sequence[Text]] = lambda home: ()
    """What the file says beside what the log knows, for files that only sum up."""
    college: College | None = None
    """Set by sources that know the institution and its terms themselves."""
    is_history: bool = False
    """Set by sources whose files are always a closed past."""


SHEET_STEP = 2_000_000  # more rows than a sheet can have


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the caller asked: the file, for whom, when it was received, and which table it is for when that was said."""

    path: Path
    institution: str
    received_at: datetime
    table: str = ""
    lookups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What the codes of other systems mean here: `table.column` → {their code: our code}."""


class Source(Protocol):
    """What intake asks of a source; FileSource is the usual one, a few that come as bundles have a class of their own."""

    @property
    def name(self) -> str: ...

    @property
    def label(self) -> Text: ...

    @property
    def about(self) -> Text: ...

    @property
    def fields(self) -> Sequence[Field]: ...

    @property
    def tells(self) -> Sequence[Tells]: ...

    @property
    def admits(self) -> bool:
        """Whether the files are rosters, whose people become students."""
        ...

    @property
    def names_institutions(self) -> bool:
        """Whether the files themselves say which institutions they are about."""
        ...

    def comes_as(self, path: Path) -> bool:
        """Whether this is a bundle (a folder, an archive) of this source."""
        ...

    def recognises(self, sheet: Sheet) -> bool:
        """Whether a sheet with these headers comes from this source."""
        ...

    def deliver(self, request: Request) -> Iterator[Delivery]: ...


# Headers that name the person, in all files (domain T1).
NATIONAL = Field(
    header="เลขประจำตัวประชาชน", to=("person.national",), example="1-1002-01520-68-8",
    aliases=(
        "เลขบัตรประชาชน", "เลขประจำตัวประชาชน 13 หลัก", "หมายเลขประจำตัวประชาชน", "รหัส G", "PersonID_Onec", "citizen_id", "national_id",
    ),
)  # fmt: skip
PASSPORT = Field(header="เลขที่หนังสือเดินทาง", to=("person.passport",), aliases=("PassportNumber_Onec", "passport"))
CODE = Field(
    header="รหัสนักเรียน", to=("person.code",), example="69201010025",
    aliases=(
        "รหัสนักศึกษา", "รหัสประจำตัวนักศึกษา", "รหัสประจำตัว", "เลขประจำตัว", "เลขประจำตัวนักเรียน", "student_id", "student_code",
    ),
)  # fmt: skip
TITLE = Field(header="คำนำหน้าชื่อ", to=("person.title",), aliases=("คำนำหน้า", "PrefixID_Onec"), example="นาย")
FIRST_NAME = Field(
    header="ชื่อ", to=("person.first_name",), aliases=("ชื่อตัว", "FirstName_Onec", "first_name"), example="สมชาย"
)
LAST_NAME = Field(
    header="นามสกุล", to=("person.last_name",), aliases=("สกุล", "LastName_Onec", "last_name"), example="ใจดี"
)
FULL_NAME = Field(
    header="ชื่อ-สกุล", to=("person.full_name",), aliases=("ชื่อ - นามสกุล", "ชื่อ-นามสกุล", "ชื่อ สกุล", "FullName_Onec"),
    example="นายสมชาย ใจดี",
)  # fmt: skip
GUARDIAN = Field(header="ชื่อผู้ปกครอง", to=("person.guardian",), aliases=("ผู้ปกครอง", "ชื่อ-สกุลผู้ปกครอง"))
ENTERED = Field(
    header="บันทึกเมื่อ", to=("*.entered_at",), aliases=("เวลาบันทึก", "วันที่บันทึก", "entered_at", "ประทับเวลา", "Timestamp"),
    example="16/05/2568 08:12",
)  # fmt: skip
PERSON_FIELDS = (NATIONAL, PASSPORT, CODE, TITLE, FIRST_NAME, LAST_NAME, FULL_NAME, ENTERED)

# Known columns that are left out on purpose: they are sensitive, or nothing here needs them (domain T1, 2.9).
LEFT_OUT = tuple(
    Field(header=header)
    for header in (
        "ศาสนา", "เชื้อชาติ", "กลุ่มเลือด", "หมู่โลหิต", "บ้านเลขที่", "หมู่", "หมู่ที่", "ถนน/ซอย", "ถนน", "ซอย", "ตรอก", "ตำบล", "อำเภอ", "จังหวัด",
        "รหัสไปรษณีย์", "โทรศัพท์", "เบอร์โทร", "เบอร์โทรผู้ปกครอง", "ชื่อบิดา", "นามสกุลบิดา", "อาชีพของบิดา", "ชื่อมารดา", "นามสกุลมารดา",
        "อาชีพของมารดา", "อาชีพของผู้ปกครอง", "น้ำหนัก", "ส่วนสูง", "ความเกี่ยวข้องของผู้ปกครองกับนักเรียน", "ความเกี่ยวข้อง", "รูปถ่าย", "พิกัด", "ละติจูด", "ลองจิจูด", "อีเมล", "ที่อยู่อีเมล", "LINE ID", "Facebook",
    )
)  # fmt: skip


def field_of(table: Table, column: Column, **changes: Any) -> Field:
    """The usual field of a column: a header that exports give it, every alias, and whether it must be there."""
    first = column.label.th if column.label.th in column.aliases or not column.aliases else column.aliases[0]
    told: dict[str, Any] = {
        "header": first,
        "to": (f"{table.name}.{column.name}",),
        "aliases": (
            *(alias for alias in column.aliases if alias != first),
            column.label.th,
            column.name,
            column.label.en,
        ),
        "required": column.required,
    }
    return Field(**{**told, **changes})


def fields_of(table: Table, *names: str) -> tuple[Field, ...]:
    """The usual fields of a table (or of some of its columns), with the day it happened."""
    chosen = [table[name] for name in names] if names else table.columns
    fields = tuple(field_of(table, column) for column in chosen)
    if not table.happened_on_aliases:
        return fields
    first, *others = table.happened_on_aliases
    day = Field(
        header=first,
        to=(f"{table.name}.happened_on",),
        aliases=(*others, "happened_on"),
        required=True,
        example="16/05/2568",
    )
    return (*fields, day)


def in_one(
    institution: str, *, lines: pa.Array, told: Sequence[Told], people: PeopleCells | None = None, **more: Any
) -> Delivery:
    """A delivery that is at hand as a whole, without cells of a file behind it."""
    portion = Portion(lines=lines, told=told, people=people, originals=Originals(headers=(), columns=(), lines=lines))
    return Delivery(institution=institution, portions=lambda: iter([portion]), **more)
