"""Reasons: what raised a score, said in both languages, sensitive matters only to whom may know."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from features.catalogue import CATALOGUE, FEATURE_OF
from features.declaration import Feature
from features.sensitive import FEATURES as SENSITIVE
from features.vocabulary import Domain, Personal, Unit
from models.choosing import LEAST_CONTRIBUTION, REASONS, choose
from models.explain import Explained
from models.reasons import (
    Floats,
    choice_of,
    domain_shares,
    domain_sums,
    missing_sentence,
    sentence,
    stored_domains,
    stored_missing,
    stored_reasons,
    told,
    told_missing,
)
from records.roles import ROLE_OF, Permission
from records.tables import ENROLMENTS
from records.text import Text

NAMES = [feature.name for feature in CATALOGUE]


def row_of(known: dict[str, float], otherwise: float) -> Floats:
    return np.array([known.get(name, otherwise) for name in NAMES])


def explained_of(values: Floats, contributions: Floats, spread: Floats | None = None) -> Explained:
    """What a model with these contributions (rows, features) would be told of."""
    choice = choice_of(CATALOGUE, spread)
    return Explained(
        logit=contributions.sum(axis=1),
        **choose(choice, values, contributions)._asdict(),
        domains=domain_sums(choice, contributions).astype(np.float32),
    )


def reasons_of(
    contributions: dict[str, float], values: dict[str, float] | None = None, spread: dict[str, float] | None = None
) -> list[dict[str, Any]]:
    """Every value is 1 unless said otherwise, every other contribution 0."""
    held, adds = row_of(values or {}, 1.0), row_of(contributions, 0.0)
    found = explained_of(held[None], adds[None], None if spread is None else row_of(spread, 0.0))
    return stored_reasons(CATALOGUE, held, found, 0)


def missing_of(contributions: dict[str, float], known: dict[str, float] | None = None) -> list[dict[str, Any]]:
    """Nothing is known unless said otherwise."""
    held, adds = row_of(known or {}, np.nan), row_of(contributions, 0.0)
    return stored_missing(CATALOGUE, explained_of(held[None], adds[None]), 0)


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


@pytest.mark.parametrize(
    ("name", "small", "large"),
    [
        ("missed_change_28d_term", 0.004, 0.006), ("missed_slope_56d", 0.0004, 0.0006), ("missed_days_7d", 0.43, 0.57),
        ("missed_share_28d_in_group", 0.04, 0.06), ("age_over_group", 0.05, 0.06), ("gpa_step_change", -0.004, -0.01),
        ("days_since_scored_in_group", 0.5, 1.0),
    ],
)  # fmt: skip
def test_what_would_be_shown_as_0_and_is_not_is_not_said(name: str, small: float, large: float) -> None:
    """ "Has grown by 0 points", "absent 0 days" would say that nothing is."""
    assert not reasons_of({name: 0.5}, {name: small})
    [reason] = told(reasons_of({name: 0.5}, {name: large}), FEATURE_OF, permissions=frozenset())
    assert re.search(r"[1-9]", reason.sentence.en.replace("28", "").replace("7", ""))


def test_what_is_rounded_to_0_is_said_of_a_margin() -> None:
    [reason] = told(
        reasons_of({"absences_left_term": 0.5}, {"absences_left_term": 0.4}), FEATURE_OF, permissions=frozenset()
    )
    assert "0 " in reason.sentence.en


@pytest.mark.parametrize("name", ["absences_left_term", "missed_run_left", "absences_left_worst_course", "gpax_margin"])
@pytest.mark.parametrize("value", [3.0, 0.0, -2.0])
def test_a_margin_is_said_before_and_after_the_line(name: str, value: float) -> None:
    [reason] = told(reasons_of({name: 0.5}, {name: value}), FEATURE_OF, permissions=frozenset())
    assert reason.value == value
    assert f"{value:.0f}" in reason.sentence.th
    assert "ติดลบ" in reason.sentence.th
    assert "below 0" in reason.sentence.en


@pytest.mark.parametrize(("spread", "is_said"), [(0.0, True), (0.3, True), (0.31, False), (LEAST_CONTRIBUTION, True)])
def test_what_moves_between_refits_as_much_as_it_adds_is_no_reason(spread: float, is_said: bool) -> None:
    found = reasons_of({"missed_share_28d": 0.3, "gpax": 0.4}, spread={"missed_share_28d": spread})
    assert {reason["feature"] for reason in found} == {"gpax", *(["missed_share_28d"] if is_said else [])}


def test_a_small_spread_does_not_let_small_reasons_in() -> None:
    assert not reasons_of({"missed_share_28d": LEAST_CONTRIBUTION - 0.001}, spread={"missed_share_28d": 0.0})


def test_no_more_are_stored_than_anybody_reads() -> None:
    everything = dict.fromkeys(NAMES, 0.5)
    found = reasons_of(everything)
    assert len(found) == REASONS
    domains = [FEATURE_OF[reason["feature"]].domain for reason in found]
    assert max(domains.count(domain) for domain in domains) == 2


def test_values_are_stored_as_the_feature_is_rounded() -> None:
    [reason] = reasons_of({"missed_share_28d": 0.123456}, {"missed_share_28d": float(np.float32(1 / 3))})
    assert reason == {"feature": "missed_share_28d", "value": 0.3333, "contribution": 0.1235}


def test_domains_add_up_to_all_contributions() -> None:
    contributions = np.random.default_rng(2).normal(size=(3, len(CATALOGUE)))
    found = stored_domains(domain_sums(choice_of(CATALOGUE), contributions)[1])
    assert list(found) == [domain.value for domain in Domain]
    assert sum(found.values()) == pytest.approx(contributions[1].sum(), abs=1e-3)
    attendance = [
        one for one, feature in zip(contributions[1], CATALOGUE, strict=True) if feature.domain is Domain.ATTENDANCE
    ]
    assert found["attendance"] == pytest.approx(sum(attendance), abs=1e-4)


def test_shares_are_of_what_raises_the_score() -> None:
    shares = domain_shares({"attendance": 2.0, "grades": 1.0, "household": -4.0, "screening": 0.0})
    assert shares == {"attendance": 0.6667, "grades": 0.3333, "household": 0.0, "screening": 0.0}


@pytest.mark.parametrize("domains", [{}, {"attendance": 0.0, "grades": -0.2}])
def test_where_nothing_raises_the_score_nobody_has_a_share(domains: dict[str, float]) -> None:
    assert domain_shares(domains) == dict.fromkeys(domains, 0.0)


class Watched(Text):
    """Counts how often its words are read."""

    reads = 0

    def __getattribute__(self, name: str) -> Any:
        if name in ("th", "en"):
            Watched.reads += 1
        return super().__getattribute__(name)


def test_storing_a_thousand_students_makes_no_sentence() -> None:
    features = [replace(feature, reason=Watched(th=feature.reason.th, en=feature.reason.en)) for feature in CATALOGUE]
    random = np.random.default_rng(5)
    values = random.choice([np.nan, 0.0, 1.0, 3.0], size=(1000, len(CATALOGUE)))
    found = explained_of(values, random.normal(scale=0.3, size=values.shape))
    Watched.reads = 0
    kept = [
        (stored_reasons(features, values[row], found, row), stored_missing(features, found, row))
        for row in range(len(values))
    ]
    assert Watched.reads == 0
    assert all(reasons and missing for reasons, missing in kept)
    told(kept[0][0], {feature.name: feature for feature in features}, permissions=frozenset(Permission))
    assert Watched.reads == 2 * len(kept[0][0])


# Sentences


def test_a_share_is_said_in_percent_in_thai_and_english() -> None:
    [reason] = told(
        [{"feature": "missed_share_28d", "value": 0.3333, "contribution": 0.9}], FEATURE_OF, permissions=frozenset()
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


def test_days_are_said_with_their_unit_and_period() -> None:
    assert sentence(FEATURE_OF["missed_days_28d"], 6.0) == Text(
        th="ขาดเรียน 6 วันใน 28 วันที่ผ่านมา", en="absent 6 days in the last 28"
    )


def test_what_the_catalogue_no_longer_has_is_left_out() -> None:
    assert [
        reason.feature
        for reason in told(stored("retired_days_28d", "late_days_28d"), FEATURE_OF, permissions=frozenset(Permission))
    ] == ["late_days_28d"]


# Missing


def test_what_is_not_known_and_raises_the_score_is_named_as_missing() -> None:
    stored_ones = missing_of({"score_mean_term": 0.31, "missed_share_28d": 0.2, "gpax": -0.4, "entry_gpa": 0.01})
    assert stored_ones == [
        {"feature": "score_mean_term", "contribution": 0.31},
        {"feature": "missed_share_28d", "contribution": 0.2},
    ]
    first, _ = told_missing(stored_ones, FEATURE_OF, permissions=frozenset())
    assert first.sentence.th == "ยังไม่มีข้อมูล: คะแนนเก็บเฉลี่ยในภาคเรียนนี้"
    assert first.sentence.en == "not known yet: Mean score of work this term"
    assert (first.domain, first.contribution) == (Domain.GRADES, 0.31)


def test_what_is_known_is_not_missing() -> None:
    assert missing_of({"score_mean_term": 0.31}, {"score_mean_term": 40.0}) == []


@pytest.mark.parametrize("name", [feature.name for feature in CATALOGUE if feature.personal is Personal.SENSITIVE])
def test_without_the_permission_a_sensitive_gap_is_its_domain_alone(name: str) -> None:
    stored_one = [{"feature": name, "contribution": 0.2}]
    [hidden] = told_missing(stored_one, FEATURE_OF, permissions=frozenset())
    [open_] = told_missing(stored_one, FEATURE_OF, permissions=frozenset(Permission))
    domain, label = FEATURE_OF[name].domain, FEATURE_OF[name].label
    assert (hidden.feature, hidden.label) == (domain.value, domain.label)
    assert hidden.sentence == missing_sentence(domain.label)
    assert label.th not in repr(hidden)
    assert (open_.feature, open_.sentence) == (name, missing_sentence(label))


def test_a_gap_that_the_catalogue_no_longer_has_is_left_out() -> None:
    gone = {"feature": "retired_days_28d", "contribution": 0.2}
    assert told_missing([gone], FEATURE_OF, permissions=frozenset(Permission)) == []


# Sensitive


@pytest.mark.parametrize("name", [feature.name for feature in CATALOGUE if feature.personal is Personal.SENSITIVE])
def test_without_the_permission_a_sensitive_reason_is_its_domain_alone(name: str) -> None:
    [reason] = told(stored(name, value=1234.0), FEATURE_OF, permissions=frozenset())
    shown = repr(reason)
    domain = FEATURE_OF[name].domain
    assert (reason.feature, reason.value, reason.domain) == (domain.value, None, domain)
    assert reason.hidden
    assert not reason.changeable
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
    [reason] = told(stored("works_parttime"), FEATURE_OF, permissions=frozenset())
    assert reason.sentence.th == "ครอบครัวและรายได้: ดูรายละเอียดได้เฉพาะผู้มีสิทธิ์"
    assert reason.sentence.en == "Household: details only for those with permission"


def test_the_sdq_is_told_to_nobody_by_this_catalogue() -> None:
    """Who may see the household may not see sealed answers."""
    assert told(stored("sdq_group", "sdq_group_worst_ever"), FEATURE_OF, permissions=frozenset(Permission)) == []


def test_with_the_permission_it_is_said() -> None:
    [reason] = told(stored("income_per_head", value=1350.0), FEATURE_OF, permissions=frozenset(Permission))
    assert (reason.feature, reason.hidden) == ("income_per_head", False)
    assert reason.sentence.en == "household income 1,350 baht per head and month"


@pytest.mark.parametrize(
    ("role", "told_in_full"),
    [
        ("advisor", []), ("department_head", []), ("director", []), ("committee", ["income_per_head"]),
        ("scholarship", ["income_per_head"]), ("counsellor", ["income_per_head", "sdq_group"]),
    ],
)  # fmt: skip
def test_the_household_and_the_sealed_screening_ask_for_permissions_of_their_own(
    role: str, told_in_full: list[str]
) -> None:
    sealed = next(feature for feature in SENSITIVE if feature.name == "sdq_group")
    catalogue = {"income_per_head": FEATURE_OF["income_per_head"], "sdq_group": sealed}
    permissions = ROLE_OF[role].permissions
    reasons = told(stored("income_per_head", "sdq_group"), catalogue, permissions=permissions)
    assert [reason.domain for reason in reasons] == [Domain.HOUSEHOLD, Domain.SCREENING]
    assert [reason.feature for reason in reasons if not reason.hidden] == told_in_full
    gaps = [{"feature": name, "contribution": 1.0} for name in catalogue]
    missing = told_missing(gaps, catalogue, permissions=permissions)
    assert [one.feature for one in missing if one.feature in catalogue] == told_in_full


def test_two_hidden_reasons_are_one_in_the_place_of_the_first() -> None:
    found = told(stored("works_parttime", "missed_run_now", "income_per_head"), FEATURE_OF, permissions=frozenset())
    assert [reason.feature for reason in found] == ["household", "missed_run_now"]
    assert [reason.contribution for reason in found] == [1.0, 0.9]


def test_ordinary_reasons_are_said_to_everybody_in_their_order() -> None:
    names = [feature.name for feature in CATALOGUE if feature.personal is Personal.ORDINARY]
    assert [reason.feature for reason in told(stored(*names), FEATURE_OF, permissions=frozenset())] == names


@pytest.mark.parametrize(
    ("name", "value", "th", "en"),
    [
        ("skipped_days_28d", 2.0, "โดดเรียน) 2 วัน", "left class"),
        ("skipped_days_term", 2.0, "โดดเรียน) 2 วัน", "left class"),
        ("period_skipped_28d", 2.0, "โดดเรียน) 2 คาบ", "left 2 class periods"),
        ("education_before", 7.0, "7 ปริญญาโทขึ้นไป", "7 master or higher"),
        ("credits_taken", 18.5, "18.5 หน่วยกิต", "18.5 credits"),
        ("credits_taken", 18.0, "ลงทะเบียน 18 หน่วยกิต", "18 credits"),
    ],
)
def test_a_sentence_says_what_is_counted_as_it_is(name: str, value: float, th: str, en: str) -> None:
    said = sentence(FEATURE_OF[name], value)
    assert th in said.th
    assert en in said.en


def test_every_level_of_schooling_before_stands_in_the_sentence() -> None:
    codes = ENROLMENTS["education_before"].codes
    assert codes is not None
    for text in (FEATURE_OF["education_before"].reason.th, FEATURE_OF["education_before"].reason.en):
        assert not [code.value for code in codes.codes if f"{code.worth:.0f} " not in text]
