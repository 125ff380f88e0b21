"""Cumulative attendance totals become one row a period; a total that fell is quarantined and the rest goes on."""

from datetime import date
from pathlib import Path

import pytest

from records.access import open_log
from records.college import College, Institution, TermDates
from records.home import DataHome, create_home
from records.intake.importing import ImportRequest, import_file
from records.intake.report import ImportReport
from records.intake.totals import as_periods
from records.settings import Settings
from records.setup import apply_college
from records.setup_records import import_calendar
from records.tables import ATTENDANCE_TOTAL
from records.versions import latest
from tests.records.small import Row, rows_of

_ROSTER = """รหัสนักศึกษา,ชื่อ,นามสกุล,ปีการศึกษา,ภาคเรียน,ระดับชั้น,กลุ่มเรียน,วันที่ข้อมูล
69201010001,มะลิ,สมมติ,2569,1,ปวช.1,ปวช.1/1,20/05/2569
69201010002,ชบา,สมมติ,2569,1,ปวช.1,ปวช.1/1,20/05/2569
"""


@pytest.fixture
def home(tmp_path: Path) -> DataHome:
    opened = create_home(Settings(home=tmp_path / "home"))
    term = TermDates(academic_year=2026, term=1, opens_on=date(2026, 5, 18), closes_on=date(2026, 10, 9))
    college = College(institution=Institution(code="1", name_th="วิทยาลัย", name_en="College"), terms=(term,))
    apply_college(opened, college)
    import_calendar(opened, college)
    (tmp_path / "roster.csv").write_text(_ROSTER, encoding="utf-8")
    import_file(opened, ImportRequest(path=tmp_path / "roster.csv"))
    return opened


def told(home: DataHome, folder: Path, name: str, *rows: str) -> ImportReport:
    file = folder / f"{name}.csv"
    head = "รหัสนักศึกษา,ถึงวันที่,เวลาเรียนเต็ม,มา,สาย,ขาด"
    file.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return import_file(home, ImportRequest(path=file))[0]


def periods(home: DataHome) -> list[tuple[int, str, str, int, int]]:
    rows = open_log(home, "1", actor="test", purpose="test").rows(ATTENDANCE_TOTAL).to_pylist()
    return [(r["student"], str(r["from_day"]), str(r["happened_on"]), r["held"], r["absent"]) for r in rows]


def test_totals_since_the_opening_become_periods(home: DataHome, tmp_path: Path) -> None:
    told(home, tmp_path, "week2", "69201010001,31/05/2569,10,8,1,2")
    told(home, tmp_path, "week4", "69201010001,14/06/2569,20,15,1,5")
    assert periods(home) == [
        (0, "2026-05-18", "2026-05-31", 10, 2),
        (0, "2026-06-01", "2026-06-14", 10, 3),
    ]


def test_the_same_totals_again_add_nothing(home: DataHome, tmp_path: Path) -> None:
    told(home, tmp_path, "first", "69201010001,31/05/2569,10,8,1,2")
    again = told(home, tmp_path, "again", "69201010001,31/05/2569,10,8,1,2")
    assert (again.accepted, again.known, len(periods(home))) == (0, 1, 1)


def test_a_total_that_fell_is_quarantined_and_the_rest_goes_on(home: DataHome, tmp_path: Path) -> None:
    told(home, tmp_path, "week2", "69201010001,31/05/2569,10,8,1,2", "69201010002,31/05/2569,10,10,0,0")
    fell = told(home, tmp_path, "week4", "69201010001,14/06/2569,20,15,1,5", "69201010002,14/06/2569,20,9,0,11")
    assert (fell.accepted, fell.quarantined, dict(fell.lines)) == (1, 1, {"NEGATIVE_DIFFERENCE": [3]})


def test_totals_outside_every_term_are_quarantined(home: DataHome, tmp_path: Path) -> None:
    outside = told(home, tmp_path, "break", "69201010001,30/04/2569,10,8,1,2")
    assert dict(outside.lines) == {"OUTSIDE_TERM": [2]}


def known(home: DataHome) -> list[tuple[str, str, int]]:
    """First day, last day and days held of each period as last told."""
    rows = latest(
        ATTENDANCE_TOTAL, open_log(home, "1", actor="test", purpose="test").rows(ATTENDANCE_TOTAL)
    ).to_pylist()
    return sorted((str(r["from_day"]), str(r["happened_on"]), r["held"]) for r in rows)


TWO_WEEKS, FOUR_WEEKS = "69201010001,31/05/2569,10,8,1,2", "69201010001,14/06/2569,20,15,1,5"


def test_an_older_total_than_one_known_is_left_out_and_no_day_counts_twice(home: DataHome, tmp_path: Path) -> None:
    told(home, tmp_path, "week4", FOUR_WEEKS)
    older = told(home, tmp_path, "week2", TWO_WEEKS)
    assert (older.accepted, older.quarantined, dict(older.lines)) == (0, 1, {"OLDER_TOTAL": [2]})
    assert known(home) == [("2026-05-18", "2026-06-14", 20)]


def test_another_students_later_total_makes_nobody_older(home: DataHome, tmp_path: Path) -> None:
    told(home, tmp_path, "week4", FOUR_WEEKS.replace("0001,", "0002,"))
    assert told(home, tmp_path, "week2", TWO_WEEKS).accepted == 1


def test_a_correction_of_the_newest_total_replaces_its_period(home: DataHome, tmp_path: Path) -> None:
    told(home, tmp_path, "week2", TWO_WEEKS)
    told(home, tmp_path, "week4", FOUR_WEEKS)
    corrected = told(home, tmp_path, "corrected", FOUR_WEEKS.replace(",20,", ",21,"))
    assert (corrected.accepted, corrected.quarantined) == (1, 0)
    assert known(home) == [("2026-05-18", "2026-05-31", 10), ("2026-06-01", "2026-06-14", 11)]


def test_all_totals_again_in_one_file_add_only_the_new_one(home: DataHome, tmp_path: Path) -> None:
    told(home, tmp_path, "before", TWO_WEEKS, FOUR_WEEKS)
    again = told(home, tmp_path, "after", TWO_WEEKS, FOUR_WEEKS, "69201010001,28/06/2569,30,24,1,6")
    assert (again.accepted, again.known, again.quarantined) == (1, 2, 0)
    assert [held for _, _, held in known(home)] == [10, 10, 10]


# Against what was known when a row was recorded

HERE = {"student": 0, "present": 0}


def in_periods(home: DataHome, *rows: Row) -> tuple[list[tuple[str, str, int]], dict[str, list[int]]]:
    offered = rows_of(ATTENDANCE_TOTAL, [{**HERE, "line": line, **row} for line, row in enumerate(rows, start=1)])
    made, broken = as_periods(open_log(home, "1", actor="test", purpose="test"), offered)
    assert made.schema.equals(ATTENDANCE_TOTAL.schema)
    found = [(str(row["from_day"]), str(row["happened_on"]), row["held"]) for row in made.to_pylist()]
    return found, {code: lines.tolist() for code, lines in broken.items()}


def test_rows_that_are_periods_pass_untouched_and_count_as_known(home: DataHome) -> None:
    period: Row = {"from_day": date(2026, 5, 20), "happened_on": date(2026, 5, 31), "held": 8}
    assert in_periods(home, {"happened_on": date(2026, 6, 14), "held": 20}, period) == (
        [("2026-06-01", "2026-06-14", 12), ("2026-05-20", "2026-05-31", 8)],
        {},
    )


def test_a_later_record_is_not_known_to_an_earlier_one(home: DataHome, tmp_path: Path) -> None:
    told(home, tmp_path, "week2", TWO_WEEKS)  # recorded now
    four: Row = {"happened_on": date(2026, 6, 14), "held": 20, "present": 15}
    long_ago = -60 * 24 * 365 * 20
    assert in_periods(home, {**four, "recorded_at": long_ago})[0] == [("2026-05-18", "2026-06-14", 20)]
    in_a_century = 60 * 24 * 365 * 100
    assert in_periods(home, {**four, "recorded_at": in_a_century})[0] == [("2026-06-01", "2026-06-14", 10)]


def test_of_one_file_what_was_recorded_first_counts_first(home: DataHome) -> None:
    week2: Row = {"happened_on": date(2026, 5, 31), "held": 10, "recorded_at": 5}
    week4: Row = {"happened_on": date(2026, 6, 14), "held": 20, "recorded_at": 1}
    assert in_periods(home, week2, week4) == ([("2026-05-18", "2026-06-14", 20)], {"OLDER_TOTAL": [1]})
