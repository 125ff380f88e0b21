"""Mapping profiles: how a file that no source knows is read, saved as JSON that a person can read and edit.

A profile names headers, places and words, never a cell of a student.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from records.clock import local_day
from records.codes import fold_label
from records.errors import ImportRefused
from records.intake.files import Sheet
from records.intake.mapping import FileSource, Known
from records.intake.places import FILE_TABLE_OF, PLACE_OF, lacking, table_of, usual_lag, usual_of
from records.intake.source import Covers, Delivery, Field, Request, Tells
from records.tables import ATTENDANCE, ENROLMENTS, Table
from records.text import Text

VERSION = 1
RECEIVED = "received"
"""Stands for a day: the one on which the file comes in."""
COVERS: Mapping[str, Covers] = {one.name.lower(): one for one in Covers}
_OF_TABLE = {Covers.WHOLE_ROSTER: ENROLMENTS, Covers.ROSTER_OF_GROUPS: ENROLMENTS, Covers.DAYS_OF_GROUPS: ATTENDANCE}
_KEYS = ("version", "name", "label", "tables", "covers", "columns", "constants", "lag_days", "fingerprint")
_COLUMN_KEYS = ("header", "to", "words")


@dataclass(frozen=True, kw_only=True)
class ProfileColumn:
    """One column of the file: its header, the places it fills (none: left out), and its own words for our codes."""

    header: str
    to: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How the files of one layout are read; `constants` are cells that hold for every row, by place."""

    name: str
    label: Text
    tables: tuple[Table, ...]
    columns: tuple[ProfileColumn, ...]
    covers: Covers = Covers.NOTHING
    constants: Mapping[str, str] = field(default_factory=dict)
    lag_days: int = 0
    fingerprint: str = ""

    @property
    def told(self) -> set[str]:
        """Every place that a column or a constant fills."""
        return {place for column in self.columns for place in column.to} | set(self.constants)

    @property
    def lacking(self) -> list[str]:
        return lacking(self.tables, self.told)


@dataclass(frozen=True, kw_only=True)
class ProfileSource(FileSource):
    """A source that a profile declares; what the file cannot say itself is told on every report."""

    profile: Profile

    def deliver(self, request: Request) -> Iterator[Delivery]:
        for delivery in super().deliver(request):
            yield replace(delivery, notes=[*delivery.notes, *_notes(self.profile, delivery.pages)])


def _notes(profile: Profile, pages: Sequence[Sheet]) -> list[Text]:
    notes = []
    if profile.constants:
        said = ", ".join(f"{place} = {cell}" for place, cell in profile.constants.items())
        notes.append(
            Text(
                th=f"โพรไฟล์กำหนดค่าเดียวกันทุกแถว: {said} ถ้าไม่ใช่ของไฟล์นี้ให้แก้ในโพรไฟล์",
                en=f"the profile says the same for every row: {said}; edit it there when this file is of another time",
            )
        )
    if pages and profile.fingerprint and fingerprint(pages[0].headers) != profile.fingerprint:
        notes.append(
            Text(
                th="หัวตารางเปลี่ยนไปจากตอนที่ทำโพรไฟล์ ตรวจคอลัมน์ที่ไม่รู้จัก",
                en="the headers are not those for which the profile was made: look at the columns that are not known",
            )
        )
    return notes


def fingerprint(headers: Sequence[str]) -> str:
    """What tells a layout from another: its headers, in any order and spelling of spaces and dots."""
    folded = sorted(fold_label(header) for header in headers if header)
    return hashlib.sha256("\n".join(folded).encode()).hexdigest()[:16]


def suits(covers: Covers, tables: Sequence[Table]) -> bool:
    """Whether files of these tables can be complete in this way."""
    return covers is Covers.NOTHING or _OF_TABLE.get(covers) in tables


# A profile as a source


def source_of(profile: Profile) -> ProfileSource:
    """The source that reads files by this profile."""
    columns = [column for column in profile.columns if column.to]
    fields = [
        Field(header=column.header, to=_also(column.to), words=column.words, required=bool(column.to))
        for column in profile.columns
    ]
    return ProfileSource(
        name=f"profile:{profile.name}",
        label=profile.label,
        about=Text(th="แฟ้มที่จับคู่คอลัมน์ไว้ด้วยโพรไฟล์", en="files whose columns were matched in a profile"),
        fields=tuple(fields),
        tells=tuple(_tells(profile, table) for table in profile.tables),
        marks=tuple((column.header,) for column in columns),
        admits=ENROLMENTS in profile.tables,
        context=lambda sheet, request: _known(profile, request),
        profile=profile,
    )


def _also(places: tuple[str, ...]) -> tuple[str, ...]:
    """The day of birth helps to tell people apart; the log keeps the month."""
    return (*places, "person.birth_date") if "students.birth_month" in places else places


def _tells(profile: Profile, table: Table) -> Tells:
    covers = profile.covers if _OF_TABLE.get(profile.covers) is table else Covers.NOTHING
    return Tells(table=table, lag_days=profile.lag_days, covers=covers, usually=usual_of(table))


def _known(profile: Profile, request: Request) -> Known:
    received = local_day(request.received_at).isoformat()
    return {place: received if cell == RECEIVED else cell for place, cell in profile.constants.items()}


def lag_of(tables: Sequence[Table]) -> int:
    """The longest usual wait for files of these tables."""
    return max(map(usual_lag, tables), default=0)


# Saving and loading


def save_profile(profile: Profile, path: Path) -> None:
    told = {
        "version": VERSION,
        "name": profile.name,
        "label": {"th": profile.label.th, "en": profile.label.en},
        "tables": [table.name for table in profile.tables],
        "covers": profile.covers.name.lower(),
        "columns": [_column_as_json(column) for column in profile.columns],
        "constants": dict(profile.constants),
        "lag_days": profile.lag_days,
        "fingerprint": profile.fingerprint,
    }
    path.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _column_as_json(column: ProfileColumn) -> dict[str, object]:
    told: dict[str, object] = {"header": column.header, "to": list(column.to)}
    return {**told, "words": dict(column.words)} if column.words else told


def load_profile(path: Path) -> FileSource:
    """The source of a saved profile. Raises ImportRefused naming the file and everything that is wrong in it."""
    return source_of(read_profile(path))


def read_profile(path: Path) -> Profile:
    """A saved profile. Raises ImportRefused naming the file and everything that is wrong in it."""
    if not path.is_file():
        raise ImportRefused.not_there(file=path.name)
    try:
        told = json.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise _refused(path, [_fault("บันทึกเป็น UTF-8", "save it as UTF-8")]) from None
    except json.JSONDecodeError as error:
        where = _fault(f"ไม่ใช่ JSON ที่บรรทัด {error.lineno}", f"line {error.lineno} is no JSON")
        raise _refused(path, [where]) from None
    faults = list(_faults(told))
    if faults:
        raise _refused(path, faults)
    profile = Profile(
        name=told["name"],
        label=Text(**told["label"]),
        tables=tuple(FILE_TABLE_OF[name] for name in told["tables"]),
        columns=tuple(
            ProfileColumn(header=one["header"], to=tuple(one["to"]), words=one.get("words", {}))
            for one in told["columns"]
        ),
        covers=COVERS[told["covers"]],
        constants=told["constants"],
        lag_days=told["lag_days"],
        fingerprint=told["fingerprint"],
    )
    if missing := profile.lacking:
        names = ", ".join(missing)
        raise _refused(path, [_fault(f"ไม่มีคอลัมน์หรือค่าคงที่สำหรับ {names}", f"no column and no constant fills {names}")])
    return profile


def _refused(path: Path, faults: Sequence[Text]) -> ImportRefused:
    return ImportRefused(
        f"{path.name} is no mapping profile that can be used: {'; '.join(one.en for one in faults)}. "
        "Mend it, or make a new one with zerodrop import FILE --map.",
        th=f"ใช้โพรไฟล์ {path.name} ไม่ได้: {'; '.join(one.th for one in faults)} "
        "แก้ไฟล์นี้ หรือทำใหม่ด้วย zerodrop import FILE --map",
        code="BAD_PROFILE",
    )


# What can be wrong with a profile


def _fault(th: str, en: str) -> Text:
    return Text(th=th, en=en)


def _faults(told: Any) -> Iterator[Text]:
    if not isinstance(told, dict):
        yield _fault("ต้องเป็นวงเล็บปีกกา { }", "it must be one { } object")
        return
    if told.get("version") != VERSION:
        yield _fault(f"version ต้องเป็น {VERSION}", f"'version' must be {VERSION}")
        return
    missing, extra = [key for key in _KEYS if key not in told], [key for key in told if key not in _KEYS]
    if missing:
        yield _fault(f"ขาด {', '.join(missing)}", f"it lacks {', '.join(missing)}")
    if extra:
        yield _fault(f"ไม่รู้จัก {', '.join(extra)}", f"it has unknown entries: {', '.join(extra)}")
    if not missing:
        wrong = [key for key, holds in _FORMS.items() if not holds(told[key])]
        yield from (_fault(f"รูปแบบของ {key} ไม่ถูกต้อง", f"'{key}' has the wrong form") for key in wrong)
        if not wrong:
            yield from _wrong_names(told)


def _is_label(told: Any) -> bool:
    return isinstance(told, dict) and set(told) == {"th", "en"} and all(_is_name(one) for one in told.values())


def _is_name(told: Any) -> bool:
    return isinstance(told, str) and bool(told.strip())


def _are_names(told: Any) -> bool:
    return isinstance(told, list) and all(map(_is_name, told))


def _are_cells(told: Any) -> bool:
    return isinstance(told, dict) and all(_is_name(one) for one in told.values())


def _is_column(told: Any) -> bool:
    return (
        isinstance(told, dict)
        and set(told) <= set(_COLUMN_KEYS)
        and _is_name(told.get("header"))
        and _are_names(told.get("to"))
        and _are_cells(told.get("words", {}))
    )


_FORMS: Mapping[str, Callable[[Any], bool]] = {
    "name": _is_name,
    "label": _is_label,
    "tables": lambda told: _are_names(told) and bool(told),
    "covers": _is_name,
    "columns": lambda told: isinstance(told, list) and bool(told) and all(map(_is_column, told)),
    "constants": _are_cells,
    "lag_days": lambda told: isinstance(told, int) and not isinstance(told, bool),
    "fingerprint": lambda told: isinstance(told, str),
}


def _wrong_names(told: dict[str, Any]) -> Iterator[Text]:
    """Names of tables, places and codes that there are not; and a place that is filled twice."""
    for name in told["tables"]:
        if name not in FILE_TABLE_OF:
            yield _fault(
                f"ไม่มีตาราง '{name}'{_near(name, FILE_TABLE_OF)}",
                f"there is no table '{name}'{_near(name, FILE_TABLE_OF)}",
            )
    if told["covers"] not in COVERS:
        known = ", ".join(COVERS)
        yield _fault(f"covers ต้องเป็น {known}", f"'covers' must be one of {known}")
    elif not suits(COVERS[told["covers"]], [FILE_TABLE_OF[name] for name in told["tables"] if name in FILE_TABLE_OF]):
        yield _fault(f"covers '{told['covers']}' ไม่เข้ากับตาราง", f"'{told['covers']}' does not go with these tables")
    places = [place for column in told["columns"] for place in column["to"]] + list(told["constants"])
    for place in dict.fromkeys(places):
        yield from _wrong_place(place, told["tables"])
        if places.count(place) > 1:
            yield _fault(f"ใช้ '{place}' มากกว่าหนึ่งครั้ง", f"'{place}' is filled more than once")
    for place, cell in told["constants"].items():
        if place in PLACE_OF and not is_constant(place, cell):
            yield _fault(f"อ่านค่าของ '{place}' ไม่ได้", f"the constant of '{place}' cannot be read")
    headers = [fold_label(column["header"]) for column in told["columns"] if column["to"]]
    if len(set(headers)) < len(headers):
        yield _fault("มีหัวตารางซ้ำกันใน columns", "a header stands in 'columns' twice")
    for column in told["columns"]:
        yield from _wrong_words(column)


def is_constant(place: str, cell: str) -> bool:
    """Whether a cell can hold for every row; a student never does."""
    if place.startswith("person."):
        return False
    return (PLACE_OF[place].is_day and cell == RECEIVED) or PLACE_OF[place].can_read(cell)


def _wrong_place(place: str, tables: Sequence[str]) -> Iterator[Text]:
    if place not in PLACE_OF:
        near = _near(place, PLACE_OF)
        yield _fault(f"ไม่มีที่เก็บ '{place}'{near}", f"there is no place '{place}'{near}")
    elif (table := table_of(place)) is not None and table.name not in tables:
        yield _fault(f"'{place}' ต้องมี {table.name} ใน tables", f"'{place}' needs '{table.name}' in 'tables'")


def _wrong_words(column: Mapping[str, Any]) -> Iterator[Text]:
    words = column.get("words", {})
    if not words:
        return
    lists = [codes for place in column["to"] if place in PLACE_OF and (codes := code_list_of(place))]
    for code in dict.fromkeys(words.values()):
        if not any(code in codes for codes in lists):
            header = column["header"]
            yield _fault(f"คอลัมน์ '{header}' ไม่มีรหัส '{code}'", f"column '{header}' has no code '{code}'")


def code_list_of(place: str) -> tuple[str, ...]:
    """The codes of a place; none where it takes no codes."""
    column = PLACE_OF[place].column
    return column.codes.values if column is not None and column.codes is not None else ()


def _near(name: str, known: Mapping[str, object]) -> str:
    near = get_close_matches(name, known, n=1)
    return f" ({near[0]}?)" if near else ""
