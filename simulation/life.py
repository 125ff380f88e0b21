"""The process: week after week a student stays, drifts away, comes back to class, leaves, moves or finishes.

A student is engaged (0) or has been drifting for k weeks. `advance` is the only place where probabilities become the
next week's; the simulation draws from it and the true hazards sum it, so both can never disagree.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulation.coefficients import named, value, whole
from simulation.entrants import LEVELS, Entrants, Flags, Floats, Whole, stream
from simulation.people import Traits, lasting_risk, logistic
from simulation.terms import Calendar, SimulatedTerm, Week, ordinal

STAYED, LEFT, MOVED, DIED, FINISHED = range(5)
SATURDAY = 5


@dataclass(frozen=True, kw_only=True)
class Rates:
    """Weekly probabilities of each student: `leaves` by state (column 0 engaged), the others for all states alike."""

    onset: Floats
    leaves: Floats
    moves: float
    recovery: float


@dataclass(frozen=True, kw_only=True)
class Lives:
    """What happened. Rows are terms (or weeks), columns persons; `left_on` counts days since 1970, 0 for staying."""

    on_roll: Flags  # begins the term
    level: Whole
    left_on: Whole  # the first day of absence for good
    exit: npt.NDArray[np.int8]
    returned: Flags  # has left before and came back
    drift: npt.NDArray[np.int8]  # weeks of drifting, on the Monday of each week
    risk: Floats

    def is_here(self, term: int, day: int) -> Flags:
        """Begun the term and not gone before this day."""
        left = self.left_on[term]
        return np.asarray(self.on_roll[term] & ((left == 0) | (left > day)))


def states() -> int:
    """Engaged, drifting for 1 … k weeks, left, moved or died."""
    return whole("drift_weeks") + 3


def advance(here: Floats, rates: Rates) -> Floats:
    """The distribution over states a week later; the last two columns (left, moved) keep whom they have."""
    after = np.zeros_like(here)
    left, moved = here.shape[1] - 2, here.shape[1] - 1
    staying = here[:, :left] * (1 - rates.leaves) * (1 - rates.moves)
    after[:, left] = here[:, left] + (here[:, :left] * rates.leaves).sum(axis=1)
    after[:, moved] = here[:, moved] + (here[:, :left] * (1 - rates.leaves)).sum(axis=1) * rates.moves
    after[:, 0] = staying[:, 0] * (1 - rates.onset) + staying[:, 1:].sum(axis=1) * rates.recovery
    after[:, 1] = staying[:, 0] * rates.onset
    after[:, 2:left] = staying[:, 1:-1] * (1 - rates.recovery)
    after[:, left - 1] += staying[:, -1] * (1 - rates.recovery)
    return after


def _level_effect(level: Whole) -> Floats:
    return np.array([value(f"level_{name}") for name in LEVELS])[level]


def _timing(term: int, week: int) -> float:
    for weeks, bonus in named(f"timing_{term}_weeks_").items():
        first, last = map(int, weeks.split("_"))
        if first <= week <= last:
            return bonus
    return 0.0


def _drift_bonus(first: float, growth: float) -> Floats:
    return first + growth * np.arange(1.0, whole("drift_weeks") + 1)


def week_rates(term: SimulatedTerm, week: Week, level: Whole, risk: Floats) -> Rates:
    """Probabilities of one teaching week."""
    general = _level_effect(level) + _timing(term.term, week.number)
    after_list = value("khr_list_bonus") * (whole("khr_week_first") <= week.number <= whole("khr_week_last"))
    sudden = value("sudden_base") + general + value("risk_share_sudden") * risk
    drifting = _drift_bonus(value("drift_leave_base") + after_list, value("drift_leave_growth"))
    return Rates(
        onset=logistic(value("onset_base") + general + risk),
        leaves=logistic(np.column_stack([sudden, drifting + value("risk_share_drifting") * risk[:, None]])),
        moves=value("transfers_out_a_week"),
        recovery=value("drift_recovery"),
    )


def break_rates(term: SimulatedTerm, level: Whole, risk: Floats, finishes: Flags) -> Rates:
    """Probabilities of not coming back after a term; who has finished cannot fail to come back."""
    base = value(f"break_base_{term.term}") + _level_effect(level) + value("risk_share_break") * risk
    bonus = np.concatenate([[0.0], np.full(whole("drift_weeks"), value("drift_break_bonus"))])
    leaves = logistic(base[:, None] + bonus) * ~finishes[:, None]
    return Rates(onset=np.zeros(len(level)), leaves=leaves, moves=0.0, recovery=value("drift_break_recovery"))


def level_table(entrants: Entrants, calendar: Calendar) -> Whole:
    """Level of everybody in every term by years since arrival; -1 before arrival and after finishing."""
    years = np.array([term.academic_year for term in calendar.terms])
    rows = []
    for term in calendar.terms:
        later = term.academic_year - years[entrants.first_term]
        rows.append(np.where(entrants.first_term <= term.index, entrants.level_in(later), -1))
    return np.array(rows)


def finishes_after(term: SimulatedTerm, level: Whole) -> Flags:
    last_year = np.isin(level, [i for i, name in enumerate(LEVELS) if name in ("V3", "D2")])
    return last_year & (term.term == 2)


def live(*, entrants: Entrants, traits: Traits, calendar: Calendar, seed: int) -> Lives:
    """Run the process through every term of the calendar."""
    shape = (len(calendar.terms), entrants.count)
    lives = Lives(
        on_roll=np.zeros(shape, dtype=np.bool_),
        level=level_table(entrants, calendar),
        left_on=np.zeros(shape, dtype=np.int64),
        exit=np.zeros(shape, dtype=np.int8),
        returned=np.zeros(shape, dtype=np.bool_),
        drift=np.zeros((len(calendar.weeks), entrants.count), dtype=np.int8),
        risk=lasting_risk(traits, entrants),
    )
    state = np.zeros(entrants.count, dtype=np.int64)
    for term in calendar.terms:
        _enrol(lives, entrants, term, seed)
        state = _live_through(lives, term, state, seed)
    return lives


def risk_in(lives: Lives, term: int) -> Floats:
    """Lasting risk plus what having left before adds."""
    return np.asarray(lives.risk + value("beta_returned") * lives.returned[term])


def _enrol(lives: Lives, entrants: Entrants, term: SimulatedTerm, seed: int) -> None:
    """New entrants, those who stayed, and a few who had left and return after a term away."""
    t = term.index
    lives.on_roll[t] = (entrants.first_term == t) & (lives.level[t] >= 0)
    if t == 0:
        return
    lives.on_roll[t] |= lives.on_roll[t - 1] & (lives.exit[t - 1] == STAYED)
    lives.returned[t] = lives.returned[t - 1]
    if t > 1:
        away = (lives.exit[t - 2] == LEFT) & ~lives.on_roll[t - 1] & (lives.level[t] >= 0) & ~lives.returned[t]
        back = away & (stream(seed, "returns", t).random(entrants.count) < value("return_share"))
        lives.on_roll[t] |= back
        lives.returned[t] |= back


def _live_through(lives: Lives, term: SimulatedTerm, state: Whole, seed: int) -> Whole:
    t, everybody = term.index, int(lives.on_roll.shape[1])
    people = np.flatnonzero(lives.on_roll[t])
    stayed = lives.on_roll[t - 1][people] if t else np.zeros(len(people), dtype=np.bool_)
    now = np.where(stayed, state[people], 0)
    level, risk = lives.level[t][people], risk_in(lives, t)[people]
    random = stream(seed, "life", t)
    draws = random.random((len(term.weeks) + 1, everybody))[:, people]
    # The first day of absence is never a Monday: who left in a week was in class at its beginning.
    days = random.integers(1, SATURDAY + 1, (len(term.weeks), everybody))[:, people]
    dies = random.random(everybody)[people] < value("deaths_among_exits")
    for n, week in enumerate(term.weeks):
        lives.drift[t * len(term.weeks) + n, people] = np.minimum(now, states() - 3)
        now = _step(now, week_rates(term, week, level, risk), draws[n])
        _note(lives, t, people, now, ordinal(week.monday) + days[n], dies)
    finishes = finishes_after(term, level)
    now = _step(now, break_rates(term, level, risk, finishes), draws[-1])
    # Whoever does not come back was last seen on the last teaching day: the day after it is when they left.
    _note(lives, t, people, now, np.full(len(people), ordinal(term.teaching_ends_on) + 1), dies)
    lives.exit[t, people[finishes & (now < states() - 2)]] = FINISHED
    after = np.zeros_like(state)
    after[people] = now
    return after


def _step(now: Whole, rates: Rates, draws: Floats) -> Whole:
    """Draw everybody's state of next week; who is gone stays gone."""
    chances = advance(np.eye(states())[now], rates).cumsum(axis=1)
    return np.asarray((draws[:, None] >= chances[:, :-1]).sum(axis=1), dtype=np.int64)


def _note(lives: Lives, term: int, people: Whole, now: Whole, day: Whole, dies: Flags) -> None:
    """Write down who has just gone, and on which day."""
    left = states() - 2
    new = (now >= left) & (lives.exit[term][people] == STAYED)
    kind = np.where(now == left, LEFT, np.where(dies, DIED, MOVED))
    lives.exit[term, people[new]] = kind[new]
    lives.left_on[term, people[new]] = day[new]
