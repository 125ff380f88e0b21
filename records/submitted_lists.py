"""A finished list that another program sends: checked against what this institution is, then published like our own.

The sender says who stands where and why. Numbers, class groups, advisors, capacity and the model in charge are ours.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import audit, ledger, lists, staff
from records.access import Principal, refuse
from records.errors import NotAllowed
from records.home import DataHome
from records.ledger import StudentRow
from records.lists import NewEntry, NewPublication, PublicationRow, Published
from records.roles import Permission

_NO_PUBLISHER = "This account publishes no lists there. · บัญชีนี้เผยแพร่รายชื่อของสถานศึกษานั้นไม่ได้"
HIGH, WATCH, UNKNOWN = "high", "watch", "unknown"


class ListRefused(Exception):
    """The list does not fit this institution: `at` says where in it, `why` what is wrong; neither repeats a value."""

    def __init__(self, at: str, why: str) -> None:
        super().__init__(f"{at}: {why}")
        self.at, self.why = at, why


def publish_submitted(session: Session, principal: Principal, new: NewPublication) -> tuple[UUID, Published]:
    """Publish what was sent, in the caller's transaction. Raises NotAllowed, and ListRefused.

    Of `new` the institution's own part is filled in here: numbers and class groups of its entries, and its capacity.
    """
    if not _may_publish(principal, new.institution):
        raise NotAllowed(_NO_PUBLISHER)
    if new.model_digest != lists.champion(session, new.institution):
        raise ListRefused("body.model", "not_in_charge")
    if not 1 <= new.ledger_number <= ledger.last_number(session, new.institution):
        raise ListRefused("body.ledger_number", "not_known")
    capacity, is_default = lists.capacity_on(session, new.institution, new.as_of)
    entries = _placed(session, new)
    _require_order(entries)
    _require_capacity(session, new, entries, capacity.visits_per_week, capacity.rows_per_advisor)
    whole = replace(new, entries=entries, capacity=capacity, capacity_is_default=is_default)
    publication, outcome = lists.publish_in(session, whole, actor=principal.login)
    detail: dict[str, str | int] = {"publication": str(publication), "outcome": outcome.value}
    audit.record_look(session, actor=principal.login, action="publish list", institution=new.institution, detail=detail)
    return publication, outcome


def restore_published(session: Session, principal: Principal, publication_id: UUID) -> Published | None:
    """Make an earlier list current again, in the caller's transaction; None when there is none for this account.

    Raises NotAllowed.
    """
    if not _may_publish(principal, principal.institution):
        raise NotAllowed(_NO_PUBLISHER)
    held = session.get(PublicationRow, publication_id)
    if held is None or held.institution not in principal.institutions:
        return None
    if held.pruned_at is not None:
        raise ListRefused("path.publication_id", "its_scores_were_deleted")
    return lists.restore_in(session, held, actor=principal.login)


def require_publisher(home: DataHome, principal: Principal, institution: str) -> None:
    """Raises NotAllowed, after it was recorded that somebody tried."""
    if not _may_publish(principal, institution):
        refuse(home, principal, "refused publishing", _NO_PUBLISHER)


def _may_publish(principal: Principal, institution: str) -> bool:
    return principal.may(Permission.PUBLISH) and institution in principal.institutions


def _placed(session: Session, new: NewPublication) -> list[NewEntry]:
    """The entries with the number and class group that each student has here."""
    rows = session.scalars(select(StudentRow).where(StudentRow.institution == new.institution))
    known = {row.student_id: row for row in rows}
    for place, entry in enumerate(new.entries):
        if entry.student_id not in known:
            raise ListRefused(f"body.entries.{place}.student_id", "not_of_this_institution")
    return [
        replace(entry, number=known[entry.student_id].number, class_group=known[entry.student_id].class_group)
        for entry in new.entries
    ]


def _require_order(entries: Sequence[NewEntry]) -> None:
    """Ranks go down the ordering; the high stand first and those of whom too little is known last."""
    ranked = sorted(entries, key=lambda entry: entry.rank)
    known = [entry for entry in ranked if entry.band != UNKNOWN]
    if ranked[: len(known)] != known:
        raise ListRefused("body.entries", "unknown_before_known")
    if any(before.ordering < after.ordering for before, after in pairwise(known)):
        raise ListRefused("body.entries", "rank_against_ordering")
    high = sum(entry.band == HIGH for entry in known)
    if any(entry.band != HIGH for entry in known[:high]):
        raise ListRefused("body.entries", "high_not_first")


def _require_capacity(
    session: Session, new: NewPublication, entries: Sequence[NewEntry], visits: int, rows: int
) -> None:
    """No more high than visits, no more rows than an advisor has the time for; the high are of their advisor's rows."""
    if sum(entry.band == HIGH for entry in entries) > visits:
        raise ListRefused("body.entries", "more_high_than_visits_a_week")
    advisors = staff.advisors_by_group(session, new.institution, new.as_of)
    high = Counter(advisors.get(entry.class_group) for entry in entries if entry.band == HIGH)
    watch = Counter(advisors.get(entry.class_group) for entry in entries if entry.band == WATCH)
    if None in watch:
        raise ListRefused("body.entries", "watched_without_an_advisor")
    if any(number > max(0, rows - high[advisor]) for advisor, number in watch.items()):
        raise ListRefused("body.entries", "more_rows_than_an_advisor_has")
