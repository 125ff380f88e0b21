"""Which advisor has a class group on which day, when the workbook changes it: weeks that are past keep theirs."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from zipfile import ZipFile

import pytest

from records import staff
from records.college import College, GroupAdvisor, StaffMember, write_workbook
from records.errors import ConfigurationGap
from records.home import DataHome
from records.setup import apply_college, read_college
from tests.records.small import CODE
from tests.records.test_records_setup import COLLEGE

BOTH_ADVISE = replace(COLLEGE, staff=(*COLLEGE.staff, StaffMember(login="kru.somchai", name="ครูสมชาย", role="advisor")))


def advisor_on(home: DataHome, day: date, group: str = "ปวช.1/1") -> str:
    with home.database.read() as session:
        logins = {account.id: account.login for account in staff.accounts_of(session, CODE)}
        advisor = staff.advisors_by_group(session, CODE, day).get(group)
        return logins[advisor] if advisor else ""


def advised_by(login: str, group: str = "ปวช.1/1") -> College:
    return replace(BOTH_ADVISE, groups=(GroupAdvisor(class_group=group, advisor=login),))


def test_an_advisor_replaced_by_the_workbook_keeps_the_weeks_before(home: DataHome) -> None:
    apply_college(home, advised_by("kru.malee"), date(2025, 5, 26))
    assert advisor_on(home, date(2025, 5, 19)) == "kru.malee", "the first one counts from the first term"
    assert advisor_on(home, date(2025, 5, 18)) == ""
    apply_college(home, advised_by("kru.somchai"), date(2025, 7, 3))
    assert [advisor_on(home, date(2025, 7, day)) for day in (2, 3)] == ["kru.malee", "kru.somchai"]
    apply_college(home, advised_by("kru.malee"), date(2025, 8, 1))
    assert [advisor_on(home, day) for day in (date(2025, 5, 19), date(2025, 7, 31), date(2025, 8, 1))] == [
        "kru.malee", "kru.somchai", "kru.malee",
    ]  # fmt: skip


def test_an_advisor_replaced_before_the_term_opens_never_had_the_group(home: DataHome) -> None:
    apply_college(home, advised_by("kru.malee"), date(2025, 5, 1))
    apply_college(home, advised_by("kru.somchai"), date(2025, 5, 2))
    assert {advisor_on(home, date(2025, 5, day)) for day in (2, 19, 30)} == {"kru.somchai"}


def test_a_group_that_comes_later_has_its_advisor_from_the_first_term(home: DataHome) -> None:
    apply_college(home, advised_by("kru.malee"), date(2025, 5, 1))
    apply_college(home, advised_by("kru.malee", "ปวช.1/2"), date(2025, 7, 3))
    assert advisor_on(home, date(2025, 5, 19), "ปวช.1/2") == "kru.malee"


def test_a_head_of_department_is_entered_and_a_wrong_one_refused(home: DataHome) -> None:
    staff_ = (*BOTH_ADVISE.staff, StaffMember(login="kru.head", name="ครูหัวหน้า", role="department_head"))
    group = BOTH_ADVISE.groups[0]
    apply_college(home, replace(BOTH_ADVISE, staff=staff_, groups=(replace(group, head="kru.head"),)))
    with home.database.read() as session:
        assert staff.assigned_groups(session, CODE, staff.DEPARTMENT_HEAD) == {group.class_group}
        assert len(staff.advisors_by_group(session, CODE, date(2100, 1, 1))) == 1
    for login in ("kru.nobody", group.advisor):
        with pytest.raises(ConfigurationGap, match=f"names the head of department '{login}'"):
            apply_college(home, replace(BOTH_ADVISE, staff=staff_, groups=(replace(group, head=login),)))


@pytest.mark.parametrize(
    ("twice", "sheet", "line", "what"),
    [
        ({"groups": (*COLLEGE.groups, GroupAdvisor(class_group="ปวช.1/1", advisor="head"))}, "กลุ่มเรียนและครูที่ปรึกษา", 3, "ปวช.1/1"),
        ({"staff": (*COLLEGE.staff, replace(COLLEGE.staff[0], role="committee"))}, "บุคลากร", 4, "kru.malee"),
        ({"terms": (*COLLEGE.terms, replace(COLLEGE.terms[0], closes_on=date(2025, 9, 30)))}, "ภาคเรียน", 3, "1/2568"),
        ({"capacity": (*COLLEGE.capacity, replace(COLLEGE.capacity[0], visits_per_week=99))}, "กำลังคนต่อสัปดาห์", 3, "19/05/2568"),
    ],
    ids=["group", "login", "term", "capacity"],
)  # fmt: skip
def test_what_is_there_twice_is_refused(
    tmp_path: Path, twice: dict[str, tuple[object, ...]], sheet: str, line: int, what: str
) -> None:
    path = tmp_path / "college.xlsx"
    write_workbook(path, replace(COLLEGE, **twice))  # type: ignore[arg-type]
    with pytest.raises(ConfigurationGap) as refused:
        read_college(path)
    assert str(refused.value) == (
        f"college.xlsx, sheet '{sheet}', line {line}: '{what}' is in line 2 already. Keep one row. · "
        f"ไฟล์ college.xlsx แผ่นงาน '{sheet}' แถวที่ {line}: '{what}' มีอยู่แล้วในแถวที่ 2 ให้เหลือแถวเดียว"
    )


def test_a_cell_of_the_template_stays_the_text_that_is_typed(tmp_path: Path) -> None:
    write_workbook(tmp_path / "template.xlsx")
    with ZipFile(tmp_path / "template.xlsx") as archive:
        styles, sheet = (archive.read(f"xl/{name}.xml").decode() for name in ("styles", "worksheets/sheet5"))
    [text] = re.findall('numFmtId="([0-9]+)" formatCode="@"', styles)
    [style] = re.findall('<col [^>]*style="([0-9]+)"', sheet)
    formats = re.findall('<xf numFmtId="([0-9]+)"', styles.split("<cellXfs")[1])
    assert formats[int(style)] == text
