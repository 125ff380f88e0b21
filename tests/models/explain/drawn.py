"""Trees drawn by hand: `split("absent <= 3", leaf(...), leaf(...))`, so that a test shows the tree it is about."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from models.trees import Tree, TreeModel


@dataclass(frozen=True)
class Leaf:
    value: float
    rows: int


@dataclass(frozen=True)
class Split:
    feature: str
    threshold: float
    categories: tuple[int, ...] | None
    left: "Leaf | Split"
    right: "Leaf | Split"
    missing: str | None

    @property
    def rows(self) -> int:
        return self.left.rows + self.right.rows


Node = Leaf | Split


def leaf(value: float, *, rows: int) -> Leaf:
    return Leaf(value, rows)


def split(question: str, left: Node, right: Node, *, missing: str | None = None) -> Split:
    """`"name <= 3"` or `"name in 0,2"`; `missing` is "left" or "right", None where NaN is read as 0."""
    if " in " in question:
        feature, codes = question.split(" in ")
        return Split(feature, 0.0, tuple(int(code) for code in codes.split(",")), left, right, missing)
    feature, threshold = question.split(" <= ")
    return Split(feature, float(threshold), None, left, right, missing)


def model(features: str, *trees: Node) -> TreeModel:
    names = tuple(features.split())
    return TreeModel(features=names, trees=tuple(_Drawing(names).tree(root) for root in trees))


def rows_of(*rows: tuple[float, ...]) -> npt.NDArray[np.float64]:
    return np.array(rows, np.float64)


@dataclass
class _Drawing:
    names: tuple[str, ...]
    splits: list[Split] = field(default_factory=list)
    children: list[list[int]] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)

    def tree(self, root: Node) -> Tree:
        self._place(root)
        sides = np.array(self.children, np.int32).reshape(-1, 2)
        return Tree(
            split_feature=np.array([self.names.index(one.feature) for one in self.splits], np.int32),
            threshold=np.array([one.threshold for one in self.splits], np.float64),
            default_left=np.array([one.missing == "left" for one in self.splits], np.bool_),
            nan_is_missing=np.array([one.missing is not None for one in self.splits], np.bool_),
            categories=tuple(_words(one.categories) for one in self.splits),
            left=sides[:, 0].copy(),
            right=sides[:, 1].copy(),
            leaf_value=np.array([one.value for one in self.leaves], np.float64),
            leaf_count=np.array([one.rows for one in self.leaves], np.float64),
            split_count=np.array([one.rows for one in self.splits], np.float64),
        )

    def _place(self, node: Node) -> int:
        if isinstance(node, Leaf):
            self.leaves.append(node)
            return ~(len(self.leaves) - 1)
        place = len(self.splits)
        self.splits.append(node)
        self.children.append([0, 0])
        self.children[place] = [self._place(node.left), self._place(node.right)]
        return place


def _words(categories: tuple[int, ...] | None) -> Any:
    if categories is None:
        return None
    words = np.zeros(max(categories) // 32 + 1, np.uint32)
    for category in categories:
        words[category // 32] |= np.uint32(1 << category % 32)
    return words
