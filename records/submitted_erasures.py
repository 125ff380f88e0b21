"""An erasure that a program asks for: allowed, once for its key, and harmless when it is asked again after a crash."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select

from records import idempotency
from records.access import Principal, refuse
from records.erasure_tables import ErasureRow
from records.home import DataHome
from records.idempotency import Answered, Asked
from records.ledger import StudentRow
from records.roles import Permission

if TYPE_CHECKING:
    from records.erasure import Erased


class NobodyToErase(Exception):
    """There is no such student for this account, and none was erased."""


def erase_once(
    home: DataHome,
    principal: Principal,
    institution: str,
    student_id: UUID,
    *,
    reason: str,
    asked: Asked,
    now: datetime,
) -> Answered:
    """Erase a student of an institution; what is answered and kept names nobody.

    Raises NotAllowed, NobodyToErase, KeyUsedBefore, and UserError where the erasure stopped: asked again it goes on.
    """
    from records.erasure import erase  # it rewrites logs and needs Parquet, which the service does not load for looks

    if not principal.may(Permission.MANAGE_RECORDS) or institution not in principal.institutions:
        refuse(
            home,
            principal,
            "refused erasure",
            "This account erases nobody there. · บัญชีนี้ลบข้อมูลนักเรียนของสถานศึกษานั้นไม่ได้",
        )
    held = idempotency.answered_before(home.database, asked)
    if held is not None:
        return held
    done: list[Erased] = []
    if not _was_erased(home, institution, student_id):
        done = erase(home, institution, student_id, actor=principal.login, reason=reason)
    body = {
        "outcome": "erased",
        "log_files": sum(one.log_files for one in done),
        "kept_rows": sum(one.kept_rows for one in done),
        "list_entries": sum(one.list_entries for one in done),
    }
    return idempotency.keep(home.database, asked, Answered(status=200, body=body), now=now)


def _was_erased(home: DataHome, institution: str, student_id: UUID) -> bool:
    """Whether it is done already; False where it is to do or to go on. Raises NobodyToErase."""
    with home.database.read() as session:
        begun = session.get(ErasureRow, (student_id, institution))
        known = session.scalar(
            select(StudentRow.number).where(StudentRow.institution == institution, StudentRow.student_id == student_id)
        )
    if begun is None and known is None:
        raise NobodyToErase
    return begun is not None and begun.done_at is not None and known is None
