"""Linking one's own account to a person of an identity provider, and what is still asked after signing in there."""

# ruff: noqa: F811 (fixtures are imported, then asked for by name)

from datetime import timedelta

from serving.accounts import Accounts, link_account
from tests.browser.sample_college import PASSWORD, SampleCollege
from tests.functional.at_provider import (  # noqa: F401  (fixtures)
    FLIGHT,
    REFUSED,
    UNKNOWN,
    come_back,
    linked,
    one_provider,
    provider,
    secret_file,
    turned_away,
)
from tests.functional.identity_provider import CLIENT_ID, IdentityProvider
from tests.functional.signing_in import COOKIE, Clock, actions, browser_at, code_at, enrol, reopened, sign_in


def test_a_signed_in_person_links_and_unlinks(linked: SampleCollege, provider: IdentityProvider, clock: Clock) -> None:
    browser = browser_at(linked, clock)
    sign_in(browser, "kru.b")
    assert 'href="/me/link"' in browser.get("/me").text
    page = browser.get("/me/link").text
    address = page.split(f'href="{provider.issuer}')[1].split('"')[0].replace("&amp;", "&")
    provider.subject = "person-b"
    answer = browser.get(provider.authorize(f"{provider.issuer}{address}"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/me?done=linked")
    assert "link account" in actions(linked)
    again = browser_at(linked, clock)
    assert come_back(again, provider).headers["location"] == "/"
    assert "ครูkru.b" in again.get("/me").text
    assert again.post("/me/unlink").headers["location"] == "/me?done=unlinked"
    turned_away(come_back(browser_at(linked, clock), provider), UNKNOWN)


def test_linking_asks_for_the_password_again_and_ends_with_the_session(
    linked: SampleCollege, provider: IdentityProvider, clock: Clock
) -> None:
    browser = browser_at(linked, clock)
    sign_in(browser, "kru.b")
    clock.now += timedelta(minutes=11)
    assert 'action="/me/confirm"' in browser.get("/me/link").text
    assert (
        browser.post("/me/confirm", data={"password": PASSWORD, "then": "/me/link"}).headers["location"] == "/me/link"
    )
    page = browser.get("/me/link").text
    address = page.split(f'href="{provider.issuer}')[1].split('"')[0].replace("&amp;", "&")
    provider.subject = "person-b"
    back = provider.authorize(f"{provider.issuer}{address}")
    flight = browser.cookies[FLIGHT]
    sign_in(browser, "care")  # somebody else sits down
    browser.cookies.set(FLIGHT, flight, domain="testserver.local")
    turned_away(browser.get(back), REFUSED)


def test_a_person_of_the_provider_is_one_account(
    linked: SampleCollege, provider: IdentityProvider, clock: Clock
) -> None:
    browser = browser_at(linked, clock)
    sign_in(browser, "kru.b")
    page = browser.get("/me/link").text
    address = page.split(f'href="{provider.issuer}')[1].split('"')[0].replace("&amp;", "&")
    turned_away(browser.get(provider.authorize(f"{provider.issuer}{address}")), REFUSED)  # person-1 is kru.a
    assert Accounts(linked.home, now=clock).principal(browser.cookies[COOKIE]) is not None


def test_the_second_factor_is_asked_after_the_provider_too(
    linked: SampleCollege, provider: IdentityProvider, clock: Clock
) -> None:
    settings = linked.home.settings
    with reopened(
        linked, oidc_issuer=provider.issuer, oidc_client_id=CLIENT_ID,
        oidc_client_secret_file=settings.oidc_client_secret_file,
    ) as strict:  # fmt: skip
        secret = enrol(browser_at(strict, clock), clock, "care")
        link_account(strict.home, login="care", issuer=provider.issuer, subject="p-care", actor="root", now=clock.now)
        provider.subject, browser = "p-care", browser_at(strict, clock)
        assert come_back(browser, provider).headers["location"] == "/second-factor"
        assert browser.get("/").headers["location"] == "/login"
        clock.now += timedelta(minutes=1)
        assert browser.post("/second-factor", data={"code": code_at(secret, clock)}).headers["location"] == "/"
