"""Signing in: the same answer to every wrong try, a wait that survives a restart, sessions that end on the server."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from pwdlib import PasswordHash

from records.errors import ConfigurationGap
from records.roles import ROLE_OF
from serving.accounts import AccountRefused, Accounts, SignInRefused, create_account
from serving.passwords import (
    PasswordRefused,
    Passwords,
    common_passwords,
    hash_password,
    nobodys_hash,
    random_password,
    require_sound,
)
from serving.sessions import ABSOLUTE_LIMIT, IDLE_LIMIT
from serving.throttle import FAILURE_WINDOW, FAILURES_A_LOGIN, FAILURES_AN_ADDRESS, TooManyFailures
from tests.browser.sample_college import INSTITUTION, PASSWORD, SampleCollege
from tests.functional.signing_in import Clock

WRONG = "ไม่ใช่รหัสผ่านนี้แน่นอน"
ADDRESS = "10.0.0.9"


@pytest.fixture
def accounts(unpublished: SampleCollege, clock: Clock) -> Accounts:
    return Accounts(unpublished.home, now=clock)


def test_a_phone_that_writes_the_first_letter_large_still_signs_in(accounts: Accounts) -> None:
    token = accounts.sign_in(login=" Kru.A", password=PASSWORD, address=ADDRESS).token
    principal = accounts.principal(token)
    assert principal is not None
    assert principal.login == "kru.a"


@pytest.mark.sqlite_files
def test_tokens_are_long_random_and_not_in_the_database(accounts: Accounts, unpublished: SampleCollege) -> None:
    tokens = {accounts.sign_in(login="kru.a", password=PASSWORD, address=ADDRESS).token for _ in range(3)}
    assert len(tokens) == 3
    assert all(len(token) == 43 for token in tokens)  # 256 bits
    database = (unpublished.home.settings.home / "zerodrop.db").read_bytes()
    assert not any(token.encode() in database for token in tokens)


def test_wrong_password_and_unknown_login_get_the_same_answer(
    unpublished: SampleCollege, browser_of: Callable[..., TestClient]
) -> None:
    browser = browser_of(unpublished)
    wrong, unknown = (
        browser.post("/login", data={"login": login, "password": WRONG}) for login in ("kru.a", "nobody.here")
    )
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.text.replace("kru.a", "") == unknown.text.replace(
        "nobody.here", ""
    )  # what was typed stays in its field
    assert "set-cookie" not in wrong.headers


def test_a_mistyped_password_keeps_the_login(unpublished: SampleCollege, browser_of: Callable[..., TestClient]) -> None:
    typed = {"login": 'kru.a"><b>', "password": "wrong"}
    page = browser_of(unpublished).post("/login", data=typed).text
    assert 'name="login" value="kru.a&#34;&gt;&lt;b&gt;"' in page
    assert "wrong" not in page


def test_the_sixth_try_waits_even_with_the_right_password_and_after_a_restart(
    unpublished: SampleCollege, browser_of: Callable[..., TestClient]
) -> None:
    browser = browser_of(unpublished)
    for _ in range(FAILURES_A_LOGIN):
        assert browser.post("/login", data={"login": "kru.a", "password": WRONG}).status_code == 401
    restarted = browser_of(unpublished, address="10.0.0.2")
    answer = restarted.post("/login", data={"login": "kru.a", "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) == FAILURE_WINDOW.total_seconds()
    assert "รอ 15 นาที" in answer.text
    assert restarted.post("/login", data={"login": "kru.b", "password": PASSWORD}).status_code == 303


def test_the_wait_ends(accounts: Accounts, clock: Clock) -> None:
    for _ in range(FAILURES_A_LOGIN):
        with pytest.raises(SignInRefused):
            accounts.sign_in(login="kru.a", password=WRONG, address=ADDRESS)
    with pytest.raises(TooManyFailures):
        accounts.sign_in(login="kru.a", password=PASSWORD, address=ADDRESS)
    clock.now += FAILURE_WINDOW + timedelta(seconds=1)
    assert accounts.sign_in(login="kru.a", password=PASSWORD, address=ADDRESS)


def test_an_address_that_tries_many_logins_waits_as_well(accounts: Accounts) -> None:
    for number in range(FAILURES_AN_ADDRESS):
        with pytest.raises(SignInRefused):
            accounts.sign_in(login=f"guess{number}", password=WRONG, address=ADDRESS)
    with pytest.raises(TooManyFailures):
        accounts.sign_in(login="kru.a", password=PASSWORD, address=ADDRESS)
    assert accounts.sign_in(login="kru.a", password=PASSWORD, address="10.0.0.10")


def test_signing_in_forgets_the_failures_of_the_login(accounts: Accounts) -> None:
    for _ in range(3):
        for _ in range(FAILURES_A_LOGIN - 1):
            with pytest.raises(SignInRefused):
                accounts.sign_in(login="kru.a", password=WRONG, address=ADDRESS)
        assert accounts.sign_in(login="kru.a", password=PASSWORD, address=ADDRESS)


def test_sign_out_ends_the_session_on_the_server(
    unpublished: SampleCollege, signed_in: Callable[..., TestClient]
) -> None:
    browser = signed_in(unpublished, "kru.a")
    token = browser.cookies["__Host-session"]
    assert browser.post("/logout").headers["clear-site-data"] == '"cache", "storage"'
    browser.cookies.set("__Host-session", token, domain="testserver.local")
    assert browser.get("/", headers={"cookie": f"__Host-session={token}"}).headers["location"] == "/login"


def test_sessions_end_when_idle_and_after_a_week(accounts: Accounts, clock: Clock) -> None:
    token = accounts.sign_in(login="kru.a", password=PASSWORD, address=ADDRESS).token
    opened_at = clock.now
    while clock.now - opened_at + IDLE_LIMIT / 2 < ABSOLUTE_LIMIT:
        clock.now += IDLE_LIMIT / 2
        assert accounts.principal(token) is not None
    clock.now = opened_at + ABSOLUTE_LIMIT + timedelta(seconds=1)
    assert accounts.principal(token) is None

    idle = accounts.sign_in(login="kru.a", password=PASSWORD, address=ADDRESS).token
    clock.now += IDLE_LIMIT + timedelta(seconds=1)
    assert accounts.principal(idle) is None


def test_the_cookie_keeps_to_this_host_and_out_of_scripts(
    unpublished: SampleCollege, browser_of: Callable[..., TestClient]
) -> None:
    cookie = browser_of(unpublished).post("/login", data={"login": "kru.a", "password": PASSWORD}).headers["set-cookie"]
    name, *attributes = cookie.split("; ")
    assert name.startswith("__Host-session=")
    assert {attribute.lower() for attribute in attributes} == {"httponly", "secure", "samesite=lax", "path=/"}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"login": "kru.a"}, "There is already an account 'kru.a'. Choose another login. · มีบัญชี 'kru.a' อยู่แล้ว"),
        ({"login": "  "}, "An account needs a login. Use the staff number or a name in letters. · "),
        ({"login": "k" * 201}, "A login has at most 200 characters. Choose a shorter one. · ชื่อผู้ใช้ยาวได้ไม่เกิน 200"),
        ({"name": " \t"}, "An account needs the person's name: it stands beside every look of theirs. · บัญชีต้องมีชื่อบุคคล"),
        ({"role": "king"}, f"There is no role 'king'. Choose one of: {', '.join(ROLE_OF)}. · ไม่มีบทบาท 'king'"),
    ],
)
def test_accounts_that_cannot_be_made(unpublished: SampleCollege, changed: dict[str, str], sentence: str) -> None:
    wanted = {"login": "new", "name": "ครูใหม่", "role": "advisor", "institution": INSTITUTION, "password": PASSWORD}
    with pytest.raises(AccountRefused) as refused:
        create_account(unpublished.home, **(wanted | changed))
    assert str(refused.value).startswith(sentence)


def test_an_account_needs_a_known_institution(unpublished: SampleCollege) -> None:
    with pytest.raises(ConfigurationGap):
        create_account(
            unpublished.home, login="new", name="x", role="advisor", institution="0", password=random_password()
        )


def test_random_passwords_are_long_enough_and_differ() -> None:
    passwords = {random_password() for _ in range(20)}
    assert len(passwords) == 20
    assert all(len(password) == 23 for password in passwords)


# What a password must be


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "password_length"),
        ("ก" * 257, "password_length"),
        ("password1234", "password_common"),
        ("P@ssw0rd 1234", "password_common"),
        ("PASSWORD!!password", "password_common"),
        ("admin-password", "password_common"),
        ("สวัสดีครับ 2568", "password_common"),
        ("รหัสผ่านรหัสผ่าน", "password_common"),
        ("ยฟหหไนพก๒๕๖๘", "password_common"),  # "password" typed with the Thai layout on
        ("ฟหกดเ้่าสว1234", "password_common"),
        ("1320026101234", "password_common"),
        ("๑๒๓๔๕๖๗๘๙๐๑๒", "password_common"),
        ("abcabcabcabc", "password_common"),
        (" " * 12, "password_common"),
        ("kru.a.kru.a.kru.a", "password_login"),
        ("KruA25682569", "password_login"),
    ],
)
def test_passwords_that_are_guessed_first(password: str, why: str) -> None:
    with pytest.raises(PasswordRefused) as refused:
        require_sound(password, "kru.a" if why == "password_login" else "somchai")
    assert refused.value.why == why


@pytest.mark.parametrize(
    "password", [PASSWORD, "ก" + "ขคงจฉชซฌญฎฏ", "correct horse battery", "ไก่ 7 ตัวข้ามถนน", "x7" + "ไม้ ปลา " * 31]
)
def test_passwords_that_are_long_enough(password: str) -> None:
    require_sound(password, "kru.a")


def test_the_list_of_common_passwords_is_long_and_plain() -> None:
    assert len(common_passwords()) >= 200
    assert not any(word != word.casefold() or " " in word or "#" in word for word in common_passwords())


@pytest.mark.real_passwords
def test_a_password_counts_to_its_last_letter_and_however_it_was_composed() -> None:
    passwords, long = Passwords(), "ช้าง" * 63 + "ปลา!"
    held = passwords.hash(long)
    assert passwords.fits(long, held)
    assert not passwords.fits(long[:-1], held)
    assert not passwords.fits(long.rstrip("!") + "?", held)
    assert passwords.fits("café au lait noir", passwords.hash("cafe\u0301 au lait noir"))
    assert not passwords.fits("cafe au lait noir", passwords.hash("café au lait noir"))


def test_an_account_without_a_password_opens_to_none(accounts: Accounts, unpublished: SampleCollege) -> None:
    create_account(unpublished.home, login="new", name="ครูใหม่", role="advisor", institution=INSTITUTION)
    for password in ("", PASSWORD):
        with pytest.raises(SignInRefused):
            accounts.sign_in(login="new", password=password, address=ADDRESS)


@pytest.mark.real_passwords
def test_the_hash_of_nobody_costs_what_a_password_costs_and_fits_none() -> None:
    nobody, somebody = nobodys_hash(), hash_password("ปลาทู ว่ายน้ำ ข้ามภูเขา")
    assert [len(part) for part in nobody.split("$")] == [len(part) for part in somebody.split("$")]
    assert nobody.split("$")[:4] == somebody.split("$")[:4]
    assert nobody != nobodys_hash()
    assert not PasswordHash.recommended().verify("ปลาทู ว่ายน้ำ ข้ามภูเขา", nobody)
    assert not Passwords().fits("", "")
