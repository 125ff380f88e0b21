"""How soon the control chart of `zerodrop monitor` finds a changed base rate, and how often it cries wolf.

    python -m benchmarks.monitor --years 400

JSON lines, one for each size, way of telling and way of being wrong: `students` enrolled together, `false_alarms_a_year`
over `years` of a model that is right (both sides together), the share of years with none, and calendar weeks from a
sudden shift of a fifth, up and down, to its alarm: quartiles (null: not within the rest of two years), the share found
within three weeks and within a term (18 weeks). Week by week the expected numbers are those of the simulated college
(simulation/): published are the sums of its true hazards over 56 days, so the model is right; `natural_spread` adds what real
terms do, a random level each term that no model knows (standard deviation, relative): what it does alone is no change.
Three drawn years teach the chart as in use; its threshold and its expectations carry that learning's errors. `told`: "as
simulated", 60 of 100 leavings after 1 to 6 weeks, or "at once", all of them within the week.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from simulation.coefficients import value, whole
from simulation.life import advance, break_rates, finishes_after, risk_in, states, week_rates
from simulation.terms import Week, ordinal
from simulation.truth import HORIZON_DAYS
from simulation.world import World, make_world
from training.control_chart import MOST_DELAY, Chart, Learned, PastWeeks, chart, learn, news, threshold

Figures = dict[str, Any]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
AS_SIMULATED, AT_ONCE = "as simulated", "at once"
NATURAL = (0.0, 0.1)
UP, DOWN = 1.2, 0.8
HISTORY_YEARS, WATCHED_YEARS = 3, 2
DRAWN_FROM, SEED = 3_000, 5
YEAR_WEEKS = 52
HORIZON_WEEKS = HORIZON_DAYS // 7
SOON, TERM_WEEKS = 3, 18


@dataclass(frozen=True, kw_only=True)
class Year:
    """One academic year of the simulated college by teaching week, for each student of it: sums over students are
    divided by the head-count. `week` counts from the year's first Monday."""

    week: Ints
    position: Ints
    term: Ints
    mass: Floats
    leaving: Floats


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.monitor", description="The control chart, measured.")
    parser.add_argument("--years", type=int, default=400, help="drawn years of each line")
    parser.add_argument("--students", type=int, action="append", help="this size alone; may be given again")
    chosen = parser.parse_args(arguments)
    year = year_of(make_world(students=DRAWN_FROM, years=3, seed=SEED, last_monday=date(2026, 9, 7)))
    for line in lines(year, chosen.students or SIZES, chosen.years):
        print(json.dumps(line), flush=True)
    return 0


def lines(year: Year, sizes: Sequence[int], years: int) -> Iterator[Figures]:
    for told in (AS_SIMULATED, AT_ONCE):
        for natural in NATURAL:
            for students in sizes:
                yield measured(year, students, years, told=told, natural=natural)


def year_of(world: World) -> Year:
    """The newest full year: expected leavers of each week by the true hazards, and of the 56 days from its Monday."""
    terms = [term for term in world.calendar.terms if term.academic_year == world.calendar.terms[-3].academic_year]
    opening = terms[0].weeks[0].monday
    weeks = [(term, week) for term in terms for week in term.weeks]
    number = np.array([(week.monday - opening).days // 7 for _, week in weeks], np.int64)
    leaving = np.array([_leaving(world, week) for _, week in weeks]) / DRAWN_FROM
    ahead = (number[None, :] - number[:, None]) % YEAR_WEEKS
    return Year(
        week=number,
        position=np.array([100 * term.term + week.number for term, week in weeks], np.int64),
        term=np.array([term.term for term, _ in weeks], np.int64),
        mass=(ahead < HORIZON_WEEKS) @ leaving,
        leaving=leaving,
    )


def _leaving(world: World, week: Week) -> float:
    """Expected leavers of one week; its last one in a term holds those who do not come back after the break."""
    term, lives = world.calendar.terms[week.term], world.lives
    people = np.flatnonzero(lives.is_here(term.index, ordinal(week.monday)))
    level, risk = lives.level[term.index][people], risk_in(lives, term.index)[people]
    here = np.eye(states())[lives.drift[term.index * len(term.weeks) + week.number - 1][people]]
    here = advance(here, week_rates(term, week, level, risk))
    if week.monday <= term.teaching_ends_on < week.monday + timedelta(days=7):
        here = advance(here, break_rates(term, level, risk, finishes_after(term, level)))
    return float(here[:, states() - 2].sum())


# Drawing


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Some years in a row: one entry a teaching week; `left` drawn leavers, `told` by weeks of delay."""

    monday: Ints
    term: Ints
    position: Ints
    mass: Floats
    left: Ints
    told: Floats


def drawn(year: Year, students: int, years: int, *, told: str, level: Floats, random: np.random.Generator) -> Drawn:
    """`level` (years * weeks,) multiplies the true hazards: 1 where the model is right."""
    week = np.concatenate([year.week + YEAR_WEEKS * number for number in range(years)])
    left = random.poisson(np.tile(year.leaving, years) * students * level)
    return Drawn(
        monday=4 + 7 * week,  # 5 January 1970 was a Monday
        term=np.concatenate([10 * number + year.term for number in range(years)]),
        position=np.tile(year.position, years),
        mass=np.tile(year.mass, years) * students,
        left=left,
        told=np.array([random.multinomial(one, _delays(told)) for one in left])[:, :-1].astype(np.float64),
    )


def _delays(told: str) -> Floats:
    """Chances of being told d weeks after the Monday of the week, and last of never."""
    if told == AT_ONCE:
        return np.asarray(np.eye(MOST_DELAY + 2)[1], np.float64)
    days = np.arange(whole("told_least_days"), whole("told_most_days") + 1)
    weeks = -(-(days[:, None] + np.arange(1, 6)) // 7)  # Tuesday to Saturday
    chances = np.bincount(weeks.ravel(), minlength=MOST_DELAY + 2) / weeks.size * value("leavers_told")
    chances[-1] = 1 - chances[:-1].sum()
    return np.asarray(chances, np.float64)


def past_of(history: Drawn, students: int) -> PastWeeks:
    """As `zerodrop monitor` learns: who left within 56 days of each Monday, and who of its week was told when."""
    ahead = history.monday[None, :] - history.monday[:, None]
    within = ((ahead >= 0) & (ahead < HORIZON_DAYS)) @ history.left
    return PastWeeks(
        monday=history.monday,
        term=history.term,
        position=history.position,
        students=np.full(len(within), students, np.int64),
        within=within.astype(np.float64),
        told=history.told,
    )


def charted(watched: Drawn, learned: Learned) -> Chart:
    share = np.array([learned.share_at(int(position)) for position in watched.position])
    expected = news(watched.monday, (watched.mass * share)[:, None] * learned.delays)
    observed = news(watched.monday, watched.told)
    weeks = len(expected)
    return chart(
        observed,
        expected,
        spread=np.full(weeks, learned.dispersion),
        limit=np.full(weeks, threshold(learned)),
    )


# Measuring


def measured(year: Year, students: int, years: int, *, told: str, natural: float) -> Figures:
    """A line of figures; `years` is how many pairs of watched years are drawn of each kind."""
    random = np.random.default_rng([SEED, students, round(100 * natural), len(told)])
    alarms, found = [], {UP: [], DOWN: []}  # type: tuple[list[int], dict[float, list[float]]]
    weekly = []
    for _ in range(years):
        learned = _learned(year, students, told, natural, random)
        if learned is None:
            continue
        weekly.append(learned.weekly)
        level = _levels(year, WATCHED_YEARS, natural, random)
        lines = charted(drawn(year, students, WATCHED_YEARS, told=told, level=level, random=random), learned)
        alarms.append(int((lines.more | lines.fewer)[: WATCHED_YEARS * YEAR_WEEKS].sum()))
        for ratio, weeks in found.items():
            weeks.append(_weeks_to_alarm(year, students, told, natural, learned, ratio, random))
    return {
        "students": students,
        "told": told,
        "natural_spread": natural,
        "years": len(alarms) * WATCHED_YEARS,
        "told_a_week": round(float(np.mean(weekly)), 2),
        "false_alarms_a_year": round(float(np.mean(alarms)) / WATCHED_YEARS, 3),
        "two_years_without_share": round(float((np.array(alarms) == 0).mean()), 3),
        "found_up": _quartiles(found[UP]),
        "found_down": _quartiles(found[DOWN]),
    }


def _learned(year: Year, students: int, told: str, natural: float, random: np.random.Generator) -> Learned | None:
    level = _levels(year, HISTORY_YEARS, natural, random)
    return learn(past_of(drawn(year, students, HISTORY_YEARS, told=told, level=level, random=random), students))


def _levels(year: Year, years: int, natural: float, random: np.random.Generator) -> Floats:
    """A level for each term that no model could know."""
    term = np.concatenate([year.term + 2 * number for number in range(years)])
    return np.asarray(np.exp(random.normal(0.0, natural, term.max() + 1))[term])


def _weeks_to_alarm(
    year: Year, students: int, told: str, natural: float, learned: Learned, ratio: float, random: np.random.Generator
) -> float:
    """Calendar weeks from the Monday on which all hazards change to the right alarm; infinite when there is none.

    The shift begins on any teaching week of the first year; what the chart holds by then is as it happens to be.
    """
    begins = int(random.choice(year.week))
    level = _levels(year, WATCHED_YEARS, natural, random)
    week = np.concatenate([year.week + YEAR_WEEKS * number for number in range(WATCHED_YEARS)])
    level = level * np.where(week >= begins, ratio, 1.0)
    lines = charted(drawn(year, students, WATCHED_YEARS, told=told, level=level, random=random), learned)
    right = lines.more if ratio > 1 else lines.fewer
    later = np.flatnonzero(right[begins + 1 : WATCHED_YEARS * YEAR_WEEKS])
    return float(later[0] + 1) if len(later) else np.inf


def _quartiles(weeks: Sequence[float]) -> Figures:
    held = np.array(weeks)
    quarter, half, three = (float(np.quantile(held, share, method="inverted_cdf")) for share in (0.25, 0.5, 0.75))
    return {
        "weeks": [None if np.isinf(one) else int(one) for one in (quarter, half, three)],
        "within_3_weeks": round(float((held <= SOON).mean()), 3),
        "within_a_term": round(float((held <= TERM_WEEKS).mean()), 3),
    }


if __name__ == "__main__":
    sys.exit(main())
