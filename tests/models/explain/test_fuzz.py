"""Fuzzed models: the table kernel answers what LightGBM answers, by every way of computing it.

`make fuzz` runs thousands of cases; a case that fails is named by its seed, and `faults_of` finds it again.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from features.vocabulary import Domain
from models.choosing import choose
from models.explain import contributions, explained, margins
from models.layout import Tables
from models.tables import load_tables, save_tables
from tests.models.explain.fuzzed import Case, Floats, booster_of, make_case, make_choice, raw_of, tables_of

CASES = int(os.environ.get("ZERODROP_CASES", "60"))
BLOCK = 10
EXACT = 1e-10
Faults = Iterator[str]


@pytest.mark.parametrize("first", range(0, CASES, BLOCK), ids=lambda first: f"from_{first}")
def test_every_way_answers_what_lightgbm_answers(first: int, tmp_path: Path) -> None:
    wrong = []
    for seed in range(first, min(first + BLOCK, CASES)):
        case = make_case(seed)
        wrong += [f"seed {seed}: {fault}" for fault in faults_of(case, tmp_path / f"{seed}.npz")]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("first", range(0, CASES, 10 * BLOCK), ids=lambda first: f"from_{first}")
@pytest.mark.filterwarnings("ignore:LightGBM binary classifier:UserWarning", "ignore::PendingDeprecationWarning")
def test_shap_answers_the_same(first: int) -> None:
    """Its path-dependent default; other settings are wrong for categories (docs/guides/exact-shap.md)."""
    import shap

    for seed in range(first, min(first + 10 * BLOCK, CASES), 10):
        case = make_case(seed)
        theirs = np.asarray(shap.TreeExplainer(case.booster).shap_values(case.values))
        if tables := tables_of(case):
            assert not list(_further("shap", contributions(tables, case.values), theirs, within=1e-6)), f"seed {seed}"


# What can be wrong with a case


def other_margins(case: Case, tables: Tables) -> Faults:
    theirs = case.raw()
    for compiled in (True, False):
        yield from _further(f"margins, compiled={compiled}", margins(tables, case.values, compiled=compiled), theirs)


def other_contributions(case: Case, tables: Tables) -> Faults:
    theirs, base = case.pred_contrib()
    yield from _further("base", np.array(tables.base), base)
    for compiled in (True, False):
        ours = contributions(tables, case.values, compiled=compiled)
        yield from _further(f"contributions, compiled={compiled}", ours, theirs)
        yield from _further("sum", ours.sum(axis=1) + tables.base, margins(tables, case.values, compiled=compiled))


def numpy_differs_from_compiled(case: Case, tables: Tables) -> Faults:
    for way in (margins, contributions):
        if not np.array_equal(way(tables, case.values), way(tables, case.values, compiled=False)):
            yield f"{way.__name__}: NumPy and compiled code differ"


def one_row_differs_from_many(case: Case, tables: Tables) -> Faults:
    for compiled in (True, False):
        for way in (margins, contributions):
            many = way(tables, case.values, compiled=compiled)
            alone = [way(tables, case.values[row : row + 1], compiled=compiled)[0] for row in range(0, len(many), 3)]
            if not np.array_equal(np.array(alone), many[::3]):
                yield f"{way.__name__}, compiled={compiled}: one row alone differs from the same row among others"


def explained_otherwise(case: Case, tables: Tables) -> Faults:
    """`explained` against the rule applied to all contributions, and the sums a domain."""
    random = np.random.default_rng(case.seed)
    choice = make_choice(random, case.features)
    slope, offset = float(random.choice([1.0, 0.7, 1.9])), float(random.normal())
    for compiled in (True, False):
        found = explained(tables, case.values, choice, slope=slope, offset=offset, compiled=compiled)
        scaled = contributions(tables, case.values, compiled=compiled) * slope
        chosen = choose(choice, case.values, scaled)
        for name in ("reason", "contribution", "missing", "missing_contribution"):
            if not np.array_equal(getattr(found, name), getattr(chosen, name)):
                yield f"explained.{name}, compiled={compiled}: not what the rule chooses"
        domains = np.stack([scaled[:, choice.domain == place].sum(axis=1) for place in range(len(Domain))], axis=1)
        yield from _further("explained.domains", found.domains, domains, within=1e-5)
        logit = slope * margins(tables, case.values, compiled=compiled) + offset
        yield from _further("explained.logit", found.logit, logit, within=1e-12)


def explained_one_by_one(case: Case, tables: Tables) -> Faults:
    choice = make_choice(np.random.default_rng(case.seed), case.features)
    for compiled in (True, False):
        many = explained(tables, case.values, choice, compiled=compiled)
        for row in range(0, len(case.values), 7):
            one = explained(tables, case.values[row : row + 1], choice, compiled=compiled)
            for field in fields(many):
                if not np.array_equal(getattr(one, field.name)[0], getattr(many, field.name)[row], equal_nan=True):
                    yield f"explained.{field.name}, compiled={compiled}: row {row} alone differs"


def bag_is_not_the_mean(case: Case, tables: Tables) -> Faults:
    if len(case.members) > 1:
        members = [raw_of(booster_of(text), case.values) for text in case.members]
        yield from _further("bag", margins(tables, case.values), np.mean(members, axis=0), within=1e-12)


def saved_differently(case: Case, tables: Tables, path: Path) -> Faults:
    save_tables(tables, path)
    loaded = load_tables(path)
    same = loaded.base == tables.base and np.array_equal(
        contributions(loaded, case.values, compiled=False), contributions(tables, case.values, compiled=False)
    )
    if not same or not np.array_equal(margins(loaded, case.values), margins(tables, case.values)):
        yield "tables saved and loaded answer otherwise"


def _further(what: str, ours: Floats, theirs: Floats, *, within: float = EXACT) -> Faults:
    """`within` is absolute, or relative to numbers above 1."""
    distance = np.abs(np.asarray(ours, np.float64) - theirs) / np.maximum(1.0, np.abs(theirs))
    if not np.all(distance <= within):  # NaN is no agreement
        yield f"{what}: {np.max(distance):.3g} apart"


CHECKS: tuple[Callable[[Case, Tables], Faults], ...] = (
    other_margins,
    other_contributions,
    numpy_differs_from_compiled,
    one_row_differs_from_many,
    explained_otherwise,
    explained_one_by_one,
    bag_is_not_the_mean,
)


def faults_of(case: Case, path: Path) -> list[str]:
    """All that is wrong with one case; its tables are saved at `path`."""
    if (tables := tables_of(case)) is None:
        return []
    return [fault for check in CHECKS for fault in check(case, tables)] + list(saved_differently(case, tables, path))
