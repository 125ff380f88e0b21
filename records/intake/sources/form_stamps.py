"""Time stamps of online forms: the account's language decides whether the day or the month comes first."""

import re
from collections.abc import Mapping
from datetime import timedelta, timezone

from records.clock import BANGKOK
from records.codes import fold_label
from records.intake import normalise
from records.intake.files import Sheet
from records.intake.mapping import recoded
from records.intake.parsing import combined
from records.intake.source import Cells, Field
from records.text import Text

STAMP = Field(
    header="ประทับเวลา", to=("*.entered_at", "*.happened_on"), aliases=("Timestamp", "การประทับเวลา"), required=True,
    example="16/5/2568, 14:03:22", about=Text(th="เวลาที่ส่งแบบ", en="when the form was sent"),
)  # fmt: skip
_STAMPS = {fold_label(name) for name in (STAMP.header, *STAMP.aliases)}
_SLASHED = re.compile(r"\s*([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})(.*)", re.DOTALL)
_ZONE = re.compile(r"\s*(?:GMT|UTC)\s*(?:([+-])\s*(1[0-4]|0?[0-9])(?::?([0-9]{2}))?)?\s*$", re.IGNORECASE)
_MONTHS = 12
_PLACES = ("*.entered_at", "*.happened_on")


def begins_with_stamp(sheet: Sheet) -> bool:
    """Whether the first column is the time stamp that an online form puts there."""
    return bool(sheet.headers) and fold_label(sheet.headers[0]) in _STAMPS


def stamped(cells: Mapping[str, Cells]) -> dict[str, Cells]:
    """The time stamps of a form, and its days, as Bangkok times that can be read in one way.

    A cell that is no time stays as it is.
    """
    columns = {place: cells[place] for place in _PLACES if place in cells}
    month_first = any(
        _says_month_first(cell or "")
        for column in columns.values()
        for cell in combined(column).dictionary_encode().dictionary.to_pylist()
    )
    return {
        place: recoded(column, lambda cell: _local(cell, month_first=month_first)) for place, column in columns.items()
    }


def _says_month_first(cell: str) -> bool:
    found = _SLASHED.fullmatch(normalise.digits(cell))
    return found is not None and int(found[2]) > _MONTHS >= int(found[1])


def _local(cell: str, *, month_first: bool) -> str:
    text = normalise.digits(cell)
    if month_first and (found := _SLASHED.fullmatch(text)):
        text = f"{found[2]}/{found[1]}/{found[3]}{found[4]}"
    zone = _ZONE.search(text)
    moment = normalise.read_instant(text[: zone.start()] if zone else text).value
    if moment is None:
        return cell
    local = moment.astimezone(BANGKOK)
    if zone:
        local = local.replace(tzinfo=_offset(zone)).astimezone(BANGKOK)
    return local.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")


def _offset(zone: re.Match[str]) -> timezone:
    ahead = timedelta(hours=int(zone[2] or 0), minutes=int(zone[3] or 0))
    return timezone(-ahead if zone[1] == "-" else ahead)
