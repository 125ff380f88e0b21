"""Surveys, screenings and where a student stands: the newest record speaks, and none is not nothing."""

from features.catalogue import FEATURE_OF
from features.vocabulary import DaysSince, Ever, InTerm, Last, Latest, Share, WeekOfTerm
from records.tables import ENROLMENTS, HOUSEHOLD, SCREENING
from tests.features.pictures import ask
from tests.spec.asking import Spec


def test_the_newest_survey_by_the_day_of_the_survey(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | income_per_head
        1       | 2025-06-01  | 2025-06-01  | 2000
        1       | 2025-07-01  | 2025-07-01  | 3000
        1       | 2025-05-01  | 2025-08-01  | 9000
        2       | 2025-06-01  | 2025-09-01  | 2000
        3       | 2025-09-01  | 2025-08-29  | 2000
        """,
        FEATURE_OF["income_per_head"], as_of="2025-09-01", expect={1: 3000, 2: None, 3: None},
    )  # fmt: skip


def test_a_corrected_survey_and_a_retracted_one(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | income_per_head | retracted
        1       | 2025-06-01  | 2025-06-01  | 2000            |
        1       | 2025-06-01  | 2025-06-20  | 1500            |
        2       | 2025-05-01  | 2025-05-01  | 4000            |
        2       | 2025-06-01  | 2025-06-01  | 2000            |
        2       | 2025-06-01  | 2025-06-20  | 2000            | yes
        """,
        FEATURE_OF["income_per_head"], as_of="2025-09-01", expect={1: 1500, 2: 4000},
    )  # fmt: skip


def test_a_code_gives_what_it_is_worth_and_a_flag_0_or_1(spec: Spec) -> None:
    picture = """
        student | happened_on | poverty_class | works_parttime
        1       | 2025-06-01  | EXTREME       | yes
        2       | 2025-06-01  | NOT           | no
        3       | 2025-06-01  | UNKNOWN       |
        """
    spec(picture, FEATURE_OF["poverty_class"], as_of="2025-09-01", expect={1: 2, 2: 0, 3: None, 4: None})
    spec(picture, FEATURE_OF["works_parttime"], as_of="2025-09-01", expect={1: 1, 2: 0, 3: None, 4: None})


def test_a_survey_or_visit_takes_nothing_back_of_what_it_does_not_tell(spec: Spec) -> None:
    spec(
        """
        student | happened_on | travel_km | income_per_head
        1       | 2025-06-01  | 12.5      | 2000
        1       | 2025-07-01  |           | 2500
        2       | 2025-07-01  | 7.25      |
        """,
        FEATURE_OF["travel_km"], as_of="2025-09-01", expect={1: 12.5, 2: 7.2},
    )  # fmt: skip


def test_who_lodges_in_a_dormitory_does_not_live_with_the_parents(spec: Spec) -> None:
    spec(
        """
        student | happened_on | lives_with
        1       | 2025-06-01  | DORM
        2       | 2025-06-01  | PARENT
        """,
        FEATURE_OF["lives_without_parents"], as_of="2025-09-01", expect={1: 1, 2: 0},
    )  # fmt: skip


def test_days_since_a_survey(spec: Spec) -> None:
    spec(
        """
        student | happened_on | works_parttime
        1       | 2025-08-25  | no
        """,
        ask(HOUSEHOLD, DaysSince(), Last(days=28)), as_of="2025-09-01", expect={1: 7, 2: None},
    )  # fmt: skip


def test_the_latest_screening_is_of_the_area_asked(spec: Spec) -> None:
    spec(
        """
        student | happened_on | area    | level
        1       | 2025-06-10  | OVERALL | CONCERN
        1       | 2025-08-10  | GAMES   | CLOSE
        2       | 2025-02-10  | OVERALL | CLOSE
        3       | 2025-06-10  | GAMES   | CLOSE
        """,
        FEATURE_OF["screening_group"], as_of="2025-09-01", expect={1: 1, 2: 2, 3: None},
    )  # fmt: skip


def test_the_latest_may_be_asked_of_an_area_of_one_instrument(spec: Spec) -> None:
    of_obec = Latest(column="level", where=SCREENING["area"].is_in("OVERALL"), also=SCREENING["tool"].is_in("OBEC11"))
    spec(
        """
        student | happened_on | tool   | area    | level
        1       | 2025-06-10  | OBEC11 | OVERALL | CONCERN
        1       | 2025-07-10  | OBEC11 | GAMES   | CLOSE
        1       | 2025-08-10  | OVEC9  | OVERALL | TRUST
        2       | 2025-08-10  | OVEC9  | OVERALL | CLOSE
        3       | 2025-08-10  | OBEC11 | GAMES   | CLOSE
        """,
        ask(SCREENING, of_obec, Ever()), as_of="2025-09-01", expect={1: 1, 2: None, 3: None},
    )  # fmt: skip


def test_concerns_are_counted_in_this_term_and_not_screened_is_missing(spec: Spec) -> None:
    spec(
        """
        student | happened_on | area     | level
        1       | 2025-06-10  | OVERALL  | CONCERN
        1       | 2025-06-10  | LEARNING | CLOSE
        1       | 2025-06-10  | GAMES    | TRUST
        2       | 2025-06-10  | SOCIAL   | TRUST
        3       | 2025-05-16  | SOCIAL   | CLOSE
        4       | 2025-06-10  | OVERALL  | CLOSE
        """,
        FEATURE_OF["screening_concerns_term"], as_of="2025-09-01", expect={1: 1, 2: 0, 3: None, 4: None},
    )  # fmt: skip


def test_who_was_screened_in_any_area_this_term_is_screened(spec: Spec) -> None:
    spec(
        """
        student | happened_on | area     | level
        1       | 2025-06-10  | LEARNING | CLOSE
        1       | 2025-06-10  | ECONOMY  | TRUST
        2       | 2025-06-10  | OVERALL  | TRUST
        3       | 2025-05-16  | OVERALL  | CLOSE
        """,
        FEATURE_OF["not_screened_term"], as_of="2025-09-01", expect={1: 0, 2: 0, 3: 1, 4: 1},
    )  # fmt: skip


def test_the_share_of_areas_of_concern(spec: Spec) -> None:
    spec(
        """
        student | happened_on | area     | level
        1       | 2025-06-10  | LEARNING | CLOSE
        1       | 2025-06-10  | GAMES    | TRUST
        """,
        ask(SCREENING, Share(where=SCREENING["level"].is_in("CLOSE")), Ever(), absent_means=0), as_of="2025-09-01",
        expect={1: 0.5, 2: 0},
    )  # fmt: skip


def test_the_first_week_of_the_term_is_week_1(spec: Spec) -> None:
    week = ask(ENROLMENTS, WeekOfTerm(), InTerm())
    nothing = "student | happened_on"
    spec(nothing, week, as_of="2025-05-19", expect={1: 1})
    spec(nothing, week, as_of="2025-05-25", expect={1: 1})
    spec(nothing, week, as_of="2025-05-26", expect={1: 2})


def test_standing_is_what_the_roster_of_this_term_says(spec: Spec) -> None:
    picture = """
        student | happened_on | academic_year | term | level | entry_route | credits
        1       | 2024-10-21  | 2024          | 2    | V1    | NORMAL      | 22
        1       | 2025-05-12  | 2025          | 1    | V2    | RETURNED    | 18
        2       | 2025-05-12  | 2025          | 1    | D1    |             |
        """
    both = ((2024, 2), (2025, 1))
    for name, expect in (
        ("year_of_level", {1: 2.0, 2: 1.0}),
        ("returned_before", {1: 1.0, 2: None}),
        ("credits_taken", {1: 18.0, 2: None}),
    ):
        spec(picture, FEATURE_OF[name], as_of="2025-09-01", terms=both, on_roster=False, expect=expect)


def test_the_roster_of_the_term_before_still_tells_the_grade_at_entry(spec: Spec) -> None:
    spec(
        """
        student | happened_on | academic_year | term | entry_gpa | earlier_attempts
        1       | 2024-10-21  | 2024          | 2    | 2.75      | 1
        1       | 2025-05-12  | 2025          | 1    | 3.25      |
        2       | 2025-05-12  | 2025          | 1    | 1.5       |
        """,
        ask(ENROLMENTS, Latest(column="entry_gpa"), Ever()), as_of="2025-09-01", terms=((2024, 2), (2025, 1)),
        on_roster=False, expect={1: 3.25, 2: 1.5},
    )  # fmt: skip


def test_what_was_completed_before_is_told_by_its_level_and_by_whichever_roster_told_it_last(spec: Spec) -> None:
    spec(
        """
        student | happened_on | academic_year | term | education_before
        1       | 2024-10-21  | 2024          | 2    | LOWER_SECONDARY
        1       | 2025-05-12  | 2025          | 1    | UPPER_SECONDARY
        2       | 2025-05-12  | 2025          | 1    | NONE
        3       | 2025-05-12  | 2025          | 1    |
        4       | 2024-10-21  | 2024          | 2    | LOWER_SECONDARY
        4       | 2025-05-12  | 2025          | 1    |
        """,
        FEATURE_OF["education_before"], as_of="2025-09-01", terms=((2024, 2), (2025, 1)),
        on_roster=False, expect={1: 3, 2: 0, 3: None, 4: 2},
    )  # fmt: skip


def test_a_roster_without_the_grade_at_entry_does_not_take_it_back(spec: Spec) -> None:
    spec(
        """
        student | happened_on | academic_year | term | entry_gpa
        1       | 2024-10-21  | 2024          | 2    | 1.8
        1       | 2025-05-12  | 2025          | 1    |
        2       | 2024-10-21  | 2024          | 2    | 1.8
        2       | 2025-05-12  | 2025          | 1    | 2.1
        3       | 2025-05-12  | 2025          | 1    |
        """,
        FEATURE_OF["entry_gpa"], as_of="2025-09-01", terms=((2024, 2), (2025, 1)),
        on_roster=False, expect={1: 1.8, 2: 2.1, 3: None},
    )  # fmt: skip


def test_lead_days_are_from_registering_to_the_opening_of_the_term(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | registered_on
        1       | 2025-05-12  | 2025-05-12  | 2025-05-09
        2       | 2025-05-12  | 2025-05-12  | 2025-05-26
        3       | 2025-05-12  | 2025-05-12  |
        4       | 2025-05-12  | 2025-05-12  | 2025-05-09
        4       | 2025-06-02  | 2025-06-02  | 2025-05-18
        """,
        FEATURE_OF["registered_lead_days"], as_of="2025-09-01", on_roster=False, expect={1: 10, 2: -7, 3: None, 4: 1},
    )  # fmt: skip
