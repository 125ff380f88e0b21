"""Small tables on the command line, as wide as their cells."""

import io
from collections.abc import Sequence


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows under their heads, two blanks between columns; Thai vowels and tone marks take no place of their own."""
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for head in heads:
        drawn.add_column(Text(head), no_wrap=True)
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    widest = sum(max(cell_len(cell) for cell in column) + 2 for column in zip(heads, *rows, strict=True))
    written = io.StringIO()
    Console(file=written, width=widest + 2, color_system=None).print(drawn)
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines())
