"""Entry lag: how late the records of each source usually come, and which source has stopped coming.

A source that is silent tells nothing: its days are unknown, never days of perfect attendance.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.closed import HELD_KINDS
from records import ledger
from records.access import open_log
from records.clock import buddhist, start_of
from records.home import DataHome
from records.ledger import BatchRow
from records.log import EventLog
from records.tables import ATTENDANCE, ATTENDANCE_TOTAL, CALENDAR, SAME_PERSON, TABLES, VISITS, Table
from records.text import Text

Ints = npt.NDArray[np.int64]
LEAST_SILENT_DAYS = 14  # what came within two weeks is never called stale
LEAST_ARRIVALS = 3  # one interval alone is not the usual one
# Told by exports about students. Sealed tables stay sealed for a question about time, visits and links are our own entries.
LAG_TABLES: tuple[Table, ...] = tuple(
    table for table in TABLES if table.per_student and not table.sensitive and table not in (SAME_PERSON, VISITS)
)
_READ = ("happened_on", "entered_at", "recorded_at", "retracted", "batch")
_DAY_MS = 86_400_000
_BANGKOK_MS = 7 * 3_600_000  # Thailand keeps UTC+7 all year


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    """Records of one source and table in operation: days since 1970, one entry a record, in any order.

    `entered` is the day of the source's own entry time where it gives one, else the day of `told`, when they came to us.
    """

    happened: Ints
    entered: Ints
    told: Ints


@dataclass(frozen=True, kw_only=True)
class Lag:
    """How late one source tells one table, in whole days; `usual_interval_days` is None until it came on three days.

    `silent_days` are calendar days in teaching weeks since it last told something new.
    """

    institution: str
    source: str
    table: str
    table_label: Text
    rows: int
    median_days: int
    nine_in_ten_days: int
    newest_happened_on: date
    last_told_on: date
    usual_interval_days: float | None
    silent_days: int
    stale: bool


def entry_lags(home: DataHome, institution: str, as_of: date | None, *, today: date, actor: str) -> list[Lag]:
    """The lags of an institution by table and source, as known on the morning of `as_of`, or now when it is None."""
    log = open_log(home, institution, actor=actor, purpose="entry lag")
    return lags_of(log, sources_in_operation(ledger.batches(home.database, institution)), as_of, today)


def sources_in_operation(batches: list[BatchRow]) -> dict[int, str]:
    """The source of each batch whose `recorded_at` was not reconstructed, undone batches and undos left out."""
    undone = {batch.undoes for batch in batches}
    return {
        batch.number: batch.source
        for batch in batches
        if not batch.reconstructed and batch.undoes is None and batch.number not in undone
    }


def lags_of(log: EventLog, sources: Mapping[int, str], as_of: date | None, today: date) -> list[Lag]:
    """Each table and source that told something in operation, before `as_of` where it is given, in order of the tables."""
    until = start_of(as_of) if as_of else None
    teaching = np.unique(_monday(_teaching_days(log, until)))
    found = []
    for table in LAG_TABLES:
        for source, arrivals in sorted(_arrivals(log, table, sources, until).items()):
            found.append(_lag(log.institution, source, table, arrivals, teaching, _day(as_of or today)))
    return found


def _lag(institution: str, source: str, table: Table, told: Arrivals, teaching_weeks: Ints, today: int) -> Lag:
    # A plan for a day to come is not early: nothing is entered before it could be known.
    late = np.maximum(told.entered - told.happened, 0)
    median, nine_in_ten = (int(np.quantile(late, share, method="inverted_cdf")) for share in (0.5, 0.9))
    days = np.unique(told.told)
    interval = float(np.median(np.diff(days))) if len(days) >= LEAST_ARRIVALS else None
    silent = days_in_weeks(int(days[-1]) + 1, today, teaching_weeks)
    return Lag(
        institution=institution,
        source=source,
        table=table.name,
        table_label=table.label,
        rows=len(told.happened),
        median_days=median,
        nine_in_ten_days=nine_in_ten,
        newest_happened_on=_date(int(told.happened.max())),
        last_told_on=_date(int(days[-1])),
        usual_interval_days=interval,
        silent_days=silent,
        stale=is_stale(silent, interval, median),
    )


def lines_of(lag: Lag) -> list[str]:
    """A lag as people read it."""
    interval = Text(th="มายังไม่ครบสามครั้ง จึงยังบอกรอบไม่ได้", en="came on fewer than three days: no usual interval yet")
    if lag.usual_interval_days is not None:
        interval = Text(
            th=f"ปกติทุก {lag.usual_interval_days:g} วัน", en=f"usually every {lag.usual_interval_days:g} days"
        )
    usual = Text(th="ปกติบันทึกในวันนั้น", en="usually entered on the day itself")
    if lag.median_days:
        usual = Text(th=f"ปกติบันทึกหลังจากนั้น {lag.median_days} วัน", en=f"usually entered after {lag.median_days} days")
    lines = [
        f"{lag.source}, {lag.table_label.th} · {lag.table_label.en} ({lag.table}): {lag.rows:,} รายการ · records",
        f"  {usual.th} (9 ใน 10 ภายใน {lag.nine_in_ten_days} วัน) · {usual.en} (9 of 10 within {lag.nine_in_ten_days})",
        f"  ได้รับล่าสุด {buddhist(lag.last_told_on)} ข้อมูลถึงวันที่ {buddhist(lag.newest_happened_on)} {interval.th} · "
        f"last told on {lag.last_told_on} about days up to {lag.newest_happened_on}, {interval.en}",
    ]
    if lag.stale:
        of_attendance = lag.table in (ATTENDANCE.name, ATTENDANCE_TOTAL.name)
        not_th, not_en = (" ไม่ใช่มาเรียนครบ", ", not as perfect attendance") if of_attendance else ("", "")
        lines.append(
            f"  ! เงียบไป {lag.silent_days} วันในสัปดาห์ที่มีการเรียน: ให้อ่านว่าไม่ทราบ{not_th} · "
            f"silent for {lag.silent_days} days of teaching weeks: read as unknown{not_en}"
        )
    return lines


def is_stale(silent_days: int, usual_interval_days: float | None, usual_lag_days: int) -> bool:
    """Whether a source is silent for longer than two of its usual intervals and its usual lag, and at least 14 days.

    One that came on fewer than three days has no usual interval: whether it is late cannot be said.
    """
    if usual_interval_days is None:
        return False
    return silent_days >= LEAST_SILENT_DAYS and silent_days > 2 * usual_interval_days + usual_lag_days


def days_in_weeks(first: int, end: int, weeks: Ints) -> int:
    """How many days from `first` up to (not including) `end` lie in these weeks, given by their Mondays."""
    days = np.arange(first, max(first, end), dtype=np.int64)
    return int(np.isin(_monday(days), weeks).sum())


# Reading


def _arrivals(log: EventLog, table: Table, sources: Mapping[int, str], until: datetime | None) -> dict[str, Arrivals]:
    """What each source told of a table; retractions are ours to conclude and teach nothing about lateness."""
    parts: dict[str, list[Arrivals]] = defaultdict(list)
    for rows in log.reader(table, _READ).upto(until):
        standing = ~rows.column("retracted").to_numpy()
        batch = rows.column("batch").to_numpy()
        for number in np.unique(batch[standing]):
            if int(number) in sources:
                chosen = rows.filter(pa.array(standing & (batch == number)))
                parts[sources[int(number)]].append(_of_rows(chosen))
    return {source: _together(several) for source, several in parts.items()}


def _of_rows(rows: pa.Table) -> Arrivals:
    told = _local_days(rows.column("recorded_at").cast(pa.int64()).to_numpy())
    own = rows.column("entered_at").cast(pa.int64())
    entered = np.where(own.is_valid().to_numpy(), _local_days(own.fill_null(0).to_numpy()), told)
    happened = rows.column("happened_on").cast(pa.int32()).to_numpy().astype(np.int64)
    return Arrivals(happened=happened, entered=entered, told=told)


def _together(parts: list[Arrivals]) -> Arrivals:
    return Arrivals(
        happened=np.concatenate([part.happened for part in parts]),
        entered=np.concatenate([part.entered for part in parts]),
        told=np.concatenate([part.told for part in parts]),
    )


def nearest_teaching(log: EventLog, day: date) -> list[date]:
    """The day itself where the calendar, as last told, has teaching then; else the last such day before it and the first after."""
    days, here = _teaching_days(log, None), _day(day)
    if here in days:
        return [day]
    return [_date(int(one)) for one in (*days[days < here][-1:], *days[days > here][:1])]


def _teaching_days(log: EventLog, until: datetime | None) -> Ints:
    """The days on which the calendar, as last told, has teaching, in order."""
    rows = log.rows(CALENDAR, until, [*CALENDAR.key, "kind", "retracted"])
    cells = [rows.column(name).to_pylist() for name in [*CALENDAR.key, "kind", "retracted"]]
    last = {key: (kind, gone) for *key_cells, kind, gone in zip(*cells, strict=True) for key in [tuple(key_cells)]}
    on = CALENDAR.key.index("happened_on")
    days = [_day(key[on]) for key, (kind, gone) in last.items() if kind in HELD_KINDS and not gone]
    return np.unique(np.array(days, np.int64))


def _local_days(milliseconds: Ints) -> Ints:
    return np.asarray((milliseconds.astype(np.int64) + _BANGKOK_MS) // _DAY_MS)


def _monday(days: Ints) -> Ints:
    """The Monday on or before each day; 1970-01-01 was a Thursday."""
    return days - (days + 3) % 7


def _day(day: date) -> int:
    return day.toordinal() - date(1970, 1, 1).toordinal()


def _date(day: int) -> date:
    return date.fromordinal(day + date(1970, 1, 1).toordinal())
