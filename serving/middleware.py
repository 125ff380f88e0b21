"""Rules that hold for every request and every answer, whatever page it is: small ASGI classes, outermost first.

RequestLine writes the log, SecurityHeaders the headers, CrashAnswer the last resort, SameOriginOnly refuses forms of
other sites, HeaderLimit and BodyDeadline those who never finish asking. None of them knows a student, and the log never sees a path or
a query: only the route's template. Who asked stands in the audit trail, under the same request id.
"""

import asyncio
import secrets
import time
import traceback
from collections.abc import Callable

import structlog
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from records.audit import Circumstances, circumstances

_MOST_HEADERS = 100
_HEADER_BYTES = 16 * 1024
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: with it Chromium posts our own forms with `Origin: null`.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_HSTS = {"Strict-Transport-Security": "max-age=31536000"}


def request_id_of(request: Request) -> str:
    return str(request.scope.get("request_id", ""))


def route_template(scope: Scope) -> str:
    """`/students/{student_id}`, never the path itself: it names a student."""
    return str(getattr(scope.get("route"), "path_format", None) or "no route")


class RequestLine:
    """Gives each request an id, tells it the audit trail, and writes one line when the request is answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._log = structlog.get_logger("serving")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0
        scope["request_id"] = secrets.token_hex(8)
        client = scope.get("client")
        around = circumstances.set(Circumstances(request_id=scope["request_id"], address=client[0] if client else ""))

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", []).append((b"x-request-id", scope["request_id"].encode()))
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            circumstances.reset(around)
            self._log.info(
                "request",
                method=scope["method"] if scope["method"] in METHODS else "other",
                route=route_template(scope),
                status=status,
                milliseconds=round(1000 * (time.perf_counter() - started), 1),
                request_id=scope["request_id"],
            )


class SecurityHeaders:
    """Puts the headers on every answer; what does not say that it may be kept is kept by nobody."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        said = _SECURITY_HEADERS | (_HSTS if https else {})
        self._headers = [(name.lower().encode(), value.encode()) for name, value in said.items()]
        self._names = frozenset(name for name, _ in self._headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [header for header in message.get("headers", ()) if header[0] not in self._names]
                if not any(name == b"cache-control" for name, _ in headers):
                    headers.append((b"cache-control", b"no-store"))
                message["headers"] = headers + self._headers
            await send(message)

        await self._app(scope, receive, sending)


class CrashAnswer:
    """An error that nobody expected: logged by type and place, answered with nothing but the request id.

    The message of the exception stays unlogged: a database error quotes the values it was about.
    """

    def __init__(self, app: ASGIApp, *, answer: Callable[[Request], Response]) -> None:
        self._app = app
        self._answer = answer
        self._log = structlog.get_logger("serving")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            scope["crash"] = type(error).__name__
            self._log.error("crash", request_id=scope["request_id"], error=type(error).__name__, at=_places(error))
            if not begun:
                await self._answer(Request(scope))(scope, receive, send)


def _places(error: Exception) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return [f"{frame.name}:{frame.lineno}" for frame in frames]


class HeaderLimit:
    """Refuses a request with more headers than any browser or proxy sends (431); h11 stops only what never ends."""

    def __init__(self, app: ASGIApp, *, answer: Callable[[Request], Response]) -> None:
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = scope["headers"]
            if len(headers) > _MOST_HEADERS or sum(len(name) + len(value) for name, value in headers) > _HEADER_BYTES:
                await self._answer(Request(scope))(scope, receive, send)
                return
        await self._app(scope, receive, send)


class BodyDeadline:
    """Gives the body of a request so many seconds to arrive whole; who drips it is answered 408."""

    def __init__(self, app: ASGIApp, *, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        until, arrived = asyncio.get_running_loop().time() + self._seconds, False

        async def receiving() -> Message:
            nonlocal arrived
            if arrived:  # what is awaited now is the end of the connection, which may take its time
                return await receive()
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(status_code=408) from None
            arrived = not message.get("more_body", False)
            return message

        await self._app(scope, receiving, send)


class SameOriginOnly:
    """Refuses a changing request that another site made the browser send: by Sec-Fetch-Site, else Origin = Host.

    Without either header it was no browser, and no browser's cookie travels with it unasked.
    """

    def __init__(self, app: ASGIApp, *, answer: Callable[[Request], Response]) -> None:
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "http"
            and scope["method"] not in _SAFE_METHODS
            and not is_same_origin(Headers(scope=scope))
        ):
            await self._answer(Request(scope))(scope, receive, send)
            return
        await self._app(scope, receive, send)


def is_same_origin(headers: Headers) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None:
        return True
    return origin.partition("://")[2] == headers.get("host", "")
