"""Shapley values from their definition, over every subset of the features: slow, short, and nobody's algorithm.

The arbiter of both kinds of contributions. It shares no line with models/: trees come from the text by a reader of its
own (LightGBM's JSON writes thresholds beyond 1e300 as 1e300), and interventional values use its predictions alone.
"""

from collections.abc import Callable
from math import factorial
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.floating[Any]]


def interventional(margins: Callable[[Floats], Floats], values: Matrix, background: Matrix) -> tuple[Floats, float]:
    """Values (rows, features) and base of a game in which unknown features take the values of background rows.

    `margins` maps (rows, features) to (rows,); worth(S) is its mean over the background with the features S of the row.
    """
    rows, features = values.shape
    own = np.repeat(np.asarray(values, np.float64), len(background), axis=0)
    other = np.tile(np.asarray(background, np.float64), (rows, 1))
    worth = np.empty((1 << features, rows))
    for subset in range(1 << features):
        mixed = np.where(_members(subset, features), own, other)
        worth[subset] = margins(mixed).reshape(rows, len(background)).mean(axis=1)
    return shapley(worth), float(worth[0].mean())


def path_dependent(text: str, values: Matrix) -> tuple[Floats, float]:
    """Values (rows, features) and base where an unknown feature follows both branches in proportion to training rows.

    The game is that of Lundberg et al. 2020 (doi:10.1038/s42256-019-0138-9), algorithm 1; `text` is a LightGBM model.
    """
    rows, features = values.shape
    worth = np.zeros((1 << features, rows))
    for lines in text.split("\nTree=")[1:]:
        tree = _Lines(lines)
        for subset in range(1 << features):
            worth[subset] += _expected(tree, tree.root, _as_read(values), _members(subset, features))
    return shapley(worth), float(worth[0].mean())


def shapley(worth: Floats) -> Floats:
    """Shapley values (rows, features) of games given by the worth of every subset (2**features, rows)."""
    features = len(worth).bit_length() - 1
    phi = np.zeros((worth.shape[1], features))
    for subset in range(len(worth)):
        size = subset.bit_count()
        for feature in range(features):
            if not subset >> feature & 1:
                weight = factorial(size) * factorial(features - size - 1) / factorial(features)
                phi[:, feature] += weight * (worth[subset | 1 << feature] - worth[subset])
    return phi


def _members(subset: int, features: int) -> npt.NDArray[np.bool_]:
    return np.array([bool(subset >> feature & 1) for feature in range(features)])


def _as_read(values: Matrix) -> Floats:
    """LightGBM's C API takes what is not further from zero than the float 1e-35 for zero."""
    read = np.asarray(values, np.float64)
    return np.where(np.abs(read) <= np.float64(np.float32(1e-35)), 0.0, read)


class _Lines:
    """One tree of a text model as it stands there; nothing is checked. A child below zero is the leaf ~child."""

    def __init__(self, lines: str) -> None:
        words = dict(line.split("=", 1) for line in lines.splitlines() if "=" in line)
        taken = {key: [float(word) for word in words.get(key, "").split()] for key in _KEYS}
        self.feature, self.kind, self.left, self.right, self.starts, self.words = (
            [int(number) for number in taken[key]] for key in _KEYS[:6]
        )
        self.threshold, self.leaf, self.leaf_count, self.split_count = (taken[key] for key in _KEYS[6:])
        self.root = 0 if self.feature else ~0

    def count(self, node: int) -> float:
        return self.split_count[node] if node >= 0 else self.leaf_count[~node]

    def goes_left(self, split: int, value: Floats) -> npt.NDArray[np.bool_]:
        """`kind` has the bits 1 for a category, 2 for missing goes left, 8 for NaN is missing."""
        gap, kind, threshold = np.isnan(value), self.kind[split], self.threshold[split]
        if kind & 1:
            words = self.words[self.starts[int(threshold)] : self.starts[int(threshold) + 1]]
            named = [32 * place + bit for place, word in enumerate(words) for bit in range(32) if word >> bit & 1]
            return np.asarray(~gap & np.isin(np.trunc(value), named))
        left = np.where(gap, 0.0, value) <= threshold
        return np.where(gap, bool(kind & 2), left) if kind & 8 else left


_KEYS = (
    *("split_feature", "decision_type", "left_child", "right_child", "cat_boundaries", "cat_threshold"),
    *("threshold", "leaf_value", "leaf_count", "internal_count"),
)


def _expected(tree: _Lines, node: int, values: Floats, known: npt.NDArray[np.bool_]) -> Floats:
    if node < 0:
        return np.full(len(values), tree.leaf[~node])
    left, right = (_expected(tree, child, values, known) for child in (tree.left[node], tree.right[node]))
    if known[tree.feature[node]]:
        return np.where(tree.goes_left(node, values[:, tree.feature[node]]), left, right)
    share = tree.count(tree.left[node]) / tree.count(node)
    return share * left + (1 - share) * right
