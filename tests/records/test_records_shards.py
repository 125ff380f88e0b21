"""Shards: whole institutions side by side; their log tells what the logs of the single ones tell, with shifted numbers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from records import ledger, log_file
from records.audit import AuditRow
from records.errors import ConfigurationGap
from records.home import DataHome
from records.ledger import LogFile, LogIndex
from records.log import EventLog, write_rows
from records.shards import Member, Shard, cut, open_shard, shards_of
from records.tables import ATTENDANCE, CALENDAR, ENROLMENTS, HOUSEHOLD, SAME_PERSON, Table
from tests.records.small import CODE, OTHER_CODE, START, Row, batch_of, commit, institution, log_of, place, rows_of

members = st.lists(
    st.builds(Member, code=st.integers(0, 999).map(str), province=st.sampled_from("กขค"), students=st.integers(0, 90)),
    max_size=30,
    unique_by=lambda one: one.code,
)


@given(members, st.integers(1, 150))
def test_shards_are_whole_institutions_in_order_of_area_and_not_too_large(given: list[Member], about: int) -> None:
    shards = cut(given, about)
    ordered = sorted(given, key=lambda one: (one.province, one.code))
    assert [code for shard in shards for code in shard.institutions] == [one.code for one in ordered]
    size = {one.code: one.students for one in given}
    for shard, following in zip_longest(shards, shards[1:]):
        held = sum(size[code] for code in shard.institutions)
        assert held <= about or len(shard.institutions) == 1
        if following is not None:
            assert held + size[following.institutions[0]] > about
    assert len({shard.name for shard in shards}) == len(shards)


def test_the_institutions_of_a_home_are_cut_by_their_students(home: DataHome) -> None:
    place(home, {0: "1", 1: "1", 2: "1"})
    place(home, {0: "1"}, code=OTHER_CODE)
    assert [shard.institutions for shard in shards_of(home)] == [(CODE, OTHER_CODE)]
    assert [shard.institutions for shard in shards_of(home, about=3)] == [(CODE,), (OTHER_CODE,)]
    assert shards_of(home, [OTHER_CODE]) == [Shard(name=OTHER_CODE, institutions=(OTHER_CODE,))]
    with pytest.raises(ConfigurationGap):
        shards_of(home, ["nowhere"])


def test_a_shard_that_leaves_somebody_out_has_a_name_of_its_own(home: DataHome) -> None:
    between = next(code for code in (f"{int(CODE) + step}" for step in range(-3, 3)) if code not in (CODE, OTHER_CODE))
    ledger.add_institution(home.database, institution(between))
    codes = sorted([CODE, OTHER_CODE, between])
    (every,) = shards_of(home)
    assert every == Shard(name=f"{codes[0]}..{codes[-1]}", institutions=tuple(codes))
    (outer,) = shards_of(home, [codes[0], codes[-1]])
    assert outer.institutions == (codes[0], codes[-1])
    assert outer.name.startswith(f"{every.name}~")
    (neighbours,) = shards_of(home, codes[:2])
    assert neighbours.name == f"{codes[0]}..{codes[1]}"


def bring(home: DataHome, code: str, table: Table, rows: Sequence[Row]) -> int:
    return commit(home, batch_of(code=code, files=[write_rows(home.logs, code, table, rows_of(table, rows))]))


def two_institutions(home: DataHome) -> EventLog:
    """Numbers 0–2 and 0–4, batches in turns, one history behind, links and calendars."""
    for week in range(3):
        for code, size in ((CODE, 3), (OTHER_CODE, 5)):
            marks = [{"student": s, "line": s, "recorded_at": week * 10, "status": (s + week) % 3} for s in range(size)]
            bring(home, code, ATTENDANCE, marks)
            bring(
                home, code, CALENDAR, [{"academic_year": 2025, "term": 1, "kind": 0, "recorded_at": week, "line": week}]
            )
    bring(home, CODE, ATTENDANCE, [{"student": s, "line": s, "recorded_at": 3 * s} for s in range(3)])
    bring(home, OTHER_CODE, SAME_PERSON, [{"student": 4, "same_as": 1}])
    groups: list[Row] = [
        {"student": s, "academic_year": 2025, "term": 1, "level": 1, "class_group": f"g{s}"} for s in range(5)
    ]
    bring(home, OTHER_CODE, ENROLMENTS, groups)
    return open_shard(home, Shard(name="both", institutions=(CODE, OTHER_CODE)), actor="test", purpose="test")


def of_one(rows: pa.Table, log: EventLog, place: int, table: Table) -> list[dict[str, Any]]:
    """What a shard tells of one institution, in that institution's own numbers."""
    first, numbers = int(log.offsets[place]), ("student", "same_as") if table is SAME_PERSON else ("student",)
    own = [row for row in rows.to_pylist() if row.pop("institution") == place]
    return [{name: value - first if name in numbers else value for name, value in row.items()} for row in own]


@pytest.mark.parametrize("table", [ATTENDANCE, CALENDAR, SAME_PERSON, ENROLMENTS], ids=lambda table: table.name)
def test_a_shard_tells_what_its_institutions_tell(home: DataHome, table: Table) -> None:
    both = two_institutions(home)
    assert both.institutions == (CODE, OTHER_CODE)
    assert both.offsets.tolist() == [0, 3, 8]
    columns = [*table.schema.names, "batch", "institution"]
    for minute in (0, 4, 15, 60):
        until = START + timedelta(minutes=minute)
        told = both.rows(table, until, columns)
        for position, code in enumerate((CODE, OTHER_CODE)):
            single = log_of(home, code).rows(table, until, [*table.schema.names, "batch"]).to_pylist()
            assert of_one(told, both, position, table) == [
                {name: value for name, value in row.items() if name != "institution"} for row in single
            ]


def test_a_shard_is_read_step_by_step(home: DataHome) -> None:
    both = two_institutions(home)
    reader, columns = both.reader(ATTENDANCE, ["student", "recorded_at"]), ["student", "recorded_at"]
    found: list[dict[str, Any]] = []
    for minute in range(0, 30, 4):
        limit = START + timedelta(minutes=minute)
        step = [row for chunk in reader.upto(limit) for row in chunk.to_pylist()]
        assert all(row["recorded_at"] < limit for row in step)
        found += step
        known = both.rows(ATTENDANCE, limit, columns).to_pylist()
        assert sorted(map(str, found)) == sorted(map(str, known))
    assert len(found) == both.rows(ATTENDANCE).num_rows


def test_opening_a_shard_is_recorded_for_each_institution_and_tells_the_newest_batch_of_each(home: DataHome) -> None:
    both = two_institutions(home)
    with home.database.read() as session:
        looks = [(row.institution, row.action) for row in session.query(AuditRow)]
    assert looks == [(CODE, "open log"), (OTHER_CODE, "open log")]
    assert both.ledger_number == max(both.ledger_numbers) == both.ledger_numbers[1]
    assert both.ledger_numbers[0] == log_of(home).ledger_number
    early = open_shard(
        home, Shard(name="both", institutions=(CODE, OTHER_CODE)), actor="test", purpose="test", until_batch=2
    )
    assert early.rows(ATTENDANCE).num_rows == 3
    assert early.ledger_numbers == (2, 2)


def test_numbers_that_the_ledger_placed_and_no_file_tells_have_room(home: DataHome) -> None:
    place(home, {0: "1", 6: "1"})
    bring(home, OTHER_CODE, HOUSEHOLD, [{"student": 1}])
    both = open_shard(home, Shard(name="both", institutions=(CODE, OTHER_CODE)), actor="test", purpose="test")
    assert both.offsets.tolist() == [0, 7, 9]
    assert both.rows(HOUSEHOLD).column("student").to_pylist() == [8]


# What statistics tell is not decoded


class Watched(pq.ParquetFile):  # type: ignore[misc]
    """A file that remembers which columns were decoded."""

    decoded: tuple[list[str], ...] = ()

    def read_row_group(self, i: int, columns: list[str] | None = None, **more: Any) -> pa.Table:
        Watched.decoded = (*Watched.decoded, sorted(columns or []))
        assert more == {"use_threads": False}
        return super().read_row_group(i, columns=columns, **more)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> type[Watched]:
    monkeypatch.setattr(log_file.pq, "ParquetFile", Watched)
    monkeypatch.setattr(Watched, "decoded", ())
    return Watched


def a_log(folder: Path, table: Table, rows: Sequence[Row]) -> EventLog:
    files: list[LogFile] = [replace(write_rows(folder, CODE, table, rows_of(table, rows)), batch=1)]
    return EventLog(folder=folder, institution=CODE, index=LogIndex(files=tuple(files), ledger_number=1, epoch=0))


@pytest.mark.parametrize(("minute", "columns"), [(9, ["student"]), (5, ["recorded_at", "student"])])
def test_times_are_decoded_only_where_the_limit_cuts(
    tmp_path: Path, decoded: type[Watched], minute: int, columns: list[str]
) -> None:
    log = a_log(tmp_path, HOUSEHOLD, [{"student": s, "recorded_at": s} for s in range(8)])
    read = log.rows(HOUSEHOLD, START + timedelta(minutes=minute), ["student", "retracted", "members", "happened_on"])
    assert read.column("student").to_pylist() == list(range(min(minute, 8)))
    assert read.column("members").null_count == read.num_rows
    assert set(read.column("happened_on").to_pylist()) == {date(2025, 6, 1)}
    assert decoded.decoded == (columns,)


def test_row_groups_after_the_limit_and_outside_of_a_range_are_not_decoded(
    tmp_path: Path, decoded: type[Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("records.log._ROW_GROUP", 2)
    log = a_log(tmp_path, HOUSEHOLD, [{"student": s, "recorded_at": s} for s in range(8)])
    assert log.rows(HOUSEHOLD, START + timedelta(minutes=3), ["student"]).num_rows == 3
    assert decoded.decoded == (["student"], ["recorded_at", "student"])
    part = log.rows(HOUSEHOLD, within=log_file.Within(column="student", low=4, high=5), columns=["student"])
    assert part.column("student").to_pylist() == [4]
    assert len(decoded.decoded) == 3


values = st.lists(
    st.tuples(st.one_of(st.none(), st.booleans()), st.one_of(st.none(), st.integers(0, 2)), st.sampled_from(["ก", "ข", None])),
    min_size=1, max_size=6,
)  # fmt: skip


@given(values)
@settings(max_examples=40, deadline=None)
def test_columns_made_from_statistics_are_those_of_the_file(
    tmp_path_factory: pytest.TempPathFactory, told: list[tuple[bool | None, int | None, str | None]]
) -> None:
    folder = tmp_path_factory.mktemp("log")
    rows = [
        {"student": 7, "term": whole, "level": whole, "entry_gpa": whole, "registered_on": date(2025, 5, 1 + whole) if whole else None,
         "retracted": bool(flag), "class_group": text}
        for flag, whole, text in told
    ]  # fmt: skip
    log = a_log(folder, ENROLMENTS, rows)
    assert log.rows(ENROLMENTS).drop_columns(["batch"]).equals(pq.read_table(folder / log.files[0].path))
    texts = log.reader(ENROLMENTS, ["class_group"], dictionaries=True)
    [chunk] = texts.upto(None)
    assert pa.types.is_dictionary(chunk.schema.field("class_group").type)
    assert chunk.column("class_group").to_pylist() == [text for _, _, text in told]


def test_a_column_that_a_table_got_later_is_empty_in_older_files(tmp_path: Path) -> None:
    log = a_log(tmp_path, ATTENDANCE, [{"student": 1, "status": 1}])
    older = pq.read_table(tmp_path / log.files[0].path).drop_columns(["course_code"])
    pq.write_table(older, tmp_path / log.files[0].path)
    assert log.rows(ATTENDANCE).schema.names == [*ATTENDANCE.schema.names, "batch"]
    assert log.rows(ATTENDANCE).column("course_code").to_pylist() == [None]
    assert np.array_equal(log.offsets, [0, 2])
