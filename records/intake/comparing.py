"""A checked delivery against the log: what is new, what is known already, and what the file no longer contains."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import select

from records import versions
from records.errors import ImportRefused
from records.home import DataHome
from records.intake.checking import Checked, CheckedTable, Moment
from records.intake.source import Covers, Delivery
from records.ledger import Placement, StudentRow, student_ids
from records.log import EventLog
from records.tables import ENROLMENTS, ROSTER_COUNTS, Table
from records.text import Text

_LEAST_ROSTER_SHARE = 0.7
_SKIPPED_RETRACTIONS = Text(
    th="มีแถวที่ระบุตัวไม่ได้ จึงไม่ถือว่าผู้ที่ไม่มีชื่อหายไป แก้แถวเหล่านั้นแล้วนำเข้าใหม่",
    en="some rows name nobody, so nobody missing from this file counts as gone: mend those rows and import again",
)


_NO_COUNT = Text(
    th="มีแถวที่กักไว้ จึงยังไม่นับเป็นทะเบียนครบรอบ แก้แถวเหล่านั้นแล้วนำเข้าใหม่ มิฉะนั้นคนที่อยู่ในแถวนั้นจะดูเหมือนออกไปแล้ว",
    en="rows in quarantine: this roster does not count as complete, or their students would look gone; mend and import again",
)


@dataclass(frozen=True, kw_only=True)
class Compared:
    new: Mapping[Table, pa.Table]
    accepted: int
    retracted: int
    placements: Sequence[Placement]
    notes: Sequence[Text]


def compare(
    log: EventLog,
    home: DataHome,
    delivery: Delivery,
    checked: Checked,
    moment: Moment,
    *,
    file: str,
    confirm_shrink: bool,
) -> Compared:
    """Raises ImportRefused when a roster shrank so much that it must be a partial file."""
    new: dict[Table, pa.Table] = {}
    changed_lines: set[int] = set()
    retracted = 0
    notes: list[Text] = []
    for table in checked.tables:
        told = log.rows(table.told.table)
        offered = _filled(table, told)
        fresh = offered.filter(pa.array(versions.are_new(table.told.table, told, offered)))
        changed_lines.update(fresh.column("line").to_pylist())
        gone = _retractions(table, told, offered, delivery, checked, home, notes)
        retracted += gone.num_rows
        new[table.told.table] = pa.concat_tables([fresh, gone])
        if table.told.covers is Covers.WHOLE_ROSTER and offered.num_rows:
            count = _count(offered)
            _refuse_shrunken(log, count, file, confirm_shrink)
            if checked.problems or delivery.ragged:
                notes.append(_NO_COUNT)
                continue
            known_counts = log.rows(ROSTER_COUNTS)
            new[ROSTER_COUNTS] = count.filter(pa.array(versions.are_new(ROSTER_COUNTS, known_counts, count)))
    placements = _placements(home, log, new, checked)
    return Compared(new=new, accepted=len(changed_lines), retracted=retracted, placements=placements, notes=notes)


def _filled(table: CheckedTable, told: pa.Table) -> pa.Table:
    """Columns that this source does not have keep what is known of the same key: a source changes only what it tells.

    What was told later than a row is recorded does not enter it: history and replayed files come in behind newer ones.
    """
    declared = table.told.table
    told_or_key = {*table.told.cells, *declared.key}
    silent = [column.name for column in declared.columns if column.name not in told_or_key]
    if not silent or not told.num_rows or not table.rows.num_rows:
        return table.rows
    source = versions.version_before(declared, told, table.rows)
    indices = pa.array(source, mask=source < 0)
    rows = table.rows
    for name in silent:
        rows = rows.set_column(
            rows.schema.get_field_index(name), rows.schema.field(name), told.column(name).take(indices)
        )
    return rows


# Retractions


def _retractions(
    table: CheckedTable,
    told: pa.Table,
    offered: pa.Table,
    delivery: Delivery,
    checked: Checked,
    home: DataHome,
    notes: list[Text],
) -> pa.Table:
    declared = table.told.table
    nothing = declared.schema.empty_table()
    if table.told.covers is Covers.NOTHING or not offered.num_rows or not told.num_rows:
        return nothing
    recorded_at = pc.max(offered.column("recorded_at"))
    before = told.filter(pc.less_equal(told.column("recorded_at"), recorded_at))
    known = versions.latest(declared, before)
    scope = known.filter(pa.array(_in_scope(table, known, offered, delivery, home)))
    missing = versions.missing_keys(declared, scope, offered)
    missing = missing.filter(pa.array(~np.isin(missing.column("student").to_numpy(), table.spoken_for)))
    if missing.num_rows and checked.nameless_bad_rows:
        notes.append(_SKIPPED_RETRACTIONS)
        return nothing
    return _as_retractions(declared, missing, offered)


def _in_scope(
    table: CheckedTable, known: pa.Table, offered: pa.Table, delivery: Delivery, home: DataHome
) -> npt.NDArray[np.bool_]:
    if table.told.covers is Covers.WHOLE_ROSTER:
        keys = ["academic_year", "term"]
        codes = versions.row_codes(pa.concat_tables([known.select(keys), offered.select(keys)]), keys)
        return np.isin(codes[: known.num_rows], codes[known.num_rows :])
    days = known.column("happened_on").cast(pa.int32()).to_numpy()
    told_days = offered.column("happened_on").cast(pa.int32()).to_numpy()
    students = np.union1d(offered.column("student").to_numpy(), _members(home, delivery))
    inside = (days >= told_days.min()) & (days <= told_days.max())
    if "session" in known.column_names:  # a flagpole file says nothing of the periods
        inside &= pc.is_in(known.column("session"), pc.unique(offered.column("session"))).to_numpy()
    return np.asarray(inside & np.isin(known.column("student").to_numpy(), students))


def _members(home: DataHome, delivery: Delivery) -> npt.NDArray[np.int64]:
    """The students of the class groups that the file names."""
    if delivery.class_groups is None:
        return np.zeros(0, np.int64)
    groups = [group for group in pc.unique(delivery.class_groups).to_pylist() if group]
    with home.database.read() as session:
        chosen = select(StudentRow.number).where(
            StudentRow.institution == delivery.institution, StudentRow.class_group.in_(groups)
        )
        return np.array(session.scalars(chosen).all(), np.int64)


def _as_retractions(declared: Table, missing: pa.Table, offered: pa.Table) -> pa.Table:
    """Records that say: this is no longer told, from the moment the newer file was known."""
    size = missing.num_rows
    recorded_at = pc.max(offered.column("recorded_at"))
    columns: list[pa.Array] = []
    for wanted in declared.schema:
        match wanted.name:
            case "recorded_at":
                columns.append(pa.repeat(recorded_at, size).cast(wanted.type))
            case "retracted":
                columns.append(pa.array(np.ones(size, bool)))
            case "line":
                columns.append(pa.array(np.zeros(size, np.int32)))
            case "happened_on" if "happened_on" not in declared.key:
                columns.append(pa.repeat(pc.max(offered.column("happened_on")), size).cast(wanted.type))
            case name if name in declared.key_columns:
                columns.append(missing.column(name).combine_chunks())
            case _:
                columns.append(pa.nulls(size, wanted.type))
    return pa.table(columns, schema=declared.schema)


# Rosters


def _count(offered: pa.Table) -> pa.Table:
    """The roster counts that a whole roster proves, oldest term first: the term, its day, how many students."""
    asked = [("happened_on", "max"), ("recorded_at", "max"), ("student", "count_distinct")]
    terms = offered.group_by(["academic_year", "term"]).aggregate(asked)
    terms = terms.sort_by([("academic_year", "ascending"), ("term", "ascending")])
    size = terms.num_rows
    columns = {
        "happened_on": terms.column("happened_on_max"),
        "academic_year": terms.column("academic_year"),
        "term": terms.column("term"),
        "students": terms.column("student_count_distinct").cast(pa.int32()),
        "entered_at": pa.nulls(size, pa.timestamp("ms", tz="UTC")),
        "recorded_at": terms.column("recorded_at_max"),
        "line": pa.array([0] * size, pa.int32()),
        "retracted": pa.array([False] * size),
    }
    return pa.table([columns[name] for name in ROSTER_COUNTS.schema.names], schema=ROSTER_COUNTS.schema)


def _refuse_shrunken(log: EventLog, count: pa.Table, file: str, confirmed: bool) -> None:
    counts = log.rows(ROSTER_COUNTS)
    if confirmed or not counts.num_rows:
        return
    before = counts.column("students")[counts.num_rows - 1].as_py()
    now = count.column("students")[count.num_rows - 1].as_py()
    if now < _LEAST_ROSTER_SHARE * before:
        raise ImportRefused.shrunken_roster(file=file, before=before, now=now)


def _placements(home: DataHome, log: EventLog, new: Mapping[Table, pa.Table], checked: Checked) -> list[Placement]:
    """Where each student is by the newest term's roster; who is only on older ones belongs to no class group now."""
    people = {person.number: person.student_id for person in checked.known if person}
    fresh = new.get(ENROLMENTS)
    if fresh is None:
        return []
    columns = ["student", "academic_year", "term", "class_group", "retracted", "recorded_at"]
    rows = pa.concat_tables([log.rows(ENROLMENTS, columns=columns).select(columns), fresh.select(columns)])
    rows = rows.sort_by("recorded_at")  # stable: a file of an earlier day does not have the last word
    held = versions.latest(ENROLMENTS, rows)
    if not held.num_rows:
        return []
    students, groups = held.column("student").to_pylist(), held.column("class_group").to_pylist()
    terms = list(zip(held.column("academic_year").to_pylist(), held.column("term").to_pylist(), strict=True))
    newest = max(terms)
    current = {student: group for student, group, term in zip(students, groups, terms, strict=True) if term == newest}
    people = {**student_ids(home.database, log.institution), **people}
    return [
        Placement(number=number, student_id=student_id, class_group=current.get(number, ""))
        for number, student_id in people.items()
    ]
