"""The catalogue in words and the lag of each source, by the real command, and the tables that commands write."""

import re
import stat
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from features.catalogue import CATALOGUE, WITH_SENSITIVE
from features.commands import EXAMPLES, write_table
from features.vocabulary import Domain, Sessions, Unit
from features.wording import SESSIONS, UNITS, measure_in_words
from records.clock import buddhist
from tests.functional.command_fixtures import INSTITUTION, USAGE, Place, call, copy_home, make_place, query, refused

THAI = re.compile("[ก-๙]")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return make_place(tmp_path_factory.mktemp("place"))


# The catalogue


def test_every_feature_is_listed_once_under_its_domain() -> None:
    said = call("features", "list")
    assert said.code == 0
    rows = [line.split()[0] for line in said.out.splitlines() if line.startswith("  ")]
    assert sorted(rows) == sorted(feature.name for feature in WITH_SENSITIVE)
    heads = [line for line in said.out.splitlines() if line.endswith(")") and not line.startswith(" ")]
    used = [domain for domain in Domain if any(feature.domain is domain for feature in WITH_SENSITIVE)]
    assert [head.rpartition(" (")[0] for head in heads] == [f"{one.label.th} · {one.label.en}" for one in used]


def test_a_row_tells_direction_unit_window_and_privacy() -> None:
    said = {line.split()[0]: line for line in call("features", "list").out.splitlines() if line.startswith("  ")}
    assert re.search(r" \+ days +last 28 days +วันขาดเรียนใน 28 วัน · ", said["missed_days_28d"])
    for feature in WITH_SENSITIVE:
        assert ("[ปิดไว้ · off]" in said[feature.name]) == (feature not in CATALOGUE)
        assert ("[อ่อนไหว · sensitive]" in said[feature.name]) == (feature.personal.value == "sensitive")


def test_the_list_for_machines() -> None:
    told = {one["name"]: one for one in call("features", "list", "--json").document}
    assert list(told) == [feature.name for feature in WITH_SENSITIVE]
    assert told["missed_days_28d"] == {
        "name": "missed_days_28d",
        "domain": "attendance",
        "unit": "days",
        "risk": "rises",
        "window": "last 28 days",
        "privacy": "ordinary",
        "off_by_default": False,
        "label": {"th": "วันขาดเรียนใน 28 วัน", "en": "Days absent in the last 28"},
    }


def test_one_feature_is_shown_with_all_that_is_declared() -> None:
    said = call("features", "show", "missed_days_28d").out
    for part in (
        "วันขาดเรียนใน 28 วัน · Days absent in the last 28",
        "ควรถาม · ask: ถามเรื่องสุขภาพ",
        "คำนวณจาก · measure: จำนวนผลเช็กชื่อ (วันละหนึ่ง หรือคาบละหนึ่งเมื่อนับรายคาบ) ที่ `status` เป็น ขาด",
        "how many marks (one a day, or one a class period where those are counted) where `status` is absent",
        "ช่วงเวลา · window: 28 วันปฏิทินก่อนวันที่ถาม · the 28 calendar days before the day asked",
        "เมื่อไม่มีข้อมูล · without a record: ไม่ทราบค่า (ไม่ใช่ศูนย์) · not known (not zero)",
        "ทิศทาง · direction: ค่ามากขึ้น ความเสี่ยงไม่ลดลง · more never lowers the risk",
    ):
        assert part in said


@pytest.mark.parametrize("name", [feature.name for feature in WITH_SENSITIVE])
def test_every_feature_can_be_shown_in_both_languages(name: str) -> None:
    told = call("features", "show", name, "--json").document
    assert told["name"] == name
    declared = told.pop("declared")
    assert told == next(one for one in call("features", "list", "--json").document if one["name"] == name)
    for word, said in declared.items():
        if word not in ("decimals", "source"):
            assert THAI.search(said["th"]), word
            assert not THAI.search(said["en"]), word
        assert "{" not in said["th"] + said["en"], word


@pytest.mark.parametrize(
    ("name", "th", "en"),
    [
        ("missed_share_28d", "ขาดเรียนร้อยละ 25 ของวันที่บันทึกใน 28 วันที่ผ่านมา", "absent on 25% of recorded days in the last 28"),
        ("age_years", "อายุ 17.5 ปี", "17.5 years old"),
        ("gpa_step_change", "เกรดเฉลี่ยภาคล่าสุดเปลี่ยนไป -0.25 จากภาคก่อนหน้า", "GPA moved by -0.25 between the last two terms"),
        ("gpax", "เกรดเฉลี่ยสะสม 1.75", "GPA over all terms 1.75"),
        ("income_per_head", "รายได้ครัวเรือนเฉลี่ย 2,500 บาทต่อคนต่อเดือน", "household income 2,500 baht per head and month"),
    ],
)  # fmt: skip
def test_the_sentence_is_shown_with_a_value_of_its_unit(name: str, th: str, en: str) -> None:
    said = call("features", "show", name).out
    assert f"ตัวอย่างเหตุผลที่แสดง · shown as, for example: {th} · {en}\n" in said


def test_conditions_of_a_measure_are_named_by_their_labels() -> None:
    said = call("features", "show", "screening_concerns_term", "--json").document["declared"]["measure"]["en"]
    assert said == (
        "how many values of `area` have a newest record where `level` is concern or close watch, "
        "leaving out records where `area` is overall"
    )


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("missed_day_28d", "Near it: missed_days_28d, "),
        ("qqqq", "There is no feature 'qqqq'. `zerodrop features list`"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(asked: str, near: str) -> None:
    said = call("features", "show", asked)
    assert near in said.err
    refused(said, code=USAGE, sentence="ดูทั้งหมดด้วยคำสั่ง zerodrop features list")


def test_every_unit_session_and_feature_has_words() -> None:
    assert set(SESSIONS) == set(Sessions)
    assert set(UNITS) == set(Unit)
    assert set(EXAMPLES) == {unit.name for unit in Unit}
    for feature in WITH_SENSITIVE:
        said = measure_in_words(feature.measure, feature.table)
        assert said.th != said.en


# Entry lag


def test_a_college_with_history_alone_has_no_lag_yet(place: Place) -> None:
    assert call("features", "lag", "--home", place.home, "--json").document == []
    said = call("features", "lag", "--home", place.home).out
    assert "มีแต่ข้อมูลย้อนหลัง · nothing was imported in operation yet, only history" in said


@pytest.fixture(scope="module")
def weekly(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home after three weeks of files, each received the Sunday before its Monday; tests only look at it."""
    home = copy_home(place.home, tmp_path_factory.mktemp("weekly"))
    for file in place.files.history[3:]:
        assert call("import", file, "--history", "--home", home).code == 0
    for monday in place.files.mondays[:3]:
        for file in place.files.week(monday):
            received = f"{monday - timedelta(days=1)}T20:00"
            assert call("import", file, "--received-at", received, "--home", home).code == 0
    return home


def test_the_lag_of_every_source_and_table(place: Place, weekly: Path) -> None:
    third = place.files.mondays[2]
    found = call("features", "lag", "--as-of", str(third), "--home", weekly, "--json").document
    told = {lag["table"]: lag for lag in found}
    attendance = told["attendance"]
    assert attendance["institution"] == INSTITUTION
    assert attendance["usual_interval_days"] == 7
    assert attendance["last_told_on"] == str(third - timedelta(days=1))
    assert attendance["newest_happened_on"] < str(third)
    # The file tells when each row was entered; by the day it came the median could not be below two.
    assert attendance["median_days"] == 0
    assert told["grades"]["median_days"] > 0
    assert not attendance["stale"]
    [(purpose,)] = query(
        weekly, "select json_extract(detail, '$.purpose') from audit where action = 'open log' order by id desc limit 1"
    )
    assert purpose == "entry lag"


def test_a_source_that_stopped_is_read_as_unknown(place: Place, weekly: Path) -> None:
    later = place.files.mondays[2] + timedelta(days=28)
    said = call("features", "lag", "--as-of", str(later), "--home", weekly).out
    attendance = said[said.index("(attendance)") :].splitlines()[3]
    assert attendance == (
        "  ! เงียบไป 28 วันในสัปดาห์ที่มีการเรียน: ให้อ่านว่าไม่ทราบ ไม่ใช่มาเรียนครบ · "
        "silent for 28 days of teaching weeks: read as unknown, not as perfect attendance"
    )
    assert f"ได้รับล่าสุด {buddhist(place.files.mondays[2] - timedelta(days=1))} ข้อมูลถึงวันที่ " in said
    assert "usually every 7 days" in said
    assert "9 ใน 10 ภายใน" in said


def test_before_the_first_file_nothing_is_known(place: Place, weekly: Path) -> None:
    first = place.files.mondays[0] - timedelta(days=7)
    assert call("features", "lag", "--as-of", str(first), "--home", weekly, "--json").document == []


# Tables in files


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_class_group_is_never_computed_by_a_spreadsheet(tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"table.{ending}"
    groups = ["=1+1", "+2", "-3", "@SUM(A1)", "\tx", "ปวช.1/2", "a=b"]
    frame = pd.DataFrame({"student": range(7), "class_group": groups, "gpa_step_change": [-0.5] * 7})
    write_table(frame, out)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    if ending == "parquet":
        pd.testing.assert_frame_equal(pd.read_parquet(out), frame)
        return
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    read = pd.read_csv(out)
    assert list(read["class_group"]) == ["'=1+1", "'+2", "'-3", "'@SUM(A1)", "'\tx", "ปวช.1/2", "a=b"]
    assert list(read["gpa_step_change"]) == [-0.5] * 7
    assert list(frame["class_group"]) == groups, "what was asked for stays as it is"
