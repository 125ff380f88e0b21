"""What need not be worked out again next week: answers whose records, students and days have not changed since."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import numba
import numpy as np
import numpy.typing as npt

from features.state import State

T = TypeVar("T")
_NOT_ASKED = -2
_TERM = "-"  # no feature has this name


class Kept:
    """What the rows of one table say of every student number, by feature, and the place of the term for which it was asked."""

    def __init__(self, values: dict[str, npt.NDArray[np.floating]], term: npt.NDArray[np.int32]) -> None:
        self.values, self.term = values, term

    @classmethod
    def nothing(cls, students: int, kinds: dict[str, type[np.floating]]) -> "Kept":
        """Nobody was asked anything yet; `kinds` says how exactly each feature's answers are kept."""
        values = {name: np.zeros(students, kind) for name, kind in kinds.items()}
        return cls(values, np.full(students, _NOT_ASKED, np.int32))


def remembered(state: State, name: str, depends_on: Hashable, work_out: Callable[[], T]) -> T:
    """What `work_out` gives, from memory when what it depends on is the same as the last time it was asked."""
    held = state.remembered.get(name)
    if held is None or held[0] != depends_on:
        held = state.remembered[name] = depends_on, work_out()
    found: T = held[1]
    return found


def kept_parts(state: State) -> tuple[dict[str, npt.NDArray[np.generic]], dict[str, list[Hashable]]]:
    """What is kept about rows, as arrays by name, and what each depends on: a saved state goes on with it."""
    kept = {name: held for name, held in state.remembered.items() if isinstance(held[1], Kept)}
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    for name, (_, answers) in kept.items():
        arrays |= {f"{name} {_TERM}": answers.term, **{f"{name} {one}": told for one, told in answers.values.items()}}
    return arrays, {name: list(held[0]) for name, held in kept.items()}


def restore_kept(state: State, arrays: dict[str, npt.NDArray[Any]], depends_on: dict[str, list[Hashable]]) -> None:
    """Take what `kept_parts` gave; arrays may be mapped from a file."""
    for name, same in depends_on.items():
        told = {key.removeprefix(f"{name} "): held for key, held in arrays.items() if key.startswith(f"{name} ")}
        state.remembered[name] = tuple(same), Kept(told, told.pop(_TERM))


@numba.njit(cache=True, nogil=True)
def keep_rounded(values, decimals, student, kept):  # type: ignore[no-untyped-def]
    """Round as features.measures does, and put the answers where those of each student number are kept."""
    scale = 10.0**decimals
    for i in range(len(student)):
        kept[student[i]] = np.rint(values[i] * scale) / scale + 0.0


@numba.njit(cache=True, nogil=True)
def pick(values, student, column):  # type: ignore[no-untyped-def]
    for i in range(len(column)):
        column[i] = values[student[i]]


@numba.njit(cache=True, nogil=True)
def not_yet(kept, student, term):  # type: ignore[no-untyped-def]
    """The places of the students whose answer was not kept for their term."""
    found = np.empty(len(student), np.int64)
    count = 0
    for i in range(len(student)):
        if kept[student[i]] != term[i]:
            found[count] = i
            count += 1
    return found[:count].copy()
