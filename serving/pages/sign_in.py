"""Signing in and out, the second factor, activation codes, and the language of the pages."""

from datetime import timedelta
from typing import Annotated

import structlog
from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from serving.accounts import LONGEST_LOGIN, SignInRefused, plain_login
from serving.activation import ActivationRefused
from serving.browsers import browser_name
from serving.desk import AtDesk, Desk
from serving.pages.writer import LANGUAGE_COOKIE
from serving.passwords import PasswordRefused
from serving.second_factor import CodeRefused, Enrolment, EnrolmentOfAnother, EnrolmentOver
from serving.sessions import IDLE_LIMIT, PENDING_LIMIT, Opened, Pending
from serving.texts import DEFAULT_LANGUAGE, LANGUAGES
from serving.throttle import TooManyFailures

router = APIRouter(include_in_schema=False)
log = structlog.get_logger("serving")
_YEAR_SECONDS = 365 * 24 * 3600
# More than a password may have: a longer one is wrong, not a broken form.
_MOST_TYPED = 1024
_LONGEST_PATH = 2000

Login = Annotated[str, Form(max_length=LONGEST_LOGIN)]
Secret = Annotated[str, Form(max_length=_MOST_TYPED)]
Code = Annotated[str, Form(max_length=100)]


@router.get("/login")
def show_sign_in(request: Request, desk: AtDesk, done: str = "") -> Response:
    if desk.principal(request) is not None:
        return RedirectResponse("/", status_code=303)
    token = desk.token(request)  # still held by the browser: it was signed in, and did not sign out
    over = bool(token) and desk.accounts.sessions.pending(token) is None
    return write_sign_in(request, desk, done=done if done in ("activated", "by_another") else "", over=over)


@router.post("/login")
def sign_in(request: Request, desk: AtDesk, login: Login = "", password: Secret = "") -> Response:
    try:
        opened = desk.accounts.sign_in(
            login=login, password=password, address=address_of(request), browser=browser_of(request)
        )
    except SignInRefused:
        log.warning("sign-in refused")
        return write_sign_in(request, desk, status=401, problem="sign_in.wrong", login=login)
    except TooManyFailures as error:
        log.warning("sign-in throttled")
        answer = write_sign_in(request, desk, status=429, problem="sign_in.wait", wait=error, login=login)
        return too_many(answer, error)
    return let_in(request, desk, opened)


@router.get("/second-factor")
@router.get("/second-factor/enrol")  # where the language switch comes back to after a mistyped code
def show_second_factor(request: Request, desk: AtDesk) -> Response:
    pending = desk.accounts.sessions.pending(desk.token(request))
    if pending is None:
        return RedirectResponse("/login", status_code=303)
    if pending.has_second_factor:
        return desk.pages.write(request, "second_factor.html", problem="")
    return _write_enrolment(request, desk, pending)


@router.post("/second-factor")
def give_second_factor(request: Request, desk: AtDesk, code: Code = "") -> Response:
    try:
        opened = desk.accounts.second_factor.give(desk.token(request), code, address=address_of(request))
    except CodeRefused:
        log.warning("second factor refused")
        return desk.pages.write(request, "second_factor.html", status=401, problem="account.code_wrong")
    except TooManyFailures as error:
        log.warning("second factor throttled")
        answer = desk.pages.write(request, "second_factor.html", status=429, problem="account.code_wait")
        return too_many(answer, error)
    return let_in(request, desk, opened) if opened else RedirectResponse("/login", status_code=303)


@router.post("/second-factor/enrol")
def enrol(
    request: Request,
    desk: AtDesk,
    code: Code = "",
    sealed: Secret = "",
) -> Response:
    token, factor = desk.token(request), desk.accounts.second_factor
    pending = desk.accounts.sessions.pending(token)
    if pending is None:
        return RedirectResponse("/login", status_code=303)
    try:
        opened = factor.enrol_pending(token, sealed, code)
    except CodeRefused:
        again = factor.shown_again(sealed, pending.account_id, pending.login)
        return _write_enrolment(request, desk, pending, status=401, problem="account.code_wrong", enrolment=again)
    except EnrolmentOfAnother:
        return RedirectResponse("/login?done=by_another", status_code=303)
    except EnrolmentOver:
        return _write_enrolment(request, desk, pending, status=401, problem="account.enrol_over")
    return let_in(request, desk, opened) if opened else RedirectResponse("/login", status_code=303)


@router.get("/activate")
def show_activate(request: Request, desk: AtDesk) -> Response:
    return desk.pages.write(request, "activate.html", problem="", login="", code="")


@router.post("/activate")
def activate(
    request: Request,
    desk: AtDesk,
    login: Login = "",
    code: Code = "",
    password: Secret = "",
    again: Secret = "",
) -> Response:
    login = plain_login(login)

    def refused(problem: str, status: int, *, code: str = "") -> Response:
        return desk.pages.write(request, "activate.html", status=status, problem=problem, login=login, code=code)

    if password != again:
        return refused("account.password_again_wrong", 400, code=code)
    try:
        desk.accounts.activation.activate(login=login, code=code, password=password, address=address_of(request))
    except PasswordRefused as error:
        return refused(f"account.{error.why}", 400, code=code)
    except ActivationRefused:
        log.warning("activation refused")
        return refused("account.activate_wrong", 401)
    except TooManyFailures as error:
        log.warning("activation throttled")
        return too_many(refused("account.activate_wait", 429), error)
    return RedirectResponse("/login?done=activated", status_code=303)


@router.post("/logout")
def sign_out(request: Request, desk: AtDesk) -> Response:
    if token := desk.token(request):
        desk.accounts.sign_out(token)
    goodbye = RedirectResponse("/login", status_code=303)
    desk.cookie.drop(goodbye)
    goodbye.headers["Clear-Site-Data"] = '"cache", "storage"'
    return goodbye


@router.post("/language")
def choose_language(
    desk: AtDesk,
    language: Annotated[str, Form(max_length=5)] = DEFAULT_LANGUAGE,
    back_to: Annotated[str, Form()] = "/",
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


# What the other pages of accounts use as well


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


def browser_of(request: Request) -> str:
    return browser_name(request.headers.get("user-agent", ""))


def let_in(request: Request, desk: Desk, opened: Opened) -> Response:
    """Give the browser its new session and end the one it had; then to the list, or to the second factor."""
    if held := desk.token(request):
        desk.accounts.sign_out(held)
    welcome = RedirectResponse("/" if opened.complete else "/second-factor", status_code=303)
    desk.cookie.put(welcome, opened.token)
    return welcome


def too_many(answer: Response, error: TooManyFailures) -> Response:
    answer.headers["Retry-After"] = str(int(error.wait.total_seconds()))
    return answer


def write_sign_in(
    request: Request,
    desk: Desk,
    *,
    status: int = 200,
    problem: str = "",
    done: str = "",
    wait: TooManyFailures | None = None,
    login: str = "",
    over: bool = False,
) -> Response:
    return desk.pages.write(
        request,
        "sign_in.html",
        status=status,
        problem=problem,
        minutes=int(wait.wait.total_seconds() // 60) if wait else 0,
        done=done,
        over={"hours": IDLE_LIMIT // timedelta(hours=1), "minutes": PENDING_LIMIT // timedelta(minutes=1)}
        if over
        else None,
        login=login,
        provider=desk.accounts.provider,
        back_to=f"/login?done={done}" if done else "/login",  # not to what a provider sent along
    )


def _write_enrolment(
    request: Request,
    desk: Desk,
    pending: Pending,
    *,
    status: int = 200,
    problem: str = "",
    enrolment: Enrolment | None = None,
) -> Response:
    shown = enrolment or desk.accounts.second_factor.enrolment(pending.account_id, pending.login)
    return desk.pages.write(
        request, "enrol.html", status=status, problem=problem, enrolment=shown, target="/second-factor/enrol"
    )


def _own_path(path: str) -> str:
    """`path` when it is one of ours, and no longer than every proxy takes; '//host' and '/\\host' lead elsewhere."""
    is_own = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_own and len(path) <= _LONGEST_PATH else "/"
