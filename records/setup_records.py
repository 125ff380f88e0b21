"""What the set-up tells that is records: the calendar and the rules, taken in through the ordinary intake."""

import hashlib
from collections.abc import Container, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from records import ledger, tables, versions
from records.clock import local_day, start_of
from records.codes import DAY_KINDS, RULES, STAGES
from records.college import College, Rule, RuleKey, TermDates, replaced_terms
from records.home import DataHome
from records.intake.importing import Arrival, ImportRequest, take_in
from records.intake.source import Covers, Told, in_one
from records.log import EventLog
from records.tables import Table

_Day = tuple[int, int, date]  # academic year, term, day
_SOURCE = "setup"
_KNOWN_BEFORE = timedelta(days=30)  # a term's calendar is known about a month before it opens


def calendar_rows(college: College) -> list[tuple[int, int, date, str]]:
    """(academic year, term, day, kind) of every weekday of every term; holidays are marked, weekends have no row."""
    kinds = {holiday.day: holiday.kind for holiday in college.holidays}
    rows = []
    for term in college.terms:
        for offset in range((term.closes_on - term.opens_on).days + 1):
            day = term.opens_on + timedelta(days=offset)
            if day.weekday() < 5 or day in kinds:
                rows.append((term.academic_year, term.term, day, kinds.get(day, "TEACH")))
    return rows


@dataclass(frozen=True, kw_only=True)
class CalendarChange:
    """What the calendar of the workbook does to the one that was known."""

    withdrawn: Sequence[date]
    """Days that it no longer has, of a term that it has or that was told under another number."""
    left_out: Sequence[TermDates]
    """Known terms, not over yet, that it does not have: they stay, as those that are over do."""
    changed: Sequence[date]
    """Days that it says are of another kind than was known."""
    kept: Sequence[date]
    """Days that stay as a file told them: the workbook says of them what it said before."""


def import_calendar(home: DataHome, college: College) -> CalendarChange:
    """Take the terms and holidays in as records, through the ordinary intake.

    Until operation begins a set-up tells the past as it was known before each term opened; a correction, and whatever is
    set up later, is news of that day. A day that left a term of the workbook is withdrawn: an opening may be put off. A
    calendar that is known already adds nothing, and what the workbook said before overrules no file that came since.
    """
    code, now = college.institution.code, datetime.now(UTC)
    log = _log(home, code).rows(tables.CALENDAR)
    known, before = _kinds(log), _kinds(log.filter(pc.is_in(log.column("batch"), _of_setup(home, code))))
    told = {row[:3]: row[3] for row in calendar_rows(college)}
    kept = {day: known[day] for day, kind in told.items() if before.get(day) == kind != known.get(day, kind)}
    told |= kept
    gone = known.keys() - told.keys()
    withdrawn = _withdrawn(told.keys(), gone)
    change = CalendarChange(
        withdrawn=_in_order(withdrawn),
        left_out=[span for span in _spans(gone - withdrawn) if span.closes_on >= local_day(now)],
        changed=_in_order(day for day, kind in told.items() if known.get(day, kind) != kind),
        kept=_in_order(kept),
    )
    if withdrawn or not told.items() <= known.items():
        _import_days(home, college, told, _news(told.keys(), log, withdrawn), now)
    return change


def _import_days(home: DataHome, college: College, told: Mapping[_Day, str], news: set[_Day], now: datetime) -> None:
    opens = {(term.academic_year, term.term): term.opens_on for term in college.terms}
    told_on = [now if day in news else start_of(opens[day[:2]] - _KNOWN_BEFORE) for day in told]
    cells = {
        "academic_year": pa.array([day[0] for day in told], pa.int32()),
        "term": pa.array([day[1] for day in told], pa.int32()),
        "happened_on": pa.array([day[2] for day in told], pa.date32()),
        "kind": pa.array(told.values(), pa.string()),
        "entered_at": pa.array(told_on, pa.timestamp("ms", tz="UTC")),
    }
    _take_in(home, college.institution.code, tables.CALENDAR, cells, now, Covers.WHOLE_TERMS)


def _of_setup(home: DataHome, institution: str) -> pa.Array:
    """The batches that a set-up told and that were not undone."""
    batches = ledger.batches(home.database, institution)
    undone = {batch.undoes for batch in batches}
    numbers = [batch.number for batch in batches if batch.source == _SOURCE and batch.number not in undone]
    return pa.array(numbers, pa.int32())


def _kinds(log: pa.Table) -> dict[_Day, str]:
    """The kind of every day of the calendar by the rows of a log."""
    return {
        (row["academic_year"], row["term"], row["happened_on"]): DAY_KINDS.values[row["kind"]]
        for row in versions.latest(tables.CALENDAR, log).to_pylist()
    }


def _in_order(days: Iterable[_Day]) -> list[date]:
    return sorted(day for _, _, day in days)


def _withdrawn(told: Set[_Day], gone: Set[_Day]) -> set[_Day]:
    """The days that are no longer told, of a term that is told or of one that a term that is told replaces."""
    spans = {(span.academic_year, span.term): (span.opens_on, span.closes_on) for span in _spans(told)}
    replaced = replaced_terms(gone, spans)
    return {day for day in gone if day[:2] in replaced}


def _news(told: Set[_Day], log: pa.Table, withdrawn: Set[_Day]) -> set[_Day]:
    """The days that are news of today: those that were ever told, and those of a term that was moved as a whole.

    Such a one stands for withdrawn days and has no day that was ever told.
    """
    ever_told = set(zip(*(log.column(name).to_pylist() for name in tables.CALENDAR.key), strict=True))
    as_before = {day[:2] for day in told & ever_told}
    moved = {
        (span.academic_year, span.term)
        for span in _spans(told)
        if any(day[:2] == (span.academic_year, span.term) or span.has(day[2]) for day in withdrawn)
    }
    return {day for day in told if day in ever_told or day[:2] in moved - as_before}


def _spans(days: Set[_Day]) -> list[TermDates]:
    """The terms of these days (academic year, term, day), each from its first day to its last."""
    of_terms = [list(own) for _, own in groupby(sorted(days), lambda day: day[:2])]
    return [
        TermDates(academic_year=own[0][0], term=own[0][1], opens_on=own[0][2], closes_on=own[-1][2]) for own in of_terms
    ]


def import_rules(home: DataHome, college: College) -> list[Rule]:
    """Take the rules in as records, through the ordinary intake; returns known rules that the sheet no longer has.

    Until operation begins a new rule is told as known before the first term; a correction, and whatever is set up later,
    is news of the day. A rule that left the sheet stays in force: silence ends nothing here.
    """
    code = college.institution.code
    known = {rule.key: rule for rule in _known_rules(home, code)}
    fresh = [rule for rule in college.rules if known.get(rule.key) != rule]
    if fresh:
        _import_rules(home, college, fresh, known)
    entered = {rule.key for rule in college.rules}
    return [rule for key, rule in known.items() if key not in entered]


def _import_rules(home: DataHome, college: College, fresh: Sequence[Rule], known: Container[RuleKey]) -> None:
    now = datetime.now(UTC)
    code, today = college.institution.code, local_day(now)
    first = min((term.opens_on - _KNOWN_BEFORE for term in college.terms), default=today)
    is_set_up = ledger.first_operational(home.database, code) is None
    since = [min(first, today) if is_set_up and rule.key not in known else today for rule in fresh]
    cells = {
        "rule": pa.array([rule.name for rule in fresh], pa.string()),
        "stage": pa.array([rule.stage for rule in fresh], pa.string()),
        "after_terms": pa.array([rule.after_terms for rule in fresh], pa.int32()),
        "value": pa.array([rule.value for rule in fresh], pa.float64()),
        "happened_on": pa.array(since, pa.date32()),
        "entered_at": pa.array([now if day == today else start_of(day) for day in since], pa.timestamp("ms", tz="UTC")),
    }
    _take_in(home, code, tables.RULES, cells, now)


def _known_rules(home: DataHome, institution: str) -> list[Rule]:
    """The rules in force as the log has them now."""
    return [
        Rule(
            name=RULES.values[row["rule"]],
            value=row["value"],
            stage="" if row["stage"] is None else STAGES.values[row["stage"]],
            after_terms=row["after_terms"],
        )
        for row in _known(home, institution, tables.RULES)
    ]


def _known(home: DataHome, institution: str, table: Table) -> list[dict[str, Any]]:
    known: list[dict[str, Any]] = versions.latest(table, _log(home, institution).rows(table)).to_pylist()
    return known


def _log(home: DataHome, institution: str) -> EventLog:
    return EventLog(folder=home.logs, institution=institution, index=ledger.log_index(home.database, institution))


def _take_in(
    home: DataHome,
    code: str,
    table: Table,
    cells: Mapping[str, pa.Array],
    now: datetime,
    covers: Covers = Covers.NOTHING,
) -> None:
    """What the set-up tells of one table, through the ordinary intake."""
    rows = len(cells["happened_on"])
    delivery = in_one(
        code,
        lines=pa.array(range(1, rows + 1), pa.int32()),
        told=[Told(table=table, cells=cells, lag_days=0, covers=covers)],
        is_history=ledger.first_operational(home.database, code) is None,
    )
    # What is told again after a correction is no old file: the same rows over another log are another delivery.
    number = ledger.log_index(home.database, code).ledger_number
    said = repr((table.name, number, [array.to_pylist() for array in cells.values()]))
    arrival = Arrival(
        request=ImportRequest(path=Path(_SOURCE)), source=_SOURCE, received=now,
        digest=hashlib.sha256(said.encode()).hexdigest(),
    )  # fmt: skip
    take_in(home, delivery, arrival)
