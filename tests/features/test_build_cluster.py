"""The same tables on the workers of a real Dask scheduler: two processes under nannies, as `dask worker` starts them."""

import gc
import os
import socket
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from features import build as building_module
from features.build import WORKER_ENVIRONMENT, Task, build_all, workers
from records.errors import LogFileWrong, UserError
from records.log import EventLog
from tests.features.building import NOW, alone, college, shard_log
from tests.property.small_college import MONDAYS

distributed = pytest.importorskip(
    "distributed", reason="Dask is not installed (extra `cluster`): nothing is known of the cluster without this test"
)
dask = pytest.importorskip("dask")
DAYS = tuple(MONDAYS[3:15:4])


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Two worker processes; their scheduler is spoken to by its address alone."""
    nanny = {"distributed.nanny.pre-spawn-environ": WORKER_ENVIRONMENT}
    scratch = str(tmp_path_factory.mktemp("scratch"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # sockets that Dask leaves to the collector when it ends
        with (
            dask.config.set(nanny),
            distributed.LocalCluster(
                n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", local_directory=scratch
            ) as started,
        ):
            yield started
        gc.collect()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> EventLog:
    return shard_log(tmp_path_factory.mktemp("log"), [college(5), college(6, students=7), college(7, students=9)])


def tasks(log: EventLog, out: Path, days: tuple[date, ...] = DAYS) -> list[Task]:
    logs = [log, *(alone(log, place) for place in range(3))]
    return [Task(log=one, as_ofs=days, now=NOW, out=out, states=out / "states") for one in logs]


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_workers_of_a_cluster_write_the_bytes_that_this_process_writes(
    cluster: Any, log: EventLog, tmp_path: Path
) -> None:
    with workers(1, scheduler=cluster.scheduler_address) as executor:
        there = list(build_all(tasks(log, tmp_path / "there"), executor))
        again = list(build_all(tasks(log, tmp_path / "there"), executor))
    here = list(build_all(tasks(log, tmp_path / "here")))
    assert [replace(built, paths=()) for built in there] == [replace(built, paths=()) for built in here]
    assert again == there
    assert files_in(tmp_path / "there") == files_in(tmp_path / "here")
    assert len(files_in(tmp_path / "here")) == 4 * len(DAYS) + 4


def test_the_same_question_again_is_done_again(cluster: Any, log: EventLog, tmp_path: Path) -> None:
    """Dask may take the answer of an equal task from memory; a table that was removed would stay away."""
    with workers(1, scheduler=cluster.scheduler_address) as executor:
        [asked] = tasks(log, tmp_path)[:1]
        [first] = build_all([asked], executor)
        first.paths[0].unlink()
        list(build_all([asked], executor))
    assert first.paths[0].exists()


def test_two_processes_work_and_neither_is_this_one(cluster: Any) -> None:
    with workers(1, scheduler=cluster.scheduler_address) as executor:
        assert executor is not None
        client = executor._client  # type: ignore[attr-defined]
        numbers = set(client.run(os.getpid).values())
    assert len(numbers) == 2
    assert os.getpid() not in numbers


def test_the_workers_have_the_setting_for_large_arrays(cluster: Any) -> None:
    with workers(1, scheduler=cluster.scheduler_address) as executor:
        assert executor is not None
        found = executor.submit(_environment, *WORKER_ENVIRONMENT).result()
    assert found == list(WORKER_ENVIRONMENT.values())


def _environment(*names: str) -> list[str | None]:
    return [os.environ.get(name) for name in names]


def test_an_error_on_a_worker_is_raised_here(cluster: Any, log: EventLog, tmp_path: Path) -> None:
    """Such as that of a worker that does not see the shared disk."""
    gone = alone(log, 0)
    gone.folder = tmp_path / "nowhere"
    with workers(1, scheduler=cluster.scheduler_address) as executor, pytest.raises(LogFileWrong):
        list(build_all([Task(log=gone, as_ofs=DAYS, now=NOW)], executor))


# What does not answer


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building_module, "_PATIENCE", 1)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(
    "wrong", ["tcp://127.0.0.1:{free}", "127.0.0.1:{free}", "carrier-pigeon://roof", "tls://127.0.0.1:{free}"]
)
def test_a_wrong_address_is_a_sentence(wrong: str) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        free = listening.getsockname()[1]
    address = wrong.format(free=free)
    with pytest.raises(UserError, match=f"No Dask scheduler answers at {address}.*ไม่มีตัวจัดงาน"), workers(1, address):
        raise AssertionError("nobody is there")


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("wrong", ["carrier-pigeon://roof", "tls://127.0.0.1:9", "tcp://127.0.0.1:9"])
def test_a_client_that_found_nobody_is_closed_at_once(wrong: str) -> None:
    """Not by the collector: in the middle of the start of the next one, that waits for a lock that its own thread holds."""
    gc.disable()
    try:
        with pytest.raises(UserError), workers(1, wrong):
            raise AssertionError("nobody is there")
        found = [one for one in gc.get_objects() if isinstance(one, distributed.Client)]
        assert [one.status for one in found if one.status != "closed"] == []
    finally:
        gc.enable()


@pytest.mark.usefixtures("hurried")
def test_a_scheduler_without_workers_is_a_sentence() -> None:
    with (
        distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as alone,
        pytest.raises(UserError, match=r"has no worker\. Start one: dask worker"),
        workers(1, alone.scheduler_address),
    ):
        raise AssertionError("nobody is there")


@pytest.mark.usefixtures("hurried")
def test_the_last_worker_that_is_lost_is_a_sentence() -> None:
    with distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=":0") as alone:

        def ask() -> None:
            with workers(1, alone.scheduler_address) as executor:
                assert executor is not None
                executor.submit(time.sleep, 0.1).result()
                alone.scale(0)
                executor.submit(time.sleep, 0.2).result(timeout=60)

        with pytest.raises(UserError, match="A worker was lost on the way"):
            ask()
