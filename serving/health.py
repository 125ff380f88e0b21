"""Is the service alive, and is it ready: for supervisors and proxies; neither tells anything about students."""

from typing import Any

import structlog
from fastapi import APIRouter
from fastapi.responses import JSONResponse

from records import ledger, lists
from serving.desk import AtDesk, Desk

router = APIRouter(include_in_schema=False)
log = structlog.get_logger("serving")


@router.get("/healthz")
async def is_alive() -> dict[str, str]:
    return {"status": "alive"}


@router.get("/readyz")
def is_ready(desk: AtDesk) -> JSONResponse:
    """200 when both databases answer and a list has been published; else 503 and what is missing."""
    try:
        found = _found(desk)
    except Exception as error:
        # Whatever the databases raise means the same to a supervisor: not ready.
        log.error("not ready", error=type(error).__name__)
        found = {"database": False}
    ready = all(value is not False for value in found.values())
    return JSONResponse({"status": "ready" if ready else "not ready", **found}, status_code=200 if ready else 503)


def _found(desk: Desk) -> dict[str, Any]:
    newest = None
    with desk.home.database.read() as session:
        for institution in ledger.institutions(desk.home.database):
            publication = lists.current_publication(session, institution.code)
            if publication is not None:
                newest = max(newest or publication.as_of, publication.as_of)
    desk.home.vault.ping()
    age = (desk.today() - newest).days if newest else None
    return {"database": True, "vault": True, "published": newest is not None, "newest_list_age_days": age}
