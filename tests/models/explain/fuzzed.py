"""Random LightGBM models and the rows that are hard for them: a seed is a case, the same one on every run.

Small models with much in them: categories from two to 430, missing values, infinities, thresholds that repeat, stumps,
tiny leaves, constraints, bags; the rows lie on thresholds, at the floats next to them, and where nothing was trained.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
import pytest

from features.vocabulary import Domain
from models.choosing import Choice, Say
from models.layout import Tables
from models.risk_model import merge
from models.tables import compile_tables
from models.trees import LARGEST_LEAF, read_trees
from records.errors import ModelRefused

Floats = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.floating[Any]]
Random = np.random.Generator
Parameters = dict[str, Any]

ROWS = 64
"""More than the few that NumPy explains one by one."""
EVERYWHERE = (np.nan, 0.0, -0.0, np.inf, -np.inf, 1e-35, -1e-35, 1e-36, 5e-324, 1e300, -1e300, 1e308)
"""LightGBM takes 1e-35 and less for zero while it makes bins, and writes infinite thresholds as 1e300."""
CODES = (np.nan, -1.0, -0.5, -0.0, 0.9, 3.7, 31.0, 32.0, 255.0, 256.0, 429.0, 430.0, 5e3, 65535.0, 65536.0, 2.0**31, 2.0**32 + 3, 1e300, np.inf, -np.inf)  # fmt: skip
"""Codes that may be unseen; a fraction counts as its whole part, so -0.5 is the category 0."""


CAREFUL: Parameters = {
    "min_data_in_leaf": 20,
    "min_sum_hessian_in_leaf": 1.0,
    "extra_trees": False,
    "monotone_constraints": [],
}


@dataclass(frozen=True, kw_only=True)
class Column:
    """Training values (rows,) of one feature."""

    values: Floats
    is_category: bool = False


@dataclass(frozen=True, kw_only=True)
class Case:
    """A LightGBM text model, rows to explain (rows, features) and rows to compare with, from one seed."""

    seed: int
    text: str
    values: Matrix
    background: Floats
    members: tuple[str, ...]
    """The texts whose margins it is the mean of; itself alone where it is no bag."""

    @cached_property
    def booster(self) -> lightgbm.Booster:
        return booster_of(self.text)

    def raw(self) -> Floats:
        """LightGBM's margins (rows,)."""
        return raw_of(self.booster, self.values)

    def pred_contrib(self) -> tuple[Floats, Floats]:
        """LightGBM's own path-dependent values (rows, features) and base (rows,)."""
        both = np.asarray(self.booster.predict(self.values, pred_contrib=True, num_threads=1), np.float64)
        return both[:, :-1], both[:, -1]

    @property
    def features(self) -> int:
        return int(self.values.shape[1])


def booster_of(text: str) -> lightgbm.Booster:
    return lightgbm.Booster(model_str=text)


def tables_of(case: Case, background: Floats | None = None) -> Tables | None:
    """The tables of a case; None where training ran away to leaves that read_trees refuses, and does refuse."""
    leaves = [
        float(leaf) for line in case.text.splitlines() if line.startswith("leaf_value=") for leaf in line[11:].split()
    ]
    if max(map(abs, leaves)) <= LARGEST_LEAF:
        return compile_tables(read_trees(case.text), background)
    with pytest.raises(ModelRefused, match="log-odds"):
        read_trees(case.text)
    return None


def raw_of(booster: lightgbm.Booster, values: Matrix) -> Floats:
    # Few rows: more threads would only wait for each other.
    return np.asarray(booster.predict(values, raw_score=True, num_threads=1), np.float64)


def make_case(seed: int, *, most_features: int = 12, most_trees: int = 24, rows: int = ROWS) -> Case:
    """The case of a seed; smaller ones for arbiters that try every subset of features."""
    random = np.random.default_rng(seed)
    columns = _columns(random, int(random.integers(1, most_features + 1)), _size(random))
    left = _left(random, columns)
    bag = int(random.choice([1, 1, 1, 1, 2, 3, 5]))
    trees = int(random.integers(1, most_trees + 1)) // bag + 1
    shared = _parameters(random, columns)
    members = tuple(fit(columns, left, {**shared, **_sampling(random)}, trees=trees) for _ in range(bag))
    text = members[0] if bag == 1 else merge(members)
    values = _shaped(random, hard_rows(random, columns, text, rows))
    return Case(seed=seed, text=text, values=values, background=_background(random, columns), members=members)


def fit(columns: Sequence[Column], left: npt.NDArray[Any], parameters: Parameters, *, trees: int) -> str:
    categories = [place for place, column in enumerate(columns) if column.is_category]
    settings = {"verbosity": -1, "num_threads": 1, "deterministic": True, "force_row_wise": True, **parameters}
    values = np.column_stack([column.values for column in columns])
    for tried in (settings, {**settings, **CAREFUL}):
        data = lightgbm.Dataset(values, label=left, categorical_feature=categories, params=tried, free_raw_data=True)
        try:
            return str(lightgbm.train(tried, data, num_boost_round=trees).model_to_string())
        except lightgbm.basic.LightGBMError as stopped:
            # It judges leaves by estimated counts, and stops training where one turns out to be empty.
            if "_count" not in str(stopped):
                raise
    raise AssertionError("LightGBM finds no model even with careful settings")


# Data


def _size(random: Random) -> int:
    return int(random.choice([2, 30, 120, 400, 700, 1000], p=[0.04, 0.1, 0.16, 0.25, 0.25, 0.2]))


def _columns(random: Random, count: int, rows: int) -> list[Column]:
    makers = (_measured, _measured, _counted, _counted, _tailed, _near_zero, _constant, _category, _category, _wide_category)  # fmt: skip
    return [_with_gaps(random, makers[random.integers(len(makers))](random, rows)) for _ in range(count)]


def _measured(random: Random, rows: int) -> Column:
    return Column(values=random.normal(size=rows) * 10.0 ** random.integers(-3, 5))


def _counted(random: Random, rows: int) -> Column:
    """Few values, so that trees share thresholds."""
    return Column(values=random.integers(-1, random.integers(2, 9), size=rows).astype(np.float64))


def _tailed(random: Random, rows: int) -> Column:
    values = random.standard_cauchy(rows)
    odd = random.random(rows) < 0.1
    values[odd] = random.choice([np.inf, -np.inf, 1e300, -1e300, 1e308], size=int(odd.sum()))
    return Column(values=values)


def _near_zero(random: Random, rows: int) -> Column:
    return Column(values=random.choice([0.0, -0.0, 1e-35, -1e-35, 1e-36, 2e-35, 1e-30, -1e-30, 1.0], size=rows))


def _constant(random: Random, rows: int) -> Column:
    return Column(values=np.full(rows, float(random.choice([0.0, 7.0]))))


def _category(random: Random, rows: int) -> Column:
    """Few codes; negative ones are missing to LightGBM, fractions count as their whole part."""
    codes = random.integers(0, random.integers(2, 40), size=rows).astype(np.float64)
    odd = random.random(rows) < random.choice([0.0, 0.1])
    codes[odd] = random.choice([-1.0, -3.0, 0.5, 2.9, -0.5], size=int(odd.sum()))
    return Column(values=codes, is_category=True)


def _wide_category(random: Random, rows: int) -> Column:
    """Up to 430 codes, common ones and rare ones, in places with wide gaps between them."""
    levels, step = int(random.integers(60, 431)), int(random.choice([1, 1, 1, 3]))
    return Column(values=np.floor(levels * random.random(rows) ** 2) * step, is_category=True)


def _with_gaps(random: Random, column: Column) -> Column:
    share = float(random.choice([0.0, 0.0, 0.0, 0.06, 0.25, 0.48, 1.0], p=[0.2, 0.2, 0.15, 0.15, 0.15, 0.12, 0.03]))
    gaps = random.random(len(column.values)) < share
    return Column(values=np.where(gaps, np.nan, column.values), is_category=column.is_category)


def _left(random: Random, columns: Sequence[Column]) -> npt.NDArray[np.bool_]:
    """Answers that follow up to three columns and who has a gap there; now and then everybody answers the same."""
    rows = len(columns[0].values)
    if random.random() < 0.03:
        return np.full(rows, random.random() < 0.5)
    logit = np.full(rows, random.normal() - 1.0)
    for place in random.integers(len(columns), size=3):
        values = columns[place].values
        effect = np.sin(values) if columns[place].is_category else np.clip(values, -2, 2)
        logit += random.normal() * np.where(
            np.isfinite(values), np.nan_to_num(np.where(np.isfinite(values), effect, 0)), 1.5
        )
    return np.asarray(random.random(rows) < 1 / (1 + np.exp(-logit)))


# Settings


def _parameters(random: Random, columns: Sequence[Column]) -> Parameters:
    depth = int(random.choice([1, 2, 3, 4, 4, 5, 5, 6, 6, 6]))
    return {
        "objective": "binary",
        "boosting": str(random.choice(["gbdt", "gbdt", "gbdt", "dart"])),
        "max_depth": depth,
        "num_leaves": int(random.integers(2, 2**depth + 1)) if random.random() < 0.4 else 2**depth,
        "learning_rate": float(random.choice([0.03, 0.3, 1.0])),
        "min_data_in_leaf": int(
            random.choice([1, 1, 1, 2, 2, 5, 20, 300], p=[0.2, 0.15, 0.15, 0.15, 0.1, 0.1, 0.13, 0.02])
        ),
        "min_sum_hessian_in_leaf": float(random.choice([1e-9, 1e-3, 1e-3, 1.0])),
        "lambda_l2": float(random.choice([0.0, 1.0])),
        "max_bin": int(random.choice([2, 3, 15, 255, 255, 1000])),
        "min_data_in_bin": int(random.choice([1, 3])),
        "use_missing": bool(random.random() < 0.8),
        "boost_from_average": bool(random.random() < 0.8),
        "is_unbalance": bool(random.random() < 0.1),
        "max_cat_to_onehot": int(random.choice([1, 4, 500])),
        "min_data_per_group": int(random.choice([1, 10])),
        "cat_smooth": float(random.choice([0.0, 10.0])),
        "cat_l2": float(random.choice([0.0, 10.0])),
        "max_cat_threshold": int(random.choice([1, 32, 430])),
        "feature_pre_filter": False,
        **_constraints(random, columns),
    }


def _constraints(random: Random, columns: Sequence[Column]) -> Parameters:
    if random.random() < 0.6:
        return {}
    signs = [0 if column.is_category else int(random.integers(-1, 2)) for column in columns]
    return {
        "monotone_constraints": signs,
        "monotone_constraints_method": str(random.choice(["basic", "intermediate", "advanced"])),
    }


def _sampling(random: Random) -> Parameters:
    """What differs between the members of a bag."""
    return {
        "seed": int(random.integers(1, 1_000_000)),
        "extra_trees": bool(random.random() < 0.3),
        "feature_fraction": float(random.choice([0.5, 1.0])),
        "bagging_fraction": float(random.choice([0.7, 1.0])),
        "bagging_freq": 1,
        "path_smooth": float(random.choice([0.0, 0.0, 2.0])),
    }


# Rows


def hard_rows(random: Random, columns: Sequence[Column], text: str, rows: int) -> Floats:
    """Rows (rows, features) of training values, thresholds of `text`, floats next to them, and what nobody expects."""
    drawn = [
        _cells(random, column, found, rows)
        for column, found in zip(columns, thresholds(text, len(columns)), strict=True)
    ]
    values = np.column_stack(drawn)
    for row, same in enumerate((np.nan, 0.0, np.inf, -np.inf, -1.0)):
        values[row : row + 1] = same
    return values


def _cells(random: Random, column: Column, found: Floats, rows: int) -> Floats:
    with np.errstate(over="ignore", under="ignore"):  # next to the largest and the smallest floats
        near = np.concatenate([found, np.nextafter(found, np.inf), np.nextafter(found, -np.inf), -found])
    odd = np.array(CODES if column.is_category else EVERYWHERE)
    pools = (column.values, near if len(near) else column.values, odd)
    kinds = random.choice(3, size=rows, p=[0.45, 0.35, 0.2])
    return np.array([pools[kind][random.integers(len(pools[kind]))] for kind in kinds])


def thresholds(text: str, features: int) -> list[Floats]:
    """The numbers that each feature is compared with; of categorical splits these are places in a list, and do no harm."""
    found: list[set[float]] = [set() for _ in range(features)]
    splits: list[int] = []
    for line in text.splitlines():
        name, _, rest = line.partition("=")
        if name == "split_feature":
            splits = [int(word) for word in rest.split()]
        elif name == "threshold":
            for feature, word in zip(splits, rest.split(), strict=True):
                found[feature].add(float(word))
    return [np.array(sorted(one)) for one in found]


def _shaped(random: Random, values: Floats) -> Matrix:
    """The same rows as other callers would hand them over: by column, in single precision, or a slice of a wider table."""
    match int(random.integers(8)):
        case 0:
            return np.asfortranarray(values)
        case 1:
            with np.errstate(over="ignore", under="ignore"):
                return values.astype(np.float32)
        case 2:
            return np.repeat(values, 2, axis=1)[:, ::2]
        case _:
            return values


def _background(random: Random, columns: Sequence[Column]) -> Floats:
    values = np.column_stack([column.values for column in columns])
    return np.asarray(values[random.integers(len(values), size=int(random.choice([1, 7, 25])))])


def make_choice(random: Random, features: int) -> Choice:
    """A rule of choosing as wild as the models: some features are never said, some bars nobody passes."""
    return Choice(
        say=random.choice([int(say) for say in Say], size=features).astype(np.int8),
        least=random.choice([0.0, 0.0, 1e-3, 0.05, np.inf], size=features, p=[0.4, 0.2, 0.2, 0.15, 0.05]),
        domain=random.integers(len(Domain), size=features).astype(np.int8),
        changeable=np.asarray(random.random(features) < 0.6),
        rounds_to_zero=random.choice([0.0, 0.5], size=features),
    )
