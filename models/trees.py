"""The trees of a LightGBM text model, read and checked in Python: nothing else ever parses a model file here.

LightGBM's own loader trusts what it reads: a child index out of range ends the process, a cycle never ends (design:
explain 3). So each number is checked before anything follows it, and nothing is allocated from a number in the file.
Decisions are those of LightGBM 4 (`Tree::NumericalDecision`, `Tree::CategoricalDecision` in include/LightGBM/tree.h).
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from records.errors import ModelRefused

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint32]

MOST_DEPTH = 6
"""Splits on the longest way to a leaf. Tables grow with the depth: 6 is the deepest that was measured to pay."""
MOST_LEAVES = 2**MOST_DEPTH
MOST_TREES = 5_000
"""The bag of five seeds has 1,500."""
MOST_FEATURES = 10_000
MOST_CHARACTERS = 32 * 2**20
"""The bag of five seeds needs about 2.5 million; one tree of 64 leaves and many categories some 100,000."""
MOST_WORDS = 2_048
"""Words of 32 bits in the bit set of one split: codes of categories are below 65,536."""
LARGEST_LEAF = 10_000.0
"""Log-odds. What a leaf of a sane model adds is below 40; the bound keeps every sum finite."""
_MOST_LINES = 40
_LARGEST_COUNT = 2**31 - 1
_LONGEST_NUMBER = 64
_INTEGERS = re.compile(r"-?[0-9]{1,18}(?: -?[0-9]{1,18})*")
_NUMBER = r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:e[-+]?[0-9]{1,4})?"
_NUMBERS = re.compile(f"{_NUMBER}(?: {_NUMBER})*")
# LightGBM writes `inf` where a split only parts missing from known.
_THRESHOLDS = re.compile(f"(?:{_NUMBER}|inf)(?: (?:{_NUMBER}|inf))*")
_CATEGORICAL, _DEFAULT_LEFT, _MISSING_ZERO, _MISSING_NAN = 1, 2, 4, 8
_DECISIONS = _CATEGORICAL | _DEFAULT_LEFT | _MISSING_ZERO | _MISSING_NAN
_TREE_KEYS = frozenset(
    {"num_leaves", "num_cat", "split_feature", "split_gain", "threshold", "decision_type", "left_child", "right_child"}
    | {"leaf_value", "leaf_weight", "leaf_count", "internal_value", "internal_weight", "internal_count"}
    | {"cat_boundaries", "cat_threshold", "is_linear", "shrinkage"}
    | {"leaf_const", "num_features", "leaf_features", "leaf_coeff"}
)


@dataclass(frozen=True, kw_only=True)
class Tree:
    """One tree of n splits and n + 1 leaves; a stump has no split and one leaf.

    Numerical split: `x <= threshold` goes left; NaN goes as `default_left` says where `nan_is_missing`, else it is
    read as 0. Categorical split: x goes left when the bit of its whole part is set in `categories`; NaN, negative and
    unseen go right. Split 0 is the root.
    """

    split_feature: Integers  # (n,)
    threshold: Floats  # (n,) of a categorical split: 0; +inf where every known value goes left
    default_left: Flags  # (n,) of a categorical split: False
    nan_is_missing: Flags  # (n,) LightGBM's missing type NaN; False = missing type None
    categories: tuple[Words | None, ...]  # (n,) the bit set of categories that go left, None = numerical
    left: Integers  # (n,) >= 0 a split, negative = ~leaf
    right: Integers  # (n,)
    leaf_value: Floats  # (n + 1,) log-odds
    leaf_count: Floats  # (n + 1,) training rows, > 0
    split_count: Floats  # (n,) training rows: the sum of both children's


@dataclass(frozen=True, kw_only=True)
class TreeModel:
    """The margin of a row, in log-odds, is the sum of one leaf of each tree."""

    features: tuple[str, ...]
    trees: tuple[Tree, ...]


def read_trees(text: str) -> TreeModel:
    """The trees of a model as LightGBM 4 writes it. Raises ModelRefused for what is damaged or cannot be explained."""
    if len(text) > MOST_CHARACTERS:
        _damaged(f"it has more than {MOST_CHARACTERS:,} characters")
    head = text.partition("\nend of trees")[0].partition("\nTree=")[0]
    features = _features_of(head)
    body, end, rest = text[len(head) :].partition("\nend of trees")
    if not end or rest[:1] not in ("", "\n"):
        _damaged("the line 'end of trees' is missing, so it was cut off")
    _, *blocks = body.split("\nTree=", MOST_TREES + 1)
    if not blocks:
        _damaged("it has no tree")
    if len(blocks) > MOST_TREES:
        _damaged(f"it has more than {MOST_TREES:,} trees")
    trees = tuple(_TreeText(number, block).tree(len(features)) for number, block in enumerate(blocks))
    _check_kinds(trees, features)
    return TreeModel(features=features, trees=trees)


def _damaged(what: str) -> NoReturn:
    raise ModelRefused(
        f"The model text is damaged: {what}. Promote the trained bundle again, or train a new one. · "
        "ต้นไม้ตัดสินใจของแบบจำลองเสียหาย ให้รับหน้าที่อีกครั้งด้วย zerodrop promote หรือฝึกใหม่ด้วย zerodrop train"
    )


def _unsupported(what: str) -> NoReturn:
    raise ModelRefused(
        f"The model text cannot be explained exactly: {what}. Train a model with `zerodrop train`. · "
        "ต้นไม้ตัดสินใจชนิดนี้ให้เหตุผลที่ตรงกับคะแนนไม่ได้ ฝึกแบบจำลองด้วย zerodrop train"
    )


def _features_of(head: str) -> tuple[str, ...]:
    """The names of the features, after the head of the text was checked."""
    first, *lines = head.strip("\n").split("\n", _MOST_LINES)
    if first != "tree":
        _damaged("it does not begin as a LightGBM text")
    keys = _keys([line for line in lines if line != "average_output"], "its head")
    if "average_output" in lines:
        _unsupported("its trees are averaged, as in a random forest")
    if _one(keys, "version", "its head") != "v4":
        _unsupported("it was not written by LightGBM 4")
    if _one(keys, "num_class", "its head") != "1" or _one(keys, "num_tree_per_iteration", "its head") != "1":
        _unsupported("it has more than one class or more than one tree an iteration")
    objective = _one(keys, "objective", "its head")
    if objective.split(" ", 1)[0] != "binary":
        _unsupported("its objective is not binary")
    if objective != "binary sigmoid:1":
        _unsupported("its sigmoid is not 1")
    return _names(keys)


def _names(keys: dict[str, str]) -> tuple[str, ...]:
    names = _one(keys, "feature_names", "its head").split(" ", MOST_FEATURES)
    if len(names) > MOST_FEATURES:
        _damaged(f"it has more than {MOST_FEATURES:,} features")
    if _one(keys, "max_feature_idx", "its head") != str(len(names) - 1):
        _damaged("the number of its features and max_feature_idx differ")
    if not all(names) or len(set(names)) < len(names):
        _damaged("a feature's name is empty or stands twice")
    return tuple(names)


def _keys(lines: Sequence[str], where: str) -> dict[str, str]:
    """Lines `key=value` as a dictionary."""
    if len(lines) >= _MOST_LINES:
        _damaged(f"{where} has more than {_MOST_LINES} lines")
    keys: dict[str, str] = {}
    for line in lines:
        key, sign, value = line.partition("=")
        if not sign:
            _damaged(f"{where} has a line without a key")
        if key in keys:
            _damaged(f"{where} says {key[:40]!r} twice")
        keys[key] = value
    return keys


def _one(keys: dict[str, str], key: str, where: str) -> str:
    if key not in keys:
        _damaged(f"{where} lacks {key}")
    return keys[key]


class _TreeText:
    """One tree's lines, and how their numbers are taken; all errors name the tree by its place."""

    def __init__(self, number: int, block: str) -> None:
        self.where = f"tree {number}"
        head, _, lines = block.partition("\n")
        if head != str(number):
            _damaged(f"{self.where} is missing or stands twice")
        self.keys = _keys(lines.strip("\n").split("\n", _MOST_LINES), self.where)
        for key in self.keys:
            if key not in _TREE_KEYS:
                self.damaged(f"has the unknown key {key[:40]!r}")

    def damaged(self, what: str) -> NoReturn:
        _damaged(f"{self.where} {what}")

    def tree(self, features: int) -> Tree:
        if _one(self.keys, "is_linear", self.where) != "0":
            _unsupported(f"{self.where} has linear leaves")
        (leaves,) = self.integers("num_leaves", 1, low=1, high=2**31)
        if leaves > MOST_LEAVES:
            _unsupported(f"{self.where} has {leaves} leaves, so it is deeper than {MOST_DEPTH}")
        splits = leaves - 1
        decisions = self.integers("decision_type", splits, low=0, high=_DECISIONS)
        thresholds = self.numbers("threshold", splits, _THRESHOLDS)
        categories = self.categories(decisions, thresholds)
        left, right = (
            self.integers(key, splits, low=-leaves, high=splits - 1) for key in ("left_child", "right_child")
        )
        leaf_count = self.integers("leaf_count", leaves, low=1, high=_LARGEST_COUNT)
        split_count = self.integers("internal_count", splits, low=1, high=_LARGEST_COUNT)
        self.walk(left, right, leaf_count, split_count)
        numerical = np.array([words is None for words in categories], bool)
        return Tree(
            split_feature=np.array(self.integers("split_feature", splits, low=0, high=features - 1), np.int32),
            threshold=np.where(numerical, np.array(thresholds, np.float64), 0.0),
            # A categorical split sends NaN to the right whatever its bit says.
            default_left=np.array([bool(kind & _DEFAULT_LEFT) for kind in decisions], bool) & numerical,
            nan_is_missing=np.array([bool(kind & _MISSING_NAN) for kind in decisions], bool),
            categories=categories,
            left=np.array(left, np.int32),
            right=np.array(right, np.int32),
            leaf_value=np.array(self.leaf_values(leaves), np.float64),
            leaf_count=np.array(leaf_count, np.float64),
            split_count=np.array(split_count, np.float64),
        )

    def leaf_values(self, leaves: int) -> list[float]:
        values = self.numbers("leaf_value", leaves)
        if max(map(abs, values)) > LARGEST_LEAF:
            self.damaged(f"has a leaf beyond {LARGEST_LEAF:,.0f} log-odds")
        return values

    def categories(self, decisions: list[int], thresholds: list[float]) -> tuple[Words | None, ...]:
        """The bit set of each split. `threshold` of a categorical split is the index of its set."""
        categorical = [bool(kind & _CATEGORICAL) for kind in decisions]
        if any(kind & _MISSING_ZERO for kind in decisions):
            _unsupported(f"{self.where} reads zero as missing")
        (sets,) = self.integers("num_cat", 1, low=0, high=2**31)
        used = [threshold for threshold, yes in zip(thresholds, categorical, strict=True) if yes]
        if sets != len(used):
            self.damaged(f"has {sets} sets of categories for {len(used)} categorical splits")
        if sorted(used) != list(range(sets)):
            self.damaged("has a categorical split whose set of categories is not there or stands twice")
        if not sets:
            return (None,) * len(decisions)
        bounds = self.integers("cat_boundaries", sets + 1, low=0, high=sets * MOST_WORDS)
        sizes = [after - before for before, after in pairwise(bounds)]
        if bounds[0] != 0 or min(sizes) < 1 or max(sizes) > MOST_WORDS:
            self.damaged("has sets of categories that overlap, are empty or hold codes above 65,535")
        words = np.array(self.integers("cat_threshold", bounds[-1], low=0, high=2**32 - 1), np.uint32)
        return tuple(
            words[bounds[int(threshold)] : bounds[int(threshold) + 1]] if yes else None
            for threshold, yes in zip(thresholds, categorical, strict=True)
        )

    def walk(self, left: list[int], right: list[int], leaf_count: list[int], split_count: list[int]) -> None:
        """Follow every child once from the root: no cycle, no node twice or never, no way too long, counts that add up."""
        seen: set[int] = set()
        waiting = [(0 if left else ~0, 0)]
        while waiting:
            node, depth = waiting.pop()
            if node in seen:
                self.damaged("reaches a node twice")
            seen.add(node)
            if node < 0:
                continue
            if depth == MOST_DEPTH:
                _unsupported(f"{self.where} is deeper than {MOST_DEPTH}")
            below = (left[node], right[node])
            if split_count[node] != sum(leaf_count[~child] if child < 0 else split_count[child] for child in below):
                self.damaged("has counts that do not add up")
            waiting.extend((child, depth + 1) for child in below)
        if len(seen) < len(leaf_count) + len(split_count):
            self.damaged("has nodes that cannot be reached")

    def integers(self, key: str, count: int, *, low: int, high: int) -> list[int]:
        """Exactly `count` whole numbers between `low` and `high`."""
        numbers = list(map(int, self.parts(key, count, _INTEGERS)))
        if numbers and (min(numbers) < low or max(numbers) > high):
            self.damaged(f"has a number in {key} that is not between {low} and {high}")
        return numbers

    def numbers(self, key: str, count: int, form: re.Pattern[str] = _NUMBERS) -> list[float]:
        """Exactly `count` numbers, finite but for the `inf` that the form may allow."""
        parts = self.parts(key, count, form)
        numbers = list(map(float, parts))
        if parts.count("inf") != sum(map(math.isinf, numbers)):
            self.damaged(f"has a number in {key} that is too large")
        return numbers

    def parts(self, key: str, count: int, form: re.Pattern[str]) -> list[str]:
        """Exactly `count` parts of the form."""
        value = self.keys.get(key, "") if count == 0 else _one(self.keys, key, self.where)
        parts = value.split(" ", count) if value else []
        if len(parts) != count or len(value) > _LONGEST_NUMBER * count:
            self.damaged(f"has not {count} numbers in {key}")
        if value and not form.fullmatch(value):
            self.damaged(f"has something else than {'whole ' * (form is _INTEGERS)}numbers in {key}")
        return parts


def _check_kinds(trees: Sequence[Tree], features: Sequence[str]) -> None:
    """A feature is a category or a number, throughout the model."""
    kinds: dict[int, bool] = {}
    for tree in trees:
        for feature, words in zip(tree.split_feature.tolist(), tree.categories, strict=True):
            if kinds.setdefault(feature, words is None) != (words is None):
                _damaged(f"feature {features[feature][:60]!r} is split as a category and as a number")
