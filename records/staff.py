"""Accounts of the staff, their sessions, and whose students they care for, with dates."""

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, LargeBinary, Uuid, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from records.database import Instant, LedgerTable


class AccountRow(LedgerTable):
    __tablename__ = "account"
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    institution: Mapped[str] = mapped_column(ForeignKey("institution.code"))
    password_hash: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)


class SessionRow(LedgerTable):
    """A signed-in browser: only the hash of its token is kept."""

    __tablename__ = "session"
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    opened_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)


class LoginAttemptRow(LedgerTable):
    """Failed sign-ins by account and by address (both as keyed hashes), so that throttling survives a restart."""

    __tablename__ = "login_attempt"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    subject: Mapped[bytes] = mapped_column(LargeBinary, index=True)
    at: Mapped[datetime] = mapped_column(Instant)


class CaseloadRow(LedgerTable):
    """An advisor's class group, from a day until a day (None: still)."""

    __tablename__ = "caseload"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    institution: Mapped[str] = mapped_column(ForeignKey("institution.code"))
    class_group: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


def account_by_login(session: Session, login: str) -> AccountRow | None:
    return session.scalar(select(AccountRow).where(AccountRow.login == login))


def accounts_of(session: Session, institution: str) -> list[AccountRow]:
    chosen = select(AccountRow).where(AccountRow.institution == institution).order_by(AccountRow.login)
    return list(session.scalars(chosen))


def open_session(session: Session, *, token_hash: bytes, account_id: UUID, now: datetime) -> None:
    session.add(SessionRow(token_hash=token_hash, account_id=account_id, opened_at=now, seen_at=now))


def account_of_session(
    session: Session, *, token_hash: bytes, opened_since: datetime, seen_since: datetime
) -> tuple[AccountRow, SessionRow] | None:
    """The active account behind a session that is neither too old nor idle too long."""
    found = session.execute(
        select(AccountRow, SessionRow)
        .join(SessionRow, SessionRow.account_id == AccountRow.id)
        .where(
            SessionRow.token_hash == token_hash,
            SessionRow.opened_at >= opened_since,
            SessionRow.seen_at >= seen_since,
            AccountRow.active.is_(True),
        )
    ).first()
    return (found[0], found[1]) if found else None


def close_session(session: Session, token_hash: bytes) -> None:
    session.execute(delete(SessionRow).where(SessionRow.token_hash == token_hash))


def count_failures(session: Session, subject: bytes, since: datetime) -> int:
    counted = select(func.count()).where(LoginAttemptRow.subject == subject, LoginAttemptRow.at >= since)
    return session.scalar(counted) or 0


def note_failure(session: Session, subject: bytes, at: datetime) -> None:
    session.add(LoginAttemptRow(subject=subject, at=at))


def forget_failures(session: Session, subject: bytes) -> None:
    session.execute(delete(LoginAttemptRow).where(LoginAttemptRow.subject == subject))


def assign_group(session: Session, *, account: AccountRow, class_group: str, valid_from: date) -> None:
    """Give a class group to an advisor from a day on; the one who had it before loses it that day.

    One who was to begin only later never had it.
    """
    held = session.scalars(
        select(CaseloadRow).where(
            CaseloadRow.institution == account.institution,
            CaseloadRow.class_group == class_group,
            CaseloadRow.valid_to.is_(None),
        )
    ).all()
    if any(row.account_id == account.id for row in held):
        return
    for row in held:
        row.valid_to = max(valid_from, row.valid_from)
    session.add(
        CaseloadRow(
            account_id=account.id,
            institution=account.institution,
            class_group=class_group,
            valid_from=valid_from,
            valid_to=None,
        )
    )


def assigned_groups(session: Session, institution: str) -> set[str]:
    """The class groups that have or had an advisor."""
    return set(session.scalars(select(CaseloadRow.class_group).where(CaseloadRow.institution == institution)))


def advisors_by_group(session: Session, institution: str, on: date) -> dict[str, UUID]:
    """Which account cares for each class group on a day."""
    rows = session.scalars(
        select(CaseloadRow).where(
            CaseloadRow.institution == institution,
            CaseloadRow.valid_from <= on,
            (CaseloadRow.valid_to.is_(None)) | (CaseloadRow.valid_to > on),
        )
    )
    return {row.class_group: row.account_id for row in rows}
