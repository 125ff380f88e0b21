"""A college's panel with its answers dealt out anew: by a known function of the table, or by chance alone.

What a student's records say and whether that student left stay as they are; which of the one belongs to which of the other
is drawn again in every week, so that as many leave as did. Who is likelier to leave is known then, and does not rest on
anything that the table does not show: what a model misses, it could have learned.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from training.panel import Panel, Week

Floats = npt.NDArray[np.float64]
Logit = Callable[[Week], Floats]
_SEED = 20_251

PLANTED: dict[str, tuple[float, float, float]] = {
    "missed_share_28d": (8.0, 0.0, 0.5),
    "days_since_seen": (0.15, 0.0, 14.0),
    "gpa_previous_term": (-0.8, 0.0, 4.0),
    "failed_courses_previous_term": (0.25, 0.0, 4.0),
    "poverty_class": (0.3, 0.0, 3.0),
    "screening_group": (0.4, 0.0, 2.0),
}
"""Log-odds a unit, and the least and most that count. Chosen once, before any model was asked to find it."""
TOGETHER = 1.0
"""Log-odds more of who missed a tenth of the last four weeks and failed a course: no sum of single answers tells it."""


def planted(names: Sequence[str]) -> Logit:
    """The log-odds, up to the week's own constant, of a table with these columns; what is not known counts as nothing."""
    place = {name: names.index(name) for name in PLANTED}

    def logit(week: Week) -> Floats:
        told = {name: np.nan_to_num(week.values[:, at].astype(np.float64)) for name, at in place.items()}
        total = np.zeros(len(week.student))
        for name, (each, least, most) in PLANTED.items():
            total += each * np.clip(told[name], least, most)
        both = (told["missed_share_28d"] >= 0.1) & (told["failed_courses_previous_term"] >= 1)
        return np.asarray(total + TOGETHER * both)

    return logit


def by_chance(week: Week) -> Floats:
    """No signal: the same log-odds for everybody."""
    return np.zeros(len(week.student))


def dealt(panel: Panel, logit: Logit) -> Panel:
    random = np.random.default_rng(_SEED)
    return replace(panel, weeks=tuple(_dealt(week, logit, random) for week in panel.weeks))


def chances(week: Week, logit: Logit) -> Floats:
    """The probability of each row that is not gone of belonging to a leaver of its week; `dealt` does not change it.

    In the right order always; where only one or two of hundreds leave, up to a hundredth too far apart.
    """
    here = ~week.gone
    return chances_of(logit(week)[here], int(week.left[here].sum()))


def chances_of(logit: Floats, leavers: int) -> Floats:
    """Probabilities with these log-odds but for a constant, that together make so many leavers."""
    if leavers in (0, len(logit)):
        return np.full(len(logit), float(leavers > 0))
    low, high = -60.0 - logit.max(), 60.0 - logit.min()
    for _ in range(80):
        middle = (low + high) / 2
        if (1 / (1 + np.exp(-(logit + middle)))).sum() < leavers:
            low = middle
        else:
            high = middle
    return np.asarray(1 / (1 + np.exp(-(logit + (low + high) / 2))))


def _dealt(week: Week, logit: Logit, random: np.random.Generator) -> Week:
    here = np.flatnonzero(~week.gone)
    left = week.left[here]
    drawn = _drawn(chances(week, logit), int(left.sum()), random)
    values = week.values.copy()
    values[here[left]] = week.values[random.permutation(here[drawn])]
    values[here[~left]] = week.values[random.permutation(here[~drawn])]
    return replace(week, values=values)


def _drawn(chance: Floats, wanted: int, random: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Each for itself, again and again until as many as wanted: conditional Poisson sampling (Hájek 1964)."""
    while True:
        drawn = random.random(len(chance)) < chance
        if drawn.sum() == wanted:
            return drawn
