"""Small institutions lean on the model of their group: an offset on the logit where they lose more or fewer than it says.

It moves the probabilities of an institution together, never the order of its students, and is no reason for anybody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.risk_model import Calibration, RiskModel, probability
from training.panel import Panel, Week

Floats = npt.NDArray[np.float64]

SMALL = 500
"""Students. With more, the weeks of one term tell an institution's own level by themselves, and calibration has it."""


@dataclass(frozen=True, kw_only=True)
class Level:
    """What one institution's rows of the calibration term say: leavers seen and expected (student-weeks) among `rows`.

    `spread` is the sum over persons of the squared sum of their residuals.
    """

    students: float
    rows: int
    observed: float
    expected: float
    spread: float


def institution_offsets(calibration: Calibration, forward: Sequence[tuple[RiskModel, Panel]]) -> dict[str, float]:
    """The offset of each institution with fewer than SMALL students; empty where one institution was trained alone.

    `forward` are the weeks that calibrated, term by term with the trees trained before it, whose margins `calibration`
    turns into logits: of a place or season that they had not seen these can say nothing (docs/adr/0011). An
    institution's own shift is logit(observed) - logit(expected), both as shares. Its variance is that of a logit,
    1 / (rows p (1 - p)) with p the share expected, times how much more a sum over weeks of the same students varies than
    one over as many strangers (`more`: one factor for all, since a small place cannot tell its own). Half a stranger's
    worth of leaving, and so half of `more` student-weeks, stands on each side of both shares: with half a student-week,
    a place where by chance nobody left would be told as far below its group as a large one never is.

    Between institutions shifts vary by `between`, by the method of moments (DerSimonian and Laird 1986); the offset is
    the shift times between / (between + its variance): the posterior mean under a normal prior at the group's level
    (Efron and Morris 1975). So it grows with the rows behind it, and is near 0 where institutions differ by no more than
    chance. Measured on twenty drawn places of 100 students, 2 % leaving in eight weeks each: the furthest offset is .22
    where all are alike (2.3 with half a student-week), and where true levels vary by .8 the squared miss is .53 (1.09).
    """
    levels = _levels(calibration, forward)
    if len(levels) < 2:
        return {}
    return {code: offset for code, offset in shrunk(levels).items() if levels[code].students < SMALL and offset != 0}


def shrunk(levels: Mapping[str, Level]) -> dict[str, float]:
    """The shrunken shift of every institution, by the formula of `institution_offsets`."""
    told = list(levels.values())
    rows, seen, expected = (
        np.array([getattr(one, name) for one in told], float) for name in ("rows", "observed", "expected")
    )
    share = expected / rows
    information = rows * share * (1 - share)
    more = max(1.0, sum(one.spread for one in told) / float(information.sum()))
    shift = _logit((seen + more / 2) / (rows + more)) - _logit((expected + more / 2) / (rows + more))
    variance = more / information
    between = between_variance(shift, variance)
    return dict(zip(levels, (shift * between / (between + variance)).tolist(), strict=True))


def between_variance(shift: Floats, variance: Floats) -> float:
    """How much true shifts vary between institutions; 0 where what is seen varies no more than chance lets it."""
    weight = 1 / variance
    mean = float((weight * shift).sum() / weight.sum())
    excess = float((weight * (shift - mean) ** 2).sum()) - (len(shift) - 1)
    return max(0.0, excess / float(weight.sum() - (weight**2).sum() / weight.sum()))


def _levels(calibration: Calibration, forward: Sequence[tuple[RiskModel, Panel]]) -> dict[str, Level]:
    weeks: dict[str, list[tuple[RiskModel, Week]]] = {}
    for model, term in forward:
        for week in term.weeks:
            weeks.setdefault(week.institution, []).append((model, week.rows(~week.gone)))
    levels = {code: _level(calibration, own) for code, own in sorted(weeks.items())}
    return {code: level for code, level in levels.items() if level.rows}


def _level(calibration: Calibration, weeks: Sequence[tuple[RiskModel, Week]]) -> Level:
    left = np.concatenate([week.left for _, week in weeks]).astype(np.float64)
    weight = np.concatenate([week.weights for _, week in weeks])
    margins = np.concatenate([model.logits(week.values) for model, week in weeks])
    expected = probability(calibration.logit(margins))
    _, person = np.unique(np.concatenate([week.person for _, week in weeks]), return_inverse=True)
    residuals = np.bincount(person, weights=weight * (left - expected))
    return Level(
        students=float(weight.sum()) / len(weeks),
        rows=round(float(weight.sum())),
        observed=float((weight * left).sum()),
        expected=float((weight * expected).sum()),
        spread=float((residuals**2).sum()),
    )


def _logit(share: Floats) -> Floats:
    return np.asarray(np.log(share / (1 - share)))
