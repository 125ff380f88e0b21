"""Attendance of the term before: from its opening to its closing day, and missing where there was none.

The second term of 2024 is from Monday 28 October 2024 to Friday 7 March 2025.
"""

from features.attendance import MISSED, SEEN
from features.catalogue import FEATURE_OF
from features.vocabulary import Count, DaysSince, InTerm, LongestRun, Measure, Sessions, Share, Slope, Term
from records.tables import ATTENDANCE
from tests.features.pictures import ask
from tests.spec.asking import Spec

BEFORE = InTerm(term=Term.PREVIOUS)
BOTH = ((2024, 2), (2025, 1))
SHARE = ask(ATTENDANCE, Share(where=MISSED), BEFORE)
DAYS = ask(ATTENDANCE, Count(where=MISSED), BEFORE)


def test_both_days_of_the_term_before_belong_to_it(spec: Spec) -> None:
    picture = """
        student | happened_on | status
        1       | 2024-10-25  | A
        1       | 2024-10-28  | A
        1       | 2025-01-15  | P
        1       | 2025-03-07  | A
        1       | 2025-03-10  | A
        1       | 2025-05-19  | A
        2       | 2025-05-19  | A
        3       | 2024-10-28  | P
        """
    spec(picture, DAYS, as_of="2025-09-01", terms=BOTH, expect={1: 2, 2: None, 3: 0})
    spec(picture, SHARE, as_of="2025-09-01", terms=BOTH, expect={1: 0.6667, 2: None, 3: 0})


def test_in_the_first_term_there_is_none_before(spec: Spec) -> None:
    picture = """
        student | happened_on | status
        1       | 2025-03-07  | A
        1       | 2025-05-19  | A
        """
    measures: tuple[Measure, ...] = (
        Count(where=MISSED), Share(where=MISSED), LongestRun(where=MISSED), Slope(where=MISSED), DaysSince(where=MISSED),
    )  # fmt: skip
    for measure in measures:
        spec(picture, ask(ATTENDANCE, measure, BEFORE), as_of="2025-09-01", expect={1: None})


def test_it_is_the_term_before_and_no_other(spec: Spec) -> None:
    spec(
        """
        student | happened_on | status
        1       | 2024-09-02  | A
        1       | 2025-01-15  | P
        2       | 2024-09-02  | A
        """,
        SHARE, as_of="2025-09-01", terms=((2024, 1), *BOTH), expect={1: 0, 2: None},
    )  # fmt: skip


def test_totals_count_by_the_part_that_lies_in_the_term_before(spec: Spec) -> None:
    # 5 of the 14 days of the first period; the second has only days after the term.
    spec(
        """
        table            | student | from_day   | happened_on | held | present | absent
        attendance_total | 1       | 2025-03-03 | 2025-03-16  | 14   | 7       | 7
        attendance_total | 1       | 2025-03-17 | 2025-03-30  | 14   | 0       | 14
        attendance_total | 2       | 2025-02-03 | 2025-02-16  | 10   | 8       | 2
        attendance_total | 2       | 2025-02-17 | 2025-03-02  | 10   | 9       | 1
        """,
        DAYS, as_of="2025-09-01", terms=BOTH, expect={1: 2.5, 2: 3},
    )  # fmt: skip


def test_runs_and_days_since_look_at_the_term_before_alone(spec: Spec) -> None:
    picture = """
        student | happened_on | status
        1       | 2025-03-05  | P
        1       | 2025-03-06  | A
        1       | 2025-03-07  | A
        1       | 2025-03-10  | A
        1       | 2025-05-19  | A
        1       | 2025-05-20  | P
        """
    longest = ask(ATTENDANCE, LongestRun(where=MISSED), BEFORE)
    spec(picture, longest, as_of="2025-06-02", terms=BOTH, expect={1: 2})
    since = ask(ATTENDANCE, DaysSince(where=SEEN), BEFORE)
    spec(picture, since, as_of="2025-06-02", terms=BOTH, expect={1: 89})


def test_corrections_count_once_they_are_known_however_old_the_day(spec: Spec) -> None:
    picture = """
        student | happened_on | recorded_at | status | retracted
        1       | 2025-01-15  | 2025-01-15  | A      |
        1       | 2025-01-15  | 2025-08-27  | S      |
        2       | 2025-01-15  | 2025-01-15  | A      |
        2       | 2025-01-15  | 2025-08-27  | A      | yes
        3       | 2025-01-15  | 2025-08-27  | A      |
        """
    spec(picture, DAYS, as_of="2025-08-25", terms=BOTH, expect={1: 1, 2: 1, 3: None})
    spec(picture, DAYS, as_of="2025-09-01", terms=BOTH, expect={1: 0, 2: None, 3: 1})


def test_sessions_and_days_told_by_periods_of_the_term_before(spec: Spec) -> None:
    picture = """
        student | happened_on | session | status
        1       | 2025-01-15  | P1      | A
        1       | 2025-01-15  | FLAG    | P
        1       | 2025-01-16  | FLAG    | A
        1       | 2025-05-19  | FLAG    | A
        """
    spec(picture, DAYS, as_of="2025-09-01", terms=BOTH, expect={1: 1})
    flag = ask(ATTENDANCE, Share(where=MISSED), BEFORE, sessions=Sessions.FLAG)
    spec(picture, flag, as_of="2025-09-01", terms=BOTH, expect={1: 0.5})


SUMMER = "\n".join(f"calendar | | 2025-{day} | 2024-05-01 | TEACH | 2024 | 3 |" for day in ("03-24", "05-02"))


def test_a_summer_term_is_never_the_term_before(spec: Spec) -> None:
    picture = f"""table | student | happened_on | recorded_at | kind | academic_year | term | status
        {SUMMER}
        attendance | 1 | 2025-03-07 | | | | | A
        attendance | 1 | 2025-04-01 | | | | | P
        attendance | 2 | 2025-04-01 | | | | | A"""
    spec(picture, SHARE, as_of="2025-09-01", terms=BOTH, expect={1: 1, 2: None})
    grades = f"""table | student | happened_on | recorded_at | kind | academic_year | term | grade
        {SUMMER}
        grades | 1 | 2025-03-20 | | | 2024 | 2 | 0
        grades | 1 | 2025-05-10 | | | 2024 | 3 | 4"""
    spec(grades, FEATURE_OF["gpa_previous_term"], as_of="2025-09-01", terms=BOTH, expect={1: 0})


def test_the_term_before_a_summer_term_is_the_second_of_its_year(spec: Spec) -> None:
    picture = f"""table | student | happened_on | recorded_at | kind | academic_year | term | status
        {SUMMER}
        enrolments | 1 | 2025-03-17 | | | 2024 | 3 |
        attendance | 1 | 2025-03-07 | | | | | A"""
    spec(picture, SHARE, as_of="2025-04-07", terms=BOTH, on_roster=False, expect={1: 1})


def test_a_term_that_the_calendar_lacks_has_no_other_in_its_place(spec: Spec) -> None:
    picture = """
        student | happened_on | status
        1       | 2024-09-02  | A
        """
    spec(picture, SHARE, as_of="2025-09-01", terms=((2024, 1), (2025, 1)), expect={1: None})
