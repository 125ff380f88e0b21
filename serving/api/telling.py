"""From what an account is shown to the shapes of answers: the same words and the same silences as on the pages."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from models.bands import HIGH, UNKNOWN, WATCH
from models.reasons import MissingData, Reason
from models.what_if_words import ToldLever
from records.lists import RULE_LIST, ListEntryRow, PublicationRow
from records.text import Text
from serving.api.schemas import (
    Capacity,
    EntryAnswer,
    LeverAnswer,
    ListAnswer,
    ListedStudent,
    MissingAnswer,
    NotAssessed,
    ObservedAnswer,
    PastWeek,
    PublicationAnswer,
    ReasonAnswer,
    RiskAnswer,
    Words,
)
from serving.shown import Head, Observed, ShownList, ShownStudent, head_of


def list_answer(shown: ShownList) -> ListAnswer:
    head = shown.head
    by_rule_alone = [student for student in shown.must_see if student not in shown.listed]
    return ListAnswer(
        **validity(head),
        known_until=head.known_until,
        capacity=_capacity(head),
        observed=[observed(one) for one in head.observed],
        students=[_listed(student) for student in (*shown.listed, *by_rule_alone)],
        not_assessed=[_not_assessed(student) for student in shown.unknown],
    )


def publication_answer(publication: PublicationRow, today: date) -> PublicationAnswer:
    head = head_of(publication, today)
    return PublicationAnswer.model_validate(
        {
            **validity(head),
            "publication_id": publication.id,
            "institution": publication.institution,
            "status": publication.status,
            "digest": publication.digest,
            "known_until": publication.known_until,
            "published_at": publication.published_at,
            "capacity": _capacity(head),
            "pruned": publication.pruned_at is not None,
        }
    )


def entry_answer(student: ShownStudent) -> EntryAnswer:
    return EntryAnswer(**_listed(student).model_dump(), unknown_domains=list(student.unknown_domains))


def past_week(publication: PublicationRow, entry: ListEntryRow, today: date) -> PastWeek:
    """A score that has expired is not handed out, here neither: only whether the student stood on the list."""
    head = head_of(publication, today)
    listed = entry.band in (HIGH, WATCH)
    told = not head.stale and publication.pruned_at is None
    scored = told and entry.band != UNKNOWN and publication.model_digest != RULE_LIST
    return PastWeek.model_validate(
        {
            "publication_id": publication.id,
            "as_of": publication.as_of,
            "expires": head.expires_on,
            "stale": head.stale,
            "model": publication.model_digest,
            "listed": listed,
            "band": entry.band if told and (listed or entry.band == UNKNOWN) else None,
            "probability": entry.probability if scored else None,
            "must_see": list(entry.must_see),
        }
    )


def risk_answer(head: Head, student: ShownStudent, place: tuple[float | None, float | None]) -> RiskAnswer:
    """`place` are the cut-off and how likely a place was, where this account may know them."""
    return RiskAnswer.model_validate(
        {
            **validity(head),
            "student_id": student.student_id,
            "probability": student.probability,
            "cut_off": place[0],
            "listed_probability": place[1],
            "band": student.band,
            "observed": observed(student.observed) if student.observed else None,
            "must_see": list(student.must_see),
            "reasons": [_reason(reason) for reason in student.reasons],
            "missing": [_missing(one) for one in student.missing],
            "unknown_domains": list(student.unknown_domains),
            "domains": student.domains,
            "domain_shares": student.domain_shares,
            "what_if": [_lever(lever) for lever in student.what_if],
        }
    )


def validity(head: Head) -> dict[str, Any]:
    return {
        "as_of": head.as_of,
        "expires": head.expires_on,
        "stale": head.stale,
        "model": head.model_digest,
        "horizon": head.horizon,
    }


def observed(one: Observed) -> ObservedAnswer:
    """Too few seen are told by no number at all."""
    numbers = {name: round(getattr(one, name), 4) if one.enough else None for name in ("rate", "low", "high")}
    return ObservedAnswer.model_validate({"band": one.band, "term": one.term, **numbers})


def words(text: Text) -> Words:
    return Words(th=text.th, en=text.en)


def _capacity(head: Head) -> Capacity:
    return Capacity(
        visits_per_week=head.visits_per_week,
        rows_per_advisor=head.rows_per_advisor,
        is_default=head.capacity_is_default,
    )


def _listed(student: ShownStudent) -> ListedStudent:
    return ListedStudent.model_validate(
        {
            "student_id": student.student_id,
            "name": student.name,
            "class_group": student.class_group,
            "band": student.band,
            "must_see": list(student.must_see),
            "reasons": _reasons(student.reasons),
        }
    )


def _not_assessed(student: ShownStudent) -> NotAssessed:
    return NotAssessed(
        student_id=student.student_id,
        name=student.name,
        class_group=student.class_group,
        unknown_domains=list(student.unknown_domains),
    )


def _reasons(reasons: Sequence[Reason]) -> list[ReasonAnswer]:
    return [_reason(reason) for reason in reasons]


def _reason(reason: Reason) -> ReasonAnswer:
    return ReasonAnswer(
        feature=reason.feature,
        label=words(reason.label),
        value=reason.value,
        unit=reason.unit,
        contribution=reason.contribution,
        sentence=words(reason.sentence),
        asks=words(reason.asks),
        changeable=reason.changeable,
        domain=reason.domain,
    )


def _missing(one: MissingData) -> MissingAnswer:
    return MissingAnswer(
        feature=one.feature,
        label=words(one.label),
        contribution=one.contribution,
        sentence=words(one.sentence),
        domain=one.domain,
    )


def _lever(lever: ToldLever) -> LeverAnswer:
    return LeverAnswer.model_validate(
        {
            "label": words(lever.label),
            "now": words(lever.now) if lever.now else None,
            "then": words(lever.then),
            "effect": lever.effect,
            "leaves": lever.leaves,
        }
    )
