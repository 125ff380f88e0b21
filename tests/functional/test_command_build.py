"""Tables of many institutions by the real command: what it writes and says, and its refusals."""

import os
import re
import socket
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from features import build as building_module
from features.build import Task, build
from records.console import today_in_bangkok
from records.home import create_home, open_home
from records.settings import Settings
from records.shards import open_shard, shards_of
from records.tables import ENROLMENTS
from tests.features.building import NOW, college, fill
from tests.functional.command_fixtures import GAP, USAGE, Said, call, query, refused, run
from tests.property.small_college import MONDAYS
from tests.records.small import CODE, OTHER_CODE

DAY = MONDAYS[12]
WEEK_BEFORE = date.fromordinal(DAY.toordinal() - 7)
BOTH = f"{CODE}..{OTHER_CODE}"
THAI = re.compile("[ก-๙]")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two institutions; nothing was built yet."""
    folder = tmp_path_factory.mktemp("nation") / "var"
    opened = create_home(Settings(home=folder))
    fill(opened, {CODE: college(5), OTHER_CODE: college(6, students=9)})
    opened.close()
    return folder


@pytest.fixture(autouse=True)
def without_states(home: Path) -> Iterator[None]:
    yield
    for path in (home / "states").glob("*"):
        path.unlink()


def built(home: Path, out: Path, *words: str | Path) -> Said:
    return call("features", "build", "--as-of", DAY.isoformat(), "--out", out, "--home", home, *words)


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def wanted(home: Path, out: Path, *days: date) -> dict[str, bytes]:
    """What the function gives that the command calls."""
    opened = open_home(Settings(home=home))
    [shard] = shards_of(opened)
    build(Task(log=open_shard(opened, shard, actor="test", purpose="test"), as_ofs=days, now=NOW, out=out))
    opened.close()
    return files_in(out)


# What it writes and says


def test_it_writes_a_table_a_shard_and_week_and_says_so(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "tables"
    said = built(home, out, "--weeks", "2")
    assert said.code == 0
    names = [f"{BOTH}/{WEEK_BEFORE}.parquet", f"{BOTH}/{DAY}.parquet"]
    assert sorted(files_in(out)) == names
    assert files_in(out) == wanted(home, tmp_path / "wanted", WEEK_BEFORE, DAY)
    students = pq.read_table(out / names[1]).num_rows
    assert re.fullmatch(
        rf"นักเรียน {students} คน ตาราง 2 แฟ้ม ใน {re.escape(str(out))} ใช้เวลา [\d.]+ วินาที · "
        rf"{students} students, 2 tables in {re.escape(str(out))}, [\d.]+ seconds\n",
        said.out,
    )


def test_it_says_the_same_for_machines(home: Path, tmp_path: Path) -> None:
    told = built(home, tmp_path, "--weeks", "2", "--json").document
    assert told["days"] == [WEEK_BEFORE.isoformat(), DAY.isoformat()]
    assert told["seconds"] > 0
    [shard] = told["shards"]
    tables = [pq.read_table(path) for path in shard["files"]]
    assert shard == {
        "shard": BOTH,
        "students": tables[1].num_rows,
        "rows": sum(table.num_rows for table in tables),
        "files": [str(tmp_path / BOTH / f"{day}.parquet") for day in (WEEK_BEFORE, DAY)],
        "nobody_enrolled_on": [],
        "institutions_without_anybody": {},
        "state_not_saved": "",
    }


def test_one_institution_alone(home: Path, tmp_path: Path) -> None:
    assert built(home, tmp_path, "--institution", OTHER_CODE).code == 0
    [path] = [tmp_path / name for name in files_in(tmp_path)]
    assert path.parent.name == OTHER_CODE
    assert set(pq.read_table(path).column("institution").to_pylist()) == {OTHER_CODE}


def test_the_opening_of_each_institution_is_kept(home: Path, tmp_path: Path) -> None:
    asked = "select institution, detail from audit where action = 'open log' order by rowid"
    before = len(query(home, asked))
    built(home, tmp_path)
    looks = query(home, asked)[before:]
    assert [code for code, _ in looks] == [CODE, OTHER_CODE]
    assert all("features build" in str(detail) for _, detail in looks)


def test_a_week_more_goes_on_from_the_state_of_the_last(home: Path, tmp_path: Path) -> None:
    asked = ("features", "build", "--out", tmp_path / "out", "--home", home, "--as-of")
    assert call(*asked, WEEK_BEFORE.isoformat()).code == 0
    first = (home / "states" / f"{BOTH}.state").read_bytes()
    assert call(*asked, DAY.isoformat()).code == 0
    assert (home / "states" / f"{BOTH}.state").read_bytes() != first
    assert files_in(tmp_path / "out") == wanted(home, tmp_path / "wanted", WEEK_BEFORE, DAY)


def test_without_states_none_is_kept(home: Path, tmp_path: Path) -> None:
    assert built(home, tmp_path, "--no-states").code == 0
    assert not list((home / "states").glob("*"))


def test_compaction_between_two_weeks_changes_no_byte(home: Path, tmp_path: Path) -> None:
    built(home, tmp_path / "before")
    assert call("compact", "--home", home).code == 0
    built(home, tmp_path / "after", "--no-states")
    assert files_in(tmp_path / "after") == files_in(tmp_path / "before")


def test_a_pool_of_processes_from_a_process_of_its_own(home: Path, tmp_path: Path) -> None:
    said = run(
        "features", "build", "--as-of", DAY.isoformat(), "--out", tmp_path / "pool", "--home", home, "--workers", "2"
    )
    assert said.code == 0, said.err
    assert said.err == ""
    assert files_in(tmp_path / "pool") == wanted(home, tmp_path / "wanted", DAY)


def test_the_workers_of_a_scheduler_find_relative_folders(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip("distributed", reason="Dask is not installed (extra `cluster`)")
    scratch = str(tmp_path / "scratch")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=":0", local_directory=scratch
    ) as cluster:
        monkeypatch.chdir(tmp_path)
        said = built(Path(os.path.relpath(home)), Path("there"), "--scheduler", cluster.scheduler_address)
    assert said.code == 0, said.err
    assert files_in(tmp_path / "there") == wanted(home, tmp_path / "wanted", DAY)


def test_an_institution_without_anybody_beside_another_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    opened = create_home(Settings(home=folder))
    fill(opened, {CODE: college(5), OTHER_CODE: [one for one in college(6) if one.table is not ENROLMENTS]})
    opened.close()
    said = built(folder, tmp_path / "out", "--weeks", "2")
    assert said.code == 0
    first, last = said.out.splitlines()
    assert first.startswith(
        f"{OTHER_CODE}: ไม่มีใครลงทะเบียนใน 2 วันที่ถาม ({WEEK_BEFORE}, {DAY}) ตารางของ {BOTH} จึงไม่มีสถานศึกษานี้"
    )
    assert f"the tables of {BOTH} lack this institution: look at its terms and roster" in first
    assert "2 tables" in last
    [shard] = built(folder, tmp_path / "out", "--weeks", "2", "--json").document["shards"]
    assert shard["institutions_without_anybody"] == {OTHER_CODE: [WEEK_BEFORE.isoformat(), DAY.isoformat()]}


def test_days_on_which_nobody_is_enrolled_are_told(home: Path, tmp_path: Path) -> None:
    said = call("features", "build", "--as-of", "2025-03-03", "--out", tmp_path, "--home", home)
    assert said.code == GAP
    first, total, _ = said.out.split("\n")
    assert first.startswith(f"{BOTH}: ไม่มีใครลงทะเบียนใน 1 วันที่ถาม จึงไม่มีตาราง (2025-03-03)")
    assert "nobody is enrolled on 1 of the days" in first
    assert "0 students, 0 tables" in total
    assert not files_in(tmp_path)


def test_a_day_that_is_not_over_leaves_no_state(home: Path, tmp_path: Path) -> None:
    tomorrow = today_in_bangkok() + timedelta(days=1)
    call("features", "build", "--as-of", tomorrow.isoformat(), "--out", tmp_path, "--home", home)
    assert not list((home / "states").glob("*"))


def test_tables_and_states_are_for_this_account_alone(home: Path, tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        assert built(home, tmp_path / "out").code == 0
    finally:
        os.umask(before)
    written = [tmp_path / "out" / BOTH, *(tmp_path / "out").rglob("*.parquet"), *(home / "states").glob("*.state")]
    assert [path.stat().st_mode & 0o077 for path in written] == [0, 0, 0]


def test_a_state_that_cannot_be_saved_costs_no_table(home: Path, tmp_path: Path) -> None:
    (home / "states").mkdir(exist_ok=True)
    there = home / "states" / f"{BOTH}.state"
    there.mkdir()
    said = built(home, tmp_path / "out")
    there.rmdir()
    assert said.code == 0
    assert "the tables are complete, but the state could not be saved in states/ (Is a directory)" in said.out
    assert files_in(tmp_path / "out") == wanted(home, tmp_path / "wanted", DAY)


# Refusals


@pytest.mark.parametrize(
    ("day", "sentence"),
    [("2569-08-31", "2569-08-31 looks like a Buddhist year"), ("2099-08-31", "2099-08-31 is more than a week ahead")],
)
def test_a_day_that_was_mistyped(home: Path, tmp_path: Path, day: str, sentence: str) -> None:
    said = call("features", "build", "--as-of", day, "--out", tmp_path / "out", "--home", home)
    assert said.code == USAGE
    assert said.err.startswith(sentence)
    assert THAI.search(said.err)
    assert not (tmp_path / "out").exists()


def test_more_weeks_than_there_can_be(home: Path, tmp_path: Path) -> None:
    said = built(home, tmp_path, "--weeks", "400000")
    assert said.code == USAGE
    assert "520" in said.err


def test_an_unknown_institution(home: Path, tmp_path: Path) -> None:
    said = built(home, tmp_path, "--institution", "1")
    assert said.code == GAP
    assert said.out == ""
    assert said.err.startswith(f"There is no institution '1'. Known: {CODE}, {OTHER_CODE}.")
    assert THAI.search(said.err)


def test_a_home_without_institutions(tmp_path: Path) -> None:
    create_home(Settings(home=tmp_path / "var")).close()
    said = built(tmp_path / "var", tmp_path / "out")
    thai = "ยังไม่มีสถานศึกษา เพิ่มด้วยคำสั่ง zerodrop init"
    refused(said, code=GAP, sentence=f"There is no institution yet. Enter one with `zerodrop init`. · {thai}")


def test_a_folder_that_cannot_be_written(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    refused(built(home, file), code=USAGE, sentence=f"{file} เป็นไฟล์ ใส่ชื่อโฟลเดอร์แทน")
    below = file / "below"
    refused(built(home, below), code=USAGE, sentence=f"บัญชีผู้ใช้นี้เขียน {below} ไม่ได้ เลือกที่เก็บอื่น")


def test_a_disk_that_is_full(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(building_module.pq, "write_table", full)
    said = built(home, tmp_path)
    assert said.code == USAGE
    assert said.err.startswith(f"{tmp_path} could not be written (No space left on device).")


def test_a_file_of_the_log_that_is_gone(home: Path, tmp_path: Path) -> None:
    moved = (home / "records").rename(home / "elsewhere")
    said = built(home, tmp_path, "--no-states")
    moved.rename(home / "records")
    assert said.code == USAGE
    assert "of the log is missing or damaged, so nothing was reckoned from it. Restore this file" in said.err
    assert THAI.search(said.err)
    assert "Traceback" not in said.err


def test_a_scheduler_that_does_not_answer(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed (extra `cluster`)")
    monkeypatch.setattr(building_module, "_PATIENCE", 1)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{listening.getsockname()[1]}"
    said = built(home, tmp_path, "--scheduler", address)
    assert said.code == USAGE
    assert f"No Dask scheduler answers at {address}" in said.err
    assert THAI.search(said.err)


@pytest.mark.parametrize("words", [("--weeks", "0"), ("--workers", "0")])
def test_counts_begin_at_one(home: Path, tmp_path: Path, words: tuple[str, str]) -> None:
    assert built(home, tmp_path, *words).code == USAGE


def test_help_tells_what_is_written() -> None:
    said = call("features", "build", "--help")
    assert said.code == 0
    assert "SHARD/DAY.parquet" in said.out
