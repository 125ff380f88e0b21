"""The risk model: a merged bag is the mean of its members, contributions add up, constraints hold, calibration keeps order."""

import lightgbm
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from features.catalogue import CATALOGUE, FINGERPRINT
from features.vocabulary import Risk
from models.horizon import LIST_HORIZON
from models.risk_model import Calibration, RiskModel, calibrate, fit_trees, merge, model_of, probability
from tests.models.conftest import SEEDS, TREES, Answers, Matrix

Floats = npt.NDArray[np.float64]


def predicted(text: str, values: Matrix, **asked: bool) -> Floats:
    return np.asarray(lightgbm.Booster(model_str=text).predict(values, **asked), np.float64)


# The bag


def test_the_margin_of_a_bag_is_the_mean_of_its_members(answers: Answers, members: list[str], model: RiskModel) -> None:
    mean = np.mean([predicted(text, answers.values, raw_score=True) for text in members], axis=0)
    assert np.abs(predicted(model.text, answers.values, raw_score=True) - mean).max() < 1e-12


def test_so_are_its_contributions(answers: Answers, members: list[str], model: RiskModel) -> None:
    mean = np.mean([predicted(text, answers.values, pred_contrib=True) for text in members], axis=0)
    assert np.abs(predicted(model.text, answers.values, pred_contrib=True) - mean).max() < 1e-9


def test_a_bag_holds_every_tree_and_its_members_differ(members: list[str], model: RiskModel) -> None:
    assert lightgbm.Booster(model_str=model.text).num_trees() == len(SEEDS) * TREES
    assert members[0] != members[1]


def test_a_bag_of_one_is_its_member(answers: Answers, members: list[str]) -> None:
    alone = predicted(merge(members[:1]), answers.values, raw_score=True)
    assert (alone == predicted(members[0], answers.values, raw_score=True)).all()


def test_members_that_found_nothing_to_split_merge_to_the_base_rate() -> None:
    """Constant answers: every tree is a stump."""
    values = np.zeros((400, len(CATALOGUE)), np.float32)
    left = np.arange(400) % 4 == 0
    text = fit_trees(values, left, CATALOGUE, seeds=(1, 2, 3), trees=5)
    model = model_of(text, CATALOGUE, LIST_HORIZON, Calibration())
    assert model.probabilities(values) == pytest.approx(0.25, abs=1e-6)
    contributions, base = model.contributions(values)
    assert np.abs(contributions).max() == 0
    assert probability(np.array([base])) == pytest.approx(0.25, abs=1e-6)


def test_fitting_again_gives_the_same_text(answers: Answers, model: RiskModel) -> None:
    assert fit_trees(answers.values, answers.left, CATALOGUE, seeds=SEEDS, trees=TREES) == model.text


def test_trees_are_shallow(model: RiskModel) -> None:
    frame = lightgbm.Booster(model_str=model.text).trees_to_dataframe()
    assert frame["node_depth"].max() <= 5  # the root is at 1
    assert frame[frame["left_child"].isna()].groupby("tree_index").size().max() <= 16


def test_a_model_knows_its_features_and_their_meaning(model: RiskModel) -> None:
    assert model.features == tuple(feature.name for feature in CATALOGUE)
    assert tuple(lightgbm.Booster(model_str=model.text).feature_name()) == model.features
    assert model.catalogue_fingerprint == FINGERPRINT


# Contributions


def test_contributions_and_base_are_the_calibrated_logit(answers: Answers, model: RiskModel) -> None:
    contributions, base = model.contributions(answers.values)
    assert contributions.shape == answers.values.shape
    assert np.abs(contributions.sum(axis=1) + base - model.logits(answers.values)).max() < 1e-9


def test_probabilities_are_those_of_the_calibrated_margin(answers: Answers, model: RiskModel) -> None:
    margin = predicted(model.text, answers.values, raw_score=True)
    assert model.probabilities(answers.values) == pytest.approx(1 / (1 + np.exp(0.4 - 1.3 * margin)), rel=1e-12)


def test_nobody_to_score_is_no_error(model: RiskModel) -> None:
    contributions, _ = model.contributions(np.zeros((1, len(CATALOGUE)), np.float32))
    assert contributions.shape == (1, len(CATALOGUE))


# Constraints


@given(
    row=st.integers(0, 1199),
    column=st.sampled_from([n for n, feature in enumerate(CATALOGUE) if feature.risk is not Risk.EITHER]),
    values=st.lists(st.floats(-4, 4, width=32), min_size=2, max_size=8),
)
def test_a_worse_answer_never_lowers_the_score(
    answers: Answers, model: RiskModel, row: int, column: int, values: list[float]
) -> None:
    """RISES: a higher value never lowers the score; FALLS: never raises it. What else is known or missing is as it was."""
    rows = np.repeat(answers.values[row : row + 1], len(values), axis=0)
    rows[:, column] = sorted(values)
    steps = np.diff(model.logits(rows)) * CATALOGUE[column].risk.value
    assert (steps >= -1e-12).all()


def test_the_constraints_have_something_to_hold(answers: Answers, model: RiskModel) -> None:
    """The property above would hold of a model that ignores its features."""
    moved = 0
    for column, feature in enumerate(CATALOGUE):
        low, high = answers.values.copy(), answers.values.copy()
        low[:, column], high[:, column] = -3, 3
        moved += bool((feature.risk.value * (model.logits(high) - model.logits(low))).max() > 0.01)
    assert moved >= 20


# Calibration


def test_calibration_finds_slope_and_offset() -> None:
    random = np.random.default_rng(3)
    margins = random.normal(-1.5, 1, 40_000)
    left = random.random(len(margins)) < probability(0.7 * margins - 0.5)
    found = calibrate(margins, left)
    assert found.slope == pytest.approx(0.7, abs=0.05)
    assert found.offset == pytest.approx(-0.5, abs=0.06)
    fitted = LogisticRegression(C=np.inf).fit(margins[:, None], left)
    assert found.logit(margins) == pytest.approx(fitted.decision_function(margins[:, None]), abs=1e-9)
    assert probability(found.logit(margins)).mean() == pytest.approx(left.mean(), abs=1e-4)


def test_a_score_that_orders_nobody_is_refused() -> None:
    random = np.random.default_rng(4)
    margins = random.normal(size=2000)
    with pytest.raises(ValueError, match="higher scores did not go with more leavers in the calibration term"):
        calibrate(margins, random.random(2000) < probability(-0.3 * margins))


@given(slope=st.floats(0.05, 5), offset=st.floats(-4, 4), margins=st.lists(st.floats(-8, 8), min_size=2, max_size=20))
def test_calibration_keeps_the_order(slope: float, offset: float, margins: list[float]) -> None:
    logits = Calibration(slope=slope, offset=offset).logit(np.sort(np.array(margins)))
    assert (np.diff(logits) >= 0).all()
