"""The recall-balanced list: quotas by expected leavers, people in the order of the real list, the same every time."""

import numpy as np
import numpy.typing as npt
import pytest

from training.balanced_list import balanced

Flags = npt.NDArray[np.bool_]


def chosen(picture: str, count: int) -> str:
    """The names chosen of a picture `name group probability`, drawn in the order of the real list."""
    names, groups, told = zip(*(line.split() for line in picture.strip().splitlines()), strict=True)
    group = np.array([ord(one) for one in groups])
    found = balanced(np.arange(len(names)), group, np.array(told, np.float64), count)
    assert found.sum() == count
    return "".join(name for name, is_chosen in zip(names, found, strict=True) if is_chosen)


FOUR_AND_FOUR = """
    a M .8
    b M .7
    c M .6
    d M .5
    e F .4
    f F .3
    g F .2
    h F .1
    """


@pytest.mark.parametrize(("count", "names"), [(1, "a"), (2, "ae"), (3, "abe"), (4, "abef"), (6, "abcefg"), (8, "abcdefgh")])  # fmt: skip
def test_places_go_where_the_expected_recall_is_lowest(count: int, names: str) -> None:
    """Of the men's 2.6 the middles are a .15, b .44, c .69, d .90; of the women's 1.0: e .20, f .55, g .80, h .95."""
    assert chosen(FOUR_AND_FOUR, count) == names


def test_one_person_alone_in_a_group_waits_until_others_are_reached_by_half() -> None:
    alone = "a M .8\nb M .7\nc M .6\nd M .5\ne X .9"
    assert chosen(alone, 2) == "ab"
    assert chosen(alone, 3) == "abe"


def test_equal_places_go_in_the_order_of_the_list() -> None:
    assert chosen("a M .5\nb F .5\nc M .5\nd F .5", 1) == "a"
    assert chosen("a F .5\nb M .5\nc F .5\nd M .5", 1) == "a"


def test_a_group_that_nobody_is_expected_to_leave_comes_last() -> None:
    assert chosen("a M 0\nb F .1\nc F .1", 2) == "bc"


def test_the_order_of_the_rows_does_not_matter() -> None:
    random = np.random.default_rng(4)
    order, group, probability = random.permutation(50), random.integers(0, 3, 50), random.random(50)
    moved = random.permutation(50)  # row n stands at place moved[n]
    back = np.argsort(moved)
    again = balanced(moved[order], group[back], probability[back], 20)
    assert (again[moved] == balanced(order, group, probability, 20)).all()


@pytest.mark.parametrize("seed", range(20))
def test_expected_recalls_differ_by_half_a_person_of_each_group_at_most(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows, groups = 300, 4
    group, probability = random.integers(0, groups, rows), random.beta(1, 9, rows)
    order = np.argsort(-probability)
    found = balanced(order, group, probability, 45)
    expected = np.bincount(group, probability)
    recall = np.bincount(group[found], probability[found], minlength=groups) / expected
    half = np.array([probability[group == one].max() for one in range(groups)]) / expected / 2
    assert (np.abs(recall[:, None] - recall) <= half[:, None] + half + 1e-12).all()
    for one in range(groups):  # within a group the list's own order holds
        own = found[order][group[order] == one]
        assert (np.diff(own.astype(int)) <= 0).all()


def test_one_group_gets_the_list_itself_also_where_scores_are_tiny() -> None:
    order = np.arange(30)
    found = balanced(order, order * 0, np.geomspace(1e-30, 1e-33, 30), 7)
    assert found.tolist() == [True] * 7 + [False] * 23
