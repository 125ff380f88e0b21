"""Work by its weight, and against the class group for which it falls due on the same days."""

from features.catalogue import FEATURE_OF
from features.grades import NOT_SUBMITTED
from features.vocabulary import FromMedian, GroupMean, InTerm, Share
from features.wording import UNITS
from records.tables import GRADES
from tests.features.pictures import ask
from tests.spec.asking import Spec

BY_WEIGHT = FEATURE_OF["score_mean_by_weight_term"]
AT_STAKE = FEATURE_OF["not_submitted_weight_term"]
LATE = FEATURE_OF["work_days_late_term"]
SINCE = FEATURE_OF["days_since_scored"]
NOT_IN = FEATURE_OF["not_submitted_share_term"]
PART_AT_STAKE = FEATURE_OF["not_submitted_weight_share_term"]

WORK = """
    student | happened_on | item  | weight | score | grade
    1       | 2025-07-01  | MID   | 30     | 40    | SCORED
    1       | 2025-07-10  | ESSAY | 10     | 80    | SCORED
    1       | 2025-07-20  | LAB   | 20     |       | NOT_SUBMITTED
    2       | 2025-07-01  | MID   | 30     |       | NOT_SUBMITTED
    2       | 2025-07-10  | ESSAY | 10     |       | NOT_SUBMITTED
    3       | 2025-07-01  | MID   |        | 60    | SCORED
    3       | 2025-07-10  | ESSAY |        |       | NOT_SUBMITTED
    4       | 2025-07-01  | MID   | 0      | 60    | SCORED
    """


def test_a_piece_of_work_counts_by_its_weight_and_by_one_where_none_is_told(spec: Spec) -> None:
    spec(WORK, BY_WEIGHT, as_of="2025-09-01", expect={1: 50, 2: None, 3: 60, 4: None, 5: None})


def test_what_is_not_handed_in_is_worth_what_it_weighs_together(spec: Spec) -> None:
    """Nothing is at stake where all was handed in; where no weight is told it is not known."""
    spec(WORK, AT_STAKE, as_of="2025-09-01", expect={1: 20, 2: 40, 3: None, 4: 0, 5: None})
    spec(WORK, AT_STAKE, as_of="2025-07-15", expect={1: 0, 2: 40})


def test_what_is_not_handed_in_is_a_part_of_what_all_the_work_so_far_weighs(spec: Spec) -> None:
    """Work that tells no weight is left out, and where all of it weighs nothing there is no part to tell."""
    spec(WORK, PART_AT_STAKE, as_of="2025-09-01", expect={1: 0.3333, 2: 1, 3: None, 4: None, 5: None})
    spec(WORK, PART_AT_STAKE, as_of="2025-07-15", expect={1: 0, 2: 1})
    picture = """
        student | happened_on | item  | weight | grade
        1       | 2025-07-01  | MID   | 30     | SCORED
        1       | 2025-07-10  | ESSAY |        | NOT_SUBMITTED
        1       | 2025-07-12  | LAB   | 10     | NOT_SUBMITTED
        1       | 2025-07-20  | FINAL | 60     | 4
        """
    spec(picture, PART_AT_STAKE, as_of="2025-09-01", expect={1: 0.25})


def test_what_is_at_stake_is_not_known_where_no_work_that_is_not_handed_in_tells_its_weight(spec: Spec) -> None:
    picture = """
        student | happened_on | item  | weight | grade
        1       | 2025-07-01  | MID   | 20     | SCORED
        1       | 2025-07-10  | ESSAY |        | NOT_SUBMITTED
        1       | 2025-07-12  | LAB   |        | NOT_SUBMITTED
        2       | 2025-07-01  | MID   | 20     | SCORED
        2       | 2025-07-10  | ESSAY |        | SCORED
        3       | 2025-07-01  | MID   | 20     | SCORED
        3       | 2025-07-10  | ESSAY | 0      | NOT_SUBMITTED
        """
    for asked in (AT_STAKE, PART_AT_STAKE):
        spec(picture, asked, as_of="2025-09-01", expect={1: None, 2: 0, 3: 0})


def test_marks_at_stake_are_added_up_over_the_courses(spec: Spec) -> None:
    picture = """
        student | happened_on | course_code | item | weight | grade
        1       | 2025-07-01  | MATH        | MID  | 60     | NOT_SUBMITTED
        1       | 2025-07-01  | THAI        | MID  | 60     | NOT_SUBMITTED
        """
    spec(picture, AT_STAKE, as_of="2025-09-01", expect={1: 120})
    assert UNITS[AT_STAKE.unit].en == "marks"


def test_a_part_by_weight_is_told_of_every_record_where_none_are_named(spec: Spec) -> None:
    asked = ask(GRADES, Share(where=NOT_SUBMITTED, weight="weight"), InTerm(), absent_means=0.5)
    spec(WORK, asked, as_of="2025-09-01", expect={1: 0.3333, 3: 0.5, 4: 0.5, 5: 0.5})


def test_work_that_was_handed_in_late_is_no_longer_at_stake(spec: Spec) -> None:
    picture = """
        student | happened_on | recorded_at | item | weight | score | grade
        1       | 2025-07-01  | 2025-07-01  | MID  | 30     |       | NOT_SUBMITTED
        1       | 2025-07-09  | 2025-07-09  | MID  | 30     | 70    | SCORED
        """
    spec(picture, AT_STAKE, as_of="2025-07-05", expect={1: 30})
    spec(picture, BY_WEIGHT, as_of="2025-07-05", expect={1: None})
    spec(picture, AT_STAKE, as_of="2025-07-20", expect={1: 0})
    spec(picture, BY_WEIGHT, as_of="2025-07-20", expect={1: 70})


def test_how_late_work_comes_is_told_of_what_was_handed_in_and_has_a_day_on_which_it_was_due(spec: Spec) -> None:
    """In time counts as 0; what is still outstanding, and what no due day is known of, is no lateness."""
    picture = """
        student | happened_on | item  | days_late | score | grade
        1       | 2025-07-01  | MID   | 0         | 40    | SCORED
        1       | 2025-07-13  | ESSAY | 3         | 80    | SCORED
        1       | 2025-07-20  | LAB   |           |       | NOT_SUBMITTED
        2       | 2025-07-20  | LAB   |           |       | NOT_SUBMITTED
        3       | 2025-07-01  | MID   |           | 60    | SCORED
        4       | 2025-07-03  | MID   | 2         |       | SCORED
        """
    spec(picture, LATE, as_of="2025-09-01", expect={1: 1.5, 2: None, 3: None, 4: 2, 5: None})
    spec(picture, LATE, as_of="2025-07-05", expect={1: 0, 4: 2})


def test_days_since_the_last_score_are_told_against_the_group(spec: Spec) -> None:
    spec(
        """
        student | happened_on | item | grade
        1       | 2025-07-01  | MID  | SCORED
        2       | 2025-07-03  | MID  | SCORED
        3       | 2025-07-09  | MID  | SCORED
        4       | 2025-07-09  | MID  | NOT_SUBMITTED
        """,
        ask(GRADES, FromMedian(of="days_since_scored", least=3), InTerm(), decimals=1), after=[SINCE],
        as_of="2025-09-01", expect={1: 2, 2: 0, 3: -6, 4: None},
    )  # fmt: skip


def test_the_group_is_told_what_it_has_not_handed_in(spec: Spec) -> None:
    spec(
        WORK, ask(GRADES, GroupMean(of="not_submitted_share_term", least=3), InTerm(), decimals=4), after=[NOT_IN],
        as_of="2025-09-01", expect={1: 0.4583, 2: 0.4583, 3: 0.4583, 4: 0.4583},
    )  # fmt: skip
