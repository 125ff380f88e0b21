"""Compactions cut off in the middle, beside imports and beside each other; and the command that runs them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from records import compaction, compaction_commands, ledger
from records.compaction import compact
from records.errors import ConfigurationGap, UserError
from records.home import DataHome
from records.intake import importing
from records.intake.importing import sweep_files
from records.ledger import BatchRow
from records.ledger_tables import BatchFileRow, CompactedPartRow, SupersededFileRow
from records.shards import Shard
from tests.records import crashing_compaction
from tests.records.compacting import BOTH, LATER, told, two_weeks, week
from tests.records.small import CODE

ROOT = Path(__file__).resolve().parents[2]


def everything(home: DataHome) -> tuple[Any, Any]:
    return told(home), ledger.shard_index(home.database, BOTH.institutions)


@pytest.mark.parametrize("moment", crashing_compaction.MOMENTS)
def test_a_killed_compaction_leaves_the_log_as_it_was(home: DataHome, moment: str) -> None:
    two_weeks(home)
    before = everything(home)
    script = [sys.executable, crashing_compaction.__file__, moment, str(home.settings.home), LATER.isoformat()]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(script, cwd=ROOT, capture_output=True, timeout=60, check=False, env=environment)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert everything(home) == before
    left = list((home.logs / "compacted").rglob("*.parquet"))
    assert len(left) == 1
    os.utime(left[0], (time.time() - 2 * 86_400,) * 2)
    assert sweep_files(home, datetime.now(UTC)) == 1
    assert compact(home, BOTH, LATER).files == (20, 5)
    assert told(home) == before[0]


@pytest.mark.parametrize("tables", [1, 3])
def test_a_compaction_killed_between_two_tables_is_finished_by_the_next(home: DataHome, tables: int) -> None:
    """Some tables are read from their new files, the others from their old ones."""
    two_weeks(home)
    before = told(home)
    script = [
        sys.executable,
        crashing_compaction.__file__,
        f"after {tables}",
        str(home.settings.home),
        LATER.isoformat(),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(script, cwd=ROOT, capture_output=True, timeout=60, check=False, env=environment)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert len(list((home.logs / "compacted").rglob("*.parquet"))) == tables
    assert told(home) == before
    assert compact(home, BOTH, LATER).files[1] == 5
    assert told(home) == before
    on_disk = {str(path.relative_to(home.logs)) for path in (home.logs / "compacted").rglob("*.parquet")}
    assert len(on_disk) == 5, "what was compacted before is not written again"
    assert on_disk <= ledger.paths(home.database)


def test_an_import_that_commits_while_a_file_is_written_is_not_lost(
    home: DataHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_weeks(home)
    write, numbers = compaction.write_compacted, []

    def meanwhile(*args: Any) -> Any:
        if not numbers:
            numbers.append(week(home, CODE, 3))
        return write(*args)

    monkeypatch.setattr(compaction, "write_compacted", meanwhile)
    compact(home, BOTH, LATER)
    batches = {row["batch"] for row in told(home)[CODE, "attendance"]}
    assert numbers[0] in batches
    assert len(batches) == 3


def test_of_two_compactions_one_wins_and_the_other_begins_again(
    home: DataHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_weeks(home)
    before, commit, others = told(home), compaction._commit, []

    def after_another(*args: Any) -> None:
        if not others:
            others.append(1)
            compact(home, Shard(name="one", institutions=(CODE,)), LATER)
        commit(*args)

    monkeypatch.setattr(compaction, "_commit", after_another)
    compact(home, BOTH, LATER)
    assert told(home) == before
    on_disk = {str(path.relative_to(home.logs)) for path in (home.logs / "compacted").rglob("*.parquet")}
    assert on_disk <= ledger.paths(home.database), "what the loser wrote is gone"


def test_files_with_other_rows_than_the_ledger_counts_are_not_compacted(home: DataHome) -> None:
    two_weeks(home)
    file = next(f for f in ledger.shard_index(home.database, BOTH.institutions).files if f.table == "attendance")
    with home.database.write() as session:
        session.get_one(BatchFileRow, file.path).rows += 1
    before = ledger.shard_index(home.database, BOTH.institutions)
    with pytest.raises(UserError, match="hold 20 rows and the ledger says 21; nothing was changed"):
        compact(home, BOTH, LATER)
    assert ledger.shard_index(home.database, BOTH.institutions) == before
    assert not list((home.logs / "compacted").rglob("*.parquet"))


def _lose(path: Path) -> None:
    path.unlink()


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-8])


def _change_one_byte(path: Path) -> None:
    told = bytearray(path.read_bytes())
    told[len(told) // 2] ^= 1
    path.write_bytes(told)


def _write_again(path: Path) -> None:
    """As many rows, another student's mark: a reader sees nothing wrong."""
    rows = pq.read_table(path)
    pq.write_table(rows.take([0] * rows.num_rows), path)


@pytest.mark.parametrize("damage", [_lose, _truncate, _change_one_byte, _write_again])
@pytest.mark.parametrize("is_compacted", [False, True])
def test_a_file_that_is_not_what_was_written_stops_the_compaction_of_every_table(
    home: DataHome, damage: Callable[[Path], None], is_compacted: bool
) -> None:
    two_weeks(home)
    if is_compacted:
        compact(home, BOTH, LATER)
        week(home, CODE, 3)
    before = ledger.shard_index(home.database, BOTH.institutions)
    file = next(
        file for file in before.files if file.table == "enrolments" and (file.position is not None) == is_compacted
    )
    damage(home.logs / file.path)
    files = sorted(home.logs.rglob("*"))
    with pytest.raises(UserError) as refused:
        compact(home, BOTH, LATER)
    assert str(refused.value) == (
        f"The file {file.path} of both is missing or is not what was written; nothing was changed. Restore this file from a "
        f"backup. · แฟ้ม {file.path} (both) หายไปหรือไม่ตรงกับที่บันทึกไว้ ระบบยังไม่ได้เปลี่ยนอะไร ให้กู้แฟ้มนี้จากข้อมูลสำรอง"
    )
    assert ledger.shard_index(home.database, BOTH.institutions) == before
    assert sorted(home.logs.rglob("*")) == files


def test_old_files_are_removed_after_a_day(home: DataHome) -> None:
    two_weeks(home)
    compact(home, BOTH, LATER)
    week(home, CODE, 3)
    compact(home, BOTH, LATER)
    before = told(home)
    for path in home.logs.rglob("*.parquet"):
        os.utime(path, (time.time() - 2 * 86_400,) * 2)
    assert sweep_files(home, datetime.now(UTC)) == 0
    with home.database.write() as session:
        for row in (*session.query(SupersededFileRow), *session.query(CompactedPartRow)):
            if row.superseded_at is not None:
                row.superseded_at -= timedelta(days=1, minutes=1)
    assert sweep_files(home, datetime.now(UTC)) == 30
    assert told(home) == before
    week(home, CODE, 4)
    compact(home, BOTH, LATER)
    with home.database.read() as session:
        assert len({row.path for row in session.query(CompactedPartRow)}) == 10, "the parts swept are forgotten"


# The sweep, while imports go on


def test_a_file_that_vanishes_while_it_is_looked_at_is_passed_over(
    home: DataHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home.logs / CODE).mkdir(parents=True)
    (home.logs / importing.STAGING / "a").mkdir(parents=True)
    for path in (home.logs / CODE / "left.parquet", home.logs / importing.STAGING / "a" / "b.parquet"):
        path.touch()
        look = importing._written_before

    def after_removal(path: Path, moment: float) -> bool:
        if path.suffix == ".parquet":
            path.unlink()
        return look(path, moment)

    monkeypatch.setattr(importing, "_written_before", after_removal)
    assert sweep_files(home, datetime.now(UTC) + timedelta(days=2)) == 0
    assert not list(home.logs.rglob("*.parquet"))


def test_what_a_long_import_wrote_first_stays_until_it_wrote_nothing_for_a_day(home: DataHome) -> None:
    folder = home.logs / importing.STAGING / "long"
    (folder / "inner").mkdir(parents=True)
    first, newest = folder / "first.parquet", folder / "inner" / "newest.parquet"
    for path in (first, newest):
        path.touch()
    for path in (first, folder / "inner", folder):
        os.utime(path, (time.time() - 2 * 86_400,) * 2)
    assert sweep_files(home, datetime.now(UTC)) == 0
    assert first.exists()
    assert newest.exists()
    assert sweep_files(home, datetime.now(UTC) + timedelta(days=2)) == 0
    assert not folder.exists()


# The command


def weeks_ago(home: DataHome, days: int) -> None:
    with home.database.write() as session:
        for batch in session.query(BatchRow):
            batch.committed_at -= timedelta(days=days)


def test_the_command_says_what_became_of_the_files(home: DataHome, capsys: pytest.CaptureFixture[str]) -> None:
    two_weeks(home)
    before = told(home)
    compaction_commands.compact(home=home.settings.home, as_json=True)
    [shard] = json.loads(capsys.readouterr().out)["shards"]
    assert (shard["rows"], shard["files_before"], shard["files_after"]) == (0, 20, 20), "this week is not closed"
    weeks_ago(home, 7)
    compaction_commands.compact(home=home.settings.home)
    said = capsys.readouterr().out
    assert "52 แถว จาก 20 แฟ้ม" in said
    assert "52 rows, from 20 files" in said
    assert told(home) == before
    compaction_commands.compact(home=home.settings.home)
    assert "ไม่มีแฟ้มใหม่ของสัปดาห์ที่ปิดแล้วให้รวม · There is nothing new" in capsys.readouterr().out


def test_the_command_compacts_one_institution_alone_and_sweeps(
    home: DataHome, capsys: pytest.CaptureFixture[str]
) -> None:
    two_weeks(home)
    weeks_ago(home, 7)
    compaction_commands.compact(institution=[CODE], home=home.settings.home, as_json=True)
    [shard] = json.loads(capsys.readouterr().out)["shards"]
    assert (shard["shard"], shard["files_before"], shard["files_after"]) == (CODE, 10, 5)
    assert shard["mb_after"] > 0
    with home.database.write() as session:
        for row in session.query(SupersededFileRow):
            row.superseded_at -= timedelta(days=2)
    for path in home.logs.rglob("*.parquet"):
        os.utime(path, (time.time() - 2 * 86_400,) * 2)
    compaction_commands.compact(institution=[CODE], home=home.settings.home)
    assert "ลบแฟ้มเดิมที่ไม่ใช้แล้ว 10 แฟ้ม · 10 old files" in capsys.readouterr().out
    with pytest.raises(ConfigurationGap):
        compaction_commands.compact(institution=["nowhere"], home=home.settings.home)
