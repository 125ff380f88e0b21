"""The shapes of the answers. Numbers are never formatted, days are ISO and CE, words come in both languages."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from features.vocabulary import Domain, Unit

Band = Literal["high", "watch", "unknown"]


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(Answer):
    th: str
    en: str


class ReasonAnswer(Answer):
    feature: str = Field(description="name in the catalogue; the domain's name where details need a permission")
    label: Words
    value: float | None = Field(description="null: not known, or not for this account")
    unit: Unit | None
    contribution: float = Field(description="log-odds that this value adds, on the calibrated scale")
    sentence: Words
    asks: Words
    changeable: bool
    domain: Domain


class MissingAnswer(Answer):
    feature: str = Field(description="name in the catalogue; the domain's name where details need a permission")
    label: Words
    contribution: float = Field(description="log-odds that its not being known adds, on the calibrated scale")
    sentence: Words
    domain: Domain


class LeverAnswer(Answer):
    label: Words
    now: Words | None = Field(description="null for all that can be changed of a domain together")
    then: Words = Field(description="what the records would say")
    effect: Literal["little", "clear", "much"] = Field(
        description="how much lower the model would then rank the student"
    )
    leaves: bool = Field(description="with this alone the student would not be on the list")


class ObservedAnswer(Answer):
    """What was seen of a band in the model's test term. It is told of the band and is no forecast of one student."""

    band: Literal["high", "watch", "none"]
    term: str = Field(description="the term in which it was seen, such as 2/2568")
    rate: float | None = Field(description="part that left within the horizon, 0-1; null: too few were seen")
    low: float | None = Field(description="lower end of its 95 % interval")
    high: float | None = Field(description="upper end of its 95 % interval")


class Validity(Answer):
    as_of: date = Field(description="what was known before this day (Asia/Bangkok) counts")
    expires: date = Field(description="last day on which band, probability and observed rate are given")
    stale: bool
    model: str = Field(description="digest of the model, or `absence_rule` for a list by the absence rule")
    horizon: str


class RiskAnswer(Validity):
    student_id: UUID
    probability: float | None = Field(
        description="null for a list by the absence rule, once the score is stale, and where band is unknown"
    )
    cut_off: float | None = Field(
        description="ordering value (log-odds) from which on a student of this advisor was listed; "
        "null: everybody or nobody was, it is stale, or not for this account"
    )
    listed_probability: float | None = Field(
        description="how likely a place was before ties were broken, 0-1; null: not for this account, or stale"
    )
    band: Band | None = Field(description="null: not on the list, or stale; unknown: too little is known for a score")
    observed: ObservedAnswer | None = Field(
        description="of the student's band, or of those not on the list; null: not known"
    )
    must_see: list[str] = Field(description="rules of the college that say so, whatever the score")
    reasons: list[ReasonAnswer]
    missing: list[MissingAnswer] = Field(description="what is not known and raised the score")
    unknown_domains: list[Domain] = Field(description="where band is unknown: of which domains too little is known")
    domains: dict[str, float] = Field(description="log-odds by domain")
    domain_shares: dict[str, float] = Field(
        description="part of what raises the score, 0-1 by domain; 0: does not raise it"
    )
    what_if: list[LeverAnswer] = Field(
        description="how the model would read other records; no promise of what help does"
    )


class PastWeek(Answer):
    """A student's place in the list of a week; once that list is stale, only whether they stood on it."""

    publication_id: UUID
    as_of: date
    expires: date
    stale: bool
    model: str
    listed: bool
    band: Band | None = Field(description="null: not on the list, or stale")
    probability: float | None = Field(
        description="null for a list by the absence rule, once stale, and where band is unknown"
    )
    must_see: list[str]


class HistoryAnswer(Answer):
    weeks: list[PastWeek] = Field(description="newest first; the current list of each week")
    next: str | None = Field(description="cursor of the next page; null: there is none")


class Capacity(Answer):
    visits_per_week: int
    rows_per_advisor: int
    is_default: bool = Field(description="nobody has entered a capacity yet")


class ListedStudent(Answer):
    student_id: UUID
    name: str
    class_group: str
    band: Band | None
    must_see: list[str]
    reasons: list[ReasonAnswer]


class NotAssessed(Answer):
    student_id: UUID
    name: str
    class_group: str
    unknown_domains: list[Domain]


class ListAnswer(Validity):
    known_until: datetime
    capacity: Capacity
    observed: list[ObservedAnswer] = Field(description="once a band; empty where it is not known, and once stale")
    students: list[ListedStudent] = Field(description="by band and rank; then those whom only a rule says to see")
    not_assessed: list[NotAssessed] = Field(description="of whom too little is known for a place, by name")


class EntryAnswer(ListedStudent):
    unknown_domains: list[Domain] = Field(description="where band is unknown: of which domains too little is known")


class EntryPage(Validity):
    entries: list[EntryAnswer] = Field(description="by rank; once the list is stale by student_id")
    next: str | None = Field(description="cursor of the next page; null: there is none")


class PublicationAnswer(Validity):
    """The head of a list; nothing of its students."""

    publication_id: UUID
    institution: str
    status: Literal["current", "superseded"]
    digest: str = Field(description="of what the list says: the same records and model give the same digest")
    known_until: datetime
    published_at: datetime
    capacity: Capacity
    pruned: bool = Field(description="its scores and reasons were deleted, their time being over")


class PublicationPage(Answer):
    lists: list[PublicationAnswer] = Field(description="newest week first")
    next: str | None = Field(description="cursor of the next page; null: there is none")


class FieldProblem(Answer):
    at: str = Field(description="where in the request, such as `body.entries.3.rank`")
    why: str = Field(description="a code, such as `extra_forbidden`")


class Problem(Answer):
    """RFC 9457; repeats nothing of what was sent."""

    type: str
    title: str
    status: int
    request_id: str
    errors: list[FieldProblem] | None = None
