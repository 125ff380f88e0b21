"""The language switch shows the page that was open in the other language: its query too, and never a form sent again."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from tests.browser.sample_college import SampleCollege
from tests.functional.signing_in import hidden

SignIn = Callable[..., TestClient]


def switched(browser: TestClient, page: str) -> str:
    """Where the switch of this page leads."""
    answer = browser.post("/language", data={"language": "en", "back_to": hidden(page, "back_to")})
    assert answer.status_code == 303
    return answer.headers["location"]


@pytest.mark.parametrize(
    "asked", ["/looks?before=9", "/me?done=password", "/help", "/nowhere?a=1&b=%E0%B8%81", "/%E0%B8%81/x"]
)
def test_it_comes_back_to_the_same_page_of_several(college: SampleCollege, signed_in: SignIn, asked: str) -> None:
    browser = signed_in(college, "kru.a")
    shown = urlsplit(switched(browser, browser.get(asked).text))
    assert (shown.path, parse_qs(shown.query)) == (urlsplit(asked).path, parse_qs(urlsplit(asked).query))


def test_a_notice_at_the_sign_in_page_stays(unpublished: SampleCollege, browser_of: SignIn) -> None:
    browser = browser_of(unpublished)
    assert switched(browser, browser.get("/login?done=activated").text) == "/login?done=activated"
    assert switched(browser, browser.post("/login", data={"login": "x", "password": "y"}).text) == "/login"


@pytest.mark.parametrize("path", ["/logout", "/me/unlink", "/me/sessions/close", "/nowhere"])
def test_a_form_that_was_refused_is_not_sent_again(college: SampleCollege, signed_in: SignIn, path: str) -> None:
    browser = signed_in(college, "kru.a")
    page = browser.post(f"{path}?x=1", headers={"origin": "https://evil.example"})
    assert page.status_code == 403
    assert switched(browser, page.text) == "/"


def test_a_long_address_leads_to_the_start_and_is_no_fault(unpublished: SampleCollege, browser_of: SignIn) -> None:
    browser = browser_of(unpublished)
    long = "/" + "x" * 300
    assert switched(browser, browser.get(long).text) == long
    assert switched(browser, browser.get("/" + "x" * 3000).text) == "/"
