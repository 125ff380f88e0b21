"""Checks of a model: each fails on what it is about, passes else, says why and what to do, and none can be overridden."""

import math
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from features.catalogue import CATALOGUE, FEATURE_OF
from features.vocabulary import Domain
from models.card_words import LISTS, LOOKED_AT, PROBE_NAMES
from records.lists import RULE_LIST
from tests.training.drawn_evidence import EVIDENCE, FIGURES, LAG, about, fairness_by
from training.audit_groups import ATTRIBUTES
from training.check_data import silent_domains
from training.check_declaration import Check, Severity
from training.check_fairness import PROTECTED
from training.check_leakage import LEARNT_LISTS
from training.checks import CHECKS, GROUPS, CheckResult, Section, blocking, run_checks
from training.decision import SIMPLE_LISTS
from training.entrants import SIMPLE
from training.evidence import MODEL, UNKNOWN, Evidence, Gain, Interval, Leak
from training.leaks import PROBE_OF

UNSURE = Interval(value=0.4, low=math.nan, high=math.nan)


def training(**facts: Any) -> Evidence:
    return replace(EVIDENCE, training=replace(EVIDENCE.training, **facts))


def of_test(**facts: Any) -> Evidence:
    assert EVIDENCE.test is not None
    return replace(EVIDENCE, test=replace(EVIDENCE.test, **facts))


def model(**figures: Any) -> Evidence:
    return replace(EVIDENCE, lists={**EVIDENCE.lists, MODEL: replace(FIGURES, **figures)})


def gaining(per_week: Interval, *, against: str = "absences_28d") -> Evidence:
    found = tuple(replace(one, per_week=per_week) if one.against == against else one for one in EVIDENCE.gains)
    return replace(EVIDENCE, gain=found[0], gains=found)


def churning(**figures: float) -> Evidence:
    assert EVIDENCE.churn is not None
    return replace(EVIDENCE, churn=replace(EVIDENCE.churn, **figures))


def steady(**shares: float) -> Evidence:
    return replace(EVIDENCE, stability=replace(EVIDENCE.stability, **shares))


def by_sex(**found: Any) -> Evidence:
    return replace(EVIDENCE, fairness=(replace(EVIDENCE.fairness[0], **found), *EVIDENCE.fairness[1:]))


def by_mode(**found: Any) -> Evidence:
    return replace(EVIDENCE, fairness=(*EVIDENCE.fairness[:-1], replace(EVIDENCE.fairness[-1], **found)))


def men(**figures: Any) -> Evidence:
    first, *others = EVIDENCE.fairness[0].groups
    return by_sex(groups=(replace(first, **figures), *others))


def known_only(*names: str) -> Evidence:
    """As where the others were never imported: everybody is in one group, that of whom nothing is known."""
    untold = {
        name: replace(fairness_by(name, "NOT_KNOWN"), gap=UNKNOWN, detectable_gap=math.nan, verdict="cannot tell")
        for name in PROTECTED
        if name not in names
    }
    return replace(EVIDENCE, fairness=tuple(untold.get(one.attribute, one) for one in EVIDENCE.fairness))


def source(domain: Domain, lost: Interval) -> Evidence:
    found = (replace(one, auc_lost=lost) if one.name == domain.value else one for one in EVIDENCE.sources)
    return replace(EVIDENCE, sources=tuple(found))


def led(median_days: float) -> Evidence:
    assert EVIDENCE.lead_time is not None
    return replace(EVIDENCE, lead_time=replace(EVIDENCE.lead_time, median_days=median_days))


def constrained(lost: Interval) -> Evidence:
    assert EVIDENCE.constraints is not None
    return replace(EVIDENCE, constraints=replace(EVIDENCE.constraints, auc_lost=lost))


def alone(auc: Interval) -> Evidence:
    return replace(EVIDENCE, lists={**EVIDENCE.lists, "screening": replace(FIGURES, auc=auc)})


WORSE_HERE = replace(EVIDENCE.institutions[0], institution="2", clearly_worse=True, chosen="abc_flags")
LEAKING = replace(EVIDENCE, leaks=(Leak(probe="identity", feature=CATALOGUE[0].name, strength=0.97),))

# Each check: evidence on which it fails, and words of what it says.
FAILS: dict[str, tuple[Evidence, str]] = {
    "TR101": (training(leavers=99), "99 leavers"),
    "TR102": (of_test(leavers=99), "99 leavers"),
    "TR103": (replace(EVIDENCE, test=None), "No closed term"),
    "TR104": (of_test(terms=("1/2568",)), "1/2568"),
    "TR105": (training(reconstructed_share=0.51), "51%"),
    "TR106": (training(immature_weeks=27), "27 weeks"),
    "TR107": (of_test(skipped_weeks=19), "53%"),
    "TR108": (of_test(gone_rows=6_000), "6%"),
    "TR109": (replace(EVIDENCE, lags=(LAG, replace(LAG, nine_in_ten_days=15))), "1 Attendance"),
    "TR110": (replace(EVIDENCE, silent_domains=("screening",)), "Screening"),
    "TR111": (of_test(capacity_is_default=True), "visits a week"),
    "TR112": (training(strict_base_rate=0.014), "47%"),
    "TR201": (training(newest_as_of=date(2025, 10, 6)), "2025-10-06"),
    "TR202": (training(newest_as_of=date(2025, 8, 11)), "2025-10-06"),
    "TR203": (LEAKING, f"{FEATURE_OF[LEAKING.leaks[0].feature].label.en} (identity, 0.97)"),
    "TR204": (alone(about(0.92)), "the advisor's screening group (0.92)"),
    "TR205": (model(auc=about(0.96)), "0.960"),
    "TR206": (of_test(students_also_trained=2_900), "9%"),
    "TR301": (gaining(about(1.5, 1.5)), "Beyond absences of the last four weeks: 1.50 [0.00 – 3.00]"),
    "TR302": (model(auc=about(0.51)), "0.51 [0.49 – 0.53]"),
    "TR303": (model(auc_within=about(0.5)), "lottery"),
    "TR304": (
        replace(EVIDENCE, institutions=(*EVIDENCE.institutions, WORSE_HERE)),
        "2 → ABC flags (attendance, behaviour, courses)",
    ),
    "TR305": (gaining(about(0.3, 0.5), against="logistic"), "0.30"),
    "TR306": (led(13), "13 days"),
    "TR307": (source(Domain.HOUSEHOLD, about(0.0, 0.009)), "Household"),
    "TR308": (constrained(about(0.04)), "0.040"),
    "TR401": (model(observed_expected=about(1.4, 0.1)), "1.40 [1.30 – 1.50]"),
    "TR402": (model(ece=about(0.05, 0.01)), "0.050"),
    "TR403": (model(brier_skill=about(-0.05)), "-0.050"),
    "TR404": (model(observed_expected=about(1.25, 0.1)), "1.25"),
    "TR405": (model(calibration_slope=about(0.7, 0.1)), "0.70"),
    "TR501": (by_sex(verdict="gap", gap=about(0.3, 0.1)), "0.30"),
    "TR502": (by_mode(verdict="gap", gap=about(0.3, 0.1)), "0.30"),
    "TR503": (by_sex(verdict="cannot tell", detectable_gap=0.31), "31%"),
    "TR504": (men(observed_expected=about(0.6, 0.1)), "0.60"),
    "TR505": (replace(EVIDENCE, fairness=EVIDENCE.fairness[1:]), "Not audited"),
    "TR601": (steady(domains_survive=0.94), "94%"),
    "TR602": (steady(features_survive=0.79), "79%"),
    "TR603": (churning(staying_share=0.7), "70%"),
    "TR604": (churning(recall_lost=0.03), "3.0%"),
    "TR605": (churning(same_after_retraining_share=0.7), "70%"),
    "TR606": (steady(abstained_share=0.2), "20%"),
}

# More that must fail: bounds that cannot be told prove nothing.
FAILS_TOO = (
    ("TR301", replace(EVIDENCE, gain=None)),
    ("TR301", gaining(UNSURE)),
    ("TR302", model(auc=UNSURE)),
    ("TR303", model(auc_within=UNKNOWN)),
    ("TR202", replace(training(newest_as_of=date(2025, 9, 8)), horizon="days_28")),
    ("TR203", replace(EVIDENCE, leaks=(Leak(probe="shuffled labels", feature="", strength=0.7),))),
    ("TR109", replace(EVIDENCE, lags=(replace(LAG, stale=True),))),
    ("TR401", model(observed_expected=about(0.7, 0.1))),
    ("TR404", model(ece=about(0.04, 0.02))),
    ("TR405", model(calibration_slope=about(1.3, 0.1))),
    ("TR503", by_sex(verdict="cannot tell", detectable_gap=math.nan)),
    ("TR505", known_only()),
    ("TR505", known_only("sex", "poverty_class", "disability_any")),
)

# At the bound, or where only a part of the interval is past it.
PASSES = (
    ("TR101", training(leavers=100)),
    ("TR105", training(reconstructed_share=0.5)),
    ("TR202", training(newest_as_of=date(2025, 8, 10))),
    ("TR202", replace(training(newest_as_of=date(2025, 9, 1)), horizon="days_28")),
    ("TR204", replace(EVIDENCE, lists={**EVIDENCE.lists, "forest": replace(FIGURES, auc=about(0.93))})),
    ("TR301", gaining(Interval(value=1.5, low=0.01, high=3))),
    ("TR401", model(observed_expected=about(1.25, 0.1))),
    ("TR402", model(ece=about(0.04, 0.02))),
    ("TR403", model(brier_skill=about(-0.01))),
    ("TR501", by_sex(verdict="gap", gap=about(0.15, 0.1))),
    ("TR501", by_mode(verdict="gap", gap=about(0.3, 0.1))),
    ("TR501", known_only("sex")),
    ("TR504", men(suppressed=True, observed_expected=UNKNOWN)),
    ("TR505", by_sex(groups=EVIDENCE.fairness[0].groups[:1])),
    ("TR603", churning(staying_share=0.8)),
)

NOT_APPLICABLE = (
    ("TR105", training(reconstructed_share=math.nan)),
    ("TR109", replace(EVIDENCE, lags=None)),
    ("TR110", replace(EVIDENCE, silent_domains=None)),
    ("TR112", training(base_rate=0.0)),
    ("TR202", replace(EVIDENCE, horizon="next_count")),
    ("TR204", replace(EVIDENCE, lists={MODEL: FIGURES})),
    ("TR304", replace(EVIDENCE, institutions=())),
    ("TR305", replace(EVIDENCE, gains=())),
    ("TR306", replace(EVIDENCE, lead_time=None)),
    ("TR307", replace(EVIDENCE, sources=())),
    ("TR308", replace(EVIDENCE, constraints=None)),
    ("TR401", model(observed_expected=UNSURE)),
    ("TR402", model(ece=UNSURE)),
    ("TR403", model(brier_skill=UNSURE)),
    ("TR404", model(ece=UNKNOWN)),
    ("TR501", known_only()),
    ("TR502", replace(EVIDENCE, fairness=())),
    ("TR504", replace(EVIDENCE, fairness=tuple(replace(one, groups=()) for one in EVIDENCE.fairness))),
    ("TR601", steady(domains_survive=math.nan)),
    ("TR603", replace(EVIDENCE, churn=None)),
)


def result(code: str, evidence: Evidence) -> CheckResult:
    return next(one for one in run_checks(evidence) if one.check.code == code)


def test_nothing_is_wrong_with_a_sound_model() -> None:
    assert {one.check.code: one.said for one in run_checks(EVIDENCE) if one.section is not Section.PASSED} == {}


def test_every_check_has_evidence_on_which_it_fails() -> None:
    assert set(FAILS) == {check.code for check in CHECKS}


@pytest.mark.parametrize("code", FAILS)
def test_a_check_fails_on_what_it_is_about_and_says_the_figures(code: str) -> None:
    evidence, words = FAILS[code]
    found = result(code, evidence)
    assert found.section.value == found.check.severity.value
    assert found.said is not None
    assert words in found.said.en


@pytest.mark.parametrize("name", SIMPLE_LISTS)
def test_the_list_to_beat_is_called_as_on_the_card(name: str) -> None:
    gain = Gain(against=name, per_week=about(1.5, 1.5), leavers=240, by="students")
    said = result("TR301", replace(EVIDENCE, gain=gain)).said
    assert said is not None
    assert said.en.startswith(f"Beyond {LISTS[name].en}: 1.50")
    assert said.th.startswith(f"เทียบกับ {LISTS[name].th} พบผู้ออกเพิ่มสัปดาห์ละ 1.50")


def test_a_list_to_beat_that_was_chosen_on_the_test_terms_is_said_to_be() -> None:
    said = result("TR301", replace(gaining(UNSURE), opponent_chosen_before=False)).said
    before = result("TR301", gaining(UNSURE)).said
    assert said is not None
    assert before is not None
    assert "the best on the test terms themselves, there being no earlier ones" in said.en
    assert "ดีที่สุดในภาคเรียนทดสอบเอง เพราะไม่มีภาคเรียนก่อนหน้า" in said.th
    assert "themselves" not in before.en


def test_thai_and_english_say_the_same_of_a_gain_below_zero_and_of_those_who_were_listed() -> None:
    worse, late = result("TR305", gaining(about(-0.5, 0.4), against="logistic")).said, result("TR306", led(13)).said
    assert worse is not None
    assert late is not None
    assert worse.th.endswith("[-0.90 – -0.10] ยังไม่มากกว่า 0 อย่างชัดเจน")
    assert late.th == "ในผู้ออกที่ขึ้นรายชื่อ ครึ่งหนึ่งขึ้นก่อนวันสุดท้ายที่พบไม่เกิน 13 วัน"


@pytest.mark.parametrize("probe", PROBE_OF)
@pytest.mark.parametrize("feature", ["attendance", CATALOGUE[0].name, ""])
def test_a_leak_is_told_without_a_machine_name(probe: str, feature: str) -> None:
    leaking = replace(EVIDENCE, leaks=(Leak(probe=probe, feature=feature, strength=0.5),))
    said = result("TR203", leaking).said
    assert said is not None
    what = LOOKED_AT.get(feature)
    told = (f"{what.th} ({PROBE_NAMES[probe].th}, 0.50)", f"{what.en} ({probe}, 0.50)") if what else (
        f"{PROBE_NAMES[probe].th} (0.50)", f"{probe} (0.50)"
    )  # fmt: skip
    assert (said.th, said.en) == (f"พบสัญญาณข้อมูลรั่ว: {told[0]}", f"Signs of a leak: {told[1]}.")


def test_what_to_do_where_a_simple_list_serves_better_can_be_done() -> None:
    """`zerodrop promote` puts a model or the absence rule in charge; no other simple list can serve."""
    what_to_do = result("TR304", replace(EVIDENCE, institutions=(WORSE_HERE,))).check.what_to_do
    for said in (what_to_do.th, what_to_do.en):
        assert f"zerodrop promote {RULE_LIST} --institution " in said


@pytest.mark.parametrize("name", SIMPLE)
def test_no_check_calls_a_simple_list_by_its_machine_name(name: str) -> None:
    too_good = replace(EVIDENCE, lists={MODEL: FIGURES, name: replace(FIGURES, auc=about(0.92))})
    better_here = replace(EVIDENCE, institutions=(replace(WORSE_HERE, chosen=name),))
    told = [result("TR304", better_here)] + ([] if name in LEARNT_LISTS else [result("TR204", too_good)])
    for one in told:
        assert one.said is not None
        assert LISTS[name].th in one.said.th
        assert LISTS[name].en in one.said.en
        assert "_" not in one.said.th + one.said.en


def test_a_comparison_that_was_not_made_is_named_as_on_the_card() -> None:
    said = result("TR305", replace(EVIDENCE, gains=())).said
    assert said is not None
    assert (said.th, said.en) == ("ไม่ได้เทียบกับสมการโลจิสติก", "there is no comparison with logistic regression")


@pytest.mark.parametrize(("code", "evidence"), FAILS_TOO)
def test_what_cannot_be_told_is_not_let_through(code: str, evidence: Evidence) -> None:
    assert result(code, evidence).section in (Section.BLOCKING, Section.ADVICE)


@pytest.mark.parametrize(("code", "evidence"), PASSES)
def test_a_check_passes_at_its_bound(code: str, evidence: Evidence) -> None:
    assert result(code, evidence).section is Section.PASSED


@pytest.mark.parametrize(("code", "evidence"), NOT_APPLICABLE)
def test_a_check_that_cannot_be_asked_says_why(code: str, evidence: Evidence) -> None:
    found = result(code, evidence)
    assert found.section is Section.NOT_APPLICABLE
    assert found.said is not None


def test_without_a_test_term_the_model_is_refused_for_that_alone() -> None:
    results = run_checks(replace(EVIDENCE, test=None, lists={}, gain=None, institutions=(), fairness=(), gains=()))
    assert [one.check.code for one in blocking(results)] == ["TR103"]


# The declarations


def test_codes_are_unique_sorted_and_of_their_group() -> None:
    codes = [check.code for check in CHECKS]
    assert codes == sorted(set(codes))
    for group in GROUPS:
        assert all(check.code.startswith(group.prefix) and len(check.code) == 5 for check in group.checks)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_every_check_is_said_in_both_languages(check: Check) -> None:
    for text in (check.title, check.passes_when, check.why, check.what_to_do):
        assert any("\u0e01" <= letter <= "\u0e5b" for letter in text.th)
        assert not any("\u0e01" <= letter <= "\u0e5b" for letter in text.en)


def test_the_protected_attributes_are_audited_ones() -> None:
    assert set(PROTECTED) <= {attribute.name for attribute in ATTRIBUTES}


def test_what_a_model_must_pass() -> None:
    needed = {check.code for check in CHECKS if check.severity is Severity.BLOCKING}
    assert needed == {
        "TR103", "TR201", "TR202", "TR203", "TR301", "TR302", "TR303", "TR401", "TR402", "TR403", "TR501",
    }  # fmt: skip


# Missing domains


def test_a_domain_is_silent_when_nearly_all_of_its_values_are_missing() -> None:
    values = np.zeros((200, len(CATALOGUE)), np.float32)
    places = [place for place, feature in enumerate(CATALOGUE) if feature.domain is Domain.SCREENING]
    values[:, places] = np.nan
    assert silent_domains(CATALOGUE, values) == ("screening",)
    values[:3, places[0]] = 1.0  # 1.5 % of the rows know one of them
    assert silent_domains(CATALOGUE, values) == ()
    assert silent_domains(CATALOGUE, values[:0]) == tuple(domain.value for domain in Domain)


def test_a_sound_audit_has_groups_that_there_are() -> None:
    for found in EVIDENCE.fairness:
        codes = {code.value for one in ATTRIBUTES if one.name == found.attribute for code in one.groups}
        assert {group.group for group in found.groups} <= codes
    assert fairness_by("sex", "M").verdict == "no gap seen"
