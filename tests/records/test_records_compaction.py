"""Compaction changes how rows lie on the disk and nothing else: not which there are, nor their order, nor what is read of them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records import compaction, ledger
from records.compaction import Compaction, compact
from records.home import DataHome, create_home
from records.intake.undo import undo_batch
from records.ledger import BatchRow, LogFile
from records.log import EventLog
from records.log_file import Within
from records.log_order import groups_of
from records.settings import Settings
from records.shards import Shard, open_shard
from records.tables import ATTENDANCE, HOUSEHOLD, SCREENING_SENSITIVE
from tests.records.compacting import BOTH, LATER, bring, by_institution, logs, mark, told, two_weeks, week
from tests.records.small import CODE, OTHER_CODE, START, institution

THIRD_CODE = "1320026103"


def test_the_same_rows_in_the_same_order_from_fewer_files(home: DataHome) -> None:
    two_weeks(home)
    before, offsets = told(home), logs(home)[CODE, OTHER_CODE].offsets.tolist()
    done = compact(home, BOTH, LATER)
    assert told(home) == before
    assert logs(home)[CODE, OTHER_CODE].offsets.tolist() == offsets
    assert done.files == (20, 5)
    assert done.rows == sum(len(rows) for names, rows in by_institution(before).items())
    on_disk = {str(path.relative_to(home.logs)) for path in home.logs.rglob("*.parquet")}
    assert done.bytes[1] == sum((home.logs / path).stat().st_size for path in on_disk if path.startswith("compacted/"))
    assert len(on_disk) == 25, "readers may still have the old ones open"


def test_a_sensitive_table_stays_sealed(home: DataHome) -> None:
    two_weeks(home)
    compact(home, BOTH, LATER)
    [sealed] = (home.logs / "compacted" / SCREENING_SENSITIVE.name).iterdir()
    with pytest.raises(pa.ArrowInvalid):
        pq.ParquetFile(sealed)


def test_compacting_again_changes_nothing(home: DataHome) -> None:
    two_weeks(home)
    compact(home, BOTH, LATER)
    index, files = ledger.shard_index(home.database, BOTH.institutions), sorted(home.logs.rglob("*"))
    assert compact(home, BOTH, LATER) == Compaction(
        shard=BOTH, rows=0, files=(5, 5), bytes=(size := sum((home.logs / f.path).stat().st_size for f in index.files if f.position == 0), size)
    )  # fmt: skip
    assert ledger.shard_index(home.database, BOTH.institutions) == index
    assert sorted(home.logs.rglob("*")) == files


def test_later_weeks_join_and_the_number_of_files_stays_small(home: DataHome) -> None:
    for number in range(1, 5):
        week(home, CODE, number)
        week(home, OTHER_CODE, number, students=6)
        before = told(home)
        assert compact(home, BOTH, LATER).files[1] == 5
        assert told(home) == before


def test_batches_of_the_open_week_stay_as_they_are(home: DataHome) -> None:
    closed, opened_by = week(home, CODE, 1), week(home, CODE, 2)
    late = week(home, CODE, 3)
    with (
        home.database.write() as session
    ):  # the second was committed in the open week, by a clock that was set back after it
        for number, day in ((closed, 2), (opened_by, 9), (late, 3)):
            batch = session.get(BatchRow, number)
            assert batch is not None
            batch.committed_at = datetime(2025, 6, day, tzinfo=UTC)
    before = told(home)
    compact(home, Shard(name=CODE, institutions=(CODE,)), date(2025, 6, 9))
    assert told(home) == before
    batches = {file.batch for file in logs(home)[CODE,].files if file.position is None}
    assert batches == {opened_by, late}
    assert {file.batch for file in logs(home)[CODE,].files if file.position is not None} == {closed}


def test_the_log_as_of_a_batch_does_not_change(home: DataHome) -> None:
    numbers = [week(home, code, number) for number in range(1, 4) for code in (CODE, OTHER_CODE)]
    before = {number: by_institution(told(home, number)) for number in numbers}
    compact(home, BOTH, LATER)
    assert {number: by_institution(told(home, number)) for number in numbers} == before
    for number in numbers:  # a shard may leave more room between its institutions than it needed then
        both = (
            logs(home, number)[CODE, OTHER_CODE].rows(ATTENDANCE, columns=["line", "batch", "institution"]).to_pylist()
        )
        for position, code in enumerate((CODE, OTHER_CODE)):
            own = [(row["batch"], row["line"]) for row in both if row["institution"] == position]
            assert own == [(row["batch"], row["line"]) for row in before[number][code, "attendance"]]


def test_histories_from_before_are_merged_in(home: DataHome) -> None:
    two_weeks(home)
    compact(home, BOTH, LATER)
    before = told(home)
    number = bring(
        home, OTHER_CODE, {ATTENDANCE: [mark(s, minute) for minute in (1, 10, 15, 20) for s in range(2)]}, reconstructed=True
    )  # fmt: skip
    after = told(home)
    rows = after[OTHER_CODE, "attendance"]
    assert [row for row in rows if row["batch"] != number] == before[OTHER_CODE, "attendance"]
    keys = [(row["recorded_at"], row["batch"], row["line"]) for row in rows]
    assert keys == sorted(keys)
    assert after[CODE, "attendance"] == before[CODE, "attendance"]
    compact(home, BOTH, LATER)
    assert told(home) == after


def test_reading_forward_and_in_ranges_gives_the_same_after_compaction(
    home: DataHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    def steps() -> list[Any]:
        found = []
        for log in logs(home).values():
            reader = log.reader(ATTENDANCE, ["student", "status", "course_code", "institution"], dictionaries=True)
            for minute in (5, 10, 11, 20, 25, None):
                limit = None if minute is None else START + timedelta(minutes=minute)
                rows = [row for chunk in reader.upto(limit) for row in chunk.to_pylist()]
                found.append(sorted(rows, key=lambda row: row["institution"]))
            if len(log.institutions) == 1:
                part = log.rows(ATTENDANCE, within=Within(column="student", low=1, high=3), columns=["student", "line"])
                found.append(part.to_pylist())
        return found

    two_weeks(home)
    before = steps()
    monkeypatch.setattr(compaction, "ROW_GROUP", 3)
    compact(home, BOTH, LATER)
    [file] = (home.logs / "compacted" / "attendance").iterdir()
    assert pq.ParquetFile(file).num_row_groups == 7
    assert steps() == before


histories = st.lists(
    st.tuples(st.sampled_from([CODE, OTHER_CODE]), st.lists(st.integers(0, 5), min_size=1, max_size=4), st.booleans()),
    min_size=1, max_size=7,
)  # fmt: skip


@given(histories)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_imported_and_compacted_in_between_the_log_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, list[int], bool]]
) -> None:
    home = create_home(Settings(home=tmp_path_factory.mktemp("home") / "home"))
    for code in (CODE, OTHER_CODE):
        ledger.add_institution(home.database, institution(code))
    expected: dict[str, list[tuple[int, int, int]]] = {CODE: [], OTHER_CODE: []}
    for code, minutes, compacts in steps:
        lines = list(enumerate(minutes))
        rows = [{"student": 1, "line": line, "recorded_at": minute} for line, minute in lines]
        number = bring(home, code, {HOUSEHOLD: rows})
        expected[code] += [(minute, number, line) for line, minute in lines]
        if compacts:
            compact(home, BOTH, LATER)
        both = logs(home)[CODE, OTHER_CODE].rows(HOUSEHOLD, columns=["recorded_at", "batch", "line", "institution"])
        for position, own in enumerate((CODE, OTHER_CODE)):
            read = [
                ((row["recorded_at"] - START) // timedelta(minutes=1), row["batch"], row["line"])
                for row in both.to_pylist()
                if row["institution"] == position
            ]
            assert read == sorted(expected[own])
    home.close()


def file_of(path: str, code: str, batch: int, hours: tuple[int, int], position: int | None = None) -> LogFile:
    first, last = (START + timedelta(hours=hour) for hour in hours)
    return LogFile(
        table="attendance", path=path, batch=batch, rows=1, first_recorded_at=first, last_recorded_at=last, sha256="",
        institution=code, position=position,
    )  # fmt: skip


def groups(*files: LogFile) -> list[set[str]]:
    return [{source.path for source in group} for group in groups_of(files, (CODE, OTHER_CODE))]


def test_files_that_meet_a_compacted_one_at_an_instant_are_merged_with_it() -> None:
    # The compacted file's newest batch is another institution's: it holds earlier ones, too, at the instant it begins.
    compacted = file_of("c", CODE, 7, (1, 2), 0), file_of("c", OTHER_CODE, 9, (1, 2), 1)
    assert groups(file_of("a", CODE, 8, (0, 1)), *compacted) == [{"a", "c"}]
    assert groups(file_of("a", CODE, 4, (1, 1)), file_of("b", CODE, 6, (1, 1)), *compacted) == [{"a", "b", "c"}]
    assert groups(*compacted, file_of("d", CODE, 10, (2, 3))) == [{"c"}, {"d"}]
    assert groups(*compacted, file_of("d", CODE, 8, (2, 3))) == [{"c", "d"}]


@pytest.mark.parametrize(("batches", "expected"), [((1, 2), [{"a"}, {"b"}]), ((2, 1), [{"a", "b"}])])
def test_files_of_single_batches_that_meet_are_merged_only_when_the_later_has_the_earlier_number(
    batches: tuple[int, int], expected: list[set[str]]
) -> None:
    assert groups(file_of("a", CODE, batches[0], (0, 1)), file_of("b", CODE, batches[1], (1, 2))) == expected


@pytest.mark.parametrize(("compacted", "second", "third"), [((0, 5), (0,), (0,)), ((5, 9), (0, 5), (6,))])
def test_rows_of_one_instant_in_single_and_compacted_files_come_in_order_of_their_batches(
    home: DataHome, compacted: tuple[int, ...], second: tuple[int, ...], third: tuple[int, ...]
) -> None:
    def told_at(code: str, minutes: tuple[int, ...]) -> int:
        return bring(home, code, {HOUSEHOLD: [{"student": 1, "recorded_at": minute} for minute in minutes]})

    told_at(CODE, compacted)
    still_open = [told_at(CODE, second), told_at(CODE, third)]
    told_at(OTHER_CODE, compacted)
    with home.database.write() as session:
        for number in still_open:
            session.get_one(BatchRow, number).committed_at = datetime(2100, 2, 1, tzinfo=UTC)
    assert compact(home, BOTH, LATER).files == (4, 3)
    rows = logs(home)[CODE, OTHER_CODE].rows(HOUSEHOLD, columns=["recorded_at", "batch", "institution"]).to_pylist()
    keys = [(row["recorded_at"], row["batch"]) for row in rows if row["institution"] == 0]
    assert len(keys) == len(compacted) + len(second) + len(third)
    assert keys == sorted(keys)


# Shards that change


def test_an_institution_that_comes_later_joins_its_shard(home: DataHome) -> None:
    two_weeks(home)
    compact(home, BOTH, LATER)
    before = told(home)
    ledger.add_institution(home.database, institution(THIRD_CODE))
    week(home, THIRD_CODE, 1)
    three = Shard(name="three", institutions=(THIRD_CODE, CODE, OTHER_CODE))
    rows = [row["student"] for row in open_shard(home, three, actor="t", purpose="t").rows(ATTENDANCE).to_pylist()]
    done = compact(home, three, LATER)
    assert done.files[1] == 5
    assert told(home) == before
    together = open_shard(home, three, actor="t", purpose="t")
    assert sorted(together.rows(ATTENDANCE).column("student").to_pylist()) == sorted(rows)


def test_an_institution_that_moves_to_another_shard_leaves_the_rest_readable(home: DataHome) -> None:
    two_weeks(home)
    compact(home, BOTH, LATER)
    week(home, CODE, 3)
    before = told(home)
    compact(home, Shard(name="alone", institutions=(CODE,)), LATER)
    assert told(home) == before
    assert compact(home, Shard(name="rest", institutions=(OTHER_CODE,)), LATER).rows == 0
    week(home, OTHER_CODE, 3)
    before = told(home)
    compact(home, BOTH, LATER)
    assert told(home) == before
    assert len({file.path for file in logs(home)[CODE, OTHER_CODE].files}) == 5


# What reads a batch's own rows


def test_a_compacted_batch_can_be_undone(home: DataHome) -> None:
    first = bring(home, CODE, {ATTENDANCE: [mark(s, 0, status=1) for s in range(3)], HOUSEHOLD: [{"student": 9}]})
    second = bring(home, CODE, {ATTENDANCE: [mark(s, 5, status=2) for s in (1, 2, 3)]})
    bring(home, OTHER_CODE, {ATTENDANCE: [mark(s, 5, status=2) for s in (1, 2, 3)]})
    compact(home, BOTH, LATER)
    batch = ledger.require_batch(home.database, CODE, second)
    own = EventLog(
        folder=home.logs, institution=CODE,
        index=ledger.LogIndex(files=ledger.files_of_batch(home.database, batch), ledger_number=0, epoch=0),
    )  # fmt: skip
    assert {file.table for file in own.files} == {"attendance"}
    assert own.rows(ATTENDANCE).column("student").to_pylist() == [1, 2, 3]
    report = undo_batch(home, CODE, second, actor="test")
    assert (report.withdrawn, report.restored) == ({"attendance": 1}, {"attendance": 2})
    newest = logs(home)[CODE,].rows(ATTENDANCE).to_pylist()[-3:]
    assert [(row["student"], row["status"] if not row["retracted"] else None) for row in newest] == [
        (1, 1),
        (2, 1),
        (3, None),
    ]
    assert undo_batch(home, CODE, first, actor="test").withdrawn == {"attendance": 3, "household": 1}
    assert logs(home)[OTHER_CODE,].rows(ATTENDANCE).num_rows == 3


def test_history_is_still_counted_by_its_batches(home: DataHome) -> None:
    bring(home, CODE, {HOUSEHOLD: [{"student": 1}]}, reconstructed=True)
    compact(home, BOTH, LATER)
    assert ledger.reconstructed_rows(home.database, CODE) == 1
