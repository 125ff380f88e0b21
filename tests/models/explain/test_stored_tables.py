"""Tables in a file: the same after reading, and refused with a sentence when any number in them could lead outside."""

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.binning import Binning
from models.layout import Layout, Tables
from models.tables import compile_tables, load_tables, save_tables
from records.errors import ModelRefused
from tests.models.explain.drawn import leaf, model, split

SMALL = model(
    "absent college",
    split("absent <= 3", split("college in 0,2", leaf(1, rows=5), leaf(2, rows=5)), leaf(3, rows=5), missing="left"),
    split("absent <= 4", leaf(1, rows=5), leaf(-1, rows=5)),
)


@pytest.fixture
def tables() -> Tables:
    return compile_tables(SMALL)


def test_tables_come_back_as_they_were(tables: Tables, tmp_path: Path) -> None:
    save_tables(tables, tmp_path / "one.npz")
    save_tables(tables, tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    loaded = load_tables(tmp_path / "one.npz")
    assert (loaded.features, loaded.base, loaded.constant) == (tables.features, tables.base, tables.constant)
    for found, expected in zip((*loaded.binning, *loaded.layout), (*tables.binning, *tables.layout), strict=True):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)


INDEXES = [name for name in (*Binning._fields, *Layout._fields) if name not in ("thresholds", "answers", "table")]


def _changed(tables: Tables, name: str, change: Callable[[np.ndarray], np.ndarray]) -> Tables:
    for part in ("binning", "layout"):
        arrays = getattr(tables, part)
        if name in arrays._fields:
            return replace(tables, **{part: arrays._replace(**{name: change(getattr(arrays, name).copy())})})
    raise KeyError(name)


def _with(place: int, value: float) -> Callable[[np.ndarray], np.ndarray]:
    def change(array: np.ndarray) -> np.ndarray:
        array[place] = value
        return array

    return change


@pytest.mark.parametrize("name", INDEXES)
@pytest.mark.parametrize("place", [0, -1])
def test_an_index_beyond_its_array_is_refused(tables: Tables, tmp_path: Path, name: str, place: int) -> None:
    highest = np.iinfo(getattr(tables.layout, name, getattr(tables.binning, name, None)).dtype).max
    _refused(_changed(tables, name, _with(place, highest)), tmp_path)


@pytest.mark.parametrize("name", [name for name in INDEXES if name != "condition_right"])
def test_a_negative_index_is_refused(tables: Tables, tmp_path: Path, name: str) -> None:
    _refused(_changed(tables, name, _with(0, -2)), tmp_path)


@pytest.mark.parametrize("name", [*INDEXES, "thresholds", "answers", "table"])
def test_a_missing_entry_is_refused(tables: Tables, tmp_path: Path, name: str) -> None:
    _refused(_changed(tables, name, lambda array: array[:-1]), tmp_path)


def test_values_and_thresholds_must_be_numbers_in_order(tables: Tables, tmp_path: Path) -> None:
    _refused(_changed(tables, "table", _with(3, np.nan)), tmp_path)
    _refused(_changed(tables, "table", _with(3, np.inf)), tmp_path)
    _refused(_changed(tables, "thresholds", lambda array: array[::-1]), tmp_path)
    _refused(replace(tables, base=float("nan")), tmp_path)
    _refused(replace(tables, features=3), tmp_path)
    _refused(replace(tables, features=0), tmp_path)


def _refused(tables: Tables, folder: Path) -> None:
    save_tables(tables, folder / "damaged.npz")
    with pytest.raises(ModelRefused, match=r"tables of the model are damaged: .*\. Promote the trained bundle again"):
        load_tables(folder / "damaged.npz")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_file_cut_off_is_refused(tables: Tables, tmp_path: Path, share: float) -> None:
    path = tmp_path / "tables.npz"
    save_tables(tables, path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(ModelRefused, match="cut off"):
        load_tables(path)


def test_a_changed_byte_of_a_value_is_refused(tables: Tables, tmp_path: Path) -> None:
    path = tmp_path / "tables.npz"
    save_tables(tables, path)
    stored = path.read_bytes()
    place = stored.index(tables.layout.table.tobytes())
    path.write_bytes(stored[:place] + bytes([stored[place] ^ 1]) + stored[place + 1 :])
    with pytest.raises(ModelRefused, match="cut off"):
        load_tables(path)


def test_nothing_is_unpacked_and_no_object_is_read(tables: Tables, tmp_path: Path) -> None:
    path = tmp_path / "tables.npz"
    arrays = {"numbers": np.zeros(3), **tables.binning._asdict(), **tables.layout._asdict()}
    np.savez_compressed(path, **{**arrays, "table": np.zeros(20_000_000)})
    tracemalloc.start()
    with pytest.raises(ModelRefused):
        load_tables(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1_000_000
    np.savez(path, **{**arrays, "table": np.array([{}], object)})
    with pytest.raises(ModelRefused):
        load_tables(path)
