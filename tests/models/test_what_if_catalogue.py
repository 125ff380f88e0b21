"""What would change it, over the whole catalogue: what may move, that nothing raises a score, and plain counts that agree."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.catalogue import CATALOGUE, FEATURE_OF
from features.vocabulary import Domain, Personal, Risk
from models.bands import HIGH, NO_BAND, WATCH, Bands, assign
from models.levers import LEAST_MEMBERS, better_quartiles, ladder_of, levers_of
from models.risk_model import RiskModel
from models.what_if import SHOWN_LEVERS, what_if
from tests.models.conftest import Answers

Matrix = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
NAN = np.nan


def test_the_quartile_is_a_place_that_somebody_has() -> None:
    place = np.array([[7, 1, 2, 4, 8, 16, 32, -1, 64]]).T
    group = np.zeros(9, np.int64)
    assert better_quartiles(place, group).tolist() == [[2]]  # of eight known the second best
    assert better_quartiles(place[:-1], group[:-1]).tolist() == [[-1]]  # seven known


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_quartiles_are_those_of_a_plain_count(seed: int) -> None:
    random = np.random.default_rng(seed)
    size = int(random.integers(1, 60))
    place = random.integers(-2, 9, (size, 2)).clip(-1)
    group = random.integers(0, 4, size)
    found = better_quartiles(place, group)
    for one in np.unique(group):
        for lever, column in enumerate(place.T):
            of_group, of_all = (column[rows & (column >= 0)] for rows in (group == one, group >= 0))
            known = of_group if len(of_group) >= LEAST_MEMBERS else of_all
            if len(known) < LEAST_MEMBERS:
                assert found[one, lever] == -1
                continue
            assert found[one, lever] in known
            assert (known <= found[one, lever]).sum() * 4 >= len(known)
            assert (known < found[one, lever]).sum() * 4 < len(known)


def _known(values: Floats) -> Floats:
    return values[~np.isnan(values)]


# Which questions


def test_never_age_poverty_sickness_or_what_a_teacher_wrote_down() -> None:
    levers = levers_of(CATALOGUE)
    for feature in (CATALOGUE[column] for column in levers.column):
        assert feature.changeable
        assert feature.risk is not Risk.EITHER
        assert feature.personal is Personal.ORDINARY
        assert feature.domain in (Domain.ATTENDANCE, Domain.GRADES)
        assert feature.table.name in ("attendance", "grades", "term_gpa")
    alone = {CATALOGUE[column].name for column in levers.column[levers.alone]}
    assert {"missed_days_28d", "missed_share_term", "missed_run_now", "score_mean_term", "failed_courses_term"} <= alone
    assert not alone & {
        "missed_days_term", "longest_missed_run_term", "skipped_days_term", "absences_left_term",  # these only get worse
        "missed_slope_56d", "missed_change_14d", "missed_run_left", "gpax_margin",  # the same records again
        "missed_share_28d_in_group", "results_missing_in_group",  # what others do
        "gpa_previous_term", "missed_share_previous_term", "days_since_scored",  # fixed, or without a direction
    }  # fmt: skip
    assert levers.alone.sum() > 20


def test_a_sensitive_or_fixed_question_is_no_lever() -> None:
    [absence] = (FEATURE_OF["missed_days_28d"],)
    assert len(levers_of([absence]).column) == 1
    assert len(levers_of([replace(absence, changeable=False)]).column) == 0
    assert len(levers_of([replace(absence, personal=Personal.SENSITIVE)]).column) == 0
    assert len(levers_of([replace(absence, risk=Risk.EITHER)]).column) == 0


# No lever raises a score


@pytest.mark.parametrize("seed", range(12))
def test_no_lever_of_the_catalogue_can_raise_a_score(model: RiskModel, answers: Answers, seed: int) -> None:
    """The trees themselves: each lever at a better known value, alone and with all of its domain."""
    random = np.random.default_rng(seed)
    levers = levers_of(CATALOGUE)
    rows = answers.values[random.integers(0, len(answers.values), 60)]
    better = rows[:, levers.column] - (np.abs(random.normal(size=(60, len(levers.column)))) * levers.sign).astype(
        np.float32
    )
    before = model.logits(rows)
    everything = rows.copy()
    everything[:, levers.column] = better
    assert (model.logits(everything) <= before + 1e-9).all()
    for place in random.choice(len(levers.column), 6, replace=False):
        changed = rows.copy()
        changed[:, levers.column[place]] = better[:, place]
        assert (model.logits(changed) <= before + 1e-9).all()


@pytest.mark.parametrize("seed", range(12))
def test_every_told_effect_is_what_the_model_says(model: RiskModel, answers: Answers, seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = random.integers(0, len(answers.values), 50)
    values, group = as_recorded(answers.values[rows]), random.integers(0, 3, 50)
    listed = random.permutation(50)[:8]
    over = np.abs(random.normal(size=8)) * random.integers(0, 2, 8)
    place = {feature.name: index for index, feature in enumerate(CATALOGUE)}
    ladder = ladder_of(_signed(values))
    quartiles = better_quartiles(ladder.place(_signed(values)), group)
    column = {int(one): index for index, one in enumerate(levers_of(CATALOGUE).column)}
    for row, one, above in zip(listed, what_if(model, CATALOGUE, values, group, listed, over), over, strict=True):
        for lever in (*one.levers, *((one.exit,) if one.exit else ())):
            changed = values[[row]].copy()
            for name in lever.features:
                index = place[name]
                quartile = ladder.value[quartiles[group[row], column[index]]] * CATALOGUE[index].risk.value
                changed[0, index] = quartile if lever.after is None else _nearest(values[:, index], lever.after)
            effect = float((model.logits(changed) - model.logits(values[[row]]))[0])
            assert lever.effect == pytest.approx(effect, abs=1e-9)
            assert lever.effect <= 0
        assert one.exit is None or one.exit.effect < -above


def as_recorded(values: Matrix) -> Matrix:
    """Rounded as the features are, so that some are equal."""
    columns = [np.round(values[:, index], feature.decimals) for index, feature in enumerate(CATALOGUE)]
    return np.stack(columns, axis=1)


def _signed(values: Matrix) -> Floats:
    levers = levers_of(CATALOGUE)
    return values[:, levers.column].astype(np.float64) * levers.sign


def _nearest(column: Matrix, value: float) -> np.float32:
    """The value as it is held: stored ones are rounded as their feature is."""
    return column[np.nanargmin(np.abs(column - value))]


def test_a_domain_gives_two_single_levers_at_most(model: RiskModel, answers: Answers) -> None:
    values = answers.values[:400]
    listed = np.argsort(-model.logits(values))[:60]
    found = what_if(model, CATALOGUE, values, np.zeros(len(values), np.int64), listed, np.full(60, np.inf))
    counts = [[lever.domain for lever in one.levers if lever.after is not None] for one in found]
    assert all(of.count(domain) <= 2 for of in counts for domain in of)
    assert max(map(len, counts)) == SHOWN_LEVERS


@pytest.mark.parametrize("seed", range(12))
def test_bisection_finds_what_trying_every_value_finds(model: RiskModel, answers: Answers, seed: int) -> None:
    random = np.random.default_rng(seed)
    values = as_recorded(answers.values[random.integers(0, len(answers.values), 40)])
    listed = np.argsort(-model.logits(values))[:6]
    over = random.choice([0.0, 0.05, 0.2, 0.6], 6)
    found = what_if(model, CATALOGUE, values, np.zeros(len(values), np.int64), listed, over)
    for row, above, one in zip(listed, over, found, strict=True):
        expected = _tried(model, values, int(row), float(above))
        if expected is None:
            assert one.exit is None or one.exit.after is None
        else:
            assert one.exit is not None
            assert (one.exit.features[0], one.exit.after) == expected


def _tried(model: RiskModel, values: Matrix, row: int, over: float) -> tuple[str, float] | None:
    """The exit of one student by trying every value that anybody has, and every threshold in between counts the same."""
    levers = levers_of(CATALOGUE)
    ways = []
    for place, (column, sign) in enumerate(zip(levers.column, levers.sign, strict=True)):
        signed = _known(values[:, column].astype(np.float64) * sign)
        own = values[row, column] * sign
        tries = np.unique(signed[signed < own])
        if not levers.alone[place] or not len(tries):
            continue
        rows = np.repeat(values[[row]], len(tries), axis=0)
        rows[:, column] = tries * sign
        leaves = model.logits(rows) - model.logits(values[[row]]) < -max(over, 1e-9)
        for value in tries[leaves]:
            passed = int(((signed > value) & (signed < own)).sum())
            ways.append(
                (
                    passed,
                    place,
                    -value,
                    CATALOGUE[column].name,
                    round(float(value * sign), CATALOGUE[column].decimals) + 0.0,
                )
            )
    return min(ways)[-2:] if ways else None


def test_with_the_exit_alone_the_student_has_no_longer_the_same_place(model: RiskModel, answers: Answers) -> None:
    """The whole way: bands, how far above the line, the exit, and the bands once more with that one value changed."""
    random = np.random.default_rng(6)
    values = as_recorded(answers.values[:150])

    def placed(of: Matrix) -> Bands:
        return assign(
            model.logits(of), listed_last_week=np.arange(150) % 4 == 0, bonus=0.3, advisor=np.arange(150) % 5,
            ties=np.arange(150, dtype=np.uint64), visits_per_week=12, rows_per_advisor=6,
        )  # fmt: skip

    bands = placed(values)
    listed = random.permutation(np.flatnonzero((bands.band == HIGH) | (bands.band == WATCH)))
    found = what_if(model, CATALOGUE, values, np.arange(150) % 5, listed, bands.over[listed])
    single = [
        (row, one.exit) for row, one in zip(listed, found, strict=True) if one.exit and one.exit.after is not None
    ]
    assert {str(bands.band[row]) for row, _ in single} == {HIGH, WATCH}
    for row, way in single:
        index = [feature.name for feature in CATALOGUE].index(way.features[0])
        changed = values.copy()
        changed[row, index] = _nearest(values[:, index], way.after)
        now, then = str(bands.band[row]), str(placed(changed).band[row])
        assert then != now
        assert then in (WATCH, NO_BAND)


def test_students_keep_their_order_and_do_not_depend_on_each_other(model: RiskModel, answers: Answers) -> None:
    """More than one chunk, each student the same as alone."""
    values = np.tile(answers.values, (3, 1))[:3000]
    group = np.arange(3000) % 7
    listed = np.random.default_rng(4).permutation(3000)[:2300]
    over = np.linspace(0, 1, 2300)
    found = what_if(model, CATALOGUE, values, group, listed, over)
    assert len(found) == 2300
    for index in (0, 1000, 2047, 2048, 2299):
        [alone] = what_if(model, CATALOGUE, values, group, listed[[index]], over[[index]])
        assert alone == found[index]


def test_nobody_listed_is_nothing_found(model: RiskModel, answers: Answers) -> None:
    none = np.empty(0, np.int64)
    assert what_if(model, CATALOGUE, answers.values, np.zeros(len(answers.values), np.int64), none, np.empty(0)) == []


def test_a_ladder_counts_whom_a_change_passes() -> None:
    ladder = ladder_of(np.array([[3, 1, 1, 0, NAN]], np.float64).T)
    assert ladder.steps(0).tolist() == [0, 1, 3]
    assert ladder.place(np.array([[3.0], [NAN], [1.0]])).tolist() == [[2], [-1], [1]]
    assert ladder.passed(np.array([2]), np.array([0])).tolist() == [2]
    assert ladder.passed(np.array([2]), np.array([1])).tolist() == [0]
