"""What a signed-in person is shown: the current list and one student, read through the one door.

Pages and API say the same, because both are made from these objects. A score that has expired is not handed out:
its band and its probability are gone, whoever asks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from features.catalogue import FEATURE_OF
from models.bands import HIGH, WATCH
from models.reasons import Reason, told
from records import access
from records.access import Permission, Principal
from records.home import DataHome
from records.lists import RULE_LIST, STALE_AFTER_DAYS, ListEntryRow, PublicationRow
from records.people import FullName, StudentName

# The bands that make up a list, first things first; whoever has none of them was scored but is not listed.
LISTED_BANDS = (HIGH, WATCH)


@dataclass(frozen=True, kw_only=True)
class Head:
    """What holds for a whole list: how old it is, where it comes from, what people have the time for."""

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


@dataclass(frozen=True, kw_only=True)
class ShownStudent:
    """One student as this account may see them; `name` is empty when the vault holds none."""

    student_id: UUID
    name: str
    sort_key: str
    class_group: str
    band: str | None
    cause: str
    probability: float | None
    must_see: tuple[str, ...]
    reasons: tuple[Reason, ...]
    domains: dict[str, float]

    @property
    def listed(self) -> bool:
        return self.band is not None


@dataclass(frozen=True, kw_only=True)
class ShownList:
    """The listed students, by band and rank (by name once the list is stale), and those whom a rule says to see."""

    head: Head
    listed: tuple[ShownStudent, ...]
    must_see: tuple[ShownStudent, ...]


def read_list(home: DataHome, principal: Principal, today: date) -> ShownList | None:
    """The current list as this account may see it; None before the first one. Raises NotAllowed."""
    seen = access.see_list(home, principal, today)
    if seen is None:
        return None
    publication, entries = seen
    chosen = [entry for entry in entries if entry.must_see or entry.band in LISTED_BANDS]
    names = access.named(home, principal, [entry.student_id for entry in chosen], today)
    head = _head(publication, today)
    students = {entry.student_id: _student(entry, head, names, principal) for entry in chosen}
    return ShownList(
        head=head,
        listed=_in_order(head, chosen, students),
        must_see=_by_name(students[entry.student_id] for entry in chosen if entry.must_see),
    )


def read_student(
    home: DataHome, principal: Principal, student_id: UUID, today: date
) -> tuple[Head, ShownStudent] | None:
    """One student; None when there is none for this account. Raises NotAllowed for a role that sees no students."""
    seen = access.see_student(home, principal, student_id, today)
    if seen is None:
        return None
    publication, entry = seen
    head = _head(publication, today)
    return head, _student(entry, head, access.named(home, principal, [student_id], today), principal)


def _head(publication: PublicationRow, today: date) -> Head:
    expires_on = publication.as_of + timedelta(days=STALE_AFTER_DAYS)
    return Head(
        as_of=publication.as_of,
        expires_on=expires_on,
        stale=today > expires_on,
        known_until=publication.known_until,
        by_rule=publication.model_digest == RULE_LIST,
        model_digest=publication.model_digest,
        horizon=publication.horizon,
        visits_per_week=publication.visits_per_week,
        rows_per_advisor=publication.rows_per_advisor,
        capacity_is_default=publication.capacity_is_default,
    )


def _student(entry: ListEntryRow, head: Head, names: dict[UUID, StudentName], principal: Principal) -> ShownStudent:
    name = names.get(entry.student_id)
    return ShownStudent(
        student_id=entry.student_id,
        name=_written(name),
        sort_key=name.sort_key if name else "",
        class_group=entry.class_group,
        band=entry.band if entry.band in LISTED_BANDS and not head.stale else None,
        cause=entry.cause,
        probability=None if head.stale or head.by_rule else entry.probability,
        must_see=tuple(entry.must_see),
        reasons=tuple(told(entry.reasons, FEATURE_OF, sensitive=principal.may(Permission.SEE_HOUSEHOLD))),
        domains=dict(entry.domains),
    )


def _written(name: StudentName | None) -> str:
    if name is None:
        return ""
    return FullName(title=name.title, first_name=name.first_name, last_name=name.last_name).shown


def _in_order(
    head: Head, entries: Sequence[ListEntryRow], students: dict[UUID, ShownStudent]
) -> tuple[ShownStudent, ...]:
    listed = [entry for entry in entries if entry.band in LISTED_BANDS]
    if head.stale:
        return _by_name(students[entry.student_id] for entry in listed)
    listed.sort(key=lambda entry: (LISTED_BANDS.index(entry.band), entry.rank))
    return tuple(students[entry.student_id] for entry in listed)


def _by_name(students: Iterable[ShownStudent]) -> tuple[ShownStudent, ...]:
    return tuple(sorted(students, key=lambda student: (student.sort_key, student.student_id)))
