"""Splits: forward by term, as known then; closed terms alone; and by institution."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from features.cohort import TermSpan, day_number
from models.horizon import LIST_HORIZON
from tests.training.drawn_contest import FIRST_MONDAY, draw_panel, draw_week
from training.outcome import NEVER, Outcomes, RosterCount
from training.panel import Panel, Week
from training.splits import (
    Split,
    forward_splits,
    leaving_one_out,
    opening,
    persons_of,
    term_of,
    terms_of,
)

STUDENTS = 20
TERMS = {(2025, 1): 0, (2025, 2): 20, (2026, 1): 40, (2026, 2): 60}  # term → its first week
WEEKS = 16


def monday(number: int) -> date:
    return FIRST_MONDAY + timedelta(weeks=number)


def span(term: tuple[int, int]) -> TermSpan:
    opens = day_number(monday(TERMS[term]))
    return TermSpan(academic_year=term[0], term=term[1], opens=opens, closes=opens + 7 * WEEKS - 3)


SPANS = tuple(span(term) for term in TERMS)


def week(term: tuple[int, int], number: int, *, institution: str = "1", mature: bool = True) -> Week:
    """Student 1 leaves in every week."""
    drawn = draw_week(
        TERMS[term] + number, [True] + [False] * (STUDENTS - 1), term=term, institution=institution, mature=mature
    )
    place = list(TERMS).index(term)
    who = replace(drawn.cohort, terms=SPANS, term=np.full(STUDENTS, place), student=np.arange(STUDENTS))
    return replace(drawn, cohort=who, student=who.student)


def known(day: int, *, counted: Iterable[int]) -> Outcomes:
    """What was known on Monday `day` with whole rosters counted at these weeks: student 0 leaves when they open."""
    shape = (len(SPANS), STUDENTS)
    left, nothing = np.full(shape, NEVER), np.full(shape, NEVER)
    left[:, 0] = [each.opens + 14 for each in SPANS]
    counts = tuple(
        _count(max(place for place, start in enumerate(TERMS.values()) if start <= number), number)
        for number in counted
        if number < day
    )
    return Outcomes(
        known_until=day_number(monday(day)), terms=SPANS, counts=counts, left_on=left, confirmed_on=left,
        seen_on=nothing, other_on=nothing, other_kind=np.zeros(shape, np.int8), other_back_on=nothing, other_again_on=nothing,
        other_again_kind=np.zeros(shape, np.int8), back_on=nothing, left_again_on=nothing,
        confirmed_again_on=nothing, seen_again_on=nothing, would_leave_on=nothing, skips=np.zeros(shape, bool),
    )  # fmt: skip


def _count(term: int, number: int) -> RosterCount:
    return RosterCount(term=term, day=day_number(monday(number)))


def panel(*, institutions: tuple[str, ...] = ("1",), last_mature: int = 100) -> Panel:
    weeks = tuple(
        week(term, number, institution=one, mature=first + number <= last_mature)
        for one in institutions
        for term, first in TERMS.items()
        for number in range(WEEKS)
    )
    openings = {
        monday(first): {one: known(first, counted=(19, 39, 59)) for one in institutions} for first in TERMS.values()
    }
    return replace(draw_panel(*weeks), known=openings)


def test_terms_are_tested_in_order_and_each_trains_on_more() -> None:
    splits = forward_splits(panel(), horizon=LIST_HORIZON, known_until=monday(90))
    assert [split.term for split in splits] == [(2025, 2), (2026, 1), (2026, 2)]
    assert [split.opens for split in splits] == [monday(20), monday(40), monday(60)]
    sizes = [len(split.training.weeks) for split in splits]
    assert sizes == sorted(set(sizes))
    for split in splits:
        assert {term_of(one) for one in split.test.weeks} == {split.term}
        assert len(split.test.weeks) == WEEKS


def test_a_term_that_opens_on_a_friday_is_tested_by_what_was_known_on_its_monday() -> None:
    """On that Monday nobody is enrolled yet, so the first week with rows is the one after."""
    whole, first = panel(), {monday(number) for number in TERMS.values()}
    splits = forward_splits(
        replace(whole, weeks=tuple(one for one in whole.weeks if one.as_of not in first)),
        horizon=LIST_HORIZON, known_until=monday(90),
    )  # fmt: skip
    assert [split.opens for split in splits] == [monday(20), monday(40), monday(60)]
    assert [len(split.test.weeks) for split in splits] == [WEEKS - 1] * 3


def test_nothing_trains_whose_horizon_or_count_lay_after_the_opening() -> None:
    """A week is settled by the count in week 19 only when its eight weeks ended by then."""
    first = forward_splits(panel(), horizon=LIST_HORIZON, known_until=monday(90))[0]
    days = [one.as_of for one in first.training.weeks]
    assert max(days) + timedelta(days=56) <= monday(19)
    assert len(days) == 12
    assert all(one.left[0] for one in first.training.weeks if one.as_of <= monday(2))


def test_a_summer_term_trains_and_is_no_test() -> None:
    def as_summer(one: Week) -> Week:
        spans = tuple(
            replace(each, academic_year=2025, term=3) if each == SPANS[2] else each for each in one.cohort.terms
        )
        term = [(2025, 3) if key == (2026, 1) else key for key in one.term]
        return replace(one, term=term, cohort=replace(one.cohort, terms=spans))

    drawn = panel()
    summer = replace(drawn, weeks=tuple(as_summer(one) for one in drawn.weeks))
    splits = forward_splits(summer, horizon=LIST_HORIZON, known_until=monday(90))
    assert [split.term for split in splits] == [(2025, 2), (2026, 2)]
    assert (2025, 3) in {term_of(one) for one in splits[-1].training.weeks}


def test_a_term_that_has_not_closed_is_no_test() -> None:
    early = forward_splits(panel(), horizon=LIST_HORIZON, known_until=monday(70))
    assert [split.term for split in early] == [(2025, 2), (2026, 1)]


def test_a_term_without_a_mature_week_is_no_test() -> None:
    found = forward_splits(panel(last_mature=59), horizon=LIST_HORIZON, known_until=monday(90))
    assert [split.term for split in found] == [(2025, 2), (2026, 1)]


def test_a_term_opens_with_the_first_of_its_institutions() -> None:
    later = [one for one in panel().weeks if one.as_of != monday(40)]
    other = [one for one in panel(institutions=("2",)).weeks if one.as_of > monday(42)]
    assert opening(draw_panel(*later, *other), (2026, 1)) == monday(41)


def test_each_institution_is_left_out_once() -> None:
    split = forward_splits(panel(institutions=("1", "2", "3")), horizon=LIST_HORIZON, known_until=monday(90))[-1]
    apart = dict(leaving_one_out(split))
    assert list(apart) == ["1", "2", "3"]
    for code, one in apart.items():
        assert {each.institution for each in one.training.weeks} == {"1", "2", "3"} - {code}
        assert {each.institution for each in one.test.weeks} == {code}
        assert one.opens == split.opens


def test_one_institution_alone_cannot_be_left_out() -> None:
    [*_, split] = forward_splits(panel(), horizon=LIST_HORIZON, known_until=monday(90))
    assert not list(leaving_one_out(split))


def test_persons_are_counted_without_who_was_gone() -> None:
    gone = draw_week(0, [False] * 3, gone=[False, True, False], person=[7, 8, 9])
    assert persons_of(draw_panel(gone, draw_week(1, [False] * 2, person=[9, 4]))).tolist() == [4, 7, 9]
    assert persons_of(draw_panel()).tolist() == []


def test_labels_of_a_day_that_was_no_opening_are_not_made_up() -> None:
    with pytest.raises(KeyError):
        panel().known_on(monday(33), LIST_HORIZON)


def test_terms_of_nothing_are_none() -> None:
    assert terms_of(draw_panel()) == []
    assert forward_splits(draw_panel(), horizon=LIST_HORIZON, known_until=monday(90)) == ()


def test_a_split_says_little_of_itself() -> None:
    """Nobody's rows stand in an error."""
    [split, *_] = forward_splits(panel(), horizon=LIST_HORIZON, known_until=monday(90))
    assert isinstance(split, Split)
    assert "student" not in repr(split)
