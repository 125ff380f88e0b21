"""How much a request may send: a little everywhere, more where a program that may do so sends whole lists or rows to score.

Bodies are parsed before a route asks who sends them, and JSON grows to twenty times its size: so more than a little is
taken only of those whose right to send it was looked at first.
"""

from collections.abc import Callable, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from records.roles import Permission

LARGER: Mapping[str, tuple[int, Permission]] = {
    "/api/v1/lists": (16 * 2**20, Permission.PUBLISH),
    "/api/v1/score": (2 * 2**20, Permission.SCORE),
}
"""Bytes and who may send them, by path: 20,000 entries with five reasons each, and 500 rows of the whole catalogue."""
_MOST_DIGITS = 12


class BodyLimit:
    """Refuses a body that says it is too large at once, and one that lies about it when it has become so.

    A form in parts is refused as well: none of ours sends one, and its sender may choose what decodes it, however slowly.
    `refusal` answers who may not send the larger one; it is None for who may.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        most: int,
        larger: Mapping[str, tuple[int, Permission]],
        answer: Callable[[Request, int], Response],
        refusal: Callable[[Request, Permission], Response | None],
    ) -> None:
        self._app = app
        self._most = most
        self._larger = larger
        self._answer = answer
        self._refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most, needed = self._larger.get(scope["path"], (self._most, None))
        headers, read = Headers(scope=scope), 0
        declared, refused = headers.get("content-length"), None
        if not _fits(declared or "0", most):
            refused = self._answer(Request(scope), 413)
        elif not scope["path"].startswith("/api/") and _is_in_parts(headers.get("content-type", "")):
            refused = self._answer(Request(scope), 415)
        if refused is None and needed is not None and (declared is None or int(declared) > self._most):
            refused = await run_in_threadpool(self._refusal, Request(scope), needed)
        if refused is not None:
            await refused(scope, receive, send)
            return

        async def receiving() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise HTTPException(status_code=413)
            return message

        await self._app(scope, receiving, send)


def _fits(declared: str, most: int) -> bool:
    return declared.isdecimal() and len(declared) <= _MOST_DIGITS and int(declared) <= most


def _is_in_parts(content_type: str) -> bool:
    return content_type.strip().lower().startswith("multipart/")
