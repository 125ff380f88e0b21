"""The figures of a run: calibration, precision against recall, and shap's summary of what moves the score."""

import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from sklearn.metrics import precision_recall_curve

from models.risk_model import RiskModel
from training.evaluate import calibration_bins

_DPI = 120
plt.switch_backend("Agg")  # no screen on a server


def calibration_figure(left: npt.NDArray[np.bool_], probability: npt.NDArray[np.float64], path: Path) -> None:
    """Observed against predicted in ten bins of equal count."""
    bins = calibration_bins(left, probability)
    figure, axes = plt.subplots(figsize=(5, 5))
    top = max([one.predicted for one in bins] + [one.observed for one in bins]) * 1.05 or 1.0
    axes.plot([0, top], [0, top], linestyle="--", color="grey", label="perfect")
    axes.plot([one.predicted for one in bins], [one.observed for one in bins], marker="o", label="zerodrop")
    axes.set(xlabel="predicted probability of leaving", ylabel="observed share", title="Calibration on the test term")
    axes.legend()
    _save(figure, path)


def precision_recall_figure(left: npt.NDArray[np.bool_], probability: npt.NDArray[np.float64], path: Path) -> None:
    precision, recall, _ = precision_recall_curve(left, probability)
    figure, axes = plt.subplots(figsize=(5, 5))
    axes.plot(recall, precision, label="zerodrop")
    axes.axhline(left.mean(), linestyle="--", color="grey", label="base rate")
    axes.set(xlabel="recall", ylabel="precision", title="All weeks of the test term", xlim=(0, 1), ylim=(0, 1))
    axes.legend()
    _save(figure, path)


def shap_figure(model: RiskModel, sample: npt.NDArray[np.float32], path: Path) -> None:
    """shap's own summary plot over a sample of the training rows."""
    import lightgbm
    import pandas as pd

    frame = pd.DataFrame(sample, columns=list(model.features))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # shap announces on every call that its answer for two classes is a list
        import shap

        values = shap.TreeExplainer(lightgbm.Booster(model_str=model.text)).shap_values(frame)
        shap.summary_plot(values, frame, show=False, max_display=15, rng=np.random.default_rng(0))
    _save(plt.gcf(), path)


def _save(figure: Figure, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, dpi=_DPI)
    plt.close(figure)
