"""What a card is made of, in one language: headings, paragraphs, lists and tables; written as Markdown or as HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import NamedTuple


class Cell(NamedTuple):
    """A figure, and beside it in small its interval."""

    text: str
    small: str = ""


@dataclass(frozen=True, kw_only=True)
class Heading:
    text: str
    level: int = 2


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """A `boxed` one is what nobody may overlook."""

    text: str
    boxed: bool = False


@dataclass(frozen=True, kw_only=True)
class Bullets:
    items: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    """The first `words` columns hold words, the others figures; `caption` says what the rows are."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    words: int = 1
    caption: str = ""


Block = Heading | Paragraph | Bullets | Table


def cells(*texts: str | Cell) -> tuple[Cell, ...]:
    return tuple(one if isinstance(one, Cell) else Cell(one) for one in texts)


# Markdown


def as_markdown(blocks: Sequence[Block]) -> str:
    return "\n\n".join(_markdown(block) for block in blocks) + "\n"


def _markdown(block: Block) -> str:
    match block:
        case Heading(text=text, level=level):
            return f"{'#' * level} {_line(text)}"
        case Paragraph(text=text, boxed=boxed):
            return f"> {_line(text)}" if boxed else _line(text)
        case Bullets(items=items):
            return "\n".join(f"- {_line(item)}" for item in items)
        case Table():
            return _markdown_table(block)


def _markdown_table(table: Table) -> str:
    marks = ["---"] * table.words + ["---:"] * (len(table.head) - table.words)
    rows = [[_beside(cell) for cell in row] for row in table.rows]
    lines = [_row([_line(name) for name in table.head]), _row(marks), *(_row(row) for row in rows)]
    caption = [_line(table.caption), ""] if table.caption else []
    return "\n".join([*caption, *lines])


def _row(texts: Sequence[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _beside(cell: Cell) -> str:
    return _line(f"{cell.text} ({cell.small})" if cell.small else cell.text)


def _line(text: str) -> str:
    """One line in which nothing that a person typed becomes a table or a tag."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


# HTML

_BOXED = ' class="boxed"'
_SHORT = 12  # rows; on paper a short table stays on one page


def as_html(blocks: Sequence[Block]) -> str:
    return "\n".join(_html(block) for block in blocks)


def _html(block: Block) -> str:
    match block:
        case Heading(text=text, level=level):
            return f"<h{level}>{escape(text)}</h{level}>"
        case Paragraph(text=text, boxed=boxed):
            return f"<p{_BOXED if boxed else ''}>{escape(text)}</p>"
        case Bullets(items=items):
            return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"
        case Table():
            return _html_table(block)


def _html_table(table: Table) -> str:
    caption = f"<caption>{escape(table.caption)}</caption>" if table.caption else ""
    head = "".join(f'<th scope="col"{_kind(table, place)}>{escape(name)}</th>' for place, name in enumerate(table.head))
    rows = "\n".join(f"<tr>{_html_cells(table, row)}</tr>" for row in table.rows)
    kept = ' class="short"' if len(table.rows) <= _SHORT else ""
    return f"<table{kept}>{caption}<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table>"


def _html_cells(table: Table, row: Sequence[Cell]) -> str:
    told = []
    for place, cell in enumerate(row):
        small = f" <small>{escape(cell.small)}</small>" if cell.small else ""
        tag = 'th scope="row"' if place == 0 else f"td{_kind(table, place)}"
        told.append(f"<{tag}>{escape(cell.text)}{small}</{tag.split()[0]}>")
    return "".join(told)


def _kind(table: Table, place: int) -> str:
    return "" if place < table.words else ' class="figure"'
