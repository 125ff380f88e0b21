"""Where a row is handed over: history folders by term, then one folder a Monday; and how a CSV file is written."""

import io
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv

from simulation.entrants import Flags, Whole
from simulation.terms import Calendar, SimulatedTerm, ordinal

MINUTES = 24 * 60
WEEKLY_FOLDERS = 4
WEEKLY_WINDOW_DAYS = 21
EXPORT_HOUR = 20  # on Sunday evening
BOM_UTF8, CP874 = "utf-8-sig", "cp874"
Columns = dict[str, list[str] | pa.Array]


@dataclass(frozen=True, kw_only=True)
class Export:
    """Rows of one kind of file with the local minute since 1970 at which the college had each of them."""

    file: str
    columns: Columns
    known_at: Whole


@dataclass(frozen=True, kw_only=True)
class Folder:
    """One hand-over: it holds what became known from `since` until before `until` (local minutes since 1970)."""

    path: Path
    since: int
    until: int
    term: SimulatedTerm | None
    """The term of a history folder; None for a weekly one."""
    window: tuple[int, int] | None
    """First and last attendance day of a weekly folder."""

    def holds(self, known_at: Whole) -> Flags:
        return np.asarray((known_at >= self.since) & (known_at < self.until))


def local_minutes(days: Whole, *, hour: int) -> Whole:
    return np.asarray(days * MINUTES + hour * 60)


def iso_minutes(minutes: Whole) -> pa.Array:
    """`2026-06-03 08:41`, as systems print a time of entry."""
    return pc.strftime(pa.array(minutes.astype("datetime64[m]").astype("datetime64[s]")), format="%Y-%m-%d %H:%M")


def mondays(last_monday: date) -> list[date]:
    return [last_monday - timedelta(weeks=n) for n in range(WEEKLY_FOLDERS - 1, -1, -1)]


def plan_folders(out: Path, calendar: Calendar, last_monday: date) -> list[Folder]:
    """History until a week before the first weekly Monday, then the weekly folders without a gap between them."""
    weekly = mondays(last_monday)
    cut = ordinal(weekly[0] - timedelta(weeks=1)) * MINUTES
    folders = []
    terms = calendar.opened_before(last_monday)
    for term, following in zip(terms, (*terms[1:], None), strict=True):
        since = ordinal(term.opens_on) * MINUTES if term.index else 0
        until = min(cut, ordinal(following.opens_on) * MINUTES if following else cut)
        if since < until:
            path = out / "history" / term.folder
            folders.append(Folder(path=path, since=since, until=until, term=term, window=None))
    since = cut
    for monday in weekly:
        sunday = ordinal(monday) - 1
        until = sunday * MINUTES + EXPORT_HOUR * 60
        window = (sunday - WEEKLY_WINDOW_DAYS + 1, sunday)
        path = out / "weeks" / monday.isoformat()
        folders.append(Folder(path=path, since=since, until=until, term=None, window=window))
        since = until
    return folders


def write_csv(path: Path, columns: Columns, encoding: str = BOM_UTF8) -> int:
    """Write text columns; returns the number of rows."""
    table = pa.table({name: pa.array(cells, pa.string()) for name, cells in columns.items()})
    cells = io.BytesIO()
    csv.write_csv(table, cells, csv.WriteOptions(include_header=False, quoting_style="none"))
    path.parent.mkdir(parents=True, exist_ok=True)
    header = ",".join(columns) + "\n"
    body = cells.getbuffer() if encoding == BOM_UTF8 else cells.getvalue().decode().encode(encoding)
    with path.open("wb") as file:
        file.write(header.encode(encoding))
        file.write(body)
    return int(table.num_rows)


def take(columns: Columns, rows: Flags) -> Columns:
    """The rows of all columns for which the flag is set."""
    mask = pa.array(rows)
    return {name: pa.array(cells, pa.string()).filter(mask) for name, cells in columns.items()}


def join(exports: list[Export]) -> Export:
    """One export of several with the same columns."""
    columns: Columns = {
        name: pa.concat_arrays([pa.array(export.columns[name], pa.string()) for export in exports])
        for name in exports[0].columns
    }
    known_at = np.concatenate([export.known_at for export in exports])
    return Export(file=exports[0].file, columns=columns, known_at=known_at)
