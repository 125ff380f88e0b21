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


def test_links_are_followed_in_whatever_order_they_come(spec: Spec) -> None:
    for one, two in (("2025-06-10", "2025-06-20"), ("2025-06-20", "2025-06-10"), ("2025-06-10", "2025-06-10")):
        spec(
            f"""
            table       | student | happened_on | recorded_at | same_as | income_per_head
            household   | 1       | 2025-06-01  | 2025-06-15  |         | 2000
            household   | 2       | 2025-05-20  |             |         | 9000
            same_person | 2       | 2025-06-05  | {two}       | 3       |
            same_person | 1       | 2025-06-05  | {one}       | 2       |
            """,
            FEATURE_OF["income_per_head"], as_of="2025-09-01", expect={3: 2000},
        )  # fmt: skip


def test_a_link_taken_back_makes_them_two_again_in_everything_that_was_told(spec: Spec) -> None:
    picture = """
        table       | student | happened_on | recorded_at | same_as | status | retracted
        attendance  | 1       | 2025-08-18  |             |         | A      |
        attendance  | 2       | 2025-08-20  |             |         | A      |
        same_person | 1       | 2025-08-20  | 2025-08-21  | 2       |        |
        attendance  | 1       | 2025-08-22  |             |         | A      |
        same_person | 1       | 2025-08-20  | 2025-08-27  | 2       |        | yes
        """
    spec(picture, MISSED_28D, as_of="2025-08-25", expect={2: 3})
    spec(picture, MISSED_28D, as_of="2025-08-28", expect={1: 2, 2: 1})


def test_a_link_corrected_goes_to_the_number_told_last(spec: Spec) -> None:
    picture = """
        table       | student | happened_on | recorded_at | same_as | status
        enrolments  | 2       | 2025-05-12  |             |         |
        enrolments  | 3       | 2025-05-12  |             |         |
        attendance  | 1       | 2025-08-18  |             |         | A
        attendance  | 2       | 2025-08-19  |             |         | P
        attendance  | 3       | 2025-08-19  |             |         | P
        same_person | 1       | 2025-08-20  | 2025-08-21  | 2       |
        same_person | 1       | 2025-08-20  | 2025-08-27  | 3       |
        """
    spec(picture, MISSED_28D, as_of="2025-08-25", on_roster=False, expect={2: 1, 3: 0})
    spec(picture, MISSED_28D, as_of="2025-08-28", on_roster=False, expect={2: 0, 3: 1})


def test_of_a_mark_told_under_both_numbers_the_last_version_read_holds(spec: Spec) -> None:
    picture = """
        table       | student | happened_on | recorded_at | same_as | status | retracted
        enrolments  | 2       | 2025-05-12  |             |         |        |
        attendance  | 2       | 2025-08-18  | 2025-08-18  |         | P      |
        attendance  | 1       | 2025-08-18  | 2025-08-19  |         | A      |
        attendance  | 1       | 2025-08-19  | 2025-08-19  |         | A      |
        attendance  | 2       | 2025-08-19  | 2025-08-20  |         | P      |
        attendance  | 2       | 2025-08-20  | 2025-08-20  |         | A      |
        attendance  | 1       | 2025-08-20  | 2025-08-21  |         | A      | yes
        same_person | 1       | 2025-08-20  | 2025-08-22  | 2       |        |
        attendance  | 1       | 2025-08-19  | 2025-08-26  |         | L      |
        attendance  | 1       | 2025-08-20  | 2025-08-27  |         | A      |
        """
    for as_of, missed in (("2025-08-22", 1), ("2025-08-25", 1), ("2025-08-28", 2)):
        spec(picture, MISSED_28D, as_of=as_of, on_roster=False, expect={2: missed})


def test_of_a_row_told_under_both_numbers_the_last_version_read_holds(spec: Spec) -> None:
    picture = """
        table       | student | happened_on | recorded_at | same_as | income_per_head | retracted
        household   | 1       | 2025-06-01  | 2025-06-12  |         | 2000            |
        household   | 2       | 2025-06-01  | 2025-06-02  |         | 9000            |
        same_person | 1       | 2025-06-10  | 2025-06-20  | 2       |                 |
        household   | 2       | 2025-06-01  | 2025-07-01  |         | 3000            |
        household   | 1       | 2025-06-01  | 2025-08-01  |         | 3000            | yes
        """
    for as_of, income in (("2025-06-23", 2000.0), ("2025-07-07", 3000.0), ("2025-08-04", None)):
        spec(picture, FEATURE_OF["income_per_head"], as_of=as_of, expect={2: income})


def test_a_link_that_closes_a_circle_joins_nothing_new(spec: Spec) -> None:
    picture = """
        table       | student | happened_on | recorded_at | same_as | status
        enrolments  | 1       | 2025-05-12  |             |         |
        enrolments  | 2       | 2025-05-12  |             |         |
        attendance  | 1       | 2025-08-18  |             |         | A
        attendance  | 2       | 2025-08-19  |             |         | A
        attendance  | 3       | 2025-08-20  |             |         | A
        same_person | 1       | 2025-08-20  | 2025-08-21  | 2       |
        same_person | 3       | 2025-08-20  | 2025-08-21  | 1       |
        same_person | 2       | 2025-08-20  | 2025-08-22  | 1       |
        same_person | 2       | 2025-08-20  | 2025-08-23  | 2       |
        """
    for as_of in ("2025-08-22", "2025-08-23", "2025-08-24"):
        spec(picture, MISSED_28D, as_of=as_of, on_roster=False, expect={2: 3})


def test_of_a_circle_the_link_whose_last_version_was_read_last_is_left_out(spec: Spec) -> None:
    spec(
        """
        table       | student | happened_on | recorded_at | same_as | status
        enrolments  | 1       | 2025-05-12  |             |         |
        attendance  | 2       | 2025-08-19  |             |         | A
        same_person | 1       | 2025-08-20  | 2025-08-21  | 2       |
        same_person | 2       | 2025-08-20  | 2025-08-22  | 1       |
        same_person | 1       | 2025-08-20  | 2025-08-23  | 2       |
        """,
        MISSED_28D, as_of="2025-08-25", on_roster=False, expect={1: 1},
    )  # fmt: skip
