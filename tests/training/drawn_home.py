"""A data home whose log was drawn: institution, students, batches and capacity, ready for training and the weekly run."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

from records import ledger, lists, staff
from records.college import Capacity, Institution
from records.home import DataHome, create_home
from records.ledger import LogFile, NewBatch, Placement
from records.lists import CapacityRow
from records.people import FullName, Identity, IdKind
from records.settings import Settings
from records.staff import AccountRow
from records.tables import RULES
from tests.features.small_log import INSTITUTION, Record, in_the_evening, write_log


def make_home(folder: Path, records: Sequence[Record]) -> DataHome:
    """Everybody who has a record is admitted under the number that was drawn; numbers begin at 1."""
    home = create_home(Settings(home=folder / "var"))
    ledger.add_institution(home.database, Institution(code=INSTITUTION, name_th="วิทยาลัยตัวอย่าง", name_en="Example"))
    people = max(record.student for record in records)
    identities = [
        Identity(identifiers={IdKind.CODE: f"{n}"}, name=FullName(title="", first_name="ก", last_name=f"{n}"))
        for n in range(people + 1)
    ]
    known = home.vault.admit(INSTITUTION, identities, batch_token=uuid4())
    placements = [Placement(number=one.number, student_id=one.student_id, class_group="A") for one in known]
    add_records(home, records, placements=placements)
    return home


def add_records(home: DataHome, records: Sequence[Record], *, placements: Sequence[Placement] = ()) -> None:
    """Commit these records, a batch for each batch drawn."""
    files: dict[int, list[LogFile]] = defaultdict(list)
    for file in write_log(home.logs, records).files:
        files[file.batch].append(file)
    for _, of_batch in sorted(files.items()):
        _commit(home, of_batch, placements)
        placements = ()


def _commit(home: DataHome, files: Iterable[LogFile], placements: Sequence[Placement]) -> None:
    with home.database.read() as session:
        newest = ledger.last_number(session, INSTITUTION)
    batch = NewBatch(
        token=uuid4(), institution=INSTITUTION, source="drawn", file_sha256=uuid4().hex,
        recorded_at=datetime(2026, 1, 1, tzinfo=UTC), reconstructed=True, raises_epoch=False, counts={},
        files=tuple(files), placements=placements,
    )  # fmt: skip
    ledger.commit(home.database, batch, after=newest)


def set_capacity(home: DataHome, *, visits: int, rows: int) -> None:
    capacity = Capacity(valid_from=date(2024, 1, 1), visits_per_week=visits, rows_per_advisor=rows)
    with home.database.write() as session:
        session.merge(
            CapacityRow(
                institution=INSTITUTION, valid_from=capacity.valid_from, visits_per_week=visits, rows_per_advisor=rows
            )
        )


def set_rule(home: DataHome, name: str, value: float) -> None:
    """A rule that the institution has had since before the records begin."""
    since = date(2024, 1, 1)
    told = Record(
        table=RULES, happened_on=since, recorded_at=in_the_evening(since), batch=1, line=1,
        values={"rule": name, "value": value},
    )  # fmt: skip
    add_records(home, [told])


def set_advisor(home: DataHome, class_group: str) -> None:
    with home.database.write() as session:
        account = AccountRow(login="kru.a", name="ครู", role="advisor", institution=INSTITUTION)
        session.add(account)
        session.flush()
        staff.assign_group(session, account=account, class_group=class_group, valid_from=date(2024, 1, 1))


def put_in_charge(home: DataHome, digest: str) -> None:
    lists.promote(home.database, institution=INSTITUTION, model_digest=digest, signed_by="ครู", reason="test")
