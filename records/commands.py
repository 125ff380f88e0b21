"""The commands of records: check and import."""

import os
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from records.console import Home, InstitutionCode, Json, data_home, progress_line, say, the_institution
from records.intake.commands import undo as undo_batch
from records.intake.source_commands import ask_mapping

if TYPE_CHECKING:
    from records.home import DataHome
    from records.intake.importing import ImportRequest
    from records.intake.report import ImportReport


def check(institution: InstitutionCode = "", home: Home = None, as_json: Json = False) -> None:
    """What is missing, and what that costs. Exit code 1 when something blocks the weekly list."""
    from records.setup_gaps import gaps

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


Files = Annotated[
    list[Path] | None,
    typer.Argument(readable=False, help="Export files, a folder of them, or a bundle (a folder or ZIP)."),
]
SourceName = Annotated[
    str, typer.Option(help="`zerodrop sources` lists them; recognised by its headers when left out.")
]
TableName = Annotated[str, typer.Option(help="For a plain file: which table it is.")]
Profile = Annotated[Path | None, typer.Option(help="A saved mapping for a file that no source knows.")]
Asks = Annotated[bool, typer.Option("--map", help="Ask where each column goes, save the answers, then import.")]
ProfileOut = Annotated[Path | None, typer.Option(help="Where --map saves the mapping.")]
History = Annotated[
    bool, typer.Option("--history", help="Rows from before operation: their entry time is reconstructed.")
]
ReceivedAt = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%dT%H:%M"], help="When a kept file came in (Bangkok).")
]
ConfirmShrink = Annotated[bool, typer.Option("--confirm-shrink", help="The roster really is that small.")]
ReportFolder = Annotated[Path | None, typer.Option(help="A folder for the report as a page (HTML) and a workbook.")]
Undo = Annotated[int | None, typer.Option(help="Withdraw this batch instead of taking a file in.")]


def import_(
    files: Files = None,
    institution: InstitutionCode = "",
    source: SourceName = "",
    table: TableName = "",
    profile: Profile = None,
    ask: Asks = False,
    profile_out: ProfileOut = None,
    history: History = False,
    received_at: ReceivedAt = None,
    confirm_shrink: ConfirmShrink = False,
    report: ReportFolder = None,
    undo: Undo = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Take files in: good rows into the log, bad rows into quarantine with their reason, nothing lost."""
    from records.clock import BANGKOK
    from records.intake.importing import ImportRequest

    if undo is not None and files:
        raise typer.BadParameter("--undo takes no file · --undo ไม่ใช้กับไฟล์ ระบุเลขชุดอย่างเดียว")
    if undo is not None:
        undo_batch(undo, institution, home, as_json)
        return
    if not files:
        raise typer.BadParameter("which file? ระบุไฟล์ที่จะนำเข้า")
    wanted = ImportRequest(
        path=files[0],
        institution=institution,
        source=source or ("plain" if table else ""),  # a table that is named holds, whatever the headers look like
        table=table,
        profile=profile,
        history=history,
        received_at=received_at.replace(tzinfo=BANGKOK) if received_at else None,
        confirm_shrink=confirm_shrink,
    )
    with data_home(home) as opened:
        if ask:
            wanted = ask_mapping(opened, wanted, profile_out)
        _take_all(opened, files, wanted, report, as_json)


def _take_all(home: "DataHome", files: list[Path], wanted: "ImportRequest", folder: Path | None, as_json: bool) -> None:
    """One file after the other; a refused one among several does not stop the others, and counts at the end."""
    from xlsxwriter.exceptions import XlsxFileError

    from records.errors import ImportRefused, UserError
    from records.intake.folders import in_order, is_ordinary, unread_in
    from records.intake.importing import import_file
    from records.intake.report_files import write_reports

    paths = [one for path in files for one in (in_order(path) if is_ordinary(path) else [path])]
    if unread := ", ".join(name for path in files if is_ordinary(path) for name in unread_in(path)):
        typer.echo(
            f"ไม่ได้อ่านโฟลเดอร์ย่อย: {unread} ถ้าต้องการให้ระบุด้วย · folders inside that were not read: {unread}; name them too",
            err=True,
        )
    if folder is not None:
        _make_room_for_reports(folder)
    reports: list[ImportReport] = []
    refused: list[ImportRefused] = []
    with progress_line("import", quiet=as_json) as progress:
        for path in paths:
            try:
                reports += import_file(home, replace(wanted, path=path), progress)
            except ImportRefused as error:
                if len(paths) == 1:
                    raise
                refused.append(error)
    say([_document(one) for one in reports], as_json, "\n".join(_told(one) for one in reports))
    for one_refused in refused:
        typer.echo(one_refused.shown, err=True)
    if folder is not None:
        try:
            for one in reports:
                write_reports(one, folder)
        except (OSError, XlsxFileError) as error:  # what came in is stored and told above
            raise UserError.not_written(folder, error) from None
    if refused:
        raise typer.Exit(ImportRefused.exit_code)


def _make_room_for_reports(folder: Path) -> None:
    """The folder for reports, before anything comes in. Raises UserError where it cannot be made or written."""
    from records.errors import UserError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise UserError.may_not_write(folder) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UserError.may_not_write(folder)


def _document(report: "ImportReport") -> dict[str, object]:
    """The report for machines; lines are numbers of the file, never a cell of it."""
    return {item.name: getattr(report, item.name) for item in fields(report) if item.name != "notes"} | {
        "notes": [{"th": note.th, "en": note.en} for note in report.notes]
    }


def _told(report: "ImportReport") -> str:
    """The report, and with rows in quarantine what to do about them."""
    lines = [report.text()]
    if report.quarantined:
        number = report.ledger_number
        lines.append(
            f"  ดูแถวที่กักไว้: zerodrop quarantine export {number} --out แก้.xlsx แล้ว zerodrop quarantine retry {number} แก้.xlsx · "
            "export the rows in quarantine, mend them, and retry"
        )
    return "\n".join(lines)
