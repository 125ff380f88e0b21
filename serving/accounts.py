"""Signing in: accounts, passwords, sessions, and the wait after too many wrong passwords.

A session is a random token in a cookie; the database keeps its SHA-256 alone, so a copied database opens no session.
"""

import hashlib
import secrets
import threading
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from pwdlib import PasswordHash

from records import audit, ledger, staff
from records.access import Principal, principal_of
from records.errors import UserError
from records.home import DataHome
from records.roles import ROLE_OF
from records.staff import AccountRow

# A school day without signing in again; a shared computer is signed out by the next morning.
IDLE_LIMIT = timedelta(hours=8)
ABSOLUTE_LIMIT = timedelta(days=7)
# Every request reads a session; only one in five minutes writes that it did.
_NOTED_EVERY = timedelta(minutes=5)
FAILURE_WINDOW = timedelta(minutes=15)
FAILURES_A_LOGIN = 5
# A whole college sits behind one address: the typing errors of a few must not lock out the others.
FAILURES_AN_ADDRESS = 30
LEAST_PASSWORD = 12
MOST_PASSWORD = 256
_TOKEN_BYTES = 32
# One argon2 hash takes 64 MiB: two at a time keep a small machine alive under a storm of sign-ins.
_HASHES_AT_ONCE = 2
_PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is mistaken for another on paper


class AccountRefused(UserError):
    """An account cannot be made like this."""

    @classmethod
    def taken(cls, *, login: str) -> "AccountRefused":
        return cls(f"There is already an account '{login}'. Choose another login.")

    @classmethod
    def unknown_role(cls, *, role: str) -> "AccountRefused":
        return cls(f"There is no role '{role}'. Choose one of: {', '.join(ROLE_OF)}.")

    @classmethod
    def short_password(cls) -> "AccountRefused":
        return cls(f"The password needs {LEAST_PASSWORD} to {MOST_PASSWORD} characters; a short sentence is easiest.")

    @classmethod
    def no_login(cls) -> "AccountRefused":
        return cls("An account needs a login. Use the staff number or a name in letters.")


class SignInRefused(Exception):
    """Wrong login or password; which of them is not told."""


class TooManyFailures(Exception):
    """So many wrong passwords for this login or from this address that the next try has to wait."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__("too many wrong passwords")
        self.wait = wait


def utc_now() -> datetime:
    return datetime.now(UTC)


def plain_login(login: str) -> str:
    """A login as it is kept: phones write the first letter large, and Thai keyboards compose differently."""
    return unicodedata.normalize("NFC", login).strip().lower()


def random_password() -> str:
    """A password to print once: four groups of five letters, 99 bits."""
    return "-".join("".join(secrets.choice(_PASSWORD_LETTERS) for _ in range(5)) for _ in range(4))


def create_account(home: DataHome, *, login: str, name: str, role: str, institution: str, password: str) -> AccountRow:
    """Make an account. Raises AccountRefused, or ConfigurationGap for an unknown institution."""
    login = plain_login(login)
    _require_sound(login, role, password)
    ledger.require_institution(home.database, institution)
    password_hash = PasswordHash.recommended().hash(unicodedata.normalize("NFC", password))
    with home.database.write() as session:
        if staff.account_by_login(session, login) is not None:
            raise AccountRefused.taken(login=login)
        account = AccountRow(login=login, name=name, role=role, institution=institution, password_hash=password_hash)
        session.add(account)
        audit.record_look(session, actor=login, action="create account", institution=institution, detail={"role": role})
    return account


def set_password(home: DataHome, *, login: str, password: str) -> None:
    """Give an account that is there a new password. Raises AccountRefused."""
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        raise AccountRefused.short_password()
    password_hash = PasswordHash.recommended().hash(unicodedata.normalize("NFC", password))
    with home.database.write() as session:
        account = staff.account_by_login(session, plain_login(login))
        if account is None:
            raise AccountRefused.no_login()
        account.password_hash = password_hash
        audit.record_look(session, actor=account.login, action="set password", institution=account.institution)


def _require_sound(login: str, role: str, password: str) -> None:
    if not login:
        raise AccountRefused.no_login()
    if role not in ROLE_OF:
        raise AccountRefused.unknown_role(role=role)
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        raise AccountRefused.short_password()


class Accounts:
    """The accounts of a data home as the service uses them."""

    def __init__(self, home: DataHome, *, now: Callable[[], datetime] = utc_now) -> None:
        self._home = home
        self._now = now
        self._hashing = PasswordHash.recommended()
        # An unknown login is compared with this one, so that it takes as long as a known one.
        self._nobody = self._hashing.hash(secrets.token_hex(_TOKEN_BYTES))
        self._hashes = threading.BoundedSemaphore(_HASHES_AT_ONCE)

    def sign_in(self, *, login: str, password: str, address: str) -> str:
        """Open a session and return its token. Raises SignInRefused or TooManyFailures."""
        login = plain_login(login)
        by_login, by_address = self._subject("login", login), self._subject("address", address)
        self._begin_attempt(by_login, by_address)
        account = self._account(login)
        if not self._fits(password, account) or account is None or not account.active:
            self._note_failure(by_address)
            raise SignInRefused
        return self._open(account, by_login)

    def principal(self, token: str) -> Principal | None:
        """Who holds this token; None when it is unknown, closed, idle or too old."""
        now = self._now()
        with self._home.database.read() as session:
            found = staff.account_of_session(
                session, token_hash=_hashed(token), opened_since=now - ABSOLUTE_LIMIT, seen_since=now - IDLE_LIMIT
            )
            if found is None:
                return None
            principal, seen_at = principal_of(found[0]), found[1].seen_at
        if now - seen_at >= _NOTED_EVERY:
            self._note_use(token, now)
        return principal

    def sign_out(self, token: str) -> None:
        with self._home.database.write() as session:
            staff.close_session(session, _hashed(token))

    def _subject(self, kind: str, value: str) -> bytes:
        return self._home.vault.key.fingerprint("login", "", f"{kind}:{value}")

    def _begin_attempt(self, by_login: bytes, by_address: bytes) -> None:
        # The attempt counts before its password is looked at: guesses sent at once cannot overtake the counter.
        now = self._now()
        with self._home.database.write() as session:
            since = now - FAILURE_WINDOW
            if (
                staff.count_failures(session, by_login, since) >= FAILURES_A_LOGIN
                or staff.count_failures(session, by_address, since) >= FAILURES_AN_ADDRESS
            ):
                raise TooManyFailures(FAILURE_WINDOW)
            staff.note_failure(session, by_login, now)

    def _note_failure(self, subject: bytes) -> None:
        with self._home.database.write() as session:
            staff.note_failure(session, subject, self._now())

    def _account(self, login: str) -> AccountRow | None:
        with self._home.database.read() as session:
            return staff.account_by_login(session, login)

    def _fits(self, password: str, account: AccountRow | None) -> bool:
        held = account.password_hash if account is not None and account.password_hash else self._nobody
        with self._hashes:
            return self._hashing.verify(unicodedata.normalize("NFC", password), held)

    def _open(self, account: AccountRow, by_login: bytes) -> str:
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        with self._home.database.write() as session:
            staff.forget_failures(session, by_login)
            staff.open_session(session, token_hash=_hashed(token), account_id=account.id, now=self._now())
            audit.record_look(session, actor=account.login, action="sign in", institution=account.institution)
        return token

    def _note_use(self, token: str, now: datetime) -> None:
        with self._home.database.write() as session:
            found = staff.account_of_session(
                session, token_hash=_hashed(token), opened_since=now - ABSOLUTE_LIMIT, seen_since=now - IDLE_LIMIT
            )
            if found is not None:
                found[1].seen_at = now


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
