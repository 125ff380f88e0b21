"""The log is read forward: (recorded_at, batch, line), whatever order the files were written in, and only what is named."""

from copy import copy
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from records import log
from records.compaction import write_compacted
from records.errors import LogFileWrong
from records.home import DataHome
from records.ledger import LogFile, LogIndex
from records.log import EventLog, write_rows
from records.tables import GRADES, HOUSEHOLD
from tests.records.small import CODE, START, Row, batch_of, commit, log_of, rows_of


def told(rows: pa.Table) -> list[tuple[int, int, int]]:
    """(minute, batch, line) of each row."""
    minutes = [(at - START) // timedelta(minutes=1) for at in rows.column("recorded_at").to_pylist()]
    return list(zip(minutes, rows.column("batch").to_pylist(), rows.column("line").to_pylist(), strict=True))


def write(folder: Path, batches: list[list[int]]) -> EventLog:
    """One file for each batch (numbered from 1), its rows recorded at these minutes, in lines from 1."""
    files = []
    for number, minutes in enumerate(batches, start=1):
        rows = [{"student": 1, "recorded_at": minute, "line": line} for line, minute in enumerate(minutes, start=1)]
        file = write_rows(folder, CODE, HOUSEHOLD, rows_of(HOUSEHOLD, rows))
        files.append(LogFile(**{**vars(file), "batch": number}))
    return EventLog(folder=folder, institution=CODE, index=LogIndex(files=tuple(files), ledger_number=0, epoch=0))


def oracle(batches: list[list[int]]) -> list[tuple[int, int, int]]:
    return sorted(
        (minute, number, line)
        for number, minutes in enumerate(batches, start=1)
        for line, minute in enumerate(minutes, start=1)
    )


many_batches = st.lists(st.lists(st.integers(0, 12), min_size=1, max_size=6), min_size=1, max_size=6)


@given(many_batches)
@settings(max_examples=60, deadline=None)
def test_overlapping_batches_are_read_in_reading_order(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[int]]
) -> None:
    events = write(tmp_path_factory.mktemp("log"), batches)
    assert told(events.rows(HOUSEHOLD)) == oracle(batches)


@given(many_batches, st.lists(st.integers(-1, 14), max_size=5), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_reading_step_by_step_gives_the_same_rows_and_no_later_one(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[int]], limits: list[int], group_rows: int
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(log, "_ROW_GROUP", group_rows)  # a batch of the nation has many row groups
        events = write(tmp_path_factory.mktemp("log"), batches)
    reader = events.reader(HOUSEHOLD)
    found: list[tuple[int, int, int]] = []
    for limit in sorted(limits):
        step = [row for chunk in reader.upto(START + timedelta(minutes=limit)) for row in told(chunk)]
        assert all(minute < limit for minute, _, _ in step)
        found += step
        assert found == [row for row in oracle(batches) if row[0] < limit]
    found += [row for chunk in reader.upto(None) for row in told(chunk)]
    assert found == oracle(batches)


def test_a_batch_of_several_row_groups_is_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_ROW_GROUP", 2)
    events = write(tmp_path, [[1, 2, 3, 4, 5]])
    assert pq.ParquetFile(tmp_path / events.files[0].path).num_row_groups == 3
    assert [told(chunk) for chunk in events.reader(HOUSEHOLD).upto(START + timedelta(minutes=4))] == [
        [(1, 1, 1), (2, 1, 2)], [(3, 1, 3)]
    ]  # fmt: skip


def test_a_record_of_the_very_limit_is_not_known_yet(tmp_path: Path) -> None:
    events = write(tmp_path, [[5]])
    assert events.rows(HOUSEHOLD, until=START + timedelta(minutes=5)).num_rows == 0
    assert events.rows(HOUSEHOLD, until=START + timedelta(minutes=5, milliseconds=1)).num_rows == 1


def test_a_file_that_begins_when_another_ends_goes_by_batch(tmp_path: Path) -> None:
    assert told(write(tmp_path, [[9, 9], [3, 9], [9]]).rows(HOUSEHOLD)) == [
        (3, 2, 1), (9, 1, 1), (9, 1, 2), (9, 2, 2), (9, 3, 1)
    ]  # fmt: skip


@pytest.mark.parametrize("wrong", ["unit", "missing", "order"])
def test_rows_in_a_wrong_shape_are_refused(tmp_path: Path, wrong: str) -> None:
    rows = rows_of(HOUSEHOLD, [{"student": 1}])
    place = rows.schema.get_field_index("recorded_at")
    shapes = {
        "unit": rows.set_column(place, "recorded_at", rows.column("recorded_at").cast(pa.timestamp("us", tz="UTC"))),
        "missing": rows.drop_columns(["members"]),
        "order": rows.select(list(reversed(rows.column_names))),
    }
    with pytest.raises(ValueError, match="rows for household do not have its schema"):
        write_rows(tmp_path, CODE, HOUSEHOLD, shapes[wrong])
    assert not list(tmp_path.rglob("*.parquet"))


def test_rows_of_another_table_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="rows for grades do not have its schema"):
        write_rows(tmp_path, CODE, GRADES, rows_of(HOUSEHOLD, [{"student": 1}]))


def test_a_file_is_described_by_its_rows_and_moments(tmp_path: Path) -> None:
    rows: list[Row] = [{"student": 1, "recorded_at": minute} for minute in (7, 3, 5)]
    file = write_rows(tmp_path, CODE, HOUSEHOLD, rows_of(HOUSEHOLD, rows))
    assert (file.rows, file.table) == (3, "household")
    assert file.first_recorded_at == START + timedelta(minutes=3)
    assert file.last_recorded_at == START + timedelta(minutes=7)
    assert file.path.startswith(f"{CODE}/household/")


def test_nothing_is_read_that_the_ledger_does_not_name(home: DataHome) -> None:
    named = write_rows(home.logs, CODE, HOUSEHOLD, rows_of(HOUSEHOLD, [{"student": 1, "members": 4}]))
    write_rows(home.logs, CODE, HOUSEHOLD, rows_of(HOUSEHOLD, [{"student": 2, "members": 5}]))
    (home.logs / CODE / "household" / "broken.parquet").write_bytes(b"not a file of ours")
    commit(home, batch_of(files=[named]))
    assert log_of(home).rows(HOUSEHOLD).column("student").to_pylist() == [1]


def test_only_the_columns_asked_for_are_read(home: DataHome) -> None:
    rows = rows_of(HOUSEHOLD, [{"student": 3, "members": 4, "happened_on": date(2025, 6, 1)}])
    commit(home, batch_of(files=[write_rows(home.logs, CODE, HOUSEHOLD, rows)]))
    read = log_of(home).rows(HOUSEHOLD, columns=["student", "members"])
    assert read.column_names == ["student", "members"]


def test_an_empty_table_of_the_log_has_its_schema(home: DataHome) -> None:
    read = log_of(home).rows(GRADES)
    assert read.num_rows == 0
    assert read.column_names == [*GRADES.schema.names, "batch"]


# Damaged files


def spread(folder: Path, *, compacted: bool) -> EventLog:
    """One file whose values are all over its pages."""
    rows = [
        {"student": number % 97, "recorded_at": number // 9, "line": number, "travel_km": (number * 7919) % 1000 / 7}
        for number in range(3_000)
    ]
    file = write_rows(folder, CODE, HOUSEHOLD, rows_of(HOUSEHOLD, rows))
    if compacted:
        there = folder / file.path
        held = pq.read_table(there)
        more = {"institution": pa.array([0] * len(held), pa.int32()), "batch": pa.array([1] * len(held), pa.int32())}
        for name, values in more.items():
            held = held.append_column(name, values)
        with there.open("wb") as sink:
            write_compacted(sink, HOUSEHOLD, iter([held]))
    return EventLog(folder=folder, institution=CODE, index=LogIndex(files=(file,), ledger_number=0, epoch=0))


@pytest.mark.parametrize("compacted", [False, True])
def test_a_damaged_byte_never_becomes_a_value(tmp_path: Path, compacted: bool) -> None:
    events = spread(tmp_path, compacted=compacted)
    (file,) = events.files
    path, whole = tmp_path / file.path, events.rows(HOUSEHOLD)
    written = path.read_bytes()
    footer = len(written) - 8 - int.from_bytes(written[-8:-4], "little")
    refused = 0
    for at in range(4, footer, footer // 150):
        path.write_bytes(written[:at] + bytes([written[at] ^ 0x15]) + written[at + 1 :])
        try:
            found = events.rows(HOUSEHOLD)
        except LogFileWrong:
            refused += 1
        else:
            assert found.equals(whole)  # nobody reads what it hit
    assert refused > 40


@pytest.mark.parametrize("left", [None, 0, 700])
def test_a_file_that_is_missing_or_cut_short_is_named(tmp_path: Path, left: int | None) -> None:
    events = spread(tmp_path, compacted=False)
    (file,) = events.files
    path = tmp_path / file.path
    if left is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(LogFileWrong) as refused:
        events.rows(HOUSEHOLD)
    assert file.path in str(refused.value)
    assert str(copy(refused.value)) == str(refused.value)
