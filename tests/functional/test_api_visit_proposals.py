"""What a proposal of visits rests on: whom the list names, what a visit gains, locked choices, and what is refused."""

from collections.abc import Callable
from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from records import lists
from records.care_tables import CANCELLED, VisitRow
from tests.browser.sample_college import SampleCollege
from tests.functional.planners import WEEK, Body, body, book, of_teams, planner, problem, propose, room_for


@pytest.fixture
def planning(college: SampleCollege) -> SampleCollege:
    """The college with room for six visits a week."""
    room_for(college, 6)
    return college


def test_without_names_the_list_says_who_is_visited(planning: SampleCollege) -> None:
    """High and must-see of the current list who have no visit in that week; must-see before anybody else."""
    high = {one for group in planning.students.values() for one in group[:4]}
    must = {group[place] for group in planning.students.values() for place in (1, 13)}
    gone, cancelled = planning.students["kru.a"][0], planning.students["kru.b"][0]
    book(planning, gone, cancelled)
    with planning.home.database.write() as session:
        session.execute(update(VisitRow).where(VisitRow.student_id == cancelled).values(status=CANCELLED))
    sent = body(planning, places=[{"name": "ทั้งหมด", "travel_minutes": 0}], teams=[{"people": 1, "minutes": 150}])
    del sent["students"]
    told = propose(planner(planning), sent).json()
    asked = {UUID(one) for team in of_teams(told) for one in team} | {
        UUID(one["student_id"]) for one in told["left_out"]
    }
    assert asked == (high | must) - {gone}
    assert {UUID(one) for one in of_teams(told)[0]} == must
    assert problem(propose(planner(planning), body(planning, students=None))) == (
        422,
        "body.students",
        "places_not_known",
    )


def test_the_benefit_that_is_sent_decides(planning: SampleCollege) -> None:
    sent = body(planning, teams=[{"people": 1, "minutes": 75}])
    for one, benefit in zip(sent["students"], (0.1, 0.2, 5.0, 9.0, 9.0), strict=True):
        one["benefit"] = benefit
    told = propose(planner(planning), sent).json()
    assert (told["benefit"], told["total_benefit"]) == ("sent", 5.0)
    assert of_teams(told) == [[sent["students"][2]["student_id"]]]
    del sent["students"][3]["benefit"]
    assert problem(propose(planner(planning), sent)) == (422, "body.students.3.benefit", "for_all_or_for_none")


def test_a_list_without_probabilities_counts_by_rank(planning: SampleCollege) -> None:
    planning.publish(model_digest=lists.RULE_LIST)
    must_see, first, second, last = (planning.students["kru.a"][place] for place in (13, 0, 2, 11))
    sent = body(planning, students=[{"student_id": str(one), "place": 0} for one in (last, second, first, must_see)])
    for minutes, whom in ((75, [must_see]), (110, [must_see, first]), (145, [must_see, first, second])):
        sent["teams"] = [{"people": 1, "minutes": minutes}]
        assert of_teams(propose(planner(planning), sent).json()) == [[str(one) for one in whom]]


def test_a_stale_list_gives_no_benefit(planning: SampleCollege) -> None:
    later = date(2025, 12, 8)
    sent = body(planning, week="2025-W50")
    client = planner(planning, today=later)
    assert problem(propose(client, sent)) == (409, "body.students", "list_is_stale")
    for one in sent["students"]:
        one["benefit"] = 1.0
    assert propose(client, sent).status_code == 201


def test_a_college_without_a_list_sends_the_benefit(unpublished: SampleCollege) -> None:
    room_for(unpublished, 2)
    assert problem(propose(planner(unpublished), body(unpublished))) == (409, "body.students", "no_list")


def test_whoever_has_a_visit_is_left_out(planning: SampleCollege) -> None:
    visited = planning.students["kru.a"][2]
    book(planning, visited)
    sent = body(planning)
    told = propose(planner(planning), sent).json()
    assert [(one["student_id"], one["why"]) for one in told["left_out"]] == [(str(visited), "has_visit")]
    assert told["capacity_left"] == 1
    sent["students"][0]["locked_team"] = 1
    assert problem(propose(planner(planning), sent)) == (409, "body.students.0.locked_team", "has_visit")


def test_locked_choices_are_kept_or_refused(planning: SampleCollege) -> None:
    sent = body(planning)
    sent["students"][0]["locked_team"] = sent["students"][3]["locked_team"] = 1
    sent["teams"][1]["minutes"] = 240
    told = propose(planner(planning), sent).json()
    [locked] = [[stop["student_id"] for stop in team["stops"] if stop["locked"]] for team in told["teams"]][1:]
    assert sorted(locked) == sorted(sent["students"][place]["student_id"] for place in (0, 3))
    sent["teams"][1]["minutes"] = 180
    assert problem(propose(planner(planning), sent))[::2] == (422, "no_time")
    sent["students"][0].update(locked_team=0, two_person=True)
    assert problem(propose(planner(planning), sent)) == (422, "body.students.0.locked_team", "two_person")


@pytest.mark.parametrize(("week", "why"), [("2025-W46", "week_is_over"), ("2026-W30", "too_far_ahead")])
def test_a_week_that_cannot_be_booked_is_refused(planning: SampleCollege, week: str, why: str) -> None:
    assert problem(propose(planner(planning), body(planning, week=week))) == (409, "body.week", why)


def test_without_a_capacity_there_are_no_visits(college: SampleCollege) -> None:
    assert problem(propose(planner(college), body(college))) == (409, "body.week", "no_visits_a_week")


Change = Callable[[Body], object]
WRONG: dict[str, tuple[Change, str]] = {
    "an extra field": (lambda sent: sent.update(school="x"), "body"),
    "a name of a student": (lambda sent: sent["students"][0].update(name="x"), "body.students.0"),
    "a place that was not sent": (lambda sent: sent["students"][0].update(place=2), "body.students.0.place"),
    "a student twice": (lambda sent: sent["students"].append(sent["students"][0]), "body.students.5.student_id"),
    "no team": (lambda sent: sent.update(teams=[]), "body.teams"),
    "no week of its year": (lambda sent: sent.update(week="2025-W53"), "body.week"),
    "too many students": (
        lambda sent: sent.update(students=[{"student_id": str(uuid4()), "place": 0} for _ in range(501)]),
        "body.students",
    ),
    "a line break in a place": (lambda sent: sent["places"][0].update(name="a\nb"), "body.places.0.name"),
    "a benefit below nothing": (lambda sent: sent["students"][0].update(benefit=-1), "body.students.0.benefit"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_told_by_its_place(planning: SampleCollege, wrong: str) -> None:
    change, at = WRONG[wrong]
    sent = body(planning)
    change(sent)
    answer = propose(planner(planning), sent)
    assert (answer.status_code, answer.json()["errors"][0]["at"]) == (422, at)


def test_a_body_too_large_is_refused(planning: SampleCollege) -> None:
    sent = body(planning, week=WEEK + " " * 2**20)
    assert propose(planner(planning), sent).status_code == 413


def test_five_hundred_students_are_taken(planning: SampleCollege) -> None:
    """As many as one request may name, each with a benefit: it fits into what a body may be."""
    sent = body(planning)
    stranger = [{"student_id": str(uuid4()), "place": 1, "benefit": 0.125} for _ in range(500)]
    assert propose(planner(planning), {**sent, "students": stranger}).status_code == 404
