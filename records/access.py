"""The one door: which students an account may see, by name or at all, and the audit row for every look.

Roles are a table that a non-programmer can read. Every answer about students starts from `visible_students`; names
leave the vault only through `named`, after the look was recorded. The pseudonymous log is opened by `open_log`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Select, false, select

from records import audit, ledger, lists
from records.database import Acting
from records.errors import NotAllowed
from records.home import DataHome
from records.ledger import BatchRow, StudentRow
from records.lists import ListEntryRow, NewEntry, PublicationRow
from records.people import StudentName
from records.quarantine import KeptRow
from records.roles import ROLE_OF, Permission, Role
from records.staff import AccountRow, CaseloadRow

if TYPE_CHECKING:
    from records.log import EventLog


_IDS_AT_ONCE = 500  # below what one SQLite statement takes


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Who a request acts for: a signed-in account, or a machine's key (then `account_id` is None).

    `institution` is the account's own; `institutions` are all whose rows it may ask about.
    """

    account_id: UUID | None
    login: str
    name: str
    role: Role
    institution: str
    institutions: frozenset[str]
    permissions: frozenset[Permission]

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    @property
    def acting(self) -> Acting:
        """What a session of the database is told, so that row-level security holds as well."""
        only_own = not self.may(Permission.SEE_ALL_STUDENTS)
        return Acting(institutions=self.institutions, account_id=self.account_id if only_own else None)


def principal_of(account: AccountRow) -> Principal:
    return Principal(
        account_id=account.id,
        login=account.login,
        name=account.name,
        role=ROLE_OF[account.role],
        institution=account.institution,
        institutions=frozenset({account.institution}),
        permissions=ROLE_OF[account.role].permissions,
    )


def visible_students(principal: Principal, on: date) -> Select[UUID]:
    """The ids of the students that this account may see on a day: the only way from an account to student rows."""
    own = select(StudentRow.student_id).where(StudentRow.institution == principal.institution)
    if principal.may(Permission.SEE_ALL_STUDENTS):
        return own
    if principal.may(Permission.SEE_OWN_STUDENTS):
        groups = select(CaseloadRow.class_group).where(
            CaseloadRow.account_id == principal.account_id,
            CaseloadRow.institution == principal.institution,
            CaseloadRow.valid_from <= on,
            (CaseloadRow.valid_to.is_(None)) | (CaseloadRow.valid_to > on),
        )
        return own.where(StudentRow.class_group.in_(groups))
    return own.where(false())


def see_list(home: DataHome, principal: Principal, on: date) -> tuple[PublicationRow, list[ListEntryRow]] | None:
    """The current list (bands and must-see), cut to the students whom this account may see; the look is recorded first.

    None when the institution has no list yet. Raises NotAllowed for a role that sees no students; that is recorded too.
    """
    _require_students(home, principal, "refused list")
    with home.database.write() as session:
        publication = lists.current_publication(session, principal.institution)
        if publication is None:
            return None
        chosen = select(ListEntryRow).where(
            ListEntryRow.publication_id == publication.id,
            ListEntryRow.on_list.is_(True),
            ListEntryRow.student_id.in_(visible_students(principal, on)),
        )
        entries = list(session.scalars(chosen.order_by(ListEntryRow.rank)))
        detail: dict[str, str | int] = {"publication": str(publication.id), "rows": len(entries)}
        audit.record_look(
            session, actor=principal.login, action="see list", institution=principal.institution, detail=detail
        )
    return publication, entries


def see_student(
    home: DataHome, principal: Principal, student_id: UUID, on: date
) -> tuple[PublicationRow, ListEntryRow] | None:
    """One student's place in the current list; the look is recorded first.

    None when there is no such student for this account: whether the student exists elsewhere is not told.
    """
    _require_students(home, principal, "refused student", student_id)
    with home.database.write() as session:
        visible = session.scalar(visible_students(principal, on).where(StudentRow.student_id == student_id))
        publication = lists.current_publication(session, principal.institution)
        entry = session.get(ListEntryRow, (publication.id, student_id)) if visible and publication else None
        action = "see student" if entry is not None else "refused student"
        audit.record_look(
            session, actor=principal.login, action=action, institution=principal.institution, student_id=student_id
        )
    return (publication, entry) if publication is not None and entry is not None else None


def named(home: DataHome, principal: Principal, student_ids: Iterable[UUID], on: date) -> dict[UUID, StudentName]:
    """Names of those among `student_ids` whom this account may see, after the look was recorded."""
    wanted = sorted(set(student_ids))
    parts = [wanted[start : start + _IDS_AT_ONCE] for start in range(0, len(wanted), _IDS_AT_ONCE)]
    with home.database.write() as session:
        allowed = {
            student_id
            for part in parts
            for student_id in session.scalars(visible_students(principal, on).where(StudentRow.student_id.in_(part)))
        }
        audit.record_look(
            session,
            actor=principal.login,
            action="see names",
            institution=principal.institution,
            detail={"rows": len(allowed)},
        )
    return home.vault.names(allowed)


def named_for_report(
    home: DataHome, actor: str, institution: str, student_ids: Iterable[UUID], purpose: str
) -> dict[UUID, StudentName]:
    """Names for a report that is printed at the institution: those of its own students, after the look was recorded."""
    wanted = set(student_ids)
    with home.database.write() as session:
        own = session.scalars(select(StudentRow.student_id).where(StudentRow.institution == institution))
        allowed = wanted.intersection(own)
        detail: dict[str, str | int] = {"purpose": purpose, "rows": len(allowed)}
        audit.record_look(session, actor=actor, action="see names", institution=institution, detail=detail)
    return home.vault.names(allowed)


def kept_rows(home: DataHome, actor: str, batch: BatchRow) -> list[KeptRow]:
    """The rows of a batch in quarantine with all their cells, after the look was recorded."""
    with home.database.write() as session:
        detail: dict[str, str | int] = {"batch": batch.number}
        audit.record_look(
            session, actor=actor, action="export quarantine", institution=batch.institution, detail=detail
        )
    return home.quarantine.rows(batch.token)


def published_entries(home: DataHome, actor: str, publication: PublicationRow) -> list[NewEntry]:
    """Every entry of a published list by student number, after the look was recorded."""
    with home.database.write() as session:
        detail: dict[str, str | int] = {"publication": str(publication.id)}
        audit.record_look(
            session, actor=actor, action="replay list", institution=publication.institution, detail=detail
        )
        return lists.entries_of(session, publication.id)


def open_log(
    home: DataHome, institution: str, *, actor: str, purpose: str, until_batch: int | None = None
) -> "EventLog":
    """The institution's pseudonymous log; writes one audit row a run."""
    from records.log import EventLog  # the service reads stored scores and never loads Parquet

    ledger.require_institution(home.database, institution)
    with home.database.write() as session:
        audit.record_look(session, actor=actor, action="open log", institution=institution, detail={"purpose": purpose})
    index = ledger.log_index(home.database, institution, until_batch)
    return EventLog(folder=home.logs, institution=institution, index=index)


def _require_students(home: DataHome, principal: Principal, action: str, student_id: UUID | None = None) -> None:
    if principal.may(Permission.SEE_ALL_STUDENTS) or principal.may(Permission.SEE_OWN_STUDENTS):
        return
    with home.database.write() as session:
        audit.record_look(
            session, actor=principal.login, action=action, institution=principal.institution, student_id=student_id
        )
    raise NotAllowed(f"The role '{principal.role.name}' sees no students.")
