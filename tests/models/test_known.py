"""How much is known of a student: weighed by what the model looks at, and what is missing is named."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features.catalogue import CATALOGUE
from features.vocabulary import Domain
from models.known import LEAST_KNOWN_PART, abstains, known_part, rule_weight, unknown_domains

Floats = npt.NDArray[np.float64]
NAN = float("nan")
OF_DOMAIN = {domain: [f.name for f in CATALOGUE].index(next(f.name for f in CATALOGUE if f.domain is domain)) for domain in Domain}  # fmt: skip


def weighed(**weight: float) -> Floats:
    """The weight of one feature of each domain named; the model looks at no other."""
    found = np.zeros(len(CATALOGUE))
    for name, points in weight.items():
        found[OF_DOMAIN[Domain(name)]] = points
    return found


def of_whom(*known: str) -> Floats:
    """A student of whom only one feature of each of these domains is known."""
    values = np.full(len(CATALOGUE), NAN)
    values[[OF_DOMAIN[Domain(name)] for name in known]] = 1.0
    return values


@pytest.mark.parametrize(("known", "part"), [
    ((), 0.0), (("grades",), 0.6), (("attendance",), 0.3), (("attendance", "household"), 0.4),
    (("attendance", "grades", "household"), 1.0),
])  # fmt: skip
def test_what_is_known_counts_by_its_weight(known: tuple[str, ...], part: float) -> None:
    weight = weighed(grades=0.6, attendance=0.3, household=0.1)
    assert known_part(of_whom(*known)[None], weight).tolist() == pytest.approx([part])


def test_everybody_gets_an_answer_of_their_own() -> None:
    weight = weighed(grades=3.0, attendance=1.0)
    values = np.stack([of_whom("grades"), of_whom("attendance"), of_whom()])
    assert known_part(values, weight).tolist() == [0.75, 0.25, 0.0]
    assert known_part(values.astype(np.float32), weight).tolist() == [0.75, 0.25, 0.0]


def test_of_a_model_that_looks_at_nothing_everything_is_known() -> None:
    assert known_part(of_whom()[None], np.zeros(len(CATALOGUE))).tolist() == [1.0]


def test_exactly_the_least_part_is_enough() -> None:
    weight = weighed(grades=LEAST_KNOWN_PART, attendance=1 - LEAST_KNOWN_PART)
    just_less = weighed(grades=LEAST_KNOWN_PART - 1e-6, attendance=1 - LEAST_KNOWN_PART)
    assert abstains(of_whom("grades")[None], weight).tolist() == [False]
    assert abstains(of_whom("grades")[None], just_less).tolist() == [True]


WEIGHTS = arrays(np.float64, len(CATALOGUE), elements=st.floats(0, 5, allow_subnormal=False))
KNOWN = arrays(np.bool_, len(CATALOGUE))


@given(weight=WEIGHTS, known=KNOWN, more=KNOWN)
def test_knowing_more_never_makes_it_less(
    weight: Floats, known: npt.NDArray[np.bool_], more: npt.NDArray[np.bool_]
) -> None:
    less, all_of_it = (np.where(flags, 1.0, NAN)[None] for flags in (known, known | more))
    [part], [larger] = known_part(less, weight), known_part(all_of_it, weight)
    assert 0 <= part <= larger + 1e-12 <= 1 + 2e-12
    assert known_part(np.ones((1, len(CATALOGUE))), weight)[0] == pytest.approx(1)


# What is missing


def test_the_domains_of_which_little_is_known_are_named() -> None:
    weight = weighed(grades=1.0, attendance=1.0, household=1.0)
    assert unknown_domains(of_whom("attendance"), weight, CATALOGUE) == (Domain.GRADES, Domain.HOUSEHOLD)
    assert unknown_domains(of_whom("attendance", "grades", "household"), weight, CATALOGUE) == ()


def test_a_domain_that_the_model_does_not_look_at_is_not_missed() -> None:
    assert unknown_domains(of_whom(), weighed(grades=1.0), CATALOGUE) == (Domain.GRADES,)


def test_a_domain_is_missed_when_less_than_its_least_part_is_known() -> None:
    of_attendance = [place for place, feature in enumerate(CATALOGUE) if feature.domain is Domain.ATTENDANCE]
    weight, values = np.zeros(len(CATALOGUE)), of_whom()
    weight[of_attendance[:4]] = 1.0
    values[of_attendance[0]] = 0.0
    assert unknown_domains(values, weight, CATALOGUE) == (Domain.ATTENDANCE,)
    values[of_attendance[1]] = 0.0
    assert unknown_domains(values, weight, CATALOGUE) == ()


# The absence rule


def test_the_absence_rule_looks_at_its_two_features_alone() -> None:
    weight = dict(zip((feature.name for feature in CATALOGUE), rule_weight(CATALOGUE), strict=True))
    assert {name for name, points in weight.items() if points} == {"missed_share_28d", "missed_run_now"}


def test_without_the_share_of_days_missed_the_rule_knows_nothing_of_a_student() -> None:
    def student(**known: Any) -> Floats:
        return np.array([[known.get(feature.name, NAN) for feature in CATALOGUE]])

    weight = rule_weight(CATALOGUE)
    assert abstains(student(missed_run_now=3.0), weight).tolist() == [True]
    assert abstains(student(missed_share_28d=0.2), weight).tolist() == [False]
    assert unknown_domains(student(gpa_last=2.0)[0], weight, CATALOGUE) == (Domain.ATTENDANCE,)
