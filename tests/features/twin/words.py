"""How declarations are said in SQL: codes by their positions, numbers, days and windows."""

from datetime import date

from features.vocabulary import Ever, InTerm, Last, Term, Window
from records.tables import Column, Kind, Table, Where

NOT_KNOWN = "'nan'::DOUBLE"
"""A record is there and does not tell; NULL is no record at all, for which a declaration may have a value."""


def fill(statement: str, **parts: object) -> str:
    """A statement with its named parts. They come from declarations and file names of the log, never from a user."""
    return statement.format(**parts)


def position(table: Table, column: str, value: str) -> int:
    codes = table[column].codes
    assert codes is not None, f"{table.name}.{column} has no codes"
    return codes.position(value)


def positions(table: Table, column: str, *values: str) -> str:
    """As the right side of IN; no value at all is in it when none is given."""
    return f"({', '.join(str(position(table, column, value)) for value in values) or 'NULL'})"


def matches(table: Table, where: Where | None) -> str:
    return "TRUE" if where is None else f"{where.column} IN {positions(table, where.column, *where.values)}"


def number(column: Column) -> str:
    """A column as a number: what a code is worth, a flag as 0 or 1; NULL where nothing is told."""
    if column.codes is None:
        return f"{column.name}::DOUBLE"
    worths = [(place, code.worth) for place, code in enumerate(column.codes.codes) if code.worth is not None]
    return f"(CASE {column.name} {' '.join(f'WHEN {place} THEN {worth}::DOUBLE' for place, worth in worths)} END)"


def day(on: date) -> str:
    return f"DATE '{on}'"


def span(window: Window, as_of: date) -> tuple[str, str]:
    """First day and end (not included) of a window of a row `c` of the cohort; never later than the day before."""
    match window:
        case Last(days=days):
            return f"({day(as_of)} - {days})", day(as_of)
        case InTerm(term=Term.THIS):
            return "c.opens", day(as_of)
        case InTerm():
            return "c.before_opens", f"least(c.before_closes + 1, {day(as_of)})"
        case Ever():
            return "DATE '0001-01-01'", day(as_of)


def sql_type(column: Column) -> str:
    return {
        Kind.CODE: "UTINYINT",
        Kind.DATE: "DATE",
        Kind.FLAG: "BOOLEAN",
        Kind.NUMBER: "DOUBLE",
        Kind.WHOLE: "INTEGER",
        Kind.TEXT: "VARCHAR",
    }[column.kind]
