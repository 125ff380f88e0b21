"""Outcomes drawn: rosters, counts, attendance and events as small tables, written as the log that the application reads.

A roster line is a student on the roster of a term; a count says on which day a whole roster was told; attendance is
drawn as spans of days. What a picture leaves out is the ordinary case: term 2025/1, level V1, told that evening.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from features.cohort import cohort, day_number
from features.state import Replay
from models.horizon import Horizon, days
from records.log import EventLog
from records.tables import ATTENDANCE, ATTENDANCE_TOTAL, ENROLMENTS, OUTCOMES, ROSTER_COUNTS
from tests.features.pictures import HOLIDAYS, TERMS, calendar, records_of
from tests.features.small_log import Record, in_the_evening, write_log
from training.outcome import NEVER, Labels, labels, outcomes

HERE, LEFT, GONE = "here", "left", "gone"
EIGHT_WEEKS = days(56)
ALWAYS = tuple(TERMS)
ALL_YEAR = """
    student | happened_on | academic_year | term
    1       | 2025-05-12  | 2025          | 1
    2       | 2025-05-12  | 2025          | 1
    1       | 2025-10-20  | 2025          | 2
    2       | 2025-10-20  | 2025          | 2
    """
WITHOUT_1_IN_TERM_2 = """
    student | happened_on | academic_year | term
    1       | 2025-05-12  | 2025          | 1
    2       | 2025-05-12  | 2025          | 1
    2       | 2025-11-10  | 2025          | 2
    """
COUNTS = """
    happened_on | academic_year | term
    2025-06-10  | 2025          | 1
    2025-11-10  | 2025          | 2
    2026-03-02  | 2025          | 2
    """
# Student 1 is seen for the last time on Friday 19 September.
UNTIL_19_SEPTEMBER = """
    student | from       | to         | status
    1       | 2025-05-19 | 2025-09-19 | P
    1       | 2025-09-22 | 2025-10-03 | A
    2       | 2025-05-19 | 2025-10-03 | P
    """
LATER = "2026-05-04"


@dataclass(frozen=True, kw_only=True)
class College:
    """What a picture drew, and what the outcome code says of it."""

    log: EventLog

    def left_on(self, student: int, *, known: str, term: tuple[int, int] = (2025, 1)) -> date | None:
        """The day on which the student left the term, by the broad reading."""
        found = outcomes(self.log, date.fromisoformat(known))
        position = [(span.academic_year, span.term) for span in found.terms].index(term)
        day = found.left_on[position, student]
        return None if day == NEVER else date.fromordinal(int(day) - day_number(date(1, 1, 1)) + 1)

    def said(self, as_of: str, *, known: str, horizon: Horizon = EIGHT_WEEKS) -> dict[int, str]:
        """Of everybody enrolled on a day: who leaves within the horizon, who is gone already, who is here."""
        students, found = self._labels(as_of, known, horizon)
        assert not (found.left & found.gone).any()
        words = [GONE if gone else LEFT if left else HERE for left, gone in zip(found.left, found.gone, strict=True)]
        return dict(zip(students, words, strict=True))

    def strict(self, as_of: str, *, known: str, horizon: Horizon = EIGHT_WEEKS) -> set[int]:
        """Who leaves within the horizon for certain."""
        students, found = self._labels(as_of, known, horizon)
        return {student for student, left in zip(students, found.strict, strict=True) if left}

    def is_mature(self, as_of: str, *, known: str, horizon: Horizon = EIGHT_WEEKS) -> bool:
        return self._labels(as_of, known, horizon)[1].mature

    def _labels(self, as_of: str, known: str, horizon: Horizon) -> tuple[list[int], Labels]:
        day = date.fromisoformat(as_of)
        who = cohort(Replay(self.log).advance(day), day)
        return who.student.tolist(), labels(outcomes(self.log, date.fromisoformat(known)), who, horizon)


def draw(
    folder: Path,
    *,
    roster: str,
    counts: str = "",
    attendance: str = "",
    totals: str = "",
    events: str = "",
    terms: Sequence[tuple[int, int]] = ALWAYS,
) -> College:
    records = [
        *calendar(terms),
        *records_of(roster, ENROLMENTS),
        *(records_of(counts, ROSTER_COUNTS) if counts else ()),
        *(records_of(events, OUTCOMES) if events else ()),
        *(records_of(totals, ATTENDANCE_TOTAL) if totals else ()),
        *_each_day(attendance),
    ]
    return College(log=write_log(folder, records))


def _each_day(picture: str) -> Iterator[Record]:
    """`student | from | to | status`: one record for every teaching day of the span, told the same evening."""
    for number, line in enumerate(picture.strip().splitlines()[1:], start=1):
        student, first, last, status = (cell.strip() for cell in line.split("|"))
        day, end = date.fromisoformat(first), date.fromisoformat(last)
        while day <= end:
            if day.weekday() < 5 and day not in HOLIDAYS:
                yield Record(
                    table=ATTENDANCE, student=int(student), happened_on=day, recorded_at=in_the_evening(day), batch=9,
                    line=number, values={"session": "DAY", "status": status},
                )  # fmt: skip
            day += timedelta(days=1)


def drawn(folder: Path, roster: str = ALL_YEAR, counts: str = COUNTS, **pictures: str) -> College:
    """The year above, as far as a test does not draw another."""
    return draw(folder, roster=roster, counts=counts, **pictures)


def event(word: str, day: str, told: str = "") -> str:
    return f"student | happened_on | recorded_at | event\n1 | {day} | {told or day} | {word}"
