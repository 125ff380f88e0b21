"""Churn: how much of a list stays from week to week, what that costs, and how much of it survives a retraining."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from records.home import DataHome
from training.contest import Contest, Entrant, Round, lengths, round_of
from training.evidence import AT_CAPACITY, MODEL, Churn
from training.panel import Panel, TermKey, Week

Flags = npt.NDArray[np.bool_]
BONUSES = (0.0, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5)
"""On the logit: 1.5 is odds four and a half times as high, beyond which a list would be last week's."""
WANTED_STAYING = 0.8
_BEFORE, _AFTER = "before", "after"


def smallest_bonus(contest: Contest, choices: Sequence[float] = BONUSES, wanted: float = WANTED_STAYING) -> float:
    """The smallest bonus for last week's high with which `wanted` of them stay; else the largest of `choices`.

    The model's scores in `contest` are logits. 0 where nobody can stay: a bonus is only given for a reason.
    """
    for bonus in choices:
        staying, _ = _with(contest, bonus)
        if not staying < wanted:
            return bonus
    return choices[-1]


def churn(contest: Contest, *, bonus: float, same_after_retraining_share: float) -> Churn:
    """Of the model's list at capacity with this bonus; `recall_lost` is that of the list without it less its own."""
    staying, recall = _with(contest, bonus)
    _, without = _with(contest, 0.0)
    return Churn(
        staying_share=staying,
        bonus=bonus,
        recall_lost=without - recall,
        same_after_retraining_share=same_after_retraining_share,
    )


def same_after_retraining(home: DataHome, panel: Panel, before: Entrant, after: Entrant, *, today: date) -> float:
    """The part of the newest week's list, at capacity, that two models share; of all institutions together.

    Whether anybody knows yet who leaves in that week does not matter. NaN without a row.
    """
    newest: dict[str, Week] = {}
    for week in panel.weeks:
        if not week.gone.all() and week.as_of >= newest.get(week.institution, week).as_of:
            newest[week.institution] = week
    shared = listed = 0
    for week in newest.values():
        one = round_of(home, week, {_BEFORE: before, _AFTER: after}, today=today)
        count = lengths(one)[AT_CAPACITY]
        shared += int((one.listed(_BEFORE, count) & one.listed(_AFTER, count)).sum())
        listed += count
    return shared / listed if listed else float("nan")


# Week after week


def _with(contest: Contest, bonus: float) -> tuple[float, float]:
    """The share of last week's high that stays, and the recall, means over weeks; NaN where no week tells it.

    A week's share is that of those who are still there: who has left or moved did not fall off a list. Lists of two
    terms are not compared: between them lie weeks without one.
    """
    chosen = _chosen(contest, bonus)
    stay = [_staying(contest, chosen, pair) for own in _by_term(contest).values() for pair in pairwise(own)]
    recalls = [
        sum((chosen[place] & contest.rounds[place].week.left).sum() for place in places) / leavers
        for places in contest.days.values()
        if (leavers := sum(int(contest.rounds[place].week.left.sum()) for place in places))
    ]
    return _mean([share for share in stay if share is not None]), _mean(recalls)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _by_term(contest: Contest) -> Mapping[tuple[str, TermKey], list[int]]:
    """The places of each institution's rounds of a term, in the order of days."""
    found: dict[tuple[str, TermKey], list[int]] = {}
    for place in _in_order(contest):
        one = contest.rounds[place]
        found.setdefault((one.institution, one.term), []).append(place)
    return found


def _in_order(contest: Contest) -> list[int]:
    return sorted(range(len(contest.rounds)), key=lambda place: contest.rounds[place].as_of)


def _chosen(contest: Contest, bonus: float) -> list[Flags]:
    """Who is high in each round, when the high of the institution's last list get the bonus, as in serving."""
    chosen: list[Flags] = [np.zeros(0, bool)] * len(contest.rounds)
    high_before: dict[str, npt.NDArray[np.int64]] = {}
    for place in _in_order(contest):
        one = contest.rounds[place]
        again = np.isin(one.week.student, high_before.get(one.institution, np.zeros(0, np.int64)))
        chosen[place] = _first(one, one.lists[MODEL].score + bonus * again)
        high_before[one.institution] = one.week.student[chosen[place]]
    return chosen


def _first(one: Round, score: npt.NDArray[np.float64]) -> Flags:
    flags = np.zeros(len(score), bool)
    flags[np.lexsort((one.ties, -score))[: lengths(one)[AT_CAPACITY]]] = True
    return flags


def _staying(contest: Contest, chosen: list[Flags], pair: tuple[int, int]) -> float | None:
    """None when nobody of the earlier list is there any more."""
    earlier, later = (contest.rounds[place].week.student for place in pair)
    before, after = earlier[chosen[pair[0]]], later[chosen[pair[1]]]
    still_here = np.intersect1d(before, later)
    return len(np.intersect1d(still_here, after)) / len(still_here) if len(still_here) else None
