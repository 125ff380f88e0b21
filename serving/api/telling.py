"""From what an account is shown to the shapes of answers: the same words and the same silences as on the pages."""

from datetime import date
from typing import Any

from models.bands import HIGH, UNKNOWN, WATCH
from models.reasons import MissingData, Reason
from models.what_if_words import ToldLever
from records.lists import RULE_LIST, ListEntryRow, PublicationRow
from records.text import Text
from serving.api.schemas import (
    EntryAnswer,
    ListAnswer,
    ObservedAnswer,
    PastWeek,
    PublicationAnswer,
    RiskAnswer,
    Words,
)
from serving.shown import Head, ListedStudent, Observed, ShownList, ShownStudent, head_of


def list_answer(shown: ShownList) -> ListAnswer:
    head = shown.head
    listed = {student.student_id for student in shown.listed}
    by_rule_alone = [student for student in shown.must_see if student.student_id not in listed]
    return ListAnswer.model_validate(
        {
            **validity(head),
            "known_until": head.known_until,
            "capacity": _capacity(head),
            "observed": [observed(one) for one in head.observed],
            "students": [_listed(student) for student in (*shown.listed, *by_rule_alone)],
            "not_assessed": [_not_assessed(student) for student in shown.unknown],
        }
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


def entry_answer(student: ListedStudent) -> EntryAnswer:
    return EntryAnswer.model_validate({**_listed(student), "unknown_domains": student.unknown_domains})


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
            "must_see": student.must_see,
            "reasons": [_reason(reason) for reason in student.reasons],
            "missing": [_missing(one) for one in student.missing],
            "unknown_domains": student.unknown_domains,
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


# The parts of an answer are plain values: the whole is checked once, by its schema.

Part = dict[str, Any]


def _words(text: Text) -> Part:
    return {"th": text.th, "en": text.en}


def _capacity(head: Head) -> Part:
    return {
        "visits_per_week": head.visits_per_week,
        "rows_per_advisor": head.rows_per_advisor,
        "is_default": head.capacity_is_default,
    }


def _listed(student: ListedStudent) -> Part:
    return {
        "student_id": student.student_id,
        "name": student.name,
        "class_group": student.class_group,
        "band": student.band,
        "must_see": student.must_see,
        "reasons": [_reason(reason) for reason in student.reasons],
    }


def _not_assessed(student: ListedStudent) -> Part:
    return {
        "student_id": student.student_id,
        "name": student.name,
        "class_group": student.class_group,
        "unknown_domains": student.unknown_domains,
    }


def _reason(reason: Reason) -> Part:
    return {
        "feature": reason.feature,
        "label": _words(reason.label),
        "value": reason.value,
        "unit": reason.unit,
        "contribution": reason.contribution,
        "sentence": _words(reason.sentence),
        "asks": _words(reason.asks),
        "changeable": reason.changeable,
        "domain": reason.domain,
    }


def _missing(one: MissingData) -> Part:
    return {
        "feature": one.feature,
        "label": _words(one.label),
        "contribution": one.contribution,
        "sentence": _words(one.sentence),
        "domain": one.domain,
    }


def _lever(lever: ToldLever) -> Part:
    return {
        "label": _words(lever.label),
        "now": _words(lever.now) if lever.now else None,
        "then": _words(lever.then),
        "effect": lever.effect,
        "leaves": lever.leaves,
    }
