"""Whole rosters coming in: the count that they prove, when one is refused, who is on two, and who sits in which class."""

from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from uuid import UUID

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from records import ledger, versions
from records.codes import ENROLMENT_STATUSES, SUMMER_TERM
from records.errors import ImportRefused
from records.home import DataHome
from records.ledger import Placement
from records.log import EventLog
from records.tables import ENROLMENTS, ROSTER_COUNTS

_LEAST_ROSTER_SHARE = 0.7
_HERE = ("ENROLLED", "ON_LEAVE")


def count(offered: pa.Table) -> pa.Table:
    """The roster counts that a whole roster tells, oldest term first: the term, its day, how many students."""
    asked = [("happened_on", "max"), ("recorded_at", "max"), ("student", "count_distinct")]
    terms = offered.group_by(["academic_year", "term"]).aggregate(asked)
    terms = terms.sort_by([("academic_year", "ascending"), ("term", "ascending")])
    size = terms.num_rows
    columns = {
        "happened_on": terms.column("happened_on_max"),
        "academic_year": terms.column("academic_year"),
        "term": terms.column("term"),
        "students": terms.column("student_count_distinct").cast(pa.int32()),
        "entered_at": pa.nulls(size, pa.timestamp("ms", tz="UTC")),
        "recorded_at": terms.column("recorded_at_max"),
        "line": pa.array([0] * size, pa.int32()),
        "retracted": pa.array([False] * size),
    }
    return pa.table([columns[name] for name in ROSTER_COUNTS.schema.names], schema=ROSTER_COUNTS.schema)


def refuse_what_cannot_be(
    log: EventLog, offered: pa.Table, file: str, *, confirmed: bool, known_at: datetime | None
) -> None:
    """Raises ImportRefused for a roster that must be a part of one, or that is older than what is known of its term.

    `known_at` is when the roster came in: what was counted later says nothing of it. None for history.
    """
    told = versions.latest(ROSTER_COUNTS, log.rows(ROSTER_COUNTS))
    if known_at is not None:
        told = told.filter(
            pc.less_equal(told.column("recorded_at"), pa.scalar(known_at, told.schema.field("recorded_at").type))
        )
    counts = sorted(told.to_pylist(), key=lambda row: (row["happened_on"], row["academic_year"], row["term"]))
    rosters = offered.to_pylist()
    known, told_now = ([row["students"] for row in rows if row["term"] != SUMMER_TERM] for rows in (counts, rosters))
    # Most students skip a summer term: a roster of one shrinks nothing, and none shrinks against it.
    if known and told_now and not confirmed and told_now[-1] < _LEAST_ROSTER_SHARE * known[-1]:
        raise ImportRefused.shrunken_roster(file=file, before=known[-1], now=told_now[-1])
    if known_at is None:
        return
    for row in rosters:
        same = [one for one in counts if (one["academic_year"], one["term"]) == (row["academic_year"], row["term"])]
        newest = max((one["happened_on"] for one in same), default=None)
        if newest is not None and row["happened_on"] < newest:
            raise ImportRefused.older_roster(file=file, day=row["happened_on"], newest=newest)


def placements(
    home: DataHome,
    log: EventLog,
    fresh: pa.Table | None,
    met: Mapping[int, UUID],
    counted: Set[tuple[int, int]] = frozenset(),
) -> list[Placement]:
    """Where each student is: in the class group of their newest term, unless a newer term was counted without them.

    `counted` are terms that this very batch counts as whole; class rosters that come in one by one prove nobody absent.
    """
    if fresh is None:  # no roster: who is met for the first time is placed without a class group
        return [Placement(number=number, student_id=student, class_group=None) for number, student in met.items()]
    columns = ["student", "academic_year", "term", "class_group", "retracted", "recorded_at"]
    rows = pa.concat_tables([log.rows(ENROLMENTS, columns=columns).select(columns), fresh.select(columns)])
    rows = rows.sort_by("recorded_at")  # stable: a file of an earlier day does not have the last word
    held = versions.latest(ENROLMENTS, rows).to_pylist()
    if not held:
        return [Placement(number=number, student_id=student, class_group=None) for number, student in met.items()]
    terms = {(row["academic_year"], row["term"]) for row in held}
    counts = versions.latest(ROSTER_COUNTS, log.rows(ROSTER_COUNTS)).to_pylist()
    whole = {*counted} | {(row["academic_year"], row["term"]) for row in counts}
    since = max((one for one in whole & terms if one[1] != SUMMER_TERM), default=(0, 0))
    newest: dict[int, tuple[tuple[int, int], str]] = {}
    for row in held:
        at = ((row["academic_year"], row["term"]), row["class_group"])
        newest[row["student"]] = max(newest.get(row["student"], at), at, key=lambda one: one[0])
    current = {student: group for student, (term, group) in newest.items() if term >= since}
    people = {**ledger.student_ids(home.database, log.institution), **met}
    return [
        Placement(number=number, student_id=student_id, class_group=current.get(number, ""))
        for number, student_id in people.items()
    ]


def on_two_rosters(
    home: DataHome, institution: str, terms: set[tuple[int, int]], met: Mapping[int, UUID]
) -> npt.NDArray[np.int64]:
    """Numbers of students whom another institution's roster of the same term has too."""
    own = {student_id: number for number, student_id in met.items()}
    twice: list[int] = []
    for other in ledger.institutions(home.database):
        if other.code == institution:
            continue
        theirs = ledger.student_ids(home.database, other.code)
        shared = {number: own[student_id] for number, student_id in theirs.items() if student_id in own}
        if shared:
            twice += [shared[number] for number in _enrolled_in(home, other.code, terms) if number in shared]
    return np.array(sorted(set(twice)), np.int64)


def _enrolled_in(home: DataHome, institution: str, terms: set[tuple[int, int]]) -> Sequence[int]:
    log = EventLog(folder=home.logs, institution=institution, index=ledger.log_index(home.database, institution))
    columns = ["student", "academic_year", "term", "status", "retracted"]
    held = versions.latest(ENROLMENTS, log.rows(ENROLMENTS, columns=columns))
    here = [ENROLMENT_STATUSES.position(status) for status in _HERE]
    return [
        row["student"]
        for row in held.to_pylist()
        if (row["academic_year"], row["term"]) in terms and row["status"] in here
    ]
