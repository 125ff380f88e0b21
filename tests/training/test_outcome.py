"""What "left" means, clause by clause of the architecture's Outcome, as small pictures.

Terms: 2025/1 from 19 May to 3 October, 2025/2 from 27 October to 6 March 2026, 2024/1 and 2024/2 before them.
Rosters are told the week before a term opens; a count says that a whole roster was told that day.
"""

from datetime import date
from pathlib import Path

import pytest

from tests.training.drawn import HERE, LATER, LEFT, UNTIL_19_SEPTEMBER, WITHOUT_1_IN_TERM_2, drawn, event

# The day of leaving


def test_a_resignation_counts_from_its_date(tmp_path: Path) -> None:
    college = drawn(tmp_path, WITHOUT_1_IN_TERM_2, attendance=UNTIL_19_SEPTEMBER, events=event("LEFT", "2025-09-30"))
    assert college.left_on(1, known=LATER) == date(2025, 9, 30)
    assert college.left_on(2, known=LATER) is None


def test_a_dismissal_counts_from_its_date(tmp_path: Path) -> None:
    college = drawn(tmp_path, events=event("DISMISSED", "2025-07-15"))
    assert college.left_on(1, known=LATER) == date(2025, 7, 15)


@pytest.mark.parametrize("status", ["RESIGNED", "DISMISSED"])
def test_a_status_counts_from_the_day_it_holds_and_else_from_the_day_of_the_row(tmp_path: Path, status: str) -> None:
    roster = f"""
        student | happened_on | status   | status_on
        1       | 2025-05-12  | ENROLLED |
        2       | 2025-05-12  | ENROLLED |
        1       | 2025-07-21  | {status} | 2025-07-09
        2       | 2025-07-21  | {status} |
        """
    college = drawn(tmp_path, roster)
    assert college.left_on(1, known=LATER) == date(2025, 7, 9)
    assert college.left_on(2, known=LATER) == date(2025, 7, 21)


def test_who_vanished_from_the_next_roster_left_the_day_after_they_were_last_seen(tmp_path: Path) -> None:
    college = drawn(tmp_path, WITHOUT_1_IN_TERM_2, attendance=UNTIL_19_SEPTEMBER)
    assert college.left_on(1, known=LATER) == date(2025, 9, 20)
    assert college.left_on(2, known=LATER) is None


def test_that_is_known_only_once_the_next_roster_was_recorded(tmp_path: Path) -> None:
    college = drawn(tmp_path, WITHOUT_1_IN_TERM_2, attendance=UNTIL_19_SEPTEMBER)
    assert college.left_on(1, known="2025-11-10") is None  # the roster comes that evening
    assert college.left_on(1, known="2025-11-11") == date(2025, 9, 20)


@pytest.mark.parametrize(("status", "is_seen"), [("P", True), ("L", True), ("E", True), ("O", True), ("I", True),
                                                 ("A", False), ("K", False), ("S", False), ("B", False), ("N", False)])  # fmt: skip
def test_seen_is_present_late_excused_by_duty_or_in_practice_and_nothing_else(
    tmp_path: Path, status: str, is_seen: bool
) -> None:
    attendance = (
        f"student | from | to | status\n1 | 2025-05-19 | 2025-06-13 | P\n1 | 2025-06-16 | 2025-06-16 | {status}"
    )
    college = drawn(tmp_path, WITHOUT_1_IN_TERM_2, attendance=attendance)
    assert college.left_on(1, known=LATER) == (date(2025, 6, 17) if is_seen else date(2025, 6, 14))


def test_who_was_taken_off_the_roster_of_the_same_term_left_the_day_after_they_were_last_seen(tmp_path: Path) -> None:
    roster = """
        student | happened_on | retracted
        1       | 2025-05-12  |
        2       | 2025-05-12  |
        1       | 2025-08-20  | yes
        """
    attendance = "student | from | to | status\n1 | 2025-05-19 | 2025-07-04 | P"
    college = drawn(tmp_path, roster, attendance=attendance)
    assert college.left_on(1, known="2025-08-20") is None
    assert college.left_on(1, known="2025-08-21") == date(2025, 7, 5)


def test_who_is_taken_off_in_the_second_term_did_not_leave_in_the_first(tmp_path: Path) -> None:
    roster = """
        student | happened_on | academic_year | term | retracted
        1       | 2025-05-12  | 2025          | 1    |
        2       | 2025-05-12  | 2025          | 1    |
        1       | 2025-11-10  | 2025          | 2    |
        2       | 2025-11-10  | 2025          | 2    |
        1       | 2026-03-02  | 2025          | 2    | yes
        """
    attendance = "student | from | to | status\n1 | 2025-05-19 | 2025-10-03 | P\n1 | 2025-10-27 | 2026-01-16 | P"
    college = drawn(tmp_path, roster, attendance=attendance)
    assert college.left_on(1, known=LATER, term=(2025, 1)) is None
    assert college.left_on(1, known=LATER, term=(2025, 2)) == date(2026, 1, 17)


@pytest.mark.parametrize(
    ("seen", "first", "second"), [("P", None, date(2026, 1, 17)), ("A", date(2025, 10, 4), date(2025, 10, 27))]
)
def test_who_is_marked_gone_in_the_second_term_left_in_the_first_only_if_they_never_came(
    tmp_path: Path, seen: str, first: date | None, second: date
) -> None:
    roster = """
        student | happened_on | academic_year | term | status
        1       | 2025-05-12  | 2025          | 1    | ENROLLED
        2       | 2025-05-12  | 2025          | 1    | ENROLLED
        1       | 2025-10-20  | 2025          | 2    | ENROLLED
        2       | 2025-10-20  | 2025          | 2    | ENROLLED
        1       | 2026-03-02  | 2025          | 2    | GONE_ON_ROLL
        """
    attendance = f"student | from | to | status\n1 | 2025-05-19 | 2025-10-03 | P\n1 | 2025-10-27 | 2026-01-16 | {seen}"
    college = drawn(tmp_path, roster, attendance=attendance)
    assert college.left_on(1, known=LATER, term=(2025, 1)) == first
    assert college.left_on(1, known=LATER, term=(2025, 2)) == second


def test_who_is_on_the_roster_of_a_term_that_was_not_counted_was_there_until_then(tmp_path: Path) -> None:
    roster = """
        student | happened_on | academic_year | term | level
        1       | 2024-11-11  | 2024          | 2    | V1
        2       | 2024-11-11  | 2024          | 2    | V1
        3       | 2024-11-11  | 2024          | 2    | V1
        4       | 2024-11-11  | 2024          | 2    | V1
        1       | 2025-05-12  | 2025          | 1    | V2
        2       | 2025-05-12  | 2025          | 1    | V2
        4       | 2025-05-12  | 2025          | 1    | V2
        2       | 2025-11-10  | 2025          | 2    | V2
        """
    counts = """
        happened_on | academic_year | term
        2024-11-11  | 2024          | 2
        2025-11-10  | 2025          | 2
        """
    attendance = """
        student | from       | to         | status
        1       | 2024-10-28 | 2025-03-07 | P
        3       | 2024-10-28 | 2025-03-07 | P
        1       | 2025-05-19 | 2025-08-29 | P
        4       | 2024-10-28 | 2025-02-14 | P
        4       | 2025-05-19 | 2025-10-03 | A
        """
    college = drawn(tmp_path, roster, counts, attendance=attendance)
    assert college.left_on(1, known=LATER, term=(2024, 2)) is None
    assert college.left_on(1, known=LATER, term=(2025, 1)) == date(2025, 8, 30)
    assert college.left_on(3, known=LATER, term=(2024, 2)) == date(2025, 3, 8)
    for term in ((2024, 2), (2025, 1)):  # a name on a list, of somebody who never came
        assert college.left_on(4, known=LATER, term=term) == date(2025, 2, 15)
    assert college.said("2025-01-20", known=LATER) == {1: HERE, 2: HERE, 3: LEFT, 4: LEFT}


def test_gone_but_still_on_the_roll_is_gone(tmp_path: Path) -> None:
    roster = """
        student | happened_on | status
        1       | 2025-05-12  | ENROLLED
        1       | 2025-06-10  | GONE_ON_ROLL
        2       | 2025-05-12  | ENROLLED
        """
    attendance = "student | from | to | status\n1 | 2025-05-19 | 2025-05-30 | P"
    college = drawn(tmp_path, roster, attendance=attendance)
    assert college.left_on(1, known=LATER) == date(2025, 5, 31)


def test_without_attendance_it_is_the_first_day_of_the_term_on_whose_roster_they_are_missing(tmp_path: Path) -> None:
    assert drawn(tmp_path, WITHOUT_1_IN_TERM_2).left_on(1, known=LATER) == date(2025, 10, 27)


def test_without_attendance_who_is_taken_off_a_roster_left_when_its_term_opened(tmp_path: Path) -> None:
    roster = """
        student | happened_on | retracted
        1       | 2025-05-12  |
        1       | 2025-08-20  | yes
        2       | 2025-05-12  |
        """
    assert drawn(tmp_path, roster).left_on(1, known=LATER) == date(2025, 5, 19)


def test_with_totals_alone_it_is_the_end_of_the_last_period_with_a_day_present(tmp_path: Path) -> None:
    totals = """
        student | from_day   | happened_on | held | present
        1       | 2025-05-19 | 2025-06-13  | 20   | 17
        1       | 2025-06-16 | 2025-07-11  | 18   | 1
        1       | 2025-07-14 | 2025-08-08  | 20   | 0
        """
    college = drawn(tmp_path, WITHOUT_1_IN_TERM_2, totals=totals)
    assert college.left_on(1, known=LATER) == date(2025, 7, 12)


def test_a_term_without_any_count_proves_nobody_missing(tmp_path: Path) -> None:
    """A class roster, or half a college, is no complete roster."""
    counts = "happened_on | academic_year | term\n2025-06-10 | 2025 | 1"
    college = drawn(tmp_path, WITHOUT_1_IN_TERM_2, counts, attendance=UNTIL_19_SEPTEMBER)
    assert college.left_on(1, known=LATER) is None


def test_a_term_that_nobody_counted_is_passed_over(tmp_path: Path) -> None:
    roster = """
        student | happened_on | academic_year | term
        1       | 2024-05-06  | 2024          | 1
        2       | 2024-05-06  | 2024          | 1
        2       | 2025-05-12  | 2025          | 1
        """
    counts = "happened_on | academic_year | term\n2024-06-10 | 2024 | 1\n2025-06-10 | 2025 | 1"
    college = drawn(tmp_path, roster, counts)
    assert college.left_on(1, known=LATER, term=(2024, 1)) == date(2025, 5, 19)


# Who did not leave


@pytest.mark.parametrize("word", ["TRANSFER_CONFIRMED", "GRADUATED", "DECEASED"])
def test_who_moved_finished_or_died_did_not_leave(tmp_path: Path, word: str) -> None:
    college = drawn(tmp_path, WITHOUT_1_IN_TERM_2, attendance=UNTIL_19_SEPTEMBER, events=event(word, "2025-09-22"))
    assert college.left_on(1, known=LATER) is None
    assert college.said("2025-09-08", known=LATER) == {1: HERE, 2: HERE}


@pytest.mark.parametrize("status", ["TRANSFERRED_OUT", "GRADUATED", "DECEASED"])
def test_nor_did_who_has_such_a_status_also_when_the_next_roster_leaves_them_out(tmp_path: Path, status: str) -> None:
    roster = f"""
        student | happened_on | status   | retracted
        1       | 2025-05-12  | ENROLLED |
        2       | 2025-05-12  | ENROLLED |
        1       | 2025-07-10  | {status} |
        1       | 2025-08-10  |          | yes
        """
    college = drawn(tmp_path, roster, attendance=UNTIL_19_SEPTEMBER)
    assert college.left_on(1, known="2025-08-01") is None
    assert college.left_on(1, known=LATER) is None


def test_a_resignation_stays_one_when_the_next_roster_leaves_them_out(tmp_path: Path) -> None:
    roster = """
        student | happened_on | status   | retracted
        1       | 2025-05-12  | ENROLLED |
        2       | 2025-05-12  | ENROLLED |
        1       | 2025-07-10  | RESIGNED |
        1       | 2025-08-10  |          | yes
        """
    college = drawn(tmp_path, roster)
    assert college.left_on(1, known=LATER) == date(2025, 7, 10)
    assert college.strict("2025-06-02", known=LATER) == {1}


def test_who_moved_after_leaving_has_left(tmp_path: Path) -> None:
    events = """
        student | happened_on | event
        1       | 2025-07-15  | LEFT
        1       | 2025-08-01  | TRANSFER_CONFIRMED
        """
    assert drawn(tmp_path, events=events).said("2025-07-07", known=LATER)[1] == LEFT


def test_who_moved_before_leaving_was_noticed_has_not(tmp_path: Path) -> None:
    events = """
        student | happened_on | recorded_at | event
        1       | 2025-07-15  | 2025-08-01  | TRANSFER_CONFIRMED
        1       | 2025-08-01  | 2025-08-01  | LEFT
        """
    assert drawn(tmp_path, events=events).said("2025-07-07", known=LATER)[1] == HERE


@pytest.mark.parametrize("word", ["TRANSFER_CONFIRMED", "GRADUATED"])
def test_who_is_found_elsewhere_later_is_no_longer_unresolved(tmp_path: Path, word: str) -> None:
    events = event(word, "2025-11-20", told="2025-12-01")
    college = drawn(tmp_path, WITHOUT_1_IN_TERM_2, attendance=UNTIL_19_SEPTEMBER, events=events)
    assert college.left_on(1, known="2025-12-01") == date(2025, 9, 20)  # as known that day: vanished
    assert college.left_on(1, known="2025-12-02") is None
    assert college.said("2025-09-15", known=LATER) == {1: HERE, 2: HERE}


def test_a_death_long_after_does_not_undo_the_leaving(tmp_path: Path) -> None:
    events = event("DECEASED", "2025-12-20")
    college = drawn(tmp_path, WITHOUT_1_IN_TERM_2, attendance=UNTIL_19_SEPTEMBER, events=events)
    assert college.said("2025-09-15", known=LATER) == {1: LEFT, 2: HERE}


@pytest.mark.parametrize("level", ["P6", "M3", "M6", "V3", "D2"])
def test_who_is_missing_after_the_last_year_of_a_programme_has_finished(tmp_path: Path, level: str) -> None:
    roster = f"""
        student | happened_on | academic_year | term | level
        1       | 2024-05-06  | 2024          | 1    | {level}
        1       | 2024-10-21  | 2024          | 2    | {level}
        2       | 2024-10-21  | 2024          | 2    | V1
        3       | 2025-05-12  | 2025          | 1    | V1
        """
    counts = """
        happened_on | academic_year | term
        2024-06-10  | 2024          | 1
        2024-11-10  | 2024          | 2
        2025-06-10  | 2025          | 1
        """
    college = drawn(tmp_path, roster, counts)
    assert college.left_on(1, known=LATER, term=(2024, 2)) is None
    assert college.left_on(2, known=LATER, term=(2024, 2)) == date(2025, 5, 19)


@pytest.mark.parametrize(("level", "left_on"), [("V3", date(2025, 10, 27)), ("MODULE", None)])
def test_who_is_missing_after_the_first_term_of_the_last_year_has_left_save_from_a_course_of_one_term(
    tmp_path: Path, level: str, left_on: date | None
) -> None:
    roster = WITHOUT_1_IN_TERM_2.replace("term\n", "term | level\n", 1).replace(
        "1       | 2025-05-12  | 2025          | 1", f"1 | 2025-05-12 | 2025 | 1 | {level}"
    )
    roster = "\n".join(line if line.count("|") != 3 else f"{line} | V1" for line in roster.strip().splitlines())
    assert drawn(tmp_path, roster).left_on(1, known=LATER) == left_on
