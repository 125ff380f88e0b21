"""A panel lets go of the marks that no question looks at any more, and that changes no answer."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from features.catalogue import CATALOGUE
from features.cohort import NobodyEnrolled, day_number
from features.declaration import Feature
from features.saved import kept_from
from features.snapshot import features
from features.state import Replay
from features.vocabulary import Last
from models.horizon import LIST_HORIZON
from records.log import EventLog
from records.tables import CALENDAR
from tests.features.building import one_log, three_terms
from tests.features.small_log import Record, in_the_evening
from training import panel
from training.outcome import outcomes_of

FIRST, LAST = date(2024, 11, 4), date(2026, 1, 5)
DAYS = [FIRST + timedelta(weeks=number) for number in range((LAST - FIRST).days // 7)]


def stretch_of(log: EventLog) -> panel._Stretch:
    state = Replay(log).advance(LAST)
    return panel._Stretch(
        log=log, days=DAYS, marks_from={day: kept_from(state, day) for day in DAYS}, found=outcomes_of(state, log, LAST),
        persons=np.arange(state.students), catalogue=None, horizon=LIST_HORIZON,
    )  # fmt: skip


def made(log: EventLog) -> dict[date, bytes]:
    return {week.as_of: week.values.tobytes() for week in panel._replayed(stretch_of(log))}


def read_anew_every_week(log: EventLog, catalogue: tuple[Feature, ...] = CATALOGUE) -> dict[date, bytes]:
    found = {}
    for day in DAYS:
        try:
            found[day] = features(Replay(log).advance(day), day, catalogue).values.tobytes()
        except NobodyEnrolled:
            continue
    return found


def test_the_rows_are_those_of_a_replay_that_forgets_nothing(tmp_path: Path) -> None:
    log = one_log(tmp_path / "log", three_terms())
    assert stretch_of(log).marks_from[DAYS[-1]] > day_number(date(2025, 2, 4))
    assert made(log) == read_anew_every_week(log)


def test_an_analysts_own_question_may_look_back_further_than_any_of_the_usual(tmp_path: Path) -> None:
    log = one_log(tmp_path / "log", three_terms())
    week = next(feature for feature in CATALOGUE if feature.name == "missed_days_7d")
    own = (*CATALOGUE, replace(week, name="missed_days_365d", window=Last(days=365)))
    found = {one.as_of: one.values.tobytes() for one in panel._replayed(replace(stretch_of(log), catalogue=own))}
    assert found == read_anew_every_week(log, own)


@pytest.mark.parametrize(
    ("told_on", "readings"),
    [
        pytest.param(date(2025, 5, 1), 1, id="before its marks were let go of"),
        pytest.param(date(2025, 11, 3), 2, id="after that"),
    ],
)
def test_a_term_that_was_thought_to_have_begun_earlier_is_read_as_known_then(
    told_on: date, readings: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the calendar said of 2025-02-03 was taken back later: on the days between, that day was of the previous term."""
    told = Record(
        table=CALENDAR, happened_on=date(2025, 2, 3), recorded_at=in_the_evening(told_on), batch=95, line=1,
        values={"academic_year": 2025, "term": 1, "kind": "TEACH"},
    )  # fmt: skip
    back = replace(told, recorded_at=in_the_evening(date(2025, 12, 1)), batch=96, retracted=True)
    log = one_log(tmp_path / "log", [*three_terms(), told, back])
    wanted = read_anew_every_week(log)
    begun: list[EventLog] = []

    def begin(log: EventLog) -> Replay:
        begun.append(log)
        return Replay(log)

    monkeypatch.setattr(panel, "Replay", begin)
    assert made(log) == wanted
    assert len(begun) == readings  # not on every day until the calendar was corrected
    if readings > 1:
        monkeypatch.setattr(panel, "reaches", lambda state, day: True)
        assert made(log) != wanted  # the marks of that day matter
