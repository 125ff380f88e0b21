"""Everybody who may ask the service: nobody, an account of each role, and a machine's key with each scope alone."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from features.catalogue import FINGERPRINT
from records import sign_ins, staff
from records.lists import PublicationRow
from records.roles import ROLES
from records.staff import AccountRow
from serving.api_keys import MACHINE_SCOPES, make_key
from serving.sessions import hashed
from tests.browser.sample_college import AS_OF, GROUPS, INSTITUTION, SampleCollege

ASKERS = ("anon", *(role.name for role in ROLES), *(f"key:{scope.name}" for scope in MACHINE_SCOPES))
_LOGIN = {"advisor": "kru.a"}
JSON = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request: of the route `template`, with whatever it needs to be answered."""

    method: str
    template: str
    path: str
    sent: Mapping[str, Any]


def clients(college: SampleCollege, app: FastAPI) -> Iterator[tuple[str, TestClient]]:
    """A client for each asker, signed in without a password: sessions and keys are tested elsewhere."""
    for asker in ASKERS:
        client = TestClient(
            app, base_url="https://testserver", follow_redirects=False, client=("10.0.0.1", 50000), raise_server_exceptions=False
        )  # fmt: skip
        if asker.startswith("key:"):
            key = make_key(
                college.home, label="test", scopes=[asker[4:]], institutions=[INSTITUTION], days=30, actor="root",
                now=datetime.now(UTC),
            )  # fmt: skip
            client.headers["Authorization"] = f"Bearer {key}"
        elif asker != "anon":
            client.cookies.set("__Host-session", session_of(college, asker))
        yield asker, client


def session_of(college: SampleCollege, role: str) -> str:
    """The token of an open session of an account with this role; a department head heads the advisor's group."""
    token, login = secrets.token_urlsafe(32), _LOGIN.get(role, f"matrix.{role}")
    with college.home.database.write() as session:
        account = staff.account_by_login(session, login)
        if account is None:
            account = AccountRow(login=login, name=f"ครู {role}", role=role, institution=INSTITUTION)
            session.add(account)
            session.flush()
            if role == "department_head":
                staff.assign_department(
                    session, account=account, class_group=GROUPS["kru.a"], valid_from=date(2025, 5, 1)
                )
        sign_ins.open_session(
            session, token_hash=hashed(token), account_id=account.id, now=datetime.now(UTC), browser="", complete=True
        )
    return token


def publication_of(college: SampleCollege) -> UUID:
    with college.home.database.read() as session:
        found = session.scalar(select(PublicationRow.id).where(PublicationRow.status == "current"))
    assert found is not None
    return found


Rows = dict[str, tuple[str, str, Mapping[str, Any], JSON]]


def requests(college: SampleCollege) -> dict[str, Asked]:
    """Every request of the matrix by its label. Those that would change something ask for what cannot be done."""
    asked = {**_pages(college), **_signing_in(), **_api(college), **_changes(college)}
    asked["sign out"] = ("POST", "/logout", {}, {})
    return {label: _asked(*one) for label, one in asked.items()}


def _pages(college: SampleCollege) -> Rows:
    own, other = college.students["kru.a"][0], college.students["kru.b"][0]
    return {
        "list": ("GET", "/", {}, {}),
        "own student": ("GET", "/students/{student_id:uuid}", {"student_id:uuid": own}, {}),
        "other's student": ("GET", "/students/{student_id:uuid}", {"student_id:uuid": other}, {}),
        "no student": ("GET", "/students/{student_id:uuid}", {"student_id:uuid": uuid4()}, {}),
        "looks": ("GET", "/looks", {}, {}),
        "help": ("GET", "/help", {}, {}),
        "static": ("GET", "/static/{name}", {"name": "none.css"}, {}),
        "my account": ("GET", "/me", {}, {}),
        "my password": ("GET", "/me/password", {}, {}),
        "new password": ("POST", "/me/password", {}, {"data": {}}),
        "confirm": ("POST", "/me/confirm", {}, {"data": {}}),
        "confirm page": ("GET", "/me/confirm", {}, {}),
        "my 2nd factor": ("GET", "/me/second-factor", {}, {}),
        "new 2nd factor": ("POST", "/me/second-factor", {}, {"data": {}}),
        "unlink": ("POST", "/me/unlink", {}, {}),
        "close session": ("POST", "/me/sessions/close", {}, {"data": {"session": str(uuid4())}}),
        "link": ("GET", "/me/link", {}, {}),
        "oidc start": ("GET", "/oidc/start", {}, {}),
    }


def _signing_in() -> Rows:
    return {
        "oidc callback": ("GET", "/oidc/callback", {}, {}),
        "sign-in page": ("GET", "/login", {}, {}),
        "sign in": ("POST", "/login", {}, {"data": {"login": uuid4().hex, "password": "wrong"}}),
        "2nd factor page": ("GET", "/second-factor", {}, {}),
        "2nd factor": ("POST", "/second-factor", {}, {"data": {}}),
        "enrol": ("POST", "/second-factor/enrol", {}, {"data": {}}),
        "enrol page": ("GET", "/second-factor/enrol", {}, {}),
        "activation page": ("GET", "/activate", {}, {}),
        "activate": ("POST", "/activate", {}, {"data": {}}),
        "language": ("POST", "/language", {}, {"data": {"language": "th", "back_to": "/"}}),
        "healthz": ("GET", "/healthz", {}, {}),
        "readyz": ("GET", "/readyz", {}, {}),
        "openapi": ("GET", "/openapi.json", {}, {}),
    }


def _api(college: SampleCollege) -> Rows:
    own, other, held = college.students["kru.a"][0], college.students["kru.b"][0], publication_of(college)
    return {
        "api me": ("GET", "/api/v1/me", {}, {}),
        "api current": ("GET", "/api/v1/lists/current", {}, {}),
        "api lists": ("GET", "/api/v1/institutions/{code}/lists", {"code": INSTITUTION}, {}),
        "api elsewhere": ("GET", "/api/v1/institutions/{code}/lists", {"code": "999"}, {}),
        "api list": ("GET", "/api/v1/lists/{publication_id}", {"publication_id": held}, {}),
        "api entries": ("GET", "/api/v1/lists/{publication_id}/entries", {"publication_id": held}, {}),
        "api csv": ("GET", "/api/v1/exports/lists/{publication_id}.csv", {"publication_id": held}, {}),
        "api xlsx": ("GET", "/api/v1/exports/lists/{publication_id}.xlsx", {"publication_id": held}, {}),
        "api risk": ("GET", "/api/v1/students/{student_id}/risk", {"student_id": own}, {}),
        "api other's": ("GET", "/api/v1/students/{student_id}/risk", {"student_id": other}, {}),
        "api history": ("GET", "/api/v1/students/{student_id}/risk/history", {"student_id": own}, {}),
        "api other's past": ("GET", "/api/v1/students/{student_id}/risk/history", {"student_id": other}, {}),
        "api contacts": ("GET", "/api/v1/students/{student_id}/contacts", {"student_id": own}, {}),
        "api other's talk": ("GET", "/api/v1/students/{student_id}/contacts", {"student_id": other}, {}),
        "api visits": ("GET", "/api/v1/visits", {}, {}),
        "api model": ("GET", "/api/v1/models/current", {}, {}),
        "api metrics": ("GET", "/api/v1/models/{digest}/metrics", {"digest": "0" * 64}, {}),
        "api summary": ("GET", "/api/v1/institutions/{code}/summary", {"code": INSTITUTION}, {}),
        "api province": ("GET", "/api/v1/summary/province", {}, {}),
        "api pseudonyms": ("GET", "/api/v1/pseudonyms", {}, {}),
        "api audit": ("GET", "/api/v1/audit", {}, {}),
    }


def _changes(college: SampleCollege) -> Rows:
    key = {"Idempotency-Key": uuid4().hex}
    entry = {
        "student_id": str(college.students["kru.a"][0]), "rank": 1, "band": "none", "cause": "", "logit": None, "ordering": 0.0,
        "cut_off": None, "listed_probability": 0.0, "must_see": [], "reasons": [], "missing": [], "unknown_domains": [], "domains": {},
    }  # fmt: skip
    new_list = {
        "institution": INSTITUTION, "as_of": AS_OF.isoformat(), "model": "absence_rule", "catalogue_fingerprint": "0" * 16,
        "ledger_number": 1, "entries": [entry],
    }  # fmt: skip
    assert FINGERPRINT != "0" * 16
    erasure = {"student_id": str(uuid4()), "reason": "request 1"}
    return _care(college) | {
        "api score": ("POST", "/api/v1/score", {}, {"json": {"rows": [{}]}}),
        "api publish": ("POST", "/api/v1/lists", {}, {"json": new_list, "headers": key}),
        "api restore": (
            "POST",
            "/api/v1/lists/{publication_id}:restore",
            {"publication_id": uuid4()},
            {"headers": key},
        ),
        "api erase": ("POST", "/api/v1/erasures", {}, {"json": erasure, "headers": key}),
    }


def _care(college: SampleCollege) -> Rows:
    """A talk on a day that cannot be; the rest is about nobody."""
    own, other = ({"student_id": college.students[login][0]} for login in ("kru.a", "kru.b"))
    key = {"Idempotency-Key": uuid4().hex}
    talk = {"json": {"happened_on": "2999-01-01", "mode": "PHONE", "result": "MET_GUARDIAN"}, "headers": key}
    visit = {"student_id": str(uuid4()), "week": "2025-W47"}
    plan = {
        "week": "2025-W47", "teams": [{"people": 1, "minutes": 180}], "places": [{"name": "บ้านป่า", "travel_minutes": 40}],
        "students": [{"student_id": str(uuid4()), "place": 0}],
    }  # fmt: skip
    change = {"json": {"status": "referred"}, "headers": {"If-Match": '"1"'}}
    rated = {"json": {"rating": "TRUST"}}
    return {
        "api talk": ("POST", "/api/v1/students/{student_id}/contacts", own, talk),
        "api talk other's": ("POST", "/api/v1/students/{student_id}/contacts", other, talk),
        "api rate nobody": ("PUT", "/api/v1/students/{student_id}/advisor-rating", {"student_id": uuid4()}, rated),
        "api book nobody": ("POST", "/api/v1/visits", {}, {"json": visit, "headers": key}),
        "api no visit": ("PATCH", "/api/v1/visits/{visit_id}", {"visit_id": uuid4()}, change),
        "api plan nobody": ("POST", "/api/v1/visit-plans", {}, {"json": plan, "headers": key}),
        "api no plan": ("POST", "/api/v1/visit-plans/{plan_id}:accept", {"plan_id": uuid4()}, {"headers": key}),
    }


def _asked(method: str, template: str, values: Mapping[str, Any], sent: JSON) -> Asked:
    path = template
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", str(value))
    return Asked(method=method, template=template, path=path, sent=sent)
