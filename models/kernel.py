"""The look-up of models/explain.py as compiled loops: the same sums in the same order, so the same bits.

Rows are the inner loop everywhere, over blocks that stay in the cache; nothing here allocates by the row.
"""

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from models.choosing import (
    CHANGEABLE_REASONS,
    DOMAINS,
    FIXED_REASONS,
    LEAST_CONTRIBUTION,
    MISSING,
    MOST_OF_A_DOMAIN,
    Say,
)

Array = npt.NDArray[Any]

ONE_EACH = np.uint64(0x0101010101010101)
# Compiled code takes numbers, not members.
KNOWN, ABOVE_ZERO, BELOW_ZERO, ZERO = int(Say.KNOWN), int(Say.ABOVE_ZERO), int(Say.BELOW_ZERO), int(Say.ZERO)


@numba.njit(cache=True, nogil=True)
def bin_columns(binning: Any, columns: Array, bins: Array) -> None:
    """models/binning.binned: `columns` float64 (features, rows) into `bins` of the same shape."""
    below = np.empty(columns.shape[1], np.int32)
    for feature in range(len(columns)):
        unnamed = binning.unnamed[feature]
        thresholds = binning.thresholds[binning.threshold_start[feature] : binning.threshold_start[feature + 1]]
        if unnamed >= 0:
            _bin_categories(columns[feature], unnamed, bins[feature])
        elif len(thresholds):
            _bin_numbers(columns[feature], thresholds, below, bins[feature])


@numba.njit(cache=True, nogil=True)
def _bin_categories(column: Array, unnamed: int, bins: Array) -> None:
    for row in range(len(column)):
        value = column[row]
        bins[row] = np.int64(value) if -1 < value < unnamed else unnamed


@numba.njit(cache=True, nogil=True)
def _bin_numbers(column: Array, thresholds: Array, below: Array, bins: Array) -> None:
    """How many thresholds lie below each value: the same halvings for all rows, so that no branch is mispredicted."""
    below[:] = 0
    length = len(thresholds)
    while length > 1:
        half = np.int32(length >> 1)
        for row in range(len(column)):
            below[row] += half * np.int32(thresholds[below[row] + half - 1] < column[row])
        length -= int(half)
    for row in range(len(column)):
        at = below[row] + np.int32(thresholds[below[row]] < column[row])
        bins[row] = len(thresholds) + 1 if np.isnan(column[row]) else at


@numba.njit(cache=True, nogil=True)
def add_slots(layout: Any, bins: Array, slots_a_group: int, sums: Array) -> None:
    """Add each group's first `slots_a_group` slots to `sums` float64 (features + 1, rows), the last row the margins."""
    rows = bins.shape[1]
    eights = (rows + 7) // 8
    words = np.zeros((len(layout.word_feature), 8 * eights), np.uint8)
    for word in range(len(words)):
        _answer(layout.answers[layout.word_answers[word] :], bins[layout.word_feature[word]], words[word])
    words_of_eight = words.view(np.uint64)
    pattern, bit = np.empty(eights, np.uint64), np.empty(eights, np.uint64)
    for group in range(len(layout.group_bits_start) - 1):
        _match(layout, group, words_of_eight, bit, pattern)
        pattern_of_row = pattern.view(np.uint8)[:rows]
        first_slot = layout.group_slots_start[group]
        for slot in range(first_slot, min(first_slot + slots_a_group, layout.group_slots_start[group + 1])):
            _add_slot(layout.table[layout.slot_table[slot] :], pattern_of_row, sums[layout.slot_feature[slot]])


@numba.njit(cache=True, nogil=True)
def _answer(answers: Array, bins: Array, word: Array) -> None:
    for row in range(len(bins)):
        word[row] = answers[bins[row]]


@numba.njit(cache=True, nogil=True)
def _match(layout: Any, group: int, words: Array, bit: Array, pattern: Array) -> None:
    """The pattern of each row, a byte; eight rows lie side by side in one number and never carry into each other."""
    pattern[:] = 0
    first_bit = layout.group_bits_start[group]
    for place in range(layout.group_bits_start[group + 1] - first_bit):
        start, end = layout.bit_conditions_start[first_bit + place], layout.bit_conditions_start[first_bit + place + 1]
        bit[:] = ONE_EACH
        for condition in range(start, end):
            question = layout.condition_question[condition]
            _hold(words[question >> 3], question & 7, layout.condition_right[condition], bit)
        for eight in range(len(bit)):
            pattern[eight] |= bit[eight] << np.uint64(place)


@numba.njit(cache=True, nogil=True)
def _hold(word: Array, question: int, right: int, bit: Array) -> None:
    """Keep the bits of the rows whose answer is the wanted one."""
    shift, flip = np.uint64(question), ONE_EACH * np.uint64(right)
    for eight in range(len(bit)):
        bit[eight] &= (word[eight] >> shift) ^ flip


@numba.njit(cache=True, nogil=True)
def _add_slot(table: Array, pattern: Array, total: Array) -> None:
    for row in range(len(pattern)):
        total[row] += table[pattern[row]]


@numba.njit(cache=True, nogil=True)
def choose_rows(choice: Any, columns: Array, sums: Array, chosen: Any) -> None:
    """models/choosing.choose for values `columns` and contributions `sums`, both (features, rows), into `chosen`.

    `choice` is the tuple of Choice's arrays.
    """
    _, _, domain, _, _ = choice
    candidates = np.empty((3, columns.shape[1], len(columns)), np.int16)
    counts = np.zeros((3, columns.shape[1]), np.int64)
    _list_candidates(choice, columns, sums, candidates, counts)
    leads = np.empty(columns.shape[1], np.int64)
    _add_spokesmen(choice, columns, sums, candidates, counts, leads)
    given = np.empty(DOMAINS, np.uint8)
    for row in range(columns.shape[1]):
        can_change, fixed, absent = candidates[0, row], candidates[1, row], candidates[2, row]
        reason, contribution = chosen.reason[row], chosen.contribution[row]
        given[:] = 0
        place = 0
        for _ in range(CHANGEABLE_REASONS):
            place += _take(
                can_change[: counts[0, row]], sums, row, domain, given, MOST_OF_A_DOMAIN, reason, contribution, place
            )
        for _ in range(FIXED_REASONS):
            place += _take(
                fixed[: counts[1, row]], sums, row, domain, given, MOST_OF_A_DOMAIN, reason, contribution, place
            )
        if given[leads[row]] == 0:
            _let_leading_speak(
                leads[row], domain, candidates[:2, row], counts[:2, row], sums[:, row], place, chosen, row
            )
        reason, contribution = chosen.missing[row], chosen.missing_contribution[row]
        given[:] = 0
        place = 0
        for _ in range(MISSING):
            place += _take(absent[: counts[2, row]], sums, row, domain, given, 1, reason, contribution, place)


@numba.njit(cache=True, nogil=True)
def _list_candidates(choice: Any, columns: Array, sums: Array, candidates: Array, counts: Array) -> None:
    """The features of each row that may be chosen, in their order: changeable ones, fixed ones, missing ones."""
    say, least, _, changeable, rounds_to_zero = choice
    for feature in range(len(columns)):
        for row in range(columns.shape[1]):
            if sums[feature, row] >= least[feature]:
                value = columns[feature, row]
                if np.isnan(value):
                    kind = 2
                elif _can_be_said(say[feature], value, rounds_to_zero[feature]):
                    kind = 0 if changeable[feature] else 1
                else:
                    continue
                candidates[kind, row, counts[kind, row]] = feature
                counts[kind, row] += 1


@numba.njit(cache=True, nogil=True)
def _add_spokesmen(choice: Any, columns: Array, sums: Array, candidates: Array, counts: Array, leads: Array) -> None:
    """Of rows whose leading domain has no candidate its largest feature that can be said; `leads` gets the domains."""
    say, _, domain, changeable, rounds_to_zero = choice
    total = np.zeros((DOMAINS, columns.shape[1]))
    for feature in range(len(columns)):
        for row in range(columns.shape[1]):
            total[domain[feature], row] += sums[feature, row]
    for row in range(columns.shape[1]):
        lead = leads[row] = int(total[:, row].argmax())
        if _has_candidate(lead, domain, candidates[:2, row], counts[:2, row]):
            continue
        best = -1
        for feature in range(len(columns)):
            added = sums[feature, row]
            if domain[feature] == lead and added >= LEAST_CONTRIBUTION and (best < 0 or added > sums[best, row]):
                value = columns[feature, row]
                if not np.isnan(value) and _can_be_said(say[feature], value, rounds_to_zero[feature]):
                    best = feature
        if best >= 0:
            kind = 0 if changeable[best] else 1
            candidates[kind, row, counts[kind, row]] = best
            counts[kind, row] += 1


@numba.njit(cache=True, nogil=True)
def _let_leading_speak(
    lead: int, domain: Array, candidates: Array, counts: Array, sums: Array, places: int, chosen: Any, row: int
) -> None:
    """Put the largest candidate of the leading domain in the last place of its kind."""
    best, place = -1, -1
    for kind in range(2):
        for position in range(counts[kind]):
            candidate = candidates[kind, position]
            if candidate < 0 or domain[candidate] != lead:
                continue
            if best < 0 or sums[candidate] > sums[best] or (sums[candidate] == sums[best] and candidate < best):
                best, place = candidate, (CHANGEABLE_REASONS if kind == 0 else places) - 1
    if best >= 0:
        chosen.reason[row, place] = best
        chosen.contribution[row, place] = sums[best]


@numba.njit(cache=True, nogil=True)
def _has_candidate(lead: int, domain: Array, candidates: Array, counts: Array) -> bool:
    for kind in range(len(counts)):
        for position in range(counts[kind]):
            if domain[candidates[kind, position]] == lead:
                return True
    return False


@numba.njit(cache=True, nogil=True)
def _can_be_said(say: int, value: float, rounds_to_zero: float) -> bool:
    if value != 0 and abs(value) <= rounds_to_zero:
        return False
    if say == KNOWN:
        return True
    return (say == ABOVE_ZERO and value > 0) or (say == BELOW_ZERO and value < 0) or (say == ZERO and value == 0)


@numba.njit(cache=True, nogil=True)
def _take(
    candidates: Array,
    sums: Array,
    row: int,
    domain: Array,
    given: Array,
    most_of_a_domain: int,
    feature: Array,
    contribution: Array,
    place: int,
) -> int:
    """Give the place to the largest candidate whose domain has room and strike it off; returns 1 if there was one.

    Of equal ones to the first feature; a spokesman stands last in the list.
    """
    best, largest = -1, -np.inf
    for position in range(len(candidates)):
        candidate = candidates[position]
        if candidate < 0 or given[domain[candidate]] >= most_of_a_domain:
            continue
        added = sums[candidate, row]
        if added > largest or (added == largest and best >= 0 and candidate < candidates[best]):
            best, largest = position, added
    if best < 0:
        return 0
    feature[place], contribution[place] = candidates[best], largest
    given[domain[candidates[best]]] += 1
    candidates[best] = -1
    return 1
