"""How long the feature table of a week takes from real log files on one core, beside pandas and the bare Parquet scan.

    python -m benchmarks.features --students 100000 --weeks 1

A simulated institution is written with `records.log.write_rows` as one file a week and table, in the order in which
records arrive: 35 students a class group, 90 school days, 1 % of days missing, 4 % entered late, 10 % of absences
corrected. Every measurement is a fresh process on one core; the fastest of `--repeats` counts. JSON lines: what was
written, the scan limit (PyArrow decodes the columns that are needed, nothing else), zerodrop (the whole catalogue over
all tables), pandas (attendance alone, with its values compared to ours), and the ratios.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.attendance import ABSENT_OR_LEAVE, LATE, LEAVE, MISSED, SEEN
from features.catalogue import CATALOGUE
from features.snapshot import features
from features.state import FOLDED_TABLES, Replay
from records import tables
from records.clock import milliseconds, start_of
from records.codes import ATTENDANCE_STATUSES, SESSIONS
from records.ledger import LogFile, LogIndex
from records.log import EventLog, write_rows
from records.tables import Table, Where

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Told = dict[str, object]
Figures = dict[str, Any]
INSTITUTION = "BENCH"
OPENS, SCHOOL_WEEKS, TERM_WEEKS = date(2025, 5, 19), 18, 20
OPENED_BEFORE = OPENS - timedelta(weeks=26)
PER_CLASS, COURSES = 35, 8
DAY_MS = 86_400_000
# What zerodrop reads of attendance, and what nobody can do without.
NEEDED = {"attendance": ["student", "happened_on", "session", "status", "recorded_at", "retracted"]}
PEER_FEATURES = (
    "missed_days_28d", "missed_share_14d", "missed_share_28d", "missed_share_term", "away_share_term", "late_days_28d",
    "leave_days_28d", "longest_missed_run_term", "days_since_seen", "missed_slope_56d", "missed_change_14d",
    "missed_share_28d_in_group",
)  # fmt: skip
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _arguments(arguments)
    if asked.measure:
        _use_one_core()
        print(json.dumps(MEASUREMENTS[asked.measure](asked.log, asked)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        _say({"what": "log", **_in_own_process("log", Path(folder), asked)})
        scan, ours, peer = (_fastest(what, Path(folder), asked) for what in ("scan", "zerodrop", "pandas"))
        for what, figures in (("scan limit", scan), ("zerodrop", ours), ("pandas", peer)):
            _say({"what": what, **figures})
        ratios = {f"{name}_to_zerodrop": round(one["cpu_s"] / ours["cpu_s"], 2) for name, one in (("pandas", peer), ("scan_limit", scan))}  # fmt: skip
        _say({"what": "ratios", **ratios})
    return 0


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The feature table of a week, from log files.")
    parser.add_argument("--students", type=int, default=100_000)
    parser.add_argument("--weeks", type=int, default=1, help="how many Mondays, the last of them after 90 school days")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--measure", choices=tuple(MEASUREMENTS), help="one measurement in this process")
    parser.add_argument("--log", type=Path, help="the folder of the log, with --measure")
    return parser.parse_args(arguments)


def _say(line: Figures) -> None:
    print(json.dumps({"benchmark": "features", **line}), flush=True)


def _fastest(what: str, log: Path, asked: argparse.Namespace) -> Figures:
    runs = [_in_own_process(what, log, asked) for _ in range(asked.repeats)]
    return min(runs, key=lambda run: float(run["cpu_s"]))


def _in_own_process(what: str, log: Path, asked: argparse.Namespace) -> Figures:
    """In a process of its own, so that its memory is its own."""
    command = [sys.executable, "-m", "benchmarks.features", "--measure", what, "--log", str(log)]
    command += [f"--students={asked.students}", f"--weeks={asked.weeks}"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env={**os.environ, **ONE_THREAD})
    figures: Figures = json.loads(done.stdout)
    return figures


def _use_one_core() -> None:
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def _clock() -> Floats:
    """CPU and wall seconds of this process so far."""
    return np.array([time.process_time(), time.perf_counter()])


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _mondays(weeks: int) -> list[date]:
    return [OPENS + timedelta(weeks=week) for week in range(SCHOOL_WEEKS - weeks + 1, SCHOOL_WEEKS + 1)]


def measure_scan(folder: Path, _: argparse.Namespace) -> Figures:
    log = _open_log(folder)
    start, rows = _clock(), 0
    for table in FOLDED_TABLES:
        for file in (file for file in log.files if file.table == table.name):
            rows += pq.read_table(folder / file.path, columns=NEEDED.get(table.name), use_threads=False).num_rows
    return {**_seconds(_clock() - start), "peak_mb": _peak_mb(), "rows": rows}


def measure_zerodrop(folder: Path, asked: argparse.Namespace) -> Figures:
    log, days = _open_log(folder), _mondays(asked.weeks)
    fold, answer = np.zeros(2), np.zeros(2)
    forward = Replay(log)
    for day in days:
        start = _clock()
        state = forward.advance(day)
        folded = _clock()
        snapshot = features(state, day)
        fold, answer = fold + folded - start, answer + _clock() - folded
    peak = _peak_mb()
    snapshot.frame().to_parquet(folder / "ours.parquet")
    known = [file.rows for file in log.files if file.first_recorded_at < start_of(days[-1])]
    return {
        "students": len(snapshot.cohort.student), "features": len(CATALOGUE), "weeks": len(days), "rows": sum(known),
        **_seconds(fold, "fold_"), **_seconds(answer, "features_"), **_seconds(fold + answer), "peak_mb": peak,
    }  # fmt: skip


def measure_pandas(folder: Path, asked: argparse.Namespace) -> Figures:
    log, start = _open_log(folder), _clock()
    for day in _mondays(asked.weeks):
        found = attendance_by_pandas(log, day)
    spent, peak, ours = _clock() - start, _peak_mb(), pd.read_parquet(folder / "ours.parquet")
    apart = [n for n in PEER_FEATURES if not np.allclose(found[n], ours[n], rtol=1e-4, atol=2e-3, equal_nan=True)]
    told: Figures = {"version": pd.__version__, "features": len(PEER_FEATURES), "weeks": asked.weeks}
    return {**told, **_seconds(spent), "peak_mb": peak, "values_that_differ": apart}


def _seconds(spent: Floats, step: str = "") -> Figures:
    return {f"{step}cpu_s": round(float(spent[0]), 3), f"{step}wall_s": round(float(spent[1]), 3)}


def _open_log(folder: Path) -> EventLog:
    told = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    instants = ("first_recorded_at", "last_recorded_at")
    files = (LogFile(**{**one, **{name: datetime.fromisoformat(one[name]) for name in instants}}) for one in told)
    index = LogIndex(files=tuple(files), ledger_number=1, epoch=0)
    return EventLog(folder=folder, institution=INSTITUTION, index=index)


def attendance_by_pandas(log: EventLog, as_of: date) -> pd.DataFrame:
    """What a careful analyst writes: twelve attendance features from the last version of every day, by student."""
    today, opens = _number(as_of), _number(OPENS)
    days = _last_versions(log, as_of)
    days = days[(days["day"] >= opens) & (days["day"] < today)]
    student, group = days["student"], _class_groups(log)
    for name, where in (("missed", MISSED), ("away", ABSENT_OR_LEAVE), ("late", LATE), ("leave", LEAVE)):
        days[name] = days["status"].isin(_positions(where))
    found = pd.DataFrame(index=group.index)
    last_28 = days[days["day"] >= today - 28].groupby("student")
    found["missed_days_28d"] = last_28["missed"].sum()
    found["late_days_28d"] = last_28["late"].sum()
    found["leave_days_28d"] = last_28["leave"].sum()
    found["missed_share_28d"] = last_28["missed"].mean().round(4)
    last_14 = days[days["day"] >= today - 14].groupby("student")["missed"].mean()
    found["missed_share_14d"] = last_14.round(4)
    in_term = days.groupby("student")
    found["missed_share_term"] = in_term["missed"].mean().round(4)
    found["away_share_term"] = in_term["away"].mean().round(4)
    found["longest_missed_run_term"] = _longest_run(days)
    seen = days["status"].isin(_positions(SEEN))
    found["days_since_seen"] = today - days.loc[seen, "day"].groupby(student[seen]).max()
    last_56 = days[days["day"] >= today - 56]
    found["missed_slope_56d"] = _slope(last_56, today).round(4)
    before = last_56[last_56["day"] < today - 14].groupby("student")["missed"].mean()
    found["missed_change_14d"] = (last_14 - before).round(4)
    share = found["missed_share_28d"].groupby(group)
    spread = share.transform("std").where((share.transform("count") >= 8) & (share.transform("std") > 1e-9))
    found["missed_share_28d_in_group"] = ((found["missed_share_28d"] - share.transform("mean")) / spread).round(3)
    return found


def _last_versions(log: EventLog, as_of: date) -> pd.DataFrame:
    limit = start_of(as_of)
    files = (file for file in log.files if file.table == tables.ATTENDANCE.name and file.first_recorded_at < limit)
    known = [("recorded_at", "<", pa.scalar(milliseconds(limit), pa.timestamp("ms", tz="UTC")))]
    paths = [log.folder / file.path for file in sorted(files, key=lambda file: file.batch)]
    chunks = [pq.read_table(path, columns=NEEDED["attendance"], filters=known, use_threads=False) for path in paths]
    told = pa.concat_tables(chunks)
    day = told.column("happened_on").cast(pa.int32())  # dates would become Python objects
    told = told.select(["student", "session", "status", "retracted"]).append_column("day", day)
    rows = told.to_pandas(split_blocks=True, self_destruct=True)
    rows = rows[rows["session"] == SESSIONS.position("DAY")]
    rows = rows.drop_duplicates(["student", "day"], keep="last")
    found: pd.DataFrame = rows[~rows["retracted"] & ~rows["status"].isin([ATTENDANCE_STATUSES.position(code) for code in ("N", "H", "I")])]  # fmt: skip
    return found


def _class_groups(log: EventLog) -> "pd.Series[str]":
    rows = log.rows(tables.ENROLMENTS, columns=["student", "academic_year", "class_group"]).to_pandas()
    rows = rows[rows["academic_year"] == OPENS.year].drop_duplicates("student", keep="last")
    groups: pd.Series[str] = rows.sort_values("student").set_index("student")["class_group"]
    return groups


def _positions(where: Where) -> list[int]:
    return [ATTENDANCE_STATUSES.position(value) for value in where.values]


def _longest_run(days: pd.DataFrame) -> "pd.Series[int]":
    ordered = days.sort_values(["student", "day"])
    ends = ~ordered["missed"] | (ordered["student"] != ordered["student"].shift())
    runs = ordered["missed"].groupby(ends.cumsum()).transform("sum")
    return runs.groupby(ordered["student"]).max()


def _slope(days: pd.DataFrame, today: int) -> "pd.Series[float]":
    x, y = (days["day"] - today).astype(float), days["missed"].astype(float)
    parts = pd.DataFrame({"student": days["student"], "n": 1.0, "x": x, "y": y, "xx": x * x, "xy": x * y})
    sums = parts.groupby("student").sum()
    spread = sums["n"] * sums["xx"] - sums["x"] ** 2
    return 7 * (sums["n"] * sums["xy"] - sums["x"] * sums["y"]) / spread.where(spread > 0)


@dataclass(frozen=True)
class Batch:
    """Rows of one table as columns; what is not given is not told."""

    table: Table
    student: Ints | None
    day: Ints
    recorded_ms: Ints
    told: Told


def write_simulated_log(folder: Path, asked: argparse.Namespace) -> Figures:
    """Write the log and its index; what was written."""
    random, students = np.random.default_rng(20250519), asked.students
    files = [_write(folder, batch, number=1) for batch in _before_the_term(random, students)]
    files += [_write(folder, one, number=week) for week, one in enumerate(_weeks_of_attendance(random, students), 2)]
    files += [_write(folder, batch, number=week) for week, batch in _within_the_term(random, students)]
    (folder / "index.json").write_text(json.dumps([asdict(file) for file in files], default=str), encoding="utf-8")
    rows = {table.name: sum(file.rows for file in files if file.table == table.name) for table in FOLDED_TABLES}
    size = sum((folder / file.path).stat().st_size for file in files)
    return {"students": students, "files": len(files), "rows": rows, "mb": round(size / 1e6, 1)}


def _before_the_term(random: np.random.Generator, students: int) -> list[Batch]:
    """Calendars, rosters of two terms, results of the term before, and the household survey."""
    numbers = np.arange(students)
    names = pa.array([f"G{group:05d}" for group in range(-(-students // PER_CLASS))])
    groups = names.take(pa.array(numbers // PER_CLASS))
    batches = []
    for year, term, opens, weeks in ((2024, 2, OPENED_BEFORE, 18), (2025, 1, OPENS, TERM_WEEKS)):
        day = _number(opens) + np.arange(7 * weeks)
        day = day[(day + 3) % 7 < 5]  # 1970-01-01 was a Thursday
        batches.append(_known_before(tables.CALENDAR, None, day, academic_year=year, term=term, kind="TEACH"))
        roster = np.full(students, _number(opens) - 7)
        gpa = np.round(random.uniform(1.5, 4, students), 2)
        batches.append(_known_before(tables.ENROLMENTS, numbers, roster, academic_year=year, term=term, level="V1", class_group=groups, entry_gpa=gpa))  # fmt: skip
    parts = [0.2, 0.15, 0.15, 0.12, 0.12, 0.1, 0.08, 0.05, 0.03]
    codes = random.choice(9, students * COURSES, p=parts).astype(np.uint8)
    batches.append(_courses(students, _number(OPENS) - 50, 2024, 2, "FINAL", codes, None))
    surveyed = np.flatnonzero(random.random(students) < 0.7)
    income = np.round(random.lognormal(8.2, 0.6, len(surveyed)))
    works = random.random(len(surveyed)) < 0.3
    survey_day = np.full(len(surveyed), _number(OPENS) - 10)
    batches.append(_known_before(tables.HOUSEHOLD, surveyed, survey_day, income_per_head=income, works_parttime=works, travel_km=income % 40))  # fmt: skip
    return batches


def _within_the_term(random: np.random.Generator, students: int) -> list[tuple[int, Batch]]:
    """Three areas of screening in the fourth week, marks of the half-term in the tenth."""
    week_4, week_10 = _number(OPENS) + 22, _number(OPENS) + 64
    batches = []
    for area in ("OVERALL", "LEARNING", "ECONOMY"):
        level = random.choice(3, students, p=[0.7, 0.2, 0.1]).astype(np.uint8)
        told: Told = {"tool": "OVEC9", "area": area, "level": level}
        day = np.full(students, week_4)
        batches.append((5, Batch(tables.SCREENING, np.arange(students), day, day * DAY_MS, told)))
    scored, not_submitted = (_code(tables.GRADES, "grade", value) for value in ("SCORED", "NOT_SUBMITTED"))
    handed_in = random.random(students * COURSES) < 0.95
    marks = np.where(handed_in, scored, not_submitted).astype(np.uint8)
    score = pa.array(np.round(random.uniform(30, 100, students * COURSES)), mask=~handed_in)
    return [*batches, (11, _courses(students, week_10, 2025, 1, "MID", marks, score))]


def _courses(students: int, day: int, year: int, term: int, item: str, marks: npt.NDArray[np.uint8], score: pa.Array | None) -> Batch:  # fmt: skip
    student = np.repeat(np.arange(students), COURSES)
    course = pa.array([f"C{number}" for number in range(COURSES)]).take(pa.array(np.tile(np.arange(COURSES), students)))
    days = np.full(len(student), day)
    told: Told = {"academic_year": year, "term": term, "course_code": course, "item": item, "attempt": 1, "grade": marks, "score": score}  # fmt: skip
    return Batch(tables.GRADES, student, days, days * DAY_MS, told)


def _known_before(table: Table, student: Ints | None, day: Ints, **told: object) -> Batch:
    first = _number(OPENED_BEFORE) if table is tables.CALENDAR else int(day[0])
    return Batch(table, student, day, np.full(len(day), first * DAY_MS), told)


def _weeks_of_attendance(random: np.random.Generator, students: int) -> list[Batch]:
    """By the week in which they are recorded: the day's class register, late entries, and corrections of absences."""
    weeks: list[list[tuple[Ints, Ints, Ints, Ints]]] = [[] for _ in range(SCHOOL_WEEKS + 4)]
    codes = np.array([ATTENDANCE_STATUSES.position(value) for value in ("P", "L", "A", "K", "S")])
    risk = random.beta(1, 12, students)
    everyone = np.arange(students)
    for number in range(5 * SCHOOL_WEEKS):
        day = 7 * (number // 5) + number % 5
        student = everyone[random.random(students) >= 0.01]
        missed = random.random(len(student)) < risk[student]
        drawn = np.where(missed, random.choice([2, 3], len(student), p=[0.9, 0.1]), random.choice([0, 1, 4], len(student), p=[0.92, 0.05, 0.03]))  # fmt: skip
        late = np.where(random.random(len(student)) < 0.04, random.integers(1, 15, len(student)), 0)
        # A register is entered in the afternoon, class by class, at 15:00 in Bangkok and after (08:00 UTC).
        entered = (_number(OPENS) + day + late) * DAY_MS + 8 * 3_600_000 + (student // PER_CLASS % 90) * 60_000
        told = [(student, day + late, codes[drawn], entered)]
        wrong = np.flatnonzero(missed & (random.random(len(student)) < 0.1))
        delay = random.integers(1, 11, len(wrong))
        told.append((student[wrong], day + late[wrong] + delay, np.full(len(wrong), codes[4]), entered[wrong] + delay * DAY_MS))  # fmt: skip
        for who, recorded, status, at in told:
            happened = np.full(len(who), _number(OPENS) + day)
            for week in np.unique(recorded // 7):
                same = recorded // 7 == week
                weeks[int(week)].append((who[same], happened[same], status[same], at[same]))
    columns = ([np.concatenate(column) for column in zip(*parts, strict=True)] for parts in weeks if parts)
    return [
        Batch(tables.ATTENDANCE, student, happened, at, {"session": "DAY", "status": status})
        for student, happened, status, at in columns
    ]


def _write(folder: Path, batch: Batch, *, number: int) -> LogFile:
    count = len(batch.day)
    columns = {
        "student": batch.student,
        "happened_on": batch.day.astype(np.int32),
        "recorded_at": batch.recorded_ms,
        "line": np.arange(count, dtype=np.int32),
        "retracted": np.zeros(count, bool),
        **{name: _column(batch.table, name, cells, count) for name, cells in batch.told.items()},
    }
    told = ((columns.get(field.name), field.type) for field in batch.table.schema)
    arrays = [pa.nulls(count, kind) if cells is None else pa.array(cells).cast(kind) for cells, kind in told]
    rows = pa.table(arrays, schema=batch.table.schema)
    return replace(write_rows(folder, INSTITUTION, batch.table, rows), batch=number)


def _column(table: Table, name: str, cells: object, count: int) -> object:
    """A column as it is, or one value for all rows."""
    if isinstance(cells, str) and table[name].codes is not None:
        cells = _code(table, name, cells)
    return pa.repeat(pa.scalar(cells), count) if isinstance(cells, str | int) else cells


def _code(table: Table, column: str, value: str) -> int:
    codes = table[column].codes
    assert codes is not None
    return codes.position(value)


def _number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


MEASUREMENTS: dict[str, Callable[[Path, argparse.Namespace], Figures]] = {
    "log": write_simulated_log,
    "scan": measure_scan,
    "zerodrop": measure_zerodrop,
    "pandas": measure_pandas,
}

if __name__ == "__main__":
    sys.exit(main())
