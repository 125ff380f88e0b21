"""How a figure is taken: a fresh process for each run, its seconds, its CPU seconds with children, its peak memory."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

Figures = dict[str, Any]
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


@dataclass(frozen=True, kw_only=True)
class Job:
    """One measurement: of which log folder, which form of it, how many weeks, on how many cores.

    `forms` is "compacted" or "weekly"; `warm` starts the clock after every worker has built a small shard.
    """

    what: str
    folder: str
    form: str = "compacted"
    weeks: int = 1
    workers: int = 1
    warm: bool = True
    keep_values: bool = False
    """Write the last week's values beside the log, for the peers to be compared with."""

    @property
    def path(self) -> Path:
        return Path(self.folder)


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Seconds of the wall and of this process's CPU."""

    wall_s: float
    cpu_s: float

    @classmethod
    def now(cls) -> "Clock":
        return cls(wall_s=time.perf_counter(), cpu_s=time.process_time())

    def since(self, other_cpu_s: float = 0.0) -> Figures:
        """Figures since this moment; CPU seconds that other processes spent are added."""
        now = Clock.now()
        cpu_s = now.cpu_s - self.cpu_s + other_cpu_s
        return {"wall_s": round(now.wall_s - self.wall_s, 3), "cpu_s": round(cpu_s, 3)}


def peak_mb() -> int:
    """The most memory that this process has held; what it was forked from does not count where the system tells it apart."""
    status = Path("/proc/self/status")
    for line in status.read_text(encoding="ascii").splitlines() if status.exists() else ():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def use_cores(count: int) -> None:
    """Keep this process and its children to a number of cores, and libraries to one thread."""
    import pyarrow as pa

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-count:])


def run(job: Job, measure: Callable[[Job], Figures]) -> None:
    """Take the figures in this process and print them as its only line."""
    use_cores(job.workers)
    print(json.dumps(measure(job)))


def fastest(job: Job, repeats: int) -> Figures:
    """The fastest of several fresh processes by the wall. Raises CalledProcessError when one fails."""
    return min((in_own_process(job) for _ in range(repeats)), key=lambda figures: float(figures["wall_s"]))


def in_own_process(job: Job) -> Figures:
    command = [sys.executable, "-m", "benchmarks.features", "--job", json.dumps(asdict(job))]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env={**os.environ, **_ONE_THREAD})
    figures: Figures = json.loads(done.stdout)
    return figures
