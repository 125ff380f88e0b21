"""The door: write a whole simulated college as the files that a real one would hand over."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

from records.college import write_workbook
from simulation.exports import plan_folders
from simulation.handover import write_folders
from simulation.setup import describe
from simulation.truth import write_hazards
from simulation.world import make_world

UNFINISHED = ".simulating"
LAST_MONDAY = date(2026, 9, 7)
README = """วิทยาลัยจำลอง: บุคคลทุกคนในแฟ้มเหล่านี้เป็นบุคคลสมมติ ไม่มีอยู่จริง
ชื่อสร้างจากชื่อดอกไม้ ผลไม้ และต้นไม้ นามสกุลขึ้นต้นด้วย "สมมติ" เลขประจำตัวขึ้นต้นด้วย 9 ซึ่งไม่มีบุคคลจริงใช้
แฟ้มใน truth/ มีไว้สำหรับทดสอบโปรแกรมเท่านั้น ห้ามนำเข้า

A simulated college: every person in these files is invented, none exists.
First names are flowers, fruits and trees, surnames begin with "สมมติ", and ID numbers begin with 9, which no real
person has. The files in truth/ are for testing the program only; never import them.
"""


def write_college(
    out: Path,
    *,
    students: int,
    years: int,
    seed: int,
    last_monday: date = LAST_MONDAY,
    progress: Callable[[str, int], None] | None = None,
) -> None:
    """Write `college.xlsx`, `history/`, `weeks/`, `truth/` and `README.txt` into `out`, which is new or empty: all or nothing.

    `students` is the head-count at the start of a year and `years` the number of academic years that end with the one
    of `last_monday`. No file holds anything that was known on or after that Monday. Runs that differ only in
    `last_monday` of the same academic year are the same college, seen later. `progress` hears of every file written.
    """
    _check(students=students, years=years, last_monday=last_monday)
    tell = progress or (lambda file, rows: None)
    world = make_world(students=students, years=years, seed=seed, last_monday=last_monday)
    if not world.calendar.opened_before(last_monday):
        raise ValueError(f"no term has opened before {last_monday}: give a later Monday, or more years")
    with _all_or_nothing(out) as part:
        (part / "README.txt").write_text(README, encoding="utf-8")
        write_workbook(part / "college.xlsx", describe(world, students=students, last_monday=last_monday))
        write_folders(world, plan_folders(part, world.calendar, last_monday), tell)
        rows = write_hazards(
            part / "truth" / "hazards.parquet",
            lives=world.lives,
            calendar=world.calendar,
            codes=world.identities.student_code,
            last_as_of=last_monday,
        )
        tell("truth/hazards.parquet", rows)


@contextmanager
def _all_or_nothing(out: Path) -> Iterator[Path]:
    """A folder inside `out`, whose files are moved up at the end; what an earlier run that was killed left there goes.

    Inside, because a folder that was there is its owner's: it is neither removed nor replaced, even while it is empty.
    """
    is_ours = not out.exists()
    out.mkdir(parents=True, exist_ok=True)
    part, moved = out / UNFINISHED, list[Path]()
    try:
        if part.exists():
            shutil.rmtree(part)
        part.mkdir()
        yield part
        for path in sorted(part.iterdir()):
            moved.append(path.rename(out / path.name))
    except BaseException:
        for path in moved:
            path.rename(part / path.name)
        shutil.rmtree(part, ignore_errors=True)
        if is_ours:
            with suppress(OSError):  # somebody has put a file into it
                out.rmdir()
        raise
    part.rmdir()


def _check(*, students: int, years: int, last_monday: date) -> None:
    if students < 1 or years < 1:
        raise ValueError(f"a college needs students and years: got {students} students and {years} years")
    if last_monday.weekday() != 0:
        raise ValueError(f"weekly lists are made on Mondays and {last_monday} is not one: give the Monday of that week")
