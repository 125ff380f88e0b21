"""What staff wrote down about one student, or for too long: told to the student, erased with them, deleted in time."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, select
from sqlalchemy.orm import DeclarativeBase, Session

from records import codes
from records.care_tables import AdvisorRatingRow, ContactRow, VisitPlanRow, VisitPlanStopRow, VisitRow
from records.codes import CodeList
from records.text import Text

OF_STUDENTS = (ContactRow, AdvisorRatingRow, VisitRow, VisitPlanStopRow)
Told = tuple[str, Text, Sequence[tuple[str, Text]], Sequence[Mapping[str, Any]]]
"""A key, a title, columns by name and label, and the rows."""
_CODED = {
    "mode": codes.VISIT_MODES, "result": codes.VISIT_RESULTS, "reason_codes": codes.REASONS,
    "rating": codes.SCREENING_LEVELS,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """How one kind is told: the columns of the page, what the document has beside them, and what puts rows in order."""

    key: str
    title: Text
    table: type[Any]
    by: str
    shown: Mapping[str, Text]
    beside: tuple[str, ...]


def _t(th: str, en: str) -> Text:
    return Text(th=th, en=en)


_FOUND = {"mode": _t("วิธี", "how"), "result": _t("ผล", "result"), "reason_codes": _t("สาเหตุ", "reasons")}
_WEEK, _MINUTES = _t("สัปดาห์ที่เริ่มวันที่", "week of"), _t("นาที", "minutes")
_KINDS = (
    _Kind(
        key="contacts", title=_t("การพูดคุยและติดต่อ", "Contacts"), table=ContactRow, by="happened_on",
        shown={"happened_on": _t("วันที่", "day"), **_FOUND}, beside=("publication_id", "recorded_at"),
    ),
    _Kind(
        key="ratings", title=_t("การจัดกลุ่มโดยครู", "Ratings by staff"), table=AdvisorRatingRow, by="week",
        shown={
            "week": _WEEK, "rating": _t("กลุ่ม", "group"), "score_seen": _t("เห็นคะแนนก่อนแล้ว", "the score had been seen"),
        },
        beside=("rated_at",),
    ),
    _Kind(
        key="home_visits", title=_t("การเยี่ยมบ้าน", "Home visits"), table=VisitRow, by="week",
        shown={
            "week": _WEEK, "planned_on": _t("นัดวันที่", "planned on"), "status": _t("สถานะ", "status"),
            "two_person": _t("ไปสองคน", "two persons"), "unsafe": _t("พื้นที่ไม่ปลอดภัย", "unsafe place"), **_FOUND,
            "minutes": _MINUTES,
        },
        beside=("attempt", "booked_at", "changed_at"),
    ),
    _Kind(
        key="visit_plans", title=_t("แผนการเยี่ยมบ้าน", "Plans of visits"), table=VisitPlanStopRow, by="plan_id",
        shown={
            "benefit": _t("ประโยชน์ที่คาด", "expected benefit"), "minutes": _MINUTES, "team": _t("ทีม", "team"),
            "why": _t("เหตุผล", "why"),
        },
        beside=("plan_id", "position", "locked"),
    ),
)  # fmt: skip


def forget_care(session: Session, institution: str, pseudonyms: Collection[UUID]) -> int:
    """Delete all that was written down about a person at an institution; how many rows."""
    found = 0
    for table in OF_STUDENTS:
        own = (table.institution == institution) & table.student_id.in_(pseudonyms)
        found += len(session.execute(delete(table).where(own).returning(table.student_id)).all())
    return found


def care_of(session: Session, institution: str, pseudonyms: Collection[UUID]) -> Iterator[Told]:
    """All that was written down about a person, kind by kind, oldest first."""
    for kind in _KINDS:
        own = (kind.table.institution == institution) & kind.table.student_id.in_(pseudonyms)
        rows = session.scalars(select(kind.table).where(own).order_by(getattr(kind.table, kind.by)))
        told = [{name: _told(name, getattr(row, name)) for name in (*kind.shown, *kind.beside)} for row in rows]
        yield kind.key, kind.title, list(kind.shown.items()), told


def care_before(day: date) -> Iterator[tuple[str, Text, type[DeclarativeBase], ColumnElement[bool]]]:
    """What is older than a day, kind by kind, in the order in which it may be deleted."""
    yield "contacts", Text(th="การพูดคุยและติดต่อ", en="contacts"), ContactRow, ContactRow.happened_on < day
    yield "ratings", Text(th="การจัดกลุ่มโดยครู", en="ratings"), AdvisorRatingRow, AdvisorRatingRow.week < day
    yield "visits", Text(th="การเยี่ยมบ้าน", en="home visits"), VisitRow, VisitRow.week < day
    # A visit that was moved may be younger than the plan that it came from.
    over = (VisitPlanRow.week < day) & ~exists().where(VisitRow.plan_id == VisitPlanRow.id, VisitRow.week >= day)
    stops = VisitPlanStopRow.plan_id.in_(select(VisitPlanRow.id).where(over))
    yield "plan stops", Text(th="นักเรียนในแผนการเยี่ยม", en="students of visit plans"), VisitPlanStopRow, stops
    yield "plans", Text(th="แผนการเยี่ยม", en="visit plans"), VisitPlanRow, over


def _told(name: str, value: Any) -> Any:
    """A value as it is told: a code with its words."""
    known = _CODED.get(name)
    if known is None or value is None:
        return value
    return [_code(known, one) for one in value] if isinstance(value, list) else _code(known, value)


def _code(known: CodeList, value: str) -> dict[str, str]:
    label = known.codes[known.position(value)].label
    return {"code": value, "th": label.th, "en": label.en}
