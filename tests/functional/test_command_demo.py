"""`zerodrop demo`: from nothing to a published list and a page that answers, in one command."""

from pathlib import Path

import pytest

from tests.functional.command_fixtures import FEW_TREES, INSTITUTION, Files, Said, call, query, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def demo(folder: Path) -> Said:
    return run("demo", "--no-serve", "--students", "300", "--home", folder / "demo", code=FEW_TREES)


def test_it_ends_well_and_says_that_the_page_answers(demo: Said) -> None:
    assert demo.code == 0, demo.err
    assert demo.out.endswith("The page answers. หน้าเว็บตอบสนองแล้ว\n")
    assert "Traceback" not in demo.err


def test_it_says_where_to_look_and_what_to_try(demo: Said) -> None:
    assert "the list: http://127.0.0.1:8000/    API: http://127.0.0.1:8000/api/v1/lists/current" in demo.out
    assert "Try: sign in as advisor and as committee, switch the language, open a student, print the page." in demo.out
    assert "ลองทำ: เข้าใช้เป็นครูที่ปรึกษาแล้วเป็นคณะกรรมการ" in demo.out
    for role in ("advisor", "committee", "director", "analyst", "admin"):
        line = next(line for line in demo.out.splitlines() if line.startswith(f"  {role} "))
        assert len(line.split()) == 3, "role, login and password"


def test_it_shows_the_card_and_publishes_a_list_by_a_model(demo: Said, folder: Path) -> None:
    assert "# บัตรแบบจำลอง · Model card" in demo.out
    assert f"published; list of 2026-09-07 for {INSTITUTION}, model " in demo.out
    published = query(folder / "demo", "select as_of, status, model_digest from publication")
    assert [row[:2] for row in published] == [("2026-09-07", "current")]
    assert published[0][2] != "absence_rule"


def test_the_demo_is_signed_for_as_what_it_is(demo: Said, folder: Path) -> None:
    assert demo.code == 0
    signed = query(folder / "demo", "select signed_by, reason from promotion")
    assert signed == [("demo", "simulated college, nobody's child")]


def test_nothing_is_missing_after_it(demo: Said, folder: Path) -> None:
    assert demo.code == 0
    assert call("check", "--home", folder / "demo").out == "Nothing is missing. ครบแล้ว\n"


def test_no_student_is_named_on_either_stream(demo: Said, folder: Path) -> None:
    personal = Files(folder=folder / "demo-files").personal()
    assert len(personal) > 300
    assert not [marked for marked in personal if marked in demo.everything]


def test_a_second_demo_in_the_same_place_is_refused(demo: Said, folder: Path) -> None:
    assert demo.code == 0
    said = call("demo", "--no-serve", "--home", folder / "demo")
    assert said.code == 4
    assert said.err == (
        f"There is {folder / 'demo'} and {folder / 'demo-files'} already, and the demo starts from nothing. "
        "Remove what is left of an earlier demo, or choose another --home. · "
        f"มี {folder / 'demo'} และ {folder / 'demo-files'} อยู่แล้ว "
        "การสาธิตต้องเริ่มจากที่ว่าง ลบของการสาธิตครั้งก่อน หรือเลือก --home อื่น\n"
    )
