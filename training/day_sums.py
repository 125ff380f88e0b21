"""The sums of which figures are made: by as-of day with all its institutions together, in every draw of people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from training.contest import Contest
from training.evidence import UNKNOWN, Interval
from training.intervals import PerRow, Resampled, blocks_of, interval, mean_over_days, people

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Values = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class DaySums:
    """A contest with its draws. `PerRow` holds one array a round, one entry a row, as everywhere."""

    contest: Contest
    resampled: Resampled

    @cached_property
    def days(self) -> tuple[date, ...]:
        return tuple(self.contest.days)

    @cached_property
    def left(self) -> PerRow:
        return [one.week.left.astype(np.float64) for one in self.contest.rounds]

    @cached_property
    def rows_by_day(self) -> Floats:
        return self.by_day([np.ones(len(one)) for one in self.left])

    @cached_property
    def left_by_day(self) -> Floats:
        return self.by_day(self.left)

    def by_day(self, per_row: PerRow) -> Floats:
        """(days, 1 + draws): the sum over the rows of each day."""
        return self._of_days(self.resampled.sums(per_row))

    def _of_days(self, of_rounds: Floats) -> Floats:
        return np.array([of_rounds[list(places)].sum(axis=0) for places in self.contest.days.values()])

    def chosen_by_day(self, flags: Sequence[Flags]) -> Floats:
        """(days, 1 + draws): how many of each day's rows are chosen, counted row by row, for they are few."""
        weights, units = self.resampled.weights, self.resampled.unit
        of_rounds = [weights[unit[own]].sum(axis=0, dtype=np.float64) for unit, own in zip(units, flags, strict=True)]
        return self._of_days(np.array(of_rounds))

    def total(self, per_row: PerRow) -> Floats:
        """(1 + draws,): the sum over all rows."""
        weights = self.resampled.weights
        of_unit = np.bincount(np.concatenate(self.resampled.unit), np.concatenate(per_row), minlength=len(weights))
        blocks = blocks_of(weights.shape[1], len(weights))
        return np.concatenate([of_unit @ weights[:, block].astype(np.float64) for block in blocks])

    def rows_of_days(self, per_row: PerRow) -> list[Values]:
        """The rows of each day together, in the order of `days`."""
        return [np.concatenate([per_row[place] for place in places]) for places in self.contest.days.values()]

    def mean(self, by_day: Floats, *, told_by: PerRow) -> Interval:
        """The mean over the days that can tell a figure, with the interval that the persons of `told_by` allow."""
        if not len(by_day):
            return UNKNOWN
        return self.interval(mean_over_days(by_day), told_by=people(self.contest, told_by))

    def interval(self, drawn: Floats, *, told_by: int) -> Interval:
        """Of a figure (1 + draws,) that so many persons made."""
        return interval(drawn, told_by=told_by, resampled=self.resampled)


def ratio(above: Floats, below: Floats) -> Floats:
    """NaN where there is nothing to divide by."""
    nothing = np.full(np.broadcast(above, below).shape, np.nan)
    return np.asarray(np.divide(above, below, out=nothing, where=below > 0))
