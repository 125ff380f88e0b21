"""All that is held on one student, for the student: as JSON, and as a page to print with every label in Thai and English.

It is read through the door: the audit row is committed before anything is read, and the files are for their owner alone.
"""

import html
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from records import audit, ledger
from records.care_of_person import care_of
from records.clock import BANGKOK, buddhist
from records.corrections import corrections_of
from records.home import DataHome
from records.identity import IdKind
from records.intake.fixes import FIXES
from records.intake.problems import PROBLEMS
from records.kept_of_person import kept_lines, kept_of
from records.ledger_tables import BatchRow, StudentRow
from records.list_tables import ListEntryRow, PublicationRow
from records.log import EventLog
from records.log_erasing import lines_of, named_files
from records.log_file import Within
from records.marks import TraitKind
from records.person_tables import Identifier, PersonTrait, StudentName
from records.subjects import Subject, subject_of
from records.tables import TABLES, Kind, Table
from records.text import Text

Words = Callable[[Mapping[str, Any]], Text]
"""A stored reason, something that is not known, or what the access log says was done, as staff read it."""


_PROBLEMS = {one.code: one.text for one in PROBLEMS}
_FIXES = {one.code: one.text for one in FIXES}
_KINDS: Mapping[str, Text] = {
    IdKind.NATIONAL: Text(th="เลขประจำตัวประชาชน", en="national number"),
    IdKind.G_CODE: Text(th="รหัส G", en="G-code"),
    IdKind.PASSPORT: Text(th="หนังสือเดินทาง", en="passport"),
    IdKind.CODE: Text(th="รหัสนักเรียน", en="student code"),
    IdKind.PERSON: Text(th="เลขบุคคลของระบบต้นทาง", en="the source's number for the person"),
    TraitKind.NAME: Text(th="ชื่อและนามสกุล", en="first and last name"),
    TraitKind.FIRST_NAME: Text(th="ชื่อ", en="first name"),
    TraitKind.LAST_NAME: Text(th="นามสกุล", en="last name"),
    TraitKind.BIRTH_DATE: Text(th="วันเกิด", en="date of birth"),
    TraitKind.GUARDIAN: Text(th="ผู้ปกครอง", en="guardian"),
}


@dataclass(frozen=True, kw_only=True)
class Section:
    """A table of the page: its title, its headers, and its rows as they are shown."""

    title: Text
    columns: Sequence[Text]
    rows: Sequence[Sequence[object]]


@dataclass(frozen=True, kw_only=True)
class PersonExport:
    """All that is held: `document` for machines, `sections` for people."""

    document: Mapping[str, Any]
    sections: Sequence[Section]

    @property
    def counts(self) -> dict[str, int]:
        """How many rows of each kind, for the report of the command: no content."""
        return {section.title.en: len(section.rows) for section in self.sections}


def export_person(home: DataHome, institution: str, student_id: UUID, *, actor: str, words: Words) -> PersonExport:
    """Everything about a student of an institution, after the look was recorded. Raises UserError for nobody."""
    subject = subject_of(home, institution, student_id)
    with home.database.write() as session:
        audit.record_look(session, actor=actor, action="export person", institution=institution, student_id=student_id)
    parts = [
        _place(home, subject),
        *_vault(home, subject),
        *_log(home, subject),
        _lists(home, subject, words),
        *_care(home, subject),
        _kept(home, subject),
        _corrections(home, subject),
        _looks(home, subject, words),
    ]
    document = {"institution": institution, "student_id": student_id, "made_at": datetime.now(UTC)}
    return PersonExport(
        document={**document, **{key: told for key, told, _ in parts}}, sections=[section for _, _, section in parts]
    )


def write_export(export: PersonExport, folder: Path) -> tuple[Path, Path]:
    """Write `person.json` and `person.html` into a folder of its own, which only this account may read."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    told = json.dumps(export.document, ensure_ascii=False, indent=1, default=_plain)
    files = (folder / "person.json", told), (folder / "person.html", page_of(export))
    for path, text in files:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text)
    return files[0][0], files[1][0]


_Part = tuple[str, Any, Section]


def _part(key: str, title: Text, columns: Sequence[tuple[str, Text]], told: Sequence[Mapping[str, Any]]) -> _Part:
    """Rows as mappings: in the document by key, on the page by label, without columns that are empty everywhere."""
    shown = [(name, label) for name, label in columns if any(row.get(name) not in (None, "", [], {}) for row in told)]
    rows = [[row.get(name) for name, _ in shown] for row in told]
    return key, told, Section(title=title, columns=[label for _, label in shown], rows=rows)


def _t(th: str, en: str) -> Text:
    return Text(th=th, en=en)


# What is held, place by place


def _place(home: DataHome, subject: Subject) -> _Part:
    with home.database.read() as session:
        rows = session.scalars(
            select(StudentRow).where(
                StudentRow.institution == subject.institution, StudentRow.number.in_(subject.numbers)
            )
        )
        told = [{"number": row.number, "student_id": row.student_id, "class_group": row.class_group} for row in rows]
    columns = [
        ("number", _t("เลขในบันทึก", "number in the log")), ("student_id", _t("นามแฝง", "pseudonym")),
        ("class_group", _t("กลุ่มเรียน", "class group")),
    ]  # fmt: skip
    return _part("places", _t("ที่สถานศึกษานี้", "At this institution"), columns, told)


def _vault(home: DataHome, subject: Subject) -> Iterator[_Part]:
    people, key = subject.pseudonyms, home.vault.key
    with home.vault_database.read() as session:
        names = [
            {"title": row.title, "first_name": row.first_name, "last_name": row.last_name}
            for row in session.scalars(select(StudentName).where(StudentName.student_id.in_(people)))
        ]
        identifiers = [
            {
                "kind": _coded(row.kind, _KINDS),
                "value": key.unseal(row.sealed).decode() if row.sealed else None,
                "institution": row.institution,
                "first_seen": row.first_seen,
                "last_seen": row.last_seen,
                "is_current": row.is_current,
            }
            for row in session.scalars(select(Identifier).where(Identifier.student_id.in_(people)))
            if row.institution in ("", subject.institution)
        ]
        traits = [{"kind": _coded(kind, _KINDS)} for kind in session.scalars(
            select(PersonTrait.kind).where(PersonTrait.student_id.in_(people)).order_by(PersonTrait.kind)
        )]  # fmt: skip
    columns = [
        ("title", _t("คำนำหน้า", "title")), ("first_name", _t("ชื่อ", "first name")),
        ("last_name", _t("นามสกุล", "last name")),
    ]  # fmt: skip
    yield _part("names", _t("ชื่อ", "Name"), columns, names)
    columns = [
        ("kind", _t("ชนิด", "kind")), ("value", _t("เลข (ว่าง = เก็บเป็นรหัสที่อ่านกลับไม่ได้)", "number (empty: kept only as a keyed hash)")),
        ("first_seen", _t("พบครั้งแรก", "first seen")), ("last_seen", _t("พบล่าสุด", "last seen")),
        ("is_current", _t("ใช้อยู่", "current")),
    ]  # fmt: skip
    yield _part("identifiers", _t("เลขประจำตัว", "Identifiers"), columns, identifiers)
    title = _t("สิ่งที่ใช้จับคู่ (เก็บเป็นรหัสที่อ่านกลับไม่ได้)", "What is kept for matching (keyed hashes that cannot be read)")
    yield _part("traits", title, [("kind", _t("ชนิด", "kind"))], traits)


def _log(home: DataHome, subject: Subject) -> Iterator[_Part]:
    """Every version of every record, with the day it happened and the moment it was known."""
    index = ledger.log_index(home.database, subject.institution)
    log = EventLog(folder=home.logs, institution=subject.institution, index=index, key=home.vault.key)
    for table in TABLES:
        if not table.per_student:
            continue
        found = [
            row
            for number in sorted(subject.numbers)
            for row in log.rows(table, within=Within(column="student", low=number, high=number + 1)).to_pylist()
        ]
        if found:
            yield _part(table.name, table.label, _columns(table), [_labelled(table, row) for row in found])


def _columns(table: Table) -> list[tuple[str, Text]]:
    return [
        ("happened_on", _t("เกิดขึ้นเมื่อ", "happened on")),
        *((column.name, column.label) for column in table.columns),
        ("recorded_at", _t("วันที่ทราบ", "known since")),
        ("retracted", _t("ถูกถอน", "withdrawn")),
    ]


def _labelled(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """A record with its codes in words."""
    told = {name: value for name, value in row.items() if name not in ("student", "line", "batch")}
    for column in table.columns:
        value = told.get(column.name)
        if column.kind is Kind.CODE and column.codes is not None and value is not None:
            code = column.codes.codes[value]
            told[column.name] = {"code": code.value, "th": code.label.th, "en": code.label.en}
    told["retracted"] = told["retracted"] or None
    return told


def _lists(home: DataHome, subject: Subject, words: Words) -> _Part:
    with home.database.read() as session:
        found = session.execute(
            select(PublicationRow, ListEntryRow)
            .join(ListEntryRow, ListEntryRow.publication_id == PublicationRow.id)
            .where(PublicationRow.institution == subject.institution, ListEntryRow.student_id.in_(subject.pseudonyms))
            .order_by(PublicationRow.as_of, PublicationRow.published_at)
        ).all()
    told = [
        {
            "as_of": publication.as_of, "published_at": publication.published_at, "status": publication.status,
            "model": publication.model_digest, "class_group": entry.class_group, "rank": entry.rank, "band": entry.band,
            "cause": entry.cause, "probability": entry.probability, "must_see": entry.must_see,
            "reasons": [_said(words(one)) for one in entry.reasons],
            "not_known": [_said(words(one)) for one in entry.missing],
            "domains": entry.domains, "what_if": entry.what_if, "pruned_at": publication.pruned_at,
        }
        for publication, entry in found
    ]  # fmt: skip
    columns = [
        ("as_of", _t("ข้อมูล ณ วันที่", "as of")), ("published_at", _t("เผยแพร่เมื่อ", "published")),
        ("status", _t("สถานะ", "status")), ("rank", _t("ลำดับ", "rank")), ("band", _t("ระดับการดูแล", "band")),
        ("probability", _t("คะแนนความเสี่ยง", "score")), ("must_see", _t("ต้องพบตามระเบียบ", "must be seen by a rule")),
        ("reasons", _t("เหตุผล", "reasons")), ("not_known", _t("สิ่งที่ไม่ทราบ", "not known")),
        ("pruned_at", _t("ลบคะแนนเมื่อ", "score deleted")),
    ]  # fmt: skip
    return _part("lists", _t("รายชื่อรายสัปดาห์", "Weekly lists"), columns, told)


def _care(home: DataHome, subject: Subject) -> Iterator[_Part]:
    with home.database.read() as session:
        told = list(care_of(session, subject.institution, subject.pseudonyms))
    yield from (_part(*one) for one in told)


def _said(text: Text) -> dict[str, str]:
    return {"th": text.th, "en": text.en}


def _coded(code: str, texts: Mapping[str, Text]) -> dict[str, str] | str:
    """A code in words; by itself where a later version knows it no more."""
    return {"code": code, **_said(texts[code])} if code in texts else code


def _kept(home: DataHome, subject: Subject) -> _Part:
    with home.database.read() as session:
        named = named_files(session, subject.institution)
        batches = session.scalars(select(BatchRow).where(BatchRow.institution == subject.institution)).all()
    tokens = {row.number: row.token for row in batches}
    lines = {(tokens[batch], line) for batch, line in lines_of(home, named, subject.numbers)}
    with home.vault_database.read() as session:
        found = kept_lines(session, home.vault.key, subject, tokens.values(), lines)
        told = [_explained(row) for row in kept_of(session, home.vault.key, found)]
    columns = [
        ("line", _t("แถวในไฟล์", "line of the file")), ("kept_at", _t("เก็บเมื่อ", "kept since")),
        ("problems", _t("ปัญหา", "problems")), ("cells", _t("ค่าตามไฟล์", "cells as the file had them")),
        ("column", _t("คอลัมน์", "column")), ("fix", _t("การแก้", "fix")), ("cell", _t("ค่าเดิม", "cell before")),
    ]  # fmt: skip
    return _part("quarantine", _t("แถวที่กักไว้และค่าเดิมในไฟล์", "Rows kept back and original cells"), columns, told)


def _explained(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row kept back, or an original cell, with its codes in words."""
    told = dict(row)
    if "problems" in told:
        told["problems"] = [_coded(code, _PROBLEMS) for code in told["problems"]]
    if "fix" in told:
        told["fix"] = _coded(told["fix"], _FIXES)
    return told


def _corrections(home: DataHome, subject: Subject) -> _Part:
    found = corrections_of(home, subject.institution, subject.pseudonyms)
    told = [
        {
            "asked_at": one.asked_at, "words": one.words, "decision": one.decision, "answer": one.answer,
            "decided_at": one.decided_at,
        }
        for one in found
    ]  # fmt: skip
    columns = [
        ("asked_at", _t("ขอเมื่อ", "asked")), ("words", _t("สิ่งที่ขอให้แก้", "what was asked")),
        ("decision", _t("ผล", "decision")), ("answer", _t("คำตอบ", "answer")), ("decided_at", _t("ตอบเมื่อ", "answered")),
    ]  # fmt: skip
    return _part("corrections", _t("คำขอให้แก้ไข", "Requests for correction"), columns, told)


def _looks(home: DataHome, subject: Subject, words: Words) -> _Part:
    """Who looked at this one student; a look at a whole list names the list."""
    with home.database.read() as session:
        looks = [row for one in sorted(subject.pseudonyms) for row in audit.looks_at(session, one)]
    told = [
        {"at": row.at, "actor": row.actor, "action": {"code": row.action, **_said(words({"action": row.action}))}}
        for row in sorted(looks, key=lambda row: row.at)
        if row.institution == subject.institution
    ]
    columns = [("at", _t("เมื่อ", "when")), ("actor", _t("ผู้ดู", "who")), ("action", _t("ทำอะไร", "what"))]
    title = _t("ใครเปิดดูหรือแก้ไข (ไม่รวมการเปิดรายชื่อทั้งกลุ่ม)", "Who looked (looks at whole lists are kept by list)")
    return _part("looks", title, columns, told)


# The page


def page_of(export: PersonExport) -> str:
    """A page that stands alone and prints; every value is escaped."""
    made = export.document["made_at"]
    told = "".join(_section(section) for section in export.sections)
    return (
        '<!doctype html><html lang="th"><head><meta charset="utf-8"><title>ข้อมูลส่วนบุคคลที่เก็บไว้ · Personal data held</title>'
        "<style>body{font-family:Sarabun,'TH Sarabun New',sans-serif;line-height:1.6;margin:2em}"
        "table{border-collapse:collapse;margin-bottom:1.5em}td,th{border:1px solid #888;padding:.2em .5em;text-align:left;"
        "vertical-align:top}h2{break-after:avoid}</style></head><body>"
        "<h1>ข้อมูลส่วนบุคคลที่เก็บไว้ · Personal data held</h1>"
        f"<p>{_shown(export.document['institution'])} · {_shown(made)}</p>{told}</body></html>\n"
    )


def _section(section: Section) -> str:
    heading = f"<h2>{_both(section.title)}</h2>"
    if not section.rows:
        return f"{heading}<p>ไม่มี · none</p>"
    head = "".join(f"<th>{_both(column)}</th>" for column in section.columns)
    rows = ("".join(f"<td>{_shown(cell)}</td>" for cell in row) for row in section.rows)
    return f"{heading}<table><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def _both(text: Text) -> str:
    return html.escape(f"{text.th} · {text.en}")


def _shown(cell: object) -> str:
    """A cell for people: Buddhist dates, yes and no, codes and sentences in both languages."""
    match cell:
        case None:
            return ""
        case bool():
            return "ใช่ · yes" if cell else "ไม่ · no"
        case datetime():
            local = cell.astimezone(BANGKOK)
            return f"{buddhist(local.date())} {local:%H:%M}"
        case date():
            return buddhist(cell)
        case {"th": th, "en": en}:
            return html.escape(f"{th} · {en}")
        case Mapping():
            return "<br>".join(f"{html.escape(str(name))}: {_shown(value)}" for name, value in cell.items())
        case list():
            return "<br>".join(_shown(one) for one in cell)
        case _:
            return html.escape(str(cell))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
