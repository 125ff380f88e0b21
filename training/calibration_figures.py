"""Are probabilities right? Brier score and skill, slope, intercept, calibration error, leavers seen over expected."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from records.suppression import LEAST_CELL
from training.day_sums import DaySums, Flags, Floats, Ints, ratio
from training.evidence import UNKNOWN, Interval
from training.intervals import PerRow, blocks_of, mean_over_days, people

_BINS = 10
# A logit has no place for 0 and 1, which a forest says; rarer than this is more than any of these data could tell.
_LEAST_PROBABILITY = 1e-4
_MOST_STEPS = 50
_CLOSE = 1e-10
_LEAST_SPREAD = 1e-9  # of logits: where all are the same there is no slope


@dataclass(frozen=True, kw_only=True)
class CalibrationFigures:
    """As in training.evidence.ListFigures."""

    brier: Interval
    brier_skill: Interval
    calibration_slope: Interval
    calibration_intercept: Interval
    ece: Interval
    observed_expected: Interval
    observed_expected_by_week: dict[str, float]


NO_PROBABILITIES = CalibrationFigures(
    brier=UNKNOWN, brier_skill=UNKNOWN, calibration_slope=UNKNOWN, calibration_intercept=UNKNOWN, ece=UNKNOWN,
    observed_expected=UNKNOWN, observed_expected_by_week={},
)  # fmt: skip


def calibration_figures(sums: DaySums, probability: PerRow, *, of_base: Floats) -> CalibrationFigures:
    """Of one list's probabilities; `of_base` is the Brier score by day of telling everybody the base rate."""
    told_by = people(sums.contest, sums.left)
    expected = sums.by_day(probability)
    seen = sums.left_by_day[:, 0]
    of_days = ratio(np.where(seen >= LEAST_CELL, seen, np.nan), expected[:, 0])
    brier = brier_by_day(sums, probability)
    slope, intercept = _slope_and_intercept(sums, probability)
    return CalibrationFigures(
        brier=sums.interval(mean_over_days(brier), told_by=told_by),
        brier_skill=sums.interval(_skill(brier, of_base), told_by=told_by),
        calibration_slope=sums.interval(slope, told_by=told_by),
        calibration_intercept=sums.interval(intercept, told_by=told_by),
        ece=_of_errors(
            sums.interval(mean_over_days(ece_by_day(sums, probability)), told_by=told_by),
            _error_by_chance(sums, probability),
        ),
        observed_expected=sums.interval(ratio(sums.left_by_day.sum(axis=0), expected.sum(axis=0)), told_by=told_by),
        observed_expected_by_week={day.isoformat(): float(one) for day, one in zip(sums.days, of_days, strict=True)},
    )


# Brier


def brier_by_day(sums: DaySums, probability: PerRow) -> Floats:
    """(days, 1 + draws): the mean squared distance of probability and outcome."""
    squared = [(told - left) ** 2 for told, left in zip(probability, sums.left, strict=True)]
    return ratio(sums.by_day(squared), sums.rows_by_day)


def _skill(brier: Floats, of_base: Floats) -> Floats:
    """1 - Brier / Brier of telling everybody the base rate, both averaged over days first.

    The mean of the days' own skills would be one of the days on which hardly anybody leaves: there the base rate alone
    is nearly without error, and nothing can be divided by that.
    """
    return 1 - ratio(mean_over_days(brier), mean_over_days(of_base))


# Slope and intercept


def _slope_and_intercept(sums: DaySums, probability: PerRow) -> tuple[Floats, Floats]:
    """(1 + draws,) each: the slope of the outcome on the logit, and the intercept with the slope held at 1.

    Pooled over days: a logistic regression needs more leavers than a day has. The slope is 1 when probabilities are
    neither too extreme nor too timid; the intercept is 0 when as many leave as expected, and above it more do (Cox
    1958, Biometrika 45:562; Miller, Hui and Tierney 1991, Stat Med 10:1213; Van Calster and others 2016, J Clin
    Epidemiol 74:167, whose calibration-in-the-large the intercept is). Draws take one Newton step from the fit of
    everybody (one-step bootstrap: Moulton and Zeger 1991, Comput Stat Data Anal 11:53).
    """
    logits = [_logit(one) for one in probability]
    outcome, logit = np.concatenate(sums.left), np.concatenate(logits)
    unknown = np.full(sums.resampled.weights.shape[1], np.nan)
    if not outcome.any() or outcome.all():
        return unknown, unknown
    (shift,) = _fit(outcome, np.ones((len(logit), 1)), offset=logit)
    slope = unknown
    if np.ptp(logit) > _LEAST_SPREAD:
        start, per_logit = _fit(outcome, np.column_stack([np.ones(len(logit)), logit]), offset=np.zeros(len(logit)))
        slope = per_logit + _step(sums, logits, start, per_logit)
    return slope, shift + _shift_step(sums, logits, shift)


def _logit(probability: Floats) -> Floats:
    clipped = np.clip(probability, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    return np.log(clipped / (1 - clipped))


def _share(logit: Floats) -> Floats:
    return 1 / (1 + np.exp(-np.clip(logit, -700, 700)))


def _fit(outcome: Floats, columns: Floats, *, offset: Floats) -> Floats:
    """Coefficients of a logistic regression by Newton's method; NaN where leavers and others are wholly apart."""
    found = np.zeros(columns.shape[1])
    found[0] = _logit(np.array(outcome.mean())) - offset.mean()
    for _ in range(_MOST_STEPS):
        share = _share(offset + columns @ found)
        curvature = columns.T @ (columns * (share * (1 - share))[:, None])
        if np.linalg.cond(curvature) > 1 / np.finfo(float).eps:
            break
        step = np.linalg.solve(curvature, columns.T @ (outcome - share))
        found = found + step
        if np.abs(step).max() < _CLOSE:
            return found
    return np.full(columns.shape[1], np.nan)


def _step(sums: DaySums, logits: list[Floats], start: float, per_logit: float) -> Floats:
    """(1 + draws,): how far each draw's slope lies from that of everybody."""
    share = [_share(start + per_logit * one) for one in logits]
    off = [left - one for left, one in zip(sums.left, share, strict=True)]
    spread = [one * (1 - one) for one in share]
    first, second = sums.total(off), sums.total(_times(off, logits))
    flat, mixed = sums.total(spread), sums.total(_times(spread, logits))
    squared = sums.total(_times(_times(spread, logits), logits))
    return ratio(flat * second - mixed * first, flat * squared - mixed**2)


def _shift_step(sums: DaySums, logits: list[Floats], shift: float) -> Floats:
    share = [_share(shift + one) for one in logits]
    off = [left - one for left, one in zip(sums.left, share, strict=True)]
    return ratio(sums.total(off), sums.total([one * (1 - one) for one in share]))


def _times(first: list[Floats], second: list[Floats]) -> list[Floats]:
    return [one * other for one, other in zip(first, second, strict=True)]


# Calibration error


def ece_by_day(sums: DaySums, probability: PerRow) -> Floats:
    """(days, 1 + draws): over ten bins of equal count, the mean distance of what was told and what was seen.

    The bins of a day are those of the rows as they were; of who was drawn twice both rows are in the same bin.
    """
    told, left = sums.rows_of_days(probability), sums.rows_of_days(sums.left)
    units = sums.rows_of_days(sums.resampled.unit)
    off = [_errors(sums, *day) for day in zip(told, left, units, strict=True)]
    return ratio(np.array(off), sums.rows_by_day)


def _errors(sums: DaySums, told: Floats, left: Floats, unit: Ints) -> Floats:
    """(1 + draws,): the sum over a day's bins of |leavers expected - seen|."""
    total = np.zeros(sums.resampled.weights.shape[1])
    for rows in _bins(told):
        total += np.abs(_drawn_sum(sums.resampled.weights[unit[rows]], told[rows] - left[rows]))
    return total


def _drawn_sum(weights: npt.NDArray[np.uint8], values: Floats) -> Floats:
    blocks = blocks_of(weights.shape[1], len(values))
    return np.concatenate([values @ weights[:, block].astype(np.float64) for block in blocks])


def _of_errors(found: Interval, by_chance: float) -> Interval:
    """The interval of a figure that chance can only make larger, as it does once more in every draw.

    Taken from the figure as far as the draws lie above it (the basic bootstrap: Davison and Hinkley 1997, §5.2), never
    above the figure; percentiles would promise an error where probabilities are right. What right probabilities would
    show by chance is taken off the lower bound, in squares, as independent errors add up.
    """
    if math.isnan(found.low):
        return found
    least = min(max(0.0, 2 * found.value - found.high), found.value)
    low = math.sqrt(max(0.0, least**2 - by_chance**2))
    return Interval(value=found.value, low=low, high=max(found.value, 2 * found.value - found.low))


def _error_by_chance(sums: DaySums, probability: PerRow) -> float:
    """The calibration error to be expected of right probabilities: the mean of a normal's distance from 0 in each bin."""
    of_days = [
        sum(math.sqrt(2 / math.pi * float((told[rows] * (1 - told[rows])).sum())) for rows in _bins(told)) / len(told)
        for told in sums.rows_of_days(probability)
    ]
    return float(np.mean(of_days))


def _bins(told: Floats) -> list[Ints]:
    """The rows of each of ten bins of equal count, lowest probabilities first; fewer rows make fewer bins."""
    return [rows for rows in np.array_split(np.argsort(told, kind="stable"), _BINS) if len(rows)]


# Bins, to be drawn


@dataclass(frozen=True, kw_only=True)
class CalibrationBin:
    """The mean probability told and the share that left, of so many rows."""

    predicted: float
    observed: float
    rows: int


def calibration_bins(left: Flags, probability: Floats) -> list[CalibrationBin]:
    """Ten bins of equal count, in order of the prediction."""
    return [
        CalibrationBin(predicted=float(probability[rows].mean()), observed=float(left[rows].mean()), rows=len(rows))
        for rows in _bins(probability)
    ]
