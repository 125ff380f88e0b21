"""What a restart must not change: who is signed in, and who has to wait."""

import os
import signal

from records.integrity import integrity
from tests.browser.sample_college import SampleCollege
from tests.faults.running import running

_WRONG = "ไม่ใช่รหัสผ่านนี้แน่นอน"


def test_a_restart_keeps_sessions_and_throttles(college: SampleCollege) -> None:
    with running(college.home.settings) as server:
        cookie = server.sign_in("kru.a")
        statuses = [server.try_sign_in("kru.b", _WRONG).status for _ in range(6)]
        server.stop()
    assert statuses == [401] * 5 + [429]
    with running(college.home.settings) as server:
        assert server.get("/", cookie=cookie).status == 200
        waiting = server.try_sign_in("kru.b")
        assert waiting.status == 429
        assert int(waiting.headers["Retry-After"]) > 0


def test_a_killed_service_keeps_them_too(college: SampleCollege) -> None:
    """kill -9 in the middle of signing in and looking, three times."""
    cookies: list[str] = []
    for _ in range(3):
        with running(college.home.settings) as server:
            assert all(server.get("/", cookie=held).status == 200 for held in cookies)
            cookies.append(server.sign_in("kru.a"))
            with server.connect() as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: " + cookies[-1].encode() + b"\r\n\r\n")
                os.kill(server.process.pid, signal.SIGKILL)
            server.process.wait()
    assert integrity(college.home.settings.home / "zerodrop.db") == []
