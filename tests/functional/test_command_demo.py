"""`zerodrop demo`: from nothing to a published list and a page that answers, in one command."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path

import pytest

from tests.faults.running import Running, free_port
from tests.functional.command_fixtures import (
    FEW_TREES,
    GAP,
    INSTITUTION,
    ROOT,
    Files,
    Place,
    Said,
    call,
    make_place,
    query,
    run,
)


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
        "Serve it once more with --again, remove what is left of it, or choose another --home. · "
        f"มี {folder / 'demo'} และ {folder / 'demo-files'} อยู่แล้ว "
        "การสาธิตต้องเริ่มจากที่ว่าง เปิดของเดิมด้วย --again ลบของเดิม หรือเลือก --home อื่น\n"
    )


@contextmanager
def served_again(home: Path) -> Iterator[tuple[Running, dict[str, tuple[str, str]]]]:
    """The demo as `--again` serves it, and login and password of each role as it told them."""
    port = free_port()
    command = (sys.executable, "-u", "zerodrop.py", "demo", "--again", "--home", home, "--port", str(port))
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stderr
            said = [*takewhile(lambda line: "--again" not in line, process.stdout)]
            assert said[-1].endswith("In the demo today is Monday, 7 September 2026.\n")
            roles = {words[0]: (words[1], words[2]) for words in map(str.split, said) if len(words) == 3}
            assert '"event": "serving"' in process.stderr.readline()
            yield Running(process=process, port=port), roles
        finally:
            process.kill()


def test_it_is_served_again_with_new_passwords_on_the_monday_of_its_list(demo: Said, folder: Path) -> None:
    assert demo.code == 0
    with served_again(folder / "demo") as (server, roles):
        login, password = roles["committee"]
        assert password not in demo.out
        answer = server.try_sign_in(login, password)
        assert answer.status == 303
        session = str(answer.headers["Set-Cookie"])
        assert "Secure" not in session, "not every browser takes a Secure cookie from http://127.0.0.1"
        page = server.get("/", cookie=session.partition(";")[0]).body.decode()
    assert "7 กันยายน 2569" in page
    assert "ข้อมูลเก่า" not in page, "months later its list is as it was on its Monday"
    assert "ควรเยี่ยมก่อน" in page


def test_nobodys_real_password_is_made_anew(tmp_path: Path) -> None:
    place: Place = make_place(tmp_path)
    said = call("demo", "--again", "--no-serve", "--home", place.home)
    assert said.code == GAP
    assert said.out == ""
    assert said.err.startswith("This data home is no finished demo. Make one with `zerodrop demo`; ")
