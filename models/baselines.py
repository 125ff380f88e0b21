"""The simple models that the risk model must beat, each with its own reasons; the absence rule serves while there is no model.

All have the shape of `Scorer`, which the risk model has too, so that what judges, lists or explains takes any of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from features.declaration import Feature
from features.vocabulary import Domain, Ever, Own, Risk, Unit
from models.choosing import Choice, choose
from models.explain import Explained
from models.reasons import choice_of, domain_sums
from models.risk_model import Floats, Matrix, probability
from records.tables import ENROLMENTS
from records.text import Text

_EXPLAINED_AT_ONCE = 20_000


class Scorer(Protocol):
    """What orders students and says why; `values` are (students, features) in the order of its own features."""

    def scores(self, values: Matrix) -> Floats:
        """One number a row: the higher, the sooner on the list."""

    def probabilities(self, values: Matrix) -> Floats | None:
        """The probability of leaving, one a row; None of a rule, which knows none."""

    def contributions(self, values: Matrix) -> tuple[Floats, float]:
        """What each feature adds to the score of each row, and the base: rows sum to the score less the base."""

    def explained(self, values: Matrix, *, compiled: bool = True) -> Explained:
        """Scores (under `logit`), the few reasons of each row and the sums of its domains; without numba if not `compiled`."""


def _explained(scorer: Scorer, choice: Choice, values: Matrix) -> Explained:
    """The reasons of a simple model, some rows at a time: all contributions of a nation would fill the memory."""
    starts = range(0, max(len(values), 1), _EXPLAINED_AT_ONCE)
    parts = [_explained_at_once(scorer, choice, values[start : start + _EXPLAINED_AT_ONCE]) for start in starts]
    return Explained(**{
        field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Explained)
    })  # fmt: skip


def _explained_at_once(scorer: Scorer, choice: Choice, values: Matrix) -> Explained:
    contributions, base = scorer.contributions(values)
    return Explained(
        logit=contributions.sum(axis=1) + base,
        **choose(choice, values, contributions)._asdict(),
        domains=domain_sums(choice, contributions).astype(np.float32),
    )


# The absence rule

# The share of days missed orders; a run of absence that reaches today breaks ties and lifts those who just vanished.
_RULE = {"missed_share_28d": 1.0, "missed_run_now": 0.02}


def absence_rule(values: Matrix, features: Sequence[Feature]) -> Floats:
    """Absences of the last four weeks as a score; unknown absence counts as none."""
    return np.asarray(absence_contributions(values, features).sum(axis=1))


def absence_contributions(values: Matrix, features: Sequence[Feature]) -> Floats:
    """What each feature adds to the rule's score, in its own points: the same shape as a model's contributions."""
    columns = {feature.name: index for index, feature in enumerate(features)}
    points = np.zeros(values.shape)
    for name, weight in _RULE.items():
        points[:, columns[name]] = weight * np.nan_to_num(values[:, columns[name]].astype(np.float64))
    return points


@dataclass(frozen=True, kw_only=True)
class AbsenceRule:
    """The absence rule over these features.

    Its points are no log-odds, but the least contribution that makes a reason is taken for both: a twentieth of the
    last four weeks missed, or three days in a row.
    """

    features: tuple[Feature, ...]

    def scores(self, values: Matrix) -> Floats:
        return absence_rule(values, self.features)

    def probabilities(self, values: Matrix) -> None:
        return None

    def contributions(self, values: Matrix) -> tuple[Floats, float]:
        return absence_contributions(values, self.features), 0.0

    def explained(self, values: Matrix, *, compiled: bool = True) -> Explained:
        return _explained(self, choice_of(self.features), values)


# The class group's share

_SMOOTHING = 20.0  # students' worth of the overall share mixed into each group's


@dataclass(frozen=True, kw_only=True)
class GroupMean:
    """Everybody gets the share of leavers of their class group in training: does the model know more than the group?

    Its `values` (students, 1) are what `past_shares` gives for the students' groups, and `feature` says them.
    """

    shares: dict[tuple[str, int], float]
    overall: float

    def past_shares(self, keys: Sequence[tuple[str, int]]) -> Floats:
        """The share of each student's group, one row a student; a group that training never saw gets the overall one."""
        return np.array([self.shares.get(key, self.overall) for key in keys]).reshape(-1, 1)

    def scores(self, values: Matrix) -> Floats:
        return _log_odds(values[:, 0])

    def probabilities(self, values: Matrix) -> Floats:
        return values[:, 0].astype(np.float64)

    def contributions(self, values: Matrix) -> tuple[Floats, float]:
        base = float(_log_odds(np.array(self.overall)))
        return _log_odds(values) - base, base

    def explained(self, values: Matrix, *, compiled: bool = True) -> Explained:
        return _explained(self, choice_of([self.feature]), values)

    @cached_property
    def feature(self) -> Feature:
        """The one question it asks. In no catalogue: its answer is learned from who left, not known from the records."""
        return Feature(
            name="past_leaving_in_group", table=ENROLMENTS, window=Ever(),
            measure=Own(answers=self.past_shares, reads=("class_group",)),
            unit=Unit.SHARE, decimals=3, domain=Domain.STANDING, risk=Risk.RISES, absent_means=None, changeable=False,
            label=Text(th="การออกกลางคันที่ผ่านมาของกลุ่มเรียน", en="Past leaving in the class group"),
            reason=Text(
                th="ที่ผ่านมานักเรียนกลุ่มเรียนนี้ราว {percent:.0f} ใน 100 คนออกกลางคันในช่วงเวลาเท่ากับที่รายชื่อนี้มองไปข้างหน้า",
                en="in the past about {percent:.0f} of 100 in this class group left within the time that the list looks ahead",
            ),
            asks=Text(
                th="ดูภาพรวมของทั้งกลุ่มร่วมกับครูที่ปรึกษา ตัวเลขนี้ไม่ได้บอกอะไรเกี่ยวกับนักเรียนคนใดคนหนึ่ง",
                en="Look at the whole group with its advisor; the figure says nothing of any one student",
            ),
            source="the list that a model must beat",
        )  # fmt: skip


def _log_odds(share: npt.NDArray[np.floating]) -> Floats:
    share = np.asarray(share, np.float64)
    return np.asarray(np.log(share / (1 - share)))


def fit_group_mean(
    keys: Sequence[tuple[str, int]], left: npt.NDArray[np.bool_], weight: Floats | None = None
) -> GroupMean:
    """The share of each group, drawn to the overall one. Raises ValueError where all or none left: no group differs.

    `weight`: how many rows each stands for, here and in `fit_logistic`.
    """
    weight = np.ones(len(left)) if weight is None else weight
    overall = float(np.average(left, weights=weight))
    if not 0 < overall < 1:
        raise ValueError("of these rows all or none left: there is no share by which groups could differ")
    totals: dict[tuple[str, int], tuple[float, float]] = {}
    for key, value, rows in zip(keys, left.tolist(), weight.tolist(), strict=True):
        size, leavers = totals.get(key, (0.0, 0.0))
        totals[key] = (size + rows, leavers + rows * value)
    shares = {key: (leavers + _SMOOTHING * overall) / (size + _SMOOTHING) for key, (size, leavers) in totals.items()}
    return GroupMean(shares=shares, overall=overall)


# Logistic regression


@dataclass(frozen=True, kw_only=True, eq=False)  # arrays have no one answer to ==
class Logistic:
    """A logistic regression as plain numbers; the arrays have one entry a feature.

    `weight` is log-odds for one unit of the feature, `missing_weight` for not knowing it. What is not known is read as
    `median`. `mean` (after that) and `missing_share` are those of the training rows, whose score would be `intercept`.
    """

    features: tuple[Feature, ...]
    intercept: float
    weight: Floats
    median: Floats
    mean: Floats
    missing_weight: Floats
    missing_share: Floats

    def scores(self, values: Matrix) -> Floats:
        """Log-odds."""
        contributions, base = self.contributions(values)
        return np.asarray(contributions.sum(axis=1) + base)

    def probabilities(self, values: Matrix) -> Floats:
        return probability(self.scores(values))

    def contributions(self, values: Matrix) -> tuple[Floats, float]:
        """Weight × (value − training mean); that a value is missing adds to its own feature. The base is the intercept.

        These are the interventional Shapley values of a linear model (Lundberg and Lee 2017, corollary 1).
        """
        missing = np.isnan(values)
        known = np.where(missing, self.median, values.astype(np.float64))
        of_missing = self.missing_weight * (missing - self.missing_share)
        return self.weight * (known - self.mean) + of_missing, self.intercept

    def explained(self, values: Matrix, *, compiled: bool = True) -> Explained:
        return _explained(self, choice_of(self.features), values)


def fit_logistic(
    values: Matrix, left: npt.NDArray[np.bool_], features: Sequence[Feature], weight: Floats | None = None
) -> Logistic:
    """A logistic regression on standardised features, medians for missing values and a flag for each that is missing."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    imputer = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    scaler, fitted = StandardScaler(), LogisticRegression(C=0.1, max_iter=500)
    filled = imputer.fit_transform(values.astype(np.float64))
    fitted.fit(scaler.fit_transform(filled, sample_weight=weight), left, sample_weight=weight)
    count = len(features)
    log_odds = fitted.coef_[0] / scaler.scale_
    flagged = imputer.indicator_.features_  # the features of which some training row knew nothing
    missing_weight = np.zeros(count)
    missing_weight[flagged] = log_odds[count:]
    return Logistic(
        features=tuple(features),
        intercept=float(fitted.intercept_[0]),
        weight=log_odds[:count],
        median=np.nan_to_num(imputer.statistics_),  # nobody answered: read as 0, with a weight of 0
        mean=scaler.mean_[:count],
        missing_weight=missing_weight,
        missing_share=np.average(np.isnan(values), axis=0, weights=weight),
    )
