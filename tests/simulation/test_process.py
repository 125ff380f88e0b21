"""The process: losses as published, hazards that are true, leavers who fade."""

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest

from simulation.attendance import ABSENT, INTERNSHIP, LATE, PRESENT, SKIPPED, record, see
from simulation.coefficients import COEFFICIENTS, value
from simulation.entrants import Whole
from simulation.life import LEFT, Rates, advance, states
from simulation.terms import make_calendar, ordinal
from simulation.truth import leaving_probability, next_leaving
from simulation.world import World, make_world

V1, V2, D1 = 0, 1, 3
LAST_MONDAY = date(2026, 9, 7)


@pytest.fixture(scope="module")
def worlds() -> list[World]:
    return [make_world(students=2500, years=3, seed=seed, last_monday=LAST_MONDAY) for seed in (1, 2, 3, 4)]


def losses(world: World, level: int) -> list[float]:
    """Share of a level's heads that the next level lacks a year later."""
    lives, firsts = world.lives, [term.index for term in world.calendar.terms if term.term == 1]
    before = [int((lives.on_roll[t] & (lives.level[t] == level)).sum()) for t in firsts]
    after = [int((lives.on_roll[t] & (lives.level[t] == level + 1)).sum()) for t in firsts]
    return [1 - later / earlier for earlier, later in pairwise_of(before, after)]


def pairwise_of(before: list[int], after: list[int]) -> list[tuple[int, int]]:
    return [(earlier, later) for (earlier, _), (_, later) in zip(pairwise(before), pairwise(after), strict=True)]


@pytest.mark.parametrize(("level", "least", "most"), [(V1, 0.17, 0.23), (V2, 0.05, 0.09), (D1, 0.09, 0.13)])
def test_head_count_losses_are_those_published(worlds: list[World], level: int, least: float, most: float) -> None:
    assert least <= np.mean([loss for world in worlds for loss in losses(world, level)]) <= most


def test_every_coefficient_has_a_source_and_a_name_of_its_own() -> None:
    assert len({one.name for one in COEFFICIENTS}) == len(COEFFICIENTS)
    assert all(one.source.strip() and one.unit.strip() for one in COEFFICIENTS)
    assert all(one.source.startswith("judgement: ") == one.judged for one in COEFFICIENTS)


def test_a_step_keeps_the_probability_of_one() -> None:
    here = np.full((1, states()), 1 / states())
    leaves = np.full((1, states() - 2), 0.2)
    after = advance(here, Rates(onset=np.array([0.3]), leaves=leaves, moves=0.1, recovery=0.4))
    assert after.sum() == pytest.approx(1)
    assert (after >= 0).all()


def mature_weeks(worlds: list[World]) -> tuple[np.ndarray, np.ndarray]:
    """True probabilities and what happened, of every fourth week; no horizon reaches past the simulated years."""
    chance, happened = [], []
    for world in worlds:
        for week in world.calendar.weeks[::4]:
            people = np.flatnonzero(world.lives.is_here(week.term, ordinal(week.monday)))
            left = next_leaving(world.lives, week.term, people)
            chance.append(leaving_probability(lives=world.lives, calendar=world.calendar, week=week, people=people))
            happened.append((left > 0) & (left <= ordinal(week.monday + timedelta(days=56))))
    return np.concatenate(chance), np.concatenate(happened)


def test_hazards_are_what_happens(worlds: list[World]) -> None:
    chance, happened = mature_weeks(worlds)
    assert ((chance >= 0) & (chance <= 1)).all()
    assert happened.mean() == pytest.approx(chance.mean(), rel=0.08)
    for part in np.array_split(np.argsort(chance), 5)[2:]:
        assert happened[part].mean() == pytest.approx(chance[part].mean(), rel=0.2)


def test_most_of_who_leaves_could_be_foreseen_but_not_all(worlds: list[World]) -> None:
    chance, happened = mature_weeks(worlds)
    ranks = np.argsort(np.argsort(chance)) + 1
    leavers, others = int(happened.sum()), int((~happened).sum())
    auc = (ranks[happened].sum() - leavers * (leavers + 1) / 2) / (leavers * others)
    assert 0.85 < auc < 0.95


def test_leavers_fade_and_stayers_come(worlds: list[World]) -> None:
    near, early, stayers = [], [], []
    for world in worlds:
        term = world.calendar.terms[0]
        seen = see(world, term)
        left, exit_ = world.lives.left_on[0][seen.people], world.lives.exit[0][seen.people]
        came = np.isin(seen.status, (PRESENT, LATE))
        before = left[:, None] - seen.days
        fading = (exit_ == LEFT)[:, None] & (left <= ordinal(term.teaching_ends_on))[:, None]
        near.append(came[fading & (before > 0) & (before <= 14)])
        early.append(came[fading & (before > 56)])
        not_away = ~np.isin(seen.status, (ABSENT, SKIPPED))
        stayers.append((came | not_away)[exit_ == 0].mean(axis=1))
    assert np.concatenate(near).mean() < 0.75
    assert np.concatenate(early).mean() > np.concatenate(near).mean() + 0.1
    share = np.concatenate(stayers)
    assert share.mean() > 0.92
    assert (share < value("rule_attendance_share")).any()  # stayers with bad attendance exist


def test_some_leave_without_a_sign(worlds: list[World]) -> None:
    weeks: list[Whole] = []
    for world in worlds:
        for term in world.calendar.terms:
            people = np.flatnonzero(world.lives.exit[term.index] == LEFT)
            week = np.minimum(
                (world.lives.left_on[term.index][people] - ordinal(term.opens_on)) // 7, len(term.weeks) - 1
            )
            weeks.append(world.lives.drift[term.index * len(term.weeks) + week, people])
    sudden = (np.concatenate(weeks) == 0).mean()
    assert 0.2 < sudden < 0.7


def test_the_calendar_has_the_ministrys_terms() -> None:
    calendar = make_calendar(years=3, last_monday=LAST_MONDAY)
    assert [term.folder for term in calendar.terms] == ["2567-1", "2567-2", "2568-1", "2568-2", "2569-1", "2569-2"]
    for term in calendar.terms:
        assert term.opens_on.weekday() == 0
        assert 18 <= len(term.weeks) <= 20
        assert term.teaching_ends_on < term.closes_on
        assert not {day.day for day in calendar.holidays} & set(calendar.teaching_days(term))


def test_weeks_in_a_company_are_marked_or_absent_or_not_recorded(worlds: list[World]) -> None:
    kinds: set[str] = set()
    for world in worlds:
        for term in world.calendar.terms[:4]:
            seen = see(world, term)
            told = record(world, term, seen)
            group = world.group(term, seen.people)
            away = seen.status == INTERNSHIP
            marks = {(p, d): s for p, d, s in zip(told.person, told.day, told.status, strict=True)}
            for one in np.unique(group[away.any(axis=1)]):
                row, column = np.nonzero(away & (group == one)[:, None])
                words = {marks.get(pair) for pair in zip(seen.people[row], seen.days[column], strict=True)} - {None}
                assert words <= {INTERNSHIP} or words <= {ABSENT}
                kinds |= {"marked" if INTERNSHIP in words else "absent" if words else "not recorded"}
    assert kinds == {"marked", "absent", "not recorded"}
