"""Weeks and contests drawn: students by their places, values by the name of the feature, lists by their scores."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from features.catalogue import CATALOGUE
from features.cohort import Cohort, TermSpan
from tests.features.small_log import INSTITUTION
from training.contest import Contest, Ranked, Round
from training.panel import Panel, Week

FIRST_MONDAY = date(2025, 6, 2)
_PLACE = {feature.name: place for place, feature in enumerate(CATALOGUE)}


def draw_week(
    number: int,
    left: Sequence[bool] | npt.NDArray[np.bool_],
    *,
    gone: Sequence[bool] | None = None,
    values: Mapping[str, Sequence[float]] | None = None,
    group: Sequence[int] | None = None,
    groups: tuple[str, ...] = ("A", "B"),
    person: Sequence[int] | npt.NDArray[np.int64] | None = None,
    institution: str = INSTITUTION,
    term: tuple[int, int] = (2025, 1),
    mature: bool = True,
) -> Week:
    """The week `number` after the first Monday of June 2025; a feature that is not drawn is missing."""
    rows = len(left)
    matrix = np.full((rows, len(CATALOGUE)), np.nan, np.float32)
    for name, column in (values or {}).items():
        matrix[:, _PLACE[name]] = column
    as_of, student = FIRST_MONDAY + timedelta(weeks=number), np.arange(1, rows + 1)
    place = np.zeros(rows, np.int64) if group is None else np.array(group, np.int64)
    span = TermSpan(academic_year=term[0], term=term[1], opens=0, closes=1)
    who = Cohort(
        as_of=as_of, student=student, term=np.zeros(rows, np.int64), group=place, groups=groups,
        level=np.zeros(rows, np.int16), terms=(span,), row=np.arange(rows),
    )  # fmt: skip
    leaves = np.array(left, bool)
    return Week(
        institution=institution, as_of=as_of, cohort=who, student=student,
        person=student if person is None else np.array(person, np.int64), term=[term] * rows, group=place, values=matrix,
        left=leaves, strict=leaves, gone=np.zeros(rows, bool) if gone is None else np.array(gone, bool), mature=mature,
    )  # fmt: skip


def draw_panel(*weeks: Week) -> Panel:
    return Panel(features=CATALOGUE, weeks=weeks)


def draw_round(week: Week, scores: Mapping[str, Sequence[float] | npt.NDArray[np.float64]], *, capacity: int) -> Round:
    """Equal scores in the order of the rows."""
    lists = {name: Ranked(score=np.array(score, np.float64), probability=None) for name, score in scores.items()}
    return Round(
        institution=week.institution, as_of=week.as_of, term=week.term[0], week=week, capacity=capacity,
        capacity_is_default=False, ties=np.arange(len(week.left), dtype=np.float64), gone=0, lists=lists,
    )  # fmt: skip


def draw_contest(*rounds: Round) -> Contest:
    return Contest(rounds=rounds, names=tuple(rounds[0].lists))
