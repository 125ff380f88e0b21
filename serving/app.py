"""The web application put together: routes, rules for every request, and the desk they all work at."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from records.errors import StoreUnavailable
from records.home import DataHome
from records.roles import Permission
from serving import answers, health
from serving.accounts import Accounts, utc_now
from serving.api import routes as api
from serving.body_limit import LARGER, BodyLimit
from serving.desk import Desk, SessionCookie, SignedIn
from serving.metrics import CountRequests, Metrics
from serving.middleware import BodyDeadline, CrashAnswer, HeaderLimit, RequestLine, SameOriginOnly, SecurityHeaders
from serving.pages import account, looks, outside, reading, sign_in
from serving.pages.writer import PageWriter
from serving.texts import load_texts

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")
MOST_BODY_BYTES = 64 * 1024
BODY_SECONDS = 20.0
_DESCRIPTION = (
    "Students to follow this week, with reasons. A score is an estimate with an expiry date, never a verdict."
)


def create_app(
    home: DataHome,
    *,
    today: Callable[[], date],
    https: bool = False,
    secure_cookies: bool = True,
    hosts: Sequence[str] = (),
    now: Callable[[], datetime] = utc_now,
) -> FastAPI:
    """The service over an open data home; `hosts` are the names it answers to beside this machine's own.

    `https` when browsers reach it so, by our own certificate or a proxy's.
    """
    metrics = Metrics(lambda: health.examine(home, today()))
    app = FastAPI(
        title="zerodrop",
        version="1",
        description=_DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        middleware=_middleware(metrics, https=https, hosts=(*LOOPBACK_HOSTS, *hosts)),
    )
    app.state.metrics = metrics
    app.state.desk = Desk(
        home=home,
        today=today,
        accounts=Accounts(home, now=now),
        pages=_pages(),
        cookie=SessionCookie(secure=secure_cookies),
    )
    answers.install(app)
    for part in (health, api, sign_in, account, outside, reading, looks):
        app.router.routes.extend(part.router.routes)
    _add_openapi(app)
    return app


@cache
def _pages() -> PageWriter:
    """One for all services of a process: words are read and templates compiled once."""
    return PageWriter(load_texts())


def _middleware(metrics: Metrics, *, https: bool, hosts: Sequence[str]) -> list[Middleware]:
    """Outermost first: whatever an inner one answers still gets its log line and its headers."""
    return [
        Middleware(RequestLine),
        Middleware(CountRequests, metrics=metrics),
        Middleware(SecurityHeaders, https=https),
        Middleware(CrashAnswer, answer=_crashed),
        Middleware(HeaderLimit, answer=_too_many_headers),
        Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
        Middleware(SameOriginOnly, answer=_other_site),
        Middleware(BodyDeadline, seconds=BODY_SECONDS),
        Middleware(BodyLimit, most=MOST_BODY_BYTES, larger=LARGER, answer=answers.refuse, refusal=_may_not_send_more),
        Middleware(GZipMiddleware, minimum_size=1024),
    ]


def _crashed(request: Request) -> Response:
    return answers.refuse(request, 500)


def _too_many_headers(request: Request) -> Response:
    return answers.refuse(request, 431)


def _may_not_send_more(request: Request, needed: Permission) -> Response | None:
    try:
        reader = request.app.state.desk.principal(request)
    except HTTPException as error:
        return answers.refuse(request, error.status_code)
    except StoreUnavailable:
        return answers.not_now(request)
    if reader is None:
        return answers.sign_in_first(request)
    return None if reader.may(needed) else answers.refuse(request, 403)


def _other_site(request: Request) -> Response:
    return answers.refuse(request, 403)


def _add_openapi(app: FastAPI) -> None:
    @app.get("/openapi.json", include_in_schema=False)
    def openapi(_reader: SignedIn) -> JSONResponse:
        return JSONResponse(openapi_document(app))


def openapi_document(app: FastAPI) -> dict[str, Any]:
    return api.add_problem_schema(app.openapi())
