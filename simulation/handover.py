"""Which rows go into which folder: history once, then week by week what the college's systems would print again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from records.clock import buddhist
from simulation.attendance import NO_COURSE, STATUS_WORDS, Seen, TermAttendance, record, see
from simulation.averages import averages
from simulation.entrants import LEVELS, Flags, Whole
from simulation.exports import (
    BOM_UTF8,
    CP874,
    Columns,
    Export,
    Folder,
    iso_minutes,
    join,
    take,
    write_csv,
)
from simulation.grades import COURSES, Marks, course_code, mark
from simulation.outcomes import outcomes
from simulation.rosters import dmc_rounds, first_week_roster, write_dmc
from simulation.sessions import SESSION_WORDS, with_sessions
from simulation.surveys import household, screening
from simulation.terms import SimulatedTerm, day_of
from simulation.world import World

# One past term comes from an old system that writes the Thai Windows code page.
CP874_TERM = 1
Progress = Callable[[str, int], None]


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Attendance rows to print, in order: which rows, and whether as corrected."""

    rows: Whole
    status: npt.NDArray[np.int8]
    entered_at: Whole


def write_folders(world: World, folders: list[Folder], progress: Progress) -> None:
    """All files of all folders, one term after another."""
    terms = [term for term in world.calendar.terms if term.opens_on <= day_of(folders[-1].until // (24 * 60))]
    seen = {term.index: see(world, term) for term in terms}
    attendance = {
        term.index: with_sessions(world, term, seen[term.index], record(world, term, seen[term.index]))
        for term in terms
    }
    for folder in folders:
        for rows in _attendance_of(world, folder, attendance):
            encoding = CP874 if _is_old_system(folder, folders) else BOM_UTF8
            _write(folder, "attendance.csv", rows, encoding, progress)
    for export in _events(world, terms, seen):
        for folder in folders:
            rows_here = folder.holds(export.known_at)
            if rows_here.any():
                _write(folder, export.file, take(export.columns, rows_here), BOM_UTF8, progress)
    _write_dmc_files(world, folders, progress)


def _write(folder: Folder, file: str, columns: Columns, encoding: str, progress: Progress) -> None:
    path = folder.path / file
    progress(f"{folder.path.name}/{file}", write_csv(path, columns, encoding))


def _is_old_system(folder: Folder, folders: list[Folder]) -> bool:
    """The second term of the history, when it is a past one."""
    terms = [one.term for one in folders if one.term]
    return folder.term is not None and folder.term.index == CP874_TERM and folder.term is not terms[-1]


def _events(world: World, terms: list[SimulatedTerm], seen: dict[int, Seen]) -> Iterator[Export]:
    """Everything but attendance, each kind of file with the rows of all terms together."""
    yield join([first_week_roster(world, term) for term in terms])
    marks = [mark(world, term, seen[term.index]) for term in terms]
    yield join([_grades(world, term, of_term) for term, of_term in zip(terms, marks, strict=True)])
    yield averages(world, terms, marks)
    yield household(world)
    yield join([screening(world, term, again=again) for term in terms for again in (False, True)])
    yield join([outcomes(world, term) for term in terms])


def _grades(world: World, term: SimulatedTerm, marks: Marks) -> Export:
    level = world.lives.level[term.index][marks.person]
    n = len(marks.person)
    codes = {(one, k): course_code(one, term.term, k) for one in range(len(LEVELS)) for k in range(len(COURSES))}
    released = {int(day): buddhist(day_of(day)) for day in np.unique(marks.released_on)}
    return Export(
        file="grades.csv",
        columns={
            "รหัสนักศึกษา": [world.identities.student_code[i] for i in marks.person],
            "ปีการศึกษา": [str(term.academic_year + 543)] * n,
            "ภาคเรียน": [str(term.term)] * n,
            "รหัสวิชา": [codes[int(one), int(k)] for one, k in zip(level, marks.course, strict=True)],
            "ชื่อวิชา": [COURSES[k][1] for k in marks.course],
            "หน่วยกิต": [COURSES[k][2] for k in marks.course],
            "ชิ้นงาน": marks.item,
            "คะแนน": marks.score,
            "เกรด": marks.grade,
            "วันที่ประกาศ": [released[int(day)] for day in marks.released_on],
        },
        known_at=marks.released_on * 24 * 60 + 16 * 60,
    )


def _attendance_of(world: World, folder: Folder, attendance: dict[int, TermAttendance]) -> Iterator[Columns]:
    """The attendance file of a folder, if there is any: at most one."""
    parts = []
    for index, term in attendance.items():
        if folder.window is not None:
            chosen = _weekly_rows(term, folder, folder.window)
        elif folder.term is not None and folder.term.index == index:
            chosen = _history_rows(term, folder)
        else:
            continue
        parts.append(_attendance_columns(world, world.calendar.terms[index], term, chosen))
    together: Columns = {name: pa.concat_arrays([part[name] for part in parts]) for name in (parts[0] if parts else ())}
    if together and len(together["สถานะ"]):
        yield together


def _history_rows(term: TermAttendance, folder: Folder) -> Chosen:
    """Every entry and every later correction as a row of its own."""
    there = term.vanishes_at >= folder.until
    first = np.flatnonzero(there & (term.entered_at < folder.until))
    again = np.flatnonzero(there & (term.corrected_at < folder.until))
    rows = np.concatenate([first, again])
    order = np.argsort(rows, kind="stable")
    return Chosen(
        rows=rows[order],
        status=np.concatenate([term.status[first], term.corrected_status[again]])[order],
        entered_at=np.concatenate([term.entered_at[first], term.corrected_at[again]])[order],
    )


def _weekly_rows(term: TermAttendance, folder: Folder, window: tuple[int, int]) -> Chosen:
    """The last three weeks as the source shows them on Sunday evening: one row a student and day, the newest."""
    in_window: Flags = (term.day >= window[0]) & (term.day <= window[1])
    rows = np.flatnonzero(in_window & (term.entered_at < folder.until) & (term.vanishes_at >= folder.until))
    corrected = term.corrected_at[rows] < folder.until
    return Chosen(
        rows=rows,
        status=np.where(corrected, term.corrected_status[rows], term.status[rows]).astype(np.int8),
        entered_at=np.where(corrected, term.corrected_at[rows], term.entered_at[rows]),
    )


def _attendance_columns(
    world: World, of_term: SimulatedTerm, term: TermAttendance, chosen: Chosen
) -> dict[str, pa.Array]:
    rows = chosen.rows
    first = int(term.day[0]) if len(term.day) else 0
    last = int(term.day[-1]) if len(term.day) else 0
    days = [buddhist(day_of(day)) for day in range(first, last + 1)]
    return {
        "รหัสนักศึกษา": _look_up(world.identities.student_code, term.person[rows]),
        "กลุ่มเรียน": _look_up(world.group_labels(), term.group[rows]),
        "วันที่": _look_up(days, term.day[rows] - first),
        "คาบ": _look_up(list(SESSION_WORDS), term.session[rows]),
        "รหัสวิชา": _courses(world, of_term, term, rows),
        "สถานะ": _look_up(list(STATUS_WORDS), chosen.status),
        "บันทึกเมื่อ": iso_minutes(chosen.entered_at),
    }


def _courses(world: World, of_term: SimulatedTerm, term: TermAttendance, rows: Whole) -> pa.Array:
    """The course of each class period; empty outside class."""
    words = ["", *(course_code(level, of_term.term, k) for level in range(len(LEVELS)) for k in range(len(COURSES)))]
    level, course = world.lives.level[of_term.index][term.person[rows]], term.course[rows].astype(np.int64)
    return _look_up(words, np.where(course == NO_COURSE, 0, 1 + level * len(COURSES) + course))


def _look_up(words: list[str], positions: npt.NDArray[np.integer]) -> pa.Array:
    return pa.array(words, pa.string()).take(pa.array(positions))


def _write_dmc_files(world: World, folders: list[Folder], progress: Progress) -> None:
    for collection in dmc_rounds(world.calendar):
        for folder in folders:
            if folder.holds(np.array([collection.known_at]))[0]:
                path: Path = folder.path / collection.file
                progress(f"{folder.path.name}/{path.name}", write_dmc(path, world, collection))
