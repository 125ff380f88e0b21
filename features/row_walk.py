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
from features.versioned_rows import VersionedRows
from features.vocabulary import InTerm, Last, Term, Window
from records.tables import Table, Where

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class _Rows(NamedTuple):
    """Where the rows of each student begin and end, and which of them count."""

    begin: Ints
    end: Ints
    counts: Flags
    order: Ints
    """Later rows have larger numbers: by the day it happened, then as they were read."""


@dataclass
class RowsAsked:
    """The rows of one table as one cohort is asked about them."""

    asked: Asked
    rows: VersionedRows

    def __post_init__(self) -> None:
        self._inside: dict[Window, Flags] = {}
        self._seen: dict[tuple[Window, Where | None], Floats] = {}

    @cached_property
    def _bounds(self) -> tuple[Ints, Ints]:
        starts = self.rows.starts(self.asked.state.students)
        return starts[self.asked.cohort.student], starts[self.asked.cohort.student + 1]

    @cached_property
    def _order(self) -> Ints:
        return (self.rows.columns["happened_on"].astype(np.int64) << 40) + self.rows.columns["read"]

    def inside(self, feature: Feature) -> Flags:
        """Which rows lie in the feature's window and happened before `as_of`."""
        if feature.window not in self._inside:
            self._inside[feature.window] = self._find_inside(feature)
        return self._inside[feature.window]

    def _find_inside(self, feature: Feature) -> Flags:
        columns, window = self.rows.columns, feature.window
        happened, alive = columns["happened_on"], columns["alive"]
        found = np.zeros(len(self.rows), bool)
        today = self.asked.cohort.today
        if isinstance(window, InTerm) and "academic_year" in feature.table.key:
            wanted = self._term_wanted(window)
            told = _term_code(columns["academic_year"], columns["term"])
            _in_term(*self._bounds, happened, alive, told, wanted, today, found)
        else:
            _since(*self._bounds, happened, alive, self.asked.first_days(window), today, found)
        superseded = self.rows.superseded(self.asked.state.students, today)
        return found if superseded is None else found & ~superseded

    def _term_wanted(self, window: InTerm) -> Ints:
        """Rows that carry a term of their own belong to it, whenever they happened: results come after the term closed."""
        cohort = self.asked.cohort
        place = cohort.term if window.term is Term.THIS else cohort.terms_before[cohort.term]
        codes = np.array([span.academic_year * 10 + span.term for span in cohort.terms], np.int64)
        return np.where(place >= 0, codes[np.maximum(place, 0)], -1)

    def _chosen(self, feature: Feature, *wheres: Where | None, known: npt.NDArray[Any] | None = None) -> _Rows:
        begin, end = self._bounds
        if isinstance(feature.window, Last) and not self.rows.any_since(self.asked.cohort.today - feature.window.days):
            return _Rows(begin, begin, np.zeros(0, bool), self._order)
        counts = self.inside(feature)
        for where in wheres:
            if where is not None:
                counts = _matching(begin, end, counts, self.rows.columns[where.column], self._member(where))
        if known is not None:
            counts = _telling(begin, end, counts, known)
        return _Rows(begin, end, counts, self._order)

    def _member(self, where: Where) -> Flags:
        """Whether a code matches, by its position; a missing one is the last and does not."""
        codes = self.rows.table[where.column].codes
        assert codes is not None
        member = np.zeros(len(codes.codes) + 1, bool)
        member[[codes.position(value) for value in where.values]] = True
        return member

    def matches(self, where: Where) -> Flags:
        return np.asarray(self._member(where)[self.rows.columns[where.column]])

    def values(self, column: str) -> Floats:
        """A column as numbers: what a code is worth, a flag as 0 or 1, days since 1970, NaN where missing."""
        if column == "happened_on":
            return self.rows.columns[column].astype(np.float64)
        return _values(self.rows.table, self.rows, column)

    # The questions

    def tally(self, feature: Feature, where: Where | None, among: Where | None = None) -> tuple[Floats, Floats]:
        """Matching rows and all rows of each student in the window, or all that match `among`."""
        if (feature.window, among) not in self._seen:
            self._seen[feature.window, among] = _counted(self._chosen(feature, among))
        return _counted(self._chosen(feature, where, among)), self._seen[feature.window, among]

    def newest_of_each(self, feature: Feature, where: Where, by: str, besides: Where | None) -> Floats:
        """How many values of a code column have a newest row that matches; NaN without a row."""
        left_out = np.zeros(len(self.rows), bool) if besides is None else self.matches(besides)
        known = np.where((self.rows.columns[by] >= 0) & ~left_out, 0.0, np.nan)
        found = np.full(self.asked.size, np.nan)
        _newest_of_each(self._chosen(feature, known=known), self.rows.columns[by], self.matches(where), found)
        return found

    def summed(self, feature: Feature, column: str, weight: str | None, where: Where | None) -> tuple[Floats, Floats]:
        """The weighted sum of a column over rows that tell it, and the sum of the weights (1 where none is told)."""
        values = self.values(column)
        weights = np.ones(len(self.rows)) if weight is None else np.nan_to_num(self.values(weight), nan=1.0)
        total, of_weights = np.zeros(self.asked.size), np.zeros(self.asked.size)
        _sum(self._chosen(feature, where), values, weights, total, of_weights)
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
        known = None if column is None else _as_numbers(self.rows.columns[column])
        found = np.full(self.asked.size, -1, np.int64)
        _newest(self._chosen(feature, where, also, known=known), found)
        return found

    def before_newest(self, feature: Feature, column: str, where: Where | None) -> tuple[Floats, Floats]:
        """The newest told value of each student and the one before it; NaN where there is none."""
        values = self.values(column)
        found = np.full((2, self.asked.size), np.nan)
        _newest_two(self._chosen(feature, where), values, found)
        return found[0], found[1]

    def same_since(self, feature: Feature, column: str, where: Where | None) -> Ints:
        """The place of the first of the newest rows in a row that tell the newest value; -1 for none."""
        values = self.values(column)
        found = np.full(self.asked.size, -1, np.int64)
        _same_since(self._chosen(feature, where, known=values), values, found)
        return found

    def picked(self, values: npt.NDArray[Any], places: Ints, absent: float) -> Floats:
        """`values` at the places, `absent` where there is no row."""
        if not len(values):
            return np.full(len(places), absent)
        return np.where(places >= 0, values[np.maximum(places, 0)], absent).astype(np.float64)


def _as_numbers(held: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.where(held < 0, np.nan, held) if held.dtype.kind == "i" else held


def _term_code(years: npt.NDArray[np.floating], terms: npt.NDArray[np.floating]) -> Ints:
    return (years * 10 + terms).astype(np.int64)


def _values(table: Table, rows: VersionedRows, column: str) -> Floats:
    declared, held = table[column], rows.columns[column]
    if declared.codes is not None:
        worth = np.array([np.nan if code.worth is None else code.worth for code in declared.codes.codes] + [np.nan])
        return np.asarray(worth[held])
    if held.dtype.kind == "i":
        missing = held == NO_DAY if held.dtype == np.int32 else held < 0
        return np.where(missing, np.nan, held).astype(np.float64)
    return held.astype(np.float64)


@numba.njit(cache=True, nogil=True)
def _in_term(begin, end, happened, alive, told, wanted, today, found):  # type: ignore[no-untyped-def]
    for i in range(len(begin)):
        for row in range(begin[i], end[i]):
            found[row] = alive[row] and happened[row] < today and told[row] == wanted[i]


@numba.njit(cache=True, nogil=True)
def _since(begin, end, happened, alive, first, today, found):  # type: ignore[no-untyped-def]
    for i in range(len(begin)):
        for row in range(begin[i], end[i]):
            found[row] = alive[row] and first[i] <= happened[row] < today


@numba.njit(cache=True, nogil=True)
def _newest_of_each(rows, by, matching, found):  # type: ignore[no-untyped-def]
    for i in range(len(found)):
        for row in range(rows.begin[i], rows.end[i]):
            if not rows.counts[row]:
                continue
            newest = matching[row]
            for other in range(rows.begin[i], rows.end[i]):
                if rows.counts[other] and by[other] == by[row] and rows.order[other] > rows.order[row]:
                    newest = False
            found[i] = (found[i] if found[i] == found[i] else 0) + newest


@numba.njit(cache=True, nogil=True)
def _matching(begin, end, counts, codes, member):  # type: ignore[no-untyped-def]
    found = np.zeros(len(counts), np.bool_)
    for i in range(len(begin)):
        for row in range(begin[i], end[i]):
            found[row] = counts[row] and member[codes[row]]
    return found


@numba.njit(cache=True, nogil=True)
def _telling(begin, end, counts, values):  # type: ignore[no-untyped-def]
    """Of the rows that count those that tell a value, which NaN is not."""
    found = np.zeros(len(counts), np.bool_)
    for i in range(len(begin)):
        for row in range(begin[i], end[i]):
            found[row] = counts[row] and values[row] == values[row]
    return found


@numba.njit(cache=True, nogil=True)
def _counted(rows):  # type: ignore[no-untyped-def]
    found = np.zeros(len(rows.begin), np.float64)
    for i in range(len(found)):
        for row in range(rows.begin[i], rows.end[i]):
            found[i] += rows.counts[row]
    return found


@numba.njit(cache=True, nogil=True)
def _sum(rows, values, weights, total, of_weights):  # type: ignore[no-untyped-def]
    for i in range(len(total)):
        for row in range(rows.begin[i], rows.end[i]):
            if rows.counts[row] and values[row] == values[row]:
                total[i] += weights[row] * values[row]
                of_weights[i] += weights[row]


@numba.njit(cache=True, nogil=True)
def _highest(rows, values, found):  # type: ignore[no-untyped-def]
    for i in range(len(found)):
        for row in range(rows.begin[i], rows.end[i]):
            if rows.counts[row] and values[row] == values[row] and not found[i] >= values[row]:
                found[i] = values[row]


@numba.njit(cache=True, nogil=True)
def _newest(rows, found):  # type: ignore[no-untyped-def]
    for i in range(len(found)):
        for row in range(rows.begin[i], rows.end[i]):
            if rows.counts[row] and (found[i] < 0 or rows.order[row] > rows.order[found[i]]):
                found[i] = row


@numba.njit(cache=True, nogil=True)
def _newest_two(rows, values, found):  # type: ignore[no-untyped-def]
    for i in range(found.shape[1]):
        first = second = -1
        for row in range(rows.begin[i], rows.end[i]):
            if not rows.counts[row] or values[row] != values[row]:
                continue
            if first < 0 or rows.order[row] > rows.order[first]:
                first, second = row, first
            elif second < 0 or rows.order[row] > rows.order[second]:
                second = row
        if first >= 0:
            found[0, i] = values[first]
        if second >= 0:
            found[1, i] = values[second]


@numba.njit(cache=True, nogil=True)
def _same_since(rows, values, found):  # type: ignore[no-untyped-def]
    for i in range(len(found)):
        newest = other = -1
        for row in range(rows.begin[i], rows.end[i]):
            if rows.counts[row] and (newest < 0 or rows.order[row] > rows.order[newest]):
                newest = row
        for row in range(rows.begin[i], rows.end[i]):
            if (
                rows.counts[row]
                and values[row] != values[newest]
                and (other < 0 or rows.order[row] > rows.order[other])
            ):
                other = row
        for row in range(rows.begin[i], rows.end[i]):
            since = rows.counts[row] and (other < 0 or rows.order[row] > rows.order[other])
            if since and (found[i] < 0 or rows.order[row] < rows.order[found[i]]):
                found[i] = row
