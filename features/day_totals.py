"""Periods that are known only by their totals: they count in a window pro rata by days, where no single day is known."""

from collections.abc import Container
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from features.asked import Asked
from features.closed import marks_of_open_days
from features.versioned_rows import NO_DAY, VersionedRows
from features.vocabulary import Sessions, Window
from records.tables import ATTENDANCE_TOTAL, Where

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
TOTALS_OF = {"P": "present", "L": "late", "A": "absent", "K": "skipped", "S": "leave", "B": "leave"}
# Most colleges count leaving class as absence and tell no total of its own.
_IN_OTHERS = {"skipped": "absent"}


def totals_of(asked: Asked) -> VersionedRows | None:
    """The totals that are known, None when there are none at all."""
    rows = asked.state.rows[ATTENDANCE_TOTAL.name]
    return rows if len(rows) else None


def prorated(asked: Asked, rows: VersionedRows, where: Where, window: Window) -> tuple[Floats, Floats]:
    """Matching and held days of each student in a window, each period by its overlap.

    A period without daily records speaks, unless it lies in a longer one that does: some count from the opening each time.
    """
    first, end = asked.first_days(window), asked.term_ends(window)[asked.cohort.term]
    inside = _usable(asked, rows, asked.place[rows.student])
    overlap = _overlap(asked, rows, inside, first, end)
    inside, overlap = inside[overlap > 0], overlap[overlap > 0]
    start, stop = _bounds(rows, inside)
    told = np.flatnonzero(~_has_days(asked, rows.student[inside], start, stop))
    told = told[~_in_a_longer_one(rows.student[inside][told], start[told], stop[told])]
    speaking, part = inside[told], overlap[told] / (stop - start)[told]
    fields = dict.fromkeys(TOTALS_OF[value] for value in where.values if value in TOTALS_OF)
    counted = np.sum([_totals(rows, name, fields)[speaking] for name in fields], axis=0)
    place = asked.place[rows.student[speaking]]
    matching = np.bincount(place, part * counted, asked.size).astype(np.float64)
    held = np.bincount(place, part * rows.columns["held"][speaking], asked.size).astype(np.float64)
    return matching, held


def _bounds(rows: VersionedRows, periods: Ints) -> tuple[Ints, Ints]:
    """The first day of each period and the day after its last."""
    columns = rows.columns
    return columns["from_day"][periods].astype(np.int64), columns["happened_on"][periods].astype(np.int64) + 1


def _overlap(asked: Asked, rows: VersionedRows, periods: Ints, first: Ints, end: Ints) -> Ints:
    """The days of each period that lie in its student's window; none or fewer where it lies outside."""
    (start, stop), place = _bounds(rows, periods), asked.place[rows.student[periods]]
    return np.asarray(np.minimum(stop, end[place]) - np.maximum(start, first[place]))


def _in_a_longer_one(student: Ints, start: Ints, stop: Ints) -> Flags:
    """Whether each period lies in a longer one of the same student."""
    order = np.lexsort((-stop, start, student))
    end = (student * (stop.max(initial=0) + 1) + stop)[order]
    found = np.zeros(len(student), bool)
    found[order[1:]] = np.maximum.accumulate(end)[:-1] >= end[1:]
    return found


def _usable(asked: Asked, rows: VersionedRows, place: Ints) -> Ints:
    """Periods of the cohort's students that have ended; one without a beginning is none."""
    columns = rows.columns
    told = columns["alive"] & (columns["happened_on"] < asked.cohort.today) & (columns["from_day"] != NO_DAY)
    return np.flatnonzero(told & (place >= 0))


def _totals(rows: VersionedRows, name: str, fields: Container[str]) -> Floats:
    """The totals of one column; one that is not told lies in another where that is asked too, else it is not known."""
    told = rows.columns[name].astype(np.float64)
    return np.nan_to_num(told, nan=0.0) if _IN_OTHERS.get(name, "") in fields else told


def _has_days(asked: Asked, student: Ints, start: Ints, stop: Ints) -> Flags:
    """Whether a student has daily records within each period: such a period is not counted from totals too."""
    found = np.zeros(len(student), bool)
    for first, end in np.unique(np.stack([start, stop]), axis=1).T if len(student) else ():
        same = np.flatnonzero((start == first) & (stop == end))
        found[same] = (marks_of_open_days(asked.state, int(first), int(end), student[same]) != 0).any(axis=0)
    return found


def covered_days(asked: Asked, rows: VersionedRows, window: Window, begins: Ints) -> Floats:
    """Teaching days of a window since each student came that lie in a period which is counted from its total.

    A period in which a day has a mark is not: its other days are told by nothing.
    """
    place = asked.place[rows.student]
    usable = _usable(asked, rows, place)
    usable = usable[~_has_days(asked, rows.student[usable], *_bounds(rows, usable))]
    if not len(usable):
        return np.zeros(asked.size)
    who, inverse = np.unique(place[usable], return_inverse=True)
    first = np.maximum(asked.first_days(window), begins)[who]
    end = asked.term_ends(window)[asked.cohort.term][who]
    low, high = int(first.min()), int(end.max())
    if high <= low:
        return np.zeros(asked.size)
    days = np.arange(low, high)
    covered = np.zeros((len(days), len(who)), bool)
    start, stop = rows.columns["from_day"][usable], rows.columns["happened_on"][usable] + 1
    for begins, ends in np.unique(np.stack([start, stop]), axis=1).T:
        same = inverse[(start == begins) & (stop == ends)]
        covered[max(int(begins) - low, 0) : max(int(ends) - low, 0), same] = True
    covered &= (days[:, None] >= first) & (days[:, None] < end)
    found = np.zeros(asked.size)
    found[who] = (covered & _taught(asked, days, who)).sum(axis=0)
    return found


def came_before(asked: Asked, day: Ints) -> Flags:
    """Whether totals show each student in the term before a day of theirs: more days were held than taught since that day."""
    found, rows, cohort = np.zeros(asked.size, bool), totals_of(asked), asked.cohort
    if rows is None:
        return found
    periods = _usable(asked, rows, asked.place[rows.student])
    periods = periods[_overlap(asked, rows, periods, cohort.opens, day) > 0]
    place, stop = asked.place[rows.student[periods]], _bounds(rows, periods)[1]
    since = asked.calendars.taught_between(cohort.term[place], day[place], stop)
    found[place[rows.columns["held"][periods] > since]] = True
    return found


def part_unrecorded(asked: Asked, marked: npt.NDArray[Any], window: Window) -> Floats:
    """The part of the teaching days of the own term in a window that have neither a mark nor a total; NaN without such days.

    `marked` are the teaching days with a mark. Days before a student came are not asked, whatever was marked on them.
    """
    term, begins, ends = asked.cohort.term, asked.expected_from, asked.term_ends(window)
    starts = np.maximum(asked.term_starts(window), [span.opens for span in asked.cohort.terms])
    taught = asked.calendars.taught_between(np.arange(len(starts)), starts, ends)[term]
    told = marked.astype(np.float64)
    late = np.flatnonzero(begins > starts[term])
    first, end = starts[term[late]], ends[term[late]]
    taught[late] = asked.calendars.taught_between(term[late], begins[late], end)
    told[late] -= _marked_days(asked, late, first, np.minimum(begins[late], end))
    if (totals := totals_of(asked)) is not None:
        told += covered_days(asked, totals, window, begins)
    return np.where(taught > 0, 1 - told / np.maximum(taught, 1), np.nan)


def _marked_days(asked: Asked, who: Ints, first: Ints, end: Ints) -> Floats:
    """The teaching days with a mark from `first` up to `end` of each: a few sit in class before they register."""
    cubes, calendars = asked.state.attendance, asked.calendars
    marks = cubes.marks(Sessions.DAY)
    assert marks is not None
    found = np.zeros(len(who))
    student, term = asked.cohort.student[who], asked.cohort.term[who]
    _count_marked(marks, cubes.first_day, student, term, first, end, calendars.teach, calendars.first, found)
    return found


@numba.njit(cache=True, nogil=True)
def _count_marked(marks, marks_from, student, term, first, end, teach, teach_from, found):  # type: ignore[no-untyped-def]
    for i in range(len(student)):
        if student[i] < marks.shape[1]:
            for day in range(max(first[i], marks_from, teach_from), min(end[i], marks_from + len(marks))):
                is_taught = day - teach_from < teach.shape[1] and teach[term[i], day - teach_from]
                found[i] += is_taught and marks[day - marks_from, student[i]] != 0


def _taught(asked: Asked, days: Ints, who: Ints) -> Flags:
    """Which of the days are teaching days of each student's own term."""
    calendars = asked.calendars
    taught = np.zeros((len(days), len(who)), bool)
    inside = (days >= calendars.first) & (days < calendars.first + calendars.teach.shape[1])
    taught[inside] = calendars.teach[asked.cohort.term[who]][:, days[inside] - calendars.first].T
    return taught
