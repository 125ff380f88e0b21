"""shap's own drawings, which analysts know, of the contributions that the service gives reasons by."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt

from models.risk_model import RiskModel

_DPI = 120
_MOST_FEATURES = 15
_DEPENDENCES = 4


def beeswarm(model: RiskModel, sample: npt.NDArray[np.float32], path: Path) -> None:
    """A dot a row for each of the features that move the score most: how far, and at what value."""
    with _shap() as shap:
        shap.summary_plot(
            model.contributions(sample)[0], sample, feature_names=list(model.features), show=False,
            max_display=_MOST_FEATURES, rng=np.random.default_rng(0),
        )  # fmt: skip
        plt.gcf().savefig(path, dpi=_DPI, bbox_inches="tight")
    plt.close("all")


def dependence(model: RiskModel, sample: npt.NDArray[np.float32], path: Path) -> None:
    """How much each of the strongest features adds, against its value, in calibrated log-odds."""
    with _shap() as shap:
        values = model.contributions(sample)[0]
        strongest = np.argsort(-np.abs(values).mean(axis=0), kind="stable")[:_DEPENDENCES]
        figure, grid = plt.subplots(2, 2, figsize=(9, 7), layout="constrained")
        for axes, feature in zip(grid.flat, strongest, strict=False):
            shap.dependence_plot(
                int(feature),
                values,
                sample,
                feature_names=list(model.features),
                interaction_index=None,
                ax=axes,
                show=False,
            )
        figure.savefig(path, dpi=_DPI)
    plt.close("all")


@contextmanager
def _shap() -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # shap announces on every call that its answer for two classes is a list
        import shap

        yield shap
