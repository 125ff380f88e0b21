"""Signing in: a login and a password, then what the account still owes; and the accounts that administrators make."""

import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from records import audit, ledger, sign_ins, staff
from records.access import Principal
from records.errors import UserError
from records.home import DataHome
from records.roles import ROLE_OF, Permission
from records.sign_ins import Session
from records.staff import AccountRow
from serving.activation import Activation, new_code
from serving.api_keys import KEY_LOGIN
from serving.oidc import Provider, provider_of
from serving.passwords import Passwords, hash_password, require_sound
from serving.second_factor import SecondFactor
from serving.sessions import Opened, Sessions, hashed
from serving.throttle import Throttle

LONGEST_LOGIN = 200
"""What the form for signing in takes."""


class AccountRefused(UserError):
    """An account cannot be made or changed like this."""

    @classmethod
    def taken(cls, *, login: str) -> "AccountRefused":
        return cls(f"There is already an account '{login}'. Choose another login. · มีบัญชี '{login}' อยู่แล้ว ตั้งชื่อผู้ใช้อื่น")

    @classmethod
    def unknown(cls, *, login: str) -> "AccountRefused":
        return cls(
            f"There is no account '{login}'. `zerodrop account list` shows all of them. · "
            f"ไม่มีบัญชี '{login}' ดูบัญชีทั้งหมดด้วยคำสั่ง zerodrop account list"
        )

    @classmethod
    def unknown_role(cls, *, role: str) -> "AccountRefused":
        known = ", ".join(ROLE_OF)
        return cls(f"There is no role '{role}'. Choose one of: {known}. · ไม่มีบทบาท '{role}' เลือกจาก: {known}")

    @classmethod
    def linked_elsewhere(cls) -> "AccountRefused":
        return cls(
            "This person of the identity provider is linked to another account already. Unlink that one first. · "
            "บัญชีภายนอกนี้ผูกกับผู้ใช้อื่นอยู่แล้ว ให้ยกเลิกการผูกเดิมก่อน"
        )

    @classmethod
    def no_login(cls) -> "AccountRefused":
        return cls(
            "An account needs a login. Use the staff number or a name in letters. · "
            "บัญชีต้องมีชื่อผู้ใช้ ใช้เลขประจำตัวบุคลากรหรือชื่อเป็นตัวอักษร"
        )

    @classmethod
    def long_login(cls) -> "AccountRefused":
        return cls(
            f"A login has at most {LONGEST_LOGIN} characters. Choose a shorter one. · "
            f"ชื่อผู้ใช้ยาวได้ไม่เกิน {LONGEST_LOGIN} ตัวอักษร ตั้งให้สั้นลง"
        )

    @classmethod
    def no_name(cls) -> "AccountRefused":
        return cls(
            "An account needs the person's name: it stands beside every look of theirs. · "
            "บัญชีต้องมีชื่อบุคคล เพราะแสดงไว้ทุกครั้งที่บัญชีนี้เปิดดูข้อมูล"
        )


class SignInRefused(Exception):
    """Wrong login or password, or nobody's; which of them is not told."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def plain_login(login: str) -> str:
    """A login as it is kept: phones write the first letter large, and Thai keyboards compose differently."""
    return unicodedata.normalize("NFC", login.replace("\0", "\ufffd")).strip().lower()  # no database keeps a NUL


def create_account(
    home: DataHome, *, login: str, name: str, role: str, institution: str, password: str = "", actor: str = ""
) -> AccountRow:
    """Make an account; without a password it waits for an activation code.

    Raises AccountRefused, PasswordRefused, or ConfigurationGap for an unknown institution.
    """
    login = plain_login(login)
    if not login or login.startswith(KEY_LOGIN) or any(ord(letter) < 32 or letter == "\ufffd" for letter in login):
        raise AccountRefused.no_login()
    if len(login) > LONGEST_LOGIN:
        raise AccountRefused.long_login()
    if not (name := " ".join(name.split())):
        raise AccountRefused.no_name()
    if role not in ROLE_OF:
        raise AccountRefused.unknown_role(role=role)
    if password:
        require_sound(password, login)
    ledger.require_institution(home.database, institution)
    password_hash = hash_password(password) if password else ""
    with home.database.write() as session:
        if staff.account_by_login(session, login) is not None:
            raise AccountRefused.taken(login=login)
        account = AccountRow(login=login, name=name, role=role, institution=institution, password_hash=password_hash)
        session.add(account)
        detail: dict[str, str | int] = {"login": login, "role": role}
        audit.record_look(
            session, actor=actor or login, action="create account", institution=institution, detail=detail
        )
    return account


def set_password(home: DataHome, *, login: str, password: str, actor: str = "") -> None:
    """Give an account that is there a new password and end its sessions. Raises AccountRefused or PasswordRefused."""
    login = plain_login(login)
    require_sound(password, login)
    password_hash = hash_password(password)
    with _changing(home, login, actor=actor or login, action="set password") as (session, account):
        account.password_hash = password_hash
        account.activation_hash = account.activation_until = None
        sign_ins.close_all(session, account.id)


@contextmanager
def _changing(
    home: DataHome, login: str, *, actor: str, action: str, **detail: str | int
) -> Iterator[tuple[Session, AccountRow]]:
    """An account to be changed, and the change recorded. Raises AccountRefused when there is none."""
    login = plain_login(login)
    with home.database.write() as session:
        account = sign_ins.locked_account(session, login)
        if account is None:
            raise AccountRefused.unknown(login=login)
        yield session, account
        told = {"login": login, **detail}
        audit.record_look(session, actor=actor, action=action, institution=account.institution, detail=told)


def give_code(home: DataHome, login: str, *, actor: str, now: datetime) -> str:
    """An activation code, to be told once: for a first password, or a new one. Raises AccountRefused."""
    with _changing(home, login, actor=actor, action="give activation code") as (_, account):
        return new_code(account, now)


def set_active(home: DataHome, login: str, *, active: bool, actor: str) -> None:
    """Let an account sign in, or not any more; then its sessions end at once. Raises AccountRefused."""
    action = "enable account" if active else "disable account"
    with _changing(home, login, actor=actor, action=action) as (session, account):
        account.active = active
        if not active:
            account.activation_hash = account.activation_until = None
            sign_ins.close_all(session, account.id)


def set_role(home: DataHome, login: str, role: str, *, actor: str) -> None:
    """Another role; the sessions end, because it may need a second factor. Raises AccountRefused."""
    if role not in ROLE_OF:
        raise AccountRefused.unknown_role(role=role)
    with _changing(home, login, actor=actor, action="set role", role=role) as (session, account):
        account.role = role
        sign_ins.close_all(session, account.id)


def is_last_administrator(home: DataHome, login: str) -> bool:
    """Whether this account is the only open one of its institution that manages accounts."""
    with home.database.read() as session:
        account = staff.account_by_login(session, plain_login(login))
        colleagues = sign_ins.accounts(session, account.institution) if account is not None else []
        managing = [
            one.login
            for one in colleagues
            if one.active and Permission.MANAGE_ACCOUNTS in ROLE_OF[one.role].permissions
        ]
    return managing == [plain_login(login)]


def reset_second_factor(home: DataHome, login: str, *, actor: str) -> None:
    """Forget the app of an account and end its sessions; the next sign-in sets up another where the role needs one.

    Raises AccountRefused.
    """
    with _changing(home, login, actor=actor, action="reset second factor") as (session, account):
        account.second_factor = account.second_factor_step = None
        sign_ins.close_all(session, account.id)


def link_account(home: DataHome, *, login: str, issuer: str, subject: str, actor: str, now: datetime) -> None:
    """Let a person of an identity provider sign in as this account. Raises AccountRefused."""
    with _changing(home, login, actor=actor, action="link account", issuer=issuer) as (session, account):
        holder = sign_ins.linked(session, issuer, subject)
        if holder is not None and holder.id != account.id:
            raise AccountRefused.linked_elsewhere()
        if holder is None:
            sign_ins.add_link(session, issuer=issuer, subject=subject, account_id=account.id, now=now)


def unlink_account(home: DataHome, *, login: str, actor: str) -> None:
    """End every sign-in of this account by an identity provider. Raises AccountRefused."""
    with _changing(home, login, actor=actor, action="unlink account") as (session, account):
        sign_ins.remove_links(session, account.id)


@dataclass(frozen=True, kw_only=True)
class OwnAccount:
    """How a signed-in person signs in."""

    has_password: bool
    has_second_factor: bool
    is_linked: bool


class Accounts:
    """The accounts of a data home as the service uses them."""

    def __init__(self, home: DataHome, *, now: Callable[[], datetime] = utc_now) -> None:
        self._home = home
        self.now = now
        self._passwords = Passwords()
        self._throttle = Throttle(home, now=now)
        self.sessions = Sessions(home, now=now)
        self.second_factor = SecondFactor(home, sessions=self.sessions, throttle=self._throttle, now=now)
        self.activation = Activation(home, passwords=self._passwords, throttle=self._throttle, now=now)
        self.provider: Provider | None = provider_of(home.settings)

    def sign_in(self, *, login: str, password: str, address: str, browser: str = "") -> Opened:
        """Open a session. Raises SignInRefused or TooManyFailures."""
        login = plain_login(login)
        proven = self._proven(login, password, address)
        with self._home.database.write() as session:
            account = sign_ins.locked_account(session, login)
            # Comparing takes its time: what was changed meanwhile ended all sessions and must not miss this one.
            if account is None or not account.active or account.password_hash != proven.password_hash:
                raise SignInRefused
            complete = not self.sessions.needs_second_factor(account)
            return self.sessions.open(session, account, browser=browser, complete=complete)

    def sign_in_linked(self, *, issuer: str, subject: str, browser: str = "") -> Opened:
        """Open a session for a person of an identity provider. Raises SignInRefused when no account is linked."""
        with self._home.database.write() as session:
            account = sign_ins.linked(session, issuer, subject)
            if account is None or not account.active:
                raise SignInRefused
            complete = not self.sessions.needs_second_factor(account)
            return self.sessions.open(session, account, browser=browser, complete=complete)

    def own(self, principal: Principal) -> OwnAccount:
        """How this person signs in; for a machine nothing at all."""
        with self._home.database.read() as session:
            account = staff.account_by_login(session, principal.login)
            if account is None:
                return OwnAccount(has_password=False, has_second_factor=False, is_linked=False)
            return OwnAccount(
                has_password=bool(account.password_hash),
                has_second_factor=account.second_factor is not None,
                is_linked=bool(sign_ins.links(session, account.id)),
            )

    def principal(self, token: str) -> Principal | None:
        """Who holds this token; None when it is unknown, closed, idle, too old, or owes a second factor."""
        return self.sessions.principal(token)

    def sign_out(self, token: str) -> None:
        self.sessions.close(token)

    def confirm(self, token: str, *, password: str, address: str) -> None:
        """The password given again in a session. Raises SignInRefused or TooManyFailures."""
        self._proven(self._login_of(token), password, address)
        self.sessions.confirm(token)

    def change_password(self, token: str, *, current: str, new: str, address: str) -> None:
        """A new password; all other sessions end. A form that is sent twice is done once, and refused neither time.

        Raises PasswordRefused, SignInRefused or TooManyFailures.
        """
        login = self._login_of(token)
        require_sound(new, login)
        try:
            proven = self._proven(login, current, address)
        except SignInRefused:
            if self._is_password(login, new):
                return
            raise
        password_hash = self._passwords.hash(new)
        with self._home.database.write() as session:
            account = sign_ins.locked_account(session, login)
            if account is None or not account.active or account.password_hash != proven.password_hash:
                raise SignInRefused
            account.password_hash = password_hash
            account.activation_hash = account.activation_until = None
            sign_ins.close_all(session, account.id, but=hashed(token))
            audit.record_look(session, actor=login, action="change password", institution=account.institution)
        self.sessions.confirm(token)

    def _proven(self, login: str, password: str, address: str) -> AccountRow:
        """The account, its password being right. Raises SignInRefused or TooManyFailures."""
        self._throttle.begin("login", login, address)
        with self._home.database.read() as session:
            account = staff.account_by_login(session, login)
        fits = self._passwords.fits(password, account.password_hash if account is not None else "")
        if account is None or not fits or not account.active:
            self._throttle.failed(address)
            raise SignInRefused
        self._throttle.passed("login", login)
        return account

    def _is_password(self, login: str, password: str) -> bool:
        with self._home.database.read() as session:
            account = staff.account_by_login(session, login)
        return account is not None and self._passwords.fits(password, account.password_hash)

    def _login_of(self, token: str) -> str:
        principal = self.sessions.principal(token)
        if principal is None:
            raise SignInRefused
        return principal.login
