"""One tree taken apart: the path to each leaf with what it is worth to its features, and the groups of leaves.

A feature that is asked several times on a path is one player: its conditions are joined, its cover shares multiplied.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.shapley import interventional, path_dependent
from models.trees import Tree

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# A pattern is one byte, so the table of a slot has at most 2 kB and stays in the fastest cache while it is used.
MOST_BITS = 8

Step = tuple[int, int]
"""A split, and 0 when the path goes left there, 1 when it goes right."""


@dataclass(frozen=True, kw_only=True)
class Path:
    """The way to one leaf; `features` are the distinct ones it asks, the first asked first."""

    leaf: int
    steps: tuple[Step, ...]
    features: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Worth:
    """What a leaf of value 1 is worth: `weights` (2^d, d) to its features by pattern, `expected` to a row not known."""

    weights: Floats
    expected: float


@dataclass(frozen=True, kw_only=True)
class Group:
    """The leaves below one node: the steps that lead to the node, the splits from it on, the paths through it."""

    above: tuple[Step, ...]
    inner: tuple[int, ...]
    paths: tuple[Path, ...]

    def bits(self, tree: Tree) -> list[list[Step]]:
        """The conditions of each bit of the pattern: a feature's steps above joined, then each inner split alone."""
        joined: dict[int, list[Step]] = {}
        for step in self.above:
            joined.setdefault(int(tree.split_feature[step[0]]), []).append(step)
        return [*joined.values(), *([(split, 0)] for split in self.inner)]


def paths_of(tree: Tree) -> list[Path]:
    """One path a leaf, from left to right."""
    return list(_paths(tree, 0, ()))


def _paths(tree: Tree, node: int, steps: tuple[Step, ...]) -> Iterator[Path]:
    if node < 0:
        asked = dict.fromkeys(int(tree.split_feature[split]) for split, _ in steps)
        yield Path(leaf=~node, steps=steps, features=tuple(asked))
        return
    yield from _paths(tree, int(tree.left[node]), (*steps, (node, 0)))
    yield from _paths(tree, int(tree.right[node]), (*steps, (node, 1)))


def groups_of(tree: Tree, paths: Sequence[Path]) -> list[Group]:
    """The largest subtrees whose patterns fit in MOST_BITS; together they hold every leaf once."""
    return list(_groups(tree, 0, (), paths))


def _groups(tree: Tree, node: int, above: tuple[Step, ...], paths: Sequence[Path]) -> Iterator[Group]:
    through = tuple(path for path in paths if path.steps[: len(above)] == above)
    inner = tuple(dict.fromkeys(split for path in through for split, _ in path.steps[len(above) :]))
    group = Group(above=above, inner=inner, paths=through)
    if node < 0 or len(group.bits(tree)) <= MOST_BITS:
        yield group
        return
    yield from _groups(tree, int(tree.left[node]), (*above, (node, 0)), through)
    yield from _groups(tree, int(tree.right[node]), (*above, (node, 1)), through)


def worth_by_cover(tree: Tree, paths: Sequence[Path]) -> list[Worth]:
    """Path-dependent: a feature not known sends a row down both ways, in the shares of the training rows."""
    shares = [_cover_shares(tree, path) for path in paths]
    weights = _by_length(shares, path_dependent)
    return [
        Worth(weights=weight, expected=float(np.prod(share))) for weight, share in zip(weights, shares, strict=True)
    ]


def _cover_shares(tree: Tree, path: Path) -> Floats:
    shares = dict.fromkeys(path.features, 1.0)
    for split, right in path.steps:
        child = int(tree.right[split] if right else tree.left[split])
        cover = tree.leaf_count[~child] if child < 0 else tree.split_count[child]
        shares[int(tree.split_feature[split])] *= float(cover / tree.split_count[split])
    return np.array(list(shares.values()))


def worth_by_background(tree: Tree, paths: Sequence[Path], left: Flags) -> list[Worth]:
    """Interventional: a feature not known has the value of a background row. `left` (splits, rows): who goes left."""
    shares = [_pattern_shares(tree, path, left) for path in paths]
    weights = _by_length(shares, interventional)
    return [Worth(weights=weight, expected=float(share[-1])) for weight, share in zip(weights, shares, strict=True)]


def _pattern_shares(tree: Tree, path: Path, left: Flags) -> Floats:
    """(2^d,) the share of background rows that satisfy the path's conditions in each pattern."""
    place = {feature: 1 << player for player, feature in enumerate(path.features)}
    pattern = np.full(left.shape[1], (1 << len(place)) - 1)
    for split, right in path.steps:
        satisfied = left[split] != bool(right)
        pattern &= np.where(satisfied, -1, ~place[int(tree.split_feature[split])])
    return np.asarray(np.bincount(pattern, minlength=1 << len(place)) / left.shape[1])


def _by_length(shares: Sequence[Floats], weigh: Callable[[Floats], Floats]) -> list[Floats]:
    """`weigh` of every leaf's shares, the leaves of one length at once."""
    weights: dict[int, Floats] = {}
    for length in {len(share) for share in shares}:
        places = [place for place, share in enumerate(shares) if len(share) == length]
        weighed = weigh(np.array([shares[place] for place in places]))
        weights.update(zip(places, weighed, strict=True))
    return [weights[place] for place in range(len(shares))]
