"""Moving the tables from one release to the next and back: one chain of revisions for the ledger, one for the vault.

Alembic is imported only by what changes tables: opening a home compares two short words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    column,
    inspect,
    select,
    table,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateSchema

from records.database import Database, LedgerTable, VaultTable
from records.errors import ConfigurationGap

if TYPE_CHECKING:
    from alembic.config import Config

_FOLDER = Path(__file__).with_name("migrations")
_DECLARING = (
    "audit_tables", "care_tables", "erasure_tables", "ledger_tables", "list_tables", "monitoring", "people", "person_tables",
    "promotions", "quarantine", "staff",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Chain:
    """The revisions of one database; `head` is the newest, which this program needs."""

    name: str
    head: str
    metadata: MetaData

    @property
    def version_table(self) -> str:
        """Of its own for each chain: on PostgreSQL both may live in one database."""
        return f"{self.name}_version"


LEDGER = Chain(name="ledger", head="0004", metadata=LedgerTable.metadata)
VAULT = Chain(name="vault", head="0002", metadata=VaultTable.metadata)
CHAINS: Mapping[str, Chain] = {chain.name: chain for chain in (LEDGER, VAULT)}


@dataclass(frozen=True, kw_only=True)
class Migrated:
    """What was done to one database: from which revision to which (None: no tables), and where the copy lies."""

    chain: str
    before: str | None
    after: str
    adopted: bool
    copy: Path | None


def declare_tables() -> None:
    """Import the modules that declare tables."""
    for module in _DECLARING:
        import_module(f"records.{module}")


def head_of(chain: Chain) -> str:
    return chain.head


def current_of(database: Database, chain: Chain) -> str | None:
    """The revision of a database; None where none was noted."""
    with database.read() as session:
        return _noted(session.connection(), chain)


def is_new(database: Database, chain: Chain) -> bool:
    """Whether none of the chain's tables was ever made in it."""
    with database.read() as session:
        return not _holds_tables(session.connection(), chain)


def require_current(database: Database, chain: Chain) -> None:
    """Raises ConfigurationGap for a database that is behind this program, or ahead of it."""
    current = current_of(database, chain)
    if current == chain.head:
        return
    if current is None or current < chain.head:
        raise ConfigurationGap(
            f"The {chain.name}'s tables are of an earlier program ({current or 'none'}; this one needs {chain.head}). "
            "Stop the service and run `zerodrop db migrate`. · "
            f"ตารางของฐานข้อมูล ({chain.name}) เป็นของโปรแกรมรุ่นก่อน ({current or 'ยังไม่มี'} รุ่นนี้ต้องการ {chain.head}) "
            "หยุดบริการแล้วสั่ง zerodrop db migrate"
        )
    raise _ahead(chain, current)


def prepare(database: Database, chain: Chain) -> None:
    """Make the tables of a new database; an older one is refused, not changed. Raises ConfigurationGap."""
    declare_tables()
    if not is_new(database, chain):
        require_current(database, chain)
    elif database.is_sqlite:
        _make_at_once(database, chain)
    else:
        upgrade(database, chain)


def upgrade(database: Database, chain: Chain, to: str = "") -> Migrated:
    """Bring a database up to a revision (default: the newest). SQLite's file is copied beside itself before a change.

    Raises ConfigurationGap for tables that this program never made, or that a newer one made.
    """
    with database.restructuring() as connection:
        return upgrade_within(connection, database, chain, to)


def upgrade_within(connection: Connection, database: Database, chain: Chain, to: str = "") -> Migrated:
    """The same inside a transaction that `database.restructuring()` gave."""
    to = _known(chain, to)
    before, adopted = _noted(connection, chain), False
    if before is not None and before > chain.head:
        raise _ahead(chain, before)
    held = _holds_tables(connection, chain)
    copy = _copy(database, f"before-{to}") if held and before != to else None
    if database.schema and not inspect(connection).has_schema(database.schema):
        connection.execute(CreateSchema(database.schema))
    if held and before is None:
        before, adopted = _adopt(connection, chain), True
    _run(connection, chain, "upgrade", to)
    return Migrated(chain=chain.name, before=before, after=_noted(connection, chain) or "", adopted=adopted, copy=copy)


def downgrade(database: Database, chain: Chain, to: str) -> Migrated:
    """Take a database back to an earlier revision; what only newer tables hold is lost (the copy of SQLite has it)."""
    to = _known(chain, to)
    with database.restructuring() as connection:
        before = _noted(connection, chain)
        if before is None or before < to:
            raise ConfigurationGap(
                f"The {chain.name} is at {before or 'no revision'}, which is not after {to}. · "
                f"ฐานข้อมูล ({chain.name}) อยู่ที่ {before or 'ยังไม่มีรุ่น'} ซึ่งไม่ได้ใหม่กว่า {to}"
            )
        if before > chain.head:
            raise _ahead(chain, before)
        copy = _copy(database, f"before-{to}") if before != to else None
        _run(connection, chain, "downgrade", to)
    return Migrated(chain=chain.name, before=before, after=to, adopted=False, copy=copy)


def differences(connection: Connection, metadata: MetaData, chain: Chain) -> list[Any]:
    """How the tables of a database differ from declared ones; empty when they are the same."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    options = {"compare_type": True, "version_table": chain.version_table, "include_name": _is_of(metadata)}
    found = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    return list(found)


def revisions(chain: Chain) -> list[str]:
    """All revisions as the files tell them, oldest first."""
    from alembic.script import ScriptDirectory

    return [one.revision for one in ScriptDirectory.from_config(_config(chain)).walk_revisions()][::-1]


def first_tables(chain: Chain) -> MetaData:
    """The tables as programs made them that knew no revisions."""
    tables = import_module(f"records.migrations.{chain.name}.versions.r0001_tables").TABLES
    assert isinstance(tables, MetaData)
    return tables


def run_revisions(environment: Any) -> None:
    """What env.py of each chain does."""
    attributes = environment.config.attributes
    environment.configure(connection=attributes["connection"], version_table=attributes["version_table"])
    environment.run_migrations()


# What the above rests on


def _ahead(chain: Chain, current: str) -> ConfigurationGap:
    return ConfigurationGap(
        f"The {chain.name}'s tables were made by a newer program ({current}; this one knows {chain.head}). "
        "Install that program again; it can take them back with `zerodrop db migrate --to`. · "
        f"ตารางของฐานข้อมูล ({chain.name}) เป็นของโปรแกรมรุ่นใหม่กว่า ({current} รุ่นนี้รู้จักถึง {chain.head}) "
        "ติดตั้งโปรแกรมรุ่นใหม่กลับมา หรือใช้รุ่นนั้นย้อนตารางด้วย zerodrop db migrate --to"
    )


def _known(chain: Chain, to: str) -> str:
    if to and to not in revisions(chain):
        raise ConfigurationGap(
            f"The {chain.name} has no revision '{to}'. Known: {', '.join(revisions(chain))}. · "
            f"ฐานข้อมูล ({chain.name}) ไม่มีรุ่น '{to}' ที่มีคือ {', '.join(revisions(chain))}"
        )
    return to or chain.head


def _holds_tables(connection: Connection, chain: Chain) -> bool:
    ours = {chain.version_table, *first_tables(chain).tables}
    return not ours.isdisjoint(inspect(connection).get_table_names())


def _noted(connection: Connection, chain: Chain) -> str | None:
    if not inspect(connection).has_table(chain.version_table):
        return None
    return connection.scalar(select(column("version_num")).select_from(table(chain.version_table)))


def _make_at_once(database: Database, chain: Chain) -> None:
    """The declared tables and their revision in one go; a test proves that the revisions lead to the same."""
    with database.restructuring() as connection:
        if _noted(connection, chain) is not None:
            return  # another process was first
        chain.metadata.create_all(connection)
        _note(connection, chain, chain.head)


def _adopt(connection: Connection, chain: Chain) -> str:
    """Note the first revision in a database whose tables were made before there were revisions."""
    first = first_tables(chain)
    first.create_all(connection)  # that program added a missing table whenever it opened its home
    if [found for found in differences(connection, first, chain) if found[0] != "remove_table"]:
        raise ConfigurationGap(
            f"The {chain.name}'s tables are not those of any release, so they were not touched. Export or import anew "
            "with the program that made them, or restore a backup. · "
            f"ตารางของฐานข้อมูล ({chain.name}) ไม่ตรงกับรุ่นใดเลย ระบบจึงไม่ได้แก้ไข ใช้โปรแกรมเดิมส่งออกข้อมูล หรือกู้คืนจากข้อมูลสำรอง"
        )
    _note(connection, chain, "0001")
    return "0001"


def _note(connection: Connection, chain: Chain, revision: str) -> None:
    """As Alembic notes it."""
    name = chain.version_table
    key = PrimaryKeyConstraint("version_num", name=f"{name}_pkc")
    noted = Table(name, MetaData(), Column("version_num", String(32), nullable=False), key)
    noted.create(connection)
    connection.execute(noted.insert().values(version_num=revision))


def _run(connection: Connection, chain: Chain, what: str, to: str) -> None:
    from alembic import command

    config = _config(chain)
    config.attributes.update(connection=connection, version_table=chain.version_table)
    getattr(command, what)(config, to)


def _config(chain: Chain) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER / chain.name).replace("%", "%%"))
    return config


def _is_of(metadata: MetaData) -> Any:
    """Tables of others in the same schema, such as those of the other chain, are not ours to compare."""
    others = {name for other in CHAINS.values() for name in (*other.metadata.tables, other.version_table)}
    foreign = others - set(metadata.tables)
    return lambda name, kind, _parents: kind != "table" or name not in foreign


def _copy(database: Database, why: str) -> Path | None:
    """A copy of SQLite's file beside it, readable by this account alone. PostgreSQL has its own backups (None)."""
    if not database.is_sqlite:
        return None
    file = Path(database.engine.url.database or "")
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    copy = file.with_name(f"{file.name}.{why}.{moment}")
    copy.touch(mode=0o600, exist_ok=False)
    try:
        _vacuum_into(database.engine, copy)
    except SQLAlchemyError:
        copy.unlink()
        raise
    return copy


def _vacuum_into(engine: Engine, copy: Path) -> None:
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("VACUUM INTO ?", (str(copy),))
    finally:
        connection.close()
