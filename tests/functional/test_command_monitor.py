"""`zerodrop monitor` as a person runs it: Thai and English, JSON, and an exit code that asks for attention when wanted."""

from datetime import timedelta
from pathlib import Path

import pytest

from records.clock import buddhist
from tests.features.pictures import TERMS
from tests.features.small_log import INSTITUTION
from tests.functional.command_fixtures import Place, call, make_place, query
from tests.training.test_monitor import WATCHED, WEEKS, college, publish_lists


@pytest.fixture(scope="module")
def worse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four times as many leave as the lists say, each told nine days later."""
    home = college(tmp_path_factory.mktemp("worse"), a_week=4)
    publish_lists(home, 4)
    folder = home.settings.home
    home.close()
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return make_place(tmp_path_factory.mktemp("place"))


def test_it_says_in_both_languages_what_was_told_and_what_should_have_been(worse: Path) -> None:
    said = call("monitor", "--home", worse)
    assert said.code == 0
    assert "leavings told" in said.out
    assert "การออกที่แจ้งมาแล้ว" in said.out
    assert "chart: more" in said.out


def test_it_begins_with_the_day_of_which_it_speaks(worse: Path) -> None:
    """That of the newest list, whenever this is run, though its alarm came in the break after it."""
    newest = TERMS[WATCHED][0] + timedelta(weeks=WEEKS - 1)
    said = call("monitor", "--home", worse)
    assert said.out.splitlines()[0] == (
        f"{INSTITUTION} รายชื่อล่าสุดวันที่ {buddhist(newest)} การส่งข้อมูลดูถึงวันนี้ · "
        f"{INSTITUTION}, newest list of {newest}; deliveries are looked at as of today"
    )


def test_json_carries_the_weeks_and_what_alerts_mean(worse: Path) -> None:
    said = call("monitor", "--json", "--home", worse)
    weeks = said.document["weeks"][INSTITUTION]
    alarmed = {code for week in weeks for code in week["alerts"]}
    assert "MORE_LEAVE" in alarmed
    assert set(said.document["alerts"]) == alarmed
    assert "train again" in said.document["alerts"]["MORE_LEAVE"]["what_to_do"]["en"]
    assert len(query(worse, "select * from monitoring")) == len(weeks)


def test_running_it_again_stores_the_same(worse: Path) -> None:
    call("monitor", "--home", worse)
    before = query(worse, "select * from monitoring order by as_of")
    call("monitor", "--home", worse)
    assert query(worse, "select * from monitoring order by as_of") == before


def test_alerts_fail_only_where_that_is_asked_for(worse: Path) -> None:
    newest = call("monitor", "--json", "--home", worse).document["weeks"][INSTITUTION][-1]
    said = call("monitor", "--fail-on-alert", "--home", worse)
    assert said.code == (1 if newest["alerts"] else 0)
    assert newest["alerts"], "the newest week of this college must alarm for this test to say anything"


def test_before_the_first_list_it_says_what_to_do(place: Place) -> None:
    said = call("monitor", "--fail-on-alert", "--home", place.home)
    assert said.code == 0
    assert "zerodrop score" in said.out


def test_the_rule_list_has_no_chart_and_says_so(place: Place) -> None:
    assert call("score", "--as-of", "2025-09-08", "--home", place.home).code == 0
    said = call("monitor", "--home", place.home)
    assert said.code == 0
    assert "no chart yet" in said.out


def test_an_institution_that_does_not_exist(worse: Path) -> None:
    assert call("monitor", "--institution", "0000000000", "--home", worse).code == 4
