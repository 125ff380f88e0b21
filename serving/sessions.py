"""Sessions: a random token in a cookie, of which the database keeps the SHA-256 alone.

A copied database opens no session. A session whose second factor is still to be given sees nothing.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from records import audit, sign_ins, staff
from records.access import Principal, principal_of
from records.database import Database
from records.home import DataHome
from records.sign_ins import Holder, Session
from records.staff import AccountRow, SessionRow

# A school day without signing in again; a shared computer is signed out by the next morning.
IDLE_LIMIT = timedelta(hours=8)
ABSOLUTE_LIMIT = timedelta(days=7)
# From the password to the code of the authenticator app, or to setting one up.
PENDING_LIMIT = timedelta(minutes=10)
# Changing how one signs in asks for the password again when it was given longer ago.
CONFIRMED_FOR = timedelta(minutes=10)
# Every request reads a session; only one in five minutes writes that it did.
_NOTED_EVERY = timedelta(minutes=5)
_TOKEN_BYTES = 32
_TOKEN = re.compile(r"[0-9A-Za-z_-]{43}")


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A session just opened; when it is not complete it waits for the second factor."""

    token: str
    complete: bool


@dataclass(frozen=True, kw_only=True)
class Pending:
    """Who gave a right password and still owes the second factor."""

    account_id: UUID
    login: str
    has_second_factor: bool


@dataclass(frozen=True, kw_only=True)
class OwnSession:
    """One of a person's own sessions as a list shows it."""

    id: UUID
    browser: str
    opened_at: datetime
    seen_at: datetime
    is_this: bool


def is_token(said: str) -> bool:
    """Whether it has the form of a token of ours: what has not needs no look at the database."""
    return bool(_TOKEN.fullmatch(said))


def hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


class Sessions:
    """The sessions of a data home."""

    def __init__(self, home: DataHome, *, now: Callable[[], datetime]) -> None:
        self._home = home
        self._now = now
        self._second_factor_roles = frozenset(home.settings.second_factor_roles)

    def needs_second_factor(self, account: AccountRow) -> bool:
        """Whether its role asks for one, or the person set one up."""
        return account.second_factor is not None or account.role in self._second_factor_roles

    def open(self, session: Session, account: AccountRow, *, browser: str, complete: bool) -> Opened:
        """A new session with a new token, in the transaction of what was given for it."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        sign_ins.open_session(
            session,
            token_hash=hashed(token),
            account_id=account.id,
            now=self._now(),
            browser=browser,
            complete=complete,
        )
        action = "sign in" if complete else "begin sign in"
        audit.record_look(session, actor=account.login, action=action, institution=account.institution)
        return Opened(token=token, complete=complete)

    def principal(self, token: str) -> Principal | None:
        """Who holds this token; None when it is unknown, closed, idle, too old, or owes a second factor."""
        found = self._alive(self._home.database, token)
        if found is None:
            return None
        now = self._now()
        if now - found.seen_at >= _NOTED_EVERY:
            self._note_use(token, now)
        return principal_of(found)

    def principals_in(self, session: Session, tokens: Collection[str]) -> dict[str, Principal]:
        """The same for several tokens in a transaction of the caller's, which notes the use as well."""
        now, found = self._now(), {}
        for token, holder in self._alive_of(session, tokens).items():
            if now - holder.seen_at >= _NOTED_EVERY:
                sign_ins.note_seen(session, hashed(token), now)
            found[token] = principal_of(holder)
        return found

    def pending(self, token: str) -> Pending | None:
        """Who gave a right password with this token less than ten minutes ago and owes the second factor."""
        with self._home.database.read() as session:
            found = sign_ins.session_of(session, hashed(token))
            if found is None or found[1].complete or self._now() - found[1].opened_at > PENDING_LIMIT:
                return None
            account = found[0]
            return Pending(
                account_id=account.id, login=account.login, has_second_factor=account.second_factor is not None
            )

    def complete(self, session: Session, token: str, account: AccountRow) -> Opened | None:
        """Put a complete session with a new token in the place of this one; None when it was closed meanwhile."""
        found = sign_ins.session_of(session, hashed(token))
        if found is None or found[0].id != account.id:
            return None
        browser = found[1].browser
        staff.close_session(session, hashed(token))
        return self.open(session, account, browser=browser, complete=True)

    def close(self, token: str) -> None:
        with self._home.database.write() as session:
            staff.close_session(session, hashed(token))

    def own(self, token: str) -> list[OwnSession]:
        """All sessions of the account behind this token, the newest first."""
        now = self._now()
        with self._home.database.read() as session:
            found = self._alive(session, token)
            if found is None:
                return []
            rows = sign_ins.sessions(session, found.id, opened_since=now - ABSOLUTE_LIMIT, seen_since=now - IDLE_LIMIT)
            return [_own(row, token) for row in rows]

    def close_own(self, token: str, session_id: UUID | None) -> None:
        """Close one of the own sessions, or (None) all but this one."""
        with self._home.database.write() as session:
            found = self._alive(session, token)
            if found is None:
                return
            if session_id is None:
                sign_ins.close_all(session, found.id, but=hashed(token))
            else:
                sign_ins.close_one(session, found.id, session_id)
            audit.record_look(session, actor=found.login, action="close own sessions", institution=found.institution)

    def is_confirmed(self, token: str) -> bool:
        """Whether the password was given with this session in the last ten minutes."""
        found = self._alive(self._home.database, token)
        return found is not None and self._now() - found.confirmed_at <= CONFIRMED_FOR

    def confirm(self, token: str) -> None:
        """Note that the password was given again."""
        with self._home.database.write() as session:
            if self._alive(session, token) is not None:
                sign_ins.note_confirmed(session, hashed(token), self._now())

    def _alive(self, asked: Database | Session, token: str) -> Holder | None:
        return self._alive_of(asked, [token]).get(token)

    def _alive_of(self, asked: Database | Session, tokens: Collection[str]) -> dict[str, Holder]:
        now, token_of = self._now(), {hashed(token): token for token in tokens}
        found = sign_ins.holders(asked, list(token_of), opened_since=now - ABSOLUTE_LIMIT, seen_since=now - IDLE_LIMIT)
        return {token_of[hash_]: holder for hash_, holder in found.items() if self._is_complete(holder)}

    def _is_complete(self, holder: Holder) -> bool:
        # A role that came to need a second factor after this session was opened.
        owes = holder.role in self._second_factor_roles and not holder.has_second_factor
        return holder.complete and not owes

    def _note_use(self, token: str, now: datetime) -> None:
        with self._home.database.write() as session:
            if self._alive(session, token) is not None:
                sign_ins.note_seen(session, hashed(token), now)


def _own(row: SessionRow, token: str) -> OwnSession:
    return OwnSession(
        id=row.id,
        browser=row.browser,
        opened_at=row.opened_at,
        seen_at=row.seen_at,
        is_this=row.token_hash == hashed(token),
    )
