"""A batch withdrawn: a new batch puts every fact that it told back to what held without it; nothing is edited.

What a batch in operation told is withdrawn from the moment of the undo on: on the days between, it was known. What a
history told is withdrawn at the moments for which it was told, since those were reconstructed in the first place. Lists
read the log up to their own ledger number, so that earlier ones stay as they were.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from records import audit, ledger, versions
from records.clock import milliseconds
from records.errors import ImportRefused, UserError
from records.home import DataHome
from records.intake import rosters_in
from records.intake.gathering import compared_by
from records.intake.importing import STAGING
from records.intake.spool import Spool, in_order
from records.ledger import BatchRow, LogFile, LogIndex, NewBatch, Overtaken, Placement
from records.log import EventLog, write_in_order
from records.log_file import Within
from records.tables import ENROLMENTS, TABLE_OF, Table
from records.text import Text

_TRIES = 3
_INSTANT = pa.timestamp("ms", tz="UTC")
SOURCE = "undo"


@dataclass(frozen=True, kw_only=True)
class UndoReport:
    """What an undo changed: facts by table that nobody tells any more, and facts that are again what they were before."""

    institution: str
    undone: int
    ledger_number: int
    withdrawn: Mapping[str, int]
    restored: Mapping[str, int]
    discarded: int
    """Rows of the batch that waited in quarantine and were deleted with it."""
    notes: Sequence[Text] = ()

    def text(self) -> str:
        lines = [
            f"ถอนชุดที่ {self.undone} แล้วด้วยชุดที่ {self.ledger_number} · "
            f"batch {self.undone} was withdrawn by batch {self.ledger_number}"
        ]
        for name in sorted({*self.withdrawn, *self.restored}):
            gone, back = self.withdrawn.get(name, 0), self.restored.get(name, 0)
            lines.append(
                f"  {TABLE_OF[name].label.th} ({name}): ถอนออก {gone:,} กลับเป็นค่าเดิม {back:,} · "
                f"{gone:,} withdrawn, {back:,} as before again"
            )
        if self.discarded:
            lines.append(f"  ลบแถวที่กักไว้ {self.discarded:,} แถว · {self.discarded:,} rows in quarantine were deleted")
        return "\n".join([*lines, *(f"  {note.th} · {note.en}" for note in self.notes)])


def undo_batch(home: DataHome, institution: str, number: int, actor: str) -> UndoReport:
    """Withdraw a batch. Raises UserError for one that is unknown, another institution's, undone already, or an undo."""
    batch = ledger.require_batch(home.database, institution, number)
    _require_standing(home, batch)
    with home.database.write() as session:
        audit.record_look(session, actor=actor, action="undo batch", institution=institution, detail={"batch": number})
    folder = home.logs / STAGING / uuid4().hex
    try:
        undone, undoing = _commit(home, batch, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return UndoReport(
        institution=institution,
        undone=number,
        ledger_number=undoing,
        withdrawn=undone.withdrawn,
        restored=undone.restored,
        discarded=home.quarantine.discard(batch.token),
        notes=_notes(ledger.batches(home.database, institution), number, undoing),
    )


def _require_standing(home: DataHome, batch: BatchRow) -> None:
    if batch.undoes is not None:
        raise UserError(
            f"Batch {batch.number} is itself an undo, of batch {batch.undoes}. Import that file again instead. · "
            f"ชุดที่ {batch.number} เป็นการถอนชุดที่ {batch.undoes} ถ้าต้องการข้อมูลกลับมา ให้นำเข้าไฟล์เดิมอีกครั้ง"
        )
    for other in ledger.batches(home.database, batch.institution):
        if other.undoes == batch.number:
            raise UserError(
                f"Batch {batch.number} was undone already, by batch {other.number}. · "
                f"ชุดที่ {batch.number} ถูกถอนไปแล้วด้วยชุดที่ {other.number}"
            )


@dataclass(kw_only=True)
class _Undone:
    """What was written to withdraw a batch."""

    files: list[LogFile] = field(default_factory=list)
    withdrawn: dict[str, int] = field(default_factory=dict)
    restored: dict[str, int] = field(default_factory=dict)
    enrolments: pa.Table | None = None


def _commit(home: DataHome, batch: BatchRow, folder: Path) -> tuple[_Undone, int]:
    """Write and commit the undo; begun again when another batch was committed meanwhile."""
    for _ in range(_TRIES):
        undoing, undone = _Undoing.of(home, batch, folder), _Undone()
        try:
            for table in undoing.tables:
                undoing.withdraw(table, undone)
            new = _new_batch(undoing, undone)
            return undone, ledger.commit(home.database, new, after=undoing.log.ledger_number)
        except Overtaken:
            _remove(home, undone.files)
        except BaseException:
            _remove(home, undone.files)
            raise
    raise ImportRefused.overtaken(institution=batch.institution)


def _remove(home: DataHome, files: Sequence[LogFile]) -> None:
    for file in files:
        (home.logs / file.path).unlink(missing_ok=True)


def _new_batch(undoing: "_Undoing", undone: _Undone) -> NewBatch:
    batch, size = undoing.batch, sum(file.rows for file in undone.files)
    withdrawn = sum(undone.withdrawn.values())
    return NewBatch(
        token=uuid4(),
        institution=batch.institution,
        source=SOURCE,
        file_sha256=f"undo of {batch.file_sha256}",
        recorded_at=undoing.now,
        reconstructed=batch.reconstructed,
        raises_epoch=True,
        counts={
            "rows": size,
            "accepted": size - withdrawn,
            "known": 0,
            "fixed": 0,
            "quarantined": 0,
            "retracted": withdrawn,
        },
        files=undone.files,
        placements=_placements(undoing, undone),
        undoes=batch.number,
    )


def _placements(undoing: "_Undoing", undone: _Undone) -> list[Placement]:
    """Class groups by the rosters that are left; who is on none belongs to no class group."""
    if undone.enrolments is None:
        return []
    placed = rosters_in.placements(undoing.home, undoing.log, undone.enrolments, {})
    people = ledger.student_ids(undoing.home.database, undoing.batch.institution)
    return placed or [
        Placement(number=number, student_id=student_id, class_group="") for number, student_id in people.items()
    ]


@dataclass(frozen=True, kw_only=True)
class _Undoing:
    """One batch beside one state of the log; `apart` are the batches that no longer say anything."""

    home: DataHome
    batch: BatchRow
    log: EventLog
    own: EventLog
    apart: frozenset[int]
    now: datetime
    folder: Path

    @classmethod
    def of(cls, home: DataHome, batch: BatchRow, folder: Path) -> "_Undoing":
        index = ledger.log_index(home.database, batch.institution)
        mine = ledger.files_of_batch(home.database, batch)
        undos = [one for one in ledger.batches(home.database, batch.institution) if one.undoes is not None]
        open_log: Callable[[LogIndex], EventLog] = lambda files: EventLog(  # noqa: E731
            folder=home.logs, institution=batch.institution, index=files, key=home.vault.key
        )
        return cls(
            home=home,
            batch=batch,
            log=open_log(index),
            own=open_log(LogIndex(files=mine, ledger_number=index.ledger_number, epoch=index.epoch)),
            apart=frozenset({batch.number, *(one.number for one in undos), *(one.undoes or 0 for one in undos)}),
            now=datetime.now(UTC),
            folder=folder,
        )

    @property
    def tables(self) -> list[Table]:
        return [TABLE_OF[name] for name in sorted({file.table for file in self.own.files})]

    def withdraw(self, table: Table, undone: _Undone) -> None:
        """Write the rows that put this table back, a range of its facts at a time."""
        told = Spool(folder=self.folder, by=compared_by(table), keeps_in_memory=table.sensitive)
        for chunk in self.own.reader(table).upto(None):
            told.append(chunk)
        by = "recorded_at" if self.batch.reconstructed else "line"
        out = Spool(folder=self.folder, by=by, keeps_in_memory=table.sensitive)
        for low, high in told.ranges():
            log = self.log.rows(table, within=Within(column=told.by, low=low, high=high))
            rows = self._put_back(table, log, told.within(low, high), first_line=out.rows + 1)
            gone = int(pc.sum(rows.column("retracted")).as_py() or 0)
            undone.withdrawn[table.name] = undone.withdrawn.get(table.name, 0) + gone
            undone.restored[table.name] = undone.restored.get(table.name, 0) + rows.num_rows - gone
            out.append(rows)
        if table is ENROLMENTS:
            undone.enrolments = pa.concat_tables(out.tables()) if out.rows else table.schema.empty_table()
        if out.rows:
            chunks = (in_order(out.within(low, high)) for low, high in out.ranges())
            undone.files.append(
                write_in_order(self.home.logs, self.batch.institution, table, chunks, self.home.vault.key)
            )
        told.close()
        out.close()

    def _put_back(self, table: Table, log: pa.Table, told: pa.Table, *, first_line: int) -> pa.Table:
        """For every fact and moment of the batch the version that holds without it, where another one holds now."""
        asked = _asked(table, told, None if self.batch.reconstructed else self.now)
        without = log.filter(pc.invert(pc.is_in(log.column("batch"), pa.array(self.apart, pa.int32()))))
        before, now = _version(table, without, asked), _version(table, log, asked)
        kept = without.take(pa.array(before, mask=before < 0))
        held = log.take(pa.array(now, mask=now < 0))
        differs = ~_same(table, kept, held) | ((before < 0) != (now < 0))
        return _rows(table, asked, kept, before < 0, first_line).filter(pa.array(differs))


def _version(table: Table, told: pa.Table, asked: pa.Table) -> versions.Codes:
    """The place in `told` of the version that holds for each fact at its moment; -1 for none."""
    return versions.version_before(table, told, asked) if told.num_rows else np.full(asked.num_rows, -1, np.int64)


def _asked(table: Table, told: pa.Table, at: datetime | None) -> pa.Table:
    """Each fact that the batch told, once for every moment at which it is to be put back."""
    if at is not None:
        place = told.schema.get_field_index("recorded_at")
        moments = pa.array(np.full(told.num_rows, milliseconds(at)), pa.int64()).cast(_INSTANT)
        told = told.set_column(place, told.schema.field(place), moments)
    facts = versions.row_codes(told, [*table.key_columns, "recorded_at"])
    return told.take(pa.array(np.sort(np.unique(facts, return_index=True)[1])))


def _same(table: Table, one: pa.Table, other: pa.Table) -> np.ndarray:
    """Where two tables of equal length say the same; a missing version equals a missing version."""
    names = versions.value_columns(table)
    codes = versions.row_codes(pa.concat_tables([one.select(names), other.select(names)]), names)
    return np.asarray(codes[: one.num_rows] == codes[one.num_rows :])


def _rows(table: Table, asked: pa.Table, kept: pa.Table, none: np.ndarray, first_line: int) -> pa.Table:
    """The version of each fact as a row of the undo; a retraction where there is none."""
    from_asked = {"recorded_at", "happened_on", *table.key_columns}
    columns = []
    for wanted in table.schema:
        told = kept.column(wanted.name)
        match wanted.name:
            case "line":
                told = pa.array(np.arange(first_line, first_line + asked.num_rows), pa.int32())
            case "retracted":
                told = pa.array(none)
            case "happened_on" if "happened_on" not in table.key:
                told = pc.coalesce(told, asked.column("happened_on"))
            case name if name in from_asked:
                told = asked.column(name)
        columns.append(told)
    return pa.table(columns, schema=table.schema)


def _notes(batches: Sequence[BatchRow], number: int, undoing: int) -> list[Text]:
    """What people have to do after an undo, by the batches that came in between."""
    notes = []
    between = [one for one in batches if number < one.number < undoing and one.undoes is None]
    mended = [str(one.number) for one in between if one.mends == number]
    later = [str(one.number) for one in between if one.mends != number]
    if later:
        told = ", ".join(later)
        notes.append(
            Text(
                th=f"นำเข้าไฟล์ที่ได้รับหลังจากนั้นอีกครั้ง (ชุดที่ {told}) เพราะข้อมูลที่ซ้ำกับชุดที่ถอนไม่ได้บันทึกไว้ในชุดเหล่านั้น",
                en=f"import the files received since then again (batches {told}): what the withdrawn batch had told already was not stored for them",
            )
        )
    if mended:
        told = ", ".join(mended)
        notes.append(
            Text(
                th=f"แถวที่แก้แล้วของไฟล์นี้เข้ามาเป็นชุดที่ {told} ถ้าต้องการให้ถอนด้วย",
                en=f"mended rows of this file came in as batches {told}: undo them too if they are wrong",
            )
        )
    return notes
