"""Our own client against a real server on loopback: every call, lists kept by tag, retries, and one kind of error."""

import ast
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

import serving.client
from serving.client import ApiProblem, Client
from tests.browser.sample_college import INSTITUTION, SampleCollege
from tests.functional.api_programs import promoted_model, publication_id, served

BUSY = (503, {"Retry-After": "2"}, {"type": "about:blank", "title": "Not now", "status": 503, "request_id": "r1"})
FINE = (200, {}, {"login": "key:x"})


def test_every_read_against_a_real_server(college: SampleCollege, tmp_path: Path) -> None:
    digest, student = promoted_model(college, tmp_path), str(college.students["kru.a"][0])
    publication = publication_id(college)
    with served(college) as client:
        assert client.me()["institution"] == INSTITUTION
        assert [one["publication_id"] for one in client.lists(INSTITUTION, week="2025-W47")] == [publication]
        assert client.list(publication) == client.current_list()
        entries = list(client.entries(publication, limit=5))
        assert [entry["band"] for entry in entries] == ["high"] * 8 + ["watch"] * 10 + ["unknown"] * 4
        assert len(list(client.entries(publication, band="high", group="ชย.1/2"))) == 4
        assert client.risk(student)["probability"] == 0.62
        assert client.risk_as_fhir(student, language="en")["prediction"][0]["probabilityDecimal"] == 62.0
        assert [week["as_of"] for week in client.history(student)] == ["2025-11-17"]
        assert client.score([{"missed_run_now": 6}, {}])["model"] == digest
        assert client.current_model()["digest"] == client.metrics(digest)["digest"] == digest
        assert client.summary(INSTITUTION)["institution"] == INSTITUTION
        assert client.export(publication, "csv").startswith(b"\xef\xbb\xbf")
        assert client.export(publication, "xlsx").startswith(b"PK")
        assert [look["action"] for look in client.audit(student=student)] == ["see student history"] + [
            "see student"
        ] * 2


def test_changes_against_a_real_server(college: SampleCollege) -> None:
    first, student = publication_id(college), str(college.students["kru.b"][0])
    college.publish(set_capacity=False)
    with served(college, "PUBLISH", "MANAGE_RECORDS") as client:
        assert client.restore(first, once="restore-it-1")["outcome"] == "restored"
        assert client.restore(first, once="restore-it-1")["outcome"] == "restored"  # the answer of the first
        assert client.restore(first)["outcome"] == "same"
        assert client.erase(student, reason="คำขอที่ 7/2568")["outcome"] == "erased"
        with pytest.raises(ApiProblem) as refused:
            client.publish({"institution": INSTITUTION})
    assert (refused.value.status, refused.value.title) == (422, "The request is not complete")
    assert ("body.entries", "missing") in refused.value.errors
    assert refused.value.request_id in str(refused.value)


def test_a_list_that_did_not_change_is_not_sent_again(college: SampleCollege) -> None:
    with served(college, "SEE_ALL_STUDENTS") as client:
        first = client.current_list()
        [(path, (tag, held))] = client._kept.items()
        client._kept[path] = (tag, held.replace(b'"high"', b'"kept"'))
        assert {one["band"] for one in client.current_list()["students"]} >= {"kept"}  # it was our copy
        college.publish(set_capacity=False)
        assert client.current_list()["capacity"] != first["capacity"]


def test_a_wrong_key_is_one_kind_of_error(college: SampleCollege) -> None:
    with served(college, "SCORE") as client:
        with pytest.raises(ApiProblem) as refused:
            Client(address=client.address, key="zd_0123456789ab_wrong").me()
        with pytest.raises(ApiProblem) as forbidden:
            client.current_list()
    assert (refused.value.status, refused.value.title, forbidden.value.status) == (401, "Sign in first", 403)
    assert "wrong" not in repr(Client(address=client.address, key="zd_0123456789ab_wrong"))


@contextmanager
def answering(*answers: tuple[int, dict[str, str], object]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A small server that gives these answers one after the other; what it was asked: method and Idempotency-Key."""
    left, asked = list(answers), []

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.command, self.headers.get("Idempotency-Key", "")))
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, body = left.pop(0)
            content = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        running = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        running.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            running.join()


def test_a_busy_service_is_asked_again_when_it_says() -> None:
    waited: list[float] = []
    with answering(BUSY, BUSY, FINE) as (address, asked):
        assert Client(address=address, key="zd_x_y", wait=waited.append).me()["login"] == "key:x"
    assert (len(asked), waited) == (3, [2.0, 2.0])


def test_a_change_is_sent_again_with_the_same_key() -> None:
    waited: list[float] = []
    changed = (200, {}, {"publication_id": "p", "outcome": "restored"})
    with answering(BUSY, changed) as (address, asked):
        Client(address=address, key="zd_x_y", wait=waited.append).restore("p")
    assert [method for method, _ in asked] == ["POST", "POST"]
    assert asked[0] == asked[1]
    assert len(asked[0][1]) >= 32


def test_after_four_tries_it_is_an_error() -> None:
    waited: list[float] = []
    with answering(*[BUSY] * 4) as (address, asked), pytest.raises(ApiProblem) as refused:
        Client(address=address, key="zd_x_y", wait=waited.append).me()
    assert (len(asked), len(waited), refused.value.status, refused.value.request_id) == (4, 3, 503, "r1")


def test_a_service_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ApiProblem) as refused:
        Client(address="http://127.0.0.1:9", key="zd_x_y", wait=lambda _: None).me()
    assert (refused.value.status, refused.value.request_id) == (0, "")


def test_the_key_follows_no_redirect() -> None:
    with (
        answering(FINE) as (other, asked_there),
        answering((302, {"Location": f"{other}/api/v1/me"}, {})) as (address, _),
        pytest.raises(ApiProblem) as refused,
    ):
        Client(address=address, key="zd_x_y").me()
    assert (refused.value.status, asked_there) == (302, [])


def test_the_client_needs_the_standard_library_alone() -> None:
    import sys

    source = Path(serving.client.__file__).read_text(encoding="utf-8")
    names = {
        (node.module if isinstance(node, ast.ImportFrom) else alias.name).split(".")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert names <= sys.stdlib_module_names
