"""The second factor: codes of an authenticator app (RFC 6238), each of which works once.

The secret is sealed by the vault's key together with the account it belongs to, so that it opens no other account.
"""

import base64
import binascii
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import segno
from cryptography.exceptions import InvalidTag
from pyotp import random_base32
from pyotp.totp import TOTP

from records import audit, sign_ins
from records.home import DataHome
from records.sign_ins import Session
from records.staff import AccountRow
from serving.sessions import Opened, Sessions, hashed
from serving.throttle import Throttle

_STEP_SECONDS = 30
# A clock may be half a minute wrong either way.
_NEIGHBOURS = (-1, 0, 1)
_ENROLMENT_LIFE = timedelta(minutes=10)
_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789", " -")


class CodeRefused(Exception):
    """Not a code of this moment, or one that was used already; which of them is not told."""


class EnrolmentOver(Exception):
    """The secret that was shown is too old, or not ours: show a new one."""


class EnrolmentOfAnother(Exception):
    """The secret was shown to another account, which has left this browser since: whoever sends it is shown none."""


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """A secret shown to its person, who enters it in an app and proves it by a code. `sealed` comes back with it."""

    secret: str
    link: str
    sealed: str

    @property
    def groups(self) -> list[str]:
        """The secret in groups of four, as a person types it."""
        return [self.secret[start : start + 4] for start in range(0, len(self.secret), 4)]

    @property
    def picture(self) -> str:
        """The link as a square code (QR) in SVG, which an app on another device reads from the screen."""
        return segno.make_qr(self.link).svg_inline(omitsize=True, light="#fff")


class SecondFactor:
    """Setting up and asking for the codes of the accounts of a data home."""

    def __init__(self, home: DataHome, *, sessions: Sessions, throttle: Throttle, now: Callable[[], datetime]) -> None:
        self._home = home
        self._sessions = sessions
        self._throttle = throttle
        self._now = now

    def give(self, token: str, code: str, *, address: str) -> Opened | None:
        """The code of a pending session: a complete session takes its place. None when none is pending.

        Raises CodeRefused or TooManyFailures.
        """
        pending = self._sessions.pending(token)
        if pending is None or not pending.has_second_factor:
            return None
        self._throttle.begin("code", pending.login, address)
        with self._home.database.write() as session:
            account = sign_ins.locked_account(session, pending.login)
            opened = None
            if account is not None and self._use(account, code):
                opened = self._sessions.complete(session, token, account)
        if opened is None:
            self._throttle.failed(address)
            raise CodeRefused
        self._throttle.passed("code", pending.login)
        return opened

    def enrolment(self, account_id: UUID, login: str) -> Enrolment:
        """A new secret for this account; nothing is kept until a code of it is confirmed."""
        return self._enrolment(random_base32(), account_id, login, until=self._now() + _ENROLMENT_LIFE)

    def shown_again(self, sealed: str, account_id: UUID, login: str) -> Enrolment:
        """The secret that was shown before, after a mistyped code. Raises EnrolmentOver."""
        secret, until = self._opened(sealed, account_id)
        return self._enrolment(secret, account_id, login, until=until)

    def enrol_pending(self, token: str, sealed: str, code: str) -> Opened | None:
        """First set-up, right after the password. None when no session without a second factor is pending.

        Raises CodeRefused, EnrolmentOver or EnrolmentOfAnother.
        """
        pending = self._sessions.pending(token)
        if pending is None or pending.has_second_factor:
            return None
        secret, _ = self._opened(sealed, pending.account_id)
        with self._home.database.write() as session:
            account = sign_ins.locked_account(session, pending.login)
            closed = sign_ins.session_of(session, hashed(token)) is None
            if account is None or account.second_factor is not None or closed:  # another browser was faster
                return None
            self._keep(session, account, secret, code)
            opened = self._sessions.complete(session, token, account)
        self._throttle.passed("code", pending.login)  # wrong codes of a lost app do not count against this one
        return opened

    def enrol_own(self, token: str, login: str, sealed: str, code: str) -> Opened | None:
        """Set up or replace the app of a signed-in person; all their other sessions end.

        Raises CodeRefused, EnrolmentOver or EnrolmentOfAnother.
        """
        with self._home.database.write() as session:
            account = sign_ins.locked_account(session, login)
            if account is None or sign_ins.session_of(session, hashed(token)) is None:  # it was closed meanwhile
                return None
            secret, _ = self._opened(sealed, account.id)
            self._keep(session, account, secret, code)
            sign_ins.close_all(session, account.id, but=hashed(token))
            opened = self._sessions.complete(session, token, account)
        self._throttle.passed("code", login)
        return opened

    def _keep(self, session: Session, account: AccountRow, secret: str, code: str) -> None:
        step = self._step(secret, code, after=None)
        if step is None:
            raise CodeRefused
        account.second_factor = self._home.vault.key.seal(f"second factor\x1f{account.id}\x1f{secret}".encode())
        account.second_factor_step = step
        audit.record_look(session, actor=account.login, action="set second factor", institution=account.institution)

    def _use(self, account: AccountRow, code: str) -> bool:
        """Whether the code is right; then it and all before it never work again."""
        if account.second_factor is None:
            return False
        what, owner, secret = self._home.vault.key.unseal(account.second_factor).decode().split("\x1f")
        if (what, owner) != ("second factor", str(account.id)):
            return False
        step = self._step(secret, code, after=account.second_factor_step)
        if step is None:
            return False
        account.second_factor_step = step
        return True

    def _step(self, secret: str, code: str, *, after: int | None) -> int | None:
        now, given = int(self._now().timestamp()) // _STEP_SECONDS, code.translate(_THAI_DIGITS).strip()
        totp, found = TOTP(secret), None
        for step in (now + beside for beside in _NEIGHBOURS):
            fits = hmac.compare_digest(totp.generate_otp(step).encode(), given.encode())
            if fits and (after is None or step > after):
                found = step
        return found

    def _enrolment(self, secret: str, account_id: UUID, login: str, *, until: datetime) -> Enrolment:
        told = f"enrolment\x1f{account_id}\x1f{until.isoformat()}\x1f{secret}"
        return Enrolment(
            secret=secret,
            link=TOTP(secret).provisioning_uri(name=login, issuer_name="zerodrop"),
            sealed=base64.urlsafe_b64encode(self._home.vault.key.seal(told.encode())).decode(),
        )

    def _opened(self, sealed: str, account_id: UUID) -> tuple[str, datetime]:
        try:
            told = self._home.vault.key.unseal(base64.urlsafe_b64decode(sealed.encode())).decode().split("\x1f")
        except (InvalidTag, binascii.Error, ValueError):
            raise EnrolmentOver from None
        if len(told) != 4 or told[0] != "enrolment":
            raise EnrolmentOver
        if told[1] != str(account_id):
            raise EnrolmentOfAnother
        until = datetime.fromisoformat(told[2])
        if self._now() > until:
            raise EnrolmentOver
        return told[3], until
