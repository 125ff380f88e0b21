"""Which backups are kept, how much room they take, and PostgreSQL's own tools."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from records.backup import MANIFEST, verify
from records.backup_place import backups, kept_of, rotated
from records.erasure import ERASURES
from records.errors import UserError
from records.home import DataHome
from records.pg_dumps import dump
from tests.records.erasing import fill
from tests.records.small import CODE
from tests.records.test_records_backup import NOW, made, put_back
from tests.records.test_records_erasure import on_disk

# How many are kept, and how much room they take


def test_seven_days_five_weeks_and_twelve_months_are_kept() -> None:
    days = [NOW - timedelta(days=day) for day in range(900)]
    kept = sorted(kept_of(days))
    assert kept[-7:] == sorted(days[:7])
    weeks = {f"{day:%G-%V}" for day in kept}
    assert {f"{NOW - timedelta(weeks=week):%G-%V}" for week in range(5)} <= weeks
    assert len({f"{day:%Y-%m}" for day in kept}) == 12
    assert len(kept) <= 7 + 5 + 12
    assert kept_of(days[:1]) == {NOW}
    twice = [NOW, NOW - timedelta(hours=3)]
    assert kept_of(twice) == {NOW}


def test_older_ones_make_way_only_once_the_new_one_is_whole(home: DataHome, tmp_path: Path) -> None:
    first = made(home, tmp_path)
    second = made(home, tmp_path, hours=1)
    assert second.removed == [first.path]
    assert backups(tmp_path / "backups") == [second.path]
    assert not list((tmp_path / "backups").glob(".part*"))


def test_backups_of_one_second_have_names_of_their_own_and_the_newest_stays(home: DataHome, tmp_path: Path) -> None:
    paths = [made(home, tmp_path).path for _ in range(3)]
    first = "zerodrop-20261116T183000Z"
    assert [path.name for path in paths] == [first, f"{first}-2", f"{first}-3"]
    assert backups(tmp_path / "backups") == paths[2:]
    assert verify(paths[2]) == []
    fill(home)
    again = put_back(made(home, tmp_path).path, home, tmp_path)
    assert on_disk(again)
    again.close()


def test_backups_are_ordered_by_their_moment_not_by_the_letters_of_their_names(tmp_path: Path) -> None:
    names = [f"zerodrop-{moment}" for moment in ("20261116T183000Z", *(f"20261116T183000Z-{n}" for n in range(2, 12)))]
    names += ["zerodrop-20261116T183001Z", "zerodrop-20261117T183000Z"]
    for name in (*names, "zerodrop-notes", "zerodrop-20261116T183000Z-draft"):
        (tmp_path / name).mkdir()
    assert [path.name for path in backups(tmp_path)] == names
    assert [path.name for path in rotated(tmp_path)] == names[:-2]
    assert {path.name for path in tmp_path.iterdir()} == {
        *names[-2:], "zerodrop-notes", "zerodrop-20261116T183000Z-draft"
    }  # fmt: skip


def test_backups_that_are_made_at_the_same_time_are_in_nobodys_way(home: DataHome, tmp_path: Path) -> None:
    fill(home)
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: made(home, tmp_path), range(8)))
    to = tmp_path / "backups"
    (last,) = backups(to)
    assert len({one.path for one in done}) == 8
    assert sorted(path for one in done for path in (*one.removed, *([one.path] if one.path == last else []))) == sorted(
        one.path for one in done
    )
    assert verify(last) == []
    assert {path.name for path in to.iterdir()} == {last.name, ERASURES}


def test_files_that_an_earlier_backup_has_are_shared_with_it_and_never_with_the_home(
    home: DataHome, tmp_path: Path
) -> None:
    fill(home)
    first, second = made(home, tmp_path), made(home, tmp_path, hours=24)
    assert first.shared == 0
    assert second.shared == 4
    for file in on_disk(home):
        own, one, other = (folder / file for folder in (home.logs, first.path / "records", second.path / "records"))
        assert one.stat().st_ino == other.stat().st_ino != own.stat().st_ino


def test_a_shared_file_that_was_damaged_is_copied_anew(home: DataHome, tmp_path: Path) -> None:
    fill(home)
    first = made(home, tmp_path).path
    file = next((first / "records" / CODE / "attendance").iterdir())
    file.write_bytes(b"damaged")
    second = made(home, tmp_path, hours=24)
    assert second.shared == 3
    assert verify(second.path) == []


# PostgreSQL's tools


def test_a_damaged_backup_keeps_no_new_one_from_being_made(home: DataHome, tmp_path: Path) -> None:
    fill(home)
    whole = made(home, tmp_path)
    damaged = made(home, tmp_path, hours=30)
    (damaged.path / MANIFEST).write_text("{}")
    again = made(home, tmp_path, hours=31)
    assert [one.partition(" is ")[0] for one in again.earlier_wrong] == [str(damaged.path)]
    assert verify(again.path) == []
    assert again.shared == damaged.shared > 0  # with the one before that
    assert whole.path in backups(tmp_path / "backups")
    assert made(home, tmp_path, hours=32).earlier_wrong == []


def test_without_pg_dump_a_sentence_tells_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="pg_dump is not on the path") as refused:
        dump("postgresql+psycopg://u:secret@h/d", tmp_path / "d")
    assert "ไม่พบโปรแกรม pg_dump" in refused.value.shown


def test_the_password_is_not_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "pg_dump"
    tool.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" "$PGPASSWORD" > {tmp_path}/said\ntouch {tmp_path}/d\n')
    tool.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    address = "postgresql+psycopg://u:secret@host/d?sslmode=verify-full&options=-c%20statement_timeout%3D0"
    dump(address, tmp_path / "d", without="vault")
    words, password = (tmp_path / "said").read_text().splitlines()
    assert "secret" not in words
    assert "--exclude-schema=vault" in words
    assert password == "secret"
    for said in ("host=host", "sslmode=verify-full", "'-c statement_timeout=0 -c app.job=on'"):
        assert said in words, "the tool keeps to all that the address says"
