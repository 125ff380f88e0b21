"""What `zerodrop db check` looks at: versions, the soundness of the stored bytes, references, files of the log, the list of
trainings, and who may read.
"""

import sqlite3
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Text as Words
from sqlalchemy import TextClause, cast, func, literal_column, select, text
from sqlalchemy.exc import DBAPIError

from records import migrating
from records.database import Database, journal_mode
from records.errors import RunsWrong, StoreUnavailable, UserError
from records.home import databases_of, logs_of
from records.integrity import integrity
from records.ledger import standing_files
from records.ledger_tables import InstitutionRow
from records.log_file import is_as_written
from records.migrating import LEDGER, VAULT, Chain
from records.runs_file import damaged_runs, require_listed_runs, runs_file, statuses_of_runs
from records.settings import Settings
from records.text import Text

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_DAMAGED_INDEXES = text(
    "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n "
    "ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND NOT (i.indisvalid AND i.indisready) ORDER BY 1"
)
_UNPROVEN_KEYS = text(
    "SELECT k.conname FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace "
    "WHERE n.nspname = current_schema() AND NOT k.convalidated ORDER BY 1"
)
_UNGUARDED_TABLES = text(
    "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() "
    "AND c.relname IN ('student', 'list_entry', 'contact', 'advisor_rating', 'visit', 'visit_plan_stop') "
    "AND NOT (c.relrowsecurity AND c.relforcerowsecurity) ORDER BY 1"
)
_PASSES_BY_GUARDS = text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")


_LEFT_OVER = Text(
    th="ไฟล์นี้เหลือจากก่อนย้ายไป PostgreSQL ยังมีข้อมูลนักเรียน และคำขอลบข้อมูลไปไม่ถึง ตรวจว่าฐานข้อมูลใหม่ใช้ได้แล้วจึงลบไฟล์นี้",
    en="It is left from before the move to PostgreSQL, still holds students, and no erasure reaches it. Once the new database "
    "is proven, delete it.",
)


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One thing that was looked at; `wrong` is the sentence where it is not as it should be."""

    where: str
    what: str
    found: str
    wrong: Text | None = None


def check(settings: Settings, *, trainings: bool = True) -> list[Checked]:
    """Look at both databases and at the files, the list of `trainings` too; nothing is changed."""
    found = list(_permissions(settings))
    databases = databases_of(settings)
    try:
        for database, chain in ((databases.ledger, LEDGER), (databases.vault, VAULT)):
            found += _looked_at(database, chain)
        if not any(one.wrong for one in found if one.where == LEDGER.name):
            found.append(_log_files(databases.ledger, settings))
    finally:
        databases.close()
    return [*found, *_trainings(settings)] if trainings else found


def _looked_at(database: Database, chain: Chain) -> Iterator[Checked]:
    migrating.declare_tables()
    looks: tuple[Callable[[Database, Chain], Checked], ...] = (_version, _tables)
    looks += (_whole, _journal) if database.is_sqlite else (_readable, _indexes, _keys, _guards)
    for look in looks:
        try:
            yield look(database, chain)
        except (StoreUnavailable, DBAPIError) as error:
            wrong = error.text if isinstance(error, StoreUnavailable) else StoreUnavailable.damaged().text
            yield Checked(where=chain.name, what=look.__name__.strip("_"), found=type(error).__name__, wrong=wrong)
            return


def _version(database: Database, chain: Chain) -> Checked:
    try:
        migrating.require_current(database, chain)
    except UserError as error:
        found = migrating.current_of(database, chain) or "-"
        return Checked(where=chain.name, what="version", found=found, wrong=_text_of(error))
    return Checked(where=chain.name, what="version", found=chain.head)


def _tables(database: Database, chain: Chain) -> Checked:
    """Only tables of this program's revision can be compared with what it declares."""
    if migrating.current_of(database, chain) != chain.head:
        return Checked(where=chain.name, what="tables", found="not compared")
    with database.read() as session:
        different = migrating.differences(session.connection(), chain.metadata, chain)
    wrong = Text(
        th="ตารางไม่ตรงกับที่โปรแกรมประกาศไว้ มีผู้แก้ไขตารางเอง ให้กู้คืนจากข้อมูลสำรอง",
        en="The tables are not those that the program declares: somebody changed them by hand. Restore a backup.",
    )
    return Checked(
        where=chain.name, what="tables", found=f"{len(different)} differences", wrong=wrong if different else None
    )


def _whole(database: Database, chain: Chain) -> Checked:
    """SQLite's pages and references."""
    told = integrity(Path(database.engine.url.database or ""))
    wrong = StoreUnavailable.damaged().text if told else None
    return Checked(where=chain.name, what="integrity", found=_in_a_line(told) or "ok", wrong=wrong)


def _journal(database: Database, chain: Chain) -> Checked:
    (mode,) = _told(database, text("PRAGMA journal_mode"))
    wanted = journal_mode(sqlite3.sqlite_version_info)
    wrong = Text(
        th=f"ไฟล์ใช้บันทึกแบบ {mode} แต่ SQLite รุ่นนี้ควรใช้ {wanted} มีโปรแกรมอื่นเปิดไฟล์อยู่หรือไม่ ปิดแล้วสั่งใหม่",
        en=f"The journal is {mode}, and this SQLite should use {wanted}. Close what else has the file open, and check again.",
    )
    return Checked(where=chain.name, what="journal", found=mode, wrong=None if mode.upper() == wanted else wrong)


def _readable(database: Database, chain: Chain) -> Checked:
    """Every row is read in full: a damaged page shows itself when it is touched."""
    if migrating.current_of(database, chain) != chain.head:
        return Checked(where=chain.name, what="integrity", found="not read")
    tables, rows = chain.metadata.sorted_tables, 0
    with database.read() as session:
        for table in tables:
            whole_row = cast(literal_column(f'"{table.name}"'), Words)
            read = select(func.count(), func.max(func.length(whole_row))).select_from(table)
            rows += session.execute(read).one()[0]
    return Checked(where=chain.name, what="integrity", found=f"{rows} rows in {len(tables)} tables read")


def _indexes(database: Database, chain: Chain) -> Checked:
    names = _told(database, _DAMAGED_INDEXES)
    wrong = Text(
        th=f"ดัชนี {', '.join(names)} ใช้ไม่ได้ สั่ง REINDEX",
        en=f"The indexes {', '.join(names)} are not valid. Run REINDEX on them.",
    )
    return Checked(where=chain.name, what="indexes", found=f"{len(names)} invalid", wrong=wrong if names else None)


def _keys(database: Database, chain: Chain) -> Checked:
    names = _told(database, _UNPROVEN_KEYS)
    wrong = Text(
        th=f"ข้อกำหนด {', '.join(names)} ยังไม่ได้ตรวจกับทุกแถว สั่ง VALIDATE CONSTRAINT",
        en=f"The constraints {', '.join(names)} were not held against all rows. Run VALIDATE CONSTRAINT on them.",
    )
    return Checked(where=chain.name, what="references", found=f"{len(names)} unproven", wrong=wrong if names else None)


def _guards(database: Database, chain: Chain) -> Checked:
    """Row-level security is on, and the role that we work as does not pass by it."""
    open_tables = _told(database, _UNGUARDED_TABLES)
    (passes_by,) = _told(database, _PASSES_BY_GUARDS)
    found = "on" if not open_tables else f"off for {', '.join(open_tables)}"
    wrong = Text(
        th="ระบบกั้นแถวตามสิทธิ์ (row-level security) ไม่ทำงาน ใช้บัญชีฐานข้อมูลที่ไม่ใช่ superuser และสั่ง zerodrop db migrate",
        en="Row-level security does not hold. Connect as a role that is no superuser, and run `zerodrop db migrate`.",
    )
    return Checked(
        where=chain.name, what="row security", found=found, wrong=wrong if open_tables or passes_by else None
    )


def _log_files(ledger: Database, settings: Settings) -> Checked:
    """Every file of the log against the digest that was entered when it was written."""
    with ledger.read() as session:
        institutions = list(session.scalars(select(InstitutionRow.code)))
        written = {file.path: file.sha256 for file in standing_files(session, institutions)}
    wrong = [path for path, digest in sorted(written.items()) if not is_as_written(logs_of(settings) / path, digest)]
    named = ", ".join(wrong)
    told = Text(
        th=f"แฟ้มข้อมูลเหล่านี้หายไปหรือไม่ตรงกับที่บันทึกไว้ ให้กู้จากข้อมูลสำรอง: {named}",
        en=f"These files are missing or are not what was written. Restore them from a backup: {named}",
    )
    found = f"{len(wrong)} of {len(written)} wrong"
    return Checked(where=str(logs_of(settings)), what="log files", found=found, wrong=told if wrong else None)


def _trainings(settings: Settings) -> Iterator[Checked]:
    """MLflow's list of runs where it is a file; another database is looked after by whoever keeps it."""
    path = runs_file(settings)
    if path is None:
        return
    told = integrity(path) if path.is_file() else []
    listed = statuses_of_runs(path) if path.is_file() and not told else {}
    found, wrong = _in_a_line(told) or f"{len(listed)} runs", None
    try:
        if told:
            raise damaged_runs(path)
        require_listed_runs(settings, listed)
    except RunsWrong as error:
        wrong = _text_of(error)
    yield Checked(where=str(path), what="trainings", found=found, wrong=wrong)


def _in_a_line(told: Sequence[str]) -> str:
    """SQLite words some damage in several lines."""
    return "; ".join(" ".join(one.split()) for one in told[:5])


def _text_of(error: UserError) -> Text:
    en, _, th = str(error).partition(" · ")
    return Text(th=th, en=en)


def _told(database: Database, question: TextClause) -> list[str]:
    """The first column of the answer."""
    with database.read() as session:
        return list(session.scalars(question))


def _permissions(settings: Settings) -> Iterator[Checked]:
    files = {settings.home / "zerodrop.db": settings.database_url, settings.home / "people.db": settings.vault_url}
    for path in (settings.home, settings.key_path, *files):
        if path.exists():
            yield _closed(path)
    for path, moved_to in files.items():
        if moved_to and path.exists():
            yield Checked(where=str(path), what="left over", found="a file of before the move", wrong=_LEFT_OVER)


def _closed(path: Path) -> Checked:
    mode = stat.S_IMODE(path.stat().st_mode)
    wanted = "700" if path.is_dir() else "600"
    wrong = Text(
        th=f"ผู้ใช้อื่นของเครื่องนี้เข้าถึง {path} ได้ ให้สั่ง chmod {wanted} {path}",
        en=f"Other accounts of this machine may reach {path}. Run: chmod {wanted} {path}",
    )
    return Checked(where=str(path), what="permissions", found=f"{mode:o}", wrong=wrong if mode & _OTHERS else None)
