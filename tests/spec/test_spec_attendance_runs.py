"""Runs, days since, slopes and changes of attendance: what breaks a run, and what passes over it."""

from features.attendance import MISSED
from features.catalogue import FEATURE_OF
from features.vocabulary import DaysSince, InTerm, Last, LongestRun, Slope
from records.tables import ATTENDANCE
from tests.features.pictures import ask
from tests.spec.asking import Spec

LONGEST = FEATURE_OF["longest_missed_run_term"]
CURRENT = ask(ATTENDANCE, LongestRun(where=MISSED, current=True), InTerm())
SINCE_SEEN = FEATURE_OF["days_since_seen"]
CHANGE = FEATURE_OF["missed_change_14d"]
CHANGE_IN_TERM = FEATURE_OF["missed_change_28d_term"]
SLOPE = ask(ATTENDANCE, Slope(where=MISSED), Last(days=28))


def test_the_longest_run_may_be_over(spec: Spec) -> None:
    picture = """
        student | happened_on | status
        1       | 2025-08-18  | A
        1       | 2025-08-19  | A
        1       | 2025-08-20  | A
        1       | 2025-08-21  | P
        1       | 2025-08-22  | A
        """
    spec(picture, LONGEST, as_of="2025-09-01", expect={1: 3})
    spec(picture, CURRENT, as_of="2025-09-01", expect={1: 1})


def test_runs_pass_over_weekends_holidays_and_days_that_nobody_recorded(spec: Spec) -> None:
    picture = """
        student | happened_on | status
        1       | 2025-08-08  | A
        1       | 2025-08-11  | A
        1       | 2025-08-12  | H
        1       | 2025-08-13  | A
        1       | 2025-08-14  | N
        1       | 2025-08-19  | A
        """
    spec(picture, LONGEST, as_of="2025-09-01", expect={1: 4})
    spec(picture, CURRENT, as_of="2025-09-01", expect={1: 4})


def test_a_day_in_the_company_neither_breaks_nor_lengthens_a_run(spec: Spec) -> None:
    spec(
        """
        student | happened_on | status
        1       | 2025-08-18  | A
        1       | 2025-08-19  | I
        1       | 2025-08-20  | A
        """,
        LONGEST, as_of="2025-09-01", expect={1: 2},
    )  # fmt: skip


def test_a_corrected_day_breaks_a_run_once_the_correction_is_known(spec: Spec) -> None:
    picture = """
        student | happened_on | recorded_at | status
        1       | 2025-08-18  | 2025-08-18  | A
        1       | 2025-08-19  | 2025-08-19  | A
        1       | 2025-08-20  | 2025-08-20  | A
        1       | 2025-08-19  | 2025-08-27  | S
        """
    spec(picture, LONGEST, as_of="2025-08-25", expect={1: 3})
    spec(picture, LONGEST, as_of="2025-09-01", expect={1: 1})


def test_a_run_begins_with_the_term_and_is_missing_without_one_day(spec: Spec) -> None:
    spec(
        """
        student | happened_on | status
        1       | 2025-05-16  | A
        1       | 2025-05-19  | A
        2       | 2025-05-16  | A
        3       | 2025-05-19  | P
        """,
        LONGEST, as_of="2025-05-26", expect={1: 1, 2: None, 3: 0},
    )  # fmt: skip


def test_days_without_teaching_are_in_no_run_whatever_was_recorded(spec: Spec) -> None:
    picture = """
        student | happened_on | status
        1       | 2025-08-11  | A
        1       | 2025-08-12  | P
        1       | 2025-08-13  | A
        2       | 2025-08-12  | A
        """
    spec(picture, LONGEST, as_of="2025-09-01", expect={1: 2, 2: None})
    spec(picture, CURRENT, as_of="2025-09-01", expect={1: 2, 2: None})


def test_days_since_seen_are_calendar_days(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | status
        1       | 2025-08-27  |             | L
        1       | 2025-08-28  |             | A
        2       | 2025-08-29  |             | P
        3       | 2025-08-26  |             | I
        3       | 2025-08-27  |             | S
        4       | 2025-08-29  | 2025-09-01  | P
        5       | 2025-05-16  |             | P
        """,
        SINCE_SEEN, as_of="2025-09-01", expect={1: 5, 2: 3, 3: 6, 4: None, 5: None},
    )  # fmt: skip


def test_who_never_came_was_not_seen_since_the_opening_or_a_later_registration(spec: Spec) -> None:
    """The term opened on 19 May; a day in the company is no recorded day, and of whom nothing is recorded nothing is known."""
    spec(
        """
        table      | student | happened_on | registered_on | status
        enrolments | 1       | 2025-05-12  | 2025-05-09    |
        enrolments | 2       | 2025-05-12  | 2025-08-18    |
        enrolments | 3       | 2025-05-12  |               |
        enrolments | 4       | 2025-05-12  |               |
        enrolments | 5       | 2025-05-12  | 2025-09-08    |
        attendance | 1       | 2025-05-19  |               | A
        attendance | 1       | 2025-08-28  |               | S
        attendance | 2       | 2025-08-28  |               | A
        attendance | 3       | 2025-08-27  |               | A
        attendance | 3       | 2025-08-28  |               | L
        attendance | 5       | 2025-08-28  |               | A
        """,
        SINCE_SEEN, as_of="2025-09-01", on_roster=False, expect={1: 105, 2: 14, 3: 4, 4: None, 5: 0},
    )  # fmt: skip


def test_days_since_any_record(spec: Spec) -> None:
    spec(
        """
        student | happened_on | status
        1       | 2025-08-27  | P
        1       | 2025-08-28  | A
        1       | 2025-08-29  | N
        """,
        ask(ATTENDANCE, DaysSince(), Last(days=28)), as_of="2025-09-01", expect={1: 4},
    )  # fmt: skip


def test_the_slope_is_the_change_of_the_share_in_a_week(spec: Spec) -> None:
    spec(
        """
        student | happened_on | status
        1       | 2025-08-18  | P
        1       | 2025-08-25  | A
        2       | 2025-08-18  | A
        2       | 2025-08-25  | P
        3       | 2025-08-11  | P
        3       | 2025-08-18  | A
        3       | 2025-08-25  | A
        """,
        SLOPE, as_of="2025-09-01", expect={1: 1, 2: -1, 3: 0.5},
    )  # fmt: skip


def test_a_slope_needs_two_recorded_days(spec: Spec) -> None:
    spec(
        """
        student | happened_on | status
        1       | 2025-08-18  | A
        2       | 2025-08-18  | A
        2       | 2025-08-19  | A
        3       | 2025-07-18  | P
        3       | 2025-08-19  | A
        4       | 2025-08-18  | P
        4       | 2025-08-25  | I
        """,
        SLOPE, as_of="2025-09-01", expect={1: None, 2: 0, 3: None, 4: None},
    )  # fmt: skip


def test_the_change_is_the_last_14_days_less_the_rest_of_the_window(spec: Spec) -> None:
    spec(
        """
        student | happened_on | status
        1       | 2025-07-07  | P
        1       | 2025-08-15  | A
        1       | 2025-08-18  | A
        2       | 2025-07-04  | A
        2       | 2025-07-07  | P
        2       | 2025-08-29  | A
        """,
        CHANGE, as_of="2025-09-01", expect={1: 0.5, 2: 1},
    )  # fmt: skip


def test_the_change_of_a_term_is_the_last_28_days_less_what_came_before_in_it(spec: Spec) -> None:
    """The term opened on 19 May: what came before it is no part, and a term of three weeks has no earlier part."""
    picture = """
        student | happened_on | status
        1       | 2025-03-05  | A
        1       | 2025-05-20  | P
        1       | 2025-08-01  | A
        1       | 2025-08-18  | A
        2       | 2025-05-20  | A
        2       | 2025-08-18  | P
        2       | 2025-08-19  | A
        3       | 2025-05-20  | P
        4       | 2025-08-19  | A
        """
    spec(
        picture, CHANGE_IN_TERM, as_of="2025-09-01", terms=((2024, 2), (2025, 1)),
        expect={1: 0.5, 2: -0.5, 3: None, 4: None},
    )  # fmt: skip
    spec(picture, CHANGE_IN_TERM, as_of="2025-06-09", terms=((2024, 2), (2025, 1)), expect={1: None, 2: None, 3: None})


def test_last_days_that_reach_into_the_term_before_leave_nothing_earlier_in_this_one(spec: Spec) -> None:
    picture = """
        student | happened_on | status
        1       | 2025-10-01  | A
        1       | 2025-10-02  | A
        1       | 2025-10-03  | P
        1       | 2025-10-27  | A
        """
    spec(picture, CHANGE_IN_TERM, as_of="2025-10-28", terms=((2025, 1), (2025, 2)), expect={1: None})


def test_a_change_needs_a_day_on_both_sides(spec: Spec) -> None:
    spec(
        """
        student | happened_on | status
        1       | 2025-08-15  | A
        2       | 2025-08-29  | A
        3       | 2025-08-15  | A
        3       | 2025-08-29  | A
        """,
        CHANGE, as_of="2025-09-01", expect={1: None, 2: None, 3: 0},
    )  # fmt: skip
