"""The control chart alone: news by week of telling, what closed weeks teach, and alarms that come when they should."""

import numpy as np
import pytest

from training.control_chart import (
    ALARMS_A_YEAR,
    MOST_DELAY,
    WEEKS_A_YEAR,
    PastWeeks,
    chart,
    dispersion,
    learn,
    monday_of,
    news,
    threshold,
)

MONDAY = 4  # 5 January 1970
WEEKS = 60


def past(*, told_a_week: float, seed: int = 1, extra: float = 0.0) -> PastWeeks:
    """Sixty weeks of one college: half of the week's news after two weeks, half after four; eight times as many leave in 56 days."""
    random = np.random.default_rng(seed)
    level = random.gamma(1 / extra, extra, WEEKS) if extra else np.ones(WEEKS)
    told = np.zeros((WEEKS, MOST_DELAY + 1))
    for delay in (2, 4):
        told[:, delay] = random.poisson(told_a_week / 2 * level)
    return PastWeeks(
        monday=MONDAY + 7 * np.arange(WEEKS),
        term=10 * (np.arange(WEEKS) // 20) + 1,
        position=101 + np.arange(WEEKS) % 20,
        students=np.full(WEEKS, 1000),
        within=np.full(WEEKS, 8 * told_a_week),
        told=told,
    )


def test_news_is_counted_in_the_week_in_which_it_is_told() -> None:
    told = np.zeros((2, MOST_DELAY + 1))
    told[0, 3], told[1, 1], told[1, 3] = 5, 2, 1
    found = news(np.array([MONDAY, MONDAY + 14]), told)
    assert found[:6].tolist() == [0, 0, 0, 5 + 2, 0, 1]


def test_a_week_that_two_colleges_share_is_one_week() -> None:
    told = np.eye(MOST_DELAY + 1)[[1, 1]]
    assert news(np.array([MONDAY, MONDAY]), told)[1] == 2


@pytest.mark.parametrize(("day", "monday"), [(0, -3), (3, -3), (4, 4), (10, 4), (11, 11)])
def test_the_monday_of_a_day(day: int, monday: int) -> None:
    assert monday_of(day) == monday


def test_closed_weeks_teach_share_and_delay() -> None:
    learned = learn(past(told_a_week=40))
    assert learned is not None
    assert learned.usual_share == pytest.approx(1 / 8, rel=0.05)
    assert learned.share_at(105) == pytest.approx(1 / 8, rel=0.25)
    assert learned.share_at(999) == learned.usual_share
    assert learned.delays[[2, 4]] == pytest.approx([0.5, 0.5], abs=0.05)
    assert learned.delays.sum() == pytest.approx(1)


def test_where_nobody_tells_a_leaving_nothing_is_learned() -> None:
    silent = past(told_a_week=0)
    assert learn(silent) is None


def test_heaps_of_news_widen_the_chart() -> None:
    even, heaped = learn(past(told_a_week=40)), learn(past(told_a_week=40, extra=0.2))
    assert even is not None
    assert heaped is not None
    assert heaped.dispersion > 2 > even.dispersion
    assert heaped.level_error > even.level_error


def swinging(told_a_week: float, levels: np.ndarray) -> PastWeeks:
    """Terms of twenty weeks, one after the other, each with a level of its own; told within the week."""
    random, weeks = np.random.default_rng(6), 20 * len(levels)
    told = np.zeros((weeks, MOST_DELAY + 1))
    told[:, 1] = random.poisson(told_a_week * levels.repeat(20))
    return PastWeeks(
        monday=MONDAY + 7 * np.arange(weeks),
        term=10 * (np.arange(weeks) // 20) + 1,
        position=101 + np.arange(weeks) % 20,
        students=np.full(weeks, 1000),
        within=np.full(weeks, 8 * told_a_week),
        told=told,
    )


def test_terms_that_swing_are_told_from_heaps_of_news() -> None:
    learned = learn(swinging(200, np.array([0.85, 1.15, 1.0, 0.9, 1.1, 1.0])))
    assert learned is not None
    assert learned.swing == pytest.approx(np.std([0.85, 1.15, 1.0, 0.9, 1.1, 1.0], ddof=1), abs=0.03)
    assert learned.dispersion < 1.3
    assert learned.freedom == 5
    assert learned.level_error > learned.swing / 3


def test_one_term_of_each_kind_says_nothing_of_swings() -> None:
    learned = learn(swinging(200, np.array([1.0])))
    assert learned is not None
    assert (learned.swing, learned.freedom) == (0.0, 0)


def test_a_level_that_terms_often_have_is_seldom_an_alarm() -> None:
    swing, weekly, weeks = 0.12, 200.0, 2 * WEEKS_A_YEAR
    random = np.random.default_rng(8)
    learned = learn(swinging(weekly, np.exp(random.normal(0, swing, 12))))
    assert learned is not None
    limit, spread = np.full(weeks, threshold(learned)), np.full(weeks, learned.dispersion)
    alarms = 0
    for _ in range(200):
        observed = random.poisson(weekly * np.exp(random.normal(0, swing, 4)).repeat(26))
        lines = chart(observed.astype(float), np.full(weeks, weekly), spread=spread, limit=limit)
        alarms += int(lines.more.sum() + lines.fewer.sum())
    assert alarms / 200 / 2 <= 1


def test_a_nation_without_a_change_has_no_alarm_and_with_one_has_it_at_once() -> None:
    learned = learn(past(told_a_week=8000))
    assert learned is not None
    due = np.full(WEEKS_A_YEAR, 8000.0)
    spread, limit = np.full(len(due), learned.dispersion), np.full(len(due), threshold(learned))
    quiet, more = (chart(level * due, due, spread=spread, limit=limit) for level in (1.0, 1.2))
    assert not quiet.more.any()
    assert not quiet.fewer.any()
    assert more.more[0]


def test_too_few_weeks_say_nothing_of_dispersion() -> None:
    assert dispersion(np.array([9.0]), np.array([1.0]), parameters=1) == 1.0


def test_the_sums_are_those_of_the_formula() -> None:
    lines = chart(
        np.array([12.0, 12.0, 0.0]), np.array([10.0, 10.0, 10.0]), spread=np.full(3, 2.0), limit=np.full(3, 99.0)
    )
    step = (12 * np.log(1.2) - 10 * 0.2) / 2
    assert lines.up == pytest.approx([step, 2 * step, 0])
    assert lines.down == pytest.approx([0, 0, 1], abs=1e-9)


def test_after_an_alarm_the_sum_begins_anew() -> None:
    lines = chart(np.full(6, 30.0), np.full(6, 10.0), spread=np.ones(6), limit=np.full(6, 5.0))
    assert lines.more.tolist() == [False, True] * 3
    assert not lines.fewer.any()


@pytest.mark.parametrize("weekly", [4.0, 40.0])
def test_a_model_that_is_right_alarms_seldom(weekly: float) -> None:
    learned = learn(past(told_a_week=weekly))
    assert learned is not None
    random = np.random.default_rng(3)
    years, limit = 300, np.full(2 * WEEKS_A_YEAR, threshold(learned))
    due = np.full(2 * WEEKS_A_YEAR, weekly)
    alarms = 0
    for _ in range(years):
        lines = chart(random.poisson(due).astype(float), due, spread=np.full(len(due), learned.dispersion), limit=limit)
        alarms += int(lines.more.sum() + lines.fewer.sum())
    assert alarms / years / 2 <= 1.2 * ALARMS_A_YEAR


def test_a_fifth_more_is_found_soon_where_there_is_much_news_and_late_where_there_is_little() -> None:
    assert _median_weeks(400) <= 3
    assert _median_weeks(4) > 10


def _median_weeks(weekly: float) -> float:
    learned = learn(past(told_a_week=weekly))
    assert learned is not None
    random, found = np.random.default_rng(4), []
    limit, due = np.full(WEEKS_A_YEAR, threshold(learned)), np.full(WEEKS_A_YEAR, weekly)
    for _ in range(60):
        lines = chart(random.poisson(1.2 * due).astype(float), due, spread=np.ones(len(due)), limit=limit)
        found.append(int(np.argmax(lines.more)) + 1 if lines.more.any() else WEEKS_A_YEAR)
    return float(np.median(found))
