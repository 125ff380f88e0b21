"""Attendance told as totals of periods: exact for whole periods, pro rata for parts, and never beside daily records."""

from features.attendance import MISSED
from features.catalogue import FEATURE_OF
from features.vocabulary import DaysSince, InTerm, Last, Slope, Unrecorded
from records.tables import ATTENDANCE
from tests.features.pictures import ask
from tests.spec.asking import Spec

MISSED_28D = FEATURE_OF["missed_days_28d"]
SHARE_28D = FEATURE_OF["missed_share_28d"]
SHARE_TERM = FEATURE_OF["missed_share_term"]
JUNE_AND_JULY = """
    table            | student | from_day   | happened_on | held | present | absent | late | leave
    attendance_total | 1       | 2025-05-19 | 2025-06-15  | 20   | 14      | 3      | 1    | 2
    attendance_total | 1       | 2025-06-16 | 2025-07-13  | 20   | 15      | 5      | 0    | 0
    """


def test_the_term_to_date_is_read_exactly(spec: Spec) -> None:
    spec(JUNE_AND_JULY, SHARE_TERM, as_of="2025-07-14", expect={1: 0.2})
    spec(JUNE_AND_JULY, FEATURE_OF["away_share_term"], as_of="2025-07-14", expect={1: 0.25})


def test_a_window_takes_the_overlap_pro_rata(spec: Spec) -> None:
    spec(JUNE_AND_JULY, MISSED_28D, as_of="2025-07-14", expect={1: 5})
    spec(
        JUNE_AND_JULY, MISSED_28D, as_of="2025-07-07", expect={1: 0.75}
    )  # a quarter of the first; the second is not told yet
    spec(JUNE_AND_JULY, MISSED_28D, as_of="2025-07-21", expect={1: 3.75})  # 21 of the 28 days of the second period
    spec(JUNE_AND_JULY, SHARE_28D, as_of="2025-07-21", expect={1: 0.25})


def test_totals_that_count_from_the_opening_each_time_are_not_added_up(spec: Spec) -> None:
    from_opening = """
        table            | student | from_day   | happened_on | recorded_at | held | present | absent | late | leave
        attendance_total | 1       | 2025-05-19 | 2025-06-29  |             | 30   | 15      | 15     | 0    | 0
        attendance_total | 1       | 2025-05-19 | 2025-07-27  |             | 48   | 24      | 24     | 0    | 0
        """
    spec(from_opening, SHARE_TERM, as_of="2025-07-28", expect={1: 0.5})
    spec(from_opening, FEATURE_OF["missed_days_term"], as_of="2025-07-14", expect={1: 15})
    spec(from_opening, FEATURE_OF["missed_days_term"], as_of="2025-07-28", expect={1: 24})
    spec(from_opening, FEATURE_OF["absences_left_term"], as_of="2025-07-28", expect={1: -5})
    corrected_late = from_opening + "attendance_total | 1 | 2025-05-19 | 2025-06-29 | 2025-08-01 | 30 | 10 | 20 | 0 | 0"
    spec(corrected_late, FEATURE_OF["missed_days_term"], as_of="2025-08-04", expect={1: 24})


def test_a_period_with_daily_records_takes_nothing_from_one_within_it(spec: Spec) -> None:
    spec(
        """
        table            | student | from_day   | happened_on | held | present | absent | status
        attendance_total | 1       | 2025-05-19 | 2025-06-29  | 30   | 15      | 15     |
        attendance_total | 1       | 2025-05-19 | 2025-07-27  | 48   | 24      | 24     |
        attendance       | 1       |            | 2025-07-21  |      |         |        | A
        """,
        FEATURE_OF["missed_days_term"], as_of="2025-07-28", expect={1: 16},
    )  # fmt: skip


def test_two_periods_in_one_window_weigh_by_their_days(spec: Spec) -> None:
    spec(
        """
        table            | student | from_day   | happened_on | held | present | absent
        attendance_total | 1       | 2025-08-04 | 2025-08-17  | 10   | 10      | 0
        attendance_total | 1       | 2025-08-18 | 2025-08-31  | 5    | 0       | 5
        """,
        SHARE_28D, as_of="2025-09-01", expect={1: 0.3333},
    )  # fmt: skip


def test_the_change_compares_totals_of_both_sides(spec: Spec) -> None:
    spec(
        """
        table            | student | from_day   | happened_on | held | present | absent
        attendance_total | 1       | 2025-07-07 | 2025-08-17  | 30   | 27      | 3
        attendance_total | 1       | 2025-08-18 | 2025-08-31  | 10   | 5       | 5
        attendance_total | 2       | 2025-08-18 | 2025-08-31  | 10   | 5       | 5
        """,
        FEATURE_OF["missed_change_14d"], as_of="2025-09-01", expect={1: 0.4, 2: None},
    )  # fmt: skip


def test_single_days_are_missing_for_who_is_known_by_totals_alone(spec: Spec) -> None:
    for feature in (
        FEATURE_OF["longest_missed_run_term"],
        ask(ATTENDANCE, Slope(where=MISSED), Last(days=28)),
        ask(ATTENDANCE, DaysSince(where=MISSED), Last(days=28)),
    ):
        spec(JUNE_AND_JULY, feature, as_of="2025-07-14", expect={1: None})


def test_a_period_with_daily_records_is_not_counted_from_totals_too(spec: Spec) -> None:
    picture = """
        table            | student | from_day   | happened_on | held | present | absent | status
        attendance_total | 1       | 2025-08-18 | 2025-08-31  | 10   | 5       | 5      |
        attendance       | 1       |            | 2025-08-18  |      |         |        | A
        attendance       | 1       |            | 2025-08-19  |      |         |        | P
        attendance_total | 2       | 2025-08-18 | 2025-08-31  | 10   | 5       | 5      |
        """
    spec(picture, MISSED_28D, as_of="2025-09-01", expect={1: 1, 2: 5})
    spec(picture, SHARE_28D, as_of="2025-09-01", expect={1: 0.5, 2: 0.5})


def test_such_a_period_is_not_counted_either_where_the_window_misses_its_daily_records(spec: Spec) -> None:
    spec(
        """
        table            | student | from_day   | happened_on | held | present | absent | status
        attendance_total | 1       | 2025-08-04 | 2025-08-31  | 20   | 10      | 10     |
        attendance       | 1       |            | 2025-08-05  |      |         |        | A
        attendance_total | 2       | 2025-08-04 | 2025-08-31  | 20   | 10      | 10     |
        """,
        FEATURE_OF["missed_share_14d"], as_of="2025-09-01", expect={1: None, 2: 0.5},
    )  # fmt: skip


def test_a_corrected_total_replaces_the_one_before_and_a_retracted_one_is_gone(spec: Spec) -> None:
    spec(
        """
        table            | student | from_day   | happened_on | recorded_at | held | present | absent | retracted
        attendance_total | 1       | 2025-08-18 | 2025-08-24  |             | 5    | 0       | 5      |
        attendance_total | 1       | 2025-08-18 | 2025-08-24  | 2025-08-27  | 5    | 4       | 1      |
        attendance_total | 2       | 2025-08-18 | 2025-08-24  |             | 5    | 0       | 5      |
        attendance_total | 2       | 2025-08-18 | 2025-08-24  | 2025-08-27  | 5    | 0       | 5      | yes
        """,
        MISSED_28D, as_of="2025-09-01", expect={1: 1, 2: None},
    )  # fmt: skip


def test_a_period_without_one_held_day_tells_nothing(spec: Spec) -> None:
    spec(
        """
        table            | student | from_day   | happened_on | held | present | absent
        attendance_total | 1       | 2025-08-18 | 2025-08-24  | 0    | 0       | 0
        """,
        MISSED_28D, as_of="2025-09-01", expect={1: None},
    )  # fmt: skip


def test_days_that_nobody_told_are_not_known(spec: Spec) -> None:
    spec(
        """
        table            | student | from_day   | happened_on | held | present | absent | leave
        attendance_total | 1       | 2025-08-18 | 2025-08-31  | 10   | 6       | 4      |
        """,
        FEATURE_OF["leave_days_28d"], as_of="2025-09-01", expect={1: None},
    )  # fmt: skip


def test_a_period_that_ends_on_the_day_itself_or_later_is_not_looked_at(spec: Spec) -> None:
    picture = """
        table            | student | from_day   | happened_on | recorded_at | held | present | absent
        attendance_total | 1       | 2025-08-18 | 2025-08-31  | 2025-08-29  | 10   | 5       | 5
        attendance_total | 2       | 2025-08-19 | 2025-09-01  | 2025-08-29  | 10   | 5       | 5
        """
    spec(picture, MISSED_28D, as_of="2025-09-01", expect={1: 5, 2: None})
    spec(picture, MISSED_28D, as_of="2025-09-02", expect={1: 5, 2: 5})


def test_leaving_class_has_a_total_of_its_own_or_is_among_the_absent(spec: Spec) -> None:
    picture = """
        table            | student | from_day   | happened_on | held | present | absent | skipped
        attendance_total | 1       | 2025-05-19 | 2025-05-23  | 5    | 2       | 2      | 1
        attendance_total | 2       | 2025-05-19 | 2025-05-23  | 5    | 3       | 2      |
        """
    spec(picture, MISSED_28D, as_of="2025-05-26", expect={1: 3, 2: 2})
    spec(picture, FEATURE_OF["skipped_days_28d"], as_of="2025-05-26", expect={1: 1, 2: None})


def test_a_total_that_does_not_say_from_which_day_is_none(spec: Spec) -> None:
    picture = """
        table            | student | from_day   | happened_on | held | present | absent
        attendance_total | 1       |            | 2025-06-15  | 20   | 0       | 20
        attendance_total | 1       | 2025-06-16 | 2025-07-13  | 20   | 15      | 5
        attendance_total | 2       |            | 2025-06-15  | 20   | 0       | 20
        """
    spec(picture, SHARE_TERM, as_of="2025-07-14", expect={1: 0.25, 2: None})
    spec(picture, ask(ATTENDANCE, Unrecorded(), InTerm()), as_of="2025-06-16", expect={1: 1, 2: 1})
