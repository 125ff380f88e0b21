"""StudentTerm of the ministry: its codes mean what the deployment's lookups say, and nothing is guessed."""

import pytest

from records.errors import ConfigurationGap, ImportRefused
from records.intake import lookups
from records.tables import ENROLMENTS, ROSTER_COUNTS, STUDENTS, TERM_GPA
from tests.intake.desk import CODE, Desk

PERSON, OTHER = "1819900000014", "1819900000022"
AT = "2025-06-20 08:00"
HEADERS = (
    "AcademicYear", "Semester", "DepartmentID", "SchoolID", "PersonID", "PassportNumber", "PrefixID", "FirstName", "MiddleName",
    "LastName", "GenderID", "NationalityID", "DisabilityID", "DisadvantageEducationID", "VillageNumber", "Street", "Soi", "Trok",
    "SubDistrictID", "SchoolAdmissionYear", "GradeLevelID", "RoomID", "GPAX", "StudentStatusID", "ProvinceNameThai",
    "DistrictNameThai", "SubDistrictNameThai",
)  # fmt: skip
LOOKUPS = '["enrolments.status"]\n"10" = "ENROLLED"\n"30" = "ลาออก"\n["enrolments.level"]\n"111" = "M1"\n'


def row(**changed: str) -> list[str]:
    told = {
        "AcademicYear": "2568", "Semester": "1", "SchoolID": CODE, "PersonID": PERSON, "PrefixID": "3", "FirstName": "ดี",
        "LastName": "สมมติ", "GenderID": "2", "NationalityID": "99", "SchoolAdmissionYear": "2567", "GradeLevelID": "111",
        "RoomID": "2", "GPAX": "2.75", "StudentStatusID": "10", **changed,
    }  # fmt: skip
    return [told.get(header, "") for header in HEADERS]


def table(*rows: list[str]) -> list[list[str]]:
    return [[f"{header}_Onec" for header in HEADERS], *rows]


def look_up(desk: Desk, told: str = LOOKUPS, name: str = "moe.toml") -> None:
    folder = desk.home.settings.home / "lookups"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(told, encoding="utf-8")


def test_a_term_is_recognised_and_read_by_the_lookups(desk: Desk) -> None:
    look_up(desk)
    report = desk.bring(table(row(), row(PersonID=OTHER, FirstName="งาม", StudentStatusID="30", GPAX="")), at=AT)
    assert (report.source, report.rows, report.accepted, report.quarantined, report.unmapped) == (
        "moe_term",
        2,
        2,
        0,
        [],
    )
    shared = (2025, 1, "M1", "ม.1/2", 2024, "2025-06-20")
    assert desk.known(
        ENROLMENTS, "student", "status", "academic_year", "term", "level", "class_group", "entry_year", "happened_on"
    ) == [(0, "ENROLLED", *shared), (1, "RESIGNED", *shared)]
    assert desk.known(STUDENTS, "sex", "nationality_group", "disability_any") == [("F", None, None)] * 2
    assert desk.known(TERM_GPA, "student", "academic_year", "term", "gpax")[0] == (0, 2025, 1, 2.75)
    assert desk.known(ROSTER_COUNTS, "students") == [(2,)]


def test_codes_that_no_lookup_names_keep_their_rows_back(desk: Desk) -> None:
    look_up(desk)
    report = desk.bring(
        table(row(StudentStatusID="77"), row(PersonID=OTHER, FirstName="งาม", GradeLevelID="999")), at=AT
    )
    assert dict(report.reasons) == {"UNKNOWN_CODE": 2}
    assert "lookups" in report.text()
    assert desk.known(ROSTER_COUNTS, "students") == []


def test_without_lookups_only_words_are_read(desk: Desk) -> None:
    told = row(StudentStatusID="กำลังศึกษา", GradeLevelID="มัธยมศึกษาปีที่ 1 /เกรด 7/ นาฎศิลป์ชั้นที่ 1")
    report = desk.bring(table(told, row(PersonID=OTHER, FirstName="งาม")), at=AT)
    assert (report.accepted, dict(report.reasons)) == (1, {"UNKNOWN_CODE": 1})
    assert desk.known(ENROLMENTS, "level", "status") == [("M1", "ENROLLED")]


def test_rows_of_another_school_are_kept_back(desk: Desk) -> None:
    look_up(desk)
    report = desk.bring(table(row(), row(PersonID=OTHER, FirstName="งาม", SchoolID="81012017")), at=AT)
    assert (report.accepted, dict(report.reasons)) == (1, {"OTHER_INSTITUTION": 1})


def test_a_lookup_tells_the_ministry_s_code_of_the_school(desk: Desk) -> None:
    look_up(desk, f'{LOOKUPS}["*.school"]\n"81012017" = "{CODE}"\n["students.nationality_group"]\n"99" = "TH"\n')
    assert desk.bring(table(row(SchoolID="81012017")), at=AT).accepted == 1
    assert desk.known(STUDENTS, "nationality_group") == [("TH",)]


def test_missing_columns_are_named(desk: Desk) -> None:
    with pytest.raises(ImportRefused, match="has no columns 'RoomID_Onec', 'StudentStatusID_Onec'"):
        desk.bring(
            "PersonID_Onec | AcademicYear_Onec | Semester_Onec | GradeLevelID_Onec\n1 | 2568 | 1 | 111",
            source="moe_term",
        )


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ('["enrolments.status"]\n"10" = "THERE"\n', 'lookups/moe.toml: "enrolments.status" has no code "THERE"'),
        ('["enrolments.room"]\n"1" = "2"\n', 'there is no column "enrolments.room" that has codes'),
        ("[enrolments.status]\n10 = 'ENROLLED'\n", '["enrolments"] must be a table'),
        ("status = ", "lookups/moe.toml is no TOML file"),
    ],
)
def test_a_lookup_that_cannot_be_meant_stops_the_import(desk: Desk, told: str, why: str) -> None:
    look_up(desk, told)
    with pytest.raises(ConfigurationGap) as stopped:
        desk.bring(table(row()), at=AT)
    assert why in str(stopped.value)


def test_the_example_is_well_formed_and_not_used(desk: Desk) -> None:

    example = (lookups.__file__ or "").replace("__init__.py", "moe_example.toml")
    with open(example, encoding="utf-8") as file:
        look_up(desk, file.read())
    assert lookups.load_lookups(desk.home.settings.home)["enrolments.level"]["111"] == "M1"
