"""A gathered delivery against the log: what is new, what is known already, and what the file no longer contains.

Rows are compared in ranges of a key column, so that a file of any size needs the memory of one range.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from records import ledger, versions
from records.clock import milliseconds
from records.codes import SUMMER_TERM
from records.college import replaced_terms
from records.home import DataHome
from records.intake import rosters_in
from records.intake.checking import INSTANT, Moment
from records.intake.findings import Lines
from records.intake.gathering import Gathered, Scope
from records.intake.source import Covers, Told
from records.intake.spool import Spool, numbers_of
from records.intake.totals import as_periods
from records.ledger import BatchRow, Placement
from records.log import EventLog
from records.log_file import Within
from records.tables import ATTENDANCE_TOTAL, CALENDAR, ENROLMENTS, HOUSEHOLD, ROSTER_COUNTS, STUDENTS, Table
from records.text import Text

_COPIES = 5  # as many students with the same answers to everything are worth a question [judgement]
_LEAST_ANSWERS = 4
_HOUR, _LINES = 3_600_000, 65_536  # grains of the two orders in which rows are written
_SKIPPED_RETRACTIONS = Text(
    th="มีแถวที่ระบุตัวไม่ได้ จึงไม่ถือว่าผู้ที่ไม่มีชื่อหายไป แก้แถวเหล่านั้นแล้วนำเข้าใหม่",
    en="some rows name nobody, so nobody missing from this file counts as gone: mend those rows and import again",
)
_NO_COUNT = Text(
    th="มีแถวที่กักไว้ จึงยังไม่นับเป็นทะเบียนครบรอบ แก้แถวเหล่านั้นแล้วนำเข้าใหม่ มิฉะนั้นคนที่อยู่ในแถวนั้นจะดูเหมือนออกไปแล้ว",
    en="rows in quarantine: this roster does not count as complete, or their students would look gone; mend and import again",
)
_SUMMER = Text(
    th="ทะเบียนภาคฤดูร้อนไม่ใช้นับว่าใครหายไป นักเรียนส่วนใหญ่ไม่ได้ลงทะเบียนภาคนี้",
    en="the roster of a summer term counts nobody as gone: most students skip it",
)


def _came_in_too_late(column: Text) -> Text:
    return Text(
        th=f"ไฟล์ที่ใหม่กว่าเข้ามาก่อนแล้วและไม่บอก '{column.th}' ที่ไฟล์นี้บอก ช่องนี้จึงว่างตั้งแต่วันของไฟล์ที่ใหม่กว่า "
        "ถ้าไฟล์นั้นไม่มีคอลัมน์นี้ ให้ถอน (zerodrop import --undo) แล้วนำเข้าใหม่หลังไฟล์นี้",
        en=f"a newer file that came in before does not tell '{column.en}', which this one does: from its day on nothing is known "
        "of it. If it has no such column, withdraw it (zerodrop import --undo) and import it again after this one",
    )


@dataclass(kw_only=True)
class Compared:
    """What goes into the log, by table; and rows that turned out wrong beside others, by code."""

    new: dict[Table, Spool] = field(default_factory=dict)
    late: dict[str, list[Lines]] = field(default_factory=dict)
    retracted: int = 0
    placements: Sequence[Placement] = ()
    notes: list[Text] = field(default_factory=list)

    def note(self, text: Text) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def close(self) -> None:
        for spool in self.new.values():
            spool.close()


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One delivery beside one state of the log; `stamp` is the moment of the commit, None for history and replays."""

    home: DataHome
    log: EventLog
    gathered: Gathered
    moment: Moment
    stamp: datetime | None
    file: str
    confirm_shrink: bool
    met: Mapping[int, UUID]
    folder: Path
    mends: BatchRow | None = None
    """The batch whose rows were mended: a part of its file, so nobody is missing from it, nor is it counted."""

    def compare(self) -> Compared:
        """Raises ImportRefused when a roster shrank so much that it must be a partial file, or is an old one."""
        compared = Compared()
        for table, told in self.gathered.told.items():
            spool = self._spool(table, compared)
            out = compared.new.setdefault(table, self._out(table))
            for low, high in spool.ranges():
                self._compare_range(table, told, spool, (low, high), out, compared)
            if table is HOUSEHOLD:
                _tell_copies(spool, compared)
            if told.covers is Covers.WHOLE_ROSTER and spool.rows and self.mends is None:
                self._count(spool, compared)
        enrolments = compared.new.get(ENROLMENTS)
        fresh = pa.concat_tables(enrolments.tables()) if enrolments is not None and enrolments.rows else None
        fresh = fresh if fresh is not None or enrolments is None else ENROLMENTS.schema.empty_table()
        counts = compared.new.get(ROSTER_COUNTS)
        scope = self.gathered.scopes.get(ENROLMENTS)
        counted = set(scope.terms) if scope is not None and counts is not None and counts.rows else set()
        compared.placements = rosters_in.placements(self.home, self.log, fresh, self.met, counted)
        return compared

    def _out(self, table: Table) -> Spool:
        by, grain = ("recorded_at", _HOUR) if self.moment.history else ("line", _LINES)
        return Spool(folder=self.folder, by=by, grain=grain, keeps_in_memory=table.sensitive)

    def _spool(self, table: Table, compared: Compared) -> Spool:
        """The rows of a table; cumulative totals become periods against what is known."""
        spool = self.gathered.spools[table]
        if table is not ATTENDANCE_TOTAL or not spool.rows:
            return spool
        rows, broken = as_periods(self.log, self._stamped(pa.concat_tables(spool.tables())))
        for code, lines in broken.items():
            compared.late.setdefault(code, []).append(lines)
        periods = Spool(folder=self.folder, by=spool.by)
        periods.append(rows)
        return periods

    def _compare_range(
        self, table: Table, told: Told, spool: Spool, limits: tuple[int, int], out: Spool, compared: Compared
    ) -> None:
        low, high = limits
        known = self.log.rows(table, within=Within(column=spool.by, low=low, high=high))
        stamped = self._stamped(spool.within(low, high))
        offered = _without_conflicts(table, stamped, compared)
        offered = _filled(table, told, known, offered)
        if self.stamp is None and table in (ENROLMENTS, STUDENTS):
            for name in _not_told_since(table, told, known, offered):
                compared.note(_came_in_too_late(table[name].label))
        if self.mends is not None:
            offered = versions.not_told_since(table, known, offered, self.mends.number)
        out.append(offered.filter(pa.array(versions.are_new(table, known, offered))))
        gone = self._retractions(table, told, known, stamped, compared)  # told in two ways is no silence
        compared.retracted += gone.num_rows
        out.append(gone)

    def _stamped(self, rows: pa.Table) -> pa.Table:
        if self.stamp is None:
            return rows
        place = rows.schema.get_field_index("recorded_at")
        moments = pa.array(np.full(rows.num_rows, milliseconds(self.stamp)), pa.int64()).cast(INSTANT)
        return rows.set_column(place, rows.schema.field(place), moments)

    # Retractions

    def _retractions(
        self, table: Table, told: Told, known: pa.Table, offered: pa.Table, compared: Compared
    ) -> pa.Table:
        nothing = table.schema.empty_table()
        scope = self.gathered.scopes[table]
        if told.covers is Covers.NOTHING or self.mends or scope.last_day is None or not known.num_rows:
            return nothing
        at = milliseconds(self.stamp) if self.stamp else scope.recorded_at  # of the whole file, not of a range
        recorded_at = pa.scalar(at, pa.int64()).cast(INSTANT)
        before = versions.latest(table, known.filter(pc.less_equal(known.column("recorded_at"), recorded_at)))
        inside = before.filter(pa.array(self._in_scope(told, before, scope)))
        missing = versions.missing_keys(table, inside, offered)
        if table.per_student:
            of_others = ~np.isin(missing.column("student").to_numpy(), self.gathered.spoken_for)
            missing = missing.filter(pa.array(of_others))
        if missing.num_rows and self.gathered.nameless_bad_rows:
            compared.note(_SKIPPED_RETRACTIONS)
            return nothing
        return _as_retractions(table, missing, recorded_at, scope.last_day)

    def _in_scope(self, told: Told, known: pa.Table, scope: Scope) -> npt.NDArray[np.bool_]:
        if told.covers is not Covers.DAYS_OF_GROUPS:
            terms = known.column("academic_year").to_numpy() * 10 + known.column("term").to_numpy()
            of_terms = np.isin(terms, [year * 10 + term for year, term in scope.terms])
            if told.covers is Covers.WHOLE_ROSTER:
                return of_terms
            if told.covers is Covers.WHOLE_TERMS:
                days = zip(*(numbers_of(known.column(name)).tolist() for name in CALENDAR.key), strict=True)
                replaced = replaced_terms(days, scope.terms)
                return np.isin(terms, [year * 10 + term for year, term in replaced])
            groups = pa.array(sorted(self.gathered.class_groups), pa.string())
            return np.asarray(of_terms & pc.is_in(known.column("class_group"), groups).to_numpy())
        students = known.column("student").to_numpy()
        days = known.column("happened_on").cast(pa.int32()).to_numpy()
        members = ledger.numbers_in(self.home.database, self.log.institution, self.gathered.class_groups)
        inside = scope.speaks_of(Scope.pairs(students, days, self.gathered.groups))
        if "session" in known.column_names:  # a flagpole file says nothing of the periods
            inside &= np.isin(known.column("session").to_numpy(), list(scope.sessions))
        return np.asarray(inside & np.isin(students, np.union1d(scope.students, members)))

    # Rosters

    def _count(self, spool: Spool, compared: Compared) -> None:
        offered = self._stamped(pa.concat_tables(spool.tables()))
        count = rosters_in.count(offered)
        rosters_in.refuse_what_cannot_be(
            self.log, count, self.file, confirmed=self.confirm_shrink,
            known_at=None if self.moment.history else self.stamp or self.moment.recorded_at,
        )  # fmt: skip
        twice = rosters_in.on_two_rosters(
            self.home, self.log.institution, set(self.gathered.scopes[ENROLMENTS].terms), self.met
        )
        if len(twice):
            lines = offered.column("line").to_numpy()[np.isin(offered.column("student").to_numpy(), twice)]
            compared.late.setdefault("TWO_INSTITUTIONS", []).append(np.unique(lines))
        if self.gathered.has_bad_rows or "CONFLICTING_ROWS" in compared.late:
            compared.note(_NO_COUNT)
            return
        if SUMMER_TERM in count.column("term").to_pylist():
            compared.note(_SUMMER)
        fresh = count.filter(pa.array(versions.are_new(ROSTER_COUNTS, self.log.rows(ROSTER_COUNTS), count)))
        counts = compared.new.setdefault(ROSTER_COUNTS, self._out(ROSTER_COUNTS))
        counts.append(fresh)


def _without_conflicts(table: Table, offered: pa.Table, compared: Compared) -> pa.Table:
    """Without rows that tell one fact in two ways, unless entry times say which came later: nothing is guessed."""
    keys = versions.row_codes(offered, [*table.key_columns, "recorded_at", "entered_at"])
    values = versions.row_codes(offered, versions.value_columns(table))
    order = np.lexsort((values, keys))
    same_key = keys[order][1:] == keys[order][:-1]
    differs = same_key & (values[order][1:] != values[order][:-1])
    if not differs.any():
        return offered
    wrong = np.isin(keys, keys[order][1:][differs])
    compared.late.setdefault("CONFLICTING_ROWS", []).append(np.unique(offered.column("line").to_numpy()[wrong]))
    return offered.filter(pa.array(~wrong))


def _filled(table: Table, told: Told, known: pa.Table, offered: pa.Table) -> pa.Table:
    """Columns that this source does not have keep what is known of the same key: a source changes only what it tells.

    What was told later than a row is recorded does not enter it: history and replayed files come in behind newer ones.
    """
    told_or_key = {*told.cells, *table.key}
    silent = [column.name for column in table.columns if column.name not in told_or_key]
    if not silent or not known.num_rows or not offered.num_rows:
        return offered
    source = versions.version_before(table, known, offered)
    indices = pa.array(source, mask=source < 0)
    for name in silent:
        place = offered.schema.get_field_index(name)
        offered = offered.set_column(place, offered.schema.field(name), known.column(name).take(indices))
    return offered


def _not_told_since(table: Table, told: Told, known: pa.Table, offered: pa.Table) -> list[str]:
    """The columns that some of these rows tell and the newest version of the same key, recorded later, does not."""
    if not known.num_rows or not offered.num_rows:
        return []
    last = versions.latest(table, known)
    names = list(table.key_columns)
    keys = versions.row_codes(pa.concat_tables([last.select(names), offered.select(names)]), names)
    place = np.full(int(keys.max()) + 1, -1, np.int64)
    place[keys[: last.num_rows]] = np.arange(last.num_rows)
    at = place[keys[last.num_rows :]]
    moments = [rows.column("recorded_at").cast(pa.int64()).to_numpy() for rows in (last, offered)]
    behind = np.flatnonzero((at >= 0) & (np.append(moments[0], 0)[at] > moments[1]))
    newest, these = last.take(pa.array(at[behind])), offered.take(pa.array(behind))
    return [
        column.name
        for column in table.columns
        if column.name in told.cells and column.name not in table.key
        if pc.any(pc.and_(pc.is_valid(these.column(column.name)), pc.is_null(newest.column(column.name)))).as_py()
    ]


def _as_retractions(table: Table, missing: pa.Table, recorded_at: pa.Scalar, last_day: int) -> pa.Table:
    """Records that say: this is no longer told, from the moment the newer file was known."""
    size = missing.num_rows
    day = pa.scalar(last_day, pa.int32()).cast(pa.date32())
    columns: list[pa.Array] = []
    for wanted in table.schema:
        match wanted.name:
            case "recorded_at":
                columns.append(pa.repeat(recorded_at, size).cast(wanted.type))
            case "retracted":
                columns.append(pa.array(np.ones(size, bool)))
            case "line":
                columns.append(pa.array(np.zeros(size, np.int32)))
            case "happened_on" if "happened_on" not in table.key:
                columns.append(pa.repeat(day, size).cast(wanted.type))
            case name if name in table.key_columns:
                columns.append(missing.column(name).combine_chunks())
            case _:
                columns.append(pa.nulls(size, wanted.type))
    return pa.table(columns, schema=table.schema)


def _tell_copies(spool: Spool, compared: Compared) -> None:
    """Households of several students with the same answer to every question."""
    rows = pa.concat_tables(spool.tables()) if spool.rows else HOUSEHOLD.schema.empty_table()
    names = [column.name for column in HOUSEHOLD.columns]
    answers = sum(pc.is_valid(rows.column(name)).to_numpy().astype(int) for name in names)
    same = versions.row_codes(rows, names)
    sizes = np.bincount(same, minlength=1)[same] if len(same) else np.zeros(0, int)
    copied = (sizes >= _COPIES) & (answers >= _LEAST_ANSWERS)
    if copied.any():
        compared.late.setdefault("SAME_AS_OTHERS", []).append(np.unique(rows.column("line").to_numpy()[copied]))
