"""Answers dealt out anew: as many leave, nobody's table is lost, and who leaves is as likely as was said."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from benchmarks.dealt_answers import TOGETHER, Floats, by_chance, chances, chances_of, dealt, planted
from features.catalogue import CATALOGUE
from tests.training.drawn_contest import draw_panel, draw_week
from training.panel import Week

ROWS, LEAVERS, WEEKS, GONE = 300, 24, 400, 20
LOGIT = planted([one.name for one in CATALOGUE])


@pytest.fixture(scope="module")
def week() -> Week:
    """The first twenty are gone already; whoever leaves stands right behind them, whatever their records say."""
    random = np.random.default_rng(3)
    place = np.arange(ROWS)
    return draw_week(
        1,
        (place >= GONE) & (place < GONE + LEAVERS),
        gone=place < GONE,
        values={
            "missed_share_28d": random.beta(1, 6, ROWS),
            "gpa_previous_term": random.normal(2.5, 0.6, ROWS),
            "failed_courses_previous_term": random.poisson(0.8, ROWS),
            "travel_km": place,  # who it was
        },
    )


def whose(week: Week) -> Floats:
    place = [one.name for one in CATALOGUE].index("travel_km")
    return week.values[:, place].astype(np.float64)


@pytest.fixture(scope="module")
def drawn(week: Week) -> tuple[Week, ...]:
    return dealt(draw_panel(*[week] * WEEKS), LOGIT).weeks


def test_every_table_is_still_there_and_as_many_leave(week: Week, drawn: tuple[Week, ...]) -> None:
    for one in drawn:
        assert (one.left == week.left).all()
        assert (whose(one)[:GONE] == np.arange(GONE)).all()
        assert (np.sort(whose(one)) == np.arange(ROWS)).all()


def test_who_leaves_is_as_likely_as_was_said(week: Week, drawn: tuple[Week, ...]) -> None:
    said = chances(week, LOGIT)
    left = np.bincount(np.concatenate([whose(one)[one.left] for one in drawn]).astype(int), minlength=ROWS)[GONE:]
    assert said.sum() == pytest.approx(LEAVERS)
    deviation = np.sqrt(said * (1 - said) / WEEKS)
    assert (np.abs(left / WEEKS - said) < 4.5 * deviation + 0.01).all()
    assert roc_auc_score(np.concatenate([one.left[GONE:] for one in drawn]), np.tile(said, WEEKS)) < 0.55
    told = [chances(one, LOGIT) for one in drawn]
    assert roc_auc_score(np.concatenate([one.left[GONE:] for one in drawn]), np.concatenate(told)) > 0.75


def test_without_a_signal_everybody_is_as_likely(week: Week) -> None:
    assert chances(week, by_chance) == pytest.approx(LEAVERS / (ROWS - GONE))
    once, again = (dealt(draw_panel(week), by_chance).weeks[0] for _ in range(2))
    assert (whose(once) == whose(again)).all()
    assert (whose(once) != whose(week)).any()


def test_the_planted_function_counts_what_is_known_and_what_comes_together() -> None:
    week = draw_week(
        1,
        [False] * 5,
        values={"missed_share_28d": [0.0, 0.2, 0.2, 0.9, np.nan], "failed_courses_previous_term": [0, 0, 2, 0, 1]},
    )
    assert LOGIT(week) == pytest.approx([0, 1.6, 1.6 + 0.5 + TOGETHER, 4.0, 0.25], abs=1e-6)


@pytest.mark.parametrize("leavers", [0, 3, 5])
def test_probabilities_make_as_many_leavers_as_there_are(leavers: int) -> None:
    assert chances_of(np.array([-40.0, -1.0, 0.0, 2.0, 40.0]), leavers).sum() == pytest.approx(leavers)
