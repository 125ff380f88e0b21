"""What a training leaves in MLflow, the registry's aliases, and that its pages stay on this machine."""

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest

from features.catalogue import CATALOGUE
from models.bundle import keep, write_bundle
from models.card import card_in, render
from models.risk_model import Calibration
from models.signed import is_whole
from records import lists
from records.errors import ConfigurationGap, ModelRefused
from records.home import DataHome, create_home, open_home
from records.lists import EVERY_INSTITUTION
from records.settings import Settings
from tests.models.one_split import one_split
from tests.training.drawn_card import draw_card
from tests.training.drawn_contest import draw_round, draw_week
from tests.training.drawn_evidence import EVIDENCE
from training.compare import compare_models
from training.contest import Contest, Ranked, Round
from training.promote import model_folder, promote_model
from training.registry import CHALLENGER, CHAMPION, group_name, set_aliases
from training.tracking import Run, bundle_folder, log_run, point_aliases

ROOT = Path(__file__).resolve().parent.parent.parent
NAME = "1"
DRAWN = np.random.default_rng(5)


def _round(number: int) -> Round:
    """Forty students of whom the four that the model fears most leave, but for one."""
    probability = np.linspace(0.4, 0.01, 40)
    left = np.arange(40) < 4
    left[2], left[20] = False, True
    drawn = draw_round(draw_week(number, left), {"zerodrop": probability, "lottery": DRAWN.random(40)}, capacity=5)
    return replace(drawn, lists={**drawn.lists, "zerodrop": Ranked(score=probability, probability=probability)})


CONTEST = Contest(rounds=tuple(_round(number) for number in range(3)), names=("zerodrop", "lottery"))


def run_of(folder: Path, *, offset: float = 0.0, contest: Contest | None = CONTEST) -> Run:
    """A run of the smallest model; another `offset` makes another digest."""
    model = one_split("missed_share_28d", above=0.25, calibration=Calibration(offset=offset))
    card = draw_card()
    digest = write_bundle(folder / f"bundle {offset}", model, card, render(card), bonus=0.2)
    return Run(
        digest=digest, bundle=folder / f"bundle {offset}", model=model, evidence=EVIDENCE, contest=contest,
        parameters={"trees": 300, "seeds": [11, 23]}, panel_fingerprint="f" * 64, features=CATALOGUE,
        sample=DRAWN.random((60, len(CATALOGUE))).astype(np.float32),
    )  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataHome]:
    opened = create_home(Settings(home=tmp_path_factory.mktemp("home") / "var"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def logged(home: DataHome, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Any]:
    run = run_of(tmp_path_factory.mktemp("first"))
    run_id = log_run(home, run)
    return run, mlflow.get_run(run_id)


def artifact(home: DataHome, held: Any, *path: str) -> Path:
    return (home.settings.home / "mlflow" / "artifacts" / held.info.run_id / "artifacts").joinpath(*path)


def test_a_run_stands_in_the_experiment_of_its_institutions(logged: tuple[Run, Any]) -> None:
    _, held = logged
    assert mlflow.get_experiment(held.info.experiment_id).name == NAME


def test_a_run_tells_parameters_fingerprints_and_the_commit(logged: tuple[Run, Any]) -> None:
    run, held = logged
    assert held.data.params["trees"] == "300"
    assert held.data.params["training_terms"] == "['1/2566', '2/2566', '1/2567']"
    assert held.data.params["training_rows"] == "50000"
    assert held.data.tags["digest"] == run.digest
    assert held.data.tags["panel_fingerprint"] == "f" * 64
    assert held.data.tags["catalogue_fingerprint"] == EVIDENCE.catalogue_fingerprint
    head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, encoding="utf-8", cwd=ROOT, check=True)
    assert held.data.tags["git_commit"] == head.stdout.strip()


def test_a_run_holds_every_day_as_a_step_stamped_with_its_day(logged: tuple[Run, Any]) -> None:
    _, held = logged
    told = mlflow.MlflowClient().get_metric_history(held.info.run_id, "day/zerodrop/recall")
    assert [one.step for one in told] == [0, 1, 2]
    assert [one.value for one in told] == [0.75] * 3
    assert [time.strftime("%Y-%m-%d", time.gmtime(one.timestamp / 1000)) for one in told] == [
        "2025-06-02", "2025-06-09", "2025-06-16",
    ]  # fmt: skip
    assert "day/lottery/brier" not in held.data.metrics


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lists/zerodrop/auc", 0.76), ("lists/zerodrop/auc/low", 0.74), ("lists/logistic/at/5_percent/recall", 0.4),
        ("gain/per_week/low", 1.0), ("lead_time/median_days", 35), ("churn/staying_share", 0.82),
        ("fairness/sex/detectable_gap", 0.09), ("calibrated/backtest_slope", 0.98), ("without/grades", 0.03),
    ],
)  # fmt: skip
def test_a_run_holds_what_the_evidence_says(logged: tuple[Run, Any], name: str, value: float) -> None:
    assert logged[1].data.metrics[name] == pytest.approx(value)


def test_a_run_holds_its_drawings(home: DataHome, logged: tuple[Run, Any]) -> None:
    drawn = {path.name: path.read_bytes() for path in artifact(home, logged[1], "figures").iterdir()}
    assert set(drawn) == {
        "calibration.png", "precision_at_k.png", "lead_time.png", "churn.png", "fairness.png", "shap_beeswarm.png",
        "shap_dependence.png",
    }  # fmt: skip
    assert all(content.startswith(b"\x89PNG") and len(content) > 5_000 for content in drawn.values())


def test_a_run_holds_the_schema_of_its_panel(home: DataHome, logged: tuple[Run, Any]) -> None:
    schema = json.loads(artifact(home, logged[1], "panel_schema.json").read_text(encoding="utf-8"))
    assert [one["name"] for one in schema["features"]] == [one.name for one in CATALOGUE]
    assert [one["name"] for one in schema["outcomes"]] == ["left", "strict", "gone"]


def test_a_run_holds_the_very_bundle(home: DataHome, logged: tuple[Run, Any]) -> None:
    run, _ = logged
    folder, digest = bundle_folder(home, run.digest[:8])
    assert digest == run.digest
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        path.name: path.read_bytes() for path in run.bundle.iterdir()
    }


def test_a_damaged_copy_in_use_is_mended_from_the_run(home: DataHome, logged: tuple[Run, Any]) -> None:
    run, _ = logged
    kept = home.models / keep(run.bundle, home.models)
    assert model_folder(home, run.digest)[0] == kept
    (kept / "model.txt").write_bytes(b"x")
    folder, digest = model_folder(home, run.digest)
    assert digest == run.digest
    assert folder != kept
    assert keep(folder, home.models) == digest
    assert is_whole(kept, digest)


@pytest.mark.parametrize("name", ["model.txt", "manifest.json"])
def test_a_run_that_was_damaged_is_told_as_trained_not_as_signed(tmp_path: Path, name: str) -> None:
    """Whichever command meets it: promoting it again is no way out of what could not be promoted."""
    opened = create_home(Settings(home=tmp_path / "var"))
    log_run(opened, run_of(tmp_path))
    folder, digest = model_folder(opened, None)
    (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    commands: list[Callable[[], object]] = [
        lambda: card_in(folder, digest),
        lambda: compare_models(opened, NAME, digest=None, today=date(2026, 1, 5), as_of=None, actor="test"),
        lambda: promote_model(opened, institution=EVERY_INSTITUTION, digest=None, signed_by="ก", reason="ข"),
    ]
    for command in commands:
        with pytest.raises(ModelRefused, match=rf"changed since training\. Bring {folder} back from a backup"):
            command()
    opened.close()


def test_a_home_that_was_copied_keeps_its_runs_to_itself(
    home: DataHome, logged: tuple[Run, Any], tmp_path: Path
) -> None:
    _, held = logged
    before = sorted(path for path in home.settings.home.rglob("*") if path.is_file())
    shutil.copytree(home.settings.home, tmp_path / "var")
    shutil.copyfile(home.settings.key_path, tmp_path / "var.key")
    (tmp_path / "var.key").chmod(0o600)
    copied = open_home(Settings(home=tmp_path / "var"))
    run = run_of(tmp_path / "bundle", offset=0.7)
    for _ in range(2):
        log_run(copied, run)
    folder, digest = bundle_folder(copied, run.digest)
    assert folder.is_relative_to(tmp_path)
    assert is_whole(folder, digest)
    assert {one.name for one in mlflow.search_experiments()} >= {mlflow.get_experiment(held.info.experiment_id).name}
    copied.close()
    assert sorted(path for path in home.settings.home.rglob("*") if path.is_file()) == before


def test_a_run_without_a_test_term_is_logged_too(tmp_path: Path) -> None:
    opened = create_home(Settings(home=tmp_path / "var"))
    untested = replace(EVIDENCE, test=None, lists={}, gain=None, lead_time=None, churn=None, fairness=(), sources=())
    run = replace(run_of(tmp_path, contest=None), evidence=untested)
    held = mlflow.get_run(log_run(opened, run))
    assert held.data.params["test_terms"] == "[]"
    assert {path.name for path in artifact(opened, held, "figures").iterdir()} == {
        "shap_beeswarm.png", "shap_dependence.png",
    }  # fmt: skip
    opened.close()


def test_nothing_trained_is_said_so(tmp_path: Path) -> None:
    opened = create_home(Settings(home=tmp_path / "var"))
    with pytest.raises(ModelRefused, match="There is no such trained model \\(none yet\\)"):
        bundle_folder(opened, None)
    opened.close()


def test_mlflow_never_gets_the_database_of_the_records(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'one.db'}"
    opened = create_home(Settings(home=tmp_path / "var", database_url=address, mlflow_url=address))
    with pytest.raises(ConfigurationGap, match="Give MLflow a database of its own"):
        bundle_folder(opened, None)
    opened.close()


def test_mlflow_keeps_to_the_database_it_is_given(tmp_path: Path) -> None:
    opened = create_home(Settings(home=tmp_path / "var", mlflow_url=f"sqlite:///{tmp_path / 'runs.db'}"))
    with pytest.raises(ModelRefused):
        bundle_folder(opened, None)
    with sqlite3.connect(tmp_path / "runs.db") as database:
        tables = {name for (name,) in database.execute("select name from sqlite_master")}
    database.close()
    assert {"runs", "registered_models"} <= tables
    assert not (tmp_path / "var" / "mlflow" / "mlflow.db").exists()
    opened.close()


# The registry


def aliases(home: DataHome, name: str = NAME) -> dict[str, str]:
    bundle_folder(home, None)  # points MLflow at this home: another test may have pointed it elsewhere
    held = mlflow.MlflowClient().get_registered_model(name).aliases
    return {alias: str(version) for alias, version in held.items()}


def sign(home: DataHome, digest: str, institution: str = "*") -> None:
    lists.promote(home.database, institution=institution, model_digest=digest, signed_by="ครู", reason="r")
    point_aliases(home)


def test_aliases_follow_the_promotion_table(home: DataHome, logged: tuple[Run, Any], tmp_path: Path) -> None:
    first, _ = logged
    assert aliases(home) == {CHALLENGER: "1"}
    sign(home, first.digest)
    assert aliases(home) == {CHAMPION: "1"}
    second = run_of(tmp_path, offset=0.5)
    log_run(home, second)
    assert aliases(home) == {CHAMPION: "1", CHALLENGER: "2"}
    sign(home, second.digest)
    assert aliases(home) == {CHAMPION: "2"}
    sign(home, first.digest)
    assert aliases(home) == {CHAMPION: "1", CHALLENGER: "2"}
    sign(home, lists.RULE_LIST)
    assert aliases(home) == {CHALLENGER: "2"}


def test_a_group_is_named_by_its_institutions_in_any_order() -> None:
    assert group_name(["b", "a", "b"]) == group_name(["a", "b"]) == "a+b"


def test_a_nation_has_a_name_that_fits() -> None:
    codes = [f"{number:010}" for number in range(400)]
    assert group_name(codes).startswith("0000000000+399 more ")
    assert len(group_name(codes)) < 60
    assert group_name(codes) != group_name(codes[:-1])


def test_an_alias_of_a_group_without_versions_is_no_error(home: DataHome, logged: tuple[Run, Any]) -> None:
    bundle_folder(home, None)
    client = mlflow.MlflowClient()
    client.create_registered_model("empty")
    set_aliases(client, ["some digest"])
    assert aliases(home, "empty") == {}


def test_an_experiment_that_another_training_makes_in_the_meantime_is_the_same_one(
    home: DataHome, logged: tuple[Run, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two trainings that begin together both look before either has made it."""
    _, held = logged
    run, find, asked = replace(logged[0]), mlflow.get_experiment_by_name, []

    def not_yet(name: str) -> Any:
        asked.append(name)
        return find(name) if len(asked) > 1 else None

    monkeypatch.setattr(mlflow, "get_experiment_by_name", not_yet)
    again = mlflow.get_run(log_run(home, run))
    assert again.info.experiment_id == held.info.experiment_id
    assert len(asked) > 1


# Its pages


def test_its_pages_answer_on_this_machine_alone_and_not_under_another_name(
    home: DataHome, logged: tuple[Run, Any]
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, "-m", "zerodrop", "mlflow", "ui", "--port", str(port), "--home", str(home.settings.home)]
    server = subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        address = f"http://127.0.0.1:{port}/api/2.0/mlflow/experiments/search?max_results=1"
        assert _answer(address, patience=120) == 200
        assert _answer(address, host="evil.example") == 403
        listening = subprocess.run(["cat", "/proc/net/tcp"], capture_output=True, encoding="ascii", check=True).stdout
        assert f"0100007F:{port:04X}" in listening
        assert f"00000000:{port:04X}" not in listening
        server.terminate()  # it alone is told to end
        assert server.wait(timeout=60) == 0
        with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            pass
    finally:
        _stop(server)


def _answer(address: str, *, host: str = "", patience: float = 10) -> int:
    until = time.monotonic() + patience
    request = urllib.request.Request(address, headers={"Host": host} if host else {})
    while True:
        try:
            with urllib.request.urlopen(request, timeout=5) as answered:
                return int(answered.status)
        except urllib.error.HTTPError as refused:
            refused.close()
            return refused.code
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.3)


def _stop(server: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGINT)
    try:
        server.wait(timeout=30)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
