"""What the codes of other systems mean here: tables that a deployment fills in, because no ministry publishes its own.

Every `*.toml` in the folder `lookups` of the data home is read; `moe_example.toml` beside this file shows the shape.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from records.errors import ConfigurationGap
from records.intake.source import Field
from records.tables import TABLE_OF, Column, Kind

FOLDER = "lookups"
SCHOOL = "*.school"  # the code of a school in another system → the code of the institution here
Lookups = Mapping[str, Mapping[str, str]]


def load_lookups(home: Path) -> Lookups:
    """Every table of a data home's lookups, by `table.column`. Raises ConfigurationGap for one that cannot be meant."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted((home / FOLDER).glob("*.toml")):
        for place, meanings in _read(path).items():
            found.setdefault(place, {}).update(_checked(path, place, meanings))
    return found


def in_words(fields: Sequence[Field], lookups: Lookups) -> tuple[Field, ...]:
    """The fields with the meanings of their codes among their words."""
    return tuple(_with_words(one, [lookups[place] for place in one.to if place in lookups]) for one in fields)


def _with_words(one: Field, tables: Sequence[Mapping[str, str]]) -> Field:
    words = dict(one.words)
    for table in tables:
        words.update(table)
    return replace(one, words=words) if tables else one


def _read(path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        file = f"{FOLDER}/{path.name}"
        raise ConfigurationGap(f"{file} is no TOML file: {error}. · แฟ้ม {file} อ่านเป็น TOML ไม่ได้: {error}") from None


def _checked(path: Path, place: str, meanings: object) -> dict[str, str]:
    file = f"{FOLDER}/{path.name}"
    if not isinstance(meanings, dict) or not all(isinstance(ours, str) for ours in meanings.values()):
        raise ConfigurationGap(
            f'{file}: ["{place}"] must be a table of lines such as "10" = "ENROLLED". · '
            f'{file}: ["{place}"] ต้องเป็นตาราง แต่ละบรรทัดเขียนอย่าง "10" = "ENROLLED"'
        )
    if place == SCHOOL:
        return dict(meanings)
    column = _column(place)
    if column is None:
        raise ConfigurationGap(
            f'{file}: there is no column "{place}" that has codes; write ["table.column"]. · '
            f'{file}: ไม่มีคอลัมน์ "{place}" ที่เป็นรหัส ให้เขียน ["ตาราง.คอลัมน์"]'
        )
    for ours in meanings.values():
        if not _is_meant(column, ours):
            raise ConfigurationGap(
                f'{file}: "{place}" has no code "{ours}" (docs/data-dictionary.md lists them). · '
                f'{file}: "{place}" ไม่มีรหัส "{ours}" (ดูรหัสที่มีใน docs/data-dictionary.md)'
            )
    return dict(meanings)


def _column(place: str) -> Column | None:
    table, _, name = place.partition(".")
    columns = TABLE_OF[table].columns if table in TABLE_OF else ()
    return next((one for one in columns if one.name == name and one.kind in (Kind.CODE, Kind.FLAG)), None)


def _is_meant(column: Column, ours: str) -> bool:
    if column.codes is None:
        return ours in ("true", "false")
    return column.codes.parse(ours) is not None
