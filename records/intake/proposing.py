"""What the columns of an unknown sheet seem to be: by their headers, else by the shape of their values."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import TypeAlias

from records.codes import ATTENDANCE_STATUSES, GRADES, SEXES, fold_label
from records.intake import normalise
from records.intake.files import Sheet
from records.intake.places import (
    FILE_TABLES,
    PLACE_OF,
    TERM_COLUMNS,
    Place,
    known_headers,
    required_columns,
    table_of,
)
from records.intake.source import LEFT_OUT
from records.tables import CALENDAR, Table
from records.text import Text

_SAMPLE_ROWS = 200
_SHOWN_SAMPLES = 3
_MOST = 0.9  # share of the values that must have a shape [judgement]
_HALF = 0.5

# Headers that say nothing we keep; some begin like one that we do (ชื่อวิชา is no name).
_NOT_KEPT = (
    "ที่", "ลำดับ", "ลำดับที่", "เลขที่", "no", "ชื่อวิชา", "ชื่อรายวิชา", "ชื่อสถานศึกษา", "ชื่อโรงเรียน", "รหัสโรงเรียน", "รหัสสถานศึกษา", "ครูที่ปรึกษา",
    "อาจารย์ที่ปรึกษา", "ครูประจำชั้น", "ครูผู้สอน", "หมายเหตุ", "อายุ", "อายุ(ปี)", "ชื่อเล่น", "มือถือ", "เบอร์โทรศัพท์", "โทรศัพท์มือถือ", "ที่อยู่",
)  # fmt: skip
_LEFT_OUT = {fold_label(header) for header in (*(one.header for one in LEFT_OUT), *_NOT_KEPT)}


_GROUPS = (("*.class_group",), ("enrolments.class_group",))  # without a roster, with one


Values: TypeAlias = Mapping[str, int]  # distinct cells, and how many rows have each


class Sure(Enum):
    """How a proposal came about."""

    HEADER = Text(th="รู้จักหัวตาราง", en="known header")
    CONTAINS = Text(th="หัวตารางคล้ายที่รู้จัก", en="header contains a known one")
    SHAPE = Text(th="ดูจากค่าในช่อง", en="by the values")
    LEFT_OUT = Text(th="ไม่นำเข้าโดยตั้งใจ", en="left out on purpose")
    SAME_HEADER = Text(th="หัวตารางซ้ำกับคอลัมน์ก่อนหน้า", en="same header as an earlier column")
    NOTHING = Text(th="ไม่รู้จัก", en="not known")


@dataclass(frozen=True, kw_only=True)
class ProposedColumn:
    """One column and the places that it seems to fill; the samples are cells of students, for the clerk's screen alone."""

    header: str
    samples: tuple[str, ...] = field(repr=False)
    places: tuple[str, ...]
    sure: Sure


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Every column of a sheet in its order, and the table that it seems to tell, if any."""

    columns: tuple[ProposedColumn, ...]
    table: Table | None


@dataclass(frozen=True, kw_only=True)
class _Option:
    """Places that a column could fill together, and why."""

    places: tuple[str, ...]
    sure: Sure

    @property
    def tables(self) -> set[str]:
        """The tables that must be told for it; a class group goes with any."""
        own = {table.name for place in self.places if (table := table_of(place)) is not None}
        return set() if self.places in _GROUPS else own

    @property
    def is_day(self) -> bool:
        return bool(self.places) and PLACE_OF[self.places[0]].is_day


def propose(sheet: Sheet, table: Table | None = None) -> Proposal:
    """A place for every column, for the table that was chosen or else for the one whose needs are best met."""
    values = _values(sheet)
    options = [_options(header, cells) for header, cells in zip(sheet.headers, values, strict=True)]
    repeated = [
        fold_label(header) in map(fold_label, sheet.headers[:place]) for place, header in enumerate(sheet.headers)
    ]
    options = _with_one_kind_of_day([[] if again else some for some, again in zip(options, repeated, strict=True)])
    chosen = table or _best_table(options)
    places = _without_double(options, _told_with(chosen, options))
    columns = tuple(
        ProposedColumn(
            header=header,
            samples=tuple(cells)[:_SHOWN_SAMPLES],
            places=found.places if found else (),
            sure=_why(header, found, again=again),
        )
        for header, cells, found, again in zip(sheet.headers, values, places, repeated, strict=True)
    )
    return Proposal(columns=columns, table=chosen)


def _why(header: str, found: _Option | None, *, again: bool) -> Sure:
    if found is not None:
        return found.sure
    if again:
        return Sure.SAME_HEADER
    return Sure.LEFT_OUT if fold_label(header) in _LEFT_OUT else Sure.NOTHING


def _values(sheet: Sheet) -> list[Values]:
    """Of each column the cells that say something, among the first rows."""
    part = next(sheet.parts(), None)
    if part is None:
        return [Counter() for _ in sheet.headers]
    found: list[Values] = []
    for column in part.columns:
        cells = map(normalise.clean, column.slice(0, _SAMPLE_ROWS).to_pylist())
        found.append(Counter(cell for cell in cells if not normalise.is_nothing(cell)))
    return found


# The places of one column


def _options(header: str, values: Values) -> list[_Option]:
    """What a column could be, the likeliest first."""
    folded = fold_label(header)
    if not folded or folded in _LEFT_OUT:
        return []
    by_header = _readable(known_headers().get(folded, ()), values, Sure.HEADER)
    by_part = _readable(_containing(folded), values, Sure.CONTAINS) if not by_header else []
    by_shape = _by_shape(values)
    if by_shape and by_shape.places == ("person.national",) and any("person.code" in one.places for one in by_header):
        return [by_shape]  # a column of student numbers may hold the thirteen digits
    return by_header or by_part or ([by_shape] if by_shape else [])


def _containing(folded: str) -> tuple[Place, ...]:
    """The places of the longest known header that is most of this one."""
    parts = [known for known in known_headers() if known in folded and len(known) > len(folded) * _HALF]
    return known_headers()[max(parts, key=len)] if parts else ()


def _readable(places: Sequence[Place], values: Values, sure: Sure) -> list[_Option]:
    """The places where at least half of the values can be read, the best first."""
    shares = {place.name: _share(values, place.can_read) for place in places}
    fitting = sorted((place for place in places if shares[place.name] >= _HALF), key=lambda place: -shares[place.name])
    return [_Option(places=(place.name,), sure=sure) for place in fitting]


def _share(values: Values, holds: Callable[[str], object]) -> float:
    """The share of the rows whose value something holds of; all of none."""
    rows = sum(values.values())
    return sum(count for cell, count in values.items() if holds(cell)) / rows if rows else 1.0


# The shapes of values


_PHONE = re.compile(r"0(?:[689][0-9]{8}|[2-7][0-9]{7})")
_TERM_LABEL = re.compile(r"[1-3]\s*/\s*(?:25)?[0-9]{2}")
_CLASS_GROUP = re.compile(r"[^0-9\s/]{1,6}\.?\s?[0-9]{1,2}\s?/\s?[0-9]{1,2}")
_YEAR = re.compile(r"25[5-9][0-9]")
_STUDENT_CODE = re.compile(r"[0-9A-Z\-]{3,11}")
_TIME = re.compile(r"[0-9]{1,2}[:.][0-9]{2}")
_GAPS = re.compile(r"[\s\-]")
_HALF_STEPS = re.compile(r"[0-3]\.50?|4\.00?")
_BIRTHS_SPAN = timedelta(days=2 * 365)  # an institution's students are born over more than two years
_LEAST_BIRTHS = 5


def _is_national(cell: str) -> bool:
    return normalise.read_national(cell) == normalise.Reading(_GAPS.sub("", cell))


def _is_term_label(cell: str) -> bool:
    return bool(_TERM_LABEL.fullmatch(normalise.digits(cell))) and normalise.read_term(cell).value is not None


def _is_instant(cell: str) -> bool:
    return bool(_TIME.search(cell)) and normalise.read_day(cell).value is not None and " " in cell


def _is_level(cell: str) -> bool:
    return normalise.read_level(cell).value is not None


def _names_a_room(cell: str) -> bool:
    level, room = normalise.split_level_room(cell)
    return level.value is not None and bool(room.value)


def _is_mark(cell: str) -> bool:
    return GRADES.parse(normalise.digits(cell)) is not None


def _is_full_name(cell: str) -> bool:
    parts = normalise.split_name(cell).value
    return parts is not None and bool(parts.title and parts.last_name)


def _are_births(values: Collection[str]) -> bool:
    days = [day for cell in values if (day := normalise.parse_day(cell))]
    return len(days) >= _LEAST_BIRTHS and max(days) - min(days) > _BIRTHS_SPAN


def _are_words(values: Collection[str]) -> bool:
    """More than one, and not digits alone: one letter may stand for anything."""
    return len(values) > 1 and any(not cell.isascii() for cell in values)


def _are_mixed_numbers(values: Collection[str]) -> bool:
    """Numbers of the country among others."""
    kinds = {normalise.read_identifier(cell)[0] for cell in values}
    return bool(kinds & {"NATIONAL", "G_CODE"}) and bool(kinds & {"CODE", "PASSPORT"})


def _is_student_code(cell: str) -> bool:
    return bool(_STUDENT_CODE.fullmatch(cell)) and sum(letter.isdigit() for letter in cell) >= 3


def _are_student_codes(values: Collection[str]) -> bool:
    lengths = [len(cell) for cell in values]
    return len(values) > 1 and min(lengths) == max(lengths) and not all(map(_YEAR.fullmatch, values))


@dataclass(frozen=True, kw_only=True)
class _Shape:
    """What most values look like, with a further question to all of them."""

    places: tuple[str, ...]
    fits: Callable[[str], object]
    all_fit: Callable[[Collection[str]], bool] = bool


def _is_date(cell: str) -> bool:
    return normalise.parse_day(cell) is not None and not cell.isdigit()


# The more particular before the more general: 1/2568 before a date, a phone number before a student code.
_SHAPES = (
    _Shape(places=("person.national",), fits=_is_national),
    _Shape(
        places=("person.any",), fits=lambda cell: normalise.read_identifier(cell)[0] is not None, all_fit=_are_mixed_numbers
    ),
    _Shape(places=(), fits=lambda cell: _PHONE.fullmatch(_GAPS.sub("", cell))),
    _Shape(places=("*.term_label",), fits=_is_term_label),
    _Shape(places=("*.entered_at",), fits=_is_instant),
    _Shape(places=("students.birth_month",), fits=_is_date, all_fit=_are_births),
    _Shape(places=("*.happened_on",), fits=_is_date),
    _Shape(places=("enrolments.level", "enrolments.class_group"), fits=_names_a_room),
    _Shape(places=("enrolments.level",), fits=_is_level),
    _Shape(places=("enrolments.class_group",), fits=_CLASS_GROUP.fullmatch),
    _Shape(
        places=("grades.grade",), fits=_is_mark,
        all_fit=lambda values: _are_words(values) or any(map(_HALF_STEPS.fullmatch, values)),
    ),
    _Shape(places=("students.sex",), fits=lambda cell: SEXES.parse(cell) is not None, all_fit=_are_words),
    _Shape(
        places=("attendance.status",), fits=lambda cell: ATTENDANCE_STATUSES.parse(cell) is not None, all_fit=_are_words
    ),
    _Shape(places=("*.academic_year",), fits=_YEAR.fullmatch),
    _Shape(places=("person.full_name",), fits=_is_full_name),
    _Shape(places=("person.code",), fits=_is_student_code, all_fit=_are_student_codes),
)  # fmt: skip


def _by_shape(values: Values) -> _Option | None:
    """The first shape that most values have; one without a place is known and left out."""
    for shape in _SHAPES:
        if values and _share(values, shape.fits) >= _MOST and shape.all_fit(values):
            return _Option(places=shape.places, sure=Sure.SHAPE if shape.places else Sure.LEFT_OUT)
    return None


# The table, and one place for each column


def _own(table: Table, options: Sequence[Sequence[_Option]]) -> set[str]:
    """The columns of a table that the sheet could fill, but for its term and day."""
    found = {
        place.split(".")[1] for some in options for one in some for place in one.places if table_of(place) is table
    }
    return found - {*TERM_COLUMNS, "happened_on"}


def _best_table(options: Sequence[Sequence[_Option]]) -> Table | None:
    """The table of which most of what it requires is there, then the one with most columns."""

    def rank(table: Table) -> tuple[float, int]:
        own, needed = _own(table, options), set(required_columns(table))
        return (len(own & needed) / len(needed) if needed else 1.0, len(own) + len(own & needed))

    candidates = [table for table in FILE_TABLES if _own(table, options)]
    return max(candidates, key=rank, default=None)


def _told_with(chosen: Table | None, options: Sequence[Sequence[_Option]]) -> list[str]:
    """The chosen table, then the others of which the sheet has all that they require."""
    if chosen is None or chosen is CALENDAR:
        return [chosen.name] if chosen else []
    others = [
        table.name
        for table in FILE_TABLES
        if table not in (chosen, CALENDAR)
        and _own(table, options)
        and _own(table, options) >= set(required_columns(table))
    ]
    return [chosen.name, *others]


def _with_one_kind_of_day(options: Sequence[list[_Option]]) -> list[list[_Option]]:
    """Where a header says which day is meant, other dates are not guessed to be one."""
    if not any(one.is_day and one.sure is not Sure.SHAPE for some in options for one in some):
        return list(options)
    return [[one for one in some if not (one.is_day and one.sure is Sure.SHAPE)] for some in options]


def _without_double(options: Sequence[Sequence[_Option]], told: Sequence[str]) -> list[_Option | None]:
    """One option a column, each place once; a header speaks before a shape, an earlier column before a later."""
    one_day = sum(any(one.is_day for one in some) for some in options) == 1
    found: list[_Option | None] = [None] * len(options)
    taken: set[str] = set()
    for sure in (Sure.HEADER, Sure.CONTAINS, Sure.SHAPE, Sure.LEFT_OUT):
        for place, some in enumerate(options):
            fitting = [one for one in some if one.sure is sure and one.tables <= set(told)]
            for one in sorted(fitting, key=lambda one: min((told.index(name) for name in one.tables), default=0)):
                final = _final(one, told, one_day=one_day)
                if found[place] is None and not set(final.places) & taken:
                    found[place] = final
                    taken |= set(final.places)
    return found


def _final(option: _Option, told: Sequence[str], *, one_day: bool) -> _Option:
    """The option in the words of a mapping: one day for all tables, and the class group where there is no roster."""
    if one_day and option.is_day:
        return _Option(places=("*.happened_on",), sure=option.sure)
    if option.places in _GROUPS:
        return _Option(places=_GROUPS["enrolments" in told], sure=option.sure)
    return option
