"""Churn: who of last week's list stays, what the bonus costs, and what two models of the same week share."""

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
from training.churn import churn, same_after_retraining, smallest_bonus
from training.contest import Contest, Entrant, Ranked, Round
from training.evidence import MODEL
from training.panel import Week

TODAY = date(2025, 12, 1)


def flags(drawn: str) -> list[bool]:
    return [one == "x" for one in drawn.split()]


def one_week(
    number: int, scores: list[float], left: str = "x . . .", *, capacity: int = 2, institution: str = "1"
) -> Round:
    return draw_round(draw_week(number, flags(left), institution=institution), {MODEL: scores}, capacity=capacity)


def told(contest: Contest, bonus: float) -> tuple[float, float]:
    found = churn(contest, bonus=bonus, same_after_retraining_share=0.9)
    assert (found.bonus, found.same_after_retraining_share) == (bonus, 0.9)
    return found.staying_share, found.recall_lost


def taking_turns(weeks: int = 6) -> Contest:
    """Students 2 and 3 change places every week, a quarter of a logit apart."""
    return draw_contest(*(one_week(n, [3, 2, 2.25, 0] if n % 2 else [3, 2.25, 2, 0]) for n in range(weeks)))


# From week to week


def test_three_weeks_and_six_students_by_hand() -> None:
    #   student                1    2    3    4    5    6
    contest = draw_contest(
        one_week(0, [3.0, 2.0, 1.0, 0.0, 0.0, 0.0], "x . x . . ."),  # high: 1 2
        one_week(1, [3.0, 1.8, 2.0, 0.0, 0.0, 0.0], "x . x . . ."),  # high: 1 3; with a bonus 1 2
        one_week(2, [0.0, 1.8, 2.0, 3.0, 0.0, 0.0], ". . x x . ."),  # high: 4 3; with a bonus 4 2
    )
    assert told(contest, 0.0) == pytest.approx(((1 / 2 + 1 / 2) / 2, 0))
    without, with_bonus = (1 / 2 + 2 / 2 + 2 / 2) / 3, (1 / 2 + 1 / 2 + 1 / 2) / 3
    assert told(contest, 0.3) == pytest.approx(((2 / 2 + 1 / 2) / 2, without - with_bonus))


def test_who_is_no_longer_there_did_not_fall_off_the_list() -> None:
    first = one_week(0, [3, 2, 1, 0])
    whole = one_week(1, [0, 2, 1, 3])
    here = np.array([False, True, True, True])
    without_first = replace(
        whole,
        week=whole.week.rows(here),
        ties=whole.ties[here],
        lists={MODEL: Ranked(score=whole.lists[MODEL].score[here], probability=None)},
    )
    assert told(draw_contest(first, whole), 0.0)[0] == 1 / 2
    assert told(draw_contest(first, without_first), 0.0)[0] == 1


def test_lists_of_two_terms_are_not_compared_but_the_bonus_is_kept() -> None:
    """As in serving: last list's high get the bonus, whenever that was."""
    next_term = one_week(20, [0, 2.0, 2.1, 3], ". x . .")
    next_term = replace(next_term, term=(2025, 2))
    contest = draw_contest(one_week(0, [3, 2, 1, 0]), next_term)
    assert np.isnan(told(contest, 0.0)[0])
    assert told(contest, 0.3)[1] == pytest.approx((1 + 0) / 2 - (1 + 1) / 2)  # 2 is kept, who leaves


def test_institutions_have_lists_of_their_own() -> None:
    steady = [one_week(n, [3, 2, 1, 0], institution="X") for n in (0, 1)]
    turning = [one_week(n, [3, 2, 1, 0] if n else [0, 1, 2, 3], institution="Y") for n in (0, 1)]
    assert told(draw_contest(*steady, *turning), 0.0)[0] == pytest.approx((1 + 0) / 2)


def test_each_week_has_the_length_of_its_day() -> None:
    contest = draw_contest(one_week(0, [3, 2, 1, 0], capacity=2), one_week(1, [3, 2, 1, 0], capacity=1))
    assert told(contest, 0.0)[0] == 1 / 2


def test_equal_scores_are_ordered_by_the_hash_of_the_week() -> None:
    first, then = one_week(0, [1, 1, 1, 1]), one_week(1, [1, 1, 1, 1])
    assert told(draw_contest(first, then), 0.0)[0] == 1
    assert told(draw_contest(first, replace(then, ties=then.ties[::-1].copy())), 0.0)[0] == 0
    assert told(draw_contest(first, replace(then, ties=then.ties[::-1].copy())), 0.1)[0] == 1


def test_of_no_week_nothing_is_told() -> None:
    assert np.isnan(told(Contest(rounds=(), names=(MODEL,)), 0.0)).all()


# The bonus


def test_without_need_there_is_no_bonus() -> None:
    same = draw_contest(*(one_week(n, [3, 2, 1, 0]) for n in range(3)))
    assert smallest_bonus(same) == 0
    assert smallest_bonus(draw_contest(one_week(0, [3, 2, 1, 0]))) == 0  # of one week nobody can stay


def test_four_of_five_is_enough() -> None:
    left = "x . . . . . ."
    contest = draw_contest(
        one_week(0, [9, 8, 7, 6, 5, 1, 0], left, capacity=5), one_week(1, [9, 8, 7, 6, 1, 5, 0], left, capacity=5)
    )
    assert smallest_bonus(contest) == 0
    assert told(contest, 0.0)[0] == 0.8


def test_the_smallest_bonus_that_keeps_enough_is_taken() -> None:
    assert told(taking_turns(), 0.2)[0] == 0.5
    assert smallest_bonus(taking_turns()) == 0.3
    assert told(taking_turns(), 0.3)[0] == 1


def test_when_no_bonus_keeps_enough_it_is_the_largest() -> None:
    contest = draw_contest(one_week(0, [9, 0, 0, 0], capacity=1), one_week(1, [0, 9, 0, 0], capacity=1))
    assert smallest_bonus(contest) == 1.5
    assert told(contest, 1.5)[0] == 0


# After a retraining

STUDENTS = 20


@pytest.fixture
def home(tmp_path: Path) -> Iterator[DataHome]:
    rule = Record(
        table=RULES, student=1, happened_on=date(2024, 1, 1), recorded_at=in_the_evening(date(2024, 1, 1)), batch=1,
        line=1, values={"rule": "attendance_share", "value": 0.8},
    )  # fmt: skip
    made = make_home(tmp_path, [rule])
    yield made
    made.close()


def from_student(first: int) -> Entrant:
    """This student and those with the next numbers first."""
    return lambda week: Ranked(score=-((week.student - first) % STUDENTS).astype(np.float64), probability=None)


def drawn(number: int, *, gone: tuple[int, ...] = (), mature: bool = True) -> Week:
    places = range(STUDENTS)
    return draw_week(number, [False] * STUDENTS, gone=[place in gone for place in places], mature=mature)


def test_what_two_models_share_of_the_newest_week_at_capacity(home: DataHome) -> None:
    set_capacity(home, visits=4, rows=5)
    panel = draw_panel(drawn(0), drawn(2, mature=False), drawn(1))
    newest_only: Entrant = lambda week: from_student(2 if week.as_of == date(2025, 6, 16) else 15)(week)  # noqa: E731
    assert same_after_retraining(home, panel, from_student(1), newest_only, today=TODAY) == 3 / 4
    assert same_after_retraining(home, panel, from_student(1), from_student(1), today=TODAY) == 1
    assert same_after_retraining(home, panel, from_student(1), from_student(11), today=TODAY) == 0


def test_without_a_capacity_it_is_the_top_tenth(home: DataHome) -> None:
    assert same_after_retraining(home, draw_panel(drawn(0)), from_student(1), from_student(2), today=TODAY) == 1 / 2


def test_who_is_gone_is_on_neither_list(home: DataHome) -> None:
    set_capacity(home, visits=4, rows=5)
    panel = draw_panel(drawn(0, gone=(0, 1)))
    assert same_after_retraining(home, panel, from_student(1), from_student(3), today=TODAY) == 1


def test_of_no_rows_nothing_is_told(home: DataHome) -> None:
    assert np.isnan(same_after_retraining(home, draw_panel(), from_student(1), from_student(2), today=TODAY))
