"""Who is visited this week by which team: a proposal that fits the teams' minutes and the visits an institution can make.

Model (the measured one of the service's design notes: choose visits by place and team-day, a knapsack on minutes with a
price for going to a place). Times are minutes. A team's day takes the return travel to every place that it goes to, once
each, and the minutes of every visit; it is never longer than the team has. At most `capacity` visits in all. The benefit is
whatever the caller says that a visit gains; sums of it are made as large as possible, must-see students before all others:
more of them visited beats any benefit. A student who needs two goes to a team of two or more, a locked student to that team.

Way: the teams' days are filled one after the other, each with the best day that is left (serving/visit_days.py); then pairs of days
are opened and filled anew, the first also without one place, one student or some of its visits, as long as that gains.
Going down the list, each student with the first team that has the time, is the other start: the better one goes on, so no
proposal is worse than it. The same request gives the same proposal; ties go by the order of ids.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from uuid import UUID

from serving.visit_days import DayFinder, Task, Waiting

PLACED = "placed"
TWO_PERSON, TOO_FAR, NO_CAPACITY, NO_TIME = "two_person", "too_far", "no_capacity", "no_time"
NO_SUCH_TEAM = "no_such_team"
MOST_STEPS = 45_000
"""Part-days that may be looked at before opening pairs of days ends: about a tenth of a second."""
_UNITS = 1_000_000  # a benefit in whole numbers, so that sums do not depend on their order


@dataclass(frozen=True, kw_only=True)
class Student:
    """Somebody who may be visited, for at least a minute; `place` is a position in `travel`, `locked_team` one in `teams`."""

    student_id: UUID
    place: int
    benefit: float
    minutes: int
    two_person: bool = False
    must_see: bool = False
    locked_team: int | None = None


@dataclass(frozen=True, kw_only=True)
class Team:
    """People who go together for one day, and the minutes they have for it, travel included."""

    people: int
    minutes: int


@dataclass(frozen=True, kw_only=True)
class Day:
    """One team's visits in their order, nearer places first, and the minutes they take with the travel."""

    stops: tuple[Student, ...]
    minutes: int


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """Somebody without a visit: `two_person`: no team of two; `too_far`: no team has the minutes even for this visit alone;
    `no_capacity`: all visits of the week are given; `no_time`: what the teams have left is too short."""

    student: Student
    why: str


@dataclass(frozen=True, kw_only=True)
class Proposal:
    days: tuple[Day, ...]
    left_out: tuple[LeftOut, ...]
    benefit: float
    capacity_left: int


class ImpossibleLock(Exception):
    """A locked choice cannot be kept: whose, and why (`no_such_team` or a code of LeftOut)."""

    def __init__(self, student_id: UUID, why: str) -> None:
        super().__init__(f"The locked team of student {student_id} cannot be kept: {why}.")
        self.student_id, self.why = student_id, why


def propose(students: Iterable[Student], travel: Sequence[int], teams: Sequence[Team], capacity: int) -> Proposal:
    """The best proposal that is found; `travel` are the return minutes to each place. Raises ImpossibleLock."""
    board = _Board(students, travel, teams, capacity)
    days = board.in_rank_order()
    if board.weight(days) < board.most_weight():
        days = max((days, board.day_by_day()), key=board.weight)
        while (better := board.better(days) or board.better(days, by_student=True)) is not None:
            days = better
    return _proposal(board, board.with_whoever_fits(days))


def rank_order(students: Iterable[Student], travel: Sequence[int], teams: Sequence[Team], capacity: int) -> Proposal:
    """What a committee without a plan does: down the list, each to the first team that has the time. Raises ImpossibleLock."""
    board = _Board(students, travel, teams, capacity)
    return _proposal(board, board.in_rank_order())


_Days = tuple[tuple[int, ...], ...]  # of each team the positions of its students, the locked ones left out


class _Board:
    """What does not change while days are tried: the students by weight, the teams, and whom they are to visit anyway."""

    def __init__(
        self, students: Iterable[Student], travel: Sequence[int], teams: Sequence[Team], capacity: int
    ) -> None:
        ordered = sorted(students, key=lambda one: (not one.must_see, -_units(one), one.student_id))
        above = 1 + sum(_units(one) for one in ordered)  # one must-see student outweighs everybody else
        self.students, self.travel, self.teams, self.capacity = ordered, travel, teams, capacity
        self.weights = [_units(one) + above * one.must_see for one in ordered]
        self.held = _held(ordered, travel, teams, capacity)
        self.there = [frozenset(ordered[one].place for one in held) for held in self.held]
        self.room = [team.minutes - self._takes(held) for team, held in zip(teams, self.held, strict=True)]
        self.visits = capacity - sum(map(len, self.held))
        self.free = [position for position, one in enumerate(ordered) if one.locked_team is None]
        self.finder = DayFinder(
            [
                Task(weight=weight, minutes=one.minutes, two_person=one.two_person)
                for one, weight in zip(ordered, self.weights, strict=True)
            ],
            travel,
        )

    def weight(self, days: _Days) -> int:
        return sum(self.weights[one] for day in days for one in day)

    def most_weight(self) -> int:
        """What no proposal exceeds: the first of the list, as many as there are visits for."""
        return sum(self.weights[one] for one in self.free[: self.visits])

    def minutes(self, team: int, day: Sequence[int]) -> int:
        return self._takes((*self.held[team], *day))

    def _takes(self, whom: Sequence[int]) -> int:
        places = {self.students[one].place for one in whom}
        return sum(self.travel[place] for place in places) + sum(self.students[one].minutes for one in whom)

    def _best(self, team: int, waiting: Waiting, visits: int) -> tuple[int, ...]:
        alone = self.teams[team].people < 2
        return self.finder.best(waiting, alone=alone, minutes=self.room[team], most=visits, there=self.there[team])

    def day_by_day(self) -> _Days:
        """The teams of one first: what only a team of two can do is still there for it."""
        days: dict[int, tuple[int, ...]] = {}
        waiting: Waiting = self._by_place(self.free)
        visits = self.visits
        for team in sorted(range(len(self.teams)), key=lambda team: (self.teams[team].people >= 2, team)):
            days[team] = self._best(team, waiting, visits)
            waiting, visits = self._without(waiting, days[team]), visits - len(days[team])
        return tuple(days[team] for team in range(len(self.teams)))

    def in_rank_order(self) -> _Days:
        return self.with_whoever_fits(((),) * len(self.teams))

    def with_whoever_fits(self, days: _Days) -> _Days:
        """The days with more visits: down the list, each to the first team that has the time."""
        filled = [list(day) for day in days]
        visits = self.visits - sum(map(len, days))
        for one in self._waiting(days):
            for team in range(len(self.teams)) if visits else ():
                alone = self.students[one].two_person and self.teams[team].people < 2
                if not alone and self.minutes(team, (*filled[team], one)) <= self.teams[team].minutes:
                    filled[team].append(one)
                    visits -= 1
                    break
        return tuple(map(tuple, filled))

    def _waiting(self, days: _Days) -> list[int]:
        gone = {one for day in days for one in day}
        return [one for one in self.free if one not in gone]

    def _by_place(self, whom: Iterable[int]) -> dict[int, tuple[int, ...]]:
        found: dict[int, list[int]] = {}
        for one in whom:
            found.setdefault(self.students[one].place, []).append(one)
        return {place: tuple(there) for place, there in found.items()}

    def _without(self, waiting: Waiting, taken: Iterable[int]) -> Waiting:
        less = {
            place: tuple(one for one in waiting[place] if one not in gone)
            for place, gone in self._by_place(taken).items()
        }
        return {**waiting, **less}

    def better(self, days: _Days, *, by_student: bool = False) -> _Days | None:
        """After every pair of days was opened once; None when nothing was gained, or no steps are left."""
        found = days
        for first, second in permutations(range(len(self.teams)), 2):
            if first > second and self._alike(first, second):
                continue
            if self.finder.steps >= MOST_STEPS:
                break
            found = max((found, *self._opened(found, first, second, by_student)), key=self.weight)
        return found if self.weight(found) > self.weight(days) else None

    def _alike(self, one: int, other: int) -> bool:
        return self.teams[one] == self.teams[other] and not self.held[one] and not self.held[other]

    def _opened(self, days: _Days, first: int, second: int, by_student: bool) -> Iterator[_Days]:
        """The days with these two filled anew: the first with its best day, or without a place, a student or some visits."""
        emptied = [() if team in (first, second) else day for team, day in enumerate(days)]
        waiting, visits = self._by_place(self._waiting(tuple(emptied))), self.visits - sum(map(len, emptied))
        best = self._best(first, waiting, visits)
        firsts = [best]
        if by_student:
            firsts += [self._best(first, self._without(waiting, [one]), visits) for one in best]
        else:
            firsts += [self._best(first, {**waiting, place: ()}, visits) for place in sorted(self._by_place(best))]
            firsts += [self._best(first, waiting, fewer) for fewer in range(1, len(best))]
        for day in dict.fromkeys(firsts):
            other = self._best(second, self._without(waiting, day), visits - len(day))
            yield tuple(
                day if team == first else other if team == second else kept for team, kept in enumerate(emptied)
            )


def _units(student: Student) -> int:
    """At least one: who gains nothing is still visited where there is room."""
    return max(1, round(student.benefit * _UNITS))


def _held(
    ordered: Sequence[Student], travel: Sequence[int], teams: Sequence[Team], capacity: int
) -> tuple[tuple[int, ...], ...]:
    """The locked students of each team. Raises ImpossibleLock at the first whose choice cannot be kept."""
    held: list[list[int]] = [[] for _ in teams]
    left = [team.minutes for team in teams]
    for position, one in enumerate(ordered):
        team = one.locked_team
        if team is None:
            continue
        if not 0 <= team < len(teams):
            raise ImpossibleLock(one.student_id, NO_SUCH_TEAM)
        if one.two_person and teams[team].people < 2:
            raise ImpossibleLock(one.student_id, TWO_PERSON)
        goes_there = any(ordered[other].place == one.place for other in held[team])
        left[team] -= one.minutes + (0 if goes_there else travel[one.place])
        if left[team] < 0:
            alone = travel[one.place] + one.minutes > teams[team].minutes
            raise ImpossibleLock(one.student_id, TOO_FAR if alone else NO_TIME)
        held[team].append(position)
        if sum(map(len, held)) > capacity:
            raise ImpossibleLock(one.student_id, NO_CAPACITY)
    return tuple(map(tuple, held))


def _proposal(board: _Board, days: _Days) -> Proposal:
    planned = [(*board.held[team], *day) for team, day in enumerate(days)]
    placed = {one for day in planned for one in day}
    left = board.capacity - len(placed)
    return Proposal(
        days=tuple(_day(board, team, day) for team, day in enumerate(planned)),
        left_out=tuple(
            LeftOut(student=student, why=_why(board, student, left))
            for position, student in enumerate(board.students)
            if position not in placed
        ),
        benefit=sum(_units(board.students[one]) for one in placed) / _UNITS,
        capacity_left=left,
    )


def _day(board: _Board, team: int, day: Sequence[int]) -> Day:
    def nearer_first(one: int) -> tuple[int, int, int]:
        place = board.students[one].place
        return board.travel[place], place, one

    stops = tuple(board.students[one] for one in sorted(day, key=nearer_first))
    return Day(stops=stops, minutes=board.minutes(team, day[len(board.held[team]) :]))


def _why(board: _Board, student: Student, capacity_left: int) -> str:
    able = [team.minutes for team in board.teams if team.people >= 2 or not student.two_person]
    if not able:
        return TWO_PERSON
    if board.travel[student.place] + student.minutes > max(able):
        return TOO_FAR
    return NO_TIME if capacity_left else NO_CAPACITY
