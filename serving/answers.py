"""How the service says no: problem+json to programs, a short page in the reader's language to people."""

import re
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from records.errors import NotAllowed, StoreUnavailable
from serving.desk import SignInNeeded
from serving.middleware import request_id_of

# What a page can say about itself; any other refusal is worded as the plain "not understood".
_WORDED = frozenset({400, 403, 404, 405, 413, 422, 500, 503})
_TITLES = {
    400: "Bad request",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    409: "Not with what is there",
    412: "Somebody was faster: read it again",
    413: "Too large",
    415: "Not a format that is read here",
    422: "The request is not complete",
    428: "Name the version: If-Match with its ETag",
    429: "Too often",
    431: "Too long a head",
    500: "Something broke",
    503: "Not now",
}
_RETRY_SECONDS = "5"
_MOST_ERRORS = 20
_OUR_NAMES = re.compile(r"(?!.*[0-9]{5})[A-Za-z0-9_\[\]-]{1,60}")


class Conflict(Exception):
    """What was asked does not go with what is there: `at` says where in the request, `why` is a code."""

    def __init__(self, at: str, why: str) -> None:
        super().__init__(f"{at}: {why}")
        self.at, self.why = at, why


def refuse(request: Request, status: int, *, errors: Sequence[dict[str, str]] = ()) -> Response:
    """The answer to a request that cannot be met; it repeats nothing of what was sent."""
    if _is_program(request):
        return _problem(request, status, errors)
    said: dict[str, Any] = {"refused": status if status in _WORDED else 400, "request_id": request_id_of(request)}
    if request.method not in ("GET", "HEAD"):
        said["back_to"] = "/"  # a form that was refused is not sent again by the language switch
    page: Response = request.app.state.desk.pages.write(request, "refused.html", status=status, **said)
    return page


def install(app: FastAPI) -> None:
    """Route every kind of refusal through `refuse`."""
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(NotAllowed, _on_not_allowed)
    app.add_exception_handler(SignInNeeded, _on_sign_in)
    app.add_exception_handler(Conflict, _on_conflict)
    app.add_exception_handler(StoreUnavailable, _on_unavailable)


def _is_program(request: Request) -> bool:
    return request.url.path.startswith(("/api/", "/openapi.json", "/healthz", "/readyz"))


def _problem(request: Request, status: int, errors: Sequence[dict[str, str]]) -> JSONResponse:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": _TITLES.get(status, "Refused"),
        "status": status,
        "request_id": request_id_of(request),
    }
    if errors:
        body["errors"] = list(errors)
    return JSONResponse(body, status_code=status, media_type="application/problem+json")


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    answer = refuse(request, error.status_code)
    answer.headers.update(error.headers or {})
    return answer


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # Where and why, never the value: it may be a name, a number or a password.
    errors = [{"at": _place(one["loc"], one["type"]), "why": one["type"]} for one in error.errors()[:_MOST_ERRORS]]
    return refuse(request, 422, errors=errors)


def _place(way: Sequence[str | int], why: str) -> str:
    """Where in the request; a name that we do not have is the sender's own word and is left out."""
    known = way[:-1] if why == "extra_forbidden" else way
    return ".".join(str(part) if isinstance(part, int) or _OUR_NAMES.fullmatch(part) else "?" for part in known)


async def _on_not_allowed(request: Request, _error: Exception) -> Response:
    return refuse(request, 403)


async def _on_sign_in(request: Request, _error: Exception) -> Response:
    return sign_in_first(request) if _is_program(request) else RedirectResponse("/login", status_code=303)


def sign_in_first(request: Request) -> Response:
    answer = refuse(request, 401)
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


async def _on_conflict(request: Request, error: Exception) -> Response:
    assert isinstance(error, Conflict)
    return refuse(request, 409, errors=[{"at": error.at, "why": error.why}])


async def _on_unavailable(request: Request, _error: Exception) -> Response:
    return not_now(request)


def not_now(request: Request) -> Response:
    answer = refuse(request, 503)
    answer.headers["Retry-After"] = _RETRY_SECONDS
    return answer
