"""How the service says no: problem+json to programs, a short page in the reader's language to people."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from records.errors import NotAllowed
from serving.desk import SignInNeeded
from serving.middleware import request_id_of

# What a page can say about itself; any other refusal is worded as the plain "not understood".
_WORDED = frozenset({400, 403, 404, 405, 413, 422, 500})
_TITLES = {
    400: "Bad request",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    413: "Too large",
    422: "The request is not complete",
    500: "Something broke",
}


def refuse(request: Request, status: int, *, errors: Sequence[dict[str, str]] = ()) -> Response:
    """The answer to a request that cannot be met; it repeats nothing of what was sent."""
    if _is_program(request):
        return _problem(request, status, errors)
    worded = status if status in _WORDED else 400
    page: Response = request.app.state.desk.pages.write(
        request, "refused.html", status=status, refused=worded, request_id=request_id_of(request)
    )
    return page


def install(app: FastAPI) -> None:
    """Route every kind of refusal through `refuse`."""
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(NotAllowed, _on_not_allowed)
    app.add_exception_handler(SignInNeeded, _on_sign_in)


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
    errors = [{"at": ".".join(str(part) for part in one["loc"]), "why": one["type"]} for one in error.errors()]
    return refuse(request, 422, errors=errors)


async def _on_not_allowed(request: Request, _error: Exception) -> Response:
    return refuse(request, 403)


async def _on_sign_in(request: Request, _error: Exception) -> Response:
    return refuse(request, 401) if _is_program(request) else RedirectResponse("/login", status_code=303)
