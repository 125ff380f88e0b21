"""A OneRoster bundle: the students of one school with homeroom and term; what is not theirs is not read."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from records.errors import ImportRefused
from records.intake.sources import oneroster_files
from records.tables import ENROLMENTS, ROSTER_COUNTS, STUDENTS
from tests.intake.desk import CODE, Desk

AT = "2025-06-20 08:00"
BULK = "oneroster.version | 1.1\nfile.users | bulk\nfile.enrollments | bulk"
USERS_11 = "sourcedId | status | dateLastModified | enabledUser | orgSourcedIds | role | username | userIds | givenName | familyName | middleName | identifier | email | sms | phone | agentSourcedIds | grades | password"
BUNDLE = {
    "manifest.csv": f"propertyName | value\nmanifest.version | 1.0\n{BULK}",
    "orgs.csv": f"sourcedId | status | dateLastModified | name | type | identifier | parentSourcedId\no1 |  |  | โรงเรียน | school | {CODE} | \no2 |  |  | อื่น | school | 999 | ",
    "academicSessions.csv": """
        sourcedId | status | dateLastModified | title | type | startDate | endDate | parentSourcedId | schoolYear
        y | | | ปี 2568 | schoolYear | 2025-05-16 | 2026-04-01 | | 2026
        t1 | | | First | term | 2025-05-16 | 2025-10-11 | y | 2026
        t2 | | | Second | term | 2025-11-01 | 2026-04-01 | y | 2026
    """,
    "classes.csv": """
        sourcedId | status | dateLastModified | title | grades | courseSourcedId | classCode | classType | location | schoolSourcedId | termSourcedIds | subjects | subjectCodes | periods
        h1 | | | ม.1/1 | 07 | c | | homeroom | | o1 | y | | |
        s1 | | | คณิต | 07 | c | | scheduled | | o1 | t1 | | |
        h2 | | | ม.2/1 | 08 | c | | homeroom | | o1 | t1 | | |
    """,
    "users.csv": f"""
        {USERS_11}
        u1 | | | true | o1 | student | a | {{NationalID:1819900000014}} | ดี | สมมติ | | 01234 | | | | | 07 |
        u2 | | | true | o1 | student | b | | งาม | สมมติ | | 01235 | | | | | |
        u3 | | | true | o1 | teacher | c | | ครู | สมมติ | | 01236 | | | | | |
        u4 | | | true | o2 | student | d | | สุข | สมมติ | | 01237 | | | | | 07 |
        u5 | tobedeleted | | true | o1 | student | e | | ลา | สมมติ | | 01238 | | | | | 07 |
    """,
    "enrollments.csv": """
        sourcedId | status | dateLastModified | classSourcedId | schoolSourcedId | userSourcedId | role | primary | beginDate | endDate
        e1 | | | h1 | o1 | u1 | student | | |
        e2 | | | s1 | o1 | u1 | student | | |
        e3 | | | h2 | o1 | u2 | student | | |
        e4 | | | h1 | o1 | u3 | teacher | | |
        e5 | | | h1 | o1 | u5 | student | | |
    """,
    "demographics.csv": "sourcedId | birthDate | sex | asian\nu1 | 2012-05-13 | female | true",
}


def files(**changed: str) -> dict[str, str]:
    return {**BUNDLE, **{f"{name}.csv": told for name, told in changed.items()}}


def folder(desk: Desk, told: Mapping[str, str] = BUNDLE, name: str = "bundle") -> Path:
    path = desk.folder / name
    path.mkdir()
    for file, picture in told.items():
        (path / file).write_text(as_csv(picture), encoding="utf-8-sig")
    return path


def archive(desk: Desk, told: Mapping[str, str] = BUNDLE, name: str = "bundle.zip") -> Path:
    path = desk.folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for file, picture in told.items():
            packed.writestr(file, as_csv(picture))
    return path


def as_csv(picture: str) -> str:
    lines = [line for line in picture.splitlines() if line.strip()]
    return "".join(",".join(cell.strip() for cell in line.split("|")) + "\r\n" for line in lines)


@pytest.mark.parametrize("packed", [folder, archive])
def test_the_students_of_the_school_with_homeroom_and_term(desk: Desk, packed: object) -> None:
    path = folder(desk) if packed is folder else archive(desk)
    report = desk.bring(path, at=AT)
    assert (report.source, report.rows, report.accepted, report.quarantined) == ("oneroster", 2, 2, 0)
    assert desk.known(
        ENROLMENTS, "student", "academic_year", "term", "level", "class_group", "status", "happened_on"
    ) == [
        (0, 2025, 1, "M1", "ม.1/1", "ENROLLED", "2025-06-20"),
        (1, 2025, 1, "M2", "ม.2/1", "ENROLLED", "2025-06-20"),
    ]
    assert desk.known(STUDENTS, "student", "sex", "birth_month") == [(0, "F", "2012-05-01")]
    assert desk.known(ROSTER_COUNTS, "term", "students") == [(1, 2)]


def test_code_and_national_number_are_one_person(desk: Desk) -> None:
    desk.bring(archive(desk), at=AT)
    by_person = "เลขประจำตัวประชาชน | วันที่ | สถานะ\n1819900000014 | 18/06/2568 | มา"
    assert desk.bring(by_person, at="2025-06-21 08:00").accepted == 1
    assert desk.bring("รหัสนักเรียน | วันที่ | สถานะ\n01234 | 19/06/2568 | มา", at="2025-06-21 08:00").accepted == 1


def test_a_class_of_a_whole_year_tells_the_terms_that_have_begun(desk: Desk) -> None:
    desk.bring(archive(desk), at="2025-12-01 08:00")
    assert desk.known(ENROLMENTS, "student", "term") == [(0, 1), (0, 2), (1, 1)]


@pytest.mark.parametrize("year", ["2568", "2025", "2026"])
@pytest.mark.parametrize("start", ["2568-05-16", "2025-05-16"])
def test_school_years_of_either_calendar_are_the_year_of_their_opening(desk: Desk, year: str, start: str) -> None:
    sessions = (
        f"sourcedId | title | type | startDate | parentSourcedId | schoolYear\nt1 | First | term | {start} | | {year}"
    )
    classes = "sourcedId | title | classType | termSourcedIds\nh1 | ม.1/1 | homeroom | t1"
    users = "sourcedId | role | orgSourcedIds | givenName | familyName | identifier | grades\nu1 | student | o1 | ดี | สมมติ | 01234 | 07"
    desk.bring(archive(desk, files(academicSessions=sessions, classes=classes, users=users)), at=AT)
    assert desk.known(ENROLMENTS, "academic_year", "term") == [(2025, 1)]


def test_version_1_2_tells_the_role_in_a_file_of_its_own(desk: Desk) -> None:
    users = """
        sourcedId | enabledUser | username | userIds | givenName | familyName | identifier | grades
        u1 | true | a | | ดี | สมมติ | 01234 | 07
        u3 | true | c | | ครู | สมมติ | 01236 |
    """
    roles = "sourcedId | userSourcedId | roleType | role | orgSourcedId\nr1 | u1 | primary | student | o1\nr2 | u3 | primary | teacher | o1"
    assert desk.bring(archive(desk, files(users=users, roles=roles)), at=AT).rows == 1
    assert desk.known(ENROLMENTS, "class_group") == [("ม.1/1",)]


def test_changes_alone_take_nobody_off(desk: Desk) -> None:
    desk.bring(archive(desk), at=AT)
    delta = files(
        manifest=BUNDLE["manifest.csv"].replace("bulk", "delta"), users="\n".join(BUNDLE["users.csv"].splitlines()[:3])
    )
    report = desk.bring(archive(desk, delta, "delta.zip"), at="2025-06-25 08:00")
    assert (report.rows, report.retracted, "delta" in report.notes[0].en) == (1, 0, True)
    assert len(desk.known(ENROLMENTS, "student")) == 2


def test_a_bulk_without_a_student_takes_the_enrolment_back(desk: Desk) -> None:
    desk.bring(archive(desk), at=AT)
    less = files(users="\n".join(BUNDLE["users.csv"].splitlines()[:3]))
    report = desk.bring(archive(desk, less, "less.zip"), at="2025-06-25 08:00", confirm_shrink=True)
    assert (report.retracted, desk.known(ENROLMENTS, "student")) == (1, [(0,)])


def test_students_without_homeroom_or_with_a_grade_of_no_level_are_kept_back(desk: Desk) -> None:
    users = BUNDLE["users.csv"].replace("| 07 |", "| VC1 |")
    enrolled = "\n".join(line for line in BUNDLE["enrollments.csv"].splitlines() if "e3" not in line)
    report = desk.bring(archive(desk, files(users=users, enrollments=enrolled)), at=AT)
    assert (report.accepted, dict(report.reasons)) == (0, {"UNKNOWN_CODE": 1, "MISSING_VALUE": 1})


def test_a_lookup_tells_the_level_of_another_grade(desk: Desk) -> None:
    lookups = desk.home.settings.home / "lookups"
    lookups.mkdir()
    (lookups / "grades.toml").write_text('["enrolments.level"]\n"VC1" = "V1"\n', encoding="utf-8")
    desk.bring(archive(desk, files(users=BUNDLE["users.csv"].replace("| 07 |", "| VC1 |"))), at=AT)
    assert desk.known(ENROLMENTS, "level") == [("M2",), ("V1",)]


def test_a_bundle_of_other_schools_is_refused(desk: Desk) -> None:
    with pytest.raises(ImportRefused, match=r"no school with the identifier '1320026101'. It has: 111, 999"):
        desk.bring(archive(desk, files(orgs=BUNDLE["orgs.csv"].replace(CODE, "111"))))


def test_missing_files_and_columns_are_named(desk: Desk) -> None:
    without = {name: told for name, told in BUNDLE.items() if name != "classes.csv"}
    with pytest.raises(ImportRefused, match=r"There is no file bundle.zip/classes.csv"):
        desk.bring(archive(desk, without))
    with pytest.raises(ImportRefused, match=r"other.zip/users.csv has no column 'identifier'"):
        desk.bring(archive(desk, files(users=BUNDLE["users.csv"].replace("identifier", "number")), "other.zip"))


def test_a_member_that_unpacks_to_too_much_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    path = archive(desk, files(users=BUNDLE["users.csv"] + "\n" + "x" * 3_000_000))
    monkeypatch.setattr(oneroster_files, "MOST_BYTES", 2_000_000)
    with pytest.raises(ImportRefused, match=r"bundle.zip/users.csv cannot be read"):
        desk.bring(path)


def test_a_file_that_leads_out_of_the_folder_is_not_read(desk: Desk) -> None:
    path = folder(desk)
    elsewhere = desk.folder / "elsewhere.csv"
    (path / "users.csv").rename(elsewhere)
    (path / "users.csv").symlink_to(elsewhere)
    with pytest.raises(ImportRefused, match=r"There is no file bundle/users.csv"):
        desk.bring(path)


def test_rows_that_do_not_fit_their_header_are_refused_without_a_cell_of_them(desk: Desk) -> None:
    with pytest.raises(ImportRefused) as refused:
        desk.bring(archive(desk, files(users=f"{USERS_11}\nu1 | ลับมาก")))
    assert "line 2 has 2 cells under 18 headers" in str(refused.value)
    assert "ลับมาก" not in str(refused.value)
