"""A delivery checked: every row parsed, its person found, its problems named; nothing compared or stored yet."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from records.clock import BANGKOK, local_day, milliseconds
from records.constraints import OnDays
from records.intake import normalise
from records.intake.parsing import Parsed, parse_column, without
from records.intake.source import Cells, Delivery, PeopleCells, Told
from records.people import FullName, Identity, IdKind, Known, Vault
from records.tables import ATTENDANCE_TOTAL, CALENDAR, Column, Kind, Use
from records.text import Text

Problems = npt.NDArray[np.object_]
_INSTANT = pa.timestamp("ms", tz="UTC")
_HAPPENED_ON = Column(
    name="happened_on",
    kind=Kind.DATE,
    use=Use.FEATURE,
    required=True,
    constraint=OnDays(first=date(2000, 1, 1), last=date(2100, 12, 31)),
    label=Text(th="วันที่เกิด", en="happened on"),
)


@dataclass(frozen=True, kw_only=True)
class Moment:
    """When a delivery counts as known: `recorded_at` in operation; for history, before `operation_began` and row by row."""

    recorded_at: datetime
    history: bool
    operation_began: datetime | None


@dataclass(frozen=True, kw_only=True)
class CheckedTable:
    """Rows of one table in its own schema, with the row of the delivery each came from."""

    told: Told
    rows: pa.Table
    spoken_for: npt.NDArray[np.int64]
    """Student numbers named by rows that could not be taken: their silence is no retraction."""


@dataclass(frozen=True, kw_only=True)
class Checked:
    tables: Sequence[CheckedTable]
    problems: Mapping[int, list[str]]
    """Row of the delivery → codes of every rule it broke."""
    emptied: Sequence[tuple[int, str, str]]
    """(row, column, original cell) of optional cells that said nothing usable and were left out."""
    known: Sequence[Known | None]
    nameless_bad_rows: bool

    def counts(self) -> Counter[str]:
        return Counter(code for codes in self.problems.values() for code in codes)


def check(vault: Vault, delivery: Delivery, moment: Moment, *, token: UUID) -> Checked:
    """Parse and judge every row. Rosters admit their people to the vault here, before any record names them."""
    size = len(delivery.lines)
    problems: dict[int, list[str]] = {}
    emptied: list[tuple[int, str, str]] = []
    parsed = [_parse_table(told, size, problems, emptied) for told in delivery.told]
    for told, columns in zip(delivery.told, parsed, strict=True):
        _judge_dates(told, columns, moment, problems)
    known = _find_people(vault, delivery, problems, token)
    good = np.array([row not in problems for row in range(size)], bool)
    tables = [
        CheckedTable(
            told=told,
            rows=_rows(told, columns, known, delivery.lines, moment).filter(
                pa.array(good & _says_something(told, columns, size))
            ),
            spoken_for=np.array(sorted({known[row].number for row in problems if known[row]}), np.int64),  # type: ignore[union-attr]
        )
        for told, columns in zip(delivery.told, parsed, strict=True)
    ]
    nameless = delivery.people is not None and any(known[row] is None for row in problems)
    return Checked(
        tables=tables,
        problems=problems,
        emptied=emptied,
        known=known,
        nameless_bad_rows=nameless or bool(delivery.ragged),
    )


def recorded(checked: Checked, at: datetime) -> Checked:
    """The same rows, recorded at another moment."""
    tables = []
    for one in checked.tables:
        place = one.rows.schema.get_field_index("recorded_at")
        moments = pa.array(np.full(one.rows.num_rows, milliseconds(at)), pa.int64()).cast(_INSTANT)
        tables.append(replace(one, rows=one.rows.set_column(place, one.rows.schema.field(place), moments)))
    return replace(checked, tables=tables)


def _parse_table(
    told: Told, size: int, problems: dict[int, list[str]], emptied: list[tuple[int, str, str]]
) -> dict[str, Parsed]:
    columns = [_HAPPENED_ON, *told.table.columns]
    parsed = {
        column.name: parse_column(column, told.cells[column.name]) for column in columns if column.name in told.cells
    }
    for column in columns:
        if column.name not in parsed:
            continue
        bad = np.flatnonzero(parsed[column.name].problems != "")
        for row in bad:
            reason = str(parsed[column.name].problems[row])
            if column.required or column.name in told.table.key or column.name == "happened_on":
                problems.setdefault(int(row), []).append(reason)
            else:
                emptied.append((int(row), column.name, _cell(told.cells[column.name], int(row))))
        if len(bad) and not column.required:
            values = without(parsed[column.name].values, parsed[column.name].problems != "")
            parsed[column.name] = Parsed(values=values, problems=parsed[column.name].problems)
    if told.table is ATTENDANCE_TOTAL:
        _judge_totals(parsed, size, problems)
    return parsed


def _cell(cells: Cells, row: int) -> str:
    return str(cells[row].as_py())


def _judge_totals(parsed: Mapping[str, Parsed], size: int, problems: dict[int, list[str]]) -> None:
    total = np.zeros(size)
    for name in ("present", "absent", "leave"):
        if name in parsed:
            total += parsed[name].values.fill_null(0).to_numpy(zero_copy_only=False)
    held = parsed["held"].values.fill_null(0).to_numpy(zero_copy_only=False)
    for row in np.flatnonzero(total > held):
        problems.setdefault(int(row), []).append("TOTAL_TOO_LARGE")


def _judge_dates(told: Told, parsed: Mapping[str, Parsed], moment: Moment, problems: dict[int, list[str]]) -> None:
    if told.table is CALENDAR:  # a calendar tells days to come
        return
    days = _days(parsed["happened_on"].values)
    received = np.datetime64(local_day(moment.recorded_at))
    for row in np.flatnonzero(days > received):
        problems.setdefault(int(row), []).append("DATE_IN_FUTURE")
    if moment.history and moment.operation_began is not None:
        for row in np.flatnonzero(days >= np.datetime64(local_day(moment.operation_began))):
            problems.setdefault(int(row), []).append("NOT_HISTORY")


def _days(values: pa.Array) -> npt.NDArray[np.datetime64]:
    """Dates as NumPy days; a missing one is 1970, which no rule minds."""
    return np.asarray(values.cast(pa.int32()).fill_null(0).to_numpy().astype("datetime64[D]"))


def _says_something(told: Told, parsed: Mapping[str, Parsed], size: int) -> npt.NDArray[np.bool_]:
    """Rows that say more than a day: a roster with a column about households need not tell about every one."""
    says = np.zeros(size, bool)
    for column in told.table.columns:
        if column.name in parsed:
            says |= pc.is_valid(parsed[column.name].values).to_numpy(zero_copy_only=False)
    return says


# People


def _find_people(vault: Vault, delivery: Delivery, problems: dict[int, list[str]], token: UUID) -> list[Known | None]:
    size = len(delivery.lines)
    if delivery.people is None:
        return [None] * size
    identities = _identities(delivery.people, size)
    distinct = {identity: position for position, identity in enumerate(dict.fromkeys(identities))}
    asked = [_identity(parts) for parts in distinct]
    usable = [identity for identity in asked if identity.identifiers]
    # Only people of rows that can be taken become students: a row in quarantine must not leave a person behind.
    found = (
        _admit(vault, delivery.institution, asked, identities, problems, token)
        if delivery.people.admits
        else dict(zip(map(id, usable), vault.find(delivery.institution, usable), strict=True))
    )
    known: list[Known | None] = []
    for row, parts in enumerate(identities):
        identity = asked[distinct[parts]]
        person = found.get(id(identity))
        if not identity.identifiers:
            problems.setdefault(row, []).append("NO_STUDENT_ID")
        elif person is None and row not in problems:
            problems.setdefault(row, []).append("UNKNOWN_STUDENT")
        known.append(person)
    return known


_Parts = tuple[str | None, str | None, str | None, str, str, str]


def _admit(
    vault: Vault,
    institution: str,
    asked: Sequence[Identity],
    identities: Sequence[_Parts],
    problems: Mapping[int, list[str]],
    token: UUID,
) -> dict[int, Known | None]:
    distinct = list(dict.fromkeys(identities))
    good = {parts for row, parts in enumerate(identities) if row not in problems}
    admitted = [
        identity for parts, identity in zip(distinct, asked, strict=True) if parts in good and identity.identifiers
    ]
    others = [
        identity for parts, identity in zip(distinct, asked, strict=True) if parts not in good and identity.identifiers
    ]
    found: dict[int, Known | None] = dict(
        zip(map(id, admitted), vault.admit(institution, admitted, batch_token=token), strict=True)
    )
    found.update(zip(map(id, others), vault.find(institution, others), strict=True))
    return found


def _identities(people: PeopleCells, size: int) -> list[_Parts]:
    def cleaned(cells: Cells | None, read: object) -> list[str | None]:
        if cells is None:
            return [None] * size
        memory: dict[str, str | None] = {}
        for text in pc.unique(cells).to_pylist():
            memory[text] = None if text is None or normalise.is_nothing(text) else read(text)  # type: ignore[operator]
        return [memory[text] for text in cells.to_pylist()]

    national = cleaned(people.national, normalise.national_id)
    code = cleaned(people.code, normalise.student_code)
    person = cleaned(people.person, normalise.clean)
    names = [cleaned(cells, normalise.clean) for cells in (people.title, people.first_name, people.last_name)]
    return [
        (n, c, p, title or "", first or "", last or "")
        for n, c, p, title, first, last in zip(national, code, person, *names, strict=True)
    ]


def _identity(parts: _Parts) -> Identity:
    national, code, person, title, first, last = parts
    kinds = {IdKind.NATIONAL: national, IdKind.CODE: code, IdKind.PERSON: person}
    name = FullName(title=title, first_name=first, last_name=last) if first else None
    return Identity(identifiers={kind: value for kind, value in kinds.items() if value is not None}, name=name)


# Rows of the log


def _rows(
    told: Told, parsed: Mapping[str, Parsed], known: Sequence[Known | None], lines: pa.Array, moment: Moment
) -> pa.Table:
    table, size = told.table, len(lines)
    entered = _entered_at(told, size)
    happened = parsed["happened_on"].values.fill_null(date(1970, 1, 1))
    columns: dict[str, pa.Array] = {
        "happened_on": happened,
        "entered_at": entered,
        "recorded_at": _recorded_at(told, happened, entered, moment),
        "line": lines.cast(pa.int32()),
        "retracted": pa.array(np.zeros(size, bool)),
    }
    if table.per_student:
        columns["student"] = pa.array([person.number if person else -1 for person in known], pa.int32())
    for column in table.columns:
        values = parsed[column.name].values if column.name in parsed else pa.nulls(size, column.kind.arrow())
        columns[column.name] = _first_of_month(values) if column.name == "birth_month" else values
    return pa.table([columns[field.name] for field in table.schema], schema=table.schema)


def _first_of_month(values: pa.Array) -> pa.Array:
    """The day of birth stays out of the log: the month is enough for an age."""
    return pc.floor_temporal(values, unit="month").cast(pa.date32())


def _entered_at(told: Told, size: int) -> pa.Array:
    cells = told.cells.get("entered_at")
    if cells is None:
        return pa.nulls(size, _INSTANT)
    if pa.types.is_timestamp(cells.type):
        return (cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells).cast(_INSTANT)
    memory = {text: normalise.parse_instant(text) if text else None for text in pc.unique(cells).to_pylist()}
    return pa.array([memory[text] for text in cells.to_pylist()], _INSTANT)


def _recorded_at(told: Told, happened: pa.Array, entered: pa.Array, moment: Moment) -> pa.Array:
    """One moment for a batch in operation; for history the entry time, else the day plus the source's usual lag."""
    limit = milliseconds(moment.recorded_at)
    if not moment.history:
        return pa.array(np.full(len(happened), limit), pa.int64()).cast(_INSTANT)
    days = _days(happened).astype("datetime64[ms]").astype(np.int64)
    evening = timedelta(days=told.lag_days, hours=18) - (datetime.now(BANGKOK).utcoffset() or timedelta())
    usual = days + int(evening.total_seconds() * 1000)
    told_at = entered.cast(pa.int64()).fill_null(-1).to_numpy()
    return pa.array(np.minimum(np.where(told_at >= 0, told_at, usual), limit), pa.int64()).cast(_INSTANT)
