"""Facts at the head of a card: a week is an as-of day, however many institutions it has, and a thinned row many rows."""

from collections.abc import Iterator
from datetime import date
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from records.home import DataHome
from tests.features.pictures import calendar, roster
from tests.training.drawn_contest import FIRST_MONDAY, draw_contest, draw_panel, draw_round, draw_week
from tests.training.drawn_home import make_home
from training import backtest, facts
from training.panel import Week
from training.splits import Split

PLACES = ("1", "2", "3")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataHome]:
    made = make_home(tmp_path_factory.mktemp("home"), [*calendar([(2025, 1)]), *roster(range(1, 4), (2025, 1))])
    yield made
    made.close()


def week_of(number: int, place: str, *, leavers: int = 0, mature: bool = True) -> Week:
    return draw_week(number, np.arange(20) < leavers, institution=place, mature=mature)


def test_a_week_of_several_institutions_is_one_and_skipped_where_nobody_leaves_anywhere() -> None:
    """In the first week somebody leaves at one of three places, in the second nobody does."""
    weeks = [
        week_of(number, place, leavers=int((number, place) == (0, "1"))) for number in range(2) for place in PLACES
    ]
    contest = draw_contest(*(draw_round(week, {"zerodrop": np.arange(20.0)}, capacity=2) for week in weeks))
    candidate: Any = SimpleNamespace()
    split = Split(term=(2025, 1), opens=FIRST_MONDAY, training=draw_panel(*weeks), test=draw_panel(*weeks))
    found = facts.test_facts(contest, [backtest.Tested(split=split, candidate=candidate)])
    assert (found.weeks, found.skipped_weeks, found.rows) == (2, 1, 120)


def test_weeks_that_wait_are_those_of_the_institution_that_waits_for_most(home: DataHome) -> None:
    """Eight at each of two places are eight weeks, and the third has waited for nine."""
    settled = [week_of(number, place, leavers=1) for number in range(4) for place in PLACES]
    waiting = [
        week_of(4 + number, place, mature=False)
        for place, count in zip(PLACES, (8, 8, 9), strict=True)
        for number in range(count)
    ]
    panel = draw_panel(*settled, *waiting)
    found = facts.training_facts(home, panel, draw_panel(*settled), PLACES, date(2026, 1, 1))
    assert found.immature_weeks == 9
    assert (
        facts.training_facts(home, draw_panel(*settled), draw_panel(*settled), PLACES, date(2026, 1, 1)).immature_weeks
        == 0
    )


def test_the_base_rate_counts_a_row_as_often_as_it_stands_for() -> None:
    weeks = [draw_week(number, np.arange(1_000) < 50, gone=(np.arange(1_000) >= 900).tolist()) for number in range(10)]
    assert facts.base_rate(draw_panel(*weeks)) == pytest.approx(50 / 900)
    thinned = draw_panel(*(week.thinned(0.2) for week in weeks))
    assert facts.base_rate(thinned) == pytest.approx(50 / 900, rel=0.1)
