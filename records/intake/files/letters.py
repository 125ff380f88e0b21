"""Letters of a text file: its code page, letters that were saved in the wrong one, and quotes that do not pair up.

The whole file is looked through once, a block at a time, so that nothing is found out in the middle of its rows.
"""

import codecs
import io
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from records.errors import ImportRefused
from records.intake.files.quotes import QuoteScan

BLOCK = 1024 * 1024
_SAMPLE = 64 * 1024
_LEAST_THAI = 0.9  # of the letters that are not ASCII
_MISREAD_AS = {"cp874": ("เธ", "เน"), "cp1252": ("à¸", "à¹")}  # how Thai in UTF-8 looks there


@dataclass(frozen=True, kw_only=True)
class Letters:
    """How the bytes of a text file are to be read."""

    encoding: str
    misread_as: str = ""
    """The code page as which UTF-8 was once read and saved again; '' when it was not."""
    broken_quotes: bool = False


def letters_of(path: Path) -> Letters:
    """A byte-order mark says; else UTF-8 if it is strictly that; else the Thai code page. Raises ImportRefused."""
    with path.open("rb") as file:
        start = file.read(_SAMPLE)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates = [Letters(encoding="utf-16")]
    else:
        utf8 = Letters(encoding="utf-8-sig", misread_as=_misread_as(start))
        candidates = [utf8, Letters(encoding="cp874")]
    for letters in candidates:
        try:
            return replace(letters, broken_quotes=_look_through(path, letters))
        except UnicodeError:
            if letters.misread_as:
                raise ImportRefused.letters_lost(file=path.name) from None
    raise ImportRefused.bad_encoding(file=path.name)


def _look_through(path: Path, letters: Letters) -> bool:
    """Whether the quotes of the file are broken. Raises UnicodeError, ImportRefused."""
    scan = QuoteScan()
    decode = codecs.getincrementaldecoder(letters.encoding)()
    plain = letters.encoding != "utf-16" and not letters.misread_as
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            text = "" if plain and block.isascii() and not decode.getstate()[0] else decode.decode(block)
            if b"\0" in block and letters.encoding != "utf-16":
                raise ImportRefused.bad_encoding(file=path.name)
            if "\ufffd" in text:
                raise ImportRefused.letters_lost(file=path.name)
            scan.take(block if letters.encoding != "utf-16" else text.encode())
        decode.decode(b"", final=True)
    if letters.misread_as:
        for _ in _blocks(path, letters):
            pass
    return scan.finish()


def open_utf8(path: Path, letters: Letters) -> BinaryIO:
    """The file as bytes in UTF-8, whatever its code page."""
    if letters.encoding == "utf-8-sig" and not letters.misread_as:
        return path.open("rb")
    return io.BufferedReader(_Recoded(_blocks(path, letters)), BLOCK)


def open_text(path: Path, letters: Letters, *, newline: str | None) -> io.TextIOWrapper:
    return io.TextIOWrapper(open_utf8(path, letters), encoding="utf-8-sig", newline=newline)


class _Recoded(io.RawIOBase):
    """Blocks of bytes as a file."""

    def __init__(self, blocks: Generator[bytes, None, None]) -> None:
        self._blocks = blocks
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, place: memoryview) -> int:  # type: ignore[override]
        while not self._left:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._left = memoryview(block)
        size = min(len(place), len(self._left))
        place[:size] = self._left[:size]
        self._left = self._left[size:]
        return size

    def close(self) -> None:
        self._blocks.close()
        super().close()


def _blocks(path: Path, letters: Letters) -> Generator[bytes, None, None]:
    decode = codecs.getincrementaldecoder(letters.encoding)()
    mend = codecs.getincrementaldecoder("utf-8")()
    table = _bytes_of(letters.misread_as) if letters.misread_as else {}
    with path.open("rb") as file:
        while True:
            block = file.read(BLOCK)
            text = decode.decode(block, final=not block)
            if letters.misread_as:
                text = mend.decode(text.translate(table).encode("latin-1"), final=not block)
            if text:
                yield text.encode()
            if not block:
                return


# Letters that were saved in the wrong code page


def _misread_as(start: bytes) -> str:
    """The code page as which Thai in UTF-8 was read before it was saved as UTF-8 again; '' when it was not."""
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(start)
    except UnicodeDecodeError:
        return ""
    for page, marks in _MISREAD_AS.items():
        if any(mark in text for mark in marks) and _is_thai(_mended(text, page)):
            return page
    return ""


def _mended(text: str, page: str) -> str:
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(text.translate(_bytes_of(page)).encode("latin-1"))
    except UnicodeError:
        return ""


def _is_thai(text: str) -> bool:
    letters = [character for character in text if not character.isascii()]
    return bool(letters) and sum("\u0e00" <= one <= "\u0e7f" for one in letters) >= _LEAST_THAI * len(letters)


def _bytes_of(page: str) -> dict[int, int]:
    """The byte of every letter of a code page; bytes without a letter became control characters, as Windows does it."""
    return {ord(bytes([byte]).decode(page, "ignore") or chr(byte)): byte for byte in range(128, 256)}
