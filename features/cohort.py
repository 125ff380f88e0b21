"""Who a question is about: the students enrolled on a day as far as was known then, their term and class group."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from functools import cached_property

import numpy as np
import numpy.typing as npt

from features.closed import HELD_KINDS
from features.remembered import remembered
from features.state import State, VersionedRows
from features.told_since import CAME_BACK, HERE
from records.codes import (
    LEVELS,
    NEXT_PROGRAMME_LEVELS,
    ONE_TERM_LEVELS,
    OUTCOME_EVENTS,
    SUMMER_TERM,
    TERMINAL_LEVELS,
)
from records.tables import CALENDAR, ENROLMENTS, OUTCOMES, ROSTER_COUNTS

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_LEAVES = [OUTCOME_EVENTS.position(event) for event in ("LEFT", "DISMISSED", "TRANSFER_CONFIRMED", "DECEASED")]
_FINISHES = OUTCOME_EVENTS.position("GRADUATED")
_RETURNED = OUTCOME_EVENTS.position("RETURNED")
_TERMINAL = [LEVELS.position(level) for level in TERMINAL_LEVELS]
_NEXT_PROGRAMME = [LEVELS.position(level) for level in NEXT_PROGRAMME_LEVELS]
_ONE_TERM = [LEVELS.position(level) for level in ONE_TERM_LEVELS]


@dataclass(frozen=True, kw_only=True)
class TermSpan:
    """A term as the calendar tells it: days since 1970, both ends included; `institution` is the position in a shard."""

    academic_year: int
    term: int
    opens: int
    closes: int
    institution: int = 0


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """The students enrolled on `as_of`, in order of their numbers; the arrays have one entry a student.

    `term` is the position in `terms` of the term that the student is in; `group` the position in `groups`; `row` the
    place of the roster's row in the state's enrolments.
    """

    as_of: date
    student: Ints
    term: Ints
    group: Ints
    groups: tuple[str, ...]
    level: npt.NDArray[np.int16]
    terms: tuple[TermSpan, ...]
    row: Ints

    @cached_property
    def today(self) -> int:
        return day_number(self.as_of)

    @cached_property
    def opens(self) -> Ints:
        """The opening day of each student's term."""
        return np.array([span.opens for span in self.terms], np.int64)[self.term]

    @cached_property
    def terms_before(self) -> Ints:
        """For each of `terms` the position of the institution's term before it, -1 for none."""
        return terms_before(self.terms)

    def among(self, places: Ints) -> "Cohort":
        """Some of the students, by their places."""
        own = {name: getattr(self, name)[places] for name in ("student", "term", "group", "level", "row")}
        return replace(self, **own)


class Nobody(Enum):
    """Why nobody is enrolled on a day, as far as was known that day."""

    OUTSIDE_TERM = "no term of the calendar is open then. Look at the terms (zerodrop check)."
    NO_ROSTER = "no roster was imported. Import the roster."
    ALL_GONE = "everybody on the roster had left, moved, finished or gone on leave."


class NobodyEnrolled(ValueError):
    """No student is enrolled on the day asked about: a wrong day or unit, or no roster; never an empty answer."""

    def __init__(self, as_of: date, why: Nobody) -> None:
        super().__init__(f"Nobody is enrolled on {as_of} as far as was known that day: {why.value}")
        self.as_of = as_of
        self.why = why

    def __reduce__(self) -> tuple[type["NobodyEnrolled"], tuple[date, Nobody]]:
        return type(self), (self.as_of, self.why)  # it comes back from the process that asked


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return int(np.datetime64(day, "D").astype(np.int64))


def term_spans(state: State) -> tuple[TermSpan, ...]:
    """The terms of the calendar, by institution in order of their opening."""
    rows = state.rows[CALENDAR.name]
    return remembered(state, "terms", rows.version, lambda: _term_spans(rows))


def _term_spans(rows: VersionedRows) -> tuple[TermSpan, ...]:
    alive = np.flatnonzero(rows.columns["alive"])
    if not len(alive):
        return ()
    keys = [rows.student[alive], *(rows.columns[name][alive].astype(np.int64) for name in ("academic_year", "term"))]
    day = rows.columns["happened_on"][alive]
    order = np.lexsort((day, *reversed(keys)))
    sorted_keys = np.stack([key[order] for key in keys], axis=1)
    first = np.flatnonzero(np.r_[True, (sorted_keys[1:] != sorted_keys[:-1]).any(axis=1)])
    last = np.r_[first[1:], len(order)] - 1
    spans = [
        TermSpan(institution=int(where), academic_year=int(year), term=int(term), opens=int(opens), closes=int(closes))
        for (where, year, term), opens, closes in zip(
            sorted_keys[first], day[order][first], day[order][last], strict=True
        )
    ]
    return tuple(sorted(spans, key=lambda span: (span.institution, span.opens)))


def terms_before(spans: Sequence[TermSpan]) -> Ints:
    """For each term the position of the institution's term before it, -1 where the calendar has none.

    Of a first term that is the second of the year before: a summer term, which most students skip, is never the one before.
    """
    place = {(span.institution, span.academic_year, span.term): at for at, span in enumerate(spans)}
    found = np.full(len(spans), -1, np.int64)
    for at, span in enumerate(spans):
        year, term = (span.academic_year - 1, 2) if span.term == 1 else (span.academic_year, span.term - 1)
        before = place.get((span.institution, year, term), -1)
        if before >= 0 and spans[before].opens < span.opens:
            found[at] = before
    return found


def teaching_days(state: State) -> Ints:
    """Days on which a calendar says there is teaching, in order."""
    rows = state.rows[CALENDAR.name]
    held = rows.columns["alive"] & np.isin(rows.columns["kind"], HELD_KINDS)
    return np.unique(rows.columns["happened_on"][held]).astype(np.int64)


def cohort(state: State, as_of: date) -> Cohort:
    """The students enrolled on a day. Raises NobodyEnrolled when there is none.

    A student is enrolled when the newest known row of a term that is open that day says so and no later event says
    that they left, moved, finished or died (see `_ended`). Until a roster of the term speaks for a student's class group, the row of the
    term before does (see `_rows_that_speak`).
    """
    spans, today = term_spans(state), day_number(as_of)
    versions = (state.rows[table.name].version for table in (CALENDAR, ENROLMENTS, ROSTER_COUNTS))
    is_open = tuple(span.opens <= today <= span.closes for span in spans)
    opened = tuple(span.opens < today for span in spans)
    listed = *versions, is_open, opened
    roster = remembered(state, "roster", listed, lambda: _roster(state, today))
    outcomes = state.rows[OUTCOMES.name]
    # What is told of days to come is not looked at yet, and will be.
    left = outcomes.version, today if outcomes.newest_day >= today else None
    return replace(remembered(state, "cohort", (listed, left), lambda: _cohort(state, roster, as_of)), as_of=as_of)


@dataclass(frozen=True)
class _Roster:
    """Who the rosters list, whether they left or not: rows of the enrolments, their institutions and their terms.

    `speaks` is false where no row of a roster tells who is here.
    """

    row: Ints
    student: Ints
    where: Ints
    term: Ints
    term_now: Ints
    speaks: bool


def _roster(state: State, today: int) -> _Roster:
    spans, rows = term_spans(state), state.rows[ENROLMENTS.name]
    where = state.institution_of(rows.student)
    term = _term_of_rows(where, rows.columns["academic_year"], rows.columns["term"], spans)
    is_open = np.array([span.opens <= today <= span.closes for span in spans], bool)
    known = np.flatnonzero((term >= 0) & rows.columns["alive"])
    speaking = _rows_that_speak(_Told(state, spans, where, term, is_open), known, today)
    row = _newest_term_of_each(rows.student, term, speaking)
    row = row[np.isin(rows.columns["status"][row], HERE)]
    where, term = where[row], term[row]
    return _Roster(row, rows.student[row], where, term, _term_now(where, term, is_open, spans), bool(len(speaking)))


def _cohort(state: State, roster: _Roster, as_of: date) -> Cohort:
    spans, rows = term_spans(state), state.rows[ENROLMENTS.name]
    opens = np.array([span.opens for span in spans], np.int64)
    since = np.minimum(opens[roster.term], rows.columns["told_since"][roster.row])
    here = np.flatnonzero(~_ended(state, roster, since, day_number(as_of)))
    if not len(here):
        raise NobodyEnrolled(as_of, _why_nobody(spans, roster, day_number(as_of)))
    picked = roster.row[here]
    group, groups = _groups(roster.where[here], rows.columns["class_group"][picked], rows.words["class_group"])
    return Cohort(
        as_of=as_of,
        student=roster.student[here],
        term=roster.term_now[here],
        group=group,
        groups=groups,
        level=rows.columns["level"][picked],
        terms=spans,
        row=picked,
    )


def _why_nobody(spans: tuple[TermSpan, ...], roster: _Roster, today: int) -> Nobody:
    if not any(span.opens <= today <= span.closes for span in spans):
        return Nobody.OUTSIDE_TERM
    return Nobody.ALL_GONE if roster.speaks else Nobody.NO_ROSTER


@dataclass(frozen=True)
class _Told:
    """What the rosters of a state tell: of each row of the enrolments its institution and term, and which terms are open."""

    state: State
    spans: tuple[TermSpan, ...]
    where: Ints
    term: Ints
    is_open: Flags

    @property
    def student(self) -> Ints:
        return self.state.rows[ENROLMENTS.name].student

    def places(self, institutions: Iterable[int]) -> Flags:
        """These institutions of the state, as flags."""
        found = np.zeros(len(self.state.offsets), bool)
        found[list(institutions)] = True
        return found


def _rows_that_speak(told: _Told, known: Ints, today: int) -> Ints:
    """Rows of an open term, and of those for whom no roster of an open term speaks yet the row of the term before.

    For all of an institution one speaks when it is known to be complete, or is of a summer term, which has no more than
    its own students. An institution without an open term has nobody enrolled.
    """
    of_open = known[told.is_open[told.term[known]]]
    open_now = [span for span, now in zip(told.spans, told.is_open, strict=True) if now]
    in_term = told.places(span.institution for span in open_now)
    in_regular_term = told.places(span.institution for span in open_now if span.term != SUMMER_TERM)
    whole = told.places(_counted_in(told.state, open_now)) | ~in_regular_term
    begun = np.zeros(len(told.state.offsets), bool)
    begun[told.where[of_open]] = True
    before = _rows_before(told, known[(in_term & ~(begun & whole))[told.where[known]]], today)
    on_roster = np.zeros(told.state.students, bool)
    on_roster[told.student[of_open]] = True
    listed = on_roster[told.student[before]]
    over = _are_over(told, before, open_now) | (
        begun[told.where[before]] & _are_groups_told(told, before, of_open, listed)
    )
    return np.concatenate([of_open, before[~(listed | over)]])


def _rows_before(told: _Told, known: Ints, today: int) -> Ints:
    """Of each student the newest row of the institution's newest past term that has rows, or of a summer term after it."""
    opens = np.array([span.opens for span in told.spans], np.int64)
    regular = np.array([span.term != SUMMER_TERM for span in told.spans], bool)
    past = known[(opens[told.term[known]] < today) & ~told.is_open[told.term[known]]]
    counted = past[regular[told.term[past]]]
    newest = np.full(len(told.state.offsets), -1, np.int64)
    np.maximum.at(newest, told.where[counted], told.term[counted])
    since = past[told.term[past] >= newest[told.where[past]]]
    return _newest_term_of_each(told.student, told.term, since)


def _are_over(told: _Told, before: Ints, open_now: list[TermSpan]) -> Flags:
    """Whether each row's programme is over: a course of one term, or a last year in an earlier academic year."""
    rows = told.state.rows[ENROLMENTS.name].columns
    year = np.zeros(len(told.state.offsets), np.int64)
    for span in open_now:
        year[span.institution] = span.academic_year
    earlier = rows["academic_year"][before] < year[told.where[before]]
    level = rows["level"][before]
    return np.asarray((np.isin(level, _TERMINAL) & earlier) | np.isin(level, _ONE_TERM))


def _counted_in(state: State, spans: list[TermSpan]) -> Iterator[int]:
    """The institutions of which a complete roster of one of these terms is known."""
    rows = state.rows[ROSTER_COUNTS.name]
    for span in spans:
        of_term = (rows.columns["academic_year"] == span.academic_year) & (rows.columns["term"] == span.term)
        if (rows.columns["alive"] & of_term & (rows.student == span.institution)).any():
            yield span.institution


def _are_groups_told(told: _Told, before: Ints, of_open: Ints, listed: Flags) -> Flags:
    """Of each row whether its class group has a roster in an open term; `listed` are the rows of students who are on one.

    That is: a row names the group in the same academic year, or half of the group or more are on a roster. In another
    year the same name may be that of other students ("1/1"), and the group may have another name ("2/1").
    """
    rows = told.state.rows[ENROLMENTS.name]
    names, year = len(rows.words["class_group"]), rows.columns["academic_year"].astype(np.int64)

    def groups(of: Ints) -> Ints:
        return np.asarray((told.where[of] * 10_000 + year[of]) * names + rows.columns["class_group"][of])

    named = np.isin(groups(before), groups(of_open))
    place = np.unique(groups(before), return_inverse=True)[1]
    return np.asarray(named | (2 * np.bincount(place, listed) >= np.bincount(place))[place])


def _term_now(where: Ints, term: Ints, is_open: Flags, spans: tuple[TermSpan, ...]) -> Ints:
    """Each student's term; students carried over from an earlier roster are in the newest term that is open now."""
    if not len(where):
        return term
    newest_open = {span.institution: place for place, span in enumerate(spans) if is_open[place]}
    now = np.array([newest_open.get(one, -1) for one in range(int(where.max()) + 1)], np.int64)[where]
    return np.where(is_open[term] | (now < 0), term, now)


def _groups(where: Ints, words: npt.NDArray[np.int32], names: list[str]) -> tuple[Ints, tuple[str, ...]]:
    """A number for each class group of each institution, and the names by number."""
    if not where.any():
        return words.astype(np.int64), tuple(names)
    told, group = distinct(where * len(names) + words)
    return group, tuple(map(names.__getitem__, (told % len(names)).tolist()))


def distinct(numbers: Ints) -> tuple[Ints, Ints]:
    """The different numbers in order, and the place of each number among them: np.unique for numbers that lie close."""
    low = int(numbers.min(initial=0))
    told = np.flatnonzero(np.bincount(numbers - low))
    place = np.empty(told.max(initial=-1) + 1, np.int64)
    place[told] = np.arange(len(told))
    return told + low, place[numbers - low]


def _term_of_rows(
    where: Ints, years: npt.NDArray[np.floating], terms: npt.NDArray[np.floating], spans: tuple[TermSpan, ...]
) -> Ints:
    """The position in `spans` of each row's term, -1 where the calendar has none."""
    if not spans:
        return np.full(len(where), -1, np.int64)
    wanted = np.array([(span.institution * 10_000 + span.academic_year) * 10 + span.term for span in spans], np.int64)
    order = np.argsort(wanted)
    told = (where * 10_000 + years.astype(np.int64)) * 10 + terms.astype(np.int64)
    place = np.minimum(np.searchsorted(wanted[order], told), len(order) - 1)
    return np.where(wanted[order][place] == told, order[place], -1)


def _newest_term_of_each(student: Ints, term: Ints, rows: Ints) -> Ints:
    """One row for each student: that of the newest term."""
    order = rows[np.lexsort((term[rows], student[rows]))]
    last = np.r_[student[order][1:] != student[order][:-1], True] if len(order) else np.zeros(0, bool)
    return order[last]


def _ended(state: State, roster: _Roster, since: Ints, today: int) -> Flags:
    """Whether the newest ending of each row's student since the row or the opening of its term has no return after it.

    A return is told as such, or by the row itself: it says that they came back, on that day or later. A row speaks since
    the day on which it first told what it tells of that: an update of another column brings nobody back. To have graduated
    ends no first year of the next programme.
    """
    rows, outcomes = state.rows[ENROLMENTS.name].columns, state.rows[OUTCOMES.name]
    happened = outcomes.columns["happened_on"].astype(np.int64)
    valid = outcomes.columns["alive"] & (happened < today)

    def newest(events: list[int]) -> Ints:
        found, told = np.full(state.students, -1, np.int64), valid & np.isin(outcomes.columns["event"], events)
        np.maximum.at(found, outcomes.student[told], happened[told])
        return found[roster.student]

    goes_on = np.isin(rows["level"][roster.row], _NEXT_PROGRAMME)
    ended_on = np.maximum(newest(_LEAVES), np.where(goes_on, -1, newest([_FINISHES])))
    came_back = rows["entry_route"][roster.row] == CAME_BACK
    back_on = np.maximum(newest([_RETURNED]), np.where(came_back, rows["told_since"][roster.row], -1))
    return np.asarray((ended_on >= since) & (ended_on > back_on))
