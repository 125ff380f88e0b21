"""Days and instants: what was known on a day is what was recorded before its first moment in Bangkok."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

BANGKOK = ZoneInfo("Asia/Bangkok")
STOPPED_AFTER = timedelta(hours=24)
"""An import that did not reach the ledger in this time was stopped: even a nation's first file takes hours, not days."""


def start_of(day: date) -> datetime:
    """The first instant of a day in Asia/Bangkok, in UTC: the limit of what was known `as_of` that day."""
    return datetime.combine(day, time.min, tzinfo=BANGKOK).astimezone(UTC)


def local_day(instant: datetime) -> date:
    return instant.astimezone(BANGKOK).date()


def buddhist(day: date) -> str:
    """A date as Thai offices write it: 18/05/2569."""
    return f"{day.day:02d}/{day.month:02d}/{day.year + 543}"


def milliseconds(instant: datetime) -> int:
    """Milliseconds since 1970 UTC, the unit of `recorded_at` in the log."""
    return int(instant.timestamp() * 1000)
