"""What every request needs, made once by `create_app`, and who the request acts for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Depends, Request

from records.access import Principal
from records.home import DataHome
from serving.accounts import Accounts
from serving.pages.writer import PageWriter


class SignInNeeded(Exception):
    """Nobody is signed in: a page sends to the sign-in page, the API answers 401."""


@dataclass(frozen=True, kw_only=True)
class SessionCookie:
    """The name carries the promise: browsers take a `__Host-` cookie only with Secure, for this host alone."""

    secure: bool

    @property
    def name(self) -> str:
        return "__Host-session" if self.secure else "session"


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What the service works with; nothing of it changes while it runs."""

    home: DataHome
    today: Callable[[], date]
    accounts: Accounts
    pages: PageWriter
    cookie: SessionCookie

    def token(self, request: Request) -> str:
        return request.cookies.get(self.cookie.name, "")

    def principal(self, request: Request) -> Principal | None:
        token = self.token(request)
        return self.accounts.principal(token) if token else None


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
