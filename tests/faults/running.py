"""The real service in a process of its own, over a data home, and a small client that sees raw bytes."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from records.settings import Settings
from tests.browser.sample_college import PASSWORD, TODAY

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 60
# The day is the sample college's, so that its list is fresh; everything else is what `zerodrop serve` runs.
_SERVE = """
import json, sys
from datetime import date
import serving.app, records.database
from records.home import open_home
from records.settings import Settings
from serving.preflight import Reach, require_sound_files
from serving.server import serve
told = json.loads(sys.argv[1])
serving.app.BODY_SECONDS = told["body_seconds"] or serving.app.BODY_SECONDS
records.database._BUSY_SECONDS = told["busy_seconds"] or records.database._BUSY_SECONDS
if told["most_pages"]:
    prepare = records.database._prepare_sqlite
    def small(connection, record):
        prepare(connection, record)
        connection.execute(f"PRAGMA max_page_count={told['most_pages']}")
    records.database._prepare_sqlite = small
if told["offline"]:
    import socket
    def nowhere(*_args, **_kwargs):
        raise OSError("no name server")
    socket.getaddrinfo = nowhere
settings = Settings(**told["settings"])
require_sound_files(settings)
proxies = tuple(told["proxies"])
reach = Reach(
    port=told["port"], metrics_port=told["metrics_port"], behind_proxy=bool(proxies), proxy_addresses=proxies,
)
serve(open_home(settings), reach, today=lambda: date.fromisoformat(told["today"]), secure_cookies=False)
"""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A whole answer; a half one raises while it is read."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Running:
    """The process and where it answers."""

    process: "subprocess.Popen[str]"
    port: int

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        cookie: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {**({"Cookie": cookie} if cookie else {}), **(headers or {})}
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return Answer(status=answer.status, headers=answer.headers, body=answer.read())
        finally:
            connection.close()

    def get(self, path: str, *, cookie: str = "", headers: Mapping[str, str] | None = None) -> Answer:
        return self.ask("GET", path, cookie=cookie, headers=headers)

    def post(self, path: str, body: bytes, *, cookie: str = "", headers: Mapping[str, str] | None = None) -> Answer:
        form = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        return self.ask("POST", path, body, cookie=cookie, headers=form)

    def try_sign_in(self, login: str, password: str = PASSWORD, *, headers: Mapping[str, str] | None = None) -> Answer:
        form = urllib.parse.urlencode({"login": login, "password": password}).encode()
        return self.post("/login", form, headers=headers)

    def sign_in(self, login: str) -> str:
        """The cookie of a new session."""
        answer = self.try_sign_in(login)
        assert answer.status == 303, answer.status
        return str(answer.headers["Set-Cookie"]).partition(";")[0]

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def raw(self, sent: bytes) -> bytes:
        """The first bytes that come back."""
        with self.connect() as client:
            client.sendall(sent)
            return client.recv(4096)

    def stop(self) -> str:
        """Tell it to stop as a supervisor does; returns what it logged."""
        self.process.send_signal(signal.SIGTERM)
        return str(self.process.communicate(timeout=60)[1])

    def memory_kib(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    settings: Settings,
    *,
    metrics_port: int = 0,
    body_seconds: float | None = None,
    busy_seconds: float | None = None,
    most_pages: int | None = None,
    offline: bool = False,
    proxies: Sequence[str] = (),
    stderr: IO[Any] | int = subprocess.PIPE,
) -> Iterator[Running]:
    """Killed at the end unless it was stopped before."""
    port = free_port()
    told = {
        "settings": settings.model_copy(
            update={"home": settings.home.absolute(), "key_file": settings.key_path}
        ).model_dump(mode="json"),
        "port": port,
        "metrics_port": metrics_port,
        "body_seconds": body_seconds,
        "busy_seconds": busy_seconds,
        "most_pages": most_pages,
        "offline": offline,
        "proxies": list(proxies),
        "today": TODAY.isoformat(),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE, json.dumps(told)], stderr=stderr, text=True, cwd=ROOT, env=_environment()
    )
    server = Running(process=process, port=port)
    try:
        _wait(server)
        yield server
    finally:
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("ZERODROP_", "COV_CORE_"))}


def _wait(server: Running) -> None:
    until = time.monotonic() + _START_SECONDS
    while server.process.poll() is None:
        try:
            server.get("/healthz")  # its socket is open before it can be told to stop
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
    said = server.process.stderr.read() if server.process.stderr else ""
    raise AssertionError(f"the service did not start: {said}")
