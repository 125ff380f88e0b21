"""What the catalogue refuses, said in sentences, and what makes it another catalogue."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from features.attendance import MISSED
from features.catalogue import CATALOGUE, FEATURE_OF, FINGERPRINT, WITH_SENSITIVE
from features.declaration import MARGIN_TABLES, Feature, check_catalogue, columns_read, fingerprint
from features.vocabulary import (
    Age,
    Change,
    Count,
    DaysSince,
    Ever,
    FromMedian,
    Highest,
    InTerm,
    Last,
    Latest,
    LeadDays,
    LongestRun,
    Margin,
    Mean,
    NoRecord,
    OfOthers,
    Relative,
    Risk,
    Sessions,
    Share,
    Slope,
    StepChange,
    Sum,
    Term,
    Unrecorded,
    WeeksSame,
    WorstCourse,
)
from records.tables import (
    ATTENDANCE,
    ENROLMENTS,
    GRADES,
    HOUSEHOLD,
    OUTCOMES,
    SCREENING_SENSITIVE,
    STUDENTS,
    VISITS,
    Use,
)
from records.text import Text
from tests.features.pictures import ask

MISSED_28D = FEATURE_OF["missed_days_28d"]
RESULT = VISITS["result"].is_in("MET_STUDENT")
STATUS = ENROLMENTS["status"].is_in("RESIGNED")
SEX = STUDENTS["sex"].is_in("M")


@pytest.mark.parametrize(
    ("declare", "sentence"),
    [
        (
            lambda: ask(OUTCOMES, NoRecord(), Ever()),
            "feature outcomes_norecord: outcomes tells nothing of a student that a feature may ask",
        ),
        (
            lambda: ask(ATTENDANCE, DaysSince(where=ATTENDANCE["status"].is_in("H")), Last(days=7)),
            "feature attendance_dayssince: attendance is asked of its status, and N and H are no marks",
        ),
        (
            lambda: ask(ATTENDANCE, Count(where=MISSED, among=MISSED), Last(days=7)),
            "feature attendance_count: days of attendance are counted among those that are recorded",
        ),
        (
            lambda: ask(ATTENDANCE, DaysSince(from_opening=True), Last(days=7)),
            "feature attendance_dayssince: days since the opening are asked of attendance in this term",
        ),
        (
            lambda: ask(ATTENDANCE, Mean(column="minutes_late"), Last(days=7)),
            "feature attendance_mean: Mean is not asked of attendance",
        ),
        (
            lambda: ask(VISITS, Count(where=RESULT), Ever()),
            "feature visits_count: visits tells nothing of a student that a feature may ask",
        ),
        (
            lambda: ask(ENROLMENTS, Share(where=STATUS), Ever()),
            "feature enrolments_share: column enrolments.status is declared for state, not for features",
        ),
        (
            lambda: ask(OUTCOMES, DaysSince(where=OUTCOMES["event"].is_in("LEFT")), Ever()),
            "feature outcomes_dayssince: outcomes tells nothing of a student that a feature may ask",
        ),
        (
            lambda: ask(STUDENTS, Latest(column="disability_any"), Ever()),
            "feature students_latest: column students.disability_any is declared for audit, not for features",
        ),
        (
            lambda: ask(HOUSEHOLD, Mean(column="income_per_head", where=SEX), Ever()),
            "table household has no column 'sex'",
        ),
        (
            lambda: ask(GRADES, Mean(column="course_code"), Ever()),
            "feature grades_mean: course_code is no number, and its codes are worth none",
        ),
        (
            lambda: ask(GRADES, Latest(column="item"), Ever()),
            "feature grades_latest: item is no number, and its codes are worth none",
        ),
        (
            lambda: ask(ATTENDANCE, Latest(column="status"), Ever()),
            "feature attendance_latest: status is no number, and its codes are worth none",
        ),
        (
            lambda: ask(ENROLMENTS, LeadDays(column="credits"), InTerm()),
            "feature enrolments_leaddays: credits is no date",
        ),
        (
            lambda: ask(GRADES, LongestRun(where=GRADES["grade"].is_in("R")), InTerm()),
            "feature grades_longestrun: runs, slopes and days are asked of attendance",
        ),
        (
            lambda: ask(GRADES, Slope(where=GRADES["grade"].is_in("R")), InTerm()),
            "feature grades_slope: runs, slopes and days are asked of attendance",
        ),
        (
            lambda: ask(GRADES, Change(where=GRADES["grade"].is_in("R"), short_days=14), Last(days=28)),
            "feature grades_change: runs, slopes and days are asked of attendance",
        ),
        (
            lambda: ask(ATTENDANCE, Change(where=MISSED, short_days=14), InTerm(term=Term.PREVIOUS)),
            "feature attendance_change: a change is asked of the last days or of this term",
        ),
        (
            lambda: ask(GRADES, Unrecorded(), InTerm()),
            "feature grades_unrecorded: runs, slopes and days are asked of attendance",
        ),
        (
            lambda: ask(GRADES, WorstCourse(where=GRADES["grade"].is_in("R")), InTerm()),
            "feature grades_worstcourse: runs, slopes and days are asked of attendance",
        ),
        (
            lambda: ask(GRADES, Share(where=GRADES["grade"].is_in("R"), weekdays=(0,)), InTerm()),
            "feature grades_share: weekdays are asked of attendance",
        ),
        (
            lambda: ask(GRADES, Share(where=GRADES["grade"].is_in("R"), weight="item"), InTerm()),
            "feature grades_share: item is no number, so nothing weighs by it",
        ),
        (
            lambda: ask(GRADES, Share(where=GRADES["grade"].is_in("R"), weight="grade"), InTerm()),
            "feature grades_share: grade is no number, so nothing weighs by it",
        ),
        (
            lambda: ask(ATTENDANCE, Share(where=ATTENDANCE["status"].is_in("A"), weight="status"), InTerm()),
            "feature attendance_share: a day of attendance weighs as much as any other",
        ),
        (
            lambda: ask(GRADES, Sum(column="course_code"), InTerm()),
            "feature grades_sum: course_code is no number, and its codes are worth none",
        ),
        (
            lambda: ask(HOUSEHOLD, Highest(column="housing"), Ever()),
            "feature household_highest: housing is no number, and its codes are worth none",
        ),
        (
            lambda: ask(HOUSEHOLD, StepChange(column="lives_with"), Ever()),
            "feature household_stepchange: lives_with is no number, and its codes are worth none",
        ),
        (
            lambda: ask(ENROLMENTS, WeeksSame(column="class_group"), Ever()),
            "feature enrolments_weekssame: class_group is no number, and its codes are worth none",
        ),
        (
            lambda: ask(ENROLMENTS, Age(column="entry_year"), Ever()),
            "feature enrolments_age: entry_year is no date",
        ),
        (
            lambda: ask(GRADES, Margin(rule="gpa_minimum"), Ever()),
            "feature grades_margin: the margins are {'attendance_share': 'attendance', 'absent_run_dismissal': 'attendance', "
            "'gpa_minimum': 'term_gpa'}, not gpa_minimum of grades",
        ),
        (
            lambda: ask(ATTENDANCE, Margin(rule="lates_per_absence"), InTerm()),
            f"feature attendance_margin: the margins are {MARGIN_TABLES}, not lates_per_absence of attendance",
        ),
        (
            lambda: ask(ATTENDANCE, Count(where=MISSED), Ever()),
            "feature attendance_count: attendance is kept for this and the previous term, not for ever",
        ),
        (
            lambda: replace(FEATURE_OF["missed_run_now"], sessions=Sessions.PERIODS),
            "feature missed_run_now: class periods are counted, shared out and added up by course",
        ),
        (
            lambda: ask(SCREENING_SENSITIVE, Latest(column="score"), Ever()),
            "feature screening_sensitive_latest: screening_sensitive is sensitive, so its features are",
        ),
        (lambda: Last(days=0), "a window needs at least one day"),
        (
            lambda: replace(MISSED_28D, name="Missed_days"),
            "feature Missed_days: the name must be snake_case",
        ),
        (
            lambda: replace(MISSED_28D, name="missed days"),
            "feature missed days: the name must be snake_case",
        ),
        (
            lambda: replace(MISSED_28D, reason=Text(th="ขาด {value:.0f} วัน", en="absent often")),
            "feature missed_days_28d: the reason does not say its value: absent often",
        ),
        (
            lambda: replace(MISSED_28D, reason=Text(th="ขาดบ่อย", en="absent {value:.0f} days")),
            "feature missed_days_28d: the reason does not say its value: ขาดบ่อย",
        ),
        (
            lambda: replace(MISSED_28D, label=Text(th="", en="Days absent")),
            "a text needs both languages: th='', en='Days absent'",
        ),
        (
            lambda: check_catalogue([MISSED_28D, MISSED_28D]),
            "feature missed_days_28d is declared twice",
        ),
        (
            lambda: check_catalogue([FEATURE_OF["missed_share_28d_in_group"], FEATURE_OF["missed_share_28d"]]),
            "feature missed_share_28d_in_group is relative to missed_share_28d, which is not declared before it",
        ),
        (
            lambda: check_catalogue([FEATURE_OF["age_over_group"]]),
            "feature age_over_group is relative to age_years, which is not declared before it",
        ),
    ],
)
def test_a_wrong_declaration_is_refused_in_a_sentence(declare: Callable[[], object], sentence: str) -> None:
    with pytest.raises((ValueError, KeyError)) as raised:
        declare()
    assert raised.value.args[0] == sentence


def test_a_condition_names_codes_that_there_are() -> None:
    with pytest.raises(KeyError, match="status has no code 'absent'; it has P, L, A"):
        ATTENDANCE["status"].is_in("absent")
    with pytest.raises(TypeError, match="column minutes_late is no code column"):
        ATTENDANCE["minutes_late"].is_in("5")


def test_every_column_that_the_catalogue_reads_is_declared_for_features() -> None:
    read = [(one.table, column) for one in WITH_SENSITIVE for column in columns_read(one.measure)]
    assert {table[column].use for table, column in read} == {Use.FEATURE}


@pytest.mark.parametrize(
    "change",
    [
        {"name": "missed_days_in_28"},
        {"measure": Count(where=ATTENDANCE["status"].is_in("A"))},
        {"measure": Share(where=MISSED)},
        {"window": Last(days=27)},
        {"window": InTerm()},
        {"sessions": Sessions.FLAG},
        {"decimals": 1},
        {"risk": Risk.EITHER},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_meaning_is_another_fingerprint(change: dict[str, object]) -> None:
    assert fingerprint([replace(MISSED_28D, **change)]) != fingerprint([MISSED_28D])  # type: ignore[arg-type]


@pytest.mark.parametrize("change", [{"window": InTerm()}, {"absent_means": 0.0}], ids=lambda change: next(iter(change)))
def test_another_window_or_meaning_of_absence_of_results_is_another_fingerprint(change: dict[str, object]) -> None:
    failed = FEATURE_OF["failed_courses_previous_term"]
    assert fingerprint([replace(failed, **change)]) != fingerprint([failed])  # type: ignore[arg-type]


def test_another_order_is_another_fingerprint() -> None:
    assert fingerprint(CATALOGUE[::-1]) != FINGERPRINT


@pytest.mark.parametrize(
    "change",
    [
        {"label": Text(th="วันที่ขาด", en="Days away")},
        {"reason": Text(th="ขาดไป {value:.0f} วัน", en="away {value:.0f} days")},
        {"asks": Text(th="ถาม", en="Ask")},
        {"source": "another page"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_other_words_are_the_same_fingerprint(change: dict[str, object]) -> None:
    assert fingerprint([replace(MISSED_28D, **change)]) == fingerprint([MISSED_28D])  # type: ignore[arg-type]


def test_the_fingerprint_is_that_of_the_catalogue() -> None:
    assert fingerprint(CATALOGUE) == FINGERPRINT
    assert len(FINGERPRINT) == 64


@pytest.mark.parametrize("measure", [Relative, FromMedian])
def test_a_relation_to_the_group_reads_its_base_and_no_column(measure: type[OfOthers]) -> None:
    related: list[Feature] = [one for one in CATALOGUE if isinstance(one.measure, measure)]
    assert related
    for one in related:
        assert isinstance(one.measure, OfOthers)
        assert columns_read(one.measure) == ()
        assert one.window == FEATURE_OF[one.measure.of].window
        assert one.table is FEATURE_OF[one.measure.of].table


def test_attendance_without_a_recorded_day_is_never_nought() -> None:
    with pytest.raises(ValueError, match="a window of attendance without one recorded day is not known, never 0"):
        replace(FEATURE_OF["missed_days_28d"], absent_means=0.0)


def test_only_records_that_carry_their_term_have_a_previous_one() -> None:
    with pytest.raises(ValueError, match="household does not say to which term a record belongs"):
        replace(FEATURE_OF["income_per_head"], window=InTerm(term=Term.PREVIOUS))


def test_attendance_may_be_asked_of_the_previous_term() -> None:
    previous = InTerm(term=Term.PREVIOUS)
    assert replace(FEATURE_OF["missed_days_28d"], window=previous).window == previous
    assert FEATURE_OF["missed_share_previous_term"].window == previous
