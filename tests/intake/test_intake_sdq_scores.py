"""SDQ scoring: keys, reversed items and the cut-offs of each informant, and what makes a table unusable."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.errors import ImportRefused
from records.intake.sources.sdq_scores import DIFFICULTIES, ITEMS, SCALES, SHIPPED, scoring, total

# The table of domain 2.7 as it is printed: the last normal score, those at risk, the first problem.
PRINTED = {
    "self": {"total": (16, 17, 18, 19), "emotional": (5, 6, 6, 7), "conduct": (4, 5, 5, 6), "hyperactivity": (5, 6, 6, 7), "peer": (3, 4, 4, 5)},
    "teacher": {"total": (15, 16, 17, 18), "emotional": (3, 4, 4, 5), "conduct": (3, 4, 4, 5), "hyperactivity": (5, 6, 6, 7), "peer": (5, 6, 6, 7)},
}  # fmt: skip
PRINTED["parent"] = PRINTED["teacher"]


@pytest.mark.parametrize("informant", PRINTED)
@pytest.mark.parametrize("scale", ["total", *DIFFICULTIES])
def test_the_groups_are_those_that_are_printed(informant: str, scale: str) -> None:
    scores = np.array([0, *PRINTED[informant][scale], np.nan])
    assert scoring().cut_offs[informant].group(scale, scores).tolist() == [0, 0, 1, 1, 2, -1]


def test_the_strength_begins_at_four_for_everybody() -> None:
    assert {cut.prosocial_has for cut in scoring().cut_offs.values()} == {4}
    assert scoring().cut_offs["self"].label == "DMH self"
    assert scoring().cut_offs["parent"].label == "DMH teacher & parent"


@pytest.mark.parametrize(("item", "scale", "score"), [(3, "emotional", 2), (5, "conduct", 2), (7, "conduct", 0), (11, "peer", 0), (14, "peer", 0), (21, "hyperactivity", 0), (25, "hyperactivity", 0), (1, "prosocial", 2), (2, "hyperactivity", 2)])  # fmt: skip
def test_an_item_counts_in_its_scale_and_a_reversed_one_the_other_way(item: int, scale: str, score: int) -> None:
    none, one = np.zeros((1, ITEMS)), np.zeros((1, ITEMS))
    one[0, item - 1] = 2
    before, after = (scoring().scores(answers) for answers in (none, one))
    assert after[scale][0] - before[scale][0] == (2 if score else -2)
    assert all(after[other][0] == before[other][0] for other in SCALES if other != scale)


@given(st.lists(st.integers(0, 2), min_size=ITEMS, max_size=ITEMS))
def test_scores_stay_in_their_range_and_turning_all_answers_turns_all_scores(answers: list[int]) -> None:
    told = np.array([answers], np.float64)
    scores, turned = scoring().scores(told), scoring().scores(2 - told)
    assert all(scores[scale][0] + turned[scale][0] == 10 for scale in SCALES)
    assert total(scores)[0] == sum(scores[scale][0] for scale in SCALES if scale != "prosocial")


@pytest.mark.parametrize(
    ("before", "after"),
    [("[3, 8, 13, 16, 24]", "[3, 8, 13, 16]"), ("[3, 8, 13, 16, 24]", "[3, 8, 13, 16, 5]"), ("[parent]", "[mother]"), ("[keys]", "[keys")],
)  # fmt: skip
def test_a_table_that_lacks_something_is_refused(tmp_path: Path, before: str, after: str) -> None:
    table = tmp_path / "ours.toml"
    table.write_text(SHIPPED.read_text("utf-8").replace(before, after, 1), "utf-8")
    with pytest.raises(ImportRefused, match=r"ours\.toml is no usable table of SDQ keys and cut-offs"):
        scoring(table)
