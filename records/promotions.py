"""Who put what in charge and who took it back: a signed history that only grows, and the way one step back in it.

The newest row of `promotion` holds (records.in_charge.champion). A rollback is such a row too; beside it stands which
promotion it undid, so that going back twice goes back two steps and never to and fro. An institution that takes back its
only decision follows what is decided for all again, also when that changes later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from records.database import Database, LedgerTable
from records.errors import ModelRefused
from records.in_charge import EVERY_INSTITUTION, FOLLOWS_ALL, RULE_LIST, decided_for_all, signed
from records.list_tables import PromotionRow


class RollbackRow(LedgerTable):
    """The promotion `promotion_id` was no new decision: it undid the promotion `undoes`."""

    __tablename__ = "rollback"
    promotion_id: Mapped[int] = mapped_column(ForeignKey("promotion.id"), primary_key=True)
    undoes: Mapped[int] = mapped_column(ForeignKey("promotion.id"), unique=True)


@dataclass(frozen=True, kw_only=True)
class Signed:
    """One decision: `institution` is a code or EVERY_INSTITUTION, `undoes` the decision that a rollback took back.

    `model_digest` is a digest, RULE_LIST or, of a rollback, FOLLOWS_ALL. `with_all`: no decision of the place's own, but
    what the decision for every institution that was signed at the same moment left in charge there.
    """

    id: int
    institution: str
    model_digest: str
    signed_by: str
    reason: str
    at: datetime
    undoes: int | None
    with_all: bool = False


def history(session: Session, institution: str | None = None) -> list[Signed]:
    """Every decision about an institution (or EVERY_INSTITUTION) itself, oldest first; about all where None.

    What was left in charge with a decision for every institution ended with it, and is told only while that one holds.
    """
    for_all = list(
        session.scalars(
            select(PromotionRow.at).where(PromotionRow.institution == EVERY_INSTITUTION).order_by(PromotionRow.id)
        )
    )
    undone = {row.promotion_id: row.undoes for row in session.scalars(select(RollbackRow))}
    rows = select(PromotionRow).order_by(PromotionRow.id)
    if institution is not None:
        rows = rows.where(PromotionRow.institution == institution)
    return [
        Signed(
            id=row.id,
            institution=row.institution,
            model_digest=row.model_digest,
            signed_by=row.signed_by,
            reason=row.reason,
            at=row.at,
            undoes=undone.get(row.id),
            with_all=row.institution != EVERY_INSTITUTION and row.at in for_all,
        )
        for row in session.scalars(rows)
        if row.institution == EVERY_INSTITUTION or row.at not in for_all[:-1]
    ]


def holding(decisions: Sequence[Signed]) -> dict[str, Signed]:
    """The decision that holds at each place (or for EVERY_INSTITUTION); none of a place that follows what is for all."""
    left_out = {one.institution: one for one in decisions if one.with_all}
    own = {one.institution: one for one in decisions if not one.with_all}
    return left_out | {place: one for place, one in own.items() if one.model_digest != FOLLOWS_ALL}


def standing(decisions: Sequence[Signed]) -> list[Signed]:
    """The promotions of one institution (or EVERY_INSTITUTION) that changed something and that nobody took back.

    Oldest first. To sign again for what is in charge is recorded and is no step of its own.
    """
    steps = list[Signed]()
    for one in [one for one in decisions if not one.with_all]:
        if one.undoes is not None:
            while steps and steps[-1].model_digest != one.model_digest:
                steps.pop()
        elif one.model_digest != _held_after(steps, one.institution):
            steps.append(one)
    return steps


def _held_after(steps: Sequence[Signed], institution: str) -> str:
    if steps:
        return steps[-1].model_digest
    return RULE_LIST if institution == EVERY_INSTITUTION else FOLLOWS_ALL


def before(session: Session, institution: str) -> tuple[Signed, str]:
    """The promotion that a rollback would undo, and what was in charge before it. Raises ModelRefused without one."""
    decided = standing(history(session, institution))
    if not decided:
        whose_th, whose = (
            ("ทุกสถานศึกษา", "every institution")
            if institution == EVERY_INSTITUTION
            else (f" {institution} ", institution)
        )
        places = set(session.scalars(select(PromotionRow.institution))) - {institution}
        others = [one for one in sorted(places) if standing(history(session, one))]
        there_th = f" มีการลงนามไว้สำหรับ {', '.join(others)} (ระบุด้วย --institution)" if others else ""
        there = f" There is one for {', '.join(others)}: name it with --institution." if others else ""
        raise ModelRefused(
            f"No promotion for {whose} is left to take back. Decide anew with `zerodrop promote`.{there} · "
            f"ไม่มีการให้รับหน้าที่ของ{whose_th}เหลือให้ถอน ตัดสินใหม่ด้วย zerodrop promote{there_th}"
        )
    if len(decided) > 1:
        return decided[-1], decided[-2].model_digest
    inherited = RULE_LIST if institution == EVERY_INSTITUTION else decided_for_all(session, institution)
    return decided[-1], inherited


def left_out_before(session: Session, undoes: int) -> dict[str, str]:
    """What was in charge of the places that the decision for every institution before this promotion left out."""
    newest = select(PromotionRow.at).where(PromotionRow.institution == EVERY_INSTITUTION, PromotionRow.id < undoes)
    at = newest.order_by(PromotionRow.id.desc()).limit(1).scalar_subquery()
    rows = select(PromotionRow).where(PromotionRow.institution != EVERY_INSTITUTION, PromotionRow.at == at)
    return {row.institution: row.model_digest for row in session.scalars(rows)}


def apart(session: Session, digest: str) -> dict[str, str]:
    """Institutions where something else is in charge: what is decided for all does not reach them, or leaves them out."""
    held = {place: one.model_digest for place, one in holding(history(session)).items() if place != EVERY_INSTITUTION}
    return {place: other for place, other in sorted(held.items()) if other != digest}


def of_model(session: Session, digest: str) -> list[Signed]:
    """The decisions that put a model in charge somewhere, and those that ended that; oldest first."""
    found, held = [], dict[str, str]()
    for one in history(session):
        if digest in (one.model_digest, held.get(one.institution)):
            found.append(one)
        held[one.institution] = one.model_digest
    return found


def roll_back(
    database: Database, *, institution: str, undoes: int, in_charge_again: str, signed_by: str, reason: str
) -> None:
    """Take back the promotion `undoes` and put in charge again what was before it, as `before` told both.

    Of one for every institution that is also what was in charge of the places that the one before it left out.
    Raises ModelRefused when either is another one by now.
    """
    with database.write() as session:
        held, digest = before(session, institution)
        if (held.id, digest) != (undoes, in_charge_again):
            raise ModelRefused(
                "Another decision was signed meanwhile, so nothing was taken back. Run `zerodrop rollback` again. · "
                "มีผู้ลงนามตัดสินเรื่องอื่นแทรกเข้ามา จึงยังไม่ได้ถอน สั่ง zerodrop rollback อีกครั้ง"
            )
        own = institution == EVERY_INSTITUTION or len(standing(history(session, institution))) > 1
        elsewhere = left_out_before(session, undoes) if institution == EVERY_INSTITUTION else {}
        row = signed(
            session,
            {**elsewhere, institution: digest if own else FOLLOWS_ALL},
            signed_by=signed_by,
            reason=reason,
        )
        session.add(RollbackRow(promotion_id=row.id, undoes=undoes))


def in_charge(session: Session) -> list[str]:
    """What holds anywhere, by digest or name, newest decision first: the truth from which others copy."""
    return [one.model_digest for one in sorted(holding(history(session)).values(), key=lambda one: -one.id)]
