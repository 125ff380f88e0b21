"""Rows for every table of a schema, whatever its columns: two a table, each told apart, foreign keys in order."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa
from sqlalchemy.orm import Session

from records.database import Instant

ROWS = 2
_SPACE = UUID(int=7)
Rows = dict[str, list[dict[str, Any]]]


def fill(session: Session, tables: sa.MetaData) -> None:
    for table in tables.sorted_tables:
        session.execute(table.insert(), [_row(table, number) for number in range(ROWS)])


def contents(session: Session, tables: sa.MetaData) -> Rows:
    """All rows of these columns, in an order that does not depend on the engine."""
    found: Rows = {}
    for table in tables.sorted_tables:
        rows = [dict(row) for row in session.execute(sa.select(table)).mappings()]
        found[table.name] = sorted((_plain(row) for row in rows), key=repr)
    return found


def expected(tables: sa.MetaData) -> Rows:
    return {
        table.name: sorted((_plain(_row(table, number)) for number in range(ROWS)), key=repr)
        for table in tables.sorted_tables
    }


def _row(table: sa.Table, number: int) -> dict[str, Any]:
    return {column.name: _value(column, number) for column in table.columns}


def _value(column: sa.Column[Any], number: int) -> Any:
    for key in column.foreign_keys:
        return _value(key.column, number)
    match column.type:
        case sa.Boolean():
            return number == 0
        case sa.Integer():
            return number + 1
        case sa.Float():
            return (number + 1) / 3
        case sa.Uuid():
            return uuid5(_SPACE, f"{column.name} {number}")
        case sa.DateTime() | Instant():
            return datetime(2025, 6, 2, 1, 0, 0, 123456, tzinfo=UTC) + timedelta(days=number)
        case sa.Date():
            return date(2025, 6, 2) + timedelta(days=number)
        case sa.JSON():
            return {"ข้อ": [number, None, 0.1]}
        case sa.LargeBinary():
            return bytes([number, 0, 255])
        case _:
            return _word(column, number)


def _word(column: sa.Column[Any], number: int) -> str:
    words = {"status": ("current", "superseded"), "band": ("high", "none")}
    return words.get(column.name, (f"{column.name} ที่หนึ่ง", f"{column.name} ที่สอง"))[number]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """SQLite gives instants back without their zone where a column is plain."""
    return {
        name: value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
        for name, value in sorted(row.items())
    }
