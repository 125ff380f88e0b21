"""What every feature promises, tried on a log: a catalogue may hold only features that keep all of it.

An analyst runs `require_promises` on a feature of their own; the tests run `broken_promises` on the whole catalogue.
"""

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.asked import Asked
from features.catalogue import CATALOGUE
from features.cohort import Cohort, cohort
from features.day_cubes import DayCubes
from features.declaration import Feature, columns_read
from features.measures import Answers
from features.state import FOLDED_TABLES, NO_DAY, Replay, State, VersionedRows
from features.vocabulary import OfOthers, Own
from records.clock import start_of
from records.ledger import LogIndex
from records.log import EventLog, write_in_order
from records.tables import ATTENDANCE, ATTENDANCE_TOTAL, ENROLMENTS, SAME_PERSON, Table
from records.text import Text

Values = npt.NDArray[np.float32]
# Who a student is and where they learn is known to every measure.
_STANDING = ("level", "class_group", "study_mode", "registered_on")


class Promise(Enum):
    """What is promised; of several that do not hold the first is told, since it often explains the others."""

    ONE_VALUE = "one value a student"
    ROUNDED = "rounding"
    TWICE = "asked twice"
    WEEK_BY_WEEK = "week by week"
    NO_LATER_RECORD = "no later record"
    NO_DAY_AHEAD = "no day ahead"
    DECLARED_READS = "declared reads"
    ANY_NUMBER = "any number"
    ANY_COMPANY = "any company"

    @property
    def broken(self) -> Text:
        """What a broken one looks like, and the next step."""
        return _BROKEN[self]


_BROKEN = {
    Promise.ONE_VALUE: Text(
        en="It does not give one finite number a student. Give a float64 array as long as the cohort, NaN where not known",
        th="ไม่ได้ให้ค่าหนึ่งค่าต่อนักเรียนหนึ่งคน ให้คืนอาร์เรย์ float64 ยาวเท่าจำนวนนักเรียน และใช้ NaN เมื่อไม่ทราบ ห้ามเป็นอนันต์",
    ),
    Promise.ROUNDED: Text(
        en="Its values are too large for its decimals: a float32 keeps about seven digits. Declare fewer, or a larger unit",
        th="ค่าใหญ่เกินกว่าจะเก็บทศนิยมที่ประกาศได้ (float32 เก็บได้ราวเจ็ดหลัก) ลดทศนิยมหรือใช้หน่วยที่ใหญ่ขึ้น",
    ),
    Promise.TWICE: Text(
        en="Asked twice of the same state, it gives two answers. Take out chance, the clock and what it changes in place",
        th="ถามสองครั้งได้คำตอบไม่เหมือนกัน เอาการสุ่ม นาฬิกา และการแก้ค่าในที่เดิมออก",
    ),
    Promise.WEEK_BY_WEEK: Text(
        en="Asked week by week it differs from being asked at once. It must not remember what it saw in an earlier week",
        th="ถามทีละสัปดาห์กับถามครั้งเดียวได้ไม่เท่ากัน อย่าให้ฟังก์ชันจำสิ่งที่เห็นในสัปดาห์ก่อน",
    ),
    Promise.NO_LATER_RECORD: Text(
        en="It changes when records that were told later are taken away. Read only what `asked` gives",
        th="ค่าเปลี่ยนเมื่อตัดข้อมูลที่มาทีหลังออก ให้อ่านเฉพาะสิ่งที่ asked ให้",
    ),
    Promise.NO_DAY_AHEAD: Text(
        en="It looks at what happens on the day asked about or later. Take `asked.days` and `asked.rows`, which end before it",
        th="อ่านเหตุการณ์ของวันที่ถามหรือหลังจากนั้น ให้ใช้ asked.days และ asked.rows ซึ่งจบก่อนวันนั้น",
    ),
    Promise.DECLARED_READS: Text(
        en="It reads a table or column that it does not declare. Name the column in `reads`, or ask it as a feature of its own",
        th="อ่านตารางหรือช่องที่ไม่ได้ประกาศ ให้เพิ่มชื่อช่องใน reads หรือแยกเป็นอีกตัวบ่งชี้หนึ่ง",
    ),
    Promise.ANY_NUMBER: Text(
        en="It changes when students get other numbers: it reads something outside the state. Read only what `asked` gives",
        th="ค่าเปลี่ยนเมื่อเลขนักเรียนเปลี่ยน แปลว่าอ่านข้อมูลจากนอกระบบ ให้อ่านเฉพาะสิ่งที่ asked ให้",
    ),
    Promise.ANY_COMPANY: Text(
        en="It depends on students of other class groups. Compare within `asked.cohort.group` only, as Relative does",
        th="ค่าขึ้นกับนักเรียนกลุ่มเรียนอื่น ให้เทียบเฉพาะภายใน asked.cohort.group อย่างที่ Relative ทำ",
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A promise that a feature did not keep on a day; `detail` says more where there is more to say."""

    feature: str
    promise: Promise
    as_of: date
    detail: str = ""

    def __str__(self) -> str:
        said, detail = self.promise.broken, f" ({self.detail})" if self.detail else ""
        head = f"feature {self.feature}, {self.as_of}, {self.promise.value}"
        return f"{head}: {said.en}{detail}. · {said.th}"


class BrokenPromise(ValueError):
    """A feature that no catalogue may hold; `broken` says why."""

    def __init__(self, broken: Sequence[Broken]) -> None:
        super().__init__("\n".join(map(str, broken)))
        self.broken = tuple(broken)


def require_promises(
    feature: Feature, log: EventLog, as_ofs: Sequence[date], catalogue: Sequence[Feature] = CATALOGUE
) -> None:
    """Raises BrokenPromise when a feature, asked on these days of a log, breaks one of the promises.

    `catalogue` holds the features that it may be relative to. It tries what can be tried: whether NaN stands only where
    nothing is known, and whether the declared direction is right, a person must judge.
    """
    if broken := broken_promises([feature], log, as_ofs, catalogue):
        raise BrokenPromise(broken)


def broken_promises(
    features: Sequence[Feature], log: EventLog, as_ofs: Sequence[date], catalogue: Sequence[Feature] = CATALOGUE
) -> list[Broken]:
    """The first broken promise of each feature; none when all are kept. The log is that of one institution.

    Raises ValueError for a log or a feature that cannot be tried here.
    """
    _require_triable(features, log, as_ofs)
    asked = _with_what_they_need(features, catalogue)
    wanted = {feature.name for feature in features}
    order = list(Promise)
    tried = sorted(_tried(asked, log, sorted(as_ofs)), key=lambda broken: (order.index(broken.promise), broken.as_of))
    found: dict[str, Broken] = {}
    for broken in tried:
        if broken.feature in wanted:
            found.setdefault(broken.feature, broken)
    return list(found.values())


def _require_triable(features: Sequence[Feature], log: EventLog, as_ofs: Sequence[date]) -> None:
    if not as_ofs:
        raise ValueError("give at least one day to ask about")
    if len(log.institutions) != 1:
        raise ValueError("promises are tried on the log of one institution, not of a shard")
    if sealed := [feature.name for feature in features if feature.table.sensitive]:
        raise ValueError(f"{', '.join(sealed)}: a sealed table is not copied, so this cannot be tried")


def _with_what_they_need(features: Sequence[Feature], catalogue: Sequence[Feature]) -> list[Feature]:
    """The features, each after the one that it is relative to."""
    known = {feature.name: feature for feature in (*catalogue, *features)}
    ordered: dict[str, Feature] = {}
    for feature in features:
        chain = [feature]
        while isinstance(measure := chain[0].measure, OfOthers):
            if measure.of not in known:
                raise ValueError(
                    f"feature {chain[0].name} is relative to {measure.of}, which the catalogue does not have"
                )
            chain.insert(0, known[measure.of])
        ordered.update((one.name, one) for one in chain if one.name not in ordered)
    return list(ordered.values())


# The answers of one cohort


@dataclass
class _Told:
    """What features answered: `values` as a snapshot stores them, and why of those that could not."""

    cohort: Cohort
    values: dict[str, Values] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def _ask(state: State, who: Cohort, features: Sequence[Feature]) -> _Told:
    told, answers = _Told(who), Answers(Asked(state, who, features))
    for feature in features:
        column = np.zeros(len(who.student), np.float32)
        try:
            answers.fill(feature, column)
        except Exception as error:  # the function is the analyst's: whatever it does, the others are tried
            told.failed[feature.name] = _why(feature, error)
        else:
            told.values[feature.name] = column
    return told


def _why(feature: Feature, error: Exception) -> str:
    # The words of a strange error may hold a student's number; ours do not.
    ours = isinstance(error, ValueError) and str(error).startswith(f"feature {feature.name}:")
    return str(error).removeprefix(f"feature {feature.name}: ") if ours else f"it raised {type(error).__name__}"


def _same(feature: Feature, one: _Told, other: _Told, order: npt.NDArray[np.int64] | None = None) -> bool:
    """Equal to the bit; where `order` puts the students of `other` in another order, up to the last decimal.

    Sums of floating-point numbers depend on the order of the students, and a near-tie may round the other way.
    """
    if feature.name in one.failed or feature.name in other.failed:
        return feature.name in one.failed and feature.name in other.failed
    ours, theirs = one.values[feature.name], other.values[feature.name]
    if order is None:
        return np.array_equal(ours, theirs, equal_nan=True)
    return np.allclose(ours, theirs[order], rtol=1e-6, atol=1.01 * 10.0**-feature.decimals, equal_nan=True)


# The promises, one after the other


def _tried(features: Sequence[Feature], log: EventLog, as_ofs: Sequence[date]) -> Iterator[Broken]:
    stepped, forward = {}, Replay(log)
    for as_of in as_ofs:
        state = forward.advance(as_of)
        stepped[as_of] = _ask(state, cohort(state, as_of), features)
    for as_of in as_ofs:
        state = Replay(log).advance(as_of)
        once = _ask(state, cohort(state, as_of), features)
        yield from _wrong_values(features, once, as_of)
        others = {
            Promise.TWICE: _ask(state, once.cohort, features),
            Promise.WEEK_BY_WEEK: stepped[as_of],
            Promise.NO_LATER_RECORD: _asked_of_copy(log, as_of, features, renumbered=False),
            Promise.NO_DAY_AHEAD: _ask(_ended(state, once.cohort.today), once.cohort, features),
        }
        for promise, other in others.items():
            for feature in features:
                if not _same(feature, once, other):
                    yield Broken(feature=feature.name, promise=promise, as_of=as_of)
        yield from _undeclared(features, state, once, as_of)
        yield from _by_number(features, log, once, as_of)
        yield from _by_company(features, state, once, as_of)


def _wrong_values(features: Sequence[Feature], told: _Told, as_of: date) -> Iterator[Broken]:
    for feature in features:
        if detail := _wrong(feature, told):
            yield Broken(feature=feature.name, promise=Promise.ONE_VALUE, as_of=as_of, detail=detail)
            continue
        values = told.values[feature.name]
        same = np.array_equal(
            np.round(values.astype(np.float64), feature.decimals).astype(np.float32), values, equal_nan=True
        )
        if not same or np.nanmax(np.spacing(np.abs(values)), initial=0) > 10.0**-feature.decimals:
            yield Broken(feature=feature.name, promise=Promise.ROUNDED, as_of=as_of)


def _wrong(feature: Feature, told: _Told) -> str:
    if feature.name in told.failed:
        return told.failed[feature.name]
    infinite, missing = (int(check(told.values[feature.name]).sum()) for check in (np.isinf, np.isnan))
    if infinite:
        return f"{infinite} students have an infinite value"
    if isinstance(feature.measure, Own) and feature.absent_means is not None and missing:
        return f"no record means {feature.absent_means:g}, but {missing} students have NaN"
    return ""


def _undeclared(features: Sequence[Feature], state: State, once: _Told, as_of: date) -> Iterator[Broken]:
    for feature in features:
        if isinstance(feature.measure, OfOthers):  # reads no table itself
            continue
        other = _ask(_reduced(state, feature.table, columns_read(feature.measure)), once.cohort, [feature])
        if not _same(feature, once, other):
            yield Broken(feature=feature.name, promise=Promise.DECLARED_READS, as_of=as_of)


def _by_number(features: Sequence[Feature], log: EventLog, once: _Told, as_of: date) -> Iterator[Broken]:
    other = _asked_of_copy(log, as_of, features, renumbered=True)
    backwards = np.arange(len(other.cohort.student))[::-1]
    for feature in features:
        if not _same(feature, once, other, backwards):
            yield Broken(feature=feature.name, promise=Promise.ANY_NUMBER, as_of=as_of)


def _by_company(features: Sequence[Feature], state: State, once: _Told, as_of: date) -> Iterator[Broken]:
    """Every second class group asked without the others, then the others without them."""
    for half in (0, 1):
        kept = np.flatnonzero(once.cohort.group % 2 == half)
        if not len(kept):
            continue
        ours = _Told(once.cohort, {name: values[kept] for name, values in once.values.items()}, failed=once.failed)
        theirs = _ask(state, _part_of(once.cohort, kept), features)
        for feature in features:
            if not _same(feature, ours, theirs):
                yield Broken(feature=feature.name, promise=Promise.ANY_COMPANY, as_of=as_of)


def _part_of(who: Cohort, kept: npt.NDArray[np.int64]) -> Cohort:
    return replace(
        who, student=who.student[kept], term=who.term[kept], group=who.group[kept],
        level=who.level[kept], row=who.row[kept],
    )  # fmt: skip


# Logs and states in which something is missing


def _asked_of_copy(log: EventLog, as_of: date, features: Sequence[Feature], *, renumbered: bool) -> _Told:
    """The answers from a log that ends before the day; with `renumbered` the last student is the first."""
    with TemporaryDirectory() as folder:
        state = Replay(copied_log(log, Path(folder), as_of, renumbered=renumbered)).advance(as_of)
        return _ask(state, cohort(state, as_of), features)


def copied_log(log: EventLog, folder: Path, as_of: date, *, renumbered: bool) -> EventLog:
    """A log in `folder` that ends before the day; with `renumbered` the last student is the first."""
    files = []
    for table in FOLDED_TABLES:
        rows = log.rows(table, start_of(as_of)).select(table.schema.names).cast(table.schema)
        if renumbered:
            rows = _renumbered(rows, table, int(log.offsets[-1]) - 1)
        if rows.num_rows:
            files.append(replace(write_in_order(folder, log.institution, table, [rows]), batch=1))
    index = LogIndex(files=tuple(files), ledger_number=log.ledger_number, epoch=log.epoch)
    return EventLog(folder=folder, institution=log.institution, index=index)


def _renumbered(rows: pa.Table, table: Table, last: int) -> pa.Table:
    for name in ("student", "same_as") if table is SAME_PERSON else ("student",) if table.per_student else ():
        place, kind = rows.schema.get_field_index(name), rows.schema.field(name)
        rows = rows.set_column(place, kind, pc.subtract(last, rows.column(name)).cast(kind.type))
    return rows


def _changed(state: State, rows: dict[str, VersionedRows], attendance: DayCubes) -> State:
    other = copy(state)
    other.rows, other.attendance, other.remembered = rows, attendance, {}
    return other


def _with_columns(held: VersionedRows, columns: dict[str, npt.NDArray[np.generic]]) -> VersionedRows:
    other = copy(held)
    other.held = {**held.held, **columns}
    return other


def _ended(state: State, today: int) -> State:
    """Without what happened on the day or later; the calendar and the rosters may look ahead."""
    rows = {
        name: _with_columns(held, {"alive": held.columns["alive"] & (held.columns["happened_on"] < today)})
        if held.table.per_student and held.table is not ENROLMENTS
        else held
        for name, held in state.rows.items()
    }
    days = copy(state.attendance)
    before = max(today - days.first_day, 0)
    days.held = {sessions: _until(cube, before) for sessions, cube in days.held.items()}
    days.periods = None if days.periods is None else _until(days.periods, before)
    days.forget_before(days.first_day)  # what was told by periods is worked out again
    return _changed(state, rows, days)


def _until(cube: npt.NDArray[np.uint8], end: int) -> npt.NDArray[np.uint8]:
    shorter = cube.copy()
    shorter[end:] = 0
    return shorter


def _reduced(state: State, table: Table, reads: Sequence[str]) -> State:
    """With these columns of one table alone, and what every measure knows: calendar, rules, who is where."""
    kept = {table.name, ENROLMENTS.name, *([ATTENDANCE_TOTAL.name] if table is ATTENDANCE else [])}
    rows = {}
    for name, held in state.rows.items():
        if not held.table.per_student:
            rows[name] = held
        elif name not in kept:
            rows[name] = _with_columns(held, {"alive": np.zeros(len(held), bool)})
        elif name == table.name or name == ENROLMENTS.name:
            known = (*held.table.key, *_STANDING, *(reads if name == table.name else ()))
            rows[name] = _with_columns(held, dict(_missing(held, known)))
        else:
            rows[name] = held
    return _changed(state, rows, state.attendance if table is ATTENDANCE else DayCubes())


def _missing(held: VersionedRows, known: Sequence[str]) -> Iterator[tuple[str, npt.NDArray[np.generic]]]:
    """The columns that are not known, with every cell missing."""
    for column in held.table.columns:
        if column.name in held.columns and column.name not in known:
            values = held.columns[column.name]
            nothing = np.nan if values.dtype.kind == "f" else NO_DAY if values.dtype == np.int32 else -1
            yield column.name, np.full_like(values, -1 if column.name in held.words else nothing)
