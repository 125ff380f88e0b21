"""Published lists, a student's weeks and the audit trail by page, for programs; every look goes through records.access.

A page goes on after its last row (a keyset): what is added meanwhile moves nothing. The caller's cursor is an id of a
row that it was shown, so a cursor tells nothing that the page did not.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, or_, select
from sqlalchemy.orm import Session

from records import audit
from records.access import Principal, list_entries, record_list, refuse, require_students, visible_students
from records.audit import AuditRow
from records.home import DataHome
from records.ledger import StudentRow
from records.lists import STALE_AFTER_DAYS, ListEntryRow, PublicationRow
from records.roles import Permission
from records.seen import ListedEntry, columns_of

_STUDENTS = (Permission.SEE_OWN_STUDENTS, Permission.SEE_ALL_STUDENTS)
_LISTS = (*_STUDENTS, Permission.SEE_PSEUDONYMS, Permission.SEE_SUMMARIES, Permission.SEE_MODELS, Permission.PUBLISH)
_Row = TypeVar("_Row")


class UnknownCursor(Exception):
    """The page that was asked for does not go on from any row that this account was shown."""


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Which part of a list: a band and a class group (None: all), up to `limit` rows after the student `after`."""

    limit: int
    band: str | None = None
    group: str | None = None
    after: UUID | None = None


def publications(
    home: DataHome, principal: Principal, institution: str, *, week: date | None, limit: int, after: UUID | None
) -> tuple[list[PublicationRow], bool]:
    """The lists of an institution, newest first, and whether there are more; heads alone, no student.

    `week` is the Monday of a week, None for all. Raises NotAllowed, and UnknownCursor.
    """
    if not any(principal.may(one) for one in _LISTS) or institution not in principal.institutions:
        refuse(
            home,
            principal,
            "refused lists",
            "This account sees no lists of that institution. · บัญชีนี้ดูรายชื่อของสถานศึกษานั้นไม่ได้",
        )
    with home.database.read(principal.acting) as session:
        chosen = select(PublicationRow).where(PublicationRow.institution == institution)
        if week is not None:
            sunday = date.fromordinal(min(week.toordinal() + 6, date.max.toordinal()))
            chosen = chosen.where(PublicationRow.as_of.between(week, sunday))
        if after is not None:
            last = _publication(session, principal, after)
            if last is None or last.institution != institution:
                raise UnknownCursor
            chosen = chosen.where(_older(last))
        ordered = chosen.order_by(
            PublicationRow.as_of.desc(), PublicationRow.published_at.desc(), PublicationRow.id.desc()
        )
        return _page(session, ordered, limit)


def see_publication(
    home: DataHome, principal: Principal, publication_id: UUID, on: date, *, action: str = "see list"
) -> tuple[PublicationRow, list[ListedEntry]] | None:
    """A list by its id, cut to the students whom this account may see; the look is recorded first.

    None when there is no such list for this account. Raises NotAllowed for a role that sees no students.
    """
    require_students(home, principal, f"refused {action.partition(' ')[2]}")
    with home.database.write(principal.acting) as session:
        publication = _publication(session, principal, publication_id)
        if publication is None:
            return None
        entries = list_entries(session, principal, publication_id, on)
        record_list(session, principal, action, publication, rows=len(entries))
    return publication, entries


def see_entries(
    home: DataHome, principal: Principal, publication_id: UUID, on: date, chosen: Chosen
) -> tuple[PublicationRow, list[ListedEntry], bool] | None:
    """A page of a list by rank, and whether there is more; a stale list has no order left and goes by student id.

    None when there is no such list for this account. Raises NotAllowed, and UnknownCursor.
    """
    require_students(home, principal, "refused list")
    with home.database.write(principal.acting) as session:
        publication = _publication(session, principal, publication_id)
        if publication is None:
            return None
        stale = (on - publication.as_of).days > STALE_AFTER_DAYS
        shown = _shown(principal, publication, on)
        if chosen.after is not None:
            last = session.execute(shown.where(ListEntryRow.student_id == chosen.after)).first()
            if last is None:
                raise UnknownCursor
            shown = shown.where(_beyond(ListedEntry._make(last), stale=stale))
        if chosen.group is not None:
            shown = shown.where(ListEntryRow.class_group == chosen.group)
        if chosen.band is not None:  # once a list is stale nobody has a band
            shown = shown.where(false() if stale else ListEntryRow.band == chosen.band)
        keys = (ListEntryRow.student_id,) if stale else (ListEntryRow.rank, ListEntryRow.student_id)
        rows = session.execute(shown.order_by(*keys).limit(chosen.limit + 1)).all()
        entries = [ListedEntry._make(row) for row in rows[: chosen.limit]]
        record_list(session, principal, "see list", publication, rows=len(entries))
    return publication, entries, len(rows) > chosen.limit


def see_history(
    home: DataHome, principal: Principal, student_id: UUID, on: date, *, limit: int, after: UUID | None
) -> tuple[list[tuple[PublicationRow, ListEntryRow]], bool] | None:
    """A student's place in the current list of each week, newest week first; the look is recorded first.

    None when there is no such student for this account. `after` is the publication of the last row seen.
    """
    require_students(home, principal, "refused student", student_id)
    with home.database.write(principal.acting) as session:
        institution = session.scalar(
            select(StudentRow.institution).where(
                StudentRow.student_id == student_id,
                StudentRow.institution.in_(sorted(principal.institutions)),
                StudentRow.student_id.in_(visible_students(principal, on)),
            )
        )
        action = "see student history" if institution is not None else "refused student"
        audit.record_look(
            session,
            actor=principal.login,
            action=action,
            institution=institution or principal.institution,
            student_id=student_id,
        )
        if institution is None:
            return None
        chosen = (
            select(PublicationRow, ListEntryRow)
            .join(ListEntryRow, ListEntryRow.publication_id == PublicationRow.id)
            .where(
                PublicationRow.institution == institution,
                PublicationRow.status == "current",
                ListEntryRow.student_id == student_id,
            )
        )
        if after is not None:
            last = _publication(session, principal, after)
            if last is None:
                raise UnknownCursor
            chosen = chosen.where(PublicationRow.as_of < last.as_of)
        rows = session.execute(chosen.order_by(PublicationRow.as_of.desc()).limit(limit + 1)).all()
    return [(publication, entry) for publication, entry in rows[:limit]], len(rows) > limit


def see_audit(
    home: DataHome, principal: Principal, *, student_id: UUID | None, limit: int, before: int | None
) -> tuple[list[AuditRow], bool]:
    """Who looked or changed what, newest first; asking is a look of its own. Raises NotAllowed."""
    if not principal.may(Permission.SEE_AUDIT):
        refuse(
            home,
            principal,
            "refused audit",
            f"The role '{principal.role.name}' does not see the audit trail. · บทบาท '{principal.role.label.th}' ดูบันทึกการเข้าดูไม่ได้",
        )
    chosen = select(AuditRow).where(AuditRow.institution.in_(sorted(principal.institutions)))
    if student_id is not None:
        chosen = chosen.where(AuditRow.student_id == student_id)
    if before is not None:
        chosen = chosen.where(AuditRow.id < min(before, audit.LARGEST_ID))
    with home.database.write(principal.acting) as session:
        found = _page(session, chosen.order_by(AuditRow.id.desc()), limit)
        shown = Counter(row.institution for row in found[0])
        for institution in sorted(shown.keys() | principal.institutions):
            audit.record_look(
                session,
                actor=principal.login,
                action="see audit",
                institution=institution,
                student_id=student_id,
                detail={"rows": shown[institution]},
            )
    return found


def _publication(session: Session, principal: Principal, publication_id: UUID) -> PublicationRow | None:
    found = session.get(PublicationRow, publication_id)
    return found if found is not None and found.institution in principal.institutions else None


def _shown(principal: Principal, publication: PublicationRow, on: date) -> Select[Any]:
    return select(*columns_of(ListEntryRow, ListedEntry)).where(
        ListEntryRow.publication_id == publication.id,
        ListEntryRow.on_list.is_(True),
        ListEntryRow.student_id.in_(visible_students(principal, on)),
    )


def _beyond(last: ListedEntry, *, stale: bool) -> ColumnElement[bool]:
    later = ListEntryRow.student_id > last.student_id
    return later if stale else or_(ListEntryRow.rank > last.rank, and_(ListEntryRow.rank == last.rank, later))


def _older(last: PublicationRow) -> ColumnElement[bool]:
    same_day = PublicationRow.as_of == last.as_of
    same_moment = PublicationRow.published_at == last.published_at
    return or_(
        PublicationRow.as_of < last.as_of,
        and_(same_day, PublicationRow.published_at < last.published_at),
        and_(same_day, same_moment, PublicationRow.id < last.id),
    )


def _page(session: Session, ordered: Select[_Row], limit: int) -> tuple[list[_Row], bool]:
    rows = session.scalars(ordered.limit(limit + 1)).all()
    return list(rows[:limit]), len(rows) > limit
