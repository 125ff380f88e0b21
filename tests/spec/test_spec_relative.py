"""A value against the class group: standard deviations from its mean, missing where a group tells nothing."""

from features.attendance import MISSED
from features.vocabulary import Ever, InTerm, Last, Latest, Relative, Share
from records.tables import ATTENDANCE, ENROLMENTS
from tests.features.pictures import ask
from tests.spec.asking import Spec

ENTRY = ask(ENROLMENTS, Latest(column="entry_gpa"), InTerm(), decimals=2)
IN_GROUP = ask(ENROLMENTS, Relative(of="enrolments_latest", least=3), InTerm(), decimals=3)


def test_it_is_the_distance_from_the_mean_of_the_own_group(spec: Spec) -> None:
    spec(
        """
        student | happened_on | class_group | entry_gpa
        1       | 2025-05-12  | A           | 1
        2       | 2025-05-12  | A           | 2
        3       | 2025-05-12  | A           | 3
        4       | 2025-05-12  | B           | 0.5
        5       | 2025-05-12  | B           | 0.5
        6       | 2025-05-12  | B           | 2
        """,
        IN_GROUP, after=[ENTRY], as_of="2025-09-01", on_roster=False,
        expect={1: -1, 2: 0, 3: 1, 4: -0.577, 5: -0.577, 6: 1.155},
    )  # fmt: skip


def test_a_group_with_too_few_values_tells_nothing(spec: Spec) -> None:
    spec(
        """
        student | happened_on | class_group | entry_gpa
        1       | 2025-05-12  | A           | 1
        2       | 2025-05-12  | A           | 2
        3       | 2025-05-12  | A           |
        """,
        IN_GROUP, after=[ENTRY], as_of="2025-09-01", on_roster=False, expect={1: None, 2: None, 3: None},
    )  # fmt: skip


def test_a_missing_value_stays_missing_and_does_not_move_the_others(spec: Spec) -> None:
    spec(
        """
        student | happened_on | class_group | entry_gpa
        1       | 2025-05-12  | A           | 1
        2       | 2025-05-12  | A           | 2
        3       | 2025-05-12  | A           | 3
        4       | 2025-05-12  | A           |
        """,
        IN_GROUP, after=[ENTRY], as_of="2025-09-01", on_roster=False, expect={1: -1, 2: 0, 3: 1, 4: None},
    )  # fmt: skip


def test_a_group_whose_values_are_equal_tells_nothing(spec: Spec) -> None:
    spec(
        """
        student | happened_on | class_group | entry_gpa
        1       | 2025-05-12  | A           | 2.33
        2       | 2025-05-12  | A           | 2.33
        3       | 2025-05-12  | A           | 2.33
        """,
        IN_GROUP, after=[ENTRY], as_of="2025-09-01", on_roster=False, expect={1: None, 2: None, 3: None},
    )  # fmt: skip


def test_who_left_is_not_in_the_group(spec: Spec) -> None:
    spec(
        """
        table      | student | happened_on | class_group | entry_gpa | event
        enrolments | 1       | 2025-05-12  | A           | 1         |
        enrolments | 2       | 2025-05-12  | A           | 2         |
        enrolments | 3       | 2025-05-12  | A           | 3         |
        enrolments | 4       | 2025-05-12  | A           | 4         |
        outcomes   | 4       | 2025-06-12  |             |           | LEFT
        """,
        IN_GROUP, after=[ENTRY], as_of="2025-09-01", on_roster=False, expect={1: -1, 2: 0, 3: 1},
    )  # fmt: skip


def test_a_share_of_days_against_the_group(spec: Spec) -> None:
    spec(
        """
        student | happened_on | status
        1       | 2025-08-20  | A
        2       | 2025-08-20  | P
        3       | 2025-08-20  | P
        """,
        ask(ATTENDANCE, Relative(of="attendance_share", least=3), Last(days=28), decimals=3),
        after=[ask(ATTENDANCE, Share(where=MISSED), Last(days=28))], as_of="2025-09-01",
        expect={1: 1.155, 2: -0.577, 3: -0.577},
    )  # fmt: skip


def test_the_group_is_that_of_the_newest_roster_known(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | class_group | entry_gpa
        1       | 2025-05-12  |             | A           | 1
        2       | 2025-05-12  |             | A           | 2
        3       | 2025-05-12  |             | A           | 3
        4       | 2025-05-12  |             | B           | 4
        4       | 2025-06-12  | 2025-06-12  | A           | 4
        4       | 2025-09-02  | 2025-09-02  | B           | 4
        """,
        IN_GROUP, after=[ask(ENROLMENTS, Latest(column="entry_gpa"), Ever(), decimals=2)], as_of="2025-09-01",
        on_roster=False, expect={1: -1.162, 2: -0.387, 3: 0.387, 4: 1.162},
    )  # fmt: skip
