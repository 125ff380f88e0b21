"""Records that the program concludes or that people enter, appended to a log as one batch.

They are named in the ledger like an imported file: all in one transaction, or not at all.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import uuid4

import numpy as np
import pyarrow as pa

from records import ledger
from records.clock import milliseconds
from records.errors import ImportRefused
from records.home import DataHome
from records.ledger import LogFile, NewBatch, Overtaken
from records.log import write_rows
from records.tables import SAME_PERSON, Table

_TRIES = 3


def as_rows(table: Table, told: Sequence[Mapping[str, object]]) -> pa.Table:
    """Records written as mappings (codes as positions) in the schema of a table; what is not said is empty."""
    filled = [{**row, "line": line, "retracted": False} for line, row in enumerate(told, start=1)]
    moments = _moments(len(filled), datetime.now(UTC))
    columns = [
        moments if field.name == "recorded_at" else pa.array([row.get(field.name) for row in filled], field.type)
        for field in table.schema
    ]
    return pa.table(columns, schema=table.schema)


Rows = Mapping[Table, pa.Table]


def append_records(home: DataHome, institution: str, rows: Rows | Callable[[], Rows], *, source: str) -> int:
    """Commit rows as one batch, recorded at the moment of the commit, and return its ledger number.

    Rows that follow from what is there are given as a function, and worked out anew whenever another batch or an erasure
    came first. Where there is no row nothing is committed and the newest number is returned. Raises ImportRefused when
    others came first three times.
    """
    for _ in range(_TRIES):
        index = ledger.log_index(home.database, institution)
        told = {table: part for table, part in (rows() if callable(rows) else rows).items() if part.num_rows}
        if not told:
            return index.ledger_number
        files: list[LogFile] = []
        try:
            batch = _batch(home, institution, told, files, source)
            return ledger.commit(home.database, batch, after=index.ledger_number, epoch=index.epoch)
        except Overtaken:
            _remove(home, files)
        except BaseException:
            _remove(home, files)
            raise
    raise ImportRefused.overtaken(institution=institution)


def _batch(
    home: DataHome, institution: str, rows: Mapping[Table, pa.Table], files: list[LogFile], source: str
) -> NewBatch:
    """Write the rows, recorded now; `files` takes each file as it is written, so that a failure can remove it."""
    now = datetime.now(UTC)
    newest = ledger.newest_recorded(home.database, institution)
    recorded = {table: _recorded(part, now) for table, part in rows.items()}
    for table, part in recorded.items():
        files.append(write_rows(home.logs, institution, table, part, home.vault.key))
    size = sum(part.num_rows for part in recorded.values())
    return NewBatch(
        token=uuid4(),
        institution=institution,
        source=source,
        file_sha256=_digest(recorded.values()),
        recorded_at=now,
        reconstructed=False,
        raises_epoch=SAME_PERSON in rows or (newest is not None and now < newest),
        counts={"rows": size, "accepted": size, "known": 0, "fixed": 0, "quarantined": 0, "retracted": 0, "layout": 0},
        files=files,
    )


def _recorded(rows: pa.Table, at: datetime) -> pa.Table:
    place = rows.schema.get_field_index("recorded_at")
    return rows.set_column(place, rows.schema.field(place), _moments(rows.num_rows, at))


def _moments(size: int, at: datetime) -> pa.Array:
    return pa.array(np.full(size, milliseconds(at)), pa.int64()).cast(pa.timestamp("ms", tz="UTC"))


def _digest(parts: Iterable[pa.Table]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, part.schema) as stream:
            stream.write_table(part)
        digest.update(sink.getvalue())
    return digest.hexdigest()


def _remove(home: DataHome, files: Sequence[LogFile]) -> None:
    for file in files:
        (home.logs / file.path).unlink(missing_ok=True)
