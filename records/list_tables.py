"""The tables of what we said: publications with every scored student, the promotions they rest on, and capacity."""

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, ForeignKey, Index, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from records.database import Instant, LedgerTable

_SHOWN: dict[str, Any] = {"sqlite_where": text("on_list IS 1"), "postgresql_where": text("on_list IS true")}


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
    on_list: Mapped[bool]
    """In a band or past a rule: what a list shows; everybody else was scored only."""
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    missing: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    unknown_domains: Mapped[list[str]] = mapped_column(JSON)
    """Of which domains too little is known, where that is why there is no band."""
    domains: Mapped[dict[str, float]] = mapped_column(JSON)
    what_if: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """What would change the score of a listed student; None for everybody else."""
    __table_args__ = (  # of the few whom a list shows
        Index("shown_in_list", "publication_id", "rank", **_SHOWN),
        Index("shown_student", "student_id", **_SHOWN),
    )


class PromotionRow(LedgerTable):
    """Who put which model (or simple list) in charge, when and why; the newest row of an institution holds.

    An institution that took back its only decision has `follows_all` for a digest: the rows of `*` hold there again.
    Of a place that a decision for `*` left out there is a row with the same `at`, which holds while that decision does.
    """

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
