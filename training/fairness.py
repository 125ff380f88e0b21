"""Does the list treat groups of people alike: who of each group's leavers was listed, and are the scores right for them?

All figures are at the capacity that the institution really has. Recall is counted over the student-weeks of all rounds
together (a group has weeks without a leaver, so a mean over weeks would leave some out), and a list of fixed length
reaches groups unequally where one institution has more places a leaver than another: read size beside it.
Recall parity is what matters for help that is offered, not withheld (Hardt, Price & Srebro 2016, equal opportunity).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from records.suppression import LEAST_CELL, suppressed_table
from training.audit_groups import ATTRIBUTE_OF, NOT_KNOWN, Attribute, AuditGroups
from training.balanced_list import balanced
from training.contest import Contest, Round, lengths
from training.evidence import AT_CAPACITY, MODEL, UNKNOWN, AttributeFairness, GroupFigures, Interval
from training.intervals import SEED, STUDENTS, Resampled, blocks_of, interval, person_weights

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

# One leaver in ten: as much as a good model gains over the best published lists at the same length (recall at a tenth
# .35 against .24-.29). A smaller gap needs about 400 people a group who left, which only many colleges together have.
TOLERATED_GAP = 0.10
# Below it one person moves a recall by more than the gap tolerated, and a share tells of one: neither told nor compared.
LEAST_LEAVERS = LEAST_CELL
POWER = 0.8
LEVEL = 0.05
GAP, NO_GAP_SEEN, CANNOT_TELL = "gap", "no gap seen", "cannot tell"
_ROWS, _LISTED, _LEFT, _REACHED, _EXPECTED, _BALANCED = range(6)


@dataclass(frozen=True, kw_only=True, repr=False)
class _Rows:
    """All rounds' rows together, (rows,); `unit` is what is drawn again, `person` numbers the people from 0."""

    unit: Ints
    person: Ints
    left: Flags
    listed: Flags
    expected: Floats


@dataclass(frozen=True, kw_only=True, repr=False)
class _Divided:
    """The people by one attribute; the arrays have one entry a group.

    `position` are the groups that have anybody, NOT_KNOWN last; `drawn` (1 + draws, groups, sums) are the sums over
    student-weeks in every draw, draw 0 the sums themselves.
    """

    position: Ints
    students: Ints
    leavers: Ints
    drawn: Floats

    @property
    def total(self) -> Floats:
        return np.asarray(self.drawn[0])

    @property
    def recall(self) -> Floats:
        return _ratio(self.total[:, _REACHED], self.total[:, _LEFT])


def fairness(contest: Contest, audit: AuditGroups) -> tuple[AttributeFairness, ...]:
    """What was found of the model's list by each attribute of `audit`. Empty without rounds.

    People are drawn again with all their weeks, whatever groups they were in; also where there are many institutions,
    for the question is how these people were treated, and a group may be in one institution alone. Raises ValueError
    when the model gives no probabilities.
    """
    if not contest.rounds:
        return ()
    resampled = person_weights(contest, by=STUDENTS)
    rows = _rows(contest, resampled)
    return tuple(
        _judged(ATTRIBUTE_OF[name], _divided(contest, rows, resampled, groups)) for name, groups in audit.of.items()
    )


def _probability(one: Round) -> Floats:
    probability = one.lists[MODEL].probability
    if probability is None:
        raise ValueError(f"the list '{MODEL}' of {one.as_of} has no probabilities; calibrate it before it is judged")
    return probability


def _length(one: Round) -> int:
    return lengths(one)[AT_CAPACITY]


def _rows(contest: Contest, resampled: Resampled) -> _Rows:
    rounds = contest.rounds
    return _Rows(
        unit=np.concatenate(resampled.unit),
        person=np.unique(np.concatenate([one.week.person for one in rounds]), return_inverse=True)[1],
        left=np.concatenate([one.week.left for one in rounds]),
        listed=np.concatenate([one.listed(MODEL, _length(one)) for one in rounds]),
        expected=np.concatenate([_probability(one) for one in rounds]),
    )


def _divided(contest: Contest, rows: _Rows, resampled: Resampled, groups: Sequence[Ints]) -> _Divided:
    told = np.concatenate(groups)
    known = np.unique(told)
    position = np.concatenate([known[known != NOT_KNOWN], known[known == NOT_KNOWN]])
    column = np.argsort(position)[np.searchsorted(known, told)]
    return _Divided(
        position=position,
        students=np.asarray((_by(rows.person, column, np.ones(len(told))) > 0).sum(axis=0)),
        leavers=np.asarray((_by(rows.person, column, rows.left) > 0).sum(axis=0)),
        drawn=_drawn(rows, column, _balanced(contest, groups), resampled),
    )


def _balanced(contest: Contest, groups: Sequence[Ints]) -> Flags:
    chosen = [
        balanced(one.order(MODEL), group, _probability(one), _length(one))
        for one, group in zip(contest.rounds, groups, strict=True)
    ]
    return np.concatenate(chosen)


def _by(unit: Ints, column: Ints, counted: npt.NDArray[Any]) -> Floats:
    """(units, groups): sums over rows."""
    units, groups = int(unit.max()) + 1, int(column.max()) + 1
    sums = np.bincount(unit * groups + column, weights=counted, minlength=units * groups)
    return np.asarray(sums.reshape(units, groups), np.float64)


def _drawn(rows: _Rows, column: Ints, fair: Flags, resampled: Resampled) -> Floats:
    """(1 + draws, groups, sums): the sums over the rows of each group in every draw."""
    left = rows.left
    counted = (np.ones(len(left)), rows.listed, left, left & rows.listed, rows.expected, left & fair)
    sums = np.stack([_by(rows.unit, column, each) for each in counted], axis=-1)
    units, draws = resampled.weights.shape
    flat = sums.reshape(units, -1)
    blocks = [resampled.weights[:, block].T.astype(np.float64) @ flat for block in blocks_of(draws, units)]
    return np.concatenate(blocks).reshape(draws, *sums.shape[1:])


# One attribute


def _judged(attribute: Attribute, divided: _Divided) -> AttributeFairness:
    compared = _compared(divided)
    gap, is_shown = _gap(divided, compared)
    detectable = _detectable_gap(divided)
    return AttributeFairness(
        attribute=attribute.name,
        groups=tuple(_group_figures(attribute, divided)),
        gap=gap,
        detectable_gap=detectable,
        tolerated_gap=TOLERATED_GAP,
        verdict=_verdict(is_shown, detectable),
        balanced_recall_cost=_cost(divided),
        balanced_gap=_widest(_ratio(divided.total[:, _BALANCED], divided.total[:, _LEFT])[compared]),
    )


def _verdict(is_shown: bool, detectable: float) -> str:
    if is_shown:
        return GAP
    return NO_GAP_SEEN if detectable <= TOLERATED_GAP else CANNOT_TELL  # NaN cannot tell


def _named(divided: _Divided) -> Flags:
    """Groups of at least ten people; who is not known to be in any is no group to compare."""
    return np.asarray((divided.position != NOT_KNOWN) & (divided.students >= LEAST_CELL))


def _compared(divided: _Divided) -> Flags:
    return np.asarray(_named(divided) & (divided.leavers >= LEAST_LEAVERS))


def _group_figures(attribute: Attribute, divided: _Divided) -> Iterator[GroupFigures]:
    recalls = np.concatenate([divided.recall[None], _smoothed(divided)[1:]])
    ratios = _ratio(divided.drawn[:, :, _LEFT], divided.drawn[:, :, _EXPECTED])
    shares = _ratio(divided.total[:, _LISTED], divided.total[:, _ROWS])
    stayers = divided.students - divided.leavers
    hidden = suppressed_table(np.column_stack([divided.leavers, stayers]).tolist())
    for place, position in enumerate(divided.position.tolist()):
        is_hidden, leavers = hidden.rows[place], int(divided.leavers[place])
        yield GroupFigures(
            group=attribute.code(position).value,
            students=None if is_hidden else int(divided.students[place]),
            leavers=None if hidden.cells[place][0] else leavers,
            suppressed=is_hidden,
            recall=UNKNOWN if is_hidden else _interval(recalls[:, place], leavers),
            observed_expected=UNKNOWN if is_hidden else _interval(ratios[:, place], leavers),
            listed_share=math.nan if is_hidden else float(shares[place]),
        )


def _interval(drawn: Floats, leavers: int) -> Interval:
    return interval(drawn, told_by=leavers) if leavers >= LEAST_LEAVERS else UNKNOWN


def _ratio(part: Floats, whole: Floats) -> Floats:
    """NaN where there is nothing to take a part of."""
    return np.asarray(np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0))


def _widest(recall: Floats) -> float:
    return float(recall.max() - recall.min()) if len(recall) > 1 else math.nan


def _cost(divided: _Divided) -> Interval:
    """The part of all leavers that the list reaches and the balanced one does not."""
    sums = divided.drawn.sum(axis=1)
    return _interval(_ratio(sums[:, _REACHED] - sums[:, _BALANCED], sums[:, _LEFT]), int(divided.leavers.sum()))


# The gap between groups


def _smoothed(divided: _Divided) -> Floats:
    """(1 + draws, groups): recalls with two more people in each group.

    One of the two was always listed and the other never, each for as many weeks as the group's leavers on average and
    drawn as everybody is: else a group in which everybody, or nobody, was listed would seem to be known for certain
    (Agresti & Caffo 2000, adding a success and a failure to each sample).
    """
    left, reached = divided.drawn[:, :, _LEFT], divided.drawn[:, :, _REACHED]
    weeks = left[0] / np.maximum(divided.leavers, 1)
    listed, missed = np.random.default_rng(SEED).poisson(1.0, (2, *left.shape))
    listed[0] = missed[0] = 1
    return _ratio(reached + listed * weeks, left + (listed + missed) * weeks)


def _gap(divided: _Divided, compared: Flags) -> tuple[Interval, bool]:
    """Largest less smallest recall among the groups compared, and whether it is shown to be beyond what is tolerated.

    All pairs are looked at together: the 95 % point of the largest standardised difference of a draw (the max-statistic
    of Westfall & Young 1993; Hothorn, Bretz & Westfall 2008) gives each pair its bounds, and the true largest gap lies
    between the largest lower and the largest upper one. A gap is shown when one pair differs by more than
    TOLERATED_GAP and its own lower bound is above 0.
    """
    chosen = np.flatnonzero(compared)
    if len(chosen) < 2:
        return UNKNOWN, False
    first, second = np.triu_indices(len(chosen), k=1)
    drawn, recall = _smoothed(divided)[:, chosen], divided.recall[chosen]
    differ = drawn[:, first] - drawn[:, second]
    moved = differ[1:] - differ[0]
    moved = moved[np.isfinite(moved).all(axis=1)]  # nearly all: a draw may have nobody of a small group
    error = moved.std(axis=0)
    reach = float(np.quantile((np.abs(moved) / error).max(axis=1), 1 - LEVEL)) * error
    apart = np.abs(recall[first] - recall[second])
    low, high = apart - reach, apart + reach
    found = Interval(value=float(apart.max()), low=max(0.0, float(low.max())), high=min(1.0, float(high.max())))
    return found, bool(((low > 0) & (apart > TOLERATED_GAP)).any())


def _detectable_gap(divided: _Divided) -> float:
    """The smallest true gap between the two worst known groups that would be found with a power of 80 %; NaN without two.

    For two shares (Fleiss, Levin & Paik 2003, chapter 4, without the correction for continuity):
    (z(1 - level / 2) + z(power)) * sqrt(r (1 - r) (1 / n1 + 1 / n2)), r the recall of both groups together. The level is
    .05 over the number of pairs (Bonferroni). n is the effective number of leavers (by the design effect, Kish 1965,
    8.2): as many people, each told of once, as would leave the recall as unsure as the draws show it to be. Every group
    of at least ten people with a leaver counts, also one too small to compare: it could hide a gap.
    """
    chosen = np.flatnonzero(_named(divided) & (divided.leavers > 0))
    if len(chosen) < 2:
        return math.nan
    smoothed = _smoothed(divided)[:, chosen]
    recall = smoothed[0]
    people = recall * (1 - recall) / np.nanvar(smoothed[1:], axis=0)
    first, second = np.triu_indices(len(chosen), k=1)
    both = (recall[first] * people[first] + recall[second] * people[second]) / (people[first] + people[second])
    error = np.sqrt(both * (1 - both) * (1 / people[first] + 1 / people[second]))
    beyond = NormalDist().inv_cdf(1 - LEVEL / 2 / len(first)) + NormalDist().inv_cdf(POWER)
    return min(1.0, float(beyond * error.max()))
