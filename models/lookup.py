"""The look-up without a compiler: NumPy over a block of rows, tree by tree, or over all trees at once for one row.

Both add the slots of a feature in the order of the layout, as models/kernel.py does, so all three agree to the bit.
"""

import numpy as np
import numpy.typing as npt

from models.binning import Bins
from models.layout import Layout, Tables

Floats = npt.NDArray[np.float64]
Eights = npt.NDArray[np.uint64]

ONE_EACH = np.uint64(0x0101010101010101)


def sums_of_one(tables: Tables, values: Floats) -> Floats:
    """(features + 1,): what one row's features add, and its margin, from its values (features,)."""
    layout, spread = tables.layout, tables.one_row
    words = layout.answers[layout.word_answers + bins_of_one(tables, values)[layout.word_feature]]
    left = np.unpackbits(words, bitorder="little")
    holds = left[layout.condition_question] ^ layout.condition_right
    bit = np.bitwise_and.reduceat(holds, layout.bit_conditions_start[:-1])
    pattern = np.bitwise_or.reduceat(bit * spread.bit_worth, layout.group_bits_start[:-1])
    worth = layout.table[layout.slot_table + pattern[spread.slot_group]]
    return np.asarray(np.bincount(spread.slot_feature, weights=worth, minlength=tables.features + 1), np.float64)


def bins_of_one(tables: Tables, values: Floats) -> npt.NDArray[np.intp]:
    """models/binning.binned for one row (features,): all thresholds of all features at once."""
    unnamed, spread = tables.binning.unnamed, tables.one_row
    is_below = tables.binning.thresholds < values[spread.threshold_feature]
    below = np.bincount(spread.threshold_feature[is_below], minlength=tables.features)
    number = np.where(np.isnan(values), spread.missing_bin, below)
    category = np.where((values > -1) & (values < unnamed), values, unnamed)
    return np.where(unnamed >= 0, category, number).astype(np.intp)


def add_slots(layout: Layout, bins: Bins, slots_a_group: int, sums: Floats) -> None:
    """Add each group's first `slots_a_group` slots to `sums` (features + 1, rows), the last row the margins."""
    rows = bins.shape[1]
    words = np.zeros((len(layout.word_feature), -(-rows // 8) * 8), np.uint8)
    for word, (start, feature) in enumerate(
        zip(layout.word_answers.tolist(), layout.word_feature.tolist(), strict=True)
    ):
        np.take(layout.answers[start:], bins[feature], out=words[word, :rows], mode="clip")
    words_of_eight = words.view(np.uint64)
    added = np.empty(rows)
    for group in range(len(layout.group_bits_start) - 1):
        pattern = _match(layout, group, words_of_eight).view(np.uint8)[:rows].astype(np.intp)
        start, end = layout.group_slots_start[group : group + 2].tolist()
        for slot in range(start, min(start + slots_a_group, end)):
            np.take(layout.table[layout.slot_table[slot] :], pattern, out=added, mode="clip")
            total = sums[layout.slot_feature[slot]]
            np.add(total, added, out=total)


def _match(layout: Layout, group: int, words: Eights) -> Eights:
    """The pattern of each row, a byte: eight rows lie side by side in one number and never carry into each other."""
    first_bit, last_bit = layout.group_bits_start[group : group + 2].tolist()
    starts = layout.bit_conditions_start[first_bit : last_bit + 1]
    conditions = slice(int(starts[0]), int(starts[-1]))
    question = layout.condition_question[conditions]
    holds = words[question >> 3]
    holds >>= (question & 7).astype(np.uint64)[:, None]
    holds ^= ONE_EACH * layout.condition_right[conditions, None]
    holds &= ONE_EACH
    if len(holds) > last_bit - first_bit:
        holds = np.bitwise_and.reduceat(holds, starts[:-1] - starts[0])
    holds <<= np.arange(last_bit - first_bit, dtype=np.uint64)[:, None]
    return np.asarray(np.bitwise_or.reduce(holds), np.uint64)
