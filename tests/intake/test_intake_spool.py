"""Rows that wait for the log: in order, in ranges, in memory or in files, and what is written is the same."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from records.college import Institution
from records.home import create_home
from records.intake import spool
from records.intake.spool import Spool, in_order
from records.ledger import add_institution
from records.settings import Settings
from records.tables import ATTENDANCE, ENROLMENTS, ROSTER_COUNTS, Table
from tests.intake.desk import CODE, Desk

SCHEMA = pa.schema([("number", pa.int32()), ("line", pa.int32())])


def pieces(sizes: Sequence[Sequence[int]]) -> list[pa.Table]:
    """Tables of the given numbers; `line` counts through all of them."""
    lines = iter(range(10_000))
    return [
        pa.table([pa.array(part, pa.int32()), pa.array([next(lines) for _ in part], pa.int32())], SCHEMA)
        for part in sizes
    ]


def filled(folder: Path, parts: Sequence[Sequence[int]]) -> Spool:
    made = Spool(folder=folder, by="number")
    for piece in pieces(parts):
        made.append(piece)
    return made


def rows(table: pa.Table) -> list[tuple[int, int]]:
    return [(row["number"], row["line"]) for row in table.to_pylist()]


@pytest.fixture(params=[0, 3, 1000], ids=["all in files", "some in files", "all in memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(spool, "IN_MEMORY_ROWS", request.param)
    monkeypatch.setattr(spool, "RANGE_ROWS", 4)
    return tmp_path / "staging"


PARTS = [[5, 5, 1], [], [9, 2, 5], [1, 9], [7, 5, 5, 5]]
FLAT = [number for part in PARTS for number in part]


def test_tables_come_back_in_the_order_in_which_they_came(folder: Path) -> None:
    made = filled(folder, PARTS)
    assert made.rows == len(FLAT)
    assert [row for table in made.tables() for row in rows(table)] == list(zip(FLAT, range(len(FLAT)), strict=True))


def test_ranges_together_hold_every_row_once_and_in_order(folder: Path) -> None:
    made = filled(folder, PARTS)
    ranges = made.ranges()
    assert [high for _, high in ranges[:-1]] == [low for low, _ in ranges[1:]]
    assert ranges[0][0] < min(FLAT)
    assert ranges[-1][1] > max(FLAT)
    expected = sorted(zip(FLAT, range(len(FLAT)), strict=True))
    found = [rows(made.within(low, high)) for low, high in ranges]
    assert all([line for _, line in part] == sorted(line for _, line in part) for part in found)
    assert sorted(row for part in found for row in part) == expected
    assert len(ranges) == 3  # five is more than a range holds and is not torn apart


@settings(deadline=None)
@given(
    st.lists(st.lists(st.integers(-5, 40), max_size=8), max_size=6), st.integers(1, 12), st.sampled_from([0, 5, 1000])
)
def test_no_row_is_lost_whatever_the_sizes(
    tmp_path_factory: pytest.TempPathFactory, parts: list[list[int]], most: int, held: int
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(spool, "RANGE_ROWS", most)
        patched.setattr(spool, "IN_MEMORY_ROWS", held)
        made = filled(tmp_path_factory.mktemp("spool"), parts)
        flat = [number for part in parts for number in part]
        ranges = made.ranges()
        assert (ranges == []) == (flat == [])
        found = [rows(made.within(low, high)) for low, high in ranges]
        assert sorted(row for part in found for row in part) == sorted(zip(flat, range(len(flat)), strict=True))
        for part in found:
            numbers = [number for number, _ in part]
            assert len(numbers) <= most or len(set(numbers)) == 1
        made.close()


def test_what_was_spilled_is_gone_after_closing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "IN_MEMORY_ROWS", 3)
    made = filled(tmp_path, PARTS)
    assert len(list(tmp_path.iterdir())) > 0
    made.close()
    assert list(tmp_path.iterdir()) == []


def test_a_spool_that_keeps_in_memory_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "IN_MEMORY_ROWS", 0)
    made = Spool(folder=tmp_path / "staging", by="number", keeps_in_memory=True)
    for piece in pieces(PARTS):
        made.append(piece)
    assert not (tmp_path / "staging").exists()
    assert [row for table in made.tables() for row in rows(table)] == list(zip(FLAT, range(len(FLAT)), strict=True))


@pytest.mark.skipif(os.name != "posix", reason="only POSIX has these modes")
def test_no_other_account_may_open_what_was_spilled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "IN_MEMORY_ROWS", 3)
    filled(tmp_path / "staging" / "one", PARTS)
    assert (tmp_path / "staging" / "one").stat().st_mode & 0o077 == 0


def test_two_spools_in_one_folder_do_not_share_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "IN_MEMORY_ROWS", 0)
    monkeypatch.setattr(spool, "id", lambda _: 1, raising=False)  # an address is given again when its object is gone
    first, second = filled(tmp_path, [[1, 2]]), filled(tmp_path, [[3]])
    assert [rows(table) for made in (first, second) for table in made.tables()] == [[(1, 0), (2, 1)], [(3, 0)]]


def test_few_rows_leave_no_file(tmp_path: Path) -> None:
    made = filled(tmp_path / "staging", PARTS)
    assert made.rows == len(FLAT)
    assert not (tmp_path / "staging").exists()


def test_reading_order_is_by_moment_and_line() -> None:
    instants = pa.array([2000, 1000, 2000, 1000], pa.int64()).cast(pa.timestamp("ms", tz="UTC"))
    mixed = pa.table({"recorded_at": instants, "line": pa.array([3, 9, 1, 2], pa.int32())})
    assert in_order(mixed).column("line").to_pylist() == [2, 9, 1, 3]
    ordered = in_order(mixed)
    assert in_order(ordered) is ordered


# A whole import, spilled and not


@pytest.fixture
def two_desks(tmp_path: Path) -> Iterator[tuple[Desk, Desk]]:
    desks = []
    for name in ("small", "large"):
        home = create_home(Settings(home=tmp_path / name / "home"))
        add_institution(home.database, Institution(code=CODE, name_th="วิทยาลัยตัวอย่าง", name_en="Example College"))
        (tmp_path / name / "files").mkdir()
        desks.append(Desk(home=home, folder=tmp_path / name / "files"))
    yield desks[0], desks[1]
    for desk in desks:
        desk.home.close()


HEAD = "รหัสนักศึกษา | กลุ่มเรียน | วันที่ | สถานะ | บันทึกเมื่อ"
STUDENTS = {1001 + n: f"ชย.1/{1 + n % 2}" for n in range(12)}


def attendance(
    days: Sequence[int], *, without: Sequence[tuple[int, int]] = (), changed: Sequence[tuple[int, int]] = ()
) -> str:
    """Days of May 2568 of all students, entered two days late in a different order; a few left out or changed."""
    told = [
        f"{code} | {group} | {day}/05/2568 | {'ขาด' if (code, day) in changed else 'มา'} | {day + code % 3}/05/2568 17:0{code % 7}"
        for day in days
        for code, group in STUDENTS.items()
        if (code, day) not in without
    ]
    told.append(f"1001 | ชย.1/1 | {days[0]}/05/2568 | ??? | -")
    return "\n".join([HEAD, *told])


def tell(desk: Desk, *, history: bool) -> list[tuple[object, ...]]:
    """Two weeks, the second with corrections and rows that are gone; what the reports said."""
    desk.roster(STUDENTS, history=history)
    asked: list[dict[str, Any]] = (
        [{"history": True}] * 2 if history else [{"at": "2025-05-24 08:00"}, {"at": "2025-05-31 08:00"}]
    )
    files = [
        attendance([19, 20, 21, 22]),
        attendance([20, 21, 22, 23], without=[(1003, 21), (1006, 22)], changed=[(1005, 20), (1007, 22)]),
    ]
    reports = [desk.bring(told, **more) for told, more in zip(files, asked, strict=True)]
    return [
        (r.rows, r.accepted, r.known, r.quarantined, r.retracted, dict(r.lines), dict(r.warnings), r.newest_day)
        for r in reports
    ]


def as_bytes(desk: Desk, table: Table) -> bytes:
    held = desk.log.rows(table).combine_chunks()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, held.schema) as writer:
        for column in held.columns:
            assert column.num_chunks <= 1
        writer.write_table(held)
    return bytes(sink.getvalue())


@pytest.mark.parametrize("history", [False, True])
def test_an_import_in_ranges_and_files_writes_what_one_in_memory_does(
    two_desks: tuple[Desk, Desk], monkeypatch: pytest.MonkeyPatch, history: bool
) -> None:
    small, large = two_desks
    whole = tell(large, history=history)
    monkeypatch.setattr(spool, "IN_MEMORY_ROWS", 5)
    monkeypatch.setattr(spool, "RANGE_ROWS", 7)
    monkeypatch.setattr("records.intake.files.rows.PART_ROWS", 10)
    assert tell(small, history=history) == whole
    assert [accepted for _, accepted, *_ in whole] == [48, 14]
    assert [(told[3], told[4]) for told in whole] == [(1, 0), (1, 2)]  # quarantined, retracted
    for table in (ATTENDANCE, ENROLMENTS, ROSTER_COUNTS):
        assert large.log.rows(table).num_rows > 0
        assert as_bytes(small, table) == as_bytes(large, table)
    assert not list((small.home.logs / "staging").glob("*"))
