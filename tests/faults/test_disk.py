"""A full, read-only or lost disk: what can be read and audited is shown, everything else says so and nothing is lost."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from records.errors import CannotServe
from records.settings import Settings
from serving.preflight import require_sound_files
from tests.browser.sample_college import MARK, SampleCollege
from tests.faults.running import Running, running

_MOST_LOOKS = 4000


def looks(settings: Settings) -> int:
    with closing(sqlite3.connect(settings.home / "zerodrop.db")) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return int(opened.execute("SELECT count(*) FROM audit WHERE action = 'see list'").fetchone()[0])


def look_until_full(server: Running, cookie: str) -> int:
    """How many lists were shown before the disk was full; every answer after that is a 503 without a name."""
    shown = 0
    while (answer := server.get("/", cookie=cookie)).status == 200:
        assert MARK.encode() in answer.body
        shown += 1
        assert shown < _MOST_LOOKS
    refused = [answer, *(server.get("/", cookie=cookie) for _ in range(3))]
    assert [one.status for one in refused] == [503] * 4
    assert all(MARK.encode() not in one.body and one.headers["Retry-After"] for one in refused)
    assert server.get("/healthz").status == server.get("/help").status == 200
    return shown


def test_no_page_left_for_the_audit(college: SampleCollege) -> None:
    with closing(sqlite3.connect(college.home.settings.home / "zerodrop.db")) as opened:
        pages = opened.execute("PRAGMA page_count").fetchone()[0]
    with running(college.home.settings, most_pages=pages + 8) as server:
        cookie = server.sign_in("kru.a")
        shown = look_until_full(server, cookie)
    recorded = looks(college.home.settings)
    assert recorded >= shown > 0
    with running(college.home.settings) as server:
        assert server.get("/", cookie=cookie).status == 200
    assert looks(college.home.settings) == recorded + 1


# A file system of its own


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("NOT RUN: mounting a small file system needs the administrator")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.fixture
def on_small_disk(college: SampleCollege, small_disk: Path, tmp_path: Path) -> Settings:
    kept = college.home.settings
    moved = Settings(home=small_disk / "var", key_file=tmp_path / "disk.key", second_factor_roles=())
    shutil.copytree(kept.home, moved.home)
    shutil.copy(kept.key_path, moved.key_path)
    return moved


def fill(file: Path) -> None:
    """Write until no byte is left."""
    with file.open("wb", buffering=0) as opened, suppress(OSError):
        while True:
            opened.write(b"\0" * 4096)
    assert shutil.disk_usage(file.parent).free == 0


def test_a_disk_that_fills_while_it_serves(on_small_disk: Settings, small_disk: Path) -> None:
    filler = small_disk / "filler"
    with running(on_small_disk) as server:
        cookie = server.sign_in("kru.a")
        assert server.get("/", cookie=cookie).status == 200
        fill(filler)
        look_until_full(server, cookie)
        assert server.get("/readyz").status == 503
        filler.unlink()
        assert server.get("/", cookie=cookie).status == 200
    assert looks(on_small_disk) >= 2


def test_a_full_disk_is_refused_at_the_start(on_small_disk: Settings, small_disk: Path) -> None:
    fill(small_disk / "filler")
    with pytest.raises(CannotServe, match=r"cannot be written \(No space left on device\)"):
        require_sound_files(on_small_disk)


def test_a_read_only_disk_is_refused_at_the_start(on_small_disk: Settings, small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(CannotServe, match=r"cannot be written \(Read-only file system\)"):
        require_sound_files(on_small_disk)
