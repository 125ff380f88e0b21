"""What holds for the whole API: problems, keys, limits, exports, the trail, erasure, and silence about who is whom."""

import csv
import io
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from records import people
from records.audit import AuditRow
from records.database import Database
from records.erasure_tables import ErasureRow
from records.errors import StoreUnavailable
from serving.api.sheets import as_csv, as_xlsx, plain
from tests.browser.sample_college import INSTITUTION, MARK, SampleCollege
from tests.functional.api_programs import names_in, program, publication_id

SignIn = Callable[..., TestClient]
V1 = "/api/v1"
PROBLEM = {"type", "title", "status", "request_id"}


def test_who_is_asking(college: SampleCollege, signed_in: SignIn) -> None:
    person = signed_in(college, "care").get(f"{V1}/me").json()
    assert (person["login"], person["role"]["code"], person["key"]) == ("care", "committee", False)
    assert person["permissions"] == ["PLAN_VISITS", "RECORD_CARE", "SEE_ALL_STUDENTS", "SEE_HOUSEHOLD"]
    machine = program(college, "SCORE").get(f"{V1}/me").json()
    assert (machine["permissions"], machine["institutions"], machine["key"]) == (["SCORE"], [INSTITUTION], True)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("DELETE", "/me", 405), ("TRACE", "/me", 405), ("POST", "/lists/current", 405)],
)
def test_every_refusal_is_a_problem(college: SampleCollege, method: str, path: str, status: int) -> None:
    answer = program(college, "SCORE").request(method, f"{V1}{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert set(answer.json()) == PROBLEM
    assert answer.headers["x-request-id"] == answer.json()["request_id"]


def test_without_a_key_or_with_a_wrong_one(college: SampleCollege, browser_of: SignIn) -> None:
    browser = browser_of(college)
    for headers in ({}, {"Authorization": "Bearer zd_0123456789ab_wrong"}, {"Authorization": "Basic eDp5"}):
        answer = browser.get(f"{V1}/me", headers=headers)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize(
    ("path", "size", "status"), [("/me", 70_000, 413), ("/score", 70_000, 422), ("/score", 3 * 2**20, 413)]
)
def test_a_body_has_a_limit_by_route(college: SampleCollege, path: str, size: int, status: int) -> None:
    machine = program(college, "SCORE")
    whole = machine.post(f"{V1}{path}", content=b" " * size, headers={"Content-Type": "application/json"})
    assert (whole.status_code, whole.headers["content-type"]) == (status, "application/problem+json")
    if status == 413:  # and where the length is not told
        pieces = (b" " * 1024 for _ in range(size // 1024))
        dripped = machine.post(f"{V1}/score", content=pieces, headers={"Content-Type": "application/json"})
        assert dripped.status_code == (413 if size > 2 * 2**20 else 422)


def test_a_database_that_does_not_answer_is_not_now(
    college: SampleCollege, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in(college, "kru.a")

    def busy(*_: Any, **__: Any) -> Any:
        raise StoreUnavailable.busy()

    for way in ("write", "together", "soon"):
        monkeypatch.setattr(Database, way, busy)
    answer = browser.get(f"{V1}/lists/current")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.headers["content-type"] == "application/problem+json"
    page = browser.get("/")
    assert (page.status_code, page.headers["retry-after"]) == (503, "5")
    assert "ฐานข้อมูลไม่ตอบ" in page.text


@pytest.mark.parametrize("path", ["students/x/risk", "students/x/risk/history", "lists/current?x=1", "lists/x"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Cookie": f"__Host-session={'x' * 43}"}])
def test_what_is_wrong_with_a_request_is_told_to_nobody_unknown(
    college: SampleCollege,
    browser_of: Callable[..., TestClient],
    path: str,
    headers: dict[str, str],
) -> None:
    stranger = browser_of(college)
    assert stranger.get(f"{V1}/{path}", headers=headers).status_code == 401
    assert program(college, "SEE_ALL_STUDENTS").get(f"{V1}/{path}").status_code == 422


@pytest.mark.parametrize("path", ["/", f"{V1}/lists/current"])
def test_what_is_no_token_of_ours_takes_nobodys_turn(
    college: SampleCollege, browser_of: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    stranger, turns = browser_of(college), []

    async def taken(*_: Any, **__: Any) -> None:
        turns.append(path)

    monkeypatch.setattr(Database, "soon", taken)
    for token, turn in (("x", []), ("x" * 42 + "é", []), ("x" * 43, [path])):
        answer = stranger.get(path, headers={"Cookie": f"__Host-session={token}".encode()}, follow_redirects=False)
        assert answer.status_code == (401 if path.startswith(V1) else 303)
        assert turns == turn


def test_a_crash_tells_nothing(college: SampleCollege, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = program(college, "SEE_ALL_STUDENTS", raise_server_exceptions=False)

    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError(f"row of {MARK}")

    monkeypatch.setattr(people.Vault, "names", broken)
    answer = machine.get(f"{V1}/lists/current")
    assert (answer.status_code, set(answer.json())) == (500, PROBLEM)
    assert MARK not in answer.text


def test_no_look_is_answered_when_it_cannot_be_recorded(
    college: SampleCollege, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = program(college, raise_server_exceptions=False)
    paths = [
        "lists/current", f"lists/{publication_id(college)}", f"lists/{publication_id(college)}/entries",
        f"students/{college.students['kru.a'][0]}/risk", f"students/{college.students['kru.a'][0]}/risk/history",
        f"exports/lists/{publication_id(college)}.csv", "audit", "pseudonyms", f"institutions/{INSTITUTION}/summary",
    ]  # fmt: skip

    def broken(*_: Any, **__: Any) -> None:
        raise OSError("no room for the trail")

    monkeypatch.setattr("records.audit.record_look", broken)
    for path in paths:
        answer = machine.get(f"{V1}/{path}")
        assert (path, answer.status_code) == (path, 500)
        assert MARK not in answer.text


# Exports


def test_an_export_is_the_list_and_is_recorded(college: SampleCollege, signed_in: SignIn) -> None:
    browser, publication = signed_in(college, "kru.a"), publication_id(college)
    answer = browser.get(f"{V1}/exports/lists/{publication}.csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.headers["content-disposition"] == 'attachment; filename="list-2025-11-17.csv"'
    assert answer.headers["cache-control"] == "no-store"
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row[-1] for row in rows[1:10]] == [str(one) for one in college.students["kru.a"][:9]]
    assert rows[1][3].endswith(MARK)
    assert (rows[0][4], rows[1][4], rows[-1][4]) == ("ระดับ", "เยี่ยมบ้าน", "ข้อมูลยังไม่พอ")
    assert len({row[-1] for row in rows[1:]}) == len(rows) - 1 == 11
    with college.home.database.read() as session:
        looks = session.scalars(select(AuditRow.action).where(AuditRow.actor == "kru.a").order_by(AuditRow.id)).all()
    assert looks[-1] == "export list"


def test_a_workbook_holds_the_same_text(college: SampleCollege) -> None:
    machine, publication = program(college, "SEE_ALL_STUDENTS"), publication_id(college)
    english = {"Accept-Language": "en"}
    book = machine.get(f"{V1}/exports/lists/{publication}.xlsx", headers=english).content
    table = machine.get(f"{V1}/exports/lists/{publication}.csv", headers=english).content
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert rows == list(csv.reader(io.StringIO(table.decode("utf-8-sig"))))


@pytest.mark.parametrize("cell", ["=1+1", "+66", "-1", "@x", "\tx", "\rx", " =1", "＝1", "\n=1", "\u200b=1"])
def test_a_cell_that_looks_like_a_formula_stays_text(cell: str) -> None:
    [_, row] = csv.reader(io.StringIO(as_csv(["a"], [[cell]]).decode("utf-8-sig"), newline=""))
    assert row == [f"'{cell}"]
    rows = CalamineWorkbook.from_filelike(io.BytesIO(as_xlsx("list", ["a"], [[cell], ["x"]]))).get_sheet_by_index(0)
    assert b"<f>" not in as_xlsx("list", ["a"], [[cell]])
    assert rows.to_python()[2] == ["x"]


def test_an_ordinary_name_is_left_alone() -> None:
    assert [plain(name) for name in ("นายดำ", "O'Neil", "a-b", "")] == ["นายดำ", "O'Neil", "a-b", ""]


def test_exports_are_few_a_minute(college: SampleCollege) -> None:
    machine, path = program(college, "SEE_ALL_STUDENTS"), f"{V1}/exports/lists/{publication_id(college)}.csv"
    statuses = [machine.get(path).status_code for _ in range(14)]
    assert (statuses[:10], statuses[-1]) == ([200] * 10, 429)
    assert program(college, "SEE_ALL_STUDENTS").get(path).status_code == 200  # each account has its own


# The trail, erasure, counts and pseudonyms


def test_the_trail_by_page_and_by_student(college: SampleCollege, signed_in: SignIn) -> None:
    student = college.students["kru.a"][0]
    looking = signed_in(college, "care")
    for _ in range(3):
        looking.get(f"{V1}/students/{student}/risk")
    machine = program(college, "SEE_AUDIT")
    page = machine.get(f"{V1}/audit", params={"student": str(student), "limit": 2}).json()
    rest = machine.get(f"{V1}/audit", params={"student": str(student), "cursor": page["next"]}).json()
    looks = [(look["actor"], look["action"]) for look in page["looks"] + rest["looks"]]
    assert looks == [("care", "see student")] * 3
    assert names_in(college, [str(page), str(rest)]) == set()
    newest = machine.get(f"{V1}/audit", params={"student": str(student), "limit": 1}).json()["looks"][0]
    assert (newest["action"], newest["student_id"]) == ("see audit", str(student))
    assert program(college, "SEE_ALL_STUDENTS").get(f"{V1}/audit").status_code == 403


def test_a_student_is_erased_once(college: SampleCollege) -> None:
    machine, student = program(college, "MANAGE_RECORDS", "SEE_ALL_STUDENTS"), college.students["kru.a"][0]
    body, headers = {"student_id": str(student), "reason": "คำขอที่ 12/2568"}, {"Idempotency-Key": "erase-12-2568"}
    answers = [machine.post(f"{V1}/erasures", json=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["outcome"] == "erased"
    assert str(student) not in answers[0].text
    assert machine.get(f"{V1}/students/{student}/risk").status_code == 404
    after_a_crash = machine.post(f"{V1}/erasures", json=body, headers={"Idempotency-Key": "erase-again-1"})
    assert (after_a_crash.status_code, after_a_crash.json()["list_entries"]) == (200, 0)
    with college.home.database.read() as session:
        assert session.scalars(select(ErasureRow.student_id)).all() == [student]
    nobody = {**body, "student_id": str(uuid4())}
    assert machine.post(f"{V1}/erasures", json=nobody, headers={"Idempotency-Key": "erase-nobody"}).status_code == 404


def test_only_who_manages_records_erases(college: SampleCollege) -> None:
    body = {"student_id": str(college.students["kru.a"][0]), "reason": "ทดสอบ"}
    answer = program(college, "PUBLISH").post(f"{V1}/erasures", json=body, headers={"Idempotency-Key": "12345678"})
    assert answer.status_code == 403
    elsewhere = {**body, "institution": "9999999999"}
    machine = program(college, "MANAGE_RECORDS")
    assert machine.post(f"{V1}/erasures", json=elsewhere, headers={"Idempotency-Key": "12345678"}).status_code == 403


def test_counts_of_ones_own_institution(college: SampleCollege, signed_in: SignIn) -> None:
    of_head = signed_in(college, "head").get(f"{V1}/institutions/{INSTITUTION}/summary").json()
    assert of_head["bands"] == {"students": 28, "high": 8, "watch": 10, "none": 6, "unknown": 4}
    outside = program(college, "SEE_SUMMARIES").get(f"{V1}/institutions/{INSTITUTION}/summary").json()
    assert all(count is None or count >= 10 for count in outside["bands"].values())
    machine = program(college, "SEE_SUMMARIES")
    assert machine.get(f"{V1}/institutions/9999999999/summary").status_code == 404
    assert machine.get(f"{V1}/summary/province").status_code == 403


def test_an_analyst_is_told_of_nobody(college: SampleCollege) -> None:
    """Every answer that an analyst can get, searched for every student's name and id."""
    machine = program(college, "SEE_MODELS", "SEE_PSEUDONYMS", "SEE_SUMMARIES", "SCORE")
    publication, student = publication_id(college), college.students["kru.a"][0]
    paths = [
        "me", f"institutions/{INSTITUTION}/lists", "lists/current", f"lists/{publication}",
        f"lists/{publication}/entries", f"students/{student}/risk", f"students/{student}/risk/history",
        "models/current", "audit", f"institutions/{INSTITUTION}/summary", "pseudonyms?limit=5",
        f"pseudonyms?list={publication}", f"exports/lists/{publication}.csv", f"exports/lists/{publication}.xlsx",
    ]  # fmt: skip
    texts = [machine.get(f"{V1}/{path}").text for path in paths]
    ids = [str(one) for own in college.students.values() for one in own]
    assert names_in(college, texts) == set()
    assert not any(one in text for one in ids for text in texts)


def test_pseudonyms_by_page_are_everybody_once(college: SampleCollege) -> None:
    machine, found, cursor = program(college, "SEE_PSEUDONYMS"), [], ""
    while cursor is not None:
        page = machine.get(f"{V1}/pseudonyms?limit=9" + (f"&cursor={cursor}" if cursor else "")).json()
        found += [row["pseudonym"] for row in page["rows"]]
        cursor = page["next"]
    assert found == sorted(set(found))
    assert len(found) == 28
