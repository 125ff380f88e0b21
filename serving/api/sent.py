"""The shapes of what programs send. Every field is named here; one that is not is refused."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from features.catalogue import FEATURE_OF
from features.vocabulary import Domain
from models.bands import NO_BAND, UNKNOWN
from records.lists import RULE_LIST

MOST_SCORED = 500
MOST_ENTRIES = 20_000

_MUST_SEE = Literal["attendance_share", "absent_run_notice", "absent_run_dismissal"]
Code = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_.-]{1,32}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64}|absence_rule)$")]
Finite = Annotated[float, Field(allow_inf_nan=False, ge=-1e6, le=1e6)]
LogOdds = Annotated[float, Field(allow_inf_nan=False, ge=-1_000, le=1_000)]


def _known_feature(name: str) -> str:
    if name not in FEATURE_OF:
        raise ValueError("not in the catalogue")
    return name


class Sent(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=False)


class SentReason(Sent):
    feature: str = Field(description="name in the catalogue")
    value: Finite
    contribution: LogOdds = Field(description="log-odds that this value adds, on the calibrated scale; above 0")

    @model_validator(mode="after")
    def _is_a_reason(self) -> Self:
        _known_feature(self.feature)
        if self.contribution <= 0:
            raise ValueError("what lowers a score is no reason")
        return self


class SentMissing(Sent):
    feature: str = Field(description="name in the catalogue")
    contribution: LogOdds = Field(description="log-odds that its not being known adds")

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        _known_feature(self.feature)
        return self


class SentEntry(Sent):
    """One scored student. Number, class group, advisor and probability are not sent: they are known or follow."""

    student_id: UUID
    rank: int = Field(ge=1, le=MOST_ENTRIES, description="1, 2, 3 … without a gap")
    band: Literal["high", "watch", "none", "unknown"]
    cause: Literal["rank", "bonus", ""] = Field(description="of a place; empty without one")
    logit: LogOdds | None = Field(description="calibrated log-odds; null for a list by the absence rule")
    ordering: LogOdds = Field(description="what the list is ordered by: the logit and the bonus")
    cut_off: LogOdds | None
    listed_probability: float = Field(ge=0, le=1, allow_inf_nan=False)
    must_see: list[_MUST_SEE] = Field(max_length=3)
    reasons: list[SentReason] = Field(max_length=5)
    missing: list[SentMissing] = Field(max_length=2)
    unknown_domains: list[Domain] = Field(max_length=5)
    domains: dict[Domain, LogOdds]

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        placed = self.band not in (NO_BAND, UNKNOWN)
        if placed != bool(self.cause):
            raise ValueError("a place has a cause, and only a place")
        if (self.band == UNKNOWN) != bool(self.unknown_domains):
            raise ValueError("too little is known of named domains, or enough")
        return self


class SentList(Sent):
    """A finished list of one institution and week, from the model in charge there."""

    institution: Code
    as_of: date = Field(description="a Monday")
    model: Digest = Field(description="digest of the model in charge, or `absence_rule`")
    catalogue_fingerprint: str = Field(pattern="^[0-9a-f]{8,64}$")
    ledger_number: int = Field(ge=1, le=2**31 - 1, description="the newest batch of records that was read")
    entries: list[SentEntry] = Field(min_length=1, max_length=MOST_ENTRIES)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.as_of.weekday() != 0:
            raise ValueError("no Monday")
        if sorted(entry.rank for entry in self.entries) != list(range(1, len(self.entries) + 1)):
            raise ValueError("ranks have gaps or repeat")
        if len({entry.student_id for entry in self.entries}) != len(self.entries):
            raise ValueError("a student twice")
        if any((entry.logit is None) != (self.model == RULE_LIST) for entry in self.entries):
            raise ValueError("a model gives every student a logit, the rule none")
        return self


class SentRows(Sent):
    """Feature rows to score. A feature that is left out or null is not known of that row."""

    institution: Code | None = Field(default=None, description="whose model; left out: one's own")
    rows: list[dict[str, Finite | None]] = Field(min_length=1, max_length=MOST_SCORED)

    @model_validator(mode="after")
    def _are_known(self) -> Self:
        for row in self.rows:
            for name in row:
                _known_feature(name)
        return self


class SentErasure(Sent):
    student_id: UUID
    institution: Code | None = Field(default=None, description="left out: one's own")
    reason: str = Field(
        min_length=3,
        max_length=200,
        description="why, such as the number of the request; no name, no number of a person",
    )

    @model_validator(mode="after")
    def _is_one_line(self) -> Self:
        if any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in self.reason):
            raise ValueError("control characters")
        return self
