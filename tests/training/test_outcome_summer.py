"""A summer term, which most students skip: its roster proves nobody missing, and who is on it goes on from the term before.

Summer term 2024/3 from 24 March to 2 May 2025, between 2024/2 and 2025/1. Students 1 to 4 were in 2024/2; 1 and 2 take the
summer term; 2 and 4 are on no roster afterwards.
"""

from datetime import date, timedelta
from pathlib import Path

import pytest

from models.horizon import NEXT_COUNT, days
from records.tables import CALENDAR, ENROLMENTS, OUTCOMES, ROSTER_COUNTS
from tests.features.pictures import calendar, records_of
from tests.features.small_log import Record, in_the_evening, write_log
from tests.training.drawn import GONE, HERE, LEFT, College, _each_day, event

SUMMER_OPENS, SUMMER_CLOSES = date(2025, 3, 24), date(2025, 5, 2)
ROSTERS = """
    student | happened_on | academic_year | term | class_group
    1       | 2024-11-11  | 2024          | 2    | A
    2       | 2024-11-11  | 2024          | 2    | A
    3       | 2024-11-11  | 2024          | 2    | A
    4       | 2024-11-11  | 2024          | 2    | A
    1       | 2025-03-31  | 2024          | 3    | A
    2       | 2025-03-31  | 2024          | 3    | A
    1       | 2025-06-10  | 2025          | 1    | A
    3       | 2025-06-10  | 2025          | 1    | A
    """
REGULAR_COUNTS = """
    happened_on | academic_year | term
    2024-11-11  | 2024          | 2
    2025-06-10  | 2025          | 1
    """
ATTENDANCE = """
    student | from       | to         | status
    1       | 2024-10-28 | 2025-03-07 | P
    2       | 2024-10-28 | 2025-03-07 | P
    3       | 2024-10-28 | 2025-03-07 | P
    4       | 2024-10-28 | 2025-02-14 | P
    1       | 2025-03-24 | 2025-05-02 | P
    2       | 2025-03-24 | 2025-04-11 | P
    1       | 2025-05-19 | 2025-07-04 | P
    3       | 2025-05-19 | 2025-07-04 | P
    """


def summer_calendar() -> list[Record]:
    inside = [SUMMER_OPENS + timedelta(n) for n in range((SUMMER_CLOSES - SUMMER_OPENS).days + 1)]
    told = in_the_evening(date(2025, 3, 1))
    return [
        Record(
            table=CALENDAR, happened_on=day, recorded_at=told, batch=1, line=line,
            values={"academic_year": 2024, "term": 3, "kind": "TEACH"},
        )
        for line, day in enumerate((day for day in inside if day.weekday() < 5), start=1)
    ]  # fmt: skip


@pytest.fixture(params=["the summer roster is counted", "it is not"])
def counts(request: pytest.FixtureRequest) -> str:
    """Logs of before hold counts of summer terms; such a count settles nothing."""
    summer = "2025-03-31  | 2024          | 3\n"
    return REGULAR_COUNTS + (summer if request.param == "the summer roster is counted" else "")


def drawn(folder: Path, counts: str, events: str = "", rosters: str = ROSTERS, attendance: str = ATTENDANCE) -> College:
    records = [
        *calendar([(2024, 2), (2025, 1)]), *summer_calendar(),
        *records_of(rosters, ENROLMENTS), *records_of(counts, ROSTER_COUNTS), *_each_day(attendance),
        *(records_of(events, OUTCOMES) if events else ()),
    ]  # fmt: skip
    return College(log=write_log(folder, records))


def test_who_skips_the_summer_term_did_not_leave(tmp_path: Path, counts: str) -> None:
    college = drawn(tmp_path, counts)
    assert college.left_on(3, known="2025-07-07", term=(2024, 2)) is None
    assert college.left_on(4, known="2025-07-07", term=(2024, 2)) == date(2025, 2, 15)
    assert college.said("2025-01-20", known="2025-07-07") == {1: HERE, 2: HERE, 3: HERE, 4: LEFT}


def test_who_was_there_in_summer_and_not_afterwards_left_in_summer(tmp_path: Path, counts: str) -> None:
    college = drawn(tmp_path, counts)
    assert college.left_on(2, known="2025-07-07", term=(2024, 2)) is None
    assert college.left_on(2, known="2025-07-07", term=(2024, 3)) == date(2025, 4, 12)
    assert college.said("2025-03-03", known="2025-07-07") == {1: HERE, 2: LEFT, 3: HERE, 4: GONE}
    assert college.said("2025-04-21", known="2025-07-07") == {1: HERE, 2: GONE}


@pytest.mark.parametrize("marks", ["", "    4       | 2025-03-24 | 2025-05-02 | A\n"])
def test_who_was_put_on_the_summer_roster_and_never_came_left_before(tmp_path: Path, counts: str, marks: str) -> None:
    rosters = ROSTERS.rstrip() + "\n    4       | 2025-03-31  | 2024          | 3    | A\n"
    college = drawn(tmp_path, counts, rosters=rosters, attendance=ATTENDANCE.rstrip() + "\n" + marks)
    for term in ((2024, 2), (2024, 3)):
        assert college.left_on(4, known="2025-07-07", term=term) == date(2025, 2, 15)
    assert college.said("2025-04-07", known="2025-07-07") == {1: HERE, 2: LEFT, 4: GONE}


def test_before_the_next_regular_roster_nobody_is_missing_and_no_late_week_is_mature(
    tmp_path: Path, counts: str
) -> None:
    college = drawn(tmp_path, counts)
    for student in (1, 2, 3, 4):
        assert college.left_on(student, known="2025-05-26", term=(2024, 2)) is None
    assert not college.is_mature("2025-01-20", known="2025-05-26")
    assert college.is_mature("2025-01-20", known="2025-07-07")


def test_the_next_count_is_that_of_the_next_regular_term(tmp_path: Path, counts: str) -> None:
    college = drawn(tmp_path, counts)
    assert college.said("2025-01-20", known="2025-07-07", horizon=NEXT_COUNT) == {1: HERE, 2: LEFT, 3: HERE, 4: LEFT}
    assert not college.is_mature("2025-01-20", known="2025-05-26", horizon=NEXT_COUNT)


def test_a_horizon_reaches_over_a_summer_term_that_the_student_skips(tmp_path: Path, counts: str) -> None:
    picture = event("LEFT", "2025-05-27").replace("\n1 |", "\n3 |")
    college = drawn(tmp_path, counts, picture)
    assert college.said("2025-03-03", known="2025-07-07", horizon=days(90))[3] == LEFT
    assert college.said("2025-03-03", known="2025-07-07", horizon=days(60))[3] == HERE
    assert 3 in college.strict("2025-03-03", known="2025-07-07", horizon=days(90))
