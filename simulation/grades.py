"""Marks of a term: a midterm score, the ขร. list of weeks 14–16, and final grades after the examinations."""

from dataclasses import dataclass

import numpy as np

from simulation.attendance import Seen
from simulation.coefficients import value, whole
from simulation.entrants import Flags, Floats, Whole, stream
from simulation.people import logistic
from simulation.terms import SimulatedTerm, ordinal, to_friday
from simulation.world import World

GRADE_WORDS = ("0", "1", "1.5", "2", "2.5", "3", "3.5", "4")
GRADE_STEPS = (50, 55, 60, 65, 70, 75, 80)
COURSES = (
    ("1101", "ภาษาไทยเพื่ออาชีพ", "2"), ("1201", "ภาษาอังกฤษ", "2"), ("1301", "วิทยาศาสตร์เพื่ออาชีพ", "2"),
    ("1401", "คณิตศาสตร์เพื่ออาชีพ", "2"), ("2001", "งานพื้นฐานวิชาชีพ", "3"), ("2101", "งานปฏิบัติวิชาชีพ", "3"),
    ("2201", "เทคโนโลยีดิจิทัล", "2"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Marks:
    """One row a mark; `course` counts the courses of the term, `released_on` is days since 1970."""

    person: Whole
    course: Whole
    item: list[str]
    score: list[str]
    grade: list[str]
    released_on: Whole


def course_code(level: int, term: int, course: int) -> str:
    """`20101-1101`: ปวช. or ปวส., year and term, then the course."""
    return f"{2 if level < 3 else 3}0{(level if level < 3 else level - 3) + 1}0{term}-{COURSES[course][0]}"


def mark(world: World, term: SimulatedTerm, seen: Seen) -> Marks:
    """All marks of a term, in the order of release."""
    random = stream(world.seed, "grades", term.index)
    scores = _scores(world, seen, random)
    parts = [_midterm(world, term, seen, scores, random), _final(world, term, seen, scores, random)]
    order = np.lexsort(
        tuple(np.concatenate([getattr(part, name) for part in parts]) for name in ("course", "person", "released_on"))
    )
    return Marks(
        person=np.concatenate([part.person for part in parts])[order],
        course=np.concatenate([part.course for part in parts])[order],
        item=_in_order([part.item for part in parts], order),
        score=_in_order([part.score for part in parts], order),
        grade=_in_order([part.grade for part in parts], order),
        released_on=np.concatenate([part.released_on for part in parts])[order],
    )


def _in_order(parts: list[list[str]], order: Whole) -> list[str]:
    together = [cell for part in parts for cell in part]
    return [together[k] for k in order]


def _scores(world: World, seen: Seen, random: np.random.Generator) -> Floats:
    shape = (len(seen.people), whole("courses"))
    hardness = value("score_course") * random.standard_normal(whole("courses"))
    ability = value("score_ability") * world.traits.ability[seen.people]
    absence = value("score_absence") * (1 - seen.share_attended(whole("midterm_week")))
    own = value("score_noise") * random.standard_normal(shape)
    return np.clip(value("score_mean") + (ability - absence)[:, None] - hardness + own, 5, 100)


def _midterm(world: World, term: SimulatedTerm, seen: Seen, scores: Floats, random: np.random.Generator) -> Marks:
    """Scores of weeks 9–10, or the word that work is missing."""
    week = whole("midterm_week")
    day = to_friday(ordinal(term.monday_of_week(week)) + random.integers(0, 10, whole("courses")))
    drift = world.drift_in(term, week, seen.people)
    missing = logistic(
        value("unsubmitted_base")
        + value("unsubmitted_ability") * world.traits.ability[seen.people]
        + value("unsubmitted_drift") * drift
    )
    left = world.lives.left_on[term.index][seen.people]
    here = (left == 0)[:, None] | (left[:, None] > day)
    row, course = np.nonzero(here)
    lost = (random.random(scores.shape) < missing[:, None])[row, course]
    shaken = np.clip(scores + value("score_noise") * random.standard_normal(scores.shape), 0, 100)[row, course]
    return Marks(
        person=seen.people[row],
        course=course,
        item=["MIDTERM"] * len(row),
        score=["" if gap else f"{points:.0f}" for gap, points in zip(lost, shaken, strict=True)],
        grade=["ยังไม่ส่งงาน" if gap else "มีคะแนน" for gap in lost],
        released_on=day[course],
    )


def _final(world: World, term: SimulatedTerm, seen: Seen, scores: Floats, random: np.random.Generator) -> Marks:
    """Grades of those who sat the examinations, and ข.ร. in week 14–16 for those who may not."""
    listed_on = ordinal(term.monday_of_week(whole("khr_week_first"))) + random.integers(
        0, 7 * (whole("khr_week_last") - whole("khr_week_first") + 1), whole("courses")
    )
    share = seen.share_attended(whole("khr_week_first") - 1)
    short = (share < value("rule_attendance_share"))[:, None]
    barred = short & (random.random(scores.shape) < value("khr_share"))
    after = random.integers(0, whole("release_within_days") + 1, whole("courses"))
    after_exams = ordinal(term.teaching_ends_on) + whole("release_after_days") + after
    released_on = to_friday(np.where(barred, listed_on, after_exams))
    left = world.lives.left_on[term.index][seen.people]
    # Whoever left on the day after the last teaching day was there to the end: they have simply not come back.
    until = np.where(barred, listed_on, ordinal(term.teaching_ends_on))
    row, course = np.nonzero((left == 0)[:, None] | (left[:, None] > until))
    other = random.random(scores.shape)[row, course]
    points, is_barred = scores[row, course], barred[row, course]
    return Marks(
        person=seen.people[row],
        course=course,
        item=["FINAL"] * len(row),
        score=["" if bar else f"{one:.0f}" for bar, one in zip(is_barred, points, strict=True)],
        grade=_grade_words(points, is_barred, other),
        released_on=released_on[row, course],
    )


def _grade_words(points: Floats, barred: Flags, other: Floats) -> list[str]:
    steps = np.searchsorted(GRADE_STEPS, np.round(points), side="right")
    words = np.array(GRADE_WORDS, dtype=object)[steps]
    incomplete = value("incomplete_share")
    words[other < incomplete + value("missed_final_share")] = "ข.ส."
    words[other < incomplete] = "ม.ส."
    words[barred] = "ข.ร."
    return list(words)
