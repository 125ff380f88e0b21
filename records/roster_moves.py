"""Confirmed moves: what the roster comparison found goes into the logs of both institutions as records.

Whatever is told already is not told again, so that a second run adds nothing.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from records import access, audit, versions
from records.batches import append_records, as_rows
from records.codes import ENTRY_ROUTES, OUTCOME_EVENTS
from records.home import DataHome
from records.roll import End, Roll
from records.rosters import Comparison, Elsewhere, Fate, Line, open_roll
from records.tables import ENROLMENTS, OUTCOMES

SOURCE = "roster comparison"
_CONFIRMED = OUTCOME_EVENTS.position("TRANSFER_CONFIRMED")
_TRANSFER_IN = ENTRY_ROUTES.position("TRANSFER_IN")


@dataclass(frozen=True, kw_only=True)
class Moves:
    """How many records a run added: moves confirmed here, and entries marked as transfers at the other institutions."""

    confirmed: int
    entries: int


def confirm_moves(home: DataHome, institution: str, comparison: Comparison, by: str) -> Moves:
    """Tell both logs of every student who was found on another institution's roster and of whom nothing else is told."""
    roll = open_roll(home, institution, actor=by)
    moved = [(line, line.elsewhere) for line in comparison.lines if line.elsewhere and line.fate is Fate.TRANSFERRED]
    told = {line.number: _told(roll, comparison, line) for line, _ in moved}
    fresh = [
        {"student": line.number, "happened_on": found.count.day, "event": _CONFIRMED}
        for line, found in moved
        if not told[line.number]
    ]
    if fresh:
        _audit(home, institution, by, len(fresh))
        append_records(home, institution, {OUTCOMES: as_rows(OUTCOMES, fresh)}, source=SOURCE)
    entered: dict[str, list[Elsewhere]] = defaultdict(list)
    for line, found in moved:
        if told[line.number] <= {End.TRANSFERRED}:
            entered[found.institution].append(found)
    entries = sum(_mark_entries(home, code, found, by) for code, found in sorted(entered.items()))
    return Moves(confirmed=len(fresh), entries=entries)


def _told(roll: Roll, comparison: Comparison, line: Line) -> set[End]:
    """What the institution's own log says of how the student went, as it stands now."""
    person = roll.person(line.number)
    opens = roll.opens.get(comparison.earlier.term_key, comparison.earlier.day)
    events = [fact for fact in roll.events(person) if fact.day >= opens]
    statuses = roll.statuses(person, comparison.earlier.term_key)
    return {fact.end for fact in (*events, *statuses)} - {End.GONE_ON_ROLL, End.RETURNED}


def _mark_entries(home: DataHome, institution: str, found: Sequence[Elsewhere], by: str) -> int:
    """Repeat the students' rows with the entry route, where the institution told none."""
    log = access.open_log(home, institution, actor=by, purpose=SOURCE)
    held = versions.latest(ENROLMENTS, log.rows(ENROLMENTS))
    held = held.filter(pc.is_null(held.column("entry_route")))
    wanted = {(one.number, *one.count.term_key) for one in found}
    rows: list[dict[str, Any]] = [
        {**row, "entry_route": _TRANSFER_IN}
        for row in held.to_pylist()
        if (row["student"], row["academic_year"], row["term"]) in wanted
    ]
    if rows:
        _audit(home, institution, by, len(rows))
        append_records(home, institution, {ENROLMENTS: as_rows(ENROLMENTS, rows)}, source=SOURCE)
    return len(rows)


def _audit(home: DataHome, institution: str, by: str, rows: int) -> None:
    with home.database.write() as session:
        audit.record_look(session, actor=by, action="confirm moves", institution=institution, detail={"rows": rows})
