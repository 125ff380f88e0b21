"""What we said: publications with every scored student, the promotions they rest on, and capacity.

Exactly one publication is current for an institution and a week; older ones are kept. Publishing the same content
again changes nothing.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, ForeignKey, Index, Uuid, insert, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from records.college import Capacity
from records.database import Database, Instant, LedgerTable

# A score is stale this many days after its as_of and says so; it is no longer shown as a band.
STALE_AFTER_DAYS = 14
EVERY_INSTITUTION = "*"
RULE_LIST = "absence_rule"
DEFAULT_ROWS_PER_ADVISOR = 5


class PublicationRow(LedgerTable):
    __tablename__ = "publication"
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    institution: Mapped[str] = mapped_column(ForeignKey("institution.code"))
    as_of: Mapped[date]
    status: Mapped[str]  # current or superseded
    digest: Mapped[str]
    model_digest: Mapped[str]  # of the bundle, or the name of the simple list
    catalogue_fingerprint: Mapped[str]
    horizon: Mapped[str]
    known_until: Mapped[datetime] = mapped_column(Instant)
    ledger_number: Mapped[int]
    visits_per_week: Mapped[int]
    rows_per_advisor: Mapped[int]
    capacity_is_default: Mapped[bool]
    band_rates: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """What was seen of each band in the model's test term; empty for a simple list."""
    rates_term: Mapped[str]
    published_at: Mapped[datetime] = mapped_column(Instant)
    pruned_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    """When its scores and reasons were deleted, their time being over; who was listed in which band is kept."""
    __table_args__ = (
        Index(
            "one_current_list",
            "institution",
            "as_of",
            unique=True,
            sqlite_where=text("status = 'current'"),
            postgresql_where=text("status = 'current'"),
        ),
    )


class ListEntryRow(LedgerTable):
    """One scored student of a publication. `reasons` are ids and values; sentences are made when somebody looks."""

    __tablename__ = "list_entry"
    publication_id: Mapped[UUID] = mapped_column(ForeignKey("publication.id"), primary_key=True)
    student_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    number: Mapped[int]
    class_group: Mapped[str]
    rank: Mapped[int]
    band: Mapped[str]
    cause: Mapped[str]
    logit: Mapped[float | None]
    probability: Mapped[float | None]
    ordering: Mapped[float]
    cut_off: Mapped[float | None]
    """The ordering value from which on a student of this advisor was listed; None where everybody or nobody was."""
    listed_probability: Mapped[float]
    """How likely a place was before ties were broken, 0-1: whoever measures later what a list did needs it."""
    must_see: Mapped[list[str]] = mapped_column(JSON)
    on_list: Mapped[bool] = mapped_column(index=True)
    """In a band or past a rule: what a list shows; everybody else was scored only."""
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    missing: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    unknown_domains: Mapped[list[str]] = mapped_column(JSON)
    """Of which domains too little is known, where that is why there is no band."""
    domains: Mapped[dict[str, float]] = mapped_column(JSON)
    what_if: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """What would change the score of a listed student; None for everybody else."""


class PromotionRow(LedgerTable):
    """Who put which model (or simple list) in charge, when and why; the newest row of an institution holds."""

    __tablename__ = "promotion"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    institution: Mapped[str]
    model_digest: Mapped[str]
    signed_by: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime] = mapped_column(Instant)


class CapacityRow(LedgerTable):
    __tablename__ = "capacity"
    institution: Mapped[str] = mapped_column(ForeignKey("institution.code"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    visits_per_week: Mapped[int]
    rows_per_advisor: Mapped[int]


@dataclass(frozen=True, kw_only=True)
class NewEntry:
    """One scored student, ready to be stored; see ListEntryRow."""

    student_id: UUID
    number: int
    class_group: str
    rank: int
    band: str
    cause: str
    logit: float | None
    probability: float | None
    ordering: float
    cut_off: float | None
    listed_probability: float
    must_see: list[str]
    reasons: list[dict[str, Any]]
    missing: list[dict[str, Any]]
    unknown_domains: list[str]
    domains: dict[str, float]
    what_if: dict[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class NewPublication:
    institution: str
    as_of: date
    model_digest: str
    catalogue_fingerprint: str
    horizon: str
    known_until: datetime
    ledger_number: int
    capacity: Capacity
    capacity_is_default: bool
    band_rates: Sequence[dict[str, Any]]
    rates_term: str
    entries: Sequence[NewEntry]

    def digest(self) -> str:
        """What the list says, not when it was computed: the same records and model give the same digest."""
        said = [_plain(entry) for entry in sorted(self.entries, key=lambda entry: entry.number)]
        head = [self.institution, self.as_of.isoformat(), self.model_digest, self.catalogue_fingerprint, self.horizon]
        head += [str(self.capacity.visits_per_week), str(self.capacity.rows_per_advisor)]
        head += [json.dumps(list(self.band_rates), sort_keys=True), self.rates_term]
        return hashlib.sha256(json.dumps([head, said], sort_keys=True).encode()).hexdigest()


def _plain(entry: NewEntry) -> dict[str, Any]:
    return {**asdict(entry), "student_id": str(entry.student_id)}


class Published(Enum):
    NEW = "published"
    SAME = "same"
    RESTORED = "restored"


def publish(database: Database, new: NewPublication) -> tuple[UUID, Published]:
    """Make `new` the current list of its institution and week, in one transaction.

    Content that is already current changes nothing; content that was superseded becomes current again.
    """
    digest = new.digest()
    with database.write() as session:
        week = (PublicationRow.institution == new.institution) & (PublicationRow.as_of == new.as_of)
        held = session.scalar(select(PublicationRow).where(week, PublicationRow.digest == digest))
        if held is not None and held.status == "current":
            return held.id, Published.SAME
        session.execute(update(PublicationRow).where(week).values(status="superseded"))
        if held is not None:
            session.execute(update(PublicationRow).where(PublicationRow.id == held.id).values(status="current"))
            return held.id, Published.RESTORED
        return _insert(session, new, digest), Published.NEW


def _insert(session: Session, new: NewPublication, digest: str) -> UUID:
    row = PublicationRow(
        institution=new.institution,
        as_of=new.as_of,
        status="current",
        digest=digest,
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
        published_at=datetime.now(UTC),
    )
    session.add(row)
    session.flush()
    if new.entries:
        session.execute(insert(ListEntryRow), [_row_of(row.id, entry) for entry in new.entries])
    return row.id


def _row_of(publication_id: UUID, entry: NewEntry) -> dict[str, Any]:
    return {"publication_id": publication_id, **asdict(entry), "on_list": _stands_on_list(entry)}


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


def promote(database: Database, *, institution: str, model_digest: str, signed_by: str, reason: str) -> None:
    """Append a signed decision: from now on lists of this institution (or EVERY_INSTITUTION) come from this model."""
    with database.write() as session:
        session.add(
            PromotionRow(
                institution=institution,
                model_digest=model_digest,
                signed_by=signed_by,
                reason=reason,
                at=datetime.now(UTC),
            )
        )


def champion(session: Session, institution: str) -> str:
    """The digest of the model in charge of an institution, else the name of the simple list."""
    for group in (institution, EVERY_INSTITUTION):
        chosen = (
            select(PromotionRow.model_digest).where(PromotionRow.institution == group).order_by(PromotionRow.id.desc())
        )
        digest = session.scalar(chosen.limit(1))
        if digest is not None:
            return digest
    return RULE_LIST


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
