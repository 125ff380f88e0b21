"""Sampling: every leaver stays, probabilities stay what they were, and small panels are left whole."""

from datetime import date

import numpy as np
import pytest

from features.catalogue import CATALOGUE
from models.horizon import LIST_HORIZON
from models.risk_model import Calibration, fit_members, model_of
from tests.training.drawn_contest import draw_panel, draw_week
from training import panel as panels
from training import sampling
from training.judge import EARLIER_TERMS
from training.lots import lots
from training.panel import Panel, Week
from training.sampling import training_rows
from training.splits import TEST_TERMS

STUDENTS = 2_000


def weeks(count: int, share: float = 0.05, students: int = STUDENTS) -> list[Week]:
    """Who leaves has missed more, of late."""
    random = np.random.default_rng(1)
    found = []
    for number in range(count):
        left = random.random(students) < share
        found.append(draw_week(number, left, values={"missed_share_28d": random.random(students) / 2 + left / 4}))
    return found


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "SAMPLED_ABOVE", 3_000)
    monkeypatch.setattr(sampling, "LEAST_QUIET", 1_000)


def test_a_panel_up_to_the_limit_trains_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = draw_panel(*weeks(2))
    monkeypatch.setattr(sampling, "LEAST_QUIET", 10)
    monkeypatch.setattr(sampling, "SAMPLED_ABOVE", panel.rows)
    assert training_rows(panel).weight is None
    assert len(training_rows(panel).left) == panel.rows
    monkeypatch.setattr(sampling, "SAMPLED_ABOVE", panel.rows - 1)
    assert len(training_rows(panel).left) < panel.rows


@pytest.mark.usefixtures("small_limits")
def test_every_leaver_trains_once_and_the_others_stand_for_those_left_out() -> None:
    panel = draw_panel(*weeks(4))
    rows = training_rows(panel)
    everybody = np.concatenate([week.left for week in panel.weeks])
    assert rows.weight is not None
    assert rows.left.sum() == everybody.sum()
    assert (rows.weight[rows.left] == 1).all()
    quiet = rows.weight[~rows.left]
    assert len(np.unique(quiet)) == 1
    # As many quiet rows as five for each leaver (more than the least), and together as many as there were.
    assert len(quiet) == pytest.approx(sampling.QUIET_PER_LEAVER * everybody.sum(), rel=0.1)
    assert quiet.sum() == pytest.approx((~everybody).sum(), rel=0.05)


@pytest.mark.usefixtures("small_limits")
def test_the_rows_are_those_of_the_panel_and_the_same_every_time() -> None:
    panel = draw_panel(*weeks(3))
    first, again = training_rows(panel), training_rows(panel)
    assert np.array_equal(first.values, again.values, equal_nan=True)
    values, left, person = panel.matrix()
    assert len(first.person) > 100
    column = [feature.name for feature in CATALOGUE].index("missed_share_28d")
    known = {
        (who, value): leaves
        for who, value, leaves in zip(person.tolist(), values[:, column].tolist(), left.tolist(), strict=True)
    }
    told = zip(first.person.tolist(), first.values[:, column].tolist(), first.left.tolist(), strict=True)
    assert all(known[who, value] == leaves for who, value, leaves in told)


@pytest.mark.usefixtures("small_limits")
def test_who_was_gone_neither_trains_nor_is_counted() -> None:
    gone = np.arange(STUDENTS) < 500
    panel = draw_panel(*(draw_week(number, week.left, gone=gone.tolist()) for number, week in enumerate(weeks(3))))
    rows = training_rows(panel)
    assert rows.person.min() > 500
    assert rows.weight is not None
    assert rows.weight.sum() == pytest.approx(3 * (STUDENTS - 500), rel=0.05)


@pytest.mark.usefixtures("small_limits")
def test_probabilities_of_trees_on_a_sample_are_those_of_everybody() -> None:
    """Sampled as heavily as one in eleven; without the weights they would be three times too high."""
    panel = draw_panel(*weeks(10, share=0.02))
    values, left, _ = panel.matrix()
    rows = training_rows(panel)
    assert len(rows.left) < len(left) / 5

    def mean_probability(weight: np.ndarray[tuple[int], np.dtype[np.float64]] | None) -> float:
        [text] = fit_members(rows.values, rows.left, CATALOGUE, seeds=(1,), trees=120, weight=weight)
        model = model_of(text, CATALOGUE, LIST_HORIZON, Calibration())
        return float(model.probabilities(values).mean())

    assert mean_probability(rows.weight) == pytest.approx(left.mean(), rel=0.1)
    assert mean_probability(None) > 3 * left.mean()


@pytest.mark.usefixtures("small_limits")
def test_a_smaller_sample_can_be_asked_for_and_is_part_of_the_larger() -> None:
    panel = draw_panel(*weeks(4))
    few, many = training_rows(panel, most_quiet=300), training_rows(panel)
    assert 200 < (~few.left).sum() < 400
    larger = {row.tobytes() for row in many.values}
    assert all(row.tobytes() in larger for row in few.values)


# Thinning while a panel is made


def test_thinned_twice_is_thinned_once_by_the_smaller_chance() -> None:
    [week] = weeks(1)
    once, twice = week.thinned(0.25), week.thinned(0.5).thinned(0.25)
    assert once.student.tolist() == twice.student.tolist()
    assert once.weights.tolist() == twice.weights.tolist()
    assert set(once.weights[~once.left]) == {4.0}
    assert set(once.weights[once.left]) == {1.0}
    assert (once.left.sum(), once.weights.sum()) == (week.left.sum(), pytest.approx(STUDENTS, rel=0.1))


@pytest.mark.usefixtures("small_limits")
def test_what_was_thinned_before_counts_as_many_rows_as_there_were() -> None:
    whole = weeks(4)
    thinned = [week.thinned(0.5) for week in whole[:2]] + whole[2:]
    rows = training_rows(Panel(features=CATALOGUE, weeks=tuple(thinned)))
    assert rows.weight is not None
    assert rows.weight.sum() == pytest.approx(4 * STUDENTS, rel=0.05)
    assert len(np.unique(rows.weight[~rows.left])) == 1


def test_rows_held_stay_bounded_and_the_newest_terms_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panels, "MOST_HELD", 6_000)
    monkeypatch.setattr(panels, "LEAST_OLDER", 100)
    drawn = weeks(12)
    held = panels._Held(whole_since=drawn[-2].as_of)
    for week in drawn:
        held.add(week)
        assert sum(len(one.student) for one in held.weeks) <= 6_000 + 2 * STUDENTS
    assert [len(week.student) for week in held.weeks[-2:]] == [STUDENTS, STUDENTS]
    older = held.weeks[:-2]
    assert len({float(week.weights.max()) for week in older}) == 1
    assert sum(week.weights.sum() for week in older) == pytest.approx(10 * STUDENTS, rel=0.1)
    for week, before in zip(held.weeks, drawn, strict=True):
        assert week.left.sum() == before.left.sum()
        assert week.cohort.student.tolist() == week.student.tolist()


def test_every_term_that_holds_a_contest_is_whole() -> None:
    """One term still runs; of a thinned one a list would be longer than its capacity."""
    assert panels.WHOLE_TERMS == 1 + TEST_TERMS + EARLIER_TERMS


def test_however_many_the_newest_terms_have_older_ones_are_held_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panels, "MOST_HELD", 6_000)
    monkeypatch.setattr(panels, "LEAST_OLDER", 3_000)
    drawn = weeks(16)
    held = panels._Held(whole_since=drawn[6].as_of)
    for week in drawn[6:] + drawn[:6]:  # the newest of one institution come before the older of the next
        held.add(week)
    older = sum(len(week.student) for week in held.weeks if week.as_of < drawn[6].as_of)
    assert 1_500 < older <= 3_000


# Lots


def test_lots_are_even_and_new_every_week() -> None:
    student = np.arange(20_000)
    first, later = lots("1", date(2025, 6, 2), student), lots("1", date(2025, 6, 9), student)
    assert (lots("1", date(2025, 6, 2), student[::2]) == first[::2]).all()
    assert first.min() >= 0
    assert first.max() < 1
    assert abs(first.mean() - 0.5) < 0.01
    assert abs(np.corrcoef(first, later)[0, 1]) < 0.03
    assert abs(np.corrcoef(first, lots("2", date(2025, 6, 2), student))[0, 1]) < 0.03
