"""Programs that publish: a finished list is sent whole, an earlier one is put back; each once for its key."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from features.catalogue import FINGERPRINT
from models.bands import UNKNOWN
from models.horizon import LIST_HORIZON
from models.risk_model import probability
from records import idempotency, submitted_lists
from records.clock import start_of
from records.college import Capacity
from records.errors import NotAllowed, StoreUnavailable, UserError
from records.home import DataHome
from records.idempotency import Answered
from records.lists import RULE_LIST, ClockWentBack, NewEntry, NewerListStands, NewPublication
from records.submitted_lists import ListRefused
from records.weeks import require_plausible
from serving.answers import Conflict
from serving.api.asking import OnceKey, answer_once, asked_once, invalid, limited, problems, topic
from serving.api.held_model import held_model
from serving.api.more_schemas import ChangedList
from serving.api.sent import SentEntry, SentList
from serving.desk import AtDesk, SignedIn

router = topic("lists")


@router.post(
    "/lists",
    operation_id="publishList",
    summary="Publish a finished list",
    description="The list must come from the model in charge and respect the capacity of the institution. Its numbers, "
    "class groups, capacity, observed rates and horizon are filled in here. Content that is current already changes nothing.",
    response_model=ChangedList,
    status_code=201,
    responses=problems(403, 409, 413, 429),
    dependencies=[limited("publishing", 30)],
)
def publish_list(desk: AtDesk, reader: SignedIn, once: OnceKey, sent: SentList) -> JSONResponse:
    submitted_lists.require_publisher(desk.home, reader, sent.institution)
    if sent.catalogue_fingerprint != FINGERPRINT:
        raise Conflict("body.catalogue_fingerprint", "another_catalogue")
    if sent.as_of > desk.today():
        raise invalid("body.as_of", "in_the_future")
    with _refusals():
        require_plausible(sent.as_of, desk.today())
    new = _publication(desk.home, sent)

    def change(session: Any) -> Answered:
        with _refusals():
            publication, outcome = submitted_lists.publish_submitted(session, reader, new)
        return _answered(publication, outcome.value, status=201)

    asked = asked_once(reader, "publishList", once, sent)
    return answer_once(lambda: idempotency.once(desk.home.database, asked, now=datetime.now(UTC), change=change))


@router.post(
    "/lists/{publication_id}:restore",
    operation_id="restoreList",
    summary="Make an earlier list the current one of its week again",
    response_model=ChangedList,
    responses=problems(403, 404, 409, 429),
    dependencies=[limited("publishing", 30)],
)
def restore_list(desk: AtDesk, reader: SignedIn, once: OnceKey, publication_id: UUID) -> JSONResponse:
    submitted_lists.require_publisher(desk.home, reader, reader.institution)

    def change(session: Any) -> Answered:
        with _refusals():
            outcome = submitted_lists.restore_published(session, reader, publication_id)
        if outcome is None:
            raise HTTPException(status_code=404)
        return _answered(publication_id, outcome.value, status=200)

    asked = asked_once(reader, "restoreList", once, str(publication_id))
    return answer_once(lambda: idempotency.once(desk.home.database, asked, now=datetime.now(UTC), change=change))


@contextmanager
def _refusals() -> Iterator[None]:
    """What the records refuse, as 422 where the list itself is wrong and as 409 where it does not go with what is there."""
    try:
        yield
    except ListRefused as refused:
        raise invalid(refused.at, refused.why) from None
    except NewerListStands:
        raise Conflict("body.ledger_number", "a_newer_list_stands") from None
    except ClockWentBack:
        raise Conflict("body", "the_clock_went_back") from None
    except (NotAllowed, StoreUnavailable):
        raise
    except UserError:
        raise Conflict("body.as_of", "not_plausible") from None


def _answered(publication: UUID, outcome: str, *, status: int) -> Answered:
    return Answered(status=status, body={"publication_id": str(publication), "outcome": outcome})


def _publication(home: DataHome, sent: SentList) -> NewPublication:
    """What was sent with what the model's own card says beside its lists; the institution's part is still to come."""
    by_rule = sent.model == RULE_LIST
    bundle = None if by_rule else held_model(home, sent.model)
    return NewPublication(
        institution=sent.institution,
        as_of=sent.as_of,
        model_digest=sent.model,
        catalogue_fingerprint=sent.catalogue_fingerprint,
        horizon=bundle.horizon.name if bundle else LIST_HORIZON.name,
        known_until=start_of(sent.as_of),
        ledger_number=sent.ledger_number,
        capacity=Capacity(valid_from=sent.as_of, visits_per_week=0, rows_per_advisor=0),
        capacity_is_default=True,
        band_rates=[asdict(rate) for rate in bundle.bands] if bundle else [],
        rates_term=(bundle.test_term or "") if bundle else "",
        entries=[_entry(entry) for entry in sent.entries],
    )


def _entry(sent: SentEntry) -> NewEntry:
    """Rounded as our own entries are, so that the same list sent and made here has the same digest."""
    unknown = sent.band == UNKNOWN
    logit = None if sent.logit is None else round(sent.logit, 6)
    return NewEntry(
        student_id=sent.student_id,
        number=0,
        class_group="",
        rank=sent.rank,
        band=sent.band,
        cause=sent.cause,
        logit=logit,
        probability=None if logit is None else round(float(probability(np.array([logit]))[0]), 6),
        ordering=round(sent.ordering, 6),
        cut_off=None if sent.cut_off is None else round(sent.cut_off, 6),
        listed_probability=round(sent.listed_probability, 6),
        must_see=list(sent.must_see),
        reasons=[one.model_dump() for one in sent.reasons],
        missing=[one.model_dump() for one in sent.missing],
        unknown_domains=[domain.value for domain in sent.unknown_domains] if unknown else [],
        domains={domain.value: total for domain, total in sent.domains.items()},
        what_if=None,
    )
