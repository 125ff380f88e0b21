"""What is in charge of an institution: the newest decision of its own, else the newest one for every institution.

A decision for every institution may leave places out: what it keeps in charge there is signed with it, at the very same
moment, and holds no longer than it does.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from records.database import Database
from records.list_tables import PromotionRow

EVERY_INSTITUTION = "*"
RULE_LIST = "absence_rule"
FOLLOWS_ALL = "follows_all"
"""In place of a digest: this institution decides nothing by itself, what is in charge of all is in charge of it."""
_FOR_ALL = select(PromotionRow.at).where(PromotionRow.institution == EVERY_INSTITUTION)


def promote(
    database: Database,
    *,
    institution: str,
    model_digest: str,
    signed_by: str,
    reason: str,
    elsewhere: Mapping[str, str] | None = None,
) -> None:
    """Append a signed decision: from now on lists of this institution (or EVERY_INSTITUTION) come from this model.

    `elsewhere` are the places that a decision for every institution leaves out, and what is in charge there.
    """
    with database.write() as session:
        signed(session, {**(elsewhere or {}), institution: model_digest}, signed_by=signed_by, reason=reason)


def signed(session: Session, digests: Mapping[str, str], *, signed_by: str, reason: str) -> PromotionRow:
    """One act for one or more places, in a transaction that the caller commits; the row of the last of them."""
    at = datetime.now(UTC)
    rows = [
        PromotionRow(institution=place, model_digest=digest, signed_by=signed_by, reason=reason, at=at)
        for place, digest in digests.items()
    ]
    session.add_all(rows)
    session.flush()
    return rows[-1]


def champion(session: Session, institution: str) -> str:
    """The digest of the model in charge of an institution, else the name of the simple list."""
    own = session.scalar(
        select(PromotionRow.model_digest)
        .where(
            PromotionRow.institution == institution,
            (PromotionRow.institution == EVERY_INSTITUTION) | PromotionRow.at.not_in(_FOR_ALL),
        )
        .order_by(PromotionRow.id.desc())
        .limit(1)
    )
    return decided_for_all(session, institution) if own in (None, FOLLOWS_ALL) else str(own)


def decided_for_all(session: Session, institution: str) -> str:
    """What the newest decision for every institution puts or leaves in charge of this one."""
    newest = _FOR_ALL.order_by(PromotionRow.id.desc()).limit(1).scalar_subquery()
    held = {
        row.institution: row.model_digest
        for row in session.scalars(
            select(PromotionRow).where(
                PromotionRow.at == newest, PromotionRow.institution.in_((institution, EVERY_INSTITUTION))
            )
        )
    }
    return held.get(institution, held.get(EVERY_INSTITUTION, RULE_LIST))
