"""Proposals of visits: what every one of them keeps, and how good they are beside every plan there could be."""

import random
from dataclasses import replace
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.visit_planning import (
    NO_CAPACITY,
    NO_SUCH_TEAM,
    NO_TIME,
    TOO_FAR,
    TWO_PERSON,
    ImpossibleLock,
    Proposal,
    Student,
    Team,
    propose,
    rank_order,
)

Asked = tuple[list[Student], list[int], list[Team], int]
EXAMPLES = settings(max_examples=200, deadline=None, derandomize=True, database=None)


def student(number: int, *, place: int = 0, benefit: float = 0.5, minutes: int = 35, **others: object) -> Student:
    whole = {"student_id": UUID(int=number), "place": place, "benefit": benefit, "minutes": minutes, **others}
    return Student(**whole)  # type: ignore[arg-type]


@st.composite
def requests(draw: st.DrawFn, *, most: int, most_teams: int, locks: bool = True) -> Asked:
    """A request whose locked choices may or may not be possible."""
    travel = draw(st.lists(st.integers(0, 150), min_size=1, max_size=4))
    teams = draw(
        st.lists(
            st.builds(Team, people=st.integers(1, 2), minutes=st.integers(20, 300)), min_size=1, max_size=most_teams
        )
    )
    locked = st.sampled_from([None] * 6 + list(range(len(teams)))) if locks else st.none()
    drawn = st.tuples(
        st.integers(0, len(travel) - 1), st.integers(0, 100), st.sampled_from([20, 35, 35, 35, 60]),
        st.integers(0, 5), st.integers(0, 5), locked,
    )  # fmt: skip
    students = [
        student(
            number, place=place, benefit=benefit / 100, minutes=minutes, two_person=two == 0, must_see=must == 0,
            locked_team=team,
        )
        for number, (place, benefit, minutes, two, must, team) in enumerate(draw(st.lists(drawn, max_size=most)), 1)
    ]  # fmt: skip
    return students, travel, teams, draw(st.integers(0, most + 2))


def worth(students: list[Student]) -> tuple[int, float]:
    """Must-see students before any benefit; who gains nothing still counts a little."""
    return sum(one.must_see for one in students), sum(max(one.benefit, 1e-6) for one in students)


def placed(proposal: Proposal) -> list[Student]:
    return [one for day in proposal.days for one in day.stops]


def minutes_of(whom: list[Student], travel: list[int]) -> int:
    return sum(travel[place] for place in {one.place for one in whom}) + sum(one.minutes for one in whom)


def proposed(asked: Asked) -> Proposal | None:
    """None where a locked choice is impossible."""
    try:
        return propose(*asked)
    except ImpossibleLock:
        return None


def fits(whom: list[Student], team: Team, travel: list[int]) -> bool:
    return minutes_of(whom, travel) <= team.minutes and (team.people >= 2 or not any(one.two_person for one in whom))


def best_of_all(asked: Asked) -> tuple[int, float] | None:
    """By trying every plan; None where none keeps the locked choices."""
    students, travel, teams, capacity = asked
    found = []
    for choice in product((None, *range(len(teams))), repeat=len(students)):
        chosen = [one for one, team in zip(students, choice, strict=True) if team is not None]
        kept = all(one.locked_team in (None, team) for one, team in zip(students, choice, strict=True))
        days = [[one for one, to in zip(students, choice, strict=True) if to == team] for team in range(len(teams))]
        if kept and len(chosen) <= capacity and all(map(fits, days, teams, [travel] * len(teams))):
            found.append(worth(chosen))
    return max(found, default=None)


@EXAMPLES
@given(requests(most=14, most_teams=4))
def test_every_proposal_keeps_the_rules(asked: Asked) -> None:
    students, travel, teams, capacity = asked
    proposal = proposed(asked)
    if proposal is None:
        return
    for day, team in zip(proposal.days, teams, strict=True):
        assert fits(list(day.stops), team, travel)
        assert day.minutes == minutes_of(list(day.stops), travel)
    visited, left = placed(proposal), [one.student for one in proposal.left_out]
    assert len(visited) + proposal.capacity_left == capacity
    assert proposal.capacity_left >= 0
    assert sorted(one.student_id for one in visited + left) == [one.student_id for one in students]
    assert all(one in proposal.days[one.locked_team].stops for one in students if one.locked_team is not None)
    assert proposal.benefit == pytest.approx(sum(max(one.benefit, 1e-6) for one in visited))


@EXAMPLES
@given(requests(most=14, most_teams=4))
def test_who_is_left_out_is_told_a_reason_that_is_true(asked: Asked) -> None:
    _, travel, teams, _ = asked
    proposal = proposed(asked)
    for one in proposal.left_out if proposal else ():
        alone = [fits([one.student], team, travel) for team in teams]
        able = [team.people >= 2 or not one.student.two_person for team in teams]
        joins = [fits([*day.stops, one.student], team, travel) for day, team in zip(proposal.days, teams, strict=True)]
        match one.why:
            case "two_person":
                assert not any(able)
            case "too_far":
                assert any(able)
                assert not any(alone)
            case "no_capacity":
                assert any(alone)
                assert proposal.capacity_left == 0
            case "no_time":
                assert any(alone)
                assert proposal.capacity_left > 0
                assert not any(joins)
            case why:
                raise AssertionError(why)


@EXAMPLES
@given(requests(most=14, most_teams=4))
def test_it_is_never_worse_than_going_down_the_list(asked: Asked) -> None:
    proposal = proposed(asked)
    if proposal is not None:
        must, benefit = worth(placed(rank_order(*asked)))
        assert worth(placed(proposal)) >= (must, benefit - 1e-9)


@EXAMPLES
@given(requests(most=6, most_teams=2))
def test_small_ones_are_nearly_the_best_there_is(asked: Asked) -> None:
    proposal, best = proposed(asked), best_of_all(asked)
    assert (proposal is None) == (best is None)
    if proposal is not None and best is not None:
        must, benefit = worth(placed(proposal))
        assert must == best[0]
        assert benefit >= 0.95 * best[1]


@EXAMPLES
@given(requests(most=6, most_teams=2, locks=False), st.integers(0, 120))
def test_more_time_loses_next_to_nothing(asked: Asked, more: int) -> None:
    """Whatever was proposed can still be done, and what is found is within 5 % of the best that can be."""
    students, travel, teams, capacity = asked
    longer = [replace(team, minutes=team.minutes + more) for team in teams]
    must, benefit = worth(placed(propose(*asked)))
    now_must, now_benefit = worth(placed(propose(students, travel, longer, capacity)))
    assert now_must > must or (now_must == must and now_benefit >= 0.95 * benefit)


@EXAMPLES
@given(requests(most=12, most_teams=3), st.randoms(use_true_random=False))
def test_the_order_in_which_students_are_sent_changes_nothing(asked: Asked, chance: random.Random) -> None:
    students, *others = asked
    shuffled = chance.sample(students, len(students))
    assert proposed((shuffled, *others)) == proposed(asked)  # type: ignore[arg-type]


def test_one_long_way_is_gone_once() -> None:
    """Ranked alone the three far ones would each be the first of a team; together they share one way."""
    far = [student(number, place=0, benefit=0.5) for number in (1, 2, 3)]
    near = [student(number, place=1, benefit=0.4) for number in (4, 5, 6, 7)]
    proposal = propose([*far, *near], [75, 40], [Team(people=1, minutes=180)] * 2, 10)
    assert sorted([[one.place for one in day.stops] for day in proposal.days]) == [[0, 0, 0], [1, 1, 1, 1]]
    assert sorted(day.minutes for day in proposal.days) == [180, 180]
    assert proposal.left_out == ()


def test_must_see_come_before_any_benefit() -> None:
    must = student(1, place=0, benefit=0.0, must_see=True)
    others = [student(number, place=1, benefit=0.9) for number in (2, 3, 4)]
    proposal = propose([must, *others], [110, 40], [Team(people=1, minutes=150)], 10)
    assert placed(proposal) == [must]
    assert {one.why for one in proposal.left_out} == {NO_TIME}


def test_ties_go_by_id() -> None:
    proposal = propose([student(number) for number in (3, 1, 2)], [20], [Team(people=1, minutes=90)], 10)
    assert [one.student_id.int for one in placed(proposal)] == [1, 2]


def test_a_day_goes_to_nearer_places_first() -> None:
    whom = [student(1, place=0), student(2, place=1, benefit=0.3), student(3, place=1)]
    [day] = propose(whom, [60, 20], [Team(people=1, minutes=300)], 10).days
    assert [one.student_id.int for one in day.stops] == [3, 2, 1]


@pytest.mark.parametrize(
    ("locked", "why"),
    [
        ([student(1, locked_team=2)], NO_SUCH_TEAM),
        ([student(1, locked_team=0, two_person=True)], TWO_PERSON),
        ([student(1, locked_team=0, minutes=170)], TOO_FAR),
        ([student(1, locked_team=0), student(2, locked_team=0, minutes=130)], NO_TIME),
        ([student(number, locked_team=1, minutes=20) for number in (1, 2, 3)], NO_CAPACITY),
    ],
)
def test_a_locked_choice_that_cannot_be_kept_says_whose_and_why(locked: list[Student], why: str) -> None:
    with pytest.raises(ImpossibleLock, match=why) as refused:
        propose(locked, [30], [Team(people=1, minutes=180), Team(people=2, minutes=180)], 2)
    assert refused.value.why == why
    assert refused.value.student_id == locked[-1].student_id


def test_the_largest_request_ends_soon() -> None:
    """500 students, 30 teams of 12 hours: the search ends by counted steps, not by a clock."""
    chance = random.Random(7)
    travel = [chance.randint(0, 150) for _ in range(100)]
    whom = [
        student(number, place=chance.randrange(100), benefit=chance.random(), minutes=chance.randint(15, 90))
        for number in range(1, 501)
    ]
    teams = [Team(people=1, minutes=240) for _ in range(30)]
    proposal = propose(whom, travel, teams, 500)
    assert proposal.benefit > 1.3 * rank_order(whom, travel, teams, 500).benefit
    assert {one.why for one in proposal.left_out} == {NO_TIME}
