"""Backups and their restore: whole or not at all, consistent under load, without the key, and nobody erased comes back."""

import os
import shutil
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from records import audit, lists
from records.backup import MANIFEST, Made, backup, manifest_of, verify
from records.backup_place import backups
from records.erasure import ERASURES, erase
from records.errors import UserError, VaultError
from records.home import DataHome, open_home
from records.integrity import integrity
from records.ledger_tables import StudentRow
from records.list_tables import ListEntryRow, PublicationRow
from records.restoring import restore
from records.settings import Settings
from records.sign_ins import open_session
from records.staff import AccountRow, SessionRow
from records.vault_key import create_key
from tests.records.erasing import FIRST, FRIEND, LAST, OWN, TWIN, fill, traces
from tests.records.small import CODE
from tests.records.test_records_erasure import rows_of_log

NOW = datetime(2026, 11, 16, 18, 30, tzinfo=UTC)


def made(home: DataHome, folder: Path, *, hours: int = 0) -> Made:
    return backup(home, folder / "backups", now=NOW + timedelta(hours=hours))


def put_back(path: Path, home: DataHome, folder: Path, **said: object) -> DataHome:
    """The backup in a new home, with the key that was kept apart."""
    settings = Settings(home=folder / "new", key_file=home.settings.key_path)
    restore(path, settings, **said)  # type: ignore[arg-type]
    return open_home(settings)


def test_a_restored_home_is_the_home(home: DataHome, tmp_path: Path) -> None:
    told = fill(home)
    (home.models / "abc").mkdir(parents=True)
    (home.models / "abc" / "manifest.json").write_text("{}")
    (home.models / "half").mkdir()
    (home.models / "half" / "model.txt").write_text("begun")
    found = made(home, tmp_path)
    assert verify(found.path) == []
    assert found.counts == {"institutions": 2, "batches": 1, "students": 3, "publications": 1, "erasures": 0}
    again = put_back(found.path, home, tmp_path)
    try:
        assert rows_of_log(again) == rows_of_log(home)
        assert again.vault.names(told.ids.values()).keys() == set(told.ids.values())
        with home.database.read() as before, again.database.read() as after:
            assert lists.entries_of(after, told.publication) == lists.entries_of(before, told.publication)
        assert [row.line for row in again.quarantine.rows(told.token)] == [51, 52, 53, 54, 55]
        assert sorted(path.name for path in again.models.iterdir()) == ["abc"]
        assert audit.verify(again.database).sound
    finally:
        again.close()


def test_only_its_owner_reads_it_and_the_key_is_not_in_it(home: DataHome, tmp_path: Path) -> None:
    fill(home)
    path = made(home, tmp_path).path
    key = home.settings.key_path.read_text().strip()
    assert traces(path, key) == []
    assert {file.stat().st_mode & 0o077 for file in path.rglob("*") if file.is_file()} == {0}
    assert path.parent.stat().st_mode & 0o077 == 0
    assert path.stat().st_mode & 0o077 == 0


def test_a_folder_that_is_there_keeps_its_rights_and_what_is_put_into_it_is_closed(
    home: DataHome, tmp_path: Path
) -> None:
    fill(home)
    to = tmp_path / "backups"
    to.mkdir()
    to.chmod(0o755)
    (to / ERASURES).touch()
    (to / ERASURES).chmod(0o644)
    for hours in (0, 1):
        made(home, tmp_path, hours=hours)
    assert stat.S_IMODE(to.stat().st_mode) == 0o755
    assert {path.name: path.stat().st_mode & 0o077 for path in to.iterdir()} == {backups(to)[0].name: 0, ERASURES: 0}


def test_without_the_key_or_with_another_nothing_is_restored(home: DataHome, tmp_path: Path) -> None:
    fill(home)
    path = made(home, tmp_path).path
    with pytest.raises(VaultError, match=r"key file .* is missing"):
        restore(path, Settings(home=tmp_path / "new"))
    create_key(tmp_path / "other.key")
    with pytest.raises(VaultError, match="is not the one this vault was made with"):
        restore(path, Settings(home=tmp_path / "new", key_file=tmp_path / "other.key"))
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / ".new.restoring").exists()


def test_a_home_that_is_there_is_not_replaced(home: DataHome, tmp_path: Path) -> None:
    path = made(home, tmp_path).path
    with pytest.raises(UserError, match="is there already, and a restore replaces nothing"):
        restore(path, home.settings)


def test_nobody_is_signed_in_after_a_restore(home: DataHome, tmp_path: Path) -> None:
    account = AccountRow(login="kru.a", name="ครู", role="advisor", institution=CODE)
    with home.database.write() as session:
        session.add(account)
        session.flush()
        open_session(session, token_hash=b"t", account_id=account.id, now=NOW, browser="", complete=True)
    again = put_back(made(home, tmp_path).path, home, tmp_path)
    with again.database.read() as session:
        assert session.scalars(select(SessionRow)).all() == []
        assert session.scalars(select(AccountRow.login)).all() == ["kru.a"]
    again.close()


# Erasures


def test_who_was_erased_after_the_backup_is_erased_in_what_is_restored(home: DataHome, tmp_path: Path) -> None:
    """The drill: a backup, an erasure, another backup, and the older one is restored."""
    told = fill(home)
    erase(home, CODE, told.ids[TWIN], actor="office", reason="asked")
    old = made(home, tmp_path)
    assert home.vault.names([told.ids[OWN]])[told.ids[OWN]].first_name == FIRST
    erase(home, CODE, told.ids[OWN], actor="office", reason="asked")
    new = made(home, tmp_path, hours=24)
    assert new.counts["erasures"] == 2
    again = put_back(old.path, home, tmp_path)
    try:
        assert again.vault.names(told.ids.values()).keys() == {told.ids[FRIEND]}
        assert traces(again.settings.home, FIRST, LAST) == []
        assert traces(again.settings.home, told.ids[OWN]) == [ERASURES, "zerodrop.db"]
        assert rows_of_log(again) == rows_of_log(home)
        with again.database.read() as session:
            assert session.scalars(select(StudentRow.number)).all() == [FRIEND]
            assert session.scalars(select(ListEntryRow.number).order_by(ListEntryRow.rank)).all() == [-1, -2, FRIEND]
    finally:
        again.close()


def test_a_list_of_erasures_from_elsewhere_is_obeyed(home: DataHome, tmp_path: Path) -> None:
    told = fill(home)
    path = made(home, tmp_path).path
    erase(home, CODE, told.ids[OWN], actor="office", reason="asked")
    newest = tmp_path / "newest.jsonl"
    shutil.copy(home.settings.home / ERASURES, newest)
    again = put_back(path, home, tmp_path, erasures=[newest])
    assert told.ids[OWN] not in again.vault.names(told.ids.values())
    again.close()


def test_a_missing_or_damaged_list_of_erasures_stops_the_restore(home: DataHome, tmp_path: Path) -> None:
    path = made(home, tmp_path).path
    settings = Settings(home=tmp_path / "new", key_file=home.settings.key_path)
    with pytest.raises(UserError, match=r"There is no file .*none.jsonl"):
        restore(path, settings, erasures=[tmp_path / "none.jsonl"])
    (path.parent / ERASURES).write_text("half a li")
    with pytest.raises(UserError, match="is not a list of erasures, or is damaged"):
        restore(path, settings)
    assert not settings.home.exists()


def test_the_list_beside_the_backups_never_forgets(home: DataHome, tmp_path: Path) -> None:
    """A home restored from before an erasure does not take the wish off the list when it is backed up."""
    told = fill(home)
    erase(home, CODE, told.ids[OWN], actor="office", reason="asked")
    path = made(home, tmp_path).path
    before = (path.parent / ERASURES).read_text()
    assert str(told.ids[OWN]) in before
    with home.database.write() as session:
        session.execute(PublicationRow.metadata.tables["erasure"].delete())
    (home.settings.home / ERASURES).unlink()
    made(home, tmp_path, hours=1)
    assert (path.parent / ERASURES).read_text() == before


# Damage


def damage(path: Path, at: int = 8192) -> None:
    """Overwrite 4 kB, as a bad sector would."""
    content = bytearray(path.read_bytes())
    content[at : at + 4096] = os.urandom(4096)
    path.write_bytes(content)


def test_a_corrupted_page_is_found_by_the_check_of_a_database(home: DataHome) -> None:
    fill(home)
    home.close()
    for name in ("zerodrop.db", "people.db"):
        path = home.settings.home / name
        assert integrity(path) == []
        damage(path)
        assert integrity(path)


def test_what_a_power_failure_cut_off_is_no_damage(tmp_path: Path) -> None:
    import sqlite3

    running, left = tmp_path / "running.db", tmp_path / "left.db"
    opened = sqlite3.connect(running, isolation_level=None)
    for statement in ("PRAGMA cache_size=5", "CREATE TABLE t (x)", "BEGIN"):
        opened.execute(statement)
    opened.executemany("INSERT INTO t VALUES (?)", [("a" * 500,)] * 2000)
    for statement in ("COMMIT", "BEGIN", "UPDATE t SET x = 'b' || x"):  # more than the cache: half of it is on the disk
        opened.execute(statement)
    for suffix in ("", "-journal"):
        shutil.copyfile(f"{running}{suffix}", f"{left}{suffix}")
    opened.close()
    assert integrity(left) == []
    again = sqlite3.connect(left)
    assert again.execute("SELECT count(*) FROM t WHERE x LIKE 'b%'").fetchone() == (0,)
    again.close()


def test_a_backup_is_checked_without_a_byte_being_written(home: DataHome, tmp_path: Path) -> None:
    fill(home)
    path = made(home, tmp_path).path
    before = {one: one.stat().st_mtime_ns for one in (tmp_path / "backups", *(tmp_path / "backups").rglob("*"))}
    assert verify(path) == []
    after = {one: one.stat().st_mtime_ns for one in (tmp_path / "backups", *(tmp_path / "backups").rglob("*"))}
    assert after == before


def test_a_database_whose_rows_refer_to_nothing_is_found(home: DataHome, tmp_path: Path) -> None:
    import sqlite3

    fill(home)
    home.close()
    with sqlite3.connect(home.settings.home / "zerodrop.db") as opened:
        opened.execute("delete from institution where code = ?", (CODE,))
    opened.close()
    assert "refers to a row of institution that is not there" in integrity(home.settings.home / "zerodrop.db")[0]


@pytest.mark.parametrize("name", ["zerodrop.db", "people.db", "a file of the log"])
def test_of_a_damaged_home_no_backup_is_made_and_the_older_one_stays(home: DataHome, tmp_path: Path, name: str) -> None:
    fill(home)
    before = made(home, tmp_path).path
    shutil.rmtree(before / "records")  # or the whole file would be taken from there
    [path] = [home.settings.home / name] if name.endswith(".db") else list((home.logs / CODE / "attendance").iterdir())
    for database in (home.database, home.vault_database):
        database.engine.dispose()
    damage(path, 8192 if name.endswith(".db") else 4)
    with pytest.raises(UserError, match=r"could not be copied .*; no backup was made, and the older ones are kept"):
        made(home, tmp_path, hours=1)
    assert backups(before.parent) == [before]
    assert list(before.parent.glob(".part-*")) == []


@pytest.mark.parametrize("how", ["changed", "missing", "shorter", "manifest", "seal", "no manifest", "page"])
def test_a_damaged_backup_is_refused(home: DataHome, tmp_path: Path, how: str) -> None:
    fill(home)
    path = made(home, tmp_path).path
    file = next((path / "records" / CODE / "attendance").iterdir())
    match how:
        case "changed":
            file.write_bytes(file.read_bytes()[::-1])
        case "missing":
            file.unlink()
        case "shorter":
            file.write_bytes(file.read_bytes()[:-1])
        case "manifest":
            (path / MANIFEST).write_text((path / MANIFEST).read_text().replace('"students": 3', '"students": 4'))
        case "seal":
            (path / "manifest.sha256").write_text("0" * 64)
        case "no manifest":
            (path / MANIFEST).unlink()
        case "page":
            damage(path / "people.db")
    with pytest.raises(UserError, match=r"is damaged; nothing was restored|is no whole backup"):
        restore(path, Settings(home=tmp_path / "new", key_file=home.settings.key_path))
    assert not (tmp_path / "new").exists()
    if how in ("changed", "missing", "shorter", "page"):
        assert verify(path)


def test_a_backup_of_another_format_is_refused(home: DataHome, tmp_path: Path) -> None:
    import hashlib

    path = made(home, tmp_path).path
    told = (path / MANIFEST).read_text().replace('"format": 1', '"format": 99')
    (path / MANIFEST).write_text(told)
    (path / "manifest.sha256").write_text(hashlib.sha256(told.encode()).hexdigest())
    with pytest.raises(UserError, match=r"made by another version of zerodrop \(format 99, this one reads 1\)"):
        manifest_of(path)


CRASHING = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from records import backup
from records.home import open_home
from records.settings import Settings
name, folder, to = sys.argv[1:]
before = getattr(backup, name)
def die(*args, **named):
    before(*args, **named)
    os._exit(9)
setattr(backup, name, die)
backup.backup(open_home(Settings(home=Path(folder))), Path(to), now=datetime.now(UTC))
"""


@pytest.mark.parametrize("moment", ["_copy_sqlite", "_take", "write_erasures", "_entry", "_write_manifest"])
def test_a_backup_that_was_cut_off_never_looks_whole(home: DataHome, tmp_path: Path, moment: str) -> None:
    fill(home)
    to = tmp_path / "backups"
    words = [sys.executable, "-c", CRASHING, moment, str(home.settings.home), str(to)]
    assert subprocess.run(words, check=False, timeout=60).returncode == 9
    assert backups(to) == []
    left = next(path for path in to.glob(".part-*") if path.is_dir())
    if moment != "_write_manifest":
        with pytest.raises(UserError, match="is no whole backup"):
            manifest_of(left)
    (to / ".part-told-beside").touch()
    for one in (left, to / ".part-told-beside"):
        os.utime(one, (0, 0))
    assert verify(made(home, tmp_path).path) == []
    assert not list(to.glob(".part-*")), "what is left of a day ago is removed"


def test_a_place_where_no_folder_can_be_is_a_sentence(home: DataHome, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here already")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UserError, match="could not be written"):
            backup(home, place, now=NOW)
    assert (tmp_path / "file").read_text() == "here already"
