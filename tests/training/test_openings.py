"""Terms open on any day of the week, and their calendar may come in late: each closed one with a past is a test."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from models.horizon import LIST_HORIZON
from records.clock import BANGKOK
from records.tables import CALENDAR, ENROLMENTS, ROSTER_COUNTS
from tests.features.small_log import INSTITUTION, Record, in_the_evening
from tests.training.drawn_home import make_home
from training.panel import build_panel
from training.splits import forward_splits

TERMS = {
    (2024, 1): (date(2024, 5, 13), date(2024, 10, 4)), (2024, 2): (date(2024, 10, 28), date(2025, 3, 7)),
    (2025, 1): (date(2025, 5, 12), date(2025, 10, 3)), (2025, 2): (date(2025, 10, 27), date(2026, 3, 6)),
    (2026, 1): (date(2026, 5, 18), date(2026, 9, 25)),
}  # fmt: skip
TODAY = date(2026, 7, 6)
STUDENTS = 30


def _college(weekday: int, late: tuple[int, int] | None) -> Iterator[Record]:
    """Terms open on this day of the first week; of `late` the calendar comes in ten days after. Two leave a term."""
    for number, (term, (monday, closes)) in enumerate(TERMS.items()):
        opens, batch = monday + timedelta(days=weekday), 10 * number
        told = datetime.combine(opens + timedelta(days=10) if term == late else date(2024, 5, 1), datetime.min.time())
        year = {"academic_year": term[0], "term": term[1]}
        days = [opens + timedelta(days=n) for n in range((closes - opens).days + 1)]
        yield from (
            Record(
                table=CALENDAR, happened_on=day, recorded_at=told.replace(hour=18, tzinfo=BANGKOK),
                batch=batch + 1, line=line, values={**year, "kind": "TEACH"},
            )
            for line, day in enumerate(days) if day.weekday() < 5
        )  # fmt: skip
        roster = opens - timedelta(days=7)
        known = {"happened_on": roster, "recorded_at": in_the_evening(roster), "batch": batch + 2}
        for student in range(1 + 2 * number, STUDENTS + 1):
            who = {**year, "level": "V1", "class_group": "A"}
            yield Record(table=ENROLMENTS, student=student, line=student, values=who, **known)
        yield Record(table=ROSTER_COUNTS, student=0, line=99, values=year, **known)


@pytest.mark.parametrize(("weekday", "late"), [(0, None), (2, None), (4, None), (0, (2025, 2)), (4, (2025, 2))])
def test_every_closed_term_with_a_past_is_tested(tmp_path: Path, weekday: int, late: tuple[int, int] | None) -> None:
    home = make_home(tmp_path, list(_college(weekday, late)))
    panel = build_panel(home, [INSTITUTION], horizon=LIST_HORIZON, known_until=TODAY, actor="test")
    splits = forward_splits(panel, horizon=LIST_HORIZON, known_until=TODAY)
    assert [split.term for split in splits] == [(2024, 2), (2025, 1), (2025, 2)]
    assert [split.opens for split in splits] == [monday for monday, _ in list(TERMS.values())[1:4]]
    home.close()
