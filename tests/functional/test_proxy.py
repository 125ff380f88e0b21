"""The Caddyfile of docs/operations in front of the real service: what comes through it, and what does not."""

import http.client
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from records.audit import AuditRow
from records.home import open_home
from tests.browser.sample_college import PASSWORD, SampleCollege, copy_of
from tests.faults.running import ROOT, Answer, free_port

_START_SECONDS = 60
CADDY = shutil.which("caddy")
BROWSER = "127.0.0.2"  # the proxy itself asks from 127.0.0.1
NAME = "zerodrop.example.ac.th"
pytestmark = [
    pytest.mark.sqlite_files,
    pytest.mark.skipif(CADDY is None, reason="CADDY IS MISSING: apt-get install caddy"),
]


@dataclass(frozen=True, kw_only=True)
class Proxied:
    """Where Caddy answers, and what a browser of the school was told to trust."""

    port: int
    root_certificate: Path

    def connect(self) -> ssl.SSLSocket:
        trusted = ssl.create_default_context(cafile=str(self.root_certificate))
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=30, source_address=(BROWSER, 0))
        return trusted.wrap_socket(plain, server_hostname=NAME)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPSConnection(NAME, self.port)
        connection.sock = self.connect()
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Answer(status=answer.status, headers=answer.headers, body=answer.read())
        finally:
            connection.close()

    def sign_in(self, login: str) -> Answer:
        form = urllib.parse.urlencode({"login": login, "password": PASSWORD}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"https://{NAME}:{self.port}"}
        return self.ask("POST", "/login", form, **headers)


@pytest.fixture(scope="module")
def published(pattern: SampleCollege, tmp_path_factory: pytest.TempPathFactory) -> SampleCollege:
    college = copy_of(pattern, tmp_path_factory.mktemp("proxied"))
    college.publish()
    college.home.close()
    return college


@pytest.fixture(scope="module")
def proxied(published: SampleCollege, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    """Started once for all tests of this file."""
    folder = tmp_path_factory.mktemp("caddy")
    settings, inside, outside = published.home.settings, free_port(), free_port()
    behind = ("-m", "zerodrop", "serve", "--behind-proxy", "--name", NAME, "--port", str(inside))
    told = {**os.environ, "ZERODROP_HOME": str(settings.home), "ZERODROP_KEY_FILE": str(settings.key_path)}
    caddyfile = folder / "Caddyfile"
    caddyfile.write_text(_for_this_machine(inside, outside), encoding="utf-8")
    its_home = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    asked = (str(CADDY), "run", "--config", str(caddyfile), "--adapter", "caddyfile")
    with _running((sys.executable, *behind), told, inside), _running(asked, its_home, outside):
        there = Proxied(port=outside, root_certificate=_appeared(folder, "root.crt"))
        _wait_for_certificate(there)
        yield there


def _for_this_machine(inside: int, outside: int) -> str:
    """The file as it is, on free ports, with a certificate that Caddy makes itself."""
    text = (ROOT / "docs/operations/Caddyfile").read_text(encoding="utf-8")
    for old, new in (
        ("{\n\tservers {", "{\n\tadmin off\n\tskip_install_trust\n\tauto_https disable_redirects\n\tservers {"),
        (f"\n{NAME} {{", f"\n{NAME}:{outside} {{\n\ttls internal"),
        ("127.0.0.1:8000", f"127.0.0.1:{inside}"),
        ("read_header 10s", "read_header 1s"),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    return text


@contextmanager
def _running(words: tuple[str, ...], environment: dict[str, str], port: int) -> Iterator[None]:
    process = subprocess.Popen(words, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + _START_SECONDS
        while not _answers(port):
            assert process.poll() is None, "it ended"
            assert time.monotonic() < until, "it does not answer"
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(30)


def _answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def _wait_for_certificate(proxied: Proxied) -> None:
    """Caddy opens its port before it has made the certificate of the site."""
    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            proxied.connect().close()
            return
        except ssl.SSLError:
            assert time.monotonic() < until, "it has no certificate"
            time.sleep(0.05)


def _appeared(folder: Path, name: str) -> Path:
    until = time.monotonic() + _START_SECONDS
    while not (found := list(folder.rglob(name))):
        assert time.monotonic() < until, name
        time.sleep(0.05)
    return found[0]


def test_advisors_work_through_the_proxy_and_the_figures_stay_inside(proxied: Proxied) -> None:
    answer = proxied.sign_in("kru.a")
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    cookie = str(answer.headers["Set-Cookie"]).partition(";")[0]
    assert cookie.startswith("__Host-session=")
    page = proxied.ask("GET", "/", Cookie=cookie)
    assert page.status == 200
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert page.headers["Cache-Control"] == "no-store"
    assert proxied.ask("GET", "/api/v1/lists/current", Cookie=cookie).status == 200
    assert [proxied.ask("GET", path).status for path in ("/healthz", "/readyz", "/metrics")] == [200, 404, 404]


def test_other_sites_and_other_names_are_refused(proxied: Proxied) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert proxied.ask("POST", "/login", b"login=a&password=b", **form, Origin="https://evil.example").status == 403
    assert proxied.ask("GET", "/login", Host="evil.example").body == b""


def test_a_look_has_the_address_of_the_browser_whatever_that_says_of_itself(
    proxied: Proxied, published: SampleCollege
) -> None:
    cookie = str(proxied.sign_in("kru.b").headers["Set-Cookie"]).partition(";")[0]
    assert proxied.ask("GET", "/", Cookie=cookie, **{"X-Forwarded-For": "10.9.8.7"}).status == 200
    home = open_home(published.home.settings)
    with home.database.read() as session:
        looks = select(AuditRow.address).where(AuditRow.actor == "kru.b", AuditRow.action == "see list")
        assert session.scalars(looks).all() == [BROWSER]  # what a browser says of itself Caddy does not pass on
    home.close()


def test_a_head_that_drips_is_given_up(proxied: Proxied) -> None:
    with proxied.connect() as client:
        client.sendall(b"GET /login HTTP/1.1\r\nHost: ")
        try:
            told = client.recv(100)
        except (ssl.SSLError, ConnectionError):  # closed without a word; our own patience would be a TimeoutError
            told = b""
    assert told == b""
