"""A file read by its source's declaration: headers become fields, rows become portions of cells for our tables."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from records.codes import fold_label
from records.errors import ImportRefused
from records.intake.files import Part, Sheet, open_sheets
from records.intake.lookups import in_words
from records.intake.mending import LINE
from records.intake.normalise import read_term
from records.intake.parsing import Places
from records.intake.source import (
    SHEET_STEP,
    Cells,
    Covers,
    Delivery,
    Field,
    Originals,
    PeopleCells,
    Portion,
    Request,
    Shape,
    Tells,
    Told,
)
from records.text import Text

_SAMPLE = 200
_PERSON_LENGTH = 10
_PERSON_PARTS = (
    "national", "passport", "code", "person", "any", "title", "first_name", "last_name", "full_name", "birth_date", "guardian",
    "guardian_last",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows on their way to our tables: cells by the place they fill (`table.column`, `*.column`, `person.part`).

    `spare` are the columns of the file that no field claims, by header.
    """

    cells: Mapping[str, Cells]
    lines: pa.Array
    spare: Mapping[str, Cells] = field(default_factory=dict)
    warnings: Mapping[str, Places] = field(default_factory=dict)
    """What a source saw wrong while it turned its rows: code → rows."""

    def with_cells(self, **more: Cells) -> "Rows":
        """With further cells; a double underscore stands for the dot of `table.column`."""
        return replace(self, cells={**self.cells, **{name.replace("__", "."): cells for name, cells in more.items()}})


Known = Mapping[str, str]  # what holds for every row of a sheet, by the place it fills
Context = Callable[[Sheet, Request], Known]
Reshape = Callable[[Rows, Known], Rows]


def _nothing(sheet: Sheet, request: Request) -> Known:
    return {}


def _as_it_is(rows: Rows, known: Known) -> Rows:
    return rows


_FULL = Text(
    th="แผ่นงานเต็มจำนวนแถวที่ไฟล์แบบนี้เก็บได้ (65,536 หรือ 1,048,576) แถวที่เกินอาจหายไป จึงไม่ถือว่าผู้ที่ไม่มีชื่อหายไป ส่งออกเป็น CSV",
    en="the sheet holds as many rows as such a file can (65,536 or 1,048,576); more may be lost, so nobody missing counts as gone: export as CSV",
)
_NO_ENTRY_TIME = Text(th="ไม่ได้บอกเวลาที่บันทึก ใช้เวลาที่นำเข้า", en="tells no entry time: the moment of the import counts")


@dataclass(frozen=True, kw_only=True)
class FileSource:
    """A source whose files are sheets with a header: everything about it is declared here.

    `marks` are headers of which each file of this source has all (each entry may name alternatives). `context` reads
    what the file says once for all rows (its name, its title block); `reshape` turns the rows of unusual layouts.
    """

    name: str
    label: Text
    about: Text
    fields: tuple[Field, ...]
    tells: tuple[Tells, ...]
    marks: tuple[tuple[str, ...], ...]
    admits: bool = False
    unlike: tuple[str, ...] = ()
    """Headers that a file of this source never has."""
    context: Context = _nothing
    reshape: Reshape = _as_it_is
    proves: Text = _NO_ENTRY_TIME
    file_name: str = ""
    """An example of what such files are called."""
    names_institutions: bool = False

    def comes_as(self, path: Path) -> bool:
        return False

    @cached_property
    def headers(self) -> frozenset[str]:
        """Every header that means something here."""
        return frozenset(alias for one in self.fields for alias in (one.header, *one.aliases))

    def recognises(self, sheet: Sheet) -> bool:
        folded = {fold_label(header) for header in sheet.headers}
        has_marks = all(folded & {fold_label(alias) for alias in mark} for mark in self.marks)
        return has_marks and not folded & {fold_label(header) for header in self.unlike}

    def open(self, path: Path) -> list[Sheet]:
        """The sheets of a file as this source reads them. Raises ImportRefused."""
        return open_sheets(path, self.headers)

    def deliver(self, request: Request) -> Iterator[Delivery]:
        """The file as one delivery. Raises ImportRefused when a required column is missing."""
        sheets = self.open(request.path)
        _refuse_mended_rows(sheets)
        fields = in_words(self.fields, request.lookups)
        matched = [(sheet, match(sheet, fields)) for sheet in sheets]
        complete = [(sheet, columns) for sheet, columns in matched if not self._missing(sheet, columns, request)]
        if not complete:
            sheet, columns = min(matched, key=lambda pair: len(self._missing(pair[0], pair[1], request)))
            raise ImportRefused.missing_columns(
                file=sheet.file, missing=self._missing(sheet, columns, request), found=sheet.shown_headers
            )
        claimed = {index for _, columns in complete[:1] for index in columns}
        first, columns = complete[0]
        read = {fold_label(first.headers[index]) for index in columns}
        left = [header for index, header in enumerate(first.headers) if header and index not in claimed]
        yield Delivery(
            institution=request.institution,
            portions=lambda: self._portions(complete, request, is_whole=_is_whole(sheets, complete)),
            sheets=[sheet.name for sheet, _ in complete] if first.name else (),
            pages=[sheet for sheet, _ in complete],
            headers={place: first.headers[index] for index, one in columns.items() for place in one.to},
            dropped=[first.headers[index] for index, one in columns.items() if not one.to],
            unmapped=[header for header in left if fold_label(header) not in read],
            notes=[
                *_notes_on(sheets, [sheet for sheet, _ in complete]),
                *_note_on_twice([header for header in left if fold_label(header) in read]),
            ],
        )

    def _missing(self, sheet: Sheet, columns: Mapping[int, Field], request: Request) -> list[str]:
        """The headers of required fields that neither the sheet nor its context gives."""
        told = {place for one in columns.values() for place in one.to} | set(self.context(sheet, request))
        told |= {f"{tells.table.name}.{name}" for tells in self.tells for name in tells.usually}
        if "*.term_label" in told:
            told |= {"*.academic_year", "*.term"}
        missing = [
            one.header
            for one in self.fields
            if one.required and not any(place in told or f"*.{place.split('.')[1]}" in told for place in one.to)
        ]
        per_student = any(tells.table.per_student for tells in self.tells)
        if per_student and not told & {f"person.{kind}" for kind in ("national", "passport", "code", "person", "any")}:
            missing += [one.header for one in self.fields if "person.code" in one.to][:1]
        return missing

    def _portions(
        self, sheets: Sequence[tuple[Sheet, Mapping[int, Field]]], request: Request, *, is_whole: bool
    ) -> Iterator[Portion]:
        for place, (sheet, columns) in enumerate(sheets):
            known = self.context(sheet, request)
            for part in sheet.parts():
                yield self._portion(place, sheet, part, columns, known, is_whole=is_whole)

    def _portion(
        self, place: int, sheet: Sheet, part: Part, columns: Mapping[int, Field], known: Known, *, is_whole: bool
    ) -> Portion:
        step = place * SHEET_STEP
        lines = pc.add(part.lines, pa.scalar(step, pa.int32())) if step else part.lines
        rows = self.reshape(_rows(sheet, part, lines, columns, known), known)
        rows = _with_terms(rows)
        told = [_told(tells, rows) for tells in self.tells]
        if not is_whole:  # it does not speak for those whom it lacks
            told = [replace(one, covers=Covers.NOTHING) for one in told]
        told = [one for one in told if set(one.cells) - {"happened_on", "entered_at"}]
        groups = rows.cells.get("enrolments.class_group", rows.cells.get("*.class_group"))
        return Portion(
            lines=rows.lines,
            told=told,
            originals=Originals(headers=sheet.headers, columns=part.columns, lines=lines),
            people=_people(rows, admits=self.admits) if any(one.table.per_student for one in told) else None,
            class_groups=groups,
            ragged=[(line + step, text) for line, text in part.ragged],
            layout=[(line + step, kind) for line, kind in part.layout],
            warnings=rows.warnings,
        )


def _refuse_mended_rows(sheets: Sequence[Sheet]) -> None:
    """Rows from quarantine are a part of their file: taken for a whole one, they would withdraw everybody else's."""
    if any(fold_label(LINE) in map(fold_label, sheet.headers) for sheet in sheets):
        file = sheets[0].file
        raise ImportRefused(
            f"{file} holds rows that were exported from quarantine. Bring it in with `zerodrop quarantine retry BATCH {file}`; "
            "`zerodrop quarantine list` tells the number of the batch.",
            th=f"ไฟล์ {file} เป็นแถวที่ส่งออกจากรายการที่กักไว้ ให้นำเข้าด้วย zerodrop quarantine retry เลขชุด {file} "
            "(ดูเลขชุดด้วย zerodrop quarantine list)",
            code="ROWS_TO_RETRY",
        )


def _is_whole(sheets: Sequence[Sheet], taken: Sequence[tuple[Sheet, Mapping[int, Field]]]) -> bool:
    """Whether everything was read that may hold rows: no sheet was cut off, hidden, or left out for a wrong header."""
    return len(sheets) == len(taken) and not any(sheet.is_full or sheet.hidden for sheet in sheets)


# Headers to fields


def match(sheet: Sheet, fields: Sequence[Field]) -> dict[int, Field]:
    """Which column of the sheet is which field; columns with equal headers are told apart by what stands in them."""
    claims: dict[str, list[Field]] = {}
    for one in fields:
        for alias in dict.fromkeys(map(fold_label, (one.header, *one.aliases))):
            claims.setdefault(alias, []).append(one)
    found: dict[int, Field] = {}
    places: dict[str, list[int]] = {}
    for index, header in enumerate(sheet.headers):
        if header and fold_label(header) in claims:
            places.setdefault(fold_label(header), []).append(index)
    sample: list[Cells] | None = None
    for alias, indices in places.items():
        open_fields = [one for one in claims[alias] if one not in found.values()]
        if any(one.shape for one in open_fields):
            sample = sample if sample is not None else _sample(sheet)
            found.update(_by_shape(open_fields, {index: sample[index] for index in indices}))
        elif open_fields:
            found[indices[0]] = open_fields[0]
    return found


def _sample(sheet: Sheet) -> list[Cells]:
    part = next(sheet.parts(), None)
    return (
        [column.slice(0, _SAMPLE) for column in part.columns]
        if part
        else [pa.array([], pa.string())] * len(sheet.headers)
    )


def _by_shape(fields: Sequence[Field], columns: Mapping[int, Cells]) -> dict[int, Field]:
    """Each field takes the column whose values look most like its shape."""
    lengths = {index: _mean_length(column) for index, column in columns.items()}
    found: dict[int, Field] = {}
    for one in sorted(fields, key=lambda field: field.shape is not Shape.PERSON_NUMBER):
        left = {index: length for index, length in lengths.items() if index not in found}
        if one.shape is Shape.PERSON_NUMBER:
            left = {index: length for index, length in left.items() if length >= _PERSON_LENGTH}
        if left:
            found[
                max(left, key=left.__getitem__) if one.shape is Shape.PERSON_NUMBER else min(left, key=left.__getitem__)
            ] = one
    return found


def _mean_length(column: Cells) -> float:
    bare = pc.replace_substring_regex(column, r"[\s\-]", "")
    filled = bare.filter(pc.greater(pc.utf8_length(bare), 0))
    return float(pc.mean(pc.utf8_length(filled)).as_py() or 0)


# Rows to cells


def _rows(sheet: Sheet, part: Part, lines: pa.Array, columns: Mapping[int, Field], known: Known) -> Rows:
    cells: dict[str, Cells] = {place: repeated(value, len(lines)) for place, value in known.items()}
    for index, one in columns.items():
        told = _in_our_words(part.columns[index], one)
        cells.update(dict.fromkeys(one.to, told))
    spare = {
        header: part.columns[index] for index, header in enumerate(sheet.headers) if header and index not in columns
    }
    return Rows(cells=cells, lines=lines, spare=spare)


def _in_our_words(column: Cells, one: Field) -> Cells:
    """The column with this source's own words put into ours; other cells stay as they are."""
    if not one.words:
        return column
    words = {fold_label(theirs): ours for theirs, ours in one.words.items()}
    return recoded(column, lambda cell: words.get(fold_label(cell), cell))


def recoded(column: Cells, change: Callable[[str], str]) -> pa.Array:
    """A text column with each distinct cell changed once."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    encoded = whole.dictionary_encode()
    changed = pa.array([change(cell or "") for cell in encoded.dictionary.to_pylist()], pa.string())
    return changed.take(encoded.indices).fill_null("") if len(changed) else whole


def _with_terms(rows: Rows) -> Rows:
    """`*.term_label` (1/2568) told apart into the academic year and the term."""
    label = rows.cells.get("*.term_label")
    if label is None:
        return rows

    def year(cell: str) -> str:
        reading = read_term(cell)
        return str(reading.value[0] or "") if reading.value else cell

    cells = dict(rows.cells)
    del cells["*.term_label"]
    cells.setdefault("*.academic_year", recoded(label, year))
    cells.setdefault("*.term", label)  # read as a term where cells are parsed, which counts what had to be mended
    return replace(rows, cells=cells)


def _told(tells: Tells, rows: Rows) -> Told:
    table, size = tells.table, len(rows.lines)
    cells: dict[str, Cells] = {}
    for name in ("happened_on", "entered_at", *(column.name for column in table.columns)):
        for place in (f"{table.name}.{name}", f"*.{name}"):
            if place in rows.cells:
                cells[name] = rows.cells[place]
                break
    for name, value in tells.usually.items():
        cells.setdefault(name, repeated(value, size))
    return Told(table=table, cells=cells, lag_days=tells.lag_days, covers=tells.covers)


def _people(rows: Rows, *, admits: bool) -> PeopleCells:
    parts = {part: rows.cells.get(f"person.{part}") for part in _PERSON_PARTS}
    return PeopleCells(**parts, admits=admits)


def repeated(value: str, rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(value, pa.string()), rows)


def _note_on_twice(headers: Sequence[str]) -> list[Text]:
    """Columns under a header that another column has too, which was read."""
    if not headers:
        return []
    names = ", ".join(dict.fromkeys(headers))
    return [
        Text(
            th=f"มีหัวตารางซ้ำกัน: {names} อ่านเฉพาะคอลัมน์แรก ถ้าหมายถึงคอลัมน์อื่น ให้เปลี่ยนชื่อหัวตาราง แล้วนำเข้าใหม่",
            en=f"headers that stand over several columns: {names}; the first was read: if another is meant, rename it and import again",
        )
    ]


def _notes_on(sheets: Sequence[Sheet], taken: Sequence[Sheet]) -> list[Text]:
    """Sheets that were not read: a person put them there, so the report says so."""
    left = [sheet.name for sheet in sheets if sheet not in taken] + [
        name for sheet in sheets[:1] for name in sheet.hidden
    ]
    notes = []
    if left:
        names = ", ".join(left)
        notes.append(
            Text(
                th=f"ไม่ได้อ่านแผ่นงาน: {names} จึงไม่ถือว่าผู้ที่ไม่มีชื่อหายไป แก้หัวตาราง หรือเลิกซ่อน แล้วนำเข้าใหม่",
                en=f"sheets that were not read: {names}; so nobody missing counts as gone: mend the header or unhide, and import again",
            )
        )
    for sheet in taken:
        if sheet.is_full:
            notes.append(_FULL)
    if any(sheet.repaired for sheet in sheets):
        notes.append(
            Text(
                th="ตัวอักษรของไฟล์นี้เคยถูกบันทึกผิดรหัส ได้แก้คืนแล้ว",
                en="the letters of this file had been saved in a wrong code; they were repaired",
            )
        )
    return notes
