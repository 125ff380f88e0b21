"""The straight part of a risk model: what each feature adds by itself, in proportion to its value, beside the trees.

Of a known value it adds `weight * value + known`, the value drawn into [low, high]; of one that is missing, `missing`.
Each feature's answers have mean 0 over the rows that were trained on, so what it adds is at once its contribution: of a
sum the Shapley value of each part is the part less its mean (Lundberg and Lee 2017, corollary 1), whether the mean is
over a background or over branches as with the trees. Where the catalogue declares a direction no weight goes against it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from features.declaration import Feature
from models.json_file import JsonObject
from records.errors import ModelRefused

Floats = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.floating[Any]]

LARGEST = 1_000.0
"""Log-odds that a feature may add: far above any sane one, and every sum stays finite."""
_LARGEST_NUMBER = 1e9
"""Of weights and bounds, which have the units of their feature."""
_BLOCK = 16_384
_NUMBERS = ("weight", "low", "high", "known", "missing")


@dataclass(frozen=True, kw_only=True, eq=False)
class Linear:
    """Log-odds by feature, arrays with one entry a feature; `base` is what a usual student has."""

    base: float
    weight: Floats
    low: Floats
    high: Floats
    known: Floats
    missing: Floats

    @cached_property
    def places(self) -> npt.NDArray[np.intp]:
        """The features that add anything."""
        return np.flatnonzero((self.weight != 0) | (self.known != 0) | (self.missing != 0))

    def added(self, columns: Floats) -> Floats:
        """(places, rows): what each of `places` adds, from the values (features, rows) of all features."""
        here = self.places
        return self._worth(here[:, None], columns[here])

    def at(self, feature: int, values: Floats) -> Floats:
        """What one feature adds at each of some values."""
        return self._worth(np.full(values.shape, feature), values)

    def _worth(self, feature: npt.NDArray[np.intp], values: Floats) -> Floats:
        drawn = np.minimum(np.maximum(values, self.low[feature]), self.high[feature])  # NaN stays NaN
        worth = self.weight[feature] * drawn + self.known[feature]
        return np.where(np.isnan(values), self.missing[feature], worth)

    def total(self, added: Floats) -> Floats:
        """(rows,): the base and all that is `added`, always in the order of the features, so that bits are the same."""
        total = np.full(added.shape[1], self.base)
        for one in added:
            total += one
        return total

    def margins(self, values: Matrix) -> Floats:
        """(rows,): what the part adds to the margin of each row of `values` (rows, features)."""
        blocks = np.array_split(values, max(1, -(-len(values) // _BLOCK)))
        return np.concatenate([self.total(self.added(np.ascontiguousarray(one.T, np.float64))) for one in blocks])

    def times(self, factor: float) -> "Linear":
        """The same part, every answer multiplied."""
        return Linear(
            base=self.base * factor, weight=self.weight * factor, low=self.low, high=self.high,
            known=self.known * factor, missing=self.missing * factor,
        )  # fmt: skip


def nothing(features: int) -> Linear:
    """A straight part that adds nothing: of a model of trees alone."""
    zeros = np.zeros(features)
    return Linear(base=0.0, weight=zeros, low=zeros, high=zeros, known=zeros, missing=zeros)


# In a bundle


def as_numbers(linear: Linear, names: Sequence[str]) -> dict[str, object]:
    """For JSON: the base, and five numbers for each feature that adds anything; their digits keep every bit."""
    told = {
        names[place]: {number: float(getattr(linear, number)[place]) for number in _NUMBERS}
        for place in linear.places.tolist()
    }
    return {"base": linear.base, "features": told}


def read_linear(held: JsonObject, features: Sequence[Feature]) -> Linear:
    """What as_numbers wrote. Raises ModelRefused for another feature, for a number that makes no sense, and for a
    weight against the direction that its feature declares.
    """
    told = held.object("features")
    unknown = set(told.held) - {feature.name for feature in features}
    if unknown:
        raise ModelRefused.train_anew(
            f"{told.where} names a feature that the catalogue does not have.",
            th="สมการเส้นตรงของแบบจำลองนี้มีตัวบ่งชี้ที่ไม่อยู่ในชุดตัวบ่งชี้ที่ใช้อยู่",
        )
    numbers = np.zeros((len(_NUMBERS), len(features)))
    for place, feature in enumerate(features):
        if feature.name in told.held:
            numbers[:, place] = _read_one(told.object(feature.name), feature)
    return Linear(
        base=held.number("base", low=-LARGEST, high=LARGEST), **dict(zip(_NUMBERS, numbers, strict=True)),
    )  # fmt: skip


def _read_one(held: JsonObject, feature: Feature) -> list[float]:
    weight = held.number("weight", low=-_LARGEST_NUMBER, high=_LARGEST_NUMBER)
    if weight * feature.risk.value < 0:
        raise ModelRefused.train_anew(
            f"{held.where}: weight goes against the direction that the catalogue declares.",
            th=f"น้ำหนักของ {feature.label.th} ในสมการเส้นตรงของแบบจำลองนี้สวนทางกับทิศทางที่กำหนดไว้",
        )
    low = held.number("low", low=-_LARGEST_NUMBER, high=_LARGEST_NUMBER)
    high = held.number("high", low=low, high=_LARGEST_NUMBER)
    known = held.number("known", low=-_LARGEST_NUMBER, high=_LARGEST_NUMBER)
    if max(abs(weight * low + known), abs(weight * high + known)) > LARGEST:
        raise ModelRefused.train_anew(
            f"{held.where}: it adds more than {LARGEST:,.0f} log-odds.",
            th=f"{feature.label.th} ในสมการเส้นตรงของแบบจำลองนี้เพิ่มคะแนนเกิน {LARGEST:,.0f} log-odds",
        )
    return [weight, low, high, known, held.number("missing", low=-LARGEST, high=LARGEST)]
