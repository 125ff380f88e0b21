"""What need not be worked out again next week: answers whose records, students and days have not changed since."""

from collections.abc import Callable, Hashable
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from features.state import State

T = TypeVar("T")
_NOT_ASKED = -2


class Kept:
    """One answer for every student number, and the place of the term for which it was given."""

    def __init__(self, students: int) -> None:
        self.values: npt.NDArray[np.float64] = np.zeros(students)
        self.term: npt.NDArray[np.int64] = np.full(students, _NOT_ASKED, np.int64)


def remembered(state: State, name: str, depends_on: Hashable, work_out: Callable[[], T]) -> T:
    """What `work_out` gives, from memory when what it depends on is the same as the last time it was asked."""
    held = state.remembered.get(name)
    if held is None or held[0] != depends_on:
        held = state.remembered[name] = depends_on, work_out()
    found: T = held[1]
    return found
