"""The benchmark of training starts, and says which colleges it can measure; a run of it is minutes long."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def test_it_starts_and_says_what_it_can_measure() -> None:
    words = [sys.executable, "-m", "benchmarks.training", "--help"]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    for option in ("--home", "--students", "--years"):
        assert option in ran.stdout
