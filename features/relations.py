"""A value against the class group: the distance from its mean in standard deviations, or from its median."""

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def relative(group: Ints, values: Floats, least: int) -> Floats:
    """Standard deviations from the mean of the class group; NaN in groups that tell nothing."""
    found = np.full(len(values), np.nan)
    _relative(group, int(group.max()) + 1, values, least, found)
    return found


@numba.njit(cache=True, nogil=True)
def _relative(group, groups, values, least, found):  # type: ignore[no-untyped-def]
    count, mean, spread = np.zeros(groups, np.int64), np.zeros(groups), np.zeros(groups)
    for i in range(len(values)):
        if values[i] == values[i]:
            count[group[i]] += 1
            mean[group[i]] += values[i]
    for one in range(groups):
        mean[one] /= max(count[one], 1)
    for i in range(len(values)):
        if values[i] == values[i]:
            spread[group[i]] += (values[i] - mean[group[i]]) ** 2
    for one in range(groups):
        deviation = np.sqrt(spread[one] / (count[one] - 1)) if count[one] >= max(least, 2) else 0.0
        spread[one] = deviation if deviation > 1e-9 else np.nan
    for i in range(len(values)):
        found[i] = (values[i] - mean[group[i]]) / spread[group[i]]


def from_median(group: Ints, values: Floats, least: int) -> Floats:
    """The value less the median of the class group; NaN in groups with fewer than `least` known values."""
    found = np.full(len(values), np.nan)
    _from_median(group, int(group.max()) + 1, values, least, found)
    return found


def group_mean(group: Ints, values: Floats, least: int) -> Floats:
    """The mean of the class group; NaN in groups with fewer than `least` known values."""
    known = ~np.isnan(values)
    groups = int(group.max()) + 1
    count = np.bincount(group[known], minlength=groups)
    total = np.bincount(group[known], weights=values[known], minlength=groups)
    return np.where(count >= max(least, 1), total / np.maximum(count, 1), np.nan)[group]


@numba.njit(cache=True, nogil=True)
def _from_median(group, groups, values, least, found):  # type: ignore[no-untyped-def]
    ends = np.zeros(groups, np.int64)
    for i in range(len(values)):
        ends[group[i]] += values[i] == values[i]
    ends = np.cumsum(ends)
    filled, known = np.concatenate((np.zeros(1, np.int64), ends[:-1])), np.empty(len(values))
    for i in range(len(values)):
        if values[i] == values[i]:
            known[filled[group[i]]] = values[i]
            filled[group[i]] += 1
    median = np.full(groups, np.nan)
    for one in range(groups):
        own = np.sort(known[(ends[one - 1] if one else 0) : ends[one]])
        if len(own) >= max(least, 1):
            median[one] = (own[(len(own) - 1) // 2] + own[len(own) // 2]) / 2
    for i in range(len(values)):
        found[i] = values[i] - median[group[i]]
