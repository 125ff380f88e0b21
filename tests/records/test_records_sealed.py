"""A sensitive table is sealed before any of it is written: the disk never holds its rows in clear."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from records.home import DataHome
from records.ledger import LogIndex
from records.log import EventLog, write_in_order, write_rows
from records.tables import SCREENING_SENSITIVE
from tests.records.small import CODE, rows_of

ROWS = rows_of(SCREENING_SENSITIVE, [{"student": student, "score": 7, "line": student} for student in (1, 2)])


def test_sealed_rows_are_read_again(home: DataHome) -> None:
    file = write_rows(home.logs, CODE, SCREENING_SENSITIVE, ROWS, home.vault.key)
    index = LogIndex(files=(file,), ledger_number=0, epoch=0)
    log = EventLog(folder=home.logs, institution=CODE, index=index, key=home.vault.key)
    assert log.rows(SCREENING_SENSITIVE).drop_columns(["batch"]).equals(ROWS)
    with pytest.raises(pa.ArrowInvalid):
        pq.ParquetFile(home.logs / file.path)


def test_nothing_lies_on_the_disk_while_rows_are_gathered(home: DataHome) -> None:
    def chunks() -> Any:
        yield ROWS.slice(0, 1)
        assert not [path for path in home.logs.rglob("*") if path.is_file()]
        yield ROWS.slice(1)

    assert write_in_order(home.logs, CODE, SCREENING_SENSITIVE, chunks(), home.vault.key).rows == 2


def test_no_file_is_ever_written_in_clear(home: DataHome, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[str, bytes]] = []
    replace, write = Path.replace, Path.write_bytes

    def watched_write(path: Path, data: bytes) -> int:
        written.append((path.name, data[:4]))
        return write(path, data)

    def watched_replace(path: Path, target: Path) -> Path:
        assert not target.exists()
        written.append((target.name, path.read_bytes()[:4]))
        return replace(path, target)

    monkeypatch.setattr(Path, "write_bytes", watched_write)
    monkeypatch.setattr(Path, "replace", watched_replace)
    file = write_rows(home.logs, CODE, SCREENING_SENSITIVE, ROWS, home.vault.key)
    name = Path(file.path).name
    assert [name for name, _ in written] == [name.replace(".parquet", ".part.parquet"), name]
    assert all(head != b"PAR1" for _, head in written)
    assert [path.name for path in (home.logs / CODE / "screening_sensitive").iterdir()] == [name]


def test_without_the_key_nothing_is_left_on_the_disk(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the vault's key"):
        write_rows(tmp_path, CODE, SCREENING_SENSITIVE, ROWS)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_failed_seal_leaves_nothing_on_the_disk(home: DataHome, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: bytes) -> bytes:
        raise RuntimeError("no entropy")

    monkeypatch.setattr(home.vault.key, "seal", fails)
    with pytest.raises(RuntimeError):
        write_rows(home.logs, CODE, SCREENING_SENSITIVE, ROWS, home.vault.key)
    assert not [path for path in home.logs.rglob("*") if path.is_file()]
