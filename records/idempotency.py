"""A changing request that is sent twice changes once: its answer is kept in the same transaction as the change."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from records.database import Database
from records.staff import IdempotencyRow


class KeyUsedBefore(Exception):
    """The key was sent before with another content: one of the two is a mistake."""


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What a changing request was answered; `repeated` when an earlier one with its key had made the change."""

    status: int
    body: dict[str, Any]
    repeated: bool = False


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Who asked what under which key; `content` is the whole request as it was understood."""

    who: str
    route: str
    key: str
    content: bytes

    @property
    def key_hash(self) -> bytes:
        return hashlib.sha256("\0".join((self.who, self.route, self.key)).encode()).digest()

    @property
    def content_hash(self) -> bytes:
        return hashlib.sha256(self.content).digest()


def once(database: Database, asked: Asked, *, now: datetime, change: Callable[[Session], Answered]) -> Answered:
    """Make the change and keep its answer, both or neither; or give the answer that was kept. Raises KeyUsedBefore.

    When this returns the change is committed. It is made as a job of this deployment: row-level security lets persons
    read alone, so `change` says itself who may.
    """
    with database.write() as session:
        held = _held(session, asked)
        if held is not None:
            return held
        made = change(session)
        _keep(session, asked, made, now)
        return made


def answered_before(database: Database, asked: Asked) -> Answered | None:
    """The answer that was kept for this key. Raises KeyUsedBefore."""
    with database.read() as session:
        return _held(session, asked)


def keep(database: Database, asked: Asked, made: Answered, *, now: datetime) -> Answered:
    """Keep the answer to a change that committed by itself and does nothing when it is made again."""
    with database.write() as session:
        held = _held(session, asked)
        if held is None:
            _keep(session, asked, made, now)
        return held or made


def _held(session: Session, asked: Asked) -> Answered | None:
    row = session.get(IdempotencyRow, asked.key_hash)
    if row is None:
        return None
    if row.body_hash != asked.content_hash:
        raise KeyUsedBefore
    return Answered(status=row.status, body=row.answer, repeated=True)


def _keep(session: Session, asked: Asked, made: Answered, now: datetime) -> None:
    session.add(
        IdempotencyRow(
            key_hash=asked.key_hash, body_hash=asked.content_hash, status=made.status, answer=made.body, at=now
        )
    )
