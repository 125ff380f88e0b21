"""Horizons and their names; the card as a person reads it."""

import copy
from datetime import date
from typing import Any

import pytest

from models.card import render
from models.horizon import HORIZONS, LIST_HORIZON, NEXT_COUNT, Horizon, days

FIGURES = {
    "auc": 0.8123, "average_precision": 0.3456, "precision": 0.4567, "recall": 0.5678, "lift": 6.789,
    "brier": 0.0321, "ece": 0.0123, "observed_expected": 1.0456,
}  # fmt: skip
CARD: dict[str, Any] = {
    "institutions": ["1320026101", "1320026102"],
    "training_terms": ["1/2567", "2/2567"],
    "test_term": "1/2568",
    "horizon": "days_56",
    "training_rows": 45678,
    "training_base_rate": 0.0617,
    "gone_rows": 1234,
    "reconstructed_rows": 987654,
    "catalogue_fingerprint": "0123456789abcdef" * 4,
    "calibration": {"backtest": {"slope": 0.912, "offset": -0.123}, "final": {"slope": 1.034, "offset": 0.045}},
    "bonus": {"value": 0.3, "staying": 0.81, "recall_lost": 0.012},
    "lists": {"zerodrop": FIGURES, "absence_rule": {**FIGURES, "auc": 0.7001, "brier": None, "ece": None, "observed_expected": None}},
    "calibration_bins": [{"predicted": 0.0111, "observed": 0.0222, "rows": 3210}],
    "bands": [
        {"band": "high", "rows": 800, "left": 116, "low": 0.119, "high": 0.176},
        {"band": "watch", "rows": 0, "left": 0, "low": 0.0, "high": 1.0},
        {"band": "none", "rows": 24000, "left": 360, "low": 0.013, "high": 0.0178},
    ],
    "abstained": {"rows": 123, "of": 24923, "left": 7},
    "stability": {
        "spread": {"missed_share_28d": 0.05, "gpa_last": 0.2, "age_on_entry": 10.0},
        "weight": {"missed_share_28d": 0.111, "gpa_last": 0.222, "age_on_entry": 0.0},
        "asked": 0.8, "features_survive": 0.8312, "domains_survive": 0.9644, "shown": 2, "reasons": 2.36,
        "reasons_before": 3.45, "rows": 2000, "compared": ["seed 11 alone", "persons drawn again"],
    },
}  # fmt: skip


def test_a_horizon_has_a_name_and_says_how_far_it_looks() -> None:
    assert set(HORIZONS) == {"days_28", "days_56", "next_count"}
    assert all(HORIZONS[name].name == name for name in HORIZONS)
    assert (days(56).text.en, days(56).text.th) == ("within 8 weeks", "ภายใน 8 สัปดาห์")
    assert (NEXT_COUNT.text.en, NEXT_COUNT.text.th) == ("by the next roster count", "ภายในรอบนับทะเบียนครั้งหน้า")
    assert days(56) == LIST_HORIZON


@pytest.mark.parametrize(("horizon", "end"), [(days(28), date(2025, 6, 16)), (days(56), date(2025, 7, 14)), (NEXT_COUNT, None)])  # fmt: skip
def test_a_horizon_ends_its_days_after_the_day(horizon: Horizon, end: date | None) -> None:
    assert horizon.end(date(2025, 5, 19)) == end


def test_the_card_tells_its_figures_rounded_and_a_rule_has_no_probability() -> None:
    card = render(CARD)
    assert "| zerodrop | 0.812 | 0.346 | 0.457 | 0.568 | 6.789 | 0.032 | 0.012 | 1.046 |" in card
    assert "| absence_rule | 0.700 | 0.346 | 0.457 | 0.568 | 6.789 | - | - | - |" in card
    assert "| 0.011 | 0.022 | 3,210 |" in card


@pytest.mark.parametrize("told", [
    "1320026101, 1320026102", "1/2567, 2/2567", "test term: 1/2568", "horizon: days_56", "45,678", "6.2%", "1,234",
    "987,654", "slope 0.912, offset -0.123", "slope 1.034, offset +0.045", "0.3 ", "81%", "+0.012", "0123456789abcdef",
])  # fmt: skip
def test_the_card_tells_on_what_it_rests(told: str) -> None:
    assert told in render(CARD)


@pytest.mark.parametrize("told", [
    "ใน 100 คน ออกกลางคันประมาณ 14 คน (12–18) · about 14 of 100 left (12–18), 800 student-weeks",
    "เฝ้าดู · watched: ไม่มีนักเรียนในระดับนี้ · nobody stood there",
    "ใน 100 คน ออกกลางคันประมาณ 2 คน (1–2)",
    "too little known to rank: 0.5% (123 / 24,923 student-weeks)", "of whom left: 7",
    "ไม่ใช่คำทำนาย", "not a forecast", "do not count the weeks of one student as so many students",
])  # fmt: skip
def test_the_card_tells_how_many_of_each_band_left_and_of_whom_too_little_was_known(told: str) -> None:
    assert told in render(CARD)


@pytest.mark.parametrize("told", [
    "reasons that came back: 83.1%", "leading domains that came back: 96.4%", "a reason: 2 / 3",
    "reasons a student: 2.4 (ก่อนกรอง · before the filter 3.5)", "2,000 rows", "seed 11 alone, persons drawn again",
    "| gpa_last | 0.222 | 0.20 |\n| missed_share_28d | 0.111 | 0.05 |",
])  # fmt: skip
def test_the_card_tells_how_steady_the_reasons_are(told: str) -> None:
    assert told in render(CARD)


def test_a_feature_that_the_model_does_not_look_at_stands_in_no_table() -> None:
    assert "age_on_entry" not in render(CARD)


def test_reasons_that_nobody_has_cannot_come_back() -> None:
    card = copy.deepcopy(CARD)
    card["stability"].update(features_survive=None, domains_survive=None, shown=0, reasons=0.0)
    assert "reasons that came back: - (" in render(card)


@pytest.mark.parametrize(("th", "en"), [
    ("แต่ละระดับออกกลางคันเท่าไร", "How many of each band left"), ("เหตุผลคงเส้นคงวา", "How steady the reasons are"),
    ("บัตรแบบจำลอง", "Model card"), ("คะแนนไม่ใช่คำตัดสินตัวเด็ก", "A score is not a verdict on a child."),
    ("ข้อมูลที่ใช้", "Data"), ("ผลเทียบกับรายชื่ออย่างง่าย", "Skill against simple lists"),
    ("การปรับเทียบ", "Calibration"), ("ข้อจำกัด", "Limits"), ("ไม่ได้วัด", "not measured"),
])  # fmt: skip
def test_the_card_says_it_in_thai_and_english(th: str, en: str) -> None:
    card = render(CARD)
    assert th in card
    assert en in card


def test_a_model_that_could_not_be_tested_says_so() -> None:
    card = copy.deepcopy(CARD)
    card.update(test_term=None, lists={}, calibration_bins=[], bands=[], abstained=None)
    assert "test term: -" in render(card)
    assert "ไม่มีภาคเรียนทดสอบ · There was no test term." in render(card)
    assert "| zerodrop |" not in render(card)
