"""The web application put together: routes, rules for every request, and the desk they all work at."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from records.home import DataHome
from serving import answers, health
from serving.accounts import Accounts, utc_now
from serving.api import routes as api
from serving.desk import Desk, SessionCookie, SignedIn
from serving.middleware import CrashAnswer, RequestLine, SameOriginOnly, SecurityHeaders
from serving.pages import reading, sign_in
from serving.pages.writer import PageWriter
from serving.texts import load_texts

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")
_MOST_BODY_BYTES = 64 * 1024
_DESCRIPTION = (
    "Students to follow this week, with reasons. A score is an estimate with an expiry date, never a verdict."
)


def create_app(
    home: DataHome,
    *,
    today: Callable[[], date],
    behind_proxy: bool = False,
    secure_cookies: bool = True,
    hosts: Sequence[str] = (),
    now: Callable[[], datetime] = utc_now,
) -> FastAPI:
    """The service over an open data home; `hosts` are the names it answers to beside this machine's own."""
    app = FastAPI(
        title="zerodrop",
        version="1",
        description=_DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        middleware=_middleware(https=behind_proxy, hosts=(*LOOPBACK_HOSTS, *hosts)),
    )
    app.state.desk = Desk(
        home=home,
        today=today,
        accounts=Accounts(home, now=now),
        pages=PageWriter(load_texts()),
        cookie=SessionCookie(secure=secure_cookies),
    )
    answers.install(app)
    for router in (health.router, api.router, sign_in.router, reading.router):
        app.include_router(router)
    _add_openapi(app)
    return app


def _middleware(*, https: bool, hosts: Sequence[str]) -> list[Middleware]:
    """Outermost first: whatever an inner one answers still gets its log line and its headers."""
    return [
        Middleware(RequestLine),
        Middleware(SecurityHeaders, https=https),
        Middleware(CrashAnswer, answer=_crashed),
        Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
        Middleware(SameOriginOnly, answer=_other_site),
        Middleware(RequestBodyLimitMiddleware, max_body_size=_MOST_BODY_BYTES),
        Middleware(GZipMiddleware, minimum_size=1024),
    ]


def _crashed(request: Request) -> Response:
    return answers.refuse(request, 500)


def _other_site(request: Request) -> Response:
    return answers.refuse(request, 403)


def _add_openapi(app: FastAPI) -> None:
    @app.get("/openapi.json", include_in_schema=False)
    def openapi(_reader: SignedIn) -> JSONResponse:
        return JSONResponse(openapi_document(app))


def openapi_document(app: FastAPI) -> dict[str, Any]:
    return api.add_problem_schema(app.openapi())
