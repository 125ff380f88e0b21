"""From scores and capacity to a list: who is visited, who is watched, and who must be seen by rule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from features.declaration import Feature

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
HIGH, WATCH, NO_BAND = "high", "watch", "none"
BY_RANK, BY_BONUS = "rank", "bonus"
NO_ADVISOR = -1


@dataclass(frozen=True, kw_only=True)
class Bands:
    """One entry a student. `rank` counts from 1 by `ordering`; `cause` says why a student is on the list ('' if not)."""

    ordering: Floats
    rank: Ints
    band: npt.NDArray[np.str_]
    cause: npt.NDArray[np.str_]


def assign(
    scores: Floats,
    *,
    listed_last_week: npt.NDArray[np.bool_],
    bonus: float,
    advisor: Ints,
    ties: npt.NDArray[np.uint64],
    visits_per_week: int,
    rows_per_advisor: int,
) -> Bands:
    """High: exactly the `visits_per_week` highest; watch: each advisor's next highest until `rows_per_advisor`.

    Last week's high get `bonus` when ordering, and no other hysteresis; equal scores are ordered by `ties`, a keyed
    hash. A list is never longer than capacity; students without an advisor (NO_ADVISOR) can only be high.
    """
    ordering = scores + bonus * listed_last_week
    order = np.lexsort((ties, -ordering))
    rank = np.empty(len(scores), np.int64)
    rank[order] = np.arange(1, len(scores) + 1)
    band = np.full(len(scores), NO_BAND, dtype="U5")
    band[order[:visits_per_week]] = HIGH
    _fill_watch(band, order, advisor, rows_per_advisor)
    without_bonus = np.lexsort((ties, -scores))[:visits_per_week]
    cause = np.where(band == NO_BAND, "", BY_RANK).astype(band.dtype)  # room for `bonus`, the longer word
    stayed = (band == HIGH) & listed_last_week & ~np.isin(np.arange(len(scores)), without_bonus)
    cause[stayed] = BY_BONUS
    return Bands(ordering=ordering, rank=rank, band=band, cause=cause)


def _fill_watch(band: npt.NDArray[np.str_], order: Ints, advisor: Ints, rows_per_advisor: int) -> None:
    rows: dict[int, int] = {}
    for index in order:
        own = int(advisor[index])
        if own == NO_ADVISOR:
            continue
        if band[index] == HIGH:
            rows[own] = rows.get(own, 0) + 1
    for index in order:
        own = int(advisor[index])
        if own != NO_ADVISOR and band[index] == NO_BAND and rows.get(own, 0) < rows_per_advisor:
            band[index] = WATCH
            rows[own] = rows.get(own, 0) + 1


# The share of recorded days is judged only after this many of them (domain 2.5: < 80 % after at least 5 recorded days).
_LEAST_RECORDED_DAYS = 5


def must_see(
    values: npt.NDArray[np.floating[Any]], features: Sequence[Feature], rules: Mapping[str, float], recorded_days: Ints
) -> list[list[str]]:
    """For each student the attendance rules that they are past, whatever their score; rules not entered are off.

    The college's own least GPA is no such rule: results change once a term, and a weekly list would repeat them.
    """
    column = {feature.name: values[:, index].astype(np.float64) for index, feature in enumerate(features)}
    past: dict[str, npt.NDArray[np.bool_]] = {}
    if "attendance_share" in rules:
        # Rounded as the feature is: 1 - 0.8 in binary lies below a share of 0.2, and exactly 80 % present is enough.
        low = np.round(column["away_share_term"], 4) > round(1 - rules["attendance_share"], 4)
        past["attendance_share"] = low & (recorded_days >= _LEAST_RECORDED_DAYS)
    for name in ("absent_run_notice", "absent_run_dismissal"):
        if rules.get(name, 0) >= 1:  # a run of fewer days than one would be everybody's
            past[name] = column["missed_run_now"] >= rules[name]
    return [[name for name, flags in past.items() if flags[index]] for index in range(len(values))]
