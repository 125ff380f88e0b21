"""The process: where it may listen, what it must not load, what it withstands, how it stops."""

import asyncio
import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from records.errors import CannotServe
from serving import app as application
from serving.preflight import is_loopback
from serving.server import listen
from tests.browser.sample_college import MARK, SampleCollege
from tests.faults.running import ROOT, Running, free_port, running

pytestmark = pytest.mark.sqlite_files
_DRAIN_SECONDS = 10


def test_other_machines_are_refused_without_a_proxy() -> None:
    with pytest.raises(CannotServe) as refused:
        listen("0.0.0.0", 0, behind_proxy=False)
    assert str(refused.value) == (
        "0.0.0.0 is not this machine: names would cross the network unencrypted. "
        "Serve on 127.0.0.1 behind a TLS proxy and add --behind-proxy, or give --tls-cert and --tls-key. · "
        "0.0.0.0 ไม่ใช่เครื่องนี้ ชื่อนักเรียนจะผ่านเครือข่ายโดยไม่เข้ารหัส "
        "ให้เปิดที่ 127.0.0.1 หลังพร็อกซี TLS แล้วเพิ่ม --behind-proxy หรือระบุ --tls-cert และ --tls-key"
    )


@pytest.mark.parametrize(
    ("host", "here"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("10.1.1.1", False), ("x.th", False)],
)
def test_what_this_machine_is(host: str, here: bool) -> None:
    assert is_loopback(host) is here


def test_a_port_in_use_is_said_in_a_sentence() -> None:
    with listen("127.0.0.1", 0, behind_proxy=False) as first:
        port = first.getsockname()[1]
        with pytest.raises(CannotServe) as refused:
            listen("127.0.0.1", port, behind_proxy=False)
    another = f"--port {port + 1}"
    assert str(refused.value) == (
        f"Port {port} on 127.0.0.1 is in use. Stop the other program or choose another with {another}. · "
        f"พอร์ต {port} บน 127.0.0.1 มีโปรแกรมอื่นใช้อยู่ ปิดโปรแกรมนั้น หรือเลือกพอร์ตอื่นด้วย {another}"
    )


def test_an_answer_does_not_wait_until_its_head_was_acknowledged() -> None:
    answered: asyncio.Queue[int] = asyncio.Queue()

    class Accepting(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            accepted = transport.get_extra_info("socket")
            answered.put_nowait(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    async def accept_one(listening: socket.socket) -> int:
        async with await asyncio.get_running_loop().create_server(Accepting, sock=listening):
            _, writer = await asyncio.open_connection(*listening.getsockname())
            no_delay = await answered.get()
            writer.close()
            return no_delay

    with listen("127.0.0.1", 0, behind_proxy=False) as listening:
        assert asyncio.run(accept_one(listening)) != 0


def test_the_service_loads_no_training_library() -> None:
    heavy = ("pandas", "pyarrow", "numba", "lightgbm", "mlflow", "shap", "sklearn")
    program = f"import sys, serving.app, serving.server; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_only_records_speaks_sql() -> None:
    for file in (ROOT / "serving").rglob("*.py"):
        assert "sqlalchemy" not in file.read_text(), file


def test_the_real_process_answers_logs_templates_and_stops_when_told(college: SampleCollege) -> None:
    with running(college.home.settings) as server:
        assert server.get("/readyz").status == 200
        assert server.get(f"/students/{college.students['kru.a'][0]}?q=x").status == 303
        server.raw(b"NONSENSE\r\n\r\n")
        errors = server.stop()
    lines = [json.loads(line) for line in errors.splitlines()]
    assert [line["event"] for line in lines] == ["serving", *["request"] * 3, "library", "stopped"]
    assert [(line["route"], line["status"]) for line in lines if line["event"] == "request"] == [
        ("/healthz", 200),
        ("/readyz", 200),
        ("/students/{student_id}", 303),
    ]
    assert lines[-1]["lines_lost"] == 0
    assert MARK not in errors
    assert str(college.students["kru.a"][0]) not in errors
    assert server.process.returncode == 0
    assert not os.path.exists(f"/proc/{server.process.pid}/fd")


# Stopping


def test_told_to_stop_it_ends_the_answer_it_began_and_takes_no_new_one(college: SampleCollege) -> None:
    """The list waits for the database, which another process holds: SIGTERM comes while it waits."""
    with running(college.home.settings) as server:
        cookie = server.sign_in("kru.a")
        answers: list[bytes] = []
        with _held(college) as release:
            asking = threading.Thread(target=lambda: answers.append(server.get("/", cookie=cookie).body))
            asking.start()
            time.sleep(2)
            server.process.send_signal(signal.SIGTERM)
            told, told_at = time.monotonic(), datetime.now(UTC)
            while _is_answered(server):
                assert time.monotonic() - told < 5, "a new request is still taken"
                time.sleep(0.1)
            release.rollback()
            asking.join()
        last = json.loads(server.process.communicate(timeout=60)[1].splitlines()[-1])
    assert last["event"] == "stopped"  # after it a full machine takes its time to end a process
    assert (datetime.fromisoformat(last["timestamp"]) - told_at).total_seconds() < _DRAIN_SECONDS
    [answer] = answers  # as long as its head said, else reading it had raised
    assert MARK.encode() in answer
    assert answer.rstrip().endswith(b"</html>")
    assert server.process.returncode == 0


def test_a_request_that_never_ends_does_not_keep_it_alive(college: SampleCollege) -> None:
    with running(college.home.settings) as server, server.connect() as client:
        client.sendall(b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 60\r\n\r\nlogin=")
        time.sleep(0.5)
        told_at = datetime.now(UTC)
        last = json.loads(server.stop().splitlines()[-1])
    assert last["event"] == "stopped"
    assert (datetime.fromisoformat(last["timestamp"]) - told_at).total_seconds() < _DRAIN_SECONDS + 2


def _is_answered(server: Running) -> bool:
    try:
        return server.get("/healthz").status == 200
    except (OSError, http.client.HTTPException):
        return False


def _held(college: SampleCollege) -> "closing[sqlite3.Connection]":
    """zerodrop.db in a writing transaction of another process, as far as the service can tell."""
    connection = sqlite3.connect(college.home.settings.home / "zerodrop.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    return closing(connection)


# Limits


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory, pattern: SampleCollege) -> Iterator[Running]:
    """One server for questions that leave nothing behind."""
    with running(pattern.home.settings, body_seconds=1.0) as server:
        yield server


def test_a_body_that_is_too_large(open_server: Running) -> None:
    assert open_server.post("/login", b"login=" + b"x" * application.MOST_BODY_BYTES).status == 413


def test_a_body_that_lies_about_its_length(open_server: Running) -> None:
    chunk = b"%x\r\n%s\r\n" % (60_000, b"x" * 60_000)
    head = b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n"
    head += b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    assert open_server.raw(head + chunk + chunk + b"0\r\n\r\n").startswith(b"HTTP/1.1 413")


def test_a_form_of_too_many_parts(open_server: Running) -> None:
    assert open_server.post("/login", b"&".join(b"a%d=1" % n for n in range(3000))).status == 400


def test_headers_that_are_too_large_or_too_many(open_server: Running) -> None:
    for headers in (b"X-Long: " + b"a" * 40_000 + b"\r\n", b"".join(b"X-%d: a\r\n" % n for n in range(4000))):
        said = open_server.raw(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n" + headers + b"\r\n")
        assert said.startswith((b"HTTP/1.1 400", b"HTTP/1.1 431")), said[:80]


def test_a_body_that_drips_is_given_up(open_server: Running) -> None:
    head = b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 60\r\n"
    head += b"Content-Type: application/x-www-form-urlencoded\r\n\r\nlogin="
    began = time.monotonic()
    assert open_server.raw(head).startswith(b"HTTP/1.1 408")
    assert 0.5 < time.monotonic() - began < 10


def test_methods_and_pages_of_frameworks_are_off(open_server: Running) -> None:
    for method, path in (("TRACE", "/healthz"), ("GET", "/docs"), ("GET", "/redoc"), ("GET", "/metrics")):
        assert open_server.ask(method, path).status in (404, 405)
    assert open_server.get("/openapi.json").status == 401


def test_an_unknown_host_is_refused(open_server: Running) -> None:
    assert open_server.get("/login", headers={"Host": "evil.example"}).status == 400


@pytest.mark.parametrize(("proxies", "believed"), [(("10.9.9.9",), False), (("127.0.0.1",), True)])
def test_forwarded_headers_are_believed_from_the_listed_proxy_alone(
    college: SampleCollege, proxies: tuple[str, ...], believed: bool
) -> None:
    """The address counts wrong passwords and stands in the audit trail."""
    forwarded = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
    with running(college.home.settings, proxies=proxies) as server:
        assert server.try_sign_in("kru.a", headers=forwarded).status == 303
    with closing(sqlite3.connect(college.home.settings.home / "zerodrop.db")) as opened:
        [(address, request_id)] = opened.execute("SELECT address, request_id FROM audit WHERE action = 'sign in'")
    assert address == ("203.0.113.7" if believed else "127.0.0.1")
    assert len(request_id) == 16


def test_https_is_remembered_by_browsers(college: SampleCollege) -> None:
    with running(college.home.settings, proxies=("127.0.0.1",)) as server:
        for path in ("/login", "/nowhere", "/healthz", "/static/none"):
            assert server.get(path).headers["Strict-Transport-Security"] == "max-age=31536000"


# Logs that nobody reads


def test_a_closed_log_pipe_stops_no_request(college: SampleCollege) -> None:
    with running(college.home.settings) as server:
        assert server.process.stderr is not None
        server.process.stderr.close()
        cookie = server.sign_in("kru.a")
        assert all(server.get("/", cookie=cookie).status == 200 for _ in range(20))
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(_DRAIN_SECONDS) == 0


def test_a_log_pipe_that_nobody_empties_stops_no_request(college: SampleCollege) -> None:
    """A pipe takes 64 KiB: after some 400 lines a writer that waits would hang."""
    with running(college.home.settings) as server:
        began = time.monotonic()
        assert all(server.get("/healthz").status == 200 for _ in range(1000))
        assert time.monotonic() - began < 60
        assert server.get("/readyz").status == 200


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_under_the_log_stops_no_request(college: SampleCollege) -> None:
    with open("/dev/full", "w") as full, running(college.home.settings, stderr=full) as server:
        cookie = server.sign_in("kru.a")
        assert server.get("/", cookie=cookie).status == 200
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(_DRAIN_SECONDS) == 0


# Outside


def test_nothing_outside_is_asked_for(college: SampleCollege) -> None:
    """No name server, no identity provider: every socket but to this machine fails at once, and sign-in works."""
    with running(college.home.settings, offline=True) as server:
        began = time.monotonic()
        cookie = server.sign_in("kru.a")
        assert server.get("/", cookie=cookie).status == 200
        assert time.monotonic() - began < 5


def test_it_is_up_in_two_seconds_of_a_processor(college: SampleCollege) -> None:
    with running(college.home.settings) as server:
        assert server.get("/readyz").status == 200
        used = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
        seconds = (int(used[11]) + int(used[12])) / os.sysconf("SC_CLK_TCK")
    print(f"processor seconds until the first answer: {seconds:.2f}")
    assert seconds < 3.0


def test_metrics_are_on_their_own_port_of_this_machine_alone(college: SampleCollege) -> None:
    port = free_port()
    counted = 'zerodrop_requests_total{method="GET",route="/help",status="200"} 1.0'
    with running(college.home.settings, metrics_port=port) as server:
        assert server.get("/help").status == 200
        until = time.monotonic() + 10
        while counted not in (told := _metrics(port)) and time.monotonic() < until:
            time.sleep(0.05)  # a request is counted when its answer has ended, which who asked may see a moment sooner
    assert counted in told
    assert "process_resident_memory_bytes" in told


def _metrics(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return str(answer.read().decode())
