"""Lists: the heads of an institution's, the current one, one by its id, and its entries by page."""

from datetime import date
from functools import partial
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Path, Query, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from records import access, list_pages
from records.errors import NotAllowed
from records.list_pages import Chosen, UnknownCursor
from serving.api.asking import (
    Cursor,
    IfNoneMatch,
    Limit,
    after_row,
    bad_cursor,
    cursor_of,
    invalid,
    problems,
    tagged,
    topic,
)
from serving.api.schemas import EntryPage, ListAnswer, PublicationPage
from serving.api.telling import entry_answer, list_answer, publication_answer, validity
from serving.desk import AtDesk, SignedIn
from serving.shown import list_shown, students_shown

router = topic("lists")
InstitutionCode = Annotated[str, Path(pattern="^[0-9A-Za-z_.-]{1,32}$")]


@router.get(
    "/institutions/{code}/lists",
    operation_id="readLists",
    summary="The lists of an institution, without their students",
    responses=problems(404),
)
def read_lists(
    desk: AtDesk,
    reader: SignedIn,
    code: InstitutionCode,
    week: Annotated[str | None, Query(pattern="^[0-9]{4}-W[0-9]{2}$", description="ISO week, such as 2025-W47")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PublicationPage:
    try:
        rows, more = list_pages.publications(
            desk.home, reader, code, week=_monday(week), limit=limit, after=after_row(cursor)
        )
    except NotAllowed:
        raise HTTPException(status_code=404) from None
    except UnknownCursor:
        raise bad_cursor() from None
    today = desk.today()
    return PublicationPage(
        lists=[publication_answer(row, today) for row in rows], next=cursor_of(rows[-1].id) if more else None
    )


@router.get(
    "/lists/current",
    operation_id="readCurrentList",
    summary="One's own current list",
    response_model=ListAnswer,
    responses={**problems(403, 404), 304: {"description": "just what If-None-Match names"}},
)
async def read_current_list(request: Request, desk: AtDesk, if_none_match: IfNoneMatch = None) -> Response:
    today = desk.today()
    reader, seen = await desk.look(request, partial(access.list_seen, on=today))

    def answer() -> Response:
        if seen is None:
            access.require_students(desk.home, reader, "refused list")
            raise HTTPException(status_code=404)
        return tagged(list_answer(list_shown(desk.home, reader, *seen, today)), reader, if_none_match)

    return await desk.build(answer)


@router.get(
    "/lists/{publication_id}",
    operation_id="readList",
    summary="A list by its id, as this account may see it",
    response_model=ListAnswer,
    responses={**problems(403, 404), 304: {"description": "just what If-None-Match names"}},
)
def read_one_list(desk: AtDesk, reader: SignedIn, publication_id: UUID, if_none_match: IfNoneMatch = None) -> Response:
    seen = list_pages.see_publication(desk.home, reader, publication_id, desk.today())
    if seen is None:
        raise HTTPException(status_code=404)
    return tagged(list_answer(list_shown(desk.home, reader, *seen, desk.today())), reader, if_none_match)


@router.get(
    "/lists/{publication_id}/entries",
    operation_id="readEntries",
    summary="The entries of a list by page",
    responses=problems(403, 404),
)
def read_entries(
    desk: AtDesk,
    reader: SignedIn,
    publication_id: UUID,
    limit: Limit = 50,
    cursor: Cursor = None,
    band: Annotated[
        Literal["high", "watch", "unknown"] | None, Query(description="once a list is stale nobody has a band")
    ] = None,
    group: Annotated[str | None, Query(min_length=1, max_length=60, description="class group")] = None,
) -> EntryPage:
    chosen = Chosen(limit=limit, band=band, group=group, after=after_row(cursor))
    try:
        seen = list_pages.see_entries(desk.home, reader, publication_id, desk.today(), chosen)
    except UnknownCursor:
        raise bad_cursor() from None
    if seen is None:
        raise HTTPException(status_code=404)
    publication, entries, more = seen
    head, students = students_shown(desk.home, reader, publication, entries, desk.today())
    return EntryPage(
        **validity(head),
        entries=[entry_answer(student) for student in students],
        next=cursor_of(entries[-1].student_id) if more else None,
    )


def _monday(week: str | None) -> date | None:
    if week is None:
        return None
    try:
        return date.fromisocalendar(int(week[:4]), int(week[6:]), 1)
    except ValueError:  # there is no such week in that year
        raise invalid("query.week", "no_such_week") from None
