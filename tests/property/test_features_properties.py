"""For random colleges: the state answers as the oracle does, and nothing recorded later, nor how it was read, matters."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.catalogue import CATALOGUE
from features.cohort import NobodyEnrolled
from features.snapshot import Snapshot, features, replay
from features.state import Replay
from records.clock import start_of
from records.log import EventLog
from records.tables import SAME_PERSON
from tests.features.oracle import Answer, oracle
from tests.features.small_log import Record, known, reading_order, write_log
from tests.features.twin.histories import whole_college
from tests.property.profile import COLLEGES
from tests.property.small_college import MONDAYS, Knobs

PERCENT = st.sampled_from((0, 5, 15, 40))
KNOBS = st.builds(
    Knobs,
    seed=st.integers(0, 2**32),
    students=st.integers(10, 30),
    late=PERCENT,
    corrected=PERCENT,
    retracted=st.sampled_from((0, 3, 10)),
    by_totals=st.sampled_from((0, 0, 30, 100)),
    leavers=st.sampled_from((0, 20)),
    two_numbers=st.booleans(),
)
MONDAY = st.sampled_from(MONDAYS)
ANY_DAY = st.builds(lambda monday, days: monday + timedelta(days=days), MONDAY, st.integers(0, 4))


@COLLEGES
@given(KNOBS, st.sets(ANY_DAY, min_size=2, max_size=4))
def test_the_state_answers_as_the_oracle_does(knobs: Knobs, days: set[date]) -> None:
    records = whole_college(knobs)
    with log_of(records) as log:
        forward = Replay(log)
        for day in sorted(days):
            found, wanted = _snapshot(forward, day), oracle(records, day, CATALOGUE)
            if found is None:
                assert not wanted
                continue
            assert found.cohort.student.tolist() == sorted(wanted)
            assert not list(disagreements(found, wanted))


@COLLEGES
@given(KNOBS, ANY_DAY, st.integers(0, 2**32))
def test_nothing_recorded_from_the_first_moment_of_the_day_on_matters(knobs: Knobs, day: date, seed: int) -> None:
    records = whole_college(knobs)
    told = known(records, day)
    later = [record for record in records if record.recorded_at >= start_of(day)]
    strangers = whole_college(replace(knobs, seed=seed, students=knobs.students + 5))
    before = answers(told, day)
    assert answers(records, day) == before
    assert answers([*told, *shuffled(Random(seed), later)], day) == before
    assert answers([*told, *_recorded_from(start_of(day), strangers)], day) == before


@COLLEGES
@given(KNOBS, st.integers(1, 9))
def test_week_by_week_gives_what_one_jump_gives(knobs: Knobs, last: int) -> None:
    weeks = MONDAYS[: 2 * last]
    with log_of(whole_college(knobs)) as log:
        forward = Replay(log)
        for week in weeks[:-1]:
            _snapshot(forward, week)
        assert bits(_snapshot(forward, weeks[-1])) == bits(_snapshot(Replay(log), weeks[-1]))


@COLLEGES
@given(KNOBS, MONDAY, st.integers(20, 2000), st.integers(0, 2**32))
def test_how_the_records_are_cut_into_files_and_batches_does_not_matter(
    knobs: Knobs, day: date, most_rows: int, seed: int
) -> None:
    records = whole_college(knobs)
    whole = answers(records, day)
    assert answers(in_smaller_batches(records, most_rows), day) == whole
    with log_of(records) as log:
        log.files = tuple(Random(seed).sample(log.files, len(log.files)))
        assert bits(_snapshot(Replay(log), day)) == whole


def disagreements(found: Snapshot, wanted: dict[int, dict[str, Answer]]) -> Iterator[str]:
    """Values that differ by more than float32 and rounding to a half explain."""
    for row, student in enumerate(found.cohort.student.tolist()):
        for column, feature in enumerate(found.features):
            value, answer = float(found.values[row, column]), wanted[student][feature.name]
            near = (
                answer.value is not None and abs(value - answer.value) <= 1e-5 * abs(answer.value) + 1e-6 + answer.slack
            )
            if not near and not (answer.value is None and np.isnan(value)):
                yield f"{feature.name} of student {student} on {found.as_of}: {value} is not {answer.value}"


def answers(records: Sequence[Record], day: date) -> tuple[bytes, ...] | None:
    with log_of(records) as log:
        return bits(_snapshot(Replay(log), day))


def bits(snapshot: Snapshot | None) -> tuple[bytes, ...] | None:
    """Students, class groups and values, to be compared bit for bit."""
    if snapshot is None:
        return None
    groups = "|".join(snapshot.cohort.groups[group] for group in snapshot.cohort.group)
    return snapshot.cohort.student.tobytes(), groups.encode(), snapshot.values.tobytes()


def _snapshot(forward: Replay, day: date) -> Snapshot | None:
    state = forward.advance(day)
    try:
        return features(state, day)
    except NobodyEnrolled:
        return None


@contextmanager
def log_of(records: Sequence[Record]) -> Iterator[EventLog]:
    with tempfile.TemporaryDirectory() as folder:
        yield write_log(Path(folder), records)


def shuffled(random: Random, records: Sequence[Record]) -> list[Record]:
    """Some of them, each with the moment, batch and line of another."""
    kept = [record for record in records if random.random() < 0.6]
    places = [(record.recorded_at, record.batch, record.line) for record in kept]
    random.shuffle(places)
    return [
        replace(record, recorded_at=at, batch=batch, line=line)
        for record, (at, batch, line) in zip(kept, places, strict=True)
    ]


def _recorded_from(limit: datetime, records: Sequence[Record]) -> list[Record]:
    """As if all of them had been recorded from that moment on, the first at the very moment."""
    first = min(record.recorded_at for record in records)
    return [replace(record, recorded_at=limit + (record.recorded_at - first), batch=record.batch) for record in records]


def in_smaller_batches(records: Sequence[Record], most_rows: int) -> list[Record]:
    """The same records in the same reading order, in batches of at most `most_rows`."""
    new_number = {batch: 1000 * batch for batch in {record.batch for record in records}}
    counted = dict.fromkeys(new_number, 0)
    smaller = []
    for record in sorted(records, key=reading_order):
        counted[record.batch] += 1
        smaller.append(replace(record, batch=new_number[record.batch] + counted[record.batch] // most_rows))
    return smaller


def test_the_colleges_have_what_they_are_to_test() -> None:
    knobs = Knobs(seed=1, students=30, late=15, corrected=15, retracted=3, by_totals=30, leavers=20, two_numbers=True)
    records = whole_college(knobs)
    assert {record.table.name for record in records} > {"attendance_total", "outcomes", "household", SAME_PERSON.name}
    assert any(record.retracted for record in records)
    with log_of(records) as log:
        snapshots = list(replay(log, MONDAYS))
    answered = ~np.isnan(np.concatenate([snapshot.values for snapshot in snapshots]))
    assert answered.any(axis=0).all(), "a feature is never answered"
