"""Screening forms of nine and eleven areas: words, ticks and items; not screened is never trust; sensitive areas stay sealed."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.codes import SENSITIVE_AREA_CODES
from records.errors import ImportRefused
from records.intake.mapping import Rows
from records.intake.report import ImportReport
from records.intake.sources.screening_areas import reshaped
from records.intake.sources.screening_ovec9 import FORM
from records.ledger import log_index
from records.log import EventLog
from records.tables import SCREENING, SCREENING_SENSITIVE, Table
from tests.intake.desk import CODE, Desk, DeskWith

AREAS = ("การเรียน", "สังคม", "ชู้สาว", "ยาเสพติด", "การทะเลาะวิวาท", "เศรษฐกิจ", "ติดเกมส์", "การพนัน", "สุขภาพ")
OBEC = ("ความสามารถพิเศษ", "การเรียน", "สุขภาพ", "เศรษฐกิจ", "สวัสดิภาพ/ความปลอดภัย(คุ้มครอง)", "สารเสพติด", "ความรุนแรง", "ทางเพศ", "ติดเกม", "ความต้องการพิเศษ", "เครื่องมือสื่อสาร")  # fmt: skip
HEAD = ["รหัสนักศึกษา", "วันที่คัดกรอง"]
FIRST = ["69201010001", "16/06/2568"]
TRUST = ["ไว้ใจ"] * 9


@pytest.fixture
def school(desk_with: DeskWith) -> Desk:
    return desk_with({69201010000 + n: "ชย.1/1" for n in range(1, 13)})


def held(desk: Desk, table: Table, *columns: str) -> list[tuple[Any, ...]]:
    """What a table holds, sealed or not."""
    log = EventLog(
        folder=desk.home.logs, institution=CODE, index=log_index(desk.home.database, CODE), key=desk.home.vault.key
    )
    words = {column.name: column.codes.values for column in table.columns if column.codes is not None}
    rows = log.rows(table).to_pylist()
    return [
        tuple(words[name][row[name]] if name in words and row[name] is not None else row[name] for name in columns)
        for row in rows
    ]


def levels(desk: Desk) -> dict[str, str]:
    return {
        area: level for table in (SCREENING, SCREENING_SENSITIVE) for area, level in held(desk, table, "area", "level")
    }


def bring(desk: Desk, head: Sequence[str], *rows: Sequence[str]) -> ImportReport:
    return desk.bring(desk.workbook([[*HEAD, *head], *([*FIRST, *row] for row in rows)]))


def test_a_column_an_area_is_recognised_and_sensitive_areas_are_sealed(school: Desk) -> None:
    report = bring(school, AREAS, ["ห่วงใย", "ไว้ใจ", "ใกล้ชิด", "ไว้ใจ", "มีปัญหา", "เสี่ยง", "กลุ่มไว้ใจ", "ปกติ", "ไว้ใจ"])
    assert (report.source, report.rows, report.accepted, dict(report.warnings)) == ("screening_ovec9", 1, 1, {})
    assert held(school, SCREENING, "tool", "area", "level", "reviewed") == [
        ("OVEC9", "LEARNING", "CONCERN", None), ("OVEC9", "SOCIAL", "TRUST", None), ("OVEC9", "ECONOMY", "CONCERN", None),
        ("OVEC9", "GAMES", "TRUST", None), ("OVEC9", "GAMBLING", "TRUST", None), ("OVEC9", "OVERALL", "CONCERN", None),
    ]  # fmt: skip
    assert held(school, SCREENING_SENSITIVE, "tool", "area", "level") == [
        ("OVEC9", "SEXUAL", "CLOSE"), ("OVEC9", "DRUGS", "TRUST"), ("OVEC9", "FIGHTS", "CLOSE"), ("OVEC9", "HEALTH", "TRUST"),
    ]  # fmt: skip


def test_the_overall_group_says_nothing_of_a_sealed_area(school: Desk) -> None:
    bring(school, AREAS, ["ไว้ใจ", "ไว้ใจ", "ใกล้ชิด", *["ไว้ใจ"] * 6])
    assert levels(school)["OVERALL"] == "TRUST"
    assert levels(school)["SEXUAL"] == "CLOSE"


@pytest.mark.parametrize(("supplied", "warned"), [("ใกล้ชิด", False), ("ห่วงใย", True), ("ไว้ใจ", True), ("", False)])
def test_a_supplied_overall_group_is_compared_with_the_worst_of_all_areas(
    school: Desk, supplied: str, warned: bool
) -> None:
    report = bring(school, [*AREAS, "ภาพรวม"], ["ห่วงใย", "ไว้ใจ", "ใกล้ชิด", *["ไว้ใจ"] * 6, supplied])
    assert ("OVERALL_CONTRADICTS_AREAS" in report.warnings) == warned
    assert levels(school)["OVERALL"] == "CONCERN"


def test_a_worse_overall_group_may_come_from_an_area_that_the_file_leaves_out(school: Desk) -> None:
    report = bring(school, ["การเรียน", "สังคม", "เศรษฐกิจ", "การพนัน", "ภาพรวม"], [*["ไว้ใจ"] * 4, "ใกล้ชิด"])
    assert not report.warnings


TICKS = [f"{area} {group}" for area in AREAS for group in ("ห่วงใย", "ใกล้ชิด")]


@pytest.mark.parametrize(
    ("ticked", "level"),
    [({}, "TRUST"), ({"การเรียน ห่วงใย": "✓"}, "CONCERN"), ({"การเรียน ห่วงใย": "3", "การเรียน ใกล้ชิด": "1"}, "CLOSE"), ({"การเรียน ใกล้ชิด": "/"}, "CLOSE"), ({"การเรียน ห่วงใย": "0"}, "TRUST")],
)  # fmt: skip
def test_ticks_or_their_number_make_the_group(school: Desk, ticked: dict[str, str], level: str) -> None:
    bring(school, [*TICKS, "ยืนยันแล้ว"], [*(ticked.get(header, "") for header in TICKS), "ใช่"])
    assert levels(school)["LEARNING"] == level
    assert {reviewed for (reviewed,) in held(school, SCREENING, "reviewed")} == {True}


def test_two_rows_of_header_are_one(school: Desk) -> None:
    upper = ["", "", *(cell for area in AREAS for cell in (area, ""))]
    lower = [*HEAD, *(group for _ in AREAS for group in ("ห่วงใย", "ใกล้ชิด"))]
    cells = [*FIRST, *["✓" if n == 5 else "" for n in range(18)]]
    report = school.bring([upper, lower, cells])
    assert (report.source, report.accepted) == ("screening_ovec9", 1)
    assert (levels(school)["SEXUAL"], levels(school)["LEARNING"], len(levels(school))) == ("CLOSE", "TRUST", 10)


def test_items_are_told_apart_by_area_column_and_number(school: Desk) -> None:
    head = [f"{area} {group} {n}" for area in AREAS for group in ("ห่วงใย", "ใกล้ชิด") for n in (1, 2)]
    report = bring(school, head, ["✓" if header == "สังคม ใกล้ชิด 2" else "" for header in head])
    assert (report.source, list(report.unmapped)) == ("screening_ovec9", [])
    assert (levels(school)["SOCIAL"], levels(school)["OVERALL"], levels(school)["HEALTH"]) == (
        "CLOSE",
        "CLOSE",
        "TRUST",
    )


@pytest.mark.parametrize(
    ("head", "cells"),
    [(AREAS, [""] * 9), (TICKS, [""] * 18), ([*TICKS, "ยืนยันแล้ว"], [*[""] * 18, "ไม่ใช่"]), ([*AREAS, "ยืนยันแล้ว"], [*TRUST, ""]), ([*AREAS, "ยืนยันแล้ว"], [*TRUST, "ไม่ใช่"])],
)  # fmt: skip
def test_nothing_ticked_and_not_confirmed_is_not_screened(school: Desk, head: Sequence[str], cells: list[str]) -> None:
    report = bring(school, head, cells)
    assert (report.accepted, report.quarantined, dict(report.warnings)) == (0, 0, {"NOT_SCREENED": [2]})
    assert levels(school) == {}


def test_a_blank_area_is_not_trust(school: Desk) -> None:
    bring(school, AREAS, ["ห่วงใย", *[""] * 8])
    assert levels(school) == {"LEARNING": "CONCERN", "OVERALL": "CONCERN"}


@pytest.mark.parametrize("cell", ["ดีมาก", "x"])
def test_a_row_with_a_word_that_nobody_knows_is_kept_whole(school: Desk, cell: str) -> None:
    head = AREAS if cell == "ดีมาก" else TICKS
    report = bring(school, head, [cell, *["ไว้ใจ" if head is AREAS else ""] * (len(head) - 1)])
    assert (report.accepted, dict(report.reasons)) == (0, {"UNKNOWN_CODE": 1})
    assert levels(school) == {}


def class_of(rows: int, **changed: str) -> list[list[str]]:
    told = [changed.get(area, "ไว้ใจ") for area in AREAS]
    return [
        [*HEAD, "กลุ่มเรียน", *AREAS],
        *([f"{69201010000 + n}", "16/06/2568", "ชย.1/1", *told] for n in range(1, rows + 1)),
    ]


@pytest.mark.parametrize(("rows", "level", "warned"), [(10, "ห่วงใย", True), (9, "ห่วงใย", False), (12, "ไว้ใจ", False)])
def test_one_answer_for_a_whole_class_is_questioned(school: Desk, rows: int, level: str, warned: bool) -> None:
    report = school.bring(class_of(rows, สังคม=level))
    assert report.accepted == rows
    assert ("SAME_AS_OTHERS" in report.warnings) == warned


def test_one_other_answer_in_the_class_is_enough(school: Desk) -> None:
    rows = class_of(11, สังคม="ห่วงใย")
    rows[3][4] = "ไว้ใจ"
    assert not school.bring(rows).warnings


def test_the_day_comes_from_the_title_block_or_the_receipt(school: Desk) -> None:
    bare = [["รหัสนักศึกษา", *AREAS], ["69201010001", *TRUST]]
    school.bring(school.workbook([["แบบคัดกรองผู้เรียน"], ["กลุ่มเรียน ชย.1/1 วันที่ 16/06/2568"], *bare]))
    school.bring(school.workbook([["รหัสนักศึกษา", *AREAS], ["69201010002", *TRUST]], "b.xlsx"), at="2025-07-01 09:00")
    days = {student: day.isoformat() for student, day in held(school, SCREENING, "student", "happened_on")}
    assert days == {0: "2025-06-16", 1: "2025-07-01"}


def test_eleven_areas_are_another_form(school: Desk) -> None:
    report = bring(school, OBEC, [*["ปกติ"] * 3, "เสี่ยง", *["ปกติ"] * 2, "มีปัญหา", *["ปกติ"] * 4])
    assert (report.source, report.accepted) == ("screening_obec11", 1)
    assert held(school, SCREENING, "tool", "area", "level") == [
        ("OBEC11", "TALENT", "TRUST"), ("OBEC11", "LEARNING", "TRUST"), ("OBEC11", "ECONOMY", "CONCERN"),
        ("OBEC11", "GAMES", "TRUST"), ("OBEC11", "DEVICES", "TRUST"), ("OBEC11", "OVERALL", "CONCERN"),
    ]  # fmt: skip
    assert ("VIOLENCE", "CLOSE") in held(school, SCREENING_SENSITIVE, "area", "level")


def test_a_file_without_students_is_refused_by_name(school: Desk) -> None:
    with pytest.raises(ImportRefused, match="no column 'รหัสนักเรียน'"):
        school.bring([["ชื่อ", *AREAS], ["ดี", *TRUST]], source="screening_ovec9")


def test_a_long_table_is_left_to_the_plain_source(school: Desk) -> None:
    report = school.bring("รหัสนักศึกษา | วันที่คัดกรอง | ด้าน | กลุ่ม\n69201010001 | 16/06/2568 | การเรียน | ห่วงใย")
    assert report.source == "plain"


def test_two_screenings_of_one_day_that_differ_are_both_kept_back(school: Desk) -> None:
    report = bring(school, AREAS, ["ห่วงใย", *["ไว้ใจ"] * 8], ["ใกล้ชิด", *["ไว้ใจ"] * 8])
    assert dict(report.lines) == {"CONFLICTING_ROWS": [2, 3]}
    assert "LEARNING" not in levels(school)
    assert "OVERALL" not in levels(school)


ticks = st.lists(st.tuples(*[st.sampled_from(["", "✓", "0", "2"])] * 18), min_size=1, max_size=5)


@given(ticks, st.booleans())
def test_any_tick_makes_the_group_and_the_worst_open_area_the_overall_one(
    rows: list[tuple[str, ...]], confirmed: bool
) -> None:
    cells = {
        f"*.{code}_{group}": pa.array([row[2 * i + k] for row in rows])
        for i, code in enumerate(FORM.codes)
        for k, group in enumerate(("CONCERN", "CLOSE"))
    }
    cells["*.reviewed"] = pa.array(["ใช่" if confirmed else ""] * len(rows))
    told = reshaped(FORM, Rows(cells=cells, lines=pa.array(range(len(rows)), pa.int32())))
    found: dict[int, dict[str, int]] = {line: {} for line in range(len(rows))}
    for table in (SCREENING, SCREENING_SENSITIVE):
        codes = table["area"].codes
        assert codes is not None
        columns = (told.cells[f"{table.name}.{name}"].to_pylist() for name in ("area", "level"))
        for line, area, level in zip(told.lines.to_pylist(), *columns, strict=True):
            if area is not None:
                assert codes.values[area] not in found[line]
                found[line][codes.values[area]] = level
    for line, row in enumerate(rows):
        ticked = [cell in ("✓", "2") for cell in row]
        wanted = {code: 2 if ticked[2 * i + 1] else int(ticked[2 * i]) for i, code in enumerate(FORM.codes)}
        wanted["OVERALL"] = max(level for code, level in wanted.items() if code not in SENSITIVE_AREA_CODES.values)
        assert found[line] == (wanted if confirmed or any(ticked) else {})
