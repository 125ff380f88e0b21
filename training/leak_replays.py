"""Probes that ask the log again: what a table to learn from holds beyond what could have been known on its day."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.cohort import NobodyEnrolled
from features.declaration import Feature
from features.promises import copied_log
from features.snapshot import Snapshot, features
from features.state import Replay
from models.horizon import Horizon
from records.log import EventLog
from records.tables import ENROLMENTS, SAME_PERSON, TABLES, Table
from training.evidence import Leak
from training.outcome import Outcomes, labels
from training.panel import Panel, Week

Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Declare = Callable[[EventLog], Sequence[Feature]]
"""The questions as somebody writes them who has this log before them: nobody can look up what it does not hold."""

_DAY_MS = 86_400_000
_BANGKOK_MS = 7 * 3_600_000  # Thailand keeps UTC+7 all year
EARLY_SHARE = 0.02
"""A leave or an internship may be told before its day; more of a source's records may not."""
_LEAST_RECORDS = 20
# Rosters speak of terms to come; links and our own visits are entered by ourselves; sealed tables stay sealed.
_STAMPED: tuple[Table, ...] = tuple(
    table for table in TABLES if table.per_student and not table.sensitive and table not in (ENROLMENTS, SAME_PERSON)
)


@dataclass(frozen=True, kw_only=True)
class Told:
    """The log of one institution, and how the questions came to be that were asked of it."""

    log: EventLog
    declare: Declare


def asked_again(panel: Panel, told: Told) -> Iterator[Leak]:
    """One day of the panel asked again of a log that ends there, then with other student numbers.

    "told later": the value of the panel is another one. "outside the log": it does not follow its student to another
    number, so it was not read from the records. The day is the one with the most leavers: what is known of them
    afterwards shows most.
    """
    own = [week for week in panel.weeks if week.institution == told.log.institution]
    if not own:
        return
    week = max(own, key=lambda one: int(one.left.sum()))
    then = _asked_of_copy(told, week.as_of, renumbered=False)
    if then is None:
        yield Leak(probe="told later", feature="", strength=1.0)
        return
    yield from _differing("told later", week.values, _places(then, week.student), then, exact=True)
    turned = _asked_of_copy(told, week.as_of, renumbered=True)
    if turned is not None:
        last = int(told.log.offsets[-1]) - 1
        places = _places(turned, last - then.cohort.student)
        yield from _differing("outside the log", then.values, places, turned, exact=False)


def _asked_of_copy(told: Told, as_of: date, *, renumbered: bool) -> Snapshot | None:
    """The answers of the day, all worked out from a log that ends before it; None when nobody was enrolled."""
    with TemporaryDirectory() as folder:
        log = copied_log(told.log, Path(folder), as_of, renumbered=renumbered)
        try:
            return features(Replay(log).advance(as_of), as_of, tuple(told.declare(log)))
        except NobodyEnrolled:
            return None


def _places(snapshot: Snapshot, students: Ints) -> Ints:
    """Where these students stand in the snapshot, -1 for who is not in it."""
    there = snapshot.cohort.student
    place = np.minimum(np.searchsorted(there, students), len(there) - 1)
    return np.where(there[place] == students, place, -1)


def _differing(
    probe: str, values: npt.NDArray[np.float32], places: Ints, other: Snapshot, *, exact: bool
) -> Iterator[Leak]:
    """Features whose value is another one for some student; an empty name for students who were not there."""
    there = np.flatnonzero(places >= 0)
    if len(there) < len(places):
        yield Leak(probe=probe, feature="", strength=1 - len(there) / len(places))
    for column, feature in enumerate(other.features):
        ours, theirs = values[there, column], other.values[places[there], column]
        # Sums of floating-point numbers depend on the order of the students: a near-tie may round the other way.
        near = 0.0 if exact else 1.01 * 10.0**-feature.decimals
        same = np.isclose(ours, theirs, rtol=0 if exact else 1e-6, atol=near, equal_nan=True)
        if not same.all():
            yield Leak(probe=probe, feature=feature.name, strength=float(1 - same.mean()))


# Stamps


def stamped_early(log: EventLog) -> Iterator[Leak]:
    """Tables whose records were known before the day they tell of, or before their source had entered them."""
    for table in _STAMPED:
        rows = log.rows(table, columns=("happened_on", "entered_at", "recorded_at", "retracted"))
        told = rows.filter(pa.array(~rows.column("retracted").to_numpy()))
        early = _is_early(told)
        if len(early) >= _LEAST_RECORDS and early.mean() > EARLY_SHARE:
            yield Leak(probe="stamped early", feature=table.name, strength=float(early.mean()))


def _is_early(rows: pa.Table) -> Flags:
    known = _local_day(rows.column("recorded_at"))
    entered = rows.column("entered_at")
    by_source = np.where(entered.is_valid().to_numpy(), _local_day(entered.fill_null(0)), known)
    happened = rows.column("happened_on").cast(pa.int32()).to_numpy()
    return np.asarray((known < happened) | (known < by_source))


def _local_day(moments: pa.ChunkedArray) -> Ints:
    milliseconds = moments.cast(pa.int64()).fill_null(0).to_numpy()
    return np.asarray((milliseconds + _BANGKOK_MS) // _DAY_MS)


# Labels


def labels_known_later(panel: Panel, institution: str, found: Outcomes, horizon: Horizon) -> Iterator[Leak]:
    """Rows that train with a label which the records of the training day (that of `found`) do not tell, or not yet."""
    rows = wrong = 0
    for week in panel.weeks:
        if week.institution == institution:
            rows += len(week.student)
            wrong += _not_known(week, found, horizon)
    if wrong:
        yield Leak(probe="label known later", feature="", strength=wrong / rows)


def _not_known(week: Week, found: Outcomes, horizon: Horizon) -> int:
    if week.cohort.today >= found.known_until:
        return len(week.student)
    said = labels(found, week.cohort, horizon)
    if not said.mature:
        return len(week.student)
    place = np.searchsorted(week.cohort.student, week.student)
    return int(((week.left != said.left[place]) | (week.gone != said.gone[place])).sum())
