"""Two dates, a student a case: what is recorded on the day or after it changes no byte, and reading order decides ties.

ZERODROP_CASES says how many students each property must see; a few thousand by default, 100000 for a release.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pytest

from features.snapshot import Snapshot, features
from features.state import Replay
from records.clock import milliseconds, start_of
from tests.features.twin.large import DAY_MS, TERMS, Told, large_college, write_told

CASES = int(os.environ.get("ZERODROP_CASES", "3000"))
STUDENTS = 1500
OPENS = TERMS[2025, 1][0]
_TO_BANGKOK = 7 * 3_600_000
Bits = tuple[bytes, ...]
pytestmark = pytest.mark.timeout(7200)


@dataclass(frozen=True)
class Case:
    """A college, and a day on which each of its students is one case."""

    seed: int
    day: date
    told: list[Told]

    @property
    def random(self) -> np.random.Generator:
        return np.random.default_rng(self.seed + 1)

    def known(self) -> list[Told]:
        """What was recorded before the first moment of the day."""
        return [_those(one, _moments(one) < self.limit) for one in self.told]

    @property
    def limit(self) -> int:
        return milliseconds(start_of(self.day))


def colleges() -> Iterator[Case]:
    """Colleges without end, each with another day of the term; some records lie on the very edge of a day."""
    seed = 0
    while True:
        day = OPENS + timedelta(days=int(np.random.default_rng(seed).integers(9, 90)))
        told = large_college(seed, STUDENTS)
        yield Case(seed, day, _at_the_edges(np.random.default_rng(seed), told))
        seed += 1


def test_what_is_recorded_on_the_day_or_later_changes_no_byte() -> None:
    seen = 0
    for case in colleges():
        known = case.known()
        wanted = snapshot(known, case.day)
        assert bits(snapshot(case.told, case.day)) == bits(wanted)
        assert bits(snapshot([*known, *_shuffled(case)], case.day)) == bits(wanted)
        assert bits(snapshot([*known, *_strangers(case)], case.day)) == bits(wanted)
        seen += len(wanted.cohort.student)
        if seen >= CASES:
            return


def test_of_records_of_the_same_moment_the_higher_batch_then_the_higher_line_holds() -> None:
    seen = 0
    for case in colleges():
        tied = [_moved(one, np.full(one.rows.num_rows, (one.batch // 2 + 1401) * 14 * DAY_MS)) for one in case.told]
        known = replace(case, told=tied).known()
        wanted = snapshot(_winners(known), case.day)
        order = case.random.permutation(len(known))
        assert bits(snapshot([known[place] for place in order], case.day)) == bits(wanted)
        seen += len(wanted.cohort.student)
        if seen >= CASES:
            return


def test_week_by_week_gives_every_byte_of_one_jump() -> None:
    seen = 0
    for case in colleges():
        with tempfile.TemporaryDirectory() as folder:
            log = write_told(Path(folder), case.told)
            forward = Replay(log)
            weeks = [OPENS + timedelta(weeks=week) for week in range(1, 14)]
            snapshots = [features(forward.advance(week), week) for week in weeks]
            for step in (len(weeks) - 1, int(case.random.integers(1, len(weeks) - 1))):
                jump = features(Replay(log).advance(weeks[step]), weeks[step])
                assert bits(snapshots[step]) == bits(jump)
                seen += len(jump.cohort.student)
        if seen >= CASES:
            return


def snapshot(told: Sequence[Told], day: date) -> Snapshot:
    with tempfile.TemporaryDirectory() as folder:
        return features(Replay(write_told(Path(folder), told)).advance(day), day)


def bits(found: Snapshot) -> Bits:
    """Students, class groups and values, to be compared byte for byte."""
    groups = "|".join(found.cohort.groups[group] for group in found.cohort.group)
    return found.cohort.student.tobytes(), groups.encode(), found.values.tobytes()


def _moments(told: Told) -> npt.NDArray[np.int64]:
    return np.asarray(told.rows.column("recorded_at").cast(pa.int64()).to_numpy())


def _those(told: Told, chosen: npt.NDArray[np.bool_]) -> Told:
    return replace(told, rows=told.rows.filter(pa.array(chosen)))


def _moved(told: Told, moments: npt.NDArray[np.int64]) -> Told:
    place = told.rows.schema.get_field_index("recorded_at")
    field = told.rows.schema.field(place)
    return replace(told, rows=told.rows.set_column(place, field, pa.array(moments).cast(field.type)))


def _at_the_edges(random: np.random.Generator, told: Sequence[Told]) -> list[Told]:
    """Some records are moved to the first or the last moment of the day on which they were told."""
    edged = []
    for one in told:
        moments = _moments(one)
        first = (moments + _TO_BANGKOK) // DAY_MS * DAY_MS - _TO_BANGKOK
        drawn = random.random(len(moments))
        edged.append(_moved(one, np.select([drawn < 0.05, drawn < 0.1], [first, first + DAY_MS - 1], moments)))
    return edged


def _shuffled(case: Case) -> Iterator[Told]:
    """Half of the later records, each with the moment, batch and student of another."""
    random = case.random
    for one in case.told:
        later = _those(one, _moments(one) >= case.limit)
        kept = random.permutation(later.rows.num_rows)[: later.rows.num_rows // 2]
        rows, others = later.rows.take(kept), later.rows.take(random.permutation(kept))
        for name in ("recorded_at", "line", *(["student"] if one.table.per_student else [])):
            place = rows.schema.get_field_index(name)
            rows = rows.set_column(place, rows.schema.field(place), others.column(name))
        yield Told(one.table, int(random.integers(1, 60)), rows)


def _strangers(case: Case) -> Iterator[Told]:
    """Another college told from the first moment of the day on, under earlier and later batches."""
    other = large_college(case.seed + 10_000, STUDENTS + 50)
    first = min(int(_moments(one).min()) for one in other)
    for one in other:
        yield _moved(one, _moments(one) - first + case.limit)


def _winners(told: Sequence[Told]) -> list[Told]:
    """Of the versions of each fact the one with the highest (moment, batch, line), alone in its batch."""
    winners: list[Told] = []
    spoken = [one for one in told if one.rows.num_rows]
    for table in {one.table.name: one.table for one in spoken}.values():
        mine = [one for one in spoken if one.table is table]
        rows = pa.concat_tables(one.rows for one in mine)
        order = pd.DataFrame(
            {
                **{name: rows.column(name).to_pandas() for name in (*table.key_columns, "recorded_at", "line")},
                "batch": np.concatenate([np.full(one.rows.num_rows, one.batch) for one in mine]),
            }
        ).sort_values(["recorded_at", "batch", "line"])
        last = order.drop_duplicates(list(table.key_columns), keep="last")
        for batch in np.unique(last["batch"]):
            chosen = np.sort(last.index[last["batch"] == batch])
            winners.append(Told(table, int(batch), rows.take(chosen)))
    return winners


def test_the_colleges_have_late_records_versions_and_ties() -> None:
    case = next(colleges())
    for name in ("attendance", "grades", "enrolments", "screening"):
        rows = [one for one in case.told if one.table.name == name]
        moments = np.concatenate([_moments(one) for one in rows])
        assert len(np.unique(moments)) < len(moments)
        assert any(one.rows.column("retracted").to_pandas().any() for one in rows)
    late = [one for one in case.told if (_moments(one) >= case.limit).any()]
    assert {"attendance", "attendance_total", "grades"} <= {one.table.name for one in late}
    assert sum(one.rows.num_rows for one in _winners(case.told)) < sum(one.rows.num_rows for one in case.told)
    a_day_less = replace(case, day=case.day - timedelta(days=1)).known()
    assert bits(snapshot(a_day_less, case.day)) != bits(snapshot(case.told, case.day))
