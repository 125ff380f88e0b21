"""One import: a file checked, compared with what is known, written, and named in the ledger in one transaction.

Whatever stops an import before that transaction leaves the log as it was: files that the ledger does not name do not
exist, and people without records are swept.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from records import ledger
from records.errors import ConfigurationGap, ImportRefused
from records.home import DataHome
from records.intake.checking import Checked, Moment, check, recorded
from records.intake.comparing import Compared, compare
from records.intake.reading import Sheet, read_sheet
from records.intake.report import ImportReport
from records.intake.source import PEOPLE_HEADERS, Delivery, Request, Source
from records.intake.sources import SOURCE_OF, SOURCES
from records.intake.totals import as_periods
from records.ledger import BatchRow, LogFile, NewBatch, Overtaken
from records.log import EventLog, write_rows
from records.tables import TABLES
from records.text import Text

_TRIES = 3
Progress = Callable[[str, int], None]


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """What to import and how; `received_at` replays a file kept from an earlier week."""

    path: Path
    institution: str = ""
    source: str = ""
    table: str = ""
    history: bool = False
    received_at: datetime | None = None
    confirm_shrink: bool = False


def import_file(
    home: DataHome, request: ImportRequest, progress: Progress = lambda step, rows: None
) -> list[ImportReport]:
    """Import one file (or one folder of a source that comes as one); a batch for each institution in it.

    Raises ImportRefused when the file as a whole cannot be taken, ConfigurationGap when the institution is unknown.
    """
    now = datetime.now(UTC)
    source = _source(request)
    received = request.received_at or now
    if received > now:
        raise ImportRefused("--received-at lies in the future. Give the moment at which the file really came in.")
    asked = Request(
        path=request.path, institution=_institution(home, request, source), received_at=received, table=request.table
    )
    digest = _digest(request.path)
    reports = []
    _sweep(home, now)
    for part, delivery in enumerate(source.deliver(asked)):
        if delivery.college is not None:
            ledger.add_institution(home.database, delivery.college.institution)
        progress("check", len(delivery.lines))
        reports.append(
            take_in(home, delivery, request, source=source.name, received=received, digest=f"{digest}-{part}")
        )
        progress("stored", reports[-1].accepted)
    return reports


def _source(request: ImportRequest) -> Source:
    if request.source:
        if request.source not in SOURCE_OF:
            raise ImportRefused(f"There is no source '{request.source}'. Sources: {', '.join(SOURCE_OF)}.")
        return SOURCE_OF[request.source]
    if request.path.is_dir() or request.path.suffix.lower() == ".zip":
        return SOURCE_OF["oulad"]
    sheet = _peek(request.path)
    for source in SOURCES:
        if source.recognises(sheet.headers):
            return source
    raise ImportRefused.unknown_layout(file=request.path.name, found=sheet.shown_headers)


def _peek(path: Path) -> Sheet:
    known = {alias for table in TABLES for column in table.columns for alias in (column.label.th, *column.aliases)}
    known.update(alias for table in TABLES for alias in table.happened_on_aliases)
    return read_sheet(path, known | set(PEOPLE_HEADERS))


def _institution(home: DataHome, request: ImportRequest, source: Source) -> str:
    if source.name == "oulad":
        return ""
    known = [row.code for row in ledger.institutions(home.database)]
    if not request.institution:
        if len(known) != 1:
            raise ConfigurationGap.which_institution(known=known)
        return known[0]
    return ledger.require_institution(home.database, request.institution).code


def _digest(path: Path) -> str:
    if not path.exists():
        raise ImportRefused.not_there(file=path.name)
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    digest = hashlib.sha256()
    for file in files:
        if file.is_file():
            with file.open("rb") as opened:
                digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()


def _sweep(home: DataHome, now: datetime) -> None:
    home.vault.sweep(ledger.tokens(home.database), placed=lambda code: ledger.student_ids(home.database, code), now=now)


def take_in(
    home: DataHome, delivery: Delivery, request: ImportRequest, *, source: str, received: datetime, digest: str
) -> ImportReport:
    """Check one delivery, compare it with the log, and commit what is new. Raises ImportRefused."""
    seen_before = ledger.batch_of_file(home.database, delivery.institution, digest)
    if seen_before is not None and not seen_before.counts["quarantined"]:
        return _nothing_new(source, delivery, request, seen_before)
    arrival = _Arrival(source=source, received=received, digest=digest, seen_before=seen_before)
    return _check_and_commit(home, delivery, request, arrival)


@dataclass(frozen=True, kw_only=True)
class _Arrival:
    source: str
    received: datetime
    digest: str
    seen_before: BatchRow | None


def _check_and_commit(home: DataHome, delivery: Delivery, request: ImportRequest, arrival: _Arrival) -> ImportReport:
    token, code, received = uuid4(), delivery.institution, arrival.received
    history = request.history or delivery.is_history
    began = ledger.first_operational(home.database, code)
    moment = Moment(recorded_at=received, history=history, operation_began=began)
    checked = check(home.vault, delivery, moment, token=token)
    for _ in range(_TRIES):
        log = EventLog(folder=home.logs, institution=code, index=ledger.log_index(home.database, code))
        if not history and request.received_at is None:
            # The moment of the commit, after whatever was committed before: never between records already read.
            checked = recorded(checked, received := datetime.now(UTC))
        settled = as_periods(log, checked, delivery.lines.to_pylist())
        compared = compare(
            log, home, delivery, settled, moment, file=request.path.name, confirm_shrink=request.confirm_shrink
        )
        _keep_bad_rows(home, delivery, settled, token)
        files = [write_rows(home.logs, code, table, rows) for table, rows in compared.new.items() if rows.num_rows]
        batch = NewBatch(
            token=token,
            institution=code,
            source=arrival.source,
            file_sha256=arrival.digest,
            recorded_at=received,
            reconstructed=history,
            raises_epoch=history or _is_behind(home, code, received),
            counts=_counts(delivery, settled, compared),
            files=files,
            placements=compared.placements,
        )
        try:
            number = ledger.commit(home.database, batch, after=log.ledger_number)
        except Overtaken:
            _remove(home, files)
            continue
        return _report(arrival, delivery, settled, compared, request, number, batch.counts)
    raise ImportRefused.overtaken(institution=code)


def _nothing_new(source: str, delivery: Delivery, request: ImportRequest, before: BatchRow) -> ImportReport:
    """This very file is in the log already, whole: it adds nothing, whichever file came in between."""
    size = len(delivery.lines)
    return ImportReport(
        institution=delivery.institution,
        source=source,
        file=request.path.name,
        ledger_number=before.number,
        rows=size,
        accepted=0,
        known=size,
        fixed=0,
        quarantined=0,
        retracted=0,
        notes=[_seen_before(before)],
    )


def _seen_before(before: BatchRow) -> Text:
    return Text(
        th=f"ไฟล์นี้เคยนำเข้าแล้วเป็นชุดที่ {before.number}",
        en=f"this very file was taken in before, as batch {before.number}",
    )


def _remove(home: DataHome, files: Sequence[LogFile]) -> None:
    for file in files:
        (home.logs / file.path).unlink(missing_ok=True)


def _is_behind(home: DataHome, institution: str, received: datetime) -> bool:
    """Whether records of this moment come behind some that are known already."""
    newest = ledger.newest_recorded(home.database, institution)
    return newest is not None and received < newest


def _keep_bad_rows(home: DataHome, delivery: Delivery, checked: Checked, token: UUID) -> None:
    """Bad rows go sealed into the vault, with every header and cell they had; cells that were left out as well."""
    lines = delivery.lines.to_pylist()
    rows = [
        (lines[row], codes, {header: str(cells[row].as_py() or "") for header, cells in delivery.original.items()})
        for row, codes in sorted(checked.problems.items())
    ]
    rows += [(line, ["RAGGED_ROW"], {"row": text}) for line, text in delivery.ragged]
    if rows:
        home.vault.quarantine(token, rows)
    if checked.emptied:
        home.vault.keep_originals(token, [(lines[row], column, cell) for row, column, cell in checked.emptied])


def _counts(delivery: Delivery, checked: Checked, compared: Compared) -> dict[str, int]:
    bad = len(checked.problems) + len(delivery.ragged)
    rows = len(delivery.lines) + len(delivery.ragged)
    return {
        "rows": rows,
        "accepted": compared.accepted,
        "known": rows - bad - compared.accepted,
        "fixed": len({row for row, _, _ in checked.emptied}),
        "quarantined": bad,
        "retracted": compared.retracted,
    }


def _report(
    arrival: _Arrival,
    delivery: Delivery,
    checked: Checked,
    compared: Compared,
    request: ImportRequest,
    number: int,
    counts: Mapping[str, int],
) -> ImportReport:
    lines = delivery.lines.to_pylist()
    by_reason: dict[str, list[int]] = {}
    for row, codes in checked.problems.items():
        for code in codes:
            by_reason.setdefault(code, []).append(lines[row])
    for line, _ in delivery.ragged:
        by_reason.setdefault("RAGGED_ROW", []).append(line)
    notes = list(compared.notes)
    if arrival.seen_before is not None:
        notes.append(_seen_before(arrival.seen_before))
    return ImportReport(
        institution=delivery.institution,
        source=arrival.source,
        file=request.path.name,
        ledger_number=number,
        **counts,
        reasons=Counter({code: len(found) for code, found in by_reason.items()}),
        lines={code: sorted(found) for code, found in by_reason.items()},
        notes=notes,
    )
