"""The search: forward, by log loss, and the simplest form that is within one standard error of the best."""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from tests.training.drawn_contest import draw_panel, draw_week
from training import search as searching
from training.fit import Form
from training.panel import Week
from training.sampling import Rows
from training.search import GRID, search
from training.splits import Split

STUDENTS = 400
ONE, MANY = Form(trees=1), Form(trees=200)


def split(*, strength: float, seed: int = 0, terms: int = 6) -> Split:
    """Two thirds of the weeks train; who leaves has missed more, the more the stronger."""
    random = np.random.default_rng(seed)
    weeks = []
    for number in range(terms):
        missed = random.random(STUDENTS)
        left = random.random(STUDENTS) < 1 / (1 + np.exp(3 - strength * missed))
        weeks.append(draw_week(number, left, values={"missed_share_28d": missed}, person=_persons(number)))
    cut = 2 * terms // 3
    return Split(
        term=(2025, 2), opens=date(2025, 10, 27), training=draw_panel(*weeks[:cut]), test=draw_panel(*weeks[cut:])
    )  # fmt: skip


def _persons(number: int) -> list[int]:
    return list(range(1000 * number, 1000 * number + STUDENTS))


def test_the_simplest_comes_first_in_the_grid() -> None:
    assert len(set(GRID)) == len(GRID)
    assert [form.trees for form in GRID] == sorted(form.trees for form in GRID)
    for simpler, other in pairwise(GRID):
        if simpler.trees == other.trees:
            assert (-simpler.extra_trees, -simpler.min_data) <= (-other.extra_trees, -other.min_data)


def test_every_form_may_be_chosen_without_the_straight_part() -> None:
    beside = [form for form in GRID if form.linear]
    assert [replace(form, linear=0) for form in beside] == [form for form in GRID if not form.linear]


def test_trees_alone_are_chosen_where_a_straight_line_says_too_much() -> None:
    """Only beyond a bound do many leave: a line spreads that over everybody."""
    random = np.random.default_rng(3)
    weeks = []
    for number in range(6):
        missed = random.random(STUDENTS)
        left = random.random(STUDENTS) < np.where(missed > 0.9, 0.9, 0.02)
        weeks.append(draw_week(number, left, values={"missed_share_28d": missed}, person=_persons(number)))
    steep = Split(
        term=(2025, 2), opens=date(2025, 10, 27), training=draw_panel(*weeks[:4]), test=draw_panel(*weeks[4:])
    )  # fmt: skip
    half = Form(trees=200, linear=0.5)
    assert search(steep, (half, replace(half, linear=0))).form.linear == 0
    assert search(split(strength=6), (half, replace(half, linear=0))).form == half


def test_what_a_run_keeps_of_the_search_names_every_choice() -> None:
    first = search(split(strength=6), (ONE, MANY)).as_numbers()[0]
    assert set(first) == {"trees", "min_data", "extra_trees", "linear", "beyond_best", "error"}


def test_where_there_is_much_to_learn_a_single_tree_is_not_enough() -> None:
    found = search(split(strength=6), (ONE, MANY))
    assert found.form == MANY
    beyond, error = found.beyond_best[ONE]
    assert beyond > error > 0
    assert found.beyond_best[MANY] == (0.0, 0.0)


def test_where_there_is_nothing_to_learn_the_simplest_wins_nearly_always() -> None:
    chosen = [search(split(strength=0, seed=seed), (ONE, MANY)).form for seed in range(10)]
    assert chosen.count(ONE) >= 8


def test_a_better_form_within_its_error_loses_to_the_simpler_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The difference of the two is what the error is of: both may be uncertain and still clearly apart."""
    losses = {ONE: np.array([0.5, 0.4, 0.6, 0.1]), MANY: np.array([0.4, 0.5, 0.4, 0.1])}
    monkeypatch.setattr(searching, "_margins", lambda grid, *others: [(form, losses[form]) for form in grid])
    monkeypatch.setattr(searching, "_loss", lambda margin, rows: margin)
    rows = Rows(values=np.zeros((4, 1), np.float32), left=np.zeros(4, bool), person=np.array([1, 1, 2, 3]), weight=None)
    monkeypatch.setattr(searching, "training_rows", lambda panel, most_quiet: rows)
    found = search(split(strength=1), (ONE, MANY))
    # Differences .1, -.1, .2, 0; mean .05; by person -.1, .15, -.05 about it: root of .035 over 4 rows.
    assert found.beyond_best[ONE] == (pytest.approx(0.05), pytest.approx(0.035**0.5 / 4))
    assert found.form == MANY
    losses[ONE] -= 0.01
    assert search(split(strength=1), (ONE, MANY)).form == ONE


def test_the_weeks_of_one_person_are_one_piece_of_evidence() -> None:
    difference = np.array([0.2, 0.2, -0.1, -0.1])
    apart = Rows(values=np.zeros((4, 1), np.float32), left=np.zeros(4, bool), person=np.arange(4), weight=None)
    together = Rows(values=apart.values, left=apart.left, person=np.array([0, 0, 1, 1]), weight=None)
    (mean, error), (same, larger) = (searching._mean_and_error(difference, rows) for rows in (apart, together))
    assert mean == same
    assert larger == pytest.approx(error * 2**0.5)


def test_a_row_that_stands_for_three_counts_three_times() -> None:
    margin = np.array([1.0, -2.0])
    left = np.array([True, False])
    once = Rows(values=np.zeros((2, 1), np.float32), left=left, person=np.arange(2), weight=None)
    thrice = Rows(values=once.values, left=left, person=once.person, weight=np.array([1.0, 3.0]))
    loss = searching._loss(margin, once)
    assert loss.tolist() == pytest.approx([np.log1p(np.exp(-1)), np.log1p(np.exp(-2))])
    assert searching._loss(margin, thrice).tolist() == pytest.approx((loss * [1, 3]).tolist())


def test_forms_that_differ_in_trees_alone_are_fitted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    fit_members = searching.fit_members

    def counted(*rows: object, trees: int, **others: object) -> list[str]:
        asked.append(trees)
        return fit_members(*rows, trees=trees, **others)

    monkeypatch.setattr(searching, "fit_members", counted)
    search(split(strength=2), (Form(trees=5), Form(trees=9), Form(trees=9, extra_trees=True)))
    assert asked == [9, 9]


@pytest.mark.parametrize("why", ["no split", "one form", "nobody leaves"])
def test_without_a_choice_the_last_of_the_grid_is_taken_untried(why: str) -> None:
    quiet: list[Week] = [draw_week(number, [False] * 9) for number in range(2)]
    silent = Split(term=(2025, 2), opens=date(2025, 10, 27), training=draw_panel(quiet[0]), test=draw_panel(quiet[1]))
    given = {"no split": (None, (ONE, MANY)), "one form": (split(strength=6), (MANY,)), "nobody leaves": (silent, (ONE, MANY))}  # fmt: skip
    found = search(*given[why])
    assert found.form == MANY
    assert not found.beyond_best


def test_it_is_told_as_plain_numbers() -> None:
    [first, second] = search(split(strength=6), (ONE, MANY)).as_numbers()
    assert (first["trees"], first["min_data"], first["extra_trees"]) == (1, 40, False)
    assert isinstance(first["beyond_best"], float)
    assert second["beyond_best"] == 0
