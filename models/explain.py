"""Exact scores and contributions by look-up, for one student or for a nation: the same bits either way.

Three ways give the same sums in the same order: compiled loops (models/kernel.py) for many rows, NumPy over a block of
rows where there is no compiler, and NumPy over all trees at once for few rows, so that one student takes less than a
millisecond. What the tables are, and why they are exact, is told in models/tables.py and docs/guides/exact-shap.md.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models import lookup
from models.binning import binned
from models.choosing import DOMAINS, MISSING, REASONS, Choice, Chosen, choose
from models.layout import Tables
from models.linear import Linear, nothing

Floats = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.floating[Any]]

COMPILED_BLOCK, BLOCK = 4_096, 16_384
"""Rows at once: enough to read the tables seldom, or to call NumPy seldom, few enough to stay in the caches."""
FEW = 256
"""Up to so many rows NumPy is faster row by row, over all trees at once."""


@dataclass(frozen=True, kw_only=True)
class Explained:
    """Scores and what is told of them, one row a student. Features are positions, -1 = none."""

    logit: Floats  # (rows,)
    reason: npt.NDArray[np.int16]  # (rows, 5)
    contribution: npt.NDArray[np.float32]  # (rows, 5)
    missing: npt.NDArray[np.int16]  # (rows, 2)
    missing_contribution: npt.NDArray[np.float32]  # (rows, 2)
    domains: npt.NDArray[np.float32]  # (rows, DOMAINS) what each domain's features add, known and missing ones


def margins(tables: Tables, values: Matrix, linear: Linear | None = None, *, compiled: bool = True) -> Floats:
    """The margin of each row of `values` (rows, features), in log-odds: LightGBM's raw score and the straight part."""
    linear = linear or nothing(tables.features)
    out = np.empty(len(values))

    def one(rows: slice) -> None:
        columns = _columns(tables, values, rows)
        sums = _sums(tables, columns, compiled=compiled, slots_a_group=1)
        out[rows] = sums[tables.features] + tables.constant + linear.total(linear.added(columns))

    _each_block(len(values), one, compiled=compiled)
    return out


def contributions(tables: Tables, values: Matrix, linear: Linear | None = None, *, compiled: bool = True) -> Floats:
    """(rows, features): what each feature adds to the margin of each row; a row sums to its margin less the bases."""
    linear = linear or nothing(tables.features)
    out = np.empty((len(values), tables.features))

    def one(rows: slice) -> None:
        columns = _columns(tables, values, rows)
        sums = _sums(tables, columns, compiled=compiled)
        sums[linear.places] += linear.added(columns)
        out[rows] = sums[: tables.features].T

    _each_block(len(values), one, compiled=compiled)
    return out


def explained(
    tables: Tables,
    values: Matrix,
    choice: Choice,
    linear: Linear | None = None,
    *,
    slope: float = 1.0,
    offset: float = 0.0,
    compiled: bool = True,
) -> Explained:
    """Calibrated log-odds, chosen reasons and domain sums of each row of `values` (rows, features).

    Memory beside the result is a few blocks of rows, whatever the number of rows.
    """
    linear = linear or nothing(tables.features)
    out = _nothing_explained(len(values))

    def one(rows: slice) -> None:
        columns = _columns(tables, values, rows)
        sums, straight = _sums(tables, columns, compiled=compiled), linear.added(columns)
        out.logit[rows] = slope * (sums[tables.features] + tables.constant + linear.total(straight)) + offset
        sums[linear.places] += straight
        added = sums[: tables.features]
        added *= slope
        _choose(choice, columns, added, _chosen_rows(out, rows), compiled=compiled)
        out.domains[rows] = _domain_sums(choice, added).T

    _each_block(len(values), one, compiled=compiled)
    return out


def _each_block(rows: int, work: Callable[[slice], None], *, compiled: bool) -> None:
    """The work for every block of rows, on all cores; which core does what changes no result."""
    size = COMPILED_BLOCK if compiled else BLOCK
    blocks = [slice(start, min(start + size, rows)) for start in range(0, rows, size)]
    if len(blocks) <= 1:
        for block in blocks:
            work(block)
        return
    with ThreadPoolExecutor(max_workers=len(os.sched_getaffinity(0))) as pool:
        for _ in pool.map(work, blocks):
            pass


def _columns(tables: Tables, values: Matrix, rows: slice) -> Floats:
    """(features, rows) as float64: LightGBM too widens before it compares."""
    if values.shape[1] != tables.features:
        raise ValueError(
            f"the rows have {values.shape[1]} features, the tables {tables.features}: give those of the model"
        )
    return np.ascontiguousarray(values[rows].T, np.float64)


def _sums(tables: Tables, columns: Floats, *, compiled: bool, slots_a_group: int | None = None) -> Floats:
    """(features + 1, rows): the sum of every feature's slots, and of the margin's, by the first slots of each group."""
    slots = tables.features + 1 if slots_a_group is None else slots_a_group
    sums = np.zeros((tables.features + 1, columns.shape[1]))
    if not len(tables.layout.slot_feature):
        return sums
    if compiled:
        from models import kernel

        bins = np.zeros(columns.shape, tables.binning.kind)
        kernel.bin_columns(tables.binning, columns, bins)
        kernel.add_slots(tables.layout, bins, slots, sums)
        return sums
    if columns.shape[1] > FEW:
        lookup.add_slots(tables.layout, binned(tables.binning, columns), slots, sums)
        return sums
    for row in range(columns.shape[1]):
        sums[:, row] = lookup.sums_of_one(tables, columns[:, row])
    return sums


def _choose(choice: Choice, columns: Floats, added: Floats, chosen: Chosen, *, compiled: bool) -> None:
    """Reasons from values and contributions, both (features, rows), into `chosen`."""
    if compiled:
        from models import kernel

        rule = choice.say, choice.least, choice.domain, choice.changeable, choice.rounds_to_zero
        kernel.choose_rows(rule, columns, added, chosen)
        return
    found = choose(choice, columns.T, added.T)
    chosen.reason[:], chosen.contribution[:] = found.reason, found.contribution
    chosen.missing[:], chosen.missing_contribution[:] = found.missing, found.missing_contribution


def _domain_sums(choice: Choice, added: Floats) -> Floats:
    """(DOMAINS, rows) sums of the contributions (features, rows) of each domain's features, in their order."""
    sums = np.zeros((DOMAINS, added.shape[1]))
    for feature, domain in enumerate(choice.domain.tolist()):
        sums[domain] += added[feature]
    return sums


def _nothing_explained(rows: int) -> Explained:
    return Explained(
        logit=np.empty(rows),
        reason=np.full((rows, REASONS), -1, np.int16),
        contribution=np.zeros((rows, REASONS), np.float32),
        missing=np.full((rows, MISSING), -1, np.int16),
        missing_contribution=np.zeros((rows, MISSING), np.float32),
        domains=np.empty((rows, DOMAINS), np.float32),
    )


def _chosen_rows(out: Explained, rows: slice) -> Chosen:
    """A view of some rows of the result."""
    return Chosen(
        reason=out.reason[rows],
        contribution=out.contribution[rows],
        missing=out.missing[rows],
        missing_contribution=out.missing_contribution[rows],
    )
