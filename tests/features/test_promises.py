"""What every feature promises is kept by the whole catalogue, and a feature that breaks a promise is found and told."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import features.state
from features.asked import Asked
from features.catalogue import CATALOGUE
from features.declaration import Feature
from features.promises import Broken, BrokenPromise, Promise, broken_promises, require_promises
from features.remembered import remembered
from features.vocabulary import Count, InTerm, Last, Own, Relative
from records.clock import start_of
from records.log import EventLog
from records.tables import ATTENDANCE, HOUSEHOLD, SCREENING_SENSITIVE, Table
from tests.features.pictures import ask, calendar, records_of, roster
from tests.features.small_log import write_log
from tests.features.twin.large import large_college, write_told

Floats = npt.NDArray[np.float64]
DAYS = [date(2025, 8, 18), date(2025, 9, 1)]
MISSED = ATTENDANCE["status"].is_in("A", "K")
PICTURE = """
    table      | student | happened_on | recorded_at | status | travel_km | income_per_head | level | class_group
    attendance | 1       | 2025-08-11  | 2025-08-11  | A      |           |                 |       |
    attendance | 1       | 2025-08-13  | 2025-08-13  | A      |           |                 |       |
    attendance | 2       | 2025-08-13  | 2025-08-13  | P      |           |                 |       |
    attendance | 2       | 2025-08-20  | 2025-08-29  | K      |           |                 |       |
    attendance | 3       | 2025-08-28  | 2025-09-03  | A      |           |                 |       |
    attendance | 6       | 2025-08-14  | 2025-08-14  | L      |           |                 |       |
    household  | 1       | 2025-06-02  | 2025-06-02  |        | 12.5      | 3000            |       |
    household  | 2       | 2025-06-03  | 2025-06-03  |        | 3         | 9000            |       |
    household  | 6       | 2025-12-01  | 2025-06-03  |        | 40        | 1000            |       |
    enrolments | 5       | 2025-05-14  | 2025-05-14  |        |           |                 | V1    | B
    enrolments | 6       | 2025-05-14  | 2025-05-14  |        |           |                 | V1    | B
    """


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    return write_log(
        tmp_path, [*calendar([(2025, 1)]), *roster([1, 2, 3, 4], (2025, 1)), *records_of(PICTURE, ATTENDANCE)]
    )


def own(
    answers: Callable[[Asked], Any],
    *,
    table: Table = ATTENDANCE,
    reads: tuple[str, ...] = ("status",),
    absent_means: float | None = None,
) -> Feature:
    return ask(table, Own(answers=answers, reads=reads), InTerm(), decimals=2, absent_means=absent_means)


def missed(asked: Asked) -> Floats:
    days = asked.days(InTerm())
    return np.where(days.recorded.any(axis=0), days.are("A", "K").sum(axis=0), np.nan)


def travel(asked: Asked) -> Floats:
    newest = asked.rows(HOUSEHOLD).groupby("place")["travel_km"].last()
    return newest.reindex(range(asked.size)).to_numpy(np.float64)


# The whole catalogue


def test_the_whole_catalogue_keeps_every_promise(tmp_path: Path) -> None:
    log = write_told(tmp_path, large_college(3, 150))
    assert broken_promises(CATALOGUE, log, [date(2025, 1, 20), date(2025, 7, 14), date(2025, 9, 1)]) == []


def test_own_features_that_keep_them_pass(log: EventLog) -> None:
    require_promises(own(missed), log, DAYS)
    require_promises(own(travel, table=HOUSEHOLD, reads=("travel_km",)), log, DAYS)


def test_what_a_feature_is_relative_to_is_asked_with_it(log: EventLog) -> None:
    of = ask(ATTENDANCE, Count(where=MISSED), Last(days=28))
    beside = ask(ATTENDANCE, Relative(of=of.name, least=2), Last(days=28))
    require_promises(beside, log, DAYS, [of])
    with pytest.raises(ValueError, match="relative to attendance_count, which the catalogue does not have"):
        require_promises(beside, log, DAYS, [])


# Features that break one


def too_few(asked: Asked) -> Floats:
    return np.zeros(3)


def infinite(asked: Asked) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return 1 / (missed(asked) * 0)


def not_a_number(asked: Asked) -> Any:
    return ["many"] * asked.size


def unknown(asked: Asked) -> Floats:
    return np.full(asked.size, np.nan)


def too_large(asked: Asked) -> Floats:
    return missed(asked) + 1e7


def by_chance(asked: Asked) -> Floats:
    return np.random.default_rng().random(asked.size)


def stale(asked: Asked) -> Floats:
    found: Floats = remembered(asked.state, "mine", "always", lambda: missed(asked))
    return found


def peeking(asked: Asked) -> Floats:
    return np.asarray(np.isin(asked.cohort.student, [3, 6]), np.float64)


def looked_up(asked: Asked) -> Floats:
    later = {1: 0.0, 2: 1.0, 3: 1.0, 4: 0.0, 5: 0.0, 6: 0.0}
    return np.array([later[student] for student in asked.cohort.student.tolist()])


def against_all(asked: Asked) -> Floats:
    values = np.nan_to_num(missed(asked))
    return np.asarray(values - values.mean())


def announced(asked: Asked) -> Floats:
    rows = asked.state.rows["household"]
    found, place = np.zeros(asked.size), asked.place[rows.student]
    found[place[rows.columns["alive"] & (place >= 0)]] = 1
    return found


def marks_to_come(asked: Asked) -> Floats:
    days = asked.state.attendance.window(0, 10**6, asked.cohort.student)
    return np.asarray((days > 0).sum(axis=0), np.float64)


BREAKERS = [
    (own(too_few), Promise.ONE_VALUE, r"its function gave \(3,\) values for 6 students"),
    (own(infinite), Promise.ONE_VALUE, r"students have an infinite value"),
    (own(not_a_number), Promise.ONE_VALUE, "it raised ValueError"),
    (own(unknown, table=HOUSEHOLD, reads=(), absent_means=0.0), Promise.ONE_VALUE, "no record means 0, but 6 students"),
    (own(too_large), Promise.ROUNDED, "a float32 keeps about seven digits"),
    (own(by_chance), Promise.TWICE, "Take out chance"),
    (own(stale), Promise.WEEK_BY_WEEK, "must not remember"),
    (own(announced, table=HOUSEHOLD, reads=()), Promise.NO_DAY_AHEAD, "which end before it"),
    (own(travel), Promise.DECLARED_READS, "does not declare"),
    (own(travel, table=HOUSEHOLD, reads=("income_per_head",)), Promise.DECLARED_READS, "Name the column in `reads`"),
    (own(missed, table=HOUSEHOLD, reads=("travel_km",)), Promise.DECLARED_READS, "does not declare"),
    (own(peeking), Promise.ANY_NUMBER, "something outside the state"),
    (own(looked_up), Promise.ANY_NUMBER, "something outside the state"),
    (own(against_all), Promise.ANY_COMPANY, "other class groups"),
]


@pytest.mark.parametrize(("feature", "promise", "said"), BREAKERS, ids=lambda one: getattr(one, "name", None))
def test_a_broken_promise_is_found_and_said(log: EventLog, feature: Feature, promise: Promise, said: str) -> None:
    with pytest.raises(BrokenPromise, match=said) as raised:
        require_promises(feature, log, DAYS)
    assert [broken.promise for broken in raised.value.broken] == [promise]
    assert f"feature {feature.name}, 2025-" in str(raised.value)


def test_marks_of_days_to_come_are_found(tmp_path: Path) -> None:
    ahead = """
        student | happened_on | recorded_at | status
        1       | 2025-09-04  | 2025-08-20  | S
        2       | 2025-08-20  | 2025-08-20  | S
        """
    log = write_log(tmp_path, [*calendar([(2025, 1)]), *roster([1, 2], (2025, 1)), *records_of(ahead, ATTENDANCE)])
    assert _promises(broken_promises([own(marks_to_come)], log, DAYS[1:])) == [Promise.NO_DAY_AHEAD]
    assert broken_promises([own(missed)], log, DAYS[1:]) == []


def test_an_engine_that_reads_on_is_found(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features.state, "start_of", lambda day: start_of(day + timedelta(days=14)))
    assert Promise.NO_LATER_RECORD in _promises(broken_promises([own(missed)], log, [date(2025, 8, 25)]))


def test_others_are_tried_where_one_fails(log: EventLog) -> None:
    named = [replace(own(answers), name=answers.__name__) for answers in (missed, too_few, by_chance, against_all)]
    found = {broken.feature: broken.promise for broken in broken_promises(named, log, DAYS)}
    assert found == {
        "too_few": Promise.ONE_VALUE,
        "by_chance": Promise.TWICE,
        "against_all": Promise.ANY_COMPANY,
    }


def test_a_strange_error_does_not_tell_a_students_number(log: EventLog) -> None:
    def fails(asked: Asked) -> Floats:
        raise KeyError(f"student {asked.cohort.student[-1]} of class 123456")

    [broken] = broken_promises([own(fails)], log, DAYS)
    assert "it raised KeyError" in str(broken)
    assert "123456" not in str(broken)


@pytest.mark.parametrize("promise", Promise)
def test_every_promise_says_in_both_languages_what_to_do(promise: Promise) -> None:
    said = str(Broken(feature="x", promise=promise, as_of=DAYS[0]))
    assert promise.broken.en in said
    assert promise.broken.th in said


# What cannot be tried


def test_what_cannot_be_tried_is_said(log: EventLog) -> None:
    with pytest.raises(ValueError, match="at least one day"):
        require_promises(own(missed), log, [])
    sealed = replace(CATALOGUE[0], name="sealed")
    object.__setattr__(sealed, "table", SCREENING_SENSITIVE)
    with pytest.raises(ValueError, match="sealed: a sealed table is not copied"):
        require_promises(sealed, log, DAYS)
    log.institutions = ("T1", "T2")
    with pytest.raises(ValueError, match="the log of one institution"):
        require_promises(own(missed), log, DAYS)


def _promises(broken: Sequence[Broken]) -> list[Promise]:
    return [one.promise for one in broken]
