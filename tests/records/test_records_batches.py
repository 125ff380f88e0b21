"""Records appended by the program or by people: one batch, recorded at its commit, or nothing at all."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from records import ledger
from records.batches import append_records, as_rows
from records.codes import OUTCOME_EVENTS
from records.errors import ImportRefused
from records.home import DataHome
from records.ledger import BatchRow, NewBatch, Overtaken
from records.tables import HOUSEHOLD, OUTCOMES, Table
from tests.records.small import CODE, OTHER_CODE, batch_of, commit, log_of

EVENT = OUTCOME_EVENTS.position("LEFT")
LEFT = {"student": 4, "happened_on": date(2025, 6, 2), "event": EVENT}


def parquet_files(home: DataHome) -> list[Path]:
    return sorted(home.logs.rglob("*.parquet"))


def told(day: int = 2) -> dict[Table, pa.Table]:
    return {
        OUTCOMES: as_rows(OUTCOMES, [{**LEFT, "happened_on": date(2025, 6, day)}]),
        HOUSEHOLD: as_rows(HOUSEHOLD, [{"student": 4, "happened_on": date(2025, 6, day), "members": 3}] * 2),
    }


def test_rows_of_two_tables_are_one_batch_recorded_now(home: DataHome) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    number = append_records(home, CODE, told(), source="roster comparison")
    log = log_of(home)
    assert log.ledger_number == number
    [event] = log.rows(OUTCOMES).to_pylist()
    assert (event["student"], event["event"], event["batch"], event["line"]) == (4, EVENT, number, 1)
    assert before <= event["recorded_at"] <= datetime.now(UTC)
    with home.database.read() as session:
        batch = session.get(BatchRow, number)
        assert batch is not None
        assert (batch.source, batch.reconstructed, len(batch.file_sha256)) == ("roster comparison", False, 64)
        assert batch.counts == {
            "rows": 3, "accepted": 3, "known": 0, "fixed": 0, "quarantined": 0, "retracted": 0, "layout": 0,
        }  # fmt: skip


def test_a_table_without_rows_gets_no_file(home: DataHome) -> None:
    append_records(home, CODE, {**told(), HOUSEHOLD: HOUSEHOLD.schema.empty_table()}, source="people")
    assert {file.table for file in log_of(home).files} == {"outcomes"}


def test_no_row_at_all_is_no_batch(home: DataHome) -> None:
    first = append_records(home, CODE, told(), source="people")
    assert append_records(home, CODE, {OUTCOMES: OUTCOMES.schema.empty_table()}, source="people") == first
    assert len(parquet_files(home)) == 2


def test_the_moment_of_the_caller_is_replaced(home: DataHome) -> None:
    rows = as_rows(OUTCOMES, [LEFT])
    place = rows.schema.get_field_index("recorded_at")
    long_ago = pa.array([datetime(2020, 1, 1, tzinfo=UTC)], rows.schema.field(place).type)
    append_records(home, CODE, {OUTCOMES: rows.set_column(place, rows.schema.field(place), long_ago)}, source="people")
    assert log_of(home).rows(OUTCOMES, until=datetime(2021, 1, 1, tzinfo=UTC)).num_rows == 0


def test_behind_a_newer_moment_the_epoch_rises(home: DataHome) -> None:
    append_records(home, CODE, told(), source="people")
    assert log_of(home).epoch == 0
    commit(home, batch_of(recorded_at=datetime.now(UTC) + timedelta(hours=1)))
    append_records(home, CODE, told(3), source="people")
    assert log_of(home).epoch == 1


def test_overtaken_once_it_is_recorded_after_the_other_batch(home: DataHome, monkeypatch: pytest.MonkeyPatch) -> None:
    real = ledger.commit
    others: list[int] = []

    def overtaken_once(database: object, batch: NewBatch, *, after: int, epoch: int) -> int:
        if not others:
            others.append(commit_other())
        return real(home.database, batch, after=after, epoch=epoch)

    def commit_other() -> int:
        return real(home.database, batch_of(), after=after_now())

    def after_now() -> int:
        return ledger.log_index(home.database, CODE).ledger_number

    monkeypatch.setattr(ledger, "commit", overtaken_once)
    assert append_records(home, CODE, told(), source="people") > others[0]
    assert len(parquet_files(home)) == len(log_of(home).files) == 2


def test_overtaken_three_times_nothing_stays(home: DataHome, monkeypatch: pytest.MonkeyPatch) -> None:
    def always(*_: object, **__: object) -> int:
        raise Overtaken

    monkeypatch.setattr(ledger, "commit", always)
    with pytest.raises(ImportRefused, match="three times"):
        append_records(home, CODE, told(), source="people")
    assert parquet_files(home) == []


def test_a_wrong_table_leaves_no_file_of_the_right_one(home: DataHome) -> None:
    wrong = {**told(), HOUSEHOLD: as_rows(HOUSEHOLD, [{"student": 4}]).drop_columns(["members"])}
    with pytest.raises(ValueError, match="household do not have its schema"):
        append_records(home, CODE, wrong, source="people")
    assert parquet_files(home) == []
    assert log_of(home).ledger_number == 0


def test_another_institution_is_not_touched(home: DataHome) -> None:
    append_records(home, CODE, told(), source="people")
    assert log_of(home, OTHER_CODE).files == ()
