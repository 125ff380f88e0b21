"""The answers of a Google Form as CSV or XLSX: a time stamp first, then whole questions as headers.

A question is the field whose longest known header it contains. Of several answers by one person about one day the last
time stamp counts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from records.codes import fold_label
from records.errors import ImportRefused
from records.intake.files import Sheet, open_sheets
from records.intake.mapping import Context, FileSource, Known, Reshape, Rows
from records.intake.parsing import combined
from records.intake.source import Covers, Delivery, Field, Request, Tells
from records.intake.sources import attendance, home_visit, household, screening_obec11, screening_ovec9
from records.intake.sources.form_stamps import STAMP, begins_with_stamp, stamped
from records.text import Text

_TARGETS: tuple[FileSource, ...] = (
    household.SOURCE, screening_ovec9.SOURCE, screening_obec11.SOURCE, home_visit.SOURCE, attendance.SOURCE,
)  # fmt: skip
_SHORTEST = 5  # letters; a shorter header stands in many a question by chance
_IDENTIFIERS = ("person.national", "person.passport", "person.code", "person.any")
_SAME_FACT = ("session", "attempt", "happened_on")
_EMAIL = Field(header="ที่อยู่อีเมล", aliases=("อีเมล", "Email Address", "Email", "ชื่อผู้ใช้", "Username"))


@dataclass(frozen=True, kw_only=True)
class GoogleForm:
    """A form about households, screening, visits or attendance: the one of which it asks most."""

    name: str
    label: Text
    about: Text
    proves: Text
    file_name: str
    names_institutions: bool = False
    admits: bool = False

    @property
    def fields(self) -> Sequence[Field]:
        told = {one.header: one for target in _TARGETS for one in _askable(target)}
        return (STAMP, *({**told, _EMAIL.header: _EMAIL}.values()))

    @property
    def tells(self) -> Sequence[Tells]:
        return tuple({one.table: one for target in _TARGETS for one in _told(target)}.values())

    def comes_as(self, path: Path) -> bool:
        return False

    def recognises(self, sheet: Sheet) -> bool:
        return begins_with_stamp(sheet) and any(_own(_questions(sheet, target)) for target in _TARGETS)

    def deliver(self, request: Request) -> Iterator[Delivery]:
        """Raises ImportRefused when no question is known, or one that is needed is missing."""
        sheets = open_sheets(request.path, {name for one in self.fields for name in (one.header, *one.aliases)})
        form = next((sheet for sheet in sheets if begins_with_stamp(sheet)), None)
        if form is None:
            raise ImportRefused.missing_columns(
                file=sheets[0].file, missing=[STAMP.header], found=sheets[0].shown_headers
            )
        asked = [(target, _questions(form, target)) for target in _TARGETS]
        best, questions = max(asked, key=lambda pair: _own(pair[1]))
        if not _own(questions):
            raise ImportRefused.unknown_layout(file=form.file, found=form.shown_headers, columns=len(form.headers))
        yield from _as_asked(best, questions).deliver(request)


def _askable(target: FileSource) -> list[Field]:
    """The fields that a question may be; names are left out, since a code is asked for, and there is one entry time."""
    fields = [one for one in target.fields if "*.entered_at" not in one.to]
    return [replace(one, to=()) if _is_name(one) else one for one in fields]


def _is_name(one: Field) -> bool:
    return any(place.startswith("person.") and place not in _IDENTIFIERS for place in one.to)


def _told(target: FileSource) -> tuple[Tells, ...]:
    """A form is never complete: who did not answer is not gone."""
    return tuple(replace(one, covers=Covers.NOTHING) for one in target.tells)


def _questions(sheet: Sheet, target: FileSource) -> dict[str, Field]:
    """Which question is which field of a target; a field is asked for once, by the question that fits it best."""
    names = {fold_label(name): one for one in (_EMAIL, *_askable(target)) for name in (one.header, *one.aliases)}
    fitting: dict[str, tuple[int, str]] = {}
    for question in sheet.headers[1:]:
        folded = fold_label(question)
        inside = [name for name in names if name == folded or (len(name) >= _SHORTEST and name in folded)]
        if inside:
            best = max(inside, key=len)
            one = names[best]
            if one.header not in fitting or (one.to and len(best) > fitting[one.header][0]):
                fitting[one.header] = (len(best), question)
    by_header = {one.header: one for one in names.values()}
    return {question: by_header[header] for header, (_, question) in fitting.items()}


def _own(questions: Mapping[str, Field]) -> int:
    """How many questions are about the matter itself, and not about the person."""
    return sum(bool(one.to) and not one.to[0].startswith(("person.", "*.class_group")) for one in questions.values())


def _as_asked(target: FileSource, questions: Mapping[str, Field]) -> FileSource:
    """The target's source with the questions as headers of its fields, and the time stamp as its day."""
    asked = {one.header: question for question, one in questions.items()}
    fields = [
        replace(one, aliases=(*one.aliases, asked[one.header])) if one.header in asked else one
        for one in (_EMAIL, *_askable(target))
    ]
    return replace(
        target,
        fields=(STAMP, *fields),
        tells=_told(target),
        context=_without_day(target.context),
        reshape=_stamped(target.reshape),
    )


def _without_day(context: Context) -> Context:
    def read(sheet: Sheet, request: Request) -> Known:
        return {place: told for place, told in context(sheet, request).items() if place != "*.happened_on"}

    return read


def _stamped(reshape: Reshape) -> Reshape:
    def read(rows: Rows, known: Known) -> Rows:
        return reshape(_last_answers(replace(rows, cells={**rows.cells, **stamped(rows.cells)})), known)

    return read


def _last_answers(rows: Rows) -> Rows:
    """Without answers that a later one of the same person about the same day replaces."""
    places = [place for place in rows.cells if place in _IDENTIFIERS or place.split(".")[1] in _SAME_FACT]
    columns = [combined(rows.cells[place]).to_pylist() for place in places]
    days = places.index("*.happened_on")
    columns[days] = [cell[:10] for cell in columns[days]]
    sent = combined(rows.cells["*.entered_at"]).to_pylist()
    last: dict[tuple[str, ...], int] = {}
    for row, fact in enumerate(zip(*columns, strict=True)):
        if fact not in last or sent[row] >= sent[last[fact]]:
            last[fact] = row
    kept = pa.array(sorted(last.values()), pa.int64())
    return Rows(
        cells={place: combined(told).take(kept) for place, told in rows.cells.items()},
        lines=rows.lines.take(kept),
        spare={header: combined(told).take(kept) for header, told in rows.spare.items()},
    )


SOURCE = GoogleForm(
    name="google_form",
    label=Text(th="คำตอบจาก Google Form", en="answers of a Google Form"),
    about=Text(
        th="ไฟล์คำตอบ คอลัมน์แรกเป็นประทับเวลา หัวตารางเป็นข้อคำถาม ใช้กับครัวเรือน คัดกรอง เยี่ยมบ้าน หรือการมาเรียน ต้องมีคำถามรหัสนักศึกษา",
        en="the answers' file: a time stamp first, questions as headers; about households, screening, visits or attendance; "
        "one question must ask for the student code",
    ),
    proves=Text(th="ประทับเวลาบอกเวลาที่ส่งแต่ละแถว", en="the time stamp tells when each row was sent"),
    file_name="household-form-responses.csv",
)
