"""A college that knows an identity provider, and a browser on its way there and back; for the tests of both."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from serving.accounts import link_account
from tests.browser.sample_college import SampleCollege
from tests.functional.identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider, running_provider
from tests.functional.signing_in import COOKIE, Clock, reopened

FLIGHT = "__Host-oidc"
REFUSED, AWAY, UNKNOWN = "เข้าด้วยบัญชีภายนอกไม่สำเร็จ", "ระบบยืนยันตัวตนภายนอกไม่ตอบ", "ยังไม่ได้ผูก"


@pytest.fixture(scope="module")
def one_provider() -> Iterator[IdentityProvider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture
def provider(one_provider: IdentityProvider) -> IdentityProvider:
    """Honest again at the beginning of each test."""
    fresh = IdentityProvider(issuer=one_provider.issuer, key=one_provider.key)
    for name, value in vars(fresh).items():
        setattr(one_provider, name, value)
    return one_provider


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "client-secret"
    path.write_text(f"{CLIENT_SECRET}\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def linked(
    unpublished: SampleCollege, provider: IdentityProvider, secret_file: Path, clock: Clock
) -> Iterator[SampleCollege]:
    """The college with the provider, at which `kru.a` is person-1."""
    with reopened(
        unpublished,
        second_factor_roles=(),
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret_file=secret_file,
    ) as college:
        link_account(
            college.home, login="kru.a", issuer=provider.issuer, subject="person-1", actor="root", now=clock.now
        )
        yield college


def depart(browser: TestClient) -> str:
    answer = browser.get("/oidc/start")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def come_back(browser: TestClient, provider: IdentityProvider) -> Any:
    return browser.get(provider.authorize(depart(browser)))


def turned_away(answer: Any, sentence: str) -> None:
    assert answer.status_code in (401, 503), answer.text
    assert sentence in answer.text
    assert 'action="/login"' in answer.text
    assert COOKIE not in answer.headers.get("set-cookie", "")
