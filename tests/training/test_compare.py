"""What a switch would change in this week's list: by number and class group, from one snapshot, with the look recorded."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select

from features.catalogue import FINGERPRINT
from models.bands import HIGH, NO_BAND, UNKNOWN, WATCH
from models.bundle import keep, write_bundle
from models.card_words import BANDS
from records import lists
from records.audit import AuditRow
from records.errors import ConfigurationGap
from records.home import DataHome
from records.ledger import student_ids
from records.lists import RULE_LIST
from records.tables import ATTENDANCE
from tests.features.pictures import calendar, roster
from tests.features.small_log import INSTITUTION, Record, in_the_evening
from tests.models.one_split import one_split
from tests.records.small import publication_of
from tests.training.drawn_card import draw_card
from tests.training.drawn_home import make_home, put_in_charge, set_advisor, set_capacity
from training.compare import Against, Comparison, compare_models
from training.compare_words import told

MONDAY = date(2025, 7, 7)
STUDENTS = range(1, 13)


def attendance(student: int, absent: int) -> list[Record]:
    """Twenty school days before the Monday, the first `absent` of them missed."""
    days = [MONDAY - timedelta(days=n) for n in range(28, 0, -1) if (MONDAY - timedelta(days=n)).weekday() < 5]
    return [
        Record(
            table=ATTENDANCE, student=student, happened_on=day, recorded_at=in_the_evening(day), batch=2, line=line,
            values={"session": "DAY", "status": "A" if line <= absent else "P"},
        )
        for line, day in enumerate(days, start=1)
    ]  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Iterator[DataHome]:
    """Student n missed n - 1 of twenty days; two are visited, and two more watched."""
    records = [*calendar([(2025, 1)]), *roster(STUDENTS, (2025, 1))]
    records += [record for student in STUDENTS for record in attendance(student, student - 1)]
    made = make_home(tmp_path, records)
    set_capacity(made, visits=2, rows=4)
    set_advisor(made, "A")
    yield made
    made.close()


def trained(home: DataHome, feature: str, above: float, *, bonus: float = 0.0, catalogue: str = FINGERPRINT) -> str:
    folder = home.settings.home / f"trained {feature} {catalogue}"
    model = replace(one_split(feature, above=above), catalogue_fingerprint=catalogue)
    write_bundle(folder, model, draw_card(), "card", bonus=bonus)
    return keep(folder, home.models)


def compared(home: DataHome, digest: str, as_of: date | None = MONDAY) -> Comparison:
    return compare_models(home, INSTITUTION, digest=digest[:10], today=MONDAY, as_of=as_of, actor="test")


def test_the_rule_against_a_model_that_fears_those_who_are_always_there(home: DataHome) -> None:
    """One split leaves ties within each half; whoever missed most stands last on the new list."""
    found = compared(home, trained(home, "missed_share_28d", 0.2))
    assert (found.now, found.students, found.listed_now, found.listed_then) == (RULE_LIST, 12, 4, 4)
    assert found.staying == 4 - len(found.leaves) == 4 - len(found.enters)
    assert {one.number for one in found.leaves} <= {9, 10, 11, 12}
    assert {one.number for one in found.enters} <= {5, 6, 7, 8}, found.enters
    for one in (*found.enters, *found.leaves, *found.moves):
        assert one.class_group == "A"
        assert one.band_now != one.band_then
    for one in found.enters:
        assert one.rank_now is not None
        assert one.rank_then <= 4 < one.rank_now


def test_a_model_against_itself_changes_nothing(home: DataHome) -> None:
    digest = trained(home, "missed_share_28d", 0.2)
    put_in_charge(home, digest)
    found = compared(home, digest)
    assert (found.now, found.then, found.staying) == (digest, digest, 4)
    assert (found.enters, found.leaves, found.moves) == ((), (), ())
    assert found.figures_now == found.figures_then == draw_card()["evidence"]["lists"]


@pytest.fixture
def new(home: DataHome) -> str:
    """A model for this catalogue, beside one in charge that was made for another."""
    put_in_charge(home, trained(home, "missed_share_28d", 0.2, catalogue="0" * 64))
    return trained(home, "missed_share_28d", 0.2)


def test_a_model_in_charge_of_another_catalogue_is_compared_by_the_list_that_was_published(
    home: DataHome, new: str
) -> None:
    """Student 1 was visited and 2 watched; 99 is no longer enrolled, and whoever enters was not on the roster then."""
    ids = student_ids(home.database, INSTITUTION)
    drawn = publication_of({**{n: ids[n] for n in range(1, 5)}, 99: uuid4()}, code=INSTITUTION)
    bands = {1: HIGH, 2: WATCH, 99: WATCH}
    entries = [replace(one, band=bands.get(one.number, NO_BAND)) for one in drawn.entries]
    lists.publish(home.database, replace(drawn, as_of=MONDAY, entries=entries))
    found = compared(home, new)
    assert (found.against, found.listed_now, found.listed_then) == (Against.PUBLISHED, 2, 4)
    assert sorted((one.number, one.rank_now, one.band_now) for one in found.leaves) == [(1, 1, HIGH), (2, 2, WATCH)]
    assert [(one.rank_now, one.band_now) for one in found.enters] == [(None, NO_BAND)] * 4
    assert found.figures_now == draw_card()["evidence"]["lists"]
    said = list(told(found))
    assert said[2].startswith("แบบจำลองที่ใช้อยู่ทำจากชุดตัวบ่งชี้รุ่นอื่น จึงออกรายชื่อไม่ได้แล้ว เทียบกับรายชื่อของสัปดาห์นั้นตามที่เผยแพร่ไว้ · ")
    assert said[2].endswith("makes no list any more: compared with the list of that week as it was published")
    with home.database.read() as session:
        assert [row.action for row in session.scalars(select(AuditRow))][-2:] == ["open log", "compare list"]


def test_where_no_list_was_published_the_new_one_is_shown_alone(home: DataHome, new: str) -> None:
    found = compared(home, new)
    assert (found.against, found.listed_now, found.listed_then) == (Against.NOTHING, 0, 4)
    assert (len(found.enters), found.leaves, found.moves) == (4, (), ())
    said = list(told(found))
    assert "และสัปดาห์นั้นไม่มีรายชื่อที่เผยแพร่ไว้ จึงแสดงรายชื่อใหม่อย่างเดียว · " in said[2]
    assert said[2].endswith("and no list of that week was published: the new list alone")
    assert "รายชื่อใหม่ · the new list" in said
    assert "นักเรียน · students 12   อยู่ในรายชื่อ · listed 4" in said
    assert sum("ลำดับ · rank     – → " in line for line in said) == 4


def test_without_a_list_it_is_this_week(home: DataHome) -> None:
    digest = trained(home, "missed_share_28d", 0.2)
    found = compare_models(home, INSTITUTION, digest=digest, today=MONDAY + timedelta(days=3), as_of=None, actor="test")
    assert found.as_of == MONDAY


def test_the_look_is_recorded(home: DataHome) -> None:
    compared(home, trained(home, "missed_share_28d", 0.2))
    with home.database.read() as session:
        looks = [(row.action, row.actor, row.detail) for row in session.scalars(select(AuditRow))]
    assert looks[-1] == ("open log", "test", {"purpose": "compare models"})


def test_a_day_before_anybody_was_enrolled_is_refused(home: DataHome) -> None:
    with pytest.raises(ConfigurationGap, match="Nobody is enrolled on 2024-01-01") as refused:
        compared(home, trained(home, "missed_share_28d", 0.2), as_of=date(2024, 1, 1))
    assert "ไม่มีนักเรียนในทะเบียน ณ วันที่ 01/01/2567" in str(refused.value)


def test_it_is_told_in_numbers_and_class_groups_with_both_figures(home: DataHome) -> None:
    found = compared(home, trained(home, "missed_share_28d", 0.2))
    said = "\n".join(told(found))
    assert f"entering {len(found.enters)}" in said
    for one in (*found.enters, *found.leaves):
        assert f"#{one.number} " in said
    assert "  AUC: 0.68 (0.66 – 0.70) → 0.76 (0.74 – 0.78)" in said  # the absences' AUC stands in the new model's card
    assert "the absence rule" in said


def test_bands_and_figures_are_called_as_on_the_card_in_thai_and_in_english(home: DataHome) -> None:
    found = compared(home, trained(home, "missed_share_28d", 0.2))
    lines = list(told(found))
    entered = found.enters[0]
    now, then = BANDS[entered.band_now], BANDS[entered.band_then]
    [row] = [line for line in lines if line.startswith(f"  #{entered.number} ")]
    assert row.endswith(f" {now.th} → {then.th} · {now.en} → {then.en}")
    assert (now.th, now.en) == ("ไม่อยู่ในรายชื่อ", "not listed")
    figures = lines[-7:]
    assert [line.split(": ")[0].strip() for line in figures] == [
        "พบต่อสัปดาห์ · Reached a week", "ในรายชื่อออกจริง · Precision", "ผู้ออกที่อยู่ในรายชื่อ · Recall", "AUC",
        "AUC ภายในสถานศึกษา · AUC within", "ออกจริงต่อที่คาด · Observed / expected",
        "ความคลาดเคลื่อน (ECE) · Expected calibration error",
    ]  # fmt: skip


def test_every_band_that_a_list_can_have_has_its_word() -> None:
    assert set(BANDS) == {HIGH, WATCH, NO_BAND, UNKNOWN}
