"""A portion checked: every row parsed, its person found, every rule it breaks named; nothing compared or stored yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from records.clock import BANGKOK, local_day, milliseconds
from records.codes import ENROLMENT_STATUSES, NATIONALITY_GROUPS
from records.constraints import OnDays
from records.intake import normalise
from records.intake.contract import Surroundings, judge
from records.intake.findings import Findings, Fix
from records.intake.identifying import Identification
from records.intake.parsing import LEFT_OUT, Codes, Parsed, combined, parse_column, without
from records.intake.source import Portion, Told
from records.tables import CALENDAR, ENROLMENTS, STUDENTS, Column, Kind, Use
from records.text import Text

INSTANT = pa.timestamp("ms", tz="UTC")
_AGES = (3, 60)  # of who learns, in years (domain 2.10)
_DAYS_A_YEAR = 365.25
HAPPENED_ON = Column(
    name="happened_on",
    kind=Kind.DATE,
    use=Use.FEATURE,
    required=True,
    constraint=OnDays(first=date(2000, 1, 1), last=date(2100, 12, 31)),
    label=Text(th="วันที่", en="day"),  # วันที่เกิด would be read as the day of birth
)


@dataclass(frozen=True, kw_only=True)
class Moment:
    """When a delivery counts as known: `recorded_at` in operation; for history, before `operation_began` and row by row."""

    recorded_at: datetime
    history: bool
    operation_began: datetime | None


@dataclass(frozen=True, kw_only=True)
class CheckedTable:
    """Rows of one table, in its own schema, that can be taken."""

    told: Told
    rows: pa.Table


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A portion after all rules that look at one row."""

    portion: Portion
    tables: Sequence[CheckedTable]
    findings: Findings
    spoken_for: npt.NDArray[np.int64]
    """Student numbers named by rows that could not be taken: their silence is no retraction."""
    nameless_bad_rows: bool
    """Whether some row that could not be taken names nobody we know."""


def check(identification: Identification, portion: Portion, surroundings: Surroundings, moment: Moment) -> Checked:
    """Parse and judge every row. Rosters admit their people to the vault here, before any record names them."""
    size = len(portion.lines)
    findings = Findings(size=size)
    parsed = [_parse_table(told, moment, findings) for told in portion.told]
    for code, rows in portion.warnings.items():
        findings.add(code, rows)
    for told, columns in zip(portion.told, parsed, strict=True):
        _judge_dates(told, columns, moment, findings)
    numbers = np.full(size, -1, np.int32)
    if portion.people is not None:
        numbers = identification.identify(portion.people, size, findings)
        _warn_of_nationality(portion, parsed, findings)
    _take_statuses(portion, parsed, findings)
    whole = [
        _rows(told, columns, numbers, portion.lines, moment) for told, columns in zip(portion.told, parsed, strict=True)
    ]
    judge([told.table for told in portion.told], whole, surroundings, findings)
    bad = findings.bad()
    tables = [
        CheckedTable(told=told, rows=rows.filter(pa.array(~bad & _says_something(told, columns, size))))
        for told, columns, rows in zip(portion.told, parsed, whole, strict=True)
    ]
    return Checked(
        portion=portion,
        tables=tables,
        findings=findings,
        spoken_for=np.unique(numbers[bad & (numbers >= 0)]).astype(np.int64),
        nameless_bad_rows=bool(portion.ragged) or (portion.people is not None and bool((bad & (numbers < 0)).any())),
    )


def _take_statuses(portion: Portion, parsed: Sequence[dict[str, Parsed]], findings: Findings) -> None:
    """A status that stands in the name counts where the file has no other word for it than enrolled."""
    enrolled = ENROLMENT_STATUSES.position("ENROLLED")
    for told, columns in zip(portion.told, parsed, strict=True):
        if told.table is not ENROLMENTS or "status" not in columns:
            continue
        statuses = columns["status"].values.fill_null(enrolled).to_numpy(zero_copy_only=False).copy()
        for status, places in findings.statuses.items():
            rows = np.concatenate(places)
            statuses[rows[statuses[rows] == enrolled]] = status
        if findings.statuses:
            columns["status"] = Parsed(values=pa.array(statuses, pa.uint8()))


def _warn_of_nationality(portion: Portion, parsed: Sequence[dict[str, Parsed]], findings: Findings) -> None:
    """A number of a Thai person (first digit 1 to 5: domain 2.1) beside another nationality."""
    people = portion.people
    cells = None if people is None else people.national if people.national is not None else people.any
    for told, columns in zip(portion.told, parsed, strict=True):
        if told.table is STUDENTS and "nationality_group" in columns and cells is not None:
            bare = pc.replace_substring_regex(combined(cells), r"[\s\-]", "")
            thai = pc.match_substring_regex(bare, "^[1-5][0-9]{12}$").fill_null(False).to_numpy(zero_copy_only=False)
            others = [NATIONALITY_GROUPS.position(group) for group in ("FOREIGN", "STATELESS")]
            groups = columns["nationality_group"].values.cast(pa.int64()).fill_null(-1).to_numpy()
            findings.add("NUMBER_AND_NATIONALITY", np.flatnonzero(thai & np.isin(groups, others)))


def _parse_table(told: Told, moment: Moment, findings: Findings) -> dict[str, Parsed]:
    parsed: dict[str, Parsed] = {}
    for column in (HAPPENED_ON, *told.table.columns):
        if column.name not in told.cells:
            continue
        cells = combined(told.cells[column.name])
        found = parse_column(column, cells)
        needed = column.required or column.name in told.table.key or column is HAPPENED_ON
        values = found.values
        for code, rows in _problems(column, found, moment).items():
            if needed:
                findings.add(code, rows)
                findings.columns.setdefault(code, set()).add((told.table.name, column.name))
            else:
                findings.fixes.append(
                    Fix(code=LEFT_OUT, table=told.table.name, column=column.name, rows=rows, cells=cells)
                )
                values = without(values, rows)
        for code, rows in found.fixes.items():
            findings.fixes.append(Fix(code=code, table=told.table.name, column=column.name, rows=rows, cells=cells))
        parsed[column.name] = Parsed(values=values)
    return parsed


def _problems(column: Column, found: Parsed, moment: Moment) -> Codes:
    """What is wrong with cells of a column; nobody who learns was born today, in days to come or a century ago."""
    if column.name != "birth_month":
        return found.problems
    days = np.datetime64(local_day(moment.recorded_at)) - days_of(found.values)
    ages = days / np.timedelta64(1, "D") / _DAYS_A_YEAR
    is_told = pc.is_valid(found.values).to_numpy(zero_copy_only=False)
    unlikely = np.flatnonzero(is_told & ((ages < _AGES[0]) | (ages > _AGES[1])))
    return {**found.problems, "DATE_OUT_OF_RANGE": unlikely} if len(unlikely) else found.problems


def _judge_dates(told: Told, parsed: Mapping[str, Parsed], moment: Moment, findings: Findings) -> None:
    if told.table is CALENDAR:  # a calendar tells days to come
        return
    days = days_of(parsed["happened_on"].values)
    findings.add("DATE_IN_FUTURE", np.flatnonzero(days > np.datetime64(local_day(moment.recorded_at))))
    if moment.history and moment.operation_began is not None:
        findings.add("NOT_HISTORY", np.flatnonzero(days >= np.datetime64(local_day(moment.operation_began))))


def days_of(values: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.datetime64]:
    """Dates as NumPy days; a missing one is 1970, which no rule minds."""
    return np.asarray(values.cast(pa.int32()).fill_null(0).to_numpy().astype("datetime64[D]"))


def _says_something(told: Told, parsed: Mapping[str, Parsed], size: int) -> npt.NDArray[np.bool_]:
    """Rows that say more than their key: a roster with a column about households need not tell about every one."""
    says = np.zeros(size, bool)
    for column in told.table.columns:
        is_place = column.name in told.table.key and not (column.required and column.kind is Kind.CODE)
        if column.name in parsed and not is_place:
            says |= pc.is_valid(parsed[column.name].values).to_numpy(zero_copy_only=False)
    return says


# Rows of the log


def _rows(
    told: Told, parsed: Mapping[str, Parsed], numbers: npt.NDArray[np.int32], lines: pa.Array, moment: Moment
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
        columns["student"] = pa.array(numbers)
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
        return pa.nulls(size, INSTANT)
    whole = combined(cells)
    if pa.types.is_timestamp(whole.type):
        return whole.cast(INSTANT)
    encoded = whole.dictionary_encode(null_encoding="encode")
    instants = [normalise.read_instant(cell).value if cell else None for cell in encoded.dictionary.to_pylist()]
    return pa.array(instants, INSTANT).take(encoded.indices) if size else pa.nulls(0, INSTANT)


def _offset_ms() -> int:
    """By how much a day begins earlier in Bangkok than in UTC."""
    return int((datetime.now(BANGKOK).utcoffset() or timedelta()).total_seconds() * 1000)


def _recorded_at(told: Told, happened: pa.Array, entered: pa.Array, moment: Moment) -> pa.Array:
    """One moment for a batch in operation; for history the entry time, else the day plus the source's usual lag."""
    limit = milliseconds(moment.recorded_at)
    if not moment.history:
        return pa.array(np.full(len(happened), limit), pa.int64()).cast(INSTANT)
    days = days_of(happened).astype("datetime64[ms]").astype(np.int64)
    evening = timedelta(days=told.lag_days, hours=18) - (datetime.now(BANGKOK).utcoffset() or timedelta())
    usual = days + int(evening.total_seconds() * 1000)
    told_at = entered.cast(pa.int64()).fill_null(-1).to_numpy()
    if told.table is not CALENDAR:  # nothing but a calendar is known before it happens
        told_at = np.where(told_at >= 0, np.maximum(told_at, days - _offset_ms()), told_at)
    return pa.array(np.minimum(np.where(told_at >= 0, told_at, usual), limit), pa.int64()).cast(INSTANT)
