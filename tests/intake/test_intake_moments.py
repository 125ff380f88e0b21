"""From which moment a row counts as known: operation, history, and files kept from earlier weeks."""

from datetime import UTC, datetime, timedelta

import pytest

from records import ledger
from records.clock import BANGKOK
from records.tables import ATTENDANCE, CALENDAR, GRADES, HOUSEHOLD, OUTCOMES, SCREENING, TABLES, Table
from tests.intake.desk import CODE, Desk, DeskWith

HEAD = "รหัสนักศึกษา | วันที่ | สถานะ | บันทึกเมื่อ"


def epoch(desk: Desk) -> int:
    return ledger.log_index(desk.home.database, CODE).epoch


@pytest.fixture
def ready(desk_with: DeskWith) -> Desk:
    """Two students whose roster is history, so that nothing is in operation yet."""
    return desk_with({1001: "ชย.1/1", 1002: "ชย.1/1"}, history=True)


# In operation


def test_a_batch_in_operation_is_recorded_when_it_is_committed(ready: Desk) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    ready.bring(f"{HEAD}\n1001 | 19/05/2568 | มา | 2025-05-19 08:41\n1002 | 19/05/2568 | มา | 2025-05-25 10:00")
    after = datetime.now(UTC)
    moments = set(ready.log.rows(ATTENDANCE).column("recorded_at").to_pylist())
    assert len(moments) == 1
    assert before <= moments.pop() <= after
    assert ready.read(ATTENDANCE, "entered_at") == [("2025-05-19 08:41",), ("2025-05-25 10:00",)]  # teaches lag only


def test_a_kept_file_is_recorded_when_it_came_in(ready: Desk) -> None:
    ready.bring(f"{HEAD}\n1001 | 19/05/2568 | มา | 2025-05-25 10:00", at="2025-05-20 08:30")
    assert ready.read(ATTENDANCE, "recorded_at") == [("2025-05-20 08:30",)]


def test_the_epoch_rises_only_for_a_file_from_before_the_newest(ready: Desk) -> None:
    start = epoch(ready)
    ready.bring(f"{HEAD}\n1001 | 19/05/2568 | มา | -", at="2025-05-20 08:00")
    ready.bring(f"{HEAD}\n1001 | 26/05/2568 | มา | -", at="2025-05-27 08:00")
    assert epoch(ready) == start
    ready.bring(f"{HEAD}\n1001 | 20/05/2568 | มา | -", at="2025-05-21 08:00")
    assert epoch(ready) == start + 1
    ready.bring(f"{HEAD}\n1001 | 27/05/2568 | มา | -")
    assert epoch(ready) == start + 1


def test_history_raises_the_epoch_and_is_marked(ready: Desk) -> None:
    start = epoch(ready)
    ready.bring(f"{HEAD}\n1001 | 19/05/2568 | มา | -", history=True)
    assert epoch(ready) == start + 1
    rows = sum(ready.log.rows(table).num_rows for table in TABLES)
    assert ledger.reconstructed_rows(ready.home.database, CODE) == rows


@pytest.mark.parametrize("day", ["20/05/2568", "19/05/2600"])
def test_a_day_after_the_file_came_in_is_kept_out(ready: Desk, day: str) -> None:
    report = ready.bring(f"{HEAD}\n1001 | {day} | มา | -\n1002 | 19/05/2568 | มา | -", at="2025-05-19 08:00")
    assert (report.accepted, dict(report.reasons)) == (1, {"DATE_IN_FUTURE": 1})


def test_the_day_the_file_came_in_is_a_day_of_bangkok(ready: Desk) -> None:
    """00:30 in Bangkok is still the day before in UTC."""
    report = ready.bring(f"{HEAD}\n1001 | 20/05/2568 | มา | -", at="2025-05-20 00:30")
    assert report.accepted == 1


def test_a_calendar_may_tell_days_to_come(ready: Desk) -> None:
    told = "ปีการศึกษา | ภาคเรียน | วันที่ | ประเภทวัน\n2568 | 1 | 03/06/2568 | หยุด\n2568 | 1 | 04/06/2568 | เรียน"
    report = ready.bring(told, at="2025-05-20 08:00", table="calendar")
    assert (report.accepted, report.quarantined) == (2, 0)
    assert ready.known(CALENDAR, "happened_on", "kind") == [("2025-06-03", "HOLIDAY"), ("2025-06-04", "TEACH")]


# History


def test_history_is_recorded_when_it_was_entered_else_after_the_usual_lag(ready: Desk) -> None:
    ready.bring(
        f"""
        {HEAD}
        1001 | 19/05/2568 | ขาด | 2025-05-19 08:41
        1001 | 19/05/2568 | ลาป่วย | 2025-05-23 16:00
        1001 | 20/05/2568 | มา | -
        1002 | 19/05/2568 | มา | 28/05/2568
        1002 | 20/05/2568 | มา | เมื่อวาน
        """,
        history=True,
    )
    assert ready.read(ATTENDANCE, "student", "happened_on", "status", "recorded_at") == [
        (0, "2025-05-19", "A", "2025-05-19 08:41"),
        (0, "2025-05-20", "P", "2025-05-21 18:00"),  # a day later, at the end of the working day
        (1, "2025-05-20", "P", "2025-05-21 18:00"),
        (0, "2025-05-19", "S", "2025-05-23 16:00"),
        (1, "2025-05-19", "P", "2025-05-28 18:00"),
    ]


@pytest.mark.parametrize(
    ("table", "told", "recorded"),
    [
        (GRADES, "ปีการศึกษา | ภาคเรียน | รหัสวิชา | เกรด | วันที่ประกาศ\n1001 | 2568 | 1 | 20101 | 4 | 19/05/2568", "2025-05-19 18:00"),
        (HOUSEHOLD, "จำนวนสมาชิกในครัวเรือน | รายได้เฉลี่ยต่อคน | วันที่สำรวจ\n1001 | 4 | 900 | 19/05/2568", "2025-06-18 18:00"),
        (SCREENING, "ด้าน | ผลคัดกรอง | วันที่คัดกรอง\n1001 | การเรียน | ห่วงใย | 19/05/2568", "2025-05-26 18:00"),
        (OUTCOMES, "เหตุการณ์ | วันที่\n1001 | ลาออก | 19/05/2568", "2025-06-09 18:00"),
    ],
    ids=lambda one: getattr(one, "name", ""),
)  # fmt: skip
def test_every_kind_of_file_has_its_own_usual_lag(ready: Desk, table: Table, told: str, recorded: str) -> None:
    ready.bring(f"รหัสนักศึกษา | {told}", history=True)
    assert ready.read(table, "recorded_at") == [(recorded,)]


def test_history_is_never_recorded_later_than_now(ready: Desk) -> None:
    today = datetime.now(BANGKOK).date()
    told = f"{today:%d/%m}/{today.year + 543}"
    ready.bring(f"{HEAD}\n1001 | {told} | มา | -\n1002 | {told} | มา | 2199-01-01 08:00", history=True)
    moments = ready.log.rows(ATTENDANCE).column("recorded_at").to_pylist()
    assert all(at <= datetime.now(UTC) for at in moments)
    assert min(moments) > datetime.now(UTC) - timedelta(minutes=5)


def test_rows_from_after_operation_began_are_no_history(ready: Desk) -> None:
    ready.bring(f"{HEAD}\n1001 | 19/05/2568 | มา | -", at="2025-05-20 08:00")
    report = ready.bring(
        f"{HEAD}\n1001 | 16/05/2568 | มา | -\n1001 | 19/05/2568 | ขาด | -\n1001 | 20/05/2568 | มา | -\n1001 | 21/05/2568 | มา | -",
        history=True,
    )
    assert (report.accepted, dict(report.lines)) == (2, {"NOT_HISTORY": [4, 5]})


def test_history_does_not_begin_operation(ready: Desk) -> None:
    ready.bring(f"{HEAD}\n1001 | 19/05/2568 | มา | -", history=True)
    report = ready.bring(f"{HEAD}\n1001 | 01/11/2568 | มา | -", history=True)
    assert report.accepted == 1


def test_history_that_comes_in_after_operation_lies_before_it_in_the_log(ready: Desk) -> None:
    ready.bring(f"{HEAD}\n1001 | 19/05/2568 | มา | -", at="2025-05-20 08:00")
    ready.bring(f"{HEAD}\n1001 | 16/05/2568 | ขาด | 2025-05-16 09:00", history=True)
    assert ready.read(ATTENDANCE, "status", "batch") == [("A", 3), ("P", 2)]


def test_history_repeated_adds_nothing(ready: Desk) -> None:
    told = f"{HEAD}\n1001 | 19/05/2568 | ขาด | 2025-05-19 08:41\n1001 | 19/05/2568 | ลาป่วย | 2025-05-23 16:00\n1002 | 19/05/2568 | มา | -"
    assert ready.bring(told, history=True).accepted == 3
    again = ready.bring(told, history=True)
    assert (again.accepted, again.known) == (0, 3)


def test_an_earlier_ledger_number_still_reads_as_it_did(ready: Desk) -> None:
    from records.log import EventLog

    first = ready.bring(f"{HEAD}\n1001 | 19/05/2568 | มา | -", at="2025-05-20 08:00")
    before = ready.log.rows(ATTENDANCE)
    ready.bring(f"{HEAD}\n1001 | 16/05/2568 | ขาด | -", history=True)
    ready.bring(f"{HEAD}\n1001 | 19/05/2568 | ขาด | -", at="2025-05-21 08:00")
    index = ledger.log_index(ready.home.database, CODE, first.ledger_number)
    assert EventLog(folder=ready.home.logs, institution=CODE, index=index).rows(ATTENDANCE).equals(before)
