"""The straight part: what it adds by hand, that it is a Shapley value, that both ways of computing agree, and its file."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
import pytest

from features.catalogue import CATALOGUE
from models import explain
from models.bundle import keep, read_bundle, write_bundle
from models.explain import contributions, margins
from models.json_file import read_object
from models.linear import Linear, as_numbers, nothing, read_linear
from models.risk_model import RiskModel
from models.tables import compile_tables
from models.trees import read_trees
from records.errors import ModelRefused
from tests.models.cards import complete_card
from tests.models.conftest import Answers
from tests.models.explain import brute_force
from tests.models.signing import TRAIN, changed, resigned, said
from training.fit_linear import fit_linear
from training.sampling import Rows

Floats = npt.NDArray[np.float64]
RISES, FALLS = (next(f.name for f in CATALOGUE if f.risk.value == sign) for sign in (1, -1))
FEATURES = 5


def by_hand() -> Linear:
    """Two features: one that counts from 0 to 10, and one that adds only by being missing."""
    return Linear(
        base=-2.0, weight=np.array([0.1, 0.0]), low=np.array([0.0, 0.0]), high=np.array([10.0, 0.0]),
        known=np.array([-0.3, -0.05]), missing=np.array([0.2, 0.45]),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("values", "added"),
    [
        ([4, 1], [0.1, -0.05]),
        ([-9, 1], [-0.3, -0.05]),
        ([99, 1], [0.7, -0.05]),
        ([np.inf, -np.inf], [0.7, -0.05]),
        ([np.nan, np.nan], [0.2, 0.45]),
    ],
)
def test_what_is_added_by_hand(values: list[float], added: list[float]) -> None:
    linear = by_hand()
    rows = np.array([values])
    assert linear.added(rows.T)[:, 0] == pytest.approx(added)
    assert linear.margins(rows) == pytest.approx([-2 + sum(added)])
    assert linear.times(0.5).margins(rows) == pytest.approx([-1 + sum(added) / 2])
    assert [linear.at(place, rows[:, place])[0] for place in (0, 1)] == pytest.approx(added)


def test_nothing_adds_nothing() -> None:
    rows = np.array([[1.0, np.nan, -3.0]])
    assert (nothing(3).margins(rows) == 0).all()
    assert nothing(3).added(rows.T).shape == (0, 1)


# Beside trees


@pytest.fixture(scope="module")
def linear(answers: Answers) -> Linear:
    person = np.arange(len(answers.left))
    return fit_linear(Rows(values=answers.values, left=answers.left, person=person, weight=None), CATALOGUE)


@pytest.fixture(scope="module")
def both(model: RiskModel, linear: Linear) -> RiskModel:
    assert len(linear.places) > 80
    return replace(model, linear=linear)


def test_the_logit_is_that_of_both_and_contributions_sum_to_it(
    answers: Answers, model: RiskModel, both: RiskModel, linear: Linear
) -> None:
    added, base = both.contributions(answers.values)
    logits = both.logits(answers.values)
    assert np.abs(logits - model.logits(answers.values) - 1.3 * linear.margins(answers.values)).max() < 1e-12
    assert np.abs(added.sum(axis=1) + base - logits).max() < 1e-9
    found = both.explained(answers.values)
    assert np.abs(found.logit - logits).max() < 1e-12
    assert np.abs(found.domains.sum(axis=1) + base - logits).max() < 1e-4  # float32
    row, place = np.nonzero(found.reason >= 0)
    assert found.contribution[row, place] == pytest.approx(added[row, found.reason[row, place]], rel=1e-5)


@pytest.mark.parametrize("rows", [1, 7, 300, 1200])
def test_every_way_of_computing_gives_the_same_bits(
    answers: Answers, both: RiskModel, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = answers.values[:rows]
    expected, plain = both.explained(values), both.explained(values, compiled=False)
    monkeypatch.setattr(explain, "COMPILED_BLOCK", 101)
    for other in (plain, both.explained(values)):
        assert (other.logit == expected.logit).all()
        assert (other.contribution == expected.contribution).all()
        assert (other.missing_contribution == expected.missing_contribution).all()
        assert (other.domains == expected.domains).all()
    assert (
        margins(both.tables, values, both.linear) == margins(both.tables, values, both.linear, compiled=False)
    ).all()


def test_a_missing_value_may_be_told_as_missing_because_of_the_straight_part(both: RiskModel) -> None:
    """With trees that never heard of it."""
    column = [feature.name for feature in CATALOGUE].index(RISES)
    zeros = np.zeros(len(CATALOGUE))
    missing = zeros.copy()
    missing[column] = 2.0
    told = replace(nothing(len(CATALOGUE)), missing=missing)
    values = np.zeros((1, len(CATALOGUE)), np.float32)
    values[0, column] = np.nan
    without = replace(both, linear=nothing(len(CATALOGUE)), spread=None).contributions(values)[0][0, column]
    found = replace(both, linear=told, spread=None).explained(values)
    assert found.missing[0, 0] == column
    assert found.missing_contribution[0, 0] == pytest.approx(without + 1.3 * 2.0, rel=1e-6)


# Shapley's definition


@pytest.fixture(scope="module")
def few() -> tuple[str, Linear, Answers]:
    """Five features, with gaps: trees without constraints and a straight part, fitted on the same rows."""
    random = np.random.default_rng(17)
    values = random.normal(size=(400, FEATURES)).astype(np.float32)
    left = random.random(400) < 1 / (1 + np.exp(1 - values[:, 0] * values[:, 1] - values[:, 2]))
    values[random.random(values.shape) < 0.2] = np.nan
    data = lightgbm.Dataset(values, label=left.astype(np.float64))
    asked = {"objective": "binary", "max_depth": 4, "verbosity": -1, "num_threads": 1, "deterministic": True}
    text = str(lightgbm.train(asked, data, num_boost_round=12).model_to_string())
    rows = Rows(values=values, left=left, person=np.arange(400), weight=None)
    return text, fit_linear(rows, CATALOGUE[:FEATURES]), Answers(values=values, left=left)


def test_contributions_are_shapley_values_against_the_rows_that_were_trained_on(
    few: tuple[str, Linear, Answers],
) -> None:
    """Interventional: what is not known has the value of another training row; the game is that of both together."""
    text, linear, answers = few
    assert np.abs(linear.margins(answers.values).mean() - linear.base) < 1e-12
    rows = answers.values[:15]
    booster = lightgbm.Booster(model_str=text)

    def margin(values: Floats) -> Floats:
        return np.asarray(booster.predict(values, raw_score=True)) + linear.margins(values)

    expected, base = brute_force.interventional(margin, rows, answers.values)
    tables = compile_tables(read_trees(text), background=answers.values)
    assert np.abs(contributions(tables, rows, linear) - expected).max() < 1e-9
    assert tables.base + linear.base == pytest.approx(base, abs=1e-9)


def test_beside_path_dependent_trees_they_are_the_sum_of_both_games(few: tuple[str, Linear, Answers]) -> None:
    """A feature that the straight part does not know adds what it does on average: 0."""
    text, linear, answers = few
    rows = answers.values[:15]
    of_trees, base = brute_force.path_dependent(text, rows)
    of_line, usual = brute_force.interventional(linear.margins, rows, answers.values)
    tables = compile_tables(read_trees(text))
    assert np.abs(contributions(tables, rows, linear) - of_trees - of_line).max() < 1e-9
    assert tables.base + linear.base == pytest.approx(base + usual, abs=1e-9)


# In a bundle


@pytest.fixture
def trained(tmp_path: Path, both: RiskModel) -> Path:
    folder = tmp_path / "trained"
    write_bundle(folder, both, complete_card(both.spread), "# บัตรแบบจำลอง\n", bonus=0.3)
    return folder


def test_a_kept_bundle_adds_the_same_to_the_last_bit(
    trained: Path, tmp_path: Path, both: RiskModel, answers: Answers
) -> None:
    read = read_bundle(tmp_path / "models", keep(trained, tmp_path / "models")).model
    assert (read.logits(answers.values) == both.logits(answers.values)).all()
    assert (read.contributions(answers.values)[0] == both.contributions(answers.values)[0]).all()


def test_only_what_adds_anything_is_written() -> None:
    told = as_numbers(by_hand(), ["one", "two"])
    assert told["features"] == {
        "one": {"weight": 0.1, "low": 0.0, "high": 10.0, "known": -0.3, "missing": 0.2},
        "two": {"weight": 0.0, "low": 0.0, "high": 0.0, "known": -0.05, "missing": 0.45},
    }
    empty = as_numbers(nothing(2), ["one", "two"])
    assert empty == {"base": 0.0, "features": {}}
    read = read_linear(read_object(json.dumps(empty).encode(), "linear.json"), CATALOGUE)
    assert len(read.places) == 0


def put(**numbers: Any) -> Callable[[dict[str, Any]], None]:
    return lambda held: held["features"][RISES].update(numbers)


WRONG: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "a weight against the catalogue": (put(weight=-0.1), f"linear.json, features, {RISES}: weight goes against the direction that the catalogue declares."),
    "one of a feature that falls": (lambda held: held["features"].update({FALLS: {"weight": 0.1, "low": 0, "high": 1, "known": 0, "missing": 0}}), f"linear.json, features, {FALLS}: weight goes against the direction that the catalogue declares."),
    "a feature nobody knows": (lambda held: held["features"].update(shoe_size={}), "linear.json, features names a feature that the catalogue does not have."),
    "bounds in disorder": (put(low=5, high=4), f"linear.json, features, {RISES}: high must be a number between 5 and 1e+09."),
    "too much": (put(weight=1e6, low=0, high=1), f"linear.json, features, {RISES}: it adds more than 1,000 log-odds."),
    "too much of what is missing": (put(missing=1e6), f"linear.json, features, {RISES}: missing must be a number between -1000 and 1000."),
    "a weight as text": (put(weight="1"), f"linear.json, features, {RISES}: weight must be a number between -1e+09 and 1e+09."),
    "a weight too few": (lambda held: held["features"][RISES].pop("weight"), f"linear.json, features, {RISES}: weight must be a value."),
    "no features": (lambda held: held.pop("features"), "linear.json: features must be a value."),
    "a list of features": (lambda held: held.update(features=[]), "linear.json: features must be an object."),
    "a base too far": (lambda held: held.update(base=1e9), "linear.json: base must be a number between -1000 and 1000."),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_what_makes_no_sense_is_refused_whoever_signed_it(trained: Path, tmp_path: Path, wrong: str) -> None:
    change, sentence = WRONG[wrong]
    resigned(trained, "linear.json", changed(change))
    assert said(tmp_path / "models", trained) == sentence + TRAIN


def test_numbers_that_are_none_are_refused() -> None:
    for content in (b'{"base": NaN, "features": {}}', b'{"base": 1e999, "features": {}}', b"[]", b"\xff"):
        with pytest.raises(ModelRefused, match=r"linear\.json is no "):
            read_linear(read_object(content, "linear.json"), CATALOGUE)
