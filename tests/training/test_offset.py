"""Offsets of small institutions: by the formula, shrunk by how little is known, and only probabilities move."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from models.risk_model import Calibration
from tests.training.drawn_contest import draw_panel, draw_week
from training.backtest import Candidate
from training.offset import SMALL, Level, between_variance, institution_offsets, shrunk
from training.panel import Panel

Floats = npt.NDArray[np.float64]


def logit(share: float) -> float:
    return float(np.log(share / (1 - share)))


def level(observed: float, expected: float, rows: int = 1_000, *, students: float = 100, spread: float = 0.0) -> Level:
    """`spread` 0: as if every row were a stranger."""
    return Level(students=students, rows=rows, observed=observed, expected=expected, spread=spread)


# The formula


def test_two_places_worked_by_hand() -> None:
    """Shifts logit(40.5/1001) - logit(20.5/1001) and the like; each of variance 1 / (rows p (1 - p)), p = 20/1000."""
    told = shrunk({"up": level(40, 20), "down": level(10, 20)})
    share = 20.5 / 1001
    shifts = logit(40.5 / 1001) - logit(share), logit(10.5 / 1001) - logit(share)
    variance = 1 / (1000 * 0.02 * 0.98)
    # Of two shifts d1, d2 with one variance v the method of moments gives (d1 - d2)² / 2 - v.
    between = (shifts[0] - shifts[1]) ** 2 / 2 - variance
    assert between > 0
    assert told["up"] == pytest.approx(shifts[0] * between / (between + variance))
    assert told["down"] == pytest.approx(shifts[1] * between / (between + variance))
    assert 0 < told["up"] < shifts[0]


def test_where_places_differ_by_no_more_than_chance_nobody_gets_an_offset() -> None:
    assert set(shrunk({"1": level(22, 20), "2": level(19, 20), "3": level(20, 20)}).values()) == {0.0}


def test_the_less_is_known_the_nearer_to_the_group() -> None:
    """The same ratio of two, from 250 times as many rows."""
    told = shrunk({"many": level(1_000, 500, 25_000), "few": level(4, 2, 100), "other": level(500, 1_000, 50_000)})
    assert 0 < told["few"] < 0.8 * told["many"]


def test_weeks_of_the_same_students_count_for_less_than_strangers() -> None:
    strangers = {"up": level(40, 20), "down": level(10, 20)}
    same = {code: replace(one, spread=one.expected * 5) for code, one in strangers.items()}
    assert 0 < shrunk(same)["up"] < shrunk(strangers)["up"]


def test_half_a_leaver_is_half_a_stranger() -> None:
    """By hand: every leaver is eight rows, so that 4 student-weeks stand on each side and the variance is 8 times as much."""
    rows, expected = 1_000, 40.0
    information = rows * 0.04 * 0.96
    places = {code: level(seen, expected, rows, spread=8 * information) for code, seen in (("up", 120), ("down", 8))}
    told, shifts = shrunk(places), [logit((seen + 4) / 1_008) - logit(44 / 1_008) for seen in (120, 8)]
    between = (shifts[0] - shifts[1]) ** 2 / 2 - 8 / information
    assert told["up"] == pytest.approx(shifts[0] * between / (between + 8 / information))


def drawn_places(
    places: int, students: int, share: float, spread: float, random: Any
) -> tuple[Floats, dict[str, Level]]:
    """True shifts and levels: 30 weeks, of which a leaver is told in eight; all are expected to lose `share`."""
    true = random.normal(0, spread, places)
    leavers = random.binomial(students, 1 / (1 + np.exp(-(logit(share) + true))))
    told = 8 * share  # of a person's rows, summed
    return true, {
        f"{place}": level(
            8.0 * left, told * students, 30 * students, students=students,
            spread=left * (8 - told) ** 2 + (students - left) * told**2,
        )
        for place, left in enumerate(leavers.tolist())
    }  # fmt: skip


def test_a_small_place_that_nobody_left_by_chance_stays_near_its_group() -> None:
    """Of 100 students 2 % leave everywhere: in an eighth of the places nobody does."""
    random, offsets, quiet = np.random.default_rng(0), [], []
    for _ in range(50):
        _, levels = drawn_places(20, 100, 0.02, 0.0, random)
        told = shrunk(levels)
        offsets += list(told.values())
        quiet += [told[code] for code, one in levels.items() if one.observed == 0]
    assert len(quiet) > 50
    assert np.mean(quiet) > -0.6
    assert np.mean(np.exp(offsets)) == pytest.approx(1, abs=0.05)


def test_places_that_truly_differ_are_told_apart() -> None:
    random, missed, without = np.random.default_rng(1), [], []
    for _ in range(50):
        true, levels = drawn_places(20, 300, 0.03, 0.8, random)
        missed.append(((np.array(list(shrunk(levels).values())) - true) ** 2).mean())
        without.append((true**2).mean())
    assert np.mean(missed) < np.mean(without) / 3


def test_nobody_left_is_no_infinity() -> None:
    told = shrunk({"none": level(0, 5), "some": level(90, 30), "more": level(10, 30)})
    assert all(np.isfinite(one) for one in told.values())
    assert told["none"] < 0 < told["some"]


def test_true_levels_are_recovered_better_than_by_the_group_or_by_each_alone() -> None:
    """60 places of 300 rows, true levels drawn with a standard deviation of 0.6."""
    random = np.random.default_rng(4)
    true = random.normal(0, 0.6, 60)
    share = 1 / (1 + np.exp(-(logit(0.03) + true)))
    seen = random.binomial(300, share)
    told = shrunk({str(place): level(float(seen[place]), 9.0, 300) for place in range(60)})
    offsets = np.array([told[str(place)] for place in range(60)])
    alone = np.log((seen + 0.5) / (300.5 - seen)) - logit(9.5 / 301)

    def miss(guess: Floats) -> float:
        return float(((guess - true) ** 2).mean())

    assert miss(offsets) < min(miss(np.zeros(60)), miss(alone))


def test_between_variance_is_what_was_drawn() -> None:
    random = np.random.default_rng(2)
    variance = random.uniform(0.01, 0.5, 4_000)
    shift = random.normal(0, 0.5, 4_000) + random.normal(0, np.sqrt(variance))
    assert between_variance(shift, variance) == pytest.approx(0.25, rel=0.1)
    assert between_variance(random.normal(0, np.sqrt(variance)), variance) < 0.01


# Of the terms that calibrated


def found(share: float, *terms: Panel) -> dict[str, float]:
    """Of trees that gave everybody the same margin, which the calibration turns into this share."""
    trees: Any = SimpleNamespace(logits=lambda values: np.full(len(values), (logit(share) - 0.5) / 2))
    return institution_offsets(Calibration(slope=2, offset=0.5), [(trees, term) for term in terms])


def term(leavers: dict[str, int], students: dict[str, int]) -> Panel:
    """Three weeks; another tenth of the students leaves each week, so that nobody is a leaver twice."""
    return draw_panel(
        *(
            draw_week(
                week, (np.arange(students[code]) % 10 == week) & (np.arange(students[code]) < 10 * leavers[code]),
                institution=code, person=np.arange(students[code]) + 10_000 * place,
            )
            for place, code in enumerate(students)
            for week in range(3)
        )
    )  # fmt: skip


def test_only_small_institutions_get_one() -> None:
    students = {"small": 300, "large": SMALL, "tiny": 200}
    offsets = found(0.04, term({"small": 30, "large": 5, "tiny": 2}, students))
    assert set(offsets) == {"small", "tiny"}
    assert offsets["tiny"] < 0 < offsets["small"]


def test_two_terms_tell_more_than_one() -> None:
    """The same shares: a second term of other students draws a place less to its group."""
    students = {"small": 300, "large": SMALL}
    once, later = term({"small": 9, "large": 5}, students), term({"small": 9, "large": 5}, students)
    strangers = replace(later, weeks=tuple(replace(week, person=week.person + 500_000) for week in later.weeks))
    assert 0 < found(0.02, once)["small"] < found(0.02, once, strangers)["small"]


def test_a_place_of_which_everybody_was_gone_tells_nothing() -> None:
    week = draw_week(0, [False] * 20, gone=[True] * 20, institution="empty")
    known = term({"small": 30, "tiny": 2}, {"small": 300, "tiny": 200})
    assert found(0.04, draw_panel(*known.weeks, week)) == found(0.04, known)


def test_one_institution_alone_has_its_calibration() -> None:
    assert found(0.04, term({"1": 30}, {"1": 300})) == {}


def test_an_offset_moves_every_probability_of_a_place_and_no_order() -> None:
    random = np.random.default_rng(0)
    scores = random.normal(-3, 1, 40)
    model: Any = SimpleNamespace(model=SimpleNamespace(logits=lambda values: scores))
    week = draw_week(0, [False] * 40, institution="small")
    plain, moved = (Candidate(bag=model, offsets=offsets).entrant(week) for offsets in ({}, {"small": 0.7}))
    elsewhere = Candidate(bag=model, offsets={"other": 0.7}).entrant(week)
    assert (moved.score - plain.score).tolist() == pytest.approx([0.7] * 40)
    assert np.argsort(moved.score).tolist() == np.argsort(plain.score).tolist()
    assert plain.probability is not None
    assert moved.probability is not None
    assert (moved.probability > plain.probability).all()
    assert elsewhere.score.tolist() == plain.score.tolist()
