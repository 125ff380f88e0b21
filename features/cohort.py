"""Who a question is about: the students enrolled on a day as far as was known then, their term and class group."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from features.state import State
from records.codes import DAY_KINDS, ENROLMENT_STATUSES, OUTCOME_EVENTS
from records.tables import CALENDAR, ENROLMENTS, OUTCOMES

Ints = npt.NDArray[np.int64]
_HERE = (-1, ENROLMENT_STATUSES.position("ENROLLED"))
_ENDS = [
    OUTCOME_EVENTS.position(event) for event in ("LEFT", "DISMISSED", "TRANSFER_CONFIRMED", "GRADUATED", "DECEASED")
]
_RETURNED = OUTCOME_EVENTS.position("RETURNED")
_HELD_KINDS = [DAY_KINDS.position(kind) for kind in ("TEACH", "EXAM", "WFH")]


@dataclass(frozen=True, kw_only=True)
class TermSpan:
    """A term as the calendar tells it: days since 1970, both ends included."""

    academic_year: int
    term: int
    opens: int
    closes: int


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """The students enrolled on `as_of`, in order of their numbers; the arrays have one entry a student.

    `term` is the position in `terms` of the term that the student is in; `group` the position in `groups`.
    """

    as_of: date
    student: Ints
    term: Ints
    group: Ints
    groups: tuple[str, ...]
    level: npt.NDArray[np.int16]
    terms: tuple[TermSpan, ...]

    @property
    def today(self) -> int:
        return day_number(self.as_of)

    @property
    def opens(self) -> Ints:
        """The opening day of each student's term."""
        return np.array([span.opens for span in self.terms], np.int64)[self.term]


class NobodyEnrolled(ValueError):
    """No student is enrolled on the day asked about: a wrong day or unit, or no roster; never an empty answer."""


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return int(np.datetime64(day, "D").astype(np.int64))


def term_spans(state: State) -> tuple[TermSpan, ...]:
    """The terms of the calendar in order of their opening."""
    rows = state.rows[CALENDAR.name]
    alive = rows.columns["alive"]
    day = rows.columns["happened_on"][alive]
    keys = np.stack([rows.columns["academic_year"][alive], rows.columns["term"][alive]], axis=1)
    spans = [
        TermSpan(
            academic_year=int(year),
            term=int(term),
            opens=int(day[(keys == (year, term)).all(axis=1)].min()),
            closes=int(day[(keys == (year, term)).all(axis=1)].max()),
        )
        for year, term in {(float(year), float(term)) for year, term in keys}
    ]
    return tuple(sorted(spans, key=lambda span: span.opens))


def teaching_days(state: State) -> Ints:
    """Days on which the calendar says there is teaching, in order."""
    rows = state.rows[CALENDAR.name]
    held = rows.columns["alive"] & np.isin(rows.columns["kind"], _HELD_KINDS)
    return np.unique(rows.columns["happened_on"][held]).astype(np.int64)


def cohort(state: State, as_of: date) -> Cohort:
    """The students enrolled on a day. Raises NobodyEnrolled when there is none.

    A student is enrolled when the newest known row of a term that is open that day says so and no later event says
    that they left, moved, finished or died. Until a term's first roster is known, the one before it speaks.
    """
    spans = term_spans(state)
    rows = state.rows[ENROLMENTS.name]
    today = day_number(as_of)
    term = _term_of_rows(rows.columns["academic_year"], rows.columns["term"], spans)
    known = term >= 0
    opens = np.array([span.opens for span in spans], np.int64)
    closes = np.array([span.closes for span in spans], np.int64)
    open_terms = np.flatnonzero((opens <= today) & (closes >= today))
    chosen = known & np.isin(term, open_terms)
    if len(open_terms) and not chosen.any():
        earlier = term[known & (opens[term] < today)]
        chosen = known & (term == earlier.max()) if len(earlier) else chosen
    chosen &= rows.columns["alive"] & np.isin(rows.columns["status"], _HERE)
    chosen &= ~_ended(state, rows.student, opens[np.maximum(term, 0)], today)
    picked = _newest_term_of_each(rows.student, term, np.flatnonzero(chosen))
    if not len(picked):
        raise NobodyEnrolled(
            f"Nobody is enrolled on {as_of} as far as was known that day: no term of the calendar is open then, "
            "or no roster of it was imported. Look at the terms (zerodrop check) and import the roster."
        )
    return Cohort(
        as_of=as_of,
        student=rows.student[picked],
        term=_term_now(term[picked], open_terms),
        group=rows.columns["class_group"][picked].astype(np.int64),
        groups=tuple(rows.words["class_group"]),
        level=rows.columns["level"][picked],
        terms=spans,
    )


def _term_now(term: Ints, open_terms: Ints) -> Ints:
    """Each student's term; students carried over from an earlier roster are in the term that is open now."""
    if not len(open_terms) or np.isin(term, open_terms).any():
        return term
    return np.full(len(term), open_terms.max(), np.int64)


def _term_of_rows(years: npt.NDArray[np.float64], terms: npt.NDArray[np.float64], spans: tuple[TermSpan, ...]) -> Ints:
    positions = np.full(len(years), -1, np.int64)
    for position, span in enumerate(spans):
        positions[(years == span.academic_year) & (terms == span.term)] = position
    return positions


def _newest_term_of_each(student: Ints, term: Ints, rows: Ints) -> Ints:
    """One row for each student: that of the newest term."""
    order = rows[np.lexsort((term[rows], student[rows]))]
    last = np.r_[student[order][1:] != student[order][:-1], True] if len(order) else np.zeros(0, bool)
    return order[last]


def _ended(state: State, student: Ints, since: Ints, today: int) -> npt.NDArray[np.bool_]:
    """Whether the newest ending of each row's student since the term opened has no return after it."""
    rows = state.rows[OUTCOMES.name]
    happened = rows.columns["happened_on"].astype(np.int64)
    valid = rows.columns["alive"] & (happened < today)
    ended_on = np.full(state.students, -1, np.int64)
    back_on = np.full(state.students, -1, np.int64)
    ends = valid & np.isin(rows.columns["event"], _ENDS)
    returns = valid & (rows.columns["event"] == _RETURNED)
    np.maximum.at(ended_on, rows.student[ends], happened[ends])
    np.maximum.at(back_on, rows.student[returns], happened[returns])
    return np.asarray((ended_on[student] >= since) & (ended_on[student] > back_on[student]))
