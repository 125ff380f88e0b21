"""What monitoring found, one row an institution and week, and what it reads of the published lists.

`zerodrop monitor` makes every row again from publications and logs, but those of lists whose scores were deleted.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import JSON, delete, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from records.database import Database, LedgerTable
from records.lists import ListEntryRow, PublicationRow
from records.text import Text

MORE_LEAVE, FEWER_LEAVE, INPUTS_MOVED = "MORE_LEAVE", "FEWER_LEAVE", "INPUTS_MOVED"
SOURCE_SILENT, RECORDS_MISSING, LIST_UNSTEADY = "SOURCE_SILENT", "RECORDS_MISSING", "LIST_UNSTEADY"


_OF_ITSELF = Text(
    th="ถ้ายังไม่มีภาคเรียนใดของปีที่จบแล้วถึงสองครั้ง จะยังไม่ทราบว่าแต่ละภาคเรียนต่างกันเองเพียงใด การเตือนนี้อาจเป็นเพียงความต่างนั้น",
    en="Until a term of the year has closed twice, how far terms differ of themselves is not known, and this may be no more.",
)


@dataclass(frozen=True, kw_only=True)
class Alert:
    code: str
    means: Text
    what_to_do: Text


ALERTS: tuple[Alert, ...] = (
    Alert(
        code=MORE_LEAVE,
        means=Text(
            th=f"มีนักเรียนออกกลางคันมากกว่าที่คะแนนบอกไว้ ต่อเนื่องจนไม่น่าเป็นเรื่องบังเอิญ {_OF_ITSELF.th}",
            en=f"More students leave than the published scores say, for longer than chance explains. {_OF_ITSELF.en}",
        ),
        what_to_do=Text(
            th="ลำดับรายชื่อยังใช้ได้ แต่ตัวเลขโอกาสต่ำเกินจริง ถามฝ่ายทะเบียนว่ามีเหตุพิเศษหรือลงวันที่ออกพร้อมกันหลายคนหรือไม่ "
            "แล้วฝึกแบบจำลองใหม่ (zerodrop train) เมื่อมีผลของภาคเรียนนี้",
            en="The order of the list still holds, but the probabilities are too low. Ask the registry about an unusual "
            "cause or many leavings dated at once, and train again (zerodrop train) once this term's outcomes are in.",
        ),
    ),
    Alert(
        code=FEWER_LEAVE,
        means=Text(
            th=f"มีนักเรียนออกกลางคันน้อยกว่าที่คะแนนบอกไว้ หรือฝ่ายทะเบียนยังไม่ได้แจ้ง {_OF_ITSELF.th}",
            en=f"Fewer students leave than the published scores say, or the registry has not told yet. {_OF_ITSELF.en}",
        ),
        what_to_do=Text(
            th="ดูก่อนว่าข้อมูลการลาออกยังเข้ามาตามปกติ ถ้าเข้ามาปกติ ตัวเลขโอกาสสูงเกินจริง ให้ฝึกแบบจำลองใหม่เมื่อจบภาคเรียน "
            "การช่วยเหลือที่ได้ผลก็ทำให้เป็นเช่นนี้ได้",
            en="See first whether leavings still come in as usual. If they do, the probabilities are too high: train again "
            "after the term. Help that works looks the same.",
        ),
    ),
    Alert(
        code=INPUTS_MOVED,
        means=Text(
            th="ข้อมูลที่แบบจำลองใช้มากต่างจากสัปดาห์เดียวกันของปีก่อน ๆ มากกว่าที่เคยเป็น",
            en="What the model reads most differs from the same week of earlier years by more than it should.",
        ),
        what_to_do=Text(
            th="ดูตัวบ่งชี้ที่ระบุไว้ ถ้าวิธีบันทึกหรือแบบฟอร์มเปลี่ยน ให้แก้การนำเข้า ถ้านักเรียนเปลี่ยนไปจริง ให้ฝึกแบบจำลองใหม่",
            en="Look at the features named. If recording or a form changed, mend the import; if the students did, train again.",
        ),
    ),
    Alert(
        code=SOURCE_SILENT,
        means=Text(th="มีแหล่งข้อมูลที่ขาดส่งนานผิดปกติ", en="A source has been silent for unusually long."),
        what_to_do=Text(
            th="ดูว่าแหล่งใดด้วย zerodrop features lag แล้วขอไฟล์ที่ขาดมานำเข้า ระหว่างนี้ข้อมูลส่วนนั้นถือว่าไม่ทราบ",
            en="See which one with `zerodrop features lag`, ask for its file and import it. Until then its days are not known.",
        ),
    ),
    Alert(
        code=RECORDS_MISSING,
        means=Text(
            th="มีบันทึกน้อยกว่าสัปดาห์เดียวกันของปีก่อน ๆ มาก", en="Far less is recorded than in the same week of earlier years."
        ),
        what_to_do=Text(
            th="ดูด้านที่ระบุไว้ และถามผู้บันทึกว่าติดขัดอะไร รายชื่อสัปดาห์นี้อาศัยข้อมูลน้อยกว่าปกติ",
            en="Look at the domain named and ask who records it what is in the way. This week's list rests on less than usual.",
        ),
    ),
    Alert(
        code=LIST_UNSTEADY,
        means=Text(
            th="รายชื่อกลุ่มเร่งด่วนเปลี่ยนคนมากเกินไปติดกันหลายสัปดาห์",
            en="Too many names of the high band change, week after week.",
        ),
        what_to_do=Text(
            th="ดูว่าข้อมูลเข้ามาเป็นก้อนใหญ่หรือขาดเป็นช่วงหรือไม่ ถ้าข้อมูลปกติ ให้แจ้งนักวิเคราะห์ปรับความนิ่งของรายชื่อในการฝึกครั้งหน้า",
            en="See whether records come in large lumps or with gaps. If not, have the analyst set the list steadier at the next training.",
        ),
    ),
)  # fmt: skip
ALERT_OF = {alert.code: alert for alert in ALERTS}


class MonitoringRow(LedgerTable):
    """See MonitoredWeek. `institution` may be `*`: several judged together."""

    __tablename__ = "monitoring"
    institution: Mapped[str] = mapped_column(primary_key=True)
    as_of: Mapped[date] = mapped_column(primary_key=True)
    model_digest: Mapped[str]
    students: Mapped[int]
    expected: Mapped[float | None]
    observed: Mapped[int | None]
    up: Mapped[float | None]
    down: Mapped[float | None]
    threshold: Mapped[float | None]
    settled_expected: Mapped[float | None]
    settled_observed: Mapped[int | None]
    alerts: Mapped[list[str]] = mapped_column(JSON)
    completeness: Mapped[dict[str, float]] = mapped_column(JSON)
    lags: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    staying: Mapped[float | None]
    drift: Mapped[float | None]
    drifted: Mapped[list[str]] = mapped_column(JSON)


@dataclass(frozen=True, kw_only=True)
class MonitoredWeek:
    """A Monday on which something was said or heard; a figure that cannot be told is None.

    `expected` and `observed` are leavings told in the week before `as_of`, `up` and `down` the sums of the chart, which
    alarm at `threshold`. `settled_expected` and `settled_observed` are of this week's own list over its whole horizon,
    once its outcome is settled. `completeness` is by domain (0 to 1), `lags` by source and table, of the newest week
    only; `staying` is the part of last week's high band that stayed; `drift` the weighted stability index and
    `drifted` the features that make most of it. `alerts` are codes of ALERTS.
    """

    institution: str
    as_of: date
    model_digest: str
    students: int
    expected: float | None
    observed: int | None
    up: float | None
    down: float | None
    threshold: float | None
    settled_expected: float | None
    settled_observed: int | None
    alerts: list[str]
    completeness: dict[str, float]
    lags: list[dict[str, Any]]
    staying: float | None
    drift: float | None
    drifted: list[str]


@dataclass(frozen=True, kw_only=True, eq=False)
class PublishedList:
    """A current list without names or ids: arrays by scored student; NaN where there is no probability."""

    as_of: date
    model_digest: str
    horizon: str
    pruned: bool
    student: npt.NDArray[np.int64]
    probability: npt.NDArray[np.float64]
    high: npt.NDArray[np.bool_]


def published_lists(session: Session, institution: str, until: date) -> list[PublishedList]:
    """The current list of every week up to and including a day, oldest first."""
    chosen = (
        select(PublicationRow)
        .where(
            PublicationRow.institution == institution,
            PublicationRow.status == "current",
            PublicationRow.as_of <= until,
        )
        .order_by(PublicationRow.as_of)
    )
    return [_list_of(session, row) for row in session.scalars(chosen).all()]


def _list_of(session: Session, publication: PublicationRow) -> PublishedList:
    rows = session.execute(
        select(ListEntryRow.number, ListEntryRow.probability, ListEntryRow.band)
        .where(ListEntryRow.publication_id == publication.id)
        .order_by(ListEntryRow.number)
    ).all()
    return PublishedList(
        as_of=publication.as_of,
        model_digest=publication.model_digest,
        horizon=publication.horizon,
        pruned=publication.pruned_at is not None,
        student=np.array([row.number for row in rows], np.int64),
        probability=np.array([np.nan if row.probability is None else row.probability for row in rows], np.float64),
        high=np.array([row.band == "high" for row in rows], bool),
    )


def store(database: Database, institution: str, weeks: Sequence[MonitoredWeek]) -> None:
    """Put these weeks in the place of all that was stored of the institution, in one transaction."""
    with database.write() as session:
        session.execute(delete(MonitoringRow).where(MonitoringRow.institution == institution))
        if weeks:
            session.execute(insert(MonitoringRow), [asdict(week) for week in weeks])


def monitored_weeks(session: Session, institution: str) -> list[MonitoredWeek]:
    """What is stored of an institution, oldest week first."""
    rows = session.scalars(
        select(MonitoringRow).where(MonitoringRow.institution == institution).order_by(MonitoringRow.as_of)
    )
    names = [item.name for item in fields(MonitoredWeek)]
    return [MonitoredWeek(**{name: getattr(row, name) for name in names}) for row in rows]
