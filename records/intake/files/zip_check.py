"""The archive of a workbook before it is loaded: what it really unpacks to, and how far its sheets reach.

The archive's own directory may lie about sizes and a sheet about its dimension, so both are counted.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from records.errors import ImportRefused

MOST_CELLS = 10_000_000
_MOST_BYTES = 2 * 1024 * 1024 * 1024
_DEFLATE_AT_MOST = 1032  # times that deflate can make anything larger
_CHUNK = 1024 * 1024
_LOCAL_HEADER = 30
_FILLED_CELL = re.compile(rb""" r=["']([A-Z]{1,3}[0-9]{1,7})["'][^<>]*(?<!/)>""")
_LONGEST_TAG = 128


def refuse_what_is_too_large(path: Path) -> None:
    """Raises ImportRefused when the workbook must not be loaded."""
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            members = archive.infolist()
            left = _MOST_BYTES
            for member in members:
                left -= _size_of(file, member, left, path.name)
    except (zipfile.BadZipFile, zlib.error, struct.error, OSError):
        raise ImportRefused.corrupt(file=path.name, why="it is no workbook (ZipError)") from None


def _size_of(file: BinaryIO, member: zipfile.ZipInfo, left: int, name: str) -> int:
    """What a member unpacks to; only sheets and large members are unpacked to be counted."""
    is_sheet = member.filename.replace("\\", "/").lower().startswith("xl/worksheets/")
    if not is_sheet and member.compress_size * _DEFLATE_AT_MOST < _CHUNK:
        return 0  # too small to matter
    reach = _Reach()
    size = 0
    for chunk in _unpacked(file, member):
        size += len(chunk)
        if size > left:
            raise ImportRefused.zip_bomb(file=name)
        if is_sheet:
            reach.take(chunk)
            if reach.cells > MOST_CELLS:
                raise ImportRefused.too_large(file=name)
    return size


def _unpacked(file: BinaryIO, member: zipfile.ZipInfo) -> Iterator[bytes]:
    file.seek(member.header_offset)
    header = file.read(_LOCAL_HEADER)
    name_length, extra_length = struct.unpack("<HH", header[26:30])
    file.seek(name_length + extra_length, 1)
    left = member.compress_size
    inflate = zlib.decompressobj(-zlib.MAX_WBITS) if member.compress_type == zipfile.ZIP_DEFLATED else None
    if inflate is None and member.compress_type != zipfile.ZIP_STORED:
        raise zipfile.BadZipFile
    while left > 0 and (packed := file.read(min(_CHUNK, left))):
        left -= len(packed)
        if inflate is None:
            yield packed
            continue
        while packed and not inflate.eof:
            yield inflate.decompress(packed, _CHUNK)
            packed = inflate.unconsumed_tail


class _Reach:
    """How many cells a sheet spans, from the names of its filled cells, which stand in order."""

    def __init__(self) -> None:
        self._rows = self._columns = 0
        self._rest = b""

    @property
    def cells(self) -> int:
        return self._rows * self._columns

    def take(self, chunk: bytes) -> None:
        names: list[bytes] = _FILLED_CELL.findall(self._rest + chunk)
        self._rest = chunk[-_LONGEST_TAG:]
        if names:
            letters = {name.rstrip(b"0123456789") for name in names}
            self._columns = max(self._columns, *map(_number_of, letters))
            self._rows = max(self._rows, int(names[-1].lstrip(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")))


def _number_of(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
