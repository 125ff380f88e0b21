"""Which kept rows and cells of the quarantine are one person's: by line where the log tells it, else by what they say.

A row that cannot be taken often has a wrong or no identifier. It is a person's when an identifier in it was ever theirs,
or when it has their first and last name and no identifier of somebody else.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from records.held_people import current_holders, in_chunks
from records.identity import IdKind, fold_name
from records.intake import normalise
from records.marks import TraitKind, scope_of
from records.person_tables import Identifier, PersonTrait, StudentName
from records.quarantine import OriginalCell, QuarantinedRow
from records.subjects import Subject
from records.vault_key import VaultKey

Line = tuple[UUID, int]
"""A batch by its token, and a line of its file."""
_DELIMITERS = re.compile(r"[,;\t|]")


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What the vault knows of a person, as it is compared with cells."""

    people: frozenset[UUID]
    identifiers: frozenset[bytes]
    first_names: frozenset[bytes]
    last_names: frozenset[bytes]
    whole_names: frozenset[str]


def kept_lines(
    session: Session, key: VaultKey, subject: Subject, tokens: Iterable[UUID], told: Iterable[Line] = ()
) -> set[Line]:
    """The lines of an institution's batches whose kept rows or cells are the person's.

    `tokens` are the institution's batches, `told` the lines that the log has of the person.
    """
    known, found = _known_of(session, subject), set(told)
    texts: dict[Line, list[str]] = {}
    rows = select(QuarantinedRow).where(QuarantinedRow.institution == subject.institution)
    for row in session.scalars(rows):
        cells = json.loads(key.unseal(row.sealed))
        texts.setdefault((row.batch_token, row.line), []).extend(str(cell) for cell in cells.values())
    for chunk in in_chunks({*tokens, *(token for token, _ in texts)}):
        for cell in session.scalars(select(OriginalCell).where(OriginalCell.batch_token.in_(chunk))):
            texts.setdefault((cell.batch_token, cell.line), []).append(key.unseal(cell.sealed).decode())
    # Most cells of a file stand in many of its rows.
    marks, told_names = (
        cache(partial(_identifier_marks, key, subject.institution)),
        cache(partial(_told_names, key, known)),
    )
    for line, cells in texts.items():
        if line not in found and _is_theirs(session, known, cells, marks, told_names):
            found.add(line)
    return found & texts.keys()


def kept_among(session: Session, told: Iterable[Line]) -> set[Line]:
    """Those of some lines of which anything is kept."""
    lines, found = set(told), set[Line]()
    for table in (QuarantinedRow, OriginalCell):
        for chunk in in_chunks({token for token, _ in lines}):
            rows = session.execute(select(table.batch_token, table.line).where(table.batch_token.in_(chunk)))
            found.update((token, line) for token, line in rows)
    return found & lines


def _known_of(session: Session, subject: Subject) -> _Known:
    people = subject.pseudonyms
    identifiers = session.scalars(select(Identifier.fingerprint).where(Identifier.student_id.in_(people)))
    traits = session.execute(
        select(PersonTrait.kind, PersonTrait.fingerprint).where(PersonTrait.student_id.in_(people))
    ).all()
    names = session.scalars(select(StudentName).where(StudentName.student_id.in_(people)))
    whole = (fold_name(row.first_name) + fold_name(row.last_name) for row in names if row.first_name and row.last_name)
    return _Known(
        people=people,
        identifiers=frozenset(identifiers),
        first_names=frozenset(mark for kind, mark in traits if kind == TraitKind.FIRST_NAME),
        last_names=frozenset(mark for kind, mark in traits if kind == TraitKind.LAST_NAME),
        whole_names=frozenset(whole),
    )


def _is_theirs(
    session: Session,
    known: _Known,
    cells: Iterable[str],
    marks_of: Callable[[str], frozenset[bytes]],
    told_names: Callable[[str], frozenset[TraitKind]],
) -> bool:
    parts = {part for cell in cells for part in (cell, *_DELIMITERS.split(cell)) if part.strip()}
    marks = frozenset[bytes]().union(*map(marks_of, parts))
    if marks & known.identifiers:
        return True
    told = frozenset[TraitKind]().union(*map(told_names, parts))
    if TraitKind.NAME not in told and not {TraitKind.FIRST_NAME, TraitKind.LAST_NAME} <= told:
        return False
    return not set(current_holders(session, marks).values()) - known.people


def _identifier_marks(key: VaultKey, institution: str, cell: str) -> frozenset[bytes]:
    """The fingerprints that a cell would have as each kind of identifier."""
    kind, mixed = normalise.read_identifier(cell)
    national, text = normalise.read_national(cell).value, normalise.read_text(cell).value
    told = {
        (IdKind.CODE, normalise.read_student_code(cell).value),
        (IdKind.NATIONAL, national),
        (IdKind.G_CODE, national),
        (IdKind.PASSPORT, text),
        (IdKind.PERSON, text),
        (IdKind[kind or "CODE"], mixed.value),
    }
    return frozenset(
        key.fingerprint(one.value, scope_of(one, institution), value) for one, value in told if value is not None
    )


def _told_names(key: VaultKey, known: _Known, cell: str) -> frozenset[TraitKind]:
    """Which of the person's names a cell has: the first, the last, or both in one."""
    names, found = _names_in(cell), set()
    if any(_trait(key, TraitKind.FIRST_NAME, one) in known.first_names for one in names):
        found.add(TraitKind.FIRST_NAME)
    if any(_trait(key, TraitKind.LAST_NAME, one) in known.last_names for one in names):
        found.add(TraitKind.LAST_NAME)
    if any(name in fold_name(cell) for name in known.whole_names):
        found.add(TraitKind.NAME)
    return frozenset(found)


def _names_in(cell: str) -> set[str]:
    """What may be a first or a last name in a cell: all of it, or its parts."""
    split = normalise.split_name(cell).value
    parts = (split.first_name, split.last_name) if split else ()
    return {folded for folded in map(fold_name, (cell, *parts)) if folded}


def _trait(key: VaultKey, kind: TraitKind, folded: str) -> bytes:
    return key.fingerprint(f"trait {kind.value}", "", folded)


def kept_of(session: Session, key: VaultKey, lines: Iterable[Line]) -> Iterator[Mapping[str, object]]:
    """Everything kept of some lines, in clear: the rows with their reasons, and single cells with their fix."""
    for token, line in sorted(lines, key=str):
        row = session.get(QuarantinedRow, (token, line))
        if row is not None:
            cells = json.loads(key.unseal(row.sealed))
            yield {"line": line, "kept_at": row.created_at, "problems": row.problems, "cells": cells}
        chosen = select(OriginalCell).where(OriginalCell.batch_token == token, OriginalCell.line == line)
        for cell in session.scalars(chosen.order_by(OriginalCell.column, OriginalCell.place)):
            told = {"column": cell.column, "fix": cell.fix, "cell": key.unseal(cell.sealed).decode()}
            yield {"line": line, "kept_at": cell.created_at, **told}
