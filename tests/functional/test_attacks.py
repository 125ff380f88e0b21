"""What somebody tries who means harm: cheap requests that cost us much, races, odd values, rights that are none."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from pyotp.totp import TOTP
from sqlalchemy import select

from features.catalogue import FINGERPRINT
from records.access import Principal, visible_students
from records.audit import AuditRow
from records.college import Institution
from records.ledger import StudentRow, add_institution
from records.list_pages import see_audit
from records.lists import ListEntryRow
from records.roles import Permission
from records.staff import ApiKeyRow
from serving.accounts import Accounts, SignInRefused, create_account, set_password
from serving.api_keys import principal_of_key
from serving.outbound import NotAnswered, Outbound
from serving.throttle import FAILURES_AN_ADDRESS, TooManyFailures
from tests.browser.sample_college import INSTITUTION, PASSWORD, TODAY, SampleCollege
from tests.faults.running import Running, running
from tests.functional.api_programs import key_of, program, publication_id
from tests.functional.signing_in import Clock, browser_at

SignIn = Callable[..., TestClient]
V1 = "/api/v1"
NEW_PASSWORD = "เรือใบ สีเหลือง ลอยช้าช้า"


# Who asks for much without a right to it


@pytest.mark.parametrize(
    ("scopes", "status"),
    [((), 401), (("SEE_MODELS",), 403), (("PUBLISH", "SCORE"), 422)],
    ids=["nobody", "no right", "right"],
)
@pytest.mark.parametrize("path", ["/lists", "/score"])
@pytest.mark.parametrize("told", [True, False], ids=["length told", "length not told"])
def test_a_large_body_is_read_of_those_alone_who_may_send_one(
    college: SampleCollege, browser_of: SignIn, scopes: tuple[str, ...], status: int, path: str, told: bool
) -> None:
    """JSON grows to twenty times its size where it is parsed, and that happens before anybody is asked who they are."""
    asking = program(college, *scopes) if scopes else browser_of(college)
    body = b"[" + b"[]," * 40_000  # not whole: where it is parsed that is what is said
    content = body if told else (body[start : start + 4096] for start in range(0, len(body), 4096))
    headers = {"Content-Type": "application/json", "Idempotency-Key": "0123456789"}
    answer = asking.post(f"{V1}{path}", content=content, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert ("www-authenticate" in answer.headers) == (status == 401)


def test_a_session_and_a_key_at_once_send_nothing_large(college: SampleCollege, signed_in: SignIn) -> None:
    both = signed_in(college, "care")
    headers = {"Authorization": f"Bearer {key_of(college)}", "Content-Type": "application/json"}
    assert both.post(f"{V1}/score", content=b" " * 70_000, headers=headers).status_code == 400


@pytest.mark.sqlite_files
def test_connections_that_ask_nothing_are_ended(college: SampleCollege) -> None:
    """Else as many as we take at once would shut everybody out for as long as they like."""
    with running(college.home.settings) as server, _held_open(server, 515) as idle:
        idle[0].sendall(b"GET /healthz HTTP/1.1\r\nHost: 127")  # begun, and never ended
        time.sleep(12)
        assert server.get("/healthz").status == 200
        assert all(_is_ended(one) for one in idle)


@pytest.mark.sqlite_files
def test_a_second_request_that_drips_is_given_up(college: SampleCollege) -> None:
    with running(college.home.settings) as server, server.connect() as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
        client.settimeout(20)
        client.sendall(b"G")
        while client.recv(65536):
            pass


@contextmanager
def _held_open(server: Running, number: int) -> Iterator[list[socket.socket]]:
    opened = [server.connect() for _ in range(number)]
    try:
        yield opened
    finally:
        for one in opened:
            one.close()


def _is_ended(one: socket.socket) -> bool:
    one.settimeout(0.2)
    try:
        return one.recv(65536) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_an_identity_provider_that_hangs_takes_few_of_our_threads() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        outbound = Outbound(limit_seconds=3.0)
        waited: list[float] = []

        def ask() -> None:
            began = time.monotonic()
            with pytest.raises(NotAnswered):
                outbound.ask(address)
            waited.append(time.monotonic() - began)

        asking = [threading.Thread(target=ask) for _ in range(30)]
        for one in asking:
            one.start()
        for one in asking:
            one.join()
    assert sum(seconds > 1.5 for seconds in waited) <= 8
    assert len(waited) == 30


# Values that break


@pytest.mark.parametrize(
    ("login", "path", "status"),
    [
        ("care", "/looks?before=9223372036854775808", 200),
        ("care", f"{V1}/institutions/{INSTITUTION}/lists?week=9999-W52", 200),
        ("care", f"{V1}/lists/{{publication}}/entries?group=%00", 422),
        ("root", f"{V1}/audit?cursor=f_________8", 200),
    ],
)
def test_odd_values_crash_nothing(
    college: SampleCollege, signed_in: SignIn, login: str, path: str, status: int
) -> None:
    path = path.format(publication=publication_id(college))
    assert signed_in(college, login).get(path).status_code == status


def test_an_odd_login_is_nobodys(college: SampleCollege, browser_of: SignIn) -> None:
    browser = browser_of(college)
    assert browser.post("/login", data={"login": "kru.a\x00", "password": PASSWORD}).status_code == 401
    activating = {"login": "a\x00", "code": "x", "password": NEW_PASSWORD, "again": NEW_PASSWORD}
    assert browser.post("/activate", data=activating).status_code == 401


def test_a_length_of_thousands_of_digits_is_too_large(college: SampleCollege, browser_of: SignIn) -> None:
    answer = browser_of(college).post("/login", content=b"x", headers={"Content-Length": "9" * 5000})
    assert answer.status_code == 413


def test_the_first_day_of_all_is_no_week(college: SampleCollege) -> None:
    machine = program(college, "PUBLISH")
    answer = machine.post(f"{V1}/lists", json=_one_entry(college, as_of="0001-01-01"), headers=_once())
    assert (answer.status_code, answer.json()["errors"]) == (409, [{"at": "body.as_of", "why": "not_plausible"}])


@pytest.mark.parametrize("reason", ["คำขอ\x00 12", "request\n12"])
def test_a_reason_is_one_line_of_text(college: SampleCollege, reason: str) -> None:
    machine = program(college, "MANAGE_RECORDS")
    sent = {"student_id": str(college.students["kru.a"][0]), "reason": reason}
    assert machine.post(f"{V1}/erasures", json=sent, headers=_once()).status_code == 422


def _once() -> dict[str, str]:
    return {"Idempotency-Key": uuid4().hex}


def _one_entry(college: SampleCollege, *, as_of: str) -> dict[str, Any]:
    entry = {
        "student_id": str(college.students["kru.a"][0]), "rank": 1, "band": "none", "cause": "", "logit": None,
        "ordering": 0, "cut_off": None, "listed_probability": 0, "must_see": [], "reasons": [], "missing": [],
        "unknown_domains": [], "domains": {},
    }  # fmt: skip
    return {
        "institution": INSTITUTION, "as_of": as_of, "model": "absence_rule", "catalogue_fingerprint": FINGERPRINT,
        "ledger_number": 1, "entries": [entry],
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/login", "/activate", "/language"])
def test_a_form_in_parts_is_none_of_ours(college: SampleCollege, browser_of: SignIn, path: str) -> None:
    """Its sender chooses what decodes it, and some of Python's decoders take half a second for a page of text."""
    part = b'--b\r\nContent-Disposition: form-data; name="login"\r\n\r\n' + b"a" * 60_000 + b"\r\n--b--\r\n"
    headers = {"Content-Type": "Multipart/form-data; boundary=b; charset=punycode"}
    assert browser_of(college).post(path, content=part, headers=headers).status_code == 415


# Signing in


def test_a_password_that_was_replaced_while_it_was_compared_opens_nothing(
    unpublished: SampleCollege, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Comparing takes a tenth of a second and waits for its turn; all sessions were ended meanwhile."""
    accounts = Accounts(unpublished.home, now=clock)
    fits = accounts._passwords.fits

    def fits_and_is_replaced(password: str, held: str) -> bool:
        fitted = fits(password, held)
        set_password(unpublished.home, login="kru.a", password=NEW_PASSWORD)
        return fitted

    monkeypatch.setattr(accounts._passwords, "fits", fits_and_is_replaced)
    with pytest.raises(SignInRefused):
        accounts.sign_in(login="kru.a", password=PASSWORD, address="10.0.0.9")


def test_a_password_that_was_replaced_meanwhile_is_not_changed_back(
    unpublished: SampleCollege, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = Accounts(unpublished.home, now=clock)
    token = accounts.sign_in(login="kru.a", password=PASSWORD, address="10.0.0.9").token
    fits = accounts._passwords.fits

    def fits_and_is_replaced(password: str, held: str) -> bool:
        fitted = fits(password, held)
        set_password(unpublished.home, login="kru.a", password=NEW_PASSWORD)
        return fitted

    with monkeypatch.context() as changed:
        changed.setattr(accounts._passwords, "fits", fits_and_is_replaced)
        with pytest.raises(SignInRefused):
            accounts.change_password(token, current=PASSWORD, new="ผู้ร้าย ตั้งรหัส ใหม่เอง", address="10.0.0.9")
    assert accounts.sign_in(login="kru.a", password=NEW_PASSWORD, address="10.0.0.9").complete


def test_a_session_that_was_ended_sets_up_no_second_factor(unpublished: SampleCollege, clock: Clock) -> None:
    accounts = Accounts(unpublished.home, now=clock)
    token = accounts.sign_in(login="kru.a", password=PASSWORD, address="10.0.0.9").token
    principal = accounts.principal(token)
    assert principal is not None
    assert principal.account_id is not None
    shown = accounts.second_factor.enrolment(principal.account_id, "kru.a")
    code = TOTP(shown.secret).at(clock())
    set_password(unpublished.home, login="kru.a", password=NEW_PASSWORD)
    assert accounts.second_factor.enrol_own(token, "kru.a", shown.sealed, code) is None
    assert not accounts.own(principal).has_second_factor


def test_a_network_of_many_addresses_is_one(unpublished: SampleCollege, clock: Clock) -> None:
    """Whoever has one address of IPv6 has 2^64 of them."""
    accounts = Accounts(unpublished.home, now=clock)
    for number in range(FAILURES_AN_ADDRESS):
        with pytest.raises(SignInRefused):
            accounts.sign_in(login=f"guess{number}", password="x", address=f"2001:db8:1:2::{number:x}")
    with pytest.raises(TooManyFailures):
        accounts.sign_in(login="kru.b", password=PASSWORD, address="2001:db8:1:2:ffff::1")
    assert accounts.sign_in(login="kru.b", password=PASSWORD, address="2001:db8:1:3::1").complete


@pytest.mark.parametrize("login", ["key:0123456789ab", "kru\nc"])
def test_no_account_passes_for_a_machine_or_breaks_a_line(unpublished: SampleCollege, login: str) -> None:
    with pytest.raises(Exception, match="login"):
        create_account(
            unpublished.home, login=login, name="ครู", role="advisor", institution=INSTITUTION, password=PASSWORD
        )


def test_the_log_repeats_no_word_of_the_asker(
    college: SampleCollege, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    assert browser_at(college, clock).request("SOMCHAI-JAIDEE", "/login").status_code == 405
    assert "SOMCHAI" not in capsys.readouterr().out


# Rights


def test_a_machine_without_a_right_to_students_is_let_see_none(college: SampleCollege, clock: Clock) -> None:
    """By the second layer as well: a session of the database that acts for it is handed no row (PostgreSQL)."""
    principal = principal_of_key(college.home, key_of(college, "SEE_MODELS"), clock())
    assert principal is not None
    assert _students_of(college, principal) == (0, 0)
    everybody = principal_of_key(college.home, key_of(college, "SEE_ALL_STUDENTS"), clock())
    assert everybody is not None
    assert min(_students_of(college, everybody)) > 0


def _students_of(college: SampleCollege, principal: Principal) -> tuple[int, int]:
    """How many students our own rule lets it see, and (on SQLite the same again) how many the database does."""
    with college.home.database.read(principal.acting) as session:
        ours = len(session.scalars(visible_students(principal, TODAY)).all())
        if college.home.database.is_sqlite:
            return ours, len(principal.acting.institutions)
        return ours, len(session.scalars(select(StudentRow)).all()) + len(session.scalars(select(ListEntryRow)).all())


def test_a_look_at_the_trail_is_recorded_at_each_institution_it_showed(college: SampleCollege, clock: Clock) -> None:
    other = "1320026102"
    add_institution(college.home.database, Institution(code=other, name_th="อีกแห่ง", name_en="Another"))
    create_account(college.home, login="far", name="ครู", role="data_steward", institution=other, password=PASSWORD)
    principal = principal_of_key(college.home, key_of(college, "SEE_AUDIT"), clock())
    assert principal is not None
    assert Permission.SEE_AUDIT in principal.permissions
    both = Principal(**{**vars(principal), "institutions": frozenset({INSTITUTION, other})})
    see_audit(college.home, both, student_id=None, limit=200, before=None)
    with college.home.database.read() as session:
        looks = session.scalars(select(AuditRow.institution).where(AuditRow.action == "see audit")).all()
    assert sorted(looks) == [INSTITUTION, other]


def test_who_may_not_publish_any_more_is_told_nothing_of_an_earlier_answer(college: SampleCollege) -> None:
    headers, list_id = _once(), publication_id(college)
    machine = program(college, "PUBLISH")
    assert machine.post(f"{V1}/lists/{list_id}:restore", headers=headers).status_code == 200
    key_id = machine.headers["Authorization"].split("_")[1]
    with college.home.database.write() as session:
        key = session.get(ApiKeyRow, key_id)
        assert key is not None
        key.scopes = ["SEE_MODELS"]
    assert machine.post(f"{V1}/lists/{list_id}:restore", headers=headers).status_code == 403


def test_whoever_is_refused_leaves_a_trace(college: SampleCollege) -> None:
    machine, student = program(college, "SEE_MODELS"), str(college.students["kru.a"][0])
    tried = [
        machine.get(f"{V1}/audit"),
        machine.post(f"{V1}/lists/{publication_id(college)}:restore", headers=_once()),
        machine.post(f"{V1}/erasures", headers=_once(), json={"student_id": student, "reason": "คำขอที่ 1"}),
    ]
    assert [answer.status_code for answer in tried] == [403, 403, 403]
    with college.home.database.read() as session:
        actions = session.scalars(select(AuditRow.action).order_by(AuditRow.id.desc()).limit(3)).all()
    assert actions == ["refused erasure", "refused publishing", "refused audit"]
