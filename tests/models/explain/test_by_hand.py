"""Small trees whose contributions a reader can work out: what a feature adds, whichever way it is computed."""

import numpy as np
import numpy.typing as npt
import pytest

from models.explain import contributions, margins
from models.layout import Tables
from models.tables import compile_tables
from models.trees import TreeModel
from tests.models.explain.drawn import Node, leaf, model, rows_of, split

NAN, INF = np.nan, np.inf

ABSENT = split("absent <= 3", leaf(-1, rows=75), leaf(3, rows=25))  # base 0
BOTH = split("absent <= 0", leaf(0, rows=50), split("failed <= 0", leaf(0, rows=25), leaf(8, rows=25)))  # base 2


def every_way(tables: Tables, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The contributions, after all three ways and both widths gave the same bits and the rows their sums."""
    found = contributions(tables, values)
    many = np.resize(values, (600, values.shape[1]))
    np.testing.assert_array_equal(contributions(tables, values, compiled=False), found)
    np.testing.assert_array_equal(contributions(tables, many, compiled=False)[: len(values)], found)
    np.testing.assert_array_equal(contributions(tables, np.asfortranarray(many))[: len(values)], found)
    for compiled in (True, False):
        added = margins(tables, values, compiled=compiled) - tables.base
        np.testing.assert_allclose(found.sum(axis=1), added, atol=1e-14)
    return found


def test_one_question_gives_its_feature_the_whole_difference_from_the_base() -> None:
    tables = compile_tables(model("absent", ABSENT))
    assert tables.base == 0
    np.testing.assert_array_equal(every_way(tables, rows_of((5,), (3,), (INF,), (-INF,))), [[3], [-1], [3], [-1]])


def test_two_features_that_are_needed_together_share_what_they_add() -> None:
    # Knowing absent alone or failed alone makes 4 of 8 likely: each order gives 2 first, then 4.
    tables = compile_tables(model("absent failed", BOTH))
    assert tables.base == 2
    np.testing.assert_allclose(every_way(tables, rows_of((1, 1), (1, 0))), [[3, 3], [1, -3]], atol=1e-15)


def test_a_feature_asked_twice_is_one_feature() -> None:
    twice = split("absent <= 10", split("absent <= 5", leaf(1, rows=30), leaf(2, rows=30)), leaf(5, rows=40))
    found = every_way(compile_tables(model("absent", twice)), rows_of((5,), (6,), (11,)))
    np.testing.assert_allclose(found, [[1 - 2.9], [2 - 2.9], [5 - 2.9]], atol=1e-15)


def test_against_a_background_only_the_difference_from_its_rows_counts() -> None:
    # (1, 1): beside (0, 0) both are needed for the 8, 4 each; beside (1, 0) failed alone brings it. (0, 1): beside (0, 0)
    # nothing changes; beside (1, 0) failed would bring 8 and absent takes it away, 4 each. The two are averaged.
    tables = compile_tables(model("absent failed", BOTH), rows_of((0, 0), (1, 0)))
    assert tables.base == 0
    np.testing.assert_allclose(every_way(tables, rows_of((1, 1), (0, 1))), [[2, 6], [-2, 2]], atol=1e-15)


def test_of_two_backgrounds_each_row_counts_the_same() -> None:
    tables = compile_tables(model("absent failed", BOTH), rows_of((1, 1), (0, 0), (0, 0), (0, 0)))
    assert tables.base == 2
    np.testing.assert_allclose(every_way(tables, rows_of((1, 1))), [[3, 3]], atol=1e-15)


@pytest.mark.parametrize(
    ("missing", "expected"),
    [("left", -1.0), ("right", 3.0), (None, -1.0)],  # None: read as 0, which is at most 3
)
def test_nan_goes_where_the_split_says(missing: str | None, expected: float) -> None:
    asked = split("absent <= 3", leaf(-1, rows=75), leaf(3, rows=25), missing=missing)
    below = split("absent <= -2", leaf(-1, rows=75), leaf(3, rows=25), missing=missing)
    assert every_way(compile_tables(model("absent", asked)), rows_of((NAN,))) == expected
    assert every_way(compile_tables(model("absent", below)), rows_of((NAN,))) == (3.0 if missing is None else expected)


def test_a_category_is_cut_to_its_whole_part_and_goes_right_when_no_split_names_it() -> None:
    tables = compile_tables(model("college", split("college in 0,2,33", leaf(-1, rows=50), leaf(1, rows=50))))
    left = rows_of((0,), (-0.0,), (-0.5,), (0.9,), (2,), (2.9,), (33,))
    right = rows_of((1,), (-1,), (NAN,), (INF,), (-INF,), (34,), (2.0**31,), (2.0**32,), (1e300,))
    assert (every_way(tables, left) == -1).all()
    assert (every_way(tables, right) == 1).all()


@pytest.mark.parametrize("thresholds", [254, 255, 300])
def test_a_feature_may_have_more_bins_than_a_byte(thresholds: int) -> None:
    steps = [
        split(f"points <= {place}", leaf(-1, rows=1), leaf(1, rows=1), missing="left") for place in range(thresholds)
    ]
    found = every_way(compile_tables(model("points", *steps)), rows_of((-1,), (thresholds - 1,), (thresholds,), (NAN,)))
    np.testing.assert_array_equal(found, [[-thresholds], [thresholds - 2], [thresholds], [-thresholds]])


def test_a_deep_tree_is_cut_into_groups_and_stays_exact() -> None:
    def counted(number: int, depth: int) -> Node:
        """A full tree whose leaf is the number that the row's features spell in bits."""
        if depth == 6:
            return leaf(number, rows=1)
        return split(f"bit{depth} <= 0", counted(2 * number, depth + 1), counted(2 * number + 1, depth + 1))

    tables = compile_tables(model("bit0 bit1 bit2 bit3 bit4 bit5", counted(0, 0)))
    assert len(tables.layout.group_bits_start) - 1 > 1
    # The number is a sum, so each bit adds half its worth, up or down.
    rows = rows_of((1, 0, 1, 0, 1, 0), (1, 1, 1, 1, 1, 1))
    np.testing.assert_allclose(every_way(tables, rows), (rows - 0.5) * [32, 16, 8, 4, 2, 1], atol=1e-13)


@pytest.mark.parametrize("background", [None, rows_of((0.0, 1.0))])
def test_trees_without_a_question_are_all_base(background: npt.NDArray[np.float64] | None) -> None:
    tables = compile_tables(model("absent failed", leaf(0.25, rows=9), leaf(-1, rows=9)), background)
    assert tables.base == tables.constant == -0.75
    values = rows_of((1, NAN), (2, 3))
    assert (every_way(tables, values) == 0).all()
    assert (margins(tables, values) == -0.75).all()


def several() -> TreeModel:
    alone = split("failed <= 0.3", leaf(0.7, rows=10), leaf(-0.11, rows=20), missing="right")
    return model("absent failed", BOTH, ABSENT, alone, leaf(0.1, rows=30))


@pytest.mark.parametrize("compiled", [True, False])
def test_a_row_has_the_same_bits_in_any_place_and_company(compiled: bool) -> None:
    tables = compile_tables(several())
    values = np.random.default_rng(5).normal(size=(40_000, 2)).round(1)
    found, scored = contributions(tables, values, compiled=compiled), margins(tables, values, compiled=compiled)
    for rows in (slice(0, 1), slice(3, 20), slice(16_000, 16_999), slice(39_990, 40_000)):
        np.testing.assert_array_equal(contributions(tables, values[rows], compiled=compiled), found[rows])
        np.testing.assert_array_equal(margins(tables, values[rows], compiled=compiled), scored[rows])


def test_float32_is_widened_before_it_is_compared() -> None:
    tables = compile_tables(model("gpa", split("gpa <= 2.3", leaf(-1, rows=1), leaf(1, rows=1))))
    single = np.array([[2.3]], np.float32)
    assert float(single[0, 0]) < 2.3
    assert (contributions(tables, single) == -1).all()
    assert (contributions(tables, np.nextafter(single, np.float32(9))) == 1).all()


def test_no_rows_are_no_rows() -> None:
    tables = compile_tables(several())
    for compiled in (True, False):
        assert contributions(tables, np.empty((0, 2)), compiled=compiled).shape == (0, 2)
        assert margins(tables, np.empty((0, 2)), compiled=compiled).shape == (0,)


def test_rows_of_other_features_are_refused() -> None:
    with pytest.raises(ValueError, match="3 features, the tables 2"):
        margins(compile_tables(several()), np.zeros((4, 3)))
