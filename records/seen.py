"""What of a stored list leaves through the one door: plain values, read by no more columns than are shown."""

from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from records.database import LedgerTable

# Named tuples: a row of the database becomes one without a step for each of its columns.


class SeenList(NamedTuple):
    """The head of a list; see PublicationRow."""

    id: UUID
    institution: str
    as_of: date
    model_digest: str
    horizon: str
    known_until: datetime
    visits_per_week: int
    rows_per_advisor: int
    capacity_is_default: bool
    band_rates: list[dict[str, Any]]
    rates_term: str


class ListedEntry(NamedTuple):
    """What a list shows of a student; see ListEntryRow."""

    student_id: UUID
    number: int
    class_group: str
    rank: int
    band: str
    cause: str
    must_see: list[str]
    reasons: list[dict[str, Any]]
    unknown_domains: list[str]


class SeenEntry(NamedTuple):
    """What the page of one student shows; see ListEntryRow."""

    student_id: UUID
    number: int
    class_group: str
    rank: int
    band: str
    cause: str
    must_see: list[str]
    reasons: list[dict[str, Any]]
    unknown_domains: list[str]
    probability: float | None
    cut_off: float | None
    listed_probability: float
    missing: list[dict[str, Any]]
    domains: dict[str, float]
    what_if: dict[str, Any] | None


def columns_of(rows: type[LedgerTable], shape: type[tuple[Any, ...]]) -> list[Any]:
    """The columns of a table that a shape has fields for, in their order."""
    return [getattr(rows, name) for name in shape._fields]  # type: ignore[attr-defined]  # a named tuple
