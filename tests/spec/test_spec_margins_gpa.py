"""The newest GPAX against the least that the college asks of the student's stage after so many terms."""

from features.vocabulary import Ever, InTerm, Margin, Term
from records.tables import TERM_GPA
from tests.features.pictures import ask
from tests.spec.asking import Spec

ABOVE = ask(TERM_GPA, Margin(rule="gpa_minimum"), Ever(), decimals=2)
# Three years of the vocabulary certificate in their first term: 0, 2 and 4 terms completed.
THREE_YEARS = """
    table      | student | happened_on | level | gpax | rule        | stage      | after_terms | value
    enrolments | 1       | 2025-05-12  | V1    |      |             |            |             |
    enrolments | 2       | 2025-05-12  | V2    |      |             |            |             |
    enrolments | 3       | 2025-05-12  | V3    |      |             |            |             |
    term_gpa   | 1       | 2025-06-02  |       | 2    |             |            |             |
    term_gpa   | 2       | 2025-06-02  |       | 2    |             |            |             |
    term_gpa   | 3       | 2025-06-02  |       | 2    |             |            |             |"""


def ruled(*rules: str) -> str:
    """The three years with these rules: stage, terms and least GPAX."""
    rows = (f"rules | | 2025-05-12 | | | gpa_minimum | {rule}" for rule in rules)
    return "\n".join([THREE_YEARS, *rows])


def test_without_a_rule_nothing_is_known(spec: Spec) -> None:
    spec(THREE_YEARS, ABOVE, as_of="2025-09-01", on_roster=False, expect={1: None, 2: None, 3: None})


def test_it_is_the_newest_average_less_the_rule(spec: Spec) -> None:
    spec(
        """
        table    | student | happened_on | recorded_at | academic_year | term | gpax | rule        | value | retracted
        rules    |         | 2025-05-12  |             |               |      |      | gpa_minimum | 2     |
        term_gpa | 1       | 2025-03-20  | 2025-04-20  | 2024          | 2    | 1.75 |             |       |
        term_gpa | 1       | 2024-10-10  | 2025-05-20  | 2024          | 1    | 3    |             |       |
        term_gpa | 2       | 2025-03-20  |             | 2024          | 2    | 2    |             |       |
        term_gpa | 3       | 2025-03-20  |             | 2024          | 2    | 2.5  |             |       |
        term_gpa | 3       | 2025-03-20  | 2025-04-20  | 2024          | 2    | 2.75 |             |       |
        term_gpa | 4       | 2024-10-10  |             | 2024          | 1    | 3    |             |       |
        term_gpa | 4       | 2025-03-20  |             | 2024          | 2    | 1    |             |       |
        term_gpa | 4       | 2025-03-20  | 2025-04-20  | 2024          | 2    | 1    |             |       | yes
        term_gpa | 5       | 2025-03-20  | 2025-09-02  | 2024          | 2    | 1    |             |       |
        term_gpa | 6       | 2025-09-01  | 2025-08-29  | 2025          | 1    | 1    |             |       |
        """,
        ABOVE, as_of="2025-09-01", terms=((2024, 1), (2024, 2), (2025, 1)),
        expect={1: -0.25, 2: 0, 3: 0.75, 4: 1, 5: None, 6: None, 7: None},
    )  # fmt: skip


def test_a_newest_row_without_the_average_over_all_terms_tells_nothing(spec: Spec) -> None:
    spec(
        """
        table    | student | happened_on | academic_year | term | gpa | gpax | rule        | value
        rules    |         | 2025-05-12  |               |      |     |      | gpa_minimum | 2
        term_gpa | 1       | 2024-10-10  | 2024          | 1    | 3   | 3    |             |
        term_gpa | 1       | 2025-03-20  | 2024          | 2    | 3   |      |             |
        """,
        ABOVE, as_of="2025-09-01", expect={1: None},
    )  # fmt: skip


def test_the_window_says_which_averages_are_looked_at(spec: Spec) -> None:
    spec(
        """
        table    | student | happened_on | academic_year | term | gpax | rule        | value
        rules    |         | 2025-05-12  |               |      |      | gpa_minimum | 2
        term_gpa | 1       | 2025-03-20  | 2024          | 2    | 3    |             |
        term_gpa | 1       | 2025-08-20  | 2025          | 1    | 1    |             |
        """,
        ask(TERM_GPA, Margin(rule="gpa_minimum"), InTerm(term=Term.PREVIOUS), decimals=2), as_of="2025-09-01",
        terms=((2024, 2), (2025, 1)), expect={1: 1},
    )  # fmt: skip


def test_a_rule_of_the_own_stage_goes_before_one_of_all_stages(spec: Spec) -> None:
    picture = ruled("VOCATIONAL | | 1.5", "HIGHER_VOCATIONAL | | 2.5", " | | 1.75")
    spec(picture, ABOVE, as_of="2025-09-01", on_roster=False, expect={1: 0.5, 2: 0.5, 3: 0.5})
    others = ruled("SECONDARY | | 1.5", " | | 1.75")
    spec(others, ABOVE, as_of="2025-09-01", on_roster=False, expect={1: 0.25, 2: 0.25, 3: 0.25})
    none = ruled("SECONDARY | | 1.5")
    spec(none, ABOVE, as_of="2025-09-01", on_roster=False, expect={1: None, 2: None, 3: None})


def test_the_next_rule_to_come_after_the_terms_completed_counts_else_the_last(spec: Spec) -> None:
    picture = ruled("VOCATIONAL | 4 | 1.75", "VOCATIONAL | 2 | 1.5", "VOCATIONAL | 6 | 2")
    spec(picture, ABOVE, as_of="2025-09-01", on_roster=False, expect={1: 0.5, 2: 0.25, 3: 0})
    picture = ruled("VOCATIONAL | 4 | 1.75", "VOCATIONAL | 2 | 1.5")
    spec(picture, ABOVE, as_of="2025-09-01", on_roster=False, expect={1: 0.5, 2: 0.25, 3: 0.25})


def test_a_rule_for_all_times_counts_where_none_is_for_a_number_of_terms(spec: Spec) -> None:
    picture = ruled("VOCATIONAL | | 1", "VOCATIONAL | 6 | 2")
    spec(picture, ABOVE, as_of="2025-09-01", on_roster=False, expect={1: 0, 2: 0, 3: 0})
    picture = ruled("VOCATIONAL | | 1", " | 6 | 2")
    spec(picture, ABOVE, as_of="2025-09-01", on_roster=False, expect={1: 1, 2: 1, 3: 1})


def test_of_a_level_without_a_year_nobody_can_count_the_terms_completed(spec: Spec) -> None:
    picture = """
        table      | student | happened_on | level  | gpax | rule | stage | after_terms | value
        enrolments | 1       | 2025-05-12  | B      |      |      |       |             |
        enrolments | 2       | 2025-05-12  | MODULE |      |      |       |             |
        term_gpa   | 1       | 2025-06-02  |        | 2    |      |       |             |
        term_gpa   | 2       | 2025-06-02  |        | 2    |      |       |             |"""

    def ruled_by(*rules: str) -> str:
        return "\n".join([picture, *(f"rules | | 2025-05-12 | | | gpa_minimum | {rule}" for rule in rules)])

    for rules, bachelor, module in (
        (("BACHELOR | | 1.5",), 0.5, None),
        ((" | | 1.75",), 0.25, 0.25),
        (("BACHELOR | 2 | 1.5", " | | 1.75"), None, 0.25),
        (("BACHELOR | | 1.5", "BACHELOR | 2 | 1.25", " | 4 | 1.75"), None, None),
    ):
        expect = {1: bachelor, 2: module}
        spec(ruled_by(*rules), ABOVE, as_of="2025-09-01", on_roster=False, expect=expect)


def test_in_the_second_term_one_term_more_is_completed_and_in_summer_two(spec: Spec) -> None:
    rules = """
        rules | | 2025-05-12 | | | | | gpa_minimum | 1 | 1
        rules | | 2025-05-12 | | | | | gpa_minimum | 2 | 1.5
        rules | | 2025-05-12 | | | | | gpa_minimum | 3 | 1.75
        """
    picture = """
        table      | student | happened_on | recorded_at | kind  | term | gpax | rule | after_terms | value
        calendar   |         | 2026-03-16  | 2025-05-12  | TEACH | 3    |      |      |             |
        calendar   |         | 2026-05-01  | 2025-05-12  | TEACH | 3    |      |      |             |
        enrolments | 1       | 2025-05-12  |             |       | 1    |      |      |             |
        enrolments | 1       | 2025-10-20  |             |       | 2    |      |      |             |
        enrolments | 1       | 2026-03-09  |             |       | 3    |      |      |             |
        term_gpa   | 1       | 2025-06-02  |             |       | 1    | 2    |      |             |"""
    both = ((2025, 1), (2025, 2))
    for as_of, above in (("2025-09-01", 1.0), ("2025-11-17", 0.5), ("2026-04-01", 0.25)):
        spec(picture + rules.rstrip(), ABOVE, as_of=as_of, terms=both, on_roster=False, expect={1: above})


def test_a_rule_counts_once_it_is_known_and_until_it_is_taken_back(spec: Spec) -> None:
    picture = """
        table      | student | happened_on | recorded_at | gpax | rule        | value | retracted
        term_gpa   | 1       | 2025-06-02  |             | 2    |             |       |
        rules      |         | 2025-05-12  | 2025-08-25  |      | gpa_minimum | 1.5   |
        rules      |         | 2025-05-12  | 2025-09-03  |      | gpa_minimum | 1.75  |
        rules      |         | 2025-05-12  | 2025-09-10  |      | gpa_minimum | 1.75  | yes
        """
    for as_of, above in (("2025-08-25", None), ("2025-09-01", 0.5), ("2025-09-08", 0.25), ("2025-09-15", None)):
        spec(picture, ABOVE, as_of=as_of, expect={1: above})


# The higher certificate of one college, whose bar after the first year is 1.75, and who came there from where.
THREE_TERMS = ((2024, 1), (2024, 2), (2025, 1))
ROSTERS = """
    table      | student | happened_on | recorded_at | academic_year | term | level  | gpax | rule        | stage             | after_terms | value | retracted
    rules      |         | 2024-05-12  |             |               |      |        |      | gpa_minimum | HIGHER_VOCATIONAL | 2           | 1.75  |
    rules      |         | 2024-05-12  |             |               |      |        |      | gpa_minimum | VOCATIONAL        | 6           | 2     |"""


def came(*rows: str) -> str:
    """Rosters (`2024 2 V3`) and averages (`2024 2 2.05`) of student 1, 2 and so on, each told before its term or after it."""
    on = {
        "2024 1": ("2024-05-06", "2024-10-20"),
        "2024 2": ("2024-10-20", "2025-03-20"),
        "2025 1": ("2025-05-12", "2025-06-02"),
    }
    drawn = [ROSTERS]
    for student, told in enumerate(rows, 1):
        for year, term, what in (one.split() for one in told.split(",")):
            roster, average = on[f"{year} {term}"]
            table, day, cells = (
                ("enrolments", roster, f"{what} |") if what[0].isalpha() else ("term_gpa", average, f"| {what}")
            )
            drawn.append(f"    {table} | {student} | {day} | | {year} | {term} | {cells} | | | | |")
    return "\n".join(drawn)


def test_an_average_of_the_stage_before_is_not_measured_by_the_bar_of_the_new_one(spec: Spec) -> None:
    """Student 1 finished the certificate here; 2 has a first average of the new stage since, and 3 came from elsewhere."""
    picture = came(
        "2024 2 V3, 2024 1 2.1, 2024 2 2.05, 2025 1 D1",
        "2024 2 V3, 2024 2 2.05, 2025 1 D1, 2025 1 1.5",
        "2025 1 D1",
    )
    expect = {1: None, 2: -0.25, 3: None}
    spec(picture, ABOVE, as_of="2025-06-16", terms=THREE_TERMS, on_roster=False, expect=expect)


def test_the_average_counts_on_within_a_stage_and_where_no_roster_before_tells_of_another(spec: Spec) -> None:
    """Student 1 is in the second year; of 2 and 3 no roster tells what came before, of 4 a later one of the same stage does."""
    picture = came(
        "2024 1 D1, 2024 2 D1, 2024 2 1.5, 2025 1 D2",
        "2024 2 2.25, 2025 1 D1",
        "2024 1 2.5, 2024 2 2, 2025 1 V1",
        "2024 1 1.5, 2024 2 D1, 2025 1 D2",
    )
    expect = {1: -0.25, 2: 0.5, 3: 0, 4: -0.25}
    spec(picture, ABOVE, as_of="2025-06-16", terms=THREE_TERMS, on_roster=False, expect=expect)


def test_courses_of_an_open_university_are_no_part_of_the_stage_that_follows(spec: Spec) -> None:
    """Student 2 takes such courses after the certificate: they have no stage, and so no bar but one of all stages."""
    picture = came("2024 2 MODULE, 2024 2 3, 2025 1 D1", "2024 2 V3, 2024 2 3, 2025 1 MODULE")
    everybody = f"{picture}\n    rules | | 2024-05-12 | | | | | | gpa_minimum | | | 1 |"
    expect = {1: None, 2: 2}
    spec(everybody, ABOVE, as_of="2025-06-16", terms=THREE_TERMS, on_roster=False, expect=expect)


def test_a_roster_that_was_withdrawn_tells_of_no_stage(spec: Spec) -> None:
    picture = came("2024 2 V3, 2024 2 2, 2025 1 D1")
    withdrawn = f"{picture}\n    enrolments | 1 | 2025-05-19 | | 2024 | 2 | V3 | | | | | | yes"
    for told, above in ((picture, None), (withdrawn, 0.25)):
        spec(told, ABOVE, as_of="2025-06-16", terms=THREE_TERMS, on_roster=False, expect={1: above})
