"""A folder of export files: which of its files come in, in which order they must, and what in it is not read."""

import os
import re
from pathlib import Path

from records.errors import ImportRefused
from records.intake.importing import ImportRequest, source_for
from records.intake.sources import SOURCES
from records.tables import CALENDAR

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

    Raises ImportRefused when there is none.
    """
    found = [one for one in _exports_in(folder) if one.is_file() or _is_bundle(one)]
    if not found:
        raise ImportRefused(
            f"There is no file to import in the folder {folder.name}. Look at the path; a folder inside it is read "
            "when it is named itself.",
            th=f"ไม่มีไฟล์ให้นำเข้าในโฟลเดอร์ {folder.name} ตรวจที่เก็บ ถ้าไฟล์อยู่ในโฟลเดอร์ย่อย ให้ระบุโฟลเดอร์ย่อยนั้น",
            code="EMPTY_FOLDER",
        )
    return sorted(found, key=lambda file: (_rank(file), file.name))


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


def _rank(file: Path) -> int:
    """What must come first has the lower number; a file that nothing recognises comes last and is refused then."""
    try:
        source = source_for(ImportRequest(path=file))
    except ImportRefused:
        return len(SOURCES)
    tables = {tells.table for tells in source.tells}
    if tables == {CALENDAR}:
        return 0
    return 1 if source.admits else 2
