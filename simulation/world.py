"""The whole simulated college in one value: calendar, people, traits and what happened to them."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from simulation.entrants import Entrants, Flags, Whole, group_label, make_entrants
from simulation.life import Lives, live
from simulation.people import Identities, Traits, make_identities, make_traits
from simulation.terms import Calendar, SimulatedTerm, make_calendar, ordinal


@dataclass(frozen=True, kw_only=True)
class World:
    seed: int
    calendar: Calendar
    entrants: Entrants
    identities: Identities
    traits: Traits
    lives: Lives

    def on_roll(self, term: SimulatedTerm) -> Whole:
        """Who begins the term, in order of class group and student code."""
        people = np.flatnonzero(self.lives.on_roll[term.index])
        level = self.lives.level[term.index][people]
        return people[np.lexsort((people, self.entrants.room[people], level))]

    def is_here(self, term: SimulatedTerm, people: Whole, day: date) -> Flags:
        return self.lives.is_here(term.index, ordinal(day))[people]

    def group(self, term: SimulatedTerm, people: Whole) -> Whole:
        """Number of the class group: its label is `group_labels()` of it."""
        level = self.lives.level[term.index][people]
        first = np.concatenate([[0], np.cumsum(self.entrants.rooms_of_level)])[:-1]
        return np.asarray(first[level] + self.entrants.room[people] - 1)

    def group_labels(self) -> list[str]:
        rooms = self.entrants.rooms_of_level
        return [group_label(level, room) for level in range(len(rooms)) for room in range(1, rooms[level] + 1)]

    def drift_in(self, term: SimulatedTerm, week: int | Whole, people: Whole) -> Whole:
        """Weeks of drifting on the Monday of a week of term."""
        return np.asarray(self.lives.drift[term.index * len(term.weeks) + week - 1, people], dtype=np.int64)


def make_world(*, students: int, years: int, seed: int, last_monday: date) -> World:
    """Everything that happens, to the end of the academic year: files show only what was known in time."""
    calendar = make_calendar(years=years, last_monday=last_monday)
    entrants = make_entrants(students=students, calendar=calendar, seed=seed)
    traits = make_traits(entrants, seed)
    return World(
        seed=seed,
        calendar=calendar,
        entrants=entrants,
        identities=make_identities(entrants, seed),
        traits=traits,
        lives=live(entrants=entrants, traits=traits, calendar=calendar, seed=seed),
    )
