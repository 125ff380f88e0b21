"""Counts and shares of attendance days: which days are in the window, which record of a day holds, what is unknown."""

from features.attendance import LATE, LEAVE, MISSED
from features.catalogue import FEATURE_OF
from features.vocabulary import Count, InTerm, Last, Share, Term
from records.tables import ATTENDANCE
from tests.features.pictures import ask
from tests.spec.asking import Spec

MISSED_28D = FEATURE_OF["missed_days_28d"]
SHARE_28D = FEATURE_OF["missed_share_28d"]
SHARE_TERM = FEATURE_OF["missed_share_term"]


def test_counts_days_not_too_old_and_not_known_too_late(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | status
        1       | 2025-08-20  | 2025-08-20  | A
        1       | 2025-07-01  | 2025-07-01  | A
        2       | 2025-08-28  | 2025-08-28  | P
        2       | 2025-08-29  | 2025-09-03  | A
        """,
        MISSED_28D, as_of="2025-09-01", expect={1: 1, 2: 0},
    )  # fmt: skip


def test_a_late_record_is_there_once_it_is_known(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | status
        2       | 2025-08-28  | 2025-08-28  | P
        2       | 2025-08-29  | 2025-09-03  | A
        """,
        MISSED_28D, as_of="2025-09-08", expect={2: 1},
    )  # fmt: skip


def test_known_means_recorded_before_the_first_moment_of_the_day_in_bangkok(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at      | status
        1       | 2025-08-29  | 2025-08-31 23:59 | A
        2       | 2025-08-28  | 2025-08-28       | P
        2       | 2025-08-29  | 2025-09-01 00:00 | A
        """,
        MISSED_28D, as_of="2025-09-01", expect={1: 1, 2: 0},
    )  # fmt: skip


def test_the_window_holds_28_days_and_ends_the_day_before(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | status
        1       | 2025-08-04  |             | A
        2       | 2025-08-01  |             | A
        2       | 2025-08-04  |             | P
        3       | 2025-08-29  |             | P
        3       | 2025-09-01  | 2025-08-29  | A
        """,
        MISSED_28D, as_of="2025-09-01", expect={1: 1, 2: 0, 3: 0},
    )  # fmt: skip


def test_the_last_known_version_of_a_day_wins(spec: Spec) -> None:
    picture = """
        student | happened_on | recorded_at | status
        1       | 2025-08-20  | 2025-08-20  | A
        1       | 2025-08-20  | 2025-08-26  | S
        """
    spec(picture, MISSED_28D, as_of="2025-08-25", expect={1: 1})
    spec(picture, MISSED_28D, as_of="2025-09-01", expect={1: 0})


def test_a_later_record_of_an_earlier_moment_does_not_win(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | batch | status
        1       | 2025-08-20  | 2025-08-22  | 2     | A
        1       | 2025-08-20  | 2025-08-21  | 3     | P
        """,
        MISSED_28D, as_of="2025-09-01", expect={1: 1},
    )  # fmt: skip


def test_of_one_moment_the_later_batch_wins_and_of_one_batch_the_later_line(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | batch | line | status
        1       | 2025-08-20  | 2025-08-20  | 3     | 1    | A
        1       | 2025-08-20  | 2025-08-20  | 2     | 9    | P
        2       | 2025-08-20  | 2025-08-20  | 2     | 7    | A
        2       | 2025-08-20  | 2025-08-20  | 2     | 3    | P
        """,
        MISSED_28D, as_of="2025-09-01", expect={1: 1, 2: 1},
    )  # fmt: skip


def test_batches_that_overlap_in_time_are_read_by_moment_then_batch(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | batch | line | status
        1       | 2025-08-18  | 2025-08-18  | 2     | 1    | P
        1       | 2025-08-20  | 2025-08-21  | 2     | 9    | P
        1       | 2025-08-20  | 2025-08-21  | 3     | 1    | A
        1       | 2025-08-19  | 2025-08-19  | 3     | 2    | A
        1       | 2025-08-19  | 2025-08-22  | 2     | 3    | P
        """,
        MISSED_28D, as_of="2025-09-01", expect={1: 1},
    )  # fmt: skip


def test_a_retracted_day_is_no_day(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | status | retracted
        1       | 2025-08-20  | 2025-08-20  | A      |
        1       | 2025-08-20  | 2025-08-22  | A      | yes
        1       | 2025-08-21  | 2025-08-21  | P      |
        2       | 2025-08-20  | 2025-08-20  | A      |
        2       | 2025-08-20  | 2025-08-22  | A      | yes
        2       | 2025-08-20  | 2025-08-25  | A      |
        """,
        SHARE_28D, as_of="2025-09-01", expect={1: 0, 2: 1},
    )  # fmt: skip


def test_an_unrecorded_day_is_not_an_absent_day(spec: Spec) -> None:
    spec(
        """
        student | happened_on | status
        1       | 2025-08-20  | A
        1       | 2025-08-21  | N
        1       | 2025-08-25  | P
        2       | 2025-08-20  | A
        2       | 2025-08-21  | A
        2       | 2025-08-25  | P
        """,
        SHARE_28D, as_of="2025-09-01", expect={1: 0.5, 2: 0.6667},
    )  # fmt: skip


def test_a_correction_to_not_recorded_takes_the_day_away(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | status
        1       | 2025-08-20  | 2025-08-20  | A
        1       | 2025-08-20  | 2025-08-22  | N
        1       | 2025-08-21  | 2025-08-21  | P
        """,
        SHARE_28D, as_of="2025-09-01", expect={1: 0},
    )  # fmt: skip


def test_a_window_without_one_held_day_is_missing_and_not_nothing(spec: Spec) -> None:
    picture = """
        student | happened_on | status
        1       | 2025-06-02  | A
        2       | 2025-08-20  | H
        3       | 2025-08-20  | P
        """
    spec(picture, MISSED_28D, as_of="2025-09-01", expect={1: None, 2: None, 3: 0, 4: None})
    spec(picture, SHARE_28D, as_of="2025-09-01", expect={1: None, 2: None, 3: 0, 4: None})


def test_a_day_in_the_company_is_neither_absent_nor_recorded(spec: Spec) -> None:
    spec(
        """
        student | happened_on | status
        1       | 2025-08-20  | A
        1       | 2025-08-21  | I
        1       | 2025-08-22  | P
        2       | 2025-08-20  | I
        """,
        SHARE_28D, as_of="2025-09-01", expect={1: 0.5, 2: None},
    )  # fmt: skip


def test_leaving_class_is_missed_and_leave_is_not(spec: Spec) -> None:
    picture = """
        student | happened_on | status
        1       | 2025-08-18  | A
        1       | 2025-08-19  | K
        1       | 2025-08-20  | S
        1       | 2025-08-21  | B
        1       | 2025-08-22  | L
        1       | 2025-08-25  | O
        1       | 2025-08-26  | E
        1       | 2025-08-27  | P
        """
    spec(picture, MISSED_28D, as_of="2025-09-01", expect={1: 2})
    spec(picture, FEATURE_OF["away_share_term"], as_of="2025-09-01", expect={1: 0.5})
    spec(picture, ask(ATTENDANCE, Count(where=LATE), Last(days=28)), as_of="2025-09-01", expect={1: 1})
    spec(picture, ask(ATTENDANCE, Share(where=LEAVE), Last(days=28)), as_of="2025-09-01", expect={1: 0.25})


def test_a_class_period_beside_a_whole_day_mark_is_no_day(spec: Spec) -> None:
    spec(
        """
        student | happened_on | session | status
        1       | 2025-08-20  | DAY     | P
        1       | 2025-08-20  | P3      | K
        1       | 2025-08-20  | FLAG    | A
        """,
        SHARE_28D, as_of="2025-09-01", expect={1: 0},
    )  # fmt: skip


def test_the_term_to_date_begins_on_its_opening_day(spec: Spec) -> None:
    spec(
        """
        student | happened_on | status
        1       | 2025-05-16  | A
        1       | 2025-05-19  | A
        1       | 2025-08-29  | P
        """,
        SHARE_TERM, as_of="2025-09-01", expect={1: 0.5},
    )  # fmt: skip


def test_the_term_before_is_not_this_term(spec: Spec) -> None:
    picture = """
        student | happened_on | status
        1       | 2025-02-03  | A
        1       | 2025-02-04  | A
        1       | 2025-08-29  | P
        """
    both = ((2024, 2), (2025, 1))
    spec(picture, SHARE_TERM, as_of="2025-09-01", expect={1: 0}, terms=both)
    before = ask(ATTENDANCE, Count(where=MISSED), InTerm(term=Term.PREVIOUS))
    spec(picture, before, as_of="2025-09-01", expect={1: 2}, terms=both)


def test_shares_are_rounded_as_declared(spec: Spec) -> None:
    spec(
        """
        student | happened_on | status
        1       | 2025-08-18  | A
        1       | 2025-08-19  | A
        1       | 2025-08-20  | P
        """,
        FEATURE_OF["missed_share_14d"], as_of="2025-09-01", expect={1: 0.6667},
    )  # fmt: skip
