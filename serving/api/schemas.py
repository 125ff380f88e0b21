"""The shapes of the answers. Numbers are never formatted, days are ISO and CE, words come in both languages."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from features.vocabulary import Domain, Unit

Band = Literal["high", "watch"]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(_Answer):
    th: str
    en: str


class ReasonAnswer(_Answer):
    feature: str = Field(description="name in the catalogue; the domain's name where details need a permission")
    label: Words
    value: float | None = Field(description="null: not known, or not for this account")
    unit: Unit | None
    contribution: float = Field(description="log-odds that this value adds, on the calibrated scale")
    sentence: Words
    asks: Words
    changeable: bool
    domain: Domain


class Validity(_Answer):
    as_of: date = Field(description="what was known before this day (Asia/Bangkok) counts")
    expires: date = Field(description="last day on which band and probability are given")
    stale: bool
    model: str = Field(description="digest of the model, or `absence_rule` for the rule list")
    horizon: str


class RiskAnswer(Validity):
    student_id: UUID
    probability: float | None = Field(description="null for the rule list and once the score is stale")
    band: Band | None = Field(description="null: not on the list, or stale")
    must_see: list[str] = Field(description="rules of the college that say so, whatever the score")
    reasons: list[ReasonAnswer]
    domains: dict[str, float] = Field(description="log-odds by domain")


class Capacity(_Answer):
    visits_per_week: int
    rows_per_advisor: int
    is_default: bool = Field(description="nobody has entered a capacity yet")


class ListedStudent(_Answer):
    student_id: UUID
    name: str
    class_group: str
    band: Band | None
    must_see: list[str]
    reasons: list[ReasonAnswer]


class ListAnswer(Validity):
    known_until: datetime
    capacity: Capacity
    students: list[ListedStudent] = Field(description="by band and rank; then those whom only a rule says to see")


class FieldProblem(_Answer):
    at: str
    why: str


class Problem(_Answer):
    """RFC 9457; repeats nothing of what was sent."""

    type: str
    title: str
    status: int
    request_id: str
    errors: list[FieldProblem] | None = None
