"""Sign-in by an identity provider over real HTTP: whatever is wrong ends at the sign-in page, and nothing hangs."""

# ruff: noqa: F811 (fixtures are imported, then asked for by name)

import socket
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from records.errors import CannotServe
from records.settings import Settings
from serving import oidc
from serving.accounts import Accounts, set_active
from serving.oidc import FLIGHT_LIFE, provider_of
from tests.browser.sample_college import SampleCollege
from tests.functional.at_provider import (  # noqa: F401  (fixtures)
    AWAY,
    FLIGHT,
    REFUSED,
    UNKNOWN,
    come_back,
    depart,
    linked,
    one_provider,
    provider,
    secret_file,
    turned_away,
)
from tests.functional.identity_provider import CLIENT_ID, CLIENT_SECRET, Claims, IdentityProvider, running_provider
from tests.functional.signing_in import COOKIE, Clock, browser_at, reopened, sign_in


def test_a_linked_person_signs_in(linked: SampleCollege, provider: IdentityProvider, clock: Clock) -> None:
    browser = browser_at(linked, clock)
    assert 'href="/oidc/start"' in browser.get("/login").text
    answer = come_back(browser, provider)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    page = browser.get("/me").text
    assert "ครูkru.a" in page
    assert "ครูที่ปรึกษา" in page
    assert FLIGHT not in browser.cookies
    assert provider.asked == ["/.well-known/openid-configuration"] * 2 + ["/token", "/keys"]


def test_the_cookie_of_the_flight_is_sealed_short_and_out_of_scripts(
    linked: SampleCollege, provider: IdentityProvider, clock: Clock
) -> None:
    answer = browser_at(linked, clock).get("/oidc/start")
    name, *attributes = answer.headers["set-cookie"].split("; ")
    assert name.startswith(f"{FLIGHT}=")
    assert {part.lower() for part in attributes} == {"httponly", "secure", "samesite=lax", "path=/", "max-age=600"}
    state = answer.headers["location"].split("state=")[1].split("&")[0]
    assert state not in name
    assert "code_challenge=" in answer.headers["location"]


def test_who_is_linked_to_nobody_is_told_how(linked: SampleCollege, provider: IdentityProvider, clock: Clock) -> None:
    provider.subject = "person-2"
    turned_away(come_back(browser_at(linked, clock), provider), UNKNOWN)


def test_a_closed_account_stays_closed(linked: SampleCollege, provider: IdentityProvider, clock: Clock) -> None:
    set_active(linked.home, "kru.a", active=False, actor="root")
    turned_away(come_back(browser_at(linked, clock), provider), UNKNOWN)


def test_roles_and_rights_never_come_from_the_token(
    linked: SampleCollege, provider: IdentityProvider, clock: Clock
) -> None:
    provider.change_claims = lambda claims: claims | {
        "role": "admin", "roles": ["admin"], "groups": ["admin"], "preferred_username": "root", "email": "root@x", "login": "root",
    }  # fmt: skip
    browser = browser_at(linked, clock)
    come_back(browser, provider)
    principal = Accounts(linked.home, now=clock).principal(browser.cookies[COOKIE])
    assert principal is not None
    assert (principal.login, principal.role.name) == ("kru.a", "advisor")


LIES: dict[str, Callable[[Claims], Claims]] = {
    "wrong nonce": lambda claims: claims | {"nonce": "another"},
    "no nonce": lambda claims: {name: value for name, value in claims.items() if name != "nonce"},
    "wrong audience": lambda claims: claims | {"aud": "another-client"},
    "no audience": lambda claims: {name: value for name, value in claims.items() if name != "aud"},
    "two audiences, issued to another": lambda claims: claims | {"aud": [CLIENT_ID, "other"], "azp": "other"},
    "another issuer": lambda claims: claims | {"iss": "https://evil.example"},
    "no issuer": lambda claims: {name: value for name, value in claims.items() if name != "iss"},
    "over": lambda claims: claims | {"exp": claims["exp"] - 3600, "iat": claims["iat"] - 3600},
    "no end": lambda claims: {name: value for name, value in claims.items() if name != "exp"},
    "from tomorrow": lambda claims: claims | {"iat": claims["iat"] + 86400},
    "no subject": lambda claims: {name: value for name, value in claims.items() if name != "sub"},
    "empty subject": lambda claims: claims | {"sub": ""},
    "a number for a subject": lambda claims: claims | {"sub": 7},
    "an endless subject": lambda claims: claims | {"sub": "x" * 5000},
    "another access token": lambda claims: claims | {"at_hash": "x" * 22},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_does_not_hold_is_refused(
    linked: SampleCollege, provider: IdentityProvider, clock: Clock, lie: str
) -> None:
    provider.change_claims = LIES[lie]
    turned_away(come_back(browser_at(linked, clock), provider), REFUSED)


@pytest.mark.parametrize("algorithm", ["none", "unsigned", "HS256", "other key", "RS512"])
def test_a_token_that_is_not_signed_by_the_providers_key_is_refused(
    linked: SampleCollege, provider: IdentityProvider, clock: Clock, algorithm: str
) -> None:
    provider.algorithm = algorithm
    turned_away(come_back(browser_at(linked, clock), provider), REFUSED)


def test_a_code_works_once(linked: SampleCollege, provider: IdentityProvider, clock: Clock) -> None:
    browser = browser_at(linked, clock)
    back = provider.authorize(depart(browser))
    flight = browser.cookies[FLIGHT]
    assert browser.get(back).status_code == 303
    replayed = browser_at(linked, clock)
    turned_away(replayed.get(back, headers={"cookie": f"{FLIGHT}={flight}"}), REFUSED)


def test_only_the_browser_that_left_comes_back(linked: SampleCollege, provider: IdentityProvider, clock: Clock) -> None:
    victim, thief = browser_at(linked, clock), browser_at(linked, clock)
    back = provider.authorize(depart(thief))
    turned_away(victim.get(back), REFUSED)  # no flight at all
    depart(victim)
    turned_away(victim.get(back), REFUSED)  # another flight
    for cookie in ("", "x", "ก", "eyJhbGciOiJub25lIn0", "A" * 100):
        turned_away(thief.get(back, headers={b"cookie": f"{FLIGHT}={cookie}".encode()}), REFUSED)  # type: ignore[dict-item]


def test_a_flight_ends_after_ten_minutes(linked: SampleCollege, provider: IdentityProvider, clock: Clock) -> None:
    browser = browser_at(linked, clock)
    back = provider.authorize(depart(browser))
    clock.now += FLIGHT_LIFE + timedelta(seconds=1)
    turned_away(browser.get(back), REFUSED)


@pytest.mark.parametrize("query", ["", "?state=x", "?code=x", "?error=access_denied&state=x", "?state=%00&code=%00"])
def test_whatever_else_comes_back_is_refused(
    linked: SampleCollege, provider: IdentityProvider, clock: Clock, query: str
) -> None:
    browser = browser_at(linked, clock)
    depart(browser)
    turned_away(browser.get(f"/oidc/callback{query}"), REFUSED)


def test_an_answer_of_another_issuer_is_refused(
    linked: SampleCollege, provider: IdentityProvider, clock: Clock
) -> None:
    browser = browser_at(linked, clock)
    turned_away(browser.get(provider.authorize(depart(browser)) + "&iss=https://evil.example"), REFUSED)


def test_a_second_issuer_with_the_same_subject_is_another_person(
    linked: SampleCollege, secret_file: Path, clock: Clock
) -> None:
    with running_provider() as second:
        home = linked.home.settings
        with reopened(
            linked,
            second_factor_roles=(),
            oidc_issuer=second.issuer,
            oidc_client_id=CLIENT_ID,
            oidc_client_secret_file=secret_file,
        ) as moved:
            assert home.oidc_issuer != second.issuer
            turned_away(come_back(browser_at(moved, clock), second), UNKNOWN)


@pytest.mark.parametrize(
    "lie",
    [
        {"issuer": "https://evil.example"},
        {"authorization_endpoint": "http://evil.example/authorize"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": None},
    ],
    ids=str,
)
def test_a_discovery_that_lies_is_refused(
    linked: SampleCollege, provider: IdentityProvider, clock: Clock, lie: dict[str, Any]
) -> None:
    provider.discovery = lie
    turned_away(browser_at(linked, clock).get("/oidc/start"), REFUSED)


@pytest.mark.parametrize("lie", [{"token_endpoint": "http://evil.example/"}, {"jwks_uri": 7}], ids=str)
def test_an_endpoint_that_is_not_safe_is_not_asked(
    linked: SampleCollege, provider: IdentityProvider, clock: Clock, lie: dict[str, Any]
) -> None:
    provider.discovery = lie
    turned_away(come_back(browser_at(linked, clock), provider), REFUSED)


@pytest.mark.parametrize("keys", [{}, {"keys": []}, {"keys": 7}, {"keys": [{"kty": "RSA"}]}, {"keys": [None]}], ids=str)
def test_keys_that_are_none_are_refused(
    linked: SampleCollege,
    provider: IdentityProvider,
    clock: Clock,
    keys: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(IdentityProvider, "keys", lambda _self: keys)
    turned_away(come_back(browser_at(linked, clock), provider), REFUSED)


# A provider that is away


@pytest.mark.parametrize("trouble", ["slow", "dripping", "failing", "gone"])
def test_a_provider_in_trouble_hangs_nothing_and_local_sign_in_goes_on(
    linked: SampleCollege, provider: IdentityProvider, clock: Clock, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "LIMIT_SECONDS", 0.5)
    settings = {"second_factor_roles": (), "oidc_issuer": provider.issuer, "oidc_client_id": CLIENT_ID}
    match trouble:
        case "slow":
            provider.delay_seconds = 30
        case "dripping":
            provider.drips = True
        case "failing":
            provider.status = 500
        case "gone":
            with socket.create_server(("127.0.0.1", 0)) as free:
                settings["oidc_issuer"] = f"http://127.0.0.1:{free.getsockname()[1]}"
    with reopened(linked, **settings) as college:
        browser = browser_at(college, clock)
        for _ in range(6):  # more than are asked at once
            began = time.perf_counter()
            turned_away(browser.get("/oidc/start"), AWAY)
            assert time.perf_counter() - began < 4
        assert sign_in(browser, "kru.a") == "/"


def test_a_name_that_does_not_resolve_is_away(unpublished: SampleCollege, clock: Clock) -> None:
    with reopened(
        unpublished, second_factor_roles=(), oidc_issuer="https://id.invalid", oidc_client_id=CLIENT_ID
    ) as college:
        turned_away(browser_at(college, clock).get("/oidc/start"), AWAY)


# Settings, and what is told to nobody


def test_without_a_provider_there_is_none(unpublished: SampleCollege, clock: Clock) -> None:
    browser = browser_at(unpublished, clock)
    assert "/oidc/start" not in browser.get("/login").text
    assert browser.get("/oidc/start").status_code == 404
    assert browser.get("/oidc/callback?state=x&code=y").status_code == 404


def test_nothing_of_the_flight_or_the_token_is_logged(
    linked: SampleCollege, provider: IdentityProvider, clock: Clock
) -> None:
    with structlog.testing.capture_logs() as lines:
        browser = browser_at(linked, clock)
        back = provider.authorize(depart(browser))
        flight = browser.cookies[FLIGHT]
        browser.get(back)
        turned_away(browser.get(back), REFUSED)
    logged = str(lines)
    assert "identity provider" in logged
    state = back.split("state=")[1]
    assert not any(word in logged for word in (state, flight, "person-1", CLIENT_SECRET, back.split("code=")[1][:10]))


def test_settings_that_cannot_work_are_refused_at_the_start(tmp_path: Path, secret_file: Path) -> None:
    good = {
        "home": tmp_path,
        "oidc_issuer": "https://id.example",
        "oidc_client_id": "x",
        "oidc_client_secret_file": secret_file,
    }
    assert provider_of(Settings(**good)) is not None  # type: ignore[arg-type]
    assert provider_of(Settings(home=tmp_path)) is None
    open_file = tmp_path / "open"
    open_file.write_text("x")
    open_file.chmod(0o644)
    for changed, sentence in (
        ({"oidc_issuer": "http://id.example"}, "must begin with https://"),
        ({"oidc_client_id": ""}, "ZERODROP_OIDC_CLIENT_ID is not"),
        ({"oidc_client_secret_file": open_file}, "can be read by other accounts"),
        ({"oidc_client_secret_file": tmp_path / "none"}, "cannot be read"),
    ):
        with pytest.raises(CannotServe, match=sentence):
            provider_of(Settings(**(good | changed)))  # type: ignore[arg-type]
