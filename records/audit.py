"""The audit trail: who looked at or changed what, written before the data leaves; rows are only ever added."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import DDL, JSON, LargeBinary, Uuid, event, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from records.database import Instant, LedgerTable


class AuditRow(LedgerTable):
    """One look or change. `student_id` is the pseudonym for a look at one student; a list view names the list."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str]
    action: Mapped[str]
    institution: Mapped[str]
    student_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    detail: Mapped[dict[str, str | int]] = mapped_column(JSON)
    request_id: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    """Where the request came from; empty for a command."""
    previous: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    """The hash of the row before; empty in the first."""
    hash: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    """SHA-256 over the row before and everything in this one."""


class AuditCutRow(LedgerTable):
    """Where the oldest rows of the trail were deleted, their time being over: the chain goes on from `hash`."""

    __tablename__ = "audit_cut"
    through: Mapped[int] = mapped_column(primary_key=True)
    """The newest row that was deleted."""
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str]


for _change in ("UPDATE", "DELETE"):
    event.listen(
        AuditRow.__table__,
        "after_create",
        DDL(  # type: ignore[no-untyped-call]
            f"CREATE TRIGGER audit_refuses_{_change.lower()} BEFORE {_change} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
        ).execute_if(dialect="sqlite"),
    )


def record_look(
    session: Session,
    *,
    actor: str,
    action: str,
    institution: str,
    student_id: UUID | None = None,
    detail: dict[str, str | int] | None = None,
) -> None:
    """Add one row; the caller commits it before it hands the data out."""
    session.add(
        AuditRow(
            at=datetime.now(UTC),
            actor=actor,
            action=action,
            institution=institution,
            student_id=student_id,
            detail=detail or {},
        )
    )


def looks_at(session: Session, student_id: UUID) -> list[AuditRow]:
    return list(session.scalars(select(AuditRow).where(AuditRow.student_id == student_id).order_by(AuditRow.id)))
