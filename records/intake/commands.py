"""The commands of quarantine and undo: `zerodrop quarantine list|export|retry|discard` and `zerodrop import --undo`."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from records.console import Home, InstitutionCode, Json, actor, ask_first, data_home, for_writing, say, the_institution

if TYPE_CHECKING:
    from records.intake.quarantined import Waiting

Batch = Annotated[int, typer.Argument(help="The ledger number of the batch, as the import report names it.")]


def quarantine_list(institution: InstitutionCode = "", home: Home = None, as_json: Json = False) -> None:
    """Which batches have rows in quarantine, since when, and why; no row and no name."""
    from records.intake.quarantined import waiting

    with data_home(home) as opened:
        found = waiting(opened, the_institution(opened, institution), datetime.now(UTC))
    text = "\n".join(_told(one) for one in found) or "ไม่มีแถวที่กักไว้ · nothing is in quarantine"
    say([asdict(one) for one in found], as_json, text)


def _told(one: "Waiting") -> str:
    day = f"{one.received_on:%d/%m}/{one.received_on.year + 543}"
    reasons = ", ".join(f"{code} x{count:,}" for code, count in one.reasons.items())
    return (
        f"ชุดที่ {one.batch} ({one.source}) รับเมื่อ {day}: {one.rows:,} แถว รอมา {one.age_days} วัน เหลือ {one.days_left} วันก่อนลบ · "
        f"batch {one.batch}, received {one.received_on.isoformat()}: {one.rows:,} rows for {one.age_days} days, "
        f"deleted in {one.days_left} days: {reasons}"
    )


def quarantine_export(
    batch: Batch,
    out: Annotated[Path, typer.Option(help="The XLSX file to write; it holds cells of students.")],
    institution: InstitutionCode = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Write the rows of a batch in quarantine as a workbook to mend, with why each could not be taken."""
    from records.intake.quarantined import export

    path = for_writing(out, replaces=False)
    with data_home(home) as opened:
        rows = export(opened, the_institution(opened, institution), batch, path, actor())
    text = (
        f"เขียน {rows:,} แถวลง {path} แก้แล้วสั่ง · {rows:,} rows in {path}; mend them, then run: "
        f"zerodrop quarantine retry {batch} {path}"
    )
    say({"batch": batch, "rows": rows, "out": str(path)}, as_json, text)


def quarantine_retry(
    batch: Batch,
    file: Annotated[Path, typer.Argument(help="The mended workbook.")],
    profile: Annotated[Path | None, typer.Option(help="The saved profile, where the file came in with one.")] = None,
    institution: InstitutionCode = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Bring mended rows in; those that fail again go on waiting, with their new reasons."""
    from records.intake.quarantined import retry

    with data_home(home) as opened:
        retried = retry(opened, the_institution(opened, institution), batch, file, actor(), profile)
    say(asdict(retried), as_json, retried.text())


def quarantine_discard(
    batch: Batch,
    lines: Annotated[
        str, typer.Option(help="Lines as the import report names them: 4,7 or Sheet!4; all of the batch when left out.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    institution: InstitutionCode = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Delete rows in quarantine for good."""
    from records.intake.quarantined import discard, named_lines, require_rows

    with data_home(home) as opened:
        code = the_institution(opened, institution)
        chosen = named_lines(opened, code, batch, lines.split(",")) if lines else None
        rows = require_rows(opened, code, batch) if chosen is None else len(chosen)
        if not yes:
            ask_first(f"ลบ {rows:,} แถวของชุดที่ {batch} ถาวร? Delete {rows:,} rows of batch {batch} for good?")
        deleted = discard(opened, code, batch, actor(), chosen)
    say({"batch": batch, "discarded": deleted}, as_json, f"ลบแล้ว {deleted:,} แถว · {deleted:,} rows deleted")


def undo(batch: Batch, institution: InstitutionCode = "", home: Home = None, as_json: Json = False) -> None:
    """Withdraw a batch: every fact is again what it was without it; the log keeps that the batch was there."""
    from records.intake.undo import undo_batch

    with data_home(home) as opened:
        report = undo_batch(opened, the_institution(opened, institution), batch, actor())
    say(asdict(report), as_json, report.text())
