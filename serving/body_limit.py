"""How much a request may send: a little everywhere, more where a program sends whole lists or rows to score."""

from collections.abc import Callable, Mapping

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGER: Mapping[str, int] = {"/api/v1/lists": 16 * 2**20, "/api/v1/score": 2 * 2**20}
"""Bytes by path: 20,000 entries with five reasons each, and 500 rows of the whole catalogue."""


class BodyLimit:
    """Refuses a body that says it is too large at once, and one that lies about it when it has become so."""

    def __init__(
        self, app: ASGIApp, *, most: int, larger: Mapping[str, int], answer: Callable[[Request], Response]
    ) -> None:
        self._app = app
        self._most = most
        self._larger = larger
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most, read = self._larger.get(scope["path"], self._most), 0
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdecimal() or int(declared) > most:
            await self._answer(Request(scope))(scope, receive, send)
            return

        async def receiving() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise HTTPException(status_code=413)
            return message

        await self._app(scope, receiving, send)
