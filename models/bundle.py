"""A model on disk: LightGBM text, its tables, calibration and card, named by the hash of a manifest that hashes each.

Nothing here is pickled. A bundle is read only after every byte was compared with the manifest, and the manifest with
the digest that a person signed. Even so each file is checked by itself: a signature says who is answerable for a
model, not that its numbers make sense.
"""

import fcntl
import hashlib
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
from models.json_file import JsonObject, read_object
from models.layout import Tables
from models.risk_model import Calibration, RiskModel
from models.tables import compile_tables, load_tables, save_tables
from models.trees import TreeModel, read_trees
from records.errors import ModelRefused

Floats = npt.NDArray[np.float64]

SCHEMA_VERSION = 2
"""1 had no tables."""
_MANIFEST = "manifest.json"
_MODEL, _TABLES, _CALIBRATION, _CARD, _CARD_TEXT = "model.txt", "tables.npz", "calibration.json", "card.json", "card.md"
_MIB = 2**20
# Far above what a training writes (2.5, 4, 0.01, 0.1, 0.1, 0.01 MiB), so that no file fills the memory before it is refused.
_MOST_BYTES = {
    _MODEL: 32 * _MIB, _TABLES: 256 * _MIB, _CALIBRATION: _MIB, _CARD: 4 * _MIB, _CARD_TEXT: 4 * _MIB, _MANIFEST: _MIB,
}  # fmt: skip
_FILES = tuple(name for name in _MOST_BYTES if name != _MANIFEST)
_LARGEST = 1_000.0
"""Of slope, offset, bonus, spread and weight, in log-odds: far above any sane one, and every product stays finite."""
_SAME = 1e-12
"""How far tables may lie from compiling again: sums differ in their last bits between processors."""
_STAGING = ".staging-"


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
    (folder / _MODEL).write_bytes(model.text.encode())
    save_tables(model.tables, folder / _TABLES)
    (folder / _CALIBRATION).write_bytes(
        _json({**asdict(model.calibration), "bonus": bonus, "institution_offsets": dict(offsets or {})})
    )
    (folder / _CARD).write_bytes(_json(card))
    (folder / _CARD_TEXT).write_bytes(card_text.encode())
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "catalogue_fingerprint": model.catalogue_fingerprint,
        "horizon": model.horizon.name,
        "features": list(model.features),
        "sha256": {name: _sha256((folder / name).read_bytes()) for name in _FILES},
    }
    (folder / _MANIFEST).write_bytes(_json(manifest))
    return digest_of(folder)


def digest_of(folder: Path) -> str:
    """Raises ModelRefused when there is no manifest, or one too large to be ours."""
    content = _content(folder, _MANIFEST)
    if content is None:
        raise ModelRefused("The trained bundle has no manifest of its own. Train a new model with `zerodrop train`.")
    return _sha256(content)


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
        if _is_whole(target, digest):
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


def _prove(signed: "_Signed") -> None:
    """Nobody can read tables: so they are trusted only where they are what the signed trees give."""
    compiled = dict(_arrays(compile_tables(_trees(signed))))
    for name, held in _arrays(_tables(signed)):
        same = compiled[name].dtype == held.dtype and compiled[name].shape == held.shape
        exact = held.dtype.kind != "f" or name == "thresholds"
        if not same or not (np.array_equal if exact else _close)(compiled[name], held):
            raise ModelRefused(
                f"{signed.named(_TABLES)} is not what compiling {_MODEL} gives ({name} differs). "
                "Train a new model with `zerodrop train`."
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
    """A promoted bundle. Raises ModelRefused unless it is whole, sane, known and for this catalogue."""
    folder = models / digest
    if not (folder / _MANIFEST).is_file():
        raise ModelRefused(f"There is no model {digest[:12]} in {models}. Promote it again with `zerodrop promote`.")
    signed = verify(folder, digest)
    names = _catalogue_names(signed)
    if _trees(signed).features != names:
        raise ModelRefused(
            f"{signed.named(_MODEL)} has other features than the catalogue, or in another order. "
            "Train a new model with `zerodrop train`."
        )
    calibration, card = signed.json(_CALIBRATION), signed.json(_CARD)
    stability = card.object("stability")
    model = RiskModel(
        text=signed.text(_MODEL),
        tables=_tables_for(signed, names),
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


def _catalogue_names(signed: "_Signed") -> tuple[str, ...]:
    fingerprint = signed.manifest.text("catalogue_fingerprint")
    if fingerprint != FINGERPRINT:
        raise ModelRefused(
            f"Model {signed.digest[:12]} was made for another feature catalogue ({fingerprint[:12]}, this one is "
            f"{FINGERPRINT[:12]}). Train a new model with `zerodrop train`, or go back to that version of the code."
        )
    names = tuple(feature.name for feature in CATALOGUE)
    if signed.manifest.texts("features") != names:
        raise ModelRefused(
            f"{signed.named(_MANIFEST)} lists other features than the catalogue, or in another order. "
            "Train a new model with `zerodrop train`."
        )
    return names


def _horizon(signed: "_Signed") -> Horizon:
    name = signed.manifest.text("horizon")
    if name not in HORIZONS:
        raise ModelRefused(
            f"{signed.named(_MANIFEST)} has a horizon that this zerodrop does not know; it knows {', '.join(HORIZONS)}. "
            "Train a new model with `zerodrop train`."
        )
    return HORIZONS[name]


def _tables_for(signed: "_Signed", names: tuple[str, ...]) -> Tables:
    tables = _tables(signed)
    if tables.features != len(names):
        raise ModelRefused(
            f"{signed.named(_TABLES)} is for another number of features. Train a new model with `zerodrop train`."
        )
    return tables


def _calibration(held: JsonObject) -> Calibration:
    slope = held.number("slope", low=0, high=_LARGEST)
    if slope == 0:  # it would make every student alike
        raise ModelRefused(f"{held.where}: slope must be above 0. Train a new model with `zerodrop train`.")
    return Calibration(slope=slope, offset=held.number("offset", low=-_LARGEST, high=_LARGEST))


def _by_feature(held: JsonObject, names: tuple[str, ...]) -> Floats:
    return np.array(held.numbers_of(names, low=0, high=_LARGEST), np.float64)


def _bands(card: JsonObject, *, judged: bool) -> tuple[ObservedRate, ...]:
    bands = tuple(_observed(one) for one in card.objects("bands"))
    needed = [HIGH, WATCH, NO_BAND] if judged else []
    if [one.band for one in bands] != needed:
        raise ModelRefused(
            f"{card.where}: bands must be {', '.join(needed) or 'empty without a test term'}. "
            "Train a new model with `zerodrop train`."
        )
    return bands


def _observed(held: JsonObject) -> ObservedRate:
    rows, left = held.whole("rows"), held.whole("left")
    low = held.number("low", low=0, high=1)
    if left > rows:
        raise ModelRefused(f"{held.where}: more left than there were rows. Train a new model with `zerodrop train`.")
    return ObservedRate(
        band=held.text("band"), rows=rows, left=left, low=low, high=held.number("high", low=low, high=1)
    )


# What was signed


@dataclass(frozen=True, kw_only=True)
class _Signed:
    """The bytes of a bundle, all of them compared with what was signed."""

    folder: Path
    digest: str
    manifest: JsonObject
    contents: Mapping[str, bytes]

    def named(self, name: str) -> str:
        return _named(self.digest, name)

    def text(self, name: str) -> str:
        try:
            return self.contents[name].decode("utf-8")
        except UnicodeDecodeError:
            raise ModelRefused(f"{self.named(name)} is no text. Train a new model with `zerodrop train`.") from None

    def json(self, name: str) -> JsonObject:
        return read_object(self.contents[name], self.named(name))


def verify(folder: Path, digest: str) -> _Signed:
    """The bytes, after every one was compared. Raises ModelRefused at the first difference."""
    content = _content(folder, _MANIFEST)
    if content is None or _sha256(content) != digest:
        raise ModelRefused(
            f"Model {digest[:12]}: its manifest was changed after signing. Promote the trained bundle again."
        )
    manifest = read_object(content, _named(digest, _MANIFEST))
    version = manifest.whole("schema_version")
    if version > SCHEMA_VERSION:
        raise ModelRefused(f"Model {digest[:12]} was written by a newer zerodrop. Update this one first.")
    if version < SCHEMA_VERSION:
        raise ModelRefused(
            f"Model {digest[:12]} was written by an older zerodrop, without tables. Train a new model with `zerodrop train`."
        )
    contents = {_MANIFEST: content}
    for name in _FILES:
        found = _content(folder, name)
        if found is None or _sha256(found) != manifest.object("sha256").text(name):
            raise ModelRefused(
                f"Model {digest[:12]}: {name} is missing or was changed after signing. Promote it again."
            )
        contents[name] = found
    return _Signed(folder=folder, digest=digest, manifest=manifest, contents=contents)


def _is_whole(folder: Path, digest: str) -> bool:
    try:
        verify(folder, digest)
    except ModelRefused:
        return False
    return True


def _content(folder: Path, name: str) -> bytes | None:
    """The bytes of a file; None where there is none, or one too large to be ours."""
    path = folder / name
    if not path.is_file():
        return None
    with path.open("rb") as file:
        content = file.read(_MOST_BYTES[name] + 1)
    return content if len(content) <= _MOST_BYTES[name] else None


def _trees(signed: _Signed) -> TreeModel:
    with _naming(signed, _MODEL):
        return read_trees(signed.text(_MODEL))


def _tables(signed: _Signed) -> Tables:
    with _naming(signed, _TABLES):
        return load_tables(signed.folder / _TABLES)


@contextmanager
def _naming(signed: _Signed, name: str) -> Iterator[None]:
    """Say before a refusal which model and file it is about."""
    try:
        yield
    except ModelRefused as refused:
        raise ModelRefused(f"{signed.named(name)}. {refused}") from None


def _named(digest: str, name: str) -> str:
    return f"Model {digest[:12]}: {name}"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()
