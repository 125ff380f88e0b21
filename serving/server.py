"""Running the service: one process on one address, refused where names would cross a network unencrypted."""

import errno
import ipaddress
import socket
import sys
import threading
import urllib.request
from collections.abc import Callable, Sequence
from datetime import date

import structlog
import uvicorn

from records.errors import CannotServe
from records.home import DataHome
from serving.app import create_app

_DRAIN_SECONDS = 10


def serve(
    home: DataHome,
    *,
    host: str,
    port: int,
    behind_proxy: bool,
    today: Callable[[], date],
    hosts: Sequence[str] = (),
    secure_cookies: bool = True,
) -> None:
    """Serve until the process is told to stop. Raises CannotServe before the first request when it cannot.

    `hosts` are the names under which a proxy is reached. `secure_cookies=False` is for browsers that take no Secure
    cookie from plain http://127.0.0.1 (Safari); it is refused behind a proxy.
    """
    listening = listen(host, port, behind_proxy=behind_proxy)
    with listening:
        write_logs_as_json()
        app = create_app(
            home, today=today, behind_proxy=behind_proxy, secure_cookies=secure_cookies or behind_proxy, hosts=hosts
        )
        structlog.get_logger("serving").info("serving", address=f"http://{host}:{listening.getsockname()[1]}")
        uvicorn.Server(configuration(app, behind_proxy=behind_proxy)).run(sockets=[listening])


def answers_once(home: DataHome, *, today: Callable[[], date]) -> None:
    """Start the real service on a free loopback port, ask for readiness and the sign-in page, and stop it again.

    Raises CannotServe when either does not answer.
    """
    with listen("127.0.0.1", 0, behind_proxy=False) as listening:
        write_logs_as_json()
        app = create_app(home, today=today, behind_proxy=False, secure_cookies=True, hosts=())
        server = uvicorn.Server(configuration(app, behind_proxy=False))
        running = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        running.start()
        try:
            for path in ("/readyz", "/login"):
                _require_answer(f"http://127.0.0.1:{listening.getsockname()[1]}{path}")
        finally:
            server.should_exit = True
            running.join()


def _require_answer(address: str) -> None:
    try:
        with urllib.request.urlopen(address, timeout=_DRAIN_SECONDS) as answer:
            answer.read()
    except OSError as error:
        raise CannotServe(f"{address} does not answer: {error}. Look at the log lines above.") from None


def listen(host: str, port: int, *, behind_proxy: bool) -> socket.socket:
    """An open socket on the address (port 0: any free one). Raises CannotServe when it is not ours to open."""
    if not behind_proxy and not is_loopback(host):
        raise CannotServe.not_loopback(host=host)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    # Without this a restart would wait a minute for the last connections to be forgotten.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise CannotServe.port_in_use(host=host, port=port) from None
        raise CannotServe(
            f"Cannot listen on {host}:{port}: {error.strerror}. Choose another --host or --port."
        ) from None
    return listening


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def configuration(app: object, *, behind_proxy: bool) -> uvicorn.Config:
    """Uvicorn with its access log off: it would write paths, and a path names a student. Ours is in middleware.py."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=behind_proxy,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )


def write_logs_as_json() -> None:
    """One JSON object a line on the standard error stream, with the time in UTC."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
