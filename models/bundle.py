"""A model on disk: LightGBM text, calibration and card, named by the hash of a manifest that hashes each of them.

Nothing here is pickled. A bundle is read only after every byte was compared with the manifest, and the manifest with
the digest that a person signed.
"""

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from features.catalogue import FINGERPRINT
from models.horizon import HORIZONS
from models.risk_model import Calibration, RiskModel
from records.errors import ModelRefused

SCHEMA_VERSION = 1
_MANIFEST = "manifest.json"
_FILES = ("model.txt", "calibration.json", "card.json", "card.md")


def write_bundle(folder: Path, model: RiskModel, card: dict[str, Any], card_text: str, *, bonus: float) -> str:
    """Write the files and their manifest into `folder`; returns the digest, which is the hash of the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    calibration = {**asdict(model.calibration), "bonus": bonus}
    contents = {
        "model.txt": model.text,
        "calibration.json": _json(calibration),
        "card.json": _json(card),
        "card.md": card_text,
    }
    for name, text in contents.items():
        (folder / name).write_text(text, encoding="utf-8")
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "catalogue_fingerprint": model.catalogue_fingerprint,
        "horizon": model.horizon.name,
        "features": list(model.features),
        "sha256": {name: _sha256(folder / name) for name in _FILES},
    }
    (folder / _MANIFEST).write_text(_json(manifest), encoding="utf-8")
    return digest_of(folder)


def digest_of(folder: Path) -> str:
    return _sha256(folder / _MANIFEST)


def keep(source: Path, models: Path) -> str:
    """Copy a bundle into the data home under its digest: a temporary folder, flushed, then renamed into place."""
    digest = digest_of(source)
    verify(source, digest)
    target = models / digest
    if _is_whole(target, digest):
        return digest
    models.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=models, prefix=".staging-"))
    for name in (*_FILES, _MANIFEST):
        shutil.copyfile(source / name, staging / name)
        with (staging / name).open("rb") as written:
            os.fsync(written.fileno())
    if target.exists():  # damaged: its own sentence asks for a new promotion
        shutil.rmtree(target)
    staging.rename(target)
    return digest


def read_bundle(models: Path, digest: str) -> tuple[RiskModel, float]:
    """The model and the bonus of a promoted bundle. Raises ModelRefused unless it is whole, known and for this catalogue."""
    folder = models / digest
    if not (folder / _MANIFEST).is_file():
        raise ModelRefused(f"There is no model {digest[:12]} in {models}. Promote it again with `zerodrop promote`.")
    manifest = verify(folder, digest)
    if manifest["catalogue_fingerprint"] != FINGERPRINT:
        raise ModelRefused(
            f"Model {digest[:12]} was made for another feature catalogue ({manifest['catalogue_fingerprint'][:12]}, "
            f"this one is {FINGERPRINT[:12]}). Train a new model with `zerodrop train`, or go back to that version of the code."
        )
    held = json.loads((folder / "calibration.json").read_text(encoding="utf-8"))
    model = RiskModel(
        text=(folder / "model.txt").read_text(encoding="utf-8"),
        features=tuple(manifest["features"]),
        catalogue_fingerprint=manifest["catalogue_fingerprint"],
        horizon=HORIZONS[manifest["horizon"]],
        calibration=Calibration(slope=held["slope"], offset=held["offset"]),
    )
    return model, float(held["bonus"])


def verify(folder: Path, digest: str) -> dict[str, Any]:
    """The manifest, after every byte was compared. Raises ModelRefused at the first difference."""
    if not (folder / _MANIFEST).is_file() or digest_of(folder) != digest:
        raise ModelRefused(
            f"Model {digest[:12]}: its manifest was changed after signing. Promote the trained bundle again."
        )
    manifest: dict[str, Any] = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    if manifest["schema_version"] > SCHEMA_VERSION:
        raise ModelRefused(f"Model {digest[:12]} was written by a newer zerodrop. Update this one first.")
    for name, expected in manifest["sha256"].items():
        if not (folder / name).is_file() or _sha256(folder / name) != expected:
            raise ModelRefused(
                f"Model {digest[:12]}: {name} is missing or was changed after signing. Promote it again."
            )
    return manifest


def _is_whole(folder: Path, digest: str) -> bool:
    try:
        verify(folder, digest)
    except ModelRefused:
        return False
    return True


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
