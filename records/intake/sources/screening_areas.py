"""Screening forms with a column, two tick columns or item ticks an area, turned into one record an area.

Nothing ticked and not confirmed is not screened, and becomes no record at all. The stored overall group is the worst
of the areas that are not sensitive: otherwise whoever may read `screening` would learn from it what the sealed areas
say. The sealed table has no overall group of its own: who may read both takes the worst of both. A supplied overall
group is compared with the worst of all areas.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from records.codes import AREAS, SCREENING_LEVELS, SENSITIVE_AREA_CODES, TOOLS, CodeList, fold_label
from records.intake import normalise
from records.intake.files import Sheet
from records.intake.mapping import FileSource, Rows, match
from records.intake.parsing import combined
from records.intake.source import LEFT_OUT, PERSON_FIELDS, Cells, Delivery, Field, Request, Tells
from records.intake.sources.attendance import CLASS_GROUP
from records.intake.sources.columns_once import Floats, Mask, Problems, any_of, numbers_in
from records.intake.sources.form_context import usual_context
from records.tables import SCREENING, SCREENING_SENSITIVE
from records.text import Text

Numbers = npt.NDArray[np.int64]

_CONCERN, _CLOSE = 1, 2  # positions in SCREENING_LEVELS
_UNTOLD = -1
_LEAST_AREAS = 4  # a college may leave the sensitive ones out
_CLASS = 10  # a class with the same answers for this many is worth a question [domain 3.1, group 11]
_TICKS = {"CONCERN": ("ห่วงใย", "กลุ่มห่วงใย", "เสี่ยง", "กลุ่มเสี่ยง"), "CLOSE": ("ใกล้ชิด", "กลุ่มใกล้ชิด", "มีปัญหา", "กลุ่มมีปัญหา")}
_ITEM = re.compile(r"(?:ข้อ|ข้อที่)?[0-9]{1,2}")
_KEPT = ("*.happened_on", "*.entered_at", "*.class_group")


@dataclass(frozen=True, kw_only=True)
class Form:
    """A screening form: the code of its tool and its areas, in the form's order, by the form's own words."""

    tool: str
    areas: Mapping[str, str]
    """Code of an area → its word on the form."""
    own: tuple[str, ...]
    """Areas that no other form has: one of them at least tells this form."""

    @cached_property
    def codes(self) -> tuple[str, ...]:
        return tuple(self.areas)

    @cached_property
    def sensitive(self) -> Mask:
        return np.array([code in SENSITIVE_AREA_CODES.values for code in self.codes])

    @cached_property
    def item_words(self) -> Mapping[str, str]:
        """The folded beginning of an item's header → the place of the ticks that it belongs to."""
        return {
            fold_label(alias): f"{code}_{group}"
            for code in self.codes
            for group in _TICKS
            for alias in self.tick_words(code, group)
        }

    def words(self, code: str) -> tuple[str, ...]:
        """What files call an area: the form's word first."""
        of = SENSITIVE_AREA_CODES if code in SENSITIVE_AREA_CODES.values else AREAS
        one = of.codes[of.position(code)]
        bare = [self.areas[code], one.label.th, *(alias.removeprefix("ด้าน") for alias in one.aliases)]
        return tuple(dict.fromkeys([*bare, *(f"ด้าน{word}" for word in bare)]))

    def tick_words(self, code: str, group: str) -> tuple[str, ...]:
        return tuple(f"{word} {title}" for word in self.words(code) for title in _TICKS[group])

    def item_of(self, header: str) -> str:
        """The place whose tick the item under a header is (area, column, number); '' for any other header."""
        folded = fold_label(header)
        for word, place in self.item_words.items():
            if folded.startswith(word) and _ITEM.fullmatch(folded[len(word) :]):
                return place
        return ""


@dataclass(frozen=True, kw_only=True)
class ScreeningSource(FileSource):
    """A source of one screening form; item ticks count as known columns."""

    form: Form

    def recognises(self, sheet: Sheet) -> bool:
        """Several areas, one of them this form's own, and a column of people."""
        places = {place for one in match(sheet, self.fields).values() for place in one.to}
        places |= {f"*.{self.form.item_of(header)}" for header in sheet.headers}
        found = [code for code in self.form.codes if places & {f"*.{code}", f"*.{code}_CONCERN", f"*.{code}_CLOSE"}]
        named = any(place.startswith("person.") for place in places)
        told = named and len(found) >= _LEAST_AREAS and not set(found).isdisjoint(self.form.own)
        return told and super().recognises(sheet)

    def deliver(self, request: Request) -> Iterator[Delivery]:
        for one in super().deliver(request):
            yield replace(one, unmapped=[header for header in one.unmapped if not self.form.item_of(header)])


def screening_source(form: Form, *, name: str, label: Text, about: Text, file_name: str) -> ScreeningSource:
    return ScreeningSource(
        name=name,
        label=label,
        about=about,
        file_name=file_name,
        form=form,
        fields=(*PERSON_FIELDS, CLASS_GROUP, *_area_fields(form), *_FIELDS, *LEFT_OUT),
        tells=(Tells(table=SCREENING, lag_days=7), Tells(table=SCREENING_SENSITIVE, lag_days=7)),
        marks=(),
        unlike=("ด้าน", "รายการพิจารณา"),
        context=usual_context,
        reshape=lambda rows, known: reshaped(form, rows),
        proves=Text(
            th="วันที่คัดกรองมาจากคอลัมน์ หรือหัวกระดาษ ถ้าไม่มีใช้วันที่ได้รับไฟล์",
            en="the day is that of the column or the title block, else the day on which the file was received",
        ),
    )


_FIELDS = (
    Field(
        header="วันที่คัดกรอง", to=("*.happened_on",), aliases=("วันที่", "happened_on"), example="16/06/2568",
        about=Text(th="ไม่มีก็ได้ ถ้าหัวกระดาษบอกวันที่", en="may be missing where the title block tells the day"),
    ),
    Field(
        header="ยืนยันแล้ว", to=("*.reviewed",), aliases=("คัดกรองแล้ว", "reviewed"), example="ใช่",
        about=Text(th="ครูดูครบทุกด้านแล้ว ไม่มีเครื่องหมายและไม่ยืนยัน คือยังไม่คัดกรอง ไม่ใช่ไว้ใจ", en="gone through by the advisor: nothing ticked and not confirmed is not screened, never trust"),
    ),
    Field(
        header="ภาพรวม", to=("*.overall",), aliases=("สรุป", "สรุปผล", "ผลคัดกรอง", "overall"), example="ห่วงใย",
        about=Text(th="ใช้ตรวจทานเท่านั้น ระบบคิดจากด้านที่หนักที่สุด", en="compared only: the worst area counts"),
    ),
    Field(header="หมายเหตุ", about=Text(th="ข้อความอิสระ ไม่นำเข้า", en="free text, left out")),
)  # fmt: skip


def _area_fields(form: Form) -> Iterator[Field]:
    level, ticks = (
        Text(th="กลุ่มของด้านนี้ เว้นว่างคือยังไม่ได้คัดกรอง", en="the group of this area; blank is not screened"),
        Text(th="ทำเครื่องหมาย หรือจำนวนข้อ", en="a tick, or how many items"),
    )
    for code in form.codes:
        first, *others = form.words(code)
        yield Field(header=first, to=(f"*.{code}",), aliases=(*others, code), example="ไว้ใจ", about=level)
        for group in _TICKS:
            first, *others = form.tick_words(code, group)
            yield Field(header=first, to=(f"*.{code}_{group}",), aliases=tuple(others), example="✓", about=ticks)


# Rows to records


@dataclass(frozen=True, kw_only=True)
class _Read:
    """The answers of a part: levels by row and area (-1 not told), and rows whose cells cannot be read, by problem."""

    levels: Numbers
    problems: Problems

    @property
    def bad(self) -> Mask:
        return any_of(self.problems, len(self.levels))


def reshaped(form: Form, rows: Rows) -> Rows:
    """One row an area and one for the overall group; a row that tells none stays one row that says nothing."""
    read = _read(form, rows)
    levels = np.where(read.bad[:, None], _UNTOLD, read.levels)
    open_levels = np.where(form.sensitive, _UNTOLD, levels)
    silent = (levels == _UNTOLD).all(axis=1)
    wide = np.column_stack([levels, open_levels.max(axis=1, initial=_UNTOLD), np.where(silent, 0, _UNTOLD)])
    row, column = np.nonzero(wide != _UNTOLD)
    warned = {
        "NOT_SCREENED": silent & ~read.bad,
        "OVERALL_CONTRADICTS_AREAS": _contradicted(form, rows, levels) & ~read.bad,
        "SAME_AS_OTHERS": _same_in_class(rows, levels),
        **read.problems,
    }
    taken = pa.array(row)
    cells = {
        place: combined(told).take(taken)
        for place, told in rows.cells.items()
        if place in _KEPT or place.startswith("person.")
    }
    return Rows(
        cells={**cells, **_records(form, rows, wide, row, column)},
        lines=rows.lines.take(taken),
        warnings={code: np.flatnonzero(mask[row]) for code, mask in warned.items() if mask.any()},
    )


def _records(form: Form, rows: Rows, wide: Numbers, row: Numbers, column: Numbers) -> dict[str, Cells]:
    """The columns of both tables; a row of one table is missing in the other."""
    size = len(form.codes)
    sealed = np.append(form.sensitive, [False, False])[column]
    level = wide[row, column]
    reviewed = _flags(rows.cells.get("*.reviewed"), len(rows.lines))[row]
    told: dict[str, Cells] = {}
    for table, areas, here in (
        ("screening", AREAS, ~sealed & (column <= size)),
        ("screening_sensitive", SENSITIVE_AREA_CODES, sealed),
    ):
        codes = np.array([_position(areas, code) for code in (*form.codes, "OVERALL", "")])[column]
        told[f"{table}.tool"] = _typed(np.full(len(row), TOOLS.position(form.tool)), here)
        told[f"{table}.area"] = _typed(codes, here)
        told[f"{table}.level"] = _typed(level, here)
        told[f"{table}.reviewed"] = pa.array(reviewed == 1, pa.bool_(), mask=~here | (reviewed == _UNTOLD))
    return told


def _position(codes: CodeList, value: str) -> int:
    return codes.position(value) if value in codes.values else 0


def _typed(numbers: Numbers, here: Mask) -> pa.Array:
    return pa.array(np.where(here, numbers, 0).astype(np.uint8), mask=~here)


def _read(form: Form, rows: Rows) -> _Read:
    """Levels where the student was screened: confirmed, something ticked, or said in words that nobody left at a default."""
    size = len(rows.lines)
    problems: Problems = {}
    words = np.column_stack([_levels(rows.cells.get(f"*.{code}"), size, problems) for code in form.codes])
    ticks, has_ticks = _ticked(form, rows, problems)
    said = np.where(words != _UNTOLD, words, ticks)
    reviewed = _flags(rows.cells.get("*.reviewed"), size)
    in_words = (words != _UNTOLD).any(axis=1) & ("*.reviewed" not in rows.cells)
    screened = (reviewed == 1) | (said > 0).any(axis=1) | in_words
    told = (words != _UNTOLD) | has_ticks
    return _Read(levels=np.where(told & screened[:, None], said, _UNTOLD), problems=problems)


def _levels(cells: Cells | None, size: int, problems: Problems | None = None) -> Numbers:
    def level(cell: str) -> tuple[float | None, str]:
        reading = normalise.read_code(SCREENING_LEVELS, cell)
        return reading.value, reading.problem

    return _whole(numbers_in(cells, size, level, problems))


def _whole(numbers: Floats) -> Numbers:
    return np.where(np.isnan(numbers), _UNTOLD, numbers).astype(np.int64)


def _ticked(form: Form, rows: Rows, problems: Problems) -> tuple[Numbers, Mask]:
    """The group of each area by its ticks, and which areas have columns for ticks."""
    size = len(rows.lines)
    columns: dict[str, list[Cells]] = {}
    for place, cells in rows.cells.items():
        columns.setdefault(place.removeprefix("*."), []).append(cells)
    for header, cells in rows.spare.items():
        if place := form.item_of(header):
            columns.setdefault(place, []).append(cells)
    levels = np.zeros((size, len(form.codes)), np.int64)
    has = np.zeros(len(form.codes), bool)
    for index, code in enumerate(form.codes):
        for group, level in (("CONCERN", _CONCERN), ("CLOSE", _CLOSE)):
            for cells in columns.get(f"{code}_{group}", ()):
                has[index] = True
                ticked = numbers_in(cells, size, _tick, problems) > 0
                levels[:, index] = np.maximum(levels[:, index], level * ticked)
    return levels, np.broadcast_to(has, levels.shape)


def _tick(cell: str) -> tuple[float | None, str]:
    """A tick or a number of ticks; blank is none."""
    number = normalise.read_whole(cell).value
    if number is not None:
        return number, "OUT_OF_RANGE" if number < 0 else ""
    flag = normalise.read_flag(cell)
    return flag.value, flag.problem


def _flags(cells: Cells | None, size: int) -> Numbers:
    return _whole(numbers_in(cells, size, lambda cell: (normalise.read_flag(cell).value, "")))


def _contradicted(form: Form, rows: Rows, levels: Numbers) -> Mask:
    """A supplied overall group that is not the worst of all areas; milder than one area is wrong, worse only when all are told."""
    supplied = _levels(rows.cells.get("*.overall"), len(rows.lines))
    worst = levels.max(axis=1, initial=_UNTOLD)
    whole = (levels != _UNTOLD).all(axis=1)
    told = (supplied != _UNTOLD) & (worst != _UNTOLD)
    return np.asarray(told & ((supplied < worst) | (whole & (supplied > worst))))


def _same_in_class(rows: Rows, levels: Numbers) -> Mask:
    """A whole class group with the same answers, at least one of them not trust; trust for all of a class is usual."""
    told = (levels != _UNTOLD).any(axis=1)
    same = np.zeros(len(levels), bool)
    groups = rows.cells.get("*.class_group")
    names = (
        combined(groups).dictionary_encode().indices.to_numpy()
        if groups is not None
        else np.zeros(len(levels), np.int64)
    )
    for group in np.unique(names[told]):
        members = told & (names == group)
        answers = levels[members]
        if len(answers) >= _CLASS and (answers == answers[0]).all() and (answers[0] > 0).any():
            same |= members
    return same
