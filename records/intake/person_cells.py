"""The cells that name one person, read: identifiers of every kind, the name, and what is needed to link two numbers."""

from dataclasses import dataclass

from records.codes import ENROLMENT_STATUSES
from records.identity import FullName, Identity, IdKind
from records.intake import normalise
from records.intake.normalise import Reading
from records.intake.parsing import LEFT_OUT

KINDS = {"national": IdKind.NATIONAL, "passport": IdKind.PASSPORT, "code": IdKind.CODE, "person": IdKind.PERSON}
_UNUSABLE = ("BAD_IDENTIFIER", "LOST_DIGITS")


@dataclass(frozen=True, kw_only=True)
class Read:
    """One distinct combination of a person's cells, read: who it names, and what had to be mended or is wrong."""

    identity: Identity
    problems: tuple[str, ...] = ()
    fixes: tuple[tuple[str, str], ...] = ()
    """(column, code of the fix)"""
    status: int | None = None
    """The enrolment status that was written into the name: (ลาออก)."""


def read_person(cells: dict[str, str], *, admits: bool) -> Read:
    problems: list[str] = []
    fixes: list[tuple[str, str]] = []
    unusable: list[tuple[str, str]] = []
    identifiers: dict[IdKind, str] = {}
    for kind, name, reading in _identifiers(cells, fixes):
        if reading.value is not None:
            identifiers[kind] = reading.value
            fixes += [(name, reading.fix)] if reading.fix else []
            problems += [reading.warning] if reading.warning and admits else []
        elif reading.problem:
            problems.append(reading.problem)
            unusable += [(name, LEFT_OUT)] if reading.problem in _UNUSABLE else []
    if identifiers and not admits:
        # The row is about a known student by another identifier: the unusable one is left out, and told.
        fixes += unusable
        problems = [problem for problem in problems if problem not in _UNUSABLE]
    identity, note = _with_name(cells, identifiers, fixes) if admits else (Identity(identifiers=identifiers), "")
    status = ENROLMENT_STATUSES.parse(note) if note else None
    return Read(identity=identity, problems=tuple(dict.fromkeys(problems)), fixes=tuple(fixes), status=status)


def _identifiers(cells: dict[str, str], fixes: list[tuple[str, str]]) -> list[tuple[IdKind, str, Reading[str]]]:
    """Every identifier of the row with its kind; a national number and a student code that changed places go back."""
    told = {name: cells[name] for name in KINDS if not _is_empty(cells.get(name, ""))}
    found: list[tuple[IdKind, str, Reading[str]]] = []
    if {"national", "code"} <= set(told) and _changed_places(told["national"], told["code"]):
        told["national"], told["code"] = told["code"], told["national"]
        fixes.append(("code", "IDS_SWAPPED"))
    for name, cell in told.items():
        if name == "national":
            kind, reading = normalise.read_identifier(cell)
            is_number = kind in ("NATIONAL", "G_CODE", "PASSPORT")
            found.append(
                (
                    IdKind[kind] if kind and is_number else IdKind.NATIONAL,
                    name,
                    reading if is_number else normalise.read_national(cell),
                )
            )
        elif name == "person":
            found.append((IdKind.PERSON, name, normalise.read_text(cell)))
        elif name == "passport":
            found.append((IdKind.PASSPORT, name, normalise.read_text(cell)))
        else:
            found.append((IdKind.CODE, name, normalise.read_student_code(cell)))
    if not _is_empty(cells.get("any", "")):
        kind, reading = normalise.read_identifier(cells["any"])
        found.append((IdKind[kind or "CODE"], "any", reading))
    return found


def _is_empty(cell: str) -> bool:
    return normalise.is_nothing(cell) or normalise.clean(cell) in ("ไม่มี", "ไม่มีเลข")


def _changed_places(national: str, code: str) -> bool:
    return (
        normalise.read_national(national).value is None
        and normalise.read_student_code(national).value is not None
        and normalise.read_national(code).value is not None
    )


def _with_name(
    cells: dict[str, str], identifiers: dict[IdKind, str], fixes: list[tuple[str, str]]
) -> tuple[Identity, str]:
    """The identity with its name, and the words that stood in brackets beside the name."""
    whole = cells.get("full_name", "") or cells.get("first_name", "")
    separate = bool(cells.get("first_name"))
    reading = normalise.split_name(whole)
    if reading.fix and not (reading.fix == "TITLE_SPLIT" and not separate):
        fixes.append(("first_name" if separate else "full_name", reading.fix))
    name, note = None, ""
    if reading.value is not None:
        last, last_note = normalise.read_name(cells.get("last_name", ""))
        note = reading.value.note or last_note
        fixes += [("last_name", last.fix)] if last.fix else []
        shown = "" if _is_empty(cells.get("last_name", "")) else last.value or ""
        title = normalise.clean(cells.get("title", "")) or reading.value.title
        first, rest = reading.value.first_name, reading.value.last_name
        if shown and separate:  # Mary Jane, where the surname has a column of its own
            first, rest = f"{first} {rest}".strip(), ""
        name = FullName(title=title, first_name=first, last_name=shown or rest)
    guardian = " ".join(filter(None, (normalise.clean(cells.get(part, "")) for part in ("guardian", "guardian_last"))))
    identity = Identity(
        identifiers=identifiers,
        name=name,
        birth_date=normalise.read_day(cells["birth_date"]).value if cells.get("birth_date") else None,
        guardian=None if _is_empty(guardian) else guardian,
    )
    return identity, note
