"""What the model would say of a listed student if what can change were ordinary, and which one change leaves the list.

It describes the model and not the effect of help (design: explain 6). Because of the monotone constraints no lever can
raise a score. Single questions are correlated: in life absence over two and over four weeks move together, so the
effect of one alone understates, and beside it stands the effect of a whole domain.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from typing import Any

import numpy as np
import numpy.typing as npt

from features.declaration import Feature
from features.vocabulary import Domain
from models import replaced
from models.layout import Layout
from models.levers import LEVER_DOMAINS, Ladder, Levers, better_quartiles, ladder_of, levers_of
from models.risk_model import RiskModel

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.floating[Any]]

SHOWN_LEVERS = 3
MOST_OF_A_DOMAIN = 2
"""As with reasons: three ways of counting the same absences are not three levers."""
LEAST_EFFECT = 0.05
"""Log-odds. Less changes odds by less than a twentieth: nothing to trouble anybody with."""
_NOISE = 1e-9  # log-odds: sums of the same leaves in another order differ by less
_STUDENTS_AT_ONCE = 2_048


@dataclass(frozen=True, kw_only=True)
class Lever:
    """One question at another value, or (`before` and `after` are None) those of a domain together.

    `effect` is what that does to the calibrated log-odds, never above 0.
    """

    features: tuple[str, ...]
    domain: Domain
    before: float | None
    after: float | None
    effect: float


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """The levers of one student, single ones by effect and then whole domains, and the smallest way off the list."""

    levers: tuple[Lever, ...]
    exit: Lever | None


def what_if(
    model: RiskModel, features: Sequence[Feature], values: Matrix, group: Ints, listed: Ints, over: Floats
) -> list[WhatIf]:
    """For each of the `listed` rows, in their order, what would lower the score and what would leave the list.

    `values` (students, features) and `group` (students,), a number for each one's class group, are those of the whole
    institution this week; `over` (listed,) is how far each lies above the line, in log-odds, inf where nobody can leave.

    A lever moves to the better quartile: of the class group a value that a member has and at least a quarter reach;
    of the institution where the group has fewer than eight known values. Who is there already, or of whom it
    is not known, has no lever there.

    The exit is the smallest single change with which the score falls by more than `over`: the one that passes the
    fewest of the institution's students (those strictly between the old and the new value), ties in the order of the
    catalogue. Only values that somebody of the institution has this week are tried, so nothing beyond the best of
    them. Where no single one suffices, one whole domain at its better quartile may: the one that passes the fewest
    on average over its questions.
    """
    asked = _asked(model, features, values)
    places = asked.ladder.place(asked.signed)
    quartiles = better_quartiles(places, group)
    found: list[WhatIf] = []
    for start in range(0, len(listed), _STUDENTS_AT_ONCE):
        rows = listed[start : start + _STUDENTS_AT_ONCE]
        part = _Part(
            asked=asked,
            bins=replaced.bins_of_rows(model.tables, values[rows]),
            own=places[rows],
            target=quartiles[group[rows]],
            over=over[start : start + _STUDENTS_AT_ONCE],
        )
        found.extend(_found(part))
    return found


# Scores


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What is the same for all listed: the values of this week on one ladder a lever, and the bin of each for the model.

    `values` are those of the ladder as they are told, rounded as their feature is: what is held in float32 carries digits
    that nobody measured. `straight` is what the model's straight part adds at each of them, in log-odds before calibration.
    `asking` has for each lever the groups that ask it; `signed` is (students, levers), lower the better.
    """

    model: RiskModel
    levers: Levers
    signed: Floats
    ladder: Ladder
    values: Floats
    bins: npt.NDArray[Any]
    straight: Floats
    asking: tuple[Layout, ...]


def _asked(model: RiskModel, features: Sequence[Feature], values: Matrix) -> _Asked:
    levers = levers_of(features)
    signed = values[:, levers.column].astype(np.float64) * levers.sign
    ladder = ladder_of(signed)
    bins = [
        replaced.bins_of_column(model.tables, column, ladder.steps(lever) * levers.sign[lever])
        for lever, column in enumerate(levers.column)
    ]
    straight = [
        model.linear.at(int(column), ladder.steps(lever) * levers.sign[lever])
        for lever, column in enumerate(levers.column)
    ]
    told = [np.round(ladder.steps(lever) * f.risk.value, f.decimals) for lever, f in enumerate(levers.features)]
    return _Asked(
        model=model,
        levers=levers,
        signed=signed,
        ladder=ladder,
        values=np.concatenate([np.empty(0), *told]) + 0.0,  # no minus zero
        bins=np.concatenate([np.empty(0, model.tables.binning.kind), *bins]),
        straight=np.concatenate([np.empty(0), *straight]),
        asking=tuple(replaced.groups_that_ask(model.tables.layout, column) for column in levers.column),
    )


@dataclass(frozen=True, kw_only=True)
class _Part:
    """Some listed students: all their bins (features, students), and by (students, levers) their own places on the
    ladders and those of the better quartile, -1 where not known.
    """

    asked: _Asked
    bins: npt.NDArray[Any]
    own: Ints
    target: Ints
    over: Floats

    def margins(self, layout: Layout, bins: npt.NDArray[Any]) -> Floats:
        return replaced.margins_of(layout, self.asked.model.tables.features, bins)

    @cached_property
    def margins_of_asking(self) -> list[Floats]:
        """For each lever what the groups that ask it add to the students' margins now."""
        return [self.margins(layout, self.bins) for layout in self.asked.asking]

    def effect(self, moved: Floats) -> Floats:
        """What a move of the margin is in calibrated log-odds; rounding noise is no effect."""
        calibrated = self.asked.model.calibration.slope * moved
        return np.where(calibrated > -_NOISE, 0.0, calibrated)

    def effect_of_one(self, student: Ints, lever: Ints, place: Ints) -> Floats:
        """The effect of one lever at another place of its ladder, for each (student, lever) pair."""
        found = self.asked.straight[place] - self.asked.straight[self.own[student, lever]]
        column, bins = self.asked.levers.column[lever], self.asked.bins[place]
        # Between two values of the same bin lies no threshold of the trees.
        moving = np.flatnonzero(self.bins[column, student] != bins)
        moving = moving[np.argsort(lever[moving], kind="stable")]
        for pairs in np.split(moving, np.flatnonzero(np.diff(lever[moving])) + 1):
            if len(pairs):
                one, who = lever[pairs[0]], student[pairs]
                changed = np.take(self.bins, who, axis=1)  # keeps each feature's bins side by side
                changed[column[pairs[0]]] = bins[pairs]
                found[pairs] += self.margins(self.asked.asking[one], changed) - self.margins_of_asking[one][who]
        return self.effect(found)

    def effect_together(self, moved: Flags) -> Floats:
        """The effect of all `moved` levers (students, levers) at their better quartile."""
        changed = self.bins.copy()
        student, lever = np.nonzero(moved)
        own, target = self.own[student, lever], self.target[student, lever]
        changed[self.asked.levers.column[lever], student] = self.asked.bins[target]
        straight = np.bincount(
            student, weights=self.asked.straight[target] - self.asked.straight[own], minlength=len(moved)
        )
        return self.effect(self.margins(self.asked.model.tables.layout, changed) - self.margins_of_all + straight)

    @cached_property
    def margins_of_all(self) -> Floats:
        return self.margins(self.asked.model.tables.layout, self.bins)


def _found(part: _Part) -> Iterator[WhatIf]:
    moves = (part.target >= 0) & (part.target < part.own)  # who is not known is at -1
    effect = np.zeros(moves.shape)
    student, lever = np.nonzero(moves & part.asked.levers.alone)
    effect[student, lever] = part.effect_of_one(student, lever, part.target[student, lever])
    together = _together(part, moves)
    exits = _exits(part)
    order: list[list[int]] = np.argsort(effect, axis=1, kind="stable").tolist()
    effects: list[list[float]] = np.asarray(effect).tolist()
    own: list[list[int]] = part.own.tolist()
    target: list[list[int]] = part.target.tolist()
    over: list[float] = part.over.tolist()
    for index, ordered in enumerate(order):
        shown = _largest(ordered, effects[index], part.asked.levers.features)
        singles = [_single(part.asked, one, own[index][one], target[index][one], effects[index][one]) for one in shown]
        domains = [one.lever(index) for one in together if one.effect[index] <= -LEAST_EFFECT]
        way = _domain_exit(together, index, over[index])
        if index in exits:
            one, place, by_it = exits[index]
            way = _single(part.asked, one, own[index][one], place, by_it)
        yield WhatIf(levers=(*singles, *domains), exit=way)


def _largest(order: Sequence[int], effect: Sequence[float], features: Sequence[Feature]) -> list[int]:
    """The levers to show of one student, by effect; a domain gives at most two."""
    kept: list[int] = []
    for lever in order:
        if effect[lever] > -LEAST_EFFECT or len(kept) == SHOWN_LEVERS:
            break
        if sum(features[one].domain is features[lever].domain for one in kept) < MOST_OF_A_DOMAIN:
            kept.append(lever)
    return kept


def _single(asked: _Asked, lever: int, before: int, after: int, effect: float) -> Lever:
    """A lever from one place of its ladder to another."""
    feature = asked.levers.features[lever]
    return Lever(
        features=(feature.name,),
        domain=feature.domain,
        before=float(asked.values[before]),
        after=float(asked.values[after]),
        effect=effect,
    )


# Whole domains


@dataclass(frozen=True, kw_only=True)
class _Together:
    """One domain with all that moves in it: of each student the effect, and how many it passes on average."""

    domain: Domain
    names: tuple[str, ...]
    moved: list[list[bool]]
    effect: list[float]
    passed: list[float]

    def lever(self, index: int) -> Lever:
        return Lever(
            features=tuple(compress(self.names, self.moved[index])),
            domain=self.domain,
            before=None,
            after=None,
            effect=self.effect[index],
        )


def _together(part: _Part, moves: Flags) -> list[_Together]:
    """Each domain in which at least two questions move; one alone is no more than itself."""
    passed = np.zeros(moves.shape)
    passed[moves] = part.asked.ladder.passed(part.own[moves], part.target[moves])
    features = part.asked.levers.features
    names = tuple(feature.name for feature in features)
    found = []
    for domain in LEVER_DOMAINS:
        moved = moves & np.array([feature.domain is domain for feature in features], bool)
        moved &= moved.sum(axis=1, keepdims=True) > 1
        mean = (passed * moved).sum(axis=1) / np.maximum(moved.sum(axis=1), 1)
        effect = part.effect_together(moved).tolist()
        found.append(_Together(domain=domain, names=names, moved=moved.tolist(), effect=effect, passed=mean.tolist()))
    return found


def _domain_exit(together: Sequence[_Together], index: int, over: float) -> Lever | None:
    suffice = [one for one in together if one.effect[index] < -over]
    return min(suffice, key=lambda one: one.passed[index]).lever(index) if suffice else None


# The smallest single change


def _exits(part: _Part) -> dict[int, tuple[int, int, float]]:
    """Of each student who can leave by one lever: the lever, its place on the ladder and the effect.

    Bisection over the institution's values: `new` always leaves the list, `short` never does. A pair is given up as
    soon as even its next value passes more students than another lever of the same student is known to need.
    """
    first = part.asked.ladder.start[:-1]
    can = part.asked.levers.alone & (part.own > first) & np.isfinite(part.over)[:, None]
    student, lever = np.nonzero(can)
    effect = part.effect_of_one(student, lever, first[lever])
    leaves = effect < -part.over[student]
    student, lever, effect = student[leaves], lever[leaves], effect[leaves]
    old, new = part.own[student, lever], first[lever]
    short, fewest = old.copy(), np.empty(len(part.own), np.int64)
    while True:
        fewest[:] = np.iinfo(np.int64).max
        np.minimum.at(fewest, student, part.asked.ladder.passed(old, new))
        open_ = np.flatnonzero((short - new > 1) & (part.asked.ladder.passed(old, short - 1) <= fewest[student]))
        if not len(open_):
            break
        middle = (new[open_] + short[open_]) // 2
        at_middle = part.effect_of_one(student[open_], lever[open_], middle)
        leaves = at_middle < -part.over[student[open_]]
        new[open_[leaves]], effect[open_[leaves]] = middle[leaves], at_middle[leaves]
        short[open_[~leaves]] = middle[~leaves]
    order = np.lexsort((lever, part.asked.ladder.passed(old, new), student))
    who, at = np.unique(student[order], return_index=True)
    best = order[at]
    return {
        int(one): (int(lever[pair]), int(new[pair]), float(effect[pair])) for one, pair in zip(who, best, strict=True)
    }
