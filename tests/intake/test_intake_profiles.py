"""Files that nobody has seen: mapped by questions, saved as a profile, imported by it again."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from records import ledger
from records.errors import ImportRefused, UserError
from records.identity import Identity, IdKind
from records.intake.importing import ImportRequest, import_file
from records.intake.profiles import (
    Profile,
    ProfileColumn,
    fingerprint,
    load_profile,
    read_profile,
    save_profile,
)
from records.intake.source import Covers
from records.intake.source_commands import ask_mapping
from records.tables import ATTENDANCE, ENROLMENTS, GRADES, STUDENTS, TERM_GPA
from records.text import Text
from tests.intake.desk import CODE, Desk

LATER = "2025-08-01 08:00"
MARKS = """
    sid   | wan        | chk
    10001 | 19/05/2568 | มา
    10002 | 19/05/2568 | ไม่เห็น
"""
# Ten rows with words that are known and one without, as the questions meet them.
WEEKS = (
    "sid | wan | chk\n"
    + "".join(f"10001 | {day}/05/2568 | มา\n" for day in range(5, 15))
    + "10002 | 19/05/2568 | ไม่เห็น\n"
)
PROFILE: dict[str, Any] = {
    "version": 1,
    "name": "marks",
    "label": {"th": "การมาเรียนของแผนก", "en": "attendance of a department"},
    "tables": ["attendance"],
    "covers": "nothing",
    "columns": [
        {"header": "sid", "to": ["person.code"]},
        {"header": "wan", "to": ["*.happened_on"]},
        {"header": "chk", "to": ["attendance.status"], "words": {"ไม่เห็น": "A"}},
    ],
    "constants": {},
    "lag_days": 1,
    "fingerprint": fingerprint(["sid", "wan", "chk"]),
}


def written(desk: Desk, **changes: Any) -> Path:
    path = desk.folder / "marks.json"
    told = {key: value for key, value in {**PROFILE, **changes}.items() if value is not None}
    path.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    return path


def with_two_students(desk: Desk) -> Desk:
    desk.roster({10001: "ชย.1/1", 10002: "ชย.1/1"})
    return desk


# By a saved profile


def test_a_profile_reads_a_file_that_no_source_knows(desk: Desk) -> None:
    with_two_students(desk)
    with pytest.raises(ImportRefused):
        desk.bring(MARKS, at=LATER)
    report = desk.bring(MARKS, at=LATER, profile=written(desk))
    assert (report.accepted, report.quarantined, report.source) == (2, 0, "profile:marks")
    assert desk.read(ATTENDANCE, "status", "session") == [("P", "DAY"), ("A", "DAY")]


def test_a_column_that_the_file_lacks_is_named(desk: Desk) -> None:
    with_two_students(desk)
    with pytest.raises(ImportRefused, match="has no column 'chk'"):
        desk.bring("sid | wan | mark\n10001 | 19/05/2568 | มา", at=LATER, profile=written(desk))


def test_other_headers_than_the_profile_was_made_for_are_told(desk: Desk) -> None:
    with_two_students(desk)
    more = "sid | wan | chk | note\n10001 | 19/05/2568 | มา | x"
    report = desk.bring(more, at=LATER, profile=written(desk))
    assert report.unmapped == ["note"]
    assert any("not those for which the profile was made" in note.en for note in report.notes)


def test_constants_hold_for_every_row_and_are_told(desk: Desk) -> None:
    with_two_students(desk)
    grades = "sid | ผล\n10001 | 3.5\n10002 | มส"
    profile = written(
        desk, tables=["grades"], fingerprint=fingerprint(["sid", "ผล"]),
        columns=[{"header": "sid", "to": ["person.code"]}, {"header": "ผล", "to": ["grades.grade"]}],
        constants={
            "*.academic_year": "2568", "*.term": "1", "grades.course_code": "20001-1001", "*.happened_on": "received",
        },
    )  # fmt: skip
    report = desk.bring(grades, at=LATER, profile=profile)
    assert desk.read(GRADES, "academic_year", "term", "course_code", "happened_on", "grade", "item") == [
        (2025, 1, "20001-1001", "2025-08-01", "3.5", "FINAL"),
        (2025, 1, "20001-1001", "2025-08-01", "MS", "FINAL"),
    ]
    [note] = [note.en for note in report.notes]
    assert "*.academic_year = 2568" in note


def test_one_file_may_tell_several_tables_and_admit_students(desk: Desk) -> None:
    told = """
        เลข   | คน               | ห้องเรียน | เกิด       | สะสม
        10001 | นายดี สมมติ      | ปวช.1/1   | 13/05/2551 | 3.11
        10002 | นางสาวงาม สมมติ  | ปวช.1/2   | 14/06/2551 | 2.50
    """
    columns = [
        {"header": "เลข", "to": ["person.code"]},
        {"header": "คน", "to": ["person.full_name"]},
        {"header": "ห้องเรียน", "to": ["enrolments.level", "enrolments.class_group"]},
        {"header": "เกิด", "to": ["students.birth_month"]},
        {"header": "สะสม", "to": ["term_gpa.gpax"]},
    ]
    profile = written(
        desk, tables=["students", "enrolments", "term_gpa"], covers="whole_roster", columns=columns, fingerprint="",
        constants={"*.academic_year": "2568", "*.term": "1", "*.happened_on": "10/06/2568"},
    )  # fmt: skip
    report = desk.bring(told, at=LATER, profile=profile)
    assert (report.accepted, report.quarantined) == (2, 0)
    assert desk.read(ENROLMENTS, "level", "class_group", "status") == [
        ("V1", "ปวช.1/1", "ENROLLED"), ("V1", "ปวช.1/2", "ENROLLED"),
    ]  # fmt: skip
    assert desk.read(STUDENTS, "birth_month") == [("2008-05-01",), ("2008-06-01",)]
    assert desk.read(TERM_GPA, "gpax") == [(3.11,), (2.5,)]


def test_what_is_saved_is_read_back_the_same(tmp_path: Path) -> None:
    profile = Profile(
        name="แผนก", label=Text(th="ก", en="a"), tables=(ATTENDANCE,), covers=Covers.DAYS_OF_GROUPS, lag_days=2, fingerprint="ab",
        columns=(ProfileColumn(header="ก", to=("person.code",)), ProfileColumn(header="ข", to=("attendance.status",), words={"x": "A"}), ProfileColumn(header="ค")),
        constants={"*.happened_on": "2025-05-19"},
    )  # fmt: skip
    save_profile(profile, tmp_path / "x.json")
    assert read_profile(tmp_path / "x.json") == profile
    assert "ก" in (tmp_path / "x.json").read_text(encoding="utf-8")


FAULTS = (
    ({"version": 2}, "'version' must be 1"),
    ({"lag_days": None}, "it lacks lag_days"),
    ({"colour": "red"}, "it has unknown entries: colour"),
    ({"columns": [{"header": "sid", "to": "person.code"}]}, "'columns' has the wrong form"),
    ({"tables": ["attendence"]}, "there is no table 'attendence' (attendance?)"),
    ({"tables": ["roster_counts"]}, "there is no table 'roster_counts'"),
    ({"covers": "everything"}, "'covers' must be one of nothing, "),
    ({"covers": "whole_roster"}, "'whole_roster' does not go with these tables"),
    ({"columns": [{"header": "sid", "to": ["person.cod"]}]}, "there is no place 'person.cod' (person.code?)"),
    ({"columns": [{"header": "sid", "to": ["grades.grade"]}]}, "'grades.grade' needs 'grades' in 'tables'"),
    ({"columns": [*PROFILE["columns"], {"header": "b", "to": ["person.code"]}]}, "'person.code' is filled more than once"),
    ({"columns": [*PROFILE["columns"], {"header": "SID ", "to": ["person.title"]}]}, "a header stands in 'columns' twice"),
    ({"columns": PROFILE["columns"][1:]}, "no column and no constant fills person.code"),
    ({"columns": PROFILE["columns"][:2]}, "no column and no constant fills attendance.status"),
    ({"columns": [{"header": "chk", "to": ["attendance.status"], "words": {"x": "Z"}}]}, "column 'chk' has no code 'Z'"),
    ({"constants": {"*.term": "9"}}, "the constant of '*.term' cannot be read"),
    ({"constants": {"person.title": "นาย"}}, "the constant of 'person.title' cannot be read"),
)  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), FAULTS, ids=[said for _, said in FAULTS])
def test_a_profile_with_a_fault_is_refused_in_words(desk: Desk, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        load_profile(written(desk, **changes))
    assert str(refused.value).startswith("marks.json is no mapping profile that can be used: ")
    assert said in str(refused.value)
    assert refused.value.code == "BAD_PROFILE"


def test_a_file_that_is_no_json_or_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("{\n 'a'", encoding="utf-8")
    with pytest.raises(ImportRefused, match="line 2 is no JSON"):
        load_profile(path)
    path.write_bytes('{"ก": 1}'.encode("cp874"))
    with pytest.raises(ImportRefused, match="save it as UTF-8"):
        load_profile(path)
    with pytest.raises(ImportRefused, match=r"There is no file y\.json"):
        load_profile(tmp_path / "y.json")


# By questions


def mapped(desk: Desk, file: Path, *answers: str, header: str = "", out: Path | None = None) -> Any:
    """What `zerodrop import FILE --map` says and does when these answers are piped in.

    `header` answers which row is the header: none of these files has one that is known.
    """
    app = typer.Typer()

    @app.command()
    def map_and_import() -> None:
        asked = ask_mapping(desk.home, ImportRequest(path=file, institution=CODE), out)
        for report in import_file(desk.home, asked):
            typer.echo(report.text())

    return CliRunner().invoke(app, [], input="\n".join((header, *answers)) + "\n", env={"COLUMNS": "300"})


def test_enter_accepts_what_is_proposed_and_the_import_follows(desk: Desk) -> None:
    with_two_students(desk)
    file = desk.file(WEEKS)
    said = mapped(desk, file, "", "", "", "", "1", "A", "y")
    assert said.exit_code == 0, said.output
    assert desk.read(ATTENDANCE, "happened_on", "status")[-2:] == [("2025-05-14", "P"), ("2025-05-19", "A")]
    profile = json.loads((desk.folder / "file.profile.json").read_text(encoding="utf-8"))
    assert profile["columns"] == [
        {"header": "sid", "to": ["person.code"]},
        {"header": "wan", "to": ["*.happened_on"]},
        {"header": "chk", "to": ["attendance.status"], "words": {"ไม่เห็น": "A"}},
    ]
    assert profile["tables"] == ["attendance"]


def test_the_first_rows_are_shown_as_they_would_be_read(desk: Desk) -> None:
    with_two_students(desk)
    file = desk.file("sid | wan | chk\n10001 | 19/05/2568 | ข\n99999 | 19/05/2568 | มา")
    said = mapped(desk, file, "", "", "", "", "1", "n")
    assert "attendance.status = ขาด" in said.output
    assert "attendance.happened_on = 19/05/2568" in said.output
    assert "UNKNOWN_STUDENT" in said.output


@pytest.mark.parametrize("answers", [("", "", "", "", "1", "A", "n"), ("", ""), ()])
def test_aborting_stores_nothing(desk: Desk, answers: tuple[str, ...]) -> None:
    with_two_students(desk)
    before = (len(ledger.paths(desk.home.database)), sorted(desk.folder.iterdir()))
    file = desk.file(WEEKS)
    said = mapped(desk, file, *answers)
    assert said.exit_code != 0
    assert (len(ledger.paths(desk.home.database)), sorted(desk.folder.iterdir())) == (
        before[0],
        sorted({*before[1], file}),
    )


def test_the_header_may_stand_below_a_title_in_any_row_that_the_clerk_names(desk: Desk) -> None:
    with_two_students(desk)
    for name, rows in (
        ("title.csv", "แบบบันทึก\nงานแผนก ก\n" + WEEKS.replace(" | ", ",")),
        ("wide.csv", "แบบบันทึก,,\n,,\n" + WEEKS.replace(" | ", ",")),
    ):
        file = desk.folder / name
        file.write_text(rows, encoding="utf-8")
        said = mapped(desk, file, "", "", "", "", "1", "A", "y", header="3")
        assert said.exit_code == 0, said.output
        assert "person.code" in file.with_suffix(".profile.json").read_text(encoding="utf-8")
    assert len(desk.known(ATTENDANCE, "status")) == 11


def test_a_file_without_a_header_is_refused_and_no_student_named(desk: Desk) -> None:
    said = mapped(desk, desk.file(WEEKS), header="2")
    assert isinstance(said.exception, ImportRefused)
    assert "has no row with headers" in str(said.exception)
    assert "10001" not in str(said.exception)


def test_the_dry_check_of_a_roster_admits_nobody(desk: Desk) -> None:
    file = desk.file("เลข | คน | ห้องเรียน\n10001 | นายดี สมมติ | ปวช.1/1\n10002 | นายงาม สมมติ | ปวช.1/2")
    said = mapped(desk, file, "enrolments", "person.code", "", "", "2568", "1", "10/06/2568", "1", "n")
    assert "enrolments.level = ปวช.1" in said.output, said.output
    stranger = Identity(identifiers={IdKind.CODE: "10001"})
    assert not ledger.student_ids(desk.home.database, CODE)
    assert desk.home.vault.find(CODE, [stranger]) == [None]
    again = mapped(desk, file, "enrolments", "person.code", "", "", "2568", "1", "10/06/2568", "1", "y")
    assert again.exit_code == 0, again.output
    assert desk.read(ENROLMENTS, "level", "class_group", "happened_on") == [
        ("V1", "ปวช.1/1", "2025-06-10"), ("V1", "ปวช.1/2", "2025-06-10"),
    ]  # fmt: skip


def test_wrong_answers_are_asked_again(desk: Desk) -> None:
    with_two_students(desk)
    file = desk.file(MARKS)
    answers = (
        "?", "attendence", "attendance",  # the table
        "?", "person.cod", "person.code",  # sid
        "person.code", "-",  # wan: taken, then left out
        "attendance.status",  # chk
        "31/02/2568", "19/05/2568",  # the day, for every row
        "7", "2",  # what it tells completely
        "xyz", "ขาด",  # the word
        "y",
    )  # fmt: skip
    said = mapped(desk, file, *answers, out=desk.folder / "own.json")
    assert said.exit_code == 0, said.output
    assert "(attendance?)" in said.output
    assert "(person.code?)" in said.output
    assert "another column fills it already" in said.output
    profile = read_profile(desk.folder / "own.json")
    assert profile.constants == {"*.happened_on": "2025-05-19"}
    assert profile.covers is Covers.DAYS_OF_GROUPS
    assert desk.read(ATTENDANCE, "happened_on", "status") == [("2025-05-19", "P"), ("2025-05-19", "A")]


def test_columns_are_asked_again_when_nobody_is_named(desk: Desk) -> None:
    with_two_students(desk)
    said = mapped(desk, desk.file(WEEKS), "", "-", "", "", "person.code", "", "", "1", "", "y")
    assert "some column must say which student" in said.output
    assert desk.read(ATTENDANCE, "status") == [("P",)] * 10


def test_a_minus_for_a_constant_leads_back_to_the_columns(desk: Desk) -> None:
    with_two_students(desk)
    answers = ("", "", "-", "", "-")  # nothing says the day, and it is the same for no row
    said = mapped(desk, desk.file(WEEKS), *answers, "", "*.happened_on", "", "1", "", "y")
    assert said.exit_code == 0, said.output
    assert read_profile(desk.folder / "file.profile.json").constants == {}


def test_years_and_days_may_be_buddhist_or_common(desk: Desk) -> None:
    with_two_students(desk)
    file = desk.file("sid | ผล\n10001 | 3.5\n10002 | มส\n10002 | 2.5")
    for number, (year, day) in enumerate((("2568", "16/06/2568"), ("2025", "2025-06-16"))):
        out = desk.folder / f"{number}.json"
        said = mapped(desk, file, "grades", "", "", f"2000{number}-1001", year, "1", day, "y", out=out)
        assert "grades.academic_year = 2568" in said.output, said.output
    assert {row[1:] for row in desk.known(GRADES, "course_code", "academic_year", "happened_on")} == {
        (2025, "2025-06-16")
    }


def test_too_many_unknown_words_are_no_codes(desk: Desk) -> None:
    rows = "\n".join(f"{10001 + number} | 19/05/2568 | คำ{chr(0x0E01 + number)}" for number in range(31))
    said = mapped(desk, desk.file(f"sid | wan | chk\n{rows}"), "attendance", "", "", "attendance.status", "1")
    assert isinstance(said.exception, ImportRefused)
    assert "holds 31 words that are no code" in str(said.exception)
    assert "คำก" not in str(said.exception)


def test_numbers_of_people_are_no_words_for_codes(desk: Desk) -> None:
    said = mapped(desk, desk.file(WEEKS), "", "attendance.status", "", "person.code", "1")
    assert isinstance(said.exception, ImportRefused)
    assert "10001" not in str(said.exception)


def test_no_cell_of_a_student_is_in_the_profile(desk: Desk) -> None:
    with_two_students(desk)
    mapped(desk, desk.file(WEEKS), "", "", "", "", "1", "A", "y")
    text = (desk.folder / "file.profile.json").read_text(encoding="utf-8")
    assert not [cell for cell in ("10001", "10002", "19/05/2568", 'มา"') if cell in text]


def test_a_profile_that_is_there_already_is_not_replaced(desk: Desk) -> None:
    with pytest.raises(UserError, match="exists already"):
        ask_mapping(desk.home, ImportRequest(path=desk.file(WEEKS), institution=CODE), written(desk))
