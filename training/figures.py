"""The figures of a run, drawn from what judging found: nothing here is computed anew, and no dot is a named student."""

from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from models.risk_model import RiskModel
from training.calibration_figures import calibration_bins
from training.contest import Contest
from training.evidence import MODEL, AttributeFairness, Churn, Evidence, GroupFigures, LeadTime
from training.shap_figures import beeswarm, dependence

_DPI = 120
_SHARES = np.arange(1, 31) / 100
_STAYING_WANTED = 0.8
plt.switch_backend("Agg")  # no screen on a server


def draw(
    folder: Path, evidence: Evidence, contest: Contest | None, model: RiskModel, sample: npt.NDArray[np.float32]
) -> None:
    """Write every figure that this evidence gives as PNG into `folder`."""
    if contest is not None:
        _drawn(folder / "calibration.png", lambda axes: _calibration(axes, contest), size=(5, 5))
        _drawn(folder / "precision_at_k.png", lambda axes: _precision_at_k(axes, contest), size=(7, 5))
    lead_time, churn, fairness = evidence.lead_time, evidence.churn, evidence.fairness
    if lead_time is not None:
        _drawn(folder / "lead_time.png", lambda axes: _lead_time(axes, lead_time), size=(7, 2.4))
    if churn is not None:
        _drawn(folder / "churn.png", lambda axes: _churn(axes, churn), size=(7, 2.4))
    if fairness:
        rows = sum(len(_shown(one)) + 1 for one in fairness)
        _drawn(folder / "fairness.png", lambda axes: _fairness(axes, fairness), size=(7, 1.5 + 0.24 * rows))
    beeswarm(model, sample, folder / "shap_beeswarm.png")
    dependence(model, sample, folder / "shap_dependence.png")


def _drawn(path: Path, onto: Callable[[Axes], None], *, size: tuple[float, float]) -> None:
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    onto(axes)
    save(figure, path)


def save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=_DPI)
    plt.close(figure)


def _calibration(axes: Axes, contest: Contest) -> None:
    """Observed against predicted in ten bins of equal count, all rounds together."""
    probability = np.concatenate([_probability(contest, place) for place in range(len(contest.rounds))])
    bins = calibration_bins(np.concatenate([one.week.left for one in contest.rounds]), probability)
    top = max([one.predicted for one in bins] + [one.observed for one in bins]) * 1.05 or 1.0
    axes.plot([0, top], [0, top], linestyle="--", color="grey", label="perfect")
    axes.plot([one.predicted for one in bins], [one.observed for one in bins], marker="o", label=MODEL)
    axes.set(xlabel="predicted probability of leaving", ylabel="observed share", title="Calibration on the test terms")
    axes.legend()


def _probability(contest: Contest, place: int) -> npt.NDArray[np.float64]:
    probability = contest.rounds[place].lists[MODEL].probability
    if probability is None:
        raise ValueError("the model gives every row a probability")
    return probability


def _precision_at_k(axes: Axes, contest: Contest) -> None:
    """The share of leavers among the first k rows, mean over rounds; k as a share of those enrolled."""
    for name in contest.names:
        found = [_precisions(one.week.left[one.order(name)]) for one in contest.rounds]
        bold = name == MODEL
        axes.plot(
            100 * _SHARES, np.mean(found, axis=0), label=name, linewidth=2.5 if bold else 1, zorder=3 if bold else 2
        )
    axes.set(
        xlabel="k, % of the students enrolled",
        ylabel="precision",
        title="Precision at k on the test terms",
        ylim=(0, None),
    )
    axes.legend(fontsize=8, ncols=2)


def _precisions(ordered: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    reached = np.cumsum(ordered)
    first = np.maximum(1, np.ceil(_SHARES * len(ordered)).astype(np.int64))
    return np.asarray(reached[first - 1] / first, np.float64)


def _lead_time(axes: Axes, found: LeadTime) -> None:
    """The middle half and the median of the days between first listing and last day seen."""
    if not found.listed:
        axes.text(0.5, 0.5, "No leaver was listed.", ha="center", transform=axes.transAxes)
    else:
        axes.barh([0], [found.third_quarter_days - found.first_quarter_days], left=found.first_quarter_days, height=0.4)
        axes.plot([found.median_days] * 2, [-0.3, 0.3], color="black")
    axes.axvline(0, color="grey", linewidth=0.8)
    axes.set(
        yticks=[], ylim=(-0.6, 0.6), xlabel="days between first listing and last day seen (middle half, median)",
        title=f"Lead time: {found.listed} of {found.leavers} leavers were listed",
    )  # fmt: skip


def _churn(axes: Axes, found: Churn) -> None:
    named = {
        "last week's visits that stay": found.staying_share,
        "same list after retraining": found.same_after_retraining_share,
    }
    axes.barh(list(named), list(named.values()), height=0.5)
    axes.axvline(_STAYING_WANTED, linestyle="--", color="grey")
    axes.set(xlim=(0, 1), title="Churn of the list", xlabel=f"share that stays (wanted: {_STAYING_WANTED})")
    axes.invert_yaxis()


def _shown(attribute: AttributeFairness) -> list[GroupFigures]:
    return [group for group in attribute.groups if not group.suppressed and np.isfinite(group.recall.value)]


def _fairness(axes: Axes, fairness: tuple[AttributeFairness, ...]) -> None:
    """A dot a group: the share of its leavers who were listed, with the 95 % interval; small groups are left out."""
    labels: list[str] = []
    for attribute in fairness:
        labels.append(f"{attribute.attribute}: {attribute.verdict}")
        for group in _shown(attribute):
            recall = group.recall
            axes.plot([recall.low, recall.high], [len(labels)] * 2, color="tab:blue", linewidth=1)
            axes.plot([recall.value], [len(labels)], marker="o", color="tab:blue")
            labels.append(f"{group.group}  ")
    axes.set_yticks(range(len(labels)), labels, fontsize=8)
    axes.set(
        xlim=(0, 1),
        ylim=(len(labels) - 0.4, -0.6),
        xlabel="recall at capacity, 95 % interval",
        title="Who is reached, group by group",
    )
    axes.grid(axis="x", linewidth=0.4)
