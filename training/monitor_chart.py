"""The chart of one institution, or of several together: their lists as counts, and the weeks with what it says."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from operator import itemgetter

import numpy as np
import numpy.typing as npt

from features.cohort import day_number
from records.lists import EVERY_INSTITUTION
from records.monitoring import FEWER_LEAVE, MORE_LEAVE, SOURCE_SILENT, MonitoredWeek
from training.control_chart import MOST_DELAY, Learned, PastWeeks, chart, learn, news, threshold

Floats = npt.NDArray[np.float64]
Term = tuple[int, int]
Lesson = tuple[Term, str]
"""A term and a horizon: what an institution could learn for its lists of both."""
Group = tuple[tuple[int, Lesson], ...]
"""Institutions by their place, each with the lesson of its newest list."""


@dataclass(frozen=True, kw_only=True)
class Charted:
    """A list with probabilities as the chart reads it: `mass` is the sum of the probabilities of who was seen."""

    monday: int
    position: int
    term: Term
    horizon: str
    mass: float
    told: Floats

    @property
    def lesson(self) -> Lesson:
        return self.term, self.horizon


@dataclass(frozen=True, kw_only=True)
class Watched:
    """One institution's part: its weeks without chart, its lists for the chart, and what each lesson could learn from.

    `pruned` are the days of lists whose scores were deleted.
    """

    weeks: list[MonitoredWeek]
    charted: list[Charted]
    past: dict[Lesson, PastWeeks]
    pruned: frozenset[date] = frozenset()


def with_chart(weeks: list[MonitoredWeek], watched: Sequence[Watched], today: date) -> list[MonitoredWeek]:
    """The weeks with the chart's figures and alerts; Mondays of breaks come in as rows of their own when they alarm."""
    weeks = [replace(week, alerts=[*week.alerts, *_silent(week)]) for week in weeks]
    lists = _with_a_past(watched)
    learned = _learned(watched, lists)
    charted = [one for _, one in lists if one.monday in learned]
    if not charted:
        return weeks
    first = min(one.monday for one in charted)
    length = (day_number(today) - first) // 7 + 1
    observed, expected = _news(charted, learned, length)
    held = _in_force(learned, first, length)
    spread = np.array([one.dispersion for one in held])
    limit = np.array([threshold(one) for one in held])
    lines = chart(observed, expected, spread=spread, limit=limit)
    by_day = {week.as_of: week for week in weeks}
    for place in range(1, length):
        day = date(1970, 1, 1) + timedelta(days=first + 7 * place)
        alerts = [MORE_LEAVE] * bool(lines.more[place]) + [FEWER_LEAVE] * bool(lines.fewer[place])
        row = by_day.get(day) or (_break_week(weeks, day) if alerts else None)
        if row is not None:
            by_day[day] = replace(
                row,
                expected=round(float(expected[place]), 3),
                observed=int(observed[place]),
                up=round(float(lines.up[place]), 3),
                down=round(float(lines.down[place]), 3),
                threshold=round(float(limit[place]), 3),
                alerts=[*row.alerts, *alerts],
            )
    return [by_day[day] for day in sorted(by_day)]


def _silent(week: MonitoredWeek) -> list[str]:
    return [SOURCE_SILENT] if any(lag["stale"] for lag in week.lags) else []


def _with_a_past(watched: Sequence[Watched]) -> list[tuple[int, Charted]]:
    """The lists, by place of the institution, that its own closed weeks teach something of.

    Of several together they hold a term of the same kind (first, second, summer): a small institution that alone has one
    would speak for all.
    """
    alone, found = len(watched) == 1, []
    for place, part in enumerate(watched):
        kinds = {lesson: set((past.term % 10).tolist()) for lesson, past in part.past.items()}
        of_part = [one for one in part.charted if one.term[1] in kinds[one.lesson] or (alone and kinds[one.lesson])]
        found += [(place, one) for one in of_part]
    return found


def _learned(watched: Sequence[Watched], lists: Sequence[tuple[int, Charted]]) -> dict[int, Learned]:
    """By Monday with lists: what closed weeks teach of the institutions charted then; those with nothing are left out."""
    groups = _groups(lists)
    found = {
        group: _learned_of([watched[place].past[lesson] for place, lesson in group]) for group in {*groups.values()}
    }
    return {monday: learned for monday, group in groups.items() if (learned := found[group]) is not None}


def _groups(lists: Sequence[tuple[int, Charted]]) -> dict[int, Group]:
    """By Monday with lists: the institutions whose lists, of that day or earlier, can still bring news. No later list
    changes them, so no point of the chart is written anew.
    """
    in_order = sorted((one.monday, place, one.lesson) for place, one in lists)
    newest: dict[int, tuple[int, Lesson]] = {}
    found = {}
    for monday, told in groupby(in_order, key=itemgetter(0)):
        newest |= {place: (monday, lesson) for _, place, lesson in told}
        held = ((place, lesson) for place, (last, lesson) in newest.items() if monday - last <= 7 * MOST_DELAY)
        found[monday] = tuple(sorted(held))
    return found


def _learned_of(parts: Sequence[PastWeeks]) -> Learned | None:
    return learn(_joined(parts), all_since=max(int(part.monday.min()) for part in parts))


def _joined(parts: Sequence[PastWeeks]) -> PastWeeks:
    names = ("monday", "term", "position", "students", "within", "told")
    return PastWeeks(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def _news(charted: Sequence[Charted], learned: dict[int, Learned], length: int) -> tuple[Floats, Floats]:
    """Leavings told, and those that should have been, by weeks since the first list."""
    monday = np.array([one.monday for one in charted], np.int64)
    told = np.array([one.told for one in charted])
    due = np.array([_due(one, learned[one.monday]) for one in charted])
    empty = np.zeros(max(0, length))
    return tuple((np.concatenate([news(monday, part), empty]))[:length] for part in (told, due))  # type: ignore[return-value]


def _due(one: Charted, learned: Learned) -> Floats:
    return one.mass * learned.share_at(one.position) * learned.delays


def _in_force(learned: dict[int, Learned], first: int, length: int) -> list[Learned]:
    """What was learned for the newest lists of each week since the first."""
    held, found = learned[first], []
    for place in range(length):
        held = learned.get(first + 7 * place, held)
        found.append(held)
    return found


def _break_week(weeks: Sequence[MonitoredWeek], day: date) -> MonitoredWeek:
    """A Monday without a list on which leavings were told."""
    return replace(
        [week for week in weeks if week.as_of < day][-1], as_of=day, students=0, settled_expected=None,
        settled_observed=None, alerts=[], completeness={}, lags=[], staying=None, drift=None, drifted=[],
    )  # fmt: skip


def of_group(several: Sequence[Sequence[MonitoredWeek]]) -> list[MonitoredWeek]:
    """A row a Monday for the institutions together: sums, and means weighted by students; their alerts stay their own."""
    by_day: dict[date, list[MonitoredWeek]] = {}
    for week in (week for weeks in several for week in weeks):
        by_day.setdefault(week.as_of, []).append(week)
    return [_summed(day, by_day[day]) for day in sorted(by_day)]


def _summed(day: date, weeks: Sequence[MonitoredWeek]) -> MonitoredWeek:
    settled = [week for week in weeks if week.settled_expected is not None]
    digests = {week.model_digest for week in weeks}
    students = sum(week.students for week in weeks)
    return replace(
        weeks[0],
        institution=EVERY_INSTITUTION,
        as_of=day,
        model_digest=digests.pop() if len(digests) == 1 else "",
        students=students,
        settled_expected=sum(week.settled_expected or 0 for week in settled) if settled else None,
        settled_observed=sum(week.settled_observed or 0 for week in settled) if settled else None,
        alerts=[],
        completeness={
            domain: round(sum(week.completeness[domain] * week.students for week in weeks) / max(students, 1), 4)
            for domain in weeks[0].completeness
        },
        lags=[],
        staying=None,
        drift=None,
        drifted=[],
    )
