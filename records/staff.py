"""Accounts of the staff, their sessions, and whose students they care for, with dates."""

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, BigInteger, ColumnElement, ForeignKey, LargeBinary, Uuid, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from records.database import Instant, LedgerTable

ADVISOR, DEPARTMENT_HEAD = "advisor", "department_head"


class AccountRow(LedgerTable):
    __tablename__ = "account"
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid4)
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    institution: Mapped[str] = mapped_column(ForeignKey("institution.code"))
    password_hash: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)
    activation_hash: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    """SHA-256 of a code that sets a first or a new password, once, until `activation_until`."""
    activation_until: Mapped[datetime | None] = mapped_column(Instant, default=None)
    second_factor: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    """The secret of an authenticator app, sealed by the vault's key."""
    second_factor_step: Mapped[int | None] = mapped_column(BigInteger, default=None)
    """The newest time step whose code was taken: no code works twice."""


class AccountLinkRow(LedgerTable):
    """An account as an identity provider knows it: the pair (issuer, subject) and nothing else of its token."""

    __tablename__ = "account_link"
    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    linked_at: Mapped[datetime] = mapped_column(Instant)


class SessionRow(LedgerTable):
    """A signed-in browser: only the hash of its token is kept. `id` names it in a list of one's own sessions."""

    __tablename__ = "session"
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, default=uuid4, unique=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    opened_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    confirmed_at: Mapped[datetime] = mapped_column(Instant)
    """When the password was last given: some changes ask for it again."""
    browser: Mapped[str] = mapped_column(default="")
    """Such as `Chrome, Android`: so that a person knows which of their sessions it is."""
    complete: Mapped[bool] = mapped_column(default=True)
    """False while the second factor is still to be given: such a session sees nothing."""


class ApiKeyRow(LedgerTable):
    """A machine's key: only the hash of its secret is kept."""

    __tablename__ = "api_key"
    id: Mapped[str] = mapped_column(primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    label: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(JSON)
    institutions: Mapped[list[str]] = mapped_column(JSON)
    made_by: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant, default=None)
    last_used_at: Mapped[datetime | None] = mapped_column(Instant, default=None)


class IdempotencyRow(LedgerTable):
    """A changing request that was answered: sent again with its key, it gets the same answer and changes nothing."""

    __tablename__ = "idempotency"
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """SHA-256 of who asked, the route and the key."""
    body_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int]
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(Instant, index=True)


class LoginAttemptRow(LedgerTable):
    """Failed sign-ins by account and by address (both as keyed hashes), so that throttling survives a restart."""

    __tablename__ = "login_attempt"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    subject: Mapped[bytes] = mapped_column(LargeBinary, index=True)
    at: Mapped[datetime] = mapped_column(Instant)


class CaseloadRow(LedgerTable):
    """A class group that an account cares for, from a day until a day (None: still).

    `duty` is ADVISOR (one a group on a day) or DEPARTMENT_HEAD (who sees the groups of a department).
    """

    __tablename__ = "caseload"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    institution: Mapped[str] = mapped_column(ForeignKey("institution.code"))
    class_group: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    duty: Mapped[str] = mapped_column(default=ADVISOR)


def account_by_login(session: Session, login: str) -> AccountRow | None:
    return session.scalar(select(AccountRow).where(AccountRow.login == login))


def accounts_of(session: Session, institution: str) -> list[AccountRow]:
    chosen = select(AccountRow).where(AccountRow.institution == institution).order_by(AccountRow.login)
    return list(session.scalars(chosen))


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
    _assign(session, account, class_group, valid_from, ADVISOR)


def assign_department(session: Session, *, account: AccountRow, class_group: str, valid_from: date) -> None:
    """Put a class group under a department head from a day on; the head before loses it that day, its advisor does not."""
    _assign(session, account, class_group, valid_from, DEPARTMENT_HEAD)


def _assign(session: Session, account: AccountRow, class_group: str, valid_from: date, duty: str) -> None:
    held = session.scalars(
        select(CaseloadRow).where(
            CaseloadRow.institution == account.institution,
            CaseloadRow.class_group == class_group,
            CaseloadRow.duty == duty,
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
            duty=duty,
        )
    )


def assigned_groups(session: Session, institution: str, duty: str = ADVISOR) -> set[str]:
    """The class groups that have or had an advisor (or, by the duty, a department head)."""
    held = select(CaseloadRow.class_group).where(CaseloadRow.institution == institution, CaseloadRow.duty == duty)
    return set(session.scalars(held))


def holds(on: date) -> ColumnElement[bool]:
    """Of a caseload: that it holds on a day."""
    return (CaseloadRow.valid_from <= on) & (CaseloadRow.valid_to.is_(None) | (CaseloadRow.valid_to > on))


def advisors_by_group(session: Session, institution: str, on: date) -> dict[str, UUID]:
    """Which account is the advisor of each class group on a day; heads of departments are none."""
    rows = session.scalars(
        select(CaseloadRow).where(CaseloadRow.institution == institution, CaseloadRow.duty == ADVISOR, holds(on))
    )
    return {row.class_group: row.account_id for row in rows}
