"""How steady reasons are: which contributions come back when the model is fitted again, measured at every training.

A college would fit again next term, with other seeds or with other students; a reason that would then be another one is
nothing to act on. Every feature gets a bar (`spread`): the least contribution from which it came back in the asked
share of cases, in each of the compared models; below it the feature is no reason of its own (models/choosing). A bar in
proportion to how far contributions move does not do that: it cuts where most of them lie, so that fewer come back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from features.declaration import Feature
from models.choosing import LEAST_CONTRIBUTION, Choice, can_be_said, choose, leading_domains
from models.reasons import choice_of
from models.risk_model import RiskModel, model_of
from training.fit import Bag, refit
from training.panel import Panel
from training.sampling import Rows, training_rows

Floats = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.int64]

MOST_ROWS = 2_000
MOST_QUIET = 20_000
"""A refit takes every row before leaving and about so many others: a student's next week is nearly the same row.

Fewer rows make a refit move more (0.71 of all contributions against 0.55 between models of equally many rows, on a
simulated college of 3,000), so bars are too high rather than too low and the reported shares too modest.
"""
WANTED_FEATURES, WANTED_DOMAINS = 0.80, 0.95
REFIT_SEEDS = 2
"""Of the bag's. A refit of two moves more than one of five, as one on fewer rows does: bars are rather too high."""
NEVER = 10.0
"""The bar of a feature that is no reason at any size: log-odds that no contribution reaches."""
_BARS = LEAST_CONTRIBUTION * 2.0 ** (np.arange(10) / 2)  # 0.05 to 1.13 log-odds
# With less asked the wanted was reached in the refits that make the bars, and not in a third (0.78 of the reasons).
_ASKED = (0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
_LEAST_CASES = 10  # fewer say nothing about a share


@dataclass(frozen=True, kw_only=True, eq=False)
class Stability:
    """What a training measured; the shares are of reasons that came back in a refit that chose no bar, None without one.

    `spread` and `weight` have one entry a feature, in log-odds on the calibrated scale. `asked` is the share asked of
    each feature, `reasons` how many a student has on average, `reasons_before` how many without the bars.
    """

    spread: Floats
    weight: Floats
    asked: float
    features_survive: float | None
    domains_survive: float | None
    reasons: float
    reasons_before: float
    rows: int
    compared: tuple[str, ...]

    def as_numbers(self, features: Sequence[str]) -> dict[str, Any]:
        """For the card: plain numbers by feature."""
        return {
            "spread": dict(zip(features, np.round(self.spread, 6).tolist(), strict=True)),
            "weight": dict(zip(features, np.round(self.weight, 6).tolist(), strict=True)),
            "asked": self.asked,
            "features_survive": _rounded(self.features_survive),
            "domains_survive": _rounded(self.domains_survive),
            "shown": int((self.spread < NEVER).sum()),
            "reasons": round(self.reasons, 3),
            "reasons_before": round(self.reasons_before, 3),
            "rows": self.rows,
            "compared": list(self.compared),
        }


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def usual_weight(model: RiskModel, values: Matrix) -> Floats:
    """(features,) the mean |contribution| over up to MOST_ROWS of these rows: how much the model looks at each feature."""
    return np.asarray(np.abs(model.contributions(evenly(values, MOST_ROWS))[0]).mean(axis=0))


def evenly(values: Matrix, most: int) -> Matrix:
    """Up to `most` rows, evenly spaced."""
    return values[np.unique(np.linspace(0, len(values) - 1, min(most, len(values))).astype(np.int64))]


def measure_stability(bag: Bag, training: Panel, newest: Matrix, earlier: RiskModel | None) -> Stability:
    """Compare the bag with its members, with the model of a term before (`earlier`) and with refits on persons drawn again.

    `newest` are rows (students, features) of the newest term. Bars come from all of these, how much is asked of a
    feature from two refits, and the shares that are reported from a third, which had no part in either. Two refits,
    since bars from one held 0.78 of the reasons in the third on a simulated college of 3,000, and from two 0.82. A
    refit has the calibration of the bag.
    """
    rows, learned = evenly(newest, MOST_ROWS), training_rows(training, most_quiet=MOST_QUIET)
    first = bag.model.contributions(rows)[0]
    again = {name: model.contributions(rows)[0] for name, model in _compared(bag, training, earlier).items()}
    refits = {
        f"persons drawn again, {draw}": _refitted(bag, learned, training.features, draw).contributions(rows)[0]
        for draw in (1, 2, 3)
    }
    *deciding, reported = refits.values()
    features = training.features
    asked, choice = decided(features, rows, first, list(again.values()), deciding)
    by_feature, by_domain = survival(choice, rows, first, reported)
    return Stability(
        spread=choice.least,
        weight=usual_weight(bag.model, learned.values),
        asked=asked,
        features_survive=by_feature,
        domains_survive=by_domain,
        reasons=_reasons(choice, rows, first),
        reasons_before=_reasons(choice_of(features), rows, first),
        rows=len(rows),
        compared=(*again, *refits),
    )


def _compared(bag: Bag, training: Panel, earlier: RiskModel | None) -> dict[str, RiskModel]:
    model = bag.model
    found = {
        f"seed {seed} alone": model_of(text, training.features, model.horizon, model.calibration, linear=model.linear)
        for seed, text in zip(bag.seeds, bag.members, strict=True)
    }
    if earlier is not None:
        found["trained before the test term"] = earlier
    return found


# Refits on persons drawn again


def _refitted(bag: Bag, rows: Rows, features: Sequence[Feature], draw: int) -> RiskModel:
    smaller = replace(bag, seeds=bag.seeds[:REFIT_SEEDS])
    return refit(smaller, rows.some(drawn_again(rows.person, rows.left, np.random.default_rng(draw))), features)


def drawn_again(person: Ints, left: npt.NDArray[np.bool_], random: np.random.Generator) -> Ints:
    """The rows of as many persons as there are, drawn with replacement: a bootstrap of persons, not of their weeks.

    Those who leave are drawn among themselves, so that a small college does not lose the few it learns from.
    """
    persons, own = np.unique(person, return_inverse=True)
    leaves = np.bincount(own, weights=left, minlength=len(persons)) > 0
    chosen = np.concatenate(
        [random.choice(kind, len(kind)) for kind in (np.flatnonzero(leaves), np.flatnonzero(~leaves)) if len(kind)]
    )
    order = np.argsort(own, kind="stable")
    ends = np.cumsum(np.bincount(own))
    rows = np.split(order, ends[:-1])
    return np.concatenate([rows[one] for one in chosen])


# Bars


def decided(
    features: Sequence[Feature], rows: Matrix, first: Floats, again: Sequence[Floats], refits: Sequence[Floats]
) -> tuple[float, Choice]:
    """The smallest share asked of a feature with which reasons come back as wanted; else the largest.

    And what is asked of a reason then. `again` and `refits` are contributions (rows, features): bars come from all,
    and the wanted share must be reached in each of `refits`. No bar moves how often a leading domain comes back.
    """
    back = _share_back(choice_of(features), rows, first, [*again, *refits])
    found = _ASKED[0], choice_of(features, _bars(back, _ASKED[0]))
    for asked in _ASKED:
        choice = choice_of(features, _bars(back, asked))
        shares = [share for share, _ in (survival(choice, rows, first, refit) for refit in refits) if share is not None]
        if len(shares) < len(refits):  # nobody has a reason left
            break
        found = asked, choice
        if min(shares) >= WANTED_FEATURES:
            break
    return found


def _share_back(choice: Choice, rows: Matrix, first: Floats, again: Sequence[Floats]) -> Floats:
    """(bars, features): of the rows where a feature could be said and reached the bar, the share in which it did again.

    The least of the compared models counts. 0 where too few rows reach the bar to tell.
    """
    said = can_be_said(choice, rows)
    back = np.zeros((len(_BARS), rows.shape[1]))
    for place, bar in enumerate(_BARS):
        reached = said & (first >= bar)
        cases = reached.sum(axis=0)
        returned = np.array([(reached & (other >= bar)).sum(axis=0) for other in again]).min(axis=0)
        back[place] = np.where(cases >= _LEAST_CASES, returned / np.maximum(cases, 1), 0.0)
    return back


def _bars(back: Floats, asked: float) -> Floats:
    """(features,) the lowest bar with which the asked share comes back; NEVER where none does."""
    enough = back >= asked
    return np.where(enough.any(axis=0), _BARS[enough.argmax(axis=0)], NEVER)


# Survival


def survival(choice: Choice, rows: Matrix, first: Floats, again: Floats) -> tuple[float | None, float | None]:
    """How many reasons are reasons again, and of how many students the leading domain gives a reason again, as shares.

    `first` and `again` are contributions (rows, features) of two models. The leading domain is that which adds most; a
    feature that only speaks for it is no reason of its own, and counts with its domain. None where nobody has a reason.
    """
    before, after = choose(choice, rows, first), choose(choice, rows, again)
    student = np.arange(len(rows))[:, None]
    named = (before.reason >= 0) & (first[student, before.reason] >= choice.least[before.reason])
    if not named.any():
        return None, None
    came_back = (before.reason[:, :, None] == after.reason[:, None, :]).any(axis=2)
    lead = leading_domains(choice, first)[:, None]
    told, again_told = (
        ((chosen.reason >= 0) & (choice.domain[chosen.reason] == lead)).any(axis=1) for chosen in (before, after)
    )
    return float(came_back[named].mean()), float(again_told[told].mean())


def _reasons(choice: Choice, rows: Matrix, contributions: Floats) -> float:
    return float((choose(choice, rows, contributions).reason >= 0).sum(axis=1).mean())
