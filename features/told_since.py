"""Since when a roster tells of a student what it tells now: that they are here, and whether they came back.

An update of another column is no news of that: it does not bring back who left after the roster had them already.
"""

from collections.abc import Mapping
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from records.codes import ENROLMENT_STATUSES, ENTRY_ROUTES

Columns = Mapping[str, npt.NDArray[Any]]
Days = npt.NDArray[np.int32]
Ints = npt.NDArray[np.int64]
HERE = (-1, ENROLMENT_STATUSES.position("ENROLLED"))
CAME_BACK = ENTRY_ROUTES.position("RETURNED")
_READ = ("alive", "status", "entry_route")


def told_since(keys: Ints, rows: Columns, known: Ints, held: Columns) -> Days:
    """Of each row in reading order the first day of the versions of its key that tell what it tells, without a break.

    `known` are the keys of the rows that are held, in order. A retraction tells something else.
    """
    order = np.arange(len(keys)) if (keys[1:] > keys[:-1]).all() else np.argsort(keys, kind="stable")
    day, since = _writable(rows["happened_on"]), held["told_since"]
    return np.asarray(_since(order, keys, day, _read(rows), known, since, _read(held)))


def _read(columns: Columns) -> tuple[npt.NDArray[Any], ...]:
    return tuple(_writable(columns[name]) for name in _READ)


def _writable(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Arrays of one type, whatever they came from: the pass is compiled once."""
    return np.require(column, requirements="W")


@numba.njit(cache=True, nogil=True)
def _says(read, row):  # type: ignore[no-untyped-def]
    alive, status, entry_route = read
    return alive[row] * (1 + (status[row] in HERE) + 2 * (entry_route[row] == CAME_BACK))


@numba.njit(cache=True, nogil=True)
def _since(order, keys, day, rows, known, known_since, held):  # type: ignore[no-untyped-def]
    found = np.empty(len(keys), np.int32)
    at, before, said, since = 0, np.int64(-1), -1, np.int32(0)
    for row in order:
        if keys[row] != before:
            before, said = keys[row], -1
            while at < len(known) and known[at] < before:
                at += 1
            if at < len(known) and known[at] == before:
                said, since = _says(held, at), known_since[at]
        says = _says(rows, row)
        since = min(since, day[row]) if says == said else day[row]
        said, found[row] = says, since
    return found
