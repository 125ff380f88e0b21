"""Keys of machines: scopes, institutions, an end; for the API alone, and never beside a cookie."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from records import sign_ins
from records.errors import ConfigurationGap
from records.roles import Permission
from serving.api_keys import MACHINE_SCOPES, KeyRefused, make_key, principal_of_key, revoke_key
from tests.browser.sample_college import INSTITUTION, SampleCollege
from tests.functional.signing_in import Clock, actions, browser_at

LIST = "/api/v1/lists/current"


@pytest.fixture
def key_for(college: SampleCollege, clock: Clock) -> Callable[..., str]:
    def made(*scopes: str, days: int = 30) -> str:
        return make_key(
            college.home,
            label="ระบบทะเบียน",
            scopes=scopes or ("SEE_ALL_STUDENTS",),
            institutions=[INSTITUTION],
            days=days,
            actor="root",
            now=clock.now,
        )

    return made


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def test_a_key_stands_for_a_machine_with_its_scopes(
    college: SampleCollege, key_for: Callable[..., str], clock: Clock
) -> None:
    key = key_for("SEE_SUMMARIES", "score")
    principal = principal_of_key(college.home, key, clock.now)
    assert principal is not None
    assert principal.account_id is None
    assert principal.login == f"key:{key.split('_')[1]}"
    assert principal.permissions == {Permission.SEE_SUMMARIES, Permission.SCORE}
    assert (principal.institution, principal.institutions) == (INSTITUTION, {INSTITUTION})
    assert (principal.role.name, principal.role.label.th) == ("machine", "เครื่อง")
    assert not principal.may(Permission.SEE_ALL_STUDENTS)


def test_the_api_takes_it_and_records_the_look(
    college: SampleCollege, key_for: Callable[..., str], clock: Clock
) -> None:
    machine, key = browser_at(college, clock), key_for()
    assert machine.get(LIST).status_code == 401
    answer = machine.get(LIST, headers=bearer(key))
    assert answer.status_code == 200
    assert len(answer.json()["students"]) > 0
    assert "set-cookie" not in answer.headers
    assert "see list" in actions(college)


def test_a_scope_that_is_missing_is_not_had(college: SampleCollege, key_for: Callable[..., str], clock: Clock) -> None:
    assert browser_at(college, clock).get(LIST, headers=bearer(key_for("SEE_MODELS"))).status_code == 403


@pytest.mark.parametrize("path", ["/", "/me", "/students/00000000-0000-0000-0000-000000000000"])
def test_pages_never_take_a_key(college: SampleCollege, key_for: Callable[..., str], clock: Clock, path: str) -> None:
    answer = browser_at(college, clock).get(path, headers=bearer(key_for()))
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


@pytest.mark.parametrize("path", [LIST, "/", "/help"])
def test_a_key_beside_a_cookie_is_refused(
    college: SampleCollege, key_for: Callable[..., str], signed_in: Callable[..., TestClient], path: str
) -> None:
    browser = signed_in(college, "kru.a")
    assert browser.get(path, headers=bearer(key_for())).status_code == 400
    assert browser.get(path).status_code == 200


def test_a_key_frees_no_request_from_the_rules_for_other_sites(
    college: SampleCollege, key_for: Callable[..., str], clock: Clock
) -> None:
    headers = bearer(key_for()) | {"sec-fetch-site": "cross-site"}
    assert browser_at(college, clock).post(LIST, headers=headers).status_code == 403


def test_keys_end_by_time_and_by_hand(college: SampleCollege, key_for: Callable[..., str], clock: Clock) -> None:
    short, revoked = key_for(days=1), key_for()
    assert principal_of_key(college.home, short, clock.now + timedelta(hours=23)) is not None
    assert principal_of_key(college.home, short, clock.now + timedelta(days=1)) is None
    revoke_key(college.home, revoked.split("_")[1], actor="root", now=clock.now)
    assert principal_of_key(college.home, revoked, clock.now) is None
    assert actions(college)[-1] == "revoke key"


def test_what_is_no_key_is_nobody(college: SampleCollege, key_for: Callable[..., str], clock: Clock) -> None:
    key = key_for()
    prefix, key_id, secret = key.split("_", 2)
    for wrong in (
        "", "zd", "zd_", "zd__", f"{prefix}_{key_id}", f"{prefix}_{key_id}_", f"{prefix}_{key_id}_{secret}x",
        f"{prefix}_{key_id}_{secret[:-1]}", f"zz_{key_id}_{secret}", f"zd_000000000000_{secret}", f"{key} ", "ก_ข_ค",
    ):  # fmt: skip
        assert principal_of_key(college.home, wrong, clock.now) is None
    machine = browser_at(college, clock)
    for header in (f"Basic {key}", key, f"Bearer{key}", "Bearer"):
        assert machine.get(LIST, headers={"authorization": header}).status_code == 401
    assert machine.get(LIST, headers={"authorization": f"bearer {key}"}).status_code == 200


@pytest.mark.sqlite_files
def test_only_a_hash_is_kept_and_the_secret_is_long(college: SampleCollege, key_for: Callable[..., str]) -> None:
    keys = {key_for() for _ in range(3)}
    secrets = [key.split("_", 2)[2] for key in keys]
    assert len({*secrets}) == 3
    assert all(len(secret) == 43 for secret in secrets)  # 256 bits
    kept = (college.home.settings.home / "zerodrop.db").read_bytes()
    assert not any(secret.encode() in kept for secret in secrets)


def test_the_last_use_is_noted_every_five_minutes_at_most(
    college: SampleCollege, key_for: Callable[..., str], clock: Clock
) -> None:
    key, noted = key_for(), []
    start = clock.now
    for minutes in (0, 1, 4, 6, 7, 12):
        principal_of_key(college.home, key, start + timedelta(minutes=minutes))
        with college.home.database.read() as session:
            row = sign_ins.api_key(session, key.split("_")[1])
            assert row is not None
            assert row.last_used_at is not None
            noted.append(round((row.last_used_at - start).total_seconds() / 60))
    assert noted == [0, 0, 0, 6, 6, 12]


@pytest.mark.parametrize("scope", ["MANAGE_ACCOUNTS", "SEE_OWN_STUDENTS", "SEE_SENSITIVE_SCREENING", "EVERYTHING", ""])
def test_scopes_that_no_machine_may_have(key_for: Callable[..., str], scope: str) -> None:
    with pytest.raises(KeyRefused, match="is no scope that a machine may have"):
        key_for("SEE_MODELS", scope)
    assert scope not in {permission.name for permission in MACHINE_SCOPES}


def test_keys_that_cannot_be_made(college: SampleCollege, clock: Clock) -> None:
    wanted = {
        "label": "x",
        "scopes": ["SCORE"],
        "institutions": [INSTITUTION],
        "days": 1,
        "actor": "a",
        "now": clock.now,
    }
    for changed, sentence in (
        ({"label": " "}, "Say with --label"),
        ({"scopes": []}, "at least one --scope"),
    ):
        with pytest.raises(KeyRefused, match=sentence):
            make_key(college.home, **(wanted | changed))  # type: ignore[arg-type]
    with pytest.raises(ConfigurationGap):
        make_key(college.home, **(wanted | {"institutions": ["0"]}))  # type: ignore[arg-type]
    with pytest.raises(KeyRefused, match="There is no key 'nothing'"):
        revoke_key(college.home, "nothing", actor="a", now=clock.now)
