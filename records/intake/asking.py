"""The questions of `zerodrop import --map`: which column goes where, until every table has what it needs."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from records.codes import CodeList, fold_label
from records.errors import ImportRefused
from records.intake import normalise
from records.intake.files import Sheet, open_sheets
from records.intake.files.sheet import LEAST_KNOWN
from records.intake.parsing import parse_column
from records.intake.places import FILE_TABLE_OF, FILE_TABLES, PLACE_OF, PLACES, Place, known_headers, table_of
from records.intake.problems import PROBLEM_OF
from records.intake.profiles import (
    COVERS,
    RECEIVED,
    Profile,
    ProfileColumn,
    fingerprint,
    is_constant,
    lag_of,
    suits,
)
from records.intake.proposing import Proposal, propose
from records.intake.source import Covers
from records.tables import Column, Table
from records.text import Text

Ask = Callable[..., Any]
Show = Callable[[str, Sequence[str], Sequence[Sequence[str]]], None]
"""Shows a table: title, headings, rows."""
_MOST_WORDS = 30
_DIGITS_OF_A_PERSON = re.compile("[0-9]{5}")
_NUMBER_OF_A_PERSON = re.compile("[0-9A-Z-]*[0-9]{5}[0-9A-Z-]*")
_SEPARATORS = re.compile(r"[,;\t|]")
_SHOWN_ROWS = 12
_DAY_HINT = "16/05/2568 หรือ · or 2025-05-16, Enter = วันที่ได้รับไฟล์ · the day the file comes in, "
_YEAR_HINT = "พ.ศ. หรือ ค.ศ. · BE or CE, "
_COVERS_TEXT: Mapping[Covers, Text] = {
    Covers.NOTHING: Text(th="ไม่ครบ มีเพียงบางส่วน", en="nothing completely"),
    Covers.DAYS_OF_GROUPS: Text(th="ครบทุกวันและทุกคนของกลุ่มเรียนที่มีในไฟล์", en="its days, for the class groups in it"),
    Covers.WHOLE_ROSTER: Text(th="ครบทั้งสถานศึกษาในภาคเรียนนั้น ผู้ที่ไม่มีชื่อต้องติดตาม", en="the whole roster of its term"),
    Covers.ROSTER_OF_GROUPS: Text(th="ครบทุกคนของกลุ่มเรียนที่มีในไฟล์", en="the roster of the class groups in it"),
}


@dataclass(frozen=True, kw_only=True)
class Talk:
    """How the clerk is asked, told and shown things; what is shown may be cells of students, so nothing of it is kept."""

    ask: Ask
    tell: Callable[[str], None]
    show: Show

    def answer(self, question: str, default: str = "") -> str:
        """What was typed, without spaces around it; the default on Enter."""
        return str(self.ask(question, default=default, show_default=False)).strip()


def ask_profile(talk: Talk, path: Path, name: str) -> Profile:
    """A profile for files like this one. Raises ImportRefused when a column cannot be what was said."""
    sheets = _sheets(talk, path)
    sheet = sheets[0]
    proposal = propose(sheet, _ask_table(talk, propose(sheet)))
    assert proposal.table is not None
    places = [column.places for column in proposal.columns]
    while True:
        _show_proposal(talk, proposal, places)
        places = _ask_columns(talk, proposal, places)
        told = [table for some in places for place in some if (table := table_of(place)) is not None]
        tables = tuple(table for table in FILE_TABLES if table is proposal.table or table in told)
        columns = [
            ProfileColumn(header=column.header, to=some)
            for column, some in zip(proposal.columns, places, strict=True)
            if column.header
        ]
        profile = Profile(
            name=name,
            label=Text(th=f"{proposal.table.label.th} ({name})", en=f"{proposal.table.label.en} (profile)"),
            tables=tables,
            columns=_each_header_once(columns),
            lag_days=lag_of(tables),
            fingerprint=fingerprint(sheet.headers),
        )
        constants = _ask_constants(talk, profile)
        if constants is not None:
            break
    profile = replace(profile, constants=constants, covers=_ask_covers(talk, tables))
    return replace(profile, columns=tuple(_ask_words(talk, sheets, column) for column in profile.columns))


def _each_header_once(columns: Sequence[ProfileColumn]) -> tuple[ProfileColumn, ...]:
    """Only the first of equal headers can be told apart in a file."""
    found: dict[str, ProfileColumn] = {}
    for column in columns:
        found.setdefault(fold_label(column.header), column)
    return tuple(found.values())


# The header


def _sheets(talk: Talk, path: Path) -> list[Sheet]:
    """The sheets under their header; which row that is, the clerk says where too few headers are known to tell."""
    try:
        sheets = open_sheets(path, known_headers())
    except ImportRefused as refused:
        if refused.code != "EMPTY":
            raise
        sheets = []  # its last row has a word that may be a header, and was taken for one
    if not sheets or sheets[0].known_headers < LEAST_KNOWN:
        sheets = open_sheets(path, _ask_header(talk, open_sheets(path, ())[0]))
    if any(map(_is_number_of_a_person, sheets[0].headers)):
        raise ImportRefused(
            f"{path.name} has no row with headers: what stands there is a student. Add a header row and map it again.",
            th=f"ไฟล์ {path.name} ไม่มีแถวหัวตาราง แถวที่เลือกเป็นข้อมูลนักเรียน เพิ่มแถวหัวตารางแล้วทำใหม่",
            code="NO_HEADER",
        )
    return sheets


def _ask_header(talk: Talk, sheet: Sheet) -> list[str]:
    """The words of the row that the clerk says is the header."""
    rows = _first_rows(sheet)
    talk.show(
        "แถวแรกของไฟล์ · the first rows",
        ("แถว · row", ""),
        [(str(line), " | ".join(cells)) for line, cells in rows.items()],
    )
    first = min(rows)
    while True:
        answer = talk.answer(f"หัวตารางอยู่แถวที่ · which row is the header [{first}]", str(first))
        if answer.isdigit() and int(answer) in rows:
            return [cell for cell in rows[int(answer)] if cell]
        talk.tell(f"เลือกจาก {first} ถึง {max(rows)} · choose from {first} to {max(rows)}")


def _first_rows(sheet: Sheet) -> dict[int, list[str]]:
    """The first rows by their line, whatever their width."""
    rows = {sheet.top_lines: list(sheet.headers)}
    part = next(sheet.parts(), None)
    if part is not None:
        columns = [column.slice(0, _SHOWN_ROWS).to_pylist() for column in part.columns]
        lines = part.lines.slice(0, _SHOWN_ROWS).to_pylist()
        rows |= {line: [normalise.clean(cell) for cell in cells] for line, *cells in zip(lines, *columns, strict=True)}
        rows |= {
            line: [normalise.clean(cell) for cell in _SEPARATORS.split(text)]
            for line, text in part.ragged[:_SHOWN_ROWS]
        }
    return {line: rows[line] for line in sorted(rows)[:_SHOWN_ROWS]}


def _is_number_of_a_person(header: str) -> bool:
    return bool(_NUMBER_OF_A_PERSON.fullmatch(header)) or normalise.read_national(header).value is not None


# The table and the columns


def _ask_table(talk: Talk, proposal: Proposal) -> Table:
    default = proposal.table.name if proposal.table else ""
    question = f"ตาราง · table [{default}] (? = รายการ · list)" if default else "ตาราง · table (? = รายการ · list)"
    while True:
        answer = talk.answer(question, default)
        if answer in FILE_TABLE_OF:
            return FILE_TABLE_OF[answer]
        if answer not in ("", "?"):
            talk.tell(f"ไม่มีตาราง '{answer}'{_near(answer, FILE_TABLE_OF)} · there is no such table")
        talk.show(
            "ตาราง · tables",
            ("table", "ไทย", "English"),
            [(one.name, one.label.th, one.label.en) for one in FILE_TABLES],
        )


def _show_proposal(talk: Talk, proposal: Proposal, places: Sequence[tuple[str, ...]]) -> None:
    rows = [
        (
            str(number),
            column.header,
            " | ".join(column.samples),
            _joined(some),
            f"{column.sure.value.th} · {column.sure.value.en}",
        )
        for number, (column, some) in enumerate(zip(proposal.columns, places, strict=True), start=1)
    ]
    talk.show("ข้อเสนอ · proposal", ("#", "หัวตาราง · header", "ตัวอย่าง · samples", "ที่เก็บ · place", "เพราะ · why"), rows)


def _joined(places: Sequence[str]) -> str:
    return " + ".join(places) or "-"


def _ask_columns(talk: Talk, proposal: Proposal, places: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    talk.tell(
        "Enter = ตกลง · accept    ชื่อที่เก็บ · a place (a + b = สองที่ · two)    - = ไม่นำเข้า · leave out    ? = รายการ · list"
    )
    found: list[tuple[str, ...]] = []
    headers: set[str] = set()
    for number, (column, proposed) in enumerate(zip(proposal.columns, places, strict=True), start=1):
        folded = fold_label(column.header)
        if not folded or folded in headers:  # nothing tells such a column from the other
            found.append(())
            continue
        headers.add(folded)
        taken = {place for some in found for place in some}
        found.append(_ask_column(talk, f"{number}. {column.header}", proposed, taken))
    return found


def _ask_column(talk: Talk, title: str, proposed: tuple[str, ...], taken: set[str]) -> tuple[str, ...]:
    left = tuple(place for place in proposed if place not in taken)
    while True:
        answer = talk.answer(f"{title} [{_joined(left)}]")
        if answer == "":
            return left
        if answer == "-":
            return ()
        if answer == "?":
            rows = [(place.name, place.label.th, place.label.en) for place in PLACES]
            talk.show("ที่เก็บ · places", ("place", "ไทย", "English"), rows)
            continue
        names = tuple(dict.fromkeys(part for part in re.split(r"[+,\s]+", answer) if part))
        unknown = [name for name in names if name not in PLACE_OF]
        twice = [name for name in names if name in taken]
        if not unknown and not twice:
            return names
        for name in unknown:
            talk.tell(f"ไม่มีที่เก็บ '{name}'{_near(name, PLACE_OF)} · there is no such place")
        for name in twice:
            talk.tell(f"'{name}' มีคอลัมน์อื่นแล้ว · another column fills it already")


def _near(name: str, known: Mapping[str, object]) -> str:
    near = get_close_matches(name, known, n=1)
    return f" ({near[0]}?)" if near else ""


# What no column says


def _ask_constants(talk: Talk, profile: Profile) -> dict[str, str] | None:
    """A cell for every place that no column fills; None to go back to the columns."""
    found: dict[str, str] = {}
    for name in profile.lacking:
        if name.startswith("person."):
            talk.tell(
                "ต้องมีคอลัมน์ที่บอกว่าเป็นนักเรียนคนใด · some column must say which student a row is about (person.code, person.national ...)"
            )
            return None
        cell = _ask_constant(talk, PLACE_OF[name])
        if cell is None:
            return None
        found[name] = cell
    return found


def _ask_constant(talk: Talk, place: Place) -> str | None:
    hint = "Enter = วันที่ได้รับไฟล์ · the day the file comes in, " if place.is_day else ""
    question = (
        f"{place.label.th} · {place.label.en} ({place.name}) ทุกแถว · in every row ({hint}- = กลับไปแก้คอลัมน์ · back)"
    )
    while True:
        answer = talk.answer(question)
        if answer == "-":
            return None
        if place.is_day:
            day = normalise.parse_day(answer)
            if answer == "" or day is not None:
                return day.isoformat() if day else RECEIVED
        elif answer and is_constant(place.name, answer):
            return normalise.clean(answer)
        problem = PROBLEM_OF[place.problem_of(answer) or "MISSING_VALUE"]
        talk.tell(f"{problem.text.th} · {problem.text.en}")


def _ask_covers(talk: Talk, tables: Sequence[Table]) -> Covers:
    fitting = [covers for covers in _COVERS_TEXT if suits(covers, tables)]
    if len(fitting) == 1:
        return fitting[0]
    rows = [(str(number), _COVERS_TEXT[one].th, _COVERS_TEXT[one].en) for number, one in enumerate(fitting, start=1)]
    talk.show("ไฟล์นี้ครบเพียงใด · what the file tells completely", ("#", "ไทย", "English"), rows)
    numbers = {str(number): one for number, one in enumerate(fitting, start=1)}
    while True:
        answer = talk.answer("เลือกหมายเลข · number [1]", "1")
        if answer in numbers or answer in COVERS:
            return numbers.get(answer) or COVERS[answer]
        talk.tell(f"เลือกจาก 1 ถึง {len(fitting)} · choose from 1 to {len(fitting)}")


# Words of the file for our codes


def _ask_words(talk: Talk, sheets: Sequence[Sheet], column: ProfileColumn) -> ProfileColumn:
    words: dict[str, str] = {}
    for name in column.to:
        ours = PLACE_OF[name].column
        if ours is None or ours.codes is None:
            continue
        for word in _unknown_words(sheets, column.header, ours):
            code = _ask_word(talk, column.header, word, ours.codes)
            if code:
                words[word] = code
    return replace(column, words=words)


def _unknown_words(sheets: Sequence[Sheet], header: str, ours: Column) -> list[str]:
    """The distinct cells of a column that are none of our codes. Raises ImportRefused when it is no column of codes."""
    unknown: dict[str, None] = {}
    for sheet in sheets:
        places = [index for index, one in enumerate(sheet.headers) if fold_label(one) == fold_label(header)]
        for part in sheet.parts() if places else ():
            cells = pc.unique(part.columns[places[0]])
            wrong = parse_column(ours, cells).problems.get("UNKNOWN_CODE", ())
            unknown.update((normalise.clean(cells[int(row)].as_py()), None) for row in wrong)
    if len(unknown) > _MOST_WORDS or any(map(_DIGITS_OF_A_PERSON.search, unknown)):
        raise ImportRefused(
            f"The column '{header}' holds {len(unknown)} words that are no code of {ours.label.en}: "
            "it is probably another column. Run the mapping again and choose another place for it.",
            th=f"คอลัมน์ '{header}' มี {len(unknown)} คำที่ไม่ใช่รหัสของ{ours.label.th} น่าจะเป็นคอลัมน์อื่น ทำใหม่และเลือกที่เก็บอื่น",
            code="NO_CODE_COLUMN",
        )
    return list(unknown)


def _ask_word(talk: Talk, header: str, word: str, codes: CodeList) -> str:
    """Our code for a word of the file; '' when its rows are to wait in quarantine."""
    while True:
        answer = talk.answer(
            f"{header}: '{word}' คือ · means (Enter = ไม่รู้ กักแถวไว้ · leave in quarantine, ? = รายการ · list)"
        )
        if answer == "":
            return ""
        if (position := codes.parse(answer)) is not None:
            return codes.values[position]
        talk.show(
            "รหัส · codes", ("code", "ไทย", "English"), [(one.value, one.label.th, one.label.en) for one in codes.codes]
        )
