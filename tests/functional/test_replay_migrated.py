"""A list that was published before lists told how places were drawn: its tables are migrated, and it is still itself."""

from pathlib import Path

from sqlalchemy import update

from records import lists, migrating
from records.home import DataHome, databases_of, open_home
from records.lists import PublicationRow
from serving.replaying import AgainstPublished, _as_stored, replay_list
from serving.weekly import run_week
from tests.features.pictures import calendar, roster
from tests.features.small_log import INSTITUTION
from tests.training.drawn_home import make_home, set_advisor, set_capacity
from tests.training.test_weekly_list import MONDAY, attendance


def by_an_earlier_program(folder: Path) -> DataHome:
    """A home with a list by the absence rule, its tables and its digest as that program had them, then migrated."""
    students = range(1, 13)
    records = [*calendar([(2025, 1)]), *roster(students, (2025, 1))]
    records += [record for student in students for record in attendance(student, student - 1)]
    home = make_home(folder, records)
    set_advisor(home, "A")
    set_capacity(home, visits=2, rows=5)
    run_week(home, INSTITUTION, MONDAY, actor="test")
    with home.database.write() as session:
        published = lists.current_publication(session, INSTITUTION)
        assert published is not None
        digest = _as_stored(published, lists.entries_of(session, published.id)).earlier_digest()
        assert digest != published.digest
        session.execute(update(PublicationRow).values(digest=digest))
    home.close()
    databases = databases_of(home.settings)
    migrating.downgrade(databases.ledger, migrating.LEDGER, "0001")
    migrating.upgrade(databases.ledger, migrating.LEDGER)
    databases.close()
    return open_home(home.settings)


def replayed(home: DataHome) -> AgainstPublished:
    with home.database.read() as session:
        published = lists.current_publication(session, INSTITUTION)
        assert published is not None
    return replay_list(home, published.id, INSTITUTION, actor="test", progress=lambda step, rows: None)


def test_it_is_what_was_published_and_a_change_is_still_found(tmp_path: Path) -> None:
    home = by_an_earlier_program(tmp_path)
    assert replayed(home).identical
    with home.database.write() as session:
        session.execute(update(lists.ListEntryRow).where(lists.ListEntryRow.rank == 3).values(cause="otherwise"))
    found = replayed(home)
    home.close()
    assert (found.again_as_published, found.stored_as_published) == (True, False)
