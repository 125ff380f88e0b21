"""Names of people as files have them: the title glued on, a status or nickname in brackets."""

import re
from dataclasses import dataclass

from records.intake.normalise.reading import EMPTY, Reading, unusable
from records.intake.normalise.text import TOO_LONG, is_too_long, mended, says_nothing

_NOTE = re.compile(r"[(\[（]([^()\[\]（）]*)[)\]）]")
# The glued titles: what follows must be able to begin a word (นายาว and นางาม are names), and a surname must come after.
_GLUED = re.compile(
    r"(เด็กชาย|เด็กหญิง|ด\.\s?ช\.?|ด\.\s?ญ\.?|ดช\.|ดญ\.|นางสาว|น\.\s?ส\.?|นส\.|นาย|นาง|ว่าที่\s?ร\.\s?ต\.|ม\.\s?ร\.\s?ว\.|ม\.\s?ล\.|Mr\.|Mrs\.|Ms\.|Miss\.)"
    r"(?=[ก-ฮเ-ไA-Za-z]{2}|[ก-ฮ][ะ-ฺ็-์])",
    re.IGNORECASE,
)
_SPACED = re.compile(
    r"(เด็กชาย|เด็กหญิง|ด\.?\s?ช\.?|ด\.?\s?ญ\.?|นางสาว|น\.?\s?ส\.?|นาย|นาง|ว่าที่\s?ร\.\s?ต\.|สามเณร|พระ|ม\.?\s?ร\.?\s?ว\.?|ม\.?\s?ล\.?|Mr\.?|Mrs\.?|Ms\.?|Miss\.?)"
    r"(?:\s+|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class NameParts:
    """A name told apart; `note` are the words that stood in brackets."""

    title: str = ""
    first_name: str = ""
    last_name: str = ""
    note: str = ""


def read_name(cell: str) -> tuple[Reading[str], str]:
    """A first or last name, and the words in brackets that were written with it."""
    if is_too_long(cell):
        return TOO_LONG, ""
    text, fix = mended(cell)
    name, note = _without_note(text)
    if says_nothing(name):
        return EMPTY, note
    return Reading(name, "STATUS_IN_NAME" if name != text else fix), note


def split_name(cell: str) -> Reading[NameParts]:
    """Title, first name and last name that share one cell."""
    if is_too_long(cell):
        return TOO_LONG
    text, fix = mended(cell)
    if says_nothing(text):
        return EMPTY
    whole, note = _without_note(text)
    title, name = _title_of(whole)
    words = name.split(" ")
    if says_nothing(words[0]):
        return unusable("MISSING_VALUE")
    if title and not whole.startswith(f"{title} "):
        fix = "TITLE_SPLIT"
    if whole != text:
        fix = "STATUS_IN_NAME"
    last = " ".join(words[1:])
    return Reading(NameParts(title, words[0], "" if says_nothing(last) else last, note), fix)


def _without_note(text: str) -> tuple[str, str]:
    notes = [note.strip() for note in _NOTE.findall(text)]
    return " ".join(_NOTE.sub(" ", text).split()), " ".join(note for note in notes if note)


def _title_of(name: str) -> tuple[str, str]:
    """The title and the rest; a title that is not set apart by a space counts only before a name of two words."""
    if found := _SPACED.match(name):
        return found[1], name[found.end() :]
    if " " in name and (found := _GLUED.match(name)):
        return found[1], name[found.end() :]
    return "", name
