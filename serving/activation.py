"""Activation codes: the one way to a first password, and to a new one after the old is forgotten.

A code works once, for two weeks; only its SHA-256 is kept. It does not replace the second factor.
"""

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime, timedelta

from records import audit, sign_ins, staff
from records.home import DataHome
from records.staff import AccountRow
from serving.passwords import Passwords, random_password, require_sound
from serving.throttle import Throttle

CODE_LIFE = timedelta(days=14)


class ActivationRefused(Exception):
    """Wrong login, wrong code, or a code that was used or is too old; which of them is not told."""


def new_code(account: AccountRow, now: datetime) -> str:
    """A new code for an account, to be told once; one given before works no longer."""
    code = random_password()
    account.activation_hash, account.activation_until = _hashed(code), now + CODE_LIFE
    return code


class Activation:
    """Takes codes and sets passwords in the accounts of a data home."""

    def __init__(
        self, home: DataHome, *, passwords: Passwords, throttle: Throttle, now: Callable[[], datetime]
    ) -> None:
        self._home = home
        self._passwords = passwords
        self._throttle = throttle
        self._now = now

    def activate(self, *, login: str, code: str, password: str, address: str) -> None:
        """Set the password of who holds the code; all sessions of the account end.

        Raises PasswordRefused before the code is looked at, ActivationRefused or TooManyFailures.
        """
        require_sound(password, login)
        self._throttle.begin("activation", login, address)
        with self._home.database.read() as session:
            known = staff.account_by_login(session, login)
            right = known is not None and self._is_right(known, code)
        if right:
            password_hash = self._passwords.hash(password)
            right = self._set(login, code, password_hash)
        if not right:
            self._throttle.failed(address)
            raise ActivationRefused
        self._throttle.passed("activation", login)
        self._throttle.passed("login", login)

    def _set(self, login: str, code: str, password_hash: str) -> bool:
        with self._home.database.write() as session:
            account = sign_ins.locked_account(session, login)
            if account is None or not self._is_right(account, code):  # two at once: the first had it
                return False
            account.password_hash = password_hash
            account.activation_hash = account.activation_until = None
            sign_ins.close_all(session, account.id)
            audit.record_look(session, actor=account.login, action="activate", institution=account.institution)
        return True

    def _is_right(self, account: AccountRow, code: str) -> bool:
        if not account.active or account.activation_hash is None or account.activation_until is None:
            return False
        fits = hmac.compare_digest(account.activation_hash, _hashed(code))
        return fits and self._now() <= account.activation_until


def _hashed(code: str) -> bytes:
    """However it was typed: large letters, and with or without the dashes."""
    return hashlib.sha256("".join(letter for letter in code.lower() if letter.isalnum()).encode()).digest()
