"""What every route of the API asks the same way: known query names, cursors, tags of content, keys sent once, limits."""

import base64
import hashlib
import re
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from records.access import Principal
from records.idempotency import Answered, Asked, KeyUsedBefore
from serving.desk import SignedIn, SignInNeeded

MOST_ROWS = 200
PRIVATE = {"Cache-Control": "private, no-cache", "Vary": "Cookie, Authorization, Accept, If-None-Match"}
_TAG = re.compile(r'(?:W/)?"([^"]*)"')

Limit = Annotated[int, Query(ge=1, le=MOST_ROWS, description="rows of a page")]
Cursor = Annotated[str | None, Query(pattern="^[0-9A-Za-z_-]{1,80}$", description="`next` of the page before")]
IfNoneMatch = Annotated[str | None, Header(max_length=2000, description="ETag of what is held already")]
OnceKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern="^[0-9A-Za-z_.:-]{8,128}$",
        description="a new random one for each change; sent again it changes nothing",
    ),
]


def invalid(at: str, why: str) -> RequestValidationError:
    """A 422 that names a place of the request, such as `query.cursor`, and a code."""
    return RequestValidationError([{"loc": tuple(at.split(".")), "type": why, "msg": ""}])


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of a route for the document; some are everywhere."""
    return {status: {"description": _WORDS[status], "content": _PROBLEM} for status in (*statuses, *_EVERYWHERE)}


_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_WORDS = {
    400: "not readable, or a session and a key at once",
    401: "not signed in, or the key is wrong, expired or revoked",
    403: "this account or key may not do that",
    404: "there is no such thing for this account",
    409: "it does not go with what is there; `errors` says why",
    413: "more was sent than this route takes",
    422: "something in the request is missing, unknown or wrong; `errors` says where",
    500: "something broke; tell the administrator the request_id",
    503: "the database does not answer now; try again after Retry-After seconds",
    429: "too many requests of this kind; try again after Retry-After seconds",
}
_EVERYWHERE = (400, 401, 422, 500, 503)


class _Route(APIRoute):
    """Refuses query names that the route does not have: a mistyped filter would quietly show everything.

    What is wrong with a request is told to whoever is signed in alone.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def refuse_or_answer(request: Request) -> Response:
            try:
                _require_known_query(request)
                return await answer(request)
            except RequestValidationError:
                if await run_in_threadpool(request.app.state.desk.principal, request) is None:
                    raise SignInNeeded from None
                raise

        return refuse_or_answer


def _require_known_query(request: Request) -> None:
    if not request.scope["query_string"]:
        return
    known = {field.alias for field in request.scope["route"].dependant.query_params}
    asked = request.query_params.multi_items()
    if any(name not in known for name, _ in asked):
        raise invalid("query", "extra_forbidden")
    if len({name for name, _ in asked}) != len(asked):
        raise invalid("query", "given_twice")
    if any("\0" in value for _, value in asked):  # PostgreSQL keeps no text with it
        raise invalid("query", "value_error")


def topic(name: str) -> APIRouter:
    """A router for the routes of one topic; each knows its whole path, because logs and counts name it."""
    return APIRouter(prefix="/api/v1", tags=[name], route_class=_Route)


def cursor_of(last: UUID | int) -> str:
    """Where a page ended, as a word that means nothing to its reader."""
    content = last.bytes if isinstance(last, UUID) else last.to_bytes(8, "big")
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def after_row(cursor: str | None) -> UUID | None:
    content = _decoded(cursor, 16)
    return None if content is None else UUID(bytes=content)


def before_number(cursor: str | None) -> int | None:
    content = _decoded(cursor, 8)
    return None if content is None else int.from_bytes(content, "big")


def word_cursor(last: str) -> str:
    return base64.urlsafe_b64encode(last.encode()).decode().rstrip("=")


def after_word(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    content = _decoded(cursor)
    if content is None or not content.isascii():
        raise bad_cursor()
    return content.decode()


def _decoded(cursor: str | None, length: int | None = None) -> bytes | None:
    if cursor is None:
        return None
    try:
        content = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError:
        raise bad_cursor() from None
    if length is None:
        return content
    if len(content) != length or (length == 8 and content[0] > 127):
        raise bad_cursor()
    return content


def bad_cursor() -> RequestValidationError:
    return invalid("query.cursor", "unknown_cursor")


def tagged(answer: BaseModel, reader: Principal, held: str | None) -> Response:
    """The answer with a tag of what this account sees in it, or 304 when the account holds just that.

    The account goes into the tag: the tag of one account says nothing about what another one sees.
    """
    content = answer.model_dump_json().encode()
    tag = hashlib.sha256(f"{reader.login}\0".encode() + content).hexdigest()[:32]
    headers = {**PRIVATE, "ETag": f'W/"{tag}"'}
    if held is not None and (held.strip() == "*" or tag in _TAG.findall(held)):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="application/json", headers=headers)


def asked_once(reader: Principal, route: str, key: str, content: BaseModel | str) -> Asked:
    """A change as it was asked for, to be made once for its key."""
    said = content if isinstance(content, str) else content.model_dump_json()
    return Asked(who=reader.login, route=route, key=key, content=said.encode())


def answer_once(change: Callable[[], Answered]) -> JSONResponse:
    """The answer to a change that is committed; `Idempotent-Replayed` tells that an earlier request made it."""
    try:
        made = change()
    except KeyUsedBefore:
        raise invalid("header.idempotency-key", "used_for_another_content") from None
    headers = {"Idempotent-Replayed": "true"} if made.repeated else {}
    return JSONResponse(made.body, status_code=made.status, headers=headers)


class Allowance:
    """So many requests at once for each account, and as many again each minute; kept in memory."""

    def __init__(self, a_minute: int) -> None:
        self._most = float(a_minute)
        self._held: dict[str, tuple[float, float]] = {}
        self._turn = threading.Lock()

    def take(self, who: str, now: float) -> int:
        """0 when the request may go on, else how many seconds to wait."""
        with self._turn:
            left, since = self._held.get(who, (self._most, now))
            left = min(self._most, left + (now - since) * self._most / 60)
            if left < 1:
                self._held[who] = (left, now)
                return int((1 - left) * 60 / self._most) + 1
            self._held[who] = (left - 1, now)
            if len(self._held) > 10_000:
                self._held = {one: held for one, held in self._held.items() if now - held[1] < 60}
            return 0


def limited(name: str, a_minute: int) -> Any:
    """A dependency that answers 429 to an account which asks more often than `a_minute`; each application counts alone."""
    creating = threading.Lock()

    def take(request: Request, reader: SignedIn) -> None:
        state = request.app.state
        with creating:
            if not hasattr(state, name):
                setattr(state, name, Allowance(a_minute))
        wait = getattr(state, name).take(reader.login, time.monotonic())
        if wait:
            raise HTTPException(status_code=429, headers={"Retry-After": str(wait)})

    return Depends(take)
