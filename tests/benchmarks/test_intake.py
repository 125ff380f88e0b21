"""The intake benchmark at a small size: the shape of its lines; an import that leaves rows out fails it."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
STEPS = ["csv_pyarrow", "csv_pandas", "csv_zerodrop", "xlsx_pandas", "xlsx_zerodrop"]


def test_every_step_is_measured_and_set_beside_the_others() -> None:
    command = [sys.executable, "-m", "benchmarks.intake", "--rows", "2000", "--workbook-rows", "300"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    written, *steps, ratios = map(json.loads, done.stdout.splitlines())
    assert written["written"] == {"attendance.csv": 2000, "roster.xlsx": 300, "students": 10}
    assert [step["step"] for step in steps] == STEPS
    assert all(step["seconds"] > 0 and step["peak_mb"] > 0 and step["rows_per_second"] > 0 for step in steps)
    assert set(ratios) == {"csv_times_pyarrow", "csv_times_pandas", "xlsx_times_pandas"}
    assert all(ratio > 0 for ratio in ratios.values())
