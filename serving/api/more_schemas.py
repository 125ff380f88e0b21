"""The shapes of answers that are not about one list: oneself, models, scores of rows sent, changes, the audit trail."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from features.vocabulary import Domain
from serving.api.schemas import Answer, ObservedAnswer, Words


class RoleAnswer(Answer):
    code: str
    label: Words


class MeAnswer(Answer):
    login: str
    name: str
    role: RoleAnswer
    institution: str
    institutions: list[str]
    permissions: list[str] = Field(description="codes of what this account or key may do")
    key: bool = Field(description="a machine's key, no person")


class ModelAnswer(Answer):
    """What is in charge of the lists of one's institution."""

    digest: str = Field(description="of the model, or `absence_rule` for a list by the absence rule")
    horizon: str
    catalogue_fingerprint: str
    features: list[str]
    observed: list[ObservedAnswer] = Field(description="once a band; empty for a list by the absence rule")
    test_term: str | None
    signed_by: str | None = Field(description="null: nobody has decided, so the absence rule holds")
    signed_at: datetime | None
    reason: str | None


class MetricsAnswer(Answer):
    digest: str
    figures: dict[str, Any] = Field(
        description="the model's card as it was signed (docs: checks.md); small groups are null in it"
    )


class ScoredRow(Answer):
    logit: float = Field(description="calibrated log-odds")
    probability: float
    band: None = Field(description="always null: a band needs everybody of an institution and its capacity")
    known_part: float = Field(description="0-1: how much of what the model looks at is known of this row")
    abstains: bool = Field(description="too little is known: a list would not rank this row")
    contributions: dict[str, float] = Field(description="log-odds by feature; with the base they sum to the logit")
    domains: dict[Domain, float] = Field(description="the same, by domain")


class ScoresAnswer(Answer):
    model: str
    horizon: str
    base: float = Field(description="log-odds of the model before it looks at a row")
    rows: list[ScoredRow] = Field(description="in the order sent; nothing of them was kept")


class ChangedList(Answer):
    publication_id: UUID
    outcome: Literal["published", "same", "restored"]


class ErasedAnswer(Answer):
    """What was removed, as numbers; it names nobody, because it is kept for the key it was asked with."""

    outcome: Literal["erased"]
    log_files: int = Field(description="files of the log that were written anew or removed")
    kept_rows: int = Field(description="rows in quarantine that were the person's")
    list_entries: int = Field(description="entries of lists that no longer lead to anybody")


class LookAnswer(Answer):
    id: int
    at: datetime
    actor: str
    action: str
    institution: str
    student_id: UUID | None
    detail: dict[str, str | int]
    request_id: str


class AuditPage(Answer):
    looks: list[LookAnswer] = Field(description="newest first")
    next: str | None = Field(description="cursor of the next page; null: there is none")


class BandsAnswer(Answer):
    """How many students stand in each band; null: hidden, because so few could be told apart."""

    students: int | None
    high: int | None
    watch: int | None
    none: int | None
    unknown: int | None


class InstitutionSummary(Answer):
    institution: str
    name: Words
    as_of: date
    bands: BandsAnswer


class ProvinceSummary(Answer):
    institutions: list[InstitutionSummary]
    together: BandsAnswer
    hides_small: bool


class PseudonymousRow(Answer):
    pseudonym: str
    class_group: str | None = Field(description="null: so small a group could be told apart")
    band: str
    ordering: float


class PseudonymPage(Answer):
    rows: list[PseudonymousRow] = Field(description="by pseudonym")
    next: str | None = Field(description="cursor of the next page; null: there is none")
