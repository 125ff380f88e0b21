"""One student: the place in the current list with reasons, as our own shape or as FHIR's, and the weeks before."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from records import access, list_pages
from records.access import Principal
from records.errors import NotAllowed
from records.list_pages import UnknownCursor
from records.roles import Permission
from records.seen import SeenEntry
from serving import fhir
from serving.api.asking import Cursor, Limit, after_row, bad_cursor, cursor_of, problems, topic
from serving.api.schemas import HistoryAnswer, RiskAnswer
from serving.api.telling import past_week, risk_answer
from serving.desk import AtDesk, SignedIn
from serving.shown import Head, student_shown

router = topic("students")
_RISK: dict[int | str, dict[str, Any]] = {
    **problems(404),
    200: {
        "description": "a shape of ours, or with `Accept: application/fhir+json` a FHIR R4 RiskAssessment",
        "content": {fhir.MEDIA_TYPE: {"schema": {"type": "object", "required": ["resourceType", "status", "subject"]}}},
    },
}


async def _language(request: Request) -> str:
    """The first language asked for that we have; Thai without one."""
    for part in request.headers.get("accept-language", "").split(","):
        asked = part.partition(";")[0].strip().lower()[:2]
        if asked in ("th", "en"):
            return asked
    return "th"


Language = Annotated[str, Depends(_language)]


@router.get(
    "/students/{student_id}/risk",
    operation_id="readStudentRisk",
    summary="One student's place in the current list, with reasons",
    response_model=RiskAnswer,
    responses=_RISK,
)
async def read_student_risk(request: Request, desk: AtDesk, student_id: UUID) -> Response:
    today = desk.today()
    reader, seen = await desk.look(request, partial(access.student_seen, student_id=student_id, on=today))
    if seen is None:
        raise HTTPException(status_code=404)
    head, student = student_shown(reader, *seen, {}, today)
    headers = {"Vary": "Cookie, Authorization, Accept, Accept-Language"}
    if fhir.MEDIA_TYPE in request.headers.get("accept", "").lower():
        resource = fhir.risk_assessment(head, student, await _language(request))
        return JSONResponse(resource, media_type=fhir.MEDIA_TYPE, headers=headers)
    answer = risk_answer(head, student, _place(head, seen[1], reader))
    return Response(answer.model_dump_json(), media_type="application/json", headers=headers)


@router.get(
    "/students/{student_id}/risk/history",
    operation_id="readStudentHistory",
    summary="One student's place in the list of each week",
    responses=problems(404),
)
def read_student_history(
    desk: AtDesk, reader: SignedIn, student_id: UUID, limit: Limit = 50, cursor: Cursor = None
) -> HistoryAnswer:
    after = after_row(cursor)
    try:
        seen = list_pages.see_history(desk.home, reader, student_id, desk.today(), limit=limit, after=after)
    except NotAllowed:
        seen = None
    except UnknownCursor:
        raise bad_cursor() from None
    if seen is None:
        raise HTTPException(status_code=404)
    weeks, more = seen
    return HistoryAnswer(
        weeks=[past_week(publication, entry, desk.today()) for publication, entry in weeks],
        next=cursor_of(weeks[-1][0].id) if more else None,
    )


def _place(head: Head, entry: SeenEntry, reader: Principal) -> tuple[float | None, float | None]:
    """The cut-off and how likely a place was: figures for who looks after models or lists, never of an expired score."""
    may = reader.may(Permission.SEE_MODELS) or reader.may(Permission.PUBLISH)
    return (entry.cut_off, entry.listed_probability) if may and not head.stale else (None, None)
