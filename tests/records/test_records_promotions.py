"""The signed history: what stands, what a rollback takes back, and that going back twice goes back two steps."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from records import lists
from records.database import Database, LedgerTable
from records.errors import ModelRefused
from records.lists import EVERY_INSTITUTION, FOLLOWS_ALL, RULE_LIST
from records.promotions import RollbackRow, apart, before, history, in_charge, of_model, roll_back, standing

CODE = "1320026101"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'zerodrop.db'}")
    made.create(LedgerTable)
    yield made
    made.close()


def sign(
    database: Database, digest: str, institution: str = EVERY_INSTITUTION, elsewhere: Mapping[str, str] | None = None
) -> None:
    lists.promote(
        database,
        institution=institution,
        model_digest=digest,
        signed_by="ครูมาลี",
        reason="ดีกว่า",
        elsewhere=elsewhere,
    )


def back(database: Database, institution: str = EVERY_INSTITUTION) -> str:
    with database.read() as session:
        held, digest = before(session, institution)
    roll_back(
        database, institution=institution, undoes=held.id, in_charge_again=digest, signed_by="ครูสมชาย", reason="ผิดพลาด"
    )
    with database.read() as session:
        assert lists.champion(session, institution) == digest
    return digest


def champion(database: Database, institution: str = CODE) -> str:
    with database.read() as session:
        return lists.champion(session, institution)


def test_each_step_back_takes_back_one_more_promotion(database: Database) -> None:
    for digest in "abc":
        sign(database, digest)
    assert [back(database) for _ in range(3)] == ["b", "a", RULE_LIST]
    assert champion(database) == RULE_LIST
    with pytest.raises(ModelRefused, match="No promotion for every institution is left to take back"):
        back(database)


def test_a_promotion_after_a_step_back_is_what_the_next_step_takes_back(database: Database) -> None:
    for digest in "ab":
        sign(database, digest)
    back(database)
    sign(database, "c")
    assert back(database) == "a"


def test_to_sign_again_for_what_is_in_charge_is_recorded_and_is_no_step_of_its_own(database: Database) -> None:
    for digest in "abbaabb":
        sign(database, digest)
    assert [back(database) for _ in range(4)] == ["a", "b", "a", RULE_LIST]
    with database.read() as session:
        assert [one.model_digest for one in history(session)] == [*"abbaabbaba", RULE_LIST]


def test_an_institution_that_signed_twice_goes_back_to_what_serves_everybody(database: Database) -> None:
    sign(database, "everybody's")
    for digest in ("own", "own"):
        sign(database, digest, CODE)
    assert back(database, CODE) == "everybody's"
    with pytest.raises(ModelRefused, match=f"No promotion for {CODE} is left to take back"):
        back(database, CODE)


def test_a_step_back_that_once_left_the_model_signed_twice_in_charge_is_no_step(database: Database) -> None:
    for digest in "abb":
        sign(database, digest)
    sign(database, "b")  # as a rollback was recorded that took back the second of the two signatures alone
    with database.write() as session:
        session.add(RollbackRow(promotion_id=4, undoes=3))
    assert back(database) == "a"


def test_an_institution_goes_back_to_what_serves_everybody(database: Database) -> None:
    sign(database, "everybody's")
    sign(database, "own", CODE)
    assert champion(database) == "own"
    assert back(database, CODE) == "everybody's"
    assert champion(database) == "everybody's"


def test_whom_a_decision_for_all_does_not_reach_is_told(database: Database) -> None:
    sign(database, "own", CODE)
    sign(database, "newer")
    with database.read() as session:
        assert apart(session, "newer") == {CODE: "own"}
        assert apart(session, "own") == {}
    assert champion(database) == "own"


def test_an_institution_that_took_back_its_only_decision_follows_the_others_again(database: Database) -> None:
    sign(database, "everybody's")
    sign(database, "own", CODE)
    back(database, CODE)
    sign(database, "newer")
    assert champion(database) == "newer"
    with database.read() as session:
        assert apart(session, "newer") == {}
        assert in_charge(session) == ["newer"]
        assert [one.model_digest for one in of_model(session, "own")] == ["own", FOLLOWS_ALL]
    with pytest.raises(ModelRefused, match=f"No promotion for {CODE} is left to take back"):
        back(database, CODE)
    sign(database, "own again", CODE)
    assert back(database, CODE) == "newer"


def test_of_two_decisions_of_its_own_an_institution_goes_back_to_the_first(database: Database) -> None:
    sign(database, "everybody's")
    for digest in ("first", "second"):
        sign(database, digest, CODE)
    back(database, CODE)
    sign(database, "newer")
    assert champion(database) == "first"


def test_what_can_be_taken_back_elsewhere_is_named(database: Database) -> None:
    sign(database, "own", CODE)
    with pytest.raises(ModelRefused, match=f"There is one for {CODE}: name it with --institution"):
        back(database)


def test_the_decisions_about_a_model_tell_what_ended_it(database: Database) -> None:
    sign(database, "other")
    sign(database, "a")
    sign(database, "b", CODE)
    back(database)
    with database.read() as session:
        told = of_model(session, "a")
        assert [(one.model_digest, one.undoes is None) for one in told] == [("a", True), ("other", False)]
        assert [one.model_digest for one in of_model(session, "b")] == ["b"]


def test_going_back_to_the_simple_list_can_be_taken_back_too(database: Database) -> None:
    sign(database, "a")
    sign(database, RULE_LIST)
    assert back(database) == "a"


def test_every_decision_is_kept_with_who_why_and_what_it_undid(database: Database) -> None:
    sign(database, "a")
    back(database)
    with database.read() as session:
        told = history(session)
    assert [(one.model_digest, one.signed_by, one.reason, one.undoes) for one in told] == [
        ("a", "ครูมาลี", "ดีกว่า", None),
        (RULE_LIST, "ครูสมชาย", "ผิดพลาด", told[0].id),
    ]
    assert standing(told) == []


def test_a_decision_signed_meanwhile_is_not_taken_back(database: Database) -> None:
    sign(database, "a")
    with database.read() as session:
        held, digest = before(session, EVERY_INSTITUTION)
    sign(database, "b")
    with pytest.raises(ModelRefused, match=r"Another decision was signed meanwhile.* · มีผู้ลงนามตัดสินเรื่องอื่น"):
        roll_back(
            database, institution=EVERY_INSTITUTION, undoes=held.id, in_charge_again=digest, signed_by="ก", reason="ข"
        )
    assert champion(database) == "b"


def test_an_institution_does_not_go_back_to_what_was_put_in_charge_of_all_meanwhile(database: Database) -> None:
    sign(database, "own", CODE)
    with database.read() as session:
        held, digest = before(session, CODE)
    sign(database, "nobody looked at it")
    with pytest.raises(ModelRefused, match="Another decision was signed meanwhile"):
        roll_back(database, institution=CODE, undoes=held.id, in_charge_again=digest, signed_by="ก", reason="ข")
    assert champion(database) == "own"


def test_what_is_in_charge_anywhere_newest_first(database: Database) -> None:
    for digest, institution in (("a", EVERY_INSTITUTION), ("b", CODE), ("c", EVERY_INSTITUTION), ("d", CODE)):
        sign(database, digest, institution)
    sign(database, "e")
    with database.read() as session:
        assert in_charge(session) == ["e", "d"]


def test_what_is_left_in_charge_of_a_place_holds_as_long_as_the_decision_for_all_that_left_it_out(
    database: Database,
) -> None:
    sign(database, "a")
    sign(database, "b", elsewhere={CODE: "a"})
    assert (champion(database), champion(database, "other")) == ("a", "b")
    with database.read() as session:
        assert apart(session, "b") == {CODE: "a"}
        assert in_charge(session) == ["b", "a"]
        assert (CODE, True) in {(one.institution, one.with_all) for one in of_model(session, "a")}
    sign(database, "c")
    assert champion(database) == "c"
    with database.read() as session:
        assert (apart(session, "c"), in_charge(session)) == ({}, ["c"])
        assert CODE not in {one.institution for one in of_model(session, "a")}
    assert back(database) == "b"
    assert champion(database) == "a"
    assert back(database) == "a"
    assert back(database) == RULE_LIST
    assert champion(database) == RULE_LIST


def test_an_institution_that_takes_back_its_own_decision_goes_back_to_what_the_one_for_all_left_there(
    database: Database,
) -> None:
    sign(database, "b", elsewhere={CODE: RULE_LIST})
    sign(database, "own", CODE)
    assert champion(database) == "own"
    assert back(database, CODE) == RULE_LIST
    with database.read() as session:
        assert apart(session, "b") == {CODE: RULE_LIST}
    with pytest.raises(ModelRefused, match=f"No promotion for {CODE} is left to take back"):
        back(database, CODE)
