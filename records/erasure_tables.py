"""What persons asked of their own data: erasures, which a restored backup must carry out again, and corrections."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, LargeBinary, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from records.database import Instant, LedgerTable, VaultTable


class ErasureRow(LedgerTable):
    """A student of whom all is deleted. The pseudonym alone is kept, so that a restored backup loses them again."""

    __tablename__ = "erasure"
    student_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    institution: Mapped[str] = mapped_column(ForeignKey("institution.code"), primary_key=True)
    number: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str]
    reason: Mapped[str]
    done_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    """None while it is under way: it is carried out again from the start."""


class CorrectionRow(VaultTable):
    """What a student or a guardian says is wrong, in their own words, sealed; and what was answered."""

    __tablename__ = "correction"
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    institution: Mapped[str] = mapped_column(index=True)
    student_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    words: Mapped[bytes] = mapped_column(LargeBinary)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    entered_by: Mapped[str]
    decision: Mapped[str] = mapped_column(default="")
    """'' (open), `corrected` or `refused`."""
    answer: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    decided_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    decided_by: Mapped[str] = mapped_column(default="")
