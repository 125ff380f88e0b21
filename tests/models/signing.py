"""Bundles changed and signed anew, as another program could have written them."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.bundle import digest_of, read_bundle
from records.errors import ModelRefused

Change = Callable[[dict[str, Any]], None]
TRAIN = " Train a new model with `zerodrop train`."
TRAIN_TH = " ฝึกแบบจำลองใหม่ด้วย zerodrop train"


def rewritten(folder: Path, change: Change) -> str:
    """The manifest changed and signed anew."""
    return resigned(folder, "manifest.json", changed(change))


def resigned(folder: Path, name: str, edit: Callable[[bytes], bytes]) -> str:
    """One file changed, and all hashes made to fit: a signature says nothing of what is in a file."""
    (folder / name).write_bytes(edit((folder / name).read_bytes()))
    if name != "manifest.json":
        manifest = json.loads((folder / "manifest.json").read_bytes())
        manifest["sha256"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return digest_of(folder)


def changed(change: Change) -> Callable[[bytes], bytes]:
    """The change of a JSON object as a change of its bytes."""

    def edit(content: bytes) -> bytes:
        held = json.loads(content)
        change(held)
        return json.dumps(held).encode()

    return edit


def said(models: Path, trained: Path) -> str:
    """What is said in English of a bundle that was put in its place by hand, its digest left out."""
    return refusal(models, trained)[0]


def refusal(models: Path, trained: Path) -> tuple[str, str]:
    """In English, its digest left out, and in Thai: both ask for the same."""
    digest = digest_of(trained)
    shutil.copytree(trained, models / digest)
    with pytest.raises(ModelRefused) as refused:
        read_bundle(models, digest)
    english, thai = str(refused.value).split(" · ")
    assert thai[0] >= "\u0e01", thai
    assert thai.endswith(TRAIN_TH) == english.endswith(TRAIN), thai
    return english.removeprefix(f"Model {digest[:12]}: "), thai
