"""Set-up as people enter it, in a workbook or by answers, and the data home with its key: every mistake has a sentence."""

import secrets
import stat
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from records.codes import RULES
from tests.functional.command_fixtures import (
    GAP,
    VAULT,
    Place,
    call,
    copy_home,
    key_of,
    make_place,
    query,
    refused,
    run,
    write_setup,
)

MONDAY = "2025-09-08"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return make_place(tmp_path_factory.mktemp("place"))


@pytest.fixture
def copied(place: Place, tmp_path: Path) -> Path:
    """A data home that a test may damage."""
    return copy_home(place.home, tmp_path)


SETUPS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "class_groups",
        ("ปวช.1/1", "kru.nobody"),
        "Class group 'ปวช.1/1' names the advisor 'kru.nobody', who has no account. "
        "Add a row for that login to the sheet 'บุคลากร', or correct the login.",
    ),
    (
        "staff",
        ("kru.king", "ครูใหญ่", "king"),
        "setup.xlsx, sheet 'บุคลากร', line 2: there is no role 'king'; roles: advisor, department_head, committee, counsellor, scholarship, director, province, analyst, data_steward, admin",
    ),
    (
        "rules",
        ("absent_days", "3"),
        "setup.xlsx, sheet 'ระเบียบของสถานศึกษา', line 2: there is no rule 'absent_days'; "
        "rules: attendance_share, absent_run_notice, absent_run_dismissal, gpa_minimum, lates_per_absence, leaves_per_absence"
        " · ไฟล์ setup.xlsx แผ่นงาน 'ระเบียบของสถานศึกษา' แถวที่ 2: ไม่มีระเบียบชื่อ 'absent_days' ชื่อที่ใช้ได้คือ "
        "attendance_share, absent_run_notice, absent_run_dismissal, gpa_minimum, lates_per_absence, leaves_per_absence",
    ),
    (
        "rules",
        ("attendance_share", "มาก"),
        "setup.xlsx, sheet 'ระเบียบของสถานศึกษา', line 2: the value of 'attendance_share' is no number · "
        "ไฟล์ setup.xlsx แผ่นงาน 'ระเบียบของสถานศึกษา' แถวที่ 2: ค่าของ 'เวลาเรียนขั้นต่ำเพื่อมีสิทธิ์สอบ (0.8 = ร้อยละ 80)' "
        "(attendance_share) ไม่ใช่ตัวเลข ให้ใส่เป็นตัวเลข",
    ),
    (
        "rules",
        ("absent_run_notice", "0"),
        "setup.xlsx, sheet 'ระเบียบของสถานศึกษา', line 2: the value of 'absent_run_notice' must be a whole number between 1 "
        "and 100. To switch the rule off, write 100 · ไฟล์ setup.xlsx แผ่นงาน 'ระเบียบของสถานศึกษา' แถวที่ 2: "
        "ค่าของ 'ขาดติดต่อกันกี่วันต้องแจ้งผู้ปกครอง' (absent_run_notice) ต้องเป็นจำนวนเต็ม 1 ถึง 100 ถ้าไม่ใช้ระเบียบนี้ ให้ใส่ 100",
    ),
    (
        "terms",
        ("2569", "1", "18/05/2569", "31/09/2569"),
        "setup.xlsx, sheet 'ภาคเรียน', line 2: 'closes_on' is no date; write day/month/year, for example 18/05/2569",
    ),
    (
        "terms",
        ("2569", "1", "09/10/2569", "18/05/2569"),
        "setup.xlsx, sheet 'ภาคเรียน', line 2: the term closes before it opens · "
        "ไฟล์ setup.xlsx แผ่นงาน 'ภาคเรียน' แถวที่ 2: วันปิดภาคเรียนต้องอยู่หลังวันเปิดภาคเรียน",
    ),
    (
        "capacity",
        ("18/05/2569", "-1", "5"),
        "setup.xlsx, sheet 'กำลังคนต่อสัปดาห์', line 2: capacity cannot be negative",
    ),
    (
        "institution",
        ("../records", "ก", "A", "", ""),
        "'../records' is no institution code. Give the code that the ministry uses: digits and Latin letters, "
        "in the sheet 'สถานศึกษา', column 'code'. · '../records' ใช้เป็นรหัสสถานศึกษาไม่ได้ "
        "ใส่รหัสของกระทรวงที่เป็นตัวเลขและอักษรโรมัน ในแผ่นงาน 'สถานศึกษา' ช่อง 'code'",
    ),
    (
        "institution",
        ("", "ก", "A", "", ""),
        "'' is no institution code. Give the code that the ministry uses: digits and Latin letters, "
        "in the sheet 'สถานศึกษา', column 'code'.",
    ),
)


@pytest.mark.parametrize(
    ("sheet", "row", "sentence"), SETUPS, ids=[f"{sheet} {' '.join(row)}" for sheet, row, _ in SETUPS]
)
def test_a_set_up_workbook_with_a_mistake(tmp_path: Path, sheet: str, row: tuple[str, ...], sentence: str) -> None:
    setup = write_setup(tmp_path / "setup.xlsx", **{sheet: [row]})
    said = call("init", "--from", setup, "--home", tmp_path / "var")
    refused(said, code=GAP, sentence=sentence)
    if (tmp_path / "var").exists():
        assert query(tmp_path / "var", "select * from institution") == []


ANSWERS = ("1320026101", "วิทยาลัย", "College", "18/05/2569", "09/10/2569", "2569", "1", "5", "")


def test_answers_that_are_typed_make_a_college(tmp_path: Path) -> None:
    said = run("init", "--home", tmp_path / "var", typed="\n".join(ANSWERS) + "\n")
    assert said.code == 0, said.err
    assert "ตั้งค่าวิทยาลัย (1320026101) แล้วใน" in said.out
    files = query(tmp_path / "var", "select path from batch_file where table_name = 'rules'")
    [told] = [pq.read_table(tmp_path / "var" / "records" / path).to_pylist() for (path,) in files]
    assert [(RULES.values[row["rule"]], row["value"], row["stage"]) for row in told] == [
        ("attendance_share", 0.8, None)
    ]


def test_a_rule_that_left_the_workbook_is_said_to_hold_still(tmp_path: Path) -> None:
    home = tmp_path / "var"
    old = [("absent_run_notice", "5", "", ""), ("gpa_minimum", "1.5", "ปวช.", "2"), ("gpa_minimum", "2", "ปวช.", "")]
    call("init", "--from", write_setup(tmp_path / "one.xlsx", rules=old), "--home", home)
    said = call("init", "--from", write_setup(tmp_path / "two.xlsx"), "--home", home)
    told, _, left_out = said.out.partition(
        "ระเบียบที่ไม่อยู่ในแบบตั้งค่าแล้วแต่ยังใช้อยู่ · rules no longer in the workbook that still hold:\n"
    )
    assert told.endswith(
        "rules as they were taken in:\n  เวลาเรียนขั้นต่ำเพื่อมีสิทธิ์สอบ (0.8 = ร้อยละ 80): ร้อยละ 80 · attendance_share = 80 %\n"
    )
    assert sorted(left_out.splitlines()) == [
        "  ขาดติดต่อกันกี่วันต้องแจ้งผู้ปกครอง: 5 (ถ้าเลิกใช้ ให้ใส่แถวนี้กลับ โดยใส่ค่า 100) · "
        "absent_run_notice = 5 (to end it, put its row back with the value 100)",
        "  เกรดเฉลี่ยขั้นต่ำของสถานศึกษา (ปวช. เมื่อเรียนครบ 2 ภาคเรียน): 1.5 (ถ้าเลิกใช้ ให้ใส่แถวนี้กลับ โดยใส่ค่า 0) · "
        "gpa_minimum (vocational certificate, after 2 terms) = 1.5 (to end it, put its row back with the value 0)",
        "  เกรดเฉลี่ยขั้นต่ำของสถานศึกษา (ปวช.): 2 (ถ้าเลิกใช้ ให้ใส่แถวนี้กลับ โดยใส่ค่า 0) · "
        "gpa_minimum (vocational certificate) = 2 (to end it, put its row back with the value 0)",
    ]
    document = call("init", "--from", tmp_path / "two.xlsx", "--home", home, "--json").document
    assert document["rules"] == [{"name": "attendance_share", "value": 0.8, "stage": "", "after_terms": None}]
    assert {(rule["name"], rule["value"]) for rule in document["rules_left_out"]} == {
        ("absent_run_notice", 5.0), ("gpa_minimum", 1.5), ("gpa_minimum", 2.0),
    }  # fmt: skip


def test_days_that_left_the_calendar_are_said_to_be_withdrawn(tmp_path: Path) -> None:
    home, longer = tmp_path / "var", [("2568", "1", "19/05/2568", "10/10/2568")]
    first = call("init", "--from", write_setup(tmp_path / "one.xlsx", terms=longer), "--home", home)
    assert "ถอนออกจากปฏิทิน" not in first.out
    put_off = [("2568", "1", "26/05/2568", "10/10/2568")]
    said = call("init", "--from", write_setup(tmp_path / "two.xlsx", terms=put_off), "--home", home)
    assert (
        "ถอนออกจากปฏิทิน 5 วัน ระหว่าง 19/05/2568–23/05/2568 เพราะแบบตั้งค่าไม่มีแล้ว · days withdrawn from the calendar, since the "
        "workbook no longer has them: 5 from 2025-05-19 to 2025-05-23\n"
    ) in said.out
    assert call("init", "--from", tmp_path / "two.xlsx", "--home", home, "--json").document["days_withdrawn"] == []


def test_days_that_the_workbook_changes_and_those_that_a_file_closed_are_said(tmp_path: Path) -> None:
    home, flood, terms = tmp_path / "var", tmp_path / "flood.csv", [("2568", "1", "19/05/2568", "10/10/2568")]
    call("init", "--from", write_setup(tmp_path / "one.xlsx", terms=terms), "--home", home)
    flood.write_text("ปีการศึกษา,ภาคเรียน,วันที่,ประเภทวัน\n2568,1,27/05/2568,ปิดเรียนเหตุพิเศษ\n", encoding="utf-8")
    assert call("import", flood, "--table", "calendar", "--home", home).code == 0
    holidays = [("28/05/2568", "วันหยุด", "หยุด")]
    mended = write_setup(tmp_path / "two.xlsx", terms=terms, holidays=holidays)
    said = call("init", "--from", mended, "--home", home)
    assert (
        "เปลี่ยนประเภทวันในปฏิทิน 1 วัน ระหว่าง 28/05/2568–28/05/2568 ตามแบบตั้งค่า · days of the calendar changed by the workbook: "
        "1 from 2025-05-28 to 2025-05-28\n"
        "คงไว้ตามไฟล์ที่นำเข้า 1 วัน ระหว่าง 27/05/2568–27/05/2568 เพราะแบบตั้งค่าบอกเหมือนเดิม (ถ้าจะแก้ นำเข้าวันนั้นอีกครั้งด้วย import "
        "--table calendar) · days kept as a file told them, since the workbook says what it said before (to change one, import it "
        "again with --table calendar): 1 from 2025-05-27 to 2025-05-27\n"
    ) in said.out
    again = call("init", "--from", mended, "--home", home, "--json").document
    assert (again["days_changed"], again["days_kept"]) == ([], ["2025-05-27"])


@pytest.mark.parametrize(("share", "asks"), [("0.08", True), ("0.5", False), ("0", False)])
def test_an_unlikely_share_is_taken_and_asked_about(tmp_path: Path, share: str, asks: bool) -> None:
    setup = write_setup(tmp_path / "setup.xlsx", rules=[("attendance_share", share)])
    said = call("init", "--from", setup, "--home", tmp_path / "var")
    assert said.code == 0
    assert ("ใส่เวลาเรียนขั้นต่ำไว้เพียงร้อยละ 8 ถูกต้องหรือไม่" in said.out) is asks
    assert ("attendance_share = 8 %: is that meant?" in said.out) is asks


def test_a_share_that_was_typed_in_percent_enters_nothing(tmp_path: Path) -> None:
    said = call("init", "--home", tmp_path / "var", typed="\n".join([*ANSWERS[:-1], "80"]) + "\n")
    assert said.code == GAP
    assert said.err.startswith(
        "The value of 'attendance_share' must lie between 0 and 1. Write 80 % as 0.8. To switch the rule off, write 0. · ค่าของ"
    )
    assert query(tmp_path / "var", "select * from institution") == []


@pytest.mark.parametrize(
    ("place_of", "answer", "sentence"),
    [
        (
            3,
            "31/04/2569",
            "'31/04/2569' is no date. Write day/month/year, for example 18/05/2569, and run zerodrop init again. · "
            "'31/04/2569' ไม่ใช่วันที่ ให้เขียน วัน/เดือน/ปี เช่น 18/05/2569 แล้วสั่ง zerodrop init ใหม่",
        ),
        (
            4,
            "01/05/2569",
            "The term closes before it opens. Run zerodrop init again. · "
            "วันปิดภาคเรียนต้องอยู่หลังวันเปิดภาคเรียน สั่ง zerodrop init ใหม่",
        ),
    ],
)
def test_a_wrong_date_that_was_typed(tmp_path: Path, place_of: int, answer: str, sentence: str) -> None:
    answers = [*ANSWERS[:place_of], answer, *ANSWERS[place_of + 1 :]]
    said = call("init", "--home", tmp_path / "var", typed="\n".join(answers) + "\n")
    assert said.err == sentence + "\n"
    assert said.code == GAP
    assert not (tmp_path / "var").exists()


# The data home and its key


def test_no_data_home(tmp_path: Path) -> None:
    said = call("check", "--home", tmp_path / "none")
    none = tmp_path / "none"
    sentence = (
        f"There is no data home at {none}. Make one with `zerodrop init`. · "
        f"ไม่มีที่เก็บข้อมูลที่ {none} สร้างด้วยคำสั่ง zerodrop init"
    )
    refused(said, code=GAP, sentence=sentence)
    assert not (tmp_path / "none").exists()


def _missing(key: Path) -> None:
    key.unlink()


def _of_another_vault(key: Path) -> None:
    key.write_text(secrets.token_hex(32) + "\n")


def _no_key_at_all(key: Path) -> None:
    key.write_text("not a key\n")


def _readable(key: Path) -> None:
    key.chmod(0o644)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (
            _missing,
            "The vault's key file {key} is missing. Put the backed-up key there; "
            "without it names and quarantined rows cannot be read. A new data home gets its key from `zerodrop init`.",
        ),
        (_of_another_vault, "The key in {key} is not the one this vault was made with. Put the right key back."),
        (_no_key_at_all, "The key in {key} is not the one this vault was made with. Put the right key back."),
        (_readable, "The key file {key} can be read by other accounts of this machine. Run: chmod 600 {key}"),
    ],
)
@pytest.mark.parametrize("command", ["check", f"score --as-of {MONDAY}", "serve"])
def test_a_key_that_does_not_open(copied: Path, damage: Callable[[Path], None], sentence: str, command: str) -> None:
    key = key_of(copied)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    damage(key)
    refused(call(*command.split(), "--home", copied), code=VAULT, sentence=sentence.format(key=key))
