"""The weekly list, one student, and what the number is not."""

from functools import partial
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from records import access, audit, ledger
from records.access import Principal
from records.lists import STALE_AFTER_DAYS
from serving.desk import AtDesk, Desk, SignedIn
from serving.shown import list_shown, read_student

router = APIRouter(include_in_schema=False)
_STATIC_LIFE = "public, max-age=31536000, immutable"


@router.get("/")
async def show_list(request: Request, desk: AtDesk) -> Response:
    today = desk.today()
    reader, seen = await desk.look(request, partial(access.list_seen, on=today))

    def page() -> Response:
        institution = institution_name(desk, request, reader)
        if not reader.sees_students:
            return desk.pages.write(request, "roles.html", reader=reader, institution=institution)
        shown = list_shown(desk.home, reader, *seen, today) if seen else None
        return desk.pages.write(
            request,
            "list.html",
            reader=reader,
            institution=institution,
            shown=shown,
            has_groups=access.has_groups(desk.home, reader, today) if shown and shown.is_empty else True,
            stale_after=STALE_AFTER_DAYS,
            chain_head=chain_head(desk),
        )

    return await desk.build(page)


@router.get("/students/{student_id:uuid}")
def show_student(request: Request, desk: AtDesk, reader: SignedIn, student_id: UUID) -> Response:
    seen = read_student(desk.home, reader, student_id, desk.today())
    if seen is None:
        raise HTTPException(status_code=404)
    head, student = seen
    return desk.pages.write(
        request,
        "student.html",
        reader=reader,
        institution=institution_name(desk, request, reader),
        head=head,
        student=student,
        chain_head=chain_head(desk),
    )


@router.get("/help")
def show_help(request: Request, desk: AtDesk) -> Response:
    reader = desk.principal(request)
    institution = institution_name(desk, request, reader) if reader else ""
    return desk.pages.write(request, "help.html", reader=reader, institution=institution)


@router.get("/static/{name}")
async def static_file(desk: AtDesk, name: str) -> Response:
    file = desk.pages.static.get(name)
    if file is None:
        raise HTTPException(status_code=404)
    return Response(file.content, media_type=file.media_type, headers={"Cache-Control": _STATIC_LIFE})


def chain_head(desk: Desk) -> str:
    """The end of the audit trail once this look is in it: what is on paper cannot be altered."""
    with desk.home.database.read() as session:
        return audit.head(session)


def institution_name(desk: Desk, request: Request, reader: Principal) -> str:
    row = ledger.require_institution(desk.home.database, reader.institution)
    return row.name_th if desk.pages.language(request) == "th" else row.name_en or row.name_th
