"""Models and rows at the ends: what is refused says so in a sentence, and what is not is exact."""

from typing import Any

import lightgbm
import numpy as np
import pytest

from models.choosing import Choice, Say
from models.explain import contributions, explained, margins
from models.tables import compile_tables
from models.trees import read_trees
from records.errors import ModelRefused
from tests.models.explain.fuzzed import Column, Floats, booster_of, fit, hard_rows

PLAIN: dict[str, Any] = {
    "objective": "binary",
    "min_data_in_leaf": 1,
    "min_sum_hessian_in_leaf": 1e-9,
    "num_leaves": 64,
}
DEPTH_6 = {**PLAIN, "max_depth": 6}
RANDOM_ROWS = 700


def drawn(features: int, *, rows: int = RANDOM_ROWS, categories: int = 0, gaps: float = 0.2) -> list[Column]:
    random = np.random.default_rng(features)
    columns = [Column(values=np.round(random.normal(size=rows), 3)) for _ in range(features - categories)]
    columns += [Column(values=np.floor(random.random(rows) * 430), is_category=True) for _ in range(categories)]
    for column in columns:
        column.values[random.random(rows) < gaps] = np.nan
    return columns


def fitted(columns: list[Column], parameters: dict[str, Any], *, trees: int = 20) -> str:
    """A model of answers that follow the first column, its gaps, and chance."""
    random = np.random.default_rng(len(columns))
    first = np.nan_to_num(columns[0].values, nan=1.0)
    left = random.random(len(first)) < 1 / (1 + np.exp(-np.sin(first * 3)))
    return fit(columns, left, {"cat_smooth": 0.0, "min_data_per_group": 1, **parameters}, trees=trees)


def check_exact(text: str, values: Floats) -> None:
    tables = compile_tables(read_trees(text))
    theirs = np.asarray(booster_of(text).predict(values, pred_contrib=True))
    raw = np.asarray(booster_of(text).predict(values, raw_score=True))
    for compiled in (True, False):
        assert np.abs(contributions(tables, values, compiled=compiled) - theirs[:, :-1]).max() <= 1e-10
        assert np.abs(margins(tables, values, compiled=compiled) - raw).max() <= 1e-10


EXTREMES = {
    "depth 6 of one number": (drawn(1), DEPTH_6),
    "depth 6 of one category": (drawn(1, categories=1), DEPTH_6),
    "depth 6 of one feature with no gap": (drawn(1, gaps=0.0), DEPTH_6),
    "depth 6 of all features": (drawn(12, categories=4), DEPTH_6),
    "nothing but gaps": (drawn(3, gaps=1.0), DEPTH_6),
    "two rows to learn from": (drawn(2, rows=2, gaps=0.0), DEPTH_6),
    "more bins than a byte": (drawn(2, rows=3000), {**DEPTH_6, "max_bin": 3000, "extra_trees": True}),
    "three hundred features": (drawn(300, categories=20), {**DEPTH_6, "feature_fraction": 0.1}),
    "missing values read as zero": (drawn(4), {**DEPTH_6, "use_missing": False}),
}


@pytest.mark.parametrize("name", EXTREMES)
def test_an_extreme_model_is_exact(name: str) -> None:
    columns, parameters = EXTREMES[name]
    text = fitted(columns, parameters)
    check_exact(text, hard_rows(np.random.default_rng(3), columns, text, 60))


@pytest.mark.parametrize("name", ["depth 6 of one number", "depth 6 of all features"])
def test_the_extreme_models_are_as_deep_as_they_may_be(name: str) -> None:
    columns, parameters = EXTREMES[name]
    depths = booster_of(fitted(columns, parameters)).trees_to_dataframe()["node_depth"]
    assert depths.max() == 7  # the root counts as 1


def test_rows_in_many_blocks_are_the_rows_in_one() -> None:
    columns = drawn(5, categories=2)
    text = fitted(columns, {**PLAIN, "max_depth": 4})
    tables = compile_tables(read_trees(text))
    few = hard_rows(np.random.default_rng(4), columns, text, 997)  # prime, so that no block begins where rows repeat
    many = np.tile(few, (71, 1))
    for compiled in (True, False):
        expected = np.tile(contributions(tables, few, compiled=compiled), (71, 1))
        assert np.array_equal(contributions(tables, many, compiled=compiled), expected)
        chosen = explained(tables, few, _anything(5), compiled=compiled)
        again = explained(tables, many, _anything(5), compiled=compiled)
        assert np.array_equal(again.reason, np.tile(chosen.reason, (71, 1)))
        assert np.array_equal(again.domains, np.tile(chosen.domains, (71, 1)))
        assert np.array_equal(again.logit, np.tile(chosen.logit, 71))


def test_no_rows_give_no_answers() -> None:
    tables = compile_tables(read_trees(fitted(drawn(3), DEPTH_6)))
    none = np.empty((0, 3))
    for compiled in (True, False):
        assert margins(tables, none, compiled=compiled).shape == (0,)
        assert contributions(tables, none, compiled=compiled).shape == (0, 3)
        assert explained(tables, none, _anything(3), compiled=compiled).reason.shape == (0, 5)


def _anything(features: int) -> Choice:
    return Choice(
        say=np.full(features, int(Say.KNOWN), np.int8),
        least=np.zeros(features),
        domain=np.zeros(features, np.int8),
        changeable=np.ones(features, bool),
        rounds_to_zero=np.zeros(features),
    )


# What must be refused


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "linear leaves": ({"linear_tree": True}, "linear"),
    "zero as missing": ({"zero_as_missing": True}, "zero"),
    "a forest": ({"boosting": "rf", "bagging_fraction": 0.5, "bagging_freq": 1}, "forest"),
    "classes": ({"objective": "multiclass", "num_class": 3}, "class"),
    "one against all": ({"objective": "multiclassova", "num_class": 3}, "class"),
    "a regression": ({"objective": "regression"}, "binary"),
    "a cross entropy": ({"objective": "cross_entropy"}, "binary"),
    "another sigmoid": ({"sigmoid": 2.0}, "sigmoid"),
    "depth 7": ({"max_depth": 7, "num_leaves": 60}, "deeper than 6"),
    "leaves without end": ({"max_depth": -1, "num_leaves": 300}, "deeper than 6"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_unsupported_model_is_refused_with_a_sentence(name: str) -> None:
    parameters, word = REFUSED[name]
    text = fitted(drawn(4), {**PLAIN, "max_depth": 4, **parameters}, trees=3)
    assert isinstance(booster_of(text), lightgbm.Booster)  # LightGBM itself takes it
    with pytest.raises(ModelRefused, match=word):
        read_trees(text)


@pytest.mark.parametrize("leaves", [8, 15, 31, 60])
def test_a_model_of_free_depth_is_refused_exactly_where_it_is_too_deep(leaves: int) -> None:
    for trees in (1, 2, 4, 8, 16):
        columns = drawn(5)
        text = fitted(columns, {**PLAIN, "max_depth": -1, "num_leaves": leaves, "min_data_in_leaf": 20}, trees=trees)
        depth = booster_of(text).trees_to_dataframe()["node_depth"].max() - 1
        if depth > 6:
            with pytest.raises(ModelRefused, match="deeper than 6"):
                read_trees(text)
        else:
            check_exact(text, hard_rows(np.random.default_rng(trees), columns, text, 20))
