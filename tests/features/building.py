"""What the tests of building share: colleges whose records are files and weeks of one ledger, alone and in a shard."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from features.cohort import NobodyEnrolled
from features.saved import advanced, save, standing
from features.snapshot import Snapshot, features
from features.state import Replay, State
from records import ledger
from records.home import DataHome
from records.ledger import LogIndex
from records.log import EventLog
from records.tables import ATTENDANCE
from tests.features.pictures import calendar, records_of, roster
from tests.features.small_log import Record, write_log
from tests.features.twin.histories import whole_college
from tests.property.small_college import Knobs
from tests.records.small import batch_of, institution

NOW = datetime(2026, 11, 2, tzinfo=UTC)
Bits = tuple[bytes, ...]


def college(seed: int, students: int = 12) -> list[Record]:
    """Two terms with late records, corrections, retractions, class periods, dual students and two numbers of a person."""
    return whole_college(
        Knobs(
            seed=seed, students=students, late=20, corrected=15, retracted=5, by_totals=20, leavers=15, two_numbers=True
        )
    )


def three_terms() -> list[Record]:
    """A year and a half: what lies before the previous term is not asked any more."""
    terms = [(2024, 2), (2025, 1), (2025, 2)]
    days = ("2024-11-11", "2025-02-03", "2025-05-20", "2025-08-18", "2025-10-02", "2025-10-28", "2025-11-12")
    rows = [
        f"{student} | {day} | {'AP'[(student + place) % 2]}" for place, day in enumerate(days) for student in (1, 2)
    ]
    marks = records_of("\n".join(["student | happened_on | status", *rows]), ATTENDANCE)
    rosters = [record for term in terms for record in roster([1, 2], term)]
    return [*calendar(terms), *rosters, *marks]


def one_log(folder: Path, records: Sequence[Record], *, epoch: int = 0) -> EventLog:
    log = write_log(folder, records)
    log.epoch, log.epochs = epoch, (epoch,)
    return log


def shard_log(folder: Path, colleges: Sequence[Sequence[Record]], name: str = "shard") -> EventLog:
    """Several institutions, T0, T1 …, as one ledger would name their files."""
    files, numbers = [], []
    for place, records in enumerate(colleges):
        own = write_log(folder, records)
        files += [replace(file, institution=code(place)) for file in own.files]
        numbers.append(own.ledger_number)
    index = LogIndex(
        files=tuple(files), ledger_number=max(numbers), epoch=0, ledger_numbers=tuple(numbers), epochs=(0,) * len(numbers),
        institutions=tuple(code(place) for place in range(len(colleges))),
    )  # fmt: skip
    return EventLog(folder=folder, institution=name, index=index)


def alone(log: EventLog, place: int) -> EventLog:
    """One institution of a shard by itself."""
    own = log.institutions[place]
    files = tuple(file for file in log.files if file.institution == own)
    index = LogIndex(
        files=files, ledger_number=log.ledger_numbers[place], epoch=0, institutions=(own,), epochs=(log.epochs[place],),
        ledger_numbers=(log.ledger_numbers[place],),
    )  # fmt: skip
    return EventLog(folder=log.folder, institution=own, index=index)


def fill(home: DataHome, colleges: Mapping[str, Sequence[Record]]) -> None:
    """The institutions of a home with their records, a batch of the ledger for each batch of theirs."""
    for own, records in colleges.items():
        ledger.add_institution(home.database, institution(own))
        files = write_log(home.logs, records).files
        for number in sorted({file.batch for file in files}):
            told = [file for file in files if file.batch == number]
            after = ledger.log_index(home.database, own).ledger_number
            ledger.commit(home.database, batch_of(code=own, files=told), after=after)


def code(place: int) -> str:
    return f"T{place}"


def bits(found: Snapshot) -> Bits:
    """Students, class groups, values and completeness, to be compared byte for byte."""
    groups = "|".join(np.array(found.cohort.groups, object)[found.cohort.group])
    complete = b"".join(one.tobytes() for one in found.completeness.values())
    return str(found.as_of).encode(), found.cohort.student.tobytes(), groups.encode(), found.values.tobytes(), complete


def mondays(first: date, weeks: int) -> list[date]:
    return [date.fromordinal(first.toordinal() + 7 * week) for week in range(weeks)]


def answers(state: State, as_of: date) -> Bits:
    try:
        return bits(features(state, as_of))
    except NobodyEnrolled:
        return (b"nobody",)


def replayed(log: EventLog, days: Sequence[date]) -> list[Bits]:
    """By one full replay a day."""
    return [answers(Replay(log).advance(day), day) for day in days]


def weekly(log: EventLog, days: Sequence[date], path: Path) -> list[Bits]:
    """By one run a day, each going on from what the one before has saved."""
    return [answers(state, day) for day in days for state in advanced(log, [day], path, now=NOW)]


def saved_at(log: EventLog, as_of: date, path: Path) -> Path:
    assert save(Replay(log).advance(as_of), standing(log, as_of), path, now=NOW)
    return path
