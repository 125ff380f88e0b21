"""Erasure, retention, backup and restore on PostgreSQL, with its own tools."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from records import audit, lists
from records.backup import backup, verify
from records.erasure import erase
from records.erasure_tables import ErasureRow
from records.errors import UserError
from records.home import DataHome, create_home, open_home
from records.ledger import add_institution
from records.ledger_tables import StudentRow
from records.list_tables import ListEntryRow
from records.person_tables import Identifier, StudentName
from records.restoring import restore
from records.retention import prune
from records.settings import Settings
from tests.postgres import PostgresServer
from tests.records.erasing import FRIEND, OWN, TWIN, fill
from tests.records.small import CODE, OTHER_CODE, institution
from tests.records.test_records_erasure import rows_of_log, without

pytestmark = pytest.mark.postgresql
NOW = datetime(2026, 11, 16, 18, 30, tzinfo=UTC)


@pytest.fixture
def home(empty_postgres_database: str, tmp_path: Path) -> Iterator[DataHome]:
    url = empty_postgres_database
    opened = create_home(Settings(home=tmp_path / "home", database_url=url, vault_url=url))
    for code in (CODE, OTHER_CODE):
        add_institution(opened.database, institution(code))
    yield opened
    opened.close()


def test_after_an_erasure_nothing_leads_to_the_person(home: DataHome) -> None:
    told = fill(home)
    before = rows_of_log(home)
    erase(home, CODE, told.ids[OWN], actor="office", reason="asked")
    assert rows_of_log(home) == without(before, OWN)
    with home.vault_database.read() as session:
        for table in (StudentName, Identifier):
            assert set(session.scalars(sa.select(table.student_id))) <= {told.ids[TWIN], told.ids[FRIEND]}
    with home.database.read() as session:
        assert set(session.scalars(sa.select(StudentRow.number))) == {TWIN, FRIEND}
        assert set(session.scalars(sa.select(ListEntryRow.number))) == {-1, TWIN, FRIEND}
        assert session.scalars(sa.select(ErasureRow.done_at)).one() is not None
    assert audit.verify(home.database).sound


def test_scores_and_old_looks_go_and_the_chain_goes_on(home: DataHome) -> None:
    fill(home)
    later = datetime.now(UTC) + timedelta(days=731)
    found = {one.kind: one.rows for one in prune(home, now=later, dry_run=False)}
    assert (found["lists"], found["scores"], found["quarantine"]) == (1, 3, 5)
    assert found["looks"] >= 2
    with home.database.read() as session:
        assert set(session.scalars(sa.select(ListEntryRow.probability))) == {None}
    assert audit.verify(home.database).sound


def test_the_drill_with_pg_dump_and_pg_restore(home: DataHome, postgres: PostgresServer, tmp_path: Path) -> None:
    told = fill(home)
    made = backup(home, tmp_path / "backups", now=NOW)
    assert verify(made.path) == []
    assert {path.name for path in made.path.glob("*.dump")} == {"zerodrop.dump", "people.dump"}
    erase(home, CODE, told.ids[OWN], actor="office", reason="asked")
    name = postgres.make()
    url = make_url(postgres.url(name)).render_as_string(hide_password=False)
    settings = Settings(home=tmp_path / "new", database_url=url, vault_url=url, key_file=home.settings.key_path)
    try:
        done = restore(made.path, settings, erasures=[home.settings.home / "erasures.jsonl"])
        assert done.erased == 1
        again = open_home(settings)
        try:
            assert rows_of_log(again) == rows_of_log(home)
            assert again.vault.names(told.ids.values()).keys() == {told.ids[TWIN], told.ids[FRIEND]}
            with again.database.read() as session:
                assert len(lists.entries_of(session, told.publication)) == 3
            assert audit.verify(again.database).sound
        finally:
            again.close()
    finally:
        postgres.drop(name)


def test_a_restore_that_stops_names_the_database_that_it_filled(
    home: DataHome, postgres: PostgresServer, tmp_path: Path
) -> None:
    """The second database is not empty: the one of this home."""
    fill(home)
    made = backup(home, tmp_path / "backups", now=NOW)
    name = postgres.make()
    url = make_url(postgres.url(name)).render_as_string(hide_password=False)
    taken, key = home.settings.vault_url, home.settings.key_path
    try:
        with pytest.raises(UserError) as refused:
            restore(made.path, Settings(home=tmp_path / "new", database_url=url, vault_url=taken, key_file=key))
        assert f"The restore stopped, and {name} on PostgreSQL is filled" in str(refused.value)
        assert not (tmp_path / "new").exists()
        with pytest.raises(UserError) as again:
            restore(made.path, Settings(home=tmp_path / "new", database_url=taken, vault_url=taken, key_file=key))
        assert "is filled" not in str(again.value), "nothing was put into it"
    finally:
        postgres.drop(name)
