"""Constraints of a column: each validates cells, says in words what it asks, and generates values that keep it."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

import numpy as np
import numpy.typing as npt

from records.text import Text


class Constraint(Protocol):
    def holds(self, values: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
        """Whether each value keeps the constraint; values are never missing here."""
        ...

    @property
    def describes(self) -> Text: ...

    def generate(self, rng: np.random.Generator, size: int) -> npt.NDArray[np.generic]: ...


@dataclass(frozen=True, kw_only=True)
class Between:
    """A number from low to high, both included."""

    low: float
    high: float

    def holds(self, values: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
        numbers = values.astype(np.float64)
        return np.asarray((numbers >= self.low) & (numbers <= self.high))

    @property
    def describes(self) -> Text:
        return Text(th=f"ตั้งแต่ {self.low:g} ถึง {self.high:g}", en=f"from {self.low:g} to {self.high:g}")

    def generate(self, rng: np.random.Generator, size: int) -> npt.NDArray[np.generic]:
        return rng.uniform(self.low, self.high, size)


@dataclass(frozen=True, kw_only=True)
class OnDays:
    """A date from first to last, both included."""

    first: date
    last: date

    def holds(self, values: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
        days = values.astype("datetime64[D]")
        return np.asarray((days >= np.datetime64(self.first)) & (days <= np.datetime64(self.last)))

    @property
    def describes(self) -> Text:
        return Text(th=f"วันที่ {self.first} ถึง {self.last}", en=f"a date from {self.first} to {self.last}")

    def generate(self, rng: np.random.Generator, size: int) -> npt.NDArray[np.generic]:
        offsets = rng.integers(0, (self.last - self.first) // timedelta(days=1) + 1, size)
        return np.datetime64(self.first) + offsets.astype("timedelta64[D]")
