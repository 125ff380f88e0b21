"""What the college was told of leavers, movers, returners and graduates, and how late; of many leavers never."""

from dataclasses import dataclass

import numpy as np

from records.clock import buddhist
from records.codes import REASONS
from simulation.coefficients import named, value, whole
from simulation.entrants import Flags, Whole, stream
from simulation.exports import Export, iso_minutes, local_minutes
from simulation.life import DIED, FINISHED, LEFT, MOVED
from simulation.terms import SimulatedTerm, day_of, ordinal
from simulation.world import World

RESIGNED, DISMISSED, TRANSFERRED, DEAD, GRADUATED, RETURNED = (
    "ลาออก", "พ้นสภาพ", "ย้ายสถานศึกษา", "เสียชีวิต", "สำเร็จการศึกษา", "กลับเข้าเรียน",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Told:
    """Events of one kind: who, the day it happened, days until it was told, the word and the reason."""

    people: Whole
    day: Whole
    delay: Whole
    event: list[str]
    reason: list[str]


def outcomes(world: World, term: SimulatedTerm) -> Export:
    """Every event that belongs to a term, in the order in which the college heard of it."""
    random = stream(world.seed, "outcomes", term.index)
    parts = [_leavers(world, term, random), *_others(world, term, random), _returners(world, term, random)]
    people = np.concatenate([part.people for part in parts])
    day = np.concatenate([part.day for part in parts])
    told_on = day + np.concatenate([part.delay for part in parts])
    told_at = local_minutes(told_on, hour=10) + random.integers(0, 360, len(day))
    event = [word for part in parts for word in part.event]
    reason = [word for part in parts for word in part.reason]
    order = np.lexsort((people, told_at))
    return Export(
        file="outcomes.csv",
        columns={
            "รหัสนักศึกษา": [world.identities.student_code[people[k]] for k in order],
            "วันที่": [buddhist(day_of(day[k])) for k in order],
            "เหตุการณ์": [event[k] for k in order],
            "สาเหตุ": [reason[k] for k in order],
            "บันทึกเมื่อ": iso_minutes(told_at[order]),
        },
        known_at=told_at[order],
    )


def _who(world: World, term: SimulatedTerm, kind: int) -> Whole:
    return np.flatnonzero(world.lives.exit[term.index] == kind)


def _leavers(world: World, term: SimulatedTerm, random: np.random.Generator) -> Told:
    everybody = _who(world, term, LEFT)
    people = everybody[random.random(len(everybody)) < value("leavers_told")]
    left = world.lives.left_on[term.index][people]
    in_term = left <= ordinal(term.teaching_ends_on)
    dismissed = in_term & (random.random(len(people)) < value("dismissed_share"))
    return Told(
        people=people,
        day=left + np.where(dismissed, whole("dismissed_after_days"), 0),
        delay=random.integers(whole("told_least_days"), whole("told_most_days") + 1, len(people)),
        event=[DISMISSED if one else RESIGNED for one in dismissed],
        reason=_reasons(len(people), random),
    )


def _reasons(n: int, random: np.random.Generator) -> list[str]:
    shares = named("reason_")
    words = {code.value: code.label.th for code in REASONS.codes}
    chances = np.array(list(shares.values()))
    return [words[str(name)] for name in random.choice(list(shares), n, p=chances / chances.sum())]


def _others(world: World, term: SimulatedTerm, random: np.random.Generator) -> list[Told]:
    moved, died, finished = (_who(world, term, kind) for kind in (MOVED, DIED, FINISHED))
    moved = moved[random.random(len(moved)) < value("transfers_confirmed")]
    finished = finished[random.random(len(finished)) < value("graduates_told")]
    left = world.lives.left_on[term.index]
    late = (whole("told_least_days"), whole("told_most_days") + 1)
    closing = np.full(len(finished), ordinal(term.closes_on))
    return [
        _plain(moved, left[moved], random.integers(*late, len(moved)), TRANSFERRED),
        _plain(died, left[died], random.integers(*late, len(died)), DEAD),
        _plain(finished, closing, random.integers(*_papers(), len(finished)), GRADUATED),
    ]


def _returners(world: World, term: SimulatedTerm, random: np.random.Generator) -> Told:
    back = np.flatnonzero(_came_back(world, term))
    back = back[random.random(len(back)) < value("returns_told")]
    return _plain(back, np.full(len(back), ordinal(term.opens_on)), random.integers(*_papers(), len(back)), RETURNED)


def _came_back(world: World, term: SimulatedTerm) -> Flags:
    t = term.index
    if t == 0:
        return np.zeros(world.entrants.count, dtype=np.bool_)
    return np.asarray(world.lives.returned[t] & ~world.lives.returned[t - 1])


def _papers() -> tuple[int, int]:
    """Days within which the college writes down what it did itself."""
    return whole("papers_least_days"), whole("papers_most_days") + 1


def _plain(people: Whole, day: Whole, delay: Whole, word: str) -> Told:
    return Told(people=people, day=day, delay=delay, event=[word] * len(people), reason=[""] * len(people))
