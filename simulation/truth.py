"""What nobody at a college can know: the true probability of leaving within 56 days, for tests alone."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from simulation.entrants import Floats, Whole
from simulation.life import LEFT, Lives, advance, break_rates, finishes_after, risk_in, states, week_rates
from simulation.terms import Calendar, SimulatedTerm, Week, ordinal

HORIZON_DAYS = 56


def leaving_probability(*, lives: Lives, calendar: Calendar, week: Week, people: Whole) -> Floats:
    """P(leave in the 56 days from this Monday) of people who are here, from the very hazards that they live under."""
    w = week.term * len(calendar.terms[0].weeks) + week.number - 1
    here = np.eye(states())[lives.drift[w][people]]
    return leaving_from(
        here, calendar=calendar, week=week, level=lives.level[:, people], risk=risk_in(lives, week.term)[people]
    )


def leaving_from(here: Floats, *, calendar: Calendar, week: Week, level: Whole, risk: Floats) -> Floats:
    """The same from any distribution over states on that Monday; `level` is (terms, people)."""
    end = week.monday + timedelta(days=HORIZON_DAYS)
    for term in calendar.terms[week.term :]:
        if term.opens_on < end:
            here = _through(term, here, level[term.index], risk, week.monday, end)
    return np.asarray(here[:, states() - 2])


def _through(term: SimulatedTerm, here: Floats, level: Whole, risk: Floats, first: date, end: date) -> Floats:
    """The weeks of one term that lie in the horizon, and the break after it."""
    finished = level < 0
    for week in term.weeks:
        if first <= week.monday < end:
            here = np.where(finished[:, None], here, advance(here, week_rates(term, week, level, risk)))
    if first <= term.teaching_ends_on < end - timedelta(days=1):
        here = advance(here, break_rates(term, level, risk, finishes_after(term, level)))
    return here


def write_hazards(path: Path, *, lives: Lives, calendar: Calendar, codes: list[str], last_as_of: date) -> int:
    """One row for each student and teaching-week Monday up to and including the last."""
    student, days, chance, left = [], [], [], []
    for week in calendar.weeks:
        if week.monday > last_as_of:
            break
        people = np.flatnonzero(lives.is_here(week.term, ordinal(week.monday)))
        student.append(people)
        days.append(np.full(len(people), ordinal(week.monday)))
        chance.append(leaving_probability(lives=lives, calendar=calendar, week=week, people=people))
        left.append(next_leaving(lives, week.term, people))
    who = np.concatenate(student)
    table = pa.table(
        {
            "student_code": pa.array([codes[i] for i in who], pa.string()),
            "as_of": pa.array(np.concatenate(days).astype("datetime64[D]")),
            "leaves_within_56_days_probability": np.concatenate(chance),
            "left_on": _dates(np.concatenate(left)),
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
    return int(table.num_rows)


def next_leaving(lives: Lives, term: int, people: Whole) -> Whole:
    """The day on which the present spell ends by leaving; 0 when it does not."""
    day = np.zeros(len(people), dtype=np.int64)
    running = np.ones(len(people), dtype=np.bool_)
    for t in range(term, len(lives.on_roll)):
        ends = running & (lives.exit[t][people] != 0)
        leaves = ends & (lives.exit[t][people] == LEFT)
        day = np.where(leaves, lives.left_on[t][people], day)
        running &= ~ends
    return day


def _dates(days: Whole) -> pa.Array:
    return pa.array(days.astype("datetime64[D]"), mask=days == 0)
