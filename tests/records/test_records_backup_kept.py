"""Which backups are kept, how much room they take, and PostgreSQL's own tools."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from records.backup import verify
from records.backup_place import backups, kept_of
from records.errors import UserError
from records.home import DataHome
from records.pg_dumps import dump
from tests.records.erasing import fill
from tests.records.small import CODE
from tests.records.test_records_backup import NOW, made
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
