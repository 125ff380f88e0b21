"""A backup that is made while lists are published and files taken in is whole, and so is every list in it."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from records import audit, ledger, lists
from records.backup import Made
from records.erasure import erase
from records.home import DataHome
from records.list_tables import PublicationRow
from records.tables import ATTENDANCE
from tests.records.compacting import bring, mark
from tests.records.erasing import LAST, OWN, fill, traces
from tests.records.small import CODE, publication_of
from tests.records.test_records_backup import made, put_back
from tests.records.test_records_erasure import on_disk, rows_of_log


def test_under_load_every_backup_is_whole_and_every_list_in_it_too(home: DataHome, tmp_path: Path) -> None:
    told, stop = fill(home), threading.Event()
    written: Counter[Callable[[int], None]] = Counter()

    def publish(turn: int) -> None:
        plain = publication_of(told.ids, model=f"model {turn}", minute=turn)
        lists.publish(home.database, replace(plain, as_of=date(2025, 6, 9)), force=True)

    def take_in(turn: int) -> None:
        bring(home, CODE, {ATTENDANCE: [mark(OWN, 100 + turn)]})

    def go_on(work: Callable[[int], None]) -> None:
        for turn in itertools.count():
            if stop.is_set():
                return
            work(turn)
            written[work] += 1

    found = []
    with ThreadPoolExecutor(2) as writers:
        going = [writers.submit(go_on, publish), writers.submit(go_on, take_in)]
        try:
            for day in range(4):
                found.append(made(home, tmp_path, hours=24 * day))
                _await_two_more_of_each(written, (publish, take_in))
        finally:
            stop.set()
        assert [one.result() for one in going] == [None, None]
    assert found[-1].counts["batches"] > found[0].counts["batches"]
    assert found[-1].counts["publications"] > found[0].counts["publications"]
    for number, one in enumerate(found):
        again = put_back(one.path, home, tmp_path / str(number))
        _is_consistent(again, one)
        again.close()


def _await_two_more_of_each(written: Counter[Callable[[int], None]], works: tuple[Callable[[int], None], ...]) -> None:
    """Two, because one may have been written, though not counted, before the backup that was just made."""
    before, latest = Counter(written), time.monotonic() + 60
    while any(written[work] < before[work] + 2 for work in works):
        assert time.monotonic() < latest, "one of the two no longer writes"
        time.sleep(0.01)


def _is_consistent(home: DataHome, one: Made) -> None:
    assert len(rows_of_log(home)["attendance"]) == 6 + one.counts["batches"] - 1
    with home.database.read() as session:
        current = session.scalars(select(PublicationRow).where(PublicationRow.status == "current")).all()
        assert len(current) == 1
        for row in session.scalars(select(PublicationRow)).all():
            assert len(lists.entries_of(session, row.id)) == 3
    assert audit.verify(home.database).sound
    assert on_disk(home) == ledger.paths(home.database)


def test_an_erasure_that_removes_files_meanwhile_makes_it_begin_again(
    home: DataHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from records import backup as making

    told, read = fill(home), making._read_copy

    def erased_after(path: Path) -> object:
        named = read(path)
        if home.vault.names([told.ids[OWN]]):
            erase(home, CODE, told.ids[OWN], actor="office", reason="asked")
        return named

    monkeypatch.setattr(making, "_read_copy", erased_after)
    found = made(home, tmp_path)
    assert found.counts["erasures"] == 1
    assert traces(found.path, LAST.join(["", ""])) == traces(home.settings.home, LAST)
