"""The service over a small college, spoken to as a browser over HTTPS would."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from serving.app import create_app
from tests.browser.sample_college import PASSWORD, TODAY, SampleCollege, copy_of, make_college

SignIn = Callable[..., TestClient]


@pytest.fixture(scope="session")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleCollege]:
    made = make_college(tmp_path_factory.mktemp("pattern"), publish=False)
    yield made
    made.home.close()


@pytest.fixture
def unpublished(pattern: SampleCollege, tmp_path: Path) -> Iterator[SampleCollege]:
    """A college whose first list is still to come."""
    copied = copy_of(pattern, tmp_path)
    yield copied
    copied.home.close()


@pytest.fixture
def college(unpublished: SampleCollege) -> SampleCollege:
    unpublished.publish()
    return unpublished


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
