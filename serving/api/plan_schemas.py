"""The shapes of visit plans: what a proposal is asked with, and what is told of it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from serving.api.care_schemas import Week
from serving.api.schemas import Answer, Words
from serving.api.sent import Sent

MOST_TEAMS, MOST_PLACES, MOST_STUDENTS = 30, 200, 500
VISIT_MINUTES = 35
_Minutes = Annotated[int, Field(ge=1, le=720)]
_PlaceName = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f]{1,80}$")]
Why = Literal["two_person", "too_far", "no_capacity", "no_time", "has_visit"]


class SentTeam(Sent):
    """People who go together for one day."""

    people: int = Field(ge=1, le=10)
    minutes: _Minutes = Field(description="that they have for the day, travel included")


class SentPlace(Sent):
    """A village or sub-district. Its name is told back and never kept: it is for whoever reads the answer."""

    name: _PlaceName
    travel_minutes: int = Field(ge=0, le=720, description="there and back")


class SentPlanStudent(Sent):
    student_id: UUID
    place: int = Field(ge=0, lt=MOST_PLACES, description="position in `places`, from 0")
    visit_minutes: _Minutes = Field(default=VISIT_MINUTES, description="of the visit alone")
    two_person: bool = Field(default=False, description="nobody goes alone")
    locked_team: int | None = Field(default=None, ge=0, lt=MOST_TEAMS, description="position in `teams`, from 0")
    benefit: float | None = Field(
        default=None,
        ge=0,
        le=1_000,
        allow_inf_nan=False,
        description="what a visit is expected to gain, in a unit of yours; for all students or for none",
    )


class SentPlan(Sent):
    week: Week
    teams: list[SentTeam] = Field(min_length=1, max_length=MOST_TEAMS)
    places: list[SentPlace] = Field(min_length=1, max_length=MOST_PLACES)
    students: list[SentPlanStudent] | None = Field(
        default=None,
        min_length=1,
        max_length=MOST_STUDENTS,
        description="left out, where there is one place: all whom the current list would have visited",
    )


class PlaceAnswer(Answer):
    position: int
    name: str


class StopAnswer(Answer):
    student_id: UUID
    place: PlaceAnswer
    minutes: int
    benefit: float
    two_person: bool
    locked: bool


class TeamAnswer(Answer):
    team: int = Field(description="position in `teams`")
    people: int
    minutes: int = Field(description="that the team has")
    minutes_used: int = Field(description="travel, once to each place, and visits")
    stops: list[StopAnswer] = Field(description="in the order of the way")


class LeftOutAnswer(Answer):
    student_id: UUID
    place: PlaceAnswer
    why: Why
    reason: Words


class PlanAnswer(Answer):
    """A proposal: nothing is booked until it is accepted."""

    plan_id: UUID
    week: str
    status: Literal["proposed", "accepted", "replaced"]
    benefit: Literal["listed_risk", "sent"] = Field(
        description="what was made as large as possible: what the current list says, or what was sent"
    )
    total_benefit: float = Field(description="of those who are visited; must-see students come before any benefit")
    teams: list[TeamAnswer]
    left_out: list[LeftOutAnswer]
    capacity_left: int = Field(description="visits that the week has left once this is accepted")


class BookedVisit(Answer):
    visit_id: UUID
    student_id: UUID
    team: int
    two_person: bool


class AcceptedPlan(Answer):
    plan_id: UUID
    week: str
    status: Literal["accepted"]
    accepted_at: datetime
    visits: list[BookedVisit] = Field(description="team by team, in the order of the way")
