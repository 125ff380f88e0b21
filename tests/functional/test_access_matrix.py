"""Every route for everybody: nobody, each role, and a key with each scope alone. A new route without a row fails here.

Each row of MATRIX is a request of tests/functional/every_asker.py, each column who asks. A machine's key counts in the API
alone; a page sends it to the sign-in page. Where a student or a list is not this asker's the answer is 404: whether it
exists is not told. All ask from one address, so the last to sign in wrongly have to wait.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pytest
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from records import audit
from records.audit import AuditRow
from serving.app import create_app
from tests.browser.sample_college import MARK, TODAY, SampleCollege, copy_of
from tests.functional.every_asker import ASKERS, clients, requests
from tests.passwords import quick_passwords

# anon | advisor, department head, committee, counsellor, scholarship, director, province, analyst, data steward, admin
# | keys: SEE_ALL_STUDENTS, SEE_HOUSEHOLD, SEE_PSEUDONYMS, SEE_MODELS, SEE_SUMMARIES, PUBLISH, SCORE, MANAGE_RECORDS, SEE_AUDIT,
# RECORD_CARE, PLAN_VISITS
MATRIX = """
                 ano adv hea com cou sch dir pro ana ste adm | all hou pse mod sum pub sco rec aud car pla
list             303 200 200 200 200 200 200 200 200 200 200 | 303 303 303 303 303 303 303 303 303 303 303
own student      303 200 200 200 200 200 200 404 404 404 404 | 303 303 303 303 303 303 303 303 303 303 303
other's student  303 404 404 200 200 200 200 404 404 404 404 | 303 303 303 303 303 303 303 303 303 303 303
no student       303 404 404 404 404 404 404 404 404 404 404 | 303 303 303 303 303 303 303 303 303 303 303
looks            303 200 200 200 200 200 200 200 200 200 200 | 303 303 303 303 303 303 303 303 303 303 303
help             200 200 200 200 200 200 200 200 200 200 200 | 200 200 200 200 200 200 200 200 200 200 200
static           404 404 404 404 404 404 404 404 404 404 404 | 404 404 404 404 404 404 404 404 404 404 404
my account       303 200 200 200 200 200 200 200 200 200 200 | 303 303 303 303 303 303 303 303 303 303 303
my password      303 200 200 200 200 200 200 200 200 200 200 | 303 303 303 303 303 303 303 303 303 303 303
new password     303 400 400 400 400 400 400 400 400 400 400 | 303 303 303 303 303 303 303 303 303 303 303
confirm          303 401 401 401 401 401 401 401 401 401 401 | 303 303 303 303 303 303 303 303 303 303 303
confirm page     303 200 200 200 200 200 200 200 200 200 200 | 303 303 303 303 303 303 303 303 303 303 303
my 2nd factor    303 200 200 200 200 200 200 200 200 200 200 | 303 303 303 303 303 303 303 303 303 303 303
new 2nd factor   303 401 401 401 401 401 401 401 401 401 401 | 303 303 303 303 303 303 303 303 303 303 303
unlink           303 303 303 303 303 303 303 303 303 303 303 | 303 303 303 303 303 303 303 303 303 303 303
close session    303 303 303 303 303 303 303 303 303 303 303 | 303 303 303 303 303 303 303 303 303 303 303
link             303 404 404 404 404 404 404 404 404 404 404 | 303 303 303 303 303 303 303 303 303 303 303
oidc start       404 404 404 404 404 404 404 404 404 404 404 | 404 404 404 404 404 404 404 404 404 404 404
oidc callback    404 404 404 404 404 404 404 404 404 404 404 | 404 404 404 404 404 404 404 404 404 404 404
sign-in page     200 303 303 303 303 303 303 303 303 303 303 | 200 200 200 200 200 200 200 200 200 200 200
sign in          401 401 401 401 401 401 401 401 401 401 401 | 401 401 401 401 401 401 401 401 401 429 429
2nd factor page  303 303 303 303 303 303 303 303 303 303 303 | 303 303 303 303 303 303 303 303 303 303 303
2nd factor       303 303 303 303 303 303 303 303 303 303 303 | 303 303 303 303 303 303 303 303 303 303 303
enrol            303 303 303 303 303 303 303 303 303 303 303 | 303 303 303 303 303 303 303 303 303 303 303
enrol page       303 303 303 303 303 303 303 303 303 303 303 | 303 303 303 303 303 303 303 303 303 303 303
activation page  200 200 200 200 200 200 200 200 200 200 200 | 200 200 200 200 200 200 200 200 200 200 200
activate         400 400 400 400 400 400 400 400 400 400 400 | 400 400 400 400 400 400 400 400 400 400 400
language         303 303 303 303 303 303 303 303 303 303 303 | 303 303 303 303 303 303 303 303 303 303 303
healthz          200 200 200 200 200 200 200 200 200 200 200 | 200 200 200 200 200 200 200 200 200 200 200
readyz           200 200 200 200 200 200 200 200 200 200 200 | 200 200 200 200 200 200 200 200 200 200 200
openapi          401 200 200 200 200 200 200 200 200 200 200 | 401 401 401 401 401 401 401 401 401 401 401
api me           401 200 200 200 200 200 200 200 200 200 200 | 200 200 200 200 200 200 200 200 200 200 200
api current      401 200 200 200 200 200 200 403 403 403 403 | 200 403 403 403 403 403 403 403 403 403 403
api lists        401 200 200 200 200 200 200 404 200 200 404 | 200 404 200 200 200 200 404 404 404 404 404
api elsewhere    401 404 404 404 404 404 404 404 404 404 404 | 404 404 404 404 404 404 404 404 404 404 404
api list         401 200 200 200 200 200 200 403 403 403 403 | 200 403 403 403 403 403 403 403 403 403 403
api entries      401 200 200 200 200 200 200 403 403 403 403 | 200 403 403 403 403 403 403 403 403 403 403
api csv          401 200 200 200 200 200 200 403 403 403 403 | 200 403 403 403 403 403 403 403 403 403 403
api xlsx         401 200 200 200 200 200 200 403 403 403 403 | 200 403 403 403 403 403 403 403 403 403 403
api risk         401 200 200 200 200 200 200 404 404 404 404 | 200 404 404 404 404 404 404 404 404 404 404
api other's      401 404 404 200 200 200 200 404 404 404 404 | 200 404 404 404 404 404 404 404 404 404 404
api history      401 200 200 200 200 200 200 404 404 404 404 | 200 404 404 404 404 404 404 404 404 404 404
api other's past 401 404 404 200 200 200 200 404 404 404 404 | 200 404 404 404 404 404 404 404 404 404 404
api contacts     401 200 200 200 200 200 200 404 404 404 404 | 200 404 404 404 404 404 404 404 404 404 404
api other's talk 401 404 404 200 200 200 200 404 404 404 404 | 200 404 404 404 404 404 404 404 404 404 404
api visits       401 200 200 200 200 200 200 403 403 403 403 | 200 403 403 403 403 403 403 403 403 403 403
api model        401 403 403 403 403 403 200 403 200 403 403 | 403 403 403 200 403 403 403 403 403 403 403
api metrics      401 403 403 403 403 403 404 403 404 403 403 | 403 403 403 404 403 403 403 403 403 403 403
api summary      401 403 403 403 403 403 200 200 200 403 403 | 403 403 403 403 200 403 403 403 403 403 403
api province     401 403 403 403 403 403 403 200 403 403 403 | 403 403 403 403 403 403 403 403 403 403 403
api pseudonyms   401 403 403 403 403 403 403 403 200 403 403 | 403 403 200 403 403 403 403 403 403 403 403
api audit        401 403 403 403 403 403 403 403 403 200 200 | 403 403 403 403 403 403 403 403 200 403 403
api talk         401 422 422 422 422 422 403 403 403 403 403 | 403 403 403 403 403 403 403 403 403 404 403
api talk other's 401 404 404 422 422 422 403 403 403 403 403 | 403 403 403 403 403 403 403 403 403 404 403
api rate nobody  401 404 404 404 404 404 403 403 403 403 403 | 403 403 403 403 403 403 403 403 403 403 403
api book nobody  401 403 403 404 404 403 403 403 403 403 403 | 403 403 403 403 403 403 403 403 403 403 404
api no visit     401 404 404 404 404 404 403 403 403 403 403 | 403 403 403 403 403 403 403 403 403 404 404
api plan nobody  401 403 403 404 404 403 403 403 403 403 403 | 403 403 403 403 403 403 403 403 403 403 404
api no plan      401 403 403 404 404 403 403 403 403 403 403 | 403 403 403 403 403 403 403 403 403 403 404
api score        401 403 403 403 403 403 403 403 409 403 403 | 403 403 403 403 403 403 409 403 403 403 403
api publish      401 403 403 403 403 403 403 403 403 409 403 | 403 403 403 403 403 409 403 403 403 403 403
api restore      401 403 403 403 403 403 403 403 403 404 403 | 403 403 403 403 403 404 403 403 403 403 403
api erase        401 403 403 403 403 403 403 403 403 404 403 | 403 403 403 403 403 403 403 404 403 403 403
sign out         303 303 303 303 303 303 303 303 303 303 303 | 303 303 303 303 303 303 303 303 303 303 303
"""
SEE_STUDENTS = (
    "advisor",
    "department_head",
    "committee",
    "counsellor",
    "scholarship",
    "director",
    "key:SEE_ALL_STUDENTS",
)
NAMED_IN_THE_REQUEST = (
    "own student", "other's student", "api risk", "api other's", "api history", "api other's past", "api contacts",
    "api other's talk", "api talk", "api talk other's",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    text: str


def expected() -> dict[str, dict[str, int]]:
    """By the label of a request and who asks."""
    table = {}
    for line in MATRIX.strip("\n").splitlines()[1:]:
        statuses = [int(status) for status in line[16:].replace("|", " ").split()]
        table[line[:16].strip()] = dict(zip(ASKERS, statuses, strict=True))
    return table


@pytest.fixture(scope="module")
def published(pattern: SampleCollege, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleCollege]:
    college = copy_of(pattern, tmp_path_factory.mktemp("matrix"))
    college.publish()
    yield college
    college.home.close()


@pytest.fixture(scope="module")
def answers(published: SampleCollege) -> dict[tuple[str, str], Answer]:
    """What everybody is answered to everything, by the label of the request and who asked."""
    found = {}
    with quick_passwords():
        app = create_app(published.home, today=lambda: TODAY, hosts=("testserver",))
        for asker, client in clients(published, app):
            for label, asked in requests(published).items():
                answer = client.request(asked.method, asked.path, **asked.sent)
                found[label, asker] = Answer(status=answer.status_code, text=answer.text)
    return found


def routes_of(routes: Iterable[BaseRoute]) -> Iterator[tuple[str, str]]:
    """(method, template) of every route, also of those in included routers."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield from ((method, route.path) for method in route.methods)
        else:
            included = getattr(route, "original_router", None)
            assert included is not None, f"{route} is no route that this test knows"
            yield from routes_of(included.routes)


def test_every_route_has_a_row(published: SampleCollege) -> None:
    app = create_app(published.home, today=lambda: TODAY, hosts=("testserver",))
    asked = {(one.method, one.template) for one in requests(published).values()}
    routes = set(routes_of(app.routes))
    assert len(routes) > 30
    assert routes - asked == set(), "routes without a row in every_asker.requests"
    assert asked - routes == set(), "rows without a route"
    assert expected().keys() == requests(published).keys()


@pytest.mark.parametrize("label", expected())
def test_who_gets_what(answers: dict[tuple[str, str], Answer], label: str) -> None:
    found = {asker: answers[label, asker].status for asker in ASKERS}
    differs = {asker: (found[asker], status) for asker, status in expected()[label].items() if found[asker] != status}
    assert not differs, f"{label}: (is, should be) {differs}"


@pytest.mark.parametrize("asker", [asker for asker in ASKERS if asker not in SEE_STUDENTS])
def test_who_sees_no_students_is_told_of_none(
    published: SampleCollege, answers: dict[tuple[str, str], Answer], asker: str
) -> None:
    """No name, no code and no id of any student in any answer, pages and refusals included."""
    ids = {str(student) for student in published.names}
    words = {MARK, *(f"68{number:05d}" for number in range(len(ids)))}
    for label in requests(published):
        text = answers[label, asker].text
        secret = words if label in NAMED_IN_THE_REQUEST else words | ids
        found = sorted(word for word in secret if word in text)
        assert not found, f"{label} tells {asker}: {len(found)} words"


def test_the_search_finds_what_is_there(published: SampleCollege, answers: dict[tuple[str, str], Answer]) -> None:
    assert MARK in answers["list", "director"].text
    assert MARK in answers["api current", "key:SEE_ALL_STUDENTS"].text
    assert str(published.students["kru.b"][0]) in answers["api current", "committee"].text
    assert str(published.students["kru.b"][0]) not in answers["api current", "advisor"].text


def test_every_refusal_of_a_student_is_recorded(
    published: SampleCollege, answers: dict[tuple[str, str], Answer]
) -> None:
    other = published.students["kru.b"][0]
    with published.home.database.read() as session:
        rows: list[AuditRow] = audit.looks_at(session, other)
    refused = {row.actor for row in rows if row.action == "refused student"}
    roles = ("department_head", "province", "analyst", "data_steward", "admin")
    assert {"kru.a", *(f"matrix.{role}" for role in roles)} <= refused
    assert sum(actor.startswith("key:") for actor in refused) == 10
    assert all(row.request_id and row.address == "10.0.0.1" for row in rows)
    assert audit.verify(published.home.database).sound
    assert answers["own student", "advisor"].status == 200
