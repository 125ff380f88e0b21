"""Small numbers for the keys of a table: a term, a course, a day become one local number an institution and key."""

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from records.constraints import Between
from records.tables import Kind, Table

Ints = npt.NDArray[np.int64]
_INSTITUTION_BITS = 12
_BITS = {Kind.CODE: 8, Kind.FLAG: 2, Kind.DATE: 17, Kind.TEXT: 18, Kind.WHOLE: 31, Kind.NUMBER: 31}
_EMPTY = -1


class RowKeys:
    """The local number of each (institution, key) of one table, in the order in which an institution first told it.

    That order is an institution's own, so that a shard of many and each of them alone give the same rows in the same
    order.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self._parts = [(name, *_room(table, name)) for name in table.key]
        used = _INSTITUTION_BITS + sum(bits for _, bits, _ in self._parts)
        if used > 63:
            raise ValueError(f"table {table.name}: a key of {used} bits is too wide for one number")
        self.told: Ints = np.zeros(0, np.int64)
        self._places = np.full(64, _EMPTY, np.int32)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def numbers(self, institution: Ints, columns: dict[str, npt.NDArray[Any]]) -> Ints:
        """The local number of each row from the columns of the key (missing: NaN, or below 0).

        Raises ValueError when a value does not fit the room that its column's constraint leaves it.
        """
        if not self.table.key:
            return np.zeros(len(institution), np.int64)
        packed = institution.astype(np.int64)
        for name, bits, base in self._parts:
            if not _pack(packed, columns[name], base, bits):
                raise ValueError(f"table {self.table.name}: a value of the key column {name} is out of its range")
        return self._number(packed)

    def without_last(self, numbers: Ints) -> Ints:
        """The keys of these local numbers but for their last part."""
        return np.asarray(self.told[numbers] >> self._parts[-1][1])

    def values(self, name: str, stored: type[np.generic], missing: float) -> npt.NDArray[Any]:
        """What each local number says in a column of the key, as the column is stored."""
        place = [one for one, _, _ in self._parts].index(name)
        _, bits, base = self._parts[place]
        below = sum(bits for _, bits, _ in self._parts[place + 1 :])
        part = (self.told[: self._count] >> below) & ((1 << bits) - 1)
        return np.where(part == 0, missing, part - 1 + base).astype(stored)

    def restore(self, told: Ints) -> None:
        """Take the keys of a saved state, in the order of their numbers."""
        self._number(np.asarray(told, np.int64))

    def _number(self, packed: Ints) -> Ints:
        found = np.empty(len(packed), np.int64)
        done = 0
        while True:
            if 2 * (self._count + 1) > len(self.told):
                self.told = np.concatenate([self.told, np.empty(max(64, len(self.told)), np.int64)])
            if 4 * len(self.told) > len(self._places):
                self._places = np.full(8 * len(self.told), _EMPTY, np.int32)
                _enter(self.told, self._count, self._places)
            done, self._count = _look_up(packed, done, self.told, self._count, self._places, found)
            if done == len(packed):
                return found


def _room(table: Table, name: str) -> tuple[int, int]:
    """How many bits a key column needs, and the least value it can have."""
    if name == "happened_on":
        return _BITS[Kind.DATE], 0
    column = table[name]
    if column.kind is Kind.WHOLE and isinstance(column.constraint, Between):
        low, high = int(column.constraint.low), int(column.constraint.high)
        return (high - low + 2).bit_length(), low
    return _BITS[column.kind], 0


@numba.njit(cache=True, nogil=True)
def _pack(packed: Ints, values: npt.NDArray[Any], base: int, bits: int) -> bool:
    """Add a column to the packed keys, counted from 1, 0 for a missing value; whether all of them have room.

    Without a way out of the loop the compiler takes several rows at once.
    """
    fits = True
    for row in range(len(packed)):
        is_told = values[row] >= 0  # NaN is not
        part = np.int64(np.int32(values[row])) - base + 1 if is_told else 0
        fits &= bool(not is_told or 0 < part < (1 << bits))
        packed[row] = (packed[row] << bits) | part
    return fits


@numba.njit(cache=True, nogil=True)
def _slot(value: int, size: int) -> int:
    """Where to look for a key first: only the high bits of a product depend on all of it."""
    mixed = value * -0x61C8864680B583EB
    mixed = (mixed ^ (mixed >> 32)) * 0x2545F4914F6CDD1D
    return (mixed >> 40) & (size - 1)  # a size is a power of two


@numba.njit(cache=True, nogil=True)
def _enter(told: Ints, count: int, places: npt.NDArray[np.int32]) -> None:
    for number in range(count):
        at = _slot(told[number], len(places))
        while places[at] != _EMPTY:
            at = (at + 1) & (len(places) - 1)
        places[at] = number


@numba.njit(cache=True, nogil=True)
def _look_up(
    packed: Ints, start: int, told: Ints, count: int, places: npt.NDArray[np.int32], found: Ints
) -> tuple[int, int]:
    """Numbers from `start` on, until all are found or there is no room for a new one: (where it stopped, how many)."""
    for index in range(start, len(packed)):
        at = _slot(packed[index], len(places))
        while places[at] != _EMPTY and told[places[at]] != packed[index]:
            at = (at + 1) & (len(places) - 1)
        if places[at] == _EMPTY:
            if count == len(told):
                return index, count
            told[count] = packed[index]
            places[at] = count
            count += 1
        found[index] = places[at]
    return len(packed), count
