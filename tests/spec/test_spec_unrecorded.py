"""Unrecorded days: teaching days of the own term on which nobody wrote anything of a student; they are no absence."""

from features.vocabulary import InTerm, Last, Term, Unrecorded
from records.tables import ATTENDANCE
from tests.features.pictures import ask
from tests.spec.asking import Spec

# Of Monday 25 to Sunday 31 August 2025: five teaching days.
WEEK = ask(ATTENDANCE, Unrecorded(), Last(days=7))
TERM = ask(ATTENDANCE, Unrecorded(), InTerm())


def test_it_is_the_part_of_the_teaching_days_without_a_record(spec: Spec) -> None:
    spec(
        """
        student | happened_on | status
        1       | 2025-08-25  | P
        1       | 2025-08-26  | A
        2       | 2025-08-22  | P
        3       | 2025-08-25  | P
        3       | 2025-08-26  | L
        3       | 2025-08-27  | S
        3       | 2025-08-28  | K
        3       | 2025-08-29  | O
        """,
        WEEK, as_of="2025-09-01", expect={1: 0.6, 2: 1, 3: 0, 4: 1},
    )  # fmt: skip


def test_a_mark_that_says_nothing_or_was_retracted_is_no_record_and_the_company_is_one(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | status | retracted
        1       | 2025-08-25  |             | N      |
        1       | 2025-08-26  |             | H      |
        1       | 2025-08-27  |             | I      |
        1       | 2025-08-28  |             | P      |
        1       | 2025-08-28  | 2025-08-29  | P      | yes
        """,
        WEEK, as_of="2025-09-01", expect={1: 0.8},
    )  # fmt: skip


def test_a_week_of_the_dual_system_in_the_company_is_recorded(spec: Spec) -> None:
    spec(
        """
        table      | student | happened_on | study_mode | status
        enrolments | 1       | 2025-05-12  | DUAL       |
        enrolments | 2       | 2025-05-12  | DUAL       |
        enrolments | 3       | 2025-05-12  | DUAL       |
        attendance | 1       | 2025-08-25  |            | A
        attendance | 1       | 2025-08-26  |            | S
        """,
        WEEK, as_of="2025-09-01", on_roster=False, expect={1: 0.6, 2: 1, 3: 1},
    )  # fmt: skip


def test_a_class_period_records_its_day_and_the_flagpole_does_not(spec: Spec) -> None:
    spec(
        """
        student | happened_on | session  | status
        1       | 2025-08-25  | P3       | A
        1       | 2025-08-26  | FLAG     | P
        1       | 2025-08-27  | HOMEROOM | P
        """,
        WEEK, as_of="2025-09-01", expect={1: 0.8},
    )  # fmt: skip


def test_a_day_inside_a_period_known_by_its_totals_is_recorded(spec: Spec) -> None:
    spec(
        """
        table            | student | from_day   | happened_on | recorded_at | held | present | retracted | status
        attendance_total | 1       | 2025-08-25 | 2025-08-27  |             | 3    | 3       |           |
        attendance_total | 2       | 2025-08-11 | 2025-08-25  |             | 9    | 9       |           |
        attendance       | 2       |            | 2025-08-26  |             |      |         |           | P
        attendance_total | 3       | 2025-08-25 | 2025-08-27  |             | 3    | 3       |           |
        attendance_total | 3       | 2025-08-25 | 2025-08-27  | 2025-08-28  | 3    | 3       | yes       |
        attendance_total | 4       | 2025-08-25 | 2025-08-29  | 2025-09-02  | 5    | 5       |           |
        """,
        WEEK, as_of="2025-09-01", expect={1: 0.4, 2: 0.6, 3: 1, 4: 1},
    )  # fmt: skip


def test_a_period_in_which_a_day_has_a_mark_records_no_other_day(spec: Spec) -> None:
    """Its total is not counted either, so nothing tells of the rest."""
    spec(
        """
        table            | student | from_day   | happened_on | held | present | absent | status
        attendance_total | 1       | 2025-05-19 | 2025-08-29  | 70   | 50      | 20     |
        attendance       | 1       |            | 2025-08-29  |      |         |        | P
        attendance_total | 2       | 2025-05-19 | 2025-08-29  | 70   | 50      | 20     |
        """,
        WEEK, as_of="2025-09-01", expect={1: 0.8, 2: 0},
    )  # fmt: skip


def test_weekends_and_holidays_are_not_missing(spec: Spec) -> None:
    spec(
        """
        student | happened_on | status
        1       | 2025-08-11  | P
        1       | 2025-08-12  | H
        1       | 2025-08-16  | P
        """,
        WEEK, as_of="2025-08-18", expect={1: 0.75},
    )  # fmt: skip


def test_examinations_and_days_at_home_are_teaching_days_and_closed_days_are_not(spec: Spec) -> None:
    picture = """
        table      | student | happened_on | recorded_at | kind   | status
        calendar   |         | 2025-08-25  | 2025-08-26  | CLOSED |
        calendar   |         | 2025-08-26  | 2025-08-20  | EXAM   |
        calendar   |         | 2025-08-27  | 2025-08-20  | WFH    |
        attendance | 1       | 2025-08-26  |             |        | P
        """
    spec(picture, WEEK, as_of="2025-09-01", expect={1: 0.75})
    spec(picture, ask(ATTENDANCE, Unrecorded(), Last(days=1)), as_of="2025-08-26", expect={1: 1})


def test_days_before_the_own_term_are_not_asked(spec: Spec) -> None:
    picture = """
        student | happened_on | status
        1       | 2025-05-19  | P
        1       | 2025-03-03  | P
        """
    both = ((2024, 2), (2025, 1))
    long = ask(ATTENDANCE, Unrecorded(), Last(days=100))
    spec(picture, long, as_of="2025-05-21", terms=both, expect={1: 0.5})
    spec(picture, TERM, as_of="2025-05-21", terms=both, expect={1: 0.5})
    before = ask(ATTENDANCE, Unrecorded(), InTerm(term=Term.PREVIOUS))
    spec(picture, before, as_of="2025-05-21", terms=both, expect={1: None})


def test_it_is_missing_while_the_term_has_no_teaching_day_behind_it(spec: Spec) -> None:
    picture = """
        student | happened_on | recorded_at | status
        1       | 2025-05-19  | 2025-05-18  | P
        """
    spec(picture, TERM, as_of="2025-05-19", expect={1: None})
    spec(picture, TERM, as_of="2025-05-20", expect={1: 0})
    # The two days before Saturday 12 July are holidays.
    spec(picture, ask(ATTENDANCE, Unrecorded(), Last(days=2)), as_of="2025-07-12", expect={1: None})


def test_a_record_known_late_is_missing_until_it_is_known(spec: Spec) -> None:
    picture = """
        student | happened_on | recorded_at | status
        1       | 2025-08-28  | 2025-09-03  | P
        """
    spec(picture, WEEK, as_of="2025-09-01", expect={1: 1})
    spec(picture, ask(ATTENDANCE, Unrecorded(), Last(days=14)), as_of="2025-09-08", expect={1: 0.9})


def test_days_before_a_late_registration_are_not_asked(spec: Spec) -> None:
    picture = """
        table      | student | happened_on | registered_on | status
        enrolments | 1       | 2025-05-12  | 2025-08-27    |
        attendance | 1       | 2025-08-27  |               | P
        attendance | 1       | 2025-08-28  |               | P
        enrolments | 2       | 2025-05-12  | 2025-05-10    |
        attendance | 2       | 2025-08-28  |               | P
        enrolments | 3       | 2025-05-12  | 2025-08-28    |
        attendance | 3       | 2025-08-25  |               | P
        attendance | 3       | 2025-08-26  |               | P
        attendance | 3       | 2025-08-29  |               | P
        enrolments | 4       | 2025-05-12  | 2025-09-01    |
        """
    spec(picture, WEEK, as_of="2025-09-01", on_roster=False, expect={1: 0.3333, 2: 0.8, 3: 0.5, 4: None})
    spec(picture, TERM, as_of="2025-09-01", on_roster=False, expect={1: 0.3333, 2: 0.9861, 3: 0.5, 4: None})


def test_a_total_of_days_before_the_registration_records_none_after_it(spec: Spec) -> None:
    spec(
        """
        table            | student | happened_on | registered_on | from_day   | held | present
        enrolments       | 1       | 2025-05-12  | 2025-08-27    |            |      |
        attendance_total | 1       | 2025-08-27  |               | 2025-08-18 | 8    | 8
        """,
        WEEK, as_of="2025-09-01", on_roster=False, expect={1: 0.6667},
    )  # fmt: skip


def test_nobody_knows_how_much_is_not_recorded_of_who_learns_on_days_of_their_own(spec: Spec) -> None:
    """Groups at weekends and on some evenings, short and flexible courses: no calendar tells their days."""
    spec(
        """
        table      | student | happened_on | study_mode | status
        enrolments | 1       | 2025-05-12  | EVENING    |
        enrolments | 2       | 2025-05-12  | SHORT      |
        enrolments | 3       | 2025-05-12  | FLEX       |
        enrolments | 4       | 2025-05-12  | NORMAL     |
        attendance | 1       | 2025-08-30  |            | P
        attendance | 2       | 2025-08-26  |            | P
        attendance | 4       | 2025-08-26  |            | P
        """,
        WEEK, as_of="2025-09-01", on_roster=False, expect={1: None, 2: None, 3: None, 4: 0.8},
    )  # fmt: skip
