"""Replay by the real command: a day as it was known, beside what is known now, and a published list made again."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pandas as pd
import pytest

from features.catalogue import CATALOGUE
from features.known_now import KnownNow, known_now
from models.horizon import LIST_HORIZON
from models.risk_model import Calibration, model_of
from records.tables import ENROLMENTS
from serving.replaying import replay_list
from serving.weekly import run_week
from tests.features.pictures import calendar, records_of, roster
from tests.features.small_log import INSTITUTION as SMALL
from tests.features.small_log import write_log
from tests.functional.command_fixtures import (
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
from tests.training.drawn_home import make_home, set_advisor, set_capacity
from tests.training.test_weekly_list import MONDAY, STUMP, attendance, in_charge


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
    assert call("init", "--from", files.workbook, "--no-passwords", "--home", home).code == 0
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
    assert told["differences"] == {"only_published": 0, "only_again": 0, "fields": {}}
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
    assert told["differences"] == {
        "only_published": 0, "only_again": 0, "fields": {"band": watched[0][0], "cause": watched[0][0]},
    }  # fmt: skip
    assert watched[0][0] > 0
    text = call("replay", "--list", changed.first, "--home", changed.home).out
    assert "not the same as published" in text
    assert f"band differs for {watched[0][0]}" in text
    assert "advisors were changed back to that day" in text
    assert "ครูที่ปรึกษาของวันนั้นถูกแก้ย้อนหลัง" in text


def test_an_entry_that_was_changed_in_the_database_is_named_by_its_field(changed: College) -> None:
    """The list made again agrees with what was published; what is stored no longer does."""
    change(
        changed.home,
        "update list_entry set class_group = 'X' where rank = 1 and publication_id = ?",
        changed.first.replace("-", ""),
    )
    told = call("replay", "--list", changed.first, "--home", changed.home, "--json").document
    assert told["identical"]
    assert told["differences"]["fields"] == {"class_group": 1}


def test_a_digest_that_nothing_gives_is_not_explained_away(changed: College) -> None:
    change(changed.home, "update publication set digest = ? where id = ?", "0" * 64, changed.first.replace("-", ""))
    said = call("replay", "--list", changed.first, "--home", changed.home)
    assert said.code == 1
    assert "the stored entries are no longer what was published" in said.out
    assert "รายการที่เก็บไว้ไม่ใช่ชุดที่เผยแพร่แล้ว" in said.out


def test_students_of_the_published_list_who_are_in_no_record_are_counted(changed: College) -> None:
    change(
        changed.home,
        "insert into list_entry select publication_id, ?, 999999, class_group, rank, band, cause, logit, probability, "
        "ordering, must_see, on_list, reasons, domains from list_entry where publication_id = ? and rank = 1",
        uuid4().hex,
        changed.first.replace("-", ""),
    )
    change(changed.home, "update publication set digest = ? where id = ?", "0" * 64, changed.first.replace("-", ""))
    said = call("replay", "--list", changed.first, "--home", changed.home, "--json").document
    assert said["differences"] == {"only_published": 1, "only_again": 0, "fields": {}}
    assert said["differs"][0]["en"].startswith("1 students are in the published list alone")


def test_another_catalogue_is_refused(changed: College) -> None:
    change(changed.home, "update publication set catalogue_fingerprint = ?", "0" * 64)
    said = call("replay", "--list", changed.first, "--home", changed.home)
    assert said.code == MODEL
    assert said.out == ""
    assert f"The list of {changed.monday} was made with another feature catalogue (000000000000, " in said.err
    assert "ใช้ zerodrop รุ่นที่ออกรายชื่อนั้นคำนวณใหม่" in said.err


def test_a_bundle_that_is_gone_is_refused(changed: College) -> None:
    change(changed.home, "update publication set model_digest = ?", "ab" * 32)
    said = call("replay", "--list", changed.first, "--home", changed.home)
    assert said.code == MODEL
    assert f"The list of {changed.monday} cannot be made again. There is no model abababababab in " in said.err
    assert "นำโฟลเดอร์แบบจำลองที่สำรองไว้กลับมา" in said.err


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


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_list_is_written_by_number_without_a_name(college: College, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"list.{ending}"
    told = call("replay", "--list", college.first, "--out", out, "--home", college.home, "--json").document
    table = pd.read_csv(out) if ending == "csv" else pd.read_parquet(out)
    columns = ("student", "class_group", "rank", "band", "cause", "logit", "probability", "ordering")
    assert tuple(table.columns) == (*columns, "must_see", "reasons", "domains")
    assert len(table) == told["students"]
    assert list(table["rank"]) == list(range(1, len(table) + 1))
    stored = query(
        college.home,
        "select number, band from list_entry where publication_id = ? order by rank",
        college.first.replace("-", ""),
    )
    assert list(zip(table["student"], table["band"], strict=True)) == stored
    assert all(isinstance(json.loads(cell), list) for cell in table["reasons"])
    written = out.read_bytes()
    assert not [mark for mark in college.files.personal() if mark.encode() in written]


def test_last_week_s_list_is_the_one_that_was_current_then(tmp_path: Path) -> None:
    """Replaced after this list was published, last week's high do not move it; two that can be meant are both tried."""
    students = range(1, 13)
    records = [*calendar([(2025, 1)]), *roster(students, (2025, 1))]
    records += [record for student in students for record in attendance(student, student - 1)]
    home = make_home(tmp_path, records)
    set_advisor(home, "A")
    names = [feature.name for feature in CATALOGUE]
    told = {"last": len(names) - 1, "names": " ".join(names), "ranges": " ".join(["[-1000000:1000000]"] * len(names))}
    text = STUMP.format(**told, column=names.index("missed_share_28d"))
    model = model_of(text, CATALOGUE, LIST_HORIZON, Calibration(slope=1.0, offset=-1.0))
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
    [(spanning,)] = query(
        college.home,
        "select count(*) from batch_file where first_recorded_at < ? and last_recorded_at >= ?",
        morning,
        morning,
    )
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
    said = call("replay", "--as-of", "2999-01-07", "--known-now", "--home", college.home)
    assert said.code == USAGE
    assert "2999-01-07 is still to come, so nothing was told after it." in said.err
    assert "วันที่ 2999-01-07 ยังมาไม่ถึง" in said.err


def test_a_table_as_csv(college: College, tmp_path: Path) -> None:
    out = tmp_path / "table.csv"
    told = call("replay", "--as-of", str(college.monday), "--out", out, "--home", college.home, "--json").document
    table = pd.read_csv(out)
    assert list(table.columns) == ["student", "class_group", *(feature.name for feature in CATALOGUE)]
    assert len(table) == told["students"]


# The comparison over a small log


def compared(folder: Path, drawn: str, *, today: str = "2025-07-31") -> KnownNow:
    """Students 1, 2 and 3 from the beginning, and what is drawn; the day is 16 June, a Monday."""
    records = [*calendar([(2025, 1)]), *roster([1, 2, 3], (2025, 1)), *records_of(drawn, ENROLMENTS)]
    return known_now(write_log(folder, records), date(2025, 6, 16), date.fromisoformat(today))


LATE = """
    table      | student | happened_on | recorded_at | status   | retracted
    attendance | 1       | 2025-06-10  | 2025-06-10  | P        |
    attendance | 1       | 2025-06-11  | 2025-06-11  | A        |
    attendance | 2       | 2025-06-10  | 2025-06-10  | A        |
    attendance | 1       | 2025-06-11  | 2025-06-20  | S        |
    attendance | 1       | 2025-06-16  | 2025-06-20  | A        |
    enrolments | 4       | 2025-05-19  | 2025-06-18  | ENROLLED |
    enrolments | 3       | 2025-05-12  | 2025-06-19  | ENROLLED | yes
    """


def by_student(found: KnownNow) -> dict[int, dict[str, Any]]:
    return {row["student"]: row for row in found.table.to_dict("records")}  # type: ignore[misc]


def test_a_correction_stands_beside_what_was_known(tmp_path: Path) -> None:
    found = compared(tmp_path, LATE)
    row = by_student(found)[1]
    assert (row["missed_days_28d"], row["missed_days_28d__known_now"]) == (1, 0)
    assert (row["leave_days_28d"], row["leave_days_28d__known_now"]) == (0, 1)
    changed = {one.feature: one.students for one in found.changed}
    assert changed["missed_days_28d"] == 1
    assert "late_days_28d" not in changed


def test_a_late_roster_is_counted_and_kept_with_the_side_that_knows(tmp_path: Path) -> None:
    found = compared(tmp_path, LATE)
    assert (found.only_then, found.only_now) == (1, 1)
    rows = by_student(found)
    assert {number: row["enrolled"] for number, row in rows.items()} == {1: "both", 2: "both", 3: "then", 4: "now"}
    assert rows[3]["week_of_term"] == rows[1]["week_of_term"]
    assert np.isnan(rows[3]["week_of_term__known_now"])
    assert np.isnan(rows[4]["week_of_term"])
    assert rows[4]["week_of_term__known_now"] == rows[1]["week_of_term"]
    assert "week_of_term" not in {one.feature for one in found.changed}, "who is in one alone has not changed"


def test_late_records_are_counted_by_the_day_they_are_about(tmp_path: Path) -> None:
    found = compared(tmp_path, LATE)
    assert found.late.told_since == 4
    assert found.late.about_before == 3


def test_records_after_today_are_not_known_now(tmp_path: Path) -> None:
    found = compared(tmp_path, LATE, today="2025-06-18")
    assert (found.only_then, found.only_now) == (0, 1)
    assert found.changed == ()
    assert (found.late.told_since, found.late.about_before) == (1, 1)


def test_without_late_records_the_table_is_that_of_the_day(tmp_path: Path) -> None:
    found = compared(tmp_path, "table | student | happened_on | status\nattendance | 1 | 2025-06-10 | P")
    assert found.changed == ()
    assert [name for name in found.table.columns if name.endswith("__known_now")] == []
