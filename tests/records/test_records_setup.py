"""The set-up workbook: read back as it was written, refused by sheet and line, applied twice without a trace."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter
from sqlalchemy import func, select

from records import staff
from records.college import (
    SETUP_SHEETS,
    Capacity,
    College,
    GroupAdvisor,
    Holiday,
    Rule,
    StaffMember,
    TermDates,
    write_workbook,
)
from records.errors import ConfigurationGap, ImportRefused, UserError
from records.home import DataHome
from records.intake.files import read_grid
from records.lists import CapacityRow
from records.questions import ask_college
from records.setup import apply_college, read_college
from records.setup_gaps import gaps
from records.setup_records import import_calendar, import_rules
from records.staff import AccountRow, CaseloadRow
from records.tables import CALENDAR
from tests.records.small import CODE, institution, log_of

COLLEGE = College(
    institution=institution(),
    terms=(TermDates(academic_year=2025, term=1, opens_on=date(2025, 5, 19), closes_on=date(2025, 5, 30)),),
    holidays=(Holiday(day=date(2025, 5, 21), name="วันวิสาขบูชา"), Holiday(day=date(2025, 5, 24), name="ชดเชย", kind="TEACH")),
    staff=(
        StaffMember(login="kru.malee", name="ครูมาลี", role="advisor"),
        StaffMember(login="head", name="ผอ.", role="director"),
    ),
    groups=(GroupAdvisor(class_group="ปวช.1/1", advisor="kru.malee"),),
    capacity=(Capacity(valid_from=date(2025, 5, 19), visits_per_week=10, rows_per_advisor=4),),
    rules=(
        Rule(name="attendance_share", value=0.8), Rule(name="absent_run_notice", value=5),
        Rule(name="gpa_minimum", value=1.5, stage="VOCATIONAL", after_terms=2),
    ),
)  # fmt: skip


@pytest.fixture
def workbook(tmp_path: Path) -> Callable[..., Path]:
    """COLLEGE as a workbook, with one cell changed, one row added or one header renamed."""

    def write(*, change: tuple[str, int, int, str] | None = None, add: tuple[str, Sequence[str]] | None = None) -> Path:
        plain = tmp_path / "plain.xlsx"
        write_workbook(plain, COLLEGE)
        grid = read_grid(plain)
        labels = {sheet.name: sheet.label.th for sheet in SETUP_SHEETS}
        if change:
            sheet, line, column, cell = change
            grid[labels[sheet]][line - 1][column] = cell
        if add:
            grid[labels[add[0]]].append(list(add[1]))
        path = tmp_path / "college.xlsx"
        with xlsxwriter.Workbook(str(path), {"strings_to_numbers": False}) as book:
            for name, rows in grid.items():
                page = book.add_worksheet(name)
                for line, row in enumerate(rows):
                    page.write_row(line, 0, row)
        return path

    return write


def test_a_college_comes_back_as_it_was_written(tmp_path: Path) -> None:
    write_workbook(tmp_path / "college.xlsx", COLLEGE)
    assert read_college(tmp_path / "college.xlsx") == COLLEGE


def test_a_class_group_is_read_as_rosters_read_it(workbook: Callable[..., Path]) -> None:
    path = workbook(change=("class_groups", 2, 0, "\u200bปวช.๑/๑ "))
    assert read_college(path).groups == COLLEGE.groups


def test_the_empty_template_can_be_read(tmp_path: Path) -> None:
    write_workbook(tmp_path / "template.xlsx")
    found = read_college(tmp_path / "template.xlsx")
    assert found.institution.name_en == "Example College"
    assert (found.terms[0].academic_year, found.terms[0].opens_on) == (2026, date(2026, 5, 18))
    assert found.holidays[0].kind == "HOLIDAY"


@pytest.mark.parametrize(
    ("change", "sheet", "sentence", "thai"),
    [
        (("terms", 2, 2, "31/02/2568"), "ภาคเรียน", "'opens_on' is no date; write day/month/year, for example 18/05/2569", "ช่อง 'วันเปิดภาคเรียน' ไม่ใช่วันที่ ให้เขียน วัน/เดือน/ปี เช่น 18/05/2569"),
        (("terms", 2, 3, "01/05/2568"), "ภาคเรียน", "the term closes before it opens", "วันปิดภาคเรียนต้องอยู่หลังวันเปิดภาคเรียน"),
        (("terms", 2, 0, "ปีนี้"), "ภาคเรียน", "'academic_year' is no whole number", "ช่อง 'ปีการศึกษา' ต้องเป็นจำนวนเต็ม"),
        (("holidays", 3, 2, "เที่ยว"), "วันหยุด", "'เที่ยว' is no kind of day; known: วันเรียน, วันหยุด, วันสอบ, ปิดเรียนเหตุพิเศษ, เรียนที่บ้าน", "ไม่รู้จักประเภทวัน 'เที่ยว' ที่ใช้ได้คือ วันเรียน, วันหยุด, วันสอบ, ปิดเรียนเหตุพิเศษ, เรียนที่บ้าน"),
        (("holidays", 2, 0, "พรุ่งนี้"), "วันหยุด", "'day' is no date; write day/month/year, for example 18/05/2569", "ช่อง 'วันที่' ไม่ใช่วันที่ ให้เขียน วัน/เดือน/ปี เช่น 18/05/2569"),
        (("staff", 2, 2, "ภารโรง"), "บุคลากร", "there is no role 'ภารโรง'; roles: advisor, department_head, committee, counsellor, scholarship, director, province, analyst, data_steward, admin", "ไม่มีบทบาท 'ภารโรง' ที่ใช้ได้คือ advisor, department_head, committee, counsellor, scholarship, director, province, analyst, data_steward, admin"),
        (("staff", 3, 0, " "), "บุคลากร", "a login is missing", "ยังไม่ได้ใส่ชื่อผู้ใช้"),
        (("staff", 3, 1, " "), "บุคลากร", "the name of the person is missing", "ยังไม่ได้ใส่ชื่อ-สกุล"),
        (("class_groups", 2, 0, "2025-02-01"), "กลุ่มเรียนและครูที่ปรึกษา", "'2025-02-01' is no name of a class group; if a spreadsheet made a date of it, make the cell text and type the name again", "'2025-02-01' ไม่ใช่ชื่อกลุ่มเรียน ถ้าโปรแกรมตารางเปลี่ยนเป็นวันที่ ให้ตั้งช่องเป็นข้อความแล้วพิมพ์ชื่อใหม่"),
        (("class_groups", 2, 0, " "), "กลุ่มเรียนและครูที่ปรึกษา", "a class group is missing", "ยังไม่ได้ใส่กลุ่มเรียน"),
        (("capacity", 2, 1, "-3"), "กำลังคนต่อสัปดาห์", "capacity cannot be negative", "กำลังคนต้องไม่ติดลบ"),
        (("capacity", 2, 2, "สี่"), "กำลังคนต่อสัปดาห์", "'rows_per_advisor' is no whole number", "ช่อง 'รายชื่อต่อครูที่ปรึกษา' ต้องเป็นจำนวนเต็ม"),
    ],
    ids=lambda one: "-".join(map(str, one[:3])) if isinstance(one, tuple) else "",
)  # fmt: skip
def test_a_mistake_is_named_by_sheet_and_line(
    workbook: Callable[..., Path], change: tuple[str, int, int, str], sheet: str, sentence: str, thai: str
) -> None:
    line = change[1]
    with pytest.raises(ConfigurationGap) as refused:
        read_college(workbook(change=change))
    assert str(refused.value) == (
        f"college.xlsx, sheet '{sheet}', line {line}: {sentence} · ไฟล์ college.xlsx แผ่นงาน '{sheet}' แถวที่ {line}: {thai}"
    )
    assert refused.value.exit_code == 4


SHARE, NOTICE = (
    "'เวลาเรียนขั้นต่ำเพื่อมีสิทธิ์สอบ (0.8 = ร้อยละ 80)' (attendance_share)",
    "'ขาดติดต่อกันกี่วันต้องแจ้งผู้ปกครอง' (absent_run_notice)",
)
GPA, LATES = "'เกรดเฉลี่ยขั้นต่ำของสถานศึกษา' (gpa_minimum)", "'มาสายกี่ครั้งนับเป็นขาดหนึ่งครั้ง' (lates_per_absence)"
TERMS = ("'after_terms' must be a whole number between 1 and 12", "'เมื่อเรียนครบกี่ภาคเรียน' ต้องเป็นจำนวนเต็ม 1 ถึง 12")
ONLY_WHOLE = (
    "the value of 'absent_run_notice' must be a whole number between 1 and 100. To switch the rule off, write 100"
)
ONLY_WHOLE_TH = f"ค่าของ {NOTICE} ต้องเป็นจำนวนเต็ม 1 ถึง 100 ถ้าไม่ใช้ระเบียบนี้ ให้ใส่ 100"
KNOWN = "attendance_share, absent_run_notice, absent_run_dismissal, gpa_minimum, lates_per_absence, leaves_per_absence"
STAGES = "อนุบาล, ประถมศึกษา, มัธยมศึกษา, ปวช., ปวส., ทล.บ."


@pytest.mark.parametrize(
    ("row", "en", "th"),
    [
        (("be_nice", "1"), f"there is no rule 'be_nice'; rules: {KNOWN}", f"ไม่มีระเบียบชื่อ 'be_nice' ชื่อที่ใช้ได้คือ {KNOWN}"),
        (("attendance_share", "มาก"), "the value of 'attendance_share' is no number", f"ค่าของ {SHARE} ไม่ใช่ตัวเลข ให้ใส่เป็นตัวเลข"),
        (
            ("attendance_share", "80%"),
            "the value of 'attendance_share' must lie between 0 and 1. Write 80 % as 0.8. To switch the rule off, write 0",
            f"ค่าของ {SHARE} ต้องอยู่ระหว่าง 0 ถึง 1 ร้อยละ 80 ให้ใส่ 0.8 ถ้าไม่ใช้ระเบียบนี้ ให้ใส่ 0",
        ),
        (("absent_run_notice", "0"), ONLY_WHOLE, ONLY_WHOLE_TH),
        (("absent_run_notice", "-5"), ONLY_WHOLE, ONLY_WHOLE_TH),
        (("absent_run_notice", "2.5"), ONLY_WHOLE, ONLY_WHOLE_TH),
        (("absent_run_notice", "101"), ONLY_WHOLE, ONLY_WHOLE_TH),
        (
            ("gpa_minimum", "20"),
            "the value of 'gpa_minimum' must lie between 0 and 4. To switch the rule off, write 0",
            f"ค่าของ {GPA} ต้องอยู่ระหว่าง 0 ถึง 4 ถ้าไม่ใช้ระเบียบนี้ ให้ใส่ 0",
        ),
        (
            ("lates_per_absence", "0.5"),
            "the value of 'lates_per_absence' must be a whole number between 0 and 100. To switch the rule off, write 0",
            f"ค่าของ {LATES} ต้องเป็นจำนวนเต็ม 0 ถึง 100 ถ้าไม่ใช้ระเบียบนี้ ให้ใส่ 0",
        ),
        (
            ("absent_run_notice", "5", "ปวช."),
            "'absent_run_notice' holds for the whole institution; leave 'stage' and 'after_terms' empty",
            "ระเบียบ 'absent_run_notice' ใช้กับทั้งสถานศึกษา ให้เว้นช่อง 'ระดับการศึกษา' และ 'เมื่อเรียนครบกี่ภาคเรียน' ว่างไว้",
        ),
        (("gpa_minimum", "2", "ป.โท"), f"'ป.โท' is no stage of education; known: {STAGES}", f"ไม่รู้จักระดับการศึกษา 'ป.โท' ที่ใช้ได้คือ {STAGES}"),
        (("gpa_minimum", "2", "ปวช.", "13"), *TERMS),
        (("gpa_minimum", "2", "ปวช.", "สอง"), *TERMS),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, tuple) else "",
)  # fmt: skip
def test_a_rule_that_cannot_be_is_refused_in_both_languages(
    workbook: Callable[..., Path], row: tuple[str, ...], en: str, th: str
) -> None:
    with pytest.raises(ConfigurationGap) as refused:
        read_college(workbook(add=("rules", (*row, "", "", "")[:4])))
    sheet = "'ระเบียบของสถานศึกษา'"
    assert str(refused.value) == (
        f"college.xlsx, sheet {sheet}, line 5: {en} · ไฟล์ college.xlsx แผ่นงาน {sheet} แถวที่ 5: {th}"
    )


def test_two_institutions_in_one_workbook_are_refused(workbook: Callable[..., Path]) -> None:
    path = workbook(add=("institution", ["99", "ก", "A", "", ""]))
    with pytest.raises(ConfigurationGap) as refused:
        read_college(path)
    assert (
        str(refused.value)
        == "college.xlsx, sheet 'สถานศึกษา': it needs exactly one row and has 2. · ไฟล์ college.xlsx แผ่นงาน 'สถานศึกษา': ต้องมีแถวเดียว แต่มี 2 แถว"
    )


def test_a_missing_header_is_named_in_thai(workbook: Callable[..., Path]) -> None:
    with pytest.raises(ImportRefused) as refused:
        read_college(workbook(change=("terms", 1, 2, "เริ่ม")))
    assert "college.xlsx, sheet 'ภาคเรียน' has no column 'วันเปิดภาคเรียน (opens_on)'. Found: " in str(refused.value)


def test_a_workbook_that_is_not_there_or_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match=r"There is no file college\.xlsx\. Check the path\."):
        read_college(tmp_path / "college.xlsx")
    (tmp_path / "college.xlsx").write_bytes(b"no workbook")
    with pytest.raises(ImportRefused, match="cannot be read: it is no workbook"):
        read_college(tmp_path / "college.xlsx")


def test_a_group_of_an_unknown_advisor_is_refused_before_anything_is_entered(home: DataHome) -> None:
    college = replace(COLLEGE, groups=(GroupAdvisor(class_group="ปวช.1/2", advisor="kru.nobody"),))
    with pytest.raises(ConfigurationGap) as refused:
        apply_college(home, college)
    assert str(refused.value) == (
        "Class group 'ปวช.1/2' names the advisor 'kru.nobody', who has no account. "
        "Add a row for that login to the sheet 'บุคลากร', or correct the login. · "
        "กลุ่มเรียน 'ปวช.1/2' ระบุครูที่ปรึกษา 'kru.nobody' ซึ่งยังไม่มีบัญชี เพิ่มในแผ่นงาน 'บุคลากร' หรือแก้ชื่อผู้ใช้"
    )
    with home.database.read() as session:
        assert staff.accounts_of(session, CODE) == []


def test_logins_in_capitals_are_the_same_logins(home: DataHome, workbook: Callable[..., Path]) -> None:
    college = read_college(workbook(change=("staff", 2, 0, " Kru.Malee ")))
    assert [one.login for one in apply_college(home, college)] == ["kru.malee", "head"]
    assert apply_college(home, college) == []


def entered(home: DataHome) -> dict[str, int]:
    with home.database.read() as session:
        tables = (AccountRow, CaseloadRow, CapacityRow)
        return {table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def test_applying_twice_changes_nothing(home: DataHome) -> None:
    assert [one.login for one in apply_college(home, COLLEGE)] == ["kru.malee", "head"]
    import_calendar(home, COLLEGE)
    before, rows = entered(home), log_of(home).rows(CALENDAR)
    assert before == {"account": 2, "caseload": 1, "capacity": 1}
    assert apply_college(home, COLLEGE) == []
    import_calendar(home, COLLEGE)
    assert entered(home) == before
    assert log_of(home).rows(CALENDAR).equals(rows)


def test_a_corrected_capacity_replaces_the_old_one(home: DataHome) -> None:
    apply_college(home, COLLEGE)
    apply_college(home, replace(COLLEGE, capacity=(replace(COLLEGE.capacity[0], visits_per_week=2),)))
    with home.database.read() as session:
        assert session.scalar(select(CapacityRow.visits_per_week)) == 2


# The sheet of rules


def test_a_sheet_of_before_stages_can_be_read(tmp_path: Path) -> None:
    write_workbook(tmp_path / "new.xlsx", replace(COLLEGE, rules=(Rule(name="attendance_share", value=0.8),)))
    grid = read_grid(tmp_path / "new.xlsx")
    with xlsxwriter.Workbook(str(tmp_path / "old.xlsx"), {"strings_to_numbers": False}) as book:
        for name, lines in grid.items():
            page = book.add_worksheet(name)
            for line, row in enumerate(lines):
                page.write_row(line, 0, row[:2] if name == "ระเบียบของสถานศึกษา" else row)
    assert read_college(tmp_path / "old.xlsx").rules == (Rule(name="attendance_share", value=0.8),)


def test_a_rule_that_is_there_twice_is_refused(workbook: Callable[..., Path]) -> None:
    with pytest.raises(ConfigurationGap) as refused:
        read_college(workbook(add=("rules", ["gpa_minimum", "1.75", "ปวช.", "2"])))
    assert str(refused.value) == (
        "college.xlsx, sheet 'ระเบียบของสถานศึกษา': gpa_minimum (vocational certificate, after 2 terms) = 1.5 is there twice, "
        "the second time with 1.75. Keep one row. · ไฟล์ college.xlsx แผ่นงาน 'ระเบียบของสถานศึกษา': "
        "'เกรดเฉลี่ยขั้นต่ำของสถานศึกษา (ปวช. เมื่อเรียนครบ 2 ภาคเรียน): 1.5' มีสองแถว อีกแถวใส่ 1.75 ให้เหลือแถวเดียว"
    )


# What is missing


def missing(home: DataHome) -> dict[str, tuple[str, bool]]:
    return {gap.what.en: (gap.costs.en, gap.blocking) for gap in gaps(home, CODE)}


def test_an_empty_institution_misses_everything_and_each_gap_names_its_cost(home: DataHome) -> None:
    found = missing(home)
    assert found["terms"] == ("no weekly list: which days belong to a term is not known", True)
    assert found["roster"] == ("no weekly list", True)
    assert found["attendance"] == ("the strongest signal is missing, and the last day seen is unknown", False)
    assert found["capacity"] == ("no home visits are proposed; advisors get the default of 5 rows", False)
    assert set(found) == {
        "terms", "holidays", "staff", "class groups and advisors", "capacity", "college rules",
        "roster", "attendance", "grades", "household", "screening", "outcomes",
    }  # fmt: skip
    assert all(gap.costs.th and gap.what.th for gap in gaps(home, CODE))


def test_what_was_entered_is_missing_no_more(home: DataHome) -> None:
    apply_college(home, COLLEGE)
    import_calendar(home, COLLEGE)
    assert "college rules" in missing(home)
    import_rules(home, COLLEGE)
    assert set(missing(home)) == {"roster", "attendance", "grades", "household", "screening", "outcomes"}


# Without a workbook


def answers(**given: str) -> Callable[..., object]:
    """Answers in the order of the questions, as a terminal would give them."""
    told = {
        "code": CODE, "name in Thai": "วิทยาลัย", "name in English": "College", "opens on": "19/05/2568",
        "closes on": "30/05/2568", "(BE)": "2568", "· term": "1", "visits": "7", "share": "0.8", **given,
    }  # fmt: skip

    def ask(question: str, type: Callable[[str], object] = str, default: object = None) -> object:
        found = next(answer for part, answer in told.items() if part in question)
        return type(found)

    return ask


def test_questions_give_a_college() -> None:
    found = ask_college(answers())
    assert found.terms == (replace(COLLEGE.terms[0]),)
    assert found.capacity[0].visits_per_week == 7
    assert found.rules == (Rule(name="attendance_share", value=0.8),)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"opens on": "เมื่อวาน"}, "'เมื่อวาน' is no date. Write day/month/year, for example 18/05/2569, and run zerodrop init again. · '"),
        ({"closes on": "18/05/2568"}, "The term closes before it opens. Run zerodrop init again. · วันปิด"),
    ],
)  # fmt: skip
def test_a_wrong_answer_is_named(given: dict[str, str], sentence: str) -> None:
    with pytest.raises(UserError) as refused:
        ask_college(answers(**given))
    assert str(refused.value).startswith(sentence)
