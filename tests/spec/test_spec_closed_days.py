"""Marks of days that the calendar calls holidays or closed: they count for nothing but for having been seen."""

from datetime import date, timedelta

from features.catalogue import FEATURE_OF
from tests.spec.asking import Spec

TWO_TERMS = [(2024, 2), (2025, 1)]
BREAK = [day for n in range(33) if (day := date(2025, 3, 10) + timedelta(n)).weekday() < 5]


def test_they_are_in_no_count_or_share_and_who_came_was_seen(spec: Spec) -> None:
    """12 August is a holiday: a roll call of the morning, or one that somebody took by mistake."""
    picture = """
        student | happened_on | status
        1       | 2025-08-11  | A
        1       | 2025-08-12  | A
        1       | 2025-08-13  | P
        2       | 2025-08-11  | A
        2       | 2025-08-12  | P
        3       | 2025-08-12  | A
        """
    spec(picture, FEATURE_OF["missed_days_28d"], as_of="2025-08-18", expect={1: 1, 2: 1, 3: None})
    spec(picture, FEATURE_OF["missed_share_28d"], as_of="2025-08-18", expect={1: 0.5, 2: 1, 3: None})
    spec(picture, FEATURE_OF["days_since_seen"], as_of="2025-08-18", expect={1: 5, 2: 6, 3: 91})


def test_class_periods_of_closed_days_are_left_out(spec: Spec) -> None:
    picture = """
        student | happened_on | session | course_code | status
        1       | 2025-08-11  | P1      | M           | A
        1       | 2025-08-12  | P1      | M           | A
        1       | 2025-08-13  | P1      | M           | P
        2       | 2025-08-12  | P1      | M           | A
        """
    spec(picture, FEATURE_OF["period_missed_share_28d"], as_of="2025-08-18", expect={1: 0.5, 2: None})
    spec(picture, FEATURE_OF["missed_share_28d"], as_of="2025-08-18", expect={1: 0.5, 2: None})


def test_a_period_of_a_closed_day_is_none_before_a_late_registration(spec: Spec) -> None:
    """Both registered on 18 August: the periods that the term will have are counted from then on."""
    late = [18, 19, 20, 21, 22, 25, 26, 27, 28, 29]
    picture = """
        table      | student | happened_on | session | course_code | registered_on | status
        attendance | 1       | 2025-08-12  | P1      | M           |               | A"""
    for student in (1, 2):
        picture += f"\n        enrolments | {student} | 2025-05-12 | | | 2025-08-18 |"
        picture += "".join(f"\n        attendance | {student} | 2025-08-{day} | P1 | M | | A" for day in late)
    left = FEATURE_OF["absences_left_worst_course"]
    spec(picture, left, as_of="2025-09-01", on_roster=False, expect={1: -3, 2: -3})


def test_a_day_on_which_another_term_teaches_is_not_closed(spec: Spec) -> None:
    """The calendar of the second term has the break as holidays, and a summer term teaches in it."""
    picture = """
        table      | student | happened_on | recorded_at | academic_year | term | kind | status
        enrolments | 1       | 2025-03-03  | 2025-03-03  | 2024          | 3    |      |"""
    for day in BREAK:
        picture += f"\n        calendar | | {day} | 2024-05-02 | 2024 | 2 | HOLIDAY |"
        picture += f"\n        calendar | | {day} | 2024-05-02 | 2024 | 3 | TEACH |"
    picture += "".join(f"\n        attendance | 1 | {day} | | | | | A" for day in BREAK[:10])
    for name, expected in (("missed_days_14d", 10), ("unrecorded_share_28d", 0), ("absences_left_term", -5)):
        spec(picture, FEATURE_OF[name], as_of="2025-03-24", terms=[(2024, 2)], on_roster=False, expect={1: expected})


def test_a_mark_of_a_closed_day_silences_no_total_around_it(spec: Spec) -> None:
    spec(
        """
        table            | student | happened_on | from_day   | held | present | absent | status
        attendance_total | 1       | 2025-08-29  | 2025-08-01 | 20   | 5       | 15     |
        attendance       | 1       | 2025-08-12  |            |      |         |        | A
        attendance_total | 2       | 2025-08-29  | 2025-08-01 | 20   | 5       | 15     |
        """,
        FEATURE_OF["missed_share_term"], as_of="2025-09-01", expect={1: 0.75, 2: 0.75},
    )  # fmt: skip


def test_to_be_marked_present_on_a_closed_day_makes_no_week_at_the_college(spec: Spec) -> None:
    picture = """
        table      | student | happened_on | study_mode | status
        attendance | 1       | 2025-08-12  |            | P"""
    for student in (1, 2, 3):
        picture += f"\n        enrolments | {student} | 2025-05-12 | DUAL |"
        picture += "".join(f"\n        attendance | {student} | 2025-08-{day} | | A" for day in (11, 13, 14, 15))
        picture += f"\n        attendance | {student} | 2025-08-20 | | P"
    spec(picture, FEATURE_OF["missed_days_28d"], as_of="2025-09-01", on_roster=False, expect={1: 0, 2: 0, 3: 0})
