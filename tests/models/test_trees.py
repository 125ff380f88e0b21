"""Trees as LightGBM itself understands its text, and one sentence for each text that is refused."""

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from models.trees import Tree, read_trees
from records.errors import ModelRefused
from tests.models.explain.fuzzed import Case, Column, fit, make_case
from tests.models.hostile import CASES, GOOD, NUMERICAL, Fields, Hostile, chain, hostile_texts, model_text

# As LightGBM reads it


@pytest.mark.timeout(3600)
def test_every_field_is_what_lightgbm_reads_in_fuzzed_models() -> None:
    compared = 0
    for case in fuzzed_cases(max(60, CASES // 20)):
        model, dumped = read_trees(case.text), case.booster.dump_model()
        assert list(model.features) == dumped["feature_names"]
        for tree, told in zip(model.trees, dumped["tree_info"], strict=True):
            compared += _compare(tree, told["tree_structure"])
    assert compared > 1000


def fuzzed_cases(count: int) -> Iterator[Case]:
    """Cases of the first seeds; LightGBM cannot fit a few of the wildest settings."""
    import lightgbm

    seed = 0
    while count:
        seed += 1
        try:
            case = make_case(seed)
        except lightgbm.basic.LightGBMError:
            continue
        yield case
        count -= 1


def _compare(tree: Tree, root: dict[str, Any]) -> int:
    """Walk both trees side by side; returns the number of nodes."""
    waiting, met = [(0 if len(tree.left) else ~0, root)], 0
    while waiting:
        node, told = waiting.pop()
        met += 1
        if node < 0:
            assert told.get("leaf_index", 0) == ~node
            assert tree.leaf_value[~node] == told["leaf_value"]
            assert tree.leaf_count[~node] == told.get("leaf_count", tree.leaf_count[~node])
            continue
        assert told["split_index"] == node
        assert tree.split_feature[node] == told["split_feature"]
        assert tree.split_count[node] == told["internal_count"]
        assert tree.nan_is_missing[node] == (told["missing_type"] == "NaN")
        _compare_question(tree, node, told)
        waiting += [(int(tree.left[node]), told["left_child"]), (int(tree.right[node]), told["right_child"])]
    assert met == 2 * len(tree.left) + 1
    return met


def _compare_question(tree: Tree, node: int, told: dict[str, Any]) -> None:
    words = tree.categories[node]
    if words is None:
        assert told["decision_type"] == "<="
        # LightGBM dumps larger thresholds, such as infinity, as 1e300.
        assert np.clip(tree.threshold[node], -1e300, 1e300) == told["threshold"]
        assert tree.default_left[node] == told["default_left"]
    else:
        assert told["decision_type"] == "=="
        named = [place for place in range(32 * len(words)) if words[place // 32] >> np.uint32(place % 32) & 1]
        assert named == [int(word) for word in told["threshold"].split("||")]
        assert tree.threshold[node] == 0
        assert not tree.default_left[node]


def test_the_fuzzed_models_have_every_kind_of_tree() -> None:
    trees = [tree for case in fuzzed_cases(60) for tree in read_trees(case.text).trees]
    assert any(len(tree.left) == 0 for tree in trees)
    assert any(words is not None and len(words) > 4 for tree in trees for words in tree.categories)
    assert any(np.isinf(tree.threshold).any() for tree in trees)
    assert {len(tree.left) > 20 for tree in trees} == {True, False}
    assert {bool(flag) for tree in trees for flag in tree.nan_is_missing} == {True, False}
    assert {bool(flag) for tree in trees for flag in tree.default_left} == {True, False}


def test_a_small_text_in_full() -> None:
    model = read_trees(GOOD)
    numerical, categorical, stump = model.trees
    assert model.features == ("missed", "grade", "college")
    assert numerical.split_feature.tolist() == [0, 1]
    assert numerical.threshold.tolist() == [0.25, np.inf]
    assert numerical.default_left.tolist() == [True, False]
    assert numerical.nan_is_missing.tolist() == [True, True]
    assert (numerical.left.tolist(), numerical.right.tolist()) == ([1, -1], [-2, -3])
    assert numerical.leaf_value.tolist() == [-2, 1, 0.5]
    assert (numerical.leaf_count.tolist(), numerical.split_count.tolist()) == ([40, 50, 10], [100, 50])
    assert numerical.categories == (None, None)
    # The root asks for the second set, {1, 40}; the other split for the first, {1, 2}.
    assert [words.tolist() for words in categorical.categories if words is not None] == [[2, 256], [6]]
    assert (stump.leaf_value.tolist(), stump.leaf_count.tolist()) == ([-0.3], [400])
    assert stump.left.shape == stump.threshold.shape == stump.split_count.shape == (0,)


def test_the_types_are_those_that_tables_are_compiled_from() -> None:
    for tree in read_trees(GOOD).trees:
        kinds = {name: value.dtype for name, value in vars(tree).items() if name != "categories"}
        assert [kinds[name] for name in ("split_feature", "left", "right")] == [np.int32] * 3
        assert [kinds[name] for name in ("threshold", "leaf_value", "leaf_count", "split_count")] == [np.float64] * 4
        assert [kinds[name] for name in ("default_left", "nan_is_missing")] == [np.bool_] * 2
        assert all(words is None or words.dtype == np.uint32 for words in tree.categories)


def test_what_follows_the_trees_is_not_read() -> None:
    assert len(read_trees(GOOD + "\n\x00Tree=3\nanything").trees) == 3
    assert len(read_trees(GOOD[: GOOD.index("end of trees") + len("end of trees")]).trees) == 3


def test_six_splits_on_the_way_are_not_too_deep() -> None:
    assert len(read_trees(model_text(chain(6))).trees[0].left) == 6


def test_the_bag_of_production_is_read_in_a_moment() -> None:
    """1,500 trees of 16 leaves: 0.3 s of one core; the bound leaves room for a slower one."""
    text = model_text(*[even_tree(4)] * 1500)
    started = time.process_time()
    assert len(read_trees(text).trees) == 1500
    assert time.process_time() - started < 1.5


def even_tree(depth: int) -> Fields:
    """A tree of 2^depth leaves, each split written with 17 digits as LightGBM does."""
    splits, leaves = 2**depth - 1, 2**depth
    below = [[2 * node + side if 2 * node + side < splits else splits - 1 - (2 * node + side) for node in range(splits)] for side in (1, 2)]  # fmt: skip
    counts = [leaves >> (node + 1).bit_length() - 1 for node in range(splits)]
    return {
        **NUMERICAL, "num_leaves": str(leaves), "split_feature": " ".join(["1"] * splits),
        "threshold": " ".join(["-0.052021283764138504"] * splits), "decision_type": " ".join(["10"] * splits),
        "left_child": " ".join(map(str, below[0])), "right_child": " ".join(map(str, below[1])),
        "leaf_value": " ".join(["-0.26893988369626609"] * leaves), "leaf_count": " ".join(["1"] * leaves),
        "internal_count": " ".join(map(str, counts)),
    }  # fmt: skip


# What is refused


@pytest.mark.parametrize("hostile", hostile_texts(), ids=lambda hostile: hostile.name)
def test_each_hostile_text_is_refused_with_a_sentence_of_its_own(hostile: Hostile) -> None:
    started = time.process_time()
    with pytest.raises(ModelRefused) as refused:
        read_trees(hostile.text)
    assert str(refused.value) == hostile.said
    assert time.process_time() - started < 2


def test_a_model_of_real_lightgbm_that_cannot_be_explained_is_refused() -> None:
    random = np.random.default_rng(3)
    values = random.normal(size=(200, 3))
    left = values[:, 0] + random.normal(size=200) > 0
    for settings, said in (
        ({"linear_tree": True}, "has linear leaves"),
        ({"zero_as_missing": True}, "reads zero as missing"),
        (
            {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5},
            "its trees are averaged, as in a random forest",
        ),
        ({"objective": "cross_entropy"}, "its objective is not binary"),
        ({"sigmoid": 2.0}, "its sigmoid is not 1"),
        ({"max_depth": -1, "num_leaves": 40}, "is deeper than 6"),
    ):
        columns = [Column(values=column) for column in values.T]
        shared = {"objective": "binary", "max_depth": 3, "num_leaves": 8, "min_data_in_leaf": 2}
        text = fit(columns, left, {**shared, **settings}, trees=3)
        with pytest.raises(ModelRefused, match=said):
            read_trees(text)
