"""One table of a log read forward, of one institution or of a shard of them.

Reading order is (`recorded_at`, batch, line) within an institution. A file holds rows of one batch, or compacted rows of
several institutions; either way in order of time. Files of one institution that overlap in time are merged while they
are read.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from records.clock import milliseconds
from records.ledger import LogFile
from records.log_file import Ints, OpenFile, Piece, Reading
from records.log_order import Source, groups_of

ORDER = ("recorded_at", "institution", "batch", "line")
"""What merged rows are sorted by: within an institution it is reading order."""


class _Cursor:
    """One group of files: the pieces that were not given yet. Nothing is opened before its time comes."""

    def __init__(self, reading: Reading, group: Sequence[Source]) -> None:
        self.first = min(milliseconds(source.first) for source in group)
        self.is_done = False
        self._names = reading.columns
        self._held: Piece | None = None
        self._pieces = _pieces(reading, group)

    def upto(self, limit: int | None) -> Iterator[pa.Table]:
        while (piece := self._next()) is not None:
            if limit is not None and piece.first >= limit:
                self._held = piece
                return
            if limit is None or piece.last < limit:
                yield piece.read(self._names)
                continue
            rows = piece.read(_with(self._names, "recorded_at"))
            known = int(np.searchsorted(times_of(rows), limit, side="left"))
            self._held = piece_of(rows.slice(known)) if known < rows.num_rows else None
            yield rows.slice(0, known).select(list(self._names))

    def _next(self) -> Piece | None:
        held, self._held = self._held, None
        piece = held if held is not None else next(self._pieces, None)
        self.is_done = piece is None
        return piece


def _pieces(reading: Reading, group: Sequence[Source]) -> Iterator[Piece]:
    if len(group) == 1:
        yield from OpenFile(reading, group[0]).pieces()
    else:
        yield from _merged(reading, group)


def _with(names: Sequence[str], *more: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*names, *more]))


def times_of(rows: pa.Table) -> Ints:
    """`recorded_at` in milliseconds since 1970."""
    return np.asarray(rows.column("recorded_at").cast(pa.int64()).to_numpy())


def piece_of(rows: pa.Table) -> Piece:
    """Rows in memory, in order of time, as a piece."""
    times = times_of(rows)
    return Piece(first=int(times[0]), last=int(times[-1]), read=lambda names: rows.select(list(names)))


class _Head:
    """One file on its way into a merge: the rows of it that were not merged yet."""

    def __init__(self, pieces: Iterator[pa.Table]) -> None:
        self._pieces = pieces
        self._held: list[pa.Table] = []
        self.last: int | None = None
        """The moment up to which the file was read; None when all of it was."""
        self.pull()

    def pull(self) -> None:
        rows = next(self._pieces, None)
        self.last = int(times_of(rows)[-1]) if rows is not None else None
        if rows is not None:
            self._held.append(rows)

    def take(self, limit: int | None) -> list[pa.Table]:
        """The held rows before a moment; all when None."""
        known = [
            len(times_of(rows)) if limit is None else int(np.searchsorted(times_of(rows), limit)) for rows in self._held
        ]
        taken = [rows.slice(0, size) for rows, size in zip(self._held, known, strict=True) if size]
        left = [rows.slice(size) for rows, size in zip(self._held, known, strict=True)]
        self._held = [rows for rows in left if rows.num_rows]
        return taken


def _merged(reading: Reading, group: Sequence[Source]) -> Iterator[Piece]:
    """The rows of files that overlap, merged as far as all of them were read: no file is held as a whole."""
    names = _with(reading.columns, *ORDER)
    heads = [_Head(_read(OpenFile(reading, source), names)) for source in group]
    while True:
        read_to = min((head.last for head in heads if head.last is not None), default=None)
        taken = [rows for head in heads for rows in head.take(read_to)]
        if taken:
            together = pa.concat_tables(taken).unify_dictionaries()
            yield piece_of(in_order(together))
        if read_to is None:
            return
        for head in heads:
            if head.last == read_to:
                head.pull()


def _read(file: OpenFile, names: Sequence[str]) -> Iterator[pa.Table]:
    for piece in file.pieces():
        rows = piece.read(names)
        if rows.num_rows:
            yield rows


def in_order(rows: pa.Table) -> pa.Table:
    """Rows by moment and institution, and in reading order within it."""
    return rows.take(pc.sort_indices(rows, sort_keys=[(name, "ascending") for name in ORDER]))


class TableReader:
    """One table of the log, read forward: each call of `upto` gives the rows since the last call.

    Rows of one institution come in reading order; those of different ones in any.
    """

    def __init__(self, reading: Reading, files: Sequence[LogFile], institutions: Sequence[str]) -> None:
        self.table = reading.table
        self.schema = reading.schema(reading.columns)
        self._cursors = [_Cursor(reading, group) for group in groups_of(files, institutions)]
        self._cursors.sort(key=lambda cursor: cursor.first)  # stable: groups of an institution stay in its order

    def upto(self, limit: datetime | None) -> Iterator[pa.Table]:
        """Rows recorded before `limit` (all when None) that were not given yet."""
        limit_ms = None if limit is None else milliseconds(limit)
        for cursor in self._cursors:
            if limit_ms is not None and cursor.first >= limit_ms:
                break
            yield from (rows for rows in cursor.upto(limit_ms) if rows.num_rows)
        self._cursors = [cursor for cursor in self._cursors if not cursor.is_done]
