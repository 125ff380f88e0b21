"""The roll of one institution: its roster counts, who stood on each, and what was told of a person since.

Read from the log as far as it was known before a moment. The roster of a count is what the files of that day and of
the days before said of its term, so that a correction that came late corrects the roster of its own day.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from records.codes import ENROLMENT_STATUSES, ENTRY_ROUTES, LEVELS, OUTCOME_EVENTS, SUMMER_TERM
from records.log import EventLog
from records.tables import CALENDAR, ENROLMENTS, OUTCOMES, ROSTER_COUNTS, SAME_PERSON, Table

TermKey = tuple[int, int]
_HERE = (None, "ENROLLED", "ON_LEAVE", "UNKNOWN")


class End(Enum):
    """What a record can tell of someone who is gone, or that they are back."""

    FINISHED = "finished"
    DECEASED = "deceased"
    TRANSFERRED = "transferred"
    LEFT = "left"
    GONE_ON_ROLL = "gone, still on the roll (3.1.8)"
    RETURNED = "returned"


_OF_STATUS = {
    "GRADUATED": End.FINISHED,
    "TRANSFERRED_OUT": End.TRANSFERRED,
    "RESIGNED": End.LEFT,
    "DISMISSED": End.LEFT,
    "DECEASED": End.DECEASED,
    "GONE_ON_ROLL": End.GONE_ON_ROLL,
}
_OF_EVENT = {
    "GRADUATED": End.FINISHED,
    "TRANSFER_CONFIRMED": End.TRANSFERRED,
    "LEFT": End.LEFT,
    "DISMISSED": End.LEFT,
    "DECEASED": End.DECEASED,
    "RETURNED": End.RETURNED,
}


@dataclass(frozen=True, kw_only=True)
class RosterCount:
    """A day for which the whole roster of a term was told; `recorded_at` is when that was first known."""

    academic_year: int
    term: int
    day: date
    students: int
    recorded_at: datetime

    @property
    def term_key(self) -> TermKey:
        return (self.academic_year, self.term)

    @property
    def key(self) -> tuple[date, int, int]:
        """The order of counts: by day; where one file told several terms, by term."""
        return (self.day, self.academic_year, self.term)


@dataclass(frozen=True, kw_only=True, slots=True)
class Enrolled:
    """One version of a student's row of a term; `level` is the position in LEVELS."""

    number: int
    level: int
    class_group: str
    status: str | None
    status_on: date
    entry_route: str | None
    day: date
    recorded_at: datetime
    retracted: bool

    @property
    def is_here(self) -> bool:
        return self.status in _HERE


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something told about a person: what, the day it happened, the moment from which it was known."""

    end: End
    day: date
    known_at: datetime


class Roll:
    """What one institution's log told before a moment."""

    def __init__(self, log: EventLog, until: datetime | None, student_ids: Mapping[int, UUID]) -> None:
        self.institution = log.institution
        self.ledger_number = log.ledger_number
        self.student_ids = student_ids
        self.counts = counts(log, until)
        self.opens = _openings(log, until)
        self.linked_at: dict[int, datetime] = {}
        self._goes_on_as: dict[int, int] = {}
        for row in _told(log, SAME_PERSON, until, "student", "same_as", "retracted"):
            if not row["retracted"]:
                self._link(row["student"], row["same_as"], row["recorded_at"])
        self._rows = self._enrolments(log, until)
        self._events = self._outcomes(log, until)
        self._rosters: dict[tuple[date, int, int], dict[int, Enrolled]] = {}
        self._numbers: dict[int, list[int]] = defaultdict(list)
        for number in self._goes_on_as:
            self._numbers[self._goes_on_as[number]].append(number)

    def person(self, number: int) -> int:
        """The number under which a person goes on."""
        return self._goes_on_as.get(number, number)

    def numbers_of(self, person: int) -> list[int]:
        """Every number that this person has had."""
        return [person, *self._numbers.get(person, [])]

    def ids_of(self, person: int) -> list[UUID]:
        return [self.student_ids[number] for number in self.numbers_of(person) if number in self.student_ids]

    def roster(self, count: RosterCount) -> dict[int, Enrolled]:
        """The rows of a count by student number."""
        if count.key not in self._rosters:
            self._rosters[count.key] = dict(_standing(self._rows.get(count.term_key, {}), count.day))
        return self._rosters[count.key]

    def by_person(self, count: RosterCount) -> dict[int, Enrolled]:
        """The rows of a count by person; of two numbers of one person the one that goes on speaks."""
        roster = self.roster(count)
        rows = {self.person(number): row for number, row in roster.items()}
        return {person: roster.get(person, row) for person, row in rows.items()}

    def here(self, person: int, count: RosterCount) -> Enrolled | None:
        """The person's row of a count, unless it says that they are gone."""
        row = self.by_person(count).get(person)
        return row if row is not None and row.is_here else None

    def events(self, person: int) -> list[Fact]:
        return self._events.get(person, [])

    def statuses(self, person: int, since: TermKey) -> list[Fact]:
        """What the rows of a term and of later ones said last; a newer roster without the person does not unsay it."""
        found = []
        for term, by_number in self._rows.items():
            if term < since:
                continue
            for number in self.numbers_of(person):
                told = [row for row in by_number.get(number, ()) if not row.retracted]
                if told and told[-1].status in _OF_STATUS:
                    found.append(_status_fact(told))
        return found

    def _link(self, old: int, new: int, known_at: datetime) -> None:
        """As the fold of the state does it: whoever is called `old` now is called what `new` is called."""
        new = self.person(new)
        if old == new:
            return
        for number in [old, *self._goes_on_as]:
            if self.person(number) == old:
                self._goes_on_as[number] = new
                self.linked_at[number] = known_at

    def _enrolments(self, log: EventLog, until: datetime | None) -> dict[TermKey, dict[int, list[Enrolled]]]:
        names = (
            *ENROLMENTS.key_columns, "level", "class_group", "status", "status_on", "entry_route", "happened_on", "retracted",
        )  # fmt: skip
        by_term: dict[TermKey, dict[int, list[Enrolled]]] = {}
        for row in _told(log, ENROLMENTS, until, *names):
            by_number = by_term.setdefault((row["academic_year"], row["term"]), {})
            by_number.setdefault(row["student"], []).append(_enrolled(row))
        return by_term

    def _outcomes(self, log: EventLog, until: datetime | None) -> dict[int, list[Fact]]:
        """The events that stand, each known from when it was first told (a retraction starts anew)."""
        known: dict[tuple[int, date, str], datetime] = {}
        for row in _told(log, OUTCOMES, until, "student", "happened_on", "event", "retracted"):
            key = (self.person(row["student"]), row["happened_on"], OUTCOME_EVENTS.values[row["event"]])
            if row["retracted"]:
                known.pop(key, None)
            else:
                known.setdefault(key, row["recorded_at"])
        events: dict[int, list[Fact]] = defaultdict(list)
        for (person, day, event), known_at in known.items():
            if event in _OF_EVENT:
                events[person].append(Fact(end=_OF_EVENT[event], day=day, known_at=known_at))
        return events


def _told(log: EventLog, table: Table, until: datetime | None, *columns: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = log.rows(table, until, (*columns, "recorded_at")).to_pylist()
    return rows


def counts(log: EventLog, until: datetime | None = None) -> list[RosterCount]:
    """Every complete roster of a regular term that the log tells of, oldest first; that of a summer term proves nobody gone."""
    standing: dict[tuple[date, int, int], RosterCount] = {}
    for row in _told(log, ROSTER_COUNTS, until, *ROSTER_COUNTS.key, "students", "retracted"):
        key = (row["happened_on"], row["academic_year"], row["term"])
        before = standing.pop(key, None)
        if not row["retracted"] and row["term"] != SUMMER_TERM:
            standing[key] = RosterCount(
                academic_year=row["academic_year"],
                term=row["term"],
                day=row["happened_on"],
                students=row["students"],
                recorded_at=before.recorded_at if before else row["recorded_at"],
            )
    return [standing[key] for key in sorted(standing)]


def _openings(log: EventLog, until: datetime | None) -> dict[TermKey, date]:
    standing: dict[tuple[int, int, date], bool] = {}
    for row in _told(log, CALENDAR, until, *CALENDAR.key, "retracted"):
        standing[row["academic_year"], row["term"], row["happened_on"]] = not row["retracted"]
    opens: dict[TermKey, date] = {}
    for year, term, day in (key for key, stands in standing.items() if stands):
        opens[year, term] = min(day, opens.get((year, term), day))
    return opens


def _enrolled(row: Mapping[str, Any]) -> Enrolled:
    status, route = row["status"], row["entry_route"]
    return Enrolled(
        number=row["student"],
        level=-1 if row["level"] is None else row["level"],
        class_group=row["class_group"] or "",
        status=None if status is None else ENROLMENT_STATUSES.values[status],
        status_on=row["status_on"] or row["happened_on"],
        entry_route=None if route is None else ENTRY_ROUTES.values[route],
        day=row["happened_on"],
        recorded_at=row["recorded_at"],
        retracted=row["retracted"],
    )


def _standing(rows: Mapping[int, list[Enrolled]], day: date) -> Iterable[tuple[int, Enrolled]]:
    for number, told in rows.items():
        until_then = [row for row in told if row.day <= day]
        if until_then and not until_then[-1].retracted:
            yield number, until_then[-1]


def _status_fact(told: list[Enrolled]) -> Fact:
    """The newest status, known from the first of the rows that have said it since without a break."""
    first = last = told[-1]
    for row in reversed(told):
        if row.status != last.status:
            break
        first = row
    assert last.status is not None
    return Fact(end=_OF_STATUS[last.status], day=last.status_on, known_at=first.recorded_at)


def level_name(level: int) -> str:
    """The level as teachers write it; empty for none."""
    return LEVELS.codes[level].label.th if level >= 0 else ""
