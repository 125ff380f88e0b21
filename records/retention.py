"""What is deleted when its time is over: scores and reasons, the oldest looks, sessions, kept rows, and what has expired.

Who was listed in which band is kept, so that it can be told later what a list did; why, and with what score, is not.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import DeclarativeBase, Session

from records import audit
from records.audit import AuditCutRow, AuditRow
from records.care_of_person import care_before
from records.clock import local_day
from records.erasure import finish
from records.erasure_tables import CorrectionRow
from records.home import DataHome
from records.integrity import leave_no_remains
from records.list_tables import ListEntryRow, PublicationRow
from records.quarantine import KeptFileRow, OriginalCell, QuarantinedRow
from records.settings import Settings
from records.staff import AccountRow, ApiKeyRow, IdempotencyRow, LoginAttemptRow, SessionRow
from records.text import Text
from records.visit_plans import unsay_benefits
from records.weeks import require_plausible

_FAILURES_KEPT = timedelta(days=1)  # many times what throttling looks back
_ANSWERS_KEPT = timedelta(days=2)  # a machine that sends again after a day off still gets its answer


@dataclass(frozen=True, kw_only=True)
class Pruned:
    """How many of one kind were deleted, or would be."""

    kind: str
    label: Text
    rows: int


@dataclass(frozen=True, kw_only=True)
class _Over:
    """Rows of one table whose time is over."""

    kind: str
    label: Text
    table: type[DeclarativeBase]
    where: ColumnElement[bool]


def prune(home: DataHome, *, now: datetime, dry_run: bool, actor: str = "retention") -> list[Pruned]:
    """Delete what is older than the settings keep it, or only count it; erasures that stopped are carried out as well.

    Each database changes in one transaction, and what was deleted leaves no bytes in a SQLite file. Raises UserError
    while a database is too busy for that last step, and when the clock is set to a Buddhist year.
    """
    settings, today = home.settings, local_day(now)
    require_plausible(today, today)  # by a clock of Buddhist years everything would be over its time
    found: list[Pruned] = []
    with home.database.write() as session:
        found += _scores(session, settings, now, dry_run)
        found += [
            _applied(session, one, dry_run) for one in (*_ledger_kinds(settings, now), *_care_kinds(settings, now))
        ]
        found.append(_codes(session, now, dry_run))
        found.append(_looks(session, settings, now, dry_run, actor))
    with home.vault_database.write() as session:
        found += [_applied(session, one, dry_run) for one in _vault_kinds(settings, now)]
    if not dry_run:
        _write_over(home, found)  # before the erasures: one that cannot go on must not leave the others' traces
        label = Text(th="การลบตามคำขอที่ค้างอยู่", en="erasures that had stopped")
        found.append(Pruned(kind="erasures", label=label, rows=len(finish(home))))
    return found


def _write_over(home: DataHome, found: list[Pruned]) -> None:
    if any(one.rows for one in found) and home.database.is_sqlite:
        for database, vault in ((home.database, False), (home.vault_database, True)):
            leave_no_remains(database, vault=vault)


def _applied(session: Session, over: _Over, dry_run: bool) -> Pruned:
    rows = session.scalar(select(func.count()).select_from(over.table).where(over.where)) or 0
    if rows and not dry_run:
        session.execute(delete(over.table).where(over.where))
    return Pruned(kind=over.kind, label=over.label, rows=rows)


def _ledger_kinds(settings: Settings, now: datetime) -> Iterator[_Over]:
    idle = now - timedelta(days=settings.keep_sessions_days)
    yield _Over(
        kind="sessions", label=Text(th="การเข้าใช้ที่หมดอายุ", en="sessions"), table=SessionRow,
        where=SessionRow.seen_at < idle,
    )  # fmt: skip
    yield _Over(
        kind="keys", label=Text(th="กุญแจของเครื่องที่หมดอายุ", en="keys of machines that expired"), table=ApiKeyRow,
        where=(ApiKeyRow.expires_at < idle) | (ApiKeyRow.revoked_at < idle),
    )  # fmt: skip
    yield _Over(
        kind="failures", label=Text(th="การใส่รหัสผ่านผิด", en="failed sign-ins"), table=LoginAttemptRow,
        where=LoginAttemptRow.at < now - _FAILURES_KEPT,
    )  # fmt: skip
    yield _Over(
        kind="answers", label=Text(th="คำตอบที่เก็บไว้กันส่งซ้ำ", en="answers kept for requests sent twice"),
        table=IdempotencyRow, where=IdempotencyRow.at < now - _ANSWERS_KEPT,
    )  # fmt: skip


def _care_kinds(settings: Settings, now: datetime) -> Iterator[_Over]:
    for kind, label, table, where in care_before(_day_before(now, settings.keep_care_days)):
        yield _Over(kind=kind, label=label, table=table, where=where)


def _vault_kinds(settings: Settings, now: datetime) -> Iterator[_Over]:
    kept_since = now - timedelta(days=settings.keep_quarantine_days)
    yield _Over(
        kind="quarantine", label=Text(th="แถวที่กักไว้", en="rows in quarantine"), table=QuarantinedRow,
        where=QuarantinedRow.created_at < kept_since,
    )  # fmt: skip
    yield _Over(
        kind="cells", label=Text(th="ค่าเดิมในไฟล์", en="original cells"), table=OriginalCell,
        where=OriginalCell.created_at < kept_since,
    )  # fmt: skip
    yield _Over(
        kind="files", label=Text(th="หัวตารางของไฟล์ที่มีแถวกักไว้", en="headers of files with rows in quarantine"),
        table=KeptFileRow, where=KeptFileRow.created_at < kept_since,
    )  # fmt: skip
    yield _Over(
        kind="corrections", label=Text(th="คำขอแก้ไขที่ตอบแล้ว", en="corrections that were answered"), table=CorrectionRow,
        where=CorrectionRow.decided_at < now - timedelta(days=settings.keep_audit_days),
    )  # fmt: skip


def _scores(session: Session, settings: Settings, now: datetime, dry_run: bool) -> list[Pruned]:
    """Scores, reasons and what else was said of single students on lists that are old enough."""
    over = select(PublicationRow.id).where(
        PublicationRow.as_of < _day_before(now, settings.keep_scores_days), PublicationRow.pruned_at.is_(None)
    )
    ids = session.scalars(over).all()
    entries = session.scalar(select(func.count()).where(ListEntryRow.publication_id.in_(over))) or 0
    if ids and not dry_run:
        session.execute(update(ListEntryRow).where(ListEntryRow.publication_id.in_(over)).values(**_UNSAID))
        session.execute(update(PublicationRow).where(PublicationRow.id.in_(ids)).values(pruned_at=now))
    if not dry_run:
        unsay_benefits(session, now - timedelta(days=settings.keep_scores_days))
    return [
        Pruned(
            kind="lists", label=Text(th="รายชื่อที่ลบคะแนนและเหตุผล", en="lists that lose scores and reasons"), rows=len(ids)
        ),
        Pruned(
            kind="scores", label=Text(th="คะแนนและเหตุผลของนักเรียน", en="scores and reasons of students"), rows=entries
        ),
    ]


_UNSAID: dict[str, Any] = {
    "logit": None, "probability": None, "ordering": 0.0, "cut_off": None, "reasons": [], "missing": [],
    "unknown_domains": [], "domains": {}, "what_if": None,
}  # fmt: skip


def _day_before(now: datetime, days: int) -> date:
    return local_day(now) - timedelta(days=days)


def _codes(session: Session, now: datetime, dry_run: bool) -> Pruned:
    expired = AccountRow.activation_until < now
    rows = session.scalar(select(func.count()).select_from(AccountRow).where(expired)) or 0
    if rows and not dry_run:
        session.execute(update(AccountRow).where(expired).values(activation_hash=None, activation_until=None))
    return Pruned(kind="codes", label=Text(th="รหัสเปิดใช้บัญชีที่หมดอายุ", en="activation codes that expired"), rows=rows)


def _looks(session: Session, settings: Settings, now: datetime, dry_run: bool, actor: str) -> Pruned:
    """The oldest rows of the trail, from its beginning on without a gap: the chain goes on from the last of them."""
    limit = now - timedelta(days=settings.keep_audit_days)
    first_kept = session.scalar(select(func.min(AuditRow.id)).where(AuditRow.at >= limit))
    before = AuditRow.at < limit if first_kept is None else AuditRow.id < first_kept
    last = session.scalar(select(AuditRow).where(before).order_by(AuditRow.id.desc()).limit(1))
    rows = session.scalar(select(func.count()).select_from(AuditRow).where(before)) or 0
    if last is not None and not dry_run:
        audit.record_look(session, actor=actor, action="cut audit", institution="", detail={"rows": rows})
        session.add(AuditCutRow(through=last.id, hash=last.hash, at=now, actor=actor))
        session.flush()  # the trigger lets rows go only behind a cut
        session.execute(delete(AuditRow).where(AuditRow.id <= last.id))
    return Pruned(kind="looks", label=Text(th="บันทึกการเข้าดูที่เกินกำหนด", en="looks in the audit trail"), rows=rows)
