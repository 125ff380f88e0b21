"""A state goes to the disk and comes back the same, a week more gives what a full replay gives, and nothing broken is used."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from features import saved
from features.saved import UnusableState, advanced, load, resume, save, standing
from features.state import Replay
from records.clock import BANGKOK, start_of
from records.log import EventLog
from records.tables import ATTENDANCE
from tests.features.building import NOW, answers, college, one_log, replayed, saved_at, shard_log, weekly
from tests.features.pictures import calendar, records_of, roster
from tests.features.small_log import Record
from tests.property.small_college import MONDAYS

MONDAY, NEXT = date(2025, 9, 1), date(2025, 9, 8)
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    return one_log(tmp_path / "log", college(1))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "states" / "T1.state"


# The same state


def test_what_is_loaded_answers_as_what_was_saved(log: EventLog, path: Path) -> None:
    before = answers(Replay(log).advance(MONDAY), MONDAY)
    state, of = load(saved_at(log, MONDAY, path))
    assert answers(state, MONDAY) == before
    assert of == standing(log, MONDAY)
    assert before != replayed(log, [NEXT])[0]


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_a_week_more_gives_every_byte_of_a_full_replay(tmp_path: Path, path: Path, seed: int) -> None:
    log = one_log(tmp_path / "log", college(seed))
    days = MONDAYS[1::2]
    assert weekly(log, days, path) == replayed(log, days)
    assert load(path)[1].as_of == days[-1]


def test_a_shard_goes_on_week_by_week_as_well(tmp_path: Path, path: Path) -> None:
    log = shard_log(tmp_path / "log", [college(5), college(6, students=7), college(7)])
    days = MONDAYS[2::3]
    assert weekly(log, days, path) == replayed(log, days)


def test_several_days_of_one_run_are_those_of_several_runs(log: EventLog, path: Path) -> None:
    list(advanced(log, [MONDAYS[3]], path, now=NOW))
    days = MONDAYS[4:9]
    assert [answers(state, day) for day, state in zip(days, advanced(log, days, path, now=NOW), strict=True)] == (
        replayed(log, days)
    )


def test_a_run_of_no_days_reads_nothing(log: EventLog, path: Path) -> None:
    assert list(advanced(log, [], path, now=NOW)) == []
    assert not path.exists()


# What cannot be used


def damages() -> Iterator[tuple[str, Callable[[bytes], bytes]]]:
    def flipped(at: float) -> Callable[[bytes], bytes]:
        def flip(raw: bytes) -> bytes:
            place = int(at * (len(raw) - 1))
            return raw[:place] + bytes([raw[place] ^ 4]) + raw[place + 1 :]

        return flip

    yield from ((f"a flipped bit at {part}", flipped(part)) for part in (0.0, 0.001, 0.3, 0.5, 0.9, 1.0))
    yield from ((f"cut to {size}", lambda raw, size=size: raw[:size]) for size in (0, 1, 15, 16, 40, 4000))
    yield "cut by a byte", lambda raw: raw[:-1]
    yield "a byte more", lambda raw: raw + b"\0"


@pytest.mark.parametrize("damage", [one for _, one in damages()], ids=[name for name, _ in damages()])
def test_a_damaged_state_is_not_used(log: EventLog, path: Path, damage: Callable[[bytes], bytes]) -> None:
    saved_at(log, MONDAY, path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UnusableState, match="the log is read instead"):
        load(path)
    assert weekly(log, [NEXT], path) == replayed(log, [NEXT])
    assert load(path)[1].as_of == NEXT  # made anew


def test_no_flipped_byte_is_read(tmp_path: Path) -> None:
    """Every thirtieth byte of a small file, one after the other."""
    log = one_log(tmp_path / "log", [*calendar([(2025, 1)]), *roster([1], (2025, 1))])
    path = saved_at(log, MONDAY, tmp_path / "T1.state")
    raw = path.read_bytes()
    for place in range(0, len(raw), 30):
        path.write_bytes(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
        with pytest.raises(UnusableState):
            load(path)


def test_a_state_that_is_not_there_is_not_used(log: EventLog, path: Path) -> None:
    with pytest.raises(UnusableState, match="cannot be read"):
        resume(log, path)


def test_a_state_of_another_format_is_not_used(log: EventLog, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved, "FORMAT", saved.FORMAT + 1)
    saved_at(log, MONDAY, path)
    monkeypatch.undo()
    with pytest.raises(UnusableState, match="of another version"):
        load(path)


def test_a_state_of_other_columns_is_not_used(log: EventLog, path: Path) -> None:
    of = replace(standing(log, MONDAY), tables="0" * 64)
    assert save(Replay(log).advance(MONDAY), of, path, now=NOW)
    with pytest.raises(UnusableState, match="of another version"):
        load(path)


def test_an_epoch_that_was_raised_reads_the_log_anew(tmp_path: Path, path: Path) -> None:
    """A history that came in, or an undo."""
    records = college(1)
    saved_at(one_log(tmp_path / "before", records), MONDAY, path)
    history = [one for one in records if one.table is not ATTENDANCE or one.happened_on.day % 2]
    log = one_log(tmp_path / "after", history, epoch=1)
    with pytest.raises(UnusableState, match="a history, an undo or new students"):
        resume(log, path)
    assert weekly(log, [NEXT], path) == replayed(log, [NEXT])
    resume(log, path)


def test_a_state_that_has_read_more_than_the_log_is_not_used(log: EventLog, path: Path) -> None:
    saved_at(log, MONDAY, path)
    log.ledger_numbers = (log.ledger_number - 1,)
    with pytest.raises(UnusableState, match="has read more than this log holds"):
        resume(log, path)


def test_new_students_of_the_last_institution_alone_leave_the_state_in_use(tmp_path: Path, path: Path) -> None:
    first, last = college(5), college(6)
    saved_at(shard_log(tmp_path / "one", [first, last]), MONDAY, path)

    def grown(records: list[Record]) -> list[Record]:
        news = [replace(one, student=one.student + 500) for one in records if one.recorded_at >= start_of(MONDAY)]
        return [*records, *(replace(one, line=one.line + 10**7) for one in news if one.table.name == "attendance")]

    for number, (records, is_used) in enumerate([((first, grown(last)), True), ((grown(first), last), False)]):
        log = shard_log(tmp_path / f"two{number}", records)
        expected = nullcontext() if is_used else pytest.raises(UnusableState, match="new students")
        with expected:
            resume(log, path)
        again = tmp_path / f"{number}.state"
        again.write_bytes(path.read_bytes())
        assert weekly(log, [NEXT], again) == replayed(log, [NEXT])


def late_import(minute: int) -> list[Record]:
    """An import of Sunday evening that was committed after Monday's state was saved, as a new batch."""
    told = records_of("student | happened_on | status\n3 | 2025-08-29 | A\n4 | 2025-08-29 | A", ATTENDANCE)
    at = datetime(2025, 8, 31, 23, minute, tzinfo=BANGKOK)
    return [replace(one, recorded_at=at, batch=1000) for one in told]


def test_a_batch_that_was_committed_later_with_an_earlier_time_reads_the_log_anew(tmp_path: Path, path: Path) -> None:
    records = college(1)
    before = one_log(tmp_path / "log", records)
    saved_at(before, MONDAY, path)
    log = one_log(tmp_path / "more", [*records, *late_import(59)])
    assert log.epoch == before.epoch
    with pytest.raises(UnusableState, match="came in after it"):
        resume(log, path)
    assert weekly(log, [MONDAY, NEXT], path) == replayed(log, [MONDAY, NEXT])


# Which day it is of


def test_a_state_of_a_later_day_is_neither_used_nor_replaced(log: EventLog, path: Path) -> None:
    saved_at(log, NEXT, path)
    kept = path.read_bytes()
    assert weekly(log, [MONDAY], path) == replayed(log, [MONDAY])
    assert path.read_bytes() == kept


def test_the_same_day_again_leaves_the_file_as_it_is(log: EventLog, path: Path) -> None:
    saved_at(log, MONDAY, path)
    made = path.stat().st_ino
    assert weekly(log, [MONDAY], path) == replayed(log, [MONDAY])
    assert path.stat().st_ino == made


def test_a_day_that_is_not_over_is_not_saved(log: EventLog, path: Path) -> None:
    """As of Monday means known before Monday began: until then records can still come in."""
    state, of = Replay(log).advance(MONDAY), standing(log, MONDAY)
    begins = start_of(MONDAY)
    assert not save(state, of, path, now=begins - timedelta(seconds=1))
    assert not path.exists()
    list(advanced(log, [MONDAY], path, now=begins - timedelta(seconds=1)))
    assert not path.exists()
    assert save(state, of, path, now=begins)
    assert path.exists()


def test_sensitive_answers_are_another_state(log: EventLog, path: Path) -> None:
    saved_at(log, MONDAY, path)
    with pytest.raises(UnusableState):
        resume(log, path, sensitive=True)


# Whole or not at all


def test_a_disk_that_is_full_leaves_the_old_state(log: EventLog, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved_at(log, MONDAY, path)
    kept = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(saved.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save(Replay(log).advance(NEXT), standing(log, NEXT), path, now=NOW)
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert path.read_bytes() == kept


KILLED = """
import os, signal, sys
from datetime import date
from pathlib import Path
from features import saved
from features.state import Replay
from tests.features.building import NOW, college, one_log
folder, path = map(Path, sys.argv[1:])
log, day = one_log(folder, college(1)), date(2025, 9, 8)
state = Replay(log).advance(day)
saved.os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
saved.save(state, saved.standing(log, day), path, now=NOW)
"""


def test_whoever_is_killed_while_writing_leaves_the_old_state(log: EventLog, path: Path, tmp_path: Path) -> None:
    saved_at(log, MONDAY, path)
    kept = path.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "theirs"), str(path)], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert path.read_bytes() == kept
    [left] = [one for one in path.parent.iterdir() if one != path]
    saved_at(log, NEXT, path)
    assert left.exists()  # somebody may be writing it
    yesterday = left.stat().st_mtime - 90_000
    saved.os.utime(left, (yesterday, yesterday))
    saved_at(log, NEXT, path)
    assert not left.exists()


def test_a_state_in_use_may_be_replaced(log: EventLog, path: Path) -> None:
    """The file is mapped: who reads the old one goes on reading it."""
    forward = resume(log, saved_at(log, MONDAY, path))
    saved_at(log, NEXT, path)
    assert answers(forward.advance(NEXT), NEXT) == replayed(log, [NEXT])[0]
    assert np.asarray(forward.state.attendance.days).dtype == np.uint8
