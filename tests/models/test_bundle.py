"""Bundles: what was signed is what is read, byte for byte, and nothing is unpickled on the way."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from models import bundle
from models.bundle import digest_of, keep, read_bundle, write_bundle
from models.horizon import LIST_HORIZON, NEXT_COUNT
from models.risk_model import RiskModel
from records.errors import ModelRefused
from tests.models.conftest import Answers

ROOT = Path(__file__).resolve().parents[2]
FILES = ("model.txt", "calibration.json", "card.json", "card.md")
CARD = {"horizon": "days_56", "institutions": ["1320026101"]}


@pytest.fixture
def trained(tmp_path: Path, model: RiskModel) -> Path:
    """A bundle as training leaves it."""
    folder = tmp_path / "trained"
    write_bundle(folder, model, CARD, "# บัตรแบบจำลอง\n", bonus=0.3)
    return folder


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


def rewritten(folder: Path, change: Callable[[dict[str, object]], None]) -> str:
    """The manifest changed and signed anew, as another program could have written it."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")
    return digest_of(folder)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


# Round trip


def test_a_kept_bundle_scores_to_the_last_bit_as_before(
    trained: Path, models: Path, model: RiskModel, answers: Answers
) -> None:
    read, bonus = read_bundle(models, keep(trained, models))
    assert (read.logits(answers.values) == model.logits(answers.values)).all()
    assert (read.contributions(answers.values)[0] == model.contributions(answers.values)[0]).all()
    assert (read.features, read.horizon, read.calibration, bonus) == (
        model.features,
        LIST_HORIZON,
        model.calibration,
        0.3,
    )


def test_the_digest_is_of_what_the_bundle_says(tmp_path: Path, trained: Path, model: RiskModel) -> None:
    again = write_bundle(tmp_path / "again", model, CARD, "# บัตรแบบจำลอง\n", bonus=0.3)
    other = write_bundle(tmp_path / "other", model, CARD, "# บัตรแบบจำลอง\n", bonus=0.5)
    assert again == digest_of(trained) != other


def test_the_horizon_belongs_to_the_bundle(tmp_path: Path, models: Path, model: RiskModel) -> None:
    write_bundle(tmp_path / "next", replace(model, horizon=NEXT_COUNT), CARD, "", bonus=0)
    assert read_bundle(models, keep(tmp_path / "next", models))[0].horizon is NEXT_COUNT


def test_the_card_is_kept_in_thai(trained: Path) -> None:
    assert (trained / "card.md").read_text(encoding="utf-8") == "# บัตรแบบจำลอง\n"
    assert json.loads((trained / "card.json").read_text(encoding="utf-8")) == CARD


# What is refused


@pytest.mark.parametrize("name", FILES)
def test_one_changed_byte_is_refused(trained: Path, models: Path, name: str) -> None:
    digest = keep(trained, models)
    flip(models / digest / name)
    with pytest.raises(ModelRefused) as refused:
        read_bundle(models, digest)
    assert str(refused.value) == (
        f"Model {digest[:12]}: {name} is missing or was changed after signing. Promote it again."
    )


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused(trained: Path, models: Path, name: str) -> None:
    digest = keep(trained, models)
    (models / digest / name).unlink()
    with pytest.raises(ModelRefused, match=f"{name} is missing or was changed after signing. Promote it again."):
        read_bundle(models, digest)


def test_a_changed_manifest_is_refused(trained: Path, models: Path) -> None:
    digest = keep(trained, models)
    flip(models / digest / "manifest.json")
    with pytest.raises(ModelRefused) as refused:
        read_bundle(models, digest)
    assert str(refused.value) == (
        f"Model {digest[:12]}: its manifest was changed after signing. Promote the trained bundle again."
    )


def test_another_bundle_under_a_signed_name_is_refused(
    tmp_path: Path, trained: Path, models: Path, model: RiskModel
) -> None:
    """Whole in itself, and not what was signed."""
    digest = keep(trained, models)
    shutil.rmtree(models / digest)
    write_bundle(models / digest, model, CARD, "# another\n", bonus=9.0)
    with pytest.raises(ModelRefused, match="its manifest was changed after signing"):
        read_bundle(models, digest)


def test_a_model_that_was_never_kept_is_refused(models: Path) -> None:
    with pytest.raises(ModelRefused) as refused:
        read_bundle(models, "ab" * 32)
    assert str(refused.value) == (
        f"There is no model abababababab in {models}. Promote it again with `zerodrop promote`."
    )


def test_a_bundle_of_a_newer_program_is_refused(trained: Path, models: Path) -> None:
    digest = rewritten(trained, lambda manifest: manifest.update(schema_version=bundle.SCHEMA_VERSION + 1))
    with pytest.raises(
        ModelRefused, match=f"Model {digest[:12]} was written by a newer zerodrop. Update this one first."
    ):
        keep(trained, models)
    shutil.copytree(trained, models / digest)
    with pytest.raises(ModelRefused, match="was written by a newer zerodrop"):
        read_bundle(models, digest)


def test_a_model_of_another_catalogue_is_refused(tmp_path: Path, models: Path, model: RiskModel) -> None:
    write_bundle(tmp_path / "old", replace(model, catalogue_fingerprint="5ca1ab1e" * 8), CARD, "", bonus=0)
    digest = keep(tmp_path / "old", models)
    with pytest.raises(ModelRefused) as refused:
        read_bundle(models, digest)
    assert f"Model {digest[:12]} was made for another feature catalogue (5ca1ab1e5ca1, this one is " in str(
        refused.value
    )
    assert "Train a new model with `zerodrop train`, or go back to that version of the code." in str(refused.value)


# Keeping


def test_keeping_twice_changes_nothing(trained: Path, models: Path) -> None:
    digest = keep(trained, models)
    before = {path.name: path.stat().st_mtime_ns for path in (models / digest).iterdir()}
    assert keep(trained, models) == digest
    assert {path.name: path.stat().st_mtime_ns for path in (models / digest).iterdir()} == before
    assert [path.name for path in models.iterdir()] == [digest]


def test_a_damaged_bundle_is_not_kept(trained: Path, models: Path) -> None:
    flip(trained / "model.txt")
    with pytest.raises(ModelRefused, match=r"model\.txt is missing or was changed"):
        keep(trained, models)
    assert not models.exists()


def test_keeping_again_mends_what_was_damaged(trained: Path, models: Path) -> None:
    """That is the next step which the refusal of a damaged model names."""
    digest = keep(trained, models)
    flip(models / digest / "model.txt")
    assert keep(trained, models) == digest
    assert read_bundle(models, digest)[1] == 0.3


def test_a_crash_before_the_last_step_leaves_no_model_to_choose(
    trained: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(self: Path, target: Path) -> Path:
        raise OSError("the power is gone")

    with monkeypatch.context() as broken:
        broken.setattr(Path, "rename", crash)
        with pytest.raises(OSError, match="the power is gone"):
            keep(trained, models)
    assert not (models / digest_of(trained)).exists()
    with pytest.raises(ModelRefused, match="There is no model"):
        read_bundle(models, digest_of(trained))
    assert read_bundle(models, keep(trained, models))[1] == 0.3


# No pickle


_NO_PICKLE = """
import sys
from pathlib import Path

opened = []
sys.addaudithook(lambda event, arguments: opened.append(arguments) if event == "pickle.find_class" else None)
import models.bands, models.baselines, models.bundle, models.card, models.horizon, models.reasons, models.risk_model
eager = sorted({"joblib", "cloudpickle", "dill", "lightgbm", "sklearn"} & set(sys.modules))
from models.bundle import read_bundle

read_bundle(Path(sys.argv[1]), sys.argv[2])
late = sorted({"joblib", "cloudpickle", "dill", "lightgbm", "sklearn"} & set(sys.modules))
print(eager, late, len(opened))
"""


def test_importing_models_and_reading_a_bundle_unpickles_nothing(trained: Path, models: Path) -> None:
    digest = keep(trained, models)
    ran = subprocess.run(
        [sys.executable, "-c", _NO_PICKLE, str(models), digest], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[] [] 0"
