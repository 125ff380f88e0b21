"""Cells and heads of files that are far longer than anybody writes: refused as what they are, in the time of one pass."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from records.codes import GRADES
from records.errors import ImportRefused
from records.intake import normalise
from records.intake.files.kinds import Kind, kind_of
from records.intake.normalise import Reading
from records.intake.parsing import parse_column
from records.tables import HOUSEHOLD, Column

MILLION = 1_000_000
LONG = {
    "letters": "ก", "lao": "ກ", "lao words": "กກ ", "tones": "\u0e48", "circles": "\u0e48\u0e4d",
    "disorder": "ก\u0e48\u0e34", "lost circles": "ก า", "invisible": "ก\u200b", "digits": "1", "codes": "4 ",
}  # fmt: skip
READERS: list[tuple[Callable[[str], Reading[Any]], str]] = [
    (normalise.read_day, "BAD_DATE"), (normalise.read_instant, "BAD_DATE"), (normalise.read_year, "BAD_NUMBER"),
    (normalise.read_term, "UNKNOWN_CODE"), (normalise.read_number, "BAD_NUMBER"), (normalise.read_whole, "BAD_NUMBER"),
    (normalise.read_money, "BAD_NUMBER"), (normalise.read_credits, "BAD_NUMBER"), (normalise.read_flag, "UNKNOWN_CODE"),
    (lambda cell: normalise.read_code(GRADES, cell), "UNKNOWN_CODE"), (normalise.read_level, "UNKNOWN_CODE"),
    (normalise.read_national, "BAD_IDENTIFIER"), (normalise.read_student_code, "BAD_IDENTIFIER"),
    (lambda cell: normalise.read_identifier(cell)[1], "BAD_IDENTIFIER"), (normalise.read_class_group, "OUT_OF_RANGE"),
    (normalise.read_text, "OUT_OF_RANGE"), (normalise.split_name, "OUT_OF_RANGE"),
    (lambda cell: normalise.read_name(cell)[0], "OUT_OF_RANGE"),
]  # fmt: skip


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", LONG.values(), ids=LONG)
def test_no_reader_reads_a_cell_of_a_million_characters(piece: str) -> None:
    cell = (piece * MILLION)[:MILLION].strip()
    assert [read(cell) for read, _ in READERS] == [Reading(problem=problem) for _, problem in READERS]
    assert not normalise.is_nothing(cell)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", LONG.values(), ids=LONG)
def test_a_text_of_any_length_is_mended_in_one_pass(piece: str) -> None:
    normalise.clean((piece * MILLION)[:MILLION])


def test_a_cell_may_have_four_thousand_characters_and_any_space_around_them() -> None:
    assert normalise.read_text("ก" * 4_000).value == "ก" * 4_000
    assert normalise.read_text("ก" * 4_001).problem == "OUT_OF_RANGE"
    assert normalise.read_whole("3" + " " * 5_000) == Reading(3)
    assert normalise.read_text(" " * 5_000) == Reading()


def test_a_long_cell_is_a_problem_of_its_row_alone() -> None:
    column: Column = HOUSEHOLD["members"]
    parsed = parse_column(column, pa.array(["4", "\u0e48" * MILLION]))
    assert parsed.values.to_pylist() == [4, None]
    assert {code: rows.tolist() for code, rows in parsed.problems.items()} == {"BAD_NUMBER": [1]}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("head", ["/**/" * 1_000, "/**/;" * 800, "-- x\n" * 800, " /*" * 1_300])
def test_a_head_of_comments_is_told_from_a_database_in_one_pass(tmp_path: Path, head: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"a{head}")
    assert kind_of(path) is Kind.TEXT
    path.write_text(head)
    assert kind_of(path) is Kind.TEXT
    path.write_text("/* x */; -- y\n/**//***/ create table x")
    with pytest.raises(ImportRefused):
        kind_of(path)
