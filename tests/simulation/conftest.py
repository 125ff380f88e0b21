"""One small college for all tests of the simulation, and readers of its files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from simulation.college import write_college

Rows = list[dict[str, str]]
SEED = 7


@pytest.fixture(scope="session")
def college(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 students, three years, the default Monday."""
    out = tmp_path_factory.mktemp("college")
    write_college(out, students=300, years=3, seed=SEED)
    return out


@pytest.fixture(scope="session")
def read_csv() -> Callable[[Path], Rows]:
    def read(path: Path) -> Rows:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig" if raw.startswith(b"\xef\xbb\xbf") else "cp874")
        header, *lines = [line.split(",") for line in text.splitlines()]
        return [dict(zip(header, line, strict=True)) for line in lines]

    return read
