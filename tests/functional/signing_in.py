"""What the tests of signing in share: a clock that a test sets, and a browser at a college that asks for two factors."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fastapi.testclient import TestClient
from pyotp.totp import TOTP

from records import audit
from records.home import open_home
from records.settings import Settings
from serving.app import create_app
from tests.browser.sample_college import PASSWORD, TODAY, SampleCollege

COOKIE = "__Host-session"


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@contextmanager
def reopened(college: SampleCollege, **settings: Any) -> Iterator[SampleCollege]:
    """The same college under other settings, as after a restart."""
    by_default = {"second_factor_roles": Settings.model_fields["second_factor_roles"].default}
    home = open_home(college.home.settings.model_copy(update={**by_default, **settings}))
    yield replace(college, home=home)
    home.close()


def browser_at(college: SampleCollege, clock: Clock, *, address: str = "10.0.0.1", **headers: str) -> TestClient:
    app = create_app(college.home, today=lambda: TODAY, hosts=("testserver",), now=clock)
    return TestClient(
        app, base_url="https://testserver", client=(address, 50000), follow_redirects=False, headers=headers
    )


def sign_in(browser: TestClient, login: str, password: str = PASSWORD) -> str:
    """Sign in; where the browser is sent."""
    answer = browser.post("/login", data={"login": login, "password": password})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, page
    return html.unescape(found[1])


def secret_on(page: str) -> str:
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert found is not None, page
    return found[1].replace(" ", "")


def code_at(secret: str, clock: Clock) -> str:
    return TOTP(secret).at(clock.now)


def enrol(browser: TestClient, clock: Clock, login: str) -> str:
    """Sign in for the first time and set up an app; its secret."""
    assert sign_in(browser, login) == "/second-factor"
    page = browser.get("/second-factor").text
    secret = secret_on(page)
    answer = browser.post(
        "/second-factor/enrol", data={"sealed": hidden(page, "sealed"), "code": code_at(secret, clock)}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/"), answer.text
    return secret


def actions(college: SampleCollege) -> list[str]:
    """What the audit trail says was done, in order."""
    with college.home.database.read() as session:
        return [row.action for row in session.query(audit.AuditRow).order_by(audit.AuditRow.id)]
