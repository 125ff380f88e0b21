"""The same day twice: from what was known that morning, and from all that is known now, side by side.

What differs is what came late: corrections, rows entered weeks after, a roster that arrived when the list was out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, assert_never

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.cohort import Nobody, NobodyEnrolled
from features.lag import nearest_teaching
from features.snapshot import Snapshot, features
from features.state import FOLDED_TABLES, Replay, State, VersionedRows, read_of
from records.clock import buddhist, start_of
from records.codes import ENROLMENT_STATUSES
from records.errors import UserError
from records.log import EventLog
from records.tables import ENROLMENTS
from records.text import Text

SUFFIX = "__known_now"
BOTH, THEN, NOW = "both", "then", "now"
_OUTSIDE_TERM = Text(th="วันนั้นอยู่นอกภาคเรียน", en="the day lies outside a term")
_TERM_ENTERED_LATER = (
    Text(th="ตอนนั้นปฏิทินยังไม่มีภาคเรียนของวันนั้น", en="the calendar had no term of that day yet"),
    Text(th="เลือกวันหลังจากที่กรอกภาคเรียนแล้ว", en="Take a day after the term was entered."),
)
_NO_ROSTER = (
    Text(th="ยังไม่มีทะเบียนของภาคเรียนเข้ามาก่อนวันนั้น", en="no roster of its term had come in by then"),
    Text(
        th="เลือกวันหลังจากนี้ หรือนำเข้าทะเบียน (zerodrop import)",
        en="Take a later day, or import the roster (zerodrop import).",
    ),
)
_ALL_GONE = (
    Text(
        th="ทุกคนในทะเบียนออก ย้าย เรียนจบ หรือพักการเรียนไปก่อนวันนั้นแล้ว",
        en="everybody on the roster had left, moved, finished or gone on leave by then",
    ),
    Text(
        th="เลือกวันก่อนหน้านี้ ถ้าไม่เป็นความจริง ถอนไฟล์ที่บอกเช่นนั้น (zerodrop import --undo) แล้วนำเข้าไฟล์ที่ถูกต้อง",
        en="Take an earlier day. If it is not so, withdraw the file that said it (zerodrop import --undo) and import the right one.",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A feature that differs, and how many of the students who are in both snapshots it differs for."""

    feature: str
    students: int


@dataclass(frozen=True, kw_only=True)
class LateRecords:
    """Records told on the day or after it, and how many of them are about days before it."""

    told_since: int
    about_before: int


@dataclass(frozen=True, kw_only=True)
class KnownNow:
    """Two snapshots of one day as a table; `only_then` and `only_now` count students who are in one of them alone.

    `table` has the columns of Snapshot.frame(), `enrolled` (both, then, now), and beside every column that differs for
    anybody the same column with SUFFIX. A student of one snapshot has no values on the side of the other.
    """

    as_of: date
    table: pd.DataFrame
    changed: tuple[Changed, ...]
    only_then: int
    only_now: int
    late: LateRecords


def known_now(log: EventLog, as_of: date, today: date) -> KnownNow:
    """The day `as_of` from what was known that morning and from what is known at the end of `today`.

    Raises NobodyEnrolled when one of the two has no student, ValueError when `as_of` lies after tomorrow.
    """
    tomorrow = today + timedelta(days=1)
    forward = Replay(log)
    then = features(forward.advance(as_of), as_of)
    now = features(_with_rosters_of(forward.advance(tomorrow), log, as_of, tomorrow), as_of)
    return beside(then, now, late_records(log, as_of, tomorrow))


def _with_rosters_of(state: State, log: EventLog, as_of: date, until: date) -> State:
    """The state with what the rosters tell of the day: who resigned after it was enrolled.

    A row that happened on the day or later does not speak, unless it is of the first day that tells of the student in its
    term: the first roster may have come in late. Who is no longer here is so since the day that the row tells of it.
    """
    chunks = log.reader(ENROLMENTS, read_of(ENROLMENTS), dictionaries=True).upto(start_of(until))
    if not (told := list(chunks)):
        return state
    rows = pa.concat_tables(told)
    key = rows.select(["academic_year", "term"]).to_pandas()
    key["student"] = state.now_called[rows.column("student").to_numpy()]
    since = pd.Series(_since(rows))
    first = since.groupby([key[name] for name in key]).transform("min")
    speaks = (since < pd.Timestamp(as_of)) | (since == first)
    state.rows[ENROLMENTS.name] = VersionedRows(ENROLMENTS)
    state.remembered.clear()
    state.fold(ENROLMENTS, rows.filter(pa.array(speaks)))
    return state


def _since(rows: pa.Table) -> npt.NDArray[np.datetime64]:
    """The day from which on each row of a roster speaks of its student."""
    is_gone = pc.fill_null(pc.not_equal(rows.column("status"), ENROLMENT_STATUSES.position("ENROLLED")), False)
    told = pc.if_else(is_gone, rows.column("status_on"), None)
    return np.asarray(pc.coalesce(told, rows.column("happened_on")).to_numpy())


def beside(then: Snapshot, now: Snapshot, late: LateRecords) -> KnownNow:
    """Two snapshots of the same day and catalogue as one table, students in order of their numbers."""
    held, told = then.frame().set_index("student"), now.frame().set_index("student")
    everybody = held.index.union(told.index)
    in_both = held.index.intersection(told.index)
    columns: dict[str, pd.Series] = {"enrolled": _enrolled(everybody, held.index, told.index)}
    changed = []
    for name in held.columns:
        old, new = held[name].reindex(everybody), told[name].reindex(everybody)
        columns[name] = old
        differs = pd.Series(_differs(old, new), index=everybody)
        if not differs.any():
            continue
        columns[name + SUFFIX] = new
        if (count := int(differs[in_both].sum())) and name != "class_group":
            changed.append(Changed(feature=name, students=count))
    return KnownNow(
        as_of=then.as_of,
        table=pd.DataFrame(columns).rename_axis("student").reset_index(),
        changed=tuple(sorted(changed, key=lambda one: -one.students)),
        only_then=len(held.index.difference(told.index)),
        only_now=len(told.index.difference(held.index)),
        late=late,
    )


def late_records(log: EventLog, as_of: date, until: date) -> LateRecords:
    """How much was told from `as_of` on and before `until`, of what a state is made of."""
    since = about = 0
    for table in FOLDED_TABLES:
        reader = log.reader(table, ("happened_on",))
        for _ in reader.upto(start_of(as_of)):  # known in time: read past, a chunk at a time
            pass
        for rows in reader.upto(start_of(until)):
            happened = rows.column("happened_on").to_numpy()
            since += len(happened)
            about += int((happened < np.datetime64(as_of, "D")).sum())
    return LateRecords(told_since=since, about_before=about)


def require_past(as_of: date, today: date) -> None:
    """Raises UserError for a day to come."""
    if as_of > today:
        raise UserError(
            f"{as_of} is still to come, so nothing was told after it. Leave out --known-now, or take an earlier day. · "
            f"วันที่ {buddhist(as_of)} ยังมาไม่ถึง จึงยังไม่มีข้อมูลที่มาทีหลัง ตัด --known-now ออก หรือเลือกวันก่อนหน้า"
        )


def as_document(found: KnownNow) -> dict[str, Any]:
    """The comparison for machines, without its table."""
    return {
        "as_of": str(found.as_of),
        "students": _in_both(found),
        "only_then": found.only_then,
        "only_now": found.only_now,
        "told_since": found.late.told_since,
        "about_before": found.late.about_before,
        "changed": {one.feature: one.students for one in found.changed},
    }


def _in_both(found: KnownNow) -> int:
    return len(found.table) - found.only_then - found.only_now


def lines_of(found: KnownNow) -> list[str]:
    """The comparison as people read it."""
    day, late, both = found.as_of, found.late, _in_both(found)
    lines = [
        f"วันที่ {buddhist(day)}: ตามที่ทราบเช้าวันนั้น เทียบกับที่ทราบวันนี้ · {day}: as known that morning, beside what is known now",
        f"ข้อมูลที่เข้ามาตั้งแต่วันนั้น {late.told_since:,} รายการ เป็นเรื่องก่อนวันนั้น {late.about_before:,} รายการ · "
        f"{late.told_since:,} records told since, {late.about_before:,} of them about days before it",
        f"นักเรียน {both:,} คนอยู่ในทั้งสองตาราง มีเฉพาะตอนนั้น {found.only_then:,} คน มีเฉพาะที่ทราบวันนี้ {found.only_now:,} คน · "
        f"{both:,} students in both, {found.only_then:,} only then, {found.only_now:,} only now",
    ]
    lines += [f"  {one.feature}: เปลี่ยน {one.students:,} คน · changed for {one.students:,}" for one in found.changed]
    return lines if found.changed else [*lines, "ไม่มีตัวบ่งชี้ใดเปลี่ยน · no feature changed"]


def why_nobody(log: EventLog, nobody: NobodyEnrolled) -> str:
    """Why nobody is enrolled on a day and what to do: mostly it lies outside a term, and the nearest days in one help."""
    as_of = nobody.as_of
    match nobody.why:
        case Nobody.OUTSIDE_TERM:
            why, to_do = _outside_term(nearest_teaching(log, as_of), as_of)
        case Nobody.NO_ROSTER:
            why, to_do = _NO_ROSTER
        case Nobody.ALL_GONE:
            why, to_do = _ALL_GONE
        case _:
            assert_never(nobody.why)
    return (
        f"Nobody is enrolled on {as_of}: {why.en}. {to_do.en} · "
        f"ไม่มีนักเรียนในทะเบียน ณ วันที่ {buddhist(as_of)}: {why.th} {to_do.th}"
    )


def _outside_term(near: Sequence[date], as_of: date) -> tuple[Text, Text]:
    """The calendar is that of today: a term may have been entered after the day."""
    if not near:
        return _OUTSIDE_TERM, Text(
            th="ปฏิทินยังไม่มีวันเรียน กรอกภาคเรียนในแบบตั้งค่า สั่ง zerodrop init แล้วนำเข้าทะเบียน",
            en="The calendar has no day with teaching: enter the terms (zerodrop init) and import the roster.",
        )
    if near == [as_of]:
        return _TERM_ENTERED_LATER
    return _OUTSIDE_TERM, Text(
        th=f"วันเรียนที่ใกล้ที่สุดคือ {' และ '.join(map(buddhist, near))} เลือกวันใหม่ หรือกรอกภาคเรียนของวันนั้น (zerodrop init)",
        en=f"The nearest days with teaching: {' and '.join(map(str, near))}. Take another day, or enter the term of this one "
        "(zerodrop init).",
    )


def _differs(old: pd.Series, new: pd.Series) -> npt.NDArray[np.bool_]:
    """Where two columns say different things; not known twice is no difference."""
    return np.asarray(~((old == new) | (old.isna() & new.isna())))


def _enrolled(everybody: pd.Index, then: pd.Index, now: pd.Index) -> pd.Series:
    words = np.select([everybody.isin(then) & everybody.isin(now), everybody.isin(then)], [BOTH, THEN], NOW)
    return pd.Series(words, index=everybody, dtype=object)
