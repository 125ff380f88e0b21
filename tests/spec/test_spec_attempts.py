"""Of several attempts of one course or piece of work only the last that had happened speaks."""

from dataclasses import replace
from datetime import date

from features.catalogue import FEATURE_OF
from features.grades import FAILED, NOT_SUBMITTED, SCORED
from features.vocabulary import Count, Ever, InTerm, Last, Latest, Mean, NoRecord, StepChange, Sum, Term
from records.tables import GRADES
from tests.features.pictures import ask, calendar, records_of, roster
from tests.spec.asking import Spec
from tests.spec.conftest import Engine

INCOMPLETE_EVER = FEATURE_OF["incomplete_marks_ever"]
FAILED_BEFORE = FEATURE_OF["failed_courses_previous_term"]
GPA_BEFORE = FEATURE_OF["gpa_previous_term"]
BEFORE = InTerm(term=Term.PREVIOUS)
TWO_TERMS = ((2024, 2), (2025, 1))


def test_an_incomplete_mark_is_none_once_the_course_was_done_again(spec: Spec) -> None:
    picture = """
        student | happened_on | academic_year | term | course_code | attempt | grade
        1       | 2025-03-20  | 2024          | 2    | MATH        | 1       | KHP
        1       | 2025-06-20  | 2024          | 2    | MATH        | 2       | 3
        2       | 2025-03-20  | 2024          | 2    | MATH        | 1       | KHP
        """
    spec(picture, INCOMPLETE_EVER, as_of="2025-06-16", terms=TWO_TERMS, expect={1: 1, 2: 1})
    spec(picture, INCOMPLETE_EVER, as_of="2025-06-23", terms=TWO_TERMS, expect={1: 0, 2: 1})


def test_a_course_passed_at_the_third_attempt_is_one_course_and_not_failed(spec: Spec) -> None:
    picture = """
        student | happened_on | academic_year | term | course_code | attempt | credits | grade
        1       | 2025-03-20  | 2024          | 2    | MATH        | 1       | 3       | 0
        1       | 2025-04-10  | 2024          | 2    | MATH        | 2       | 3       | 0
        1       | 2025-05-20  | 2024          | 2    | MATH        | 3       | 3       | 1
        """
    for as_of, failed, gpa in (("2025-05-20", 1, 0), ("2025-05-26", 0, 1)):
        spec(picture, FAILED_BEFORE, as_of=as_of, terms=TWO_TERMS, expect={1: failed})
        spec(picture, GPA_BEFORE, as_of=as_of, terms=TWO_TERMS, expect={1: gpa})
        spec(picture, FEATURE_OF["results_previous_term"], as_of=as_of, terms=TWO_TERMS, expect={1: 1})
        spec(
            picture, ask(GRADES, Sum(column="credits"), Ever()), as_of=as_of, terms=TWO_TERMS, expect={1: 3}
        )  # fmt: skip


def test_without_a_number_it_is_a_first_attempt_and_work_without_a_name_is_a_piece_of_its_own(engine: Engine) -> None:
    picture = """
        student | happened_on | academic_year | term | course_code | item  | attempt | grade
        1       | 2025-03-20  | 2024          | 2    | MATH        | FINAL | 2       | 3
        1       | 2025-04-20  | 2024          | 2    | MATH        | FINAL | 9       | 0
        2       | 2025-03-20  | 2024          | 2    | MATH        | FINAL | 1       | 0
        2       | 2025-03-20  | 2024          | 2    | MATH        | LAB   | 9       | 0
        2       | 2025-04-20  | 2024          | 2    | MATH        | LAB   | 2       | 3
        """
    records = [*calendar(TWO_TERMS), *roster([1, 2], (2025, 1))]
    for record in records_of(picture, GRADES):
        not_told = {"attempt": None} if record.values["attempt"] == 9 else {}
        unnamed = {"item": None} if record.values["item"] == "LAB" else {}
        records.append(replace(record, values={**record.values, **not_told, **unnamed}))
    asked = ask(GRADES, Count(where=FAILED), BEFORE)
    assert engine(records, date(2025, 6, 2), [asked]) == {1: 0, 2: 1}


def test_a_first_attempt_told_with_its_number_and_without_is_one_and_the_row_read_last_speaks(engine: Engine) -> None:
    picture = """
        student | happened_on | recorded_at | academic_year | term | course_code | attempt | grade
        1       | 2025-03-20  | 2025-03-20  | 2024          | 2    | MATH        | 1       | 0
        1       | 2025-03-20  | 2025-03-27  | 2024          | 2    | MATH        | 9       | 3
        2       | 2025-03-20  | 2025-03-20  | 2024          | 2    | MATH        | 9       | 3
        2       | 2025-03-20  | 2025-03-27  | 2024          | 2    | MATH        | 1       | 0
        """
    records = [*calendar(TWO_TERMS), *roster([1, 2], (2025, 1))]
    for record in records_of(picture, GRADES):
        not_told = {"attempt": None} if record.values["attempt"] == 9 else {}
        records.append(replace(record, values={**record.values, **not_told}))
    for feature, wanted in ((FAILED_BEFORE, {1: 0, 2: 1}), (FEATURE_OF["results_previous_term"], {1: 1, 2: 1})):
        assert engine(records, date(2025, 6, 2), [feature]) == wanted


def test_the_number_of_the_attempt_counts_and_not_its_day_or_when_it_was_told(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | academic_year | term | course_code | attempt | grade
        1       | 2025-05-20  | 2025-05-28  | 2024          | 2    | MATH        | 1       | 0
        1       | 2025-04-20  | 2025-05-21  | 2024          | 2    | MATH        | 2       | 2
        """,
        GPA_BEFORE, as_of="2025-06-02", terms=TWO_TERMS, expect={1: 2},
    )  # fmt: skip


def test_an_attempt_that_is_retracted_not_known_or_still_to_come_lets_the_one_before_it_speak(spec: Spec) -> None:
    picture = """
        student | happened_on | recorded_at | academic_year | term | course_code | attempt | grade | retracted
        1       | 2025-03-20  | 2025-03-20  | 2024          | 2    | MATH        | 1       | 0     |
        1       | 2025-05-10  | 2025-05-10  | 2024          | 2    | MATH        | 2       | 2     |
        1       | 2025-05-10  | 2025-05-28  | 2024          | 2    | MATH        | 2       | 2     | yes
        2       | 2025-03-20  | 2025-03-20  | 2024          | 2    | MATH        | 1       | 0     |
        2       | 2025-05-10  | 2025-06-03  | 2024          | 2    | MATH        | 2       | 2     |
        3       | 2025-03-20  | 2025-03-20  | 2024          | 2    | MATH        | 1       | 0     |
        3       | 2025-06-02  | 2025-05-20  | 2024          | 2    | MATH        | 2       | 2     |
        """
    spec(picture, FAILED_BEFORE, as_of="2025-05-26", terms=TWO_TERMS, expect={1: 0, 2: 1, 3: 1})
    spec(picture, FAILED_BEFORE, as_of="2025-06-02", terms=TWO_TERMS, expect={1: 1, 2: 1, 3: 1})
    spec(picture, FAILED_BEFORE, as_of="2025-06-09", terms=TWO_TERMS, expect={1: 1, 2: 0, 3: 0})


def test_an_attempt_that_lies_outside_a_window_still_speaks_for_the_one_inside(spec: Spec) -> None:
    picture = """
        student | happened_on | item  | attempt | grade
        1       | 2025-08-25  | ESSAY | 1       | NOT_SUBMITTED
        1       | 2025-07-01  | ESSAY | 2       | SCORED
        2       | 2025-07-01  | ESSAY | 1       | NOT_SUBMITTED
        2       | 2025-08-25  | ESSAY | 2       | SCORED
        """
    due, window = Count(where=NOT_SUBMITTED), Last(days=28)
    spec(picture, ask(GRADES, due, window), as_of="2025-09-01", expect={1: None, 2: 0})
    spec(picture, ask(GRADES, NoRecord(where=SCORED), window), as_of="2025-09-01", expect={1: 1, 2: 0})


def test_other_terms_courses_and_pieces_of_work_are_no_attempts_of_this_one(spec: Spec) -> None:
    picture = """
        student | happened_on | academic_year | term | course_code | item  | attempt | grade
        1       | 2025-03-01  | 2024          | 2    | MATH        | MID   | 1       | SCORED
        1       | 2025-03-20  | 2024          | 2    | MATH        | FINAL | 1       | 0
        1       | 2025-03-20  | 2024          | 2    | THAI        | FINAL | 1       | 0
        1       | 2025-05-20  | 2024          | 2    | MATH        | LAB   | 3       | SCORED
        1       | 2025-05-26  | 2025          | 1    | MATH        | FINAL | 2       | 4
        """
    spec(picture, ask(GRADES, Count(where=FAILED), Ever()), as_of="2025-06-02", terms=TWO_TERMS, expect={1: 2})
    spec(picture, ask(GRADES, Count(where=SCORED), BEFORE), as_of="2025-06-02", terms=TWO_TERMS, expect={1: 2})


def test_what_is_newest_and_what_came_before_it_is_asked_of_last_attempts(spec: Spec) -> None:
    picture = """
        student | happened_on | item  | attempt | score | grade
        1       | 2025-07-01  | MID   | 1       | 40    | SCORED
        1       | 2025-07-10  | ESSAY | 2       | 70    | SCORED
        1       | 2025-07-20  | ESSAY | 1       | 10    | SCORED
        """
    for measure, wanted in ((Latest(column="score"), 70), (StepChange(column="score"), 30), (Mean(column="score"), 55)):
        spec(picture, ask(GRADES, measure, InTerm()), as_of="2025-09-01", expect={1: wanted})
