"""Running the service: one process on one address, refused where names would cross a network unencrypted."""

import errno
import gc
import signal
import socket
import sys
import threading
import urllib.request
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import structlog
import uvicorn

from records.errors import CannotServe
from records.home import DataHome
from records.stopping import SIGNALS
from serving.app import create_app
from serving.connections import ImpatientProtocol
from serving.log_lines import write_logs_as_json
from serving.preflight import Reach, require_encrypted, require_sound_reach

_DRAIN_SECONDS = 10
_IDLE_SECONDS = 5
_MOST_HEADER_BYTES = 16 * 1024
# A college's advisors and their idle connections; more is no weekly list any more, and waiting costs memory.
_MOST_AT_ONCE = 512


def serve(home: DataHome, reach: Reach, *, today: Callable[[], date], secure_cookies: bool = True) -> None:
    """Serve until the process is told to stop. Raises CannotServe before the first request when it cannot.

    `secure_cookies=False` is for browsers that take no Secure cookie from plain http://127.0.0.1 (Safari); over https
    it means nothing.
    """
    require_sound_reach(reach)
    with listen(reach.host, reach.port, behind_proxy=reach.behind_proxy, tls=reach.tls is not None) as listening:
        log_lines = write_logs_as_json()
        app = create_app(
            home, today=today, https=reach.https, secure_cookies=secure_cookies or reach.https, hosts=reach.names
        )
        end_metrics = app.state.metrics.export(reach.metrics_port) if reach.metrics_port else None
        # Uvicorn raises the signal again when it has drained; this way the home is closed and the last lines are written.
        for number in SIGNALS:
            signal.signal(number, lambda *_: sys.exit(0))
        scheme = "https" if reach.tls else "http"
        address = f"{scheme}://{reach.host}:{listening.getsockname()[1]}"
        structlog.get_logger("serving").info("serving", address=address)
        # What is here by now lives as long as the service: to look through it again and again took 100 ms each time.
        gc.collect()
        gc.freeze()
        try:
            uvicorn.Server(
                configuration(app, behind_proxy=reach.behind_proxy, trusted=reach.trusted, tls=reach.tls)
            ).run(sockets=[listening])
        finally:
            if end_metrics:
                end_metrics()
            structlog.get_logger("serving").info("stopped", lines_lost=log_lines.lost)
            log_lines.drain()


def answers_once(home: DataHome, *, today: Callable[[], date]) -> None:
    """Start the real service on a free loopback port, ask for readiness and the sign-in page, and stop it again.

    Raises CannotServe when either does not answer.
    """
    with listen("127.0.0.1", 0, behind_proxy=False) as listening:
        log_lines = write_logs_as_json()
        server = uvicorn.Server(configuration(create_app(home, today=today), behind_proxy=False))
        running = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        running.start()
        try:
            for path in ("/readyz", "/login"):
                _require_answer(f"http://127.0.0.1:{listening.getsockname()[1]}{path}")
        finally:
            server.should_exit = True
            running.join()
            log_lines.drain()


def _require_answer(address: str) -> None:
    try:
        with urllib.request.urlopen(address, timeout=_DRAIN_SECONDS) as answer:
            answer.read()
    except OSError as error:
        raise CannotServe(
            f"{address} does not answer: {error}. Look at the log lines above. · {address} ไม่ตอบ: {error} ดูบันทึกด้านบน"
        ) from None


def listen(host: str, port: int, *, behind_proxy: bool, tls: bool = False) -> socket.socket:
    """An open socket on the address (port 0: any free one). Raises CannotServe when it is not ours to open."""
    require_encrypted(host, encrypted=behind_proxy or tls)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio spares an answer the wait for the acknowledgement of its head (40 ms) only on a socket that says it is TCP.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # Without this a restart would wait a minute for the last connections to be forgotten.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            another = f"--port {port + 1}"
            raise CannotServe(
                f"Port {port} on {host} is in use. Stop the other program or choose another with {another}. · "
                f"พอร์ต {port} บน {host} มีโปรแกรมอื่นใช้อยู่ ปิดโปรแกรมนั้น หรือเลือกพอร์ตอื่นด้วย {another}"
            ) from None
        raise CannotServe(
            f"Cannot listen on {host}:{port}: {error.strerror}. Choose another --host or --port. · "
            f"เปิดที่ {host}:{port} ไม่ได้: {error.strerror} เลือก --host หรือ --port อื่น"
        ) from None
    return listening


def configuration(
    app: object, *, behind_proxy: bool, trusted: Sequence[str] = (), tls: tuple[Path, Path] | None = None
) -> uvicorn.Config:
    """Uvicorn with its access log off: it would write paths, and a path names a student. Ours is in middleware.py."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        http=ImpatientProtocol,  # h11: the limit on headers is its own
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=behind_proxy,
        forwarded_allow_ips=list(trusted),
        ssl_certfile=str(tls[0]) if tls else None,
        ssl_keyfile=str(tls[1]) if tls else None,
        limit_concurrency=_MOST_AT_ONCE,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
        h11_max_incomplete_event_size=_MOST_HEADER_BYTES,
    )
