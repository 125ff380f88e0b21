"""What would change it: small pictures of levers and of exits from the list."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from features.catalogue import FEATURE_OF
from features.vocabulary import Domain
from models.horizon import LIST_HORIZON
from models.levers import LEAST_MEMBERS
from models.linear import Linear
from models.risk_model import Calibration, RiskModel, model_of
from models.what_if import LEAST_EFFECT, SHOWN_LEVERS, Lever, WhatIf, what_if
from tests.models.growing import grown

Matrix = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
NAMES = ("missed_days_28d", "late_days_28d", "not_submitted_term", "score_mean_term", "age_years", "poverty_class")
FEATURES = tuple(FEATURE_OF[name] for name in NAMES)
NAN = np.nan
LIST = np.array([0])
SLOPE = 1.5


@pytest.fixture(scope="module")
def small() -> RiskModel:
    """Absence counts most, work not handed in less, then scores and lateness; age and poverty count as well."""
    random = np.random.default_rng(3)
    values = np.column_stack([random.integers(0, high, 3000) for high in (11, 11, 6, 101, 9, 3)]).astype(np.float32)
    logit = values @ np.array([0.5, 0.1, 0.4, -0.02, 0.2, 0.8]) - 4
    left = random.random(len(values)) < 1 / (1 + np.exp(-logit))
    text = grown(values, left, FEATURES, seeds=(7,), trees=80)
    return model_of(text, FEATURES, LIST_HORIZON, Calibration(slope=SLOPE, offset=-0.5))


def people(*rows: Sequence[float]) -> Matrix:
    return np.array(rows, np.float32)


def one_group(values: Matrix) -> Ints:
    return np.zeros(len(values), np.int64)


# Of eight classmates the third and fourth are absent a day, so the better quartile of absence is one day.
CLASS = [
    [0, 0, 0, 90, 5, 0],
    [1, 0, 0, 85, 5, 0],
    [1, 0, 0, 80, 5, 0],
    [2, 1, 1, 75, 5, 0],
    [3, 1, 1, 70, 5, 1],
    [4, 2, 2, 60, 5, 1],
    [5, 3, 3, 50, 5, 1],
]


def asked(
    model: RiskModel, student: Sequence[float], over: float = np.inf, others: Sequence[Sequence[float]] = CLASS
) -> WhatIf:
    """What is found of one student in a class."""
    values = people(student, *others)
    [found] = what_if(model, FEATURES, values, one_group(values), LIST, np.array([over]))
    return found


def logit(model: RiskModel, student: Sequence[float], **changed: float) -> float:
    row = people(student)
    for name, value in changed.items():
        row[0, NAMES.index(name)] = value
    return float(model.logits(row)[0])


def singles(found: WhatIf) -> dict[str, Lever]:
    return {lever.features[0]: lever for lever in found.levers if lever.after is not None}


def domains(found: WhatIf) -> dict[Domain, Lever]:
    return {lever.domain: lever for lever in found.levers if lever.after is None}


# Beside a straight part


@pytest.fixture(scope="module")
def steep(small: RiskModel) -> RiskModel:
    """The same with a straight part in absence, up to six days, and lateness: what trees say of them is a part now."""
    zeros = np.zeros(len(FEATURES))
    weight = np.array([0.3, 0.15, 0.0, 0.0, 0.0, 0.0])
    high = np.array([6.0, 9.0, 0.0, 0.0, 0.0, 0.0])
    linear = Linear(base=0.0, weight=weight, low=zeros, high=high, known=-2 * weight, missing=zeros)
    return replace(small, linear=linear)


def test_a_lever_moves_trees_and_straight_part_together(small: RiskModel, steep: RiskModel) -> None:
    student = [9, 4, 5, 20, 5, 1]
    for model in (small, steep):
        found = singles(asked(model, student))
        assert found
        for name, lever in found.items():
            assert lever.after is not None
            expected = logit(model, student, **{name: lever.after}) - logit(model, student)
            assert lever.effect == pytest.approx(expected, abs=1e-9)
    more = singles(asked(steep, student))[NAMES[0]].effect - singles(asked(small, student))[NAMES[0]].effect
    assert more == pytest.approx(-SLOPE * 0.3 * (6 - 1), abs=1e-9)


def test_a_domain_moves_both_parts_together(steep: RiskModel) -> None:
    student = [9, 4, 5, 20, 9, 1]
    lever = domains(asked(steep, student))[Domain.ATTENDANCE]
    singly = {name: one.after for name, one in singles(asked(steep, student)).items() if name in lever.features}
    assert singly
    alone = logit(steep, student, **{NAMES[0]: 1.0}) - logit(steep, student)
    assert lever.effect < alone < 0


def test_a_way_off_the_list_may_lie_in_the_straight_part_alone(small: RiskModel) -> None:
    """A day less of lateness, of which the trees say little."""
    zeros = np.zeros(len(FEATURES))
    weight, high = zeros.copy(), zeros.copy()
    weight[1], high[1] = 2.0, 9.0
    only = replace(small, linear=Linear(base=0.0, weight=weight, low=zeros, high=high, known=zeros, missing=zeros))
    student = [0, 3, 0, 90, 5, 0]
    way = asked(only, student, over=2.9).exit
    assert way is not None
    assert (way.features, way.before, way.after) == (("late_days_28d",), 3, 2)
    assert way.effect == pytest.approx(logit(only, student, late_days_28d=2) - logit(only, student), abs=1e-9)


# Levers


def test_a_lever_goes_to_the_better_quartile_of_the_class_group(small: RiskModel) -> None:
    student = [8, 0, 4, 40, 5, 2]
    found = singles(asked(small, student))
    lever = found["missed_days_28d"]
    assert (lever.before, lever.after, lever.domain) == (8, 1, Domain.ATTENDANCE)
    assert lever.effect == pytest.approx(logit(small, student, missed_days_28d=1) - logit(small, student), abs=1e-9)
    assert (found["score_mean_term"].before, found["score_mean_term"].after) == (40, 85)
    assert found["not_submitted_term"].after == 0


def test_levers_are_ordered_by_effect_and_the_small_ones_left_out(small: RiskModel) -> None:
    effects = [lever.effect for lever in singles(asked(small, [8, 1, 4, 40, 5, 2])).values()]
    assert effects == sorted(effects)
    assert 0 < len(effects) <= SHOWN_LEVERS
    assert max(effects) <= -LEAST_EFFECT


def test_a_student_who_is_already_there_has_no_lever(small: RiskModel) -> None:
    assert "missed_days_28d" not in singles(asked(small, [1, 0, 4, 40, 5, 2]))
    assert "missed_days_28d" not in singles(asked(small, [0, 0, 4, 40, 5, 2]))
    assert asked(small, [0, 0, 0, 95, 9, 2]) == WhatIf(levers=(), exit=None)


def test_what_is_not_known_is_no_lever(small: RiskModel) -> None:
    found = asked(small, [NAN, 0, 4, 40, 5, 2], over=0.001)
    assert "missed_days_28d" not in singles(found)
    assert found.exit is not None
    assert found.exit.features != ("missed_days_28d",)
    assert asked(small, [NAN] * 4 + [5, 2], over=0.0) == WhatIf(levers=(), exit=None)


def test_a_small_group_is_told_by_its_institution(small: RiskModel) -> None:
    """Seven known values are too few; of the institution's fifteen the better quartile is the fourth."""
    student = [8, 0, 4, 40, 5, 2]
    values = people(student, *CLASS[:-1], [NAN, 0, 0, 50, 5, 0], *([6, 0, 0, 50, 5, 0] for _ in range(8)))
    group = np.array([0] * 8 + [1] * 8)
    [found] = what_if(small, FEATURES, values, group, LIST, np.array([np.inf]))
    assert singles(found)["missed_days_28d"].after == 2
    values[7, 0] = 0
    [found] = what_if(small, FEATURES, values, group, LIST, np.array([np.inf]))
    assert singles(found)["missed_days_28d"].after == 0


def test_where_nobody_tells_enough_there_is_no_lever(small: RiskModel) -> None:
    assert asked(small, [8, 3, 4, 40, 5, 2], others=CLASS[: LEAST_MEMBERS - 2]).levers == ()


def test_a_domain_moves_together_and_more_than_each_alone(small: RiskModel) -> None:
    student = [8, 5, 4, 40, 5, 2]
    found = asked(small, student)
    together = domains(found)
    assert set(together) == {Domain.ATTENDANCE, Domain.GRADES}
    attendance = together[Domain.ATTENDANCE]
    assert attendance.features == ("missed_days_28d", "late_days_28d")
    changed = logit(small, student, missed_days_28d=1, late_days_28d=0)
    assert attendance.effect == pytest.approx(changed - logit(small, student), abs=1e-9)
    assert attendance.effect <= singles(found)["missed_days_28d"].effect
    assert found.levers[-2:] == (attendance, together[Domain.GRADES])


def test_a_domain_in_which_one_thing_moves_is_not_told_twice(small: RiskModel) -> None:
    assert set(domains(asked(small, [8, 0, 4, 40, 5, 2]))) == {Domain.GRADES}


# Exit


def test_the_exit_is_the_smallest_change_that_suffices(small: RiskModel) -> None:
    """The nearest value of the institution at which the score falls by more than the student is over the line."""
    student = [8, 0, 0, 95, 5, 2]
    others = [[days, 0, 0, 95, 5, 0] for days in (0, 1, 2, 4, 5, 6, 7)]
    now = logit(small, student)
    over = now - logit(small, student, missed_days_28d=5)
    found = asked(small, student, over=over - 0.001, others=others).exit
    assert found is not None
    assert (found.features, found.before, found.after) == (("missed_days_28d",), 8, 5)
    further = asked(small, student, over=over + 0.001, others=others).exit
    assert further is not None
    assert further.after == 4  # nobody has three days


def test_nothing_is_asked_beyond_the_best_of_the_institution(small: RiskModel) -> None:
    student = [8, 0, 0, 95, 5, 2]
    others = [[6, 0, 0, 95, 5, 0]] * 7
    within = logit(small, student) - logit(small, student, missed_days_28d=6)
    beyond = logit(small, student) - logit(small, student, missed_days_28d=0)
    assert within < beyond
    found = asked(small, student, over=within - 0.001, others=others).exit
    assert found is not None
    assert found.after == 6
    assert asked(small, student, over=within + 0.001, others=others).exit is None


def test_exactly_on_the_line_is_still_on_the_list(small: RiskModel) -> None:
    student = [8, 0, 0, 95, 5, 2]
    others = [[0, 0, 0, 95, 5, 0]] * 7
    effect = singles(asked(small, student, others=others))["missed_days_28d"].effect
    assert asked(small, student, over=-effect, others=others).exit is None
    assert asked(small, student, over=-effect - 1e-6, others=others).exit is not None


def test_who_is_first_outside_only_has_to_fall_at_all(small: RiskModel) -> None:
    found = asked(small, [8, 0, 0, 95, 5, 2], over=0.0).exit
    assert found is not None
    assert found.effect < 0


def test_the_change_that_passes_fewer_students_is_the_smaller(small: RiskModel) -> None:
    """Absence counts more, and yet: from 8 days to 0 passes seven students, from 4 pieces of work to 0 only one."""
    student = [8, 0, 4, 95, 5, 0]
    many = [[7, 0, 0, 95, 5, 0]] * 7 + [[0, 0, 3, 95, 5, 0], [0, 0, 0, 95, 5, 0]]
    over = logit(small, student) - logit(small, student, not_submitted_term=0) - 0.001
    assert logit(small, student) - logit(small, student, missed_days_28d=7) < over
    found = asked(small, student, over=over, others=many).exit
    assert found is not None
    assert (found.features, found.after) == (("not_submitted_term",), 0)
    few = [[7, 0, 0, 95, 5, 0]] + [[0, 0, 3, 95, 5, 0]] * 7 + [[0, 0, 0, 95, 5, 0]]
    found = asked(small, student, over=over, others=few).exit
    assert found is not None
    assert (found.features, found.after) == (("missed_days_28d",), 0)


def test_of_equal_changes_the_first_of_the_catalogue_is_told(small: RiskModel) -> None:
    student = [8, 0, 4, 95, 5, 0]
    found = asked(small, student, over=0.01, others=[[0, 0, 0, 95, 5, 0]] * 7).exit
    assert found is not None
    assert found.features == ("missed_days_28d",)


def test_where_no_single_change_suffices_a_domain_may(small: RiskModel) -> None:
    student = [0, 0, 4, 40, 5, 2]
    found = asked(small, student)
    both = domains(found)[Domain.GRADES]
    alone = min(logit(small, student, not_submitted_term=0), logit(small, student, score_mean_term=90))
    assert both.effect + logit(small, student) < alone - 0.01
    assert asked(small, student, over=-both.effect - 0.001).exit == both
    assert asked(small, student, over=-both.effect + 0.001).exit is None


def test_no_exit_where_everybody_has_a_place(small: RiskModel) -> None:
    assert asked(small, [8, 0, 4, 40, 5, 2], over=np.inf).exit is None


def test_thresholds_between_two_values_do_not_matter(small: RiskModel) -> None:
    """Every threshold of the model lies between two values that are tried, or asks for what nobody has."""
    student = [8, 0, 0, 95, 5, 2]
    held = [0, 1, 2, 4, 5, 6, 7]
    now = logit(small, student)
    thresholds = [threshold for threshold in _thresholds(small, "missed_days_28d") if threshold < 8]
    assert len(thresholds) > 4
    for threshold in thresholds:
        over = max(now - logit(small, student, missed_days_28d=np.floor(threshold)) - 1e-6, 1e-9)
        reach = [days for days in held if now - logit(small, student, missed_days_28d=days) > over]
        found = asked(small, student, over=over, others=[[days, 0, 0, 95, 5, 0] for days in held]).exit
        assert (None if found is None else found.after) == max(reach, default=None)


def _thresholds(model: RiskModel, name: str) -> list[float]:
    place, found = NAMES.index(name), set()
    for block in model.text.split("\nTree=")[1:]:
        keys = dict(line.split("=", 1) for line in block.split("\n") if "=" in line)
        splits = zip(keys.get("split_feature", "").split(), keys.get("threshold", "").split(), strict=True)
        found |= {float(threshold) for feature, threshold in splits if int(feature) == place}
    return sorted(found)
