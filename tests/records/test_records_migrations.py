"""The tables moved from release to release and back on both engines, with what is in them."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from records import migrating
from records.database import Database
from records.errors import ConfigurationGap, UserError
from records.home import VAULT_SCHEMA, create_home, open_home
from records.migrating import CHAINS, LEDGER, VAULT, Chain
from records.settings import Settings
from records.vault_key import create_key
from tests.postgres import POSTGRESQL
from tests.records.filling import contents, expected, fill

pytestmark = pytest.mark.both_engines

UPGRADE = """
import sys
from records import migrating
from records.database import Database
chain = migrating.CHAINS[sys.argv[2]]
done = migrating.upgrade(Database(sys.argv[1], schema=sys.argv[3]), chain)
print(done.before, done.after)
"""


@pytest.fixture(params=list(CHAINS))
def chain(request: pytest.FixtureRequest) -> Chain:
    migrating.declare_tables()
    return CHAINS[request.param]


of_ledger = pytest.mark.parametrize("chain", [LEDGER.name], indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest, engine: str, chain: Chain, tmp_path: Path) -> Iterator[Database]:
    """An empty database."""
    address = f"sqlite:///{tmp_path / 'some.db'}"
    if engine == POSTGRESQL:
        address = request.getfixturevalue("empty_postgres_database")
    made = Database(address, schema=VAULT_SCHEMA if chain is VAULT else "")
    yield made
    made.close()


def differences(database: Database, chain: Chain, metadata: sa.MetaData) -> list[Any]:
    with database.read() as session:
        return migrating.differences(session.connection(), metadata, chain)


def as_before_revisions(database: Database, chain: Chain) -> None:
    """The tables as a program made them that knew no revisions, with rows in all of them."""
    tables = migrating.first_tables(chain)
    migrating.upgrade(database, chain, "0001")
    with database.write() as session:
        fill(session, tables)
        sa.Table(chain.version_table, sa.MetaData()).drop(session.connection())


def test_the_revisions_lead_to_the_declared_tables(database: Database, chain: Chain) -> None:
    migrating.upgrade(database, chain)
    assert differences(database, chain, chain.metadata) == []
    assert migrating.current_of(database, chain) == chain.head


def test_a_changed_table_without_a_revision_is_found(database: Database, chain: Chain) -> None:
    migrating.upgrade(database, chain)
    changed = sa.MetaData()
    for table in chain.metadata.sorted_tables:
        table.to_metadata(changed)
    some = changed.sorted_tables[0]
    some.append_column(sa.Column("forgotten", sa.Integer()))
    (found,) = differences(database, chain, changed)
    assert found[0] == "add_column"
    assert (found[2], found[3].name) == (some.name, "forgotten")


def test_the_newest_revision_is_the_head_that_the_program_asks_for(chain: Chain) -> None:
    assert migrating.revisions(chain)[-1] == chain.head == migrating.head_of(chain)
    assert migrating.revisions(chain) == sorted(migrating.revisions(chain))  # compared as words


def shape(database: Database) -> dict[str, Any]:
    """Tables, columns, keys, indexes and triggers, without the order of columns and the names of keys."""
    with database.read() as session:
        look = sa.inspect(session.connection())
        triggers = session.scalars(sa.text("SELECT sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name")).all()
        counting = session.scalars(sa.text("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'")).all()
        tables = {name: table_shape(look, name) for name in sorted(look.get_table_names()) if "sqlite_" not in name}
    return {"tables": tables, "triggers": triggers, "counting": sorted(counting)}


def table_shape(look: Any, name: str) -> dict[str, Any]:
    columns = {
        one["name"]: (str(one["type"]), one["nullable"], one["default"], one["primary_key"])
        for one in look.get_columns(name)
    }
    indexes = sorted(
        (
            one["name"],
            one["column_names"],
            bool(one["unique"]),
            str({name: str(where) for name, where in one["dialect_options"].items()}),
        )
        for one in look.get_indexes(name)
    )
    keys = sorted((one["constrained_columns"], one["referred_table"]) for one in look.get_foreign_keys(name))
    unique = sorted(one["column_names"] for one in look.get_unique_constraints(name))
    return {"columns": columns, "indexes": indexes, "keys": keys, "unique": unique}


def test_a_home_made_at_once_is_the_same_as_one_that_was_migrated(chain: Chain, tmp_path: Path) -> None:
    """Only SQLite takes the short way."""
    migrated, at_once = Database(f"sqlite:///{tmp_path / 'a.db'}"), Database(f"sqlite:///{tmp_path / 'b.db'}")
    migrating.upgrade(migrated, chain)
    migrating.prepare(at_once, chain)
    one, other = shape(migrated), shape(at_once)
    migrated.close()
    at_once.close()
    assert one == other
    assert one["tables"].keys() >= {chain.version_table, *chain.metadata.tables}


def test_rows_are_kept_on_the_way_up_and_down(database: Database, chain: Chain) -> None:
    first = migrating.first_tables(chain)
    migrating.upgrade(database, chain, "0001")
    with database.write() as session:
        fill(session, first)
    for step in (migrating.upgrade(database, chain), migrating.downgrade(database, chain, "0001")):
        assert {step.before, step.after} == {"0001", chain.head}
        with database.read() as session:
            assert contents(session, first) == expected(first)
    assert differences(database, chain, first) == []
    migrating.upgrade(database, chain)
    assert differences(database, chain, chain.metadata) == []


@of_ledger
def test_older_rows_get_what_every_row_must_have(database: Database, chain: Chain) -> None:
    as_before_revisions(database, chain)
    migrating.upgrade(database, chain)
    with database.read() as session:
        entries = session.execute(sa.text("SELECT band, listed_probability FROM list_entry ORDER BY band")).all()
        sessions = session.execute(sa.select(chain.metadata.tables["session"])).all()
        trail = session.execute(sa.select(chain.metadata.tables["audit"])).all()
        duties = session.scalars(sa.text("SELECT DISTINCT duty FROM caseload")).all()
    assert [tuple(row) for row in entries] == [("high", 1.0), ("none", 0.0)]
    assert len({row.id for row in sessions}) == 2
    assert all(row.confirmed_at == row.opened_at and row.complete and row.browser == "" for row in sessions)
    assert all((row.previous, row.hash, row.request_id, row.address) == (b"", b"", "", "") for row in trail)
    assert duties == ["advisor"]


@of_ledger
def test_the_migrated_trail_still_refuses_changes(database: Database, chain: Chain) -> None:
    as_before_revisions(database, chain)
    migrating.upgrade(database, chain)
    cut = "INSERT INTO audit_cut (through, hash, at, actor) VALUES (1, :hash, CURRENT_TIMESTAMP, 'x')"
    with database.write() as session:
        session.execute(sa.text(cut), {"hash": b""})
    for change in ("UPDATE audit SET actor = 'x'", "DELETE FROM audit", "DELETE FROM audit WHERE id = 2"):
        with pytest.raises(IntegrityError, match="append-only"), database.write() as session:
            session.execute(sa.text(change))
    with database.write() as session:
        session.execute(sa.text("DELETE FROM audit WHERE id = 1"))  # its time was over
        assert session.scalars(sa.text("SELECT id FROM audit")).all() == [2]


def test_tables_from_before_revisions_are_adopted(database: Database, chain: Chain) -> None:
    as_before_revisions(database, chain)
    with pytest.raises(ConfigurationGap, match="are of an earlier program"):
        migrating.require_current(database, chain)
    done = migrating.upgrade(database, chain)
    assert (done.before, done.after, done.adopted) == ("0001", chain.head, True)
    migrating.require_current(database, chain)
    again = migrating.upgrade(database, chain)
    assert (again.before, again.after, again.adopted, again.copy) == (chain.head, chain.head, False, None)


def test_a_copy_of_the_file_is_made_before_a_change(database: Database, chain: Chain, engine: str) -> None:
    as_before_revisions(database, chain)
    done = migrating.upgrade(database, chain)
    if engine == POSTGRESQL:
        assert done.copy is None
        return
    assert done.copy is not None
    assert done.copy.name.startswith(f"some.db.before-{chain.head}.")
    assert done.copy.stat().st_mode & 0o777 == 0o600
    kept = Database(f"sqlite:///{done.copy}")
    assert migrating.current_of(kept, chain) is None
    with kept.read() as session:
        assert contents(session, migrating.first_tables(chain)) == expected(migrating.first_tables(chain))
    kept.close()


def test_tables_of_no_release_are_left_alone(database: Database, chain: Chain) -> None:
    as_before_revisions(database, chain)
    own = {
        "ledger": "ALTER TABLE student ADD COLUMN own INTEGER",
        "vault": "ALTER TABLE student_name ADD COLUMN own INTEGER",
    }
    with database.write() as session:
        session.execute(sa.text(own[chain.name]))
    with pytest.raises(ConfigurationGap, match="not those of any release") as refused:
        migrating.upgrade(database, chain)
    assert "ไม่ตรงกับรุ่นใดเลย" in str(refused.value)
    assert migrating.current_of(database, chain) is None
    with database.read() as session:
        assert contents(session, migrating.first_tables(chain)) == expected(migrating.first_tables(chain))


def test_tables_of_a_newer_program_are_refused(database: Database, chain: Chain) -> None:
    migrating.upgrade(database, chain)
    older = replace(chain, head="0001")
    for refused in (migrating.require_current, migrating.upgrade):
        with pytest.raises(ConfigurationGap, match="made by a newer program") as told:
            refused(database, older)
        assert "รุ่นใหม่กว่า" in str(told.value)
    assert migrating.current_of(database, chain) == chain.head


def test_a_revision_that_nobody_knows_is_refused(database: Database, chain: Chain) -> None:
    with pytest.raises(ConfigurationGap, match=r"has no revision '0099'\. Known: 0001, "):
        migrating.upgrade(database, chain, "0099")
    with pytest.raises(ConfigurationGap, match="is at no revision, which is not after 0001"):
        migrating.downgrade(database, chain, "0001")


def test_two_processes_migrate_at_once(database: Database, chain: Chain) -> None:
    as_before_revisions(database, chain)
    address = database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", UPGRADE, address, chain.name, database.schema]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    told = [process.communicate(timeout=100) for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert sorted(out for out, _ in told) == [f"0001 {chain.head}\n", f"{chain.head} {chain.head}\n"]
    with database.read() as session:
        assert session.scalars(
            sa.select(sa.column("version_num")).select_from(sa.table(chain.version_table))
        ).all() == [chain.head]
        assert contents(session, migrating.first_tables(chain)) == expected(migrating.first_tables(chain))


@of_ledger
def test_a_migration_that_fails_changes_nothing(chain: Chain, tmp_path: Path) -> None:
    """On SQLite, where a row may have lost what it refers to."""
    database = Database(f"sqlite:///{tmp_path / 'some.db'}")
    as_before_revisions(database, chain)
    with database.engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        driver.execute("PRAGMA foreign_keys=OFF")
        driver.execute("DELETE FROM account")
        driver.execute("PRAGMA foreign_keys=ON")
    with pytest.raises(UserError, match="refer to rows that are not there; nothing was changed"):
        migrating.upgrade(database, chain)
    assert migrating.current_of(database, chain) is None
    assert differences(database, chain, migrating.first_tables(chain)) == []
    database.close()


# The home


def made_before_revisions(settings: Settings) -> None:
    settings.home.mkdir()
    create_key(settings.key_path)
    for chain, address in ((LEDGER, settings.database_address), (VAULT, settings.vault_address)):
        database = Database(address)
        as_before_revisions(database, chain)
        database.close()


def test_a_home_that_is_behind_is_not_opened_and_not_changed(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", database_url="", vault_url="")
    made_before_revisions(settings)
    before = (settings.home / "zerodrop.db").read_bytes()
    for opened in (open_home, create_home):
        with pytest.raises(ConfigurationGap, match="run `zerodrop db migrate`"):
            opened(settings)
    assert (settings.home / "zerodrop.db").read_bytes() == before


def test_opening_does_not_load_the_migrations(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", database_url="", vault_url="")
    create_home(settings).close()
    look = "import sys; from pathlib import Path; from records.home import open_home; from records.settings import Settings"
    run = f"{look}; open_home(Settings(home=Path({str(settings.home)!r}))).close(); print('alembic' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", run], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout == "False\n"


def test_half_a_home_is_not_opened(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", database_url="", vault_url="")
    create_home(settings).close()
    (settings.home / "people.db").unlink()
    with pytest.raises(ConfigurationGap, match=r"There is no people\.db"):
        open_home(settings)
    assert not (settings.home / "people.db").exists()
