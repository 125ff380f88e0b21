"""Who knows the simulator and all records, but no student's hidden state: the best ranking that records allow.

P(leaves within 56 days | records before the Monday, is here), by Bayes' rule with the simulation's own numbers: traits
are drawn and weighted by what records say of them (benchmarks/observer_traits.py), the drift is filtered exactly for
each draw (benchmarks/observer_weeks.py), and from each state the simulator's own hazards lead on (simulation/truth.py).
What it falls short of the true hazard no model can reach; what a model falls short of it, a better one could. Not read:
roll calls beside the day's, and how whole class groups fare; both tell next to nothing of one student beside the rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from benchmarks.observer_traits import Draws, Normal, Traits
from benchmarks.observer_weeks import DRIFTS, Belief, HiddenWeeks
from benchmarks.seen_records import Records, records_of
from simulation.entrants import LEVELS, Floats, Whole
from simulation.life import states
from simulation.terms import ordinal
from simulation.truth import leaving_from
from simulation.world import World

_DRAWS, _TRIAL_DRAWS = 64, 32
_WIDER, _TRIAL_WIDER = 1.35, 1.6
_AT_ONCE = 100
"""People whose draws are filtered together: what they need stays in the processor's cache."""
_ENOUGH_DRAWS = 12.0
"""Effective draws of the trial from which its own spread is believed."""
_RISKS = np.linspace(-9, 9, 181)


def observed(world: World, mondays: Sequence[date], *, last_monday: date) -> Mapping[date, Floats]:
    """By Monday of a teaching week and person: the observer's probability; NaN for who is not here."""
    records = records_of(world, world.calendar.opened_before(last_monday))
    week_of = {week.monday: number for number, week in enumerate(world.calendar.weeks)}
    found = {week_of[day]: np.full(world.entrants.count, np.nan) for day in mondays if day in week_of}
    per_term = len(world.calendar.terms[0].weeks)
    for term in sorted({week // per_term for week in found}):
        asked = sorted(week for week in found if week // per_term == term)
        onward = {week: Onward(world, week) for week in asked}
        for answered in (True, False):
            for people in _lots_of_people(world, records, asked, answered):
                _fill(found, world, records, people, onward, answered)
    return {day: found[week_of[day]] for day in mondays if day in week_of}


def _monday(world: World, week: int) -> int:
    return ordinal(world.calendar.weeks[week].monday)


def _lots_of_people(world: World, records: Records, asked: Sequence[int], answered: bool) -> list[Whole]:
    """Whose household form is in on one of the Mondays, or is not; those who came together stand together."""
    on_roll = np.flatnonzero(world.lives.on_roll[world.calendar.weeks[asked[0]].term])
    since = records.household_from[on_roll]
    chosen = on_roll[since <= _monday(world, asked[-1])] if answered else on_roll[since > _monday(world, asked[0])]
    chosen = chosen[np.argsort(world.entrants.first_term[chosen], kind="stable")]
    return [chosen[start : start + _AT_ONCE] for start in range(0, len(chosen), _AT_ONCE)]


def _fill(
    found: dict[int, Floats],
    world: World,
    records: Records,
    people: Whole,
    onward: "Mapping[int, Onward]",
    answered: bool,
) -> None:
    """The answers of some people on the Mondays of `onward`, of one term, on which their household form is in, or is not."""
    since = records.household_from[people]
    wanted = [week for week in onward if ((since <= _monday(world, week)) == answered).any()]
    if not wanted:
        return
    traits = Traits(world, records, people, answered=answered)
    for belief, weight, draws in _beliefs(world, records, traits, wanted):
        chance = onward[belief.week].chance(world.lives.level[:, people], draws, belief)
        own = belief.here & ((since <= _monday(world, belief.week)) == answered)
        found[belief.week][people[own]] = (weight * chance).sum(axis=1)[own]


@dataclass(frozen=True, kw_only=True)
class _Round:
    """How draws are made: the first round only finds out where the second should draw."""

    count: int
    wider: float
    asked: Sequence[int]


def _beliefs(
    world: World, records: Records, traits: Traits, asked: Sequence[int]
) -> list[tuple[Belief, Floats, Draws]]:
    """On each Monday what is believed, and the weights of the draws (people, draws), which sum to 1."""
    random = np.random.default_rng(int(traits.people[0]))
    ends = (asked[0], asked[-1])
    near = (traits.roughly(_monday(world, ends[0])), traits.roughly(_monday(world, ends[1])))
    trial = _Round(count=_TRIAL_DRAWS, wider=_TRIAL_WIDER, asked=ends)
    tried = _round(world, records, traits, near, trial, random)
    moved = [
        _moments(traits, rough, weight, draws, belief)
        for rough, (belief, weight, draws) in zip(near, tried if len(tried) > 1 else tried * 2, strict=True)
    ]
    return _round(world, records, traits, (moved[0], moved[1]), _Round(count=_DRAWS, wider=_WIDER, asked=asked), random)


def _round(
    world: World,
    records: Records,
    traits: Traits,
    near: tuple[Normal, Normal],
    how: _Round,
    random: np.random.Generator,
) -> list[tuple[Belief, Floats, Draws]]:
    draws = traits.drawn(near, how.count, how.wider, random)
    found = []
    for belief in HiddenWeeks(world, records, draws).on(set(how.asked)):
        day = _monday(world, belief.week)
        log = belief.log_weight + draws.log_weight + traits.log_likelihood(draws.traits, day)
        weight = np.exp(log - log.max(axis=1, keepdims=True))
        found.append((belief, weight / weight.sum(axis=1, keepdims=True), draws))
    return found


def _moments(traits: Traits, rough: Normal, weight: Floats, draws: Draws, belief: Belief) -> Normal:
    """Mean and covariance of weighted draws; the rough ones count the more the fewer draws carry the weight."""
    own = draws.traits[..., traits.free]
    mean = np.einsum("pn,pnk->pk", weight, own)
    apart = own - mean[:, None]
    spread = np.einsum("pn,pnk,pnl->pkl", weight, apart, apart)
    trust = np.minimum(1 / (weight**2).sum(axis=1) / _ENOUGH_DRAWS, 1)[:, None, None]
    spread = trust * spread + (1 - trust) * rough.spread / 2 + 0.01 * np.eye(len(traits.free))
    here = belief.here[:, None]
    return Normal(mean=np.where(here, mean, rough.mean), spread=np.where(here[..., None], spread, rough.spread))


class Onward:
    """P(leaves within the horizon) from a Monday by level, risk and drift: the simulator's, on a fine grid of risks."""

    def __init__(self, world: World, week: int) -> None:
        self._week = world.calendar.weeks[week]
        level = world.lives.level
        here = np.tile(np.eye(states())[:DRIFTS], (len(_RISKS), 1))
        self._table = np.zeros((len(LEVELS), len(_RISKS), DRIFTS))
        for own in np.unique(level[self._week.term][level[self._week.term] >= 0]):
            someone = np.flatnonzero(level[self._week.term] == own)[:1]
            chance = leaving_from(
                here, calendar=world.calendar, week=self._week, risk=np.repeat(_RISKS, DRIFTS),
                level=np.repeat(level[:, someone], len(here), axis=1),
            )  # fmt: skip
            self._table[own] = chance.reshape(len(_RISKS), DRIFTS)

    def chance(self, level: Whole, draws: Draws, belief: Belief) -> Floats:
        """(people, draws), straight lines between the risks of the grid."""
        own = level[self._week.term][:, None]
        place = ((belief.risk - _RISKS[0]) / (_RISKS[1] - _RISKS[0])).clip(0, len(_RISKS) - 1.001)
        below = place.astype(np.int64)
        part = (place - below)[..., None]
        onward = self._table[own, below] * (1 - part) + self._table[own, below + 1] * part
        return np.asarray(np.einsum("dpn,pnd->pn", belief.drift, onward))
