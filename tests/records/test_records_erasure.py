"""Erasure leaves no trace: in neither database, in no file of the home, and nothing of anybody else is lost."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from records import audit, ledger, lists
from records.compaction import compact
from records.database import LedgerTable
from records.erasure import ERASURES, JOURNALS, erase, finish
from records.erasure_tables import CorrectionRow, ErasureRow
from records.errors import UserError
from records.home import DataHome
from records.ledger_tables import CompactedPartRow, InstitutionRow, StudentRow, SupersededFileRow
from records.lists import ListEntryRow
from records.log import EventLog
from records.person_links import decide as decide_link
from records.person_links import open_reviews
from records.person_tables import Identifier, LinkReview, MergedPerson, PersonTrait, StudentName, StudentNumber
from records.quarantine import KeptFileRow, OriginalCell
from records.staff import IdempotencyRow
from records.tables import ATTENDANCE, SAME_PERSON, SCREENING_SENSITIVE, TABLES
from serving.replaying import _as_stored as as_stored
from tests.records.compacting import BOTH, LATER
from tests.records.erasing import FIRST, FRIEND, LAST, OWN, TWIN, Told, fill, people, traces
from tests.records.small import CODE, OTHER_CODE


def rows_of_log(home: DataHome, code: str = CODE) -> dict[str, list[dict[str, Any]]]:
    index = ledger.log_index(home.database, code)
    log = EventLog(folder=home.logs, institution=code, index=index, key=home.vault.key)
    return {table.name: log.rows(table).to_pylist() for table in TABLES}


def without(rows: dict[str, list[dict[str, Any]]], number: int) -> dict[str, list[dict[str, Any]]]:
    return {
        name: [row for row in held if number not in (row.get("student"), row.get("same_as"))]
        for name, held in rows.items()
    }


def gone(home: DataHome, told: Told, number: int = OWN, code: str = CODE) -> Any:
    return erase(home, code, told.ids[number], actor="office", reason="asked for by the guardian")


# No trace


def test_no_byte_of_the_name_is_left_in_either_database(home: DataHome) -> None:
    told = fill(home)
    gone(home, told, TWIN)
    assert traces(home.settings.home, FIRST), "the search finds what is there"
    gone(home, told)
    assert traces(home.settings.home, FIRST, LAST) == []


def test_the_pseudonym_stays_in_the_trail_and_in_the_erasure_and_nowhere_else(home: DataHome) -> None:
    told = fill(home)
    assert traces(home.settings.home, told.ids[OWN]) == ["people.db", "zerodrop.db"]
    gone(home, told)
    assert traces(home.settings.home, told.ids[OWN]) == [ERASURES, "zerodrop.db"]
    with home.database.read() as session:
        assert len(audit.looks_at(session, told.ids[OWN])) >= 2
        tables = [table for table in LedgerTable.metadata.sorted_tables if "student_id" in table.c]
        held = {
            table.name: session.scalar(select(func.count()).where(table.c.student_id == told.ids[OWN]))
            for table in tables
        }
        assert {name for name, count in held.items() if count} == {"audit", "erasure"}
        assert session.scalar(select(func.count()).select_from(IdempotencyRow)) == 0


def test_the_vault_forgets_the_person_and_keeps_everybody_else(home: DataHome) -> None:
    told = fill(home)
    gone(home, told)
    with home.vault_database.read() as session:
        for table in (StudentName, Identifier, PersonTrait):
            assert session.scalar(select(func.count()).where(table.student_id == told.ids[OWN])) == 0
            assert session.scalar(select(func.count()).where(table.student_id == told.ids[TWIN]))
        assert session.scalar(select(func.count()).select_from(CorrectionRow)) == 0
    assert home.vault.names(told.ids.values()).keys() == {told.ids[TWIN], told.ids[FRIEND]}
    assert home.vault.find(CODE, people())[0] is None


def test_a_number_is_never_given_to_somebody_else(home: DataHome) -> None:
    told = fill(home)
    gone(home, told, FRIEND)
    [again] = home.vault.admit(CODE, people()[FRIEND:], batch_token=told.token)
    assert again.number == FRIEND + 1
    assert again.student_id != told.ids[FRIEND]


def test_kept_rows_go_by_identifier_and_by_name_but_not_those_of_a_namesake(home: DataHome) -> None:
    told = fill(home)
    [done] = gone(home, told)
    kept = {row.line for row in home.quarantine.rows(told.token)}
    assert kept == {53, 55}, "53 has the same name and the code of another, 55 is a friend's"
    assert {cell.line for cell in home.quarantine.originals(told.token)} == {12}, "10 by the log's line, 90 by the code"
    assert done.kept_rows == 5


def test_what_was_kept_of_the_file_goes_with_its_last_row(home: DataHome) -> None:
    told = fill(home)
    for number in (OWN, TWIN):
        gone(home, told, number)
        assert home.quarantine.file_of(told.token) is not None
    gone(home, told, FRIEND)
    with home.vault_database.read() as session:
        assert session.scalar(select(func.count()).select_from(KeptFileRow)) == 0
        assert session.scalar(select(func.count()).select_from(OriginalCell)) == 0


# The log


def test_the_log_is_as_before_but_for_the_person(home: DataHome) -> None:
    told = fill(home)
    before = rows_of_log(home)
    [done] = gone(home, told)
    after = rows_of_log(home)
    assert after == without(before, OWN)
    assert before[SCREENING_SENSITIVE.name]
    assert not after[SCREENING_SENSITIVE.name], "the sealed table too"
    assert not after[SAME_PERSON.name], "and who else was said to be them"
    assert len(after[ATTENDANCE.name]) == 4
    assert done.log_files == 4


def on_disk(home: DataHome) -> set[str]:
    return {str(path.relative_to(home.logs)) for path in home.logs.rglob("*") if path.is_file()}


def test_the_old_files_are_gone_and_every_file_is_named(home: DataHome) -> None:
    told = fill(home)
    before = on_disk(home)
    gone(home, told)
    assert not before & on_disk(home)
    assert on_disk(home) == ledger.paths(home.database)
    assert not list(home.settings.home.glob(JOURNALS))


def test_a_file_without_the_person_is_left_alone(home: DataHome) -> None:
    told = fill(home)
    other = fill(home, OTHER_CODE)
    before = {name for name in on_disk(home) if name.startswith(OTHER_CODE)}
    gone(home, told)
    assert before == {name for name in on_disk(home) if name.startswith(OTHER_CODE)}
    assert other.ids[OWN] in {row.student_id for row in students(home, OTHER_CODE)}


def students(home: DataHome, code: str = CODE) -> list[StudentRow]:
    with home.database.read() as session:
        return list(session.scalars(select(StudentRow).where(StudentRow.institution == code)))


def test_of_a_compacted_file_the_other_institutions_keep_every_row(home: DataHome) -> None:
    """Their parts are in the same file, which is written anew; superseded files that wait a day go at once."""
    told = fill(home)
    fill(home, OTHER_CODE)
    compact(home, BOTH, LATER)
    before, others = rows_of_log(home), rows_of_log(home, OTHER_CODE)
    waiting = on_disk(home)
    gone(home, told)
    assert rows_of_log(home) == without(before, OWN)
    assert rows_of_log(home, OTHER_CODE) == others
    left = on_disk(home)
    assert not {name for name in left if name.startswith(CODE)}, "the files of single batches that were superseded"
    assert {name for name in left if name.startswith("compacted")}.isdisjoint(waiting)
    with home.database.read() as session:
        parts = session.scalars(select(CompactedPartRow)).all()
        assert {part.path for part in parts} <= left
        assert all(part.sha256 for part in parts)
        assert session.scalar(select(func.count()).select_from(SupersededFileRow))
    fill(home, OTHER_CODE)
    assert compact(home, BOTH, LATER).rows > 0, "what was written anew can be compacted again"
    assert rows_of_log(home) == without(before, OWN)


def test_a_damaged_file_stops_it_before_the_log_changes_and_it_goes_on_once_mended(home: DataHome) -> None:
    told = fill(home)
    before = rows_of_log(home)
    [path] = (home.logs / CODE / ATTENDANCE.name).iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"\x01", b"\x02", 1))
    with pytest.raises(UserError, match="is not what was written; nothing of the log was changed yet") as refused:
        gone(home, told)
    assert "กู้แฟ้มนี้จากข้อมูลสำรอง" in refused.value.shown
    path.write_bytes(whole)
    assert rows_of_log(home) == before
    gone(home, told)
    assert rows_of_log(home) == without(before, OWN)


def test_the_epoch_rises_and_saved_states_of_the_institution_are_dropped(home: DataHome) -> None:
    told = fill(home)
    home.states.mkdir()
    own, other = home.states / "own.state", home.states / "other.state"
    own.write_bytes(f'{{"institutions": ["{CODE}"]}}'.encode())
    other.write_bytes(f'{{"institutions": ["{OTHER_CODE}"]}}'.encode())
    gone(home, told)
    assert not own.exists()
    assert other.exists()
    with home.database.read() as session:
        assert session.get_one(InstitutionRow, CODE).epoch == 1


def test_copies_from_before_a_change_of_tables_are_removed(home: DataHome) -> None:
    told = fill(home)
    copies = [home.settings.home / f"{name}.before-0002.20261101T000000Z" for name in ("zerodrop.db", "people.db")]
    for copy in copies:
        copy.write_bytes((home.settings.home / copy.name.partition(".before")[0]).read_bytes())
    gone(home, told)
    assert not any(copy.exists() for copy in copies)


# Lists


def test_a_list_keeps_its_places_and_not_who_stood_there(home: DataHome) -> None:
    told = fill(home)
    with home.database.read() as session:
        before = {row.rank: row.band for row in session.scalars(select(ListEntryRow))}
    gone(home, told)
    with home.database.read() as session:
        rows = session.scalars(select(ListEntryRow)).all()
    assert {row.rank: row.band for row in rows} == before
    [row] = [row for row in rows if row.student_id not in told.ids.values()]
    assert (row.rank, row.number, row.class_group, row.on_list) == (1, -1, "", True)
    assert (row.logit, row.probability, row.ordering) == (None, None, 0)
    assert not any((row.reasons, row.missing, row.must_see, row.unknown_domains, row.domains, row.what_if))
    with home.database.read() as session:
        assert len(lists.entries_of(session, told.publication)) == 3
        assert lists.numbers_in_band(session, told.publication, "watch") == {-1, TWIN, FRIEND}


def test_two_lists_of_one_person_cannot_be_put_together(home: DataHome) -> None:
    told = fill(home)
    with home.database.read() as session:
        first = session.get_one(lists.PublicationRow, told.publication)
        entries = lists.entries_of(session, told.publication)
    lists.publish(home.database, replace(as_stored(first, entries), as_of=date(2025, 6, 16)))
    gone(home, told)
    with home.database.read() as session:
        nobody = session.scalars(select(ListEntryRow.student_id).where(ListEntryRow.number < 0)).all()
    assert len(set(nobody)) == 2


# Going on


MOMENTS = {
    "before the vault forgets": ("records.erasure", "_forget_in_vault", "before"),
    "after the vault forgot": ("records.erasure", "_forget_in_vault", "after"),
    "while the log is written": ("records.log_erasing", "_file_without", "after"),
    "before the ledger knows": ("records.erasure", "put_in_place", "before"),
    "inside the ledger's transaction": ("records.erasure", "_empty_entries", "after"),
    "before the old files are removed": ("records.erasure", "_drop_states", "before"),
    "before the remains are written over": ("records.erasure", "leave_no_remains", "before"),
    "before it is done": ("records.erasure", "write_erasures", "before"),
}
CRASHING = """
import importlib, os, sys
from pathlib import Path
from uuid import UUID
from records.erasure import erase
from records.home import open_home
from records.settings import Settings
module, name, when, folder, code, student = sys.argv[1:]
held = importlib.import_module(module)
before = getattr(held, name)
def die(*args, **named):
    if when == "after":
        before(*args, **named)
    os._exit(9)
setattr(held, name, die)
erase(open_home(Settings(home=Path(folder))), code, UUID(student), actor="office", reason="asked")
"""


@pytest.mark.parametrize("moment", MOMENTS)
def test_stopped_at_any_moment_the_log_can_be_read_and_asking_again_ends_it(home: DataHome, moment: str) -> None:
    told = fill(home)
    before = rows_of_log(home)
    words = [sys.executable, "-c", CRASHING, *MOMENTS[moment], str(home.settings.home), CODE, str(told.ids[OWN])]
    assert subprocess.run(words, check=False, timeout=60).returncode == 9
    assert rows_of_log(home) in (before, without(before, OWN))
    with home.database.read() as session:
        waiting = session.scalars(select(ErasureRow.done_at)).all()
    if waiting == [None]:
        finish(home)
    assert rows_of_log(home) == without(before, OWN)
    assert traces(home.settings.home, told.ids[OWN]) == [ERASURES, "zerodrop.db"]
    with home.database.read() as session:
        assert session.scalars(select(ErasureRow.done_at)).all() != [None]
    sizes = {name: (home.logs / name).stat().st_size for name in on_disk(home)}
    orphans = sizes.keys() - ledger.paths(home.database)
    assert not orphans or moment in (
        "while the log is written",
        "before the ledger knows",
        "inside the ledger's transaction",
    )


# Who it is


def test_nobody_is_erased_by_a_pseudonym_that_is_nobodys(home: DataHome) -> None:
    told = fill(home)
    for student_id in (uuid4(), told.ids[OWN]):
        if student_id == told.ids[OWN]:
            gone(home, told)
        with pytest.raises(UserError, match="has no such student, or they were erased"):
            erase(home, CODE, student_id, actor="office", reason="asked")


def test_another_institution_keeps_the_person_unless_it_is_asked_everywhere(home: DataHome) -> None:
    here, there = fill(home), fill(home, OTHER_CODE)
    assert here.ids[OWN] == there.ids[OWN]
    [done] = gone(home, here)
    assert done.elsewhere == (OTHER_CODE,)
    assert home.vault.names([there.ids[OWN]])
    assert home.vault.find(CODE, people())[0] is None
    found = home.vault.find(OTHER_CODE, people())[0]
    assert found is not None
    assert found.student_id == there.ids[OWN]
    erase(home, OTHER_CODE, there.ids[OWN], actor="office", reason="asked")
    assert not home.vault.names([there.ids[OWN]])


def test_everywhere_is_everywhere(home: DataHome) -> None:
    here, there = fill(home), fill(home, OTHER_CODE)
    done = erase(home, CODE, here.ids[OWN], actor="office", reason="asked", everywhere=True)
    assert [one.institution for one in done] == [CODE, OTHER_CODE]
    assert done[-1].elsewhere == ()
    assert not home.vault.names([there.ids[OWN]])
    assert without(rows_of_log(home, OTHER_CODE), OWN) == rows_of_log(home, OTHER_CODE)
    assert traces(home.settings.home, here.ids[OWN]) == [ERASURES, "zerodrop.db"]


def test_of_two_pseudonyms_that_were_one_person_both_go(home: DataHome) -> None:
    told = fill(home)
    pair = LinkReview(
        id=uuid4(), institution=CODE, number_a=TWIN, number_b=FRIEND, student_a=told.ids[TWIN],
        student_b=told.ids[FRIEND], why="SAME_CODE", created_at=datetime.now(UTC),
    )  # fmt: skip
    with home.vault_database.write() as session:
        session.add(pair)
    [review] = open_reviews(home, CODE)
    decide_link(home, review.id, same=True, by="office")
    [done] = gone(home, told, FRIEND)
    assert done.pseudonyms == 2
    assert {row.number for row in students(home)} == {OWN}
    with home.vault_database.read() as session:
        assert session.scalar(select(func.count()).select_from(MergedPerson)) == 0
        assert session.scalar(select(func.count()).select_from(LinkReview)) == 0
        numbers = session.scalars(select(StudentNumber.student_id)).all()
    assert set(numbers) & set(told.ids.values()) == {told.ids[OWN]}
    assert traces(home.settings.home, told.ids[TWIN], told.ids[FRIEND]) == [ERASURES, "zerodrop.db"]
