"""A state on the disk: one file, hashed, mapped into memory, so that a week is added without reading the terms again."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from features.cohort import day_number, term_spans
from features.state import FOLDED_TABLES, Replay, State
from features.vocabulary import Sessions
from records.clock import start_of
from records.log import EventLog

FORMAT = 1
LONGEST_WINDOW = 92
"""Days of marks that are kept at least; windows of last days are shorter."""
_MAGIC = b"zerodrop state\n"
_ALIGNED = 64
_HASH = 32


class UnusableState(ValueError):
    """A saved state that is damaged, of another version, or older than a history that came in: read the log instead."""


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
    state.attendance.forget_before(_kept_from(state, of.as_of))
    arrays, small = _parts(state)
    header: dict[str, Any] = {"format": FORMAT, "of": {**asdict(of), "as_of": of.as_of.isoformat()}, "small": small}
    header["arrays"], at = {}, 0
    for name, array in arrays.items():
        header["arrays"][name] = [array.dtype.str, array.shape, at]
        at += -(-array.nbytes // _ALIGNED) * _ALIGNED
    part = path.with_suffix(".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with part.open("wb") as file:
            _write(file, header, arrays)
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return True


def _write(file: Any, header: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> None:
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
    if bytes(mapped[: len(_MAGIC)]) != _MAGIC or hashlib.sha256(mapped[:-_HASH].data).digest() != bytes(
        mapped[-_HASH:]
    ):
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
    if (of.institutions, of.offsets, of.epochs, of.sensitive) != (now.institutions, now.offsets, now.epochs, sensitive):
        raise UnusableState(
            "since the state was saved a history, an undo or new students came in; the log is read instead"
        )
    return Replay(log, state, since=of.as_of, sensitive=sensitive)


def advanced(log: EventLog, as_ofs: list[date], path: Path | None, *, now: datetime) -> Iterator[State]:
    """The state of each day, from the saved one where it serves, and the last saved for the next time."""
    forward = _begun(log, as_ofs, path)
    for as_of in as_ofs:
        yield forward.advance(as_of)
    if path is not None and as_ofs:
        save(forward.state, standing(log, as_ofs[-1]), path, now=now)


def _begun(log: EventLog, as_ofs: list[date], path: Path | None) -> Replay:
    if path is not None and path.exists() and as_ofs:
        try:
            forward = resume(log, path)
            if forward.since is not None and forward.since <= as_ofs[0] and _reaches(forward, as_ofs[0]):
                return forward
        except UnusableState:
            pass
    return Replay(log)


def _reaches(forward: Replay, as_of: date) -> bool:
    """Whether the marks that were kept go back as far as the questions of the day, by the calendar as it is now."""
    state = forward.advance(as_of)
    return _kept_from(state, as_of) >= state.attendance.kept_from


def _kept_from(state: State, as_of: date) -> int:
    """The day (since 1970) before which no question of `as_of` or later looks at single marks."""
    today = day_number(as_of)
    needed = today - LONGEST_WINDOW
    opened: dict[int, list[int]] = {}
    for span in term_spans(state):
        if span.opens <= today:
            opened.setdefault(span.institution, []).append(span.opens)
    return min([needed, *(opens[-2:][0] for opens in opened.values())])


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
    return state


def _tables_fingerprint() -> str:
    """A hash of what the state keeps of every table: a new column makes saved states unusable."""
    told = [[table.name, *table.key, *(column.name for column in table.columns)] for table in FOLDED_TABLES]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()
