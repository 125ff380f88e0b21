"""One import: a file checked, compared with what is known, written, and named in the ledger in one transaction.

Whatever stops an import before that transaction leaves the log as it was: files that the ledger does not name do not
exist, and people without records are swept.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from records import ledger
from records.clock import STOPPED_AFTER, local_day
from records.errors import ConfigurationGap, ImportRefused
from records.home import DataHome
from records.intake.checking import Moment
from records.intake.committing import Committing, log_of
from records.intake.contract import Surroundings
from records.intake.files import Sheet, open_sheets
from records.intake.files.kinds import not_readable
from records.intake.gathering import gather
from records.intake.identifying import Identification
from records.intake.lookups import load_lookups
from records.intake.report import ImportReport, nothing_new
from records.intake.source import Delivery, Request, Source
from records.intake.sources import SOURCE_OF, SOURCES
from records.ledger import BatchRow

STAGING = "staging"
Progress = Callable[[str, int], None]


def quiet(step: str, rows: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """What to import and how; `received_at` replays a file kept from an earlier week.

    `mends` is the batch whose rows in quarantine these are: a part of its file, which overrules nothing told since.
    """

    path: Path
    institution: str = ""
    source: str = ""
    table: str = ""
    profile: Path | None = None
    history: bool = False
    received_at: datetime | None = None
    confirm_shrink: bool = False
    mends: BatchRow | None = None


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """One delivery on its way in: what was asked, from which source, when it came."""

    request: ImportRequest
    source: str
    received: datetime
    digest: str
    progress: Progress = quiet


def import_file(home: DataHome, request: ImportRequest, progress: Progress = quiet) -> list[ImportReport]:
    """Import one file (or one folder of a source that comes as one); a batch for each institution in it.

    Raises ImportRefused when the file as a whole cannot be taken, ConfigurationGap when the institution is unknown.
    """
    now = datetime.now(UTC)
    digest = _digest(request.path)
    source = source_for(request)
    received = request.received_at or now
    if received > now:
        raise ImportRefused(
            "--received-at lies in the future. Give the moment at which the file really came in.",
            th="--received-at อยู่ในอนาคต ใส่เวลาที่ได้รับไฟล์จริง",
            code="RECEIVED_IN_FUTURE",
        )
    told_at = request.mends.recorded_at if request.mends else received
    asked = Request(
        path=request.path, institution=_institution(home, request, source), received_at=told_at, table=request.table,
        lookups=load_lookups(home.settings.home),
    )  # fmt: skip
    reports = []
    sweep(home, now)
    for part, delivery in enumerate(source.deliver(asked)):
        if delivery.college is not None:
            ledger.add_institution(home.database, delivery.college.institution)
        arrival = Arrival(
            request=request,
            source=source.name,
            received=received,
            digest=f"{digest}-{_said_of(request, source)}-{part}",
            progress=progress,
        )
        reports.append(take_in(home, delivery, arrival))
    return reports


def source_for(request: ImportRequest) -> Source:
    """The source that was named or saved in a profile, else the first that recognises the file. Raises ImportRefused."""
    if request.profile is not None:
        from records.intake.profiles import load_profile  # only for files that no source knows

        return load_profile(request.profile)
    if request.source:
        if request.source not in SOURCE_OF:
            raise ImportRefused(
                f"There is no source '{request.source}'. Sources: {', '.join(SOURCE_OF)}.",
                th=f"ไม่มีแหล่งข้อมูลชื่อ '{request.source}' ดูรายชื่อด้วย zerodrop sources",
                code="UNKNOWN_SOURCE",
            )
        return SOURCE_OF[request.source]
    for source in SOURCES:
        if source.comes_as(request.path):
            return source
    sheets = peek(request.path)
    for source in SOURCES:
        if any(source.recognises(sheet) for sheet in sheets):
            return source
    raise ImportRefused.unknown_layout(
        file=request.path.name, found=sheets[0].shown_headers, columns=len(sheets[0].headers)
    )


def peek(path: Path) -> list[Sheet]:
    """The sheets of a file with the headers of every source in mind."""
    return open_sheets(
        path, {alias for source in SOURCES for one in source.fields for alias in (one.header, *one.aliases)}
    )


def _institution(home: DataHome, request: ImportRequest, source: Source) -> str:
    if source.names_institutions:
        return ""
    known = [row.code for row in ledger.institutions(home.database)]
    if not request.institution:
        if len(known) != 1:
            raise ConfigurationGap.which_institution(known=known)
        return known[0]
    return ledger.require_institution(home.database, request.institution).code


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        if not path.exists():
            raise ImportRefused.not_there(file=path.name)
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        for file in files:
            if file.is_file():
                with file.open("rb") as opened:
                    digest.update(hashlib.file_digest(opened, "sha256").digest())
    except OSError:
        raise not_readable(path) from None
    return digest.hexdigest()


def _said_of(request: ImportRequest, source: Source) -> str:
    """What else than its bytes decides what a file tells: the same file as another table is another file."""
    profile = request.profile.read_bytes() if request.profile else b""
    return hashlib.sha256(f"{source.name}\x1f{request.table}\x1f".encode() + profile).hexdigest()[:16]


def sweep(home: DataHome, now: datetime) -> None:
    """Remove what imports left behind that never reached the ledger: people, kept rows, files, staging folders."""
    committed = ledger.tokens(home.database)
    home.vault.sweep(committed, placed=lambda code: ledger.student_ids(home.database, code), now=now)
    home.quarantine.sweep(committed, now=now, keep_days=home.settings.keep_quarantine_days)
    sweep_files(home, now)


def sweep_files(home: DataHome, now: datetime) -> int:
    """Remove files of the log that the ledger does not name, and staging folders, a day after they were written.

    A staging folder is as old as the newest file in it: a long import still reads what it wrote first.
    """
    named = ledger.paths(home.database)
    old = (now - STOPPED_AFTER).timestamp()
    removed = 0
    for path in _files_of_log(home.logs):
        if str(path.relative_to(home.logs)) not in named and _written_before(path, old):
            path.unlink(missing_ok=True)
            removed += 1
    for folder in (home.logs / STAGING).glob("*"):
        if all(_written_before(path, old) for path in _within(folder)):
            shutil.rmtree(folder, ignore_errors=True)
    return removed


def _files_of_log(logs: Path) -> Iterator[Path]:
    """Every Parquet file but those of imports on their way; folders that vanish meanwhile are passed over."""
    for place, folders, files in os.walk(logs):
        if Path(place) == logs and STAGING in folders:
            folders.remove(STAGING)
        yield from (Path(place, name) for name in files if name.endswith(".parquet"))


def _within(folder: Path) -> Iterator[Path]:
    """A folder and everything in it."""
    yield folder
    for place, folders, files in os.walk(folder):
        yield from (Path(place, name) for name in (*folders, *files))


def _written_before(path: Path, moment: float) -> bool:
    """Whether a file or folder was last written before a moment; no for one that another process has just removed."""
    try:
        return path.stat().st_mtime < moment
    except FileNotFoundError:
        return False


def take_in(home: DataHome, delivery: Delivery, arrival: Arrival) -> ImportReport:
    """Check one delivery, compare it with the log, and commit what is new. Raises ImportRefused."""
    seen_before = ledger.batch_of_file(home.database, delivery.institution, arrival.digest)
    if seen_before is not None and not seen_before.counts["quarantined"]:
        return nothing_new(arrival.source, delivery, arrival.request.path.name, seen_before)
    token, code = uuid4(), delivery.institution
    history = arrival.request.history or delivery.is_history
    began = ledger.first_operational(home.database, code)
    moment = Moment(recorded_at=arrival.received, history=history, operation_began=began)
    identification = Identification(
        vault=home.vault, institution=code, token=token, seen_on=local_day(arrival.received)
    )
    folder = home.logs / STAGING / token.hex
    try:
        around = Surroundings(log=log_of(home, code))
        gathered = gather(home, delivery, identification, around, moment, folder=folder, progress=arrival.progress)
        committing = Committing(
            home=home, delivery=delivery, arrival=arrival, moment=moment, identification=identification,
            gathered=gathered, seen_before=seen_before, folder=folder,
        )  # fmt: skip
        return committing.commit()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
