"""The control chart of expected against observed leavers: two cumulative sums of log likelihood ratios, one up, one down.

What is charted is news: the leavings told in a week against those that should have been told by what was published and
by how late leavings are usually told. Counts of one week about another are parts of a Poisson count drawn apart by
delay, so the news of different weeks are independent and no later week rewrites an earlier point. Chart: Lucas,
Technometrics 27 (1985) 129-144; expected counts by risk: Steiner et al., Biostatistics 1 (2000) 441-452; overdispersion
and seasons: Hoehle and Paul, Computational Statistics and Data Analysis 52 (2008) 4357-4368.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

RATIO_UP, RATIO_DOWN = 1.2, 0.8
"""The shifts that the chart is built for: a fifth more or fewer leavings than the published probabilities say."""
WEEKS_A_YEAR = 52
ALARMS_A_YEAR = 0.5
"""False alarms that the threshold is set for, both sides together: half of the one a year that is promised."""
MOST_DELAY = 26
"""Weeks after which a leaving that is still untold is left to the next roster count, which the chart does not read."""
_LEAST_WEEKLY = 0.2
_LEAST_LIMIT = 1.0
"""Where a week tells much, one of a model that is right never lifts a sum above 0; no evidence at all is no alarm."""
_NOTHING = 0.01
_MOST_SWING = 1.0
_DRAWN_YEARS = 2
_DRAWS = 4_000
_USUAL_LEAVERS = 5.0
"""A position leans on the usual share as if so many more leavers had been seen of it."""


@dataclass(frozen=True, kw_only=True)
class PastWeeks:
    """Closed weeks to learn from; entries are institution-weeks.

    `term` is 10 * academic year + term, `position` 100 * term + week of that term; `monday` counts days since 1970; `told`
    (weeks, MOST_DELAY + 1) how many of those who left in the week's seven days were told d weeks after its Monday; `within`
    how many left within the whole horizon.
    """

    monday: Ints
    term: Ints
    position: Ints
    students: Ints
    within: Floats
    told: Floats


@dataclass(frozen=True, kw_only=True)
class Learned:
    """What closed terms teach: of those who leave within the horizon, the share that leaves in the first week and is
    told, by position; how late, by weeks; `dispersion` >= 1 of news around what the term's own level would tell; `weekly`
    news a calendar week; `swing` how far a whole term's level lies from the usual one beyond chance (standard deviation,
    relative), with `freedom` degrees; `level_error` how far the usual one may be wrong, having been seen in so few terms and
    leavings (standard error, relative).
    """

    share: dict[int, float]
    usual_share: float
    delays: Floats
    dispersion: float
    weekly: float
    swing: float
    freedom: int
    level_error: float

    def share_at(self, position: int) -> float:
        return self.share.get(position, self.usual_share)


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One entry a week; the sums fall back to 0 after an alarm, so that the next one is new evidence."""

    up: Floats
    down: Floats
    more: Flags
    fewer: Flags


def learn(past: PastWeeks, *, all_since: int | None = None) -> Learned | None:
    """None where no leaving was told at all: there is nothing to chart then.

    Of several institutions `all_since` is the first Monday of which all of them have a row: news of a calendar week are
    counted from then on.
    """
    told = past.told.sum()
    if not told:
        return None
    usual = float(told / past.within.sum())
    delays = past.told.sum(axis=0) / told
    expected = _expected_in_the_past(past, delays)
    observed = news(past.monday, past.told)
    first = 0 if all_since is None else (all_since - int(past.monday.min())) // 7
    levels = _levels(past, expected)
    freedom = len(levels.of_term) - len(np.unique(past.term % 10))
    told_of_levels = news(past.monday, expected * levels.of_term[levels.row][:, None])
    spread = dispersion(observed, told_of_levels, parameters=len(np.unique(past.position)) + freedom)
    swing = _swing(levels, spread, freedom)
    return Learned(
        share=_shares(past, usual),
        usual_share=usual,
        delays=delays,
        dispersion=spread,
        weekly=float(observed[first:].mean()),
        swing=swing,
        freedom=freedom,
        level_error=float(np.sqrt(spread / told + swing**2 / len(levels.of_term))),
    )


class _Levels(NamedTuple):
    """What each term told of what it should have, had every year told the same; `row` is the term of each row."""

    row: Ints
    expected: Floats
    of_term: Floats


def _levels(past: PastWeeks, expected: Floats) -> _Levels:
    _, row = np.unique(past.term, return_inverse=True)
    due = np.bincount(row, weights=expected.sum(axis=1)).astype(np.float64)
    told = np.bincount(row, weights=past.told.sum(axis=1))
    return _Levels(row, due, np.divide(told, due, out=np.ones_like(due), where=due > 0))


def _swing(levels: _Levels, spread: float, freedom: int) -> float:
    """By moments: how far terms differ beyond what so many tellings do by chance; 0 where no term had its like before."""
    if freedom < 1:
        return 0.0
    beyond = (levels.expected * (levels.of_term - 1) ** 2).sum() / freedom - spread
    return float(np.sqrt(max(0.0, beyond) / levels.expected.mean()))


def _shares(past: PastWeeks, usual: float) -> dict[int, float]:
    """Each position for itself: the week before a break holds those who do not come back, its neighbours do not."""
    found = {}
    for position in np.unique(past.position).tolist():
        own = past.position == position
        told = past.told[own].sum() + _USUAL_LEAVERS * usual
        found[position] = float(told / (past.within[own].sum() + _USUAL_LEAVERS))
    return found


def _expected_in_the_past(past: PastWeeks, delays: Floats) -> Floats:
    """What each row should have told, by weeks of delay, had every year told the same rate at the same position."""
    expected = np.zeros_like(past.told)
    for position in np.unique(past.position):
        own = past.position == position
        rate = past.told[own].sum() / max(past.students[own].sum(), 1)
        expected[own] = rate * past.students[own, None] * delays
    return expected


def monday_of(day: int) -> int:
    """The Monday on or before a day since 1970, which began on a Thursday."""
    return day - (day + 3) % 7


def news(monday: Ints, told: Floats) -> Floats:
    """What weeks tell after d = 0, 1, ... weeks, summed by the week of telling, from the first Monday on."""
    week = (monday - monday.min()) // 7
    arrived = np.zeros(int(week.max()) + told.shape[1], np.float64)
    np.add.at(arrived, week[:, None] + np.arange(told.shape[1]), told)
    return arrived


def dispersion(observed: Floats, expected: Floats, *, parameters: int) -> float:
    """Pearson's, at least 1; weeks in which less than one telling was expected say nothing."""
    enough = expected >= 1
    free = int(enough.sum()) - parameters
    if free < 1:
        return 1.0
    return max(1.0, float(((observed - expected)[enough] ** 2 / expected[enough]).sum() / free))


def chart(observed: Floats, expected: Floats, *, spread: Floats, limit: Floats) -> Chart:
    """The two sums, week after week; `spread` is the dispersion and `limit` the threshold that held in each week."""
    sums = np.zeros((2, len(observed)))
    crossed = np.zeros((2, len(observed)), bool)
    for side, ratio in enumerate((RATIO_UP, RATIO_DOWN)):
        step = (observed * np.log(ratio) - expected * (ratio - 1)) / spread
        held = 0.0
        for week in range(len(observed)):
            held = max(0.0, held + step[week])
            sums[side, week] = held
            crossed[side, week] = held >= limit[week]
            held = 0.0 if crossed[side, week] else held
    return Chart(up=sums[0], down=sums[1], more=crossed[0], fewer=crossed[1])


def threshold(learned: Learned) -> float:
    """How far a sum may go before it is an alarm, by simulation of charts on which nothing out of the usual happens.

    Each has a usual level of its own, and every half-year, as a term, a level around that.
    """
    weekly = max(learned.weekly / learned.dispersion, _LEAST_WEEKLY)
    return _threshold(_on_grid(weekly), _on_grid(learned.level_error), _on_grid(learned.swing), learned.freedom)


def _on_grid(number: float) -> float:
    """Rounded to steps of a tenth, so that thresholds once drawn serve again; what is below a hundredth is nothing."""
    return float(1.1 ** round(np.log(number) / np.log(1.1))) if number >= _NOTHING else 0.0


@lru_cache(maxsize=1024)
def _threshold(weekly: float, level_error: float, swing: float, freedom: int) -> float:
    """The least limit with ALARMS_A_YEAR or fewer, sought by halves."""
    steps = _drawn_steps(weekly, level_error, swing, freedom)
    low, high = _LEAST_LIMIT, _LEAST_LIMIT
    while _alarms_a_year(steps, high) > ALARMS_A_YEAR:
        low, high = high, 2 * high
    while high - low > 0.02 * high:
        middle = (low + high) / 2
        if _alarms_a_year(steps, middle) > ALARMS_A_YEAR:
            low = middle
        else:
            high = middle
    return high


def _drawn_steps(weekly: float, level_error: float, swing: float, freedom: int) -> Floats:
    """(weeks, 2, draws) what each week adds to the two sums."""
    random = np.random.default_rng(1985)
    usual = random.normal(0.0, level_error, _DRAWS)
    freedom = max(freedom, 1)
    swings = swing * np.sqrt(freedom / random.chisquare(freedom, _DRAWS))  # as sure of it as so few terms can be
    of_term = random.normal(0.0, 1.0, (2 * _DRAWN_YEARS, _DRAWS)) * np.minimum(swings, _MOST_SWING)
    level = np.exp(usual + of_term).repeat(WEEKS_A_YEAR // 2, axis=0)
    observed = random.poisson(weekly * level)[:, None, :]
    ratios = np.array([[RATIO_UP], [RATIO_DOWN]])
    return np.asarray(observed * np.log(ratios) - weekly * (ratios - 1))


def _alarms_a_year(steps: Floats, limit: float) -> float:
    """Both sides together; a sum begins anew after each."""
    alarms, sums = 0, np.zeros(steps.shape[1:])
    for step in steps:
        sums = np.maximum(0.0, sums + step)
        crossed = sums >= limit
        alarms += int(crossed.sum())
        sums[crossed] = 0.0
    return alarms / _DRAWS / _DRAWN_YEARS
