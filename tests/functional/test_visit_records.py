"""The weekly run tells the log what the visits of closed weeks found: once, mended when it was mended, and no list the worse."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from records import access, ledger, lists
from records import batches as batches_of_records
from records.care_tables import VisitRow
from records.clock import local_day
from records.erasure import erase
from records.errors import ConfigurationGap
from records.home import DataHome
from records.lists import Published
from records.tables import VISITS
from records.versions import latest
from records.weeks import monday_of
from serving.weekly import run_week
from tests.features.pictures import calendar, roster
from tests.features.small_log import INSTITUTION
from tests.training.drawn_home import make_home, set_advisor, set_capacity
from tests.training.test_weekly_list import MONDAY, attendance

WEEK_BEFORE = MONDAY - timedelta(days=7)
AT = datetime(2025, 6, 1, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[DataHome]:
    students = range(1, 13)
    records = [*calendar([(2025, 1)]), *roster(students, (2025, 1))]
    records += [record for student in students for record in attendance(student, student - 1)]
    made = make_home(tmp_path, records)
    set_advisor(made, "A")
    set_capacity(made, visits=2, rows=5)
    yield made
    made.close()


def visited(home: DataHome, number: int, **others: Any) -> UUID:
    student = ledger.student_ids(home.database, INSTITUTION)[number]
    row = VisitRow(**{
        "institution": INSTITUTION, "student_id": student, "week": WEEK_BEFORE, "planned_on": WEEK_BEFORE + timedelta(days=2),
        "status": "done", "version": 2, "two_person": False, "unsafe": False, "attempt": 1, "mode": "HOME",
        "result": "NOT_HOME", "reason_codes": ["R05"], "minutes": 40, "plan_id": None, "booked_by": None, "booked_at": AT,
        "changed_by": None, "changed_at": AT, **others,
    })  # fmt: skip
    with home.database.write() as session:
        session.add(row)
        session.flush()
        return row.id


def told(home: DataHome) -> list[tuple[int, date, str, int | None]]:
    """Student, day, result and the position of the reason of each visit that the log has, as it stands."""
    log = access.open_log(home, INSTITUTION, actor="test", purpose="test")
    results = VISITS["result"].codes
    assert results is not None
    return [
        (row["student"], row["happened_on"], results.values[row["result"]], row["reason_code"])
        for row in latest(VISITS, log.rows(VISITS)).to_pylist()
    ]


def batches(home: DataHome) -> int:
    with home.database.read() as session:
        return len(session.scalars(select(ledger.BatchRow.number)).all())


def test_done_visits_of_closed_weeks_become_one_batch_and_are_told_once(home: DataHome) -> None:
    wednesday = WEEK_BEFORE + timedelta(days=2)
    visited(home, 1)
    visited(home, 2, reason_codes=["R05", "R06"])
    visited(home, 3, status="referred", mode=None, result=None, reason_codes=[])
    visited(home, 4, status="planned", mode=None, result=None)
    visited(home, 5, week=MONDAY, planned_on=MONDAY)
    visited(home, 6, status="referred")
    before = batches(home)
    first = run_week(home, INSTITUTION, MONDAY, actor="test")
    expected = [(1, wednesday, "NOT_HOME", 4), (2, wednesday, "NOT_HOME", None), (6, wednesday, "NOT_HOME", 4)]
    assert (told(home), first.visits_told) == (expected, 3)
    assert batches(home) == before + 1
    again = run_week(home, INSTITUTION, MONDAY, actor="test")
    assert (again.outcome, again.publication, again.visits_told) == (Published.SAME, first.publication, 0)
    assert batches(home) == before + 1


def test_what_was_mended_is_told_anew(home: DataHome) -> None:
    visit = visited(home, 1)
    run_week(home, INSTITUTION, MONDAY, actor="test")
    with home.database.write() as session:
        mended = {"result": "MET_GUARDIAN", "status": "referred"}
        session.execute(update(VisitRow).where(VisitRow.id == visit).values(mended))
    run_week(home, INSTITUTION, MONDAY, actor="test")
    assert [(row[0], row[2]) for row in told(home)] == [(1, "MET_GUARDIAN")]


def test_visits_change_no_list(home: DataHome) -> None:
    run_week(home, INSTITUTION, MONDAY, actor="test")
    visited(home, 1)
    assert run_week(home, INSTITUTION, MONDAY, actor="test").outcome is Published.SAME
    with home.database.read() as session:
        assert lists.current_publication(session, INSTITUTION) is not None
    assert told(home)


def test_a_list_is_made_though_the_log_cannot_be_told(home: DataHome, monkeypatch: pytest.MonkeyPatch) -> None:
    def always_overtaken(*_: Any, **__: Any) -> int:
        raise ledger.Overtaken

    visited(home, 1)
    with monkeypatch.context() as patched:
        patched.setattr(ledger, "commit", always_overtaken)
        first = run_week(home, INSTITUTION, MONDAY, actor="test")
    assert (first.outcome, first.visits_told, told(home)) == (Published.NEW, None, [])
    assert run_week(home, INSTITUTION, MONDAY, actor="test").visits_told == 1


def test_a_run_that_is_refused_tells_no_visit_of_an_open_week(home: DataHome) -> None:
    week = monday_of(local_day(datetime.now(UTC)))
    visited(home, 1, week=week, planned_on=week)
    with pytest.raises(ConfigurationGap):
        run_week(home, INSTITUTION, date(2568, 11, 19), actor="test")
    assert told(home) == []


@pytest.mark.parametrize("meanwhile", ["erased", "told"])
def test_what_changed_while_the_log_was_being_told_is_looked_at_again(
    home: DataHome, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    """Between the look at what the log says and the commit: an erasure, or another run."""
    ids = ledger.student_ids(home.database, INSTITUTION)
    visited(home, 11)
    visited(home, 12)
    write, first = batches_of_records.write_rows, iter([True])

    def interrupted(*args: Any) -> ledger.LogFile:
        if next(first, False):
            if meanwhile == "erased":
                erase(home, INSTITUTION, ids[12], actor="office", reason="asked")
            else:
                run_week(home, INSTITUTION, MONDAY, actor="test")
        return write(*args)

    monkeypatch.setattr(batches_of_records, "write_rows", interrupted)
    run_week(home, INSTITUTION, MONDAY, actor="test")
    log = access.open_log(home, INSTITUTION, actor="test", purpose="test")
    assert log.rows(VISITS).column("student").to_pylist() == ([11] if meanwhile == "erased" else [11, 12])


def test_where_nobody_was_visited_nothing_is_told(home: DataHome) -> None:
    before = batches(home)
    run_week(home, INSTITUTION, MONDAY, actor="test")
    assert (batches(home), told(home)) == (before, [])
