"""Quarantined rows and original cells: sealed whole, told apart by batch, replaced and not doubled, deleted in time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import SQLAlchemyError

from records import ledger
from records.home import DataHome
from records.intake import importing
from records.quarantine import KeptCell, KeptRow
from tests.records.small import CODE, OTHER_CODE, batch_of, commit

CELLS = {"รหัสนักศึกษา": "67001", "ชื่อ": "ฑฒณทดสอบ"}


def sweep(home: DataHome, *, hours: float = 0, days: float = 0) -> None:
    now = datetime.now(UTC) + timedelta(hours=hours, days=days)
    home.quarantine.sweep(ledger.tokens(home.database), now, keep_days=home.settings.keep_quarantine_days)


def committed(home: DataHome) -> UUID:
    batch = batch_of()
    commit(home, batch)
    return batch.token


def lines(home: DataHome, token: UUID) -> list[int]:
    return [row.line for row in home.quarantine.rows(token)]


def test_a_row_is_kept_whole_with_every_rule_it_broke(home: DataHome) -> None:
    token = uuid4()
    home.quarantine.keep(token, CODE, [(7, ["BAD_DATE", "OUT_OF_RANGE"], CELLS), (3, ("RAGGED_ROW",), {"row": "x"})])
    assert home.quarantine.rows(token) == [
        KeptRow(line=3, problems=("RAGGED_ROW",), cells={"row": "x"}),
        KeptRow(line=7, problems=("BAD_DATE", "OUT_OF_RANGE"), cells=CELLS),
    ]
    assert home.quarantine.rows(uuid4()) == []


def test_no_cell_can_be_read_from_the_file_of_the_vault(home: DataHome) -> None:
    home.quarantine.keep(uuid4(), CODE, [(7, ["BAD_DATE"], CELLS)])
    home.quarantine.keep_originals(uuid4(), [(2, "first_name", "BAD_NAME", "ฑฒณทดสอบ")])
    assert "ฑฒณทดสอบ".encode() not in (home.settings.home / "people.db").read_bytes()


def test_an_import_that_tries_again_keeps_its_rows_once(home: DataHome) -> None:
    token = uuid4()
    for code in ("BAD_DATE", "BAD_NUMBER"):
        home.quarantine.keep(token, CODE, [(1, [code], {}), (2, [code], {})])
        home.quarantine.keep_originals(token, [(1, "credits", code, "๓"), (1, "grade", code, "สี่")])
    assert [(row.line, row.problems) for row in home.quarantine.rows(token)] == [
        (1, ("BAD_DATE", "BAD_NUMBER")), (2, ("BAD_DATE", "BAD_NUMBER"))
    ]  # fmt: skip
    assert [(one.column, one.fix) for one in home.quarantine.originals(token)] == [
        ("credits", "BAD_NUMBER"), ("grade", "BAD_NUMBER")
    ]  # fmt: skip


def test_what_is_found_later_adds_to_the_reasons_of_a_kept_line(home: DataHome) -> None:
    token, other = uuid4(), uuid4()
    home.quarantine.keep(other, CODE, [(1, ["BAD_DATE"], CELLS)])
    home.quarantine.keep(token, CODE, [(1, ["UNKNOWN_CODE", "BAD_DATE"], {})])
    home.quarantine.keep(token, CODE, [(1, ["CONFLICTING_ROWS", "BAD_DATE"], {}), (1, ["BAD_NUMBER"], CELLS)])
    [row] = home.quarantine.rows(token)
    assert row.problems == ("UNKNOWN_CODE", "BAD_DATE", "CONFLICTING_ROWS", "BAD_NUMBER")
    assert row.cells == CELLS
    assert home.quarantine.lines(other) == {1: ("BAD_DATE",)}


@pytest.mark.parametrize("between", [0, 6_000])  # more than one statement takes
def test_all_repaired_cells_of_a_wide_row_are_kept(home: DataHome, between: int) -> None:
    token = uuid4()
    others = [(line, "status", "LEFT_OUT", "-") for line in range(10, 10 + between)]
    wide = [(2, "status", "LEFT_OUT", "ฃ"), (2, "status", "LEFT_OUT", "ฅ"), *others, (2, "status", "LEFT_OUT", "ฃ")]
    for _ in range(2):  # an import that tries again
        home.quarantine.keep_originals(token, wide)
    kept = home.quarantine.originals(token)
    assert [(one.line, one.cell) for one in kept[:3]] == [(2, "ฃ"), (2, "ฅ"), (2, "ฃ")]
    assert len(kept) == 3 + between


def test_original_cells_come_back_by_line_and_column(home: DataHome) -> None:
    token = uuid4()
    home.quarantine.keep_originals(token, [(4, "travel_km", "LEFT_OUT", "ไกล"), (2, "members", "LEFT_OUT", "๒๕ คน")])
    assert home.quarantine.originals(token) == [
        KeptCell(line=2, column="members", fix="LEFT_OUT", cell="๒๕ คน"),
        KeptCell(line=4, column="travel_km", fix="LEFT_OUT", cell="ไกล"),
    ]


def test_more_rows_than_one_statement_takes(home: DataHome) -> None:
    token = uuid4()
    told = [(line, ["BAD_DATE"], {"a": str(line)}) for line in range(12_001)]
    home.quarantine.keep(token, CODE, [*told, (0, ["BAD_DATE"], {"a": "again"})])
    home.quarantine.keep_originals(token, ((line, "a", "LEFT_OUT", str(line)) for line in (*range(12_001), 0)))
    kept = home.quarantine.rows(token)
    assert [row.line for row in kept] == list(range(12_001))
    assert (kept[0].cells, kept[-1].cells) == ({"a": "again"}, {"a": "12000"})
    assert len(home.quarantine.originals(token)) == 12_002


def test_counts_name_batches_by_institution_and_no_row(home: DataHome) -> None:
    first, second, there = uuid4(), uuid4(), uuid4()
    before = datetime.now(UTC)
    home.quarantine.keep(there, OTHER_CODE, [(1, ["BAD_DATE"], CELLS)])
    home.quarantine.keep(first, CODE, [(1, ["BAD_DATE"], CELLS), (2, ["BAD_DATE"], CELLS)])
    home.quarantine.keep(second, CODE, [(1, ["BAD_DATE"], CELLS)])
    counts = home.quarantine.counts()
    assert [(one.institution, one.batch_token, one.rows) for one in counts] == [
        (CODE, first, 2), (CODE, second, 1), (OTHER_CODE, there, 1)
    ]  # fmt: skip
    assert all(before <= one.oldest <= datetime.now(UTC) for one in counts)


def test_rows_that_were_dealt_with_are_discarded(home: DataHome) -> None:
    token, other = uuid4(), uuid4()
    for one in (token, other):
        home.quarantine.keep(one, CODE, [(line, ["BAD_DATE"], {}) for line in range(1, 6)])
    home.quarantine.keep_originals(token, [(1, "credits", "LEFT_OUT", "x")])
    assert home.quarantine.discard(token, [2, 3, 99]) == 2
    assert lines(home, token) == [1, 4, 5]
    assert home.quarantine.discard(token) == 3
    assert home.quarantine.discard(token, []) == 0
    assert lines(home, token) == []
    assert lines(home, other) == [1, 2, 3, 4, 5]
    assert len(home.quarantine.originals(token)) == 1  # they tell how accepted rows can be put back


def test_rows_and_cells_are_deleted_after_180_days(home: DataHome) -> None:
    token = committed(home)
    home.quarantine.keep(token, CODE, [(1, ["BAD_DATE"], {})])
    home.quarantine.keep_originals(token, [(1, "credits", "LEFT_OUT", "x")])
    sweep(home, days=179)
    assert (len(home.quarantine.rows(token)), len(home.quarantine.originals(token))) == (1, 1)
    sweep(home, days=180, hours=1)
    assert (home.quarantine.rows(token), home.quarantine.originals(token)) == ([], [])


def test_an_import_keeps_them_as_long_as_the_settings_say(home: DataHome) -> None:
    token = committed(home)
    home.quarantine.keep(token, CODE, [(1, ["BAD_DATE"], {})])
    longer = replace(home, settings=home.settings.model_copy(update={"keep_quarantine_days": 400}))
    importing.sweep(longer, datetime.now(UTC) + timedelta(days=399))
    assert lines(home, token) == [1]
    importing.sweep(longer, datetime.now(UTC) + timedelta(days=401))
    assert lines(home, token) == []


def test_what_a_batch_left_that_never_came_is_deleted_after_a_day(home: DataHome) -> None:
    stopped, came = uuid4(), committed(home)
    for token in (stopped, came):
        home.quarantine.keep(token, CODE, [(1, ["BAD_DATE"], {})])
        home.quarantine.keep_originals(token, [(1, "credits", "LEFT_OUT", "x")])
    sweep(home, hours=23.9)
    assert lines(home, stopped) == [1]
    sweep(home, hours=24.1)
    assert (home.quarantine.rows(stopped), home.quarantine.originals(stopped)) == ([], [])
    assert (lines(home, came), len(home.quarantine.originals(came))) == ([1], 1)


def test_a_row_that_cannot_be_stored_is_in_no_message(home: DataHome) -> None:
    with pytest.raises(SQLAlchemyError) as failed:
        home.quarantine.keep(uuid4(), None, [(1, ["BAD_DATE"], CELLS)])  # type: ignore[arg-type]
    assert "ฑฒณทดสอบ" not in str(failed.value)
    assert "67001" not in str(failed.value)
