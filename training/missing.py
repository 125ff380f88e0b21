"""Who is missing: from the roster of a later term, or taken off their own; by term (row) and student (column).

A summer term, which most students skip, proves nobody missing: its roster counts nothing, and who is on it goes on from
the term before. Source: the architecture page "Outcome", domain T9.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from features.cohort import TermSpan
from features.state import State, VersionedRows
from records.codes import ENROLMENT_STATUSES, LEVELS, ONE_TERM_LEVELS, SUMMER_TERM, TERMINAL_LEVELS
from records.tables import ENROLMENTS, ROSTER_COUNTS
from training.last_seen import has_marks, last_seen
from training.told_endings import NEVER, term_rows

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_GONE = ENROLMENT_STATUSES.position("GONE_ON_ROLL")
_TERMINAL = [LEVELS.position(value) for value in TERMINAL_LEVELS]
_ONE_TERM = [LEVELS.position(value) for value in ONE_TERM_LEVELS]


@dataclass(frozen=True, kw_only=True)
class RosterCount:
    """A day on which the whole roster of a term was counted (days since 1970)."""

    term: int
    day: int


def roster_counts(state: State, spans: tuple[TermSpan, ...]) -> tuple[RosterCount, ...]:
    """The counts of regular terms, by their days."""
    rows = state.rows[ROSTER_COUNTS.name].columns
    found = [
        RosterCount(term=position, day=int(day))
        for position, span in enumerate(spans)
        if span.term != SUMMER_TERM
        for day in rows["happened_on"][
            rows["alive"] & (rows["academic_year"] == span.academic_year) & (rows["term"] == span.term)
        ]
    ]
    return tuple(sorted(found, key=lambda count: count.day))


def on_roster(state: State, spans: tuple[TermSpan, ...], counts: tuple[RosterCount, ...]) -> Flags:
    """Whether the newest roster of the term has them, and not as gone.

    The roster of a term that was not counted, or of a summer term, may have names of who never came: who was not seen
    in such a term, though its register was kept, is not there.
    """
    rows = state.rows[ENROLMENTS.name]
    term = term_rows(rows, spans)
    there = np.zeros((len(spans), state.students), bool)
    alive = _is_there(rows) & (term >= 0)
    there[term[alive], rows.student[alive]] = True
    for position in set(range(len(spans))) - {count.term for count in counts}:
        there[position] &= _may_have_come(state, spans[position])
    return there


def _may_have_come(state: State, span: TermSpan) -> Flags:
    """By student: whether they were seen in the term; everybody where no register was kept."""
    everybody, closes = np.arange(state.students), np.full(state.students, span.closes)
    if not has_marks(state, span.opens, closes, everybody).any():
        return np.ones(state.students, bool)
    return last_seen(state, span.opens, closes, everybody) >= 0


def skipping(spans: tuple[TermSpan, ...], there: Flags) -> Flags:
    """Who is not on the roster of a summer term."""
    return np.array([span.term == SUMMER_TERM for span in spans], bool)[:, None] & ~there


def _is_there(rows: VersionedRows) -> Flags:
    return np.asarray(rows.columns["alive"] & (rows.columns["status"] != _GONE))


def missing_since(state: State, spans: tuple[TermSpan, ...], counts: tuple[RosterCount, ...], there: Flags) -> Ints:
    """For who was on the roster of a term: the opening of the term from whose roster they are missing, else NEVER.

    Missing is: taken off the same term's roster, marked gone on it, or on no roster of the next counted term (who was
    taken off that one in its course was still there when it opened, and so was who was marked gone and had been seen in
    it); not who finished a programme: last seen at a terminal level in the year before. Who is there in a term in between
    that was not counted, or in a summer term (see `on_roster`), is missing after that one; to be taken off a summer
    term's roster is none.
    """
    rows = state.rows[ENROLMENTS.name]
    term = term_rows(rows, spans)
    is_summer = np.array([span.term == SUMMER_TERM for span in spans] + [False], bool)
    since = np.full((len(spans), state.students), NEVER)
    left_out_later = (term >= 0) & ~rows.columns["alive"]
    taken_off = (term >= 0) & ~_is_there(rows) & ~(left_out_later & is_summer[term])
    opens = np.array([span.opens for span in spans], np.int64)
    since[term[taken_off], rows.student[taken_off]] = opens[term[taken_off]]
    began = there.copy()
    began[term[left_out_later], rows.student[left_out_later]] = True
    marked_gone = taken_off & rows.columns["alive"]
    for position in np.unique(term[marked_gone]):
        own = rows.student[marked_gone & (term == position)]
        closes = np.full(len(own), spans[position].closes)
        began[position, own] = last_seen(state, spans[position].opens, closes, own) >= 0
    last_level = _at_levels(state, term, since.shape, _TERMINAL)
    one_term = _at_levels(state, term, since.shape, _ONE_TERM)
    counted = sorted({count.term for count in counts})
    for before, after in pairwise(counted):
        goes_on = began[after].copy()
        for position in reversed(range(before, after)):
            lacks = (began if is_summer[position] else there)[position] & ~goes_on
            finished = last_level[position] & (spans[after].academic_year > spans[position].academic_year)
            since[position] = np.where(lacks & ~finished & ~one_term[position], spans[after].opens, since[position])
            goes_on |= began[position]
    return since


def _at_levels(state: State, term: Ints, shape: tuple[int, int], levels: list[int]) -> Flags:
    """By term and student: whether the roster has them at one of these levels."""
    rows = state.rows[ENROLMENTS.name]
    chosen = np.isin(rows.columns["level"], levels) & (term >= 0)
    there = np.zeros(shape, bool)
    there[term[chosen], rows.student[chosen]] = True
    return there


def would_be_missing(
    state: State, spans: tuple[TermSpan, ...], counts: tuple[RosterCount, ...], staying: Flags
) -> Ints:
    """For who stays on the roster of the newest counted term, or of one after it: the earliest the next may open."""
    one_term = _at_levels(state, term_rows(state.rows[ENROLMENTS.name], spans), staying.shape, _ONE_TERM)
    since = np.full(staying.shape, NEVER)
    for position in range(max((count.term for count in counts), default=0), len(spans)):
        regular = (span.opens for span in spans[position + 1 :] if span.term != SUMMER_TERM)
        following = next(regular, spans[-1].closes + 1)
        since[position] = np.where(staying[position] & ~one_term[position], following, NEVER)
    return since
