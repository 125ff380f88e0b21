"""The control chart of expected against observed leavers: two cumulative sums of log likelihood ratios, one up, one down.

What is charted is news: the leavings told in a week against those that should have been told by what was published and
by how late leavings are usually told. Counts of one week about another are parts of a Poisson count drawn apart by
delay, so the news of different weeks are independent and no later week rewrites an earlier point. Chart: Lucas,
Technometrics 27 (1985) 129-144; expected counts by risk: Steiner et al., Biostatistics 1 (2000) 441-452; overdispersion
and seasons: Hoehle and Paul, Computational Statistics and Data Analysis 52 (2008) 4357-4368.
"""

from dataclasses import dataclass
from functools import lru_cache

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
_DRAWN_YEARS = 2
_DRAWS = 4_000
_USUAL_LEAVERS = 5.0
"""A position leans on the usual share as if so many more leavers had been seen of it."""


@dataclass(frozen=True, kw_only=True)
class PastWeeks:
    """Closed weeks to learn from; entries are institution-weeks.

    `position` is 100 * term + week of that term; `monday` counts days since 1970; `told` (weeks, MOST_DELAY + 1) how many of those who left in the
    week's seven days were told d weeks after its Monday; `within` how many left within the whole horizon.
    """

    monday: Ints
    position: Ints
    students: Ints
    within: Floats
    told: Floats


@dataclass(frozen=True, kw_only=True)
class Learned:
    """What closed terms teach: of those who leave within the horizon, the share that leaves in the first week and is
    told, by position; how late, by weeks; `dispersion` >= 1 of news around expectation; `weekly` news a calendar week;
    `level_error` how far the level may be wrong because so few leavings were seen (standard error, relative).
    """

    share: dict[int, float]
    usual_share: float
    delays: Floats
    dispersion: float
    weekly: float
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


def learn(past: PastWeeks) -> Learned | None:
    """None where no leaving was told at all: there is nothing to chart then."""
    told = past.told.sum()
    if not told:
        return None
    usual = float(told / past.within.sum())
    delays = past.told.sum(axis=0) / told
    expected = _expected_in_the_past(past, delays)
    observed = news(past.monday, past.told)
    return Learned(
        share=_shares(past, usual),
        usual_share=usual,
        delays=delays,
        dispersion=(spread := dispersion(observed, expected, parameters=len(np.unique(past.position)))),
        weekly=float(observed.sum() / len(observed)),
        level_error=float(np.sqrt(spread / told)),
    )


def _shares(past: PastWeeks, usual: float) -> dict[int, float]:
    """Each position for itself: the week before a break holds those who do not come back, its neighbours do not."""
    found = {}
    for position in np.unique(past.position).tolist():
        own = past.position == position
        told = past.told[own].sum() + _USUAL_LEAVERS * usual
        found[position] = float(told / (past.within[own].sum() + _USUAL_LEAVERS))
    return found


def _expected_in_the_past(past: PastWeeks, delays: Floats) -> Floats:
    """News by calendar week had every year told the same rate at the same position."""
    expected = np.zeros_like(past.told)
    for position in np.unique(past.position):
        own = past.position == position
        rate = past.told[own].sum() / max(past.students[own].sum(), 1)
        expected[own] = rate * past.students[own, None] * delays
    return news(past.monday, expected)


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
    """How far a sum may go before it is an alarm, by simulation of charts of a model that is right."""
    weekly = max(learned.weekly / learned.dispersion, _LEAST_WEEKLY)
    return _threshold(_on_grid(weekly), _on_grid(learned.level_error))


def _on_grid(number: float) -> float:
    """Rounded to steps of a tenth, so that thresholds once drawn serve again."""
    return float(1.1 ** round(np.log(number) / np.log(1.1)))


@lru_cache(maxsize=1024)
def _threshold(weekly: float, level_error: float) -> float:
    """Alarms come as a Poisson process of ALARMS_A_YEAR: so many of the drawn charts may stay below the threshold."""
    random = np.random.default_rng(1985)
    weeks = _DRAWN_YEARS * WEEKS_A_YEAR
    level = np.exp(random.normal(0.0, level_error, _DRAWS))
    highest = np.zeros(_DRAWS)
    sums = np.zeros((2, _DRAWS))
    ratios = np.array([[RATIO_UP], [RATIO_DOWN]])
    for _ in range(weeks):
        observed = random.poisson(weekly * level)
        sums = np.maximum(0.0, sums + observed * np.log(ratios) - weekly * (ratios - 1))
        highest = np.maximum(highest, sums.max(axis=0))
    return float(np.quantile(highest, np.exp(-ALARMS_A_YEAR * _DRAWN_YEARS)))
