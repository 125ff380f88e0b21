"""Is the model in charge still what was signed? Every byte compared with its manifest, without loading it."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path

_MANIFEST = "manifest.json"


def is_whole(models: Path, digest: str) -> bool:
    """False when a file of the promoted bundle is missing or was changed; a folder that did not change is read once."""
    folder = models / digest
    try:
        stamps = tuple(sorted((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in folder.iterdir()))
    except OSError:
        return False
    return _compared(folder, digest, stamps)


@lru_cache(maxsize=64)
def _compared(folder: Path, digest: str, _stamps: tuple[tuple[str, int, int], ...]) -> bool:
    try:
        if _sha256(folder / _MANIFEST) != digest:
            return False
        signed: dict[str, str] = json.loads((folder / _MANIFEST).read_bytes())["sha256"]
        return all(_sha256(folder / name) == expected for name, expected in signed.items())
    except OSError:
        return False


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
