"""Before a release: the bill of materials of requirements.lock as CycloneDX JSON, without a network.

`python scripts/release_check.py --out sbom.json` exits 1 when a package of the lock has no hash or no exact version.
Known vulnerabilities need a network: `pip-audit --require-hashes -r requirements.lock`.
"""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

LOCK = Path(__file__).resolve().parent.parent / "requirements.lock"
_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def components(lock: str) -> list[dict[str, Any]]:
    """One entry a package; its hashes are those of every file that pip may install. Raises ValueError."""
    found: list[dict[str, Any]] = []
    for block in re.split(r"\n(?=[A-Za-z0-9])", lock):
        head = block.lstrip().split("\n", 1)[0]
        if not head or head.startswith("#"):
            continue
        pinned, hashes = _PINNED.match(head), sorted(set(_HASH.findall(block)))
        if pinned is None or not hashes:
            raise ValueError(f"'{head}' has no exact version or no hash: make requirements.lock anew.")
        name, version = pinned[1].lower().replace("_", "-"), pinned[2]
        found.append(
            {
                "type": "library",
                "name": name,
                "version": version,
                "purl": f"pkg:pypi/{name}@{version}",
                "hashes": [{"alg": "SHA-256", "content": content} for content in hashes],
            }
        )
    return found


def bill(lock: str) -> dict[str, Any]:
    """The same lock gives the same bytes: no time and no random number is in it."""
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components(lock)}


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out: Path = parser.parse_args(words).out
    try:
        made = bill(LOCK.read_text(encoding="utf-8"))
    except ValueError as wrong:
        print(wrong, file=sys.stderr)
        return 1
    out.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    print(f"{len(made['components'])} packages in {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
