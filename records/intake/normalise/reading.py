"""What one cell says: a value, the fix that was needed to read it, or the problem that keeps it from being read."""

from dataclasses import dataclass
from typing import Generic, Never, TypeVar

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Reading(Generic[T_co]):
    """`value` is None when the cell is empty, or when it is not usable and `problem` says why.

    `fix` is a code of `records.intake.fixes`; `problem` and `warning` are codes of `records.intake.problems`.
    """

    value: T_co | None = None
    fix: str = ""
    problem: str = ""
    warning: str = ""


EMPTY: Reading[Never] = Reading()


def unusable(problem: str) -> Reading[Never]:
    return Reading(problem=problem)
