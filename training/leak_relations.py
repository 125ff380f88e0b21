"""Probes that need the panel alone: what ranks leavers too well, who is in it twice, what shuffled labels still teach.

Nothing here knows what was planted. Strengths are counted by leaver, not by row: the weeks of one student say the same.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import lightgbm
import numpy as np
import numpy.typing as npt

from features.vocabulary import OfOthers
from models.risk_model import margins_of_trees
from training.evidence import Leak
from training.panel import Panel, Week

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Key = tuple[str, int]
_Chosen = Callable[[Week, dict[Key, date], dict[Key, date]], Ints]

# Thresholds were chosen on the simulated colleges of seeds 101–108 (350 students, 2 years): bounds of clean ones reached
# .08 (near) and .02 (far); with an edited screening or roster they began at .54 and .19. On clean data with more leavers,
# whose bounds lie nearer to the true shares, they reached .12 and .08 (4,000 simulated students), .06 and .06 (the Open
# University's). benchmarks/doctor.py counts on other seeds. Of two normal curves the two thresholds stand for an AUC of .88
# and of .76.
BEYOND = 0.98
"""Where hardly any stayer is: beyond all but one of fifty."""
TOO_STRONG = 0.35
TOO_STRONG_FROM_AFAR = 0.15
FAR_DAYS = 56
"""Decay before leaving lasts 3–8 weeks: what is as strong before that did not see it coming."""
_SURE = 3.0  # standard errors
_LEAST_LEAVERS = 12
_LEAST_OTHERS = 20
_MOST_WEEKS = 60

SAME_WEEKS = 3
_SAME_PART = 0.8
_LEAST_TELLING = 5  # columns that set students apart: below, equal rows are no wonder
_MOST_COMMON = 0.5

_CHANCE = 0.5
_SURE_OF_CHANCE = 4.0
_TREES = {
    "objective": "binary", "num_leaves": 31, "learning_rate": 0.1, "min_data_in_leaf": 10, "seed": 1, "num_threads": 1,
    "deterministic": True, "force_col_wise": True, "verbosity": -1,
}  # fmt: skip


# What ranks leavers too well


def too_strong(panel: Panel) -> Iterator[Leak]:
    """Features that alone set those about to leave apart from nearly everybody who stays."""
    yield from _strong(panel, "too strong", TOO_STRONG, _near)


def strong_from_afar(panel: Panel) -> Iterator[Leak]:
    """Features that do so eight weeks and more before they leave, when hardly anything shows yet."""
    yield from _strong(panel, "strong from afar", TOO_STRONG_FROM_AFAR, _far)


def _near(week: Week, last: dict[Key, date], far: dict[Key, date]) -> Ints:
    return np.flatnonzero(week.left & ~week.gone)


def _far(week: Week, last: dict[Key, date], far: dict[Key, date]) -> Ints:
    own = [far.get(key) == week.as_of for key in _keys(week)]
    return np.flatnonzero(np.array(own, bool) & ~week.gone)


def _strong(panel: Panel, probe: str, bound: float, chosen: _Chosen) -> Iterator[Leak]:
    found = _placements(panel, chosen)
    for place, feature in enumerate(panel.features):
        strengths = [_surely_beyond(told[:, place]) for told in found]
        if max(strengths) > bound:
            yield Leak(probe=probe, feature=feature.name, strength=max(strengths))


def _surely_beyond(placements: Floats) -> float:
    """A bound below the share of leavers who stand where hardly any stayer does, on the side where more do.

    Three standard errors below, with two leavers added who do not, as Agresti and Coull add to a share: a few leavers
    are not sure ones.
    """
    known = placements[~np.isnan(placements)]
    if len(known) < _LEAST_LEAVERS:
        return 0.0
    size = len(known) + 2
    share = max(int((known >= BEYOND).sum()), int((known <= 1 - BEYOND).sum())) / size
    return float(share - _SURE * np.sqrt((share * (1 - share) + 0.25 / size) / size))


def _placements(panel: Panel, chosen: _Chosen) -> tuple[Floats, Floats]:
    """Of each leaver the share of stayers of the same day below them, by value and by being unknown."""
    weeks = _some(panel.weeks)
    last = _last_seen_leaving(weeks)
    far = _last_far_day(weeks, last)
    by_value: dict[Key, list[Floats]] = {}
    by_missing: dict[Key, list[Floats]] = {}
    for week in weeks:
        keys = _keys(week)
        stays = np.flatnonzero(~week.gone & np.array([key not in last for key in keys], bool))
        who = chosen(week, last, far)
        if len(who) and len(stays) >= _LEAST_OTHERS:
            value, missing = _placed(week.values[who], week.values[stays])
            for row, place in enumerate(who):
                by_value.setdefault(keys[place], []).append(value[row])
                by_missing.setdefault(keys[place], []).append(missing[row])
    return _by_leaver(by_value, len(panel.features)), _by_leaver(by_missing, len(panel.features))


def _some(weeks: tuple[Week, ...]) -> list[Week]:
    """Evenly spaced weeks of each institution: the weeks of a term repeat each other."""
    by_institution: dict[str, list[Week]] = {}
    for week in sorted(weeks, key=lambda one: one.as_of):
        by_institution.setdefault(week.institution, []).append(week)
    return [week for own in by_institution.values() for week in own[:: -(-len(own) // _MOST_WEEKS)]]


def _keys(week: Week) -> list[Key]:
    return [(week.institution, number) for number in week.student.tolist()]


def _last_seen_leaving(weeks: list[Week]) -> dict[Key, date]:
    """The last day on which a student was about to leave."""
    return {key: week.as_of for week in weeks for key, left in zip(_keys(week), week.left, strict=True) if left}


def _last_far_day(weeks: list[Week], last: dict[Key, date]) -> dict[Key, date]:
    """The last day of each leaver that lies far before the leaving."""
    far = timedelta(days=FAR_DAYS)
    return {
        key: week.as_of for week in weeks for key in _keys(week) if key in last and week.as_of <= last[key] - far
    }  # fmt: skip


def _placed(leavers: npt.NDArray[np.float32], stayers: npt.NDArray[np.float32]) -> tuple[Floats, Floats]:
    value = np.full(leavers.shape, np.nan)
    for column in range(leavers.shape[1]):
        others = np.sort(stayers[:, column])  # NaN comes last
        others = others[: len(others) - int(np.isnan(others).sum())]
        if len(others) >= _LEAST_OTHERS:
            own = leavers[:, column]
            between = np.searchsorted(others, own, side="left") + np.searchsorted(others, own, side="right")
            value[:, column] = np.where(np.isnan(own), np.nan, between / (2 * len(others)))
    unknown = np.isnan(stayers).mean(axis=0)
    return value, np.where(np.isnan(leavers), 1 - unknown / 2, (1 - unknown) / 2)


def _by_leaver(told: dict[Key, list[Floats]], columns: int) -> Floats:
    if not told:
        return np.zeros((0, columns))
    means = []
    for rows in told.values():
        stacked = np.stack(rows)
        known = ~np.isnan(stacked)
        total = np.where(known, stacked, 0).sum(axis=0)
        means.append(np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan))
    return np.stack(means)


# Who is in it twice


def same_twice(panel: Panel) -> Iterator[Leak]:
    """Students under two numbers: rows equal in all that sets students apart, week after week."""
    columns = [place for place, feature in enumerate(panel.features) if not isinstance(feature.measure, OfOthers)]
    equal: Counter[tuple[Key, Key]] = Counter()
    seen: Counter[Key] = Counter()
    for week in _some(panel.weeks):
        keys = _keys(week)
        seen.update(keys)
        for one, other in _equal_rows(week.values[:, columns]):
            equal[keys[one], keys[other]] += 1
    double = {
        other for (one, other), weeks in equal.items()
        if weeks >= SAME_WEEKS and weeks >= _SAME_PART * min(seen[one], seen[other])
    }  # fmt: skip
    if double:
        yield Leak(probe="same student twice", feature="", strength=len(double) / len(seen))


def _equal_rows(values: npt.NDArray[np.float32]) -> Iterator[tuple[int, int]]:
    """Pairs of rows that are equal in every column, of which enough set students apart; three alike are a coincidence."""
    telling = _sets_apart(values)
    enough = (~np.isnan(values[:, telling])).sum(axis=1) >= _LEAST_TELLING
    rows = np.flatnonzero(enough)
    if not len(rows):
        return
    # NaN has many bit patterns; one number stands for it.
    packed = np.ascontiguousarray(np.where(np.isnan(values[rows]), np.float32(-9e9), values[rows]))
    _, first, number, count = np.unique(
        packed.view(np.dtype((np.void, packed.dtype.itemsize * packed.shape[1]))).ravel(),
        return_index=True, return_inverse=True, return_counts=True,
    )  # fmt: skip
    for place in np.flatnonzero((count[number] == 2) & (first[number] != np.arange(len(rows)))):
        yield int(rows[first[number[place]]]), int(rows[place])


def _sets_apart(values: npt.NDArray[np.float32]) -> Flags:
    """Columns in which no value is that of half of the students."""
    apart = np.zeros(values.shape[1], bool)
    for column in range(values.shape[1]):
        known = values[~np.isnan(values[:, column]), column]
        if len(known) >= _LEAST_OTHERS:
            _, count = np.unique(known, return_counts=True)
            apart[column] = count.max() <= _MOST_COMMON * len(known)
    return apart


# What shuffled labels still teach


@dataclass(frozen=True, kw_only=True)
class Split:
    """What learns and what tests; `opens` is the first day of the test."""

    training: Panel
    test: Panel
    opens: date


def shuffled_labels(split: Split, seed: int = 1) -> Iterator[Leak]:
    """The labels of the future are dealt out anew among its students: who was trained before it cannot know them.

    Every row of the test days gets the new label, wherever the split has put it. Skill above chance is knowledge that
    a row of the future brought into training.
    """
    dealt = _dealt(split, seed)
    taught = _together(_some(split.training.weeks), dealt, split.opens)
    asked = _together(_some(split.test.weeks), dealt, split.opens)
    if min(taught.left.sum(), asked.left.sum()) < _LEAST_LEAVERS:
        return
    trees = lightgbm.train(_TREES, lightgbm.Dataset(taught.values, taught.left.astype(np.float64)), 100)
    score = margins_of_trees(trees.model_to_string(), asked.values)
    auc, error = _auc_by_student(asked, score)
    if auc - _SURE_OF_CHANCE * error > _CHANCE:
        yield Leak(probe="shuffled labels", feature="", strength=auc)


@dataclass(frozen=True, kw_only=True)
class _Rows:
    values: npt.NDArray[np.float32]
    left: Flags
    keys: list[Key]


def _dealt(split: Split, seed: int) -> dict[Key, bool]:
    """For every student of the test days whether they leave, in another order."""
    leaves: dict[Key, bool] = {}
    for week in split.test.weeks:
        for key, left in zip(_keys(week), week.left, strict=True):
            leaves[key] = leaves.get(key, False) or bool(left)
    order = np.random.default_rng(seed).permutation(len(leaves))
    told = list(leaves.values())
    return {key: told[place] for key, place in zip(leaves, order, strict=True)}


def _together(weeks: list[Week], dealt: dict[Key, bool], opens: date) -> _Rows:
    kept = [week.rows(~week.gone) for week in weeks]
    left = [
        week.left if week.as_of < opens else np.array([dealt.get(key, False) for key in _keys(week)], bool)
        for week in kept
    ]
    if not kept:
        return _Rows(values=np.zeros((0, 0), np.float32), left=np.zeros(0, bool), keys=[])
    return _Rows(
        values=np.concatenate([week.values for week in kept]),
        left=np.concatenate(left),
        keys=[key for week in kept for key in _keys(week)],
    )


def _auc_by_student(rows: _Rows, score: Floats) -> tuple[float, float]:
    """The AUC of students' mean scores, and its standard error where nothing is known (Mann and Whitney 1947)."""
    keys = {key: number for number, key in enumerate(dict.fromkeys(rows.keys))}
    number = np.array([keys[key] for key in rows.keys], np.int64)
    mean = np.bincount(number, score) / np.bincount(number)
    leaves = np.zeros(len(keys), bool)
    leaves[number] = rows.left
    own, others = mean[leaves], np.sort(mean[~leaves])
    between = np.searchsorted(others, own, side="left") + np.searchsorted(others, own, side="right")
    many, more = len(own), len(others)
    return float(between.mean() / (2 * more)), float(np.sqrt((many + more + 1) / (12 * many * more)))
