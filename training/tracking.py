"""MLflow, and only here: one run a training, with parameters, figures by as-of day, the card and the very bundle."""

import logging
import os
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from models.risk_model import PARAMETERS, SEEDS, TREES, RiskModel
from records.errors import ModelRefused
from records.home import DataHome
from training.figures import calibration_figure, precision_recall_figure, shap_figure

if TYPE_CHECKING:
    from training.train import Backtest

_BUNDLE = "bundle"
# The store must never load a pickle, whatever an artefact says about itself.
os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "false"
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")


def log_run(
    home: DataHome,
    institutions: Sequence[str],
    digest: str,
    bundle: Path,
    model: RiskModel,
    card: Mapping[str, Any],
    backtest: "Backtest | None",
    sample: npt.NDArray[np.float32],
) -> str:
    """Log one run and return its id."""
    mlflow = _mlflow(home)
    mlflow.set_experiment(experiment_id=_experiment(home, mlflow, institutions))
    with mlflow.start_run(tags={"digest": digest, "catalogue_fingerprint": model.catalogue_fingerprint}) as run:
        mlflow.log_params({**PARAMETERS, "trees": TREES, "seeds": list(SEEDS), "horizon": model.horizon.name})
        mlflow.log_params(
            {name: card[name] for name in ("training_terms", "test_term", "training_rows", "reconstructed_rows")}
        )
        if backtest is not None:
            _log_skill(mlflow, backtest)
        with tempfile.TemporaryDirectory() as folder:
            _draw(Path(folder), backtest, model, sample)
            mlflow.log_artifacts(folder, "figures")
        mlflow.log_artifacts(str(bundle), _BUNDLE)
        return str(run.info.run_id)


def bundle_folder(home: DataHome, digest: str | None) -> tuple[Path, str]:
    """The logged bundle of a digest (its first letters are enough), or of the newest run; and its whole digest."""
    mlflow = _mlflow(home)
    runs = mlflow.search_runs(
        search_all_experiments=True, order_by=["attributes.start_time DESC"], output_format="list"
    )
    for run in runs:
        held = run.data.tags.get("digest", "")
        if held and (digest is None or held.startswith(digest)):
            return Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path=_BUNDLE)), held
    known = "none yet" if digest is None else f"none that begins with {digest}"
    raise ModelRefused(f"There is no trained model to promote ({known}). Train one with `zerodrop train`.")


def _mlflow(home: DataHome) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlflow
        import mlflow.store.tracking.sqlalchemy_store  # it would warn of its own database later

    for noisy in ("mlflow", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    folder = (home.settings.home / "mlflow").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    return mlflow


def _experiment(home: DataHome, mlflow: Any, institutions: Sequence[str]) -> str:
    name = "+".join(sorted(institutions))
    held = mlflow.get_experiment_by_name(name)
    if held is not None:
        return str(held.experiment_id)
    return str(
        mlflow.create_experiment(
            name, artifact_location=(home.settings.home / "mlflow" / "artifacts").absolute().as_uri()
        )
    )


def _log_skill(mlflow: Any, backtest: "Backtest") -> None:
    for judged in backtest.judged:
        for step, (_, found) in enumerate(sorted(judged.by_day.items())):
            named = {f"{judged.name}/{name}": value for name, value in asdict(found).items() if not np.isnan(value)}
            mlflow.log_metrics(named, step=step)
        mean = {f"mean/{judged.name}/{name}": v for name, v in asdict(judged.mean).items() if not np.isnan(v)}
        mlflow.log_metrics(mean)


def _draw(folder: Path, backtest: "Backtest | None", model: RiskModel, sample: npt.NDArray[np.float32]) -> None:
    if backtest is not None:
        calibration_figure(*backtest.example, folder / "calibration.png")
        precision_recall_figure(*backtest.example, folder / "precision_recall.png")
    shap_figure(model, sample, folder / "shap_summary.png")
