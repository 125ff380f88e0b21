"""Institutions charted together, the published probabilities being right at each of them: who has a say, and from when."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from features.cohort import day_number
from records.monitoring import MonitoredWeek
from training.control_chart import MOST_DELAY, PastWeeks, learn
from training.monitor_chart import Charted, Term, Watched, of_group, with_chart

OPENS = {
    (2023, 1): date(2023, 5, 15), (2023, 2): date(2023, 11, 6), (2024, 1): date(2024, 5, 13),
    (2024, 2): date(2024, 11, 4), (2025, 1): date(2025, 5, 12), (2025, 2): date(2025, 11, 3),
}  # fmt: skip
WATCHED = ((2025, 1), (2025, 2))
CLOSED = tuple(term for term in OPENS if term not in WATCHED)
WEEKS, HORIZON = 18, 8
TODAY = date(2026, 4, 20)
CHARTED = ("as_of", "expected", "observed", "up", "down", "threshold", "alerts")


def small(seed: int = 1) -> Watched:
    return institution(seed, closed=CLOSED, leave=0.3, students=150)


def large(seed: int = 1, closed: Sequence[Term] = CLOSED) -> Watched:
    return institution(seed + 1000, closed=closed, leave=6.0, students=3000)


def institution(seed: int, *, closed: Sequence[Term], leave: float, students: int) -> Watched:
    """So many leave in a week, all of them told after one to three weeks; the horizon is eight weeks long."""
    random = np.random.default_rng(seed)
    past = {(term, "days_56"): past_of(random, closed, leave, students) for term in WATCHED}
    mondays = [(term, week) for term in WATCHED for week in range(WEEKS)]
    charted = [
        Charted(
            monday=monday(term, week), position=100 * term[1] + 1 + week, term=term, horizon="days_56",
            mass=HORIZON * leave, told=told(random, leave),
        )
        for term, week in mondays
    ]  # fmt: skip
    weeks = [a_week(OPENS[term] + timedelta(weeks=week), students) for term, week in mondays]
    return Watched(weeks=weeks, charted=charted, past=past)


def past_of(random: np.random.Generator, closed: Sequence[Term], leave: float, students: int) -> PastWeeks:
    weeks = [(term, week) for term in closed for week in range(WEEKS)]
    return PastWeeks(
        monday=np.array([monday(term, week) for term, week in weeks], np.int64),
        term=np.array([10 * term[0] + term[1] for term, _ in weeks], np.int64),
        position=np.array([100 * term[1] + 1 + week for term, week in weeks], np.int64),
        students=np.full(len(weeks), students),
        within=np.full(len(weeks), HORIZON * leave),
        told=np.array([told(random, leave) for _ in weeks]).reshape(len(weeks), MOST_DELAY + 1),
    )


def monday(term: Term, week: int) -> int:
    return day_number(OPENS[term] + timedelta(weeks=week))


def told(random: np.random.Generator, leave: float) -> np.ndarray:
    found = np.zeros(MOST_DELAY + 1)
    found[1:4] = random.poisson(leave / 3, 3)
    return found


def a_week(day: date, students: int) -> MonitoredWeek:
    return MonitoredWeek(
        institution="T1", as_of=day, model_digest="d", students=students, expected=None, observed=None, up=None, down=None,
        threshold=None, settled_expected=None, settled_observed=None, alerts=[], completeness={}, lags=[], staying=None,
        drift=None, drifted=[],
    )  # fmt: skip


def together(*several: Watched, today: date = TODAY) -> list[list[object]]:
    weeks = with_chart(of_group([one.weeks for one in several]), several, today)
    return [[getattr(week, name) for name in CHARTED] for week in weeks]


def test_an_institution_without_closed_weeks_of_its_own_has_no_say() -> None:
    assert together(small(), large(closed=())) == together(small())
    assert together(small(), large()) != together(small())


@pytest.mark.parametrize("closed", [(), CLOSED[-1:], CLOSED[-2:]])
def test_a_large_institution_that_is_added_raises_no_false_alarms(closed: Sequence[Term]) -> None:
    """Both models are right; a year is drawn sixty times."""
    weeks = [week for seed in range(60) for week in together(small(seed), large(seed, closed))]
    assert sum(len(alerts) for *_, alerts in weeks if isinstance(alerts, list)) / 60 <= 1


def test_lists_that_begin_later_in_a_term_leave_the_points_before_them_as_they_were() -> None:
    late = large()
    late = replace(late, charted=[one for one in late.charted if one.monday >= monday((2025, 1), 9)])
    before = [week for week in together(small()) if str(week[0]) < "2025-07-14"]
    assert len(before) == 9
    assert together(small(), late)[:9] == before


def test_news_of_a_week_are_learned_where_all_have_a_past() -> None:
    random = np.random.default_rng(1)
    parts = [past_of(random, CLOSED, 0.3, 150), past_of(random, CLOSED[-1:], 6.0, 3000)]
    names = ("monday", "term", "position", "students", "within", "told")
    both = PastWeeks(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})
    thinned, learned = learn(both), learn(both, all_since=monday(CLOSED[-1], 0))
    assert thinned is not None
    assert learned is not None
    assert learned.weekly > 2 * thinned.weekly
    assert replace(learned, weekly=thinned.weekly, share={}, delays=thinned.delays) == replace(thinned, share={})
