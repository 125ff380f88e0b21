"""The engine answers the whole catalogue as SQL does: for random histories, and for a college of 10,000 students."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.catalogue import CATALOGUE
from features.cohort import NobodyEnrolled
from features.declaration import Feature
from features.snapshot import Snapshot, features
from features.state import Replay
from features.vocabulary import (
    Change,
    Count,
    CountNewest,
    DaysSince,
    Ever,
    FromMedian,
    InTerm,
    Last,
    LongestRun,
    Margin,
    Mean,
    Measure,
    NoRecord,
    Own,
    Sessions,
    Share,
    Slope,
    StepChange,
    Sum,
    Term,
    Unrecorded,
    WeeksSame,
    Window,
    WorstCourse,
)
from records.log import EventLog
from records.tables import ATTENDANCE, GRADES, HOUSEHOLD, SCREENING, TERM_GPA, Table
from tests.features.pictures import ask
from tests.features.small_log import write_log
from tests.features.twin import answerable, answers
from tests.features.twin.comparing import disagreements
from tests.features.twin.histories import whole_college
from tests.features.twin.large import TERMS, large_college, write_told
from tests.property.profile import COLLEGES
from tests.property.small_college import MONDAYS, Knobs

PERCENT = st.sampled_from((0, 5, 15, 40))
KNOBS = st.builds(
    Knobs,
    seed=st.integers(0, 2**32),
    students=st.integers(10, 40),
    late=PERCENT,
    corrected=PERCENT,
    retracted=st.sampled_from((0, 3, 10)),
    by_totals=st.sampled_from((0, 0, 30, 100)),
    leavers=st.sampled_from((0, 20)),
    two_numbers=st.booleans(),
)
ANY_DAY = st.builds(lambda monday, days: monday + timedelta(days=days), st.sampled_from(MONDAYS), st.integers(0, 6))
_STATUS, _MARK = ATTENDANCE["status"], GRADES["grade"]
MISSED, SICK, ATTENDED = _STATUS.is_in("A", "K"), _STATUS.is_in("S"), _STATUS.is_in("P", "L", "E", "O")
_AREA, _WORRYING = SCREENING["area"], SCREENING["level"].is_in("CONCERN", "CLOSE")
BEFORE = InTerm(term=Term.PREVIOUS)


# Questions that the catalogue does not ask: other windows, sessions, absences.
_QUESTIONS: tuple[tuple[Table, Measure, Window, float | None, Sessions], ...] = (
    (ATTENDANCE, Count(where=SICK), Last(days=70), None, Sessions.DAY),
    (ATTENDANCE, Count(where=ATTENDED), BEFORE, None, Sessions.DAY),
    (ATTENDANCE, Change(where=ATTENDED, short_days=10), Last(days=77), None, Sessions.DAY),
    (ATTENDANCE, Change(where=MISSED, short_days=9), Last(days=30), None, Sessions.HOMEROOM),
    (ATTENDANCE, Change(where=SICK, short_days=21), InTerm(), None, Sessions.DAY),
    (ATTENDANCE, Change(where=MISSED, short_days=10), InTerm(), None, Sessions.FLAG),
    (ATTENDANCE, LongestRun(where=MISSED), BEFORE, None, Sessions.FLAG),
    (ATTENDANCE, LongestRun(where=ATTENDED, current=True), Last(days=30), None, Sessions.DAY),
    (ATTENDANCE, DaysSince(), Last(days=100), None, Sessions.DAY),
    (ATTENDANCE, DaysSince(where=MISSED), BEFORE, None, Sessions.HOMEROOM),
    (ATTENDANCE, Slope(where=MISSED), InTerm(), None, Sessions.FLAG),
    (ATTENDANCE, Share(where=MISSED, weekdays=(0, 2)), BEFORE, None, Sessions.HOMEROOM),
    (ATTENDANCE, Share(where=MISSED), BEFORE, None, Sessions.PERIODS),
    (ATTENDANCE, Unrecorded(), InTerm(), None, Sessions.DAY),
    (ATTENDANCE, Unrecorded(), Last(days=90), None, Sessions.DAY),
    (ATTENDANCE, WorstCourse(where=MISSED, least=3), Last(days=42), None, Sessions.PERIODS),
    (GRADES, Sum(column="credits"), Ever(), 0.0, Sessions.DAY),
    (GRADES, Sum(column="score", where=_MARK.is_in("SCORED")), Last(days=45), None, Sessions.DAY),
    (GRADES, Mean(column="score", weight="credits"), InTerm(), 50.0, Sessions.DAY),
    (GRADES, NoRecord(where=_MARK.is_in("0", "R")), BEFORE, None, Sessions.DAY),
    (GRADES, WeeksSame(column="grade"), Ever(), None, Sessions.DAY),
    (TERM_GPA, WeeksSame(column="gpa"), Ever(), 9.0, Sessions.DAY),
    (HOUSEHOLD, NoRecord(), Ever(), None, Sessions.DAY),
    (SCREENING, WeeksSame(column="level"), Last(days=60), None, Sessions.DAY),
    (GRADES, StepChange(column="score"), Ever(), None, Sessions.DAY),
    (SCREENING, FromMedian(of="asked_21", least=4), Ever(), None, Sessions.DAY),
    (GRADES, Share(where=_MARK.is_in("0", "R", "MS"), among=_MARK.is_in("0", "1", "2", "4", "R")), BEFORE, None, Sessions.DAY),
    (GRADES, Share(where=_MARK.is_in("NOT_SUBMITTED"), among=_MARK.is_in("NOT_SUBMITTED", "SCORED")), InTerm(), 0.5, Sessions.DAY),
    (GRADES, Share(where=_MARK.is_in("NOT_SUBMITTED"), weight="weight"), Last(days=50), 0.25, Sessions.DAY),
    (GRADES, Share(where=_MARK.is_in("0", "R"), among=_MARK.is_in("0", "4"), weight="credits"), BEFORE, None, Sessions.DAY),
    (SCREENING, CountNewest(where=_WORRYING, by="area", besides=_AREA.is_in("OVERALL")), Ever(), None, Sessions.DAY),
    (SCREENING, CountNewest(where=_WORRYING, by="area"), Last(days=60), 0.0, Sessions.DAY),
    (GRADES, CountNewest(where=_MARK.is_in("4", "3.5"), by="grade", besides=_MARK.is_in("SCORED")), BEFORE, None, Sessions.DAY),
    (GRADES, CountNewest(where=_MARK.is_in("R", "KHP"), by="course_code", besides=_MARK.is_in("SCORED", "NOT_SUBMITTED")), Ever(), None, Sessions.DAY),
    (HOUSEHOLD, CountNewest(where=HOUSEHOLD["poverty_class"].is_in("POOR", "EXTREME"), by="poverty_class"), Ever(), None, Sessions.DAY),
    (TERM_GPA, Margin(rule="gpa_minimum"), BEFORE, None, Sessions.DAY),
)  # fmt: skip
QUESTIONS = tuple(
    replace(ask(table, measure, window, absent_means=absent, sessions=sessions), name=f"asked_{number}")
    for number, (table, measure, window, absent, sessions) in enumerate(_QUESTIONS)
)
EVERYTHING = (*(feature for feature in CATALOGUE if not isinstance(feature.measure, Own)), *QUESTIONS)


@COLLEGES
@given(KNOBS, st.sets(ANY_DAY, min_size=2, max_size=4))
def test_the_engine_answers_as_the_twin_does(knobs: Knobs, days: set[date]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert_alike(write_log(Path(folder), whole_college(knobs)), sorted(days), EVERYTHING)


def assert_alike(log: EventLog, days: Sequence[date], catalogue: Sequence[Feature]) -> list[Snapshot]:
    """On each day, one after the other; the snapshots."""
    forward, snapshots = Replay(log), []
    for day in days:
        wanted = answers(log, day, catalogue)
        try:
            found = features(forward.advance(day), day, catalogue)
        except NobodyEnrolled:
            assert wanted.values.empty
            continue
        assert not list(disagreements(found, wanted))
        snapshots.append(found)
    return snapshots


def test_every_question_is_answered_for_somebody(tmp_path: Path) -> None:
    knobs = Knobs(seed=1, students=60, late=15, corrected=15, retracted=3, by_totals=30, leavers=20, two_numbers=True)
    log = write_log(tmp_path, whole_college(knobs))
    answered = dict.fromkeys((feature.name for feature in EVERYTHING), 0)
    for day in MONDAYS[6::4]:
        values = answers(log, day, EVERYTHING).values
        answered = {name: seen + int(values[name].notna().sum()) for name, seen in answered.items()}
    assert not [name for name, seen in answered.items() if not seen]


def test_sealed_tables_and_own_functions_are_left_out() -> None:
    own = replace(QUESTIONS[0], name="own", measure=Own(answers=np.zeros, reads=("status",)))
    beside = replace(QUESTIONS[-1], name="beside", measure=FromMedian(of="own"))
    assert [feature.name for feature in answerable((own, QUESTIONS[0], beside))] == ["asked_0"]


def test_ten_thousand_students_at_three_weeks(tmp_path: Path) -> None:
    log = write_told(tmp_path, large_college(seed=11, students=10_000))
    opens = TERMS[2025, 1][0]
    snapshots = assert_alike(log, [opens + timedelta(weeks=week) for week in (2, 7, 12)], EVERYTHING)
    assert all(len(snapshot.cohort.student) > 9_000 for snapshot in snapshots)
    answered = ~np.isnan(np.concatenate([snapshot.values for snapshot in snapshots])).all(axis=0)
    assert not [feature.name for feature, one in zip(EVERYTHING, answered, strict=True) if not one]
