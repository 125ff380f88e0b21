"""The nation as files of the log: as weekly imports leave them, and as `zerodrop compact` rewrites them."""

import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.features import nation
from benchmarks.features.measured import Figures
from benchmarks.features.registers import attendance
from benchmarks.features.rows import DAY_MS, Rows
from records import compaction
from records.ledger import LogFile, LogIndex
from records.log import EventLog, write_rows
from records.shards import Shard
from records.tables import TABLE_OF

FORMS = ("weekly", "compacted")
ABOUT = "about.json"
_FIRST_WEEK = 2_800  # the autumn of 2023, in weeks since 1970: no record is older


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The log to write: institutions by shard, and of how many shards the content is drawn; the others repeat them."""

    shards: tuple[tuple[int, ...], ...]
    distinct: int
    periods: bool = False


def write_log(folder: Path, wanted: Wanted, processes: int) -> Figures:
    """Write a log in both forms with its indices, or find it written; what it holds."""
    told = folder / ABOUT
    asked = json.loads(json.dumps(asdict(wanted)))
    if told.is_file() and (held := json.loads(told.read_text(encoding="utf-8")))["wanted"] == asked:
        return {**held["figures"], "found": True}
    folder.mkdir(parents=True, exist_ok=True)
    drawn = wanted.shards[: wanted.distinct]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        by_form = list(pool.map(_write_shard, repeat(folder), range(len(drawn)), drawn, repeat(wanted.periods)))
    for form, indices in zip(FORMS, zip(*by_form, strict=True), strict=True):
        everyone = [_repeated(folder, indices, number) for number in range(len(wanted.shards))]
        (folder / f"{form}.json").write_text(
            json.dumps([asdict(one) for one in everyone], default=str), encoding="utf-8"
        )
    figures = _figures(folder, wanted)
    told.write_text(json.dumps({"wanted": asked, "figures": figures}), encoding="utf-8")
    return figures


def load_logs(folder: Path, form: str) -> list[EventLog]:
    """The log of each shard, as its ledger would open it."""
    indices = json.loads((folder / f"{form}.json").read_text(encoding="utf-8"))
    return [
        EventLog(folder=folder, institution=f"shard-{number}", index=_index(told))
        for number, told in enumerate(indices)
    ]


def _index(told: dict[str, Any]) -> LogIndex:
    held: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in told.items()}
    held["files"] = tuple(_file(one) for one in told["files"])
    return LogIndex(**held)


def _file(told: dict[str, Any]) -> LogFile:
    moments = {name: datetime.fromisoformat(told[name]) for name in ("first_recorded_at", "last_recorded_at")}
    return LogFile(**{**told, **moments})


def _write_shard(folder: Path, number: int, sizes: Sequence[int], periods: bool) -> tuple[LogIndex, LogIndex]:
    shard = nation.Shard(sizes=tuple(sizes), seed=number)
    codes = tuple(_code(number, owner) for owner in range(len(sizes)))
    files = [
        # A batch holds one week of one institution; numbers rise with the moment of the import.
        replace(write_rows(folder, codes[owner], part.table, part.arrow()), batch=week * 100 + owner + 1)
        for rows in (*shard.all_but_attendance(), attendance(shard, periods=periods))
        for week, owner, part in _by_week_and_owner(rows)
    ]
    newest = tuple(max(file.batch for file in files if file.institution == code) for code in codes)
    epochs, students = (0,) * len(codes), tuple(sizes)
    weekly = LogIndex(
        files=tuple(files), ledger_number=max(newest), epoch=0, institutions=codes, ledger_numbers=newest, epochs=epochs, students=students
    )  # fmt: skip
    return weekly, replace(weekly, files=tuple(_compacted(folder, codes, files)))


def _compacted(folder: Path, codes: tuple[str, ...], weekly: Sequence[LogFile]) -> Iterator[LogFile]:
    """One file a table, written by the product's own compaction; what of it belongs to whom."""
    home: Any = SimpleNamespace(logs=folder, vault=SimpleNamespace(key=None))  # a log alone, without a ledger
    for name in dict.fromkeys(file.table for file in weekly):
        old = [file for file in weekly if file.table == name]
        _, parts = compaction.written_as_one(home, Shard(name=codes[0], institutions=codes), TABLE_OF[name], old)
        for part in parts:
            yield LogFile(
                table=name, path=part.path, batch=part.last_batch, rows=part.rows, sha256=part.sha256,
                first_recorded_at=part.first_recorded_at, last_recorded_at=part.last_recorded_at,
                institution=part.institution, position=part.position, largest_student=part.largest_student,
            )  # fmt: skip


def _code(shard: int, owner: int) -> str:
    return f"S{shard:03d}I{owner:02d}"


def _by_week_and_owner(rows: Rows) -> Iterator[tuple[int, int, Rows]]:
    """The rows of each week and institution in the order of time."""
    if not len(rows):
        return
    week = rows.recorded_ms // (7 * DAY_MS) - _FIRST_WEEK
    both = week * 100 + rows.owner
    order = np.lexsort((rows.recorded_ms, both))
    both = both[order]
    starts = np.flatnonzero(np.r_[True, both[1:] != both[:-1]])
    for start, end in zip(starts, [*starts[1:], len(both)], strict=True):
        yield int(both[start]) // 100, int(both[start]) % 100, rows[order[start:end]]


def _repeated(folder: Path, drawn: Sequence[LogIndex], number: int) -> LogIndex:
    """The index of a shard; past the drawn ones, files of theirs under other institutions' names, as hard links."""
    index = drawn[number % len(drawn)]
    if number < len(drawn):
        return index
    codes = {code: _code(number, owner) for owner, code in enumerate(index.institutions)}
    paths = {
        path: str(Path("repeated", str(number), path)) for path in dict.fromkeys(file.path for file in index.files)
    }
    for path, again in paths.items():
        (folder / again).parent.mkdir(parents=True, exist_ok=True)
        os.link(folder / path, folder / again)
    files = tuple(replace(one, path=paths[one.path], institution=codes[one.institution]) for one in index.files)
    return replace(index, files=files, institutions=tuple(codes.values()))


def _figures(folder: Path, wanted: Wanted) -> Figures:
    logs = {form: load_logs(folder, form) for form in FORMS}
    rows: dict[str, int] = {}
    for log in logs["weekly"]:
        for file in log.files:
            rows[file.table] = rows.get(file.table, 0) + file.rows
    paths = {form: {log.folder / file.path for log in held for file in log.files} for form, held in logs.items()}
    sizes = {f"{form}_mb": round(sum(path.stat().st_size for path in held) / 1e6, 1) for form, held in paths.items()}
    counts = {f"{form}_files": len(held) for form, held in paths.items()}
    shards = {"shards": len(wanted.shards), "drawn_shards": min(wanted.distinct, len(wanted.shards))}
    institutions = sum(len(log.institutions) for log in logs["weekly"])
    drawn = wanted.shards[: wanted.distinct]
    students = sum(sum(drawn[number % len(drawn)]) for number in range(len(wanted.shards)))
    return {"students": students, "institutions": institutions, **shards, "rows": rows, **counts, **sizes}
