"""Judging: every figure of every list, per as-of day and then averaged, with intervals by drawing the students again.

Days count alike, however many students or leavers they have; a day that cannot tell a figure (an AUC without a leaver)
is left out of that figure. Pooled over days are only slope, intercept and leavers seen over expected.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal

import numpy as np

from training.calibration_figures import NO_PROBABILITIES, brier_by_day, calibration_figures, ece_by_day
from training.contest import Contest, lengths
from training.day_sums import DaySums, Flags, Floats, Ints, ratio
from training.evidence import AT_CAPACITY, LENGTHS, AtLength, Interval, ListFigures
from training.intervals import DRAWS, PerRow, Weights, auc_within_by_day, blocks_of, person_weights, sums_up_to
from training.panel import TermKey

_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")


@dataclass(frozen=True, kw_only=True)
class DayFigures:
    """The figures of one list on one day, at capacity; NaN for what that day cannot tell."""

    auc: float
    average_precision: float
    precision: float
    recall: float
    lift: float
    brier: float
    ece: float
    observed_expected: float


def judged(
    contest: Contest, *, base_rate: float | Mapping[TermKey, float], draws: int = DRAWS
) -> dict[str, ListFigures]:
    """The figures of every list by its name; empty without a round.

    `base_rate` is the share of leavers in the rows that trained, or for each test term in those that trained before it:
    the Brier skill is measured against it.
    """
    if not contest.rounds:
        return {}
    sums = DaySums(contest=contest, resampled=person_weights(contest, draws))
    rates = [base_rate if isinstance(base_rate, float) else base_rate[one.term] for one in contest.rounds]
    of_base = brier_by_day(sums, [np.full(len(left), rate) for left, rate in zip(sums.left, rates, strict=True)])
    return {name: _figures(_List(sums, name), of_base) for name in contest.names}


def judged_days(contest: Contest) -> dict[str, dict[date, DayFigures]]:
    """The figures of every list on every single day."""
    if not contest.rounds:
        return {}
    sums = DaySums(contest=contest, resampled=person_weights(contest, draws=0))
    return {name: _figures_of_days(_List(sums, name)) for name in contest.names}


class _List:
    """One list of a contest; by-day arrays are (days, 1 + draws)."""

    def __init__(self, sums: DaySums, name: str) -> None:
        self.sums, self.name = sums, name

    @cached_property
    def scores(self) -> PerRow:
        return [one.lists[self.name].score for one in self.sums.contest.rounds]

    @cached_property
    def probability(self) -> PerRow | None:
        """Of all rounds, or None for a rule."""
        told = [one.lists[self.name].probability for one in self.sums.contest.rounds]
        known = [one for one in told if one is not None]
        return known if len(known) == len(told) else None

    @cached_property
    def orders(self) -> list[Ints]:
        return [one.order(self.name) for one in self.sums.contest.rounds]

    def listed(self, length: str) -> list[Flags]:
        """Which rows are listed, round by round; each institution fills its own list."""
        chosen = [np.zeros(len(order), bool) for order in self.orders]
        for flags, order, one in zip(chosen, self.orders, self.sums.contest.rounds, strict=True):
            flags[order[: lengths(one)[length]]] = True
        return chosen

    def reached(self, listed: list[Flags]) -> PerRow:
        return [flags * left for flags, left in zip(listed, self.sums.left, strict=True)]


def _figures(one: _List, of_base: Floats) -> ListFigures:
    sums = one.sums
    auc_by_day, average_precision = _order_by_day(one)
    auc = sums.mean(auc_by_day, told_by=sums.left)
    several = len(sums.contest.institutions) > 1
    probability = one.probability
    told = NO_PROBABILITIES if probability is None else calibration_figures(sums, probability, of_base=of_base)
    return ListFigures(
        auc=auc,
        auc_within=sums.mean(auc_within_by_day(sums.contest, one.name, sums.resampled), told_by=sums.left)
        if several
        else auc,
        between_share=_between_share(one),
        average_precision=sums.mean(average_precision, told_by=sums.left),
        at={length: _at_length(one, length) for length in LENGTHS},
        brier=told.brier,
        brier_skill=told.brier_skill,
        calibration_slope=told.calibration_slope,
        calibration_intercept=told.calibration_intercept,
        ece=told.ece,
        observed_expected=told.observed_expected,
        observed_expected_by_week=told.observed_expected_by_week,
    )


# The order


def _order_by_day(one: _List) -> tuple[Floats, Floats]:
    """AUC and average precision, all institutions of a day ranked together; (days, 1 + draws) each."""
    sums = one.sums
    units = sums.rows_of_days(sums.resampled.unit)
    days = zip(sums.rows_of_days(sums.left), sums.rows_of_days(one.scores), units, strict=True)
    found = np.array([_of_order(left > 0, score, sums.resampled.weights, unit) for left, score, unit in days])
    return found[:, 0], found[:, 1]


def _of_order(left: Flags, score: Floats, weights: Weights, unit: Ints) -> Floats:
    """(2, 1 + draws): AUC and average precision of some rows; NaN in a draw without a leaver, or without another.

    Both need only the rows down to each leaver, so they are put in order and summed once. The AUC is the share of pairs
    of a leaver and one who stays in which the leaver scores higher, ties half; the average precision is the mean over
    leavers of the share of leavers among all who score as high or higher, so that equal scores stand together, as in
    scikit-learn's `average_precision_score`.
    """
    order = np.argsort(-score, kind="stable")
    leavers = order[left[order]]
    places = [
        (_places(score[order], score[leavers], side), _places(score[leavers], score[leavers], side)) for side in _SIDES
    ]
    parts = [
        _of_draws(weights[:, block][unit[order]], weights[:, block][unit[leavers]], places)
        for block in blocks_of(weights.shape[1], len(left))
    ]
    return np.concatenate(parts, axis=1)


def _places(highest_first: Floats, score: Floats, side: Literal["left", "right"]) -> Ints:
    """How many score higher (left), and how many as high or higher (right)."""
    return np.searchsorted(-highest_first, -score, side=side)


def _of_draws(rows: Weights, leavers: Weights, places: list[tuple[Ints, Ints]]) -> Floats:
    """`rows` and `leavers` (…, draws): how often each was drawn, highest score first."""
    (higher, leavers_higher), (up_to, leavers_up_to) = places
    everybody = np.full(1, len(rows))
    sums = _sums_before(np.concatenate([higher, up_to, everybody]), rows)
    above, reached_rows, total = sums[: len(higher)], sums[len(higher) : -1], sums[-1]
    left = _sums_before(np.concatenate([leavers_higher, leavers_up_to]), leavers)
    left_above, reached = left[: len(higher)], left[len(higher) :]
    times = leavers.astype(np.float64)
    leaving = times.sum(axis=0)
    staying = total - leaving
    beaten = staying - (above - left_above + reached_rows - reached) / 2
    precision = np.nan_to_num(ratio(reached, reached_rows))  # of a leaver whom the draw lacks
    return np.array([
        ratio((times * beaten).sum(axis=0), leaving * staying),
        ratio((times * precision).sum(axis=0), leaving),
    ])  # fmt: skip


def _sums_before(ends: Ints, weights: Weights) -> Floats:
    """(ends, draws): the sum of the rows before each of `ends`."""
    found = np.unique(np.concatenate([[0], ends]))
    return sums_up_to(found, weights)[np.searchsorted(found, ends)].astype(np.float64)


def _between_share(one: _List) -> float:
    """The part of the variance of a day's scores that lies between institutions, mean over the days with any variance.

    Near 1 the list ranks institutions, not students; the scale is the list's own score.
    """
    shares = []
    for places in one.sums.contest.days.values():
        of_institutions = [one.scores[place] for place in places]
        together = np.concatenate(of_institutions)
        if np.ptp(together) > 0:
            between = sum(len(each) * (each.mean() - together.mean()) ** 2 for each in of_institutions)
            shares.append(float(between / len(together) / together.var()))
    return float(np.mean(shares)) if shares else float("nan")


# Lists of a length


def _at_length(one: _List, length: str) -> AtLength:
    sums, flags = one.sums, one.listed(length)
    told_by = one.reached(flags)
    listed, reached = sums.chosen_by_day(flags), sums.by_day(told_by)

    def mean(by_day: Floats) -> Interval:
        return sums.mean(by_day, told_by=told_by)

    precision = ratio(reached, listed)
    return AtLength(
        listed_per_week=float(listed[:, 0].mean()),
        reached_per_week=mean(reached),
        precision=mean(precision),
        recall=mean(ratio(reached, sums.left_by_day)),
        lift=mean(_lift(sums, precision)),
    )


def _lift(sums: DaySums, precision: Floats) -> Floats:
    """How many times the share of leavers among everybody of the day."""
    return ratio(precision, ratio(sums.left_by_day, sums.rows_by_day))


# Single days


def _figures_of_days(one: _List) -> dict[date, DayFigures]:
    sums, flags = one.sums, one.listed(AT_CAPACITY)
    reached = sums.by_day(one.reached(flags))
    precision = ratio(reached, sums.chosen_by_day(flags))
    auc, average_precision = _order_by_day(one)
    by_day = {
        "auc": auc,
        "average_precision": average_precision,
        "precision": precision,
        "recall": ratio(reached, sums.left_by_day),
        "lift": _lift(sums, precision),
    } | _of_probabilities(one)
    return {
        day: DayFigures(**{name: float(found[place, 0]) for name, found in by_day.items()})
        for place, day in enumerate(sums.days)
    }


def _of_probabilities(one: _List) -> dict[str, Floats]:
    if one.probability is None:
        return dict.fromkeys(("brier", "ece", "observed_expected"), np.full((len(one.sums.days), 1), np.nan))
    return {
        "brier": brier_by_day(one.sums, one.probability),
        "ece": ece_by_day(one.sums, one.probability),
        "observed_expected": ratio(one.sums.left_by_day, one.sums.by_day(one.probability)),
    }
