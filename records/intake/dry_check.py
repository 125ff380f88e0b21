"""How the first rows of a file would be read by a source: the checks of an import, and nothing is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import numpy as np
import pyarrow as pa

from records import ledger
from records.clock import buddhist, local_day
from records.home import DataHome
from records.identity import Identity, Known
from records.intake.checking import Checked, Moment, check
from records.intake.contract import Surroundings
from records.intake.identifying import Identification
from records.intake.problems import PROBLEM_OF, Problem
from records.intake.source import Originals, PeopleCells, Portion, Request, Source
from records.log import EventLog
from records.people import Vault
from records.tables import Table

_ROWS = 5
_BE = 543
_NOT_TOLD = ("student", "line", "recorded_at", "entered_at", "retracted")


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What would become of one row; `read` are its values by place, for the clerk's screen alone."""

    line: int
    problems: Sequence[Problem]
    read: Mapping[str, str] = field(repr=False)

    @property
    def is_taken(self) -> bool:
        return all(problem.warning for problem in self.problems)


class _Onlooker(Vault):
    """A vault that finds people and admits nobody: strangers get numbers that are forgotten at once."""

    def admit(
        self, institution: str, identities: Sequence[Identity], *, batch_token: UUID, seen_on: date | None = None
    ) -> list[Known]:
        found = self.find(institution, identities)
        first = np.iinfo(np.int32).max - len(found)
        return [known or Known(number=first + place, student_id=uuid4()) for place, known in enumerate(found)]


def dry_check(home: DataHome, source: Source, request: Request, *, history: bool) -> list[Verdict]:
    """The verdict on each of the first rows. Raises ImportRefused when the file as a whole cannot be taken."""
    delivery = next(source.deliver(request))
    portion = next(delivery.portions(), None)
    if portion is None:
        return []
    code, now = request.institution, datetime.now(UTC)
    log = EventLog(folder=home.logs, institution=code, index=ledger.log_index(home.database, code), key=home.vault.key)
    vault = _Onlooker(home.vault_database, home.vault.key)
    identification = Identification(
        vault=vault, institution=code, token=uuid4(), seen_on=local_day(request.received_at)
    )
    began = ledger.first_operational(home.database, code)
    moment = Moment(recorded_at=min(request.received_at, now), history=history, operation_began=began)
    first = _first_rows(portion)
    return _verdicts(check(identification, first, Surroundings(log=log), moment))


def _first_rows(portion: Portion) -> Portion:
    """The records that the first lines of a portion tell."""
    last = portion.originals.lines.slice(0, _ROWS)[-1].as_py() if len(portion.originals.lines) else 0
    size = int((portion.lines.to_numpy() <= last).sum())
    return replace(
        portion,
        lines=portion.lines.slice(0, size),
        told=[replace(one, cells=_cut(one.cells, size)) for one in portion.told],
        people=_people_cut(portion.people, size) if portion.people else None,
        originals=Originals(
            headers=portion.originals.headers,
            columns=[column.slice(0, _ROWS) for column in portion.originals.columns],
            lines=portion.originals.lines.slice(0, _ROWS),
        ),
        warnings={code: rows[rows < size] for code, rows in portion.warnings.items()},
        ragged=(),
    )


def _cut(cells: Mapping[str, pa.Array], size: int) -> dict[str, pa.Array]:
    return {name: column.slice(0, size) for name, column in cells.items()}


def _people_cut(people: PeopleCells, size: int) -> PeopleCells:
    cells = {name: value for name, value in vars(people).items() if name != "admits" and value is not None}
    return replace(people, **_cut(cells, size))


def _verdicts(checked: Checked) -> list[Verdict]:
    lines = checked.portion.lines.to_numpy()
    found = checked.findings.lines_of(lines)
    return [
        Verdict(
            line=line,
            problems=[PROBLEM_OF[code] for code, told in found.items() if line in told],
            read={place: said for one in checked.tables for place, said in _read(one.told.table, one.rows, line)},
        )
        for line in np.unique(lines).tolist()
    ]


def _read(table: Table, rows: pa.Table, line: int) -> list[tuple[str, str]]:
    """The values of a line as the log would have them, codes with their Thai label."""
    own = rows.filter(pa.array(rows.column("line").to_numpy() == line))
    told = own.slice(0, 1).to_pylist()
    return [
        (f"{table.name}.{name}", _said(table, name, value))
        for row in told
        for name, value in row.items()
        if value is not None and name not in _NOT_TOLD
    ]


def _said(table: Table, name: str, value: object) -> str:
    if isinstance(value, date):
        return buddhist(value)
    if isinstance(value, int) and name.endswith("_year"):
        return str(value + _BE)
    codes = None if name == "happened_on" else table[name].codes
    if codes is not None and isinstance(value, int):
        return codes.codes[value].label.th
    return str(value)
