"""Shards: whole institutions that are folded together, so that classmates are always side by side.

A college may be a shard of one; a nation is cut by area into shards of about 60,000 students.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select

from records import audit, ledger
from records.home import DataHome
from records.ledger import InstitutionRow, StudentRow
from records.log import EventLog

ABOUT = 60_000
"""Students of a shard: enough that work is not lost in beginnings, few enough that a laptop holds several."""


@dataclass(frozen=True, kw_only=True)
class Shard:
    """Whole institutions by code; their position in `institutions` is that of the shard's log."""

    name: str
    institutions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Member:
    """An institution on its way into a shard: where it is and how many students it has."""

    code: str
    province: str
    students: int


def cut(members: Iterable[Member], about: int = ABOUT) -> list[Shard]:
    """Whole institutions in order of (province, code), gathered until one more would make a shard larger than `about`."""
    shards: list[Shard] = []
    held: list[Member] = []
    for member in sorted(members, key=_place):
        if held and sum(one.students for one in held) + member.students > about:
            shards.append(_shard(held))
            held = []
        held.append(member)
    return [*shards, _shard(held)] if held else shards


def _place(member: Member) -> tuple[str, str]:
    return member.province, member.code


def _shard(members: list[Member]) -> Shard:
    codes = tuple(member.code for member in members)
    name = codes[0] if len(codes) == 1 else f"{codes[0]}..{codes[-1]}"
    return Shard(name=name, institutions=codes)


def shards_of(home: DataHome, codes: Collection[str] = (), about: int = ABOUT) -> list[Shard]:
    """The institutions of this deployment (or those named) cut into shards. Raises ConfigurationGap for an unknown one."""
    for code in codes:
        ledger.require_institution(home.database, code)
    size = func.count(StudentRow.number)
    with home.database.read() as session:
        asked = (
            select(InstitutionRow.code, InstitutionRow.province, size)
            .outerjoin(StudentRow, StudentRow.institution == InstitutionRow.code)
            .group_by(InstitutionRow.code, InstitutionRow.province)
        )
        known = [Member(code=row[0], province=row[1], students=row[2]) for row in session.execute(asked)]
    chosen = cut((member for member in known if not codes or member.code in codes), about)
    return [_named_apart(shard, known) for shard in chosen]


def _named_apart(shard: Shard, known: Sequence[Member]) -> Shard:
    """A shard that leaves out institutions between its first and its last is not called like the one that has them."""
    ordered = [member.code for member in sorted(known, key=_place)]
    first, last = (ordered.index(code) for code in (shard.institutions[0], shard.institutions[-1]))
    if last - first + 1 == len(shard.institutions):
        return shard
    chosen = hashlib.sha256("\n".join(shard.institutions).encode()).hexdigest()[:8]
    return replace(shard, name=f"{shard.name}~{chosen}")


def open_shard(home: DataHome, shard: Shard, *, actor: str, purpose: str, until_batch: int | None = None) -> EventLog:
    """The pseudonymous log of a shard; writes one audit row an institution."""
    with home.database.write() as session:
        for code in shard.institutions:
            audit.record_look(session, actor=actor, action="open log", institution=code, detail={"purpose": purpose})
    index = ledger.shard_index(home.database, shard.institutions, until_batch)
    return EventLog(folder=home.logs, institution=shard.name, index=index)
