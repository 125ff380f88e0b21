"""Signing in, or linking one's account, by an identity provider: there and back again."""

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from serving.accounts import AccountRefused, SignInRefused, link_account
from serving.desk import AtDesk, Desk, SignedIn
from serving.oidc import FLIGHT_LIFE, Flight, Provider, ProviderAway, ProviderRefused, flight_of, new_flight
from serving.pages.account import ask_password, write_own
from serving.pages.sign_in import browser_of, let_in, write_sign_in

router = APIRouter(include_in_schema=False)
log = structlog.get_logger("serving")


@router.get("/oidc/start")
def start(request: Request, desk: AtDesk) -> Response:
    """A link, not a form: browsers do not let a form be sent on to another site."""
    provider = _provider(desk)
    flight = new_flight(links="", now=desk.accounts.now())
    try:
        away = RedirectResponse(provider.address(flight, back_to=_back_to(request)), status_code=303)
    except (ProviderAway, ProviderRefused) as error:
        return _turned_away(request, desk, error)
    _put(desk, away, flight)
    return away


@router.get("/me/link")
def link(request: Request, desk: AtDesk, reader: SignedIn) -> Response:
    """The way to the provider for who is signed in here and gave the password just now."""
    provider = _provider(desk)
    if reader.account_id is None or not desk.accounts.sessions.is_confirmed(desk.token(request)):
        return ask_password(request, desk, reader, then="/me/link")
    flight = new_flight(links=str(reader.account_id), now=desk.accounts.now())
    try:
        address = provider.address(flight, back_to=_back_to(request))
    except (ProviderAway, ProviderRefused) as error:
        log.warning("identity provider", why=str(error))
        return write_own(request, desk, reader, "link.html", status=503, provider=provider, address="")
    page = write_own(request, desk, reader, "link.html", provider=provider, address=address)
    _put(desk, page, flight)
    return page


@router.get("/oidc/callback")
def come_back(request: Request, desk: AtDesk, state: str = "", code: str = "", iss: str = "") -> Response:
    """Back from the provider, with a code for whom it signed in there; every doubt ends at the sign-in page."""
    provider = _provider(desk)
    try:
        flight = flight_of(
            request.cookies.get(_cookie(desk), ""), desk.home.vault.key, state=state, now=desk.accounts.now()
        )
        if not code or iss not in ("", provider.issuer):
            raise ProviderRefused("no code" if not code else "issuer of the answer")
        subject = provider.subject(flight, code=code, back_to=_back_to(request))
        answer = _linked(request, desk, flight, subject) if flight.links else _let_in(request, desk, subject)
    except (ProviderAway, ProviderRefused, SignInRefused) as error:
        answer = _turned_away(request, desk, error)
    answer.delete_cookie(_cookie(desk), path="/", secure=desk.cookie.secure, httponly=True, samesite="lax")
    return answer


def _let_in(request: Request, desk: Desk, subject: str) -> Response:
    opened = desk.accounts.sign_in_linked(issuer=_provider(desk).issuer, subject=subject, browser=browser_of(request))
    return let_in(request, desk, opened)


def _linked(request: Request, desk: Desk, flight: Flight, subject: str) -> Response:
    reader = desk.principal(request)
    if reader is None or str(reader.account_id) != flight.links:
        raise ProviderRefused("another account")
    try:
        link_account(
            desk.home,
            login=reader.login,
            issuer=_provider(desk).issuer,
            subject=subject,
            actor=reader.login,
            now=desk.accounts.now(),
        )
    except AccountRefused:
        raise ProviderRefused("linked elsewhere") from None
    return RedirectResponse("/me?done=linked", status_code=303)


def _turned_away(request: Request, desk: Desk, error: Exception) -> Response:
    log.warning("identity provider", why=str(error) or type(error).__name__)
    match error:
        case ProviderAway():
            return write_sign_in(request, desk, status=503, problem="account.provider_away")
        case SignInRefused():
            return write_sign_in(request, desk, status=401, problem="account.provider_unknown")
        case _:
            return write_sign_in(request, desk, status=401, problem="account.provider_refused")


def _provider(desk: Desk) -> Provider:
    if desk.accounts.provider is None:
        raise HTTPException(status_code=404)
    return desk.accounts.provider


def _back_to(request: Request) -> str:
    return f"{request.base_url}oidc/callback"


def _cookie(desk: Desk) -> str:
    return "__Host-oidc" if desk.cookie.secure else "oidc"


def _put(desk: Desk, answer: Response, flight: Flight) -> None:
    answer.set_cookie(
        _cookie(desk),
        flight.sealed(desk.home.vault.key),
        max_age=int(FLIGHT_LIFE.total_seconds()),
        path="/",
        secure=desk.cookie.secure,
        httponly=True,
        samesite="lax",
    )
