"""The audit trail by page: who looked at or changed what."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from records import list_pages
from records.audit import AuditRow
from serving.api.asking import Cursor, Limit, before_number, cursor_of, problems, topic
from serving.api.more_schemas import AuditPage, LookAnswer
from serving.desk import AtDesk, SignedIn

router = topic("audit")


@router.get(
    "/audit",
    operation_id="readAudit",
    summary="Who looked at or changed what, newest first; asking is recorded too",
    responses=problems(403),
)
def read_audit(
    desk: AtDesk,
    reader: SignedIn,
    student: Annotated[UUID | None, Query(description="looks at this one student; left out: everything")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> AuditPage:
    rows, more = list_pages.see_audit(desk.home, reader, student_id=student, limit=limit, before=before_number(cursor))
    return AuditPage(looks=[_look(row, student) for row in rows], next=cursor_of(rows[-1].id) if more else None)


def _look(row: AuditRow, asked: UUID | None) -> LookAnswer:
    """Whom a look was at is told to who asked for that student alone: the trail must not be a way to all of them."""
    return LookAnswer(
        id=row.id,
        at=row.at,
        actor=row.actor,
        action=row.action,
        institution=row.institution,
        student_id=row.student_id if asked else None,
        detail=row.detail,
        request_id=row.request_id,
    )
