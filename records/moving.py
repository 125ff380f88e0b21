"""Moving a data home from its SQLite files to PostgreSQL: every row of both databases, compared before it counts.

Each database is one transaction on PostgreSQL, and nobody writes the files meanwhile: whatever fails, the target stays
as empty as it was, and the files are never changed.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, Table, func, insert, inspect, select, text

from records import migrating
from records.database import Database
from records.errors import ConfigurationGap, UserError
from records.home import VAULT_SCHEMA, require_home
from records.migrating import LEDGER, VAULT, Chain
from records.settings import Settings
from records.vault_key import load_key

_ROWS_AT_ONCE = 1000
_BITS = 256
Progress = Callable[[str, int], None]


@dataclass(frozen=True, kw_only=True)
class TableContent:
    """How many rows a table has and what they say, whatever their order: the sum of the hashes of the rows."""

    rows: int
    digest: str


@dataclass(frozen=True, kw_only=True)
class Moved:
    """What a database holds now, by table."""

    chain: str
    tables: Mapping[str, TableContent]


def move(settings: Settings, progress: Progress) -> list[Moved]:
    """Copy the SQLite files of a home to the addresses that the settings name.

    Raises ConfigurationGap when an address is missing, the files are of another program, or the target holds rows.
    """
    _require_addresses(settings)
    files = settings.model_copy(update={"database_url": "", "vault_url": ""})
    require_home(files)
    load_key(settings.key_path)  # without it the moved vault could not be read
    migrating.declare_tables()
    with ExitStack() as stack:
        return [
            _moved(stack, LEDGER, (files.database_address, settings.database_url), progress),
            _moved(stack, VAULT, (files.vault_address, settings.vault_url), progress),
        ]


def content_of(connection: Connection, table: Table) -> TableContent:
    """Read a table from end to end."""
    rows, total = 0, 0
    for row in _rows(connection, table):
        rows, total = rows + 1, total + _hash(row)
    return TableContent(rows=rows, digest=f"{total % 2**_BITS:064x}")


def _require_addresses(settings: Settings) -> None:
    addresses = (settings.database_url, settings.vault_url)
    if not all(address.startswith("postgresql") for address in addresses):
        raise ConfigurationGap(
            "Say where to: set ZERODROP_DATABASE_URL and ZERODROP_VAULT_URL to postgresql+psycopg:// addresses "
            "(docs/guides/database.md). · ระบุปลายทางด้วย ZERODROP_DATABASE_URL และ ZERODROP_VAULT_URL เป็นที่อยู่ PostgreSQL "
            "(ดู docs/guides/database.md)"
        )


def _moved(stack: ExitStack, chain: Chain, addresses: tuple[str, str], progress: Progress) -> Moved:
    """Both transactions stay open on the stack, which commits the target's, the vault's first, if nothing failed."""
    schema = VAULT_SCHEMA if chain is VAULT else ""
    source = stack.enter_context(_closing(Database(addresses[0])))
    target = stack.enter_context(_closing(Database(addresses[1], schema=schema)))
    migrating.require_current(source, chain)
    if not migrating.is_new(target, chain):
        migrating.require_current(target, chain)
    held = stack.enter_context(source.restructuring())  # keeps every writer out until the end
    taking = stack.enter_context(target.restructuring())
    _require_empty(taking, chain)
    migrating.upgrade_within(taking, target, chain)
    contents = {}
    for table in chain.metadata.sorted_tables:
        contents[table.name] = _copy(held, taking, table)
        progress(table.name, contents[table.name].rows)
        _continue_counting(taking, table)
    return Moved(chain=chain.name, tables=contents)


@contextmanager
def _closing(database: Database) -> Iterator[Database]:
    try:
        yield database
    finally:
        database.close()


def _require_empty(connection: Connection, chain: Chain) -> None:
    there = set(inspect(connection).get_table_names())
    full = [
        table.name
        for table in chain.metadata.sorted_tables
        if table.name in there and connection.scalar(select(func.count()).select_from(table))
    ]
    if full:
        raise ConfigurationGap(
            f"The target already holds rows in {', '.join(full)}; nothing is ever overwritten. Name an empty database. · "
            f"ฐานข้อมูลปลายทางมีข้อมูลอยู่แล้วในตาราง {', '.join(full)} ระบบไม่เขียนทับ ให้ระบุฐานข้อมูลที่ว่าง"
        )


def _copy(source: Connection, target: Connection, table: Table) -> TableContent:
    said, total, waiting = 0, 0, []
    for row in _rows(source, table):
        said, total = said + 1, total + _hash(row)
        waiting.append(row)
        if len(waiting) == _ROWS_AT_ONCE:
            target.execute(insert(table), waiting)
            waiting = []
    if waiting:
        target.execute(insert(table), waiting)
    wanted = TableContent(rows=said, digest=f"{total % 2**_BITS:064x}")
    if content_of(target, table) != wanted:
        raise UserError(
            f"The table {table.name} did not arrive as it was sent, so nothing was moved. Please report this. · "
            f"ตาราง {table.name} ที่ปลายทางไม่ตรงกับต้นทาง จึงไม่ได้ย้ายอะไร โปรดแจ้งผู้พัฒนา"
        )
    return wanted


def _rows(connection: Connection, table: Table) -> Iterator[dict[str, Any]]:
    streamed = select(table).execution_options(yield_per=_ROWS_AT_ONCE)
    for row in connection.execute(streamed).mappings():
        yield {column.key: row[column] for column in table.columns}


def _hash(row: Mapping[str, Any]) -> int:
    said = json.dumps(row, default=_word, sort_keys=True, ensure_ascii=False)
    return int.from_bytes(hashlib.sha256(said.encode()).digest(), "big")


def _word(value: object) -> str:
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _continue_counting(connection: Connection, table: Table) -> None:
    """The next number that PostgreSQL gives out comes after the largest that was copied."""
    (key, *others) = table.primary_key.columns
    if others or not isinstance(key.type, Integer):
        return
    sequence = connection.scalar(select(func.pg_get_serial_sequence(table.name, key.name)))
    largest = connection.scalar(select(func.max(key)))
    if sequence is not None and largest is not None:
        named = {"sequence": sequence, "largest": largest}
        connection.execute(text("SELECT setval(CAST(:sequence AS regclass), :largest)"), named)
