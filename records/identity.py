"""Who a row says it is about: identifiers, a name, a day of birth, and how names are put in order and compared."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class IdKind(StrEnum):
    """What an identifier is; only a student code belongs to one institution."""

    NATIONAL = "national"  # 13 digits of the civil registration
    G_CODE = "g_code"  # "G" and 12 digits, for learners without civil registration
    PASSPORT = "passport"
    CODE = "code"  # the institution's own student code
    PERSON = "person"  # a source's own number for a person, the same in all institutions of that source


COUNTRY_WIDE = (IdKind.NATIONAL, IdKind.G_CODE, IdKind.PASSPORT)


class Note(StrEnum):
    """What admission found out about a row beside whose it is."""

    LINKED_ID = "LINKED_ID"  # an unknown number was added to a person known by another one
    POSSIBLE_SAME_PERSON = "POSSIBLE_SAME_PERSON"  # a person must decide; until then they are two
    NAME_CHANGED = "NAME_CHANGED"
    NATIONAL_TWO_NAMES = "NATIONAL_TWO_NAMES"  # one national number, two people by name: nothing of the row was kept


@dataclass(frozen=True, kw_only=True)
class FullName:
    title: str
    first_name: str
    last_name: str


class KeptName(NamedTuple):
    """A name as the vault keeps it; `sort_key` is its place in the alphabet."""

    title: str
    first_name: str
    last_name: str
    sort_key: str

    def __repr__(self) -> str:
        return "KeptName(…)"  # no error and no log line tells a name

    @property
    def shown(self) -> str:
        return f"{self.title}{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who a row says it is about: identifiers by kind, and what else the file tells of the person."""

    identifiers: Mapping[IdKind, str]
    name: FullName | None = None
    birth_date: date | None = None
    guardian: str | None = None


@dataclass(frozen=True, kw_only=True)
class Known:
    """A student found or admitted: the number in the institution's log and the pseudonym there."""

    number: int
    student_id: UUID
    notes: tuple[str, ...] = field(default=(), compare=False)


_LEADING_VOWELS = "เแโใไ"
_TONES = "็่้๊๋์"


def sort_key(name: str) -> str:
    """Thai dictionary order: the consonant before its leading vowel, tone marks only to break ties."""
    letters: list[str] = []
    index = 0
    while index < len(name):
        if name[index] in _LEADING_VOWELS and index + 1 < len(name):
            letters += [name[index + 1], name[index]]
            index += 2
            continue
        letters.append(name[index])
        index += 1
    plain = "".join(letter for letter in letters if letter not in _TONES)
    tones = "".join(letter for letter in letters if letter in _TONES)
    return f"{plain}\x1f{tones}"


_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060"), None)
_REPEATED_MARK = re.compile("([\u0e31\u0e34-\u0e3a\u0e47-\u0e4e])\\1+")
_TITLE_WORDS = (
    "เด็กชาย", "เด็กหญิง", "ด.ช.", "ด.ญ.", "นาย", "นางสาว", "น.ส.", "นาง", "ว่าที่ ร.ต.", "สามเณร", "พระ", "ม.ร.ว.", "ม.ล.",
    "mr.", "mr", "mrs.", "mrs", "miss", "ms.", "ms",
)  # fmt: skip
_SEPARATE_TITLE = re.compile(rf"^(?:{'|'.join(map(re.escape, _TITLE_WORDS))})\s+(?=\S)")
# Real names begin like titles (นายาว, พระแก้ว): written together, only what can be nothing else is taken off.
_JOINED_TITLE = re.compile(r"^(?:เด็กชาย|เด็กหญิง|ด\.ช\.|ด\.ญ\.|นางสาว|น\.ส\.)(?=\S)")
_JOINED_BEFORE_TWO_NAMES = re.compile(r"^(?:นาย|นาง)(?=[ก-ฮเ-ไ]\S+\s+\S)")


def fold_name(name: str) -> str:
    """The form in which two spellings of a name are the same: no spaces, no title, no repeated mark, small letters."""
    text = name.translate(_INVISIBLE).replace("เเ", "แ").replace("\u0e4d\u0e32", "\u0e33")
    text = " ".join(_REPEATED_MARK.sub(r"\1", text).casefold().split())
    for title in (_SEPARATE_TITLE, _JOINED_TITLE, _JOINED_BEFORE_TWO_NAMES):
        bare = title.sub("", text).strip()
        if bare != text:
            text = bare
            break
    return "" if text == "-" else text.replace(" ", "")
