"""How fast files come in: attendance as CSV into the log and a roster as XLSX, beside readers that only read them.

    python -m benchmarks.intake --rows 1000000 --workbook-rows 200000

The CSV goes into the log of a fresh data home through the ordinary import, with its checks, the vault and the ledger;
beside it stand PyArrow's CSV reader, the limit of what one core can do with such a file, and pandas.read_csv(dtype=str),
which most scripts begin with. The workbook of eight columns stands beside pandas.read_excel(dtype=str), by openpyxl where
it is installed and else by calamine. Each measurement is a fresh process on one core. JSON lines: what was written, then
seconds, rows a second and peak memory of each, then the ratios.
"""

import argparse
import csv
import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import xlsxwriter

from records.college import Institution
from records.home import create_home
from records.intake.importing import ImportRequest, import_file
from records.ledger import add_institution
from records.settings import Settings

Figures = dict[str, Any]
INSTITUTION = "1320026101"
DAYS, PER_CLASS = 200, 35
FIRST_DAY = date(2024, 5, 16)
MARKS = ("มา", "มา", "มา", "มา", "มา", "มา", "มา", "สาย", "ขาด", "ลาป่วย")
ATTENDANCE = ("รหัสนักศึกษา", "วันที่", "คาบ", "สถานะ")
ROSTER = ("รหัสนักศึกษา", "ชื่อ", "นามสกุล", "ปีการศึกษา", "ภาคเรียน", "ระดับชั้น", "กลุ่มเรียน", "วันที่ข้อมูล")
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
OPENPYXL = importlib.util.find_spec("openpyxl") is not None


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="How fast files come in, beside readers that only read them.")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of attendance in the CSV")
    parser.add_argument("--workbook-rows", type=int, default=200_000, help="rows of the workbook, eight columns each")
    parser.add_argument("--step", choices=sorted(STEPS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.step:
        print(json.dumps(_measured(asked.step, asked.folder)), flush=True)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        for line in lines(Path(folder), asked.rows, asked.workbook_rows):
            print(json.dumps(line, ensure_ascii=False), flush=True)
    return 0


def lines(folder: Path, rows: int, workbook_rows: int) -> Iterator[Figures]:
    """What was written, every measurement, and ours beside the others."""
    students = max(1, -(-rows // DAYS))
    write_attendance(folder / "attendance.csv", rows)
    write_roster(folder / "roster.csv", students)
    write_workbook(folder / "roster.xlsx", workbook_rows)
    yield {
        "written": {"attendance.csv": rows, "roster.xlsx": workbook_rows, "students": students},
        "megabytes": {
            name: round((folder / name).stat().st_size / 1e6, 1) for name in ("attendance.csv", "roster.xlsx")
        },
        "openpyxl": OPENPYXL,
    }
    found: dict[str, Figures] = {}
    for step in STEPS:
        found[step] = in_a_process(step, folder)
        size = workbook_rows if step.startswith("xlsx") else rows
        yield {"step": step, **found[step], "rows_per_second": round(size / found[step]["seconds"])}
    ours, book = found["csv_zerodrop"], found["xlsx_zerodrop"]
    yield {
        "csv_times_pyarrow": _ratio(ours, found["csv_pyarrow"]),
        "csv_times_pandas": _ratio(ours, found["csv_pandas"]),
        "xlsx_times_pandas": _ratio(book, found["xlsx_pandas"]),
    }


def _ratio(ours: Figures, other: Figures) -> float:
    """How many times as long as the other; below 1 is faster."""
    return round(float(ours["seconds"]) / float(other["seconds"]), 2)


# What is written


def _code(student: int) -> str:
    return f"682{student:08}"


def _thai(day: date) -> str:
    return f"{day:%d/%m}/{day.year + 543}"


def write_attendance(path: Path, rows: int) -> None:
    """Every student on every day, day by day, as roll calls are exported."""
    students = max(1, -(-rows // DAYS))
    days = [_thai(FIRST_DAY + timedelta(days=offset)) for offset in range(DAYS)]
    with path.open("w", encoding="utf-8", newline="") as file:
        write = csv.writer(file).writerow
        write(ATTENDANCE)
        for row in range(rows):
            day, student = divmod(row, students)
            write((_code(student), days[day], "1", MARKS[(row * 7 + day) % len(MARKS)]))


def _roster_rows(students: int) -> Iterator[tuple[str, ...]]:
    for student in range(students):
        group = f"ก.{student // PER_CLASS + 1}"
        yield _code(student), f"คนที่{student}", "ทดสอบ", "2567", "1", "ปวช.1", group, "16/05/2567"


def write_roster(path: Path, students: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([ROSTER, *_roster_rows(students)])


def write_workbook(path: Path, rows: int) -> None:
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        page = book.add_worksheet("Sheet1")
        for line, cells in enumerate([ROSTER, *_roster_rows(rows)]):
            for column, cell in enumerate(cells):
                page.write_string(line, column, cell)


# What is measured


def in_a_process(step: str, folder: Path) -> Figures:
    """One measurement in a process of its own, on one core where the system can bind it to one."""
    command = [sys.executable, "-m", "benchmarks.intake", "--step", step, "--folder", str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env={**os.environ, **ONE_THREAD})
    measured: Figures = json.loads(done.stdout)
    return measured


def _measured(step: str, folder: Path) -> Figures:
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
    seconds = STEPS[step](folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"seconds": round(seconds, 3), "peak_mb": peak}


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _csv_zerodrop(folder: Path) -> float:
    return _imported(folder, "attendance.csv", before="roster.csv")


def _xlsx_zerodrop(folder: Path) -> float:
    return _imported(folder, "roster.xlsx")


def _imported(folder: Path, name: str, before: str = "") -> float:
    """The import of one file into a fresh home, in which `before` has come in already."""
    with tempfile.TemporaryDirectory() as place:
        home = create_home(Settings(home=Path(place) / "home"))
        add_institution(home.database, Institution(code=INSTITUTION, name_th="วัดความเร็ว", name_en="Benchmark"))
        if before:
            import_file(home, ImportRequest(path=folder / before, source="roster"))
        seconds = _timed(lambda: _taken_whole(import_file(home, ImportRequest(path=folder / name))))
        home.close()
    return seconds


def _taken_whole(reports: Sequence[Any]) -> None:
    """A run in which rows were not taken measures something else."""
    for report in reports:
        if report.accepted != report.rows:
            raise RuntimeError(f"{report.rows - report.accepted:,} of {report.rows:,} rows were not taken")


def _csv_pyarrow(folder: Path) -> float:
    kinds = dict.fromkeys(ATTENDANCE, pa.string())
    return _timed(
        lambda: pacsv.read_csv(
            folder / "attendance.csv",
            read_options=pacsv.ReadOptions(use_threads=False),
            convert_options=pacsv.ConvertOptions(column_types=kinds),
        )
    )


def _csv_pandas(folder: Path) -> float:
    return _timed(lambda: pd.read_csv(folder / "attendance.csv", dtype=str))


def _xlsx_pandas(folder: Path) -> float:
    path = folder / "roster.xlsx"
    if OPENPYXL:
        return _timed(lambda: pd.read_excel(path, dtype=str, engine="openpyxl"))
    return _timed(lambda: pd.read_excel(path, dtype=str, engine="calamine"))


STEPS: dict[str, Callable[[Path], float]] = {
    "csv_pyarrow": _csv_pyarrow,
    "csv_pandas": _csv_pandas,
    "csv_zerodrop": _csv_zerodrop,
    "xlsx_pandas": _xlsx_pandas,
    "xlsx_zerodrop": _xlsx_zerodrop,
}

if __name__ == "__main__":
    raise SystemExit(main())
