"""What a careful analyst writes in vectorised pandas: most of the catalogue from the last versions known on a day.

Windows are shared: one pass of `groupby` counts every kind of day of a window, and one answers every latest value.
Not asked of it: margins to rules, unrecorded days, class periods, weeks in a group, and the term before of attendance.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.features.pandas_rows import AWAY_IN_COMPANY, Reader, Week, worth
from benchmarks.features.rows import code
from features.declaration import Feature, columns_read
from features.vocabulary import (
    Age,
    Change,
    Count,
    CountNewest,
    DaysSince,
    Ever,
    FromMedian,
    GroupMean,
    Highest,
    InTerm,
    Last,
    Latest,
    LeadDays,
    LongestRun,
    Matches,
    Mean,
    NoRecord,
    Relative,
    Sessions,
    Share,
    Slope,
    StepChange,
    Sum,
    Term,
    WeekOfTerm,
    Window,
)  # fmt: skip
from records import tables
from records.log import EventLog
from records.tables import Table, Where

_IN_COMPANY = code(tables.ATTENDANCE, "status", "I")
_OF_DAYS = (Count, Share, Change, LongestRun, Slope, DaysSince)
_OF_ROWS = (
    Count,
    CountNewest,
    Share,
    Mean,
    Sum,
    Latest,
    Highest,
    StepChange,
    Matches,
    NoRecord,
    DaysSince,
    LeadDays,
    Age,
    WeekOfTerm,
)
_ALWAYS: dict[Table, tuple[str, ...]] = {
    tables.ENROLMENTS: ("class_group", "study_mode", "status", "registered_on"),
    tables.CALENDAR: ("kind",),
    tables.OUTCOMES: (),
    tables.ATTENDANCE: ("status",),
}


def answered(catalogue: Sequence[Feature]) -> tuple[Feature, ...]:
    """The features that this peer can answer, in the order of the catalogue."""
    found: dict[str, Feature] = {}
    for feature in catalogue:
        measure = feature.measure
        if isinstance(measure, Relative | FromMedian | GroupMean):
            fits = measure.of in found
        elif feature.table is tables.ATTENDANCE:
            before = isinstance(feature.window, InTerm) and feature.window.term is Term.PREVIOUS
            fits = isinstance(measure, _OF_DAYS) and feature.sessions is Sessions.DAY and not before
        else:
            fits = isinstance(measure, _OF_ROWS) and not feature.table.sensitive
        if fits:
            found[feature.name] = feature
    return tuple(found.values())


def peer(log: EventLog, as_ofs: Sequence[date], catalogue: Sequence[Feature]) -> Iterator[pd.DataFrame]:
    """A frame for each day with `student` and the features, which must be those of `answered`."""
    reader = Reader(log, _columns(catalogue))
    for as_of in as_ofs:
        asked = Answers(reader.week(as_of))
        columns = {feature.name: asked.value(feature).to_numpy() for feature in catalogue}
        yield pd.DataFrame({"student": asked.week.people["student"].to_numpy(), **columns})


def _columns(catalogue: Sequence[Feature]) -> dict[Table, Sequence[str]]:
    asked: dict[Table, list[str]] = {table: list(columns) for table, columns in _ALWAYS.items()}
    for feature in catalogue:
        asked.setdefault(feature.table, []).extend(columns_read(feature.measure))
    return {table: [*table.key_columns, "happened_on", *columns] for table, columns in asked.items()}


class Answers:
    """The answers of one week; what several features need is worked out once."""

    def __init__(self, week: Week) -> None:
        self.week = week
        self._done: dict[str, pd.Series[float]] = {}
        self._counts: dict[tuple[int, Where | None], pd.Series[float]] = {}
        self._flags: dict[Where | None, pd.Series[bool]] = {}
        self._rows: dict[tuple[str, Window, Where | None, Where | None], pd.DataFrame] = {}
        self._of_each: dict[tuple[str, Window, str, Where | None], pd.DataFrame] = {}

    def value(self, feature: Feature) -> "pd.Series[float]":
        """One value a student of the cohort, rounded as declared."""
        measure = feature.measure
        if isinstance(measure, Relative):
            found = self._relative(self._done[measure.of], measure.least)
        elif isinstance(measure, FromMedian):
            known = self._done[measure.of].groupby(self.week.people["group"])
            found = (self._done[measure.of] - known.transform("median")).where(
                known.transform("count") >= measure.least
            )
        elif isinstance(measure, GroupMean):
            known = self._done[measure.of].groupby(self.week.people["group"])
            found = known.transform("mean").where(known.transform("count") >= measure.least)
        elif isinstance(measure, WeekOfTerm):
            found = (self.week.today - self.week.people["opens"]) // 7 + 1
        elif feature.table is tables.ATTENDANCE:
            found = self._of_days(feature)
        else:
            found = self._of_rows(feature)
        self._done[feature.name] = found.astype(float).round(feature.decimals)
        return self._done[feature.name]

    # Days of attendance

    @cached_property
    def days(self) -> pd.DataFrame:
        """Marks in order of student and day, so that every student's days lie together."""
        told = self.week.rows["attendance"][["place", "happened_on", "status"]]
        order = np.argsort(told["place"].to_numpy(np.int64) * 65_536 + told["happened_on"].to_numpy(), kind="stable")
        return told.iloc[order].reset_index(drop=True)

    def _since(self, feature: Feature) -> int:
        match feature.window:
            case Last(days=days):
                return self.week.today - days
            case _:
                return int(self.week.people["opens"].iloc[0])

    def _of_days(self, feature: Feature) -> "pd.Series[float]":
        since = self._since(feature)
        match feature.measure:
            case Count(where=where):
                return self._count(since, where).where(self._count(since, None) > 0)
            case Share(where=where, weekdays=()):
                return self._share(since, where)
            case Share(where=where, weekdays=weekdays):
                return self._share_of_weekdays(since, where, weekdays)
            case Change(where=where, short_days=short):
                late, held = self._count(self.week.today - short, where), self._count(self.week.today - short, None)
                rest = self._count(since, None) - held
                return late / held - (self._count(since, where) - late) / rest.where(rest > 0)
            case LongestRun(where=where, current=current):
                return self._run(since, where, current)
            case DaysSince(where=where, from_opening=from_opening):
                matching = self.days[(self.days["happened_on"] >= since) & self._matching(where)]
                ago = self._all(self.week.today - matching.groupby("place")["happened_on"].last())
                return self._or_since_opening(ago, since) if from_opening else ago
            case Slope(where=where):
                return self._slope(since, where)
            case _:
                raise TypeError(f"{feature.name} is not asked of this peer")

    def _or_since_opening(self, ago: "pd.Series[float]", since: int) -> "pd.Series[float]":
        """Of who has recorded days and never came: since the opening, or since the registration where it came later."""
        people = self.week.people
        begins = people["registered_on"].where(people["registered_on"] > people["opens"], people["opens"])
        return ago.where(ago.notna() | (self._count(since, None) == 0), (self.week.today - begins).clip(lower=0))

    def _matching(self, where: Where | None) -> "pd.Series[bool]":
        """Which marks match, or are recorded (None): a day in the company is not."""
        if where not in self._flags:
            status = self.days["status"]
            values = [code(tables.ATTENDANCE, where.column, value) for value in where.values] if where else []
            self._flags[where] = status.isin(values) if where else ~status.isin([_IN_COMPANY, AWAY_IN_COMPANY])
        return self._flags[where]

    def _recorded(self, since: int) -> pd.DataFrame:
        """On days on which the college was not closed."""
        return self.days[(self.days["happened_on"] >= since) & self._matching(None) & self._is_open]

    @cached_property
    def _is_open(self) -> "pd.Series[bool]":
        return ~self.days["happened_on"].isin(self.week.closed_days)

    def _all(self, found: "pd.Series[Any]", absent: float | None = None) -> "pd.Series[float]":
        """One value for every student of the cohort."""
        whole = found.reindex(self.week.people.index)
        return whole if absent is None else whole.fillna(absent)

    def _count(self, since: int, where: Where | None) -> "pd.Series[float]":
        """Days of each student that match, or that are recorded (None)."""
        if (since, where) not in self._counts:
            matching = self.days["place"][(self.days["happened_on"] >= since) & self._matching(where) & self._is_open]
            self._counts[since, where] = self._all(matching.value_counts(sort=False).astype(float), 0.0)
        return self._counts[since, where]

    def _share(self, since: int, where: Where) -> "pd.Series[float]":
        return self._count(since, where) / self._count(since, None).replace(0, np.nan)

    def _share_of_weekdays(self, since: int, where: Where, weekdays: tuple[int, ...]) -> "pd.Series[float]":
        held = self._recorded(since)
        on = held[((held["happened_on"] + 3) % 7).isin(weekdays)]
        return self._all(self._matching(where)[on.index].groupby(on["place"]).mean())

    def _run(self, since: int, where: Where, current: bool) -> "pd.Series[float]":
        days = self._recorded(since)
        matching, place = self._matching(where)[days.index], days["place"]
        part = (~matching | (place != place.shift())).cumsum()
        run = matching.astype(np.int32).groupby(part).cumsum()
        by_student = run.groupby(place)
        return self._all(by_student.last() if current else by_student.max())

    def _slope(self, since: int, where: Where) -> "pd.Series[float]":
        days = self._recorded(since)
        x, y = (days["happened_on"] - self.week.today).astype(float), self._matching(where)[days.index].astype(float)
        sums = (
            pd.DataFrame({"place": days["place"], "n": 1.0, "x": x, "y": y, "xx": x * x, "xy": x * y})
            .groupby("place")
            .sum()
        )
        spread = sums["n"] * sums["xx"] - sums["x"] ** 2
        return self._all(7 * (sums["n"] * sums["xy"] - sums["x"] * sums["y"]) / spread.where(spread > 0))

    # Rows of the other tables

    def _of_rows(self, feature: Feature) -> "pd.Series[float]":
        match feature.measure:
            case Share(where=where, among=among, weight=str(weight)):
                return self._weighed_part(feature, weight, among, where)
            case Count() | Share():
                return self._counted_rows(feature)
            case CountNewest(where=where, by=by, besides=besides):
                return self._newest_of_each(feature, where, by, besides)
            case NoRecord(where=where):
                return (~self._has(self._chosen(feature, where))).astype(float)
            case Matches(where=where):
                newest = _newest(feature.table, self._telling(feature, where.column))
                return self._told(feature, newest, _fits(feature.table, newest, where).astype(float))
            case DaysSince(where=where):
                newest = self._newest_rows(feature, where)
                return self._told(feature, newest, self.week.today - newest["happened_on"])
            case LeadDays(column=column):
                return self.week.people["opens"] - self._newest_day(feature, column)
            case Age(column=column):
                return (self.week.today - self._newest_day(feature, column)) / 365.25
            case Latest(column=column, where=where, telling=True):
                newest = _newest(feature.table, self._valued(feature, column, where))
                return self._told(feature, newest, newest["value"])
            case Latest(column=column, where=where, also=also):
                newest = self._newest_rows(feature, where, also)
                return self._told(feature, newest, worth(feature.table[column], newest[column]))
            case Mean(column=column, weight=weight, where=where):
                return self._mean(feature, self._chosen(feature, where), column, weight)
            case Sum(column=column, where=where):
                found = self._sum(feature, column, self._chosen(feature, where))
                return found.where(self._has(self._valued(feature, column, None)), feature.absent_means)
            case Highest(column=column, where=where):
                highest = self._valued(feature, column, where).groupby("place")["value"].max()
                return self._all(highest, feature.absent_means)
            case StepChange(column=column, where=where):
                ordered = _in_order(feature.table, self._valued(feature, column, where))
                steps = _newest(feature.table, ordered.assign(value=ordered.groupby("place")["value"].diff()))
                return self._told(feature, steps, steps["value"])
            case _:
                raise TypeError(f"{feature.name} is not asked of this peer")

    def _weighed_part(self, feature: Feature, weight: str, among: Where | None, where: Where) -> "pd.Series[float]":
        asked = self._chosen(feature, among)
        part = self._sum(feature, weight, asked[_fits(feature.table, asked, where)])
        whole = self._sum(feature, weight, asked)
        return (part / whole).where(whole > 0, feature.absent_means)

    def _sum(self, feature: Feature, column: str, rows: pd.DataFrame) -> "pd.Series[float]":
        """0 without a row, what absence means where there are rows and none of them tells the column."""
        value = worth(feature.table[column], rows[column])
        total = value.groupby(rows["place"]).sum(min_count=1)
        return (
            self._all(total)
            .where(self._has(rows), 0.0)
            .fillna(np.nan if feature.absent_means is None else feature.absent_means)
        )

    def _counted_rows(self, feature: Feature) -> "pd.Series[float]":
        assert isinstance(feature.measure, Count | Share)
        rows = self._chosen(feature, feature.measure.among)
        seen = self._all(rows["place"].value_counts(sort=False).astype(float), 0.0)
        matching = rows["place"][_fits(feature.table, rows, feature.measure.where)]
        counted = self._all(matching.value_counts(sort=False).astype(float), 0.0)
        found = counted if isinstance(feature.measure, Count) else counted / seen
        return found.where(seen > 0, feature.absent_means)

    def _newest_of_each(self, feature: Feature, where: Where, by: str, besides: Where | None) -> "pd.Series[float]":
        key = (feature.table.name, feature.window, by, besides)
        if key not in self._of_each:
            rows = self._telling(feature, by)
            rows = rows if besides is None else rows[~_fits(feature.table, rows, besides)]
            order = [name for name in ("academic_year", "term", "happened_on") if name in rows]
            self._of_each[key] = rows.sort_values(order, kind="stable").drop_duplicates(["place", by], keep="last")
        newest = self._of_each[key]
        matching = newest["place"][_fits(feature.table, newest, where)]
        counted = self._all(matching.value_counts(sort=False).astype(float), 0.0)
        return counted.where(self._has(newest), feature.absent_means)

    def _chosen(self, feature: Feature, where: Where | None) -> pd.DataFrame:
        rows = self._window(feature)
        return rows if where is None else rows[_fits(feature.table, rows, where)]

    def _telling(self, feature: Feature, column: str) -> pd.DataFrame:
        rows = self._window(feature)
        return rows[rows[column].notna()]

    def _valued(self, feature: Feature, column: str, where: Where | None) -> pd.DataFrame:
        """Rows that tell the column, with its worth as `value`."""
        chosen = self._chosen(feature, where)
        value = worth(feature.table[column], chosen[column])
        return chosen.assign(value=value)[value.notna()]

    def _newest_rows(self, feature: Feature, where: Where | None, also: Where | None = None) -> pd.DataFrame:
        """The newest row of each student; many features ask for other columns of the same ones."""
        key = (feature.table.name, feature.window, where, also)
        if key not in self._rows:
            chosen = self._chosen(feature, where)
            matching = chosen if also is None else chosen[_fits(feature.table, chosen, also)]
            self._rows[key] = _newest(feature.table, matching)
        return self._rows[key]

    def _newest_day(self, feature: Feature, column: str) -> "pd.Series[float]":
        newest = self._newest_rows(feature, None)
        return self._told(feature, newest, newest[column])

    def _window(self, feature: Feature) -> pd.DataFrame:
        rows, people = self.week.rows[feature.table.name], self.week.people
        match feature.window:
            case Ever():
                return rows
            case InTerm(term=term) if "academic_year" in feature.table.key:
                year, number = int(people["academic_year"].iloc[0]), int(people["term"].iloc[0])
                if term is Term.PREVIOUS:
                    year, number = (year - 1, 2) if number == 1 else (year, number - 1)
                return rows[(rows["academic_year"] == year) & (rows["term"] == number)]
            case _:
                return rows[rows["happened_on"] >= self._since(feature)]

    def _has(self, rows: pd.DataFrame) -> "pd.Series[bool]":
        return pd.Series(self.week.people.index.isin(rows["place"]), index=self.week.people.index)

    def _told(self, feature: Feature, newest: pd.DataFrame, values: "pd.Series[float]") -> "pd.Series[float]":
        """Values of the newest rows by student; who has no row gets what absence means."""
        found = self._all(pd.Series(values.to_numpy(float), index=newest["place"]))
        return found if feature.absent_means is None else found.where(self._has(newest), feature.absent_means)

    def _mean(self, feature: Feature, rows: pd.DataFrame, column: str, weight: str | None) -> "pd.Series[float]":
        value = worth(feature.table[column], rows[column])
        each = pd.Series(1.0, index=rows.index) if weight is None else rows[weight].fillna(1.0)
        sums = (
            pd.DataFrame({"place": rows["place"], "sum": value * each, "n": each.where(value.notna())})
            .groupby("place")
            .sum()
        )
        return self._all(sums["sum"] / sums["n"].replace(0, np.nan), feature.absent_means)

    # Others

    def _relative(self, values: "pd.Series[float]", least: int) -> "pd.Series[float]":
        known = values.groupby(self.week.people["group"])
        spread = known.transform("std").where(lambda found: found > 1e-9)
        return ((values - known.transform("mean")) / spread).where(known.transform("count") >= least)


def _fits(table: Table, rows: pd.DataFrame, where: Where) -> "pd.Series[bool]":
    return rows[where.column].isin([code(table, where.column, value) for value in where.values])


def _in_order(table: Table, rows: pd.DataFrame) -> pd.DataFrame:
    """By the term where there is one row a term, else by the day it happened; then as they were read."""
    by = list(table.key) if table.key == ("academic_year", "term") else ["happened_on"]
    return rows.sort_values(by, kind="stable")


def _newest(table: Table, rows: pd.DataFrame) -> pd.DataFrame:
    return _in_order(table, rows).drop_duplicates("place", keep="last")
