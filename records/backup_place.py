"""A place for backups: the whole ones in it, which of them are kept, and what one that was cut off has left."""

import errno
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

DAILY, WEEKLY, MONTHLY = 7, 5, 12
_STAMP = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"zerodrop-(\d{8}T\d{6}Z)(?:-(\d{1,6}))?")
_PART_KEPT = timedelta(days=1)


def backups(to: Path) -> list[Path]:
    """The whole backups of a place, the oldest first."""
    return [path for _, path in sorted(_made_in(to).items())]


def named(part: Path, to: Path, now: datetime) -> Path:
    """Give a backup that is whole its name: its second, and a number after that where others are of the same second."""
    second = now.astimezone(UTC).replace(microsecond=0)
    while True:
        others = [moment.microsecond for moment in _made_in(to) if moment.replace(microsecond=0) == second]
        number = f"-{max(others) + 2}" if others else ""
        try:
            return part.rename(to / f"zerodrop-{second:{_STAMP}}{number}")
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):  # another backup took the name just now
                raise


def kept_of(moments: Sequence[datetime]) -> set[datetime]:
    """Which of some backups are kept: the newest of each of the last 7 days, 5 weeks and 12 months that have any."""
    kept: set[datetime] = set()
    for many, period in ((DAILY, "%Y-%m-%d"), (WEEKLY, "%G-%V"), (MONTHLY, "%Y-%m")):
        newest = {f"{moment:{period}}": moment for moment in sorted(moments)}
        kept.update(newest[name] for name in sorted(newest)[-many:])
    return kept


def rotated(to: Path) -> list[Path]:
    """Remove the backups that are not kept; which ones."""
    made, removed = _made_in(to), []
    for moment in sorted(made.keys() - kept_of(list(made))):
        gone = made[moment].with_name(
            f".part-{made[moment].name}"
        )  # a removal that stops half-way leaves no half backup
        try:
            made[moment].rename(gone)
        except FileNotFoundError:  # another backup, which ends now as well, removes it
            continue
        shutil.rmtree(gone)
        removed.append(made[moment])
    return removed


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


def _made_in(to: Path) -> dict[datetime, Path]:
    """The whole backups of a place by their moments; those of one second are a microsecond apart, as they are numbered."""
    made = {}
    for path in to.glob("zerodrop-*"):
        if (told := _NAME.fullmatch(path.name)) and path.is_dir():
            second = datetime.strptime(told[1], _STAMP).replace(tzinfo=UTC)
            made[second + timedelta(microseconds=int(told[2] or 1) - 1)] = path
    return made
