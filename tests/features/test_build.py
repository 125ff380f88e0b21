"""Tables of shards: the same bytes in this process and in a pool, and what an institution has alone it has in a shard."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features import build as building_module
from features.build import Task, build, build_all, snapshots, table_of, weekly_until, workers
from features.catalogue import CATALOGUE
from features.snapshot import replay
from features.vocabulary import Domain
from records.errors import LogFileWrong, UserError
from records.log import EventLog
from records.tables import CALENDAR, SAME_PERSON
from tests.features.building import NOW, alone, bits, code, college, shard_log
from tests.features.small_log import Record
from tests.property.small_college import MONDAYS

DAYS = tuple(MONDAYS[3:15:4])
COMPLETE = tuple(f"completeness_{domain.value}" for domain in Domain)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> EventLog:
    return shard_log(tmp_path_factory.mktemp("log"), [college(5), college(6, students=7), college(7, students=9)])


def task(log: EventLog, out: Path | None = None, *, states: Path | None = None, days: tuple[date, ...] = DAYS) -> Task:
    return Task(log=log, as_ofs=days, now=NOW, out=out, states=states)


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# What is written


def test_a_table_a_day_is_written_under_the_name_of_the_shard(log: EventLog, tmp_path: Path) -> None:
    built = build(task(log, tmp_path))
    assert built.paths == tuple(tmp_path / "shard" / f"{day}.parquet" for day in DAYS)
    assert set(files_in(tmp_path)) == {f"shard/{day}.parquet" for day in DAYS}
    tables = [pq.read_table(path) for path in built.paths]
    assert built.rows == sum(table.num_rows for table in tables)
    assert (built.shard, built.students, built.nobody_on) == ("shard", tables[-1].num_rows, ())
    assert built.without == ()


def test_a_table_has_who_the_catalogue_and_how_complete_it_is(log: EventLog, tmp_path: Path) -> None:
    build(task(log, tmp_path))
    table = pq.read_table(tmp_path / "shard" / f"{DAYS[0]}.parquet")
    head = ["institution", "student", "class_group"]
    assert table.column_names == [*head, *(feature.name for feature in CATALOGUE), *COMPLETE]
    [snapshot] = replay(log, [DAYS[0]])
    held = np.stack([table.column(feature.name).to_numpy() for feature in CATALOGUE], axis=1)
    assert held.astype(np.float32).tobytes() == np.ascontiguousarray(snapshot.values).tobytes()
    assert table.schema.field("missed_days_28d").type == pa.float32()
    place = np.array([log.institutions.index(one) for one in table.column("institution").to_pylist()])
    assert (log.offsets[place] + table.column("student").to_numpy()).tolist() == snapshot.cohort.student.tolist()


def test_without_a_folder_nothing_is_written(log: EventLog) -> None:
    built = build(task(log))
    assert built.paths == ()
    assert built.rows > built.students > 0


def test_a_table_that_cannot_be_finished_leaves_the_one_before(
    log: EventLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(task(log, tmp_path))
    before = files_in(tmp_path)

    def full(_: pa.Table, where: Path, **said: object) -> None:
        where.write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(building_module.pq, "write_table", full)
    with pytest.raises(OSError, match="No space left"):
        build(task(log, tmp_path))
    assert files_in(tmp_path) == before


# Alone and in a shard


def test_an_institution_has_in_a_shard_the_rows_that_it_has_alone(log: EventLog) -> None:
    asked = ["institution", "student", "class_group", *(feature.name for feature in CATALOGUE), *COMPLETE]
    own = [list(snapshots(task(alone(log, place)))) for place in range(3)]
    for day, shard in enumerate(snapshots(task(log))):
        together = table_of(shard, log)
        by_itself = pa.concat_tables(table_of(own[place][day], alone(log, place)) for place in range(3))
        for name in asked:
            column, wanted = (table.column(name).combine_chunks() for table in (together, by_itself))
            if pa.types.is_float32(column.type):
                assert column.to_numpy().tobytes() == wanted.to_numpy().tobytes(), name
            else:
                assert column.to_pylist() == wanted.to_pylist(), name
        assert len(set(together.column("institution").to_pylist())) == 3


def test_the_colleges_have_two_numbers_of_one_person(log: EventLog) -> None:
    assert {file.institution for file in log.files if file.table == SAME_PERSON.name} == {code(n) for n in range(3)}


# Nobody enrolled


def without_a_term(seed: int) -> list[Record]:
    return [record for record in college(seed) if record.table is not CALENDAR]


def test_an_institution_with_nobody_enrolled_does_not_take_the_rows_of_the_others(tmp_path: Path) -> None:
    log = shard_log(tmp_path / "log", [college(5), without_a_term(6), college(7)])
    built = build(task(log, tmp_path / "out"))
    assert built.nobody_on == ()
    assert built.without == ((code(1), DAYS),)
    for path in built.paths:
        assert set(pq.read_table(path).column("institution").to_pylist()) == {code(0), code(2)}


def test_a_day_with_nobody_at_all_has_no_table_and_is_told(log: EventLog, tmp_path: Path) -> None:
    before_any_term, sunday = date(2025, 3, 3), date(2025, 8, 3)
    days = (before_any_term, DAYS[0], sunday)
    stale = tmp_path / "shard" / f"{sunday}.parquet"
    stale.parent.mkdir()
    stale.write_bytes(b"of an import that was undone since")
    built = build(task(log, tmp_path, days=days))
    assert [path.name for path in built.paths] == [f"{DAYS[0]}.parquet"]
    assert built.nobody_on == (before_any_term, sunday)
    assert (built.rows > 0, built.students) == (True, 0)
    assert not stale.exists()


# Who does it


def test_a_pool_of_processes_gives_the_bytes_that_this_process_gives(log: EventLog, tmp_path: Path) -> None:
    alike = [alone(log, place) for place in range(3)]

    def tasks(out: Path) -> list[Task]:
        return [task(one, out, states=out / "states", days=days) for days in (DAYS[:2], DAYS[2:]) for one in alike]

    with workers(1) as nobody:
        assert nobody is None
        here = list(build_all(tasks(tmp_path / "here"), nobody))
    with workers(2) as pool:
        there = [built for days in (0, 3) for built in build_all(tasks(tmp_path / "there")[days : days + 3], pool)]
    assert [replace(built, paths=()) for built in here] == [replace(built, paths=()) for built in there]
    assert files_in(tmp_path / "here") == files_in(tmp_path / "there")


def test_a_saved_state_changes_no_byte_of_a_table(log: EventLog, tmp_path: Path) -> None:
    for day in DAYS:
        build(task(log, tmp_path / "weekly", states=tmp_path / "states", days=(day,)))
    build(task(log, tmp_path / "whole"))
    assert files_in(tmp_path / "weekly") == files_in(tmp_path / "whole")
    assert [path.name for path in (tmp_path / "states").iterdir()] == ["shard.state"]


def test_an_error_in_a_worker_is_raised_here(log: EventLog, tmp_path: Path) -> None:
    gone = alone(log, 0)
    gone.folder = tmp_path / "nowhere"
    with workers(2) as pool, pytest.raises(LogFileWrong):
        list(build_all([task(gone)], pool))


def test_a_worker_that_is_lost_is_a_sentence() -> None:
    with pytest.raises(UserError, match=r"A worker was lost on the way.*ลดจำนวน --workers"):
        lose_a_worker()


def lose_a_worker() -> None:
    with workers(2) as pool:
        assert pool is not None
        pool.submit(exit_at_once).result()


def exit_at_once() -> None:
    """What the operating system does to a process when memory is short."""
    import os

    os._exit(9)


def test_weeks_end_on_the_day_asked() -> None:
    assert list(weekly_until(date(2025, 9, 1), 3)) == [date(2025, 8, 18), date(2025, 8, 25), date(2025, 9, 1)]


def test_a_shard_of_one_is_the_college_itself(log: EventLog, tmp_path: Path) -> None:
    own = alone(log, 1)
    [snapshot] = snapshots(task(own, days=DAYS[:1]))
    [wanted] = replay(own, DAYS[:1])
    assert bits(snapshot) == bits(wanted)
    build(task(own, tmp_path, days=DAYS[:1]))
    assert set(files_in(tmp_path)) == {f"{code(1)}/{DAYS[0]}.parquet"}
