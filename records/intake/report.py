"""The import report: what became of the rows of one batch, in words a clerk can act on; never a cell of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from records.intake.problems import PROBLEM_OF
from records.text import Text

_SHOWN_LINES = 8


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What became of the rows of one batch; never a cell of them."""

    institution: str
    source: str
    file: str
    ledger_number: int
    rows: int
    accepted: int
    known: int
    fixed: int
    quarantined: int
    retracted: int
    reasons: Mapping[str, int] = field(default_factory=dict)
    lines: Mapping[str, Sequence[int]] = field(default_factory=dict)
    notes: Sequence[Text] = ()

    def text(self) -> str:
        """Rows by verdict, then every reason with its lines and what to mend."""
        lines = [
            f"{self.file} ({self.source}) -> {self.institution}, batch {self.ledger_number}: {self.rows:,} rows, "
            f"{self.accepted:,} accepted, {self.known:,} known, {self.fixed:,} with cells left out, "
            f"{self.quarantined:,} in quarantine, {self.retracted:,} retracted"
        ]
        for code, found in self.lines.items():
            shown = ", ".join(map(str, found[:_SHOWN_LINES])) + (" ..." if len(found) > _SHOWN_LINES else "")
            problem = PROBLEM_OF[code].text
            lines.append(f"  {code} x{len(found)}, lines {shown}: {problem.th} · {problem.en}")
        return "\n".join([*lines, *(f"  {note.th} · {note.en}" for note in self.notes)])
