"""Files to sheets of text: XLSX, XLS, XLSM, CSV, TSV, TXT and Parquet; no type is guessed anywhere."""

from collections.abc import Iterable
from pathlib import Path

from records.codes import fold_label
from records.errors import ImportRefused
from records.intake.files.kinds import Kind, kind_of
from records.intake.files.parquet import open_parquet_sheet
from records.intake.files.sheet import LEAST_KNOWN, PART_ROWS, Part, Sheet
from records.intake.files.text_file import open_text_sheet
from records.intake.files.workbook import open_workbook_sheets, read_workbook_grid

__all__ = ["PART_ROWS", "Part", "Sheet", "open_sheets", "read_grid"]


def open_sheets(path: Path, known_headers: Iterable[str]) -> list[Sheet]:
    """Every visible sheet that has rows under a header with at least two of `known_headers`.

    If none has, the one with the most. Raises ImportRefused.
    """
    known = {fold_label(header) for header in known_headers}
    match kind_of(path):
        case Kind.TEXT:
            return [open_text_sheet(path, known)]
        case Kind.PARQUET:
            return [open_parquet_sheet(path, known)]
        case kind:
            sheets = open_workbook_sheets(path, kind, known)
    if not sheets:
        raise ImportRefused.empty(file=path.name)
    fitting = [sheet for sheet in sheets if sheet.known_headers >= LEAST_KNOWN]
    return fitting or [max(sheets, key=lambda sheet: sheet.known_headers)]


def read_grid(path: Path) -> dict[str, list[list[str]]]:
    """Every sheet of a workbook as rows of text, by the sheet's name. Raises ImportRefused."""
    match kind_of(path):
        case Kind.WORKBOOK | Kind.OLD_WORKBOOK as kind:
            return read_workbook_grid(path, kind)
        case kind:
            raise ImportRefused.corrupt(file=path.name, why=f"it is no workbook ({kind.value})")
