"""The tables of docs/reliability.md and docs/security.md name tests that are there, for every row that is promised."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
DOCS = TESTS.parent / "docs"
_NAMED = re.compile(r"`([\w/]+\.py)(?:::(\w+))?`")


def rows(page: str) -> dict[int, str]:
    """The numbered rows of a page's table."""
    found = re.findall(r"^\| (\d+) \|(.*)$", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE)
    return {int(number): row for number, row in found}


def missing(row: str) -> list[str]:
    """Tests that a row names and nobody wrote."""
    return [f"{file}::{test}" for file, test in _NAMED.findall(row) if not is_there(file, test)]


def is_there(file: str, test: str) -> bool:
    path = TESTS / file
    if not path.is_file():
        return False
    functions = [
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.FunctionDef)
    ]
    return any(node.name == test for node in functions)


@pytest.mark.parametrize(("page", "count"), [("reliability.md", 25), ("security.md", 30)])
def test_every_row_names_tests_that_are_there(page: str, count: int) -> None:
    table = rows(page)
    assert list(table) == list(range(1, count + 1))
    wrong = {number: missing(row) for number, row in table.items() if missing(row)}
    assert not wrong, f"docs/{page} names tests that are not there: {wrong}"
    empty = {number for number, row in table.items() if not _NAMED.findall(row)}
    assert not empty


def test_a_test_that_nobody_wrote_is_found() -> None:
    assert missing("| `test_docs_tables.py::test_a_test_that_nobody_wrote_is_found` |") == []
    assert missing("| `test_docs_tables.py::test_nothing` |") == ["test_docs_tables.py::test_nothing"]
    assert missing("| `nowhere/test_x.py::test_y` |") == ["nowhere/test_x.py::test_y"]
    assert missing("| `test_docs_tables.py` |") == ["test_docs_tables.py::"]
