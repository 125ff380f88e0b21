"""What passes checking is compared, written and committed: all of a delivery in one transaction, or nothing of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from records import ledger
from records.errors import ImportRefused
from records.home import DataHome
from records.intake.checking import Moment
from records.intake.comparing import Compared, Comparison
from records.intake.gathering import Gathered, LineSet, keep_late
from records.intake.identifying import Identification
from records.intake.report import ImportReport, Outcome, reported
from records.intake.source import Delivery
from records.intake.spool import Spool, in_order
from records.ledger import BatchRow, LogFile, NewBatch, Overtaken
from records.log import EventLog, write_in_order
from records.quarantine import KeptFile, KeptSheet
from records.tables import ROSTER_COUNTS, Table

if TYPE_CHECKING:
    from records.intake.importing import Arrival, ImportRequest

_TRIES = 3


@dataclass(kw_only=True)
class _Stored:
    """What was written for a batch: its files, which lines told something new, and the newest day."""

    files: list[LogFile] = field(default_factory=list)
    lines: LineSet = field(default_factory=LineSet)
    newest_day: int | None = None


def log_of(home: DataHome, institution: str) -> EventLog:
    """The institution's log as it stands, sensitive tables too: for intake alone."""
    index = ledger.log_index(home.database, institution)
    return EventLog(folder=home.logs, institution=institution, index=index, key=home.vault.key)


@dataclass(frozen=True, kw_only=True)
class Committing:
    """One gathered delivery on its way into the log."""

    home: DataHome
    delivery: Delivery
    arrival: "Arrival"
    moment: Moment
    identification: Identification
    gathered: Gathered
    seen_before: BatchRow | None
    folder: Path

    def commit(self) -> ImportReport:
        """Compare, write and commit; begun again when another batch was committed meanwhile. Raises ImportRefused."""
        for _ in range(_TRIES):
            log = log_of(self.home, self.delivery.institution)
            # The moment of the commit, after whatever was committed before: never between records already read.
            operation = not self.moment.history and self.arrival.request.received_at is None
            stamp = datetime.now(UTC) if operation else None
            compared = self._compared(log, stamp)
            stored = _Stored()
            try:
                report, batch = self._written(compared, stored, stamp or self.arrival.received)
                number = ledger.commit(self.home.database, batch, after=log.ledger_number)
            except Overtaken:
                _remove(self.home, stored.files)
                continue
            except BaseException:
                _remove(self.home, stored.files)
                raise
            finally:
                compared.close()
            if self.seen_before is not None:  # the same rows wait in quarantine once, with this batch
                self.home.quarantine.discard(self.seen_before.token)
            self.arrival.progress("stored", report.accepted)
            return report.numbered(number)
        raise ImportRefused.overtaken(institution=self.delivery.institution)

    def _compared(self, log: EventLog, stamp: datetime | None) -> Compared:
        request = self.arrival.request
        return Comparison(
            home=self.home, log=log, gathered=self.gathered, moment=self.moment, stamp=stamp, file=request.path.name,
            confirm_shrink=request.confirm_shrink, met=self.identification.student_ids, mends=request.mends or self.seen_before,
            folder=self.folder,
        ).compare()  # fmt: skip

    def _written(self, compared: Compared, stored: _Stored, recorded_at: datetime) -> tuple[ImportReport, NewBatch]:
        """Write the files, keep what turned out wrong, and say what the batch is; nothing of it exists yet."""
        request, token = self.arrival.request, self.identification.token
        _write(self.home, self.delivery.institution, compared, stored)
        late = {name: np.unique(np.concatenate(lines)) for name, lines in compared.late.items()}
        keep_late(self.home, token, self.delivery, late)
        outcome = Outcome(
            gathered=self.gathered, compared=compared, late=late, new_lines=stored.lines,
            newest_day=stored.newest_day, seen_before=self.seen_before,
        )  # fmt: skip
        report = reported(self.home, self.delivery, self.arrival.source, request.path.name, outcome)
        if report.quarantined:
            self.home.quarantine.keep_file(token, kept_file(self.delivery, self.arrival.source, request))
        return report, self._batch(report, compared, stored, recorded_at)

    def _batch(self, report: ImportReport, compared: Compared, stored: _Stored, recorded_at: datetime) -> NewBatch:
        code, mends = self.delivery.institution, self.arrival.request.mends
        newest = ledger.newest_recorded(self.home.database, code)
        return NewBatch(
            token=self.identification.token,
            institution=code,
            source=self.arrival.source,
            file_sha256=self.arrival.digest,
            recorded_at=recorded_at,
            reconstructed=self.moment.history,
            raises_epoch=self.moment.history or (newest is not None and recorded_at < newest),
            counts=report.counts(),
            files=stored.files,
            placements=compared.placements,
            mends=mends.number if mends else None,
        )


def _write(home: DataHome, institution: str, compared: Compared, stored: _Stored) -> None:
    for table, spool in compared.new.items():
        if spool.rows:
            chunks = _ordered(table, spool, stored)
            stored.files.append(write_in_order(home.logs, institution, table, chunks, home.vault.key))


def _ordered(table: Table, spool: Spool, stored: _Stored) -> Iterator[pa.Table]:
    """The rows of a spool in reading order, a range at a time; lines that tell something new are marked."""
    for low, high in spool.ranges():
        rows = in_order(spool.within(low, high))
        told = rows.filter(pc.invert(rows.column("retracted")))
        if told.num_rows and table is not ROSTER_COUNTS:  # counts are concluded, they are no rows of the file
            stored.lines.add(told.column("line").to_numpy())
        if told.num_rows and table.per_student:
            day = int(pc.max(told.column("happened_on").cast(pa.int32())).as_py())
            stored.newest_day = max(day, stored.newest_day or day)
        yield rows


def kept_file(delivery: Delivery, source: str, request: "ImportRequest") -> KeptFile:
    """What rows in quarantine need beside their cells to be brought in again."""
    sheets = tuple(KeptSheet(name=page.name, above=page.above, headers=page.headers) for page in delivery.pages)
    return KeptFile(name=request.path.name, source=source, table=request.table, sheets=sheets)


def _remove(home: DataHome, files: Sequence[LogFile]) -> None:
    for file in files:
        (home.logs / file.path).unlink(missing_ok=True)
