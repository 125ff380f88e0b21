"""Whether the quotes of a CSV file pair up: an unclosed one would swallow the rows that follow it."""

from codecs import BOM_UTF8

import numpy as np

_MOST_NEWLINES = 3  # in one cell; an address has that many
_LONGEST_CELL = 8 * 1024 * 1024
_BESIDE_QUOTES = np.isin(np.arange(256), list(b',;\t|\r\n"'))


class QuoteScan:
    """Takes the bytes of a file in order; `finish` says whether reading it with quotes would merge rows.

    A quote is broken when more than a few line ends stand inside it, when it does not open and close beside a
    separator although a line end stands inside, or when the file ends inside it.
    """

    def __init__(self) -> None:
        self._broken = False
        self._rest = b""  # from the last line end outside of quotes

    def take(self, block: bytes) -> None:
        if self._broken or not (self._rest or b'"' in block):
            return
        content = self._rest + block
        letters = np.frombuffer(content, np.uint8)
        quotes = np.flatnonzero(letters == ord('"'))
        line_ends = np.flatnonzero(letters == ord("\n"))
        before = np.searchsorted(quotes, line_ends)  # how many quotes precede
        outside = line_ends[before % 2 == 0]
        cut = int(outside[-1]) + 1 if len(outside) else 0
        inside = before[(before % 2 == 1) & (line_ends < cut)]
        self._rest = content[cut:]
        if b'"' not in self._rest:
            self._rest = b""
        self._broken = len(self._rest) > _LONGEST_CELL or (len(inside) > 0 and _are_broken(letters, quotes, inside))

    def finish(self) -> bool:
        self.take(b"\n")
        return self._broken or self._rest.count(b'"') % 2 == 1


def _are_broken(letters: np.ndarray, quotes: np.ndarray, inside: np.ndarray) -> bool:
    opened, line_ends = np.unique(inside, return_counts=True)
    if line_ends.max() > _MOST_NEWLINES:
        return True
    opening, closing = quotes[opened - 1], quotes[opened]
    at_start = opening == (len(BOM_UTF8) if letters[: len(BOM_UTF8)].tobytes() == BOM_UTF8 else 0)
    well_opened = at_start | _BESIDE_QUOTES[letters[np.maximum(opening - 1, 0)]]
    return not bool(np.all(well_opened & _BESIDE_QUOTES[letters[closing + 1]]))
