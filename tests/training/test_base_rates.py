"""Base rates: who leaves, and everybody who is in no rate, told beside it."""

from datetime import date
from pathlib import Path

import pytest

from features.cohort import cohort
from features.state import Replay
from models.horizon import HORIZONS, LIST_HORIZON
from tests.functional.command_fixtures import call
from tests.training.conftest import TrainedCollege
from tests.training.drawn import COUNTS, College, drawn
from training.base_rates import BaseRate, as_numbers, base_rates, by_term, told
from training.outcome import Ending, are_back, endings, outcomes

KNOWN = date(2026, 5, 4)
FIVE = """
    student | happened_on | academic_year | term
    1       | 2025-05-12  | 2025          | 1
    2       | 2025-05-12  | 2025          | 1
    3       | 2025-05-12  | 2025          | 1
    4       | 2025-05-12  | 2025          | 1
    5       | 2025-05-12  | 2025          | 1
    5       | 2025-10-20  | 2025          | 2
    """


def events(*lines: str) -> str:
    return "\n".join(["student | happened_on | recorded_at | event", *lines])


def ended(college: College, as_of: str) -> dict[int, Ending]:
    day = date.fromisoformat(as_of)
    who = cohort(Replay(college.log).advance(day), day)
    kinds = endings(outcomes(college.log, KNOWN), who, LIST_HORIZON)
    return {int(student): Ending(kind) for student, kind in zip(who.student, kinds, strict=True)}


# What else ends a student's time


def test_moving_finishing_and_dying_are_told_apart(tmp_path: Path) -> None:
    college = drawn(
        tmp_path, FIVE,
        events=events(
            "1 | 2025-07-14 | 2025-07-14 | TRANSFER_CONFIRMED", "2 | 2025-07-15 | 2025-07-15 | GRADUATED",
            "3 | 2025-07-16 | 2025-07-16 | DECEASED", "4 | 2025-07-17 | 2025-07-17 | LEFT",
        ),
    )  # fmt: skip
    assert ended(college, "2025-07-07") == {
        1: Ending.MOVED, 2: Ending.FINISHED, 3: Ending.DIED, 4: Ending.NONE, 5: Ending.NONE
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "kind"), [("TRANSFERRED_OUT", Ending.MOVED), ("GRADUATED", Ending.FINISHED), ("DECEASED", Ending.DIED)]
)
def test_a_roster_tells_it_as_well(tmp_path: Path, status: str, kind: Ending) -> None:
    roster = f"""
        student | happened_on | status   | status_on
        1       | 2025-05-12  | ENROLLED |
        2       | 2025-05-12  | ENROLLED |
        1       | 2025-07-21  | {status} | 2025-07-09
        """
    assert ended(drawn(tmp_path, roster), "2025-07-07") == {1: kind, 2: Ending.NONE}


def test_only_until_the_last_day_of_the_horizon_and_only_before_leaving(tmp_path: Path) -> None:
    college = drawn(
        tmp_path, FIVE,
        events=events(
            "1 | 2025-07-14 | 2025-07-14 | TRANSFER_CONFIRMED", "2 | 2025-07-10 | 2025-07-10 | LEFT",
            "2 | 2025-07-14 | 2025-07-14 | TRANSFER_CONFIRMED", "3 | 2025-07-15 | 2025-07-15 | TRANSFER_CONFIRMED",
        ),
    )  # fmt: skip
    assert ended(college, "2025-05-19")[1] == Ending.MOVED  # the 56th day
    assert ended(college, "2025-05-19")[3] == Ending.NONE
    assert ended(college, "2025-05-26")[3] == Ending.MOVED
    assert ended(college, "2025-07-07")[2] == Ending.NONE


# Over a college


@pytest.fixture(scope="module")
def weeks(college: TrainedCollege) -> list[BaseRate]:
    return base_rates(college.home, [college.code], known_until=date(2026, 9, 7), actor="t")


def test_every_week_is_there_at_every_horizon(college: TrainedCollege, weeks: list[BaseRate]) -> None:
    contest = college.trained.judged.contest
    assert contest is not None
    days = {one.as_of for one in contest.rounds}
    for name in HORIZONS:
        own = [week for week in weeks if week.horizon == name]
        assert days < {week.as_of for week in own}
        assert [week.as_of for week in own] == sorted(week.as_of for week in own if week.as_of)


def test_they_are_the_rates_that_the_model_was_trained_on(college: TrainedCollege, weeks: list[BaseRate]) -> None:
    """The same rows, counted without a feature."""
    own = [week for week in weeks if week.horizon == "days_56" and week.mature]
    facts = college.trained.evidence.training
    students = sum(week.students for week in own)
    assert students == facts.rows
    assert sum(week.gone for week in own) == facts.gone_rows
    assert sum(week.left or 0 for week in own) / students == pytest.approx(facts.base_rate)
    assert sum(week.confirmed or 0 for week in own) / students == pytest.approx(facts.strict_base_rate)


def test_a_week_that_is_not_settled_has_no_rate(weeks: list[BaseRate]) -> None:
    [last] = [week for week in weeks if week.as_of == date(2026, 8, 31) and week.horizon == "days_56"]
    assert not last.mature
    assert (last.left, last.confirmed, last.moved, last.finished, last.died) == (None,) * 5
    assert last.rate is last.confirmed_rate is None
    assert last.students > 300


def test_who_finished_or_moved_is_seen_in_the_college(weeks: list[BaseRate]) -> None:
    mature = [week for week in weeks if week.mature]
    assert sum(week.finished or 0 for week in mature) > 100
    assert sum(week.moved or 0 for week in mature) > 10
    for week in mature:
        assert (week.confirmed or 0) <= (week.left or 0) <= week.students


def test_a_longer_horizon_has_more_leavers(weeks: list[BaseRate]) -> None:
    both = {(week.as_of, week.horizon): week for week in weeks if week.mature}
    pairs = [(both[day, "days_28"], week) for (day, horizon), week in both.items() if horizon == "days_56"]
    assert len(pairs) > 50
    assert all((short.left or 0) <= (long.left or 0) for short, long in pairs)


# Together, and as told


def week(day: int, left: int | None, *, returned: int = 0) -> BaseRate:
    return BaseRate(
        institution="1", term=(2025, 1), as_of=date(2025, 6, day), horizon="days_28", mature=left is not None,
        students=50, left=left, confirmed=left, moved=left and 1, finished=left and 0, died=left and 0, gone=2,
        returned=returned,
    )  # fmt: skip


def test_a_term_counts_its_settled_weeks() -> None:
    [term] = by_term([week(2, 3, returned=1), week(9, 2, returned=1), week(16, None)])
    assert (term.as_of, term.mature, term.students, term.left, term.gone, term.returned) == (None, False, 100, 5, 4, 2)
    assert term.rate == 0.05
    [open_term] = by_term([week(2, None), week(9, None)])
    assert (open_term.students, open_term.left, open_term.rate) == (100, None, None)


def test_it_is_told_to_people_and_to_machines() -> None:
    text = told([week(2, 3), week(9, None)])
    assert "1 1/2568" in text
    assert "2025-06-02 | days_28 | 50 | 3 | 6.00 | 3 | 6.00 | 1 | 0 | 0 | 2 | 0" in text
    assert "2025-06-09 | days_28 | 50 | – | – | – | – | – | – | – | 2 | 0" in text
    assert text.startswith("อัตราการออกกลางคัน")
    [first, second] = as_numbers([week(2, 3), week(9, None)])
    assert (first["rate"], first["term"], first["as_of"]) == (0.06, "1/2568", "2025-06-02")
    assert second["rate"] is None


def test_who_came_back_is_counted(tmp_path: Path) -> None:
    college = drawn(
        tmp_path, FIVE, COUNTS,
        events=events("1 | 2025-06-16 | 2025-06-16 | LEFT", "1 | 2025-07-01 | 2025-07-01 | RETURNED"),
    )  # fmt: skip
    found = outcomes(college.log, KNOWN)
    counted = {}
    for day in (date(2025, 6, 30), date(2025, 7, 7)):
        who = cohort(Replay(college.log).advance(day), day)
        counted[day] = are_back(found, who).tolist()
    assert counted == {date(2025, 6, 30): [False] * 4, date(2025, 7, 7): [True, False, False, False, False]}


def test_nobody_asked_about_has_no_rates(college: TrainedCollege) -> None:
    assert base_rates(college.home, [], known_until=date(2026, 9, 7), actor="t") == []


def test_the_command_tells_weeks_and_terms(college: TrainedCollege) -> None:
    words = ("base-rates", "--as-of", "2026-09-07", "--home", college.home.settings.home)
    text, document = call(*words), call(*words, "--json").document
    assert text.code == 0
    assert text.out.startswith("อัตราการออกกลางคัน")
    assert {week["horizon"] for week in document["weeks"]} == set(HORIZONS)
    assert {term["term"] for term in document["terms"]} >= {"1/2567", "2/2567", "1/2568", "2/2568"}
    assert all(term["as_of"] is None for term in document["terms"])
