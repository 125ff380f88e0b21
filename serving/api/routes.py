"""Version 1 of the API: the current list of the signed-in account, and one student's risk."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.exceptions import HTTPException

from models.reasons import MissingData, Reason
from models.what_if_words import ToldLever
from records.errors import NotAllowed
from records.text import Text
from serving.api.schemas import (
    Capacity,
    LeverAnswer,
    ListAnswer,
    ListedStudent,
    MissingAnswer,
    NotAssessed,
    ObservedAnswer,
    Problem,
    ReasonAnswer,
    RiskAnswer,
    Words,
)
from serving.desk import AtDesk, SignedIn
from serving.shown import Head, Observed, ShownList, ShownStudent, read_list, read_student


def _problems(**by_status: str) -> dict[int | str, dict[str, Any]]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {int(status[1:]): {"description": text, "content": content} for status, text in by_status.items()}


router = APIRouter(prefix="/api/v1")


@router.get(
    "/lists/current",
    operation_id="readCurrentList",
    summary="One's own current list",
    responses=_problems(_401="not signed in", _403="this role sees no students", _404="no list yet"),
)
def read_current_list(desk: AtDesk, reader: SignedIn) -> ListAnswer:
    shown = read_list(desk.home, reader, desk.today())
    if shown is None:
        raise HTTPException(status_code=404)
    return _list_answer(shown)


@router.get(
    "/students/{student_id}/risk",
    operation_id="readStudentRisk",
    summary="One student's place in the current list, with reasons",
    responses=_problems(_401="not signed in", _404="no such student for this account", _422="not a UUID"),
)
def read_student_risk(desk: AtDesk, reader: SignedIn, student_id: UUID) -> RiskAnswer:
    try:
        seen = read_student(desk.home, reader, student_id, desk.today())
    except NotAllowed:
        seen = None
    if seen is None:
        raise HTTPException(status_code=404)
    return _risk_answer(*seen)


def add_problem_schema(openapi: dict[str, Any]) -> dict[str, Any]:
    """Name the shape of refusals in the document: no route returns it, the handlers do."""
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas = openapi["components"]["schemas"]
    schemas.update(schema.pop("$defs", {}), Problem=schema)
    return openapi


def _list_answer(shown: ShownList) -> ListAnswer:
    head = shown.head
    by_rule_alone = [student for student in shown.must_see if student not in shown.listed]
    return ListAnswer(
        **_validity(head),
        known_until=head.known_until,
        capacity=Capacity(
            visits_per_week=head.visits_per_week,
            rows_per_advisor=head.rows_per_advisor,
            is_default=head.capacity_is_default,
        ),
        observed=[_observed(one) for one in head.observed],
        students=[_listed(student) for student in (*shown.listed, *by_rule_alone)],
        not_assessed=[_not_assessed(student) for student in shown.unknown],
    )


def _validity(head: Head) -> dict[str, Any]:
    return {
        "as_of": head.as_of,
        "expires": head.expires_on,
        "stale": head.stale,
        "model": head.model_digest,
        "horizon": head.horizon,
    }


def _listed(student: ShownStudent) -> ListedStudent:
    return ListedStudent.model_validate(
        {
            "student_id": student.student_id,
            "name": student.name,
            "class_group": student.class_group,
            "band": student.band,
            "must_see": list(student.must_see),
            "reasons": [_reason(reason) for reason in student.reasons],
        }
    )


def _not_assessed(student: ShownStudent) -> NotAssessed:
    return NotAssessed(
        student_id=student.student_id,
        name=student.name,
        class_group=student.class_group,
        unknown_domains=list(student.unknown_domains),
    )


def _risk_answer(head: Head, student: ShownStudent) -> RiskAnswer:
    return RiskAnswer.model_validate(
        {
            **_validity(head),
            "student_id": student.student_id,
            "probability": student.probability,
            "band": student.band,
            "observed": _observed(student.observed) if student.observed else None,
            "must_see": list(student.must_see),
            "reasons": [_reason(reason) for reason in student.reasons],
            "missing": [_missing(one) for one in student.missing],
            "unknown_domains": list(student.unknown_domains),
            "domains": student.domains,
            "domain_shares": student.domain_shares,
            "what_if": [_lever(lever) for lever in student.what_if],
        }
    )


def _reason(reason: Reason) -> ReasonAnswer:
    return ReasonAnswer(
        feature=reason.feature,
        label=_words(reason.label),
        value=reason.value,
        unit=reason.unit,
        contribution=reason.contribution,
        sentence=_words(reason.sentence),
        asks=_words(reason.asks),
        changeable=reason.changeable,
        domain=reason.domain,
    )


def _missing(one: MissingData) -> MissingAnswer:
    return MissingAnswer(
        feature=one.feature,
        label=_words(one.label),
        contribution=one.contribution,
        sentence=_words(one.sentence),
        domain=one.domain,
    )


def _lever(lever: ToldLever) -> LeverAnswer:
    return LeverAnswer.model_validate(
        {
            "label": _words(lever.label),
            "now": _words(lever.now) if lever.now else None,
            "then": _words(lever.then),
            "effect": lever.effect,
            "leaves": lever.leaves,
        }
    )


def _observed(one: Observed) -> ObservedAnswer:
    """Too few seen are told by no number at all."""
    numbers = {name: round(getattr(one, name), 4) if one.enough else None for name in ("rate", "low", "high")}
    return ObservedAnswer.model_validate({"band": one.band, "term": one.term, **numbers})


def _words(text: Text) -> Words:
    return Words(th=text.th, en=text.en)
