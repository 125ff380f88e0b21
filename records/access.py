"""The one door: which students an account may see, by name or at all, and the audit row for every look.

Roles are a table that a non-programmer can read. Every answer about students starts from `visible_students`; names
leave the vault only through `named`, after the look was recorded. The pseudonymous log is opened by `open_log`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, Uuid, bindparam, false, or_, select, tuple_
from sqlalchemy.orm import Session

from records import audit, ledger, lists, staff
from records.database import Acting
from records.errors import NotAllowed
from records.home import DataHome
from records.ledger import BatchRow, StudentRow
from records.lists import ListEntryRow, NewEntry, PublicationRow
from records.people import KeptName
from records.quarantine import KeptRow
from records.roles import ROLE_OF, Permission, Role
from records.seen import ListedEntry, SeenEntry, SeenList, columns_of
from records.sign_ins import Holder
from records.staff import ADVISOR, DEPARTMENT_HEAD, AccountRow, CaseloadRow

if TYPE_CHECKING:
    from records.log import EventLog


WHOLE_LIST = "all"
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
    def sees_students(self) -> bool:
        return self.may(Permission.SEE_ALL_STUDENTS) or self.may(Permission.SEE_OWN_STUDENTS)

    @property
    def acting(self) -> Acting:
        """What a session of the database is told, so that row-level security holds as well; without rights nobody is seen."""
        if self.may(Permission.SEE_ALL_STUDENTS):
            return Acting(institutions=self.institutions, account_id=None)
        # To the database no account means every class group, so a machine without this right is given no institution.
        return Acting(institutions=self.institutions if self.account_id else frozenset(), account_id=self.account_id)


def principal_of(account: AccountRow | Holder) -> Principal:
    return Principal(
        account_id=account.id,
        login=account.login,
        name=account.name,
        role=ROLE_OF[account.role],
        institution=account.institution,
        institutions=frozenset({account.institution}),
        permissions=ROLE_OF[account.role].permissions,
    )


# Of which class groups a role sees the students; a duty that is left from an earlier role counts for nothing.
_DUTIES: dict[str, tuple[str, ...]] = {"department_head": (ADVISOR, DEPARTMENT_HEAD)}


class _Reach(NamedTuple):
    """What decides how the question "which students?" is put; its values are said when it is asked."""

    everybody: bool
    duties: tuple[str, ...]
    institutions: int


def _reach(principal: Principal) -> _Reach:
    institutions = len(principal.institutions)
    if principal.may(Permission.SEE_ALL_STUDENTS):
        return _Reach(everybody=True, duties=(), institutions=institutions)
    if not principal.may(Permission.SEE_OWN_STUDENTS) or principal.account_id is None:
        return _Reach(everybody=False, duties=(), institutions=institutions)
    return _Reach(everybody=False, duties=_DUTIES.get(principal.role.name, (ADVISOR,)), institutions=institutions)


def _asker(principal: Principal, on: date) -> dict[str, object]:
    """The values of `_visible` for this account and day."""
    named = {f"seen_institution_{place}": code for place, code in enumerate(sorted(principal.institutions))}
    return {**named, "seen_by": principal.account_id, "seen_on": on, "seen_at": principal.institution}


@cache
def _visible(reach: _Reach) -> ColumnElement[bool]:
    """Of a student row: that this account may see it on a day."""
    if not reach.everybody and not reach.duties:
        return false()
    places = (StudentRow.institution == bindparam(f"seen_institution_{place}") for place in range(reach.institutions))
    own = or_(false(), *places)
    if reach.everybody:
        return own
    return own & tuple_(StudentRow.institution, StudentRow.class_group).in_(_groups(reach))


def _groups(reach: _Reach) -> Select[str, str]:
    """The class groups that this account cares for on a day."""
    return select(CaseloadRow.institution, CaseloadRow.class_group).where(
        CaseloadRow.account_id == bindparam("seen_by", type_=Uuid),
        or_(*(CaseloadRow.duty == duty for duty in reach.duties)),
        staff.holds(cast(date, bindparam("seen_on", type_=Date))),
    )


def has_groups(home: DataHome, principal: Principal, on: date) -> bool:
    """Whether there is a class group whose students this account may see on a day; else no list can show it anybody."""
    reach = _reach(principal)
    if reach.everybody or not reach.duties:
        return reach.everybody
    with home.database.read(principal.acting) as session:
        return session.execute(_groups(reach).limit(1), _asker(principal, on)).first() is not None


def visible_students(principal: Principal, on: date) -> Select[UUID]:
    """The ids of the students that this account may see on a day: the only way from an account to student rows."""
    return _students(_reach(principal)).params(_asker(principal, on))


@cache
def _students(reach: _Reach) -> Select[UUID]:
    return select(StudentRow.student_id).where(_visible(reach))


def list_seen(session: Session, principal: Principal, on: date) -> tuple[SeenList, list[ListedEntry]] | None:
    """The current list (bands and must-see), cut to the students whom this account may see, with the look recorded in the
    same transaction; commit before telling.

    None before the institution's first list, and for a role that sees no students: `require_students` refuses it.
    """
    if not principal.sees_students:
        return None
    found = session.connection().execute(_current_list, _asker(principal, on)).first()
    if found is None:
        return None
    publication = SeenList._make(found)
    entries = list_entries(session, principal, publication.id, on)
    record_list(session, principal, "see list", publication, rows=len(entries))
    return publication, entries


def list_entries(session: Session, principal: Principal, publication_id: UUID, on: date) -> list[ListedEntry]:
    """What a list shows of the students whom this account may see, by rank; the caller records the look."""
    asked = {**_asker(principal, on), "publication": publication_id}
    return [ListedEntry._make(row) for row in session.connection().execute(_listed(_reach(principal)), asked)]


def list_places(
    session: Session, principal: Principal, publication_id: UUID, student_ids: Iterable[UUID], on: date
) -> list[SeenEntry]:
    """What a list has of these students, listed or not, as far as this account may see them; the caller records the look."""
    of_them = ListEntryRow.student_id.in_(student_ids) & ListEntryRow.student_id.in_(visible_students(principal, on))
    chosen = select(*columns_of(ListEntryRow, SeenEntry)).where(ListEntryRow.publication_id == publication_id, of_them)
    return [SeenEntry._make(row) for row in session.execute(chosen)]


_current_list = (
    select(*columns_of(PublicationRow, SeenList))
    .where(PublicationRow.institution == bindparam("seen_at"), PublicationRow.status == "current")
    .order_by(PublicationRow.as_of.desc())
    .limit(1)
)


@cache
def _listed(reach: _Reach) -> Select[Any]:
    return (
        select(*columns_of(ListEntryRow, ListedEntry))
        .where(
            ListEntryRow.publication_id == bindparam("publication", type_=Uuid),
            ListEntryRow.on_list.is_(True),
            ListEntryRow.student_id.in_(_students(reach)),
        )
        .order_by(ListEntryRow.rank)
    )


def record_list(
    session: Session, principal: Principal, action: str, publication: PublicationRow | SeenList, *, rows: int
) -> None:
    """Record a look at a list, and whether it was the whole of it: a role may change later."""
    detail: dict[str, str | int] = {"publication": str(publication.id), "rows": rows}
    detail["of"] = WHOLE_LIST if principal.may(Permission.SEE_ALL_STUDENTS) else "own groups"
    audit.record_look(session, actor=principal.login, action=action, institution=publication.institution, detail=detail)


def see_student(home: DataHome, principal: Principal, student_id: UUID, on: date) -> tuple[SeenList, SeenEntry] | None:
    """One student's place in the current list; the look is recorded first. None: see `student_seen`."""
    return home.database.together(lambda session: student_seen(session, principal, student_id, on), principal.acting)


def student_seen(
    session: Session, principal: Principal, student_id: UUID, on: date
) -> tuple[SeenList, SeenEntry] | None:
    """One student's place in the current list, with the look recorded in the same transaction; commit before telling.

    None when there is no such student for this account: whether the student exists elsewhere is not told. Where a key
    asks for several institutions, it is the list of the first of them that has the student.
    """
    asked = {**_asker(principal, on), "student": student_id}
    found = session.connection().execute(_current_place(_reach(principal)), asked).first()
    audit.record_look(
        session,
        actor=principal.login,
        action="see student" if found is not None else "refused student",
        institution=found.institution if found is not None else principal.institution,
        student_id=student_id,
    )
    if found is None:
        return None
    head = len(SeenList._fields)
    return SeenList._make(found[:head]), SeenEntry._make(found[head:])


@cache
def _current_place(reach: _Reach) -> Select[Any]:
    """A student's place in the current list."""
    newest = (
        select(PublicationRow.id)
        .where(PublicationRow.institution == StudentRow.institution, PublicationRow.status == "current")
        .order_by(PublicationRow.as_of.desc())
        .limit(1)
        .correlate(StudentRow)
        .scalar_subquery()
    )
    return (
        select(*columns_of(PublicationRow, SeenList), *columns_of(ListEntryRow, SeenEntry))
        .select_from(StudentRow)
        .join(PublicationRow, PublicationRow.id == newest)
        .join(
            ListEntryRow,
            (ListEntryRow.publication_id == PublicationRow.id) & (ListEntryRow.student_id == StudentRow.student_id),
        )
        .where(StudentRow.student_id == bindparam("student", type_=Uuid), _visible(reach))
        .order_by(StudentRow.institution != bindparam("seen_at"), StudentRow.institution)
        .limit(1)
    )


def names_seen(home: DataHome, entries: Iterable[ListedEntry | SeenEntry]) -> dict[UUID, KeptName]:
    """Names for entries that `list_seen` or `student_seen` handed out: their look was recorded, and means these names."""
    return home.vault.names(entry.student_id for entry in entries)


def named(home: DataHome, principal: Principal, student_ids: Iterable[UUID], on: date) -> dict[UUID, KeptName]:
    """Names of those among `student_ids` whom this account may see, after the look was recorded."""
    wanted = sorted(set(student_ids))
    parts = [wanted[start : start + _IDS_AT_ONCE] for start in range(0, len(wanted), _IDS_AT_ONCE)]
    with home.database.write(principal.acting) as session:
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
) -> dict[UUID, KeptName]:
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


def published_entries(home: DataHome, actor: str, publication: PublicationRow, *, action: str) -> list[NewEntry]:
    """Every entry of a published list by student number, after the look was recorded; `action` is one of looks.LISTS."""
    with home.database.write() as session:
        detail: dict[str, str | int] = {"publication": str(publication.id)}
        audit.record_look(session, actor=actor, action=action, institution=publication.institution, detail=detail)
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


def require_students(home: DataHome, principal: Principal, action: str, student_id: UUID | None = None) -> None:
    """Raises NotAllowed for a role that sees no students; the try is recorded."""
    if not principal.sees_students:
        refuse(
            home,
            principal,
            action,
            f"The role '{principal.role.name}' sees no students. · บทบาท '{principal.role.label.th}' ดูข้อมูลนักเรียนไม่ได้",
            student_id,
        )


def refuse(
    home: DataHome, principal: Principal, action: str, sentence: str, student_id: UUID | None = None
) -> NoReturn:
    """Raises NotAllowed with the sentence, after it was recorded that somebody tried."""
    with home.database.write(principal.acting) as session:
        audit.record_look(
            session, actor=principal.login, action=action, institution=principal.institution, student_id=student_id
        )
    raise NotAllowed(sentence)


def place_of(session: Session, principal: Principal, student_id: UUID, on: date) -> str | None:
    """The institution at which this account may see a student; None for a student who is not theirs.

    Where a key asks for several institutions, the first of them that has the student.
    """
    return session.scalar(
        visible_students(principal, on)
        .with_only_columns(StudentRow.institution)
        .where(StudentRow.student_id == student_id)
        .order_by(StudentRow.institution != principal.institution, StudentRow.institution)
        .limit(1)
    )
