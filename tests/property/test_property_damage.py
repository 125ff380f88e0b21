"""Damaged files never crash, never lose a row, and never change what an undamaged row says."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from records.college import Institution
from records.errors import ImportRefused
from records.home import create_home
from records.intake.report import ImportReport
from records.ledger import add_institution
from records.settings import Settings
from scripts.write_corpus import Case, cases
from tests.intake.desk import CODE, Desk
from tests.property.damage import CLEAN, HARMFUL, HARMLESS, NATIONAL, STUDENTS, Record, Sheet, damaged, write
from tests.property.profile import COLLEGES

RECEIVED = "2025-12-01 08:00"
FILES = COLLEGES if COLLEGES.max_examples > 50 else settings(COLLEGES, max_examples=30)
SEEDS = st.integers(0, 2**32)
KIND = st.sampled_from(list(CLEAN))
SMALL = [case for case in cases() if case.is_stored and "refused" not in case.told]


@dataclass(frozen=True, kw_only=True)
class Ready:
    """Institutions as files find them: one with nothing, one with a roster."""

    folder: Path

    @contextmanager
    def desk(self, *, with_roster: bool) -> Iterator[Desk]:
        with tempfile.TemporaryDirectory() as place:
            shutil.copytree(self.folder / str(with_roster), place, dirs_exist_ok=True)
            with open_desk(Path(place)) as desk:
                yield desk


@contextmanager
def open_desk(place: Path) -> Iterator[Desk]:
    home = create_home(Settings(home=place / "home"))
    try:
        yield Desk(home=home, folder=place / "files")
    finally:
        home.close()


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Ready:
    folder = tmp_path_factory.mktemp("ready")
    for with_roster in (False, True):
        place = folder / str(with_roster)
        (place / "files").mkdir(parents=True)
        with open_desk(place) as desk:
            told = Institution(code=CODE, name_th="วิทยาลัยตัวอย่าง", name_en="Example College")
            add_institution(desk.home.database, told)
            if with_roster:
                desk.roster({int(code): "ชย.1/1" for code in STUDENTS}, at="2025-05-10 08:00")
    return Ready(folder=folder)


def bring(desk: Desk, sheet: Sheet, random: Random) -> ImportReport:
    path = write(sheet, desk.folder, random)
    report = desk.bring(path, at=RECEIVED, source=sheet.source)
    assert report.accepted + report.known + report.quarantined + report.layout == report.rows
    return report


def records_of(desk: Desk, sheet: Sheet) -> dict[int, list[Record]]:
    """What the log says of each clean row."""
    place = sheet.line_of()
    found: dict[int, list[Record]] = {}
    for line, *record in desk.read(sheet.table, "line", *sheet.columns):
        if line in place:
            found.setdefault(place[line], []).append(tuple(record))
    return found


def untouched(sheet: Sheet) -> dict[int, list[Record]]:
    return {row: [told] for row, told in enumerate(sheet.says) if row not in sheet.touched}


@FILES
@given(KIND, SEEDS)
def test_a_clean_file_comes_back_as_it_was_written(ready: Ready, kind: str, seed: int) -> None:
    random = Random(seed)
    sheet = CLEAN[kind](random)
    with ready.desk(with_roster=sheet.source in ("attendance", "plain")) as desk:
        report = bring(desk, sheet, random)
        assert (report.accepted, report.quarantined, report.layout) == (len(sheet.rows), 0, 0)
        assert records_of(desk, sheet) == untouched(sheet)


@FILES
@given(KIND, SEEDS, st.sets(st.sampled_from(HARMLESS), min_size=1, max_size=5))
def test_harmless_damage_changes_no_record(ready: Ready, kind: str, seed: int, damages: set[object]) -> None:
    random = Random(seed)
    sheet = damaged(CLEAN[kind](random), [damage for damage in HARMLESS if damage in damages], random)
    with ready.desk(with_roster=sheet.source in ("attendance", "plain")) as desk:
        report = bring(desk, sheet, random)
        assert report.quarantined == 0, (report.lines, [damage.__name__ for damage in HARMLESS if damage in damages])
        assert (report.rows, report.layout) == (sheet.filled + len(sheet.below), len(sheet.below))
        assert records_of(desk, sheet) == untouched(sheet)


@FILES
@given(KIND, SEEDS, st.sets(st.sampled_from(HARMFUL), min_size=1), st.sets(st.sampled_from(HARMLESS), max_size=3))
def test_a_damaged_row_takes_no_other_with_it(
    ready: Ready, kind: str, seed: int, harm: set[object], damages: set[object]
) -> None:
    random = Random(seed)
    chosen = [damage for damage in (*HARMLESS, *HARMFUL) if damage in (*harm, *damages)]
    sheet = damaged(CLEAN[kind](random), chosen, random)
    with ready.desk(with_roster=sheet.source in ("attendance", "plain")) as desk:
        try:
            report = bring(desk, sheet, random)
        except ImportRefused:
            assert sheet.touched
            return
        assert report.rows == sheet.filled + len(sheet.below)
        found = records_of(desk, sheet)
        assert {row: told for row, told in found.items() if row not in sheet.touched} == untouched(sheet)


@FILES
@given(st.binary(max_size=2_000), st.sampled_from(("file.csv", "file.xlsx", "file.xls", "file.txt")), st.sampled_from((b"", b"PK\3\4", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PAR1", b"\xff\xfe", "รหัสนักศึกษา,วันที่,สถานะ\n".encode())))  # fmt: skip
def test_random_bytes_are_refused_or_reported(ready: Ready, content: bytes, name: str, start: bytes) -> None:
    with ready.desk(with_roster=True) as desk:
        path = desk.folder / name
        path.write_bytes(start + content)
        refused_or_reported(desk, path)


@FILES
@given(st.sampled_from(SMALL), st.floats(0, 1))
def test_a_file_that_was_cut_off_is_refused_or_reported(ready: Ready, case: Case, share: float) -> None:
    content = case.path.read_bytes()
    with ready.desk(with_roster=True) as desk:
        path = desk.folder / case.name
        path.write_bytes(content[: int(len(content) * share)])
        refused_or_reported(desk, path)


def refused_or_reported(desk: Desk, path: Path) -> None:
    with suppress(ImportRefused):
        report = desk.bring(path, at=RECEIVED)
        assert report.accepted + report.known + report.quarantined + report.layout == report.rows


def test_the_roster_of_the_pictures_has_a_number_for_everybody() -> None:
    assert len(NATIONAL) == len(STUDENTS)


def test_a_first_header_on_two_lines_after_a_byte_order_mark_keeps_its_quotes(ready: Ready) -> None:
    with ready.desk(with_roster=True) as desk:
        path = desk.folder / "file.csv"
        path.write_text('"รหัส\nนักศึกษา",วันที่,สถานะ\n68201010001,19/05/2568,มา\n', encoding="utf-8-sig")
        assert desk.bring(path, at=RECEIVED).accepted == 1
