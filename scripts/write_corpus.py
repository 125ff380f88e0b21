"""Writes the corpus of damaged files: one small real-shaped file for every kind of damage that exports really have.

    python scripts/write_corpus.py [--check]

tests/corpus/<group>.toml draws each file as a small picture, with the verdict that it must get; the files lie in a
folder of the same name. `--check` fails when a file is not what its picture says.

In a picture ⏎ is a line end inside a cell and ␣ a space at its edge. In workbooks {12.0} is a number, {2568-06-10} a true
date, {=A1} a formula without a stored value, {=A1 -> 3} one with, {#REF!} an error; everything else is text.
"""

import csv
import io
import re
import struct
import sys
import tomllib
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import xlsxwriter

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "tests" / "corpus"
SHARED = "shared"
Grid = list[list[str]]
_TYPED = re.compile(r"\{(.+)\}")
_WRITTEN = datetime(2025, 6, 10, tzinfo=UTC).replace(tzinfo=None)
_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Case:
    """One file of the corpus: how it looks, and what must become of it."""

    group: str
    told: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.told["file"])

    @property
    def path(self) -> Path:
        return CORPUS / self.group / self.name

    @property
    def is_stored(self) -> bool:
        """Whether the file lies in the tree; what would be too large is made when a test asks for it."""
        return str(self.told.get("made", "")) not in _TOO_LARGE

    def grid(self) -> Grid:
        """All rows of the file, its title block and header among them."""
        return _grid(self.told)

    def content(self) -> bytes:
        made = self.told.get("made")
        if made:
            return MADE[made]()
        encoding = self.told.get("encoding", "utf-8")
        if "text" in self.told:
            return str(self.told["text"]).encode(encoding)
        if self.path.suffix in (".xlsx", ".xlsm"):
            return _workbook(self.told)
        text = _misread(_separated(self.grid(), self.told.get("separator", ",")), self.told.get("misread_as", ""))
        return text.encode(encoding)


# The pictures


@cache
def _read(group: str) -> Mapping[str, Any]:
    return tomllib.loads((CORPUS / f"{group}.toml").read_text(encoding="utf-8"))


def groups() -> list[str]:
    return [path.stem for path in sorted(CORPUS.glob("[0-9]*.toml"))]


def cases() -> list[Case]:
    """Every file of the corpus, in the order of its groups."""
    return [Case(group=group, told=told) for group in groups() for told in _read(group)["case"]]


def before(case: Case) -> Iterator[Case]:
    """Clean files that an institution has taken in before this one."""
    for name in case.told.get("before", ()):
        own = _read(case.group).get("before", {})
        yield Case(group=SHARED, told=own.get(name) or _read(SHARED)["before"][name])


def rows_of(picture: str) -> Grid:
    """`a | b` a line."""
    return [[_cell(cell) for cell in line.split("|")] for line in picture.splitlines() if line.strip()]


def _cell(cell: str) -> str:
    return cell.strip(" ").replace("⏎", "\n").replace("␣", " ")


def _grid(told: Mapping[str, Any]) -> Grid:
    head, tail = _header(told.get("head", ""))
    rows = [_filled(row, len(head[-1]) if head else 0, tail) for row in rows_of(told.get("rows", ""))]
    return [*rows_of(told.get("above", "")), *head, *rows, *rows_of(told.get("below", ""))]


def _header(head: str) -> tuple[Grid, list[str]]:
    """The header rows, and the cells with which rows end that say nothing else; `@name` is a usual one."""
    if not head.startswith("@"):
        return rows_of(head), []
    usual = _read(SHARED)["heads"][head[1:]]
    return rows_of(usual["head"]), next(iter(rows_of(usual["tail"])), [])


def _filled(row: list[str], width: int, tail: list[str]) -> list[str]:
    lacking = width - len(row)
    return [*row, *tail[-lacking:]] if 0 < lacking <= len(tail) else row


# The files


def _separated(grid: Grid, separator: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\n").writerows(grid)
    return text.getvalue()


def _misread(text: str, page: str) -> str:
    """UTF-8 that was read as a code page, as programs on Windows do it: a byte without a letter is a control character."""
    if not page:
        return text
    return "".join(bytes([byte]).decode(page, "ignore") or chr(byte) for byte in text.encode())


def _workbook(told: Mapping[str, Any]) -> bytes:
    written = io.BytesIO()
    options = {"in_memory": True, "strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(written, options) as book:
        book.set_properties({"created": _WRITTEN})
        if told.get("macro"):
            book.add_vba_project(io.BytesIO(b"a macro that is never run"), is_stream=True)
        formats = {"day": book.add_format({"num_format": "dd/mm/yyyy"})}
        formats |= {colour: book.add_format({"bg_color": colour, "font_strikeout": True}) for colour in _colours(told)}
        for sheet in told.get("sheet", [told]):
            page = book.add_worksheet(sheet.get("name", "Sheet1"))
            if sheet.get("hidden"):
                page.hide()
            coloured = {int(line): colour for line, colour in sheet.get("coloured", {}).items()}
            for line, row in enumerate(_grid(sheet)):
                for column, cell in enumerate(row):
                    _write(page, (line, column), cell, formats, coloured.get(line + 1, ""))
            for merged in sheet.get("merged", ()):
                _merge(page, merged, _grid(sheet))
    return written.getvalue()


def _colours(told: Mapping[str, Any]) -> set[str]:
    return {colour for sheet in told.get("sheet", [told]) for colour in sheet.get("coloured", {}).values()}


def _write(page: Any, place: tuple[int, int], cell: str, formats: Mapping[str, Any], colour: str) -> None:
    typed = _TYPED.fullmatch(cell)
    inside = typed[1] if typed else ""
    if not typed:
        page.write_string(*place, cell, formats.get(colour))
    elif inside.startswith("="):
        formula, _, value = inside.partition(" -> ")
        page.write_formula(*place, formula, None, value)
    elif inside.startswith("#"):
        page.write_formula(*place, f"={inside}", None, inside)
    elif re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", inside):
        page.write_datetime(*place, date.fromisoformat(inside), formats["day"])
    else:
        page.write_number(*place, float(inside))


def _merge(page: Any, merged: str, grid: Grid) -> None:
    first = re.match(r"([A-Z])([0-9]+)", merged)
    assert first is not None
    page.merge_range(merged, grid[int(first[2]) - 1][ord(first[1]) - ord("A")])


# Files that no picture can draw


def _locked() -> bytes:
    """The least compound file that Office would write for a workbook under a password: a root with `EncryptedPackage`."""
    return _compound([("EncryptedPackage", b"")])


def _old_workbook(rows: Sequence[Sequence[str]]) -> bytes:
    """A workbook as Excel 97 wrote it, every cell a label."""
    begin = struct.pack("<HHHHHHII", 0x809, 16, 0x600, 0, 0, 0, 0, 0)
    globals_begin, sheet_begin = begin[:6] + b"\5\0" + begin[8:], begin[:6] + b"\x10\0" + begin[8:]
    name = b"Sheet1"
    end = struct.pack("<HH", 0x0A, 0)
    at = len(globals_begin) + 4 + 8 + len(name) + len(end)
    bound = struct.pack("<HHIBBBB", 0x85, 8 + len(name), at, 0, 0, len(name), 0) + name
    cells = b"".join(_label(line, column, cell) for line, row in enumerate(rows) for column, cell in enumerate(row))
    return _compound([("Workbook", globals_begin + bound + end + sheet_begin + cells + end)])


def _label(line: int, column: int, cell: str) -> bytes:
    text = cell.encode("utf-16-le")
    return struct.pack("<HHHHHHB", 0x204, 9 + len(text), line, column, 0, len(cell), 1) + text


def _compound(streams: Sequence[tuple[str, bytes]]) -> bytes:
    """A compound file of one stream: header, allocation table, directory, stream."""
    free, end, fat, sector = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 512
    [(name, stream)] = streams
    padded = stream + bytes(-len(stream) % sector) if len(stream) >= 4096 or not stream else stream.ljust(4096, b"\0")
    size = len(padded) // sector
    tables = next(count for count in range(1, 110) if count * 128 >= count + 1 + size)
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, 0, tables, tables, 0, 4096,
        end, 0, end, 0,
    )  # fmt: skip
    header += struct.pack("<109I", *range(tables), *[free] * (109 - tables))
    first = tables + 1
    chain = [fat] * tables + [end] + [*range(first + 1, first + size), end][: size or 0]
    chain += [free] * (tables * 128 - len(chain))
    root = _entry("Root Entry", kind=5, child=1, start=end, size=0)
    own = _entry(name, kind=2, child=free, start=first if size else end, size=len(padded))
    nothing = _entry("", kind=0, child=free, start=end, size=0)
    return header + struct.pack(f"<{len(chain)}I", *chain) + root + own + nothing * 2 + padded


def _entry(name: str, *, kind: int, child: int, start: int, size: int) -> bytes:
    letters, no = name.encode("utf-16-le"), 0xFFFFFFFF
    length = len(letters) + 2 if name else 0
    return struct.pack("<64sHBBIII16xI8x8xIQ", letters, length, kind, 1, no, no, child, 0, start, size)


def _small_xls() -> bytes:
    return _old_workbook([["รหัสนักศึกษา", "วันที่", "สถานะ"], ["68201010001", "04/06/2568", "มา"]])


def _full_xls() -> bytes:
    """As many rows as Excel 97 could hold, which is where its exports stop without a word."""
    rows = [["68201010001", f"{day % 5 + 2:02}/06/2568", "มา"] for day in range(65_535)]
    return _old_workbook([["รหัสนักศึกษา", "วันที่", "สถานะ"], *rows])


def _zip_bomb() -> bytes:
    """A workbook of a few megabytes that unpacks to more than two gigabytes, one packed block over and over."""
    pack = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = pack.compress(bytes(_MEGABYTE)) + pack.flush(zlib.Z_FULL_FLUSH)
    packed = block * 2_100 + pack.flush()
    name = b"xl/worksheets/sheet1.xml"
    told = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, 0, len(packed), 2_100 * _MEGABYTE, len(name), 0)
    entry = b"PK\1\2" + struct.pack("<H", 20) + told + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    start = 4 + len(told) + len(name) + len(packed)
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, len(entry), start, 0)
    return b"PK\3\4" + told + name + packed + entry + end


def _picture() -> bytes:
    return b"\x89PNG\r\n\x1a\n" + bytes(64)


MADE: Mapping[str, Callable[[], bytes]] = {
    "password": _locked,
    "xls": _small_xls,
    "full xls": _full_xls,
    "zip bomb": _zip_bomb,
    "picture": _picture,
}
_TOO_LARGE = ("full xls", "zip bomb")


# Writing and checking


def same(one: bytes, other: bytes) -> bool:
    """Whether two files say the same: workbooks by what is in them, since archives differ by the library that packed."""
    if one == other:
        return True
    if not (one.startswith(b"PK") and other.startswith(b"PK")):
        return False
    return _members(one) == _members(other)


def _members(packed: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def stale() -> list[Path]:
    """Files that are missing or differ from their picture, and files that no picture draws."""
    drawn = [case for case in cases() if case.is_stored]
    wrong = [case.path for case in drawn if not case.path.is_file() or not same(case.path.read_bytes(), case.content())]
    known = {case.path for case in drawn}
    return wrong + [path for path in sorted(CORPUS.glob("*/*")) if path not in known]


def main() -> int:
    if "--check" in sys.argv[1:]:
        found = stale()
        for path in found:
            print(f"{path.relative_to(ROOT)} is not what its picture says: run scripts/write_corpus.py")
        return 1 if found else 0
    for path in stale():
        path.unlink(missing_ok=True)
    for case in cases():
        if case.is_stored and not case.path.exists():
            case.path.parent.mkdir(parents=True, exist_ok=True)
            case.path.write_bytes(case.content())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
