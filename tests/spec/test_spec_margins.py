"""Absences left before the right to examination is lost, and days before a run of absence may end the place.

The first term of 2025 has 97 teaching days: of those a fifth is 19.4, so that 19 may be missed.
"""

from datetime import date, timedelta

import pytest

from features.vocabulary import InTerm, Margin
from records.tables import ATTENDANCE
from tests.features.pictures import ask
from tests.spec.asking import Spec

LEFT = ask(ATTENDANCE, Margin(rule="attendance_share"), InTerm())
RUN = ask(ATTENDANCE, Margin(rule="absent_run_dismissal"), InTerm())
TWO_OF_EACH = """
    table      | student | happened_on | rule | value | status
    attendance | 1       | 2025-08-18  |      |       | A
    attendance | 1       | 2025-08-19  |      |       | K
    attendance | 2       | 2025-08-18  |      |       | S
    attendance | 2       | 2025-08-19  |      |       | B
    attendance | 3       | 2025-08-18  |      |       | L
    attendance | 3       | 2025-08-19  |      |       | L
    attendance | 4       | 2025-08-18  |      |       | P
    attendance | 4       | 2025-08-19  |      |       | E
    attendance | 5       | 2025-08-18  |      |       | O
    attendance | 5       | 2025-08-19  |      |       | I"""


def test_without_a_rule_of_its_own_a_fifth_may_be_missed_and_leave_is_an_absence(spec: Spec) -> None:
    spec(TWO_OF_EACH, LEFT, as_of="2025-09-01", expect={1: 17, 2: 17, 3: 19, 4: 19, 5: 19, 6: None})


@pytest.mark.parametrize(
    ("rule", "value", "expect"),
    [
        ("attendance_share", 0.75, {1: 22, 2: 22, 3: 24, 4: 24, 5: 24}),
        ("attendance_share", 1, {1: -2, 2: -2, 3: 0, 4: 0, 5: 0}),
        ("leaves_per_absence", 2, {1: 17, 2: 18, 3: 19, 4: 19, 5: 19}),
        ("leaves_per_absence", 3, {1: 17, 2: 19, 3: 19, 4: 19, 5: 19}),
        ("leaves_per_absence", 0, {1: 17, 2: 19, 3: 19, 4: 19, 5: 19}),
        ("lates_per_absence", 2, {1: 17, 2: 17, 3: 18, 4: 19, 5: 19}),
        ("lates_per_absence", 0, {1: 17, 2: 17, 3: 19, 4: 19, 5: 19}),
    ],
)
def test_what_the_institution_has_entered_holds(
    spec: Spec, rule: str, value: float, expect: dict[int, float | None]
) -> None:
    spec(f"{TWO_OF_EACH}\nrules | | 2025-05-12 | {rule} | {value} |", LEFT, as_of="2025-09-01", expect=expect)


@pytest.mark.parametrize(
    ("leaves", "lates", "expect"),
    [
        (2, 3, {1: 0, 2: 2, 3: 0, 4: -1, 5: 15}),
        (1, 0, {1: -1, 2: 1, 3: 0, 4: 0, 5: 12}),
        (0, 1, {1: 0, 2: 2, 3: -2, 4: -3, 5: 14}),
    ],
)
def test_fewer_leaves_or_lates_than_make_an_absence_are_none_yet(
    spec: Spec, leaves: int, lates: int, expect: dict[int, float]
) -> None:
    """With two leaves or three lates an absence, 19 absences and one leave or two lates are all 19, and no half of another.

    Of 5 seven leaves and five lates are three absences and one: what is over of the one is not added to the other.
    """
    spec(
        f"""
        table            | student | from_day   | happened_on | held | present | absent | leave | late | rule               | value
        attendance_total | 1       | 2025-05-19 | 2025-08-31  | 70   | 50      | 19     | 1     | 0    |                    |
        attendance_total | 2       | 2025-05-19 | 2025-08-31  | 70   | 52      | 17     | 1     | 0    |                    |
        attendance_total | 3       | 2025-05-19 | 2025-08-31  | 70   | 49      | 19     | 0     | 2    |                    |
        attendance_total | 4       | 2025-05-19 | 2025-08-31  | 70   | 48      | 19     | 0     | 3    |                    |
        attendance_total | 5       | 2025-05-19 | 2025-08-31  | 70   | 58      | 0      | 7     | 5    |                    |
        rules            |         |            | 2025-05-12  |      |         |        |       |      | leaves_per_absence | {leaves}
        rules            |         |            | 2025-05-12  |      |         |        |       |      | lates_per_absence  | {lates}
        """,
        LEFT, as_of="2025-09-01", expect=expect,
    )  # fmt: skip


def test_of_the_leave_of_a_total_whole_absences_count_of_the_part_in_the_term(spec: Spec) -> None:
    """Half of these periods lies in the term: of 3, 4 and 2 days of leave 1.5, 2 and 1; of 1 absence a half."""
    picture = """
        table            | student | from_day   | happened_on | held | present | absent | leave | rule               | value
        attendance_total | 1       | 2025-05-12 | 2025-05-25  | 10   | 7       | 0      | 3     |                    |
        attendance_total | 2       | 2025-05-12 | 2025-05-25  | 10   | 6       | 0      | 4     |                    |
        attendance_total | 3       | 2025-05-12 | 2025-05-25  | 10   | 7       | 1      | 2     |                    |"""
    spec(picture, LEFT, as_of="2025-09-01", expect={1: 18, 2: 17, 3: 17.5})
    told = f"{picture}\nrules | | | 2025-05-12 | | | | | leaves_per_absence | 2"
    spec(told, LEFT, as_of="2025-09-01", expect={1: 19, 2: 18, 3: 18.5})


def test_nobody_is_measured_by_nothing(spec: Spec) -> None:
    spec(
        """
        student | happened_on | status
        1       | 2025-08-18  | I
        2       | 2025-08-18  | N
        3       | 2025-05-16  | P
        """,
        LEFT, as_of="2025-09-01", expect={1: None, 2: None, 3: None},
    )  # fmt: skip


def test_past_the_rule_it_is_negative(spec: Spec) -> None:
    spec(
        """
        table            | student | from_day   | happened_on | held | present | absent | leave
        attendance_total | 1       | 2025-05-19 | 2025-08-31  | 70   | 51      | 19     | 0
        attendance_total | 2       | 2025-05-19 | 2025-08-31  | 70   | 48      | 20     | 2
        """,
        LEFT, as_of="2025-09-01", expect={1: 0, 2: -3},
    )  # fmt: skip


def test_the_days_of_the_term_count_from_the_registration_where_it_came_later(spec: Spec) -> None:
    # 97, 95, 94 and 59 days; a fifth of 95 is 19 and no hair less.
    spec(
        """
        table      | student | happened_on | registered_on | status
        enrolments | 1       | 2025-05-12  | 2025-05-09    |
        enrolments | 2       | 2025-05-12  | 2025-05-21    |
        enrolments | 3       | 2025-05-12  | 2025-05-22    |
        enrolments | 4       | 2025-05-12  | 2025-07-14    |
        enrolments | 5       | 2025-05-12  |               |
        attendance | 1       | 2025-08-18  |               | P
        attendance | 2       | 2025-08-18  |               | P
        attendance | 3       | 2025-08-18  |               | P
        attendance | 4       | 2025-08-18  |               | A
        attendance | 5       | 2025-08-18  |               | P
        """,
        LEFT, as_of="2025-09-01", on_roster=False, expect={1: 19, 2: 19, 3: 18, 4: 10, 5: 19},
    )  # fmt: skip


def test_who_came_before_a_late_registration_has_the_whole_term(spec: Spec) -> None:
    """Students 1 and 2 paid on 8 July; only 1 was there before. On 10 July, on which 3 has a mark, the college was closed."""
    spec(
        """
        table      | student | happened_on | registered_on | status
        enrolments | 1       | 2025-05-12  | 2025-07-08    |
        enrolments | 2       | 2025-05-12  | 2025-07-08    |
        enrolments | 3       | 2025-05-12  | 2025-07-14    |
        attendance | 1       | 2025-06-02  |               | A
        attendance | 1       | 2025-07-09  |               | P
        attendance | 2       | 2025-05-16  |               | P
        attendance | 2       | 2025-07-08  |               | P
        attendance | 3       | 2025-07-10  |               | P
        attendance | 3       | 2025-07-14  |               | P
        """,
        LEFT, as_of="2025-09-01", on_roster=False, expect={1: 18, 2: 12, 3: 11},
    )  # fmt: skip


def test_totals_show_who_came_before_a_late_registration(spec: Spec) -> None:
    """All but 5 paid on 8 July, 36 teaching days before 1 September; of the total of 3 more were held, of that of 4 were not."""
    spec(
        """
        table            | student | from_day   | happened_on | registered_on | held | present | absent | leave
        enrolments       | 1       |            | 2025-05-12  | 2025-07-08    |      |         |        |
        enrolments       | 2       |            | 2025-05-12  | 2025-07-08    |      |         |        |
        enrolments       | 3       |            | 2025-05-12  | 2025-07-08    |      |         |        |
        enrolments       | 4       |            | 2025-05-12  | 2025-07-08    |      |         |        |
        enrolments       | 5       |            | 2025-05-12  |               |      |         |        |
        attendance_total | 1       | 2025-05-01 | 2025-05-31  |               | 10   | 10      | 0      | 0
        attendance_total | 1       | 2025-07-01 | 2025-07-31  |               | 20   | 18      | 2      | 0
        attendance_total | 2       | 2025-03-01 | 2025-04-30  |               | 10   | 8       | 2      | 0
        attendance_total | 2       | 2025-05-19 | 2025-06-30  |               | 0    | 0       | 0      | 0
        attendance_total | 2       | 2025-07-08 | 2025-08-31  |               | 40   | 36      | 4      | 0
        attendance_total | 3       | 2025-05-19 | 2025-08-31  |               | 37   | 33      | 4      | 0
        attendance_total | 4       | 2025-05-19 | 2025-08-31  |               | 36   | 32      | 4      | 0
        attendance_total | 5       | 2025-05-19 | 2025-08-31  |               | 72   | 68      | 4      | 0
        """,
        LEFT, as_of="2025-09-01", on_roster=False, expect={1: 17, 2: 8, 3: 15, 4: 8, 5: 15},
    )  # fmt: skip


def test_of_a_dual_student_the_days_at_the_college_are_the_term(spec: Spec) -> None:
    """Ten days at the college and ten in the company: 48 of the 97 days, of which 9 may be missed; 1 missed one."""
    picture = """
        table      | student | happened_on | study_mode | status"""
    for student, mode in {1: "DUAL", 2: "DUAL", 3: "DUAL", 4: "NORMAL", 5: "INTERNSHIP"}.items():
        picture += f"\n        enrolments | {student} | 2025-05-12 | {mode} |"
        for day in range(26):
            missed = day >= 14 or (student, day) == (1, 3)
            if day % 7 < 5:
                picture += f"\n        attendance | {student} | {date(2025, 7, 14) + timedelta(days=day)} | | {'A' if missed else 'P'}"
    expect = {1: 8, 2: 9, 3: 9, 4: 9, 5: 19}
    spec(picture, LEFT, as_of="2025-08-11", on_roster=False, expect=expect)


@pytest.mark.parametrize(("mode", "left"), [("EVENING", 6), ("SHORT", 6), ("FLEX", 6), ("NORMAL", 18), (None, 18)])
def test_who_learns_on_days_of_their_own_may_miss_a_fifth_of_those(spec: Spec, mode: str | None, left: int) -> None:
    """Saturdays and Sundays of seven weeks, 14 days while the term had 35: 38 of its 97, of which 7 may be missed; 1 was."""
    picture = f"""
        table      | student | happened_on | study_mode  | status
        enrolments | 1       | 2025-05-12  | {mode or ""} |"""
    opens = date(2025, 5, 19)
    for week in range(7):
        for day in (5, 6):
            status = "A" if (week, day) == (3, 5) else "P"
            picture += f"\n        attendance | 1 | {opens + timedelta(days=7 * week + day)} | | {status}"
    spec(picture, LEFT, as_of=str(opens + timedelta(days=49)), on_roster=False, expect={1: left})


def test_days_that_the_calendar_takes_away_take_absences_away(spec: Spec) -> None:
    picture = """
        table      | student | happened_on | recorded_at | kind    | status
        attendance | 1       | 2025-08-18  |             |         | P
        calendar   |         | 2025-09-22  | 2025-08-20  | EXAM    |
        calendar   |         | 2025-09-23  | 2025-08-20  | WFH     |
        calendar   |         | 2025-09-24  | 2025-08-20  | CLOSED  |
        calendar   |         | 2025-09-25  | 2025-08-20  | HOLIDAY |
        calendar   |         | 2025-09-26  | 2025-09-02  | CLOSED  |
        """
    spec(picture, LEFT, as_of="2025-09-01", expect={1: 19})  # of 95
    spec(picture, LEFT, as_of="2025-09-08", expect={1: 18})  # of 94


def test_absences_are_those_of_this_term_before_the_day(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | status | retracted
        1       | 2025-02-03  |             | A      |
        1       | 2025-05-19  |             | A      |
        1       | 2025-08-18  | 2025-08-18  | A      |
        1       | 2025-08-18  | 2025-08-25  | P      |
        1       | 2025-08-19  | 2025-08-19  | A      |
        1       | 2025-08-19  | 2025-08-25  | A      | yes
        1       | 2025-08-29  | 2025-09-01  | A      |
        1       | 2025-09-01  | 2025-08-29  | A      |
        """,
        LEFT, as_of="2025-09-01", terms=((2024, 2), (2025, 1)), expect={1: 18},
    )  # fmt: skip


def test_totals_count_by_the_part_that_lies_in_the_term(spec: Spec) -> None:
    spec(
        """
        table            | student | from_day   | happened_on | held | present | absent | leave
        attendance_total | 1       | 2025-05-12 | 2025-05-25  | 10   | 6       | 4      | 0
        """,
        LEFT, as_of="2025-09-01", expect={1: 17},
    )  # fmt: skip


def test_totals_without_the_leave_do_not_tell_how_many_are_left_unless_leave_is_no_absence(spec: Spec) -> None:
    picture = """
        table            | student | from_day   | happened_on | held | present | absent | rule               | value
        attendance_total | 1       | 2025-08-18 | 2025-08-31  | 10   | 6       | 4      |                    |
        """
    spec(picture, LEFT, as_of="2025-09-01", expect={1: None})
    told = picture.rstrip() + "\nrules | | | 2025-05-12 | | | | leaves_per_absence | 0"
    spec(told, LEFT, as_of="2025-09-01", expect={1: 15})


def test_the_last_known_version_of_a_rule_holds(spec: Spec) -> None:
    picture = """
        table      | student | happened_on | recorded_at | rule             | value | retracted | status
        attendance | 1       | 2025-08-18  |             |                  |       |           | P
        rules      |         | 2025-05-12  | 2025-05-12  | attendance_share | 0.7   |           |
        rules      |         | 2025-05-12  | 2025-08-20  | attendance_share | 0.75  |           |
        rules      |         | 2025-05-12  | 2025-09-03  | attendance_share | 0.75  | yes       |
        """
    spec(picture, LEFT, as_of="2025-08-20", expect={1: 29})  # 29.1
    spec(picture, LEFT, as_of="2025-09-01", expect={1: 24})  # 24.25
    spec(picture, LEFT, as_of="2025-09-08", expect={1: 19})


def test_a_rule_for_a_stage_or_after_some_terms_is_not_asked_about_absence(spec: Spec) -> None:
    spec(
        """
        table      | student | happened_on | rule             | stage      | after_terms | value | status
        attendance | 1       | 2025-08-18  |                  |            |             |       | P
        rules      |         | 2025-05-12  | attendance_share | VOCATIONAL |             | 0.5   |
        rules      |         | 2025-05-12  | attendance_share |            | 2           | 0.6   |
        """,
        LEFT, as_of="2025-09-01", expect={1: 19},
    )  # fmt: skip


def test_a_rule_of_the_day_itself_does_not_hold_yet(spec: Spec) -> None:
    picture = """
        table      | student | happened_on | recorded_at | rule             | value | status
        attendance | 1       | 2025-08-18  |             |                  |       | P
        rules      |         | 2025-09-01  | 2025-08-20  | attendance_share | 0.75  |
        """
    spec(picture, LEFT, as_of="2025-09-01", expect={1: 19})
    spec(picture, LEFT, as_of="2025-09-02", expect={1: 24})


THREE_DAYS = """
    table      | student | happened_on | rule                 | value | status
    attendance | 1       | 2025-08-11  |                      |       | A
    attendance | 1       | 2025-08-13  |                      |       | K
    attendance | 1       | 2025-08-14  |                      |       | I
    attendance | 1       | 2025-08-18  |                      |       | A
    attendance | 2       | 2025-08-18  |                      |       | A
    attendance | 2       | 2025-08-19  |                      |       | P
    attendance | 3       | 2025-08-18  |                      |       | A
    attendance | 3       | 2025-08-19  |                      |       | S
    attendance | 4       | 2025-05-16  |                      |       | A
    attendance | 4       | 2025-05-19  |                      |       | A"""


def test_without_a_rule_of_its_own_fifteen_days_in_a_row_may_be_missed(spec: Spec) -> None:
    spec(THREE_DAYS, RUN, as_of="2025-09-01", expect={1: 12, 2: 15, 3: 15, 4: 14, 5: None})


@pytest.mark.parametrize(("value", "left"), [(5, 2), (3, 0), (2, -1)])
def test_the_run_is_measured_by_the_rule_of_the_institution(spec: Spec, value: int, left: int) -> None:
    picture = f"{THREE_DAYS}\nrules | | 2025-05-12 | absent_run_dismissal | {value} |"
    spec(picture, RUN, as_of="2025-09-01", expect={1: left, 2: value, 3: value, 4: value - 1, 5: None})


def test_a_run_is_not_known_where_only_totals_are(spec: Spec) -> None:
    spec(
        """
        table            | student | from_day   | happened_on | held | present | absent | leave
        attendance_total | 1       | 2025-08-18 | 2025-08-31  | 10   | 0       | 10     | 0
        """,
        RUN, as_of="2025-09-01", expect={1: None},
    )  # fmt: skip
