"""Which weekly lists an institution is to get today: the newest teaching Monday, and those that were missed before it.

Whether a week has teaching is asked of the calendar as it was known that Monday morning, as its list would be.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from features.closed import HELD_KINDS
from records.clock import start_of
from records.list_tables import PublicationRow
from records.log import EventLog
from records.tables import CALENDAR
from records.weeks import WEEK, monday_of, mondays


@dataclass(frozen=True, kw_only=True)
class Due:
    """The Mondays to score, oldest first, and those that were missed too long ago."""

    weeks: tuple[date, ...]
    too_old: tuple[date, ...]


@dataclass(frozen=True, kw_only=True)
class Basis:
    """What a list rests on, as far as it is cheaply compared: the same basis gives the same list.

    Advisors are left out: whoever takes over a class group sees its students at once, and rows are shared out among the
    advisors of that Monday. New ones count from the next week on, or when a person asks for the week (`score --as-of`).
    """

    ledger_number: int
    model_digest: str
    catalogue_fingerprint: str
    visits_per_week: int
    rows_per_advisor: int


def basis_of(published: PublicationRow) -> Basis:
    return Basis(
        ledger_number=published.ledger_number,
        model_digest=published.model_digest,
        catalogue_fingerprint=published.catalogue_fingerprint,
        visits_per_week=published.visits_per_week,
        rows_per_advisor=published.rows_per_advisor,
    )


def due_weeks(teaching: Collection[date], today: date, last: date | None, catch_up: int) -> Due:
    """`teaching` are Mondays of teaching weeks, `last` that of the newest published list (None: none yet).

    At most `catch_up` missed weeks come before the newest. Where none was missed, the newest is asked about again: records
    may have come in late. Before the first list nothing was missed.
    """
    known = sorted(monday for monday in teaching if monday <= today)
    new = [monday for monday in known if last is not None and monday > last]
    if not new:
        return Due(weeks=tuple(known[-1:]), too_old=())
    missed = new[:-1]
    kept = missed[max(len(missed) - catch_up, 0) :]
    return Due(weeks=(*kept, new[-1]), too_old=tuple(missed[: len(missed) - len(kept)]))


def teaching_mondays(log: EventLog, today: date) -> set[date]:
    """The Mondays up to `today` whose week had a teaching day in the calendar as known that morning."""
    names = [*CALENDAR.key, "kind", "retracted", "recorded_at"]
    rows = log.rows(CALENDAR, start_of(today), names)
    told = list(zip(*(rows.column(name).to_pylist() for name in names), strict=True))
    if not told:
        return set()
    on = CALENDAR.key.index("happened_on")
    first = min(row[on] for row in told)
    found, at, known = set(), 0, _Weeks()
    for monday in mondays(first - WEEK, today):
        while at < len(told) and told[at][-1] < start_of(monday):
            *key, kind, gone, _recorded_at = told[at]
            known.take(tuple(key), key[on], teaching=kind in HELD_KINDS and not gone)
            at += 1
        if known.has_teaching(monday):
            found.add(monday)
    return found


class _Weeks:
    """By Monday, the days that are told to have teaching; the last telling of a day holds."""

    def __init__(self) -> None:
        self._days: Mapping[date, set[tuple[object, ...]]] = defaultdict(set)

    def take(self, key: tuple[object, ...], day: date, *, teaching: bool) -> None:
        days = self._days[monday_of(day)]
        (days.add if teaching else days.discard)(key)

    def has_teaching(self, monday: date) -> bool:
        return bool(self._days[monday])
