"""Roll calls beside the whole day, in a few class groups: at the flagpole, in homeroom, and in class with the course."""

from dataclasses import fields

import numpy as np
import numpy.typing as npt

from simulation.attendance import (
    ABSENT,
    INTERNSHIP,
    LATE,
    MINUTES,
    NEVER,
    NO_COURSE,
    PRESENT,
    SKIPPED,
    WHOLE_DAY,
    Seen,
    TermAttendance,
)
from simulation.coefficients import value, whole
from simulation.entrants import Flags, Floats, Whole, stream
from simulation.terms import SimulatedTerm
from simulation.world import World

SESSION_WORDS = ("ทั้งวัน", "หน้าเสาธง", "โฮมรูม", "คาบ 1", "คาบ 2")
FLAG, HOMEROOM, FIRST_PERIOD = 1, 2, 3
SCHOOL_DAYS = 5
Small = npt.NDArray[np.int8]


def with_sessions(world: World, term: SimulatedTerm, seen: Seen, told: TermAttendance) -> TermAttendance:
    """The whole days and, for a few groups, the other roll calls, in the order of days."""
    random = stream(world.seed, "sessions", term.index)
    group = world.group(term, seen.people)
    calls_periods = group % whole("period_group_every") == 0
    calls_flag = group % whole("flag_group_every") == 1
    weekday = (seen.days + 3) % 7  # 1 January 1970 was a Thursday
    is_homeroom = weekday == whole("homeroom_weekday")
    parts = [
        _roll(world, term, seen, random, calls_flag, np.ones(len(weekday), bool), FLAG, NO_COURSE, "flag_attended"),
        _roll(world, term, seen, random, calls_flag, is_homeroom, HOMEROOM, NO_COURSE, "period_attended"),
    ]
    for course in range(whole("courses")):
        is_day, session = weekday == course % SCHOOL_DAYS, FIRST_PERIOD + course // SCHOOL_DAYS
        parts.append(_roll(world, term, seen, random, calls_periods, is_day, session, course, "period_attended"))
    return _together([told, *parts])


def _roll(
    world: World, term: SimulatedTerm, seen: Seen, random: np.random.Generator,
    who: Flags, when: Flags, session: int, course: int, attended: str,
) -> TermAttendance:  # fmt: skip
    """One kind of roll call for some people on some days; nobody is called after leaving or while in the company."""
    left = world.lives.left_on[term.index][seen.people]
    here = (left == 0)[:, None] | (seen.days < left[:, None])
    called = who[:, None] & when & here & (seen.status != INTERNSHIP)
    row, column = np.nonzero(called & (random.random(called.shape) < value("session_recorded")))
    status = _status(seen.status[row, column], random.random(len(row)), value(attended), session)
    nothing = np.full(len(row), NEVER)
    return TermAttendance(
        person=seen.people[row],
        group=world.group(term, seen.people)[row],
        day=seen.days[column],
        session=np.full(len(row), session, dtype=np.int8),
        course=np.full(len(row), course, dtype=np.int8),
        status=status,
        entered_at=seen.days[column] * MINUTES + 8 * 60 + 60 * session + random.integers(0, 50, len(row)),
        corrected_status=status,
        corrected_at=nothing,
        vanishes_at=nothing,
    )


def _status(of_day: Small, draws: Floats, attended: float, session: int) -> Small:
    """Away all day is away here; of who came some skip a class, or come after the flag."""
    missed = ABSENT if session in (FLAG, HOMEROOM) else SKIPPED
    late = LATE if session in (FLAG, FIRST_PERIOD) else PRESENT
    came = np.where(of_day == LATE, late, PRESENT)
    is_in = np.isin(of_day, (PRESENT, LATE))
    return np.asarray(np.where(is_in, np.where(draws < attended, came, missed), of_day), dtype=np.int8)


def _together(parts: list[TermAttendance]) -> TermAttendance:
    columns = {field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(parts[0])}
    order: Whole = np.lexsort((columns["session"], columns["session"] != WHOLE_DAY, columns["day"]))
    return TermAttendance(**{name: cells[order] for name, cells in columns.items()})
