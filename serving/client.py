"""A small client of the API for other programs, with the standard library alone: typed answers, one error, safe retries.

Reads are asked again when the service says `503 Retry-After`. A change carries an Idempotency-Key, so it too may be sent
again when its answer was lost: the service makes it once. Lists are kept with their ETag and fetched only when they changed.
"""

import json
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict, cast

Band = Literal["high", "watch", "unknown"]
VisitStatus = Literal["planned", "done", "cancelled", "referred"]
_TRIES = 4
_LONGEST_WAIT = 30.0


class Words(TypedDict):
    th: str
    en: str


class Reason(TypedDict):
    feature: str
    label: Words
    value: float | None
    unit: str | None
    contribution: float
    sentence: Words
    asks: Words
    changeable: bool
    domain: str


class Validity(TypedDict):
    as_of: str
    expires: str
    stale: bool
    model: str
    horizon: str


class Listed(TypedDict):
    student_id: str
    name: str
    class_group: str
    band: Band | None
    must_see: list[str]
    reasons: list[Reason]


class Entry(Listed):
    unknown_domains: list[str]


class WeeklyList(Validity):
    known_until: str
    capacity: dict[str, Any]
    observed: list[dict[str, Any]]
    students: list[Listed]
    not_assessed: list[dict[str, Any]]


class Publication(Validity):
    publication_id: str
    institution: str
    status: Literal["current", "superseded"]
    digest: str
    known_until: str
    published_at: str
    capacity: dict[str, Any]
    pruned: bool


class Risk(Validity):
    student_id: str
    probability: float | None
    cut_off: float | None
    listed_probability: float | None
    band: Band | None
    observed: dict[str, Any] | None
    must_see: list[str]
    reasons: list[Reason]
    missing: list[dict[str, Any]]
    unknown_domains: list[str]
    domains: dict[str, float]
    domain_shares: dict[str, float]
    what_if: list[dict[str, Any]]


class PastWeek(TypedDict):
    publication_id: str
    as_of: str
    expires: str
    stale: bool
    model: str
    listed: bool
    band: Band | None
    probability: float | None
    must_see: list[str]


class Me(TypedDict):
    login: str
    name: str
    role: dict[str, Any]
    institution: str
    institutions: list[str]
    permissions: list[str]
    key: bool


class ScoredRow(TypedDict):
    logit: float
    probability: float
    band: None
    known_part: float
    abstains: bool
    contributions: dict[str, float]
    domains: dict[str, float]


class Scores(TypedDict):
    model: str
    horizon: str
    base: float
    rows: list[ScoredRow]


class Changed(TypedDict):
    publication_id: str
    outcome: Literal["published", "same", "restored"]


class Look(TypedDict):
    id: int
    at: str
    actor: str
    action: str
    institution: str
    student_id: str | None
    detail: dict[str, str | int]
    request_id: str


class Visit(TypedDict):
    visit_id: str
    student_id: str
    week: str
    planned_on: str | None
    status: VisitStatus
    version: int
    two_person: bool
    unsafe: bool
    attempt: int | None
    mode: dict[str, Any] | None
    result: dict[str, Any] | None
    reasons: list[dict[str, Any]]
    minutes: int | None
    plan_id: str | None
    booked_by: str | None
    booked_at: str
    changed_by: str | None
    changed_at: str


class ApiProblem(Exception):
    """The service refused or could not be reached (then `status` is 0); `errors` name places of the request."""

    def __init__(self, *, status: int, title: str, request_id: str, errors: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__(f"{status} {title}" + (f" (request {request_id})" if request_id else ""))
        self.status, self.title, self.request_id = status, title, request_id
        self.errors = tuple((error["at"], error["why"]) for error in errors)


@dataclass(frozen=True, kw_only=True)
class _Reply:
    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Client:
    """`address` such as https://risk.college.example, `key` a machine's key (zd_<id>_<secret>)."""

    address: str
    key: str = field(repr=False)
    timeout: float = 30.0
    wait: Callable[[float], None] = time.sleep
    _kept: dict[str, tuple[str, bytes]] = field(default_factory=dict, repr=False)

    # Reading

    def me(self) -> Me:
        return cast(Me, self._read("/me"))

    def current_list(self) -> WeeklyList:
        return cast(WeeklyList, self._read("/lists/current", keep=True))

    def list(self, publication_id: str) -> WeeklyList:
        return cast(WeeklyList, self._read(f"/lists/{_part(publication_id)}", keep=True))

    def lists(self, institution: str, *, week: str | None = None) -> Iterator[Publication]:
        yield from self._pages(f"/institutions/{_part(institution)}/lists", "lists", week=week)

    def entries(
        self, publication_id: str, *, band: Band | None = None, group: str | None = None, limit: int = 200
    ) -> Iterator[Entry]:
        path = f"/lists/{_part(publication_id)}/entries"
        yield from self._pages(path, "entries", band=band, group=group, limit=limit)

    def risk(self, student_id: str) -> Risk:
        return cast(Risk, self._read(f"/students/{_part(student_id)}/risk"))

    def risk_as_fhir(self, student_id: str, *, language: Literal["th", "en"] = "th") -> dict[str, Any]:
        """A FHIR R4 RiskAssessment."""
        accept = {"Accept": "application/fhir+json", "Accept-Language": language}
        return cast(dict[str, Any], self._read(f"/students/{_part(student_id)}/risk", headers=accept))

    def history(self, student_id: str) -> Iterator[PastWeek]:
        yield from self._pages(f"/students/{_part(student_id)}/risk/history", "weeks")

    def contacts(self, student_id: str, *, limit: int = 200) -> Iterator[dict[str, Any]]:
        yield from self._pages(f"/students/{_part(student_id)}/contacts", "contacts", limit=limit)

    def visits(
        self, *, week: str | None = None, status: VisitStatus | None = None, limit: int = 200
    ) -> Iterator[Visit]:
        yield from self._pages("/visits", "visits", week=week, status=status, limit=limit)

    def audit(self, *, student: str | None = None) -> Iterator[Look]:
        yield from self._pages("/audit", "looks", student=student)

    def current_model(self) -> dict[str, Any]:
        return cast(dict[str, Any], self._read("/models/current"))

    def metrics(self, digest: str) -> dict[str, Any]:
        return cast(dict[str, Any], self._read(f"/models/{_part(digest)}/metrics"))

    def summary(self, institution: str) -> dict[str, Any]:
        return cast(dict[str, Any], self._read(f"/institutions/{_part(institution)}/summary"))

    def export(self, publication_id: str, ending: Literal["csv", "xlsx"]) -> bytes:
        return self._asked("GET", f"/exports/lists/{_part(publication_id)}.{ending}").content

    # Scoring and changing

    def score(self, rows: Sequence[Mapping[str, float | None]], *, institution: str | None = None) -> Scores:
        """Scores of at most 500 rows of features by name; nothing is kept, so it may be asked again."""
        body = {"rows": [dict(row) for row in rows], **({"institution": institution} if institution else {})}
        return cast(Scores, json.loads(self._asked("POST", "/score", body=body).content))

    def publish(self, finished: Mapping[str, Any], *, once: str | None = None) -> Changed:
        return cast(Changed, self._changed("/lists", finished, once))

    def restore(self, publication_id: str, *, once: str | None = None) -> Changed:
        return cast(Changed, self._changed(f"/lists/{_part(publication_id)}:restore", None, once))

    def erase(self, student_id: str, *, reason: str, once: str | None = None) -> dict[str, Any]:
        return self._changed("/erasures", {"student_id": student_id, "reason": reason}, once)

    def write_contact(self, student_id: str, contact: Mapping[str, Any], *, once: str | None = None) -> dict[str, Any]:
        return self._changed(f"/students/{_part(student_id)}/contacts", contact, once)

    def rate(self, student_id: str, rating: Literal["TRUST", "CONCERN", "CLOSE"]) -> dict[str, Any]:
        """One's own rating this week; sent again it changes nothing. Persons alone: a key is refused."""
        path = f"/students/{_part(student_id)}/advisor-rating"
        return cast(dict[str, Any], json.loads(self._asked("PUT", path, body={"rating": rating}).content))

    def book_visit(self, visit: Mapping[str, Any], *, once: str | None = None) -> Visit:
        return cast(Visit, self._changed("/visits", visit, once))

    def change_visit(self, visit: Visit, changes: Mapping[str, Any]) -> Visit:
        """Change a visit as it was read; ApiProblem 412 when somebody changed it meanwhile, or this very change got through."""
        path, held = f"/visits/{_part(visit['visit_id'])}", {"If-Match": f'"{visit["version"]}"'}
        return cast(Visit, json.loads(self._asked("PATCH", path, body=changes, headers=held).content))

    def propose_visits(self, plan: Mapping[str, Any], *, once: str | None = None) -> dict[str, Any]:
        return self._changed("/visit-plans", plan, once)

    def accept_visits(self, plan_id: str, *, once: str | None = None) -> dict[str, Any]:
        return self._changed(f"/visit-plans/{_part(plan_id)}:accept", None, once)

    # How

    def _read(self, path: str, *, keep: bool = False, headers: Mapping[str, str] | None = None, **query: Any) -> Any:
        tag, held = self._kept.get(path, ("", b"")) if keep else ("", b"")
        reply = self._asked(
            "GET", path, headers={**(headers or {}), **({"If-None-Match": tag} if tag else {})}, **query
        )
        if reply.status == 304:
            return json.loads(held)
        if keep and "etag" in reply.headers:
            self._kept[path] = (reply.headers["etag"], reply.content)
        return json.loads(reply.content)

    def _pages(self, path: str, name: str, **query: Any) -> Iterator[Any]:
        cursor = None
        while True:
            page = self._read(path, cursor=cursor, **query)
            yield from page[name]
            cursor = page["next"]
            if cursor is None:
                return

    def _changed(self, path: str, body: Mapping[str, Any] | None, once: str | None) -> dict[str, Any]:
        headers = {"Idempotency-Key": once or secrets.token_urlsafe(24)}
        return cast(dict[str, Any], json.loads(self._asked("POST", path, body=body, headers=headers).content))

    def _asked(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **query: Any,
    ) -> _Reply:
        """The reply, after asking again where the service was busy or the connection was lost. Raises ApiProblem."""
        told = {name: value for name, value in query.items() if value is not None}
        address = f"{self.address.rstrip('/')}/api/v1{path}" + (f"?{urllib.parse.urlencode(told)}" if told else "")
        sent = {"Authorization": f"Bearer {self.key}", "Accept": "application/json", **(headers or {})}
        if body is not None:
            sent["Content-Type"] = "application/json"
        content = None if body is None else json.dumps(body).encode()
        for tried in range(1, _TRIES + 1):
            request = urllib.request.Request(address, data=content, headers=sent, method=method)
            try:
                return _reply(request, self.timeout)
            except _Later as later:
                if tried == _TRIES:
                    raise later.problem from None
                self.wait(min(later.seconds or 0.5 * 2**tried, _LONGEST_WAIT))
        raise AssertionError("the last try returns or raises")


class _Later(Exception):
    """The same request may work later."""

    def __init__(self, problem: ApiProblem, seconds: float) -> None:
        super().__init__()
        self.problem, self.seconds = problem, seconds


def _reply(request: urllib.request.Request, timeout: float) -> _Reply:
    try:
        with _OPENER.open(request, timeout=timeout) as answer:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return _Reply(status=answer.status, headers=headers, content=answer.read())
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 304:
                return _Reply(status=304, headers={}, content=b"")
            problem = _problem(error.code, error.read(), error.headers.get("X-Request-Id") or "")
            if error.code == 503:
                raise _Later(problem, _seconds(error.headers.get("Retry-After"))) from None
            raise problem from None
    except OSError as error:
        problem = ApiProblem(status=0, title=f"not reached: {type(error).__name__}", request_id="")
        raise _Later(problem, 0) from None


def _problem(status: int, content: bytes, request_id: str) -> ApiProblem:
    try:
        held = json.loads(content)
        return ApiProblem(
            status=status, title=held["title"], request_id=held["request_id"], errors=held.get("errors") or ()
        )
    except (ValueError, KeyError, TypeError):  # a proxy before the service answers in its own words
        return ApiProblem(status=status, title="refused", request_id=request_id)


def _seconds(told: str | None) -> float:
    return float(told) if told is not None and told.isdecimal() else 0.0


def _part(word: str) -> str:
    return urllib.parse.quote(word, safe="")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The key is for one address: no answer sends it to another."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirects)
