"""Who stays enrolled in a new term while rosters still come in, one class group after the other, and by which study mode."""

import pytest

from features.attendance import MISSED
from features.vocabulary import Count, InTerm, Term
from records.tables import ATTENDANCE
from tests.features.pictures import ask
from tests.spec.asking import Enrolled, Spec

ONE_YEAR = ((2025, 1), (2025, 2))
NEXT_YEAR = ((2024, 2), (2025, 1))
GROUPS = """
    table         | student | happened_on | recorded_at | academic_year | term | class_group | status
    enrolments    | 1       | 2025-05-12  |             | 2025          | 1    | A           |
    enrolments    | 2       | 2025-05-12  |             | 2025          | 1    | B           |
    enrolments    | 3       | 2025-05-12  |             | 2025          | 1    | B           |
    enrolments    | 4       | 2025-05-12  |             | 2025          | 1    | A           |
    enrolments    | 1       | 2025-10-28  |             | 2025          | 2    | A           |"""


def test_the_roster_of_one_class_group_says_nothing_of_another(enrolled: Enrolled) -> None:
    of_b = GROUPS + "\nenrolments | 2 | 2025-11-12 | | 2025 | 2 | B |"
    enrolled(of_b, as_of="2025-10-28", terms=ONE_YEAR, expect={1, 2, 3, 4})
    enrolled(of_b, as_of="2025-11-10", terms=ONE_YEAR, expect={1, 2, 3})
    enrolled(of_b, as_of="2025-11-17", terms=ONE_YEAR, expect={1, 2})


def test_a_complete_roster_speaks_for_every_class_group(enrolled: Enrolled) -> None:
    counted = GROUPS + "\nroster_counts | | 2025-11-12 | | 2025 | 2 | |"
    enrolled(counted, as_of="2025-11-10", terms=ONE_YEAR, expect={1, 2, 3})
    enrolled(counted, as_of="2025-11-17", terms=ONE_YEAR, expect={1})
    of_the_term_before = GROUPS + "\nroster_counts | | 2025-11-12 | | 2025 | 1 | |"
    enrolled(of_the_term_before, as_of="2025-11-17", terms=ONE_YEAR, expect={1, 2, 3})


def test_who_is_on_the_roster_of_another_class_group_has_moved_there(enrolled: Enrolled) -> None:
    moved = (
        GROUPS
        + "\nenrolments | 2 | 2025-11-12 | | 2025 | 2 | A | RESIGNED\nenrolments | 5 | 2025-05-12 | | 2025 | 1 | B |"
    )
    enrolled(moved, as_of="2025-11-17", terms=ONE_YEAR, expect={1, 3, 5})


def test_in_a_new_year_a_class_group_is_told_when_half_of_its_students_are(enrolled: Enrolled) -> None:
    """The second years were the class group 1/1 of last year, and the first years are the 1/1 of this one."""
    picture = """
        student | happened_on | academic_year | term | class_group | level
        1       | 2024-10-21  | 2024          | 2    | 1/1         | V1
        2       | 2024-10-21  | 2024          | 2    | 1/1         | V1
        3       | 2024-10-21  | 2024          | 2    | 1/1         | V1
        7       | 2025-05-20  | 2025          | 1    | 1/1         | V1
        1       | 2025-05-27  | 2025          | 1    | 2/1         | V2
        2       | 2025-06-03  | 2025          | 1    | 2/1         | V2
        """
    enrolled(picture, as_of="2025-05-26", terms=NEXT_YEAR, expect={1, 2, 3, 7})
    enrolled(picture, as_of="2025-06-02", terms=NEXT_YEAR, expect={1, 2, 3, 7})
    enrolled(picture, as_of="2025-06-09", terms=NEXT_YEAR, expect={1, 2, 7})


@pytest.mark.parametrize(("level", "expect"), [("V3", {1, 7}), ("MODULE", {1, 7}), ("V2", {1, 2, 7}), ("", {1, 2, 7})])
def test_who_has_finished_waits_for_no_roster(enrolled: Enrolled, level: str, expect: set[int]) -> None:
    picture = f"""
        table      | student | happened_on | academic_year | term | class_group | level
        enrolments | 1       | 2024-10-21  | 2024          | 2    | 3/2         | V2
        enrolments | 2       | 2024-10-21  | 2024          | 2    | 3/1         | {level}
        enrolments | 7       | 2025-05-20  | 2025          | 1    | 1/1         | V1
        """
    enrolled(picture, as_of="2025-05-26", terms=NEXT_YEAR, expect=expect)


def test_a_last_year_goes_on_in_the_second_term_of_it(enrolled: Enrolled) -> None:
    picture = """
        student | happened_on | academic_year | term | class_group | level
        1       | 2025-05-12  | 2025          | 1    | 3/1         | V3
        2       | 2025-10-28  | 2025          | 2    | 1/1         | V1
        """
    enrolled(picture, as_of="2025-11-10", terms=ONE_YEAR, expect={1, 2})


SUMMER = """
    table      | student | happened_on | recorded_at | kind  | academic_year | term | class_group
    calendar   |         | 2025-03-24  | 2024-05-01  | TEACH | 2024          | 3    |
    calendar   |         | 2025-05-02  | 2024-05-01  | TEACH | 2024          | 3    |
    enrolments | 1       | 2024-10-21  |             |       | 2024          | 2    | A
    enrolments | 2       | 2024-10-21  |             |       | 2024          | 2    | B
    enrolments | 1       | 2025-03-25  |             |       | 2024          | 3    | A"""


def test_a_summer_term_has_its_own_students_alone_and_the_next_term_those_of_the_term_before_it(
    enrolled: Enrolled,
) -> None:
    enrolled(SUMMER, as_of="2025-03-25", terms=NEXT_YEAR, expect={1, 2})
    enrolled(SUMMER, as_of="2025-04-07", terms=NEXT_YEAR, expect={1})
    enrolled(SUMMER, as_of="2025-05-26", terms=NEXT_YEAR, expect={1, 2})


def test_an_internship_ends_with_its_term_and_the_dual_system_goes_on_while_the_new_roster_is_awaited(
    spec: Spec,
) -> None:
    """Nobody of the three of the dual system was seen in the weeks of 13 January and 26 May."""
    picture = """
        table      | student | happened_on | academic_year | term | study_mode | status"""
    for student, mode in {1: "INTERNSHIP", 2: "NORMAL", 3: "DUAL", 4: "DUAL", 5: "DUAL"}.items():
        picture += f"\n        enrolments | {student} | 2024-10-21 | 2024 | 2 | {mode} |"
        for day, status in (("2025-01-06", "P"), ("2025-01-13", "A"), ("2025-05-19", "P"), ("2025-05-26", "A")):
            picture += f"\n        attendance | {student} | {day} | | | | {status}"
    told = picture + "\n        enrolments | 1 | 2025-06-03 | 2025 | 1 | INTERNSHIP |"
    now, before = (ask(ATTENDANCE, Count(where=MISSED), InTerm(term=term)) for term in (Term.THIS, Term.PREVIOUS))
    for one, asked, of_intern in ((picture, now, 1), (picture, before, 0), (told, now, 0), (told, before, 0)):
        expect = {1: of_intern, 2: 1, 3: 0, 4: 0, 5: 0}
        spec(one, asked, as_of="2025-06-09", terms=NEXT_YEAR, on_roster=False, expect=expect)
