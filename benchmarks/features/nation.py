"""A simulated nation, a shard at a time: institutions of 2,000 to 3,000 students and what is known of them.

Drawn with NumPy over all students of a shard at once. The attendance registers are in `registers.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.features.rows import DAY_MS, Cells, Ints, Rows, Words, code, day_number
from records import tables
from records.tables import Table

OPENS, SCHOOL_WEEKS, TERM_WEEKS = date(2025, 5, 19), 18, 20
OPENED_BEFORE = OPENS - timedelta(weeks=26)
PER_CLASS, COURSES = 35, 8
_LEVELS = ("V1", "V2", "V3", "D1", "D2")
_FREE = (0.2, 0.15, 0.15, 0.12, 0.12, 0.1, 0.08, 0.05, 0.03)  # the parts of the grades 4, 3.5 … 0 and of ร


def mondays(weeks: int) -> list[date]:
    """The last `weeks` Mondays on which a table is asked for; the last comes after 90 school days."""
    return [OPENS + timedelta(weeks=week) for week in range(SCHOOL_WEEKS - weeks + 1, SCHOOL_WEEKS + 1)]


def shard_sizes(students: int, about: int = 62_500) -> list[tuple[int, ...]]:
    """The institutions of each shard by their students: 2,000 to 3,000 each, and `about` so many a shard."""
    sizes: list[int] = []
    for number in range(students // 2_000 + 1):
        size = min(2_000 + number * 379 % 1_001, students - sum(sizes))
        sizes += [size] if size else []
    shards: list[tuple[int, ...]] = [()]
    for size in sizes:
        if shards[-1] and sum(shards[-1]) + size > 1.025 * about:
            shards.append(())
        shards[-1] = (*shards[-1], size)
    return shards


@dataclass(frozen=True, kw_only=True)
class Shard:
    """The students of a shard in order of institution and number; arrays have one entry a student."""

    sizes: tuple[int, ...]
    seed: int

    @cached_property
    def random(self) -> np.random.Generator:
        return np.random.default_rng(20250519 + self.seed)

    @property
    def students(self) -> int:
        return sum(self.sizes)

    @cached_property
    def owner(self) -> Ints:
        return np.repeat(np.arange(len(self.sizes), dtype=np.int32), self.sizes)

    @cached_property
    def number(self) -> Ints:
        """The student's number at the institution."""
        starts = np.cumsum([0, *self.sizes[:-1]])
        return np.asarray(np.arange(self.students) - np.repeat(starts, self.sizes), np.int32)

    @cached_property
    def group(self) -> Ints:
        """The class group at the institution."""
        return np.asarray(self.number // PER_CLASS)

    @cached_property
    def study_mode(self) -> npt.NDArray[np.uint8]:
        """By class group: of 20, one is in the company all term, two are in the dual system."""
        modes = ["NORMAL"] * 17 + ["DUAL"] * 2 + ["INTERNSHIP"]
        codes = np.array([code(tables.ENROLMENTS, "study_mode", mode) for mode in modes], np.uint8)
        return np.asarray(codes[(self.group + 7 * self.owner) % len(codes)])

    @cached_property
    def left_after(self) -> Ints:
        """The school day of the term after which a student was not seen again; one in a hundred leaves."""
        leaves = self.random.random(self.students) < 0.01
        return np.where(leaves, self.random.integers(20, 5 * SCHOOL_WEEKS, self.students), 10_000)

    def all_but_attendance(self) -> Iterator[Rows]:
        """Calendars, rules, rosters, results, surveys and screenings."""
        yield from self._institutions()
        everyone = np.arange(self.students)
        opens = day_number(OPENS)
        birth = _first_of_month(opens - 365 * (15 + self.group % 4) - self.random.integers(0, 365, self.students))
        yield self._rows(tables.STUDENTS, everyone, opens - 190, birth_month=birth)
        for year, term, opened, fallen in ((2024, 2, OPENED_BEFORE, 0.0), (2025, 1, OPENS, 0.2)):
            yield self._roster(year, term, day_number(opened), fallen)
        yield from self._results()
        yield self._survey()
        for day in (opens - 120, opens + 22):
            for area in ("OVERALL", "LEARNING", "ECONOMY"):
                level = self._draw((0.7, 0.2, 0.1), everyone)
                yield self._rows(tables.SCREENING, everyone, day, tool="OVEC9", area=area, level=level, reviewed=True)
        yield self._leavers()

    def _institutions(self) -> Iterator[Rows]:
        first = day_number(OPENED_BEFORE) * DAY_MS
        for year, term, opened, weeks in ((2024, 2, OPENED_BEFORE, 18), (2025, 1, OPENS, TERM_WEEKS)):
            day = day_number(opened) + np.arange(7 * weeks)
            day = day[(day + 3) % 7 < 5]  # 1970-01-01 was a Thursday
            exams = day >= day_number(opened) + 7 * SCHOOL_WEEKS
            kind = np.where(exams, code(tables.CALENDAR, "kind", "EXAM"), code(tables.CALENDAR, "kind", "TEACH"))
            yield self._of_institutions(tables.CALENDAR, day, first, academic_year=year, term=term, kind=kind)
        day = np.array([day_number(OPENED_BEFORE)])
        for rule, value in (("attendance_share", 0.8), ("absent_run_dismissal", 15.0), ("leaves_per_absence", 1.0)):
            yield self._of_institutions(tables.RULES, day, first, rule=rule, value=value)
        for terms, value in ((2, 1.5), (4, 1.75), (6, 2.0)):  # drawn for the simulation, the rule of no college
            told: dict[str, Cells] = {
                "rule": "gpa_minimum",
                "stage": "VOCATIONAL",
                "after_terms": terms,
                "value": value,
            }
            yield self._of_institutions(tables.RULES, day, first, **told)

    def _of_institutions(self, table: Table, day: Ints, recorded_ms: int, **told: Cells) -> Rows:
        count = len(self.sizes)
        owner = np.repeat(np.arange(count, dtype=np.int32), len(day))
        repeated = {name: np.tile(one, count) if isinstance(one, np.ndarray) else one for name, one in told.items()}
        recorded = np.full(len(owner), recorded_ms, np.int64)
        return Rows(
            table=table, owner=owner, student=None, day=np.tile(day, count), recorded_ms=recorded, told=repeated
        )

    def _rows(self, table: Table, who: Ints, day: int | Ints, **told: Cells) -> Rows:
        """Rows about students (positions in the shard) that are recorded on the day on which they happened."""
        days = np.broadcast_to(np.asarray(day), who.shape)
        recorded = days.astype(np.int64) * DAY_MS
        return Rows(
            table=table, owner=self.owner[who], student=self.number[who], day=days, recorded_ms=recorded, told=told
        )

    def _roster(self, year: int, term: int, opens: int, came_late: float) -> Rows:
        everyone, draw = np.arange(self.students), self.random
        levels = np.array([code(tables.ENROLMENTS, "level", level) for level in _LEVELS], np.uint8)
        late = np.where(draw.random(self.students) < came_late, draw.integers(1, 20, self.students), -5)
        told: dict[str, Cells] = {
            "level": levels[self.group % len(_LEVELS)],
            "class_group": Words(positions=self.group, words=_names("G", int(self.group.max()) + 1)),
            "programme": Words(positions=self.group % 12, words=_names("PR", 12)),
            "study_mode": self.study_mode,
            "entry_year": 2025 - self.group % 3,
            "entry_route": self._draw((0.93, 0.04, 0.03), everyone),
            "entry_gpa": np.round(draw.uniform(1.5, 4, self.students), 2),
            "education_before": self._draw((0, 0.02, 0.68, 0.29, 0.01), everyone),
            "earlier_attempts": self._draw((0.95, 0.05), everyone),
            "credits": 18.0 + draw.integers(0, 7, self.students),
            "registered_on": (opens + late).astype(np.int32),
            "status": "ENROLLED",
        }
        return self._rows(tables.ENROLMENTS, everyone, opens - 7, academic_year=year, term=term, **told)

    def _results(self) -> Iterator[Rows]:
        """Courses of the term before, two released averages, and marks of this term in the fifth and tenth week."""
        opens, everyone, draw = day_number(OPENS), np.arange(self.students), self.random
        who = np.repeat(everyone, COURSES)
        course = Words(positions=np.tile(np.arange(COURSES), self.students), words=_names("C", COURSES))
        final: dict[str, Cells] = {
            "item": "FINAL",
            "attempt": 1,
            "credits": 2.0 + np.tile(np.arange(COURSES) % 3, self.students) / 2,
        }
        yield self._rows(tables.GRADES, who, opens - 50, academic_year=2024, term=2, course_code=course, grade=self._draw(_FREE, who), **final)  # fmt: skip
        scored, missing = (code(tables.GRADES, "grade", value) for value in ("SCORED", "NOT_SUBMITTED"))
        for item, day in (("WORK", opens + 30), ("MID", opens + 64)):
            handed_in = draw.random(len(who)) < 0.95
            told: dict[str, Cells] = {
                "item": item,
                "attempt": 1,
                "grade": np.where(handed_in, scored, missing).astype(np.uint8),
            }
            told["score"] = np.where(handed_in, np.round(draw.uniform(30, 100, len(who))), np.nan)
            told["days_late"] = np.where(handed_in, np.maximum(draw.integers(-20, 10, len(who)), 0), np.nan)
            yield self._rows(tables.GRADES, who, day, academic_year=2025, term=1, course_code=course, **told)
        for term, day, credits in ((1, opens - 200, 20.0), (2, opens - 50, 40.0)):
            gpa, gpax = (np.round(draw.uniform(1, 4, self.students), 2) for _ in range(2))
            earned = credits - draw.integers(0, 6, self.students)
            yield self._rows(tables.TERM_GPA, everyone, day, academic_year=2024, term=term, gpa=gpa, gpax=gpax, credits_tried=credits, credits_earned=earned)  # fmt: skip

    def _survey(self) -> Rows:
        draw = self.random
        who = np.flatnonzero(draw.random(self.students) < 0.7)
        income, count = np.round(draw.lognormal(8.2, 0.6, len(who))), len(who)
        told: dict[str, Cells] = {
            "income_per_head": income,
            "members": draw.integers(2, 8, count),
            "dependants": draw.integers(0, 4, count),
            "family_status": self._draw((0.6, 0.2, 0.1, 0.04, 0.03, 0.01, 0.02), who),
            "poverty_class": self._draw((0.6, 0.2, 0.15, 0.05), who),
            "poverty_score": np.round(draw.random(count), 3),
            "travel_km": np.round(income % 40, 1),
            "works_parttime": draw.random(count) < 0.3,
            "scholarship": draw.random(count) < 0.4,
            "income_month": income * 4,
            "lives_with": self._draw((0.7, 0.2, 0.03, 0.01, 0.01, 0.04, 0.01), who),
            "state_card": draw.random(count) < 0.4,
            "housing": self._draw((0.6, 0.25, 0.1, 0.05), who),
            "travel_min": draw.integers(5, 120, count),
            "travel_cost_month": np.round(draw.uniform(0, 2_000, count)),
            "pocket_money_day": np.round(draw.uniform(20, 200, count)),
        }
        return self._rows(tables.HOUSEHOLD, who, day_number(OPENS) - 10, **told)

    def _leavers(self) -> Rows:
        """Told three weeks after the last day."""
        who = np.flatnonzero(self.left_after < 5 * SCHOOL_WEEKS - 20)
        return self._rows(tables.OUTCOMES, who, school_day(self.left_after[who]) + 21, event="LEFT", reason_code="R05")

    def _draw(self, parts: tuple[float, ...], who: Ints) -> npt.NDArray[np.uint8]:
        """Codes 0, 1, 2 … with these parts, one for each of `who`."""
        found = np.searchsorted(np.cumsum(parts)[:-1], self.random.random(len(who)), side="right")
        return found.astype(np.uint8)


def school_day(number: Any) -> Any:
    """The day since 1970 of the school day with this number: five a week."""
    return day_number(OPENS) + 7 * (number // 5) + number % 5


def _names(letter: str, count: int) -> tuple[str, ...]:
    return tuple(f"{letter}{number:04d}" for number in range(count))


def _first_of_month(days: Ints) -> npt.NDArray[np.int32]:
    return days.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]").astype(np.int32)
