"""Who looked at my students: the audit trail as a page, newest first."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from records.looks import looks
from records.roles import ROLE_OF
from serving.desk import AtDesk, SignedIn
from serving.pages.reading import chain_head, institution_name

router = APIRouter(include_in_schema=False)
_A_PAGE = 50


@router.get("/looks")
def show_looks(
    request: Request, desk: AtDesk, reader: SignedIn, before: Annotated[int | None, Query(ge=1)] = None
) -> Response:
    found = looks(desk.home, reader, desk.today(), limit=_A_PAGE, before=before)
    names = {look.id: look.student.shown for look in found.looks if look.student is not None}
    return desk.pages.write(
        request,
        "looks.html",
        reader=reader,
        institution=institution_name(desk, request, reader),
        found=found,
        names=names,
        role_of=ROLE_OF,
        chain_head=chain_head(desk),
    )
