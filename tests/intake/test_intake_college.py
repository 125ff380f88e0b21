"""A whole simulated college, file by file: every row accounted for, every fact once, and nobody's name outside the vault."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from records.clock import start_of
from records.home import DataHome, create_home
from records.intake.folders import in_order
from records.intake.importing import ImportRequest, import_file
from records.intake.report import ImportReport
from records.ledger import log_index, student_ids
from records.log import EventLog
from records.settings import Settings
from records.setup import apply_college, read_college
from records.setup_records import import_calendar, import_rules
from records.tables import ATTENDANCE, ENROLMENTS, GRADES, HOUSEHOLD, SCREENING, STUDENTS, TABLES
from records.versions import latest

Rows = list[dict[str, str]]


@dataclass(frozen=True, kw_only=True)
class Taken:
    """One file and what its import said."""

    path: Path
    history: bool
    received_at: datetime | None
    report: ImportReport


@dataclass(frozen=True, kw_only=True)
class Imported:
    home: DataHome
    files: list[Taken]
    institution: str

    @property
    def log(self) -> EventLog:
        index = log_index(self.home.database, self.institution)
        return EventLog(folder=self.home.logs, institution=self.institution, index=index)

    def of(self, name: str) -> list[Taken]:
        return [taken for taken in self.files if taken.path.name == name]


@pytest.fixture(scope="module")
def imported(college: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imported]:
    """History first, then week by week as the files came in. Staff are left out: their names are made of the same words."""
    home = create_home(Settings(home=tmp_path_factory.mktemp("imported") / "home"))
    entered = replace(read_college(college / "college.xlsx"), staff=(), groups=())
    apply_college(home, entered)
    import_calendar(home, entered)
    import_rules(home, entered)
    files: list[tuple[Path, datetime | None]] = []
    for folder in sorted((college / "history").iterdir()):
        files += [(path, None) for path in in_order(folder)]
    for folder in sorted((college / "weeks").iterdir()):
        evening = start_of(date.fromisoformat(folder.name)) - timedelta(hours=3)
        files += [(path, evening) for path in in_order(folder)]
    taken = []
    for path, received in files:
        request = ImportRequest(path=path, history=received is None, received_at=received)
        [report] = import_file(home, request)
        taken.append(Taken(path=path, history=received is None, received_at=received, report=report))
    yield Imported(home=home, files=taken, institution=entered.institution.code)
    home.close()


def cells(path: Path) -> Rows:
    raw = path.read_bytes()
    text = raw.decode("utf-8-sig" if raw.startswith(b"\xef\xbb\xbf") else "cp874")
    return list(csv.DictReader(io.StringIO(text)))


def dmc(path: Path) -> list[list[str]]:
    page = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
    return [[str(cell) for cell in row] for row in page.to_python(skip_empty_area=False)][2:]


def test_every_row_of_every_file_is_accounted_for(imported: Imported) -> None:
    for taken in imported.files:
        report = taken.report
        rows = len(dmc(taken.path)) if taken.path.suffix == ".xlsx" else len(cells(taken.path))
        assert (report.rows, report.accepted + report.known + report.quarantined) == (rows, rows), taken.path.name
        assert min(report.accepted, report.known, report.quarantined, report.retracted) >= 0


def test_clean_files_leave_nothing_in_quarantine(imported: Imported) -> None:
    assert [(taken.path.name, dict(taken.report.reasons)) for taken in imported.files if taken.report.quarantined] == []
    assert sum(taken.report.fixed for taken in imported.files) == 0
    warned = {(taken.report.source, code) for taken in imported.files for code in taken.report.warnings}
    assert warned == {("roster", "FIRST_DIGIT"), ("dmc", "FIRST_DIGIT")}  # no real number begins with 9


def test_what_was_accepted_and_retracted_is_what_the_files_of_the_log_hold(imported: Imported) -> None:
    for taken in imported.files:
        if taken.path.suffix == ".xlsx" or taken.path.name == "roster.csv":
            continue  # one row there is a record in several tables
        files = [file for file in imported.log.files if file.batch == taken.report.ledger_number]
        assert sum(file.rows for file in files) == taken.report.accepted + taken.report.retracted, taken.path.name


def test_the_sources_are_recognised_by_their_headers(imported: Imported) -> None:
    found = {(taken.path.name.split("-")[-1], taken.report.source) for taken in imported.files}
    assert found == {
        ("roster.csv", "roster"), ("student.xlsx", "dmc"), ("attendance.csv", "attendance"), ("grades.csv", "plain"),
        ("household.csv", "household"), ("screening.csv", "plain"), ("outcomes.csv", "plain"),
    }  # fmt: skip


def test_weekly_attendance_tells_each_change_once(imported: Imported) -> None:
    """A reading of its own: versions by student, day and session in the order of the files."""
    held: dict[tuple[str, str, str], str] = {}
    for taken in imported.of("attendance.csv"):
        rows = cells(taken.path)
        accepted = 0
        # Within a history the reading order is that of the times of entry.
        for row in sorted(rows, key=lambda row: row["บันทึกเมื่อ"]) if taken.history else rows:
            key = (row["รหัสนักศึกษา"], row["วันที่"], row["คาบ"])
            accepted += held.get(key) != row["สถานะ"]
            held[key] = row["สถานะ"]
        assert taken.report.accepted == accepted
        assert (taken.report.known > 0) == (not taken.history)
        if not taken.history:
            told = {(row["รหัสนักศึกษา"], row["วันที่"], row["คาบ"]) for row in rows}
            days = {row["วันที่"] for row in rows}
            gone = [key for key in held if key[1] in days and key not in told]
            assert taken.report.retracted == len(gone)
            for key in gone:
                del held[key]
    known = latest(ATTENDANCE, imported.log.rows(ATTENDANCE))
    assert known.num_rows == len(held)


def test_every_file_again_adds_nothing(imported: Imported) -> None:
    """The newest ones: an older weekly file would be an earlier telling of the same days."""
    before = {table.name: imported.log.rows(table).num_rows for table in TABLES}
    newest: dict[str, Taken] = {taken.path.name: taken for taken in imported.files if not taken.history}
    for taken in newest.values():
        [report] = import_file(imported.home, ImportRequest(path=taken.path, received_at=taken.received_at))
        assert (report.accepted, report.retracted, report.known) == (0, 0, report.rows), taken.path.name
        assert report.notes[0].en == f"this very file was taken in before, as batch {taken.report.ledger_number}"
    assert {table.name: imported.log.rows(table).num_rows for table in TABLES} == before


def test_known_facts_have_one_version_each_in_the_files_that_repeat_nothing(imported: Imported) -> None:
    for table, name in ((GRADES, "grades.csv"), (HOUSEHOLD, "household.csv"), (SCREENING, "screening.csv")):
        told = sum(len(cells(taken.path)) for taken in imported.of(name))
        from_plain = {taken.report.ledger_number for taken in imported.of(name)}
        rows = [batch for batch in imported.log.rows(table).column("batch").to_pylist() if batch in from_plain]
        assert len(rows) == told


def test_every_student_of_the_files_is_one_number(imported: Imported) -> None:
    codes = {row["รหัสนักศึกษา"] for taken in imported.of("roster.csv") for row in cells(taken.path)}
    books = [taken.path for taken in imported.files if taken.path.suffix == ".xlsx"]
    codes |= {row[5] for path in books for row in dmc(path)}
    numbers = student_ids(imported.home.database, imported.institution)
    assert sorted(numbers) == list(range(len(codes)))
    assert set(imported.log.rows(STUDENTS).column("student").to_pylist()) == set(numbers)
    assert len(set(numbers.values())) == len(codes)


def test_no_record_was_known_before_it_happened_or_after_its_file_came_in(imported: Imported) -> None:
    ends = {taken.report.ledger_number: taken.received_at for taken in imported.files}
    for table in (ATTENDANCE, GRADES, HOUSEHOLD, SCREENING, ENROLMENTS):
        for row in imported.log.rows(table, columns=["happened_on", "recorded_at", "batch"]).to_pylist():
            assert row["recorded_at"] >= start_of(row["happened_on"])
            if (received := ends[row["batch"]]) is not None:
                assert row["recorded_at"] == received


# Nobody outside the vault


def people(imported: Imported) -> dict[str, set[str]]:
    """What names somebody in the files: national numbers, codes, first and last names."""
    found: dict[str, set[str]] = {"national": set(), "code": set(), "name": set()}
    for taken in imported.of("roster.csv"):
        for row in cells(taken.path):
            found["national"].add(row["เลขประจำตัวประชาชน"])
            found["code"].add(row["รหัสนักศึกษา"])
            found["name"] |= {row["นามสกุล"], f"{row['ชื่อ']} {row['นามสกุล']}"}
    for taken in imported.files:
        if taken.path.suffix == ".xlsx":
            for line in dmc(taken.path):
                found["national"].add(line[2])
                found["code"].add(line[5])
                found["name"].add(line[9])
    assert min(map(len, found.values())) > 100
    return found


def test_national_numbers_and_codes_are_in_no_file_and_names_only_in_the_vault(imported: Imported) -> None:
    marks = people(imported)
    holding: dict[str, set[str]] = {}
    for path in imported.home.settings.home.rglob("*"):
        if not path.is_file():
            continue
        raw = path.read_bytes()
        for kind, words in marks.items():
            if any(word.encode() in raw for word in words):
                holding.setdefault(kind, set()).add(path.name)
    assert holding == {"name": {"people.db"}}


def test_no_cell_of_the_log_names_anybody(imported: Imported) -> None:
    """Parquet is compressed: the cells themselves are read, and the texts in the files' own notes."""
    words = set().union(*people(imported).values())
    seen = 0
    for path in imported.home.logs.rglob("*.parquet"):
        table = pq.read_table(path)
        assert not any(word in str(pq.read_metadata(path).metadata) for word in words)
        for column in table.columns:
            cells_here = set(map(str, column.unique().to_pylist()))
            assert not cells_here & words
            seen += len(cells_here)
    assert seen > 1000


def test_religion_ethnicity_and_blood_group_are_taken_nowhere(imported: Imported) -> None:
    """Their words as they stand in the DMC file; `ไทย` is a nationality too and becomes a code."""
    [path, *_] = [taken.path for taken in imported.files if taken.path.suffix == ".xlsx"]
    words = {row[15] for row in dmc(path)} | {"มุสลิม"}
    assert {"พุทธ", "อิสลาม"} <= words
    texts = {
        str(cell)
        for table in TABLES
        for field in table.schema
        if str(field.type) == "string"
        for cell in imported.log.rows(table, columns=[field.name]).column(field.name).unique().to_pylist()
    }
    assert not texts & (words | {"O", "A", "B", "AB"})
    raw = b"".join((imported.home.settings.home / name).read_bytes() for name in ("people.db", "zerodrop.db"))
    assert not [word for word in words if word.encode() in raw]
