"""Which contributions become reasons: a fixed rule over numbers, for any number of rows at once.

The compiled twin of this rule is models/kernel.choose_rows; the tests hold them equal.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from features.vocabulary import Domain

Floats = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.floating[Any]]

CHANGEABLE_REASONS = 3
FIXED_REASONS = 2
REASONS = CHANGEABLE_REASONS + FIXED_REASONS
MOST_OF_A_DOMAIN = 2
MISSING = 2
DOMAINS = len(Domain)
LEAST_CONTRIBUTION = 0.05
"""In log-odds. A contribution below this changes odds by less than a twentieth: no reason to trouble anybody with."""


class Say(IntEnum):
    """When a feature's sentence is true of a value. NaN is never said, nor what would be shown as 0 and is not."""

    NEVER = 0
    KNOWN = 1
    ABOVE_ZERO = 2
    BELOW_ZERO = 3
    ZERO = 4


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What the rule needs to know of each feature, in the order of the model's features.

    say: int8, a member of Say. least: the least contribution that counts, in log-odds on the calibrated scale.
    domain: int8, the position in list(Domain). changeable: whether a college can change it. rounds_to_zero: up to what
    size a value other than 0 would be shown as 0, and is not said; 0 where such a value may be said.
    """

    say: npt.NDArray[np.int8]
    least: Floats
    domain: npt.NDArray[np.int8]
    changeable: npt.NDArray[np.bool_]
    rounds_to_zero: Floats


class Chosen(NamedTuple):
    """One row a student; -1 = none, with a contribution of 0. Contributions are rounded to float32 once chosen."""

    reason: npt.NDArray[np.int16]  # (rows, REASONS)
    contribution: npt.NDArray[np.float32]  # (rows, REASONS)
    missing: npt.NDArray[np.int16]  # (rows, MISSING)
    missing_contribution: npt.NDArray[np.float32]  # (rows, MISSING)


def nothing_chosen(rows: int) -> Chosen:
    return Chosen(
        reason=np.full((rows, REASONS), -1, np.int16),
        contribution=np.zeros((rows, REASONS), np.float32),
        missing=np.full((rows, MISSING), -1, np.int16),
        missing_contribution=np.zeros((rows, MISSING), np.float32),
    )


def choose(choice: Choice, values: Matrix, contributions: Floats) -> Chosen:
    """The reasons of each row of `values` (rows, features) with these contributions (rows, features).

    Candidates are features whose value can be said and whose contribution is at least `least`: first up to 3 that can
    be changed, the largest first, then up to 2 fixed ones; a domain gives at most 2 of the five. Beside them up to 2
    features that are missing, at most one a domain. Of equal contributions the earlier feature comes first. Where the
    domain that raises the score most has no candidate, its largest one that can be said is one, and where others take all
    places, its largest takes the last of them (docs/adr/0021).
    """
    chosen = nothing_chosen(len(values))
    large, true = contributions >= choice.least, can_be_said(choice, values)
    said, leads = large & true, choice.domain == leading_domains(choice, contributions)[:, None]
    _add_spokesmen(true & leads, contributions, said)
    reasons = _Places(choice, chosen.reason, chosen.contribution, most_of_a_domain=MOST_OF_A_DOMAIN)
    reasons.fill(np.where(said & choice.changeable, contributions, -np.inf), CHANGEABLE_REASONS)
    reasons.fill(np.where(said & ~choice.changeable, contributions, -np.inf), FIXED_REASONS)
    _let_leading_speak(choice, np.where(said & leads, contributions, -np.inf), leads, chosen)
    missing = _Places(choice, chosen.missing, chosen.missing_contribution, most_of_a_domain=1)
    missing.fill(np.where(large & np.isnan(values), contributions, -np.inf), MISSING)
    return chosen


def leading_domains(choice: Choice, contributions: Floats) -> npt.NDArray[np.intp]:
    """Of each row the domain whose features add most together: its position in list(Domain)."""
    total = np.zeros((len(contributions), DOMAINS))
    for feature, domain in enumerate(choice.domain):  # one by one: the compiled twin rounds the same
        total[:, domain] += contributions[:, feature]
    return np.asarray(total.argmax(axis=1))


def _add_spokesmen(leading: npt.NDArray[np.bool_], contributions: Floats, said: npt.NDArray[np.bool_]) -> None:
    """Features that tell much the same share what they add, and no single one of them may come back in a refit.

    `leading` are those of the leading domain of each row that can be said of it.
    """
    silent = np.asarray(~(said & leading).any(axis=1))
    speaks = leading & (contributions >= LEAST_CONTRIBUTION) & silent[:, None]
    row = np.flatnonzero(speaks.any(axis=1))
    said[row, np.where(speaks, contributions, -np.inf)[row].argmax(axis=1)] = True


def _let_leading_speak(choice: Choice, ranked: Floats, leads: npt.NDArray[np.bool_], chosen: Chosen) -> None:
    """Of rows without a reason of the leading domain its largest candidate in the last place of its kind, which is full."""
    told = (chosen.reason >= 0) & leads[np.arange(len(leads))[:, None], chosen.reason]
    row = np.flatnonzero(~told.any(axis=1) & (ranked > -np.inf).any(axis=1))
    feature = ranked[row].argmax(axis=1)
    last = (chosen.reason[row] >= 0).sum(axis=1) - 1
    place = np.where(choice.changeable[feature], CHANGEABLE_REASONS - 1, last)
    chosen.reason[row, place] = feature
    chosen.contribution[row, place] = ranked[row, feature]


class _Places:
    """The places of every row, filled from the left; `given` (rows, domains) counts what each domain already has."""

    def __init__(
        self,
        choice: Choice,
        feature: npt.NDArray[np.int16],
        contribution: npt.NDArray[np.float32],
        *,
        most_of_a_domain: int,
    ) -> None:
        self.domain, self.most_of_a_domain = choice.domain, most_of_a_domain
        self.feature, self.contribution = feature, contribution
        self.next_place = np.zeros(len(feature), np.intp)
        self.given = np.zeros((len(feature), DOMAINS), np.intp)

    def fill(self, ranked: Floats, times: int) -> None:
        """Give up to `times` places to the largest of `ranked` (rows, features), where -inf is no candidate."""
        for _ in range(times):
            ranked[self.given[:, self.domain] >= self.most_of_a_domain] = -np.inf
            best = ranked.argmax(axis=1)
            row = np.flatnonzero(ranked[np.arange(len(ranked)), best] > -np.inf)
            feature = best[row]
            self.feature[row, self.next_place[row]] = feature
            self.contribution[row, self.next_place[row]] = ranked[row, feature]
            self.next_place[row] += 1
            self.given[row, self.domain[feature]] += 1
            ranked[row, feature] = -np.inf


def can_be_said(choice: Choice, values: Matrix) -> npt.NDArray[np.bool_]:
    """(rows, features) whether the sentence is true of the value; comparisons with NaN are false."""
    tests = {
        Say.KNOWN: ~np.isnan(values),
        Say.ABOVE_ZERO: values > 0,
        Say.BELOW_ZERO: values < 0,
        Say.ZERO: values == 0,
    }
    said = np.zeros(values.shape, np.bool_)
    for say, test in tests.items():
        said |= (choice.say == say) & test
    return np.asarray(said & ((values == 0) | (np.abs(values) > choice.rounds_to_zero)))
