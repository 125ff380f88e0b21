"""The bill of materials says what the lock says."""

import json
from pathlib import Path

import pytest

from scripts.release_check import LOCK, components, main


def test_the_bill_names_every_package_of_the_lock_with_its_hashes(tmp_path: Path) -> None:
    assert main(["--out", str(tmp_path / "sbom.json")]) == 0
    made = json.loads((tmp_path / "sbom.json").read_text())
    lock = LOCK.read_text(encoding="utf-8")
    pinned = [line.split("==")[0].split("[")[0] for line in lock.splitlines() if "==" in line and line[0].isalnum()]
    assert [one["name"] for one in made["components"]] == [name.lower().replace("_", "-") for name in pinned]
    assert len(pinned) > 100
    hashes = {one["content"] for part in made["components"] for one in part["hashes"]}
    assert hashes == {line.split("sha256:")[1].split()[0] for line in lock.splitlines() if "sha256:" in line}
    assert main(["--out", str(tmp_path / "again.json")]) == 0
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "sbom.json").read_bytes()


@pytest.mark.parametrize("lock", ["left-pad>=1\n", "left-pad==1.0\n    # via nothing\n"])
def test_a_package_without_a_version_or_a_hash_is_refused(lock: str) -> None:
    with pytest.raises(ValueError, match="has no exact version or no hash"):
        components(lock)
