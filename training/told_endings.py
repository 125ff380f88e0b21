"""What was told of endings, by term (row) and student (column): statuses of the roster, events, and returns after them."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from features.cohort import TermSpan
from features.state import State, VersionedRows
from features.told_since import CAME_BACK, HERE
from records.clock import start_of
from records.codes import OUTCOME_EVENTS
from records.log import EventLog
from records.tables import ENROLMENTS, OUTCOMES, SAME_PERSON
from training.last_seen import last_seen

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
NEVER = np.int64(2**31)  # later than any day

_RETURNED = [OUTCOME_EVENTS.position("RETURNED")]


def last_told(log: EventLog, known_until: date) -> VersionedRows:
    """Enrolments as they were told last: who was resigned or moved when a newer roster left them out stays so."""
    told, until = State(), start_of(known_until)
    told.fold(SAME_PERSON, log.rows(SAME_PERSON, until))
    rows = log.rows(ENROLMENTS, until)
    told.fold(ENROLMENTS, rows.filter(pc.invert(rows.column("retracted"))))
    return told.rows[ENROLMENTS.name]


def term_rows(rows: VersionedRows, spans: tuple[TermSpan, ...]) -> Ints:
    """The term (position in spans) of every enrolment row, -1 for terms that no calendar tells."""
    term = np.full(len(rows), -1, np.int64)
    for position, span in enumerate(spans):
        same = (rows.columns["academic_year"] == span.academic_year) & (rows.columns["term"] == span.term)
        term[same] = position
    return term


def first_told(
    rows: VersionedRows, state: State, spans: tuple[TermSpan, ...], statuses: Sequence[int], wanted: Sequence[int]
) -> Ints:
    """The first day on which the roster told one of these statuses, or one of these events happened.

    A status that held before the term of its roster opened ended the term of that day too, unless they were seen in it
    on that day or later: then it is the next one that they gave up.
    """
    days = np.full((len(spans), state.students), NEVER)
    term = term_rows(rows, spans)
    told = np.isin(rows.columns["status"], statuses) & (term >= 0)
    day = rows.columns["status_on"].astype(np.int64)
    is_dated = day > -(10**8)
    day = np.where(is_dated, day, rows.columns["happened_on"].astype(np.int64))
    np.minimum.at(days, (term[told], rows.student[told]), day[told])
    of_day = _open_on(day, spans)
    earlier = np.flatnonzero(told & is_dated & (of_day >= 0) & (of_day < term))
    earlier = earlier[~_are_seen_since(state, spans, of_day[earlier], rows.student[earlier], day[earlier])]
    np.minimum.at(days, (of_day[earlier], rows.student[earlier]), day[earlier])
    happened, student, on = events(state, spans, wanted)
    np.minimum.at(days, (happened, student), on)
    return days


def _are_seen_since(state: State, spans: tuple[TermSpan, ...], term: Ints, student: Ints, day: Ints) -> Flags:
    """Whether each of these students was seen in a term on a day of it or later."""
    seen = np.zeros(len(student), bool)
    for position in np.unique(term):
        own, span = np.flatnonzero(term == position), spans[position]
        seen[own] = last_seen(state, span.opens, np.full(len(own), span.closes), student[own]) >= day[own]
    return seen


def events(state: State, spans: tuple[TermSpan, ...], wanted: Sequence[int]) -> tuple[Ints, Ints, Ints]:
    """Term, student and day of these events; they belong to the term that had opened last when they happened."""
    rows = state.rows[OUTCOMES.name]
    day = rows.columns["happened_on"].astype(np.int64)
    term = _open_on(day, spans)
    told = rows.columns["alive"] & np.isin(rows.columns["event"], wanted) & (term >= 0)
    return term[told], rows.student[told], day[told]


def _open_on(day: Ints, spans: tuple[TermSpan, ...]) -> Ints:
    """The term that had opened last by each day, -1 before all."""
    return np.searchsorted(np.array([span.opens for span in spans], np.int64), day, side="right") - 1


def first_return(state: State, spans: tuple[TermSpan, ...], ended: Ints) -> Ints:
    """The first return in the same term after these endings, told as such or by the roster (features.cohort)."""
    back = np.full(ended.shape, NEVER)
    rows = state.rows[ENROLMENTS.name]
    of_row = term_rows(rows, spans)
    is_here = rows.columns["alive"] & np.isin(rows.columns["status"], HERE)
    told = is_here & (rows.columns["entry_route"] == CAME_BACK) & (of_row >= 0)
    listed = of_row[told], rows.student[told], rows.columns["told_since"][told].astype(np.int64)
    for term, student, day in (events(state, spans, _RETURNED), listed):
        after = day >= ended[term, student]
        np.minimum.at(back, (term[after], student[after]), day[after])
    return back


def first_after(state: State, spans: tuple[TermSpan, ...], wanted: Sequence[int], back: Ints) -> Ints:
    """The first of these events in the same term after a return."""
    again = np.full(back.shape, NEVER)
    term, student, day = events(state, spans, wanted)
    after = day > back[term, student]
    np.minimum.at(again, (term[after], student[after]), day[after])
    return again
