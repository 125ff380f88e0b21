"""A corpus of hostile model files and mutations without end: each is refused or scores, none crashes or hangs.

The files are loaded in processes of their own, many in each; ZERODROP_CASES says how many mutations are tried.
"""

import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from models.tables import compile_tables, save_tables
from models.trees import read_trees
from tests.models.explain.fuzzed import make_case
from tests.models.hostile import CASES, GOOD, hostile_texts
from tests.models.hostile_tables import hostile_tables

ROOT = Path(__file__).resolve().parents[2]
BATCH = 2_000
SECONDS_A_BATCH = 600
pytestmark = pytest.mark.timeout(6 * 3600)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A small text with every kind of tree, and a model of LightGBM itself with categories."""
    folder = tmp_path_factory.mktemp("texts")
    seeds = (make_case(seed).text for seed in range(100))
    fitted = next(text for text in seeds if "num_cat=2" in text and len(text) < 20_000)
    paths = [folder / "small.txt", folder / "fitted.txt"]
    for path, text in zip(paths, (GOOD, fitted), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


@pytest.fixture(scope="module")
def tables(texts: list[Path]) -> list[Path]:
    for path in texts:
        save_tables(compile_tables(read_trees(path.read_text(encoding="utf-8"))), path.with_suffix(".npz"))
    return [path.with_suffix(".npz") for path in texts]


def load(kind: str, paths: list[Path], count: int = 1) -> Counter[str]:
    """What became of the cases; fails with the name of the one that ended the process or took too long."""
    parts = [(start, min(start + BATCH, count)) for start in range(0, count, BATCH)]
    with ThreadPoolExecutor(max_workers=2) as pool:
        found = list(pool.map(lambda part: _load(kind, paths, *part), parts))
    return Counter(outcome for batch in found for outcome in batch)


def _load(kind: str, paths: list[Path], first: int, last: int) -> list[str]:
    files = [str(path) for path in paths]
    command = [sys.executable, "-m", "tests.models.load_hostile", kind, str(first), str(last), *files]
    try:
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS_A_BATCH)
    except subprocess.TimeoutExpired as hung:
        pytest.fail(f"{kind} hangs: {bytes(hung.stdout or b'')[-200:]!r}")
    lines = [line.split("\t") for line in ran.stdout.splitlines()]
    assert ran.returncode == 0, f"{kind} ended with {ran.returncode} at {lines[-1:]}: {ran.stderr[-2000:]}"
    odd = [line for line in lines if line[1] not in ("refused", "scored")]
    assert not odd, f"{kind}: {odd}"
    return [what for _, what in lines]


def test_every_hostile_text_is_refused(texts: list[Path]) -> None:
    assert load("texts", texts) == {"refused": len(hostile_texts())}


def test_every_hostile_table_is_refused(tables: list[Path]) -> None:
    count = sum(1 for _ in hostile_tables(tables[-1].read_bytes()))
    assert load("tables", tables) == {"refused": count}


def test_a_text_with_anything_changed_is_refused_or_scores(texts: list[Path]) -> None:
    found = load("text", texts, CASES)
    assert found.total() == CASES
    assert set(found) == {"refused", "scored"}


def test_a_table_with_anything_changed_is_refused_or_scores(tables: list[Path]) -> None:
    found = load("table", tables, CASES)
    assert found.total() == CASES
    assert set(found) == {"refused", "scored"}
