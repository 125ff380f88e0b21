"""The tables of the audit trail, which take rows and give none away."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DDL, JSON, LargeBinary, Uuid, event
from sqlalchemy.orm import Mapped, mapped_column

from records.database import Instant, LedgerTable


class AuditRow(LedgerTable):
    """One look or change. `student_id` is the pseudonym for a look at one student; a list view names the list."""

    __tablename__ = "audit"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012  an id that was given out is never given out again
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


# A new SQLite home gets these here; all others, and PostgreSQL, by records/migrations/ledger.
for _change, _where in (
    ("UPDATE", ""),
    ("DELETE", "WHEN OLD.id > coalesce((SELECT max(through) FROM audit_cut), 0) "),
):
    event.listen(
        AuditRow.__table__,
        "after_create",
        DDL(  # type: ignore[no-untyped-call]
            f"CREATE TRIGGER audit_refuses_{_change.lower()} BEFORE {_change} ON audit {_where}"
            "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
        ).execute_if(dialect="sqlite"),
    )
