"""Lead time: from the first list to the last day seen, by hand over three weeks and six students."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from features.cohort import Cohort, TermSpan, day_number
from features.cohort import cohort as enrolled
from features.state import Replay
from models.bands import HIGH, NO_BAND, UNKNOWN, WATCH
from tests.features.small_log import INSTITUTION
from tests.training.drawn import LATER, UNTIL_19_SEPTEMBER, WITHOUT_1_IN_TERM_2, College, drawn, event
from tests.training.drawn_contest import FIRST_MONDAY, draw_week
from training.evidence import LeadTime
from training.lead_time import lead_time, lead_time_of
from training.outcome import NEVER, Outcomes, last_days_seen, leaving_days
from training.outcome import outcomes as outcomes_known
from training.panel import Week
from training.rates import TermOfLists

START = day_number(FIRST_MONDAY)
SPAN = TermSpan(academic_year=2025, term=1, opens=0, closes=1)
BANDS = {"H": HIGH, "W": WATCH, ".": NO_BAND, "?": UNKNOWN}


def outcomes(
    leaves: dict[int, int], *, students: int = 7, back: dict[int, tuple[int, int]] | None = None,
    seen: dict[int, int] | None = None,
) -> Outcomes:  # fmt: skip
    """Of student numbers the day of leaving, in days after the first Monday; `back`: day of return and of leaving again.

    `seen`: the last day seen, where it is not the one before leaving.
    """
    left = np.full((1, students), NEVER)
    returned, again = left.copy(), left.copy()
    for student, day in leaves.items():
        left[0, student] = START + day
    for student, (came, went) in (back or {}).items():
        returned[0, student], again[0, student] = START + came, START + went
    last = np.where(left < NEVER, left - 1, NEVER)
    for student, day in (seen or {}).items():
        last[0, student] = START + day
    nothing, none = np.full((1, students), NEVER), np.zeros((1, students), np.int8)
    return Outcomes(
        known_until=START + 365, terms=(SPAN,), counts=(), left_on=left, confirmed_on=left, seen_on=last,
        other_on=nothing, other_kind=none, other_back_on=nothing, other_again_on=nothing, other_again_kind=none,
        back_on=returned, left_again_on=again, confirmed_again_on=again,
        seen_again_on=np.where(again < NEVER, again - 1, NEVER), would_leave_on=nothing, skips=np.zeros((1, students), bool),
    )  # fmt: skip


def weeks(*left: str, gone: dict[int, set[int]] | None = None) -> list[Week]:
    """A week for each text, x leaves within the horizon; `gone`: by week the places of who has gone unknown."""
    drawn = [one.split() for one in left]
    return [
        draw_week(
            number, [one == "x" for one in row], gone=[place in (gone or {}).get(number, ()) for place in range(len(row))]
        )
        for number, row in enumerate(drawn)
    ]  # fmt: skip


def lists(of: list[Week], *bands: str) -> TermOfLists:
    """What training.rates gives: everybody who is not gone, week by week."""
    rows = [np.array([BANDS[one] for one in text.split()]) for text in bands]
    here = [~week.gone for week in of]
    return TermOfLists(
        band=np.concatenate([row[own] for row, own in zip(rows, here, strict=True)]),
        left=np.concatenate([week.left[own] for week, own in zip(of, here, strict=True)]),
        person=np.concatenate([week.person[own] for week, own in zip(of, here, strict=True)]),
    )


def found(of: list[Week], made: TermOfLists, known: Outcomes) -> LeadTime:
    return lead_time([(of, made)], {INSTITUTION: known})


def test_three_weeks_and_six_students_by_hand() -> None:
    #  student        1 2 3 4 5 6
    term = weeks(
        "x . x . x .",
        "x . x . x .",
        "x x . . . .",
        gone={2: {2, 4}},
    )
    made = lists(
        term,
        "H . . W . .",
        ". H W . . .",
        "H H . . H .",
    )
    # 1 is listed on day 0 and last seen on day 29; 2 on day 7 and 34; 3 on day 7 and 11; 5 is first listed when gone;
    # 4 is listed and stays, 6 neither.
    known = outcomes({1: 30, 2: 35, 3: 12, 5: 13})
    assert found(term, made, known) == LeadTime(
        leavers=4, listed=3, median_days=27, first_quarter_days=15.5, third_quarter_days=28,
        listed_two_weeks_before_share=2 / 4,
    )  # fmt: skip


@pytest.mark.parametrize(("first", "days"), [(0, 14), (1, 13)])
def test_two_weeks_are_fourteen_days(first: int, days: int) -> None:
    two_weeks = lead_time_of(
        person=np.array([1]), as_of=np.array([first]), leaves_on=np.array([15]), seen_on=np.array([14]),
        listed=np.array([True]), left=np.array([True]),
    )  # fmt: skip
    assert two_weeks.median_days == days
    assert two_weeks.listed_two_weeks_before_share == (days >= 14)


def test_who_is_abstained_on_is_not_listed() -> None:
    term = weeks("x .", "x .")
    known = outcomes({1: 20})
    assert found(term, lists(term, "? .", ". ."), known).listed == 0
    assert found(term, lists(term, "? .", "W ."), known).median_days == 20 - 1 - 7


def test_a_list_after_the_last_day_seen_warned_of_nothing() -> None:
    """Resigned on the second Monday itself: last seen the day before."""
    term = weeks("x .", "x .")
    late = found(term, lists(term, ". .", "H ."), outcomes({1: 7}))
    assert (late.leavers, late.listed, late.listed_two_weeks_before_share) == (1, 0, 0)
    assert np.isnan(late.median_days)
    assert found(term, lists(term, "H .", ". ."), outcomes({1: 7})).median_days == 6


def test_days_count_to_the_last_day_seen_and_not_to_a_resignation_that_came_later(tmp_path: Path) -> None:
    """Present until 1 August, absent from then on, resigned on 15 September."""
    attendance = """
        student | from       | to         | status
        1       | 2025-05-19 | 2025-08-01 | P
        1       | 2025-08-04 | 2025-09-12 | A
        2       | 2025-05-19 | 2025-09-12 | P
        """
    college = drawn(tmp_path, attendance=attendance, events=event("LEFT", "2025-09-15"))
    assert seen_last(college, "2025-08-18") == {1: "2025-08-01"}
    term = weeks("x .", "x .", "x .")
    resigned = outcomes({1: 43}, seen={1: 12})
    assert found(term, lists(term, ". .", "H .", ". ."), resigned).median_days == 5
    late = found(term, lists(term, ". .", ". .", "H ."), resigned)
    assert (late.leavers, late.listed) == (1, 0)


def test_who_leaves_later_than_any_horizon_is_no_leaver_of_these_terms() -> None:
    term = weeks(". .", ". .")
    none = found(term, lists(term, "H .", "H ."), outcomes({1: 300}))
    assert (none.leavers, none.listed) == (0, 0)
    assert np.isnan(none.listed_two_weeks_before_share)


def test_who_comes_back_and_leaves_again_is_listed_anew_for_it() -> None:
    #             day 0   7     14    21
    term = weeks("x .", ". .", "x .", "x .", gone={1: {0}})
    made = lists(term, "H .", ". .", ". .", "H .")
    twice = found(term, made, outcomes({1: 6}, back={1: (10, 31)}))
    assert (twice.leavers, twice.listed) == (2, 2)
    assert (twice.first_quarter_days, twice.third_quarter_days) == (6, 8)  # 5 and 9 days
    assert twice.median_days == 7


def test_the_first_list_of_all_terms_counts() -> None:
    """Listed in the first test term, left in the second."""
    first, second = weeks(". ."), [replace(weeks("x .")[0], as_of=FIRST_MONDAY + timedelta(weeks=4))]
    terms = [(first, lists(first, "H .")), (second, lists(second, "H ."))]
    assert lead_time(terms, {INSTITUTION: outcomes({1: 41})}).median_days == 40


def test_lists_of_a_week_count_whose_leavers_are_not_settled_yet() -> None:
    term = weeks("x .", "x .")
    term[1] = replace(term[1], mature=False)
    assert found(term, lists(term, ". .", "H ."), outcomes({1: 20})).median_days == 12
    unsettled = [replace(week, mature=False) for week in term]
    assert found(unsettled, lists(term, ". .", "H ."), outcomes({1: 20})).leavers == 0


def test_weeks_are_taken_in_the_order_in_which_lists_were_made() -> None:
    term = weeks("x . .", "x . .")
    made = lists(term, "H . .", ". . .")
    assert found(term[::-1], made, outcomes({1: 20})).median_days == 19


def test_lists_of_other_weeks_are_refused() -> None:
    term = weeks("x .", "x .")
    with pytest.raises(ValueError, match="made of other weeks"):
        found(term[:1], lists(term, "H .", ". ."), outcomes({}))


def test_without_a_test_term_nothing_is_told() -> None:
    empty = lead_time([], {})
    assert (empty.leavers, empty.listed) == (0, 0)
    assert np.isnan([empty.median_days, empty.first_quarter_days, empty.listed_two_weeks_before_share]).all()


# The day of leaving and the last one seen


def seen_last(college: College, as_of: str) -> dict[int, str]:
    """Of each student of a day who leaves the last day on which they were there."""
    day = date.fromisoformat(as_of)
    who = enrolled(Replay(college.log).advance(day), day)
    days = last_days_seen(outcomes_known(college.log, date.fromisoformat(LATER)), who)
    told = zip(who.student.tolist(), days.tolist(), strict=True)
    return {student: str(np.datetime64(on, "D")) for student, on in told if on < NEVER}


def test_who_vanished_was_seen_last_on_the_day_before(tmp_path: Path) -> None:
    college = drawn(tmp_path, WITHOUT_1_IN_TERM_2, attendance=UNTIL_19_SEPTEMBER)
    assert seen_last(college, "2025-08-18") == {1: "2025-09-19"}


def test_who_was_absent_since_the_break_was_seen_last_before_it(tmp_path: Path) -> None:
    absent = f"{UNTIL_19_SEPTEMBER.rstrip()}\n    1 | 2025-10-27 | 2025-11-04 | A"
    college = drawn(tmp_path, attendance=absent, events=event("LEFT", "2025-11-05"))
    assert seen_last(college, "2025-09-22") == {1: "2025-09-19"}
    assert seen_last(college, "2025-11-03") == {1: "2025-09-19"}


def test_of_whom_nothing_is_recorded_it_is_the_day_before_leaving(tmp_path: Path) -> None:
    assert seen_last(drawn(tmp_path, events=event("LEFT", "2025-09-15")), "2025-08-18") == {1: "2025-09-14"}


def test_a_term_without_marks_is_not_one_of_absence(tmp_path: Path) -> None:
    """Attendance was kept in the first term and not in the second."""
    college = drawn(tmp_path, attendance=UNTIL_19_SEPTEMBER, events=event("LEFT", "2026-01-20"))
    assert seen_last(college, "2026-01-12") == {1: "2026-01-19"}


def test_who_returned_and_left_again_was_there_on_the_day_of_return(tmp_path: Path) -> None:
    events = """
        student | happened_on | event
        1       | 2025-06-12  | LEFT
        1       | 2025-07-16  | RETURNED
        1       | 2025-09-03  | LEFT
        """
    marks = "student | from | to | status\n1 | 2025-05-19 | 2025-06-06 | P\n1 | 2025-07-21 | 2025-09-02 | A"
    college = drawn(tmp_path, attendance=marks, events=events)
    assert seen_last(college, "2025-06-09") == {1: "2025-06-06"}
    assert seen_last(college, "2025-07-21") == {1: "2025-07-16"}


def cohort(
    day: int, students: npt.NDArray[np.int64], *, term: int = 0, spans: tuple[TermSpan, ...] = (SPAN,)
) -> Cohort:
    places = np.arange(len(students))
    return Cohort(
        as_of=date.fromordinal(FIRST_MONDAY.toordinal() + day), student=students, term=places * 0 + term, group=places * 0,
        groups=("A",), level=np.zeros(len(students), np.int16), terms=spans, row=places,
    )  # fmt: skip


def test_the_day_of_leaving_may_lie_in_the_next_term() -> None:
    later = TermSpan(academic_year=2025, term=2, opens=2, closes=3)
    one = outcomes({2: 10})
    both = np.vstack([one.left_on, np.where(np.arange(7) == 3, START + 150, NEVER)])
    nothing = np.full(both.shape, NEVER)
    known = replace(one, terms=(SPAN, later), left_on=both, seen_on=both - 1, back_on=nothing, left_again_on=nothing)
    who = cohort(0, np.array([1, 2, 3]), spans=(SPAN, later))
    assert leaving_days(known, who).tolist() == [NEVER, START + 10, START + 150]


def test_of_who_is_back_it_is_the_leaving_after_the_return() -> None:
    known = outcomes({1: 5}, back={1: (10, 40)})
    assert leaving_days(known, cohort(3, np.array([1]))).tolist() == [START + 5]
    assert leaving_days(known, cohort(14, np.array([1]))).tolist() == [START + 40]
