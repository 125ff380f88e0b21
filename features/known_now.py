"""The same day twice: from what was known that morning, and from all that is known now, side by side.

What differs is what came late: corrections, rows entered weeks after, a roster that arrived when the list was out.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.snapshot import Snapshot, features
from features.state import FOLDED_TABLES, Replay
from records.clock import start_of
from records.log import EventLog

SUFFIX = "__known_now"
BOTH, THEN, NOW = "both", "then", "now"


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A feature that differs, and how many of the students who are in both snapshots it differs for."""

    feature: str
    students: int


@dataclass(frozen=True, kw_only=True)
class LateRecords:
    """Records told on the day or after it, and how many of them are about days before it."""

    told_since: int
    about_before: int


@dataclass(frozen=True, kw_only=True)
class KnownNow:
    """Two snapshots of one day as a table; `only_then` and `only_now` count students who are in one of them alone.

    `table` has the columns of Snapshot.frame(), `enrolled` (both, then, now), and beside every column that differs for
    anybody the same column with SUFFIX. A student of one snapshot has no values on the side of the other.
    """

    as_of: date
    table: pd.DataFrame
    changed: tuple[Changed, ...]
    only_then: int
    only_now: int
    late: LateRecords


def known_now(log: EventLog, as_of: date, today: date) -> KnownNow:
    """The day `as_of` from what was known that morning and from what is known at the end of `today`.

    Raises NobodyEnrolled when one of the two has no student, ValueError when `as_of` lies after tomorrow.
    """
    tomorrow = today + timedelta(days=1)
    forward = Replay(log)
    then = features(forward.advance(as_of), as_of)
    now = features(forward.advance(tomorrow), as_of)
    return beside(then, now, late_records(log, as_of, tomorrow))


def beside(then: Snapshot, now: Snapshot, late: LateRecords) -> KnownNow:
    """Two snapshots of the same day and catalogue as one table, students in order of their numbers."""
    held, told = then.frame().set_index("student"), now.frame().set_index("student")
    everybody = held.index.union(told.index)
    in_both = held.index.intersection(told.index)
    columns: dict[str, pd.Series] = {"enrolled": _enrolled(everybody, held.index, told.index)}
    changed = []
    for name in held.columns:
        old, new = held[name].reindex(everybody), told[name].reindex(everybody)
        columns[name] = old
        differs = pd.Series(_differs(old, new), index=everybody)
        if not differs.any():
            continue
        columns[name + SUFFIX] = new
        if (count := int(differs[in_both].sum())) and name != "class_group":
            changed.append(Changed(feature=name, students=count))
    return KnownNow(
        as_of=then.as_of,
        table=pd.DataFrame(columns).rename_axis("student").reset_index(),
        changed=tuple(sorted(changed, key=lambda one: -one.students)),
        only_then=len(held.index.difference(told.index)),
        only_now=len(told.index.difference(held.index)),
        late=late,
    )


def late_records(log: EventLog, as_of: date, until: date) -> LateRecords:
    """How much was told from `as_of` on and before `until`, of what a state is made of."""
    since = about = 0
    for table in FOLDED_TABLES:
        reader = log.reader(table, ("happened_on",))
        for _ in reader.upto(start_of(as_of)):  # known in time: read past, a chunk at a time
            pass
        for rows in reader.upto(start_of(until)):
            happened = rows.column("happened_on").to_numpy()
            since += len(happened)
            about += int((happened < np.datetime64(as_of, "D")).sum())
    return LateRecords(told_since=since, about_before=about)


def _differs(old: pd.Series, new: pd.Series) -> npt.NDArray[np.bool_]:
    """Where two columns say different things; not known twice is no difference."""
    return np.asarray(~((old == new) | (old.isna() & new.isna())))


def _enrolled(everybody: pd.Index, then: pd.Index, now: pd.Index) -> pd.Series:
    words = np.select([everybody.isin(then) & everybody.isin(now), everybody.isin(then)], [BOTH, THEN], NOW)
    return pd.Series(words, index=everybody, dtype=object)
