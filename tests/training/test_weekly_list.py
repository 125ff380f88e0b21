"""The weekly list is a pure function of what was known that Monday morning, of the model in charge and of capacity."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from features.catalogue import FINGERPRINT
from models.bundle import keep, read_bundle, write_bundle
from models.risk_model import Calibration, RiskModel
from records import lists
from records.clock import BANGKOK, start_of
from records.errors import ConfigurationGap, ModelRefused
from records.home import DataHome
from records.lists import RULE_LIST, NewEntry, NewPublication
from records.tables import ATTENDANCE, ATTENDANCE_TOTAL, CALENDAR, OUTCOMES
from serving.weekly import build_list
from tests.features.pictures import calendar, roster
from tests.features.small_log import INSTITUTION, Record, in_the_evening
from tests.models.cards import complete_card
from tests.models.one_split import one_split
from tests.training.drawn_home import add_records, make_home, put_in_charge, set_advisor, set_capacity, set_rule

MONDAY = date(2025, 7, 7)
STUDENTS = range(1, 13)


def attendance(student: int, absent: int) -> list[Record]:
    """Twenty school days before the Monday, the last `absent` of them missed."""
    days = [MONDAY - timedelta(days=n) for n in range(28, 0, -1) if (MONDAY - timedelta(days=n)).weekday() < 5]
    return [
        Record(
            table=ATTENDANCE, student=student, happened_on=day, recorded_at=in_the_evening(day), batch=2, line=line,
            values={"session": "DAY", "status": "A" if line > 20 - absent else "P"},
        )
        for line, day in enumerate(days, start=1)
    ]  # fmt: skip


def news(day: date, clock: str, *, status: str = "A") -> Record:
    """Something about student 1, told at a moment."""
    at = datetime.combine(day, time.fromisoformat(clock), tzinfo=BANGKOK)
    return Record(
        table=ATTENDANCE, student=1, happened_on=MONDAY - timedelta(days=3), recorded_at=at, batch=7, line=1,
        values={"session": "DAY", "status": status},
    )  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Iterator[DataHome]:
    """Student n missed n - 1 of twenty days."""
    records = [*calendar([(2025, 1)]), *roster(STUDENTS, (2025, 1))]
    records += [record for student in STUDENTS for record in attendance(student, student - 1)]
    made = make_home(tmp_path, records)
    set_capacity(made, visits=3, rows=5)
    set_advisor(made, "A")
    yield made
    made.close()


@pytest.fixture
def model() -> RiskModel:
    return one_split("missed_share_28d", above=0.25, calibration=Calibration(slope=1.0, offset=-1.0))


def listed(home: DataHome, monday: date = MONDAY) -> NewPublication:
    return build_list(home, INSTITUTION, monday, actor="test", progress=lambda step, rows: None)


def of(publication: NewPublication, student: int) -> NewEntry:
    return next(entry for entry in publication.entries if entry.number == student)


def in_charge(home: DataHome, folder: Path, model: RiskModel, *, bonus: float = 0.0) -> str:
    write_bundle(folder / "trained", model, complete_card(), "", bonus=bonus)
    digest = keep(folder / "trained", home.models)
    put_in_charge(home, digest)
    return digest


# Purity


def test_the_same_records_give_the_same_list(home: DataHome) -> None:
    assert listed(home).digest() == listed(home).digest()


def test_nothing_is_stored(home: DataHome) -> None:
    listed(home)
    with home.database.read() as session:
        assert lists.current_publication(session, INSTITUTION) is None


@pytest.mark.parametrize("clock", ["00:00", "06:30"])
def test_what_is_told_on_the_monday_or_later_changes_nothing(home: DataHome, clock: str) -> None:
    before = listed(home).digest()
    add_records(home, [news(MONDAY, clock)])
    assert listed(home).digest() == before


def test_what_is_told_in_the_last_minute_of_sunday_counts(home: DataHome) -> None:
    before = listed(home)
    add_records(home, [news(MONDAY - timedelta(days=1), "23:59")])
    after = listed(home)
    assert after.digest() != before.digest()
    assert of(after, 1).ordering > of(before, 1).ordering


def test_the_list_tells_what_it_rests_on(home: DataHome) -> None:
    found = listed(home)
    assert (found.as_of, found.known_until, found.ledger_number) == (MONDAY, start_of(MONDAY), 2)
    assert found.catalogue_fingerprint == FINGERPRINT
    assert (found.capacity.visits_per_week, found.capacity_is_default) == (3, False)


# Days without a list


def test_a_day_that_is_no_monday_is_refused_with_the_monday(home: DataHome) -> None:
    with pytest.raises(ConfigurationGap) as gap:
        listed(home, date(2025, 7, 9))
    assert str(gap.value).startswith("2025-07-09 is no Monday. Weekly lists are as of Monday: take 2025-07-07. · ")


def test_a_week_without_a_teaching_day_is_refused(home: DataHome) -> None:
    with pytest.raises(ConfigurationGap) as gap:
        listed(home, date(2025, 10, 13))
    assert str(gap.value) == (
        "The week of 2025-10-13 has no teaching day in the calendar, so there is no list for it. "
        "If there is teaching, enter the term in the set-up workbook and run `zerodrop init` again. · "
        "สัปดาห์ของวันที่ 13/10/2568 ไม่มีวันเรียนในปฏิทิน จึงไม่มีรายชื่อ "
        "ถ้ามีการเรียน กรอกภาคเรียนในแบบตั้งค่า แล้วสั่ง zerodrop init อีกครั้ง"
    )


def test_a_week_in_which_nobody_is_enrolled_is_refused(home: DataHome) -> None:
    day = date(2025, 6, 20)
    events = [
        Record(table=OUTCOMES, student=n, happened_on=day, recorded_at=in_the_evening(day), batch=8, line=n, values={"event": "LEFT"})
        for n in STUDENTS
    ]  # fmt: skip
    add_records(home, events)
    with pytest.raises(
        ConfigurationGap,
        match=r"on 2025-07-07: everybody on the roster had left, .* · ไม่มีนักเรียนในทะเบียน ณ วันที่ 07/07/2568: ทุกคนในทะเบียนออก",
    ):
        listed(home)


# The absence rule


def test_without_a_model_the_absence_rule_is_listed_without_a_probability(home: DataHome) -> None:
    found = listed(home)
    assert found.model_digest == RULE_LIST
    assert {(entry.logit, entry.probability) for entry in found.entries} == {(None, None)}
    by_rank = sorted(found.entries, key=lambda entry: entry.rank)
    assert [entry.number for entry in by_rank] == list(reversed(STUDENTS))
    assert [entry.band for entry in by_rank] == ["high"] * 3 + ["watch"] * 2 + ["none"] * 7
    assert of(found, 12).reasons[0] == {"feature": "missed_share_28d", "value": 0.55, "contribution": 0.55}
    assert of(found, 1).reasons == []


def test_without_capacity_nobody_is_visited_and_the_default_says_so(tmp_path: Path) -> None:
    records = [*calendar([(2025, 1)]), *roster(STUDENTS, (2025, 1))]
    made = make_home(tmp_path, [*records, *(record for student in STUDENTS for record in attendance(student, 1))])
    found = listed(made)
    assert found.capacity_is_default
    assert {entry.band for entry in found.entries} == {"none"}
    made.close()


def test_must_see_stands_beside_the_list_outside_capacity(home: DataHome) -> None:
    set_capacity(home, visits=0, rows=0)
    set_rule(home, "attendance_share", 0.8)
    found = listed(home)
    assert {entry.band for entry in found.entries} == {"none"}
    past = {entry.number for entry in found.entries if entry.must_see == ["attendance_share"]}
    assert past == {n for n in STUDENTS if (n - 1) / 20 > 0.2}


def test_the_share_is_judged_after_five_days_that_it_is_a_share_of(home: DataHome) -> None:
    """Of the twenty school days all but five, then all but four were closed afterwards."""
    set_rule(home, "attendance_share", 0.8)
    days = [MONDAY - timedelta(days=n) for n in range(28, 0, -1) if (MONDAY - timedelta(days=n)).weekday() < 5]
    told = {"academic_year": 2025, "term": 1, "kind": "CLOSED"}

    def past(closed: list[date], batch: int) -> set[int | None]:
        add_records(home, [
            Record(
                table=CALENDAR, happened_on=day, recorded_at=in_the_evening(MONDAY - timedelta(days=2)), batch=batch,
                line=line, values=told,
            )
            for line, day in enumerate(closed, start=1)
        ])  # fmt: skip
        return {entry.number for entry in listed(home).entries if entry.must_see}

    assert past(days[:15], 8) == {n for n in STUDENTS if n - 1 > 1}  # of the last five days two or more were missed
    assert past(days[15:16], 9) == set()


@pytest.mark.parametrize(("held", "expected"), [(10, ["attendance_share"]), (4, [])])
def test_the_share_is_judged_by_totals_too(tmp_path: Path, held: int, expected: list[str]) -> None:
    """Student 1 is known by the total of June alone, and missed all of it."""
    on = date(2025, 6, 30)
    total = Record(
        table=ATTENDANCE_TOTAL, student=1, happened_on=on, recorded_at=in_the_evening(on), batch=2, line=1,
        values={"from_day": date(2025, 6, 2), "held": held, "present": 0, "absent": held, "leave": 0},
    )  # fmt: skip
    made = make_home(tmp_path, [*calendar([(2025, 1)]), *roster(STUDENTS, (2025, 1)), total])
    set_rule(made, "attendance_share", 0.8)
    assert of(listed(made), 1).must_see == expected
    made.close()


# A model in charge


def test_a_model_gives_probability_and_reasons(home: DataHome, tmp_path: Path, model: RiskModel) -> None:
    digest = in_charge(home, tmp_path, model)
    found = listed(home)
    assert (found.model_digest, found.horizon) == (digest, "days_56")
    assert {entry.logit for entry in found.entries if entry.number > 6} == {0.0}
    assert {entry.logit for entry in found.entries if entry.number <= 6} == {-3.0}
    assert of(found, 12).probability == 0.5
    assert of(found, 12).reasons == [{"feature": "missed_share_28d", "value": 0.55, "contribution": 1.5}]
    assert of(found, 12).domains["attendance"] == 1.5
    assert of(found, 1).reasons == []  # what lowers the risk is no reason


def test_equal_scores_are_ordered_anew_every_week_and_the_same_every_time(
    home: DataHome, tmp_path: Path, model: RiskModel
) -> None:
    in_charge(home, tmp_path, model)
    this, again, other = listed(home), listed(home), listed(home, MONDAY + timedelta(days=7))
    assert [entry.rank for entry in this.entries] == [entry.rank for entry in again.entries]
    assert [entry.rank for entry in this.entries] != [entry.rank for entry in other.entries]


def test_last_weeks_high_stay_by_their_bonus(home: DataHome, tmp_path: Path, model: RiskModel) -> None:
    in_charge(home, tmp_path, model, bonus=4.0)
    before = [replace(entry, band="high" if entry.number <= 3 else "none") for entry in listed(home).entries]
    lists.publish(home.database, replace(listed(home), entries=before))
    found = listed(home, MONDAY + timedelta(days=7))
    high = [entry for entry in found.entries if entry.band == "high"]
    assert [(entry.number, entry.cause, entry.logit, entry.ordering) for entry in high] == [
        (number, "bonus", -3.0, 1.0) for number in (1, 2, 3)
    ]
    assert {entry.cause for entry in found.entries if entry.band == "watch"} == {"rank"}


def test_only_last_weeks_high_get_the_bonus(home: DataHome, tmp_path: Path, model: RiskModel) -> None:
    in_charge(home, tmp_path, model, bonus=4.0)
    before = [replace(entry, band="watch") for entry in listed(home).entries]
    lists.publish(home.database, replace(listed(home), entries=before))
    found = listed(home, MONDAY + timedelta(days=7))
    assert {entry.ordering - (entry.logit or 0.0) for entry in found.entries} == {0.0}


def test_a_model_made_for_another_catalogue_is_refused(home: DataHome, tmp_path: Path, model: RiskModel) -> None:
    digest = in_charge(home, tmp_path, replace(model, catalogue_fingerprint="f" * 64))
    with pytest.raises(ModelRefused) as refused:
        listed(home)
    assert str(refused.value).startswith(f"Model {digest[:12]} was made for another feature catalogue (ffffffffffff, ")


def test_a_promotion_without_its_bundle_is_refused(home: DataHome) -> None:
    put_in_charge(home, "ab" * 32)
    with pytest.raises(ModelRefused, match="There is no model abababababab"):
        listed(home)


def test_going_back_to_the_rule_gives_the_rule_list(home: DataHome, tmp_path: Path, model: RiskModel) -> None:
    rule = listed(home).digest()
    digest = in_charge(home, tmp_path, model)
    assert read_bundle(home.models, digest).model.text == model.text
    put_in_charge(home, RULE_LIST)
    assert listed(home).digest() == rule
