"""What "left" means, and nothing else: who left when, when that could be concluded, and the label of a student-week.

`left_on` is the date of a resignation or dismissal; else the day after the student was last seen when a later complete
roster lacks them or marks them gone (3.1.8); else, with no attendance kept, the first day of the term on whose roster
they are missing. Moving, finishing and dying are no leaving. Source: the architecture page "Outcome", domain T9.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import IntEnum
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from features.cohort import Cohort, TermSpan, day_number, term_spans, terms_before
from features.state import Replay, State
from models.horizon import Horizon
from records.codes import ENROLMENT_STATUSES, OUTCOME_EVENTS
from records.log import EventLog
from training.last_seen import has_marks, last_seen
from training.missing import RosterCount as RosterCount
from training.missing import missing_since, on_roster, roster_counts, skipping, would_be_missing
from training.told_endings import NEVER as NEVER
from training.told_endings import events, first_after, first_return, first_told, last_told

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Kinds = npt.NDArray[np.int8]

_LEFT_STATUSES = [ENROLMENT_STATUSES.position(value) for value in ("RESIGNED", "DISMISSED")]
_LEFT_EVENTS = [OUTCOME_EVENTS.position(value) for value in ("LEFT", "DISMISSED")]
_ELSEWHERE_EVENTS = [OUTCOME_EVENTS.position(value) for value in ("TRANSFER_CONFIRMED", "GRADUATED")]


class Ending(IntEnum):
    """What else ends a student's time at an institution."""

    NONE = 0
    MOVED = 1
    FINISHED = 2
    DIED = 3


_OTHERWISE: dict[Ending, tuple[list[int], list[int]]] = {
    ending: ([ENROLMENT_STATUSES.position(status)], [OUTCOME_EVENTS.position(event)])
    for ending, status, event in (
        (Ending.MOVED, "TRANSFERRED_OUT", "TRANSFER_CONFIRMED"),
        (Ending.FINISHED, "GRADUATED", "GRADUATED"),
        (Ending.DIED, "DECEASED", "DECEASED"),
    )
}


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """What was known of leaving on `known_until`, by term (row) and student (column); NEVER where nothing happened.

    `left_on` is the broad reading (missing and unresolved counts as left), `confirmed_on` the strict one; before
    `left_on` they were seen last on `seen_on`, by the records of that term and the one before.
    `other_on` is the day a student moved, finished or died, `other_kind` which of these (Ending, int8). Who came back for
    the first time in a term, on `back_on`, may leave the same term again: `left_again_on`, `confirmed_again_on` and `seen_again_on` hold from that day; so do
    `other_again_on` and its kind from `other_back_on`, where a move fell through. Of who stays, as far as is known, `would_leave_on` is the
    day on which they will have left should the roster of the next term lack them; NEVER once that one is known.
    `skips` tells who is not on the roster of a summer term: to them the term after it is the next.
    """

    known_until: int
    terms: tuple[TermSpan, ...]
    counts: tuple[RosterCount, ...]
    left_on: Ints
    confirmed_on: Ints
    seen_on: Ints
    other_on: Ints
    other_kind: Kinds
    other_back_on: Ints
    other_again_on: Ints
    other_again_kind: Kinds
    back_on: Ints
    left_again_on: Ints
    confirmed_again_on: Ints
    seen_again_on: Ints
    would_leave_on: Ints
    skips: Flags


@dataclass(frozen=True, kw_only=True)
class Labels:
    """Labels of the students of one as-of day: `left` within the horizon; `gone` before it without anyone knowing yet."""

    left: Flags
    strict: Flags
    gone: Flags
    mature: bool


def outcomes(log: EventLog, known_until: date) -> Outcomes:
    """Who left, as the records known on `known_until` tell it."""
    return outcomes_of(Replay(log).advance(known_until), log, known_until)


def outcomes_of(state: State, log: EventLog, known_until: date) -> Outcomes:
    """The same from a state of the log that was advanced to `known_until` already."""
    spans = term_spans(state)
    told = last_told(log, known_until)
    left = first_told(told, state, spans, _LEFT_STATUSES, _LEFT_EVENTS)
    other, other_kind = _first_of({end: first_told(told, state, spans, *words) for end, words in _OTHERWISE.items()})
    back, other_back = first_return(state, spans, left), first_return(state, spans, other)
    again = first_after(state, spans, _LEFT_EVENTS, back)
    other_again, again_kind = _first_of(
        {end: first_after(state, spans, words, other_back) for end, (_, words) in _OTHERWISE.items()}
    )
    elsewhere = np.where(other_back < NEVER, other_again, other) < NEVER
    confirmed, confirmed_again = left.copy(), again.copy()
    counts = roster_counts(state, spans)
    there = on_roster(state, spans, counts)
    missing = missing_since(state, spans, counts, there)
    unresolved = (missing < NEVER) & ~elsewhere & ~_found_elsewhere(state, spans, there, elsewhere)
    vanished = _day_of_vanishing(state, spans, missing)
    left = np.where(unresolved & (left == NEVER), vanished, left)
    again = np.where(unresolved & (back < NEVER) & (again == NEVER), np.maximum(vanished, back), again)
    staying = there & ~elsewhere & np.where(back < NEVER, again == NEVER, left == NEVER)
    would_leave = _day_of_vanishing(state, spans, would_be_missing(state, spans, counts, staying))
    _carry_over(there, left)
    return Outcomes(
        known_until=day_number(known_until), terms=spans, counts=counts, left_on=left, confirmed_on=confirmed,
        seen_on=_seen_before(state, spans, left), other_on=other, other_kind=other_kind, other_back_on=other_back,
        other_again_on=other_again, other_again_kind=again_kind, back_on=back, left_again_on=again,
        confirmed_again_on=confirmed_again, seen_again_on=np.maximum(_seen_before(state, spans, again), back),
        would_leave_on=would_leave, skips=skipping(spans, there),
    )  # fmt: skip


def labels(found: Outcomes, cohort: Cohort, horizon: Horizon) -> Labels:
    """The labels of a cohort: 1 if `as_of <= left_on <= end`, 0 if still here or moved, finished or died first."""
    cohort = _in_terms_of(found, cohort)
    today = cohort.today
    ends = _ends(found, cohort, horizon)
    own_left = _own_left(found, cohort)
    again, first = _own_term(found.confirmed_again_on, cohort), _own_term(found.confirmed_on, cohort)
    own_strict = np.where(are_back(found, cohort), again, first)
    own_other, _ = _own_other(found, cohort)
    left_on = leaving_days(found, cohort)
    strict_on = np.where(own_strict < NEVER, own_strict, _next_term(found, found.confirmed_on, cohort))
    other_on = np.where(own_other < NEVER, own_other, _next_term(found, found.other_on, cohort))
    gone = own_left < today
    return Labels(
        left=(left_on >= today) & (left_on <= ends) & (left_on <= other_on),
        strict=(strict_on >= today) & (strict_on <= ends) & (strict_on <= other_on),
        gone=gone,
        mature=_is_mature(found, cohort, ends),
    )


def endings(found: Outcomes, cohort: Cohort, horizon: Horizon) -> Kinds:
    """Of each student what else ended their time within the horizon, before they left (Ending): they count as staying."""
    leaves_on = leaving_days(found, cohort)
    cohort = _in_terms_of(found, cohort)
    own, own_kind = _own_other(found, cohort)
    on = np.where(own < NEVER, own, _next_term(found, found.other_on, cohort))
    kind = np.where(own < NEVER, own_kind, _next_term(found, found.other_kind, cohort, Ending.NONE))
    inside = (on >= cohort.today) & (on <= _ends(found, cohort, horizon)) & (on < leaves_on)
    return np.where(inside, kind, Ending.NONE).astype(np.int8)


def leaving_days(found: Outcomes, cohort: Cohort) -> Ints:
    """The day on which each student of a cohort leaves, in their own term or the next; NEVER for who stays."""
    cohort = _in_terms_of(found, cohort)
    own = _own_left(found, cohort)
    return np.where(own < NEVER, own, _next_term(found, found.left_on, cohort))


def last_days_seen(found: Outcomes, cohort: Cohort) -> Ints:
    """The last day on which each of those was there before they left; NEVER for who stays."""
    cohort = _in_terms_of(found, cohort)
    again, first = _own_term(found.seen_again_on, cohort), _own_term(found.seen_on, cohort)
    own = np.where(are_back(found, cohort), again, first)
    return np.where(_own_left(found, cohort) < NEVER, own, _next_term(found, found.seen_on, cohort))


def are_back(found: Outcomes, cohort: Cohort) -> Flags:
    """Who had left earlier in their term and was there again by the day of the cohort."""
    cohort = _in_terms_of(found, cohort)
    return np.asarray(_own_term(found.back_on, cohort) <= cohort.today)


def _own_left(found: Outcomes, cohort: Cohort) -> Ints:
    """In their own term; of who was back by the day of the cohort, the leaving after the return."""
    again, first = _own_term(found.left_again_on, cohort), _own_term(found.left_on, cohort)
    return np.where(are_back(found, cohort), again, first)


def _own_other(found: Outcomes, cohort: Cohort) -> tuple[Ints, Ints]:
    """What else ends it, and its kind; of who was back by the day of the cohort, what did so after the return."""
    is_back = _own_term(found.other_back_on, cohort) <= cohort.today
    on = np.where(is_back, _own_term(found.other_again_on, cohort), _own_term(found.other_on, cohort))
    kind = np.where(is_back, _own_term(found.other_again_kind, cohort), _own_term(found.other_kind, cohort))
    return on, kind


def places_of(terms: Sequence[TermSpan], known: Sequence[TermSpan]) -> Ints:
    """Where each of these terms, as told on some day, stands among the known ones; -1 for one that covers no day any more.

    It is the term of the same number or, where the number was corrected, the one that has most of its days.
    """
    return np.array([_place_of(term, known) for term in terms], np.int64)


def _place_of(term: TermSpan, known: Sequence[TermSpan]) -> int:
    key = (term.academic_year, term.term)
    shared = [min(term.closes, one.closes) - max(term.opens, one.opens) + 1 for one in known]
    covering = [place for place, days in enumerate(shared) if days > 0]
    own = [place for place in covering if (known[place].academic_year, known[place].term) == key]
    return max(own or covering, key=lambda place: shared[place], default=-1)


def in_term(days: npt.NDArray[np.integer | np.bool_], term: Ints, student: Ints) -> Ints:
    """Of each student the entry of a term (row); NEVER in a term, or of a student, that is not known."""
    found, known = np.full(len(student), NEVER), (term >= 0) & (term < len(days)) & (student < days.shape[1])
    found[known] = days[term[known], student[known]]
    return found


def _in_terms_of(found: Outcomes, cohort: Cohort) -> Cohort:
    """The cohort with its terms numbered as in `found`, -1 for none: a term may be entered or corrected afterwards."""
    places = np.append(places_of(cohort.terms, found.terms), -1)
    return replace(cohort, term=places[cohort.term], terms=found.terms)


def _own_term(days: npt.NDArray[np.integer], cohort: Cohort) -> Ints:
    return in_term(days, cohort.term, cohort.student)


def _next_term(found: Outcomes, days: npt.NDArray[np.integer], cohort: Cohort, nothing: int = int(NEVER)) -> Ints:
    """What happened in the term after each student's own: horizons reach over the break, and over a summer term skipped."""
    after = np.where(cohort.term < 0, len(found.terms), cohort.term + 1)
    told, later = in_term(days, after, cohort.student), in_term(days, after + 1, cohort.student)
    skips = in_term(found.skips, after, cohort.student) == 1
    return np.where(skips & (told == nothing), later, told)


def _ends(found: Outcomes, cohort: Cohort, horizon: Horizon) -> Ints:
    end = horizon.end(cohort.as_of)
    if end is not None:
        return np.full(len(cohort.student), day_number(end), np.int64)
    next_count = [_count_after(found, term, cohort.today + 1) for term in range(len(found.terms))]
    return np.array([*next_count, NEVER], np.int64)[cohort.term]


def _count_after(found: Outcomes, term: int, day: int) -> int:
    """The first roster count of this term or a later one on or after a day; NEVER when none is known."""
    return min((count.day for count in found.counts if count.term >= term and count.day >= day), default=int(NEVER))


def _is_mature(found: Outcomes, cohort: Cohort, ends: Ints) -> bool:
    """A whole week trains or does not: its terms and a roster count that settles it are known, every horizon has ended.

    A count of the same term settles nothing of who may have stopped coming by then and is on the roll still: the roster
    of the next term dates their leaving back to the day after they were last seen.
    """
    counted = [_count_after(found, int(term), int(end)) for term, end in {*zip(cohort.term, ends, strict=True)}]
    own, later = _own_term(found.would_leave_on, cohort), _next_term(found, found.would_leave_on, cohort)
    is_open = (cohort.term < 0).any() or (np.minimum(own, later) <= ends).any()
    return bool(ends.max() < found.known_until) and max(counted) < found.known_until and not is_open


# Who left


def _first_of(days: Mapping[Ending, Ints]) -> tuple[Ints, Kinds]:
    """The earliest of these days, and which ending came then."""
    first = np.minimum.reduce(list(days.values()))
    kind = np.select([(on == first) & (on < NEVER) for on in days.values()], [int(ending) for ending in days])
    return first, kind.astype(np.int8)


def _found_elsewhere(state: State, spans: tuple[TermSpan, ...], there: Flags, elsewhere: Flags) -> Flags:
    """By term and student: whether a move or an end of studies was told in the term or, while on no roster, later."""
    found = np.zeros(there.shape, bool)
    term, student, _ = events(state, spans, _ELSEWHERE_EVENTS)
    found[term, student] = elsewhere[term, student]
    for before, after in reversed(list(pairwise(range(len(spans))))):
        found[before] |= found[after] & ~there[after]
    return found


def _carry_over(there: Flags, left: Ints) -> None:
    """Until a term's first roster is known its list has the students of the one before: they had left in that one."""
    for before, after in pairwise(range(len(left))):
        left[after] = np.where(~there[after] & (left[after] == NEVER), left[before], left[after])


def _day_of_vanishing(state: State, spans: tuple[TermSpan, ...], missing_since: Ints) -> Ints:
    """The day after the student was last seen in the term; without attendance the opening of the roster that lacks them."""
    vanished = missing_since.copy()
    for position, span in enumerate(spans):
        students = np.flatnonzero(missing_since[position] < NEVER)
        seen = last_seen(state, span.opens, np.full(len(students), span.closes), students)
        vanished[position, students] = np.where(seen >= 0, seen + 1, missing_since[position, students])
    return vanished


def _seen_before(state: State, spans: tuple[TermSpan, ...], left: Ints) -> Ints:
    """The last day before leaving on which a student was there: in the term or, with no mark but of absence, the one before.

    Of whom no record says it, the day before they left.
    """
    seen = np.where(left < NEVER, left - 1, NEVER)
    earlier = np.maximum(terms_before(spans), 0)
    for position, span in enumerate(spans):
        students = np.flatnonzero(left[position] < NEVER)
        until = left[position, students] - 1
        here = last_seen(state, span.opens, until, students)
        before = last_seen(state, spans[earlier[position]].opens, until, students)
        told = np.where(has_marks(state, span.opens, until, students), before, here)
        seen[position, students] = np.where(told >= 0, told, until)
    return seen
