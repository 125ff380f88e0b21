"""A value less the median of the class group: the middle one, or the mean of the two middle ones."""

from features.attendance import MISSED
from features.vocabulary import Count, FromMedian, InTerm, Last, Latest
from records.tables import ATTENDANCE, ENROLMENTS
from tests.features.pictures import ask
from tests.spec.asking import Spec

ENTRY = ask(ENROLMENTS, Latest(column="entry_gpa"), InTerm(), decimals=2)
FROM_MEDIAN = ask(ENROLMENTS, FromMedian(of="enrolments_latest", least=3), InTerm(), decimals=3)


def test_it_is_the_distance_from_the_middle_of_the_own_group(spec: Spec) -> None:
    spec(
        """
        student | happened_on | class_group | entry_gpa
        1       | 2025-05-12  | A           | 1
        2       | 2025-05-12  | A           | 1.5
        3       | 2025-05-12  | A           | 4
        4       | 2025-05-12  | B           | 1
        5       | 2025-05-12  | B           | 2
        6       | 2025-05-12  | B           | 2.5
        7       | 2025-05-12  | B           | 4
        """,
        FROM_MEDIAN, after=[ENTRY], as_of="2025-09-01", on_roster=False,
        expect={1: -0.5, 2: 0, 3: 2.5, 4: -1.25, 5: -0.25, 6: 0.25, 7: 1.75},
    )  # fmt: skip


def test_a_missing_value_stays_missing_and_does_not_move_the_others(spec: Spec) -> None:
    spec(
        """
        student | happened_on | class_group | entry_gpa
        1       | 2025-05-12  | A           | 1
        2       | 2025-05-12  | A           | 1.5
        3       | 2025-05-12  | A           | 4
        4       | 2025-05-12  | A           |
        """,
        FROM_MEDIAN, after=[ENTRY], as_of="2025-09-01", on_roster=False, expect={1: -0.5, 2: 0, 3: 2.5, 4: None},
    )  # fmt: skip


def test_a_group_with_too_few_values_tells_nothing(spec: Spec) -> None:
    spec(
        """
        student | happened_on | class_group | entry_gpa
        1       | 2025-05-12  | A           | 1
        2       | 2025-05-12  | A           | 2
        3       | 2025-05-12  | A           |
        4       | 2025-05-12  | B           | 3
        """,
        FROM_MEDIAN, after=[ENTRY], as_of="2025-09-01", on_roster=False, expect={1: None, 2: None, 3: None, 4: None},
    )  # fmt: skip


def test_eight_values_are_the_least_unless_told(spec: Spec) -> None:
    rows = "".join(f"\n{student} | 2025-05-12 | A | 2" for student in range(1, 8))
    seven = f"student | happened_on | class_group | entry_gpa{rows}"
    eight = f"{seven}\n8 | 2025-05-12 | A | 3"
    usual = ask(ENROLMENTS, FromMedian(of="enrolments_latest"), InTerm())
    nobody: dict[int, float | None] = dict.fromkeys(range(1, 8))
    spec(seven, usual, after=[ENTRY], as_of="2025-09-01", on_roster=False, expect=nobody)
    everybody: dict[int, float | None] = {**dict.fromkeys(range(1, 8), 0.0), 8: 1.0}
    spec(eight, usual, after=[ENTRY], as_of="2025-09-01", on_roster=False, expect=everybody)


def test_who_left_is_not_in_the_group(spec: Spec) -> None:
    spec(
        """
        table      | student | happened_on | class_group | entry_gpa | event
        enrolments | 1       | 2025-05-12  | A           | 1         |
        enrolments | 2       | 2025-05-12  | A           | 1.5       |
        enrolments | 3       | 2025-05-12  | A           | 4         |
        enrolments | 4       | 2025-05-12  | A           | 4         |
        outcomes   | 4       | 2025-06-12  |             |           | LEFT
        """,
        FROM_MEDIAN, after=[ENTRY], as_of="2025-09-01", on_roster=False, expect={1: -0.5, 2: 0, 3: 2.5},
    )  # fmt: skip


def test_days_missed_against_the_group(spec: Spec) -> None:
    spec(
        """
        student | happened_on | status
        1       | 2025-08-19  | A
        1       | 2025-08-20  | A
        2       | 2025-08-20  | A
        3       | 2025-08-20  | P
        """,
        ask(ATTENDANCE, FromMedian(of="attendance_count", least=3), Last(days=28)),
        after=[ask(ATTENDANCE, Count(where=MISSED), Last(days=28))], as_of="2025-09-01",
        expect={1: 1, 2: 0, 3: -1, 4: None},
    )  # fmt: skip
