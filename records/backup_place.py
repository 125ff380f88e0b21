"""A place for backups: the whole ones in it, which of them are kept, and what one that was cut off has left."""

import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

DAILY, WEEKLY, MONTHLY = 7, 5, 12
STAMP = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"zerodrop-(\d{8}T\d{6}Z)")
_PART_KEPT = timedelta(days=1)


def backups(to: Path) -> list[Path]:
    """The whole backups of a place, the oldest first."""
    return sorted(path for path in to.glob("zerodrop-*") if _NAME.fullmatch(path.name) and path.is_dir())


def kept_of(moments: Sequence[datetime]) -> set[datetime]:
    """Which of some backups are kept: the newest of each of the last 7 days, 5 weeks and 12 months that have any."""
    kept: set[datetime] = set()
    for many, period in ((DAILY, "%Y-%m-%d"), (WEEKLY, "%G-%V"), (MONTHLY, "%Y-%m")):
        newest = {f"{moment:{period}}": moment for moment in sorted(moments)}
        kept.update(newest[name] for name in sorted(newest)[-many:])
    return kept


def rotated(to: Path) -> list[Path]:
    """Remove the backups that are not kept; which ones."""
    made = {
        datetime.strptime(path.name.removeprefix("zerodrop-"), STAMP).replace(tzinfo=UTC): path for path in backups(to)
    }
    over = [made[moment] for moment in sorted(made.keys() - kept_of(list(made)))]
    for path in over:
        gone = path.with_name(f".part-{path.name}")  # a removal that stops half-way leaves no half backup
        path.rename(gone)
        shutil.rmtree(gone)
    return over


def remove_parts(to: Path, now: datetime) -> None:
    """Remove what backups of a day ago left half-way."""
    for part in to.glob(".part-*"):
        with suppress(FileNotFoundError):  # its backup is whole meanwhile
            if part.stat().st_mtime < (now - _PART_KEPT).timestamp():
                discard(part)


def discard(part: Path) -> None:
    if part.is_dir():
        shutil.rmtree(part, ignore_errors=True)
    else:
        part.unlink(missing_ok=True)
