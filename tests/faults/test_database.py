"""A database that another process holds, that is damaged, or that an older or newer SQLite opens."""

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from records.errors import CannotServe
from records.integrity import integrity
from records.settings import Settings
from serving.preflight import require_sound_files
from tests.browser.sample_college import MARK, SampleCollege
from tests.faults.running import ROOT, running

_PAGE = 4096
_HOLD = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


def test_a_database_that_another_process_keeps_locked(college: SampleCollege) -> None:
    """The service waits a second here, ten in life: a lock of 30 s is longer than it waits."""
    with running(college.home.settings, busy_seconds=1.0) as server:
        cookie = server.sign_in("kru.a")
        path = college.home.settings.home / "zerodrop.db"
        holder = subprocess.Popen(
            [sys.executable, "-c", _HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        with holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            began = time.monotonic()
            answer = server.get("/", cookie=cookie)
            assert answer.status == 503
            assert answer.headers["Retry-After"] == "5"
            assert time.monotonic() - began < 8
            assert MARK.encode() not in answer.body
            assert server.try_sign_in("kru.b").status == 503
            assert server.get("/healthz").status == 200
            ready = server.get("/readyz")
            assert (ready.status, b'"database":false' in ready.body) == (503, True)
            holder.communicate()
        assert server.get("/", cookie=cookie).status == 200
        errors = server.stop()
    assert '"crash"' not in errors
    assert MARK not in errors


def overwrite(path: Path, page: int) -> None:
    """4 kB of noise where page number `page` was."""
    with path.open("r+b") as file:
        file.seek((page - 1) * _PAGE)
        file.write(b"\xa5" * _PAGE)


def pages_of(path: Path, table: str) -> list[int]:
    with closing(sqlite3.connect(path)) as opened:
        assert opened.execute("PRAGMA page_size").fetchone() == (_PAGE,)
        roots = opened.execute("SELECT rootpage FROM sqlite_schema WHERE tbl_name = ?", (table,))
        return [int(row[0]) for row in roots if row[0]]


@pytest.mark.parametrize("table", ["audit", "list_entry", "publication", "session"])
def test_every_damaged_page_is_found_and_nothing_more_is_written(college: SampleCollege, table: str) -> None:
    settings = college.home.settings
    college.home.close()
    path = settings.home / "zerodrop.db"
    assert integrity(path) == []
    for page in pages_of(path, table):
        overwrite(path, page)
    damaged = path.read_bytes()
    found = integrity(path)
    assert found
    assert MARK not in " ".join(found)
    with pytest.raises(CannotServe) as refused:
        require_sound_files(settings)
    assert str(refused.value).startswith(f"{path} is damaged (")
    assert path.read_bytes() == damaged


def test_a_page_damaged_while_it_serves(college: SampleCollege) -> None:
    """Nothing wrong is shown: what cannot be read or audited is a 503, and the nightly check finds it."""
    path = college.home.settings.home / "zerodrop.db"
    with running(college.home.settings) as server:
        cookie = server.sign_in("kru.a")
        for page in pages_of(path, "audit"):
            overwrite(path, page)
        with closing(sqlite3.connect(path)) as touched:  # another writer makes every reader look at the file again
            touched.execute("PRAGMA user_version=7")
            touched.commit()
        answer = server.get("/", cookie=cookie)
        errors = server.stop()
    assert answer.status == 503
    assert MARK.encode() not in answer.body
    assert MARK not in errors
    assert integrity(path)


# Versions of SQLite

_OPEN = """
import sys
from pathlib import Path
import records.database
records.database._WAL_IS_SAFE_FROM = {"older": (99, 0, 0), "newer": (3, 0, 0)}[sys.argv[3]]
from records.home import open_home
from records.settings import Settings
home = open_home(Settings(home=Path(sys.argv[1]), key_file=Path(sys.argv[2])))
with home.database.write() as session:
    from records import audit
    audit.record_look(session, actor="a", action=sys.argv[3], institution="1320026101")
    print(session.connection().exec_driver_sql("PRAGMA journal_mode").scalar())
home.close()
"""


def test_the_journal_follows_the_version_of_sqlite_and_no_row_is_lost(college: SampleCollege) -> None:
    settings = college.home.settings
    college.home.close()
    modes = [_opened_by(settings, version) for version in ("older", "newer", "older", "newer")]
    assert modes == ["truncate", "wal", "truncate", "wal"]
    with closing(sqlite3.connect(settings.home / "zerodrop.db")) as opened:
        actions = [row[0] for row in opened.execute("SELECT action FROM audit ORDER BY id DESC LIMIT 4")]
    assert actions == ["newer", "older", "newer", "older"]
    assert integrity(settings.home / "zerodrop.db") == []


def _opened_by(settings: Settings, version: str) -> str:
    words = [sys.executable, "-c", _OPEN, str(settings.home), str(settings.key_path), version]
    return subprocess.run(words, check=True, capture_output=True, text=True, cwd=ROOT).stdout.strip()
