"""What a teacher sees: on a phone, at a desk, on paper; nothing that axe objects to."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize

from serving.accounts import create_account
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.sample_college import INSTITUTION, MARK, PASSWORD, SampleCollege

pytestmark = pytest.mark.browser
PageOf = Callable[..., Page]
SIZES = pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])


def accessible(page: Page) -> None:
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def no_sideways_scrolling(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@SIZES
def test_sign_in_page(chromium: Browser, address: str, viewport: ViewportSize, pictures: Path) -> None:
    with chromium.new_context(base_url=address, viewport=viewport) as context:
        page = context.new_page()
        page.goto("/login")
        accessible(page)
        page.screenshot(path=pictures / "sign_in.png", full_page=True)


@SIZES
@pytest.mark.parametrize("login", ["kru.a", "care"])
def test_list_page(page_of: PageOf, viewport: ViewportSize, login: str, pictures: Path) -> None:
    page = page_of(login, viewport)
    page.screenshot(path=pictures / "list.png", full_page=True)
    accessible(page)
    assert no_sideways_scrolling(page)
    assert page.locator("table.list tbody tr").count() == (9 if login == "kru.a" else 18)


@SIZES
def test_student_page(page_of: PageOf, college: SampleCollege, viewport: ViewportSize, pictures: Path) -> None:
    page = page_of("kru.a", viewport)
    page.click(f"table.list >> text={college.names[college.students['kru.a'][0]]}")
    page.wait_for_url("**/students/*")
    page.screenshot(path=pictures / "student.png", full_page=True)
    accessible(page)
    assert no_sideways_scrolling(page)
    assert "14 คน" in page.inner_text(".number")
    assert page.locator(".domain").count() == 3
    whole, own = (rect.bounding_box() for rect in page.locator(".domain .bar").first.locator("rect").all())
    assert whole is not None
    assert own is not None
    assert own["width"] < whole["width"]
    heading = page.locator(".domain h3").first.bounding_box()
    assert heading is not None
    assert (
        heading["x"] == pytest.approx(whole["x"], abs=1) == pytest.approx(own["x"], abs=1)
    )  # it stands under its words
    assert MARK not in page.title()


@SIZES
@pytest.mark.parametrize("path", ["/help", "/nothing-here"])
def test_other_pages(page_of: PageOf, viewport: ViewportSize, path: str, pictures: Path) -> None:
    page = page_of("ana", viewport)
    page.screenshot(path=pictures / "roles.png", full_page=True)
    accessible(page)
    page.goto(path)
    page.screenshot(path=pictures / "other.png", full_page=True)
    accessible(page)
    assert no_sideways_scrolling(page)


@SIZES
def test_student_of_whom_too_little_is_known(
    page_of: PageOf, college: SampleCollege, viewport: ViewportSize, pictures: Path
) -> None:
    page = page_of("kru.a", viewport)
    name = page.locator("details.unknown .name").first
    assert not name.is_visible()  # closed until somebody wants to see it
    page.click("details.unknown summary")
    page.screenshot(path=pictures / "list_open.png", full_page=True)
    accessible(page)
    name.click()
    page.wait_for_url("**/students/*")
    page.screenshot(path=pictures / "unknown.png", full_page=True)
    accessible(page)
    assert no_sideways_scrolling(page)
    assert page.locator("#reasons, #observed").count() == 0


def test_targets_are_large_enough_for_a_thumb(page_of: PageOf) -> None:
    page = page_of("kru.a", PHONE)
    targets = page.locator("nav a, nav button, a.name, summary").all()
    boxes = [target.bounding_box() for target in targets if target.is_visible()]
    assert len(boxes) > 20
    assert all(box is not None and box["height"] >= 44 for box in boxes)


def test_language_switch_and_sign_out_by_real_clicks(page_of: PageOf, address: str) -> None:
    page = page_of("kru.a", PHONE)
    page.click("text=English")
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.inner_text("h1") == "To follow this week"
    page.click("text=Sign out")
    page.wait_for_url(f"{address}/login")
    page.goto("/")
    assert page.url == f"{address}/login"


def test_another_site_cannot_sign_somebody_out(page_of: PageOf, chromium: Browser, address: str) -> None:
    page = page_of("kru.a", DESKTOP)
    # The same service under its other name is another site to the browser, which says so by Sec-Fetch-Site.
    other = address.replace("127.0.0.1", "localhost")
    page.route(f"{other}/trap", lambda route: route.fulfill(content_type="text/html", body=_trap(address)))
    page.goto(f"{other}/trap")
    page.click("button")
    assert page.inner_text("h1") == "ทำไม่ได้"
    page.goto(f"{address}/")
    assert page.url == f"{address}/"


def _trap(address: str) -> str:
    return f'<form method="post" action="{address}/logout"><button>x</button></form>'


def test_paper(page_of: PageOf, pictures: Path) -> None:
    page = page_of("care", DESKTOP)
    page.emulate_media(media="print")
    assert page.locator("section.unknown").is_visible()  # what is closed on a screen is open on paper
    assert not page.locator("details.unknown").is_visible()
    sheet = pictures / "list.pdf"
    page.pdf(path=sheet, prefer_css_page_size=True)
    assert sheet.stat().st_size > 10_000
    if shutil.which("pdftotext"):
        text = subprocess.run(["pdftotext", "-layout", sheet, "-"], capture_output=True, text=True, check=True).stdout
        sheets = text.count("\f")
        assert sheets in (2, 3)  # eighteen students, four of whom too little is known, and the three rates
        assert f"1/{sheets}" in text


def test_twice_as_large_on_a_phone_nothing_runs_off_the_screen(page_of: PageOf, college: SampleCollege) -> None:
    page = page_of("kru.a", {"width": 195, "height": 422})
    for path in ("/", f"/students/{college.students['kru.a'][9]}", "/me", "/me/password", "/me/second-factor", "/help"):
        page.goto(path)
        assert no_sideways_scrolling(page), path.partition("/students")[0]


def test_a_login_as_long_as_an_address_stays_on_the_screen(page_of: PageOf, college: SampleCollege) -> None:
    login = "somchai.wongsuwannaphum.department.of.electronics@technical-college.example.ac.th"
    create_account(
        college.home,
        login=login,
        name="ครู" + "สมชาย" * 20,
        role="committee",
        institution=INSTITUTION,
        password=PASSWORD,
    )
    page = page_of(login, PHONE)
    for path in ("/", "/me", "/looks"):
        page.goto(path)
        assert no_sideways_scrolling(page), path


def test_in_colours_of_the_readers_own_buttons_have_an_edge_and_bars_tell_their_share(
    page_of: PageOf, college: SampleCollege
) -> None:
    page = page_of("kru.a", PHONE)
    page.emulate_media(forced_colors="active", color_scheme="dark")
    page.goto(f"/students/{college.students['kru.a'][0]}")
    ink, whole, part = page.evaluate(
        "['body', '.bar .whole', '.bar rect + rect'].map((at, n) => getComputedStyle(document.querySelector(at))[n ? 'fill' : 'color'])"
    )
    assert (whole == ink, part == ink) == (False, True)
    page.goto("/me/password")
    edge = page.evaluate("getComputedStyle(document.querySelector('button.main')).borderTopColor")
    assert edge == ink


def test_no_two_things_to_open_on_the_list_have_one_name(page_of: PageOf) -> None:
    """A screen reader lists them without the rows that they stand in."""
    page = page_of("kru.a", PHONE)
    names = page.locator("table.list summary").all_text_contents()
    assert (len(names), len(set(names))) == (9, 9)
    assert all(name.startswith("ถามอะไรดี") for name in names)


def test_what_was_done_has_the_focus(page_of: PageOf) -> None:
    page = page_of("kru.b", PHONE)
    page.goto("/me?done=sessions")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "status"
    accessible(page)
    page.goto("/me")
    assert page.evaluate("document.activeElement.tagName") == "BODY"


def test_what_went_wrong_has_the_focus(chromium: Browser, address: str) -> None:
    """At the top of the page, where the next step of the keyboard leads on to the fields."""
    with chromium.new_context(base_url=address, viewport=PHONE) as context:
        page = context.new_page()
        page.goto("/login")
        assert page.evaluate("document.activeElement.tagName") == "BODY"
        page.fill("#login", "kru.a")
        page.fill("#password", "wrong password")
        page.click("button.main")
        page.wait_for_selector("[role=alert]")
        assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "login"
        accessible(page)
