"""Versions of a fact against naive readings of the same rows: what is new, what holds, what a file no longer has."""

from datetime import timedelta

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from records import versions
from records.tables import GRADES, SCREENING
from tests.records.small import START, Row, rows_of

FAST = settings(max_examples=150, deadline=None)
Fact = tuple[int, int, int, int | None, bool]  # minute, student, attempt, score, retracted

facts = st.lists(
    st.tuples(
        st.integers(0, 6), st.integers(0, 1), st.integers(1, 2), st.sampled_from([None, 40, 50]), st.booleans()
    ),
    max_size=12,
)  # fmt: skip


def grades(rows: list[Fact]) -> pa.Table:
    made: list[Row] = [
        {
            "recorded_at": minute, "student": student, "attempt": attempt, "score": score, "retracted": retracted,
            "line": line, "academic_year": 2025, "term": 1, "course_code": "20101", "item": "FINAL", "grade": 0,
        }
        for line, (minute, student, attempt, score, retracted) in enumerate(rows, start=1)
    ]  # fmt: skip
    return rows_of(GRADES, made)


def in_reading_order(rows: list[Fact], batch: int = 1) -> pa.Table:
    table = grades(rows).append_column("batch", pa.array(np.full(len(rows), batch, np.int32)))
    return table.sort_by([("recorded_at", "ascending"), ("batch", "ascending"), ("line", "ascending")])


def key(fact: Fact) -> tuple[int, int]:
    return fact[1], fact[2]


@given(facts, facts)
@FAST
def test_a_row_is_new_when_it_differs_from_the_version_before_it(told: list[Fact], offered: list[Fact]) -> None:
    ordered = sorted(
        [(fact[0], 1, line, fact, False) for line, fact in enumerate(told, start=1)]
        + [(fact[0], 2, line, fact, True) for line, fact in enumerate(offered, start=1)],
        key=lambda one: one[:3],
    )
    held: dict[tuple[int, int], tuple[int | None, bool]] = {}
    expected = {}
    for _, _, line, fact, is_offered in ordered:
        if is_offered:
            expected[line] = held.get(key(fact)) != fact[3:]
        held[key(fact)] = fact[3:]
    found = versions.are_new(GRADES, in_reading_order(told), grades(offered))
    assert found.tolist() == [expected[line] for line in range(1, len(offered) + 1)]


@given(facts)
@FAST
def test_the_latest_version_holds_unless_it_is_a_retraction(told: list[Fact]) -> None:
    held = {key(fact): fact for fact in sorted(told, key=lambda fact: fact[0])}
    expected = {(*where, fact[3]) for where, fact in held.items() if not fact[4]}
    found = versions.latest(GRADES, in_reading_order(told)).select(["student", "attempt", "score"]).to_pylist()
    assert {(row["student"], row["attempt"], row["score"]) for row in found} == expected
    assert len(found) == len(expected)


@given(facts, facts)
@FAST
def test_missing_are_the_known_keys_that_no_offered_row_has(known: list[Fact], offered: list[Fact]) -> None:
    found = versions.missing_keys(GRADES, grades(known), grades(offered))
    expected = [fact for fact in known if key(fact) not in set(map(key, offered))]
    assert [(row["student"], row["attempt"]) for row in found.to_pylist()] == list(map(key, expected))


@given(facts, facts)
@FAST
def test_the_version_before_a_row_is_the_last_one_known_when_it_was_recorded(
    told: list[Fact], offered: list[Fact]
) -> None:
    log = in_reading_order(told)
    found = versions.version_before(GRADES, log, grades(offered)) if told else np.full(len(offered), -1)
    rows = log.to_pylist()
    for fact, place in zip(offered, found.tolist(), strict=True):
        limit = START + timedelta(minutes=fact[0])
        before = [
            index
            for index, row in enumerate(rows)
            if (row["student"], row["attempt"]) == key(fact) and row["recorded_at"] <= limit
        ]
        alive = before and not rows[before[-1]]["retracted"]
        assert place == (before[-1] if alive else -1)


def test_a_missing_value_equals_a_missing_value_and_no_other() -> None:
    told = in_reading_order([(0, 1, 1, None, False)])
    assert versions.are_new(GRADES, told, grades([(1, 1, 1, None, False)])).tolist() == [False]
    assert versions.are_new(GRADES, told, grades([(1, 1, 1, 40, False)])).tolist() == [True]


def test_the_time_of_entry_alone_is_no_new_version() -> None:
    row: Row = {"student": 1, "tool": 0, "area": 1, "level": 2, "reviewed": True}
    told = rows_of(SCREENING, [row]).append_column("batch", pa.array([1], pa.int32()))
    again = rows_of(SCREENING, [{**row, "recorded_at": 9, "line": 7, "entered_at": START}])
    assert versions.are_new(SCREENING, told, again).tolist() == [False]
