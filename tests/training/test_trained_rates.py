"""The rates of a college in which a model was trained: base rates over its weeks, and what its lists hold."""

from datetime import date

import pytest

from models.bands import HIGH, NO_BAND, WATCH
from models.horizon import HORIZONS
from tests.functional.command_fixtures import call
from tests.training.conftest import TrainedCollege
from training.base_rates import BaseRate, base_rates


@pytest.fixture(scope="module")
def weeks(college: TrainedCollege) -> list[BaseRate]:
    return base_rates(college.home, [college.code], known_until=date(2026, 9, 7), actor="t")


def test_every_week_is_there_at_every_horizon(college: TrainedCollege, weeks: list[BaseRate]) -> None:
    contest = college.trained.judged.contest
    assert contest is not None
    days = {one.as_of for one in contest.rounds}
    for name in HORIZONS:
        own = [week for week in weeks if week.horizon == name]
        assert days < {week.as_of for week in own}
        assert [week.as_of for week in own] == sorted(week.as_of for week in own if week.as_of)


def test_they_are_the_rates_that_the_model_was_trained_on(college: TrainedCollege, weeks: list[BaseRate]) -> None:
    """The same rows, counted without a feature."""
    own = [week for week in weeks if week.horizon == "days_56" and week.mature]
    facts = college.trained.evidence.training
    students = sum(week.students for week in own)
    assert students == facts.rows
    assert sum(week.gone for week in own) == facts.gone_rows
    assert sum(week.left or 0 for week in own) / students == pytest.approx(facts.base_rate)
    assert sum(week.confirmed or 0 for week in own) / students == pytest.approx(facts.strict_base_rate)


def test_a_week_that_is_not_settled_has_no_rate(weeks: list[BaseRate]) -> None:
    [last] = [week for week in weeks if week.as_of == date(2026, 8, 31) and week.horizon == "days_56"]
    assert not last.mature
    assert (last.left, last.confirmed, last.moved, last.finished, last.died) == (None,) * 5
    assert last.rate is last.confirmed_rate is None
    assert last.students > 300


def test_who_finished_or_moved_is_seen_in_the_college(weeks: list[BaseRate]) -> None:
    mature = [week for week in weeks if week.mature]
    assert sum(week.finished or 0 for week in mature) > 100
    assert sum(week.moved or 0 for week in mature) > 10
    for week in mature:
        assert (week.confirmed or 0) <= (week.left or 0) <= week.students


def test_a_longer_horizon_has_more_leavers(weeks: list[BaseRate]) -> None:
    both = {(week.as_of, week.horizon): week for week in weeks if week.mature}
    pairs = [(both[day, "days_28"], week) for (day, horizon), week in both.items() if horizon == "days_56"]
    assert len(pairs) > 50
    assert all((short.left or 0) <= (long.left or 0) for short, long in pairs)


def test_nobody_asked_about_has_no_rates(college: TrainedCollege) -> None:
    assert base_rates(college.home, [], known_until=date(2026, 9, 7), actor="t") == []


def test_the_command_tells_weeks_and_terms(college: TrainedCollege) -> None:
    words = ("base-rates", "--as-of", "2026-09-07", "--home", college.home.settings.home)
    text, document = call(*words), call(*words, "--json").document
    assert text.code == 0
    assert text.out.startswith("อัตราการออกกลางคัน")
    assert {week["horizon"] for week in document["weeks"]} == set(HORIZONS)
    assert {term["term"] for term in document["terms"]} >= {"1/2567", "2/2567", "1/2568", "2/2568"}
    assert all(term["as_of"] is None for term in document["terms"])


def test_a_training_counts_every_student_week_of_the_test_term(college: TrainedCollege) -> None:
    card = college.trained.card
    bands, abstained = card["bands"], card["abstained"]
    assert isinstance(bands, list)
    assert isinstance(abstained, dict)
    assert [one["band"] for one in bands] == [HIGH, WATCH, NO_BAND]
    assert sum(one["rows"] for one in bands) + abstained["rows"] == abstained["of"] > 0
    for one in bands:
        assert one["low"] <= one["left"] / one["rows"] <= one["high"]
    high, _, none = (one["left"] / one["rows"] for one in bands)
    assert high > 2 * none
