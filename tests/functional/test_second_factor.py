"""The second factor: nothing is seen before it, each code works once, and no way leads around it."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import segno
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from records import staff
from records.errors import UserError
from records.settings import Settings
from serving.accounts import Accounts, reset_second_factor, set_role
from serving.sessions import PENDING_LIMIT
from serving.throttle import FAILURE_WINDOW, FAILURES_A_LOGIN
from tests.browser.sample_college import PASSWORD, SampleCollege
from tests.functional.signing_in import (
    COOKIE,
    Clock,
    actions,
    browser_at,
    code_at,
    enrol,
    hidden,
    reopened,
    secret_on,
    sign_in,
)

WRONG = "000000"
BY_ANOTHER = "มีผู้เข้าสู่ระบบด้วยบัญชีอื่นในเบราว์เซอร์นี้แล้ว จึงยังไม่ได้เปลี่ยนอะไร"


@pytest.fixture
def strict(unpublished: SampleCollege) -> Iterator[SampleCollege]:
    """The college with the roles that need a second factor by default."""
    with reopened(unpublished) as college:
        college.publish()
        yield college


def test_all_roles_but_the_advisor_need_one_by_default(strict: SampleCollege, clock: Clock) -> None:
    for login, goes_to in (("kru.a", "/"), ("care", "/second-factor"), ("root", "/second-factor")):
        assert sign_in(browser_at(strict, clock), login) == goes_to
    from records.roles import ROLE_OF

    assert set(Settings().second_factor_roles) == set(ROLE_OF) - {"advisor"}


def test_a_session_that_owes_it_sees_nothing_on_any_route(strict: SampleCollege, clock: Clock) -> None:
    browser = browser_at(strict, clock)
    sign_in(browser, "care")
    assert browser.cookies[COOKIE]
    open_to_all = {
        "/login", "/logout", "/language", "/help", "/activate", "/second-factor", "/second-factor/enrol", "/healthz",
        "/readyz", "/static/{name}", "/oidc/start", "/oidc/callback",
    }  # fmt: skip
    student = strict.students["kru.a"][0]
    asked = 0
    for route in _routes(browser):
        if route.path in open_to_all:
            continue
        path = route.path.replace("{student_id:uuid}", str(student)).replace("{student_id}", str(student))
        for method in route.methods or ():
            answer = browser.request(method, path)
            signs_in = answer.status_code == 303 and answer.headers["location"] == "/login"
            assert signs_in or answer.status_code == 401, (method, path, answer.status_code)
            asked += 1
    assert asked > 8
    assert "คณะกรรมการ" not in browser.get("/help").text.split("<main")[0]


def _routes(browser: TestClient) -> list[APIRoute]:
    def within(routes: object) -> Iterator[APIRoute]:
        for route in routes:  # type: ignore[attr-defined]
            if isinstance(route, APIRoute):
                yield route
            inner = getattr(getattr(route, "original_router", None), "routes", None)
            yield from within(inner or ())

    return list(within(browser.app.routes))  # type: ignore[attr-defined]


def test_first_set_up_then_a_code_at_each_sign_in_and_always_a_new_token(strict: SampleCollege, clock: Clock) -> None:
    browser = browser_at(strict, clock)
    sign_in(browser, "care")
    tokens = [browser.cookies[COOKIE]]
    page = browser.get("/second-factor").text
    secret = secret_on(page)
    browser.post("/second-factor/enrol", data={"sealed": hidden(page, "sealed"), "code": code_at(secret, clock)})
    tokens.append(browser.cookies[COOKIE])
    assert browser.get("/").status_code == 200
    assert browser.get("/", headers={"cookie": f"{COOKIE}={tokens[0]}"}).status_code == 303

    clock.now += timedelta(minutes=1)
    again = browser_at(strict, clock)
    assert sign_in(again, "care") == "/second-factor"
    tokens.append(again.cookies[COOKIE])
    asks = again.get("/second-factor").text
    assert secret not in asks.replace(" ", "")
    assert 'autocomplete="one-time-code"' in asks
    answer = again.post("/second-factor", data={"code": code_at(secret, clock)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert {part.lower() for part in answer.headers["set-cookie"].split("; ")[1:]} == {
        "httponly", "secure", "samesite=lax", "path=/",
    }  # fmt: skip
    tokens.append(again.cookies[COOKIE])
    assert len(set(tokens)) == 4
    assert again.get("/").status_code == 200
    done = actions(strict)
    assert done[-3:-1] != ["sign in", "sign in"]
    assert [one for one in done if "sign in" in one] == ["begin sign in", "sign in"] * 2
    assert "set second factor" in done


def test_the_link_for_the_app_carries_the_secret_that_is_shown(strict: SampleCollege, clock: Clock) -> None:
    browser = browser_at(strict, clock)
    sign_in(browser, "care")
    page = browser.get("/second-factor").text
    link = page.split('href="otpauth:')[1].split('"')[0].replace("&amp;", "&")
    assert parse_qs(urlsplit(f"otpauth:{link}").query) == {"secret": [secret_on(page)], "issuer": ["zerodrop"]}
    assert "care" in link
    assert segno.make_qr(f"otpauth:{link}").svg_inline(omitsize=True, light="#fff") in page


def test_a_code_works_once_and_half_a_minute_either_way(strict: SampleCollege, clock: Clock) -> None:
    secret = enrol(browser_at(strict, clock), clock, "care")
    used = code_at(secret, clock)

    def answer(code: str) -> int:
        browser = browser_at(strict, clock)
        sign_in(browser, "care")
        return browser.post("/second-factor", data={"code": code}).status_code

    assert answer(used) == 401  # the very code that set it up
    start = clock.now
    clock.now = start + timedelta(minutes=5)
    current = code_at(secret, clock)
    clock.now += timedelta(seconds=30)
    assert answer(current) == 303  # the app is half a minute behind
    assert answer(current) == 401
    clock.now += timedelta(minutes=5)
    late, early = clock.now - timedelta(seconds=61), clock.now + timedelta(seconds=61)
    from pyotp.totp import TOTP

    assert answer(TOTP(secret).at(late)) == 401
    assert answer(TOTP(secret).at(early)) == 401
    assert answer(TOTP(secret).at(clock.now + timedelta(seconds=30))) == 303
    assert answer(TOTP(secret).at(clock.now)) == 401  # older than the newest that was taken


def test_thai_digits_and_spaces_are_taken(strict: SampleCollege, clock: Clock) -> None:
    secret = enrol(browser_at(strict, clock), clock, "care")
    clock.now += timedelta(minutes=1)
    code = code_at(secret, clock)
    browser = browser_at(strict, clock)
    sign_in(browser, "care")
    thai = code.translate(str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙"))
    assert browser.post("/second-factor", data={"code": f"{thai[:3]} {thai[3:]}"}).status_code == 303


def test_wrong_codes_wait_and_the_wait_survives_a_restart(strict: SampleCollege, clock: Clock) -> None:
    secret = enrol(browser_at(strict, clock), clock, "care")
    clock.now += timedelta(minutes=1)
    browser = browser_at(strict, clock)
    sign_in(browser, "care")
    for _ in range(FAILURES_A_LOGIN):
        assert browser.post("/second-factor", data={"code": WRONG}).status_code == 401
    restarted = browser_at(strict, clock, address="10.0.0.77")
    sign_in(restarted, "care")  # a right password opens no new tries
    answer = restarted.post("/second-factor", data={"code": code_at(secret, clock)})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) == FAILURE_WINDOW.total_seconds()
    clock.now += FAILURE_WINDOW + timedelta(seconds=1)
    sign_in(restarted, "care")
    assert restarted.post("/second-factor", data={"code": code_at(secret, clock)}).status_code == 303


def test_there_are_ten_minutes_from_the_password_to_the_code(strict: SampleCollege, clock: Clock) -> None:
    secret = enrol(browser_at(strict, clock), clock, "care")
    browser = browser_at(strict, clock)
    sign_in(browser, "care")
    assert "การเข้าสู่ระบบครั้งก่อนสิ้นสุดแล้ว" not in browser.get("/login").text
    clock.now += PENDING_LIMIT + timedelta(seconds=1)
    answer = browser.post("/second-factor", data={"code": code_at(secret, clock)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert browser.get("/second-factor").headers["location"] == "/login"
    assert browser.get("/").headers["location"] == "/login"
    assert "การเข้าสู่ระบบครั้งก่อนสิ้นสุดแล้ว" in browser.get("/login").text


def test_a_wrong_code_at_set_up_keeps_the_secret_and_anothers_is_refused(strict: SampleCollege, clock: Clock) -> None:
    care, root = browser_at(strict, clock), browser_at(strict, clock)
    sign_in(care, "care")
    sign_in(root, "root")
    page = care.get("/second-factor").text
    wrong = care.post("/second-factor/enrol", data={"sealed": hidden(page, "sealed"), "code": WRONG})
    assert wrong.status_code == 401
    assert secret_on(wrong.text) == secret_on(page)
    code = code_at(secret_on(page), clock)
    for sealed in ("", "x", "ก"):
        answer = root.post("/second-factor/enrol", data={"sealed": sealed, "code": code})
        assert answer.status_code == 401
        assert secret_on(answer.text) != secret_on(page)
    anothers = root.post("/second-factor/enrol", data={"sealed": hidden(page, "sealed"), "code": code})
    assert (anothers.status_code, anothers.headers["location"]) == (303, "/login?done=by_another")
    assert BY_ANOTHER in root.get("/login?done=by_another").text
    clock.now += timedelta(minutes=9)
    sign_in(care, "care")
    clock.now += timedelta(minutes=2)
    over = care.post(
        "/second-factor/enrol", data={"sealed": hidden(page, "sealed"), "code": code_at(secret_on(page), clock)}
    )
    assert over.status_code == 401
    assert "หมดอายุ" in over.text


def test_who_has_an_app_cannot_set_another_by_the_password_alone(strict: SampleCollege, clock: Clock) -> None:
    thief = browser_at(strict, clock)
    sign_in(thief, "care")
    page = thief.get("/second-factor").text
    enrol(browser_at(strict, clock), clock, "care")
    answer = thief.post(
        "/second-factor/enrol", data={"sealed": hidden(page, "sealed"), "code": code_at(secret_on(page), clock)}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert thief.get("/").headers["location"] == "/login"


@pytest.mark.sqlite_files
def test_the_secret_is_sealed_and_opens_no_other_account(strict: SampleCollege, clock: Clock) -> None:
    secret = enrol(browser_at(strict, clock), clock, "care")
    assert secret.encode() not in (strict.home.settings.home / "zerodrop.db").read_bytes()
    with strict.home.database.write() as session:
        care, root = (staff.account_by_login(session, login) for login in ("care", "root"))
        assert care is not None
        assert root is not None
        root.second_factor = care.second_factor
    clock.now += timedelta(minutes=1)
    browser = browser_at(strict, clock)
    sign_in(browser, "root")
    assert browser.post("/second-factor", data={"code": code_at(secret, clock)}).status_code == 401


def test_an_advisor_may_set_one_up_and_is_asked_from_then_on(strict: SampleCollege, clock: Clock) -> None:
    browser, other = browser_at(strict, clock), browser_at(strict, clock)
    sign_in(browser, "kru.a")
    sign_in(other, "kru.a")
    before = browser.cookies[COOKIE]
    page = browser.get("/me/second-factor").text
    secret = secret_on(page)
    answer = browser.post("/me/second-factor", data={"sealed": hidden(page, "sealed"), "code": code_at(secret, clock)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/me?done=second_factor")
    assert browser.cookies[COOKIE] != before
    assert browser.get("/me").status_code == 200
    assert other.get("/me").headers["location"] == "/login"
    clock.now += timedelta(minutes=1)
    assert sign_in(other, "kru.a") == "/second-factor"
    assert other.post("/second-factor", data={"code": code_at(secret, clock)}).headers["location"] == "/"


def test_replacing_it_asks_for_the_password_again_after_ten_minutes(strict: SampleCollege, clock: Clock) -> None:
    browser = browser_at(strict, clock)
    first = enrol(browser, clock, "care")
    clock.now += timedelta(minutes=11)
    asked = browser.get("/me/second-factor").text
    assert 'action="/me/confirm"' in asked
    assert "<code>" not in asked
    assert browser.post("/me/second-factor", data={"code": "1", "sealed": "x"}).text.count("/me/confirm") == 1
    assert browser.post("/me/confirm", data={"password": WRONG}).status_code == 401
    done = browser.post("/me/confirm", data={"password": PASSWORD, "then": "//evil.example"})
    assert (done.status_code, done.headers["location"]) == (303, "/me/second-factor")
    page = browser.get("/me/second-factor").text
    second = secret_on(page)
    assert second != first
    browser.post("/me/second-factor", data={"sealed": hidden(page, "sealed"), "code": code_at(second, clock)})
    clock.now += timedelta(minutes=1)
    again = browser_at(strict, clock)
    sign_in(again, "care")
    assert again.post("/second-factor", data={"code": code_at(first, clock)}).status_code == 401
    assert again.post("/second-factor", data={"code": code_at(second, clock)}).status_code == 303


def test_after_a_reset_the_next_sign_in_sets_up_another(strict: SampleCollege, clock: Clock) -> None:
    browser = browser_at(strict, clock)
    old = enrol(browser, clock, "care")
    reset_second_factor(strict.home, "Care", actor="root")
    assert browser.get("/").headers["location"] == "/login"
    assert enrol(browser, clock, "care") != old
    with pytest.raises(UserError, match="There is no account 'nobody'"):
        reset_second_factor(strict.home, "nobody", actor="root")


def test_a_page_left_open_by_one_shows_another_no_secret(unpublished: SampleCollege, clock: Clock) -> None:
    """On the computer of the staff room: whoever came back took the secret for theirs, and the account was another's."""
    browser = browser_at(unpublished, clock)
    sign_in(browser, "kru.a")
    page = browser.get("/me/second-factor").text
    sign_in(browser, "kru.b")
    left = {"sealed": hidden(page, "sealed"), "code": code_at(secret_on(page), clock)}
    answer = browser.post("/me/second-factor", data=left)
    assert (answer.status_code, answer.headers["location"]) == (303, "/me?done=by_another")
    assert BY_ANOTHER in browser.get("/me?done=by_another").text
    assert "set second factor" not in actions(unpublished)


def test_wrong_codes_of_a_lost_app_do_not_shut_out_who_set_up_another(strict: SampleCollege, clock: Clock) -> None:
    enrol(browser_at(strict, clock), clock, "care")
    lost = browser_at(strict, clock)
    sign_in(lost, "care")
    answers = [lost.post("/second-factor", data={"code": WRONG}).status_code for _ in range(FAILURES_A_LOGIN + 1)]
    assert answers[-1] == 429
    reset_second_factor(strict.home, "care", actor="root")
    secret = enrol(browser_at(strict, clock), clock, "care")
    clock.now += timedelta(minutes=1)
    again = browser_at(strict, clock)
    sign_in(again, "care")
    assert again.post("/second-factor", data={"code": code_at(secret, clock)}).headers["location"] == "/"


def test_a_role_that_comes_to_need_one_ends_what_was_open(strict: SampleCollege, clock: Clock) -> None:
    browser = browser_at(strict, clock)
    sign_in(browser, "kru.b")
    set_role(strict.home, "kru.b", "committee", actor="root")
    assert browser.get("/").headers["location"] == "/login"
    assert sign_in(browser, "kru.b") == "/second-factor"


def test_settings_that_come_to_ask_for_one_hold_for_sessions_that_are_open(
    unpublished: SampleCollege, clock: Clock
) -> None:
    lax = Accounts(unpublished.home, now=clock)
    token = lax.sign_in(login="care", password=PASSWORD, address="10.0.0.1").token
    assert lax.principal(token) is not None
    with reopened(unpublished) as strict:
        assert Accounts(strict.home, now=clock).principal(token) is None
