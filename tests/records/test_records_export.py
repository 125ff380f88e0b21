"""The export of all that is held on one person: everything of theirs, nothing of anybody else, and only after the audit row."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event, select

from records import audit
from records.audit import AuditRow
from records.errors import UserError
from records.home import DataHome
from records.intake.fixes import FIX_OF
from records.intake.problems import PROBLEM_OF
from records.person_export import PersonExport, export_person, page_of, write_export
from records.tables import ATTENDANCE
from records.text import Text
from tests.records.erasing import FIRST, FRIEND, LAST, NATIONAL, OWN, TWIN, WORDS, Told, fill
from tests.records.small import CODE, OTHER_CODE

pytestmark = pytest.mark.both_engines


def words(stored: Mapping[str, Any]) -> Text:
    of = stored.get("feature") or stored["action"]
    return Text(th=f"ประโยคของ {of}", en=f"sentence of {of}")


def exported(home: DataHome, told: Told, number: int = OWN) -> PersonExport:
    return export_person(home, CODE, told.ids[number], actor="office", words=words)


def test_everything_of_the_person_is_in_it(home: DataHome) -> None:
    told = fill(home)
    found = exported(home, told).document
    assert found["places"] == [{"number": OWN, "student_id": told.ids[OWN], "class_group": "ชย.1/1"}]
    assert found["names"] == [{"title": "นาย", "first_name": FIRST, "last_name": LAST}]
    assert {row["kind"]["code"]: row["value"] for row in found["identifiers"]} == {"national": NATIONAL, "code": None}
    assert {row["kind"]["code"] for row in found["traits"]} == {
        "name",
        "first_name",
        "last_name",
        "birth_date",
        "guardian",
    }
    assert [len(found[name]) for name in ("attendance", "enrolments", "screening_sensitive")] == [2, 1, 1]
    assert {cell for row in found["quarantine"] for cell in row.get("cells", {}).values()} >= {
        "132990045678",
        "31/02/2568",
    }
    assert {row["cell"] for row in found["quarantine"] if "cell" in row} == {"๒ มิ.ย. ๖๘", "๖๘๓๑๐๐๔๕"}
    assert [row["words"] for row in found["corrections"]] == [WORDS]
    assert [row["action"]["code"] for row in found["looks"]] == ["enter correction", "see student", "export person"]


def test_nothing_of_anybody_else_is_in_it(home: DataHome) -> None:
    told = fill(home)
    told_text = json.dumps(exported(home, told).document, default=str, ensure_ascii=False)
    for foreign in ("แพรว", "68310046", "68310047", str(told.ids[TWIN]), str(told.ids[FRIEND]), "นายดี"):
        assert foreign not in told_text


def test_records_have_both_dates_and_codes_in_both_languages(home: DataHome) -> None:
    row = exported(home, fill(home)).document["attendance"][0]
    code = ATTENDANCE["status"].codes
    assert code is not None
    assert row["status"] == {"code": code.codes[0].value, "th": code.codes[0].label.th, "en": code.codes[0].label.en}
    assert row["happened_on"].isoformat() == "2025-06-01"
    assert row["recorded_at"].tzinfo is not None
    assert "student" not in row


def test_every_list_is_there_with_its_reasons_in_words(home: DataHome) -> None:
    [entry] = exported(home, fill(home)).document["lists"]
    assert entry["reasons"] == [{"th": "ประโยคของ missed_run_now", "en": "sentence of missed_run_now"}]
    assert (entry["rank"], entry["band"], entry["probability"]) == (1, "watch", 0.5)


def test_the_look_is_committed_before_anything_is_read(home: DataHome) -> None:
    told, seen = fill(home), []

    def at_read(*said: Any) -> None:
        if "student_name" in said[2]:
            with home.database.read() as session:
                seen.append(session.scalars(select(AuditRow.action).order_by(AuditRow.id.desc()).limit(1)).one())

    event.listen(home.vault_database.engine, "before_cursor_execute", at_read)
    exported(home, told)
    assert seen[0] == "export person"


def test_where_the_look_cannot_be_written_nothing_is_read(home: DataHome, monkeypatch: pytest.MonkeyPatch) -> None:
    told = fill(home)

    def full(*_: Any, **__: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(audit, "record_look", full)
    reads: list[str] = []
    event.listen(home.vault_database.engine, "before_cursor_execute", lambda *said: reads.append(said[2]))
    with pytest.raises(OSError, match="disk full"):
        exported(home, told)
    assert not [statement for statement in reads if "student_name" in statement]


@pytest.mark.parametrize("code", [CODE, OTHER_CODE])
def test_nobody_is_exported_whom_the_institution_does_not_know(home: DataHome, code: str) -> None:
    told = fill(home)
    student_id = uuid4() if code == CODE else told.ids[OWN]
    with pytest.raises(UserError, match="has no such student, or they were erased"):
        export_person(home, code, student_id, actor="office", words=words)


def test_the_page_has_every_label_twice_and_escapes_what_it_shows(home: DataHome) -> None:
    told = fill(home)
    from records.corrections import enter

    enter(home, CODE, told.ids[OWN], words="<script>alert(1)</script>", actor="office")
    page = page_of(exported(home, told))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert f"{ATTENDANCE.label.th} · {ATTENDANCE.label.en}" in page
    assert "01/06/2568" in page
    assert "ประโยคของ missed_run_now · sentence of missed_run_now" in page
    assert "ประโยคของ see student · sentence of see student" in page
    for code in ("national", "birth_date", *PROBLEM_OF, *FIX_OF):  # told in words, to a parent who knows no codes
        assert f">{code}<" not in page
    assert "วันเกิด · date of birth" in page
    headings = re.findall(r"<h2>(.*?)</h2>", page)
    assert len(headings) >= 11
    assert all(re.search("[ก-๙]", heading) and " · " in heading for heading in headings)
    assert "http" not in page, "nothing is loaded from elsewhere"


def test_only_its_owner_reads_what_is_written(home: DataHome, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir(mode=0o755)
    (folder / "person.json").touch(mode=0o644)
    files = write_export(exported(home, fill(home)), folder)
    assert [path.stat().st_mode & 0o777 for path in (folder, *files)] == [0o700, 0o600, 0o600]
    assert json.loads(files[0].read_text(encoding="utf-8"))["names"][0]["last_name"] == LAST
