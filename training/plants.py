"""Ten ways in which knowledge of the future gets into a table to learn from, each planted on purpose in a copy.

A plant changes what a careless analyst or a careless export would: the questions that are asked, the records that are
read, or the way in which rows are split. Nothing is written outside the folder that it is given.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.asked import Asked
from features.catalogue import CATALOGUE
from features.cohort import term_spans
from features.day_cubes import ABSENT_MARKS
from features.declaration import Feature
from features.state import FOLDED_TABLES, Replay, State
from features.vocabulary import Domain, Ever, Own, Risk, Unit
from models.horizon import LIST_HORIZON
from records.codes import SCREENING_LEVELS
from records.ledger import LogFile, LogIndex
from records.log import EventLog, write_rows
from records.tables import ATTENDANCE, ENROLMENTS, HOUSEHOLD, SAME_PERSON, SCREENING, Table
from records.text import Text
from training.leak_replays import Declare
from training.outcome import NEVER, Outcomes, in_term, outcomes

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Answers = Callable[[Asked], Floats]
PLANTED = "planted"
"""The name of a planted feature: the probes must say it."""

_STAMPS = (ATTENDANCE, SCREENING, HOUSEHOLD)
_SHIFT_DAYS = 14
_EVERY_THIRD, _EVERY_TWENTIETH = 3, 20
_DAY_MS = 86_400_000


@dataclass(frozen=True, kw_only=True)
class Work:
    """The work that is looked at: a log, the questions asked of it, and whether test weeks are dealt into training."""

    log: EventLog
    declare: Declare
    known_until: date
    deals_weeks: bool = False


class NothingToPlant(Exception):
    """The data have no record that this leak could come from; `text` says which."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True, kw_only=True)
class Plant:
    """One leak: `touches` are the names of features or tables that a probe must point at ('' for rows)."""

    number: int
    name: Text
    about: Text
    touches: frozenset[str]
    plant: Callable[[Work, Path], Work]


# Leaks by a question


def _with_feature(answers: Callable[[EventLog, date], Answers]) -> Callable[[Work, Path], Work]:
    """One more question, which somebody wrote who had the whole log before them."""

    def plant(work: Work, folder: Path) -> Work:
        def declare(log: EventLog) -> Sequence[Feature]:
            return (*work.declare(log), _planted(answers(log, work.known_until)))

        return replace(work, declare=declare)

    return plant


def _planted(answers: Answers) -> Feature:
    label = Text(th="ตัวบ่งชี้ที่ปลูกไว้", en="planted")
    return Feature(
        name=PLANTED, table=ENROLMENTS, measure=Own(answers=answers, reads=("level",)), window=Ever(),
        unit=Unit.SHARE, decimals=4, domain=Domain.STANDING, risk=Risk.EITHER, absent_means=None, changeable=False,
        label=label, reason=Text(th="ค่า {value:.2f}", en="value {value:.2f}"), asks=label, source="zerodrop doctor",
    )  # fmt: skip


def _absent_soon(log: EventLog, known_until: date) -> Answers:
    state = Replay(log).advance(known_until)
    return lambda asked: _missed_share(state, asked.cohort.student, asked.cohort.today, asked.cohort.today + 28)


def _absent_in_all_of_term(log: EventLog, known_until: date) -> Answers:
    state = Replay(log).advance(known_until)
    spans = term_spans(state)

    def answers(asked: Asked) -> Floats:
        found = np.full(asked.size, np.nan)
        for position, span in enumerate(asked.cohort.terms):
            whole = next(
                (one for one in spans if (one.academic_year, one.term) == (span.academic_year, span.term)), span
            )
            own = asked.cohort.term == position
            found[own] = _missed_share(state, asked.cohort.student[own], whole.opens, whole.closes + 1)
        return found

    return answers


def _missed_share(state: State, students: Ints, first: int, end: int) -> Floats:
    marks = state.attendance.window(first, end, students)
    told = (marks != 0).sum(axis=0)
    missed = np.isin(marks, ABSENT_MARKS).sum(axis=0)
    return np.where(told > 0, missed / np.maximum(told, 1), np.nan)


def _leaves_soon(log: EventLog, known_until: date) -> Answers:
    left_on = _first_leaving(outcomes(log, known_until))
    days = LIST_HORIZON.days or 0

    def answers(asked: Asked) -> Floats:
        on = _of(left_on, asked.cohort.student)
        return ((on >= asked.cohort.today) & (on <= asked.cohort.today + days)).astype(np.float64)

    return answers


def _hash_of_number(log: EventLog, known_until: date) -> Answers:
    def answers(asked: Asked) -> Floats:
        digests = (hashlib.sha256(str(number).encode()).digest() for number in asked.cohort.student.tolist())
        return np.array([int.from_bytes(digest[:2]) / 65536 for digest in digests])

    return answers


def _level_by_leavers(log: EventLog, known_until: date) -> Answers:
    """Class groups in five levels by the share of their students who ever leave."""
    left_on = _first_leaving(outcomes(log, known_until))

    def answers(asked: Asked) -> Floats:
        leaves = (_of(left_on, asked.cohort.student) < NEVER).astype(np.float64)
        size = np.maximum(np.bincount(asked.cohort.group), 1)
        share = (np.bincount(asked.cohort.group, leaves) / size)[asked.cohort.group]
        return np.digitize(share, [0.05, 0.1, 0.15, 0.2]).astype(np.float64)

    return answers


def _first_leaving(found: Outcomes) -> Ints:
    """The first day on which each student left, in any term; NEVER for who did not."""
    return np.asarray(np.minimum(found.left_on, found.left_again_on).min(axis=0, initial=int(NEVER)))


def _of(days: Ints, students: Ints) -> Ints:
    """The day of each student; NEVER for numbers that the log does not have."""
    if not len(days):
        return np.full(len(students), NEVER)
    return np.where(students < len(days), days[np.minimum(students, len(days) - 1)], NEVER)


# Leaks by a record


def _shift_stamps(work: Work, folder: Path) -> Work:
    """Attendance (else screening, else the household forms) of every third student, known two weeks before it was."""
    table = next((one for one in _STAMPS if _has(work.log, one)), None)
    if table is None:
        raise NothingToPlant(Text(th="ไม่มีข้อมูลที่มีวันบันทึก", en="no records with entry dates"))
    rows = _rows(work.log, table)
    chosen = rows.column("student").to_numpy() % _EVERY_THIRD == 0
    for name in ("recorded_at", "entered_at"):
        moments = rows.column(name).cast(pa.int64())
        moved = pc.if_else(pa.array(chosen), pc.subtract(moments, _SHIFT_DAYS * _DAY_MS), moments)
        rows = _with(rows, name, moved)
    return _instead(work, folder, (table, rows))


def _empty_credits(work: Work, folder: Path) -> Work:
    """A roster exported anew once the outcome was known: who left the term has no credits, under the old date."""
    rows = _rows(work.log, ENROLMENTS)
    found = outcomes(work.log, work.known_until)
    position = {(span.academic_year, span.term): place for place, span in enumerate(found.terms)}
    student = rows.column("student").to_numpy()
    years, terms = (rows.column(name).to_pylist() for name in ("academic_year", "term"))
    term = np.array([position.get(one, -1) for one in zip(years, terms, strict=True)])
    gone = in_term(found.left_on, term, student) < NEVER
    credits = pc.if_else(pa.array(gone), 0.0, pc.fill_null(rows.column("credits"), 20.0))
    return _instead(work, folder, (ENROLMENTS, _with(rows, "credits", credits)))


def _edit_screening(work: Work, folder: Path) -> Work:
    """The last screening of whoever left says 'close' in every area, under the date and stamp that it had."""
    if not _has(work.log, SCREENING):
        raise NothingToPlant(Text(th="ไม่มีผลคัดกรอง", en="no screening"))
    rows = _rows(work.log, SCREENING)
    left_on = _first_leaving(outcomes(work.log, work.known_until))
    student = rows.column("student").to_numpy()
    day = rows.column("happened_on").cast(pa.int32()).to_numpy().astype(np.int64)
    before = day < _of(left_on, student)
    last = np.full(int(student.max()) + 1, -1, np.int64)
    np.maximum.at(last, student[before], day[before])
    edited = (_of(left_on, student) < NEVER) & (day == last[student])
    close = pa.scalar(SCREENING_LEVELS.position("CLOSE"), rows.schema.field("level").type)
    level = pc.if_else(pa.array(edited), close, rows.column("level"))
    return _instead(work, folder, (SCREENING, _with(rows, "level", level)))


def _second_key(work: Work, folder: Path) -> Work:
    """Everything of every twentieth student told once more under another number."""
    start = int(work.log.offsets[-1])
    doubled = []
    for table in FOLDED_TABLES:
        if table.per_student and table is not SAME_PERSON and _has(work.log, table):
            told = _rows(work.log, table)
            copies = told.filter(pa.array(told.column("student").to_numpy() % _EVERY_TWENTIETH == 1))
            number = pc.add(copies.column("student"), start)
            doubled.append((table, pa.concat_tables([told, _with(copies, "student", number)])))
    return _instead(work, folder, *doubled)


def _has(log: EventLog, table: Table) -> bool:
    return any(file.table == table.name and file.rows for file in log.files)


def _rows(log: EventLog, table: Table) -> pa.Table:
    return log.rows(table).select(table.schema.names).cast(table.schema)


def _with(rows: pa.Table, name: str, cells: pa.ChunkedArray) -> pa.Table:
    place = rows.schema.get_field_index(name)
    kind = rows.schema.field(place)
    return rows.set_column(place, kind, cells.cast(kind.type))


def _instead(work: Work, folder: Path, *tables: tuple[Table, pa.Table]) -> Work:
    """The log with these tables told otherwise; the other files are read where they lie."""
    told, there = {table.name for table, _ in tables}, work.log.folder.absolute()
    kept = [replace(file, path=str(there / file.path)) for file in work.log.files if file.table not in told]
    files = [_written(folder, work.log.institution, table, rows) for table, rows in tables if rows.num_rows]
    index = LogIndex(files=(*kept, *files), ledger_number=work.log.ledger_number, epoch=work.log.epoch)
    return replace(work, log=EventLog(folder=folder, institution=work.log.institution, index=index))


def _written(folder: Path, institution: str, table: Table, rows: pa.Table) -> LogFile:
    """One file in the order in which the rows come, as far as their stamps leave it."""
    numbered = _with(rows, "line", pa.chunked_array([pa.array(np.arange(rows.num_rows))]))
    return replace(write_rows(folder, institution, table, numbered), batch=1)


# Leaks by a split


def _deal_weeks(work: Work, folder: Path) -> Work:
    return replace(work, deals_weeks=True)


def _names(*tables: Table) -> frozenset[str]:
    return frozenset(feature.name for feature in CATALOGUE if feature.table in tables)


PLANTS: tuple[Plant, ...] = (
    Plant(
        number=1, touches=frozenset({PLANTED}), plant=_with_feature(_absent_soon),
        name=Text(th="คอลัมน์จากอนาคต", en="future column"),
        about=Text(th="การขาดเรียนใน 28 วันข้างหน้า", en="absence of the 28 days to come"),
    ),
    Plant(
        number=2, touches=frozenset({""}), plant=_deal_weeks,
        name=Text(th="สลับคำตอบของอนาคต", en="shuffled future labels"),
        about=Text(th="สุ่มแบ่งสัปดาห์ แล้วสลับคำตอบของอนาคต", en="weeks dealt out at random, labels of the future shuffled"),
    ),
    Plant(
        number=3, touches=frozenset({table.name for table in _STAMPS}), plant=_shift_stamps,
        name=Text(th="เลื่อนวันที่บันทึก", en="shifted entry dates"),
        about=Text(th="ลงว่าทราบก่อนความจริงสองสัปดาห์", en="known two weeks before it was"),
    ),
    Plant(
        number=4, touches=frozenset({PLANTED}), plant=_with_feature(_leaves_soon),
        name=Text(th="คำตอบอยู่ในตัวบ่งชี้", en="label in a feature"),
        about=Text(th="จะออกภายใน 8 สัปดาห์หรือไม่", en="whether they leave within 8 weeks"),
    ),
    Plant(
        number=5, touches=frozenset({PLANTED}), plant=_with_feature(_hash_of_number),
        name=Text(th="เลขประจำตัวที่เข้ารหัส", en="identity hash"),
        about=Text(th="ตัวเลขที่คำนวณจากเลขนักเรียน", en="a number worked out from the student number"),
    ),
    Plant(
        number=6, touches=_names(ENROLMENTS), plant=_empty_credits,
        name=Text(th="สถานภาพหลังทราบผล", en="post-outcome status"),
        about=Text(th="ทะเบียนที่แก้หลังออก หน่วยกิตเป็น 0", en="a roster edited after leaving: no credits"),
    ),
    Plant(
        number=7, touches=frozenset({PLANTED}), plant=_with_feature(_absent_in_all_of_term),
        name=Text(th="ยอดรวมตอนสิ้นภาคเรียน", en="totals computed at term end"),
        about=Text(th="สัดส่วนการขาดทั้งภาคเรียน", en="share of the whole term missed"),
    ),
    Plant(
        number=8, touches=frozenset({""}), plant=_second_key,
        name=Text(th="นักเรียนสัปดาห์เดียวกันสองเลข", en="same student-week under two keys"),
        about=Text(th="นักเรียนหนึ่งในยี่สิบคนมีเลขที่สอง", en="one student of twenty has a second number"),
    ),
    Plant(
        number=9, touches=_names(SCREENING), plant=_edit_screening,
        name=Text(th="ผลคัดกรองที่แก้ภายหลัง", en="edited screening"),
        about=Text(th="แก้เป็นใกล้ชิดหลังออก ลงวันที่เดิม", en="made 'close' after leaving, under the old date"),
    ),
    Plant(
        number=10, touches=frozenset({PLANTED}), plant=_with_feature(_level_by_leavers),
        name=Text(th="ระดับที่ได้จากคำตอบ", en="target-derived level"),
        about=Text(th="ระดับของกลุ่มเรียนตามสัดส่วนผู้ออก", en="class groups in levels by their leavers"),
    ),
)  # fmt: skip
