"""Every file of the corpus comes in at a fresh institution, and gets the verdict that its picture names."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from records import ledger
from records.codes import fold_label
from records.college import Institution
from records.errors import ImportRefused
from records.home import create_home
from records.intake.fixes import FIX_OF
from records.intake.importing import ImportRequest, import_file
from records.intake.problems import PROBLEM_OF
from records.intake.report import ImportReport
from records.intake.source import PERSON_FIELDS
from records.ledger import add_institution
from records.log import EventLog
from records.settings import Settings
from records.tables import TABLE_OF, TABLES
from scripts.write_corpus import CORPUS, ROOT, Case, before, cases, groups, rows_of, same, stale
from tests.intake.desk import CODE, Desk, bangkok

OTHER = "1320026102"  # a second institution, for the same student in two places
RECEIVED = "2025-12-01 08:00"
COUNTS = ("rows", "accepted", "known", "fixed", "quarantined", "layout", "retracted")
VERDICTS = ("accept", "accept+fix", "quarantine", "reject")
MOST_BYTES = 2_000_000
_PEOPLE = {fold_label(alias) for one in PERSON_FIELDS for alias in (one.header, *one.aliases)} | {"ชื่อนามสกุล"}
_KEYS = {
    "file", "shows", "verdict", "source", "table", "gap", "before", "at", "history", "head", "rows", "above", "below", "tail",
    "encoding", "separator", "misread_as", "text", "made", "macro", "sheet", "merged", "coloured", "institution",
    "counts", "reasons", "warnings", "fixes", "note", "refused", "records", "names", "students",
}  # fmt: skip


def case_of(told: Case) -> Any:
    gap = told.told.get("gap")
    marks = [pytest.mark.xfail(reason=gap, strict=True, raises=AssertionError)] if gap else []
    return pytest.param(told, id=f"{told.group}/{told.name}", marks=marks)


EVERY_FILE = pytest.mark.parametrize("case", [case_of(one) for one in cases()])


class SealedDesk(Desk):
    """A desk that may read sensitive tables too."""

    @property
    def log(self) -> EventLog:
        index = ledger.log_index(self.home.database, CODE)
        return EventLog(folder=self.home.logs, institution=CODE, index=index, key=self.home.vault.key)


@dataclass(kw_only=True)
class Institutions:
    """Data homes as the files of a picture find them, each made ready once and copied for every file."""

    folder: Path
    _ready: dict[tuple[str, ...], Path] = field(default_factory=dict)

    @contextmanager
    def fresh(self, case: Case) -> Iterator[Desk]:
        """A desk at an institution that has taken in what comes before the file, and nothing else."""
        earlier = tuple(case.told.get("before", ()))
        if earlier not in self._ready:
            self._ready[earlier] = self.folder / str(len(self._ready))
            self._make_ready(self._ready[earlier], case)
        with tempfile.TemporaryDirectory() as place:
            shutil.copytree(self._ready[earlier], place, dirs_exist_ok=True)
            with open_desk(Path(place)) as desk:
                yield desk

    def _make_ready(self, place: Path, case: Case) -> None:
        (place / "files").mkdir(parents=True)
        with open_desk(place) as desk:
            for code in (CODE, OTHER):
                told = Institution(code=code, name_th="วิทยาลัยตัวอย่าง", name_en="Example College")
                add_institution(desk.home.database, told)
            for one in before(case):
                assert bring(desk, one).quarantined == 0


@pytest.fixture(scope="module")
def institutions(tmp_path_factory: pytest.TempPathFactory) -> Institutions:
    return Institutions(folder=tmp_path_factory.mktemp("institutions"))


@contextmanager
def open_desk(place: Path) -> Iterator[Desk]:
    home = create_home(Settings(home=place / "home"))
    try:
        yield SealedDesk(home=home, folder=place / "files")
    finally:
        home.close()


def bring(desk: Desk, case: Case) -> ImportReport:
    path = case.path
    if not path.exists():
        path = desk.folder / case.name
        path.write_bytes(case.content())
    told, at = case.told, case.told.get("at", RECEIVED)
    request = ImportRequest(
        path=path, institution=told.get("institution", CODE), source=told.get("source", ""), table=told.get("table", ""),
        received_at=None if at == "now" else bangkok(at), history=told.get("history", False),
    )  # fmt: skip
    [report] = import_file(desk.home, request)
    return report


def log_of(desk: Desk) -> dict[str, list[dict[str, Any]]]:
    log = desk.log
    return {table.name: log.rows(table).to_pylist() for table in TABLES}


@EVERY_FILE
def test_a_file_gets_its_verdict(case: Case, institutions: Institutions) -> None:
    with institutions.fresh(case) as desk, institutions.fresh(case) as again:
        if "refused" in case.told:
            held = log_of(desk)
            with pytest.raises(ImportRefused) as refused:
                bring(desk, case)
            assert refused.value.code == case.told["refused"]
            assert not_said(case, str(refused.value))
            assert log_of(desk) == held
            return
        report = bring(desk, case)
        assert told_by(report) == wanted_by(case.told)
        assert report.accepted + report.known + report.quarantined + report.layout == report.rows
        assert not_said(case, f"{report.text()} {report!r}")
        assert_kept(desk, case.told, report)
        held = log_of(desk)
        assert_nothing_twice(desk, case, report)
        bring(again, case)
        assert held == log_of(again)


def told_by(report: ImportReport) -> dict[str, Any]:
    counts = {name: getattr(report, name) for name in COUNTS if getattr(report, name)}
    lines = {code: list(found) for code, found in report.lines.items()}
    warnings = {code: list(found) for code, found in report.warnings.items()}
    return {"counts": counts, "reasons": lines, "warnings": warnings, "fixes": dict(report.fixes)}


def wanted_by(told: Mapping[str, Any]) -> dict[str, Any]:
    counts = {name: int(number) for name, number in (part.split() for part in told["counts"].split(","))}
    return {"counts": counts, **{name: told.get(name, {}) for name in ("reasons", "warnings", "fixes")}}


def assert_kept(desk: Desk, told: Mapping[str, Any], report: ImportReport) -> None:
    """What the picture tells of the log, of the names in the vault and of the notes on the report."""
    for name, picture in told.get("records", {}).items():
        [columns, *rows] = rows_of(picture)
        known = desk.known(TABLE_OF[name], *columns)
        assert sorted([["" if cell is None else str(cell) for cell in row] for row in known]) == sorted(rows)
    people = ledger.student_ids(desk.home.database, CODE)
    assert len(people) == told.get("students", len(people))
    if "names" in told:
        kept = desk.home.vault.names(people.values()).values()
        assert sorted(f"{one.title} {one.first_name} {one.last_name}".strip() for one in kept) == sorted(told["names"])
    said = " ".join(f"{note.th} {note.en}" for note in report.notes)
    assert told.get("note", "") in said


def assert_nothing_twice(desk: Desk, case: Case, first: ImportReport) -> None:
    held = log_of(desk)
    second = bring(desk, case)
    assert (second.accepted, second.retracted, second.rows) == (0, 0, first.rows)
    assert log_of(desk) == held


def not_said(case: Case, said: str) -> bool:
    """Whether no identifier and no name of the file is in what was said of it."""
    return [cell for cell in cells_of_people(case) if cell in said] == []


def cells_of_people(case: Case) -> set[str]:
    sheets = case.told.get("sheet", [case.told])
    found: set[str] = set()
    for sheet in sheets:
        grid = Case(group=case.group, told=sheet).grid()
        head = next((row for row in grid if any(fold_label(cell) in _PEOPLE for cell in row)), [])
        columns = [
            place for place, word in enumerate(head) if fold_label(word) in _PEOPLE and fold_label(word) != "คำนำหน้าชื่อ"
        ]
        after = grid[grid.index(head) + 1 :] if head else []
        found |= {row[place] for row in after for place in columns if place < len(row) and len(row[place]) > 3}
    return found - {"ไม่มี"}


def test_the_files_are_what_their_pictures_say() -> None:
    assert [str(path.relative_to(ROOT)) for path in stale()] == []


def test_a_changed_file_and_a_stranger_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = next(case for case in cases() if case.path.suffix == ".csv")
    content = first.content()
    monkeypatch.setattr("scripts.write_corpus.CORPUS", tmp_path)
    monkeypatch.setattr("scripts.write_corpus.cases", lambda: [first])
    first.path.parent.mkdir()
    first.path.write_bytes(content)
    (tmp_path / first.group / "stranger.csv").touch()
    assert [path.name for path in stale()] == ["stranger.csv"]
    first.path.write_bytes(content + b"1")
    assert [path.name for path in stale()] == [first.name, "stranger.csv"]


def test_workbooks_are_the_same_when_what_is_in_them_is() -> None:
    one, other = (case.content() for case in [case for case in cases() if case.path.suffix == ".xlsx"][:2])
    assert same(one, bytes(one))
    assert not same(one, other)
    assert not same(one, b"another")


def test_the_corpus_has_every_group_and_stays_small() -> None:
    assert [int(group[:2]) for group in groups()] == list(range(1, 15))
    assert sum(path.stat().st_size for path in CORPUS.rglob("*") if path.is_file()) < MOST_BYTES


@pytest.mark.parametrize("case", [pytest.param(one, id=f"{one.group}/{one.name}") for one in cases()])
def test_a_picture_says_what_it_shows_and_uses_known_codes(case: Case) -> None:
    told = case.told
    assert set(told) <= _KEYS
    assert all(told["shows"][language] for language in ("th", "en"))
    assert told["verdict"] in VERDICTS
    assert (told["verdict"] == "reject") == ("refused" in told)
    assert (told["verdict"] == "quarantine") == bool(told.get("reasons"))
    assert (told["verdict"] == "accept+fix") <= bool(told.get("fixes") or told.get("warnings") or told.get("note"))
    if "gap" in told:  # may name codes that are still to come
        return
    assert {*told.get("reasons", {}), *told.get("warnings", {})} <= set(PROBLEM_OF)
    assert {PROBLEM_OF[code].warning for code in told.get("warnings", {})} <= {True}
    assert set(told.get("fixes", {})) <= set(FIX_OF)
