"""Fitting: the trees on all rows, calibration on the newest term as the terms before it would have predicted it."""

from collections.abc import Sequence
from dataclasses import dataclass

import lightgbm
import numpy as np
import numpy.typing as npt
from sklearn.model_selection import GroupKFold

from features.declaration import Feature
from models.horizon import Horizon
from models.risk_model import SEEDS, Calibration, Floats, RiskModel, calibrate, fit_members, fit_trees, merge, model_of
from records.errors import ModelRefused
from training.panel import Panel, Week

_FOLDS = 3  # each fold is a whole bag; two thirds of the rows are enough to see how far the trees overstate
_LEAST_LEAVERS = 30

TermKey = tuple[int, int]


def term_of(week: Week) -> TermKey:
    """The term that most of a week's students are in."""
    return max(set(week.term), key=week.term.count)


def terms_of(panel: Panel) -> list[TermKey]:
    """The terms of a panel in order of their first week."""
    first: dict[TermKey, int] = {}
    for week in panel.weeks:
        key = term_of(week)
        first[key] = min(first.get(key, week.as_of.toordinal()), week.as_of.toordinal())
    return sorted(first, key=lambda key: first[key])


@dataclass(frozen=True, kw_only=True, eq=False)
class Bag:
    """A fitted model and the LightGBM texts of its members, one a seed, of which it is the mean."""

    model: RiskModel
    seeds: tuple[int, ...]
    members: tuple[str, ...]


def fit_risk_model(panel: Panel, horizon: Horizon, *, seeds: Sequence[int] = SEEDS) -> RiskModel:
    """The model alone: see `fit_bag`."""
    return fit_bag(panel, horizon, seeds=seeds).model


def fit_bag(panel: Panel, horizon: Horizon, *, seeds: Sequence[int] = SEEDS) -> Bag:
    """Fit the bag on the whole panel and calibrate it on what it had not seen.

    Slope and offset come from the newest term as predicted by the same bag trained on the terms before it, if one of
    those is the same term of an earlier year; else from out-of-fold predictions, folds grouped by person: first and
    second terms lose students at different rates, and a bag that has seen only one kind would be corrected for the
    other (on the simulated college: observed over expected 2.1 in the next term). Raises ModelRefused with too few
    leavers.
    """
    values, left, person = panel.matrix()
    if left.sum() < _LEAST_LEAVERS or (~left).sum() < _LEAST_LEAVERS:
        raise ModelRefused(
            f"The training terms have {int(left.sum())} student-weeks before leaving; a model needs {_LEAST_LEAVERS}. "
            "Import more past terms with --history, or stay with the rule list."
        )
    calibration = _calibration(panel, values, left, person, seeds)
    members = fit_members(values, left, panel.features, seeds=seeds)
    model = model_of(merge(members), panel.features, horizon, calibration)
    return Bag(model=model, seeds=tuple(seeds), members=tuple(members))


def refit(
    bag: Bag, values: npt.NDArray[np.float32], left: npt.NDArray[np.bool_], features: Sequence[Feature]
) -> RiskModel:
    """The same bag on other rows, on the calibrated scale of the first."""
    text = fit_trees(values, left, features, seeds=bag.seeds)
    return model_of(text, features, bag.model.horizon, bag.model.calibration)


def _calibration(
    panel: Panel,
    values: npt.NDArray[np.float32],
    left: npt.NDArray[np.bool_],
    person: npt.NDArray[np.int64],
    seeds: Sequence[int],
) -> Calibration:
    terms = terms_of(panel)
    if any(number == terms[-1][1] for _, number in terms[:-1]):
        earlier = panel.of(lambda week: term_of(week) != terms[-1])
        newest = panel.of(lambda week: term_of(week) == terms[-1])
        before, before_left, _ = earlier.matrix()
        new_values, new_left, _ = newest.matrix()
        if before_left.sum() >= _LEAST_LEAVERS and new_left.any():
            text = fit_trees(before, before_left, panel.features, seeds=seeds)
            return _calibrate(_margins(text, new_values), new_left)
    margins = np.empty(len(left))
    for rest, fold in GroupKFold(_FOLDS).split(values, left, person):
        text = fit_trees(values[rest], left[rest], panel.features, seeds=seeds)
        margins[fold] = _margins(text, values[fold])
    return _calibrate(margins, left)


def _calibrate(margins: Floats, left: npt.NDArray[np.bool_]) -> Calibration:
    try:
        return calibrate(margins, left)
    except ValueError as error:
        raise ModelRefused(f"{error}. Stay with the rule list and look at the data of that term.") from None


def _margins(text: str, values: npt.NDArray[np.float32]) -> Floats:
    """By LightGBM itself: these trees score once, which the tables of a model would not repay."""
    return np.asarray(lightgbm.Booster(model_str=text).predict(values, raw_score=True), np.float64)
