"""The level of the class group: the mean of a question over it, the same for each of its students."""

from features.vocabulary import GroupMean, InTerm, Latest
from records.tables import ENROLMENTS
from tests.features.pictures import ask
from tests.spec.asking import Spec

ENTRY = ask(ENROLMENTS, Latest(column="entry_gpa"), InTerm(), decimals=2)
LEVEL = ask(ENROLMENTS, GroupMean(of="enrolments_latest", least=3), InTerm(), decimals=3)


def test_it_is_the_mean_of_the_own_group_for_everybody_in_it(spec: Spec) -> None:
    """Also for who has no value of their own; a group with too few values tells nothing."""
    spec(
        """
        student | happened_on | class_group | entry_gpa
        1       | 2025-05-12  | A           | 1
        2       | 2025-05-12  | A           | 2
        3       | 2025-05-12  | A           | 3.5
        4       | 2025-05-12  | A           |
        5       | 2025-05-12  | B           | 0.5
        6       | 2025-05-12  | B           | 2
        """,
        LEVEL, after=[ENTRY], as_of="2025-09-01", on_roster=False,
        expect={1: 2.167, 2: 2.167, 3: 2.167, 4: 2.167, 5: None, 6: None},
    )  # fmt: skip
