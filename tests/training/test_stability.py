"""Stability: persons are drawn and not weeks, bars keep what comes back, and survival counts what a reader would see."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from features.catalogue import CATALOGUE
from features.vocabulary import Unit
from models.choosing import LEAST_CONTRIBUTION, Choice
from models.reasons import choice_of
from tests.training.conftest import SEEDS, TrainedCollege
from training.sampling import training_rows
from training.stability import (
    MOST_QUIET,
    MOST_ROWS,
    NEVER,
    Stability,
    decided,
    drawn_again,
    evenly,
    survival,
    usual_weight,
)

Floats = npt.NDArray[np.float64]
NAMES = [feature.name for feature in CATALOGUE]
CHOICE = choice_of(CATALOGUE)
# Features whose sentence is true of any known value, of different domains.
AWAY, RESULTS = (
    next(
        place
        for place, feature in enumerate(CATALOGUE)
        if feature.domain.value == domain and feature.unit is not Unit.YES and CHOICE.say[place] == 1
    )
    for domain in ("attendance", "grades")
)
ALSO_AWAY, THIRD_AWAY = [
    place
    for place, feature in enumerate(CATALOGUE)
    if feature.domain.value == "attendance" and CHOICE.say[place] == 1 and feature.changeable and place != AWAY
][:2]


def adding(rows: int, **given: npt.ArrayLike) -> Floats:
    """Contributions of `rows` students to the features named by `away`, `also_away` and `results`; 0 to all others."""
    found = np.zeros((rows, len(CATALOGUE)))
    for place, name in ((AWAY, "away"), (ALSO_AWAY, "also_away"), (RESULTS, "results")):
        found[:, place] = np.asarray(given.get(name, 0.0), float)
    return found


def known(rows: int) -> Floats:
    return np.ones((rows, len(CATALOGUE)))


# Persons drawn again


PERSON = np.repeat(np.arange(50), 6)
LEFT = (PERSON < 8) & (np.arange(300) % 6 == 5)


def test_all_weeks_of_a_person_are_drawn_together() -> None:
    drawn = drawn_again(PERSON, LEFT, np.random.default_rng(1))
    times = np.bincount(drawn, minlength=300).reshape(50, 6)
    assert (times == times[:, :1]).all()
    assert times[:, 0].sum() == 50
    assert len(set(times[:, 0].tolist())) > 2  # some twice, some not at all


def test_as_many_leavers_are_drawn_as_there_are() -> None:
    for draw in range(20):
        drawn = drawn_again(PERSON, LEFT, np.random.default_rng(draw))
        assert LEFT[drawn].sum() == LEFT.sum()


def test_the_same_draw_is_the_same_and_another_is_another() -> None:
    first, same, other = (drawn_again(PERSON, LEFT, np.random.default_rng(draw)) for draw in (1, 1, 2))
    assert (first == same).all()
    assert sorted(first.tolist()) != sorted(other.tolist())


def test_where_everybody_leaves_everybody_may_be_drawn() -> None:
    drawn = drawn_again(PERSON, np.ones(300, bool), np.random.default_rng(3))
    assert len(drawn) == 300


# Survival


def test_a_reason_survives_that_is_a_reason_again() -> None:
    first, again = adding(4, away=0.5, results=0.3), adding(4, away=[0.5, 0.4, 0.01, 0.0], results=[0.1, 0.0, 0.2, 0.0])
    by_feature, by_domain = survival(CHOICE, known(4), first, again)
    assert by_feature == 4 / 8
    assert by_domain == 2 / 4  # attendance leads, and is named again for the first two


def test_a_domain_survives_by_another_of_its_features() -> None:
    first, again = adding(2, away=0.5), adding(2, also_away=0.5)
    assert survival(CHOICE, known(2), first, again) == (0.0, 1.0)


def test_what_speaks_for_its_domain_is_counted_with_it() -> None:
    """Attendance leads and no feature of it passes its bar: another one speaks for it in the second model."""
    spread = np.zeros(len(CATALOGUE))
    spread[[AWAY, ALSO_AWAY]] = NEVER
    choice = choice_of(CATALOGUE, spread)
    first, again = adding(2, away=0.5, results=0.1), adding(2, also_away=0.5, results=[0.1, 0.0])
    assert survival(choice, known(2), first, again) == (1 / 2, 1.0)


def test_what_is_below_its_bar_is_no_reason_in_either_model() -> None:
    first, again = adding(2, away=0.5, results=0.9), adding(2, away=0.5, results=0.9)
    spread = np.zeros(len(CATALOGUE))
    spread[RESULTS] = 1.0
    assert survival(choice_of(CATALOGUE, spread), known(2), first, again) == (1.0, 1.0)
    spread[AWAY] = 1.0
    assert survival(choice_of(CATALOGUE, spread), known(2), first, again) == (None, None)


# Bars


def bars_of(first: Floats, again: list[Floats], *refits: Floats) -> tuple[float, Choice]:
    return decided(CATALOGUE, known(len(first)), first, again, refits)


def test_a_feature_that_always_comes_back_needs_no_more_than_the_least() -> None:
    steady = adding(100, away=np.linspace(0.06, 0.6, 100))
    asked, choice = bars_of(steady, [steady, steady], steady)
    assert asked == 0.65
    assert choice.least[AWAY] == LEAST_CONTRIBUTION


def test_a_feature_that_does_not_come_back_is_never_a_reason() -> None:
    first = adding(100, away=0.5, results=0.5)
    _, choice = bars_of(first, [adding(100, results=0.5)], adding(100, results=0.5))
    assert choice.least[AWAY] == NEVER
    assert choice.least[RESULTS] == LEAST_CONTRIBUTION


def test_one_model_in_which_it_does_not_come_back_is_enough() -> None:
    first = adding(100, away=0.5)
    _, choice = bars_of(first, [first, adding(100), first], first)
    assert choice.least[AWAY] == NEVER


def test_small_contributions_that_come_and_go_need_a_bar_above_them() -> None:
    """Half of the students get 0.5 every time; the other half 0.06, and not again."""
    size = np.repeat([0.5, 0.06], [40, 60])
    first, again = adding(100, away=size), adding(100, away=np.where(size > 0.1, 0.5, 0.0))
    asked, choice = bars_of(first, [again], again)
    assert 0.06 < choice.least[AWAY] <= 0.5
    assert asked == 0.65


def test_too_few_cases_tell_nothing() -> None:
    first = adding(9, away=0.5)
    assert bars_of(first, [first], first)[1].least[AWAY] == NEVER
    assert bars_of(adding(10, away=0.5), [adding(10, away=0.5)], adding(10, away=0.5))[1].least[AWAY] < NEVER


FOR_20 = np.where(np.arange(100) < 20, 0.1, 0.0)
OFTEN = adding(100, away=FOR_20, results=0.5)
FOR_72 = adding(100, away=FOR_20, results=np.where(np.arange(100) < 72, 0.5, 0.0))


def test_more_is_asked_until_reasons_come_back_as_wanted() -> None:
    """Results come back for 72 of 100, and 92 of all 120 reasons, too few: results are given up when 75 are asked."""
    asked, choice = bars_of(OFTEN, [], FOR_72)
    assert asked == 0.75
    assert choice.least[RESULTS] == NEVER
    assert choice.least[AWAY] == LEAST_CONTRIBUTION


def test_it_is_enough_that_one_refit_falls_short() -> None:
    assert bars_of(OFTEN, [], OFTEN, FOR_72)[0] == bars_of(OFTEN, [], FOR_72, OFTEN)[0] == 0.75


def test_where_the_wanted_is_not_reached_most_is_asked() -> None:
    """Attendance always comes back where it was, and is always crowded out."""
    first, crowd = adding(100, away=0.1), adding(100, away=0.1)
    crowd[:, [ALSO_AWAY, THIRD_AWAY]] = 0.9
    first[:20, [ALSO_AWAY, THIRD_AWAY]] = 0.9
    asked, choice = bars_of(first, [], crowd)
    assert asked == 0.95
    assert choice.least[AWAY] == LEAST_CONTRIBUTION


# Rows


@pytest.mark.parametrize(("rows", "taken"), [(0, 0), (1, 1), (7, 7), (20, 10), (1000, 10)])
def test_rows_are_taken_evenly_up_to_so_many(rows: int, taken: int) -> None:
    found = evenly(np.arange(rows, dtype=float)[:, None], 10)[:, 0]
    assert len(found) == taken
    assert (np.diff(found) > 0).all()
    assert taken < 2 or (found[0], found[-1]) == (0, rows - 1)


# At a training


@pytest.fixture
def measured(college: TrainedCollege) -> Any:
    return college.trained.card["stability"]


def test_a_training_measures_every_feature(college: TrainedCollege, measured: Any) -> None:
    assert list(measured["spread"]) == list(measured["weight"]) == NAMES
    assert all(LEAST_CONTRIBUTION <= bar <= NEVER for bar in measured["spread"].values())
    assert measured["shown"] == sum(bar < NEVER for bar in measured["spread"].values()) > 0
    assert college.trained.model.spread is not None
    assert college.trained.model.spread.tolist() == pytest.approx(list(measured["spread"].values()), abs=1e-6)


def test_it_says_with_what_the_model_was_compared(measured: Any) -> None:
    assert measured["compared"] == [
        *(f"seed {seed} alone" for seed in SEEDS), "trained before the test term", "persons drawn again, 1",
        "persons drawn again, 2", "persons drawn again, 3",
    ]  # fmt: skip
    assert 0 < measured["rows"] <= MOST_ROWS


def test_the_bars_leave_fewer_reasons_that_come_back_more_often(measured: Any) -> None:
    assert 0 < measured["reasons"] < measured["reasons_before"]
    assert 0.5 < measured["features_survive"] <= 1
    assert 0.6 < measured["domains_survive"] <= 1


def test_weight_is_what_contributions_usually_amount_to(college: TrainedCollege, measured: Any) -> None:
    values = training_rows(max(college.fitted, key=lambda panel: len(panel.weeks)), most_quiet=MOST_QUIET).values
    told = measured["weight"]
    assert list(told.values()) == pytest.approx(usual_weight(college.trained.model, values).tolist(), abs=1e-6)
    added = np.abs(college.trained.model.contributions(values)[0]).mean(axis=0)
    assert sum(told.values()) == pytest.approx(added.sum(), rel=0.1)


def test_a_share_that_could_not_be_measured_is_null() -> None:
    zeros = np.zeros(2)
    found = Stability(
        spread=zeros, weight=zeros, asked=0.5, features_survive=None, domains_survive=1 / 3, reasons=0.0,
        reasons_before=2 / 3, rows=5, compared=("a",),
    ).as_numbers(["x", "y"])  # fmt: skip
    assert found["features_survive"] is None
    assert found["domains_survive"] == 0.3333
    assert found["spread"] == {"x": 0.0, "y": 0.0}
