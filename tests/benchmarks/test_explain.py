"""The benchmark of explanations at a tiny size: the shape of its lines, that all answer the same, and no compiler for one."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
FEW = ["--rows=600", "--trees=4", "--rounds=1", "--peer-seconds=0.02"]


def run(*more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.explain", *FEW, *more]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)


def lines_of(*more: str) -> list[dict[str, Any]]:
    done = run(*more)
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_shapes_end_with_the_bag_and_the_production_model_and_all_answer_the_same() -> None:
    lines = lines_of("--only=depth 4, bag of 5 seeds", "--only=depth 4")
    assert [(line["model"], line["trees"]) for line in lines] == [("depth 4, bag of 5 seeds", 20), ("depth 4", 4)]
    for line in lines:
        assert line["max_difference"] <= 1e-10
        assert 20 <= line["peer_rows"] <= line["rows"] == 600
        rates = ("rows_per_second", "ratio_to_shap", "ratio_to_pred_contrib", "numpy_ratio", "peak_mb", "tables_mb")
        assert all(line[name] > 0 for name in rates)


def test_one_row_is_explained_without_a_compiler() -> None:
    [one] = lines_of("--one", "--only=depth 4")
    assert one["numba"] is False
    assert 0 < one["p50_us"] <= one["p99_us"]


def test_many_rows_become_reasons_in_little_memory() -> None:
    [many] = lines_of("--million", "--only=depth 4")
    assert many["rows"] == 600
    assert many["wall_s"] >= 0
    assert many["peak_mb_above_input"] >= many["peak_mb_above_input_and_program"] >= 0
    assert 0 < many["reasons_a_row"] <= 5


def test_an_unknown_model_is_refused_by_name() -> None:
    done = run("--only=depth 40")
    assert done.returncode == 2
    assert "invalid choice: 'depth 40'" in done.stderr
