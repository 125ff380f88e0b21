"""Margins of rows in which one question has another answer, by only those groups that ask it: the rest cannot change.

Of the groups of the production model (a tree or a part of one) about a tenth ask any one question, so this is what makes thousands of "what if"
cheap. The sums are those of models/explain.py over fewer groups, so differences are the same but for rounding.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from models.binning import Binning, binned
from models.layout import Layout, Tables

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bins = npt.NDArray[Any]
_QUESTIONS = 8  # of a word: models/layout.py


def groups_that_ask(layout: Layout, feature: int) -> Layout:
    """The groups of the layout with a condition on the feature; of each one's slots the margin alone."""
    asking = np.flatnonzero(layout.word_feature[layout.condition_question // _QUESTIONS] == feature)
    asking_bits = np.searchsorted(layout.bit_conditions_start, asking, side="right") - 1
    groups = np.unique(np.searchsorted(layout.group_bits_start, asking_bits, side="right") - 1)
    bits, group_bits_start = _of(layout.group_bits_start, groups)
    conditions, bit_conditions_start = _of(layout.bit_conditions_start, bits)
    question = layout.condition_question[conditions]
    words, place = np.unique(question // _QUESTIONS, return_inverse=True)
    margin = layout.group_slots_start[groups]
    return layout._replace(
        word_feature=layout.word_feature[words],
        word_answers=layout.word_answers[words],
        group_bits_start=group_bits_start,
        bit_conditions_start=bit_conditions_start,
        condition_question=(place * _QUESTIONS + question % _QUESTIONS).astype(np.int32),
        condition_right=layout.condition_right[conditions],
        group_slots_start=np.arange(len(groups) + 1, dtype=np.int32),
        slot_feature=layout.slot_feature[margin],
        slot_table=layout.slot_table[margin],
    )


def _of(start: npt.NDArray[np.int32], owners: Ints) -> tuple[Ints, npt.NDArray[np.int32]]:
    """The entries of some owners, one owner after the other, and where each begins among them."""
    counts = (start[1:] - start[:-1])[owners]
    new_start = np.concatenate([np.zeros(1, np.int32), np.cumsum(counts, dtype=np.int32)])
    entries = np.arange(new_start[-1]) + np.repeat(start[:-1][owners] - new_start[:-1], counts)
    return entries, new_start


def margins_of(layout: Layout, features: int, bins: Bins) -> Floats:
    """What the groups of the layout add to the margin of each row, from its bins (features, rows)."""
    from models import kernel  # a process that only reads stored levers needs no compiler

    sums = np.zeros((features + 1, bins.shape[1]))
    if len(layout.slot_feature):
        kernel.add_slots(layout, bins, 1, sums)
    return np.asarray(sums[features])


def bins_of_rows(tables: Tables, values: npt.NDArray[np.floating[Any]]) -> Bins:
    """The bins (features, rows) of `values` (rows, features)."""
    from models import kernel

    columns = np.ascontiguousarray(values.T, np.float64)
    bins = np.zeros(columns.shape, tables.binning.kind)
    kernel.bin_columns(tables.binning, columns, bins)
    return bins


def bins_of_column(tables: Tables, feature: int, values: Floats) -> Bins:
    """The bins of some values of one feature."""
    binning = tables.binning
    start, end = binning.threshold_start[feature : feature + 2]
    alone = Binning(
        thresholds=binning.thresholds[start:end],
        threshold_start=np.array([0, end - start], np.int64),
        unnamed=binning.unnamed[[feature]],
    )
    return np.asarray(binned(alone, values[None])[0], binning.kind)
