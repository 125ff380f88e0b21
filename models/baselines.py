"""The simple lists that a model must beat; the absence rule also serves while there is no model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from features.declaration import Feature

Floats = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.floating[Any]]

# The share of days missed orders; a run of absence that reaches today breaks ties and lifts those who just vanished.
_RULE = {"missed_share_28d": 1.0, "missed_run_now": 0.02}


def _columns(features: Sequence[Feature]) -> dict[str, int]:
    return {feature.name: index for index, feature in enumerate(features)}


def absence_rule(values: Matrix, features: Sequence[Feature]) -> Floats:
    """Absences of the last four weeks as a score; unknown absence counts as none."""
    return np.asarray(absence_contributions(values, features).sum(axis=1))


def absence_contributions(values: Matrix, features: Sequence[Feature]) -> Floats:
    """What each feature adds to the rule's score, in its own points: the same shape as a model's contributions."""
    columns = _columns(features)
    points = np.zeros(values.shape)
    for name, weight in _RULE.items():
        points[:, columns[name]] = weight * np.nan_to_num(values[:, columns[name]].astype(np.float64))
    return points


@dataclass(frozen=True, kw_only=True)
class GroupMean:
    """Everybody gets the share of leavers of their class group in training: does the model know more than the group?"""

    shares: dict[tuple[str, int], float]
    overall: float

    def score(self, keys: Sequence[tuple[str, int]]) -> Floats:
        return np.array([self.shares.get(key, self.overall) for key in keys])


_SMOOTHING = 20.0  # students' worth of the overall share mixed into each group's


def fit_group_mean(keys: Sequence[tuple[str, int]], left: npt.NDArray[np.bool_]) -> GroupMean:
    overall = float(left.mean())
    totals: dict[tuple[str, int], tuple[float, float]] = {}
    for key, value in zip(keys, left, strict=True):
        size, leavers = totals.get(key, (0.0, 0.0))
        totals[key] = (size + 1, leavers + float(value))
    shares = {key: (leavers + _SMOOTHING * overall) / (size + _SMOOTHING) for key, (size, leavers) in totals.items()}
    return GroupMean(shares=shares, overall=overall)


def fit_logistic(values: Matrix, left: npt.NDArray[np.bool_]) -> Any:
    """A logistic regression on standardised features, medians for missing values and a flag for each that is missing."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    imputer = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    return make_pipeline(imputer, StandardScaler(), LogisticRegression(C=0.1, max_iter=500)).fit(values, left)
