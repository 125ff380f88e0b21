"""An analyst's own question: what it is given, how it is asked beside the catalogue, and what the guide shows of it."""

import importlib.util
import inspect
import re
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from features.asked import Asked
from features.catalogue import CATALOGUE, FINGERPRINT, WITH_SENSITIVE
from features.cohort import cohort
from features.day_cubes import ABSENT_MARKS, mark
from features.declaration import Feature, check_catalogue, fingerprint
from features.outside import NORMAL
from features.promises import Promise, require_promises
from features.snapshot import replay
from features.state import Replay
from features.vocabulary import Count, Ever, InTerm, Last, LongestRun, Measure, Own, Sessions, Share, Term, Window
from records.codes import STUDY_MODES
from records.log import EventLog
from records.tables import ATTENDANCE, CALENDAR, ENROLMENTS, GRADES, HOUSEHOLD, STUDENTS, TERM_GPA
from tests.features.pictures import ask, calendar, records_of, roster
from tests.features.small_log import write_log
from tests.features.twin.large import large_college, write_told

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "guides" / "new-feature.md").read_text(encoding="utf-8")
NOTEBOOK = (ROOT / "notebooks" / "new_feature.py").read_text(encoding="utf-8")
TODAY = date(2025, 9, 1)
# 10 and 11 July 2025 and 12 August are holidays; the first days back are 14 July and 13 August.
HOLIDAYS = """
    student | happened_on | recorded_at | status
    1       | 2025-07-09  |             | A
    1       | 2025-07-14  |             | A
    1       | 2025-08-13  |             | P
    2       | 2025-07-14  |             | A
    2       | 2025-08-13  |             | K
    3       | 2025-07-15  |             | A
    4       | 2025-07-14  |             | P
    4       | 2025-08-13  | 2025-09-02  | A
    5       | 2025-07-14  |             | I
    6       | 2025-07-14  |             | S
    6       | 2025-08-11  |             | A
    """


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The Python of the guide, as one module."""
    path = tmp_path_factory.mktemp("guide") / "shown_in_guide.py"
    path.write_text("\n".join(re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[path.stem]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> EventLog:
    """With students in the company, totals, periods and two numbers for one person."""
    return write_told(tmp_path_factory.mktemp("large"), large_college(5, 200))


@pytest.fixture
def small(tmp_path: Path) -> EventLog:
    return write_log(
        tmp_path,
        [*calendar([(2025, 1)]), *roster([1, 2, 3, 4, 5, 6], (2025, 1)), *records_of(HOLIDAYS, ATTENDANCE)],
    )


def asked_of(log: EventLog, day: date) -> Asked:
    state = Replay(log).advance(day)
    return Asked(state, cohort(state, day), CATALOGUE)


# The worked example


def test_the_worked_example_is_right(small: EventLog, shown: ModuleType) -> None:
    [snapshot] = replay(small, [TODAY], [shown.AFTER_HOLIDAY])
    told = dict(zip(snapshot.cohort.student.tolist(), snapshot.values[:, 0].tolist(), strict=True))
    assert {student: value for student, value in told.items() if value == value} == {1: 0.5, 2: 1, 4: 0, 6: 0}
    assert np.isnan([told[3], told[5]]).all()


def test_the_worked_example_is_right_before_the_second_holiday(small: EventLog, shown: ModuleType) -> None:
    [snapshot] = replay(small, [date(2025, 8, 13)], [shown.AFTER_HOLIDAY])
    assert snapshot.values[:, 0].tolist()[:2] == [1, 1]


def test_the_worked_example_keeps_every_promise(large: EventLog, shown: ModuleType) -> None:
    require_promises(shown.AFTER_HOLIDAY, large, [date(2025, 6, 30), TODAY])


def test_beside_the_catalogue_it_changes_nothing_else(large: EventLog, shown: ModuleType) -> None:
    catalogue = (*CATALOGUE, shown.AFTER_HOLIDAY)
    check_catalogue(catalogue)
    [alone], [beside] = replay(large, [TODAY]), replay(large, [TODAY], catalogue)
    assert np.array_equal(alone.values, beside.values[:, :-1], equal_nan=True)
    assert np.isfinite(beside.column(shown.AFTER_HOLIDAY.name)).any()
    assert shown.AFTER_HOLIDAY.name in beside.frame()


def test_the_guide_and_the_notebook_show_the_same_function(shown: ModuleType) -> None:
    assert inspect.getsource(shown.missed_after_holiday) in NOTEBOOK
    assert shown.AFTER_HOLIDAY.name in NOTEBOOK
    assert shown.LATE_MONDAYS.name in NOTEBOOK


# What the guide must name


def _measures() -> set[str]:
    return {one.__name__ for one in get_args(Measure)}


def test_the_guide_has_a_line_for_every_measure_and_no_other() -> None:
    rows = set(re.findall(r"^\| `(\w+)`", GUIDE.split("## Measures")[1].split("\n## ")[0], re.MULTILINE))
    assert rows == _measures()
    assert {"Count", "Own", "FromMedian"} <= rows


@pytest.mark.parametrize("promise", Promise)
def test_the_guide_explains_every_promise(promise: Promise) -> None:
    assert f"| {promise.value} |" in GUIDE


@pytest.mark.parametrize("word", [one.name for one in Feature.__dataclass_fields__.values()])
def test_the_guide_explains_every_part_of_a_declaration(word: str) -> None:
    assert f"`{word}`" in GUIDE


# The fingerprint


def constant(asked: Asked) -> npt.NDArray[np.float64]:
    return np.full(asked.size, 1.0)


def other_constant(asked: Asked) -> npt.NDArray[np.float64]:
    return np.full(asked.size, 2.0)


def test_the_fingerprint_knows_the_function_and_what_it_reads() -> None:
    one, other = (
        ask(ATTENDANCE, Own(answers=answers, reads=("status",)), InTerm()) for answers in (constant, other_constant)
    )
    more = ask(ATTENDANCE, Own(answers=constant, reads=("status", "session")), InTerm())
    assert len({fingerprint([feature]) for feature in (one, other, more)}) == 3
    assert fingerprint([one]) == fingerprint([one])
    assert fingerprint([*CATALOGUE, one]) != FINGERPRINT


def test_no_published_list_reads_an_analysts_function() -> None:
    assert not [feature.name for feature in WITH_SENSITIVE if isinstance(feature.measure, Own)]


def test_a_wrong_shape_is_refused_with_the_next_step(small: EventLog) -> None:
    wrong = ask(ATTENDANCE, Own(answers=lambda asked: np.zeros(2), reads=("status",)), InTerm())
    with pytest.raises(ValueError, match=r"its function gave \(2,\) values for 6 students; give one each"):
        list(replay(small, [TODAY], [wrong]))


def test_a_column_that_is_no_feature_cannot_be_named() -> None:
    with pytest.raises(ValueError, match=r"students\.sex is declared for audit, not for features"):
        ask(STUDENTS, Own(answers=constant, reads=("sex",)), Ever())


# Days


@pytest.mark.parametrize("window", [Last(days=28), InTerm(), InTerm(term=Term.PREVIOUS)], ids=str)
@pytest.mark.parametrize("sessions", [Sessions.DAY, Sessions.FLAG, Sessions.HOMEROOM])
@pytest.mark.parametrize("day", [date(2025, 6, 30), TODAY])
def test_days_are_those_that_the_measures_count(large: EventLog, window: Window, sessions: Sessions, day: date) -> None:
    absent = ATTENDANCE["status"].is_in("A", "K", "S", "B")
    share = ask(ATTENDANCE, Share(where=absent, weekdays=(0, 1, 2, 3, 4, 5, 6)), window, sessions=sessions)
    [snapshot] = replay(large, [day], [share])
    days = asked_of(large, day).days(window, sessions)
    counted, held = (days.are("A", "K", "S", "B") & days.recorded).sum(axis=0), days.recorded.sum(axis=0)
    found = np.where(held > 0, counted / np.maximum(held, 1), np.nan)
    np.testing.assert_allclose(snapshot.values[:, 0], found, atol=1e-4)
    assert (held > 0).any() or sessions is not Sessions.DAY


def test_absence_of_those_who_learn_outside_is_a_day_in_the_company(large: EventLog) -> None:
    asked = asked_of(large, TODAY)
    days = asked.days(InTerm())
    raw = asked.state.attendance.window(int(days.number[0]), asked.cohort.today, asked.cohort.student)
    absent = np.isin(raw, ABSENT_MARKS)
    mode = asked.state.rows["enrolments"].columns["study_mode"][asked.cohort.row]
    interns = mode == STUDY_MODES.position("INTERNSHIP")
    assert absent[:, interns].any()
    assert not days.are("A", "K", "S", "B")[:, interns].any()
    assert (days.marks == mark("I"))[absent & interns].all()
    normal = asked.outside.row == NORMAL
    assert np.array_equal(days.marks[:, normal], raw[:, normal])


def test_a_week_in_which_no_dual_student_of_the_group_was_seen_is_in_the_company(tmp_path: Path) -> None:
    picture = """
        table      | student | happened_on | status | study_mode
        enrolments | 1       | 2025-05-13  |        | DUAL
        enrolments | 2       | 2025-05-13  |        | DUAL
        enrolments | 3       | 2025-05-13  |        | NORMAL
        enrolments | 4       | 2025-05-13  |        | DUAL
        attendance | 1       | 2025-08-18  | A      |
        attendance | 2       | 2025-08-19  | S      |
        attendance | 3       | 2025-08-19  | A      |
        attendance | 1       | 2025-08-25  | A      |
        attendance | 2       | 2025-08-27  | P      |
        """
    log = write_log(tmp_path, [*calendar([(2025, 1)]), *records_of(picture, ATTENDANCE)])
    days = asked_of(log, TODAY).days(Last(days=14))
    assert days.are("I").sum(axis=0).tolist() == [1, 1, 0, 0]
    assert days.are("A", "S").sum(axis=0).tolist() == [1, 0, 1, 0]
    assert days.recorded.sum(axis=0).tolist() == [1, 1, 1, 0]


def test_days_tell_number_weekday_teaching_and_closed_days(small: EventLog) -> None:
    days = asked_of(small, date(2025, 7, 15)).days(Last(days=7))
    assert days.number.astype("datetime64[D]").tolist() == [date(2025, 7, day) for day in range(8, 15)]
    assert days.weekday.tolist() == [1, 2, 3, 4, 5, 6, 0]
    assert days.taught[:, 0].tolist() == [True, True, False, False, False, False, True]
    assert days.closed[:, 0].tolist() == [False, False, True, True, False, False, False]
    assert days.are("A").sum(axis=0).tolist() == [2, 1, 0, 0, 0, 0]
    assert days.are("I").sum(axis=0).tolist() == [0, 0, 0, 0, 1, 0]
    assert days.recorded.sum(axis=0).tolist() == [2, 1, 0, 1, 0, 1]


def test_a_term_that_there_is_not_has_no_days(small: EventLog) -> None:
    days = asked_of(small, TODAY).days(InTerm(term=Term.PREVIOUS))
    assert days.marks.shape == (0, 6)


def test_marks_can_be_changed_without_changing_the_state(small: EventLog) -> None:
    asked = asked_of(small, TODAY)
    asked.days(InTerm()).marks[:] = 1
    assert asked.days(InTerm()).are("A").any()


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (lambda asked: asked.days(Ever()), "days are asked of Last or InTerm"),
        (lambda asked: asked.days(InTerm(), Sessions.PERIODS), "not of class periods"),
        (lambda asked: asked.days(InTerm()).are("A", "H"), "H: not held and not recorded are no marks"),
        (lambda asked: asked.rows(ATTENDANCE), "ask days\\(\\) of attendance"),
        (lambda asked: asked.rows(CALENDAR), "no rows of students in calendar"),
    ],
)
def test_what_cannot_be_asked_is_said(small: EventLog, question: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        question(asked_of(small, TODAY))


# Rows


def test_rows_are_what_the_measures_count(large: EventLog) -> None:
    count = ask(GRADES, Count(where=GRADES["grade"].is_in("0", "R", "MS")), Ever(), absent_means=0)
    [snapshot] = replay(large, [TODAY], [count])
    asked = asked_of(large, TODAY)
    rows = asked.rows(GRADES)
    failed = rows[rows["grade"].isin(["0", "R", "MS"])].groupby("place").size()
    assert snapshot.values[:, 0].tolist() == failed.reindex(range(asked.size), fill_value=0).tolist()
    assert failed.sum() > 0
    assert (rows["happened_on"] < pd.Timestamp(TODAY)).all()
    assert rows["place"].is_monotonic_increasing


def test_rows_show_codes_as_words_and_missing_as_missing(tmp_path: Path) -> None:
    picture = """
        student | happened_on | recorded_at | poverty_class | works_parttime | travel_km
        1       | 2025-06-02  |             | POOR          | yes            | 12.5
        1       | 2025-06-09  |             |               |                |
        2       | 2025-06-02  | 2025-09-02  | EXTREME       | no             | 3
        3       | 2025-06-02  |             | NOT           | no             |
        9       | 2025-06-02  |             | NOT           | no             | 1
        """
    log = write_log(tmp_path, [*calendar([(2025, 1)]), *roster([1, 2, 3], (2025, 1)), *records_of(picture, HOUSEHOLD)])
    rows = asked_of(log, TODAY).rows(HOUSEHOLD)
    assert rows["place"].tolist() == [0, 0, 2]
    assert rows["poverty_class"].astype(object).where(rows["poverty_class"].notna(), None).tolist() == [
        "POOR", None, "NOT",
    ]  # fmt: skip
    assert rows["works_parttime"].fillna(-1).tolist() == [1, -1, 0]
    assert rows["travel_km"].fillna(-1).tolist() == [12.5, -1, -1]
    assert str(rows["happened_on"][1].date()) == "2025-06-09"


def test_rows_hold_no_column_that_a_feature_may_not_name(small: EventLog) -> None:
    asked = asked_of(small, TODAY)
    assert {"class_group", "level", "registered_on"} <= set(asked.rows(ENROLMENTS))
    assert not {"status", "status_on"} & set(asked.rows(ENROLMENTS))
    assert not {"sex", "nationality_group", "disability_any"} & set(asked.rows(STUDENTS))
    assert asked.rows(ENROLMENTS)["class_group"].tolist() == ["A"] * 6
    assert asked.rows(ENROLMENTS)["registered_on"].isna().all()


def test_a_run_can_be_asked_by_hand(large: EventLog) -> None:
    run = ask(ATTENDANCE, LongestRun(where=ATTENDANCE["status"].is_in("A", "K")), InTerm())
    [snapshot] = replay(large, [TODAY], [run])
    days = asked_of(large, TODAY).days(InTerm())
    now, longest = np.zeros((2, len(snapshot.values)))
    for day in range(len(days.number)):
        counts = days.recorded[day] & ~days.closed[day]
        now = np.where(counts, (now + 1) * days.are("A", "K")[day], now)
        longest = np.maximum(longest, now)
    told = (days.recorded & ~days.closed).any(axis=0)
    assert np.array_equal(snapshot.values[:, 0], np.where(told, longest, np.nan), equal_nan=True)


def test_the_newest_row_of_a_student_is_that_of_the_latest_term(tmp_path: Path) -> None:
    picture = """
        student | happened_on | academic_year | term | gpa
        1       | 2025-06-02  | 2024          | 1    | 2
        1       | 2025-03-20  | 2024          | 2    | 3
        """
    log = write_log(tmp_path, [*calendar([(2025, 1)]), *roster([1], (2025, 1)), *records_of(picture, TERM_GPA)])
    assert asked_of(log, TODAY).rows(TERM_GPA)["gpa"].tolist() == [2, 3]
