"""Sums and highest values: over the matching records of the window that tell the column."""

from features.grades import FAILED
from features.vocabulary import Ever, Highest, InTerm, Last, Sum, Term
from records.tables import GRADES, HOUSEHOLD, SCREENING
from tests.features.pictures import ask
from tests.spec.asking import Spec

FAILED_CREDITS = ask(GRADES, Sum(column="credits", where=FAILED), InTerm())
BEST_GRADE = ask(GRADES, Highest(column="grade"), InTerm())


def test_a_sum_is_of_matching_rows_and_missing_where_no_row_tells_the_column(spec: Spec) -> None:
    picture = """
        student | happened_on | course_code | credits | grade
        1       | 2025-08-20  | MATH        | 3       | 0
        1       | 2025-08-20  | THAI        | 1.5     | MS
        1       | 2025-08-20  | WELD        | 3       | 4
        1       | 2025-08-20  | CAD         |         | 0
        2       | 2025-08-20  | MATH        | 3       | 2
        3       | 2025-08-20  | MATH        |         | 0
        4       | 2025-08-20  | MATH        | 0       | 0
        """
    spec(picture, FAILED_CREDITS, as_of="2025-09-01", expect={1: 4.5, 2: 0, 3: None, 4: 0, 5: None})
    nothing = ask(GRADES, Sum(column="credits", where=FAILED), InTerm(), absent_means=9)
    spec(picture, nothing, as_of="2025-09-01", expect={1: 4.5, 2: 0, 3: 9, 4: 0, 5: 9})
    every = ask(GRADES, Sum(column="credits"), InTerm())
    spec(picture, every, as_of="2025-09-01", expect={1: 7.5, 2: 3, 3: None, 4: 0, 5: None})


def test_a_sum_is_of_last_versions_known_before_the_day(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | course_code | credits | grade | retracted
        1       | 2025-08-20  | 2025-08-20  | MATH        | 3       | 0     |
        1       | 2025-08-20  | 2025-08-25  | MATH        | 2       | 0     |
        1       | 2025-08-20  | 2025-08-20  | THAI        | 3       | 0     |
        1       | 2025-08-20  | 2025-08-25  | THAI        | 3       | 0     | yes
        1       | 2025-08-20  | 2025-08-20  | WELD        | 3       | 0     |
        1       | 2025-08-20  | 2025-08-25  | WELD        | 3       | 1     |
        1       | 2025-08-29  | 2025-09-01  | CAD         | 3       | 0     |
        1       | 2025-09-01  | 2025-08-29  | DRAW        | 3       | 0     |
        """,
        FAILED_CREDITS, as_of="2025-09-01", expect={1: 2},
    )  # fmt: skip


def test_a_sum_over_days_holds_28_days_and_ends_the_day_before(spec: Spec) -> None:
    spec(
        """
        student | happened_on | course_code | credits | grade
        1       | 2025-08-03  | MATH        | 1       | 0
        1       | 2025-08-04  | THAI        | 2       | 0
        1       | 2025-08-31  | WELD        | 4       | 0
        """,
        ask(GRADES, Sum(column="credits"), Last(days=28)), as_of="2025-09-01", expect={1: 6},
    )  # fmt: skip


def test_a_sum_of_the_term_before(spec: Spec) -> None:
    spec(
        """
        student | happened_on | academic_year | term | course_code | credits | grade
        1       | 2025-05-26  | 2024          | 2    | MATH        | 3       | 0
        1       | 2025-06-20  | 2025          | 1    | THAI        | 2       | 0
        2       | 2024-10-10  | 2024          | 1    | MATH        | 3       | 0
        """,
        ask(GRADES, Sum(column="credits", where=FAILED), InTerm(term=Term.PREVIOUS)), as_of="2025-09-01",
        terms=((2024, 1), (2024, 2), (2025, 1)), expect={1: 3, 2: None},
    )  # fmt: skip


def test_the_highest_is_the_largest_of_what_codes_are_worth(spec: Spec) -> None:
    spec(
        """
        student | happened_on | course_code | grade
        1       | 2025-07-20  | MATH        | 3.5
        1       | 2025-08-20  | THAI        | 2
        1       | 2025-08-20  | WELD        | R
        2       | 2025-08-20  | MATH        | R
        3       | 2025-08-20  | MATH        | 0
        """,
        BEST_GRADE, as_of="2025-09-01", expect={1: 3.5, 2: None, 3: 0, 4: None},
    )  # fmt: skip


def test_the_highest_of_the_areas_asked_in_this_term(spec: Spec) -> None:
    overall = SCREENING["area"].is_in("OVERALL", "LEARNING")
    spec(
        """
        student | happened_on | area     | level
        1       | 2025-06-10  | OVERALL  | CONCERN
        1       | 2025-07-10  | LEARNING | TRUST
        1       | 2025-07-10  | GAMES    | CLOSE
        2       | 2025-05-18  | OVERALL  | CLOSE
        2       | 2025-05-19  | OVERALL  | TRUST
        3       | 2025-05-18  | OVERALL  | CLOSE
        """,
        ask(SCREENING, Highest(column="level", where=overall), InTerm()), as_of="2025-09-01",
        expect={1: 1, 2: 0, 3: None},
    )  # fmt: skip


def test_the_highest_is_of_last_versions_known_before_the_day(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | travel_km | retracted
        1       | 2025-06-01  | 2025-06-01  | 30        |
        1       | 2025-06-01  | 2025-06-20  | 3         |
        1       | 2025-07-01  | 2025-07-01  | 40        |
        1       | 2025-07-01  | 2025-07-20  | 40        | yes
        1       | 2025-08-01  | 2025-09-01  | 50        |
        1       | 2025-09-01  | 2025-08-29  | 60        |
        1       | 2025-05-01  | 2025-08-01  | 5         |
        2       | 2025-06-01  | 2025-06-01  |           |
        """,
        ask(HOUSEHOLD, Highest(column="travel_km"), Ever()), as_of="2025-09-01", expect={1: 5, 2: None},
    )  # fmt: skip


def test_without_a_row_both_give_what_absence_means(spec: Spec) -> None:
    nothing = "student | happened_on | travel_km"
    for measure in (Highest(column="travel_km"), Sum(column="travel_km")):
        spec(nothing, ask(HOUSEHOLD, measure, Ever()), as_of="2025-09-01", expect={1: None})
        spec(nothing, ask(HOUSEHOLD, measure, Ever(), absent_means=7), as_of="2025-09-01", expect={1: 7})
