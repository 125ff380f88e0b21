"""The simple models: the absence rule, the share of the class group, the logistic regression; scores and reasons alike."""

import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from features.catalogue import CATALOGUE
from features.declaration import Feature
from features.vocabulary import Domain
from models.baselines import (
    AbsenceRule,
    Logistic,
    Scorer,
    absence_contributions,
    absence_rule,
    fit_group_mean,
    fit_logistic,
)
from models.choosing import LEAST_CONTRIBUTION
from models.explain import Explained
from models.reasons import sentence
from models.risk_model import RiskModel
from tests.models.conftest import Answers, Matrix

NAMES = [feature.name for feature in CATALOGUE]
RULE = AbsenceRule(features=CATALOGUE)


def rows(**columns: list[float]) -> Matrix:
    values = np.full((len(next(iter(columns.values()))), len(CATALOGUE)), np.nan, np.float32)
    for name, answers in columns.items():
        values[:, NAMES.index(name)] = answers
    return values


# The absence rule


def test_the_absence_rule_orders_by_days_missed_and_a_run_breaks_ties() -> None:
    values = rows(missed_share_28d=[0.1, 0.5, 0.1, 0.0], missed_run_now=[0, 0, 2, 1])
    assert np.argsort(-absence_rule(values, CATALOGUE)).tolist() == [1, 2, 0, 3]
    assert absence_rule(values, CATALOGUE) == pytest.approx([0.1, 0.5, 0.14, 0.02])


def test_unknown_absence_counts_as_none() -> None:
    values = rows(missed_share_28d=[np.nan, 0.2], missed_run_now=[np.nan, np.nan])
    assert absence_rule(values, CATALOGUE) == pytest.approx([0.0, 0.2])


def test_more_absence_is_never_a_lower_place() -> None:
    shares = np.linspace(0, 1, 21)
    assert (np.diff(absence_rule(rows(missed_share_28d=list(shares)), CATALOGUE)) > 0).all()
    assert (np.diff(absence_rule(rows(missed_run_now=list(range(20))), CATALOGUE)) > 0).all()


def test_the_points_of_the_rule_add_up_and_name_absence_alone(answers: Answers) -> None:
    points = absence_contributions(answers.values, CATALOGUE)
    assert points.sum(axis=1) == pytest.approx(absence_rule(answers.values, CATALOGUE))
    used = {NAMES[column] for column in np.flatnonzero(points.any(axis=0))}
    assert used == {"missed_share_28d", "missed_run_now"}


def test_the_rule_gives_what_it_counts_as_reasons_and_has_no_probability() -> None:
    values = rows(missed_share_28d=[0.5, 0.0, np.nan], missed_run_now=[4, 0, 12])
    found = RULE.explained(values)
    assert [[NAMES[index] for index in row if index >= 0] for row in found.reason] == [
        ["missed_share_28d", "missed_run_now"],
        [],
        ["missed_run_now"],
    ]
    assert found.contribution[0, :2] == pytest.approx([0.5, 0.08])
    assert found.domains[:, list(Domain).index(Domain.ATTENDANCE)] == pytest.approx([0.58, 0.0, 0.24])
    assert (found.missing == -1).all(), "unknown absence counts as none, so it raises nothing"
    assert RULE.probabilities(values) is None


# The class group


def test_a_group_gets_its_share_drawn_to_the_overall_one() -> None:
    """20 students' worth of the overall share: one leaver of two is no half."""
    keys = [("A", 1)] * 2 + [("A", 2)] * 38
    left = np.array([True, False] + [True] * 9 + [False] * 29)
    found = fit_group_mean(keys, left)
    assert found.overall == 0.25
    shares = found.past_shares([("A", 1), ("A", 2)])
    assert shares[:, 0] == pytest.approx([(1 + 5) / 22, (9 + 5) / 58])
    assert found.probabilities(shares) == pytest.approx([(1 + 5) / 22, (9 + 5) / 58])


def test_a_row_that_stands_for_several_counts_as_often() -> None:
    left, weight = np.array([True, False, True, False]), np.array([1.0, 9, 2, 8])
    keys = [("A", 0), ("A", 0), ("B", 0), ("B", 0)]
    copies = np.repeat(np.arange(4), weight.astype(int))
    assert fit_group_mean(keys, left, weight) == fit_group_mean([keys[row] for row in copies], left[copies])


def test_a_group_that_training_never_saw_gets_the_overall_share() -> None:
    found = fit_group_mean([("A", 1), ("A", 1)], np.array([True, False]))
    assert found.past_shares([("B", 1), ("A", 9)]).tolist() == [[0.5], [0.5]]
    assert found.past_shares([]).shape == (0, 1)


def test_the_one_reason_of_a_group_is_its_past_said_in_both_languages() -> None:
    keys = [("A", 1)] * 100 + [("A", 2)] * 100
    found = fit_group_mean(keys, np.arange(200) % 100 < np.repeat([30, 10], 100))
    shares = found.past_shares([("A", 1), ("A", 2), ("B", 1)])
    explained = found.explained(shares)
    assert explained.reason[:, 0].tolist() == [0, -1, -1], "a group that loses fewer, and one like all, are no cause"
    assert (explained.reason[:, 1:] == -1).all()
    said = sentence(found.feature, float(shares[0, 0]))
    assert said.en == "in the past about 28 of 100 in this class group left within the time that the list looks ahead"
    assert "ราว 28 ใน 100 คน" in said.th


@pytest.mark.parametrize("left", [[True, True], [False, False]])
def test_no_group_differs_where_all_or_none_left(left: list[bool]) -> None:
    with pytest.raises(ValueError, match="of these rows all or none left"):
        fit_group_mean([("A", 1), ("A", 2)], np.array(left))


# The logistic regression


def by_sklearn(answers: Answers) -> Pipeline:
    imputer = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    pipeline = make_pipeline(imputer, StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
    return pipeline.fit(answers.values.astype(np.float64), answers.left)


def unlike(answers: Answers) -> Answers:
    """Columns that nobody answered, that everybody answered, and that everybody answered alike."""
    values = answers.values.copy()
    values[:, :3] = np.nan
    values[:, 3:6] = np.nan_to_num(values[:, 3:6])
    values[:, 6] = 2.5
    return Answers(values=values, left=answers.left)


@pytest.mark.parametrize("change", [lambda same: same, unlike])
def test_the_logistic_scores_as_sklearn_does(answers: Answers, change: Callable[[Answers], Answers]) -> None:
    """Also of rows unlike those of training: missing where all was known, known where nothing was."""
    training = change(answers)
    fitted, oracle = fit_logistic(training.values, training.left, CATALOGUE), by_sklearn(training)
    for values in (training.values, answers.values, np.full((1, len(CATALOGUE)), np.nan, np.float32)):
        expected = oracle.decision_function(values.astype(np.float64))
        assert np.abs(fitted.scores(values) - expected).max() < 1e-9
        assert np.abs(fitted.probabilities(values) - oracle.predict_proba(values.astype(np.float64))[:, 1]).max() < 1e-9


def test_the_logistic_is_numbers_alone(answers: Answers) -> None:
    """Written as JSON and read again, it scores to the last bit as before."""
    fitted = fit_logistic(answers.values, answers.left, CATALOGUE)
    numbers = ("weight", "median", "mean", "missing_weight", "missing_share")
    held = json.loads(json.dumps({name: getattr(fitted, name).tolist() for name in numbers}))
    read = Logistic(
        features=CATALOGUE, intercept=fitted.intercept, **{name: np.array(list_) for name, list_ in held.items()}
    )
    assert (read.scores(answers.values) == fitted.scores(answers.values)).all()


def test_a_contribution_is_the_weight_times_the_distance_from_the_mean_of_training(answers: Answers) -> None:
    fitted = fit_logistic(answers.values, answers.left, CATALOGUE)
    contributions, base = fitted.contributions(answers.values)
    assert base == fitted.intercept
    assert np.abs(contributions.mean(axis=0)).max() < 1e-12, "over the training rows they are nothing on average"
    known = ~np.isnan(answers.values[:, :1]).any(axis=1)
    slope = np.polyfit(answers.values[known, 0], contributions[known, 0], 1)[0]
    assert slope == pytest.approx(fitted.weight[0])


def test_the_logistic_regression_learns_and_scores_probabilities(answers: Answers) -> None:
    chance = fit_logistic(answers.values, answers.left, CATALOGUE).probabilities(answers.values)
    assert chance[answers.left].mean() > chance[~answers.left].mean() + 0.1


def test_the_logistic_regression_takes_columns_that_nobody_answered(answers: Answers) -> None:
    values = answers.values.copy()
    values[:, :5] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = fit_logistic(values, answers.left, CATALOGUE)
        known = fitted.probabilities(answers.values)  # answered later for the first time
    assert np.isfinite(known).all()


def test_an_answer_that_is_missing_is_a_sign_of_its_own_and_named_as_missing() -> None:
    random = np.random.default_rng(1)
    values = random.normal(size=(600, len(CATALOGUE))).astype(np.float32)
    left = random.random(600) < 0.3
    values[left, 0] = np.nan
    fitted = fit_logistic(values, left, CATALOGUE)
    asked = np.zeros((2, len(CATALOGUE)), np.float32)
    asked[1, 0] = np.nan
    known, unknown = fitted.probabilities(asked)
    assert unknown > known + 0.2
    found = fitted.explained(asked)
    assert found.missing[:, 0].tolist() == [-1, 0]
    assert 0 not in found.reason


# One shape


@dataclass(frozen=True, kw_only=True)
class Case:
    scorer: Scorer
    values: npt.NDArray[np.floating]
    features: tuple[Feature, ...]


@pytest.fixture(params=["absence_rule", "group_mean", "logistic", "risk_model"])
def case(request: pytest.FixtureRequest, answers: Answers, model: RiskModel) -> Case:
    match request.param:
        case "absence_rule":
            return Case(scorer=RULE, values=answers.values, features=CATALOGUE)
        case "group_mean":
            keys = [("A", number % 40) for number in range(len(answers.left))]
            mean = fit_group_mean(keys, answers.left)
            return Case(scorer=mean, values=mean.past_shares(keys), features=(mean.feature,))
        case "logistic":
            fitted = fit_logistic(answers.values, answers.left, CATALOGUE)
            return Case(scorer=fitted, values=answers.values, features=CATALOGUE)
        case _:
            return Case(scorer=model, values=answers.values, features=CATALOGUE)


def test_contributions_and_base_are_the_score(case: Case) -> None:
    contributions, base = case.scorer.contributions(case.values)
    assert contributions.shape == case.values.shape
    assert np.abs(contributions.sum(axis=1) + base - case.scorer.scores(case.values)).max() < 1e-10


def test_probabilities_are_in_the_order_of_the_scores(case: Case) -> None:
    chances = case.scorer.probabilities(case.values)
    if case.scorer is RULE:
        assert chances is None
        return
    assert chances is not None
    assert ((chances > 0) & (chances < 1)).all()
    assert (np.diff(chances[np.argsort(case.scorer.scores(case.values))]) >= -1e-15).all()


def test_what_is_explained_is_what_is_scored(case: Case) -> None:
    found = case.scorer.explained(case.values)
    contributions, _ = case.scorer.contributions(case.values)
    assert np.abs(found.logit - case.scorer.scores(case.values)).max() < 1e-10
    for place, index, told in ((found.reason, *np.nonzero(found.reason >= 0)),):
        feature = place[index, told]
        assert len(feature) > 50, "there is little to check"
        assert found.contribution[index, told] == pytest.approx(contributions[index, feature], rel=1e-5)
        assert (contributions[index, feature] >= LEAST_CONTRIBUTION).all()
        assert not np.isnan(case.values[index, feature]).any()
    row, told = np.nonzero(found.missing >= 0)
    assert np.isnan(case.values[row, found.missing[row, told]]).all()


def test_domains_are_the_sums_of_their_features(case: Case) -> None:
    contributions, _ = case.scorer.contributions(case.values)
    found = case.scorer.explained(case.values)
    assert found.domains.shape == (len(case.values), len(Domain))
    for place, domain in enumerate(Domain):
        own = [column for column, feature in enumerate(case.features) if feature.domain is domain]
        assert found.domains[:, place] == pytest.approx(contributions[:, own].sum(axis=1), abs=1e-5)


def test_many_rows_are_explained_as_one_by_one(case: Case) -> None:
    """More than are explained at once: the seam between two parts is not seen."""
    whole = case.scorer.explained(np.tile(case.values, (18, 1)))
    part = case.scorer.explained(case.values)
    for name in part.__dataclass_fields__:
        ours, theirs = getattr(whole, name), getattr(part, name)
        assert len(ours) == 18 * len(theirs)
        assert (ours.reshape(18, *theirs.shape) == theirs).all()
        assert ours.dtype == theirs.dtype


def test_nobody_to_explain_is_no_error(case: Case) -> None:
    found = case.scorer.explained(case.values[:0])
    full = case.scorer.explained(case.values[:1])
    for name in Explained.__dataclass_fields__:
        nothing, one = getattr(found, name), getattr(full, name)
        assert (nothing.shape, nothing.dtype) == ((0, *one.shape[1:]), one.dtype)


def test_without_compiled_code_the_answers_are_the_same(case: Case) -> None:
    compiled, plain = case.scorer.explained(case.values), case.scorer.explained(case.values, compiled=False)
    assert (compiled.reason == plain.reason).mean() > 0.999  # a tie of two sums in another order
    assert np.abs(compiled.logit - plain.logit).max() < 1e-10
    assert np.abs(compiled.domains - plain.domains).max() < 1e-5
