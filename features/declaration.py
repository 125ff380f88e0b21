"""What a feature is: a frozen declaration that snapshot, model, reasons, dictionary and access all read.

The measures are a closed set. A question that they cannot express is a new measure with a spec test, never a string
of SQL in a declaration.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import assert_never

from records.tables import Column, Kind, Table, Use, Where
from records.text import Text


class Domain(Enum):
    ATTENDANCE = "attendance"
    GRADES = "grades"
    HOUSEHOLD = "household"
    SCREENING = "screening"
    STANDING = "standing"

    @property
    def label(self) -> Text:
        return _DOMAIN_LABELS[self]


_DOMAIN_LABELS = {
    Domain.ATTENDANCE: Text(th="การมาเรียน", en="Attendance"),
    Domain.GRADES: Text(th="ผลการเรียน", en="Grades"),
    Domain.HOUSEHOLD: Text(th="ครอบครัวและรายได้", en="Household"),
    Domain.SCREENING: Text(th="ผลคัดกรอง", en="Screening"),
    Domain.STANDING: Text(th="สถานะการเรียน", en="Standing"),
}


class Risk(Enum):
    """How risk moves when the value rises: the model's monotone constraint."""

    RISES = 1
    FALLS = -1
    EITHER = 0


class Unit(Enum):
    DAYS = "days"
    SHARE = "share"  # 0–1
    SHARE_PER_WEEK = "share per week"
    COURSES = "courses"
    POINTS = "grade points"  # 0–4
    SCORE = "score of 100"
    BAHT = "baht a month"
    KILOMETRES = "km"
    WEEKS = "weeks"
    CREDITS = "credits"
    TIMES = "times"
    LEVEL = "level"  # an ordered group: 0, 1, 2 …
    DEVIATIONS = "standard deviations"
    YES = "yes or no"


class Personal(Enum):
    """SENSITIVE features are named only to roles with that permission; to others they are their domain."""

    ORDINARY = "ordinary"
    SENSITIVE = "sensitive"


class Term(Enum):
    THIS = "this_term"
    PREVIOUS = "previous_term"


@dataclass(frozen=True, kw_only=True)
class Last:
    """The calendar days before `as_of`: `days` of them, `as_of` itself not among them."""

    days: int

    def __post_init__(self) -> None:
        if self.days < 1:
            raise ValueError("a window needs at least one day")


@dataclass(frozen=True, kw_only=True)
class InTerm:
    """The student's own term to date, or the institution's term before it."""

    term: Term = Term.THIS


@dataclass(frozen=True, kw_only=True)
class Ever:
    """Everything known of the student at this institution."""


Window = Last | InTerm | Ever


@dataclass(frozen=True, kw_only=True)
class Count:
    """How many records (attendance: days) match."""

    where: Where


@dataclass(frozen=True, kw_only=True)
class Share:
    """The part of records (attendance: recorded days) that match, 0–1."""

    where: Where


@dataclass(frozen=True, kw_only=True)
class Mean:
    """The mean of a number column, or of what a code is worth, weighted by another column where `weight` is given."""

    column: str
    weight: str | None = None
    where: Where | None = None


@dataclass(frozen=True, kw_only=True)
class Latest:
    """The value of the newest record by the day it happened; codes give what they are worth, flags 0 or 1."""

    column: str
    where: Where | None = None


@dataclass(frozen=True, kw_only=True)
class DaysSince:
    """Calendar days from the newest matching record to `as_of`."""

    where: Where | None = None


@dataclass(frozen=True, kw_only=True)
class LongestRun:
    """The longest run of matching days over recorded teaching days; `current` asks for the run that reaches today."""

    where: Where
    current: bool = False


@dataclass(frozen=True, kw_only=True)
class Slope:
    """The change per week of the share of matching days: least squares over recorded days."""

    where: Where


@dataclass(frozen=True, kw_only=True)
class Change:
    """The share of matching days in the last `short_days`, less the share in the rest of the window."""

    where: Where
    short_days: int


@dataclass(frozen=True, kw_only=True)
class Relative:
    """How many standard deviations another feature's value lies from the mean of the class group.

    Missing in groups with fewer than `least` values, or where all are equal.
    """

    of: str
    least: int = 8


@dataclass(frozen=True, kw_only=True)
class WeekOfTerm:
    """Whole weeks since the student's term opened, from 1."""


@dataclass(frozen=True, kw_only=True)
class LeadDays:
    """Days from a date column of the newest record to the opening of the term; negative when it came after."""

    column: str


Measure = Count | Share | Mean | Latest | DaysSince | LongestRun | Slope | Change | Relative | WeekOfTerm | LeadDays


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One question about one student that could have been answered on a given day."""

    name: str
    table: Table
    measure: Measure
    window: Window
    unit: Unit
    decimals: int
    domain: Domain
    risk: Risk
    absent_means: float | None
    """The value when the student has no record in the window: 0 = nothing happened, None = we do not know."""
    label: Text
    reason: Text
    asks: Text
    changeable: bool
    personal: Personal = Personal.ORDINARY
    source: str

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or self.name != self.name.lower():
            raise ValueError(f"feature {self.name}: the name must be snake_case")
        for text in (self.reason.th, self.reason.en):
            if self.unit is not Unit.YES and "{value" not in text and "{percent" not in text:
                raise ValueError(f"feature {self.name}: the reason does not say its value: {text}")
        for column in columns_read(self.measure):
            if self.table[column].use is not Use.FEATURE:
                raise ValueError(
                    f"feature {self.name}: column {self.table.name}.{column} is declared for "
                    f"{self.table[column].use.value}, not for features"
                )
        if self.table.name == "attendance" and self.absent_means is not None:
            raise ValueError(
                f"feature {self.name}: a window of attendance without one recorded day is not known, never 0"
            )
        if self.window == InTerm(term=Term.PREVIOUS) and "academic_year" not in self.table.key:
            raise ValueError(f"feature {self.name}: {self.table.name} does not say to which term a record belongs")
        self._require_types()

    def _require_types(self) -> None:
        match self.measure:
            case Mean(column=column) | Latest(column=column) if not _is_number(self.table[column]):
                raise ValueError(f"feature {self.name}: {column} is no number, and its codes are worth none")
            case LeadDays(column=column) if self.table[column].kind is not Kind.DATE:
                raise ValueError(f"feature {self.name}: {column} is no date")
            case LongestRun() | Slope() | Change() if self.table.name != "attendance":
                raise ValueError(f"feature {self.name}: runs and slopes are asked of attendance days")
            case _:
                return


def _is_number(column: Column) -> bool:
    if column.codes is not None:
        return any(code.worth is not None for code in column.codes.codes)
    return column.kind in (Kind.NUMBER, Kind.WHOLE, Kind.FLAG)


def columns_read(measure: Measure) -> tuple[str, ...]:
    """The columns of the feature's table that a measure reads."""
    match measure:
        case (
            Count(where=where) | Share(where=where) | LongestRun(where=where) | Slope(where=where) | Change(where=where)
        ):
            return (where.column,)
        case Mean(column=column, weight=weight, where=where):
            return (column, *([weight] if weight else []), *([where.column] if where else []))
        case Latest(column=column, where=where):
            return (column, *([where.column] if where else []))
        case DaysSince(where=where):
            return (where.column,) if where else ()
        case LeadDays(column=column):
            return (column,)
        case Relative() | WeekOfTerm():
            return ()
        case _:
            assert_never(measure)


def check_catalogue(features: Sequence[Feature]) -> None:
    """Raises ValueError unless names are unique and every Relative names an earlier feature."""
    seen: set[str] = set()
    for feature in features:
        if feature.name in seen:
            raise ValueError(f"feature {feature.name} is declared twice")
        if isinstance(feature.measure, Relative) and feature.measure.of not in seen:
            raise ValueError(
                f"feature {feature.name} is relative to {feature.measure.of}, which is not declared before it"
            )
        seen.add(feature.name)


def fingerprint(features: Sequence[Feature]) -> str:
    """A hash of what the features mean, not of their wording: a corrected label keeps models valid."""
    meaning = [
        [
            f.name, f.table.name, type(f.measure).__name__, asdict(f.measure), type(f.window).__name__,
            {name: getattr(value, "value", value) for name, value in asdict(f.window).items()},
            f.unit.value, f.decimals, f.risk.value, f.absent_means,
        ]
        for f in features
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(meaning, sort_keys=True).encode()).hexdigest()
