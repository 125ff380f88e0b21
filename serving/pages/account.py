"""One's own account: sessions, password, authenticator app, and the link to an identity provider."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from records import ledger
from serving.accounts import SignInRefused, unlink_account
from serving.desk import AtDesk, Desk, SignedIn
from serving.pages.sign_in import Code, Login, Secret, address_of, too_many
from serving.passwords import PasswordRefused
from serving.second_factor import CodeRefused, Enrolment, EnrolmentOfAnother, EnrolmentOver
from serving.throttle import TooManyFailures

router = APIRouter(include_in_schema=False)
_DONE = ("password", "second_factor", "sessions", "linked", "unlinked", "by_another")
_AFTER_CONFIRMING = ("/me/second-factor", "/me/link")


@router.get("/me")
@router.get("/me/confirm")  # where the language switch comes back to after a mistyped password
def show_account(request: Request, desk: AtDesk, reader: SignedIn, done: str = "") -> Response:
    return write_own(
        request,
        desk,
        reader,
        "me.html",
        own=desk.accounts.own(reader),
        sessions=desk.accounts.sessions.own(desk.token(request)),
        provider=desk.accounts.provider,
        done=done if done in _DONE else "",
    )


@router.post("/me/sessions/close")
def close_session(
    request: Request, desk: AtDesk, _reader: SignedIn, session: Annotated[UUID | None, Form()] = None
) -> Response:
    """One of one's own sessions, or without `session` all others."""
    desk.accounts.sessions.close_own(desk.token(request), session)
    return RedirectResponse("/me?done=sessions", status_code=303)


@router.get("/me/password")
def show_password(request: Request, desk: AtDesk, reader: SignedIn) -> Response:
    return write_own(request, desk, reader, "password.html", problem="")


@router.post("/me/password")
def change_password(
    request: Request,
    desk: AtDesk,
    reader: SignedIn,
    username: Login = "",
    current: Secret = "",
    password: Secret = "",
    again: Secret = "",
) -> Response:
    def refused(problem: str, status: int) -> Response:
        return write_own(request, desk, reader, "password.html", status=status, problem=f"account.{problem}")

    if username not in ("", reader.login):  # the form of somebody who has left this browser since
        return RedirectResponse("/me?done=by_another", status_code=303)
    if password != again:
        return refused("password_again_wrong", 400)
    try:
        desk.accounts.change_password(desk.token(request), current=current, new=password, address=address_of(request))
    except PasswordRefused as error:
        return refused(error.why, 400)
    except SignInRefused:
        return refused("current_wrong", 401)
    except TooManyFailures as error:
        return too_many(refused("confirm_wait", 429), error)
    return RedirectResponse("/me?done=password", status_code=303)


@router.post("/me/confirm")
def confirm(
    request: Request,
    desk: AtDesk,
    reader: SignedIn,
    password: Secret = "",
    then: Annotated[str, Form(max_length=50)] = "",
) -> Response:
    then = then if then in _AFTER_CONFIRMING else _AFTER_CONFIRMING[0]
    try:
        desk.accounts.confirm(desk.token(request), password=password, address=address_of(request))
    except SignInRefused:
        return ask_password(request, desk, reader, then=then, status=401, problem="account.current_wrong")
    except TooManyFailures as error:
        answer = ask_password(request, desk, reader, then=then, status=429, problem="account.confirm_wait")
        return too_many(answer, error)
    return RedirectResponse(then, status_code=303)


@router.get("/me/second-factor")
def show_second_factor(request: Request, desk: AtDesk, reader: SignedIn) -> Response:
    if not desk.accounts.sessions.is_confirmed(desk.token(request)):
        return ask_password(request, desk, reader, then="/me/second-factor")
    return _write_enrolment(request, desk, reader)


@router.post("/me/second-factor")
def set_second_factor(
    request: Request, desk: AtDesk, reader: SignedIn, code: Code = "", sealed: Secret = ""
) -> Response:
    token, factor = desk.token(request), desk.accounts.second_factor
    if reader.account_id is None or not desk.accounts.sessions.is_confirmed(token):
        return ask_password(request, desk, reader, then="/me/second-factor")
    try:
        opened = factor.enrol_own(token, reader.login, sealed, code)
    except CodeRefused:
        again = factor.shown_again(sealed, reader.account_id, reader.login)
        return _write_enrolment(request, desk, reader, status=401, problem="account.code_wrong", enrolment=again)
    except EnrolmentOfAnother:
        return RedirectResponse("/me?done=by_another", status_code=303)
    except EnrolmentOver:
        return _write_enrolment(request, desk, reader, status=401, problem="account.enrol_over")
    if opened is None:
        return RedirectResponse("/login", status_code=303)
    done = RedirectResponse("/me?done=second_factor", status_code=303)
    desk.cookie.put(done, opened.token)
    return done


@router.post("/me/unlink")
def unlink(desk: AtDesk, reader: SignedIn) -> Response:
    unlink_account(desk.home, login=reader.login, actor=reader.login)
    return RedirectResponse("/me?done=unlinked", status_code=303)


def write_own(
    request: Request, desk: Desk, reader: SignedIn, template: str, *, status: int = 200, **values: object
) -> Response:
    """A page of a signed-in person, with the name of the institution above it."""
    row = ledger.require_institution(desk.home.database, reader.institution)
    institution = row.name_th if desk.pages.language(request) == "th" else row.name_en or row.name_th
    return desk.pages.write(request, template, status=status, reader=reader, institution=institution, **values)


def ask_password(
    request: Request, desk: Desk, reader: SignedIn, *, then: str, status: int = 200, problem: str = ""
) -> Response:
    has_password = desk.accounts.own(reader).has_password
    return write_own(
        request, desk, reader, "confirm.html", status=status, problem=problem, then=then, has_password=has_password
    )


def _write_enrolment(
    request: Request,
    desk: Desk,
    reader: SignedIn,
    *,
    status: int = 200,
    problem: str = "",
    enrolment: Enrolment | None = None,
) -> Response:
    assert reader.account_id is not None  # a page is never asked for by a machine's key
    shown = enrolment or desk.accounts.second_factor.enrolment(reader.account_id, reader.login)
    return write_own(
        request,
        desk,
        reader,
        "enrol.html",
        status=status,
        problem=problem,
        enrolment=shown,
        target="/me/second-factor",
    )
