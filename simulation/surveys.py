"""Household forms of new entrants, and the advisors' screening of each term, as export rows."""

import numpy as np

from records.clock import buddhist
from records.codes import HOUSING, LIVES_WITH, CodeList
from simulation.coefficients import named, value, whole
from simulation.entrants import Floats, Whole, stream
from simulation.exports import Export, local_minutes
from simulation.people import FAMILY_WORDS, NOT_POOR, TOGETHER
from simulation.terms import SimulatedTerm, day_of, ordinal
from simulation.world import World

POVERTY_WORDS = ("ไม่ผ่านเกณฑ์", "ยากจน", "ยากจนพิเศษ", "ไม่ทราบ")
UNKNOWN = 3
AREA_WORDS = ("ภาพรวม", "การเรียน", "สังคม", "เศรษฐกิจ", "ติดเกมส์")
LEVEL_WORDS = ("ไว้ใจ", "ห่วงใย", "ใกล้ชิด")
TOOL_WORD = "แบบคัดกรอง 9 ด้าน สอศ."
YES, NO = "ใช่", "ไม่ใช่"
SURVEY_MONTH_OF_EARLIER_YEARS = (6, 1)


def household(world: World) -> Export:
    """One form a person, filled in during the first weeks of the first term; a quarter never answer."""
    random = stream(world.seed, "household")
    n = world.entrants.count
    answered = random.random(n) < value("household_answered")
    day = _first_days(world) + random.integers(7, whole("household_within_days") + 1, n)
    first = world.entrants.first_term
    left = world.lives.left_on[first, np.arange(n)]
    poverty = np.where(random.random(n) < value("poverty_unknown"), UNKNOWN, world.traits.poverty)
    people = np.flatnonzero(answered & ((left == 0) | (left > day)))
    people = people[np.lexsort((people, day[people]))]
    traits = world.traits
    return Export(
        file="household.csv",
        columns={
            "รหัสนักศึกษา": [world.identities.student_code[i] for i in people],
            "วันที่สำรวจ": [buddhist(day_of(day[i])) for i in people],
            "รายได้ครัวเรือนเฉลี่ยต่อคน": [f"{traits.income_per_head[i]:.0f}" for i in people],
            "จำนวนสมาชิกในครัวเรือน": [str(traits.members[i]) for i in people],
            "สถานภาพครอบครัว": [FAMILY_WORDS[traits.family[i]] for i in people],
            "ระดับความยากจน": [POVERTY_WORDS[poverty[i]] for i in people],
            "ระยะทางจากบ้าน": [f"{traits.travel_km[i]:g}" for i in people],
            "ทำงานพิเศษ": [yes_or_no(traits.works[i]) for i in people],
            "ทุนการศึกษา": [yes_or_no(traits.scholarship[i]) for i in people],
            **_at_home(world, people),
        },
        known_at=local_minutes(day[people] + 2, hour=15),
    )


def _at_home(world: World, people: Whole) -> dict[str, list[str]]:
    """What else the form asks about the home and the way to college; it follows from traits and changes no risk."""
    random, traits, n = stream(world.seed, "home"), world.traits, world.entrants.count
    apart = (traits.family != TOGETHER) & (random.random(n) < value("lives_apart"))
    with_others = _drawn(LIVES_WITH, "lives_", n, random)
    housing = _drawn(HOUSING, "housing_", n, random)
    dependants = random.poisson(value("dependants_mean"), n).clip(0, traits.members)
    minutes = traits.travel_km * value("minutes_a_km") + random.integers(3, 15, n)
    fare = traits.travel_km * value("baht_a_km_month") * random.uniform(0.7, 1.3, n)
    spread = value("pocket_money_resources") * traits.resources + 0.2 * random.standard_normal(n)
    pocket = (value("pocket_money") * np.exp(spread)).clip(10, 500)
    has_card = random.random(n) < np.where(
        traits.poverty != NOT_POOR, value("state_card_poor"), value("state_card_others")
    )
    parents = LIVES_WITH.codes[LIVES_WITH.position("PARENT")].label.th
    return {
        "อาศัยอยู่กับ": [with_others[i] if apart[i] else parents for i in people],
        "ลักษณะที่อยู่อาศัย": [housing[i] for i in people],
        "จำนวนผู้พึ่งพิง": [str(dependants[i]) for i in people],
        "เวลาเดินทาง": [f"{min(minutes[i], 240):.0f}" for i in people],
        "ค่าเดินทางต่อเดือน": [f"{round(fare[i], -1):.0f}" for i in people],
        "เงินมาเรียนวันละ": [f"{round(pocket[i] / 5) * 5}" for i in people],
        "บัตรสวัสดิการแห่งรัฐ": [yes_or_no(has_card[i]) for i in people],
    }


def _drawn(codes: CodeList, prefix: str, n: int, random: np.random.Generator) -> list[str]:
    """Words of a code list by the shares of the coefficients that begin so."""
    shares = {name: share for name, share in named(prefix).items() if name in codes.values}
    chances = np.array(list(shares.values()))
    words = {name: codes.codes[codes.position(name)].label.th for name in shares}
    return [words[str(name)] for name in random.choice(list(shares), n, p=chances / chances.sum())]


def yes_or_no(flag: bool | np.bool_) -> str:
    return YES if flag else NO


def _first_days(world: World) -> Whole:
    """The opening day of everybody's first term; of earlier years for those who were there before the files begin."""
    opened = np.array([ordinal(term.opens_on) for term in world.calendar.terms])[world.entrants.first_term]
    years = np.array([term.academic_year for term in world.calendar.terms])[world.entrants.first_term]
    return np.asarray(opened - (years - world.entrants.entry_year) * 365)


def screening(world: World, term: SimulatedTerm, *, again: bool = False) -> Export:
    """Five areas a student, on one day for each class group; not every advisor screens, and few `again` in a term."""
    random = stream(world.seed, "screening again" if again else "screening", term.index)
    everybody = world.on_roll(term)
    groups, group = len(world.group_labels()), world.group(term, everybody)
    name = "again" if again else "screening"
    weeks = (whole(f"{name}_week_first"), whole(f"{name}_week_last"))
    week = random.integers(weeks[0], weeks[1] + 1, groups)
    day_of_group = ordinal(term.opens_on) + (week - 1) * 7 + random.integers(0, 5, groups)
    screens = random.random(groups) < value("again_groups" if again else "screening_advisors")
    left = world.lives.left_on[term.index][everybody]
    here = (left == 0) | (left > day_of_group[group])
    taken = screens[group] & here & (random.random(len(everybody)) < value("screening_students"))
    drift = world.drift_in(term, week[group], everybody)
    areas = _areas(world, everybody, drift, random)
    reviewed = random.random(len(everybody)) < value("screening_reviewed")
    rows = np.flatnonzero(taken)
    rows = rows[np.lexsort((rows, day_of_group[group[rows]]))]
    day = np.repeat(day_of_group[group[rows]], len(AREA_WORDS))
    each = np.repeat(rows, len(AREA_WORDS))
    return Export(
        file="screening.csv",
        columns={
            "รหัสนักศึกษา": [world.identities.student_code[everybody[k]] for k in each],
            "วันที่คัดกรอง": [buddhist(day_of(one)) for one in day],
            "แบบคัดกรอง": [TOOL_WORD] * len(each),
            "ด้าน": list(AREA_WORDS) * len(rows),
            "กลุ่ม": [LEVEL_WORDS[level] for level in areas[rows].ravel()],
            "ยืนยันแล้ว": [yes_or_no(reviewed[k]) for k in each],
        },
        known_at=local_minutes(day, hour=16),
    )


def _areas(world: World, people: Whole, drift: Whole, random: np.random.Generator) -> Whole:
    """Levels of the five areas, the overall one first: the worst of the others."""
    traits, noise = world.traits, value("screening_noise")
    signals = np.column_stack(
        [
            -traits.ability[people],
            -traits.attachment[people],
            -traits.resources[people],
            traits.lateness[people],
        ]
    )
    seen = (signals + noise * random.standard_normal(signals.shape)) / np.sqrt(1 + noise**2)
    seen[:, :2] += value("screening_drift") * drift[:, None]
    level = _levels(seen)
    return np.column_stack([level.max(axis=1), level])


def _levels(seen: Floats) -> Whole:
    return np.searchsorted([value("screening_concern"), value("screening_close")], seen.ravel()).reshape(seen.shape)
