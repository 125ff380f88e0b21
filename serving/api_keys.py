"""Keys of machines: `Authorization: Bearer zd_<id>_<secret>`, with scopes, institutions and an end.

The secret is 256 random bits, so its SHA-256 alone is kept and needs no slow hash.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from records import audit, ledger, sign_ins
from records.access import Principal
from records.errors import UserError
from records.home import DataHome
from records.roles import Permission, Role
from records.staff import ApiKeyRow
from records.text import Text

_P = Permission
MACHINE_SCOPES: tuple[Permission, ...] = (
    _P.SEE_ALL_STUDENTS,
    _P.SEE_HOUSEHOLD,
    _P.SEE_PSEUDONYMS,
    _P.SEE_MODELS,
    _P.SEE_SUMMARIES,
    _P.PUBLISH,
    _P.SCORE,
    _P.MANAGE_RECORDS,
    _P.SEE_AUDIT,
    _P.RECORD_CARE,
    _P.PLAN_VISITS,
)
"""What a machine may be allowed: never a class group of its own, sensitive screening, or accounts."""
LONGEST_LIFE_DAYS = 366
KEY_LOGIN = "key:"
"""Before the id of a key where a person has a login; no person's begins so."""
_PREFIX = "zd"
_ID_BYTES, _SECRET_BYTES = 6, 32
_NOTED_EVERY = timedelta(minutes=5)
_NOBODY = hashlib.sha256(secrets.token_bytes(_SECRET_BYTES)).digest()


class KeyRefused(UserError):
    """A key cannot be made or revoked like this."""

    @classmethod
    def unknown_scope(cls, *, scope: str) -> "KeyRefused":
        known = ", ".join(permission.name for permission in MACHINE_SCOPES)
        return cls(
            f"'{scope}' is no scope that a machine may have. Choose from: {known}. · "
            f"ระบบอื่นใช้สิทธิ์ '{scope}' ไม่ได้ เลือกจาก: {known}"
        )

    @classmethod
    def nothing_allowed(cls) -> "KeyRefused":
        return cls("A key needs at least one --scope. · กุญแจต้องมีสิทธิ์อย่างน้อยหนึ่งอย่าง ใส่ --scope")

    @classmethod
    def no_label(cls) -> "KeyRefused":
        return cls("Say with --label which machine the key is for. · ระบุด้วย --label ว่ากุญแจนี้เป็นของระบบใด")

    @classmethod
    def unknown_key(cls, *, key_id: str) -> "KeyRefused":
        return cls(
            f"There is no key '{key_id}'. `zerodrop account key list` shows all of them. · "
            f"ไม่มีกุญแจ '{key_id}' ดูทั้งหมดด้วยคำสั่ง zerodrop account key list"
        )


def make_key(
    home: DataHome,
    *,
    label: str,
    scopes: Sequence[str],
    institutions: Sequence[str],
    days: int,
    actor: str,
    now: datetime,
) -> str:
    """A new key, told once. Raises KeyRefused, or ConfigurationGap for an unknown institution."""
    if not label.strip():
        raise KeyRefused.no_label()
    allowed = _allowed(scopes)
    codes = sorted({ledger.require_institution(home.database, code).code for code in institutions})
    key_id, secret = secrets.token_hex(_ID_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
    with home.database.write() as session:
        session.add(
            ApiKeyRow(
                id=key_id,
                secret_hash=_hashed(secret),
                label=label.strip(),
                scopes=allowed,
                institutions=codes,
                made_by=actor,
                made_at=now,
                expires_at=now + timedelta(days=days),
            )
        )
        for code in codes:
            detail: dict[str, str | int] = {"key": key_id, "scopes": " ".join(allowed), "days": days}
            audit.record_look(session, actor=actor, action="make key", institution=code, detail=detail)
    return f"{_PREFIX}_{key_id}_{secret}"


def _allowed(scopes: Sequence[str]) -> list[str]:
    known = {permission.name for permission in MACHINE_SCOPES}
    wanted = sorted({scope.strip().upper() for scope in scopes})
    for scope in wanted:
        if scope not in known:
            raise KeyRefused.unknown_scope(scope=scope)
    if not wanted:
        raise KeyRefused.nothing_allowed()
    return wanted


def revoke_key(home: DataHome, key_id: str, *, actor: str, now: datetime) -> None:
    """End a key now. Raises KeyRefused."""
    with home.database.write() as session:
        key = sign_ins.api_key(session, key_id)
        if key is None:
            raise KeyRefused.unknown_key(key_id=key_id)
        key.revoked_at = key.revoked_at or now
        for code in key.institutions:
            audit.record_look(session, actor=actor, action="revoke key", institution=code, detail={"key": key_id})


def principal_of_key(home: DataHome, bearer: str, now: datetime) -> Principal | None:
    """Who a machine's key stands for; None when it is unknown, wrong, over or revoked."""
    prefix, key_id, secret = (*bearer.split("_", 2), "", "", "")[:3]
    if prefix != _PREFIX:
        return None
    with home.database.read() as session:
        key = sign_ins.api_key(session, key_id)
        fits = hmac.compare_digest(key.secret_hash if key is not None else _NOBODY, _hashed(secret))
        if key is None or not fits or not _is_valid(key, now):
            return None
        principal, last_used_at = _principal(key), key.last_used_at
    if last_used_at is None or now - last_used_at >= _NOTED_EVERY:
        _note_use(home, key_id, now)
    return principal


def _is_valid(key: ApiKeyRow, now: datetime) -> bool:
    return key.revoked_at is None and now < key.expires_at and bool(key.institutions)


def _principal(key: ApiKeyRow) -> Principal:
    # A scope that machines may no longer have ends with the release that took it away.
    permissions = frozenset(permission for permission in MACHINE_SCOPES if permission.name in key.scopes)
    return Principal(
        account_id=None,
        login=f"{KEY_LOGIN}{key.id}",
        name=key.label,
        role=Role(name="machine", label=Text(th="เครื่อง", en="machine"), permissions=permissions),
        institution=key.institutions[0],
        institutions=frozenset(key.institutions),
        permissions=permissions,
    )


def _note_use(home: DataHome, key_id: str, now: datetime) -> None:
    with home.database.write() as session:
        key = sign_ins.api_key(session, key_id)
        if key is not None:
            key.last_used_at = now


def _hashed(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
