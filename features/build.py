"""Feature tables of many institutions: one function a shard, run here, in processes, or on a cluster's workers."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.cohort import NobodyEnrolled
from features.saved import advanced
from features.snapshot import Snapshot, features
from records.log import EventLog


@dataclass(frozen=True, kw_only=True)
class Task:
    """A shard's log and the days asked for (increasing); paths are as the workers see them.

    The tables are written to `out` as `<shard>/<as_of>.parquet`, where given; `states` holds the saved states.
    """

    log: EventLog
    as_ofs: tuple[date, ...]
    now: datetime
    out: Path | None = None
    states: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Built:
    """What came of a task: one file a day, and how many students the tables have."""

    shard: str
    paths: tuple[Path, ...]
    rows: int


def snapshots(task: Task) -> Iterator[Snapshot]:
    """The feature tables of a shard, day by day; days on which nobody is enrolled have none."""
    log = task.log
    saved = None if task.states is None else task.states / f"{log.institution}.state"
    for as_of, state in zip(task.as_ofs, advanced(log, list(task.as_ofs), saved, now=task.now), strict=True):
        try:
            yield features(state, as_of, institution=log.institution, ledger_number=log.ledger_number)
        except NobodyEnrolled:
            continue


def build(task: Task) -> Built:
    """Make the tables of one shard. The same function, and the same bytes, wherever it runs."""
    rows, paths = 0, []
    for snapshot in snapshots(task):
        rows += len(snapshot.values)
        if task.out is not None:
            paths.append(_write(snapshot, task.log, task.out))
    return Built(shard=task.log.institution, paths=tuple(paths), rows=rows)


def build_all(tasks: Iterable[Task], executor: Executor | None = None) -> Iterator[Built]:
    """Every shard, in the order of the tasks."""
    yield from map(build, tasks) if executor is None else executor.map(build, tasks)


@contextmanager
def workers(number: int, scheduler: str = "") -> Iterator[Executor | None]:
    """Who does the work: this process (1), a pool of processes, or the workers of a Dask scheduler (`cluster` extra)."""
    if scheduler:
        from distributed import Client

        with Client(scheduler) as client:  # type: ignore[no-untyped-call]
            yield client.get_executor()
    elif number > 1:
        with ProcessPoolExecutor(number, mp_context=get_context("forkserver")) as pool:
            yield pool
    else:
        yield None


def _write(snapshot: Snapshot, log: EventLog, out: Path) -> Path:
    path = out / log.institution / f"{snapshot.as_of}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    pq.write_table(table_of(snapshot, log), part, compression="zstd")
    part.replace(path)
    return path


def table_of(snapshot: Snapshot, log: EventLog) -> pa.Table:
    """A row a student: institution, the student's number there, class group, the features, completeness by domain."""
    who = snapshot.cohort
    place = np.searchsorted(log.offsets, who.student, side="right") - 1
    head = {
        "institution": pa.array(log.institutions).take(pa.array(place)),
        "student": pa.array((who.student - log.offsets[place]).astype(np.int32)),
        "class_group": pa.array(who.groups).take(pa.array(who.group)),
    }
    columns = {feature.name: snapshot.values[:, at] for at, feature in enumerate(snapshot.features)}
    complete = {f"completeness_{domain.value}": values for domain, values in snapshot.completeness.items()}
    return pa.table({**head, **columns, **complete})


def weekly_until(last: date, weeks: int) -> Sequence[date]:
    """The last `weeks` same weekdays up to `last`, in order."""
    return [date.fromordinal(last.toordinal() - 7 * back) for back in range(weeks - 1, -1, -1)]
