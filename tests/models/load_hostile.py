"""Load hostile files one after another, in a process of its own: one line a case, so that a crash or a hang has a name.

python -m tests.models.load_hostile KIND FIRST LAST FILE...
KIND is texts or tables (the corpus), or text or table (mutations of the FILEs in turn with the seeds FIRST to LAST).
"""

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from models.explain import contributions, margins
from models.tables import Tables, compile_tables, load_tables
from models.trees import read_trees
from records.errors import ModelRefused
from tests.models.hostile import hostile_texts, mutated_text
from tests.models.hostile_tables import hostile_tables, mutated_tables

LONGEST = 5.0  # CPU seconds a case
_MOST_MEMORY = 6 * 2**30
"""Of addresses: numba and NumPy take some of it, and a declared terabyte does not fit."""


def rows(features: int) -> np.ndarray:
    """Values of every kind: known, missing, infinite, codes of categories that are none."""
    random = np.random.default_rng(4)
    values = random.normal(size=(40, features)) * 3
    values[random.random(values.shape) < 0.2] = np.nan
    values[:5] = np.array([np.nan, 0.0, np.inf, -np.inf, 1e300])[:, None]
    values[5:10] = np.floor(random.random((5, features)) * 70000)
    return values


def outcome(kind: str, content: bytes) -> str:
    """What became of one file: refused, scored, or what should never be."""
    started = time.process_time()
    try:
        tables = _tables(kind, content)
    except ModelRefused:
        return _in_time("refused", started)
    values = rows(tables.features)
    for compiled in (False, True):
        scores = margins(tables, values, compiled=compiled)
        added = contributions(tables, values, compiled=compiled)
        if not (np.isfinite(scores).all() and np.isfinite(added).all()):
            return f"scores that are not finite, compiled={compiled}"
    return _in_time("scored", started)


def _tables(kind: str, content: bytes) -> Tables:
    if kind.startswith("table"):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "tables.npz").write_bytes(content)
            return load_tables(Path(folder) / "tables.npz")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise ModelRefused("no text") from None  # as models/bundle.py
    return compile_tables(read_trees(text))


def _in_time(found: str, started: float) -> str:
    taken = time.process_time() - started
    return found if taken < LONGEST else f"{found} after {taken:.1f} s"


def cases(kind: str, good: list[bytes], first: int, last: int) -> Iterator[tuple[str, bytes]]:
    match kind:
        case "texts":
            yield from ((hostile.name, hostile.text.encode()) for hostile in hostile_texts())
        case "tables":
            yield from hostile_tables(good[-1])
        case "text":
            yield from ((str(seed), mutated_text(seed, good[seed % len(good)].decode())) for seed in range(first, last))
        case _:
            yield from ((str(seed), mutated_tables(seed, good[seed % len(good)])) for seed in range(first, last))


def main(kind: str, first: str, last: str, *paths: str) -> None:
    good = [Path(path).read_bytes() for path in paths]
    outcome(kind, good[0])  # compile what is compiled once, before anybody counts seconds
    for name, content in cases(kind, good, int(first), int(last)):
        print(name, end="\t", flush=True)
        print(outcome(kind, content), flush=True)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    main(*sys.argv[1:])
