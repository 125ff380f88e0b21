"""The SDQ as scores by scale or as the answers to its 25 items: one row a student and informant (domain 2.7).

Scores and groups are worked out anew by `sdq_scores`; what the file says of them is only compared. Answers that were
typed without regard to the reversed items cannot be seen. The questionnaire's text is not shipped.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from records.codes import SCREENING_LEVELS, SENSITIVE_AREA_CODES, TOOLS, fold_label
from records.intake import normalise
from records.intake.files import Sheet
from records.intake.mapping import FileSource, Known, Rows, match
from records.intake.parsing import combined
from records.intake.source import LEFT_OUT, PERSON_FIELDS, Cells, Delivery, Field, Request, Tells
from records.intake.sources.attendance import CLASS_GROUP
from records.intake.sources.columns_once import Floats, Mask, Problems, add, any_of, numbers_in
from records.intake.sources.form_context import usual_context
from records.intake.sources.form_stamps import STAMP, begins_with_stamp, stamped
from records.intake.sources.sdq_scores import (
    INFORMANTS,
    ITEMS,
    MOST,
    SCALES,
    SHIPPED,
    UNGROUPED,
    Groups,
    Scoring,
    scoring,
    total,
)
from records.intake.title_block import lines_of
from records.tables import SCREENING_SENSITIVE
from records.text import Text

_TOLD = ("total", *SCALES)
_AREAS = [SENSITIVE_AREA_CODES.position(f"SDQ_{scale.upper()}") for scale in _TOLD]
_TOOLS = [TOOLS.position(f"SDQ_{informant.upper()}") for informant in INFORMANTS]
_WORDS: Mapping[str, tuple[str, ...]] = {
    "total": ("รวมสี่ด้าน", "คะแนนรวม", "รวม 4 ด้าน", "คะแนนรวม 4 ด้าน", "คะแนนรวมสี่ด้าน", "total difficulties"),
    "emotional": ("อารมณ์", "ปัญหาทางอารมณ์", "emotional"),
    "conduct": ("เกเร", "พฤติกรรมเกเร", "conduct"),
    "hyperactivity": ("อยู่ไม่นิ่ง", "ไม่อยู่นิ่ง", "พฤติกรรมอยู่ไม่นิ่ง", "hyperactivity"),
    "peer": ("เพื่อน", "ความสัมพันธ์กับเพื่อน", "ปัญหาความสัมพันธ์กับเพื่อน", "peer"),
    "prosocial": ("สัมพันธภาพทางสังคม", "จุดแข็ง", "prosocial"),
}
_INFORMANT_WORDS: Mapping[str, tuple[str, ...]] = {
    "self": ("นักเรียน", "ตนเอง", "นักเรียนประเมินตนเอง", "ประเมินตนเอง", "ผู้เรียน", "นักศึกษา", "self"),
    "teacher": ("ครู", "ครูประเมิน", "ครูที่ปรึกษา", "ครูประเมินนักเรียน", "teacher"),
    "parent": ("ผู้ปกครอง", "ผู้ปกครองประเมิน", "ผู้ปกครองประเมินนักเรียน", "พ่อแม่", "parent"),
}
_INFORMANT_OF = {fold_label(word): informant for informant, words in _INFORMANT_WORDS.items() for word in words}
_SAYS_WHO = re.compile(r"(?:ฉบับ|ผู้ประเมิน\s*[:：]?)\s*(นักเรียน|ตนเอง|ครู|ผู้ปกครอง)|(นักเรียน|ครู|ผู้ปกครอง)\s*(?:เป็นผู้)?ประเมิน")
_ITEM = re.compile(r"(?:ข้อที่|ข้อ|sdq|q|item)?([0-9]{1,2})")
_NUMBERED = re.compile(r"\s*([0-9]{1,2})\s*[.)]")
_KEPT = ("*.happened_on", "*.entered_at", "*.class_group")
_LEAST_SCALES, _LEAST_ITEMS = 3, 20


def item_of(header: str) -> int:
    """The number of the item under a header (`ข้อ 7`, `7`, `7. ...`); 0 when it is no item."""
    found = _ITEM.fullmatch(fold_label(header)) or _NUMBERED.match(normalise.digits(header))
    number = int(found[1]) if found else 0
    return number if number <= ITEMS else 0


@dataclass(frozen=True, kw_only=True)
class SdqSource(FileSource):
    """The source of SDQ files; numbered questions count as known columns."""

    def recognises(self, sheet: Sheet) -> bool:
        """Three scales, or twenty items beside a word that this is an SDQ, and a column of people."""
        places = {place for one in match(sheet, self.fields).values() for place in one.to}
        named = any(place.startswith("person.") for place in places)
        scales = sum(f"*.{scale}" in places for scale in SCALES)
        items = len({item_of(header) for header in sheet.headers} - {0})
        said = "*.informant" in places or "sdq" in fold_label(
            " ".join((sheet.file, sheet.name, *(cell for row in sheet.above for cell in row), *sheet.headers))
        )
        return named and (scales >= _LEAST_SCALES or (items >= _LEAST_ITEMS and said))

    def deliver(self, request: Request) -> Iterator[Delivery]:
        for one in super().deliver(request):
            yield replace(one, unmapped=[header for header in one.unmapped if not item_of(header)])


def _fields() -> Iterator[Field]:
    score, band = (
        Text(th="คะแนนของด้านนี้", en="the score of this scale"),
        Text(th="กลุ่มที่เขียนไว้ ใช้เทียบเท่านั้น", en="the group as written, compared only"),
    )
    for scale in _TOLD:
        first, *others = _WORDS[scale]
        names = [first, *others]
        also = [f"{before}{name}" for name in names for before in ("ด้าน", "คะแนน", "คะแนนด้าน", "SDQ ")] + [
            f"{name} คะแนน" for name in names
        ]
        yield Field(header=first, to=(f"*.{scale}",), aliases=(*others, *also), example="3", about=score)
        bands = [f"{before}{name}" for name in names for before in ("แปลผล", "กลุ่ม", "แปลผลด้าน", "กลุ่มด้าน")]
        bands += [f"{name} {after}" for name in names for after in ("แปลผล", "กลุ่ม")]
        yield Field(header=bands[0], to=(f"*.{scale}_band",), aliases=tuple(bands[1:]), example="ปกติ", about=band)
    for item in range(1, ITEMS + 1):
        yield Field(
            header=f"ข้อ {item}", to=(f"*.item_{item}",), aliases=(f"ข้อที่ {item}", f"SDQ{item}", f"q{item}", f"item{item}"), example="1",
            about=Text(th="คำตอบ 0 1 2 (หรือ 1 2 3)", en="the answer, 0 to 2 (or 1 to 3)"),
        )  # fmt: skip


def _context(sheet: Sheet, request: Request) -> Known:
    """The informant by the title block, the sheet's or the file's name; the day, unless every row has its time stamp."""
    known = dict(usual_context(sheet, request))
    if begins_with_stamp(sheet):
        del known["*.happened_on"]
    informant = (
        _informant_above(lines_of(sheet, request))
        or _informant_named(sheet.name)
        or _informant_named(request.path.stem)
    )
    return {**known, "*.informant": informant} if informant else known


def _informant_above(lines: Sequence[str]) -> str:
    found = next((one for line in lines if (one := _SAYS_WHO.search(line))), None)
    return _INFORMANT_OF[fold_label(found[1] or found[2])] if found else ""


def _informant_named(name: str) -> str:
    """The one informant whose word stands in a name."""
    folded = fold_label(name)
    found = {informant for word, informant in _INFORMANT_OF.items() if word in folded}
    if "self" in found and "ประเมินนักเรียน" in folded:  # the student is whom the form is about
        found.discard("self")
    return found.pop() if len(found) == 1 else ""


# Rows to records


@dataclass(frozen=True, kw_only=True)
class _Read:
    """What the rows of a part come to: scores by scale, the informant, problems and warnings."""

    informant: Floats
    scores: Mapping[str, Floats]
    problems: Problems
    warnings: Problems


def reshaped(rules: Scoring, rows: Rows, known: Known) -> Rows:
    """One row a scale; a row without any answer stays one row that says nothing."""
    told = dict(rows.cells)
    if "*.happened_on" not in known:
        told |= stamped(told)
    read = _read(rules, replace(rows, cells=told))
    size = len(rows.lines)
    bad = any_of(read.problems, size)
    matrix = np.column_stack([np.where(bad, np.nan, read.scores[scale]) for scale in _TOLD])
    silent = np.isnan(matrix).all(axis=1)
    row, column = np.nonzero(np.column_stack([~np.isnan(matrix), silent]))
    warned = {**read.warnings, "NOT_SCREENED": silent & ~bad, **read.problems}
    taken = pa.array(row)
    cells = {
        place: combined(one).take(taken) for place, one in told.items() if place in _KEPT or place.startswith("person.")
    }
    return Rows(
        cells={**cells, **_records(rules, read, matrix, row, column)},
        lines=rows.lines.take(taken),
        warnings={code: np.flatnonzero(mask[row]) for code, mask in warned.items() if mask.any()},
    )


def _records(rules: Scoring, read: _Read, matrix: Floats, row: Groups, column: Groups) -> dict[str, Cells]:
    none = column == len(_TOLD)
    place = np.where(none, 0, column)
    informant = np.nan_to_num(read.informant).astype(np.int64)
    groups = np.column_stack(
        [_groups(rules, scale, read.informant, matrix[:, index]) for index, scale in enumerate(_TOLD)]
    )
    group = groups[row, place]
    labels = np.array([rules.cut_offs[name].label for name in INFORMANTS])[informant[row]]
    return {
        "screening_sensitive.tool": pa.array(np.array(_TOOLS)[informant[row]].astype(np.uint8), mask=none),
        "screening_sensitive.area": pa.array(np.array(_AREAS)[place].astype(np.uint8), mask=none),
        "screening_sensitive.score": pa.array(np.nan_to_num(matrix[row, place]).astype(np.int32), mask=none),
        "screening_sensitive.level": pa.array(np.maximum(group, 0).astype(np.uint8), mask=none | (group == UNGROUPED)),
        "screening_sensitive.version": pa.array(
            ["" if no else str(label) for no, label in zip(none, labels, strict=True)], pa.string()
        ),
    }


def _groups(rules: Scoring, scale: str, informant: Floats, scores: Floats) -> Groups:
    """The groups by each row's informant; none for the prosocial scale."""
    groups = np.full(len(scores), UNGROUPED)
    if scale != "prosocial":
        for index, name in enumerate(INFORMANTS):
            groups = np.where(informant == index, rules.cut_offs[name].group(scale, scores), groups)
    return groups


def _read(rules: Scoring, rows: Rows) -> _Read:
    size = len(rows.lines)
    problems: Problems = {}
    warnings: Problems = {}
    informant = numbers_in(rows.cells.get("*.informant"), size, _informant, problems)
    given = {scale: _score(rows.cells.get(f"*.{scale}"), size, MOST[scale], problems) for scale in _TOLD}
    answers = _answers(rows, problems, warnings)
    whole = ~np.isnan(answers).any(axis=1)
    computed = rules.scores(answers)
    scores = {scale: np.where(whole, computed[scale], given[scale]) for scale in SCALES}
    added = total(scores)
    scores["total"] = np.where(np.isnan(added), given["total"], added)
    for scale in _TOLD:
        add(warnings, "SDQ_SCORES_DO_NOT_ADD_UP", _differ(given[scale], scores[scale]))
        add(warnings, "SDQ_BAND_MISMATCH", _contradicts(rules, scale, rows, informant, scores[scale]))
    return _Read(informant=informant, scores=scores, problems=problems, warnings=warnings)


def _informant(cell: str) -> tuple[float | None, str]:
    if normalise.is_nothing(cell):
        return None, "MISSING_VALUE"
    informant = _INFORMANT_OF.get(fold_label(normalise.clean(cell)))
    return (None, "UNKNOWN_CODE") if informant is None else (INFORMANTS.index(informant), "")


def _whole(cell: str) -> tuple[float | None, str]:
    reading = normalise.read_whole(cell)
    return reading.value, reading.problem


def _score(cells: Cells | None, size: int, most: int, problems: Problems) -> Floats:
    scores = numbers_in(cells, size, _whole, problems)
    add(problems, "OUT_OF_RANGE", np.asarray((scores < 0) | (scores > most)))
    return scores


def _answers(rows: Rows, problems: Problems, warnings: Problems) -> Floats:
    """Answers 0 to 2, one column an item; a file of answers 1 to 3 is shifted, and says so."""
    size = len(rows.lines)
    columns = {f"*.item_{item_of(header)}": cells for header, cells in rows.spare.items() if item_of(header)}
    columns |= {place: cells for place, cells in rows.cells.items() if place.startswith("*.item_")}
    answers = np.column_stack(
        [numbers_in(columns.get(f"*.item_{item}"), size, _whole, problems) for item in range(1, ITEMS + 1)]
    )
    told = ~np.isnan(answers)
    least, most = (answers[told].min(), answers[told].max()) if told.any() else (0, 0)
    if least >= 1 and most == 3:
        answers = answers - 1
        add(warnings, "SDQ_SCALE_SHIFTED", np.asarray(told.any(axis=1)))
    add(problems, "OUT_OF_RANGE", np.asarray(((answers < 0) | (answers > 2)).any(axis=1)))
    add(problems, "SDQ_ITEMS_MISSING", np.asarray(told.any(axis=1) & ~told.all(axis=1)))
    return answers


def _differ(given: Floats, ours: Floats) -> Mask:
    return np.asarray(~np.isnan(given) & ~np.isnan(ours) & (given != ours))


def _contradicts(rules: Scoring, scale: str, rows: Rows, informant: Floats, scores: Floats) -> Mask:
    """A group in the file that the score does not have; words that are no group are not compared."""

    def level(cell: str) -> tuple[float | None, str]:
        return normalise.read_code(SCREENING_LEVELS, cell).value, ""

    def has(cell: str) -> tuple[float | None, str]:
        flag, group = normalise.read_flag(cell).value, normalise.read_code(SCREENING_LEVELS, cell).value
        return (flag if group is None else group == 0), ""

    cells, size = rows.cells.get(f"*.{scale}_band"), len(rows.lines)
    if scale != "prosocial":
        groups = _groups(rules, scale, informant, scores).astype(np.float64)
        return _differ(numbers_in(cells, size, level), np.where(groups == UNGROUPED, np.nan, groups))
    least = np.array([rules.cut_offs[name].prosocial_has for name in INFORMANTS])[
        np.nan_to_num(informant).astype(np.int64)
    ]
    ours = np.where(np.isnan(scores) | np.isnan(informant), np.nan, scores >= least)
    return _differ(numbers_in(cells, size, has), ours)


def sdq_source(table: Path = SHIPPED) -> SdqSource:
    """The source by the keys and cut-offs of a table, which is read when a file comes in."""
    return SdqSource(
        name="sdq",
        label=Text(th="แบบประเมินจุดแข็งและจุดอ่อน (SDQ)", en="Strengths and Difficulties Questionnaire (SDQ)"),
        about=Text(
            th="คะแนนรายด้าน หรือคำตอบ 25 ข้อ แถวละหนึ่งคน หนึ่งผู้ประเมิน คิดคะแนนและกลุ่มใหม่ตามเกณฑ์กรมสุขภาพจิต เก็บปิดผนึกทั้งหมด",
            en="scores by scale or the answers to 25 items, one row a student and informant; worked out anew by the cut-offs of "
            "the Department of Mental Health; all of it is kept sealed",
        ),
        file_name="sdq-teacher-1-2568.xlsx",
        fields=(
            replace(STAMP, required=False), *PERSON_FIELDS, CLASS_GROUP,
            Field(header="วันที่ประเมิน", to=("*.happened_on",), aliases=("วันที่คัดกรอง", "วันที่", "happened_on"), example="16/06/2568", about=Text(th="ไม่มีก็ได้ ถ้าหัวกระดาษหรือประทับเวลาบอกวันที่", en="may be missing where the title block or a time stamp tells the day")),
            Field(
                header="ผู้ประเมิน", to=("*.informant",), aliases=("informant", "ฉบับ", "ผู้ตอบ"), required=True, example="ครู",
                about=Text(th="นักเรียน ครู หรือผู้ปกครอง ไม่ต้องมีคอลัมน์ถ้าหัวกระดาษ ชื่อแผ่นงาน หรือชื่อไฟล์บอกไว้", en="student, teacher or parent; no column is needed where the title block, the sheet or the file is named so"),
            ),
            *_fields(),
            *LEFT_OUT,
        ),
        tells=(Tells(table=SCREENING_SENSITIVE, lag_days=7),),
        marks=(),
        context=_context,
        reshape=lambda rows, known: reshaped(scoring(table), rows, known),
        proves=Text(
            th="วันที่ประเมินมาจากคอลัมน์ ประทับเวลา หรือหัวกระดาษ ถ้าไม่มีใช้วันที่ได้รับไฟล์",
            en="the day is that of the column, the time stamp or the title block, else the day on which the file was received",
        ),
    )  # fmt: skip


SOURCE = sdq_source()
