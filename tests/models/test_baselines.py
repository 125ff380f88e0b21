"""The simple lists: the absence rule, the share of the class group, the logistic regression."""

import warnings

import numpy as np
import numpy.typing as npt
import pytest

from features.catalogue import CATALOGUE
from models.baselines import absence_contributions, absence_rule, fit_group_mean, fit_logistic
from tests.models.conftest import Answers

NAMES = [feature.name for feature in CATALOGUE]


def rows(**columns: list[float]) -> npt.NDArray[np.float32]:
    values = np.full((len(next(iter(columns.values()))), len(CATALOGUE)), np.nan, np.float32)
    for name, answers in columns.items():
        values[:, NAMES.index(name)] = answers
    return values


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


def test_a_group_gets_its_share_drawn_to_the_overall_one() -> None:
    """20 students' worth of the overall share: one leaver of two is no half."""
    keys = [("A", 1)] * 2 + [("A", 2)] * 38
    left = np.array([True, False] + [True] * 9 + [False] * 29)
    found = fit_group_mean(keys, left)
    assert found.overall == 0.25
    assert found.score([("A", 1), ("A", 2)]) == pytest.approx([(1 + 5) / 22, (9 + 5) / 58])


def test_a_group_that_training_never_saw_gets_the_overall_share() -> None:
    found = fit_group_mean([("A", 1), ("A", 1)], np.array([True, False]))
    assert found.score([("B", 1), ("A", 9)]).tolist() == [0.5, 0.5]


def test_the_logistic_regression_learns_and_scores_probabilities(answers: Answers) -> None:
    fitted = fit_logistic(answers.values, answers.left)
    chance = fitted.predict_proba(answers.values)[:, 1]
    assert chance[answers.left].mean() > chance[~answers.left].mean() + 0.1


def test_the_logistic_regression_takes_columns_that_nobody_answered(answers: Answers) -> None:
    values = answers.values.copy()
    values[:, :5] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = fit_logistic(values, answers.left)
        known = fitted.predict_proba(answers.values)  # answered later for the first time
    assert np.isfinite(known).all()


def test_an_answer_that_is_missing_is_a_sign_of_its_own() -> None:
    random = np.random.default_rng(1)
    values = random.normal(size=(600, len(CATALOGUE))).astype(np.float32)
    left = random.random(600) < 0.3
    values[left, 0] = np.nan
    fitted = fit_logistic(values, left)
    asked = np.zeros((2, len(CATALOGUE)), np.float32)
    asked[1, 0] = np.nan
    known, unknown = fitted.predict_proba(asked)[:, 1]
    assert unknown > known + 0.2
