"""The ledger: a batch is there with all of its files and places, or it is not there at all."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from records import ledger
from records.errors import ConfigurationGap
from records.home import DataHome
from records.ledger import Overtaken, Placement
from records.log import write_rows
from records.tables import HOUSEHOLD
from tests.records.small import CODE, OTHER_CODE, START, batch_of, commit, log_of, place, rows_of

pytestmark = pytest.mark.both_engines


def one_file(home: DataHome, minute: int = 0) -> ledger.LogFile:
    return write_rows(home.logs, CODE, HOUSEHOLD, rows_of(HOUSEHOLD, [{"student": 0, "recorded_at": minute}]))


def everything(home: DataHome) -> tuple[object, ...]:
    index = ledger.log_index(home.database, CODE)
    return index, ledger.student_ids(home.database, CODE), ledger.tokens(home.database)


def test_a_commit_names_its_files_under_one_number(home: DataHome) -> None:
    first, second = one_file(home), one_file(home, 5)
    number = commit(home, batch_of(files=[first, second]))
    found = ledger.log_index(home.database, CODE)
    assert {file.path for file in found.files} == {first.path, second.path}
    assert {file.batch for file in found.files} == {number} == {found.ledger_number}


def test_a_failure_inside_the_transaction_leaves_nothing(home: DataHome, monkeypatch: pytest.MonkeyPatch) -> None:
    place(home, {0: "ชย.1/1"})
    before = everything(home)

    def fails(*_: object) -> None:
        raise RuntimeError("the disk is full")

    ids = ledger.student_ids(home.database, CODE)
    moved = [Placement(number=0, student_id=ids[0], class_group="ชย.1/2")]
    batch = batch_of(files=[one_file(home)], placements=moved, raises_epoch=True)
    monkeypatch.setattr(ledger, "_place", fails)
    with pytest.raises(RuntimeError, match="the disk is full"):
        commit(home, batch)
    monkeypatch.undo()
    assert everything(home) == before


def test_the_same_file_named_twice_leaves_nothing(home: DataHome) -> None:
    file = one_file(home)
    before = everything(home)
    with pytest.raises(IntegrityError):
        commit(home, batch_of(files=[file, file]))
    assert everything(home) == before


def test_a_token_is_committed_once(home: DataHome) -> None:
    batch = batch_of(files=[one_file(home)])
    commit(home, batch)
    with pytest.raises(IntegrityError):
        commit(home, batch_of(token=batch.token, files=[one_file(home)]))
    assert len(ledger.log_index(home.database, CODE).files) == 1


def test_a_batch_that_came_first_overtakes(home: DataHome) -> None:
    looked_at = ledger.log_index(home.database, CODE).ledger_number
    first = commit(home, batch_of(files=[one_file(home)]))
    before = everything(home)
    with pytest.raises(Overtaken):
        ledger.commit(home.database, batch_of(files=[one_file(home)]), after=looked_at)
    assert everything(home) == before
    assert ledger.commit(home.database, batch_of(), after=first) == first + 1


def test_the_batch_of_another_institution_overtakes_nobody(home: DataHome) -> None:
    looked_at = ledger.log_index(home.database, CODE).ledger_number
    commit(home, batch_of(code=OTHER_CODE))
    assert ledger.commit(home.database, batch_of(files=[one_file(home)]), after=looked_at) > 0
    assert ledger.log_index(home.database, OTHER_CODE).files == ()


def test_an_earlier_ledger_number_gives_the_log_as_it_was(home: DataHome) -> None:
    numbers, seen = [], []
    for minute in (5, 3, 8):  # the second one is replayed from an earlier day
        numbers.append(commit(home, batch_of(files=[one_file(home, minute)])))
        seen.append(log_of(home).rows(HOUSEHOLD).to_pylist())
    for number, rows in zip(numbers, seen, strict=True):
        assert log_of(home, until_batch=number).rows(HOUSEHOLD).to_pylist() == rows
    assert log_of(home, until_batch=0).rows(HOUSEHOLD).num_rows == 0


def test_the_epoch_rises_for_its_institution_alone(home: DataHome) -> None:
    def epochs() -> tuple[int, int]:
        return ledger.log_index(home.database, CODE).epoch, ledger.log_index(home.database, OTHER_CODE).epoch

    before = epochs()
    commit(home, batch_of())
    assert epochs() == before
    commit(home, batch_of(raises_epoch=True))
    assert epochs() == (before[0] + 1, before[1])


def test_correcting_the_name_of_an_institution_keeps_its_epoch(home: DataHome) -> None:
    from tests.records.small import institution

    commit(home, batch_of(raises_epoch=True))
    ledger.add_institution(home.database, institution())
    assert ledger.log_index(home.database, CODE).epoch == 1


def test_a_class_group_that_is_not_told_stays(home: DataHome) -> None:
    ids = place(home, {0: "ชย.1/1", 1: "ชย.1/1"})
    changed = [
        Placement(number=0, student_id=ids[0], class_group=None),
        Placement(number=1, student_id=ids[1], class_group=""),
    ]
    commit(home, batch_of(placements=changed))
    with home.database.read() as session:
        groups = {row.number: row.class_group for row in session.query(ledger.StudentRow)}
    assert groups == {0: "ชย.1/1", 1: ""}


def test_operation_begins_with_the_first_batch_that_is_no_history(home: DataHome) -> None:
    assert ledger.first_operational(home.database, CODE) is None
    commit(home, batch_of(reconstructed=True))
    assert ledger.first_operational(home.database, CODE) is None
    for day in (2, 1):
        commit(home, batch_of(recorded_at=START + timedelta(days=day)))
    assert ledger.first_operational(home.database, CODE) == START + timedelta(days=1)
    assert ledger.newest_recorded(home.database, CODE) == START + timedelta(days=2)


def test_reconstructed_rows_are_counted(home: DataHome) -> None:
    commit(home, batch_of(files=[one_file(home)], reconstructed=True))
    commit(home, batch_of(files=[one_file(home)]))
    assert ledger.reconstructed_rows(home.database, CODE) == 1
    assert ledger.reconstructed_rows(home.database, OTHER_CODE) == 0


def test_a_file_that_was_taken_in_before_is_known_by_its_bytes(home: DataHome) -> None:
    first = commit(home, batch_of(sha256="aa"))
    commit(home, batch_of(sha256="aa"))
    held = ledger.batch_of_file(home.database, CODE, "aa")
    assert held is not None
    assert held.number == first + 1
    assert ledger.batch_of_file(home.database, OTHER_CODE, "aa") is None


def test_an_unknown_institution_is_named_with_the_known_ones(home: DataHome) -> None:
    sentence = f"There is no institution '77'. Known: {CODE}, {OTHER_CODE}. Enter it with `zerodrop init`."
    with pytest.raises(ConfigurationGap) as refused:
        ledger.require_institution(home.database, "77")
    english, thai = str(refused.value).split(" · ")
    assert (english, bool(thai)) == (sentence, True)
    assert refused.value.exit_code == 4
