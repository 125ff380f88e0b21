"""Home visits by page, booked once for a key, and changed by whoever holds the version that stands."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import Header, Query, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from records import care, codes, idempotency, visits
from records.access import Principal
from records.care import CareRefused
from records.care_tables import VisitRow
from records.errors import NotAllowed
from records.idempotency import Answered
from records.list_pages import UnknownCursor
from records.roles import Permission
from records.visits import ChangedMeanwhile, WeekIsFull
from serving.answers import Conflict
from serving.api.asking import (
    Cursor,
    Limit,
    OnceKey,
    after_row,
    answer_once,
    asked_once,
    bad_cursor,
    cursor_of,
    invalid,
    limited,
    problems,
    topic,
)
from serving.api.care import CHANGES_A_MINUTE, refusals, told_code, told_reasons
from serving.api.care_schemas import (
    WEEK_PATTERN,
    SentVisit,
    SentVisitChange,
    VisitAnswer,
    VisitPage,
    VisitProblem,
    VisitStatus,
    iso_week,
    monday_of_week,
)
from serving.api.schemas import FieldProblem
from serving.desk import AtDesk, Desk, SignedIn
from serving.middleware import request_id_of

router = topic("visits")
_TAG = re.compile(r'(?:W/)?"([^"]*)"')
IfMatch = Annotated[str | None, Header(max_length=2000, description="ETag of the version that is changed; needed")]


def _refusals_of_visits(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of a route; a 409 may tell where there is a place."""
    schema = VisitProblem.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs")
    told = problems(403, 404, 429, *statuses)
    conflict = {"description": "it does not go with what is there, or the week is full; `errors` says which"}
    return {**told, 409: {**conflict, "content": {"application/problem+json": {"schema": schema}}}}


_PROBLEM: dict[str, Any] = {"content": problems(404)[404]["content"]}
_PRECONDITIONS: dict[int | str, dict[str, Any]] = {
    412: {"description": "somebody changed it meanwhile; read it again", **_PROBLEM},
    428: {"description": "send If-Match with the ETag of the version that is changed", **_PROBLEM},
}


@router.get(
    "/visits",
    operation_id="readVisits",
    summary="Home visits of the students whom one sees",
    responses=problems(403),
)
def read_visits(
    desk: AtDesk,
    reader: SignedIn,
    week: Annotated[str | None, Query(pattern=WEEK_PATTERN, description="ISO week, such as 2025-W47")] = None,
    status: Annotated[VisitStatus | None, Query(description="left out: all")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> VisitPage:
    monday = None if week is None else _monday(week)
    try:
        rows, more = visits.see_visits(
            desk.home, reader, desk.today(), week=monday, status=status, limit=limit, after=after_row(cursor)
        )
    except UnknownCursor:
        raise bad_cursor() from None
    return VisitPage(visits=[_visit(row, reader) for row in rows], next=cursor_of(rows[-1].id) if more else None)


@router.post(
    "/visits",
    operation_id="bookVisit",
    summary="Book a home visit of a week",
    description="No more visits are booked in a week than the institution can make: of two who want the last one, one gets it.",
    response_model=VisitAnswer,
    status_code=201,
    responses=_refusals_of_visits(),
    dependencies=[limited("writing_care", CHANGES_A_MINUTE)],
)
def book_visit(request: Request, desk: AtDesk, reader: SignedIn, once: OnceKey, sent: SentVisit) -> Response:
    care.require_permission(desk.home, reader, Permission.PLAN_VISITS, student_id=sent.student_id)
    now, on, flagged = datetime.now(UTC), desk.today(), (sent.student_id,)

    def change(session: Any) -> Answered:
        [row] = visits.book(
            session,
            reader,
            institution=care.place_or_refuse(session, reader, sent.student_id, on),
            student_ids=[sent.student_id],
            week=monday_of_week(sent.week),
            on=on,
            at=now,
            planned_on=sent.planned_on,
            two_person=flagged if sent.two_person else (),
            unsafe=flagged if sent.unsafe else (),
        )
        return Answered(status=201, body=_visit(row, reader).model_dump(mode="json"))

    asked = asked_once(reader, "bookVisit", once, sent)
    try:
        with _conflicts(desk, reader):
            care.require_theirs(desk.home, reader, sent.student_id, on)
            answer = answer_once(lambda: idempotency.once(desk.home.database, asked, now=now, change=change))
    except WeekIsFull as full:
        return _week_is_full(request, full)
    answer.headers["ETag"] = '"1"'
    return answer


@router.patch(
    "/visits/{visit_id}",
    operation_id="changeVisit",
    summary="Move, cancel or flag a visit, or write down what it found",
    description="Who may only write down care may say what was found; a visit that is cancelled frees its place.",
    response_model=VisitAnswer,
    responses={**_refusals_of_visits(), **_PRECONDITIONS},
    dependencies=[limited("writing_care", CHANGES_A_MINUTE)],
)
def change_visit(
    request: Request,
    desk: AtDesk,
    reader: SignedIn,
    visit_id: UUID,
    sent: SentVisitChange,
    if_match: IfMatch = None,
) -> Response:
    care.require_permission(desk.home, reader, Permission.PLAN_VISITS, Permission.RECORD_CARE)
    if if_match is None:
        raise HTTPException(status_code=428)
    changes = {name: getattr(sent, name) for name in sent.model_fields_set}
    if sent.week is not None:
        changes["week"] = monday_of_week(sent.week)
    try:
        with _conflicts(desk, reader), desk.home.database.write() as session:
            row = visits.change(
                session,
                reader,
                visit_id,
                changes,
                versions=_TAG.findall(if_match),
                on=desk.today(),
                at=datetime.now(UTC),
            )
            answer = _visit(row, reader)
    except WeekIsFull as full:
        return _week_is_full(request, full)
    except ChangedMeanwhile:
        raise HTTPException(status_code=412) from None
    return JSONResponse(answer.model_dump(mode="json"), headers={"ETag": f'"{answer.version}"'})


@contextmanager
def _conflicts(desk: Desk, reader: Principal) -> Iterator[None]:
    """What the records refuse of a visit, as 409; a try at what is not allowed is recorded."""
    try:
        with refusals(desk, reader):
            try:
                yield
            except CareRefused as refused:
                raise Conflict(refused.at, refused.why) from None
    except NotAllowed:
        care.refuse_care(desk.home, reader)


def _week_is_full(request: Request, full: WeekIsFull) -> JSONResponse:
    problem = VisitProblem(
        type="about:blank",
        title="The week is full",
        status=409,
        request_id=request_id_of(request),
        errors=[FieldProblem(at="body.week", why="week_is_full")],
        visits_per_week=full.visits_per_week,
        next_free_week=iso_week(full.next_free.week) if full.next_free else None,
        next_free_visits=full.next_free.visits if full.next_free else None,
    )
    return JSONResponse(problem.model_dump(), status_code=409, media_type="application/problem+json")


def _monday(week: str) -> date:
    try:
        return monday_of_week(week)
    except ValueError:  # there is no such week in that year
        raise invalid("query.week", "no_such_week") from None


def _visit(row: VisitRow, reader: Principal) -> VisitAnswer:
    return VisitAnswer(
        visit_id=row.id,
        student_id=row.student_id,
        week=iso_week(row.week),
        planned_on=row.planned_on,
        status=cast(VisitStatus, row.status),
        version=row.version,
        two_person=row.two_person,
        unsafe=row.unsafe,
        attempt=row.attempt,
        mode=told_code(codes.VISIT_MODES, row.mode) if row.mode else None,
        result=told_code(codes.VISIT_RESULTS, row.result) if row.result else None,
        reasons=told_reasons(reader, row.reason_codes, row.reasons_by),
        minutes=row.minutes,
        plan_id=row.plan_id,
        booked_by=row.booked_by,
        booked_at=row.booked_at,
        changed_by=row.changed_by,
        changed_at=row.changed_at,
    )
