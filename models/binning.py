"""Rows as small whole numbers: between which of the model's own thresholds a value lies, or which category it is.

A tree asks of a feature only `value <= threshold` or `value in categories`, so two values between the same thresholds
cannot be told apart by any tree of the model. Reading every value once into its bin makes each of the thousands of
questions a comparison of two small integers. Semantics are those of LightGBM: values are float64, NaN goes where the
split says, a category is truncated toward zero, and a category that no split names goes right.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from models.trees import Tree, TreeModel
from records.errors import ModelRefused

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
Bins = npt.NDArray[Any]  # uint8 or uint16, (features, rows)

# LightGBM's C API reads a value no further from zero than the float 1e-35 as zero (kZeroThreshold in src/c_api.cpp).
ZERO = float(np.float32(1e-35))

MOST_BINS = 65_536
"""What two bytes tell apart."""


class Binning(NamedTuple):
    """How values become bins; a tuple of arrays, because compiled code takes it as it is.

    A numerical feature of m thresholds has bins 0 to m and m + 1 for NaN; a categorical one has its categories up to
    the largest that a split sends left, and one bin more for all others.
    """

    thresholds: Floats
    """Of all features one after another, ascending and without repetition within a feature."""
    threshold_start: npt.NDArray[np.int64]
    """(features + 1,) where a feature's thresholds begin."""
    unnamed: Ints
    """(features,) the bin of all categories that no split names; -1 for a numerical feature."""

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        """(features,) how many bins each feature has."""
        return np.where(self.unnamed >= 0, self.unnamed + 1, np.diff(self.threshold_start) + 2)

    @property
    def kind(self) -> type[np.uint8] | type[np.uint16]:
        """The type of bins: two bytes as soon as one feature needs them."""
        return np.uint8 if self.sizes.max(initial=0) <= 256 else np.uint16


def binning_of(model: TreeModel) -> Binning:
    """The bins that this model can tell apart. Raises ModelRefused when a feature needs more than two bytes."""
    thresholds: list[set[float]] = [set() for _ in model.features]
    unnamed = np.full(len(model.features), -1, np.int32)
    for tree in model.trees:
        for feature, threshold, left in zip(tree.split_feature, tree.threshold, tree.categories, strict=True):
            if left is None:
                thresholds[feature].add(_beside_zero(float(threshold)))
            else:
                unnamed[feature] = max(unnamed[feature], 1 + largest_category(left))
    binning = Binning(
        thresholds=np.array([number for numbers in thresholds for number in sorted(numbers)], np.float64),
        threshold_start=np.cumsum([0] + [len(numbers) for numbers in thresholds], dtype=np.int64),
        unnamed=unnamed,
    )
    for name, size in zip(model.features, binning.sizes, strict=True):
        if size > MOST_BINS:
            raise ModelRefused(
                f"The model tells {size:,} values of {name} apart, more than {MOST_BINS:,}. "
                "Train it with a smaller max_bin or with fewer categories. · "
                f"แบบจำลองแยกค่าของ {name} ถึง {size:,} ค่า เกิน {MOST_BINS:,} ค่า ฝึกใหม่ด้วย max_bin ที่เล็กลง หรือให้มีรหัสน้อยลง"
            )
    return binning


def _beside_zero(threshold: float) -> float:
    """The threshold that asks the same of a value as it is as `threshold` asks after LightGBM made tiny values zero."""
    if -ZERO <= threshold < 0:
        return float(np.nextafter(-ZERO, -np.inf))
    return ZERO if 0 <= threshold < ZERO else threshold


def largest_category(left: npt.NDArray[np.uint32]) -> int:
    """The largest category in a bit set of 32-bit words; -1 for an empty one."""
    named = np.flatnonzero(categories_left(left, 32 * len(left)))
    return int(named[-1]) if len(named) else -1


def categories_left(left: npt.NDArray[np.uint32], most: int) -> npt.NDArray[np.uint8]:
    """1 for each category 0..most that goes left: a look-up table by category with an entry for the unnamed ones."""
    bits = np.unpackbits(np.ascontiguousarray(left, "<u4").view(np.uint8), bitorder="little")[: most + 1]
    return np.concatenate([bits, np.zeros(most + 1 - len(bits), np.uint8)])


def answers(binning: Binning, tree: Tree, node: int) -> Flags:
    """(bins of the feature,) whether a row goes left at this split, by its bin."""
    feature = int(tree.split_feature[node])
    left = tree.categories[node]
    if left is not None:
        return categories_left(left, int(binning.unnamed[feature])).view(np.bool_)
    start, end = binning.threshold_start[feature : feature + 2]
    threshold = float(tree.threshold[node])
    bins_left = 1 + int(np.searchsorted(binning.thresholds[start:end], _beside_zero(threshold)))
    nan_left = bool(tree.default_left[node]) if tree.nan_is_missing[node] else threshold >= 0
    return np.append(np.arange(end - start + 1) < bins_left, nan_left)


def binned(binning: Binning, columns: Floats) -> Bins:
    """Bins (features, rows) of values given as float64 (features, rows)."""
    bins = np.zeros(columns.shape, binning.kind)
    start = binning.threshold_start.tolist()
    for feature, unnamed in enumerate(binning.unnamed.tolist()):
        column = columns[feature]
        if unnamed >= 0:  # NaN fails both comparisons
            bins[feature] = np.where((column > -1) & (column < unnamed), column, unnamed)
        elif start[feature] < start[feature + 1]:
            thresholds = binning.thresholds[start[feature] : start[feature + 1]]
            # NaN sorts behind every number, and so does its bin.
            bins[feature] = np.searchsorted(thresholds, column) + np.isnan(column)
    return bins
