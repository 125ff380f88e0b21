"""Replay by the real command: a day as it was known, beside what is known now, and a published list made again."""

import json
import re
import sqlite3
import stat
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import pandas as pd
import pytest

from features.catalogue import CATALOGUE
from models.risk_model import Calibration
from records.clock import buddhist
from records.console import today_in_bangkok
from serving.replaying import replay_list
from serving.weekly import run_week
from tests.features.pictures import calendar, roster
from tests.features.small_log import INSTITUTION as SMALL
from tests.functional.command_fixtures import (
    GAP,
    INSTITUTION,
    MODEL,
    USAGE,
    Files,
    call,
    copy_home,
    make_files,
    query,
    refused,
)
from tests.models.one_split import one_split
from tests.training.drawn_home import make_home, set_advisor, set_capacity
from tests.training.test_weekly_list import MONDAY, attendance, in_charge


@dataclass(frozen=True, kw_only=True)
class College:
    """A home with two published lists, and files that came in after them."""

    home: Path
    files: Files
    first: str
    second: str
    """The number of each list, as `score` printed it."""

    @property
    def monday(self) -> date:
        return self.files.mondays[1]


def take_week(home: Path, files: Files, monday: date) -> None:
    for file in files.week(monday):
        said = call("import", file, "--received-at", f"{monday - timedelta(days=1)}T20:00", "--home", home)
        assert said.code == 0, said.err


@pytest.fixture(scope="module")
def college(tmp_path_factory: pytest.TempPathFactory) -> College:
    folder = tmp_path_factory.mktemp("replay")
    home, files = folder / "var", make_files(folder / "files", students=60, years=1)
    assert call("init", "--from", files.workbook, "--no-codes", "--home", home).code == 0
    for file in files.history:
        assert call("import", file, "--history", "--home", home).code == 0
    numbers = []
    for place, monday in enumerate(files.mondays):
        take_week(home, files, monday)
        if place in (1, 2):
            said = call("score", "--as-of", str(monday), "--home", home)
            numbers.append(said.out.partition("number of the list: ")[2].strip())
    first, second = numbers
    return College(home=home, files=files, first=first, second=second)


@pytest.fixture
def changed(college: College, tmp_path: Path) -> College:
    """The same college in a home that a test may change."""
    home = copy_home(college.home, tmp_path)
    return College(home=home, files=college.files, first=college.first, second=college.second)


def facts(*, again: bool, stored: bool) -> dict[str, bool]:
    return {"again_as_published": again, "stored_as_published": stored}


def change(home: Path, sql: str, *values: object) -> None:
    with sqlite3.connect(home / "zerodrop.db") as database:
        database.execute(sql, values)
    database.close()


# A published list


@pytest.mark.parametrize("which", ["first", "second"])
def test_a_published_list_is_made_again_byte_for_byte(college: College, which: str) -> None:
    told = call("replay", "--list", getattr(college, which), "--home", college.home, "--json").document
    assert told["identical"]
    assert told["digest"] == told["published_digest"]
    [(digest, ledger_number)] = query(
        college.home,
        "select digest, ledger_number from publication where id = ?",
        getattr(college, which).replace("-", ""),
    )
    assert told["digest"] == digest
    assert told["ledger_number"] == ledger_number
    assert told["differences"] == {**facts(again=True, stored=True), "only_stored": 0, "only_again": 0, "fields": {}}
    assert told["differs"] == []


def test_it_says_so_in_both_languages_and_stores_nothing(college: College) -> None:
    before = query(college.home, "select count(*) from publication")
    said = call("replay", "--list", college.first, "--home", college.home)
    assert said.code == 0
    assert f"list of {college.monday} from the batches up to " in said.out
    assert "identical, byte for byte" in said.out
    assert "เหมือนเดิมทุกตัวอักษร" in said.out
    assert query(college.home, "select count(*) from publication") == before


def test_opening_the_log_for_it_is_audited(college: College) -> None:
    call("replay", "--list", college.first, "--home", college.home)
    looks = query(college.home, "select action, detail from audit order by id desc limit 2")
    assert [(action, json.loads(detail)) for action, detail in looks] == [
        ("replay list", {"publication": college.first}),
        ("open log", {"purpose": "replay list"}),
    ]


def test_a_list_that_was_superseded_by_another_capacity_is_made_again_with_its_own(changed: College) -> None:
    change(changed.home, "update capacity set visits_per_week = visits_per_week + 2")
    again = call("score", "--as-of", str(changed.monday), "--home", changed.home, "--json").document
    assert again["outcome"] == "published"
    old = call("replay", "--list", changed.first, "--home", changed.home, "--json").document
    assert old["status"] == "superseded"
    assert old["identical"]
    assert call("replay", "--list", again["publication"], "--home", changed.home, "--json").document["identical"]


def test_advisors_changed_back_to_that_day_make_another_list_and_it_says_what_differs(changed: College) -> None:
    change(changed.home, "delete from caseload")
    said = call("replay", "--list", changed.first, "--home", changed.home, "--json")
    assert said.code == 1
    told = said.document
    watched = query(
        changed.home,
        "select count(*) from list_entry where band = 'watch' and publication_id = ?",
        changed.first.replace("-", ""),
    )
    assert not told["identical"]
    fields = told["differences"].pop("fields")
    assert told["differences"] == {**facts(again=False, stored=True), "only_stored": 0, "only_again": 0}
    assert fields.keys() == {"band", "cause", "cut_off", "listed_probability"}
    assert fields["band"] == fields["cause"] == watched[0][0]
    assert watched[0][0] > 0
    text = call("replay", "--list", changed.first, "--home", changed.home).out
    assert "not the same as published" in text
    assert "made again from the records, it is not what was published" in text
    assert "the stored entries still are what was published" in text
    assert f"band differs for {watched[0][0]}" in text
    assert "advisors were changed back to that day" in text
    assert "ครูที่ปรึกษาของวันนั้นถูกแก้ย้อนหลัง" in text


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("update list_entry set class_group = 'X' where rank = 1 and publication_id = ?", (0, 0, {"class_group": 1})),
        ("update list_entry set band = 'none' where rank <= 2 and publication_id = ?", (0, 2, {})),
        ("delete from list_entry where rank <= 3 and publication_id = ?", (0, 3, {})),
        ("update list_entry set on_list = 0 where rank <= 3 and publication_id = ?", (0, 3, {})),
    ],
)
def test_altered_entries_are_not_called_identical(
    changed: College, sql: str, found: tuple[int, int, dict[str, int]]
) -> None:
    """The list made again agrees with what was published; what people are shown no longer does."""
    change(changed.home, sql, changed.first.replace("-", ""))
    said = call("replay", "--list", changed.first, "--home", changed.home, "--json")
    assert said.code == 1
    assert said.document["identical"] is False
    counted = dict(zip(("only_stored", "only_again", "fields"), found, strict=True))
    assert said.document["differences"] == {**facts(again=True, stored=False), **counted}
    text = call("replay", "--list", changed.first, "--home", changed.home).out
    assert "identical, byte for byte" not in text
    made, stored = (
        "made again from the records, it is what was published",
        "the stored entries are no longer what was published",
    )
    for sentence in (made, "คำนวณใหม่จากข้อมูลแล้ว ได้ตรงกับที่เผยแพร่", stored, "รายการที่เก็บไว้ไม่ใช่ชุดที่เผยแพร่แล้ว"):
        assert sentence in text
    assert "a cause can be" not in text, "the records give the same list, so it is no other computation"


@pytest.mark.parametrize(
    "sql", ["update publication set digest = ? where id = ?", "update publication set horizon = ? where id = ?"]
)
def test_what_is_stored_beside_the_entries_is_checked_as_well(changed: College, sql: str) -> None:
    change(changed.home, sql, "0" * 64, changed.first.replace("-", ""))
    said = call("replay", "--list", changed.first, "--home", changed.home)
    assert said.code == 1
    assert "the stored entries are no longer what was published" in said.out
    assert "yet the entries of the two agree" in said.out
    assert "แต่รายการทั้งสองชุดตรงกัน" in said.out


def test_students_of_the_stored_entries_who_are_in_no_record_are_counted(changed: College) -> None:
    change(
        changed.home,
        "insert into list_entry select publication_id, ?, 999999, class_group, rank, band, cause, logit, probability, "
        "ordering, cut_off, listed_probability, must_see, on_list, reasons, missing, unknown_domains, domains, what_if from list_entry where publication_id = ? and rank = 1",
        uuid4().hex,
        changed.first.replace("-", ""),
    )
    change(changed.home, "update publication set digest = ? where id = ?", "0" * 64, changed.first.replace("-", ""))
    said = call("replay", "--list", changed.first, "--home", changed.home, "--json").document
    assert said["differences"] == {**facts(again=False, stored=False), "only_stored": 1, "only_again": 0, "fields": {}}
    assert said["differs"][2]["en"] == "only in the stored entries: 1; only in the list made again: 0"


def test_another_catalogue_is_refused(changed: College) -> None:
    change(changed.home, "update publication set catalogue_fingerprint = ?", "0" * 64)
    said = call("replay", "--list", changed.first, "--home", changed.home)
    assert said.code == MODEL
    assert said.out == ""
    assert f"The list of {changed.monday} was made with another feature catalogue (000000000000, " in said.err
    assert f"รายชื่อ ณ วันที่ {buddhist(changed.monday)} คำนวณด้วยชุดตัวบ่งชี้รุ่นอื่น ใช้ zerodrop รุ่นที่ออกรายชื่อนั้นคำนวณใหม่" in said.err


def test_a_bundle_that_is_gone_is_refused(changed: College) -> None:
    change(changed.home, "update publication set model_digest = ?", "ab" * 32)
    said = call("replay", "--list", changed.first, "--home", changed.home)
    assert said.code == MODEL
    assert (
        f"The list of {changed.monday} cannot be made again: its model abababababab is not in this data home"
        in said.err
    )
    assert f"คำนวณรายชื่อ ณ วันที่ {buddhist(changed.monday)} ใหม่ไม่ได้ เพราะแบบจำลอง abababababab ไม่อยู่ในที่เก็บข้อมูลนี้" in said.err
    assert "นำโฟลเดอร์แบบจำลองที่สำรองไว้กลับมา" in said.err
    assert "romote" not in said.err
    assert str(changed.home) not in said.err


def test_a_list_that_there_is_not(college: College) -> None:
    number = uuid4()
    said = call("replay", "--list", str(number), "--home", college.home)
    sentence = f"{INSTITUTION} ไม่มีรายชื่อหมายเลข {number} คำสั่ง zerodrop score บอกหมายเลขของแต่ละรายชื่อ"
    refused(said, code=USAGE, sentence=sentence)


@pytest.mark.parametrize("words", [(), ("--as-of", "2025-09-01", "--list", str(uuid4()))])
def test_a_day_or_a_list_but_not_both(college: College, words: tuple[str, ...]) -> None:
    said = call("replay", *words, "--home", college.home)
    assert said.code == USAGE
    assert "give either --as-of or --list" in said.err
    assert "อย่างใดอย่างหนึ่ง" in said.err


def test_known_now_is_asked_of_a_day(college: College) -> None:
    said = call("replay", "--list", college.first, "--known-now", "--home", college.home)
    assert said.code == USAGE
    assert "--known-now goes with --as-of" in said.err


@pytest.mark.parametrize("name", ["table.xlsx", "table", "table.csv.gz"])
@pytest.mark.parametrize("which", ["day", "beside", "list"])
def test_a_table_is_written_under_no_other_ending(college: College, tmp_path: Path, name: str, which: str) -> None:
    day = ("--as-of", str(college.monday))
    asked = {"day": day, "beside": (*day, "--known-now"), "list": ("--list", college.first)}[which]
    said = call("replay", *asked, "--out", tmp_path / name, "--home", college.home)
    assert said.code == USAGE
    assert said.out == ""
    assert (
        f"{name}: a table is written as CSV (Excel opens it) or as Parquet. Give the file a name that ends in"
        in said.err
    )
    assert f"{name}: ตารางเขียนได้เฉพาะ CSV (เปิดใน Excel ได้) หรือ Parquet" in said.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("more", [(), ("--known-now",)])
def test_it_says_where_the_table_is_and_only_its_owner_reads_it(
    college: College, tmp_path: Path, more: tuple[str, ...]
) -> None:
    out = tmp_path / "TABLE.CSV"
    out.write_text("open to all")
    out.chmod(0o644)
    said = call("replay", "--as-of", str(college.monday), *more, "--out", out, "--home", college.home)
    assert said.out.splitlines()[-1] == f"เขียนตารางลง {out} แล้ว · the table is in {out}"
    assert f"วันที่ {buddhist(college.monday)}" in said.out
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    table = pd.read_csv(out)
    assert f" {len(table):,} คน" in said.out
    assert {feature.name for feature in CATALOGUE} < set(table.columns)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_list_is_written_by_number_without_a_name(college: College, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"list.{ending}"
    told = call("replay", "--list", college.first, "--out", out, "--home", college.home, "--json").document
    table = pd.read_csv(out) if ending == "csv" else pd.read_parquet(out)
    numbers = "student class_group rank band cause logit probability ordering cut_off listed_probability"
    assert list(table.columns) == f"{numbers} must_see reasons missing unknown_domains domains what_if".split()
    assert len(table) == told["students"]
    assert list(table["rank"]) == list(range(1, len(table) + 1))
    stored = query(
        college.home,
        "select number, band from list_entry where publication_id = ? order by rank",
        college.first.replace("-", ""),
    )
    assert list(zip(table["student"], table["band"], strict=True)) == stored
    assert all(isinstance(json.loads(cell), list) for cell in table["reasons"])
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert not [mark for mark in college.files.personal() if mark.encode() in out.read_bytes()]


def test_last_week_s_list_is_the_one_that_was_current_then(tmp_path: Path) -> None:
    """Replaced after this list was published, last week's high do not move it; two that can be meant are both tried."""
    students = range(1, 13)
    records = [*calendar([(2025, 1)]), *roster(students, (2025, 1))]
    records += [record for student in students for record in attendance(student, student - 1)]
    home = make_home(tmp_path, records)
    set_advisor(home, "A")
    model = one_split("missed_share_28d", above=0.25, calibration=Calibration(slope=1.0, offset=-1.0))
    in_charge(home, tmp_path, model, bonus=10.0)
    published = []
    for days_before, visits in ((7, 2), (7, 4), (0, 4), (7, 1)):
        set_capacity(home, visits=visits, rows=5)
        published.append(run_week(home, SMALL, MONDAY - timedelta(days_before), actor="test").publication)
    found = replay_list(home, published[2], SMALL, actor="test", progress=lambda step, rows: None)
    home.close()
    assert found.identical
    assert found.stored_as_published


# A day beside what is known now


def test_a_day_beside_what_is_known_now(college: College, tmp_path: Path) -> None:
    out, plain = tmp_path / "both.parquet", tmp_path / "then.parquet"
    asked: tuple[str | Path, ...] = ("replay", "--as-of", str(college.monday), "--home", college.home, "--json")
    told = call(*asked, "--known-now", "--out", out).document
    call(*asked, "--out", plain)
    table, then = pd.read_parquet(out), pd.read_parquet(plain)
    assert told["changed"], "a week's file tells late what happened before the last Monday"
    for name, students in told["changed"].items():
        inside = table[table["enrolled"] == "both"]
        differs = (inside[name] != inside[f"{name}__known_now"]) & ~(
            inside[name].isna() & inside[f"{name}__known_now"].isna()
        )
        assert differs.sum() == students > 0
        assert list(table.columns).index(f"{name}__known_now") == list(table.columns).index(name) + 1
    known_then = table[table["enrolled"] != "now"].reset_index(drop=True)
    pd.testing.assert_frame_equal(known_then[then.columns], then, check_dtype=False)
    assert {name for name in table.columns if name in {f.name for f in CATALOGUE}} == {f.name for f in CATALOGUE}


def test_what_came_late_is_counted(college: College) -> None:
    """Every row of the files that came after that morning, and no other; no file here spans it."""
    told = call("replay", "--as-of", str(college.monday), "--known-now", "--home", college.home, "--json").document
    morning = f"{college.monday - timedelta(days=1)} 17:00:00"  # 00:00 in Bangkok
    sql = "select count(*) from batch_file where first_recorded_at < ? and last_recorded_at >= ?"
    [(spanning,)] = query(college.home, sql, morning, morning)
    [(rows,)] = query(college.home, "select sum(rows) from batch_file where first_recorded_at >= ?", morning)
    assert spanning == 0
    assert told["told_since"] == rows
    assert 0 < told["about_before"] < told["told_since"]


def test_the_summary_says_it_in_both_languages(college: College) -> None:
    said = call("replay", "--as-of", str(college.monday), "--known-now", "--home", college.home).out
    told = call("replay", "--as-of", str(college.monday), "--known-now", "--home", college.home, "--json").document
    assert f"{told['told_since']:,} records told since, {told['about_before']:,} of them about days before it" in said
    assert f"ข้อมูลที่เข้ามาตั้งแต่วันนั้น {told['told_since']:,} รายการ" in said
    for name, students in told["changed"].items():
        assert f"  {name}: เปลี่ยน {students} คน · changed for {students}" in said


def test_a_day_to_come_has_nothing_late(college: College) -> None:
    ahead = today_in_bangkok() + timedelta(days=3)
    said = call("replay", "--as-of", str(ahead), "--known-now", "--home", college.home)
    assert said.code == USAGE
    assert f"{ahead} is still to come, so nothing was told after it." in said.err
    assert f"วันที่ {buddhist(ahead)} ยังมาไม่ถึง" in said.err


@pytest.mark.parametrize("more", [(), ("--known-now",)])
def test_a_day_outside_a_term_is_answered_with_the_next_step(college: College, more: tuple[str, ...]) -> None:
    said = call("replay", "--as-of", "2019-04-07", *more, "--home", college.home)
    assert said.code == GAP
    told = re.search(r"The nearest days with teaching: (\S+)\. Take another day, or enter the term of", said.err)
    assert told, said.err
    first = buddhist(date.fromisoformat(told[1]))
    assert "Nobody is enrolled on 2019-04-07: the day lies outside a term" in said.err
    assert "ไม่มีนักเรียนในทะเบียน ณ วันที่ 07/04/2562: วันนั้นอยู่นอกภาคเรียน" in said.err
    assert f"วันเรียนที่ใกล้ที่สุดคือ {first} เลือกวันใหม่ หรือกรอกภาคเรียนของวันนั้น (zerodrop init)" in said.err
