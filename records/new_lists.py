"""A list that was made and is not stored yet: its head, its entries, and the digest of what it says."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from records.college import Capacity


@dataclass(frozen=True, kw_only=True)
class NewEntry:
    """One scored student, ready to be stored; see ListEntryRow."""

    student_id: UUID
    number: int
    class_group: str
    rank: int
    band: str
    cause: str
    logit: float | None
    probability: float | None
    ordering: float
    cut_off: float | None
    listed_probability: float
    must_see: list[str]
    reasons: list[dict[str, Any]]
    missing: list[dict[str, Any]]
    unknown_domains: list[str]
    domains: dict[str, float]
    what_if: dict[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class NewPublication:
    institution: str
    as_of: date
    model_digest: str
    catalogue_fingerprint: str
    horizon: str
    known_until: datetime
    ledger_number: int
    capacity: Capacity
    capacity_is_default: bool
    band_rates: Sequence[dict[str, Any]]
    rates_term: str
    entries: Sequence[NewEntry]

    def digest(self) -> str:
        """What the list says, not when it was computed: the same records and model give the same digest."""
        return self._digest

    def earlier_digest(self) -> str:
        """The digest that programs gave it which told nothing of how places were drawn."""
        return self._digest_without(frozenset({"cut_off", "listed_probability"}))

    @cached_property
    def _digest(self) -> str:
        return self._digest_without(frozenset())

    def _digest_without(self, left_out: Collection[str]) -> str:
        said = [_plain(entry, left_out) for entry in sorted(self.entries, key=lambda entry: entry.number)]
        head = [self.institution, self.as_of.isoformat(), self.model_digest, self.catalogue_fingerprint, self.horizon]
        head += [str(self.capacity.visits_per_week), str(self.capacity.rows_per_advisor)]
        head += [json.dumps(list(self.band_rates), sort_keys=True), self.rates_term]
        return hashlib.sha256(json.dumps([head, said], sort_keys=True).encode()).hexdigest()


def _plain(entry: NewEntry, left_out: Collection[str]) -> dict[str, Any]:
    # Not asdict(): it copies every reason, and nothing here is changed.
    said = {**vars(entry), "student_id": str(entry.student_id)}
    for name in left_out:
        del said[name]
    return said
