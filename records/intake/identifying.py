"""Who each row is about: identifiers and names read, people found in the vault or, on a roster, admitted to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from records.identity import Identity, IdKind, Known, fold_name
from records.intake.findings import Findings, Fix, some
from records.intake.parsing import combined
from records.intake.person_cells import KINDS, Read, read_person
from records.intake.source import Cells, PeopleCells
from records.people import Vault

_IDENTIFIERS = (*KINDS, "any")
_NAMES = ("title", "first_name", "last_name", "full_name", "birth_date", "guardian", "guardian_last")
_MOST_NOUGHTS = 4  # a code of five digits and more has no room for more lost ones


@dataclass(kw_only=True)
class Identification:
    """The people of one import: what was read and found once is remembered for the portions that follow."""

    vault: Vault
    institution: str
    token: UUID
    seen_on: date
    student_ids: dict[int, UUID] = field(default_factory=dict)
    """The pseudonym of every student number met so far."""
    _read: dict[tuple[str, ...], Read] = field(default_factory=dict)
    _found: dict[tuple[str, ...], Known | None] = field(default_factory=dict)

    def identify(self, people: PeopleCells, size: int, findings: Findings) -> npt.NDArray[np.int32]:
        """The student number of each row, -1 where there is none; problems and fixes go into `findings`.

        On a roster only people of rows that can be taken become students: a row in quarantine leaves nobody behind.
        """
        names = [
            name for name in (*_IDENTIFIERS, *(_NAMES if people.admits else ())) if getattr(people, name) is not None
        ]
        columns = [combined(getattr(people, name)) for name in names]
        distinct, inverse = distinct_rows(columns, size)
        cells = [column.take(pa.array(distinct)).fill_null("").to_pylist() for column in columns]
        parts: list[tuple[str, ...]] = list(zip(*cells, strict=True))
        read = [self._read_once(names, told, admits=people.admits) for told in parts]
        _tell(read, names, columns, inverse, findings)
        for place, one in enumerate(read):
            if one.status is not None:
                findings.statuses.setdefault(one.status, []).append(np.flatnonzero(inverse == place))
        if people.admits:
            _tell_shared_numbers(read, inverse, findings)
        known = self._known(parts, read, inverse, findings, admits=people.admits)
        if not people.admits:
            lost = [place for place, person in enumerate(known) if person is None]
            for place, person in self._without_noughts(lost, read).items():
                known[place] = self._found[parts[place]] = person
                kept = next((name for name in ("code", "any") if name in names), names[0])
                rows, cells_of = np.flatnonzero(inverse == place), columns[names.index(kept)]
                findings.fixes.append(Fix(code="LOST_NOUGHTS", column=kept, rows=rows, cells=cells_of))
        numbers = np.array([person.number if person else -1 for person in known], np.int32)[inverse]
        nameless = np.array([not one.identity.identifiers and not one.problems for one in read], bool)[inverse]
        findings.add("NO_STUDENT_ID", np.flatnonzero(nameless))
        lost = (numbers < 0) & ~nameless & ~findings.bad()
        findings.add("UNKNOWN_STUDENT", np.flatnonzero(lost))
        self.student_ids.update({person.number: person.student_id for person in known if person})
        return numbers

    def _read_once(self, names: Sequence[str], cells: tuple[str, ...], *, admits: bool) -> Read:
        if cells not in self._read:
            self._read[cells] = read_person(dict(zip(names, cells, strict=True)), admits=admits)
        return self._read[cells]

    def _known(
        self,
        parts: Sequence[tuple[str, ...]],
        read: Sequence[Read],
        inverse: npt.NDArray[np.int64],
        findings: Findings,
        *,
        admits: bool,
    ) -> list[Known | None]:
        """Each distinct person, found or admitted; asked of the vault once an import."""
        taken = np.zeros(len(read), bool)
        taken[inverse[~findings.bad()]] = True
        asked = [
            place for place, cells in enumerate(parts) if cells not in self._found and read[place].identity.identifiers
        ]
        admitted = [place for place in asked if admits and taken[place]]
        sought = [place for place in asked if not (admits and taken[place])]
        people = [read[place].identity for place in admitted]
        found: list[Known | None] = []
        if admitted:
            found += self.vault.admit(self.institution, people, batch_token=self.token, seen_on=self.seen_on)
        if sought:
            found += self.vault.find(self.institution, [read[place].identity for place in sought])
        for place, person in zip((*admitted, *sought), found, strict=True):
            if taken[place] or not admits:
                self._found[parts[place]] = person
            for note in person.notes if person else ():
                findings.add(note, np.flatnonzero(inverse == place))
        by_place = dict(zip((*admitted, *sought), found, strict=True))
        return [by_place.get(place, self._found.get(cells)) for place, cells in enumerate(parts)]

    def _without_noughts(self, lost: Sequence[int], read: Sequence[Read]) -> dict[int, Known]:
        """Whom an unknown code of digits means that lost its leading noughts: one padded code is known, and no other."""
        tries = [
            (place, Identity(identifiers={IdKind.CODE: "0" * noughts + code}))
            for place in lost
            if (code := read[place].identity.identifiers.get(IdKind.CODE, "")).isdigit()
            for noughts in range(1, _MOST_NOUGHTS + 1)
        ]
        if not tries:
            return {}
        found: dict[int, list[Known]] = {}
        people = self.vault.find(self.institution, [identity for _, identity in tries])
        for (place, _), person in zip(tries, people, strict=True):
            if person is not None:
                found.setdefault(place, []).append(person)
        return {place: people[0] for place, people in found.items() if len(people) == 1}


def distinct_rows(columns: Sequence[pa.Array], size: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The first row of each distinct combination of cells, and for every row the place of its combination."""
    codes = np.zeros(size, np.int64)
    for column in columns:
        encoded = column.dictionary_encode(null_encoding="encode")
        codes = codes * (len(encoded.dictionary) + 1) + encoded.indices.to_numpy(zero_copy_only=False)
        codes = np.asarray(pd.factorize(codes)[0], np.int64)  # numbered in the order in which they first appear
    highest = np.maximum.accumulate(codes) if size else codes
    first = np.flatnonzero(np.r_[True, highest[1:] > highest[:-1]]) if size else codes
    return first, codes


# What the rows are told


def _tell(
    read: Sequence[Read],
    names: Sequence[str],
    columns: Sequence[Cells],
    inverse: npt.NDArray[np.int64],
    findings: Findings,
) -> None:
    by_code: dict[str, list[int]] = {}
    by_fix: dict[tuple[str, str], list[int]] = {}
    for place, one in enumerate(read):
        for code in one.problems:
            by_code.setdefault(code, []).append(place)
        for fix in one.fixes:
            by_fix.setdefault(fix, []).append(place)
    for code, places in by_code.items():
        findings.add(code, np.flatnonzero(np.isin(inverse, places)))
    for (name, code), places in by_fix.items():
        column = name if name in names else names[0]
        findings.fixes.append(
            Fix(
                code=code,
                column=column,
                rows=np.flatnonzero(np.isin(inverse, places)),
                cells=columns[names.index(column)],
            )
        )


def _tell_shared_numbers(read: Sequence[Read], inverse: npt.NDArray[np.int64], findings: Findings) -> None:
    """One number for two people in one roster: both names differ, or the first name and the student code."""
    holders: dict[tuple[IdKind, str], dict[tuple[str, str], list[int]]] = {}
    for place, one in enumerate(read):
        if one.identity.name is None:
            continue
        name = (fold_name(one.identity.name.first_name), fold_name(one.identity.name.last_name))
        for kind in (IdKind.NATIONAL, IdKind.G_CODE, IdKind.CODE):
            if kind in one.identity.identifiers:
                holders.setdefault((kind, one.identity.identifiers[kind]), {}).setdefault(name, []).append(place)
    for (kind, _), names in holders.items():
        firsts, lasts = {name[0] for name in names}, {name[1] for name in names}
        places = some([place for places in names.values() for place in places])
        codes = {read[place].identity.identifiers.get(IdKind.CODE) for place in places}
        if len(firsts) > 1 and (len(lasts) > 1 or (kind is not IdKind.CODE and len(codes) > 1)):
            code = "CODE_TWO_NAMES" if kind is IdKind.CODE else "NATIONAL_TWO_NAMES"
            findings.add(code, np.flatnonzero(np.isin(inverse, places)))
