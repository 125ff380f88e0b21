"""Who looked at a student: at their own page, or at a list on which they stood and which the reader saw.

A list is recorded as one look. Whether it showed a student is worked out from whom the reader cared for on that day.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from records import audit, staff
from records.access import WHOLE_LIST, Principal, named, visible_students
from records.audit import AuditRow
from records.clock import local_day
from records.errors import UserError
from records.home import DataHome
from records.ledger import StudentRow
from records.lists import ListEntryRow
from records.people import KeptName
from records.roles import ROLE_OF, Permission
from records.staff import AccountRow, CaseloadRow

# What is recorded when a whole list leaves, with names or by number.
LISTS = ("see list", "export list", "replay list", "compare list")


@dataclass(frozen=True, kw_only=True)
class Look:
    """One row of the trail as a person reads it; `name` is the account's, empty for a command or a key."""

    id: int
    at: datetime
    actor: str
    name: str
    role: str
    action: str
    student_id: UUID | None
    student: KeptName | None = None


@dataclass(frozen=True, kw_only=True)
class LookPage:
    """Looks, newest first; `before` is where the next page goes on, None after the last.

    Without `names_students` (whoever keeps watch and sees no student) it is told who did what when, and of nobody whom.
    """

    looks: tuple[Look, ...]
    before: int | None
    names_students: bool


def who_saw(session: Session, student_id: UUID) -> list[Look]:
    """Everything that was done about one student and every list that showed them, oldest first."""
    stood = select(ListEntryRow.publication_id, ListEntryRow.class_group).where(
        ListEntryRow.student_id == student_id, ListEntryRow.on_list.is_(True)
    )
    groups = {str(row.publication_id): row.class_group for row in session.execute(stood)}
    on_a_list = AuditRow.action.in_(LISTS) & AuditRow.detail["publication"].as_string().in_(sorted(groups))
    rows = session.scalars(
        select(AuditRow).where(or_(AuditRow.student_id == student_id, on_a_list)).order_by(AuditRow.id)
    )
    cared = _Cared(session)
    return [
        look
        for row, look in _told(session, list(rows))
        if row.student_id is not None or cared.was_shown(row, groups[str(row.detail["publication"])])
    ]


def student_looks(home: DataHome, student: str, *, actor: str) -> list[Look]:
    """`who_saw` for whoever runs this deployment, after the question itself was recorded. Raises UserError."""
    try:
        student_id = UUID(student)
    except ValueError:
        raise UserError(
            "That is no student's UUID; it stands at the end of the address of their page. · "
            "รหัสนักเรียนไม่ถูกต้อง ดูรหัสท้ายที่อยู่ของหน้านักเรียน"
        ) from None
    with home.database.write() as session:
        found = who_saw(session, student_id)
        known = session.scalars(select(StudentRow.institution).where(StudentRow.student_id == student_id))
        for institution in sorted(set(known)) or [""]:
            audit.record_look(session, actor=actor, action="see looks", institution=institution, student_id=student_id)
    return found


class _Cared:
    """Whom an account that sees its own class groups alone cared for; everybody else saw whole lists."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, list[CaseloadRow] | None] = {}

    def was_shown(self, row: AuditRow, class_group: str) -> bool:
        if row.detail.get("of") == WHOLE_LIST:
            return True
        if row.actor not in self._known:
            self._known[row.actor] = self._caseloads(row.actor)
        held, day = self._known[row.actor], local_day(row.at)
        return held is None or any(
            one.class_group == class_group
            and one.institution == row.institution
            and one.valid_from <= day
            and (one.valid_to is None or day < one.valid_to)
            for one in held
        )

    def _caseloads(self, actor: str) -> list[CaseloadRow] | None:
        account = staff.account_by_login(self._session, actor)
        if account is None or Permission.SEE_ALL_STUDENTS in ROLE_OF[account.role].permissions:
            return None
        return list(self._session.scalars(select(CaseloadRow).where(CaseloadRow.account_id == account.id)))


def looks(home: DataHome, principal: Principal, on: date, *, limit: int, before: int | None = None) -> LookPage:
    """Looks at the students whom this account may see, with their names; that somebody asked is recorded first.

    Who sees no student is told of nobody whom: of all looks of the institution where they keep watch over the trail, else
    of their own.
    """
    sees_students = principal.sees_students
    with home.database.write(principal.acting) as session:
        audit.record_look(session, actor=principal.login, action="see looks", institution=principal.institution)
        chosen = select(AuditRow).where(AuditRow.institution.in_(sorted(principal.institutions)))
        if before is not None:
            chosen = chosen.where(AuditRow.id < min(before, audit.LARGEST_ID))
        if sees_students:
            chosen = chosen.where(_at_own(session, principal, on))
        elif not principal.may(Permission.SEE_AUDIT):
            chosen = chosen.where(AuditRow.actor == principal.login)
        rows = list(session.scalars(chosen.order_by(AuditRow.id.desc()).limit(limit + 1)))
        told = [look for _, look in _told(session, rows[:limit])]
    if sees_students:
        names = named(home, principal, [look.student_id for look in told if look.student_id], on)
        told = [replace(look, student=names.get(look.student_id) if look.student_id else None) for look in told]
    else:
        told = [replace(look, student_id=None) for look in told]
    return LookPage(looks=tuple(told), before=told[-1].id if len(rows) > limit else None, names_students=sees_students)


def _at_own(session: Session, principal: Principal, on: date) -> ColumnElement[bool]:
    """Of a row: that it is about a student of this account, or a list that may have shown one."""
    own = visible_students(principal, on)
    a_list: ColumnElement[bool] = AuditRow.action.in_(LISTS)
    if not principal.may(Permission.SEE_ALL_STUDENTS):
        whole = AuditRow.detail["of"].as_string() == WHOLE_LIST
        a_list = a_list & or_(whole, AuditRow.actor.not_in(_elsewhere(session, own)))
    return or_(AuditRow.student_id.in_(own), a_list)


def _elsewhere(session: Session, own: Select[UUID]) -> list[str]:
    """Logins of those who see their own class groups alone and never had one of these students'."""
    groups = select(StudentRow.institution, StudentRow.class_group).where(StudentRow.student_id.in_(own)).distinct()
    shared: set[tuple[str, str]] = {(row.institution, row.class_group) for row in session.execute(groups)}
    held = session.execute(select(CaseloadRow.account_id, CaseloadRow.institution, CaseloadRow.class_group))
    near = {row.account_id for row in held if (row.institution, row.class_group) in shared}
    accounts = session.scalars(select(AccountRow))
    return [
        account.login
        for account in accounts
        if account.id not in near and Permission.SEE_ALL_STUDENTS not in ROLE_OF[account.role].permissions
    ]


def _told(session: Session, rows: Sequence[AuditRow]) -> list[tuple[AuditRow, Look]]:
    actors = sorted({row.actor for row in rows})
    accounts = {one.login: one for one in session.scalars(select(AccountRow).where(AccountRow.login.in_(actors)))}
    return [(row, _look(row, accounts.get(row.actor))) for row in rows]


def _look(row: AuditRow, account: AccountRow | None) -> Look:
    return Look(
        id=row.id,
        at=row.at,
        actor=row.actor,
        name=account.name if account else "",
        role=account.role if account else "",
        action=row.action,
        student_id=row.student_id,
    )
