"""The benchmark of visit plans at a small size: the shape of its lines, and a proposal that HiGHS cannot beat by much."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def test_a_small_week_is_measured_beside_highs_and_rank_order() -> None:
    words = [sys.executable, "-m", "benchmarks.visits", "--size=40/10/2", "--size=25/6/3", "--seed=4", "--rounds=1"]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    *lines, worst = map(json.loads, ran.stdout.splitlines())
    assert [(line["size"], line["seed"]) for line in lines] == [("40/10/2", 4), ("25/6/3", 4)]
    for line in lines:
        assert line["ratio_to_highs"] >= 0.97
        assert line["highs_benefit"] <= line["highs_bound"] + 1e-4
        assert line["ratio_to_bound"] <= 1.0001
        assert line["ratio_to_rank_order"] >= 1
        assert line["seconds"] > 0
    assert worst["least_ratio_to_highs"] == min(line["ratio_to_highs"] for line in lines)
    assert worst["most_seconds"] == max(line["seconds"] for line in lines)
