"""What is over its time is deleted, what is not stays, and the trail still verifies."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import DatabaseError

from records import audit, lists, sign_ins
from records.audit import AuditCutRow, AuditRow
from records.corrections import corrections, decide
from records.database import Database
from records.erasure_tables import CorrectionRow, ErasureRow
from records.errors import UserError
from records.home import DataHome
from records.integrity import leave_no_remains
from records.list_tables import ListEntryRow, PublicationRow
from records.quarantine import KeptFileRow, OriginalCell, QuarantinedRow
from records.retention import prune
from records.staff import AccountRow, ApiKeyRow, IdempotencyRow, LoginAttemptRow, SessionRow
from tests.records.erasing import OWN, TWIN, Told, fill, traces
from tests.records.small import CODE

NOW = datetime(2026, 11, 16, 18, 30, tzinfo=UTC)  # 17 November in Bangkok
TODAY = date(2026, 11, 17)


@pytest.fixture
def told(home: DataHome) -> Iterator[Told]:
    with mock.patch.object(audit, "datetime", wraps=datetime) as clock:
        clock.now.return_value = NOW
        yield fill(home)


def counted(home: DataHome, **said: Any) -> dict[str, int]:
    return {one.kind: one.rows for one in prune(home, **{"now": NOW, "dry_run": False, **said}) if one.rows}


def rows(home: DataHome, table: Any, *, vault: bool = False) -> int:
    with (home.vault_database if vault else home.database).read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def made_on(home: DataHome, told: Told, day: date) -> None:
    with home.database.write() as session:
        session.execute(update(PublicationRow).values(as_of=day))


@pytest.mark.parametrize(("days", "over"), [(140, False), (141, True)])
def test_scores_and_reasons_go_a_term_after_their_day_and_the_places_stay(
    home: DataHome, told: Told, days: int, over: bool
) -> None:
    made_on(home, told, TODAY - timedelta(days=days))
    found = counted(home)
    assert (found.get("lists"), found.get("scores")) == ((1, 3) if over else (None, None))
    with home.database.read() as session:
        publication = session.get_one(PublicationRow, told.publication)
        entries = session.scalars(select(ListEntryRow).order_by(ListEntryRow.rank)).all()
    assert (publication.pruned_at == NOW) is over
    assert [(row.rank, row.band, row.student_id, row.number) for row in entries] == [
        (number + 1, "watch", student_id, number) for number, student_id in told.ids.items()
    ]
    assert all((row.probability is None) is over and bool(row.reasons) is not over for row in entries)
    with home.database.read() as session:
        assert len(lists.entries_of(session, told.publication)) == 3
        assert lists.numbers_in_band(session, told.publication, "watch") == set(told.ids)


def test_a_dry_run_counts_and_changes_nothing(home: DataHome, told: Told) -> None:
    made_on(home, told, date(2025, 6, 9))
    age(home)
    expected = counted(home, dry_run=True)
    assert expected == {
        "lists": 1, "scores": 3, "sessions": 1, "keys": 2, "failures": 1, "answers": 1, "codes": 1, "looks": 2,
        "quarantine": 5, "cells": 3, "files": 1, "corrections": 1,
    }  # fmt: skip
    assert counted(home, dry_run=True) == expected
    assert counted(home) == expected
    assert counted(home) == {}


def age(home: DataHome) -> None:
    """Something of every kind that is over its time, and beside it the same that is not."""
    account = AccountRow(login="kru.a", name="ครู", role="advisor", institution=CODE)
    with home.database.write() as session:
        session.add(account)
        session.flush()
        for days in (89, 91):
            token, at = bytes([days]), NOW - timedelta(days=days)
            sign_ins.open_session(session, token_hash=token, account_id=account.id, now=at, browser="", complete=True)
            session.add_all([
                key(f"a{days}", expires_at=at), key(f"b{days}", expires_at=NOW + timedelta(days=9), revoked_at=at)
            ])  # fmt: skip
        session.add_all(LoginAttemptRow(subject=b"x", at=NOW - timedelta(hours=hours)) for hours in (1, 25))
        for hours in (1, 49):
            body = bytes([hours])
            session.add(
                IdempotencyRow(key_hash=body, body_hash=body, status=200, answer={}, at=NOW - timedelta(hours=hours))
            )
        session.execute(update(IdempotencyRow).where(IdempotencyRow.at < NOW - timedelta(days=9)).values(at=NOW))
        for number, left in enumerate((-1, 1)):
            session.add(
                AccountRow(
                    login=f"new{number}", name="ครู", role="advisor", institution=CODE, activation_hash=b"h",
                    activation_until=NOW + timedelta(hours=left),
                )
            )  # fmt: skip
    _age_trail(home)
    [asked] = corrections(home, CODE, actor="office")
    decide(home, asked.id, corrected=True, answer="แก้แล้ว", actor="office")
    with home.vault_database.write() as session:
        for table in (QuarantinedRow, OriginalCell, KeptFileRow):
            session.execute(update(table).values(created_at=NOW - timedelta(days=181)))
        session.execute(update(CorrectionRow).values(decided_at=NOW - timedelta(days=731)))


def key(name: str, *, expires_at: datetime, revoked_at: datetime | None = None) -> ApiKeyRow:
    return ApiKeyRow(
        id=name, secret_hash=b"", label="", scopes=[], institutions=[], made_by="root", made_at=NOW,
        expires_at=expires_at, revoked_at=revoked_at,
    )  # fmt: skip


def _age_trail(home: DataHome) -> None:
    """The trail anew, of which two rows are two years and a day old, and one is younger: written as it would have been then."""
    with home.database.write() as session:
        newest = session.scalars(select(AuditRow).order_by(AuditRow.id.desc()).limit(1)).one()
        session.add(AuditCutRow(through=newest.id, hash=newest.hash, at=NOW, actor="test"))
        session.flush()
        session.execute(AuditRow.__table__.delete())  # type: ignore[attr-defined]
    with mock.patch.object(audit, "datetime", wraps=datetime) as clock:
        for days in (731, 731, 729):
            clock.now.return_value = NOW - timedelta(days=days)
            with home.database.write() as session:
                audit.record_look(session, actor="kru.a", action="see list", institution=CODE)


def test_the_chain_goes_on_from_the_cut_and_verifies(home: DataHome, told: Told) -> None:
    age(home)
    before = audit.verify(home.database)
    assert before.sound
    with home.database.read() as session:
        kept = session.scalar(select(func.max(AuditRow.id)))
    counted(home)
    after = audit.verify(home.database)
    assert after.sound, after.findings
    assert not after.findings
    assert after.rows == before.rows - 2 + 1, "the cut itself is a row"
    with home.database.read() as session:
        newest = session.scalars(select(AuditRow).order_by(AuditRow.id.desc()).limit(1)).one()
        assert (newest.action, newest.detail, newest.id) == ("cut audit", {"rows": 2}, (kept or 0) + 1)


def test_a_trail_of_which_everything_is_old_goes_whole_and_begins_again(home: DataHome) -> None:
    with mock.patch.object(audit, "datetime", wraps=datetime) as clock:
        clock.now.return_value = NOW - timedelta(days=800)
        fill(home)
    assert counted(home, now=NOW)["looks"] >= 2
    assert rows(home, AuditRow) == 1
    assert audit.verify(home.database).sound


def test_without_a_cut_nobody_deletes_a_look(home: DataHome, told: Told) -> None:
    with pytest.raises((DatabaseError, UserError)), home.database.write() as session:
        session.execute(AuditRow.__table__.delete())  # type: ignore[attr-defined]
    assert rows(home, AuditRow) == 2


def test_what_is_kept_longer_by_the_settings_is_kept_longer(home: DataHome, told: Told) -> None:
    made_on(home, told, date(2025, 6, 9))
    age(home)
    longer = home.settings.model_copy(
        update={"keep_scores_days": 900, "keep_audit_days": 900, "keep_sessions_days": 200, "keep_quarantine_days": 200}
    )
    found = counted(replace(home, settings=longer))
    assert found == {"failures": 1, "answers": 1, "codes": 1}


def test_nothing_of_what_was_deleted_is_left_in_the_files(home: DataHome, told: Told) -> None:
    made_on(home, told, date(2025, 6, 9))
    assert traces(home.settings.home, "missed_run_now") == ["zerodrop.db"]
    counted(home)
    assert traces(home.settings.home, "missed_run_now") == []


def test_an_erasure_that_stopped_is_carried_out(home: DataHome, told: Told) -> None:
    with home.database.write() as session:
        session.add(
            ErasureRow(
                student_id=told.ids[OWN], institution=CODE, number=OWN, asked_at=NOW, actor="office", reason="asked"
            )
        )
    assert counted(home)["erasures"] == 1
    assert home.vault.names(told.ids.values()).keys() >= {told.ids[TWIN]}
    assert not home.vault.names([told.ids[OWN]])


def test_a_database_in_use_is_told_and_nothing_is_lost(home: DataHome, told: Told) -> None:
    impatient = Database(home.settings.database_address)
    with home.database.write() as session:
        session.add(LoginAttemptRow(subject=uuid4().bytes, at=NOW))
        session.flush()
        with (
            mock.patch("records.database._BUSY_SECONDS", 0),
            pytest.raises(UserError, match="could not be written anew while it was in use"),
        ):
            leave_no_remains(impatient, vault=False)
    impatient.close()
    assert rows(home, LoginAttemptRow) == 1
    assert rows(home, SessionRow) == 0


def test_a_reader_that_holds_the_journal_is_told(tmp_path: Path) -> None:
    """In WAL mode the old pages stay beside the database for as long as somebody reads them."""
    with (
        mock.patch("records.database.journal_mode", return_value="WAL"),
        mock.patch("records.database._BUSY_SECONDS", 0),
    ):
        database = Database(f"sqlite:///{tmp_path / 'a.db'}")
        with database.engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE t (x)")
        with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM t").fetchall()
            with pytest.raises(UserError, match="could not be written anew while it was in use"):
                leave_no_remains(database, vault=False)
            reader.execute("COMMIT")
            leave_no_remains(database, vault=False)
        database.close()


def test_an_erasure_that_cannot_go_on_leaves_no_traces_of_what_was_deleted(home: DataHome, told: Told) -> None:
    made_on(home, told, TODAY - timedelta(days=141))
    stuck = mock.patch("records.retention.finish", side_effect=UserError("damaged"))
    with stuck, pytest.raises(UserError, match="damaged"):
        prune(home, now=NOW, dry_run=False)
    assert traces(home.settings.home, "missed_run_now") == []


def test_a_clock_of_buddhist_years_deletes_nothing(home: DataHome, told: Told) -> None:
    with pytest.raises(UserError, match="looks like a Buddhist year"):
        prune(home, now=NOW.replace(year=2569), dry_run=False)
    assert rows(home, AuditRow) > 0
    assert rows(home, OriginalCell, vault=True) == 3
