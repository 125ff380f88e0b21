"""A list as long as the real one on which every group's leavers are reached as nearly alike as the scores allow.

It is made to say what equal recall would cost, and is shown to nobody as a list: what people may be asked to visit by
sex or nationality is for a committee to decide.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


def balanced(order: Ints, group: Ints, probability: Floats, count: int) -> Flags:
    """Which rows are chosen, (rows,): `count` of them, so that the expected recalls of the groups are nearly equal.

    `order` are the positions of the rows first to last on the real list, `group` a number for each row, `probability`
    the chance of each to leave. Each group gives its rows in the list's own order, as many as its quota. Taking a row
    raises the expected recall of its group from `before` to `after` (expected leavers so far, of those of the group):
    the row's place is the middle of the two, and the `count` lowest places are taken. That is a quota by expected
    leavers, rounded to whole people; equal places go in the list's order, so the same list comes out every time.
    """
    numbered = np.unique(group[order], return_inverse=True)[1]
    grouped = np.argsort(numbered, kind="stable")
    own, expected = numbered[grouped], probability[order][grouped]
    of_group, rows = np.bincount(own, weights=expected), np.bincount(own)
    after = np.cumsum(expected) - (np.cumsum(of_group) - of_group)[own]
    place = np.full(len(own), np.inf)  # a group that nobody is expected to leave comes last
    np.divide(after - expected / 2, of_group[own], out=place, where=of_group[own] > 0)
    quota = np.bincount(own[np.lexsort((grouped, place))[:count]], minlength=len(rows))
    rank = np.arange(len(own)) - (np.cumsum(rows) - rows)[own]
    chosen = np.zeros(len(order), bool)
    chosen[order[grouped[rank < quota[own]]]] = True
    return chosen
