"""What the ledger knows of compacted files: whose rows are in which, and which files they took the place of.

A file that was superseded stays on the disk for a day, for readers that have it open; then it is no longer named and the
sweep removes it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from records.ledger_tables import CompactedPartRow, SupersededFileRow

_KEPT_FOR = timedelta(days=1)


def stands(path: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Whether a file of one batch is read as it is."""
    return ~exists().where(SupersededFileRow.path == path)


def holds(institutions: Sequence[str]) -> ColumnElement[bool]:
    """The parts from which these institutions are read."""
    return CompactedPartRow.institution.in_(institutions) & CompactedPartRow.superseded_at.is_(None)


def named(session: Session, batch_files: set[str]) -> set[str]:
    """The paths of files that must stay on the disk, of these and of the compacted ones."""
    long_ago = datetime.now(UTC) - _KEPT_FOR
    gone = select(SupersededFileRow.path).where(SupersededFileRow.superseded_at < long_ago)
    kept = CompactedPartRow.superseded_at.is_(None) | (CompactedPartRow.superseded_at >= long_ago)
    compacted = session.scalars(select(CompactedPartRow.path).where(kept))
    return batch_files - set(session.scalars(gone)) | set(compacted)


def forget_old_parts(session: Session) -> None:
    """Parts superseded so long ago that their files are swept are of no further use."""
    session.execute(delete(CompactedPartRow).where(CompactedPartRow.superseded_at < datetime.now(UTC) - _KEPT_FOR))
