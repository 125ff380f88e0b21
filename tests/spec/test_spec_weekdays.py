"""Shares of some weekdays alone: Mondays and Fridays, of single days."""

from features.attendance import MISSED
from features.vocabulary import Last, Sessions, Share
from records.tables import ATTENDANCE
from tests.features.pictures import ask
from tests.spec.asking import Spec

# 18 August 2025 is a Monday.
MONDAY_FRIDAY = ask(ATTENDANCE, Share(where=MISSED, weekdays=(0, 4)), Last(days=28))


def test_other_weekdays_are_not_asked(spec: Spec) -> None:
    spec(
        """
        student | happened_on | status
        1       | 2025-08-18  | A
        1       | 2025-08-19  | A
        1       | 2025-08-22  | P
        2       | 2025-08-19  | A
        2       | 2025-08-21  | P
        3       | 2025-08-22  | K
        4       | 2025-08-18  | P
        """,
        MONDAY_FRIDAY, as_of="2025-09-01", expect={1: 0.5, 2: None, 3: 1, 4: 0, 5: None},
    )  # fmt: skip


def test_the_window_the_company_and_what_nobody_recorded_are_as_ever(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | status
        1       | 2025-08-01  |             | A
        1       | 2025-08-04  |             | A
        1       | 2025-08-08  |             | P
        1       | 2025-08-11  |             | I
        1       | 2025-08-15  |             | N
        1       | 2025-08-29  | 2025-09-01  | A
        1       | 2025-09-01  | 2025-08-29  | A
        """,
        MONDAY_FRIDAY, as_of="2025-09-01", expect={1: 0.5},
    )  # fmt: skip


def test_totals_do_not_tell_the_weekday(spec: Spec) -> None:
    spec(
        """
        table            | student | from_day   | happened_on | held | present | absent | status
        attendance_total | 1       | 2025-08-18 | 2025-08-31  | 10   | 5       | 5      |
        attendance_total | 2       | 2025-08-18 | 2025-08-31  | 10   | 5       | 5      |
        attendance       | 2       |            | 2025-08-11  |      |         |        | P
        """,
        MONDAY_FRIDAY, as_of="2025-09-01", expect={1: None, 2: 0},
    )  # fmt: skip


def test_a_monday_may_be_told_by_its_periods(spec: Spec) -> None:
    spec(
        """
        student | happened_on | session | status
        1       | 2025-08-18  | P1      | A
        1       | 2025-08-22  | DAY     | P
        1       | 2025-08-25  | FLAG    | A
        """,
        MONDAY_FRIDAY, as_of="2025-09-01", expect={1: 0.5},
    )  # fmt: skip


def test_the_flagpole_on_mondays(spec: Spec) -> None:
    spec(
        """
        student | happened_on | session | status
        1       | 2025-08-18  | FLAG    | A
        1       | 2025-08-19  | FLAG    | P
        1       | 2025-08-18  | DAY     | P
        """,
        ask(ATTENDANCE, Share(where=MISSED, weekdays=(0,)), Last(days=28), sessions=Sessions.FLAG), as_of="2025-09-01",
        expect={1: 1},
    )  # fmt: skip
