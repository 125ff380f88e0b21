"""Requests for correction: sealed words, one answer, each step audited."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from records.audit import AuditRow
from records.corrections import corrections, decide, enter
from records.erasure_tables import CorrectionRow
from records.errors import UserError
from records.home import DataHome
from tests.records.erasing import OWN, TWIN, WORDS, fill, traces
from tests.records.small import CODE, OTHER_CODE

pytestmark = pytest.mark.both_engines
ANSWER = "แก้แล้วตามใบลาป่วย"


def actions(home: DataHome) -> list[tuple[str, Any]]:
    with home.database.read() as session:
        return [(row.action, row.student_id) for row in session.scalars(select(AuditRow).order_by(AuditRow.id))]


def test_words_and_answer_are_sealed_and_read_again(home: DataHome) -> None:
    told = fill(home)
    [asked] = corrections(home, CODE, actor="office")
    assert (asked.words, asked.decision, asked.answer, asked.entered_by) == (WORDS, "", "", "office")
    assert asked.due_at - asked.asked_at == timedelta(days=30)
    decide(home, asked.id, corrected=True, answer=f" {ANSWER}\n", actor="registrar")
    assert corrections(home, CODE, actor="office") == []
    [done] = corrections(home, CODE, actor="office", only_open=False)
    assert (done.decision, done.answer, done.decided_by) == ("corrected", ANSWER, "registrar")
    assert done.decided_at is not None
    assert done.student_id == told.ids[OWN]
    assert traces(home.settings.home, WORDS, ANSWER) == []


def test_each_step_is_audited_and_no_word_is_in_the_trail(home: DataHome) -> None:
    told = fill(home)
    [asked] = corrections(home, CODE, actor="office")
    decide(home, asked.id, corrected=False, answer="บันทึกถูกต้องแล้ว", actor="registrar")
    assert actions(home)[0] == ("enter correction", told.ids[OWN])
    assert actions(home)[-2:] == [("list corrections", None), ("decide correction", told.ids[OWN])]
    with home.database.read() as session:
        assert all(WORDS not in str(row.detail) for row in session.scalars(select(AuditRow)))


def test_the_oldest_comes_first_and_each_institution_sees_its_own(home: DataHome) -> None:
    told = fill(home)
    enter(home, CODE, told.ids[TWIN], words="อีกเรื่อง", actor="office")
    assert [one.words for one in corrections(home, CODE, actor="office")] == [WORDS, "อีกเรื่อง"]
    assert corrections(home, OTHER_CODE, actor="office") == []


def test_a_request_is_answered_once(home: DataHome) -> None:
    fill(home)
    [asked] = corrections(home, CODE, actor="office")
    decide(home, asked.id, corrected=True, answer=ANSWER, actor="office")
    before = actions(home)
    for number in (asked.id, uuid4()):
        with pytest.raises(UserError, match="There is no such request, or it is answered already"):
            decide(home, number, corrected=False, answer="x", actor="office")
    assert actions(home) == before


@pytest.mark.parametrize("words", ["", "  \n"])
def test_nothing_said_is_nothing_to_keep(home: DataHome, words: str) -> None:
    told = fill(home)
    with pytest.raises(UserError, match="Say what is wrong, and what is right"):
        enter(home, CODE, told.ids[OWN], words=words, actor="office")
    [asked] = corrections(home, CODE, actor="office")
    with pytest.raises(UserError, match="the person is told this"):
        decide(home, asked.id, corrected=True, answer=words, actor="office")
    with home.vault_database.read() as session:
        assert [row.decision for row in session.scalars(select(CorrectionRow))] == [""]


def test_of_nobody_nothing_is_kept(home: DataHome) -> None:
    fill(home)
    with pytest.raises(UserError, match="has no such student"):
        enter(home, CODE, uuid4(), words=WORDS, actor="office")
