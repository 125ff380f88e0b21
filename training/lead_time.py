"""Lead time: how long before the last day somebody was seen they came on a list that people could act on."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from features.cohort import day_number
from models.bands import HIGH, WATCH
from training.evidence import LeadTime
from training.outcome import Outcomes, last_days_seen, leaving_days
from training.panel import Week
from training.rates import TermOfLists

Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
EARLY_DAYS = 14


def lead_time(terms: Iterable[tuple[Sequence[Week], TermOfLists]], outcomes: Mapping[str, Outcomes]) -> LeadTime:
    """Over the test terms: of each the weeks and the lists made of them (training.rates.lists_of_term, same weeks).

    `outcomes` tells by institution who left when, as known now. A leaver is who left within the horizon of some week
    that they were there; who left, came back and left again counts twice. Weeks of which it is not settled yet who
    leaves may be among them: their lists count, their leavers do not. Raises ValueError for lists of other weeks.
    """
    parts = [part for weeks, made in terms for part in _rows(weeks, made, outcomes)]
    if not parts:
        return _summed(np.zeros(0, np.int64), leavers=0)
    leaves_on, seen_on, person, as_of, listed, left = (np.concatenate(column) for column in zip(*parts, strict=True))
    return lead_time_of(person=person, as_of=as_of, leaves_on=leaves_on, seen_on=seen_on, listed=listed, left=left)


def lead_time_of(*, person: Ints, as_of: Ints, leaves_on: Ints, seen_on: Ints, listed: Flags, left: Flags) -> LeadTime:
    """The same from student-weeks, one entry each; days as numbers.

    `leaves_on` is the day on which that student leaves, whenever that is, `seen_on` the last one before it on which they
    were there, and `left` whether it counts for that week. First listed after `seen_on` is not listed: it warned of
    nothing. Of whom no attendance is recorded the day before leaving is the last one seen.
    """
    leavings, own = np.unique(np.column_stack([person, leaves_on, seen_on]), axis=0, return_inverse=True)
    own = own.ravel()
    counted = np.bincount(own, left, minlength=len(leavings)) > 0
    first = np.full(len(leavings), np.iinfo(np.int64).max)
    np.minimum.at(first, own[listed], as_of[listed])
    last_seen = leavings[:, 2]
    in_time = counted & (first <= last_seen)
    return _summed(last_seen[in_time] - first[in_time], leavers=int(counted.sum()))


def _rows(
    weeks: Sequence[Week], made: TermOfLists, outcomes: Mapping[str, Outcomes]
) -> list[tuple[Ints, Ints, Ints, Ints, Flags, Flags]]:
    """By week: leaving day, last day seen, person, as-of day, listed, left; of those who are not gone, in the order of the lists."""
    in_order = sorted(weeks, key=lambda week: week.as_of)
    here = [week.rows(~week.gone) for week in in_order]
    persons = np.concatenate([week.person for week in here]) if here else np.zeros(0, np.int64)
    if not np.array_equal(persons, made.person):
        raise ValueError("the lists were made of other weeks than these")
    listed = np.split(np.isin(made.band, (HIGH, WATCH)), np.cumsum([len(week.person) for week in here])[:-1])
    return [_of_week(week, flags, outcomes) for week, flags in zip(here, listed, strict=True)] if here else []


def _of_week(
    week: Week, listed: Flags, outcomes: Mapping[str, Outcomes]
) -> tuple[Ints, Ints, Ints, Ints, Flags, Flags]:
    found = outcomes[week.institution]
    own = np.searchsorted(week.cohort.student, week.student)  # a cohort is in order of its numbers
    leaves_on, seen_on = leaving_days(found, week.cohort)[own], last_days_seen(found, week.cohort)[own]
    as_of = np.full(len(leaves_on), day_number(week.as_of), np.int64)
    return leaves_on, seen_on, week.person, as_of, listed, week.left & week.mature


def _summed(days: Ints, *, leavers: int) -> LeadTime:
    """`days` of those who were listed in time; what nobody tells is NaN."""
    first, median, third = np.percentile(days, (25, 50, 75)) if len(days) else (np.nan,) * 3
    return LeadTime(
        leavers=leavers,
        listed=len(days),
        median_days=float(median),
        first_quarter_days=float(first),
        third_quarter_days=float(third),
        listed_two_weeks_before_share=float((days >= EARLY_DAYS).sum() / leavers) if leavers else float("nan"),
    )
