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

from records.home import DataHome
from records.intake.checking import Checked, Moment, check
from records.intake.contract import Surroundings
from records.intake.findings import Findings, Lines
from records.intake.identifying import Identification
from records.intake.problems import PROBLEM_OF
from records.intake.source import Delivery, Portion, Told
from records.intake.spool import Spool, numbers_of
from records.tables import Table


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

    def holds(self, lines: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
        inside = lines < len(self._marks)
        return inside & self._marks[np.where(inside, lines, 0)]

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

    days: tuple[int, int] | None = None
    recorded_at: int = 0
    students: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    sessions: set[int] = field(default_factory=set)
    terms: set[tuple[int, int]] = field(default_factory=set)

    def take_in(self, rows: pa.Table) -> None:
        if not rows.num_rows:
            return
        days = numbers_of(rows.column("happened_on"))
        low, high = int(days.min()), int(days.max())
        self.days = (low, high) if self.days is None else (min(low, self.days[0]), max(high, self.days[1]))
        self.recorded_at = max(self.recorded_at, int(numbers_of(rows.column("recorded_at")).max()))
        if "student" in rows.column_names:
            self.students = np.union1d(self.students, rows.column("student").to_numpy())
        if "session" in rows.column_names:
            self.sessions |= set(pc.unique(rows.column("session")).to_pylist())
        if "term" in rows.column_names:
            terms = rows.select(["academic_year", "term"]).group_by(["academic_year", "term"]).aggregate([])
            self.terms |= {(row["academic_year"], row["term"]) for row in terms.to_pylist()}


@dataclass(kw_only=True)
class Gathered:
    """A delivery after the rules that look at one row: spools by table, and what is to be told about the rows."""

    told: dict[Table, Told] = field(default_factory=dict)
    spools: dict[Table, Spool] = field(default_factory=dict)
    scopes: dict[Table, Scope] = field(default_factory=dict)
    spoken_for: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    nameless_bad_rows: bool = False
    class_groups: set[str] = field(default_factory=set)
    rows: int = 0
    layout: int = 0
    ragged: list[int] = field(default_factory=list)
    bad_lines: LineSet = field(default_factory=LineSet)
    fixed_lines: LineSet = field(default_factory=LineSet)
    lines_by_code: dict[str, list[Lines]] = field(default_factory=dict)
    fixes: dict[str, int] = field(default_factory=dict)

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
    gathered = Gathered()
    for portion in delivery.portions():
        checked = check(identification, portion, surroundings, moment)
        _take_rows(gathered, checked, folder)
        _take_findings(gathered, checked)
        _keep(home, identification, portion, checked.findings)
        progress("check", len(portion.originals.lines))
    return gathered


def _take_rows(gathered: Gathered, checked: Checked, folder: Path) -> None:
    for one in checked.tables:
        table = one.told.table
        held = gathered.told.get(table)
        if held is None or set(one.told.cells) - set(held.cells):  # a later sheet may have columns of its own
            cells = {**(held.cells if held else {}), **one.told.cells}
            gathered.told[table] = replace(one.told, cells=dict.fromkeys(cells))
        if table not in gathered.spools:
            gathered.spools[table] = Spool(folder=folder, by=compared_by(table))
            gathered.scopes[table] = Scope()
        gathered.spools[table].append(one.rows)
        gathered.scopes[table].take_in(one.rows)
    gathered.spoken_for = np.union1d(gathered.spoken_for, checked.spoken_for)
    gathered.nameless_bad_rows |= checked.nameless_bad_rows
    groups = checked.portion.class_groups
    if groups is not None:
        gathered.class_groups |= {group for group in pc.unique(groups).to_pylist() if group}


def compared_by(table: Table) -> str:
    """The column by which a table's rows fall into parts that know nothing of each other: it belongs to the key."""
    return "happened_on" if "happened_on" in table.key or not table.per_student else "student"


def _take_findings(gathered: Gathered, checked: Checked) -> None:
    portion, findings = checked.portion, checked.findings
    lines = portion.lines.to_numpy()
    gathered.rows += len(portion.originals.lines) + len(portion.ragged) + len(portion.layout)
    gathered.layout += len(portion.layout)
    gathered.ragged += [line for line, _ in portion.ragged]
    gathered.bad_lines.add(lines[findings.bad()])
    for code, found in findings.lines_of(lines).items():
        gathered.lines_by_code.setdefault(code, []).append(found)
    for fix in findings.fixes:
        gathered.fixed_lines.add(lines[fix.rows])
        gathered.fixes[fix.code] = gathered.fixes.get(fix.code, 0) + len(fix.rows)


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
