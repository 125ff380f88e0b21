"""What the tests of erasure, export and backup share: two colleges with every kind of thing that is held on a person."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from uuid import UUID, uuid4

from records import audit, ledger, lists
from records.clock import start_of
from records.corrections import enter
from records.home import DataHome
from records.identity import FullName, Identity, IdKind
from records.ledger import Placement
from records.log import write_rows
from records.quarantine import KeptFile
from records.staff import IdempotencyRow
from records.tables import ATTENDANCE, ENROLMENTS, SAME_PERSON, SCREENING_SENSITIVE
from tests.records.compacting import mark
from tests.records.small import CODE, START, batch_of, publication_of, rows_of

FIRST, LAST, NATIONAL, STUDENT_CODE = "เกียรติศักดิ์", "มาร์กเกอร์ทดสอบ", "1329900456783", "68310045"
WORDS = "หนูไม่ได้ขาดเรียนวันจันทร์"
OWN, TWIN, FRIEND = 0, 1, 2
"""Student numbers: the person, another whose name is the same, and a friend."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """Who was admitted, by number, and the token of the batch that told of them."""

    ids: Mapping[int, UUID]
    token: UUID
    publication: UUID


def people() -> list[Identity]:
    own = FullName(title="นาย", first_name=FIRST, last_name=LAST)
    return [
        Identity(
            identifiers={IdKind.NATIONAL: NATIONAL, IdKind.CODE: STUDENT_CODE}, name=own,
            birth_date=date(2009, 4, 2), guardian="นางสมใจ มาร์กเกอร์ทดสอบ",
        ),
        Identity(identifiers={IdKind.CODE: "68310046"}, name=own, birth_date=date(2008, 1, 9), guardian="นายดี"),
        Identity(
            identifiers={IdKind.CODE: "68310047"}, name=FullName(title="นางสาว", first_name="แพรว", last_name="ใจดี")
        ),
    ]  # fmt: skip


def fill(home: DataHome, code: str = CODE) -> Told:
    """An import with rows of every kind, kept rows and cells, a list, a correction, looks and an answer."""
    token = uuid4()
    known = home.vault.admit(code, people(), batch_token=token)
    ids = {one.number: one.student_id for one in known}
    number = _commit_rows(home, code, token, ids)
    _keep(home, code, token)
    published, _ = lists.publish(home.database, _list_of(ids, code, number))
    enter(home, code, ids[OWN], words=WORDS, actor="office")
    with home.database.write() as session:
        audit.record_look(session, actor="kru.a", action="see student", institution=code, student_id=ids[OWN])
        answer = {"student_id": str(ids[OWN])}
        key = uuid4().bytes
        session.add(IdempotencyRow(key_hash=key, body_hash=key, status=200, answer=answer, at=START))
    return Told(ids=ids, token=token, publication=published)


def _commit_rows(home: DataHome, code: str, token: UUID, ids: Mapping[int, UUID]) -> int:
    told = {
        ATTENDANCE: rows_of(ATTENDANCE, [mark(s, minute, s % 2, line=10 * minute + s) for minute in (1, 2) for s in ids]),
        ENROLMENTS: rows_of(ENROLMENTS, [
            {"student": s, "academic_year": 2025, "term": 1, "level": 1, "class_group": "ชย.1/1", "line": 100 + s}
            for s in ids
        ]),
        SAME_PERSON: rows_of(SAME_PERSON, [{"student": FRIEND, "same_as": OWN, "line": 200}]),
        SCREENING_SENSITIVE: rows_of(SCREENING_SENSITIVE, [{"student": OWN, "score": 31, "line": 300}]),
    }  # fmt: skip
    files = [write_rows(home.logs, code, table, rows, home.vault.key) for table, rows in told.items()]
    placements = [Placement(number=n, student_id=student_id, class_group="ชย.1/1") for n, student_id in ids.items()]
    after = ledger.log_index(home.database, code).ledger_number
    return ledger.commit(
        home.database, batch_of(code=code, files=files, placements=placements, token=token), after=after
    )


def _keep(home: DataHome, code: str, token: UUID) -> None:
    home.quarantine.keep(
        token,
        code,
        [
            (51, ["BAD_DATE"], {"รหัส": STUDENT_CODE, "วันที่": "31/02/2568"}),
            (52, ["BAD_IDENTIFIER"], {"เลข": "132990045678", "ชื่อ": f"นาย{FIRST} {LAST}"}),
            (53, ["BAD_DATE"], {"รหัส": "68310046", "ชื่อ": f"นาย{FIRST} {LAST}"}),
            (54, ["RAGGED_ROW"], {"row": f"๖๘๓๑๐๐๔๕,{FIRST}"}),
            (55, ["BAD_DATE"], {"รหัส": "68310047"}),
        ],
    )
    cells = [
        (10, "วันที่", "BE_DATE", "๒ มิ.ย. ๖๘"),
        (12, "วันที่", "BE_DATE", "๓ มิ.ย. ๖๘"),
        (90, "รหัส", "DIGITS", "๖๘๓๑๐๐๔๕"),
    ]
    home.quarantine.keep_originals(token, cells)
    home.quarantine.keep_file(token, KeptFile(name="a.csv", source="plain", table="attendance", sheets=()))


def _list_of(ids: Mapping[int, UUID], code: str, number: int) -> lists.NewPublication:
    plain = publication_of(ids, code=code, ledger_number=number)
    said = {"feature": "missed_run_now", "value": 6.0, "contribution": 1.31}
    entries = [
        replace(
            entry,
            probability=0.5,
            logit=0.0,
            reasons=[said],
            domains={"attendance": 1.0},
            must_see=["absent_run_notice"],
        )
        for entry in plain.entries
    ]
    return replace(plain, entries=entries, as_of=date(2025, 6, 9), known_until=start_of(date(2025, 6, 9)))


def traces(folder: Path, *marks: str | UUID) -> list[str]:
    """The files below a folder in whose bytes one of these stands; a UUID also as SQLite stores it."""
    wanted = {
        form
        for one in marks
        for form in ((str(one).encode(), one.hex.encode(), one.bytes) if isinstance(one, UUID) else (one.encode(),))
    }
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and any(one in path.read_bytes() for one in wanted)
    )


def as_json(found: object) -> str:
    return json.dumps(found, default=str, ensure_ascii=False)
