"""One's own account: where one is signed in, a new password, and what ends which sessions."""

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from records import sign_ins
from serving.accounts import set_active
from serving.browsers import browser_name
from serving.sessions import IDLE_LIMIT, Sessions
from serving.throttle import FAILURES_A_LOGIN
from tests.browser.sample_college import PASSWORD, SampleCollege
from tests.functional.signing_in import COOKIE, Clock, actions, browser_at, hidden, sign_in

NEW = "ปลาทู ว่ายน้ำ ข้ามภูเขา"
PHONE = "Mozilla/5.0 (Linux; Android 14; SM-A155F) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36"
DESK = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def desk(unpublished: SampleCollege, clock: Clock) -> TestClient:
    browser = browser_at(unpublished, clock, **{"user-agent": DESK})
    sign_in(browser, "kru.a")
    return browser


@pytest.fixture
def phone(unpublished: SampleCollege, clock: Clock) -> TestClient:
    browser = browser_at(unpublished, clock, **{"user-agent": PHONE})
    sign_in(browser, "kru.a")
    return browser


def is_in(browser: TestClient) -> bool:
    return browser.get("/me").status_code == 200


def test_the_list_of_own_sessions(
    unpublished: SampleCollege, desk: TestClient, phone: TestClient, clock: Clock
) -> None:
    sign_in(browser_at(unpublished, clock, **{"user-agent": "curl/8"}), "kru.b")
    page = desk.get("/me").text
    rows = re.findall(r"<li>(.*?)</li>", page, re.DOTALL)
    assert len(rows) == 2
    this, other = sorted(rows, key=lambda row: "เครื่องนี้" not in row)
    assert "Firefox, Windows" in this
    assert "Chrome, Android" in other
    assert "ใช้ล่าสุด" in other
    assert 'name="session"' not in this
    assert desk.cookies[COOKIE] not in page
    assert 'href="/looks"' in page
    assert 'href="/me"' in page


def test_one_session_is_closed_from_another(desk: TestClient, phone: TestClient) -> None:
    [session] = re.findall(r'name="session" value="([^"]+)"', desk.get("/me").text)
    answer = desk.post("/me/sessions/close", data={"session": session})
    assert (answer.status_code, answer.headers["location"]) == (303, "/me?done=sessions")
    assert is_in(desk)
    assert not is_in(phone)


def test_all_others_are_closed_at_once(
    unpublished: SampleCollege, desk: TestClient, phone: TestClient, clock: Clock
) -> None:
    foreign = browser_at(unpublished, clock)
    sign_in(foreign, "kru.b")
    desk.post("/me/sessions/close")
    assert (is_in(desk), is_in(phone), is_in(foreign)) == (True, False, True)
    assert "close own sessions" in actions(unpublished)


def test_anothers_session_stays_open(unpublished: SampleCollege, desk: TestClient, clock: Clock) -> None:
    other, second = browser_at(unpublished, clock), browser_at(unpublished, clock)
    sign_in(other, "kru.b")
    sign_in(second, "kru.b")
    [session] = re.findall(r'name="session" value="([^"]+)"', second.get("/me").text)
    desk.post("/me/sessions/close", data={"session": session})
    assert is_in(other)
    assert desk.post("/me/sessions/close", data={"session": "1 OR 1=1"}).status_code == 422
    assert is_in(second)


def test_a_new_password_asks_for_the_old_and_ends_the_other_sessions(
    unpublished: SampleCollege, desk: TestClient, phone: TestClient, clock: Clock
) -> None:
    form = {"current": PASSWORD, "password": NEW, "again": NEW}
    page = desk.get("/me/password").text
    assert 'autocomplete="current-password"' in page
    for changed, status in (
        ({"current": NEW}, 401),
        ({"password": "password1234", "again": "password1234"}, 400),
        ({"password": "kru.a kru.a kru.a", "again": "kru.a kru.a kru.a"}, 400),
        ({"again": PASSWORD}, 400),
    ):
        assert desk.post("/me/password", data=form | changed).status_code == status
    assert is_in(phone)
    answer = desk.post("/me/password", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/me?done=password")
    assert (is_in(desk), is_in(phone)) == (True, False)
    fresh = browser_at(unpublished, clock)
    assert fresh.post("/login", data={"login": "kru.a", "password": PASSWORD}).status_code == 401
    assert sign_in(fresh, "kru.a", NEW) == "/"
    assert "change password" in actions(unpublished)


def test_a_new_password_that_is_sent_twice_is_set_once_and_refused_neither_time(
    unpublished: SampleCollege, desk: TestClient, clock: Clock
) -> None:
    """A second tap on a slow network, or the answer lost: "the current password is wrong" made it seem unchanged."""
    form = {"current": PASSWORD, "password": NEW, "again": NEW}
    for _ in range(2):
        answer = desk.post("/me/password", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/me?done=password")
    assert actions(unpublished).count("change password") == 1
    assert desk.post("/me/password", data=form | {"password": "อีกประโยคหนึ่ง", "again": "อีกประโยคหนึ่ง"}).status_code == 401
    assert sign_in(browser_at(unpublished, clock), "kru.a", NEW) == "/"


def test_a_form_left_open_by_one_changes_nothing_of_another(unpublished: SampleCollege, clock: Clock) -> None:
    browser = browser_at(unpublished, clock)
    sign_in(browser, "kru.a")
    form = {"username": hidden(browser.get("/me/password").text, "username"), "current": PASSWORD}
    sign_in(browser, "kru.b")
    answer = browser.post("/me/password", data=form | {"password": NEW, "again": NEW})
    assert (answer.status_code, answer.headers["location"]) == (303, "/me?done=by_another")
    assert sign_in(browser_at(unpublished, clock), "kru.b") == "/"
    sign_in(browser, "kru.a")
    changed = browser.post("/me/password", data=form | {"password": NEW, "again": NEW})
    assert changed.headers["location"] == "/me?done=password"


def test_guessing_the_old_password_in_an_open_session_has_to_wait(desk: TestClient) -> None:
    form = {"current": "ไม่ใช่รหัสผ่านนี้แน่นอน", "password": NEW, "again": NEW}
    for _ in range(FAILURES_A_LOGIN):
        assert desk.post("/me/password", data=form).status_code == 401
    answer = desk.post("/me/password", data=form | {"current": PASSWORD})
    assert answer.status_code == 429
    assert "retry-after" in answer.headers


def test_a_closed_account_is_out_at_once(unpublished: SampleCollege, desk: TestClient, phone: TestClient) -> None:
    set_active(unpublished.home, "kru.a", active=False, actor="root")
    assert not is_in(desk)
    set_active(unpublished.home, "kru.a", active=True, actor="root")
    assert not is_in(desk)  # opened again it still has to sign in
    assert not is_in(phone)
    assert sign_in(desk, "kru.a") == "/"


def test_signing_in_over_a_session_ends_the_one_before(unpublished: SampleCollege, clock: Clock) -> None:
    browser = browser_at(unpublished, clock)
    sign_in(browser, "kru.a")
    first = browser.cookies[COOKIE]
    sign_in(browser, "kru.a")
    assert browser.cookies[COOKIE] != first
    assert browser.get("/me", headers={"cookie": f"{COOKIE}={first}"}).headers["location"] == "/login"


def test_a_session_nobody_chose_is_never_taken_on(unpublished: SampleCollege, clock: Clock) -> None:
    browser = browser_at(unpublished, clock)
    browser.cookies.set(COOKIE, "chosen-by-somebody-else", domain="testserver.local")
    answer = browser.post("/login", data={"login": "kru.a", "password": PASSWORD})
    assert "chosen-by-somebody-else" not in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    "path", ["/me/sessions/close", "/me/password", "/me/confirm", "/me/second-factor", "/me/unlink", "/activate",
             "/second-factor", "/second-factor/enrol"],
)  # fmt: skip
@pytest.mark.parametrize(
    "headers", [{"sec-fetch-site": "cross-site"}, {"origin": "null"}, {"origin": "https://evil.example"}]
)
def test_forms_of_other_sites_are_refused(desk: TestClient, path: str, headers: dict[str, str]) -> None:
    assert desk.post(path, data={"current": PASSWORD}, headers=headers).status_code == 403


@pytest.mark.parametrize("path", ["/me", "/me/password", "/me/second-factor"])
def test_own_pages_need_a_session_and_are_kept_by_nobody(
    unpublished: SampleCollege, desk: TestClient, clock: Clock, path: str
) -> None:
    assert desk.get(path).headers["cache-control"] == "no-store"
    assert browser_at(unpublished, clock).get(path).headers["location"] == "/login"


def test_who_was_signed_out_meanwhile_is_told_so(unpublished: SampleCollege, clock: Clock) -> None:
    """Whoever had sent a form found an empty sign-in page, and took what was typed for kept."""
    browser = browser_at(unpublished, clock)
    over = "การเข้าสู่ระบบครั้งก่อนสิ้นสุดแล้ว (ไม่ได้ใช้ 8 ชั่วโมงระบบจะให้ออก และรอรหัสจากแอปเพียง 10 นาที)"
    assert over not in browser.get("/login").text
    sign_in(browser, "kru.a")
    clock.now += IDLE_LIMIT + timedelta(minutes=1)
    form = {"current": PASSWORD, "password": NEW, "again": NEW}
    assert browser.post("/me/password", data=form).headers["location"] == "/login"
    assert over in browser.get("/login").text
    assert sign_in(browser, "kru.a") == "/"  # the old password: nothing was kept
    browser.post("/logout")
    assert over not in browser.get("/login").text


def test_unknown_notices_say_nothing(desk: TestClient) -> None:
    for path in ("/me?done=<b>x", "/me?done=title"):
        answer = desk.get(path)
        assert answer.status_code == 200
        assert 'role="status"' not in answer.text


def test_idle_sessions_leave_the_list(
    unpublished: SampleCollege, desk: TestClient, phone: TestClient, clock: Clock
) -> None:
    clock.now += timedelta(hours=5)
    assert is_in(desk)
    clock.now += timedelta(hours=4)
    assert len(re.findall(r"<li>", desk.get("/me").text)) == 1


def test_many_are_recognized_in_one_transaction_and_nobody_for_another(
    unpublished: SampleCollege, clock: Clock
) -> None:
    sessions = Sessions(unpublished.home, now=clock)
    with unpublished.home.database.write() as session:
        kru = {login: sign_ins.locked_account(session, login) for login in ("kru.a", "kru.b")}
        login_of = {
            sessions.open(session, account, browser="", complete=complete).token: login if complete else None
            for login, account in kru.items()
            if account is not None
            for complete in (*[True] * 10, False)
        }
        session.flush()
        found = sessions.principals_in(session, {*login_of, "nobody's"})
        alone = {token: sessions.principals_in(session, {token}).get(token) for token in login_of}
    assert {token: one.login for token, one in found.items()} == {of: who for of, who in login_of.items() if who}
    assert {token: one and one.login for token, one in alone.items()} == login_of


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (PHONE, "Chrome, Android"),
        (DESK, "Firefox, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Version/4.0 Chrome/130.0 Mobile Safari/537.36 Line/14.1", "LINE, Android"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0", "Edge, Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18 Safari/605.1.15", "Safari, macOS"),
        ("<script>alert(1)</script>", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_browsers_are_told_in_fixed_words(sent: str, told: str) -> None:
    assert browser_name(sent) == told
