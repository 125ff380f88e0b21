"""State: what is known of every student of an institution, or of a shard of them, after reading the log up to a moment.

`fold` takes records in reading order and keeps the last version of each fact: single attendance marks in dense cubes
(a byte a day and student), every other table as rows by key. Nothing here looks at a record that was not read yet.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.day_cubes import DayCubes
from features.versioned_rows import NO_DAY, VersionedRows
from records import tables
from records.clock import milliseconds, start_of
from records.log import EventLog
from records.log_file import Within
from records.tables import Table, Use

__all__ = ["FOLDED_TABLES", "NO_DAY", "Replay", "State", "VersionedRows", "calendar_of"]

Ints = npt.NDArray[np.int64]
_END_OF_TIME = np.iinfo(np.int64).max
_LINK = ("student", "same_as", "retracted")
_READ_OF_ATTENDANCE = ("student", "happened_on", "session", "status", "course_code", "retracted")
# Visits, contacts and lists are care: they never enter the state (records.tables.Use.CARE).
FOLDED_TABLES: tuple[Table, ...] = (
    tables.SAME_PERSON,
    tables.STUDENTS,
    tables.CALENDAR,
    tables.RULES,
    tables.ENROLMENTS,
    tables.ROSTER_COUNTS,
    tables.ATTENDANCE,
    tables.ATTENDANCE_TOTAL,
    tables.GRADES,
    tables.TERM_GPA,
    tables.HOUSEHOLD,
    tables.SCREENING,
    tables.OUTCOMES,
)


class State:
    """Everything known of the students of some institutions at a moment.

    Student numbers run through all of them: those of institution i are `offsets[i]` up to `offsets[i + 1]`, the last
    institution is open at its end. `students` is one more than the largest number told so far.
    """

    def __init__(self, offsets: Sequence[int] = (0,), *, sensitive: bool = False) -> None:
        self.offsets: Ints = np.array(offsets, np.int64)
        self.students = 0
        self.attendance = DayCubes()
        folded = (*FOLDED_TABLES, *((tables.SCREENING_SENSITIVE,) if sensitive else ()))
        self.rows: dict[str, VersionedRows] = {
            table.name: VersionedRows(table) for table in folded if table not in (tables.ATTENDANCE, tables.SAME_PERSON)
        }
        self.remembered: dict[str, Any] = {}
        """What was worked out from what has not changed since (see features.remembered); no part of what is known."""
        self.courses: list[str] = []
        self._course_numbers: dict[str, int] = {}
        self.now_called: Ints = np.zeros(0, np.int64)
        self._joined = False

    def institution_of(self, students: Ints) -> Ints:
        """The position of each student's institution."""
        if len(self.offsets) == 1:
            return np.zeros(len(students), np.int64)
        sizes = np.diff(np.minimum([*self.offsets, self.students], self.students))
        return np.repeat(np.arange(len(sizes)), sizes).take(students)

    def fold(self, table: Table, rows: pa.Table) -> None:
        """Take records of one table in reading order. Raises ValueError when a column is not of the table's type."""
        if not rows.num_rows:
            return
        _require_types(table, rows)
        if table is tables.SAME_PERSON:
            self._link(rows)
        elif table is tables.ATTENDANCE:
            self.attendance.fold(rows, self._numbers(rows), self.students, self._courses(rows))
        elif table.per_student:
            students = self._numbers(rows)
            self.rows[table.name].fold(rows, students, self.institution_of(students))
        else:
            institution = _institution(rows)
            self.rows[table.name].fold(rows, institution, institution)

    def _numbers(self, rows: pa.Table) -> Ints:
        told = rows.column("student").to_numpy()
        self._grow(int(told.max()) + 1)
        return np.asarray(self.now_called[told]) if self._joined else told

    def _courses(self, rows: pa.Table) -> npt.NDArray[np.int32] | None:
        """The number of each row's course; None when no row tells one."""
        told = rows.column("course_code") if "course_code" in rows.column_names else None
        if told is None or told.null_count == len(told):
            return None
        encoded = (told if pa.types.is_dictionary(told.type) else told.dictionary_encode()).unify_dictionaries()
        words = encoded.chunk(0).dictionary.to_pylist()
        for word in words:
            if word not in self._course_numbers:
                self._course_numbers[word] = len(self.courses)
                self.courses.append(word)
        mapping = np.array([*(self._course_numbers[word] for word in words), -1], np.int32)
        places = [chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False) for chunk in encoded.chunks]
        return np.asarray(mapping[np.concatenate(places)])

    def _grow(self, students: int) -> None:
        if students > self.students:
            self.now_called = np.concatenate([self.now_called, np.arange(self.students, students)])
            self.students = students

    def _link(self, rows: pa.Table) -> None:
        """Two numbers are one person, and everything told of the old one is of the one that goes on.

        Links come before everything else: of a fact told under both numbers the last version read holds. Raises
        ValueError in a state that knows something already (a Replay begins anew when a link comes).
        """
        if self.students:
            raise ValueError("a link of two numbers is folded before all other records; begin a new state")
        last: dict[int, tuple[int, bool]] = {}
        for old, new, gone in zip(*(rows.column(name).to_pylist() for name in _LINK), strict=True):
            last.pop(old, None)  # in the order of the last versions: of a circle the link told last joins nothing
            last[old] = new, gone
        held = {old: new for old, (new, gone) in last.items() if not gone}
        self._grow(max(max(old, new) for old, (new, _) in last.items()) + 1)
        for old, new in held.items():
            goal = int(self.now_called[new])
            if goal != old:
                self.now_called[self.now_called == old] = goal
        self._joined = bool(held)

    def restore_numbers(self, now_called: Ints, courses: list[str]) -> None:
        """Take the student and course numbers of a saved state."""
        self.students, self.now_called = len(now_called), now_called
        self._joined = bool((now_called != np.arange(len(now_called))).any())
        self.courses = courses
        self._course_numbers = {word: number for number, word in enumerate(courses)}


def _institution(rows: pa.Table) -> Ints:
    if "institution" not in rows.column_names:
        return np.zeros(rows.num_rows, np.int64)
    return np.asarray(rows.column("institution").to_numpy(), np.int64)


def _require_types(table: Table, rows: pa.Table) -> None:
    """A date read as a number of something else would give no rows and no error."""
    for field in rows.schema:
        if field.name not in table.schema.names:
            continue
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if kind != table.schema.field(field.name).type:
            raise ValueError(
                f"{table.name}.{field.name} comes as {field.type}, but the log stores {table.schema.field(field.name).type}. "
                "Cast it before it is folded: a wrong unit would read as no rows."
            )


def read_of(table: Table) -> tuple[str, ...]:
    """The columns that the state keeps, none of them care or audit."""
    if table is tables.ATTENDANCE:
        return _READ_OF_ATTENDANCE
    if table is tables.SAME_PERSON:
        return _LINK
    student = ("student",) if table.per_student else ("institution",)
    kept = (column.name for column in table.columns if column.use in (Use.FEATURE, Use.STATE))
    return (*student, "happened_on", *kept, "retracted")


def calendar_of(log: EventLog, as_of: date) -> State:
    """A state that knows the calendar alone, as of a day."""
    state = State(log.offsets[:-1].tolist())
    for rows in log.reader(tables.CALENDAR, read_of(tables.CALENDAR), dictionaries=True).upto(start_of(as_of)):
        state.fold(tables.CALENDAR, rows)
    return state


class Replay:
    """The log read forward: `advance` folds everything recorded before a day that was not folded yet."""

    def __init__(
        self, log: EventLog, state: State | None = None, *, since: date | None = None, sensitive: bool = False
    ) -> None:
        """From the beginning, or from a saved `state` that was advanced to `since`."""
        self.log = log
        self._sensitive = sensitive
        self._as_of = since
        self._begin(state, since)

    def _begin(self, state: State | None, since: date | None) -> None:
        self.since = since
        self.state = state or State(self.log.offsets[:-1].tolist(), sensitive=self._sensitive)
        folded = [*FOLDED_TABLES, *([tables.SCREENING_SENSITIVE] if self._sensitive else [])]
        low = None if since is None else milliseconds(start_of(since))
        later = None if low is None else Within(column="recorded_at", low=low, high=_END_OF_TIME)
        self._readers = [(table, self.log.reader(table, read_of(table), later, dictionaries=True)) for table in folded]

    def advance(self, as_of: date) -> State:
        """The state as of a day: records known before its first moment in Bangkok. Days must not go backwards."""
        if self._as_of is not None and as_of < self._as_of:
            raise ValueError(f"a replay reads forward: it is at {self._as_of} and cannot go back to {as_of}")
        self._as_of = as_of
        (links, link_reader), *others = self._readers
        told = list(link_reader.upto(start_of(as_of)))
        if told and self.state.students:
            # From now on two numbers are one person, also in what was read before: it is read again.
            self._begin(None, None)
            return self.advance(as_of)
        if told:
            self.state.fold(links, pa.concat_tables(told))
        self.state.attendance.take_no_older_than(as_of)
        for table, reader in others:
            chunks = reader.upto(start_of(as_of))
            if table is tables.ATTENDANCE:  # the cubes take them one by one; rows are merged, so all at once
                for rows in chunks:
                    self.state.fold(table, rows)
            elif told := list(chunks):
                self.state.fold(table, pa.concat_tables(told))
        return self.state
