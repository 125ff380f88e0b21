"""Age: years of 365.25 days from a date of the newest record."""

from features.vocabulary import Age, Ever
from records.tables import ENROLMENTS, STUDENTS
from tests.features.pictures import ask
from tests.spec.asking import Spec

AGE = ask(STUDENTS, Age(column="birth_month"), Ever())


def test_age_is_in_years_of_365_and_a_quarter_days(spec: Spec) -> None:
    spec(
        """
        student | happened_on | birth_month
        1       | 2025-05-12  | 2008-09-01
        2       | 2025-05-12  | 2010-01-01
        3       | 2025-05-12  | 2021-09-01
        4       | 2025-05-12  |
        """,
        AGE, as_of="2025-09-01",
        expect={1: 16.9993, 2: 15.666, 3: 4, 4: None, 5: None},  # 6209, 5722 and 1461 days
    )  # fmt: skip


def test_it_grows_by_the_day_and_is_rounded_as_declared(spec: Spec) -> None:
    picture = """
        student | happened_on | birth_month
        1       | 2025-05-12  | 2008-09-01
        """
    spec(picture, AGE, as_of="2025-09-02", expect={1: 17.0021})
    spec(picture, ask(STUDENTS, Age(column="birth_month"), Ever(), decimals=1), as_of="2025-09-01", expect={1: 17})


def test_a_corrected_birthday_counts_once_it_is_known_and_a_retracted_one_no_more(spec: Spec) -> None:
    picture = """
        student | happened_on | recorded_at | birth_month | retracted
        1       | 2025-05-12  | 2025-05-12  | 2010-01-01  |
        1       | 2025-05-12  | 2025-09-02  | 2021-09-01  |
        2       | 2025-05-12  | 2025-05-12  | 2021-09-01  |
        2       | 2025-05-12  | 2025-06-12  | 2021-09-01  | yes
        3       | 2025-05-12  | 2025-09-01  | 2021-09-01  |
        """
    spec(picture, AGE, as_of="2025-09-01", expect={1: 15.666, 2: None, 3: None})
    spec(picture, AGE, as_of="2025-09-03", expect={1: 4.0055, 2: None, 3: 4.0055})


def test_it_is_of_the_newest_record_even_where_that_does_not_tell_the_day(spec: Spec) -> None:
    spec(
        """
        student | happened_on | academic_year | term | registered_on
        1       | 2024-10-21  | 2024          | 2    | 2024-10-14
        1       | 2025-05-12  | 2025          | 1    | 2025-05-09
        2       | 2024-10-21  | 2024          | 2    | 2024-10-14
        2       | 2025-05-12  | 2025          | 1    |
        3       | 2025-05-12  | 2025          | 1    | 2025-09-08
        """,
        ask(ENROLMENTS, Age(column="registered_on"), Ever()), as_of="2025-09-01", terms=((2024, 2), (2025, 1)),
        on_roster=False, expect={1: 0.3149, 2: None, 3: -0.0192},  # 115 days, and 7 to come
    )  # fmt: skip
