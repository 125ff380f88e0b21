"""What is told of students without saying who they are: counts by band, and pseudonymous rows for analysts.

Counts that leave an institution are hidden while they are small (records/suppression.py). Every look is recorded first.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records import audit, lists
from records.access import Principal, refuse
from records.database import Acting
from records.home import DataHome
from records.ledger import InstitutionRow
from records.lists import ListEntryRow, PublicationRow
from records.roles import Permission
from records.suppression import suppressed, suppressed_table
from records.text import Text

# The last is the first to be hidden beside a small count.
BANDS = ("high", "watch", "none", "unknown")


@dataclass(frozen=True, kw_only=True)
class BandCounts:
    """How many students the current list puts in each band; None where a count is hidden."""

    students: int | None
    by_band: Mapping[str, int | None]


@dataclass(frozen=True, kw_only=True)
class InstitutionCounts(BandCounts):
    institution: str
    name: Text
    as_of: date


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The institutions that have a list, and all of them together; `hides_small` says that small counts are hidden."""

    institutions: tuple[InstitutionCounts, ...]
    together: BandCounts
    hides_small: bool


def summary(home: DataHome, principal: Principal) -> Summary:
    """Counts of one's institutions, or of all of one's province; the look is recorded first. Raises NotAllowed.

    Only whoever sees every student of an institution is told small counts.
    """
    of_province = principal.may(Permission.SEE_PROVINCE)
    if not of_province and not principal.may(Permission.SEE_SUMMARIES):
        refuse(
            home,
            principal,
            "refused summary",
            f"The role '{principal.role.name}' sees no counts. · บทบาท '{principal.role.label.th}' ดูจำนวนนักเรียนไม่ได้",
        )
    with home.database.read() as session:
        codes = _province(session, principal) if of_province else sorted(principal.institutions)
    hides_small = of_province or not principal.may(Permission.SEE_ALL_STUDENTS)
    with home.database.write(Acting(institutions=frozenset(codes), account_id=None)) as session:
        counted = [found for code in codes if (found := _counted(session, code)) is not None]
        detail: dict[str, str | int] = {"institutions": len(counted)}
        audit.record_look(
            session, actor=principal.login, action="see summary", institution=principal.institution, detail=detail
        )
    return _told(counted, hides_small=hides_small)


@dataclass(frozen=True, kw_only=True)
class _Counted:
    row: InstitutionRow
    as_of: date
    counts: tuple[int, ...]


def _province(session: Session, principal: Principal) -> list[str]:
    own = session.get(InstitutionRow, principal.institution)
    if own is None or not own.province:
        return sorted(principal.institutions)
    codes = select(InstitutionRow.code).where(InstitutionRow.province == own.province)
    return list(session.scalars(codes.order_by(InstitutionRow.code)))


def _counted(session: Session, institution: str) -> _Counted | None:
    row, publication = session.get(InstitutionRow, institution), lists.current_publication(session, institution)
    if row is None or publication is None:
        return None
    found = session.execute(
        select(ListEntryRow.band, func.count())
        .where(ListEntryRow.publication_id == publication.id)
        .group_by(ListEntryRow.band)
    )
    of_band = {band: int(count) for band, count in found}
    return _Counted(row=row, as_of=publication.as_of, counts=tuple(of_band.get(band, 0) for band in BANDS))


def _told(counted: Sequence[_Counted], *, hides_small: bool) -> Summary:
    table = [one.counts for one in counted]
    sums = tuple(sum(column) for column in zip(*table, strict=True)) if table else (0,) * len(BANDS)
    hidden = suppressed_table(table) if hides_small and table else None
    cells = hidden.cells if hidden else [[False] * len(BANDS)] * len(table)
    rows = hidden.rows if hidden else [False] * len(table)
    institutions = tuple(
        InstitutionCounts(
            institution=one.row.code,
            name=Text(th=one.row.name_th, en=one.row.name_en or one.row.name_th),
            as_of=one.as_of,
            students=None if is_hidden else sum(one.counts),
            by_band=_shown(one.counts, own),
        )
        for one, own, is_hidden in zip(counted, cells, rows, strict=True)
    )
    together = BandCounts(
        students=None if hidden and hidden.total else sum(sums),
        by_band=_shown(sums, hidden.columns if hidden else [False] * len(BANDS)),
    )
    return Summary(institutions=institutions, together=together, hides_small=hides_small)


def _shown(counts: Sequence[int], hidden: Sequence[bool]) -> dict[str, int | None]:
    return {band: None if is_hidden else count for band, count, is_hidden in zip(BANDS, counts, hidden, strict=True)}


# Rows for analysts


@dataclass(frozen=True, kw_only=True)
class PseudonymousEntry:
    """One scored student under a name that only this deployment's key could lead back; `class_group` None: too small."""

    pseudonym: str
    class_group: str | None
    band: str
    ordering: float


def pseudonymous_entries(
    home: DataHome, principal: Principal, institution: str, publication: UUID | None = None
) -> list[PseudonymousEntry] | None:
    """All scored students of a list (None: the current one), by pseudonym; the look is recorded first.

    None when there is no such list for this account. Raises NotAllowed.
    """
    if not principal.may(Permission.SEE_PSEUDONYMS):
        refuse(
            home,
            principal,
            "refused pseudonyms",
            f"The role '{principal.role.name}' sees no pseudonymous rows. · บทบาท '{principal.role.label.th}' ดูแถวข้อมูลที่ใช้นามแฝงไม่ได้",
        )
    acting = Acting(institutions=frozenset({institution}) & principal.institutions, account_id=None)
    with home.database.write(acting) as session:
        found = _publication(session, principal, institution, publication)
        rows = (
            list(session.scalars(select(ListEntryRow).where(ListEntryRow.publication_id == found.id))) if found else []
        )
        detail: dict[str, str | int] = {"rows": len(rows), "publication": str(found.id) if found else ""}
        action = "see pseudonyms" if found else "refused pseudonyms"
        asked = institution if institution in principal.institutions else principal.institution
        audit.record_look(session, actor=principal.login, action=action, institution=asked, detail=detail)
    return _pseudonymous(home, institution, rows) if found else None


def _publication(
    session: Session, principal: Principal, institution: str, publication: UUID | None
) -> PublicationRow | None:
    if institution not in principal.institutions:
        return None
    if publication is None:
        return lists.current_publication(session, institution)
    found = session.get(PublicationRow, publication)
    return found if found is not None and found.institution == institution else None


def _pseudonymous(home: DataHome, institution: str, rows: Sequence[ListEntryRow]) -> list[PseudonymousEntry]:
    sizes = sorted(Counter(row.class_group for row in rows).items())
    hidden = suppressed([size for _, size in sizes])
    small = {group for (group, _), is_hidden in zip(sizes, hidden, strict=True) if is_hidden}
    found = [
        PseudonymousEntry(
            pseudonym=home.vault.key.pseudonym(institution, row.student_id),
            class_group=None if row.class_group in small else row.class_group,
            band=row.band,
            ordering=row.ordering,
        )
        for row in rows
    ]
    return sorted(found, key=lambda entry: entry.pseudonym)
