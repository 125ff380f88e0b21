"""The declarations: what a constraint says, checks and generates is one thing, and every word of a code list has one meaning."""

from datetime import date
from itertools import chain

import numpy as np
import pyarrow as pa
import pytest

from records import codes
from records.codes import CodeList, fold_label
from records.constraints import Between, OnDays
from records.intake.parsing import Codes, parse_column
from records.tables import ATTENDANCE, HOUSEHOLD, TABLES, Column, Kind, Table

LISTS = sorted((one for one in vars(codes).values() if isinstance(one, CodeList)), key=lambda one: one.name)
CONSTRAINED = [
    pytest.param(column, id=f"{table.name}.{column.name}")
    for table in TABLES
    for column in table.columns
    if column.constraint is not None
]
each_list = pytest.mark.parametrize("one", LISTS, ids=lambda one: f"{one.name}-{len(one.codes)}")
each_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


# Constraints


@pytest.mark.parametrize("column", CONSTRAINED)
def test_generated_values_keep_the_constraint(column: Column) -> None:
    assert column.constraint is not None
    made = column.constraint.generate(np.random.default_rng(7), 200)
    assert len(made) == 200
    assert column.constraint.holds(made).all()


@pytest.mark.parametrize("column", CONSTRAINED)
def test_a_constraint_describes_its_limits_in_both_languages(column: Column) -> None:
    match column.constraint:
        case Between(low=low, high=high):
            limits = [f"{low:g}", f"{high:g}"]
        case OnDays(first=first, last=last):
            limits = [str(first), str(last)]
        case _:
            pytest.fail("a constraint that no test knows")
    for text in (column.constraint.describes.th, column.constraint.describes.en):
        assert all(limit in text for limit in limits)


@pytest.mark.parametrize(
    ("value", "held"), [(-0.01, False), (0, True), (2.5, True), (4, True), (4.01, False), (-4, False)]
)
def test_both_ends_of_between_belong_to_it(value: float, held: bool) -> None:
    assert Between(low=0, high=4).holds(np.array([value])).tolist() == [held]


def test_both_ends_of_on_days_belong_to_it() -> None:
    days = np.array(["2024-12-31", "2025-01-01", "2025-03-31", "2025-04-01"], "datetime64[D]")
    spring = OnDays(first=date(2025, 1, 1), last=date(2025, 3, 31))
    assert spring.holds(days).tolist() == [False, True, True, False]


# Code lists


@each_list
def test_every_word_of_a_code_names_that_code(one: CodeList) -> None:
    for position, code in enumerate(one.codes):
        for word in (code.value, code.label.th, code.label.en, *code.aliases):
            assert one.parse(word) == position, word


@each_list
def test_no_two_codes_of_a_list_share_a_word(one: CodeList) -> None:
    meaning: dict[str, str] = {}
    for code in one.codes:
        for word in {code.value, code.label.th, code.label.en, *code.aliases}:
            assert meaning.setdefault(fold_label(word), code.value) == code.value, word


@each_list
def test_a_cell_that_says_nothing_is_no_code(one: CodeList) -> None:
    for cell in ("", " ", "-", "--", "---", "()", "*", ".", ":", "_", "\u200b", "\ufeff", "\u00a0"):
        assert one.parse(cell) is None, repr(cell)


def test_spaces_dots_and_letter_case_do_not_matter() -> None:
    written = {"ปวช. 1": "V1", "ปวช1": "V1", " ม.1 ": "M1", "SECONDARY 1": "M1", "ประถมศึกษาปีที่ 1 / เกรด 1": "P1"}
    assert {cell: codes.LEVELS.values[codes.LEVELS.parse(cell) or 0] for cell in written} == written


def test_marks_are_read_with_and_without_dots() -> None:
    for cell in ("ข.ร.", "ขร", "ข.ร", "ขร."):
        assert codes.GRADES.parse(cell) == codes.GRADES.position("KHR")


@pytest.mark.parametrize("cell", ["35", "40", "15", "25", "00", "400", "4.5", "5"])
def test_a_score_in_the_column_of_grades_is_no_grade(cell: str) -> None:
    assert codes.GRADES.parse(cell) is None


def test_an_unknown_code_is_named_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match="sex has no code 'X'; it has M, F, U"):
        codes.SEXES.position("X")


# Tables


@each_table
def test_the_schema_holds_every_declared_column_and_the_marks_of_a_record(table: Table) -> None:
    marks = [
        "happened_on",
        *(column.name for column in table.columns),
        "entered_at",
        "recorded_at",
        "line",
        "retracted",
    ]
    assert table.schema.names == (["student", *marks] if table.per_student else marks)
    assert table.schema.field("recorded_at").type == pa.timestamp("ms", tz="UTC")
    assert not any(table.schema.field(name).nullable for name in ("happened_on", "recorded_at", "line", "retracted"))
    for column in table.columns:
        assert table.schema.field(column.name).type == column.kind.arrow()


@each_table
def test_the_key_is_part_of_the_table(table: Table) -> None:
    assert set(table.key_columns) <= set(table.schema.names)
    assert ("student" in table.key_columns) == table.per_student


@each_table
def test_every_column_reads_its_own_codes_and_headers(table: Table) -> None:
    for column in table.columns:
        if column.codes is not None:
            words = list(chain.from_iterable((c.value, c.label.th, c.label.en, *c.aliases) for c in column.codes.codes))
            parsed = parse_column(column, pa.array(words))
            assert not any(parsed.problems)
            assert set(parsed.values.to_pylist()) == set(range(len(column.codes.codes)))


@each_table
def test_no_two_columns_of_a_table_answer_to_one_header(table: Table) -> None:
    owner: dict[str, str] = {}
    for column in table.columns:
        for header in {column.name, column.label.th, column.label.en, *column.aliases}:
            assert owner.setdefault(fold_label(header), column.name) == column.name, header


def test_no_table_has_room_for_religion_ethnicity_or_a_national_number() -> None:
    names = {field.name for table in TABLES for field in table.schema}
    assert not names & {"religion", "ethnicity", "national_id", "student_code", "first_name", "last_name", "note"}
    assert not any(field.type == pa.int64() for table in TABLES for field in table.schema)  # no room for 13 digits


def test_a_missing_cell_is_missing_and_not_the_first_word_of_the_column() -> None:
    parsed = parse_column(ATTENDANCE["status"], pa.array(["ขาด", None, "มา"]))
    marks = codes.ATTENDANCE_STATUSES
    assert parsed.values.to_pylist() == [marks.position("A"), None, marks.position("P")]
    assert {code: rows.tolist() for code, rows in parsed.problems.items()} == {"MISSING_VALUE": [1]}


def found(problems: Codes) -> dict[str, list[int]]:
    return {code: rows.tolist() for code, rows in problems.items()}


def test_a_number_of_a_person_among_whole_numbers_is_out_of_range() -> None:
    parsed = parse_column(HOUSEHOLD["members"], pa.array(["4", "1100201520688", "5"]))
    assert parsed.values.to_pylist() == [4, None, 5]
    assert found(parsed.problems) == {"OUT_OF_RANGE": [1]}


@pytest.mark.parametrize(
    ("column", "cells", "values", "problems"),
    [
        (HOUSEHOLD["members"], pa.array([4, 1100201520688]), [4, None], {"OUT_OF_RANGE": [1]}),
        (HOUSEHOLD["members"], pa.array([4.0, 2.5]), [4, None], {"BAD_NUMBER": [1]}),
        (HOUSEHOLD["members"], pa.array([[4], [5]]), [None, None], {"BAD_NUMBER": [0, 1]}),
        (ATTENDANCE["status"], pa.array([0, 1100201520688, 200]), [0, None, None], {"UNKNOWN_CODE": [1, 2]}),
    ],
)
def test_typed_cells_that_do_not_fit_are_problems_and_no_errors(
    column: Column, cells: pa.Array, values: list[int | None], problems: dict[str, list[int]]
) -> None:
    parsed = parse_column(column, cells)
    assert (parsed.values.to_pylist(), found(parsed.problems)) == (values, problems)


def test_only_code_columns_have_codes() -> None:
    for column in chain.from_iterable(table.columns for table in TABLES):
        assert (column.kind is Kind.CODE) == (column.codes is not None)
    text = next(column for column in TABLES[1].columns if column.name == "class_group")
    with pytest.raises(TypeError, match="column class_group is no code column"):
        text.is_in("x")
