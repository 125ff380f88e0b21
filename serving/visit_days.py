"""The best day of one team: whom of those still waiting it visits within its minutes, each place's travel paid once.

A knapsack with an entry price for each place. Within a place and then over the places only those part-days are kept
that no other beats in minutes, visits and weight; a part-day that cannot catch up with the best one is dropped, places
that give most for a minute come first. The answer is exact as long as no more than `MOST_KEPT` part-days live at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

MOST_KEPT = 100
Waiting = Mapping[int, tuple[int, ...]]
"""By place the tasks that may still be chosen, the heaviest first: each is its position among all tasks."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One visit that may be made. `weight` is a whole number: sums of it are exact, in whatever order they are made."""

    weight: int
    minutes: int
    two_person: bool


class _Part(NamedTuple):
    """A part of a day: what it takes, what it gives, and the tasks in it."""

    minutes: int
    visits: int
    weight: int
    tasks: tuple[int, ...]


_NOTHING = _Part(0, 0, 0, ())
_weight = attrgetter("weight")
_Offer = tuple[float, int, Sequence[_Part]]
"""What a place can give: weight for a minute at its best, its number, and its part-days by minutes."""


class DayFinder:
    """Finds days among the same tasks again and again; `steps` counts the part-days it made, as a measure of work."""

    def __init__(self, tasks: Sequence[Task], travel: Sequence[int]) -> None:
        self._tasks, self._travel = tasks, travel
        self._shortest = min((task.minutes for task in tasks), default=1)
        self._offers: dict[tuple[object, ...], _Offer] = {}
        self.steps = 0

    def best(self, waiting: Waiting, *, alone: bool, minutes: int, most: int, there: frozenset[int]) -> tuple[int, ...]:
        """The tasks (positions, in order) that give most within `minutes` and `most` visits.

        Who goes `alone` does nothing that needs two; to the places of `there` the team goes anyway.
        """
        offers = [
            self._offer(place, tasks, alone, 0 if place in there else self._travel[place], minutes, most)
            for place, tasks in waiting.items()
        ]
        offers = sorted((offer for offer in offers if offer[2]), key=lambda offer: (-offer[0], offer[1]))
        counts = self._counts(minutes, most)
        best, parts = _NOTHING, [_NOTHING]
        for ratio, _, offered in offers:
            self.steps += 1 + len(parts)
            parts = [part for part in parts if part.weight + (minutes - part.minutes) * ratio > best.weight]
            if not parts:
                break
            grown = [
                _Part(takes, visits, weight, part.tasks + more.tasks)
                for part in parts
                for more in offered
                if (takes := part.minutes + more.minutes) <= minutes
                and (weight := part.weight + more.weight) + (minutes - takes) * ratio > best.weight
                and (visits := part.visits + more.visits) <= most
            ]
            if grown:
                self.steps += len(grown)
                best = max((best, *grown), key=_weight)
                parts = _unbeaten(parts + grown, counts)
                if len(parts) > MOST_KEPT:
                    parts = _hopeful(parts, minutes, ratio)
        return tuple(sorted(best.tasks))

    def _offer(self, place: int, tasks: tuple[int, ...], alone: bool, entry: int, minutes: int, most: int) -> _Offer:
        key = (tasks, alone, entry, minutes, most)
        if key not in self._offers:
            may = [task for task in tasks if not (alone and self._tasks[task].two_person)]
            parts = [part for part in self._visits_at(may, entry, minutes, most) if part.visits]
            ratio = max((part.weight / part.minutes for part in parts), default=0.0)
            self._offers[key] = (ratio, place, parts)
        return self._offers[key]

    def _visits_at(self, tasks: Sequence[int], entry: int, minutes: int, most: int) -> list[_Part]:
        """Who may be visited in one place: by minutes, each part-day giving more than all that take less."""
        parts = [_Part(entry, 0, 0, ())]
        for task in self._worth_a_look(tasks, entry, minutes, most):
            visit = self._tasks[task]
            grown = [
                _Part(part.minutes + visit.minutes, part.visits + 1, part.weight + visit.weight, (*part.tasks, task))
                for part in parts
                if part.minutes + visit.minutes <= minutes and part.visits < most
            ]
            self.steps += len(grown)
            parts = _unbeaten(parts + grown, self._counts(minutes, most))
            if len(parts) > MOST_KEPT:
                parts = _hopeful(parts, minutes, 0.0)
        return parts

    def _counts(self, minutes: int, most: int) -> bool:
        """Whether visits can run out before minutes do: else their number decides nothing."""
        return most < minutes // self._shortest

    def _worth_a_look(self, tasks: Sequence[int], entry: int, minutes: int, most: int) -> list[int]:
        """Without those before whom a full day of others comes that take no longer and weigh no less."""
        chosen: list[int] = []
        fit = min(most, (minutes - entry) // self._shortest)
        for task in tasks:
            takes = self._tasks[task].minutes
            if sum(self._tasks[other].minutes <= takes for other in chosen) < fit and entry + takes <= minutes:
                chosen.append(task)
        return chosen


def _unbeaten(parts: list[_Part], counts: bool) -> list[_Part]:
    """By minutes, without those that another equals or beats in minutes, weight and, where that counts, visits."""
    kept, heaviest = [], [-1] * (max(part.visits for part in parts) + 1 if counts else 1)
    for part in sorted(parts, key=lambda part: (part.minutes, part.visits, -part.weight)):
        visits = part.visits if counts else 0
        if part.weight > max(heaviest[: visits + 1]):
            heaviest[visits] = part.weight
            kept.append(part)
    return kept


def _hopeful(parts: list[_Part], minutes: int, ratio: float) -> list[_Part]:
    """The `MOST_KEPT` that could still give most, by minutes."""
    hope = sorted(
        parts, key=lambda part: (-(part.weight + (minutes - part.minutes) * ratio), part.minutes, part.visits)
    )
    return sorted(hope[:MOST_KEPT], key=lambda part: (part.minutes, part.visits))
