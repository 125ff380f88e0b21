"""Absences left in the course with the fewest: its periods go on until the end of the term as they did so far.

On Monday 26 May 2025, 5 of 97 teaching days are over: 2 periods make 38, of which 7 may be missed; 5 make 97, of which 19.
"""

from features.vocabulary import InTerm, Margin, Sessions
from records.tables import ATTENDANCE
from tests.features.pictures import ask
from tests.spec.asking import Spec

FEWEST = ask(ATTENDANCE, Margin(rule="attendance_share", per_course=True, least=2), InTerm(), sessions=Sessions.PERIODS)
FIRST_WEEK = """
    table      | student | happened_on | session | course_code | status | rule | value
    attendance | 1       | 2025-05-19  | P1      | MATH        | A      |      |
    attendance | 1       | 2025-05-20  | P1      | MATH        | P      |      |
    attendance | 2       | 2025-05-19  | P1      | MATH        | S      |      |
    attendance | 2       | 2025-05-19  | P2      | MATH        | B      |      |
    attendance | 3       | 2025-05-19  | P1      | MATH        | L      |      |
    attendance | 3       | 2025-05-20  | P1      | MATH        | L      |      |
    attendance | 4       | 2025-05-19  | P1      | MATH        | A      |      |"""


def test_it_is_of_the_course_with_the_fewest_left(spec: Spec) -> None:
    spec(
        """
        student | happened_on | session | course_code | status
        1       | 2025-05-19  | P1      | MATH        | A
        1       | 2025-05-20  | P1      | MATH        | P
        1       | 2025-05-19  | P2      | THAI        | P
        1       | 2025-05-20  | P2      | THAI        | P
        1       | 2025-05-21  | P2      | THAI        | A
        1       | 2025-05-22  | P2      | THAI        | K
        1       | 2025-05-23  | P2      | THAI        | P
        1       | 2025-05-23  | P3      | WELD        | A
        2       | 2025-05-19  | P2      | THAI        | P
        2       | 2025-05-20  | P2      | THAI        | P
        2       | 2025-05-21  | P2      | THAI        | A
        2       | 2025-05-22  | P2      | THAI        | K
        2       | 2025-05-23  | P2      | THAI        | P
        """,
        FEWEST, as_of="2025-05-26", expect={1: 6, 2: 17},
    )  # fmt: skip


def test_periods_go_on_as_they_did_since_a_late_registration(spec: Spec) -> None:
    """Of 92 teaching days after the first week none is over for who registers then; two periods in one day make 184."""
    picture = """
        table      | student | happened_on | registered_on | session | course_code | status
        enrolments | 1       | 2025-05-12  | 2025-05-26    |         |             |
        attendance | 1       | 2025-05-26  |               | P1      | MATH        | P
        attendance | 1       | 2025-05-26  |               | P2      | MATH        | A
        enrolments | 2       | 2025-05-12  | 2025-05-10    |         |             |
        attendance | 2       | 2025-05-26  |               | P1      | MATH        | P
        attendance | 2       | 2025-05-26  |               | P2      | MATH        | A
        enrolments | 3       | 2025-05-12  | 2025-05-26    |         |             |
        attendance | 3       | 2025-05-23  |               | P1      | MATH        | P
        attendance | 3       | 2025-05-26  |               | P2      | MATH        | A
        """
    spec(picture, FEWEST, as_of="2025-05-27", on_roster=False, expect={1: 35, 2: 5, 3: 5})


def test_leave_is_an_absence_and_lateness_is_none_unless_the_institution_says_otherwise(spec: Spec) -> None:
    spec(FIRST_WEEK, FEWEST, as_of="2025-05-26", expect={1: 6, 2: 5, 3: 7, 4: None})
    rule = "rules | | 2025-05-12 | | | "
    no_leave = f"{FIRST_WEEK}\n{rule} | leaves_per_absence | 0"
    spec(no_leave, FEWEST, as_of="2025-05-26", expect={1: 6, 2: 7, 3: 7, 4: None})
    lates = f"{FIRST_WEEK}\n{rule} | lates_per_absence | 2"
    spec(lates, FEWEST, as_of="2025-05-26", expect={1: 6, 2: 5, 3: 6, 4: None})
    share = f"{FIRST_WEEK}\n{rule} | attendance_share | 0.5"
    spec(share, FEWEST, as_of="2025-05-26", expect={1: 18, 2: 17, 3: 19, 4: None})


def test_fewer_leaves_or_lates_of_a_course_than_make_an_absence_are_none_yet(spec: Spec) -> None:
    """Student 4 has a leave and a late in one course, which are no absence together; 5 has a leave in each of two courses."""
    picture = """
        student | happened_on | session | course_code | status | table | rule | value
        1       | 2025-05-19  | P1      | MATH        | S      |       |      |
        1       | 2025-05-20  | P1      | MATH        | P      |       |      |
        2       | 2025-05-19  | P1      | MATH        | S      |       |      |
        2       | 2025-05-20  | P1      | MATH        | B      |       |      |
        3       | 2025-05-19  | P1      | MATH        | L      |       |      |
        3       | 2025-05-20  | P1      | MATH        | L      |       |      |
        4       | 2025-05-19  | P1      | MATH        | S      |       |      |
        4       | 2025-05-20  | P1      | MATH        | L      |       |      |
        5       | 2025-05-19  | P1      | MATH        | S      |       |      |
        5       | 2025-05-20  | P1      | MATH        | P      |       |      |
        5       | 2025-05-19  | P2      | THAI        | S      |       |      |
        5       | 2025-05-20  | P2      | THAI        | P      |       |      |
                | 2025-05-12  |         |             |        | rules | leaves_per_absence | 2
                | 2025-05-12  |         |             |        | rules | lates_per_absence  | 3
        """
    spec(picture, FEWEST, as_of="2025-05-26", expect={1: 7, 2: 6, 3: 7, 4: 7, 5: 7})


def test_five_recorded_periods_are_the_least_unless_told(spec: Spec) -> None:
    spec(
        """
        student | happened_on | session | course_code | status
        1       | 2025-05-19  | P1      | MATH        | A
        1       | 2025-05-20  | P1      | MATH        | P
        1       | 2025-05-21  | P1      | MATH        | P
        1       | 2025-05-22  | P1      | MATH        | P
        1       | 2025-05-23  | P1      | MATH        | P
        2       | 2025-05-19  | P1      | MATH        | A
        2       | 2025-05-20  | P1      | MATH        | P
        2       | 2025-05-21  | P1      | MATH        | I
        2       | 2025-05-22  | P1      | MATH        | N
        2       | 2025-05-23  | P1      | MATH        | P
        """,
        ask(ATTENDANCE, Margin(rule="attendance_share", per_course=True), InTerm(), sessions=Sessions.PERIODS),
        as_of="2025-05-26", expect={1: 18, 2: None},
    )  # fmt: skip


def test_only_recorded_class_periods_of_a_course_are_held(spec: Spec) -> None:
    spec(
        """
        student | happened_on | session | course_code | status
        1       | 2025-05-19  | P1      | MATH        | A
        1       | 2025-05-20  | P1      | MATH        | P
        1       | 2025-05-21  | P1      | MATH        | I
        1       | 2025-05-22  | P1      | MATH        | N
        1       | 2025-05-22  | P2      |             | A
        1       | 2025-05-22  | P3      |             | A
        2       | 2025-05-19  | DAY     | MATH        | A
        2       | 2025-05-20  | DAY     | MATH        | A
        3       | 2025-05-16  | P1      | MATH        | A
        3       | 2025-05-19  | P1      | MATH        | A
        """,
        FEWEST, as_of="2025-05-26", expect={1: 6, 2: None, 3: None},
    )  # fmt: skip


def test_a_fifth_of_95_periods_is_19_and_no_hair_less(spec: Spec) -> None:
    spec(
        """
        table      | student | happened_on | recorded_at | kind   | session | course_code | status
        calendar   |         | 2025-09-22  | 2025-05-12  | CLOSED |         |             |
        calendar   |         | 2025-09-23  | 2025-05-12  | CLOSED |         |             |
        attendance | 1       | 2025-05-19  |             |        | P1      | MATH        | P
        attendance | 1       | 2025-05-20  |             |        | P1      | MATH        | P
        attendance | 1       | 2025-05-21  |             |        | P1      | MATH        | P
        attendance | 1       | 2025-05-22  |             |        | P1      | MATH        | P
        attendance | 1       | 2025-05-23  |             |        | P1      | MATH        | P
        """,
        FEWEST, as_of="2025-05-26", expect={1: 19},
    )  # fmt: skip


def test_corrected_retracted_and_late_known_periods(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | session | course_code | status | retracted
        1       | 2025-05-19  | 2025-05-19  | P1      | MATH        | A      |
        1       | 2025-05-19  | 2025-05-21  | P1      | MATH        | P      |
        1       | 2025-05-20  | 2025-05-20  | P1      | MATH        | P      |
        1       | 2025-05-21  | 2025-05-26  | P1      | MATH        | A      |
        1       | 2025-05-26  | 2025-05-23  | P1      | MATH        | A      |
        2       | 2025-05-19  | 2025-05-19  | P1      | MATH        | A      |
        2       | 2025-05-20  | 2025-05-20  | P1      | MATH        | P      |
        2       | 2025-05-20  | 2025-05-21  | P1      | MATH        | P      | yes
        """,
        FEWEST, as_of="2025-05-26", expect={1: 7, 2: None},
    )  # fmt: skip
