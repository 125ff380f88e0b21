"""The import report: what became of the rows of one batch, in words a clerk can act on; never a cell of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from records.home import DataHome
from records.intake.fixes import FIX_OF
from records.intake.parsing import LEFT_OUT
from records.intake.problems import PROBLEM_OF
from records.intake.source import SHEET_STEP, Delivery
from records.ledger import BatchRow
from records.text import Text

if TYPE_CHECKING:
    from records.intake.comparing import Compared
    from records.intake.findings import Lines
    from records.intake.gathering import Gathered, LineSet

_SHOWN_LINES = 8
_KEPT_LINES = 2_000  # lines that a report lists by reason; all of them are in the quarantine workbook
_EPOCH = date(1970, 1, 1)
_BE = 543


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What became of the rows of one batch; never a cell of them.

    accepted + known + quarantined + layout = rows; `fixed` of those taken had a cell mended or left out. `reasons` and
    `lines` are of rows in quarantine, `warnings` of rows that were taken all the same, `fixes` count cells.
    """

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
    layout: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    lines: Mapping[str, Sequence[int]] = field(default_factory=dict)
    warnings: Mapping[str, Sequence[int]] = field(default_factory=dict)
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The columns, by their headers in the file, in which cells broke each rule."""
    fixes: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    """How many lines have a cell that was left out, by the header of its column; `left_out_lines` are which."""
    left_out_lines: Mapping[str, Sequence[int]] = field(default_factory=dict)
    dropped: Sequence[str] = ()
    unmapped: Sequence[str] = ()
    sheets: Sequence[str] = ()
    newest_day: date | None = None
    notes: Sequence[Text] = ()

    def counts(self) -> dict[str, int]:
        """Rows by verdict, as the ledger keeps them."""
        names = ("rows", "accepted", "known", "fixed", "quarantined", "retracted", "layout")
        return {name: getattr(self, name) for name in names}

    def numbered(self, ledger_number: int) -> "ImportReport":
        return replace(self, ledger_number=ledger_number)

    def at(self, lines: Mapping[int, int], sheets: Sequence[str]) -> "ImportReport":
        """The same with its lines as those of another file and its sheets: `lines` says which each is there."""

        def there(told: Mapping[str, Sequence[int]]) -> dict[str, list[int]]:
            return {name: sorted(lines[line] for line in found if line in lines) for name, found in told.items()}

        left_out = there(self.left_out_lines)
        return replace(
            self, sheets=sheets, lines=there(self.lines), warnings=there(self.warnings), left_out_lines=left_out
        )

    def place(self, line: int) -> str:
        """A line as a person finds it: with the name of its sheet where there are several."""
        sheet, row = divmod(line, SHEET_STEP)
        return f"{self.sheets[sheet]}!{row}" if len(self.sheets) > 1 else str(row if self.sheets else line)

    def text(self) -> str:
        """Rows by verdict, then every reason with its lines and what to mend."""
        head = (
            f"{self.file} ({self.source}) -> {self.institution}, batch {self.ledger_number}: {self.rows:,} rows, "
            f"{self.accepted:,} accepted, {self.known:,} known, {self.quarantined:,} in quarantine, "
            f"{self.layout:,} layout; {self.fixed:,} with fixes, {self.retracted:,} retracted"
        )
        thai = (
            f"  อ่าน {self.rows:,} แถว รับเข้า {self.accepted:,} ทราบอยู่แล้ว {self.known:,} กักไว้ {self.quarantined:,} "
            f"ไม่ใช่ข้อมูล {self.layout:,} · แก้ให้ {self.fixed:,} ถอนคืน {self.retracted:,}"
        )
        lines = [head, thai]
        if self.newest_day is not None:
            day = f"{self.newest_day:%d/%m}/{self.newest_day.year + _BE}"
            lines.append(f"  ข้อมูลถึงวันที่ {day} · data up to {self.newest_day.isoformat()}")
        lines += [self._told(code, found, "✗", self.reasons[code]) for code, found in self.lines.items()]
        lines += [self._told(code, found, "!", len(found)) for code, found in self.warnings.items()]
        for code, count in self.fixes.items():
            lines.append(f"  ~ {code} x{count:,}: {FIX_OF[code].text.th} · {FIX_OF[code].text.en}")
            if code == LEFT_OUT:
                lines += [
                    f"    x{self.left_out[header]:,}{self._where(header, at)}"
                    for header, at in self.left_out_lines.items()
                ]
        if self.dropped:
            names = ", ".join(self.dropped)
            lines.append(f"  ไม่นำเข้าโดยตั้งใจ: {names} · left out on purpose: {names}")
        if self.unmapped:
            names = ", ".join(self.unmapped)
            lines.append(f"  คอลัมน์ที่ไม่รู้จัก: {names} · columns that nothing here knows: {names}")
        return "\n".join([*lines, *(f"  {note.th} · {note.en}" for note in self.notes)])

    def _told(self, code: str, found: Sequence[int], mark: str, count: int) -> str:
        text = PROBLEM_OF[code].text
        where = self._where(", ".join(self.columns.get(code, ())), found)
        return f"  {mark} {code} x{count:,}{where}: {text.th} · {text.en}"

    def _where(self, columns: str, found: Sequence[int]) -> str:
        shown = ", ".join(map(self.place, found[:_SHOWN_LINES])) + (" ..." if len(found) > _SHOWN_LINES else "")
        return f"{f', ช่อง (column) {columns}' if columns else ''}, บรรทัด (lines) {shown}"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What checking, comparing and writing one delivery brought, before it is committed."""

    gathered: "Gathered"
    compared: "Compared"
    late: Mapping[str, "Lines"]
    """Lines that turned out wrong only beside other rows, by code."""
    new_lines: "LineSet"
    newest_day: int | None
    seen_before: BatchRow | None

    def bad_lines(self) -> "LineSet":
        """The lines of which something could not be taken."""
        bad = self.gathered.bad_lines.copy()
        for code, lines in self.late.items():
            if not PROBLEM_OF[code].warning:
                bad.add(lines)
        return bad

    def lines_by_code(self) -> dict[str, "Lines"]:
        """The lines that broke each rule."""
        by_code = {code: list(found) for code, found in self.gathered.lines_by_code.items()}
        for code, lines in self.late.items():
            by_code.setdefault(code, []).append(lines)
        if self.gathered.ragged:
            by_code["RAGGED_ROW"] = [np.array(self.gathered.ragged, np.int64)]
        return {code: np.unique(np.concatenate(parts)) for code, parts in by_code.items()}


def reported(home: DataHome, delivery: Delivery, source: str, file: str, outcome: Outcome) -> ImportReport:
    """The report of a batch that is about to be committed."""
    gathered, compared = outcome.gathered, outcome.compared
    found = outcome.lines_by_code()
    reasons = {code: lines for code, lines in found.items() if not PROBLEM_OF[code].warning}
    left_out = {header: np.unique(np.concatenate(parts)) for header, parts in gathered.left_out.items()}
    bad = outcome.bad_lines()
    quarantined = len(bad) + len(gathered.ragged)
    accepted = outcome.new_lines.without(bad)
    day, before = outcome.newest_day, outcome.seen_before
    return ImportReport(
        institution=delivery.institution,
        source=source,
        file=file,
        ledger_number=0,
        rows=gathered.rows,
        accepted=accepted,
        known=gathered.rows - gathered.layout - quarantined - accepted,
        fixed=gathered.fixed_lines.without(bad),
        quarantined=quarantined,
        retracted=compared.retracted,
        layout=gathered.layout,
        reasons={code: len(lines) for code, lines in reasons.items()},
        lines={code: lines[:_KEPT_LINES].tolist() for code, lines in reasons.items()},
        warnings={code: lines[:_KEPT_LINES].tolist() for code, lines in found.items() if code not in reasons},
        columns={code: sorted(columns) for code, columns in gathered.columns_by_code.items()},
        fixes=dict(gathered.fixes),
        left_out={header: len(lines) for header, lines in left_out.items()},
        left_out_lines={header: lines[:_KEPT_LINES].tolist() for header, lines in left_out.items()},
        dropped=delivery.dropped,
        unmapped=delivery.unmapped,
        sheets=delivery.sheets,
        newest_day=None if day is None else _EPOCH + timedelta(days=day),
        notes=[
            *delivery.notes,
            *delivery.beside(home),
            *_totals_off(gathered),
            *compared.notes,
            *([_seen_before(before)] if before else []),
        ],
    )


def _totals_off(gathered: "Gathered") -> list[Text]:
    """What the totals rows of a roster say together, where it is not how many rows there are."""
    said = sum(people for _, people in gathered.stated)
    if not gathered.stated or said == gathered.people_rows:
        return []
    rows = gathered.people_rows
    return [
        Text(
            th=f"แถวรวมในไฟล์บอกจำนวนคน {said:,} แต่มี {rows:,} แถว ตรวจว่าส่งออกครบหรือไม่",
            en=f"the totals row of the file says {said:,} people, and there are {rows:,} rows: see whether the export is whole",
        )
    ]


def nothing_new(source: str, delivery: Delivery, file: str, before: BatchRow) -> ImportReport:
    """This very file is in the log already, whole: it adds nothing, whichever file came in between."""
    rows, layout = before.counts["rows"], before.counts.get("layout", 0)
    return ImportReport(
        institution=delivery.institution,
        source=source,
        file=file,
        ledger_number=before.number,
        rows=rows,
        accepted=0,
        known=rows - layout,
        fixed=0,
        quarantined=0,
        retracted=0,
        layout=layout,
        notes=[_seen_before(before)],
    )


def _seen_before(before: BatchRow) -> Text:
    return Text(
        th=f"ไฟล์นี้เคยนำเข้าแล้วเป็นชุดที่ {before.number}",
        en=f"this very file was taken in before, as batch {before.number}",
    )
