"""Rows in quarantine: which batches have some, and the three ways out: mended and tried again, discarded, or too old."""

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import uuid4

from records import access, audit, ledger
from records.clock import local_day
from records.errors import UserError
from records.home import DataHome
from records.intake.importing import STAGING, ImportRequest, import_file
from records.intake.quarantine_workbook import (
    Offered,
    read_workbook,
    sheet_and_line,
    write_rows,
    write_workbook,
)
from records.intake.report import ImportReport
from records.intake.source import SHEET_STEP, Covers, cell_names
from records.intake.sources import SOURCE_OF
from records.ledger import BatchRow
from records.quarantine import KeptFile
from records.tables import ROSTER_COUNTS
from records.text import Text

_ROSTER_OPEN = Text(
    th="แถวที่กักไว้ของทะเบียนนี้หมดแล้ว แต่ทะเบียนยังไม่นับเป็นครบรอบ นำเข้าไฟล์ทะเบียนที่แก้แล้วทั้งไฟล์อีกครั้ง",
    en="no row of this roster waits any more, yet it does not count as complete: import the mended roster as a whole again",
)
_NOT_ALL_READ = Text(
    th="บางแถวไม่ได้ถูกอ่านเป็นแถวข้อมูล จึงยังเก็บทุกแถวไว้ ตรวจว่าไม่มีแถวรวมยอดหรือแถวลงชื่อ",
    en="some rows were not read as rows of data, so all of them are kept: look for totals and signatures among them",
)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """The rows of one batch in quarantine, counted: no cell and no name."""

    institution: str
    batch: int
    source: str
    received_on: date
    rows: int
    age_days: int
    days_left: int
    reasons: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Retried:
    """What became of mended rows: how many came in, and how many of the batch wait still; `report` is of the import."""

    batch: int
    report: ImportReport
    came_in: int
    failed: int
    waiting: int
    notes: Sequence[Text] = ()

    def text(self) -> str:
        head = (
            f"ชุดที่ {self.batch}: เข้าแล้ว {self.came_in:,} แถว ยังไม่ผ่าน {self.failed:,} แถว เหลือรอ {self.waiting:,} แถว · "
            f"batch {self.batch}: {self.came_in:,} rows came in, {self.failed:,} failed again, {self.waiting:,} wait"
        )
        return "\n".join([head, self.report.text(), *(f"  {note.th} · {note.en}" for note in self.notes)])


def waiting(home: DataHome, institution: str, now: datetime) -> list[Waiting]:
    """The batches of an institution with rows in quarantine, the oldest first."""
    by_token = {batch.token: batch for batch in ledger.batches(home.database, institution)}
    told = []
    for count in home.quarantine.counts():
        if count.institution == institution and count.batch_token in by_token:
            batch, age = by_token[count.batch_token], (now - count.oldest).days
            reasons = Counter(code for codes in home.quarantine.lines(batch.token).values() for code in codes)
            told.append(
                Waiting(
                    institution=institution, batch=batch.number, source=batch.source, received_on=local_day(batch.recorded_at),
                    rows=count.rows, age_days=age, days_left=max(0, home.settings.keep_quarantine_days - age), reasons=dict(reasons.most_common()),
                )
            )  # fmt: skip
    return told


def export(home: DataHome, institution: str, number: int, path: Path, actor: str) -> int:
    """Write the rows of a batch as a workbook to mend; how many there are. Raises UserError where nothing can be."""
    if path.suffix.lower() != ".xlsx":
        raise UserError.no_workbook_name(path)
    batch = _batch(home, institution, number)
    file = _file(home, batch)
    rows = access.kept_rows(home, actor, batch)
    write_workbook(path, number, file, rows)
    return len(rows)


def retry(
    home: DataHome, institution: str, number: int, path: Path, actor: str, profile: Path | None = None
) -> Retried:
    """Bring mended rows in as rows of their own file; those that come in leave quarantine, the others get new reasons.

    Nobody is missing from a part of a file, so nothing is retracted; what was told since is not overruled. Raises
    ImportRefused when the workbook is not the exported one.
    """
    batch = _batch(home, institution, number)
    file, before = _file(home, batch), home.quarantine.lines(batch.token)
    offered = read_workbook(path, file, before)
    with home.database.write() as session:
        detail: dict[str, str | int] = {"batch": number, "rows": len(offered.lines)}
        audit.record_look(session, actor=actor, action="retry quarantine", institution=institution, detail=detail)
    report, lines = _bring_in(home, batch, file, offered, profile)
    left = _settle(home, batch, file, offered, report, lines)
    report = report.at(lines, [sheet.name for sheet in file.sheets if sheet.name])
    if left is None:
        return Retried(batch=number, report=report, came_in=0, failed=0, waiting=len(before), notes=[_NOT_ALL_READ])
    still = home.quarantine.lines(batch.token)
    notes = [_ROSTER_OPEN] if not still and _is_uncounted_roster(home, batch) else []
    came_in = len(offered.lines) - left
    return Retried(batch=number, report=report, came_in=came_in, failed=left, waiting=len(still), notes=notes)


def _bring_in(
    home: DataHome, batch: BatchRow, file: KeptFile, offered: Offered, profile: Path | None
) -> tuple[ImportReport, dict[int, int]]:
    """Import the rows as a file of their source under its name; which line of it is which line of the original."""
    folder = home.logs / STAGING / uuid4().hex
    folder.mkdir(parents=True, mode=0o700)
    try:
        path = folder / Path(file.name).name
        lines = write_rows(path, file, offered)
        request = ImportRequest(
            path=path,
            institution=batch.institution,
            source="" if profile else file.source,
            table=file.table,
            profile=profile,
            history=batch.reconstructed,
            mends=batch,
        )
        [report] = import_file(home, request)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return report, lines


def _settle(
    home: DataHome, batch: BatchRow, file: KeptFile, offered: Offered, report: ImportReport, lines: Mapping[int, int]
) -> int | None:
    """Take what came in out of the batch's quarantine and give the rest its new reasons; how many failed again.

    None when the import saw other rows than were offered: then all of them stay as they were.
    """
    mended = ledger.require_batch(home.database, batch.institution, report.ledger_number).token
    again = home.quarantine.lines(mended)
    home.quarantine.discard(mended)  # they wait under the batch of their file, not twice
    if report.layout or report.rows != len(lines):
        return None
    cells = {line: row for rows in offered.sheets.values() for line, row in rows.items()}
    names = {place: cell_names(sheet.headers) for place, sheet in enumerate(file.sheets)}
    failed = {lines[line]: codes for line, codes in again.items()}
    home.quarantine.change(
        batch.token,
        (
            (line, codes, dict(zip(names[sheet_and_line(file, line)[0]], cells[line], strict=True)))
            for line, codes in failed.items()
        ),
    )
    home.quarantine.discard(batch.token, [line for line in cells if line not in failed])
    return len(failed)


def named_lines(home: DataHome, institution: str, number: int, told: Sequence[str]) -> list[int]:
    """Lines of a batch, each once, from the words of its report: `4`, and `Sheet!4` where its file has several sheets.

    Raises UserError where it is not said which line is meant: what is discarded is gone.
    """
    file = home.quarantine.file_of(_batch(home, institution, number).token)
    sheets = [sheet.name for sheet in file.sheets] if file is not None else []
    return sorted({_named_line(one.strip(), sheets) for one in told})


def _named_line(told: str, sheets: Sequence[str]) -> int:
    sheet, _, line = told.rpartition("!")
    if not line.isdecimal() or (sheet and sheet not in sheets) or (len(sheets) > 1 and not sheet):
        like = f"'{sheets[0]}!4,{sheets[-1]}!7'" if len(sheets) > 1 else "4,7"  # a shell reads ! outside of quotes
        raise UserError(
            f"--lines takes lines as the import report names them, with commas between, such as {like}; not '{told}'. · "
            f"--lines ใส่บรรทัดตามที่รายงานนำเข้าบอก คั่นด้วยจุลภาค เช่น {like}"
        )
    return int(line) + (sheets.index(sheet) * SHEET_STEP if sheet else 0)


def discard(home: DataHome, institution: str, number: int, actor: str, lines: Sequence[int] | None = None) -> int:
    """Delete rows of a batch for good (all when no lines are named) and return how many. Raises UserError."""
    batch = _batch(home, institution, number)
    unknown = sorted(set(lines or ()) - set(home.quarantine.lines(batch.token)))
    if unknown:
        told = ", ".join(_place(home.quarantine.file_of(batch.token), line) for line in unknown[:8])
        raise UserError(
            f"Batch {number} has no row in quarantine at line {told}; nothing was deleted. · "
            f"ชุดที่ {number} ไม่มีแถวที่กักไว้ที่บรรทัด {told} จึงยังไม่ได้ลบอะไร"
        )
    with home.database.write() as session:
        detail: dict[str, str | int] = {"batch": number, "rows": len(lines) if lines is not None else "all"}
        audit.record_look(session, actor=actor, action="discard quarantine", institution=institution, detail=detail)
    return home.quarantine.discard(batch.token, lines)


def _place(file: KeptFile | None, line: int) -> str:
    if file is None or len(file.sheets) < 2:
        return str(line)
    sheet, row = divmod(line, SHEET_STEP)
    return f"{file.sheets[sheet].name}!{row}"


def require_rows(home: DataHome, institution: str, number: int) -> int:
    """How many rows of a batch wait. Raises UserError for an unknown batch, another institution's, or none."""
    return len(home.quarantine.lines(_batch(home, institution, number).token))


def _batch(home: DataHome, institution: str, number: int) -> BatchRow:
    batch = ledger.require_batch(home.database, institution, number)
    if not home.quarantine.lines(batch.token):
        raise UserError(
            f"No row of batch {number} is in quarantine. See `zerodrop quarantine list`. · "
            f"ชุดที่ {number} ไม่มีแถวที่กักไว้ ดูด้วย zerodrop quarantine list"
        )
    return batch


def _file(home: DataHome, batch: BatchRow) -> KeptFile:
    file = home.quarantine.file_of(batch.token)
    if file is None or not file.sheets:
        raise UserError(
            f"Rows of batch {batch.number} ({batch.source}) are mended at their source: correct them there and import the "
            f"file again. · แถวของชุดที่ {batch.number} ให้แก้ที่ระบบต้นทาง แล้วส่งออกและนำเข้าใหม่"
        )
    return file


def _is_uncounted_roster(home: DataHome, batch: BatchRow) -> bool:
    source = SOURCE_OF.get(batch.source)
    counts = [file for file in ledger.files_of_batch(home.database, batch) if file.table == ROSTER_COUNTS.name]
    return source is not None and not counts and any(one.covers is Covers.WHOLE_ROSTER for one in source.tells)
