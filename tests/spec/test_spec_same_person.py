"""Two numbers are one person from the moment that is known, and not before."""

from features.catalogue import FEATURE_OF
from tests.spec.asking import Enrolled, Spec

MISSED_28D = FEATURE_OF["missed_days_28d"]
MOVED = """
    table       | student | happened_on | recorded_at | same_as | status
    attendance  | 1       | 2025-08-18  |             |         | A
    attendance  | 1       | 2025-08-19  |             |         | A
    attendance  | 2       | 2025-08-20  |             |         | A
    same_person | 1       | 2025-08-20  | 2025-08-27  | 2       |
    """


def test_before_it_is_known_they_are_two(spec: Spec) -> None:
    spec(MOVED, MISSED_28D, as_of="2025-08-27", expect={1: 2, 2: 1})


def test_once_it_is_known_their_histories_are_one_under_the_number_that_goes_on(spec: Spec) -> None:
    spec(
        """
        table       | student | happened_on | recorded_at | same_as | status | class_group
        enrolments  | 1       | 2025-05-12  |             |         |        | A
        enrolments  | 2       | 2025-08-19  |             |         |        | A
        attendance  | 1       | 2025-08-18  |             |         | A      |
        attendance  | 1       | 2025-08-19  |             |         | A      |
        attendance  | 2       | 2025-08-20  |             |         | A      |
        same_person | 1       | 2025-08-20  | 2025-08-27  | 2       |        |
        """,
        MISSED_28D, as_of="2025-08-28", on_roster=False, expect={2: 3},
    )  # fmt: skip


def test_later_records_of_the_old_number_are_theirs_too(spec: Spec) -> None:
    spec(
        MOVED + "attendance | 1 | 2025-08-28 | | | A",
        MISSED_28D, as_of="2025-09-01", expect={2: 4},
    )  # fmt: skip


def test_the_links_are_followed_to_the_last_number(spec: Spec) -> None:
    spec(
        """
        table       | student | happened_on | recorded_at | same_as | income_per_head
        household   | 1       | 2025-06-01  |             |         | 2000
        household   | 2       | 2025-05-20  |             |         | 9000
        same_person | 1       | 2025-06-10  |             | 2       |
        same_person | 2       | 2025-06-20  |             | 3       |
        """,
        FEATURE_OF["income_per_head"], as_of="2025-09-01", expect={3: 2000},
    )  # fmt: skip


def test_an_ending_under_the_old_number_ends_the_person(enrolled: Enrolled) -> None:
    picture = """
        table       | student | happened_on | recorded_at | same_as | event
        enrolments  | 1       | 2025-05-12  |             |         |
        enrolments  | 2       | 2025-05-12  |             |         |
        enrolments  | 3       | 2025-05-12  |             |         |
        outcomes    | 1       | 2025-06-10  |             |         | LEFT
        same_person | 1       | 2025-06-10  | 2025-06-20  | 2       |
        """
    enrolled(picture, as_of="2025-06-16", expect={2, 3})
    enrolled(picture, as_of="2025-06-23", expect={3})
