"""Erasure beside what goes on meanwhile: imports, lists, other erasures and runs that had read the log before."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from records import ledger, lists
from records.database import Database
from records.erasure import JOURNALS, finish
from records.home import DataHome
from records.ledger import Placement
from records.tables import ATTENDANCE
from serving.replaying import _as_stored as as_stored
from tests.records.compacting import bring, mark
from tests.records.erasing import OWN, Told, fill
from tests.records.small import CODE, OTHER_CODE
from tests.records.test_records_erasure import gone, on_disk, rows_of_log, students


def test_what_an_import_under_way_brought_back_goes_again(home: DataHome) -> None:
    told = fill(home)
    gone(home, told)
    before = rows_of_log(home)
    token = come_back(home, told)
    [done] = finish(home)
    assert (done.institution, done.kept_rows) == (CODE, 1)
    assert [cell.line for cell in home.quarantine.originals(token)] == [99]
    assert OWN not in {row.number for row in students(home)}
    assert rows_of_log(home) == before
    assert finish(home) == []


def test_who_came_back_is_erased_again_when_asked(home: DataHome) -> None:
    told = fill(home)
    gone(home, told)
    before = rows_of_log(home)
    come_back(home, told)
    [done] = gone(home, told)
    assert done.pseudonyms == 1
    assert rows_of_log(home) == before


def come_back(home: DataHome, told: Told) -> UUID:
    """An import that knew the person commits after the erasure: their rows, their place, cells kept of their line."""
    token = uuid4()
    home.quarantine.keep_originals(token, [(61, "วันที่", "BE_DATE", "๒ มิ.ย. ๖๘"), (99, "วันที่", "BE_DATE", "๓ มิ.ย. ๖๘")])
    place = Placement(number=OWN, student_id=told.ids[OWN], class_group="ชย.1/1")
    bring(home, CODE, {ATTENDANCE: [mark(OWN, 9, line=61)]}, placements=[place], token=token)
    return token


def test_a_list_made_from_records_before_the_erasure_is_not_published(home: DataHome) -> None:
    told = fill(home)
    with home.database.read() as session:
        first = session.get_one(lists.PublicationRow, told.publication)
        entries = lists.entries_of(session, told.publication)
    new = replace(as_stored(first, entries), as_of=date(2025, 6, 16))
    gone(home, told)
    for force in (False, True):
        with pytest.raises(lists.ErasedMeanwhile, match="Score again"):
            lists.publish(home.database, new, force=force)
    with home.database.read() as session:
        assert lists.current_of_week(session, CODE, new.as_of) is None
    others = replace(new, entries=[entry for entry in entries if entry.number != OWN])
    assert lists.publish(home.database, others)[1] is lists.Published.NEW


def test_two_erasures_at_once_leave_no_old_file(home: DataHome, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one of them wrote down is no business of the other: neither loses its list of old files."""
    told, other = fill(home), fill(home, OTHER_CODE)
    write = Database.write

    def another_first(database: Database, *acting: Any) -> Any:
        if list(home.settings.home.glob(JOURNALS)):  # written down, and about to be committed
            monkeypatch.undo()
            gone(home, other, code=OTHER_CODE)
        return write(database, *acting)

    monkeypatch.setattr(Database, "write", another_first)
    gone(home, told)
    assert Database.write is write, "the other erasure came in between"
    assert set(on_disk(home)) == ledger.paths(home.database)


def test_a_state_that_was_saved_after_the_erasure_goes_the_next_night(home: DataHome) -> None:
    told = fill(home)
    gone(home, told)
    late = home.states / "late.state"
    late.parent.mkdir(exist_ok=True)
    late.write_bytes(f'{{"institutions": ["{CODE}"]}}'.encode())
    assert finish(home) == []
    assert not late.exists()
