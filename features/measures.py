"""The measures, each once, as vector operations over the state; `answer` gives one value for each student of a cohort.

Attendance is read from the day cube, and from totals where a student is known only by totals: their periods count in a
window pro rata by days. All other tables are read as rows. A value that cannot be known is NaN.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, assert_never

import numpy as np
import numpy.typing as npt

from features.cohort import Cohort
from features.declaration import Feature
from features.state import NO_DAY, State, VersionedRows
from features.vocabulary import (
    Change,
    Count,
    DaysSince,
    Ever,
    InTerm,
    Last,
    Latest,
    LeadDays,
    LongestRun,
    Mean,
    Relative,
    Share,
    Slope,
    Term,
    WeekOfTerm,
    Window,
)
from records.codes import DAY_KINDS
from records.tables import ATTENDANCE, ATTENDANCE_TOTAL, CALENDAR, Column, Table, Where

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_CODES = ATTENDANCE["status"].codes
assert _CODES is not None
_STATUS = _CODES
# A day in the company is neither present nor absent: it raises no absence and is no recorded day.
_NEUTRAL = (_STATUS.position("I") + 1,)
_TOTALS_OF = {"P": "present", "L": "late", "A": "absent", "K": "absent", "S": "leave", "B": "leave"}
_FOREVER = 10**6
_IS_RECORDED = np.ones(256, bool)
_IS_RECORDED[[0, *_NEUTRAL]] = False
_CLOSED_KINDS = [DAY_KINDS.position(kind) for kind in ("HOLIDAY", "CLOSED")]


@dataclass(frozen=True)
class Asked:
    """One cohort of one state, with what several measures need worked out once."""

    state: State
    cohort: Cohort

    @property
    def size(self) -> int:
        return len(self.cohort.student)

    @cached_property
    def place(self) -> Ints:
        """Student number → position in the cohort, -1 for others."""
        place = np.full(self.state.students + 1, -1, np.int64)
        place[self.cohort.student] = np.arange(self.size)
        return place

    @cached_property
    def blocks(self) -> dict[tuple[int, bytes], npt.NDArray[np.uint8]]:
        """Windows of the cube cut so far: a dozen features ask for the same few."""
        return {}

    def block(self, start: int, chosen: Ints) -> npt.NDArray[np.uint8]:
        """The days from `start` to yesterday of some students of the cohort (positions): (days, students)."""
        key = (start, b"" if len(chosen) == self.size else chosen.tobytes())
        if key not in self.blocks:
            self.blocks[key] = self.state.attendance.window(start, self.cohort.today, self.cohort.student[chosen])
        return self.blocks[key]

    @cached_property
    def closed_days(self) -> Ints:
        """Days that the calendar calls holidays or closed: runs pass over them, whatever was recorded."""
        rows = self.state.rows[CALENDAR.name].columns
        closed = rows["alive"] & np.isin(rows["kind"], _CLOSED_KINDS)
        return np.asarray(np.unique(rows["happened_on"][closed]), np.int64)

    def first_days(self, window: Window) -> Ints:
        """The first day of a window for each student; every window ends the day before `as_of`."""
        match window:
            case Last(days=days):
                return np.full(self.size, self.cohort.today - days, np.int64)
            case InTerm(term=term):
                if term is Term.THIS:
                    return self.cohort.opens
                opens = np.array([span.opens for span in self.cohort.terms], np.int64)
                before = self.cohort.term - 1
                return np.where(before >= 0, opens[np.maximum(before, 0)], _FOREVER)
            case Ever():
                return np.full(self.size, -_FOREVER, np.int64)
            case _:
                assert_never(window)


def answer(asked: Asked, feature: Feature, answered: dict[str, Floats]) -> Floats:
    """The feature's values before rounding, one a student; `answered` holds the features declared before it."""
    match feature.measure:
        case WeekOfTerm():
            return np.asarray((asked.cohort.today - asked.cohort.opens) // 7 + 1, np.float64)
        case Relative(of=of, least=least):
            return _relative(asked, answered[of], least)
        case LeadDays(column=column):
            return _lead_days(asked, feature, column)
        case _ if feature.table is ATTENDANCE:
            return _attendance(asked, feature)
        case _:
            return _rows(asked, feature)


# Attendance days


def _attendance(asked: Asked, feature: Feature) -> Floats:
    first = asked.first_days(feature.window)
    with np.errstate(invalid="ignore", divide="ignore"):
        match feature.measure:
            case Count(where=where):
                counted, held = _counted(asked, where, first)
                return np.where(held > 0, counted, np.nan)
            case Share(where=where):
                return _part(*_counted(asked, where, first))
            case Change(where=where, short_days=short):
                counted, held = _counted(asked, where, first)
                late, late_held = _counted(asked, where, np.maximum(first, asked.cohort.today - short))
                return _part(late, late_held) - _part(counted - late, held - late_held)
            case _:
                return _of_single_days(asked, feature, first)


def _part(counted: Floats, held: Floats) -> Floats:
    # A held share below a thousandth of a day is what subtracting pro rata parts leaves, and no day.
    return np.asarray(counted / np.where(held > 1e-3, held, np.nan))


def _counted(asked: Asked, where: Where, first: Ints) -> tuple[Floats, Floats]:
    """Matching and recorded days of each student since `first`: single days, and periods that have no single day."""
    counted, held = np.zeros(asked.size), np.zeros(asked.size)
    for start in np.unique(first):
        chosen = np.flatnonzero(first == start)
        block = asked.block(int(start), chosen)
        counted[chosen] = _matching(block, where).sum(axis=0)
        held[chosen] = _recorded(block).sum(axis=0)
    totals = asked.state.rows[ATTENDANCE_TOTAL.name]
    if len(totals):
        of_periods, held_in_periods = _prorated(asked, totals, where, first, asked.cohort.today)
        return counted + of_periods, held + held_in_periods
    return counted, held


def _of_single_days(asked: Asked, feature: Feature, first: Ints) -> Floats:
    """Runs, days since and slopes: not known of a student who is known by totals only."""
    values = np.full(asked.size, np.nan)
    for start in np.unique(first):
        chosen = np.flatnonzero(first == start)
        block, begins = asked.block(int(start), chosen), max(int(start), asked.state.attendance.first_day)
        match feature.measure:
            case LongestRun(where=where, current=current):
                open_days = ~np.isin(np.arange(begins, begins + len(block)), asked.closed_days)
                matching, recorded = _matching(block, where)[open_days], _recorded(block)[open_days]
                values[chosen] = np.where(recorded.any(axis=0), _run(matching, recorded, current), np.nan)
            case DaysSince(where=where):
                values[chosen] = _days_since_day(block, where, begins, asked.cohort.today)
            case Slope(where=where):
                values[chosen] = _slope(_matching(block, where), _recorded(block))
            case _:
                raise TypeError(f"feature {feature.name}: {type(feature.measure).__name__} is not asked of days")
    return values


def _matching(block: npt.NDArray[np.uint8], where: Where) -> Flags:
    member = np.zeros(256, bool)
    member[[_STATUS.position(value) + 1 for value in where.values]] = True
    return np.asarray(member[block])


def _recorded(block: npt.NDArray[np.uint8]) -> Flags:
    return np.asarray(_IS_RECORDED[block])


def _run(matching: Flags, recorded: Flags, current: bool) -> Floats:
    """Runs go over recorded days: days that nobody recorded neither break nor lengthen them."""
    run = np.zeros(matching.shape[1], np.int16)
    longest = run.copy()
    for day_matches, day_goes_on in zip(matching, matching | ~recorded, strict=True):
        run += day_matches
        run *= day_goes_on
        np.maximum(longest, run, out=longest)
    return (run if current else longest).astype(np.float64)


def _days_since_day(block: npt.NDArray[np.uint8], where: Where | None, start: int, today: int) -> Floats:
    matching = _matching(block, where) if where else block != 0
    if not len(matching):
        return np.full(block.shape[1], np.nan)
    last = len(matching) - 1 - np.argmax(matching[::-1], axis=0)
    return np.where(matching.any(axis=0), today - (start + last), np.nan).astype(np.float64)


def _slope(matching: Flags, recorded: Flags) -> Floats:
    """Least squares of the matching share on days, for a week; missing where the recorded days do not differ."""
    days = np.arange(len(matching), dtype=np.float64)
    n = recorded.sum(axis=0)
    sum_x, sum_xx = days @ recorded, (days * days) @ recorded
    sum_y, sum_xy = matching.sum(axis=0), days @ matching
    spread = n * sum_xx - sum_x * sum_x
    return np.asarray(7 * (n * sum_xy - sum_x * sum_y) / np.where(spread > 0, spread, np.nan))


# Attendance totals


def _prorated(asked: Asked, rows: VersionedRows, where: Where, first: Ints, end: int | Ints) -> tuple[Floats, Floats]:
    """Matching and held days of each student between `first` and `end` (not included), each period by its overlap."""
    place = asked.place[rows.student]
    usable = np.flatnonzero(rows.columns["alive"] & (place >= 0))
    place = place[usable]
    start = rows.columns["from_day"][usable].astype(np.int64)
    stop = rows.columns["happened_on"][usable].astype(np.int64) + 1
    ends = np.broadcast_to(np.asarray(end, np.int64), first.shape)
    overlap = np.minimum(stop, ends[place]) - np.maximum(start, first[place])
    part = np.clip(overlap, 0, None) / (stop - start)
    part = np.where(_has_days(asked, rows.student[usable], start, stop), 0.0, part)
    fields = dict.fromkeys(_TOTALS_OF[value] for value in where.values if value in _TOTALS_OF)
    counted = np.sum([rows.columns[name][usable] for name in fields], axis=0)
    inside = part > 0
    matching = np.bincount(place[inside], (part * counted)[inside], asked.size).astype(np.float64)
    held = np.bincount(place[inside], (part * rows.columns["held"][usable])[inside], asked.size).astype(np.float64)
    return matching, held


def _has_days(asked: Asked, student: Ints, start: Ints, stop: Ints) -> Flags:
    """Whether a student has daily records within each period: such a period is not counted from totals too."""
    cube = asked.state.attendance
    found = np.zeros(len(student), bool)
    for first, end in np.unique(np.stack([start, stop]), axis=1).T if len(student) else ():
        same = np.flatnonzero((start == first) & (stop == end))
        found[same] = (cube.window(int(first), int(end), student[same]) != 0).any(axis=0)
    return found


# Rows of the other tables


def _rows(asked: Asked, feature: Feature) -> Floats:
    rows = asked.state.rows[feature.table.name]
    inside = _inside(asked, feature, rows)
    place = asked.place[rows.student[inside]]
    match feature.measure:
        case Count(where=where):
            seen = np.bincount(place, minlength=asked.size)
            counted = np.bincount(place, _where(rows, where)[inside], asked.size)
            return np.where(seen > 0, counted, _absent(feature))
        case Share(where=where):
            seen = np.bincount(place, minlength=asked.size)
            counted = np.bincount(place, _where(rows, where)[inside], asked.size)
            return np.where(seen > 0, counted / np.maximum(seen, 1), _absent(feature))
        case Mean(column=column, weight=weight, where=where):
            return _mean(asked, feature, rows, inside, column, weight, where)
        case Latest(column=column, where=where):
            newest = _newest(asked, rows, inside & _where(rows, where))
            return _picked(feature, _values(feature.table, rows, column), newest)
        case DaysSince(where=where):
            newest = _newest(asked, rows, inside & _where(rows, where))
            return _picked(feature, asked.cohort.today - rows.columns["happened_on"].astype(np.float64), newest)
        case _:
            raise TypeError(
                f"feature {feature.name}: {type(feature.measure).__name__} is not asked of {feature.table.name}"
            )


def _inside(asked: Asked, feature: Feature, rows: VersionedRows) -> Flags:
    """Which rows belong to a student of the cohort and lie in the window."""
    place = asked.place[rows.student]
    happened = rows.columns["happened_on"].astype(np.int64)
    inside = rows.columns["alive"] & (place >= 0) & (happened < asked.cohort.today)
    if isinstance(feature.window, InTerm) and "academic_year" in feature.table.key:
        return np.asarray(inside & _in_term(asked, feature.window, rows, place))
    return np.asarray(inside & (happened >= asked.first_days(feature.window)[place]))


def _in_term(asked: Asked, window: InTerm, rows: VersionedRows, place: Ints) -> Flags:
    """Rows that carry a term of their own belong to it, whenever they happened: results come after the term has closed."""
    wanted = asked.cohort.term - (window.term is Term.PREVIOUS)
    spans = asked.cohort.terms
    years = np.array([span.academic_year for span in spans], np.float64)[wanted]
    terms = np.array([span.term for span in spans], np.float64)[wanted]
    same = (rows.columns["academic_year"] == years[place]) & (rows.columns["term"] == terms[place])
    return np.asarray(same & (wanted[place] >= 0))


def _where(rows: VersionedRows, where: Where | None) -> Flags:
    if where is None:
        return np.ones(len(rows), bool)
    codes = rows.table[where.column].codes
    assert codes is not None
    return np.isin(rows.columns[where.column], [codes.position(value) for value in where.values])


def _values(table: Table, rows: VersionedRows, column: str) -> Floats:
    """A column as numbers: what a code is worth, a flag as 0 or 1, NaN where missing."""
    declared: Column = table[column]
    held: npt.NDArray[Any] = rows.columns[column]
    if declared.codes is not None:
        worth = np.array([np.nan if code.worth is None else code.worth for code in declared.codes.codes] + [np.nan])
        return np.asarray(worth[held])
    if held.dtype.kind == "i":
        return np.where(held < 0, np.nan, held).astype(np.float64)
    return held.astype(np.float64)


def _mean(
    asked: Asked,
    feature: Feature,
    rows: VersionedRows,
    inside: Flags,
    column: str,
    weight: str | None,
    where: Where | None,
) -> Floats:
    values = _values(feature.table, rows, column)
    weights = np.ones(len(rows)) if weight is None else np.nan_to_num(_values(feature.table, rows, weight), nan=1.0)
    chosen = inside & _where(rows, where) & ~np.isnan(values)
    place = asked.place[rows.student[chosen]]
    total = np.bincount(place, weights[chosen], asked.size)
    summed = np.bincount(place, (weights * values)[chosen], asked.size)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, summed / total, _absent(feature))


def _newest(asked: Asked, rows: VersionedRows, chosen: Flags) -> Ints:
    """For each student the position of the newest chosen row: by the day it happened, then as it was read; -1 for none."""
    positions = np.flatnonzero(chosen)
    order = positions[np.lexsort((rows.columns["read"][positions], rows.columns["happened_on"][positions]))]
    newest = np.full(asked.size, -1, np.int64)
    newest[asked.place[rows.student[order]]] = order
    return newest


def _picked(feature: Feature, values: Floats, newest: Ints) -> Floats:
    if not len(values):
        return np.full(len(newest), _absent(feature))
    return np.where(newest >= 0, values[np.maximum(newest, 0)], _absent(feature))


def _absent(feature: Feature) -> float:
    return np.nan if feature.absent_means is None else feature.absent_means


# Others


def _lead_days(asked: Asked, feature: Feature, column: str) -> Floats:
    rows = asked.state.rows[feature.table.name]
    newest = _newest(asked, rows, _inside(asked, feature, rows))
    dates = np.where(rows.columns[column] == NO_DAY, np.nan, rows.columns[column]).astype(np.float64)
    on = _picked(feature, dates, newest)
    return asked.cohort.opens - on


def _relative(asked: Asked, values: Floats, least: int) -> Floats:
    group = asked.cohort.group
    known = ~np.isnan(values)
    groups = int(group.max()) + 1
    count = np.bincount(group[known], minlength=groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(group[known], values[known], groups) / count
        apart = np.where(known, values - mean[group], 0.0)
        deviation = np.sqrt(np.bincount(group, apart * apart, groups) / (count - 1))
        usable = (count >= least) & (deviation > 1e-9)
        return np.where(usable[group], (values - mean[group]) / deviation[group], np.nan)
