"""What every request needs, made once by `create_app`, and who the request acts for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from records.access import Principal
from records.home import DataHome
from records.sign_ins import Session
from serving.accounts import Accounts
from serving.api_keys import principal_of_key
from serving.pages.writer import PageWriter
from serving.sessions import is_token

_Seen = TypeVar("_Seen")
_BUILDERS = 8
"""Whole lists put together at once: more threads make none sooner, and each holds its list and a connection's pages."""


class SignInNeeded(Exception):
    """Nobody is signed in: a page sends to the sign-in page, the API answers 401."""


@dataclass(frozen=True, kw_only=True)
class SessionCookie:
    """The name carries the promise: browsers take a `__Host-` cookie only with Secure, for this host alone."""

    secure: bool

    @property
    def name(self) -> str:
        return "__Host-session" if self.secure else "session"

    def put(self, answer: Response, token: str) -> None:
        answer.set_cookie(self.name, token, path="/", secure=self.secure, httponly=True, samesite="lax")

    def drop(self, answer: Response) -> None:
        answer.delete_cookie(self.name, path="/", secure=self.secure, httponly=True, samesite="lax")


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What the service works with; nothing of it changes while it runs."""

    home: DataHome
    today: Callable[[], date]
    accounts: Accounts
    pages: PageWriter
    cookie: SessionCookie
    _building: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(_BUILDERS))

    async def build(self, answer: Callable[[], Response]) -> Response:
        """An answer that takes too long for the thread in which all requests are taken."""
        return await to_thread.run_sync(answer, limiter=self._building)

    def token(self, request: Request) -> str:
        return request.cookies.get(self.cookie.name, "")

    def principal(self, request: Request) -> Principal | None:
        """Who asks: a person by the cookie anywhere, a machine by its key in the API alone.

        Both at once are refused: a key must not lend a browser's request what only programs may do.
        """
        token, key = self.token(request), _bearer(request)
        if token and key:
            raise HTTPException(status_code=400)
        if key and request.url.path.startswith("/api/"):
            return principal_of_key(self.home, key, self.accounts.now())
        return self.accounts.principal(token) if token else None

    async def look(self, request: Request, see: Callable[[Session, Principal], _Seen]) -> tuple[Principal, _Seen]:
        """Who asks, and what they see, in one transaction that is shared with others. Raises SignInNeeded."""
        token = self.token(request)
        if _bearer(request):  # a program asks seldom enough to take the long way
            found = await run_in_threadpool(self._look_of_program, request, see)
        else:
            sessions = self.accounts.sessions
            found = await self.home.database.soon(token, sessions.principals_in, see) if is_token(token) else None
        if found is None:
            raise SignInNeeded
        return found

    def _look_of_program(
        self, request: Request, see: Callable[[Session, Principal], _Seen]
    ) -> tuple[Principal, _Seen] | None:
        program = self.principal(request)
        if program is None:
            return None
        return program, self.home.database.together(lambda session: see(session, program), program.acting)


def _bearer(request: Request) -> str:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


async def _desk(request: Request) -> Desk:
    desk = request.app.state.desk
    assert isinstance(desk, Desk)
    return desk


AtDesk = Annotated[Desk, Depends(_desk)]


def _signed_in(request: Request, desk: AtDesk) -> Principal:
    principal = desk.principal(request)
    if principal is None:
        raise SignInNeeded
    return principal


SignedIn = Annotated[Principal, Depends(_signed_in)]
