"""Corrections that a student or a guardian asks for: their own words, sealed in the vault, and the answer they got.

What is wrong is mended in the system that told it and imported again; this keeps that it was asked, and answered in time.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import Select, select

from records import audit
from records.erasure_tables import CorrectionRow
from records.errors import UserError
from records.home import DataHome
from records.subjects import subject_of

CORRECTED, REFUSED = "corrected", "refused"
ANSWER_DAYS = 30
"""How long a request for one's own data may take [PDPA ss. 30–36]; corrections are answered within the same time here."""


@dataclass(frozen=True, kw_only=True)
class Correction:
    """One request. `decision` is empty while it is open; words and answer are as they were typed."""

    id: UUID
    institution: str
    student_id: UUID
    words: str
    asked_at: datetime
    entered_by: str
    decision: str
    answer: str
    decided_at: datetime | None
    decided_by: str

    @property
    def due_at(self) -> datetime:
        return self.asked_at + timedelta(days=ANSWER_DAYS)


def enter(home: DataHome, institution: str, student_id: UUID, *, words: str, actor: str) -> UUID:
    """Keep what somebody says is wrong about a student; the audit row comes first. Raises UserError for nobody or no words."""
    if not words.strip():
        raise UserError("Say what is wrong, and what is right. · ระบุว่าข้อมูลใดผิด และที่ถูกคืออะไร")
    subject_of(home, institution, student_id)
    correction_id = uuid4()
    _audit(home, actor, "enter correction", institution, student_id, correction_id)
    with home.vault_database.write() as session:
        session.add(
            CorrectionRow(
                id=correction_id, institution=institution, student_id=student_id,
                words=home.vault.key.seal(words.strip().encode()), asked_at=datetime.now(UTC), entered_by=actor,
            )
        )  # fmt: skip
    return correction_id


def corrections(home: DataHome, institution: str, *, actor: str, only_open: bool = True) -> list[Correction]:
    """The requests of an institution, the oldest first, after the look was recorded."""
    with home.database.write() as session:
        audit.record_look(session, actor=actor, action="list corrections", institution=institution)
    chosen = select(CorrectionRow).where(CorrectionRow.institution == institution)
    if only_open:
        chosen = chosen.where(CorrectionRow.decision == "")
    return _read(home, chosen)


def corrections_of(home: DataHome, institution: str, student_ids: frozenset[UUID]) -> list[Correction]:
    """The requests about one person; whoever calls this wrote the audit row first."""
    own = CorrectionRow.student_id.in_(student_ids)
    return _read(home, select(CorrectionRow).where(CorrectionRow.institution == institution, own))


def decide(home: DataHome, correction_id: UUID, *, corrected: bool, answer: str, actor: str) -> None:
    """Answer a request, once. Raises UserError when there is none, when it is answered, or without a reason."""
    if not answer.strip():
        raise UserError(
            "Say what was done, or why not: the person is told this. · ระบุว่าแก้อะไร หรือเหตุใดจึงไม่แก้ ผู้ขอจะได้รับคำตอบนี้"
        )
    with home.vault_database.read() as session:
        row = session.get(CorrectionRow, correction_id)
    if row is None or row.decision:
        raise _not_open()
    _audit(home, actor, "decide correction", row.institution, row.student_id, correction_id)
    with home.vault_database.write() as session:
        asked = session.get(CorrectionRow, correction_id, with_for_update=True)
        if asked is None or asked.decision:
            raise _not_open()
        asked.decision = CORRECTED if corrected else REFUSED
        asked.answer = home.vault.key.seal(answer.strip().encode())
        asked.decided_at, asked.decided_by = datetime.now(UTC), actor


def _not_open() -> UserError:
    return UserError(
        "There is no such request, or it is answered already. `zerodrop person correction list` shows the open ones. · "
        "ไม่มีคำขอนี้ หรือตอบไปแล้ว ดูคำขอที่ยังไม่ตอบด้วย zerodrop person correction list"
    )


def _audit(home: DataHome, actor: str, action: str, institution: str, student_id: UUID, correction_id: UUID) -> None:
    with home.database.write() as session:
        audit.record_look(
            session, actor=actor, action=action, institution=institution, student_id=student_id,
            detail={"correction": str(correction_id)},
        )  # fmt: skip


def _read(home: DataHome, chosen: Select[CorrectionRow]) -> list[Correction]:
    with home.vault_database.read() as session:
        rows = session.scalars(chosen.order_by(CorrectionRow.asked_at)).all()
    return [
        Correction(
            id=row.id, institution=row.institution, student_id=row.student_id,
            words=home.vault.key.unseal(row.words).decode(), asked_at=row.asked_at, entered_by=row.entered_by,
            decision=row.decision, answer=home.vault.key.unseal(row.answer).decode() if row.answer else "",
            decided_at=row.decided_at, decided_by=row.decided_by,
        )
        for row in rows
    ]  # fmt: skip
