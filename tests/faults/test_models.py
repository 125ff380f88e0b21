"""A promoted model that was damaged, cut, taken away or comes from a newer release: the old list stays, and it is said."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from models.bundle import digest_of, read_bundle, write_bundle
from records import lists
from records.errors import ModelRefused
from serving.app import create_app
from tests.browser.sample_college import INSTITUTION, PASSWORD, TODAY, SampleCollege
from tests.models.cards import complete_card
from tests.models.one_split import one_split


def one_byte(folder: Path) -> None:
    content = bytearray((folder / "model.txt").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.txt").write_bytes(content)


def cut(folder: Path) -> None:
    content = (folder / "tables.npz").read_bytes()
    (folder / "tables.npz").write_bytes(content[: len(content) // 2])


def newer(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "schema_version": 99}), encoding="utf-8")


def one_missing(folder: Path) -> None:
    (folder / "calibration.json").unlink()


def all_missing(folder: Path) -> None:
    shutil.rmtree(folder)


def half_written(folder: Path) -> None:
    """As a promotion that was killed would leave it, were it not renamed when it is whole."""
    (folder / "manifest.json").unlink()


@pytest.fixture
def promoted(college: SampleCollege, tmp_path: Path) -> Path:
    """The folder of a bundle that is in charge of the college."""
    digest = write_bundle(
        tmp_path / "trained", one_split("missed_share_28d", above=0.5), complete_card(), "card", bonus=0.2
    )
    folder = college.home.models / digest
    shutil.copytree(tmp_path / "trained", folder)
    assert digest_of(folder) == digest
    read_bundle(college.home.models, digest)
    lists.promote(college.home.database, institution=INSTITUTION, model_digest=digest, signed_by="ก", reason="ข")
    return folder


def listed(browser: TestClient) -> list[str]:
    """The students of the list, in its order."""
    return re.findall(r"/students/[0-9a-f-]{36}", browser.get("/").text)


@pytest.mark.parametrize("harm", [one_byte, cut, newer, one_missing, all_missing, half_written])
def test_the_old_list_keeps_serving_and_readiness_turns_red(
    college: SampleCollege, promoted: Path, harm: Callable[[Path], None]
) -> None:
    app = create_app(college.home, today=lambda: TODAY, hosts=("testserver",))
    browser = TestClient(app, base_url="https://testserver", follow_redirects=False)
    assert browser.post("/login", data={"login": "kru.a", "password": PASSWORD}).status_code == 303
    before = listed(browser)
    assert browser.get("/readyz").status_code == 200
    harm(promoted)
    ready = browser.get("/readyz")
    assert (ready.status_code, ready.json()["model"], ready.json()["database"]) == (503, False, True)
    assert listed(browser) == before != []
    with pytest.raises(ModelRefused):  # what `score` asks first: no list can be made of it
        read_bundle(college.home.models, promoted.name)
