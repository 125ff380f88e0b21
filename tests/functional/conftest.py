"""The service over a small college, spoken to as a browser over HTTPS would."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.engine import make_url

from serving.app import create_app
from tests.browser.sample_college import PASSWORD, TODAY, SampleCollege, copy_of, make_college
from tests.functional.signing_in import Clock
from tests.passwords import quick_passwords
from tests.postgres import POSTGRESQL, PostgresServer

SignIn = Callable[..., TestClient]


@pytest.fixture(autouse=True)
def passwords(request: pytest.FixtureRequest) -> Iterator[None]:
    """Quick to hash, but where a test is marked as one of their real cost."""
    if request.node.get_closest_marker("real_passwords"):
        yield
        return
    with quick_passwords():
        yield


@pytest.fixture(scope="session")
def pattern(
    engine: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SampleCollege]:
    """Made once for each engine, and closed again: every test has a copy."""
    folder = tmp_path_factory.mktemp(f"pattern-{engine}")
    if engine != POSTGRESQL:
        made = make_college(folder, publish=False)
        made.home.close()
        yield made
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.make()
    made = make_college(folder, publish=False, url=server.url(name))
    made.home.close()
    yield made
    server.drop(name)


@pytest.fixture
def unpublished(
    engine: str, pattern: SampleCollege, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SampleCollege]:
    """A college whose first list is still to come; commands and servers that are started find its database too."""
    if engine != POSTGRESQL:
        copied = copy_of(pattern, tmp_path)
        yield copied
        copied.home.close()
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.make(str(make_url(pattern.home.settings.database_url).database))
    url = server.url(name)
    for variable in ("ZERODROP_DATABASE_URL", "ZERODROP_VAULT_URL"):
        monkeypatch.setenv(variable, url)
    copied = copy_of(pattern, tmp_path, url=url)
    yield copied
    copied.home.close()
    server.drop(name)


@pytest.fixture
def college(unpublished: SampleCollege) -> SampleCollege:
    unpublished.publish()
    return unpublished


@pytest.fixture
def clock() -> Clock:
    """A clock that the test moves."""
    return Clock()


@pytest.fixture
def browser_of() -> Callable[..., TestClient]:
    """A browser, not signed in, at a college on a day."""

    def opened(college: SampleCollege, *, today: date = TODAY, address: str = "10.0.0.1") -> TestClient:
        app = create_app(college.home, today=lambda: today, hosts=("testserver",))
        return TestClient(app, base_url="https://testserver", client=(address, 50000), follow_redirects=False)

    return opened


@pytest.fixture
def signed_in(browser_of: Callable[..., TestClient]) -> SignIn:
    """A browser in which somebody is signed in."""

    def opened(college: SampleCollege, login: str, *, today: date = TODAY) -> TestClient:
        browser = browser_of(college, today=today)
        answer = browser.post("/login", data={"login": login, "password": PASSWORD})
        assert answer.status_code == 303
        return browser

    return opened
