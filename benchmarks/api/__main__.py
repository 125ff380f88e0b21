"""How long the service takes for an audited answer, beside an endpoint that does nothing, on SQLite and on PostgreSQL.

    python -m benchmarks.api --seconds 20
    python -m benchmarks.api --seconds 20 --minutes 10 --engine sqlite

JSON lines. A college of `--students` entries with reasons is published three times (`publish_seconds`, the median) and the
real service started in a process of its own on one core (taskset), as is an application with one empty endpoint; this
program and PostgreSQL work on the other. `stored risk`: one student with reasons, audited, `--rate` requests a second in an
open loop: a latency counts from the moment the request was due (`generator_late_p99_ms`: how late this program itself
was), and `core_ms_each` is what the server used of its core for each, which other work on the machine changes least.
`list of 40`: 50 advisors with a connection each, each asking once a second, as JSON and as the page; `at once` keeps
all 50 asking without a pause. `most` is the throughput by wrk with 16 connections and its ratio to the empty endpoint's,
the median of three turns taken one after the other. `--minutes` keeps `--rate` up and tells the memory each minute.
PostgreSQL is the one of `--postgres` (an empty database), else one that is started here where Debian's is installed.
"""

import argparse
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks.api import college as made
from benchmarks.api import load
from benchmarks.api.servers import CLIENT_CORE, Server, empty_endpoint, own_postgres, pinned, service
from records.console import today_in_bangkok
from records.home import create_home
from records.settings import Settings
from records.weeks import monday_of

Figures = dict[str, Any]
ADVISORS, RISK_CONNECTIONS, WRK_CONNECTIONS, TURNS = 50, 64, 16, 3
_RATE = re.compile(r"Requests/sec:\s+([0-9.]+)")


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What the command line asked for."""

    students: int
    rate: float
    seconds: float
    minutes: int


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.api", description="The service under load.")
    parser.add_argument("--students", type=int, default=5_000)
    parser.add_argument("--rate", type=float, default=300, help="requests a second of the open loop")
    parser.add_argument("--seconds", type=float, default=20, help="of each measurement")
    parser.add_argument("--minutes", type=int, default=0, help="keep the rate up so long and tell the memory")
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--postgres", default="", help="address of an empty database; without it one is started")
    asked = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are ended too
    if not shutil.which("wrk"):
        print("wrk is missing, so `most` is left out: apt install wrk", file=sys.stderr)
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > CLIENT_CORE:
        os.sched_setaffinity(0, {CLIENT_CORE})
    chosen = Chosen(students=asked.students, rate=asked.rate, seconds=asked.seconds, minutes=asked.minutes)
    for engine in asked.engine or ("sqlite", "postgresql"):
        with _database(engine, asked.postgres) as url:
            if url is None:
                print("PostgreSQL is missing, so it is left out: apt install postgresql", file=sys.stderr)
                continue
            for line in lines(chosen, url):
                print(json.dumps({"engine": engine, **line}), flush=True)
    return 0


@contextlib.contextmanager
def _database(engine: str, postgres: str) -> Iterator[str | None]:
    """An address; empty for SQLite, None where there is no PostgreSQL."""
    if engine == "sqlite" or postgres:
        yield "" if engine == "sqlite" else postgres
        return
    with own_postgres() as url:
        yield url


def lines(chosen: Chosen, url: str) -> Iterator[Figures]:
    with tempfile.TemporaryDirectory(prefix="zerodrop-api-") as folder:
        settings = Settings(home=Path(folder) / "home", database_url=url, vault_url=url)
        monday = monday_of(today_in_bangkok())
        college, taken = _published(settings, chosen.students, monday)
        yield {"what": "publish", "students": chosen.students, "publish_seconds": round(statistics.median(taken), 3)}
        environment = {"ZERODROP_HOME": str(settings.home), "ZERODROP_DATABASE_URL": url, "ZERODROP_VAULT_URL": url}
        with service(environment) as server, empty_endpoint(Path(folder)) as empty:
            yield {"what": "start", "seconds": server.start_seconds, "mb": server.megabytes()}
            cookies = [_sign_in(server.port, login) for login in college.advisors]
            yield from _measured(chosen, server, empty, college, cookies)


def _published(settings: Settings, students: int, monday: date) -> tuple[made.College, list[float]]:
    home = create_home(settings)
    college = made.make_college(home, students=students, advisors=ADVISORS, monday=monday)
    taken = made.publish(home, college, monday, times=3)
    home.close()
    return college, taken


def _sign_in(port: int, login: str) -> str:
    """The session's cookie, as the sign-in page gives it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/login", urlencode({"login": login, "password": made.PASSWORD}), form)
    answer = connection.getresponse()
    answer.read()
    cookie = next(
        (value for name, value in answer.getheaders() if name.lower() == "set-cookie" and "session" in value), ""
    )
    if not cookie:
        raise SystemExit(f"{login} was not signed in: {answer.status}")
    return cookie.partition(";")[0]


def _measured(
    chosen: Chosen, server: Server, empty: Server, college: made.College, cookies: Sequence[str]
) -> Iterator[Figures]:
    risks = [
        load.request(server.port, f"/api/v1/students/{students[place]}/risk", cookie=cookie)
        for place in range(20)
        for cookie, students in zip(cookies, college.students, strict=True)
    ]
    load.run(server.port, risks, rate=chosen.rate, seconds=2, connections=RISK_CONNECTIONS)  # warm
    yield {"what": "stored risk", "rate": chosen.rate} | _open(
        server, risks, chosen.rate, chosen.seconds, RISK_CONNECTIONS
    )
    nothing = [load.request(empty.port, "/empty")]
    yield {"what": "empty", "rate": chosen.rate} | _open(empty, nothing, chosen.rate, chosen.seconds, RISK_CONNECTIONS)
    for name, path in (("list of 40", "/api/v1/lists/current"), ("page of 40", "/")):
        asked = [load.request(server.port, path, cookie=cookie) for cookie in cookies]
        yield {"what": name, "advisors": ADVISORS, "rate": ADVISORS} | _open(
            server, asked, ADVISORS, chosen.seconds, ADVISORS
        )
    if shutil.which("wrk"):
        risk = f"/api/v1/students/{college.students[0][0]}/risk"
        yield _most(server, empty, risk, cookies[0], chosen.seconds)
        yield {"what": "list of 40, at once"} | _wrk(
            server, "/api/v1/lists/current", cookies[0], ADVISORS, chosen.seconds
        )
    yield {"what": "memory", "minute": 0, "mb": server.megabytes()}
    for minute in range(1, chosen.minutes + 1):
        load.run(server.port, risks, rate=chosen.rate, seconds=60, connections=RISK_CONNECTIONS)
        yield {"what": "memory", "minute": minute, "mb": server.megabytes()}


def _open(server: Server, asked: Sequence[bytes], rate: float, seconds: float, connections: int) -> Figures:
    before = server.processor_seconds()
    answers = load.run(server.port, asked, rate=rate, seconds=seconds, connections=connections)
    used = server.processor_seconds() - before
    return answers.figures() | {"core_ms_each": round(1000 * used / len(answers.milliseconds), 2)}


def _most(server: Server, empty: Server, risk: str, cookie: str, seconds: float) -> Figures:
    turns = [
        (
            _wrk(server, risk, cookie, WRK_CONNECTIONS, seconds)["requests_a_second"],
            _wrk(empty, "/empty", "", WRK_CONNECTIONS, seconds)["requests_a_second"],
        )
        for _ in range(TURNS)
    ]
    ours, theirs = (round(statistics.median(column), 1) for column in zip(*turns, strict=True))
    ratio = round(statistics.median(mine / other for mine, other in turns), 3)
    return {"what": "most", "stored_risk_a_second": ours, "empty_a_second": theirs, "ratio": ratio}


def _wrk(server: Server, path: str, cookie: str, connections: int, seconds: float) -> Figures:
    """Closed loop: as fast as the answers come."""
    words = [*pinned(CLIENT_CORE), "wrk", "-t1", f"-c{connections}", f"-d{max(int(seconds), 1)}s", "--latency"]
    header = ["-H", f"Cookie: {cookie}"] if cookie else []
    said = subprocess.run(
        [*words, *header, f"http://127.0.0.1:{server.port}{path}"], capture_output=True, text=True, check=True
    ).stdout
    found = _RATE.search(said)
    if found is None or "Non-2xx" in said:
        raise SystemExit(said)
    p99 = re.search(r"99%\s+(\S+)", said)
    return {"requests_a_second": float(found[1]), "p99": p99[1] if p99 else None}


if __name__ == "__main__":
    raise SystemExit(main())
