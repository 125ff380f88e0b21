"""The benchmark of training starts, says which colleges it can measure, and counts its processes; a run is minutes long."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
# A process that begins another one and outlives it, as a pool's does; it and its memory end when it reads a line.
MEASURED = """
import json, subprocess, sys, time
from benchmarks.training import Memory, begun, begun_seconds
busy = "import time; begin = time.process_time()\\nwhile time.process_time() < begin + 0.5: pass"
pool = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}]); held = bytearray(200_000_000); print(flush=True); input()"
memory = Memory()
memory.start()
while not memory.peak_mb:
    time.sleep(0.05)
before = memory.peak_mb
with subprocess.Popen([sys.executable, "-c", pool], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as held:
    held.stdout.readline()
    told = {"seen": held.pid in begun(), "seconds": begun_seconds()}
    deadline = time.monotonic() + 60
    while memory.peak_mb < before + 150 and time.monotonic() < deadline:
        time.sleep(0.05)
    held.stdin.write("\\n")
memory.stop()
print(json.dumps({**told, "seen_after": held.pid in begun(), "more_mb": memory.peak_mb - before}))
"""


def ran(*words: str) -> str:
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_starts_and_says_what_it_can_measure() -> None:
    told = ran("-m", "benchmarks.training", "--help")
    for option in ("--home", "--students", "--years", "--million", "--colleges", "--panel"):
        assert option in told


def test_what_its_processes_use_is_counted_also_of_those_that_have_ended() -> None:
    told: dict[str, Any] = json.loads(ran("-c", MEASURED))
    assert told["seen"]
    assert not told["seen_after"]
    assert told["seconds"] >= 0.5
    assert told["more_mb"] > 150
