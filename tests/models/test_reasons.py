"""Reasons: what raised a score, said in both languages, sensitive matters only to whom may know."""

import re
from typing import Any

import numpy as np
import pytest

from features.catalogue import CATALOGUE, FEATURE_OF
from features.declaration import Feature
from features.vocabulary import Domain, Personal, Unit
from models.reasons import LEAST_CONTRIBUTION, STORED_REASONS, chosen, domain_sums, sentence, told

NAMES = [feature.name for feature in CATALOGUE]


def reasons_of(contributions: dict[str, float], values: dict[str, float] | None = None) -> list[dict[str, Any]]:
    """Every value is 1 unless said otherwise, every other contribution 0."""
    held = np.ones(len(CATALOGUE))
    adds = np.zeros(len(CATALOGUE))
    for name, value in (values or {}).items():
        held[NAMES.index(name)] = value
    for name, value in contributions.items():
        adds[NAMES.index(name)] = value
    return chosen(CATALOGUE, held, adds)


def names_of(contributions: dict[str, float], values: dict[str, float] | None = None) -> list[str]:
    return [reason["feature"] for reason in reasons_of(contributions, values)]


def stored(*names: str, value: float = 1.0) -> list[dict[str, Any]]:
    return [{"feature": name, "value": value, "contribution": 1.0 - place / 10} for place, name in enumerate(names)]


# Which


def test_only_what_raises_the_score_is_a_reason() -> None:
    contributions = {"missed_share_28d": 0.5, "score_mean_term": -0.9, "late_days_28d": 0.0, "entry_gpa": 0.2}
    assert names_of(contributions) == ["missed_share_28d", "entry_gpa"]


def test_the_largest_comes_first_and_what_hardly_counts_is_left_out() -> None:
    contributions = {
        "late_days_28d": LEAST_CONTRIBUTION - 0.001,
        "not_submitted_term": LEAST_CONTRIBUTION,
        "missed_run_now": 0.7,
    }
    assert names_of(contributions) == ["missed_run_now", "not_submitted_term"]


def test_three_ways_of_counting_the_same_absences_are_two_reasons() -> None:
    contributions = {
        "missed_share_14d": 0.9,
        "missed_share_28d": 0.8,
        "missed_days_28d": 0.7,
        "not_submitted_term": 0.1,
    }
    assert names_of(contributions) == ["missed_share_14d", "missed_share_28d", "not_submitted_term"]


def test_what_can_change_comes_before_what_cannot() -> None:
    contributions = {"gpa_previous_term": 0.9, "missed_share_28d": 0.3, "earlier_attempts": 0.8}
    assert names_of(contributions) == ["missed_share_28d", "gpa_previous_term", "earlier_attempts"]


def test_what_is_not_known_is_no_reason() -> None:
    assert names_of({"score_mean_term": 0.9, "missed_run_now": 0.2}, {"score_mean_term": np.nan}) == ["missed_run_now"]


@pytest.mark.parametrize(
    "name",
    [
        "works_parttime", "returned_before", "dual_system", "not_screened_term", "parents_apart", "missed_slope_56d",
        "missed_change_14d", "missed_share_28d_in_group", "screening_change", "age_over_group",
    ],
)  # fmt: skip
@pytest.mark.parametrize(("value", "is_said"), [(1.0, True), (0.0, False), (-0.5, False)])
def test_a_sentence_that_would_not_be_true_is_not_said(name: str, value: float, is_said: bool) -> None:
    """ "Works part-time" of who does not, "has grown" of what fell."""
    assert names_of({name: 0.5}, {name: value}) == ([name] if is_said else [])


@pytest.mark.parametrize("name", ["gpa_step_change", "gpa_previous_term_in_group", "score_mean_term_in_group", "results_missing_in_group"])  # fmt: skip
@pytest.mark.parametrize(("value", "is_said"), [(-0.5, True), (0.0, False), (1.0, False)])
def test_what_lowers_the_risk_when_it_rises_is_said_when_it_fell(name: str, value: float, is_said: bool) -> None:
    assert names_of({name: 0.5}, {name: value}) == ([name] if is_said else [])


@pytest.mark.parametrize(("value", "is_said"), [(0.0, True), (1.0, False)])
def test_the_reason_about_a_scholarship_is_that_there_is_none(value: float, is_said: bool) -> None:
    assert names_of({"scholarship": 0.5}, {"scholarship": value}) == (["scholarship"] if is_said else [])


@pytest.mark.parametrize("name", ["absences_left_term", "missed_run_left", "absences_left_worst_course", "gpax_margin"])
@pytest.mark.parametrize("value", [3.0, 0.0, -2.0])
def test_a_margin_is_said_before_and_after_the_line(name: str, value: float) -> None:
    [reason] = told(reasons_of({name: 0.5}, {name: value}), FEATURE_OF, sensitive=False)
    assert reason.value == value
    assert f"{value:.0f}" in reason.sentence.th
    assert "ติดลบ" in reason.sentence.th
    assert "below 0" in reason.sentence.en


def test_no_more_are_stored_than_anybody_reads() -> None:
    everything = dict.fromkeys(NAMES, 0.5)
    found = reasons_of(everything)
    assert len(found) == STORED_REASONS
    domains = [FEATURE_OF[reason["feature"]].domain for reason in found]
    assert max(domains.count(domain) for domain in domains) == 2


def test_values_are_stored_as_the_feature_is_rounded() -> None:
    [reason] = reasons_of({"missed_share_28d": 0.123456}, {"missed_share_28d": np.float32(1 / 3)})
    assert reason == {"feature": "missed_share_28d", "value": 0.3333, "contribution": 0.1235}


def test_domains_add_up_to_all_contributions() -> None:
    contributions = np.random.default_rng(2).normal(size=len(CATALOGUE))
    sums = domain_sums(CATALOGUE, contributions)
    assert set(sums) == {domain.value for domain in Domain}
    assert sum(sums.values()) == pytest.approx(contributions.sum(), abs=1e-3)
    attendance = [
        one for one, feature in zip(contributions, CATALOGUE, strict=True) if feature.domain is Domain.ATTENDANCE
    ]
    assert sums["attendance"] == pytest.approx(sum(attendance), abs=1e-4)


# Sentences


def test_a_share_is_said_in_percent_in_thai_and_english() -> None:
    [reason] = told(
        [{"feature": "missed_share_28d", "value": 0.3333, "contribution": 0.9}], FEATURE_OF, sensitive=False
    )
    assert reason.sentence.th == "ขาดเรียนร้อยละ 33 ของวันที่บันทึกใน 28 วันที่ผ่านมา"
    assert reason.sentence.en == "absent on 33% of recorded days in the last 28"
    assert reason.asks == FEATURE_OF["missed_share_28d"].asks
    assert (reason.value, reason.unit, reason.changeable) == (0.3333, Unit.SHARE, True)


@pytest.mark.parametrize("feature", CATALOGUE, ids=NAMES)
def test_every_feature_has_a_sentence_in_both_languages(feature: Feature) -> None:
    said = sentence(feature, 1.0)
    assert re.search("[ก-๙]", said.th)
    assert not re.search("[ก-๙]", said.en)
    assert not re.search("[{}]", said.th + said.en)
    assert feature.name not in said.th + said.en


def test_a_missing_value_is_said_to_be_missing() -> None:
    said = sentence(FEATURE_OF["score_mean_term"], None)
    assert said.th == "คะแนนเก็บเฉลี่ยในภาคเรียนนี้: ยังไม่มีข้อมูล"
    assert said.en == "Mean score of work this term: not known yet"


def test_what_the_catalogue_no_longer_has_is_left_out() -> None:
    assert [
        reason.feature for reason in told(stored("retired_days_28d", "late_days_28d"), FEATURE_OF, sensitive=True)
    ] == ["late_days_28d"]


# Sensitive


@pytest.mark.parametrize("name", [feature.name for feature in CATALOGUE if feature.personal is Personal.SENSITIVE])
def test_without_the_permission_a_sensitive_reason_is_its_domain_alone(name: str) -> None:
    [reason] = told(stored(name, value=1234.0), FEATURE_OF, sensitive=False)
    shown = repr(reason)
    domain = FEATURE_OF[name].domain
    assert (reason.feature, reason.value, reason.domain) == (domain.value, None, domain)
    assert reason.sentence.th == f"{domain.label.th}: ดูรายละเอียดได้เฉพาะผู้มีสิทธิ์"
    assert reason.sentence.en == f"{domain.label.en}: details only for those with permission"
    assert reason.asks.en == "Ask the guidance or scholarship office before you raise this with the student"
    assert "1234" not in shown
    assert "1,234" not in shown
    feature = FEATURE_OF[name]
    assert not {feature.label.th, feature.label.en, feature.asks.th, feature.asks.en} & {
        reason.label.th, reason.label.en, reason.asks.th, reason.asks.en,
    }  # fmt: skip


def test_without_the_permission_the_household_is_named_in_both_languages() -> None:
    [reason] = told(stored("works_parttime"), FEATURE_OF, sensitive=False)
    assert reason.sentence.th == "ครอบครัวและรายได้: ดูรายละเอียดได้เฉพาะผู้มีสิทธิ์"
    assert reason.sentence.en == "Household: details only for those with permission"


def test_the_sdq_is_told_to_nobody_by_this_catalogue() -> None:
    """Who may see the household may not see sealed answers."""
    assert told(stored("sdq_group", "sdq_group_worst_ever"), FEATURE_OF, sensitive=True) == []


def test_with_the_permission_it_is_said() -> None:
    [reason] = told(stored("income_per_head", value=1350.0), FEATURE_OF, sensitive=True)
    assert reason.feature == "income_per_head"
    assert reason.sentence.en == "household income 1,350 baht per head and month"


def test_two_hidden_reasons_are_one_in_the_place_of_the_first() -> None:
    found = told(stored("works_parttime", "missed_run_now", "income_per_head"), FEATURE_OF, sensitive=False)
    assert [reason.feature for reason in found] == ["household", "missed_run_now"]
    assert [reason.contribution for reason in found] == [1.0, 0.9]


def test_ordinary_reasons_are_said_to_everybody_in_their_order() -> None:
    names = [feature.name for feature in CATALOGUE if feature.personal is Personal.ORDINARY]
    assert [reason.feature for reason in told(stored(*names), FEATURE_OF, sensitive=False)] == names
