"""Backups: both databases, the log files that the ledger names, models, runs of training, and erasures; never the key.

A backup is a folder that has its name when all of it is on the disk and was checked. Files that an earlier backup in the
same place has already are shared with it, never with the data home itself: what damages one must not damage the other.
"""

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import NullPool, create_engine, func, select
from sqlalchemy.orm import Session

from records import ledger
from records.backup_place import backups, discard, named, remove_parts, rotated
from records.erasure import ERASURES, read_erasures, write_erasures
from records.erasure_tables import ErasureRow
from records.errors import RunsWrong, UserError
from records.home import DataHome
from records.integrity import integrity
from records.ledger import BatchRow, InstitutionRow, LogFile, StudentRow
from records.list_tables import PublicationRow
from records.log_file import sha256_of
from records.pg_dumps import dump, rows_in
from records.runs_file import artifacts_of_runs, require_listed_runs, require_whole_runs, runs_file, statuses_of_runs

FORMAT = 1
MANIFEST, SEAL = "manifest.json", "manifest.sha256"
LEDGER_COPY, VAULT_COPY, RUNS_COPY = "zerodrop.db", "people.db", "mlflow/mlflow.db"
_ARTIFACTS = "mlflow/artifacts"
_TRIES = 3
_BUSY_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Made:
    """A backup that was made, and which older ones made way for it."""

    path: Path
    files: int
    bytes: int
    shared: int
    """Files that an earlier backup has as well: they take no room of their own."""
    counts: Mapping[str, int]
    removed: Sequence[Path]
    runs: int | None
    """Finished runs of training that are in it; None where a database elsewhere lists them, so that none is."""
    runs_wrong: str
    """What is wrong with the list of runs, so that none is in it; else empty."""
    earlier_wrong: Sequence[str]
    """What is wrong with the backups before this one, newest first, down to the first that can be read."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file of a backup as its manifest has it."""

    path: str
    sha256: str
    bytes: int


class _Gone(Exception):
    """A file that the copied ledger names was removed meanwhile, by an erasure: the copy is of yesterday."""


def backup(home: DataHome, to: Path, *, now: datetime) -> Made:
    """Make a backup below `to`, while imports and publications go on, and let the oldest ones go.

    Raises UserError when a database or a file of the log is damaged, or when the place cannot be written.
    """
    try:
        to.mkdir(mode=0o700, parents=True, exist_ok=True)  # a folder that is there keeps the rights its owner gave it
    except OSError as error:
        raise UserError.not_written(to, error) from None
    remove_parts(to, now)
    for _ in range(_TRIES):
        part = to / f".part-{uuid4().hex}"
        try:
            part.mkdir(mode=0o700)
            return _made(home, part, to, now)
        except _Gone:
            continue
        except OSError as error:
            raise UserError.not_written(to, error) from None
        finally:
            discard(part)
    raise UserError(
        "Files of the log were removed while they were copied, three times. Make the backup when no erasure runs. · "
        "มีการลบแฟ้มระหว่างสำรองสามครั้ง ให้สำรองเมื่อไม่มีการลบข้อมูลตามคำขอ"
    )


def _made(home: DataHome, part: Path, to: Path, now: datetime) -> Made:
    files, counts = _copy_databases(home, part)
    known, earlier_wrong = _known(to)
    shared = sum(_take(home.logs / file.path, part / "records" / file.path, file.sha256, known) for file in files)
    shared += _take_models(home, part, known)
    finished, runs_wrong = _copy_runs(home, part)
    shared += _take_artifacts(home, part, finished or (), known)
    write_erasures(home, part / ERASURES, _erasures_known(home, to))
    entries = [_entry(part, path) for path in _files_below(part)]
    _write_manifest(part, {"format": FORMAT, "made_at": now.astimezone(UTC).isoformat(), "counts": counts}, entries)
    _tell_beside(part / ERASURES, to)
    path = named(part, to, now)
    _sync(to)
    return Made(
        path=path, files=len(entries), bytes=sum(entry.bytes for entry in entries), shared=shared, counts=counts,
        removed=rotated(to), runs=None if finished is None else len(finished), runs_wrong=runs_wrong,
        earlier_wrong=earlier_wrong,
    )  # fmt: skip


def _known(to: Path) -> tuple[dict[str, Path], list[str]]:
    """The files of the newest backup that can be read, by digest; and what is wrong with those that are newer."""
    wrong: list[str] = []
    for path in reversed(backups(to)):
        try:
            return {entry.sha256: path / entry.path for entry in manifest_of(path)[1]}, wrong
        except UserError as error:
            if path.exists():  # another backup may have removed it just now
                wrong.append(str(error))
    return {}, wrong


def _tell_beside(erasures: Path, to: Path) -> None:
    """The list of erasures once more beside all backups, closed to others wherever that is."""
    part = to / f".part-{uuid4().hex}"
    try:
        part.touch(mode=0o600, exist_ok=False)
        shutil.copyfile(erasures, part)
        part.replace(to / ERASURES)
    finally:
        discard(part)


def _erasures_known(home: DataHome, to: Path) -> list[Any]:
    """Beside the ledger's own, those of earlier lists: a home that was restored from long ago must lose nobody's wish."""
    return [*read_erasures(to / ERASURES), *read_erasures(home.settings.home / ERASURES)]


# The databases


def _copy_databases(home: DataHome, part: Path) -> tuple[list[LogFile], dict[str, int]]:
    """The ledger first, then the vault: people are in the vault before the ledger names them. Raises UserError."""
    if not home.database.is_sqlite:
        return _dumped(home, part)
    for database, name in ((home.database, LEDGER_COPY), (home.vault_database, VAULT_COPY)):
        _copy_sqlite(Path(database.engine.url.database or name), part / name)
    return _read_copy(part / LEDGER_COPY)


def _dumped(home: DataHome, part: Path) -> tuple[list[LogFile], dict[str, int]]:
    """PostgreSQL: what the ledger names before and after the dump must be the same, for the dump lies between them."""
    before, counts = home.database.reading(_read_ledger)
    dump(home.settings.database_address, part / "zerodrop.dump", without=home.vault_database.schema)
    dump(home.settings.vault_address, part / "people.dump", only=home.vault_database.schema)
    after, counts_after = home.database.reading(_read_ledger)
    if rows_in(part / "zerodrop.dump", "student") < min(counts["students"], counts_after["students"]):
        raise UserError(
            "The dump lacks rows of students: the database let pg_dump see only some of them, so no backup was made. "
            "Connect as the role that owns the tables. · "
            "ข้อมูลสำรองมีแถวนักเรียนไม่ครบ เพราะฐานข้อมูลไม่ให้ pg_dump อ่านทุกแถว จึงไม่ได้สำรอง ใช้บัญชีฐานข้อมูลที่เป็นเจ้าของตาราง"
        )
    there = {file.path for file in after}
    if any(file.path not in there and not (home.logs / file.path).exists() for file in before):
        raise _Gone
    return list({file.path: file for file in (*before, *after)}.values()), counts


def _copy_runs(home: DataHome, part: Path) -> tuple[list[str] | None, str]:
    """The finished runs of the list that was copied, or None; and what is wrong with the list.

    A damaged or lost list of runs keeps no backup from being made: what people told of students matters more.
    """
    source, listed = runs_file(home.settings), dict[str, str]()
    if source is None:
        return None, ""
    try:
        require_whole_runs(home.settings)
        if source.is_file():
            (part / RUNS_COPY).parent.mkdir()
            _copy_sqlite(source, part / RUNS_COPY)
            listed = statuses_of_runs(part / RUNS_COPY)
        require_listed_runs(home.settings, listed)
    except RunsWrong as wrong:
        shutil.rmtree((part / RUNS_COPY).parent, ignore_errors=True)
        return [], str(wrong)
    return sorted(run for run, status in listed.items() if status == "FINISHED"), ""


def _copy_sqlite(source: Path, copy: Path) -> None:
    """A whole copy of a database in use, checked page by page, on the disk. Raises UserError when it is damaged."""
    try:
        with closing(
            sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, timeout=_BUSY_SECONDS)
        ) as opened:
            opened.isolation_level = None
            opened.execute("VACUUM INTO ?", (str(copy),))
    except sqlite3.DatabaseError as problem:
        raise _damaged(source.name, str(problem)) from None
    copy.chmod(0o600)
    if found := integrity(copy):
        raise _damaged(source.name, found[0])
    _sync(copy)


def _damaged(name: str, what: str) -> UserError:
    return UserError(
        f"{name} could not be copied ({what}); no backup was made, and the older ones are kept. See `zerodrop db check`. · "
        f"คัดลอก {name} ไม่สำเร็จ ({what}) จึงไม่มีข้อมูลสำรองใหม่ ชุดเดิมยังอยู่ ตรวจด้วยคำสั่ง zerodrop db check"
    )


def _read_ledger(session: Session) -> tuple[list[LogFile], dict[str, int]]:
    """The files from which the log is read, each once, and what the counts of a restored home must be."""
    codes = list(session.scalars(select(InstitutionRow.code)))
    files = ledger.standing_files(session, codes)
    counts = {
        name: session.scalar(select(func.count()).select_from(table)) or 0
        for name, table in (
            ("institutions", InstitutionRow), ("batches", BatchRow), ("students", StudentRow),
            ("publications", PublicationRow), ("erasures", ErasureRow),
        )
    }  # fmt: skip
    return list({file.path: file for file in files}.values()), counts


def _read_copy(path: Path) -> tuple[list[LogFile], dict[str, int]]:
    """What a copied ledger says; nothing is written, for backups may lie where nobody can."""
    address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(address, uri=True), poolclass=NullPool)
    with Session(engine) as session:
        return _read_ledger(session)


# The files


def _take(source: Path, copy: Path, sha256: str, known: Mapping[str, Path]) -> bool:
    """Share a file with an earlier backup, else copy it; whether it is shared. Raises UserError for a damaged one."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    earlier = known.get(sha256)
    if earlier is not None and _is_still(earlier, sha256):
        try:
            os.link(earlier, copy)
        except OSError:  # a place without hard links, or another backup removed it just now
            source = earlier if earlier.exists() else source
        else:
            return True
    try:
        shutil.copyfile(source, copy)
    except FileNotFoundError:
        raise _Gone from None
    if sha256_of(copy) != sha256:
        raise _damaged(source.name, "not what was written")
    copy.chmod(0o600)
    _sync(copy)
    return False


def _is_still(earlier: Path, sha256: str) -> bool:
    try:
        return sha256_of(earlier) == sha256
    except FileNotFoundError:
        return False


def _take_models(home: DataHome, part: Path, known: Mapping[str, Path]) -> int:
    """Every promoted bundle; half-written ones have no manifest and are left out."""
    bundles = [path for path in sorted(home.models.glob("*")) if path.is_dir()] if home.models.is_dir() else []
    files = [file for bundle in bundles if any(bundle.glob("manifest*")) for file in _files_below(bundle)]
    return sum(_take(file, part / file.relative_to(home.settings.home), sha256_of(file), known) for file in files)


def _take_artifacts(home: DataHome, part: Path, finished: Sequence[str], known: Mapping[str, Path]) -> int:
    """What finished runs left; a training that is going on now is not whole yet."""
    folder = artifacts_of_runs(home.settings)
    files = [file for run in finished for file in _files_below(folder / run)]
    return sum(_take(file, part / _ARTIFACTS / file.relative_to(folder), _digest(file), known) for file in files)


def _files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _entry(part: Path, path: Path) -> Entry:
    return Entry(path=path.relative_to(part).as_posix(), sha256=sha256_of(path), bytes=path.stat().st_size)


def _digest(file: Path) -> str:
    try:
        return sha256_of(file)
    except FileNotFoundError:
        raise _Gone from None


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# The manifest


def _write_manifest(part: Path, head: Mapping[str, Any], entries: Sequence[Entry]) -> None:
    told = json.dumps({**head, "files": [asdict(entry) for entry in entries]}, indent=1).encode()
    for name, content in ((MANIFEST, told), (SEAL, hashlib.sha256(told).hexdigest().encode())):
        (part / name).write_bytes(content)
        (part / name).chmod(0o600)
        _sync(part / name)
    _sync(part)


def manifest_of(path: Path) -> tuple[Mapping[str, Any], list[Entry]]:
    """What a backup says of itself. Raises UserError for what is no whole backup, or has a manifest that was changed."""
    try:
        told = (path / MANIFEST).read_bytes()
        if hashlib.sha256(told).hexdigest() != (path / SEAL).read_text().strip():
            raise ValueError
        head = json.loads(told)
        entries = [Entry(**one) for one in head["files"]]
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(
            f"{path} is no whole backup: its manifest is missing or was changed. Use another one. · "
            f"{path} ไม่ใช่ข้อมูลสำรองที่สมบูรณ์ รายการไฟล์หายไปหรือถูกแก้ไข ให้ใช้ชุดอื่น"
        ) from None
    if head["format"] != FORMAT:
        raise UserError(
            f"{path} was made by another version of zerodrop (format {head['format']}, this one reads {FORMAT}). · "
            f"{path} สำรองด้วย zerodrop รุ่นอื่น (รูปแบบ {head['format']} รุ่นนี้อ่าน {FORMAT})"
        )
    return head, entries


# Checking one


def verify(path: Path) -> list[str]:
    """What is wrong with a backup, a sentence each; empty when it is whole. Raises UserError for what is no backup."""
    head, entries = manifest_of(path)
    found = list(_changed(path, entries))
    for name in (LEDGER_COPY, VAULT_COPY, RUNS_COPY):
        if (path / name).exists():
            found += [f"{name}: {problem}" for problem in integrity(path / name)]
    if not found and (path / LEDGER_COPY).exists():
        found += _unlike_ledger(path, head, entries)
    return found


def _changed(path: Path, entries: Sequence[Entry]) -> Iterator[str]:
    for entry in entries:
        file = path / entry.path
        if not file.is_file():
            yield f"{entry.path} is missing · ไฟล์หายไป"
        elif file.stat().st_size != entry.bytes or sha256_of(file) != entry.sha256:
            yield f"{entry.path} is not what was backed up · ไฟล์ไม่ตรงกับที่สำรองไว้"


def _unlike_ledger(path: Path, head: Mapping[str, Any], entries: Sequence[Entry]) -> list[str]:
    """Whether the ledger of a backup names files that are not in it, or counts otherwise."""
    files, counts = _read_copy(path / LEDGER_COPY)
    there = {entry.path: entry.sha256 for entry in entries}
    wrong = [file.path for file in files if there.get(f"records/{file.path}") != file.sha256]
    found = [f"records/{name} is named by the ledger and not in the backup · มีในบัญชีแต่ไม่มีในชุดสำรอง" for name in wrong]
    if counts != head["counts"]:
        found.append("the ledger does not count what the manifest says · จำนวนในบัญชีไม่ตรงกับรายการ")
    return found
