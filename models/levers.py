"""Which questions the model may be asked about at another value, to which value, and what values there are this week."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.declaration import Feature
from features.vocabulary import (
    Change,
    Count,
    Domain,
    FromMedian,
    InTerm,
    LongestRun,
    Margin,
    Personal,
    Relative,
    Risk,
    Slope,
    StepChange,
)
from records.tables import ATTENDANCE

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

LEAST_MEMBERS = Relative.least
"""Known values that a class group needs before its quartile says anything, as with relations to the group."""
LEVER_DOMAINS = (Domain.ATTENDANCE, Domain.GRADES)


@dataclass(frozen=True, kw_only=True)
class Levers:
    """The questions that may move: their columns, +1 where risk rises with the value and -1 where it falls.

    `alone` are those that are also offered one by one; the others move with their domain only.
    """

    column: Ints
    sign: Floats
    alone: Flags
    features: tuple[Feature, ...]


def levers_of(features: Sequence[Feature]) -> Levers:
    """What may move, by the declarations alone.

    Changeable, with a direction, not sensitive, and of attendance or grades. The household is never a lever (poverty is
    not anybody's to change by resolve), standing is age, programme and history, and screening is what a teacher wrote
    down: a kinder form helps nobody. No feature is the institution.
    """
    held = [
        index
        for index, feature in enumerate(features)
        if feature.changeable
        and feature.risk is not Risk.EITHER
        and feature.personal is Personal.ORDINARY
        and feature.domain in LEVER_DOMAINS
    ]
    return Levers(
        column=np.array(held, np.int64),
        sign=np.array([features[index].risk.value for index in held], np.float64),
        alone=np.array([_can_move_alone(features[index]) for index in held], bool),
        features=tuple(features[index] for index in held),
    )


def _can_move_alone(feature: Feature) -> bool:
    """Whether a value of its own makes sense to a reader and can still be reached.

    A distance from classmates, from a rule or from before is no state that anybody would name, and counts the same
    records again. What counts the absences of the term so far can only grow before the term is over.
    """
    match feature.measure:
        case Relative() | FromMedian() | Margin() | Slope() | Change() | StepChange():
            return False
        case Count() | LongestRun(current=False):
            return not (feature.table is ATTENDANCE and feature.window == InTerm())
        case _:
            return True


def better_quartiles(place: Ints, group: Ints) -> Ints:
    """For each class group and lever the better quartile, of the institution where the group tells too little.

    `place` (students, levers) is the place of each value on its ladder, lower the better, -1 where not known, and so is
    the answer (groups, levers). Always a place that a student has: days stay whole. -1 where the institution tells too
    little as well.
    """
    of_group = _quartiles(place, group, int(group.max(initial=-1)) + 1)
    of_all = _quartiles(place, np.zeros(len(group), np.int64), 1)
    return np.where(of_group < 0, of_all, of_group)


def _quartiles(place: Ints, group: Ints, groups: int) -> Ints:
    found = np.full((groups, place.shape[1]), -1, np.int64)
    members = np.bincount(group, minlength=groups)
    first = np.cumsum(members) - members
    for lever, column in enumerate(place.T):
        unknown = column.max(initial=-1) + 1
        # By group, and in it by place; what is not known comes last in its group.
        order = np.sort(group * (unknown + 1) + np.where(column < 0, unknown, column))
        known = np.bincount(group[column >= 0], minlength=groups)
        enough = known >= LEAST_MEMBERS
        found[enough, lever] = order[(first + (known + 3) // 4 - 1)[enough]] % (unknown + 1)
    return found


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """The distinct values of each lever in the institution, best first, all in one array: `start` says where each begins.

    `reached` counts the students of the institution at that value or a better one.
    """

    start: Ints
    value: Floats
    reached: Ints

    def steps(self, lever: int) -> Floats:
        return self.value[self.start[lever] : self.start[lever + 1]]

    def place(self, signed: Floats) -> Ints:
        """The place in `value` of each of (rows, levers), all of them values of their ladder; -1 where not known."""
        found = np.full(signed.shape, -1, np.int64)
        for lever, column in enumerate(signed.T):
            known = ~np.isnan(column)
            found[known, lever] = self.start[lever] + np.searchsorted(self.steps(lever), column[known])
        return found

    def passed(self, old: Ints, new: Ints) -> Ints:
        """The students strictly between two places of a lever, `new` the better one."""
        return self.reached[old - 1] - self.reached[new]


def ladder_of(signed: Floats) -> Ladder:
    steps = [np.unique(column[~np.isnan(column)], return_counts=True) for column in signed.T]
    return Ladder(
        start=np.cumsum([0, *(len(values) for values, _ in steps)]),
        value=np.concatenate([np.empty(0), *(values for values, _ in steps)]),
        reached=np.concatenate([np.empty(0, np.int64), *(np.cumsum(counts) for _, counts in steps)]),
    )
