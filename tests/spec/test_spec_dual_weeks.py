"""Weeks in the company: what interns and dual-system students miss at the college while they are there is no absence."""

import pytest

from features.attendance import ABSENT_OR_LEAVE, LATE, MISSED
from features.catalogue import FEATURE_OF
from features.vocabulary import Count, InTerm, Last, LongestRun, Sessions, Share, Term, WorstCourse
from records.tables import ATTENDANCE
from tests.features.pictures import ask
from tests.spec.asking import Spec

MISSED_28D = ask(ATTENDANCE, Count(where=MISSED), Last(days=28))
SHARE_28D = ask(ATTENDANCE, Share(where=MISSED), Last(days=28))
# Three of the dual system in one class group; 18 and 25 August are Mondays.
THREE_OF_DUAL = """
    table      | student | happened_on | recorded_at | study_mode | session | status | retracted
    enrolments | 1       | 2025-05-12  |             | DUAL       |         |        |
    enrolments | 2       | 2025-05-12  |             | DUAL       |         |        |
    enrolments | 3       | 2025-05-12  |             | DUAL       |         |        |"""


def test_what_an_intern_misses_is_neither_absent_nor_recorded(spec: Spec) -> None:
    picture = """
        table      | student | happened_on | study_mode | status
        enrolments | 1       | 2025-05-12  | INTERNSHIP |
        enrolments | 2       | 2025-05-12  | NORMAL     |
        enrolments | 3       | 2025-05-12  |            |
        enrolments | 4       | 2025-05-12  | INTERNSHIP |
        attendance | 1       | 2025-08-20  |            | A
        attendance | 1       | 2025-08-21  |            | P
        attendance | 2       | 2025-08-20  |            | A
        attendance | 2       | 2025-08-21  |            | P
        attendance | 3       | 2025-08-20  |            | A
        attendance | 3       | 2025-08-21  |            | P
        attendance | 4       | 2025-08-20  |            | K
        """
    spec(picture, MISSED_28D, as_of="2025-09-01", on_roster=False, expect={1: 0, 2: 1, 3: 1, 4: None})
    spec(picture, SHARE_28D, as_of="2025-09-01", on_roster=False, expect={1: 0, 2: 0.5, 3: 0.5, 4: None})


def test_leave_of_an_intern_is_neutral_too_and_lateness_is_not(spec: Spec) -> None:
    picture = """
        table      | student | happened_on | study_mode | status
        enrolments | 1       | 2025-05-12  | INTERNSHIP |
        attendance | 1       | 2025-08-18  |            | S
        attendance | 1       | 2025-08-19  |            | B
        attendance | 1       | 2025-08-20  |            | L
        """
    away = ask(ATTENDANCE, Share(where=ABSENT_OR_LEAVE), Last(days=28))
    spec(picture, away, as_of="2025-09-01", on_roster=False, expect={1: 0})
    late = ask(ATTENDANCE, Share(where=LATE), Last(days=28))
    spec(picture, late, as_of="2025-09-01", on_roster=False, expect={1: 1})


def test_it_holds_for_flagpole_and_periods_too(spec: Spec) -> None:
    picture = """
        table      | student | happened_on | study_mode | session | course_code | status
        enrolments | 1       | 2025-05-12  | INTERNSHIP |         |             |
        attendance | 1       | 2025-08-18  |            | FLAG    |             | A
        attendance | 1       | 2025-08-18  |            | P1      | MATH        | A
        attendance | 1       | 2025-08-19  |            | P1      | MATH        | K
        """
    flag = ask(ATTENDANCE, Count(where=MISSED), Last(days=28), sessions=Sessions.FLAG)
    periods = ask(ATTENDANCE, Count(where=MISSED), Last(days=28), sessions=Sessions.PERIODS)
    worst = ask(ATTENDANCE, WorstCourse(where=MISSED, least=1), Last(days=28), sessions=Sessions.PERIODS)
    for feature in (flag, periods, worst, MISSED_28D):
        spec(picture, feature, as_of="2025-09-01", on_roster=False, expect={1: None})


def test_totals_of_an_intern_are_taken_as_they_are(spec: Spec) -> None:
    spec(
        """
        table            | student | from_day   | happened_on | study_mode | held | present | absent
        enrolments       | 1       |            | 2025-05-12  | INTERNSHIP |      |         |
        attendance_total | 1       | 2025-08-18 | 2025-08-31  |            | 10   | 5       | 5
        """,
        MISSED_28D, as_of="2025-09-01", on_roster=False, expect={1: 5},
    )  # fmt: skip


def test_a_week_in_which_nobody_of_the_dual_system_was_seen_is_a_week_in_the_company(spec: Spec) -> None:
    spec(
        THREE_OF_DUAL + """
        attendance | 1 | 2025-08-18 | | | | A |
        attendance | 2 | 2025-08-18 | | | | S |
        attendance | 1 | 2025-08-25 | | | | A |
        attendance | 2 | 2025-08-26 | | | | P |
        """,
        MISSED_28D, as_of="2025-09-01", on_roster=False, expect={1: 1, 2: 0, 3: None},
    )  # fmt: skip


def test_who_was_seen_is_at_the_college_all_that_week(spec: Spec) -> None:
    spec(
        THREE_OF_DUAL + """
        attendance | 1 | 2025-08-18 | | | | A |
        attendance | 1 | 2025-08-22 | | | | P |
        attendance | 1 | 2025-08-25 | | | | A |
        attendance | 1 | 2025-08-26 | | | | A |
        """,
        MISSED_28D, as_of="2025-09-01", on_roster=False, expect={1: 1, 2: None, 3: None},
    )  # fmt: skip


@pytest.mark.parametrize(("status", "missed"), [("P", 1), ("L", 1), ("E", 1), ("O", 1), ("I", None), ("N", None)])
def test_seen_means_attended(spec: Spec, status: str, missed: float | None) -> None:
    spec(
        THREE_OF_DUAL + f"""
        attendance | 1 | 2025-08-18 | | |      | A        |
        attendance | 2 | 2025-08-20 | | | FLAG | {status} |
        """,
        MISSED_28D, as_of="2025-09-01", on_roster=False, expect={1: missed, 2: None, 3: None},
    )  # fmt: skip


@pytest.mark.parametrize("session", ["DAY", "HOMEROOM", "P10", "ACTIVITY"])
def test_seen_in_any_session_is_seen(spec: Spec, session: str) -> None:
    spec(
        THREE_OF_DUAL + f"""
        attendance | 1 | 2025-08-18 | | |           | A |
        attendance | 1 | 2025-08-20 | | | {session} | P |
        """,
        ask(ATTENDANCE, Count(where=MISSED), Last(days=28)), as_of="2025-09-01", on_roster=False, expect={1: 1, 2: None, 3: None},
    )  # fmt: skip


def test_a_week_is_from_monday_to_sunday(spec: Spec) -> None:
    spec(
        THREE_OF_DUAL + """
        attendance | 2 | 2025-08-24 | | | FLAG | P |
        attendance | 1 | 2025-08-17 | | |      | A |
        attendance | 1 | 2025-08-18 | | |      | A |
        attendance | 1 | 2025-08-24 | | |      | K |
        attendance | 1 | 2025-08-25 | | |      | A |
        """,
        MISSED_28D, as_of="2025-09-01", on_roster=False, expect={1: 2, 2: None, 3: None},
    )  # fmt: skip


def test_others_of_the_group_and_other_groups_do_not_tell_where_the_dual_system_is(spec: Spec) -> None:
    spec(
        """
        table      | student | happened_on | study_mode | class_group | status
        enrolments | 1       | 2025-05-12  | DUAL       | A           |
        enrolments | 2       | 2025-05-12  | NORMAL     | A           |
        enrolments | 3       | 2025-05-12  | DUAL       | B           |
        enrolments | 4       | 2025-05-12  | INTERNSHIP | A           |
        enrolments | 5       | 2025-05-12  | DUAL       | A           |
        enrolments | 6       | 2025-05-12  | DUAL       | A           |
        attendance | 1       | 2025-08-18  |            |             | A
        attendance | 2       | 2025-08-18  |            |             | P
        attendance | 3       | 2025-08-18  |            |             | P
        attendance | 4       | 2025-08-18  |            |             | P
        """,
        MISSED_28D, as_of="2025-09-01", on_roster=False, expect={1: None, 2: 0, 3: 0, 4: 0, 5: None, 6: None},
    )  # fmt: skip


def test_seen_counts_once_it_is_known(spec: Spec) -> None:
    picture = (
        THREE_OF_DUAL
        + """
        attendance | 1 | 2025-08-18 |            | |      | A |
        attendance | 2 | 2025-08-19 | 2025-09-03 | | FLAG | P |
        """
    )
    spec(picture, MISSED_28D, as_of="2025-09-01", on_roster=False, expect={1: None, 2: None, 3: None})
    spec(picture, MISSED_28D, as_of="2025-09-08", on_roster=False, expect={1: 1, 2: None, 3: None})


def test_seen_counts_before_the_day_alone(spec: Spec) -> None:
    picture = (
        THREE_OF_DUAL
        + """
        attendance | 1 | 2025-08-25 |            | |      | A |
        attendance | 2 | 2025-08-27 | 2025-08-26 | | FLAG | P |
        """
    )
    spec(picture, MISSED_28D, as_of="2025-08-27", on_roster=False, expect={1: None, 2: None, 3: None})
    spec(picture, MISSED_28D, as_of="2025-08-28", on_roster=False, expect={1: 1, 2: None, 3: None})


def test_a_retracted_mark_was_not_seen(spec: Spec) -> None:
    spec(
        THREE_OF_DUAL + """
        attendance | 1 | 2025-08-18 |            | |      | A |
        attendance | 2 | 2025-08-19 |            | | FLAG | P |
        attendance | 2 | 2025-08-19 | 2025-08-22 | | FLAG | P | yes
        """,
        MISSED_28D, as_of="2025-09-01", on_roster=False, expect={1: None, 2: None, 3: None},
    )  # fmt: skip


def test_who_left_does_not_tell_where_the_others_are(spec: Spec) -> None:
    spec(
        """
        table      | student | happened_on | study_mode | status | event
        enrolments | 1       | 2025-05-12  | DUAL       |        |
        enrolments | 2       | 2025-05-12  | DUAL       |        |
        enrolments | 3       | 2025-05-12  | DUAL       |        |
        enrolments | 4       | 2025-05-12  | DUAL       |        |
        attendance | 1       | 2025-08-18  |            | A      |
        attendance | 2       | 2025-08-19  |            | P      |
        outcomes   | 2       | 2025-08-22  |            |        | LEFT
        """,
        MISSED_28D, as_of="2025-09-01", on_roster=False, expect={1: None, 3: None, 4: None},
    )  # fmt: skip


def test_the_study_mode_is_what_the_newest_roster_known_says(spec: Spec) -> None:
    picture = """
        table      | student | happened_on | recorded_at | study_mode | status
        enrolments | 1       | 2025-05-12  | 2025-05-12  | NORMAL     |
        attendance | 1       | 2025-08-18  |             |            | A
        enrolments | 1       | 2025-05-12  | 2025-08-26  | INTERNSHIP |
        """
    spec(picture, MISSED_28D, as_of="2025-08-25", on_roster=False, expect={1: 1})
    spec(picture, MISSED_28D, as_of="2025-09-01", on_roster=False, expect={1: None})


def test_each_term_goes_by_the_study_mode_of_its_own_roster(spec: Spec) -> None:
    """Student 1 was an intern and is back, 2 is an intern now, 3 was not on the roster before, 4 is an intern of both.

    Of student 3 the term before is not told: internships are of one term.
    """
    picture = """
        table      | student | happened_on | academic_year | term | study_mode | status
        enrolments | 1       | 2024-11-04  | 2024          | 2    | INTERNSHIP |
        enrolments | 2       | 2024-11-04  | 2024          | 2    | NORMAL     |
        enrolments | 4       | 2024-11-04  | 2024          | 2    | INTERNSHIP |
        enrolments | 1       | 2025-05-12  | 2025          | 1    |            |
        enrolments | 2       | 2025-05-12  | 2025          | 1    | INTERNSHIP |
        enrolments | 3       | 2025-05-12  | 2025          | 1    | INTERNSHIP |
        enrolments | 4       | 2025-05-12  | 2025          | 1    | INTERNSHIP |
        attendance | 1       | 2025-01-08  |               |      |            | A
        attendance | 2       | 2025-01-08  |               |      |            | A
        attendance | 3       | 2025-01-08  |               |      |            | A
        attendance | 4       | 2025-01-08  |               |      |            | A
        attendance | 1       | 2025-08-20  |               |      |            | A
        attendance | 2       | 2025-08-20  |               |      |            | A
        attendance | 3       | 2025-08-20  |               |      |            | A
        attendance | 4       | 2025-08-20  |               |      |            | A
        """
    terms = [(2024, 2), (2025, 1)]
    now = ask(ATTENDANCE, Count(where=MISSED), InTerm())
    before = ask(ATTENDANCE, Count(where=MISSED), InTerm(term=Term.PREVIOUS))
    spec(picture, now, as_of="2025-09-01", terms=terms, on_roster=False, expect={1: 1, 2: None, 3: None, 4: None})
    spec(picture, before, as_of="2025-09-01", terms=terms, on_roster=False, expect={1: None, 2: 1, 3: 1, 4: None})


@pytest.mark.parametrize(
    ("before", "now", "in_company"),
    [("DUAL", "DUAL", (True, True)), ("", "DUAL", (True, True)), ("DUAL", "", (True, True)), (None, "DUAL", (True, True)),
     ("DUAL", "NORMAL", (True, False)), ("NORMAL", "DUAL", (False, True)), ("", "", (False, False))],
)  # fmt: skip
def test_who_is_dual_by_one_roster_is_dual_in_the_term_of_one_that_does_not_tell(
    spec: Spec, before: str | None, now: str, in_company: tuple[bool, bool]
) -> None:
    """Nobody of the class group was seen in the weeks of 6 January and 18 August."""
    picture = """
        table      | student | happened_on | academic_year | term | study_mode | status"""
    for student in (1, 2, 3):
        if before is not None:
            picture += f"\n        enrolments | {student} | 2024-10-21 | 2024 | 2 | {before} |"
        picture += f"\n        enrolments | {student} | 2025-05-12 | 2025 | 1 | {now} |"
        for day, status in (("2025-01-06", "A"), ("2025-01-13", "P"), ("2025-08-18", "A"), ("2025-08-25", "P")):
            picture += f"\n        attendance | {student} | {day} | | | | {status}"
    terms = [(2024, 2), (2025, 1)]
    for window, company in zip((InTerm(term=Term.PREVIOUS), InTerm()), in_company, strict=True):
        asked = ask(ATTENDANCE, Count(where=MISSED), window)
        expect = dict.fromkeys((1, 2, 3), 0 if company else 1)
        spec(picture, asked, as_of="2025-09-01", terms=terms, on_roster=False, expect=expect)


@pytest.mark.parametrize("now", [["INTERNSHIP"] * 4, ["NORMAL"] * 4, ["DUAL", "DUAL", "NORMAL", "NORMAL"]], ids=str)
def test_weeks_of_the_term_before_are_those_of_who_was_dual_then(spec: Spec, now: list[str]) -> None:
    """A whole class goes on to an internship or back, or part of it does; nobody was seen in the week of 6 January."""
    picture = """
        table      | student | happened_on | academic_year | term | study_mode | class_group | status"""
    for student, mode in enumerate(now, start=1):
        picture += f"\n        enrolments | {student} | 2024-10-21 | 2024 | 2 | DUAL | A |"
        picture += f"\n        enrolments | {student} | 2025-05-12 | 2025 | 1 | {mode} | A |"
        for day, status in ((6, "A"), (7, "A"), (13, "P"), (14, "A")):
            picture += f"\n        attendance | {student} | 2025-01-{day:02} | | | | | {status}"
    before = ask(ATTENDANCE, Count(where=MISSED), InTerm(term=Term.PREVIOUS))
    terms = [(2024, 2), (2025, 1)]
    spec(picture, before, as_of="2025-09-01", terms=terms, on_roster=False, expect=dict.fromkeys(range(1, 5), 1))


@pytest.mark.parametrize(
    ("told", "of_four", "missed"),
    [((1, 2, 3), "NORMAL", 0), ((1, 2, 3), "", 0), ((1, 2), "NORMAL", 0), ((1, 2), "", 1), ((), "NORMAL", 0), ((), "", 1)],
)  # fmt: skip
def test_who_joined_the_dual_group_later_tells_nothing_of_its_weeks_before(
    spec: Spec, told: tuple[int, ...], of_four: str, missed: int
) -> None:
    """Unless nothing was told of the mode of 4, and of fewer than three others that they were dual then."""
    picture = f"""
        table      | student | happened_on | academic_year | term | study_mode | class_group | status
        enrolments | 4       | 2024-10-21  | 2024          | 2    | {of_four}  | B           |
        enrolments | 4       | 2025-05-12  | 2025          | 1    | DUAL       | A           |
        attendance | 4       | 2025-01-06  |               |      |            |             | P"""
    for student in (1, 2, 3):
        mode = "DUAL" if student in told else ""
        picture += f"\n        enrolments | {student} | 2024-10-21 | 2024 | 2 | {mode} | A |"
        picture += f"\n        enrolments | {student} | 2025-05-12 | 2025 | 1 | DUAL | A |"
        picture += f"\n        attendance | {student} | 2025-01-07 | | | | | A"
        picture += f"\n        attendance | {student} | 2025-01-13 | | | | | P"
    before = ask(ATTENDANCE, Count(where=MISSED), InTerm(term=Term.PREVIOUS))
    terms = [(2024, 2), (2025, 1)]
    expect = dict.fromkeys((1, 2, 3), missed) | {4: 0}
    spec(picture, before, as_of="2025-09-01", terms=terms, on_roster=False, expect=expect)


def test_a_week_in_the_company_neither_breaks_nor_lengthens_a_run(spec: Spec) -> None:
    spec(
        THREE_OF_DUAL + """
        attendance | 1 | 2025-08-14 | | | | A |
        attendance | 2 | 2025-08-14 | | | | P |
        attendance | 1 | 2025-08-18 | | | | A |
        attendance | 1 | 2025-08-25 | | | | A |
        attendance | 2 | 2025-08-25 | | | | P |
        """,
        ask(ATTENDANCE, LongestRun(where=MISSED), InTerm()), as_of="2025-09-01", on_roster=False, expect={1: 2, 2: 0, 3: None},
    )  # fmt: skip


def test_of_two_dual_students_who_stays_away_is_absent(spec: Spec) -> None:
    """Their own absence would be the only sign of a week in the company: each by themselves, or when the other leaves."""
    picture = """
        table      | student | happened_on | study_mode | class_group | status | event
        enrolments | 1       | 2025-05-12  | DUAL       | A           |        |
        enrolments | 2       | 2025-05-12  | DUAL       | A           |        |
        enrolments | 3       | 2025-05-12  | DUAL       | A           |        |
        enrolments | 4       | 2025-05-12  | DUAL       | B           |        |
        attendance | 1       | 2025-08-18  |            |             | P      |
        attendance | 1       | 2025-08-25  |            |             | A      |
        attendance | 1       | 2025-08-26  |            |             | A      |
        attendance | 4       | 2025-08-25  |            |             | A      |
        """
    spec(picture, MISSED_28D, as_of="2025-09-01", on_roster=False, expect={1: 0, 2: None, 3: None, 4: 1})
    moved = picture.rstrip() + "\n        outcomes | 3 | 2025-08-22 | | | | LEFT"
    spec(moved, MISSED_28D, as_of="2025-09-01", on_roster=False, expect={1: 2, 2: None, 4: 1})


def test_nobody_was_seen_on_a_day_of_absence_in_the_company(spec: Spec) -> None:
    picture = (
        THREE_OF_DUAL
        + """
        enrolments | 4 | 2025-05-12 | | INTERNSHIP |    |   |
        attendance | 1 | 2025-08-18 | |            |    | P |
        attendance | 1 | 2025-08-25 | |            |    | A |
        attendance | 2 | 2025-08-19 | |            |    | P |
        attendance | 2 | 2025-08-26 | |            |    | I |
        attendance | 3 | 2025-08-20 | |            | P1 | P |
        attendance | 3 | 2025-08-27 | |            | P1 | I |
        attendance | 3 | 2025-08-27 | |            | P2 | A |
        attendance | 4 | 2025-08-21 | |            |    | P |
        attendance | 4 | 2025-08-29 | |            |    | A |
        """
    )
    seen = FEATURE_OF["days_since_seen"]
    spec(picture, seen, as_of="2025-09-01", on_roster=False, expect={1: 14, 2: 6, 3: 5, 4: 11})
