"""The risk model: shallow trees by LightGBM, a bag of seeds merged into one, calibrated by two numbers on the logit.

The merged text is an ordinary LightGBM model whose margin is the mean of the members' margins; the calibrated logit is
`slope * margin + offset`, so contributions stay additive after multiplying by the slope.
"""

import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from features.declaration import Feature, fingerprint
from models.horizon import Horizon

Floats = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.floating[Any]]

SEEDS = (11, 23, 37, 41, 59)
# Shallow trees cost no skill on four data sets and keep reasons stable; `basic` is the one method that keeps the
# monotone constraints (design: explain 0.3, 0.4, 4). Class weights would ruin the probabilities. These are the first settings tried:
# random thresholds (extra_trees), larger leaves and stronger shrinkage moved the mean AUC of 2013B to 2013J on the open
# data between .679 and .689, which is within its noise.
PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.03,
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
TREES = 300


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Platt scaling on the logit: `slope` > 0 keeps the order and the signs of all contributions."""

    slope: float = 1.0
    offset: float = 0.0

    def logit(self, margin: Floats) -> Floats:
        return self.slope * margin + self.offset


@dataclass(frozen=True, kw_only=True)
class RiskModel:
    """A LightGBM text model over the named features, its calibration and the horizon it was trained for."""

    text: str
    features: tuple[str, ...]
    catalogue_fingerprint: str
    horizon: Horizon
    calibration: Calibration

    def logits(self, values: Matrix) -> Floats:
        """Calibrated log-odds, one a row of `values` (students, features)."""
        return self.calibration.logit(np.asarray(self._booster.predict(values, raw_score=True), np.float64))

    def probabilities(self, values: Matrix) -> Floats:
        return probability(self.logits(values))

    def contributions(self, values: Matrix) -> tuple[Floats, float]:
        """What each feature adds to the calibrated logit of each row, and the base: rows sum to the logit less the base."""
        raw = np.asarray(self._booster.predict(values, pred_contrib=True), np.float64)
        base = float(raw[0, -1]) if len(raw) else 0.0
        return raw[:, :-1] * self.calibration.slope, self.calibration.slope * base + self.calibration.offset

    @cached_property
    def _booster(self) -> Any:
        import lightgbm

        return lightgbm.Booster(model_str=self.text)


def probability(logits: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-logits)))


def fit_trees(
    values: Matrix,
    left: npt.NDArray[np.bool_],
    features: Sequence[Feature],
    *,
    seeds: Sequence[int] = SEEDS,
    trees: int = TREES,
) -> str:
    """Fit one model a seed with the catalogue's monotone constraints and merge them; returns the LightGBM text."""
    import lightgbm

    constraints = [feature.risk.value for feature in features]
    names = [feature.name for feature in features]

    def fitted(seed: int) -> str:
        # LightGBM files a data set's parameters away with it, so every seed gets its own.
        data = lightgbm.Dataset(values, label=left.astype(np.float64), feature_name=names, free_raw_data=True)
        parameters = {**PARAMETERS, "monotone_constraints": constraints, "seed": seed}
        return str(lightgbm.train(parameters, data, num_boost_round=trees).model_to_string())

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        texts = list(pool.map(fitted, seeds))
    return merge(texts)


def merge(texts: Sequence[str]) -> str:
    """One model whose margin is the mean of the given ones: all their trees, leaf values divided by their number."""
    trees = [_scaled(tree, 1 / len(texts)) for text in texts for tree in _trees(text)]
    head = texts[0][: texts[0].index("\nTree=")].split("\n")
    # Sizes in bytes of each tree would be wrong now; without them LightGBM reads tree by tree.
    head = [line for line in head if not line.startswith("tree_sizes=")]
    numbered = [f"Tree={number}\n{tree}" for number, tree in enumerate(trees)]
    tail = texts[0][texts[0].index("\nend of trees") :]
    return "\n".join(head).rstrip("\n") + "\n\n" + "\n\n\n".join(numbered) + "\n\n" + tail.lstrip("\n")


def _trees(text: str) -> list[str]:
    body = text[text.index("\nTree=") : text.index("\nend of trees")]
    return [part.split("\n", 1)[1].strip("\n") for part in re.split(r"\nTree=", body) if part.strip()]


def _scaled(tree: str, factor: float) -> str:
    lines = []
    for line in tree.split("\n"):
        name, _, values = line.partition("=")
        if name in ("leaf_value", "internal_value"):
            line = f"{name}=" + " ".join(repr(float(value) * factor) for value in values.split())
        lines.append(line)
    return "\n".join(lines)


def calibrate(margins: Floats, left: npt.NDArray[np.bool_]) -> Calibration:
    """Slope and offset by maximum likelihood on margins that the trees did not train on.

    Raises ValueError when higher margins did not mean more leavers: such a score orders nobody.
    """
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=np.inf).fit(margins.reshape(-1, 1), left)
    slope, offset = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    if slope <= 0:
        raise ValueError(
            "higher scores did not go with more leavers in the calibration term: there is nothing to calibrate"
        )
    return Calibration(slope=slope, offset=offset)


def model_of(text: str, features: Sequence[Feature], horizon: Horizon, calibration: Calibration) -> RiskModel:
    return RiskModel(
        text=text,
        features=tuple(feature.name for feature in features),
        catalogue_fingerprint=fingerprint(features),
        horizon=horizon,
        calibration=calibration,
    )
