"""zerodrop's own figures: shards built in a pool of processes, and the week that is added to a saved state."""

import multiprocessing
import os
import resource
import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import repeat
from pathlib import Path
from threading import BrokenBarrierError
from typing import Any

from benchmarks.features.files import load_logs
from benchmarks.features.measured import Clock, Figures, Job, peak_mb, use_cores
from benchmarks.features.nation import mondays
from features.build import Task, keep_memory, snapshots
from features.catalogue import CATALOGUE
from features.saved import resume
from features.snapshot import Snapshot, features
from records.log import EventLog

OURS = "ours.parquet"
_STATES, _AGAIN = "states", "states-again"
_all_ready: Any = None


@dataclass(frozen=True, kw_only=True)
class Work:
    """What every shard of a job is asked for: the tables of some days, from the log or from the state of `states`."""

    weeks: int
    states: Path | None = None
    saves: bool = True
    """Whether the state that a week was added to is saved for the next one."""
    keep: Path | None = None


def measure(job: Job) -> Figures:
    """Build the tables of the weeks from the log, all shards of it."""
    return _measured(job, Work(weeks=job.weeks, keep=job.path if job.keep_values else None))


def measure_increment(job: Job) -> Figures:
    """Add a week to each shard's saved state and build its table."""
    return _measured(job, Work(weeks=1, states=_saved_before(job), saves=False))


def measure_increment_saved(job: Job) -> Figures:
    """The same, and save the state anew."""
    return _measured(job, Work(weeks=1, states=_saved_before(job)))


def _measured(job: Job, work: Work) -> Figures:
    """The tables stay in the workers, as those of a cluster do."""
    logs = load_logs(job.path, job.form)
    # The largest shards first, so that no worker is left with one at the end.
    logs = sorted(logs, key=lambda log: -sum(file.rows for file in log.files))
    cold = Clock.now()
    with _pool(job) as pool:
        start = Clock.now() if job.warm else cold
        told = list(pool.map(_built, logs, repeat(work)))
        figures = start.since(sum(one["cpu_s"] for one in told)) if job.warm else {}
    if not job.warm:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        figures = cold.since(children.ru_utime + children.ru_stime)
    students = sum(one["students"] for one in told)
    peak = max(peak_mb(), *(one["peak_mb"] for one in told))
    shape = {"form": job.form, "shards": len(logs), "features": len(CATALOGUE), "weeks": work.weeks}
    return {**shape, "students": students, "tables": sum(one["tables"] for one in told), **figures, "peak_mb": peak}


def save_states(job: Job) -> Figures:
    """Save each shard's state of the week before, made from the log."""
    shutil.rmtree(job.path / _STATES, ignore_errors=True)
    for log in load_logs(job.path, job.form):
        before = Task(log=log, as_ofs=(mondays(2)[0],), now=datetime.now(UTC), states=job.path / _STATES)
        for _ in snapshots(before):
            pass
    return {}


def _saved_before(job: Job) -> Path:
    """Links to the states of the week before: a measurement that saves puts its own in their place."""
    kept, again = job.path / _STATES, job.path / _AGAIN
    again.mkdir(exist_ok=True)
    for name in (file.name for file in kept.iterdir()):
        (again / name).unlink(missing_ok=True)
        os.link(kept / name, again / name)
    return again


@contextmanager
def _pool(job: Job) -> Iterator[ProcessPoolExecutor]:
    """Processes that are started anew; warm ones have built a small shard before the first task."""
    context = multiprocessing.get_context("spawn")
    small = load_logs(job.path.parent / "small", "compacted")[0] if job.warm else None
    begin = (context.Barrier(job.workers), small)
    with ProcessPoolExecutor(job.workers, mp_context=context, initializer=_begin, initargs=begin) as pool:
        if job.warm:
            list(pool.map(_wait, range(job.workers)))
        yield pool


def _begin(ready: Any, small: EventLog | None) -> None:
    global _all_ready
    _all_ready = ready
    use_cores(2**16)
    keep_memory()
    if small is not None:
        _built(small, Work(weeks=2))


def _wait(_: int) -> None:
    """Every worker takes one of these, so that none starts during the measurement."""
    try:
        _all_ready.wait(timeout=600)
    except BrokenBarrierError:
        raise RuntimeError("the workers of the pool did not all start; run it again with fewer --workers") from None


def _built(log: EventLog, work: Work) -> Figures:
    start, students, tables = Clock.now(), 0, 0
    for snapshot in _tables(log, work):
        students, tables = len(snapshot.cohort.student), tables + 1
    figures = start.since()
    if work.keep is not None:
        snapshot.frame().to_parquet(work.keep / OURS)
    return {**figures, "students": students, "tables": tables, "peak_mb": peak_mb()}


def _tables(log: EventLog, work: Work) -> Iterator[Snapshot]:
    days = mondays(work.weeks)
    if work.states is None or work.saves:
        yield from snapshots(Task(log=log, as_ofs=tuple(days), now=datetime.now(UTC), states=work.states))
        return
    forward = resume(log, work.states / f"{log.institution}.state")
    for day in days:
        yield features(forward.advance(day), day)
