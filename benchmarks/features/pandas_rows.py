"""The pandas peer's reading: files into frames once, the last versions known on a day, and who is enrolled then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.features.rows import code, day_number
from records import tables
from records.clock import milliseconds, start_of
from records.log import EventLog
from records.tables import Column, Table

_DAYS = ("P", "L", "E", "O")
_AWAY = ("A", "K", "S", "B")
AWAY_IN_COMPANY = 100  # no status that could be told
_LEAST_DUAL = 3


def read_frames(log: EventLog, wanted: dict[Table, Sequence[str]]) -> dict[str, pd.DataFrame]:
    """The columns asked for of every table in reading order; dates as days since 1970, texts as categories."""
    return {table.name: _frame(log, table, columns) for table, columns in wanted.items()}


def _frame(log: EventLog, table: Table, columns: Sequence[str]) -> pd.DataFrame:
    asked = list(dict.fromkeys([*columns, "recorded_at", "retracted"]))
    paths = [(file.batch, log.folder / file.path) for file in log.files if file.table == table.name]
    parts = [pq.read_table(path, columns=asked, use_threads=False) for _, path in sorted(paths)]
    told = pa.concat_tables(parts) if parts else table.schema.empty_table().select(asked)
    for place, field in enumerate(told.schema):
        if pa.types.is_date(field.type):  # dates would become Python objects
            told = told.set_column(place, field.name, told.column(place).cast(pa.int32()))
        if pa.types.is_timestamp(field.type):
            told = told.set_column(place, field.name, told.column(place).cast(pa.int64()))
    rows: pd.DataFrame = told.to_pandas(strings_to_categorical=True, split_blocks=True, self_destruct=True)
    ordered = rows["recorded_at"].is_monotonic_increasing
    return rows if ordered else rows.sort_values("recorded_at", kind="stable", ignore_index=True)


@dataclass(frozen=True, kw_only=True)
class Week:
    """What was known on a day: `people` has one row a student in order of number, `rows` the last versions by table.

    The column `place` of the rows is the position in `people`; rows of others, retracted ones and those that happened
    on the day or later are not there.
    """

    today: int
    people: pd.DataFrame
    rows: dict[str, pd.DataFrame]
    closed_days: npt.NDArray[np.int64]


class Reader:
    """The weeks of a log one after the other; last versions are worked out anew only where rows have come in."""

    def __init__(self, log: EventLog, wanted: dict[Table, Sequence[str]]) -> None:
        self._frames = read_frames(log, wanted)
        self._tables = {table.name: table for table in wanted}
        self._newest: dict[str, tuple[int, pd.DataFrame]] = {}

    def week(self, as_of: date) -> Week:
        today, limit = day_number(as_of), milliseconds(start_of(as_of))
        known = {name: self._last_versions(name, limit) for name in self._frames}
        people = _enrolled(known, today)
        place = np.full(int(self._frames["enrolments"]["student"].max()) + 1, -1, np.int32)
        place[people["student"].to_numpy()] = np.arange(len(people), dtype=np.int32)
        rows = {}
        for name, frame in known.items():
            if self._tables[name].per_student:
                at = place[frame["student"].to_numpy()]
                chosen = (at >= 0) & (frame["happened_on"].to_numpy() < today)
                rows[name] = frame[chosen].assign(place=at[chosen])
        kind, on = known["calendar"]["kind"], known["calendar"]["happened_on"]
        shut, held = (
            on[kind.isin([code(tables.CALENDAR, "kind", one) for one in kinds])].to_numpy(np.int64)
            for kinds in (("HOLIDAY", "CLOSED"), ("TEACH", "EXAM", "WFH"))
        )
        days = np.setdiff1d(shut, held)
        rows["attendance"] = _in_company(rows["attendance"], people, days)
        return Week(today=today, people=people, rows=rows, closed_days=days)

    def _last_versions(self, name: str, limit: int) -> pd.DataFrame:
        frame = self._frames[name]
        count = int(frame["recorded_at"].searchsorted(limit))
        if self._newest.get(name, (-1,))[0] != count:
            known = frame.iloc[:count]
            if name == "attendance":
                known = known[known["session"] == code(tables.ATTENDANCE, "session", "DAY")]
                key = known["student"].astype(np.int64) * 65_536 + known["happened_on"]
                known = known[~key.duplicated(keep="last")]
                not_held = [code(tables.ATTENDANCE, "status", value) for value in ("N", "H")]
                known = known[~known["status"].isin(not_held)]
            else:
                known = known.drop_duplicates(list(self._tables[name].key_columns), keep="last")
            self._newest[name] = (count, known[~known["retracted"]])
        return self._newest[name][1]


def _enrolled(known: dict[str, pd.DataFrame], today: int) -> pd.DataFrame:
    """Who is on the roster of the term that is open and has not left; with the days on which the term opens and closes."""
    terms = known["calendar"].groupby(["academic_year", "term"])["happened_on"].agg(["min", "max"])
    spans = terms[(terms["min"] <= today) & (terms["max"] >= today)].reset_index()
    span = spans.iloc[0]
    roster, events = known["enrolments"], known["outcomes"]
    now = roster[(roster["academic_year"] == span["academic_year"]) & (roster["term"] == span["term"])]
    left = events["event"].isin([code(tables.OUTCOMES, "event", "LEFT")])
    left &= (events["happened_on"] < today) & (events["happened_on"] >= span["min"])
    here = now["status"] == code(tables.ENROLMENTS, "status", "ENROLLED")
    people: pd.DataFrame = now[here & ~now["student"].isin(events.loc[left, "student"])].sort_values(
        "student", ignore_index=True
    )
    group = people["class_group"].cat.codes
    return people.assign(group=group, opens=int(span["min"]), closes=int(span["max"]))


def _in_company(days: pd.DataFrame, people: pd.DataFrame, closed_days: npt.NDArray[np.int64]) -> pd.DataFrame:
    """Absence of interns, and of the dual system in a week in which nobody of three or more was seen, is the company."""
    status = {value: code(tables.ATTENDANCE, "status", value) for value in (*_DAYS, *_AWAY)}
    mode = people["study_mode"].to_numpy()[days["place"]]
    intern, dual = (mode == code(tables.ENROLMENTS, "study_mode", value) for value in ("INTERNSHIP", "DUAL"))
    of_dual = days[dual]
    # Weeks begin on Monday; 1970-01-01 was a Thursday.
    groups = people["group"].to_numpy()
    sizes = people["group"][people["study_mode"] == code(tables.ENROLMENTS, "study_mode", "DUAL")].value_counts()
    group = groups[of_dual["place"]]
    week = group.astype(np.int64) * 65_536 + (of_dual["happened_on"] + 3) // 7
    came = of_dual["status"].isin([status[value] for value in _DAYS]) & ~of_dual["happened_on"].isin(closed_days)
    seen = week[came].unique()
    away = intern.copy()
    away[dual] = ~week.isin(seen) & np.isin(group, sizes.index[sizes >= _LEAST_DUAL])
    away &= days["status"].isin([status[value] for value in _AWAY]).to_numpy()
    return days.assign(status=days["status"].mask(away, AWAY_IN_COMPANY))


def worth(column: Column, held: "pd.Series[float]") -> "pd.Series[float]":
    """A column as numbers: what a code is worth, a flag as 0 or 1."""
    if column.codes is None:
        return held.astype(float)
    return held.map({place: one.worth for place, one in enumerate(column.codes.codes)}).astype(float)
