"""The whole catalogue a second time, as DuckDB SQL over the log's own files: an arbiter, and a peer in benchmarks.

It shares no line with `features.state`, `features.cohort`, `features.measures` or the oracle: it is written from the
declarations and the words of the architecture page. Left out are sealed tables and an analyst's `Own` functions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from features.declaration import Feature
from features.vocabulary import Margin, OfOthers, Own, WeekOfTerm
from records.log import EventLog
from records.tables import ATTENDANCE
from tests.features.twin.days import Days
from tests.features.twin.known import Known, know
from tests.features.twin.marks import make_marks
from tests.features.twin.others import Margins, relation
from tests.features.twin.passes import Passes
from tests.features.twin.rows import Rows
from tests.features.twin.words import day, fill


@dataclass(frozen=True, kw_only=True)
class Answers:
    """One row a student in order of the numbers: `student`, `class_group`, then the features; NaN is not known.

    `values` are rounded as declared; `exact` the same before rounding, so that a tie of two roundings can be told.
    """

    values: pd.DataFrame
    exact: pd.DataFrame


def twin(log: EventLog, as_of: date, catalogue: Sequence[Feature], *, threads: int | None = None) -> pd.DataFrame:
    """The rounded answers, one row a student enrolled on a day and a column a feature beside `student`; NaN not known.

    No row when nobody is enrolled. DuckDB takes as many threads as it likes where `threads` is None.
    """
    return answers(log, as_of, catalogue, threads=threads).values.drop(columns="class_group")


def answers(log: EventLog, as_of: date, catalogue: Sequence[Feature], *, threads: int | None = None) -> Answers:
    asked = answerable(catalogue)
    known = know(log, as_of, threads)
    make_marks(known, asked)
    _answer_each(known, [feature for feature in asked if not isinstance(feature.measure, OfOthers)])
    _answer_relations(known, [feature for feature in asked if isinstance(feature.measure, OfOthers)])
    names = ", ".join(["student", "class_group", *(f'"{feature.name}"' for feature in asked)])
    exact, values = (
        known.run("SELECT {names} FROM {table} ORDER BY student", names=names, table=table).df()
        for table in ("exact", "rounded")
    )
    known.database.close()
    return Answers(values=values, exact=exact)


def answerable(catalogue: Sequence[Feature]) -> list[Feature]:
    """What SQL is asked: neither what is sealed nor an analyst's own function, nor what stands on one of these."""
    left_out: set[str] = set()
    for feature in catalogue:
        sealed = feature.table.sensitive or isinstance(feature.measure, Own)
        if sealed or (isinstance(feature.measure, OfOthers) and feature.measure.of in left_out):
            left_out.add(feature.name)
    return [feature for feature in catalogue if feature.name not in left_out]


def _answer_each(known: Known, features: Sequence[Feature]) -> None:
    """Make `exact` and `rounded` of all features that stand on records."""
    passes = Passes()
    days, rows = Days(known, passes), Rows(known, passes)
    margins = Margins(known, days, rows)
    said = {feature.name: _expression(feature, known, days, rows, margins) for feature in features}
    joins = passes.make(known)
    known.run(
        "CREATE TEMP TABLE exact AS SELECT c.student, c.class_group{answers} FROM cohort c {joins}",
        answers="".join(f', {_missing_as_null(expression)} AS "{name}"' for name, expression in said.items()),
        joins=joins,
    )
    known.run(
        "CREATE TEMP TABLE rounded AS SELECT student, class_group{answers} FROM exact",
        answers="".join(f', {_rounded(feature)} AS "{feature.name}"' for feature in features),
    )


def _expression(feature: Feature, known: Known, days: Days, rows: Rows, margins: Margins) -> str:
    match feature.measure:
        case WeekOfTerm():
            return f"({day(known.as_of)} - c.opens) // 7 + 1"
        case Margin():
            return margins.answer(feature)
        case _ if feature.table is ATTENDANCE:
            return days.answer(feature)
        case _:
            return rows.answer(feature)


def _answer_relations(known: Known, features: Sequence[Feature]) -> None:
    """Add the relations to the class group, those first whose other feature is rounded already."""
    waiting = {feature.name for feature in features}
    while waiting:
        ready = [f for f in features if f.name in waiting and getattr(f.measure, "of", None) not in waiting]
        waiting -= {feature.name for feature in ready}
        known.run(
            """
            CREATE OR REPLACE TEMP TABLE relations AS
            SELECT student{answers} FROM rounded WINDOW peers AS (PARTITION BY class_group)
            """,
            answers="".join(f', {relation(feature)} AS "{feature.name}"' for feature in ready),
        )
        rounded = "".join(f', {_rounded(feature)} AS "{feature.name}"' for feature in ready)
        for table, added in (("exact", ", r.* EXCLUDE (student)"), ("rounded", rounded)):
            known.run(
                "CREATE OR REPLACE TEMP TABLE {table} AS SELECT e.*{added} FROM {table} e JOIN relations r USING (student)",
                table=table,
                added=added,
            )


def _missing_as_null(expression: str) -> str:
    return fill("nullif(({expression})::DOUBLE, 'nan'::DOUBLE)", expression=expression)


def _rounded(feature: Feature) -> str:
    """Half to even after scaling, as NumPy does; never -0."""
    return f'round_even("{feature.name}" * {10**feature.decimals}, 0) / {10**feature.decimals} + 0.0'
