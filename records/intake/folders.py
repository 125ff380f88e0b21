"""A folder of export files: in which order they must come in."""

from pathlib import Path

from records.errors import ImportRefused
from records.intake.importing import ImportRequest, source_for
from records.intake.sources import SOURCES
from records.tables import CALENDAR

_BUNDLE_FILES = ("courses.csv", "manifest.csv", "anonymisedData.zip")


def is_ordinary(path: Path) -> bool:
    """Whether this is a folder of files that come in one by one, and no bundle of one source."""
    return path.is_dir() and not any((path / name).exists() for name in _BUNDLE_FILES)


def in_order(folder: Path) -> list[Path]:
    """The files of a folder: calendars, then rosters, then the files that speak of their students."""
    return sorted((file for file in folder.iterdir() if file.is_file()), key=lambda file: (_rank(file), file.name))


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
