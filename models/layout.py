"""The compiled model as arrays, and the check that no number in them points outside.

Compiled loops follow these numbers without looking, so tables that were read from a file are checked here first: after
`check` no look-up can leave its array, whatever the values of a row are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from models.binning import MOST_BINS, Binning
from models.paths import MOST_BITS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]


class Layout(NamedTuple):
    """The trees as arrays: a word holds questions, a group owns bits and slots, a bit owns conditions.

    `<what>_start` has one entry more than there are owners: owner i has the entries start[i] to start[i + 1].
    A tuple of arrays, because compiled code takes it as it is.
    """

    word_feature: Ints
    """A word is up to 8 different questions about one feature, so that one look-up by the row's bin answers them all."""
    word_answers: Ints
    """Where the word's entries, one a bin of its feature, begin in `answers`."""
    answers: Bytes
    """Bit i is 1 where the answer to the word's question i is to go left."""
    group_bits_start: Ints
    bit_conditions_start: Ints
    condition_question: Ints
    """8 * word + the question's place in the word."""
    condition_right: Bytes
    """1 = the condition is to go right."""
    group_slots_start: Ints
    slot_feature: Ints
    """The number of features = the margin: the first slot of every group."""
    slot_table: Ints
    """Where the slot's 2^bits entries begin in `table`."""
    table: Floats


@dataclass(frozen=True, kw_only=True)
class Tables:
    """All that is needed to score and explain. Contributions of a row sum to its margin less `base`, in log-odds.

    `base` is the margin of a row of which nothing is known; `constant` the part that no row changes, of trees without
    a split.
    """

    features: int
    base: float
    constant: float
    binning: Binning
    layout: Layout

    @cached_property
    def one_row(self) -> "OneRow":
        """Made when the first single row is asked for."""
        return _one_row(self.binning, self.layout)


class OneRow(NamedTuple):
    """The layout spread out for one row at once: what is found by a range there stands beside each entry here."""

    threshold_feature: npt.NDArray[np.intp]  # (thresholds,)
    missing_bin: npt.NDArray[np.int64]  # (features,) of a numerical feature
    bit_worth: Bytes  # (bits,) 1, 2, 4 ... within a group
    slot_group: npt.NDArray[np.intp]  # (slots,)
    slot_feature: npt.NDArray[np.intp]  # (slots,)


def _one_row(binning: Binning, layout: Layout) -> OneRow:
    bits_of_group = np.diff(layout.group_bits_start)
    place = np.arange(layout.group_bits_start[-1]) - np.repeat(layout.group_bits_start[:-1], bits_of_group)
    return OneRow(
        threshold_feature=np.repeat(np.arange(len(binning.unnamed)), np.diff(binning.threshold_start)),
        missing_bin=binning.sizes - 1,
        bit_worth=np.left_shift(1, place).astype(np.uint8),
        slot_group=np.repeat(np.arange(len(bits_of_group)), np.diff(layout.group_slots_start)),
        slot_feature=layout.slot_feature.astype(np.intp),
    )


def faults(tables: Tables) -> Iterator[str]:
    """What is wrong with the tables, as parts of sentences; take one and stop: each check leans on those before it."""
    yield from _bad_starts(tables)
    yield from _bad_bins(tables.binning)
    yield from _bad_words(tables)
    yield from _bad_groups(tables)
    if not np.isfinite([tables.base, tables.constant]).all() or not np.isfinite(tables.layout.table).all():
        yield "a value is not finite"


def _bad_starts(tables: Tables) -> Iterator[str]:
    layout, binning = tables.layout, tables.binning
    owners = (
        ("threshold_start", binning.threshold_start, len(binning.thresholds), 0),
        ("group_bits_start", layout.group_bits_start, len(layout.bit_conditions_start) - 1, 1),
        ("bit_conditions_start", layout.bit_conditions_start, len(layout.condition_question), 1),
        ("group_slots_start", layout.group_slots_start, len(layout.slot_feature), 1),
    )
    for name, start, owned, least in owners:
        if not len(start) or start[0] != 0 or start[-1] != owned or np.any(np.diff(start.astype(np.int64)) < least):
            yield f"{name} does not divide what it should"
    lengths = (
        (len(binning.threshold_start), tables.features + 1),
        (len(binning.unnamed), tables.features),
        (len(layout.word_feature), len(layout.word_answers)),
        (len(layout.condition_question), len(layout.condition_right)),
        (len(layout.group_bits_start), len(layout.group_slots_start)),
        (len(layout.slot_feature), len(layout.slot_table)),
    )
    if any(one != other for one, other in lengths):
        yield "columns that belong together differ in length"


def _bad_bins(binning: Binning) -> Iterator[str]:
    if not _within(binning.unnamed, -1, MOST_BINS) or binning.sizes.max(initial=0) > MOST_BINS:
        yield "a feature has more bins than two bytes tell apart"
    within = np.ones(len(binning.thresholds), np.bool_)
    within[binning.threshold_start[:-1][binning.threshold_start[:-1] < len(within)]] = False
    # Compared, not subtracted: two features may have the threshold inf beside each other.
    if np.isnan(binning.thresholds).any() or np.any((binning.thresholds[1:] <= binning.thresholds[:-1])[within[1:]]):
        yield "thresholds do not ascend"


def _bad_words(tables: Tables) -> Iterator[str]:
    layout = tables.layout
    if not _within(layout.word_feature, 0, tables.features):
        yield "a question is about a feature that is not there"
        return
    end = layout.word_answers + tables.binning.sizes[layout.word_feature]
    if np.any(layout.word_answers < 0) or np.any(end > len(layout.answers)):
        yield "a question has no answers"
    if not _within(layout.condition_question, 0, 8 * len(layout.word_feature)):
        yield "a condition is about a question that is not there"
    if not _within(layout.condition_right, 0, 2):
        yield "a condition is neither left nor right"


def _bad_groups(tables: Tables) -> Iterator[str]:
    """Patterns stay in a byte, slots in the table."""
    layout = tables.layout
    bits_of_group = np.diff(layout.group_bits_start)
    if not _within(bits_of_group, 1, MOST_BITS + 1):
        yield f"a pattern has more than {MOST_BITS} bits"
        return
    is_first = np.zeros(len(layout.slot_feature), np.bool_)
    is_first[layout.group_slots_start[:-1]] = True
    is_margin = layout.slot_feature == tables.features
    if not _within(layout.slot_feature, 0, tables.features + 1) or np.any(is_margin != is_first):
        yield "a slot adds to a feature that is not there"
    patterns = np.left_shift(1, np.repeat(bits_of_group, np.diff(layout.group_slots_start)).astype(np.int64))
    if np.any(layout.slot_table < 0) or np.any(layout.slot_table + patterns > len(layout.table)):
        yield "a slot looks beyond the table"


def _within(numbers: npt.NDArray[Any], first: int, end: int) -> bool:
    return not len(numbers) or bool(first <= numbers.min() and numbers.max() < end)
