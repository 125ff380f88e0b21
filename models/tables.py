"""A model compiled into tables, once: which pattern of answers a row gives, and what each pattern is worth.

All questions of a small tree have one of few patterns of answers, and the pattern decides everything: the leaf that is
reached and what each feature contributes to it. So both are computed for every pattern when the model is compiled
(models/shapley.py), and a row costs one look-up for each feature of a tree: the idea of Fast TreeSHAP v2 (Yang 2022)
and WOODELF (Nadel & Wettenstein 2025), here with categories, missing values and LightGBM's exact answers.

- A **group** is a tree or, where that asks more than MOST_BITS questions, a subtree with the conditions above it.
- A **bit** of a group's pattern is one question of the subtree (1 = left), or, for each distinct feature above the
  subtree, whether the row satisfies all conditions on that feature on the way down.
- A **slot** is one feature of a group, or the margin, which is kept as one feature more: its table has one number for
  each pattern. A row's contribution of a feature is the sum over its slots, always in the order of the slots, so every
  way of computing it gives the same bits.
"""

import io
import zipfile
from functools import cache
from pathlib import Path as FilePath
from typing import Any

import numpy as np
import numpy.typing as npt

from models.binning import Binning, answers, binned, binning_of
from models.layout import Layout, Tables, faults
from models.paths import Group, Path, Step, Worth, groups_of, paths_of, worth_by_background, worth_by_cover
from models.shapley import bits
from models.trees import MOST_FEATURES, Tree, TreeModel
from records.errors import ModelRefused

Floats = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Matrix = npt.NDArray[np.floating[Any]]

_LONGEST_HEAD = 1_000
# The types of the stored arrays; all others are int32.
KINDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("numbers", "thresholds", "table"), (np.float64,)),
    **dict.fromkeys(("answers", "condition_right"), (np.uint8,)),
    "threshold_start": (np.int64,),
}


def compile_tables(model: TreeModel, background: Matrix | None = None) -> Tables:
    """Tables for path-dependent values (LightGBM's pred_contrib), or, with a background (rows, features), for
    interventional ones: what each feature adds to the difference from these rows, on average.

    Raises ModelRefused when a feature has more thresholds than two bytes can tell apart.
    """
    parts = _Parts(model)
    others = None if background is None else np.ascontiguousarray(background.T, np.float64)
    rows = None if others is None else binned(parts.binning, others)
    for tree in model.trees:
        if len(tree.left) == 0:
            parts.constant += float(tree.leaf_value[0])
            continue
        paths = paths_of(tree)
        if rows is None:
            worths = worth_by_cover(tree, paths)
        else:
            left = [
                answers(parts.binning, tree, node)[rows[feature]] for node, feature in enumerate(tree.split_feature)
            ]
            worths = worth_by_background(tree, paths, np.array(left))
        parts.add(tree, paths, worths)
    return parts.tables()


class _Parts:
    """The tables as they grow: one list an array of the layout."""

    def __init__(self, model: TreeModel) -> None:
        self.features = len(model.features)
        self.binning = binning_of(model)
        self.base = self.constant = 0.0
        self.lists: dict[str, list[Any]] = {name: [0] if name.endswith("_start") else [] for name in Layout._fields}
        self.questions: dict[tuple[int, bytes], int] = {}
        self.open_word: dict[int, int] = {}  # feature -> the next free question of its last word
        self.words: list[Bytes] = []
        self.entries: list[Floats] = []
        self.next_entry = 0

    def tables(self) -> Tables:
        self.lists["word_answers"] = np.cumsum([0, *map(len, self.words)])[:-1].tolist()
        columns: dict[str, npt.NDArray[Any]] = {
            name: np.array(entries, *KINDS.get(name, (np.int32,))) for name, entries in self.lists.items()
        }
        columns["answers"] = np.concatenate([np.zeros(0, np.uint8), *self.words])
        columns["table"] = np.concatenate([np.zeros(0), *self.entries])
        return Tables(
            features=self.features,
            base=self.base + self.constant,
            constant=self.constant,
            binning=self.binning,
            layout=Layout(**columns),
        )

    def add(self, tree: Tree, paths: list[Path], worths: list[Worth]) -> None:
        by_leaf = {path.leaf: worth for path, worth in zip(paths, worths, strict=True)}
        self.base += sum(float(tree.leaf_value[leaf]) * worth.expected for leaf, worth in by_leaf.items())
        questions = [self._question(tree, node) for node in range(len(tree.left))]
        for group in groups_of(tree, paths):
            self._add_bits(group.bits(tree), questions)
            self._add_slots(_group_table(tree, group, by_leaf, margin=self.features))

    def _question(self, tree: Tree, node: int) -> int:
        """The number of a split's question; trees that ask the same share it."""
        feature, left = int(tree.split_feature[node]), answers(self.binning, tree, node)
        key = (feature, left.tobytes())
        if key not in self.questions:
            question = self.open_word.get(feature, 0)
            if question % 8 == 0:
                question = 8 * len(self.words)
                self.lists["word_feature"].append(feature)
                self.words.append(np.zeros(len(left), np.uint8))
            self.words[question // 8] |= left.view(np.uint8) << np.uint8(question % 8)
            self.open_word[feature] = question + 1
            self.questions[key] = question
        return self.questions[key]

    def _add_bits(self, conditions: list[list[Step]], questions: list[int]) -> None:
        for steps in conditions:
            self.lists["condition_question"].extend(questions[node] for node, _ in steps)
            self.lists["condition_right"].extend(right for _, right in steps)
            self.lists["bit_conditions_start"].append(len(self.lists["condition_question"]))
        self.lists["group_bits_start"].append(len(self.lists["bit_conditions_start"]) - 1)

    def _add_slots(self, tables: dict[int, Floats]) -> None:
        for feature, table in tables.items():
            self.lists["slot_feature"].append(feature)
            self.lists["slot_table"].append(self.next_entry)
            self.entries.append(table)
            self.next_entry += len(table)
        self.lists["group_slots_start"].append(len(self.lists["slot_feature"]))


def _group_table(tree: Tree, group: Group, worths: dict[int, Worth], *, margin: int) -> dict[int, Floats]:
    """Feature, the margin first -> (2^bits,) what the group's leaves add to it, by pattern."""
    asks: list[int] = tree.split_feature.tolist()
    conditions = group.bits(tree)
    holds = _holds(conditions, group)
    patterns = 1 << len(conditions)
    asked = sorted({feature for path in group.paths for feature in path.features})
    tables = {feature: np.zeros(patterns) for feature in (margin, *asked)}
    for path in group.paths:
        value, worth = float(tree.leaf_value[path.leaf]), worths[path.leaf]
        agrees: dict[int, Flags] = {}
        for step in path.steps:
            feature = asks[step[0]]
            agrees[feature] = agrees[feature] & holds[step] if feature in agrees else holds[step]
        pattern = np.packbits(list(agrees.values()), axis=0, bitorder="little")[0]
        added = (value * worth.weights)[pattern]
        for player, feature in enumerate(path.features):
            tables[feature] += added[:, player]
        tables[margin] += value * (pattern == (1 << len(path.features)) - 1)
    return tables


def _holds(conditions: list[list[Step]], group: Group) -> dict[Step, Flags]:
    """Step -> (2^bits,) whether a row with that pattern may take it; for steps above, all those of the feature."""
    planes = _planes(len(conditions))
    holds = {step: planes[bit] for bit, steps in enumerate(conditions) for step in steps}
    holds.update({(split, 1): ~holds[split, 0] for split in group.inner})
    return holds


@cache
def _planes(count: int) -> npt.NDArray[np.bool_]:
    """(count, 2^count): whether bit i is set, for every pattern."""
    return np.ascontiguousarray(bits(count).T.astype(np.bool_))


def save_tables(tables: Tables, path: FilePath) -> None:
    """Write the tables as .npz; the same tables give the same bytes."""
    numbers = np.array([tables.features, tables.base, tables.constant])
    with path.open("wb") as file:
        np.savez(file, numbers=numbers, **tables.binning._asdict(), **tables.layout._asdict())


def load_tables(path: FilePath) -> Tables:
    """Read what save_tables wrote. Raises ModelRefused for anything else: every number is checked before it is used."""
    try:
        with zipfile.ZipFile(path) as file:
            arrays = {name: _array(file, name) for name in ("numbers", *Binning._fields, *Layout._fields)}
    except (OSError, ValueError, KeyError, SyntaxError, RuntimeError, zipfile.BadZipFile) as error:
        raise _refused("the file is cut off or was written by something else") from error
    numbers = arrays.pop("numbers")
    if len(numbers) != 3 or not 1 <= numbers[0] <= MOST_FEATURES or numbers[0] % 1:
        raise _refused("the number of features is not a number of features")
    tables = Tables(
        features=int(numbers[0]),
        base=float(numbers[1]),
        constant=float(numbers[2]),
        binning=Binning(**{name: arrays[name] for name in Binning._fields}),
        layout=Layout(**{name: arrays[name] for name in Layout._fields}),
    )
    for fault in faults(tables):
        raise _refused(fault)
    return tables


def _array(file: zipfile.ZipFile, name: str) -> npt.NDArray[Any]:
    """One flat array, stored as it is, so that no number in the file makes us allocate more than the file's size.

    Raises ValueError for another type or shape than save_tables writes.
    """
    entry = file.getinfo(f"{name}.npy")
    if entry.compress_type != zipfile.ZIP_STORED:
        raise ValueError(name)
    raw = bytearray(file.read(entry))
    head = io.BytesIO(raw[:_LONGEST_HEAD])
    version = np.lib.format.read_magic(head)
    shape, _, kind = np.lib.format.read_array_header_1_0(head)
    if version != (1, 0) or kind not in KINDS.get(name, (np.int32,)):
        raise ValueError(name)
    array = np.frombuffer(raw, kind, offset=head.tell())
    if shape != array.shape:
        raise ValueError(name)
    return array


def _refused(why: str) -> ModelRefused:
    return ModelRefused(
        f"The tables of the model are damaged: {why}. Promote the trained bundle again, or train a new one. · "
        "ตารางของแบบจำลองเสียหาย ให้รับหน้าที่อีกครั้งด้วย zerodrop promote หรือฝึกใหม่ด้วย zerodrop train"
    )
