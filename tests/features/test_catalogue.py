"""What the catalogue asks, what it leaves sealed, and that the dictionary tells all of it."""

import pytest

from features.attendance import MISSED
from features.catalogue import CATALOGUE, FEATURE_OF, FINGERPRINT, WITH_SENSITIVE
from features.declaration import MARGIN_TABLES, Feature, fingerprint
from features.vocabulary import Count, Domain, Last, Margin, Personal, Risk, Sessions, Share, Unrecorded
from records.tables import GRADES, HOUSEHOLD, SCREENING_SENSITIVE, TERM_GPA
from scripts.write_docs import data_dictionary

# What it asks


@pytest.mark.parametrize(
    "name",
    [
        "missed_days_28d", "missed_share_14d", "missed_share_28d", "missed_share_term", "away_share_term", "late_days_28d",
        "leave_days_28d", "longest_missed_run_term", "missed_run_now", "days_since_seen", "missed_slope_56d",
        "missed_change_14d", "missed_share_28d_in_group", "missed_share_term_in_group", "gpa_previous_term",
        "failed_courses_previous_term", "incomplete_marks_ever", "score_mean_term", "not_submitted_term",
        "not_submitted_share_term", "days_since_scored", "score_mean_term_in_group", "scored_count_28d",
        "score_mean_by_weight_term", "score_mean_by_weight_in_group", "not_submitted_weight_term", "days_since_scored_in_group", "work_days_late_term",
        "not_submitted_weight_share_term", "missed_change_28d_term", "education_before",
        "group_not_submitted_share_term",
        "income_per_head", "poverty_class", "poverty_score", "travel_km", "works_parttime", "screening_group",
        "screening_concerns_term", "week_of_term", "year_of_level", "earlier_attempts", "returned_before",
        "credits_taken", "registered_lead_days", "entry_gpa",
    ],
)  # fmt: skip
def test_a_name_that_rules_models_and_stored_reasons_use_is_there(name: str) -> None:
    assert name in FEATURE_OF


def test_every_domain_session_and_margin_is_asked_about() -> None:
    assert {one.domain for one in CATALOGUE} == set(Domain)
    asked = {one.sessions for one in CATALOGUE}
    assert asked >= {Sessions.DAY, Sessions.FLAG, Sessions.HOMEROOM, Sessions.PERIODS}
    assert {one.measure.rule for one in CATALOGUE if isinstance(one.measure, Margin)} == set(MARGIN_TABLES)


@pytest.mark.parametrize("days", [7, 14, 28, 56])
def test_absence_is_counted_and_shared_out_over_one_two_four_and_eight_weeks(days: int) -> None:
    count, share = FEATURE_OF[f"missed_days_{days}d"], FEATURE_OF[f"missed_share_{days}d"]
    assert (count.measure, share.measure) == (Count(where=MISSED), Share(where=MISSED))
    assert count.window == share.window == Last(days=days)


def test_a_margin_shrinks_as_the_risk_grows() -> None:
    margins = [one for one in CATALOGUE if isinstance(one.measure, Margin)]
    assert {one.name for one in margins} == {
        "absences_left_term", "missed_run_left", "absences_left_worst_course", "gpax_margin",
    }  # fmt: skip
    assert {one.risk for one in margins} == {Risk.FALLS}


def test_days_without_a_record_say_nothing_about_the_student() -> None:
    feature = FEATURE_OF["unrecorded_share_28d"]
    assert isinstance(feature.measure, Unrecorded)
    assert feature.risk is Risk.EITHER
    assert "ไม่ใช่การขาดเรียน" in feature.reason.th
    assert "not absence" in feature.reason.en


def test_what_a_household_tells_is_sensitive_wherever_it_stands() -> None:
    told = [one for one in CATALOGUE if one.table is HOUSEHOLD]
    assert {one.domain for one in told} == {Domain.HOUSEHOLD, Domain.STANDING}
    assert {one.personal for one in told} == {Personal.SENSITIVE}


def test_sealed_answers_are_asked_only_where_a_deployment_switches_them_on() -> None:
    switched_on = WITH_SENSITIVE[len(CATALOGUE) :]
    assert WITH_SENSITIVE[: len(CATALOGUE)] == CATALOGUE
    assert not any(one.table.sensitive for one in CATALOGUE)
    assert switched_on
    assert {one.table for one in switched_on} == {SCREENING_SENSITIVE}
    assert {one.personal for one in switched_on} == {Personal.SENSITIVE}
    assert not {one.name for one in switched_on} & set(FEATURE_OF)
    assert fingerprint(WITH_SENSITIVE) != FINGERPRINT


def test_the_previous_terms_results_are_counted_without_single_pieces_of_work() -> None:
    measure = FEATURE_OF["results_previous_term"].measure
    assert isinstance(measure, Count)
    assert GRADES["grade"].codes is not None
    assert set(GRADES["grade"].codes.values) - set(measure.where.values) == {"SCORED", "NOT_SUBMITTED"}


def test_the_average_that_was_told_is_kept_apart_from_the_one_worked_out() -> None:
    assert {FEATURE_OF[name].table for name in ("gpax", "gpax_margin", "gpa_step_change")} == {TERM_GPA}
    assert {FEATURE_OF[name].table for name in ("gpa_term", "gpa_previous_term")} == {GRADES}


# The dictionary


def _section(page: str, name: str) -> str:
    return page.split(f"\n#### {name}\n")[1].split("\n#### ")[0]


@pytest.fixture(scope="module")
def page() -> str:
    return data_dictionary()


@pytest.mark.parametrize("feature", WITH_SENSITIVE, ids=lambda feature: feature.name)
def test_the_dictionary_tells_every_field_of_a_feature(page: str, feature: Feature) -> None:
    said = _section(page, feature.name)
    for text in (feature.label, feature.reason, feature.asks):
        assert text.th in said
        assert text.en in said
    assert feature.source in said
    for field in ("measure", "window", "table", "unit", "direction", "without a record", "can be changed", "privacy"):
        assert f" · {field}: " in said
    assert ("sensitive: named only" in said) is (feature.personal is Personal.SENSITIVE)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "skipped_days_28d",
            "how many marks (one a day, or one a class period where those are counted) where `status` is skipped, leaving out days on which the college was closed\n",
        ),
        (
            "monday_friday_missed_share_56d",
            "`status` is absent or skipped, on these weekdays: Monday, Friday, leaving out days on which the college was closed\n",
        ),
        ("flag_missed_share_28d", "table: `attendance` (หน้าเสาธง · flagpole)"),
        ("worst_course_missed_share_term", "the largest share over the courses with at least 5 recorded periods"),
        ("absences_left_worst_course", "by course with at least 5 recorded periods, the course with the fewest left"),
        ("gpa_step_change", "the newest `gpa` less the one before\n"),
        ("failed_credits_previous_term", "the sum of `credits` where `grade` is 0 or "),
        ("score_mean_by_weight_term", "the mean of `score` weighted by `weight` where `grade` is scored\n"),
        ("not_submitted_weight_term", "the sum of `weight` where `grade` is due and not handed in\n"),
        ("days_since_scored_in_group", "`days_since_scored` less the median of the class group (of at least 8)\n"),
        ("screening_worst_ever", "the largest `level` where `area` is overall\n"),
        ("screening_weeks_same", "weeks since `level` has had its newest value where `area` is overall\n"),
        ("not_screened_term", "1 while there is no record\n"),
        ("dual_system", "1 when in the newest record `study_mode` is dual system\n"),
        ("results_missing_in_group", "`results_previous_term` less the median of the class group (of at least 8)\n"),
        ("age_years", "years from `birth_month` to the day asked\n"),
    ],
)
def test_a_measure_is_told_in_words(page: str, name: str, words: str) -> None:
    assert words in _section(page, name)


def test_what_is_switched_off_stands_under_its_own_heading(page: str) -> None:
    before, after = page.split("\n## ตัวบ่งชี้อ่อนไหว ปิดไว้ · Sensitive features, off by default\n")
    assert "\n#### sdq_group\n" in after
    assert "\n#### sdq_group\n" not in before
