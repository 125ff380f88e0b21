"""Which model is in charge, who signed it, and the figures of its card."""

from typing import Annotated

from fastapi import Path
from starlette.exceptions import HTTPException

from features.catalogue import CATALOGUE, FINGERPRINT
from models.bundle import verify
from models.horizon import LIST_HORIZON
from records import promotions
from records.access import Principal
from records.errors import ModelRefused, NotAllowed
from records.home import DataHome
from records.lists import EVERY_INSTITUTION, RULE_LIST
from records.promotions import Signed
from records.roles import Permission
from serving.api.asking import problems, topic
from serving.api.held_model import digest_in_charge, held_model
from serving.api.more_schemas import MetricsAnswer, ModelAnswer
from serving.api.telling import observed
from serving.desk import AtDesk, SignedIn
from serving.shown import observed_rates

router = topic("models")


@router.get(
    "/models/current",
    operation_id="readCurrentModel",
    summary="What is in charge of the lists of one's institution",
    responses=problems(403, 409),
)
def read_current_model(desk: AtDesk, reader: SignedIn) -> ModelAnswer:
    _require_models(reader)
    digest = digest_in_charge(desk.home, reader.institution)
    bundle = None if digest == RULE_LIST else held_model(desk.home, digest)
    signed = _newest(_decisions(desk.home, reader), reader)
    return ModelAnswer(
        digest=digest,
        horizon=(bundle.horizon if bundle else LIST_HORIZON).name,
        catalogue_fingerprint=FINGERPRINT,
        features=[feature.name for feature in CATALOGUE],
        observed=[observed(one) for one in observed_rates(bundle.bands, bundle.test_term or "")] if bundle else [],
        test_term=bundle.test_term if bundle else None,
        signed_by=signed.signed_by if signed else None,
        signed_at=signed.at if signed else None,
        reason=signed.reason if signed else None,
    )


@router.get(
    "/models/{digest}/metrics",
    operation_id="readModelMetrics",
    summary="The figures of a model's card",
    responses=problems(403, 404, 409),
)
def read_metrics(
    desk: AtDesk, reader: SignedIn, digest: Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
) -> MetricsAnswer:
    _require_models(reader)
    if digest not in {one.model_digest for one in _decisions(desk.home, reader)}:
        raise HTTPException(status_code=404)
    try:
        card = verify(desk.home.models / digest, digest).json("card.json")
    except ModelRefused:
        raise HTTPException(status_code=404) from None
    return MetricsAnswer(digest=digest, figures=dict(card.held))


def _require_models(reader: Principal) -> None:
    if not reader.may(Permission.SEE_MODELS):
        raise NotAllowed(
            f"The role '{reader.role.name}' sees no models. · บทบาท '{reader.role.label.th}' ดูแบบจำลองไม่ได้"
        )


def _decisions(home: DataHome, reader: Principal) -> list[Signed]:
    """Every signed decision about the institutions of this account, or about all, oldest first."""
    own = (*sorted(reader.institutions), EVERY_INSTITUTION)
    with home.database.read(reader.acting) as session:
        return [one for one in promotions.history(session) if one.institution in own]


def _newest(decisions: list[Signed], reader: Principal) -> Signed | None:
    """The decision that holds for one's own institution: its own, else the one for every institution."""
    held = promotions.holding(decisions)
    return held.get(reader.institution) or held.get(EVERY_INSTITUTION)
