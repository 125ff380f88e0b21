"""Activation codes: one use, two weeks, only a hash kept; a new password by one skips no second factor."""

import re
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from records import staff
from serving.accounts import Accounts, create_account, give_code, set_active, set_password
from serving.activation import CODE_LIFE, ActivationRefused
from serving.passwords import random_password
from serving.throttle import FAILURES_A_LOGIN
from tests.browser.sample_college import INSTITUTION, PASSWORD, SampleCollege
from tests.functional.command_fixtures import call, query
from tests.functional.signing_in import Clock, browser_at, code_at, enrol, reopened, sign_in

NEW = "ปลาทู ว่ายน้ำ ข้ามภูเขา"


@pytest.fixture
def code(unpublished: SampleCollege, clock: Clock) -> str:
    """A code for a new advisor."""
    create_account(unpublished.home, login="kru.new", name="ครูใหม่", role="advisor", institution=INSTITUTION)
    return give_code(unpublished.home, "kru.new", actor="root", now=clock.now)


def form(code: str, **others: str) -> dict[str, str]:
    return {"login": "Kru.New", "code": code, "password": NEW, "again": NEW} | others


def test_a_code_opens_the_account_once(unpublished: SampleCollege, clock: Clock, code: str) -> None:
    browser = browser_at(unpublished, clock)
    page = browser.get("/activate").text
    assert page.count('autocomplete="new-password"') == 2
    answer = browser.post("/activate", data=form(code))
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?done=activated")
    assert "set-cookie" not in answer.headers  # nobody is signed in by it
    assert "ตั้งรหัสผ่านแล้ว" in browser.get("/login?done=activated").text
    assert sign_in(browser, "kru.new", NEW) == "/"
    again = browser.post("/activate", data=form(code, password=PASSWORD, again=PASSWORD))
    assert again.status_code == 401
    assert "ถ้าเพิ่งตั้งรหัสผ่านเมื่อครู่ ให้เข้าสู่ระบบด้วยรหัสผ่านนั้น" in again.text  # a second tap gets this answer
    assert sign_in(browser_at(unpublished, clock), "kru.new", NEW) == "/"


def test_a_code_is_typed_as_people_type(unpublished: SampleCollege, clock: Clock, code: str) -> None:
    typed = code.upper().replace("-", " ")
    assert browser_at(unpublished, clock).post("/activate", data=form(typed)).status_code == 303


def test_a_code_ends_after_two_weeks(unpublished: SampleCollege, clock: Clock, code: str) -> None:
    browser = browser_at(unpublished, clock)
    clock.now += CODE_LIFE + timedelta(seconds=1)
    assert browser.post("/activate", data=form(code)).status_code == 401
    clock.now -= timedelta(seconds=2)
    assert browser.post("/activate", data=form(code)).status_code == 303


def test_a_new_code_ends_the_one_before(unpublished: SampleCollege, clock: Clock, code: str) -> None:
    newer = give_code(unpublished.home, "kru.new", actor="root", now=clock.now)
    browser = browser_at(unpublished, clock)
    assert browser.post("/activate", data=form(code)).status_code == 401
    assert browser.post("/activate", data=form(newer)).status_code == 303


def test_unknown_login_wrong_used_and_old_codes_get_the_same_answer(
    unpublished: SampleCollege, clock: Clock, code: str
) -> None:
    browser = browser_at(unpublished, clock)
    wrong = browser.post("/activate", data=form(random_password()))
    unknown = browser.post("/activate", data=form(code, login="nobody.here"))
    none_given = browser.post("/activate", data=form("", login="kru.a"))
    texts = {answer.text.replace(login, "") for answer, login in (
        (wrong, "kru.new"), (unknown, "nobody.here"), (none_given, "kru.a"),
    )}  # fmt: skip
    assert len(texts) == 1
    assert {answer.status_code for answer in (wrong, unknown, none_given)} == {401}


@pytest.mark.parametrize(
    ("password", "again", "sentence"),
    [
        ("short", "short", "12 ถึง 256"),
        ("password1234", "password1234", "เดาได้ง่าย"),
        ("kru.new kru.new", "kru.new kru.new", "แทบจะเป็นชื่อผู้ใช้"),
        (NEW, PASSWORD, "ไม่ตรงกัน"),
    ],
)
def test_a_weak_password_is_refused_and_the_code_stays_good(
    unpublished: SampleCollege, clock: Clock, code: str, password: str, again: str, sentence: str
) -> None:
    browser = browser_at(unpublished, clock)
    answer = browser.post("/activate", data=form(code, password=password, again=again))
    assert answer.status_code == 400
    assert sentence in answer.text
    assert password not in answer.text
    assert browser.post("/activate", data=form(code)).status_code == 303


def test_a_mistyped_password_keeps_what_else_was_typed(unpublished: SampleCollege, clock: Clock, code: str) -> None:
    """A code has twenty-three characters; a page is kept by nobody."""
    browser = browser_at(unpublished, clock)
    for others in ({"again": PASSWORD}, {"password": "123456789012", "again": "123456789012"}):
        refused = browser.post("/activate", data=form(code, **others))
        assert (refused.status_code, refused.headers["cache-control"]) == (400, "no-store")
        assert f'name="code" value="{code}"' in refused.text
        assert 'name="login" value="kru.new"' in refused.text
        assert "123456789012" not in refused.text
        assert PASSWORD not in refused.text
    assert 'name="code" value=""' in browser.post("/activate", data=form("wrong")).text


def test_guessing_codes_has_to_wait_also_after_a_restart(unpublished: SampleCollege, clock: Clock, code: str) -> None:
    for _ in range(FAILURES_A_LOGIN):
        assert browser_at(unpublished, clock).post("/activate", data=form(random_password())).status_code == 401
    answer = browser_at(unpublished, clock, address="10.0.0.2").post("/activate", data=form(code))
    assert answer.status_code == 429
    assert "รอ 15 นาที" in answer.text


def test_a_forgotten_password_is_set_anew_and_everything_open_ends(unpublished: SampleCollege, clock: Clock) -> None:
    browser = browser_at(unpublished, clock)
    sign_in(browser, "kru.a")
    code = give_code(unpublished.home, "kru.a", actor="root", now=clock.now)
    assert browser.get("/me").status_code == 200  # until the code is used the old password holds
    assert browser.post("/activate", data=form(code, login="kru.a")).status_code == 303
    assert browser.get("/me").headers["location"] == "/login"
    assert browser.post("/login", data={"login": "kru.a", "password": PASSWORD}).status_code == 401
    assert sign_in(browser, "kru.a", NEW) == "/"


def test_a_new_password_by_a_code_skips_no_second_factor(unpublished: SampleCollege, clock: Clock) -> None:
    with reopened(unpublished) as strict:
        secret = enrol(browser_at(strict, clock), clock, "care")
        code = give_code(strict.home, "care", actor="root", now=clock.now)
        browser = browser_at(strict, clock)
        assert browser.post("/activate", data=form(code, login="care")).status_code == 303
        assert sign_in(browser, "care", NEW) == "/second-factor"
        assert 'action="/second-factor"' in browser.get("/second-factor").text
        assert browser.get("/").headers["location"] == "/login"
        clock.now += timedelta(minutes=1)
        assert browser.post("/second-factor", data={"code": code_at(secret, clock)}).headers["location"] == "/"


def test_a_closed_account_is_not_opened_by_a_code(unpublished: SampleCollege, clock: Clock, code: str) -> None:
    set_active(unpublished.home, "kru.new", active=False, actor="root")
    later = give_code(unpublished.home, "kru.new", actor="root", now=clock.now)
    for one in (code, later):
        assert browser_at(unpublished, clock).post("/activate", data=form(one)).status_code == 401


def test_a_password_that_is_set_ends_the_code(unpublished: SampleCollege, clock: Clock, code: str) -> None:
    set_password(unpublished.home, login="kru.new", password=PASSWORD)
    assert browser_at(unpublished, clock).post("/activate", data=form(code)).status_code == 401


def test_two_at_once_use_a_code_once(unpublished: SampleCollege, clock: Clock, code: str) -> None:
    accounts, ends = Accounts(unpublished.home, now=clock), []

    def use(number: int) -> None:
        try:
            accounts.activation.activate(login="kru.new", code=code, password=f"{NEW} {number}", address="10.0.0.1")
            ends.append(number)
        except ActivationRefused:
            ends.append(-1)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [winner] = [number for number in ends if number >= 0]
    assert len(ends) == 3
    assert accounts.sign_in(login="kru.new", password=f"{NEW} {winner}", address="10.0.0.1").complete


@pytest.mark.sqlite_files
def test_the_code_is_neither_kept_nor_logged(unpublished: SampleCollege, code: str) -> None:
    kept = (unpublished.home.settings.home / "zerodrop.db").read_bytes()
    assert code.encode() not in kept
    assert code.replace("-", "").encode() not in kept
    with unpublished.home.database.read() as session:
        row = staff.account_by_login(session, "kru.new")
        assert row is not None
        assert row.activation_hash is not None
        assert len(row.activation_hash) == 32


def test_set_up_prints_codes_and_no_passwords(tmp_path: Path) -> None:
    workbook, home = tmp_path / "college.xlsx", tmp_path / "var"
    call("init", "--template", workbook)
    said = call("init", "--from", workbook, "--home", home)
    codes = dict(re.findall(r"^  (\S+): ([a-z2-9]{5}(?:-[a-z2-9]{5}){3})$", said.out, re.MULTILINE))
    assert set(codes) == {login for (login,) in query(home, "select login from account")}
    assert codes
    assert "open /activate, type login + code, choose a password" in said.out
    assert "เปิดหน้า /activate" in said.out
    assert query(home, "select count(*) from account where password_hash != ''") == [(0,)]
    again = call("init", "--from", workbook, "--home", home)
    assert "/activate" not in again.out  # nobody is new
