"""Signing in with a second factor as a person does it, on a phone and at a desk; nothing that axe objects to."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize
from pyotp.totp import TOTP

from serving.accounts import create_account, give_code
from tests.browser.conftest import DESKTOP, PHONE, running
from tests.browser.sample_college import INSTITUTION, PASSWORD, SampleCollege, make_college
from tests.browser.test_reading import accessible, no_sideways_scrolling
from tests.functional.signing_in import Clock, reopened

pytestmark = pytest.mark.browser
SIZES = pytest.mark.parametrize(("viewport", "login"), [(PHONE, "care"), (DESKTOP, "head")], ids=["phone", "desktop"])
NEW = "ปลาทู ว่ายน้ำ ข้ามภูเขา"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleCollege]:
    made = make_college(tmp_path_factory.mktemp("strict"))
    with reopened(made) as college:
        yield college
    made.home.close()


@pytest.fixture(scope="module")
def strict_address(strict: SampleCollege) -> Iterator[str]:
    with running(strict) as address:
        yield address


def well_made(page: Page) -> None:
    accessible(page)
    assert no_sideways_scrolling(page)
    targets = [one.bounding_box() for one in page.locator("main a, main button, main input").all() if one.is_visible()]
    assert all(box is not None and box["height"] >= 44 for box in targets if box and box["width"] > 1)


@SIZES
def test_from_the_password_through_the_app_to_the_own_account(
    chromium: Browser, strict_address: str, viewport: ViewportSize, login: str, pictures: Path
) -> None:
    with chromium.new_context(base_url=strict_address, viewport=viewport, java_script_enabled=True) as context:
        page = context.new_page()
        page.goto("/login")
        well_made(page)
        page.fill("#login", login)
        page.fill("#password", PASSWORD)
        page.click("button.main")
        page.wait_for_url("**/second-factor")
        well_made(page)
        assert page.locator("a[href^='otpauth://totp/']").count() == 1
        secret = page.inner_text("code").replace(" ", "")
        page.fill("#code", "000000")
        page.click("button.main")
        assert page.locator("[role=alert]").count() == 1
        well_made(page)
        page.click("text=English")
        assert page.locator("html").get_attribute("lang") == "en"
        secret = page.inner_text("code").replace(" ", "")
        page.fill("#code", TOTP(secret).at(time.time()))
        page.click("button.main")
        page.wait_for_url(f"{strict_address}/")
        for path in ("/me", "/me/password", "/me/second-factor"):
            page.goto(path)
            page.screenshot(path=pictures / f"{path.replace('/', '-')}.png", full_page=True)
            well_made(page)


def test_activation_without_scripts(chromium: Browser, strict: SampleCollege, strict_address: str) -> None:
    create_account(strict.home, login="kru.new", name="ครูใหม่", role="advisor", institution=INSTITUTION)
    code = give_code(strict.home, "kru.new", actor="root", now=Clock().now)
    with chromium.new_context(base_url=strict_address, viewport=PHONE, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/login")
        page.click("a[href='/activate']")
        for field, typed in (("#login", "Kru.New"), ("#activation", code), ("#password", NEW), ("#again", NEW)):
            page.fill(field, typed)
        page.click("button.main")
        page.wait_for_url("**/login?done=activated")
        page.fill("#login", "kru.new")
        page.fill("#password", NEW)
        page.click("button.main")
        page.wait_for_url(f"{strict_address}/")
