"""How late the records of each source usually come, and when its silence means that it has stopped."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from features.lag import LAG_TABLES, Lag, days_in_weeks, is_stale, lags_of, lines_of, sources_in_operation
from records.clock import start_of
from records.ledger import BatchRow
from records.tables import ATTENDANCE, SAME_PERSON, SCREENING_SENSITIVE, VISITS
from tests.features.pictures import calendar, records_of
from tests.features.small_log import INSTITUTION, Record, write_log

RMS = {2: "rms", 3: "rms", 4: "rms"}


def lags(
    folder: Path, records: Iterable[Record], sources: Mapping[int, str], today: str, *, as_of: str = ""
) -> list[Lag]:
    log = write_log(folder, [*calendar([(2025, 1)]), *records])
    morning = date.fromisoformat(as_of) if as_of else None
    return lags_of(log, sources, morning, date.fromisoformat(today))


def weekly(*, weeks: int, until: str = "2025-06-23") -> list[Record]:
    """One student's attendance, Monday to Friday, told on the Monday after; the newest such Monday is `until`."""
    newest = date.fromisoformat(until)
    return [
        Record(
            table=ATTENDANCE, student=1, happened_on=monday - timedelta(days=back), batch=weeks - week + 1, line=back,
            recorded_at=start_of(monday) + timedelta(hours=8), values={"session": "DAY", "status": "P"},
        )
        for week in range(weeks)
        for monday in [newest - timedelta(weeks=week)]
        for back in range(3, 8)
    ]  # fmt: skip


def test_the_usual_lag_is_counted_in_days_from_the_day_to_the_telling(tmp_path: Path) -> None:
    drawn = """
        student | happened_on | recorded_at | status
        1       | 2025-06-02  | 2025-06-02  | P
        2       | 2025-06-02  | 2025-06-02  | P
        3       | 2025-06-02  | 2025-06-02  | P
        1       | 2025-06-03  | 2025-06-06  | P
        2       | 2025-06-03  | 2025-06-06  | P
        3       | 2025-06-03  | 2025-06-06  | P
        1       | 2025-05-20  | 2025-06-09  | A
        """
    [lag] = lags(tmp_path, records_of(drawn, ATTENDANCE), RMS, "2025-06-10")
    assert (lag.institution, lag.source, lag.table, lag.rows) == (INSTITUTION, "rms", "attendance", 7)
    assert lag.table_label is ATTENDANCE.label
    assert lag.median_days == 3  # 0 0 0 3 3 3 20
    assert lag.nine_in_ten_days == 20
    assert lag.newest_happened_on == date(2025, 6, 3)
    assert lag.last_told_on == date(2025, 6, 9)
    assert lag.usual_interval_days == 3.5  # 4 and 3 days


def test_the_source_s_own_entry_time_counts_where_it_is_given(tmp_path: Path) -> None:
    """Recorded a month later, because the file came then; entered the next morning, Bangkok time."""
    told = {"session": "DAY", "status": "P"}
    entered = datetime(2025, 6, 2, 17, 30, tzinfo=UTC)  # 00:30 of the third in Bangkok
    records = [
        Record(
            table=ATTENDANCE, student=student, happened_on=date(2025, 6, 2), batch=2, line=student,
            recorded_at=start_of(date(2025, 7, 2)), values={**told, **({"entered_at": entered} if student < 3 else {})},
        )
        for student in (1, 2, 3)
    ]  # fmt: skip
    [lag] = lags(tmp_path, records, RMS, "2025-07-02")
    assert lag.median_days == 1
    assert lag.nine_in_ten_days == 30
    assert lag.last_told_on == date(2025, 7, 2)


def test_a_day_told_in_the_night_is_that_day_in_bangkok(tmp_path: Path) -> None:
    drawn = "student | happened_on | recorded_at | status\n1 | 2025-06-02 | 2025-06-03 00:10 | P"
    [lag] = lags(tmp_path, records_of(drawn, ATTENDANCE), RMS, "2025-06-03")
    assert lag.median_days == 1
    assert lag.last_told_on == date(2025, 6, 3)


def test_retractions_and_batches_out_of_operation_teach_nothing(tmp_path: Path) -> None:
    drawn = """
        student | happened_on | recorded_at | status | retracted
        1       | 2025-06-02  | 2025-06-03  | P      |
        1       | 2025-06-02  | 2025-08-01  | P      | yes
        2       | 2025-05-20  | 2025-09-01  | P      |
        """
    records = records_of(drawn, ATTENDANCE)
    history = max(record.batch for record in records)
    [lag] = lags(tmp_path, records, {2: "rms", 3: "rms"}, "2025-06-10")
    assert history == 4
    assert (lag.rows, lag.nine_in_ten_days, lag.last_told_on) == (1, 1, date(2025, 6, 3))


def test_sources_of_the_same_table_are_kept_apart(tmp_path: Path) -> None:
    drawn = """
        student | happened_on | recorded_at | status
        1       | 2025-06-02  | 2025-06-02  | P
        1       | 2025-06-03  | 2025-06-12  | P
        """
    found = lags(tmp_path, records_of(drawn, ATTENDANCE), {2: "rms", 3: "by hand"}, "2025-06-12")
    assert [(lag.source, lag.median_days) for lag in found] == [("by hand", 9), ("rms", 0)]


def test_what_is_told_of_days_to_come_is_not_early(tmp_path: Path) -> None:
    drawn = """
        student | happened_on | recorded_at | income_per_head
        1       | 2025-06-30  | 2025-06-02  | 900
        """
    records = records_of(drawn.replace("income_per_head", "table | income_per_head").replace("| 900", "| household | 900"), ATTENDANCE)  # fmt: skip
    [lag] = lags(tmp_path, records, RMS, "2025-06-30")
    assert (lag.table, lag.median_days) == ("household", 0)


def test_as_of_a_morning_later_records_are_not_read(tmp_path: Path) -> None:
    [lag] = lags(tmp_path, weekly(weeks=3), RMS, "2025-09-01", as_of="2025-06-23")
    assert lag.rows == 10
    assert lag.last_told_on == date(2025, 6, 16)
    assert lag.silent_days == 6  # 17 to 22 June
    [now] = lags(tmp_path, weekly(weeks=3), RMS, "2025-06-23")
    assert (now.rows, now.last_told_on, now.silent_days) == (15, date(2025, 6, 23), 0)


@pytest.mark.parametrize(
    ("today", "silent", "stale"),
    [
        ("2025-06-30", 6, False),
        ("2025-07-12", 18, False),
        ("2025-07-13", 19, False),  # twice 7 days and the usual lag of 5
        ("2025-07-14", 20, True),
        ("2025-10-06", 104, True),
        ("2026-03-02", 104, True),  # the calendar of this college tells no later teaching week
    ],
)
def test_a_weekly_source_that_stops_in_teaching_weeks_becomes_stale(
    tmp_path: Path, today: str, silent: int, stale: bool
) -> None:
    [lag] = lags(tmp_path, weekly(weeks=3), RMS, today)
    assert (lag.median_days, lag.usual_interval_days) == (5, 7)
    assert (lag.silent_days, lag.stale) == (silent, stale)


def test_a_holiday_is_no_silence(tmp_path: Path) -> None:
    """Told in the last week of the term, asked six weeks later, before the next term is in the calendar."""
    [lag] = lags(tmp_path, weekly(weeks=3, until="2025-10-03"), RMS, "2025-11-14")
    assert lag.silent_days == 2  # the weekend of that week
    assert not lag.stale


def test_one_arrival_has_no_interval_and_is_never_called_stale(tmp_path: Path) -> None:
    drawn = "student | happened_on | recorded_at | status\n1 | 2025-06-02 | 2025-06-03 | P"
    [lag] = lags(tmp_path, records_of(drawn, ATTENDANCE), RMS, "2025-09-15")
    assert lag.usual_interval_days is None
    assert lag.silent_days > 90
    assert not lag.stale


@pytest.mark.parametrize(("weeks", "interval"), [(1, None), (2, None), (3, 7.0)])
def test_two_arrivals_are_no_usual_interval(tmp_path: Path, weeks: int, interval: float | None) -> None:
    [lag] = lags(tmp_path, weekly(weeks=weeks), RMS, "2025-09-15")
    assert lag.usual_interval_days == interval
    assert lag.stale is (interval is not None)
    said = "\n".join(lines_of(lag))
    assert ("came on fewer than three days: no usual interval yet" in said) is (interval is None)
    assert ("มายังไม่ครบสามครั้ง จึงยังบอกรอบไม่ได้" in said) is (interval is None)


def test_silence_is_said_in_days_of_teaching_weeks(tmp_path: Path) -> None:
    [lag] = lags(tmp_path, weekly(weeks=3), RMS, "2026-03-02")
    told, usual, last, silent = lines_of(lag)
    assert told == f"rms, {ATTENDANCE.label.th} · {ATTENDANCE.label.en} (attendance): 15 รายการ · records"
    assert usual.endswith("usually entered after 5 days (9 of 10 within 7)")
    assert last.startswith("  ได้รับล่าสุด 23/06/2568 ข้อมูลถึงวันที่ 20/06/2568 ปกติทุก 7 วัน · last told on 2025-06-23 about ")
    assert silent.startswith("  ! เงียบไป 104 วันในสัปดาห์ที่มีการเรียน: ให้อ่านว่าไม่ทราบ ไม่ใช่มาเรียนครบ · ")
    assert silent.endswith("silent for 104 days of teaching weeks: read as unknown, not as perfect attendance")


@pytest.mark.parametrize("table", [table.name for table in LAG_TABLES])
def test_perfect_attendance_is_spoken_of_for_attendance_alone(tmp_path: Path, table: str) -> None:
    [lag] = lags(tmp_path, weekly(weeks=3), RMS, "2025-09-15")
    silent = lines_of(replace(lag, table=table))[-1]
    of_attendance = table in ("attendance", "attendance_total")
    assert silent.endswith("read as unknown, not as perfect attendance" if of_attendance else "read as unknown")
    assert ("ไม่ใช่มาเรียนครบ" in silent) is of_attendance


def test_nothing_in_operation_gives_no_lag(tmp_path: Path) -> None:
    assert lags(tmp_path, weekly(weeks=3), {}, "2025-09-15") == []
    assert lags(tmp_path / "empty", [], RMS, "2025-09-15") == []


@pytest.mark.parametrize(
    ("silent", "interval", "lag", "stale"),
    [(13, 1.0, 0, False), (14, 1.0, 0, True), (14, 7.0, 0, False), (15, 7.0, 0, True), (15, 7.0, 1, False), (400, None, 0, False)],
)  # fmt: skip
def test_stale_is_twice_the_interval_and_the_lag_and_at_least_two_weeks(
    silent: int, interval: float | None, lag: int, stale: bool
) -> None:
    assert is_stale(silent, interval, lag) is stale


def test_days_of_other_weeks_are_not_counted() -> None:
    monday = (date(2025, 6, 2) - date(1970, 1, 1)).days
    weeks = np.array([monday, monday + 14])
    assert days_in_weeks(monday + 2, monday + 16, weeks) == 5 + 2
    assert days_in_weeks(monday + 3, monday + 3, weeks) == 0
    assert days_in_weeks(monday + 9, monday + 3, weeks) == 0


def batch(number: int, *, reconstructed: bool = False, undoes: int | None = None) -> BatchRow:
    now = datetime.now(UTC)
    return BatchRow(
        number=number, token=uuid4(), institution=INSTITUTION, source=f"source {number}", file_sha256="", counts={},
        recorded_at=now, committed_at=now, reconstructed=reconstructed, undoes=undoes,
    )  # fmt: skip


def test_history_undone_batches_and_undos_are_not_in_operation() -> None:
    rows = [batch(1, reconstructed=True), batch(2), batch(3), batch(4, undoes=2)]
    assert sources_in_operation(rows) == {3: "source 3"}


def test_sealed_tables_visits_and_links_are_not_asked() -> None:
    assert not {SCREENING_SENSITIVE, VISITS, SAME_PERSON} & set(LAG_TABLES)
    assert ATTENDANCE in LAG_TABLES
