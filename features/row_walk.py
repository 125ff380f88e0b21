"""Questions about rows of a table: one compiled pass over each student's rows for every kind of question."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from features.asked import Asked
from features.declaration import Feature
from features.state import NO_DAY
from features.versioned_rows import VersionedRows, taken
from features.vocabulary import InTerm, Last, Term, Window
from records.tables import Table, Where

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_PLACE = np.uint64
"""Of a place without a sign compiled code does not ask whether it counts from the end."""
_NONE = np.zeros(0, np.int16), np.zeros(0, bool)


class _Rows(NamedTuple):
    """The rows that count: those of student i are `place[begin[i]:end[i]]`."""

    begin: Ints
    end: Ints
    place: npt.NDArray[np.int32]


class _ByCode(NamedTuple):
    """How many rows of each student tell each code, (codes, students), for codes that any of them tells."""

    counts: npt.NDArray[np.int32]
    told: Flags

    def of(self, codes: Flags) -> Floats:
        """How many rows of each student tell one of these codes."""
        return np.asarray(_added(self.counts, np.flatnonzero(codes & self.told)))


@dataclass
class RowsAsked:
    """The rows of one table as one cohort is asked about them."""

    asked: Asked
    rows: VersionedRows

    def __post_init__(self) -> None:
        self._inside: dict[Window, _Rows] = {}
        self._matching: dict[tuple[Window, *tuple[Where, ...]], _Rows] = {}
        self._counts: dict[tuple[Window, str], _ByCode] = {}
        self._newest: dict[tuple[Window, Where | None, str | None, Where | None], Ints] = {}
        self._values: dict[str, npt.NDArray[Any]] = {}

    @cached_property
    def _order(self) -> Ints:
        return self.rows.newness()

    def _find_inside(self, feature: Feature) -> _Rows:
        """The rows that lie in the feature's window and happened before `as_of`."""
        columns, window, today = self.rows.columns, feature.window, self.asked.cohort.today
        if isinstance(window, InTerm) and "academic_year" in feature.table.key:
            told, first = self._terms, self._term_wanted(window)
            last = first
        else:
            told, first = columns["happened_on"], self.asked.first_days(window)
            last = np.full(len(first), today)
        starts, student = self.rows.starts(self.asked.state.students), self.asked.cohort.student
        begin, end, place = _inside(starts, student, told, first, last, columns["happened_on"], self._speaks, today)
        return _Rows(begin, end, place)

    @cached_property
    def _terms(self) -> Ints:
        return self.rows.terms()

    @cached_property
    def _speaks(self) -> Flags:
        """Rows that were not taken back, and of several attempts the last one."""
        superseded = self.rows.superseded(self.asked.state.students, self.asked.cohort.today)
        alive: Flags = self.rows.columns["alive"]
        return alive if superseded is None else alive & ~superseded

    def _term_wanted(self, window: InTerm) -> Ints:
        """Rows that carry a term of their own belong to it, whenever they happened: results come after the term closed."""
        cohort = self.asked.cohort
        place = cohort.term if window.term is Term.THIS else cohort.terms_before[cohort.term]
        codes = np.array([span.academic_year * 10 + span.term for span in cohort.terms], np.int64)
        return np.where(place >= 0, codes[np.maximum(place, 0)], -1)

    def _chosen(self, feature: Feature, *wheres: Where | None, known: npt.NDArray[Any] | None = None) -> _Rows:
        window = feature.window
        if isinstance(window, Last) and not self.rows.any_since(self.asked.cohort.today - window.days):
            nothing = np.zeros(self.asked.size, np.int64)
            return _Rows(nothing, nothing, np.zeros(0, np.int32))
        if window not in self._inside:
            self._inside[window] = self._find_inside(feature)
        rows, asked = self._inside[window], tuple(where for where in wheres if where is not None)
        for last, where in enumerate(asked, 1):
            if (window, *asked[:last]) not in self._matching:
                matching = _matching(rows, self.rows.columns[where.column], self._member(where))
                self._matching[window, *asked[:last]] = matching
            rows = self._matching[window, *asked[:last]]
        return rows if known is None else _telling(rows, known)

    def _member(self, where: Where) -> Flags:
        """Whether a code matches, by its position; a missing one is the last and does not."""
        codes = self.rows.table[where.column].codes
        assert codes is not None
        member = np.zeros(len(codes.codes) + 1, bool)
        member[[codes.position(value) for value in where.values]] = True
        return member

    def matches(self, where: Where) -> Flags:
        return np.asarray(taken(self._member(where), self.rows.columns[where.column]))

    def values(self, column: str) -> npt.NDArray[Any]:
        """A column as numbers: what a code is worth, a flag as 0 or 1, days since 1970, NaN where missing."""
        if column not in self._values:
            self._values[column] = _values(self.rows.table, self.rows, column)
        return self._values[column]

    # The questions

    def tally(self, feature: Feature, where: Where | None, among: Where | None = None) -> tuple[Floats, Floats]:
        """Matching rows and all rows of each student in the window, or all that match `among`."""
        if where is not None and (among is None or among.column == where.column):
            by_code, matching = self._by_code(feature, where.column), self._member(where)
            considered = np.ones(len(matching), bool) if among is None else self._member(among)
            return by_code.of(matching & considered), by_code.of(considered)
        rows = self._chosen(feature, among)
        seen = (rows.end - rows.begin).astype(np.float64)
        return (seen if where is None else _counted(rows, self.rows.columns[where.column], self._member(where))), seen

    def _by_code(self, feature: Feature, column: str) -> _ByCode:
        """The rows in the feature's window, counted once for all questions about a code column."""
        if (feature.window, column) not in self._counts:
            codes = self.rows.table[column].codes
            assert codes is not None
            counts = np.empty((len(codes.codes) + 1, self.asked.size), np.int32)
            told = np.zeros(len(counts), bool)
            _count_codes(self._chosen(feature), self.rows.columns[column], counts, told)
            self._counts[feature.window, column] = _ByCode(counts, told)
        return self._counts[feature.window, column]

    def newest_of_each(self, feature: Feature, where: Where, by: str, besides: Where | None) -> Floats:
        """How many values of a column have a newest row that matches; NaN without a row. A later term is newer."""
        columns, rows, found = self.rows.columns, self._chosen(feature), np.empty(self.asked.size)
        code, member = columns[where.column], self._member(where)
        other, left_out = _NONE if besides is None else (columns[besides.column], self._member(besides))
        term = self._terms if "academic_year" in feature.table.key else self._order
        _newest_of_each(rows, term, self._order, columns[by], code, member, other, left_out, found)
        return found

    def summed(
        self, feature: Feature, column: str, weight: str | None, where: Where | None, also: Where | None = None
    ) -> tuple[Floats, Floats]:
        """The weighted sum of a column over rows that tell it, and the sum of the weights (1 where none is told)."""
        values = self.values(column)
        weights = np.zeros(0) if weight is None else self.values(weight)
        total, of_weights = np.empty((2, self.asked.size))
        _sum(self._chosen(feature, where, also), values, weights, total, of_weights)
        return total, of_weights

    def highest(self, feature: Feature, column: str, where: Where | None) -> Floats:
        values = self.values(column)
        found = np.full(self.asked.size, np.nan)
        _highest(self._chosen(feature, where), values, found)
        return found

    def newest(
        self, feature: Feature, where: Where | None, column: str | None = None, *, also: Where | None = None
    ) -> Ints:
        """The place of each student's newest row, of those that tell `column` where given; -1 for none."""
        asked = feature.window, where, column, also
        if asked not in self._newest:
            known = None if column is None else _as_numbers(self.rows.columns[column])
            found = np.full(self.asked.size, -1, np.int64)
            _newest(self._chosen(feature, where, also, known=known), self._order, found)
            self._newest[asked] = found
        return self._newest[asked]

    def before_newest(self, feature: Feature, column: str, where: Where | None) -> tuple[Floats, Floats]:
        """The newest told value of each student and the one before it; NaN where there is none."""
        values = self.values(column)
        found = np.full((2, self.asked.size), np.nan)
        _newest_two(self._chosen(feature, where), self._order, values, found)
        return found[0], found[1]

    def same_since(self, feature: Feature, column: str, where: Where | None) -> Ints:
        """The place of the first of the newest rows in a row that tell the newest value; -1 for none."""
        values = self.values(column)
        found = np.full(self.asked.size, -1, np.int64)
        _same_since(self._chosen(feature, where, known=values), self._order, values, found)
        return found

    def picked(self, values: npt.NDArray[Any], places: Ints, absent: float) -> Floats:
        """`values` at the places, `absent` where there is no row."""
        found = np.empty(len(places))
        _picked(values, places, absent, found)
        return found


def _as_numbers(held: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.where(held < 0, np.nan, held) if held.dtype.kind == "i" else held


def _values(table: Table, rows: VersionedRows, column: str) -> npt.NDArray[Any]:
    held = rows.columns[column]
    if column == "happened_on":
        return held
    declared = table[column]
    if declared.codes is not None:
        worth = np.array([np.nan if code.worth is None else code.worth for code in declared.codes.codes] + [np.nan])
        return np.asarray(taken(worth, held))
    if held.dtype.kind == "i":
        missing = held == NO_DAY if held.dtype == np.int32 else held < 0
        return np.where(missing, np.nan, held).astype(np.float64)
    return held


@numba.njit(cache=True, nogil=True)
def _inside(starts, student, told, first, last, happened, speaks, today):  # type: ignore[no-untyped-def]
    """Rows that tell a number from `first` to `last` of the student, and happened before today."""
    begin, end = np.empty(len(student), np.int64), np.empty(len(student), np.int64)
    place = np.empty(len(told), np.int32)
    kept = _PLACE(0)
    for i in range(len(student)):
        begin[i] = kept
        for row in range(_PLACE(starts[student[i]]), _PLACE(starts[student[i] + 1])):
            if first[i] <= told[row] <= last[i] and happened[row] < today and speaks[row]:
                place[kept] = row
                kept += _PLACE(1)
        end[i] = kept
    return begin, end, place[:kept]


@numba.njit(cache=True, nogil=True)
def _count_codes(rows, codes, counts, told):  # type: ignore[no-untyped-def]
    """Rows by their code; a missing one, -1, is counted last."""
    for i in range(len(rows.begin)):
        for row in rows.place[rows.begin[i] : rows.end[i]]:
            code = codes[_PLACE(row)]
            code = _PLACE(code if code >= 0 else len(counts) - 1)
            if not told[code]:
                told[code] = True
                counts[code] = 0
            counts[code, _PLACE(i)] += 1


@numba.njit(cache=True, nogil=True)
def _added(counts, codes):  # type: ignore[no-untyped-def]
    total = np.zeros(counts.shape[1], np.int32)
    for code in codes:
        own = counts[code]
        for i in range(len(total)):
            total[i] += own[i]
    return total.astype(np.float64)


@numba.njit(cache=True, nogil=True)
def _picked(values, places, absent, found):  # type: ignore[no-untyped-def]
    for i in range(len(places)):
        found[i] = values[places[i]] if places[i] >= 0 else absent


@numba.njit(cache=True, nogil=True)
def _newest_of_each(rows, term, order, by, code, member, besides, left_out, found):  # type: ignore[no-untyped-def]
    for i in range(len(found)):
        own = rows.place[rows.begin[i] : rows.end[i]]
        any_told, count = False, 0
        for row in own:
            newest = member[code[row]]  # few are, so it is seldom asked whether they are the newest
            if (any_told and not newest) or not _told(row, by, besides, left_out):
                continue
            any_told = True
            if newest:
                for other in own:
                    if by[other] != by[row] or term[other] < term[row]:
                        continue
                    later = term[other] > term[row] or order[other] > order[row]
                    if later and _told(other, by, besides, left_out):
                        newest = False
            count += newest
        found[i] = count if any_told else np.nan


@numba.njit(cache=True, nogil=True, inline="always")
def _told(row, by, besides, left_out):  # type: ignore[no-untyped-def]
    return by[row] >= 0 and not (len(besides) and left_out[besides[row]])


@numba.njit(cache=True, nogil=True)
def _matching(rows, codes, member):  # type: ignore[no-untyped-def]
    begin, end, place = np.empty_like(rows.begin), np.empty_like(rows.end), np.empty_like(rows.place)
    kept = _PLACE(0)
    for i in range(len(begin)):
        begin[i] = kept
        for row in rows.place[rows.begin[i] : rows.end[i]]:
            place[kept] = row
            kept += _PLACE(member[codes[_PLACE(row)]])
        end[i] = kept
    return _Rows(begin, end, place[:kept])


@numba.njit(cache=True, nogil=True)
def _telling(rows, values):  # type: ignore[no-untyped-def]
    """Of the rows those that tell a value, which NaN is not."""
    begin, end, place = np.empty_like(rows.begin), np.empty_like(rows.end), np.empty_like(rows.place)
    kept = 0
    for i in range(len(begin)):
        begin[i] = kept
        for row in rows.place[rows.begin[i] : rows.end[i]]:
            place[kept] = row
            kept += values[row] == values[row]
        end[i] = kept
    return _Rows(begin, end, place[:kept])


@numba.njit(cache=True, nogil=True)
def _counted(rows, codes, member):  # type: ignore[no-untyped-def]
    """How many rows of each student match."""
    found = np.zeros(len(rows.begin))
    for i in range(len(found)):
        count = 0
        for row in rows.place[rows.begin[i] : rows.end[i]]:
            count += member[codes[row]]
        found[i] = count
    return found


@numba.njit(cache=True, nogil=True)
def _sum(rows, values, weights, total, of_weights):  # type: ignore[no-untyped-def]
    """Every weight is 1 where there are none, and so is one that is not told."""
    for i in range(len(total)):
        part = weight_of_part = 0.0  # in a register: half of the time went into writing every step to the arrays
        for at in range(_PLACE(rows.begin[i]), _PLACE(rows.end[i])):
            row = _PLACE(rows.place[at])
            if values[row] == values[row]:
                weight = np.float64(weights[row]) if len(weights) else 1.0
                weight = weight if weight == weight else 1.0
                part += weight * np.float64(values[row])
                weight_of_part += weight
        total[i], of_weights[i] = part, weight_of_part


@numba.njit(cache=True, nogil=True)
def _highest(rows, values, found):  # type: ignore[no-untyped-def]
    for i in range(len(found)):
        for row in rows.place[rows.begin[i] : rows.end[i]]:
            if values[row] == values[row] and not found[i] >= values[row]:
                found[i] = values[row]


@numba.njit(cache=True, nogil=True)
def _newest(rows, order, found):  # type: ignore[no-untyped-def]
    for i in range(len(found)):
        for row in rows.place[rows.begin[i] : rows.end[i]]:
            if found[i] < 0 or order[row] > order[found[i]]:
                found[i] = row


@numba.njit(cache=True, nogil=True)
def _newest_two(rows, order, values, found):  # type: ignore[no-untyped-def]
    for i in range(found.shape[1]):
        first = second = -1
        for row in rows.place[rows.begin[i] : rows.end[i]]:
            if values[row] != values[row]:
                continue
            if first < 0 or order[row] > order[first]:
                first, second = row, first
            elif second < 0 or order[row] > order[second]:
                second = row
        if first >= 0:
            found[0, i] = values[first]
        if second >= 0:
            found[1, i] = values[second]


@numba.njit(cache=True, nogil=True)
def _same_since(rows, order, values, found):  # type: ignore[no-untyped-def]
    for i in range(len(found)):
        own = rows.place[rows.begin[i] : rows.end[i]]
        newest = other = -1
        for row in own:
            if newest < 0 or order[row] > order[newest]:
                newest = row
        for row in own:
            if values[row] != values[newest] and (other < 0 or order[row] > order[other]):
                other = row
        for row in own:
            since = other < 0 or order[row] > order[other]
            if since and (found[i] < 0 or order[found[i]] > order[row]):
                found[i] = row
