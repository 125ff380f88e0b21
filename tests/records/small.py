"""Small logs, batches and lists for the tests of records: written out as rows, nothing made up behind the scenes."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pyarrow as pa

from records import ledger
from records.access import Principal, list_seen
from records.college import Capacity, Institution
from records.home import DataHome
from records.ledger import LogFile, NewBatch, Placement
from records.lists import NewEntry, NewPublication
from records.log import EventLog
from records.seen import ListedEntry, SeenList
from records.tables import Table

CODE = "1320026101"
OTHER_CODE = "1320026102"
START = datetime(2025, 6, 2, 1, 0, tzinfo=UTC)
Row = Mapping[str, Any]


def institution(code: str = CODE) -> Institution:
    return Institution(code=code, name_th="วิทยาลัยตัวอย่าง", name_en="Example College", agency="สอศ.", province="ลำปาง")


def rows_of(table: Table, rows: Sequence[Row]) -> pa.Table:
    """Rows in the schema of a table; what is not said is empty, `recorded_at` counts minutes from START."""
    filled = [
        {
            "happened_on": date(2025, 6, 1),
            "line": 1,
            "retracted": False,
            **row,
            "recorded_at": START + timedelta(minutes=row.get("recorded_at", 0)),
        }
        for row in rows
    ]
    columns = [pa.array([row.get(field.name) for row in filled], field.type) for field in table.schema]
    return pa.table(columns, schema=table.schema)


def batch_of(
    *,
    code: str = CODE,
    files: Sequence[LogFile] = (),
    placements: Sequence[Placement] = (),
    recorded_at: datetime = START,
    reconstructed: bool = False,
    raises_epoch: bool = False,
    token: UUID | None = None,
    sha256: str = "00",
) -> NewBatch:
    return NewBatch(
        token=token or uuid4(), institution=code, source="plain", file_sha256=sha256, recorded_at=recorded_at,
        reconstructed=reconstructed, raises_epoch=raises_epoch, counts={"rows": 1}, files=files, placements=placements,
    )  # fmt: skip


def commit(home: DataHome, batch: NewBatch) -> int:
    """Commit on top of whatever is there."""
    return ledger.commit(home.database, batch, after=ledger.log_index(home.database, batch.institution).ledger_number)


def log_of(home: DataHome, code: str = CODE, until_batch: int | None = None) -> EventLog:
    return EventLog(folder=home.logs, institution=code, index=ledger.log_index(home.database, code, until_batch))


def place(home: DataHome, groups: Mapping[int, str], *, code: str = CODE) -> dict[int, UUID]:
    """Students by number in class groups; returns their pseudonyms."""
    ids = {number: uuid4() for number in groups}
    placements = [
        Placement(number=number, student_id=ids[number], class_group=group) for number, group in groups.items()
    ]
    commit(home, batch_of(code=code, placements=placements))
    return ids


def publication_of(
    ids: Mapping[int, UUID], *, code: str = CODE, model: str = "absence_rule", ledger_number: int = 1, minute: int = 0
) -> NewPublication:
    """A list of these students in the order of their numbers; `minute` is when it was computed, not what it says."""
    entries = [
        NewEntry(
            student_id=student_id, number=number, class_group="ชย.1/1", rank=rank, band="watch", cause="score", logit=None,
            probability=None, ordering=float(-rank), cut_off=-1.0, listed_probability=1.0, must_see=[], reasons=[],
            missing=[], unknown_domains=[], domains={}, what_if=None,
        )
        for rank, (number, student_id) in enumerate(sorted(ids.items()), start=1)
    ]  # fmt: skip
    return NewPublication(
        institution=code, as_of=date(2025, 6, 9), model_digest=model, catalogue_fingerprint="f", horizon="days(56)",
        known_until=START + timedelta(minutes=minute), ledger_number=ledger_number,
        capacity=Capacity(valid_from=date(2025, 6, 1), visits_per_week=3), capacity_is_default=False,
        band_rates=[], rates_term="", entries=entries,
    )  # fmt: skip


def see_list(home: DataHome, who: Principal, on: date) -> tuple[SeenList, list[ListedEntry]] | None:
    """A look at the current list, committed."""
    return home.database.together(lambda session: list_seen(session, who, on), who.acting)
