"""The best observer of the records knows as much as records tell: right on average, better than chance, short of the truth."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from benchmarks.observer import observed
from simulation.college import LAST_MONDAY
from simulation.truth import leaving_probability
from simulation.world import World, make_world


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(students=600, years=3, seed=5, last_monday=LAST_MONDAY)


def test_it_is_right_on_average_and_ranks_between_chance_and_the_truth(world: World) -> None:
    weeks = [week for week in world.calendar.weeks if week.term == 4 and week.number in (4, 10, 16)]
    best = observed(world, [week.monday for week in weeks], last_monday=LAST_MONDAY)
    said, true, whose = [], [], []
    for week in weeks:
        here = np.flatnonzero(~np.isnan(best[week.monday]))
        said.append(best[week.monday][here])
        true.append(leaving_probability(lives=world.lives, calendar=world.calendar, week=week, people=here))
        whose.append(here)
    told, truth = np.concatenate(said), np.concatenate(true)
    assert len(told) > 1_000
    assert (told > 0).all()
    assert (told < 1).all()
    _, person = np.unique(np.concatenate(whose), return_inverse=True)
    apart = np.bincount(person, truth - told) / len(told)
    assert abs(apart.sum()) < 4 * np.sqrt((apart**2).sum())
    likely = truth > np.quantile(truth, 0.9)
    assert 0.75 < roc_auc_score(likely, told) < 0.999
    half = np.argsort(told)[len(told) // 2 :]
    assert truth[half].mean() == pytest.approx(told[half].mean(), rel=0.35)


def test_who_is_not_here_has_no_probability(world: World) -> None:
    week = next(week for week in world.calendar.weeks if week.term == 4 and week.number == 10)
    best = observed(world, [week.monday], last_monday=LAST_MONDAY)[week.monday]
    on_roll = world.lives.on_roll[week.term]
    assert np.isnan(best[~on_roll]).all()
    assert 0.9 < np.isfinite(best[on_roll]).mean() <= 1
