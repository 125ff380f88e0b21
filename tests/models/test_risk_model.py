"""The risk model: a merged bag is the mean of its members, contributions add up, calibration keeps the order."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import lightgbm
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from features.catalogue import CATALOGUE, FINGERPRINT
from models.choosing import leading_domains
from models.explain import margins
from models.horizon import LIST_HORIZON
from models.risk_model import Calibration, RiskModel, calibrate, merge, model_of, probability
from models.tables import compile_tables
from models.trees import read_trees
from tests.models.conftest import SEEDS, TREES, Answers, Matrix
from tests.models.growing import grown

Floats = npt.NDArray[np.float64]
ROOT = Path(__file__).resolve().parents[2]


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


BESIDE = """
import sys, time
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from features.catalogue import CATALOGUE
from models.risk_model import fit_members, margins_of_trees

dice = np.random.default_rng(1)
values = dice.random((4000, len(CATALOGUE)))
left = dice.random(4000) < 0.3
[text] = fit_members(values, left, CATALOGUE, seeds=(1,), trees=1)
end = time.monotonic() + 2

def fitting():
    while time.monotonic() < end:
        fit_members(values, left, CATALOGUE, seeds=(1,), trees=1)

def predicting():
    while time.monotonic() < end:
        margins_of_trees(text, values[:500])

with ThreadPoolExecutor(4) as pool:
    for done in [pool.submit(work) for work in (fitting, predicting, fitting, predicting)]:
        done.result()
"""


def test_a_fit_survives_predictions_beside_it() -> None:
    """LightGBM keeps one number of threads for the process: changed by a prediction, it ended the fit beside it, and all else."""
    done = subprocess.run([sys.executable, "-c", BESIDE], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def numbers_of(text: str, name: str) -> list[list[float]]:
    """One list a tree, as written."""
    found = re.findall(rf"^{name}=(.*)$", text, flags=re.MULTILINE)
    return [[float(number) for number in line.split()] for line in found]


@pytest.mark.parametrize("name", ["leaf_value", "internal_value", "shrinkage"])
def test_merging_divides_every_answer_to_the_last_bit(members: list[str], name: str) -> None:
    """What LightGBM itself multiplies when it shrinks a tree, and nothing else."""
    expected = [[number * 0.5 for number in line] for text in members for line in numbers_of(text, name)]
    assert numbers_of(merge(members), name) == expected
    for other in ("leaf_count", "threshold", "split_feature", "leaf_weight"):
        assert numbers_of(merge(members), other) == [line for text in members for line in numbers_of(text, other)]


def test_lightgbm_reads_every_leaf_of_a_bag_as_written(members: list[str]) -> None:
    merged = merge(members * 3)  # a sixth has no end in binary
    read = str(lightgbm.Booster(model_str=merged).model_to_string())
    assert numbers_of(read, "leaf_value") == numbers_of(merged, "leaf_value")


def test_a_bag_does_not_claim_one_members_importances(members: list[str]) -> None:
    assert "feature_importances" not in merge(members)
    assert "[objective: binary]" in merge(members)


def with_categories(seed: int, trees: int) -> str:
    """A LightGBM model over two numbers with missing values and two categorical codes."""
    values, left = of_categories()
    data = lightgbm.Dataset(values, label=left.astype(np.float64), categorical_feature=[2, 3])
    parameters = {
        "objective": "binary",
        "max_depth": 4,
        "verbosity": -1,
        "num_threads": 1,
        "seed": seed,
        "bagging_freq": 1,
    }
    return str(lightgbm.train({**parameters, "bagging_fraction": 0.7}, data, num_boost_round=trees).model_to_string())


def of_categories() -> tuple[Floats, npt.NDArray[np.bool_]]:
    random = np.random.default_rng(8)
    values = np.column_stack([random.normal(size=(3000, 2)), random.integers(0, 40, (3000, 2))])
    worth = random.normal(size=40)
    left = random.random(3000) < probability(values[:, 0] + worth[values[:, 2].astype(int)])
    values[random.random(values.shape) < 0.1] = np.nan
    return values, left


def test_members_with_categories_and_of_different_lengths_merge_to_their_mean() -> None:
    texts = [with_categories(1, 25), with_categories(2, 40), with_categories(3, 10)]
    values, _ = of_categories()
    mean = np.mean([predicted(text, values, raw_score=True) for text in texts], axis=0)
    merged = merge(texts)
    assert merged.count("cat_threshold=") > 10
    assert np.abs(predicted(merged, values, raw_score=True) - mean).max() < 1e-12
    assert np.abs(margins(compile_tables(read_trees(merged)), values) - mean).max() < 1e-12


def test_a_bag_of_one_is_its_member(answers: Answers, members: list[str]) -> None:
    alone = predicted(merge(members[:1]), answers.values, raw_score=True)
    assert (alone == predicted(members[0], answers.values, raw_score=True)).all()


def test_members_that_found_nothing_to_split_merge_to_the_base_rate() -> None:
    """Constant answers: every tree is a stump."""
    values = np.zeros((400, len(CATALOGUE)), np.float32)
    left = np.arange(400) % 4 == 0
    text = grown(values, left, CATALOGUE, seeds=(1, 2, 3), trees=5)
    model = model_of(text, CATALOGUE, LIST_HORIZON, Calibration())
    assert model.probabilities(values) == pytest.approx(0.25, abs=1e-6)
    contributions, base = model.contributions(values)
    assert np.abs(contributions).max() == 0
    assert probability(np.array([base])) == pytest.approx(0.25, abs=1e-6)


def test_fitting_again_gives_the_same_text(answers: Answers, model: RiskModel) -> None:
    assert grown(answers.values, answers.left, CATALOGUE, seeds=SEEDS, trees=TREES) == model.text


def test_trees_are_shallow(model: RiskModel) -> None:
    frame = lightgbm.Booster(model_str=model.text).trees_to_dataframe()
    assert frame["node_depth"].max() <= 5  # the root is at 1
    assert frame[frame["left_child"].isna()].groupby("tree_index").size().max() <= 16


def test_a_model_knows_its_features_and_their_meaning(model: RiskModel) -> None:
    assert model.features == tuple(feature.name for feature in CATALOGUE)
    assert tuple(lightgbm.Booster(model_str=model.text).feature_name()) == model.features
    assert model.catalogue_fingerprint == FINGERPRINT


# Scores and contributions


def test_scores_are_lightgbms(answers: Answers, model: RiskModel) -> None:
    margin = predicted(model.text, answers.values, raw_score=True)
    assert np.abs(model.logits(answers.values) - (1.3 * margin - 0.4)).max() < 1e-12
    assert (model.scores(answers.values) == model.logits(answers.values)).all()


def test_contributions_are_lightgbms(answers: Answers, model: RiskModel) -> None:
    expected = predicted(model.text, answers.values, pred_contrib=True)
    contributions, base = model.contributions(answers.values)
    assert np.abs(contributions - 1.3 * expected[:, :-1]).max() < 1e-10
    assert base == pytest.approx(1.3 * expected[0, -1] - 0.4, abs=1e-10)


def test_contributions_and_base_are_the_calibrated_logit(answers: Answers, model: RiskModel) -> None:
    contributions, base = model.contributions(answers.values)
    assert contributions.shape == answers.values.shape
    assert np.abs(contributions.sum(axis=1) + base - model.logits(answers.values)).max() < 1e-9


def test_probabilities_are_those_of_the_calibrated_margin(answers: Answers, model: RiskModel) -> None:
    margin = predicted(model.text, answers.values, raw_score=True)
    assert model.probabilities(answers.values) == pytest.approx(1 / (1 + np.exp(0.4 - 1.3 * margin)), rel=1e-12)


def test_nobody_to_score_is_no_error(model: RiskModel) -> None:
    nobody = np.zeros((0, len(CATALOGUE)), np.float32)
    contributions, base = model.contributions(nobody)
    assert contributions.shape == (0, len(CATALOGUE))
    assert base == model.contributions(np.zeros((1, len(CATALOGUE)), np.float32))[1]
    assert model.logits(nobody).shape == model.explained(nobody).logit.shape == (0,)


WITHOUT_LIGHTGBM = """
import sys
sys.modules["lightgbm"] = sys.modules["shap"] = sys.modules["sklearn"] = None  # an import of them fails
if sys.argv[1] == "plain":
    sys.modules["numba"] = None
import numpy as np
from features.catalogue import CATALOGUE
from models.horizon import LIST_HORIZON
from models.risk_model import Calibration, model_of
model = model_of(sys.stdin.read(), CATALOGUE, LIST_HORIZON, Calibration())
values = np.zeros((3, len(CATALOGUE)), np.float32)
print(model.explained(values, compiled=sys.argv[1] == "compiled").logit.tolist())
"""


@pytest.mark.parametrize("way", ["compiled", "plain"])
def test_scoring_needs_no_lightgbm(model: RiskModel, way: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_LIGHTGBM, way],
        input=model.text, capture_output=True, encoding="utf-8", cwd=ROOT, timeout=120, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    expected = predicted(model.text, np.zeros((3, len(CATALOGUE)), np.float32), raw_score=True)
    assert np.array(json.loads(done.stdout)) == pytest.approx(expected, abs=1e-12)


# Reasons


def test_reasons_are_on_the_calibrated_scale(answers: Answers, model: RiskModel) -> None:
    found = model.explained(answers.values)
    contributions, _ = model.contributions(answers.values)
    assert np.abs(found.logit - model.logits(answers.values)).max() < 1e-12
    row, place = np.nonzero(found.reason >= 0)
    assert len(row) > 500
    told = contributions[row, found.reason[row, place]]
    assert found.contribution[row, place] == pytest.approx(told, rel=1e-5)


def test_a_reason_is_larger_than_its_feature_moves_between_refits(answers: Answers, model: RiskModel) -> None:
    """Or it speaks for the domain that leads."""
    unmeasured = replace(model, spread=None).explained(answers.values)
    found = model.explained(answers.values)
    row, place = np.nonzero(found.reason >= 0)
    assert model.spread is not None
    passes = found.contribution[row, place] >= model.spread[found.reason[row, place]].astype(np.float32)
    leads = leading_domains(model.choice, model.contributions(answers.values)[0])[row]
    assert (passes | (model.choice.domain[found.reason[row, place]] == leads)).all()
    assert 0 < passes.sum() < (unmeasured.reason >= 0).sum()


def test_what_moves_without_bound_is_no_reason_but_where_its_domain_leads(answers: Answers, model: RiskModel) -> None:
    said = model.explained(answers.values).reason
    common = int(np.bincount(said[said >= 0]).argmax())
    moving = np.zeros(len(CATALOGUE))
    moving[common] = np.inf
    before = replace(model, spread=np.zeros(len(CATALOGUE))).explained(answers.values)
    after = replace(model, spread=moving).explained(answers.values)
    leads = leading_domains(model.choice, model.contributions(answers.values)[0]) == model.choice.domain[common]
    assert (before.reason[~leads] == common).any()
    assert not (after.reason[~leads] == common).any()
    assert (after.logit == before.logit).all(), "what can be said changes no score"


def test_another_calibration_keeps_the_tables(answers: Answers, model: RiskModel) -> None:
    other = replace(model, calibration=Calibration(slope=0.5, offset=1.0))
    assert other.tables is model.tables
    margin = predicted(model.text, answers.values, raw_score=True)
    assert np.abs(other.explained(answers.values).logit - (0.5 * margin + 1.0)).max() < 1e-12


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
    with pytest.raises(ValueError, match="Higher scores did not go with more leavers"):
        calibrate(margins, random.random(2000) < probability(-0.3 * margins))


@given(slope=st.floats(0.05, 5), offset=st.floats(-4, 4), margins=st.lists(st.floats(-8, 8), min_size=2, max_size=20))
def test_calibration_keeps_the_order(slope: float, offset: float, margins: list[float]) -> None:
    logits = Calibration(slope=slope, offset=offset).logit(np.sort(np.array(margins)))
    assert (np.diff(logits) >= 0).all()
