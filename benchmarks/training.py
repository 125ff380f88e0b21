"""How long `zerodrop train` takes, step by step, and how much memory, on a simulated college or on a million rows.

    python -m benchmarks.training                       a simulated college of 3,000: six whole years are 12 closed terms
    python -m benchmarks.training --million --home NEW  one of 7,000 for five years: about a million student-weeks
    python -m benchmarks.training --home HOME           the institutions of a home, all together

With `--colleges 10` a new home is filled with ten of them, each with people of its own: with `--million` about ten
million student-weeks. With `--panel` it stops when the rows are made: at most 6,000 megabytes for ten million.

JSON: wall and CPU seconds of every step of training with the processes that it starts, their sums, the peak of their
memory together in megabytes (a page that several share is counted in each), and what was trained. Simulating and
taking in are not counted. The goals are 120 seconds on two cores for 3,000 students and 12 terms, and 10 minutes and
8,000 megabytes for a million student-weeks. CPU seconds are what to compare on a machine that is not free; a step
whose CPU seconds exceed its wall seconds used several cores. Each further core adds a process with memory of its own.
"""

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from models.horizon import LIST_HORIZON
from records.clock import BANGKOK
from records.college import College
from records.home import DataHome, create_home, open_home
from records.intake.folders import in_order
from records.intake.importing import ImportRequest, import_file
from records.ledger import institutions
from records.settings import Settings
from records.setup import apply_college, read_college
from records.setup_records import import_calendar, import_rules
from simulation.college import LAST_MONDAY, write_college
from training.panel import build_panel
from training.train import Trained, train

Progress = Callable[[str, int], None]
MILLION = {"students": 7000, "years": 5}


class Clock:
    """Wall and CPU seconds by step; a step lasts until the next is told of."""

    def __init__(self) -> None:
        self.steps: dict[str, list[float]] = {}
        self._step = ""
        self._since = self._now()

    def tell(self, step: str, rows: int) -> None:
        if step == self._step:
            return
        now = self._now()
        if self._step:
            told = self.steps.setdefault(self._step, [0.0, 0.0])
            told[:] = [before + (end - start) for before, start, end in zip(told, self._since, now, strict=True)]
        self._step, self._since = step, now

    @staticmethod
    def _now() -> tuple[float, float]:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return time.perf_counter(), sum(one.ru_utime + one.ru_stime for one in used) + begun_seconds()


class Memory(threading.Thread):
    """The most that this process and those it began have held together, looked at four times a second; in megabytes."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak_mb = 0.0
        self._stopped = threading.Event()

    def run(self) -> None:
        while not self._stopped.wait(0.25):
            pages = [_told(pid, "statm").split()[1:2] for pid in (os.getpid(), *begun())]
            held = sum(int(page) for one in pages for page in one) * os.sysconf("SC_PAGE_SIZE") / 2**20
            self.peak_mb = max(self.peak_mb, held)

    def stop(self) -> None:
        self._stopped.set()
        self.join()


def begun_seconds() -> float:
    """CPU seconds of the processes that this one began, and of those that they have waited for."""
    fields = [_told(pid, "stat").rpartition(")")[2].split()[11:15] for pid in begun()]
    return sum(int(field) for one in fields for field in one) / os.sysconf("SC_CLK_TCK")


def begun() -> list[int]:
    """The processes that this one began, and those that these began."""
    found, asked = [], [os.getpid()]
    while asked:
        pid = asked.pop()
        for task in Path(f"/proc/{pid}/task").glob("*"):
            asked += [int(child) for child in _told(pid, f"task/{task.name}/children").split()]
        found.append(pid)
    return found[1:]


def _told(pid: int, what: str) -> str:
    """Nothing of a process that has ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/{what}").read_text()
    return ""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description="How long training takes.")
    parser.add_argument("--home", type=Path, help="a data home; a new one is filled and kept there")
    parser.add_argument("--students", type=int, default=3000)
    parser.add_argument("--years", type=int, default=7)
    parser.add_argument("--million", action="store_true", help="a college of about a million student-weeks")
    parser.add_argument("--colleges", type=int, default=1, help="how many of them fill a new home")
    parser.add_argument("--panel", action="store_true", help="make the rows, and train nothing")
    parser.add_argument("--seed", type=int, default=11, help="of the first college; each next one has the next")
    parser.add_argument("--as-of", type=date.fromisoformat, default=LAST_MONDAY)
    asked = parser.parse_args(arguments)
    if asked.million:
        vars(asked).update(MILLION)
    with tempfile.TemporaryDirectory() as folder:
        home = _home(asked, Path(folder))
        try:
            told = measured_panel(home, asked.as_of) if asked.panel else measured(home, asked.as_of)
            print(json.dumps({"benchmark": "training", **told}))
        finally:
            home.close()
    return 0


def _home(asked: argparse.Namespace, folder: Path) -> DataHome:
    settings = Settings(home=asked.home or folder / "var")
    if asked.home and asked.home.exists():
        return open_home(settings)
    home, files = create_home(settings), folder / "files"
    for number in range(asked.colleges):
        write_college(
            files, students=asked.students, years=asked.years, seed=asked.seed + number, last_monday=asked.as_of
        )
        told = _another(read_college(files / "college.xlsx"), number)
        apply_college(home, told)
        import_calendar(home, told)
        import_rules(home, told)
        _take_in(home, files, told.institution.code)
        shutil.rmtree(files)
    return home


def _another(college: College, number: int) -> College:
    """The same set-up under a code, a name and logins of its own; that of number 0 as it was written."""
    if not number:
        return college
    told, tail = college.institution, f"-{number + 1}"
    return replace(
        college,
        institution=replace(told, code=told.code + tail, name_th=told.name_th + tail, name_en=told.name_en + tail),
        staff=tuple(replace(one, login=one.login + tail) for one in college.staff),
        groups=tuple(replace(one, advisor=one.advisor + tail) for one in college.groups),
    )


def _take_in(home: DataHome, files: Path, institution: str) -> None:
    """Every file as it would have arrived: history at once, weeks on the Sunday before."""
    for term in sorted((files / "history").iterdir()):
        for file in in_order(term):
            import_file(home, ImportRequest(path=file, institution=institution, history=True))
    for week in sorted((files / "weeks").iterdir()):
        sunday = date.fromisoformat(week.name) - timedelta(days=1)
        at = datetime(sunday.year, sunday.month, sunday.day, 20, tzinfo=BANGKOK)
        for file in in_order(week):
            import_file(home, ImportRequest(path=file, institution=institution, received_at=at))


def measured(home: DataHome, today: date) -> dict[str, Any]:
    """One training, its steps timed."""
    clock, memory = Clock(), Memory()
    codes = [row.code for row in institutions(home.database)]
    memory.start()
    clock.tell("panel", 0)  # the first is told of when its first rows are there
    trained = train(home, codes, today=today, actor="benchmark", processes=True, progress=clock.tell)
    clock.tell("end", 0)
    memory.stop()
    return {**_what(trained), **_used(clock, memory)}


def measured_panel(home: DataHome, today: date) -> dict[str, Any]:
    """The rows of one training, made as it makes them, and nothing after them."""
    clock, memory, made = Clock(), Memory(), 0
    codes = [row.code for row in institutions(home.database)]

    def count(step: str, rows: int) -> None:
        nonlocal made
        made += rows

    memory.start()
    clock.tell("panel", 0)
    with threadpool_limits(limits=1):
        panel = build_panel(
            home, codes, horizon=LIST_HORIZON, known_until=today, actor="benchmark", processes=True, progress=count
        )
    clock.tell("end", 0)
    memory.stop()
    return {
        "institutions": len(codes),
        "rows": made,
        "kept_rows": panel.rows,
        "weeks": len(panel.weeks),
        "features": len(panel.features),
        **_used(clock, memory),
    }


def _used(clock: Clock, memory: Memory) -> dict[str, Any]:
    steps = {
        step: {"wall": round(wall, 1), "cpu": round(cpu, 1)} for step, (wall, cpu) in clock.steps.items()
    }  # fmt: skip
    return {
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
        "steps": steps,
        "wall_seconds": round(sum(wall for wall, _ in clock.steps.values()), 1),
        "cpu_seconds": round(sum(cpu for _, cpu in clock.steps.values()), 1),
        "peak_mb": round(memory.peak_mb),
    }


def _what(trained: Trained) -> dict[str, Any]:
    facts, test = trained.evidence.training, trained.evidence.test
    return {
        "terms": len(facts.terms),
        "rows": facts.rows,
        "kept_rows": facts.kept_rows,
        "features": len(trained.model.features),
        "test_rows": test.rows if test else 0,
        "blocking": [one.check.code for one in trained.checks if one.section.value == "blocking"],
    }


if __name__ == "__main__":
    sys.exit(main())
