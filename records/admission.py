"""Who is who when a roster comes in: rows matched by identifier, linked where all speaks for it, queued where it is doubtful.

Sure is what a national number says; a student code is given anew, so it yields to a number that says otherwise.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID, uuid4

from records.held_people import Changes, Doubt, HeldPeople, Holding, Place
from records.identity import COUNTRY_WIDE, FullName, Identity, IdKind, Known, Note, fold_name
from records.marks import Marks, Person, TraitKind, Why, likeness


@dataclass(frozen=True, kw_only=True)
class _Match:
    """The person of a row (None: a new one), whether a link found it, and who else it may be."""

    student_id: UUID | None = None
    linked: bool = False
    others: Mapping[UUID, Why] = field(default_factory=dict)


_STRONG = (IdKind.G_CODE, IdKind.PASSPORT, IdKind.PERSON)
_MOVES = (IdKind.CODE, IdKind.PERSON)  # what one student gives back another may be given
MOST_ALIKE = 50
"""Persons with one name, or with one guardian, among whom a row is looked for. More have a word in place of a name, or live
in a home: it tells nobody who is who, and a file full of it would be compared pair by pair.
"""


class Admission:
    """One admission: rows are taken one after the other, each sees the people that the earlier ones brought."""

    def __init__(
        self, held: HeldPeople, *, places: dict[UUID, Place], free: int, rows: Sequence[Marks], seen_on: date
    ) -> None:
        self.changes = Changes()
        self._held = held
        self._places = places
        self._free = free
        self._seen_on = seen_on
        self._born: set[UUID] = set()
        self._two_names: set[UUID] = set()
        told = {(pair, frozenset(row.identifiers.values())) for row in rows if (pair := _name_and_guardian(row))}
        self._told_of = Counter(pair for pair, _ in told)

    def admit(self, identities: Sequence[Identity], rows: Sequence[Marks]) -> list[Known]:
        """The student of each row, with a note where there is something to tell."""
        people: list[UUID] = []
        notes: list[tuple[str, ...]] = []
        for identity, row in zip(identities, rows, strict=True):
            student_id, told = self._take(identity, row)
            people.append(student_id)
            notes.append(told)
        return [self._known(*one) for one in zip(people, notes, strict=True)]

    def _known(self, student_id: UUID, notes: tuple[str, ...]) -> Known:
        place = self._places[student_id]
        if student_id in self._two_names and student_id in self._born:
            notes = (Note.NATIONAL_TWO_NAMES,)  # which of the two has the number nobody can tell
        return Known(number=place.number, student_id=place.student_id, notes=notes)

    def _take(self, identity: Identity, row: Marks) -> tuple[UUID, tuple[str, ...]]:
        match = self._match(row)
        student_id = match.student_id or self._new_person()
        if student_id not in self._places:
            self._places[student_id] = Place(number=self._free, student_id=student_id)
            self.changes.places.append(self._places[student_id])
            self._free += 1
        if self._is_another_by_name(student_id, row):
            self._two_names.add(student_id)
            return student_id, (Note.NATIONAL_TWO_NAMES,)
        others = {**match.others, **self._keep_identifiers(student_id, identity, row)}
        self._keep_traits(student_id, row)
        notes = [Note.LINKED_ID] if match.linked else []
        asked = [self._doubt(known, student_id, why) for known, why in others.items()]
        if any(asked):
            notes.append(Note.POSSIBLE_SAME_PERSON)
        if identity.name is not None and self._keep_name(student_id, identity.name):
            notes.append(Note.NAME_CHANGED)
        return student_id, tuple(notes)

    def _new_person(self) -> UUID:
        student_id = uuid4()
        self._held.people[student_id] = Person()
        self._born.add(student_id)
        return student_id

    # Whose row it is

    def _match(self, row: Marks) -> _Match:
        if (holder := self._holder(row, IdKind.NATIONAL)) is not None:
            return _Match(student_id=holder)
        for kind in _STRONG:
            holder = self._holder(row, kind)
            if holder is not None and not self._has_another_national(holder, row):
                return _Match(student_id=holder)
        holder = self._holder(row, IdKind.CODE)
        if holder is not None and not self._has_another_national(holder, row):
            by_code = self._match_by_code(holder, row)
            if by_code is not None:
                return by_code
        return self._match_by_traits(row)

    def _holder(self, row: Marks, kind: IdKind) -> UUID | None:
        return self._held.current.get(row.identifiers[kind]) if kind in row.identifiers else None

    def _has_another_national(self, holder: UUID, row: Marks) -> bool:
        """Whether the number was given anew: its holder has a national number, and this row an unknown one."""
        return row.has(IdKind.NATIONAL) and IdKind.NATIONAL in self._held.people[holder].kinds

    def _match_by_code(self, holder: UUID, row: Marks) -> _Match | None:
        """By the student code; where row and holder have papers that differ, the name must be the same."""
        person = self._held.people[holder]
        if person.differs(row, TraitKind.FIRST_NAME) and person.differs(
            row, TraitKind.LAST_NAME
        ):  # the code was given anew
            return _Match(others={holder: Why.SAME_CODE})
        if not row.has(*COUNTRY_WIDE) or person.kinds.isdisjoint(COUNTRY_WIDE):
            return _Match(student_id=holder)
        if person.shares(row, TraitKind.NAME):
            return _Match(student_id=holder, linked=True)
        if not person.can_compare(row, TraitKind.NAME):
            return _Match(others={holder: Why.SAME_CODE})
        return None

    def _match_by_traits(self, row: Marks) -> _Match:
        """By name, birth date and guardian, between one with a national number and one without."""
        alike: dict[UUID, Why] = {}
        for student_id in self._candidates(row):
            person = self._held.people[student_id]
            if row.has(IdKind.NATIONAL) == (IdKind.NATIONAL in person.kinds):
                continue
            why = likeness(row, person)
            if why is not None and (why is not Why.NO_BIRTH_DATE or self._is_the_only_one(row)):
                alike[student_id] = why
        same = [student_id for student_id, why in alike.items() if why is Why.ALL_THE_SAME]
        if len(same) == 1:
            return _Match(student_id=same[0], linked=True)
        return _Match(others=alike)

    def _candidates(self, row: Marks) -> Iterable[UUID]:
        having = [self._having(row, kind) for kind in (TraitKind.NAME, TraitKind.GUARDIAN)]
        return sorted(set().union(*having))

    def _having(self, row: Marks, kind: TraitKind) -> set[UUID]:
        having = self._held.having.get(row.traits[kind], set()) if kind in row.traits else set()
        return having if len(having) <= MOST_ALIKE else set()

    def _is_the_only_one(self, row: Marks) -> bool:
        """Whether one person and one row of the file have this name and this guardian."""
        pair = _name_and_guardian(row)
        people = self._having(row, TraitKind.NAME) & self._having(row, TraitKind.GUARDIAN)
        return pair is not None and len(people) == 1 and self._told_of[pair] == 1

    def _is_another_by_name(self, student_id: UUID, row: Marks) -> bool:
        """Whether a known national number comes with a first and a last name of which neither was ever told of it."""
        person = self._held.people[student_id]
        by_number = self._holder(row, IdKind.NATIONAL) == student_id
        return by_number and person.differs(row, TraitKind.FIRST_NAME) and person.differs(row, TraitKind.LAST_NAME)

    # What is kept of it

    def _keep_identifiers(self, student_id: UUID, identity: Identity, row: Marks) -> dict[UUID, Why]:
        """Add the row's identifiers; returns those who hold a number that belongs to one person for life."""
        others: dict[UUID, Why] = {}
        for kind, fingerprint in row.identifiers.items():
            holder = self._held.current.get(fingerprint)
            if holder is not None and holder != student_id and kind not in _MOVES:
                others[holder] = Why.TWO_IDS_IN_ROW
                continue
            self._hold(student_id, fingerprint, kind, identity.identifiers[kind])
            self._held.people[student_id].kinds.add(kind)
        kinds = self._held.people[student_id].kinds
        return {
            other: why
            for other, why in others.items()
            if not (IdKind.NATIONAL in kinds and IdKind.NATIONAL in self._held.people[other].kinds)
        }

    def _hold(self, student_id: UUID, fingerprint: bytes, kind: IdKind, value: str) -> None:
        held, day = self._held, self._seen_on
        holder = held.current.get(fingerprint)
        before = held.holdings[fingerprint, holder] if holder is not None and holder != student_id else None
        takes = before is None or day >= before.first_seen  # an older file does not take a code back
        if before is not None and holder is not None and takes:
            before.is_current = False
            self._changed(fingerprint, holder)
        own = held.holdings.get((fingerprint, student_id))
        if own is None:
            held.holdings[fingerprint, student_id] = Holding(first_seen=day, last_seen=day, is_current=takes)
            self.changes.new_holdings[fingerprint, student_id] = (kind, value)
        elif not own.first_seen <= day <= own.last_seen or own.is_current != takes:
            own.first_seen, own.last_seen = min(day, own.first_seen), max(day, own.last_seen)
            own.is_current = takes
            self._changed(fingerprint, student_id)
        if takes:
            held.current[fingerprint] = student_id

    def _changed(self, fingerprint: bytes, student_id: UUID) -> None:
        if (fingerprint, student_id) not in self.changes.new_holdings:
            self.changes.changed_holdings.add((fingerprint, student_id))

    def _keep_traits(self, student_id: UUID, row: Marks) -> None:
        person = self._held.people[student_id]
        for kind, fingerprint in row.traits.items():
            known = person.traits.setdefault(kind, set())
            if fingerprint not in known:
                known.add(fingerprint)
                self.changes.traits.append((student_id, kind, fingerprint))
                self._held.having.setdefault(fingerprint, set()).add(student_id)

    def _keep_name(self, student_id: UUID, told: FullName) -> bool:
        """Keep the newest name; what the file leaves empty stays. True when first or last name is another."""
        person = self._held.people[student_id]
        if person.name is None:
            person.name = self.changes.new_names[student_id] = told
            return False
        before = person.name
        person.name = FullName(
            title=told.title or before.title,
            first_name=told.first_name or before.first_name,
            last_name=told.last_name or before.last_name,
        )
        if person.name == before:
            return False
        is_new = student_id in self.changes.new_names
        (self.changes.new_names if is_new else self.changes.changed_names)[student_id] = person.name
        return _folded(person.name) != _folded(before)

    def _doubt(self, known: UUID, came: UUID, why: Why) -> bool:
        """Queue a pair unless it was asked before; True when it is new."""
        pair = frozenset((known, came))
        if pair in self._held.reviewed:
            return False
        self._held.reviewed.add(pair)
        self.changes.doubts.append(Doubt(known=known, came=came, why=why))
        return True


def _folded(name: FullName) -> tuple[str, str]:
    return fold_name(name.first_name), fold_name(name.last_name)


def _name_and_guardian(row: Marks) -> tuple[bytes, bytes] | None:
    name, guardian = row.traits.get(TraitKind.NAME), row.traits.get(TraitKind.GUARDIAN)
    return (name, guardian) if name and guardian else None
