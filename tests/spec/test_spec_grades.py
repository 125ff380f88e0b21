"""Results of courses and of work in them: they belong to their own term, whenever they are released."""

from features.catalogue import FEATURE_OF
from features.grades import FAILED, NOT_SUBMITTED, SCORED
from features.vocabulary import Count, DaysSince, Ever, InTerm, Last, Latest, Mean, Share, Term
from records.tables import GRADES
from tests.features.pictures import ask
from tests.spec.asking import Spec

GPA_BEFORE = FEATURE_OF["gpa_previous_term"]
FAILED_BEFORE = FEATURE_OF["failed_courses_previous_term"]
SCORE_TERM = ask(GRADES, Mean(column="score", where=SCORED), InTerm(), decimals=2)
TWO_TERMS = ((2024, 2), (2025, 1))


def test_the_grade_point_average_weighs_by_credits_and_leaves_out_marks_worth_nothing(spec: Spec) -> None:
    spec(
        """
        student | happened_on | academic_year | term | course_code | credits | grade
        1       | 2025-03-20  | 2024          | 2    | MATH        | 3       | 4
        1       | 2025-03-20  | 2024          | 2    | THAI        | 1       | 2
        1       | 2025-03-20  | 2024          | 2    | WELD        | 2       | R
        2       | 2025-03-20  | 2024          | 2    | MATH        | 3       | 2
        2       | 2025-03-20  | 2024          | 2    | WELD        | 3       | KHR
        3       | 2025-03-20  | 2024          | 2    | MATH        |         | 1
        3       | 2025-03-20  | 2024          | 2    | THAI        | 3       | 3
        4       | 2025-03-20  | 2024          | 2    | WELD        | 2       | MS
        """,
        GPA_BEFORE, as_of="2025-06-02", terms=TWO_TERMS, expect={1: 3.5, 2: 1, 3: 2.5, 4: None},
    )  # fmt: skip


def test_results_belong_to_their_term_though_released_after_it_closed(spec: Spec) -> None:
    picture = """
        student | happened_on | academic_year | term | course_code | credits | grade
        1       | 2025-05-26  | 2024          | 2    | MATH        | 3       | 0
        1       | 2025-08-20  | 2025          | 1    | MATH2       | 3       | 4
        """
    spec(picture, GPA_BEFORE, as_of="2025-05-26", terms=TWO_TERMS, expect={1: None})
    spec(picture, GPA_BEFORE, as_of="2025-06-02", terms=TWO_TERMS, expect={1: 0})
    spec(picture, FAILED_BEFORE, as_of="2025-09-01", terms=TWO_TERMS, expect={1: 1})


def test_the_term_before_is_the_one_before_and_no_other(spec: Spec) -> None:
    picture = """
        student | happened_on | academic_year | term | course_code | credits | grade
        1       | 2024-10-10  | 2024          | 1    | MATH        | 3       | 0
        1       | 2025-03-20  | 2024          | 2    | MATH        | 3       | 3
        """
    three = ((2024, 1), *TWO_TERMS)
    spec(picture, GPA_BEFORE, as_of="2025-06-02", terms=three, expect={1: 3})
    spec(picture, FAILED_BEFORE, as_of="2025-06-02", terms=three, expect={1: 0})


def test_in_the_first_term_there_is_none_before(spec: Spec) -> None:
    spec(
        """
        student | happened_on | course_code | credits | grade
        1       | 2025-06-20  | MATH        | 3       | 4
        """,
        GPA_BEFORE, as_of="2025-09-01", expect={1: None},
    )  # fmt: skip


def test_a_resolved_mark_is_no_longer_incomplete(spec: Spec) -> None:
    picture = """
        student | happened_on | recorded_at | academic_year | term | course_code | grade
        1       | 2025-03-20  | 2025-03-20  | 2024          | 2    | MATH        | R
        1       | 2025-03-20  | 2025-03-20  | 2024          | 2    | THAI        | 3
        1       | 2025-06-10  | 2025-06-10  | 2024          | 2    | MATH        | 2
        """
    spec(picture, FEATURE_OF["incomplete_marks_ever"], as_of="2025-06-02", terms=TWO_TERMS, expect={1: 1, 2: None})
    spec(picture, FEATURE_OF["incomplete_marks_ever"], as_of="2025-06-16", terms=TWO_TERMS, expect={1: 0, 2: None})


def test_a_course_taken_again_in_a_later_term_is_incomplete_by_its_newest_result(spec: Spec) -> None:
    picture = """
        student | happened_on | academic_year | term | course_code | item  | grade
        1       | 2025-03-20  | 2024          | 2    | MATH        | FINAL | R
        1       | 2025-03-20  | 2024          | 2    | THAI        | FINAL | R
        1       | 2025-08-20  | 2025          | 1    | MATH        | QUIZ  | SCORED
        1       | 2025-10-01  | 2025          | 1    | MATH        | FINAL | 2
        2       | 2025-03-20  | 2024          | 2    | MATH        | FINAL | 2
        2       | 2025-10-01  | 2025          | 1    | MATH        | FINAL | KHP
        3       | 2025-08-20  | 2025          | 1    | MATH        | QUIZ  | SCORED
        """
    for name, before, after in (
        ("incomplete_marks_ever", {1: 2, 2: 0, 3: None}, {1: 1, 2: 1, 3: None}),
        ("r_marks_ever", {1: 2, 2: 0, 3: None}, {1: 1, 2: 0, 3: None}),
    ):
        spec(picture, FEATURE_OF[name], as_of="2025-09-29", terms=TWO_TERMS, expect=before)
        spec(picture, FEATURE_OF[name], as_of="2025-10-02", terms=TWO_TERMS, expect=after)


def test_an_old_result_told_again_after_the_course_was_passed_in_a_later_term_is_not_its_newest(spec: Spec) -> None:
    picture = """
        student | happened_on | recorded_at      | academic_year | term | course_code | credits | grade
        1       | 2025-03-20  |                  | 2024          | 2    | MATH        |         | R
        1       | 2025-10-01  |                  | 2025          | 1    | MATH        |         | 2
        1       | 2025-10-10  |                  | 2024          | 2    | MATH        | 3       | R
        2       | 2025-11-01  | 2025-11-01 12:00 | 2025          | 1    | MATH        |         | 2
        2       | 2025-11-01  | 2025-11-01 12:10 | 2024          | 2    | MATH        |         | R
        3       | 2025-10-01  |                  | 2025          | 1    | MATH        |         | R
        3       | 2025-10-10  |                  | 2024          | 2    | MATH        |         | 2
        """
    terms, expect = (*TWO_TERMS, (2025, 2)), {1: 0, 2: 0, 3: 1, 4: None}
    for name in ("incomplete_marks_ever", "r_marks_ever"):
        spec(picture, FEATURE_OF[name], as_of="2025-11-03", terms=terms, expect=expect)


def test_the_mean_score_is_of_scored_work_this_term(spec: Spec) -> None:
    spec(
        """
        student | happened_on | academic_year | term | item  | score | grade
        1       | 2025-07-01  | 2025          | 1    | MID   | 60    | SCORED
        1       | 2025-08-01  | 2025          | 1    | ESSAY | 75.5  | SCORED
        1       | 2025-08-15  | 2025          | 1    | POSTER |      | NOT_SUBMITTED
        1       | 2025-03-01  | 2024          | 2    | MID   | 10    | SCORED
        1       | 2025-08-31  | 2025          | 1    | LAB   |       | SCORED
        2       | 2025-08-15  | 2025          | 1    | POSTER |      | NOT_SUBMITTED
        """,
        SCORE_TERM, as_of="2025-09-01", terms=TWO_TERMS, expect={1: 67.75, 2: None},
    )  # fmt: skip


def test_a_corrected_score_replaces_the_one_before_and_a_retracted_one_is_gone(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | item  | score | grade  | retracted
        1       | 2025-07-01  | 2025-07-01  | MID   | 30    | SCORED |
        1       | 2025-07-01  | 2025-07-20  | MID   | 80    | SCORED |
        1       | 2025-07-01  | 2025-09-20  | MID   | 10    | SCORED |
        2       | 2025-07-01  | 2025-07-01  | MID   | 30    | SCORED |
        2       | 2025-08-01  | 2025-08-01  | ESSAY | 50    | SCORED |
        2       | 2025-07-01  | 2025-08-10  | MID   | 30    | SCORED | yes
        """,
        SCORE_TERM, as_of="2025-09-01", expect={1: 80, 2: 50},
    )  # fmt: skip


def test_work_not_handed_in_is_counted_among_work_due(spec: Spec) -> None:
    picture = """
        student | happened_on | item  | grade
        1       | 2025-07-01  | MID   | SCORED
        1       | 2025-08-01  | ESSAY | NOT_SUBMITTED
        1       | 2025-08-15  | LAB   | NOT_SUBMITTED
        1       | 2025-09-01  | QUIZ  | NOT_SUBMITTED
        2       | 2025-07-01  | MID   | SCORED
        """
    spec(picture, ask(GRADES, Count(where=NOT_SUBMITTED), InTerm()), as_of="2025-09-01", expect={1: 2, 2: 0, 3: None})
    spec(
        picture,
        ask(GRADES, Share(where=NOT_SUBMITTED), InTerm()),
        as_of="2025-09-01",
        expect={1: 0.6667, 2: 0, 3: None},
    )


def test_a_window_of_days_asks_when_it_happened(spec: Spec) -> None:
    picture = """
        student | happened_on | recorded_at | item  | score | grade
        1       | 2025-08-04  |             | MID   | 50    | SCORED
        1       | 2025-08-03  |             | ESSAY | 50    | SCORED
        1       | 2025-08-29  | 2025-09-02  | LAB   | 50    | SCORED
        2       | 2025-06-10  |             | MID   | 50    | SCORED
        """
    spec(
        picture,
        ask(GRADES, Count(where=SCORED), Last(days=28), absent_means=0),
        as_of="2025-09-01",
        expect={1: 1, 2: 0, 3: 0},
    )
    spec(picture, ask(GRADES, DaysSince(where=SCORED), InTerm()), as_of="2025-09-01", expect={1: 28, 2: 83, 3: None})


def test_days_since_asks_for_the_newest_that_matches(spec: Spec) -> None:
    picture = """
        student | happened_on | item  | grade
        1       | 2025-07-01  | MID   | SCORED
        1       | 2025-08-01  | ESSAY | NOT_SUBMITTED
        """
    spec(picture, ask(GRADES, DaysSince(where=NOT_SUBMITTED), InTerm()), as_of="2025-08-11", expect={1: 10})
    spec(picture, ask(GRADES, DaysSince(where=SCORED), InTerm()), as_of="2025-08-11", expect={1: 41})
    spec(picture, ask(GRADES, DaysSince(where=FAILED), InTerm(), absent_means=99), as_of="2025-08-11", expect={1: 99})


def test_latest_grade_by_the_day_it_was_released(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | course_code | grade
        1       | 2025-08-20  | 2025-08-20  | MATH        | 3.5
        1       | 2025-07-20  | 2025-08-25  | THAI        | 1
        2       | 2025-08-20  | 2025-08-20  | MATH        | MS
        """,
        ask(GRADES, Latest(column="grade"), InTerm()), as_of="2025-09-01", expect={1: 3.5, 2: None, 3: None},
    )  # fmt: skip


def test_a_mean_of_nothing_is_what_absence_means(spec: Spec) -> None:
    spec(
        """
        student | happened_on | course_code | credits | grade
        1       | 2025-08-20  | MATH        | 0       | 3
        """,
        ask(GRADES, Mean(column="grade", weight="credits"), Ever(), absent_means=0), as_of="2025-09-01", expect={1: 0, 2: 0},
    )  # fmt: skip


def test_previous_is_by_the_calendar_of_the_institution(spec: Spec) -> None:
    spec(
        """
        student | happened_on | academic_year | term | grade
        1       | 2025-03-20  | 2024          | 2    | 0
        """,
        FAILED_BEFORE, as_of="2025-11-03", terms=(*TWO_TERMS, (2025, 2)), expect={1: None},
    )  # fmt: skip
    assert FAILED_BEFORE.window == InTerm(term=Term.PREVIOUS)
