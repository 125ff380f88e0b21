"""The search: a small fixed grid of forms, judged forward inside the training terms; the simplest that is good enough.

What may be chosen is how many trees, how many rows a leaf needs, whether thresholds are drawn at random and whether a
straight part stands beside the trees: depth, shrinkage and the rest moved nothing beyond noise on the open data
(models/risk_model.py). The newest term before the
tests judges what the terms before it teach, with one seed, by log loss. The simplest form wins whose loss is within one
standard error of the best one's (Breiman and others 1984, §3.4.3), the error that of the difference, over persons: a
student's weeks are one piece of evidence. What is chosen before the tests is kept for the model in use, so that what
was judged is what serves, and the figures of the tests owe nothing to the choice.
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from models.risk_model import SEEDS, TREES, calibrate, fit_members, margins_of_trees
from training.fit import LEAST_LEAVERS, Form, leavers_of
from training.fit_linear import fit_linear
from training.panel import Panel
from training.sampling import Rows, training_rows
from training.splits import Split

Floats = npt.NDArray[np.float64]

_BESIDE_TREES: tuple[Form, ...] = (
    Form(trees=TREES // 2, min_data=120, extra_trees=True),
    Form(trees=TREES // 2, min_data=120),
    Form(trees=TREES // 2, min_data=40),
    Form(trees=TREES, min_data=120, extra_trees=True),
    Form(trees=TREES, min_data=120),
    Form(trees=TREES, min_data=40),
)
GRID: tuple[Form, ...] = tuple(chain.from_iterable((form, replace(form, linear=0)) for form in _BESIDE_TREES))
"""Simplest first: fewer trees, then random thresholds (steadier reasons), then larger leaves; of each the one with the
straight part before the trees alone, since on later terms and new places it won (docs/adr/0023)."""
MOST_QUIET = 20_000
"""Rows that stay in a search, where forms are only compared with each other."""


@dataclass(frozen=True, kw_only=True)
class Searched:
    """The form that was chosen, and for each of the grid its mean log loss beyond the best one's, with its error."""

    form: Form
    beyond_best: Mapping[Form, tuple[float, float]]

    def as_numbers(self) -> list[dict[str, object]]:
        return [
            {**asdict(form), "beyond_best": beyond, "error": error}
            for form, (beyond, error) in self.beyond_best.items()
        ]  # fmt: skip


def search(split: Split | None, grid: Sequence[Form] | None = None) -> Searched:
    """The form to use, from a split that lies before every test; without one the last of the grid, untried."""
    grid = grid or GRID
    if split is None or len(grid) == 1 or leavers_of(split.training) < LEAST_LEAVERS or not leavers_of(split.test):
        return Searched(form=grid[-1], beyond_best={})
    training = training_rows(split.training, most_quiet=MOST_QUIET)
    test = training_rows(split.test, most_quiet=MOST_QUIET)
    losses = {form: _loss(margin, test) for form, margin in _margins(grid, training, test, split.training)}
    best = min(losses.values(), key=lambda loss: float(loss.sum()))
    beyond = {form: _mean_and_error(loss - best, test) for form, loss in losses.items()}
    chosen = next(form for form in grid if beyond[form][0] <= beyond[form][1])
    return Searched(form=chosen, beyond_best=beyond)


def _margins(grid: Sequence[Form], training: Rows, test: Rows, panel: Panel) -> list[tuple[Form, Floats]]:
    """One fit for forms that differ in the number of trees alone: the shorter is the beginning of the longer."""

    def fitted(same: Sequence[Form]) -> list[tuple[Form, Floats]]:
        [text] = fit_members(
            training.values, training.left, panel.features, seeds=SEEDS[:1], trees=max(form.trees for form in same),
            weight=training.weight, grown=same[0].grown,
        )  # fmt: skip
        of_trees = {trees: margins_of_trees(text, test.values, trees=trees) for trees in {form.trees for form in same}}
        return [
            (form, _on_scale((1 - form.linear) * of_trees[form.trees] + form.linear * straight, test)) for form in same
        ]

    straight: Floats | float = 0.0
    if any(form.linear for form in grid):
        straight = fit_linear(training, panel.features).margins(test.values)
    alike = [[form for form in grid if form.grown == grown] for grown in _ways(grid)]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return [one for found in pool.map(fitted, alike) for one in found]


def _on_scale(margin: Floats, test: Rows) -> Floats:
    """With slope and offset of its own, since calibration mends these of every form: a mean of two is too timid by nature."""
    try:
        return calibrate(margin, test.left, test.weight).logit(margin)
    except ValueError:  # it orders nobody
        return np.full(len(margin), margin.mean())


def _ways(grid: Sequence[Form]) -> list[dict[str, Any]]:
    return list({(form.min_data, form.extra_trees): form.grown for form in grid}.values())


def _loss(margin: Floats, rows: Rows) -> Floats:
    """(rows,): -log of the probability that was given to what happened, times the rows that each stands for."""
    loss = np.logaddexp(0, np.where(rows.left, -margin, margin))
    return np.asarray(loss if rows.weight is None else loss * rows.weight)


def _mean_and_error(difference: Floats, rows: Rows) -> tuple[float, float]:
    """The mean over rows, and its standard error over persons (Liang and Zeger 1986)."""
    weight = np.ones(len(difference)) if rows.weight is None else rows.weight
    total = float(weight.sum())
    mean = float(difference.sum()) / total
    _, own = np.unique(rows.person, return_inverse=True)
    by_person = np.bincount(own, weights=difference - mean * weight)
    return mean, float(np.sqrt((by_person**2).sum())) / total
