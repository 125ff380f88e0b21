"""A term that was told under a wrong number and corrected: its weeks are those of the term that has their days now."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from features.cohort import Cohort, TermSpan, cohort, day_number
from features.state import Replay
from models.horizon import NEXT_COUNT, days
from records.log import EventLog
from records.tables import CALENDAR, ENROLMENTS, OUTCOMES, ROSTER_COUNTS
from tests.features.pictures import TERMS, calendar, records_of
from tests.features.small_log import Record, in_the_evening, write_log
from tests.training.drawn import COUNTS, event
from tests.training.drawn_home import make_home
from training.base_rates import base_rates
from training.outcome import NEVER, are_back, endings, labels, last_days_seen, leaving_days, outcomes, places_of
from training.tellings import tellings

EIGHT_WEEKS = days(56)
KNOWN = date(2026, 5, 4)
FIRST_TOLD, CORRECTED = date(2025, 5, 12), date(2025, 8, 4)


def told(year: int, *, retracted: bool = False, on: date) -> list[Record]:
    """The calendar and the roster of term 2025/1 under some year; batches in the order in which they were told."""
    opens, closes = TERMS[2025, 1]
    at, batch = in_the_evening(on), 4 * (2027 - year) + 2 * retracted + 10
    inside = [opens + timedelta(number) for number in range((closes - opens).days + 1)]
    calendar_rows = [
        Record(
            table=CALENDAR, happened_on=day, recorded_at=at, batch=batch, line=line, retracted=retracted,
            values={"academic_year": year, "term": 1, "kind": "TEACH"},
        )
        for line, day in enumerate((day for day in inside if day.weekday() < 5), start=1)
    ]  # fmt: skip
    roster = [
        Record(
            table=ENROLMENTS, student=student, happened_on=date(2025, 5, 12), recorded_at=at, batch=batch + 1,
            line=student, retracted=retracted,
            values={"academic_year": year, "term": 1, "level": "V1", "class_group": "A"},
        )
        for student in (1, 2)
    ]  # fmt: skip
    return [*calendar_rows, *roster]


def corrected(*, again: bool = True) -> list[Record]:
    """Told as 2026/1 before the term opened; in August retracted and, with `again`, told as 2025/1."""
    return [
        *calendar([(2024, 2), (2025, 2)]),
        *told(2026, on=FIRST_TOLD),
        *told(2026, retracted=True, on=CORRECTED),
        *(told(2025, on=CORRECTED) if again else ()),
        *records_of(COUNTS, ROSTER_COUNTS),
        *records_of(event("LEFT", "2025-07-15"), OUTCOMES),
    ]


def enrolled(log: EventLog, day: date) -> Cohort:
    return cohort(Replay(log).advance(day), day)


def test_a_week_of_a_term_whose_number_was_corrected_has_its_labels(tmp_path: Path) -> None:
    log = write_log(tmp_path, corrected())
    who = enrolled(log, date(2025, 7, 7))
    assert [(span.academic_year, span.term) for span in who.terms][1] == (2026, 1)
    said = labels(outcomes(log, KNOWN), who, EIGHT_WEEKS)
    assert said.left.tolist() == said.strict.tolist() == [True, False]
    assert said.mature


def test_a_week_of_a_term_that_is_no_more_is_left_out(tmp_path: Path) -> None:
    log = write_log(tmp_path, corrected(again=False))
    who, found = enrolled(log, date(2025, 7, 7)), outcomes(log, KNOWN)
    said = labels(found, who, EIGHT_WEEKS)
    assert not said.mature
    assert not (said.left | said.strict | said.gone).any()
    assert not labels(found, who, NEXT_COUNT).mature
    assert not endings(found, who, EIGHT_WEEKS).any()
    assert not are_back(found, who).any()
    assert (np.minimum(leaving_days(found, who), last_days_seen(found, who)) == NEVER).all()


def test_when_a_leaving_was_told_is_known_over_the_correction(tmp_path: Path) -> None:
    log = write_log(tmp_path, corrected())
    mondays = [date(2025, 6, 2) + timedelta(weeks=number) for number in range(20)]
    known = tellings(log, mondays)
    left_on, told_on = known.of(enrolled(log, date(2025, 7, 7)))
    assert left_on.tolist() == [day_number(date(2025, 7, 15)), NEVER]
    assert told_on.tolist() == [day_number(date(2025, 7, 21)), NEVER]


def test_base_rates_count_the_weeks_of_a_corrected_term(tmp_path: Path) -> None:
    home = make_home(tmp_path, corrected())
    found = base_rates(home, ["T1"], known_until=KNOWN, actor="t")
    [week] = [one for one in found if one.as_of == date(2025, 7, 7) and one.horizon == "days_56"]
    assert (week.term, week.mature, week.students, week.left) == ((2025, 1), True, 2, 1)


# Which term is which


def spans(*drawn: tuple[int, int, int, int]) -> Sequence[TermSpan]:
    return [TermSpan(academic_year=year, term=term, opens=opens, closes=closes) for year, term, opens, closes in drawn]


def test_the_term_of_the_same_number_goes_before_another_with_more_of_its_days() -> None:
    known = spans((2025, 1, 0, 99), (2025, 2, 50, 250))
    assert places_of(spans((2025, 1, 60, 160), (2025, 3, 60, 160)), known).tolist() == [0, 1]


def test_a_number_that_was_given_to_another_year_is_not_followed() -> None:
    """2026/1 was told for the days of 2025/1, and is told for its own now."""
    known = spans((2025, 1, 0, 99), (2026, 1, 365, 464))
    assert places_of(spans((2026, 1, 0, 99)), known).tolist() == [0]


def test_a_term_none_of_whose_days_is_in_any_term_has_no_place() -> None:
    assert places_of(spans((2025, 1, 0, 9), (2025, 2, 20, 29)), spans((2025, 1, 10, 19))).tolist() == [-1, -1]
    assert places_of(spans((2025, 1, 0, 9)), ()).tolist() == [-1]
