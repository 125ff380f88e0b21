"""The Open University dataset: refused when it is not whole, read in little memory, and the published counts again.

The data is looked for in the folder named by ZERODROP_OULAD.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from features.cohort import cohort
from features.state import Replay
from models.horizon import NEXT_COUNT
from records.access import open_log
from records.codes import EDUCATION
from records.college import Institution
from records.errors import ImportRefused
from records.home import DataHome, create_home
from records.intake.importing import ImportRequest, import_file
from records.intake.report import ImportReport
from records.intake.sources.oulad_files import (
    ENROLMENT,
    Presentation,
    open_tables,
    opens_on,
    presentations_of,
    totals_from_days,
)
from records.ledger import add_institution, institutions
from records.settings import Settings
from records.tables import ATTENDANCE_TOTAL, ENROLMENTS, GRADES, ROSTER_COUNTS
from training.outcome import labels, outcomes

ROOT = Path(__file__).resolve().parents[2]
# Beside the checkout, or where ZERODROP_OULAD says.
DATA = Path(
    os.environ.get("ZERODROP_OULAD") or next(iter(sorted(ROOT.parent.glob("*/data/oulad"))), ROOT / "data" / "oulad")
)
needs_data = pytest.mark.skipif(
    not (DATA / "anonymisedData.zip").is_file(),
    reason="THE OPEN UNIVERSITY DATASET IS NOT HERE: set ZERODROP_OULAD to the folder with anonymisedData.zip",
)
NAMES = ("courses", "assessments", "vle", "studentInfo", "studentRegistration", "studentAssessment", "studentVle")
PUBLISHED = {34: (6420, 0.192), 64: (6165, 0.158), 94: (5962, 0.130), 124: (5767, 0.100)}
SMALL: Mapping[str, str] = {
    "courses": "code_module,code_presentation,module_presentation_length\nAAA,2013J,60\n",
    "assessments": "code_module,code_presentation,id_assessment,assessment_type,date,weight\nAAA,2013J,1,TMA,20,10\nAAA,2013J,2,Exam,,100\n",
    "vle": "id_site,code_module,code_presentation,activity_type,week_from,week_to\n7,AAA,2013J,homepage,,\n8,AAA,2013J,quiz,,\n",
    "studentInfo": (
        "code_module,code_presentation,id_student,gender,region,highest_education,imd_band,age_band,"
        "num_of_prev_attempts,studied_credits,disability,final_result\n"
        "AAA,2013J,11,M,x,y,10-20,0-35,0,60,N,Pass\nAAA,2013J,12,F,x,y,,0-35,1,60,Y,Withdrawn\n"
    ),
    "studentRegistration": (
        "code_module,code_presentation,id_student,date_registration,date_unregistration\nAAA,2013J,11,-30,\nAAA,2013J,12,-5,40\n"
    ),
    "studentAssessment": "id_assessment,id_student,date_submitted,is_banked,score\n1,11,18,0,70\n1,12,22,0,50\n",
    "studentVle": (
        "code_module,code_presentation,id_student,id_site,date,sum_click\n"
        "AAA,2013J,11,7,-2,1\nAAA,2013J,11,7,-2,5\nAAA,2013J,11,7,3,1\nAAA,2013J,11,8,4,1\nAAA,2013J,11,7,33,1\n"
        "AAA,2013J,12,7,1,1\nAAA,2013J,12,7,50,1\n"
    ),
}  # fmt: skip


def zipped(folder: Path, tables: Mapping[str, str]) -> Path:
    path = folder / "anonymisedData.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in tables.items():
            archive.writestr(f"{name}.csv", text)
    return path


@pytest.fixture
def home(tmp_path: Path) -> Iterator[DataHome]:
    opened = create_home(Settings(home=tmp_path / "home"))
    yield opened
    opened.close()


def refusal(home: DataHome, path: Path, source: str = "") -> str:
    with pytest.raises(ImportRefused) as refused:
        import_file(home, ImportRequest(path=path, source=source))
    assert institutions(home.database) == []
    assert refused.value.text.th != ""
    return refused.value.text.en


# What is not whole


@pytest.mark.parametrize("missing", [("studentVle",), ("courses", "vle")])
def test_missing_tables_are_named(home: DataHome, tmp_path: Path, missing: tuple[str, ...]) -> None:
    path = zipped(tmp_path, {name: text for name, text in SMALL.items() if name not in missing})
    assert refusal(home, path) == (
        f"anonymisedData.zip lacks {', '.join(f'{name}.csv' for name in NAMES if name in missing)} "
        "of the Open University dataset. Point to the folder or zip as published."
    )


def test_a_folder_of_other_files_is_refused(home: DataHome, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "notes.txt").write_text("x")
    told = refusal(home, folder, "oulad")
    assert told.startswith("files lacks courses.csv, assessments.csv, vle.csv, ")


def test_what_is_no_zip_is_refused(home: DataHome, tmp_path: Path) -> None:
    path = tmp_path / "data.zip"
    path.write_bytes(b"no archive")
    assert refusal(home, path, "oulad") == (
        "data.zip cannot be read: it is no zip archive. Save it again as XLSX or CSV (UTF-8) and import that."
    )


def test_an_archive_of_a_college_is_none_of_this_dataset(home: DataHome, tmp_path: Path) -> None:
    add_institution(home.database, Institution(code="1320026101", name_th="วิทยาลัยตัวอย่าง", name_en="Example College"))
    path = tmp_path / "week.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("courses.csv", "a,b\n1,2\n")
    with pytest.raises(ImportRefused, match="is an archive of other files") as refused:
        import_file(home, ImportRequest(path=path))
    assert refused.value.code == "ARCHIVE"


# A dataset of two students


@pytest.mark.parametrize("as_zip", [True, False])
def test_clicks_on_the_home_page_become_days_present(home: DataHome, tmp_path: Path, as_zip: bool) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    path = zipped(folder, SMALL) if as_zip else folder
    if not as_zip:
        for name, text in SMALL.items():
            (folder / f"{name}.csv").write_text(text)
    reports = import_file(home, ImportRequest(path=path))
    assert not any(report.quarantined for report in reports)
    log = open_log(home, "AAA", actor="test", purpose="look")
    rows = log.rows(ATTENDANCE_TOTAL).to_pylist()
    ends = {opens_on("2013J") + timedelta(days=day): day for day in (4, 34, 60)}
    found = [(row["student"], ends[row["happened_on"]], row["held"], row["present"]) for row in rows]
    # Two clicks of one day are one day, a quiz is none; nothing is counted after the second student left on day 40.
    assert found == [(0, 4, 30, 2), (1, 4, 30, 1), (0, 34, 30, 1), (1, 34, 30, 0), (0, 60, 26, 0)]
    assert [row["students"] for row in log.rows(ROSTER_COUNTS).to_pylist()] == [1]
    statuses = [(row["student"], row["status"]) for row in log.rows(ENROLMENTS).to_pylist()]
    assert statuses == [(0, 0), (1, 0), (1, 4)]


def test_what_was_completed_before_is_told_by_its_level_and_an_unknown_word_by_none(
    home: DataHome, tmp_path: Path
) -> None:
    known = SMALL["studentInfo"].replace("11,M,x,y", "11,M,x,A Level or Equivalent")
    import_file(home, ImportRequest(path=zipped(tmp_path, {**SMALL, "studentInfo": known})))
    rows = open_log(home, "AAA", actor="test", purpose="look").rows(ENROLMENTS).to_pylist()
    upper = EDUCATION.position("UPPER_SECONDARY")
    assert {(row["student"], row["education_before"]) for row in rows} == {(0, upper), (1, None)}


def test_a_score_tells_how_late_the_work_came_unless_it_was_banked_before(home: DataHome, tmp_path: Path) -> None:
    handed_in = "id_assessment,id_student,date_submitted,is_banked,score\n1,11,18,0,70\n1,12,22,0,50\n1,13,-1,1,60\n"
    registered = SMALL["studentRegistration"] + "AAA,2013J,13,-9,\n"
    known = SMALL["studentInfo"] + "AAA,2013J,13,F,x,y,,0-35,1,60,Y,Pass\n"
    tables = {"studentAssessment": handed_in, "studentRegistration": registered, "studentInfo": known}
    import_file(home, ImportRequest(path=zipped(tmp_path, {**SMALL, **tables})))
    rows = open_log(home, "AAA", actor="test", purpose="look").rows(GRADES).to_pylist()
    found = {(row["student"], row["score"]): row["days_late"] for row in rows}
    # In time, work that was due on day 20 and came on day 22, and the row that said on the due day that it had not.
    assert found == {(0, 70): 0, (1, None): None, (1, 50): 2, (2, 60): None}


def test_the_same_dataset_twice_adds_nothing(home: DataHome, tmp_path: Path) -> None:
    path = zipped(tmp_path, SMALL)
    import_file(home, ImportRequest(path=path))
    again = import_file(home, ImportRequest(path=path))
    assert [(report.accepted, report.quarantined) for report in again] == [(0, 0)] * len(again)


# Memory

READ = """
import resource, sys
from pathlib import Path
from records.intake.sources.oulad_files import open_tables
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with open_tables(Path(sys.argv[1])) as tables:
    days = tables.homepage_days()
print(len(days), (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_two_million_clicks_are_read_in_little_memory(tmp_path: Path) -> None:
    """Read whole they take more than twice the limit, and the published table has five times as many rows."""
    path = tmp_path / "anonymisedData.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in SMALL.items():
            if name != "studentVle":
                archive.writestr(f"{name}.csv", text)
        with archive.open("studentVle.csv", "w") as clicks:
            clicks.write(SMALL["studentVle"].splitlines(keepends=True)[0].encode())
            lines = "".join(f"AAA,2013J,STUDENT,{7 + n % 2},{day},{n}\n" for day in range(250) for n in range(20))
            for student in range(400):
                clicks.write(lines.replace("STUDENT", str(100_000 + student)).encode())
    asked = [sys.executable, "-c", READ, str(path)]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    days, megabytes = map(int, done.stdout.split())
    assert days == 400 * 250
    assert megabytes < 80


# The real data


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DataHome, list[ImportReport]]]:
    """The presentations of 2014B alone, with their prepared totals: reading all of them takes half a minute."""
    folder = tmp_path_factory.mktemp("oulad")
    with open_tables(DATA) as tables:
        of_term = {name: tables.read(name) for name in NAMES if name not in ("studentVle", "studentAssessment")}
        handed_in = tables.read("studentAssessment")
    for name, rows in of_term.items():
        of_term[name] = rows[rows.code_presentation == "2014B"]
    of_term["studentAssessment"] = handed_in[handed_in.id_assessment.isin(of_term["assessments"].id_assessment)]
    for name, rows in of_term.items():
        rows.to_csv(folder / f"{name}.csv", index=False)
    (folder / "studentVle.csv").write_text(SMALL["studentVle"].splitlines()[0] + "\n")
    if (DATA / "activity_days.parquet").is_file():
        shutil.copy(DATA / "activity_days.parquet", folder)
    home = create_home(Settings(home=folder / "home"))
    yield home, import_file(home, ImportRequest(path=folder))
    home.close()


@needs_data
@pytest.mark.parametrize(("module", "code"), [("BBB", "2013B"), ("AAA", "2013J")])
def test_totals_counted_from_clicks_are_the_prepared_ones(module: str, code: str) -> None:
    if not (DATA / "activity_days.parquet").is_file():
        pytest.skip("activity_days.parquet is not beside the dataset")
    with open_tables(DATA) as tables:
        own = [p for p in presentations_of(tables.read("courses")) if (p.module, p.code) == (module, code)]
        counted = totals_from_days(tables.homepage_days(), own)
    prepared = pq.read_table(DATA / "activity_days.parquet").to_pandas()
    prepared = prepared[(prepared.code_module == module) & (prepared.code_presentation == code)].copy()
    prepared["as_of_day"] = prepared.as_of_day.replace(999, own[0].length)
    assert len(counted) > 1000
    pd.testing.assert_frame_equal(_ordered(counted), _ordered(prepared), check_dtype=False)


def _ordered(totals: pd.DataFrame) -> pd.DataFrame:
    keys = [*ENROLMENT, "as_of_day"]
    held = totals[totals.homepage_days > 0]
    return held[[*keys, "homepage_days"]].sort_values(keys).reset_index(drop=True)


@needs_data
def test_every_row_of_the_presentations_is_taken(read: tuple[DataHome, list[ImportReport]]) -> None:
    _, reports = read
    assert sum(report.accepted for report in reports) > 100_000
    assert [(report.institution, dict(report.reasons)) for report in reports if report.quarantined] == []


@needs_data
@pytest.mark.parametrize("day", PUBLISHED)
def test_students_at_risk_and_leavers_are_the_published_ones(
    read: tuple[DataHome, list[ImportReport]], day: int
) -> None:
    home, _ = read
    as_of = opens_on("2014B") + timedelta(days=day + 1)
    term = (2014, Presentation(module="", code="2014B", length=0).term)
    left = []
    for row in institutions(home.database):
        log = open_log(home, row.code, actor="test", purpose="published counts")
        who = cohort(Replay(log).advance(as_of), as_of)
        said = labels(outcomes(log, date(2100, 1, 1)), who, NEXT_COUNT)
        spans = [(span.academic_year, span.term) == term for span in who.terms]
        left.append(said.left[np.array(spans)[who.term]])
    told = np.concatenate(left)
    rows, rate = PUBLISHED[day]
    assert len(told) == rows
    assert abs(told.mean() - rate) < 0.00055
    assert int(told.sum()) == _leavers_by_hand(day)


def _leavers_by_hand(day: int) -> int:
    """Registered by the day, not unregistered by then, and unregistered later; straight from the files."""
    with open_tables(DATA) as tables:
        rows = tables.read("studentInfo").merge(tables.read("studentRegistration"), on=ENROLMENT)
    rows = rows[(rows.code_presentation == "2014B") & (rows.date_registration <= day)]
    rows = rows[~(rows.date_unregistration <= day)]
    undated = (rows.final_result == "Withdrawn") & rows.date_unregistration.isna()
    return int((rows[~undated].date_unregistration > day).sum())
