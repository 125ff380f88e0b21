"""Pairs that people decide: listed once their records are in the log, joined in vault and log, or never asked again."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from records import ledger
from records.audit import AuditRow
from records.home import DataHome
from records.ledger import Placement
from records.people import FullName, Identity, IdKind, Known
from records.person_links import LinkRefused, Review, decide, open_reviews, pair_of
from records.person_tables import Identifier, LinkReview, PersonTrait
from records.tables import SAME_PERSON
from tests.records.small import CODE, OTHER_CODE, batch_of, commit, log_of

NID, OTHER_NID = "1819900000014", "1819900000022"
G = "G000000000001"


def row(first: str = "มะลิ", last: str = "เขาใหญ่", **numbers: str) -> Identity:
    return Identity(
        identifiers={IdKind(kind): value for kind, value in numbers.items()},
        name=FullName(title="", first_name=first, last_name=last),
        birth_date=date(2009, 4, 13),
        guardian="สิงห์ เขาใหญ่",
    )


def recorded(home: DataHome, *rows: Identity, code: str = CODE) -> list[Known]:
    """Admit people and commit a batch that places them."""
    token = uuid4()
    known = home.vault.admit(code, rows, batch_token=token)
    groups = {one.number: Placement(number=one.number, student_id=one.student_id, class_group="1") for one in known}
    commit(home, batch_of(code=code, token=token, placements=list(groups.values())))
    return known


def doubtful(home: DataHome) -> tuple[Known, Known, Review]:
    """A G-code child, and a child with a national number and another surname."""
    [child] = recorded(home, row(g_code=G, code="1001"))
    [registered] = recorded(home, row(last="เขาเขียว", national=NID, code="2002"))
    [review] = open_reviews(home, CODE)
    return child, registered, review


def same_person(home: DataHome, code: str = CODE) -> list[tuple[int, int]]:
    rows = log_of(home, code).rows(SAME_PERSON).to_pylist()
    return [(one["student"], one["same_as"]) for one in rows]


def decisions(home: DataHome) -> list[tuple[str, UUID | None, dict[str, str | int]]]:
    with home.database.read() as session:
        chosen = select(AuditRow).where(AuditRow.action == "decide link").order_by(AuditRow.id)
        return [(one.actor, one.student_id, one.detail) for one in session.scalars(chosen)]


def test_a_pair_says_who_it_is_about_and_why(home: DataHome) -> None:
    child, registered, review = doubtful(home)
    assert pair_of(review) == (child.student_id, registered.student_id)
    assert (review.number_a, review.number_b, review.why, review.institution) == (0, 1, "OTHER_LAST_NAME", CODE)
    assert open_reviews(home, OTHER_CODE) == []


def test_a_pair_waits_until_the_log_has_both(home: DataHome) -> None:
    recorded(home, row(g_code=G))
    home.vault.admit(CODE, [row(last="เขาเขียว", national=NID)], batch_token=uuid4())
    assert open_reviews(home, CODE) == []
    with home.vault_database.read() as session:
        [waiting] = session.scalars(select(LinkReview))
    with pytest.raises(LinkRefused):
        decide(home, waiting.id, same=True, by="kru.a")
    assert decisions(home) == []


def test_who_is_the_same_is_found_by_all_numbers_under_the_older_one(home: DataHome) -> None:
    child, _, review = doubtful(home)
    decide(home, review.id, same=True, by="kru.a")
    asked = [row(g_code=G), row(national=NID), row(code="1001"), row(code="2002")]
    assert home.vault.find(CODE, asked) == [child] * 4
    [again] = recorded(home, row(last="เขาเขียว", national=NID, code="2002"))
    assert (again, again.notes) == (child, ())
    assert open_reviews(home, CODE) == []


def test_the_log_is_told_which_number_goes_on(home: DataHome) -> None:
    _, _, review = doubtful(home)
    decide(home, review.id, same=True, by="kru.a")
    assert same_person(home) == [(1, 0)]
    assert same_person(home, OTHER_CODE) == []


def test_both_pseudonyms_show_the_name_beside_the_national_number(home: DataHome) -> None:
    child, registered, review = doubtful(home)
    decide(home, review.id, same=True, by="kru.a")
    names = home.vault.names([child.student_id, registered.student_id])
    assert {student_id: name.last_name for student_id, name in names.items()} == {
        child.student_id: "เขาเขียว", registered.student_id: "เขาเขียว"
    }  # fmt: skip


def test_nothing_of_the_one_who_does_not_go_on_is_left_but_the_number(home: DataHome) -> None:
    child, registered, review = doubtful(home)
    decide(home, review.id, same=True, by="kru.a")
    with home.vault_database.read() as session:
        for table in (Identifier, PersonTrait):
            assert set(session.scalars(select(table.student_id))) == {child.student_id}
        assert len(session.scalars(select(PersonTrait)).all()) == 7  # five traits, two of them twice
    assert registered.number == 1
    [third] = recorded(home, row("ดำ", "ขำ", national=OTHER_NID))
    assert third.number == 2


def test_a_decision_leaves_who_made_it_and_no_name(home: DataHome) -> None:
    child, registered, review = doubtful(home)
    decide(home, review.id, same=True, by="kru.a")
    detail = {"review": str(review.id), "decision": "same", "other": str(child.student_id)}
    assert decisions(home) == [("kru.a", registered.student_id, detail)]
    with home.vault_database.read() as session:
        [decided] = session.scalars(select(LinkReview))
    assert (decided.decision, decided.decided_by, decided.decided_at is not None) == ("same", "kru.a", True)


def test_who_is_different_stays_two_and_is_not_asked_again(home: DataHome) -> None:
    child, registered, review = doubtful(home)
    decide(home, review.id, same=False, by="kru.a")
    assert open_reviews(home, CODE) == []
    assert home.vault.find(CODE, [row(g_code=G), row(national=NID)]) == [child, registered]
    assert same_person(home) == []
    assert [detail["decision"] for _, _, detail in decisions(home)] == ["different"]
    [again] = recorded(home, row(last="เขาเขียว", national=NID, g_code=G))  # would be a doubt of its own
    assert (again, again.notes) == (registered, ())
    assert open_reviews(home, CODE) == []


@pytest.mark.parametrize("same", [True, False])
def test_a_pair_is_decided_once(home: DataHome, same: bool) -> None:
    _, _, review = doubtful(home)
    decide(home, review.id, same=same, by="kru.a")
    with pytest.raises(LinkRefused, match="decided already") as refused:
        decide(home, review.id, same=not same, by="kru.b")
    assert refused.value.exit_code == 9
    assert len(decisions(home)) == 1


def test_a_pair_that_is_not_there_cannot_be_decided(home: DataHome) -> None:
    with pytest.raises(LinkRefused):
        decide(home, uuid4(), same=True, by="kru.a")


def test_a_pair_goes_with_a_number_that_is_given_anew(home: DataHome) -> None:
    recorded(home, row(g_code=G), row("ดำ", "ขำ", national=NID), code=OTHER_CODE)
    home.vault.admit(CODE, [row("ดำ", "ขำ", national=NID, g_code=G)], batch_token=uuid4())  # it never comes
    later = datetime.now(UTC) + timedelta(days=2)
    home.vault.sweep(
        ledger.tokens(home.database), placed=lambda code: ledger.student_ids(home.database, code), now=later
    )
    [somebody] = recorded(home, row("ขาว", "ขำ", code="1"))
    assert somebody.number == 0
    assert open_reviews(home, CODE) == []


def test_two_who_each_got_a_national_number_cannot_be_made_one(home: DataHome) -> None:
    _, _, review = doubtful(home)
    recorded(home, row(national=OTHER_NID, g_code=G))
    with pytest.raises(LinkRefused, match="two different national numbers"):
        decide(home, review.id, same=True, by="kru.a")
    assert (decisions(home), same_person(home)) == ([], [])
    decide(home, review.id, same=False, by="kru.a")


def test_a_link_across_institutions_writes_no_record_where_one_number_is_known(home: DataHome) -> None:
    [there] = recorded(home, row(g_code=G), code=OTHER_CODE)
    [here] = recorded(home, row(last="เขาเขียว", national=NID))
    [review] = open_reviews(home, CODE)
    assert (review.number_a, review.number_b) == (None, 0)
    decide(home, review.id, same=True, by="kru.a")
    assert (same_person(home), same_person(home, OTHER_CODE)) == ([], [])
    assert home.vault.find(CODE, [row(g_code=G), row(national=NID)]) == [here, here]
    assert home.vault.find(OTHER_CODE, [row(g_code=G), row(national=NID)]) == [there, there]
    [again] = recorded(home, row(national=NID, last="เขาดิน"))
    assert again == here
    assert home.vault.names([there.student_id])[there.student_id].last_name == "เขาดิน"


def test_links_are_followed_to_the_oldest_number(home: DataHome) -> None:
    [first] = recorded(home, row(g_code=G))
    recorded(home, row(last="เขาดิน", passport="AA0000001"))
    [third] = recorded(home, row(last="เขาเขียว", national=NID))
    by_known = {review.number_a: review for review in open_reviews(home, CODE)}
    decide(home, by_known[1].id, same=True, by="kru.a")
    decide(home, by_known[0].id, same=True, by="kru.a")
    assert same_person(home) == [(2, 1), (1, 0)]
    asked = [row(g_code=G), row(passport="AA0000001"), row(national=NID)]
    assert home.vault.find(CODE, asked) == [first] * 3
    assert home.vault.names([third.student_id])[third.student_id].last_name == "เขาเขียว"


def test_the_older_number_goes_on_whoever_came_in_last(home: DataHome) -> None:
    [registered] = recorded(home, row("ดำ", "ขำ", national=NID))
    recorded(home, row(g_code=G))
    recorded(home, row("ดำ", "ขำ", national=NID, g_code=G))
    [review] = open_reviews(home, CODE)
    assert (review.number_a, review.number_b) == (1, 0)
    decide(home, review.id, same=True, by="kru.a")
    assert same_person(home) == [(1, 0)]
    assert home.vault.find(CODE, [row(g_code=G)]) == [registered]


def test_a_decision_that_stopped_behind_the_log_can_be_made_again(
    home: DataHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    child, _, review = doubtful(home)
    with monkeypatch.context() as broken:
        broken.setattr("records.person_links._merge", lambda session, join: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            decide(home, review.id, same=True, by="kru.a")
    assert open_reviews(home, CODE) == [review]
    decide(home, review.id, same=True, by="kru.a")
    assert set(same_person(home)) == {(1, 0)}
    assert home.vault.find(CODE, [row(national=NID)]) == [child]
