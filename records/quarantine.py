"""Rows that could not be taken and cells as the file had them: sealed in the vault, deleted after 180 days (a setting).

Reading them is a look at students: whoever calls `rows` or `originals` writes the audit row first (records.access).
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TypeVar
from uuid import UUID

from sqlalchemy import JSON, LargeBinary, Uuid, bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from records.clock import STOPPED_AFTER
from records.database import Database, Instant, VaultTable
from records.vault_key import VaultKey

_AT_ONCE = 5_000
_Item = TypeVar("_Item")


class QuarantinedRow(VaultTable):
    """A row that could not be taken, whole and sealed, with every rule it broke."""

    __tablename__ = "quarantined_row"
    batch_token: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    institution: Mapped[str] = mapped_column(index=True)
    problems: Mapped[list[str]] = mapped_column(JSON)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Instant)


class OriginalCell(VaultTable):
    """A cell as the file had it, where intake changed or left out its value, and the code of the fix."""

    __tablename__ = "original_cell"
    batch_token: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    column: Mapped[str] = mapped_column("column_name", primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)  # a wide row has several cells of one column
    fix: Mapped[str]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Instant)


class KeptFileRow(VaultTable):
    """What the file of a batch with rows in quarantine was called, and what stood above and in its headers: sealed."""

    __tablename__ = "kept_file"
    batch_token: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Instant)


@dataclass(frozen=True, kw_only=True)
class KeptSheet:
    """A sheet as its source recognises it; `name` is '' for a text file, `above` its title block."""

    name: str
    above: Sequence[Sequence[str]]
    headers: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class KeptFile:
    """What mended rows need beside their cells to be read as the rows of their file were; `sheets` in its order."""

    name: str
    source: str
    table: str
    sheets: Sequence[KeptSheet]


@dataclass(frozen=True, kw_only=True)
class KeptRow:
    line: int
    problems: tuple[str, ...]
    cells: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class KeptCell:
    line: int
    column: str
    fix: str
    cell: str


@dataclass(frozen=True, kw_only=True)
class KeptCount:
    """How many rows of a batch wait in quarantine, and since when."""

    institution: str
    batch_token: UUID
    rows: int
    oldest: datetime


class Quarantine:
    """The kept rows and cells of all batches, sealed with the vault's key."""

    def __init__(self, database: Database, key: VaultKey) -> None:
        self._database = database
        self._key = key

    def keep(
        self, batch_token: UUID, institution: str, rows: Iterable[tuple[int, Sequence[str], Mapping[str, str]]]
    ) -> None:
        """Keep rows that could not be taken: (line, codes of the broken rules, cells by header).

        A line that is kept already is replaced, and its reasons are added to: what is found later, beside other rows,
        does not undo what was found first.
        """
        now = datetime.now(UTC)
        of_batch = select(QuarantinedRow.line, QuarantinedRow.problems).where(QuarantinedRow.batch_token == batch_token)
        with self._database.write() as session:
            kept = {line: tuple(problems) for line, problems in session.execute(of_batch)}
            for chunk in _chunks(rows):
                before = kept.keys() & {line for line, _, _ in chunk}
                for line, problems, _ in chunk:
                    kept[line] = tuple(dict.fromkeys([*kept.get(line, ()), *problems]))
                told = {
                    line: {
                        "batch_token": batch_token, "line": line, "institution": institution, "problems": list(kept[line]),
                        "sealed": self._seal(json.dumps(dict(cells), ensure_ascii=False)), "created_at": now,
                    }
                    for line, _, cells in chunk
                }  # fmt: skip
                _discard(session, batch_token, before)
                session.connection().execute(insert(QuarantinedRow.__table__), list(told.values()))  # type: ignore[arg-type]

    def keep_originals(self, batch_token: UUID, cells: Iterable[tuple[int, str, str, str]]) -> None:
        """Keep (line, column, code of the fix, cell) for values that intake changed or left out, all of a wide row.

        Those kept already of a line and column are replaced: an import that tries again keeps the same cells once.
        """
        now = datetime.now(UTC)
        of_batch = select(OriginalCell.line, OriginalCell.column).where(OriginalCell.batch_token == batch_token)
        with self._database.write() as session:
            kept = {(line, column) for line, column in session.execute(of_batch)}
            places: Counter[tuple[int, str]] = Counter()
            for chunk in _chunks(cells):
                before = kept.intersection((line, column) for line, column, _, _ in chunk)
                _forget(session, batch_token, before)
                kept -= before
                told = []
                for line, column, fix, cell in chunk:
                    told.append({
                        "batch_token": batch_token, "line": line, "column_name": column, "place": places[line, column],
                        "fix": fix, "sealed": self._seal(cell), "created_at": now,
                    })  # fmt: skip
                    places[line, column] += 1
                session.connection().execute(insert(OriginalCell.__table__), told)  # type: ignore[arg-type]

    def rows(self, batch_token: UUID) -> list[KeptRow]:
        """The kept rows of a batch in the order of its file."""
        chosen = (
            select(QuarantinedRow.line, QuarantinedRow.problems, QuarantinedRow.sealed)
            .where(QuarantinedRow.batch_token == batch_token)
            .order_by(QuarantinedRow.line)
        )
        with self._database.read() as session:
            return [
                KeptRow(line=line, problems=tuple(problems), cells=json.loads(self._unseal(sealed)))
                for line, problems, sealed in session.execute(chosen)
            ]

    def originals(self, batch_token: UUID) -> list[KeptCell]:
        """The kept cells of a batch by line and column, those of one column in the order of its file."""
        chosen = (
            select(OriginalCell.line, OriginalCell.column, OriginalCell.fix, OriginalCell.sealed)
            .where(OriginalCell.batch_token == batch_token)
            .order_by(OriginalCell.line, OriginalCell.column, OriginalCell.place)
        )
        with self._database.read() as session:
            return [
                KeptCell(line=line, column=column, fix=fix, cell=self._unseal(sealed))
                for line, column, fix, sealed in session.execute(chosen)
            ]

    def keep_file(self, batch_token: UUID, file: KeptFile) -> None:
        """Keep what the rows of a batch need to be brought in again; what was kept for it before is replaced."""
        sealed = self._seal(json.dumps(asdict(file), ensure_ascii=False))
        with self._database.write() as session:
            session.merge(KeptFileRow(batch_token=batch_token, sealed=sealed, created_at=datetime.now(UTC)))

    def file_of(self, batch_token: UUID) -> KeptFile | None:
        """What was kept of the file of a batch; None for sources that are no sheets."""
        with self._database.read() as session:
            row = session.get(KeptFileRow, batch_token)
        if row is None:
            return None
        told = json.loads(self._unseal(row.sealed))
        return KeptFile(**{**told, "sheets": tuple(KeptSheet(**sheet) for sheet in told["sheets"])})

    def lines(self, batch_token: UUID) -> dict[int, tuple[str, ...]]:
        """The kept lines of a batch with the rules that they broke, in the file's order: no look at a student."""
        chosen = (
            select(QuarantinedRow.line, QuarantinedRow.problems)
            .where(QuarantinedRow.batch_token == batch_token)
            .order_by(QuarantinedRow.line)
        )
        with self._database.read() as session:
            return {line: tuple(problems) for line, problems in session.execute(chosen)}

    def change(self, batch_token: UUID, rows: Iterable[tuple[int, Sequence[str], Mapping[str, str]]]) -> None:
        """Kept rows as they are after somebody mended some of their cells; their days still run from the first."""
        one = (
            update(QuarantinedRow.__table__)  # type: ignore[arg-type]
            .where(QuarantinedRow.batch_token == batch_token, QuarantinedRow.line == bindparam("at_line"))
            .values(problems=bindparam("told"), sealed=bindparam("cells"))
        )
        with self._database.write() as session:
            for chunk in _chunks(rows):
                told = [
                    {
                        "at_line": line,
                        "told": list(problems),
                        "cells": self._seal(json.dumps(dict(cells), ensure_ascii=False)),
                    }
                    for line, problems, cells in chunk
                ]
                session.connection().execute(one, told)

    def counts(self) -> list[KeptCount]:
        """How many rows are kept of each batch, by institution and then the oldest first: no look at a student."""
        oldest = func.min(QuarantinedRow.created_at)
        counted = (
            select(QuarantinedRow.institution, QuarantinedRow.batch_token, func.count(), oldest)
            .group_by(QuarantinedRow.institution, QuarantinedRow.batch_token)
            .order_by(QuarantinedRow.institution, oldest)
        )
        with self._database.read() as session:
            return [
                KeptCount(institution=institution, batch_token=token, rows=rows, oldest=since)
                for institution, token, rows, since in session.execute(counted)
            ]

    def discard(self, batch_token: UUID, lines: Iterable[int] | None = None) -> int:
        """Delete kept rows of a batch (all when no lines are named) and return how many there were.

        Original cells stay: they tell how the rows that were taken can be put back.
        """
        with self._database.write() as session:
            of_batch = QuarantinedRow.batch_token == batch_token
            count = select(func.count()).select_from(QuarantinedRow).where(of_batch)
            before = session.scalar(count) or 0
            if lines is None:
                session.execute(delete(QuarantinedRow).where(of_batch))
            else:
                _discard(session, batch_token, lines)
            left = session.scalar(count) or 0
            if not left:
                session.execute(delete(KeptFileRow).where(KeptFileRow.batch_token == batch_token))
            return before - left

    def sweep(self, committed_tokens: set[UUID], now: datetime, *, keep_days: int) -> None:
        """Delete what is older than it is kept, and what batches left behind that never reached the ledger in a day."""
        stale, expired = now - STOPPED_AFTER, now - timedelta(days=keep_days)
        with self._database.write() as session:
            for kept in (QuarantinedRow, OriginalCell, KeptFileRow):
                session.execute(delete(kept).where(kept.created_at < expired))
                left = session.scalars(select(kept.batch_token).where(kept.created_at < stale).distinct()).all()
                for token in set(left) - committed_tokens:
                    session.execute(delete(kept).where(kept.batch_token == token))

    def _seal(self, text: str) -> bytes:
        return self._key.seal(text.encode())

    def _unseal(self, sealed: bytes) -> str:
        return self._key.unseal(sealed).decode()


def _discard(session: Session, batch_token: UUID, lines: Iterable[int]) -> None:
    one = delete(QuarantinedRow.__table__).where(  # type: ignore[arg-type]
        QuarantinedRow.batch_token == batch_token, QuarantinedRow.line == bindparam("at_line")
    )
    if told := [{"at_line": line} for line in lines]:
        session.connection().execute(one, told)


def _forget(session: Session, batch_token: UUID, cells: Iterable[tuple[int, str]]) -> None:
    one = delete(OriginalCell.__table__).where(  # type: ignore[arg-type]
        OriginalCell.batch_token == batch_token,
        OriginalCell.line == bindparam("at_line"),
        OriginalCell.column == bindparam("at_column"),
    )
    if told := [{"at_line": line, "at_column": column} for line, column in cells]:
        session.connection().execute(one, told)


def _chunks(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    waiting = iter(items)
    while chunk := list(islice(waiting, _AT_ONCE)):
        yield chunk
