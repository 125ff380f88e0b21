"""Bundles: what was signed is what is read, byte for byte, and only where it makes sense."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models import bundle
from models.bands import ObservedRate
from models.bundle import digest_of, keep, read_bundle, write_bundle
from models.horizon import LIST_HORIZON, NEXT_COUNT
from models.risk_model import RiskModel
from models.signed import verify
from records.errors import ModelRefused
from tests.models.cards import BANDS, complete_card
from tests.models.conftest import Answers
from tests.models.signing import changed, refusal, resigned, rewritten, said

ROOT = Path(__file__).resolve().parents[2]
FILES = ("model.txt", "tables.npz", "linear.json", "calibration.json", "card.json", "card.md")


@pytest.fixture
def card(model: RiskModel) -> dict[str, Any]:
    return complete_card(model.spread)


@pytest.fixture
def trained(tmp_path: Path, model: RiskModel, card: dict[str, Any]) -> Path:
    """A bundle as training leaves it."""
    folder = tmp_path / "trained"
    write_bundle(folder, model, card, "# บัตรแบบจำลอง\n", bonus=0.3)
    return folder


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


# Round trip


def test_a_kept_bundle_scores_to_the_last_bit_as_before(
    trained: Path, models: Path, model: RiskModel, answers: Answers
) -> None:
    held = read_bundle(models, keep(trained, models))
    read = held.model
    assert (read.logits(answers.values) == model.logits(answers.values)).all()
    assert (read.contributions(answers.values)[0] == model.contributions(answers.values)[0]).all()
    assert (read.explained(answers.values).reason == model.explained(answers.values).reason).all()
    assert (read.text, read.features, read.calibration) == (model.text, model.features, model.calibration)
    assert read.spread is not None
    assert (read.spread == model.spread).all()


def test_a_bundle_holds_what_serving_says_beside_a_score(trained: Path, models: Path, card: dict[str, Any]) -> None:
    held = read_bundle(models, keep(trained, models))
    assert (held.bonus, held.horizon, held.test_term) == (0.3, LIST_HORIZON, "1/2568")
    assert held.weight.tolist() == list(card["stability"]["weight"].values())
    assert held.bands == tuple(ObservedRate(**band) for band in BANDS)


def test_offsets_of_small_institutions_are_kept_beside_the_calibration(
    tmp_path: Path, trained: Path, models: Path, model: RiskModel, card: dict[str, Any]
) -> None:
    offsets = {"1320026101": -0.21, "1320026102": 0.4}
    write_bundle(tmp_path / "group", model, card, "", bonus=0, offsets=offsets)
    assert read_bundle(models, keep(tmp_path / "group", models)).offsets == offsets
    assert read_bundle(models, keep(trained, models)).offsets == {}


@pytest.mark.parametrize("offset", [None, "0.3", 1e9, True])
def test_an_offset_that_is_no_sane_number_is_refused(trained: Path, models: Path, offset: Any) -> None:
    edit = changed(lambda held: held["institution_offsets"].update({"1320026101": offset}))
    resigned(trained, "calibration.json", edit)
    assert "1320026101 must be a number between -1000 and 1000" in said(models, trained)


def test_a_model_that_was_never_judged_has_no_bands(tmp_path: Path, models: Path, model: RiskModel) -> None:
    write_bundle(tmp_path / "new", model, {**complete_card(), "test_term": None, "bands": []}, "", bonus=0)
    held = read_bundle(models, keep(tmp_path / "new", models))
    assert (held.bands, held.test_term) == ((), None)


def test_the_digest_is_of_what_the_bundle_says(
    tmp_path: Path, trained: Path, model: RiskModel, card: dict[str, Any]
) -> None:
    again = write_bundle(tmp_path / "again", model, card, "# บัตรแบบจำลอง\n", bonus=0.3)
    other = write_bundle(tmp_path / "other", model, card, "# บัตรแบบจำลอง\n", bonus=0.5)
    assert again == digest_of(trained) != other


def test_the_horizon_belongs_to_the_bundle(tmp_path: Path, models: Path, model: RiskModel) -> None:
    write_bundle(tmp_path / "next", replace(model, horizon=NEXT_COUNT), complete_card(), "", bonus=0)
    assert read_bundle(models, keep(tmp_path / "next", models)).horizon is NEXT_COUNT


def test_the_card_is_kept_in_thai(trained: Path, card: dict[str, Any]) -> None:
    assert (trained / "card.md").read_text(encoding="utf-8") == "# บัตรแบบจำลอง\n"
    assert json.loads((trained / "card.json").read_text(encoding="utf-8")) == card


# What is refused


@pytest.mark.parametrize("name", FILES)
def test_one_changed_byte_is_refused(trained: Path, models: Path, name: str) -> None:
    digest = keep(trained, models)
    flip(models / digest / name)
    with pytest.raises(ModelRefused) as refused:
        read_bundle(models, digest)
    assert str(refused.value) == (
        f"Model {digest[:12]}: {name} is missing or was changed after signing. Promote it again. · "
        f"แบบจำลอง {digest[:12]}: แฟ้ม {name} หายไปหรือถูกแก้ไขหลังลงนาม ให้รับหน้าที่อีกครั้งด้วย zerodrop promote"
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
        f"Model {digest[:12]}: its manifest was changed after signing. Promote it again. · "
        f"แบบจำลอง {digest[:12]}: แฟ้ม manifest.json ถูกแก้ไขหลังลงนาม ให้รับหน้าที่อีกครั้งด้วย zerodrop promote"
    )


def test_a_manifest_that_is_not_there_accuses_nobody(trained: Path, models: Path) -> None:
    digest = keep(trained, models)
    (models / digest / "manifest.json").unlink()
    with pytest.raises(ModelRefused, match="there is no manifest of it here"):
        verify(models / digest, digest)


def test_another_bundle_under_a_signed_name_is_refused(
    tmp_path: Path, trained: Path, models: Path, model: RiskModel
) -> None:
    """Whole in itself, and not what was signed."""
    digest = keep(trained, models)
    shutil.rmtree(models / digest)
    write_bundle(models / digest, model, complete_card(), "# another\n", bonus=9.0)
    with pytest.raises(ModelRefused, match="its manifest was changed after signing"):
        read_bundle(models, digest)


def test_a_model_that_was_never_kept_is_refused(models: Path) -> None:
    with pytest.raises(ModelRefused) as refused:
        read_bundle(models, "ab" * 32)
    assert str(refused.value) == (
        f"There is no model abababababab in {models}. Promote it again with `zerodrop promote`. · "
        f"ไม่พบแบบจำลอง abababababab ใน {models} ให้รับหน้าที่อีกครั้งด้วย zerodrop promote"
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
    write_bundle(tmp_path / "old", replace(model, catalogue_fingerprint="5ca1ab1e" * 8), complete_card(), "", bonus=0)
    digest = keep(tmp_path / "old", models)
    with pytest.raises(ModelRefused) as refused:
        read_bundle(models, digest)
    assert f"Model {digest[:12]} was made for another feature catalogue (5ca1ab1e5ca1, this one is " in str(
        refused.value
    )
    assert str(refused.value).endswith(
        "Train a new model with `zerodrop train`, or go back to that version of the code. · "
        f"แบบจำลอง {digest[:12]} ทำจากชุดตัวบ่งชี้รุ่นอื่น ฝึกแบบจำลองใหม่ด้วย zerodrop train หรือกลับไปใช้ zerodrop รุ่นนั้น"
    )


def test_a_bundle_of_an_older_program_is_refused(trained: Path, models: Path) -> None:
    rewritten(trained, lambda manifest: manifest.update(schema_version=1))
    digest = digest_of(trained)[:12]
    assert refusal(models, trained) == (
        f"Model {digest} was written by an older zerodrop. Train a new model with `zerodrop train`.",
        f"แบบจำลอง {digest} มาจาก zerodrop รุ่นเก่ากว่า ฝึกแบบจำลองใหม่ด้วย zerodrop train",
    )


def test_files_that_are_too_large_are_not_read(trained: Path, models: Path) -> None:
    digest = keep(trained, models)
    for name in ("card.json", "manifest.json"):
        os.truncate(models / digest / name, 2**40)  # a hole: it takes no room on the disk
        with pytest.raises(ModelRefused, match="was changed after signing"):
            read_bundle(models, digest)


# Keeping


def test_keeping_twice_changes_nothing(trained: Path, models: Path) -> None:
    digest = keep(trained, models)
    before = {path.name: path.stat().st_mtime_ns for path in (models / digest).iterdir()}
    assert keep(trained, models) == digest
    assert {path.name: path.stat().st_mtime_ns for path in (models / digest).iterdir()} == before
    assert [path.name for path in models.iterdir()] == [digest]


def test_a_damaged_bundle_is_not_kept(trained: Path, models: Path) -> None:
    flip(trained / "model.txt")
    digest = digest_of(trained)[:12]
    with pytest.raises(ModelRefused) as refused:
        keep(trained, models)
    assert str(refused.value) == (
        f"Model {digest}: model.txt is missing or was changed since training. Bring {trained} back from a backup, or "
        f"train again with `zerodrop train`. · แบบจำลอง {digest}: แฟ้ม model.txt หายไปหรือถูกแก้ไขหลังการฝึก กู้โฟลเดอร์ {trained} "
        "จากข้อมูลสำรอง หรือฝึกใหม่ด้วย zerodrop train"
    )
    assert not models.exists()


def test_a_bundle_without_its_manifest_is_not_kept(trained: Path, models: Path) -> None:
    (trained / "manifest.json").unlink()
    with pytest.raises(ModelRefused) as refused:
        keep(trained, models)
    assert str(refused.value) == (
        f"The trained bundle {trained} has no manifest of its own. Bring this folder back from a backup, or train again "
        f"with `zerodrop train`. · แบบจำลองที่ฝึกไว้ใน {trained} ไม่มีแฟ้ม manifest.json ของตน กู้โฟลเดอร์นี้จากข้อมูลสำรอง "
        "หรือฝึกใหม่ด้วย zerodrop train"
    )
    assert not models.exists()


def test_keeping_again_mends_what_was_damaged(trained: Path, models: Path) -> None:
    """That is the next step which the refusal of a damaged model names."""
    digest = keep(trained, models)
    flip(models / digest / "model.txt")
    assert keep(trained, models) == digest
    assert read_bundle(models, digest).bonus == 0.3


def test_a_crash_before_the_last_step_leaves_no_model_to_choose(
    trained: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(self: Path, target: Path) -> Path:
        raise OSError("the power is gone")

    with monkeypatch.context() as broken:
        broken.setattr(Path, "rename", crash)
        with pytest.raises(OSError, match="the power is gone"):
            keep(trained, models)
    assert list(models.iterdir()) == []
    with pytest.raises(ModelRefused, match="There is no model"):
        read_bundle(models, digest_of(trained))
    assert read_bundle(models, keep(trained, models)).bonus == 0.3


_KILLED = """
import os, signal, sys
from pathlib import Path
from models.bundle import keep

Path.rename = lambda self, target: os.kill(os.getpid(), signal.SIGKILL)
keep(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def test_what_a_killed_promotion_left_is_swept_by_the_next(trained: Path, models: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", _KILLED, str(trained), str(models)], cwd=ROOT, capture_output=True)
    assert ran.returncode == -signal.SIGKILL
    [left_behind] = models.iterdir()
    assert left_behind.name.startswith(".staging-")
    digest = keep(trained, models)
    assert [path.name for path in models.iterdir()] == [digest]
