"""The label of a student on a day: leaves within the horizon, is gone already, is here; and when a whole week is mature.

Terms and rosters are those of test_outcome.py.
"""

from datetime import date
from pathlib import Path

import pytest

from features.cohort import cohort
from features.state import Replay
from models.horizon import NEXT_COUNT, Horizon, days
from records.tables import ENROLMENTS, OUTCOMES, ROSTER_COUNTS
from tests.features.pictures import calendar, records_of
from tests.features.small_log import Record, in_the_evening, write_log
from tests.training.drawn import (
    ALL_YEAR,
    COUNTS,
    GONE,
    HERE,
    LATER,
    LEFT,
    UNTIL_19_SEPTEMBER,
    WITHOUT_1_IN_TERM_2,
    drawn,
    event,
)
from training.outcome import NEVER, labels, outcomes

# Coming back


def test_who_returned_has_left_before_and_is_here_after(tmp_path: Path) -> None:
    events = """
        student | happened_on | event
        1       | 2025-06-12  | LEFT
        1       | 2025-07-16  | RETURNED
        """
    college = drawn(tmp_path, events=events)
    assert college.said("2025-06-09", known=LATER) == {1: LEFT, 2: HERE}
    assert college.said("2025-06-16", known=LATER) == {2: HERE}
    assert college.said("2025-07-21", known=LATER) == {1: HERE, 2: HERE}


def test_who_returned_by_the_roster_is_here_after(tmp_path: Path) -> None:
    roster = """
        student | happened_on | academic_year | term | entry_route
        1       | 2025-05-12  | 2025          | 1    |
        2       | 2025-05-12  | 2025          | 1    |
        1       | 2025-07-21  | 2025          | 1    | RETURNED
        1       | 2025-10-20  | 2025          | 2    | RETURNED
        2       | 2025-10-20  | 2025          | 2    |
        """
    college = drawn(tmp_path, roster, events=event("LEFT", "2025-06-12"))
    assert college.said("2025-06-09", known=LATER)[1] == LEFT
    assert college.said("2025-07-28", known=LATER)[1] == HERE


def test_another_class_group_is_no_return(tmp_path: Path) -> None:
    roster = """
        student | happened_on | entry_route | class_group
        1       | 2025-05-12  | RETURNED    | A
        2       | 2025-05-12  |             | A
        1       | 2025-07-21  | RETURNED    | B
        """
    college = drawn(tmp_path, roster, events=event("LEFT", "2025-06-12"))
    assert college.said("2025-07-28", known=LATER) == {2: HERE}
    assert (outcomes(college.log, date.fromisoformat(LATER)).back_on == NEVER).all()


def test_who_resigned_by_the_next_roster_in_the_course_of_this_term_was_gone_from_that_day(tmp_path: Path) -> None:
    roster = """
        student | happened_on | academic_year | term | status   | status_on
        1       | 2025-05-12  | 2025          | 1    |          |
        2       | 2025-05-12  | 2025          | 1    |          |
        1       | 2025-10-20  | 2025          | 2    | RESIGNED | 2025-07-01
        2       | 2025-10-20  | 2025          | 2    |          |
        """
    college = drawn(tmp_path / "away", roster)
    assert college.said("2025-06-09", known=LATER)[1] == LEFT
    assert college.said("2025-07-07", known=LATER)[1] == GONE
    seen = "student | from | to | status\n1 | 2025-05-19 | 2025-10-03 | P"
    stayed = drawn(tmp_path / "there", roster, attendance=seen)  # what they gave up is the next term
    assert stayed.said("2025-07-07", known=LATER)[1] == HERE


def test_who_returned_may_leave_again(tmp_path: Path) -> None:
    events = """
        student | happened_on | event
        1       | 2025-06-12  | LEFT
        1       | 2025-07-16  | RETURNED
        1       | 2025-09-03  | LEFT
        """
    college = drawn(tmp_path, events=events)
    assert college.said("2025-07-21", known=LATER) == {1: LEFT, 2: HERE}
    assert college.said("2025-07-21", known=LATER, horizon=days(28)) == {1: HERE, 2: HERE}
    assert college.strict("2025-07-21", known=LATER) == {1}


def test_who_returned_may_vanish_again(tmp_path: Path) -> None:
    events = """
        student | happened_on | event
        1       | 2025-06-12  | LEFT
        1       | 2025-07-16  | RETURNED
        """
    college = drawn(tmp_path, WITHOUT_1_IN_TERM_2, attendance=UNTIL_19_SEPTEMBER, events=events)
    assert college.said("2025-08-18", known=LATER) == {1: LEFT, 2: HERE}
    assert college.strict("2025-08-18", known=LATER) == set()


FELL_THROUGH = """
    student | happened_on | event
    1       | 2025-06-02  | TRANSFER_CONFIRMED
    1       | 2025-06-16  | RETURNED
    """


def test_who_is_back_because_a_move_fell_through_may_leave(tmp_path: Path) -> None:
    college = drawn(tmp_path, events=f"{FELL_THROUGH.rstrip()}\n    1 | 2025-08-20 | LEFT")
    assert college.said("2025-05-26", known=LATER) == {1: HERE, 2: HERE}  # moved before leaving
    assert college.said("2025-06-09", known=LATER) == {2: HERE}
    for day in ("2025-06-30", "2025-08-04"):
        assert college.said(day, known=LATER) == {1: LEFT, 2: HERE}
        assert college.strict(day, known=LATER) == {1}
    assert college.said("2025-08-25", known=LATER) == {2: HERE}


def test_who_is_back_because_a_move_fell_through_may_vanish(tmp_path: Path) -> None:
    college = drawn(tmp_path, WITHOUT_1_IN_TERM_2, attendance=UNTIL_19_SEPTEMBER, events=FELL_THROUGH)
    assert college.said("2025-05-26", known=LATER) == {1: HERE, 2: HERE}
    assert college.said("2025-08-18", known=LATER) == {1: LEFT, 2: HERE}
    assert college.strict("2025-08-18", known=LATER) == set()


def test_who_is_back_may_move_after_all(tmp_path: Path) -> None:
    moves = f"{FELL_THROUGH.rstrip()}\n    1 | 2025-08-20 | TRANSFER_CONFIRMED"
    college = drawn(tmp_path, WITHOUT_1_IN_TERM_2, attendance=UNTIL_19_SEPTEMBER, events=moves)
    assert college.said("2025-08-18", known=LATER) == {1: HERE, 2: HERE}
    assert college.said("2025-08-25", known=LATER) == {2: HERE}
    assert college.left_on(1, known=LATER) is None


def test_who_came_back_a_term_later_has_left_nevertheless(tmp_path: Path) -> None:
    roster = """
        student | happened_on | academic_year | term
        1       | 2024-05-06  | 2024          | 1
        2       | 2024-05-06  | 2024          | 1
        2       | 2024-10-21  | 2024          | 2
        1       | 2025-05-12  | 2025          | 1
        2       | 2025-05-12  | 2025          | 1
        """
    counts = """
        happened_on | academic_year | term
        2024-06-10  | 2024          | 1
        2024-11-10  | 2024          | 2
        2025-06-10  | 2025          | 1
        """
    college = drawn(tmp_path, roster, counts)
    assert college.said("2024-09-16", known=LATER) == {1: LEFT, 2: HERE}
    assert college.said("2025-06-02", known=LATER) == {1: HERE, 2: HERE}


# Labels


@pytest.mark.parametrize(("as_of", "horizon", "label"), [
    ("2025-08-04", days(56), LEFT),  # 29 September is the last day of the horizon
    ("2025-08-03", days(56), HERE),
    ("2025-09-01", days(28), LEFT),
    ("2025-08-31", days(28), HERE),
    ("2025-09-29", days(28), LEFT),  # the day itself
])  # fmt: skip
def test_the_horizon_begins_on_the_day_and_its_last_day_counts(
    tmp_path: Path, as_of: str, horizon: Horizon, label: str
) -> None:
    college = drawn(tmp_path, events=event("LEFT", "2025-09-29"))
    assert college.said(as_of, known=LATER, horizon=horizon) == {1: label, 2: HERE}


def test_the_horizon_reaches_over_the_break(tmp_path: Path) -> None:
    college = drawn(tmp_path, events=event("LEFT", "2025-11-05"))
    assert college.said("2025-09-29", known=LATER) == {1: LEFT, 2: HERE}
    assert college.said("2025-09-08", known=LATER) == {1: HERE, 2: HERE}


def test_who_left_without_anybody_knowing_is_gone_and_not_here(tmp_path: Path) -> None:
    college = drawn(tmp_path, events=event("LEFT", "2025-07-15", told="2025-08-15"))
    assert college.said("2025-07-14", known=LATER)[1] == LEFT
    assert college.said("2025-07-21", known=LATER)[1] == GONE
    assert college.said("2025-08-18", known=LATER) == {2: HERE}


def test_who_vanished_is_gone_from_the_day_after_they_were_seen(tmp_path: Path) -> None:
    college = drawn(tmp_path, WITHOUT_1_IN_TERM_2, attendance=UNTIL_19_SEPTEMBER)
    assert college.said("2025-09-15", known=LATER)[1] == LEFT
    assert college.said("2025-09-22", known=LATER)[1] == GONE


def test_who_is_carried_over_into_a_term_whose_roster_lacks_them_was_gone(tmp_path: Path) -> None:
    """In the first weeks of a term the earlier roster speaks."""
    college = drawn(tmp_path, WITHOUT_1_IN_TERM_2, attendance=UNTIL_19_SEPTEMBER)
    assert college.said("2025-11-03", known=LATER) == {1: GONE, 2: HERE}
    assert college.said("2025-11-17", known=LATER) == {2: HERE}


def test_who_is_carried_over_leaves_on_the_first_day_where_no_attendance_is_kept(tmp_path: Path) -> None:
    college = drawn(tmp_path, WITHOUT_1_IN_TERM_2)
    assert college.said("2025-10-27", known=LATER) == {1: LEFT, 2: HERE}
    assert college.said("2025-11-03", known=LATER) == {1: GONE, 2: HERE}


def test_strict_counts_who_is_confirmed_broad_also_who_is_missing(tmp_path: Path) -> None:
    roster = """
        student | happened_on | academic_year | term
        1       | 2025-05-12  | 2025          | 1
        2       | 2025-05-12  | 2025          | 1
        3       | 2025-05-12  | 2025          | 1
        2       | 2025-11-10  | 2025          | 2
        """
    college = drawn(tmp_path, roster, attendance=UNTIL_19_SEPTEMBER,
                    events="student | happened_on | event\n3 | 2025-09-24 | LEFT")  # fmt: skip
    assert college.said("2025-09-15", known=LATER) == {1: LEFT, 2: HERE, 3: LEFT}
    assert college.strict("2025-09-15", known=LATER) == {3}


def test_labels_are_those_known_on_the_training_date(tmp_path: Path) -> None:
    college = drawn(tmp_path, events=event("LEFT", "2025-07-15", told="2025-09-10"))
    assert college.said("2025-07-07", known="2025-09-10") == {1: HERE, 2: HERE}
    assert college.said("2025-07-07", known="2025-09-11") == {1: LEFT, 2: HERE}


def test_a_retracted_event_is_as_never_told(tmp_path: Path) -> None:
    events = """
        student | happened_on | recorded_at | event | retracted
        1       | 2025-07-15  | 2025-07-16  | LEFT  |
        1       | 2025-07-15  | 2025-08-20  | LEFT  | yes
        """
    college = drawn(tmp_path, events=events)
    assert college.left_on(1, known="2025-08-20") == date(2025, 7, 15)
    assert college.left_on(1, known="2025-08-21") is None


def test_a_past_term_entered_later_does_not_move_the_labels_to_another_term(tmp_path: Path) -> None:
    """The calendar of 2024 becomes known after the day of the cohort: terms are matched by name, not by position."""
    late = [
        Record(**{**vars(day), "recorded_at": in_the_evening(date(2025, 12, 1)), "batch": 50})
        for day in calendar([(2024, 1), (2024, 2)])
    ]
    rows = [*calendar([(2025, 1), (2025, 2)]), *late, *records_of(ALL_YEAR, ENROLMENTS)]
    rows += records_of(COUNTS, ROSTER_COUNTS) + records_of(event("LEFT", "2025-07-15"), OUTCOMES)
    log = write_log(tmp_path, rows)
    day = date(2025, 7, 7)
    who = cohort(Replay(log).advance(day), day)
    found = labels(outcomes(log, date(2026, 5, 4)), who, days(56))
    assert [span.academic_year for span in who.terms] == [2025, 2025]
    assert found.left.tolist() == [True, False]
    assert found.mature


# The next roster count


NEXT = """
    happened_on | recorded_at | academic_year | term
    2025-06-10  | 2025-06-10  | 2025          | 1
    2025-08-11  | 2025-08-11  | 2025          | 1
    2025-11-10  | 2025-11-10  | 2025          | 2
    """


@pytest.mark.parametrize(("left_on", "label"), [("2025-08-11", LEFT), ("2025-08-12", HERE)])
def test_next_count_reaches_to_the_day_of_the_next_count(tmp_path: Path, left_on: str, label: str) -> None:
    college = drawn(tmp_path, counts=NEXT, events=event("LEFT", left_on))
    assert college.said("2025-06-10", known=LATER, horizon=NEXT_COUNT)[1] == label  # a count of the day itself is past


def test_next_count_after_the_last_of_a_term_is_that_of_the_next_term(tmp_path: Path) -> None:
    college = drawn(tmp_path, counts=NEXT, events=event("LEFT", "2025-11-06"))
    assert college.said("2025-09-01", known=LATER, horizon=NEXT_COUNT)[1] == LEFT


def test_a_count_of_an_earlier_term_that_comes_late_is_not_the_next_one(tmp_path: Path) -> None:
    late = f"{NEXT.rstrip()}\n    2025-07-07  | 2025-07-07  | 2024          | 2"
    college = drawn(tmp_path, counts=late, events=event("LEFT", "2025-07-30"))
    assert college.said("2025-06-23", known=LATER, horizon=NEXT_COUNT)[1] == LEFT


def test_without_a_next_count_nothing_is_mature(tmp_path: Path) -> None:
    college = drawn(tmp_path, counts=NEXT)
    assert college.is_mature("2025-06-23", known="2025-08-12", horizon=NEXT_COUNT)
    assert not college.is_mature("2025-06-23", known="2025-08-11", horizon=NEXT_COUNT)
    assert not college.is_mature("2025-12-01", known=LATER, horizon=NEXT_COUNT)


# Whole weeks


@pytest.mark.parametrize(("known", "mature"), [
    ("2025-07-14", False),  # the horizon ends that day
    ("2025-07-15", False),  # no count on or after 14 July is known
    ("2025-11-10", False),  # the count is told that evening
    ("2025-11-11", True),
])  # fmt: skip
def test_a_week_is_mature_when_its_horizon_ended_and_a_count_settled_it(
    tmp_path: Path, known: str, mature: bool
) -> None:
    assert drawn(tmp_path).is_mature("2025-05-19", known=known) is mature


def test_a_count_within_the_horizon_does_not_settle_it(tmp_path: Path) -> None:
    counts = "happened_on | academic_year | term\n2025-06-10 | 2025 | 1"
    assert not drawn(tmp_path, counts=counts).is_mature("2025-05-19", known=LATER)
    assert drawn(tmp_path, counts=counts).is_mature("2025-05-19", known=LATER, horizon=days(22))


def test_a_shorter_horizon_matures_earlier(tmp_path: Path) -> None:
    counts = NEXT
    assert drawn(tmp_path, counts=counts).is_mature("2025-07-07", known="2025-08-18", horizon=days(28))
    assert not drawn(tmp_path, counts=counts).is_mature("2025-07-07", known="2025-08-18", horizon=days(56))


# Still on the roll after the term has closed

THROUGH_MARCH = """
    happened_on | academic_year | term
    2024-11-10  | 2024          | 2
    2025-03-31  | 2024          | 2
    2025-06-10  | 2025          | 1
    """
WITHOUT_1_AFTER_THE_BREAK = """
    student | happened_on | academic_year | term
    1       | 2024-10-21  | 2024          | 2
    2       | 2024-10-21  | 2024          | 2
    2       | 2025-05-12  | 2025          | 1
    """
IN_THE_BREAK, IN_THE_NEXT_TERM = "2025-04-21", "2025-07-07"
LAST_SEEN = ("2025-03-07", "2025-01-17")  # the last day of the term; in its course, without a word
TERM_2 = [f"2024-{day}" for day in ("11-04", "11-11", "11-18", "11-25", "12-02", "12-16", "12-30")] + [
    f"2025-{day}" for day in ("01-06", "01-13", "01-27", "02-03")
]


def _until(last_seen: str) -> str:
    return (
        f"student | from | to | status\n1 | 2024-10-28 | {last_seen} | P\n2 | 2024-10-28 | 2025-03-07 | P\n"
        "2 | 2025-05-19 | 2025-07-04 | P"
    )


@pytest.mark.parametrize("last_seen", LAST_SEEN)
def test_a_mature_week_says_after_the_next_roster_what_it_said_before(tmp_path: Path, last_seen: str) -> None:
    college = drawn(tmp_path, WITHOUT_1_AFTER_THE_BREAK, THROUGH_MARCH, attendance=_until(last_seen))
    settled = [day for day in TERM_2 if college.is_mature(day, known=IN_THE_BREAK)]
    assert settled
    for day in settled:
        assert college.said(day, known=IN_THE_BREAK) == college.said(day, known=IN_THE_NEXT_TERM)
    assert any(LEFT in college.said(day, known=IN_THE_NEXT_TERM).values() for day in TERM_2)
    assert all(college.is_mature(day, known=IN_THE_NEXT_TERM) for day in TERM_2)


@pytest.mark.parametrize(("last_seen", "newest"), [(LAST_SEEN[0], "2025-01-06"), (LAST_SEEN[1], "2024-11-18")])
def test_who_was_seen_after_the_horizon_is_settled_by_the_roll_of_the_same_term(
    tmp_path: Path, last_seen: str, newest: str
) -> None:
    college = drawn(tmp_path, WITHOUT_1_AFTER_THE_BREAK, THROUGH_MARCH, attendance=_until(last_seen))
    assert [day for day in TERM_2 if college.is_mature(day, known=IN_THE_BREAK)] == [
        day for day in TERM_2 if day <= newest
    ]


def test_without_attendance_nobody_is_missing_before_the_next_term_opens(tmp_path: Path) -> None:
    college = drawn(tmp_path, WITHOUT_1_AFTER_THE_BREAK, THROUGH_MARCH)
    assert college.is_mature("2025-02-03", known=IN_THE_BREAK)
    assert not college.is_mature(
        "2025-03-03", known="2025-05-19"
    )  # eight weeks reach to 28 April, beyond the last count


def test_a_resignation_that_was_told_is_settled_by_the_roll_of_the_same_term(tmp_path: Path) -> None:
    resigned = event("LEFT", "2025-01-20")
    college = drawn(
        tmp_path, WITHOUT_1_AFTER_THE_BREAK, THROUGH_MARCH, attendance=_until("2025-01-17"), events=resigned
    )
    assert college.is_mature("2025-01-06", known=IN_THE_BREAK)
    assert college.said("2025-01-06", known=IN_THE_BREAK) == {1: LEFT, 2: HERE}


def test_who_is_in_a_course_of_one_term_is_missing_from_no_later_roster(tmp_path: Path) -> None:
    roster = "student | happened_on | academic_year | term | level\n1 | 2024-10-21 | 2024 | 2 | MODULE"
    college = drawn(tmp_path, roster, THROUGH_MARCH, attendance=_until("2025-01-17"))
    assert college.is_mature("2025-02-03", known=IN_THE_BREAK)
