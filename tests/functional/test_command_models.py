"""A model in charge that must not be used: `score` refuses it with a sentence, and nothing is published."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from features.catalogue import FINGERPRINT
from models.bundle import digest_of, keep, write_bundle
from models.risk_model import RiskModel
from records import lists
from records.home import open_home
from records.settings import Settings
from tests.functional.command_fixtures import MODEL, Place, call, copy_home, make_place, query, refused
from tests.models.cards import complete_card
from tests.models.one_split import one_split

MONDAY = "2025-09-08"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return make_place(tmp_path_factory.mktemp("place"))


@pytest.fixture
def copied(place: Place, tmp_path: Path) -> Path:
    """A data home that a test may damage."""
    return copy_home(place.home, tmp_path)


def in_charge(home: Path, folder: Path, fingerprint: str) -> Path:
    """Put a bundle in charge that was signed and kept whole; returns its folder."""
    write_bundle(folder, small_model(fingerprint), complete_card(), "card", bonus=0.0)
    return promoted(home, folder)


def small_model(fingerprint: str) -> RiskModel:
    """One tree of one split, over the real catalogue, said to be made for the catalogue of this fingerprint."""
    return replace(one_split("missed_share_28d", above=0.25), catalogue_fingerprint=fingerprint)


def promoted(home: Path, folder: Path) -> Path:
    opened = open_home(Settings(home=home))
    digest = keep(folder, opened.models)
    lists.promote(opened.database, institution="*", model_digest=digest, signed_by="ก", reason="ข")
    opened.close()
    return home / "models" / digest


def test_a_model_of_another_catalogue(copied: Path, tmp_path: Path) -> None:
    kept = in_charge(copied, tmp_path / "bundle", "0" * 64)
    said = call("score", "--as-of", MONDAY, "--home", copied)
    sentence = (
        f"Model {kept.name[:12]} was made for another feature catalogue (000000000000, this one is {FINGERPRINT[:12]}). "
        "Train a new model with `zerodrop train`, or go back to that version of the code."
    )
    refused(said, code=MODEL, sentence=sentence)
    assert query(copied, "select * from publication") == []


def test_a_manifest_of_another_catalogue_that_hashes_well(copied: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    whole = write_bundle(folder, small_model(FINGERPRINT), complete_card(), "card", bonus=0.0)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["catalogue_fingerprint"] = hashlib.sha256(b"another").hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert digest_of(folder) != whole
    promoted(copied, folder)
    said = call("score", "--as-of", MONDAY, "--home", copied)
    assert said.code == MODEL
    assert "was made for another feature catalogue" in said.err


@pytest.mark.parametrize("name", ["model.txt", "tables.npz", "calibration.json", "card.json", "card.md"])
def test_a_changed_byte_in_a_promoted_bundle(copied: Path, tmp_path: Path, name: str) -> None:
    kept = in_charge(copied, tmp_path / "bundle", FINGERPRINT)
    content = (kept / name).read_bytes()
    (kept / name).write_bytes(bytes([content[0] ^ 1]) + content[1:])
    said = call("score", "--as-of", MONDAY, "--home", copied)
    sentence = f"Model {kept.name[:12]}: {name} is missing or was changed after signing. Promote it again."
    refused(said, code=MODEL, sentence=sentence)


def test_a_changed_manifest(copied: Path, tmp_path: Path) -> None:
    kept = in_charge(copied, tmp_path / "bundle", FINGERPRINT)
    with (kept / "manifest.json").open("a") as manifest:
        manifest.write("\n")
    said = call("score", "--as-of", MONDAY, "--home", copied)
    sentence = f"Model {kept.name[:12]}: its manifest was changed after signing. Promote the trained bundle again."
    refused(said, code=MODEL, sentence=sentence)


def test_a_promoted_bundle_that_is_gone(copied: Path, tmp_path: Path) -> None:
    kept = in_charge(copied, tmp_path / "bundle", FINGERPRINT)
    kept.rename(tmp_path / "away")
    said = call("score", "--as-of", MONDAY, "--home", copied)
    sentence = f"There is no model {kept.name[:12]} in {kept.parent}. Promote it again with `zerodrop promote`."
    refused(said, code=MODEL, sentence=sentence)
