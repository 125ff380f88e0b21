"""Contacts with a student, and how an advisor rates them: written down as codes, through the door, once for their key."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from records import care, codes, contacts, idempotency, ratings
from records.access import Principal
from records.care import CareRefused, NotTheirs
from records.care_tables import AdvisorRatingRow, ContactRow
from records.codes import CodeList
from records.contacts import NewContact
from records.errors import NotAllowed
from records.idempotency import Answered
from records.list_pages import UnknownCursor
from records.roles import Permission
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
from serving.api.care_schemas import (
    CodeAnswer,
    ContactAnswer,
    ContactPage,
    RatingAnswer,
    SentContact,
    SentRating,
    iso_week,
)
from serving.api.telling import words
from serving.desk import AtDesk, Desk, SignedIn

router = topic("care")
CHANGES_A_MINUTE = 120


@router.post(
    "/students/{student_id}/contacts",
    operation_id="writeContact",
    summary="Write down a contact with a student",
    response_model=ContactAnswer,
    status_code=201,
    responses=problems(403, 404, 429),
    dependencies=[limited("writing_care", CHANGES_A_MINUTE)],
)
def write_contact(desk: AtDesk, reader: SignedIn, once: OnceKey, student_id: UUID, sent: SentContact) -> JSONResponse:
    care.require_permission(desk.home, reader, Permission.RECORD_CARE, student_id=student_id)
    new = NewContact(happened_on=sent.happened_on, mode=sent.mode, result=sent.result, reason_codes=sent.reason_codes)
    now = datetime.now(UTC)

    def change(session: Any) -> Answered:
        row = contacts.write_down(session, reader, student_id, new, on=desk.today(), at=now)
        return Answered(status=201, body=_contact(row, reader).model_dump(mode="json"))

    asked = asked_once(reader, f"writeContact {student_id}", once, sent)
    with refusals(desk, reader):
        care.require_theirs(desk.home, reader, student_id, desk.today())
        return answer_once(lambda: idempotency.once(desk.home.database, asked, now=now, change=change))


@router.get(
    "/students/{student_id}/contacts",
    operation_id="readContacts",
    summary="The contacts with a student",
    responses=problems(404),
)
def read_contacts(
    desk: AtDesk, reader: SignedIn, student_id: UUID, limit: Limit = 50, cursor: Cursor = None
) -> ContactPage:
    after = after_row(cursor)
    try:
        seen = contacts.see_contacts(desk.home, reader, student_id, desk.today(), limit=limit, after=after)
    except NotAllowed:
        seen = None
    except UnknownCursor:
        raise bad_cursor() from None
    if seen is None:
        raise HTTPException(status_code=404)
    rows, more = seen
    return ContactPage(contacts=[_contact(row, reader) for row in rows], next=cursor_of(rows[-1].id) if more else None)


@router.put(
    "/students/{student_id}/advisor-rating",
    operation_id="rateStudent",
    summary="One's own rating of a student this week, as a second reader",
    description="Put again in the same week it replaces the one before. A key rates nobody: a rating is a person's.",
    responses=problems(403, 404, 429),
    dependencies=[limited("writing_care", CHANGES_A_MINUTE)],
)
def rate_student(desk: AtDesk, reader: SignedIn, student_id: UUID, sent: SentRating) -> RatingAnswer:
    care.require_permission(desk.home, reader, Permission.RECORD_CARE, student_id=student_id)
    if reader.account_id is None:
        care.refuse_care(desk.home, reader, student_id)
    with refusals(desk, reader), desk.home.database.write() as session:
        row = ratings.rate(session, reader, student_id, sent.rating, on=desk.today(), at=datetime.now(UTC))
        return _rating(row)


@contextmanager
def refusals(desk: Desk, reader: Principal) -> Iterator[None]:
    """What the records refuse, in the API's words; a try at somebody else's student is recorded."""
    try:
        yield
    except NotTheirs as refused:
        care.record_refused(desk.home, reader, refused.student_id)
        raise HTTPException(status_code=404) from None
    except CareRefused as refused:
        raise invalid(refused.at, refused.why) from None


def told_code(known: CodeList, value: str) -> CodeAnswer:
    return CodeAnswer(code=value, label=words(known.codes[known.position(value)].label))


def told_reasons(reader: Principal, reasons: list[str], writer: UUID | None) -> list[CodeAnswer]:
    return [told_code(codes.REASONS, one) for one in care.reasons_for(reader, reasons, writer)]


def _contact(row: ContactRow, reader: Principal) -> ContactAnswer:
    return ContactAnswer(
        contact_id=row.id,
        student_id=row.student_id,
        happened_on=row.happened_on,
        mode=told_code(codes.VISIT_MODES, row.mode),
        result=told_code(codes.VISIT_RESULTS, row.result),
        reasons=told_reasons(reader, row.reason_codes, row.account_id),
        account_id=row.account_id,
        publication_id=row.publication_id,
        recorded_at=row.recorded_at,
    )


def _rating(row: AdvisorRatingRow) -> RatingAnswer:
    return RatingAnswer(
        student_id=row.student_id,
        week=iso_week(row.week),
        rating=told_code(codes.SCREENING_LEVELS, row.rating),
        score_seen=row.score_seen,
        rated_at=row.rated_at,
    )
