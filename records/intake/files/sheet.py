"""A sheet of text cells and the parts in which it is read: what every kind of file comes down to."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa

PART_ROWS = 500_000
LEAST_KNOWN = 2  # one word of a student's row may well be a header too


@dataclass(frozen=True, kw_only=True)
class Part:
    """Some rows of a sheet, in order."""

    columns: list[pa.Array | pa.ChunkedArray]
    """Text without nulls, one column a header; '' for an empty cell."""
    lines: pa.Array
    """The file's own line of every row; in a workbook the row number that Excel shows."""
    ragged: list[tuple[int, str]]
    """Rows whose number of cells does not fit the header, as (line, text)."""
    layout: list[tuple[int, str]]
    """Rows that are no student, as (line, TOTALS | SIGNATURE | REPEATED_HEADER); `TOTALS 5` states five people."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A table under its header; `parts()` reads its rows."""

    file: str
    name: str
    """The sheet's name; '' for text and Parquet files."""
    headers: list[str]
    above: list[list[str]]
    """The rows above the header: the title block."""
    known_headers: int
    """How many of the headers are known ones."""
    top_lines: int
    """How many lines title block and header take."""
    repaired: bool = False
    """Whether the letters were saved in the wrong code page and were put right."""
    hidden: tuple[str, ...] = ()
    """Hidden sheets of the workbook that have rows under known headers; they are not read."""
    is_full: bool = False
    """Whether the sheet has as many rows as its format can hold: what came after them is lost."""
    read: Callable[[], Iterator[Part]] = field(repr=False, compare=False)

    def parts(self) -> Iterator[Part]:
        """Every row, in parts of at most PART_ROWS; each call reads the file afresh. Raises ImportRefused."""
        return self.read()

    @property
    def shown_headers(self) -> list[str]:
        """The headers for an error; none when what was taken for a header may be the row of a student."""
        return self.headers if self.known_headers >= LEAST_KNOWN else []
