"""Horizons and their names; the card as a person reads it, in Markdown and as a page."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser

import pytest

from models.card import render, render_html
from models.horizon import HORIZONS, LIST_HORIZON, NEXT_COUNT, Horizon, days
from records.errors import ModelRefused
from records.promotions import Signed
from tests.training.drawn_card import draw_card
from tests.training.drawn_evidence import EVIDENCE, about
from training.evidence import UNKNOWN, Calibrated, Leak, SourceValue

CARD = draw_card()
SIGNED = Signed(
    id=1, institution="*", model_digest="d", signed_by="ครูมาลี ตัวอย่าง", reason="พบผู้ออก <b>มากกว่า</b> | จริง",
    at=datetime(2026, 4, 30, 20, tzinfo=UTC), undoes=None,
)  # fmt: skip


def test_a_horizon_has_a_name_and_says_how_far_it_looks() -> None:
    assert set(HORIZONS) == {"days_28", "days_56", "next_count"}
    assert all(HORIZONS[name].name == name for name in HORIZONS)
    assert (days(56).text.en, days(56).text.th) == ("within 8 weeks", "ภายใน 8 สัปดาห์")
    assert (NEXT_COUNT.text.en, NEXT_COUNT.text.th) == ("by the next roster count", "ภายในรอบนับทะเบียนครั้งหน้า")
    assert days(56) == LIST_HORIZON


@pytest.mark.parametrize(("horizon", "end"), [(days(28), date(2025, 6, 16)), (days(56), date(2025, 7, 14)), (NEXT_COUNT, None)])  # fmt: skip
def test_a_horizon_ends_its_days_after_the_day(horizon: Horizon, end: date | None) -> None:
    assert horizon.end(date(2025, 5, 19)) == end


# The card


@pytest.mark.parametrize("told", [
    "| แบบจำลองนี้ | 0.76 (0.74 – 0.78) | 0.74 (0.72 – 0.76) | 10% | 0.20 (0.18 – 0.22) | 0.06 (0.04 – 0.08) |",
    "| การขาดเรียน 4 สัปดาห์ล่าสุด | 0.68 (0.66 – 0.70) |", "| logistic regression | 6.0 (6.0 – 6.0) | 20% (18% – 22%) |",
    "reaches 1.50 (1.00 – 2.00) more leavers a week (95 % interval; 240 leavers, students drawn again)",
    "| 1 | this model | by itself | 3,200 | 240 | 1.50 (1.00 – 2.00) |",
])  # fmt: skip
def test_the_card_tells_every_list_with_intervals_and_which_one_is_shown(told: str) -> None:
    assert told in render(CARD)


def test_the_card_says_on_which_terms_the_list_to_beat_was_chosen() -> None:
    assert "Beside the simple list that did best on earlier terms (absences" in render(CARD)
    assert "ซึ่งเป็นรายชื่ออย่างง่ายที่ดีที่สุดในภาคเรียนก่อนภาคเรียนทดสอบ ด้วย" in render(CARD)
    card = draw_card(replace(EVIDENCE, opponent_chosen_before=False))
    assert "did best on the test terms themselves, there being no earlier ones to choose it on (absences" in render(
        card
    )
    assert "ที่ดีที่สุดในภาคเรียนทดสอบเอง (ไม่มีภาคเรียนก่อนหน้าให้เลือก) ด้วย" in render(card)
    del card["evidence"]["opponent_chosen_before"]
    assert "Beside the best simple list (absences" in render(card)  # a card of before does not tell


@pytest.mark.parametrize("told", [
    "Trained on 2025-10-06; the newest week that taught is that of 2025-08-04", "ฝึกเมื่อ 6/10/2568",
    "1/2566, 2/2566, 1/2567", "Test terms: 2/2567, 1/2568, 36 weeks (2 skipped)", "50,000",
    "3.0% before leaving (2.5% by the strict reading)", "Students of the test terms who were in the terms trained on before: 2,200", "judged by a model that had seen only the terms before it",
    "within 8 weeks", "slope 0.980, offset +0.020", "slope 1.010, offset -0.010", "| dmc (1) | Attendance | 2025-10-02 | 1 | 5 |",
    "0000000000000000", "fedcba9876543210",
])  # fmt: skip
def test_the_card_tells_on_what_it_rests(told: str) -> None:
    assert told in render(CARD)


def test_the_card_tells_rows_of_history_apart_from_records_of_history() -> None:
    facts = replace(EVIDENCE.training, reconstructed_share=0.416, reconstructed_rows=12_345)
    lines = render(draw_card(replace(EVIDENCE, training=facts))).splitlines()
    assert (
        "- แถวที่ใช้สอนซึ่งรู้จากข้อมูลย้อนหลังเท่านั้น เวลาทราบจึงเป็นการประมาณ: 42% (ทุกภาคเรียนรวมกันมีรายการข้อมูลเช่นนี้ 12,345 รายการ)"
    ) in lines
    assert (
        "- Training rows told by history alone: 42% (records whose entry time was reconstructed, of all terms: 12,345)"
    ) in lines


@pytest.mark.parametrize("told", [
    "| visited | 14 (12 – 18) | 800 | 116 |", "| เฝ้าดู | ไม่มีนักเรียนในระดับนี้ | 0 | 0 |", "| not listed | 2 (1 – 2) |",
    "Too little known to rank: 0.5% (123 / 24,923 student-weeks), of whom left: 7",
    "ไม่ใช่คำทำนาย", "not a forecast", "do not count the weeks of one student as so many students",
])  # fmt: skip
def test_the_card_tells_how_many_of_each_band_left_and_of_whom_too_little_was_known(told: str) -> None:
    assert told in render(CARD)


@pytest.mark.parametrize("told", [
    "Of 240 leavings (who came back and left again counts twice), 130 had been visited or watched", "First listed 35 days before they were last seen (middle half 14–63)",
    "Of last week's visits 82% stay (bonus 0.20, which costs 1.0% of recall)", "After retraining 87% of the list is the same",
    "| Grades | 0.030 (0.010 – 0.050) | 0.50 (0.48 – 0.52) |", "| constraints of direction (their cost) | 0.000 (",
    "observed over expected 1.02 (0.92 – 1.12)", "lowest 0.95 (2025-06-09) and highest 1.10 (2025-06-02)",
])  # fmt: skip
def test_the_card_tells_calibration_timing_and_what_each_source_adds(told: str) -> None:
    assert told in render(CARD)


@pytest.mark.parametrize("told", [
    "Reasons that came back: 83.1% (wanted: 80%)", "Leading domains that came back: 96.4%", "to be a reason: 2 / ",
    "Reasons a student: 2.4 (before the filter 3.5)", "2,000 rows", "Compared with other models: 1 of other random numbers, 0 trained before the test term, 1 on",
])  # fmt: skip
def test_the_card_tells_how_steady_the_reasons_are(told: str) -> None:
    assert told in render(CARD)


def test_a_feature_that_the_model_does_not_look_at_stands_in_no_table() -> None:
    stability = CARD["stability"]
    weight = dict.fromkeys(stability["weight"], 0.0) | {"missed_share_28d": 0.5}
    card = render(draw_card(stability={**stability, "weight": weight}))
    assert card.count(" | 0.500 | ") == 2
    assert " | 0.000 | " not in card


def test_each_group_stands_with_its_label_and_a_small_one_with_no_figure() -> None:
    [sex, *others] = EVIDENCE.fairness
    small = replace(
        sex.groups[1], students=None, leavers=None, suppressed=True, recall=UNKNOWN, observed_expected=UNKNOWN, listed_share=float("nan")
    )  # fmt: skip
    judged = replace(sex, groups=(sex.groups[0], small), verdict="cannot tell", gap=UNKNOWN)
    card = render(draw_card(replace(EVIDENCE, fairness=(judged, *others))))
    assert "### เพศ: ข้อมูลไม่พอจะบอกได้" in card
    assert "| male | 900 | 120 | 40% (38% – 42%) | 1.00 (0.90 – 1.10) | 10% |" in card
    assert "| female | too few to show |  |  |  |  |" in card
    none = "No gap can be told: fewer than two known groups have enough people and leavers."
    assert f"{none} This sample can show gaps from 9% on (tolerated: 10%)." in card
    one_group = replace(judged, detectable_gap=float("nan"))
    card = render(draw_card(replace(EVIDENCE, fairness=(one_group, *others))))
    assert f"{none}\n" in card
    assert "Largest gap –" not in card


def test_a_trace_of_a_leak_is_told_in_words() -> None:
    early = Leak(probe="stamped early", feature="attendance", strength=0.4)
    twice = Leak(probe="same student twice", feature="", strength=0.02)
    card = render(draw_card(replace(EVIDENCE, leaks=(early, twice))))
    assert "พบร่องรอยข้อมูลรั่ว: ลงวันที่ทราบเร็วกว่าจริง: การมาเรียนรายวัน (0.40), นักเรียนคนเดียวมีสองเลข (0.02)" in card
    assert "Traces of a leak: stamped early: Attendance (0.40), same student twice (0.02)" in card


def test_a_failed_check_stands_with_its_code_why_and_what_to_do() -> None:
    leak = Leak(probe="identity", feature="gpa_last", strength=0.93)
    card = render(draw_card(replace(EVIDENCE, leaks=(leak,))))
    assert "Failed, and blocking: no signature overrides it" in card
    assert re.search(r"\| TR203 \| [^|]*gpa_last[^|]* \| [^|]+ \| [^|]*zerodrop doctor[^|]* \|", card)
    assert "> A blocking check failed, so this model cannot be put in charge" in card
    assert "A blocking check failed" not in render(CARD)


@pytest.mark.parametrize("told", [
    "เลือกรูปแบบของแบบจำลองอย่างไร", "How its form was chosen", "the test terms had no part in it",
    "| in use | 150 | 120 | at random | 50% | 12.0 (± 20.0) |", "| tried | 300 | 40 | the best | 0% | 0.0 (± 0.0) |",
    "| ใช้จริง | 150 | 120 | สุ่ม | 50% | 12.0 (± 20.0) |",
])  # fmt: skip
def test_the_card_tells_which_form_was_chosen_and_which_were_tried(told: str) -> None:
    assert told in render(CARD)


def test_a_form_without_a_search_says_so() -> None:
    card = render(draw_card(search=[]))
    assert "Before the test terms there was too little to try forms on" in card
    assert "| in use | 150 | 120 | at random | 50% | – |" in card


def test_what_a_new_place_loses_stands_where_it_was_measured() -> None:
    cold = SourceValue(name="no past of one's own", auc_lost=about(0.012), reached_lost_per_week=about(0.3))
    card = render(draw_card(replace(EVIDENCE, cold_start=cold)))
    assert (
        "| a past of one's own (a new place; AUC within each) | 0.012 (-0.008 – 0.032) | 0.30 (0.28 – 0.32) |" in card
    )
    assert "| สถานศึกษาใหม่ที่ไม่มีอดีตให้เรียนรู้ (AUC ภายในแต่ละแห่ง) | 0.012 (" in card
    assert "a new place" not in render(CARD)


def test_a_small_institutions_offset_is_told() -> None:
    held = Calibrated(backtest_slope=1, backtest_offset=0, slope=1, offset=0, institution_offsets={"1320026101": 0.12})
    assert "1320026101 +0.12" in render(draw_card(replace(EVIDENCE, calibrated=held)))


def test_a_figure_that_could_not_be_told_is_no_zero() -> None:
    lists = {"zerodrop": replace(EVIDENCE.lists["zerodrop"], auc=UNKNOWN, ece=about(0.02))}
    assert "| this model | – | 0.74 (0.72 – 0.76) |" in render(draw_card(replace(EVIDENCE, lists=lists)))


@pytest.mark.parametrize(("th", "en"), [
    ("ใครลงนาม", "Who signed"), ("แสดงรายชื่อใด เพราะเหตุใด", "Which list is shown, and why"), ("การตรวจสอบ", "Checks"),
    ("แต่ละระดับออกกลางคันเท่าไร", "How many of each band left"), ("เหตุผลคงเส้นคงวา", "How steady the reasons are"),
    ("บัตรแบบจำลอง", "Model card"), ("คะแนนไม่ใช่คำตัดสินตัวเด็ก", "A score is not a verdict on a child."),
    ("ข้อมูลที่ใช้", "Data, and how old it is"), ("ผลเทียบกับรายชื่ออย่างง่าย", "Skill beside the simple lists"),
    ("คะแนนตรงกับความจริงเพียงใด", "(calibration)"), ("ข้อจำกัด", "Limits"), ("ไม่ได้วัด", "not measured"),
    ("ห้ามใช้ลงโทษ ตัดสิทธิ์ ปฏิเสธการรับเข้าเรียนหรือความช่วยเหลือ", "Never to punish, to refuse a place or help"),
    ("ทุกกลุ่มได้รับการดูแลเท่ากันหรือไม่", "Is every group reached alike"),
])  # fmt: skip
def test_the_card_is_thai_first_and_english_after(th: str, en: str) -> None:
    thai, _, english = render(CARD).partition("\n# In English\n")
    assert th in thai
    assert en in thai.splitlines()[0] or en in english
    assert not re.search("[ก-๙]", english.replace("ครูมาลี", ""))


def test_a_model_that_could_not_be_tested_says_so() -> None:
    untested = replace(
        EVIDENCE, test=None, lists={}, gain=None, gains=(), institutions=(), lead_time=None, churn=None, sources=(),
        constraints=None, fairness=(),
    )  # fmt: skip
    card = render(draw_card(untested))
    for told in ("Test terms: none", "There was no test term.", "nobody knows whether it beats a simple list"):
        assert told in card
    assert "| this model |" not in card


def test_the_card_names_who_signed_when_for_whom_and_why() -> None:
    assert "Nobody has signed for this model yet" in render(CARD)
    back = replace(SIGNED, id=3, institution="1320026101", undoes=2)
    card = render(CARD, [SIGNED, back])
    assert "| 1/5/2569 | ครูมาลี ตัวอย่าง | ทุกสถานศึกษา | ให้รับหน้าที่ | พบผู้ออก &lt;b>มากกว่า&lt;/b> \\| จริง |" in card
    assert "| 2026-05-01 | ครูมาลี ตัวอย่าง | 1320026101 | put back in charge |" in card


def test_the_card_says_what_ended_a_model_and_where_it_holds() -> None:
    own = replace(SIGNED, id=2, institution="1320026101")
    back = replace(SIGNED, id=3, model_digest="absence_rule", undoes=1)
    card = render(CARD, [SIGNED, own, back])
    assert "In charge now at: 1320026101" in card
    assert "| every institution | taken back |" in card
    replaced = replace(own, id=4, model_digest="newer")
    card = render(CARD, [SIGNED, own, back, replaced])
    assert "In charge now at: none" in card
    assert "ขณะนี้รับหน้าที่: ไม่มีที่ใด" in card
    assert "| 1320026101 | replaced |" in card


def test_the_card_tells_which_visits_fell_to_who_had_left() -> None:
    assert "Beside these, 17 visits fell to students who had left already without anybody knowing" in render(CARD)
    before = {name: value for name, value in CARD.items() if name != "gone_visited"}
    assert "Beside these" not in render(before)


def test_of_few_leavers_no_share_is_told() -> None:
    content = json.loads(json.dumps(CARD))
    (group, *_) = (one for one in content["evidence"]["fairness"][0]["groups"] if not one["suppressed"])
    group["recall"] = {"value": 0.7142, "low": None, "high": None}
    assert "71%" not in render(content)


def test_a_number_of_leavers_that_is_hidden_is_told_by_a_dash() -> None:
    content = json.loads(json.dumps(CARD))
    content["evidence"]["fairness"][0]["groups"][0]["leavers"] = content["abstained"]["left"] = None
    card = render(content)
    assert "| male | 900 | – |" in card
    assert "(123 / 24,923 student-weeks), of whom left: –" in card


def test_lengths_are_in_order_also_when_the_card_was_read_from_its_file() -> None:
    card = render(json.loads(json.dumps(CARD, sort_keys=True)))
    places = [card.index(f"Recall at {length}") for length in ("5%", "10%", "20%") if f"Recall at {length}" in card]
    assert len(places) > 1
    assert places == sorted(places)


def test_a_card_of_another_zerodrop_is_refused() -> None:
    card = {name: value for name, value in CARD.items() if name not in ("evidence", "words")}
    with pytest.raises(ModelRefused, match="it holds no evidence, words") as refused:
        render(card)
    assert "· บัตรนี้มาจาก zerodrop รุ่นอื่น จึงไม่มี evidence, words ฝึกแบบจำลองใหม่" in str(refused.value)


# The page


class _Read(HTMLParser):
    """Tags, attributes and words of a page; refuses a tag that closes another one."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.words: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action")]
        if tag != "meta":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(page: str) -> _Read:
    reader = _Read()
    reader.feed(page)
    assert reader._open == []
    return reader


def test_the_page_is_whole_and_needs_nothing_from_outside() -> None:
    page = render_html(CARD, [SIGNED])
    found = read(page)
    assert found.addresses == ["#english"]
    assert {"script", "link", "img", "iframe"}.isdisjoint(found.tags)
    assert "http" not in page
    assert "@import" not in page
    assert "url(" not in page
    assert found.tags.count("h1") == 2


def test_the_page_says_what_the_text_says() -> None:
    words = " ".join(read(render_html(CARD, [SIGNED])).words)
    for cell in re.findall(r"[^|\n()>#*-]{4,}", render(CARD, [SIGNED]).replace("&lt;", "<")):
        assert " ".join(cell.replace("\\", "").split()) in " ".join(words.split()) or "<b" in cell, cell


def test_what_a_person_typed_is_no_tag_on_the_page() -> None:
    assert "&lt;b&gt;มากกว่า&lt;/b&gt;" in render_html(CARD, [SIGNED])
