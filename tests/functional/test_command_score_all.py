"""The weekly run of all institutions: what is due once and once only, whatever fails, is killed or runs twice."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from multiprocessing import get_context
from pathlib import Path
from unittest import mock

import pytest
from sqlalchemy import select

from models.bundle import digest_of
from models.risk_model import Calibration
from records import ledger, lists
from records.audit import AuditRow
from records.clock import start_of
from records.college import Institution
from records.home import DataHome
from records.ledger import Placement, student_ids
from records.lists import PublicationRow
from serving.scoring import Outcome, Task, Week, _answer, score_all
from tests.features.pictures import calendar, roster
from tests.features.small_log import INSTITUTION, Record, in_the_evening
from tests.functional.command_fixtures import GAP, USAGE, Said, call, run
from tests.models.one_split import one_split
from tests.training.drawn_home import add_records, make_home, put_in_charge, set_advisor, set_capacity
from tests.training.test_weekly_list import MONDAY, STUDENTS, attendance, in_charge, news

OTHER = "T2"
TODAY = MONDAY + timedelta(days=1)
WEEK = timedelta(days=7)
LAST = date(2025, 9, 29)  # the last teaching Monday of the drawn term


def records() -> list[Record]:
    told = [*calendar([(2025, 1)]), *roster(STUDENTS, (2025, 1))]
    return [*told, *(record for student in STUDENTS for record in attendance(student, student - 1))]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[DataHome]:
    made = make_home(tmp_path, records())
    set_capacity(made, visits=3, rows=5)
    set_advisor(made, "A")
    yield made
    made.close()


@pytest.fixture
def two(home: DataHome) -> DataHome:
    """A second institution with the same records."""
    ledger.add_institution(home.database, Institution(code=OTHER, name_th="วิทยาลัยที่สอง", name_en="Second"))
    placed = [
        Placement(number=number, student_id=student, class_group="A")
        for number, student in student_ids(home.database, INSTITUTION).items()
    ]
    with (
        mock.patch("tests.features.small_log.INSTITUTION", OTHER),
        mock.patch("tests.training.drawn_home.INSTITUTION", OTHER),
    ):
        add_records(home, records(), placements=placed)
    return home


def scored(home: DataHome, today: date = TODAY, *, catch_up: int = 4, workers: int = 1) -> list[Week]:
    return score_all(
        home, today=today, catch_up=catch_up, workers=workers, actor="test", progress=lambda step, rows: None
    )


def told(weeks: list[Week]) -> list[tuple[date | None, Outcome]]:
    return [(week.as_of, week.outcome) for week in weeks]


def published(home: DataHome, institution: str = INSTITUTION) -> list[tuple[date, str]]:
    with home.database.read() as session:
        rows = session.scalars(select(PublicationRow).where(PublicationRow.institution == institution))
        return sorted((row.as_of, row.status) for row in rows)


def logs_opened(home: DataHome) -> int:
    with home.database.read() as session:
        return len(session.scalars(select(AuditRow).where(AuditRow.action == "open log")).all())


# What is due


def test_the_newest_week_is_published_once(home: DataHome) -> None:
    (week,) = scored(home)
    assert (week.institution, week.as_of, week.outcome) == (INSTITUTION, MONDAY, Outcome.PUBLISHED)
    assert (week.model, week.students, week.high, week.watch) == ("absence_rule", 12, 3, 2)
    opened = logs_opened(home)
    assert told(scored(home, TODAY + timedelta(days=3))) == [(MONDAY, Outcome.SAME)]
    assert logs_opened(home) == opened, "a week that is published from the same records is not scored again"
    assert published(home) == [(MONDAY, "current")]


def test_a_machine_that_was_off_on_monday_runs_once_when_it_is_on_again(home: DataHome) -> None:
    scored(home)
    later = TODAY + 3 * WEEK
    weeks = [MONDAY + n * WEEK for n in (1, 2, 3)]
    assert told(scored(home, later)) == [(week, Outcome.PUBLISHED) for week in weeks]
    assert told(scored(home, later)) == [(weeks[-1], Outcome.SAME)]
    assert published(home) == [(week, "current") for week in (MONDAY, *weeks)]


def test_weeks_missed_too_long_ago_are_told_and_left(home: DataHome) -> None:
    scored(home)
    found = told(scored(home, TODAY + 3 * WEEK, catch_up=1))
    assert found == [
        (MONDAY + WEEK, Outcome.TOO_OLD), (MONDAY + 2 * WEEK, Outcome.PUBLISHED), (MONDAY + 3 * WEEK, Outcome.PUBLISHED)
    ]  # fmt: skip


def test_in_the_holidays_the_last_teaching_week_stays(home: DataHome) -> None:
    assert told(scored(home, date(2025, 10, 15))) == [(LAST, Outcome.PUBLISHED)]
    assert told(scored(home, date(2025, 10, 22))) == [(LAST, Outcome.SAME)]


def test_an_institution_without_terms_has_nothing_due(home: DataHome) -> None:
    ledger.add_institution(home.database, Institution(code="T0", name_th="ใหม่", name_en="New"))
    assert [(week.institution, week.outcome) for week in scored(home)] == [
        ("T0", Outcome.NOTHING_DUE), (INSTITUTION, Outcome.PUBLISHED)
    ]  # fmt: skip


# What there is to score again


def test_late_records_supersede_the_list_and_it_tells_what_it_knew(home: DataHome) -> None:
    scored(home)
    add_records(home, [news(MONDAY - timedelta(days=1), "23:59")])
    (week,) = scored(home)
    assert (week.as_of, week.outcome) == (MONDAY, Outcome.PUBLISHED)
    assert published(home) == [(MONDAY, "current"), (MONDAY, "superseded")]
    with home.database.read() as session:
        held = lists.current_of_week(session, INSTITUTION, MONDAY)
        numbers = sorted(session.scalars(select(PublicationRow.ledger_number)))
    assert held is not None
    assert (held.ledger_number, held.known_until) == (numbers[-1], start_of(MONDAY))
    assert numbers[0] < numbers[-1]


def test_records_that_change_nothing_are_looked_at_once(home: DataHome) -> None:
    scored(home)
    add_records(home, [news(MONDAY, "09:00")])
    opened = logs_opened(home)
    assert told(scored(home)) == [(MONDAY, Outcome.SAME)]
    assert logs_opened(home) == opened + 2
    assert told(scored(home)) == [(MONDAY, Outcome.SAME)]
    assert logs_opened(home) == opened + 2


def test_another_capacity_makes_another_list(home: DataHome) -> None:
    scored(home)
    set_capacity(home, visits=4, rows=5)
    assert told(scored(home)) == [(MONDAY, Outcome.PUBLISHED)]


def test_a_list_that_a_person_put_back_stays_until_there_is_something_new(home: DataHome) -> None:
    (first,) = scored(home)
    set_capacity(home, visits=4, rows=5)
    scored(home)
    assert first.publication is not None
    lists.restore(home.database, first.publication, actor="ครูหัวหน้า")
    (kept,) = scored(home)
    assert (kept.outcome, kept.publication) == (Outcome.PUT_BACK, first.publication)
    add_records(home, [news(MONDAY - timedelta(days=1), "23:59")])
    assert told(scored(home)) == [(MONDAY, Outcome.PUBLISHED)]


# What fails


def break_manifest(folder: Path) -> None:
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text()[:40])


def truncate_model(folder: Path) -> None:
    model = folder / "model.txt"
    model.write_bytes(model.read_bytes()[:100])


def empty_folder(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (break_manifest, "its manifest was changed after signing"),
        (truncate_model, "model.txt is missing or was changed after signing"),
        (empty_folder, "There is no model"),
    ],
)
def test_a_damaged_model_leaves_the_list_before_and_the_other_institution_goes_on(
    two: DataHome, tmp_path: Path, damage: object, sentence: str
) -> None:
    model = one_split("missed_share_28d", above=0.25, calibration=Calibration(slope=1.0, offset=-1.0))
    digest = in_charge(two, tmp_path, model)
    scored(two)
    assert callable(damage)
    damage(two.models / digest)
    found = scored(two, TODAY + 2 * WEEK)
    assert [(week.institution, week.as_of, week.outcome) for week in found] == [
        (INSTITUTION, MONDAY + WEEK, Outcome.FAILED),  # and no later one, which would build on it
        (OTHER, MONDAY + WEEK, Outcome.PUBLISHED),
        (OTHER, MONDAY + 2 * WEEK, Outcome.PUBLISHED),
    ]
    assert sentence in found[0].sentence
    assert published(two) == [(MONDAY, "current")]


def test_a_model_of_a_newer_release_leaves_the_list_before(home: DataHome, tmp_path: Path) -> None:
    scored(home)
    model = one_split("missed_share_28d", above=0.25, calibration=Calibration(slope=1.0, offset=-1.0))
    folder = home.models / in_charge(home, tmp_path, model)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"schema_version": 99}))
    digest = digest_of(folder)
    folder.rename(home.models / digest)
    put_in_charge(home, digest)
    (week,) = scored(home)
    assert week.outcome == Outcome.FAILED
    assert week.sentence == (
        f"Model {digest[:12]} was written by a newer zerodrop. Update this one first. · "
        f"แบบจำลอง {digest[:12]} มาจาก zerodrop รุ่นใหม่กว่า ปรับรุ่นของเครื่องนี้ก่อน"
    )
    assert published(home) == [(MONDAY, "current")]


def test_a_gap_of_a_missed_week_does_not_hold_up_the_next(tmp_path: Path) -> None:
    """The first roster comes in on a Wednesday: that Monday nobody was known to be enrolled."""
    told_on = in_the_evening(date(2025, 5, 21))
    late = [replace(record, recorded_at=told_on) for record in roster(STUDENTS, (2025, 1))]
    home = make_home(tmp_path, [*calendar([(2025, 1)]), *late])
    with home.database.write() as session:
        session.add(an_old_list())
    gap, newest = scored(home, date(2025, 5, 27))
    assert (gap.as_of, gap.outcome) == (date(2025, 5, 19), Outcome.FAILED)
    assert gap.sentence.startswith("Nobody is enrolled on 2025-05-19")
    assert (newest.as_of, newest.outcome) == (date(2025, 5, 26), Outcome.PUBLISHED)
    home.close()


def an_old_list() -> PublicationRow:
    return PublicationRow(
        institution=INSTITUTION, as_of=date(2025, 3, 3), status="current", digest="0", model_digest="absence_rule",
        catalogue_fingerprint="0", horizon="days_56", known_until=start_of(date(2025, 3, 3)), ledger_number=0,
        visits_per_week=0, rows_per_advisor=5, capacity_is_default=True, band_rates=[], rates_term="",
        published_at=start_of(date(2025, 3, 3)),
    )  # fmt: skip


def test_what_nobody_foresaw_is_told_by_its_place_and_not_by_its_words(two: DataHome) -> None:
    with mock.patch("serving.scoring.run_week", side_effect=RuntimeError("สมชาย ใจดี")):
        found = scored(two)
    assert [week.outcome for week in found] == [Outcome.FAILED, Outcome.FAILED]
    assert "RuntimeError" in found[0].sentence
    assert "สมชาย" not in found[0].sentence


def test_a_worker_that_is_killed_is_a_failure_of_its_institution(home: DataHome) -> None:
    task = Task(settings=home.settings, institution=INSTITUTION, today=TODAY, catch_up=4, actor="test")
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        (week,) = _answer(task, pool.submit(os._exit, 1))  # type: ignore[arg-type]
    assert (week.institution, week.outcome) == (INSTITUTION, Outcome.FAILED)
    assert week.sentence.startswith("A process of this run was ended from outside")


# By the real command: killed, twice at once, in several processes

_DIES_AT_THE_SECOND = """
import os, signal
import serving.scoring as scoring
whole, turns = scoring.run_week, []
def dying(*words, **more):
    turns.append(1)
    if len(turns) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return whole(*words, **more)
scoring.run_week = dying
"""


def by_command(home: DataHome, *words: str, code: str = "") -> Said:
    return run("score", "--all", "--json", *words, "--home", home.settings.home, code=code)


def outcomes(said: Said) -> list[tuple[str, str, str]]:
    return [(week["institution"], week["as_of"], week["outcome"]) for week in json.loads(said.out)]


def test_a_killed_run_is_finished_by_the_next(two: DataHome) -> None:
    assert by_command(two, code=_DIES_AT_THE_SECOND).code < 0
    assert (published(two), published(two, OTHER)) == ([(LAST, "current")], [])
    said = by_command(two)
    assert said.code == 0, said.err
    assert outcomes(said) == [(INSTITUTION, str(LAST), "same"), (OTHER, str(LAST), "published")]
    assert (published(two), published(two, OTHER)) == ([(LAST, "current")], [(LAST, "current")])


def test_two_runs_at_once_leave_one_list_each(two: DataHome) -> None:
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda workers: by_command(two, "--workers", workers), ["1", "2"]))
    assert [said.code for said in both] == [0, 0], [said.err for said in both]
    counted = Counter(outcome for said in both for _, _, outcome in outcomes(said))
    assert counted == {"published": 2, "same": 2}
    assert (published(two), published(two, OTHER)) == ([(LAST, "current")], [(LAST, "current")])


def test_the_command_tells_a_table_and_ends_with_one_when_somebody_failed(two: DataHome) -> None:
    put_in_charge(two, "ab" * 32)
    said = call("score", "--all", "--home", two.settings.home)
    assert said.code == 1
    lines = said.out.splitlines()
    assert lines[0].startswith("สถานศึกษา · institution  สัปดาห์ · week")
    assert "failed, the list before stays" in lines[1]
    assert "29/09/2568 · 2025-09-29" in lines[2]
    assert "เผยแพร่แล้ว · published" in lines[2]
    assert lines[3].startswith(f"{INSTITUTION}: There is no model abababababab")


@pytest.mark.parametrize(
    "words", [(), ("--all", "--as-of", "2025-07-07"), ("--all", "--force"), ("--all", "--institution", "T1")]
)
def test_what_does_not_go_together_is_refused(home: DataHome, words: tuple[str, ...]) -> None:
    assert call("score", *words, "--home", home.settings.home).code == USAGE


@pytest.mark.parametrize("day", ["2568-07-07", "2999-01-05"])
def test_a_mistyped_year_is_refused_before_anything_is_read(home: DataHome, day: str) -> None:
    said = call("score", "--as-of", day, "--home", home.settings.home)
    assert said.code == USAGE
    assert "looks like a Buddhist year" in said.err
    assert "น่าจะเป็นปี พ.ศ." in said.err


def test_a_home_without_institutions_is_a_gap(tmp_path: Path) -> None:
    from records.home import create_home
    from records.settings import Settings

    create_home(Settings(home=tmp_path / "empty")).close()
    said = call("score", "--all", "--home", tmp_path / "empty")
    assert said.code == GAP
    assert "There is no institution yet" in said.err


# The published lists


def test_the_lists_are_shown_and_an_older_one_is_put_back(home: DataHome) -> None:
    place = ("--home", home.settings.home)
    assert "no list was published yet" in call("lists", "show", *place).out
    first = call("score", "--as-of", str(MONDAY), "--json", *place).document["publication"]
    set_capacity(home, visits=4, rows=5)
    second = call("score", "--as-of", str(MONDAY), "--json", *place).document["publication"]
    shown = call("lists", "show", "--json", *place).document
    assert [(one["publication"], one["status"], one["students"], one["stale"]) for one in shown] == [
        (second, "current", 12, True), (first, "superseded", 12, True)
    ]  # fmt: skip
    said = call("lists", "restore", first, *place)
    assert said.out == f"ใช้รายชื่อ {first} อีกครั้งแล้ว · list {first} is current again\n"
    assert "current already" in call("lists", "restore", first, *place).out
    lines = call("lists", "show", *place).out.splitlines()
    assert lines[0].startswith("สัปดาห์ · week")
    assert "ใช้อยู่แต่หมดอายุ · current, stale" in lines[2]
    assert lines[2].endswith(first)
