"""From what is asked and what the list says to a proposal: whose benefit is what, who may be placed, and why not."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from uuid import UUID

from records.care_tables import PLACED
from records.lists import RULE_LIST
from records.text import Text
from records.visit_plans import HAS_VISIT, PLACED_WITH_TWO, Candidate, Grounds, Stop
from serving.answers import Conflict
from serving.api.asking import invalid
from serving.api.plan_schemas import SentPlan, SentPlanStudent
from serving.shown import head_of
from serving.visit_planning import (
    NO_CAPACITY,
    NO_TIME,
    TOO_FAR,
    TWO_PERSON,
    ImpossibleLock,
    Proposal,
    Student,
    Team,
    propose,
)

LEFT_OUT: Mapping[str, Text] = {
    TWO_PERSON: Text(
        th="ต้องไปเยี่ยมอย่างน้อยสองคน แต่ไม่มีทีมที่มีสองคนขึ้นไป", en="Nobody may go alone, and no team has two people."
    ),
    TOO_FAR: Text(
        th="ไกลเกินไป แม้ทีมที่มีเวลามากที่สุดไปบ้านนี้บ้านเดียวก็ไม่ทัน",
        en="Too far: the longest day of a team is too short even for this visit alone.",
    ),
    NO_CAPACITY: Text(th="ครบจำนวนที่สถานศึกษาเยี่ยมได้ในสัปดาห์นี้แล้ว", en="All visits that can be made that week are given."),
    NO_TIME: Text(th="เวลาที่เหลือของแต่ละทีมไม่พอ", en="No team has enough time left."),
    HAS_VISIT: Text(th="มีนัดเยี่ยมในสัปดาห์นี้อยู่แล้ว", en="There is a visit in that week already."),
}
_UNRANKED_PART = 0.001  # beside probabilities: decides among those without one alone


def sends_benefit(sent: SentPlan) -> bool:
    return bool(sent.students) and sent.students is not None and sent.students[0].benefit is not None


def planned(grounds: Grounds, sent: SentPlan, on: date) -> tuple[list[Stop], int]:
    """The stops of a proposal, those left out included, and the visits that the week has left with it.

    Raises Conflict without a list that is in force, and a 422 where a locked choice cannot be kept.
    """
    in_force = grounds.publication is not None and not head_of(grounds.publication, on).stale
    if not in_force and not sends_benefit(sent):
        raise Conflict("body.students", "list_is_stale" if grounds.publication else "no_list")
    asked = sent.students or [SentPlanStudent(student_id=one.student_id, place=0) for one in grounds.candidates]
    known = {one.student_id: one for one in grounds.candidates}
    students = [_student(one, known[one.student_id], grounds, in_force) for one in asked]
    waiting = [one for one in students if not known[one.student_id].has_visit]
    for position, one in enumerate(students):
        if one.locked_team is not None and known[one.student_id].has_visit:
            raise Conflict(f"body.students.{position}.locked_team", HAS_VISIT)
    proposal = _proposal(waiting, sent, grounds.visits_left, [one.student_id for one in asked])
    visited = [one for one in students if known[one.student_id].has_visit]
    return [*_stops(proposal), *(_left_out(one, HAS_VISIT) for one in visited)], proposal.capacity_left


def _student(asked: SentPlanStudent, candidate: Candidate, grounds: Grounds, in_force: bool) -> Student:
    return Student(
        student_id=asked.student_id,
        place=asked.place,
        benefit=_listed_benefit(candidate, grounds) if asked.benefit is None else asked.benefit,
        minutes=asked.visit_minutes,
        two_person=asked.two_person,
        must_see=candidate.must_see and in_force,
        locked_team=asked.locked_team,
    )


def _listed_benefit(candidate: Candidate, grounds: Grounds) -> float:
    """The stored probability. A list by the absence rule has none: its ranks count, from 1 for the first down to next to nothing.

    So they do, in a small part, of whom a model's list knows too little; who is on no list gains nothing that is known.
    """
    if candidate.probability is not None:
        return candidate.probability
    if candidate.rank is None or grounds.publication is None:
        return 0.0
    part = (grounds.entries + 1 - candidate.rank) / max(grounds.entries, 1)
    return part if grounds.publication.model_digest == RULE_LIST else part * _UNRANKED_PART


def _proposal(students: Sequence[Student], sent: SentPlan, capacity: int, asked: Sequence[UUID]) -> Proposal:
    travel = [place.travel_minutes for place in sent.places]
    teams = [Team(people=team.people, minutes=team.minutes) for team in sent.teams]
    try:
        return propose(students, travel, teams, capacity)
    except ImpossibleLock as impossible:
        position = asked.index(impossible.student_id)
        raise invalid(f"body.students.{position}.locked_team", impossible.why) from None


def _stops(proposal: Proposal) -> Iterator[Stop]:
    for team, day in enumerate(proposal.days):
        for position, one in enumerate(day.stops):
            why = PLACED_WITH_TWO if one.two_person else PLACED
            yield Stop(
                student_id=one.student_id, team=team, position=position, place=one.place, benefit=one.benefit,
                minutes=one.minutes, locked=one.locked_team is not None, why=why,
            )  # fmt: skip
    for left in proposal.left_out:
        yield _left_out(left.student, left.why)


def _left_out(student: Student, why: str) -> Stop:
    return Stop(
        student_id=student.student_id, team=None, position=None, place=student.place, benefit=student.benefit,
        minutes=student.minutes, locked=False, why=why,
    )  # fmt: skip
