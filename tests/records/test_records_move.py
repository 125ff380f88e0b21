"""A home moved from its SQLite files to PostgreSQL: everything, or nothing."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from records import audit, migrating
from records.database import Database
from records.errors import ConfigurationGap, StoreUnavailable
from records.home import create_home, open_home
from records.migrating import CHAINS, LEDGER, VAULT
from records.moving import move
from records.settings import Settings
from tests.records.filling import ROWS, contents, expected, fill
from zerodrop import command_line

pytestmark = pytest.mark.postgresql


@pytest.fixture
def settings(tmp_path: Path, empty_postgres_database: str) -> Settings:
    """A home whose files have rows in every table, and an empty PostgreSQL to go to."""
    files = Settings(home=tmp_path / "home", database_url="", vault_url="")
    home = create_home(files)
    with home.database.write() as session:
        fill(session, LEDGER.metadata)
    with home.vault_database.write() as session:
        session.execute(sa.delete(VAULT.metadata.tables["vault_meta"]))
        fill(session, VAULT.metadata)
    home.close()
    return files.model_copy(update={"database_url": empty_postgres_database, "vault_url": empty_postgres_database})


@pytest.fixture
def target(settings: Settings) -> Iterator[dict[str, Database]]:
    found = {
        "ledger": Database(settings.database_url),
        "vault": Database(settings.vault_url, schema="vault"),
    }
    yield found
    for database in found.values():
        database.close()


def silently(step: str, rows: int) -> None:
    """Nobody watches."""


def nothing_there(target: dict[str, Database]) -> bool:
    return all(migrating.is_new(target[name], chain) for name, chain in CHAINS.items())


def test_every_row_of_every_table_arrives(settings: Settings, target: dict[str, Database]) -> None:
    moved = move(settings, silently)
    for one in moved:
        metadata = CHAINS[one.chain].metadata
        assert {table.rows for table in one.tables.values()} == {ROWS}
        assert set(one.tables) == set(metadata.tables)
        with target[one.chain].read() as session:
            assert contents(session, metadata) == expected(metadata)


def test_the_next_number_comes_after_the_moved_ones(settings: Settings, target: dict[str, Database]) -> None:
    move(settings, silently)
    with target["ledger"].write() as session:
        audit.record_look(session, actor="x", action="see list", institution="y")
    with target["ledger"].read() as session:
        assert session.scalars(sa.select(audit.AuditRow.id).order_by(audit.AuditRow.id)).all() == [1, 2, 3]


def test_a_target_with_rows_is_refused_and_left_alone(settings: Settings, target: dict[str, Database]) -> None:
    move(settings, silently)
    with target["vault"].write() as session:
        session.execute(sa.delete(VAULT.metadata.tables["student_name"]))
    with pytest.raises(ConfigurationGap, match=r"already holds rows in .*institution") as refused:
        move(settings, silently)
    assert "ระบบไม่เขียนทับ" in str(refused.value)
    with target["vault"].read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(VAULT.metadata.tables["student_name"])) == 0


def test_a_move_that_fails_in_the_last_table_leaves_nothing(settings: Settings, target: dict[str, Database]) -> None:
    def gives_up(step: str, rows: int) -> None:
        if step == VAULT.metadata.sorted_tables[-1].name:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move(settings, gives_up)
    assert nothing_there(target)
    move(settings, silently)  # and the next one works


def test_nobody_writes_the_files_meanwhile(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("records.database._BUSY_SECONDS", 0.2)
    refused: list[str] = []

    def write_too(step: str, rows: int) -> None:
        late = Database(f"sqlite:///{settings.home / 'zerodrop.db'}")
        with pytest.raises(StoreUnavailable, match="busy"), late.write() as session:
            session.scalar(sa.text("SELECT 1"))
        late.close()
        refused.append(step)

    move(settings, write_too)
    assert len(refused) == sum(len(chain.metadata.tables) for chain in CHAINS.values())


def test_files_of_another_program_are_not_moved(settings: Settings, target: dict[str, Database]) -> None:
    files = Database(f"sqlite:///{settings.home / 'people.db'}")
    migrating.downgrade(files, VAULT, "0001")
    files.close()
    with pytest.raises(ConfigurationGap, match="run `zerodrop db migrate`"):
        move(settings, silently)
    assert nothing_there(target)


def test_where_to_must_be_said(settings: Settings) -> None:
    for missing in ({"vault_url": ""}, {"database_url": "sqlite:///other.db"}):
        with pytest.raises(ConfigurationGap, match="ZERODROP_DATABASE_URL and ZERODROP_VAULT_URL"):
            move(settings.model_copy(update=missing), silently)


def test_the_command_moves_a_home_that_then_opens(
    tmp_path: Path, empty_postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_home(Settings(home=tmp_path / "home", database_url="", vault_url="")).close()
    monkeypatch.setenv("ZERODROP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ZERODROP_DATABASE_URL", empty_postgres_database)
    monkeypatch.setenv("ZERODROP_VAULT_URL", empty_postgres_database)
    moved = CliRunner().invoke(command_line(), ["db", "move", "--json"])
    assert moved.exit_code == 0, moved.output
    assert json.loads(moved.stdout)["vault"]["vault_meta"]["rows"] == 1
    open_home(Settings()).close()
    looked = CliRunner().invoke(command_line(), ["db", "check", "--json"])
    assert looked.exit_code == 1, "no erasure reaches the files that are left"
    left = [Path(one["where"]) for one in json.loads(looked.stdout) if one["what"] == "left over"]
    assert [path.name for path in left] == ["zerodrop.db", "people.db"]
    for path in left:
        path.unlink()
    looked = CliRunner().invoke(command_line(), ["db", "check", "--json"])
    assert looked.exit_code == 0, looked.output
    found = {(one["where"], one["what"]): one["found"] for one in json.loads(looked.stdout)}
    assert found["ledger", "row security"] == "on"
    assert found["vault", "integrity"].startswith("1 rows in ")
