"""Drift of inputs that matters for the score: population stability over the model's own bins, weighted by contribution.

Two values in one bin give the same score, so a move inside a bin is no drift; a feature that the model hardly reads
weighs as little as it counts. With thousands of students every p-value is tiny, so the alarm goes by size. What chance
alone gives, (bins - 1)(1/n + 1/m), is taken off first: Yurdakul and Naranjo, Journal of Risk Model Validation 14 (2020).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.binning import Binning, binned

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.float32]

ALARM = 0.25
"""Of the weighted index; the usual reading (Siddiqi, Credit Risk Scorecards, 2006) calls 0.1 to 0.25 some change, more much.
A simulated college that changes in nothing but its years and its people stays below 0.11."""
MOST = 1.0
"""Of one feature: the students are other ones altogether. Without it one test that is a week late would be an alarm."""
GROUPS = 10
"""Into so many groups of about equal size the bins of a feature are joined; not known has its own."""
_LEAST_SHARE = 1e-4
"""Stands for an empty group, so that one student cannot make the index infinite."""
NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Drift:
    """`index` is the mean over features, weighted by mean |contribution|; `features` those that make most of it."""

    index: float
    features: tuple[str, ...]

    @property
    def alarms(self) -> bool:
        return self.index >= ALARM


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """How many students have each bin of each feature: `counts` one array a feature, the last bin is not known."""

    students: int
    counts: tuple[Ints, ...]


def histogram(binning: Binning, values: Matrix) -> Histogram:
    """`values` is (students, features)."""
    bins = binned(binning, np.ascontiguousarray(values.T, np.float64))
    missing = np.isnan(values).sum(axis=0)
    counts = []
    for feature, size in enumerate(binning.sizes.tolist()):
        found = np.bincount(bins[feature].astype(np.int64), minlength=size)
        last = int(bins[feature][np.isnan(values[:, feature])][0]) if missing[feature] else size - 1
        known = found.copy()
        known[last] -= missing[feature]
        counts.append(np.append(known, missing[feature]).astype(np.int64))
    return Histogram(students=len(values), counts=tuple(counts))


def together(several: list[Histogram]) -> Histogram:
    return Histogram(
        students=sum(one.students for one in several),
        counts=tuple(np.sum([one.counts[f] for one in several], axis=0) for f in range(len(several[0].counts))),
    )


def drift(then: Histogram, now: Histogram, weight: Floats, names: tuple[str, ...]) -> Drift:
    """How far the students of `now` lie from those of `then`; `weight` (features,) is mean |contribution| in training."""
    index = np.array([_stability(old, new) for old, new in zip(then.counts, now.counts, strict=True)])
    part = index * weight / max(weight.sum(), 1e-12)
    largest = [int(place) for place in np.argsort(-part)[:NAMED] if part[place] > 0]
    return Drift(index=float(part.sum()), features=tuple(names[place] for place in largest))


def _stability(old: Ints, new: Ints) -> float:
    """The population stability index of one feature less what chance gives, 0 to MOST."""
    group = _groups(old)
    was, is_now = np.bincount(group, old), np.bincount(group, new)
    told = (was > 0) | (is_now > 0)
    p, q = (np.maximum(counts[told] / max(counts.sum(), 1), _LEAST_SHARE) for counts in (was, is_now))
    by_chance = (told.sum() - 1) * (1 / max(old.sum(), 1) + 1 / max(new.sum(), 1))
    return float(np.clip(((q - p) * np.log(q / p)).sum() - by_chance, 0.0, MOST))


def _groups(old: Ints) -> Ints:
    """For each bin its group: neighbours joined to about equal sizes in the old counts; the last, not known, alone."""
    known = old[:-1]
    before = np.cumsum(known) - known / 2
    group = np.minimum((before * GROUPS / max(known.sum(), 1)).astype(np.int64), GROUPS - 1)
    return np.append(np.unique(group, return_inverse=True)[1], len(np.unique(group)))
