"""Publishing cut off anywhere, four at once, under fifty readers, on a full disk: one whole list is current, always."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, exists, func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from records import errors, ledger, lists
from records.home import DataHome, create_home, open_home
from records.lists import ListEntryRow, NewPublication, PublicationRow, Published, publish
from records.settings import Settings
from tests.records import crashing_publish
from tests.records.small import CODE, institution, place, publication_of

ROOT = Path(__file__).resolve().parents[2]
STUDENTS = 400
WHOLE = 1.0
FULL = (OperationalError, getattr(errors, "StoreUnavailable", OperationalError))


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which list `a` is current; never changed, only copied."""
    folder = tmp_path_factory.mktemp("pattern") / "home"
    home = create_home(Settings(home=folder))
    ledger.add_institution(home.database, institution())
    ids = place(home, dict.fromkeys(range(STUDENTS), "ชย.1/1"))
    publish(home.database, publication_of(ids, model="a"))
    home.close()
    return folder


@pytest.fixture(scope="module")
def steps(pattern: Path, tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many steps one publish takes from its first statement to its commit."""
    folder = copied(pattern, tmp_path_factory.mktemp("count"))
    done = subprocess.run(command(folder, "count"), cwd=ROOT, env=environment(), capture_output=True, check=True)
    return int(done.stdout)


def copied(pattern: Path, folder: Path) -> Path:
    target = folder / "home"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(pattern, target)
    shutil.copy(pattern.with_name("home.key"), target.with_name("home.key"))
    return target


def command(folder: Path, *words: str) -> list[str]:
    return [sys.executable, crashing_publish.__file__, str(folder), *words]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def home(pattern: Path, tmp_path: Path) -> Iterator[DataHome]:
    opened = open_home(Settings(home=copied(pattern, tmp_path)))
    yield opened
    opened.close()


def wanted(home: DataHome, model: str) -> NewPublication:
    return crashing_publish.new_list(home, model)


def stored(session: Session, row: PublicationRow, ids: dict[int, UUID]) -> str:
    """The digest of what is in store, entry by entry."""
    like = publication_of(ids, model=row.model_digest)
    return replace(like, entries=lists.entries_of(session, row.id)).digest()


def require_whole(home: DataHome) -> str:
    """The model of the one current list, after every list was found whole and nothing beside them."""
    ids = ledger.student_ids(home.database, CODE)
    with home.database.read() as session:
        rows = list(session.scalars(select(PublicationRow)))
        (current,) = [row for row in rows if row.status == "current"]
        assert all(stored(session, row, ids) == row.digest for row in rows)
        no_list = ~exists().where(PublicationRow.id == ListEntryRow.publication_id)
        assert session.scalar(select(func.count()).select_from(ListEntryRow).where(no_list)) == 0
        assert session.scalar(text("PRAGMA integrity_check")) == "ok"
        return current.model_digest


def require_mended_by_another_run(folder: Path) -> None:
    home = open_home(Settings(home=folder))
    assert require_whole(home) in ("a", "b")
    new = wanted(home, "b")
    number, _ = publish(home.database, new)
    assert require_whole(home) == "b"
    with home.database.read() as session:
        held = list(session.scalars(select(PublicationRow).where(PublicationRow.digest == new.digest())))
    assert [row.id for row in held] == [number]
    home.close()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(min_value=0, max_value=WHOLE))
def test_a_publish_killed_at_any_step_leaves_the_list_before(
    pattern: Path, steps: int, tmp_path: Path, share: float
) -> None:
    folder, step = copied(pattern, tmp_path), max(round(share * steps), 1)
    done = subprocess.run(command(folder, str(step)), cwd=ROOT, env=environment(), capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    home = open_home(Settings(home=folder))
    assert require_whole(home) == "a"
    home.close()
    require_mended_by_another_run(folder)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(milliseconds=st.floats(min_value=0, max_value=150))
def test_a_publish_killed_from_outside_leaves_one_whole_list(
    pattern: Path, tmp_path: Path, milliseconds: float
) -> None:
    folder = copied(pattern, tmp_path)
    running = subprocess.Popen(
        command(folder, "go"), cwd=ROOT, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert running.stdout is not None
    assert running.stdin is not None
    assert running.stdout.readline() == b"go\n"
    running.stdin.write(b"now\n")
    running.stdin.flush()
    time.sleep(milliseconds / 1000)
    running.kill()
    running.communicate()
    require_mended_by_another_run(folder)


def test_four_processes_with_four_lists_leave_one_current(home: DataHome) -> None:
    models = ["b", "c", "d", "e"]
    folder = home.settings.home
    running = [
        subprocess.Popen(
            command(folder, "go", model), cwd=ROOT, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for model in models
    ]
    for one in running:
        assert one.stdout is not None
        assert one.stdout.readline() == b"go\n"
    for one in running:
        assert one.stdin is not None
        one.stdin.write(b"now\n")
        one.stdin.flush()
    assert [one.communicate()[0] for one in running] == [b""] * 4
    assert [one.returncode for one in running] == [0] * 4
    assert require_whole(home) in models
    with home.database.read() as session:
        assert sorted(session.scalars(select(PublicationRow.model_digest))) == ["a", *models]


def test_each_of_fifty_readers_sees_one_whole_list_at_a_time(home: DataHome) -> None:
    ids, stop = ledger.student_ids(home.database, CODE), Event()

    seen: set[str] = set()

    def read() -> None:
        while not stop.wait(0.2):
            with home.database.read() as session:
                row = lists.current_publication(session, CODE)
                assert row is not None
                assert stored(session, row, ids) == row.digest
                seen.add(row.model_digest)

    with ThreadPoolExecutor(50) as pool:
        try:
            readers = [pool.submit(read) for _ in range(50)]
            for turn in range(200):
                publish(home.database, wanted(home, f"m{turn % 5}"))
                if turn > 6 and len(seen) > 1:
                    break
        finally:
            stop.set()
        for reader in readers:
            reader.result()
    assert len(seen) > 1, "no reader was there while lists changed"
    assert require_whole(home) == f"m{turn % 5}"


def test_a_full_disk_leaves_the_list_before_and_the_next_publish_works(home: DataHome) -> None:
    engine = home.database.engine
    with home.database.read() as session:
        pages = session.scalar(text("PRAGMA page_count"))

    def fill(connection: object, _record: object) -> None:
        limit = f"PRAGMA max_page_count={pages + 4}"  # takes no bound value
        connection.execute(limit)  # type: ignore[attr-defined]

    engine.dispose()
    event.listen(engine, "connect", fill)
    with pytest.raises(FULL):
        publish(home.database, wanted(home, "b"))
    assert require_whole(home) == "a"
    event.remove(engine, "connect", fill)
    engine.dispose()
    assert publish(home.database, wanted(home, "b"))[1] is Published.NEW
    assert require_whole(home) == "b"
