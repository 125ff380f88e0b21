"""Which marks tell a day: the whole-day mark, else the class periods; flagpole and homeroom are kept apart from both."""

import pytest

from features.attendance import LATE, LEAVE, MISSED, SEEN
from features.vocabulary import Change, Count, DaysSince, InTerm, Last, LongestRun, NoRecord, Sessions, Share, Slope
from records.tables import ATTENDANCE
from tests.features.pictures import ask
from tests.spec.asking import Spec

MISSED_28D = ask(ATTENDANCE, Count(where=MISSED), Last(days=28))
FLAG_SHARE = ask(ATTENDANCE, Share(where=MISSED), Last(days=28), sessions=Sessions.FLAG)
HOMEROOM_SHARE = ask(ATTENDANCE, Share(where=MISSED), Last(days=28), sessions=Sessions.HOMEROOM)
SEVERAL = """
    student | happened_on | session | status
    1       | 2025-08-20  | P1      | A
    1       | 2025-08-20  | P2      | P
    2       | 2025-08-20  | P1      | A
    2       | 2025-08-20  | P2      | I
    3       | 2025-08-20  | P1      | S
    3       | 2025-08-20  | P2      | K
    4       | 2025-08-20  | P1      | B
    4       | 2025-08-20  | P2      | S
    5       | 2025-08-20  | P1      | A
    5       | 2025-08-20  | P2      | L
    6       | 2025-08-20  | P1      | B
    """


def test_a_day_without_a_whole_day_mark_is_told_by_its_periods(spec: Spec) -> None:
    spec(SEVERAL, MISSED_28D, as_of="2025-09-01", expect={1: 0, 2: None, 3: 1, 4: 0, 5: 0, 6: 0})
    leave = ask(ATTENDANCE, Count(where=LEAVE), Last(days=28))
    spec(SEVERAL, leave, as_of="2025-09-01", expect={1: 0, 2: None, 3: 0, 4: 1, 5: 0, 6: 1})
    late = ask(ATTENDANCE, Count(where=LATE), Last(days=28))
    spec(SEVERAL, late, as_of="2025-09-01", expect={1: 0, 2: None, 3: 0, 4: 0, 5: 0, 6: 0})


@pytest.mark.parametrize(
    ("status", "expect"),
    [
        ("P", {1: 1, 2: None, 3: 0, 4: 0, 5: 1, 6: 0}),
        ("A", {1: 0, 2: None, 3: 1, 4: 0, 5: 0, 6: 0}),
        ("K", {1: 0, 2: None, 3: 0, 4: 0, 5: 0, 6: 0}),
        ("S", {1: 0, 2: None, 3: 0, 4: 1, 5: 0, 6: 0}),
        ("B", {1: 0, 2: None, 3: 0, 4: 0, 5: 0, 6: 1}),
    ],
)
def test_the_periods_tell_one_of_five_marks(spec: Spec, status: str, expect: dict[int, float | None]) -> None:
    counted = ask(ATTENDANCE, Count(where=ATTENDANCE["status"].is_in(status)), Last(days=28))
    spec(SEVERAL, counted, as_of="2025-09-01", expect=expect)


@pytest.mark.parametrize("status", ["P", "L", "E", "O"])
def test_one_period_attended_makes_a_day_present(spec: Spec, status: str) -> None:
    spec(
        f"""
        student | happened_on | session | status
        1       | 2025-08-20  | P1      | K
        1       | 2025-08-20  | P7      | {status}
        """,
        ask(ATTENDANCE, Count(where=ATTENDANCE["status"].is_in("P")), Last(days=28)), as_of="2025-09-01", expect={1: 1},
    )  # fmt: skip


def test_the_whole_day_mark_speaks_before_the_periods(spec: Spec) -> None:
    spec(
        """
        student | happened_on | session | status
        1       | 2025-08-20  | P1      | P
        1       | 2025-08-20  | DAY     | A
        2       | 2025-08-20  | DAY     | P
        2       | 2025-08-20  | P1      | A
        3       | 2025-08-20  | DAY     | I
        3       | 2025-08-20  | P1      | A
        """,
        MISSED_28D, as_of="2025-09-01", expect={1: 1, 2: 0, 3: None},
    )  # fmt: skip


def test_a_whole_day_mark_that_is_retracted_or_says_nothing_leaves_the_day_to_its_periods(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | session | status | retracted
        1       | 2025-08-20  | 2025-08-20  | DAY     | P      |
        1       | 2025-08-20  | 2025-08-20  | P1      | A      |
        1       | 2025-08-20  | 2025-08-22  | DAY     | P      | yes
        2       | 2025-08-20  | 2025-08-20  | DAY     | N      |
        2       | 2025-08-20  | 2025-08-20  | P1      | A      |
        3       | 2025-08-20  | 2025-08-20  | DAY     | H      |
        3       | 2025-08-20  | 2025-08-20  | P1      | A      |
        """,
        MISSED_28D, as_of="2025-09-01", expect={1: 1, 2: 1, 3: 1},
    )  # fmt: skip


def test_a_period_that_nobody_recorded_tells_nothing(spec: Spec) -> None:
    spec(
        """
        student | happened_on | session | status
        1       | 2025-08-20  | P1      | N
        1       | 2025-08-20  | P2      | A
        2       | 2025-08-20  | P1      | N
        3       | 2025-08-20  | P1      | H
        """,
        MISSED_28D, as_of="2025-09-01", expect={1: 1, 2: None, 3: None},
    )  # fmt: skip


def test_the_ten_class_periods_tell_a_day_and_no_other_session_does(spec: Spec) -> None:
    spec(
        """
        student | happened_on | session  | status
        1       | 2025-08-20  | FLAG     | A
        2       | 2025-08-20  | HOMEROOM | A
        3       | 2025-08-20  | ACTIVITY | A
        4       | 2025-08-20  | P10      | A
        """,
        MISSED_28D, as_of="2025-09-01", expect={1: None, 2: None, 3: None, 4: 1},
    )  # fmt: skip


def test_a_period_known_late_changes_the_day_once_it_is_known(spec: Spec) -> None:
    picture = """
        student | happened_on | recorded_at | session | status
        1       | 2025-08-28  | 2025-08-28  | P1      | A
        1       | 2025-08-28  | 2025-09-03  | P2      | P
        """
    spec(picture, MISSED_28D, as_of="2025-09-01", expect={1: 1})
    spec(picture, MISSED_28D, as_of="2025-09-08", expect={1: 0})


def test_a_corrected_period_corrects_the_day(spec: Spec) -> None:
    picture = """
        student | happened_on | recorded_at | session | status
        1       | 2025-08-20  | 2025-08-20  | P1      | A
        1       | 2025-08-20  | 2025-08-26  | P1      | P
        """
    spec(picture, MISSED_28D, as_of="2025-08-25", expect={1: 1})
    spec(picture, MISSED_28D, as_of="2025-09-01", expect={1: 0})


def test_periods_of_the_day_itself_or_later_tell_nothing_yet(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | session | status
        1       | 2025-08-29  |             | P1      | P
        1       | 2025-09-01  | 2025-08-29  | P1      | A
        2       | 2025-09-02  | 2025-08-29  | P1      | A
        """,
        MISSED_28D, as_of="2025-09-01", expect={1: 0, 2: None},
    )  # fmt: skip


def test_days_told_by_periods_are_days_of_runs_and_slopes_and_days_since(spec: Spec) -> None:
    picture = """
        student | happened_on | session | status
        1       | 2025-08-18  | DAY     | A
        1       | 2025-08-19  | P1      | A
        1       | 2025-08-20  | P1      | A
        1       | 2025-08-20  | P2      | P
        1       | 2025-08-21  | P4      | A
        2       | 2025-08-18  | P1      | P
        2       | 2025-08-25  | P1      | A
        """
    longest = ask(ATTENDANCE, LongestRun(where=MISSED), InTerm())
    spec(picture, longest, as_of="2025-09-01", expect={1: 2, 2: 1})
    spec(picture, ask(ATTENDANCE, DaysSince(where=SEEN), InTerm()), as_of="2025-09-01", expect={1: 12, 2: 14})
    both = {1: -0.7, 2: 1.0}  # 1, 1, 0, 1 on four days: 7 * (-0.5 / 5)
    spec(picture, ask(ATTENDANCE, Slope(where=MISSED), Last(days=28)), as_of="2025-09-01", expect=both)


def test_a_day_told_by_periods_keeps_the_totals_of_its_period_out_and_the_flagpole_does_not(spec: Spec) -> None:
    spec(
        """
        table            | student | from_day   | happened_on | held | present | absent | session | status
        attendance_total | 1       | 2025-08-18 | 2025-08-31  | 10   | 5       | 5      |         |
        attendance       | 1       |            | 2025-08-20  |      |         |        | P1      | A
        attendance_total | 2       | 2025-08-18 | 2025-08-31  | 10   | 5       | 5      |         |
        attendance       | 2       |            | 2025-08-20  |      |         |        | FLAG    | A
        """,
        MISSED_28D, as_of="2025-09-01", expect={1: 1, 2: 5},
    )  # fmt: skip


def test_flagpole_and_homeroom_are_kept_apart_from_class(spec: Spec) -> None:
    picture = """
        student | happened_on | session  | status
        1       | 2025-08-18  | FLAG     | A
        1       | 2025-08-18  | HOMEROOM | P
        1       | 2025-08-18  | DAY      | P
        1       | 2025-08-19  | FLAG     | P
        1       | 2025-08-19  | HOMEROOM | L
        1       | 2025-08-20  | FLAG     | K
        2       | 2025-08-18  | DAY      | A
        2       | 2025-08-18  | HOMEROOM | A
        """
    flag_days = ask(ATTENDANCE, Count(where=MISSED), Last(days=28), sessions=Sessions.FLAG)
    spec(picture, flag_days, as_of="2025-09-01", expect={1: 2, 2: None})
    spec(picture, FLAG_SHARE, as_of="2025-09-01", expect={1: 0.6667, 2: None})
    spec(picture, HOMEROOM_SHARE, as_of="2025-09-01", expect={1: 0, 2: 1})
    spec(picture, MISSED_28D, as_of="2025-09-01", expect={1: 0, 2: 1})


def test_at_the_flagpole_too_what_nobody_recorded_and_the_company_are_no_record(spec: Spec) -> None:
    spec(
        """
        student | happened_on | session | status
        1       | 2025-08-18  | FLAG    | A
        1       | 2025-08-19  | FLAG    | N
        1       | 2025-08-20  | FLAG    | H
        1       | 2025-08-21  | FLAG    | I
        1       | 2025-08-22  | FLAG    | P
        2       | 2025-08-21  | FLAG    | I
        """,
        FLAG_SHARE, as_of="2025-09-01", expect={1: 0.5, 2: None},
    )  # fmt: skip


def test_totals_tell_nothing_of_the_flagpole(spec: Spec) -> None:
    spec(
        """
        table            | student | from_day   | happened_on | held | present | absent | session | status
        attendance_total | 1       | 2025-08-18 | 2025-08-31  | 10   | 5       | 5      |         |
        attendance_total | 2       | 2025-08-18 | 2025-08-31  | 10   | 5       | 5      |         |
        attendance       | 2       |            | 2025-08-20  |      |         |        | FLAG    | P
        """,
        FLAG_SHARE, as_of="2025-09-01", expect={1: None, 2: 0},
    )  # fmt: skip


def test_runs_and_changes_of_the_flagpole(spec: Spec) -> None:
    picture = """
        student | happened_on | session | status
        1       | 2025-08-11  | FLAG    | A
        1       | 2025-08-12  | FLAG    | A
        1       | 2025-08-13  | FLAG    | A
        1       | 2025-08-14  | FLAG    | P
        1       | 2025-08-18  | FLAG    | A
        1       | 2025-08-14  | DAY     | A
        """
    longest = ask(ATTENDANCE, LongestRun(where=MISSED), InTerm(), sessions=Sessions.FLAG)
    spec(
        picture, longest, as_of="2025-09-01", expect={1: 2}
    )  # 12 August is a holiday of the calendar: no count has it either
    change = ask(ATTENDANCE, Change(where=MISSED, short_days=14), Last(days=28), sessions=Sessions.FLAG)
    spec(picture, change, as_of="2025-09-01", expect={1: 0.3333})


def test_activities_are_a_session_of_their_own(spec: Spec) -> None:
    picture = """
        student | happened_on | session  | status
        1       | 2025-08-18  | ACTIVITY | A
        1       | 2025-08-18  | DAY      | P
        1       | 2025-08-25  | ACTIVITY | P
        2       | 2025-08-18  | P1       | A
        """
    activity = ask(ATTENDANCE, Share(where=MISSED), Last(days=28), sessions=Sessions.ACTIVITY)
    spec(picture, activity, as_of="2025-09-01", expect={1: 0.5, 2: None})
    spec(picture, MISSED_28D, as_of="2025-09-01", expect={1: 0, 2: 1})


def test_no_record_of_the_flagpole_is_an_answer_of_its_own(spec: Spec) -> None:
    picture = """
        student | happened_on | recorded_at | session | status
        1       | 2025-08-18  |             | FLAG    | A
        2       | 2025-08-18  |             | DAY     | P
        3       | 2025-08-18  |             | FLAG    | N
        4       | 2025-08-01  |             | FLAG    | P
        5       | 2025-08-29  | 2025-09-01  | FLAG    | P
        """
    flag = ask(ATTENDANCE, NoRecord(), Last(days=28), sessions=Sessions.FLAG)
    spec(picture, flag, as_of="2025-09-01", expect={1: 0, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1})
    attended = ask(ATTENDANCE, NoRecord(where=SEEN), Last(days=28))
    spec(picture, attended, as_of="2025-09-01", expect={1: 1, 2: 0, 3: 1, 4: 1, 5: 1, 6: 1})
