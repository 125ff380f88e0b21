"""`zerodrop account …`: every change is recorded, codes and keys are shown once, mistakes have a sentence."""

from pathlib import Path

import pytest

from records.settings import Settings
from records.staff import account_by_login
from tests.browser.sample_college import INSTITUTION, SampleCollege
from tests.functional.command_fixtures import Said, call, query
from tests.functional.signing_in import Clock, actions, browser_at, enrol, reopened, sign_in

pytestmark = pytest.mark.sqlite_files  # what was stored is looked up in the file
PASSWORD = "ปลาทู ว่ายน้ำ ข้ามภูเขา"


@pytest.fixture
def at(unpublished: SampleCollege) -> Path:
    return unpublished.home.settings.home


def account(at: Path, *words: str) -> Said:
    return call("account", *words, "--home", at)


@pytest.mark.real_passwords
def test_from_a_new_account_to_its_end(unpublished: SampleCollege, at: Path) -> None:
    made = account(at, "add", "Kru.New", "--name", "ครูใหม่ ใจดี", "--role", "advisor", "--json").document
    assert (made["login"], made["institution"]) == ("kru.new", INSTITUTION)
    browser = browser_at(unpublished, Clock())
    form = {"login": "kru.new", "code": made["activation_code"], "password": PASSWORD, "again": PASSWORD}
    assert browser.post("/activate", data=form).status_code == 303
    assert sign_in(browser, "kru.new", PASSWORD) == "/"

    assert "kru.new: ปิดบัญชีแล้ว · disabled" in account(at, "disable", "kru.new").out
    assert browser.get("/").headers["location"] == "/login"
    assert browser.post("/login", data={"login": "kru.new", "password": PASSWORD}).status_code == 401
    assert account(at, "enable", "kru.new").code == 0
    assert sign_in(browser, "kru.new", PASSWORD) == "/"

    assert account(at, "role", "kru.new", "director").code == 0
    assert browser.get("/").headers["location"] == "/login"
    code = account(at, "code", "kru.new", "--json").document["activation_code"]
    assert code != made["activation_code"]
    assert "there was no app to forget; signed out everywhere" in account(at, "second-factor", "kru.new", "--reset").out
    done = actions(unpublished)
    for action in (
        "create account",
        "give activation code",
        "disable account",
        "enable account",
        "set role",
        "reset second factor",
    ):
        assert action in done
    actors = {actor for (actor,) in query(at, "select actor from audit where action = 'set role'")}
    assert all(actor.startswith("command line: ") for actor in actors)


@pytest.mark.parametrize(
    ("role", "told"), [("advisor", True), ("department_head", True), ("committee", False), ("admin", False)]
)
def test_who_sees_nobody_without_a_class_group_is_told_where_it_is_entered(at: Path, role: str, told: bool) -> None:
    said = account(at, "add", "kru.new", "--name", "ครูใหม่  ใจดี ", "--role", role).out
    assert ("run zerodrop init --from again" in said) is told
    assert query(at, "select name from account where login = 'kru.new'") == [("ครูใหม่ ใจดี",)]


def test_after_a_lost_phone_the_administrator_is_told_what_was_done_and_what_is_still_to_do(
    unpublished: SampleCollege, at: Path
) -> None:
    with reopened(unpublished) as strict:
        enrol(browser_at(strict, Clock()), Clock(), "care")
    assert account(at, "second-factor", "care").out == "care: ตั้งแอปไว้แล้ว · an app is set up\n"
    said = account(at, "code", "Care").out  # the wrong turn: a new password does not replace the app
    assert "it is still asked for its authenticator app" in said
    assert "zerodrop account second-factor care --reset" in said
    assert "the next sign-in sets up another" in account(at, "second-factor", "care", "--reset").out
    assert account(at, "second-factor", "care").out == "care: ไม่มีแอป · no app\n"
    assert "authenticator" not in account(at, "code", "care").out
    account(at, "disable", "care")
    assert "zerodrop account enable care" in account(at, "code", "care").out


def test_who_needs_no_app_signs_in_without_one_after_a_reset(unpublished: SampleCollege, at: Path) -> None:
    with unpublished.home.database.write() as session:
        advisor = account_by_login(session, "kru.a")
        assert advisor is not None
        advisor.second_factor = b"sealed"
    said = account(at, "second-factor", "kru.a", "--reset").out
    assert "the next sign-in asks for the password alone; another app is set up under My account" in said


WITHOUT = "this institution has no open administrator account left"


def test_closing_the_last_administrator_is_done_and_said(unpublished: SampleCollege, at: Path) -> None:
    """Done, because an account in wrong hands must be closed at once; said, with the way back."""
    assert WITHOUT not in account(at, "disable", "kru.a").out
    said = account(at, "disable", "Root").out
    assert WITHOUT in said
    assert "ไม่มีบัญชีผู้ดูแลระบบที่เปิดอยู่แล้ว" in said
    assert "zerodrop account enable root" in said
    assert WITHOUT not in account(at, "disable", "root").out  # it was closed before
    assert WITHOUT not in account(at, "enable", "root").out
    told = account(at, "role", "root", "director", "--json").document
    assert told == {"login": "root", "role": "director", "last_administrator": True}


def test_one_of_two_administrators_goes_without_a_warning(at: Path) -> None:
    account(at, "role", "care", "admin")
    assert WITHOUT not in account(at, "role", "root", "admin").out
    assert WITHOUT not in account(at, "disable", "root").out
    assert WITHOUT in account(at, "role", "care", "committee").out


def test_the_list_of_accounts(at: Path) -> None:
    told = {one["login"]: one for one in account(at, "list", "--json").document["accounts"]}
    assert told["kru.a"] == {
        "login": "kru.a", "name": "ครูkru.a", "role": "advisor", "institution": INSTITUTION, "active": True,
        "has_password": True, "has_second_factor": False, "links": 0,
    }  # fmt: skip
    account(at, "add", "new", "--name", "ครู", "--role", "advisor")
    said = account(at, "list").out
    assert "ยังไม่เปิดใช้ · not activated" in said
    assert "hash" not in said


def test_links(at: Path) -> None:
    assert account(at, "link", "kru.a", "--subject", "s1", "--issuer", "https://id.example").code == 0
    assert account(at, "link", "kru.a", "--subject", "s1", "--issuer", "https://id.example").code == 0
    said = account(at, "link", "kru.b", "--subject", "s1", "--issuer", "https://id.example")
    assert said.code == 2
    assert "linked to another account already" in said.err
    assert query(at, "select issuer, subject from account_link") == [("https://id.example", "s1")]
    assert account(at, "link", "kru.a", "--subject", "s2").code == 2  # no provider is set, none is named
    assert account(at, "link", "kru.a").code == 2
    assert account(at, "link", "kru.a", "--remove").code == 0
    assert query(at, "select * from account_link") == []


def test_keys_from_making_to_revoking(at: Path) -> None:
    made = account(
        at, "key", "make", "--label", "SIS", "--scope", "PUBLISH", "--scope", "SCORE", "--days", "7", "--json"
    )
    key = made.document["key"]
    [told] = account(at, "key", "list", "--json").document["keys"]
    assert (told["label"], told["scopes"], told["institutions"]) == ("SIS", ["PUBLISH", "SCORE"], [INSTITUTION])
    listed = account(at, "key", "list").out
    assert told["id"] in listed
    assert key.split("_", 2)[2] not in listed
    assert account(at, "key", "revoke", told["id"]).code == 0
    assert "เพิกถอน · revoked" in account(at, "key", "list").out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("add", "kru.a", "--name", "x", "--role", "advisor"), "There is already an account 'kru.a'."),
        (("add", "new", "--name", "x", "--role", "king"), "There is no role 'king'."),
        (("code", "nobody"), "There is no account 'nobody'."),
        (("disable", "nobody"), "There is no account 'nobody'."),
        (("role", "kru.a", "king"), "There is no role 'king'."),
        (("second-factor", "nobody"), "There is no account 'nobody'."),
        (("key", "make", "--label", "x", "--scope", "MANAGE_ACCOUNTS"), "'MANAGE_ACCOUNTS' is no scope"),
        (("key", "revoke", "nothing"), "There is no key 'nothing'."),
    ],
)
def test_mistakes_have_a_sentence_in_both_languages(at: Path, words: tuple[str, ...], sentence: str) -> None:
    said = account(at, *words)
    assert said.code == 2
    assert said.err.startswith(sentence)
    assert any("\u0e01" <= letter <= "\u0e5b" for letter in said.err)
    assert "Traceback" not in said.err


def test_the_second_factor_is_on_by_default_for_who_sees_more_than_a_group() -> None:
    assert "admin" in Settings().second_factor_roles
    assert "advisor" not in Settings().second_factor_roles
