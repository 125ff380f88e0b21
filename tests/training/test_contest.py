"""A contest: the same rows for everybody, lists as long as people can visit, ties drawn anew every week."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from records.home import DataHome
from records.tables import RULES
from tests.features.small_log import Record, in_the_evening
from tests.training.drawn_contest import draw_contest, draw_panel, draw_round, draw_week
from tests.training.drawn_home import make_home, set_capacity
from training.contest import Contest, Entrant, Ranked, Round, capacity_of, hold, lengths
from training.evidence import LENGTHS
from training.panel import Week

STUDENTS = 12
NOBODY = [False] * STUDENTS
FIRST_LEAVES = [True] + [False] * (STUDENTS - 1)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[DataHome]:
    rule = Record(
        table=RULES, student=1, happened_on=date(2024, 1, 1), recorded_at=in_the_evening(date(2024, 1, 1)), batch=1,
        line=1, values={"rule": "attendance_share", "value": 0.8},
    )  # fmt: skip
    made = make_home(tmp_path, [rule])
    yield made
    made.close()


def by_number(week: Week) -> Ranked:
    """The students with the highest numbers first."""
    return Ranked(score=week.student.astype(np.float64), probability=None)


def all_the_same(week: Week) -> Ranked:
    return Ranked(score=np.zeros(len(week.student)), probability=np.full(len(week.student), 0.1))


TODAY = date(2025, 12, 1)
ENTRANTS: dict[str, Entrant] = {"number": by_number, "same": all_the_same}


def held(home: DataHome, *weeks: Week) -> Contest:
    return hold(home, draw_panel(*weeks), ENTRANTS, today=TODAY)


# Rounds


def test_every_entrant_lists_every_week_in_the_order_of_days(home: DataHome) -> None:
    contest = held(home, draw_week(1, NOBODY), draw_week(0, FIRST_LEAVES))
    assert contest.names == ("number", "same")
    assert [one.as_of.isoformat() for one in contest.rounds] == ["2025-06-02", "2025-06-09"]
    assert [one.week.left.sum() for one in contest.rounds] == [1, 0]  # a week without a leaver counts too
    assert contest.rounds[0].order("number").tolist() == list(range(STUDENTS))[::-1]
    assert contest.rounds[0].term == (2025, 1)


def test_who_was_gone_is_on_no_list_and_counted(home: DataHome) -> None:
    gone = [False, True, True] + [False] * (STUDENTS - 3)
    one = held(home, draw_week(0, FIRST_LEAVES, gone=gone)).rounds[0]
    assert one.gone == 2
    assert one.week.student.tolist() == [1, *range(4, STUDENTS + 1)]
    assert len(one.ties) == len(one.lists["same"].score) == STUDENTS - 2


def test_a_week_of_which_nobody_is_left_is_no_round(home: DataHome) -> None:
    assert held(home, draw_week(0, NOBODY, gone=[True] * STUDENTS)).rounds == ()


def test_a_week_of_which_nobody_knows_yet_who_leaves_is_refused(home: DataHome) -> None:
    with pytest.raises(ValueError, match="2025-06-02 is not mature"):
        held(home, draw_week(0, NOBODY, mature=False))


@pytest.mark.parametrize("score", [[1.0, 2.0], [np.nan] * STUDENTS])
def test_scores_that_are_missing_are_refused(home: DataHome, score: list[float]) -> None:
    ranked = Ranked(score=np.array(score), probability=None)
    with pytest.raises(ValueError, match="the list broken of 2025-06-02"):
        hold(home, draw_panel(draw_week(0, NOBODY)), {"broken": lambda week: ranked}, today=TODAY)


def test_probabilities_that_are_missing_are_refused(home: DataHome) -> None:
    ranked = Ranked(score=np.zeros(STUDENTS), probability=np.full(STUDENTS, np.nan))
    with pytest.raises(ValueError, match="every row a number"):
        hold(home, draw_panel(draw_week(0, NOBODY)), {"broken": lambda week: ranked}, today=TODAY)


def test_equal_scores_are_in_the_same_order_in_every_run_and_another_every_week(home: DataHome) -> None:
    first, later = held(home, draw_week(0, NOBODY), draw_week(1, NOBODY)).rounds
    again = held(home, draw_week(0, NOBODY)).rounds[0]
    assert first.order("same").tolist() == again.order("same").tolist()
    assert first.order("same").tolist() != later.order("same").tolist()
    assert sorted(first.order("same").tolist()) == list(range(STUDENTS))


# Lengths


def test_the_capacity_is_what_was_entered_for_the_day(home: DataHome) -> None:
    set_capacity(home, visits=3, rows=5)  # from January 2024 on
    entered = held(home, draw_week(0, NOBODY)).rounds[0]
    assert (entered.capacity, entered.capacity_is_default) == (3, False)


def test_before_a_capacity_was_entered_that_of_today_is_judged_as_in_the_bands(home: DataHome) -> None:
    set_capacity(home, visits=3, rows=5)  # from January 2024 on
    before = replace(draw_week(0, NOBODY), as_of=date(2023, 6, 5))
    one = held(home, before).rounds[0]
    assert (one.capacity, one.capacity_is_default) == (3, False)
    assert capacity_of(home, before, TODAY).visits_per_week == 3
    entered_later = hold(home, draw_panel(before), ENTRANTS, today=date(2023, 12, 1)).rounds[0]
    assert (entered_later.capacity, entered_later.capacity_is_default) == (2, True)


def test_without_a_capacity_the_top_tenth_is_listed_and_said_so(home: DataHome) -> None:
    one = held(home, draw_week(0, NOBODY)).rounds[0]
    assert (one.capacity, one.capacity_is_default) == (2, True)  # a tenth of 12, rounded up


def test_where_no_visits_are_made_the_top_tenth_is_listed_too(home: DataHome) -> None:
    set_capacity(home, visits=0, rows=5)
    one = held(home, draw_week(0, NOBODY)).rounds[0]
    assert (one.capacity, one.capacity_is_default) == (2, True)


def test_nobody_is_visited_twice(home: DataHome) -> None:
    set_capacity(home, visits=50, rows=5)
    assert held(home, draw_week(0, NOBODY)).rounds[0].capacity == STUDENTS


def test_the_lengths_are_those_that_evidence_names() -> None:
    found = lengths(draw_round(draw_week(0, [False] * 101), {"a": range(101)}, capacity=7))
    assert tuple(found) == LENGTHS
    assert found == {"capacity": 7, "5%": 6, "10%": 11, "20%": 21}


def test_a_list_has_at_least_one_row() -> None:
    found = lengths(draw_round(draw_week(0, [False, True]), {"a": [1, 2]}, capacity=0))
    assert found == {"capacity": 1, "5%": 1, "10%": 1, "20%": 1}


def test_listed_marks_the_first_rows_of_a_list() -> None:
    one = draw_round(draw_week(0, [False] * 4), {"a": [0.1, 0.4, 0.4, 0.2]}, capacity=2)
    assert one.listed("a", 1).tolist() == [False, True, False, False]
    assert one.listed("a", 3).tolist() == [False, True, True, True]


# Parts of a contest


def two_institutions() -> tuple[Round, ...]:
    weeks = [draw_week(number, [False, True], institution=code) for number in (0, 1) for code in ("X", "Y")]
    return tuple(draw_round(week, {"a": [1, 2]}, capacity=1) for week in weeks)


def test_the_rounds_of_a_day_are_those_of_all_institutions() -> None:
    contest = draw_contest(*two_institutions())
    assert contest.days == {date(2025, 6, 2): (0, 1), date(2025, 6, 9): (2, 3)}
    assert contest.institutions == ("X", "Y")


def test_a_part_of_a_contest_is_a_contest() -> None:
    part = draw_contest(*two_institutions()).of(lambda one: one.institution == "Y")
    assert [one.institution for one in part.rounds] == ["Y", "Y"]
    assert part.names == ("a",)
    assert part.institutions == ("Y",)
