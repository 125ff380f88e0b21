"""The share of some records among others, and how many areas have a newest record that matches."""

from features.catalogue import FEATURE_OF
from features.grades import NOT_SUBMITTED
from features.vocabulary import CountNewest, Ever, InTerm, Last, Share
from records.tables import GRADES, SCREENING
from tests.features.pictures import ask
from tests.spec.asking import Spec

_GRADE, _AREA = GRADES["grade"], SCREENING["area"]
DUE = _GRADE.is_in("SCORED", "NOT_SUBMITTED")
LATE_WORK = Share(where=NOT_SUBMITTED, among=DUE)
WORRYING = SCREENING["level"].is_in("CONCERN", "CLOSE")
AREAS = ask(SCREENING, CountNewest(where=WORRYING, by="area", besides=_AREA.is_in("OVERALL")), Ever())
ALL_AREAS = ask(SCREENING, CountNewest(where=WORRYING, by="area"), Ever())


def test_a_share_among_some_records_leaves_the_others_out(spec: Spec) -> None:
    picture = """
        student | happened_on | item   | grade
        1       | 2025-07-01  | MID    | SCORED
        1       | 2025-08-01  | ESSAY  | NOT_SUBMITTED
        1       | 2025-08-10  | LAB    | SCORED
        1       | 2025-08-20  | FINAL  | 4
        1       | 2025-09-01  | POSTER | NOT_SUBMITTED
        2       | 2025-07-01  | MID    | SCORED
        3       | 2025-08-20  | FINAL  | 4
        """
    asked = ask(GRADES, LATE_WORK, InTerm())
    spec(picture, asked, as_of="2025-09-01", expect={1: 0.3333, 2: 0, 3: None, 4: None})
    spec(picture, asked, as_of="2025-09-02", expect={1: 0.5, 2: 0, 3: None, 4: None})
    nothing = ask(GRADES, LATE_WORK, InTerm(), absent_means=0)
    spec(picture, nothing, as_of="2025-09-01", expect={3: 0, 4: 0})


def test_none_is_not_0_before_there_is_one_of_its_kind(spec: Spec) -> None:
    picture = """
        student | happened_on | academic_year | term | item  | grade
        1       | 2025-02-10  | 2024          | 2    | MID   | SCORED
        2       | 2025-03-20  | 2024          | 2    | FINAL | 3
        3       | 2025-03-20  | 2024          | 2    | FINAL | 0
        1       | 2025-08-20  | 2025          | 1    | FINAL | 3
        2       | 2025-08-20  | 2025          | 1    | MID   | SCORED
        3       | 2025-08-20  | 2025          | 1    | MID   | NOT_SUBMITTED
        """
    for name, expect in (
        ("failed_courses_previous_term", {1: None, 2: 0, 3: 1, 4: None}),
        ("no_right_marks_previous_term", {1: None, 2: 0, 3: 0, 4: None}),
        ("failed_courses_term", {1: 0, 2: None, 3: None, 4: None}),
        ("incomplete_marks_ever", {1: 0, 2: 0, 3: 0, 4: None}),
        ("not_submitted_term", {1: None, 2: 0, 3: 1, 4: None}),
        ("scored_count_28d", {1: None, 2: 1, 3: 0, 4: None}),
    ):
        spec(picture, FEATURE_OF[name], as_of="2025-09-01", terms=((2024, 2), (2025, 1)), expect=expect)


def test_what_matches_and_is_not_among_them_is_not_counted(spec: Spec) -> None:
    measure = Share(where=_GRADE.is_in("0", "R"), among=_GRADE.is_in("0", "4"))
    spec(
        """
        student | happened_on | course_code | grade
        1       | 2025-08-20  | MATH        | 0
        1       | 2025-08-20  | THAI        | 4
        1       | 2025-08-20  | WELD        | R
        1       | 2025-08-20  | CAD         | R
        2       | 2025-08-20  | MATH        | R
        """,
        ask(GRADES, measure, InTerm()), as_of="2025-09-01", expect={1: 0.5, 2: None},
    )  # fmt: skip


def test_a_share_among_some_records_keeps_to_its_window_and_to_what_was_known(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | item  | grade         | retracted
        1       | 2025-08-03  |             | MID   | SCORED        |
        1       | 2025-08-04  |             | ESSAY | NOT_SUBMITTED |
        1       | 2025-08-10  | 2025-08-10  | LAB   | SCORED        |
        1       | 2025-08-10  | 2025-08-20  | LAB   | SCORED        | yes
        1       | 2025-08-11  | 2025-09-02  | QUIZ  | SCORED        |
        """,
        ask(GRADES, LATE_WORK, Last(days=28)), as_of="2025-09-01", expect={1: 1},
    )  # fmt: skip


def test_areas_are_counted_by_their_newest_screening(spec: Spec) -> None:
    picture = """
        student | happened_on | area     | level
        1       | 2025-06-10  | ECONOMY  | CLOSE
        1       | 2025-07-10  | ECONOMY  | TRUST
        1       | 2025-06-10  | LEARNING | TRUST
        1       | 2025-07-10  | LEARNING | CONCERN
        1       | 2025-06-10  | SOCIAL   | CLOSE
        1       | 2025-06-10  | OVERALL  | CLOSE
        2       | 2025-06-10  | SOCIAL   | TRUST
        3       | 2025-06-10  | OVERALL  | CLOSE
        """
    spec(picture, AREAS, as_of="2025-07-07", expect={1: 2, 2: 0, 3: None, 4: None})
    spec(picture, AREAS, as_of="2025-09-01", expect={1: 2, 2: 0, 3: None, 4: None})
    spec(picture, ALL_AREAS, as_of="2025-09-01", expect={1: 3, 2: 0, 3: 1, 4: None})


def test_where_no_area_is_left_it_is_what_absence_means(spec: Spec) -> None:
    measure = CountNewest(where=WORRYING, by="area", besides=_AREA.is_in("OVERALL"))
    spec(
        """
        student | happened_on | area    | level
        1       | 2025-06-10  | OVERALL | CLOSE
        2       | 2025-06-10  | GAMES   | TRUST
        """,
        ask(SCREENING, measure, Ever(), absent_means=9), as_of="2025-09-01", expect={1: 9, 2: 0, 3: 9},
    )  # fmt: skip


def test_records_without_an_area_and_areas_without_a_level_are_no_concern(spec: Spec) -> None:
    spec(
        """
        student | happened_on | tool  | area  | level
        1       | 2025-06-10  | OVEC9 | GAMES | CLOSE
        1       | 2025-07-10  | OVEC9 | GAMES |
        2       | 2025-06-10  | OVEC9 | GAMES | CLOSE
        """,
        ALL_AREAS, as_of="2025-09-01", expect={1: 0, 2: 1},
    )  # fmt: skip


def test_the_newest_is_by_the_day_it_happened_then_by_reading_and_of_the_last_version(spec: Spec) -> None:
    spec(
        """
        student | happened_on | recorded_at | tool  | area  | level   | retracted
        1       | 2025-07-10  | 2025-07-10  | OVEC9 | GAMES | TRUST   |
        1       | 2025-06-10  | 2025-07-20  | OVEC9 | GAMES | CLOSE   |
        2       | 2025-07-10  | 2025-07-10  | OVEC9 | GAMES | TRUST   |
        2       | 2025-07-10  | 2025-07-20  | OTHER | GAMES | CLOSE   |
        3       | 2025-06-10  | 2025-06-10  | OVEC9 | GAMES | CLOSE   |
        3       | 2025-07-10  | 2025-07-10  | OVEC9 | GAMES | TRUST   |
        3       | 2025-07-10  | 2025-07-20  | OVEC9 | GAMES | TRUST   | yes
        4       | 2025-06-10  | 2025-06-10  | OVEC9 | GAMES | TRUST   |
        4       | 2025-06-10  | 2025-07-20  | OVEC9 | GAMES | CONCERN |
        5       | 2025-06-10  | 2025-06-10  | OVEC9 | GAMES | TRUST   |
        5       | 2025-07-10  | 2025-09-01  | OVEC9 | GAMES | CLOSE   |
        """,
        ALL_AREAS, as_of="2025-09-01", expect={1: 0, 2: 1, 3: 1, 4: 1, 5: 0},
    )  # fmt: skip


def test_areas_screened_before_the_window_are_not_counted(spec: Spec) -> None:
    spec(
        """
        student | happened_on | area    | level
        1       | 2025-05-12  | GAMES   | CLOSE
        1       | 2025-06-10  | ECONOMY | CLOSE
        2       | 2025-05-12  | GAMES   | CLOSE
        """,
        ask(SCREENING, CountNewest(where=WORRYING, by="area"), InTerm()), as_of="2025-09-01", expect={1: 1, 2: None},
    )  # fmt: skip
