"""MLflow, and only here: one run a training, with what it was fitted with, what was found, its figures and its bundle.

No row and no number of a student goes in: parameters, figures over many, drawings, the card and the bundle.
"""

import hashlib
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time
from itertools import chain, count
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from features.declaration import Feature
from models.risk_model import RiskModel
from records import promotions
from records.errors import CannotServe, ConfigurationGap, ModelRefused
from records.home import DataHome
from records.runs_file import artifacts_of_runs, require_listed_runs, require_whole_runs, runs_file, silent_runs
from records.settings import Settings
from records.stopping import Stopped
from training.contest import Contest
from training.evidence import Evidence, as_json
from training.figures import draw
from training.judging import judged_days
from training.registry import DIGEST, group_name, register, set_aliases

_BUNDLE, _FIGURES, _SCHEMA = "bundle", "figures", "panel_schema.json"
_MOST_METRICS = 1_000  # MLflow takes no more at once
_ROOT = Path(__file__).resolve().parent.parent
# The store must never load a pickle, whatever an artefact says about itself; and nothing is told to anybody.
ENVIRONMENT = {
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Run:
    """What one training leaves behind.

    `parameters` say how it was fitted (search, trees, seeds, terms); `contest` holds the test terms, None without one;
    `panel_fingerprint` is a hash of the panel's ledger numbers, epochs and as-of days; `sample` are rows for shap's
    drawings, (rows, features).
    """

    digest: str
    bundle: Path
    model: RiskModel
    evidence: Evidence
    contest: Contest | None
    parameters: Mapping[str, object]
    panel_fingerprint: str
    features: tuple[Feature, ...]
    sample: npt.NDArray[np.float32]


def require_loggable(home: DataHome) -> None:
    """Before the work of a training; makes nothing where there is no run yet.

    Raises ConfigurationGap for a database that is ours, RunsWrong for a list of runs that is damaged or does not answer.
    """
    settings = home.settings
    _require_own_database(settings)
    require_whole_runs(settings)
    path = runs_file(settings)
    if path is not None and not path.is_file():
        return
    try:
        _opened(home).search_experiments(max_results=1)
    except Exception as error:  # whatever MLflow says of a database of its own
        raise silent_runs(settings, type(error).__name__) from None


def log_run(home: DataHome, run: Run) -> str:
    """Log one run in the experiment of its institutions, register its bundle there, and return the run's id.

    What stops it on the way leaves a failed run without files, which can never be promoted.
    """
    mlflow = _opened(home)
    name = group_name(run.evidence.training.institutions)
    mlflow.set_experiment(experiment_id=_experiment(home, mlflow, name))
    client = mlflow.MlflowClient()
    with mlflow.start_run(tags=_tags(run)) as started:
        run_id = str(started.info.run_id)
        try:
            _log(mlflow, run, run_id)
            register(client, name, run_id=run_id, source=mlflow.get_artifact_uri(_BUNDLE), digest=run.digest)
        except BaseException:
            shutil.rmtree(artifacts_of_runs(home.settings) / run_id, ignore_errors=True)
            raise
    point_aliases(home)
    return run_id


def _log(mlflow: Any, run: Run, run_id: str) -> None:
    mlflow.log_params(_parameters(run))
    client = mlflow.MlflowClient()
    for part in _parts(list(_metrics(run))):
        client.log_batch(run_id, metrics=[mlflow.entities.Metric(*one) for one in part])
    with tempfile.TemporaryDirectory() as folder:
        draw(Path(folder), run.evidence, run.contest, run.model, run.sample)
        mlflow.log_artifacts(folder, _FIGURES)
    mlflow.log_dict(_schema(run.features), _SCHEMA)
    mlflow.log_artifacts(str(run.bundle), _BUNDLE)


def point_aliases(home: DataHome) -> None:
    """Copy who is in charge from the promotion table to the registry's aliases."""
    with home.database.read() as session:
        digests = promotions.in_charge(session)
    set_aliases(_opened(home).MlflowClient(), digests)


def bundle_folder(home: DataHome, digest: str | None) -> tuple[Path, str]:
    """The logged bundle of a digest (its first letters are enough), or of the newest run; and its whole digest.

    Raises ModelRefused where there is none, RunsWrong where the list of runs was lost.
    """
    mlflow = _opened(home)
    runs = mlflow.search_runs(
        search_all_experiments=True, order_by=["attributes.start_time DESC"], output_format="list"
    )
    for run in runs:
        held = run.data.tags.get(DIGEST, "")
        if held and run.info.status == "FINISHED" and (digest is None or held.startswith(digest)):
            return artifacts_of_runs(home.settings) / run.info.run_id / "artifacts" / _BUNDLE, held
    require_listed_runs(home.settings, runs)
    known_th, known = ("ยังไม่เคยฝึก", "none yet")
    if digest is not None:
        known_th, known = f"ไม่มีที่ขึ้นต้นด้วย {digest}", f"none that begins with {digest}"
    raise ModelRefused(
        f"There is no such trained model ({known}). Train one with `zerodrop train`. · "
        f"ไม่พบแบบจำลองที่ฝึกไว้ ({known_th}) ฝึกด้วยคำสั่ง zerodrop train"
    )


def user_interface(home: DataHome, *, port: int) -> int:
    """MLflow's own pages on this machine alone, until they are stopped; the exit code of its server.

    The address goes by the environment: it may hold a password, and a command line is read by every account.
    """
    _opened(home).search_experiments(max_results=1)  # makes or moves the tables on, before anybody looks
    command = [
        sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--default-artifact-root", artifacts_of_runs(home.settings).as_uri(),
    ]  # fmt: skip
    environment = {
        **os.environ,
        **ENVIRONMENT,
        "MLFLOW_BACKEND_STORE_URI": home.settings.mlflow_address,
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE": "false",
        "MLFLOW_SERVER_ALLOWED_HOSTS": f"127.0.0.1:{port},localhost:{port}",
    }
    with subprocess.Popen(command, env=environment, process_group=0) as server:
        try:
            return server.wait()
        except Stopped:
            os.killpg(server.pid, signal.SIGTERM)  # with the processes that it started in turn
            return 0


def require_free(port: int) -> None:
    """Raises CannotServe where somebody answers on this port already, or it is not for this account."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise CannotServe(
                f"Port {port} of this machine is taken or not for this account. Take another with --port. · "
                f"พอร์ต {port} ของเครื่องนี้มีโปรแกรมอื่นใช้อยู่หรือไม่มีสิทธิ์ใช้ เลือกพอร์ตอื่นด้วย --port"
            ) from None


def _opened(home: DataHome) -> Any:
    """The mlflow module, pointed at this home's runs.

    Raises ConfigurationGap for a database that is ours, RunsWrong for a damaged file.
    """
    settings = home.settings
    _require_own_database(settings)
    require_whole_runs(settings)
    os.environ.update(ENVIRONMENT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlflow
        import mlflow.store.tracking.sqlalchemy_store  # it would warn of its own database later

    for noisy in ("mlflow", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    artifacts_of_runs(home.settings).parent.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(settings.mlflow_address)
    mlflow.set_registry_uri(settings.mlflow_address)
    return mlflow


def _require_own_database(settings: Settings) -> None:
    if settings.mlflow_address in (settings.database_address, settings.vault_address):
        raise ConfigurationGap(
            "ZERODROP_MLFLOW_URL names the database of the records, where MLflow's tables cannot live. "
            "Give MLflow a database of its own. · "
            "ZERODROP_MLFLOW_URL เป็นฐานข้อมูลที่เก็บข้อมูลนักเรียน ตารางของ MLflow อยู่ร่วมกันไม่ได้ ให้ MLflow ใช้ฐานข้อมูลของตนเอง"
        )


def _experiment(home: DataHome, mlflow: Any, name: str) -> str:
    """The experiment of this name whose artifacts lie in this home.

    A home that was copied or moved begins one beside it, and so does one whose experiment was deleted on MLflow's pages:
    what somebody deleted there stays deleted.
    """
    here = artifacts_of_runs(home.settings).as_uri()
    beside = f"{name} {hashlib.sha256(here.encode()).hexdigest()[:8]}"
    names = chain((name, beside), (f"{beside} {number}" for number in count(2)))
    return next(found for called in names if (found := _in_use(mlflow, called, here)) is not None)


def _in_use(mlflow: Any, called: str, here: str) -> str | None:
    """The experiment of this name, made where there is none; None where it is another home's or was deleted."""
    held = mlflow.get_experiment_by_name(called)
    if held is None:
        try:
            return str(mlflow.create_experiment(called, artifact_location=here))
        except mlflow.MlflowException:  # another training made it in the meantime
            held = mlflow.get_experiment_by_name(called)
            if held is None:
                raise
    return str(held.experiment_id) if held.artifact_location == here and held.lifecycle_stage == "active" else None


# What is told


def _tags(run: Run) -> dict[str, str]:
    commit, changed = _git()
    return {
        DIGEST: run.digest,
        "catalogue_fingerprint": run.evidence.catalogue_fingerprint,
        "panel_fingerprint": run.panel_fingerprint,
        "git_commit": commit,
        "git_changed": str(changed).lower(),
    }


def _git() -> tuple[str, bool]:
    """The commit of this checkout, and whether files were changed since; 'unknown' outside one."""

    def asked(*words: str) -> str:
        done = subprocess.run(["git", "-C", str(_ROOT), *words], capture_output=True, encoding="utf-8", check=True)
        return done.stdout.strip()

    try:
        return asked("rev-parse", "HEAD"), bool(asked("status", "--porcelain"))
    except (OSError, subprocess.CalledProcessError):
        return "unknown", True


def _parameters(run: Run) -> dict[str, object]:
    training, test = run.evidence.training, run.evidence.test
    return {
        **run.parameters,
        "horizon": run.evidence.horizon,
        "training_terms": list(training.terms),
        "test_terms": list(test.terms) if test else [],
        "training_rows": training.rows,
        "kept_rows": training.kept_rows,
        "reconstructed_rows": training.reconstructed_rows,
        "trained_on": training.trained_on.isoformat(),
    }


Metric = tuple[str, float, int, int]
"""Key, value, milliseconds, step."""


def _metrics(run: Run) -> Iterator[Metric]:
    """Each list's figures by as-of day (a step each, stamped with its day), then what the evidence says over all of them."""
    now = int(datetime.now(UTC).timestamp() * 1000)
    if run.contest is not None:
        yield from _by_day(run.contest)
    told = as_json(run.evidence)
    parts = {
        name: told[name] for name in ("lists", "gain", "lead_time", "churn", "calibrated", "stability", "constraints")
    }
    parts["fairness"] = {
        one["attribute"]: {"gap": one["gap"], "detectable_gap": one["detectable_gap"]} for one in told["fairness"]
    }
    parts["without"] = {one["name"]: one["auc_lost"] for one in told["sources"]}
    yield from ((key, value, now, 0) for key, value in _flat(parts))


def _by_day(contest: Contest) -> Iterator[Metric]:
    steps = {day: step for step, day in enumerate(sorted(contest.days))}
    for name, days in judged_days(contest).items():
        for day, found in days.items():
            at = int(datetime.combine(day, time(), tzinfo=UTC).timestamp() * 1000)
            figures = asdict(found).items()
            yield from ((f"day/{name}/{key}", value, at, steps[day]) for key, value in figures if np.isfinite(value))


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """Numbers by the way to them; a figure that could not be told is left out, and so is what is told by day."""
    if isinstance(value, Mapping):
        for key, held in value.items():
            if not key.endswith("_by_week"):
                yield from _flat(held, f"{path}/{key}" if path else key)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path.replace("%", "_percent").removesuffix("/value"), float(value)


def _parts(metrics: Sequence[Metric]) -> Iterator[Sequence[Metric]]:
    yield from (metrics[start : start + _MOST_METRICS] for start in range(0, len(metrics), _MOST_METRICS))


def _schema(features: Sequence[Feature]) -> dict[str, Any]:
    """The panel's columns: what names a row, what was answered, and what was learned."""
    keys = [
        {"name": "institution", "type": "text"},
        {"name": "as_of", "type": "date"},
        {"name": "student", "type": "int64"},
    ]
    answers = [
        {
            "name": one.name, "type": "float32", "unit": one.unit.value, "domain": one.domain.value, "risk": one.risk.name,
            "may_be_missing": one.absent_means is None, "label": asdict(one.label),
        }
        for one in features
    ]  # fmt: skip
    outcomes = [{"name": name, "type": "bool"} for name in ("left", "strict", "gone")]
    return {"keys": keys, "features": answers, "outcomes": outcomes}
