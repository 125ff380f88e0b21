"""What was found about the rows of a file: problems and warnings by row, and the fixes with the cells as they were."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from records.intake.parsing import Places
from records.intake.problems import PROBLEM_OF
from records.intake.source import Cells

Lines = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Fix:
    """Cells that were read only after a repair, or left out: what was done, in which column, and the cells themselves."""

    code: str
    column: str
    table: str = "person"
    """The table of the column; `person` for what names somebody."""
    rows: Places
    cells: Cells

    def originals(self, lines: Lines) -> Iterable[tuple[int, str, str, str]]:
        """(line, column, fix, cell as the file has it)."""
        for row in self.rows:
            yield int(lines[row]), self.column, self.code, str(self.cells[int(row)].as_py() or "")


@dataclass(frozen=True, kw_only=True)
class Findings:
    """Problems of a portion of `size` rows, gathered while it is checked."""

    size: int
    problems: dict[str, list[Places]] = field(default_factory=dict)
    fixes: list[Fix] = field(default_factory=list)
    columns: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    """The columns, as (table, column), in which cells broke each rule."""
    statuses: dict[int, list[Places]] = field(default_factory=dict)
    """Enrolment statuses that stand in the name, such as (ลาออก), and the rows."""

    def add(self, code: str, rows: Places) -> None:
        """Some rows break the rule of this code."""
        if len(rows):
            self.problems.setdefault(code, []).append(rows)

    def bad(self) -> npt.NDArray[np.bool_]:
        """Rows that cannot be taken: they break a rule that is more than a warning."""
        bad = np.zeros(self.size, bool)
        for code, places in self.problems.items():
            if not PROBLEM_OF[code].warning:
                for rows in places:
                    bad[rows] = True
        return bad

    def lines_of(self, lines: Lines) -> dict[str, Lines]:
        """The lines of the file that broke each rule."""
        return {code: np.unique(lines[np.concatenate(places)]) for code, places in self.problems.items()}

    def codes_by_line(self, lines: Lines) -> dict[int, list[str]]:
        """For each line that goes into quarantine every rule it broke, warnings too."""
        by_code = self.lines_of(lines)
        taken_out = [found for code, found in by_code.items() if not PROBLEM_OF[code].warning]
        kept: dict[int, list[str]] = (
            {int(line): [] for line in np.unique(np.concatenate(taken_out))} if taken_out else {}
        )
        for code, found in by_code.items():
            for line in found:
                if int(line) in kept:
                    kept[int(line)].append(code)
        return kept


def some(rows: Sequence[int]) -> Places:
    return np.array(rows, np.int64)
