"""A state on the disk: one file, hashed, mapped into memory, so that a week is added without reading the terms again."""

import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from features.cohort import day_number, term_spans, terms_before
from features.remembered import kept_parts, restore_kept
from features.state import FOLDED_TABLES, NO_DAY, Replay, State
from features.vocabulary import Sessions
from records.clock import milliseconds, start_of
from records.log import EventLog
from records.log_file import Within
from records.tables import ATTENDANCE_TOTAL, SCREENING_SENSITIVE, TABLE_OF, Table

FORMAT = 4
LONGEST_WINDOW = 92
"""Days of marks that are kept at least; windows of last days are shorter."""
_BEGINNING = np.iinfo(np.int64).min
_MAGIC = b"zerodrop state\n"
_ALIGNED = 64
_HASH = 32
_FORGOTTEN = 86_400
"""Seconds after which a part belongs to nobody who still writes it."""


class UnusableState(ValueError):
    """A saved state that is damaged, of another version, or has not read what came in for its days: read the log instead."""


class StateNotSaved(Exception):
    """Why the disk did not take a state; the tables are complete, and next time the log is read."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Of what a saved state is the state: institutions, their numbers and epochs, the day, and how far the ledger went."""

    institutions: tuple[str, ...]
    offsets: tuple[int, ...]
    epochs: tuple[int, ...]
    ledger_numbers: tuple[int, ...]
    as_of: date
    tables: str
    sensitive: bool


def standing(log: EventLog, as_of: date, *, sensitive: bool = False) -> Standing:
    """Of what the state of a log on a day is the state."""
    return Standing(
        institutions=log.institutions,
        offsets=tuple(log.offsets.tolist()),
        epochs=log.epochs,
        ledger_numbers=log.ledger_numbers,
        as_of=as_of,
        tables=_tables_fingerprint(),
        sensitive=sensitive,
    )


def save(state: State, of: Standing, path: Path, *, now: datetime) -> bool:
    """Write a state whole or not at all; False, and nothing written, while records of its days can still come in."""
    if now < start_of(of.as_of):
        return False
    state.attendance.forget_before(kept_from(state, of.as_of))
    arrays, small = _parts(state)
    header: dict[str, Any] = {"format": FORMAT, "of": {**asdict(of), "as_of": of.as_of.isoformat()}, "small": small}
    header["arrays"], at = {}, 0
    for name, array in arrays.items():
        header["arrays"][name] = [array.dtype.str, array.shape, at]
        at += -(-array.nbytes // _ALIGNED) * _ALIGNED
    with whole(path) as part, part.open("wb") as file:
        _write(file, header, arrays)
        file.flush()
        os.fsync(file.fileno())
    return True


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A part to be written, which has its name when all of it is there; two who write the same file have a part each.

    It and its folder are for this account alone.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in path.parent.glob(f"{path.name}.*.part"):  # of somebody who was killed
        if left.stat().st_mtime < time.time() - _FORGOTTEN:
            left.unlink(missing_ok=True)
    part = path.with_name(f"{path.name}.{uuid4().hex}.part")
    try:
        part.touch(mode=0o600)
        yield part
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _write(file: IO[bytes], header: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> None:
    told = json.dumps(header).encode()
    begins = len(_MAGIC) + 8 + len(told)
    head = b"".join([_MAGIC, len(told).to_bytes(8, "big"), told, bytes(-begins % _ALIGNED)])
    digest = hashlib.sha256(head)
    file.write(head)
    for array in arrays.values():
        plain = np.ascontiguousarray(array)
        raw: memoryview | bytes = plain.data.cast("B") if plain.size else b""
        padding: memoryview | bytes = bytes(-plain.nbytes % _ALIGNED)
        for part in (raw, padding):
            digest.update(part)
            file.write(part)
    file.write(digest.digest())


def load(path: Path) -> tuple[State, Standing]:
    """The state of a file and what it is the state of. Raises UnusableState unless it is whole and of this version."""
    try:
        mapped = np.memmap(path, np.uint8, "c")
    except (OSError, ValueError) as problem:
        raise UnusableState(
            f"the saved state cannot be read ({type(problem).__name__}); the log is read instead"
        ) from None
    told = bytes(mapped[-_HASH:])
    if bytes(mapped[: len(_MAGIC)]) != _MAGIC or hashlib.sha256(mapped[:-_HASH].data).digest() != told:
        raise UnusableState("the saved state is damaged; the log is read instead")
    size = int.from_bytes(bytes(mapped[len(_MAGIC) : len(_MAGIC) + 8]), "big")
    begins = len(_MAGIC) + 8
    header = json.loads(bytes(mapped[begins : begins + size]))
    if header["format"] != FORMAT or header["of"]["tables"] != _tables_fingerprint():
        raise UnusableState("the saved state is of another version; the log is read instead")
    begins = -(-(begins + size) // _ALIGNED) * _ALIGNED
    told = header["of"]
    of = Standing(
        institutions=tuple(told["institutions"]),
        offsets=tuple(told["offsets"]),
        epochs=tuple(told["epochs"]),
        ledger_numbers=tuple(told["ledger_numbers"]),
        as_of=date.fromisoformat(told["as_of"]),
        tables=told["tables"],
        sensitive=told["sensitive"],
    )
    arrays = {name: _array(mapped, begins, *kept) for name, kept in header["arrays"].items()}
    return _restored(of, arrays, header["small"]), of


def _array(mapped: npt.NDArray[np.uint8], begins: int, kind: str, shape: list[int], at: int) -> npt.NDArray[Any]:
    dtype = np.dtype(kind)
    size = int(np.prod(shape)) * dtype.itemsize
    return np.asarray(mapped[begins + at : begins + at + size]).view(dtype).reshape(shape)


def resume(log: EventLog, path: Path, *, sensitive: bool = False) -> Replay:
    """A replay that goes on from a saved state. Raises UnusableState when the state is not one of this log."""
    state, of = load(path)
    now = standing(log, of.as_of, sensitive=sensitive)
    # How many students the last institution has does not move the numbers of any other.
    if (of.institutions, of.offsets[:-1], of.epochs, of.sensitive) != (
        now.institutions, now.offsets[:-1], now.epochs, sensitive
    ):  # fmt: skip
        raise UnusableState(
            "since the state was saved a history, an undo or new students came in; the log is read instead"
        )
    if any(asked < read for asked, read in zip(now.ledger_numbers, of.ledger_numbers, strict=True)):
        raise UnusableState("the saved state has read more than this log holds; the log is read instead")
    if any(_told_since(log, of, TABLE_OF[name]) for name in _tables_told_since(log, of)):
        raise UnusableState("records of days before the saved state came in after it; the log is read instead")
    return Replay(log, state, since=of.as_of, sensitive=sensitive)


def _tables_told_since(log: EventLog, of: Standing) -> set[str]:
    """Tables of which a file has newer batches than the state has read, and rows of a time that the state has passed."""
    read = dict(zip(of.institutions, of.ledger_numbers, strict=True))
    folded = {table.name for table in _folded(of.sensitive)}
    return {
        file.table
        for file in log.files
        if file.table in folded
        and file.batch > read[file.institution or log.institution]
        and file.first_recorded_at < start_of(of.as_of)
    }


def _told_since(log: EventLog, of: Standing, table: Table) -> bool:
    """Whether a batch that the state has not read told rows of a time that it has passed.

    An import that began before midnight, or one of a file that was kept since (--received-at), raises no epoch.
    """
    before = Within(column="recorded_at", low=_BEGINNING, high=milliseconds(start_of(of.as_of)))
    read = np.array(of.ledger_numbers, np.int64)
    return any(
        (rows.column("batch").to_numpy() > read[rows.column("institution").to_numpy()]).any()
        for rows in log.reader(table, ("batch", "institution"), before).upto(None)
    )


def advanced(log: EventLog, as_ofs: list[date], path: Path | None, *, now: datetime) -> Iterator[State]:
    """The state of each day, from the saved one where it serves, and the last saved for the next time.

    A saved state of a later day than the last is left as it is. Raises StateNotSaved after the last day where the disk
    does not take the state: nothing else is lost by it.
    """
    saved = None if path is None or not as_ofs else _saved(log, path)
    until = date.min if saved is None or saved.since is None else saved.since
    forward = saved if saved is not None and until <= as_ofs[0] else Replay(log)
    for as_of in as_ofs:
        if not reaches(forward.advance(as_of), as_of):
            forward = Replay(log)
        yield forward.advance(as_of)
    news = as_ofs and (until < as_ofs[-1] or (until == as_ofs[-1] and forward is not saved))
    if path is not None and news:
        try:
            save(forward.state, standing(log, as_ofs[-1]), path, now=now)
        except OSError as error:
            raise StateNotSaved(error.strerror or type(error).__name__) from None


def _saved(log: EventLog, path: Path) -> Replay | None:
    try:
        return resume(log, path)
    except UnusableState:
        return None


def reaches(state: State, as_of: date) -> bool:
    """Whether the marks that were kept go back as far as the questions of the day, by what is known now."""
    return state.attendance.kept_from <= kept_from(state, as_of)


def kept_from(state: State, as_of: date) -> int:
    """The day (since 1970) before which no question of `as_of` or later looks at single marks."""
    today = day_number(as_of)
    needed = min([today - LONGEST_WINDOW, *_terms_needed(state, today)])
    totals = state.rows[ATTENDANCE_TOTAL.name].columns
    # A period is counted from its total only where no day of it is known: all of its days are looked at.
    begun = totals["from_day"][(totals["happened_on"] >= needed) & (totals["from_day"] < needed)]
    needed = int(begun.min(initial=needed, where=begun != NO_DAY))
    return needed - (needed + 3) % 7  # whole weeks: a group that was seen on Monday was not in its company


def _terms_needed(state: State, today: int) -> Iterator[int]:
    """The openings of the terms before those that a student can be in: before the last, when all are over."""
    spans = term_spans(state)
    last = {span.institution: span for span in spans}
    for span, before in zip(spans, terms_before(spans).tolist(), strict=True):
        if span.closes >= today or span is last[span.institution]:
            yield span.opens if before < 0 else spans[before].opens


def _parts(state: State) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    cubes = state.attendance
    arrays: dict[str, npt.NDArray[Any]] = {f"day {sessions.value}": cube for sessions, cube in cubes.held.items()}
    if cubes.periods is not None:
        arrays["periods"] = cubes.periods
    small: dict[str, Any] = {"first_day": cubes.first_day, "kept_from": cubes.kept_from, "courses": state.courses}
    for name, rows in state.rows.items():
        own, kept = rows.parts()
        arrays |= {f"{name} {column}": array for column, array in own.items()}
        small[f"rows {name}"] = kept
    kept, small["kept"] = kept_parts(state)
    arrays |= {f"kept {name}": array for name, array in kept.items()}
    return {**arrays, "now_called": state.now_called}, small


def _restored(of: Standing, arrays: dict[str, npt.NDArray[Any]], small: dict[str, Any]) -> State:
    state = State(of.offsets[:-1], sensitive=of.sensitive)
    cubes = state.attendance
    cubes.held = {one: arrays[f"day {one.value}"] for one in Sessions if f"day {one.value}" in arrays}
    cubes.periods = arrays.get("periods")
    cubes.first_day, cubes.kept_from = small["first_day"], small["kept_from"]
    for name, rows in state.rows.items():
        own = {key.removeprefix(f"{name} "): array for key, array in arrays.items() if key.startswith(f"{name} ")}
        rows.restore(own, small[f"rows {name}"])
    state.restore_numbers(arrays["now_called"], small["courses"])
    kept = {name.removeprefix("kept "): array for name, array in arrays.items() if name.startswith("kept ")}
    restore_kept(state, kept, small["kept"])
    return state


def _folded(sensitive: bool) -> tuple[Table, ...]:
    return (*FOLDED_TABLES, *((SCREENING_SENSITIVE,) if sensitive else ()))


def _tables_fingerprint() -> str:
    """A hash of what the state keeps of every table: another column makes saved states unusable."""
    kept = State(sensitive=True).rows.values()
    told = [
        [rows.table.name, *rows.table.key, *((name, held.dtype.str) for name, held in rows.held.items())]
        for rows in kept
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()
