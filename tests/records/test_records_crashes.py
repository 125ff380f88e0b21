"""Imports cut off in the middle, and two at once: the log is as before or holds the whole file, and holds it once."""

import errno
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from records import ledger
from records.errors import ImportRefused
from records.home import DataHome
from records.intake import committing, gathering, importing
from records.intake.checking import check
from records.intake.comparing import Comparison
from records.intake.importing import ImportRequest, import_file
from records.intake.report import ImportReport
from records.ledger import Overtaken
from records.people import Identity, IdKind
from records.tables import ATTENDANCE, ENROLMENTS, ROSTER_COUNTS, STUDENTS, TABLES
from records.versions import latest
from tests.records import crashing_import
from tests.records.small import CODE, OTHER_CODE, log_of

ROOT = Path(__file__).resolve().parents[2]
HEADER = "รหัสนักศึกษา,ชื่อ,นามสกุล,เพศ,ปีการศึกษา,ภาคเรียน,ระดับชั้น,กลุ่มเรียน,วันที่ข้อมูล"


def roster(folder: Path, codes: range, name: str = "roster.csv", group: str = "ชย.1/1") -> Path:
    lines = [f"{code},ดี{code},สมมติ,ช,2568,1,ปวช.1,{group},20/05/2568" for code in codes]
    path = folder / name
    path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return path


def everything(home: DataHome) -> dict[str, object]:
    log = log_of(home)
    told = {table.name: log.rows(table).to_pylist() for table in TABLES}
    return {**told, "index": ledger.log_index(home.database, CODE), "places": ledger.student_ids(home.database, CODE)}


def bring(home: DataHome, path: Path) -> ImportReport:
    return import_file(home, ImportRequest(path=path, institution=CODE))[0]


def crash(home: DataHome, moment: str, path: Path) -> None:
    script = [sys.executable, crashing_import.__file__, moment, str(home.settings.home), str(path)]
    done = subprocess.run(script, cwd=ROOT, capture_output=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


@pytest.fixture
def only(home: DataHome) -> DataHome:
    """The child imports without naming an institution, so there is one only."""
    with home.database.write() as session:
        session.delete(session.get(ledger.InstitutionRow, OTHER_CODE))
    return home


@pytest.mark.parametrize("moment", crashing_import.MOMENTS)
def test_a_killed_import_leaves_the_log_as_it_was(only: DataHome, tmp_path: Path, moment: str) -> None:
    bring(only, roster(tmp_path, range(1001, 1004), "first.csv"))
    before = everything(only)
    path = roster(tmp_path, range(1001, 1008))
    crash(only, moment, path)
    assert everything(only) == before

    report = bring(only, path)  # the whole file again
    assert (report.rows, report.accepted, report.known, report.quarantined) == (7, 4, 3, 0)
    log = log_of(only)
    assert sorted(row["student"] for row in log.rows(ENROLMENTS).to_pylist()) == list(range(7))
    on_disk = {str(file.relative_to(only.logs)) for file in only.logs.rglob("*.parquet")}
    assert {file.path for file in log.files} <= on_disk
    expected_orphans = {"after the first file": 1, "after all files": 3, "inside the ledger's transaction": 3}
    assert len(on_disk) - len(log.files) == expected_orphans.get(moment, 0)


@pytest.mark.parametrize("moment", ["between vault and log"])
def test_people_of_a_killed_import_are_swept_by_a_later_one(
    only: DataHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    crash(only, moment, roster(tmp_path, range(1001, 1004)))
    asked = [Identity(identifiers={IdKind.CODE: str(code)}) for code in range(1001, 1004)]
    assert None not in only.vault.find(CODE, asked)
    sweeping_at(monkeypatch, hours=25)
    bring(only, roster(tmp_path, range(2001, 2003), "second.csv"))
    assert only.vault.find(CODE, asked) == [None] * 3


def test_people_whom_the_second_try_recorded_outlive_the_sweep(
    only: DataHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = roster(tmp_path, range(1001, 1004))
    crash(only, "between vault and log", path)
    bring(only, path)
    sweeping_at(monkeypatch, hours=25)
    again = bring(only, path)
    assert (again.known, again.quarantined) == (3, 0)
    ids = ledger.student_ids(only.database, CODE)
    assert sorted(name.first_name for name in only.vault.names(ids.values()).values()) == ["ดี1001", "ดี1002", "ดี1003"]


def sweeping_at(monkeypatch: pytest.MonkeyPatch, *, hours: float) -> None:
    """Let imports sweep as if it were later."""
    sweep = importing.sweep
    monkeypatch.setattr(importing, "sweep", lambda home, now: sweep(home, now + timedelta(hours=hours)))


@pytest.mark.parametrize("moment", ["after the first file", "inside the ledger's transaction"])
def test_files_of_a_killed_import_are_swept_by_a_later_one(
    only: DataHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    crash(only, moment, roster(tmp_path, range(1001, 1004)))
    (only.logs / importing.STAGING / "left").mkdir(parents=True)
    bring(only, roster(tmp_path, range(2001, 2003), "second.csv"))
    assert len(list(only.logs.rglob("*.parquet"))) > len(log_of(only).files), "too early: they may be being written"
    sweeping_at(monkeypatch, hours=25)
    bring(only, roster(tmp_path, range(2001, 2004), "third.csv"))
    assert {str(file.relative_to(only.logs)) for file in only.logs.rglob("*.parquet")} == {
        file.path for file in log_of(only).files
    }
    assert not list((only.logs / importing.STAGING).iterdir())


@pytest.mark.parametrize("room", [0, 1])
def test_a_full_disk_leaves_the_log_as_it_was(
    only: DataHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    bring(only, roster(tmp_path, range(1001, 1004), "first.csv"))
    before, files = everything(only), list(only.logs.rglob("*.parquet"))
    write, written = committing.write_in_order, []

    def until_full(*args: Any, **more: Any) -> Any:
        if len(written) == room:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(1)
        return write(*args, **more)

    monkeypatch.setattr(committing, "write_in_order", until_full)
    with pytest.raises(OSError, match="No space left"):
        bring(only, roster(tmp_path, range(1001, 1008)))
    assert everything(only) == before
    assert sorted(only.logs.rglob("*.parquet")) == sorted(files), "nothing half-written is left behind"


# Two at once


@pytest.mark.parametrize("round_", range(3))
def test_two_imports_of_one_file_at_once_tell_every_fact_once(only: DataHome, tmp_path: Path, round_: int) -> None:
    paths = [roster(tmp_path, range(1001, 1031), name) for name in ("a.csv", "b.csv")]
    start = Barrier(2)

    def one(path: Path) -> ImportReport:
        start.wait()
        return bring(only, path)

    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(one, paths))
    assert sorted(report.accepted for report in reports) == [0, 30]
    assert sorted(report.known for report in reports) == [0, 30]
    log = log_of(only)
    for table in (STUDENTS, ENROLMENTS):
        assert sorted(row["student"] for row in log.rows(table).to_pylist()) == list(range(30))
    assert log.rows(ROSTER_COUNTS).num_rows == 1


def test_two_different_files_at_once_both_land(only: DataHome, tmp_path: Path) -> None:
    bring(only, roster(tmp_path, range(1001, 1011)))
    days = {"a.csv": "20/05/2568", "b.csv": "21/05/2568"}
    for name, day in days.items():
        lines = [f"{code},{day},ขาด" for code in range(1001, 1011)]
        (tmp_path / name).write_text("\n".join(["รหัสนักศึกษา,วันที่,สถานะ", *lines]) + "\n", encoding="utf-8")
    start = Barrier(2)

    def one(name: str) -> ImportReport:
        start.wait()
        return bring(only, tmp_path / name)

    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(one, days))
    assert [report.accepted for report in reports] == [10, 10]
    rows = log_of(only).rows(ATTENDANCE)
    assert rows.num_rows == 20
    assert latest(ATTENDANCE, rows).num_rows == 20


def test_an_import_that_was_overtaken_compares_again(
    only: DataHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = roster(tmp_path, range(1001, 1004), "mine.csv"), roster(tmp_path, range(1001, 1004), "theirs.csv")
    tries: list[int] = []

    def slow(*args: Any, **more: Any) -> Any:
        tries.append(1)
        if len(tries) == 1:  # while this import compares, the other one comes and goes
            monkeypatch.setattr(Comparison, "compare", compare)
            bring(only, theirs)
            monkeypatch.setattr(Comparison, "compare", slow)
        return compare(*args, **more)

    compare = Comparison.compare
    monkeypatch.setattr(Comparison, "compare", slow)
    looked_before = datetime.now(UTC)
    report = bring(only, mine)
    assert (report.accepted, report.known) == (0, 3)
    assert len(tries) == 2
    rows = log_of(only).rows(ENROLMENTS)
    assert rows.num_rows == 3
    assert all(at > looked_before.replace(microsecond=0) for at in rows.column("recorded_at").to_pylist())
    assert len({file.path for file in log_of(only).files}) == len(list(only.logs.rglob("*.parquet")))


def test_an_import_that_is_always_overtaken_gives_up_by_sentence(
    only: DataHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def always(*_: object, **__: object) -> int:
        raise Overtaken

    monkeypatch.setattr(ledger, "commit", always)
    with pytest.raises(ImportRefused) as refused:
        bring(only, roster(tmp_path, range(1001, 1004)))
    assert refused.value.text.en == (
        f"Another import for {CODE} was committed meanwhile, three times. Import one file at a time."
    )
    assert refused.value.exit_code == 3
    assert not list(only.logs.rglob("*.parquet"))


def test_records_of_a_later_batch_are_never_recorded_before_those_of_an_earlier_one(
    only: DataHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An import that began first and was committed last must not slip in behind what others have read already."""
    first = roster(tmp_path, range(1001, 1004), "first.csv")
    second = roster(tmp_path, range(1001, 1004), "second.csv", group="ชย.1/2")

    def overtaken_while_checking(*args: Any, **more: Any) -> Any:
        found = check(*args, **more)
        monkeypatch.setattr(gathering, "check", check)
        bring(only, first)
        return found

    monkeypatch.setattr(gathering, "check", overtaken_while_checking)
    bring(only, second)
    rows = log_of(only).rows(ENROLMENTS).to_pylist()
    assert [row["class_group"] for row in rows] == ["ชย.1/1"] * 3 + ["ชย.1/2"] * 3
    assert ledger.log_index(only.database, CODE).epoch == 0
