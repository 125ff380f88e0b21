"""The files: laid out as real ones, nothing known too early, nobody real, twice the same."""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook
from stdnum.th import pin

from records import codes
from records.tables import TABLE_OF
from simulation.college import write_college
from simulation.people import check_digit
from simulation.rosters import DMC_HEADERS

Rows = list[dict[str, str]]
Reader = Callable[[Path], Rows]
FOLDERS = ["2567-1", "2567-2", "2568-1", "2568-2", "2569-1"]
MONDAYS = ["2026-08-17", "2026-08-24", "2026-08-31", "2026-09-07"]
OTHER_HEADERS = {  # who a row is about, when it was entered, and what intake lets go
    "รหัสนักศึกษา", "เลขประจำตัวประชาชน", "คำนำหน้าชื่อ", "ชื่อ", "นามสกุล", "บันทึกเมื่อ", "ชื่อวิชา", "กลุ่มเรียน",
}  # fmt: skip
TABLE_OF_FILE = {
    "roster.csv": "enrolments",
    "attendance.csv": "attendance",
    "grades.csv": "grades",
    "gpa.csv": "term_gpa",
    "household.csv": "household",
    "screening.csv": "screening",
    "outcomes.csv": "outcomes",
}


def cells(path: Path, sheet: str = "Sheet1") -> list[list[str]]:
    page = CalamineWorkbook.from_path(str(path)).get_sheet_by_name(sheet)
    return [[str(cell) for cell in row] for row in page.to_python(skip_empty_area=False)]


def thai_date(cell: str) -> date:
    day, month, year = cell.split("/")
    return date(int(year) - 543, int(month), int(day))


def test_folders_are_terms_and_mondays(college: Path) -> None:
    assert sorted(path.name for path in (college / "history").iterdir()) == FOLDERS
    assert sorted(path.name for path in (college / "weeks").iterdir()) == MONDAYS
    assert "invented" in (college / "README.txt").read_text(encoding="utf-8")


def test_dmc_workbooks_are_laid_out_as_the_ministrys(college: Path) -> None:
    found = {path.name: path for path in college.rglob("*-student.xlsx")}
    assert sorted(found) == [f"{year}-{n}-student.xlsx" for year in (2567, 2568) for n in (1, 2, 3)] + [
        "2569-1-student.xlsx"
    ]
    assert found["2567-3-student.xlsx"].parent.name == "2567-2"
    for path in found.values():
        stamp, header, *rows = cells(path)
        assert stamp[0].startswith("วันและเวลาที่สร้างรายงาน 20")
        assert not any(stamp[1:])
        assert header == list(DMC_HEADERS)
        assert len(header) == 36
        assert header.count("เลขประจำตัวนักเรียน") == 2
        assert all(len(row[2]) == 13 and len(row[5]) == 11 for row in rows)
        assert all(cell for row in rows for cell in row)
    assert any(row[35] == "ใช่" for row in cells(found["2567-2-student.xlsx"])[2:])


def test_everybody_is_invented(college: Path, read_csv: Reader) -> None:
    numbers = {row["เลขประจำตัวประชาชน"] for path in college.rglob("roster.csv") for row in read_csv(path)}
    numbers |= {row[2] for path in college.rglob("*-student.xlsx") for row in cells(path)[2:]}
    assert all(number.startswith("9") and len(number) == 13 for number in numbers)
    assert all(int(number[12]) == check_digit(number[:12]) == int(pin.calc_check_digit(number)) for number in numbers)
    names = [row for path in college.rglob("roster.csv") for row in read_csv(path)]
    assert all(row["นามสกุล"].startswith("สมมติ") for row in names)


def test_one_number_and_one_code_are_one_person(college: Path, read_csv: Reader) -> None:
    pairs = {
        (row["รหัสนักศึกษา"], row["เลขประจำตัวประชาชน"], row["วันเกิด"])
        for path in college.rglob("roster.csv")
        for row in read_csv(path)
    }
    assert len(pairs) == len({code for code, _, _ in pairs}) == len({number for _, number, _ in pairs})


def test_groups_are_the_same_in_every_file(college: Path, read_csv: Reader) -> None:
    page = cells(college / "college.xlsx", "กลุ่มเรียนและครูที่ปรึกษา")
    groups = {row[0] for row in page[1:]}
    in_attendance = {row["กลุ่มเรียน"] for path in college.rglob("attendance.csv") for row in read_csv(path)}
    in_dmc = {f"{row[3]}/{row[4]}" for path in college.rglob("*-student.xlsx") for row in cells(path)[2:]}
    assert in_attendance == in_dmc == groups


@pytest.mark.parametrize("file", sorted(TABLE_OF_FILE))
def test_every_header_and_word_is_declared(college: Path, read_csv: Reader, file: str) -> None:
    """What the simulation writes is what the tables declare: columns by their aliases, codes by their lists."""
    table = TABLE_OF[TABLE_OF_FILE[file]]
    aliases = {codes.fold_label(alias): column for column in table.columns for alias in column.aliases}
    rows = [row for path in sorted(college.rglob(file)) for row in read_csv(path)]
    days = {codes.fold_label(alias) for alias in table.happened_on_aliases}
    aliases |= {codes.fold_label(alias): column for column in TABLE_OF["students"].columns for alias in column.aliases}
    known = [header for header in rows[0] if codes.fold_label(header) in aliases]
    assert {header for header in set(rows[0]) - set(known) if codes.fold_label(header) not in days} <= OTHER_HEADERS
    for header in known:
        column = aliases[codes.fold_label(header)]
        words = {row[header] for row in rows} - {""}
        if column.codes is not None:
            assert {word for word in words if column.codes.parse(word) is None} == set()


def test_no_row_was_entered_after_its_folder(college: Path, read_csv: Reader) -> None:
    for monday in MONDAYS:
        exported_at = datetime.fromisoformat(f"{monday}T20:00") - timedelta(days=1)
        for file in ("attendance.csv", "outcomes.csv"):
            path = college / "weeks" / monday / file
            entered = [row["บันทึกเมื่อ"] for row in (read_csv(path) if path.exists() else [])]
            assert all(datetime.fromisoformat(one) < exported_at for one in entered)
    cut = datetime.fromisoformat(f"{MONDAYS[0]}T00:00") - timedelta(days=7)
    for path in (college / "history").rglob("*.csv"):
        for row in read_csv(path):
            assert datetime.fromisoformat(row.get("บันทึกเมื่อ") or "2020-01-01") < cut


def test_no_day_of_any_row_lies_after_its_folder(college: Path, read_csv: Reader) -> None:
    happened = {"roster.csv": "วันที่ข้อมูล", "attendance.csv": "วันที่", "grades.csv": "วันที่ประกาศ", "gpa.csv": "วันที่ประกาศผล",
                "household.csv": "วันที่สำรวจ", "screening.csv": "วันที่คัดกรอง", "outcomes.csv": "วันที่"}  # fmt: skip
    for monday in MONDAYS:
        for path in (college / "weeks" / monday).glob("*.csv"):
            last = max(thai_date(row[happened[path.name]]) for row in read_csv(path))
            assert last < date.fromisoformat(monday)


def test_grades_come_with_the_period_of_their_release(college: Path, read_csv: Reader) -> None:
    current = read_csv(college / "history" / "2569-1" / "grades.csv")
    assert {row["ชิ้นงาน"] for row in current} == {"MIDTERM"}
    past = read_csv(college / "history" / "2568-1" / "grades.csv")
    assert {row["ชิ้นงาน"] for row in past} == {"MIDTERM", "FINAL"}
    assert "ข.ร." in {row["เกรด"] for row in past}


def test_a_weekly_file_repeats_three_weeks_with_one_row_a_day(college: Path, read_csv: Reader) -> None:
    for monday in MONDAYS:
        rows = read_csv(college / "weeks" / monday / "attendance.csv")
        days = [thai_date(row["วันที่"]) for row in rows]
        assert min(days) >= date.fromisoformat(monday) - timedelta(days=21)
        assert max(Counter((row["รหัสนักศึกษา"], row["วันที่"], row["คาบ"]) for row in rows).values()) == 1


def test_late_entries_corrections_and_gaps_are_as_common_as_said(college: Path, read_csv: Reader) -> None:
    told = read_csv(college / "history" / "2568-1" / "attendance.csv")
    rows = [row for row in told if row["คาบ"] == "ทั้งวัน"]
    keys = Counter((row["รหัสนักศึกษา"], row["วันที่"]) for row in rows)
    lag = [(date.fromisoformat(row["บันทึกเมื่อ"][:10]) - thai_date(row["วันที่"])).days for row in rows]
    absences = sum(row["สถานะ"] == "ขาด" for row in rows)
    students, days = len({row["รหัสนักศึกษา"] for row in rows}), len({row["วันที่"] for row in rows})
    assert 0.02 < sum(one > 0 for one in lag) / len(lag) < 0.08
    assert 0.06 < sum(count - 1 for count in keys.values()) / absences < 0.14
    assert 0.82 < len(keys) / (students * days) < 0.95  # 5–10 % not recorded, and some have left


def test_a_few_groups_call_the_roll_at_the_flagpole_and_in_class(college: Path, read_csv: Reader) -> None:
    rows = read_csv(college / "history" / "2568-1" / "attendance.csv")
    groups: dict[str, set[str]] = {}
    for row in rows:
        groups.setdefault(row["คาบ"], set()).add(row["กลุ่มเรียน"])
        assert bool(row["รหัสวิชา"]) == row["คาบ"].startswith("คาบ ")
    assert groups["คาบ 1"] == groups["คาบ 2"] == {"ปวช.1/1"}
    assert groups["หน้าเสาธง"] == groups["โฮมรูม"] == {"ปวช.1/2"}
    periods = Counter((row["รหัสนักศึกษา"], row["รหัสวิชา"]) for row in rows if row["รหัสวิชา"])
    assert len({course for _, course in periods}) == 7
    assert max(periods.values()) >= 15  # enough for a share by course
    in_grades = {row["รหัสวิชา"] for row in read_csv(college / "history" / "2568-1" / "grades.csv")}
    assert {course for _, course in periods} <= in_grades
    assert sum(row["คาบ"] != "ทั้งวัน" for row in rows) < 0.4 * len(rows)


def test_skipping_a_class_does_not_make_the_day_absent(college: Path, read_csv: Reader) -> None:
    rows = read_csv(college / "history" / "2568-1" / "attendance.csv")
    whole = {(row["รหัสนักศึกษา"], row["วันที่"]): row["สถานะ"] for row in rows if row["คาบ"] == "ทั้งวัน"}
    skipped = [whole.get((row["รหัสนักศึกษา"], row["วันที่"])) for row in rows if row["รหัสวิชา"] and row["สถานะ"] == "โดด"]
    assert "มา" in skipped


def test_averages_are_those_of_the_final_grades(college: Path, read_csv: Reader) -> None:
    terms = ["2567-1", "2567-2", "2568-1", "2568-2"]
    grades = [row for term in FOLDERS for row in read_csv(college / "history" / term / "grades.csv")]
    told = [row for path in college.rglob("gpa.csv") for row in read_csv(path)]
    assert {f"{row['ปีการศึกษา']}-{row['ภาคเรียน']}" for row in told} == set(terms)
    points: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for row in grades:
        worth = codes.GRADES.codes[codes.GRADES.parse(row["เกรด"]) or 0].worth
        if row["ชิ้นงาน"] == "FINAL" and worth is not None:
            key = (row["รหัสนักศึกษา"], f"{row['ปีการศึกษา']}-{row['ภาคเรียน']}")
            points.setdefault(key, []).append((float(row["หน่วยกิต"]), worth))
    assert len(told) == len(points)
    for row in told:
        now = f"{row['ปีการศึกษา']}-{row['ภาคเรียน']}"
        of_term = points[row["รหัสนักศึกษา"], now]
        to_date = [one for term in terms if term <= now for one in points.get((row["รหัสนักศึกษา"], term), [])]
        for cell, marks in (("เกรดเฉลี่ยประจำภาค", of_term), ("เกรดเฉลี่ยสะสม", to_date)):
            mean = sum(credit * worth for credit, worth in marks) / sum(credit for credit, _ in marks)
            assert float(row[cell]) == pytest.approx(mean, abs=0.0051)
        assert float(row["หน่วยกิตที่ได้"]) == sum(credit for credit, worth in to_date if worth >= 1)


def test_a_few_groups_are_screened_twice_in_a_term(college: Path, read_csv: Reader) -> None:
    rows = [row for term in FOLDERS for row in read_csv(college / "history" / term / "screening.csv")]
    days: dict[tuple[str, str], set[date]] = {}
    for row in rows:
        day = thai_date(row["วันที่คัดกรอง"])
        days.setdefault((row["รหัสนักศึกษา"], f"{day.year} {day.month < 11}"), set()).add(day)
    twice = sum(len(of_term) == 2 for of_term in days.values()) / len(days)
    assert 0.05 < twice < 0.5
    assert {"การเรียน", "เศรษฐกิจ", "สังคม"} < {row["ด้าน"] for row in rows}


def test_rules_may_differ_by_stage(college: Path) -> None:
    rules = [tuple(row) for row in cells(college / "college.xlsx", "ระเบียบของสถานศึกษา")[1:]]
    assert ("attendance_share", "0.8", "", "") in rules
    assert ("gpa_minimum", "1.5", "ปวช.", "2") in rules


def test_one_past_term_is_in_the_old_code_page(college: Path) -> None:
    marks = {path.parent.name: path.read_bytes()[:3] for path in (college / "history").rglob("attendance.csv")}
    assert [name for name in FOLDERS if marks[name] != b"\xef\xbb\xbf"] == ["2567-2"]


def test_everybody_in_any_file_is_on_a_roster(college: Path, read_csv: Reader) -> None:
    listed = {row["รหัสนักศึกษา"] for path in college.rglob("roster.csv") for row in read_csv(path)}
    for file in ("attendance.csv", "grades.csv", "gpa.csv", "household.csv", "screening.csv", "outcomes.csv"):
        for path in college.rglob(file):
            assert {row["รหัสนักศึกษา"] for row in read_csv(path)} <= listed


def test_hazards_are_one_row_a_student_and_teaching_monday(college: Path) -> None:
    table = pq.read_table(college / "truth" / "hazards.parquet").to_pylist()
    assert list(table[0]) == ["student_code", "as_of", "leaves_within_56_days_probability", "left_on"]
    assert len({(row["student_code"], row["as_of"]) for row in table}) == len(table)
    assert all(0 <= row["leaves_within_56_days_probability"] <= 1 for row in table)
    assert all(row["as_of"].weekday() == 0 and row["as_of"] <= date(2026, 9, 7) for row in table)
    assert all(row["left_on"] is None or row["left_on"] > row["as_of"] for row in table)


def contents(out: Path) -> dict[str, bytes | list[list[list[str]]]]:
    found: dict[str, bytes | list[list[list[str]]]] = {}
    for path in sorted(out.rglob("*.*")):
        name = str(path.relative_to(out))
        if path.suffix == ".xlsx":
            book = CalamineWorkbook.from_path(str(path))
            found[name] = [cells(path, sheet) for sheet in book.sheet_names]
        elif path.is_file():
            found[name] = path.read_bytes()
    return found


def test_the_same_seed_is_the_same_college(college: Path, tmp_path: Path) -> None:
    write_college(tmp_path, students=300, years=3, seed=7)
    assert contents(tmp_path) == contents(college)


def test_a_week_earlier_is_the_same_college_seen_earlier(college: Path, tmp_path: Path) -> None:
    write_college(tmp_path, students=300, years=3, seed=7, last_monday=date(2026, 8, 31))
    for monday in MONDAYS[1:-1]:
        for path in (tmp_path / "weeks" / monday).iterdir():
            assert path.read_bytes() == (college / "weeks" / monday / path.name).read_bytes()


@pytest.mark.parametrize("last_monday", [date(2026, 5, 25), date(2026, 10, 26), date(2027, 1, 11), date(2027, 4, 26)])
def test_any_monday_after_an_opening_works(tmp_path: Path, last_monday: date) -> None:
    heard: list[tuple[str, int]] = []
    write_college(tmp_path, students=40, years=1, seed=3, last_monday=last_monday,
                  progress=lambda file, rows: heard.append((file, rows)))  # fmt: skip
    assert ("truth/hazards.parquet", heard[-1][1]) == heard[-1]
    assert all(rows > 0 for _, rows in heard)


def test_wrong_questions_are_answered_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is not one: give the Monday"):
        write_college(tmp_path, students=10, years=1, seed=1, last_monday=date(2026, 9, 8))
    with pytest.raises(ValueError, match="needs students and years"):
        write_college(tmp_path, students=0, years=1, seed=1)
    with pytest.raises(ValueError, match="no term has opened"):
        write_college(tmp_path, students=10, years=1, seed=1, last_monday=date(2026, 5, 18))
