"""What the records of a simulated college had told by a Monday, as the numbers that benchmarks/observer.py reckons with.

Made again from the same seed by the simulator's own functions; kept is what was recorded and from which day on it was
known: marks as entered (late entries late, vanished rows never), scores as released, forms and screenings as handed in.
Days count since 1970; `from_day` is the first morning on which a thing is known.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulation.attendance import ABSENT, INTERNSHIP, LATE, MINUTES, NEVER, PRESENT, SKIPPED, Seen, record, see
from simulation.coefficients import value, whole
from simulation.entrants import Flags, Floats, Whole, stream
from simulation.exports import Export
from simulation.grades import Marks, mark
from simulation.people import NOT_POOR
from simulation.rosters import dmc_rounds, first_week_roster
from simulation.surveys import AREA_WORDS, LEVEL_WORDS, household, screening
from simulation.terms import FRIDAY, SimulatedTerm, ordinal
from simulation.world import World

Small = npt.NDArray[np.int8]
UNKNOWN, CAME, AWAY = -1, 0, 1
_DAYS = FRIDAY + 1
_AREAS = len(AREA_WORDS) - 1  # the overall one is the worst of the others


@dataclass(frozen=True, kw_only=True)
class Screened:
    """One screening of a term: `levels` (people, areas), -1 for who was not screened; `week` 0-based over all terms."""

    week: Whole
    from_day: Whole
    levels: Small


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Of one term, (people, courses): NaN where there is none; `missing` midterm work. Days are NEVER where none came."""

    midterm: Floats
    missing: Flags
    midterm_from: Whole
    final: Floats
    final_from: Whole
    hardness: Floats


@dataclass(frozen=True, kw_only=True)
class Records:
    """Everything, by person (last axis but the day of the week). Weeks count over all terms.

    `mark` (weeks, people, 5) is CAME, AWAY or UNKNOWN; a week in the company is UNKNOWN, since whatever is marked then
    is the roll call's habit. `missed` is absence without leave, `late` coming late.
    """

    mark: Small
    late: Flags
    missed: Flags
    from_day: Whole
    day_log_odds: Floats
    scores: tuple[Scores, ...]
    unregistered: Small
    roster_from: Whole
    screened: tuple[Screened, ...]
    household_from: Whole
    flagged_poor: Flags
    poor_from: Whole


def records_of(world: World, terms: tuple[SimulatedTerm, ...]) -> Records:
    """The records of these terms, the first ones of the calendar."""
    seen = [see(world, term) for term in terms]
    marks = [_marks(world, term, one) for term, one in zip(terms, seen, strict=True)]
    rosters = [_registration(world, term) for term in terms]
    number = {code: i for i, code in enumerate(world.identities.student_code)}
    return Records(
        mark=np.concatenate([one[0] for one in marks]),
        late=np.concatenate([one[1] for one in marks]),
        missed=np.concatenate([one[2] for one in marks]),
        from_day=np.concatenate([one[3] for one in marks]),
        day_log_odds=np.concatenate([_day_log_odds(term) for term in terms]),
        scores=tuple(_scores(world, term, mark(world, term, one)) for term, one in zip(terms, seen, strict=True)),
        unregistered=np.array([one[0] for one in rosters]),
        roster_from=np.array([one[1] for one in rosters]),
        screened=tuple(
            one for term in terms for again in (False, True) if (one := _screened(world, term, again, number))
        ),
        household_from=_household_from(world, number),
        flagged_poor=_flagged_poor(world),
        poor_from=_poor_from(world),
    )


def _from_day(minutes: Whole) -> Whole:
    return np.asarray(minutes // MINUTES + 1)


# Marks


def _marks(world: World, term: SimulatedTerm, seen: Seen) -> tuple[Small, Flags, Flags, Whole]:
    shape = (len(term.weeks), world.entrants.count, _DAYS)
    kind, late, missed = np.full(shape, UNKNOWN, np.int8), np.zeros(shape, bool), np.zeros(shape, bool)
    from_day = np.zeros(shape, np.int64)
    told = record(world, term, seen)
    week, weekday = np.divmod(told.day - ordinal(term.opens_on), 7)
    row = np.searchsorted(np.sort(seen.people), told.person)
    true = seen.status[np.argsort(seen.people)[row], np.searchsorted(seen.days, told.day)]
    kept = (told.vanishes_at == NEVER) & (true != INTERNSHIP)
    cell = (week[kept], told.person[kept], weekday[kept])
    status = told.status[kept]
    kind[cell] = np.where((status == PRESENT) | (status == LATE), CAME, AWAY)
    late[cell], missed[cell] = status == LATE, (status == ABSENT) | (status == SKIPPED)
    from_day[cell] = _from_day(told.entered_at[kept])
    return kind, late, missed, from_day


def _day_log_odds(term: SimulatedTerm) -> Floats:
    """(weeks, days of the week): what the weekday and the rain do to coming."""
    weekday = np.array([value(f"weekday_{day + 1}") for day in range(_DAYS)])
    first = np.array([ordinal(week.monday) for week in term.weeks])
    days = (first[:, None] + np.arange(_DAYS)).astype("datetime64[D]")
    month = days.astype("datetime64[M]").astype(np.int64) % 12 + 1
    rainy = (month >= value("rain_month_first")) & (month <= value("rain_month_last"))
    return np.asarray(weekday + value("rain_dip") * rainy)


# Scores and rosters


def _scores(world: World, term: SimulatedTerm, marks: Marks) -> Scores:
    """A course's hardness is taken as known: the marks of all who take it tell it to a fraction of a point."""
    shape = (world.entrants.count, whole("courses"))
    hardness = value("score_course") * stream(world.seed, "grades", term.index).standard_normal(whole("courses"))
    cells = {item: np.array([one == item for one in marks.item], bool) for item in ("MIDTERM", "FINAL")}
    points = np.array([float(one) if one else np.nan for one in marks.score])
    score, day = {}, {}
    for item, chosen in cells.items():
        place = (marks.person[chosen], marks.course[chosen])
        score[item], day[item] = np.full(shape, np.nan), np.full(shape, NEVER)
        score[item][place], day[item][place] = points[chosen], marks.released_on[chosen] + 1
    return Scores(
        midterm=score["MIDTERM"],
        missing=(day["MIDTERM"] < NEVER) & np.isnan(score["MIDTERM"]),
        midterm_from=day["MIDTERM"],
        final=score["FINAL"],
        final_from=day["FINAL"],
        hardness=hardness,
    )


def _registration(world: World, term: SimulatedTerm) -> tuple[Small, int]:
    """1 for who had not paid when the first-week roster was taken, 0 for who had, -1 for who is not on it."""
    told, people = first_week_roster(world, term), world.on_roll(term)
    found = np.full(world.entrants.count, -1, np.int8)
    found[people] = [day == "" for day in told.columns["วันที่ลงทะเบียน"]]
    return found, int(_from_day(told.known_at)[0]) if len(people) else int(NEVER)


# Forms and screenings


def _people(told: Export, number: dict[str, int]) -> Whole:
    return np.array([number[str(code)] for code in told.columns["รหัสนักศึกษา"]], np.int64)


def _screened(world: World, term: SimulatedTerm, again: bool, number: dict[str, int]) -> Screened | None:
    told = screening(world, term, again=again)
    if not len(told.known_at):
        return None
    n = world.entrants.count
    levels, week, from_day = np.full((n, _AREAS), -1, np.int8), np.full(n, -1), np.full(n, NEVER)
    people = _people(told, number)[:: len(AREA_WORDS)]
    words = np.array([LEVEL_WORDS.index(str(word)) for word in told.columns["กลุ่ม"]], np.int8)
    levels[people] = words.reshape(-1, len(AREA_WORDS))[:, 1:]
    from_day[people] = _from_day(told.known_at)[:: len(AREA_WORDS)]
    week[people] = (from_day[people] - 1 - ordinal(term.opens_on)) // 7 + term.index * len(term.weeks)
    return Screened(week=week, from_day=from_day, levels=levels)


def _household_from(world: World, number: dict[str, int]) -> Whole:
    told = household(world)
    from_day = np.full(world.entrants.count, NEVER)
    from_day[_people(told, number)] = _from_day(told.known_at)
    return from_day


def _flagged_poor(world: World) -> Flags:
    """Whom the ministry's roster calls poor."""
    entered = stream(world.seed, "flagged poor").random(world.entrants.count) < value("flagged_poor")
    return np.asarray(entered & (world.traits.poverty != NOT_POOR))


def _poor_from(world: World) -> Whole:
    """When that roster first told of each person."""
    opened = np.array([ordinal(term.opens_on) for term in world.calendar.terms])[world.entrants.first_term]
    rounds = _from_day(np.array([one.known_at for one in dmc_rounds(world.calendar)]))
    return np.asarray(np.append(rounds, NEVER)[np.searchsorted(rounds, opened)])
