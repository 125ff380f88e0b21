"""The commands of records: check and import."""

from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from records.console import Home, InstitutionCode, Json, data_home, progress_line, say, the_institution

if TYPE_CHECKING:
    from records.intake.report import ImportReport


def check(institution: InstitutionCode = "", home: Home = None, as_json: Json = False) -> None:
    """What is missing, and what that costs. Exit code 1 when something blocks the weekly list."""
    from records.setup import gaps

    with data_home(home) as opened:
        found = gaps(opened, the_institution(opened, institution))
    told = [{"what": gap.what.en, "costs": gap.costs.en, "blocking": gap.blocking} for gap in found]
    marks = [
        f"{'!' if gap.blocking else '-'} {gap.what.th} ({gap.what.en}): {gap.costs.th} · {gap.costs.en}"
        for gap in found
    ]
    say(told, as_json, "\n".join(marks) or "Nothing is missing. ครบแล้ว")
    if any(gap.blocking for gap in found):
        raise typer.Exit(1)


def import_(
    file: Annotated[Path, typer.Argument(help="The export file, or the folder of a data set.")],
    institution: InstitutionCode = "",
    source: Annotated[
        str, typer.Option(help="dmc, roster, attendance, oulad or plain; recognised when left out.")
    ] = "",
    table: Annotated[str, typer.Option(help="For a plain file: which table it is.")] = "",
    history: Annotated[
        bool, typer.Option("--history", help="Rows from before operation: their entry time is reconstructed.")
    ] = False,
    received_at: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%dT%H:%M"], help="When a kept file came in (Bangkok).")
    ] = None,
    confirm_shrink: Annotated[bool, typer.Option("--confirm-shrink", help="The roster really is that small.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Take a file in: good rows into the log, bad rows into quarantine with their reason, nothing lost."""
    from records.clock import BANGKOK
    from records.intake.importing import ImportRequest, import_file

    request = ImportRequest(
        path=file,
        institution=institution,
        source=source or ("plain" if table else ""),  # a table that is named holds, whatever the headers look like
        table=table,
        history=history,
        received_at=received_at.replace(tzinfo=BANGKOK) if received_at else None,
        confirm_shrink=confirm_shrink,
    )
    with data_home(home) as opened, progress_line("import", quiet=as_json) as progress:
        reports = import_file(opened, request, progress)
    # A Counter does not survive asdict, so that a file with bad rows would end in a traceback.
    told = [asdict(replace(report, reasons=dict(report.reasons))) for report in reports]
    say(told, as_json, "\n".join(_told(report) for report in reports))


def _told(report: "ImportReport") -> str:
    """The report and its numbers in Thai; with rows in quarantine, what to do about them."""
    lines = [
        report.text(),
        f"  อ่าน {report.rows:,} แถว รับเข้า {report.accepted:,} ทราบอยู่แล้ว {report.known:,} "
        f"กักไว้ {report.quarantined:,} ถอนคืน {report.retracted:,}",
    ]
    if report.quarantined:
        lines.append(
            "  แก้แถวที่กักไว้ในระบบต้นทาง แล้วส่งออกและนำเข้าใหม่ · "
            "mend the rows in quarantine at their source, then export and import again"
        )
    return "\n".join(lines)
