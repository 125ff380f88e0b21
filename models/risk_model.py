"""The risk model: shallow trees by LightGBM and a straight part beside them, calibrated by two numbers on the logit.

The trees are a bag of seeds merged into one: an ordinary LightGBM model whose margin is the mean of the members' margins.
What the straight part adds (models/linear.py) is added to it; the calibrated logit is `slope * margin + offset`, so
contributions stay additive after multiplying by the slope. LightGBM fits and nothing else: scores and reasons come from
the tables compiled from its text (models/explain.py).
"""

import os
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from features.catalogue import WITH_SENSITIVE
from features.declaration import Feature, fingerprint
from models import explain
from models.choosing import Choice
from models.explain import Explained
from models.horizon import Horizon
from models.layout import Tables
from models.linear import Linear, nothing
from models.reasons import choice_of
from models.tables import compile_tables
from models.trees import read_trees

Floats = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.floating[Any]]

SEEDS = (11, 23, 37, 41, 59)
# Shallow trees cost no skill on four data sets and keep reasons stable; `basic` is the one method that keeps the
# monotone constraints (design: explain 0.3, 0.4, 4). Class weights would ruin the probabilities. Half as many trees of twice
# the shrinkage, larger leaves, fewer columns a tree, stronger or smoother leaves: all within noise of each other on the open
# data, and fewer trees are sooner grown (docs/adr/0024 has the figures).
PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.06,
    "num_leaves": 16,
    "max_depth": 4,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 1.0,
    "monotone_constraints_method": "basic",
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,  # seeds are fitted side by side: threads inside one fit wait for each other on a busy machine
    "verbosity": -1,
}
TREES = 150
AS_FIRST: Mapping[str, Any] = {}
"""The parameters as they are in PARAMETERS."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Platt scaling on the logit: `slope` > 0 keeps the order and the signs of all contributions."""

    slope: float = 1.0
    offset: float = 0.0

    def logit(self, margin: Floats) -> Floats:
        return self.slope * margin + self.offset


@dataclass(frozen=True, kw_only=True, eq=False)  # arrays have no one answer to ==
class RiskModel:
    """A LightGBM text model over the named features, its tables, its calibration and the horizon it was trained for.

    `text` is kept for the bundle and for whoever wants to check the tables against LightGBM; scoring reads `tables` and
    `linear`, whose answers are added to those of the trees.
    `spread` (features,) is how far each feature's contribution typically moves between refits, in log-odds on the
    calibrated scale: a smaller contribution is no reason. None where it was not measured yet.
    Another calibration or spread is `dataclasses.replace(model, ...)`, which keeps the tables as they are.
    """

    text: str
    tables: Tables
    linear: Linear
    features: tuple[str, ...]
    catalogue_fingerprint: str
    horizon: Horizon
    calibration: Calibration
    spread: Floats | None = None

    def logits(self, values: Matrix) -> Floats:
        """Calibrated log-odds, one a row of `values` (students, features)."""
        return self.calibration.logit(explain.margins(self.tables, values, self.linear))

    def scores(self, values: Matrix) -> Floats:
        """What orders a list: the logits, under the name that the simple models give theirs (models/baselines.py)."""
        return self.logits(values)

    def probabilities(self, values: Matrix) -> Floats:
        return probability(self.logits(values))

    def contributions(self, values: Matrix) -> tuple[Floats, float]:
        """What each feature adds to the calibrated logit of each row, and the base: rows sum to the logit less the base."""
        slope, offset = self.calibration.slope, self.calibration.offset
        base = slope * (self.tables.base + self.linear.base) + offset
        return explain.contributions(self.tables, values, self.linear) * slope, base

    def explained(self, values: Matrix, *, compiled: bool = True) -> Explained:
        """Calibrated logits, the few reasons of each row and the sums of its domains; `compiled` False needs no numba."""
        slope, offset = self.calibration.slope, self.calibration.offset
        return explain.explained(
            self.tables, values, self.choice, self.linear, slope=slope, offset=offset, compiled=compiled
        )

    @cached_property
    def choice(self) -> Choice:
        """Which contributions become reasons: by what the features declare and by how far each is known to move."""
        declared = {feature.name: feature for feature in WITH_SENSITIVE}
        return choice_of([declared[name] for name in self.features], self.spread)


def probability(logits: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-logits)))


def fit_members(
    values: Matrix,
    left: npt.NDArray[np.bool_],
    features: Sequence[Feature],
    *,
    seeds: Sequence[int] = SEEDS,
    trees: int = TREES,
    weight: Floats | None = None,
    grown: Mapping[str, Any] = AS_FIRST,
) -> list[str]:
    """The models of the bag before they are merged, one LightGBM text a seed.

    `weight` (rows,) is how many rows each stands for; `grown` are parameters in the place of those of PARAMETERS.
    """
    import lightgbm

    constraints = [feature.risk.value for feature in features]
    names = [feature.name for feature in features]

    parameters = {**PARAMETERS, **grown, "monotone_constraints": constraints}
    data = lightgbm.Dataset(
        values, label=left.astype(np.float64), weight=weight, feature_name=names, params=parameters, free_raw_data=True
    ).construct()  # values are put into bins once: no seed changes them

    def fitted(seed: int) -> str:
        return str(lightgbm.train({**parameters, "seed": seed}, data, num_boost_round=trees).model_to_string())

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return list(pool.map(fitted, seeds))


def margins_of_trees(text: str, values: Matrix, *, trees: int | None = None) -> Floats:
    """The margins (rows,) of a LightGBM text, or of its first `trees` trees, by LightGBM itself; for trees that score once.

    In one thread, as fits are: LightGBM keeps the number of threads for the whole process, and a fit beside this one that
    sees it change reads past its arrays, which ends the process.
    """
    import lightgbm

    booster = lightgbm.Booster(model_str=text)
    threads = PARAMETERS["num_threads"]
    return np.asarray(booster.predict(values, raw_score=True, num_iteration=trees, num_threads=threads), np.float64)


def merge(texts: Sequence[str], *, worth: float = 1.0) -> str:
    """One model whose margin is `worth` times the mean of the given ones: all their trees, leaf values multiplied."""
    trees = [_scaled(tree, worth / len(texts)) for text in texts for tree in _trees(text)]
    head = texts[0][: texts[0].index("\nTree=")].split("\n")
    # Sizes in bytes of each tree would be wrong now; without them LightGBM reads tree by tree.
    head = [line for line in head if not line.startswith("tree_sizes=")]
    numbered = [f"Tree={number}\n{tree}" for number, tree in enumerate(trees)]
    # Between the trees and the parameters stands how often the first member alone used each feature.
    parameters = texts[0][texts[0].index("\nparameters:") :]
    return "\n".join(head).rstrip("\n") + "\n\n" + "\n\n\n".join(numbered) + "\n\nend of trees\n" + parameters


def _trees(text: str) -> list[str]:
    body = text[text.index("\nTree=") : text.index("\nend of trees")]
    return [part.split("\n", 1)[1].strip("\n") for part in re.split(r"\nTree=", body) if part.strip()]


# What LightGBM itself multiplies when it shrinks a tree; linear trees, which have more, are refused (models/trees.py).
_SCALED = ("leaf_value", "internal_value", "shrinkage")


def _scaled(tree: str, factor: float) -> str:
    """The text of a tree whose answers are multiplied; `repr` keeps every bit of a number."""
    lines = []
    for line in tree.split("\n"):
        name, _, values = line.partition("=")
        if name in _SCALED:
            line = f"{name}=" + " ".join(repr(float(value) * factor) for value in values.split())
        lines.append(line)
    return "\n".join(lines)


def calibrate(margins: Floats, left: npt.NDArray[np.bool_], weight: Floats | None = None) -> Calibration:
    """Slope and offset by maximum likelihood on margins that the trees did not train on; `weight` as in fitting.

    Raises ValueError when higher margins did not mean more leavers: such a score orders nobody.
    """
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=np.inf).fit(margins.reshape(-1, 1), left, sample_weight=weight)
    slope, offset = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    if slope <= 0:
        raise ValueError("Higher scores did not go with more leavers")
    return Calibration(slope=slope, offset=offset)


def model_of(
    text: str,
    features: Sequence[Feature],
    horizon: Horizon,
    calibration: Calibration,
    spread: Floats | None = None,
    linear: Linear | None = None,
) -> RiskModel:
    """A model ready to score, of trees alone without `linear`; compiles the tables, once.

    Raises ModelRefused for a text that they cannot be made from.
    """
    return RiskModel(
        text=text,
        tables=compile_tables(read_trees(text)),
        linear=nothing(len(features)) if linear is None else linear,
        features=tuple(feature.name for feature in features),
        catalogue_fingerprint=fingerprint(features),
        horizon=horizon,
        calibration=calibration,
        spread=spread,
    )
