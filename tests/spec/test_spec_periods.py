"""Class periods: each is a record of its own, and each belongs to at most one course."""

from features.attendance import MISSED
from features.vocabulary import Count, InTerm, Last, Sessions, Share, Term, WorstCourse
from records.tables import ATTENDANCE
from tests.features.pictures import ask
from tests.spec.asking import Spec

PERIODS = ask(ATTENDANCE, Count(where=MISSED), Last(days=28), sessions=Sessions.PERIODS)
SHARE = ask(ATTENDANCE, Share(where=MISSED), Last(days=28), sessions=Sessions.PERIODS)
WORST = ask(ATTENDANCE, WorstCourse(where=MISSED, least=2), Last(days=28), sessions=Sessions.PERIODS)


def test_every_period_of_every_day_is_a_record(spec: Spec) -> None:
    picture = """
        student | happened_on | session | status
        1       | 2025-08-18  | P1      | A
        1       | 2025-08-18  | P2      | P
        1       | 2025-08-19  | P1      | K
        1       | 2025-08-19  | DAY     | P
        1       | 2025-08-19  | FLAG    | A
        2       | 2025-08-18  | P10     | P
        3       | 2025-08-18  | DAY     | A
        """
    spec(picture, PERIODS, as_of="2025-09-01", expect={1: 2, 2: 0, 3: None})
    spec(picture, SHARE, as_of="2025-09-01", expect={1: 0.6667, 2: 0, 3: None})


def test_a_period_in_the_company_or_not_recorded_is_no_record(spec: Spec) -> None:
    spec(
        """
        student | happened_on | session | status
        1       | 2025-08-18  | P1      | A
        1       | 2025-08-18  | P2      | I
        1       | 2025-08-18  | P3      | N
        1       | 2025-08-18  | P4      | H
        1       | 2025-08-18  | P5      | P
        2       | 2025-08-18  | P1      | I
        """,
        SHARE, as_of="2025-09-01", expect={1: 0.5, 2: None},
    )  # fmt: skip


def test_the_window_the_moment_and_the_last_version_hold_for_periods_too(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | session | status | retracted
        1       | 2025-08-04  |             | P1      | A      |
        1       | 2025-08-01  |             | P1      | A      |
        2       | 2025-08-29  |             | P1      | P      |
        2       | 2025-08-29  | 2025-09-01  | P2      | A      |
        2       | 2025-09-01  | 2025-08-29  | P1      | A      |
        3       | 2025-08-20  | 2025-08-20  | P1      | A      |
        3       | 2025-08-20  | 2025-08-22  | P1      | P      |
        4       | 2025-08-20  | 2025-08-20  | P1      | A      |
        4       | 2025-08-20  | 2025-08-22  | P1      | A      | yes
        """,
        PERIODS, as_of="2025-09-01", expect={1: 1, 2: 0, 3: 0, 4: None},
    )  # fmt: skip


def test_totals_tell_nothing_of_periods(spec: Spec) -> None:
    spec(
        """
        table            | student | from_day   | happened_on | held | present | absent
        attendance_total | 1       | 2025-08-18 | 2025-08-31  | 10   | 5       | 5
        """,
        SHARE, as_of="2025-09-01", expect={1: None},
    )  # fmt: skip


def test_the_course_with_the_largest_share_speaks(spec: Spec) -> None:
    spec(
        """
        student | happened_on | session | course_code | status
        1       | 2025-08-18  | P1      | MATH        | A
        1       | 2025-08-19  | P1      | MATH        | P
        1       | 2025-08-18  | P2      | THAI        | P
        1       | 2025-08-19  | P2      | THAI        | A
        1       | 2025-08-20  | P2      | THAI        | K
        1       | 2025-08-20  | P3      | WELD        | A
        2       | 2025-08-18  | P1      | MATH        | P
        2       | 2025-08-18  | P2      | MATH        | L
        3       | 2025-08-18  | P1      | MATH        | A
        """,
        WORST, as_of="2025-09-01", expect={1: 0.6667, 2: 0, 3: None},
    )  # fmt: skip


def test_a_course_counts_from_its_fifth_recorded_period_on(spec: Spec) -> None:
    spec(
        """
        student | happened_on | session | course_code | status
        1       | 2025-08-18  | P1      | MATH        | A
        1       | 2025-08-18  | P2      | MATH        | P
        1       | 2025-08-18  | P3      | MATH        | P
        1       | 2025-08-18  | P4      | MATH        | P
        1       | 2025-08-18  | P5      | MATH        | P
        2       | 2025-08-18  | P1      | MATH        | A
        2       | 2025-08-18  | P2      | MATH        | P
        2       | 2025-08-18  | P3      | MATH        | I
        2       | 2025-08-18  | P4      | MATH        | N
        2       | 2025-08-18  | P5      | MATH        | P
        """,
        ask(ATTENDANCE, WorstCourse(where=MISSED), Last(days=28), sessions=Sessions.PERIODS), as_of="2025-09-01",
        expect={1: 0.2, 2: None},
    )  # fmt: skip


def test_a_period_without_a_course_belongs_to_none(spec: Spec) -> None:
    spec(
        """
        student | happened_on | session | course_code | status
        1       | 2025-08-18  | P1      |             | A
        1       | 2025-08-18  | P2      |             | A
        2       | 2025-08-18  | P1      | MATH        | P
        2       | 2025-08-18  | P2      | MATH        | P
        2       | 2025-08-18  | P3      |             | A
        3       | 2025-08-18  | DAY     | MATH        | A
        3       | 2025-08-19  | DAY     | MATH        | A
        """,
        WORST, as_of="2025-09-01", expect={1: None, 2: 0, 3: None},
    )  # fmt: skip


def test_a_corrected_course_takes_its_period_along(spec: Spec) -> None:
    picture = """
        student | happened_on | recorded_at | session | course_code | status
        1       | 2025-08-18  | 2025-08-18  | P1      | MATH        | A
        1       | 2025-08-18  | 2025-08-18  | P2      | MATH        | A
        1       | 2025-08-19  | 2025-08-19  | P1      | THAI        | P
        1       | 2025-08-18  | 2025-08-26  | P2      | THAI        | A
        """
    spec(picture, WORST, as_of="2025-08-25", expect={1: 1})
    spec(picture, WORST, as_of="2025-09-01", expect={1: 0.5})


def test_the_courses_of_the_term_before(spec: Spec) -> None:
    spec(
        """
        student | happened_on | session | course_code | status
        1       | 2025-03-07  | P1      | MATH        | A
        1       | 2025-03-07  | P2      | MATH        | P
        1       | 2025-05-19  | P1      | MATH        | A
        2       | 2025-03-08  | P1      | MATH        | A
        2       | 2025-03-08  | P2      | MATH        | A
        """,
        ask(ATTENDANCE, WorstCourse(where=MISSED, least=2), InTerm(term=Term.PREVIOUS), sessions=Sessions.PERIODS),
        as_of="2025-09-01", terms=((2024, 2), (2025, 1)), expect={1: 0.5, 2: None},
    )  # fmt: skip
