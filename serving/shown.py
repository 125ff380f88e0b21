"""What a signed-in person is shown: the current list and one student, read through the one door.

Pages and API say the same, because both are made from these objects. A score that has expired is not handed out:
its band, its probability and what was seen of its band are gone, whoever asks. Of whom too little is known there is no
score: only which domains are missing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from features.catalogue import FEATURE_OF
from features.vocabulary import Domain
from models.bands import HIGH, UNKNOWN, WATCH, ObservedRate
from models.reasons import MissingData, Permissions, Reason, domain_shares, told, told_missing
from models.what_if_words import ToldLever, told_what_if
from records import access
from records.access import Principal
from records.home import DataHome
from records.lists import RULE_LIST, STALE_AFTER_DAYS, PublicationRow
from records.people import KeptName
from records.seen import ListedEntry, SeenEntry, SeenList

# The bands that make up a list, first things first; whoever has none of them was scored but is not listed.
LISTED_BANDS = (HIGH, WATCH)
# Below either a rate says nothing: one more or less among 30 moves it by 3 of 100, and with fewer than 5 that left the
# 95 % interval reaches from less than half of the rate to over twice of it (Wilson, 4 of 100: 1.6 to 9.8).
LEAST_ROWS = 30
LEAST_LEFT = 5
AnyList = PublicationRow | SeenList


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What was seen of a band in the model's test term: of its `rows` (a student on a Monday) `left` left in time.

    `low` and `high` are the 95 % interval of the rate, 0-1. It is told of the band and is no forecast of one student.
    """

    band: str
    term: str
    rows: int
    left: int
    low: float
    high: float

    @property
    def enough(self) -> bool:
        return self.rows >= LEAST_ROWS and self.left >= LEAST_LEFT

    @property
    def rate(self) -> float:
        return self.left / self.rows


@dataclass(frozen=True, kw_only=True)
class Head:
    """What holds for a whole list: how old it is, where it comes from, what people have the time for.

    `observed` has an entry a band where a model's card told it, and none once the list is stale.
    """

    as_of: date
    expires_on: date
    stale: bool
    known_until: datetime
    by_rule: bool
    model_digest: str
    horizon: str
    visits_per_week: int
    rows_per_advisor: int
    capacity_is_default: bool
    observed: tuple[Observed, ...]

    def observed_of(self, band: str) -> Observed | None:
        return next((one for one in self.observed if one.band == band), None)


@dataclass(frozen=True, kw_only=True)
class ListedStudent:
    """What a list tells of a student, as this account may see them; `name` is empty when the vault holds none.

    `band` is None without a place in the list, and once it is stale; UNKNOWN where too little is known for a place,
    and then they are not `scored`.
    """

    student_id: UUID
    name: str
    sort_key: str
    class_group: str
    band: str | None
    scored: bool
    cause: str
    must_see: tuple[str, ...]
    reasons: tuple[Reason, ...]
    unknown_domains: tuple[Domain, ...]

    @property
    def listed(self) -> bool:
        return self.band in LISTED_BANDS


@dataclass(frozen=True, kw_only=True)
class ShownStudent(ListedStudent):
    """One student with all that their page tells.

    `observed` is what was seen of the band, also of the band of those without a place.
    """

    probability: float | None
    observed: Observed | None
    missing: tuple[MissingData, ...]
    domains: dict[str, float]
    domain_shares: dict[str, float]
    what_if: tuple[ToldLever, ...]


@dataclass(frozen=True, kw_only=True)
class ShownList:
    """The listed students, by band and rank (by name once the list is stale), and those whom a rule says to see.

    `unknown` are those of whom too little is known for a place, by name; none once the list is stale.
    """

    head: Head
    listed: tuple[ListedStudent, ...]
    must_see: tuple[ListedStudent, ...]
    unknown: tuple[ListedStudent, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.listed or self.must_see or self.unknown)


def list_shown(
    home: DataHome, principal: Principal, publication: AnyList, entries: Sequence[ListedEntry], today: date
) -> ShownList:
    """A list as this account may see it, from entries whose look is recorded already."""
    chosen = [entry for entry in entries if entry.must_see or entry.band in (*LISTED_BANDS, UNKNOWN)]
    names = access.names_seen(home, chosen)
    head = head_of(publication, today)
    students = {entry.student_id: ListedStudent(**_listed(entry, head, names, principal)) for entry in chosen}
    return ShownList(
        head=head,
        listed=_in_order(head, chosen, students),
        must_see=_by_name(students[entry.student_id] for entry in chosen if entry.must_see),
        unknown=_by_name(student for student in students.values() if student.band == UNKNOWN),
    )


def students_shown(
    home: DataHome, principal: Principal, publication: AnyList, entries: Sequence[ListedEntry], today: date
) -> tuple[Head, list[ListedStudent]]:
    """Some students of a list in the order of their entries, whose look is recorded already."""
    names = access.names_seen(home, entries)
    head = head_of(publication, today)
    return head, [ListedStudent(**_listed(entry, head, names, principal)) for entry in entries]


def read_student(
    home: DataHome, principal: Principal, student_id: UUID, today: date
) -> tuple[Head, ShownStudent] | None:
    """One student; None when there is none for this account."""
    seen = access.see_student(home, principal, student_id, today)
    if seen is None:
        return None
    return student_shown(principal, *seen, access.names_seen(home, [seen[1]]), today)


def student_shown(
    principal: Principal, publication: SeenList, entry: SeenEntry, names: Mapping[UUID, KeptName], today: date
) -> tuple[Head, ShownStudent]:
    """A student whose look is recorded already; who tells no name opens no vault and passes none."""
    head = head_of(publication, today)
    return head, _student(entry, head, names, principal)


def head_of(publication: AnyList, today: date) -> Head:
    expires_on = publication.as_of + timedelta(days=STALE_AFTER_DAYS)
    stale = today > expires_on
    return Head(
        as_of=publication.as_of,
        expires_on=expires_on,
        stale=stale,
        known_until=publication.known_until,
        by_rule=publication.model_digest == RULE_LIST,
        model_digest=publication.model_digest,
        horizon=publication.horizon,
        visits_per_week=publication.visits_per_week,
        rows_per_advisor=publication.rows_per_advisor,
        capacity_is_default=publication.capacity_is_default,
        observed=() if stale else _observed(publication),
    )


def _observed(publication: AnyList) -> tuple[Observed, ...]:
    return observed_rates([ObservedRate(**rate) for rate in publication.band_rates], publication.rates_term)


def observed_rates(rates: Sequence[ObservedRate], term: str) -> tuple[Observed, ...]:
    """What was seen of each band in a test term; nothing without one."""
    return tuple(
        Observed(band=rate.band, term=term, rows=rate.rows, left=rate.left, low=rate.low, high=rate.high)
        for rate in rates
        if term
    )


def _listed(
    entry: ListedEntry | SeenEntry, head: Head, names: Mapping[UUID, KeptName], principal: Principal
) -> dict[str, Any]:
    """The fields of a ListedStudent."""
    name = names.get(entry.student_id)
    scored = entry.band != UNKNOWN
    return {
        "student_id": entry.student_id,
        "name": name.shown if name else "",
        "sort_key": name.sort_key if name else "",
        "class_group": entry.class_group,
        "band": entry.band if entry.band in (*LISTED_BANDS, UNKNOWN) and not head.stale else None,
        "scored": scored,
        "cause": entry.cause,
        "must_see": tuple(entry.must_see),
        "reasons": tuple(told(entry.reasons, FEATURE_OF, permissions=principal.permissions)) if scored else (),
        "unknown_domains": () if scored else _named(entry.unknown_domains),
    }


def _student(entry: SeenEntry, head: Head, names: Mapping[UUID, KeptName], principal: Principal) -> ShownStudent:
    scored = entry.band != UNKNOWN
    permissions = principal.permissions
    return ShownStudent(
        **_listed(entry, head, names, principal),
        probability=entry.probability if scored and not (head.stale or head.by_rule) else None,
        observed=head.observed_of(entry.band),
        missing=tuple(told_missing(entry.missing, FEATURE_OF, permissions=permissions)) if scored else (),
        domains=dict(entry.domains) if scored else {},
        domain_shares=domain_shares(entry.domains) if scored else {},
        what_if=_what_if(entry, head, permissions),
    )


def _what_if(entry: SeenEntry, head: Head, permissions: Permissions) -> tuple[ToldLever, ...]:
    """What would change a place, as long as there is one."""
    if entry.what_if is None or entry.band not in LISTED_BANDS or head.stale:
        return ()
    return tuple(told_what_if(entry.what_if, FEATURE_OF, permissions=permissions))


def _named(domains: Sequence[str]) -> tuple[Domain, ...]:
    return tuple(domain for domain in Domain if domain.value in domains)


def _in_order(
    head: Head, entries: Sequence[ListedEntry], students: Mapping[UUID, ListedStudent]
) -> tuple[ListedStudent, ...]:
    listed = [entry for entry in entries if entry.band in LISTED_BANDS]
    if head.stale:
        return _by_name(students[entry.student_id] for entry in listed)
    listed.sort(key=lambda entry: (LISTED_BANDS.index(entry.band), entry.rank))
    return tuple(students[entry.student_id] for entry in listed)


def _by_name(students: Iterable[ListedStudent]) -> tuple[ListedStudent, ...]:
    return tuple(sorted(students, key=lambda student: (student.sort_key, student.student_id)))
