"""The tables of what staff write down about their care: contacts, ratings, home visits, and the plans of visits.

Codes, numbers and days alone, never free text; students by pseudonym. None of it is ever a feature: it shapes next
week's list and next term's outcome.
"""

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import JSON, ForeignKey, Index, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from records.database import Instant, LedgerTable

PLANNED, DONE, CANCELLED, REFERRED = "planned", "done", "cancelled", "referred"
VISIT_STATUSES = (PLANNED, DONE, CANCELLED, REFERRED)
TOOK_PLACE = (DONE, REFERRED)
PROPOSED, ACCEPTED, REPLACED = "proposed", "accepted", "replaced"
PLAN_STATUSES = (PROPOSED, ACCEPTED, REPLACED)
PLACED = "placed"
"""Why a student has a team in a plan; of the others `why` says what was in the way."""


class ContactRow(LedgerTable):
    """A talk, a call or a visit that took place, or was tried. Without an account it was told by a machine's key."""

    __tablename__ = "contact"
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    institution: Mapped[str] = mapped_column(ForeignKey("institution.code"), index=True)
    student_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    happened_on: Mapped[date]
    mode: Mapped[str]
    result: Mapped[str]
    reason_codes: Mapped[list[str]] = mapped_column(JSON)
    publication_id: Mapped[UUID | None] = mapped_column(ForeignKey("publication.id"))
    """The list that was current when it was written down; None where there was none."""
    recorded_at: Mapped[datetime] = mapped_column(Instant)


class AdvisorRatingRow(LedgerTable):
    """How one account rated a student in one week, as a second reader beside the model.

    `score_seen`: the account had looked at the student or at a list earlier in that week, so the rating is not independent.
    """

    __tablename__ = "advisor_rating"
    institution: Mapped[str] = mapped_column(ForeignKey("institution.code"), primary_key=True)
    student_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, index=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    week: Mapped[date] = mapped_column(primary_key=True)
    rating: Mapped[str]
    score_seen: Mapped[bool]
    rated_at: Mapped[datetime] = mapped_column(Instant)


class VisitPlanRow(LedgerTable):
    """A proposal of who is visited in a week by which team; one that is accepted books its visits."""

    __tablename__ = "visit_plan"
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    institution: Mapped[str] = mapped_column(ForeignKey("institution.code"))
    week: Mapped[date]
    status: Mapped[str]
    teams: Mapped[int]
    minutes_per_team: Mapped[int]
    made_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    made_at: Mapped[datetime] = mapped_column(Instant)
    accepted_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"), default=None)
    accepted_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    digest: Mapped[str]
    __table_args__ = (Index("plans_of_week", "institution", "week"),)


class VisitPlanStopRow(LedgerTable):
    """One student of a plan; `place` is the position of the place in what was sent: its name is not kept."""

    __tablename__ = "visit_plan_stop"
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("visit_plan.id"), primary_key=True)
    student_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, index=True)
    institution: Mapped[str] = mapped_column(ForeignKey("institution.code"), index=True)
    team: Mapped[int | None]
    """None: left out."""
    position: Mapped[int | None]
    place: Mapped[int]
    benefit: Mapped[float]
    minutes: Mapped[int]
    locked: Mapped[bool]
    why: Mapped[str]


class VisitRow(LedgerTable):
    """One home visit of a week, from its booking to what was found. `version` counts its changes and is its ETag."""

    __tablename__ = "visit"
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    institution: Mapped[str] = mapped_column(ForeignKey("institution.code"))
    student_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    week: Mapped[date]
    planned_on: Mapped[date | None]
    """Its day; a visit that is done has one."""
    status: Mapped[str]
    version: Mapped[int]
    two_person: Mapped[bool]
    unsafe: Mapped[bool]
    attempt: Mapped[int | None]
    mode: Mapped[str | None]
    result: Mapped[str | None]
    reason_codes: Mapped[list[str]] = mapped_column(JSON)
    reasons_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"), default=None)
    """Who wrote the reasons down: who changes other things of a visit is told no more of them for it."""
    minutes: Mapped[int | None]
    plan_id: Mapped[UUID | None] = mapped_column(ForeignKey("visit_plan.id"))
    booked_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    booked_at: Mapped[datetime] = mapped_column(Instant)
    changed_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    changed_at: Mapped[datetime] = mapped_column(Instant)
    __table_args__ = (
        Index("visits_of_week", "institution", "week"),
        Index(
            "one_visit_a_week",
            "institution",
            "student_id",
            "week",
            unique=True,
            sqlite_where=text("status <> 'cancelled'"),
            postgresql_where=text("status <> 'cancelled'"),
        ),
    )
