"""SDQ files: scores or answers, three informants, everything worked out anew and kept sealed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from records.errors import ImportRefused
from records.intake.report import ImportReport
from records.intake.sources import SOURCE_OF
from records.intake.sources.sdq import sdq_source
from records.intake.sources.sdq_scores import SHIPPED
from records.ledger import log_index
from records.log import EventLog
from records.tables import SCREENING, SCREENING_SENSITIVE
from tests.intake.desk import CODE, Desk, DeskWith

HEAD = ["รหัสนักศึกษา", "วันที่ประเมิน", "ผู้ประเมิน"]
FIRST = ["69201010001", "16/06/2568"]
SCALES = ["คะแนนรวม", "อารมณ์", "เกเร", "อยู่ไม่นิ่ง", "เพื่อน", "สัมพันธภาพทางสังคม"]
ITEMS = [f"ข้อ {n}" for n in range(1, 26)]
NORMAL = ["12", "3", "3", "3", "3", "5"]


@pytest.fixture
def school(desk_with: DeskWith) -> Desk:
    return desk_with({69201010001: "ชย.1/1", 69201010002: "ชย.1/1"})


def held(desk: Desk, *columns: str) -> list[tuple[Any, ...]]:
    log = EventLog(
        folder=desk.home.logs, institution=CODE, index=log_index(desk.home.database, CODE), key=desk.home.vault.key
    )
    words = {column.name: column.codes.values for column in SCREENING_SENSITIVE.columns if column.codes is not None}
    rows = log.rows(SCREENING_SENSITIVE).to_pylist()
    return [
        tuple(words[name][row[name]] if name in words and row[name] is not None else row[name] for name in columns)
        for row in rows
    ]


def bring(desk: Desk, head: Sequence[str], *rows: Sequence[str], who: str = "ครู") -> ImportReport:
    return desk.bring(desk.workbook([[*HEAD, *head], *([*FIRST, who, *row] for row in rows)]))


def test_scores_are_recognised_grouped_and_sealed(school: Desk) -> None:
    report = bring(school, SCALES, ["16", "4", "5", "3", "4", "3"])
    assert (report.source, report.accepted, dict(report.warnings), list(report.unmapped)) == ("sdq", 1, {}, [])
    assert held(school, "tool", "area", "score", "level", "version") == [
        ("SDQ_TEACHER", "SDQ_TOTAL", 16, "CONCERN", "DMH teacher & parent"),
        ("SDQ_TEACHER", "SDQ_EMOTIONAL", 4, "CONCERN", "DMH teacher & parent"),
        ("SDQ_TEACHER", "SDQ_CONDUCT", 5, "CLOSE", "DMH teacher & parent"),
        ("SDQ_TEACHER", "SDQ_HYPERACTIVITY", 3, "TRUST", "DMH teacher & parent"),
        ("SDQ_TEACHER", "SDQ_PEER", 4, "TRUST", "DMH teacher & parent"),
        ("SDQ_TEACHER", "SDQ_PROSOCIAL", 3, None, "DMH teacher & parent"),
    ]
    assert school.read(SCREENING, "area") == []


@pytest.mark.parametrize(
    ("who", "tool", "level"),
    [("นักเรียน", "SDQ_SELF", "TRUST"), ("ผู้ปกครอง", "SDQ_PARENT", "CONCERN"), ("ครูที่ปรึกษา", "SDQ_TEACHER", "CONCERN")],
)
def test_the_informant_decides_the_cut_offs(school: Desk, who: str, tool: str, level: str) -> None:
    bring(school, SCALES, ["13", "4", "3", "3", "3", "5"], who=who)
    assert ("SDQ_EMOTIONAL", tool, level) in held(school, "area", "tool", "level")


@pytest.mark.parametrize(
    ("above", "name"), [([["แบบประเมิน SDQ ฉบับผู้ปกครอง"]], "a.xlsx"), ([["แบบประเมิน SDQ ผู้ประเมิน: ผู้ปกครอง"]], "b.xlsx"), ([], "sdq-parent.xlsx"), ([], "SDQ ผู้ปกครองประเมินนักเรียน.xlsx")]
)  # fmt: skip
def test_the_informant_may_stand_above_the_table_or_in_the_name(
    school: Desk, above: list[list[str]], name: str
) -> None:
    head = [header for header in HEAD if header != "ผู้ประเมิน"]
    report = school.bring(school.workbook([*above, [*head, *SCALES], [*FIRST, *NORMAL]], name))
    assert report.accepted == 1
    assert {tool for (tool,) in held(school, "tool")} == {"SDQ_PARENT"}


def test_a_file_without_informant_is_refused_by_name(school: Desk) -> None:
    with pytest.raises(ImportRefused, match="no column 'ผู้ประเมิน'"):
        school.bring([["รหัสนักศึกษา", *SCALES], ["69201010001", *NORMAL]])


@pytest.mark.parametrize("headers", [ITEMS, [str(n) for n in range(1, 26)], [f"{n}. คำถามที่ {n}" for n in range(1, 26)]])
def test_answers_are_scored_with_reversed_items(school: Desk, headers: list[str]) -> None:
    report = bring(school, headers, ["0"] * 25)
    assert (report.source, report.accepted, dict(report.warnings), list(report.unmapped)) == ("sdq", 1, {}, [])
    assert held(school, "area", "score") == [
        ("SDQ_TOTAL", 10), ("SDQ_EMOTIONAL", 0), ("SDQ_CONDUCT", 2), ("SDQ_HYPERACTIVITY", 4), ("SDQ_PEER", 4), ("SDQ_PROSOCIAL", 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "shifted", "first"),
    [(["1"] * 24 + ["3"], True, 8), (["1"] * 25, False, 20), (["2"] * 24 + ["3"], True, 19)],
)
def test_answers_from_one_to_three_are_shifted_and_said(
    school: Desk, answers: list[str], shifted: bool, first: int
) -> None:
    report = bring(school, ITEMS, answers)
    assert dict(report.warnings) == ({"SDQ_SCALE_SHIFTED": [2]} if shifted else {})
    assert held(school, "score")[0] == (first,)


@pytest.mark.parametrize(
    ("answers", "code"),
    [(["1"] * 24 + [""], "SDQ_ITEMS_MISSING"), (["0"] * 24 + ["3"], "OUT_OF_RANGE"), (["0"] * 24 + ["5"], "OUT_OF_RANGE"), (["0"] * 24 + ["ไม่"], "BAD_NUMBER")],
)  # fmt: skip
def test_answers_that_make_no_score_are_quarantined(school: Desk, answers: list[str], code: str) -> None:
    report = bring(school, ITEMS, answers)
    assert report.accepted == 0
    assert report.reasons[code] == 1
    assert held(school, "area") == []


def test_a_questionnaire_of_24_items_makes_no_score(school: Desk) -> None:
    report = bring(school, ITEMS[:24], ["0"] * 24)
    assert dict(report.reasons) == {"SDQ_ITEMS_MISSING": 1}


def test_no_answer_at_all_is_missing_and_not_normal(school: Desk) -> None:
    report = bring(school, SCALES, [""] * 6)
    assert (report.accepted, dict(report.warnings)) == (0, {"NOT_SCREENED": [2]})


@pytest.mark.parametrize(
    "scores", [["41", "3", "3", "3", "3", "5"], ["12", "11", "3", "3", "3", "5"], ["12", "-1", "3", "3", "3", "5"]]
)
def test_a_score_out_of_range_is_quarantined(school: Desk, scores: list[str]) -> None:
    report = bring(school, SCALES, scores, NORMAL)
    assert (dict(report.reasons), dict(report.lines)) == ({"OUT_OF_RANGE": 1}, {"OUT_OF_RANGE": [2]})
    assert held(school, "score")[0] == (12,)


def test_the_sum_of_the_four_scales_counts(school: Desk) -> None:
    report = bring(school, SCALES, ["14", "3", "3", "3", "3", "5"])
    assert dict(report.warnings) == {"SDQ_SCORES_DO_NOT_ADD_UP": [2]}
    assert held(school, "area", "score")[0] == ("SDQ_TOTAL", 12)


def test_a_total_alone_stands(school: Desk) -> None:
    assert not bring(school, SCALES, ["14", "3", "", "3", "3", "5"]).warnings
    assert ("SDQ_TOTAL", 14) in held(school, "area", "score")


@pytest.mark.parametrize(
    ("header", "word", "warned"),
    [("แปลผลอารมณ์", "ปกติ", True), ("แปลผลอารมณ์", "เสี่ยง", False), ("กลุ่มเกเร", "มีปัญหา", True), ("แปลผลสัมพันธภาพทางสังคม", "มี", False), ("แปลผลจุดแข็ง", "ไม่มี", True), ("แปลผลอารมณ์", "ดีมาก", False), ("แปลผลอารมณ์", "", False)],
)  # fmt: skip
def test_a_written_group_is_compared_and_ours_counts(school: Desk, header: str, word: str, warned: bool) -> None:
    report = bring(school, [*SCALES, header], ["13", "4", "3", "3", "3", "5", word])
    assert dict(report.warnings) == ({"SDQ_BAND_MISMATCH": [2]} if warned else {})
    assert ("SDQ_EMOTIONAL", "CONCERN") in held(school, "area", "level")


def test_an_informant_that_nobody_knows_is_quarantined(school: Desk) -> None:
    assert dict(bring(school, SCALES, NORMAL, who="เพื่อนบ้าน").reasons) == {"UNKNOWN_CODE": 1}
    assert dict(bring(school, SCALES, NORMAL, who="").reasons) == {"MISSING_VALUE": 1}


@pytest.mark.parametrize(
    ("born", "warned"), [("13/05/2551", True), ("13/07/2551", False), ("01/01/2565", True), ("01/01/2563", False)]
)
def test_an_age_outside_the_instrument_is_told(desk: Desk, born: str, warned: bool) -> None:
    header = "รหัสนักศึกษา | ชื่อ | นามสกุล | วันเกิด | ปีการศึกษา | ภาคเรียน | ระดับชั้น | กลุ่มเรียน | วันที่ข้อมูล"
    desk.bring(f"{header}\n69201010001 | ดี | สมมติ | {born} | 2568 | 1 | ม.1 | 1 | 01/06/2568", source="roster")
    report = bring(desk, SCALES, NORMAL)
    assert report.accepted == 1
    assert dict(report.warnings) == ({"SDQ_AGE": [2]} if warned else {})


def test_a_form_s_time_stamp_is_the_day(school: Desk) -> None:
    head = ["ประทับเวลา", "รหัสนักศึกษา", "ผู้ประเมิน", *(f"{n}. คำถาม" for n in range(1, 26))]
    report = school.bring(
        school.workbook(
            [
                head,
                ["5/6/2025 14:03:22", "69201010001", "นักเรียน", *["0"] * 25],
                ["5/16/2025 9:00:00", "69201010002", "นักเรียน", *["0"] * 25],
            ]
        )
    )
    assert (report.source, report.accepted) == ("sdq", 2)
    assert {day.isoformat() for (day,) in held(school, "happened_on")} == {"2025-05-06", "2025-05-16"}


def test_a_college_s_own_table_counts(school: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    table = tmp_path / "ours.toml"
    told = SHIPPED.read_text("utf-8").replace(
        "emotional = { at_risk = 4, problem = 5 }", "emotional = { at_risk = 2, problem = 3 }", 1
    )
    table.write_text(told.replace('"DMH teacher & parent"', '"our manual"', 1), "utf-8")
    monkeypatch.setitem(SOURCE_OF, "sdq", sdq_source(table))
    school.bring(school.workbook([[*HEAD, *SCALES], [*FIRST, "ครู", *NORMAL]]), source="sdq")
    assert ("SDQ_EMOTIONAL", "CLOSE", "our manual") in held(school, "area", "level", "version")
