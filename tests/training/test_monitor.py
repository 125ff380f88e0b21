"""Monitoring over a drawn college of three terms: two that teach, one whose lists are watched."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from features.catalogue import FINGERPRINT
from features.cohort import day_number
from models.bundle import keep, write_bundle
from records import ledger
from records.home import DataHome
from records.lists import EVERY_INSTITUTION, RULE_LIST, NewPublication, publish
from records.monitoring import (
    ALERT_OF,
    FEWER_LEAVE,
    INPUTS_MOVED,
    LIST_UNSTEADY,
    MORE_LEAVE,
    MonitoredWeek,
    monitored_weeks,
)
from records.retention import prune
from records.tables import ATTENDANCE, CALENDAR, OUTCOMES, ROSTER_COUNTS
from tests.features.pictures import TERMS, calendar, roster
from tests.features.small_log import INSTITUTION, Record, in_the_evening
from tests.models.cards import complete_card
from tests.models.one_split import one_split
from tests.records.small import publication_of
from tests.training.drawn_home import add_records, make_home
from training.monitor import look_back, monitor, unread_models
from training.monitor_chart import of_group, with_chart

PAST = ((2024, 1), (2024, 2))
WATCHED = (2025, 1)
WEEKS = 14
STUDENTS = 150
TODAY = date(2025, 9, 29)


def leavers(a_week: int) -> list[tuple[int, date]]:
    """One leaves on the Wednesday of each of the first weeks of the past terms, `a_week` in the watched one."""
    days = [
        TERMS[term][0] + timedelta(weeks=week, days=2)
        for term, several in [*((term, 1) for term in PAST), (WATCHED, a_week)]
        for week in range(WEEKS)
        for _ in range(several)
    ]
    return list(enumerate(days, start=1))


def college(folder: Path, a_week: int, *, told_after: int = 9, counted_on: date | None = None) -> DataHome:
    left = leavers(a_week)
    records = calendar([*PAST, WATCHED])
    for term in (*PAST, WATCHED):
        gone = {student for student, day in left if day < TERMS[term][0]}
        records += roster([n for n in range(1, STUDENTS + 1) if n not in gone], term)
        records.append(count(TERMS[term][0] + timedelta(days=1), term))
    records += [count(counted_on, WATCHED)] if counted_on else []
    records += [telling(student, day, told_after) for student, day in left if day + timedelta(told_after) < TODAY]
    return make_home(folder, [replace(one, line=line) for line, one in enumerate(records, start=1)])


def count(day: date, term: tuple[int, int]) -> Record:
    return Record(
        table=ROSTER_COUNTS, happened_on=day, recorded_at=in_the_evening(day), batch=1, line=1,
        values={"academic_year": term[0], "term": term[1]},
    )  # fmt: skip


def telling(student: int, day: date, after: int) -> Record:
    told = in_the_evening(day + timedelta(days=after))
    return Record(
        table=OUTCOMES, student=student, happened_on=day, recorded_at=told, batch=1, line=1, values={"event": "LEFT"}
    )


def publish_lists(home: DataHome, a_week: int, *, high: Mapping[int, Sequence[int]] | None = None) -> None:
    """A list each Monday of the watched term that expects eight leavers in eight weeks; `high` by week, else 149 and 150."""
    digest = model_in(home)
    ids = ledger.student_ids(home.database, INSTITUTION)
    days = dict(leavers(a_week))
    for week in range(WEEKS):
        monday = TERMS[WATCHED][0] + timedelta(weeks=week)
        here = {n: ids[n] for n in range(1, STUDENTS + 1) if days.get(n, TODAY) + timedelta(9) >= monday}
        chosen = (high or {}).get(week, [STUDENTS - 1, STUDENTS])
        publish(home.database, a_list(here, digest, monday, chosen))


def a_list(here: Mapping[int, object], digest: str, monday: date, high: Sequence[int]) -> NewPublication:
    drawn = publication_of(here, code=INSTITUTION, model=digest)  # type: ignore[arg-type]
    entries = [
        replace(entry, probability=8 / len(here), logit=0.0, band="high" if entry.number in high else "none")
        for entry in drawn.entries
    ]
    return replace(drawn, as_of=monday, horizon="days_56", entries=entries)


def model_in(home: DataHome, fingerprint: str = FINGERPRINT) -> str:
    folder = home.settings.home / f"bundle {fingerprint[:4]}"
    model = replace(one_split("missed_share_28d", above=0.25), catalogue_fingerprint=fingerprint)
    write_bundle(folder, model, complete_card(), "card", bonus=0.0)
    return keep(folder, home.models)


def watched(home: DataHome, today: date = TODAY) -> list[MonitoredWeek]:
    return monitor(home, [INSTITUTION], today=today, actor="test")[INSTITUTION]


def test_who_missed_days_that_were_closed_afterwards_was_seen_all_the_same(tmp_path: Path) -> None:
    """Everybody came on the first Monday of the watched term; the register of two closed weeks went on with absences."""
    home = college(tmp_path, a_week=1)
    publish_lists(home, 1)
    opens = TERMS[WATCHED][0]
    flood = [day for n in range(1, 14) if (day := opens + timedelta(days=n)).weekday() < 5]
    marks = [(opens, "P"), *((day, "A") for day in flood)]
    records = [
        Record(
            table=ATTENDANCE, student=student, happened_on=day, recorded_at=in_the_evening(day), batch=4, line=1,
            values={"session": "DAY", "status": status},
        )
        for student in range(1, STUDENTS + 1) for day, status in marks
    ]  # fmt: skip
    add_records(home, [replace(one, line=line) for line, one in enumerate(records, start=1)])
    second = opens + timedelta(weeks=2)
    assert mass_on(home, second) == 0
    closed = [
        Record(
            table=CALENDAR, happened_on=day, recorded_at=in_the_evening(second - timedelta(days=2)), batch=5, line=line,
            values={"academic_year": WATCHED[0], "term": WATCHED[1], "kind": "CLOSED"},
        )
        for line, day in enumerate(flood, start=1)
    ]  # fmt: skip
    add_records(home, closed)
    assert mass_on(home, second) > 7
    home.close()


def mass_on(home: DataHome, monday: date) -> float:
    """The leavers that the list of a day leads to expect among who was seen."""
    found = look_back(home, INSTITUTION, TODAY, "test", lambda step, rows: None)
    assert found is not None
    [mass] = [one.mass for one in found.charted if one.monday == day_number(monday)]
    return mass


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataHome]:
    home = college(tmp_path_factory.mktemp("right"), a_week=1)
    publish_lists(home, 1)
    yield home
    home.close()


@pytest.fixture(scope="module")
def worse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataHome]:
    home = college(tmp_path_factory.mktemp("worse"), a_week=4)
    publish_lists(home, 4)
    yield home
    home.close()


def test_a_model_that_is_right_raises_no_alert(right: DataHome) -> None:
    weeks = watched(right)
    assert len(weeks) == WEEKS
    assert [week.alerts for week in weeks] == [[]] * WEEKS
    charted = [week for week in weeks if week.expected is not None]
    assert sum(week.observed or 0 for week in charted) == pytest.approx(
        sum(week.expected or 0 for week in charted), rel=0.25
    )


def test_lists_are_charted_by_their_own_horizon_whatever_list_came_before(tmp_path: Path) -> None:
    """The first is the absence rule's, without probabilities; the others rightly expect one leaver a week for four weeks."""
    home = college(tmp_path, a_week=1)
    publish_lists(home, 1)
    digest, ids, days = model_in(home), ledger.student_ids(home.database, INSTITUTION), dict(leavers(1))
    for week in range(WEEKS):
        monday = TERMS[WATCHED][0] + timedelta(weeks=week)
        here = {n: ids[n] for n in range(1, STUDENTS + 1) if days.get(n, TODAY) + timedelta(9) >= monday}
        drawn = a_list(here, digest if week else RULE_LIST, monday, [STUDENTS - 1, STUDENTS])
        within = min(4, WEEKS - week) / len(here) if week else None
        entries = [replace(entry, probability=within, logit=within and 0.0) for entry in drawn.entries]
        publish(home.database, replace(drawn, horizon="days_28" if week else "days_56", entries=entries))
    weeks = [week for week in watched(home) if week.expected is not None]
    assert sum(week.observed or 0 for week in weeks) == 11
    assert sum(week.expected or 0 for week in weeks) == pytest.approx(11, rel=0.15)
    home.close()


def test_the_news_of_a_week_is_what_was_told_by_its_monday(right: DataHome) -> None:
    """Who leaves on a Wednesday is told on Friday of the next week: known on the second Monday after, not before."""
    weeks = watched(right)
    assert [week.observed for week in weeks[1:4]] == [0, 1, 1]


def test_four_times_as_many_leavers_are_an_alert(worse: DataHome) -> None:
    weeks = watched(worse)
    alarmed = [week.as_of for week in weeks if MORE_LEAVE in week.alerts]
    assert alarmed
    assert alarmed[0] <= TERMS[WATCHED][0] + timedelta(weeks=8)
    assert not any(FEWER_LEAVE in week.alerts for week in weeks)


def test_a_later_week_rewrites_no_earlier_point(worse: DataHome) -> None:
    early, late = watched(worse, date(2025, 7, 14)), watched(worse)
    named = ("as_of", "expected", "observed", "up", "down", "threshold", "alerts")
    assert len(early) == 9
    assert [[getattr(week, name) for name in named] for week in early] == [
        [getattr(week, name) for name in named] for week in late[: len(early)]
    ]


def test_what_is_stored_is_what_was_found_and_is_made_anew(worse: DataHome) -> None:
    watched(worse, date(2025, 7, 14))
    found = watched(worse)
    with worse.database.read() as session:
        assert monitored_weeks(session, INSTITUTION) == found


def test_weeks_whose_scores_were_deleted_stay_as_they_were_found(tmp_path: Path) -> None:
    home = college(tmp_path, a_week=4, counted_on=date(2025, 9, 15))
    publish_lists(home, 4)
    before = watched(home)
    after_the_fifth = datetime.combine(TERMS[WATCHED][0] + timedelta(weeks=4, days=141), time(12), UTC)
    prune(home, now=after_the_fifth, dry_run=False)
    after = watched(home)
    with home.database.read() as session:
        assert monitored_weeks(session, INSTITUTION) == after
    assert [week for week in after if week.as_of <= TERMS[WATCHED][0] + timedelta(weeks=4)] == before[:5]
    assert before[0].settled_expected == 8.0
    assert [week.as_of for week in after if week.students] == [week.as_of for week in before if week.students]
    assert all(week.expected is not None for week in after[6:WEEKS])
    home.close()


def test_settled_weeks_compare_whole_horizons(tmp_path: Path) -> None:
    home = college(tmp_path, a_week=2, counted_on=date(2025, 9, 15))
    publish_lists(home, 2)
    weeks = watched(home)
    settled = [week.as_of for week in weeks if week.settled_observed is not None]
    assert settled == [week.as_of for week in weeks if week.as_of + timedelta(56) <= date(2025, 9, 15)]
    # Eight weeks with two leavers each; the list of the first Monday said eight, and nobody on it had gone.
    assert (weeks[0].settled_expected, weeks[0].settled_observed) == (8.0, 16)
    # On a later list stand two who had gone without anybody knowing: they are counted on neither side.
    assert weeks[3].settled_expected == pytest.approx(8 - 2 * 8 / weeks[3].students, abs=0.001)
    home.close()


def test_a_week_that_was_closed_after_its_list_is_shown_and_not_charted(tmp_path: Path) -> None:
    """On the evening of the sixth list the college closes for the week: nobody had to leave or stay in it."""
    home = college(tmp_path, a_week=1)
    publish_lists(home, 1)
    before, closed = watched(home), TERMS[WATCHED][0] + timedelta(weeks=5)
    add_records(home, [holiday(closed, closed + timedelta(days=number)) for number in range(5)])
    weeks = watched(home)
    assert [week.as_of for week in weeks] == [week.as_of for week in before]
    assert [week.alerts for week in weeks] == [[]] * WEEKS
    assert (weeks[5].students, weeks[5].completeness) == (before[5].students, before[5].completeness)
    assert (weeks[5].expected, weeks[5].observed) == (before[5].expected, before[5].observed)  # of the weeks before it
    told = [sum(week.observed or 0 for week in some) for some in (before, weeks)]
    due = [sum(week.expected or 0 for week in some) for some in (before, weeks)]
    assert told[0] - told[1] == 1  # who left that week is on no side
    assert due[1] < due[0]
    home.close()


def holiday(told: date, day: date) -> Record:
    return Record(
        table=CALENDAR, happened_on=day, recorded_at=in_the_evening(told), batch=50, line=day.day,
        values={"academic_year": WATCHED[0], "term": WATCHED[1], "kind": "HOLIDAY"},
    )  # fmt: skip


def test_a_list_on_which_nobody_is_left_stops_nothing(tmp_path: Path) -> None:
    """Erasures took everybody off one; of another Monday nobody is enrolled any more."""
    home = college(tmp_path, a_week=1)
    publish_lists(home, 1)
    digest, opens = model_in(home), TERMS[WATCHED][0]
    empty = a_list({1: ledger.student_ids(home.database, INSTITUTION)[1]}, digest, opens, [])
    publish(home.database, replace(empty, entries=[]))
    publish(home.database, replace(empty, as_of=opens - timedelta(weeks=200), entries=[]))
    weeks = watched(home)
    assert [week.as_of for week in weeks] == [opens + timedelta(weeks=number) for number in range(WEEKS)]
    assert weeks[0].students == 0
    assert weeks[1].expected is None  # the chart begins with the first list of somebody
    home.close()


def test_lists_of_a_model_of_another_catalogue_are_monitored_without_drift(tmp_path: Path) -> None:
    home = college(tmp_path, a_week=1)
    publish_lists(home, 1)
    before, older = watched(home), model_in(home, fingerprint="0" * 64)
    ids = ledger.student_ids(home.database, INSTITUTION)
    for week in range(5):
        publish(home.database, a_list(ids, older, TERMS[WATCHED][0] + timedelta(weeks=week), [STUDENTS - 1, STUDENTS]))
    found = monitor(home, [INSTITUTION], today=TODAY, actor="test")
    weeks = found[INSTITUTION]
    assert [week.drift for week in weeks] == [None] * 5 + [week.drift for week in before[5:]]
    assert all(week.drift is not None for week in before)
    assert all(week.expected is not None for week in weeks[1:])
    assert unread_models(home, found) == [older]
    assert unread_models(home, {INSTITUTION: before}) == []
    home.close()


def test_colleges_together_are_charted_as_one(worse: DataHome) -> None:
    one = look_back(worse, INSTITUTION, TODAY, "test", lambda step, rows: None)
    assert one is not None
    alone = with_chart(one.weeks, [one], TODAY)
    both = with_chart(of_group([one.weeks, one.weeks]), [one, one], TODAY)
    assert {week.institution for week in both} == {EVERY_INSTITUTION}
    doubled = {week.as_of: (2 * week.students, week.observed and 2 * week.observed) for week in alone}
    assert all((week.students, week.observed) == doubled[week.as_of] for week in both if week.as_of in doubled)
    first_alone, first_both = (
        next(week.as_of for week in weeks if MORE_LEAVE in week.alerts) for weeks in (alone, both)
    )
    assert first_both < first_alone


def test_without_closed_terms_there_is_no_chart(tmp_path: Path) -> None:
    term = [telling(1, TERMS[WATCHED][0] + timedelta(days=9), 3), count(TERMS[WATCHED][0], WATCHED)]
    home = make_home(tmp_path, [*calendar([WATCHED]), *roster(range(1, STUDENTS + 1), WATCHED), *term])
    publish_lists(home, 1)
    weeks = watched(home)
    assert {week.expected for week in weeks} == {None}
    assert not any({MORE_LEAVE, FEWER_LEAVE} & set(week.alerts) for week in weeks)
    home.close()


def test_a_list_that_changes_every_week_is_unsteady(tmp_path: Path) -> None:
    home = college(tmp_path, a_week=1)
    publish_lists(home, 1, high={week: [60 + 2 * week, 61 + 2 * week] for week in range(WEEKS)})
    weeks = watched(home)
    assert weeks[1].staying == 0
    assert [LIST_UNSTEADY in week.alerts for week in weeks[:9]] == [False] * 7 + [True] * 2
    home.close()


def test_nothing_published_is_nothing_watched(tmp_path: Path) -> None:
    home = make_home(tmp_path, [*calendar([WATCHED]), *roster([1, 2], WATCHED)])
    assert monitor(home, [INSTITUTION], today=TODAY, actor="test") == {}
    home.close()


def test_every_alert_says_what_it_means_and_what_to_do() -> None:
    for alert in ALERT_OF.values():
        for text in (alert.means, alert.what_to_do):
            assert any("ก" <= letter <= "๙" for letter in text.th)
            assert text.en.endswith(".")
    assert INPUTS_MOVED in ALERT_OF
    assert EVERY_INSTITUTION not in ALERT_OF
