"""What a feature is: a frozen declaration that snapshot, model, reasons, dictionary and access all read."""

import hashlib
import inspect
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import assert_never

from features.vocabulary import (
    Age,
    Change,
    Count,
    CountNewest,
    DaysSince,
    Domain,
    Ever,
    FromMedian,
    GroupMean,
    Highest,
    InTerm,
    Last,
    Latest,
    LeadDays,
    LongestRun,
    Margin,
    Matches,
    Mean,
    Measure,
    NoRecord,
    OfDays,
    OfOthers,
    Own,
    Personal,
    Relative,
    Risk,
    Sessions,
    Share,
    Slope,
    StepChange,
    Sum,
    Term,
    Unit,
    Unrecorded,
    WeekOfTerm,
    WeeksSame,
    Window,
    WorstCourse,
)
from records.tables import ATTENDANCE, Column, Kind, Table, Use, Where
from records.text import Text


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
    sessions: Sessions = Sessions.DAY
    """Which attendance, for questions about attendance."""
    source: str

    @cached_property
    def meaning(self) -> str:
        """A hash of what it asks, not of its wording."""
        return fingerprint([self])

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or self.name != self.name.lower():
            raise ValueError(f"feature {self.name}: the name must be snake_case")
        for text in (self.reason.th, self.reason.en):
            if self.unit is not Unit.YES and "{value" not in text and "{percent" not in text:
                raise ValueError(f"feature {self.name}: the reason does not say its value: {text}")
        if not self.table.per_student or not any(column.use is Use.FEATURE for column in self.table.columns):
            raise ValueError(
                f"feature {self.name}: {self.table.name} tells nothing of a student that a feature may ask"
            )
        for refusal in (_wrong_type(self), _wrong_of_attendance(self) if self.table is ATTENDANCE else ""):
            if refusal:
                raise ValueError(f"feature {self.name}: {refusal}")
        for column in columns_read(self.measure):
            if self.table[column].use is not Use.FEATURE:
                raise ValueError(
                    f"feature {self.name}: column {self.table.name}.{column} is declared for "
                    f"{self.table[column].use.value}, not for features"
                )
        if self.table is ATTENDANCE and self.absent_means is not None:
            raise ValueError(
                f"feature {self.name}: a window of attendance without one recorded day is not known, never 0"
            )
        if self.table.sensitive and self.personal is not Personal.SENSITIVE:
            raise ValueError(f"feature {self.name}: {self.table.name} is sensitive, so its features are")
        if (
            self.window == InTerm(term=Term.PREVIOUS)
            and self.table.name != "attendance"
            and "academic_year" not in self.table.key
        ):
            raise ValueError(f"feature {self.name}: {self.table.name} does not say to which term a record belongs")


def _wrong_type(feature: Feature) -> str:
    """Why the measure cannot be asked of the table; empty when it can."""
    table, of_attendance = feature.table, feature.table is ATTENDANCE
    match feature.measure:
        case (
            Mean(column=column) | Latest(column=column) | Sum(column=column) | Highest(column=column)
            | StepChange(column=column) | WeeksSame(column=column)
        ) if not _is_number(table[column]):  # fmt: skip
            return f"{column} is no number, and its codes are worth none"
        case LeadDays(column=column) | Age(column=column) if table[column].kind is not Kind.DATE:
            return f"{column} is no date"
        case LongestRun() | Slope() | Change() | Unrecorded() | WorstCourse() if not of_attendance:
            return "runs, slopes and days are asked of attendance"
        case DaysSince(from_opening=True) if not of_attendance or feature.window != InTerm():
            return "days since the opening are asked of attendance in this term"
        case Share(weekdays=(_, *_)) if not of_attendance:
            return "weekdays are asked of attendance"
        case Count(among=Where()) | Share(among=Where()) if of_attendance:
            return "days of attendance are counted among those that are recorded"
        case Share(weight=str()) if of_attendance:
            return "a day of attendance weighs as much as any other"
        case Share(weight=str(weight)) if not _is_number(table[weight]) or table[weight].codes:
            return f"{weight} is no number, so nothing weighs by it"
        case Margin(rule=rule) if rule not in MARGIN_TABLES or table.name != MARGIN_TABLES[rule]:
            return f"the margins are {MARGIN_TABLES}, not {rule} of {table.name}"
        case _:
            return ""


def _wrong_of_attendance(feature: Feature) -> str:
    """Why the measure cannot be asked of these sessions and this window of attendance; empty when it can."""
    measure, by_period = feature.measure, feature.sessions is Sessions.PERIODS
    where = getattr(measure, "where", None)
    if not isinstance(measure, _OF_ATTENDANCE):
        return f"{type(measure).__name__} is not asked of attendance"
    if isinstance(where, Where) and (where.column != "status" or set(where.values) & {"N", "H"}):
        return "attendance is asked of its status, and N and H are no marks"
    match measure:
        case Change() if not isinstance(feature.window, Last) and feature.window != InTerm():
            return "a change is asked of the last days or of this term"
        case Margin(per_course=True) | WorstCourse() if not by_period:
            return "courses are told by class periods"
        case Margin(per_course=False) | Unrecorded() | Share(weekdays=(_, *_)) if by_period:
            return "this is asked of days, not of class periods"
        case Unrecorded() if feature.sessions is not Sessions.DAY:
            return "what was not recorded is asked of whole days"
        case Margin() if feature.window != InTerm():
            return "absences left are those of this term"
        case _ if isinstance(feature.window, Ever):
            return "attendance is kept for this and the previous term, not for ever"
        case _ if by_period and not isinstance(measure, Count | Share | WorstCourse | Margin):
            return "class periods are counted, shared out and added up by course"
        case _:
            return ""


_OF_ATTENDANCE = Count | Share | Change | LongestRun | Slope | DaysSince | NoRecord | OfDays | OfOthers | Margin | Own
# Of which table each rule's margin is asked.
MARGIN_TABLES = {"attendance_share": "attendance", "absent_run_dismissal": "attendance", "gpa_minimum": "term_gpa"}


def _is_number(column: Column) -> bool:
    if column.codes is not None:
        return any(code.worth is not None for code in column.codes.codes)
    return column.kind in (Kind.NUMBER, Kind.WHOLE, Kind.FLAG)


def columns_read(measure: Measure) -> tuple[str, ...]:
    """The columns of the feature's table that a measure reads."""
    match measure:
        case (
            LongestRun(where=where) | Slope(where=where) | Change(where=where)
            | WorstCourse(where=where) | Matches(where=where)
        ):  # fmt: skip
            return (where.column,)
        case Count(where=where, among=among):
            return (where.column, *([among.column] if among else []))
        case Share(where=where, among=among, weight=weight):
            return (where.column, *([among.column] if among else []), *([weight] if weight else []))
        case CountNewest(where=where, by=by, besides=besides):
            return (where.column, by, *([besides.column] if besides else []))
        case Latest(column=column, where=where, also=also):
            return (column, *(one.column for one in (where, also) if one))
        case (
            Sum(column=column, where=where) | Highest(column=column, where=where)
            | StepChange(column=column, where=where) | WeeksSame(column=column, where=where)
        ):  # fmt: skip
            return (column, *([where.column] if where else []))
        case Mean(column=column, weight=weight, where=where):
            return (column, *([weight] if weight else []), *([where.column] if where else []))
        case DaysSince(where=where) | NoRecord(where=where):
            return (where.column,) if where else ()
        case LeadDays(column=column) | Age(column=column):
            return (column,)
        case Margin(rule="gpa_minimum"):
            return ("gpax",)
        case Margin() | Unrecorded():
            return ("status",)
        case Own(reads=reads):
            return reads
        case Relative() | FromMedian() | GroupMean() | WeekOfTerm():
            return ()
        case _:
            assert_never(measure)


def check_catalogue(features: Sequence[Feature]) -> None:
    """Raises ValueError unless names are unique and every relation to the class group names an earlier feature."""
    seen: set[str] = set()
    for feature in features:
        if feature.name in seen:
            raise ValueError(f"feature {feature.name} is declared twice")
        if isinstance(feature.measure, OfOthers) and feature.measure.of not in seen:
            raise ValueError(
                f"feature {feature.name} is relative to {feature.measure.of}, which is not declared before it"
            )
        seen.add(feature.name)


def fingerprint(features: Sequence[Feature]) -> str:
    """A hash of what the features mean, not of their wording: a corrected label keeps models valid."""
    meaning = [
        [
            f.name, f.table.name, f.sessions.value, type(f.measure).__name__, _meant(f.measure), type(f.window).__name__,
            {name: getattr(value, "value", value) for name, value in asdict(f.window).items()},
            f.unit.value, f.decimals, f.risk.value, f.absent_means,
        ]
        for f in features
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(meaning, sort_keys=True).encode()).hexdigest()


def _meant(measure: Measure) -> object:
    if isinstance(measure, Own):
        return [inspect.getsource(measure.answers), *measure.reads]
    return asdict(measure)
