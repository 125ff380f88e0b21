"""Fitting: the order of terms, on what calibration rests, and the sentences of a refusal."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
import pytest

from features.catalogue import CATALOGUE
from features.cohort import Cohort, TermSpan
from features.declaration import Feature
from models.horizon import LIST_HORIZON
from models.risk_model import PARAMETERS, SEEDS, calibrate, fit_members, model_of
from records.errors import ModelRefused
from training import fit
from training.fit import Form, fit_bag, grow, refit
from training.fit_linear import fit_linear
from training.panel import Panel, Week
from training.sampling import training_rows
from training.splits import term_of, terms_of

Term = tuple[int, int]
Values = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
OPENS = {(2023, 1): date(2023, 5, 15), (2023, 2): date(2023, 10, 30), (2024, 1): date(2024, 5, 13), (2024, 2): date(2024, 10, 28)}  # fmt: skip
STUDENTS = 150


class Fitted:
    """The fits that were asked for: how many rows each had, and which persons."""

    def __init__(self) -> None:
        self.values: list[Values] = []

    def members(
        self, values: Values, left: Flags, features: Sequence[Feature], *, seeds: Sequence[int], **grown: Any
    ) -> list[str]:
        self.values.append(values)
        return fit_members(values, left, features, seeds=seeds, **{**grown, "trees": 5})


@pytest.fixture
def fitted(monkeypatch: pytest.MonkeyPatch) -> Fitted:
    recorder = Fitted()
    monkeypatch.setattr(fit, "fit_members", recorder.members)
    return recorder


def week_of(term: Term, number: int, *, left: Callable[[Values], Flags] | None = None, shift: int = 0) -> Week:
    """One week of a term: the first answer of each student is their number, the second the risk."""
    as_of = OPENS[term] + timedelta(weeks=number)
    student = np.arange(STUDENTS)
    values = np.random.default_rng(number + 100 * shift).normal(size=(STUDENTS, len(CATALOGUE))).astype(np.float32)
    values[:, -1] = student + shift
    chosen = left(values) if left else values[:, 0] > 1
    none = np.zeros(STUDENTS, bool)
    span = TermSpan(academic_year=term[0], term=term[1], opens=0, closes=1)
    who = Cohort(as_of=as_of, student=student, term=student * 0, group=student * 0, groups=("A",), level=np.zeros(STUDENTS, np.int16), terms=(span,), row=student)  # fmt: skip
    return Week(
        institution="T1", as_of=as_of, cohort=who, student=student, person=student + shift, term=[term] * STUDENTS,
        group=student * 0, values=values, left=chosen, strict=chosen, gone=none, mature=True,
    )  # fmt: skip


def panel_of(*weeks: Week) -> Panel:
    return Panel(features=CATALOGUE, weeks=weeks)


def whole_terms(*terms: Term) -> Panel:
    return panel_of(*(week_of(term, number, shift=place) for place, term in enumerate(terms) for number in range(3)))


# Terms


def test_terms_come_in_the_order_of_their_first_week() -> None:
    panel = panel_of(week_of((2024, 1), 0), week_of((2023, 2), 5), week_of((2023, 2), 1), week_of((2023, 1), 3))
    assert terms_of(panel) == [(2023, 1), (2023, 2), (2024, 1)]


def test_a_week_belongs_to_the_term_of_most_of_its_students() -> None:
    week = week_of((2024, 1), 0)
    mixed = [(2023, 3)] * 20 + [(2024, 1)] * (STUDENTS - 20)
    assert term_of(Week(**{**vars(week), "term": mixed})) == (2024, 1)


def test_rows_of_who_was_gone_do_not_train() -> None:
    week = week_of((2024, 1), 0)
    gone = np.arange(STUDENTS) < 7
    values, left, person = panel_of(Week(**{**vars(week), "gone": gone})).matrix()
    assert (len(values), len(left), person.min()) == (STUDENTS - 7, STUDENTS - 7, 7)
    assert len(panel_of(Week(**{**vars(week), "gone": gone})).matrix(with_gone=True)[0]) == STUDENTS


# On what calibration rests


def test_with_the_same_term_a_year_earlier_the_newest_term_calibrates(fitted: Fitted) -> None:
    """One fit on everything, one on the terms before the newest."""
    fit_bag(whole_terms((2023, 1), (2023, 2), (2024, 1)), LIST_HORIZON)
    assert [len(values) for values in fitted.values] == [9 * STUDENTS, 6 * STUDENTS]
    everything, before = fitted.values
    assert (before == everything[: 6 * STUDENTS]).all()


@pytest.mark.parametrize("terms", [[(2023, 1)], [(2023, 1), (2023, 2)]])
def test_else_every_person_is_predicted_by_trees_that_never_saw_them(fitted: Fitted, terms: list[Term]) -> None:
    panel = whole_terms(*terms)
    fit_bag(panel, LIST_HORIZON)
    everything, *folds = fitted.values
    assert len(folds) == 3
    assert len(everything) == panel.rows
    persons = set(everything[:, -1])
    held_out = [persons - set(values[:, -1]) for values in folds]
    assert all(held_out)
    assert set().union(*held_out) == persons
    assert sum(len(one) for one in held_out) == len(persons)


def test_an_institution_that_is_new_in_the_newest_term_calibrates_nothing(fitted: Fitted) -> None:
    """The trees before had not met it, and those in use have: its level would be corrected a second time."""
    before = whole_terms((2023, 1), (2023, 2))
    known = [week_of((2024, 1), number, shift=2) for number in range(3)]
    new = [
        replace(week_of((2024, 1), number, left=lambda values: values[:, 0] > -1, shift=7), institution="T2")
        for number in range(3)
    ]
    alone = grow(before, LIST_HORIZON, form=Form(), seeds=SEEDS)
    rows = training_rows(panel_of(*known))
    bag = fit_bag(panel_of(*before.weeks, *known, *new), LIST_HORIZON)
    assert bag.forward == calibrate(alone.model.logits(rows.values), rows.left)
    assert bag.model.probabilities(rows.values).sum() == pytest.approx(rows.left.sum())
    everybody = training_rows(panel_of(*known, *new))
    assert bag.forward != calibrate(alone.model.logits(everybody.values), everybody.left)


def test_a_newest_term_without_a_leaver_calibrates_nothing(fitted: Fitted) -> None:
    early = whole_terms((2023, 1), (2023, 2))
    quiet = [
        week_of((2024, 1), number, left=lambda values: np.zeros(len(values), bool), shift=9) for number in range(3)
    ]
    model = fit_bag(panel_of(*early.weeks, *quiet), LIST_HORIZON).model
    assert len(fitted.values) == 4
    assert model.calibration.slope > 0


@pytest.mark.parametrize(("persons", "forward"), [(fit.LEAST_PERSONS - 1, False), (fit.LEAST_PERSONS, True)])
def test_a_newest_term_that_few_persons_left_sets_no_slope(fitted: Fitted, persons: int, forward: bool) -> None:
    """However many of their weeks there are: those of one person say much the same."""
    early = whole_terms((2023, 1), (2023, 2))
    few = [week_of((2024, 1), 0, shift=2, left=lambda values: values[:, 0] > np.sort(values[:, 0])[-persons - 1])]
    same = [replace(few[0], as_of=few[0].as_of + timedelta(weeks=number)) for number in range(8)]
    bag = fit_bag(panel_of(*early.weeks, *same), LIST_HORIZON)
    assert (bag.forward is not None) == forward
    assert bag.model.calibration.slope > 0


def test_where_the_signs_turned_in_the_newest_term_all_terms_calibrate(fitted: Fitted) -> None:
    """Who looked safe left: that term tells no slope, and the test by it shows what the model is worth."""
    early = [week_of((2023, 1), number, left=lambda values: values[:, 0] > 0.5) for number in range(3)]
    late = [week_of((2024, 1), number, left=lambda values: values[:, 0] < -0.5, shift=1) for number in range(3)]
    bag = fit_bag(panel_of(*early, *late), LIST_HORIZON)
    assert bag.forward is None
    assert len(fitted.values) == 2 + 3


def test_too_few_leavers_before_the_newest_term_calibrate_on_all_terms(fitted: Fitted) -> None:
    few = [week_of((2023, 1), number, left=lambda values: values[:, -1] < 3) for number in range(2)]
    late = [week_of((2024, 1), number, shift=5) for number in range(3)]
    fit_bag(panel_of(*few, *late), LIST_HORIZON)
    assert len(fitted.values) == 4


def test_a_model_is_for_the_horizon_and_the_catalogue_it_was_asked_for(fitted: Fitted) -> None:
    model = fit_bag(whole_terms((2023, 1)), LIST_HORIZON).model
    assert model.horizon is LIST_HORIZON
    assert model.features == tuple(feature.name for feature in CATALOGUE)


# The members of the bag


def test_a_bag_is_the_mean_of_its_members(fitted: Fitted) -> None:
    panel = whole_terms((2023, 1))
    bag = fit_bag(panel, LIST_HORIZON, seeds=(3, 5))
    values, _, _ = panel.matrix()
    alone = [
        model_of(text, CATALOGUE, LIST_HORIZON, bag.model.calibration, linear=bag.model.linear).contributions(values)[0]
        for text in bag.members
    ]
    assert bag.seeds == (3, 5)
    assert np.abs(alone[0] - alone[1]).max() > 1e-3
    np.testing.assert_allclose(np.mean(alone, axis=0), bag.model.contributions(values)[0], atol=1e-12)


def test_members_of_a_bag_are_those_of_each_seed_alone() -> None:
    """They share one binned data set: what one seed does with it changes no bit of another's trees."""
    rows = training_rows(whole_terms((2023, 1), (2024, 1)))

    def grown(*seeds: int) -> list[str]:
        return fit_members(rows.values, rows.left, CATALOGUE, seeds=seeds, trees=20)

    together = grown(11, 23, 37)
    assert len(set(together)) == 3
    assert together == [text for seed in (11, 23, 37) for text in grown(seed)]
    data = lightgbm.Dataset(
        rows.values, label=rows.left.astype(np.float64), feature_name=[feature.name for feature in CATALOGUE]
    )
    constraints = [feature.risk.value for feature in CATALOGUE]
    alone = lightgbm.train({**PARAMETERS, "monotone_constraints": constraints, "seed": 23}, data, num_boost_round=20)
    assert together[1] == alone.model_to_string()


def test_a_refit_is_on_other_rows_and_on_the_same_scale(fitted: Fitted) -> None:
    panel = whole_terms((2023, 1))
    bag = fit_bag(panel, LIST_HORIZON, seeds=(3,))
    rows = training_rows(panel)
    half = rows.some(np.arange(0, len(rows.left), 2))
    again = refit(bag, half, CATALOGUE)
    assert len(fitted.values[-1]) == len(half.values)
    assert again.calibration == bag.model.calibration
    assert again.text != bag.model.text
    assert refit(bag, rows, CATALOGUE).logits(rows.values) == pytest.approx(bag.model.logits(rows.values))


def test_margins_are_the_mean_of_trees_and_straight_part_as_the_form_says(fitted: Fitted) -> None:
    panel = whole_terms((2023, 1))
    rows = training_rows(panel)
    half, alone, straight = (
        grow(panel, LIST_HORIZON, form=Form(linear=linear), seeds=(3,)).model for linear in (0.5, 0, 1)
    )
    assert len(alone.linear.places) == 0
    assert len(straight.linear.places) > 0
    mean = (alone.logits(rows.values) + straight.logits(rows.values)) / 2
    assert np.abs(half.logits(rows.values) - mean).max() < 1e-12
    assert np.abs(straight.logits(rows.values) - fit_linear(rows, CATALOGUE).margins(rows.values)).max() < 1e-12


# Refusals


def test_too_few_leavers_are_refused_with_what_to_do() -> None:
    panel = panel_of(week_of((2024, 1), 0, left=lambda values: values[:, -1] < 29))
    with pytest.raises(ModelRefused) as refused:
        fit_bag(panel, LIST_HORIZON)
    assert str(refused.value) == (
        "The training terms have 29 student-weeks before leaving; a model needs 30. "
        "Import more past terms with --history, or stay with the absence rule. · "
        "ภาคเรียนที่ใช้ฝึกมี 29 แถวก่อนการออก แบบจำลองต้องมีอย่างน้อย 30 แถว "
        "นำเข้าภาคเรียนก่อนหน้าด้วย --history หรือใช้รายชื่อตามการขาดเรียนต่อไป"
    )


def test_few_persons_with_many_weeks_are_refused_with_what_to_do(fitted: Fitted) -> None:
    """Nine persons of four weeks each: a third of the rows might hold none of them."""
    weeks = [week_of((2024, 1), number, left=lambda values: values[:, -1] < 9) for number in range(4)]
    with pytest.raises(ModelRefused) as refused:
        fit_bag(panel_of(*weeks), LIST_HORIZON)
    assert str(refused.value) == (
        "Fewer than 10 students left in the training terms: nobody can tell what the scores are worth. "
        "Import more past terms with --history, or stay with the absence rule. · "
        "ในภาคเรียนที่ใช้ฝึกมีผู้ออกกลางคันไม่ถึง 10 คน จึงบอกไม่ได้ว่าคะแนนเชื่อถือได้เพียงใด "
        "นำเข้าภาคเรียนก่อนหน้าด้วย --history หรือใช้รายชื่อตามการขาดเรียนต่อไป"
    )


def test_nobody_who_stays_is_refused_too() -> None:
    panel = panel_of(week_of((2024, 1), 0, left=lambda values: np.ones(len(values), bool)))
    with pytest.raises(ModelRefused, match="a model needs 30"):
        fit_bag(panel, LIST_HORIZON)


def test_a_score_that_orders_nobody_is_refused(fitted: Fitted) -> None:
    """Nothing is known of anybody: where the rest lost more, the fold that was left out lost fewer."""
    week = week_of((2024, 1), 0, left=lambda values: values[:, -1] < 31)
    with pytest.raises(ModelRefused) as refused:
        fit_bag(panel_of(replace(week, values=week.values * 0)), LIST_HORIZON)
    assert str(refused.value) == (
        "Among students whom the trees had not seen, higher scores did not go with more leavers. "
        "Stay with the absence rule and look at the data of the training terms. · "
        "ในกลุ่มนักเรียนที่ไม่ได้ใช้ฝึก คะแนนที่สูงกว่าไม่ได้มีผู้ออกมากกว่า จึงปรับเทียบไม่ได้ "
        "ใช้รายชื่อตามการขาดเรียนต่อไป และตรวจข้อมูลของภาคเรียนที่ใช้ฝึก"
    )
