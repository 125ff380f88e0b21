"""Cumulative attendance totals become one row a period; a total that fell is quarantined and the rest goes on."""

from datetime import date
from pathlib import Path

import pytest

from records.access import open_log
from records.college import College, Institution, TermDates
from records.home import DataHome, create_home
from records.intake.importing import ImportRequest, import_file
from records.intake.report import ImportReport
from records.settings import Settings
from records.setup import apply_college, import_calendar
from records.tables import ATTENDANCE_TOTAL

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
