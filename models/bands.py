"""From scores and capacity to a list: who is visited, who is watched, and who must be seen by rule."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from features.declaration import Feature

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Names = npt.NDArray[np.str_]
HIGH, WATCH, NO_BAND, UNKNOWN = "high", "watch", "none", "unknown"
BY_RANK, BY_BONUS = "rank", "bonus"
NO_ADVISOR = -1


@dataclass(frozen=True, kw_only=True)
class Bands:
    """One entry a student.

    `rank` counts from 1 by `ordering`, those we abstain on after all others. `cause` says why a student has a place:
    by rank, or only by the bonus; '' without one. Who must be seen by rule stands beside the list: see `must_see`.
    `over` is how far above the line a listed student lies, in the unit of the scores: their ordering value less the
    best of those who could take the place but are not in that list (for high, everybody else; for watch, the same
    advisor's students without a band). NaN without a place, +inf where everybody has one.
    `cut_off` is the ordering value of the last place that a student could take (of the high ones, or of their advisor's
    rows, whichever is lower): NaN where there is a place for everybody of the advisor, or for nobody.
    `listed` is how likely a place was before ties were broken: 1 above the cut-off, 0 below, between for who equals it.
    """

    ordering: Floats
    rank: Ints
    band: Names
    cause: Names
    over: Floats
    cut_off: Floats
    listed: Floats


def assign(
    scores: Floats,
    *,
    listed_last_week: Flags,
    bonus: float,
    advisor: Ints,
    ties: npt.NDArray[np.uint64],
    visits_per_week: int,
    rows_per_advisor: int,
    abstained: Flags | None = None,
) -> Bands:
    """High: exactly the `visits_per_week` highest; watch: each advisor's next highest until `rows_per_advisor`.

    Last week's high get `bonus` when ordering, and no other hysteresis; equal scores are ordered by `ties`, a keyed
    hash. A list is never longer than capacity; students without an advisor (NO_ADVISOR) can only be high. The
    `abstained`, whose data are too incomplete to be ranked, take no place: their band is UNKNOWN.
    """
    unknown = np.zeros(len(scores), bool) if abstained is None else abstained
    ordering = scores + bonus * listed_last_week

    def placed(by: Floats) -> tuple[Ints, Names]:
        order = np.lexsort((ties, -by, unknown))
        return order, _bands(order, unknown, advisor, visits_per_week, rows_per_advisor)

    order, band = placed(ordering)
    _, without_bonus = placed(scores)
    rank = np.empty(len(scores), np.int64)
    rank[order] = np.arange(1, len(scores) + 1)
    cause = np.where(_has_place(band), BY_RANK, "").astype(band.dtype)
    cause[_has_place(band) & listed_last_week & (band != without_bonus)] = BY_BONUS
    cut_off, listed = _contests(ordering, unknown, advisor, visits_per_week, rows_per_advisor)
    return Bands(
        ordering=ordering, rank=rank, band=band, cause=cause, over=_over(ordering, band, advisor),
        cut_off=cut_off, listed=listed,
    )  # fmt: skip


def advisor_numbers(groups: Sequence[str], entered: Mapping[str, Hashable]) -> Ints:
    """A number for the advisor of each class group, from who was entered by group; NO_ADVISOR for a group without one."""
    numbers = {account: number for number, account in enumerate(dict.fromkeys(entered.values()))}
    return np.array([numbers[entered[group]] if group in entered else NO_ADVISOR for group in groups], np.int64)


def _has_place(band: Names) -> Flags:
    return np.asarray((band == HIGH) | (band == WATCH))


def _bands(order: Ints, unknown: Flags, advisor: Ints, visits_per_week: int, rows_per_advisor: int) -> Names:
    """The bands that an order of places gives; the unknown come last in it."""
    band = np.full(len(order), NO_BAND, dtype=f"U{len(UNKNOWN)}")
    # High students come first in the order, so they are the first of their advisor's rows too.
    by_advisor = order[np.argsort(advisor[order], kind="stable")]
    _, first, own = np.unique(advisor[by_advisor], return_index=True, return_inverse=True)
    within_rows = np.arange(len(order)) - first[own] < rows_per_advisor
    band[by_advisor[within_rows & (advisor[by_advisor] != NO_ADVISOR)]] = WATCH
    band[order[:visits_per_week]] = HIGH
    band[unknown] = UNKNOWN
    return band


def _over(ordering: Floats, band: Names, advisor: Ints) -> Floats:
    over = np.full(len(ordering), np.nan)
    high = band == HIGH
    over[high] = ordering[high] - _best(ordering[(band == WATCH) | (band == NO_BAND)])
    for one in np.unique(advisor[band == WATCH]):
        own = advisor == one
        watched = own & (band == WATCH)
        over[watched] = ordering[watched] - _best(ordering[own & (band == NO_BAND)])
    return over


def _best(ordering: Floats) -> float:
    return float(ordering.max(initial=-np.inf))


def _contests(
    ordering: Floats, unknown: Flags, advisor: Ints, visits_per_week: int, rows_per_advisor: int
) -> tuple[Floats, Floats]:
    """The cut-off of each student, and how likely a place was before ties were broken.

    Who ties in both contests, for a visit and for a row of the advisor, is taken to draw twice, independently.
    """
    cut_off, missed = np.full(len(ordering), np.inf), np.ones(len(ordering))
    groups = [(np.flatnonzero(~unknown), visits_per_week)]
    groups += [(np.flatnonzero(~unknown & (advisor == one)), rows_per_advisor) for one in set(advisor) - {NO_ADVISOR}]
    for who, places in groups:
        last, chance = _contest(ordering[who], places)
        cut_off[who] = np.minimum(cut_off[who], last)
        missed[who] *= 1 - chance
    return np.where(np.isfinite(cut_off), cut_off, np.nan), np.where(unknown, 0.0, 1 - missed)


def _contest(ordering: Floats, places: int) -> tuple[float, Floats]:
    """The value of the last of some places (-inf: places for all; +inf: none), and the chance of each to have one."""
    if places >= len(ordering):
        return -np.inf, np.ones(len(ordering))
    if places <= 0:
        return np.inf, np.zeros(len(ordering))
    last = float(np.partition(ordering, len(ordering) - places)[len(ordering) - places])
    tied = ordering == last
    chance = (ordering > last).astype(float)
    chance[tied] = (places - chance.sum()) / tied.sum()
    return last, chance


# Observed rates


@dataclass(frozen=True, kw_only=True)
class ObservedRate:
    """How many of the rows of a band left within the horizon; `low` and `high` are its 95 % interval, as shares."""

    band: str
    rows: int
    left: int
    low: float
    high: float


_Z = 1.959963984540054  # the normal distribution's 97.5 % point: an interval of 95 %


def wilson(left: float, rows: float) -> tuple[float, float]:
    """Wilson's 95 % score interval of a share; (0, 1) when there are no rows.

    Source: E. B. Wilson (1927), Journal of the American Statistical Association 22, 209-212. Counts may be fractions:
    effective numbers of a clustered sample.
    """
    if rows <= 0:
        return 0.0, 1.0
    share, spread = left / rows, _Z * _Z / rows
    middle = (share + spread / 2) / (1 + spread)
    half = np.sqrt(share * (1 - share) * spread + spread * spread / 4) / (1 + spread)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def observed_rates(band: Names, left: Flags, person: Ints) -> tuple[ObservedRate, ...]:
    """The rates of high, watch and none over student-weeks; one entry a student-week in each argument.

    A student stands in a band for many weeks and leaves once, so the weeks of one person are no independent rows:
    the interval is Wilson's for the effective number of rows (`effective_rows`).
    """
    return tuple(_observed(name, left[band == name], person[band == name]) for name in (HIGH, WATCH, NO_BAND))


def _observed(band: str, left: Flags, person: Ints) -> ObservedRate:
    rows, leavers = len(left), int(left.sum())
    counted = effective_rows(left, person)
    low, high = wilson(leavers * counted / max(rows, 1), counted)
    return ObservedRate(band=band, rows=rows, left=leavers, low=low, high=high)


def effective_rows(left: Flags, person: Ints) -> float:
    """How many independent rows would tell a share as exactly as these rows of persons do; at most their number.

    The variance of the share is that of a ratio over persons (Kish 1965, Survey Sampling, 6.3); the binomial variance
    over it is the effective number (Korn and Graubard 1998, Survey Methodology 24, 193-201). With nobody or everybody
    leaving that variance is unknown: rows of one person then count as wholly alike, (sum m)² / sum m².
    """
    if not len(left):
        return 0.0
    _, own = np.unique(person, return_inverse=True)
    rows = np.bincount(own).astype(np.float64)
    alike = float(rows.sum() ** 2 / (rows**2).sum())
    share, persons = float(left.mean()), len(rows)
    if share in (0.0, 1.0) or persons < 2:
        return alike
    residual = np.bincount(own, weights=left - share)
    variance = float((residual**2).sum()) * persons / (persons - 1) / len(left) ** 2
    return min(float(len(left)), share * (1 - share) / variance) if variance > 0 else float(len(left))


# Must see


# The share of recorded days is judged only after this many of them (domain 2.5: < 80 % after at least 5 recorded days).
_LEAST_RECORDED_DAYS = 5


def must_see(
    values: npt.NDArray[np.floating[Any]],
    features: Sequence[Feature],
    rules: Mapping[str, float],
    recorded_days: npt.NDArray[np.floating[Any]] | Ints,
) -> list[list[str]]:
    """For each student the attendance rules that they are past, whatever their score; rules not entered are off.

    The college's own least GPA is no such rule: results change once a term, and a weekly list would repeat them.
    """
    column = {feature.name: values[:, index].astype(np.float64) for index, feature in enumerate(features)}
    past: dict[str, Flags] = {}
    if "attendance_share" in rules:
        # Rounded as the feature is: 1 - 0.8 in binary lies below a share of 0.2, and exactly 80 % present is enough.
        low = np.round(column["away_share_term"], 4) > round(1 - rules["attendance_share"], 4)
        past["attendance_share"] = low & (recorded_days >= _LEAST_RECORDED_DAYS)
    for name in ("absent_run_notice", "absent_run_dismissal"):
        if rules.get(name, 0) >= 1:  # a run of fewer days than one would be everybody's
            past[name] = column["missed_run_now"] >= rules[name]
    return [[name for name, flags in past.items() if flags[index]] for index in range(len(values))]
