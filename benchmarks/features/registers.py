"""Attendance registers of the simulated nation: late entries, corrections, weeks in the company, class periods."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.features.nation import COURSES, PER_CLASS, SCHOOL_WEEKS, Shard, school_day
from benchmarks.features.rows import DAY_MS, Ints, Rows, Words, code
from records import tables

PERIODS = 8
_P, _L, _A, _K, _S, _I = (code(tables.ATTENDANCE, "status", value) for value in ("P", "L", "A", "K", "S", "I"))
_DUAL, _INTERNSHIP = (code(tables.ENROLMENTS, "study_mode", value) for value in ("DUAL", "INTERNSHIP"))


def attendance(shard: Shard, *, periods: bool) -> Rows:
    """All marks of the term in the order in which they are recorded: whole days, or flagpole and eight periods.

    1 % of days missing, 4 % entered late by up to two weeks, 10 % of absences corrected to sick leave afterwards.
    """
    risk = shard.random.beta(1, 12, shard.students)
    parts = [part for number in range(5 * SCHOOL_WEEKS) for part in _day(shard, number, risk, periods)]
    student, day, session, course, status, recorded = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(recorded, kind="stable")
    told = {"session": session[order], "status": status[order]}
    words = tuple(f"C{number:04d}" for number in range(COURSES))
    courses = {"course_code": Words(positions=course[order], words=words)} if periods else {}
    return Rows(
        table=tables.ATTENDANCE, owner=shard.owner[student][order], student=shard.number[student][order],
        day=day[order], recorded_ms=recorded[order], told={**told, **courses},
    )  # fmt: skip


def _day(
    shard: Shard, number: int, risk: npt.NDArray[np.float64], periods: bool
) -> Iterator[tuple[npt.NDArray[Any], ...]]:
    """Columns student (position in the shard), day, session, course, status, recorded of one school day."""
    draw = shard.random
    here = np.flatnonzero((draw.random(shard.students) >= 0.01) & (shard.left_after > number)).astype(np.int32)
    missed = draw.random(len(here)) < risk[here]
    late = np.where(draw.random(len(here)) < 0.04, draw.integers(1, 15, len(here)), 0)
    # A register is entered in the afternoon, class by class, at 15:00 in Bangkok and after (08:00 UTC).
    minute = (shard.group[here] + 11 * shard.owner[here]) % 90
    entered = (school_day(number) + late) * DAY_MS + 8 * 3_600_000 + minute * 60_000
    in_company = _in_company(shard, here, number // 5)
    for session, course in _sessions(number, periods):
        status = _statuses(draw, missed, in_company)
        wrong = np.flatnonzero((status == _A) & (draw.random(len(here)) < 0.1))
        corrected = entered[wrong] + draw.integers(1, 11, len(wrong)) * DAY_MS
        sick = np.full(len(wrong), _S, np.uint8)
        for student, marks, recorded in ((here, status, entered), (here[wrong], sick, corrected)):
            day = np.full(len(student), school_day(number), np.int32)
            which = np.full(len(student), session, np.uint8)
            yield student, day, which, np.full(len(student), course, np.int8), marks, recorded


def _sessions(number: int, periods: bool) -> list[tuple[int, int]]:
    """Sessions of a school day, each with its course (-1: none)."""
    if not periods:
        return [(code(tables.ATTENDANCE, "session", "DAY"), -1)]
    flag = (code(tables.ATTENDANCE, "session", "FLAG"), -1)
    return [flag, *((code(tables.ATTENDANCE, "session", f"P{n + 1}"), (n + number) % COURSES) for n in range(PERIODS))]


def _statuses(
    draw: np.random.Generator, missed: npt.NDArray[np.bool_], in_company: npt.NDArray[np.bool_]
) -> npt.NDArray[np.uint8]:
    """Of the missed days 90 % without leave, the others skipped; of the rest 92 % present, 5 % late, 3 % sick."""
    chance = draw.random(len(missed), np.float32)
    away = np.where(chance < 0.9, _A, _K)
    there = np.where(chance < 0.92, _P, np.where(chance < 0.97, _L, _S))
    told = np.where(missed, away, there)
    return np.where(in_company & ((chance < 0.8) | ~missed), _I, told).astype(np.uint8)


def _in_company(shard: Shard, who: Ints, week: int) -> npt.NDArray[np.bool_]:
    """Interns always; students of the dual system every second week, group by group."""
    mode = shard.study_mode[who]
    away = (week + shard.number[who] // PER_CLASS) % 2 == 1
    return np.asarray((mode == _INTERNSHIP) | ((mode == _DUAL) & away))
