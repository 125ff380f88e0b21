"""The last version of every fact of one table: what the state keeps of all tables but single attendance days."""

from collections.abc import Iterator, Mapping
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.row_keys import RowKeys
from features.told_since import told_since
from records.tables import ENROLMENTS, Column, Kind, Table, Use

Ints = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
Columns = dict[str, npt.NDArray[Any]]
NO_DAY = np.iinfo(np.int32).min
_STORED: dict[Kind, type] = {
    Kind.CODE: np.int16, Kind.FLAG: np.int16, Kind.NUMBER: np.float64, Kind.WHOLE: np.float32,
    Kind.DATE: np.int32, Kind.TEXT: np.int32,
}  # fmt: skip
_KEPT_BESIDE = {"happened_on": np.int32, "alive": np.bool_, "read": np.int64}


class _WithKey(Mapping[str, npt.NDArray[Any]]):
    """The columns that are held, and those of the key, which are read from it when one is asked for."""

    def __init__(self, rows: "VersionedRows") -> None:
        self._rows = rows

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        held = self._rows.held
        return held[name] if name in held else self._rows.key_column(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self._rows.table.key, *self._rows.held]))

    def __len__(self) -> int:
        return len(list(iter(self)))


class VersionedRows:
    """The last version of every key of one table, as NumPy columns sorted by (student, key).

    A row's key is a number; only what is not of the key is `held` row by row, `columns` gives both.

    Codes and flags are small integers (-1 missing), numbers floats (NaN missing), dates days since 1970 (NO_DAY
    missing), texts positions in `words` (-1 missing). `alive` is False for a retracted fact; `read` orders rows by when
    they were read; rows of rosters have `told_since` (see features.told_since). Of a table that is not about students, `student` is the position of the institution. `newest_day` is the
    last day on which any of the facts happened (NO_DAY without one), `version` counts the changes.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self.version = 0
        self.words: dict[str, list[str]] = {column.name: [] for column in table.columns if column.kind is Kind.TEXT}
        self._word_positions: dict[str, dict[str, int]] = {name: {} for name in self.words}
        self._row_keys = RowKeys(table)
        self._keys: Ints = np.zeros(0, np.int64)
        self._read = 0
        self._starts: Ints | None = None
        self.newest_day = NO_DAY
        self._has_attempts = False
        self._kept = [column for column in table.columns if column.use in (Use.FEATURE, Use.STATE)]
        self.held: Columns = {
            column.name: np.zeros(0, _STORED[column.kind]) for column in self._kept if column.name not in table.key
        }
        self.held |= {name: np.zeros(0, kind) for name, kind in _KEPT_BESIDE.items()}
        if table is ENROLMENTS:
            self.held["told_since"] = np.zeros(0, np.int32)
        self._key_columns: Columns = {}

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def columns(self) -> Mapping[str, npt.NDArray[Any]]:
        return _WithKey(self)

    def key_column(self, name: str) -> npt.NDArray[Any]:
        """A column of the key, row by row. Raises KeyError for any other column."""
        if name not in self._key_columns:
            self._key_columns[name] = self.by_key(self.of_key(name))
        return self._key_columns[name]

    @property
    def student(self) -> Ints:
        return self._keys >> 32

    def starts(self, students: int) -> Ints:
        """Where the rows of each student begin, and the end: (students + 1,)."""
        if self._starts is None or len(self._starts) != students + 1:
            self._starts = _starts(self._keys, students)
        return self._starts

    def of_key(self, name: str) -> npt.NDArray[Any]:
        """A column of the key: one value for each number of a key.

        Raises KeyError for any other column, and for `happened_on`, which is held.
        """
        if name not in self.table.key:
            raise KeyError(name)
        kind = self.table[name].kind
        missing = np.nan if kind in (Kind.NUMBER, Kind.WHOLE) else NO_DAY if kind is Kind.DATE else -1
        return self._row_keys.values(name, _STORED[kind], missing)

    def by_key(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Each row's own of `values`, which has one for each number of a key."""
        return np.asarray(_looked_up(values, self._keys))

    def terms(self) -> Ints:
        """The term that each row carries, as a number that grows from term to term."""
        year, term = self.of_key("academic_year"), self.of_key("term")
        return np.asarray(self.by_key((year * 10 + term).astype(np.int64)))

    def newness(self) -> Ints:
        """Later rows have larger numbers: by the day it happened, then as they were read.

        Where there is one row a term, by the term: results that are released again are not those of a later term.
        """
        one_a_term = self.table.key == ("academic_year", "term")
        day = self.terms() if one_a_term else self.columns["happened_on"].astype(np.int64)
        return np.asarray((day << 40) + self.columns["read"])

    def superseded(self, students: int, today: int) -> Flags | None:
        """Rows that a later attempt at the same piece of work has overtaken before `today`; None when there is none.

        An attempt without a number is the first; of two first ones the row read last speaks.
        """
        if not self._has_attempts:
            return None
        attempt, starts = self.columns["attempt"], self.starts(students)
        speaks = self.columns["alive"] & (self.columns["happened_on"] < today)
        piece = self._row_keys.without_last(self._keys & 0xFFFFFFFF)
        return np.asarray(_overtaken(starts, piece, np.nan_to_num(attempt, nan=1.0), self.columns["read"], speaks))

    def any_since(self, day: int) -> bool:
        """Whether any of these facts happened on a day (since 1970) or after it."""
        return self.newest_day >= day

    def _changed(self) -> None:
        self.version += 1
        self._starts = None
        self._key_columns = {}
        self.newest_day = int(self.held["happened_on"].max(initial=NO_DAY))
        self._has_attempts = "attempt" in self.table.key and not _is_constant(self.of_key("attempt"))

    def fold(self, rows: pa.Table, students: Ints, institution: Ints) -> None:
        """Take records in reading order; the last version of a key stays.

        `students` are the numbers by which the rows are kept, `institution` the positions of their institutions.
        """
        told = {column.name: self._numbers(column, rows.column(column.name)) for column in self._kept}
        told["happened_on"] = _days(rows.column("happened_on"))
        keys = (students.astype(np.int64) << 32) | self._row_keys.numbers(institution, told)
        fresh = {name: values for name, values in told.items() if name in self.held}
        fresh["alive"] = _alive(rows.column("retracted"))
        if "told_since" in self.held:
            fresh["told_since"] = told_since(keys, fresh, self._keys, self.held)
        read = np.arange(rows.num_rows, dtype=np.int32)
        if not (keys[1:] > keys[:-1]).all():
            keys, read = _last_of_each(keys, int(students.max()) + 1)
            # Of a column that is the same everywhere any part is as good as another.
            fresh = {
                name: values[: len(read)] if _is_constant(values) else taken(values, read)
                for name, values in fresh.items()
            }
        fresh["read"] = read + np.int64(self._read)
        self._read += rows.num_rows
        if not len(self._keys):
            self._keys, self.held = keys, fresh
            self._changed()
            return
        held_at, fresh_at, size = _places(self._keys, keys)
        self._keys = _together(self._keys, held_at, keys, fresh_at, size)
        self.held = {name: _together(held, held_at, fresh[name], fresh_at, size) for name, held in self.held.items()}
        self._changed()

    def _numbers(self, column: Column, values: pa.ChunkedArray) -> npt.NDArray[Any]:
        stored = _STORED[column.kind]
        if values.null_count == len(values):
            missing = np.nan if stored in (np.float32, np.float64) else NO_DAY if column.kind is Kind.DATE else -1
            return np.full(len(values), missing, stored)
        match column.kind:
            case Kind.TEXT:
                return self._word_numbers(column.name, values)
            case Kind.DATE:
                return np.asarray(values.cast(pa.int32()).fill_null(NO_DAY).to_numpy())
            case _ if not values.null_count:  # most columns: one copy is enough
                return np.asarray(values.to_numpy()).astype(stored, copy=False)
            case Kind.CODE | Kind.FLAG:
                return np.asarray(values.cast(pa.int16()).fill_null(-1).to_numpy())
            case Kind.NUMBER | Kind.WHOLE:
                return np.asarray(values.cast(pa.float64()).fill_null(np.nan).to_numpy()).astype(stored, copy=False)

    def _word_numbers(self, name: str, values: pa.ChunkedArray) -> npt.NDArray[np.int32]:
        encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
        positions, words = self._word_positions[name], self.words[name]
        found = []
        for chunk in encoded.chunks:
            mapping = np.empty(len(chunk.dictionary) + 1, np.int32)
            mapping[-1] = -1
            for index, word in enumerate(chunk.dictionary.to_pylist()):
                if word not in positions:
                    positions[word] = len(words)
                    words.append(word)
                mapping[index] = positions[word]
            found.append(taken(mapping, chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False)))
        return np.concatenate(found)

    # What a saved state keeps

    def parts(self) -> tuple[Columns, dict[str, Any]]:
        """Arrays and small values that make these rows again; of a column that is the same everywhere one value."""
        arrays = {"keys": self._keys, "told": self._row_keys.told[: len(self._row_keys)]}
        arrays |= {name: held[:1] if _is_constant(held) else held for name, held in self.held.items()}
        return arrays, {"words": self.words, "read": self._read, "version": self.version}

    def restore(self, arrays: Columns, small: dict[str, Any]) -> None:
        self._keys = arrays["keys"]
        self._row_keys.restore(arrays["told"])
        rows = len(self._keys)
        self.held = {
            name: np.full(rows, arrays[name][0]) if len(arrays[name]) < rows else arrays[name] for name in self.held
        }
        self.words, self._read = small["words"], small["read"]
        self._word_positions = {
            name: {word: place for place, word in enumerate(words)} for name, words in self.words.items()
        }
        self._changed()
        self.version = small["version"]


def _is_constant(held: npt.NDArray[Any]) -> bool:
    """Whether all of several values are one; a single one is kept as it is."""
    if len(held) < 2:
        return False
    first, last = held[0], held[-1]
    if first != first:
        return bool((held != held).all())
    return bool(first == last and (held == first).all())


def _alive(retracted: pa.ChunkedArray) -> Flags:
    if not pc.any(retracted).as_py():  # nearly always
        return np.ones(len(retracted), bool)
    return np.asarray(~retracted.to_numpy(zero_copy_only=False))


def _days(values: pa.ChunkedArray) -> npt.NDArray[np.int32]:
    return np.asarray(values.cast(pa.int32()).to_numpy())


@numba.njit(cache=True, nogil=True)
def taken(values: npt.NDArray[Any], places: npt.NDArray[np.signedinteger[Any]]) -> npt.NDArray[Any]:
    """The values at the places; -1 is the last."""
    found = np.empty(len(places), values.dtype)
    for at in range(len(places)):
        found[at] = values[places[at]]
    return found


@numba.njit(cache=True, nogil=True)
def _looked_up(values: npt.NDArray[Any], keys: Ints) -> npt.NDArray[Any]:
    """The value of the local number of each key."""
    found = np.empty(len(keys), values.dtype)
    for row in range(len(keys)):
        found[row] = values[keys[row] & 0xFFFFFFFF]
    return found


@numba.njit(cache=True, nogil=True)
def _together(
    held: npt.NDArray[Any], held_at: Places, fresh: npt.NDArray[Any], fresh_at: Places, size: int
) -> npt.NDArray[Any]:
    merged = np.empty(size, held.dtype)
    for row in range(len(held)):
        merged[held_at[row]] = held[row]
    for row in range(len(fresh)):
        merged[fresh_at[row]] = fresh[row]  # the later version of a key that both have
    return merged


@numba.njit(cache=True, nogil=True)
def _last_of_each(keys: Ints, students: int) -> tuple[Ints, Places]:
    """The different keys in order and the place of the last row of each: sorted by student, then within each student."""
    begins = np.zeros(students + 1, np.int64)
    for key in keys:
        begins[(key >> 32) + 1] += 1
    begins = np.cumsum(begins)
    filled = begins[:-1].copy()
    ordered, place = np.empty(len(keys), np.int64), np.empty(len(keys), np.int32)
    for row in range(len(keys)):
        key = keys[row]
        student = key >> 32
        # An insertion sort: a student has a few dozen rows, and they mostly come in order.
        at = filled[student]
        while at > begins[student] and ordered[at - 1] > key:
            ordered[at], place[at] = ordered[at - 1], place[at - 1]
            at -= 1
        ordered[at], place[at] = key, row
        filled[student] += 1
    kept = 0
    for at in range(len(ordered)):
        if at + 1 == len(ordered) or ordered[at] != ordered[at + 1]:
            ordered[kept], place[kept] = ordered[at], place[at]
            kept += 1
    return ordered[:kept], place[:kept]


@numba.njit(cache=True, nogil=True)
def _overtaken(starts, piece, attempt, read, speaks):  # type: ignore[no-untyped-def]
    found = np.zeros(len(piece), np.bool_)
    for student in range(len(starts) - 1):
        for row in range(starts[student], starts[student + 1]):
            for other in range(starts[student], starts[student + 1]):
                if speaks[other] and piece[other] == piece[row]:
                    again = attempt[other] == attempt[row] and read[other] > read[row]
                    found[row] |= again or attempt[other] > attempt[row]
    return found


@numba.njit(cache=True, nogil=True)
def _starts(keys: Ints, students: int) -> Ints:
    begins = np.zeros(students + 2, np.int64)
    for key in keys:
        begins[(key >> 32) + 1] += 1
    return np.cumsum(begins)[: students + 1]


@numba.njit(cache=True, nogil=True)
def _places(held: Ints, fresh: Ints) -> tuple[Places, Places, int]:
    """Where the rows of two sorted keys go in one sorted whole; a key that both have is one place."""
    held_at, fresh_at = np.empty(len(held), np.int32), np.empty(len(fresh), np.int32)
    i = j = size = 0
    while i < len(held) or j < len(fresh):
        of_held = j == len(fresh) or (i < len(held) and held[i] <= fresh[j])
        of_fresh = i == len(held) or (j < len(fresh) and fresh[j] <= held[i])
        if of_held:
            held_at[i] = size
            i += 1
        if of_fresh:
            fresh_at[j] = size
            j += 1
        size += 1
    return held_at, fresh_at, size
