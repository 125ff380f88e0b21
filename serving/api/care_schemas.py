"""The shapes of care: contacts, ratings and home visits, as they are sent and as they are told. Codes alone, no words."""

from datetime import date, datetime
from typing import Annotated, Literal, Self, get_args
from uuid import UUID

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from records import codes
from records.care_tables import VISIT_STATUSES
from records.codes import CodeList
from serving.api.schemas import Answer, FieldProblem, Words
from serving.api.sent import Sent

WEEK_PATTERN = "^[0-9]{4}-W[0-9]{2}$"


def monday_of_week(week: str) -> date:
    """The Monday of an ISO week such as 2025-W47. Raises ValueError for a week that its year does not have."""
    return date.fromisocalendar(int(week[:4]), int(week[6:]), 1)


def iso_week(monday: date) -> str:
    year, week, _ = monday.isocalendar()
    return f"{year:04d}-W{week:02d}"


def _is_a_week(week: str) -> str:
    monday_of_week(week)
    return week


def _one_of(known: CodeList) -> tuple[AfterValidator, WithJsonSchema]:
    """A code of a list; the document names them all."""

    def is_known(value: str) -> str:
        if value not in known.values:
            raise ValueError("not in the list of codes")
        return value

    return AfterValidator(is_known), WithJsonSchema({"type": "string", "enum": list(known.values)})


Week = Annotated[str, Field(pattern=WEEK_PATTERN, description="ISO week, such as 2025-W47"), AfterValidator(_is_a_week)]
VisitStatus = Literal["planned", "done", "cancelled", "referred"]
assert get_args(VisitStatus) == VISIT_STATUSES
Mode = Annotated[str, *_one_of(codes.VISIT_MODES)]
Result = Annotated[str, *_one_of(codes.VISIT_RESULTS)]
Reason = Annotated[str, *_one_of(codes.REASONS)]
Rating = Annotated[str, *_one_of(codes.SCREENING_LEVELS)]
Reasons = Annotated[list[Reason], Field(max_length=len(codes.REASONS.values))]


class SentContact(Sent):
    """A contact that took place, or was tried."""

    happened_on: date = Field(description="today or up to a year ago")
    mode: Mode
    result: Result
    reason_codes: Reasons = Field(default=[], description="why the student may leave, as far as it was told")


class SentRating(Sent):
    rating: Rating


class SentVisit(Sent):
    student_id: UUID
    week: Week
    planned_on: date | None = Field(default=None, description="a day of that week")
    two_person: bool = Field(default=False, description="nobody goes alone")
    unsafe: bool = Field(default=False, description="the place is known to be unsafe")


_NEVER_EMPTY = frozenset({"week", "status", "two_person", "unsafe", "reason_codes"})


class SentVisitChange(Sent):
    """What is to be changed; what is left out stays. Of what was found, `done` needs mode and result."""

    week: Week | None = Field(default=None, description="move it; the planned day is forgotten unless one is sent")
    planned_on: date | None = Field(
        default=None, description="when done and not said: today, or the Sunday of its week; then it stays"
    )
    status: VisitStatus | None = None
    two_person: bool | None = None
    unsafe: bool | None = None
    attempt: int | None = Field(default=None, ge=1, le=99)
    mode: Mode | None = None
    result: Result | None = None
    reason_codes: Reasons | None = None
    minutes: int | None = Field(default=None, ge=0, le=1440)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("nothing to change")
        if any(getattr(self, name) is None for name in self.model_fields_set & _NEVER_EMPTY):
            raise ValueError("cannot be null")
        return self


class CodeAnswer(Answer):
    code: str
    label: Words


class ContactAnswer(Answer):
    contact_id: UUID
    student_id: UUID
    happened_on: date
    mode: CodeAnswer
    result: CodeAnswer
    reasons: list[CodeAnswer] = Field(
        description="without those of health and disability, where they are not yours to read"
    )
    account_id: UUID | None = Field(description="who wrote it down; null: a machine")
    publication_id: UUID | None = Field(description="the list that was current then")
    recorded_at: datetime


class ContactPage(Answer):
    contacts: list[ContactAnswer] = Field(description="newest first")
    next: str | None = Field(description="cursor of the next page; null: there is none")


class RatingAnswer(Answer):
    student_id: UUID
    week: str
    rating: CodeAnswer
    score_seen: bool = Field(
        description="this account had looked at a list or at the student's score that week, so the rating is not independent"
    )
    rated_at: datetime


class VisitAnswer(Answer):
    visit_id: UUID
    student_id: UUID
    week: str
    planned_on: date | None
    status: VisitStatus
    version: int = Field(description='its ETag is `"version"`')
    two_person: bool
    unsafe: bool
    attempt: int | None
    mode: CodeAnswer | None
    result: CodeAnswer | None
    reasons: list[CodeAnswer] = Field(
        description="without those of health and disability, where they are not yours to read"
    )
    minutes: int | None
    plan_id: UUID | None
    booked_by: UUID | None = Field(description="an account; null: a machine")
    booked_at: datetime
    changed_by: UUID | None
    changed_at: datetime


class VisitPage(Answer):
    visits: list[VisitAnswer] = Field(description="newest week first")
    next: str | None = Field(description="cursor of the next page; null: there is none")


class VisitProblem(Answer):
    """A refusal with 409; where the week is full, with the nearest later week that has a place."""

    type: str
    title: str
    status: int
    request_id: str
    errors: list[FieldProblem] | None = None
    visits_per_week: int | None = Field(default=None, description="how many visits the institution can make that week")
    next_free_week: str | None = Field(default=None, description="null: none within eight weeks, or that is not why")
    next_free_visits: int | None = Field(default=None, description="how many more can be booked in it")
