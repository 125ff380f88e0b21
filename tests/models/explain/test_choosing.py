"""Which contributions become reasons: the rule in pictures, and its NumPy and compiled forms against a slow reading."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from models import kernel
from models.choosing import DOMAINS, LEAST_CONTRIBUTION, Choice, Chosen, Say, choose, nothing_chosen

NAN = np.nan
Floats = npt.NDArray[np.float64]


def choice_of(*features: tuple[Say, float, int, bool], rounds_to_zero: float = 0.0) -> Choice:
    """One (say, least, domain, changeable) a feature."""
    say, least, domain, changeable = zip(*features, strict=True)
    return Choice(
        say=np.array(say, np.int8),
        least=np.array(least, np.float64),
        domain=np.array(domain, np.int8),
        changeable=np.array(changeable, np.bool_),
        rounds_to_zero=np.full(len(features), rounds_to_zero),
    )


def both_ways(choice: Choice, values: Floats, contributions: Floats) -> Chosen:
    chosen = choose(choice, values, contributions)
    compiled = nothing_chosen(len(values))
    rules = (choice.say, choice.least, choice.domain, choice.changeable, choice.rounds_to_zero)
    kernel.choose_rows(rules, np.ascontiguousarray(values.T), np.ascontiguousarray(contributions.T), compiled)
    for name, one, other in zip(Chosen._fields, chosen, compiled, strict=True):
        np.testing.assert_array_equal(one, other, err_msg=name)
        assert one.dtype == other.dtype
    return chosen


def reasons(choice: Choice, contributions: Sequence[float], values: Sequence[float] | None = None) -> list[int]:
    known = np.ones(len(contributions)) if values is None else np.array(values)
    return [int(place) for place in both_ways(choice, known[None, :], np.array([contributions])).reason[0]]


def test_three_changeable_ones_come_first_then_two_fixed_ones_each_by_size() -> None:
    changeable = [(Say.KNOWN, 0.05, domain, True) for domain in (0, 1, 2, 3)]
    fixed = [(Say.KNOWN, 0.05, domain, False) for domain in (0, 1, 4)]
    choice = choice_of(*changeable, *fixed)
    assert reasons(choice, [0.1, 0.4, 0.2, 0.3, 0.9, 0.8, 0.7]) == [1, 3, 2, 4, 5]
    assert reasons(choice, [0.1, 0, 0, 0, 0.6, 0.9, 0.7]) == [0, 5, 6, -1, -1]  # the places close up


def test_a_domain_gives_two_of_the_five() -> None:
    choice = choice_of(*[(Say.KNOWN, 0.05, 0, True)] * 3, (Say.KNOWN, 0.05, 1, True), (Say.KNOWN, 0.05, 0, False))
    assert reasons(choice, [0.4, 0.3, 0.2, 0.1, 0.9]) == [0, 1, 3, -1, -1]


def test_equal_ones_keep_the_order_of_the_features_and_the_least_itself_counts() -> None:
    choice = choice_of(*[(Say.KNOWN, 0.25, domain, True) for domain in (0, 1, 2)])
    assert reasons(choice, [0.25, 0.25, 0.3]) == [2, 0, 1, -1, -1]
    assert reasons(choice, [0.25, np.nextafter(0.25, 0), -1.0]) == [0, -1, -1, -1, -1]


@pytest.mark.parametrize(
    ("say", "said"),
    [
        (Say.NEVER, []),
        (Say.KNOWN, [-1.0, -0.0, 0.0, 2.0, np.inf]),
        (Say.ABOVE_ZERO, [2.0, np.inf]),
        (Say.BELOW_ZERO, [-1.0]),
        (Say.ZERO, [-0.0, 0.0]),
    ],
)
def test_a_sentence_is_said_only_of_values_it_is_true_of(say: Say, said: list[float]) -> None:
    choice = choice_of((say, 0.0, 0, True))
    values = [-1.0, -0.0, 0.0, 2.0, np.inf, NAN]
    assert [value for value in values if reasons(choice, [1.0], [value])[0] == 0] == said


@pytest.mark.parametrize(
    ("say", "said"),
    [(Say.KNOWN, [-0.6, 0.0, 0.6]), (Say.ABOVE_ZERO, [0.6]), (Say.BELOW_ZERO, [-0.6]), (Say.ZERO, [0.0])],
)
def test_what_would_be_shown_as_0_and_is_not_is_not_said(say: Say, said: list[float]) -> None:
    choice = choice_of((say, 0.0, 0, True), rounds_to_zero=0.5)
    values = [-0.6, -0.5, -0.1, 0.0, 0.1, 0.5, 0.6, NAN]
    assert [value for value in values if reasons(choice, [1.0], [value])[0] == 0] == said


@pytest.mark.parametrize(
    ("contributions", "values", "said"),
    [
        ([0.3, 0.4, 0.2, 0.1], None, [3, 1]),  # the first two lead together, and neither passes its bar
        ([0.3, 0.4, 0.2, 0.1], [1.0, NAN, 1.0, 1.0], [3, 0]),
        ([0.04, 0.03, 0.0, 0.0], None, []),
        ([0.3, 0.4, 0.0, 0.8], None, [3]),  # another leads
        ([0.6, 0.4, 0.2, 0.1], None, [0, 3]),  # one passes
        ([0.3, 0.4, -0.9, 0.1], None, [3]),  # what lowers the score counts too
    ],
)
def test_the_leading_domain_has_a_say_where_none_of_its_features_passes_its_bar(
    contributions: list[float], values: list[float] | None, said: list[int]
) -> None:
    first = (Say.KNOWN, 0.5, 0, True)
    choice = choice_of(first, first, (Say.KNOWN, 10.0, 0, True), (Say.KNOWN, 0.05, 1, True))
    assert [place for place in reasons(choice, contributions, values) if place >= 0] == sorted(
        said, key=lambda place: -contributions[place]
    )


@pytest.mark.parametrize(("changeable", "expected"), [(True, [3, 4, 0, 6, 7]), (False, [3, 4, 5, 6, 0])])
def test_the_leading_domain_takes_the_last_place_where_larger_ones_of_others_take_all(
    changeable: bool, expected: list[int]
) -> None:
    own = [(Say.KNOWN, 0.05, 0, changeable)] * 3
    others = [(Say.KNOWN, 0.05, domain, True) for domain in (1, 1, 2)] + [(Say.KNOWN, 0.05, 3, False)] * 2
    contributions = [0.31, 0.3, 0.3, 0.4, 0.4, 0.4, 0.4, 0.4]
    assert reasons(choice_of(*own, *others), contributions) == expected


def test_what_is_missing_is_named_apart_one_a_domain() -> None:
    choice = choice_of(*[(Say.NEVER, 0.05, domain, True) for domain in (0, 0, 1, 2)])
    chosen = both_ways(choice, np.full((1, 4), NAN), np.array([[0.1, 0.3, 0.2, 0.01]]))
    assert chosen.missing.tolist() == [[1, 2]]
    assert chosen.missing_contribution[0] == pytest.approx([0.3, 0.2])
    assert (chosen.reason == -1).all()


def test_both_ways_read_the_rule_as_a_slow_reader_does() -> None:
    random = np.random.default_rng(8)
    for _ in range(60):
        features, rows = int(random.integers(1, 45)), 200
        choice = Choice(
            say=random.integers(0, 5, features).astype(np.int8),
            least=random.choice([0.0, 0.05, 0.3], features),
            domain=random.integers(0, DOMAINS, features).astype(np.int8),
            changeable=random.random(features) < random.random(),
            rounds_to_zero=random.choice([0.0, 0.5, 1.0], features),
        )
        values = random.choice([NAN, -1.0, 0.0, 0.5, 1.0], (rows, features), p=[0.3, 0.1, 0.2, 0.1, 0.3])
        contributions = random.normal(size=(rows, features)).round(1)  # with many ties
        chosen = both_ways(choice, values, contributions)
        for row in range(rows):
            expected = slowly(choice, values[row], contributions[row])
            assert [place for place in chosen.reason[row].tolist() if place >= 0] == expected


def slowly(choice: Choice, values: Floats, contributions: Floats) -> list[int]:
    """The rule one feature at a time, as it is worded."""
    tests = {
        Say.NEVER: lambda value: False,
        Say.KNOWN: lambda value: not np.isnan(value),
        Say.ABOVE_ZERO: lambda value: value > 0,
        Say.BELOW_ZERO: lambda value: value < 0,
        Say.ZERO: lambda value: value == 0,
    }
    order = sorted(range(len(values)), key=lambda place: -contributions[place])
    true = [place for place in order if tests[Say(choice.say[place])](values[place])]
    true = [place for place in true if values[place] == 0 or abs(values[place]) > choice.rounds_to_zero[place]]
    total = [
        sum(one for one, of in zip(contributions, choice.domain, strict=True) if of == domain)
        for domain in range(DOMAINS)
    ]
    leading = [place for place in true if choice.domain[place] == total.index(max(total))]
    said = [place for place in true if contributions[place] >= choice.least[place]]
    if leading and not set(leading) & set(said) and contributions[leading[0]] >= LEAST_CONTRIBUTION:
        said = [place for place in true if place in (*said, leading[0])]
    taken: list[int] = []
    for changeable, most in ((True, 3), (False, 2)):
        for place in [place for place in said if choice.changeable[place] == changeable]:
            same = sum(choice.domain[other] == choice.domain[place] for other in taken)
            if most and same < 2:
                taken.append(place)
                most -= 1
    leading = [place for place in said if choice.domain[place] == total.index(max(total))]
    if leading and not set(leading) & set(taken):
        taken[2 if choice.changeable[leading[0]] else -1] = leading[0]
    return taken
