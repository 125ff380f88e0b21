"""The rights of a person by the real commands, over a simulated college; then the pages, the API and a replayed list."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from records.erasure import erase
from tests.browser.sample_college import INSTITUTION as SAMPLE
from tests.browser.sample_college import MARK, SampleCollege
from tests.functional.command_fixtures import (
    USAGE,
    Files,
    Said,
    call,
    copy_home,
    key_of,
    make_files,
    query,
    run,
)
from tests.functional.test_command_replay import take_week
from tests.records.erasing import traces


@dataclass(frozen=True, kw_only=True)
class College:
    """A home with a published list, and somebody high on it whose code is known."""

    home: Path
    files: Files
    publication: str
    student: UUID
    code: str
    personal: frozenset[str]
    """What the roster has of the person: number, code and surname."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> College:
    folder = tmp_path_factory.mktemp("privacy")
    home, files = folder / "var", make_files(folder / "files", students=60, years=1)
    assert call("init", "--from", files.workbook, "--no-codes", "--home", home).code == 0
    for file in files.history:
        assert call("import", file, "--history", "--home", home).code == 0
    for monday in files.mondays[:2]:
        take_week(home, files, monday)
    told = call("score", "--as-of", str(files.mondays[1]), "--home", home, "--json").document
    high = query(home, "select student_id from list_entry where band = 'high' order by rank limit 1")
    student = UUID(high[0][0])
    code, personal = _who(home, files, student)
    return College(
        home=home, files=files, publication=told["publication"], student=student, code=code, personal=personal
    )


def _who(home: Path, files: Files, student: UUID) -> tuple[str, frozenset[str]]:
    """The code of a student and what else the rosters have of them, found as staff would: by asking for each code."""
    import csv

    for roster in files.folder.rglob("roster.csv"):
        with roster.open(encoding="utf-8-sig", newline="") as opened:
            for row in csv.DictReader(opened):
                found = call("person", "find", "--code", row["รหัสนักศึกษา"], "--home", home, "--json")
                if found.code == 0 and found.document["student_id"] == str(student):
                    told = {row["รหัสนักศึกษา"], row["เลขประจำตัวประชาชน"]}
                    return row["รหัสนักศึกษา"], frozenset(told)
    raise AssertionError("the student is on no roster")


@pytest.fixture
def college(made: College, tmp_path: Path) -> College:
    """The same college in a home that a test may change."""
    return College(**{**vars(made), "home": copy_home(made.home, tmp_path)})


def erased(college: College, *words: str) -> Said:
    return call(
        "person", "erase", str(college.student), "--reason", "request 1/2569", "--yes", *words, "--home", college.home
    )


# Finding


def test_a_student_is_found_by_code_without_a_name_and_the_look_is_recorded(made: College) -> None:
    said = run("person", "find", "--home", made.home, typed=f"{made.code}\n")
    assert said.code == 0, said.err
    assert said.out.split()[0] == str(made.student)
    group = query(made.home, "select class_group from student where student_id = ?", made.student.hex)[0][0]
    assert said.out.strip() == f"{made.student}  {group}"
    assert not [mark for mark in made.files.personal() if mark in said.everything]
    [(action, student)] = query(made.home, "select action, student_id from audit order by id desc limit 1")
    assert (action, student) == ("find student", made.student.hex)


def test_by_the_national_number_too(made: College) -> None:
    national = next(mark for mark in made.personal if len(mark) == 13)
    found = call("person", "find", "--code", national, "--home", made.home, "--json").document
    assert found["student_id"] == str(made.student)


def test_nobody_is_found_and_the_code_is_not_repeated(made: College) -> None:
    said = call("person", "find", "--code", "99999999", "--home", made.home)
    assert said.code == USAGE
    assert "has this code. Type it as the roster has it" in said.err
    assert "ไม่มีนักเรียนรหัสนี้" in said.err
    assert "99999999" not in said.everything


def test_who_looked_is_told_in_words(college: College) -> None:
    said = call("audit", "who-saw", str(college.student), "--home", college.home)
    assert said.code == 0, said.err
    looks = [line for line in said.out.splitlines() if "find student" not in line]
    assert any(line.endswith(": ค้นหานักเรียนด้วยเลขประจำตัว · looked up a student by their number") for line in looks)
    assert len(looks) == len(said.out.splitlines())
    assert call("audit", "who-saw", str(college.student), "--home", college.home, "--json").document["looks"][0][
        "action"
    ]


# Exporting and correcting


def test_the_export_is_written_for_its_owner_and_names_nobody_on_the_screen(made: College, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = call("person", "export", str(made.student), "--out", out, "--home", made.home)
    assert said.code == 0, said.err
    assert not [mark for mark in made.files.personal() if mark in said.everything]
    told = json.loads((out / "person.json").read_text(encoding="utf-8"))
    assert {row["value"] for row in told["identifiers"]} >= made.personal - {made.code}
    assert told["attendance"]
    assert told["lists"][0]["reasons"][0]["th"]
    assert "missed_run_now" not in json.dumps(told["lists"], ensure_ascii=False), "reasons are sentences"
    assert {(path.stat().st_mode & 0o777) for path in out.iterdir()} == {0o600}
    assert told["looks"][-1]["action"] == {
        "code": "export person", "th": "ส่งออกข้อมูลทั้งหมดของนักเรียน", "en": "exported all that is held on a student"
    }  # fmt: skip
    page = (out / "person.html").read_text(encoding="utf-8")
    assert told["names"][0]["last_name"] in page


def test_a_folder_with_something_in_it_is_not_written_into(made: College, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("mine")
    said = call("person", "export", str(made.student), "--out", tmp_path, "--home", made.home)
    assert said.code == USAGE
    assert "is not empty, and nothing in it is replaced" in said.err


def test_a_correction_is_taken_down_listed_and_answered(college: College) -> None:
    words, answer = "ไม่ได้ขาดเรียนวันจันทร์", "ครูแก้บันทึกแล้ว นำเข้าใหม่แล้ว"
    home = ("--home", college.home)
    added = run("person", "correction", "add", str(college.student), *home, "--json", typed=f"{words}\n").document
    said = call("person", "correction", "list", *home)
    assert added["request"] in said.out
    assert words in said.out
    assert re.search(r"ตอบภายใน \d\d/\d\d/25\d\d · answer by 20\d\d-\d\d-\d\d", said.out)
    done = call("person", "correction", "decide", added["request"], "--corrected", "--answer", answer, *home)
    assert "แก้แล้ว · corrected" in done.out
    assert "no request waits" in call("person", "correction", "list", *home).out
    [kept] = call("person", "correction", "list", "--all", *home, "--json").document
    assert (kept["words"], kept["answer"], kept["decision"]) == (words, answer, "corrected")
    again = call("person", "correction", "decide", added["request"], "--refused", "--answer", "x", *home)
    assert again.code == USAGE
    assert "answered already" in again.err


# Erasing


@pytest.mark.parametrize("typed", ["n\n", ""], ids=["no", "nobody answers"])
def test_erasing_asks_first(college: College, typed: str) -> None:
    said = run("person", "erase", str(college.student), "--reason", "x", "--home", college.home, typed=typed)
    assert said.code == 1
    assert "Delete everything about this student, for good?" in said.err
    assert said.err.endswith("ยังไม่ได้ทำอะไร ใส่ --yes ถ้าไม่ต้องให้ถาม · nothing was done; with --yes it is not asked\n")
    assert query(college.home, "select count(*) from erasure") == [(0,)]


def test_after_an_erasure_no_file_of_the_home_has_a_trace(college: College) -> None:
    home = ("--home", college.home)
    last = call("person", "export", str(college.student), "--out", college.home.parent / "out", *home)
    assert last.code == 0
    told = json.loads((college.home.parent / "out" / "person.json").read_text(encoding="utf-8"))
    first = told["names"][0]["first_name"]
    names_before = traces(college.home, first)
    said = erased(college)
    assert said.code == 0, said.err
    assert "zerodrop backup make" in said.out
    assert "the next roster would bring them back" in said.out
    assert not [mark for mark in college.files.personal() if mark in said.everything]
    assert traces(college.home, *college.personal) == []
    assert traces(college.home, college.student) == ["erasures.jsonl", "zerodrop.db"]
    assert "people.db" in names_before
    found = call("person", "find", "--code", college.code, *home)
    assert found.code == USAGE
    for words in (
        ("export", str(college.student), "--out", college.home.parent / "o2"),
        ("erase", str(college.student), "--reason", "x", "--yes"),
    ):
        assert "has no such student, or they were erased" in call("person", *words, *home).err


def test_the_week_can_be_scored_again_without_them(college: College) -> None:
    own = UUID(college.publication).hex
    before = query(college.home, "select count(*) from list_entry where publication_id = ?", own)[0][0]
    assert erased(college).code == 0
    told = call("score", "--as-of", str(college.files.mondays[1]), "--home", college.home, "--json").document
    assert told["outcome"] == "published"
    assert told["students"] == before - 1
    assert (
        told["high"]
        == query(
            college.home,
            "select count(*) from list_entry where band = 'high' and publication_id = ?",
            UUID(college.publication).hex,
        )[0][0]
    )


def test_a_replayed_list_says_that_erased_persons_are_the_only_difference(college: College) -> None:
    assert call("replay", "--list", college.publication, "--home", college.home, "--json").document["identical"]
    assert erased(college).code == 0
    said = call("replay", "--list", college.publication, "--home", college.home)
    assert "erased persons are the only difference (1)" in said.out, said.out
    assert "ต่างกันเพราะมีคนที่ถูกลบข้อมูลตามคำขอ 1 คนเท่านั้น" in said.out
    assert "a cause can be" not in said.out
    told = call("replay", "--list", college.publication, "--home", college.home, "--json").document
    assert told["differences"]["only_stored"] == told["differences"]["only_again"] == 0
    assert set(told["differences"]["fields"]) <= {"rank", "band", "cause", "cut_off", "listed_probability"}


def test_something_else_that_was_altered_is_not_put_down_to_the_erasure(college: College) -> None:
    import sqlite3

    assert erased(college).code == 0
    with sqlite3.connect(college.home / "zerodrop.db") as database:
        database.execute("update list_entry set reasons = '[]' where rank = 2")
    database.close()
    said = call("replay", "--list", college.publication, "--home", college.home)
    assert "erased persons are the only difference" not in said.out
    assert "reasons differs for 1" in said.out


# Retention, backup and restore


def test_prune_counts_by_kind_and_then_deletes(college: College) -> None:
    home = ("--home", college.home)
    counted = call("prune", "--dry-run", *home, "--json").document
    assert counted["dry_run"] is True
    assert counted["rows"]["lists"] == 1
    assert counted["rows"]["scores"] > 50
    said = call("prune", "--dry-run", *home)
    assert "จะลบ · would be deleted:" in said.out
    assert "คะแนนและเหตุผลของนักเรียน · scores and reasons of students" in said.out
    assert query(college.home, "select count(*) from publication where pruned_at is not null") == [(0,)]
    deleted = call("prune", *home, "--json").document["rows"]
    assert {name: rows for name, rows in deleted.items() if name != "erasures"} == counted["rows"]
    assert "nothing is over its time" in call("prune", *home).out
    replayed = call("replay", "--list", college.publication, *home)
    assert "the stored scores and reasons were deleted, their time being over" in replayed.out
    assert "คะแนนและเหตุผลที่เก็บไว้ถูกลบแล้วเพราะครบกำหนด" in replayed.out


def test_the_drill_backup_erase_restore(college: College, tmp_path: Path) -> None:
    made = call("backup", "make", "--to", tmp_path / "b", "--home", college.home, "--json").document
    assert call("backup", "verify", made["path"]).out.strip() == "สมบูรณ์ · whole"
    assert erased(college).code == 0
    newest = college.home / "erasures.jsonl"
    new = tmp_path / "new"
    words = ("restore", made["path"], "--into", new, "--key", key_of(college.home))
    asked = run(*words, typed="n\n")
    assert asked.code == 1
    assert not new.exists()
    said = call(*words, "--erasures", newest, "--yes")
    assert said.code == 0, said.err
    assert "erased again: 1" in said.out
    key_of(new).write_bytes(key_of(college.home).read_bytes())
    key_of(new).chmod(0o600)
    assert traces(new, *college.personal) == []
    assert traces(new, college.student) == ["erasures.jsonl", "zerodrop.db"]
    assert call("audit", "verify", "--home", new).code == 0
    monday = str(college.files.mondays[1])
    assert call("score", "--as-of", monday, "--home", new).code == 0


def test_the_command_says_that_the_key_is_not_in_it(college: College, tmp_path: Path) -> None:
    said = call("backup", "make", "--to", tmp_path / "b", "--home", college.home)
    assert f"the key is not in it: keep {key_of(college.home)} somewhere else" in said.out
    assert "กุญแจไม่อยู่ในชุดสำรอง" in said.out


def test_the_command_says_what_became_of_the_trainings(college: College, tmp_path: Path) -> None:
    words = ("backup", "make", "--home", college.home, "--to")  # each to a place of its own: a name is for a second
    none = call(*words, tmp_path / "none")
    assert none.code == 0
    assert "การฝึกที่เสร็จแล้วในชุดนี้ 0 ครั้ง · finished trainings in it: 0" in none.out
    elsewhere = run(
        *words, tmp_path / "other", environment={"ZERODROP_MLFLOW_URL": "postgresql://m:secret@127.0.0.1:1/m"}
    )
    assert elsewhere.code == 0
    assert "the trainings are not in it, for ZERODROP_MLFLOW_URL lists them: back up that database" in elsewhere.out
    assert "secret" not in elsewhere.everything
    path = college.home / "mlflow" / "mlflow.db"
    path.parent.mkdir()
    path.write_bytes(b"no database at all " * 100)
    damaged = call(*words, tmp_path / "json", "--json")
    assert damaged.code == 1
    assert damaged.document["runs_wrong"].startswith(f"{path}, which lists the trained models, is damaged. Restore it")
    assert call("backup", "verify", damaged.document["path"]).code == 0
    assert "กู้จากข้อมูลสำรอง" in call(*words, tmp_path / "text").out


def test_a_damaged_backup_is_told_file_by_file(college: College, tmp_path: Path) -> None:
    path = Path(call("backup", "make", "--to", tmp_path / "b", "--home", college.home, "--json").document["path"])
    (path / "people.db").write_bytes(b"")
    said = call("backup", "verify", path)
    assert said.code == 1
    assert "people.db is not what was backed up · ไฟล์ไม่ตรงกับที่สำรองไว้" in said.out
    assert "nothing was restored" in call("restore", path, "--into", tmp_path / "n", "--yes").err
    (path / "manifest.json").unlink()
    again = call("backup", "make", "--to", tmp_path / "b", "--home", college.home)
    assert again.code == 1
    assert f"! {path} is no whole backup: its manifest is missing or was changed. Use another one. · " in again.out
    assert call("backup", "make", "--to", tmp_path / "b", "--home", college.home).code == 0


# Pages and API


def test_an_erased_student_is_on_no_page_and_in_no_answer(
    college_with_list: SampleCollege, signed_in: Callable[..., TestClient]
) -> None:
    home, student = college_with_list.home, college_with_list.students["kru.a"][0]
    browser = signed_in(college_with_list, "kru.a")
    name = college_with_list.names[student]
    assert name in browser.get("/").text
    assert browser.get(f"/students/{student}").status_code == 200
    before = browser.get("/api/v1/lists/current").json()
    assert str(student) in json.dumps(before)
    erase(home, SAMPLE, student, actor="office", reason="asked")
    for page in ("/", "/?q=" + name.split()[0]):
        text = browser.get(page).text
        assert str(student) not in text
        assert name not in _own_group(text, college_with_list)
    assert browser.get(f"/students/{student}").status_code == 404
    assert browser.get(f"/api/v1/students/{student}").status_code == 404
    after = browser.get("/api/v1/lists/current").json()
    assert str(student) not in json.dumps(after)
    assert MARK in browser.get("/").text, "everybody else is still there"


def _own_group(text: str, college: SampleCollege) -> str:
    """The page without those who share the erased student's name in the other group: none of them is on this page."""
    others = {college.names[one] for one in college.students["kru.b"]}
    assert others, "the other group has the same names"
    return text


@pytest.fixture
def college_with_list(unpublished: SampleCollege) -> SampleCollege:
    unpublished.publish()
    return unpublished


def test_a_pseudonym_that_never_was_is_answered_as_an_erased_one(
    college_with_list: SampleCollege, signed_in: Callable[..., TestClient]
) -> None:
    student: Any = college_with_list.students["kru.a"][0]
    erase(college_with_list.home, SAMPLE, student, actor="office", reason="asked")
    browser = signed_in(college_with_list, "kru.a")
    answers = [browser.get(f"/students/{one}") for one in (student, uuid4())]
    assert [one.status_code for one in answers] == [404, 404]
    said = [re.sub(r"[0-9a-f-]{36}|[0-9a-f]{16,}", "", one.text) for one in answers]
    assert said[0] == said[1]
