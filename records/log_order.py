"""Which files of a log are read one after the other, and which must be merged because they overlap in time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from records.ledger import LogFile


@dataclass(frozen=True, kw_only=True)
class Source:
    """One file on the disk with what of it belongs to the log.

    `positions` gives for institutions of a compacted file the position in the log; a file of one batch has none and is
    of the institution at `position`. Of a compacted file only rows of the batches `since` to `until` belong to the log.
    """

    path: str
    first: datetime
    last: datetime
    batch: int
    owners: frozenset[int]
    positions: Mapping[int, int]
    since: int
    until: int

    @property
    def is_compacted(self) -> bool:
        return bool(self.positions)

    @property
    def position(self) -> int:
        """The institution of a file of one batch."""
        [own] = self.owners
        return own


def groups_of(files: Sequence[LogFile], institutions: Sequence[str]) -> Iterator[list[Source]]:
    """Files that must be merged together; the groups of one institution come in order of time.

    Institutions that share a compacted file are looked at together: what overlaps that file is merged with it.
    """
    sources = _sources(files, institutions)
    lane = _lanes(sources, len(institutions))
    together: dict[int, list[Source]] = {}
    for source in sources:
        together.setdefault(lane[min(source.owners)], []).append(source)
    for held in together.values():
        yield from _overlapping(held)


def _sources(files: Sequence[LogFile], institutions: Sequence[str]) -> list[Source]:
    parts: dict[str, list[LogFile]] = {}
    for file in files:
        parts.setdefault(file.path, []).append(file)
    return [_source(of_file, institutions) for of_file in parts.values()]


def place_of(file: LogFile, institutions: Sequence[str]) -> int:
    """The position of a file's institution in the log. Raises ValueError for a file of another institution."""
    return institutions.index(file.institution) if len(institutions) > 1 else 0


def _source(parts: Sequence[LogFile], institutions: Sequence[str]) -> Source:
    positions = {part.position: place_of(part, institutions) for part in parts if part.position is not None}
    return Source(
        path=parts[0].path,
        first=min(part.first_recorded_at for part in parts),
        last=max(part.last_recorded_at for part in parts),
        batch=max(part.batch for part in parts),
        owners=frozenset(positions.values()) or frozenset([place_of(parts[0], institutions)]),
        positions=positions,
        since=parts[0].since,
        until=parts[0].until,
    )


def _lanes(sources: Sequence[Source], institutions: int) -> list[int]:
    """For each institution the smallest of those with which it shares files, directly or over others."""
    lane = list(range(institutions))
    for source in sources:
        if len(source.owners) > 1:
            joined = {lane[owner] for owner in source.owners}
            lane = [min(joined) if one in joined else one for one in lane]
    return lane


def _overlapping(sources: Sequence[Source]) -> Iterator[list[Source]]:
    """Files in order of time, those whose times overlap together.

    Of files that begin at one instant the compacted ones come first, for they may hold rows of any batch; then by batch.
    """
    group: list[Source] = []
    end: datetime | None = None
    for source in sorted(sources, key=lambda source: (source.first, not source.is_compacted, source.batch)):
        if end is not None and source.first >= end and not _touch(group, source):
            yield group
            group = []
            end = None
        group.append(source)
        end = source.last if end is None else max(end, source.last)
    if group:
        yield group


def _touch(group: Sequence[Source], source: Source) -> bool:
    """Whether a file begins at the very instant another ends and may carry an earlier batch number: then rows interleave.

    Of a compacted file only the newest batch is known, so any that it holds may lie at that instant.
    """
    return any(other.last == source.first and (source.is_compacted or other.batch >= source.batch) for other in group)
