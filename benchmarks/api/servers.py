"""The processes that are measured: the real service, an empty endpoint, and a PostgreSQL of our own, each on one core."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVER_CORE, CLIENT_CORE = 0, 1
EMPTY_APP = """
from fastapi import FastAPI
app = FastAPI(openapi_url=None)

@app.get("/empty")
def empty() -> dict[str, str]:
    return {"status": "empty"}
"""
_PATIENCE = 60


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running server on 127.0.0.1, and how long it took until its first answer."""

    process: "subprocess.Popen[bytes]"
    port: int
    start_seconds: float

    def megabytes(self) -> float:
        """Resident memory."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return round(int(line.split()[1]) / 1024, 1)
        raise AssertionError("the server is gone")

    def processor_seconds(self) -> float:
        """What it has used of its core, its own work and the system's for it: a full machine changes it least."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def pinned(core: int) -> list[str]:
    """Words before a command that keep it on one core, where that can be done."""
    return ["taskset", "-c", str(core)] if shutil.which("taskset") and (os.cpu_count() or 1) > core else []


@contextlib.contextmanager
def service(environment: Mapping[str, str]) -> Iterator[Server]:
    """`zerodrop serve` over the data home that the environment names; its log lines are thrown away."""
    port = _free_port()
    with _running(["-m", "zerodrop", "serve", "--port", str(port)], port, "/healthz", environment, ROOT) as server:
        yield server


@contextlib.contextmanager
def empty_endpoint(folder: Path) -> Iterator[Server]:
    """A FastAPI application with one endpoint that does nothing, on the same uvicorn."""
    (folder / "empty_app.py").write_text(EMPTY_APP)
    port = _free_port()
    words = ["-m", "uvicorn", "empty_app:app", "--port", str(port), "--no-access-log", "--log-level", "warning"]
    with _running(words, port, "/empty", {}, folder) as server:
        yield server


@contextlib.contextmanager
def _running(words: list[str], port: int, path: str, environment: Mapping[str, str], folder: Path) -> Iterator[Server]:
    began = time.perf_counter()
    process = subprocess.Popen(
        [*pinned(SERVER_CORE), sys.executable, *words],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}{path}", process)
        yield Server(process=process, port=port, start_seconds=round(time.perf_counter() - began, 2))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def _wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            with urllib.request.urlopen(address, timeout=_PATIENCE) as answer:
                answer.read()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"{address} does not answer") from None
            time.sleep(0.01)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def own_postgres() -> Iterator[str | None]:
    """The address of a new database on a PostgreSQL started for this run with its usual settings; None without one.

    Its role is no superuser, as docs/guides/database.md asks: row-level security holds for it, and takes its time.
    """
    binaries = _binaries()
    if binaries is None:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="zerodrop-benchmark-"))
    account = _account()
    if account:
        shutil.chown(folder, account)
    sockets = f"unix_socket_directories={folder}"
    _do(
        [binaries / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"],
        account,
    )
    start = [binaries / "postgres", "-D", folder / "data", "-c", sockets, "-c", "listen_addresses="]
    words = [*pinned(CLIENT_CORE), *map(str, start)]
    server = subprocess.Popen(words, user=account, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for_postgres(binaries, folder)
        for command in (
            ["createuser", "-U", "postgres", "--no-superuser", "--no-createdb", "--no-createrole", "zerodrop"],
            ["createdb", "-U", "postgres", "-O", "zerodrop", "benchmark"],
        ):
            _do([binaries / command[0], "-h", folder, *command[1:]], account)
        yield f"postgresql+psycopg://zerodrop@/benchmark?host={folder}"
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def _do(words: list[str | Path], account: str | None) -> None:
    subprocess.run(list(map(str, words)), user=account, cwd="/", capture_output=True, check=True, timeout=_PATIENCE)


def _wait_for_postgres(binaries: Path, folder: Path) -> None:
    asked = [str(binaries / "pg_isready"), "-h", str(folder), "-U", "postgres"]
    until = time.monotonic() + _PATIENCE
    while subprocess.run(asked, capture_output=True, check=False).returncode:
        if time.monotonic() > until:
            raise SystemExit("PostgreSQL does not start")
        time.sleep(0.05)


def _binaries() -> Path | None:
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)


def _account() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)
