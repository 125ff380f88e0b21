"""Signing in and out, and the language of the pages."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from serving.accounts import MOST_PASSWORD, SignInRefused, TooManyFailures
from serving.desk import AtDesk
from serving.pages.writer import LANGUAGE_COOKIE
from serving.texts import DEFAULT_LANGUAGE, LANGUAGES

router = APIRouter(include_in_schema=False)
log = structlog.get_logger("serving")
_YEAR_SECONDS = 365 * 24 * 3600


@router.get("/login")
def show_sign_in(request: Request, desk: AtDesk) -> Response:
    if desk.principal(request) is not None:
        return RedirectResponse("/", status_code=303)
    return desk.pages.write(request, "sign_in.html", problem="")


@router.post("/login")
def sign_in(
    request: Request,
    desk: AtDesk,
    login: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=MOST_PASSWORD)] = "",
) -> Response:
    address = request.client.host if request.client else ""
    try:
        token = desk.accounts.sign_in(login=login, password=password, address=address)
    except SignInRefused:
        log.warning("sign-in refused")
        return desk.pages.write(request, "sign_in.html", status=401, problem="wrong")
    except TooManyFailures as error:
        log.warning("sign-in throttled")
        minutes, seconds = int(error.wait.total_seconds() // 60), int(error.wait.total_seconds())
        answer = desk.pages.write(request, "sign_in.html", status=429, problem="wait", minutes=minutes)
        answer.headers["Retry-After"] = str(seconds)
        return answer
    if held := desk.token(request):
        desk.accounts.sign_out(held)
    welcome = RedirectResponse("/", status_code=303)
    welcome.set_cookie(desk.cookie.name, token, path="/", secure=desk.cookie.secure, httponly=True, samesite="lax")
    return welcome


@router.post("/logout")
def sign_out(request: Request, desk: AtDesk) -> Response:
    if token := desk.token(request):
        desk.accounts.sign_out(token)
    goodbye = RedirectResponse("/login", status_code=303)
    goodbye.delete_cookie(desk.cookie.name, path="/", secure=desk.cookie.secure, httponly=True, samesite="lax")
    goodbye.headers["Clear-Site-Data"] = '"cache", "storage"'
    return goodbye


@router.post("/language")
def choose_language(
    desk: AtDesk,
    language: Annotated[str, Form(max_length=5)] = DEFAULT_LANGUAGE,
    back_to: Annotated[str, Form(max_length=200)] = "/",
) -> Response:
    chosen = language if language in LANGUAGES else DEFAULT_LANGUAGE
    answer = RedirectResponse(_own_path(back_to), status_code=303)
    answer.set_cookie(
        LANGUAGE_COOKIE,
        chosen,
        max_age=_YEAR_SECONDS,
        path="/",
        secure=desk.cookie.secure,
        httponly=True,
        samesite="lax",
    )
    return answer


def _own_path(path: str) -> str:
    """`path` when it is one of ours; '//host' and '/\\host' lead elsewhere."""
    is_own = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_own else "/"
