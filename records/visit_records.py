"""What home visits found, told to the institution's log as records: codes alone, and never a model's input.

Whatever the log says already is not told again, so that a second run adds nothing; what was mended since is told anew.
"""

from datetime import date
from typing import Any
from uuid import UUID

import pyarrow as pa
from sqlalchemy import select

from records import ledger
from records.access import open_log
from records.batches import Rows, append_records, as_rows
from records.care_tables import TOOK_PLACE, VisitRow
from records.codes import REASONS, VISIT_MODES, VISIT_RESULTS
from records.home import DataHome
from records.tables import VISITS
from records.versions import are_new

SOURCE = "visit board"


def tell_log(home: DataHome, institution: str, before: date, *, actor: str) -> int:
    """Append what the visits of the weeks before a Monday found, as one batch; how many records.

    Raises ImportRefused when others wrote to the log three times meanwhile.
    """
    fresh = pa.table({})

    def not_told_yet() -> Rows:
        nonlocal fresh
        fresh = _not_told_yet(home, institution, before, actor)
        return {VISITS: fresh}

    append_records(home, institution, not_told_yet, source=SOURCE)
    return int(fresh.num_rows)


def _not_told_yet(home: DataHome, institution: str, before: date, actor: str) -> pa.Table:
    with home.database.read() as session:
        found = select(VisitRow).where(
            VisitRow.institution == institution, VisitRow.week < before, VisitRow.status.in_(TOOK_PLACE),
            VisitRow.result.is_not(None), VisitRow.planned_on.is_not(None),
        )  # fmt: skip
        visits = session.scalars(found).all()
    if not visits:
        return as_rows(VISITS, [])
    numbers = {student_id: number for number, student_id in ledger.student_ids(home.database, institution).items()}
    records = [_record(one, numbers) for one in visits if one.student_id in numbers]
    offered = as_rows(VISITS, sorted(records, key=lambda record: (record["happened_on"], record["student"])))
    log = open_log(home, institution, actor=actor, purpose=SOURCE)
    return offered.filter(pa.array(are_new(VISITS, log.rows(VISITS), offered)))


def _record(visit: VisitRow, numbers: dict[UUID, int]) -> dict[str, Any]:
    """A visit in the columns of the log. It has room for one reason: of several none is picked."""
    [reason] = visit.reason_codes if len(visit.reason_codes) == 1 else [None]
    return {
        "student": numbers[visit.student_id],
        "happened_on": visit.planned_on,
        "attempt": visit.attempt,
        "mode": None if visit.mode is None else VISIT_MODES.position(visit.mode),
        "result": None if visit.result is None else VISIT_RESULTS.position(visit.result),
        "reason_code": None if reason is None else REASONS.position(reason),
    }
