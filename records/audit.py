"""The audit trail: who looked at or changed what, written before the data leaves; rows are only ever added.

Each row holds the hash of the row before, so that an altered or missing row is found by `verify`. Whoever can write the
database could make the whole chain anew: against that stands the `head`, which is printed on every committee sheet.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, Select, Table, TextClause, event, insert, literal, select, text, true
from sqlalchemy.orm import Session

from records.audit_tables import AuditCutRow as AuditCutRow
from records.audit_tables import AuditRow as AuditRow
from records.database import Database, StoreSession
from records.errors import UserError
from records.text import Text

LARGEST_ID = 2**31 - 1  # PostgreSQL's INTEGER
_ROWS_AT_ONCE = 10_000
_HEAD_BYTES = 8
_MOST_TOLD = 50


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """The request in which something is looked at; empty for a command."""

    request_id: str = ""
    address: str = ""


circumstances: ContextVar[Circumstances] = ContextVar("circumstances", default=Circumstances())  # noqa: B039  frozen


def record_look(
    session: Session,
    *,
    actor: str,
    action: str,
    institution: str,
    student_id: UUID | None = None,
    detail: dict[str, str | int] | None = None,
) -> None:
    """Add one row to the chain; the caller commits it before it hands the data out.

    The session is one of `Database.write`, where one writer waits for the other: else two rows would follow the same.
    In a transaction that several share, all rows are written right before it is committed.
    """
    around = circumstances.get()
    said: dict[str, Any] = {
        "at": datetime.now(UTC),
        "actor": actor,
        "action": action,
        "institution": institution,
        "student_id": student_id,
        "detail": detail or {},
        "request_id": around.request_id,
        "address": around.address,
    }
    shared = session.info.get("looks")
    if shared is None:
        _write(session.connection(), [said])
    else:
        shared.append(said)


@event.listens_for(StoreSession, "before_commit")
def _write_shared(session: Session) -> None:
    if looks := session.info.pop("looks", None):
        _write(session.connection(), looks)


def looks_at(session: Session, student_id: UUID) -> list[AuditRow]:
    return list(session.scalars(select(AuditRow).where(AuditRow.student_id == student_id).order_by(AuditRow.id)))


# The chain

_SAID = ("id", "at", "actor", "action", "institution", "student_id", "detail", "request_id", "address")
_table = cast(Table, AuditRow.__table__)  # plain rows take half the time of mapped ones
_add = insert(_table).inline()
_written = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def row_hash(
    previous: bytes,
    id_: int,
    at: datetime,
    actor: str,
    action: str,
    institution: str,
    student_id: UUID | None,
    detail: Mapping[str, str | int],
    request_id: str,
    address: str,
) -> bytes:
    """SHA-256 of the hash before, then of the row as a JSON list in ASCII without spaces, in the order of the arguments.

    The instant is written in UTC as `2026-11-16T01:02:03.000004+00:00`, a student as text (null: none), and detail with
    its keys in order.
    """
    utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    student = "null" if student_id is None else f'"{student_id}"'
    # Put together by hand: an encoder for the whole list takes four times as long, and a trail has many rows.
    said = (
        f'[{id_},"{utc.isoformat(timespec="microseconds")}",{_quoted(actor)},{_quoted(action)},{_quoted(institution)},'
        f"{student},{'{}' if detail == {} else _written(detail)},{_quoted(request_id)},{_quoted(address)}]"
    )
    return hashlib.sha256(previous + said.encode()).digest()


_newest = select(_table.c.id, _table.c.hash).order_by(_table.c.id.desc()).limit(1)
_given_out = {
    "sqlite": text("(SELECT seq FROM sqlite_sequence WHERE name = 'audit')"),
    "postgresql": text("pg_sequence_last_value(pg_get_serial_sequence('audit', 'id')::regclass)"),
}
"""The largest id that the database ever gave out; null before the first."""
_given_next = {
    "sqlite": _given_out["sqlite"],
    "postgresql": text(
        "ARRAY(SELECT nextval(pg_get_serial_sequence('audit', 'id')) FROM generate_series(1, :count)) AS given"
    ),
}


def _after_newest(given: TextClause) -> Select[Any]:
    """What was given out, beside the newest row where there is one."""
    newest = _newest.subquery()
    return select(given, newest.c.id, newest.c.hash).select_from(
        select(literal(1)).subquery().outerjoin(newest, true())
    )


_ends = {dialect: _after_newest(given) for dialect, given in _given_next.items()}


def _write(connection: Connection, looks: Sequence[dict[str, Any]]) -> None:
    """Add rows to the chain, each with the next id and the hash that it follows."""
    rows = []
    given, newest, previous = connection.execute(_ends[connection.dialect.name], {"count": len(looks)}).one()
    if newest is None:
        newest, previous = _begin(connection)
    for id_, said in zip(_ids(given, newest, len(looks)), looks, strict=True):
        row = {**said, "id": id_, "previous": previous}
        previous = row["hash"] = row_hash(previous, *(row[name] for name in _SAID))
        rows.append(row)
    connection.execute(_add, rows)


def _ids(given: Sequence[int] | int | None, newest: int, count: int) -> Sequence[int]:
    """So many ids; PostgreSQL gave them, to SQLite we say them."""
    if isinstance(given, Sequence):
        return given
    first = max(given or 0, newest) + 1
    return range(first, first + count)


def _end(session: Session) -> tuple[int, bytes]:
    """The id and hash of the newest row; where all are deleted, of the newest that was; 0 and nothing before the first."""
    newest = session.execute(_newest).first()
    return (newest.id, newest.hash) if newest else _begin(session)


def _begin(asked: Session | Connection) -> tuple[int, bytes]:
    """After which id and hash the rows that are kept go on."""
    cut = asked.execute(
        select(AuditCutRow.through, AuditCutRow.hash).order_by(AuditCutRow.through.desc()).limit(1)
    ).first()
    return (cut.through, cut.hash) if cut else (0, b"")


# Checking it


def head(session: Session) -> str:
    """The end of the chain to print and to keep elsewhere: number of the newest row, first 16 hexadecimal digits."""
    return _printed(*_end(session))


def _printed(newest: int, hash_: bytes) -> str:
    return f"{newest}-{hash_[:_HEAD_BYTES].hex() or '0' * 2 * _HEAD_BYTES}"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something that is wrong with the trail at a row; where it may have been no tampering it is not `certain`."""

    row: int
    text: Text
    certain: bool = True


@dataclass(frozen=True, kw_only=True)
class AuditVerdict:
    """What `verify` found; `unchained` rows are older than the chain, and of them nothing can be said."""

    rows: int
    unchained: int
    head: str
    findings: tuple[Finding, ...]
    more: int
    """Findings beyond those that are told."""

    @property
    def sound(self) -> bool:
        return not any(one.certain for one in self.findings)


class AuditBroken(UserError):
    """Rows of the audit trail were altered, deleted or cut off."""

    exit_code = 11

    @classmethod
    def found(cls, verdict: AuditVerdict) -> "AuditBroken":
        count = sum(one.certain for one in verdict.findings) + verdict.more
        return cls(
            f"The audit trail is not whole: {count} places. Keep this computer as it is, tell the director, and compare "
            "with the newest backup. · "
            f"บันทึกการเข้าดูไม่ครบถ้วน {count} จุด อย่าเพิ่งแก้ไขอะไรในเครื่องนี้ แจ้งผู้อำนวยการ และเทียบกับข้อมูลสำรองล่าสุด"
        )


@dataclass(kw_only=True)
class _Check:
    """The chain as far as it was read."""

    ids_run_on: bool
    began: tuple[int, bytes]
    newest: int
    last: bytes
    rows: int = 0
    unchained: int = 0
    chained: bool = False
    findings: list[Finding] = field(default_factory=list)
    beyond: int = 0

    def find(self, row: int, th: str, en: str, *, certain: bool = True) -> None:
        if len(self.findings) >= _MOST_TOLD:
            self.beyond += 1
            return
        self.findings.append(Finding(row=row, text=Text(th=th, en=en), certain=certain))

    def read(self, row: Any) -> None:
        *said, previous, hash_ = row
        id_, breaks = said[0], previous != self.last
        if id_ != self.newest + 1 and (breaks or self.ids_run_on):
            self._missing(self.newest + 1, id_ - 1)
        elif id_ != self.newest + 1:
            self._perhaps_missing(self.newest + 1, id_ - 1)
        elif breaks:
            self.find(id_, f"แถวที่ {id_} ไม่ต่อจากแถวก่อนหน้า", f"row {id_} does not follow the row before it")
        if not hash_ and not previous and not self.chained:
            self.unchained += 1
        else:
            self.chained = True
            if row_hash(previous, *said) != hash_:
                self.find(id_, f"แถวที่ {id_} ถูกแก้ไข", f"row {id_} was altered")
        self.rows, self.newest, self.last = self.rows + 1, id_, hash_

    def end(self, given_out: int | None) -> None:
        if given_out is None or given_out <= self.newest:
            return
        if self.ids_run_on:
            self._missing(self.newest + 1, given_out)
        else:
            self._perhaps_missing(self.newest + 1, given_out)

    def _missing(self, first: int, last: int) -> None:
        self.find(first, f"แถวที่ {first} ถึง {last} หายไป", f"rows {first} to {last} are missing")

    def _perhaps_missing(self, first: int, last: int) -> None:
        self.find(
            first,
            f"ไม่มีแถวที่ {first} ถึง {last} อาจเป็นรายการที่ระบบยกเลิกเอง เทียบกับเลขท้ายที่พิมพ์ไว้",
            f"there are no rows {first} to {last}: changes that were cancelled, or a cut; compare with a printed head",
            certain=False,
        )


def verify(database: Database, *, printed: str = "") -> AuditVerdict:
    """Read the whole trail and say what is wrong with it; `printed` is a head from paper. Raises UserError for no head.

    Found are altered rows, rows missing in the middle and, by the ids that the database gave out, at the end.
    PostgreSQL gives out ids also to transactions that are then cancelled, so a missing id alone is no certainty there.
    """
    wanted = _parsed(printed) if printed else None
    with database.read() as session:
        began = _begin(session)
        ids_run_on = session.get_bind().dialect.name == "sqlite"
    check = _Check(ids_run_on=ids_run_on, began=began, newest=began[0], last=began[1])
    seen = None
    for row in _rows(database, check):
        check.read(row)
        if wanted and row.id == wanted[0]:
            seen = row.hash
    if wanted:
        _compare(check, wanted, seen)
    return AuditVerdict(
        rows=check.rows,
        unchained=check.unchained,
        head=_printed(check.newest, check.last),
        findings=tuple(check.findings),
        more=check.beyond,
    )


def _rows(database: Database, check: _Check) -> Iterator[Any]:
    """All rows in order, some thousands a transaction, so that nobody waits for the reader."""
    columns = [_table.c[name] for name in (*_SAID, "previous", "hash")]
    after = check.newest
    while True:
        with database.read() as session:
            rows = session.execute(
                select(*columns).where(_table.c.id > after).order_by(_table.c.id).limit(_ROWS_AT_ONCE)
            )
            found = rows.all()
            given_out = session.scalar(select(_given_out[session.get_bind().dialect.name])) if not found else None
        if not found:
            check.end(given_out)
            return
        yield from found
        after = found[-1].id


def _parsed(printed: str) -> tuple[int, str]:
    found = re.fullmatch(r"([0-9]+)-([0-9a-f]{16})", printed.strip().lower())
    if found is None:
        raise UserError(
            f"'{printed}' is no head of the audit trail. It is printed at the foot of a list, such as 1234-9f3a11c077de02b1. · "
            f"'{printed}' ไม่ใช่เลขท้ายของบันทึกการเข้าดู ดูเลขที่พิมพ์ไว้ท้ายรายชื่อ เช่น 1234-9f3a11c077de02b1"
        )
    return int(found[1]), found[2]


def _compare(check: _Check, wanted: tuple[int, str], seen: bytes | None) -> None:
    row, digits = wanted
    through, cut = check.began
    if row < through:
        check.find(
            row,
            f"แถวที่ {row} ถูกลบตามกำหนดเวลาแล้ว เทียบเลขท้ายนี้ไม่ได้",
            f"row {row} was deleted since, its time being over; this head cannot be compared",
            certain=False,
        )
        return
    held = cut if row == through else seen
    if held is None or _printed(row, held) != f"{row}-{digits}":
        check.find(
            row,
            f"เลขท้ายที่พิมพ์ไว้ ({row}-{digits}) ไม่ตรงกับบันทึก มีการแก้หรือตัดบันทึก",
            f"the printed head {row}-{digits} is not in the chain: rows were altered or cut off",
        )
