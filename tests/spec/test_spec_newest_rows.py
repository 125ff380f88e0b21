"""The newest records and those before them: steps, weeks in the same group, whether the newest matches; and no record."""

from features.catalogue import FEATURE_OF
from features.vocabulary import DaysSince, Ever, InTerm, Last, Matches, NoRecord, StepChange, Term, WeeksSame
from records.tables import HOUSEHOLD, SCREENING, TERM_GPA
from tests.features.pictures import ask
from tests.spec.asking import Spec

STEP = ask(TERM_GPA, StepChange(column="gpa"), Ever(), decimals=2)
OVERALL = SCREENING["area"].is_in("OVERALL")
WEEKS = ask(SCREENING, WeeksSame(column="level", where=OVERALL), Ever())
ALONE = ask(HOUSEHOLD, Matches(where=HOUSEHOLD["lives_with"].is_in("ALONE", "DORM")), Ever())
UNSCREENED = ask(SCREENING, NoRecord(), InTerm())


def test_a_step_is_the_newest_value_less_the_one_before(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | academic_year | term | gpa
        1       | 2025-03-20  | 2025-04-01  | 2024          | 2    | 3
        1       | 2024-10-10  | 2025-04-20  | 2024          | 1    | 2.5
        1       | 2024-03-20  | 2025-04-25  | 2023          | 2    | 4
        2       | 2025-03-20  |             | 2024          | 2    | 3
        3       | 2024-10-10  |             | 2024          | 1    | 3
        3       | 2025-03-20  |             | 2024          | 2    | 1.75
        """,
        STEP, as_of="2025-09-01", expect={1: 0.5, 2: None, 3: -1.25, 4: None},
    )  # fmt: skip


def test_rows_that_do_not_tell_the_column_are_no_step(spec: Spec) -> None:
    spec(
        """
        student | happened_on | academic_year | term | gpa | gpax
        1       | 2024-03-20  | 2023          | 2    | 2   | 2
        1       | 2024-10-10  | 2024          | 1    |     | 2.5
        1       | 2025-03-20  | 2024          | 2    | 3   | 3
        2       | 2024-10-10  | 2024          | 1    | 2   | 2
        2       | 2025-03-20  | 2024          | 2    |     | 3
        """,
        STEP, as_of="2025-09-01", expect={1: 1, 2: None},
    )  # fmt: skip


def test_of_one_day_the_row_read_last_is_the_newest(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | tool   | area    | level
        1       | 2025-06-10  | 2025-06-12  | OBEC11 | OVERALL | TRUST
        1       | 2025-06-10  | 2025-06-11  | OVEC9  | OVERALL | CLOSE
        """,
        ask(SCREENING, StepChange(column="level", where=OVERALL), Ever()), as_of="2025-09-01", expect={1: -2},
    )  # fmt: skip


def test_an_average_that_is_released_again_stays_that_of_its_term(spec: Spec) -> None:
    """In a table with one record a term, the newest is of the latest term, whenever it was released."""
    picture = """
        table    | student | happened_on | academic_year | term | gpa | gpax | rule        | value
        rules    |         | 2025-05-12  |               |      |     |      | gpa_minimum | 2
        term_gpa | 1       | 2024-10-10  | 2024          | 1    | 1.5 | 1.5  |             |
        term_gpa | 1       | 2025-03-20  | 2024          | 2    | 3   | 2.25 |             |
        term_gpa | 1       | 2025-06-02  | 2024          | 1    | 2   | 2    |             |
        """
    for name, answer in (("gpa_step_change", 1), ("gpax", 2.25), ("gpax_margin", 0.25)):
        spec(picture, FEATURE_OF[name], as_of="2025-09-01", terms=((2024, 1), (2024, 2), (2025, 1)), expect={1: answer})
    released = ask(TERM_GPA, DaysSince(), Ever())
    spec(picture, released, as_of="2025-09-01", terms=((2024, 1), (2024, 2), (2025, 1)), expect={1: 165})


def test_a_roster_of_an_earlier_term_that_comes_late_does_not_tell_the_newest(spec: Spec) -> None:
    spec(
        """
        student | happened_on | academic_year | term | entry_gpa
        1       | 2025-05-12  | 2025          | 1    | 3
        1       | 2025-06-02  | 2024          | 2    | 2
        """,
        FEATURE_OF["entry_gpa"], as_of="2025-09-01", terms=((2024, 2), (2025, 1)), on_roster=False, expect={1: 3},
    )  # fmt: skip


def test_a_step_sees_corrections_and_not_what_was_retracted_is_known_late_or_comes_later(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | academic_year | term | gpa | retracted
        1       | 2024-10-10  |             | 2024          | 1    | 2   |
        1       | 2025-03-20  | 2025-04-01  | 2024          | 2    | 3   |
        1       | 2025-03-20  | 2025-04-20  | 2024          | 2    | 2.5 |
        2       | 2024-10-10  |             | 2024          | 1    | 2   |
        2       | 2025-03-20  | 2025-04-01  | 2024          | 2    | 3   |
        2       | 2025-03-20  | 2025-04-20  | 2024          | 2    | 3   | yes
        3       | 2024-10-10  |             | 2024          | 1    | 2   |
        3       | 2025-03-20  | 2025-09-02  | 2024          | 2    | 3   |
        4       | 2024-10-10  |             | 2024          | 1    | 2   |
        4       | 2025-09-01  | 2025-08-29  | 2024          | 2    | 3   |
        """,
        STEP, as_of="2025-09-01", expect={1: 0.5, 2: None, 3: None, 4: None},
    )  # fmt: skip


def test_a_step_of_codes_is_of_what_they_are_worth_among_matching_rows(spec: Spec) -> None:
    spec(
        """
        student | happened_on | area    | level
        1       | 2025-06-10  | OVERALL | TRUST
        1       | 2025-07-10  | GAMES   | CONCERN
        1       | 2025-08-10  | OVERALL | CLOSE
        """,
        ask(SCREENING, StepChange(column="level", where=OVERALL), Ever()), as_of="2025-09-01", expect={1: 2},
    )  # fmt: skip


def test_a_step_looks_at_its_window_alone(spec: Spec) -> None:
    spec(
        """
        student | happened_on | income_per_head
        1       | 2025-08-03  | 9000
        1       | 2025-08-04  | 2000
        1       | 2025-08-31  | 2500
        2       | 2025-08-03  | 9000
        2       | 2025-08-31  | 2500
        """,
        ask(HOUSEHOLD, StepChange(column="income_per_head"), Last(days=28)), as_of="2025-09-01",
        expect={1: 500, 2: None},
    )  # fmt: skip


def test_weeks_in_the_same_group_count_from_the_first_of_the_newest_in_a_row(spec: Spec) -> None:
    spec(
        """
        student | happened_on | area    | level
        1       | 2025-05-26  | OVERALL | CONCERN
        1       | 2025-06-02  | OVERALL | CLOSE
        1       | 2025-06-16  | OVERALL | CONCERN
        1       | 2025-07-14  | OVERALL | CONCERN
        1       | 2025-08-11  | GAMES   | CLOSE
        2       | 2025-08-26  | OVERALL | TRUST
        3       | 2025-08-25  | OVERALL | TRUST
        4       | 2025-06-02  | GAMES   | TRUST
        """,
        WEEKS, as_of="2025-09-01", expect={1: 11, 2: 0, 3: 1, 4: None, 5: None},
    )  # fmt: skip


def test_a_screening_corrected_retracted_or_known_late_changes_the_weeks_once_it_is_known(spec: Spec) -> None:
    picture = """
        student | happened_on | recorded_at | area    | level   | retracted
        1       | 2025-06-02  | 2025-06-02  | OVERALL | CONCERN |
        1       | 2025-07-07  | 2025-07-07  | OVERALL | CLOSE   |
        1       | 2025-07-07  | 2025-08-27  | OVERALL | CONCERN |
        2       | 2025-06-02  | 2025-06-02  | OVERALL | CONCERN |
        2       | 2025-07-07  | 2025-07-07  | OVERALL | CLOSE   |
        2       | 2025-07-07  | 2025-08-27  | OVERALL | CLOSE   | yes
        3       | 2025-07-07  | 2025-07-07  | OVERALL | CONCERN |
        3       | 2025-06-02  | 2025-08-27  | OVERALL | CONCERN |
        """
    spec(picture, WEEKS, as_of="2025-08-25", expect={1: 7, 2: 7, 3: 7})
    spec(picture, WEEKS, as_of="2025-09-01", expect={1: 13, 2: 13, 3: 13})


def test_the_newest_record_that_tells_the_column_matches_or_does_not(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | lives_with | travel_km
        1       | 2025-06-01  |             | PARENT     |
        1       | 2025-07-01  |             | ALONE      |
        1       | 2025-08-01  |             |            | 3
        2       | 2025-07-01  | 2025-07-01  | PARENT     |
        2       | 2025-06-01  | 2025-08-01  | DORM       |
        3       | 2025-07-01  |             |            | 3
        4       | 2025-07-01  |             | DORM       |
        """,
        ALONE, as_of="2025-09-01", expect={1: 1, 2: 0, 3: None, 4: 1, 5: None},
    )  # fmt: skip


def test_whether_it_matches_is_of_the_last_version_known_before_the_day(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | lives_with | retracted
        1       | 2025-06-01  | 2025-06-01  | PARENT     |
        1       | 2025-06-01  | 2025-06-20  | ALONE      |
        2       | 2025-06-01  | 2025-06-01  | ALONE      |
        2       | 2025-07-01  | 2025-07-01  | PARENT     |
        2       | 2025-07-01  | 2025-07-20  | PARENT     | yes
        3       | 2025-06-01  | 2025-06-01  | PARENT     |
        3       | 2025-07-01  | 2025-09-01  | ALONE      |
        3       | 2025-09-01  | 2025-08-29  | ALONE      |
        """,
        ALONE, as_of="2025-09-01", expect={1: 1, 2: 1, 3: 0},
    )  # fmt: skip


def test_no_record_is_an_answer_of_its_own(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | area    | level | retracted
        1       | 2025-06-10  |             | GAMES   | TRUST |
        2       | 2025-05-18  |             | OVERALL | TRUST |
        3       | 2025-05-19  |             | OVERALL | TRUST |
        4       | 2025-06-10  | 2025-06-10  | OVERALL | TRUST |
        4       | 2025-06-10  | 2025-06-20  | OVERALL | TRUST | yes
        5       | 2025-08-28  | 2025-09-02  | OVERALL | TRUST |
        6       | 2025-09-01  | 2025-08-29  | OVERALL | TRUST |
        """,
        UNSCREENED, as_of="2025-09-01", expect={1: 0, 2: 1, 3: 0, 4: 1, 5: 1, 6: 1, 7: 1},
    )  # fmt: skip


def test_no_record_that_matches(spec: Spec) -> None:
    spec(
        """
        student | happened_on | area    | level
        1       | 2025-06-10  | GAMES   | TRUST
        2       | 2025-06-10  | OVERALL | TRUST
        """,
        ask(SCREENING, NoRecord(where=OVERALL), InTerm()), as_of="2025-09-01", expect={1: 1, 2: 0},
    )  # fmt: skip


def test_no_record_of_the_term_before_where_there_was_none(spec: Spec) -> None:
    spec(
        """
        student | happened_on | academic_year | term | gpa
        1       | 2025-03-20  | 2024          | 2    | 3
        """,
        ask(TERM_GPA, NoRecord(), InTerm(term=Term.PREVIOUS)), as_of="2025-09-01", expect={1: 1},
    )  # fmt: skip


def test_without_a_record_the_newest_is_what_absence_means(spec: Spec) -> None:
    nothing = "student | happened_on"
    alone = Matches(where=HOUSEHOLD["lives_with"].is_in("ALONE"))
    spec(nothing, ask(HOUSEHOLD, alone, Ever(), absent_means=0), as_of="2025-09-01", expect={1: 0})
    spec(nothing, ask(SCREENING, WeeksSame(column="level"), Ever(), absent_means=9), as_of="2025-09-01", expect={1: 9})
