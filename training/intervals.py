"""Intervals by the bootstrap: people are drawn again, each with all their weeks; the lists stay as they were printed.

The weeks of a student are no new evidence each, so a student's rows are drawn together (a cluster bootstrap: Davison
and Hinkley 1997, §3.8; Field and Welsh 2007). A draw is a weight for everybody: how often they were drawn. Every
figure is computed for all draws at once, and for draw 0, in which everybody counts once: that is the figure itself.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from training.contest import Contest, Round
from training.evidence import UNKNOWN, Interval

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Weights = npt.NDArray[np.uint8]
PerRow = Sequence[npt.NDArray[Any]]
"""Numbers or flags of all rows of a contest: one array a round, one entry a row."""

DRAWS, SEED = 1000, 20_251
STUDENTS, INSTITUTIONS = "students", "institutions"
LEAST_INSTITUTIONS = 10  # with fewer there are too few different draws of them to give a 95 % interval
# Five people who all speak for one list can do so by chance (two-sided sign test, p = .06); six cannot (.03).
LEAST_PEOPLE = 6
_BEYOND = 0.025  # of the draws on either side of a 95 % interval
_LEAST_TOLD_SHARE = 0.95  # of the draws a figure must be known, else its interval is one of the luckier draws
_AT_ONCE = 4_000_000  # numbers held at a time: 32 MB


@dataclass(frozen=True, kw_only=True, eq=False)
class Resampled:
    """Who was drawn how often. A unit is a student, or an institution where there are enough of them (`by`)."""

    by: str
    weights: Weights
    """(units, 1 + draws): how often each was drawn; column 0 is all ones."""
    unit: tuple[Ints, ...]
    """For each round the unit of each row."""

    def rows(self, position: int, chosen: slice = slice(None)) -> Weights:
        """(rows, draws): the weights of the rows of one round, of all draws or some."""
        return self.weights[:, chosen][self.unit[position]]

    def sums(self, per_row: PerRow) -> Floats:
        """(rounds, 1 + draws): the sum over each round's rows, everybody counted as often as they were drawn."""
        units = len(self.weights)
        totals = np.array([np.bincount(u, x, minlength=units) for u, x in zip(self.unit, per_row, strict=True)])
        told = np.flatnonzero(totals.any(axis=0))  # of leavers there are few
        weights, totals = self.weights[told], totals[:, told]
        blocks = blocks_of(weights.shape[1], len(told))
        return np.concatenate([totals @ weights[:, block].astype(np.float64) for block in blocks], axis=1)


def blocks_of(draws: int, rows: int) -> list[slice]:
    """The draws in parts so small that a number for every row and draw of a part fits in the memory."""
    step = max(1, _AT_ONCE // max(rows, 1))
    return [slice(start, min(start + step, draws)) for start in range(0, draws, step)]


# Drawing


def resampled_by(contest: Contest) -> str:
    """Institutions where there are at least ten, for students of one share its luck; else students."""
    return INSTITUTIONS if len(contest.institutions) >= LEAST_INSTITUTIONS else STUDENTS


def person_weights(contest: Contest, draws: int = DRAWS, seed: int = SEED, *, by: str | None = None) -> Resampled:
    """Draw as many people as there are, with replacement, `draws` times: each institution's among themselves.

    Whoever is in several institutions is drawn once, with the first. With ten institutions or more these are drawn,
    unless `by` says what is.
    """
    by = by or resampled_by(contest)
    unit, stratum = _units(contest, by)
    rng = np.random.default_rng(seed)
    weights = np.ones((len(stratum), 1 + draws), np.uint8)
    for one in np.unique(stratum):
        members = np.flatnonzero(stratum == one)
        for block in blocks_of(draws, len(members)):
            weights[members, 1 + block.start : 1 + block.stop] = _drawn(rng, len(members), block.stop - block.start)
    return Resampled(by=by, weights=weights, unit=unit)


def _units(contest: Contest, by: str) -> tuple[tuple[Ints, ...], Ints]:
    """The unit of each row, and the stratum of each unit: those of one stratum are drawn among themselves."""
    places = {code: place for place, code in enumerate(contest.institutions)}
    rounds = contest.rounds
    sizes = [len(one.week.person) for one in rounds]
    where = np.repeat(np.array([places[one.institution] for one in rounds], np.int64), sizes)
    if by == INSTITUTIONS:
        return _by_round(where, sizes), np.zeros(len(places), np.int64)
    persons = np.concatenate([one.week.person for one in rounds]) if rounds else np.zeros(0, np.int64)
    _, first, unit = np.unique(persons, return_index=True, return_inverse=True)
    return _by_round(unit.astype(np.int64), sizes), where[first]


def _by_round(flat: Ints, sizes: Sequence[int]) -> tuple[Ints, ...]:
    return tuple(np.split(flat, np.cumsum(sizes)[:-1])) if sizes else ()


def _drawn(rng: np.random.Generator, members: int, draws: int) -> Weights:
    """(members, draws): how often each of them is among as many drawn; 255 times is beyond all chance."""
    picked = rng.integers(0, members, (members, draws)) * draws + np.arange(draws)
    counts = np.bincount(picked.ravel(), minlength=members * draws)
    return counts.reshape(members, draws).astype(np.uint8)


# Intervals


def interval(drawn: Floats, *, told_by: int, resampled: Resampled | None = None) -> Interval:
    """The figure and its 95 % interval (percentiles of the draws) from its values in all draws, draw 0 first.

    `told_by` is how many people (or institutions) made the figure: of too few no bounds are given, nor where many
    draws leave it unknown (NaN). `resampled` says who was drawn; without it, as many students as make no difference.
    """
    value, known = float(drawn[0]), drawn[1:][~np.isnan(drawn[1:])]
    if math.isnan(value):
        return UNKNOWN
    if told_by < LEAST_PEOPLE or len(known) < max(1.0, _LEAST_TOLD_SHARE * (len(drawn) - 1)):
        return Interval(value=value, low=math.nan, high=math.nan)
    beyond = _beyond(resampled)
    low, high = np.quantile(known, (beyond, 1 - beyond))
    return Interval(value=value, low=float(low), high=float(high))


def _beyond(resampled: Resampled | None) -> float:
    """The share of the draws beyond either bound: 2.5 %, and fewer where few institutions were drawn.

    Draws of n units vary by n - 1 in n too little, and the percentiles are those of a normal distribution where Student's
    with n - 1 degrees of freedom is due: with ten units truth lay beyond either bound 5 times in 100. Both are mended by
    the share Φ(-t √(n / (n - 1))) in place of 2.5 % (expanded percentiles: Hesterberg 2015, The American Statistician
    69:371).
    """
    from scipy.special import ndtr, stdtrit  # type: ignore[import-untyped]

    if resampled is None or resampled.by == STUDENTS:
        return _BEYOND
    units = len(resampled.weights)
    return float(ndtr(stdtrit(units - 1, _BEYOND) * math.sqrt(units / (units - 1))))


def people(contest: Contest, per_row: PerRow) -> int:
    """How many persons have a row that is not 0: those who made a figure."""
    found = [one.week.person[values != 0] for one, values in zip(contest.rounds, per_row, strict=True)]
    return len(np.unique(np.concatenate(found)))


def mean_over_days(by_day: Floats) -> Floats:
    """(draws,): the mean over days of a figure (days, draws), without the days on which a draw cannot tell it (NaN)."""
    told = ~np.isnan(by_day)
    days = told.sum(axis=0)
    total = np.where(told, by_day, 0.0).sum(axis=0)
    return np.where(days > 0, total / np.maximum(days, 1), np.nan)


def gain(contest: Contest, first: str, second: str, *, listed: Callable[[Round], int]) -> Interval:
    """Leavers reached a week by the list `first` beyond the list `second`, both `listed` rows long, week by week.

    Paired: whoever both lists reach, or neither, says nothing. A week is an as-of day, all institutions together. No
    bounds where the lists differ on fewer than LEAST_PEOPLE leavers.
    """
    if not contest.rounds:
        return UNKNOWN
    resampled = person_weights(contest)
    differ = [_reached(one, first, listed(one)) - _reached(one, second, listed(one)) for one in contest.rounds]
    drawn = resampled.sums(differ).sum(axis=0) / len(contest.days)
    return interval(drawn, told_by=people(contest, differ), resampled=resampled)


def _reached(one: Round, name: str, count: int) -> Floats:
    """1 for each leaver among the first `count` rows."""
    return (one.listed(name, count) & one.week.left).astype(np.float64)


# The area under the ROC curve


def auc(contest: Contest, name: str, resampled: Resampled) -> Interval:
    """Of a list, per as-of day with all its institutions together, then the mean over the days that have a leaver."""
    if not contest.rounds:
        return UNKNOWN
    left = [one.week.left for one in contest.rounds]
    return interval(drawn_auc(contest, name, resampled), told_by=people(contest, left), resampled=resampled)


def drawn_auc(contest: Contest, name: str, resampled: Resampled) -> Floats:
    """(1 + draws,): the same figure in every draw, for differences of two lists."""
    by_day = [_auc_of_day(contest, name, resampled, positions) for positions in contest.days.values()]
    return mean_over_days(np.array(by_day))


def drawn_auc_within(contest: Contest, name: str, resampled: Resampled) -> Floats:
    """(1 + draws,): the same of `auc_within_by_day`."""
    return mean_over_days(auc_within_by_day(contest, name, resampled))


def auc_within_by_day(contest: Contest, name: str, resampled: Resampled) -> Floats:
    """(days, 1 + draws): the mean of the institutions' own AUCs of a day, weighted by their leavers in the draw."""
    rounds = contest.rounds
    leavers = resampled.sums([one.week.left.astype(np.float64) for one in rounds])
    each = np.array([
        weighted_auc(one.week.left, one.lists[name].score, resampled.weights, unit)
        for one, unit in zip(rounds, resampled.unit, strict=True)
    ])  # fmt: skip
    weight = np.where(np.isnan(each), 0.0, leavers)
    days = [list(places) for places in contest.days.values()]
    total = np.array([weight[places].sum(axis=0) for places in days])
    reached = np.array([(weight * np.nan_to_num(each))[places].sum(axis=0) for places in days])
    return np.asarray(np.divide(reached, total, out=np.full(total.shape, np.nan), where=total > 0))


def _auc_of_day(contest: Contest, name: str, resampled: Resampled, positions: Sequence[int]) -> Floats:
    left = np.concatenate([contest.rounds[place].week.left for place in positions])
    score = np.concatenate([contest.rounds[place].lists[name].score for place in positions])
    unit = np.concatenate([resampled.unit[place] for place in positions])
    return weighted_auc(left, score, resampled.weights, unit)


def weighted_auc(left: Flags, score: Floats, weights: Weights, unit: Ints) -> Floats:
    """(draws,): the share of pairs of a leaver and one who stays in which the leaver has the higher score, ties half.

    `weights` (units, draws) holds how often each unit was drawn, `unit` the unit of each row. The rows that stay are
    put in order once; the sums of their weights up to each leaver's score give all draws at once (Mann and Whitney).
    NaN in a draw without a leaver or without anybody who stays.
    """
    leavers, stayers = np.flatnonzero(left), np.flatnonzero(~left)
    stayers = stayers[np.argsort(score[stayers], kind="stable")]
    below, up_to = (np.searchsorted(score[stayers], score[leavers], side=side) for side in ("left", "right"))
    parts = [
        _auc_of_draws(weights[:, block], unit[leavers], unit[stayers], below, up_to)
        for block in blocks_of(weights.shape[1], len(left))
    ]
    return np.concatenate(parts)


def _auc_of_draws(weights: Weights, leavers: Ints, stayers: Ints, below: Ints, up_to: Ints) -> Floats:
    """`below` and `up_to`: how many of the `stayers`, lowest first, each leaver beats, without and with ties."""
    ends = np.unique(np.concatenate([below, up_to, [0, len(stayers)]]))
    up_to_end = sums_up_to(ends, weights[stayers])
    beaten = up_to_end[np.searchsorted(ends, below)] + up_to_end[np.searchsorted(ends, up_to)]
    of_leavers = weights[leavers].astype(np.float64)
    pairs = of_leavers.sum(axis=0) * up_to_end[-1]
    return np.where(pairs > 0, (of_leavers * beaten).sum(axis=0) / 2 / np.maximum(pairs, 1), np.nan)


def sums_up_to(ends: Ints, rows: Weights) -> Ints:
    """(ends, draws): the sum of the rows before each of `ends`, which begin with 0.

    Only the few ends are summed to: a sum up to every row costs twelve times as much.
    """
    between = [rows[start:end].sum(axis=0, dtype=np.int64) for start, end in pairwise(ends.tolist())]
    return np.cumsum([np.zeros(rows.shape[1], np.int64), *between], axis=0)
