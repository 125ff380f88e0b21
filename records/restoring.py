"""A backup put back into a new data home: checked first, then filled, then everybody erased since is erased again.

The home has its name when all of that is done: a restore that stops half-way leaves no home that could be opened.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from records import audit, migrating
from records.backup import MANIFEST, SEAL, manifest_of, verify
from records.erasure import ERASURES, read_erasures, replay_erasures
from records.errors import UserError
from records.home import databases_of, open_home
from records.pg_dumps import restore_dump
from records.settings import Settings
from records.staff import IdempotencyRow, SessionRow
from records.vault_key import load_key


@dataclass(frozen=True, kw_only=True)
class Restored:
    """A home that is ready; `erased` pseudonyms were in the backup and are not in the home."""

    home: Path
    made_at: str
    counts: dict[str, int]
    erased: int


def restore(path: Path, settings: Settings, *, erasures: Sequence[Path] = ()) -> Restored:
    """Restore a backup into the home of `settings`, which must not be there yet. Raises UserError, and VaultError for the key.

    Erasures are taken from the backup, from the list beside it, and from the files named.
    """
    head, entries = manifest_of(path)
    if wrong := verify(path):
        raise _not_whole(path, wrong)
    into = settings.home
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise UserError(
            f"{into} is there already, and a restore replaces nothing. Choose a new folder. · "
            f"มี {into} อยู่แล้ว ระบบไม่เขียนทับ เลือกโฟลเดอร์ใหม่"
        )
    load_key(settings.key_path)
    told = _erasures(path, erasures)
    part = into.with_name(f".{into.name}.restoring")
    shutil.rmtree(part, ignore_errors=True)
    try:
        _fill(path, part, [entry.path for entry in entries])
        ready = settings.model_copy(update={"home": part, "key_file": settings.key_path})
        with _nothing_half_filled() as filled:
            _restore_dumps(path, ready, filled)
            erased = _made_ready(path.name, ready, told)
        if into.exists():
            into.rmdir()
        part.rename(into)
    except OSError as error:
        raise UserError.not_written(into, error) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Restored(home=into, made_at=str(head["made_at"]), counts=dict(head["counts"]), erased=erased)


def _not_whole(path: Path, wrong: Sequence[str]) -> UserError:
    told = "".join(f"\n  {one}" for one in wrong[:20])
    return UserError(
        f"{path} is damaged; nothing was restored. Use another backup. · ข้อมูลสำรองชุดนี้เสียหาย ยังไม่ได้กู้คืนอะไร ให้ใช้ชุดอื่น{told}"
    )


def _erasures(path: Path, more: Sequence[Path]) -> list[tuple[str, UUID]]:
    """Everybody whose erasure is known anywhere. Raises UserError for a list that cannot be read, or is not there."""
    for one in more:
        if not one.exists():
            raise UserError(f"There is no file {one}. Check the path. · ไม่พบไฟล์ {one} ตรวจชื่อไฟล์และที่เก็บ")
    return [one for file in (path / ERASURES, path.parent / ERASURES, *more) for one in read_erasures(file)]


def _fill(path: Path, part: Path, names: Sequence[str]) -> None:
    """Copies, never links: the home lives on, and the backup must stay as it is."""
    part.mkdir(mode=0o700, parents=True)
    for name in names:
        if name in (MANIFEST, SEAL, ERASURES) or name.endswith(".dump"):
            continue
        copy = part / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path / name, copy)
        copy.chmod(0o600)


@contextmanager
def _nothing_half_filled() -> Iterator[list[str]]:
    """A folder is thrown away when a restore stops; a PostgreSQL database that was filled is not ours to empty."""
    filled: list[str] = []
    try:
        yield filled
    except (UserError, OSError, SQLAlchemyError) as error:
        if not filled:
            raise
        names = ", ".join(dict.fromkeys(filled))
        why = str(error) if isinstance(error, UserError) else type(error).__name__
        raise UserError(
            f"{why} The restore stopped, and {names} on PostgreSQL is filled: people who were erased since the backup may be in "
            f"it. Drop it, make an empty one, and restore again. · กู้คืนไม่สำเร็จ แต่ฐานข้อมูล {names} มีข้อมูลแล้ว "
            "และอาจมีผู้ที่ถูกลบหลังวันสำรอง ให้ลบฐานข้อมูลนี้ สร้างฐานข้อมูลว่างใหม่ แล้วกู้คืนอีกครั้ง"
        ) from error


def _made_ready(backup: str, settings: Settings, told: Sequence[tuple[str, UUID]]) -> int:
    """Tables of this program, nobody who was erased, and nobody signed in. Raises UserError."""
    databases = databases_of(settings)
    try:
        done = (
            migrating.upgrade(databases.ledger, migrating.LEDGER),
            migrating.upgrade(databases.vault, migrating.VAULT),
        )
        for one in done:
            if one.copy is not None:  # the backup is the copy
                one.copy.unlink()
    finally:
        databases.close()
    home = open_home(settings)
    try:
        with home.database.write() as session:
            for table in (SessionRow, IdempotencyRow):
                session.execute(delete(table))
            detail: dict[str, str | int] = {"backup": backup}
            audit.record_look(session, actor="restore", action="restore backup", institution="", detail=detail)
        return replay_erasures(home, told)
    finally:
        home.close()


def _restore_dumps(path: Path, settings: Settings, filled: list[str]) -> None:
    """Fill the databases; the name of each that was filled is added to `filled`. Raises UserError."""
    for name, address in (("zerodrop.dump", settings.database_url), ("people.dump", settings.vault_url)):
        if not (path / name).exists():
            continue
        if not address:
            raise UserError(
                "This backup is of PostgreSQL databases. Make empty ones and name them in ZERODROP_DATABASE_URL and "
                "ZERODROP_VAULT_URL. · ข้อมูลสำรองชุดนี้มาจาก PostgreSQL สร้างฐานข้อมูลว่างแล้วระบุใน ZERODROP_DATABASE_URL "
                "และ ZERODROP_VAULT_URL"
            )
        restore_dump(address, path / name)
        filled.append(str(make_url(address).database))
