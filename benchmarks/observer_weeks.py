"""The hidden weeks of a simulated student, filtered: drifting and bad spells, given the traits and the marks so far.

Hidden are the weeks of drifting (simulation/life.py) and what is left of a spell of bad attendance that means nothing
(simulation/attendance.py); both move by the week, and the marks of a week depend on the state at its beginning. So for
given traits the forward algorithm is exact (Rabiner 1989, §III.A): state after week w ∝ Σ state before × P(marks of w |
state) × P(next state | state), with the simulator's own `week_rates` and `break_rates`. Whoever is asked about is known
to be here, so each week's not leaving counts as evidence too.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.observer_traits import ABILITY, ATTACHMENT, ATTENDANCE, Draws, seen_at_level
from benchmarks.seen_records import AWAY, UNKNOWN, Records
from simulation.attendance import NEVER, lasting_log_odds
from simulation.coefficients import value, whole
from simulation.entrants import Flags, Floats, Whole
from simulation.life import Rates, break_rates, finishes_after, states, week_rates
from simulation.terms import SimulatedTerm, ordinal
from simulation.world import World

DRIFTS = states() - 2
"""Engaged, and drifting for 1 … k weeks: the states of who is here."""
_LATE_WEEKS = 2
"""A mark is entered at most two weeks late: those of earlier weeks are all known."""
_LEAST = 1e-250


@dataclass(frozen=True, kw_only=True)
class Belief:
    """On a Monday, by person and draw of traits: which of them are `here`, how the drift is spread (states first), how
    well these traits foretold the weeks until then (log), and the risk they bring along."""

    week: int
    here: Flags
    drift: Floats
    log_weight: Floats
    risk: Floats


@dataclass(frozen=True, kw_only=True)
class _State:
    """(spell, drift, people, draws) sums to 1 over the first two; `log_weight` (people, draws)."""

    week: int
    spread: Floats
    log_weight: Floats


class HiddenWeeks:
    """The weeks of some people with the traits drawn for them."""

    def __init__(self, world: World, records: Records, draws: Draws) -> None:
        self._world, self._records, self._draws, self._people = world, records, draws, draws.people
        self._weeks = len(world.calendar.terms[0].weeks)
        self._shape = draws.traits.shape[:2]
        self._away_odds = np.exp(-lasting_log_odds(draws.traits[..., ATTENDANCE]))
        self._spell_begins, self._spell_moves = _spells()
        self._fresh = np.zeros((len(self._spell_begins), DRIFTS, *self._shape))
        self._fresh[:, 0] = self._spell_begins[:, None, None]

    def on(self, mondays: Collection[int]) -> Iterator[Belief]:
        """The belief on each of these Mondays (weeks counted over all terms), from what was recorded before it."""
        lives, people = self._world.lives, self._people
        now = _State(week=0, spread=self._fresh, log_weight=np.zeros(self._shape))
        before: list[_State] = []
        for week in range(int(self._world.entrants.first_term[people].min()) * self._weeks, max(mondays) + 1):
            term, number = divmod(week, self._weeks)
            if not number:
                kept = self._stayed(term)[:, None]
                now, before = _State(week=week, spread=np.where(kept, now.spread, self._fresh), log_weight=now.log_weight), []  # fmt: skip
            monday = ordinal(self._term(term).weeks[number].monday)
            here = lives.is_here(term, monday)[people]
            if week in mondays:
                seen = self._again(before[-_LATE_WEEKS:], now, monday)
                yield Belief(
                    week=week, here=here, drift=seen.spread.sum(axis=0), log_weight=seen.log_weight,
                    risk=self._draws.risk(self._world, term),
                )  # fmt: skip
            before = [*before[-_LATE_WEEKS:], now]
            now = self._lived(now, here, monday)

    def _term(self, term: int) -> SimulatedTerm:
        return self._world.calendar.terms[term]

    def _stayed(self, term: int) -> Flags:
        """Who was there to the end of the term before: others begin engaged."""
        lives = self._world.lives
        if not term:
            return np.zeros(len(self._people), bool)
        return np.asarray(lives.on_roll[term - 1][self._people] & (lives.exit[term - 1][self._people] == 0))

    def _again(self, before: list[_State], now: _State, monday: int) -> _State:
        """The newest weeks once more, without the marks that were entered later than this Monday."""
        if not before:
            return now
        state = before[0]
        for _ in before:
            state = self._after(state, known_on=monday)
        return state

    def _lived(self, now: _State, here: Flags, monday: int) -> _State:
        """A week on; of who leaves in it that they left is the evidence, and who is away stays as they were."""
        after = self._after(now, known_on=NEVER)
        term = now.week // self._weeks
        left_on = self._world.lives.left_on[term][self._people]
        leaves = here & (left_on > 0) & (left_on < monday + 7)
        weight = after.log_weight
        if leaves.any():
            chance = (now.spread.sum(axis=0) * self._leaving(self._rates(now.week))).sum(axis=0)
            weight = np.where(leaves[:, None], now.log_weight + np.log(chance), weight)
        return _State(
            week=now.week + 1,
            spread=np.where(here[:, None], after.spread, now.spread),
            log_weight=np.where(here[:, None], weight, now.log_weight),
        )

    def _after(self, state: _State, *, known_on: int) -> _State:
        """The next Monday's state, given the marks of this week that were known on a day and that nobody left."""
        spread = state.spread * self._marks(state.week, known_on) * self._forms(state.week, known_on)
        spread = self._moved(spread, self._rates(state.week))
        term, number = divmod(state.week, self._weeks)
        if number + 1 < self._weeks:
            spread = np.einsum("st,sdpn->tdpn", self._spell_moves, spread)
        else:
            level, risk = self._level(term), self._draws.risk(self._world, term).ravel()
            over = break_rates(self._term(term), level, risk, finishes_after(self._term(term), level))
            spread = self._spell_begins[:, None, None, None] * self._moved(spread.sum(axis=0)[None], over)
        total = np.maximum(spread.sum(axis=(0, 1)), _LEAST)
        return _State(week=state.week + 1, spread=spread / total, log_weight=state.log_weight + np.log(total))

    # Probabilities of moving

    def _level(self, term: int) -> Whole:
        return np.repeat(self._world.lives.level[term][self._people], self._shape[1])

    def _rates(self, week: int) -> Rates:
        term, number = divmod(week, self._weeks)
        risk = self._draws.risk(self._world, term).ravel()
        return week_rates(self._term(term), self._term(term).weeks[number], self._level(term), risk)

    def _leaving(self, rates: Rates) -> Floats:
        return rates.leaves.T.reshape(DRIFTS, *self._shape)

    def _moved(self, spread: Floats, rates: Rates) -> Floats:
        """`simulation.life.advance` of who is here, without its column of leavers; to move away is alike for all states."""
        staying = spread * (1 - self._leaving(rates))
        onset = rates.onset.reshape(self._shape)
        after = np.empty_like(staying)
        after[:, 0] = staying[:, 0] * (1 - onset) + staying[:, 1:].sum(axis=1) * rates.recovery
        after[:, 1] = staying[:, 0] * onset
        after[:, 2:] = staying[:, 1:-1] * (1 - rates.recovery)
        after[:, -1] += staying[:, -1] * (1 - rates.recovery)
        return after

    # Probabilities of what was seen

    def _marks(self, week: int, known_on: int) -> Floats:
        """(spell, drift, people, draws): the chance of the week's marks, coming or away; why somebody is away tells nothing."""
        records, people = self._records, self._people
        mark = np.where(records.from_day[week, people] <= known_on, records.mark[week, people], UNKNOWN)
        seen, away = mark != UNKNOWN, mark == AWAY
        of_day = records.day_log_odds[week]
        times = away.sum(axis=1)[:, None]
        same = self._away_odds**times * np.exp(-(away * of_day).sum(axis=1))[:, None]
        chance = np.empty((2, DRIFTS, *self._shape))
        for spell, drift in np.ndindex(2, DRIFTS):
            worse = value("slump_depth") * spell + value("drift_decay") * drift
            either = np.ones(self._shape)
            for day in range(len(of_day)):
                either *= 1 + (seen[:, day] * np.exp(worse - of_day[day]))[:, None] * self._away_odds
            chance[spell, drift] = same * np.exp(worse * times) / either
        return chance[np.minimum(np.arange(len(self._spell_begins)), 1)]

    def _forms(self, week: int, known_on: int) -> Floats:
        """(1 or drift, people, draws): what else was written down of this Monday's drift: missing midterm work, screenings."""
        chance = np.ones((DRIFTS, *self._shape))
        term, number = divmod(week, self._weeks)
        drifts = np.arange(DRIFTS)[:, None, None]
        traits, people = self._draws.traits, self._people
        if number == whole("midterm_week") - 1:
            told = self._records.scores[term].midterm_from[people] <= known_on
            missing = (told & self._records.scores[term].missing[people]).sum(axis=1)[:, None]
            odds = value("unsubmitted_base") + value("unsubmitted_ability") * traits[..., ABILITY]
            odds = odds + value("unsubmitted_drift") * drifts
            chance *= np.exp(missing * odds - told.sum(axis=1)[:, None] * np.logaddexp(0, odds))
        for one in self._records.screened:
            told = (one.week[people] == week) & (one.from_day[people] <= known_on)
            if told.any():
                learning = seen_at_level(one.levels[people, 0], -traits[..., ABILITY], drifts)
                social = seen_at_level(one.levels[people, 1], -traits[..., ATTACHMENT], drifts)
                chance *= np.where(told[:, None], learning * social, 1.0)
        return chance


def _spells() -> tuple[Floats, Floats]:
    """Weeks left of a spell of bad attendance, 0 … longest: in the first week of a term, and from week to week."""
    begins, longest = value("slump_start"), whole("slump_weeks")
    first = np.array([1 - begins, *([begins / longest] * longest)])
    moves = np.zeros((longest + 1, longest + 1))
    for left, new in np.ndindex(longest + 1, longest + 1):
        moves[left, max(left - 1, new)] += first[new]
    return first, moves
