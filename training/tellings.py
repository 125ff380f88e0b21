"""How leavings become known: who left when, on which Monday it had been told first, and what closed weeks teach of it.

Only leavings that somebody told count here: one that is concluded from a roster comes in heaps, three times a year.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from features.cohort import Cohort, TermSpan, day_number
from models.horizon import Horizon
from records.log import EventLog
from records.tables import ATTENDANCE
from training.control_chart import MOST_DELAY, PastWeeks
from training.outcome import NEVER, Outcomes, in_term, labels, outcomes, places_of

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Tellings:
    """By term (row) and student (column), days since 1970: the day of leaving and the first Monday that knew it."""

    terms: tuple[TermSpan, ...]
    left_on: Ints
    told_on: Ints

    def of(self, cohort: Cohort) -> tuple[Ints, Ints]:
        """The two for each student of a cohort, in the term they are in; NEVER in one that is known no more."""
        row = places_of(cohort.terms, self.terms)[cohort.term]
        return in_term(self.left_on, row, cohort.student), in_term(self.told_on, row, cohort.student)


@dataclass(frozen=True, kw_only=True)
class SeenWeek:
    """A Monday as it was then: who was enrolled, and who had been seen in the last days recorded before it.

    `seen` leaves out who may have gone unnoticed already: who was not seen lately has no say in the chart, on either
    side. Where nobody's attendance was recorded all count as seen. `term` is (academic year, term), `position` 100 * term +
    week of that term.
    """

    monday: date
    cohort: Cohort
    seen: Flags
    term: tuple[int, int]
    position: int

    def told(self, tellings: Tellings, among: Flags) -> Floats:
        """(MOST_DELAY + 1,) leavings of these seven days by the weeks from Monday until they had been told."""
        left_on, told_on = tellings.of(self.cohort)
        today = self.cohort.today
        own = among & self.seen & (left_on >= today) & (left_on < today + 7) & (told_on < NEVER)
        delay = (told_on[own] - today) // 7
        return np.bincount(delay[(delay >= 0) & (delay <= MOST_DELAY)], minlength=MOST_DELAY + 1).astype(np.float64)


def tellings(log: EventLog, mondays: Sequence[date]) -> Tellings:
    """What was known of leaving on each Monday, in order; the last one's word on the day holds."""
    small = _without_attendance(log)
    told: dict[TermSpan, Ints] = {}
    found = None
    for monday in mondays:
        found = outcomes(small, monday)
        for span, confirmed in zip(found.terms, found.confirmed_on, strict=True):
            first = _as_long(told.get(span), len(confirmed))
            first[(first == NEVER) & (confirmed < NEVER)] = day_number(monday)
            told[span] = first
    if found is None:
        raise ValueError("no Monday was given: there is nothing to look back on")
    told_on = np.full_like(found.confirmed_on, NEVER)
    for place, first in zip(places_of(list(told), found.terms), told.values(), strict=True):
        if place >= 0:  # a term that was corrected has been told in several ways
            told_on[place] = np.minimum(told_on[place], _as_long(first, len(told_on[place])))
    return Tellings(
        terms=found.terms, left_on=found.confirmed_on, told_on=np.where(found.confirmed_on < NEVER, told_on, NEVER)
    )


def _without_attendance(log: EventLog) -> EventLog:
    """Nobody tells a leaving by marking attendance, and it is nearly all of the log."""
    small = copy(log)
    small.files = tuple(file for file in log.files if file.table != ATTENDANCE.name)
    return small


def _as_long(held: Ints | None, students: int) -> Ints:
    found = np.full(students, NEVER)
    if held is not None:
        found[: len(held)] = held
    return found


def past_weeks(
    weeks: Sequence[SeenWeek], told: Tellings, found: Outcomes, horizon: Horizon, known_until: date
) -> PastWeeks:
    """What could be learned on a day: weeks whose horizon had ended and whose roster count was known by then.

    `found` are the outcomes as known on that day.
    """
    until = day_number(known_until)
    known = replace(told, told_on=np.where(told.told_on <= until, told.told_on, NEVER))
    rows = []
    for week in weeks:
        if week.monday >= known_until:
            continue
        said = labels(found, week.cohort, horizon)
        if said.mature:
            present = week.seen & ~said.gone
            rows.append((week, int(present.sum()), float((said.left & present).sum()), week.told(known, ~said.gone)))
    return PastWeeks(
        monday=np.array([day_number(week.monday) for week, *_ in rows], np.int64),
        term=np.array([10 * year + term for (year, term) in (week.term for week, *_ in rows)], np.int64),
        position=np.array([week.position for week, *_ in rows], np.int64),
        students=np.array([students for _, students, _, _ in rows], np.int64),
        within=np.array([within for *_, within, _ in rows], np.float64),
        told=np.array([telling for *_, telling in rows], np.float64).reshape(len(rows), MOST_DELAY + 1),
    )
