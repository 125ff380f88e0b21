"""What the columns of an unknown sheet seem to be: by header, by part of a header, by the shape of the values."""

from pathlib import Path

import pytest

from records.intake.files import open_sheets
from records.intake.places import FILE_TABLES, PLACE_OF, PLACES, known_headers, lacking, required_columns
from records.intake.proposing import Proposal, Sure, propose
from records.tables import ATTENDANCE, ENROLMENTS, GRADES, TABLE_OF, Table
from tests.intake.desk import rows_of


def proposed(tmp_path: Path, picture: str, table: Table | None = None) -> Proposal:
    """The proposal for a picture whose first row is the header."""
    rows = rows_of(picture)
    path = tmp_path / "unknown.csv"
    path.write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
    [sheet] = open_sheets(path, rows[0])
    return propose(sheet, table)


def places(proposal: Proposal) -> dict[str, str]:
    return {column.header: " + ".join(column.places) for column in proposal.columns}


def column(tmp_path: Path, *values: str, header: str = "x") -> tuple[str, Sure]:
    """What one column with these values is proposed to be, beside columns that make every table possible."""
    picture = "\n".join([f"{header} | ด้านหนึ่ง", *(f"{value} | ก" for value in values)])
    told = proposed(tmp_path, picture).columns[0]
    return " + ".join(told.places), told.sure


def test_known_headers_are_taken_by_name(tmp_path: Path) -> None:
    told = proposed(
        tmp_path,
        """
        รหัสนักศึกษา | ชื่อ   | นามสกุล | วันที่       | การมาเรียน | เบอร์โทร    | ศาสนา
        69201010025 | สมชาย | ใจดี    | 16/05/2568 | มา        | 0812345678 | พุทธ
        """,
    )
    assert told.table is ATTENDANCE
    assert places(told) == {
        "รหัสนักศึกษา": "person.code", "ชื่อ": "person.first_name", "นามสกุล": "person.last_name", "วันที่": "*.happened_on",
        "การมาเรียน": "attendance.status", "เบอร์โทร": "", "ศาสนา": "",
    }  # fmt: skip
    assert [one.sure for one in told.columns[:5]] == [Sure.HEADER] * 5
    assert [one.sure for one in told.columns[5:]] == [Sure.LEFT_OUT] * 2


def test_a_header_of_two_tables_is_settled_by_the_values(tmp_path: Path) -> None:
    attendance = "รหัสนักเรียน | วันที่ | สถานะ\n10001 | 16/05/2568 | มา\n10002 | 16/05/2568 | ขาด"
    assert places(proposed(tmp_path, attendance))["สถานะ"] == "attendance.status"
    roster = "รหัสนักเรียน | ชั้น | ห้อง | สถานะ\n10001 | ม.1 | 1 | กำลังศึกษา\n10002 | ม.1 | 2 | ลาออก"
    assert places(proposed(tmp_path, roster))["สถานะ"] == "enrolments.status"


@pytest.mark.parametrize(
    ("values", "place"),
    [
        (("1100201520688", "1-1002-01520-69-6"), "person.national"),
        (("G123456789012", "1100201520688"), "person.national"),
        (("69201010025", "1100201520688", "AB123456"), "person.any"),
        (("1/2568", "2/2568"), "*.term_label"),
        (("16/05/2568 08:12", "16/05/2568 08:15"), "*.entered_at"),
        (("ม.1", "ม.2"), "enrolments.level"),
        (("ม.1/3", "ปวช.1/1"), "enrolments.level + enrolments.class_group"),
        (("ชย.1/1", "ทส.2/1"), "enrolments.class_group"),
        (("4", "3.5", "0"), "grades.grade"),
        (("4", "ร", "มส", "ข.ร."), "grades.grade"),
        (("ช", "ญ"), "students.sex"),
        (("มา", "ข", "ป", "✓"), "attendance.status"),
        (("2568", "2567"), "*.academic_year"),
        (("นายดี สมมติ", "น.ส.งาม สมมติ"), "person.full_name"),
        (("69201010025", "69201010026"), "person.code"),
        (("13/05/2551", "01/02/2550", "30/09/2549", "11/11/2551", "02/01/2548"), "students.birth_month"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_values_tell_what_a_nameless_column_is(tmp_path: Path, values: tuple[str, ...], place: str) -> None:
    table = TABLE_OF.get(place.split(".")[0], ENROLMENTS)
    picture = "\n".join(["x | y", *(f"{value} | ก" for value in values)])
    found = proposed(tmp_path, picture, table).columns[0]
    wanted = {"enrolments.class_group": "enrolments.class_group"}.get(place, place)
    assert (" + ".join(found.places), found.sure) == (wanted, Sure.SHAPE)


@pytest.mark.parametrize(
    "values",
    [
        ("1", "2", "3"),  # whole numbers may count anything
        ("4", "3", "2"),
        ("0812345678", "02-123-4567"),  # telephones are not kept
        ("ดี", "พอใช้"),
        ("ก", "ก"),  # ลากิจ, or a room, or a shift
        ("1100201520688", "ก", "ข", "ค"),  # one of four is no shape
    ],
    ids=str,
)
def test_other_values_are_left_to_the_clerk(tmp_path: Path, values: tuple[str, ...]) -> None:
    place, sure = column(tmp_path, *values)
    assert place == ""
    assert sure is (Sure.LEFT_OUT if values[0].startswith("08") else Sure.NOTHING)


def test_most_rows_decide_and_a_few_other_words_do_not(tmp_path: Path) -> None:
    assert column(tmp_path, *["มา"] * 19, "ไม่เห็น")[0] == "attendance.status"
    assert column(tmp_path, *["มา"] * 8, "ไม่เห็น", "อยู่บ้าน")[0] == ""


def test_a_column_of_student_numbers_may_hold_the_national_ones(tmp_path: Path) -> None:
    assert column(tmp_path, "1100201520688", "1100201520696", header="เลขประจำตัวนักเรียน")[0] == "person.national"
    assert column(tmp_path, "01234", "01235", header="เลขประจำตัวนักเรียน")[0] == "person.code"


def test_most_of_a_header_is_enough_and_a_small_part_is_not(tmp_path: Path) -> None:
    told = proposed(tmp_path, "รหัสนักศึกษา 2568 | คะแนนรวม(%) | ชื่อวิชา | ผลการเรียน\n69201010025 | 71 | คณิต | 3", GRADES)
    assert places(told) == {
        "รหัสนักศึกษา 2568": "person.code", "คะแนนรวม(%)": "grades.score", "ชื่อวิชา": "", "ผลการเรียน": "grades.grade",
    }  # fmt: skip
    assert [one.sure for one in told.columns] == [Sure.CONTAINS, Sure.CONTAINS, Sure.LEFT_OUT, Sure.HEADER]


def test_a_roster_with_averages_tells_several_tables(tmp_path: Path) -> None:
    told = proposed(
        tmp_path,
        """
        รหัสนักเรียน | ชื่อ-สกุล    | ชั้น  | ห้อง | เพศ | เกรดเฉลี่ยสะสม | ครั้งที่ | ข้อมูล ณ
        10001       | นายดี สมมติ | ม.1 | 1   | ช   | 3.11         | 1     | 10/06/2568
        """,
    )
    assert told.table is ENROLMENTS
    assert places(told) == {
        "รหัสนักเรียน": "person.code", "ชื่อ-สกุล": "person.full_name", "ชั้น": "enrolments.level",
        "ห้อง": "enrolments.class_group", "เพศ": "students.sex", "เกรดเฉลี่ยสะสม": "term_gpa.gpax",
        "ครั้งที่": "",  # of visits and grades, and this file tells neither
        "ข้อมูล ณ": "*.happened_on",
    }  # fmt: skip


def test_the_class_group_goes_with_any_table(tmp_path: Path) -> None:
    told = proposed(tmp_path, "รหัสนักเรียน | กลุ่มเรียน | วันที่ | การมาเรียน\n10001 | ชย.1/1 | 16/05/2568 | มา")
    assert places(told)["กลุ่มเรียน"] == "*.class_group"


def test_days_of_two_tables_stay_apart(tmp_path: Path) -> None:
    told = proposed(
        tmp_path,
        """
        รหัสนักเรียน | ชั้น  | ห้อง | เกรดเฉลี่ย | วันที่ข้อมูล   | วันที่ประกาศผล | วันใด
        10001       | ม.1 | 1   | 3.11    | 10/06/2568 | 01/06/2568 | 03/06/2568
        """,
    )
    assert places(told)["วันที่ข้อมูล"] == "enrolments.happened_on"
    assert places(told)["วันที่ประกาศผล"].endswith(".happened_on")
    assert places(told)["วันใด"] == ""  # headers said which days are meant


def test_only_the_first_of_equal_headers_is_proposed(tmp_path: Path) -> None:
    told = proposed(tmp_path, "รหัสนักเรียน | สถานะ | รหัสนักเรียน\n10001 | มา | 10001")
    assert [one.places for one in told.columns] == [("person.code",), ("attendance.status",), ()]
    assert told.columns[2].sure is Sure.SAME_HEADER


def test_three_distinct_samples_are_shown_and_none_is_in_the_text_of_a_proposal(tmp_path: Path) -> None:
    told = proposed(tmp_path, "x | y\nสมชาย | ก\nสมชาย | ก\nสมหญิง | ก\nสมปอง | ก\nสมศรี | ก")
    assert told.columns[0].samples == ("สมชาย", "สมหญิง", "สมปอง")
    assert "สมชาย" not in repr(told)


def test_a_sheet_that_tells_nothing_has_no_table(tmp_path: Path) -> None:
    told = proposed(tmp_path, "x | y\nก | ข")
    assert told.table is None
    assert places(told) == {"x": "", "y": ""}


# Places


def test_every_place_has_labels_and_a_name_of_its_own() -> None:
    assert len(PLACE_OF) == len(PLACES)
    assert {place.name.split(".")[0] for place in PLACES} == {"person", "*", *(table.name for table in FILE_TABLES)}
    assert not {"roster_counts", "same_person"} & {table.name for table in FILE_TABLES}


def test_known_headers_are_folded() -> None:
    assert [place.name for place in known_headers()["รหัสนักศึกษา"]] == ["person.code"]
    assert {place.name for place in known_headers()["สถานะ"]} == {"enrolments.status", "attendance.status"}


def test_what_a_table_lacks_is_named_once() -> None:
    assert lacking([GRADES, ENROLMENTS], {"person.code", "grades.grade", "*.term"}) == [
        "grades.course_code", "*.academic_year", "*.happened_on", "enrolments.level", "enrolments.class_group",
    ]  # fmt: skip
    assert lacking([ATTENDANCE], {"attendance.status", "attendance.happened_on"}) == ["person.code"]
    assert (
        lacking([ENROLMENTS], {"person.any", "enrolments.level", "*.class_group", "*.term_label", "*.happened_on"})
        == []
    )


def test_what_is_usual_need_not_be_told() -> None:
    assert required_columns(ATTENDANCE) == ["status"]
    assert required_columns(GRADES) == ["course_code", "grade"]
