"""Judging: every figure per as-of day and then averaged, never pooled over days."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, roc_auc_score

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
BINS = 10


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The figures of one list on one day. `k` rows were listed; probabilities may be missing (a rule has none)."""

    auc: float
    average_precision: float
    precision: float
    recall: float
    lift: float
    brier: float
    ece: float
    observed_expected: float


@dataclass(frozen=True, kw_only=True)
class CalibrationBin:
    predicted: float
    observed: float
    rows: int


def figures(left: Flags, score: Floats, probability: Floats | None, *, listed: int, ties: Floats) -> Figures:
    """Raises ValueError when nobody or everybody left: nothing can be ranked then."""
    if left.all() or not left.any():
        raise ValueError("a day on which nobody or everybody left cannot be judged")
    top = np.lexsort((ties, -score))[:listed]
    precision = float(left[top].mean())
    return Figures(
        auc=float(roc_auc_score(left, score)),
        average_precision=float(average_precision_score(left, score)),
        precision=precision,
        recall=float(left[top].sum() / left.sum()),
        lift=precision / float(left.mean()),
        brier=np.nan if probability is None else float(np.mean((probability - left) ** 2)),
        ece=np.nan if probability is None else expected_calibration_error(left, probability),
        observed_expected=np.nan if probability is None else float(left.sum() / probability.sum()),
    )


def calibration_bins(left: Flags, probability: Floats) -> list[CalibrationBin]:
    """Ten bins with equal counts, in order of the prediction."""
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    return [
        CalibrationBin(predicted=float(probability[part].mean()), observed=float(left[part].mean()), rows=len(part))
        for part in parts
    ]


def expected_calibration_error(left: Flags, probability: Floats) -> float:
    bins = calibration_bins(left, probability)
    return sum(b.rows * abs(b.predicted - b.observed) for b in bins) / len(left)


def averaged(of_days: Sequence[Figures]) -> Figures:
    """The mean over days of every figure; a figure that no day has stays missing."""
    columns = {field.name: np.array([getattr(day, field.name) for day in of_days], float) for field in fields(Figures)}
    return Figures(**{name: float(np.mean(values)) for name, values in columns.items()})


def as_numbers(found: Figures) -> dict[str, float | None]:
    """For JSON: a missing figure is null."""
    return {name: None if np.isnan(value) else round(float(value), 6) for name, value in asdict(found).items()}


@dataclass(frozen=True, kw_only=True)
class JudgedList:
    """One way of listing, judged: its figures by day and their mean."""

    name: str
    by_day: Mapping[date, Figures]

    @property
    def mean(self) -> Figures:
        return averaged(list(self.by_day.values()))


def smallest_bonus(
    weeks: Sequence[tuple[npt.NDArray[np.int64], Floats, Flags]],
    listed: int,
    choices: Sequence[float] = (0.0, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5),
    wanted: float = 0.8,
    progress: Callable[[float, float, float], None] = lambda bonus, staying, recall: None,
) -> tuple[float, float, float]:
    """The smallest bonus for last week's list with which `wanted` of it stays; with that share and the recall lost.

    `weeks` holds (students, logits, left) of successive weeks of one institution.
    """
    results = []
    for bonus in choices:
        staying, recall = _with_bonus(weeks, listed, bonus)
        progress(bonus, staying, recall)
        results.append((bonus, staying, recall))
        if staying >= wanted:
            break
    bonus, staying, recall = results[-1]
    return bonus, staying, results[0][2] - recall


def _with_bonus(
    weeks: Sequence[tuple[npt.NDArray[np.int64], Floats, Flags]], listed: int, bonus: float
) -> tuple[float, float]:
    before: set[int] = set()
    staying, recalls = [], []
    for students, logits, left in weeks:
        ordering = logits + bonus * np.isin(students, list(before))
        top = np.argsort(-ordering, kind="stable")[:listed]
        chosen = {int(number) for number in students[top]}
        still_here = before & {int(number) for number in students}
        if still_here:
            staying.append(len(still_here & chosen) / len(still_here))
        if left.any():
            recalls.append(left[top].sum() / left.sum())
        before = chosen
    return float(np.mean(staying or [1.0])), float(np.mean(recalls or [0.0]))
