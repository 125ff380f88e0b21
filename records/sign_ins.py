"""What signing in asks of the database: accounts, their sessions and links to identity providers, machines' keys."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session as Session  # callers pass one on from `Database.write()`

from records.database import Database
from records.staff import AccountLinkRow, AccountRow, ApiKeyRow, SessionRow

# Accounts


def account(session: Session, account_id: UUID) -> AccountRow | None:
    return session.get(AccountRow, account_id)


def locked_account(session: Session, login: str) -> AccountRow | None:
    """The account, held until the transaction ends: what is used once or counted is looked at by one at a time."""
    return session.scalar(select(AccountRow).where(AccountRow.login == login).with_for_update())


def accounts(session: Session, institution: str = "") -> list[AccountRow]:
    """All accounts, or those of an institution, by login."""
    chosen = select(AccountRow).order_by(AccountRow.login)
    return list(session.scalars(chosen.where(AccountRow.institution == institution) if institution else chosen))


# Sessions


def open_session(
    session: Session, *, token_hash: bytes, account_id: UUID, now: datetime, browser: str, complete: bool
) -> None:
    session.add(
        SessionRow(
            token_hash=token_hash,
            account_id=account_id,
            opened_at=now,
            seen_at=now,
            confirmed_at=now,
            browser=browser,
            complete=complete,
        )
    )


def session_of(session: Session, token_hash: bytes) -> tuple[AccountRow, SessionRow] | None:
    """A session, whatever its age, with its account while that is active."""
    found = session.execute(
        select(AccountRow, SessionRow)
        .join(SessionRow, SessionRow.account_id == AccountRow.id)
        .where(SessionRow.token_hash == token_hash, AccountRow.active.is_(True))
    ).first()
    return (found[0], found[1]) if found else None


class Holder(NamedTuple):
    """Who holds an open session: of the active account and of the session what a request asks for."""

    id: UUID
    login: str
    name: str
    role: str
    institution: str
    has_second_factor: bool
    complete: bool
    seen_at: datetime
    confirmed_at: datetime


_AT_ONCE = 8
"""Sessions in one question: always as many, so that the database knows it already; who is missing is nobody's hash."""
_holders = (
    select(
        SessionRow.token_hash,
        *(AccountRow.id, AccountRow.login, AccountRow.name, AccountRow.role, AccountRow.institution),
        AccountRow.second_factor.is_not(None).label("has_second_factor"),
        *(SessionRow.complete, SessionRow.seen_at, SessionRow.confirmed_at),
    )
    .join(SessionRow, SessionRow.account_id == AccountRow.id)
    .where(
        SessionRow.token_hash.in_([bindparam(f"token_hash_{number}") for number in range(_AT_ONCE)]),
        SessionRow.opened_at >= bindparam("opened_since"),
        SessionRow.seen_at >= bindparam("seen_since"),
        AccountRow.active.is_(True),
    )
)


def holders(
    asked: Database | Session, token_hashes: Sequence[bytes], *, opened_since: datetime, seen_since: datetime
) -> dict[bytes, Holder]:
    """Who holds sessions that are neither too old nor idle too long, the account being active, by the hash of the token;
    as of now, or of a transaction.
    """
    found = {}
    for first in range(0, len(token_hashes), _AT_ONCE):
        some = [*token_hashes[first : first + _AT_ONCE], *([b""] * _AT_ONCE)]
        hashes = {f"token_hash_{number}": some[number] for number in range(_AT_ONCE)}
        values = {**hashes, "opened_since": opened_since, "seen_since": seen_since}
        rows = (
            asked.ask(_holders, values) if isinstance(asked, Database) else asked.connection().execute(_holders, values)
        )
        found.update({row[0]: Holder(*row[1:]) for row in rows})
    return found


def note_seen(session: Session, token_hash: bytes, now: datetime) -> None:
    session.execute(update(SessionRow).where(SessionRow.token_hash == token_hash).values(seen_at=now))


def note_confirmed(session: Session, token_hash: bytes, now: datetime) -> None:
    session.execute(update(SessionRow).where(SessionRow.token_hash == token_hash).values(confirmed_at=now))


def sessions(session: Session, account_id: UUID, *, opened_since: datetime, seen_since: datetime) -> list[SessionRow]:
    """The complete sessions of an account that are neither too old nor idle too long, the newest first."""
    chosen = select(SessionRow).where(
        SessionRow.account_id == account_id,
        SessionRow.complete.is_(True),
        SessionRow.opened_at >= opened_since,
        SessionRow.seen_at >= seen_since,
    )
    return list(session.scalars(chosen.order_by(SessionRow.seen_at.desc(), SessionRow.opened_at.desc())))


def close_one(session: Session, account_id: UUID, session_id: UUID) -> None:
    """Close a session by the id under which its account sees it; another account's stays open."""
    session.execute(delete(SessionRow).where(SessionRow.account_id == account_id, SessionRow.id == session_id))


def close_all(session: Session, account_id: UUID, *, but: bytes = b"") -> None:
    """Close every session of an account, except the one with the token hash `but`."""
    session.execute(delete(SessionRow).where(SessionRow.account_id == account_id, SessionRow.token_hash != but))


# Identity providers


def linked(session: Session, issuer: str, subject: str) -> AccountRow | None:
    """The account that is linked to a person of an identity provider."""
    link = session.get(AccountLinkRow, (issuer, subject))
    return session.get(AccountRow, link.account_id) if link is not None else None


def add_link(session: Session, *, issuer: str, subject: str, account_id: UUID, now: datetime) -> None:
    session.add(AccountLinkRow(issuer=issuer, subject=subject, account_id=account_id, linked_at=now))


def links(session: Session, account_id: UUID) -> list[AccountLinkRow]:
    chosen = select(AccountLinkRow).where(AccountLinkRow.account_id == account_id)
    return list(session.scalars(chosen.order_by(AccountLinkRow.linked_at)))


def remove_links(session: Session, account_id: UUID) -> None:
    session.execute(delete(AccountLinkRow).where(AccountLinkRow.account_id == account_id))


# Keys of machines


def api_key(session: Session, key_id: str) -> ApiKeyRow | None:
    return session.get(ApiKeyRow, key_id)


def api_keys(session: Session) -> list[ApiKeyRow]:
    """All keys, the newest first."""
    return list(session.scalars(select(ApiKeyRow).order_by(ApiKeyRow.made_at.desc(), ApiKeyRow.id)))
