"""What we said: publications with every scored student, the promotions they rest on, and capacity.

Exactly one publication is current for an institution and a week; older ones are kept. Publishing the same content
again changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, func, insert, select, update
from sqlalchemy.orm import Session

from records import audit
from records.clock import BANGKOK, buddhist, local_day
from records.college import Capacity
from records.database import Database
from records.erasure_tables import ErasureRow
from records.errors import UserError
from records.in_charge import EVERY_INSTITUTION as EVERY_INSTITUTION
from records.in_charge import FOLLOWS_ALL as FOLLOWS_ALL
from records.in_charge import RULE_LIST as RULE_LIST
from records.in_charge import champion as champion
from records.in_charge import promote as promote
from records.ledger_tables import StudentRow
from records.list_tables import CapacityRow as CapacityRow
from records.list_tables import ListEntryRow as ListEntryRow
from records.list_tables import PublicationRow as PublicationRow
from records.new_lists import NewEntry as NewEntry
from records.new_lists import NewPublication as NewPublication
from records.weeks import require_plausible

# A score is stale this many days after its as_of and says so; it is no longer shown as a band.
STALE_AFTER_DAYS = 14
DEFAULT_ROWS_PER_ADVISOR = 5
_PUT_BACK = "restore list"


class Published(Enum):
    NEW = "published"
    SAME = "same"
    RESTORED = "restored"


class NewerListStands(UserError):
    """A list of this week from later records is current; an older snapshot does not replace it unasked."""


class ErasedMeanwhile(UserError):
    """Somebody on the list was erased after the records for it were read."""


class ClockWentBack(UserError):
    """This machine says that it is earlier than the newest list was published."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


def publish(
    database: Database,
    new: NewPublication,
    *,
    actor: str = "",
    force: bool = False,
    now: Callable[[], datetime] = _utc_now,
) -> tuple[UUID, Published]:
    """Make `new` the current list of its institution and week, in one transaction.

    Content that is already current changes nothing; content that was superseded becomes current again. Raises UserError
    for a week that is mistyped, ErasedMeanwhile, and NewerListStands and ClockWentBack unless `force`; that is audited.
    """
    new.digest()  # before the turn is taken: it needs no database
    with database.write() as session:
        return publish_in(session, new, actor=actor, force=force, now=now)


def publish_in(
    session: Session,
    new: NewPublication,
    *,
    actor: str = "",
    force: bool = False,
    now: Callable[[], datetime] = _utc_now,
) -> tuple[UUID, Published]:
    """`publish` within a transaction that the caller commits."""
    _take_turn(session, new.institution, new.as_of)
    current = current_of_week(session, new.institution, new.as_of)
    at = now()  # after the first statement: SQLite waits for its turn there, and another may publish meanwhile
    require_plausible(new.as_of, local_day(at))
    _require_nobody_erased(session, new)
    if current is not None and current.digest == new.digest() and current.pruned_at is None:
        _confirm(current, new)
        return current.id, Published.SAME
    if force:
        detail: dict[str, str | int] = {"as_of": new.as_of.isoformat(), "ledger_number": new.ledger_number}
        audit.record_look(session, actor=actor, action="force list", institution=new.institution, detail=detail)
    else:
        _require_no_newer(current, new)
        _require_clock(session, new.institution, at)
    held = session.scalar(
        select(PublicationRow).where(
            _week(new.institution, new.as_of),
            PublicationRow.digest == new.digest(),
            PublicationRow.pruned_at.is_(None),
        )
    )
    if held is None:
        _supersede(session, new.institution, new.as_of)
        return _insert(session, new, at), Published.NEW
    _confirm(held, new)
    _put_in_place(session, held)
    return held.id, Published.RESTORED


def restore(database: Database, publication_id: UUID, *, actor: str) -> Published:
    """Make an older list the current one of its week again. Raises UserError when there is none, or it was pruned."""
    with database.write() as session:
        held = publication(session, publication_id)
        if held is None:
            raise UserError(
                f"There is no published list {publication_id}. `zerodrop lists show` tells them all. · "
                f"ไม่มีรายชื่อหมายเลข {publication_id} ดูหมายเลขทั้งหมดด้วยคำสั่ง zerodrop lists show"
            )
        return restore_in(session, held, actor=actor)


def restore_in(session: Session, held: PublicationRow, *, actor: str) -> Published:
    """`restore` within a transaction that the caller commits; who did it is in the audit trail."""
    _take_turn(session, held.institution, held.as_of)
    session.refresh(held)
    if held.pruned_at is not None:
        raise UserError(
            f"The scores of the list of {held.as_of} were deleted when their time was over, so it cannot be put back. "
            f"Make it anew with `zerodrop score --as-of {held.as_of}`. · "
            f"คะแนนของรายชื่อ ณ วันที่ {buddhist(held.as_of)} ถูกลบเมื่อครบกำหนดเก็บแล้ว จึงนำกลับมาใช้ไม่ได้ "
            f"ออกใหม่ด้วยคำสั่ง zerodrop score --as-of {held.as_of}"
        )
    if held.status == "current":
        return Published.SAME
    _put_in_place(session, held)
    detail: dict[str, str | int] = {"publication": str(held.id)}
    audit.record_look(session, actor=actor, action=_PUT_BACK, institution=held.institution, detail=detail)
    return Published.RESTORED


def was_put_back(session: Session, current: PublicationRow) -> bool:
    """Whether a person chose this list after the newest one of its week was published."""
    newest = session.scalar(
        select(func.max(PublicationRow.published_at)).where(_week(current.institution, current.as_of))
    )
    chosen = session.scalars(
        select(audit.AuditRow.detail).where(
            audit.AuditRow.institution == current.institution,
            audit.AuditRow.action == _PUT_BACK,
            audit.AuditRow.at >= newest,
        )
    )
    return any(detail.get("publication") == str(current.id) for detail in chosen)


def _take_turn(session: Session, institution: str, as_of: date) -> None:
    """Wait until no other process publishes this week; SQLite has one writer at a time anyway."""
    if session.get_bind().dialect.name == "postgresql":
        week = func.hashtext(f"publish {institution} {as_of.isoformat()}")
        session.execute(select(func.pg_advisory_xact_lock(week)))


def _week(institution: str, as_of: date) -> ColumnElement[bool]:
    return (PublicationRow.institution == institution) & (PublicationRow.as_of == as_of)


def current_of_week(session: Session, institution: str, as_of: date) -> PublicationRow | None:
    return session.scalar(select(PublicationRow).where(_week(institution, as_of), PublicationRow.status == "current"))


def _require_no_newer(current: PublicationRow | None, new: NewPublication) -> None:
    if current is None:
        return
    if new.ledger_number >= current.ledger_number and new.known_until >= current.known_until:
        return
    raise NewerListStands(
        f"The list of {new.as_of} in use was made from later records (batch {current.ledger_number}, this one "
        f"{new.ledger_number}). Score again, or add --force if the older one is meant. · "
        f"รายชื่อ ณ วันที่ {buddhist(new.as_of)} ที่ใช้อยู่ทำจากข้อมูลใหม่กว่า (ชุดที่ {current.ledger_number} "
        f"ชุดนี้ {new.ledger_number}) สั่ง score อีกครั้ง หรือเพิ่ม --force ถ้าต้องการใช้ชุดเก่าจริง"
    )


def _require_nobody_erased(session: Session, new: NewPublication) -> None:
    """Whoever is still in the ledger is not erased yet: the erasure will empty this list's entry too."""
    here = select(StudentRow.student_id).where(StudentRow.institution == new.institution)
    erased = session.scalars(
        select(ErasureRow.student_id).where(
            ErasureRow.institution == new.institution, ErasureRow.student_id.not_in(here)
        )
    )
    if not {entry.student_id for entry in new.entries}.isdisjoint(erased):
        raise ErasedMeanwhile(
            "Somebody was erased while this list was made; it was not published. Score again. · "
            "มีการลบข้อมูลตามคำขอระหว่างทำรายชื่อ จึงยังไม่เผยแพร่ ให้สั่ง score อีกครั้ง"
        )


def _require_clock(session: Session, institution: str, now: datetime) -> None:
    newest = session.scalar(
        select(func.max(PublicationRow.published_at)).where(PublicationRow.institution == institution)
    )
    if newest is None or now >= newest:
        return
    here, then = (f"{at.astimezone(BANGKOK):%Y-%m-%d %H:%M}" for at in (now, newest))
    raise ClockWentBack(
        f"The clock of this machine says {here}, but a list was published at {then} already. Set the clock and score "
        "again; if the clock was wrong then and is right now, add --force. · "
        f"นาฬิกาของเครื่องนี้บอก {here} แต่มีรายชื่อที่เผยแพร่เมื่อ {then} แล้ว ตั้งนาฬิกาให้ถูกแล้วสั่งใหม่ "
        "ถ้าตอนนั้นนาฬิกาผิดและตอนนี้ถูกแล้ว ให้เพิ่ม --force"
    )


def _confirm(held: PublicationRow, new: NewPublication) -> None:
    """The same list again, from what is known now: later records say no different."""
    held.ledger_number = max(held.ledger_number, new.ledger_number)
    held.known_until = max(held.known_until, new.known_until)


def _supersede(session: Session, institution: str, as_of: date) -> None:
    session.execute(update(PublicationRow).where(_week(institution, as_of)).values(status="superseded"))


def _put_in_place(session: Session, held: PublicationRow) -> None:
    _supersede(session, held.institution, held.as_of)
    session.execute(update(PublicationRow).where(PublicationRow.id == held.id).values(status="current"))


def _insert(session: Session, new: NewPublication, at: datetime) -> UUID:
    row = PublicationRow(
        institution=new.institution,
        as_of=new.as_of,
        status="current",
        digest=new.digest(),
        model_digest=new.model_digest,
        catalogue_fingerprint=new.catalogue_fingerprint,
        horizon=new.horizon,
        known_until=new.known_until,
        ledger_number=new.ledger_number,
        visits_per_week=new.capacity.visits_per_week,
        rows_per_advisor=new.capacity.rows_per_advisor,
        capacity_is_default=new.capacity_is_default,
        band_rates=list(new.band_rates),
        rates_term=new.rates_term,
        published_at=at,
    )
    session.add(row)
    session.flush()
    if new.entries:
        # The table itself: for 5,000 rows the ORM's bookkeeping takes longer than the rows.
        session.execute(insert(cast(Table, ListEntryRow.__table__)), [_row_of(row.id, entry) for entry in new.entries])
    return row.id


def _row_of(publication_id: UUID, entry: NewEntry) -> dict[str, Any]:
    return {"publication_id": publication_id, **vars(entry), "on_list": _stands_on_list(entry)}


def _stands_on_list(entry: NewEntry | ListEntryRow) -> bool:
    return entry.band != "none" or bool(entry.must_see)


def current_publication(session: Session, institution: str) -> PublicationRow | None:
    """The current list of the newest week."""
    return session.scalar(
        select(PublicationRow)
        .where(PublicationRow.institution == institution, PublicationRow.status == "current")
        .order_by(PublicationRow.as_of.desc())
        .limit(1)
    )


def publication(session: Session, publication_id: UUID) -> PublicationRow | None:
    return session.get(PublicationRow, publication_id)


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A publication and how many students were scored in it."""

    publication: PublicationRow
    students: int


def publications(session: Session, institution: str, *, most: int = 20) -> list[Listing]:
    """The newest publications of an institution, the newest week first; in a week the newest first."""
    size = select(func.count()).where(ListEntryRow.publication_id == PublicationRow.id).scalar_subquery()
    chosen = (
        select(PublicationRow, size)
        .where(PublicationRow.institution == institution)
        .order_by(PublicationRow.as_of.desc(), PublicationRow.published_at.desc())
        .limit(most)
    )
    return [Listing(publication=row[0], students=row[1]) for row in session.execute(chosen)]


def publications_of_week(session: Session, institution: str, as_of: date) -> list[PublicationRow]:
    return list(session.scalars(select(PublicationRow).where(_week(institution, as_of))))


def listed_before(session: Session, institution: str, as_of: date, band: str) -> set[int]:
    """The student numbers in a band of the last current list before `as_of`."""
    before = session.scalar(
        select(PublicationRow.id)
        .where(
            PublicationRow.institution == institution, PublicationRow.status == "current", PublicationRow.as_of < as_of
        )
        .order_by(PublicationRow.as_of.desc())
        .limit(1)
    )
    if before is None:
        return set()
    chosen = select(ListEntryRow.number).where(ListEntryRow.publication_id == before, ListEntryRow.band == band)
    return set(session.scalars(chosen))


def publications_before(session: Session, publication: PublicationRow) -> list[PublicationRow]:
    """The lists of the last week before, of those published when this one was, newest first.

    Which of several was current then is not kept where an earlier one was restored: the newest is the likeliest.
    """
    earlier = session.scalars(
        select(PublicationRow)
        .where(
            PublicationRow.institution == publication.institution,
            PublicationRow.as_of < publication.as_of,
            PublicationRow.published_at < publication.published_at,
        )
        .order_by(PublicationRow.as_of.desc(), PublicationRow.published_at.desc())
    ).all()
    return [row for row in earlier if row.as_of == earlier[0].as_of]


def numbers_in_band(session: Session, publication_id: UUID, band: str) -> frozenset[int]:
    chosen = select(ListEntryRow.number).where(ListEntryRow.publication_id == publication_id, ListEntryRow.band == band)
    return frozenset(session.scalars(chosen))


def entries_of(session: Session, publication_id: UUID) -> list[NewEntry]:
    """Every scored student of a publication, as it was stored. People ask through records.access.

    An entry that is shown, or not, against its own band and rules was altered, and is none of them.
    """
    rows = session.scalars(select(ListEntryRow).where(ListEntryRow.publication_id == publication_id))
    names = [item.name for item in fields(NewEntry)]
    whole = (row for row in rows if row.on_list == _stands_on_list(row))
    return [NewEntry(**{name: getattr(row, name) for name in names}) for row in whole]


def capacity_on(session: Session, institution: str, on: date) -> tuple[Capacity, bool]:
    """The capacity that people entered for a day, and False; or the default, and True."""
    row = session.scalar(
        select(CapacityRow)
        .where(CapacityRow.institution == institution, CapacityRow.valid_from <= on)
        .order_by(CapacityRow.valid_from.desc())
        .limit(1)
    )
    if row is None:
        return Capacity(valid_from=on, visits_per_week=0, rows_per_advisor=DEFAULT_ROWS_PER_ADVISOR), True
    held = Capacity(
        valid_from=row.valid_from, visits_per_week=row.visits_per_week, rows_per_advisor=row.rows_per_advisor
    )
    return held, False
