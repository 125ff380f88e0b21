"""Debian's Chromium against the real server on 127.0.0.1."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from scripts.find_chromium import MISSING, find_chromium
from serving.app import create_app
from serving.server import configuration, listen
from tests.browser.sample_college import PASSWORD, TODAY, SampleCollege, make_college

_ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")  # what drives it keeps an event loop in this thread, where later tests want their own
def chromium() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        pytest.skip(f"BROWSER TESTS NOT RUN. {MISSING}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def college(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleCollege]:
    made = make_college(tmp_path_factory.mktemp("college"))
    yield made
    made.home.close()


@pytest.fixture(scope="module")
def address(college: SampleCollege) -> Iterator[str]:
    """Where the college's service answers."""
    with running(college) as address:
        yield address


@contextmanager
def running(college: SampleCollege) -> Iterator[str]:
    listening = listen("127.0.0.1", 0, behind_proxy=False)
    server = uvicorn.Server(configuration(create_app(college.home, today=lambda: TODAY), behind_proxy=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=20)
    listening.close()


@pytest.fixture
def page_of(chromium: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """A page in which somebody has signed in through the form, on a screen of a size."""
    contexts = []

    def opened(login: str, viewport: ViewportSize) -> Page:
        context = chromium.new_context(base_url=address, viewport=viewport, locale="th-TH")
        contexts.append(context)
        page = context.new_page()
        page.goto("/login")
        page.fill("#login", login)
        page.fill("#password", PASSWORD)
        page.click("button.main")
        page.wait_for_url(f"{address}/")
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return tmp_path
