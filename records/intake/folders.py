"""A folder of export files: which of its files come in, in which order they must, and what in it is not read."""

import os
import re
from datetime import UTC, date, datetime
from pathlib import Path

from records.errors import ImportRefused
from records.intake.importing import ImportRequest, source_for
from records.intake.normalise import parse_day
from records.intake.source import Request, Source
from records.intake.sources import SOURCES
from records.tables import CALENDAR, ENROLMENTS

# What Excel, Windows and macOS leave beside the files of a folder: no export, and nobody's to tidy away.
_LEFT_BY_PROGRAMS = re.compile(r"\..*|~\$.*|thumbs\.db|desktop\.ini", re.IGNORECASE)


def is_ordinary(path: Path) -> bool:
    """Whether this is a folder of files that come in one by one, and no bundle of one source."""
    try:
        return os.access(path, os.R_OK) and path.is_dir() and not _is_bundle(path)
    except OSError:  # no folder, or one that may not be looked into: it is refused where it is read
        return False


def in_order(folder: Path) -> list[Path]:
    """The files of a folder: calendars, then rosters, then the files that speak of their students; bundles are files.

    Rosters come by the day that they speak of: one with fewer columns keeps what is known of the others only when it comes
    in after them. Raises ImportRefused when there is none.
    """
    found = [one for one in _exports_in(folder) if one.is_file() or _is_bundle(one)]
    if not found:
        raise ImportRefused(
            f"There is no file to import in the folder {folder.name}. Look at the path; a folder inside it is read "
            "when it is named itself.",
            th=f"ไม่มีไฟล์ให้นำเข้าในโฟลเดอร์ {folder.name} ตรวจที่เก็บ ถ้าไฟล์อยู่ในโฟลเดอร์ย่อย ให้ระบุโฟลเดอร์ย่อยนั้น",
            code="EMPTY_FOLDER",
        )
    return sorted(found, key=lambda file: (*_place(file), file.name))


def unread_in(folder: Path) -> list[str]:
    """The names of folders inside a folder that do not come in with it."""
    return sorted(one.name for one in _exports_in(folder) if one.is_dir() and not _is_bundle(one))


def _exports_in(folder: Path) -> list[Path]:
    return [one for one in folder.iterdir() if not _LEFT_BY_PROGRAMS.fullmatch(one.name)]


def _is_bundle(path: Path) -> bool:
    try:
        return any(source.comes_as(path) for source in SOURCES)
    except OSError:
        return False


def _place(file: Path) -> tuple[int, date]:
    """What must come first has the lower place; a file that nothing recognises comes last and is refused then."""
    try:
        source = source_for(ImportRequest(path=file))
    except ImportRefused:
        return len(SOURCES), date.min
    tables = {tells.table for tells in source.tells}
    if tables == {CALENDAR}:
        return 0, date.min
    return (1, _day_of(source, file)) if source.admits else (2, date.min)


def _day_of(source: Source, file: Path) -> date:
    """The last day that the first rows of a roster speak of; the earliest of all where they tell none or cannot be read."""
    if _is_bundle(file):
        return date.min
    try:
        delivery = next(source.deliver(Request(path=file, institution="", received_at=datetime.now(UTC))))
        first = next(iter(delivery.portions()))
    except (ImportRefused, StopIteration, OSError):
        return date.min
    days = [
        day
        for told in first.told
        if told.table is ENROLMENTS and "happened_on" in told.cells
        for cell in told.cells["happened_on"].unique().to_pylist()
        if (day := parse_day(cell or "")) is not None
    ]
    return max(days, default=date.min)
