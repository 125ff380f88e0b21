"""Tables (.npz) that nobody should send: wrong types, shapes and indexes, bombs, pickles; and mutations without end."""

import io
import pickle
import random
import struct
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.models.hostile import mutated_bytes

Members = Mapping[str, bytes]
ODD = (-(2**31), -1, 0, 1, 2, 7, 63, 255, 256, 99_999, 50_000_000, 2**31 - 1)
DECLARED = 10**12  # elements: 8 TB


class Trap:
    """Unpickled, it would end the process with a code that no other way of ending has."""

    def __reduce__(self) -> tuple[Any, ...]:
        import os

        return os._exit, (77,)


def members_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: Members, *, kind: int = zipfile.ZIP_STORED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", kind) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


def npy(array: npt.NDArray[Any]) -> bytes:
    held = io.BytesIO()
    np.save(held, array, allow_pickle=True)
    return held.getvalue()


def array_of(member: bytes) -> npt.NDArray[Any]:
    return np.asarray(np.load(io.BytesIO(member)))


def declared(shape: str, kind: str = "<f8", data: bytes = b"\0" * 64, order: str = "False") -> bytes:
    """A .npy member whose header says anything."""
    header = f"{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}".encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def hostile_tables(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Names and files; none of them may be taken for tables."""
    good = members_of(content)
    yield "empty", b""
    yield "no zip", b"rubbish" * 1000
    yield "empty zip", zipped({})
    yield "one array alone", npy(np.zeros(3))
    yield "a pickle alone", pickle.dumps(Trap())
    for part in range(1, 10):
        yield f"cut at {part} tenths", content[: len(content) * part // 10]
    for name, member in good.items():
        for what, changed in _of_member(name, member):
            yield f"{name} {what}", zipped({**good, name: changed})
        yield f"{name} missing", zipped({other: held for other, held in good.items() if other != name})
        yield (
            f"{name} without .npy",
            zipped({other.removesuffix(".npy" * (other == name)): held for other, held in good.items()}),
        )
    bomb = next(iter(good))
    zeros = declared(f"({2**27},)", data=b"\0" * 2**27)
    yield "a bomb of zeros", zipped({**good, bomb: zeros}, kind=zipfile.ZIP_DEFLATED)


def _of_member(name: str, member: bytes) -> Iterator[tuple[str, bytes]]:
    array = array_of(member)
    objects = np.full(array.shape, None, object)
    objects[...] = Trap()
    yield "as objects", npy(objects)
    yield "as texts", npy(array.astype("U8"))
    yield "as complex", npy(array.astype(np.complex128))
    yield "as structure", npy(np.zeros(array.shape, [("a", "i4"), ("b", "f8")]))
    yield "as another type", npy(array.astype(np.float32 if array.dtype.kind == "f" else np.int16 if array.dtype != np.int16 else np.int8))  # fmt: skip
    yield "as big endian", npy(array.astype(array.dtype.newbyteorder(">"))) if array.dtype.itemsize > 1 else npy(array.astype(">i4"))  # fmt: skip
    yield "with one more dimension", npy(array[None])
    yield "with three dimensions", npy(np.zeros((2, 2, 2), array.dtype))
    yield "as rubbish", b"\x00" * 200
    yield "cut", member[: len(member) - 1] if array.size else member[:-40]
    kind = array.dtype.str
    for shape in (f"({DECLARED},)", f"({2**40}, {2**40})", "(-1,)", "(1.5,)", "'x'", "(__import__('os')._exit(77),)"):
        yield f"declared {shape}", declared(shape, kind)
    yield "with a header without end", b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**32 - 1) + b"{" * 1000
    yield "of another version", b"\x93NUMPY\x09\x00" + member[8:]
    if array.dtype.kind == "f" and array.size:
        # A threshold may be infinite: every known value lies on one side of it.
        for number in (np.nan,) if name == "thresholds.npy" else (np.nan, np.inf, -np.inf):
            yield f"with {number}", npy(_with_first(array, number))


def _with_first(array: npt.NDArray[Any], value: Any) -> npt.NDArray[Any]:
    changed = array.copy()
    changed.reshape(-1)[:1] = value
    return changed


def mutated_tables(seed: int, content: bytes) -> bytes:
    """One to three arrays with another number, order or length; sometimes bytes of the file itself."""
    chance = random.Random(seed)
    if chance.random() < 0.2:
        return mutated_bytes(chance, content)
    members = members_of(content)
    for name in chance.sample(sorted(members), chance.choice((1, 1, 1, 2, 3))):
        members[name] = npy(_mutated(chance, array_of(members[name])))
    return zipped(members)


def _mutated(chance: random.Random, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    flat = array.copy().reshape(-1)
    if not flat.size:
        return np.zeros(chance.choice((0, 1, 5)), array.dtype)
    place, shape = chance.randrange(flat.size), array.shape
    match chance.randrange(6):
        case 0 | 1 | 2:
            flat[place] = _odd(chance, flat)
        case 3:
            other = chance.randrange(flat.size)
            flat[place], flat[other] = flat[other], flat[place]
        case 4:
            flat = np.delete(flat, place)
        case _:
            flat = np.insert(flat, place, flat[chance.randrange(flat.size)])
    return flat.reshape(shape) if flat.size == array.size else flat


def _odd(chance: random.Random, flat: npt.NDArray[Any]) -> Any:
    if flat.dtype.kind == "f":
        return chance.choice((np.nan, np.inf, -np.inf, 1e308, -1e308, 0.0, 5e-324, 1e300, float(chance.random())))
    near = int(flat[chance.randrange(flat.size)]) + chance.choice((-1, 0, 1))
    return np.array(chance.choice((*ODD, near)), np.int64).astype(flat.dtype)
