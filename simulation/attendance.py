"""Daily attendance of a term: what teachers saw, when they entered it, what they corrected, forgot or lost."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from simulation.coefficients import named, value, whole
from simulation.entrants import Flags, Floats, Whole, stream
from simulation.life import LEFT
from simulation.people import logistic
from simulation.terms import SimulatedTerm, ordinal
from simulation.world import World

STATUS_WORDS = ("มา", "สาย", "ขาด", "ลาป่วย", "ลากิจ", "โดด", "ฝึกงาน")
PRESENT, LATE, ABSENT, SICK, PERSONAL, SKIPPED, INTERNSHIP = range(len(STATUS_WORDS))
WHOLE_DAY, NO_COURSE = 0, -1
INTERNSHIP_UNTOLD = len(STATUS_WORDS)
MINUTES = 24 * 60
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, kw_only=True)
class TermAttendance:
    """Rows as entered, in the order of days; a corrected row has another status from `corrected_at` on.

    Times are local minutes since 1970. `session` counts WHOLE_DAY and then those of `simulation.sessions`; `course` counts
    the courses of the term, NO_COURSE outside class.
    """

    person: Whole
    group: Whole
    day: Whole
    session: npt.NDArray[np.int8]
    course: npt.NDArray[np.int8]
    status: npt.NDArray[np.int8]
    entered_at: Whole
    corrected_status: npt.NDArray[np.int8]
    corrected_at: Whole
    vanishes_at: Whole


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Who was where on each teaching day: rows are people, columns days."""

    people: Whole
    days: Whole
    week: Whole
    status: npt.NDArray[np.int8]

    def share_attended(self, through_week: int) -> Floats:
        """Share of days not away, leave counted as attended, until the end of a week."""
        part = self.status[:, self.week <= through_week]
        return np.asarray(1 - ((part == ABSENT) | (part == SKIPPED)).mean(axis=1))


def see(world: World, term: SimulatedTerm) -> Seen:
    """Every student on every teaching day, those who have gone as absent."""
    people, teaching = world.on_roll(term), world.calendar.teaching_days(term)
    days = np.array([ordinal(day) for day in teaching])
    week = (days - ordinal(term.opens_on)) // 7 + 1
    random = stream(world.seed, "attendance", term.index)
    present = logistic(_log_odds(world, term, people, teaching, week, random))
    left = world.lives.left_on[term.index][people]
    gone = (left > 0)[:, None] & (days >= left[:, None])
    status = _status(world, people, random.random(present.shape) < present, random)
    status[_on_internship(world, term, people, week)] = INTERNSHIP
    status[gone] = ABSENT
    return Seen(people=people, days=days, week=week, status=status)


def _log_odds(
    world: World, term: SimulatedTerm, people: Whole, teaching: list[date], week: Whole, random: np.random.Generator
) -> Floats:
    weekday = np.array([value(f"weekday_{day.weekday() + 1}") for day in teaching])
    rainy = np.array([value("rain_month_first") <= day.month <= value("rain_month_last") for day in teaching])
    of_day = weekday + value("rain_dip") * rainy
    weeks = len(term.weeks)
    drift = world.lives.drift[term.index * weeks : (term.index + 1) * weeks, people].T.astype(np.float64)
    of_week = -value("drift_decay") * drift - value("slump_depth") * _slumps(len(people), weeks, random)
    return np.asarray(lasting_log_odds(world.traits.attendance[people])[:, None] + of_week[:, week - 1] + of_day)


def lasting_log_odds(trait: Floats) -> Floats:
    """A Beta share of days, drawn through the trait: its logit is near normal with these two moments."""
    mean, strength = value("attendance_mean"), value("attendance_concentration")
    spread = np.sqrt(1 / (mean * strength) + 1 / ((1 - mean) * strength))
    return np.asarray(np.log(mean / (1 - mean)) + spread * trait)


def _slumps(people: int, weeks: int, random: np.random.Generator) -> Flags:
    """Weeks of bad attendance that have nothing to do with leaving."""
    starts = random.random((people, weeks)) < value("slump_start")
    length = random.integers(1, whole("slump_weeks") + 1, (people, weeks))
    slump = starts.copy()
    for later in range(1, whole("slump_weeks")):
        slump[:, later:] |= (starts & (length > later))[:, :-later]
    return slump


def _status(world: World, people: Whole, present: Flags, random: np.random.Generator) -> npt.NDArray[np.int8]:
    late = logistic(value("late_base") + value("late_spread") * world.traits.lateness[people])
    is_late = random.random(present.shape) < late[:, None]
    shares = np.cumsum([value(f"away_{kind}") for kind in ("absent", "sick", "personal", "skipped")])
    away = ABSENT + np.searchsorted(shares / shares[-1], random.random(present.shape), side="right")
    return np.asarray(np.where(present, np.where(is_late, LATE, PRESENT), away), dtype=np.int8)


def _on_internship(world: World, term: SimulatedTerm, people: Whole, week: Whole) -> Flags:
    """Dual-system groups of later years are in a company for some weeks of each term."""
    named_weeks = named("internship_")
    away = (week >= named_weeks["first_week"]) & (week <= named_weeks["last_week"])
    later_year = np.isin(world.lives.level[term.index][people], (1, 2, 4))
    return np.asarray((world.entrants.is_dual[people] & later_year)[:, None] & away)


def record(world: World, term: SimulatedTerm, seen: Seen) -> TermAttendance:
    """What of it was entered, and when."""
    random = stream(world.seed, "entering", term.index)
    group = world.group(term, seen.people)
    shape = seen.status.shape
    entered = _entry_times(group, seen.days, shape, random)
    told = _as_marked(world, term, seen, group)
    kept = _recorded(group, shape, random) & _listed(world, term, seen, random) & (told != INTERNSHIP_UNTOLD)
    row, column = np.nonzero(kept)
    # Rows stand in the order of days, then class groups, as a college's system prints them.
    order = np.lexsort((row, column))
    row, column = row[order], column[order]
    status, entered_at = told[row, column], entered[row, column]
    corrected = (status == ABSENT) & (random.random(len(row)) < value("corrected_absences"))
    corrected_at = entered_at + random.integers(1, whole("corrected_days") + 1, len(row)) * MINUTES
    vanishes = random.random(len(row)) < value("vanished_rows")
    vanishes_at = entered_at + random.integers(1, whole("vanished_days") + 1, len(row)) * MINUTES
    return TermAttendance(
        person=seen.people[row],
        group=group[row],
        day=seen.days[column],
        session=np.full(len(row), WHOLE_DAY, dtype=np.int8),
        course=np.full(len(row), NO_COURSE, dtype=np.int8),
        status=status,
        entered_at=entered_at,
        corrected_status=np.where(random.random(len(row)) < value("corrected_to_sick"), SICK, PERSONAL).astype(np.int8),
        corrected_at=np.where(corrected, corrected_at, NEVER),
        vanishes_at=np.where(vanishes, vanishes_at, NEVER),
    )


def _as_marked(world: World, term: SimulatedTerm, seen: Seen, group: Whole) -> npt.NDArray[np.int8]:
    """How a class group's roll call has the weeks in the company: as such, as absence, or not at all."""
    habit = stream(world.seed, "company weeks", term.index).random(int(group.max(initial=0)) + 1)[group]
    marks = np.where(habit < value("company_marked") + value("company_absent"), ABSENT, INTERNSHIP_UNTOLD)
    marks = np.where(habit < value("company_marked"), INTERNSHIP, marks)
    return np.asarray(np.where(seen.status == INTERNSHIP, marks[:, None], seen.status), dtype=np.int8)


def _entry_times(group: Whole, days: Whole, shape: tuple[int, ...], random: np.random.Generator) -> Whole:
    """Mostly the same morning; now and then a whole class-day, or one row, days later."""
    groups = int(group.max(initial=0)) + 1
    per_class = (groups, len(days))
    morning = random.integers(7 * 60 + 50, 9 * 60 + 30, per_class)
    class_late = random.random(per_class) < value("late_entry_class_days")
    class_delay = random.integers(1, whole("late_entry_days") + 1, per_class) * class_late
    own_late = (random.random(shape) < value("late_entry_single")) & ~class_late[group]
    delay = np.where(own_late, random.integers(1, whole("late_entry_days") + 1, shape), class_delay[group])
    # A late entry is made some time in the afternoon.
    return np.asarray((days + delay) * MINUTES + morning[group] + np.where(delay > 0, 5 * 60, 0))


def _recorded(group: Whole, shape: tuple[int, ...], random: np.random.Generator) -> Flags:
    """Teachers forget whole class-days, some teachers more often, and single students."""
    groups = int(group.max(initial=0)) + 1
    mean, strength = value("forgotten_class_days"), value("forgotten_spread")
    habit = random.beta(mean * strength, (1 - mean) * strength, groups)
    forgotten = random.random((groups, shape[1])) < habit[:, None]
    return np.asarray(~forgotten[group] & (random.random(shape) >= value("forgotten_single")))


def _listed(world: World, term: SimulatedTerm, seen: Seen, random: np.random.Generator) -> Flags:
    """Leavers stay on the class list, as absent, until somebody strikes them off."""
    left = world.lives.left_on[term.index][seen.people]
    lingering = random.integers(0, whole("struck_off_days") + 1, len(left))
    at_once = random.random(len(left)) < value("struck_off_at_once")
    known = at_once | (world.lives.exit[term.index][seen.people] != LEFT)
    last = np.where(left == 0, NEVER, left + np.where(known, 0, lingering))
    return np.asarray(seen.days < last[:, None])
