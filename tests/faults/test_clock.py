"""Clocks that are wrong by hours, years and weeks, and Monday as Bangkok sees it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from fastapi.testclient import TestClient

from records.clock import local_day, start_of
from records.errors import UserError
from records.weeks import monday_of, mondays, require_plausible
from serving.app import create_app
from tests.browser.sample_college import AS_OF, PASSWORD, SampleCollege

_TODAY = date(2025, 11, 18)


@pytest.mark.parametrize(
    ("utc", "monday"),
    [
        ("2025-11-16T16:30", "2025-11-10"),  # Sunday 23:30 in Bangkok: still the old week
        ("2025-11-16T17:00", "2025-11-17"),  # midnight there, while UTC has Sunday afternoon
        ("2025-11-16T23:30", "2025-11-17"),
        ("2026-01-03T16:59", "2025-12-29"),  # a week of two years
        ("2027-01-03T17:00", "2027-01-04"),  # after week 53 of 2026
        ("2027-01-03T16:59", "2026-12-28"),
    ],
)
def test_the_week_is_bangkoks(utc: str, monday: str) -> None:
    day = local_day(datetime.fromisoformat(utc).replace(tzinfo=UTC))
    assert monday_of(day).isoformat() == monday
    assert start_of(day) <= datetime.fromisoformat(utc).replace(tzinfo=UTC) < start_of(day + timedelta(days=1))


def test_a_year_of_53_weeks_has_each_monday_once() -> None:
    found = list(mondays(date(2026, 1, 1), date(2027, 1, 31)))
    assert len(found) == len(set(found)) == 56
    assert all(later - earlier == timedelta(days=7) for earlier, later in pairwise(found))


@pytest.mark.parametrize(("typed", "sentence"), [(date(2569, 11, 17), "looks like a Buddhist year"),
    (date(1926, 11, 17), "is too long ago"), (date(2025, 12, 1), "is more than a week ahead")])  # fmt: skip
def test_a_mistyped_day_is_refused(typed: date, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        require_plausible(typed, _TODAY)


@pytest.mark.parametrize("shift", [timedelta(hours=-2), timedelta(hours=2)])
def test_a_clock_that_jumps_two_hours_signs_nobody_out_and_lets_nobody_stay(
    college: SampleCollege, shift: timedelta
) -> None:
    clock = [datetime.now(UTC)]
    browser = _browser(college, lambda: _TODAY, lambda: clock[0])
    assert browser.post("/login", data={"login": "kru.a", "password": PASSWORD}).status_code == 303
    clock[0] += shift
    assert browser.get("/").status_code == 200
    clock[0] += timedelta(days=8)
    assert browser.get("/").status_code == 303


@pytest.mark.parametrize("days", [-400, -1, 0, 14, 15, 5000])
def test_whatever_day_the_machine_has_a_list_is_shown_and_old_ones_have_no_band(
    college: SampleCollege, days: int
) -> None:
    browser = _browser(college, lambda: AS_OF + timedelta(days=days), lambda: datetime.now(UTC))
    assert browser.post("/login", data={"login": "kru.a", "password": PASSWORD}).status_code == 303
    answer = browser.get("/api/v1/lists/current")
    assert answer.status_code == 200
    assert answer.json()["stale"] is (days > 14)
    assert browser.get("/").status_code == 200
    assert browser.get("/readyz").status_code == 200


def _browser(college: SampleCollege, today: Callable[[], date], now: Callable[[], datetime]) -> TestClient:
    app = create_app(college.home, today=today, now=now, hosts=("testserver",))
    return TestClient(app, base_url="https://testserver", follow_redirects=False)
