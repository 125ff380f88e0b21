"""The calendar of the set-up workbook as records: known before its term, corrected later, days that left it withdrawn."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from records import codes, ledger
from records.clock import start_of
from records.college import College, Holiday, TermDates
from records.home import DataHome
from records.intake.importing import ImportRequest, import_file
from records.setup import apply_college
from records.setup_records import calendar_rows, import_calendar
from records.tables import CALENDAR
from records.versions import latest
from tests.records.small import CODE, log_of
from tests.records.test_records_setup import COLLEGE


def kinds(home: DataHome) -> dict[date, str]:
    rows = latest(CALENDAR, log_of(home).rows(CALENDAR)).to_pylist()
    return {row["happened_on"]: codes.DAY_KINDS.values[row["kind"]] for row in rows}


def test_the_calendar_has_weekdays_and_marked_days() -> None:
    rows = calendar_rows(COLLEGE)
    assert [day.day for _, _, day, _ in rows] == [19, 20, 21, 22, 23, 24, 26, 27, 28, 29, 30]
    assert {day.day: kind for _, _, day, kind in rows if day.day in (20, 21, 24)} == {
        20: "TEACH",
        21: "HOLIDAY",
        24: "TEACH",
    }


def test_the_first_calendar_was_known_a_month_before_its_term(home: DataHome) -> None:
    apply_college(home, COLLEGE)
    import_calendar(home, COLLEGE)
    moments = set(log_of(home).rows(CALENDAR).column("recorded_at").to_pylist())
    assert moments == {start_of(date(2025, 4, 19))}
    assert len(kinds(home)) == 11
    assert ledger.first_operational(home.database, CODE) is None


def test_a_holiday_corrected_later_is_news_of_that_day(home: DataHome) -> None:
    apply_college(home, COLLEGE)
    import_calendar(home, COLLEGE)
    began = datetime.now(start_of(date(2025, 1, 1)).tzinfo)
    moved = (Holiday(day=date(2025, 5, 22), name="วันวิสาขบูชา"), COLLEGE.holidays[1])
    import_calendar(home, replace(COLLEGE, holidays=moved))
    assert {day.day: kind for day, kind in kinds(home).items() if day.day in (21, 22)} == {21: "TEACH", 22: "HOLIDAY"}
    rows = log_of(home).rows(CALENDAR).to_pylist()
    assert len(rows) == 11 + 2
    late = [row for row in rows if row["recorded_at"] > start_of(date(2025, 4, 19))]
    assert {row["happened_on"].day for row in late} == {21, 22}
    assert all(row["recorded_at"].timestamp() >= int(began.timestamp()) for row in late)


def test_a_holiday_moved_there_and_back_is_where_it_was(home: DataHome) -> None:
    apply_college(home, COLLEGE)
    first = kinds_after(home, COLLEGE)
    moved = replace(COLLEGE, holidays=(Holiday(day=date(2025, 5, 22), name="วันวิสาขบูชา"), COLLEGE.holidays[1]))
    assert kinds_after(home, moved) != first
    assert kinds_after(home, COLLEGE) == first


def test_a_day_that_a_file_closed_stays_closed_until_the_workbook_tells_something_new_of_it(
    home: DataHome, tmp_path: Path
) -> None:
    apply_college(home, COLLEGE)
    assert import_calendar(home, COLLEGE).changed == []
    flood = tmp_path / "calendar.csv"
    flood.write_text("ปีการศึกษา,ภาคเรียน,วันที่,ประเภทวัน\n2568,1,27/05/2568,ปิดเรียนเหตุพิเศษ\n", encoding="utf-8")
    import_file(home, ImportRequest(path=flood, institution=CODE, table="calendar"))
    day = date(2025, 5, 27)
    unchanged = import_calendar(home, COLLEGE)
    assert (unchanged.changed, unchanged.kept, kinds(home)[day]) == ([], [day], "CLOSED")
    another = replace(COLLEGE, holidays=(*COLLEGE.holidays, Holiday(day=date(2025, 5, 28), name="วันหยุด")))
    elsewhere = import_calendar(home, another)
    assert (elsewhere.changed, elsewhere.kept, kinds(home)[day]) == ([date(2025, 5, 28)], [day], "CLOSED")
    mended = replace(COLLEGE, holidays=(*another.holidays, Holiday(day=day, name="วันหยุด")))
    changed = import_calendar(home, mended)
    assert (changed.changed, changed.kept, kinds(home)[day]) == ([day], [], "HOLIDAY")


def with_term(opens_on: date, closes_on: date, *, term: int = 1) -> College:
    dates = TermDates(academic_year=2025, term=term, opens_on=opens_on, closes_on=closes_on)
    return replace(COLLEGE, terms=(dates,), holidays=COLLEGE.holidays[1:])


def test_the_days_before_an_opening_that_was_put_off_are_withdrawn(home: DataHome) -> None:
    apply_college(home, COLLEGE)
    import_calendar(home, COLLEGE)
    later = with_term(date(2025, 5, 26), date(2025, 6, 3))
    change = import_calendar(home, replace(later, holidays=()))
    assert [day.day for day in change.withdrawn] == [19, 20, 21, 22, 23, 24]
    assert sorted(kinds(home)) == [date(2025, 5, day) for day in range(26, 31)] + [date(2025, 6, 2), date(2025, 6, 3)]
    assert import_calendar(home, replace(later, holidays=())).withdrawn == []


def test_until_the_correction_was_known_the_term_was_as_first_told(home: DataHome) -> None:
    apply_college(home, COLLEGE)
    import_calendar(home, COLLEGE)
    before = log_of(home).rows(CALENDAR)
    import_calendar(home, with_term(date(2025, 5, 26), date(2025, 6, 3)))
    assert log_of(home).rows(CALENDAR, until=start_of(date(2025, 4, 20))).equals(before)
    later = log_of(home).rows(CALENDAR).to_pylist()[before.num_rows :]
    told_before = {row["happened_on"] for row in later if row["recorded_at"] == start_of(date(2025, 4, 26))}
    assert told_before == {date(2025, 6, 2), date(2025, 6, 3)}, "days that were added before operation began"
    withdrawn = {row["recorded_at"] > start_of(date(2025, 6, 3)) for row in later if row["retracted"]}
    assert withdrawn == {True}


def test_a_term_that_was_moved_as_a_whole_is_told_from_today(home: DataHome) -> None:
    apply_college(home, COLLEGE)
    import_calendar(home, COLLEGE)
    for opens_on in (date(2025, 4, 7), date(2025, 7, 7)):
        moved = with_term(opens_on, opens_on + timedelta(days=4))
        assert import_calendar(home, moved).withdrawn
        assert sorted(kinds(home)) == [opens_on + timedelta(days=offset) for offset in range(5)]
        assert import_calendar(home, moved).withdrawn == []


def test_one_of_two_terms_that_was_moved_as_a_whole_is_told_from_today(home: DataHome) -> None:
    first = with_term(date(2025, 5, 19), date(2025, 5, 30))
    second = with_term(date(2025, 10, 27), date(2025, 11, 7), term=2)
    both = replace(first, terms=(*first.terms, *second.terms), holidays=())
    apply_college(home, both)
    import_calendar(home, both)
    told = log_of(home).rows(CALENDAR).num_rows
    moved = with_term(date(2025, 12, 1), date(2025, 12, 12), term=2)
    assert len(import_calendar(home, replace(both, terms=(*first.terms, *moved.terms))).withdrawn) == 10
    news = log_of(home).rows(CALENDAR).to_pylist()[told:]
    assert len(news) == 10 + 10
    assert min(row["recorded_at"] for row in news) > start_of(date(2026, 1, 1))


def test_a_term_that_closes_earlier_loses_only_its_last_days(home: DataHome) -> None:
    apply_college(home, COLLEGE)
    import_calendar(home, COLLEGE)
    shorter = replace(COLLEGE, terms=(replace(COLLEGE.terms[0], closes_on=date(2025, 5, 28)),))
    assert [day.day for day in import_calendar(home, shorter).withdrawn] == [29, 30]
    assert kinds_after(home, COLLEGE)[date(2025, 5, 30)] == "TEACH"


def test_a_term_told_under_another_number_is_replaced_and_one_elsewhere_stays(home: DataHome) -> None:
    apply_college(home, COLLEGE)
    import_calendar(home, COLLEGE)
    far = with_term(date(2099, 5, 18), date(2099, 5, 22), term=3)
    assert import_calendar(home, replace(far, holidays=())).left_out == []  # the first one is over
    change = import_calendar(home, with_term(date(2025, 5, 19), date(2025, 5, 30), term=2))
    assert len(change.withdrawn) == 11
    assert [term.label for term in change.left_out] == ["3/2568"]
    rows = latest(CALENDAR, log_of(home).rows(CALENDAR)).to_pylist()
    assert {(row["term"], row["happened_on"].year) for row in rows} == {(2, 2025), (3, 2099)}


def test_a_summer_term_that_the_workbook_does_not_have_keeps_the_days_that_overlap_with_the_next(
    home: DataHome,
) -> None:
    summer = with_term(date(2025, 3, 31), date(2025, 5, 23), term=3)
    apply_college(home, summer)
    import_calendar(home, summer)
    change = import_calendar(home, with_term(date(2025, 5, 19), date(2025, 10, 3)))
    assert (change.withdrawn, change.left_out) == ([], [])
    days = [row["happened_on"] for row in latest(CALENDAR, log_of(home).rows(CALENDAR)).to_pylist() if row["term"] == 3]
    assert (min(days), max(days)) == (date(2025, 3, 31), date(2025, 5, 23))


def test_a_term_under_a_wrong_number_goes_as_a_whole_when_its_dates_are_mended_with_it(home: DataHome) -> None:
    wrong = with_term(date(2025, 5, 19), date(2025, 6, 20), term=2)
    apply_college(home, wrong)
    import_calendar(home, wrong)
    assert len(import_calendar(home, with_term(date(2025, 5, 26), date(2025, 6, 27))).withdrawn) == 26
    assert min(kinds(home)) == date(2025, 5, 26)


def kinds_after(home: DataHome, college: College) -> dict[date, str]:
    import_calendar(home, college)
    return kinds(home)
