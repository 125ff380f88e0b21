"""The keyed hashes by which a row and a person are compared, and how alike the two are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from records.identity import FullName, Identity, IdKind, fold_name
from records.vault_key import VaultKey


class TraitKind(StrEnum):
    NAME = "name"  # first and last name together; titles are no part of it
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    BIRTH_DATE = "birth_date"
    GUARDIAN = "guardian"


class Why(StrEnum):
    """Why two students may be one person."""

    ALL_THE_SAME = "ALL_THE_SAME"  # name, birth date and guardian: linked, unless several persons are so alike
    OTHER_LAST_NAME = "OTHER_LAST_NAME"  # first name, birth date and guardian are the same
    OTHER_GUARDIAN = "OTHER_GUARDIAN"  # name and birth date are the same; the guardian is another or not known
    NO_BIRTH_DATE = "NO_BIRTH_DATE"  # name and guardian are the same
    SAME_CODE = "SAME_CODE"  # the same student code, and no name to compare
    TWO_IDS_IN_ROW = "TWO_IDS_IN_ROW"  # one row gives the numbers of both


@dataclass(frozen=True, kw_only=True)
class Marks:
    """The fingerprints of a row: identifiers to find a person by, traits to link it by."""

    identifiers: Mapping[IdKind, bytes]
    traits: Mapping[TraitKind, bytes]

    def has(self, *kinds: IdKind) -> bool:
        return any(kind in self.identifiers for kind in kinds)


@dataclass(kw_only=True)
class Person:
    """What the vault holds of a person while rows are compared with it: every value that was ever told."""

    kinds: set[IdKind] = field(default_factory=set)
    traits: dict[TraitKind, set[bytes]] = field(default_factory=dict)
    name: FullName | None = None

    def shares(self, row: Marks, kind: TraitKind) -> bool:
        return kind in row.traits and row.traits[kind] in self.traits.get(kind, ())

    def can_compare(self, row: Marks, kind: TraitKind) -> bool:
        return kind in row.traits and kind in self.traits

    def differs(self, row: Marks, kind: TraitKind) -> bool:
        return self.can_compare(row, kind) and not self.shares(row, kind)


def likeness(row: Marks, person: Person) -> Why | None:
    """Why a row may speak of this person; None when nothing says so."""
    if not person.shares(row, TraitKind.FIRST_NAME):
        return None  # twins share all but this
    same_name = person.shares(row, TraitKind.NAME)
    same_guardian = person.shares(row, TraitKind.GUARDIAN)
    if not person.can_compare(row, TraitKind.BIRTH_DATE):
        return Why.NO_BIRTH_DATE if same_name and same_guardian else None
    if not person.shares(row, TraitKind.BIRTH_DATE):
        return None
    if same_name:
        return Why.ALL_THE_SAME if same_guardian else Why.OTHER_GUARDIAN
    return Why.OTHER_LAST_NAME if same_guardian else None


def marks_of(key: VaultKey, institution: str, identity: Identity) -> Marks:
    return Marks(identifiers=identifiers_of(key, institution, identity), traits=_traits_of(key, identity))


def identifiers_of(key: VaultKey, institution: str, identity: Identity) -> dict[IdKind, bytes]:
    return {
        kind: key.fingerprint(kind.value, scope_of(kind, institution), value)
        for kind, value in identity.identifiers.items()
    }


def scope_of(kind: IdKind, institution: str) -> str:
    return institution if kind is IdKind.CODE else ""


def _traits_of(key: VaultKey, identity: Identity) -> dict[TraitKind, bytes]:
    told: dict[TraitKind, str] = {}
    if identity.name is not None:
        first, last = fold_name(identity.name.first_name), fold_name(identity.name.last_name)
        told = {TraitKind.FIRST_NAME: first, TraitKind.LAST_NAME: last}
        told[TraitKind.NAME] = f"{first}\x1f{last}" if first and last else ""
    told[TraitKind.BIRTH_DATE] = identity.birth_date.isoformat() if identity.birth_date else ""
    told[TraitKind.GUARDIAN] = fold_name(identity.guardian or "")
    return {kind: key.fingerprint(f"trait {kind.value}", "", value) for kind, value in told.items() if value}
