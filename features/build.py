"""Feature tables of many institutions: one function a shard, run here, in processes, or on a cluster's workers."""

import ctypes
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from features.cohort import NobodyEnrolled
from features.saved import StateNotSaved, advanced, whole
from features.snapshot import Snapshot, features
from records.errors import UserError
from records.log import EventLog
from records.processes import processes

if TYPE_CHECKING:
    from distributed import Client

WORKER_ENVIRONMENT = {"MALLOC_MMAP_THRESHOLD_": str(2**28)}
"""What the environment of `dask worker` must say before it starts.

Dask sets MALLOC_TRIM_THRESHOLD_ for its workers, and glibc then gives every large array back to the system at once:
18 weeks of 60,000 students take twice as long. This threshold takes that back.
"""
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Of malloc.h of the GNU C library: how much at the end of the heap, and what single arrays, go back to the system at once."""
_PATIENCE = 20
"""Seconds in which a scheduler and its first worker must answer, and that it may be without any worker later."""


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
    """What came of a task: one file a day on which anybody is enrolled, and how many students the newest table has."""

    shard: str
    paths: tuple[Path, ...]
    rows: int
    """Students of all tables together."""
    students: int
    nobody_on: tuple[date, ...]
    without: tuple[tuple[str, tuple[date, ...]], ...] = ()
    """The institutions that have nobody on days on which others of the shard have somebody, and these days."""
    state_not_saved: str = ""
    """Why the state was not saved, where it should have been."""


def snapshots(task: Task) -> Iterator[Snapshot]:
    """The feature tables of a shard, day by day; days on which nobody is enrolled have none."""
    log = task.log
    saved = None if task.states is None else task.states / f"{log.institution}.state"
    for as_of, state in zip(task.as_ofs, advanced(log, list(task.as_ofs), saved, now=task.now), strict=True):
        try:
            yield features(state, as_of, institution=log.institution, ledger_number=log.ledger_number)
        except NobodyEnrolled:
            continue


def keep_memory() -> None:
    """Let this process keep what memory it has had: of pages that go back, each is cleared and mapped again for every table.

    As far as the C library can be told; the answers are the same without.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, 2**25)
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


def build(task: Task) -> Built:
    """Make the tables of one shard. The same function, and the same bytes, wherever it runs."""
    keep_memory()
    sizes, paths, without, state_not_saved = {}, [], defaultdict(list), ""
    try:
        for snapshot in snapshots(task):
            sizes[snapshot.as_of] = len(snapshot.values)
            for one in _without_anybody(snapshot, task.log):
                without[one].append(snapshot.as_of)
            if task.out is not None:
                paths.append(_write(snapshot, task.log, task.out))
    except StateNotSaved as error:
        state_not_saved = str(error)
    nobody_on = tuple(as_of for as_of in task.as_ofs if as_of not in sizes)
    if task.out is not None:
        for as_of in nobody_on:  # a table that stands there was true of another time
            _path(task.log, task.out, as_of).unlink(missing_ok=True)
    return Built(
        shard=task.log.institution, paths=tuple(paths), rows=sum(sizes.values()),
        students=sizes.get(max(task.as_ofs, default=date.min), 0), nobody_on=nobody_on, state_not_saved=state_not_saved,
        without=tuple((one, tuple(days)) for one, days in without.items()),
    )  # fmt: skip


def _without_anybody(snapshot: Snapshot, log: EventLog) -> list[str]:
    """The institutions of a shard of whom nobody is in a table."""
    here = set(_institutions(snapshot, log).tolist())
    return [one for place, one in enumerate(log.institutions) if place not in here]


def _institutions(snapshot: Snapshot, log: EventLog) -> npt.NDArray[np.int64]:
    """The position of each student's institution in the shard."""
    return np.searchsorted(log.offsets, snapshot.cohort.student, side="right") - 1


def build_all(tasks: Iterable[Task], executor: Executor | None = None) -> Iterator[Built]:
    """Every shard, in the order of the tasks."""
    yield from map(build, tasks) if executor is None else executor.map(build, tasks)


@contextmanager
def workers(number: int, scheduler: str = "") -> Iterator[Executor | None]:
    """Who does the work: this process (1), a pool of processes, or the workers of a Dask scheduler (`cluster` extra).

    Raises UserError when the scheduler or its workers do not answer, or when those who work are lost on the way.
    """
    if scheduler:
        with _client(scheduler) as client:
            yield client.get_executor(pure=False)  # type: ignore[no-untyped-call]
    elif number > 1:
        with _none_lost(BrokenProcessPool), processes(number, "forkserver") as pool:
            yield pool
    else:
        yield None


@contextmanager
def _client(scheduler: str) -> Iterator["Client"]:
    try:
        from distributed import Client, KilledWorker
    except ImportError:
        raise UserError(
            "A scheduler needs the extra `cluster`. Install it here and on every worker: pip install -e '.[cluster]' · "
            "การใช้ตัวจัดงานต้องติดตั้งส่วนเสริม cluster ทั้งเครื่องนี้และเครื่องที่ช่วยคำนวณ: pip install -e '.[cluster]'"
        ) from None
    client = Client.__new__(Client)
    try:
        client.__init__(scheduler, timeout=_PATIENCE)  # type: ignore[misc]
    except (OSError, ValueError, TypeError, RuntimeError):
        # Left to the collector, it closes itself whenever that runs: while another one starts, both wait for ever.
        client.close()  # type: ignore[no-untyped-call]
        raise UserError(
            f"No Dask scheduler answers at {scheduler}. Look at its address (tcp://host:8786, or tls:// with its "
            "certificates) and whether it runs. · "
            f"ไม่มีตัวจัดงาน Dask ตอบที่ {scheduler} ตรวจที่อยู่ (tcp://ชื่อเครื่อง:8786 หรือ tls:// พร้อมใบรับรอง) และดูว่าเปิดอยู่หรือไม่"
        ) from None
    with client, _none_lost(KilledWorker, CancelledError):
        try:
            client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError:
            raise UserError(
                f"The scheduler at {scheduler} has no worker. Start one: dask worker {scheduler} --nthreads 1 · "
                f"ตัวจัดงานที่ {scheduler} ยังไม่มีเครื่องช่วยคำนวณ เปิดด้วยคำสั่ง dask worker {scheduler} --nthreads 1"
            ) from None
        with _ended_without_workers(client):
            yield client


@contextmanager
def _ended_without_workers(client: "Client") -> Iterator[None]:
    """Give up what is waited for when there was no worker for a while: a scheduler would wait for the next one for ever."""
    over = Event()

    def look() -> None:
        last_seen = time.monotonic()
        while not over.wait(_PATIENCE / 10):
            try:
                workers_now = client.scheduler_info()["workers"]
            except OSError:  # the scheduler is gone: Dask itself says so to who waits
                return
            if workers_now:
                last_seen = time.monotonic()
            elif time.monotonic() - last_seen > _PATIENCE:
                client.close()  # type: ignore[no-untyped-call]
                return

    looking = Thread(target=look, daemon=True)
    looking.start()
    try:
        yield
    finally:
        over.set()
        looking.join(_PATIENCE)  # it may be asking a scheduler that will not answer any more


@contextmanager
def _none_lost(*lost: type[BaseException]) -> Iterator[None]:
    """A worker that is gone, as the operating system ends one when memory is short, is a sentence."""
    try:
        yield
    except lost:
        raise UserError(
            "A worker was lost on the way, most often for want of memory. Tables that were written are whole; "
            "run it again with fewer workers. · "
            "งานบางส่วนหยุดกลางคัน มักเป็นเพราะหน่วยความจำไม่พอ ตารางที่เขียนแล้วครบถ้วน ให้สั่งใหม่โดยลดจำนวน --workers"
        ) from None


def _path(log: EventLog, out: Path, as_of: date) -> Path:
    return out / log.institution / f"{as_of}.parquet"


def _write(snapshot: Snapshot, log: EventLog, out: Path) -> Path:
    path = _path(log, out, snapshot.as_of)
    with whole(path) as part:
        pq.write_table(table_of(snapshot, log), part, compression="zstd")
    return path


def table_of(snapshot: Snapshot, log: EventLog) -> pa.Table:
    """A row a student: institution, the student's number there, class group, the features, completeness by domain."""
    who = snapshot.cohort
    place = _institutions(snapshot, log)
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
