"""What the service logs: one JSON object a line, when, what and how it ended; never who a student is, nor a token."""

import io
import json
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stderr
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from sqlite3 import connect
from typing import Any

import pytest
import structlog
from fastapi.testclient import TestClient

from serving.app import create_app
from serving.log_lines import LineWriter, write_logs_as_json
from tests.browser.sample_college import MARK, PASSWORD, ROLES, TODAY, SampleCollege

_WRONG = "ไม่ใช่รหัสผ่านนี้แน่นอน"
_LINE_ENDS = "\n\r\u0085\u2028\u2029\x0b\x0c\x00"


@dataclass(frozen=True, kw_only=True)
class Logged:
    """What the process wrote to its standard error stream."""

    stream: io.StringIO
    writer: LineWriter

    @property
    def text(self) -> str:
        self.writer.drain()
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@contextmanager
def logged() -> Iterator[Logged]:
    stream, handlers = io.StringIO(), list(logging.getLogger().handlers)
    with redirect_stderr(stream):
        yield Logged(stream=stream, writer=write_logs_as_json())
    logging.getLogger().handlers = handlers
    structlog.reset_defaults()


@pytest.fixture
def browser(college: SampleCollege) -> TestClient:
    app = create_app(college.home, today=lambda: TODAY, hosts=("testserver",))
    return TestClient(app, base_url="https://testserver", follow_redirects=False)


def test_a_whole_walk_leaves_no_name_number_or_token(college: SampleCollege, browser: TestClient) -> None:
    tokens: list[str] = []
    with logged() as log:
        for login in ROLES:
            browser.cookies.clear()
            browser.post("/login", data={"login": login, "password": _WRONG})
            assert browser.post("/login", data={"login": login, "password": PASSWORD}).status_code == 303
            tokens += browser.cookies.values()
            for own in college.students.values():
                for student in own[:3]:
                    browser.get(f"/students/{student}?name={MARK}")
                    browser.get(f"/api/v1/students/{student}/risk")
            for path in ("/", "/help", "/api/v1/lists/current", "/api/v1/none", "/openapi.json", f"/{MARK}", "/readyz"):
                browser.get(path)
            browser.post("/login", data={"login": MARK, "password": MARK}, headers={"Origin": "https://evil.example"})
            browser.post("/logout")
    assert len(log.lines) > 100
    ids = [str(one) for own in college.students.values() for one in own]
    for secret in (MARK, PASSWORD, *college.names.values(), *ids, *tokens, *(f'"{login}"' for login in ROLES)):
        assert secret not in log.text
        assert json.dumps(secret)[1:-1] not in log.text
    ours = re.compile(r'"(request_id|timestamp)": "[^"]*"|"milliseconds": [\d.]+')
    assert not re.search(r"68\d{5}", ours.sub("", log.text))


@pytest.mark.sqlite_files
def test_every_sign_in_refusal_and_look_has_its_time_and_leads_to_who(
    college: SampleCollege, browser: TestClient
) -> None:
    """The line has no login: the audit trail has it, under the same request id."""
    with logged() as log:
        browser.post("/login", data={"login": "kru.a", "password": _WRONG})
        browser.post("/login", data={"login": "kru.a", "password": PASSWORD})
        browser.get("/")
        browser.post("/login", data={}, headers={"Sec-Fetch-Site": "cross-site"})
    requests = [line for line in log.lines if line["event"] == "request"]
    assert [(line["method"], line["route"], line["status"]) for line in requests] == [
        ("POST", "/login", 401),
        ("POST", "/login", 303),
        ("GET", "/", 200),
        ("POST", "no route", 403),
    ]
    assert "sign-in refused" in [line["event"] for line in log.lines]
    for line in log.lines:
        at = datetime.fromisoformat(line["timestamp"])
        assert at.utcoffset() == timedelta(0)
        assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)
    with closing(connect(college.home.settings.home / "zerodrop.db")) as opened:
        trail = set(opened.execute("SELECT request_id, actor, action FROM audit"))
    assert (requests[1]["request_id"], "kru.a", "sign in") in trail
    assert (requests[2]["request_id"], "kru.a", "see list") in trail


def test_a_line_end_in_a_value_stays_in_its_record() -> None:
    name = f'ครู{_LINE_ENDS.join("กขค")}{{"event": "sign in"}}'
    with logged() as log:
        structlog.get_logger("serving").info("seen", name=name)
    assert [line["name"] for line in log.lines] == [name]
    assert log.text.isascii()


def test_a_library_that_logs_a_value_does_not_get_it_written() -> None:
    with logged() as log:
        try:
            raise ValueError(MARK)
        except ValueError:
            logging.getLogger("somebody").exception("cannot store %s", MARK)
        logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    first, second = log.lines
    assert (first["event"], first["library"], first["error"]) == ("library", "somebody", "ValueError")
    assert second["said"] == "Invalid HTTP request received."
    assert json.dumps(MARK)[1:-1] not in log.text


def test_a_crash_says_where_and_never_what(browser: TestClient) -> None:
    def broken() -> None:
        raise RuntimeError(f"value of {MARK}")

    with logged() as log:
        browser.app.add_api_route("/broken", broken)  # type: ignore[attr-defined]
        answer = browser.get("/broken")
    crash = next(line for line in log.lines if line["event"] == "crash")
    assert (crash["error"], crash["request_id"]) == ("RuntimeError", answer.headers["X-Request-Id"])
    assert json.dumps(MARK)[1:-1] not in log.text
    assert MARK not in answer.text


def test_who_writes_never_waits_and_the_lost_are_counted() -> None:
    hanging, begun = threading.Event(), threading.Event()

    def hang(_line: str) -> None:
        begun.set()
        hanging.wait(30)

    writer = LineWriter(hang, most_waiting=5)
    writer.write("first\n")
    assert begun.wait(5)
    for _ in range(105):
        writer.write("line\n")
    assert writer.lost == 100
    hanging.set()
    writer.drain()

    def broken(_line: str) -> None:
        raise BrokenPipeError

    gone = LineWriter(broken)
    gone.write("x\n")
    gone.drain()
    assert gone.lost == 1
