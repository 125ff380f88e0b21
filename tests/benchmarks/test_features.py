"""The features benchmark at 700 students: the shape of its lines, and that the peers answer what zerodrop answers."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from features.catalogue import CATALOGUE

ROOT = Path(__file__).resolve().parent.parent.parent
FEW = ["--students=700", "--peer-students=700", "--period-students=700", "--weeks=2", "--workers=1", "--repeats=1"]


def run(*more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.features", *FEW, *more]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)


def lines_of(*more: str) -> list[dict[str, Any]]:
    done = run(*more)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    return lines_of()


def test_everything_is_measured_and_set_beside_the_others(lines: list[dict[str, Any]]) -> None:
    figures = {line["what"]: line for line in lines if line["what"] not in ("log", "ratios")}
    ours = {"zerodrop", "cold", "uncompacted", "periods", "zerodrop-peer"}
    assert set(figures) == {*ours, "scan", "least-scan", "increment", "increment-saved", "duckdb", "pandas"}
    assert all(one["wall_s"] > 0 and one["cpu_s"] > 0 and one["peak_mb"] > 0 for one in figures.values())
    assert {(figures[name]["features"], figures[name]["tables"]) for name in ours} == {(len(CATALOGUE), 2)}
    [ratios] = (line for line in lines if line["what"] == "ratios")
    assert {
        "share_of_scan_limit",
        "share_of_least_scan",
        "duckdb_to_zerodrop",
        "pandas_to_zerodrop_per_feature",
    } <= set(ratios)


def test_the_peers_find_the_values_that_zerodrop_finds(lines: list[dict[str, Any]]) -> None:
    peers = {line["what"]: line for line in lines if line["what"] in ("duckdb", "pandas")}
    assert [peer["values_that_differ"] for peer in peers.values()] == [[], []]
    assert peers["duckdb"]["features"] == len(CATALOGUE)
    assert peers["pandas"]["features"] >= 0.8 * len(CATALOGUE)


def test_repeated_shards_are_the_same_files_under_other_names_and_are_found_again(tmp_path: Path) -> None:
    asked = ("--students=4300", "--shard-students=2000", "--drawn=1", "--only=scan", f"--folder={tmp_path}")
    _, log, scan, _ = lines_of(*asked)
    assert (log["shards"], log["drawn_shards"], log["institutions"]) == (2, 1, 2)
    assert scan["rows"] == sum(log["rows"].values())
    drawn, again = json.loads((tmp_path / "nation" / "compacted.json").read_text(encoding="utf-8"))
    assert not set(drawn["institutions"]) & set(again["institutions"])
    for one, other in zip(drawn["files"], again["files"], strict=True):
        assert (tmp_path / "nation" / one["path"]).samefile(tmp_path / "nation" / other["path"])
        assert one["path"] != other["path"]
    _, found, scanned, _ = lines_of(*asked)
    assert found == {**log, "found": True}
    assert scanned["rows"] == scan["rows"]


def test_an_unknown_measurement_is_refused_by_name() -> None:
    refused = run("--only=zerodrop,spark")
    assert refused.returncode == 2
    assert "there is no spark; there are zerodrop" in refused.stderr
