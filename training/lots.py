"""Lots: numbers that anybody can draw again, from institution, day and student alone."""

import hashlib
from datetime import date

import numpy as np
import numpy.typing as npt


def lots(institution: str, day: date, student: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """(students,): numbers from 0 to 1: the same in every run, new every week."""
    told = f"{institution}\x1f{day.isoformat()}".encode()
    start = np.uint64(int.from_bytes(hashlib.blake2b(told, digest_size=8).digest(), "big"))
    return np.asarray(_mixed(start ^ _mixed(student.astype(np.uint64))) / 2.0**64)


def _mixed(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The finalising steps of SplitMix64 (Steele, Lea and Flood 2014): every bit of the number moves every bit."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))
