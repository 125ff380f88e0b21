"""What a person can mend is a sentence and an exit code of its own, never a traceback; nothing is half done."""

import errno
import os
import re
import socket
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from records.intake.sources import SOURCE_OF
from records.tables import TABLE_OF
from tests.functional.command_fixtures import (
    GAP,
    IMPORT,
    INSTITUTION,
    MODEL,
    SERVE,
    USAGE,
    VAULT,
    Place,
    call,
    copy_home,
    key_of,
    make_place,
    refused,
    run,
    tables_of,
    write_setup,
)

MONDAY = "2025-09-08"
HEADER = "รหัสนักศึกษา,กลุ่มเรียน,วันที่,คาบ,สถานะ"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return make_place(tmp_path_factory.mktemp("place"))


@pytest.fixture
def copied(place: Place, tmp_path: Path) -> Path:
    """A data home that a test may damage."""
    return copy_home(place.home, tmp_path)


# One of every kind, in a process of its own


def test_each_kind_of_error_has_its_exit_code_and_no_traceback(place: Place, tmp_path: Path) -> None:
    home = ("--home", place.home)
    keyless = copy_home(place.home, tmp_path)
    key_of(keyless).unlink()
    asked: dict[int, tuple[str | Path, ...]] = {
        USAGE: ("score", *home),
        IMPORT: ("init", "--from", tmp_path / "none.xlsx", *home),
        GAP: ("check", "--institution", "1", *home),
        VAULT: ("check", "--home", keyless),
        MODEL: ("promote", "--signed-by", " ", "--reason", "ข", *home),
        SERVE: ("serve", "--host", "0.0.0.0", *home),
    }
    for code, words in asked.items():
        said = run(*words)
        assert (said.code, said.out) == (code, ""), said.err
        assert said.err.strip()
        assert "Traceback" not in said.err


# Files


def written(place: Place, name: str, content: bytes | str) -> Path:
    path = place.bad / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


FILES: tuple[tuple[str, bytes | str, str], ...] = (
    ("empty.csv", "", "empty.csv has no rows. Export it again and look whether the filter was left on."),
    ("header.csv", HEADER + "\n", "header.csv has no rows. Export it again and look whether the filter was left on."),
    (
        "picture.xlsx",
        b"\x89PNG\r\n\x1a\n" + bytes(64),
        "picture.xlsx cannot be read: it is no table but a picture. Save it again as XLSX or CSV (UTF-8) and import that.",
    ),
    (
        "page.xls",
        "<html><table><tr><td>รหัสนักศึกษา</td></tr></table></html>",
        "page.xls cannot be read: it is a web page that was named .xls. "
        "Save it again as XLSX or CSV (UTF-8) and import that.",
    ),
    (
        "other.csv",
        "a,b\n1,2\n",
        "other.csv matches no table that zerodrop knows. Found: fewer than two known headers in 2 columns. "
        "Name the source with --source or the table with --table (docs/sources/ has a page for every source), "
        "or say where each column goes: zerodrop import FILE --map",
    ),
)


@pytest.mark.parametrize(("name", "content", "sentence"), FILES, ids=[name for name, _, _ in FILES])
def test_a_file_that_cannot_be_taken(place: Place, name: str, content: bytes | str, sentence: str) -> None:
    before = tables_of(place.home)
    said = call("import", written(place, name, content), "--home", place.home)
    refused(said, code=IMPORT, sentence=sentence)
    assert tables_of(place.home) == before


def test_a_file_that_is_not_there(place: Place) -> None:
    said = call("import", place.bad / "nothing.csv", "--home", place.home)
    refused(said, code=IMPORT, sentence="There is no file nothing.csv. Check the path.")


def test_a_missing_column_is_named_with_those_that_were_found(place: Place) -> None:
    file = written(place, "short.csv", f"รหัสนักศึกษา,กลุ่มเรียน,วันที่,คาบ\n{place.code},ปวช.1/1,18/08/2568,ทั้งวัน\n")
    said = call("import", file, "--source", "attendance", "--home", place.home)
    refused(
        said,
        code=IMPORT,
        sentence="short.csv has no column 'การมาเรียน'. Found: 'รหัสนักศึกษา', 'กลุ่มเรียน', 'วันที่', 'คาบ'. "
        "If a column was renamed at the source, give it back one of its known names "
        "(docs/sources/ has a page for every source) and import again.",
    )


def test_bad_rows_go_into_quarantine_and_the_good_one_goes_on(place: Place, copied: Path) -> None:
    rows = (
        (place.code, "18/08/2568", "มา"),
        (place.code, "19/08/2568", "นอนหลับ"),
        (place.code, "18/08/2468", "มา"),
        (place.code, "18/08/2599", "มา"),
        (place.code, "31/02/2568", "มา"),
        ("77777777777", "18/08/2568", "มา"),
        (place.code, "18/08/1568", "มา"),
    )
    lines = [f"{code},ปวช.1/1,{day},ทั้งวัน,{status}" for code, day, status in rows]
    file = written(place, "rows.csv", "\n".join([HEADER, *lines]))
    asked = ("import", file, "--received-at", "2025-08-24T20:00", "--home", copied)
    report = call(*asked, "--json").document[0]
    assert (report["rows"], report["accepted"], report["quarantined"]) == (7, 1, 6)
    assert report["lines"] == {
        "UNKNOWN_CODE": [3],
        "DATE_OUT_OF_RANGE": [4],
        "DATE_IN_FUTURE": [5],
        "BAD_DATE": [6, 8],
        "UNKNOWN_STUDENT": [7],
    }
    said = call(*asked)
    assert said.code == 0
    for sentence in (
        "UNKNOWN_CODE x1, ช่อง (column) สถานะ, บรรทัด (lines) 3: คำในช่องนี้ไม่อยู่ในรายการที่รู้จัก · the word in a cell is not one of the known codes",
        "DATE_OUT_OF_RANGE x1, ช่อง (column) วันที่, บรรทัด (lines) 4: วันที่อยู่นอกช่วงที่เป็นไปได้ · a date is out of range; look at the year",
        "DATE_IN_FUTURE x1, บรรทัด (lines) 5: วันที่อยู่หลังวันที่ได้รับไฟล์ · the date lies after the day the file was received",
        "UNKNOWN_STUDENT x1, บรรทัด (lines) 7: ไม่พบรหัสนี้ในทะเบียน ให้นำเข้าทะเบียนก่อน · this code is on no roster; import the roster first",
        "ไฟล์นี้เคยนำเข้าแล้วเป็นชุดที่",
    ):
        assert sentence in said.out


# Words after the command


def no_such_institution(code: str) -> str:
    return (
        f"There is no institution '{code}'. Known: {INSTITUTION}. Enter it with `zerodrop init`. · "
        f"ไม่มีสถานศึกษารหัส '{code}' ที่มีคือ {INSTITUTION} เพิ่มด้วยคำสั่ง zerodrop init"
    )


_CE = "Give the year as 2026: 2026-09-07."
WORDS: tuple[tuple[str, int, str], ...] = (
    ("check --institution 1", GAP, no_such_institution("1")),
    ("import {file} --institution 1", GAP, no_such_institution("1")),
    (f"score --as-of {MONDAY} --institution 1", GAP, no_such_institution("1")),
    (f"replay --as-of {MONDAY} --institution 1", GAP, no_such_institution("1")),
    ("train --institution 1", GAP, no_such_institution("1")),
    ("promote --signed-by ก --reason ข --institution 1", GAP, no_such_institution("1")),
    (
        "import {file} --source excel",
        IMPORT,
        f"There is no source 'excel'. Sources: {', '.join(SOURCE_OF)}.",
    ),
    (
        "import {file} --table marks",
        IMPORT,
        f"There is no table 'marks'. Tables: {', '.join(TABLE_OF)}.",
    ),
    (
        "import {file} --received-at 2999-01-01T08:00",
        IMPORT,
        "--received-at lies in the future. Give the moment at which the file really came in.",
    ),
    ("import {file} --received-at yesterday", USAGE, "'yesterday' does not match the formats '%Y-%m-%dT%H:%M'."),
    ("train --horizon days_7", MODEL, "There is no horizon 'days_7'. Horizons: days_28, days_56, next_count."),
    (
        "train",
        MODEL,
        "No past week has ended its horizon with a roster count after it, so nobody knows yet who left. "
        "Import past terms with --history, rosters included.",
    ),
    *(
        (f"{command} --as-of 2569-09-07", USAGE, f"2569-09-07 looks like a Buddhist year. {_CE}")
        for command in ("train", "doctor", "base-rates", "compare", "features lag", "replay")
    ),
    ("promote --reason ข", USAGE, "Error: Missing option '--signed-by'."),
    ("promote --signed-by ก", USAGE, "Error: Missing option '--reason'."),
    (
        "score --as-of 2025-09-10",
        GAP,
        "2025-09-10 is no Monday. Weekly lists are as of Monday: take 2025-09-08. · "
        "2025-09-10 ไม่ใช่วันจันทร์ รายชื่อรายสัปดาห์ออกตามข้อมูล ณ วันจันทร์ ให้ใช้วันที่ 2025-09-08",
    ),
    (
        "score --as-of 2025-03-31",
        GAP,
        "The week of 2025-03-31 has no teaching day in the calendar, so there is no list for it. "
        "If there is teaching, enter the term in the set-up workbook and run `zerodrop init` again.",
    ),
    ("score --as-of 01/09/2568", USAGE, "'01/09/2568' does not match the formats '%Y-%m-%d'."),
    (
        "replay --as-of 2001-01-01",
        GAP,
        "Nobody is enrolled on 2001-01-01: the day lies outside a term. The nearest days with teaching: 2025-05-19. "
        "Take another day, or enter the term of this one (zerodrop init). · "
        "ไม่มีนักเรียนในทะเบียน ณ วันที่ 01/01/2544: วันนั้นอยู่นอกภาคเรียน วันเรียนที่ใกล้ที่สุดคือ 19/05/2568 "
        "เลือกวันใหม่ หรือกรอกภาคเรียนของวันนั้น (zerodrop init)",
    ),
    (
        f"replay --as-of {MONDAY} --out {{bad}}/none/table.parquet",
        USAGE,
        "/none สำหรับเก็บไฟล์ table.parquet สร้างโฟลเดอร์ก่อน หรือเลือกที่เก็บอื่น",
    ),
    (f"replay --as-of {MONDAY} --out {{bad}}", USAGE, " เป็นโฟลเดอร์ ใส่ชื่อไฟล์ต่อท้ายด้วย"),
    (
        "init --template {bad}/none/college.xlsx",
        USAGE,
        "/none สำหรับเก็บไฟล์ college.xlsx สร้างโฟลเดอร์ก่อน หรือเลือกที่เก็บอื่น",
    ),
    ("init --from {bad}/none.xlsx", IMPORT, "There is no file none.xlsx. Check the path."),
    (
        "serve --host 0.0.0.0",
        SERVE,
        "0.0.0.0 is not this machine: names would cross the network unencrypted. "
        "Serve on 127.0.0.1 behind a TLS proxy and add --behind-proxy, or give --tls-cert and --tls-key.",
    ),
    ("serve --port 0", USAGE, "Input should be greater than or equal to 1"),
    ("attend", USAGE, "No such command 'attend'."),
)


@pytest.mark.parametrize(("words", "code", "sentence"), WORDS, ids=[words for words, _, _ in WORDS])
def test_words_that_cannot_be_followed(place: Place, words: str, code: int, sentence: str) -> None:
    filled = words.format(file=place.files.history[2], bad=place.bad).split()
    before = tables_of(place.home)
    refused(call(*filled, "--home", place.home), code=code, sentence=sentence)
    assert tables_of(place.home) == before


def test_a_signature_of_blanks_is_none(place: Place) -> None:
    said = call("promote", "--signed-by", " ", "--reason", "ทดลอง", "--home", place.home)
    refused(said, code=MODEL, sentence="A promotion needs the name of who signs (--signed-by) and a reason (--reason).")


@pytest.mark.thorough
def test_a_model_that_was_never_trained_here(place: Place) -> None:
    said = run("promote", "abc123", "--signed-by", "ก", "--reason", "ข", "--home", place.home)
    refused(
        said,
        code=MODEL,
        sentence="There is no such trained model (none that begins with abc123). Train one with `zerodrop train`.",
    )


def test_which_of_two_institutions(place: Place, copied: Path, tmp_path: Path) -> None:
    other = write_setup(tmp_path / "other.xlsx", institution=[("1320026102", "วิทยาลัยอื่น", "Other", "", "")])
    assert call("init", "--from", other, "--no-codes", "--home", copied).code == 0
    said = call("score", "--as-of", MONDAY, "--home", copied)
    refused(
        said,
        code=GAP,
        sentence=f"Which institution? Add --institution with one of: 1320026102, {INSTITUTION}. · "
        f"ต้องการสถานศึกษาใด เพิ่ม --institution ตามด้วยรหัส: 1320026102, {INSTITUTION}",
    )


def test_a_term_before_its_roster_was_imported(tmp_path: Path) -> None:
    home = tmp_path / "var"
    setup = write_setup(tmp_path / "college.xlsx")
    assert call("init", "--from", setup, "--no-codes", "--home", home).code == 0
    said = call("score", "--as-of", "2026-06-01", "--home", home)
    refused(
        said,
        code=GAP,
        sentence="Nobody is enrolled on 2026-06-01: no roster of its term had come in by then. "
        "Take a later day, or import the roster (zerodrop import).",
    )


# Places to write


WRITES: tuple[tuple[str, str], ...] = (
    ("template roster --out {at}/none/y.xlsx", "There is no folder {at}/none to write y.xlsx into. "),
    ("template roster --out {at}/y.csv", "y.csv would be a workbook: give it an .xlsx name. "),
    ("template roster --out {at}/file/y.xlsx", "There is no folder {at}/file to write y.xlsx into. "),
    ("simulate --out {at}/file", "{at}/file is a file. Give the name of a folder. "),
    ("simulate --out {at}/file/college", "{at}/file/college cannot be written by this account. "),
    ("simulate --out {at}", "{at} is not empty, and nothing in it is replaced. "),
)


@pytest.mark.parametrize(("words", "sentence"), WRITES, ids=[words for words, _ in WRITES])
def test_a_place_that_cannot_be_written(tmp_path: Path, words: str, sentence: str) -> None:
    (tmp_path / "file").touch()
    said = call(*words.format(at=tmp_path).split())
    english, _, thai = said.err.partition(" · ")
    assert (said.code, said.out) == (USAGE, "")
    assert english.startswith(sentence.format(at=tmp_path).strip()), said.err
    assert re.search("[ก-๙]", thai)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_simulation_that_fails_while_it_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("simulation.college.write_college", full)
    out = tmp_path / "new"
    said = call("simulate", "--out", out)
    refused(said, code=USAGE, sentence=f"{out} ไม่สำเร็จ (No space left on device) ตรวจว่ายังมีพื้นที่ว่าง หรือเลือกที่เก็บอื่น")


# The service and the demo


def test_a_port_that_is_in_use(place: Place) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = run("serve", "--port", str(port), "--home", place.home)
    sentence = f"Port {port} on 127.0.0.1 is in use. Stop the other program or choose another with --port {port + 1}."
    refused(said, code=SERVE, sentence=sentence)


def test_a_demo_into_a_home_that_exists(place: Place) -> None:
    before = tables_of(place.home)
    said = call("demo", "--no-serve", "--home", place.home)
    sentence = (
        f"There is {place.home} already, and the demo starts from nothing. "
        "Serve it once more with --again, remove what is left of it, or choose another --home."
    )
    refused(said, code=GAP, sentence=sentence)
    assert tables_of(place.home) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may write everywhere")
def test_a_folder_that_may_not_be_written(place: Place, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    said = call("replay", "--as-of", MONDAY, "--out", tmp_path / "table.parquet", "--home", place.home)
    tmp_path.chmod(0o700)
    refused(said, code=USAGE, sentence="table.parquet ไม่ได้ เลือกที่เก็บอื่น")


def test_the_day_of_the_fixtures_is_a_monday() -> None:
    assert date.fromisoformat(MONDAY).weekday() == 0


def test_a_place_where_no_report_can_be_is_said_before_anything_comes_in(copied: Path, place: Place) -> None:
    file = written(place, "rows.csv", f"{HEADER}\n{place.code},ปวช.1/1,18/08/2568,ทั้งวัน,มา")
    said = call("import", file, "--report", file / "reports", "--home", copied)
    assert (said.code, said.out) == (2, "")
    assert "reports cannot be written by this account" in said.err
    assert "Traceback" not in said.err
