"""A contest: the model and the simple lists on the same rows, week after week, each list as long as people can visit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt

from records import lists
from records.college import Capacity
from records.home import DataHome
from training.evidence import AT_CAPACITY
from training.evidence import MODEL as MODEL
from training.panel import Panel, TermKey, Week
from training.side_by_side import side_by_side
from training.splits import term_of

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
DEFAULT_PERCENT = 10  # without entered visits a week the top tenth is judged
PERCENTS = (5, 10, 20)


@dataclass(frozen=True, kw_only=True, eq=False)
class Ranked:
    """What a list says of the rows of a round, one entry a row: the higher the score, the sooner on the list.

    `probability` is None for a rule, which knows none.
    """

    score: Floats
    probability: Floats | None


Entrant = Callable[[Week], Ranked]
"""One way of listing; called with the rows of one round."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Round:
    """One institution on one as-of day; arrays have one entry a row of `week`, in which nobody is gone."""

    institution: str
    as_of: date
    term: TermKey
    week: Week
    capacity: int
    """Rows that people can visit that week, never more than there are."""
    capacity_is_default: bool
    """No visits a week were entered, or 0: the top tenth."""
    ties: Floats
    gone: int
    """Students of that day who had left without anybody knowing, left out."""
    lists: Mapping[str, Ranked]

    def order(self, name: str) -> Ints:
        """Positions of the rows, first to last on the list `name`; equal scores by `ties`."""
        return np.lexsort((self.ties, -self.lists[name].score)).astype(np.int64)

    def listed(self, name: str, count: int) -> Flags:
        """Which rows are among the first `count` of the list `name`."""
        chosen = np.zeros(len(self.ties), bool)
        chosen[self.order(name)[:count]] = True
        return chosen


@dataclass(frozen=True, kw_only=True, eq=False)
class Contest:
    """All rounds, in the order of their days; every one has a list of each of `names`.

    Rounds without a leaver are among them: counts of leavers reached need every week, and what cannot be said of such
    a round (an AUC) skips it.
    """

    rounds: tuple[Round, ...]
    names: tuple[str, ...]

    @cached_property
    def days(self) -> dict[date, tuple[int, ...]]:
        """The positions of the rounds of each as-of day."""
        found: dict[date, tuple[int, ...]] = {}
        for position, one in enumerate(self.rounds):
            found[one.as_of] = (*found.get(one.as_of, ()), position)
        return found

    @property
    def institutions(self) -> tuple[str, ...]:
        return tuple(sorted({one.institution for one in self.rounds}))

    def of(self, chosen: Callable[[Round], bool]) -> "Contest":
        """The same contest over some of the rounds: one institution, or some terms."""
        return Contest(rounds=tuple(one for one in self.rounds if chosen(one)), names=self.names)


def lengths(one: Round) -> dict[str, int]:
    """How many rows a list of this round has, by the names of training.evidence.LENGTHS; at least one."""
    rows = len(one.ties)
    return {AT_CAPACITY: max(1, one.capacity)} | {f"{percent}%": _part(rows, percent) for percent in PERCENTS}


def _part(rows: int, percent: int) -> int:
    return max(1, -(-rows * percent // 100))


def hold(home: DataHome, test: Panel, entrants: Mapping[str, Entrant], *, today: date) -> Contest:
    """Every entrant lists every week of `test`, at the capacity of `capacity_of`.

    Weeks of which nobody is left to list are no rounds. Raises ValueError for a week that is not mature (who left is
    not known yet), and for scores that are missing or not one a row.
    """
    weeks = sorted(test.weeks, key=lambda week: (week.as_of, week.institution))
    for week in weeks:
        if not week.mature:
            raise ValueError(f"the week of {week.as_of} is not mature: nobody knows yet who leaves")
    with side_by_side() as pool:
        rounds = pool.map(
            lambda week: round_of(home, week, entrants, today=today), [one for one in weeks if not one.gone.all()]
        )
        return Contest(rounds=tuple(rounds), names=tuple(entrants))


def round_of(home: DataHome, week: Week, entrants: Mapping[str, Entrant], *, today: date) -> Round:
    here = week.rows(~week.gone)
    capacity, is_default = _visits(home, here, today)
    return Round(
        institution=week.institution,
        as_of=week.as_of,
        term=term_of(week),
        week=here,
        capacity=capacity,
        capacity_is_default=is_default,
        ties=home.vault.key.tie_breaks(here.student, here.as_of).astype(np.float64),
        gone=int(week.gone.sum()),
        lists={name: _checked(name, entrant(here), here) for name, entrant in entrants.items()},
    )


def capacity_of(home: DataHome, week: Week, today: date) -> Capacity:
    """What people had entered for the day of a week; where nothing had been yet, that of `today`, or the default."""
    with home.database.read() as session:
        capacity, is_default = lists.capacity_on(session, week.institution, week.as_of)
        return lists.capacity_on(session, week.institution, today)[0] if is_default else capacity


def _visits(home: DataHome, week: Week, today: date) -> tuple[int, bool]:
    """Visits a week, or the top tenth and True; nobody can be visited twice."""
    rows = len(week.student)
    entered = capacity_of(home, week, today).visits_per_week
    return (min(entered, rows), False) if entered else (_part(rows, DEFAULT_PERCENT), True)


def _checked(name: str, ranked: Ranked, week: Week) -> Ranked:
    for numbers in (ranked.score, ranked.probability):
        if numbers is not None and (numbers.shape != week.student.shape or np.isnan(numbers).any()):
            raise ValueError(f"the list {name} of {week.as_of} does not give every row a number")
    return ranked
