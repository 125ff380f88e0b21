"""The lists of a test term as serving would have made them: capacity, advisors, last week's list, and what is counted."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from features.catalogue import CATALOGUE
from features.cohort import Cohort, TermSpan
from models.bands import HIGH, NO_ADVISOR, NO_BAND, UNKNOWN, WATCH
from models.horizon import LIST_HORIZON
from models.risk_model import Calibration, RiskModel, model_of
from records.home import DataHome
from records.tables import RULES
from tests.features.small_log import INSTITUTION, Record, in_the_evening
from tests.models.growing import grown
from tests.training.drawn_home import make_home, set_advisor, set_capacity
from training.panel import Week
from training.rates import TermOfLists, advisors, joined, lists_of_term

MONDAY = date(2025, 7, 7)
STUDENTS = 12
COLUMN = [feature.name for feature in CATALOGUE].index("missed_share_28d")
LOOKS_AT = np.eye(len(CATALOGUE))[COLUMN]


@pytest.fixture(scope="module")
def model() -> RiskModel:
    """The more days missed, the riskier; it looks at nothing else."""
    values = np.full((2000, len(CATALOGUE)), np.nan, np.float32)
    values[:, COLUMN] = np.linspace(0, 1, 2000)
    left = values[:, COLUMN] > np.arange(2000) * 0.6180339887 % 1  # evenly spread, so that every step counts
    text = grown(values, left, CATALOGUE, seeds=(1,), trees=200)
    return model_of(text, CATALOGUE, LIST_HORIZON, Calibration())


@pytest.fixture
def home(tmp_path: Path) -> Iterator[DataHome]:
    rule = Record(
        table=RULES, student=1, happened_on=date(2024, 1, 1), recorded_at=in_the_evening(date(2024, 1, 1)), batch=1,
        line=1, values={"rule": "attendance_share", "value": 0.8},
    )  # fmt: skip
    made = make_home(tmp_path, [rule])
    yield made
    made.close()


def week(number: int, missed: list[float], *, gone: tuple[int, ...] = (), left: tuple[int, ...] = ()) -> Week:
    """Twelve students; the first six are in class group A, the others in B."""
    student = np.arange(1, STUDENTS + 1)
    values = np.full((STUDENTS, len(CATALOGUE)), np.nan, np.float32)
    values[:, COLUMN] = missed
    as_of, places = MONDAY + timedelta(weeks=number), np.arange(STUDENTS)
    group = places // 6
    span = TermSpan(academic_year=2025, term=1, opens=0, closes=1)
    who = Cohort(
        as_of=as_of, student=student, term=group * 0, group=group, groups=("A", "B"),
        level=np.zeros(STUDENTS, np.int16), terms=(span,), row=places,
    )  # fmt: skip
    leaves = np.isin(places, left)
    return Week(
        institution=INSTITUTION, as_of=as_of, cohort=who, student=student, person=student, term=[(2025, 1)] * STUDENTS,
        group=group, values=values, left=leaves, strict=leaves, gone=np.isin(places, gone), mature=True,
    )  # fmt: skip


DOWN = [0.95, 0.87, 0.79, 0.71, 0.63, 0.55, 0.47, 0.39, 0.31, 0.23, 0.15, 0.07]


def made(home: DataHome, model: RiskModel, *weeks: Week, bonus: float = 0.0) -> TermOfLists:
    return lists_of_term(home, weeks, model, weight=LOOKS_AT, bonus=bonus, today=date(2025, 12, 1))


def test_every_week_fills_its_capacity(home: DataHome, model: RiskModel) -> None:
    set_capacity(home, visits=2, rows=3)
    found = made(home, model, week(0, DOWN), week(1, DOWN))
    each = [HIGH] * 2 + [WATCH] + [NO_BAND] * 3 + [WATCH] * 3 + [NO_BAND] * 3
    assert found.band.tolist() == each * 2
    assert [rate.rows for rate in found.rates] == [4, 8, 12]


def test_the_list_of_the_week_before_gets_the_bonus_whatever_order_weeks_come_in(
    home: DataHome, model: RiskModel
) -> None:
    set_capacity(home, visits=1, rows=0)
    weeks = (week(0, DOWN), week(1, DOWN[::-1]))
    for given in (weeks, weeks[::-1]):
        assert np.flatnonzero(made(home, model, *given).band == HIGH).tolist() == [0, 12 + 11]
        assert np.flatnonzero(made(home, model, *given, bonus=50.0).band == HIGH).tolist() == [0, 12]


def test_who_was_gone_takes_a_place_and_is_counted_in_no_rate(home: DataHome, model: RiskModel) -> None:
    set_capacity(home, visits=2, rows=0)
    found = made(home, model, week(0, DOWN, gone=(0,), left=(1, 5)))
    assert found.gone_visited == 1
    assert joined([found, found]).gone_visited == 2
    assert [(rate.band, rate.rows, rate.left) for rate in found.rates] == [
        (HIGH, 1, 1),
        (WATCH, 0, 0),
        (NO_BAND, 10, 1),
    ]


def test_who_is_not_known_is_abstained_on_and_counted_apart(home: DataHome, model: RiskModel) -> None:
    set_capacity(home, visits=2, rows=0)
    found = made(home, model, week(0, [np.nan, *DOWN[1:]], left=(0, 1)))
    assert found.band.tolist() == [UNKNOWN, HIGH, HIGH] + [NO_BAND] * 9
    assert found.abstained == {"rows": 1, "of": 12}  # that it was one who left is told to nobody
    assert found.rates[0].left == 1


def test_of_the_abstained_it_is_told_how_many_left_where_ten_did_and_ten_stayed() -> None:
    def abstained(leavers: int, weeks: int) -> dict[str, int]:
        person = np.tile(np.arange(20), weeks)
        band = np.full(len(person), UNKNOWN)
        return TermOfLists(band=band, left=person < leavers, person=person).abstained

    assert abstained(10, weeks=3) == {"rows": 60, "of": 60, "left": 30}
    assert abstained(9, weeks=3) == abstained(11, weeks=3) == {"rows": 60, "of": 60}


def test_before_a_capacity_was_entered_todays_holds(home: DataHome, model: RiskModel) -> None:
    set_capacity(home, visits=2, rows=0)  # from January 2024 on
    early = week(0, DOWN)
    early = replace(early, as_of=date(2023, 7, 3))
    assert (made(home, model, early).band == HIGH).sum() == 2


def test_without_any_capacity_nobody_is_high_and_each_group_is_watched_by_default(
    home: DataHome, model: RiskModel
) -> None:
    found = made(home, model, week(0, DOWN))
    assert found.band.tolist() == ([WATCH] * 5 + [NO_BAND]) * 2


# Advisors and ties


def test_without_advisors_a_class_group_counts_as_one_advisors(home: DataHome) -> None:
    assert advisors(home, week(0, DOWN)).tolist() == [0] * 6 + [1] * 6


def test_where_advisors_were_entered_a_group_without_one_has_none(home: DataHome) -> None:
    set_advisor(home, "B")
    assert advisors(home, week(0, DOWN)).tolist() == [NO_ADVISOR] * 6 + [0] * 6


def test_ties_are_keyed_and_differ_every_week(home: DataHome) -> None:
    first, again, later = (
        home.vault.key.tie_breaks(one.student, one.as_of).tolist()
        for one in (week(number, DOWN) for number in (0, 0, 1))
    )
    assert first == again == [home.vault.key.tie_break(student, "2025-07-07") for student in range(1, STUDENTS + 1)]
    assert np.argsort(first).tolist() != np.argsort(later).tolist()
