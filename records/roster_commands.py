"""The commands of the roster comparison: `zerodrop roster compare` and `zerodrop roster confirm`."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from records.console import (
    Home,
    InstitutionCode,
    Json,
    actor,
    data_home,
    for_writing,
    say,
    the_institution,
    today_in_bangkok,
)

if TYPE_CHECKING:
    from datetime import date

    from records.home import DataHome
    from records.rosters import Comparison

_DAYS = "YYYY-MM-DD or day/month/Buddhist year"
Earlier = Annotated[str, typer.Option(help=f"Day of the earlier roster ({_DAYS}); default: the one before the later.")]
Later = Annotated[str, typer.Option(help=f"Day of the later roster ({_DAYS}); default: the newest.")]


def compare(
    institution: InstitutionCode = "",
    earlier: Earlier = "",
    later: Later = "",
    out: Annotated[
        Path | None, typer.Option(help="An XLSX file to write, ready to print; it names who must be traced.")
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """What became of everybody on the earlier roster, and who must be traced (report R9)."""
    from records.roster_report import as_json as told
    from records.roster_report import as_text, write_report

    path = _workbook(out) if out else None
    with data_home(home) as opened:
        found = _compared(opened, institution, earlier, later)
        if path is not None:
            write_report(opened, found, path, actor=actor(), as_of=today_in_bangkok())
    say(told(found), as_json, as_text(found))


def confirm(
    institution: InstitutionCode = "",
    earlier: Earlier = "",
    later: Later = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Record the moves that the comparison found, in the logs of both institutions; what is told already stays."""
    from records.roster_moves import confirm_moves

    with data_home(home) as opened:
        found = _compared(opened, institution, earlier, later)
        moves = confirm_moves(opened, found.institution, found, actor())
    say(
        asdict(moves),
        as_json,
        f"ยืนยันการย้าย {moves.confirmed:,} คน ลงช่องทางย้ายเข้าที่สถานศึกษาใหม่ {moves.entries:,} คน · "
        f"{moves.confirmed:,} moves confirmed, {moves.entries:,} entries marked as transfers",
    )


def _workbook(path: Path) -> Path:
    from records.errors import UserError

    if path.suffix.lower() != ".xlsx":
        raise UserError.no_workbook_name(path)
    return for_writing(path, replaces=False)


def _compared(home: "DataHome", institution: str, earlier: str, later: str) -> "Comparison":
    from records.ledger import log_index
    from records.log import EventLog
    from records.rosters import compare as compare_rosters
    from records.rosters import counts, the_two

    code = the_institution(home, institution)
    log = EventLog(folder=home.logs, institution=code, index=log_index(home.database, code))
    before, after = the_two(counts(log), _day(earlier), _day(later))
    return compare_rosters(home, code, before, after, actor=actor())


def _day(told: str) -> "date | None":
    from records.errors import UserError
    from records.intake.normalise import parse_day

    if not told:
        return None
    day = parse_day(told)
    if day is None:
        raise UserError(
            f"'{told}' is no day. Write it as 2025-06-10 or 10/06/2568. · เขียนวันที่เป็น 2025-06-10 หรือ 10/06/2568"
        )
    return day
