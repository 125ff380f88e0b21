"""Who is enrolled on a day, as far as was known then."""

from datetime import date
from pathlib import Path

import pytest

from features.catalogue import FEATURE_OF
from features.cohort import NobodyEnrolled
from features.snapshot import replay
from records.tables import ENROLMENTS
from tests.features.pictures import calendar, records_of
from tests.features.small_log import write_log
from tests.spec.asking import Enrolled, Spec

TWO_TERMS = ((2025, 1), (2025, 2))


def test_not_before_the_roster_is_known(enrolled: Enrolled) -> None:
    picture = """
        student | happened_on | recorded_at
        1       | 2025-05-12  | 2025-05-12
        2       | 2025-05-12  | 2025-06-02
        """
    enrolled(picture, as_of="2025-06-02", expect={1})
    enrolled(picture, as_of="2025-06-03", expect={1, 2})


@pytest.mark.parametrize("status", ["RESIGNED", "DISMISSED", "GRADUATED", "TRANSFERRED_OUT", "DECEASED", "ON_LEAVE", "UNKNOWN"])  # fmt: skip
def test_another_status_ends_it_from_the_day_we_knew(enrolled: Enrolled, status: str) -> None:
    picture = f"""
        student | happened_on | recorded_at | status
        1       | 2025-05-12  | 2025-05-12  | ENROLLED
        2       | 2025-05-12  | 2025-05-12  |
        1       | 2025-07-01  | 2025-07-20  | {status}
        """
    enrolled(picture, as_of="2025-07-20", expect={1, 2})
    enrolled(picture, as_of="2025-07-21", expect={2})


def test_gone_but_still_on_the_roll_is_not_at_risk(enrolled: Enrolled) -> None:
    picture = """
        student | happened_on | status
        1       | 2025-05-12  | GONE_ON_ROLL
        2       | 2025-05-12  | ENROLLED
        """
    enrolled(picture, as_of="2025-06-02", expect={2})


@pytest.mark.parametrize("event", ["LEFT", "DISMISSED", "TRANSFER_CONFIRMED", "GRADUATED", "DECEASED"])
def test_an_ending_ends_it(enrolled: Enrolled, event: str) -> None:
    picture = f"""
        table      | student | happened_on | recorded_at | event
        enrolments | 1       | 2025-05-12  |             |
        enrolments | 2       | 2025-05-12  |             |
        outcomes   | 1       | 2025-06-30  | 2025-07-10  | {event}
        """
    enrolled(picture, as_of="2025-07-07", expect={1, 2})
    enrolled(picture, as_of="2025-07-14", expect={2})


@pytest.mark.parametrize("event", ["NOT_ON_NEXT_ROSTER", "TRACED"])
def test_what_is_no_ending_does_not(enrolled: Enrolled, event: str) -> None:
    picture = f"""
        table      | student | happened_on | event
        enrolments | 1       | 2025-05-12  |
        outcomes   | 1       | 2025-06-30  | {event}
        """
    enrolled(picture, as_of="2025-07-14", expect={1})


def test_an_ending_of_the_day_itself_or_later_has_not_happened_yet(enrolled: Enrolled) -> None:
    picture = """
        table      | student | happened_on | recorded_at | event
        enrolments | 1       | 2025-05-12  |             |
        enrolments | 2       | 2025-05-12  |             |
        outcomes   | 1       | 2025-07-14  | 2025-07-10  | LEFT
        """
    enrolled(picture, as_of="2025-07-14", expect={1, 2})
    enrolled(picture, as_of="2025-07-15", expect={2})


def test_who_returned_is_enrolled_again_until_the_next_ending(enrolled: Enrolled) -> None:
    picture = """
        table      | student | happened_on | event
        enrolments | 1       | 2025-05-12  |
        enrolments | 2       | 2025-05-12  |
        outcomes   | 1       | 2025-06-10  | LEFT
        outcomes   | 1       | 2025-07-10  | RETURNED
        outcomes   | 1       | 2025-08-10  | LEFT
        """
    enrolled(picture, as_of="2025-07-07", expect={2})
    enrolled(picture, as_of="2025-07-14", expect={1, 2})
    enrolled(picture, as_of="2025-09-01", expect={2})


def test_a_roster_that_says_they_came_back_outweighs_an_ending_before_it(enrolled: Enrolled) -> None:
    picture = """
        table      | student | happened_on | event | entry_route | credits
        enrolments | 1       | 2025-05-12  |       |             |
        enrolments | 2       | 2025-05-12  |       |             |
        outcomes   | 1       | 2025-06-02  | LEFT  |             |
        outcomes   | 2       | 2025-06-02  | LEFT  |             |
        enrolments | 1       | 2025-08-11  |       | RETURNED    |
        enrolments | 2       | 2025-08-11  |       |             | 21
        enrolments | 3       | 2025-05-12  |       |             |
        outcomes   | 1       | 2025-09-10  | LEFT  |             |
        """
    enrolled(picture, as_of="2025-08-11", expect={3})
    enrolled(picture, as_of="2025-08-12", expect={1, 3})
    enrolled(picture, as_of="2025-09-15", expect={3})


@pytest.mark.parametrize(("level", "expect"), [("D1", {1, 2}), ("M4", {1, 2}), ("D2", {2}), ("V3", {2}), ("", {2})])
def test_a_graduation_dated_after_the_opening_ends_no_first_year_of_the_next_programme(
    enrolled: Enrolled, level: str, expect: set[int]
) -> None:
    picture = f"""
        table      | student | happened_on | level   | event
        enrolments | 1       | 2025-05-12  | {level} |
        enrolments | 2       | 2025-05-12  | D1      |
        outcomes   | 1       | 2025-05-30  |         | GRADUATED
        """
    enrolled(picture, as_of="2025-09-01", expect=expect)
    left = picture.strip() + "\noutcomes | 1 | 2025-06-30 | | LEFT"
    enrolled(left, as_of="2025-09-01", expect={2})


def test_who_left_in_the_break_is_gone_though_the_next_roster_had_them_already(enrolled: Enrolled) -> None:
    picture = """
        table      | student | happened_on | academic_year | term | event
        enrolments | 1       | 2025-05-12  | 2025          | 1    |
        enrolments | 2       | 2025-05-12  | 2025          | 1    |
        enrolments | 3       | 2025-05-12  | 2025          | 1    |
        outcomes   | 2       | 2025-10-06  |               |      | LEFT
        enrolments | 1       | 2025-10-13  | 2025          | 2    |
        enrolments | 2       | 2025-10-13  | 2025          | 2    |
        enrolments | 3       | 2025-10-13  | 2025          | 2    |
        outcomes   | 1       | 2025-10-20  |               |      | LEFT
        """
    enrolled(picture, as_of="2025-10-28", terms=TWO_TERMS, expect={2, 3})
    enrolled(picture, as_of="2026-02-02", terms=TWO_TERMS, expect={2, 3})


def test_an_update_of_the_roster_brings_back_nobody_who_left_in_the_break(enrolled: Enrolled) -> None:
    """Another column changed for 1; 2 is told as resigned and here again, 3 left the roster and is on it again; 4 came back."""
    picture = """
        table      | student | happened_on | academic_year | term | event | status   | entry_route | credits | retracted
        enrolments | 1       | 2025-10-01  | 2025          | 2    |       |          |             |         |
        enrolments | 2       | 2025-10-01  | 2025          | 2    |       |          |             |         |
        enrolments | 3       | 2025-10-01  | 2025          | 2    |       |          |             |         |
        enrolments | 4       | 2025-10-01  | 2025          | 2    |       |          |             |         |
        enrolments | 5       | 2025-10-01  | 2025          | 2    |       |          |             |         |
        outcomes   | 1       | 2025-10-06  |               |      | LEFT  |          |             |         |
        outcomes   | 2       | 2025-10-06  |               |      | LEFT  |          |             |         |
        outcomes   | 3       | 2025-10-06  |               |      | LEFT  |          |             |         |
        outcomes   | 4       | 2025-10-06  |               |      | LEFT  |          |             |         |
        enrolments | 2       | 2025-11-03  | 2025          | 2    |       | RESIGNED |             |         |
        enrolments | 3       | 2025-11-03  | 2025          | 2    |       |          |             |         | yes
        enrolments | 1       | 2025-11-10  | 2025          | 2    |       | ENROLLED | NORMAL      | 21      |
        enrolments | 2       | 2025-11-10  | 2025          | 2    |       | ENROLLED |             |         |
        enrolments | 3       | 2025-11-10  | 2025          | 2    |       |          |             |         |
        enrolments | 4       | 2025-11-10  | 2025          | 2    |       |          | RETURNED    |         |
        outcomes   | 4       | 2025-11-20  |               |      | LEFT  |          |             |         |
        enrolments | 4       | 2025-12-08  | 2025          | 2    |       |          | RETURNED    | 21      |
        """
    enrolled(picture, as_of="2025-10-28", terms=TWO_TERMS, expect={5})
    enrolled(picture, as_of="2025-11-17", terms=TWO_TERMS, expect={2, 3, 4, 5})
    enrolled(picture, as_of="2025-12-15", terms=TWO_TERMS, expect={2, 3, 5})


def test_whose_programme_is_over_is_gone_before_the_new_year_has_a_roster(enrolled: Enrolled) -> None:
    rows = [(1, "V3"), (2, "V1"), (3, "V3"), (4, "MODULE")]
    lines = [f"{student} | 2024-10-21 | 2024 | 2 | {level}" for student, level in rows]
    picture = "student | happened_on | academic_year | term | level\n" + "\n".join(lines)
    terms = ((2024, 2), (2025, 1))
    enrolled(picture, as_of="2025-01-06", terms=terms, expect={1, 2, 3, 4})
    enrolled(picture, as_of="2025-05-26", terms=terms, expect={2})
    enrolled(picture + "\n3 | 2025-05-12 | 2025 | 1 | V3", as_of="2025-05-26", terms=terms, expect={2, 3})


def test_a_retracted_ending_never_was(enrolled: Enrolled) -> None:
    picture = """
        table      | student | happened_on | recorded_at | event | retracted
        enrolments | 1       | 2025-05-12  |             |       |
        enrolments | 2       | 2025-05-12  |             |       |
        outcomes   | 1       | 2025-06-10  | 2025-06-10  | LEFT  |
        outcomes   | 1       | 2025-06-10  | 2025-06-20  | LEFT  | yes
        """
    enrolled(picture, as_of="2025-06-16", expect={2})
    enrolled(picture, as_of="2025-06-23", expect={1, 2})


def test_a_retracted_row_of_the_roster_is_no_enrolment(enrolled: Enrolled) -> None:
    picture = """
        student | happened_on | recorded_at | retracted
        1       | 2025-05-12  | 2025-05-12  |
        2       | 2025-05-12  | 2025-05-12  |
        1       | 2025-05-12  | 2025-06-20  | yes
        """
    enrolled(picture, as_of="2025-06-16", expect={1, 2})
    enrolled(picture, as_of="2025-06-23", expect={2})


def test_the_earlier_roster_speaks_until_the_first_one_of_the_new_term_is_known(enrolled: Enrolled) -> None:
    picture = """
        student | happened_on | recorded_at | academic_year | term
        1       | 2025-05-12  | 2025-05-12  | 2025          | 1
        2       | 2025-05-12  | 2025-05-12  | 2025          | 1
        2       | 2025-11-10  | 2025-11-10  | 2025          | 2
        3       | 2025-11-10  | 2025-11-10  | 2025          | 2
        """
    enrolled(picture, as_of="2025-11-10", terms=TWO_TERMS, expect={1, 2})
    enrolled(picture, as_of="2025-11-17", terms=TWO_TERMS, expect={2, 3})


OVERLAP = """
    table      | student | happened_on | recorded_at | kind  | academic_year | term | status    | retracted
    calendar   |         | 2025-09-15  | 2025-05-01  | TEACH | 2025          | 3    |           |
    calendar   |         | 2025-10-17  | 2025-05-01  | TEACH | 2025          | 3    |           |
    enrolments | 1       | 2025-05-12  |             |       | 2025          | 1    |           |
    enrolments | 2       | 2025-05-12  |             |       | 2025          | 1    |           |
    enrolments | 3       | 2025-05-12  |             |       | 2025          | 1    |           |
    enrolments | 1       | 2025-09-08  |             |       | 2025          | 3    | DISMISSED |
    enrolments | 2       | 2025-09-08  |             |       | 2025          | 3    | ENROLLED  |"""


def test_of_two_open_terms_the_row_of_the_newer_decides(enrolled: Enrolled) -> None:
    enrolled(OVERLAP, as_of="2025-09-14", expect={1, 2, 3})
    enrolled(OVERLAP, as_of="2025-09-22", expect={2, 3})
    taken_back = OVERLAP + "\nenrolments | 1 | 2025-09-08 | 2025-09-24 | | 2025 | 3 | DISMISSED | yes"
    enrolled(taken_back, as_of="2025-09-29", expect={1, 2, 3})
    enrolled(OVERLAP, as_of="2025-10-06", expect={2})


def test_who_left_since_the_newer_of_two_open_terms_opened_is_not_back_by_the_older(enrolled: Enrolled) -> None:
    left = """
        table      | student | happened_on | recorded_at | kind  | academic_year | term | event
        calendar   |         | 2025-09-15  | 2025-05-01  | TEACH | 2025          | 3    |
        calendar   |         | 2025-10-17  | 2025-05-01  | TEACH | 2025          | 3    |
        enrolments | 1       | 2025-05-12  |             |       | 2025          | 1    |
        enrolments | 1       | 2025-09-08  |             |       | 2025          | 3    |
        enrolments | 2       | 2025-05-12  |             |       | 2025          | 1    |
        outcomes   | 1       | 2025-09-16  |             |       |               |      | LEFT
        """
    enrolled(left, as_of="2025-09-16", expect={1, 2})
    enrolled(left, as_of="2025-09-22", expect={2})


def test_a_roster_withdrawn_as_a_whole_lets_the_one_before_it_speak(enrolled: Enrolled) -> None:
    picture = """
        student | happened_on | recorded_at | academic_year | term | retracted
        1       | 2025-05-12  | 2025-05-12  | 2025          | 1    |
        2       | 2025-05-12  | 2025-05-12  | 2025          | 1    |
        2       | 2025-11-10  | 2025-11-10  | 2025          | 2    |
        3       | 2025-11-10  | 2025-11-10  | 2025          | 2    |
        2       | 2025-11-10  | 2025-11-20  | 2025          | 2    | yes
        3       | 2025-11-10  | 2025-11-26  | 2025          | 2    | yes
        3       | 2025-11-10  | 2025-12-04  | 2025          | 2    |
        """
    for as_of, expect in (
        ("2025-11-17", {2, 3}),
        ("2025-11-24", {3}),
        ("2025-12-01", {1, 2}),
        ("2025-12-08", {3}),
    ):
        enrolled(picture, as_of=as_of, terms=TWO_TERMS, expect=expect)


def test_who_is_carried_over_is_in_the_new_term(spec: Spec) -> None:
    picture = """
        table      | student | happened_on | recorded_at | academic_year | term | level | course_code | grade
        enrolments | 1       | 2025-05-12  | 2025-05-12  | 2025          | 1    | V2    |             |
        grades     | 1       | 2025-10-20  | 2025-10-20  | 2025          | 1    |       | MATH        | 3
        """
    for name, value in (("week_of_term", 3.0), ("gpa_previous_term", 3.0), ("year_of_level", None)):
        spec(picture, FEATURE_OF[name], as_of="2025-11-10", terms=TWO_TERMS, on_roster=False, expect={1: value})


def test_who_left_in_the_earlier_term_is_not_carried_over_and_who_left_before_a_new_roster_is_back(
    enrolled: Enrolled,
) -> None:
    picture = """
        table      | student | happened_on | recorded_at | academic_year | term | event
        enrolments | 1       | 2025-05-12  | 2025-05-12  | 2025          | 1    |
        enrolments | 2       | 2025-05-12  | 2025-05-12  | 2025          | 1    |
        outcomes   | 1       | 2025-09-10  | 2025-09-10  |               |      | LEFT
        enrolments | 1       | 2025-11-10  | 2025-11-10  | 2025          | 2    |
        enrolments | 2       | 2025-11-10  | 2025-11-10  | 2025          | 2    |
        """
    enrolled(picture, as_of="2025-11-10", terms=TWO_TERMS, expect={2})
    enrolled(picture, as_of="2025-11-17", terms=TWO_TERMS, expect={1, 2})


def test_both_days_of_a_term_belong_to_it(enrolled: Enrolled) -> None:
    picture = """
        student | happened_on
        1       | 2025-05-12
        """
    enrolled(picture, as_of="2025-05-19", expect={1})
    enrolled(picture, as_of="2025-10-03", expect={1})


@pytest.mark.parametrize("as_of", ["2025-05-18", "2025-10-04", "2030-01-07"])
def test_outside_every_term_nobody_is_enrolled_and_that_is_said(tmp_path: Path, as_of: str) -> None:
    records = [*calendar([(2025, 1)]), *records_of("student | happened_on\n1 | 2025-05-12", ENROLMENTS)]
    with pytest.raises(NobodyEnrolled) as raised:
        list(replay(write_log(tmp_path, records), [date.fromisoformat(as_of)]))
    assert str(raised.value) == (
        f"Nobody is enrolled on {as_of} as far as was known that day: no term of the calendar is open then. "
        "Look at the terms (zerodrop check)."
    )


def test_without_a_roster_nobody_is_enrolled(tmp_path: Path) -> None:
    with pytest.raises(NobodyEnrolled, match=r"Nobody is enrolled on 2025-06-02 .*: no roster was imported\."):
        list(replay(write_log(tmp_path, calendar([(2025, 1)])), [date(2025, 6, 2)]))
