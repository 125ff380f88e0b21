"""State: what is known of every student of an institution after reading the log up to a moment.

`fold` takes records in reading order and keeps the last version of each fact: attendance days in a dense cube
(day by student, one byte), every other table as rows by key. Nothing here looks at a record that was not read yet.
"""

from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from records import tables
from records.clock import start_of
from records.log import EventLog
from records.tables import Column, Kind, Table
from records.versions import row_codes

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
DAYS_AT_ONCE = 64
NO_DAY = np.iinfo(np.int32).min
_LINK = ("student", "same_as", "retracted")
_READ_OF_ATTENDANCE = ("student", "happened_on", "session", "status", "retracted")
# Visits, contacts and lists are care: they never enter the state (records.tables.Use.CARE).
FOLDED_TABLES: tuple[Table, ...] = (
    tables.SAME_PERSON,
    tables.STUDENTS,
    tables.CALENDAR,
    tables.ENROLMENTS,
    tables.ROSTER_COUNTS,
    tables.ATTENDANCE,
    tables.ATTENDANCE_TOTAL,
    tables.GRADES,
    tables.HOUSEHOLD,
    tables.SCREENING,
    tables.OUTCOMES,
)
_STATUS = tables.ATTENDANCE["status"].codes
_DAY_SESSION = tables.ATTENDANCE["session"].codes
assert _STATUS is not None
assert _DAY_SESSION is not None
_WHOLE_DAY = _DAY_SESSION.position("DAY")
_NOT_HELD = [_STATUS.position(value) for value in ("N", "H")]


class AttendanceCube:
    """`days[day, student]` holds 0 for no record, else the status code + 1; day 0 is `first_day` (days since 1970)."""

    def __init__(self) -> None:
        self.first_day = 0
        self.days: npt.NDArray[np.uint8] = np.zeros((0, 0), np.uint8)

    @property
    def end_day(self) -> int:
        return self.first_day + len(self.days)

    def fold(self, rows: pa.Table, students: Ints, size: int) -> None:
        whole_day = rows.column("session").to_numpy() == _WHOLE_DAY
        day = rows.column("happened_on").cast(pa.int32()).to_numpy()[whole_day].astype(np.int64)
        if not len(day):
            return
        status = rows.column("status").fill_null(0).to_numpy()[whole_day]
        gone = rows.column("retracted").to_numpy()[whole_day] | np.isin(status, _NOT_HELD)
        self._make_room(int(day.min()), int(day.max()) + 1, size)
        # Of repeated cells NumPy keeps the last assignment, and rows come in reading order: the last version wins.
        cells = (day - self.first_day) * self.days.shape[1] + students[whole_day]
        self.days.reshape(-1)[cells] = np.where(gone, 0, status + 1).astype(np.uint8)

    def _make_room(self, first: int, end: int, size: int) -> None:
        held = self.days
        if held.size == 0:
            self.first_day = first
            self.days = np.zeros((max(end - first, DAYS_AT_ONCE), size), np.uint8)
            return
        if first >= self.first_day and end <= self.end_day and size <= held.shape[1]:
            return
        low = min(first, self.first_day)
        high = max(end + DAYS_AT_ONCE if end > self.end_day else self.end_day, low)
        self.days = np.zeros((high - low, max(size, held.shape[1])), np.uint8)
        self.days[self.first_day - low : self.first_day - low + held.shape[0], : held.shape[1]] = held
        self.first_day = low

    def window(self, first: int, end: int, students: Ints) -> npt.NDArray[np.uint8]:
        """The days from `first` up to (not including) `end` that the cube has, for these students: (days, students)."""
        low = max(first, self.first_day) - self.first_day
        high = min(end, self.end_day) - self.first_day
        if high <= low:
            return np.zeros((0, len(students)), np.uint8)
        inside = students < self.days.shape[1]
        block = np.zeros((high - low, len(students)), np.uint8)
        block[:, inside] = self.days[low:high, students[inside]]
        return block

    def join(self, old: int, new: int) -> None:
        """Two numbers are one person: days that only the old number has move to the new one."""
        if not self.days.size:
            return
        if max(old, new) >= self.days.shape[1]:
            self._make_room(self.first_day, self.end_day, max(old, new) + 1)
        empty = self.days[:, new] == 0
        self.days[empty, new] = self.days[empty, old]
        self.days[:, old] = 0


class VersionedRows:
    """The last version of every key of one table, as NumPy columns sorted by (student, key).

    Codes and flags are small integers (-1 missing), numbers float64 (NaN missing), dates days since 1970
    (NO_DAY missing), texts positions in `words` (-1 missing). `alive` is False for a retracted fact; `read` orders rows by
    when they were read.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self.words: dict[str, list[str]] = {column.name: [] for column in table.columns if column.kind is Kind.TEXT}
        self._word_positions: dict[str, dict[str, int]] = {name: {} for name in self.words}
        self._key_parts: dict[tuple[Any, ...], int] = {}
        self._keys: Ints = np.zeros(0, np.int64)
        self._read = 0
        self.columns: dict[str, npt.NDArray[Any]] = self._empty()

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def student(self) -> Ints:
        return self._keys >> 32

    def fold(self, rows: pa.Table, students: Ints) -> None:
        """Take records in reading order; the last version of a key stays."""
        keys = (students << 32) | self._local_keys(rows)
        fresh = {column.name: self._numbers(column, rows.column(column.name)) for column in self.table.columns}
        fresh["happened_on"] = rows.column("happened_on").cast(pa.int32()).to_numpy()
        fresh["alive"] = ~rows.column("retracted").to_numpy(zero_copy_only=False)
        fresh["read"] = np.arange(self._read, self._read + rows.num_rows)
        self._read += rows.num_rows
        # np.unique finds the first of each key; the newest of a reversed batch is its first.
        distinct, reversed_first = np.unique(keys[::-1], return_index=True)
        last: Ints = len(keys) - 1 - reversed_first
        place: Ints = np.asarray(np.searchsorted(self._keys, distinct), np.int64)
        exists = np.zeros(len(distinct), bool)
        inside = place < len(self._keys)
        exists[inside] = self._keys[place[inside]] == distinct[inside]
        for name, values in fresh.items():
            self.columns[name][place[exists]] = values[last[exists]]
        added = distinct[~exists]
        if not len(added):
            return
        at = place[~exists] + np.arange(len(added))
        stays = np.ones(len(self._keys) + len(added), bool)
        stays[at] = False
        self._keys = _between(self._keys, added, stays, at)
        for name, values in fresh.items():
            self.columns[name] = _between(self.columns[name], values[last[~exists]], stays, at)

    def join(self, old: int, new: int) -> None:
        """Two numbers are one person: facts that only the old number has become facts of the new one."""
        of_old = self.student == old
        moved = (np.int64(new) << 32) | (self._keys & 0xFFFFFFFF)
        kept = ~of_old | ~np.isin(moved, self._keys[self.student == new])
        keys = np.where(of_old, moved, self._keys)[kept]
        order = np.argsort(keys, kind="stable")
        self._keys = keys[order]
        self.columns = {name: values[kept][order] for name, values in self.columns.items()}

    def _local_keys(self, rows: pa.Table) -> Ints:
        """A number for each combination of the key besides the student: terms, courses and days are few."""
        if not self.table.key:
            return np.zeros(rows.num_rows, np.int64)
        codes = row_codes(rows, self.table.key)
        _, first = np.unique(codes, return_index=True)
        parts = rows.select(list(self.table.key)).take(pa.array(first)).to_pylist()
        local = np.empty(len(first), np.int64)
        for position, part in enumerate(parts):
            local[position] = self._key_parts.setdefault(tuple(part.values()), len(self._key_parts))
        return np.asarray(local[codes])

    def _numbers(self, column: Column, values: pa.ChunkedArray) -> npt.NDArray[Any]:
        match column.kind:
            case Kind.CODE | Kind.FLAG:
                return np.asarray(values.cast(pa.int16()).fill_null(-1).to_numpy())
            case Kind.NUMBER | Kind.WHOLE:
                return np.asarray(values.cast(pa.float64()).fill_null(np.nan).to_numpy())
            case Kind.DATE:
                return np.asarray(values.cast(pa.int32()).fill_null(NO_DAY).to_numpy())
            case Kind.TEXT:
                return self._word_numbers(column.name, values)

    def _word_numbers(self, name: str, values: pa.ChunkedArray) -> npt.NDArray[np.int32]:
        encoded = values.combine_chunks().dictionary_encode()
        positions, words = self._word_positions[name], self.words[name]
        mapping = np.empty(len(encoded.dictionary) + 1, np.int32)
        mapping[-1] = -1
        for index, word in enumerate(encoded.dictionary.to_pylist()):
            if word not in positions:
                positions[word] = len(words)
                words.append(word)
            mapping[index] = positions[word]
        return np.asarray(mapping[encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)])

    def _empty(self) -> dict[str, npt.NDArray[Any]]:
        kinds: dict[Kind, type] = {
            Kind.CODE: np.int16, Kind.FLAG: np.int16, Kind.NUMBER: np.float64, Kind.WHOLE: np.float64,
            Kind.DATE: np.int32, Kind.TEXT: np.int32,
        }  # fmt: skip
        columns: dict[str, npt.NDArray[Any]] = {c.name: np.zeros(0, kinds[c.kind]) for c in self.table.columns}
        return {
            **columns,
            "happened_on": np.zeros(0, np.int32),
            "alive": np.zeros(0, bool),
            "read": np.zeros(0, np.int64),
        }


def _between(held: npt.NDArray[Any], added: npt.NDArray[Any], stays: Flags, at: Ints) -> npt.NDArray[Any]:
    """`held` with `added` at the positions `at`; `stays` marks where the old values go."""
    if not len(held):
        return added
    merged = np.empty(len(stays), held.dtype)
    merged[stays] = held
    merged[at] = added
    return merged


class State:
    """Everything known of one institution's students at a moment; `students` is one more than the largest number."""

    def __init__(self) -> None:
        self.students = 0
        self.attendance = AttendanceCube()
        self.rows: dict[str, VersionedRows] = {
            table.name: VersionedRows(table)
            for table in FOLDED_TABLES
            if table not in (tables.ATTENDANCE, tables.SAME_PERSON)
        }
        self._now_called: Ints = np.zeros(0, np.int64)

    def fold(self, table: Table, rows: pa.Table) -> None:
        """Take records of one table in reading order."""
        if not rows.num_rows:
            return
        numbers = self._numbers(rows) if table.per_student else np.zeros(rows.num_rows, np.int64)
        if table is tables.SAME_PERSON:
            for old, new, gone in zip(*(rows.column(name).to_pylist() for name in _LINK), strict=True):
                if old != new and not gone:
                    self._join(old, new)
        elif table is tables.ATTENDANCE:
            self.attendance.fold(rows, numbers, self.students)
        else:
            self.rows[table.name].fold(rows, numbers)

    def _numbers(self, rows: pa.Table) -> Ints:
        told = rows.column("student").to_numpy().astype(np.int64)
        self._grow(int(told.max()) + 1)
        return np.asarray(self._now_called[told])

    def _grow(self, students: int) -> None:
        if students > self.students:
            self._now_called = np.concatenate([self._now_called, np.arange(self.students, students)])
            self.students = students

    def _join(self, old: int, new: int) -> None:
        self._grow(max(old, new) + 1)
        new = int(self._now_called[new])
        self._now_called[self._now_called == old] = new
        self.attendance.join(old, new)
        for name, held in self.rows.items():
            if name not in (tables.CALENDAR.name, tables.ROSTER_COUNTS.name):
                held.join(old, new)


class Replay:
    """The log read forward: `advance` folds everything recorded before a day that was not folded yet."""

    def __init__(self, log: EventLog) -> None:
        self.log = log
        self.state = State()
        # Attendance is nearly all of a log: only what the cube takes is read.
        only = {tables.ATTENDANCE: _READ_OF_ATTENDANCE}
        self._readers = [(table, log.reader(table, only.get(table))) for table in FOLDED_TABLES]
        self._as_of: date | None = None

    def advance(self, as_of: date) -> State:
        """The state as of a day: records known before its first moment in Bangkok. Days must not go backwards."""
        if self._as_of is not None and as_of < self._as_of:
            raise ValueError(f"a replay reads forward: it is at {self._as_of} and cannot go back to {as_of}")
        self._as_of = as_of
        for table, reader in self._readers:
            for rows in reader.upto(start_of(as_of)):
                self.state.fold(table, rows)
        return self.state
