"""Promotion: a named person puts a trained bundle (or the simple list) in charge; the bytes are copied, the act recorded."""

from models.bundle import keep, read_bundle, verify
from records.errors import ModelRefused
from records.home import DataHome
from records.ledger import require_institution
from records.lists import EVERY_INSTITUTION, RULE_LIST, promote
from training.tracking import bundle_folder


def promote_model(home: DataHome, *, institution: str, digest: str | None, signed_by: str, reason: str) -> str:
    """Copy the bundle's bytes to the data home, prove that they load here, and sign; returns the digest.

    `digest` may be the first letters of one, None for the newest run, or RULE_LIST to go back to the simple list.
    """
    if not signed_by.strip() or not reason.strip():
        raise ModelRefused("A promotion needs the name of who signs (--signed-by) and a reason (--reason).")
    if institution != EVERY_INSTITUTION:
        require_institution(home.database, institution)
    if digest == RULE_LIST:
        chosen = RULE_LIST
    else:
        folder, trained = bundle_folder(home, digest)
        verify(folder, trained)  # the very bytes of that run, not what its folder holds by now
        chosen = keep(folder, home.models)
        read_bundle(home.models, chosen)
    promote(home.database, institution=institution, model_digest=chosen, signed_by=signed_by, reason=reason)
    return chosen
