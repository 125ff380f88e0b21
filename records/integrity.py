"""Whether a database is whole, and how what was deleted leaves its file: SQLite checks itself page by page."""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from records.database import Database
from records.errors import UserError

_BUSY_SECONDS = 30
_MOST_FINDINGS = 20
_REWRITE = (
    "VACUUM FULL list_entry",
    "VACUUM FULL student",
    "VACUUM FULL idempotency",
)
_REWRITE_VAULT = (
    "VACUUM FULL student_name",
    "VACUUM FULL student_number",
    "VACUUM FULL identifier",
    "VACUUM FULL person_trait",
    "VACUUM FULL merged_person",
    "VACUUM FULL link_review",
    "VACUUM FULL quarantined_row",
    "VACUUM FULL original_cell",
    "VACUUM FULL kept_file",
    "VACUUM FULL correction",
)


def integrity(path: Path) -> list[str]:
    """What is wrong with a SQLite file, as SQLite words it (no row is quoted); empty when it is whole.

    A transaction that a power failure cut off is rolled back first, as whoever opens the file would.
    """
    mode = "rw" if os.access(path, os.W_OK) else "ro"
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=_BUSY_SECONDS)
        ) as opened:
            found = [row[0] for row in opened.execute("PRAGMA integrity_check")]
            keys = opened.execute("PRAGMA foreign_key_check").fetchmany(_MOST_FINDINGS) if found == ["ok"] else []
    except sqlite3.DatabaseError as problem:
        return [str(problem)]
    broken = [f"{table} refers to a row of {parent} that is not there" for table, _, parent, _ in keys]
    return (broken if found == ["ok"] else found)[:_MOST_FINDINGS]


def leave_no_remains(database: Database, *, vault: bool) -> None:
    """Write the database anew, so that its file holds nothing of rows that were deleted.

    Raises UserError while others keep it busy: asking again is enough. On PostgreSQL the tables that held persons are
    written anew; what its own archive of changes keeps is for its administrator.
    """
    try:
        if database.engine.dialect.name == "sqlite":
            _rewrite_file(database)
        else:
            _rewrite_tables(database, _REWRITE_VAULT if vault else _REWRITE)
    except (DBAPIError, sqlite3.OperationalError) as problem:
        raise UserError(
            "The deletion is stored, but the database could not be written anew while it was in use "
            f"({type(problem).__name__}), so traces may be left in its file. Run `zerodrop prune` when it is quiet. · "
            "ลบข้อมูลแล้ว แต่ยังล้างร่องรอยในแฟ้มฐานข้อมูลไม่ได้เพราะมีผู้ใช้งานอยู่ ให้สั่ง zerodrop prune อีกครั้งเมื่อไม่มีผู้ใช้"
        ) from None


def _rewrite_file(database: Database) -> None:
    with closing(database.engine.raw_connection()) as opened:
        cursor = opened.cursor()
        cursor.execute("VACUUM")
        (is_busy, *_) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        cursor.close()
        if is_busy:  # said, not raised: a reader keeps the old pages in the file beside the database
            raise sqlite3.OperationalError("a reader holds the journal")


def _rewrite_tables(database: Database, statements: Sequence[str]) -> None:
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
