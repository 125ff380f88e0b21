"""All portions of a delivery checked: good rows wait in spools, bad ones are kept sealed, and everything is counted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from uuid import UUID

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from records import ledger
from records.home import DataHome
from records.intake.checking import HAPPENED_ON, Checked, Moment, check
from records.intake.contract import Surroundings
from records.intake.findings import Findings, Lines
from records.intake.identifying import Identification
from records.intake.parsing import LEFT_OUT
from records.intake.problems import PROBLEM_OF
from records.intake.source import Covers, Delivery, Portion, Told
from records.intake.spool import Spool, numbers_of
from records.tables import TABLE_OF, Table

_WEEK = 7
_DAYS = 1_000_000  # more days than a calendar of ours has


@dataclass(kw_only=True)
class LineSet:
    """A set of lines of a file: one byte a line, however many there are."""

    _marks: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(1024, bool))

    def add(self, lines: npt.NDArray[np.integer]) -> None:
        if not len(lines):
            return
        if (highest := int(lines.max())) >= len(self._marks):
            self._marks = np.concatenate(
                [self._marks, np.zeros(max(highest + 1, 2 * len(self._marks)) - len(self._marks), bool)]
            )
        self._marks[lines] = True

    def copy(self) -> "LineSet":
        return LineSet(_marks=self._marks.copy())

    def without(self, other: "LineSet") -> int:
        """How many lines are in this set and not in the other."""
        shared = min(len(self._marks), len(other._marks))
        both = int((self._marks[:shared] & other._marks[:shared]).sum())
        return int(self._marks.sum()) - both

    def __len__(self) -> int:
        return int(self._marks.sum())


@dataclass(kw_only=True)
class Scope:
    """What the rows of a table speak of: retractions stay inside it."""

    last_day: int | None = None
    group_days: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """Class group (by its place) and day of every row, as one number each: what is in no such pair is not spoken of."""
    recorded_at: int = 0
    students: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    sessions: set[int] = field(default_factory=set)
    terms: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    """The first and last day of the rows of each academic year and term."""

    def take_in(self, rows: pa.Table, groups: npt.NDArray[np.int64]) -> None:
        if not rows.num_rows:
            return
        days = numbers_of(rows.column("happened_on"))
        self.last_day = max(int(days.max()), self.last_day or int(days.max()))
        self.recorded_at = max(self.recorded_at, int(numbers_of(rows.column("recorded_at")).max()))
        if "student" in rows.column_names:
            students = rows.column("student").to_numpy()
            self.students = np.union1d(self.students, students)
            self.group_days = np.union1d(self.group_days, self.pairs(students, days, groups))
        if "session" in rows.column_names:
            self.sessions |= set(pc.unique(rows.column("session")).to_pylist())
        if "term" in rows.column_names:
            self._take_in_terms(rows.select(["academic_year", "term"]).append_column("day", pa.array(days)))

    def _take_in_terms(self, rows: pa.Table) -> None:
        told = rows.group_by(["academic_year", "term"]).aggregate([("day", "min"), ("day", "max")])
        for row in told.to_pylist():
            term, first, last = (row["academic_year"], row["term"]), row["day_min"], row["day_max"]
            known = self.terms.get(term, (first, last))
            self.terms[term] = min(first, known[0]), max(last, known[1])

    def speaks_of(self, pairs: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Whether a class group's day is one of the file's, or lies between two of them that are a week apart at most.

        A file of one week speaks of a day of it without any row; one mistyped year does not speak of a whole year.
        """
        if not len(self.group_days):
            return np.zeros(len(pairs), bool)
        last = len(self.group_days) - 1
        before = self.group_days[np.clip(np.searchsorted(self.group_days, pairs, side="right") - 1, 0, last)]
        after = self.group_days[np.clip(np.searchsorted(self.group_days, pairs, side="left"), 0, last)]
        return np.asarray((before <= pairs) & (pairs <= after) & (after - before <= _WEEK))

    @staticmethod
    def pairs(
        students: npt.NDArray[np.int64], days: npt.NDArray[np.int64], groups: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.int64]:
        """One number for the class group of each student and its day; who has no class group is a group alone."""
        inside = students < len(groups)
        held = np.where(inside, groups[np.where(inside, students, 0)] if len(groups) else -1, -1)
        group = np.where(held >= 0, held, -2 - students)
        return np.asarray(group.astype(np.int64) * _DAYS + days)


@dataclass(kw_only=True)
class Gathered:
    """A delivery after the rules that look at one row: spools by table, and what is to be told about the rows."""

    told: dict[Table, Told] = field(default_factory=dict)
    spools: dict[Table, Spool] = field(default_factory=dict)
    scopes: dict[Table, Scope] = field(default_factory=dict)
    spoken_for: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    nameless_bad_rows: bool = False
    class_groups: set[str] = field(default_factory=set)
    groups: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """The class group of every student number, by its place; -1 for none."""
    columns_by_code: dict[str, set[str]] = field(default_factory=dict)
    rows: int = 0
    layout: int = 0
    ragged: list[int] = field(default_factory=list)
    stated: list[tuple[int, int]] = field(default_factory=list)
    """Rows of totals on a roster that state how many people there are: (line, people)."""
    people_rows: int = 0
    bad_lines: LineSet = field(default_factory=LineSet)
    fixed_lines: LineSet = field(default_factory=LineSet)
    lines_by_code: dict[str, list[Lines]] = field(default_factory=dict)
    fixes: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, list[Lines]] = field(default_factory=dict)
    """The lines with a cell that was left out, by the header of its column."""

    @property
    def has_bad_rows(self) -> bool:
        return bool(len(self.bad_lines)) or bool(self.ragged)

    def close(self) -> None:
        for spool in self.spools.values():
            spool.close()


def gather(
    home: DataHome,
    delivery: Delivery,
    identification: Identification,
    surroundings: Surroundings,
    moment: Moment,
    *,
    folder: Path,
    progress: Callable[[str, int], None],
) -> Gathered:
    """Check every portion and keep its bad rows; nothing is compared with the log yet."""
    gathered = Gathered(groups=ledger.group_places(home.database, delivery.institution))
    for portion in delivery.portions():
        checked = check(identification, portion, surroundings, moment)
        _take_rows(gathered, checked, folder)
        _take_findings(gathered, checked, delivery)
        _keep(home, identification, portion, checked.findings)
        progress("check", len(portion.originals.lines))
    return gathered


def _take_rows(gathered: Gathered, checked: Checked, folder: Path) -> None:
    for one in checked.tables:
        table = one.told.table
        held = gathered.told.get(table)
        if held is None or set(one.told.cells) - set(held.cells):  # a later sheet may have columns of its own
            cells = {**(held.cells if held else {}), **one.told.cells}
            held = gathered.told[table] = replace(held or one.told, cells=dict.fromkeys(cells))
        if one.told.covers is Covers.NOTHING:  # one part that is not whole makes the file not whole
            gathered.told[table] = replace(held, covers=Covers.NOTHING)
        if table not in gathered.spools:
            gathered.spools[table] = Spool(folder=folder, by=compared_by(table), keeps_in_memory=table.sensitive)
            gathered.scopes[table] = Scope()
        gathered.spools[table].append(one.rows)
        gathered.scopes[table].take_in(one.rows, gathered.groups)
    gathered.spoken_for = np.union1d(gathered.spoken_for, checked.spoken_for)
    gathered.nameless_bad_rows |= checked.nameless_bad_rows
    groups = checked.portion.class_groups
    if groups is not None:
        gathered.class_groups |= {group for group in pc.unique(groups).to_pylist() if group}


def compared_by(table: Table) -> str:
    """The column by which a table's rows fall into parts that know nothing of each other: it belongs to the key."""
    return "happened_on" if "happened_on" in table.key or not table.per_student else "student"


def _take_findings(gathered: Gathered, checked: Checked, delivery: Delivery) -> None:
    portion, findings = checked.portion, checked.findings
    lines = portion.lines.to_numpy()
    gathered.rows += len(portion.originals.lines) + len(portion.ragged) + len(portion.layout)
    gathered.layout += len(portion.layout)
    if portion.people is not None and portion.people.admits:
        gathered.stated += [(line, int(kind.split()[1])) for line, kind in portion.layout if " " in kind]
        gathered.people_rows += len(portion.originals.lines)
    gathered.ragged += [line for line, _ in portion.ragged]
    gathered.bad_lines.add(lines[findings.bad()])
    for code, found in findings.lines_of(lines).items():
        gathered.lines_by_code.setdefault(code, []).append(found)
    for code, columns in findings.columns.items():
        gathered.columns_by_code.setdefault(code, set()).update(_header(delivery, *column) for column in columns)
    for fix in findings.fixes:
        gathered.fixed_lines.add(lines[fix.rows])
        gathered.fixes[fix.code] = gathered.fixes.get(fix.code, 0) + len(fix.rows)
        if fix.code == LEFT_OUT:
            gathered.left_out.setdefault(_header(delivery, fix.table, fix.column), []).append(lines[fix.rows])


def _header(delivery: Delivery, table: str, column: str) -> str:
    """The header of a column in the file, or our label where its cells come from no one column."""
    in_file = delivery.headers.get(f"{table}.{column}") or delivery.headers.get(f"*.{column}")
    if in_file or table not in TABLE_OF:
        return in_file or column
    return (HAPPENED_ON if column == HAPPENED_ON.name else TABLE_OF[table][column]).label.th


def _keep(home: DataHome, identification: Identification, portion: Portion, findings: Findings) -> None:
    """Bad rows go sealed into the vault, with every header and cell they had; cells that were changed as well."""
    lines = portion.lines.to_numpy()
    codes = findings.codes_by_line(lines)
    keep_rows(home, identification.token, identification.institution, portion, codes)
    cells = [kept for fix in findings.fixes for kept in fix.originals(lines)]
    if cells:
        home.quarantine.keep_originals(identification.token, cells)


def keep_rows(
    home: DataHome, token: UUID, institution: str, portion: Portion, codes: Mapping[int, Sequence[str]]
) -> None:
    """Keep lines of a portion with the rules they broke, and its ragged rows."""
    rows = ((line, broken, portion.originals.row(line)) for line, broken in codes.items())
    ragged = ((line, ["RAGGED_ROW"], {"row": text}) for line, text in portion.ragged)
    if codes or portion.ragged:
        home.quarantine.keep(token, institution, chain(rows, ragged))


def keep_late(home: DataHome, token: UUID, delivery: Delivery, late: Mapping[str, Lines]) -> None:
    """Keep rows that turned out bad only beside other rows: the file is read again for them."""
    codes: dict[int, list[str]] = {}
    for code, lines in late.items():
        if not PROBLEM_OF[code].warning:
            for line in lines:
                codes.setdefault(int(line), []).append(code)
    if not codes:
        return
    for portion in delivery.portions():
        here = set(np.unique(portion.lines.to_numpy()).tolist()) & set(codes)
        bare = Portion(lines=portion.lines, told=(), originals=portion.originals)
        keep_rows(home, token, delivery.institution, bare, {line: codes[line] for line in sorted(here)})
