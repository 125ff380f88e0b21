"""Figures for a supervisor: what happened, by route and institution; nothing of a student, an account or a path."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from fastapi.testclient import TestClient

from serving.app import create_app
from serving.metrics import Metrics
from tests.browser.sample_college import AS_OF, INSTITUTION, MARK, PASSWORD, ROLES, TODAY, SampleCollege


def figures(app: TestClient) -> dict[str, float]:
    """Every sample by its name and labels, as a supervisor reads it."""
    metrics: Metrics = app.app.state.metrics  # type: ignore[attr-defined]
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
    }


@pytest.fixture
def browser(college: SampleCollege) -> TestClient:
    app = create_app(college.home, today=lambda: TODAY, hosts=("testserver",))
    return TestClient(app, base_url="https://testserver", follow_redirects=False)


def walk(browser: TestClient, college: SampleCollege) -> None:
    """Signing in, refused and not, looking, asking for what is not there."""
    browser.post("/login", data={"login": "kru.a", "password": "ไม่ใช่รหัสผ่านนี้แน่นอน"})
    assert browser.post("/login", data={"login": "kru.a", "password": PASSWORD}).status_code == 303
    for student in college.students["kru.a"]:
        assert browser.get(f"/students/{student}").status_code == 200
    assert browser.get(f"/students/{college.students['kru.b'][0]}").status_code == 404
    assert browser.get("/?q=1").status_code == 200
    assert browser.get(f"/nowhere/{MARK}").status_code == 404
    assert browser.request(f"X{'Y' * 40}", "/").status_code == 405


def test_requests_are_counted_by_the_routes_template(browser: TestClient, college: SampleCollege) -> None:
    walk(browser, college)
    told = figures(browser)
    students = len(college.students["kru.a"])

    def requests(method: str, route: str, status: int) -> float:
        labels = [("method", method), ("route", route), ("status", str(status))]
        return told.get(f"zerodrop_requests_total{labels}", 0)

    assert requests("GET", "/students/{student_id}", 200) == students
    assert requests("GET", "/students/{student_id}", 404) == 1
    assert requests("GET", "/", 200) == 1
    assert requests("GET", "no route", 404) == 1
    assert requests("other", "/", 405) == 1
    assert requests("POST", "/login", 401) == requests("POST", "/login", 303) == 1
    assert told["zerodrop_request_seconds_count[('route', '/students/{student_id}')]"] == students + 1
    assert told["zerodrop_sign_ins_refused_total[('why', 'wrong')]"] == 1


def test_waiting_after_wrong_passwords_is_counted_apart(browser: TestClient) -> None:
    for _ in range(7):
        browser.post("/login", data={"login": "kru.a", "password": "ไม่ใช่รหัสผ่านนี้แน่นอน"})
    told = figures(browser)
    assert told["zerodrop_sign_ins_refused_total[('why', 'wrong')]"] == 5
    assert told["zerodrop_sign_ins_refused_total[('why', 'wait')]"] == 2


def test_no_student_account_or_path_is_in_any_figure(browser: TestClient, college: SampleCollege) -> None:
    walk(browser, college)
    told = "\n".join(figures(browser))
    secret = [MARK, *college.names.values(), *ROLES, *(str(one) for own in college.students.values() for one in own)]
    assert not [word for word in secret if word in told]
    assert not any(f"68{number:05d}" in told for number in range(100))


@pytest.mark.parametrize(("days", "stale"), [(1, 0.0), (14, 0.0), (15, 1.0)])
def test_the_age_of_each_institutions_list(college: SampleCollege, days: int, stale: float) -> None:
    today: date = AS_OF + timedelta(days=days)
    browser = TestClient(create_app(college.home, today=lambda: today, hosts=("testserver",)))
    told = figures(browser)
    label = [("institution", INSTITUTION)]
    assert told[f"zerodrop_list_age_days{label}"] == days
    assert told[f"zerodrop_list_stale{label}"] == stale
    assert all(told[f"zerodrop_up{[('part', part)]}"] == 1 for part in ("database", "vault", "model", "tables", "disk"))
    assert told["zerodrop_disk_free_bytes[]"] > 0
    assert told["process_resident_memory_bytes[]"] > 0


def test_a_crash_is_counted_by_its_kind_alone(browser: TestClient, college: SampleCollege) -> None:
    def broken() -> None:
        raise RuntimeError(MARK)

    browser.app.add_api_route("/broken", broken)  # type: ignore[attr-defined]
    assert browser.get("/broken").status_code == 500
    told = figures(browser)
    assert told["zerodrop_crashes_total[('error', 'RuntimeError')]"] == 1
    assert MARK not in "\n".join(told)


@pytest.mark.sqlite_files
def test_a_lost_vault_is_a_part_that_does_not_work(
    college: SampleCollege, browser_of: Callable[..., TestClient]
) -> None:
    browser = browser_of(college)
    assert browser.get("/readyz").json()["vault"] is True
    college.home.vault_database.close()
    (college.home.settings.home / "people.db").unlink()
    ready = browser.get("/readyz")
    assert (ready.status_code, ready.json()["vault"], ready.json()["database"]) == (503, False, True)
    assert figures(browser)["zerodrop_up[('part', 'vault')]"] == 0


def test_readiness_tells_numbers_and_no_institution(
    college: SampleCollege, browser_of: Callable[..., TestClient]
) -> None:
    told = browser_of(college).get("/readyz").json()
    free = told.pop("disk_free_mib")
    assert free > 100
    assert told == {
        "status": "ready", "database": True, "vault": True, "tables": True, "model": True, "disk": True,
        "published": True, "institutions": 1, "stale_institutions": 0, "newest_list_age_days": 1,
        "oldest_list_age_days": 1,
    }  # fmt: skip
    later = browser_of(college, today=AS_OF + timedelta(days=30)).get("/readyz")
    assert (later.status_code, later.json()["stale_institutions"], later.json()["oldest_list_age_days"]) == (200, 1, 30)
