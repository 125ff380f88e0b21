"""A model on disk: LightGBM text, its tables, straight part, calibration and card, named by the hash of a manifest.

Nothing here is pickled. A bundle is read only after every byte was compared with the manifest, and the manifest with
the digest that a person signed (models/signed.py). Even so each file is checked by itself: a signature says who is
answerable for a model, not that its numbers make sense.
"""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from features.catalogue import CATALOGUE, FINGERPRINT
from models.bands import HIGH, NO_BAND, WATCH, ObservedRate
from models.horizon import HORIZONS, Horizon
from models.json_file import JsonObject
from models.layout import Tables
from models.linear import Linear, as_numbers, read_linear
from models.risk_model import Calibration, RiskModel
from models.signed import (
    CALIBRATION,
    CARD,
    CARD_TEXT,
    FILES,
    LINEAR,
    MANIFEST,
    MODEL,
    SCHEMA_VERSION,
    TABLES,
    Signed,
    content_of,
    is_whole,
    sha256,
)
from models.signed import (
    verify as verify,
)
from models.tables import compile_tables, load_tables, save_tables
from models.trees import TreeModel, read_trees
from records.errors import ModelRefused

Floats = npt.NDArray[np.float64]

_LARGEST = 1_000.0
"""Of slope, offset, bonus, spread and weight, in log-odds: far above any sane one, and every product stays finite."""
_SAME = 1e-12
"""How far tables may lie from compiling again: sums differ in their last bits between processors."""
_STAGING = ".staging-"
_OTHER_FEATURES = "ตัวบ่งชี้ของแบบจำลองนี้ไม่ตรงกับชุดตัวบ่งชี้ที่ใช้อยู่ หรือเรียงลำดับต่างกัน"


class OtherCatalogue(ModelRefused):
    """A whole bundle that was made for another feature catalogue: it scores nobody here."""


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A promoted model and what serving says beside its scores."""

    model: RiskModel
    bonus: float
    """Log-odds that last week's `high` get when the list is ordered, >= 0."""
    weight: Floats
    """(features,) mean |contribution| in training, log-odds, in the catalogue's order."""
    bands: tuple[ObservedRate, ...]
    """Who left of high, watch and none in the test term; empty where there was none."""
    test_term: str | None
    offsets: Mapping[str, float] = field(default_factory=dict)
    """Log-odds added to every logit of a small institution, by its code: they move its rates, not its order."""

    @property
    def horizon(self) -> Horizon:
        return self.model.horizon

    def model_for(self, institution: str) -> RiskModel:
        """The model with the offset of an institution, which moves its probabilities and is never a reason."""
        held = self.model.calibration
        calibration = replace(held, offset=held.offset + self.offsets.get(institution, 0.0))
        return replace(self.model, calibration=calibration)


# Writing


def write_bundle(
    folder: Path,
    model: RiskModel,
    card: Mapping[str, Any],
    card_text: str,
    *,
    bonus: float,
    offsets: Mapping[str, float] | None = None,
) -> str:
    """Write the files and their manifest into `folder`; returns the digest, which is the hash of the manifest.

    `offsets` are log-odds by institution, those of Bundle. The card's `stability` holds `spread` and `weight` by feature;
    `bands` and `test_term` say what was observed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MODEL).write_bytes(model.text.encode())
    save_tables(model.tables, folder / TABLES)
    (folder / LINEAR).write_bytes(_json(as_numbers(model.linear, model.features)))
    (folder / CALIBRATION).write_bytes(
        _json({**asdict(model.calibration), "bonus": bonus, "institution_offsets": dict(offsets or {})})
    )
    (folder / CARD).write_bytes(_json(card))
    (folder / CARD_TEXT).write_bytes(card_text.encode())
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "catalogue_fingerprint": model.catalogue_fingerprint,
        "horizon": model.horizon.name,
        "features": list(model.features),
        "sha256": {name: sha256((folder / name).read_bytes()) for name in FILES},
    }
    (folder / MANIFEST).write_bytes(_json(manifest))
    return digest_of(folder)


def digest_of(folder: Path) -> str:
    """Raises ModelRefused when there is no manifest, or one too large to be ours."""
    content = content_of(folder, MANIFEST)
    if content is None:
        raise ModelRefused(
            f"The trained bundle {folder} has no manifest of its own. Bring this folder back from a backup, or train again "
            f"with `zerodrop train`. · แบบจำลองที่ฝึกไว้ใน {folder} ไม่มีแฟ้ม {MANIFEST} ของตน กู้โฟลเดอร์นี้จากข้อมูลสำรอง "
            "หรือฝึกใหม่ด้วย zerodrop train"
        )
    return sha256(content)


# Promoting


def keep(source: Path, models: Path) -> str:
    """Copy a bundle into the data home under its digest: a temporary folder, flushed, then renamed into place.

    Raises ModelRefused unless it is whole and its tables are what compiling its trees gives.
    """
    digest = digest_of(source)
    signed = verify(source, digest)
    models.mkdir(parents=True, exist_ok=True)
    with _alone(models):
        target = models / digest
        if is_whole(target, digest):
            return digest
        staging = Path(tempfile.mkdtemp(dir=models, prefix=_STAGING))
        try:
            for name, content in signed.contents.items():
                _write_flushed(staging / name, content)
            _prove(verify(staging, digest))
            if target.exists():  # damaged: its own sentence asks for a new promotion
                shutil.rmtree(target)
            staging.rename(target)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return digest


@contextmanager
def _alone(models: Path) -> Iterator[None]:
    """One promotion at a time, so whatever lies in a staging folder was left by one that was killed."""
    descriptor = os.open(models, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        for left_behind in models.glob(f"{_STAGING}*"):
            shutil.rmtree(left_behind)
        yield
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_flushed(path: Path, content: bytes) -> None:
    with path.open("wb") as written:
        written.write(content)
        written.flush()
        os.fsync(written.fileno())


def _prove(signed: Signed) -> None:
    """Nobody can read tables: so they are trusted only where they are what the signed trees give."""
    compiled = dict(_arrays(compile_tables(_trees(signed))))
    for name, held in _arrays(_tables(signed)):
        same = compiled[name].dtype == held.dtype and compiled[name].shape == held.shape
        exact = held.dtype.kind != "f" or name == "thresholds"
        if not same or not (np.array_equal if exact else _close)(compiled[name], held):
            raise ModelRefused.train_anew(
                f"{signed.named(TABLES)} is not what compiling {MODEL} gives ({name} differs).",
                th=f"ตารางของแบบจำลองนี้ไม่ตรงกับที่คำนวณจาก {MODEL} (ต่างที่ {name})",
            )


def _arrays(tables: Tables) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    for name in ("features", "base", "constant"):
        yield name, np.asarray(getattr(tables, name))
    for part in (tables.binning, tables.layout):
        yield from part._asdict().items()


def _close(compiled: npt.NDArray[Any], held: npt.NDArray[Any]) -> bool:
    return bool(np.allclose(compiled, held, rtol=_SAME, atol=_SAME))


# Reading


def read_bundle(models: Path, digest: str) -> Bundle:
    """A promoted bundle. Raises ModelRefused unless it is whole, sane and known, OtherCatalogue unless for this catalogue."""
    folder = models / digest
    if not (folder / MANIFEST).is_file():
        raise ModelRefused(
            f"There is no model {digest[:12]} in {models}. Promote it again with `zerodrop promote`. · "
            f"ไม่พบแบบจำลอง {digest[:12]} ใน {models} ให้รับหน้าที่อีกครั้งด้วย zerodrop promote"
        )
    signed = verify(folder, digest)
    names = _catalogue_names(signed)
    if _trees(signed).features != names:
        raise ModelRefused.train_anew(
            f"{signed.named(MODEL)} has other features than the catalogue, or in another order.", th=_OTHER_FEATURES
        )
    calibration, card = signed.json(CALIBRATION), signed.json(CARD)
    stability = card.object("stability")
    model = RiskModel(
        text=signed.text(MODEL),
        tables=_tables_for(signed, names),
        linear=_linear(signed),
        features=names,
        catalogue_fingerprint=FINGERPRINT,
        horizon=_horizon(signed),
        calibration=_calibration(calibration),
        spread=_by_feature(stability.object("spread"), names),
    )
    test_term = card.text_or_none("test_term")
    return Bundle(
        model=model,
        bonus=calibration.number("bonus", low=0, high=_LARGEST),
        weight=_by_feature(stability.object("weight"), names),
        bands=_bands(card, judged=test_term is not None),
        test_term=test_term,
        offsets=_offsets(calibration.object("institution_offsets")),
    )


def _offsets(held: JsonObject) -> Mapping[str, float]:
    return {code: held.number(code, low=-_LARGEST, high=_LARGEST) for code in held.held}


def _catalogue_names(signed: Signed) -> tuple[str, ...]:
    fingerprint = signed.manifest.text("catalogue_fingerprint")
    if fingerprint != FINGERPRINT:
        raise OtherCatalogue(
            f"Model {signed.digest[:12]} was made for another feature catalogue ({fingerprint[:12]}, this one is "
            f"{FINGERPRINT[:12]}). Train a new model with `zerodrop train`, or go back to that version of the code. · "
            f"แบบจำลอง {signed.digest[:12]} ทำจากชุดตัวบ่งชี้รุ่นอื่น ฝึกแบบจำลองใหม่ด้วย zerodrop train หรือกลับไปใช้ zerodrop รุ่นนั้น"
        )
    names = tuple(feature.name for feature in CATALOGUE)
    if signed.manifest.texts("features") != names:
        raise ModelRefused.train_anew(
            f"{signed.named(MANIFEST)} lists other features than the catalogue, or in another order.",
            th=_OTHER_FEATURES,
        )
    return names


def _horizon(signed: Signed) -> Horizon:
    name = signed.manifest.text("horizon")
    if name not in HORIZONS:
        raise ModelRefused.train_anew(
            f"{signed.named(MANIFEST)} has a horizon that this zerodrop does not know; it knows {', '.join(HORIZONS)}.",
            th=f"แบบจำลองนี้ใช้ช่วงเวลาที่ zerodrop รุ่นนี้ไม่รู้จัก ที่รู้จักคือ {', '.join(HORIZONS)}",
        )
    return HORIZONS[name]


def _tables_for(signed: Signed, names: tuple[str, ...]) -> Tables:
    tables = _tables(signed)
    if tables.features != len(names):
        raise ModelRefused.train_anew(
            f"{signed.named(TABLES)} is for another number of features.",
            th="ตารางของแบบจำลองนี้มีจำนวนตัวบ่งชี้ไม่เท่ากับชุดตัวบ่งชี้ที่ใช้อยู่",
        )
    return tables


def _linear(signed: Signed) -> Linear:
    return read_linear(signed.json(LINEAR), CATALOGUE)


def _calibration(held: JsonObject) -> Calibration:
    slope = held.number("slope", low=0, high=_LARGEST)
    if slope == 0:  # it would make every student alike
        raise ModelRefused.train_anew(f"{held.where}: slope must be above 0.", th="ค่า slope ของแบบจำลองนี้ต้องมากกว่า 0")
    return Calibration(slope=slope, offset=held.number("offset", low=-_LARGEST, high=_LARGEST))


def _by_feature(held: JsonObject, names: tuple[str, ...]) -> Floats:
    return np.array(held.numbers_of(names, low=0, high=_LARGEST), np.float64)


def _bands(card: JsonObject, *, judged: bool) -> tuple[ObservedRate, ...]:
    bands = tuple(_observed(one) for one in card.objects("bands"))
    needed = [HIGH, WATCH, NO_BAND] if judged else []
    if [one.band for one in bands] != needed:
        raise ModelRefused.train_anew(
            f"{card.where}: bands must be {', '.join(needed) or 'empty without a test term'}.",
            th="ระดับการดูแลในบัตรของแบบจำลองนี้ไม่ครบ เกิน หรือสลับลำดับ",
        )
    return bands


def _observed(held: JsonObject) -> ObservedRate:
    rows, left = held.whole("rows"), held.whole("left")
    low = held.number("low", low=0, high=1)
    if left > rows:
        raise ModelRefused.train_anew(
            f"{held.where}: more left than there were rows.", th="บัตรของแบบจำลองนี้มีผู้ออกมากกว่าจำนวนแถว"
        )
    return ObservedRate(
        band=held.text("band"), rows=rows, left=left, low=low, high=held.number("high", low=low, high=1)
    )


# Parts


def _trees(signed: Signed) -> TreeModel:
    text = signed.text(MODEL)
    with _naming(signed, MODEL):
        return read_trees(text)


def _tables(signed: Signed) -> Tables:
    with _naming(signed, TABLES):
        return load_tables(signed.folder / TABLES)


@contextmanager
def _naming(signed: Signed, name: str) -> Iterator[None]:
    """Say before a refusal which model and file it is about."""
    try:
        yield
    except ModelRefused as refused:
        raise ModelRefused(f"{signed.named(name)}. {refused}") from None


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()
